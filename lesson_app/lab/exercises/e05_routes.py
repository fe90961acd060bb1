"""The exercises of notebook 05: log in, log out."""

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
    """Check that `login` redirects the right user, and shows the form to others."""
    client = _site("/login", login)
    refused = client.post("/login", data=_WRONG)
    if "user" in _content(client):
        raise Wrong("everybody")
    if 300 <= refused.status_code < 400:
        raise Wrong("wrong-redirects")
    if refused.status_code != 200:
        raise Wrong(
            message="for a wrong password, the response should be the form with status 200, "
            f"but has status {refused.status_code}"
        )
    if "invalid login" not in refused.text:
        raise Wrong("no-message")
    if "<form" not in refused.text:
        raise Wrong("no-form")
    _judge_unknown_name(login, refused.text)
    if isinstance(outcome(_site("/login", login).post, "/login"), Exception):
        raise Wrong("field-missing")
    _judge_accepted(login)
    if _reads_url(login):
        raise Wrong("from-url")


def _judge_unknown_name(login: Callable[[], Any], usual: str) -> None:
    """Check that an unknown name gets the same response as a wrong password."""
    for password in ("guess", "samplepassword"):
        client = _site("/login", login)
        answer = client.post("/login", data={"userName": "nobody", "password": password})
        if "user" in _content(client):
            raise Wrong("everybody")
        if answer.text.replace("nobody", "sampleuser") != usual:
            raise Wrong("gives-names-away")


def _reads_url(login: Callable[[], Any]) -> bool:
    client = _site("/login", login)
    outcome(client.post, f"/login?{_query(_RIGHT)}")
    return "user" in _content(client)


def _judge_accepted(login: Callable[[], Any]) -> None:
    client = _site("/login", login)
    client.get("/plant")
    accepted = client.post("/login", data=_RIGHT)
    content = _content(client)
    if "invalid login" in accepted.text:
        raise Wrong("from-url" if _reads_url(login) else "not-the-form")
    if "samplepassword" in str(content):
        raise Wrong("password-kept")
    if content.get("user") != USER:
        raise Wrong(
            message=f"the session's user should be {USER}, but the session is {content}"
        )
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
    """Check that `logout` empties the session, and redirects to the form."""
    client = _site("/logout", logout)
    client.get("/plant")
    response = client.get("/logout")
    # A browser may ignore a deletion. So there must be a new cookie with an empty session.
    content = _content(client)
    if not client.get_cookie("session"):
        raise Wrong("cookie-deleted")
    if content.get("user"):
        raise Wrong("still-in")
    if content:
        raise Wrong("rest-kept")
    _expect_redirect(response, "/login")


def logout_ours() -> Any:
    """Empty the session, and redirect to the form."""
    session.reset()  # type: ignore[attr-defined]
    return redirect("/login", code=302)


def _site(path: str, view: Callable[[], Any]) -> FlaskClient:
    """Return a client of an app with this view. GET /plant puts data in its session."""
    app = Flask("exercise")
    app.testing = True  # an error in the view reaches the check
    ClientSessions(app, secret=_SECRET, cookie_name="session")
    # The answer may name the other routes with `url_for`.
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
        raise Wrong(message=f"the redirect should go to {path!r}, but goes to {location!r}")
    if response.status_code != 302:
        raise Wrong(message=f"the status should be 302, but is {response.status_code}")


def _query(form: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in form.items())


EXERCISES = (
    Exercise(
        "E5.1",
        "login",
        judge_login,
        misconceptions(
            everybody="you accepted a wrong name or password; check both with `is_user`",
            gives_names_away="an unknown name and a wrong password get different responses, so "
            "a stranger learns who has an account; give both the same response",
            wrong_redirects="you redirect after a wrong password; show the form again, with "
            "the message",
            no_message="the visitor does not learn what went wrong; show the message "
            "'invalid login' in the form",
            no_form="after a wrong password, show the form again, not only the message",
            not_the_form="you refused the right password; read the fields `userName` and "
            "`password`, and show the form only if they are wrong",
            password_kept="the password is in the session; store only the user there",  # noqa: S106
            no_redirect="there is no redirect; if the visitor reloads the page, the browser "
            "sends the form again, with the password",
            field_missing="a request without the two fields causes an error (status 500); give "
            'a default: `request.form.get("password", "")`',
            not_reset="data from before the login is still in the session, and an attacker "
            "may have put it there; call `session.reset()` first",
            from_url="you read the password from the URL, which ends up in logs and "
            "histories; `request.form` reads the body of the POST",
        ),
        (
            "If `is_user` returns False, show the form again. Otherwise, store the user and "
            "redirect.",
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
            still_in="the user is still in the session; call `session.reset()`",
            rest_kept="you removed the user, but not the rest, which the next visitor at this "
            "computer can see; call `session.reset()`",
            cookie_deleted="you only asked the browser to delete its cookie; empty the "
            "session with `session.reset()` instead",
            no_redirect="there is no redirect, so the visitor sees an empty page; redirect "
            "them to the form",
        ),
        (
            "The text above names the method that ends a session.",
            "Call `session.reset()`, then redirect the visitor.",
            'session.reset(), then return redirect("/login", code=302).',
        ),
        (logout_ours,),
    ),
)
