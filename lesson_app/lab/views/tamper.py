"""Flip one bit in each field of a cookie, and see who notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...cookie import from_base64, to_base64
from ...dissect.words import moment, span
from .trials import Trials, try_opening

#: The fields of a sealed cookie that are texts of digits, in the clear.
TIMES = ("created_at", "duration")
_FIELDS = ("iv", "ciphertext", *TIMES, "mac")


def tamper(value: str, openers: Mapping[str, Callable[[str], Any]]) -> Trials:
    """Flip one bit in the middle of each field of a sealed cookie, and open each result.

    `openers` are functions that take a cookie's value, by what to call them. Of each is
    told what it returns, or which error it raises. All of it is tried, nothing is known
    beforehand.
    """
    rows = []
    for name, raw in bytes_of(value).items():
        changed = flipped(value, name, len(raw) // 2, 0)
        told = [try_opening(opener, changed)[1] for opener in openers.values()]
        rows.append([name, _read(name, raw), *told])
    headings = ["a bit flipped in", "before: a stranger reads", *openers]
    return Trials(headings, rows, (14, 24, 22))


def bytes_of(value: str) -> dict[str, bytes]:
    """Return the bytes that the five fields of a sealed cookie stand for, by name."""
    texts = value.split(".")
    if len(texts) != len(_FIELDS):
        raise ValueError(f"a sealed cookie has five fields between dots, not {len(texts)}")
    return {
        name: text.encode("latin-1", "replace") if name in TIMES else from_base64(text)
        for name, text in zip(_FIELDS, texts, strict=True)
    }


def flipped(value: str, field: str, byte: int, bit: int) -> str:
    """Return the cookie with one bit of one byte of a field flipped; bit 0 is the lowest.

    In base64 the bytes are changed, not the signs: the last sign has spare bits.
    """
    raw = bytearray(bytes_of(value)[field])
    raw[byte] ^= 1 << bit
    fields = value.split(".")
    text = raw.decode("latin-1") if field in TIMES else to_base64(bytes(raw))
    fields[_FIELDS.index(field)] = text
    return ".".join(fields)


def _read(name: str, raw: bytes) -> str:
    if name == "created_at":
        return moment(int(raw))
    if name == "duration":
        return span(int(raw))
    return f"{len(raw)} bytes that look random"
