"""Find what a class handed in."""
