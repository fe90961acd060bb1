"""Predict, check, get a hint: what the notebooks ask of their reader.

Each function prints one line that is the same in every run, and none raises: a notebook
whose exercises are untouched runs to its end.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from .judging import Exercise, Verdict, judge, one_line, short

#: The modules that hold the exercises, in the notebooks' order.
MODULES = (
    "e00_read", "e01_remember", "e02_encrypt", "e03_seal", "e04_middleware", "e05_routes",
    "e06_guard", "e07_break", "e08_ship",
)  # fmt: skip
#: The variable that names a file to which what was done is added, one JSON object a line.
PROGRESS = "LESSON_APP_PROGRESS"

_predictions: dict[str, Any] = {}
_hints_given: dict[str, int] = {}


@cache
def catalogue() -> dict[str, Exercise]:
    """Return all exercises by their id, in the order of the notebooks."""
    modules = (import_module(f"{__name__}.{name}") for name in MODULES)
    return {each.id: each for module in modules for each in module.EXERCISES}


def predict(id: str, answer: Any) -> None:  # noqa: A002  # as in check and hint
    """Note what you expect of the experiment `id`, before you run it.

    Put your answers in the places of the ``...``.
    """
    _predictions[str(id)] = answer
    left, all_ = _dots(answer)
    if not left:
        print(f"{id} noted. Now run the experiment.")
    else:
        of = f"{left} of {all_} still open" if all_ > 1 else "still open"
        print(f"○ {id} {of}: put what you expect in place of ...")


def observe(id: str, result: Any) -> None:  # noqa: A002
    """Compare what happened in the experiment `id` with what was predicted."""
    answer = _predictions.get(str(id), ...)
    if _dots(answer)[0]:
        print(f"○ {id} not predicted. It is {_write(result)}")
        state = "not predicted"
    elif _alike(answer, result):
        print(f"✓ {id} as you predicted: {_write(result)}")
        state = "passed"
    else:
        print(f"✗ {id} {_difference(answer, result)}")
        state = "surprised"
    _record(id, state)


def check(id: str, *answers: Any) -> None:  # noqa: A002
    """Check your answer to the exercise `id`, and say what is not right yet."""
    exercise = _find(id)
    if exercise is None:
        return
    verdict = judge(exercise, *answers)
    print(verdict)
    _record(id, verdict.state, verdict.name)


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
    path = os.environ.get(PROGRESS)
    if not path:
        print(f"Progress is not kept. To keep it, name a file in {PROGRESS} before the start.")
        return
    passed = {entry["id"] for entry in _read(Path(path)) if entry["state"] == "passed"}
    for number in sorted({each.notebook for each in catalogue().values()}):
        here = [each for each in catalogue().values() if each.notebook == number]
        signs = "  ".join(f"{'✓' if each.id in passed else '○'} {each.id}" for each in here)
        print(
            f"{number:02}  {sum(each.id in passed for each in here)} of {len(here)}   {signs}"
        )


def _find(id: str) -> Exercise | None:  # noqa: A002
    exercise = catalogue().get(id) if isinstance(id, str) else None
    if exercise is None:
        print(f"✗ there is no exercise {short(id)}: it is one of {', '.join(catalogue())}")
    return exercise


def _record(id: str, state: str, name: str = "") -> None:  # noqa: A002
    path = os.environ.get(PROGRESS)
    if path:
        entry = {"id": str(id), "state": state} | ({"misconception": name} if name else {})
        try:
            with Path(path).open("a+b") as file:
                # A line that somebody left half-written must not swallow this one.
                end = file.seek(0, os.SEEK_END)
                file.seek(max(end - 1, 0))
                gap = b"" if file.read() in (b"", b"\n") else b"\n"
                file.write(gap + json.dumps(entry).encode() + b"\n")
        except OSError:
            pass  # a lesson goes on where a file cannot be written


def _read(path: Path) -> list[dict[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    entries = [_entry(line) for line in lines]
    return [entry for entry in entries if {"id", "state"} <= entry.keys()]


def _entry(line: str) -> dict[str, str]:
    """What a line says; nothing if it is half-written, or somebody else's."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _dots(answer: Any) -> tuple[int, int]:
    """Count the places in an answer that are open, and all its places."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if not isinstance(answer, list | tuple | set | frozenset):
        return int(answer is ...), 1
    counts = [_dots(each) for each in answer]
    return sum(left for left, _ in counts), sum(places for _, places in counts)


def _alike(answer: Any, result: Any) -> bool:
    try:
        return bool(_plain(answer) == _plain(result))
    except Exception:  # noqa: BLE001  # an answer's `__eq__` may raise anything
        return False


def _plain(value: Any) -> Any:
    """Make equal what a learner would call equal: a list and a tuple, True and "Yes"."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, set | frozenset):
        return frozenset(_plain(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, str):
        return re.sub(r"\s+", " ", value.strip().lower())
    return value


def _write(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_write(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_write, value)) or "none"
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(map(_write, value))) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return one_line(str(value))
    except Exception:  # noqa: BLE001  # an answer's `__str__` may raise anything
        return short(value)


def _difference(answer: Any, result: Any) -> str:
    if not isinstance(answer, dict) or not isinstance(result, dict):
        return f"you predicted {_write(answer)}; it is {_write(result)}"
    wrong = {
        key: item
        for key, item in result.items()
        if key not in answer or not _alike(answer[key], item)
    }
    told = "; ".join(
        f"{key}: {_write(item)}, not {_write(answer.get(key, 'predicted'))}"
        for key, item in wrong.items()
    )
    return f"{len(result) - len(wrong)} of {len(result)} as you predicted. {told}"


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
