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
