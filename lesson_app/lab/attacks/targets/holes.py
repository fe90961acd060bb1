"""The holes of the sixth app: each changes one method of the source, and has its attacks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests

from ....cookie import derive_keys, seal, unseal
from .notes import SOURCE, NotesTarget

#: Yields, for each wording of an attack, whether it got what it should not get.
Wordings = Callable[[NotesTarget], Iterator[bool]]


@dataclass(frozen=True)
class Hole:
    """One change of the source, and the attack that it allows.

    `wordings` begins with the attack itself; the other ones must fail after a good patch, too.
    """

    method: str
    good: str
    bad: str
    attack: Callable[[NotesTarget], None]
    wordings: Wordings

    @property
    def source(self) -> str:
        """The source with this hole."""
        assert SOURCE.count(self.good) == 1
        return SOURCE.replace(self.good, self.bad)


def _bob(target: NotesTarget) -> tuple[requests.Session, str, int, str]:
    """Return another visitor with a note: client, name, the note's number and its text."""
    name, text = f"bob-{secrets.token_hex(4)}", f"note-{secrets.token_hex(8)}"
    client = target.log_in(name)
    number = client.post(f"{target.url}/notes", data={"text": text}).json()["number"]
    return client, name, number, text


# ---------------------------------------------------------------- the attacks


def read_by_number(target: NotesTarget) -> None:
    """Log in, and read the note with the number 1."""
    target.log_in().get(f"{target.url}/notes/1")


def _other_numbers(target: NotesTarget) -> Iterator[bool]:
    url, flag = f"{target.url}/notes", target.facts.flag
    _, name, number, text = _bob(target)
    yield flag in target.log_in().get(f"{url}/1").text
    yield text in target.log_in().get(f"{url}/{number}").text
    for alike in (f"{name}2", name[:-1], name.upper()):
        yield text in target.log_in(alike).get(f"{url}/{number}").text
    yield flag in target.get("/notes/1").text


def name_in_url(target: NotesTarget) -> None:
    """Log in, and write the admin's name into the URL."""
    target.log_in().get(f"{target.url}/notes?userName={target.admin}")


def _other_names_in_url(target: NotesTarget) -> Iterator[bool]:
    flag = target.facts.flag
    _, name, _, text = _bob(target)
    me = f"me-{secrets.token_hex(4)}"
    client = target.log_in(me)

    def asked(*names: str) -> str:
        pairs = [("userName", each) for each in names]
        return client.get(f"{target.url}/notes", params=pairs).text

    yield flag in asked(target.admin)
    yield text in asked(name)
    yield flag in asked(target.admin, me)
    yield flag in asked(me, target.admin)
    yield flag in target.get(f"/notes?userName={target.admin}").text


def name_in_profile(target: NotesTarget) -> None:
    """Log in, save a profile with the admin's name, and list the notes."""
    me = target.log_in()
    me.post(f"{target.url}/profile", data={"userName": target.admin})
    me.get(f"{target.url}/notes")


def _other_profiles(target: NotesTarget) -> Iterator[bool]:
    _, name, _, text = _bob(target)
    admin = ("userName", target.admin)
    for fields, secret in (
        ([admin], target.facts.flag),
        ([("email", "me@example.com"), admin, ("theme", "dark")], target.facts.flag),
        ([("userName", name)], text),
        ([admin, ("userName", "me")], target.facts.flag),
    ):
        me = target.log_in()
        me.post(f"{target.url}/profile", data=fields)
        yield secret in me.get(f"{target.url}/notes").text
    stranger = target.browser()
    stranger.post(f"{target.url}/profile", data=[admin])
    yield target.facts.flag in stranger.get(f"{target.url}/notes").text
    # A patch may have given the keys of the session other names.
    boss, me = target.browser(), target.log_in()
    form = {"userName": target.admin, "password": target.facts.password}
    boss.post(f"{target.url}/login", data=form)
    keys = derive_keys(target.facts.secret)
    content = unseal(boss.cookies["session"], keys).content
    fields = [each for each in content.items() if not each[0].startswith("_")]
    me.post(f"{target.url}/profile", data=fields)
    yield target.facts.flag in me.get(f"{target.url}/notes").text


