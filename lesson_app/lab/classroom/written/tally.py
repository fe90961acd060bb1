"""Count what a class has passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ...exercises import Exercise, catalogue
from ..results import STATES, Result, Row

#: The mark of each state, which a learner knows from `check`.
MARKS = dict(zip(STATES, "✓✗○!", strict=True))
#: The states of a prediction, the best last.
_PREDICTED = ("not predicted", "surprised", "passed")


def asked(rows: Iterable[Row]) -> dict[str, Exercise]:
    """Return the course's exercises that any student's notebooks have, in their order.

    A gradebook's maximum must not depend on what one student left out, nor on an exercise
    that a notebook made up.
    """
    found = {each for row in rows for each in row.results}
    return {each: exercise for each, exercise in catalogue().items() if each in found}


def by_notebook(exercises: Mapping[str, Exercise]) -> dict[int, dict[str, Exercise]]:
    """Return the exercises of each notebook, by its number."""
    notebooks: dict[int, dict[str, Exercise]] = {}
    for each, exercise in exercises.items():
        notebooks.setdefault(exercise.notebook, {})[each] = exercise
    return notebooks


def points(
    results: Mapping[str, Result], exercises: Mapping[str, Exercise], *, must: bool = True
) -> tuple[int, int]:
    """Return how many of the exercises that a learner must (or may) solve passed, and all."""
    states = [
        results[each].state if each in results else ""
        for each, exercise in exercises.items()
        if exercise.must == must
    ]
    return states.count("passed"), len(states)


def predictions(row: Row) -> dict[str, str]:
    """Return the best state of each of a student's predictions, by its id."""
    best: dict[str, str] = {}
    for each in (each for grade in row.grades for each in grade.predictions):
        known = best.get(each.id, "not predicted")
        best[each.id] = max(known, each.state, key=_PREDICTED.index)
    return best


def right_of_made(states: Iterable[str]) -> tuple[int, int, int]:
    """Return how many predictions were right, how many were made, and how many there are."""
    number = Counter(states)
    right = number["passed"]
    return right, right + number["surprised"], number.total()
