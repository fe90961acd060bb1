"""Run a notebook's code in its own kernel and processes, and leave nothing behind.

`run_notebook` starts the program `_runner` in a new session, waits for it within a
time limit, and reads the events that it has recorded. In the end it kills every process
that the notebook's code has started.

This stops careless code, not malicious code: the code runs with your permissions. Run
untrusted notebooks in a container.
"""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _runner
from ._runner import PROGRESS, STARTING, TICK, end_all, lines, texts


@dataclass(frozen=True)
class Run:
    """The result of a notebook's run.

    `problem` says why the run ended early; it is empty if it did not. `errors` has each
    cell's exception, `notes` other events. Cells are counted from 1, without empty ones, as
    the kernel counts them. `progress` has the lines that the exercises recorded.
    """

    problem: str = ""
    errors: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()


def run_notebook(path: Path, cells: list[str], *, timeout: int, limit: float) -> Run:
    """Run `cells`, the code of the notebook `path`, beside a copy of it; never change the file.

    A cell is interrupted after `timeout` seconds, as `_runner.have_had` counts them. The run
    is ended `limit` seconds after its first cell began. The kernel's start does not count.
    """
    with tempfile.TemporaryDirectory(prefix="lesson-app-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for place in ("home", "work"):
            (folder / place).mkdir()
        shutil.copyfile(path, folder / "work" / path.name)
        task = {"cells": cells, "timeout": timeout}
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        status = _run_to_the_end(folder, limit)
        events = lines(folder / "events.jsonl")
        return Run(
            _problem(events, status, limit),
            {event["raised"]: event["error"] for event in events if "raised" in event},
            tuple(event["note"] for event in events if "note" in event),
            tuple(texts(folder / "progress.jsonl")),
        )


def _run_to_the_end(folder: Path, limit: float) -> int | None:
    """Return the runner's exit status; None if it had to be killed."""
    runner = subprocess.Popen(  # noqa: S603  # our own program, with this Python
        # With -P the modules beside the program don't hide Python's own.
        [sys.executable, "-P", _runner.__file__, str(folder)],
        cwd=folder / "work",
        env=_environment(folder),
        stdin=subprocess.PIPE,  # the runner ends when this pipe closes
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return _wait(runner, folder, limit)
    finally:
        end_all(folder, runner.pid)
        runner.kill()
        runner.communicate()


def _wait(runner: subprocess.Popen[bytes], folder: Path, limit: float) -> int | None:
    """Return the runner's exit status; None if its time was up first."""
    begun, end = False, time.monotonic() + STARTING
    while runner.poll() is None and time.monotonic() < end:
        if not begun and any("cell" in event for event in lines(folder / "events.jsonl")):
            begun, end = True, time.monotonic() + limit
        with suppress(subprocess.TimeoutExpired):
            runner.wait(TICK)
    return runner.poll()


def _environment(folder: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "IPYTHON", "JUPYTER", "LESSON_APP_"))
    }
    home = str(folder / "home")
    return {
        **kept,
        # `pip install --user` installs below the home that is replaced here.
        "PYTHONUSERBASE": site.getuserbase(),
        "HOME": home,
        "USERPROFILE": home,
        "IPYTHONDIR": str(folder / "home" / ".ipython"),
        PROGRESS: str(folder / "progress.jsonl"),
    }


def _problem(events: list[dict[str, Any]], status: int | None, limit: float) -> str:
    """Return why a run ended before its notebook did; "" if it did not."""
    ends = [event["end"] for event in events if "end" in event]
    if ends:
        return str(ends[-1])
    cells = [event["cell"] for event in events if "cell" in event]
    where = f"in code cell {cells[-1]}" if cells else "before its first cell"
    if status is not None:
        return f"its runner was killed {where} (exit status {status})"
    if not cells:
        return f"no kernel started within {STARTING} s; grade it again on a less busy machine"
    return f"took longer than {limit:g} s, and was ended {where}"