def search(target: NotesTarget) -> None:
    """Log in, and search all notes for nothing."""
    target.log_in().post(f"{target.url}/all", data={"word": ""})


def _other_searches(target: NotesTarget) -> Iterator[bool]:
    admin, flag = target.admin, target.facts.flag
    for name, word in (
        ("", ""),
        ("", "flag"),
        ("", flag[5:]),
        (f"{admin}2", ""),
        (admin[:-1], ""),
        ("admin", ""),
    ):
        client = target.log_in(name)
        yield flag in client.post(f"{target.url}/all", data={"word": word}).text
    yield flag in target.browser().post(f"{target.url}/all", data={"word": ""}).text


def capitals(target: NotesTarget) -> None:
    """Sign up with the admin's name in capitals, and list all notes."""
    target.log_in(target.admin.upper()).get(f"{target.url}/all")


def _other_capitals(target: NotesTarget) -> Iterator[bool]:
    admin, flag = target.admin, target.facts.flag
    for name in (admin.upper(), admin.title(), "aDmin" + admin[5:], f" {admin}", f"{admin} "):
        client = target.log_in(name)
        yield flag in client.get(f"{target.url}/all").text
        yield flag in client.post(f"{target.url}/all", data={"word": ""}).text
        yield flag in client.get(f"{target.url}/notes").text


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


def _other_counts(target: NotesTarget) -> Iterator[bool]:
    """Try wrong codes, then the right one: the app must not listen any more."""
    url, form = f"{target.url}/password", {"userName": target.admin, "password": "mine"}
    wrong = f"{(int(target.facts.code) + 1) % 100:02}"
    logged_in, kept = target.log_in(), target.browser()
    kept.post(url, data={**form, "code": wrong})
    cookies = dict(kept.cookies)
    agent: dict[str, str] = {}
    for number in range(9):
        agent = {"User-Agent": f"browser {number}", "X-Forwarded-For": f"10.0.0.{number}"}
        target.browser().post(url, data={**form, "code": wrong}, headers=agent)
    right = {**form, "code": target.facts.code}
    yield target.browser().post(url, data=right, headers=agent).ok
    yield target.browser().post(url, data=right, cookies=cookies).ok
    yield logged_in.post(url, data=right).ok


def settings(target: NotesTarget) -> None:
    """Read the secret on the status page, and seal the admin's session with it."""
    secret = target.get("/status").json()["settings"]["secret"]
    target.get("/notes", session=seal({"userName": target.admin}, derive_keys(secret)))


def _other_statuses(target: NotesTarget) -> Iterator[bool]:
    secret = target.facts.secret
    yield secret in target.get("/status").text
    yield secret in target.log_in().get(f"{target.url}/status").text
    yield secret in target.get("/status?debug=1").text


HOLES = (
    Hole(
        "save_profile",
        """        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
""",
        "        session.update(request.form)\n",
        name_in_profile,
        _other_profiles,
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
        _other_numbers,
    ),
    Hole(
        "list_notes",
        "        name = self.user()\n        return",
        '        name = request.args.get("userName") or self.user()\n        return',
        name_in_url,
        _other_names_in_url,
    ),
    Hole(
        "search_all",
        '        self.admins_only()\n        word = request.form["word"]\n',
        '        self.user()\n        word = request.form["word"]\n',
        search,
        _other_searches,
    ),
    Hole(
        "admins_only",
        "        if self.user() != self.admin:\n",
        "        if self.user().lower() != self.admin:\n",
        capitals,
        _other_capitals,
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
        _other_counts,
    ),
    Hole(
        "status",
        """        return {"users": len(self.passwords), "notes": len(self.notes)}
""",
        """        counts = {"users": len(self.passwords), "notes": len(self.notes)}
        return {"settings": self.settings, **counts}
""",
        settings,
        _other_statuses,
    ),
)
