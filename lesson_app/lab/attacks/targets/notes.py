"""An app for notes without a hole, as the source that `holes` changes in one place."""

from __future__ import annotations

import linecache
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flask import Flask, Response, abort, g, request, session

from ....middleware import ClientSessions
from ....revocation import DenyList
from ....stores import MemoryStore
from .log import TARGET, judge_text
from .target import Target

View = TypeVar("View", bound=Callable[..., Any])

SOURCE = '''\
class Notes(App):
    """Each user keeps notes. Note 1 is the admin's: it is the flag."""

    def __init__(self, admin, password, code, flag, secret):
        self.admin = admin
        self.passwords = {admin: password}  # a real app would hash them
        self.codes = {admin: code}  # two digits, sent to the admin by e-mail
        self.tries = {}
        self.notes = {1: (admin, flag)}
        self.settings = {"cookie_name": "session", "secret": secret}
        self.denied = DenyList(MemoryStore())  # the sessions that a logout has ended

    def user(self):
        return session.get("userName") or abort(401)

    def admins_only(self):
        if self.user() != self.admin:
            abort(403)

    @post("/signup")
    def sign_up(self):
        name, password = request.form["userName"], request.form["password"]
        if not name or name in self.passwords:
            abort(409)
        self.passwords[name] = password
        return "welcome"

    @post("/login")
    def log_in(self):
        name, password = request.form["userName"], request.form["password"]
        if self.passwords.get(name) != password:
            abort(401)
        session.reset()
        session["userName"] = name
        return "logged in"

    @post("/logout")
    def log_out(self):
        self.denied.end(session)
        session.reset()
        return "logged out"

    @post("/password")
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"

    @get("/notes")
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if owner == name]

    @post("/notes")
    def add_note(self):
        number = len(self.notes) + 1
        self.notes[number] = (self.user(), request.form["text"])
        return {"number": number}

    @get("/notes/<int:number>")
    def read_note(self, number):
        name = self.user()
        owner, text = self.notes.get(number) or abort(404)
        if owner != name:
            abort(404)
        return {"text": text}

    @get("/profile")
    def show_profile(self):
        self.user()
        return {"email": session.get("email"), "theme": session.get("theme")}

    @post("/profile")
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    @get("/all")
    def list_all(self):
        self.admins_only()
        return [text for owner, text in self.notes.values()]

    @post("/all")
    def search_all(self):
        self.admins_only()
        word = request.form["word"]
        return [text for owner, text in self.notes.values() if word in text]

    @get("/status")
    def status(self):
        return {"users": len(self.passwords), "notes": len(self.notes)}
'''


class Facts(NamedTuple):
    """What one running app has for itself."""

    admin: str
    password: str
    code: str
    flag: str
    secret: str


class App:
    """A class whose methods answer requests."""

    #: The text of the class, and the number with which it was drawn.
    source: str
    number: int | None = None
    #: Whether this class has passed as a patch.
    closed = False
    settings: dict[str, str]
    denied: DenyList

    def __init__(self, *facts: str) -> None:
        """Keep the facts: a subclass does."""

    def as_flask(self) -> Flask:
        """Return a Flask app in which each method answers its route.

        A method of a subclass keeps the route of the method that it overrides.
        """
        app = Flask(TARGET, static_folder=None)
        name = self.settings["cookie_name"]
        secret = self.settings["secret"]
        ClientSessions(app, secret=secret, cookie_name=name, revocation=self.denied)
        for view, (method, path) in _routes(type(self)).items():
            app.add_url_rule(path, view, getattr(self, view), methods=[method])
        app.after_request(_note_user)
        return app


def get(path: str) -> Callable[[View], View]:
    """Let the method below answer GET requests for `path`."""
    return _route("GET", path)


def post(path: str) -> Callable[[View], View]:
    """Let the method below answer POST requests for `path`."""
    return _route("POST", path)


def _route(method: str, path: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.__dict__["route"] = method, path
        return view

    return mark


def _routes(kind: type) -> dict[str, tuple[str, str]]:
    return {
        name: view.route
        for each in reversed(kind.__mro__)
        for name, view in vars(each).items()
        if hasattr(view, "route")
    }


def _note_user(response: Response) -> Response:
    g.user = session.get("userName")
    return response


def compiled(source: str, title: str) -> type[App]:
    """Run the source of a class, and return the class."""
    file = f"<{title}>"
    # Tracebacks look for the text here.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {
        "App": App,
        "DenyList": DenyList,
        "MemoryStore": MemoryStore,
        "abort": abort,
        "get": get,
        "post": post,
        "request": request,
        "session": session,
        "__name__": __name__,
    }
    exec(compile(source, file, "exec"), names)  # noqa: S102  # our own text
    kind: type[App] = names["Notes"]
    kind.source = source
    return kind


#: The app without a hole.
SafeNotes = compiled(SOURCE, "Notes")


def new_facts() -> Facts:
    """Return a new admin with a new flag."""
    return Facts(
        f"admin-{secrets.token_hex(4)}",
        secrets.token_urlsafe(),
        f"{secrets.randbelow(100):02}",
        f"flag-{secrets.token_hex(8)}",
        secrets.token_urlsafe(32),
    )


class NotesTarget(Target):
    """A running app for notes. `facts` is what only the app should know."""

    def __init__(self, kind: type[App], facts: Facts) -> None:
        self.kind, self.facts = kind, facts
        super().__init__(
            6,
            kind(*facts).as_flask(),
            judge_text,
            admin=facts.admin,
            secret=facts.secret,
            flag_text=facts.flag,
        )


def notes(kind: type[App], code: str = "") -> NotesTarget:
    """Make flag 6: an app of this class, with new names and secrets."""
    facts = new_facts()
    return NotesTarget(kind, facts._replace(code=code) if code else facts)
