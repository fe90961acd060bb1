"""Keep `flask.session`, and further sessions, in sealed cookies: set up an app.

`lesson_app.interface` does the work for each request.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any, cast

from flask import Flask, current_app, request
from flask import session as flask_session

from ._engine.attributes import cookie_attributes
from ._engine.javascript import type_name
from .interface import (
    EXTENSION,
    ClientSessionInterface,
    cookie_refused,
    further_sessions,
    no_secret,
)
from .options import Options
from .session import Session

__all__ = ["ClientSessions", "cookie_refused"]


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
    A wrong option raises TypeError or ValueError here. So does `init_app` for a setting of
    Flask's, and a later request for a setting that has changed since.

    A ``SECRET_KEY`` that is weak is allowed, with a warning in the log, while the app is in
    testing or debug mode; and without one, if the app's setting
    ``CLIENT_SESSIONS_ALLOW_WEAK_SECRET`` is True.
    """

    app: InitVar[Flask | None] = None

    def __post_init__(self, app: Flask | None) -> None:
        super().__post_init__()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Let this instance keep the sessions of `app`. One instance may serve several apps."""
        _check_app(app)
        interface = ClientSessionInterface(self)
        interface.get_codec(app)  # a bad SECRET_KEY is refused at set-up
        cookie_attributes(app, self)  # and so is a cookie that browsers drop
        interfaces = app.extensions.setdefault(EXTENSION, {})
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
        # The proxy stands for what `open_session` returned, or for what replaced that.
        first = flask_session._get_current_object()  # type: ignore[attr-defined]
        if not (isinstance(first, Session) or app.session_interface.is_null_session(first)):
            raise RuntimeError(
                f"flask.session must be a lesson_app.Session, got {type_name(first)} from "
                "another extension; in an event of Flask-SocketIO, read "
                "sessions.open(request.headers.get('Cookie', ''))"
            )
        if app.session_interface is interface:
            return cast(Session, first)
        if _is_event():
            # The events of a connection share one environ, so they would share this session
            # too, without checks; and Flask-SocketIO saves only `flask.session`.
            raise RuntimeError(
                "an event of Flask-SocketIO opens only flask.session; read another one with "
                "sessions.open(request.headers.get('Cookie', ''))"
            )
        further = further_sessions()
        if interface not in further:
            opened = interface.open_session(app, request)
            # Flask does not save a first session that has no secret, nor then any further.
            if opened is None or app.session_interface.is_null_session(first):
                raise no_secret()
            further.setdefault(interface, opened)
        return further[interface]

    def open(self, cookie_header: str, app: Flask | None = None) -> Session:
        """Open the session in a ``Cookie`` header outside of a request, as in a WebSocket.

        Makes all the checks that a request makes. The session is for reading: no response
        carries its changes. `app` is the current app by default.
        """
        app = app or _this_app()
        opened = self._interface(app).open_header(app, cookie_header)
        if opened is None:
            raise no_secret()
        return opened

    def make_cookie(
        self, content: Mapping[str, Any], app: Flask | None = None
    ) -> tuple[str, str]:
        """Return name and value of a cookie that begins a session with `content`.

        For a ``Cookie`` header. For Flask's test client, use its ``session_transaction``.
        """
        session = self.open("", app)
        session.replace(content)
        return session._cookie.name, session._cookie.sealed(session, session._json())

    def _interface(self, app: Flask) -> ClientSessionInterface:
        interface = app.extensions.get(EXTENSION, {}).get(self)
        if interface is None:
            raise RuntimeError("this ClientSessions does not serve the app; call init_app(app)")
        return cast(ClientSessionInterface, interface)


# What a caller gives, and what help() and editors show.
ClientSessions.__init__.__annotations__["app"] = "Flask | None"
ClientSessions.__doc__ = f"{inspect.getdoc(ClientSessions)}\n{Options.describe()}\n"


def _check_app(app: object) -> None:
    if not isinstance(app, Flask):
        raise TypeError(
            f"app must be a Flask app, got {type_name(app)}; other frameworks do not work, "
            "and a secret is secret=…"
        )


def _this_app() -> Flask:
    # Not the proxy: signals distinguish apps by the object itself.
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _is_event() -> bool:
    # What Flask-SocketIO sets on the request of each event. It drops the event's response.
    return hasattr(request, "namespace")
