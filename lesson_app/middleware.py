"""Carry `flask.session` from the request's cookie to the response's cookie.

One request takes this path:

1. Flask calls `open_session`, which returns an unopened `Session`.
2. When a view first uses the session, it calls `_read_cookie`: find the cookie, unseal it,
   check its times and the revocations, extend it if little time is left.
3. After the view, Flask calls `save_session`. If the session was used and its JSON has
   changed, that JSON is sealed, and the response gets a ``Set-Cookie``.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any, NamedTuple, TypeVar, cast

from blinker import Namespace
from flask import Flask, Request, Response, current_app, request
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin

from ._engine.codec import SealedCodec
from ._engine.headers import cookie_line, find_cookie, vary_by_cookie
from ._engine.javascript import parse, stringify
from .cookie import MAX_SIZE, Codec, Unsealed
from .errors import BadCookie, SessionTooLarge
from .options import Options, check_attributes, check_cookie_name, secret_keys
from .session import (
    BORN,
    END_OF_TIME,
    Opener,
    Session,
    State,
    json_to_seal,
    milliseconds,
)

logger = logging.getLogger(__name__)

#: A Flask signal, sent for each cookie that is refused: the app is the sender; `name` is the
#: cookie's, `reason` a short code (see `lesson_app.errors`), `digest` the first half of the
#: value's SHA-256 in hex. Never the value: anyone who has it has the session.
cookie_refused = Namespace().signal("cookie-refused")

_EXTENSION = "client_sessions"
_FURTHER = "lesson_app.sessions"


@dataclass(frozen=True, eq=False, repr=False)
class ClientSessions(Options):
    """Keep the whole session in one sealed cookie, in Mozilla's client-sessions format.

    ::

        sessions = ClientSessions(duration=timedelta(hours=2))
        sessions.init_app(app)      # then: from flask import session

    The first instance on an app is `flask.session`. Each further instance needs
    another cookie name; its session is the attribute `session`. The options below replace
    Flask's session lifetime (``PERMANENT_SESSION_LIFETIME``,
    ``SESSION_REFRESH_EACH_REQUEST``). A change after the first byte of a streamed response is
    lost: the cookie travels in the headers.

    The options are those of `Options`; `lesson_app.PRODUCTION` has a good set of them.
    A wrong option raises TypeError or ValueError here. If an attribute does not fit Flask's
    settings or the cookie's name, the first request that sets a cookie raises ValueError.
    """

    app: InitVar[Flask | None] = None

    def __post_init__(self, app: Flask | None) -> None:
        if app is not None and not isinstance(app, Flask):
            raise TypeError(
                f"app must be a Flask app, got {type(app).__name__}; a secret is secret=…"
            )
        super().__post_init__()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Let this instance keep the sessions of `app`. One instance may serve several apps."""
        interface = ClientSessionInterface(self)
        interface.get_codec(app)  # a bad SECRET_KEY is refused at set-up
        interfaces = app.extensions.setdefault(_EXTENSION, {})
        name = interface.get_cookie_name(app)
        if name in [other.get_cookie_name(app) for other in interfaces.values()]:
            raise RuntimeError(
                f"the app already keeps a session in the cookie {name!r}; "
                "give each ClientSessions its own cookie_name"
            )
        if not interfaces:
            app.session_interface = interface
        interfaces[self] = interface

    @property
    def session(self) -> Session:
        """The session that this instance keeps for the current request."""
        app = _this_app()
        interface = self._interface(app)
        if app.session_interface is interface:
            # The proxy stands for what `open_session` returned.
            return cast(Session, flask_session._get_current_object())  # type: ignore[attr-defined]
        further = request.environ.setdefault(_FURTHER, {})
        if interface not in further:
            first = flask_session._get_current_object()  # type: ignore[attr-defined]
            opened = interface.open_session(app, request)
            # Flask does not save a first session that has no secret, nor then any further.
            if opened is None or app.session_interface.is_null_session(first):
                raise _no_secret()
            further.setdefault(interface, opened)
        return cast(Session, further[interface])

    def open(self, cookie_header: str, app: Flask | None = None) -> Session:
        """Open the session in a ``Cookie`` header outside of a request, as in a WebSocket.

        Makes all the checks that a request makes. The session is for reading: no response
        carries its changes. `app` is the current app by default.
        """
        app = app or _this_app()
        opened = self._interface(app).open_header(app, cookie_header)
        if opened is None:
            raise _no_secret()
        return opened

    def make_cookie(
        self, content: Mapping[str, Any], app: Flask | None = None
    ) -> tuple[str, str]:
        """Return name and value of a cookie that begins a session with `content`.

        For a test client: ``client.set_cookie(*sessions.make_cookie({"user": …}, app))``.
        """
        session = self.open("", app)
        session.replace(content)
        session.modified = True
        json = session._changed_json()
        assert json is not None  # it was just marked as modified
        return session._cookie.name, _seal(session._cookie, session, json)

    def _interface(self, app: Flask) -> ClientSessionInterface:
        interface = app.extensions.get(_EXTENSION, {}).get(self)
        if interface is None:
            raise RuntimeError("this ClientSessions does not serve the app; call init_app(app)")
        return cast(ClientSessionInterface, interface)


