"""Five apps to break, each weak in one way, and the log that tells how it was done.

Each function at the end makes one of them, with names, passwords and a secret of its own.
Left as it is, it is weak; its options are the defence. All five hide a flag: the page
``/flag``, for the admin alone. Whether it was captured is read off the requests that came.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import requests
from flask import Flask, abort, request, session
from markupsafe import escape

from ...app import PAGE_SECRET
from ...cookie import Codec, Keys, Unsealed, derive_keys, from_base64, seal, unseal
from ...dissect.words import columns, shortened
from ...errors import BadFormat
from ...middleware import ClientSessions, cookie_refused
from ...revocation import UserEpochs
from ...session import Session
from ..codecs import codec_from
from ..http.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Who sends a request, and where it arrives.
YOU, ADMIN = "you", "the admin"
TARGET, GUESTBOOK = "target", "guestbook"

# Which cookie a request brings to the app's session, in words.
_NONE, _MISNAMED = "no cookie", "no session cookie"
_OWN, _EMPTIED = "your own cookie", "a cookie from a log-out"
_LIVE, _OLD = "the admin's cookie", "the admin's cookie from before the log-out"
_GUESTBOOKS, _PREFS = "a cookie of the guestbook", "a cookie that it set as prefs"
_FORGED = "a cookie that it never set"
#: The cookie that captures each flag, when it is done as the flag wants it.
_WANTED = {1: _FORGED, 2: _OLD, 3: _FORGED, 4: _GUESTBOOKS, 5: _PREFS}
_REFUSALS = {
    "signature": "sealed with another secret, or changed",
    "name": "sealed for a cookie of another name",
    "expired": "its time is over",
    "revoked": "the log-out has ended its session",
}

_MOST_REQUESTS, _MOST_RUNNING, _MOST_SHOWN = 1000, 6, 6
_PATIENCE = 60  # seconds
# Where a request's environment says more of it.
_NAME, _USER, _REFUSED = "lesson_app.name", "lesson_app.user", "lesson_app.refused"

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
#: What people take for a secret. The word of `weak_secret` is one of these.
WORDS = tuple(_WORDS.split())


@dataclass(frozen=True)
class Exchange:
    """One request to a target, and what came of it.

    `brought` says in words which cookie it had for the session; `refused` is the reason if
    the app refused it, and `user` whom ``/flag`` found in the session.
    """

    who: str
    place: str
    method: str
    path: str
    cookies: tuple[tuple[str, str], ...]
    status: int
    set_cookies: tuple[tuple[str, str], ...]
    brought: str
    refused: str
    user: Any

    @property
    def is_for_flag(self) -> bool:
        """Whether you asked for the flag, where it is."""
        wanted = (YOU, TARGET, "GET", "/flag")
        return (self.who, self.place, self.method, self.path) == wanted


class Result(NamedTuple):
    """What the log says: "captured", or else a name for what happened; and a sentence."""

    name: str
    sentence: str


class Target:
    """An app that runs in the background, with something in it that only the admin may see.

    It stops with the ``with`` block, with `close`, or when nothing refers to it any more.
    """

    def __init__(
        self,
        flag: int,
        app: Flask,
        *,
        admin: str,
        secret: str | bytes,
        password: str = "",
        guestbook: Flask | None = None,
    ) -> None:
        self.flag, self.admin = flag, admin
        log = self._log = _Log()
        self._reveal: Callable[[], str | bytes] = lambda: log.reveal(secret)
        apps = [(TARGET, app)] + ([(GUESTBOOK, guestbook)] if guestbook else [])
        servers = [Server(_recorded(app, place, log)) for place, app in apps]
        self._server = servers[0]
        self._closer = _keep(self, servers)
        #: The app's address; and that of the other app, where there is one.
        self.url, self.guestbook = servers[0].url, servers[-1].url if guestbook else ""
        self._victim = _Victim(self._server, admin, password, log) if password else None

    @property
    def secret(self) -> str | bytes:
        """The secret that it seals with. It is no secret any more when you have read it."""
        return self._reveal()

    @property
    def victim(self) -> _Victim:
        """The admin, logged in; only where the attack needs one."""
        if self._victim is None:
            raise AttributeError("nobody has logged in to this target")
        return self._victim

    @property
    def log(self) -> tuple[Exchange, ...]:
        """All requests that came, in order."""
        return tuple(self._log.exchanges)

    @property
    def sent(self) -> int:
        """How many requests of yours have reached this app; the guestbook is another."""
        return sum((each.who, each.place) == (YOU, TARGET) for each in self.log)

    @property
    def result(self) -> Result:
        """What the log says of the attack."""
        return _result(self.flag, self.log, self._log.revealed)

    @property
    def captured(self) -> bool:
        """Whether the flag is captured, and by this flag's attack."""
        return self.result.name == "captured"

    def browser(self) -> requests.Session:
        """Return a new visitor, with an empty cookie jar."""
        return self._server.browser()

    def log_in(self) -> requests.Session:
        """Return a new visitor who has logged in, with an account of their own."""
        browser = self.browser()
        form = {"user": f"visitor-{secrets.token_hex(4)}"}
        browser.post(f"{self.url}/login", data=form, timeout=_PATIENCE)
        return browser

    def get(self, path: str, **cookies: str) -> requests.Response:
        """Send one GET with these cookies, and no others: ``get("/flag", session=value)``."""
        return self.browser().get(f"{self.url}{path}", cookies=cookies, timeout=_PATIENCE)

    def tell(self) -> None:
        """Print the last requests of the log, and whether the flag is captured."""
        log = self.log
        rows = [_row(number, each) for number, each in enumerate(log, 1)][-_MOST_SHOWN:]
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
    """The admin's browser: you can look at its cookie, and see its owner log out."""

    def __init__(self, server: Server, admin: str, password: str, log: _Log) -> None:
        self._url, self._browser = server.url, server.browser()
        self._browser.headers["User-Agent"] = log.admins_browser
        form = {"user": admin, "password": password}
        self._browser.post(f"{self._url}/login", data=form, timeout=_PATIENCE)

    @property
    def cookie(self) -> str:
        """The value of its session cookie, as it is now."""
        return self._browser.cookies["session"]

    def log_out(self) -> None:
        """Let the admin log out."""
        self._browser.get(f"{self._url}/logout", timeout=_PATIENCE)


