"""Flip one bit in each field of a cookie, and see who notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from ..cookie import from_base64, to_base64
from ..errors import BadCookie
from ..words import moment, span
from .exercises.engine import outcome, short, tell
from .markup import CELL, field_name, table

_FIELDS = ("iv", "ciphertext", "created_at", "duration", "mac")


class Tampered:
    """What became of each flip: text in a terminal, a table in a notebook.

    `rows` holds texts: the field, what a stranger reads in it, and one for each opener.
    """

    def __init__(self, headings: list[str], rows: list[list[str]]) -> None:
        self.headings, self.rows = headings, rows

    def __repr__(self) -> str:
        return "\n\n".join("\n".join(self._text(row)) for row in self.rows)

    def _text(self, row: list[str]) -> list[str]:
        width = max(map(len, self.headings))
        told = zip(self.headings[1:], row[1:], strict=True)
        return [
            f"{self.headings[0]} {row[0]}",
            *(f"  {heading:<{width}}  {text}" for heading, text in told),
        ]

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" {CELL}>{escape(each)}</th>' for each in self.headings)
        return table((14, 24, 22), [f"<tr>{heads}</tr>", *map(_html_row, self.rows)])


def tamper(value: str, openers: Mapping[str, Callable[[str], Any]]) -> Tampered:
    """Flip one bit in the middle of each field of a sealed cookie, and open each result.

    `openers` are functions that take a cookie's value, by what to call them. Of each is
    told what it returns, or which error it raises. All of it is tried, nothing is known
    beforehand.
    """
    fields = value.split(".")
    if len(fields) != len(_FIELDS):
        raise ValueError(f"a sealed cookie has five fields between dots, not {len(fields)}")
    rows = []
    for place, (name, text) in enumerate(zip(_FIELDS, fields, strict=True)):
        flip = _flip_digit if name in ("created_at", "duration") else _flip_byte
        changed = ".".join((*fields[:place], flip(text), *fields[place + 1 :]))
        told = [_tell(outcome(opener, changed)) for opener in openers.values()]
        rows.append([name, _read(name, text), *told])
    return Tampered(["a bit flipped in", "a stranger reads", *openers], rows)


def _flip_byte(text: str) -> str:
    """Flip the lowest bit of the byte in the middle: the last sign has spare bits."""
    raw = bytearray(from_base64(text))
    raw[len(raw) // 2] ^= 1
    return to_base64(bytes(raw))


def _flip_digit(text: str) -> str:
    """Flip the lowest bit of the digit in the middle: it stays a digit."""
    middle = len(text) // 2
    return f"{text[:middle]}{int(text[middle]) ^ 1}{text[middle + 1 :]}"


def _read(name: str, text: str) -> str:
    if name == "created_at":
        return moment(int(text))
    if name == "duration":
        return span(int(text))
    return f"{len(from_base64(text))} bytes that look random"


def _tell(result: Any) -> str:
    if isinstance(result, BadCookie):
        return f"refused: {type(result).__name__}"
    if isinstance(result, Exception):
        return f"fails: {tell(result)}"
    return f"opens: {short(result)}"


def _html_row(row: list[str]) -> str:
    cells = "".join(f"<td {CELL}>{escape(text)}</td>" for text in row[1:])
    return f'<tr><th scope="row" {CELL}>{field_name(row[0])}</th>{cells}</tr>'
