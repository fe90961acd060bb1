"""Show the results of several tries: text in a terminal, a table in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape
from itertools import groupby, takewhile
from typing import Any

from ...errors import BadCookie
from ..exercises.judging import describe, outcome, short
from .markup import CELL, LABEL, Cell, field_name, html_of, mark, table

# How much of a changed result is shown, and how much of it before the change.
_MOST_SHOWN = 80
_LEAD = 24


class Trials:
    """A table with a row for each try: what was tried, then its results.

    `widths` are the widths of the first columns in percent; the others share the rest.
    """

    def __init__(
        self, headings: list[str], rows: list[list[str]], widths: Iterable[float] = ()
    ) -> None:
        self.headings, self.rows, self.widths = headings, rows, tuple(widths)

    def __repr__(self) -> str:
        return "\n\n".join("\n".join(self._text(row)) for row in self.rows)

    def _text(self, row: list[str]) -> list[str]:
        width = max(map(len, self.headings))
        cells = zip(self.headings[1:], row[1:], strict=True)
        return [
            f"{self.headings[0]} {row[0]}",
            *(f"  {heading:<{width}}  {text}" for heading, text in cells),
        ]

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" {CELL}>{escape(each)}</th>' for each in self.headings)
        return table(self.widths, [f"<tr>{heads}</tr>", *map(_html_row, self.rows)])


def try_opening(opener: Callable[[str], Any], value: str, untouched: Any) -> tuple[str, str]:
    """Return the result of opening a cookie's value, in short and with details.

    `untouched` is the outcome of the cookie without the change. If the result differs from
    it, the details mark the changed part: with brackets, in HTML with a mark.
    """
    result = outcome(opener, value)
    if isinstance(result, BadCookie):
        refused = f"refused: {type(result).__name__}"
        return refused, refused
    if isinstance(result, Exception):
        return f"fails: {type(result).__name__}", f"fails: {describe(result)}"
    before, after = _whole(untouched), _whole(result)
    if isinstance(untouched, Exception) or before == after:
        return "opens", f"opens: {short(result)}"
    changed = "opens, changed"
    parts = _cut(list(_compared(before, after)))
    text = "".join(f"[{part}]" if differs else part for part, differs in parts)
    html = "".join(mark(part) if differs else escape(part) for part, differs in parts)
    return changed, Cell(f"{changed}: {text}", f"{changed}: {html}")


def _whole(value: Any) -> str:
    """Format a value as in Python code, in full if it is of a type of Python's own."""
    plain = isinstance(value, str | bytes | list | tuple | dict)
    try:
        return repr(value) if plain else short(value)
    except Exception:  # noqa: BLE001  # a `__repr__` in a list may raise anything
        return short(value)


def _compared(before: str, after: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of `after`, and whether each differs from `before`."""
    if len(before) == len(after):
        pairs = zip(before, after, strict=True)
        for differs, group in groupby(pairs, lambda pair: pair[0] != pair[1]):
            yield "".join(new for _, new in group), differs
        return
    most = min(len(before), len(after))
    start = _alike(before, after)
    # The parts before and after the change must not overlap in the shorter text.
    end = min(_alike(before[::-1], after[::-1]), most - start)
    if len(after) == start + end:  # something is missing: mark the characters beside it
        start, end = max(0, start - 1), max(0, end - 1)
    stop = len(after) - end
    yield from ((after[:start], False), (after[start:stop], True), (after[stop:], False))


def _alike(one: str, other: str) -> int:
    """Return the number of characters at the start that are the same in both texts."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _cut(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Shorten parts that do not fit on a line, so that the first change stays visible."""
    left = _MOST_SHOWN
    if sum(len(part) for part, _ in parts) <= left:
        return parts
    lead, differs = parts[0]
    if not differs and len(lead) > _LEAD:
        parts = [(f"…{lead[1 - _LEAD :]}", False), *parts[1:]]
    shown: list[tuple[str, bool]] = []
    for part, differs in parts:
        if len(part) > left:
            return [*shown, (part[:left], differs), ("…", False)]
        shown.append((part, differs))
        left -= len(part)
    return shown


def _html_row(row: list[str]) -> str:
    cells = "".join(f"<td {CELL}>{html_of(text)}</td>" for text in row[1:])
    return f'<tr><th scope="row" {LABEL}>{field_name(row[0])}</th>{cells}</tr>'


@contextmanager
def caught(*errors: type[Exception]) -> Iterator[None]:
    """Print the name and message of the error that the block raises, and continue.

    If the block raises no error, print "no error". Errors other than `errors` are raised as
    usual.
    """
    try:
        yield
    except errors as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("no error")
