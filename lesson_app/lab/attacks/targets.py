"""Five apps to attack, each weak in one way, and a log that shows how the attack went.

Each function at the end makes one app, with names, passwords and a secret of its own.
Without options the app is weak; the options are the defence. Each app hides a flag: the page
``/flag``, which only the admin may see. The log decides whether the flag was captured.
"""

from __future__ import annotations

import hmac
import itertools
import secrets
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

import requests
from flask import Flask, Response, abort, g, request, request_finished, session
from markupsafe import escape

from ...app import PAGE_SECRET
from ...cookie import Codec, Keys, Unsealed, derive_keys, from_base64, seal, unseal
from ...dissect.words import columns, shortened
from ...errors import BadCookie, BadFormat
from ...interface import ClientSessionInterface
from ...middleware import ClientSessions, cookie_refused
from ...revocation import DenyList, UserEpochs
from ...session import Session
from ..codecs import codec_from
from ..http.record import Exchange, seen_by_app
from ..http.server import Server

#: Who sends a request, and which app gets it.
YOU, ADMIN = "you", "the admin"
TARGET, GUESTBOOK = "target", "guestbook"

# The kinds of cookie that a request can bring for the app's session.
_NONE, _MISNAMED = "no cookie", "no session cookie"
_OWN, _EMPTIED = "your own cookie", "a cookie from a logout"
_LIVE, _OLD = "the admin's cookie", "the admin's cookie from before the logout"
_GUESTBOOKS, _PREFS = "a cookie of the guestbook", "the prefs cookie, sent as session"
_FORGED = "a cookie the app never set"
_REFUSALS = {
    "signature": "sealed with another secret, or changed",
    "name": "sealed for a cookie of another name",
    "expired": "it has expired",
    "revoked": "the logout ended its session",
}

_MOST_REQUESTS, _MOST_RUNNING, _MOST_SHOWN = 1000, 6, 6
_PATIENCE = 60  # seconds

_WORDS = """
    password welcome sunshine princess football baseball dragon monkey shadow master letmein
    trustno1 superman batman iloveyou starwars whatever freedom mustang michael jennifer jordan
    hunter ranger buster soccer hockey killer george charlie andrew thomas robert daniel jessica
    pepper ginger cookie banana cheese coffee orange purple yellow silver golden diamond crystal
    summer winter autumn spring monday friday january october november december morning evening
    secret secret1 secret123 topsecret mysecret session sessions passwort passw0rd p4ssword
    changeme default example testing test1234 qwerty qwertz azerty asdfgh zxcvbn 123456 12345678
    123456789 abc123 abcdef admin admin123 administrator root toor guest login user server
    production development staging backup database website internet computer laptop keyboard
    monitor printer network wireless bluetooth android windows ubuntu debian python javascript
    flask express django angular github gitlab docker kubernetes amazon google facebook twitter
    youtube netflix spotify london berlin paris madrid vienna moscow tokyo sydney toronto
    chicago boston dallas houston denver seattle phoenix austin america england germany france
    canada mexico brazil australia island mountain river forest ocean desert garden flower rose
    violet jasmine daisy tulip maple willow cherry apple lemon mango papaya coconut tomato
    potato pumpkin carrot pepperoni pizza burger chicken turkey bacon butter honey sugar
    chocolate vanilla caramel cinnamon tiger lion eagle falcon dolphin whale shark turtle
    rabbit panther
    leopard cheetah elephant giraffe zebra kitten puppy snoopy garfield mickey minnie donald
    pokemon pikachu matrix terminator gandalf frodo merlin wizard phantom ghost angel heaven
    thunder lightning rainbow stardust galaxy jupiter saturn mercury neptune apollo phoenix1
    arsenal chelsea liverpool barcelona yankees lakers cowboys steelers packers eagles rangers
    guitar piano violin trumpet drummer music dancing singing reading writing cooking running
    swimming fishing camping hiking travel holiday vacation birthday christmas halloween easter
    family mother father sister brother friend lovely beautiful forever together always smile
    happy lucky magic dream hope peace faith victory champion winner legend hero soldier captain
    pirate ninja samurai viking knight castle kingdom queen king prince emperor company office
    business manager marketing finance accounting support helpdesk invoice contract project
"""
#: Words that people choose as a secret. `weak_secret` uses one of them.
WORDS = tuple(_WORDS.split())


