"""The exercises of notebook 06: write the guard, place it, find open doors."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, session
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from ...guard import ensure_login
from ...middleware import ClientSessions
from .judging import Exercise, Wrong, expect, misconceptions, outcome

_SECRET = secrets.token_urlsafe(32)


def _app() -> Flask:
    app = Flask("exercise")
    app.testing = True  # an error in a view reaches the check
    ClientSessions(app, secret=_SECRET, cookie_name="session")

    @app.get("/login")
    def login() -> str:
        session["user"] = {"userName": "sampleuser"}
        return "logged in"

    return app


def _client(app: Flask, *, first: str = "") -> FlaskClient:
    client = app.test_client()
    if first:
        client.get(first)
    return client


def judge_ensure_login(ensure_login: Callable[[Any], Any]) -> None:
    """Check that `ensure_login` redirects strangers, and calls the view for users."""
    calls: list[str] = []

    def room(number: str) -> str:
        """A room."""
        calls.append(number)
        return f"room {number}"

    guarded = _decorate(ensure_login, room)
    app = _app()
    app.add_url_rule("/room/<number>", "room", guarded)

    @app.get("/half")
    def half() -> str:
        session["user"] = None
        return "a user who is nobody"

    try:
        inside = _client(app, first="/login").get("/room/7")
    except TypeError as error:
        if "did not return" in str(error):
            raise Wrong("no-view") from error
        if "argument" in str(error):
            raise Wrong("no-arguments") from error
        raise
    if inside.status_code in (301, 302, 303, 307, 308):
        stranger = outcome(lambda: app.test_client().get("/room/7"))
        opens = not isinstance(stranger, Exception) and stranger.status_code == 200
        raise Wrong("inverted" if opens else "nobody")
    if inside.text != "room 7":
        raise Wrong(message=f"with a user, the page should be 'room 7', but is {inside.text!r}")
    calls.clear()
    _judge_stranger(app, first="", name="everybody")
    _judge_stranger(app, first="/half", name="any-user")
    if calls:
        raise Wrong("view-first")
    again = _client(app, first="/login")
    if [again.get("/room/7").status_code for _ in range(2)] != [200, 200]:
        raise Wrong(
            message="a user can open the page once, but not again; leave the session as it is"
        )
    if guarded.__name__ != "room":
        raise Wrong("no-wraps")


def _decorate(ensure_login: Callable[[Any], Any], view: Callable[..., Any]) -> Any:
    guarded = outcome(ensure_login, view)
    if isinstance(guarded, RuntimeError):  # Flask's session, outside of a request
        raise Wrong("too-early")
    if isinstance(guarded, Exception):
        raise guarded
    if not callable(guarded) or isinstance(guarded, Response):
        raise Wrong("not-a-view")
    return guarded


def _judge_stranger(app: Flask, *, first: str, name: str) -> None:
    answer = _client(app, first=first).get("/room/7")
    if answer.status_code == 200:
        raise Wrong("no-redirect" if answer.text != "room 7" else name)
    if answer.headers.get("Location") != "/login" or answer.status_code != 302:
        raise Wrong(
            message="without a user, the response should be 302 with Location '/login', but "
            f"is {answer.status_code} with {answer.headers.get('Location')!r}"
        )


def judge_add_report(add_report: Callable[[Flask], Any]) -> None:
    """Check that `add_report` adds a page that only users can open."""
    app = _app()
    add_report(app)
    if "/report" not in {rule.rule for rule in app.url_map.iter_rules()}:
        raise Wrong("no-route")
    stranger = app.test_client().get("/report")
    if stranger.status_code == 200:
        raise Wrong("guard-above" if "ensure_login" in _names(add_report) else "no-guard")
    inside = _client(app, first="/login").get("/report")
    if inside.status_code != 200:
        raise Wrong("nobody")
    expect("GET /report with a user", inside.text, "All our figures")
    location = stranger.headers.get("Location")
    if location != "/login":
        message = "GET /report without a user should redirect to '/login', but the Location is"
        raise Wrong(message=f"{message} {location!r}")


def _names(function: Callable[..., Any]) -> set[str]:
    code = getattr(function, "__code__", None)
    return set(code.co_names + code.co_freevars) if code else set()


def add_report_ours(app: Flask) -> None:
    """Add a guarded page."""

    @app.get("/report")
    @ensure_login
    def report() -> str:
        return "All our figures"


def judge_open_doors(open_doors: Callable[[Flask], Any]) -> None:
    """Check that `open_doors` returns the paths that answer a stranger with 200."""
    app = _house()
    right = open_doors_ours(_house())
    found = open_doors(app)
    if isinstance(found, list | tuple | frozenset):
        found = set(found)
    if not isinstance(found, set):
        expect("open_doors(app)", found, right)
    if found and not any(str(each).startswith("/") for each in found):
        raise Wrong("names")
    if found & {"/office", "/stairs"}:
        raise Wrong("not-refused")
    if "/attic" in found:
        raise Wrong("follows")
    if "/cellar" in found:
        raise Wrong("one-visitor")
    if any("<" in str(each) for each in found):
        raise Wrong("with-arguments")
    expect("open_doors(app)", found, right)


def _house() -> Flask:
    app = _app()

    @app.get("/garden")
    def flowers() -> str:
        return "everybody is welcome"

    @app.get("/attic")
    def attic() -> Any:
        return redirect("/garden", code=302)

    @app.get("/stairs")
    def stairs() -> Any:
        return redirect("/nowhere", code=302)

    @app.get("/cellar")
    @ensure_login
    def cellar() -> str:
        return "wine"

    @app.get("/office")
    def office() -> tuple[str, int]:
        return "not you", 403

    @app.get("/room/<number>")
    def room(number: str) -> str:
        return number

    return app


def open_doors_ours(app: Flask) -> set[str]:
    """Return the paths that answer a stranger's GET with 200."""
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and app.test_client().get(rule.rule).status_code == 200
    }


