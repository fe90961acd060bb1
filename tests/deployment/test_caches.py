"""A real nginx with `proxy_cache`: no visitor gets what was made for another."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from lesson_app import PRODUCTION, derive_keys, seal
from tests.conftest import PATIENCE, read_set_cookie, secret_of
from tests.deployment.cluster import (
    ONE,
    PAGE,
    THREE,
    TWO,
    Balancer,
    blocks,
    new_address,
    nginx,
    programs,
)

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform == "win32", reason="needs nginx, not on Windows"),
]

SECRET = secret_of("caches")
NAME = PRODUCTION["cookie_name"]
#: Each view asks caches to share its page for an hour. The header X-User shows for whom the
#: page is, also if it has no body; X-Run is different each time that the app runs.
APP = """
import io
import itertools
import os
from flask import Flask, Response, abort, request, send_file, session, stream_with_context
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from lesson_app import PRODUCTION, ClientSessions

runs = itertools.count()

def respond(kind):
    text = f"for {request.user}"
    if kind == "error":
        abort(404, text)
    if kind == "crash":
        raise ValueError(text)
    if kind == "file":
        return send_file(io.BytesIO(text.encode()), "text/plain", etag="x")
    if kind == "stream":
        return Response(iter([text]))
    response = Response(text)
    response.set_etag("x")
    return response.make_conditional(request)

def site(**options):
    app = Flask("site")
    ClientSessions(app, secret=os.environ["SECRET_KEY"], **{**PRODUCTION, **options})

    @app.get("/<use>/<kind>/<key>")
    def page(use, kind, key):
        request.user = "anyone"
        if use == "read":
            request.user = session.get("user", "nobody")
        if use == "write":
            request.user = session["user"] = session.get("user", os.urandom(8).hex())
            session["visits"] = session.get("visits", 0) + 1
        return respond(kind)

    @app.get("/late/<key>")
    def late(key):
        def text():
            yield "for "
            yield session.get("user", "nobody")
        return Response(stream_with_context(text()))

    @app.errorhandler(ValueError)
    def crashed(error):
        return str(error), 500

    @app.after_request
    def add_headers(response):
        response.headers["Cache-Control"] = f"public, max-age={request.args.get('age', 3600)}"
        response.headers["X-Run"] = str(next(runs))
        response.headers["X-User"] = getattr(request, "user", "unknown")
        return response

    return app

app = DispatcherMiddleware(site(), {"/vary": site(no_store=False)})
"""
#: Lines that many sites have, and that are not on the page.
RECKLESS = """
proxy_ignore_headers Set-Cookie;
proxy_cache_valid any 1h;
proxy_cache_revalidate on;
"""
KINDS = ["page", "stream", "file", "error", "crash"]
#: Where the two apps are: one with `PRODUCTION`, one without its `no_store`.
APPS = pytest.mark.parametrize("app", ["", "/vary"], ids=["no-store", "vary"])
METHODS = pytest.mark.parametrize("method", ["GET", "HEAD"])


def cache_lines() -> tuple[str, str]:
    """Return the page's lines for nginx's `http` and those for its `location`."""
    [text] = [block for block in blocks(PAGE, "text") if "proxy_cache_path" in block]
    http, _, location = text.partition("\n\n")
    return http, location


@contextmanager
def cached(folder: Path, more: str) -> Iterator[Balancer]:
    """Run nginx with the page's cache and some more lines, before one server."""
    (folder / "pages.py").write_text(APP)
    http, location = cache_lines()
    http = http.replace("/var/cache/nginx/", f"{folder}/")
    address = new_address()
    places = {
        "upstream app {": f"{http}\nupstream app {{",
        "location / {": f"location / {{\n{location}\n{more}\n",
        **dict.fromkeys((ONE, TWO, THREE), address),
    }
    with programs(folder) as start:
        # Not waitress, for which a file is not a stream.
        server = start(["gunicorn", "--bind", address, "pages:app"], SECRET_KEY=SECRET)
        server.wait_for("Listening at")
        yield nginx(start, folder, places)


