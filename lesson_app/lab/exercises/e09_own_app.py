"""The exercises of notebook 09: an app of your own."""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Callable
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from flask import Flask, redirect, render_template_string, request, session, url_for
from flask import json as flask_json
from flask.sessions import SecureCookieSessionInterface

from ...cookie import derive_keys, seal
from ...guard import ensure_login
from ...middleware import ClientSessions
from ...revocation import DenyList
from ...stores import MemoryStore
from ..clock import Clock
from ..http.form_browser import FormBrowser
from .cookie_fields import bytes_of
from .judging import Exercise, Wrong, expect, forgotten, misconceptions, outcome, short
from .properties import check_property, judge_properties
from .ten import Ten, ten
from .tour import Site, toured

# What JSON, base64 and zlib can make difficult, in cookies of each length modulo 4.
_CONTENTS: tuple[dict[str, Any], ...] = (
    {"number": 4},
    {"number": 42},
    {"number": 421},
    {"user": {"name": "Zoë", "admin": False}, "tags": ["a.b", None]},
    {"text": "???>>>~~~ ???>>>~~~ ???>>>~~~"},
    {"text": "aha " * 300},
    *({"text": "a" * length} for length in range(200, 220)),
    {"lines": [f"line {number}: ?>~" for number in range(60)]},
    {"text": "<p>ü</p>" * 40, "user": "ada"},
)


def judge_read_flask(read_flask: Callable[[str], Any]) -> None:
    """Check that `read_flask` reads Flask's cookies, and none of ours."""
    contents = [{**each, "id": secrets.token_hex(n)} for each in _CONTENTS for n in (1, 3)]
    values = [(_signed(each), each) for each in contents]
    # The simple ones first: only what is left then is the fault of the alphabet.
    for value, content in sorted(values, key=lambda each: bool(_special(each[0]))):
        found = outcome(read_flask, value)
        _judge_read(content, value, found)
    ours = seal({"number": 42}, derive_keys(secrets.token_bytes(32)))
    found = outcome(read_flask, ours)
    if not (isinstance(found, Exception) or found is None):
        raise Wrong(
            message="our cookie cannot be read without its key, but read_flask returned "
            f"{short(found)}; raise an error, such as that of json.loads"
        )


def _judge_read(wanted: dict[str, Any], value: str, found: Any) -> None:
    if isinstance(found, dict):
        expect("read_flask(…)", {**found}, wanted)
    elif found is None:
        raise Wrong(message=f"read_flask should return a dict{forgotten(found)}")
    elif isinstance(found, str | bytes | bytearray):
        raise Wrong("not-a-dict")
    elif not isinstance(found, Exception):
        raise Wrong(message=f"read_flask should return a dict, but returned {short(found)}")
    elif _special(value):
        raise Wrong("other-alphabet")
    elif "padding" in str(found):
        raise Wrong("no-padding")
    elif value.startswith("."):
        raise Wrong("not-unpacked")
    else:
        raise found


def _special(value: str) -> set[str]:
    """Return the characters of a payload that differ between base64url and base64."""
    return {"-", "_"} & set(value.rsplit(".", 2)[0])


def _signed(content: dict[str, Any]) -> str:
    """Return Flask's session cookie, signed with a random key."""
    app = Flask("signed")
    app.secret_key = secrets.token_bytes(32)
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return str(serializer.dumps(content))


def read_flask_ours(cookie: str) -> Any:
    """Return the session in a cookie of Flask's own, without its key."""
    packed = cookie.startswith(".")
    text = cookie.removeprefix(".").partition(".")[0]
    raw = base64.urlsafe_b64decode(text + "==")
    return flask_json.loads(zlib.decompress(raw) if packed else raw)


_PAGE = """<!DOCTYPE html><title>Notes</title>
{% if user %}<h1>Notes of {{ user }}</h1>
<ul>{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
<form method="post" action="notes"><input name="text"><button>Add</button></form>
<form method="post" action="logout"><button>Log out</button></form>
{% else %}<form method="post"><input name="name"><input name="password" type="password">
<button>Log in</button></form>{{ message }}{% endif %}"""


def make_app_ours(**options: Any) -> Flask:
    """Return an app for notes, with a login."""
    users = {"ada": secrets.token_urlsafe(), "bob": secrets.token_urlsafe()}
    notes: dict[str, list[str]] = {name: [] for name in users}
    denied = DenyList(MemoryStore())
    app = Flask("notes")
    app.secret_key = secrets.token_bytes(32)
    app.config["TOUR"] = {
        "login": "/login", "private": "/notes", "logout": "/logout", "users": users,
    }  # fmt: skip
    own = ClientSessions(app, revocation=denied, samesite="Lax", no_store=True, **options)

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        name, password = request.form.get("name", ""), request.form.get("password", "")
        if name in users and compare_digest(users[name].encode(), password.encode()):
            denied.end(own.session)
            session["user"] = name
            return redirect(url_for("show"), code=303)
        message = "Wrong name or password." if request.method == "POST" else ""
        return render_template_string(_PAGE, message=message)

    @app.route("/notes", methods=["GET", "POST"])
    @ensure_login
    def show() -> Any:
        user = session["user"]
        if request.method == "POST":
            notes[user].append(request.form.get("text", ""))
            return redirect(url_for("show"), code=303)
        return render_template_string(_PAGE, user=user, notes=notes[user])

    @app.post("/logout")
    def logout() -> Any:
        denied.end(own.session)
        return redirect(url_for("login"), code=303)

    return app


