"""Plug a learner's two functions into the middleware."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..cookie import Codec, Unsealed
from ..session import END_OF_TIME


class FunctionCodec:
    """A codec made of two functions, as they are written in a notebook.

    ``seal(content, …)`` returns the cookie's value, ``unseal(value, …)`` the content alone
    or (content, created_at, duration). Both are given as many of the options ``name``,
    ``created_at`` and ``duration`` as they take. A content alone never expires. What the
    functions raise is not softened, `BadCookie` apart: who wrote them wants to see it.
    """

    def __init__(self, seal: Callable[..., str], unseal: Callable[..., Any]) -> None:
        for function in (seal, unseal):
            if not callable(function):
                raise TypeError(f"codec_from was given {function!r}: give two functions")
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
            opened if isinstance(opened, tuple) else (opened, 0, END_OF_TIME)
        )
        return Unsealed(content, created_at, duration)


def codec_from(seal: Callable[..., str], unseal: Callable[..., Any]) -> Codec:
    """Make a codec for ``create_app(codec=…)`` out of two functions."""
    return FunctionCodec(seal, unseal)


def _taken(function: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Those of `options` that `function` takes by name, behind its first parameter."""
    _, *parameters = inspect.signature(function).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return options
    names = {each.name for each in parameters if each.kind is not each.POSITIONAL_ONLY}
    return {name: value for name, value in options.items() if name in names}
