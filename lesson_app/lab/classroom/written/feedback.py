"""Write a page for each student: what passed, what did not and why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ...exercises import Exercise
from ...views.markup import status
from ..results import Grade, Result, Row
from .page import document, items, paragraph, text
from .tally import MARKS, by_notebook, points, predictions, right_of_made
from .terminal import label
from .texts import count

_MOST_NOTES = 50
_ADVICE = {
    "not yet": "Change your answer as the sentence says, and run its check.",
    "not started": "Write your answer, and run its check.",
    "missing": "Run the cell that checks it, and save the notebook.",
}


def page(row: Row, exercises: Mapping[str, Exercise]) -> str:
    """Return the page of a student; `exercises` are those that the class was asked.

    It has nothing about other students, nor of the folders on the instructor's computer.
    """
    results = row.results
    return document(
        f"Feedback for {label(row)}",
        paragraph(_score(results, exercises)),
        *_files(row),
        paragraph(_next(row, exercises), "next"),
        *_notebooks(row, exercises),
    )


def _score(results: Mapping[str, Result], exercises: Mapping[str, Exercise]) -> str:
    parts = []
    for must, word in ((True, "must"), (False, "may")):
        passed, all_ = points(results, exercises, must=must)
        if all_:
            parts.append(f"{word}: {passed} of {all_} passed")
    return " · ".join(parts)


def _next(row: Row, exercises: Mapping[str, Exercise]) -> str:
    if not row.grades:
        return "<b>Next:</b> nothing was handed in. Hand in your notebooks."
    results = row.results
    if not results:
        return (
            "<b>Next:</b> nothing could be graded. Hand in your notebooks again, as said above."
        )
    for must in (True, False):
        for each, exercise in exercises.items():
            result = results.get(each)
            if exercise.must == must and (result is None or result.state != "passed"):
                done = "" if must else "All that you must do has passed. If you like, go on. "
                return f"{done}<b>Next:</b> {_step(exercise, result)}"
    return "All exercises passed. There is nothing left to do." if exercises else ""


def _step(exercise: Exercise, result: Result | None) -> str:
    if result is None:
        return f"hand in notebook {exercise.notebook:02}."
    name = text(f"{exercise.id} {exercise.title}")
    link = f'<a href="#{exercise.id}">{name}</a>'
    return f"{link} ({result.state}). {_ADVICE[result.state]}"


def _files(row: Row) -> Iterator[str]:
    remarks = [
        f"{_strong(_name(grade))}: {text(remark, 700)}"
        for grade in row.grades
        for remark in filter(None, (grade.problem, *grade.notes))
    ]
    if remarks:
        yield "<h2>Your files</h2>"
        yield items(remarks[:_MOST_NOTES])
        yield paragraph(
            f"… and {len(remarks) - _MOST_NOTES} more" * (len(remarks) > _MOST_NOTES)
        )


def _name(grade: Grade) -> str:
    return PurePosixPath(grade.path).name


def _strong(words: str) -> str:
    return f"<b>{text(words)}</b>"


def _notebooks(row: Row, exercises: Mapping[str, Exercise]) -> Iterator[str]:
    results, predicted = row.results, predictions(row)
    absent = []
    for number, here in by_notebook(exercises).items():
        if not here.keys() & results.keys():
            absent.append(f"{number:02}")
            continue
        yield f"<h2>Notebook {number:02} <small>{_score(results, here)}</small></h2>"
        yield items((_exercise(results[each]) for each in here if each in results), "plain")
        yield paragraph(
            _predictions([s for each, s in predicted.items() if each.startswith(f"P{number}.")])
        )
    if absent:
        yield "<h2>Not handed in</h2>"
        yield paragraph(f"notebook{'s' * (len(absent) > 1)} {', '.join(absent)}")
    unknown = [result for each, result in results.items() if each not in exercises]
    if unknown:
        yield "<h2>Not in the course</h2>"
        yield items((_exercise(each) for each in unknown[:_MOST_NOTES]), "plain")


def _predictions(states: list[str]) -> str:
    right, made, all_ = right_of_made(states)
    return f"Predictions: {made} of {all_} made, {right} right" if all_ else ""


def _exercise(result: Result) -> str:
    id, title = text(result.id), text(result.title)  # noqa: A001  # as in check
    state = f'<span class="state">{status(MARKS[result.state], result.state)}</span>'
    may = "" if result.must else " · may"
    lines = [
        text(result.message),
        text(result.reason),
        text(f"Note: {result.note}") if result.note else "",
        f"{count(result.hints, 'hint')} used" if result.hints else "",
    ]
    below = "".join(paragraph(line, "below") for line in lines)
    return f'<p id="{id}">{state} <b>{id}</b> {title}{may}</p>{below}'