#: How long a visitor may pause.
_IDLE = timedelta(minutes=10)
_LITTLE = timedelta(seconds=30)


def judge_idle(make_idle_app: Callable[[Clock], Any]) -> None:
    """Check that a pause of over ten minutes ends a session, and nothing else does."""
    clock = Clock()
    try:
        with toured(make_idle_app, clock) as site:
            check_property(lambda site: _judge_pauses(site, clock), site)
    except Wrong as wrong:
        # The app itself may have a fault: E9.2 has the sentence.
        said = EXERCISES[1].misconceptions.get(wrong.name, "")
        raise Wrong(wrong.name, wrong.message or said) from None


def _judge_pauses(site: Site, clock: Clock) -> str:
    if site.closed(site.logged_in()):
        raise Wrong(message=f"the right password of {site.ada} opens no private page")
    _come_back(site, clock, (1, 9.5))
    for before in ((), (1,), (9.5, 1), (1,) * 9):
        _leave(site, clock, before)
    _leave(site, clock, (), _enter(site))
    _come_back(site, clock, (9.5,) * 160)  # over a day
    return ""


def _enter(site: Site) -> FormBrowser:
    ada = site.logged_in()
    if site.closed(ada):
        raise Wrong("no-return")
    return ada


def _come_back(site: Site, clock: Clock, pauses: tuple[float, ...]) -> None:
    """Let Ada make a request after each pause, in minutes."""
    ada = _enter(site)
    for minutes in pauses:
        clock.advance(timedelta(minutes=minutes))
        if site.closed(ada):
            raise Wrong("too-early")


def _leave(
    site: Site, clock: Clock, pauses: tuple[float, ...], other: FormBrowser | None = None
) -> None:
    """Let Ada leave for over ten minutes. Meanwhile, she may use another browser."""
    ada = _enter(site)
    for minutes in pauses:
        clock.advance(timedelta(minutes=minutes))
        site.closed(ada)
    clock.advance(_IDLE / 2)
    if other:
        site.closed(other)
    clock.advance(_IDLE / 2 + _LITTLE)
    if site.closed(ada):
        return
    sealed = [each for each in ada.cookies.values() if each.count(".") == 4]
    made = [int(bytes_of(each)["created_at"]) / 1000 for each in sealed]
    raise Wrong("too-late" if made and abs(clock() - made[0]) < 10**7 else "other-clock")


def make_idle_app_ours(clock: Clock) -> Flask:
    """Return the app for notes, with an idle limit."""
    app = make_app_ours(clock=clock, duration=_IDLE)

    @app.before_request
    def stay() -> None:
        if session:
            session.set_duration(_IDLE)  # type: ignore[attr-defined]

    return app


def show_ten(make_app: Callable[..., Any]) -> Ten:
    """Show which of the ten properties of E9.2 an app has, and what the check saw."""
    return ten(make_app, EXERCISES[1].misconceptions)


