"""List the files below a PATH, those in archives included."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from . import archives
from .archives import EMPTY, FOLDER, LINK, Budget, Entry, Refused, ignored, is_archive
from .notebook_files import named_notebook
from .places import safe_name

_MAX_BESIDE = 1000
_EMPTY_ARCHIVE = "is an archive without files; hand in the notebook (.ipynb)"
_SPECIAL = "is neither a file nor a folder; hand in a file"
_NESTED = f"is more than {archives.MAX_DEPTH} archives deep; unpack it, and name the folder"


@dataclass
class Walk:
    """Lists files. Archives are unpacked below `scratch`, within one budget."""

    scratch: Path
    budget: Budget = field(
        default_factory=lambda: Budget(archives.MAX_BYTES, archives.MAX_ENTRIES)
    )
    seen: set[Path] = field(default_factory=set)

    def below(self, folder: Path) -> Iterator[Entry]:
        """Yield what is below a folder, each file once, also if another PATH has it, too."""
        waiting: list[tuple[tuple[str, ...], Path]] = [((), folder)]
        while waiting:
            parts, place = waiting.pop()
            try:
                with os.scandir(place) as opened:
                    found = [each for each in opened if not ignored(each.name)]
            except OSError as error:
                problem = f"cannot be read ({error.strerror}); make it readable"
                yield from self.file(Entry(parts, place, problem))
                continue
            if not found and parts and not named_notebook(parts[-1]):
                yield from self.file(Entry(parts, place, EMPTY))
            for each in found:
                path, names = Path(each.path), (*parts, each.name)
                problem = _problem(each)
                if each.is_dir(follow_symlinks=False) and not problem:
                    if path != self.scratch:
                        waiting.append((names, path))
                    if not named_notebook(each.name):
                        continue
                    problem = FOLDER
                yield from self.file(Entry(names, path, problem))

    def file(self, entry: Entry) -> Iterator[Entry]:
        """Yield the file, or what is in it if it is an archive; nothing if it is known."""
        if entry.file not in self.seen:
            self.seen.add(entry.file)
            yield from self._opened(entry, 1)

    def beside(self, folder: Path, wanted: set[str]) -> Iterator[Entry]:
        """Yield the files of these names in a folder, and those below the folders "name/".

        Leave out links, what is known, and the rest of a folder with very many files.
        """
        with suppress(OSError), os.scandir(folder) as opened:
            for each in opened:
                is_folder = each.is_dir(follow_symlinks=False)
                if each.name + "/" * is_folder not in wanted or _problem(each):
                    continue
                path = Path(each.path)
                below = _files(path) if is_folder else iter([path])
                for file in islice(below, _MAX_BESIDE):
                    if file not in self.seen:
                        yield Entry(file.relative_to(folder).parts, file, unnamed=True)

    def _opened(self, entry: Entry, depth: int) -> Iterator[Entry]:
        name = entry.parts[-1] if entry.parts else entry.file.name
        if entry.problem or not is_archive(entry.file, name):
            yield entry
            return
        if depth > archives.MAX_DEPTH:
            yield replace(entry, problem=_NESTED)
            return
        try:
            members = archives.unpack(entry.file, self.new_folder(name), self.budget)
        except Refused as error:
            yield replace(entry, problem=str(error))
            return
        if not members:
            yield replace(entry, problem=_EMPTY_ARCHIVE)
        archive = entry.archive or ((entry.parts, entry.file) if entry.parts else None)
        for each in members:
            member = Entry((*entry.parts, *each.parts), each.file, each.problem, archive)
            yield from self._opened(member, depth + 1)

    def new_folder(self, name: str) -> Path:
        """Make a folder below `scratch`, and return it; its own name is like `name`."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        outer = Path(tempfile.mkdtemp(prefix="", dir=self.scratch))
        folder = outer / safe_name(Path(name).stem)
        folder.mkdir()
        return folder


def _is_link(found: os.DirEntry[str]) -> bool:
    # Python 3.12 knows the junctions of Windows.
    return found.is_symlink() or getattr(found, "is_junction", bool)()


def _problem(found: os.DirEntry[str]) -> str:
    if _is_link(found):
        return LINK
    known = found.is_file(follow_symlinks=False) or found.is_dir(follow_symlinks=False)
    return "" if known else _SPECIAL


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if not ignored(each)]
        paths = [Path(place, each) for each in files if not ignored(each)]
        yield from (each for each in paths if not each.is_symlink())