@dataclass(frozen=True)
class Entry:
    """One request to a target: its exchange, and what the target knows about it.

    `brought` says which kind of cookie came for the session. `refused` is the reason if the
    app refused that cookie. `user` is the user that ``/flag`` found in the session.
    """

    number: int
    exchange: Exchange
    who: str
    place: str
    brought: str
    refused: str
    user: Any

    @property
    def asks_for_flag(self) -> bool:
        """Whether you asked the target for the flag."""
        wanted = (YOU, TARGET, "GET", "/flag")
        return (self.who, self.place, self.exchange.method, self.exchange.path) == wanted

    @property
    def status(self) -> int:
        """The response's status code."""
        return int(self.exchange.status[:3])


class Finding(NamedTuple):
    """What the log says about an attack: "captured" or another name, and a sentence."""

    name: str
    sentence: str


class Target:
    """An app that runs in the background, with a page that only the admin may see.

    It stops at the end of the ``with`` block, with `close`, or when nothing refers to it.
    """

    def __init__(
        self,
        flag: int,
        app: Flask,
        judge: Callable[[_Log], Finding],
        *,
        admin: str,
        secret: str | bytes,
        password: str = "",
        guestbook: Flask | None = None,
    ) -> None:
        self.flag, self.admin, self._judge = flag, admin, judge
        log = self._log = _Log()
        self._reveal: Callable[[], str | bytes] = lambda: log.reveal(secret)
        servers = [Server(log.of(each)) for each in (app, guestbook) if each]
        self._server = servers[0]
        self._closer = _keep(self, servers)
        #: The app's URL, and the URL of the other app if there is one.
        self.url, self.guestbook = servers[0].url, servers[-1].url if guestbook else ""
        self._victim = _Victim(self._server, admin, password, log) if password else None

    @property
    def secret(self) -> str | bytes:
        """The app's secret. Reading it is noted, and then no attack counts any more."""
        return self._reveal()

    @property
    def victim(self) -> _Victim:
        """The admin, logged in. Only flag 2 has one; the others raise AttributeError."""
        if self._victim is None:
            raise AttributeError("only copied_cookie() has a victim; this target has none")
        return self._victim

    @property
    def log(self) -> tuple[Entry, ...]:
        """All requests that came, in order."""
        return tuple(self._log.entries)

    @property
    def sent(self) -> int:
        """The number of requests that you sent to this app, without those to the guestbook."""
        return sum((each.who, each.place) == (YOU, TARGET) for each in self.log)

    @property
    def result(self) -> Finding:
        """What the log says about the attack."""
        if self._log.revealed:
            return self._log.another_attack("in-hand", "you read the secret from the target")
        return self._judge(self._log)

    @property
    def captured(self) -> bool:
        """Whether you captured the flag with the attack that it is made for."""
        return self.result.name == "captured"

    def browser(self) -> requests.Session:
        """Return a new client, with an empty cookie jar."""
        return self._server.browser()

    def log_in(self) -> requests.Session:
        """Return a new client that has logged in, with an account of its own."""
        client = self.browser()
        form = {"user": f"visitor-{secrets.token_hex(4)}"}
        client.post(f"{self.url}/login", data=form, timeout=_PATIENCE)
        return client

    def get(self, path: str, **cookies: str) -> requests.Response:
        """Send one GET with only these cookies: ``get("/flag", session=value)``."""
        return self.browser().get(f"{self.url}{path}", cookies=cookies, timeout=_PATIENCE)

    def tell(self) -> None:
        """Print the last requests of the log, and whether the flag is captured."""
        log = self.log
        rows = [_row(each) for each in log][-_MOST_SHOWN:]
        if len(log) > len(rows):
            print(f"  ({len(log) - len(rows)} requests before these)")  # noqa: T201
        for line in columns(rows) if rows else ():
            print(line)  # noqa: T201
        print(f"flag {self.flag}: {self.result.sentence}")  # noqa: T201

    def close(self) -> None:
        """Stop serving. Closing twice does no harm."""
        _close(self._closer)

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Victim:
    """The admin's client: you can read its cookie, and log the admin out."""

    def __init__(self, server: Server, admin: str, password: str, log: _Log) -> None:
        self._url, self._client = server.url, server.browser()
        self._client.headers["User-Agent"] = log.admins_agent
        form = {"user": admin, "password": password}
        self._client.post(f"{self._url}/login", data=form, timeout=_PATIENCE)

    @property
    def cookie(self) -> str:
        """The current value of the admin's session cookie."""
        return self._client.cookies["session"]

    def log_out(self) -> None:
        """Log the admin out."""
        self._client.get(f"{self._url}/logout", timeout=_PATIENCE)


