"""A site with one view of a learner, and what a browser makes of its pages."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request, session
from flask.testing import FlaskClient
from werkzeug.test import Cookie, TestResponse

from ...cookie import Unsealed, derive_keys, unseal
from ...middleware import ClientSessions
from .judging import Wrong

_SECRET = secrets.token_urlsafe(32)
#: What GET /plant puts into the session.
PLANTED = {"planted": True, "user": {"userName": "somebody"}}


class Page(HTMLParser):
    """What a browser makes of a page: its tags, the values of its fields, its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.fields: dict[str, str] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag, with the names of its attributes."""
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        found = dict(attrs)
        if tag == "input":
            self.fields[found.get("name") or ""] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        """Keep the text between the tags."""
        self.text += data


def app_with(path: str, view: Callable[[], Any], **options: Any) -> Flask:
    """Return an app with this view. GET /plant puts data in its session."""
    app = Flask("exercise")
    app.testing = True  # an error in the view reaches the check
    ClientSessions(app, secret=_SECRET, cookie_name="session", **options)
    # The answer may name the other routes with `url_for`.
    for other in {"/login", "/dashboard", "/logout"} - {path}:
        app.add_url_rule(other, other[1:], lambda: "")
    app.add_url_rule(path, path[1:], view, methods=["GET", "POST"])

    @app.get("/session-test-add")
    def add() -> str:
        session["message"] = request.args["message"]
        return ""

    @app.get("/plant")
    def plant() -> str:
        session.update(copy.deepcopy(PLANTED))
        return ""

    return app


def site(path: str, view: Callable[[], Any]) -> FlaskClient:
    """Return a client of an app with this view."""
    return app_with(path, view).test_client()


def content(client: FlaskClient) -> dict[str, Any]:
    """Return what the session of a client holds."""
    cookie = client.get_cookie("session")
    return opened(cookie).content if cookie else {}


def opened(cookie: Cookie) -> Unsealed:
    """Open a cookie of a site."""
    return unseal(cookie.value, derive_keys(_SECRET))


def expect_redirect(response: TestResponse, path: str) -> None:
    """Raise `Wrong` if a response is not a redirect to `path` that is followed by a GET."""
    location = response.headers.get("Location")
    if location is None:
        raise Wrong("no-redirect")
    where = urlsplit(location)
    if where.hostname not in (None, "localhost"):
        raise Wrong("open-redirect")
    if (where.path, where.query, where.fragment) != (path, "", ""):
        raise Wrong(message=f"the redirect should go to {path!r}, but goes to {location!r}")
    if response.status_code not in (302, 303):
        raise Wrong(
            message=f"the status should be 302 or 303, but is {response.status_code}; only "
            "these two make every browser send a GET, and none remembers them"
        )
