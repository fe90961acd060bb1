"""Show the grades in the terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from shutil import get_terminal_size
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...exercises import Exercise
from ..results import Grade, Result, Row, Student, rows
from .tally import asked, points, predictions, right_of_made
from .texts import clean, count

_STYLES = {"passed": "green", "not yet": "red", "not started": "dim", "missing": "yellow"}
_MOST_NOTES = 50
#: With more notebooks, the exercises would hide the class.
_FEW = 2


def table(grades: Sequence[Grade], students: Sequence[Student] = ()) -> Iterator[str]:
    """Yield the lines to print: a line for each student, then what needs a look.

    Width and colours follow the terminal; without one there is no colour, and `COLUMNS` or
    120 columns. For one or two notebooks, the exercises' lines are first.
    """
    console = Console(
        file=io.StringIO(),
        width=max(40, get_terminal_size((120, 24)).columns),
        force_terminal=sys.stdout.isatty(),
        force_jupyter=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    with console.capture() as shown:
        _print(console, grades, rows(grades, students))
    yield from (line.rstrip() for line in shown.get().splitlines())


def _print(console: Console, grades: Sequence[Grade], found: Sequence[Row]) -> None:
    if len(grades) <= _FEW:
        for grade in filter(lambda each: each.results, grades):
            _print_exercises(console, grade)
    exercises = asked(found)
    console.print(_students(found, exercises))
    passed = sum(each.passed for each in grades)
    total = sum(len(each.results) for each in grades)
    people, files = count(len(found), "student"), count(len(grades), "file")
    console.print(f"\n{people}, {files}: {passed} of {total} exercises passed")
    _print_remarks(console, [f"{each.path}: {each.problem}" for each in grades if each.problem])
    _print_remarks(console, [f"{each.path}: {note}" for each in grades for note in each.notes])


def _print_exercises(console: Console, grade: Grade) -> None:
    lines = _table("exercise", "title", "state", "")
    for each in grade.results:
        state = Text(each.state, _STYLES.get(each.state, ""))
        lines.add_row(clean(each.id), clean(each.title), state, _sentence(each))
    right, made, all_ = right_of_made(predictions(Row(grade.student, (grade,))).values())
    console.print(Text(clean(grade.path), "bold"))
    console.print(lines)
    console.print(f"predictions: {made} of {all_} made, {right} right\n")


def _sentence(result: Result) -> str:
    texts = (result.message or result.misconception, result.reason, result.note)
    return clean("; ".join(filter(None, texts)), 700)


def _students(found: Sequence[Row], exercises: Mapping[str, Exercise]) -> Table:
    lines = _table("student", "must", "may", "look at")
    lines.columns[0].max_width = 32
    for row in found:
        counts = [
            "{}/{}".format(*points(row.results, exercises, must=must)) for must in (True, False)
        ]
        style, words = _worst(row, exercises)
        lines.add_row(_cut(label(row)), *counts, _cut(words, style))
    return lines


def _table(*headings: str) -> Table:
    # Without lines, so that any encoding can print it.
    lines = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        *_, last = headings
        lines.add_column(heading, no_wrap=heading not in ("student", "title", last))
    return lines


def _cut(text: str, style: str = "") -> Text:
    return Text(clean(text), style, no_wrap=True, overflow="ellipsis")


def label(row: Row) -> str:
    """Return what to call a student: the name, the key, or else the path of a file."""
    names = [row.student.name, row.student.key, *(each.path for each in row.grades)]
    return next(filter(None, names), "")


def _worst(row: Row, exercises: Mapping[str, Exercise]) -> tuple[str, str]:
    """Return a style, and what most needs a look, in few words."""
    if not row.grades:
        return "yellow", "nothing handed in"
    for grade in row.grades:
        if grade.problem:
            word = "ended early" if grade.gradable else "not graded"
            return "bold red", f"{word}: {PurePosixPath(grade.path).name}"
    results = row.results
    left: dict[str, dict[str, None]] = {}
    for each, exercise in exercises.items():
        if each not in results:
            left.setdefault("not handed in", {})[f"{exercise.notebook:02}"] = None
        elif exercise.must:
            left.setdefault(results[each].state, {})[each] = None
    for state in ("not handed in", "missing", "not yet", "not started"):
        if state in left:
            return _STYLES.get(state, "yellow"), f"{state}: {', '.join(left[state])}"
    notes = sum(len(each.notes) for each in row.grades)
    return ("", count(notes, "note")) if notes else ("green", "")


def _print_remarks(console: Console, remarks: Sequence[Any]) -> None:
    if remarks:
        console.print()
    for each in remarks[:_MOST_NOTES]:
        console.print(Text(clean(each, 700)), soft_wrap=False)
    if len(remarks) > _MOST_NOTES:
        console.print(f"… and {len(remarks) - _MOST_NOTES} more, in grades.json")
