"""Show the HTTP exchanges that led to a response, and the cookies on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

import requests

from ...cookie import FIELDS
from ...dissect import size
from ...dissect.words import moment, span
from ..views.markup import BELOW, CELL, LABEL, field_name, mark, table
from .diagram import Diagram, sequence
from .record import Exchange, exchanges_of

# The value of a sealed cookie within a Cookie or Set-Cookie header.
_SEALED = re.compile(
    r"(?<==)([\w-]+)\.([\w-]+)\.(\d{1,16})\.(\d{1,16})\.([\w-]+)(?=;|$)", re.ASCII
)
_WIDTHS = (20, 52, 28)


@dataclass(frozen=True)
class Line:
    """One header or field on the wire: its name, its text, and what the text means.

    `mark` is "new", "changed" or empty, compared with the last exchange. `depth` is 1 for a
    field of the cookie above it.
    """

    name: str
    text: str
    meaning: str = ""
    mark: str = ""
    depth: int = 0


class Wire:
    """Exchanges to show: as text in a terminal, as a table in a notebook."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.exchanges = tuple(exchanges)

    def diagram(self) -> Diagram:
        """Return the same exchanges as a sequence diagram."""
        return sequence({"browser": self.exchanges})

    def __repr__(self) -> str:
        seen: set[str] = set()
        return "\n\n".join("\n".join(_text(each, seen)) for each in self.exchanges)

    def _repr_html_(self) -> str:
        seen: set[str] = set()
        return "\n".join(_html(each, seen) for each in self.exchanges)


def show(response: requests.Response) -> Wire:
    """Return the exchanges that led to `response`, redirects included.

    Each exchange shows the request line, the ``Cookie`` sent, the status and each
    ``Set-Cookie`` received. A cookie is marked as new, or as changed if it differs from the
    one that this client last sent or got; each field that differs is marked too. The first
    time a sealed cookie appears, its five fields are listed. Leave the result as the last
    line of a cell, or print it.
    """
    if not isinstance(response, requests.Response):
        raise TypeError(
            f"show() expected a response, got a {type(response).__name__}; "
            "pass the result of browser.get(...)"
        )
    return Wire(exchanges_of(response))


def _sent(exchange: Exchange, seen: set[str]) -> Iterator[Line]:
    if not exchange.cookie:
        yield Line("Cookie", "none")
        return
    changes = {pair[0]: _change(*pair, exchange.before) for pair in exchange.sent}
    yield from _cookie_lines(
        "Cookie", exchange.cookie, _described(changes), seen, exchange.before
    )


def _received(exchange: Exchange, seen: set[str]) -> Iterator[Line]:
    if exchange.location is not None:
        yield Line("Location", exchange.location)
    if not exchange.set_cookies:
        yield Line("Set-Cookie", "none")
    before = {**exchange.before, **dict(exchange.sent)}
    for text, pair in zip(exchange.set_cookies, exchange.received, strict=True):
        change = _change(*pair, before)
        yield from _cookie_lines("Set-Cookie", text, change, seen, before)


def _change(name: str, value: str, before: Mapping[str, str]) -> str:
    if name not in before:
        return "new"
    return "changed" if before[name] != value else ""


def _described(changes: Mapping[str, str]) -> str:
    """Say which cookies are new or changed; a single one needs no name."""
    if len(changes) == 1:
        return next(iter(changes.values()))
    return ", ".join(f"{name} {change}" for name, change in changes.items() if change)


def _cookie_lines(
    name: str, text: str, change: str, seen: set[str], before: Mapping[str, str]
) -> Iterator[Line]:
    yield Line(name, _SEALED.sub(_abridge, text), mark=change)
    for found in _SEALED.finditer(text):
        if found[0] in seen:
            yield Line("fields", "the same as above", depth=1)
            continue
        seen.add(found[0])
        cookie = text[text.rfind(";", 0, found.start()) + 1 : found.start()].strip(" =")
        last = _SEALED.fullmatch(f"={before.get(cookie, '')}", 1)
        yield from _fields(found.groups(), last.groups() if last else found.groups())


def _abridge(fields: re.Match[str]) -> str:
    """Shorten the three long fields; the lines below show them in full."""
    iv, ciphertext, created_at, duration, mac = fields.groups()
    return f"{iv[:4]}\u2026.{ciphertext[:4]}\u2026.{created_at}.{duration}.{mac[:4]}\u2026"


def _fields(texts: tuple[str, ...], last: tuple[str, ...]) -> Iterator[Line]:
    iv, ciphertext, created_at, duration, mac = texts
    meanings = (
        f"{size(iv)}, random",
        f"{size(ciphertext)}, the session, encrypted",
        moment(int(created_at)),
        span(int(duration)),
        f"{size(mac)}, protects the four fields before it",
    )
    for name, text, meaning, old in zip(FIELDS, texts, meanings, last, strict=True):
        yield Line(name, text, meaning, mark="" if text == old else "changed", depth=1)


def _text(exchange: Exchange, seen: set[str]) -> Iterator[str]:
    yield f"> {exchange.method} {exchange.path_url}"
    yield from map(_text_line, _sent(exchange, seen))
    yield f"< {exchange.status}"
    yield from map(_text_line, _received(exchange, seen))
    if exchange.body:
        yield exchange.body


def _text_line(line: Line) -> str:
    meaning = f"{line.meaning}  [{line.mark}]" if line.mark else line.meaning
    if not line.depth:
        return f"  {line.name}: {line.text}{meaning and '  '}{meaning.strip()}"
    return f"    {line.name:<12}{line.text}  {meaning}".rstrip()


def _html(exchange: Exchange, seen: set[str]) -> str:
    rows = [
        _html_heading("Request", f"{exchange.method} {exchange.path_url}"),
        *map(_html_row, _sent(exchange, seen)),
        _html_heading("Response", exchange.status),
        *map(_html_row, _received(exchange, seen)),
    ]
    body = f"<pre>{escape(exchange.body)}</pre>" if exchange.body else ""
    return f"{table(_WIDTHS, rows)}{body}"


def _html_heading(what: str, text: str) -> str:
    return (
        f'<tr><th scope="row" {CELL}>{what}</th>'
        f'<td colspan="2" {CELL}><b><code>{escape(text)}</code></b></td></tr>'
    )


def _html_row(line: Line) -> str:
    name = field_name(line.name) if line.depth else escape(line.name)
    text = f"<code>{escape(line.text)}</code>" if line.meaning or not line.depth else line.text
    marked = f" {mark(line.mark)}" if line.mark else ""
    if not line.meaning:
        meaning = f'<td colspan="2" {CELL}>{text}{marked}</td>'
    else:
        meaning = f"<td {CELL}>{text}</td><td {CELL}>{escape(line.meaning)}{marked}</td>"
    return f'<tr><th scope="row" {BELOW if line.depth else LABEL}>{name}</th>{meaning}</tr>'
