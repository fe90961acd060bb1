"""Carry `flask.session` from the request's cookie to the response's cookie."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

from blinker import Namespace
from flask import Flask, Request, Response, current_app, request
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin

from ._engine.codec import SealedCodec
from ._engine.headers import cookie_line, find_cookie, vary_by_cookie
from ._engine.javascript import stringify
from .cookie import MAX_SIZE, Codec, Keys, Unsealed
from .errors import BadCookie, SessionTooLarge
from .options import (
    Options,
    Secret,
    check_attributes,
    check_cookie_name,
    make_codec,
    read_revocations,
    secret_keys,
)
from .revocation import Revocation
from .session import END_OF_TIME, Session, milliseconds

logger = logging.getLogger(__name__)

#: A Flask signal, sent for each cookie that is refused: the app is the sender; `name` is the
#: cookie's, `reason` a short code (see `lesson_app.errors`), `digest` the first half of the
#: value's SHA-256 in hex. Never the value: who has it has the session.
cookie_refused = Namespace().signal("cookie-refused")

#: The key in the sealed JSON that remembers when a session began.
BORN = "_born"
_EXTENSION = "client_sessions"
_FURTHER = "lesson_app.sessions"


class ClientSessions:
    """Keep the whole session in one sealed cookie, in Mozilla's client-sessions format.

    ::

        sessions = ClientSessions(duration=timedelta(hours=2))
        sessions.init_app(app)      # then: from flask import session

    How to seal, one of:

    - `secret`: str or bytes, random; or a list of them: the first seals, all open, and
      what another one opens is sealed anew. By default Flask's ``SECRET_KEY`` and
      ``SECRET_KEY_FALLBACKS``.
    - `keys`: a `Keys`, or a list of them, where cipher and MAC are not the usual ones.
    - `codec`: an object that seals and unseals in a way of its own.
    - `strict`: open only the text that this library writes, not each that Node opens.

    How long, each a timedelta:

    - `duration`: a session's life; one day by default.
    - `active_duration`: a session that is used with less than this left is extended by this
      much; five minutes by default, zero to never extend.
    - `max_lifetime`: the end of a session however often it is extended; none by default.
    - `max_age`: the browser keeps each cookie this long, instead of until the session ends.
    - `ephemeral`: the browser keeps it until it closes.
    - `revocation`: what else ends a session, one or several (see `lesson_app.revocation`).

    The cookie: `cookie_name`, `path`, `domain`, `secure`, `httponly`, `samesite`,
    `partitioned`, each by default Flask's ``SESSION_COOKIE_…``. `Secure` is also set by
    itself on requests that came over TLS. `no_store` keeps pages that used the session out
    of caches; `clear_site_data` tells the browser to clear its caches and storage when the
    session is `reset`. `lesson_app.PRODUCTION` has a good set of these.

    `clock` is a function like ``time.time``, `urandom` one like ``os.urandom``, for tests
    and lessons that repeat.

    The first instance on an app is `flask.session`. Each further one needs a cookie name of
    its own, and is reached as its `session`. What Flask knows of a session's life
    (``PERMANENT_SESSION_LIFETIME``, ``SESSION_REFRESH_EACH_REQUEST``) gives way to these
    options. What a view changes after the first byte of a streamed response is lost: the
    cookie travels in the headers.

    Wrong options raise TypeError or ValueError here, not in a request.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        secret: Secret | None = None,
        keys: Keys | Sequence[Keys] | None = None,
        codec: Codec | None = None,
        strict: bool = False,
        cookie_name: str | None = None,
        duration: timedelta = timedelta(days=1),
        active_duration: timedelta = timedelta(minutes=5),
        max_lifetime: timedelta | None = None,
        max_age: timedelta | None = None,
        ephemeral: bool = False,
        revocation: Revocation | Sequence[Revocation] = (),
        path: str | None = None,
        domain: str | None = None,
        secure: bool | None = None,
        httponly: bool | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
        no_store: bool = False,
        clear_site_data: bool = False,
        clock: Callable[[], float] = time.time,
        urandom: Callable[[int], bytes] = os.urandom,
    ) -> None:
        if app is not None and not isinstance(app, Flask):
            raise TypeError(
                f"app is a {type(app).__name__}: give a Flask app, and a secret as secret=…"
            )
        self._options = Options(
            cookie_name=cookie_name,
            duration=duration,
            active_duration=active_duration,
            max_lifetime=max_lifetime,
            max_age=max_age,
            ephemeral=ephemeral,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
            revocations=read_revocations(revocation),
            no_store=no_store,
            clear_site_data=clear_site_data,
            strict=strict,
            clock=clock,
            urandom=urandom,
            codec=make_codec(secret, keys, codec, urandom=urandom, strict=strict),
        )
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Let `app` keep sessions this way. One instance may serve several apps."""
        interface = ClientSessionInterface(self._options)
        interface.get_codec(app)  # a bad SECRET_KEY that is there already is told now
        interfaces = app.extensions.setdefault(_EXTENSION, {})
        name = interface.get_cookie_name(app)
        if name in [other.get_cookie_name(app) for other in interfaces.values()]:
            raise RuntimeError(
                f"the app already keeps a session in the cookie {name!r}: "
                "give each ClientSessions a cookie_name of its own"
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

        All that a request checks is checked. The session can be read; what is written into
        it goes nowhere. `app` is the current app by default.
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
        app = app or _this_app()
        interface = self._interface(app)
        session = self.open("", app)
        session.replace(content)
        return interface.get_cookie_name(app), interface.seal(app, session)

    def _interface(self, app: Flask) -> ClientSessionInterface:
        interface = app.extensions.get(_EXTENSION, {}).get(self)
        if interface is None:
            raise RuntimeError("call init_app(app) first")
        return cast(ClientSessionInterface, interface)


def _this_app() -> Flask:
    # Not the proxy: signals are told apart by the app itself.
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _is_over_tls() -> bool:
    # Past the proxy, which takes longer than the answer.
    return request._get_current_object().is_secure  # type: ignore[attr-defined,no-any-return]


def _no_secret() -> RuntimeError:
    return RuntimeError("there is no secret: give one, or set the app's SECRET_KEY")


class ClientSessionInterface(SessionInterface):
    """Flask's two hooks: `open_session` before the view, `save_session` after it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._duration = milliseconds(options.duration, "duration")
        self._active_microseconds = options.active_duration // timedelta(microseconds=1)
        lifetime = options.max_lifetime
        self._max_lifetime = (
            None if lifetime is None else milliseconds(lifetime, "max_lifetime")
        )
        # The settings' secrets, and the codec for them: good as long as they stay the same.
        self._from_settings: tuple[tuple[str | bytes, ...], SealedCodec | None] = ((), None)
        self._checked_name: str | None = None
        # Only then does anything need to know when a session began.
        self._remembers_birth = bool(options.max_lifetime or options.revocations)

    def now(self) -> int:
        """Return the clock's time in ms since 1970."""
        return round(self._options.clock() * 1000)

    def get_cookie_name(self, app: Flask) -> str:
        if self._options.cookie_name is not None:
            return self._options.cookie_name
        name = super().get_cookie_name(app)
        if name is not self._checked_name:
            check_cookie_name(name)
            self._checked_name = name
        return name

    def get_codec(self, app: Flask) -> Codec | None:
        """Return what seals for `app`; None if it has no secret."""
        if self._options.codec is not None:
            return self._options.codec
        secret = app.secret_key
        if not secret:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"] or ()
        if fallbacks and not isinstance(fallbacks, list | tuple):
            # A text would be taken for a list of secrets of one character each.
            raise TypeError(
                f"SECRET_KEY_FALLBACKS is a {type(fallbacks).__name__}: give a list of secrets"
            )
        secrets = (secret, *fallbacks)
        known, codec = self._from_settings
        if codec is None or known != secrets:
            urandom, strict = self._options.urandom, self._options.strict
            codec = SealedCodec(*secret_keys(secrets), urandom=urandom, strict=strict)
            self._from_settings = (secrets, codec)  # at once: another thread may be reading
        return codec

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """Return a session that opens its cookie when it is first touched.

        None without a secret: Flask then says so at the first write.
        """
        return self.open_header(app, request.environ.get("HTTP_COOKIE", ""))

    def open_header(self, app: Flask, header: str) -> Session | None:
        """Return the session of a ``Cookie`` header, unopened; None without a secret."""
        codec = self.get_codec(app)
        if codec is None:
            return None
        name = self.get_cookie_name(app)

        def fill(session: Session) -> None:
            value = find_cookie(header, name)
            if value:
                self._fill(session, app, codec, name, value)

        session = Session(now=self.now, duration=self._duration, opener=fill)
        if self._options.ephemeral:
            session.permanent = False
        return session

    def _fill(self, session: Session, app: Flask, codec: Codec, name: str, value: str) -> None:
        try:
            opened = codec.unseal(value, name=name)
        except BadCookie as bad:
            self._refuse(session, app, value, bad.reason)
            return
        now = self.now()
        self._restore(session, opened, now)
        reason = self._reason_to_refuse(session, opened, now)
        if reason:
            self._refuse(session, app, value, reason)
            return
        if type(codec) is not SealedCodec:
            stringify(session.plain())  # what another codec opens may be nothing to seal
        if (opened.created_at + opened.duration - now) * 1000 < self._active_microseconds:
            session.extend(self._options.active_duration)
        elif opened.rotated:
            session.modified = True

    def _restore(self, session: Session, opened: Unsealed, now: int) -> None:
        created_at, duration = opened.created_at, opened.duration
        if not self._remembers_birth:
            session.restore(opened.content, created_at, duration, mac=opened.mac)
            return
        content = dict(opened.content)
        born_at = content.pop(BORN, None)
        if type(born_at) is not int or not 0 <= born_at <= now + 1:
            born_at = None
            # Without the mark the cookie could begin its life anew at each visit.
            session.modified = bool(content)
        session.restore(content, created_at, duration, born_at=born_at, mac=opened.mac)

    def _reason_to_refuse(self, session: Session, opened: Unsealed, now: int) -> str | None:
        expires_at = opened.created_at + opened.duration
        if not 0 <= opened.created_at <= expires_at <= END_OF_TIME:
            return "times"
        if expires_at < now:
            return "expired"
        if self._max_lifetime is not None and session.born_at + self._max_lifetime < now:
            return "too-old"
        for revocation in self._options.revocations:
            if revocation.is_revoked(session):
                return "revoked"
        return None

    def _refuse(self, session: Session, app: Flask, value: str, reason: str) -> None:
        """Empty the session. The visitor is never told why; the log and the signal are."""
        name = self.get_cookie_name(app)
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        logger.info("cookie %s refused: %s (sha256 %s)", name, reason, digest)
        session.reset()
        session.forget_cookie()  # and that was not a log-out
        cookie_refused.send(app, name=name, reason=reason, digest=digest)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session changed; say nothing if nobody looked at it."""
        assert isinstance(session, Session)  # open_session made it
        self._save(app, session, response)
        if len(app.extensions.get(_EXTENSION, ())) > 1:
            for interface, further in request.environ.get(_FURTHER, {}).items():
                interface._save(app, further, response)

    def _save(self, app: Flask, session: Session, response: Response) -> None:
        if not session.loaded:
            return
        vary_by_cookie(response)
        if self._options.no_store:
            response.cache_control.no_store = True
        if not session.modified:
            return
        if session.ended and not session and self._options.clear_site_data:
            # Not "cookies": that would clear those of every other app of the site as well.
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        response.headers.add("Set-Cookie", self._set_cookie(app, session))

    def seal(self, app: Flask, session: Session) -> str:
        """Return the cookie value of `session`; raise SessionTooLarge."""
        codec = self.get_codec(app)
        assert codec is not None  # there was one when the session was opened
        name = self.get_cookie_name(app)
        content = session.plain()
        if self._remembers_birth:
            content[BORN] = session.born_at
        value = codec.seal(
            content, name=name, created_at=session.created_at, duration=session.duration
        )
        size = len(name) + len(value)
        if size > MAX_SIZE:
            sizes = {key: len(stringify(item).encode()) for key, item in session.items()}
            key = max(sizes, key=lambda key: sizes[key], default="")
            raise SessionTooLarge(
                f"the cookie {name!r} would take {size} octets, and browsers drop more than "
                f"{MAX_SIZE}: keep less in the session, whose largest item is {key!r} with "
                f"{sizes.get(key, 0)} octets of JSON"
            )
        return value

    def _set_cookie(self, app: Flask, session: Session) -> str:
        options, name = self._options, self.get_cookie_name(app)
        path = _either(options.path, self.get_cookie_path(app))
        domain = _either(options.domain, self.get_cookie_domain(app))
        samesite = _either(options.samesite, self.get_cookie_samesite(app))
        partitioned = _either(options.partitioned, self.get_cookie_partitioned(app))
        secure = _either(options.secure, self.get_cookie_secure(app)) or _is_over_tls()
        check_attributes(name, path, domain, secure or partitioned, samesite)
        return cookie_line(
            name,
            self.seal(app, session),
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
        # Cookie dates have no fraction of a second: grant one second for the one cut.
        return min(session.expires_at, END_OF_TIME) // 1000 + 1


T = TypeVar("T")


def _either(option: T | None, setting: T) -> T:
    return setting if option is None else option
