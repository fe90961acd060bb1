"""Write the files that Moodle and Canvas import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...exercises import Exercise
from ..results import Row
from .tally import by_notebook, points
from .texts import clean, count

Exercises = Mapping[str, Exercise]
Table = list[list[Any]]

#: Moodle refuses a grading worksheet without its columns Identifier, Grade and Last modified.
_MOODLE = [
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum grade",
    "Last modified (grade)",
    "Feedback comments",
]
_CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def moodle(rows: Sequence[Row], exercises: Exercises) -> Table:
    """Return Moodle's offline grading worksheet, with the points of all notebooks.

    A student of whom nothing was graded has no row, so Moodle keeps what it has.
    """
    return [
        _MOODLE,
        *(
            [
                _moodle_id(row),
                row.student.name or row.student.key,
                _known(row, "Email address", "Email", "E-mail"),
                *points(row.results, exercises),
                "",  # Moodle only compares it with its own
                _comment(row, exercises),
            ]
            for row in _graded(rows)
        ),
    ]


def canvas(rows: Sequence[Row], exercises: Exercises) -> Table:
    """Return a file for Canvas's gradebook, with a column for each notebook.

    "Final Points" is what Canvas calls the total. It shows it, and doesn't import it, so the
    points don't count twice. A student of whom nothing was graded has no row. As in Moodle's
    file, a notebook that was not handed in has no points: 0.
    """
    notebooks = by_notebook(exercises)
    names = [f"Notebook {number:02}" for number in notebooks]
    most = [points({}, each)[1] for each in notebooks.values()]
    return [
        [*_CANVAS, *names, "Final Points"],
        ["    Points Possible", "", "", "", "", *most, "(read only)"],
        *(
            [
                row.student.name or row.student.key,
                *_canvas_ids(row),
                _known(row, "Section"),
                *(points(row.results, each)[0] for each in notebooks.values()),
                points(row.results, exercises)[0],
            ]
            for row in _graded(rows)
        ),
    ]


def advice(rows: Sequence[Row], exercises: Exercises) -> Iterator[str]:
    """Yield what the instructor must add or set before Moodle or Canvas imports the files."""
    graded = _graded(rows)
    if not graded:
        return
    absent = [clean(row.student.name or row.student.key) for row in rows if not row.results]
    if absent:
        yield f"not in moodle.csv and canvas.csv, as nothing was graded: {', '.join(absent)}"
    without = sum(not _moodle_id(row) for row in graded)
    yield f"moodle.csv: set the assignment's maximum grade to {points({}, exercises)[1]}." + (
        f" {_of(without, graded)} without an Identifier; copy it from the grading worksheet "
        "that Moodle downloads."
        if without
        else ""
    )
    without = sum(not any(_canvas_ids(row)) for row in graded)
    if without:
        yield (
            f"canvas.csv: {_of(without, graded)} without an ID, so Canvas looks for the names; "
            "copy the column ID from the gradebook that Canvas exports."
        )


def _of(number: int, rows: Sequence[Row]) -> str:
    verb = "is" if number == 1 else "are"
    return f"{number} of {count(len(rows), 'student')} {verb}"


def _graded(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.results]


def _comment(row: Row, exercises: Exercises) -> str:
    """Return a summary without the learner's text: Moodle reads it as HTML."""
    must, may = points(row.results, exercises), points(row.results, exercises, must=False)
    left = [
        f"{each} {exercise.title}"
        for each, exercise in exercises.items()
        if exercise.must and (each not in row.results or row.results[each].state != "passed")
    ]
    more = f" and {len(left) - 5} more" if len(left) > 5 else ""
    return (
        f"{must[0]} of {must[1]} must exercises and {may[0]} of {may[1]} may exercises passed."
        + (f" Not passed: {'; '.join(left[:5])}{more}." if left else "")
    )


def _moodle_id(row: Row) -> str:
    number = _known(row, "moodle") or _known(row, "Identifier")
    return re.sub(r"^(\d+)$", r"Participant \1", number)


def _canvas_ids(row: Row) -> tuple[str, str, str]:
    user, login = _known(row, "SIS User ID"), _known(row, "SIS Login ID")
    # Other lists have an "ID", too; Canvas's is a number of its own.
    own = _known(row, "ID") if login or user else ""
    return _known(row, "canvas_user", "Canvas ID", "Canvas user ID") or own, user, login


def _known(row: Row, *names: str) -> str:
    """Return the first field that has one of these names, whatever its spelling.

    The class list knows some of them, and the names of the files others.
    """
    known = (row.student, *(grade.student for grade in row.grades))
    fields = {
        _plain(name): text for each in known for name, text in each.fields.items() if text
    }
    return next((fields[name] for name in map(_plain, names) if fields.get(name)), "")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
