"""Recognize the course's own function, however it came into an answer."""

from __future__ import annotations

import dis
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache, partial
from itertools import chain
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

#: How many functions and other values of one answer are looked at.
_MOST = 500_000
_COURSE = __package__
_PLAIN = (str, bytes, int, float, type(None))
_CACHED = type(cache(len))
#: Such as `f.__call__`, for a function f.
_BOUND = (MethodWrapperType, BuiltinFunctionType)


def is_ours(answer: Any, ours: Collection[Any], codes: Collection[CodeType] = ()) -> bool:
    """Return whether an answer is one of `ours`, copies it, inherits from it, or can call it.

    A function with one of the `codes` also counts. Functions that an answer names are
    followed, but not into installed modules. An answer that reaches the course's catalogue
    counts as ours, and so does one that names too much to follow it all. A function that is
    found by a name computed at run time is not seen here; `lesson_app.lab.classroom` sees it.
    """
    if not ours:
        return False
    # A class of another package may share its methods with what the learner gets.
    own = [each for each in ours if each.__module__.startswith(_COURSE)]
    codes = {*codes, *chain(*map(_codes, own))}
    seen: dict[int, Any] = {}  # holds the values, so that no id is used twice
    left = [answer]
    while left:
        value = left.pop()
        if id(value) in seen or type(value) in _PLAIN:
            continue
        if len(seen) == _MOST or _is_course(value) or any(value is each for each in ours):
            return True
        seen[id(value)] = value
        if not codes.isdisjoint(_codes(value)):
            return True
        left += _parts(value)
    return False


def _codes(value: Any) -> Iterator[CodeType]:
    """Yield the codes of a function, or of a class's methods."""
    if type(value) is FunctionType:
        yield value.__code__
    elif issubclass(type(value), type):
        found = vars(value).values()
        yield from (each.__code__ for each in found if type(each) is FunctionType)


def _is_course(value: Any) -> bool:
    if type(value) is ModuleType:
        return value.__name__.startswith(_COURSE)
    return type(value) is FunctionType and (
        value.__module__ == _COURSE and value.__name__ in ("catalogue", "yours_or_ours")
    )


def _parts(value: Any) -> Iterator[Any]:
    """Yield what a function, class or object of the learner uses."""
    # `isinstance` and `getattr` would ask Flask's proxies for an object that may not exist.
    kind = type(value)
    if kind is FunctionType:
        if _is_learners(value):
            yield from _used(value)
        yield vars(value).get("__wrapped__")
    elif kind is partial:
        yield from (value.func, value.args, value.keywords)
    elif kind is MethodType:
        yield from (value.__func__, value.__self__)
    elif kind in _BOUND:
        yield value.__self__
    elif kind in (_CACHED, staticmethod, classmethod):
        yield value.__wrapped__
    elif kind is property:
        yield from (value.fget, value.fset)
    elif kind is dict:
        yield from value.values()
    elif kind in (list, tuple, set, frozenset):
        yield from value
    elif issubclass(kind, type):
        yield from value.__mro__[1:]
        if _is_learners(value):
            yield from vars(value).values()
    elif _is_learners(kind):
        yield kind
        with suppress(AttributeError):  # it has slots
            yield object.__getattribute__(value, "__dict__")


def _is_learners(value: Any) -> bool:
    """Return whether a function or class was defined in the notebook or beside it."""
    module = sys.modules.get(value.__module__) if isinstance(value.__module__, str) else None
    if module is None or value.__module__ == "__main__":
        return True
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).parent == Path.cwd()


def _used(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # not assigned yet
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for name, imported in _names(function.__code__):
        if imported and name.startswith(_COURSE):
            yield sys.modules[_COURSE]
        elif not imported and name in function.__globals__:
            yield function.__globals__[name]


def _names(code: CodeType) -> Iterator[tuple[str, bool]]:
    """Yield the global names in a code and the functions in it, and the modules it imports."""
    module = ""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval), False
        elif step.opname == "IMPORT_NAME":
            module = str(step.argval)
            yield module, True
        elif step.opname == "IMPORT_FROM":
            yield f"{module}.{step.argval}", True
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
