"""Make what learners hand in: the course's notebooks, changed as a learner changes them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Self

from course.notebooks import NOTEBOOKS, Notebook, read
from lesson_app.lab.exercises import catalogue

Cell = dict[str, Any]
#: A folder's files by their path below it. A path may lead into an archive.
Files = Mapping[str, bytes]


@cache
def original(number: int) -> Notebook:
    """Return a notebook of the course as the course's tests read it."""
    return read(path_of(number))


@cache
def path_of(number: int) -> Path:
    """Return the path of a notebook of the course."""
    [path] = NOTEBOOKS.glob(f"{number:02}_*.ipynb")
    return path


@cache
def _text(number: int) -> str:
    return path_of(number).read_text(encoding="utf-8")


def ids(*numbers: int) -> list[str]:
    """Return the ids of the exercises of these notebooks."""
    return [each for each, exercise in catalogue().items() if exercise.notebook in numbers]


def solution(id: str) -> str:  # noqa: A002
    """Return the source of an exercise's solution."""
    return original(catalogue()[id].notebook).solutions[id]


def code(source: str) -> Cell:
    """Return a code cell."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def markdown(source: str) -> Cell:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


class Book:
    """A learner's copy of a notebook. Each method changes it and returns it."""

    def __init__(self, number: int) -> None:
        """Copy a notebook, without its outputs."""
        self.name = path_of(number).name
        self.number = number
        self.data: dict[str, Any] = json.loads(_text(number))
        self.data["metadata"].pop("widgets", None)
        for each in self.cells:
            each["source"] = "".join(each["source"])
            if each["cell_type"] == "code":
                each.update(outputs=[], execution_count=None)

    @property
    def cells(self) -> list[Cell]:
        """The cells; a test may change them."""
        found: list[Cell] = self.data["cells"]
        return found

    @property
    def code(self) -> list[Cell]:
        """The code cells."""
        return [each for each in self.cells if each["cell_type"] == "code"]

    def at(self, id: str) -> int:  # noqa: A002
        """Return the place of the cell that checks an exercise."""
        [place] = [n for n, each in enumerate(self.cells) if f'check("{id}"' in each["source"]]
        return place

    def answer(self, id: str, source: str) -> Self:  # noqa: A002
        """Write an answer below the stub, above its check."""
        return self.change(id, f'check("{id}"', f'{source.strip()}\n\n\ncheck("{id}"')

    def solve(self, *wanted: str) -> Self:
        """Write the solutions of these exercises; without any, of all."""
        for each in wanted or ids(self.number):
            self.answer(each, solution(each))
        return self

    def change(self, id: str, old: str, new: str) -> Self:  # noqa: A002
        """Replace a text in the cell that checks an exercise."""
        cell = self.cells[self.at(id)]
        assert old in cell["source"], (id, old)
        cell["source"] = cell["source"].replace(old, new, 1)
        return self

    def everywhere(self, old: str, new: str) -> Self:
        """Replace a text in all cells."""
        assert any(old in each["source"] for each in self.cells), old
        for each in self.cells:
            each["source"] = each["source"].replace(old, new)
        return self

    def turn(self, id: str, kind: str) -> Self:  # noqa: A002
        """Make the cell that checks an exercise a cell of another kind."""
        place = self.at(id)
        source = self.cells[place]["source"]
        self.cells[place] = {"cell_type": kind, "metadata": {}, "source": source}
        return self

    def without(self, *cut: str) -> Self:
        """Delete the cells that ask for these exercises, check them, and solve them."""
        marks = [
            mark for i in cut for mark in (f"**{i}**", f'check("{i}"', f"Solution of {i}<")
        ]
        self.cells[:] = [c for c in self.cells if not any(m in c["source"] for m in marks)]
        return self

    def before(self, id: str, *sources: str) -> Self:  # noqa: A002
        """Insert code cells before the cell that checks an exercise."""
        place = self.at(id)
        self.cells[place:place] = map(code, sources)
        return self

    def after(self, id: str, *sources: str) -> Self:  # noqa: A002
        """Insert code cells after the cell that checks an exercise."""
        place = self.at(id) + 1
        self.cells[place:place] = map(code, sources)
        return self

    def last(self, *sources: str) -> Self:
        """Add code cells at the end."""
        self.cells.extend(map(code, sources))
        return self

    def title(self, title: str) -> Self:
        """Write another title."""
        head = self.cells[0]
        head["source"] = f"# {title}" + head["source"].removeprefix("# ").partition("\n")[2]
        return self

    def paste(self, other: Book) -> Self:
        """Add the cells of another notebook."""
        self.cells.extend(deepcopy(other.cells))
        return self

    def file(self, name: str = "") -> dict[str, bytes]:
        """Return the notebook as a file, by its name."""
        text = json.dumps(self.data, ensure_ascii=False, indent=1)
        return {name or self.name: text.encode()}

    def bytes(self) -> bytes:
        """Return the file's content."""
        return self.file()[self.name]


def fresh(*sources: str) -> Book:
    """Return a new notebook that has only these code cells."""
    book = Book(1)
    book.cells[:] = map(code, sources)
    return book


def below(folder: str, files: Files) -> dict[str, bytes]:
    """Return files in a folder."""
    return {f"{folder}/{name}": content for name, content in files.items()}


def zipped(files: Files) -> bytes:
    """Return a zip archive of files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def hand_in(folder: Path, files: Files) -> list[Path]:
    """Write what a class handed in, and return its folders and archives.

    The first part of a file's path is one of them: ``term.zip/ada/01.ipynb`` is in an archive.
    """
    archives: dict[str, dict[str, bytes]] = {}
    tops = {}
    for name, content in files.items():
        top, _, rest = name.partition("/")
        tops[top] = folder / top
        if top.endswith(".zip"):
            archives.setdefault(top, {})[rest] = content
            continue
        path = folder / name
        if not rest or name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for top, inside in archives.items():
        tops[top].write_bytes(zipped(inside))
    return list(tops.values())
