"""Measure several things by turns, and say in ratios what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles
from typing import TypeVar

#: Nanoseconds that each turn is meant to take, whatever is measured in it: so short that
#: most are over before the system gives the processor to another program.
TURN = 1_000_000
#: And the warm-up before the first.
WARM_UP = 100_000_000
#: A process that was at work for less of a turn than this was interrupted in it.
MOSTLY, TRIES = 0.95, 5
Key = TypeVar("Key")


@dataclass(frozen=True)
class Spread:
    """The median of several ratios, and between which the middle half of them lies."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up the values, two at least."""
        low, _, high = quantiles(values, n=4)
        return cls(median(values), low, high)

    @classmethod
    def of_ratios(cls, these: Sequence[float], those: Sequence[float]) -> Spread:
        """Sum up round by round how many times `those` lie in `these`."""
        return cls.of([a / b for a, b in zip(these, those, strict=True)])

    @property
    def inverse(self) -> Spread:
        """What the ratios turned round come to."""
        return Spread(1 / self.median, 1 / self.high, 1 / self.low)

    def __str__(self) -> str:
        # Adding zero turns what was rounded to -0.0 into 0.0.
        middle, low, high = (
            round(each, 2) + 0.0 for each in (self.median, self.low, self.high)
        )
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def timed(work: Callable[[], object], calls: int) -> float:
    """Return the time of one call in ns, once a few calls have come before.

    A turn that the system interrupted for another program is taken again, a few times.
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
    """Return how long the calls take, and how long this process was at work meanwhile."""
    begin, busy = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(calls):
        work()
    return time.perf_counter_ns() - begin, time.process_time_ns() - busy


#: What returns the ns that one call of something takes, given how many calls to make.
Timer = Callable[[int], float]


def timer(work: Callable[[], object]) -> Timer:
    """Return what measures `work` in this process."""
    return lambda calls: timed(work, calls)


def by_turns(
    timers: Mapping[Key, Timer],
    rounds: int,
    *,
    turn: float = TURN,
    warm_up: float = WARM_UP,
) -> dict[Key, list[float]]:
    """Measure each, round after round; return the ns of one call, by round.

    Each gets a turn of about the same length. The order changes from round to round, so that
    what another program does to the machine, or one timer to the next, hits all alike.
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
    """Warm up, and return how many calls fill a turn."""
    once = measure(2)
    once = measure(max(2, round(warm_up / once / 2)))
    once = measure(max(2, round(warm_up / once / 2)))
    return max(2, round(turn / once))
