"""Measure several functions in turns, and compare their times as ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles
from typing import TypeVar

#: Nanoseconds that a turn should take: so short that most turns end before the system
#: gives the processor to another program.
TURN = 1_000_000
#: Nanoseconds of warm-up before the first turn.
WARM_UP = 100_000_000
#: If this process had the processor for less of a turn, another program interrupted it.
MOSTLY, TRIES = 0.95, 5
Key = TypeVar("Key")


@dataclass(frozen=True)
class Spread:
    """The median of several ratios, and the range of their middle half."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least two values."""
        low, _, high = quantiles(values, n=4)
        return cls(median(values), low, high)

    @classmethod
    def of_ratios(cls, these: Sequence[float], those: Sequence[float]) -> Spread:
        """Return the spread of `these` divided by `those`, round by round."""
        return cls.of([a / b for a, b in zip(these, those, strict=True)])

    @property
    def inverse(self) -> Spread:
        """The spread of the inverse ratios."""
        return Spread(1 / self.median, 1 / self.high, 1 / self.low)

    def __str__(self) -> str:
        # Adding zero turns -0.0 into 0.0.
        middle, low, high = (
            round(each, 2) + 0.0 for each in (self.median, self.low, self.high)
        )
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def timed(work: Callable[[], object], calls: int) -> float:
    """Return the time of one call in ns, after a few calls that do not count.

    If another program interrupts a turn, the turn is repeated, up to `TRIES` times.
    """
    for _ in range(calls // 4):
        work()
    tries = []
    for _ in range(TRIES):
        wall, busy = _once(work, calls)
        tries.append(wall)
        if busy > MOSTLY * wall:
            break
    return min(tries) / calls


def _once(work: Callable[[], object], calls: int) -> tuple[int, int]:
    """Return the time that the calls take, and this process's processor time, in ns."""
    begin, busy = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(calls):
        work()
    return time.perf_counter_ns() - begin, time.process_time_ns() - busy


#: A function of the number of calls to make that returns the ns of one call.
Timer = Callable[[int], float]


def timer(work: Callable[[], object]) -> Timer:
    """Return a timer for `work` in this process."""
    return lambda calls: timed(work, calls)


def in_turns(
    timers: Mapping[Key, Timer],
    rounds: int,
    *,
    turn: float = TURN,
    warm_up: float = WARM_UP,
) -> dict[Key, list[float]]:
    """Measure each timer in each round; return the ns of one call, by round.

    All turns are about equally long. The order changes from round to round, so that other
    programs, and one timer's effect on the next, disturb all timers alike.
    """
    calls = {key: _calls(measure, turn, warm_up) for key, measure in timers.items()}
    times: dict[Key, list[float]] = {key: [] for key in timers}
    order, shuffle = list(timers), Random(0).shuffle  # noqa: S311  # no secret
    for _ in range(rounds):
        shuffle(order)
        for key in order:
            times[key].append(timers[key](calls[key]))
    return times


def _calls(measure: Timer, turn: float, warm_up: float) -> int:
    """Warm up, and return the number of calls that fill a turn."""
    once = measure(2)
    once = measure(max(2, round(warm_up / once / 2)))
    once = measure(max(2, round(warm_up / once / 2)))
    return max(2, round(turn / once))
