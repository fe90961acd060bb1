"""The server in the background: one per process, without output, with errors passed on."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from flask import Flask, abort, redirect, session, url_for

from lesson_app import ClientSessions
from lesson_app.lab import Server, ViewError, serve
from tests.conftest import PATIENCE, SECRET, listens, running


def saying(text: str) -> Flask:
    app = Flask(text)
    app.add_url_rule("/", view_func=lambda: text)
    return app


@pytest.fixture(autouse=True)
def no_jupyter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the Jupyter that these tests may run in."""
    for name in ("JPY_PARENT_PID", "JUPYTERHUB_SERVICE_PREFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with an empty app."""
    with serve(Flask("empty")) as server:
        yield server


@pytest.fixture
def failing() -> Flask:
    """An app that raises in the view, or after it."""
    app = Flask("failing")
    ClientSessions(app, secret=SECRET)

    @app.get("/")
    def fail() -> str:
        raise LookupError("lost")

    @app.get("/late")
    def late() -> str:
        session["value"] = object()
        return "saved?"

    @app.get("/there")
    def there() -> Any:
        return redirect("/")

    @app.get("/missing")
    def missing() -> str:
        abort(418, "short and stout")

    return app


@pytest.fixture
def browser(server: Server) -> requests.Session:
    return server.browser()


def plain() -> requests.Session:
    """A client that the server did not make, like a browser."""
    client = requests.Session()
    client.trust_env = False
    return client


def test_serve() -> None:
    """The app answers at the server's URL, on the loopback address only."""
    with serve(saying("hello")) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.browser().get(server.url).text == "hello"
        assert not listens(server.url, "127.0.0.2")


def test_serve_another(server: Server) -> None:
    """A second app replaces the first, behind the same URL."""
    browser, url = server.browser(), server.url

    for text in ("first", "second", "first"):
        assert serve(saying(text)) is server
        assert browser.get(url).text == text
    assert server.url == url


def test_end_of_the_block() -> None:
    """After the block the port is closed, and the next server is a new one."""
    with serve(saying("a")) as first:
        assert listens(first.url)

    assert not listens(first.url)
    with serve(saying("b")) as second:
        assert second is not first
        assert second.browser().get(second.url).text == "b"


def test_the_app_before_the_block_is_back() -> None:
    """A block of a second app leaves the first app served, at the same URL."""
    server = serve(saying("first"))
    visitor = server.browser()

    with serve(saying("second")) as second:
        assert second is server
        assert visitor.get(server.url).text == "second"
        assert repr(server) == "<Server of second>"

    assert visitor.get(server.url).text == "first"
    assert repr(server) == "<Server of first>"
    server.stop()
    assert not listens(server.url)


def test_blocks_in_blocks() -> None:
    """Each block puts back the app before it; the outermost stops the server."""
    with serve(saying("a")) as server:
        with serve(saying("b")):
            with serve(saying("c")):
                serve(saying("d"))
            assert server.browser().get(server.url).text == "b"
        assert server.browser().get(server.url).text == "a"

    assert not listens(server.url)


def test_an_error_in_a_block_of_a_second_app() -> None:
    """After an error in the block, too, the app before it is back."""
    with serve(saying("a")) as server:
        with pytest.raises(KeyError), serve(saying("b")):
            raise KeyError

        assert server.browser().get(server.url).text == "a"


def test_a_block_after_a_block() -> None:
    """A block stops the server if its app replaced none, whatever was served before."""
    server = serve(saying("a"))
    with serve(saying("b")):
        pass

    with server:
        assert server.browser().get(server.url).text == "a"

    assert not listens(server.url)


def test_stop_in_a_block() -> None:
    """A server that was stopped in the block stays stopped at its end."""
    first = serve(saying("a"))

    with serve(saying("b")) as second:
        second.stop()

    assert first.stopped
    assert not listens(first.url)


def test_stopped_by_another_name() -> None:
    """The line that uses a server says that another name stopped it, and with which app."""
    first = serve(saying("a"))
    visitor = first.browser()
    second = serve(saying("b"))
    second.stop()

    for use in (first.link, lambda: visitor.get(first.url)):
        with pytest.raises(
            ConnectionError,
            match=r"stopped while it served b; each serve\(…\) returns the same server, so "
            r"stop\(\) ends it for all; run the cell with serve\(…\) again",
        ):
            use()


def test_stop_twice() -> None:
    """Stopping a server twice does no harm to it or to a later one."""
    first = serve(saying("a"))
    first.stop()
    with serve(saying("b")) as second:
        first.stop()

        assert serve(saying("c")) is second
        assert second.browser().get(second.url).text == "c"


def test_visitor_of_a_stopped_server() -> None:
    """After the server has stopped, its client raises one line that says what to do."""
    with serve(saying("a")) as server:
        visitor = server.browser()
        assert visitor.get(server.url).text == "a"

    with pytest.raises(ConnectionError, match="run the cell with serve"):
        visitor.get(server.url)


def test_link(server: Server) -> None:
    """Without a hosted Jupyter the link is the server's own URL."""
    assert server.link("/login").url == f"{server.url}/login"
    assert server.link().url == f"{server.url}/"


def test_link_to_a_stopped_server() -> None:
    """A stopped server gives no link."""
    with serve(saying("a")) as server:
        pass

    with pytest.raises(ConnectionError, match="run the cell with serve"):
        server.link()


def test_server_shown() -> None:
    """A server as text is the same each time: it contains no port."""
    with serve(saying("a")) as server:
        assert repr(server) == "<Server of a>"
    assert repr(server) == "<Server of a, stopped>"


def test_behind_a_proxy(server: Server) -> None:
    """Links, redirects and cookies stay below the prefix of the request."""
    app = Flask("below")
    ClientSessions(app, secret=SECRET)

    @app.get("/")
    def go() -> Any:
        session["value"] = 1
        return redirect(url_for("go"))

    server.put(app)
    prefix = f"/user/ada/proxy/absolute/{server.link().url.split(':')[2]}"

    response = plain().get(f"{server.url}{prefix}", allow_redirects=False)

    assert response.headers["Location"] == prefix
    assert f"Path={prefix};" in f"{response.headers['Set-Cookie']};"


def test_visitor_elsewhere() -> None:
    """The client of a stopped server can still send requests to another."""
    with serve(saying("a")) as first:
        visitor = first.browser()
    with Server(saying("b")) as second:
        assert visitor.get(second.url).text == "b"


def test_two_servers() -> None:
    """A `Server` runs beside the one of `serve`."""
    with serve(saying("a")) as one, Server(saying("b")) as other:
        assert one.url != other.url
        assert [one.browser().get(each.url).text for each in (one, other)] == ["a", "b"]


def test_server_of_no_app() -> None:
    """An argument that is not an app is refused before a port is opened."""
    with pytest.raises(TypeError, match=r"Server\(\) expected a Flask app, got a str"):
        Server("app")  # type: ignore[arg-type]


def test_block_ends_with_an_error() -> None:
    """An error in the block stops the server, and is raised."""
    with pytest.raises(KeyError), serve(saying("a")) as server:
        raise KeyError

    assert not listens(server.url)


@pytest.mark.parametrize("testing", [False, True], ids=["", "TESTING"])
@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("/", LookupError, "GET / raised LookupError: lost"),
        ("/?a=1", LookupError, "GET /?a=1 raised LookupError: lost"),
        ("/there", LookupError, "GET / raised LookupError: lost"),
        ("/late", TypeError, "GET /late raised TypeError: session['value'] is of type object"),
    ],
)
def test_view_error(
    server: Server,
    browser: requests.Session,
    failing: Flask,
    testing: bool,
    path: str,
    kind: type[Exception],
    message: str,
) -> None:
    """An error of a view, or of saving its session, reaches the line that sent the request."""
    failing.testing = testing
    server.put(failing)

    with pytest.raises(ViewError) as raised:
        browser.get(server.url + path)

    assert str(raised.value).startswith(message)
    assert type(raised.value.__cause__) is kind