EXERCISES = (
    Exercise(
        "E6.1",
        "ensure_login",
        judge_ensure_login,
        misconceptions(
            too_early="you read the session while the view is being *decorated*, before any "
            "request; read it in an inner function, which runs at each request",
            not_a_view="ensure_login must return a function: the guarded view",
            no_view="the guarded view does not return the page; return the result of calling "
            "`view`",
            no_arguments="the view needs an argument from the URL, but did not get it; pass on "
            "`*args, **kwargs`",
            inverted="strangers see the page, and users are redirected; swap the two cases",
            nobody="you redirect users, too; redirect only if the session has no user",
            everybody="a stranger saw the page; if there is no user, return a redirect",
            any_user="a session whose user is None opened the page; check the value, not only "
            "the key",
            view_first="you called the view before you checked the session, so it may already "
            "have done harm; check first",
            no_redirect="a stranger got another page instead of a redirect; return "
            "`redirect(…)` to the form",
            no_wraps="the guarded view has lost its name, which Flask uses to identify it; "
            "add `@wraps(view)`",
        ),
        (
            "A decorator defines a function inside itself, and returns it.",
            "The inner function checks the session. It returns a redirect or the view's page.",
            'if not session.get("user"): return redirect("/login", code=302). Otherwise, '
            "return view(*args, **kwargs). Put @wraps(view) above the inner function.",
        ),
        (ensure_login,),
    ),
    Exercise(
        "E6.2",
        "add_report",
        judge_add_report,
        misconceptions(
            guard_above="the guard is above the route, so the route registered the view "
            "without it, and anyone can open the page; put the guard below the route",
            no_guard="there is no guard, so anyone can open the page; add `@ensure_login`",
            no_route='the app has no route /report; add `@app.get("/report")`',
            nobody="a user cannot open /report with GET; check the route's method, and the "
            "guard",
        ),
        (
            "You need two decorators and a view, all inside add_report.",
            "Decorators apply from the bottom up. Which one must get the guarded view?",
            '@app.get("/report") first, @ensure_login below it, then the view.',
        ),
        (add_report_ours,),
    ),
    Exercise(
        "E6.3",
        "open_doors",
        judge_open_doors,
        misconceptions(
            one_visitor="/login logs your visitor in, and then guarded pages open, too; make a "
            "new `app.test_client()` for each path",
            follows="you followed a redirect; a path that redirects is not open, so look at "
            "the first response",
            not_refused="a path that answers 302 or 403 is not open; only 200 is",
            with_arguments="a rule like /room/<number> is not a path; skip rules with "
            "`rule.arguments`",
            names="these are the names of views; return their paths, `rule.rule`",
        ),
        (
            "`app.url_map.iter_rules()` returns the rules; `rule.rule` is a path.",
            "`app.test_client().get(path).status_code` is the status that a stranger gets.",
            "Return the set of rule.rule for all rules without rule.arguments whose status "
            "is 200.",
        ),
        (open_doors_ours,),
    ),
)
