"""Show the HTTP exchanges that led to a response, and the cookies on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

import requests

from ..dissect import size
from ..words import moment, span

# The value of a sealed cookie within a Cookie or Set-Cookie header.
_SEALED = re.compile(
    r"(?<==)([\w-]+)\.([\w-]+)\.(\d{1,16})\.(\d{1,16})\.([\w-]+)(?=;|$)", re.ASCII
)

_MOST_SHOWN = 4000


@dataclass(frozen=True)
class Line:
    """One thing seen on the wire: a header's name, its text, and what the text means.

    `depth` is 1 for a field of the cookie above it.
    """

    name: str
    text: str
    meaning: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Exchange:
    """One request and its response."""

    request: str
    sent: tuple[Line, ...]
    status: str
    received: tuple[Line, ...]
    body: str = ""


class Wire:
    """The exchanges behind one response: text in a terminal, a table in a notebook."""

    def __init__(self, exchanges: tuple[Exchange, ...]) -> None:
        self.exchanges = exchanges

    def __repr__(self) -> str:
        return "\n\n".join("\n".join(_text(exchange)) for exchange in self.exchanges)

    def _repr_html_(self) -> str:
        return "\n".join(_html(exchange) for exchange in self.exchanges)


def show(response: requests.Response) -> Wire:
    """Return what went over the wire for `response`, redirects included.

    For each exchange: the request line, the ``Cookie`` sent, the status, each
    ``Set-Cookie`` received. The five fields of a sealed cookie are told apart, where it
    is first seen. Leave it as a cell's last line, or print it.
    """
    if not isinstance(response, requests.Response):
        raise TypeError(
            f"show() was given a {type(response).__name__}: give what browser.get(...) returned"
        )
    seen: set[str] = set()
    return Wire(tuple(_exchange(r, seen) for r in (*response.history, response)))


def _exchange(response: requests.Response, seen: set[str]) -> Exchange:
    request = response.request
    target = urlsplit(request.url or "")
    query = f"?{target.query}" if target.query else ""
    return Exchange(
        request=f"{request.method} {target.path}{query}",
        sent=tuple(_cookie_lines("Cookie", [request.headers.get("Cookie")], seen)),
        status=f"{response.status_code} {response.reason}",
        received=tuple(_received(response, seen)),
        body=_end(response.text) if response.status_code >= 500 else "",
    )


def _end(text: str) -> str:
    """The end of an error's text, where the error is; without what moves a cursor."""
    text = text.strip()[-_MOST_SHOWN:]
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _received(response: requests.Response, seen: set[str]) -> Iterator[Line]:
    if "Location" in response.headers:
        yield Line("Location", response.headers["Location"])
    # response.headers glues several Set-Cookie lines into one; the raw headers do not.
    yield from _cookie_lines("Set-Cookie", response.raw.headers.getlist("Set-Cookie"), seen)


def _cookie_lines(name: str, texts: Sequence[str | None], seen: set[str]) -> Iterator[Line]:
    if not any(texts):
        yield Line(name, "none")
    for text in filter(None, texts):
        yield Line(name, _SEALED.sub(_abridge, text))
        for fields in _SEALED.finditer(text):
            if fields[0] in seen:
                yield Line("", "the value shown above", depth=1)
            else:
                seen.add(fields[0])
                yield from _fields(*fields.groups())


def _abridge(fields: re.Match[str]) -> str:
    """Shorten the three long fields; they follow in full."""
    iv, ciphertext, created_at, duration, mac = fields.groups()
    return f"{iv[:4]}\u2026.{ciphertext[:4]}\u2026.{created_at}.{duration}.{mac[:4]}\u2026"


def _fields(
    iv: str, ciphertext: str, created_at: str, duration: str, mac: str
) -> Iterator[Line]:
    yield Line("iv", iv, f"{size(iv)}, random", 1)
    yield Line("ciphertext", ciphertext, f"{size(ciphertext)}, the session, encrypted", 1)
    yield Line("created_at", created_at, moment(int(created_at)), 1)
    yield Line("duration", duration, span(int(duration)), 1)
    yield Line("mac", mac, f"{size(mac)}, vouches for the four fields before it", 1)


def _text(exchange: Exchange) -> Iterator[str]:
    yield f"> {exchange.request}"
    yield from map(_text_line, exchange.sent)
    yield f"< {exchange.status}"
    yield from map(_text_line, exchange.received)
    if exchange.body:
        yield exchange.body


def _text_line(line: Line) -> str:
    if not line.depth:
        return f"  {line.name}: {line.text}"
    return f"    {line.name:<12}{line.text}  {line.meaning}".rstrip()


# Literal styles only: an untrusted notebook keeps these, and no others.
CELL = 'style="text-align: left; vertical-align: top; overflow-wrap: anywhere"'


def _html(exchange: Exchange) -> str:
    rows = [
        _html_heading("Request", exchange.request),
        *map(_html_row, exchange.sent),
        _html_heading("Response", exchange.status),
        *map(_html_row, exchange.received),
    ]
    widths = "".join(f'<col style="width: {width}%">' for width in (14, 56, 30))
    body = f"<pre>{escape(exchange.body)}</pre>" if exchange.body else ""
    return f'<table style="width: 100%">{widths}{"".join(rows)}</table>{body}'


def _html_heading(what: str, text: str) -> str:
    return (
        f'<tr><th scope="row" {CELL}>{what}</th>'
        f'<th colspan="2" {CELL}><code>{escape(text)}</code></th></tr>'
    )


def _html_row(line: Line) -> str:
    name = f"&emsp;{escape(line.name)}" if line.depth else escape(line.name)
    if not line.meaning:
        text = escape(line.text) if line.depth else f"<code>{escape(line.text)}</code>"
        return f'<tr><td {CELL}>{name}</td><td colspan="2" {CELL}>{text}</td></tr>'
    return (
        f"<tr><td {CELL}>{name}</td><td {CELL}><code>{escape(line.text)}</code></td>"
        f"<td {CELL}>{escape(line.meaning)}</td></tr>"
    )
