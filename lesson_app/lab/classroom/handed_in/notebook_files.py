"""Read a file that a learner handed in: the cells of a notebook, or why there are none."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .archives import MAX_FILE, TOO_BIG


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook: its `kind` is "code", "markdown" or "raw"."""

    kind: str
    source: str


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    `problem` says why it has no cells. `handed_in` is False if it may be a notebook's data
    or module; any other file was meant to be graded.
    """

    cells: tuple[Cell, ...] = ()
    problem: str = ""
    handed_in: bool = True


_AGAIN = "hand in the notebook (.ipynb)"
_UNPACK = f"is an archive that grading does not open; unpack it, or {_AGAIN}"
_OTHER = f"is not a notebook; {_AGAIN}"
#: What a file is by the end of its name.
_FORMATS = {
    **dict.fromkeys((".html", ".htm"), f"is a web page; {_AGAIN}"),
    ".pdf": f"is a PDF document; {_AGAIN}",
    **dict.fromkeys((".docx", ".doc", ".odt", ".rtf", ".pages"), f"is a document; {_AGAIN}"),
    **dict.fromkeys((".rar", ".7z", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"), _UNPACK),
    ".zip": "is not a zip archive; hand it in again",
}
_POINTER = b"version https://git-lfs.github.com/spec/"
_EXPORT = re.compile(rb"^# (?:In ?\[[\d ]*\]:|%%|<codecell>)", re.MULTILINE)
_HEAD = 4096
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
_STRING = re.compile(r"""["'(]([^"'()\n]+)(?=["')])""")


def read(file: Path, name: str) -> Reading:
    """Read a file by its content, not by its name; `name` is what the learner called it."""
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Reading(problem=_OTHER)
        if status.st_size > MAX_FILE:
            return Reading(problem=TOO_BIG)
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
            data = head + opened.read(MAX_FILE) if _may_be_json(head, name) else head
    except OSError as error:
        return Reading(problem=f"cannot be read ({error.strerror}); make it readable")
    if head.startswith(_POINTER):
        return Reading(problem="is a pointer of Git LFS; run git lfs pull, and grade it again")
    if not head:
        empty = "is empty; save it and hand it in again"
        return Reading(problem=empty, handed_in=_is_meant(name))
    if name.casefold().endswith(".py") and _EXPORT.search(head):
        return Reading(problem=f"is a notebook's export to Python; {_AGAIN}")
    if not _may_be_json(head, name):
        return Reading(problem=_format(name) or _OTHER, handed_in=_is_meant(name))
    return _notebook(data, name)


def named_notebook(name: str) -> bool:
    """Return whether a name says that the file is a notebook."""
    return ".ipynb" in name.casefold()


def _may_be_json(head: bytes, name: str) -> bool:
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text.startswith(b"{") or named_notebook(name)


def _format(name: str) -> str:
    """Return what a file with this ending is; "" if it may be a notebook's data."""
    return next((_FORMATS[each] for each in _FORMATS if name.casefold().endswith(each)), "")


def _is_meant(name: str) -> bool:
    return named_notebook(name) or bool(_format(name))


def _notebook(data: bytes, name: str) -> Reading:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        return Reading(
            problem=f"is not valid JSON ({error}); hand it in again",
            handed_in=named_notebook(name) or b'"cell_type"' in data or b'"nbformat"' in data,
        )
    if isinstance(found, dict) and isinstance(found.get("worksheets"), list):
        return Reading(problem="is in notebook format 3; open it in JupyterLab and save it")
    cells = _cells(found)
    if cells is None:
        return Reading(
            problem=f"is JSON, but not a notebook; {_AGAIN}", handed_in=named_notebook(name)
        )
    return (
        Reading(cells) if cells else Reading(problem=f"is a notebook without cells; {_AGAIN}")
    )


def _cells(found: Any) -> tuple[Cell, ...] | None:
    """Return the cells of a notebook in format 4; None if it is something else."""
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        return None
    try:
        return tuple(_cell(each["cell_type"], each["source"]) for each in found["cells"])
    except (KeyError, TypeError):
        return None


def _cell(kind: object, source: object) -> Cell:
    if not isinstance(kind, str) or not isinstance(source, str | list):
        raise TypeError
    text = source if isinstance(source, str) else "".join(source)
    return Cell(kind if kind in ("code", "markdown") else "raw", text)


def mentioned(cells: Iterable[Cell]) -> set[str]:
    """Return the names of files, and of folders with a "/", that a notebook may use."""
    names = set()
    for each in cells:
        for module in _IMPORT.findall(each.source):
            names |= {f"{module}.py", f"{module}/"}
        for path in _STRING.findall(each.source):
            first, slash, _ = path.strip().removeprefix("./").partition("/")
            names.add(first + slash)
    return names
