"""Where the course's notebooks are."""

from __future__ import annotations

from pathlib import Path

_LAB = Path(__file__).resolve().parent.parent


def course_folder() -> Path:
    """Return the folder with the course's notebooks, in a repository or in its wheel."""
    packaged = _LAB / "notebooks"  # pyproject.toml puts them there
    return packaged if packaged.is_dir() else _LAB.parent.parent / "notebooks"
