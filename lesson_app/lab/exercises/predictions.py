"""Predict the result of an experiment, then compare it with what happened."""

from __future__ import annotations

import re
from typing import Any

from .judging import one_line, short
from .lines import show_line
from .progress_file import record

_predictions: dict[str, Any] = {}


def predict(id: str, answer: Any) -> None:  # noqa: A002  # as in check and hint
    """Record what you expect of the experiment `id` before you run it.

    Replace each ``...`` with your answer.
    """
    _predictions[str(id)] = answer
    left, all_ = _dots(answer)
    if not left:
        print(f"{id}: your prediction is recorded. Now run the experiment.")
    else:
        advice = f"{left} of {all_} answers missing; replace each" if all_ > 1 else "replace"
        print(f"○ {id}: {advice} ... with what you expect")


def observe(id: str, result: Any) -> None:  # noqa: A002
    """Compare the result of the experiment `id` with your prediction."""
    answer = _predictions.get(str(id), ...)
    if _dots(answer)[0]:
        show_line(f"○ {id} Answer: {_write(result)}")
        state = "not predicted"
    elif _alike(answer, result):
        show_line(f"✓ {id} As you predicted. Answer: {_write(result)}")
        state = "passed"
    else:
        show_line(f"✗ {id} Not as you predicted. {_difference(answer, result)}")
        state = "surprised"
    record(id, state)


def _dots(answer: Any) -> tuple[int, int]:
    """Count the ``...`` in a prediction, and all its places."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if not isinstance(answer, list | tuple | set | frozenset):
        return int(answer is ...), 1
    counts = [_dots(each) for each in answer]
    return sum(left for left, _ in counts), sum(places for _, places in counts)


def _alike(answer: Any, result: Any) -> bool:
    try:
        return bool(_plain(answer) == _plain(result))
    except Exception:  # noqa: BLE001  # `__eq__` may raise anything
        return False


def _plain(value: Any) -> Any:
    """Convert values that mean the same to equal ones: list and tuple, True and "Yes"."""
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
    except Exception:  # noqa: BLE001  # `__str__` may raise anything
        return short(value)


def _difference(answer: Any, result: Any) -> str:
    if not isinstance(answer, dict) or not isinstance(result, dict):
        return f"Answer: {_write(result)} (you predicted {_write(answer)})"
    answers = "; ".join(
        f"{key}: {_write(item)}{_predicted(answer, key, item)}" for key, item in result.items()
    )
    return f"Answer: {answers or 'none'}"


def _predicted(answer: dict[Any, Any], key: Any, right: Any) -> str:
    """Return what was predicted, in brackets, if it is not the answer."""
    if key not in answer:
        return " (no prediction)"
    predicted = answer[key]
    return "" if _alike(predicted, right) else f" (you predicted {_write(predicted)})"
