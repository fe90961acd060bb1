"""Predict the result of an experiment, then compare it with what happened."""

from __future__ import annotations

import re
from typing import Any

from .judging import one_line, short
from .record import record

_predictions: dict[str, Any] = {}


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
    record(id, state)


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
