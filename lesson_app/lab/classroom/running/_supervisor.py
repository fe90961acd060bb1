"""Start a program, and end all that it has started: the program that `run` starts.

``python _supervisor.py REPORT PROGRAM…`` gives PROGRAM its stdin and stdout. When PROGRAM
ends, or the process that started this one does, or SIGTERM comes, it kills what is left. It
writes PROGRAM's status, and the names of those that it could not end, to the file REPORT. If
nobody waits for that, it deletes REPORT's folder.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

_TICK = 0.1
_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of each descendant whose parent ends, where the system can do that.

    Then a process cannot hide by a double fork, a session of its own or an empty environment.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_all() -> list[str]:
    """Kill all descendants until none is left; return the names of those that remain."""
    left: list[Any] = []
    for _ in range(50):  # a process may start another just before its end
        left = _descendants()
        if not left:
            break
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=_TICK)
    return sorted(map(_name, left))


def _name(process: Any) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return "?"


def _descendants() -> list[Any]:
    found = psutil.Process().children(recursive=True)
    return [each for each in found if _runs(each)]


def _runs(process: Any) -> bool:
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        process.wait(0)  # an orphan that was adopted
    except psutil.Error:
        pass
    return False


def main(report: Path, program: list[str]) -> None:
    """Run the program, and leave nothing behind."""
    adopt_orphans()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    parent = os.getppid()
    child = subprocess.Popen(program)  # noqa: S603  # our own program
    for number in (0, 1):  # so that they close when the program ends
        os.close(number)
    while (
        child.poll() is None
        and not stop.is_set()
        and os.getppid() == parent
        and psutil.pid_exists(parent)
    ):
        with suppress(subprocess.TimeoutExpired):
            child.wait(_TICK)
    running = end_all()
    child.wait()
    if os.getppid() != parent:
        shutil.rmtree(report.parent, ignore_errors=True)
        return
    report.write_text(
        json.dumps({"running": running, "status": child.returncode}), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