def test_after_an_error(server: Server, browser: requests.Session, failing: Flask) -> None:
    """An error is raised once; the next request is answered normally."""
    server.put(failing)
    with pytest.raises(ViewError):
        browser.get(server.url)

    server.put(saying("hello"))

    assert browser.get(server.url).text == "hello"


@pytest.mark.parametrize(("path", "status"), [("/missing", 418), ("/nowhere", 404)])
def test_http_errors(server: Server, failing: Flask, path: str, status: int) -> None:
    """A response with an error status raises nothing."""
    server.put(failing)

    assert server.browser().get(server.url + path).status_code == status


@pytest.mark.parametrize("testing", [False, True], ids=["", "TESTING"])
def test_plain_client(server: Server, failing: Flask, testing: bool) -> None:
    """Any other client gets status 500 and the traceback as text."""
    failing.testing = testing
    server.put(failing)

    response = plain().get(server.url)

    assert response.status_code == 500
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.startswith("Traceback (most recent call last):\n")
    assert response.text.endswith("LookupError: lost\n")


def test_many_errors(server: Server, failing: Flask) -> None:
    """The server forgets old errors that no client fetched."""
    server.put(failing)
    client = plain()

    for _ in range(23):
        client.get(server.url)

    assert len(server._errors) == 20


