"""Replace time and randomness for a lesson or a test: a manual clock, seeded bytes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import timedelta

from ..dissect.words import moment, read_moment


class Clock:
    """A clock that only moves when you `advance` it; call it for seconds since 1970.

    Pass it wherever ``time.time`` is the default. It starts at noon on 1 January 2100. A
    cookie jar follows the computer's own clock, so it keeps these cookies until the server
    refuses them.
    """

    def __init__(self, start: str = "2100-01-01T12:00:00Z") -> None:
        self._ms = read_moment(start)
        if self._ms < 0:
            raise ValueError(f"expected a start time from 1970 on, got {start!r}")

    def __call__(self) -> float:
        return self._ms / 1000

    def advance(self, by: timedelta) -> None:
        """Move the clock forward by `by`, in whole milliseconds."""
        if not isinstance(by, timedelta):
            raise TypeError(f"expected a timedelta such as timedelta(seconds=30), got {by!r}")
        if by < timedelta(0):
            raise ValueError("a clock only moves forward; to start again, make a new Clock")
        self._ms += by // timedelta(milliseconds=1)

    def __repr__(self) -> str:
        return moment(self._ms)


def seeded_urandom(seed: int) -> Callable[[int], bytes]:
    """Return a function like ``os.urandom`` whose results follow from `seed`.

    Two functions with the same seed return the same bytes, call by call. In a notebook, make
    the function in the cell that shows its bytes: then each run of the cell shows the same.
    Use it only in lessons and tests, because anyone who knows the seed knows the bytes.
    """
    draws = itertools.count()

    def urandom(size: int) -> bytes:
        return hashlib.shake_256(f"{seed}/{next(draws)}".encode()).digest(size)

    return urandom
