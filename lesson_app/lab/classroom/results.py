"""What grading finds: the students, their notebooks, and the state of each exercise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from ..exercises import catalogue

#: The states of an exercise, the best first. "missing": it was never checked.
STATES = ("passed", "not yet", "not started", "missing")


@dataclass(frozen=True, order=True)
class Student:
    """Who handed something in.

    `key` is what the folder, the LMS or the class list calls the student; it is unique.
    `name` is shown to the instructor. `fields` has what is known besides: the columns of the
    class list's row, or the numbers in an LMS's file name.
    """

    key: str
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Result:
    """The state of one exercise.

    `message` is the sentence that the check shows, and `misconception` the name of what it
    recognized. `reason` says why an exercise is missing. `note` is for the instructor, such
    as "a later check was: not started". `hints` counts the hints that the run asked for.
    """

    id: str
    title: str = ""
    state: str = "missing"
    message: str = ""
    misconception: str = ""
    reason: str = ""
    note: str = ""
    hints: int = 0
    must: bool = True


@dataclass(frozen=True)
class Prediction:
    """A prediction: its `state` is "passed", "surprised" or "not predicted"."""

    id: str
    state: str


@dataclass(frozen=True)
class Grade:
    """The result of grading one file.

    `path` is the path that is shown, with "/" also inside an archive. `problem` says why the
    file could not be graded, or why its run ended early. `notes` are other events.
    """

    path: str
    student: Student = Student("")
    results: tuple[Result, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def gradable(self) -> bool:
        """Whether the file is a notebook of the course."""
        return bool(self.results)

    @property
    def passed(self) -> int:
        """How many exercises passed."""
        return sum(each.state == "passed" for each in self.results)

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Grade:
        """Return the grade that `as_dict` wrote."""
        return cls(
            **{
                **found,
                "student": Student(**found["student"]),
                "results": tuple(Result(**each) for each in found["results"]),
                "predictions": tuple(Prediction(**each) for each in found["predictions"]),
                "notes": tuple(found["notes"]),
            }
        )


@dataclass(frozen=True)
class Row:
    """A student's course: all graded files together."""

    student: Student
    grades: tuple[Grade, ...] = ()

    @property
    def results(self) -> dict[str, Result]:
        """The best result of each exercise that the student's notebooks have, by its id."""
        best: dict[str, Result] = {}
        for result in chain(*(each.results for each in self.grades)):
            known = best.get(result.id)
            if known is None or _rank(result) < _rank(known):
                best[result.id] = result
        return {each: best[each] for each in [*catalogue(), *best] if each in best}


def rows(grades: Iterable[Grade], students: Iterable[Student] = ()) -> list[Row]:
    """Return a row for each student, sorted; also for `students` who handed nothing in."""
    found: dict[Student, list[Grade]] = {each: [] for each in students}
    for grade in grades:
        found.setdefault(grade.student, []).append(grade)
    return [Row(each, tuple(found[each])) for each in sorted(found)]


def _rank(result: Result) -> int:
    return STATES.index(result.state)
