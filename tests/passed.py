"""Note which tests `make test` passed, so that CI's `make proof` need not repeat them.

A note holds for the very files, interpreter and folder that it was made with. Only the tests
in `SAME` count: all others may try more cases without ``--quick``.
"""

from __future__ import annotations

import hashlib
import os
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

#: Folders whose tests try the same cases with and without ``--quick``.
SAME = (
    "notebooks",
    "tests/exercises",
    "tests/lab/attacks",
    "tests/lab/draw",
    "tests/lab/http",
    "tests/lab/views",
    "tests/deployment",
    "tests/foreign",
)
_KEY = "lesson_app/passed"


def digest(root: Path) -> str:
    """Return a hash of the interpreter and of all files below `root` that .gitignore allows."""
    patterns = (root / ".gitignore").read_text(encoding="utf-8").split()
    ignored = [".git", *(pattern.rstrip("/") for pattern in patterns)]

    def kept(names: list[str]) -> list[str]:
        return sorted(each for each in names if not any(fnmatch(each, p) for p in ignored))

    found = hashlib.sha256(f"{sys.version} {sys.prefix} {root}".encode())
    for folder, folders, files in os.walk(root):
        folders[:] = kept(folders)
        for file in kept(files):
            path = Path(folder, file)
            content = path.read_bytes() if path.is_file() else b""  # a link may lead nowhere
            found.update(f"{path.relative_to(root)} {len(content)} ".encode() + content)
    return found.hexdigest()


class Note:
    """Keeps the ids of the tests in `SAME` that pass, unless a file changes meanwhile."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._before = config, digest(config.rootpath)
        self._ids: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that passes; drop it if its teardown fails."""
        if not report.passed:
            self._ids.discard(report.nodeid)
        elif report.when == "call" and report.nodeid.startswith(tuple(f"{s}/" for s in SAME)):
            self._ids.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Keep the ids in pytest's cache."""
        after = digest(self._config.rootpath)
        if after == self._before:
            self._config.cache.set(_KEY, {"digest": after, "ids": sorted(self._ids)})


def passed(config: pytest.Config) -> set[str]:
    """Return the ids of the last note, if it holds for the present files."""
    note = config.cache.get(_KEY, None) if config.cache else None
    if not note or note["digest"] != digest(config.rootpath):
        return set()
    return set(note["ids"])
