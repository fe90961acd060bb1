"""Sessions in WebSockets: what a view can read, and which changes raise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from flask import Flask, got_request_exception, request, session

from lesson_app import ClientSessions, MemoryStore, Session, UserEpochs, derive_keys, seal
from lesson_app.lab import Clock, Server
from tests.conftest import PATIENCE, SECRET, secret_of

LOST = "the session must change in an HTTP request, got a change in a WebSocket"
CHANGES: dict[str, Callable[[Session], object]] = {
    "write": lambda s: s.update(seen=True),
    "nested": lambda s: s["user"].update(name="grace"),
    "delete": lambda s: s.pop("user"),
    "log out": lambda s: s.reset(),
}


#: What a browser sends to open a WebSocket, as in RFC 6455, 1.2.
HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Cookie: {cookie}\r\n\r\n"
)


def header() -> str:
    return request.headers.get("Cookie", "")


class Site:
    """An app whose session can be used over HTTP and in events of Flask-SocketIO."""

    def __init__(self, *, manage_session: bool) -> None:
        flask_socketio = pytest.importorskip("flask_socketio")
        self.clock = Clock()
        self.app = Flask("site")
        self.app.testing = True

        def user(session: Session) -> str | None:
            return session["user"]["name"] if "user" in session else None

        self.epochs = UserEpochs(MemoryStore(self.now), user=user, now=self.now)
        options: dict[str, Any] = {"secret": SECRET, "clock": self.clock}
        options |= {"duration": timedelta(minutes=2), "active_duration": timedelta(minutes=1)}
        self.sessions = ClientSessions(self.app, revocation=self.epochs, **options)
        self.other = ClientSessions(
            self.app, secret=secret_of("other"), cookie_name="other", clock=self.clock
        )
        self.app.add_url_rule("/login", view_func=self._log_in, methods=["POST"])
        self.app.add_url_rule("/logout", view_func=self._log_out, methods=["POST"])
        self.socketio = flask_socketio.SocketIO(
            self.app, manage_session=manage_session, async_mode="threading"
        )
        self.socketio.on_event("do", self._handle)
        self.browser = self.app.test_client()

    def now(self) -> int:
        return round(self.clock() * 1000)

    def connect(self) -> Any:
        """Log in over HTTP, and connect with the cookies."""
        self.browser.post("/login")
        return self.socketio.test_client(self.app, flask_test_client=self.browser)

    def event(self, client: Any, act: Callable[[], object]) -> Any:
        """Send an event, whose handler calls `act`; return its acknowledgement."""
        self._act = act
        return client.emit("do", callback=True)

    def _handle(self) -> object:
        return self._act()

    def _log_in(self) -> str:
        session["user"] = {"name": "ada"}
        self.other.session["cart"] = []
        return ""

    def _log_out(self) -> str:
        self.epochs.end_all(session["user"]["name"])
        self.sessions.session.reset()
        return ""


@pytest.mark.parametrize("manage_session", [True, False])
def test_read_in_an_event(manage_session: bool) -> None:
    """An event can read the session that the handshake carried."""
    site = Site(manage_session=manage_session)
    client = site.connect()

    assert site.event(client, lambda: dict(session)) == {"user": {"name": "ada"}}
    assert site.event(client, lambda: site.sessions.open(header())["user"]["name"]) == "ada"
    assert site.event(client, lambda: dict(site.other.open(header()))) == {"cart": []}


@pytest.mark.parametrize("manage_session", [True, False])
@pytest.mark.parametrize("ended", ["expired", "revoked"])
def test_open_makes_all_checks_again(manage_session: bool, ended: str) -> None:
    """In each event, `open` refuses a cookie that expired or was revoked meanwhile."""
    site = Site(manage_session=manage_session)
    client = site.connect()
    assert site.event(client, lambda: "user" in site.sessions.open(header()))

    site.clock.advance(timedelta(seconds=121 if ended == "expired" else 1))
    if ended == "revoked":
        site.browser.post("/logout")

    assert site.event(client, lambda: dict(site.sessions.open(header()))) == {}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change_in_an_event(change: Callable[[Session], object]) -> None:
    """With `manage_session=False`, a change in an event raises: it would be lost."""
    site = Site(manage_session=False)
    client = site.connect()

    with pytest.raises(RuntimeError, match=LOST):
        site.event(client, lambda: change(cast(Session, session)))


def test_extension_in_an_event() -> None:
    """An event in a session's last minute raises nothing: the next request extends it."""
    site = Site(manage_session=False)
    client = site.connect()
    site.clock.advance(timedelta(seconds=90))

    assert site.event(client, lambda: session["user"]["name"]) == "ada"


