"""Functions of a notebook's cells run from their source, with what they use of it."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from lesson_app.lab.http.source import definitions


def cell(source: str) -> dict[str, Any]:
    """Run a cell, and return its names."""
    title = f"<cell {hash(source)}>"
    linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, title, "exec"), names)
    return names


def moved(source: str, name: str = "f") -> Any:
    """Return the function `name` of a cell, as another process would define it."""
    text, [found] = definitions(cell(source)[name])
    names: dict[str, Any] = {}
    exec(text, names)
    return names[found]


@pytest.mark.parametrize(
    "source",
    [
        "def f(n):\n    return n + 1",
        "f = lambda n: n + 1",
        "ONE = 1\n\ndef f(n: int) -> int:\n    return n + ONE",
        "import math\n\ndef f(n):\n    return n + int(math.cos(0))",
        "import math as m\n\ndef f(n):\n    return n + int(m.cos(0))",
        "from datetime import timedelta\n\ndef f(n):\n    return timedelta(days=n + 1).days",
        "def g(n):\n    return n + h()\n\ndef h():\n    return 1\n\ndef f(n):\n    return g(n)",
        "def f(n):\n    return f(n - 1) + 1 if n else 1",
        "ONE = 1\n\ndef f(n):\n    return [n + ONE for _ in 'a'][0]",
        "def inner(n):\n    return n + 1\n\nf = inner",
    ],
)
def test_moved(source: str) -> None:
    """A function takes along constants, imports and other functions."""
    assert moved(source)(2) == cell(source)["f"](2) == 3


def test_no_other_line() -> None:
    """The other lines of the cell stay where they are."""
    text, _ = definitions(cell("def f():\n    return 1\n\nprint('loud')")["f"])

    assert "loud" not in text


def test_names() -> None:
    """Two functions that use the same helper define it once."""
    names = cell(
        "def g():\n    return 1\n\ndef a():\n    return g()\n\ndef b():\n    return g()"
    )

    text, found = definitions(names["a"], names["b"])

    assert found == ["a", "b"]
    assert text.count("def g") == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("seen = {}\n\ndef f():\n    return seen", "`f` uses `seen`, which a server does not"),
        (
            "class A:\n    pass\n\ndef f():\n    return A",
            "`f` uses `A`, which a server does not",
        ),
        ("f = print", "can only run a function that a cell defines, got <built-in"),
        ("def g(n):\n    return lambda: n\n\nf = g(1)", "can only run a function that a cell"),
    ],
)
def test_refused(source: str, message: str) -> None:
    """A function that needs something of its process is refused, with its name."""
    with pytest.raises(ValueError, match=message):
        moved(source)
