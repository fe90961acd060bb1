"""``python -m lesson_app`` is the command ``lesson-app``."""

from .cli import main

main(prog_name="lesson-app")