EXERCISES = (
    Exercise(
        "E9.1",
        "read_flask",
        judge_read_flask,
        misconceptions(
            not_unpacked="a cookie that begins with a dot raised an error; its payload comes "
            "after that dot, and zlib has packed it",
            no_padding="the decoder misses the padding; add `=` until the length is a multiple "
            "of 4, as in notebook 01",
            other_alphabet="a payload with `-` or `_` was read wrong; it is base64url, not "
            "plain base64",
            not_a_dict="you returned text; the payload is JSON, so return what json.loads "
            "makes of it",
        ),
        (
            "Which part of the cookie changes when only the number changes? What does a dot at "
            "the very start change?",
            "Use base64.urlsafe_b64decode with the padding from notebook 01. If the cookie "
            "begins with a dot, zlib.decompress. Then json.loads.",
            'text = cookie.removeprefix(".").partition(".")[0]; '
            'raw = base64.urlsafe_b64decode(text + "=="); if cookie.startswith("."): unpack.',
        ),
        (read_flask_ours,),
        level=2,
        minutes=10,
    ),
    Exercise(
        "E9.2",
        "make_app",
        judge_properties,
        misconceptions(
            no_tour='app.config["TOUR"] is missing; it should be the dict that the text above '
            "describes, so that the check finds its way",
            runs="make_app calls app.run(), which never returns; only return the app",
            no_login_form="the login page has no <form> with an <input "
            'type="password" name="…">; the check fills in your form, as a visitor does',
            by_get="the login form sends the password in the URL, into logs and histories; "
            'give the form method="post"',
            right_refused="after a login with a name and password of TOUR, the private page "
            "still shows a login form",
            no_write_form='the page has no <form method="post"> with a text field that has a '
            "name; let the visitor write there, or name another page as TOUR['write']",
            not_shown="the private page does not show what the visitor wrote into its form, so "
            "the check cannot tell what it protects",
            elsewhere="your app redirected to another host; redirect only to paths of your own",
            open_door="a stranger gets the private page; redirect visitors without a user to "
            "the login, or answer 401, 403 or 404",
            stranger_crash="a stranger's request to a private page or form ends in an error "
            "(500); look for a user before you use one",
            stranger_writes="a stranger filled in the private form, and the text was there "
            "after the login; guard each method that writes, and begin a new "
            "session at the login",
            gone_by_get="after Ada followed the links of her pages, her text was gone; let "
            'only a form with method="post" change data',
            claimed="a stranger added ?user=… to the path of the private page, with a user's "
            "name, and came in; take the user from the session only",
            stranger_changes="a stranger's request removed what Ada had written; guard every "
            "path and method, as ensure_login does",
            asked_for="another user added a query to the path, and the page showed Ada's text; "
            "take the user from the session, and search only in their own data",
            shared="the user Bob sees Ada's text in his own browser; keep each user's data "
            "apart",
            mixed="a user's own text was gone from the private page after another user had "
            "logged in, or had written; keep each user's data apart",
            writes_for="another user sent Ada's forms from their own browser, and that changed "
            "Ada's texts; take the user from the session, not from a field or a path",
            not_reset="in the same browser, Bob logged in after Ada and sees her text; empty "
            "the session at the login",
            script="a tag or an attribute that a visitor typed came back as HTML; let a "
            "template escape it, without |safe, and put quotes around attributes",
            script_url="a text that begins with javascript: became a link, which runs it as a "
            "script; make links only of texts that begin with https://",
            in_script="what a visitor typed is part of a script's code; keep it out of "
            "scripts, or write it there with the filter tojson",
            template="a visitor typed {{917*839}}, and the app computed it; give the text to "
            "the template as a value, never as a part of the template",
            not_sealed="after the login, no cookie is sealed in the client-sessions format; "
            "give your app to ClientSessions",
            plain_cookie="another cookie holds the user's name, for everyone to read and to "
            "change; keep it in the session",
            scripts_read="scripts in a page can read the session cookie; keep HttpOnly",
            no_samesite="the session cookie has no SameSite=Lax or Strict, so forms on other "
            'sites send it; give ClientSessions samesite="Lax"',
            changed_opens="a changed cookie opens the private page; trust only the session, "
            "and no other cookie",
            changed_crash="a changed cookie ends in an error (500); treat its sender as a "
            "stranger",
            guessable="a published or common secret opens your cookie; make one with "
            "secrets.token_bytes(32)",
            published="a page shows the secret; take it off the page, and make a new one",
            logout_by_get="a plain GET logs the visitor out, so a link or a picture on any "
            "site can do it; log out by POST only",
            no_post="the logout does not answer a POST; give its route methods=['POST']",
            still_in="after the logout, the same browser still opens the private page; end the "
            "session there",
            copy_opens="after the logout, a copy of the cookie opens the private page, at once "
            "or after the next login; end the session in a DenyList, as in notebook 08",
            locked_out="after a logout, the same user cannot log in again; end one session, "
            "not the user",
            cached="a page that shows the visitor's text may be stored by caches; send "
            "Cache-Control: no-store, which ClientSessions does with no_store=True",
            any_password="a login with a wrong password, or without one, opens the private "  # noqa: S106
            "page; look up the name, then compare the whole password",
            names_told="an unknown name and a wrong password get different answers; give both "
            "the same status, page, headers and cookies, also for an empty or missing "
            "password, and after many tries",
        ),
        (
            "Which views does a visitor need, and which of them may a stranger use? Begin with "
            "the login and an empty private page. Run check after each step.",
            "Use ClientSessions with samesite=, no_store= and revocation=DenyList(…), "
            "ensure_login below the route line, and the method end of the DenyList at login "
            "and logout.",
            "login: compare, denied.end(own.session), session['user'] = name, redirect. Page: "
            "data[session['user']]. logout: @app.post, denied.end(own.session), redirect. Here "
            "own is your ClientSessions.",
        ),
        (make_app_ours,),
        level=3,
        minutes=30,
    ),
    Exercise(
        "E9.3",
        "make_idle_app",
        judge_idle,
        misconceptions(
            too_early="a visitor who came back in time is logged out; each visit should begin "
            "ten new minutes, also for the `duration` of the session",
            too_late="a visitor who paused for over ten minutes is still logged in; count from "
            "the last request of this browser, by the check's clock (active_duration does not: "
            "it adds to what is left)",
            other_clock="a long pause changed nothing, and your cookie has another time; give "
            "the clock to ClientSessions too, as clock=clock",
            no_return="after the pause, the same user cannot log in again",
        ),
        (
            "What must change in the cookie at each visit? When does a new lifetime begin?",
            "Read help(lesson_app.Session.set_duration). With before_request, a function runs "
            "before each view.",
            "make_app(clock=clock, duration=ten minutes); then, in @app.before_request: if "
            "session: session.set_duration(ten minutes).",
        ),
        (make_idle_app_ours,),
        level=2,
        minutes=15,
        must=False,
    ),
)
