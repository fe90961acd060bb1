"""Keep what a visitor sends and gets: one record, from which every view is drawn."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import requests

_MOST_KEPT = 200
_MOST_SHOWN = 4000
_numbers = itertools.count()
_known: WeakKeyDictionary[requests.Response, Exchange] = WeakKeyDictionary()


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as they went over the wire.

    `number` grows with each exchange of this process, whoever made it. `before` holds the
    cookies by name, each as it was last sent or set until then.
    """

    host: str
    method: str
    target: str
    cookie: str | None
    status: str
    location: str | None
    set_cookies: tuple[str, ...]
    body: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def after(self) -> Mapping[str, str]:
        """The cookies by name, as this exchange leaves them."""
        received = dict(pair_of(line) for line in self.set_cookies)
        return {**self.before, **dict(pairs_of(self.cookie)), **received}


@dataclass(frozen=True)
class Remark:
    """What was said of a visitor between two exchanges."""

    text: str
    number: int = field(default_factory=lambda: next(_numbers))


class Record:
    """The last 200 exchanges of one visitor, redirects included, and what was said between."""

    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=_MOST_KEPT)
        self.remarks: deque[Remark] = deque(maxlen=_MOST_KEPT)

    @property
    def steps(self) -> list[Exchange | Remark]:
        """Both, in the order in which they happened."""
        return sorted([*self.exchanges, *self.remarks], key=lambda step: step.number)

    def keep(self, response: requests.Response, **_: Any) -> None:
        """Keep an exchange; `requests` calls this for each response, in order."""
        before = self.exchanges[-1].after if self.exchanges else {}
        exchange = _known[response] = _exchange(response, before)
        self.exchanges.append(exchange)


def exchanges_of(response: requests.Response) -> tuple[Exchange, ...]:
    """Return what led to this response: its redirects in order, and itself."""
    found: list[Exchange] = []
    for each in (*response.history, response):
        before = found[-1].after if found else {}
        found.append(_known.get(each) or _exchange(each, before))
    return tuple(found)


def pairs_of(cookie: str | None) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a Cookie header."""
    return map(pair_of, filter(None, map(str.strip, (cookie or "").split(";"))))


def pair_of(line: str) -> tuple[str, str]:
    """Return the name and the value that open a Set-Cookie line."""
    name, _, value = line.partition(";")[0].partition("=")
    return name.strip(), value.strip()


def _exchange(response: requests.Response, before: Mapping[str, str]) -> Exchange:
    request = response.request
    url = urlsplit(request.url or "")
    return Exchange(
        host=url.netloc,
        method=request.method or "",
        target=f"{url.path}{f'?{url.query}' if url.query else ''}",
        cookie=request.headers.get("Cookie"),
        status=f"{response.status_code} {response.reason}",
        location=response.headers.get("Location"),
        # response.headers glues several Set-Cookie lines into one; the raw headers do not.
        set_cookies=tuple(response.raw.headers.getlist("Set-Cookie")),
        body=_end(response.text) if response.status_code >= 500 else "",
        before=before,
    )


def _end(text: str) -> str:
    """The end of an error's text, where the error is; without what moves a cursor."""
    text = text.strip()[-_MOST_SHOWN:]
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
