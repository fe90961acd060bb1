"""Times, durations and untrusted text, written for people."""

from __future__ import annotations

from typing import Any

import pytest

from lesson_app.dissect.words import (
    columns,
    moment,
    read_moment,
    rough_span,
    shortened,
    span,
    visible,
)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01 00:00:00.000 UTC"),
        (1692988779453, "2023-08-25 18:39:39.453 UTC"),
        (-1, "1969-12-31 23:59:59.999 UTC"),
        (253402300799999, "9999-12-31 23:59:59.999 UTC"),
        (253402300800000, "after the year 9999"),
        (10**30, "after the year 9999"),
        (-(10**30), "before the year 1"),
    ],
)
def test_moment(ms: int, text: str) -> None:
    """A time is written in UTC; a time outside the calendar is described in words."""
    assert moment(ms) == text


def test_read_moment() -> None:
    """A time with any time zone is read, in whole ms."""
    assert read_moment("2023-08-25T20:39:39.453999+02:00") == 1692988779453


@pytest.mark.parametrize("text", ["noon", "", "2100-01-01", None], ids=repr)
def test_invalid_time(text: Any) -> None:
    """A text that is not a time, or has no time zone, is refused with an example."""
    with pytest.raises(
        ValueError, match=f"^invalid time {text!r}: use ISO 8601 with a time zone, such as"
    ):
        read_moment(text)


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 seconds"),
        (90_500, "1 minute 30.5 seconds"),
        (176_461_000, "2 days 1 hour 1 minute 1 second"),
        (-5, "minus 0.005 seconds"),
        (10**16, "115740740 days 17 hours 46 minutes 40 seconds"),
        (10**16 + 1, "more than 300,000 years"),
        (-(10**300), "minus more than 300,000 years"),
    ],
)
def test_span(ms: int, words: str) -> None:
    """A duration is written in words, exact to the ms up to 300,000 years."""
    assert span(ms) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 seconds"),
        (176_461_000, "2 days 1 hour"),
        (365 * 86_400_000, "365 days"),
        (366 * 86_400_000, "1 year"),
        (27_887 * 86_400_000, "76 years"),
    ],
)
def test_rough_span(ms: int, words: str) -> None:
    """A rough duration has two units, or years alone, because nobody imagines 27,887 days."""
    assert rough_span(ms) == words


def test_visible() -> None:
    """Characters that move the cursor, reverse the line or are invisible are escaped."""
    assert visible("a\x1b[2J\n\u202e\xa0é\ud800\U000e0001") == (
        "a\\u001b[2J\\n\\u202e\\u00a0é\\ud800\\udb40\\udc01"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0123456789", "0123456789"),
        ("0123456789a", "012345…89a"),
        ("0123456789" * 100_000, "012345…789"),
        ("\0" * 5, "\\u0000…000"),
    ],
    ids=["fits", "one more", "a million", "escaped"],
)
def test_shortened(text: str, shown: str) -> None:
    """A long text keeps its beginning and its end."""
    assert shortened(text, 10) == shown


def test_columns() -> None:
    """Columns are aligned; the last is wrapped between words at 100 characters."""
    shown = list(columns([("a", "word " * 20), ("bcd", "x" * 120), ("e", "")]))

    assert shown == [
        "  a    " + ("word " * 18).rstrip(),
        "       word word",
        "  bcd  " + "x" * 120,
        "  e",
    ]
