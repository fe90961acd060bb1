"""Judge the views of notebook 05 that log a visitor in and out."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import redirect, render_template_string, request, session
from flask.testing import FlaskClient
from jinja2 import TemplateError
from werkzeug.test import TestResponse

from ...app import USER, is_user
from ..clock import Clock
from .judging import Wrong, outcome, short
from .login_site import PLANTED, Page, app_with, content, expect_redirect, opened, site

_RIGHT = {"userName": "sampleuser", "password": "samplepassword"}
_MARK = "changed after the login"
_FIELDS = {"userName", "password"}
#: The status of a wrong login: 200 as on the course page, or "not allowed".
_REFUSED = {200, 401}
#: The C functions that compute password hashes.
_HASHES = {"scrypt", "pbkdf2_hmac"}

_FORM = """<form method="post" action="/login">
<input name="userName" value="{{ user_name }}"><input type="password" name="password">
</form>{{ message }}"""


def judge_login(login: Callable[[], Any]) -> None:
    """Check the rules of a login: who enters, what others see, what the session keeps."""
    client = site("/login", login)
    client.get("/plant")
    refused, hashes = _try(client, "sampleuser", "guess")
    _judge_refused(refused, content(client), "sampleuser")
    _judge_unknown_name(login, refused, hashes)
    _judge_hostile_name(login, refused)
    _judge_empty_field(login, refused, hashes)
    for form in ({}, {"userName": "sampleuser"}, {"password": _RIGHT["password"]}):
        client = site("/login", login)
        answer = outcome(client.post, "/login", data=form)
        if isinstance(answer, Exception) or answer.status_code >= 500:
            raise Wrong("field-missing")
        if "user" in content(client):
            raise Wrong("everybody")
    hashes_of_right = _judge_accepted(login)
    if not hashes or not hashes_of_right:
        raise Wrong("not-hashed")
    if hashes > 1 or hashes_of_right > 1:
        raise Wrong("twice")
    _judge_copies(login)
    _judge_as_typed(login)
    _judge_lifetime(login)
    if _reads_url(login):
        raise Wrong("from-url")


def _try(client: FlaskClient, userName: str, password: str) -> tuple[TestResponse, int]:  # noqa: N803
    """Send one form. Return the response, and how many hashes the view computed."""
    hashes = 0

    def note(frame: Any, event: str, called: Any) -> None:
        # Coverage cannot be measured in here.
        nonlocal hashes  # pragma: no cover
        if event == "c_call":  # pragma: no cover
            hashes += getattr(called, "__name__", "") in _HASHES

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        answer = client.post("/login", data={"userName": userName, "password": password})
    finally:
        sys.setprofile(before)
    return answer, hashes


def _judge_refused(answer: TestResponse, kept: dict[str, Any], name: str) -> None:
    """Check the page for a wrong name or password, and that the session has not changed."""
    if kept.get("user") == USER:
        raise Wrong("everybody")
    if kept != PLANTED:
        raise Wrong("logs-out")
    if 300 <= answer.status_code < 400:
        raise Wrong("wrong-redirects")
    if answer.status_code not in _REFUSED:
        raise Wrong(
            message="for a wrong password, the response should be the form with status 200 or "
            f"401, but has status {answer.status_code}"
        )
    page = Page(answer.text)
    if "form" not in dict(page.tags) or not page.fields.keys() >= _FIELDS:
        raise Wrong("no-form")
    if "invalid login" not in page.text:
        raise Wrong("no-message")
    if page.fields.get("userName") != name:
        raise Wrong("name-lost")
    if "guess" in f"{answer.headers}{answer.text}":
        raise Wrong("guess-shown")


def _judge_unknown_name(login: Callable[[], Any], usual: TestResponse, hashes: int) -> None:
    """Check that an unknown name gets the same response, after the same work."""
    start = f"nobody{secrets.token_hex(4)}"
    for password, nobody in (("guess", start), ("samplepassword", start * 20)):
        client = site("/login", login)
        answer, computed = _try(client, nobody, password)
        if "user" in content(client):
            raise Wrong("everybody")
        same_text = answer.text.replace(nobody, "sampleuser") == usual.text
        if not same_text or answer.status_code != usual.status_code:
            raise Wrong("gives-names-away")
        if computed != hashes:
            raise Wrong("other-time")


def _judge_hostile_name(login: Callable[[], Any], usual: TestResponse) -> None:
    """Check that a name is text: neither a template nor markup."""
    factor = secrets.randbelow(10**6) + 10**6
    template = f"{{{{ {factor} * 1009 }}}} {{% set a = 1 %}}"
    for name, wrong in ((template, "template"), (f"\"'><script>{factor}</script>", "markup")):
        try:
            answer, _ = _try(site("/login", login), name, "guess")
        except TemplateError:
            raise Wrong("template") from None
        page = Page(answer.text)
        if str(factor * 1009) in answer.text or page.tags != Page(usual.text).tags:
            raise Wrong(wrong)
        if page.fields.get("userName") != name:
            raise Wrong("name-changed")


def _judge_empty_field(login: Callable[[], Any], usual: TestResponse, hashes: int) -> None:
    """Check that an empty field gets the same response as a wrong one, after the same work."""
    for name, password in (("", "guess"), ("sampleuser", ""), ("nobody", "")):
        client = site("/login", login)
        answer, computed = _try(client, name, password)
        if "user" in content(client):
            raise Wrong("everybody")
        page, known = Page(answer.text), Page(usual.text)
        same = page.tags == known.tags and "invalid login" in page.text
        if not same or answer.status_code != usual.status_code or computed != hashes:
            raise Wrong("skipped")


def _judge_as_typed(login: Callable[[], Any]) -> None:
    """Check that nothing shortens a field, or changes its case, before it is used."""
    typed = f" Ada-{secrets.token_hex(3).upper()} Lovelace "
    answer, _ = _try(site("/login", login), typed, "guess")
    if Page(answer.text).fields.get("userName") != typed:
        raise Wrong("not-as-typed")
    for field in _FIELDS:
        value = _RIGHT[field]
        for other in (value.title(), value.upper(), f" {value}", f"{value} ", f"{value}x"):
            client = site("/login", login)
            client.post("/login", data={**_RIGHT, field: other})
            if "user" in content(client):
                raise Wrong("not-as-typed")


def _judge_lifetime(login: Callable[[], Any]) -> None:
    """Check that a session that exists before the login gets a new lifetime."""
    clock = Clock()
    client = app_with("/login", login, clock=clock).test_client()
    client.get("/plant")
    before = client.get_cookie("session")
    clock.advance(timedelta(minutes=1))
    client.post("/login", data=_RIGHT)
    after = client.get_cookie("session")
    if before and after and opened(before).created_at == opened(after).created_at:
        raise Wrong("old-lifetime")


def _reads_url(login: Callable[[], Any]) -> bool:
    """Return whether a field in the URL logs in that is not in the body."""
    for missing in (_FIELDS, {"password"}, {"userName"}):
        client = site("/login", login)
        body = {name: _RIGHT[name] for name in _RIGHT.keys() - missing}
        outcome(client.post, "/login", query_string=_RIGHT, data=body)
        if "user" in content(client):
            return True
    return False


def _judge_accepted(login: Callable[[], Any]) -> int:
    """Check what the right name and password lead to. Return the number of hashes."""
    client = site("/login", login)
    client.get("/plant")
    answer, hashes = _try(client, **_RIGHT)
    kept = content(client)
    if "invalid login" in answer.text:
        raise Wrong("from-url" if _reads_url(login) else "not-the-form")
    if "samplepassword" in f"{answer.headers}{kept}":
        raise Wrong("password-kept")
    if kept.get("user") != USER:
        raise Wrong(message=f"the session's user should be {USER}, but the session is {kept}")
    expect_redirect(answer, "/dashboard")
    if "planted" in kept:
        raise Wrong("not-reset")
    if len(kept) > 1:
        raise Wrong(message=f"the session should hold only the user, but is {short(kept)}")
    stranger = site("/login", login)
    _try(stranger, "sampleuser", "guess")
    if "user" in content(stranger):
        raise Wrong("everybody")
    again, _ = _try(client, "sampleuser", "guess")
    if 300 <= again.status_code < 400:
        raise Wrong("wrong-redirects")
    elsewhere = {"Referer": "https://evil.example/"}
    other = site("/login", login).post("/login", data=_RIGHT, headers=elsewhere)
    expect_redirect(other, "/dashboard")
    for there in ("https://evil.example/", "//evil.example/", "/report"):
        in_url: Any = {"query_string": {"next": there}, "data": _RIGHT}
        in_form: Any = {"data": {**_RIGHT, "next": there}}
        for asked, wrong in ((in_url, "next-in-url"), (in_form, "next-in-form")):
            if site("/login", login).post("/login", **asked).location != answer.location:
                raise Wrong(wrong)
    return hashes


def _judge_copies(login: Callable[[], Any]) -> None:
    """Check that one visitor's session shares nothing with the next visitor's."""
    app = app_with("/login", login)
    shared: list[dict[str, Any]] = []

    @app.after_request
    def change(response: Any) -> Any:
        if not shared and isinstance(session.get("user"), dict):
            shared.append(session["user"])
            session["user"][_MARK] = True
        return response

    one, two, three = (app.test_client() for _ in range(3))
    one.post("/login", data=_RIGHT)
    two.post("/login", data=_RIGHT)
    three.post("/login", data={**_RIGHT, "password": "guess"})
    for each in shared:
        each.pop(_MARK, None)
    if _MARK in str(content(two)):
        raise Wrong("shared")
    if "user" in content(three):
        raise Wrong("everybody")


def login_ours() -> Any:
    """Log the visitor in, or show the form again."""
    name = request.form.get("userName", "")
    if not is_user(name, request.form.get("password", "")):
        return render_template_string(_FORM, message="invalid login", user_name=name)
    session.reset()  # type: ignore[attr-defined]
    session["user"] = dict(USER)
    return redirect("/dashboard", code=302)


# ---------------------------------------------------------------- log out


def judge_logout(logout: Callable[[], Any]) -> None:
    """Check that `logout` empties the session, and redirects to the form."""
    client = site("/logout", logout)
    client.get("/plant")
    answer = client.post("/logout")
    # A browser may ignore a deletion. So there must be a new cookie with an empty session.
    if not client.get_cookie("session"):
        raise Wrong("cookie-deleted")
    kept = content(client)
    if kept.get("user") == PLANTED["user"]:
        raise Wrong("still-in")
    if "planted" in kept:
        raise Wrong("rest-kept")
    if kept:
        raise Wrong(
            message=f"after a logout, the session should be empty, but is {short(kept)}"
        )
    expect_redirect(answer, "/login")
    client = site("/logout", logout)
    answer = outcome(client.post, "/logout")
    if isinstance(answer, Exception):
        raise Wrong("needs-user")
    expect_redirect(answer, "/login")
    client.get("/session-test-add", query_string={"message": "for the next visitor"})
    elsewhere = {"Referer": "https://evil.example/"}
    expect_redirect(client.post("/logout", headers=elsewhere), "/login")
    if content(client):
        raise Wrong("only-users")


def logout_ours() -> Any:
    """Empty the session, and redirect to the form."""
    session.reset()  # type: ignore[attr-defined]
    return redirect("/login", code=302)
