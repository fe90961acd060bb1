"""Gather the files that a class handed in, and tell whose they are."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

import click

from ..results import Student
from .archives import Entry, is_archive
from .notebook_files import Reading, mentioned, read
from .students import Upload, from_file, from_folder, text, upload
from .walk import Walk

_TYPED = "is text that was typed into Moodle; hand in the notebook (.ipynb)"


@dataclass
class File:
    """A file, what it holds, and whose it is.

    `upload` is what an LMS wrote into its name, or into that of a folder around it.
    """

    entry: Entry
    reading: Reading
    student: Student = field(default=Student(""))
    upload: Upload | None = None

    @classmethod
    def read(cls, entry: Entry) -> File:
        """Return the file of an entry."""
        return cls(entry, _read(entry))

    @property
    def is_apple_double(self) -> bool:
        """Whether it holds what macOS stores besides another file."""
        name = self.parts[-1] if self.parts else ""
        return name.startswith("._") and not self.reading.cells

    @property
    def parts(self) -> tuple[str, ...]:
        """The file's names below its PATH."""
        return self.entry.parts

    @property
    def is_side(self) -> bool:
        """Whether it may be a notebook's data or module, and is not itself to be graded."""
        return not self.reading.cells and not self.reading.handed_in


@dataclass
class Root:
    """A PATH: what is shown before the names of its files, its own name, and its files.

    All files of one folder that are named on the command line have one root, the folder.
    `around` counts the folders around those of the students.
    """

    label: str
    name: str
    files: list[File] = field(default_factory=list)
    around: int = 0

    @cached_property
    def common(self) -> int:
        """How many outer names all files have in common, in their order."""
        parts = [each.parts[:-1] for each in self.files]
        pairs = enumerate(zip(min(parts), max(parts), strict=False))
        return next((n for n, (one, other) in pairs if one != other), len(min(parts, key=len)))

    def top(self, file: File) -> str:
        """Return the first name of a file below the root, with a "/" if it is a folder's."""
        below = file.parts[self.around :]
        return below[0] + "/" * (len(below) > 1) if below else ""

    def is_direct(self, file: File) -> bool:
        """Return whether a file is in no student's folder, and not from an LMS."""
        return not self.top(file).endswith("/") and not file.upload

    def shown(self, parts: Iterable[str]) -> str:
        """Return the path to show."""
        return "/".join([*filter(None, [self.label]), *map(text, parts)])


def gather(paths: Iterable[Path], walk: Walk) -> list[Root]:
    """Return the files of each PATH, each once, with their students.

    Raise `click.UsageError` for a path that does not exist, or holds nothing.
    """
    roots: dict[Path, Root] = {}
    for path in paths:
        place, entries = _entries(path, walk)
        files = [each for each in map(File.read, entries) if not each.is_apple_double]
        if files:
            root = Root(_label(path, place), from_folder(place.name).key)
            roots.setdefault(place, root).files += files
        elif not any(place.is_relative_to(r) or r.is_relative_to(place) for r in roots):
            raise click.UsageError(f"found no file in {path}; name another folder or archive")
    labels = Counter(root.label for root in roots.values())
    for place, root in roots.items():
        root.files.sort(key=lambda each: each.parts)
        if labels[root.label] > 1:
            root.label = place.as_posix()
        if not place.is_dir():
            root.around = _around(root)
    for place, root in roots.items():
        if place.is_dir():
            root.files += _unnamed(root, place, walk)
    _name_students(list(roots.values()))
    return list(roots.values())


def _entries(path: Path, walk: Walk) -> tuple[Path, Iterator[Entry]]:
    """Return the folder or the archive that holds a PATH's files, and its files."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        message = f"found no {path}; name a file or folder that exists"
        raise click.UsageError(message) from None
    if real.is_dir():
        return real, walk.below(real)
    if is_archive(real, real.name):
        return real, walk.file(Entry((), real))
    return real.parent, walk.file(Entry((real.name,), real))


def _unnamed(root: Root, place: Path, walk: Walk) -> list[File]:
    """Return the files that notebooks mention, if only the notebooks are named as PATHs."""
    cells = (each.reading.cells for each in root.files if len(each.parts) == 1)
    found = map(File.read, walk.beside(place, mentioned(chain.from_iterable(cells))))
    return [each for each in found if each.is_side]


def _label(path: Path, place: Path) -> str:
    """Return a path from the current folder; if it is elsewhere, from the parent of PATH."""
    try:
        label = place.relative_to(Path.cwd().resolve())
    except ValueError:
        return text(place.name) if place == path.resolve() else ""
    return "" if label == Path() else text(label.as_posix())


def _read(entry: Entry) -> Reading:
    if entry.problem:
        return Reading(problem=entry.problem)
    reading = read(entry.file, entry.parts[-1] if entry.parts else entry.file.name)
    uploads = filter(None, map(upload, entry.parts))
    if not reading.cells and any(each.kind == "onlinetext" for each in uploads):
        return Reading(problem=_TYPED)
    return reading


def _around(root: Root) -> int:
    """Return 1 if class.zip holds the folder "class" and this only folders, else 0."""
    tops = {each.parts[:1] for each in root.files}
    if len(tops) != 1 or any(len(each.parts) < 3 for each in root.files):
        return 0
    [[top]] = tops
    return int(root.name.casefold().startswith(top.casefold()) and not upload(top))


# ---------------------------------------------------------- whose they are


def _name_students(roots: list[Root]) -> None:
    numbers: dict[tuple[str, object], set[str]] = defaultdict(set)
    named: list[tuple[File, Upload]] = []
    alone: dict[str, list[Root]] = defaultdict(list)
    for root in roots:
        for file in root.files:
            around, file.upload = _upload(root, file)
            if file.upload:
                # Canvas numbers people; Moodle numbers them anew in each assignment.
                place = (id(root), around) if "moodle" in file.upload.fields else None
                named.append((file, file.upload))
                numbers[file.upload.name, place].add(file.upload.number)
            else:
                file.student = _student(root, file)
        notebooks = [file for file in root.files if file.reading.cells]
        keys = {file.student.key for file in notebooks or root.files} - {root.name}
        if len(keys) == 1 and not any(file.upload for file in root.files):
            alone[keys.pop()].append(root)
    several = {name for (name, _), found in numbers.items() if len(found) > 1}
    for file, found in named:
        key = f"{found.name}_{found.number}" if found.name in several else found.name
        file.student = Student(key, found.name, found.fields)
    # ada/work.ipynb and bob/work.ipynb are the files of two students.
    for same in alone.values():
        for root in same if len(same) > 1 else ():
            for file in root.files:
                file.student = from_folder(root.name)


def _upload(root: Root, file: File) -> tuple[tuple[str, ...], Upload | None]:
    """Return what an LMS wrote into the outermost name, and the names around it.

    Only folders that hold all files of the root may be around it: further in, a learner
    chooses the names, and could choose another's.
    """
    for n, part in enumerate(file.parts[: root.common + 1]):
        if found := upload(part):
            return file.parts[:n], found
    return (), upload(root.name)


def _student(root: Root, file: File) -> Student:
    top = root.top(file)
    if top in ("../", "/", "") or re.fullmatch("[A-Za-z]:/", top):
        return from_folder(root.name)
    if top.endswith("/"):
        return from_folder(top[:-1])
    return from_file(top) or from_folder(root.name)
