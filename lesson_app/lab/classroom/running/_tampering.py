"""Notice that a notebook's cells have changed the code that judging depends on."""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

_CACHED = type(cache(len))
_CODE = (FunctionType, BuiltinFunctionType, type, staticmethod, classmethod, property, _CACHED)
#: Python's own functions change these, and libraries do. No verdict depends on them.
_OFTEN_CHANGED = (
    "asyncio", "flask.cli", "http.server", "logging", "ssl", "typing", "warnings",
    "werkzeug.serving",
)  # fmt: skip
#: IPython replaces functions of its own while cells run, and these of Python.
_NOT_WATCHED = ("IPython", "__main__", "__mp_main__", "traitlets", *_OFTEN_CHANGED)
_REPLACED = {
    "sys": ("breakpointhook", "displayhook", "excepthook"),
    "threading": ("excepthook",),
    "builtins": ("display", "exit", "get_ipython", "input", "print", "quit"),
}


class Snapshot:
    """The functions, classes and methods that modules have now.

    It holds the objects themselves, so that none can be replaced by another with its id.
    """

    __slots__ = ("_found", "_functions", "_hooks", "_modules", "_names", "_objects", "_paths")

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._modules = {
            each.__name__: each
            for each in modules
            if isinstance(each, ModuleType) and not each.__name__.startswith(_NOT_WATCHED)
        }
        self._found: list[tuple[str, Mapping[str, Any], str, Any]] = []
        self._functions: dict[str, tuple[FunctionType, Any, Any, Any]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._paths: dict[str, list[str]] = {}
        self._objects: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = []
        for name, module in self._modules.items():
            self._take(name, vars(module))
            if name.startswith("lesson_app"):
                self._names[name] = frozenset(vars(module))
                self._paths[name] = list(getattr(module, "__path__", ()))
            for each, value in list(vars(module).items()):
                if isinstance(value, type):
                    if value.__module__ == name:
                        self._take(f"{name}.{each}", vars(value))
                elif name == "json":  # has a decoder for all
                    names = _attributes(value)
                    self._objects.append((f"{name}.{each}", names, dict(names)))
        self._hooks = _hooks()

    def _take(self, label: str, names: Mapping[str, Any]) -> None:
        for name, value in list(names.items()):
            if name in _REPLACED.get(label, ()):
                continue
            module = isinstance(value, ModuleType) and label.startswith("lesson_app")
            if module or isinstance(value, _CODE):
                self._found.append((label, names, name, value))
            if isinstance(value, FunctionType):
                kept = (value, *_parts(value))
                self._functions[f"{label}.{name}"] = kept

    def changes(self) -> str:
        """Return the name of something that is not as it was; "" if all is."""
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                return f"sys.modules[{name!r}]"
        for label, names, name, value in self._found:
            if names.get(name) is not value:
                return f"{label}.{name}"
        for name, (function, *parts) in self._functions.items():
            if any(map(operator.is_not, parts, _parts(function))):
                return name
        for name, known in self._names.items():
            for new in vars(self._modules[name]).keys() - known:
                if hasattr(builtins, new):  # a module may import more, but not hide `bool`
                    return f"{name}.{new}"
        for name, path in self._paths.items():
            if list(getattr(self._modules[name], "__path__", ())) != path:
                return f"{name}.__path__"
        for label, names, before in self._objects:
            for new, value in names.items():
                if callable(value) and before.get(new) is not value:
                    return f"{label}.{new}"
        return "a hook of sys" if _differ(self._hooks, _hooks()) else ""


def _attributes(value: Any) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}  # it has slots
    return found if type(found) is dict else {}


def _parts(function: FunctionType) -> tuple[Any, Any, Any]:
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _differ(before: list[list[Any]], now: list[list[Any]]) -> bool:
    """Return whether a list does not begin as before; a library may add a finder at the end."""
    pairs = zip(before, now, strict=True)
    return any(
        len(new) < len(old) or any(map(operator.is_not, old, new[: len(old)]))
        for old, new in pairs
    )


def _hooks() -> list[list[Any]]:
    """Return what changes how Python runs or finds code."""
    tracers = [sys.gettrace(), sys.getprofile(), sys.pycache_prefix]
    return [tracers, list(sys.meta_path), list(sys.path_hooks)]
