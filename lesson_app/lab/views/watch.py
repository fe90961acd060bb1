"""Note what a session interface gets and returns, for the drawing of a request's way."""

from __future__ import annotations

from flask import Flask
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response

from ...cookie import Keys, unseal
from ...errors import BadCookie
from ..http.record import pair_of

#: A place of a request's way, and what the session holds there.
Step = tuple[str, object]


def watch(app: Flask, keys: Keys) -> list[Step]:
    """Return a list to which each request to `app` adds its steps, for `draw.around`.

    `keys` open the cookie named ``session`` that comes and the one that the response sets.
    """
    steps: list[Step] = []
    app.session_interface = _Watched(app.session_interface, keys, steps)
    return steps


class _Watched(SessionInterface):
    """Pass on the hooks of an interface, and note what goes through them."""

    def __init__(self, inner: SessionInterface, keys: Keys, steps: list[Step]) -> None:
        self.inner, self.keys, self.steps = inner, keys, steps

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        value = request.cookies.get("session")
        self._note(f"{request.method} {request.path}: Cookie", self._content(value))
        session = self.inner.open_session(app, request)
        self._note("open_session returns", _copy(session))
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        self._note("save_session gets", _copy(session))
        self.inner.save_session(app, session, response)
        lines = response.headers.getlist("Set-Cookie")
        value = pair_of(lines[-1])[1] if lines else None
        self._note("the response: Set-Cookie", self._content(value))

    def _note(self, place: str, content: object) -> None:
        self.steps.append((place, content))

    def _content(self, value: str | None) -> object:
        if value is None:
            return "no cookie"
        try:
            return unseal(value, self.keys).content
        except BadCookie:
            return "a cookie that does not open"


def _copy(session: SessionMixin | None) -> object:
    return "nothing" if session is None else dict(session)
