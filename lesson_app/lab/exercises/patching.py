"""Judge a patch: the attack fails in each wording, and no one who does no wrong is refused."""

from __future__ import annotations

import secrets
from contextlib import suppress
from itertools import chain

import requests

from ..attacks.targets.holes import HOLES, Hole
from ..attacks.targets.notes import App, NotesTarget, notes
from .judging import Wrong

_REFUSED = (401, 403, 409, 429)


def judge_patched(kind: type[App], hole: Hole) -> None:
    """Raise `Wrong` for the first thing that a patched app does wrong."""
    try:
        _judge(kind, hole)
    except requests.JSONDecodeError as error:
        message = "your patch changes what a page answers; return what the method returned"
        raise Wrong(message=message) from error


def _judge(kind: type[App], hole: Hole) -> None:
    # An app that refuses everyone also stops an attack before it begins: the visits report it.
    with notes(kind) as target, suppress(requests.JSONDecodeError):
        wordings = hole.wordings(target)
        if next(wordings):
            raise Wrong("still-open")
        if any(wordings):
            raise Wrong("one-spelling")
    with notes(kind) as target:
        _visit(target)
    with notes(kind) as target:
        # The hole that locks the admin out is tried last.
        others = sorted(HOLES, key=lambda each: each.method == "change_password")
        if any(chain.from_iterable(each.wordings(target) for each in others)):
            raise Wrong("other-hole")


class _Visitor:
    """Someone who does no wrong: each step must have the result that it has in our app."""

    def __init__(
        self, target: NotesTarget, who: str, name: str = "", password: str = ""
    ) -> None:
        self._target, self.who, self.client = target, who, target.browser()
        self.form = {"userName": name, "password": password or secrets.token_urlsafe()}

    def may(self, method: str, path: str, holds: str = "", **form: str) -> requests.Response:
        """Send a request that must be answered, with a text in the answer."""
        answer, asked = self._send(method, path, form)
        status = answer.status_code
        if status in (404, 405, 410, 501):
            text = f"but the feature is gone, too: for {self.who}, {asked} answers {status}"
            raise Wrong(message=f"the attack fails, {text}; keep the page, and close the hole")
        if status in _REFUSED:
            text = f"but your patch also refuses {self.who}: {asked} answers {status}"
            raise Wrong(message=f"the attack fails, {text}; refuse only what is wrong")
        if status >= 400 or holds not in answer.text:
            lacks = f"lacks {holds!r}" if status < 400 else f"answers {status}"
            text = f"but the app does not work as before: for {self.who}, {asked} {lacks}"
            raise Wrong(message=f"the attack fails, {text}")
        return answer

    def may_not(self, method: str, path: str, without: str = "", **form: str) -> None:
        """Send a request that must be refused; or, with `without`, not show this text."""
        answer, asked = self._send(method, path, form)
        if without in answer.text if without else answer.status_code < 300:
            got = "shows a note of someone else" if without else f"answers {answer.status_code}"
            raise Wrong(
                message=f"the attack fails, but your patch opens another door: for {self.who}, "
                f"{asked} {got}"
            )

    def _send(
        self, method: str, path: str, form: dict[str, str]
    ) -> tuple[requests.Response, str]:
        url = f"{self._target.url}{path}"
        answer = self.client.request(method, url, data=form, allow_redirects=False)
        fields = f" with {' and '.join(form)}" if form else ""
        return answer, f"{method} {path}{fields}"


def _visit(target: NotesTarget) -> None:
    """Do what visitors and the admin do every day, two visitors at a time."""
    facts, end = target.facts, secrets.token_hex(4)
    ada = _Visitor(target, "a visitor", f"Ada-{end}")
    bob = _Visitor(target, "a second visitor", f"bob-{end}")
    admin = _Visitor(target, "the admin", facts.admin, facts.password)
    stranger = _Visitor(target, "a stranger")
    for each in (ada, bob):
        each.may("POST", "/signup", **each.form)
    stranger.may_not("POST", "/signup", **{**ada.form, "password": "mine"})
    stranger.may_not("POST", "/login", **{**ada.form, "password": "guess"})
    for each in (ada, admin, bob):
        each.may("POST", "/login", **each.form)

    text = f"milk-{end}"
    number = ada.may("POST", "/notes", '"number"', text=text).json()["number"]
    own = bob.may("POST", "/notes", '"number"', text=f"tea-{end}").json()["number"]
    ada.may("GET", "/notes", text)
    ada.may("GET", f"/notes/{number}", text)
    bob.may("GET", f"/notes/{own}", f"tea-{end}")
    bob.may("GET", "/notes", f"tea-{end}")
    bob.may_not("GET", "/notes", without=text)
    bob.may_not("GET", f"/notes/{number}")

    ada.may("POST", "/profile", email="ada@example.com", theme="dark")
    bob.may("POST", "/profile", email="bob@example.com")
    ada.may("GET", "/profile", "dark")
    ada.may("POST", "/profile", theme="light")
    ada.may("GET", "/profile", "ada@example.com")
    ada.may("GET", "/profile", "light")
    ada.may("GET", "/notes", text)
    bob.may("GET", "/profile", "bob@example.com")

    for page in ("/notes", "/notes/1", "/all"):
        admin.may("GET", page, facts.flag)
    admin.may("GET", "/all", text)
    admin.may("POST", "/all", text, word=text)
    admin.may_not("POST", "/all", without=facts.flag, word=text)
    for each in (ada, stranger):
        each.may_not("GET", "/all")
        each.may_not("POST", "/all", word="")
    for page in ("/notes", f"/notes/{number}", "/profile"):
        stranger.may_not("GET", page)
    stranger.may_not("POST", "/notes", text="spam")
    stranger.may_not("POST", "/profile", email="spam@example.com")
    counts = stranger.may("GET", "/status", '"users"').json()
    if (counts.get("users"), counts.get("notes")) != (3, 3):
        raise Wrong(
            message="the attack fails, but the app does not work as before: GET /status should "
            "count 3 users and 3 notes"
        )
    _change_password(target, bob, admin)
    _log_out(target, ada, bob)


def _change_password(target: NotesTarget, bob: _Visitor, admin: _Visitor) -> None:
    right = target.facts.code
    wrong = f"{(int(right) + 1) % 100:02}"
    for _ in range(5):
        bob.may_not("POST", "/password", **{**bob.form, "code": wrong})
    form = {**admin.form, "password": secrets.token_urlsafe()}
    admin.may_not("POST", "/password", **form, code=wrong)
    admin.may("POST", "/password", **form, code=right)
    admin.may_not("POST", "/login", **admin.form)
    admin.may("POST", "/login", **form)


def _log_out(target: NotesTarget, ada: _Visitor, bob: _Visitor) -> None:
    copy = dict(ada.client.cookies)
    ada.may("POST", "/logout")
    ada.may_not("GET", "/notes")
    thief = _Visitor(target, "a thief with a cookie from before the logout")
    thief.client.cookies.update(copy)
    thief.may_not("GET", "/notes")
    bob.may("GET", "/notes")
    ada.may("POST", "/login", **ada.form)
    ada.may("GET", "/notes", "milk")
