"""Show the HTTP exchanges that led to a response, and the cookies on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape

import requests

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
    """One thing seen on the wire: a header's name, its text, and what the text means.

    `mark` tells what became of it since the last exchange: "new", "changed" or nothing.
    `depth` is 1 for a field of the cookie above it.
    """

    name: str
    text: str
    meaning: str = ""
    mark: str = ""
    depth: int = 0


class Wire:
    """Some exchanges: text in a terminal, a table in a notebook; `diagram()` draws them."""

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
    """Return what went over the wire for `response`, redirects included.

    For each exchange: the request line, the ``Cookie`` sent, the status, each
    ``Set-Cookie`` received. A cookie that was not there before is marked as new; one that
    differs from what this browser last sent or got as changed, and so are those of its
    fields that differ. The five fields of a sealed cookie are told apart, where it is
    first seen. Leave it as a cell's last line, or print it.
    """
    if not isinstance(response, requests.Response):
        raise TypeError(
            f"show() was given a {type(response).__name__}: give what browser.get(...) returned"
        )
    return Wire(exchanges_of(response))


def _sent(exchange: Exchange, seen: set[str]) -> Iterator[Line]:
    if not exchange.cookie:
        yield Line("Cookie", "none")
        return
    changes = {pair[0]: _change(*pair, exchange.before) for pair in exchange.sent}
    yield from _cookie_lines("Cookie", exchange.cookie, _told(changes), seen, exchange.before)


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


def _told(changes: Mapping[str, str]) -> str:
    """Say what became of several cookies; of one alone the name is clear."""
    if len(changes) == 1:
        return next(iter(changes.values()))
    return ", ".join(f"{name} {change}" for name, change in changes.items() if change)


def _cookie_lines(
    name: str, text: str, change: str, seen: set[str], before: Mapping[str, str]
) -> Iterator[Line]:
    yield Line(name, _SEALED.sub(_abridge, text), mark=change)
    for found in _SEALED.finditer(text):
        if found[0] in seen:
            yield Line("fields", "of the value shown above", depth=1)
            continue
        seen.add(found[0])
        cookie = text[: found.start()].rpartition(";")[2].strip(" =")
        last = _SEALED.fullmatch(f"={before.get(cookie, '')}", 1)
        yield from _fields(found.groups(), last.groups() if last else found.groups())


def _abridge(fields: re.Match[str]) -> str:
    """Shorten the three long fields; they follow in full."""
    iv, ciphertext, created_at, duration, mac = fields.groups()
    return f"{iv[:4]}\u2026.{ciphertext[:4]}\u2026.{created_at}.{duration}.{mac[:4]}\u2026"


def _fields(texts: tuple[str, ...], last: tuple[str, ...]) -> Iterator[Line]:
    iv, ciphertext, created_at, duration, mac = texts
    lines = (
        Line("iv", iv, f"{size(iv)}, random"),
        Line("ciphertext", ciphertext, f"{size(ciphertext)}, the session, encrypted"),
        Line("created_at", created_at, moment(int(created_at))),
        Line("duration", duration, span(int(duration))),
        Line("mac", mac, f"{size(mac)}, vouches for the four fields before it"),
    )
    for line, text in zip(lines, last, strict=True):
        yield replace(line, depth=1, mark="" if line.text == text else "changed")


def _text(exchange: Exchange, seen: set[str]) -> Iterator[str]:
    yield f"> {exchange.method} {exchange.path_url}"
    yield from map(_text_line, _sent(exchange, seen))
    yield f"< {exchange.status}"
    yield from map(_text_line, _received(exchange, seen))
    if exchange.body:
        yield exchange.body


def _text_line(line: Line) -> str:
    told = f"{line.meaning}  [{line.mark}]" if line.mark else line.meaning
    if not line.depth:
        return f"  {line.name}: {line.text}{told and '  '}{told.strip()}"
    return f"    {line.name:<12}{line.text}  {told}".rstrip()


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
        told = f'<td colspan="2" {CELL}>{text}{marked}</td>'
    else:
        told = f"<td {CELL}>{text}</td><td {CELL}>{escape(line.meaning)}{marked}</td>"
    return f'<tr><th scope="row" {BELOW if line.depth else LABEL}>{name}</th>{told}</tr>'
