"""Check the notebooks' exercises, give hints, and compare predictions with results.

Each function prints one line that is the same in every run. None raises an error, so a
notebook runs to its end even if no exercise is solved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .judging import Exercise, Verdict, judge, short
from .lines import show_line
from .predictions import observe, predict
from .progress_file import PROGRESS, passed, record

_hints_given: dict[str, int] = {}


@cache
def catalogue() -> dict[str, Exercise]:
    """Return all exercises by their id, in the order of the notebooks."""
    names = sorted(each.name for each in iter_modules(__path__) if each.name[1:3].isdigit())
    modules = (import_module(f"{__name__}.{name}") for name in names)
    return {each.id: each for module in modules for each in module.EXERCISES}


def check(id: str, *answers: Any) -> None:  # noqa: A002
    """Check your answer to the exercise `id`, and print what is not right yet."""
    exercise = _find(id)
    if exercise is None:
        return
    verdict = judge(exercise, *answers)
    show_line(str(verdict), verdict.printed)
    record(id, verdict.state, verdict.name)


def hint(id: str) -> None:  # noqa: A002
    """Print the next of three hints for the exercise `id`."""
    exercise = _find(id)
    if exercise is None:
        return
    number = _hints_given.get(id, 0)
    hints = exercise.hints
    _hints_given[id] = number + 1
    if number < len(hints):
        print(f"{id} hint {number + 1} of {len(hints)}: {hints[number]}")
    else:
        print(f"{id} has no more hints. Open its solution, if your copy has one.")


def yours_or_ours(id: str, *yours: Callable[..., Any]) -> Any:  # noqa: A002
    """Return your function if it passes its check; otherwise return ours.

    If the exercise asks for several functions, return all of yours or all of ours.
    """
    exercise = _find(id)
    if exercise is None:
        return yours[0] if len(yours) == 1 else yours
    noun = "class" if isinstance(exercise.ours[0], type) else "function"
    noun += "s" * (len(exercise.ours) > 1)
    if judge(exercise, *yours).state == "passed":
        print(f"{id} passed: the notebook uses your {noun} from here on.")
        chosen = yours
    else:
        print(f"{id} not passed yet: the notebook uses our {noun}.")
        chosen = exercise.ours
    return chosen[0] if len(chosen) == 1 else chosen


def progress() -> None:
    """Print which exercises have passed, according to the file in `PROGRESS`."""
    done = passed()
    if done is None:
        print(f"Progress is not recorded. To record it, set {PROGRESS} to a file's path.")
        return
    for number in sorted({each.notebook for each in catalogue().values()}):
        here = [each for each in catalogue().values() if each.notebook == number]
        marks = "  ".join(f"{'✓' if each.id in done else '○'} {each.id}" for each in here)
        print(f"{number:02}  {sum(each.id in done for each in here)} of {len(here)}   {marks}")


def _find(id: str) -> Exercise | None:  # noqa: A002
    exercise = catalogue().get(id) if isinstance(id, str) else None
    if exercise is None:
        print(f"✗ unknown exercise {short(id)}; use one of {', '.join(catalogue())}")
    return exercise


__all__ = [
    "PROGRESS",
    "Exercise",
    "Verdict",
    "catalogue",
    "check",
    "hint",
    "observe",
    "predict",
    "progress",
    "yours_or_ours",
]
