"""Notice that an answer calls the course's own function, wherever it found it."""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import lesson_app

_COURSE = str(Path(lesson_app.__file__).parent)


class Tripwires:
    """Functions that note a call; they work as before.

    The code of the function itself is replaced, so each alias of it notes the call, and each
    copy. `calls` has the names of the exercises whose functions were called, and `codes` the
    codes that the functions had, by exercise.
    """

    __slots__ = ("calls", "codes")

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.codes: dict[str, set[CodeType]] = defaultdict(set)

    def add(self, name: str, functions: Iterable[Any], *, unless_ours: bool) -> None:
        """Watch functions and the methods of classes.

        With `unless_ours`, calls from the course's own code are not noted.
        """
        for each in functions:
            methods = vars(each).values() if isinstance(each, type) else [each]
            for function in methods:
                if isinstance(function, FunctionType) and not _is_watched(function):
                    self._watch(name, function, unless_ours=unless_ours)

    def _watch(self, name: str, function: FunctionType, *, unless_ours: bool) -> None:
        self.codes[name].add(function.__code__)
        original = FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        original.__kwdefaults__ = function.__kwdefaults__
        signature = inspect.signature(function)

        def note(arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
            caller = sys._getframe(2).f_code.co_filename
            if not (unless_ours and caller.startswith(_COURSE)):
                self.calls.add(name)
            return original(*arguments, **options)

        free = len(function.__code__.co_freevars)
        # `is_ours` compares codes, so each function needs its own.
        own = f"{name} {function.__module__} {function.__qualname__}"
        function.__code__ = _wrapper(free).__code__.replace(co_name=own)
        function.__defaults__ = None
        function.__kwdefaults__ = {"_noted": note}
        vars(function)["__signature__"] = signature  # `codec_from` asks for it


def _is_watched(function: FunctionType) -> bool:
    return "_noted" in (function.__kwdefaults__ or {})


def _wrapper(free: int) -> Callable[..., Any]:
    """Return a function that calls its `_noted`; it has so many free variables, unused."""
    names = [f"free_{number}" for number in range(free)]
    source = f"""
def around({", ".join(names)}):
    def wrapper(*args, _noted, **options):
        if False: ({", ".join(names)})
        return _noted(args, options)
    return wrapper
"""
    made: dict[str, Any] = {}
    exec(source, made)  # noqa: S102  # our own
    wrapper: Callable[..., Any] = made["around"](*names)
    return wrapper