@pytest.fixture(scope="module", params=["", RECKLESS], ids=["as-on-the-page", "reckless"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Balancer]:
    """The page's cache, also with lines that many sites have."""
    with cached(tmp_path_factory.mktemp("cache"), request.param) as site:
        yield site


@pytest.fixture
def key() -> str:
    """A part of a URL that no other test requests."""
    return secrets.token_hex(8)


def cookie(user: str) -> str:
    return f"{NAME}={seal({'user': user}, derive_keys(SECRET), name=NAME)}"


def ask(
    site: Balancer, path: str, cookie: str = "", method: str = "GET", **headers: str
) -> requests.Response:
    """Request a page with this cookie only."""
    if cookie:
        headers["Cookie"] = cookie
    with site.browser() as visitor:
        return visitor.request(method, site.url + path, headers=headers, timeout=PATIENCE)


@METHODS
@pytest.mark.parametrize("kind", KINDS)
@APPS
def test_page_that_read_the_session(
    site: Balancer, app: str, kind: str, method: str, key: str
) -> None:
    """Whatever the response is, each visitor gets their own."""
    path = f"{app}/read/{kind}/{key}"

    for _ in range(2):
        for user in ("ann", "bob", "nobody"):
            for each in (method, "GET"):
                mine = ask(site, path, cookie(user) if user != "nobody" else "", each)
                assert mine.headers["X-User"] == user
                assert user in mine.text or each == "HEAD"


@METHODS
@APPS
def test_stream_that_reads_the_session_late(
    site: Balancer, app: str, method: str, key: str
) -> None:
    """A stream that reads the session after its headers does not reach a stranger."""
    path = f"{app}/late/{key}"
    ask(site, path, cookie("ann"), method)

    assert ask(site, path, cookie("ann")).text == "for ann"
    assert ask(site, path, cookie("bob")).text == "for bob"
    assert ask(site, path).text == "for nobody"


@METHODS
@pytest.mark.parametrize("kind", KINDS)
@APPS
def test_response_that_sets_a_cookie(
    site: Balancer, app: str, kind: str, method: str, key: str
) -> None:
    """On a first visit each visitor gets a session of their own, and nobody gets another's."""
    path = f"{app}/write/{kind}/{key}"

    answers = [ask(site, path, "", method) for _ in range(3)]

    values = {read_set_cookie(each.headers["Set-Cookie"]).value for each in answers}
    assert len(values) == 3
    assert len({each.headers["X-User"] for each in answers}) == 3


def runs(*answers: requests.Response) -> int:
    """Return how often the app ran to give these answers."""
    return len({each.headers["X-Run"] for each in answers})


def ask_until_stored(
    site: Balancer, path: str, cookie: str = "", method: str = "GET", **headers: str
) -> requests.Response:
    """Request a page until it comes from the cache: nginx sends it before it stores it."""
    answer = ask(site, path, cookie, method, **headers)
    for _ in range(100):
        before, answer = answer, ask(site, path, cookie, method, **headers)
        if runs(before, answer) == 1:
            return answer
    pytest.fail(f"{path} is not stored")


@METHODS
@pytest.mark.parametrize("kind", ["page", "file", "error", "crash"])
@APPS
def test_page_without_the_session(
    site: Balancer, app: str, kind: str, method: str, key: str
) -> None:
    """The cache keeps a page that does not use the session, and serves it to everybody."""
    path = f"{app}/no/{kind}/{key}"

    first = ask_until_stored(site, path, cookie("ann"), method)
    others = [ask(site, path, cookie("bob")), ask(site, path)]

    assert all("for anyone" in each.text for each in others)
    assert runs(first, *others) == 1


@APPS
def test_stream_without_the_session(site: Balancer, app: str, key: str) -> None:
    """Any stream may yet use the session, so nobody gets what was sent to another."""
    path = f"{app}/no/stream/{key}"
    own = [ask(site, path, cookie("ann")) for _ in range(9)]
    if app == "":
        assert runs(*own) == 9
    else:
        own = [ask_until_stored(site, path, cookie("ann"))]

    assert runs(*own, ask(site, path)) == len(own) + 1


@pytest.mark.parametrize("kind", ["page", "file"])
@APPS
def test_not_modified(site: Balancer, app: str, kind: str, key: str) -> None:
    """A 304 for a page without the session comes from the cache; else from the app."""
    old = {"If-None-Match": '"x"'}
    shared, own = f"{app}/no/{kind}/{key}", f"{app}/read/{kind}/{key}"
    first = ask_until_stored(site, shared)
    ask(site, own, cookie("ann"))

    others = [ask(site, shared, **old) for _ in range(2)]
    users = [ask(site, own, cookie(user), **old).headers["X-User"] for user in ("bob", "eve")]

    assert [each.status_code for each in others] == [304, 304]
    assert runs(first, *others) == 1
    assert users == ["bob", "eve"]


def test_without_vary(tmp_path: Path, key: str) -> None:
    """If the cache ignores Vary, only `no_store` keeps a page from a stranger."""
    with cached(tmp_path, "proxy_ignore_headers Vary;") as site:
        ask(site, f"/read/page/{key}", cookie("ann"))
        ask_until_stored(site, f"/vary/read/page/{key}", cookie("ann"))

        strangers = [ask(site, f"{app}/read/page/{key}").text for app in ("", "/vary")]

    assert strangers == ["for nobody", "for ann"]


def test_without_cache_control(tmp_path: Path, key: str) -> None:
    """If the cache ignores Cache-Control and Set-Cookie, strangers share a session."""
    lines = "proxy_ignore_headers Cache-Control Set-Cookie; proxy_cache_valid any 1h;"
    with cached(tmp_path, lines) as site:
        first = ask_until_stored(site, f"/write/page/{key}")
        second = ask(site, f"/write/page/{key}")

    assert first.headers["Set-Cookie"] == second.headers["Set-Cookie"]


@pytest.mark.parametrize("site", [""], indirect=True)
def test_key(site: Balancer, key: str) -> None:
    """The page's key keeps hosts apart."""
    path = f"/no/page/{key}"
    one = ask_until_stored(site, path, Host="one")

    assert runs(one, ask(site, path, Host="two")) == 2
    assert runs(one, ask(site, path, Host="one")) == 1
