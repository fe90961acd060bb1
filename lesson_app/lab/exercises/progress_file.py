"""Record the reader's results in a file, if the environment names one."""

from __future__ import annotations

import json
import os
from pathlib import Path

#: The environment variable that names the file. Each line of the file is a JSON object.
PROGRESS = "LESSON_APP_PROGRESS"


def record(id: str, state: str, misconception: str = "") -> None:  # noqa: A002  # as in check
    """Append one result to the file. Without a file that can be written, do nothing."""
    path = os.environ.get(PROGRESS)
    if not path:
        return
    entry = {"id": str(id), "state": state}
    if misconception:
        entry["misconception"] = misconception
    try:
        with Path(path).open("a+b") as file:
            # After a half-written line, the entry must begin on a new one.
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            gap = b"" if file.read() in (b"", b"\n") else b"\n"
            file.write(gap + json.dumps(entry).encode() + b"\n")
    except OSError:
        pass  # the notebook must run where the file cannot be written


def passed() -> set[str] | None:
    """Return the ids of the exercises that have passed, or None if no file is named."""
    path = os.environ.get(PROGRESS)
    if not path:
        return None
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    entries = map(_entry, lines)
    return {str(entry.get("id")) for entry in entries if entry.get("state") == "passed"}


def _entry(line: str) -> dict[str, object]:
    """Return the entry of a line, or an empty dict if the line is not an entry."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
