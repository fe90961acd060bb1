"""Flip one bit in each field of a cookie and try to open the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...cookie import FIELDS, TIMES, from_base64, to_base64
from ...dissect.words import moment, span
from ..exercises.judging import outcome
from .trials import Trials, try_opening


def tamper(value: str, openers: Mapping[str, Callable[[str], Any]]) -> Trials:
    """Flip one bit in the middle of each field of a sealed cookie, and open each result.

    `openers` maps a label to a function that takes a cookie's value. The table shows what
    each function returned, or which error it raised. If it returned something else than for
    the untouched cookie, the changed part is marked.
    """
    untouched = [outcome(opener, value) for opener in openers.values()]
    rows = []
    for name, raw in bytes_of(value).items():
        changed = flipped(value, name, len(raw) // 2, 0)
        results = [
            try_opening(opener, changed, before)[1]
            for opener, before in zip(openers.values(), untouched, strict=True)
        ]
        rows.append([name, _read(name, raw), *results])
    headings = ["a bit flipped in", "the original shows", *openers]
    return Trials(headings, rows, (14, 24, 22))


def bytes_of(value: str) -> dict[str, bytes]:
    """Return the five fields of a sealed cookie by name, decoded from base64url."""
    texts = value.split(".")
    if len(texts) != len(FIELDS):
        raise ValueError(f"expected 5 fields separated by dots, got {len(texts)}")
    return {
        name: text.encode("latin-1", "replace") if name in TIMES else from_base64(text)
        for name, text in zip(FIELDS, texts, strict=True)
    }


def flipped(value: str, field: str, byte: int, bit: int) -> str:
    """Return the cookie with one bit of one byte of a field flipped; bit 0 is the lowest.

    It changes the decoded bytes, not the base64 text, whose last character has spare bits.
    """
    raw = bytearray(bytes_of(value)[field])
    raw[byte] ^= 1 << bit
    texts = value.split(".")
    text = raw.decode("latin-1") if field in TIMES else to_base64(bytes(raw))
    texts[FIELDS.index(field)] = text
    return ".".join(texts)


def _read(name: str, raw: bytes) -> str:
    if name == "created_at":
        return moment(int(raw))
    if name == "duration":
        return span(int(raw))
    return f"{len(raw)} bytes that look random"
