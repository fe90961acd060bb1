"""The exercises of notebook 05: the log-in, and the way out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, render_template_string, request, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ...app import USER, is_user
from ...cookie import derive_keys, unseal
from ...middleware import ClientSessions
from .judging import Exercise, Wrong, misconceptions, outcome

_SECRET = secrets.token_urlsafe(32)
_RIGHT = {"userName": "sampleuser", "password": "samplepassword"}
_WRONG = {"userName": "sampleuser", "password": "guess"}
_PLANTED = "planted"


def judge_login(login: Callable[[], Any]) -> None:
    """POST /login: a redirect and a user, or the form again."""
    client = _site("/login", login)
    refused = client.post("/login", data=_WRONG)
    if "user" in _content(client):
        raise Wrong("everybody")
    if 300 <= refused.status_code < 400:
        raise Wrong("wrong-redirects")
    if refused.status_code != 200:
        raise Wrong(
            message=f"a wrong password is answered with status {refused.status_code}; the "
            "page answers 200, with the form"
        )
    if "invalid login" not in refused.text:
        raise Wrong("no-message")
    if "<form" not in refused.text:
        raise Wrong("no-form")
    _judge_unknown_name(login, refused.text)
    if isinstance(outcome(_site("/login", login).post, "/login"), Exception):
        raise Wrong("field-missing")
    _judge_accepted(login)
    if _reads_address(login):
        raise Wrong("from-address")


def _judge_unknown_name(login: Callable[[], Any], usual: str) -> None:
    """A name that nobody has is refused, and in the same words as a wrong password."""
    for password in ("guess", "samplepassword"):
        client = _site("/login", login)
        answer = client.post("/login", data={"userName": "nobody", "password": password})
        if "user" in _content(client):
            raise Wrong("everybody")
        if answer.text.replace("nobody", "sampleuser") != usual:
            raise Wrong("gives-names-away")


def _reads_address(login: Callable[[], Any]) -> bool:
    client = _site("/login", login)
    outcome(client.post, f"/login?{_query(_RIGHT)}")
    return "user" in _content(client)


def _judge_accepted(login: Callable[[], Any]) -> None:
    client = _site("/login", login)
    client.get("/plant")
    accepted = client.post("/login", data=_RIGHT)
    content = _content(client)
    if "invalid login" in accepted.text:
        raise Wrong("from-address" if _reads_address(login) else "not-the-form")
    if "samplepassword" in str(content):
        raise Wrong("password-kept")
    if content.get("user") != USER:
        raise Wrong(message=f"the session holds {content}; expected its user to be {USER}")
    _expect_redirect(accepted, "/dashboard")
    if _PLANTED in content:
        raise Wrong("not-reset")


def login_ours() -> Any:
    """Log the visitor in, or show the form again."""
    if not is_user(request.form.get("userName", ""), request.form.get("password", "")):
        return render_template_string('<form method="post"></form>{{ m }}', m="invalid login")
    session.reset()  # type: ignore[attr-defined]
    session["user"] = dict(USER)
    return redirect("/dashboard", code=302)


def judge_logout(logout: Callable[[], Any]) -> None:
    """GET /logout: an empty session, and a redirect to the form."""
    client = _site("/logout", logout)
    client.get("/plant")
    response = client.get("/logout")
    # A browser need not do what it is asked: look at what the old cookie's successor holds.
    content = _content(client)
    if not client.get_cookie("session"):
        raise Wrong("cookie-deleted")
    if content.get("user"):
        raise Wrong("still-in")
    if content:
        raise Wrong("rest-kept")
    _expect_redirect(response, "/login")


def logout_ours() -> Any:
    """Empty the session, and show the form."""
    session.reset()  # type: ignore[attr-defined]
    return redirect("/login", code=302)


def _site(path: str, view: Callable[[], Any]) -> FlaskClient:
    """A visitor of an app with this view, and one that plants something in the session."""
    app = Flask("exercise")
    app.testing = True  # an error in the view reaches the check
    ClientSessions(app, secret=_SECRET, cookie_name="session")
    # The others are there for whoever names them with `url_for`.
    for other in {"/login", "/dashboard", "/logout"} - {path}:
        app.add_url_rule(other, other[1:], lambda: "")
    app.add_url_rule(path, path[1:], view, methods=["GET", "POST"])

    @app.get("/plant")
    def plant() -> str:
        session.update({_PLANTED: True, "user": {"userName": "somebody"}})
        return ""

    return app.test_client()


def _content(client: FlaskClient) -> dict[str, Any]:
    cookie = client.get_cookie("session")
    return unseal(cookie.value, derive_keys(_SECRET)).content if cookie else {}


def _expect_redirect(response: TestResponse, path: str) -> None:
    location = response.headers.get("Location")
    if location is None:
        raise Wrong("no-redirect")
    if location != path:
        raise Wrong(message=f"it redirects to {location!r}; expected {path!r}")
    if response.status_code != 302:
        raise Wrong(message=f"the status is {response.status_code}; Express answers 302")


def _query(form: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in form.items())


EXERCISES = (
    Exercise(
        "E5.1",
        "login",
        judge_login,
        misconceptions(
            everybody="a wrong name or password was let in: the session has a user",
            gives_names_away="an unknown name is answered in another way than a wrong "
            "password, so a stranger learns who has an account; give one answer to both",
            wrong_redirects="a wrong password is not answered with the form; render it again, "
            "with the message",
            no_message="the visitor is not told; give the form the message 'invalid login'",
            no_form="after a wrong password the visitor needs the form again, not only the "
            "message",
            not_the_form="the right password was refused; are the fields `userName` and "
            "`password`, and is there a return before the redirect?",
            password_kept="the password is in the session; only who the visitor is "  # noqa: S106
            "belongs there",
            no_redirect="there is no redirect; reloading the answer to a POST sends the form, "
            "and the password, again",
            field_missing="a request without the two fields ends in an error, status 500; give "
            'a default: `request.form.get("password", "")`',
            not_reset="what was in the session before the log-in is still there; it may have "
            "been planted by somebody else, so `session.reset()` first",
            from_address="the password was read from the address, which ends in logs and "
            "histories; the body of a POST is `request.form`",
        ),
        (
            "Two ways out: if `is_user` says no, the form again; else a user, and a redirect.",
            'The fields are `request.form.get("userName", "")` and the same for the password.',
            'Reset the session, then session["user"] = dict(USER), then '
            'redirect("/dashboard", code=302).',
        ),
        (login_ours,),
    ),
    Exercise(
        "E5.2",
        "logout",
        judge_logout,
        misconceptions(
            still_in="the user is still in the session",
            rest_kept="the user is gone, and the rest is still there: the next one at this "
            "computer will find it",
            cookie_deleted="you asked the browser to delete its cookie, and said nothing "
            "through the session; put an empty session in its place, as the page does",
            no_redirect="send the visitor to the form: an empty page is no goodbye",
        ),
        (
            "The page names the method that ends a session.",
            "`session.reset()`, and then somewhere to go.",
            'session.reset(), then return redirect("/login", code=302).',
        ),
        (logout_ours,),
    ),
)
