"""Keep each result as it comes, so that a stopped command can go on where it was."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import lesson_app

from .handed_in.submissions import Submission
from .results import Grade

#: The name of the file in the folder of the results.
NAME = "results.jsonl"


class Kept:
    """The results in a folder, or in memory if there is no folder.

    A result is used again if the notebook, its neighbours, the `settings` and the course are
    the same. A run that ended early is not kept: perhaps the machine was busy.
    """

    def __init__(self, folder: Path | None, settings: str) -> None:
        self._settings = settings
        self._known: dict[str, Grade] = {}
        self._path = folder / NAME if folder else None
        self._one_at_a_time = threading.Lock()
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                self._read(self._path)

    def _read(self, path: Path) -> None:
        for line in path.read_bytes().splitlines():
            with suppress(ValueError, KeyError, TypeError):  # the last line may be incomplete
                entry = json.loads(line)
                self._known[entry["key"]] = Grade.from_dict(entry["grade"])

    def find(self, submission: Submission) -> Grade | None:
        """Return the result of the same notebook, if it is known."""
        grade = self._known.get(self._key(submission))
        if grade is None:
            return None
        return replace(grade, path=submission.path, student=submission.student)

    def add(self, submission: Submission, grade: Grade) -> None:
        """Write a result to the file."""
        if grade.problem or self._path is None:
            return
        key = self._key(submission)
        line = json.dumps({"key": key, "grade": grade.as_dict()}).encode()
        with self._one_at_a_time, self._path.open("ab") as file:
            file.write(b"\n" + line + b"\n")  # an incomplete line may be before it

    def _key(self, submission: Submission) -> str:
        made = hashlib.sha256(f"{_course()} {self._settings}".encode())
        for cell in submission.cells:
            made.update(json.dumps([cell.kind, cell.source]).encode())
        for each in submission.neighbours:
            for path in sorted(each.rglob("*")) if each.is_dir() else [each]:
                if path.is_file():
                    made.update(hashlib.sha256(path.name.encode()).digest())
                    made.update(hashlib.sha256(path.read_bytes()).digest())
        return made.hexdigest()


@cache
def _course() -> str:
    """Return a digest of the course's code: other judges may find something else."""
    made = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(lesson_app.__file__).parent.rglob("*.py")):
        made.update(path.read_bytes())
    return made.hexdigest()
