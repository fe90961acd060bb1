"""Bytes to draw, and what a drawing shows."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from course.rubric import _html
from lesson_app import derive_keys
from lesson_app.cookie import encrypt
from lesson_app.lab.draw.grid import Mark
from tests.conftest import SECRET

KEYS = derive_keys(SECRET)
KEY = KEYS.encryption
IV = bytes(range(1, 17))
MESSAGE = b'{"message":"user"}'
CIPHERTEXT = encrypt(MESSAGE, KEYS, IV)


def flipped(raw: bytes, place: int) -> bytes:
    """Return `raw` with the lowest bit of the byte at `place` flipped."""
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def marked(drawing: Any) -> dict[str, list[int]]:
    """Return the numbers of the marked cells of each row that has any, by the row's label."""
    rows = {}
    for row in drawing.rows:
        places = [place for place, cell in enumerate(row[1:]) if isinstance(cell, Mark)]
        if places:
            rows[row[0]] = places
    return rows


def check_both(drawing: Any) -> None:
    """Check that the text says what the HTML says, and that the HTML survives a sanitizer."""
    html, text = drawing._repr_html_(), repr(drawing)
    assert [fault for fault in _html("cell", html, text) if fault] == []
    brackets = [
        f"[{cell}]"
        for row in getattr(drawing, "rows", ())
        for cell in row
        if isinstance(cell, Mark)
    ]
    assert [unescape(each) for each in re.findall("<mark>(.*?)</mark>", html)] == brackets
    assert all(unescape(piece).strip() in text for piece in re.split("<[^>]*>", html))
    tags = {"p", "br", "table", "tr", "td", "th", "b", "mark", "pre"}
    assert set(re.findall(r"<(\w+)", html)) <= tags
    assert not re.search(r"<[^>]* (class|id|on\w+)=", html)