# ---------------------------------------------------------------- stopping


_running: list[weakref.finalize[..., Any]] = []
_one_at_a_time = threading.Lock()


def _keep(target: Target, servers: list[Server]) -> weakref.finalize[..., Any]:
    """Stop the servers when the target is garbage, or when too many newer ones run."""
    closer = weakref.finalize(target, _stop_elsewhere, servers)
    closer.atexit = False  # their threads end with the process
    with _one_at_a_time:
        _running[:] = [each for each in _running if each.alive]
        _running.append(closer)
        oldest = _running[:-_MOST_RUNNING]
    for each in oldest:
        _close(each)
    return closer


def _close(closer: weakref.finalize[..., Any]) -> None:
    detached = closer.detach()
    if detached:
        _stop(detached[2][0])


def _stop(servers: list[Server]) -> None:
    for server in servers:
        server.stop()


def _stop_elsewhere(servers: list[Server]) -> None:
    # Python may collect garbage in any thread; a listener's own thread cannot wait for itself.
    threading.Thread(target=_stop, args=(servers,), daemon=True).start()


# ---------------------------------------------------------------- the log


class _Log:
    """The requests that came, the cookies that were set, and whether the secret was read."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.revealed = False
        self.admins_agent = secrets.token_hex()
        self._numbers = itertools.count(1)
        self._set: dict[bytes, str] = {}  # the kind of each cookie, by its MAC
        self._admin_is_in = True

    @property
    def asked(self) -> list[Entry]:
        """Your requests for the flag."""
        return [each for each in self.entries if each.asks_for_flag]

    @property
    def won(self) -> list[Entry]:
        """Those of `asked` that got the flag."""
        return [each for each in self.asked if each.status == 200]

    def reveal(self, secret: str | bytes) -> str | bytes:
        self.revealed = True
        return secret

    def of(self, app: Flask) -> Flask:
        """Note each exchange of `app` from now on, and answer 429 when the log is full."""
        app.before_request(self._refuse_when_full)
        cookie_refused.connect(_note_refusal, app)
        request_finished.connect(self._note, app)
        return app

    def describe(self, entry: Entry) -> str:
        return f"request {entry.number} of {len(self.entries)}: GET /flag with {entry.brought}"

    def another_attack(self, name: str, what: str) -> Finding:
        verdict = "captured, but" if self.won else "not captured, and"
        return Finding(name, f"{verdict} {what}: that is another attack")

    def _refuse_when_full(self) -> tuple[str, int] | None:
        full = len(self.entries) >= _MOST_REQUESTS
        return ("too many requests", 429) if full else None

    def _note(self, app: Flask, *, response: Response, **_: object) -> None:
        if self._refuse_when_full():
            return
        exchange, place = seen_by_app(request, response), app.name
        is_admin = request.headers.get("User-Agent") == self.admins_agent
        brought = self._kind(exchange, app)
        for name, value in exchange.received:
            kind = _LIVE if is_admin else _OWN
            kind = _PREFS if name == "prefs" else _GUESTBOOKS if place == GUESTBOOK else kind
            self._set[_mac(value)] = _EMPTIED if exchange.path == "/logout" else kind
        if is_admin and exchange.path == "/logout":
            self._admin_is_in = False
        who, number = ADMIN if is_admin else YOU, next(self._numbers)
        facts = place, brought, g.get("refused", ""), g.get("user")
        self.entries.append(Entry(number, exchange, who, *facts))

    def _kind(self, exchange: Exchange, app: Flask) -> str:
        interface = cast(ClientSessionInterface, app.session_interface)
        name, codec = interface.get_cookie_name(app), interface.get_codec(app)
        values = [value for each, value in exchange.sent if each == name]
        if not values:
            return _MISNAMED if exchange.sent else _NONE
        # As the app does: of several cookies, take the first that opens.
        opened = (each for each in values if _opens(codec, name, each))
        kind = self._set.get(_mac(next(opened, values[0])), _FORGED)
        return _OLD if kind == _LIVE and not self._admin_is_in else kind


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


def _row(entry: Entry) -> tuple[str, ...]:
    place = "" if entry.place == TARGET else f"{entry.place}: "
    asked = f"{entry.exchange.method} {place}{shortened(entry.exchange.path, 30)}"
    return str(entry.number), entry.who, asked, str(entry.status), entry.brought


def _judge(log: _Log, *, wanted: str) -> Finding:
    """Judge by the cookie that a request for the flag has to bring."""
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
    """Return why a request for the flag got nothing: a name for it, and a sentence."""
    if asked.brought in (_NONE, _MISNAMED):
        name = "no-cookie" if asked.brought == _NONE else "misnamed"
        return name, "no user is logged in"
    if asked.brought == _EMPTIED:
        return "copied-too-late", "its session is empty"
    if asked.refused:
        reason = _REFUSALS.get(asked.refused, f"it does not open ({asked.refused})")
        return asked.refused, reason
    if not asked.user:
        return "no-user", "its session has no user"
    return "not-admin", "its user is not the admin"


# ---------------------------------------------------------------- the apps


def _new_name() -> str:
    return f"admin-{secrets.token_hex(4)}"


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _app(
    admin: str,
    *,
    password: str = "",
    revocation: DenyList | UserEpochs | None = None,
    **options: Any,
) -> Flask:
    """Make an app with a login for any name except the admin's, and a page for the admin."""
    app = Flask(TARGET, static_folder=None)
    ClientSessions(app, cookie_name="session", revocation=revocation or (), **options)
    here = cast(Session, session)

    @app.post("/login")
    def log_in() -> tuple[str, int]:
        name, given = (request.form.get(field, "") for field in ("user", "password"))
        right = bool(password) and hmac.compare_digest(given.encode(), password.encode())
        if name == admin and not right:
            return "this name is taken", 403
        here.reset()
        here["user"] = name
        return "logged in", 200

    @app.get("/dashboard")
    def dashboard() -> str:
        return f"Hello {escape(here['user'])}" if here.get("user") else abort(403)

    @app.get("/flag")
    def flag() -> str:
        g.user = here.get("user")
        return "The flag is yours" if here.get("user") == admin else abort(403)

    @app.get("/logout")
    def log_out() -> str:
        if isinstance(revocation, DenyList):
            revocation.end(here)
        elif revocation and here.get("user"):
            revocation.end_all(here["user"])
        here.reset()
        return "logged out"

    return app


