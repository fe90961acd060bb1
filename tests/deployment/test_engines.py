"""The lesson's app on the engines of docs/deployment.md, by the page's own commands."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lesson_app.app import PAGE_SECRET
from tests.conftest import PATIENCE, secret_of
from tests.deployment.cluster import (
    EMAIL,
    Program,
    Server,
    Start,
    browser,
    command,
    fill,
    new_address,
    programs,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn and signals: POSIX only")
#: How the page's commands begin, and the signal that the page ends them with.
ENGINES = {
    "gunicorn": ("gunicorn --bind", signal.SIGTERM),
    "waitress": ("waitress-serve --listen=127", signal.SIGINT),
}
BOTH = [pytest.param("gunicorn", marks=POSIX), "waitress"]
FORM = {"userName": "sampleuser", "password": "samplepassword"}
TOO_LARGE = "SessionTooLarge: the cookie 'session' would take"


def run(start: Start, engine: str, app: str = "", **environment: str) -> Server:
    """Run the page's command on a free port; `app` takes the place of the lesson's."""
    address = new_address()
    words = fill("\n".join(command(ENGINES[engine][0])), {"127.0.0.1:8000": address}).split(
        "\n"
    )
    if app:
        words[-1] = app
    return Server(start(words, **environment), address)


@pytest.fixture(scope="module", params=BOTH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """An engine that serves the lesson's app."""
    with programs(tmp_path_factory.mktemp(request.param)) as start:
        running = run(start, request.param, FLASK_SECRET_KEY=secret_of("engines"))
        yield running.wait_until_it_answers()


class Visitor:
    """One browser before one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.browser = browser()

    def get(self, path: str, **more: object) -> requests.Response:
        url = self.server.url + path
        return self.browser.request(
            "GET",
            url,
            timeout=PATIENCE,
            **more,  # type: ignore[arg-type]
        )

    def log_in(self, **form: str) -> requests.Response:
        url = self.server.url + "/login"
        return self.browser.post(url, data={**FORM, **form}, timeout=PATIENCE)


@pytest.fixture
def visitor(server: Server) -> Iterator[Visitor]:
    visitor = Visitor(server)
    with visitor.browser:
        yield visitor


def test_log_in(visitor: Visitor) -> None:
    """Who logs in is led to the dashboard."""
    response = visitor.log_in()

    assert response.url == visitor.server.url + "/dashboard"
    assert EMAIL in response.text


def test_wrong_password(visitor: Visitor) -> None:
    """A wrong password shows the form again, and opens nothing."""
    response = visitor.log_in(password="guess")

    assert "invalid login" in response.text
    assert visitor.get("/dashboard").url == visitor.server.url + "/login"


def test_log_out(visitor: Visitor) -> None:
    """After the log-out the dashboard is closed."""
    visitor.log_in()
    visitor.get("/logout")

    assert visitor.get("/dashboard").url == visitor.server.url + "/login"


def test_message(visitor: Visitor) -> None:
    """A message is kept, in any language."""
    visitor.get("/session-test-add", params={"message": "Hello Wörld! \U0001f600"})

    read = visitor.get("/session-test-read")

    assert read.text == "session message: Hello Wörld! \U0001f600"


@pytest.mark.parametrize("damaged", ["x", "a.b.1.2.c", "%00", "é", "x" * 4000])
def test_damaged_cookie(visitor: Visitor, damaged: str) -> None:
    """A cookie that does not open is an empty session, and no error."""
    header = {"Cookie": f"session={damaged}".encode()}

    response = visitor.get("/session-test-read", headers=header)

    assert (response.status_code, response.text) == (200, "session message: undefined")


def test_head(visitor: Visitor) -> None:
    """HEAD is answered as GET is, without the body."""
    url = visitor.server.url + "/session-test-add?message=hi"

    response = visitor.browser.head(url, timeout=PATIENCE)

    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0
    assert visitor.get("/session-test-read").text == "session message: hi"


def test_message_that_is_too_large(visitor: Visitor) -> None:
    """What fits in no cookie is a 500; the log says why, and the session stays as it was."""
    visitor.get("/session-test-add", params={"message": "before"})

    response = visitor.get("/session-test-add", params={"message": "x" * 3900})

    assert response.status_code == 500
    assert TOO_LARGE in visitor.server.program.output
    assert visitor.get("/session-test-read").text == "session message: before"


def test_message_of_5000_octets(visitor: Visitor) -> None:
    """An address of more than 4,094 octets gunicorn refuses by itself; waitress takes it."""
    response = visitor.get("/session-test-add", params={"message": "x" * 5000})

    if visitor.get("/login").headers["Server"] == "gunicorn":
        assert response.status_code in (400, 414)  # older ones say 400
    else:
        assert response.status_code == 500
    assert visitor.get("/session-test-read").text == "session message: undefined"


def test_largest_message(visitor: Visitor) -> None:
    """What fits in a cookie of 4,096 octets goes through, there and back."""
    text = "x" * 2900
    added = visitor.get("/session-test-add", params={"message": text})

    assert 3900 < len(added.cookies["session"]) < 4096
    assert visitor.get("/session-test-read").text == f"session message: {text}"


def start_and_fail(start: Start, engine: str, app: str = "", **environment: str) -> Program:
    program = run(start, engine, app, **environment).program
    assert program.wait() != 0
    return program


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("", "expected FLASK_SECRET_KEY to be a non-empty string, got str"),
        ("password", "the secret is too weak: 8 characters, 7 of them distinct"),
    ],
    ids=["empty", "weak"],
)
def test_bad_secret(tmp_path: Path, engine: str, secret: str, complaint: str) -> None:
    """With a bad secret nothing is served, and the library's message says why."""
    with programs(tmp_path) as start:
        assert complaint in start_and_fail(start, engine, FLASK_SECRET_KEY=secret).output