# ---------------------------------------------------------------- nothing is left running


_running: list[weakref.finalize[..., Any]] = []
_one_at_a_time = threading.Lock()


def _keep(target: Target, servers: list[Server]) -> weakref.finalize[..., Any]:
    """Stop the servers when the target is gone, or when there are too many after it."""
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
    # Garbage may be collected in any thread, and a listener's own cannot wait for itself.
    threading.Thread(target=_stop, args=(servers,), daemon=True).start()


# ---------------------------------------------------------------- the log


class _Log:
    """What came, which cookies were set, and whether somebody has read the secret."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.revealed = False
        self.admins_browser = secrets.token_hex()
        self._set: dict[bytes, str] = {}  # what kind of cookie it is, by its MAC
        self._admin_is_in = True

    def reveal(self, secret: str | bytes) -> str | bytes:
        self.revealed = True
        return secret

    def add(self, place: str, environ: WSGIEnvironment, status: str, lines: list[str]) -> None:
        """Note one exchange; `lines` are its ``Set-Cookie``."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        is_admin = environ.get("HTTP_USER_AGENT") == self.admins_browser
        cookies = tuple(_pairs(environ.get("HTTP_COOKIE", "").split(";")))
        sets = tuple(_pairs(line.partition(";")[0] for line in lines))
        brought = self._kind(cookies, environ[_NAME])
        for name, value in sets:
            kind = _LIVE if is_admin else _OWN
            kind = _PREFS if name == "prefs" else _GUESTBOOKS if place == GUESTBOOK else kind
            self._set[_mac(value)] = _EMPTIED if path == "/logout" else kind
        if is_admin and path == "/logout":
            self._admin_is_in = False
        self.exchanges.append(
            Exchange(
                ADMIN if is_admin else YOU, place, method, path, cookies, int(status[:3]), sets,
                brought, environ.get(_REFUSED, ""), environ.get(_USER),
            )
        )  # fmt: skip

    def _kind(self, cookies: tuple[tuple[str, str], ...], name: str) -> str:
        values = [value for each, value in cookies if each == name]
        if not values:
            return _MISNAMED if cookies else _NONE
        kind = self._set.get(_mac(values[0]), _FORGED)
        return _OLD if kind == _LIVE and not self._admin_is_in else kind


