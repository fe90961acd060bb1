"""Judge the exercises on open redirects, forced browsing and deny by default."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable
from typing import Any

import requests
from flask import Flask, redirect, request, session
from flask.testing import FlaskClient

from ...middleware import ClientSessions
from ..http.location import leaves
from ..http.server import Server
from ..http.visitor import PATIENCE
from .judging import Wrong, expect, outcome, short

_HOST = "evil.example"


def bare_app() -> Flask:
    """Return an app with sessions, and GET /login, which logs anyone in."""
    app = Flask("exercise")
    app.testing = True  # an error in a view reaches the check
    ClientSessions(app, secret=secrets.token_urlsafe(32), cookie_name="session")

    @app.get("/login")
    def login() -> str:
        session["user"] = {"userName": "sampleuser"}
        return "logged in"

    return app


# E6.1


def judge_get_in(get_in: Callable[[str, Any], Any]) -> None:
    """Check that `get_in` returns the paths that a stranger's GET opens, over HTTP."""
    app = bare_app()
    name = secrets.token_hex(3)
    opened = itertools.count(1)
    pages: dict[str, Any] = {
        f"/open-{name}": lambda: f"welcome {next(opened)}",
        f"/moved-{name}": lambda: redirect(f"/open-{name}", code=302),
        f"/secret-{name}": ("not you", 403),
        f"/user-{name}": lambda: "hi" if session.get("user") else ("who are you?", 401),
    }
    for path, page in pages.items():
        view = page if callable(page) else lambda page=page: page
        app.add_url_rule(path, path[1:], view)
    paths = ["/login", *pages, f"/missing-{name}"]
    with Server(app) as server:
        found = outcome(get_in, server.url, paths)
        again = outcome(get_in, server.url, [f"/user-{name}"])
    if isinstance(found, Exception):
        raise found
    if isinstance(found, list | tuple | frozenset):
        found = set(found)
    if isinstance(found, set):
        if any(str(each).startswith("http") for each in found):
            raise Wrong("whole-urls")
        if f"/moved-{name}" in found:
            raise Wrong("followed" if next(opened) > 2 else "not-200")
        if f"/user-{name}" in found or again not in (set(), [], (), frozenset()):
            raise Wrong("logged-in")
        if found & {f"/secret-{name}", f"/missing-{name}"}:
            raise Wrong("not-200")
    expect("get_in(url, paths)", found, {"/login", f"/open-{name}"})


def get_in_ours(url: str, paths: Any) -> set[str]:
    """Return the paths that answer a stranger's GET with 200."""

    def status(path: str) -> int:
        answer = requests.get(f"{url}{path}", allow_redirects=False, timeout=PATIENCE)
        return answer.status_code

    return {path for path in paths if status(path) == 200}


# E6.5


def judge_detour(target: Any) -> None:
    """Check that a login that follows what begins with a slash leads to another site."""
    if not isinstance(target, str):
        raise Wrong(message=f"the target should be a string, but is {short(target)}")
    if not target.startswith("/"):
        raise Wrong("no-slash")
    app = bare_app()

    @app.post("/login")
    def follow() -> Any:
        wanted = request.args.get("next", "")
        return redirect(wanted if wanted.startswith("/") else "/dashboard", code=302)

    with Server(app) as server:
        location, status = _log_in(server.url, target)
        url = server.url
    if status == 500:
        raise Wrong(message="the server failed (status 500); no redirect was sent")
    if not leaves(location, url):
        raise Wrong("backslash" if "%5C" in location else "stays")
    if not re.search(rf"[/@]{re.escape(_HOST)}[.]?(:[0-9]+)?([/?#]|$)", location):
        raise Wrong(message=f"this leads away, but not to {_HOST}: Location is {location}")


def _log_in(url: str, target: str) -> tuple[str, int]:
    """Return the Location and the status of a login with ``?next=``."""
    answer = requests.post(
        f"{url}/login",
        params={"next": target},
        data={"userName": "a", "password": "b"},
        allow_redirects=False,
        timeout=PATIENCE,
    )
    return answer.raw.headers.get("Location", ""), answer.status_code


# E6.6

_AWAY = (
    f"https://{_HOST}/",
    f"http://{_HOST}",
    f"//{_HOST}/",
    f"///{_HOST}",
    f"/\t/{_HOST}",
    f"\t//{_HOST}",
    f" //{_HOST}",
    f"\\\\{_HOST}",
    f"/\\{_HOST}/",
    f"https:{_HOST}",
    f"HTTPS:///{_HOST}",
    f"//user@{_HOST}/",
    "javascript:alert(1)",
    "JavaScript:alert(1)//",
    "data:text/html,hi",
)
_BREAKS = (f"/a\r\nX-Evil: 1//{_HOST}", "/a\nb", "/report\n")
_HONEST = (
    "/",
    "/report",
    "/Report?Month=May",
    "/report?month=3",
    "/reports/2026/may/",
    "/search?q=https://example.org/",
    "/notes#top",
    "/a-b_c~d/e.f",
)


