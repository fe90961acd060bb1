"""A curve of what grows with something, in times of its first point."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .measure import Timer, by_turns

ROUNDS = 41
#: A line that grows with a higher power than this of what it grows with is told.
LINEAR = 1.1
T = TypeVar("T")


@dataclass
class Growth:
    """What was measured at each of `at`: lines of time, and of memory, as measured."""

    name: str
    title: str
    axis: str
    at: list[int]
    time: dict[str, list[float]]
    memory: dict[str, list[float]]
    #: What is seen, with the lines' names for where they have come to.
    words: str
    #: A place on the axis of which the words tell.
    mark: float | None = None
    #: Further figures for the words.
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def lines(self) -> dict[str, list[float]]:
        """All lines, in times of their first point."""
        return {name: relative(line) for name, line in {**self.time, **self.memory}.items()}

    def power(self, line: str) -> float:
        """Return with which power of the axis a line grows over the upper half of it."""
        values = self.lines[line]
        middle = len(values) // 2
        return math.log(values[-1] / values[middle]) / math.log(self.at[-1] / self.at[middle])

    def say(self) -> str:
        """Return what is seen, and whether anything is worse than linear."""
        ends = {name: line[-1] for name, line in self.lines.items()}
        worse = self.worse_than_linear
        end = f"Worse than linear: {', '.join(worse)}." if worse else ""
        places = {"first": self.at[0], "last": self.at[-1]}
        words = self.words.format_map({**ends, **self.notes, **places})
        return f"{words} {end or 'Nothing is worse than linear.'}"

    @property
    def alt(self) -> str:
        """Return the plot's text for those who do not see it."""
        return (
            f"Two plots over {self.axis}, {self.at[0]:,} to {self.at[-1]:,}, in times of the "
            f"first point. Time: {'; '.join(self.time)}. Memory: {'; '.join(self.memory)}."
        )

    @property
    def worse_than_linear(self) -> list[str]:
        """The lines that grow faster than what they grow with."""
        return [name for name in self.lines if self.power(name) > LINEAR]


def relative(line: list[float]) -> list[float]:
    """Return a line in times of its first point; what is nothing at first, of its second."""
    first = line[0] or line[1]
    return [each / first for each in line]


def quickest(
    timers: Mapping[tuple[str, int], Timer],
    *,
    turn: float = 2_000_000,
    warm_up: float = 20_000_000,
    rounds: int = ROUNDS,
) -> dict[str, list[float]]:
    """Measure by turns, and return the lines: of each point the quickest round, in ns.

    Whatever else the machine does can only add to a time, and one bent point misleads.
    """
    times = by_turns(timers, rounds, turn=turn, warm_up=warm_up)
    lines: dict[str, list[float]] = {}
    for (name, _), measured in times.items():
        lines.setdefault(name, []).append(min(measured))
    return lines


def traced(make: Callable[[], T]) -> tuple[T, int, int]:
    """Return what `make` returns, the bytes that Python holds for it, and the most it held."""
    gc.collect()
    tracemalloc.start()
    made = make()
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, now, most


def peak(work: Callable[[], object]) -> float:
    """Return the most bytes that Python holds at a time for a call that is not the first."""
    work()
    return float(traced(work)[2])


def held(make: Callable[[], object]) -> float:
    """Return the bytes that Python holds for what `make` returns."""
    return float(traced(make)[1])
