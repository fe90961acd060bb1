"""Our four tries of notebook 04, for learners who have not written theirs yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response

from ...cookie import Keys, seal, unseal
from ...errors import BadCookie
from .middleware_limit import LIMIT

_BORN = "_born"


class _Session(dict[str, Any], SessionMixin):
    before = "{}"
    created_at = duration = 0


class _Middleware(SessionInterface):
    def __init__(
        self,
        keys: Keys,
        clock: Callable[[], float],
        duration: int = 120_000,
        active_duration: int = 60_000,
    ) -> None:
        self.keys, self.clock = keys, clock
        self.duration, self.active_duration = duration, active_duration

    def now(self) -> int:
        return round(self.clock() * 1000)


class FirstTry(_Middleware):
    """Set the cookie on every response."""

    def open_session(self, app: Flask, request: Request) -> _Session:
        """Open the request's cookie."""
        value = request.cookies.get("session")
        return _Session(unseal(value, self.keys).content if value else {})

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Seal the session, and set the cookie."""
        self.set_cookie(response, dict(session), self.now(), self.duration)

    def set_cookie(
        self, response: Response, content: dict[str, Any], created_at: int, duration: int
    ) -> None:
        """Set the cookie until the session's end."""
        value = seal(content, self.keys, created_at=created_at, duration=duration)
        # Expires has whole seconds: one more for the fraction that is cut off.
        end = (created_at + duration) // 1000 + 1
        response.set_cookie("session", value, expires=end, httponly=True)


class SecondTry(FirstTry):
    """Ignore bad cookies, and set a cookie only after a change."""

    def open_session(self, app: Flask, request: Request) -> _Session:
        """Open the request's cookie; start an empty session if it does not open."""
        try:
            session = super().open_session(app, request)
        except BadCookie:
            session = _Session()
        session.before = json.dumps(session)
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Set the cookie if the session's JSON has changed."""
        if json.dumps(session) != getattr(session, "before", "{}"):
            super().save_session(app, session, response)


class ThirdTry(FirstTry):
    """End and extend sessions by the server's clock."""

    def open_session(self, app: Flask, request: Request) -> _Session:
        """Open the request's cookie; extend it, or start a new session."""
        now = self.now()
        try:
            opened = unseal(request.cookies.get("session", ""), self.keys)
        except BadCookie:
            return self._new(now)
        session = _Session(opened.content)
        session.created_at, session.duration = opened.created_at, opened.duration
        left = opened.created_at + opened.duration - now
        if left < 0:
            return self._new(now)
        session.before = json.dumps(session)
        if left < self.active_duration:
            session.created_at += self.active_duration
            session.before = ""  # equal to no JSON, so save_session sets the cookie
        return session

    def _new(self, now: int) -> _Session:
        session = _Session()
        session.created_at, session.duration = now, self.duration
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Set the cookie if the session has changed or was extended."""
        # A learner's subclass may have made a session that knows nothing of this.
        if json.dumps(session) != getattr(session, "before", "{}"):
            created_at = getattr(session, "created_at", self.now())
            duration = getattr(session, "duration", self.duration)
            self.set_cookie(response, dict(session), created_at, duration)


class FourthTry(ThirdTry):
    """Also end a session that has lived too long; its content remembers when it began."""

    def open_session(self, app: Flask, request: Request) -> _Session:
        """Open the request's cookie; empty a session that began too long ago."""
        session = super().open_session(app, request)
        if self.now() - session.get(_BORN, self.now()) > LIMIT * self.duration:
            session.clear()
            session.created_at, session.duration = self.now(), self.duration
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Note when the session began, and set the cookie if necessary."""
        if session:
            session.setdefault(_BORN, self.now())
        super().save_session(app, session, response)
