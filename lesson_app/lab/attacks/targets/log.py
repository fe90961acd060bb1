"""The requests that a target gets, and what they say about an attack."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from flask import Flask, Response, g, request, request_finished

from ....cookie import Codec, from_base64
from ....dissect.words import shortened
from ....errors import BadCookie, BadFormat
from ....interface import ClientSessionInterface
from ....middleware import cookie_refused
from ...http.record import Exchange, seen_by_app

#: Who sends a request, and which app gets it.
YOU, ADMIN = "you", "the admin"
TARGET, GUESTBOOK = "target", "guestbook"

# The kinds of cookie that a request can bring for the app's session.
NONE, MISNAMED = "no cookie", "no session cookie"
OWN, EMPTIED = "your own cookie", "a cookie from a logout"
LIVE, OLD = "the admin's cookie", "the admin's cookie from before the logout"
GUESTBOOKS, PREFS = "a cookie of the guestbook", "the prefs cookie, sent as session"
FORGED = "a cookie the app never set"
_REFUSALS = {
    "signature": "sealed with another secret, or changed",
    "name": "sealed for a cookie of another name",
    "expired": "it has expired",
    "revoked": "the logout ended its session",
}

MOST_REQUESTS = 1000


@dataclass(frozen=True)
class Entry:
    """One request to a target: its exchange, and what the target knows about it.

    `brought` says which kind of cookie came for the session, and `cookies` how many came.
    `refused` is the reason if the app refused that cookie. `user` is the user that the page
    found in the session. `shows_flag` says whether the response contains the flag's text.
    """

    number: int
    exchange: Exchange
    who: str
    place: str
    brought: str
    cookies: int
    refused: str
    user: Any
    shows_flag: bool

    @property
    def asks_for_flag(self) -> bool:
        """Whether you asked the target for the page ``/flag``."""
        wanted = (YOU, TARGET, "GET", "/flag")
        return (self.who, self.place, self.exchange.method, self.exchange.path) == wanted

    @property
    def status(self) -> int:
        """The response's status code."""
        return int(self.exchange.status[:3])

    @property
    def row(self) -> tuple[str, ...]:
        """What a table shows of this entry."""
        place = "" if self.place == TARGET else f"{self.place}: "
        asked = f"{self.exchange.method} {place}{shortened(self.exchange.path, 30)}"
        flag = "  shows the flag" if self.shows_flag else ""
        return str(self.number), self.who, asked, str(self.status), self.brought + flag


class Finding(NamedTuple):
    """What the log says about an attack: "captured" or another name, and a sentence."""

    name: str
    sentence: str


class Log:
    """The requests that came, the cookies that were set, and whether the secret was read.

    `flag` is a text that only the admin should see; "" if a page is the flag.
    """

    def __init__(self, flag: str = "") -> None:
        self.entries: list[Entry] = []
        self.revealed = False
        self.admins_agent = secrets.token_hex()
        self._flag = flag
        self._numbers = itertools.count(1)
        self._set: dict[bytes, str] = {}  # the kind of each cookie, by its MAC
        self._admin_is_in = True

    @property
    def asked(self) -> list[Entry]:
        """Your requests for the flag."""
        return [each for each in self.entries if each.asks_for_flag]

    @property
    def won(self) -> list[Entry]:
        """Those of your requests that got the flag."""
        if self._flag:
            return [each for each in self.entries if each.who == YOU and each.shows_flag]
        return [each for each in self.asked if each.status == 200]

    def reveal(self, secret: str | bytes) -> str | bytes:
        """Return the secret, and note that it was read."""
        self.revealed = True
        return secret

    def of(self, app: Flask) -> Flask:
        """Note each exchange of `app` from now on, and answer 429 when the log is full."""
        app.before_request(self._refuse_when_full)
        cookie_refused.connect(_note_refusal, app)
        request_finished.connect(self._note, app)
        return app

    def describe(self, entry: Entry) -> str:
        """Name a request by its number, its page and its cookie."""
        asked = f"{entry.exchange.method} {shortened(entry.exchange.path, 30)}"
        return f"request {entry.number} of {len(self.entries)}: {asked} with {entry.brought}"

    def another_attack(self, name: str, what: str) -> Finding:
        """Return the finding that the flag was captured in a way that doesn't count."""
        verdict = "captured, but" if self.won else "not captured, and"
        return Finding(name, f"{verdict} {what}: that is another attack")

    def _refuse_when_full(self) -> tuple[str, int] | None:
        full = len(self.entries) >= MOST_REQUESTS
        return ("too many requests", 429) if full else None

    def _note(self, app: Flask, *, response: Response, **_: object) -> None:
        if self._refuse_when_full():
            return
        exchange, place = seen_by_app(request, response), app.name
        is_admin = request.headers.get("User-Agent") == self.admins_agent
        brought, number = self._kind(exchange, app)
        for name, value in exchange.received:
            kind = LIVE if is_admin else OWN
            kind = PREFS if name == "prefs" else GUESTBOOKS if place == GUESTBOOK else kind
            self._set[_mac(value)] = EMPTIED if exchange.path == "/logout" else kind
        if is_admin and exchange.path == "/logout":
            self._admin_is_in = False
        who = ADMIN if is_admin else YOU
        shows = self._flag != "" and self._flag in response.get_data(as_text=True)
        facts = place, brought, number, g.get("refused", ""), g.get("user"), shows
        self.entries.append(Entry(next(self._numbers), exchange, who, *facts))

    def _kind(self, exchange: Exchange, app: Flask) -> tuple[str, int]:
        """Return the kind of the session's cookie, and how many cookies have its name."""
        interface = cast(ClientSessionInterface, app.session_interface)
        name, codec = interface.get_cookie_name(app), interface.get_codec(app)
        values = [value for each, value in exchange.sent if each == name and value]
        if not values:
            return (MISNAMED if any(each != name for each, _ in exchange.sent) else NONE), 0
        # As the app does: of several cookies, take the first that opens.
        opened = (each for each in values if _opens(codec, name, each))
        kind = self._set.get(_mac(next(opened, values[0])), FORGED)
        kind = OLD if kind == LIVE and not self._admin_is_in else kind
        return kind, len(values)


