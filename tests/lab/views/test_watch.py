"""What `watch` notes of the requests to an app, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface, SessionInterface

from lesson_app import ClientSessions, derive_keys, seal
from lesson_app.lab import Clock
from lesson_app.lab.views.watch import Step, watch
from tests.conftest import SECRET

KEYS = derive_keys(SECRET)


def app_with(interface: SessionInterface | None = None) -> Flask:
    """Return an app with a view that writes, and our sessions or those of `interface`."""
    app = Flask("watched")
    if interface is None:
        ClientSessions(app, secret=SECRET, cookie_name="session", clock=Clock())
    else:
        app.session_interface = interface

    @app.get("/write")
    def write() -> str:
        session["message"] = "hi"
        return ""

    return app


def test_way_of_a_request() -> None:
    """Each request has four steps: what comes, what the hooks see, and what is set."""
    app = app_with()
    steps = watch(app, KEYS)

    client = app.test_client()
    client.get("/write")
    client.get("/write")

    hi = {"message": "hi"}
    assert steps == [
        ("GET /write: Cookie", "no cookie"),
        ("open_session returns", {}),
        ("save_session gets", hi),
        ("the response: Set-Cookie", hi),
        ("GET /write: Cookie", hi),
        ("open_session returns", hi),
        ("save_session gets", hi),
        ("the response: Set-Cookie", "no cookie"),
    ]


def test_foreign_cookie() -> None:
    """A cookie that the keys do not open is named as such."""
    app = app_with()
    steps = watch(app, KEYS)
    client = app.test_client()
    client.set_cookie("session", seal({"a": 1}, derive_keys("another")))

    client.get("/nowhere")

    assert steps[0] == ("GET /nowhere: Cookie", "a cookie that does not open")
    assert steps[-1] == ("the response: Set-Cookie", "no cookie")


def test_without_a_session() -> None:
    """An interface that opens nothing is shown, too, and Flask treats it as before."""
    app = app_with(SecureCookieSessionInterface())  # without a secret it returns None
    app.testing = True
    steps: list[Step] = watch(app, KEYS)

    with pytest.raises(RuntimeError, match="secret key"):
        app.test_client().get("/write")

    assert steps == [("GET /write: Cookie", "no cookie"), ("open_session returns", "nothing")]


def test_same_response() -> None:
    """The response of a watched app is the one of the app alone."""

    def line(app: Flask) -> Any:
        return app.test_client().get("/write").headers["Set-Cookie"].partition(";")[2]

    watched = app_with()
    watch(watched, KEYS)

    assert line(watched) == line(app_with())