def test_app_without_the_server(server: Server, failing: Flask) -> None:
    """A served app still answers its own test client."""
    server.put(failing)

    assert failing.test_client().get("/").status_code == 500


def test_browsers_are_visitors(server: Server) -> None:
    """Each client has a cookie jar of its own."""
    app = Flask("counting")
    ClientSessions(app, secret=SECRET)

    @app.get("/")
    def count() -> str:
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    server.put(app)
    one, two = server.browser(), server.browser()

    counts = [browser.get(server.url).text for browser in (one, one, two, one)]

    assert counts == ["1", "2", "1", "3"]


def test_proxy_of_the_network(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is ignored, because it cannot reach this process."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    server.put(saying("hello"))

    assert server.browser().get(server.url).text == "hello"


def test_requests_at_the_same_time(server: Server) -> None:
    """Two requests are answered at the same time."""
    both = threading.Barrier(2, timeout=PATIENCE)
    app = Flask("meeting")
    app.add_url_rule("/", view_func=lambda: str(both.wait() >= 0))
    server.put(app)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: server.browser().get(server.url).text, range(2)))

    assert answers == ["True", "True"]


@pytest.mark.parametrize("app", [None, "app", Flask], ids=["None", "text", "class"])
def test_no_app(app: Any) -> None:
    """An argument that is not a Flask app is refused before a port is opened."""
    with pytest.raises(TypeError, match=f"expected a Flask app, got a {type(app).__name__}"):
        serve(app)


def test_silence(server: Server, failing: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither requests nor errors print anything."""
    server.put(failing)

    for path in ("/", "/late", "/nowhere"):
        plain().get(server.url + path)

    assert capfd.readouterr() == ("", "")


PROGRAM = """
import requests, sys
from flask import Flask
from lesson_app.lab import serve

app = Flask("failing")
app.add_url_rule("/", view_func=lambda: 1 / 0)
server = serve(app)
browser = requests.Session()
browser.trust_env = False
print(browser.get(server.url).status_code, server.url, flush=True)
sys.stdin.read()
"""


def test_killed() -> None:
    """A killed process leaves no listener, and printed nothing itself."""
    with running(sys.executable, "-c", PROGRAM) as process:
        assert process.stdout is not None
        status, url = process.stdout.readline().split()
        assert status == "500"
        assert listens(url)

        process.kill()

        assert process.wait(PATIENCE) == -signal.SIGKILL
        assert process.stdout.read() == ""
    assert not listens(url)


def test_end_of_the_program() -> None:
    """A program that never stops its server still ends."""
    with running(sys.executable, "-c", PROGRAM) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()

        process.stdin.close()

        assert process.wait(PATIENCE) == 0
