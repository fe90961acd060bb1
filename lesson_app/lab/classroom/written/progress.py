"""Say how far the grading is, and what runs now."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from threading import Lock
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ....dissect.words import span
from .texts import clean, count

#: Without a terminal, a line is printed after so many seconds, or a tenth of the notebooks.
_PAUSE = 10.0
#: The characters for names: in a line, and those that the bar needs beside them.
_LINE, _BESIDE = 200, 50


class Progress:
    """Shows on stderr what is graded: a bar in a terminal, else a line now and then.

    Use it as a context manager. Any thread may call `started` and `finished`.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a `total` of notebooks; `clock` returns seconds."""
        console = Console(
            stderr=True,
            force_terminal=sys.stderr.isatty(),
            force_jupyter=False,
            markup=False,
            emoji=False,
            highlight=False,
        )
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._bar = Bar(
            TextColumn("grading"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[running]}", markup=False),
            console=console,
            transient=True,
            disable=not self._live,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=total, running="")
        self._total, self._done, self._tenths = total, 0, 0
        self._running: list[str] = []
        self._clock, self._lock = clock, Lock()
        self._began = self._last = clock()

    def __enter__(self) -> Progress:
        self._bar.start()
        if not self._live:
            click.echo(f"grading {count(self._total, 'file')}", err=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def started(self, name: str) -> None:
        """Note that a notebook runs now."""
        with self._lock:
            self._running.append(name)
            self._bar.update(self._task, running=self._names())

    def finished(self, name: str, line: str = "") -> None:
        """Note that a notebook has run. In a terminal, `line` appears above the bar."""
        with self._lock:
            if name in self._running:
                self._running.remove(name)
            self._done += 1
            self._bar.update(self._task, completed=self._done, running=self._names())
            if not self._live:
                self._report()
            elif line:
                self._bar.console.print(clean(line))

    def _report(self) -> None:
        now, tenths = self._clock(), 10 * self._done // max(self._total, 1)
        if now - self._last < _PAUSE and tenths == self._tenths:
            return
        self._last, self._tenths = now, tenths
        seconds = (now - self._began) / self._done * (self._total - self._done)
        left = f", {_rough(seconds)} left" if self._done < self._total else ""
        running = f"; running: {self._names()}" if self._running else ""
        click.echo(f"graded {self._done} of {self._total}{left}{running}", err=True)

    def _names(self) -> str:
        most = max(_BESIDE // 2, self._bar.console.width - _BESIDE) if self._live else _LINE
        return clean(", ".join(self._running), most)


def _rough(seconds: float) -> str:
    return span(60_000 * math.ceil(seconds / 60)) if seconds > 60 else "less than a minute"