def judge_safe_next(safe_next: Callable[[str], Any]) -> None:
    """Check that no target leads away, and that honest paths are kept."""
    app = bare_app()

    @app.post("/login")
    def follow() -> Any:
        target = safe_next(request.args.get("next", ""))
        return redirect(target, code=302)

    def chosen(target: str) -> Any:
        # An answer may look at the request.
        with app.test_request_context("/login", method="POST"):
            return outcome(safe_next, target)

    extra = f"//{secrets.token_hex(3)}.example/report"
    for target in (*_AWAY, extra, *_BREAKS, "", *_HONEST, f"/{secrets.token_hex(3)}"):
        found = chosen(target)
        if isinstance(found, Exception):
            raise found
        call = f"safe_next({target!r})"
        if isinstance(found, bool):
            raise Wrong("yes-or-no")
        if not isinstance(found, str):
            expect(call, found, target if target in _HONEST else "/dashboard")
    with Server(app) as server:
        for target in (*_AWAY, extra):
            found = chosen(target)
            location, _ = _log_in(server.url, target)
            if leaves(found, server.url) or leaves(location, server.url):
                raise Wrong(
                    message=f"safe_next({target!r}) returned {found!r}, which browsers read as "
                    "another site; return '/dashboard'"
                )
            expect(f"safe_next({target!r})", found, "/dashboard")
        for target in _BREAKS:
            if _log_in(server.url, target)[1] == 500:
                raise Wrong("line-break")
    for target in (*_HONEST, f"/{secrets.token_hex(3)}"):
        found = chosen(target)
        if found == "/dashboard":
            raise Wrong("honest-refused")
        expect(f"safe_next({target!r})", found, target)
    if not str(chosen("")).startswith("/"):
        raise Wrong("nothing-given")


def safe_next_ours(target: str) -> str:
    """Return the target if it is a plain path of this site, else "/dashboard"."""
    plain = target.isascii() and target.isprintable() and "\\" not in target
    inside = target.startswith("/") and not target.startswith("//")
    return target if plain and inside else "/dashboard"


# E6.7


def judge_close(close: Callable[[Flask, Any], Any]) -> None:
    """Check that every page is closed to strangers, except the open endpoints."""
    app = bare_app()
    name = secrets.token_hex(3)
    opened = f"free-{name}"

    # The path is not the endpoint's name, and another name contains it.
    app.add_url_rule(f"/page-{name}", opened, lambda: "welcome")
    app.add_url_rule(f"/more-{name}", f"{opened}-not", lambda: "not for you")
    ran: list[int] = []

    @app.route(f"/{name}/<int:number>", methods=["GET", "POST"])
    def room(number: int) -> str:
        ran.append(number)
        return f"room {number}"

    close(app, {"login", opened})

    @app.route(f"/late-{name}", methods=["GET", "POST", "DELETE"])
    def late() -> str:
        return "added later"

    def judge_strangers() -> None:
        for path in (f"/page-{name}", "/login"):
            if app.test_client().get(path).status_code != 200:
                raise Wrong("list-ignored")
        before = len(ran)
        _judge_closed(app.test_client(), name)
        if len(ran) > before:
            raise Wrong("view-ran")

    judge_strangers()
    user = app.test_client()
    user.get("/login")
    for path in (f"/{name}/7", f"/late-{name}"):
        if user.get(path).status_code != 200:
            raise Wrong("users-refused")
    judge_strangers()  # what a user opened stays closed to others


def _judge_closed(stranger: FlaskClient, name: str) -> None:
    for method, path, fault in (
        ("GET", f"/{name}/7", "open"),
        ("GET", f"/more-{name}", "open"),
        ("GET", "/static/style.css", "open"),
        ("POST", f"/{name}/7", "only-get"),
        ("GET", f"/late-{name}", "not-later"),
        ("DELETE", f"/late-{name}", "only-get"),
        ("HEAD", f"/{name}/7", "only-get"),
        ("OPTIONS", f"/{name}/7", "only-get"),
    ):
        answer = stranger.open(path, method=method)
        if answer.status_code < 300 or (fault == "open" and answer.status_code == 404):
            raise Wrong(fault)
        if answer.status_code != 302 or answer.headers.get("Location") != "/login":
            raise Wrong(
                message=f"a stranger's {method} of a closed page should redirect (302) to "
                f"/login, but its status is {answer.status_code}"
            )


def close_ours(app: Flask, opened: Any) -> None:
    """Close every page to strangers, except these endpoints."""

    @app.before_request
    def deny() -> Any:
        if request.endpoint not in opened and not session.get("user"):
            return redirect("/login", code=302)
        return None
