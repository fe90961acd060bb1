"""Find the files beside a notebook, which it may read or import."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..results import Student
from .archives import EMPTY, Entry
from .gathering import File, Root
from .notebook_files import Reading, mentioned
from .places import Places, safe_name
from .students import upload
from .walk import Walk

MAX_BYTES = 20_000_000
MAX_FILES = 200
_TOO_MUCH = (
    f"is more than the {MAX_FILES} files or {MAX_BYTES // 10**6} MB that a notebook may have "
    "beside it; remove what it does not need"
)
_NOT_COPIED = "cannot be copied for the notebook ({}); make room, and grade it again"
_SAME_NAME = "has the name of another file beside the notebook; rename it, or remove one"
_NOT_BESIDE = "is beside no notebook of this student; put it into the notebook's folder"
Names = tuple[str, ...]
#: Notebooks that have the same neighbours: those of a student in a folder, or a single one.
Group = tuple[str, Names] | Path


@dataclass
class Unit:
    """A file or folder by its names below the root, with those of its files that count."""

    names: Names
    student: Student
    problem: str = ""
    files: dict[Path, Names] = field(default_factory=dict)
    unnamed: bool = False

    @property
    def name(self) -> str:
        """What the learner called it: its name without what an LMS has added."""
        found = upload(self.names[-1])
        return found.file if found and found.file else self.names[-1]

    @property
    def path(self) -> Path:
        """The path of the file or folder, which may hold other files, too."""
        file, names = next(iter(self.files.items()))
        if names == self.names:
            return file
        folder = file.parents[len(names) - len(self.names) - 1]
        return folder if folder.name in (self.name, safe_name(self.name)) else file

    @property
    def size(self) -> int:
        """The number of bytes in its files."""
        return sum(each.stat().st_size for each in self.files)

    def placed(self, walk: Walk) -> Path:
        """Return a path that has only these files: the unit's own, or that of a copy."""
        if self.path.name in (self.name, safe_name(self.name)) and self._is_whole():
            return self.path
        root = walk.new_folder("beside")
        places = Places(root)
        for file, names in self.files.items():
            shutil.copyfile(file, places.file((self.name, *names[len(self.names) :])))
        [copy] = root.iterdir()
        return copy

    def _is_whole(self) -> bool:
        if self.path in self.files:
            return len(self.files) == 1
        number = 0
        for folder, folders, files in os.walk(self.path):
            links = [each for each in folders if os.path.islink(os.path.join(folder, each))]
            number += len(files) + len(links)
        return number == len(self.files) and all(
            each.is_relative_to(self.path) for each in self.files
        )


