"""Which visitors the guard allows, and what it does to a view."""

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
    "string": "sampleuser",
    "number": 1,
}
NOBODIES: dict[str, Any] = {"none": None, "empty": {}, "blank": "", "zero": 0, "false": False}


@pytest.fixture
def app(clock: Clock) -> Flask:
    """Make an app with a guarded view, and one whose guard is above the route."""
    app = Flask(__name__)
    app.testing = True
    ClientSessions(app, secret=SECRET, clock=clock)

    @app.get("/hello/<name>")
    @ensure_login
    def hello(name: str) -> ResponseReturnValue:
        """Greet a visitor."""
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
    """If the session has a user, the view answers, with its arguments and status."""
    log_in(client, user)

    response = client.get("/hello/you")

    assert (response.status_code, response.text) == (201, "hello you")


@pytest.mark.parametrize("user", NOBODIES.values(), ids=NOBODIES)
def test_nobody(client: FlaskClient, user: object) -> None:
    """A missing or empty user is redirected to /login; JavaScript would accept {}."""
    log_in(client, user)

    response = client.get("/hello/you")

    assert (response.status_code, response.location) == (302, "/login")
    assert "hello" not in response.text


def test_stranger(client: FlaskClient) -> None:
    """A visitor without a session is redirected to /login and gets no cookie."""
    response = client.get("/hello/you?next=x")

    assert (response.status_code, response.location) == (302, "/login")
    assert response.headers["Vary"] == "Cookie"
    assert not set_cookies(response)


def test_under_a_prefix(client: FlaskClient) -> None:
    """An app mounted under a prefix redirects to its own /login."""
    response = client.get("/hello/you", base_url="http://localhost/lesson")

    assert response.location == "/lesson/login"


def test_prefix_that_names_a_host(client: FlaskClient) -> None:
    """A prefix that begins with two slashes does not lead to another host."""
    response = client.get("/hello/you", environ_overrides={"SCRIPT_NAME": "//evil.example"})

    assert response.location == "/evil.example/login"


@pytest.mark.parametrize("view", [None, "dashboard"], ids=["parentheses", "name"])
def test_guard_of_no_view(view: Any) -> None:
    """Guarding an object that is not callable raises at once, not at the first request."""
    with pytest.raises(TypeError, match="write @ensure_login without parentheses"):
        ensure_login(view)


def test_guard_above_the_route(client: FlaskClient) -> None:
    """A guard above the route has no effect: Flask has registered the unguarded view."""
    assert client.get("/open").text == "open to all"


def test_guarded_view_keeps_its_name(app: Flask) -> None:
    """A guarded view keeps its name, so that url_for finds it, and its docstring."""
    view = app.view_functions["hello"]

    assert (view.__name__, view.__doc__) == ("hello", "Greet a visitor.")


def test_guard_without_route(app: Flask) -> None:
    """The guard returns the view's own return value, unchanged."""
    answer = ["any", "thing"]

    with app.test_request_context():
        session["user"] = "somebody"

        assert ensure_login(lambda: answer)() is answer
