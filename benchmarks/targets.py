"""Performance targets, and whether the library meets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from .codec import ACTS, Ratios
from .contents import LOG_IN
from .measure import Spread
from .startup import Start
from .views import OURS, Times, added, of_bare, of_flasks

#: How many times as long as our codec each library should take to seal and to open a login.
FASTER = {"client-sessions": (2.0, 1.8), "Flask": (5.0, 5.0), "Fernet + json": (2.0, 2.0)}
#: The part of the time that Flask's own session adds which ours may add.
OF_FLASKS = {"read": 0.35, "write": 0.45}
UNTOUCHED_US, IMPORT, ANSWER_MS, STOP_MS = 10, 1.05, 10, 50


@dataclass(frozen=True)
class Target:
    """One target; `measured` is a ratio, `in_units` an absolute time for the console."""

    words: str
    measured: Spread
    met: bool
    in_units: str = ""


def _codec(ratios: Ratios) -> Iterator[Target]:
    for peer, limits in FASTER.items():
        for act, times in zip(ACTS, limits, strict=True):
            spread = ratios[LOG_IN, peer, act]
            words = f"{act} at login size: {peer} takes at least {times:g} times as long"
            yield Target(words, spread, spread.median >= times)


def _requests(times: Times) -> Iterator[Target]:
    us = median(added(times, "untouched", OURS)) / 1000
    yield Target(
        "untouched request: adds at most ten microseconds (measured: part of the bare call)",
        of_bare(times, "untouched", OURS),
        us <= UNTOUCHED_US,
        f"{us:.1f} µs",
    )
    for view, part in OF_FLASKS.items():
        spread = of_flasks(times, view, OURS)
        words = f"{view}: adds at most {part} of the time that Flask's own session adds"
        yield Target(words, spread, spread.median <= part)


def _start(start: Start) -> Iterator[Target]:
    yield Target(
        f"`import lesson_app`: at most {IMPORT} times the import of Flask and ciphers",
        start.over_ciphers,
        start.over_ciphers.median <= IMPORT,
    )
    yield Target(
        "`serve(app)`: answers within ten milliseconds (measured: part of the import)",
        start.answers,
        start.answers_ms <= ANSWER_MS,
        f"{start.answers_ms:.1f} ms",
    )
    yield Target(
        "`server.stop()`: takes at most fifty milliseconds (measured: part of the import)",
        start.stops,
        start.stops_ms <= STOP_MS,
        f"{start.stops_ms:.1f} ms",
    )


def targets(ratios: Ratios, times: Times, start: Start) -> list[Target]:
    """Return all targets, judged by the medians."""
    return [*_codec(ratios), *_requests(times), *_start(start)]


def rows(all_of_them: list[Target]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| target | measured | result |"
    yield "|---|--:|---|"
    for target in all_of_them:
        verdict = "met" if target.met else "**not met**"
        yield f"| {target.words} | {target.measured} | {verdict} |"