def _recorded(app: Flask, place: str, log: _Log) -> Flask:
    """Have all that comes to `app` noted in `log`; it answers no more when that is full."""
    name = app.session_interface.get_cookie_name(app)
    inner: WSGIApplication = app.wsgi_app

    def record(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if len(log.exchanges) >= _MOST_REQUESTS:
            start_response("429 TOO MANY REQUESTS", [("Content-Type", "text/plain")])
            return [b"that were too many"]
        environ[_NAME] = name
        head: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            head[:] = status, headers
            return start_response(status, headers, *rest)

        body = inner(environ, note)
        log.add(place, environ, head[0], [v for k, v in head[1] if k == "Set-Cookie"])
        return body

    cookie_refused.connect(_note_refusal, app)
    app.wsgi_app = record  # type: ignore[method-assign]
    return app


def _note_refusal(app: Flask, *, name: str, reason: str, **_: object) -> None:
    if name == request.environ[_NAME]:
        request.environ[_REFUSED] = reason


def _pairs(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, separator, value = text.strip().partition("=")
        if separator:
            yield name, value


def _mac(value: str) -> bytes:
    """What a cookie can be told by: several texts stand for one."""
    try:
        return from_base64(value.rpartition(".")[2])
    except BadFormat:
        return value.encode("utf-8", "surrogatepass")


# ---------------------------------------------------------------- what the log says


def _result(flag: int, log: tuple[Exchange, ...], revealed: bool) -> Result:
    asked = [(number, each) for number, each in enumerate(log, 1) if each.is_for_flag]
    won = [(number, each) for number, each in asked if each.status == 200]
    verdict = "captured, but" if won else "not captured, and"
    if revealed:
        sentence = f"{verdict} with the secret in hand: that is not the attack"
        return Result("in-hand", sentence)
    if not asked:
        if any((each.place, each.path) == (GUESTBOOK, "/flag") for each in log):
            return Result("other-door", "not captured: the guestbook has no /flag")
        return Result("never-asked", "not captured: nobody has asked for /flag")
    if flag == 3 and _guessed_at_target(log, won[0][0] if won else None):
        sentence = f"{verdict} guessed at the target, which has seen each guess"
        return Result("asks-the-target", sentence)
    right = [(number, each) for number, each in won if each.brought == _WANTED[flag]]
    number, last = (right or won or asked)[-1]
    what = f"request {number} of {len(log)}: GET /flag with {last.brought}"
    if right:
        return Result("captured", f"captured, {what}")
    if won:
        early = last.brought == _LIVE
        missed = "the admin has not logged out yet" if early else "that is another attack"
        return Result("too-early" if early else "forged", f"captured, but {missed}; {what}")
    name, reason = _failure(last)
    return Result(name, f"not captured, {what}; {last.status}, {reason}")


def _guessed_at_target(log: tuple[Exchange, ...], first: int | None) -> bool:
    """Whether words were tried there, and not on a cookie of one's own.

    `first` is the number of the first request that got the flag.
    """
    refused = sum(each.brought == _FORGED and each.refused == "signature" for each in log)
    if first is None:
        return refused > 1
    had_one = any(each.who == YOU and each.set_cookies for each in log[: first - 1])
    return refused > 0 or not had_one


def _failure(asked: Exchange) -> tuple[str, str]:
    """Why a request for the flag got nothing: a name for it, and in words."""
    if asked.brought in (_NONE, _MISNAMED):
        name = "no-cookie" if asked.brought == _NONE else "misnamed"
        return name, "it cannot tell who asks"
    if asked.brought == _EMPTIED:
        return "copied-too-late", "its session is empty"
    if asked.refused:
        reason = _REFUSALS.get(asked.refused, f"it does not open ({asked.refused})")
        return asked.refused, reason
    if not asked.user:
        return "no-user", "its session names no user"
    return "not-admin", "its user is not the admin"


def _row(number: int, each: Exchange) -> tuple[str, ...]:
    place = "" if each.place == TARGET else f"{each.place}: "
    asked = f"{each.method} {place}{shortened(each.path, 30)}"
    return str(number), each.who, asked, str(each.status), each.brought


# ---------------------------------------------------------------- the apps


def _new_name() -> str:
    return f"admin-{secrets.token_hex(4)}"


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _app(
    admin: str, *, password: str = "", epochs: UserEpochs | None = None, **options: Any
) -> Flask:
    """A log-in that takes any name but the admin's, and a page that is the admin's alone."""
    app = Flask("target", static_folder=None)
    ClientSessions(app, cookie_name="session", revocation=epochs or (), **options)
    here = cast(Session, session)

    @app.post("/login")
    def log_in() -> tuple[str, int]:
        name, given = (request.form.get(field, "") for field in ("user", "password"))
        right = bool(password) and hmac.compare_digest(given.encode(), password.encode())
        if name == admin and not right:
            return "this name has an owner", 403
        here.reset()
        here["user"] = name
        return "logged in", 200

    @app.get("/dashboard")
    def dashboard() -> str:
        return f"Hello {escape(here['user'])}" if here.get("user") else abort(403)

    @app.get("/flag")
    def flag() -> str:
        request.environ[_USER] = here.get("user")
        return "The flag is yours" if here.get("user") == admin else abort(403)

    @app.get("/logout")
    def log_out() -> str:
        if epochs and here.get("user"):
            epochs.end_all(here["user"])
        here.reset()
        return "logged out"

    return app


def _guestbook(secret: str | bytes, cookie_name: str) -> Flask:
    """Everybody chooses a name for themselves, and it harms nobody."""
    app = Flask("guestbook", static_folder=None)
    ClientSessions(app, secret=secret, cookie_name=cookie_name)

    @app.post("/name")
    def choose() -> str:
        session["user"] = request.form.get("name", "")
        return "we will call you that"

    return app


def nameless_codec(keys: Keys) -> Codec:
    """Make a codec that forgets what the cookie is called. Never use it."""

    def seal_any(content: dict[str, Any], *, created_at: int, duration: int) -> str:
        return seal(content, keys, created_at=created_at, duration=duration)

    def unseal_any(value: str) -> Unsealed:
        return unseal(value, keys)

    return codec_from(seal_any, unseal_any)


# ---------------------------------------------------------------- the five targets


def published_secret(*, secret: str | bytes = PAGE_SECRET) -> Target:
    """Flag 1: its secret stands on a course page."""
    admin = _new_name()
    return Target(1, _app(admin, secret=secret), admin=admin, secret=secret)


def copied_cookie(*, revocation: UserEpochs | None = None) -> Target:
    """Flag 2: nothing remembers who has logged out. `victim` is the admin, logged in."""
    admin, password, secret = _new_name(), secrets.token_urlsafe(), _new_secret()
    app = _app(admin, password=password, epochs=revocation, secret=secret)
    return Target(2, app, admin=admin, secret=secret, password=password)


def weak_secret(*, secret: str | bytes | None = None) -> Target:
    """Flag 3: its secret is one of `WORDS`, which only ``keys=`` lets through."""
    admin, word = _new_name(), secret or secrets.choice(WORDS)
    how = {"keys": derive_keys(word)} if secret is None else {"secret": secret}
    return Target(3, _app(admin, **how), admin=admin, secret=word)


def shared_secret(
    *, guestbook_name: str = "session", guestbook_secret: str | bytes | None = None
) -> Target:
    """Flag 4: another app, `guestbook`, has the same secret and the same cookie's name."""
    admin, secret = _new_name(), _new_secret()
    return Target(
        4,
        _app(admin, secret=secret),
        admin=admin,
        secret=secret,
        guestbook=_guestbook(guestbook_secret or secret, guestbook_name),
    )


def swapped_name(*, codec: Callable[[Keys], Codec] = nameless_codec) -> Target:
    """Flag 5: ``/prefs`` keeps what it is sent in a second cookie, under one codec."""
    admin, secret = _new_name(), _new_secret()
    sealing = codec(derive_keys(secret))
    app = _app(admin, codec=sealing)
    prefs = ClientSessions(app, codec=sealing, cookie_name="prefs")

    @app.post("/prefs")
    def keep() -> str:
        prefs.session.update(request.form)
        return "noted"

    return Target(5, app, admin=admin, secret=secret)
