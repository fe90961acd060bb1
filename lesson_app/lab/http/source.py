"""Take functions from the cells that define them, to run them in another process."""

from __future__ import annotations

import builtins
import dis
import inspect
import sys
from collections.abc import Callable
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType
from typing import Any

# A value with one of these types has a `repr` that is Python code.
_PLAIN = (int, float, str, bytes, bool, type(None))


def definitions(*functions: Callable[..., Any]) -> tuple[str, list[str]]:
    """Return Python code that defines these functions, and their names in it.

    It also defines what they use of their cells: imports, other functions, and constants that
    are numbers or texts. Raises ValueError, and says what to do, if they use anything else.
    """
    parts = dict[str, str]()
    names = [_define(function, parts) for function in functions]
    # The annotations may use names that the functions don't need.
    return "\n".join(["from __future__ import annotations", *parts.values()]), names


def _define(function: Any, parts: dict[str, str]) -> str:
    """Add a function and what it uses to `parts`, and return its name."""
    if not isinstance(function, FunctionType) or function.__closure__:
        raise ValueError(
            f"a server can only run a function that a cell defines, got {function!r}; "
            "define it with `def`, in a cell of its own"
        )
    around = function.__globals__
    name = function.__name__
    if name == "<lambda>":
        name = next(key for key, value in around.items() if value is function)
    if name in parts:
        return name
    parts[name] = ""  # it may call itself
    used = ""
    for each in sorted(_globals_of(function.__code__)):
        if each in around and not hasattr(builtins, each) and each not in parts:
            used += _line(each, around[each], function, parts)
    parts[name] = used + dedent(inspect.getsource(function))
    return name


def _globals_of(code: CodeType) -> set[str]:
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    here = {str(each.argval) for each in dis.get_instructions(code) if "GLOBAL" in each.opname}
    return here.union(*map(_globals_of, inner))


def _line(name: str, value: Any, function: FunctionType, parts: dict[str, str]) -> str:
    """Return the line that defines a name; a function of a cell is added to `parts`."""
    home = getattr(value, "__module__", None)
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}\n"
    if home != "__main__" and getattr(sys.modules.get(str(home)), name, None) is value:
        return f"from {home} import {name}\n"
    if isinstance(value, _PLAIN):
        return f"{name} = {value!r}\n"
    if isinstance(value, FunctionType):
        _define(value, parts)
        return ""
    raise ValueError(
        f"`{function.__name__}` uses `{name}`, which a server does not have; define it inside "
        f"`{function.__name__}`"
    )
