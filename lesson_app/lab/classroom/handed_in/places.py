"""Make new files and folders under names that every system allows."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

_MAX_NAME = 120  # bytes; some file systems allow no more than 143
_RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')


def safe_name(name: str) -> str:
    """Return a file name that every system allows."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).rstrip(". ")
    if name.partition(".")[0].rstrip().upper() in _RESERVED:
        name = f"_{name}"
    stem, suffix = os.path.splitext(name)
    suffix = _cut(suffix, 20)
    return _cut(stem, _MAX_NAME - len(suffix.encode())) + suffix or "_"


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


class Places:
    """New paths below a folder. No two differ only in their case."""

    def __init__(self, root: Path) -> None:
        self._folders: dict[tuple[str, ...], Path] = {(): root}
        self._taken: dict[tuple[Path, str], int] = {}

    def file(self, parts: tuple[str, ...]) -> Path:
        """Return the path for a new file, and make its folders."""
        return self._new(self._folder(parts[:-1]), parts[-1])

    def _folder(self, parts: tuple[str, ...]) -> Path:
        if parts not in self._folders:
            path = self._new(self._folder(parts[:-1]), parts[-1])
            path.mkdir()
            self._folders[parts] = path
        return self._folders[parts]

    def _new(self, folder: Path, name: str) -> Path:
        name = first = safe_name(name)
        stem, suffix = os.path.splitext(first)
        while (folder, _folded(name)) in self._taken:
            self._taken[folder, _folded(first)] += 1
            name = f"{stem}~{self._taken[folder, _folded(first)]}{suffix}"
        self._taken[folder, _folded(name)] = 1
        return folder / name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
