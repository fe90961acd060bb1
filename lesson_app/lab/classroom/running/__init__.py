"""Run a notebook apart from the grader, and judge its answers."""
