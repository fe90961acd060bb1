"""Record HTTP exchanges: what a visitor sends and gets, and what a server is asked.

Every view of an exchange, and every judgement of an attack, is made from these records.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from weakref import WeakKeyDictionary

import flask
import requests

from ..._engine.headers import cookie_pairs

_MOST_KEPT = 200
_MOST_SHOWN = 4000
_numbers = itertools.count()
_known: WeakKeyDictionary[requests.Response, Exchange] = WeakKeyDictionary()


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as they went over the wire.

    `path_url` is the path and the query. `number` grows with each exchange of this process.
    `before` holds the visitor's cookies by name, with the values last sent or set before.
    """

    host: str
    method: str
    path_url: str
    cookie: str | None
    status: str
    location: str | None
    set_cookies: tuple[str, ...]
    body: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def path(self) -> str:
        """The path alone, without escapes."""
        return unquote(self.path_url.partition("?")[0])

    @property
    def sent(self) -> tuple[tuple[str, str], ...]:
        """The names and values in the Cookie header."""
        return tuple(cookie_pairs(self.cookie or ""))

    @property
    def received(self) -> tuple[tuple[str, str], ...]:
        """The names and values in the Set-Cookie headers."""
        return tuple(map(pair_of, self.set_cookies))

    @property
    def after(self) -> Mapping[str, str]:
        """The visitor's cookies by name, after this exchange."""
        return {**self.before, **dict(self.sent), **dict(self.received)}


@dataclass(frozen=True)
class Remark:
    """A note about a visitor between two exchanges."""

    text: str
    number: int = field(default_factory=lambda: next(_numbers))


class Record:
    """The last 200 exchanges of one visitor, redirects included, and the remarks between."""

    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=_MOST_KEPT)
        self.remarks: deque[Remark] = deque(maxlen=_MOST_KEPT)

    @property
    def steps(self) -> list[Exchange | Remark]:
        """Exchanges and remarks, in the order in which they happened."""
        return sorted([*self.exchanges, *self.remarks], key=lambda step: step.number)

    def keep(self, response: requests.Response, **_: Any) -> None:
        """Keep the exchange of a response; `requests` calls this for each, in order."""
        before = self.exchanges[-1].after if self.exchanges else {}
        exchange = _known[response] = _seen_by_client(response, before)
        self.exchanges.append(exchange)


def exchanges_of(response: requests.Response) -> tuple[Exchange, ...]:
    """Return the exchanges of a response: its redirects in order, then its own."""
    found: list[Exchange] = []
    for each in (*response.history, response):
        before = found[-1].after if found else {}
        found.append(_known.get(each) or _seen_by_client(each, before))
    return tuple(found)


def seen_by_app(request: flask.Request, response: flask.Response) -> Exchange:
    """Return the exchange of a request that a Flask app has answered, whoever sent it."""
    query = request.query_string.decode("latin-1")
    return Exchange(
        # `request.host` raises for a host that the app does not trust.
        host=request.headers.get("Host", ""),
        method=request.method,
        path_url=f"{quote(request.path)}{query and '?'}{query}",
        cookie=_as_text(request.headers.get("Cookie")),
        status=response.status,
        location=_as_text(response.headers.get("Location")),
        set_cookies=tuple(response.headers.getlist("Set-Cookie")),
    )


def pair_of(line: str) -> tuple[str, str]:
    """Return the name and the value at the start of a Set-Cookie line."""
    name, _, value = line.partition(";")[0].partition("=")
    return name.strip(), value.strip()


def _seen_by_client(response: requests.Response, before: Mapping[str, str]) -> Exchange:
    # A response that an adapter made by hand may lack its request or its raw headers.
    request: requests.PreparedRequest | None = response.request
    headers = request.headers if request else {}
    # response.headers joins several Set-Cookie lines into one; the raw headers do not.
    lines_of = getattr(getattr(response.raw, "headers", None), "getlist", None)
    return Exchange(
        host=urlsplit(request.url or "").netloc if request else "",
        method=(request and request.method) or "",
        path_url=request.path_url if request and request.url else "",
        cookie=_as_text(headers.get("Cookie")),
        status=f"{response.status_code} {response.reason or ''}".strip(),
        location=_as_text(response.headers.get("Location")),
        set_cookies=tuple(lines_of("Set-Cookie")) if lines_of else (),
        body=_end(_body(response)) if (response.status_code or 0) >= 500 else "",
        before=before,
    )


def _as_text(header: Any) -> str | None:
    """Return a header's value as text: `requests` also takes and keeps bytes."""
    return header.decode("latin-1") if isinstance(header, bytes) else header


def _body(response: requests.Response) -> str:
    """Return the body of an error; a body that cannot be read must not hide the exchange."""
    try:
        content = response.content or b""
    except (OSError, RuntimeError):  # the connection broke, or the body was already read
        return ""
    try:
        return response.text
    except ValueError:  # a charset such as "idna" raises on most bytes
        return content.decode("utf-8", "replace")


def _end(text: str) -> str:
    """Return the end of an error's text, without characters that move the cursor."""
    text = text.strip()[-_MOST_SHOWN:]
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
