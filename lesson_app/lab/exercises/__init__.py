"""Predict, check, get a hint: what the notebooks ask of their reader.

Each function prints one line that is the same in every run, and none raises: a notebook
whose exercises are untouched runs to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .judging import Exercise, Verdict, judge, short
from .predictions import observe, predict
from .record import PROGRESS, passed, record

_hints_given: dict[str, int] = {}


@cache
def catalogue() -> dict[str, Exercise]:
    """Return all exercises by their id, in the order of the notebooks."""
    names = sorted(each.name for each in iter_modules(__path__) if each.name[1:3].isdigit())
    modules = (import_module(f"{__name__}.{name}") for name in names)
    return {each.id: each for module in modules for each in module.EXERCISES}


def check(id: str, *answers: Any) -> None:  # noqa: A002
    """Check your answer to the exercise `id`, and say what is not right yet."""
    exercise = _find(id)
    if exercise is None:
        return
    verdict = judge(exercise, *answers)
    print(verdict)
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
        print(f"{id} has no further hint; the solution stands under the exercise.")


def yours_or_ours(id: str, *yours: Callable[..., Any]) -> Any:  # noqa: A002
    """Return your function if it passes its check, and else ours, so that all can go on.

    With several functions, all of yours or all of ours.
    """
    exercise = _find(id)
    if exercise is None:
        return yours[0] if len(yours) == 1 else yours
    # In a cell that is run again, yours may be ours already.
    if yours != exercise.ours and judge(exercise, *yours).state == "passed":
        print(f"{id}: from here on, yours is used.")
        chosen = yours
    else:
        print(f"{id}: ours is used, until yours passes.")
        chosen = exercise.ours
    return chosen[0] if len(chosen) == 1 else chosen


def progress() -> None:
    """Print which exercises have passed, as far as the file in `PROGRESS` tells."""
    done = passed()
    if done is None:
        print(f"Progress is not kept. To keep it, name a file in {PROGRESS} before the start.")
        return
    for number in sorted({each.notebook for each in catalogue().values()}):
        here = [each for each in catalogue().values() if each.notebook == number]
        signs = "  ".join(f"{'✓' if each.id in done else '○'} {each.id}" for each in here)
        print(f"{number:02}  {sum(each.id in done for each in here)} of {len(here)}   {signs}")


def _find(id: str) -> Exercise | None:  # noqa: A002
    exercise = catalogue().get(id) if isinstance(id, str) else None
    if exercise is None:
        print(f"✗ there is no exercise {short(id)}: it is one of {', '.join(catalogue())}")
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
