"""Show the ten properties of an app, a line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..views.markup import status
from .judging import Wrong, describe, is_untouched, one_line
from .properties import PROPERTIES, check_property
from .tour import toured


class Ten:
    """The ten properties of an app, a line for each: what was seen, or what is wrong."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self.lines = lines

    def __repr__(self) -> str:
        return "\n".join(f"{mark} {text}" for mark, text in self.lines)

    def _repr_html_(self) -> str:
        return "<br>".join(status(mark, text) for mark, text in self.lines)


def ten(make_app: Callable[..., Any], messages: Mapping[str, str]) -> Ten:
    """Return a line for each property. `messages` explain the names of `Wrong`."""
    if is_untouched(make_app):
        return Ten([("○", "make_app is not started")])
    lines: list[tuple[str, str]] = []
    try:
        with toured(make_app) as site:
            for number, each in enumerate(PROPERTIES, 1):
                mark, seen = _tried(partial(check_property, each, site), messages)
                lines.append((mark, f"{number} {each.__doc__} · {seen}"))
                if number == 1 and mark == "✗":
                    lines.append(("○", "2 to 10: cannot tell before 1 works"))
                    break
    except Exception as error:  # noqa: BLE001  # shown to the learner
        lines.append(("✗", _explained(error, messages)))
    return Ten(lines)


def _tried(call: Callable[[], str], messages: Mapping[str, str]) -> tuple[str, str]:
    try:
        return "✓", call()
    except Exception as error:  # noqa: BLE001  # of the learner's app
        return "✗", _explained(error, messages)


def _explained(error: Exception, messages: Mapping[str, str]) -> str:
    if isinstance(error, Wrong):
        return messages.get(error.name, error.message)
    return one_line(f"your code raised {describe(error)}")
