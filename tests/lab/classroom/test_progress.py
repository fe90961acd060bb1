"""The progress of grading is shown to a person in a terminal, and in a log."""

from __future__ import annotations

import io
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest

from lesson_app.lab.classroom.written.progress import Progress


class Seconds:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def log(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_a_tenth_is_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A quick run prints one line for each tenth, with what runs and the time that is left."""
    clock = Seconds()
    with Progress(40, clock) as bar:
        bar.started("slow \x1b[2J")
        for number in range(39):
            bar.started(f"n{number}")
            clock.now += 2.25
            bar.finished(f"n{number}", "a line")
        bar.finished("slow \x1b[2J")

    lines = log(capsys)

    assert lines[0] == "grading 40 files"
    assert lines[1] == "graded 4 of 40, 2 minutes left; running: slow [2J"
    assert lines[-2] == "graded 36 of 40, less than a minute left; running: slow [2J"
    assert lines[-1] == "graded 40 of 40"
    assert len(lines) == 11


def test_ten_seconds_are_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A long run prints a line after ten seconds, and none before."""
    clock = Seconds()
    with Progress(1000, clock) as bar:
        for clock.now in (9.9, 10.0, 19.9, 20.0):
            bar.finished("x")

    assert log(capsys) == [
        "grading 1000 files",
        "graded 2 of 1000, 1 hour 24 minutes left",
        "graded 4 of 1000, 1 hour 23 minutes left",
    ]


def test_no_notebooks(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to grade is no error."""
    with Progress(0):
        pass

    assert log(capsys) == ["grading 0 files"]


def test_threads(capsys: pytest.CaptureFixture[str]) -> None:
    """Threads that finish at once are counted one after the other."""
    inside, crowded = Lock(), []

    def clock() -> float:
        crowded.append(not inside.acquire(blocking=False))
        time.sleep(0)  # another thread may run
        if not crowded[-1]:
            inside.release()
        return 0

    with Progress(2000, clock) as bar, ThreadPoolExecutor(16) as pool:

        def run(number: int) -> None:
            bar.started(str(number))
            bar.finished(str(number))

        list(pool.map(run, range(2000)))

    lines = log(capsys)

    assert not any(crowded)
    assert [line.split()[1] for line in lines[1:]] == [str(200 * n) for n in range(1, 11)]
    assert lines[-1] == "graded 2000 of 2000"


def test_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal a bar names what runs, and the lines of the results are above it."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with Progress(2) as bar:
        bar.started("a [bold]\x1b[2J.ipynb")
        bar.started("b" * 300)
        bar.finished("a [bold]\x1b[2J.ipynb", "a: 3 of 5 [red]\x1b[2J")

    shown = screen.getvalue()

    assert "a: 3 of 5 [red][2J" in shown
    assert "1/2" in shown
    assert "bbbbb" in shown
    assert "b" * 40 not in shown
    assert "\x1b[2J" not in shown
    assert "grading 2 files" not in shown


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot move its cursor gets the lines of a log."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "dumb")
    with Progress(1) as bar:
        bar.finished("a")

    assert screen.getvalue() == "grading 1 file\ngraded 1 of 1\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True
