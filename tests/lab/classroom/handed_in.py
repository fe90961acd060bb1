"""Files as learners hand them in, and zip archives as programs pack them."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from lesson_app.lab.classroom.handed_in.submissions import Submission, find

#: A file's content: bytes, or text that is written as UTF-8.
Content = bytes | str


def notebook(source: str = "1", **more: object) -> str:
    """The text of a notebook with one code cell."""
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, **more})


NOTEBOOK = notebook()
FORMAT_3 = json.dumps({"nbformat": 3, "worksheets": [{"cells": []}]})
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
EXPORT = "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n1\n"


def as_bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


def write(folder: Path, files: Mapping[str, Content]) -> Path:
    """Write files; a name that ends in "/" is that of an empty folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(as_bytes(content))
    return folder


def zipped(
    files: Mapping[str, Content] | Iterable[tuple[str | zipfile.ZipInfo, Content]],
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A zip archive; with pairs, it may hold a name twice."""
    packed = io.BytesIO()
    pairs = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(packed, "w", method) as opened:
        for name, content in pairs:
            opened.writestr(name, as_bytes(content))
    return packed.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    """The entry of a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def patched(data: bytes, *, flags: int = 0, method: int | None = None, size: int = 0) -> bytes:
    """Change the headers of all entries: set flags, the method, or the declared size."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = data.find(mark)
        while start >= 0:
            place = start + at
            changed[place] |= flags & 0xFF
            changed[place + 1] |= flags >> 8
            if method is not None:
                changed[place + 2 : place + 4] = method.to_bytes(2, "little")
            if size:
                changed[place + 16 : place + 20] = size.to_bytes(4, "little")
            start = data.find(mark, start + 1)
    return bytes(changed)


def without_flag(data: bytes) -> bytes:
    """Clear the flag that says that names are in UTF-8, as some programs forget it."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x01\x02", 9), (b"PK\x03\x04", 7)):
        start = data.find(mark)
        while start >= 0:
            changed[start + at] &= ~0x08
            start = data.find(mark, start + 1)
    return bytes(changed)


Layout = dict[str, Content]
#: By path: the student, and the names of the neighbours or the start of the problem.
Expected = dict[str, str]
MOODLE = "Ada Lovelace_12345_assignsubmission_file"
CANVAS = "lovelaceada_12345_67890"


def summary(found: list[Submission]) -> Expected:
    """Describe what was found, as `Expected` does; fail if two have one path."""
    lines = {}
    for each in found:
        assert bool(each.cells) != bool(each.problem), each
        names = sorted(path.name for path in each.neighbours)
        lines[each.path] = f"{each.student.key}: {each.problem or f'graded {names}'}"
    assert len(lines) == len(found)
    return lines


def assert_found(found: list[Submission], expected: Expected, place: str = "class") -> None:
    lines = summary(found)
    assert list(lines) == [f"{place}/{name}" for name in expected]
    for name, line in expected.items():
        assert lines[f"{place}/{name}"].startswith(line)
        if ": graded" not in line:
            assert "; " in lines[f"{place}/{name}"], "the problem names no fix"


def graded(student: str, *names: str) -> str:
    return f"{student}: graded {sorted(names)}"


def in_class(layout: Layout, folder: Path) -> Path:
    write(folder / "class", layout)
    return folder / "class"


def from_zip(data: bytes, folder: Path) -> Expected:
    """Return what is found in class.zip, without this name."""
    (folder / "class.zip").write_bytes(data)
    found = summary(find([folder / "class.zip"], folder / "scratch"))
    return {name.removeprefix("class.zip").lstrip("/"): line for name, line in found.items()}
