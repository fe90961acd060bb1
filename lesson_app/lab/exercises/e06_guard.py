"""The exercises of notebook 06: the guard, where it stands, and the doors left open."""

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
    """A decorator: without a user to /login with 302, else the view, whatever it takes."""
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
        raise Wrong(message=f"with a user the page is {inside.text!r}; expected 'room 7'")
    calls.clear()
    _judge_stranger(app, first="", name="everybody")
    _judge_stranger(app, first="/half", name="any-user")
    if calls:
        raise Wrong("view-first")
    again = _client(app, first="/login")
    if [again.get("/room/7").status_code for _ in range(2)] != [200, 200]:
        raise Wrong(message="a visitor who has logged in gets in once, and no second time")
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
            message=f"a stranger gets {answer.status_code} and is sent to "
            f"{answer.headers.get('Location')!r}; expected 302 and '/login'"
        )


def judge_add_report(add_report: Callable[[Flask], Any]) -> None:
    """A route /report that answers only those who have logged in."""
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
    expect("GET /report, logged in,", inside.text, "All our figures")
    expect("GET /report, as a stranger,", stranger.headers.get("Location"), "/login")


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
    """The paths that answer a stranger's GET with 200."""
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
    """Return the paths that are open."""
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
            too_early="you look at the session when the view is *made*; there is no request "
            "yet. The look belongs into an inner function, which runs at each request",
            not_a_view="ensure_login must return a function: the guarded view",
            no_view="what the view answers does not come out of the guarded view: return "
            "what calling `view` returns",
            no_arguments="the view takes something from the address, and did not get it; hand "
            "on `*args, **kwargs`",
            inverted="strangers get in, and users are sent away: the wrong way round",
            nobody="a visitor who has logged in is sent away, too",
            everybody="a stranger saw the page; where there is no user, a redirect must be "
            "returned",
            any_user="a session whose user is None got in; ask for a user that is something, "
            "and not only for the key",
            view_first="the view ran before the look at the session; it may have done what it "
            "should not",
            no_redirect="the stranger got a page; send them to the form: `redirect`",
            no_wraps="the guarded view has lost its name, and Flask tells views apart by it: "
            "`@wraps(view)`",
        ),
        (
            "A decorator defines a function inside itself, and returns it.",
            "The inner one looks at the session, and returns a redirect or the view's answer.",
            'if not session.get("user"): return redirect("/login", code=302), and else '
            "return view(*args, **kwargs); with @wraps(view) above it.",
        ),
        (ensure_login,),
    ),
    Exercise(
        "E6.2",
        "add_report",
        judge_add_report,
        misconceptions(
            guard_above="the guard stands above the route line: the route has filed the bare "
            "view, and everybody gets in",
            no_guard="there is no guard: everybody gets in",
            no_route="there is no route /report in the app",
            nobody="a visitor who has logged in is refused, too",
        ),
        (
            "Two decorators and a view, all inside add_report.",
            "Decorators work from the bottom up. Which one has to get the guarded view?",
            '@app.get("/report") first, @ensure_login under it, then the view.',
        ),
        (add_report_ours,),
    ),
    Exercise(
        "E6.3",
        "open_doors",
        judge_open_doors,
        misconceptions(
            one_visitor="/login lets your visitor in, and then other doors open, too: take a "
            "new `app.test_client()` for each path",
            follows="you followed a redirect: that door sent you elsewhere, so it is not open",
            not_refused="a door that answers 302 or 403 is not open; open is 200",
            with_arguments="a rule like /room/<number> is no path; leave out those with "
            "`rule.arguments`",
            names="those are the names of views; asked are the paths, `rule.rule`",
        ),
        (
            "`app.url_map.iter_rules()` gives the rules; `rule.rule` is a path.",
            "`app.test_client().get(path).status_code` is what a stranger gets.",
            "A set of rule.rule, for each rule without rule.arguments, if that status is 200.",
        ),
        (open_doors_ours,),
    ),
)
