"""What the users of the app for notes do on a day, and what the app answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from ..attacks.targets.notes import App, Facts
from .judging import Wrong, describe

#: Whom the messages are about.
ADA, BOB, CARL, ADMIN, STRANGER = (
    "a visitor",
    "a second visitor",
    "a third visitor",
    "the admin",
    "a stranger",
)


# A cookie is sealed: its text differs each time.
_CHANGING = ("Set-Cookie", "Date", "Content-Length")


@dataclass(frozen=True)
class Others:
    """What belongs to the second visitor."""

    name: str = "badminton"
    note: str = "tea and milk"


@dataclass(frozen=True)
class Answer:
    """What the app answered: `body` is the JSON, or None for a text, which nobody reads.

    `admins` says whether the page is for the admin alone. `text` is all that one could read.
    """

    who: str
    asked: str
    admins: bool
    status: int
    body: Any
    text: str


class _Day:
    """One day of an app. Each browser has its own cookies."""

    def __init__(self, kind: type[App], facts: Facts) -> None:
        app = kind(*facts).as_flask()
        app.config["PROPAGATE_EXCEPTIONS"] = True
        self.browsers: dict[str, FlaskClient] = defaultdict(app.test_client)
        self.answers: list[Answer] = []

    def send(
        self,
        who: str,
        method: str,
        path: str,
        form: Mapping[str, str] = {},
        *,
        browser: str = "",
        admins: bool = False,
    ) -> None:
        """Send a request from a browser; without a name, from the only one of `who`."""
        fields = f" with {' and '.join(form)}" if form else ""
        asked = f"{method} {path}{fields}"
        client = self.browsers[browser or who]
        try:
            response = client.open(path, method=method, data=form or None)
        except Exception as error:
            message = f"your patch crashes: for {who}, {asked} raised {describe(error)}"
            raise Wrong(message=message) from error
        body = response.get_json(silent=True)
        if (method, path) == ("POST", "/notes") and isinstance(body, dict):
            body = {**body, "number": type(body.get("number"))}  # the app may count as it likes
        headers = [each for each in response.headers if each[0] not in _CHANGING]
        status, text = response.status_code, f"{response.text}{headers}"
        self.answers.append(Answer(who, asked, admins, status, body, text))

    def note(self, who: str, text: str) -> str:
        """Write a note, and return its path."""
        self.send(who, "POST", "/notes", {"text": text})
        found = re.search(r'"number":\s*(\d+)', self.answers[-1].text)
        return f"/notes/{found[1] if found else 0}"

    def status(self) -> None:
        """Look at the status page as everyone."""
        for who in (STRANGER, ADA, ADMIN):
            self.send(who, "GET", "/status")


def day(kind: type[App], facts: Facts, others: Others) -> list[Answer]:
    """Return what an app answers to users who do no wrong, and to a few who guess."""
    it = _Day(kind, facts)
    ada = {"userName": "Ada", "password": "ada's"}
    bob = {"userName": others.name, "password": others.name}
    carl = {"userName": "Zoë Smith", "password": "ö"}
    boss = {"userName": facts.admin, "password": facts.password}
    it.status()
    for who, form in ((ADA, ada), (BOB, bob), (CARL, carl)):
        it.send(who, "POST", "/signup", form)
    it.status()
    it.send(STRANGER, "POST", "/signup", {**ada, "password": "mine"})
    it.send(STRANGER, "POST", "/login", {**ada, "password": "mine"})
    it.send(STRANGER, "POST", "/login", {"userName": "Nobody", "password": ""})
    for who, form in ((ADA, ada), (ADMIN, boss), (BOB, bob)):
        it.send(who, "POST", "/login", form)

    milk = it.note(ADA, "milk")
    tea = it.note(BOB, others.note)
    paths = [(ADA, milk), (ADA, it.note(ADA, "buy Milk, and crème")), (ADA, it.note(ADA, ""))]
    paths += [(BOB, tea), (ADMIN, it.note(ADMIN, "milk")), (ADMIN, "/notes/1")]
    for who, path in paths:
        it.send(who, "GET", path)
    for who, path in ((ADA, tea), (BOB, milk), (ADA, "/notes/1"), (STRANGER, milk)):
        it.send(who, "GET", path)
    for who in (ADA, BOB, ADMIN, STRANGER):
        it.send(who, "GET", "/notes")
        it.send(who, "GET", "/notes/999")
    it.status()

    _save_profiles(it)
    _search(it)
    it.send(STRANGER, "POST", "/notes", {"text": "spam"})
    for number in range(10):
        it.note(ADA, f"note {number}")
    for _ in range(2):
        it.note(BOB, "twice")
    for who in (ADA, BOB, ADMIN):
        it.send(who, "GET", "/notes")
    it.status()
    _change_passwords(it, facts, bob, boss)
    _log_out(it, ada, carl)
    it.status()
    return it.answers


def _save_profiles(it: _Day) -> None:
    for who, form in (
        (ADA, {"email": "ada@example.com", "theme": "dark"}),
        (BOB, {"email": "bob@sub.test.org"}),
        (ADMIN, {"theme": "sea green"}),
        (STRANGER, {"email": "spam@example.com"}),
        (ADA, {"theme": "light"}),
        (ADMIN, {"email": "root@example.com"}),
        (BOB, {"email": "", "theme": ""}),
        (ADA, {"email": "ada+notes@example.com"}),
        (ADA, {}),
    ):
        it.send(who, "POST", "/profile", form)
        it.send(who, "GET", "/profile")
    for who in (ADA, BOB, ADMIN):
        it.send(who, "GET", "/profile")
        it.send(who, "GET", "/notes")


def _search(it: _Day) -> None:
    it.send(ADMIN, "GET", "/all")
    it.note(ADMIN, "1+1 (a sandwich)")
    for word in (
        "milk",
        "Milk",
        "",
        "il",
        "flag-",
        "nothing",
        "crème",
        "1+1 (",
        " and ",
        "Ada",
    ):
        it.send(ADMIN, "POST", "/all", {"word": word})
    for who in (ADA, STRANGER):
        it.send(who, "GET", "/all", admins=True)
        for word in ("", "milk", "tea"):
            it.send(who, "POST", "/all", {"word": word}, admins=True)


def _change_passwords(
    it: _Day, facts: Facts, bob: dict[str, str], boss: dict[str, str]
) -> None:
    # Nobody but the admin has a code. Their tries must not lock the admin out.
    for name in [bob["userName"]] * 5 + ["Nobody"]:
        it.send(
            STRANGER, "POST", "/password", {"userName": name, "code": "50", "password": "mine"}
        )
    it.send(BOB, "POST", "/password", {**bob, "code": facts.code})
    # The admin has forgotten the password, and mistypes the code, in a new browser.
    new = {**boss, "password": "new"}
    it.send(STRANGER, "POST", "/password", {**boss, "code": "60", "password": "mine"})
    for code in ("61", facts.code):
        it.send(ADMIN, "POST", "/password", {**new, "code": code}, browser="forgetful")
        it.send(ADMIN, "POST", "/login", boss, browser="old password")
        it.send(ADMIN, "POST", "/login", new, browser="new password")
    it.send(ADMIN, "POST", "/login", new, browser="forgetful")
    for page in ("/notes", "/all"):
        it.send(ADMIN, "GET", page, browser="forgetful")
    it.send(BOB, "POST", "/login", bob)


def _log_out(it: _Day, ada: dict[str, str], carl: dict[str, str]) -> None:
    it.send(ADA, "POST", "/login", ada, browser="shared")
    it.send(ADA, "POST", "/profile", {"email": "shared@example.com"}, browser="shared")
    # Someone else logs in on the same computer.
    it.send(CARL, "POST", "/login", carl, browser="shared")
    for page in ("/notes", "/profile"):
        it.send(CARL, "GET", page, browser="shared")
    cookie = it.browsers[ADA].get_cookie("session")
    if cookie:
        it.browsers["thief"].set_cookie("session", cookie.value)
    it.send(ADA, "POST", "/logout")
    thief = "a thief with a cookie from before the logout"
    for who in (ADA, thief, CARL, BOB, ADMIN):
        browser = {thief: "thief", CARL: "shared"}.get(who, who)
        it.send(who, "GET", "/notes", browser=browser)
    it.send(ADA, "POST", "/login", ada)
    it.send(ADA, "GET", "/notes")
