"""Find a cookie's value in pasted text: a value, a name=value pair, or headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .._engine.headers import cookie_pairs

_HEADER = re.compile(r"^[<>]?[ \t]*(set-cookie|cookie):(.*)", re.IGNORECASE | re.MULTILINE)
# A name and a value. Base64 padding (`aa==.bb`) must not count as a pair: so the name has no
# dot, and the value starts with neither a dot nor another `=`.
_PAIR = re.compile(r"[!#$%&'*+^_`|~0-9A-Za-z-]+=(?![=.])")


class Pasted(NamedTuple):
    """A cookie's name and value, and where they were found."""

    name: str
    value: str
    source: str


def find_pasted(text: str, name: str | None = None) -> Pasted:
    """Return the cookie called `name` within `text`.

    `text` is a value, or ``name=value`` with or without attributes, or lines that include
    ``Cookie`` or ``Set-Cookie`` headers. Without `name`, return the cookie called session,
    else the first with five fields, else the first. Raises ValueError if there is none.
    """
    text = _unquoted(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))
    cookies = list(_cookies(text, name or "session"))
    if not cookies:
        if _HEADER.search(text):
            raise ValueError("expected name=value in the header, got no cookie")
        return Pasted(name or "session", text, "")
    if name is None:
        sealed = [cookie for cookie in cookies if cookie.value.count(".") == 4]
        return next((c for c in cookies if c.name == "session"), (sealed or cookies)[0])
    for cookie in cookies:
        if cookie.name == name:
            return cookie
    names = ", ".join(dict.fromkeys(repr(cookie.name) for cookie in cookies))
    raise ValueError(f"expected a cookie called {name!r}, got {names[:200]}")


def _cookies(text: str, name: str) -> Iterator[Pasted]:
    for header in _HEADER.finditer(text):
        if header[1].lower() == "cookie":
            yield from _pairs(header[2], "a Cookie header")
        else:
            yield from _pairs(header[2].partition(";")[0], "a Set-Cookie header")
    if not _HEADER.search(text) and (_PAIR.match(text) or text.startswith(f"{name}=")):
        yield from _pairs(text, "name=value")


def _pairs(header: str, source: str) -> Iterator[Pasted]:
    for name, value in cookie_pairs(header):
        yield Pasted(name.strip(), _unquoted(value), source)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text