class Neighbours:
    """The neighbours of a root's notebooks.

    `of` has them by the notebook's path on the disk. `left` are the units that no notebook
    can have, with the `problem`.
    """

    def __init__(self, root: Root, walk: Walk) -> None:
        self._root = root
        self._notebooks = [each for each in root.files if each.reading.cells]
        self._graded = {each.student.key for each in self._notebooks}
        self._folders = {(each.student.key, each.parts[:-1]) for each in self._notebooks}
        self._around = {
            (key, parts[:n]) for key, parts in self._folders for n in range(len(parts))
        }
        direct = [each for each in self._notebooks if root.is_direct(each)]
        alone = len(self._graded) == 1 and len(direct) == len(self._notebooks)
        #: The student of all notebooks, if they are directly in the root.
        self.owner = direct[0].student if alone else None
        self._users: dict[str, list[Path]] = defaultdict(list)
        for each in direct:
            for name in mentioned(each.reading.cells):
                self._users[name].append(each.entry.file)
        self._groups: dict[Group, dict[object, Unit]] = defaultdict(dict)
        self._left: dict[object, Unit] = {}
        self._sort()
        self._place(walk)

    def _sort(self) -> None:
        busy = {
            each.entry.archive
            for each in self._root.files
            if not each.is_side and each.reading.problem != EMPTY
        }
        for file in self._root.files:
            if not file.is_side or self._is_hidden(file):
                continue
            whole = [] if file.entry.archive in {None, *busy} else [_archive(file)]
            for each in (*whole, file):
                groups = list(self._nearest(each))
                for group, names in groups:
                    _add(self._groups[group], each, names)
                if groups:
                    break
            else:
                self._leave(file)

    def _is_hidden(self, file: File) -> bool:
        parts = file.parts[self._root.around :]
        hidden = [each.startswith(".") for each in parts]
        known = self._key(file) in self._graded
        return any(hidden) and (known or bool(hidden[0] and self._notebooks))

    def _key(self, file: File) -> str:
        """Return the student's key; the owner has also what is directly in the root."""
        if self.owner and self._root.is_direct(file) and file.student.key not in self._graded:
            return self.owner.key
        return file.student.key

    def _nearest(self, file: File) -> Iterator[tuple[Group, Names]]:
        """Yield the notebooks that a file or its folder is beside, and that one's names."""
        key = self._key(file)
        for n in reversed(range(len(file.parts))):
            if (key, file.parts[:n]) in self._folders:
                yield (key, file.parts[:n]), file.parts[: n + 1]
                return
        if key not in self._graded and not file.upload:
            for user in self._users.get(self._root.top(file), ()):
                yield user, file.parts[: self._root.around + 1]

    def _leave(self, file: File) -> None:
        if file.entry.unnamed:
            return
        for n in reversed(range(len(file.parts))):
            if (file.student.key, file.parts[:n]) in self._around:
                _add(self._left, file, file.parts[: n + 1], _NOT_BESIDE)
                return
        _add(self._left, file, file.parts, file.reading.problem)

    def _place(self, walk: Walk) -> None:
        found: dict[Group, list[Path]] = defaultdict(list)
        placed: dict[tuple[Path, ...], Path] = {}
        refused: dict[tuple[Path, ...], Unit] = {}
        for group, units in self._groups.items():
            kept, over = within_bounds(units.values())
            refused |= {tuple(each.files): each for each in over if not each.unnamed}
            for each in kept:
                files = tuple(each.files)
                try:
                    placed[files] = placed.get(files) or each.placed(walk)
                except OSError as error:
                    problem = _NOT_COPIED.format(error.strerror)
                    refused[files] = replace(each, problem=problem)
                else:
                    found[group].append(placed[files])
        self.of = {
            file.entry.file: (
                *found.get((file.student.key, file.parts[:-1]), ()),
                *found.get(file.entry.file, ()),
            )
            for file in self._notebooks
        }
        self.left = [*self._left.values()]
        self.left += [each for files, each in refused.items() if files not in placed]


def _archive(file: File) -> File:
    assert file.entry.archive
    return File(Entry(*file.entry.archive), Reading(), file.student, file.upload)


def _add(units: dict[object, Unit], file: File, names: Names, problem: str = "") -> None:
    # An archive can have two files of one name.
    key = names if file.parts != names else file.entry.file
    unit = units.setdefault(key, Unit(names, file.student, problem, unnamed=file.entry.unnamed))
    unit.files[file.entry.file] = file.parts


def within_bounds(units: Iterable[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Return the units that a notebook gets, and those that it does not, with the problem."""
    kept: dict[str, Unit] = {}
    refused, size, number = [], 0, 0
    # Files first: an import fails without them.
    for each in sorted(
        units, key=lambda unit: (unit.names not in unit.files.values(), unit.names)
    ):
        if number + len(each.files) > MAX_FILES or size + each.size > MAX_BYTES:
            refused.append(replace(each, problem=_TOO_MUCH))
        elif each.name.casefold() in kept:
            refused.append(replace(each, problem=_SAME_NAME))
        else:
            kept[each.name.casefold()] = each
            size, number = size + each.size, number + len(each.files)
    return list(kept.values()), refused