def test_refused_cookie_in_an_event() -> None:
    """An event whose cookie has expired reads an empty session, and raises nothing."""
    site = Site(manage_session=False)
    client = site.connect()
    site.clock.advance(timedelta(minutes=3))

    assert site.event(client, lambda: dict(session)) == {}


def test_cookie_of_express_in_an_event() -> None:
    """An event raises nothing if the session only has to note when it began."""
    site = Site(manage_session=False)
    made = seal({"user": {"name": "ada"}}, derive_keys(SECRET), created_at=site.now())
    site.browser.set_cookie("session", made)
    client = site.socketio.test_client(site.app, flask_test_client=site.browser)

    assert site.event(client, lambda: session["user"]["name"]) == "ada"


def test_managed_session() -> None:
    """Where Flask-SocketIO keeps its own session, `sessions.session` says what to read."""
    site = Site(manage_session=True)
    client = site.connect()
    wrong = r"got flask_socketio\._ManagedSession from another extension.*sessions\.open"

    for sessions in (site.sessions, site.other):
        with pytest.raises(RuntimeError, match=wrong):
            site.event(client, lambda: sessions.session)  # noqa: B023  # called at once


def test_further_session_in_an_event() -> None:
    """The events of a connection share no further session, which would skip the checks."""
    site = Site(manage_session=False)
    client = site.connect()

    with pytest.raises(RuntimeError, match=r"opens only flask\.session; .*sessions\.open"):
        site.event(client, lambda: site.other.session)


def errors_of_socket(act: Callable[[Session], object], later: timedelta) -> list[str]:
    """Call `act` in a view of Flask-Sock, some time after the login; return what it raised."""
    flask_sock = pytest.importorskip("flask_sock")
    app, clock, ended = Flask("site"), Clock(), threading.Event()
    errors: list[str] = []
    lives: dict[str, Any] = {
        "duration": timedelta(minutes=2),
        "active_duration": timedelta(minutes=1),
    }
    sessions = ClientSessions(app, secret=SECRET, clock=clock, **lives)

    def view(ws: Any) -> None:
        act(sessions.session)

    def note(app: Flask, exception: Exception) -> None:
        errors.append(str(exception))

    flask_sock.Sock(app).route("/ws")(view)
    app.teardown_request(lambda _: ended.set())
    name, value = sessions.make_cookie({"user": {"name": "ada"}}, app)
    clock.advance(later)
    with Server(app) as server, got_request_exception.connected_to(note, app):
        place = (urlsplit(server.url).hostname, urlsplit(server.url).port)
        with socket.create_connection(place, timeout=PATIENCE) as connection:
            connection.sendall(HANDSHAKE.format(cookie=f"{name}={value}").encode())
            assert ended.wait(PATIENCE)
    return errors


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change_in_a_socket(change: Callable[[Session], object]) -> None:
    """A change in a view of Flask-Sock raises: the headers were sent before."""
    [error] = errors_of_socket(change, timedelta(0))

    assert error.startswith(LOST)


@pytest.mark.parametrize("seconds", [0, 90])
def test_read_in_a_socket(seconds: int) -> None:
    """Reading raises nothing, even in the minute in which a request extends the session."""
    names: list[str] = []

    def read(session: Session) -> None:
        names.append(session["user"]["name"])

    assert errors_of_socket(read, timedelta(seconds=seconds)) == []
    assert names == ["ada"]
