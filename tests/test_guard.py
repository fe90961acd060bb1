"""The guard: who is let through, who is sent to /login, and what it does to a view."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

from lesson_app import ClientSessions, ensure_login
from lesson_app.lab import Clock
from tests.conftest import SECRET, set_cookies

USERS = {
    "dict": {"userName": "sampleuser"},
    "text": "sampleuser",
    "number": 1,
}
NOBODIES: dict[str, Any] = {"none": None, "empty": {}, "no text": "", "zero": 0, "false": False}


@pytest.fixture
def app(clock: Clock) -> Flask:
    """An app with a view under the guard, and one with the guard on the wrong side."""
    app = Flask(__name__)
    app.testing = True
    ClientSessions(app, secret=SECRET, clock=clock)

    @app.get("/hello/<name>")
    @ensure_login
    def hello(name: str) -> ResponseReturnValue:
        """Greet somebody."""
        return f"hello {name}", 201

    @ensure_login
    @app.get("/open")
    def view() -> str:
        return "open to all"

    return app


def log_in(client: FlaskClient, user: object) -> None:
    with client.session_transaction() as transaction:
        transaction["user"] = user


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_user(client: FlaskClient, user: object) -> None:
    """With a user in the session the view answers, with its arguments and status."""
    log_in(client, user)

    response = client.get("/hello/you")

    assert (response.status_code, response.text) == (201, "hello you")


@pytest.mark.parametrize("user", NOBODIES.values(), ids=NOBODIES)
def test_nobody(client: FlaskClient, user: object) -> None:
    """A user that is missing or empty is sent to /login; JavaScript would let {} through."""
    log_in(client, user)

    response = client.get("/hello/you")

    assert (response.status_code, response.location) == (302, "/login")
    assert "hello" not in response.text


def test_stranger(client: FlaskClient) -> None:
    """Without a session the visitor is sent to /login, and gets no cookie."""
    response = client.get("/hello/you?next=x")

    assert (response.status_code, response.location) == (302, "/login")
    assert response.headers["Vary"] == "Cookie"
    assert not set_cookies(response)


def test_under_a_prefix(client: FlaskClient) -> None:
    """An app that is mounted under a prefix sends to its own /login."""
    response = client.get("/hello/you", base_url="http://localhost/lesson")

    assert response.location == "/lesson/login"


def test_prefix_that_names_a_host(client: FlaskClient) -> None:
    """Two slashes at the beginning of a prefix do not lead to another host."""
    response = client.get("/hello/you", environ_overrides={"SCRIPT_NAME": "//evil.example"})

    assert response.location == "/evil.example/login"


@pytest.mark.parametrize("view", [None, "dashboard"], ids=["parentheses", "name"])
def test_guard_of_no_view(view: Any) -> None:
    """What cannot be called is refused when it is guarded, not when it is visited."""
    with pytest.raises(TypeError, match="write @ensure_login, without parentheses"):
        ensure_login(view)


def test_guard_above_the_route(client: FlaskClient) -> None:
    """Above the route line the guard comes too late: the route has the bare view."""
    assert client.get("/open").text == "open to all"


def test_guarded_view_keeps_its_name(app: Flask) -> None:
    """A guarded view keeps its name and docstring, so that url_for finds it."""
    view = app.view_functions["hello"]

    assert (view.__name__, view.__doc__) == ("hello", "Greet somebody.")


def test_guard_without_route(app: Flask) -> None:
    """The guard is a plain wrapper: what the view returns comes back as it is."""
    answer = ["any", "thing"]

    with app.test_request_context():
        session["user"] = "somebody"

        assert ensure_login(lambda: answer)() is answer