def _opens(codec: Codec | None, name: str, value: str) -> bool:
    try:
        return codec is not None and bool(codec.unseal(value, name=name))
    except BadCookie:
        return False


def _note_refusal(app: Flask, *, name: str, reason: str, **_: object) -> None:
    if name == app.session_interface.get_cookie_name(app):
        g.refused = reason


def _mac(value: str) -> bytes:
    """Return what identifies a cookie: several spellings of a value have the same MAC."""
    try:
        return from_base64(value.rpartition(".")[2])
    except BadFormat:
        return value.encode("utf-8", "surrogatepass")


def judge_cookie(log: Log, *, wanted: str) -> Finding:
    """Judge by the cookie that a request for the page ``/flag`` has to bring."""
    if not log.asked:
        return Finding("never-asked", "not captured: you have not asked for /flag")
    right = [each for each in log.won if each.brought == wanted]
    if right:
        return Finding("captured", f"captured, {log.describe(right[-1])}")
    if log.won:
        what = log.describe(log.won[-1])
        return Finding("forged", f"captured, but that is another attack; {what}")
    last = log.asked[-1]
    name, reason = _failure(last)
    return Finding(name, f"not captured, {log.describe(last)}; {last.status}, {reason}")


def _failure(asked: Entry) -> tuple[str, str]:
    """Return why a request for ``/flag`` got nothing: a name for it, and a sentence."""
    if asked.brought in (NONE, MISNAMED):
        name = "no-cookie" if asked.brought == NONE else "misnamed"
        return name, "no user is logged in"
    if asked.cookies > 1 and asked.user:
        return "two-cookies", "several cookies named session came; the first that opened won"
    if asked.brought == EMPTIED:
        return "copied-too-late", "its session is empty"
    if asked.refused:
        reason = _REFUSALS.get(asked.refused, f"it does not open ({asked.refused})")
        return asked.refused, reason
    if not asked.user:
        return "no-user", "its session has no userName"
    return "not-admin", "its user is not the admin"


def judge_text(log: Log) -> Finding:
    """Judge by whether a response to you contains the flag's text."""
    yours = [each for each in log.entries if each.who == YOU]
    if log.won:
        return Finding("captured", f"captured, {log.describe(log.won[-1])}")
    if not yours:
        return Finding("no-request", "not captured: you have sent no request")
    last = yours[-1]
    what = f"{log.describe(last)}; {last.status}"
    for status, name in ((429, "too-many"), (409, "taken")):
        if any(each.status == status for each in yours):
            return Finding(name, f"not captured: the app answered {status}; {what}")
    guesses = [each.status for each in yours if each.exchange.path == "/password"]
    if guesses and not {200, 400} & set(guesses):
        return Finding("no-code", f"not captured: no code was right; {what}")
    if any(each.exchange.path == "/flag" for each in yours):
        return Finding("wrong-page", "not captured: this app has no page /flag")
    if all(each.status in (401, 403) for each in yours):
        return Finding("all-refused", f"not captured, {what}")
    return Finding("no-flag", f"not captured: no response shows the flag; {what}")
