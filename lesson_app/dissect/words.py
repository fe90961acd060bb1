"""Write times, durations and untrusted text so that people can read them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from textwrap import wrap

import click

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
#: Longer durations, in ms, are written as more than 300,000 years.
_LONGEST = 10**16
_YEAR = 31_557_600_000  # 365.25 days
_MOST_SHOWN = 43
_WIDTH = 100


def moment(ms: int) -> str:
    """Return ms since 1970 as text: ``2023-08-25 18:39:39.453 UTC``."""
    try:
        return f"{(_EPOCH + ms * _MS):%Y-%m-%d %H:%M:%S}.{ms % 1000:03d} UTC"
    except OverflowError:
        return "after the year 9999" if ms > 0 else "before the year 1"


def read_moment(text: str) -> int:
    """Return the ms since 1970 of a time such as ``2100-01-01T12:00:00Z``."""
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MS
    except (TypeError, ValueError):
        raise ValueError(
            f"invalid time {text!r}: use ISO 8601 with a time zone, "
            "such as 2100-01-01T12:00:00Z"
        ) from None


def span(ms: int) -> str:
    """Return a duration in ms as words: ``1 hour 30 minutes``."""
    if ms < 0:
        return f"minus {span(-ms)}"
    if ms > _LONGEST:
        return "more than 300,000 years"
    words = []
    for unit, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000)):
        count, ms = divmod(ms, size)
        if count:
            words.append(f"{count} {unit}{'s' * (count != 1)}")
    if ms or not words:
        words.append(f"{ms / 1000:g} second{'s' * (ms != 1000)}")
    return " ".join(words)


def rough_span(ms: int) -> str:
    """Return a duration in its two largest units, or in years if it is over a year."""
    years = ms // _YEAR
    if not years:
        return " ".join(span(ms).split()[:4])
    return f"{years} year{'s' * (years != 1)}"


def visible(text: str) -> str:
    """Escape, as in JSON, each character that would move the cursor or be invisible."""
    if text.isprintable():  # almost every line of a megabyte of content
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def shortened(text: str, most: int = _MOST_SHOWN) -> str:
    """Return `text` made visible, without its middle if it is longer than `most`."""
    if len(text) > 2 * most:  # do not escape a megabyte that is left out
        text = text[:most] + text[-most:]
    shown = visible(text)
    tail = most // 3
    return shown if len(shown) <= most else f"{shown[: most - tail - 1]}\u2026{shown[-tail:]}"


def columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield lines with all columns aligned and the last one wrapped."""
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for *cells, last in rows:
        left = "  " + "".join(f"{c:<{w}}  " for c, w in zip(cells, widths, strict=True))
        width = max(20, _WIDTH - len(left))
        lines = wrap(last, width, break_long_words=False, break_on_hyphens=False)
        for line in lines or [""]:
            yield f"{left}{line}".rstrip()
            left = " " * len(left)


def echo(text: str) -> None:
    """Print a text; escape the characters that the output's encoding does not have."""
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
