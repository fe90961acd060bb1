"""Unpack zip archives within limits.

The limits hold for all archives of a class together. The sizes that an archive declares are
checked before anything is unpacked, and the real sizes while it is.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .places import Places

MAX_BYTES = 500_000_000
MAX_ENTRIES = 20_000
#: How deep archives may be nested.
MAX_DEPTH = 3
#: The size of the largest file that is read, in bytes.
MAX_FILE = 50_000_000
_MAX_FOLDERS = 32
_MAX_DIRECTORY = 8_000_000  # bytes of an archive's list of files
_PIECE = 1 << 16

EMPTY = "holds no file; hand in the notebook (.ipynb)"
FOLDER = "is a folder with a notebook's name; hand in the file"
LINK = "is a link, which grading does not follow; hand in the file itself"
TOO_BIG = f"is larger than {MAX_FILE // 10**6} MB; clear the outputs and hand it in again"
_ENCRYPTED = "is encrypted; hand in an archive without a password"
_LEAVES = "has a path that leaves the archive; zip the folder again"
_DEEP = f"is more than {_MAX_FOLDERS} folders deep; hand in the file alone"
_METHOD = "is packed in an unusual way (method {}); hand in an ordinary zip archive"

#: What the system, git and Jupyter leave behind.
_IGNORED = {
    "__macosx", ".ds_store", "thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".git",
    "__pycache__",
}  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    OSError, ValueError, OverflowError,
)  # fmt: skip


class Refused(ValueError):  # noqa: N818  # the noun is the archive
    """An archive that is not unpacked."""


@dataclass
class Budget:
    """What archives may still unpack to."""

    bytes: int
    entries: int


@dataclass(frozen=True)
class Entry:
    """A file below a PATH: its names from there on, and why it cannot be graded.

    `archive` has the names and the file of the outermost archive that it was in. A file is
    `unnamed` if it is in no PATH, but beside one.
    """

    parts: tuple[str, ...]
    file: Path
    problem: str = ""
    archive: tuple[tuple[str, ...], Path] | None = None
    unnamed: bool = False


def ignored(name: str) -> bool:
    """Return whether a file or folder of this name holds nothing that was handed in."""
    return name.casefold() in _IGNORED


def is_archive(file: Path, name: str) -> bool:
    """Return whether a file is a zip archive, and not a document in that format."""
    if PurePosixPath(name).suffix.casefold() not in ("", ".zip", ".ipynb", ".txt", ".json"):
        return False
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(2) == b"PK"
    except OSError:
        return False


class _Reader(io.BufferedReader):
    """A file that is never read as a whole: zipfile would, if the archive asks for it."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size and size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile("its list of files is too long")
        return super().read(size)


def unpack(archive: Path, folder: Path, budget: Budget) -> list[Entry]:
    """Unpack a zip archive into an empty folder, and return its files and empty folders.

    Raise `Refused` if it is broken, or exceeds the budget.
    """
    try:
        with (
            _Reader(io.FileIO(archive)) as file,
            zipfile.ZipFile(file) as opened,
        ):
            members = [_member(each, archive) for each in _listed(opened, budget)]
            kept = [each for each in members if not any(map(ignored, each[1].parts))]
            wanted = [info for info, entry in kept if not (entry.problem or _is_folder(info))]
            if sum(info.file_size for info in wanted) > budget.bytes:
                raise Refused(_full(budget))
            places = Places(folder)
            files = [
                _unpacked(opened, info, entry, places, budget)
                for info, entry in kept
                if not _is_folder(info)
            ]
    except Refused:
        raise
    except _BROKEN as error:
        raise Refused(f"is not a readable zip archive ({error}); hand it in again") from None
    return [*files, *_folders(members, files, archive)]


def _listed(opened: zipfile.ZipFile, budget: Budget) -> list[zipfile.ZipInfo]:
    infos = opened.infolist()
    if len(infos) > budget.entries:
        raise Refused(
            f"holds more files than the {MAX_ENTRIES} that are unpacked in all; "
            "unpack it, and name the folder"
        )
    budget.entries -= len(infos)
    return infos


def _full(budget: Budget) -> str:
    return (
        f"unpacks to more than the {max(budget.bytes, 0) // 10**6} MB that are left of "
        f"{MAX_BYTES // 10**6} MB in all; unpack it, and name the folder"
    )


def _name(info: zipfile.ZipInfo) -> str:
    """Return the entry's name; without the flag for UTF-8 it may be UTF-8 all the same."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with suppress(ValueError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return _name(info).endswith("/")


def _member(info: zipfile.ZipInfo, archive: Path) -> tuple[zipfile.ZipInfo, Entry]:
    name = _name(info)
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    problem = _problem(info, name, parts)
    if name.startswith("/"):
        parts = ("", *parts)
    if len(parts) > _MAX_FOLDERS:
        parts = (*parts[:3], "…", parts[-1])
    return info, Entry(parts or ("(no name)",), archive, problem)


def _problem(info: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> str:
    mode = info.external_attr >> 16
    if not parts or name.startswith("/") or _DRIVE.match(name) or ".." in parts:
        return _LEAVES
    if len(parts) > _MAX_FOLDERS:
        return _DEEP
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return LINK
    if info.flag_bits & 0x41:
        return _ENCRYPTED
    # zipfile unpacks other methods without a limit on memory.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return _METHOD.format(info.compress_type)
    if info.file_size > MAX_FILE and not name.casefold().endswith(".zip"):
        return TOO_BIG
    return ""


def _unpacked(
    opened: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    entry: Entry,
    places: Places,
    budget: Budget,
) -> Entry:
    if entry.problem:
        return entry
    file = problem = None
    try:
        file = places.file(entry.parts)
        with opened.open(info) as source, file.open("xb") as target:
            while piece := source.read(_PIECE):
                budget.bytes -= len(piece)
                if budget.bytes < 0:
                    raise Refused(_full(budget))
                target.write(piece)
        return Entry(entry.parts, file)
    except Refused as error:
        problem = str(error)
    except _BROKEN as error:
        problem = f"is damaged ({error}); hand it in again"
    if file:
        file.unlink(missing_ok=True)
    return Entry(entry.parts, entry.file, problem)


def _folders(
    members: list[tuple[zipfile.ZipInfo, Entry]], files: list[Entry], archive: Path
) -> Iterator[Entry]:
    """Yield the folders that are empty, or have a notebook's name."""
    used = {each.parts[:n] for each in files for n in range(1, len(each.parts))}
    known = set(used)
    for info, entry in members:
        number = next((n for n, part in enumerate(entry.parts) if ignored(part)), None)
        if number or (_is_folder(info) and entry.problem != _LEAVES):
            known.add(entry.parts[:number])
    for parts in known - {()}:
        if ".ipynb" in parts[-1].casefold():
            yield Entry(parts, archive, FOLDER)
        elif parts not in used:
            yield Entry(parts, archive, EMPTY)
