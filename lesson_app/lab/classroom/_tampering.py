"""Notice that a notebook's cells have changed the code that judging depends on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

_CODE = (FunctionType, BuiltinFunctionType, type, staticmethod, classmethod, property)
#: IPython replaces functions of its own while cells run, and these of Python.
_NOT_WATCHED = ("IPython", "__main__", "__mp_main__", "traitlets")


_REPLACED = {"sys": ("displayhook", "excepthook"), "builtins": ("display", "get_ipython")}


class Snapshot:
    """The functions, classes and methods that modules have now.

    It holds the objects themselves, so that none can be replaced by another with its id.
    """

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._modules = {
            each.__name__: each
            for each in modules
            if isinstance(each, ModuleType) and not each.__name__.startswith(_NOT_WATCHED)
        }
        self._found: list[tuple[str, Mapping[str, Any], str, Any]] = []
        self._functions: dict[str, tuple[FunctionType, Any, Any]] = {}
        for name, module in self._modules.items():
            self._take(name, vars(module))
            for each in list(vars(module).values()):
                if isinstance(each, type) and each.__module__ == name:
                    self._take(f"{name}.{each.__name__}", vars(each))
        self._hooks = _hooks()

    def _take(self, label: str, names: Mapping[str, Any]) -> None:
        for name, value in list(names.items()):
            if isinstance(value, _CODE) and name not in _REPLACED.get(label, ()):
                self._found.append((label, names, name, value))
            if isinstance(value, FunctionType):
                kept = (value, value.__code__, value.__defaults__)
                self._functions[f"{label}.{name}"] = kept

    def changes(self) -> str:
        """Return the name of something that is not as it was; "" if all is."""
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                return f"sys.modules[{name!r}]"
        for label, names, name, value in self._found:
            if names.get(name) is not value:
                return f"{label}.{name}"
        for name, (function, code, defaults) in self._functions.items():
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return name
        if _hooks() != self._hooks:
            return "a hook of sys"
        return ""


def _hooks() -> list[Any]:
    return [sys.gettrace(), sys.getprofile(), *sys.meta_path, *sys.path_hooks]
