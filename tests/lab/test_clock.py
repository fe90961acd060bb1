"""Time and chance that repeat: the clock, and bytes drawn from a seed."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lesson_app.lab import Clock, clock, seeded_urandom


def test_clock_stands_still() -> None:
    """A clock begins at noon on 1 January 2100 and stays there."""
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
    """A clock can begin at any moment, told with its time zone, and counts whole ms."""
    assert Clock(start)() == seconds


@pytest.mark.parametrize("start", ["2100-01-01", "noon", "", 0, None], ids=repr)
def test_clock_at_no_moment(start: Any) -> None:
    """What is no moment, or names no time zone, is refused, with an example."""
    with pytest.raises(
        ValueError, match=f"^{start!r} is no moment: write 2100-01-01T12:00:00Z$"
    ):
        Clock(start)


def test_clock_before_1970() -> None:
    """A moment before the epoch is refused."""
    with pytest.raises(ValueError, match="lies before 1970, where these clocks begin"):
        Clock("1969-12-31T23:59:59.999Z")


def test_advance() -> None:
    """Advancing lets exactly that much time go past, in whole ms."""
    clock = Clock()

    clock.advance(timedelta(minutes=2))
    clock.advance(timedelta(microseconds=1999))

    assert repr(clock) == "2100-01-01 12:02:00.001 UTC"


@pytest.mark.parametrize("by", [30, 30.0, "30", None], ids=repr)
def test_advance_without_unit(by: Any) -> None:
    """A bare number has no unit and is refused."""
    with pytest.raises(TypeError, match=r"give a timedelta, like timedelta\(seconds=30\)"):
        Clock().advance(by)


def test_advance_backwards() -> None:
    """Time goes one way; standing still is allowed."""
    clock = Clock()
    clock.advance(timedelta(0))

    with pytest.raises(ValueError, match="time only moves forward: make a new Clock"):
        clock.advance(timedelta(microseconds=-1))


def test_seeded_urandom() -> None:
    """One seed gives one row of bytes, of any length, in which nothing repeats."""
    first, second = seeded_urandom(1), seeded_urandom(1)

    row = [first(size) for size in (16, 16, 0, 5, 100)]

    assert row == [second(size) for size in (16, 16, 0, 5, 100)]
    assert [len(drawn) for drawn in row] == [16, 16, 0, 5, 100]
    assert row[0] != row[1]
    assert row[0] != seeded_urandom(2)(16)


def test_seeded_urandom_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook a cell draws the same each time it is run, and another cell others."""
    monkeypatch.setattr(clock._Cell, "text", "")
    monkeypatch.setattr(clock._Cell, "count", 0)
    urandom = seeded_urandom(1)

    def run(cell: str) -> list[bytes]:
        clock._begin_cell(SimpleNamespace(raw_cell=cell))
        return [urandom(16), urandom(16)]

    first, other, again = run("one()"), run("two()"), run("one()")

    assert first == again
    assert len({*first, *other}) == 4


def test_cells_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under IPython the beginning of each cell is noticed."""
    registered: list[tuple[Any, ...]] = []
    events = SimpleNamespace(register=lambda *arguments: registered.append(arguments))
    shell = SimpleNamespace(events=events)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    clock._follow_cells()

    assert registered == [("pre_run_cell", clock._begin_cell)]


@pytest.mark.parametrize(
    "ipython", [None, SimpleNamespace(get_ipython=lambda: None)], ids=["no IPython", "no shell"]
)
def test_no_cells(monkeypatch: pytest.MonkeyPatch, ipython: Any) -> None:
    """In a script there is no cell to follow, IPython imported or not."""
    monkeypatch.setitem(sys.modules, "IPython", ipython)

    clock._follow_cells()

    assert seeded_urandom(3)(4) == seeded_urandom(3)(4)