def _guestbook(secret: str | bytes, cookie_name: str) -> Flask:
    """Make an app in which visitors choose any name. By itself it is harmless."""
    app = Flask(GUESTBOOK, static_folder=None)
    ClientSessions(app, secret=secret, cookie_name=cookie_name)

    @app.get("/name")
    def show() -> str:
        return escape(session.get("user", "you have no name yet"))

    @app.post("/name")
    def choose() -> str:
        session["user"] = request.form.get("name", "")
        return "we will call you that"

    return app


def nameless_codec(keys: Keys) -> Codec:
    """Make a codec that does not seal the cookie's name. Never use it."""

    def seal_any(content: dict[str, Any], *, created_at: int, duration: int) -> str:
        return seal(content, keys, created_at=created_at, duration=duration)

    def unseal_any(value: str) -> Unsealed:
        return unseal(value, keys)

    return codec_from(seal_any, unseal_any)


# ---------------------------------------------------------------- the five targets


def published_secret(*, secret: str | bytes = PAGE_SECRET) -> Target:
    """Make flag 1: its secret is printed on the Express course page."""
    admin = _new_name()
    judge = partial(_judge, wanted=_FORGED)
    return Target(1, _app(admin, secret=secret), judge, admin=admin, secret=secret)


def copied_cookie(*, revocation: DenyList | UserEpochs | None = None) -> Target:
    """Make flag 2: the app does not remember logouts. `victim` is the admin, logged in."""
    admin, password, secret = _new_name(), secrets.token_urlsafe(), _new_secret()
    app = _app(admin, password=password, revocation=revocation, secret=secret)
    return Target(2, app, _judge_copy, admin=admin, secret=secret, password=password)


