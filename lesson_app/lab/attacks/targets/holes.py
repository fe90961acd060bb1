"""The holes of the sixth app: each changes one method of the source, and has its attacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....cookie import derive_keys, seal
from . import code_tries, variants
from .notes import SOURCE, NotesTarget


@dataclass(frozen=True)
class Hole:
    """One change of the source, and the attack that it allows.

    `wordings` says for each wording of the attack whether it got what it should not get. The
    attack itself is the first; the others must fail after a good patch, too. `lesson` names
    this kind of hole, and the rule that prevents it.
    """

    method: str
    good: str
    bad: str
    attack: Callable[[NotesTarget], None]
    wordings: variants.Wordings
    lesson: str

    @property
    def source(self) -> str:
        """The source with this hole."""
        assert SOURCE.count(self.good) == 1
        return SOURCE.replace(self.good, self.bad)


def read_by_number(target: NotesTarget) -> None:
    """Log in, and read the note with the number 1."""
    target.log_in().get(f"{target.url}/notes/1")


def name_in_url(target: NotesTarget) -> None:
    """Log in, and write the admin's name into the URL."""
    target.log_in().get(f"{target.url}/notes?userName={target.admin}")


def name_in_profile(target: NotesTarget) -> None:
    """Log in, save a profile with the admin's name, and list the notes."""
    me = target.log_in()
    me.post(f"{target.url}/profile", data={"userName": target.admin})
    me.get(f"{target.url}/notes")


def search(target: NotesTarget) -> None:
    """Log in, and search all notes for nothing."""
    target.log_in().post(f"{target.url}/all", data={"word": ""})


def capitals(target: NotesTarget) -> None:
    """Sign up with the admin's name in capitals, and list all notes."""
    target.log_in(target.admin.upper()).get(f"{target.url}/all")


def count_anew(target: NotesTarget) -> None:
    """Try each code in a new browser, until one changes the admin's password."""
    form = {"userName": target.admin, "password": "mine"}
    for number in range(100):
        tried = {**form, "code": f"{number:02}"}
        if target.browser().post(f"{target.url}/password", data=tried).ok:
            break
    me = target.browser()
    me.post(f"{target.url}/login", data=form)
    me.get(f"{target.url}/notes")


def settings(target: NotesTarget) -> None:
    """Read the secret on the status page, and seal the admin's session with it."""
    secret = target.get("/status").json()["settings"]["secret"]
    target.get("/notes", session=seal({"userName": target.admin}, derive_keys(secret)))


HOLES = (
    Hole(
        "save_profile",
        """        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
""",
        "        session.update(request.form)\n",
        name_in_profile,
        variants.profiles,
        "Mass assignment: the app stores each field that a form has. "
        "List the fields that a form may set.",
    ),
    Hole(
        "read_note",
        """        name = self.user()
        owner, text = self.notes.get(number) or abort(404)
        if owner != name:
            abort(404)
""",
        """        self.user()
        owner, text = self.notes.get(number) or abort(404)
""",
        read_by_number,
        variants.numbers,
        "Insecure direct object reference (IDOR): who knows a number may read what it names. "
        "For each object, check that it belongs to the user of the session.",
    ),
    Hole(
        "list_notes",
        "        name = self.user()\n        return",
        '        name = request.args.get("userName") or self.user()\n        return',
        name_in_url,
        variants.names_in_url,
        "An identity from the request: the app believes who the visitor claims to be. "
        "Take the user from the session alone.",
    ),
    Hole(
        "search_all",
        '        self.admins_only()\n        word = request.form["word"]\n',
        '        self.user()\n        word = request.form["word"]\n',
        search,
        variants.searches,
        "Missing access control: one of two ways to the same data has no guard. "
        "Check each way to the data, and begin with refusing.",
    ),
    Hole(
        "admins_only",
        "        if self.user() != self.admin:\n",
        "        if self.user().lower() != self.admin:\n",
        capitals,
        variants.capitals,
        "Names compared in two ways: the sign-up sees two names where the guard sees one. "
        "Compare names everywhere in the same way.",
    ),
    Hole(
        "change_password",
        """        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
""",
        """        session["tries"] = session.get("tries", 0) + 1
        if session["tries"] > 3:
""",
        count_anew,
        code_tries.counts,
        "A limit that the client keeps: a visitor without cookies counts from zero again. "
        "Count on the server, for each account that someone could attack.",
    ),
    Hole(
        "status",
        """        return {"users": len(self.passwords), "notes": len(self.notes)}
""",
        """        counts = {"users": len(self.passwords), "notes": len(self.notes)}
        return {"settings": self.settings, **counts}
""",
        settings,
        variants.statuses,
        "Exposed information: a page for everyone shows what the app should keep. "
        "List what a page may show, and replace a secret that leaked.",
    ),
)
