"""Make a codec for the middleware out of a learner's two functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..cookie import Codec, Unsealed
from ..session import END_OF_TIME


class FunctionCodec:
    """A codec made of two functions that a learner wrote in a notebook.

    ``seal(content, …)`` returns the cookie's value. ``unseal(value, …)`` returns the content,
    which then never expires, or (content, created_at, duration). Each function gets those of
    the options ``name``, ``created_at`` and ``duration`` that it has parameters for. Errors
    of the functions reach the learner, except `BadCookie`, which starts an empty session.
    """

    def __init__(self, seal: Callable[..., str], unseal: Callable[..., Any]) -> None:
        for function in (seal, unseal):
            if not callable(function):
                raise TypeError(f"codec_from() expected two functions, got {function!r}")
        self._seal, self._unseal = seal, unseal

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        options = {"name": name, "created_at": created_at, "duration": duration}
        return self._seal(dict(content), **_taken(self._seal, options))

    def unseal(self, value: str, *, name: str) -> Unsealed:
        opened = self._unseal(value, **_taken(self._unseal, {"name": name}))
        if isinstance(opened, Unsealed):
            return opened
        content, created_at, duration = (
            opened if isinstance(opened, tuple | list) else (opened, 0, END_OF_TIME)
        )
        return Unsealed(content, created_at, duration)


def codec_from(seal: Callable[..., str], unseal: Callable[..., Any]) -> Codec:
    """Return a codec for ``create_app(codec=…)`` that calls the two functions."""
    return FunctionCodec(seal, unseal)


def _taken(function: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return the `options` that `function` accepts by name after its first parameter."""
    _, *parameters = inspect.signature(function).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return options
    names = {each.name for each in parameters if each.kind is not each.POSITIONAL_ONLY}
    return {name: value for name, value in options.items() if name in names}
