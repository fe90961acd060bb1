"""A client that skips the network gets and sends what one over the network does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from lesson_app.lab import Server
from lesson_app.lab.http.server import ViewError
from tests.conftest import PATIENCE


@pytest.fixture
def app() -> Flask:
    """An app that answers with all that a request brings."""
    app = Flask("mirror")

    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "HEAD"])
    def mirror(path: str) -> Response:
        environ = {key: text for key, text in request.environ.items() if key.isupper()}
        environ.pop("REMOTE_PORT", None)
        body = request.get_data(as_text=True)
        response = Response(f"{path} {body} {sorted(request.form.items())} ö")
        response.headers["Seen"] = str(sorted(environ.items())).encode().decode("latin-1")
        response.headers.add("Set-Cookie", "one=1; Path=/")
        response.headers.add("Set-Cookie", "two=2; Path=/two")
        return response

    app.add_url_rule("/raises", "raises", view_func=lambda: str(1 // 0))
    app.add_url_rule("/exits", "exits", view_func=sys.exit)
    app.add_url_rule("/moved", "moved", view_func=lambda: ("", 302, {"Location": "/there?a=ö"}))
    app.add_url_rule("/thread", "thread", view_func=lambda: threading.current_thread().name)
    app.add_url_rule("/header", "header", view_func=lambda: ("", {"X": "\N{SNOWMAN}"}))
    return app


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    with Server(app) as server:
        yield server


def seen(client: requests.Session, url: str, method: str, **options: Any) -> list[Any]:
    """Return what a client saw of the response, and what the app saw of the request."""
    answer = client.request(method, url, timeout=PATIENCE, **options)
    server_adds = {"Date", "Server", "Seen"}
    headers = {name: text for name, text in answer.headers.items() if name not in server_adds}
    facts = eval(answer.headers.get("Seen", "[]"))
    environ = {key: text for key, text in facts if key != "SERVER_SOFTWARE"}
    lines = answer.raw.headers.getlist("Set-Cookie")
    here = answer.status_code, answer.reason, answer.text, answer.url, answer.encoding
    return [*here, headers, environ, lines, dict(client.cookies), len(answer.history)]


@pytest.mark.parametrize(
    ("path", "method", "options"),
    [
        ("/a", "GET", {}),
        ("/a%20b/%C3%B6%2F?q=%C3%B6&q=a+b#end", "GET", {"params": {"x": "ä"}}),
        ("/a//evil.example/x", "GET", {}),
        ("/a?", "HEAD", {}),
        ("/a", "GET", {"headers": {"Cookie": b"a=\xc3\xb6; b=2", "X-Some": "x "}}),
        ("/a", "POST", {"data": {"a": "ö", "b": ["1", "2"]}}),
        ("/a", "PUT", {"json": {"a": 1}}),
        ("/a", "POST", {"data": "text ö".encode()}),
        ("/moved", "GET", {}),
        ("/nowhere", "DELETE", {}),
    ],
)
def test_same(server: Server, path: str, method: str, options: dict[str, Any]) -> None:
    """The app and the client see the same, twice in a row."""
    clients = server.browser(), server.direct()
    for _ in range(2):
        one, other = (seen(each, server.url + path, method, **options) for each in clients)
        assert one == other


def test_stream(server: Server) -> None:
    """A body that comes in parts goes over the network."""
    answer = server.direct().post(f"{server.url}/a", data=iter([b"a", b"b"]), timeout=PATIENCE)

    assert answer.text.startswith("a ab ")
    assert "Date" in answer.headers


def test_thread(server: Server) -> None:
    """The view runs in another thread than the client."""
    name = server.direct().get(f"{server.url}/thread", timeout=PATIENCE).text

    assert name != threading.current_thread().name


def test_error(server: Server) -> None:
    """An error in a view is raised, as by the usual client."""
    with pytest.raises(ViewError, match="GET /raises raised ZeroDivisionError"):
        server.direct().get(f"{server.url}/raises", timeout=PATIENCE)


@pytest.mark.parametrize("path", ["/exits", "/header"])
def test_no_response(server: Server, path: str) -> None:
    """What ends a server's thread, or no header can carry, is a broken connection."""
    with pytest.raises(requests.ConnectionError, match="the server sent no response"):
        server.direct().get(f"{server.url}{path}", timeout=PATIENCE)


def test_timeout(app: Flask, server: Server) -> None:
    """A response that does not come in time is an error."""
    end = threading.Event()
    app.add_url_rule("/waits", "waits", view_func=lambda: str(end.wait(PATIENCE)))

    with pytest.raises(requests.ReadTimeout, match=r"no response within 0\.1 s"):
        server.direct().get(f"{server.url}/waits", timeout=0.1)
    end.set()


def test_stopped(server: Server) -> None:
    """After the server has stopped, its clients don't reach the app."""
    client = server.direct()
    server.stop()

    with pytest.raises(ConnectionError, match="this server was stopped"):
        client.get(f"{server.url}/a", timeout=PATIENCE)