# What a caller gives, and what help() and editors show.
ClientSessions.__init__.__annotations__["app"] = "Flask | None"
ClientSessions.__doc__ = f"{inspect.getdoc(ClientSessions)}\n{Options.describe()}\n"


def _this_app() -> Flask:
    # Not the proxy: signals distinguish apps by the object itself.
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _is_over_tls() -> bool:
    # Past the proxy, which takes longer than the answer.
    return request._get_current_object().is_secure  # type: ignore[attr-defined,no-any-return]


def _no_secret() -> RuntimeError:
    return RuntimeError("there is no secret; pass secret=… or set the app's SECRET_KEY")


class _RequestCookie(NamedTuple):
    """What one request opens its cookie with, and seals it with again."""

    app: Flask
    codec: Codec
    name: str
    header: str


class ClientSessionInterface(SessionInterface):
    """Flask's two hooks: `open_session` before the view, `save_session` after it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock = options.clock or time.time
        self._duration = milliseconds(options.duration, "duration")
        self._active_duration = milliseconds(options.active_duration, "active_duration")
        lifetime = options.max_lifetime
        self._max_lifetime = (
            None if lifetime is None else milliseconds(lifetime, "max_lifetime")
        )
        # The settings' secrets and the codec for them: valid while these stay the same.
        self._from_settings: tuple[tuple[str | bytes, ...], SealedCodec | None] = ((), None)
        self._checked_name: str | None = None
        # Nothing else needs to know when a session began.
        self._remember_birth = bool(options.max_lifetime or options.revocations)

    def now(self) -> int:
        """Return the clock's time in ms since 1970."""
        return round(self._clock() * 1000)

    def get_cookie_name(self, app: Flask) -> str:
        if self._options.cookie_name is not None:
            return self._options.cookie_name
        name = super().get_cookie_name(app)
        if name is not self._checked_name:
            check_cookie_name("SESSION_COOKIE_NAME", name)
            self._checked_name = name
        return name

    def get_codec(self, app: Flask) -> Codec | None:
        """Return the codec of `app`; None without a secret."""
        if self._options.own_codec is not None:
            return self._options.own_codec
        secret = app.secret_key
        if not secret:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"] or ()
        if fallbacks and not isinstance(fallbacks, list | tuple):
            # A str would be taken for a list of secrets of one character each.
            raise TypeError(
                f"SECRET_KEY_FALLBACKS must be a list, got {type(fallbacks).__name__}"
            )
        secrets = (secret, *fallbacks)
        known, codec = self._from_settings
        if codec is None or known != secrets:
            urandom, strict = self._options.urandom or os.urandom, self._options.strict
            keys = secret_keys("SECRET_KEY", secrets)
            codec = SealedCodec(*keys, urandom=urandom, strict=strict)
            self._from_settings = (secrets, codec)  # at once: another thread may be reading
        return codec

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """Return a session that opens its cookie when it is first used.

        None without a secret: Flask then raises at the first write.
        """
        return self.open_header(app, request.environ.get("HTTP_COOKIE", ""))

    def open_header(self, app: Flask, header: str) -> Session | None:
        """Return the session of a ``Cookie`` header, unopened; None without a secret."""
        codec = self.get_codec(app)
        if codec is None:
            return None
        cookie = _RequestCookie(app, codec, self.get_cookie_name(app), header)
        session = self._new_session(functools.partial(self._read_cookie, cookie))
        session._cookie = cookie
        if self._options.ephemeral:
            session.permanent = False
        return session

    def _new_session(self, opener: Opener) -> Session:
        return Session(
            now=self.now,
            duration=self._duration,
            opener=opener,
            remember_birth=self._remember_birth,
        )

    def _read_cookie(self, cookie: _RequestCookie) -> tuple[dict[str, Any], State] | None:
        """Return what the request's cookie holds; None without a cookie."""
        value = find_cookie(cookie.header, cookie.name)
        if not value:
            return None
        try:
            unsealed = cookie.codec.unseal(value, name=cookie.name)
        except BadCookie as bad:
            return self._refuse(cookie, value, bad.reason)
        now = self.now()
        content, state = self._read(unsealed, now)
        reason = self._reason_to_refuse(content, state, now)
        if reason:
            return self._refuse(cookie, value, reason)
        if type(cookie.codec) is not SealedCodec:
            # Raises if the content could not be sealed again.
            state.json = json_to_seal(content, state, self._remember_birth)
        if state.opened_until - now < self._active_duration:
            state.created_at += self._active_duration
            state.changed = True
        return content, state

    def _read(self, unsealed: Unsealed, now: int) -> tuple[dict[str, Any], State]:
        content, created_at = unsealed.content, unsealed.created_at
        state = State(
            created_at=created_at,
            duration=unsealed.duration,
            born_at=min(created_at, now),
            json=unsealed.json,
            mac=unsealed.mac,
            opened_until=created_at + unsealed.duration,
            new=False,
            changed=unsealed.rotated,
        )
        if self._remember_birth:
            content = dict(content)
            born_at = content.pop(BORN, None)
            if type(born_at) is int and 0 <= born_at <= now + 1:
                state.born_at = born_at
            elif content:
                # Without this mark each visit could begin the lifetime again.
                state.changed = True
        return content, state

    def _reason_to_refuse(self, content: dict[str, Any], state: State, now: int) -> str | None:
        if not 0 <= state.created_at <= state.opened_until <= END_OF_TIME:
            return "times"
        if state.opened_until < now:
            return "expired"
        if self._max_lifetime is not None and state.born_at + self._max_lifetime < now:
            return "too-old"
        if self._options.revocations:
            session = self._new_session(lambda: (content, state))
            for revocation in self._options.revocations:
                if revocation.is_revoked(session):
                    return "revoked"
        return None

    def _refuse(
        self, cookie: _RequestCookie, value: str, reason: str
    ) -> tuple[dict[str, Any], State]:
        """Return an empty session. Only the log and the signal say why, not the response."""
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        logger.info("cookie %s refused: %s (sha256 %s)", cookie.name, reason, digest)
        cookie_refused.send(cookie.app, name=cookie.name, reason=reason, digest=digest)
        now = self.now()
        # Changed, so that the response replaces the useless cookie.
        return {}, State(now, self._duration, now, changed=True)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session changed; do nothing if it was not used."""
        assert isinstance(session, Session)  # open_session made it
        self._save(app, session, response)
        if len(app.extensions.get(_EXTENSION, ())) > 1:
            for interface, further in request.environ.get(_FURTHER, {}).items():
                interface._save(app, further, response)

    def _save(self, app: Flask, session: Session, response: Response) -> None:
        if session._opener is not None:  # nobody has used the session
            return
        vary_by_cookie(response)
        if self._options.no_store:
            response.cache_control.no_store = True
        json = session._changed_json()
        if json is not None:
            value = _seal(session._cookie, session, json)
            response.headers.add("Set-Cookie", self._set_cookie(app, session, value))

    def _set_cookie(self, app: Flask, session: Session, value: str) -> str:
        options, name = self._options, session._cookie.name
        path = _either(options.path, self.get_cookie_path(app))
        domain = _either(options.domain, self.get_cookie_domain(app))
        samesite = _either(options.samesite, self.get_cookie_samesite(app))
        partitioned = _either(options.partitioned, self.get_cookie_partitioned(app))
        secure = _either(options.secure, self.get_cookie_secure(app)) or _is_over_tls()
        check_attributes(name, path, domain, secure or partitioned, samesite)
        return cookie_line(
            name,
            value,
            expires=self._expires(session),
            path=path,
            domain=domain,
            secure=secure,
            httponly=_either(options.httponly, self.get_cookie_httponly(app)),
            samesite=samesite,
            partitioned=partitioned,
        )

    def _expires(self, session: Session) -> int | None:
        """Return when the browser may forget the cookie, in seconds since 1970."""
        if not session.permanent:
            return None
        if self._options.max_age is not None:
            return (self.now() + milliseconds(self._options.max_age, "max_age")) // 1000
        # Cookie dates have no fraction of a second: one second more for the one cut off.
        return min(session.expires_at, END_OF_TIME) // 1000 + 1


def _seal(cookie: _RequestCookie, session: Session, json: str) -> str:
    """Return the cookie value of a changed session or raise SessionTooLarge."""
    name, codec = cookie.name, cookie.codec
    times = {"created_at": session.created_at, "duration": session.duration}
    if type(codec) is SealedCodec:
        value = codec.seal_json(json, name=name, **times)
    else:
        value = codec.seal(parse(json), name=name, **times)
    size = len(name) + len(value)
    if size > MAX_SIZE:
        sizes = {key: len(stringify(item).encode()) for key, item in session.items()}
        key = max(sizes, key=lambda key: sizes[key], default="")
        raise SessionTooLarge(
            f"the cookie {name!r} has {size} bytes, but browsers drop cookies of more than "
            f"{MAX_SIZE}; keep less in the session: its largest item is {key!r}, "
            f"{sizes.get(key, 0)} bytes of JSON"
        )
    return value


T = TypeVar("T")


def _either(option: T | None, setting: T) -> T:
    return setting if option is None else option