@pytest.mark.parametrize("engine", BOTH)
def test_no_secret(tmp_path: Path, engine: str) -> None:
    """Without a secret the lesson's app takes the published one, and says so in the log."""
    with programs(tmp_path) as start:
        server = run(start, engine).wait_until_it_answers()

        assert "sealing with the lesson's published secret" in server.program.output
        assert PAGE_SECRET not in server.program.output


SLOW = """
import os, time
from lesson_app import create_app

app = create_app()

@app.get("/slow")
def slow():
    print("begun", flush=True)
    while not os.path.exists("stopping"):
        time.sleep(0.01)
    return "answered"

def make():
    return app
"""


@POSIX
@pytest.mark.parametrize("engine", BOTH)
def test_graceful_stop(tmp_path: Path, engine: str) -> None:
    """With the page's signal an engine answers what it has begun, ends, and frees the port."""
    (tmp_path / "slow.py").write_text(SLOW)
    answers: list[str] = []
    with programs(tmp_path) as start:
        app = "slow:make()" if engine == "gunicorn" else "slow:make"
        server = run(start, engine, app, FLASK_SECRET_KEY=secret_of("slow"))
        visitor = Visitor(server.wait_until_it_answers())
        asking = threading.Thread(target=lambda: answers.append(visitor.get("/slow").text))
        asking.start()
        server.program.wait_for("begun")

        server.program.process.send_signal(ENGINES[engine][1])
        (tmp_path / "stopping").touch()
        status = server.program.wait()
        asking.join(PATIENCE)

        assert (answers, status) == (["answered"], 0)
        with visitor.browser, pytest.raises(requests.ConnectionError):
            visitor.get("/login")


@POSIX
def test_waitress_and_sigterm(tmp_path: Path) -> None:
    """SIGTERM ends waitress at once, as the page warns."""
    with programs(tmp_path) as start:
        server = run(start, "waitress", FLASK_SECRET_KEY=secret_of("slow"))
        server.wait_until_it_answers()

        assert server.program.stop(signal.SIGTERM) == -signal.SIGTERM


def test_log_has_no_cookies(visitor: Visitor) -> None:
    """What the engine writes has no cookie's value in it."""
    visitor.log_in()
    visitor.get("/dashboard")

    assert visitor.browser.cookies["session"] not in visitor.server.program.output
    assert not re.search(r"session=\S", visitor.server.program.output)
