"""Read the exercises of a notebook, with their stubs, solutions and earlier cells."""

from __future__ import annotations

import ast
import io
import linecache
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from flask import Flask

from lesson_app.lab import Server, serve

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
_SOLUTION = re.compile(
    r"<details><summary>Solution of (E\d+\.\d+)</summary>\s*"
    r"```python\n(.*?)```",
    re.DOTALL,
)


@dataclass(frozen=True)
class ExerciseCell:
    """A cell that asks for an answer.

    `place` counts code cells from zero, `names` are the arguments of its `check`, `stub` is
    the cell's source.
    """

    id: str
    place: int
    names: tuple[str, ...]
    stub: str


@dataclass(frozen=True)
class Notebook:
    """The code cells and the Markdown cells of a notebook, in order."""

    name: str
    code: tuple[str, ...]
    prose: tuple[str, ...]

    @property
    def exercises(self) -> dict[str, ExerciseCell]:
        """The cells with a ``check("E…", …)``, by the exercise's id."""
        cells = enumerate(self.code)
        return {each.id: each for place, code in cells for each in _checks(place, code)}

    @property
    def solutions(self) -> dict[str, str]:
        """The folded solutions in the prose, by the exercise's id."""
        return dict(each for text in self.prose for each in _SOLUTION.findall(text))


def read(path: Path) -> Notebook:
    """Read a notebook from its file."""
    return from_node(nbformat.read(path, as_version=4), path.stem)  # type: ignore[no-untyped-call]


def from_node(node: Any, name: str) -> Notebook:
    """Return the notebook of a node from nbformat."""

    def cells(kind: str) -> tuple[str, ...]:
        return tuple(cell.source for cell in node.cells if cell.cell_type == kind)

    return Notebook(name, cells("code"), cells("markdown"))


def all_notebooks() -> list[Notebook]:
    """Read all notebooks of the course, in order."""
    return [read(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


@contextmanager
def namespace_before(notebook: Notebook, exercise_id: str) -> Iterator[dict[str, Any]]:
    """Run all code cells before an exercise's, and yield the names that they define.

    Printed text is dropped. At the end of the block all servers of these cells stop.
    """
    names: dict[str, Any] = {"__name__": "__main__", "display": lambda *_, **__: None}
    try:
        for place in range(notebook.exercises[exercise_id].place):
            run(notebook.code[place], names, f"<{notebook.name}, code cell {place + 1}>")
        yield names
    finally:
        for value in list(names.values()):
            if isinstance(value, Server):
                value.stop()
        # A server without a name ends when another takes its place.
        serve(Flask("the end")).stop()


def run(code: str, names: dict[str, Any], title: str = "<cell>") -> str:
    """Run code as a cell with these names, and return its printed text."""
    # Tracebacks and `inspect.getsource` look for the text here.
    linecache.cache[title] = (len(code), None, code.splitlines(keepends=True), title)
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(io.StringIO()):
        exec(compile(code, title, "exec", dont_inherit=True), names)  # noqa: S102  # our own
    return printed.getvalue()


def _checks(place: int, code: str) -> Iterator[ExerciseCell]:
    if "check(" not in code:  # other cells may have magics, which Python cannot parse
        return
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(ast.Name("check"), [ast.Constant(str(id)), *answers]):
                yield ExerciseCell(id, place, tuple(map(ast.unparse, answers)), code)
