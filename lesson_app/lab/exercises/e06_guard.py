"""The exercises of notebook 06: get in, write the guard, place it, find open doors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, session
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from ...guard import ensure_login
from .doors import (
    bare_app,
    close_ours,
    get_in_ours,
    judge_close,
    judge_detour,
    judge_get_in,
    judge_safe_next,
    safe_next_ours,
)
from .judging import Exercise, Wrong, expect, misconceptions, outcome


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
    app = bare_app()
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
    _judge_several(ensure_login)
    if inside.text != "room 7":
        raise Wrong(message=f"with a user, the page should be 'room 7', but is {inside.text!r}")
    calls.clear()
    _judge_stranger(_fresh(ensure_login), first="", name="everybody")
    _judge_stranger(app, first="", name="remembers")
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


def _judge_several(ensure_login: Callable[[Any], Any]) -> None:
    """Check that each guarded view stays itself, and that its errors are seen."""

    def broken() -> str:
        raise KeyError("the view's own error")

    app = bare_app()
    app.add_url_rule("/room/<number>", "room", ensure_login(lambda number: f"room {number}"))
    app.add_url_rule("/broken", "broken", ensure_login(broken))
    app.add_url_rule("/hall", "hall", ensure_login(lambda: "hall"))
    pages = [
        outcome(_client(app, first="/login").get, path)
        for path in ("/room/7", "/hall", "/broken")
    ]
    texts = [page if isinstance(page, Exception) else page.text for page in pages]
    if isinstance(texts[0], TypeError) or "hall" in str(texts[0]) or "room" in str(texts[1]):
        raise Wrong("mixes-views")
    if not isinstance(pages[2], KeyError):
        raise Wrong("hides-errors")


def _fresh(ensure_login: Callable[[Any], Any]) -> Flask:
    """Return an app with a guarded page that nobody has visited."""
    app = bare_app()
    app.add_url_rule("/room/<number>", "room", ensure_login(lambda number: f"room {number}"))
    return app


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
    location = (answer.headers.get("Location") or "").partition("?")[0]
    if location != "/login" or answer.status_code != 302:
        raise Wrong(
            message="without a user, the response should be a redirect (302) to /login, but "
            f"its status is {answer.status_code}"
            f"{_to(answer)}"
        )


def _to(answer: Any) -> str:
    location = answer.headers.get("Location")
    return f" and it goes to {location}" if location else ""


def judge_add_report(add_report: Callable[[Flask], Any]) -> None:
    """Check that `add_report` adds a page that only users can open."""
    app = bare_app()
    app.add_url_rule("/open", "open", lambda: "welcome")
    before = {(rule.rule, rule.endpoint) for rule in app.url_map.iter_rules()}
    add_report(app)
    if "/report" not in {rule.rule for rule in app.url_map.iter_rules()}:
        raise Wrong("no-route")
    stranger = app.test_client().get("/report")
    if stranger.status_code == 200 and "figures" not in stranger.text:
        raise Wrong("page-instead")
    if stranger.status_code == 200:
        raise Wrong("guard-above" if "ensure_login" in _names(add_report) else "no-guard")
    inside = _client(app, first="/login").get("/report")
    if inside.status_code != 200:
        raise Wrong("nobody")
    expect("GET /report with a user", inside.text, "All our figures")
    location = stranger.headers.get("Location")
    if str(location).partition("?")[0] != "/login":
        message = "GET /report without a user should redirect to '/login', but the Location is"
        raise Wrong(message=f"{message} {location!r}")
    _judge_side_doors(app, before)


def _judge_side_doors(app: Flask, before: set[tuple[str, str]]) -> None:
    """Check that no new page answers a stranger, and that the others still do."""
    if app.test_client().get("/open").text != "welcome":
        raise Wrong("closes-others")
    if "figures" in app.test_client().get("/no-such-page").text:
        raise Wrong("side-door")
    for rule in app.url_map.iter_rules():
        if (rule.rule, rule.endpoint) in before:
            continue
        # A value that fits: the first of <any(…):name>, else 1.
        path = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
        path = re.sub("<[^>]+>", "1", path)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            if app.test_client().open(path, method=method).status_code < 300:
                raise Wrong("side-door")


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
    for _ in range(2):
        name = secrets.token_hex(3)
        app = _house(name)
        right = open_doors_ours(_house(name))
        found = open_doors(app)
        if isinstance(found, list | tuple | frozenset):
            found = set(found)
        if not isinstance(found, set):
            expect("open_doors(app)", found, right)
        if found and not any(str(each).startswith("/") for each in found):
            raise Wrong("names")
        if found & {f"/office-{name}", f"/stairs-{name}", f"/letterbox-{name}"}:
            raise Wrong("not-refused")
        if f"/attic-{name}" in found:
            raise Wrong("follows")
        if f"/cellar-{name}" in found:
            raise Wrong("one-visitor")
        if any("<" in str(each) for each in found):
            raise Wrong("with-arguments")
        if found != right and found == {each for each in right if name not in each}:
            raise Wrong("fixed")
        expect("open_doors(app)", found, right)


def _house(name: str) -> Flask:
    """Return an app whose pages have names that no answer can know."""
    app = bare_app()

    @app.route(f"/garden-{name}", methods=["GET", "POST"], endpoint=f"flowers-{name}")
    def garden() -> str:
        return "everybody is welcome"

    @app.get(f"/back-yard-{name}")  # two paths of one view
    @app.get(f"/yard-{name}/")
    def yard() -> str:
        return "everybody is welcome"

    @app.get(f"/attic-{name}")
    def attic() -> Any:
        return redirect(f"/garden-{name}", code=302)

    @app.get(f"/stairs-{name}")
    def stairs() -> Any:
        return redirect("/nowhere", code=302)

    @app.get(f"/cellar-{name}")
    @ensure_login
    def cellar() -> str:
        return "wine"

    @app.get(f"/office-{name}")
    def office() -> tuple[str, int]:
        return "not you", 403

    @app.post(f"/letterbox-{name}")
    def letterbox() -> str:
        return "thank you"

    @app.get(f"/room-{name}/<number>")
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
        "get_in",
        judge_get_in,
        misconceptions(
            whole_urls="these are whole URLs; return the paths, as they were given",
            followed="you followed a redirect; a page that redirects you has not let you in, "
            "so use `allow_redirects=False`",
            logged_in="your visitor was logged in by /login, and kept that cookie; each path "
            "needs a stranger without cookies",
            not_200="a status such as 302, 403 or 404 does not open a page; only 200 does",
        ),
        (
            "What does a stranger's request look like? Which number in the response says "
            "that the page opened?",
            "`requests.get(…)` sends a request without cookies. Look at its `.status_code`.",
            "requests.get(url + path, allow_redirects=False).status_code, for each path.",
        ),
        (get_in_ours,),
        minutes=6,
    ),
    Exercise(
        "E6.2",
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
            mixes_views="a guarded view ran another view than its own; call the one that this "
            "call of `ensure_login` got",
            hides_errors="you turn an error of the view into a redirect, so nobody learns of "
            "it; catch only what your check may raise",
            remembers="after a user had opened the page, strangers could open it, too; decide "
            "at each request, and keep nothing in between",
            everybody="a stranger saw the page; if there is no user, return a redirect",
            any_user="a session without a real user opened the page: its `user` is None, and "
            "it may hold other things; check the value of `user`",
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
        level=2,
        minutes=10,
    ),
    Exercise(
        "E6.3",
        "add_report",
        judge_add_report,
        misconceptions(
            guard_above="the guard is above the route, so the route registered the view "
            "without it, and anyone can open the page; put the guard below the route",
            page_instead="a stranger gets another page instead of a redirect to /login",
            closes_others="a page that was open before is closed now; guard only /report",
            side_door="you also added another page or method, and a stranger can use it; guard "
            "it, or leave it out",
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
        "E6.4",
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
            fixed="you return fixed paths; ask the app for its rules",
            names="these are the names of views; return their paths, `rule.rule`",
        ),
        (
            "`app.url_map.iter_rules()` returns the rules; `rule.rule` is a path.",
            "`app.test_client().get(path).status_code` is the status that a stranger gets.",
            "Return the set of rule.rule for all rules without rule.arguments whose status "
            "is 200.",
        ),
        (open_doors_ours,),
        level=2,
        minutes=8,
    ),
    Exercise(
        "E6.5",
        "detour",
        judge_detour,
        misconceptions(
            no_slash="this target does not begin with a slash, so the login ignores it and "
            "goes to /dashboard",
            stays="with this target, a browser stays on the site; how does a URL name "
            "another host?",
            backslash="a backslash becomes %5C in Flask's redirect, and then the browser stays "
            "on the site; find a target without one",
        ),
        (
            "Look at `https://evil.example/`. Which part of it names the host?",
            "A URL may leave its scheme, `https:`, out. What remains?",
            "What remains begins with *two* slashes.",
        ),
        level=2,
        minutes=5,
    ),
    Exercise(
        "E6.6",
        "safe_next",
        judge_safe_next,
        misconceptions(
            yes_or_no="return the path to go to, not True or False",
            line_break="a target with a line break makes the server fail (status 500): it may "
            "not stand in a header; return '/dashboard' for it",
            honest_refused="you sent a visitor with an honest path of this site to /dashboard; "
            "a path may have a query, and the query may contain a URL",
            nothing_given="without a target, return '/dashboard'",
        ),
        (
            "It is easier to say what is good than to list what is bad. What does a good "
            "target look like?",
            "Browsers drop tabs and line breaks, and read a backslash as a slash. "
            "`text.isprintable()` finds some of these.",
            "Good: begins with one slash, not with two; printable; no backslash. For all "
            "others, return '/dashboard'.",
        ),
        (safe_next_ours,),
        level=2,
        minutes=10,
    ),
    Exercise(
        "E6.7",
        "close",
        judge_close,
        misconceptions(
            open="a stranger can still open a page that is not on the list",
            only_get="a stranger can still use another method of a closed page, such as POST",
            not_later="a page that is added after the call of `close` is open; decide at each "
            "request",
            view_ran="the view of a closed page ran before you refused the stranger, so it may "
            "have done harm; decide before any view",
            users_refused="a user who has logged in cannot open a page any more; close it to "
            "strangers only",
            list_ignored="a stranger can no longer open a page that is on the list",
        ),
        (
            "Is there a place in Flask through which every request goes, before any view?",
            "`app.before_request` registers such a function. If it returns a response, Flask "
            "sends that and calls no view.",
            "`request.endpoint` is the name of the view. Redirect if it is not in `opened` and "
            "the session has no user.",
        ),
        (close_ours,),
        level=2,
        minutes=15,
        must=False,
    ),
)
