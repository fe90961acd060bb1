"""What grading finds: the students, their notebooks, and the state of each exercise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from ..exercises import catalogue

#: The states of an exercise, the best first. "missing": it was never checked.
STATES = ("passed", "not yet", "not started", "missing")
_NONE = "not handed in"


@dataclass(frozen=True, order=True)
class Student:
    """Who handed something in.

    `key` is what the folder, the LMS or the class list calls the student; it is unique.
    `name` is shown to the instructor. `fields` has what is known besides: the columns of the
    class list's row, or the `user` and `submission` numbers in an LMS's file name.
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
    """A student's course: all graded files together.

    `results` has each exercise that the class was asked for, by its id, in its best state.
    """

    student: Student
    grades: tuple[Grade, ...] = ()
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def must(self) -> tuple[int, int]:
        """How many exercises that a learner must solve have passed, and how many there are."""
        return self._count(must=True)

    @property
    def may(self) -> tuple[int, int]:
        """How many exercises that a learner may solve have passed, and how many there are."""
        return self._count(must=False)

    def _count(self, *, must: bool) -> tuple[int, int]:
        states = [each.state for each in self.results.values() if each.must == must]
        return states.count("passed"), len(states)


def rows(grades: Iterable[Grade], students: Iterable[Student] = ()) -> list[Row]:
    """Return a row for each student, sorted; also for `students` who handed nothing in.

    The class was asked for each exercise that anyone's notebook has.
    """
    found: dict[Student, list[Grade]] = {each: [] for each in students}
    for grade in grades:
        found.setdefault(grade.student, []).append(grade)
    handed_in = {each.id: each for grade in chain(*found.values()) for each in grade.results}
    known = catalogue()
    asked = [each for each in known if each in handed_in]
    missing = {
        each: Result(each, handed_in[each].title, reason=_NONE, must=handed_in[each].must)
        for each in asked + sorted(handed_in.keys() - known.keys())
    }
    return [
        Row(each, tuple(found[each]), _best(dict(missing), found[each]))
        for each in sorted(found)
    ]


def _best(best: dict[str, Result], grades: Iterable[Grade]) -> dict[str, Result]:
    for grade in grades:
        for result in grade.results:
            known = best[result.id]
            if known.reason == _NONE or _rank(result) < _rank(known):
                best[result.id] = result
    return best


def _rank(result: Result) -> int:
    return STATES.index(result.state)
