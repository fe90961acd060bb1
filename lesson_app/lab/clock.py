"""Time and chance that repeat: a clock you advance, and bytes drawn from a seed."""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ..dissect.words import moment, read_moment


class Clock:
    """A clock that stands still until you `advance` it; call it for seconds since 1970.

    It begins at noon on 1 January 2100: far in the client's future, so that a cookie
    jar, which goes by the computer's own clock, keeps each cookie until the server
    refuses it. Hand it in where ``time.time`` is the default.
    """

    def __init__(self, start: str = "2100-01-01T12:00:00Z") -> None:
        self._ms = read_moment(start)
        if self._ms < 0:
            raise ValueError(f"{start!r} lies before 1970, where these clocks begin")

    def __call__(self) -> float:
        return self._ms / 1000

    def advance(self, by: timedelta) -> None:
        """Let `by` go past."""
        if not isinstance(by, timedelta):
            raise TypeError(f"by is {by!r}: give a timedelta, like timedelta(seconds=30)")
        if by < timedelta(0):
            raise ValueError("time only moves forward: make a new Clock to begin again")
        self._ms += by // timedelta(milliseconds=1)

    def __repr__(self) -> str:
        return moment(self._ms)


class _Cell:
    """The notebook cell that runs now: its text, and how many have begun."""

    text = ""
    count = 0


def _begin_cell(info: Any) -> None:
    _Cell.text, _Cell.count = info.raw_cell, _Cell.count + 1


def seeded_urandom(seed: int) -> Callable[[int], bytes]:
    """Return a function like ``os.urandom`` whose bytes repeat.

    In a script they are the same in every run. In a notebook they are the same each
    time that a cell is run, and others in a cell with another text. Only for a lesson or
    a test: whoever knows the seed knows the bytes.
    """
    count, draws = -1, itertools.count()

    def urandom(size: int) -> bytes:
        nonlocal count, draws
        if count != _Cell.count:
            count, draws = _Cell.count, itertools.count()
        drawn = f"{seed}/{_Cell.text}/{next(draws)}"
        return hashlib.shake_256(drawn.encode()).digest(size)

    return urandom


def _follow_cells() -> None:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.events.register("pre_run_cell", _begin_cell)


_follow_cells()
