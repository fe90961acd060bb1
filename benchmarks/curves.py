"""A measurement of how time and memory grow, in multiples of its first point."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .measure import Timer, in_turns

ROUNDS = 41
#: A line that grows with a higher power than this is reported as worse than linear.
LINEAR = 1.1
T = TypeVar("T")


@dataclass
class Growth:
    """Lines of time and of memory, measured at each of `at`."""

    title: str
    axis: str
    at: list[int]
    time: dict[str, list[float]]
    memory: dict[str, list[float]]
    #: The finding, with placeholders for the last point of each line.
    words: str

    @property
    def lines(self) -> dict[str, list[float]]:
        """All lines, in multiples of their first point."""
        return {name: relative(line) for name, line in {**self.time, **self.memory}.items()}

    def power(self, line: str) -> float:
        """Return the power with which a line grows over the upper half of the axis."""
        values = self.lines[line]
        middle = len(values) // 2
        return math.log(values[-1] / values[middle]) / math.log(self.at[-1] / self.at[middle])

    def say(self) -> str:
        """Return the finding, and whether a line is worse than linear."""
        ends = {name: line[-1] for name, line in self.lines.items()}
        worse = [name for name in self.lines if self.power(name) > LINEAR]
        end = f"Worse than linear: {', '.join(worse)}." if worse else ""
        places = {"first": self.at[0], "last": self.at[-1]}
        words = self.words.format_map({**ends, **places})
        return f"{words} {end or 'Nothing is worse than linear.'}"


def relative(line: list[float]) -> list[float]:
    """Return a line in multiples of its first point that is not zero."""
    first = line[0] or line[1]
    return [each / first for each in line]


def quickest(
    timers: Mapping[tuple[str, int], Timer],
    *,
    turn: float = 2_000_000,
    warm_up: float = 20_000_000,
    rounds: int = ROUNDS,
) -> dict[str, list[float]]:
    """Measure in turns, and return each line: the quickest round at each point, in ns.

    Other programs can only add to a time, and one wrong point would bend the line.
    """
    times = in_turns(timers, rounds, turn=turn, warm_up=warm_up)
    lines: dict[str, list[float]] = {}
    for (name, _), measured in times.items():
        lines.setdefault(name, []).append(min(measured))
    return lines


def traced(make: Callable[[], T]) -> tuple[T, int, int]:
    """Return the result of `make`, the bytes that Python then holds, and their maximum."""
    gc.collect()
    tracemalloc.start()
    made = make()
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, now, most


def peak(work: Callable[[], object]) -> float:
    """Return the most bytes that Python holds during a call that is not the first."""
    work()
    return float(traced(work)[2])


def held(make: Callable[[], object]) -> float:
    """Return the bytes that Python holds for the result of `make`."""
    return float(traced(make)[1])
