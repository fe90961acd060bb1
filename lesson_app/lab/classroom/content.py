"""Read from a notebook's cells which exercises it has to solve, and what hides from a run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from ..exercises import catalogue
from .course import course_folder
from .handed_in.submissions import Cell

CHECK = re.compile(r"""(?<!\w)check\(\s*["'](E\d{1,3}\.\d{1,3})["']""")
PREDICTION = re.compile(r"""(?<!\w)(?:predict|observe)\(\s*["'](P\d{1,3}\.\d{1,3})["']""")
_OF_EXERCISE = re.compile(
    r"""["'](E\d{1,3}\.\d{1,3})["']|^\*\*(E\d{1,3}\.\d{1,3})\*\*""", re.MULTILINE
)
_COMMENTED = re.compile(
    r"""^[ \t]*#.*(?<!\w)check\(\s*["'](E\d{1,3}\.\d{1,3})["']""", re.MULTILINE
)


@cache
def titles() -> dict[str, int]:
    """Return the number of each notebook of the course, by its title."""
    found = {}
    for path in sorted(course_folder().glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ("".join(each["source"]) for each in cells if each["cell_type"] == "markdown")
        found[next(_headings(sources))] = int(path.name[:2])
    return found


def _headings(sources: Iterable[str]) -> Iterator[str]:
    """Yield the headings of the first level, in a form that survives small changes."""
    for source in sources:
        for line in source.splitlines():
            if line.startswith("# "):
                yield " ".join(re.findall(r"\w+", line.casefold()))


def wanted(cells: Sequence[Cell]) -> list[str]:
    """Return the ids of the exercises that a notebook must have, in the course's order.

    The notebook's title counts, and what its cells check; several titles count if notebooks
    were pasted into one. Without a known title, all exercises of a notebook count if the id of
    one of them is there. File names don't count.
    """
    prose = (each.source for each in cells if each.kind == "markdown")
    numbers = {titles()[each] for each in _headings(prose) if each in titles()}
    found = {
        first or second for each in cells for first, second in _OF_EXERCISE.findall(each.source)
    }
    numbers = numbers or set(map(number_of, found))
    known = catalogue()
    ids = {each for each in known if number_of(each) in numbers}
    ids.update(*(CHECK.findall(source) for source in _code(cells)))
    return [each for each in known if each in ids] + sorted(ids - known.keys())


def number_of(id: str) -> int:  # noqa: A002
    """Return the number of an exercise's notebook."""
    return int(id[1:].partition(".")[0])


def predictions(cells: Sequence[Cell]) -> set[str]:
    """Return the ids of the predictions that code cells ask for."""
    return set().union(*(PREDICTION.findall(source) for source in _code(cells)))


def _code(cells: Sequence[Cell]) -> list[str]:
    return [each.source for each in cells if each.kind == "code"]


def why_unchecked(id: str, cells: Sequence[Cell]) -> str:  # noqa: A002
    """Return why no code cell checks an exercise; "" if one does."""
    code = _code(cells)
    if any(id in CHECK.findall(_COMMENTED.sub("", source)) for source in code):
        return ""
    for each in cells:
        if each.kind != "code" and id in CHECK.findall(each.source):
            kind = {"markdown": "Markdown", "raw": "raw"}.get(each.kind, each.kind)
            return f"no cell checks it: its cell is {kind}; make it a code cell"
    if any(id in _COMMENTED.findall(source) for source in code):
        return "no cell checks it: its check is a comment; remove the #"
    return "no cell checks it; copy the cell from a new copy of the notebook"
