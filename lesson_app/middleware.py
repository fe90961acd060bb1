"""Carry `flask.session` from the request's cookie to the response's cookie."""

from __future__ import annotations

import functools
import logging
import os
import re
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin

from .cookie import Codec, Keys, SealedCodec, derive_keys
from .errors import BadCookie
from .session import END_OF_TIME, Session, milliseconds

logger = logging.getLogger(__name__)

# RFC 6265bis section 4.1.1: a cookie's name is a token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ClientSessions:
    """Keep the whole session in one sealed cookie, in Mozilla's client-sessions format.

    ::

        sessions = ClientSessions(duration=timedelta(hours=2))
        sessions.init_app(app)      # then: from flask import session

    - `secret`: str or bytes; it should be random and 32 characters or more. By default Flask's
      own ``SECRET_KEY``, with ``SECRET_KEY_FALLBACKS`` for cookies that older ones sealed.
    - `cookie_name`: by default Flask's ``SESSION_COOKIE_NAME``, which is "session".
    - `duration`: timedelta, how long a session lives, one day by default.
    - `active_duration`: timedelta. A session that is used with less than this left is
      extended by this much; five minutes by default, zero to never extend.
    - `codec`: what seals and unseals, if not the secret (see `lesson_app.cookie.Codec`).
    - `clock`: seconds since 1970, like ``time.time``; `urandom`: IVs, like ``os.urandom``.
      For tests and lessons that repeat.

    `flask.session` is then a `Session`. What Flask knows of a session's life
    (``PERMANENT_SESSION_LIFETIME``, ``SESSION_REFRESH_EACH_REQUEST``) gives way to
    `duration` and `active_duration`. What a view changes after the first byte of a
    streamed response is lost: the cookie travels in the headers.

    The cookie's attributes are Flask's: ``SESSION_COOKIE_PATH``, ``_DOMAIN``,
    ``_HTTPONLY``, ``_SECURE``, ``_SAMESITE``, ``_PARTITIONED``. `Secure` is also set by
    itself on requests that came over TLS.

    Wrong options raise TypeError or ValueError here, not in a request.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        secret: str | bytes | None = None,
        cookie_name: str | None = None,
        duration: timedelta = timedelta(days=1),
        active_duration: timedelta = timedelta(minutes=5),
        codec: Codec | None = None,
        clock: Callable[[], float] = time.time,
        urandom: Callable[[int], bytes] = os.urandom,
    ) -> None:
        if app is not None and not isinstance(app, Flask):
            raise TypeError(
                f"app is a {type(app).__name__}: give a Flask app, and a secret as secret=…"
            )
        for option, function in (("clock", clock), ("urandom", urandom)):
            if not callable(function):
                raise TypeError(f"{option} is {function!r}: give a function")
        if codec is not None and not (hasattr(codec, "seal") and hasattr(codec, "unseal")):
            raise TypeError(f"codec is {codec!r}: give an object with seal and unseal")
        if secret is not None and codec is not None:
            raise ValueError("give a secret or a codec: a codec holds its own secret")
        if secret is not None:
            codec = SealedCodec(derive_keys(secret), urandom=urandom)
        if cookie_name is not None:
            _check_token(cookie_name)
        if milliseconds(duration, "duration") == 0:
            raise ValueError("duration is zero: give the time that a session lives")
        milliseconds(active_duration, "active_duration")
        self._interface = functools.partial(
            ClientSessionInterface,
            codec=codec,
            cookie_name=cookie_name,
            duration=duration,
            active_duration=active_duration,
            clock=clock,
            urandom=urandom,
        )
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Let `app` keep its sessions this way. One instance may serve several apps."""
        interface = self._interface()
        interface.get_codec(app)  # a bad SECRET_KEY that is there already is told now
        app.session_interface = app.extensions["client_sessions"] = interface


def _check_token(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"cookie_name is a {type(name).__name__}: give str")
    if not _TOKEN.fullmatch(name):
        raise ValueError(
            f"cookie_name is {name!r}: use letters, digits and !#$%&'*+-.^_`|~ only"
        )


