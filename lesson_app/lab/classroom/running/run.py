"""Run a notebook's code apart from this process, judge its answers, leave nothing behind.

`run_notebook` starts a supervisor, which starts the program in `__main__`; that runs the
cells. It stops careless code. Malicious code is confined as far as `sandbox` says.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from ...exercises.progress_file import PROGRESS
from . import _supervisor
from ._events import received
from .sandbox import Sandbox, environment, find_sandbox

#: How many seconds pass between two checks of a cell's time.
TICK = 0.1
#: How many seconds the program has to start its first cell.
STARTING = 300
#: How many bytes, and how many files, the code may write in all.
MOST_BYTES, MOST_FILES = 500 << 20, 20_000
#: How many seconds the supervisor has to end all processes.
ENDING = 30
#: How many seconds, at most, a cell has to end after an interrupt.
GRACE = 5
_WAITS = (psutil.STATUS_SLEEPING, psutil.STATUS_DISK_SLEEP, psutil.STATUS_STOPPED)
_PROGRAM = "lesson_app.lab.classroom.running"


class Stopped(Exception):  # noqa: N818  # not an error
    """The run was stopped from outside."""


@dataclass
class Run:
    """What happened in a notebook's run.

    `checks` are the verdicts in their order, each with the keys `check` (the exercise's id),
    `state`, `message`, `name` and `cell`, or `changed`. `problem` says why the run ended
    early; it is empty if it did not. `errors` has each cell's exception. Cells are counted
    from 1. `claims` are the states that predictions record, or that the code itself wrote.
    """

    problem: str = ""
    checks: list[dict[str, Any]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)


def run_notebook(
    path: Path,
    cells: Sequence[str],
    *,
    timeout: int,
    limit: float,
    neighbours: Sequence[Path] = (),
    stop: threading.Event | None = None,
) -> Run:
    """Run `cells`, the code of the notebook `path`, beside a copy of it; never change the file.

    `neighbours` are files and folders that the code may read or import; they are copied, too.
    A cell is interrupted after `timeout` seconds, as `_Clock` counts them. The run is ended
    `limit` seconds after its first cell began. When `stop` is set, `Stopped` is raised.
    """
    with tempfile.TemporaryDirectory(prefix="lesson-app-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for place in ("home", "tmp", "work"):
            (folder / "box" / place).mkdir(parents=True)
        for each in (path, *neighbours):
            copy = shutil.copytree if each.is_dir() else shutil.copyfile
            copy(each, folder / "box" / "work" / each.name)
        runner = _Runner(folder, list(cells), timeout, limit, find_sandbox())
        return runner.run(stop or threading.Event())


class _Runner:
    """Watches one notebook's run from outside."""

    def __init__(
        self, folder: Path, cells: list[str], timeout: int, limit: float, sandbox: Sandbox
    ) -> None:
        self.folder, self.box = folder, folder / "box"  # the code writes only to the box
        self.cells, self.sandbox = cells, sandbox
        self.timeout, self.limit = timeout, limit
        self.found = Run()
        self.events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.process: Any = None  # the program that runs the cells
        self.cell = 0

    def run(self, stop: threading.Event) -> Run:
        """Run the cells to their end, or to the end of their time."""
        supervisor = self._start()
        try:
            self._watch(supervisor, stop)
            self._name_what_is_left(supervisor)
        finally:
            self._end(supervisor)
        return self.found

    def _start(self) -> subprocess.Popen[bytes]:
        # With -P a file of the learner's does not hide a module.
        program = [sys.executable, "-P", "-m", _PROGRAM]
        command = self.sandbox.command(program, self.box)
        report = str(self.folder / "report.json")
        own = {"creationflags": 0x200} if sys.platform == "win32" else {}
        errors = (self.folder / "errors").open("wb")  # read if the program does not start
        supervisor: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  # our own program, with this Python
            [sys.executable, "-P", _supervisor.__file__, report, *command],
            cwd=self.box / "work",
            env={**environment(self.box), PROGRESS: str(self.box / "progress.jsonl")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            **own,  # type: ignore[call-overload]
        )
        errors.close()
        key = secrets.token_bytes(32)
        task = {
            "key": key.hex(),
            "cells": self.cells,
            "own_network": self.sandbox.sets_up_loopback,
        }
        assert supervisor.stdin is not None
        with suppress(BrokenPipeError):  # it has ended; its status will say so
            supervisor.stdin.write(json.dumps(task).encode())
            supervisor.stdin.close()
        reader = threading.Thread(target=self._read, args=(supervisor.stdout, key), daemon=True)
        reader.start()
        return supervisor

    def _read(self, file: Any, key: bytes) -> None:
        with file:
            for event in received(file, key):
                self.events.put(event)
        self.events.put(None)

    def _watch(self, supervisor: subprocess.Popen[bytes], stop: threading.Event) -> None:
        """Take events until the notebook's end, or its time's."""
        end = time.monotonic() + STARTING
        clock = _Clock()
        while time.monotonic() < end:
            if stop.is_set():
                raise Stopped
            if self.process and clock.is_due() and (self._late(clock) or self._too_big()):
                return
            try:
                event = self.events.get(timeout=TICK)
            except queue.Empty:
                continue
            if event is None:
                self._explain_end(supervisor)
                return
            if "cell" in event:
                if not self.cell:
                    end = time.monotonic() + self.limit
                    self.process = _find_program(supervisor.pid)
                self.cell = event["cell"]
                clock = _Clock()
            if self._take(event):
                return
        self.found.problem = (
            f"took longer than {self.limit:g} s, and was ended in code cell {self.cell}"
            if self.cell
            else f"did not start within {STARTING} s; grade it again on a less busy machine"
        )

    def _take(self, event: dict[str, Any]) -> bool:
        """Note what happened; return whether this was the last event."""
        if "check" in event:
            self.found.checks.append({**event, "cell": self.cell})
        elif "hint" in event:
            self.found.hints.append(event["hint"])
        elif "claim" in event:
            self.found.claims.append({"id": event["claim"], "state": event["state"]})
        elif "raised" in event:
            self.found.errors[event["raised"]] = event["error"]
        elif "forged" in event:
            note = "the code wrote to the grader's own channel; that is not counted"
            if note not in self.found.notes:
                self.found.notes.append(note)
        elif "end" in event:
            self.found.problem = event["end"]
            return True
        return False

    def _late(self, clock: _Clock) -> bool:
        """Interrupt a cell whose time is up. Return whether the run must be ended."""
        late = f"code cell {self.cell} ran longer than {self.timeout} s"
        with suppress(psutil.NoSuchProcess):
            clock.tick(self.process)
            if clock.interrupted is None:
                if clock.had >= self.timeout:
                    clock.interrupted = clock.had
                    self.found.notes.append(f"{late}, and was interrupted")
                    # The first is on Windows.
                    self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))
            elif clock.had >= clock.interrupted + min(self.timeout, GRACE):
                self.found.notes.remove(f"{late}, and was interrupted")
                self.found.problem = f"{late}, and could not be interrupted"
                return True
        return False

    def _too_big(self) -> bool:
        """Return whether the code has written too much; each file has a limit of its own."""
        size = number = 0
        for place, _, names in os.walk(self.box):
            for name in names:
                with suppress(OSError):
                    size += os.lstat(os.path.join(place, name)).st_size
                number += 1
            if size > MOST_BYTES or number > MOST_FILES:
                self.found.problem = (
                    f"wrote more than {MOST_BYTES >> 20} MB or {MOST_FILES} files, and was "
                    f"ended in code cell {self.cell}"
                )
                return True
        return False

    def _explain_end(self, supervisor: subprocess.Popen[bytes]) -> None:
        """Say why the program ended by itself."""
        supervisor.wait()
        where = f"in code cell {self.cell}" if self.cell else "before its first cell"
        status = self._report().get("status")
        if status is None:
            self.found.problem = (
                f"its supervisor was killed {where}; a process that the code started may "
                "still be running"
            )
        else:
            self.found.problem = f"its process ended {where} (exit status {status})"
            last = (self.folder / "errors").read_text(errors="replace").split("\n")[-2:-1]
            if last and not self.cell:
                self.found.problem += f": {last[0][:200]}"

    def _name_what_is_left(self, supervisor: subprocess.Popen[bytes]) -> None:
        if self.process is None or self.found.problem:
            return
        with suppress(psutil.Error):
            own = {self.process.pid, *(each.pid for each in self.process.parents())}
            found = psutil.Process(supervisor.pid).children(recursive=True)
            left = sorted(each.name() for each in found if each.pid not in own and _runs(each))
            if left:
                self.found.notes.append(f"left running, and ended: {', '.join(left)}")

    def _end(self, supervisor: subprocess.Popen[bytes]) -> None:
        """End the program, and wait until its supervisor has ended all others."""
        if sys.platform == "win32":  # where SIGTERM would end the supervisor itself
            self.process = self.process or _find_program(supervisor.pid)
            with suppress(psutil.Error, AttributeError):
                self.process.kill()
        else:
            supervisor.terminate()
        try:
            supervisor.wait(ENDING)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
        running = self._report().get("running")
        if running:
            self.found.notes.append(f"still running, as it could not be ended: {running}")

    def _report(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


class _Clock:
    """Counts the seconds that a process has computed, or waited for something.

    On a busy machine it also waits for a processor. That time does not count. Only Linux
    shows the difference; on other systems both count.
    """

    def __init__(self) -> None:
        self.had = 0.0
        self.interrupted: float | None = None
        self._computed: float | None = None
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Return whether it is time for a `tick`."""
        return time.monotonic() - self._last >= TICK

    def tick(self, process: Any) -> None:
        """Add what has passed since the last call."""
        times, now = process.cpu_times(), time.monotonic()
        computed = float(times.user + times.system)
        if self._computed is not None:
            waits = sys.platform != "linux" or process.status() in _WAITS
            passed = min(now - self._last, 2 * TICK) if waits else 0.0
            self.had += max(computed - self._computed, passed)
        self._computed, self._last = computed, now


def _runs(process: Any) -> bool:
    return bool(process.status() != psutil.STATUS_ZOMBIE)


def _find_program(supervisor: int) -> Any:
    """Return the process that runs the cells, below the supervisor and the sandbox."""
    with suppress(psutil.Error):
        for process in psutil.Process(supervisor).children(recursive=True):
            with suppress(psutil.Error):
                if process.cmdline()[1:4] == ["-P", "-m", _PROGRAM]:
                    return process
    return None
