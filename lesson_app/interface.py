"""Flask's two hooks: open the session of a request, and set the cookie of its response.

One request takes this path:

1. Flask calls `open_session`, which returns an unopened `Session`.
2. When a view first uses the session, it calls `_read_cookie`: find the cookie, unseal it,
   check its times and the revocations, extend it if little time is left.
3. After the view, Flask calls `save_session`. If the session was used, caches are told so. If
   its JSON has changed, that JSON is sealed, and the response gets a ``Set-Cookie``.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import logging
import os
import re
import reprlib
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from blinker import Namespace
from flask import Flask, Request, Response, request
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin

from ._engine.attributes import check_cookie_name, cookie_attributes
from ._engine.codec import SealedCodec
from ._engine.headers import (
    cookie_line,
    find_cookies,
    forbid_storing,
    is_file,
    keep_private,
    vary_by_cookie,
)
from ._engine.javascript import parse, stringify, type_name
from .cookie import MAX_SIZE, Codec, Keys, Unsealed, derive_keys, to_base64
from .errors import BadCookie, SessionTooLarge
from .options import Options, secret_keys
from .revocation import MARGIN, failing_closed
from .session import (
    END_OF_TIME,
    KEPT,
    MARKS,
    Identity,
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

#: A setting of the app: True allows a ``SECRET_KEY`` that is weak.
ALLOW_WEAK = "CLIENT_SESSIONS_ALLOW_WEAK_SECRET"
EXTENSION = "client_sessions"
FURTHER = "lesson_app.sessions"
_NO_COOKIES = "lesson_app.no_cookies"
_ID = re.compile("[A-Za-z0-9_-]{22}")
#: The bytes of a session's id.
_ID_LENGTH = 16


def _is_over_tls() -> bool:
    # Past the proxy, which takes longer than the answer.
    return request._get_current_object().is_secure  # type: ignore[attr-defined,no-any-return]


def _is_socket() -> bool:
    """Return whether no response will set a cookie."""
    real = request._get_current_object()  # type: ignore[attr-defined]  # as in _is_over_tls
    rule = real.url_rule
    # Only a rule for it answers a WebSocket, whose headers are sent before the view runs.
    return hasattr(real, "namespace") or (rule is not None and rule.websocket)


def further_sessions() -> dict[ClientSessionInterface, Session]:
    """Return the request's sessions besides `flask.session`.

    Not from the environ: another request may have the same, such as a second try.
    """
    attributes: dict[str, Any] = request._get_current_object().__dict__  # type: ignore[attr-defined]
    sessions: dict[ClientSessionInterface, Session] = attributes.setdefault(FURTHER, {})
    return sessions


def forbid_cookies() -> None:
    """Let the response of this request set no cookie of any session."""
    request._get_current_object().__dict__[_NO_COOKIES] = True  # type: ignore[attr-defined]


def may_set_cookies() -> bool:
    """Return whether `forbid_cookies` was not called."""
    return _NO_COOKIES not in request._get_current_object().__dict__  # type: ignore[attr-defined]


def no_secret() -> RuntimeError:
    """Return the error for an app without a secret."""
    return RuntimeError("there is no secret; pass secret=… or set the app's SECRET_KEY")


class _RequestCookie:
    """What one request opens its cookie with, and seals it with again."""

    def __init__(self, interface: ClientSessionInterface, app: Flask, header: str) -> None:
        self.interface, self.app, self.header = interface, app, header

    @functools.cached_property
    def name(self) -> str:
        return self.interface.get_cookie_name(self.app)

    @functools.cached_property
    def codec(self) -> Codec:
        codec = self.interface.get_codec(self.app)
        if codec is None:
            raise no_secret()
        return codec

    def seal(self, session: Session, json: str) -> str:
        """Return the cookie value, of any length."""
        name, codec, state = self.name, self.codec, session._open()
        times = {"created_at": state.created_at, "duration": state.duration}
        if type(codec) is SealedCodec:
            return codec.seal_json(json, name=name, **times)
        return codec.seal(parse(json), name=name, **times)

    def sealed(self, session: Session, json: str) -> str:
        """Return the cookie value or raise SessionTooLarge."""
        value = self.seal(session, json)
        size = len(self.name) + len(value)
        if size > MAX_SIZE:
            items = parse(json)
            sizes = {key: len(stringify(item).encode()) for key, item in items.items()}
            key = max(sizes, key=lambda key: sizes[key], default="")
            raise SessionTooLarge(
                f"the cookie {self.name!r} has {size} bytes, but browsers drop cookies of more "
                f"than {MAX_SIZE}; keep less in the session: its largest item is "
                f"{reprlib.repr(key)}, {sizes.get(key, 0)} bytes of JSON"
            )
        return value


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
        # Nothing else needs to know which session it is and when it began.
        self._marks = bool(options.max_lifetime or options.revocations)
        # How large a codec of one's own makes a cookie, only that codec knows. Not inherited:
        # a subclass may compress.
        kind = type(options.own_codec) if options.own_codec else SealedCodec
        self._most_json: int | None = vars(kind).get("most_json")
        self._warned_of_others = False

    def now(self) -> int:
        """Return the clock's time in ms since 1970."""
        return round(self._clock() * 1000)

    def _new_id(self) -> str:
        return to_base64((self._options.urandom or os.urandom)(_ID_LENGTH))

    def get_cookie_name(self, app: Flask) -> str:
        if self._options.cookie_name is not None:
            return self._options.cookie_name
        name = super().get_cookie_name(app)
        if name is not self._checked_name:
            check_cookie_name("SESSION_COOKIE_NAME", name)
            self._checked_name = name
        return name

    def get_cookie_path(self, app: Flask) -> str:
        return str(cookie_attributes(app, self._options).path)

    def get_cookie_domain(self, app: Flask) -> str | None:
        return cookie_attributes(app, self._options).domain or None

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(cookie_attributes(app, self._options).secure)

    def get_cookie_httponly(self, app: Flask) -> bool:
        return bool(cookie_attributes(app, self._options).httponly)

    def get_cookie_samesite(self, app: Flask) -> str | None:
        samesite: str | None = cookie_attributes(app, self._options).samesite
        return samesite

    def get_cookie_partitioned(self, app: Flask) -> bool:
        return bool(cookie_attributes(app, self._options).partitioned)

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        expires = self._expires(cast(Session, session))
        return None if expires is None else datetime.fromtimestamp(expires, UTC)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        return session.modified

    def get_codec(self, app: Flask) -> Codec | None:
        """Return the codec of `app`; None without a secret."""
        if self._options.own_codec is not None:
            return self._options.own_codec
        secret = app.secret_key
        if not secret:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"] or ()
        if not isinstance(fallbacks, list | tuple):
            # A str would be taken for a list of secrets of one character each.
            raise TypeError(
                f"SECRET_KEY_FALLBACKS must be a list, got {type(fallbacks).__name__}"
            )
        secrets = (secret, *fallbacks)
        known, codec = self._from_settings
        if known != secrets:
            urandom, strict = self._options.urandom or os.urandom, self._options.strict
            codec = SealedCodec(*_setting_keys(app, secrets), urandom=urandom, strict=strict)
            self._from_settings = (secrets, codec)  # at once: another thread may be reading
        return codec

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """Return a session that opens its cookie when it is first used.

        None without a secret: Flask then raises at the first write.
        """
        return self.open_header(app, request.environ.get("HTTP_COOKIE", ""))

    def open_header(self, app: Flask, header: str) -> Session | None:
        """Return the session of a ``Cookie`` header, unopened; None without a secret.

        A setting that is wrong raises when the session is first used, so that pages that do
        not use it go on working.
        """
        if self._options.own_codec is None and not app.secret_key:
            return None
        cookie = _RequestCookie(self, app, header)
        session = Session(
            now=self.now,
            duration=self._duration,
            opener=lambda: self._read_cookie(session),
            new_id=self._new_id if self._marks else None,
            most_json=self._most_json,
        )
        session._cookie, session._max_lifetime = cookie, self._max_lifetime
        return session

    def _read_cookie(self, session: Session) -> tuple[dict[str, Any], State] | None:
        """Return what the first cookie holds that opens; None without a cookie.

        Mozilla's library takes the first cookie in any case. But another app, on another port
        of this host or for a parent domain, may have set a cookie with the same name.
        """
        cookie, now = cast(_RequestCookie, session._cookie), self.now()
        codec = cookie.codec
        refused: list[tuple[str, str]] = []
        changed = False
        for value in find_cookies(cookie.header, cookie.name):
            try:
                unsealed = codec.unseal(value, name=cookie.name)
            except BadCookie as bad:
                refused.append((value, bad.reason))
                continue
            content, state = self._read(unsealed, now)
            reason = self._reason_to_refuse(session, content, state, now)
            if not reason:
                if refused:
                    self._warn_of_others(cookie.name)
                self._extend(state, now)
                if type(codec) is not SealedCodec:
                    # Raises if the content could not be sealed again.
                    state.json = json_to_seal(content, state)
                session._identity = Identity(
                    state.json,
                    state.session_id,
                    state.born_at,
                    state.kept_at,
                    state.created_at,
                    state.duration,
                )
                return content, state
            # A session that is over is replaced, as in Mozilla's library. But a cookie that
            # does not open stays until the session is written: another server may be able to
            # open it. So does a revoked one: a slow response must not overwrite a new login.
            refused.insert(0, (value, reason))
            changed = changed or reason != "revoked"
        if refused:
            self._report(cookie, *refused[0])
        return ({}, State(now, self._duration, now, changed=changed)) if refused else None

    def _read(self, unsealed: Unsealed, now: int) -> tuple[dict[str, Any], State]:
        content, created_at = unsealed.content, unsealed.created_at
        state = State(
            created_at=created_at,
            duration=unsealed.duration,
            born_at=min(created_at, now),
            json=unsealed.json,
            new=False,
            changed=unsealed.rotated,
        )
        if self._marks:
            content = dict(content)
            born_at, session_id, kept_at = (content.pop(mark, None) for mark in MARKS)
            if type(born_at) is int and born_at >= 0:
                state.born_at = born_at
            elif created_at > now:
                # It was extended, perhaps twice. Further in the future, it will be refused.
                state.born_at = created_at - 2 * self._active_duration
            if type(kept_at) is int and kept_at > 0:
                state.kept_at = kept_at
            if type(session_id) is str and _ID.fullmatch(session_id):
                state.session_id = session_id
            elif content and unsealed.mac:
                # The same for each copy of the cookie, also in requests at the same time.
                digest = hashlib.sha256(unsealed.mac).digest()
                state.session_id = to_base64(digest[:_ID_LENGTH])
            if content and (state.born_at, state.session_id) != (born_at, session_id):
                # Without the marks each visit could begin the session again.
                state.changed = True
        return content, state

    def _reason_to_refuse(
        self, session: Session, content: dict[str, Any], state: State, now: int
    ) -> str | None:
        expires_at = state.created_at + state.duration
        if not 0 <= state.created_at <= expires_at <= END_OF_TIME:
            return "times"
        if expires_at < now:
            return "expired"
        if state.born_at > now + MARGIN:
            return "times"
        if self._max_lifetime is not None and state.born_at + self._max_lifetime < now:
            return "too-old"
        if self._options.revocations:
            probe = self._session_of(content, state)
            if self._is_revoked(session, probe):
                return "revoked"
        return None

    def _is_revoked(self, session: Session, probe: Session) -> bool:
        """Ask the revocations about `probe`, which is `session` as a cookie holds it."""
        probe._ended = session._ended
        session._asking = True
        try:
            for revocation in self._options.revocations:
                with failing_closed():
                    answer = revocation.is_revoked(probe)
                    if type(answer) is not bool:
                        raise TypeError(
                            f"is_revoked must return True or False, got {type_name(answer)}"
                        )
                if answer:
                    return True
        finally:
            session._asking = False
        return False

    def _session_of(self, content: dict[str, Any], state: State) -> Session:
        return Session(
            now=self.now,
            duration=self._duration,
            opener=lambda: (content, state),
            new_id=self._new_id,
        )

    def as_opened(self, session: Session) -> Session:
        """Return the session that the request's cookie was of."""
        was = cast(Identity, session._identity)
        state = State(was.created_at, was.duration, was.born_at, was.json, was.session_id)
        state.kept_at, state.new = was.kept_at, False
        return self._session_of(_without_marks(was.json), state)

    def is_ended(self, session: Session) -> bool:
        """Return whether the session that the request's cookie was of is revoked by now."""
        return session._identity is not None and self._is_revoked(
            session, self.as_opened(session)
        )

    def _is_over(self, session: Session) -> bool:
        """Return whether another request has ended the session since this one opened it.

        Its cookie must not be set: it might give the session another id and birth, or replace
        the cookie of a new login. A session that was reset without `keep` has nothing of it.
        """
        return bool(self._options.revocations and session._inherits and self.is_ended(session))

    def _extend(self, state: State, now: int) -> None:
        if state.created_at + state.duration - now < self._active_duration:
            state.created_at += self._active_duration
            state.changed = True

    def _report(self, cookie: _RequestCookie, value: str, reason: str) -> None:
        """Log a refusal and send the signal: the response does not say why."""
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        logger.info("cookie %s refused: %s (sha256 %s)", cookie.name, reason, digest)
        cookie_refused.send(cookie.app, name=cookie.name, reason=reason, digest=digest)

    def _warn_of_others(self, name: str) -> None:
        if not self._warned_of_others:
            self._warned_of_others = True
            logger.info(
                "another app sets a cookie called %s for this host or its parent domain; this "
                "app ignores it. Choose another cookie_name to send fewer bytes.",
                name,
            )

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session changed; do nothing if it was not used."""
        assert isinstance(session, Session)  # open_session made it
        used, interfaces = {self: session}, app.extensions.get(EXTENSION, {}).values()
        if len(interfaces) > 1:
            used |= further_sessions()
        streamed = type(response.response) not in (list, tuple) and not is_file(
            response, request.environ
        )
        if streamed and response.status_code >= 400 and response.content_length:
            response.make_sequence()  # Werkzeug streams its own error pages, such as a 404
            streamed = False
        # Another generator may yet use any session, after the headers are sent.
        for interface in interfaces if streamed else used:
            if streamed or used[interface]._used:
                vary_by_cookie(response)
                if interface._options.no_store:
                    forbid_storing(response)
        try:
            lines = [
                line
                for interface, each in used.items()
                for line in interface._set_cookie(app, each)
            ]
        except Exception as error:
            if not _is_handled(app, session, used.values(), error, response):
                raise
        else:
            if lines and may_set_cookies():
                for line in lines:
                    response.headers.add("Set-Cookie", line)
                keep_private(response)

    def _set_cookie(self, app: Flask, session: Session) -> Iterator[str]:
        """Yield the ``Set-Cookie`` line of a session that changed."""
        json = session._changed_json()
        if json is None:
            return
        if self._is_over(session):
            logger.info("cookie %s is not set: the session was revoked", session._cookie.name)
            return
        if _is_socket() and _is_written(session, json):
            raise RuntimeError(
                "the session must change in an HTTP request, got a change in a WebSocket, "
                "where no response sets the cookie; let the page request a URL, such as /logout"
            )
        cookie, attributes = session._cookie, cookie_attributes(app, self._options)
        try:
            value = cookie.sealed(session, json)
        except SessionTooLarge:
            was, state = session._identity, session._open()
            if was is None or _is_written(session, json):
                raise
            if (was.created_at, was.duration) != (state.created_at, state.duration):
                raise
            if parse(state.json).get(KEPT, 0) != state.kept_at:
                raise  # the browser's cookie is ended
            # Only marks or a longer MAC do not fit. The browser's cookie goes on as it is.
            return
        yield cookie_line(
            cookie.name,
            value,
            expires=self._expires(session),
            path=attributes.path,
            domain=attributes.domain,
            secure=attributes.secure or _is_over_tls(),
            httponly=attributes.httponly,
            samesite=attributes.samesite,
            partitioned=attributes.partitioned,
        )

    def _expires(self, session: Session) -> int | None:
        """Return when the browser may forget the cookie, in seconds since 1970."""
        permanent = session.get("_permanent")
        if self._options.ephemeral if permanent is None else not permanent:
            return None
        if self._options.max_age is not None:
            return (self.now() + milliseconds(self._options.max_age, "max_age")) // 1000
        # Cookie dates have no fraction of a second: one second more for the one cut off.
        return min(session.expires_at, END_OF_TIME) // 1000 + 1


def _setting_keys(app: Flask, secrets: tuple[str | bytes, ...]) -> list[Keys]:
    """Return the keys of Flask's own secrets; refuse a weak one, except while developing."""
    if app.config.get(ALLOW_WEAK) is True:
        return [derive_keys(secret) for secret in secrets]
    try:
        return secret_keys("SECRET_KEY", secrets, f"set the app's {ALLOW_WEAK} to True")
    except ValueError as error:
        if not (app.testing or app.debug):
            raise
        logger.warning("allowed only because the app is in testing or debug mode: %s", error)
        return [derive_keys(secret) for secret in secrets]


def _is_written(session: Session, json: str) -> bool:
    """Return whether a view changed the content. A WebSocket may lose an extension."""
    before, after = _without_marks(session._open().json), _without_marks(json)
    return stringify(before) != stringify(after)


def _without_marks(json: str) -> dict[str, Any]:
    """Return what a view sees of a cookie's JSON."""
    return {key: value for key, value in parse(json).items() if key not in MARKS}


def _is_handled(
    app: Flask, session: Session, used: Iterable[Session], error: Exception, response: Response
) -> bool:
    """Make `response` the page of the app's handler for `error`; raise if there is none.

    Flask calls handlers for errors of views only, not for those of `save_session`. False if
    this is not for a handler: the session is of a test client's `session_transaction`.
    """
    again = session._failed
    for each in used:
        each._failed = True
    if again:  # this is the error page, and the error was reported
        return True
    if session is not flask_session._get_current_object():  # type: ignore[attr-defined]
        return False
    page = app.process_response(app.make_response(app.handle_user_exception(error)))
    before = copy.copy(response)
    vars(response).clear()
    vars(response).update(vars(page))
    response.call_on_close(before.close)
    return True