def find_cookie(header: str, name: str) -> str:
    """Return the value of the first cookie called `name`, or "" if there is none.

    `header` is the text of the request's ``Cookie``. Werkzeug's own parser would raise on
    bytes that are not UTF-8, and pass over values that no server ever sets; here, as in
    Node, these are cookies like any other that does not open. Quotes around a value are
    left on: `unseal` passes over them, as over all characters that are not base64.
    """
    match = _cookie_pattern(name).search(header)
    return match[1] if match else ""


@functools.lru_cache(maxsize=32)
def _cookie_pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|;) *{re.escape(name)}=([^;]*)")


class ClientSessionInterface(SessionInterface):
    """Flask's two hooks: `open_session` before the view, `save_session` after it."""

    def __init__(
        self,
        *,
        codec: Codec | None,
        cookie_name: str | None,
        duration: timedelta,
        active_duration: timedelta,
        clock: Callable[[], float],
        urandom: Callable[[int], bytes],
    ) -> None:
        self._codec = codec
        self._cookie_name = cookie_name
        self._duration = milliseconds(duration, "duration")
        self._active_duration = active_duration
        self._clock = clock
        self._urandom = urandom

    def now(self) -> int:
        """Return the clock's time in ms since 1970."""
        return round(self._clock() * 1000)

    def get_cookie_name(self, app: Flask) -> str:
        if self._cookie_name is None:
            _check_token(super().get_cookie_name(app))
        return self._cookie_name or super().get_cookie_name(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        return super().get_cookie_secure(app) or request.is_secure

    def get_codec(self, app: Flask) -> Codec | None:
        """Return what seals for `app`; None if it has no secret."""
        if self._codec is not None or not app.secret_key:
            return self._codec
        fallbacks = app.config["SECRET_KEY_FALLBACKS"] or ()
        if not isinstance(fallbacks, list | tuple):
            # A text would be taken for a list of secrets of one character each.
            raise TypeError(
                f"SECRET_KEY_FALLBACKS is a {type(fallbacks).__name__}: give a list of secrets"
            )
        keys = map(_remembered_keys, (app.secret_key, *fallbacks))
        return SealedCodec(*keys, urandom=self._urandom)

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """Return a session that opens its cookie when it is first touched.

        None without a secret: Flask then says so at the first write.
        """
        codec = self.get_codec(app)
        if codec is None:
            return None
        name = self.get_cookie_name(app)
        value = find_cookie(request.environ.get("HTTP_COOKIE", ""), name)

        def fill(session: Session) -> None:
            if value:
                self._fill(session, codec, name, value)

        return Session(now=self.now, duration=self._duration, opener=fill)

    def _fill(self, session: Session, codec: Codec, name: str, value: str) -> None:
        try:
            opened = codec.unseal(value, name=name)
        except BadCookie as bad:
            # The visitor is never told why; no part of the cookie goes to the log.
            logger.info("cookie %s refused: %s", name, bad.reason)
            session.reset()
            return
        session.restore(opened.content, opened.created_at, opened.duration)
        left = session.expires_at - self.now()
        if left < 0 or not 0 <= session.created_at <= session.expires_at <= END_OF_TIME:
            session.reset()
        elif timedelta(milliseconds=left) < self._active_duration:
            session.extend(self._active_duration)
        elif opened.rotated:
            session.modified = True

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session changed; say nothing if nobody looked at it."""
        assert isinstance(session, Session)  # open_session made it
        if not session.loaded:
            return
        response.vary.add("Cookie")
        if not session.modified:
            return
        name = self.get_cookie_name(app)
        codec = self.get_codec(app)
        assert codec is not None  # there was one when the session was opened
        response.set_cookie(
            name,
            codec.seal(
                session, name=name, created_at=session.created_at, duration=session.duration
            ),
            # Cookie dates have no fraction of a second: grant one second for the one cut.
            expires=min(session.expires_at, END_OF_TIME) // 1000 + 1
            if session.permanent
            else None,
            path=self.get_cookie_path(app),
            domain=self.get_cookie_domain(app),
            secure=self.get_cookie_secure(app),
            httponly=self.get_cookie_httponly(app),
            samesite=self.get_cookie_samesite(app),
            partitioned=self.get_cookie_partitioned(app),
        )


@functools.lru_cache(maxsize=32)
def _remembered_keys(secret: str | bytes) -> Keys:
    return derive_keys(secret)
