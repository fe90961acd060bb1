"""The manual clock, and the seeded bytes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lesson_app.lab import Clock, seeded_urandom


def test_clock_stands_still() -> None:
    """A clock starts at noon on 1 January 2100 and stays there."""
    clock = Clock()

    assert clock() == clock() == 4102488000.0
    assert repr(clock) == "2100-01-01 12:00:00.000 UTC"


@pytest.mark.parametrize(
    ("start", "seconds"),
    [
        ("2023-08-25T18:39:39.453Z", 1692988779.453),
        ("2023-08-25T20:39:39.453999+02:00", 1692988779.453),
        ("1970-01-01T00:00Z", 0.0),
    ],
)
def test_clock_starts_anywhere(start: str, seconds: float) -> None:
    """A clock can start at any time given with a time zone, and counts whole ms."""
    assert Clock(start)() == seconds


@pytest.mark.parametrize("start", ["2100-01-01", "noon", "", 0, None], ids=repr)
def test_clock_at_an_invalid_time(start: Any) -> None:
    """An invalid time, or one without a time zone, is refused with an example."""
    with pytest.raises(
        ValueError, match=f"^invalid time {start!r}: use ISO 8601 with a time zone"
    ):
        Clock(start)


def test_clock_before_1970() -> None:
    """A time before the epoch is refused."""
    with pytest.raises(ValueError, match=r"^expected a start time from 1970 on, got '1969"):
        Clock("1969-12-31T23:59:59.999Z")


def test_advance() -> None:
    """Advancing moves the clock by exactly that much, in whole ms."""
    clock = Clock()

    clock.advance(timedelta(minutes=2))
    clock.advance(timedelta(microseconds=1999))

    assert repr(clock) == "2100-01-01 12:02:00.001 UTC"


@pytest.mark.parametrize("by", [30, 30.0, "30", None], ids=repr)
def test_advance_without_unit(by: Any) -> None:
    """A bare number has no unit and is refused."""
    with pytest.raises(TypeError, match=r"^expected a timedelta such as .*, got "):
        Clock().advance(by)


def test_advance_backwards() -> None:
    """A clock refuses to go back; advancing by nothing is allowed."""
    clock = Clock()
    clock.advance(timedelta(0))

    with pytest.raises(ValueError, match="a clock only moves forward"):
        clock.advance(timedelta(microseconds=-1))


def test_seeded_urandom() -> None:
    """One seed gives one sequence of bytes, of any length, in which nothing repeats."""
    first, second = seeded_urandom(1), seeded_urandom(1)

    row = [first(size) for size in (16, 16, 0, 5, 100)]

    assert row == [second(size) for size in (16, 16, 0, 5, 100)]
    assert [len(drawn) for drawn in row] == [16, 16, 0, 5, 100]
    assert row[0] != row[1]
    assert row[0] != seeded_urandom(2)(16)
