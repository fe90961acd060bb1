"""The lesson's app on gunicorn and waitress, with the commands of docs/deployment.md."""

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
#: The start of each of the page's commands, and the signal that the page stops it with.
ENGINES = {
    "gunicorn": ("gunicorn --bind", signal.SIGTERM),
    "waitress": ("waitress-serve --listen=127", signal.SIGINT),
}
BOTH = [pytest.param("gunicorn", marks=POSIX), "waitress"]
FORM = {"userName": "sampleuser", "password": "samplepassword"}
TOO_LARGE = "SessionTooLarge: session['message'] must have at most"


def run(start: Start, engine: str, app: str = "", **environment: str) -> Server:
    """Run the page's command on a free port, with `app` instead of the lesson's app."""
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
    """An engine that runs the lesson's app."""
    with programs(tmp_path_factory.mktemp(request.param)) as start:
        running = run(start, request.param, FLASK_SECRET_KEY=secret_of("engines"))
        yield running.wait_until_it_answers()


class Visitor:
    """A client of one server."""

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
    """After the login the visitor sees the dashboard."""
    response = visitor.log_in()

    assert response.url == visitor.server.url + "/dashboard"
    assert EMAIL in response.text


def test_wrong_password(visitor: Visitor) -> None:
    """After a wrong password the form appears again, and the dashboard stays closed."""
    response = visitor.log_in(password="guess")

    assert "invalid login" in response.text
    assert visitor.get("/dashboard").url == visitor.server.url + "/login"


def test_log_out(visitor: Visitor) -> None:
    """After the logout the dashboard redirects to the login."""
    visitor.log_in()
    visitor.get("/logout")

    assert visitor.get("/dashboard").url == visitor.server.url + "/login"


def test_message(visitor: Visitor) -> None:
    """The session keeps a message with any characters."""
    visitor.get("/session-test-add", params={"message": "Hello Wörld! \U0001f600"})

    read = visitor.get("/session-test-read")

    assert read.text == "session message: Hello Wörld! \U0001f600"


@pytest.mark.parametrize("damaged", ["x", "a.b.1.2.c", "%00", "é", "x" * 4000])
def test_damaged_cookie(visitor: Visitor, damaged: str) -> None:
    """A cookie that does not open gives an empty session, and no error."""
    header = {"Cookie": f"session={damaged}".encode()}

    response = visitor.get("/session-test-read", headers=header)

    assert (response.status_code, response.text) == (200, "session message: undefined")


def test_head(visitor: Visitor) -> None:
    """HEAD has the same effect as GET, without the body."""
    url = visitor.server.url + "/session-test-add?message=hi"

    response = visitor.browser.head(url, timeout=PATIENCE)

    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0
    assert visitor.get("/session-test-read").text == "session message: hi"


def test_message_that_is_too_large(visitor: Visitor) -> None:
    """Too large a message gives a 500 with the reason in the log, and keeps the session."""
    visitor.get("/session-test-add", params={"message": "before"})

    response = visitor.get("/session-test-add", params={"message": "x" * 3900})

    assert response.status_code == 500
    assert TOO_LARGE in visitor.server.program.output
    assert visitor.get("/session-test-read").text == "session message: before"


def test_message_of_5000_bytes(visitor: Visitor) -> None:
    """URLs of more than 4,094 bytes are refused by gunicorn, and reach the app in waitress."""
    response = visitor.get("/session-test-add", params={"message": "x" * 5000})

    if visitor.get("/login").headers["Server"] == "gunicorn":
        assert response.status_code in (400, 414)  # 400 in older versions
    else:
        assert response.status_code == 500
    assert visitor.get("/session-test-read").text == "session message: undefined"


def test_largest_message(visitor: Visitor) -> None:
    """The engine passes a cookie of almost 4,096 bytes in both directions."""
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
        ("password", "the secret is too weak: 8 characters (need at least 22)"),
    ],
    ids=["empty", "weak"],
)
def test_bad_secret(tmp_path: Path, engine: str, secret: str, complaint: str) -> None:
    """With a bad secret the engine does not start, and prints the library's error."""
    with programs(tmp_path) as start:
        assert complaint in start_and_fail(start, engine, FLASK_SECRET_KEY=secret).output


@pytest.mark.parametrize("engine", BOTH)
def test_no_secret(tmp_path: Path, engine: str) -> None:
    """Without a secret the lesson's app uses the published one, and logs a warning."""
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
    """On the page's signal an engine finishes its request, ends, and frees the port."""
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
    """SIGTERM kills waitress at once, as the page warns."""
    with programs(tmp_path) as start:
        server = run(start, "waitress", FLASK_SECRET_KEY=secret_of("slow"))
        server.wait_until_it_answers()

        assert server.program.stop(signal.SIGTERM) == -signal.SIGTERM


def test_log_has_no_cookies(visitor: Visitor) -> None:
    """The engine's output contains no cookie."""
    visitor.log_in()
    visitor.get("/dashboard")

    assert visitor.browser.cookies["session"] not in visitor.server.program.output
    assert not re.search(r"session=\S", visitor.server.program.output)
