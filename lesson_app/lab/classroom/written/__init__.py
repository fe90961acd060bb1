"""Write what grading has found."""
