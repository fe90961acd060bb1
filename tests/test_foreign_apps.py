"""Apps and sessions of other frameworks: what raises, and that no guarded view runs."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from flask import Flask, session
from flask.sansio.app import App

from lesson_app import ClientSessions, ensure_login
from lesson_app.guard import refuse_cross_site
from tests.conftest import SECRET


class Quart(App):
    """Stand in for Quart's app, which has the same base class as Flask's."""

    __module__ = "quart.app"
    default_config = Flask.default_config


WRONG_APPS = {
    "Quart": (Quart("away"), r"quart\.app\.Quart"),
    "secret": (SECRET, "str"),
}


@pytest.mark.parametrize(("app", "kind"), WRONG_APPS.values(), ids=WRONG_APPS)
def test_foreign_app(app: Any, kind: str) -> None:
    """Another framework's app is refused at set-up, with its full name and without a secret."""
    for set_up in (ClientSessions, ClientSessions(secret=SECRET).init_app):
        with pytest.raises(TypeError, match=f"app must be a Flask app, got {kind};") as error:
            set_up(app)
        assert SECRET not in str(error.value)


@pytest.mark.parametrize("guard", [ensure_login(lambda: "in"), refuse_cross_site])
def test_guards_in_a_foreign_app(guard: Any) -> None:
    """Outside of a Flask request, as in a view of Quart, the guards raise and let nobody in."""
    with pytest.raises(RuntimeError, match="Working outside of request context"):
        guard()


def test_guard_with_sessions_of_flask() -> None:
    """The guard also works without `ClientSessions`, with Flask's own sessions."""
    app = Flask("plain")
    app.secret_key = secrets.token_urlsafe()
    app.add_url_rule("/", view_func=ensure_login(lambda: "in"))
    client = app.test_client()
    assert client.get("/").location == "/login"

    with client.session_transaction() as transaction:
        transaction["user"] = "ada"

    assert client.get("/").text == "in"


def test_guard_of_an_async_view() -> None:
    """A guarded async view answers those who are logged in, and never runs for others."""
    pytest.importorskip("asgiref")
    app, ran = Flask("later"), []
    sessions = ClientSessions(app, secret=SECRET)

    @app.get("/<name>")
    @ensure_login
    async def view(name: str) -> str:
        ran.append(name)
        return f"{name}: {session['user']}"

    client = app.test_client()
    assert client.get("/stranger").location == "/login"
    client.set_cookie(*sessions.make_cookie({"user": "ada"}, app))

    assert client.get("/visitor").text == "visitor: ada"
    assert ran == ["visitor"]
