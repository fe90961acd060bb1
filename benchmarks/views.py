"""The time that a session adds to a whole request, in Flask and in Node's Express.

There are no sockets: the app is called as a server would call it. In Node the request and the
response are Node's own objects with an unconnected socket.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator
from typing import Any

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import ClientSessions
from lesson_app.app import USER

from .measure import Spread, Timer, in_turns, timed
from .outside import NODE_PEERS, node
from .sealers import SECRET

ROUNDS = 101
#: Longer than for a codec, because a turn must contain many requests.
TURN = 2_000_000
VIEWS = ("untouched", "read", "write")
NONE, FLASK, OURS, AGAIN = "none", "Flask", "ours", "ours, a second time"
EXPRESS = "Express without sessions"
#: By view and peer: the ns of one request, by round.
Times = dict[tuple[str, str], list[float]]


class NoSession(SessionInterface):
    """The session of an app without sessions: it reads and writes nothing."""

    class Empty(dict[str, Any], SessionMixin):
        """A dict that is not kept."""

    def open_session(self, app: Flask, request: Request) -> NoSession.Empty:
        """Return an empty dict."""
        return NoSession.Empty()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep nothing."""


def make_app(kind: str) -> Flask:
    """Make an app with a view for each use of a session."""
    app = Flask("peer")
    app.secret_key = SECRET
    if kind == NONE:
        app.session_interface = NoSession()
    elif kind != FLASK:
        ClientSessions(app)
    count = iter(range(10**9))
    app.add_url_rule("/untouched", "untouched", lambda: "ok")
    app.add_url_rule("/read", "read", lambda: str(session.get("user")))
    app.add_url_rule("/write", "write", lambda: str(session.update(n=next(count))))
    app.add_url_rule("/login", "login", lambda: str(session.update(user=dict(USER))))
    return app


def environ(app: Flask) -> dict[str, Any]:
    """Return the request of a logged-in visitor, after a check that the app reads it."""
    begun = EnvironBuilder("/login").get_environ()
    cookie = run_wsgi_app(app, begun)[2].get("Set-Cookie", "").split(";")[0]
    # An app without sessions gets a cookie too, and ignores it.
    logged_in = {**begun, "HTTP_COOKIE": cookie or "session=of-another-app"}
    body = run_wsgi_app(app, {**logged_in, "PATH_INFO": "/read"})[0]
    assert literal_eval(b"".join(body).decode()) == (USER if cookie else None)
    headers = run_wsgi_app(app, {**logged_in, "PATH_INFO": "/write"})[2]
    assert ("Set-Cookie" in headers) is bool(cookie)
    return logged_in


def _start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
    """Ignore the start of the response, instead of the server."""


def wsgi_timer(app: Flask, request: dict[str, Any]) -> Timer:
    """Return a timer for a request."""
    return lambda calls: timed(lambda: list(app.wsgi_app({**request}, _start)), calls)


def measure(rounds: int = ROUNDS) -> Times:
    """Measure every view of every app in turns."""
    times: Times = {}
    apps = {kind: make_app(kind) for kind in (NONE, FLASK, OURS, AGAIN)}
    environs = {kind: environ(app) for kind, app in apps.items()}
    with node() as in_node:
        check(in_node.ask("log in"))
        for view in VIEWS:
            timers = {
                (view, kind): wsgi_timer(app, {**environs[kind], "PATH_INFO": f"/{view}"})
                for kind, app in apps.items()
            }
            timers[view, EXPRESS] = in_node.timer("request", peer="none", view=view)
            for peer in NODE_PEERS:
                timers[view, peer] = in_node.timer("request", peer=peer, view=view)
            times |= in_turns(timers, rounds, turn=TURN)
    return times


def check(answers: dict[str, Any]) -> None:
    """Check that each app in Node reads its session, and sets a cookie for a change."""
    for peer in NODE_PEERS:
        user, lines = answers[peer]
        assert user == USER, f"{peer} cannot read its own session"
        assert lines >= 1, f"{peer} sets no cookie for a change"


def added(times: Times, view: str, peer: str) -> list[float]:
    """Return by round the ns that `peer` adds to its framework without sessions."""
    bare = bare_of(times, view, peer)
    return [a - b for a, b in zip(times[view, peer], bare, strict=True)]


def bare_of(times: Times, view: str, peer: str) -> list[float]:
    """Return by round the ns of the same request without sessions."""
    return times[view, EXPRESS if peer in NODE_PEERS else NONE]


def of_flasks(times: Times, view: str, peer: str) -> Spread:
    """Return the time that `peer` adds, relative to Flask's own session."""
    return Spread.of_ratios(added(times, view, peer), added(times, view, FLASK))


def of_bare(times: Times, view: str, peer: str) -> Spread:
    """Return the time that `peer` adds, relative to the request without sessions."""
    return Spread.of_ratios(added(times, view, peer), bare_of(times, view, peer))


def rows(times: Times) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| view | library | adds: part of Flask's session | adds: part of the bare call |"
    yield "|---|---|--:|--:|"
    for view in VIEWS:
        for peer in (OURS, AGAIN, FLASK, *NODE_PEERS):
            part = "1" if peer == FLASK else str(of_flasks(times, view, peer))
            yield f"| {view} | {peer} | {part} | {of_bare(times, view, peer)} |"