def _judge_copy(log: _Log) -> Finding:
    if log.won and all(each.brought == _LIVE for each in log.won):
        what = f"the admin has not logged out yet; {log.describe(log.won[-1])}"
        return Finding("too-early", f"captured, but {what}")
    return _judge(log, wanted=_OLD)


def weak_secret(*, secret: str | bytes | None = None) -> Target:
    """Make flag 3: its secret is one of `WORDS`, which only ``keys=`` accepts."""
    admin, word = _new_name(), secret or secrets.choice(WORDS)
    how = {"keys": derive_keys(word)} if secret is None else {"secret": secret}
    return Target(3, _app(admin, **how), _judge_guesses, admin=admin, secret=word)


def _judge_guesses(log: _Log) -> Finding:
    """Accept only guesses made on a cookie of one's own, where the target does not see them."""
    refused = sum(
        each.brought == _FORGED and each.refused == "signature" for each in log.entries
    )
    if log.won:
        before = log.entries[: log.won[0].number - 1]
        had_one = any(each.who == YOU and each.exchange.received for each in before)
        seen = refused > 0 or not had_one
    else:
        seen = refused > 1  # one is a mistake
    if log.asked and seen:
        return log.another_attack("asks-the-target", "the target saw each guess")
    return _judge(log, wanted=_FORGED)


def shared_secret(
    *, guestbook_name: str = "session", guestbook_secret: str | bytes | None = None
) -> Target:
    """Make flag 4: another app, `guestbook`, has the same secret and the same cookie name."""
    admin, secret = _new_name(), _new_secret()
    app, guestbook = (
        _app(admin, secret=secret),
        _guestbook(guestbook_secret or secret, guestbook_name),
    )
    return Target(4, app, _judge_guestbook, admin=admin, secret=secret, guestbook=guestbook)


def _judge_guestbook(log: _Log) -> Finding:
    there = ((each.place, each.exchange.path) for each in log.entries)
    if not log.asked and (GUESTBOOK, "/flag") in there:
        return Finding("other-door", "not captured: the guestbook has no /flag")
    return _judge(log, wanted=_GUESTBOOKS)


def swapped_name(*, codec: Callable[[Keys], Codec] = nameless_codec) -> Target:
    """Make flag 5: ``/prefs`` seals what it is sent in a second cookie, with the same codec."""
    admin, secret = _new_name(), _new_secret()
    sealing = codec(derive_keys(secret))
    app = _app(admin, codec=sealing)
    prefs = ClientSessions(app, codec=sealing, cookie_name="prefs")

    @app.post("/prefs")
    def keep() -> str:
        prefs.session.update(request.form)
        return "noted"

    return Target(5, app, partial(_judge, wanted=_PREFS), admin=admin, secret=secret)
