"""The wordings of each attack on the sixth app: a good patch stops all of them.

Each function yields, for each wording, whether it got what it should not get.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from ....cookie import derive_keys, unseal
from .notes import NotesTarget

Wordings = Callable[[NotesTarget], Iterator[bool]]


class Bob(NamedTuple):
    """A visitor with a note that no one else may read."""

    client: requests.Session
    name: str
    number: int
    text: str


def bob_of(target: NotesTarget) -> Bob:
    """Let a visitor sign up and write a note."""
    name, text = f"Bob-{secrets.token_hex(4)}", f"note-{secrets.token_hex(8)}"
    client = target.log_in(name)
    answer = client.post(f"{target.url}/notes", data={"text": text})
    # An app that refuses everyone has no number to attack.
    number = answer.json()["number"] if '"number"' in answer.text else 0
    return Bob(client, name, number, text)


def _alike(name: str) -> tuple[str, ...]:
    """Return names that a careless comparison takes for this one."""
    word, _, end = name.partition("-")
    mixed = name[0].swapcase() + name[1].swapcase() + name[2:]
    parts = (f"{name}2", name[:-1], word, f"{word[:-1]}{word[-1].upper()}-{end}")
    whole = (name.upper(), name.lower(), name.title(), mixed, f"{word.upper()}-{end}")
    found = dict.fromkeys((*whole, *parts, f" {name}", f"{name} ", f"{name}\n"))
    return tuple(each for each in found if each != name)


def numbers(target: NotesTarget) -> Iterator[bool]:
    """Read notes by number: the admin's, another visitor's, with names that are alike."""
    url, flag, bob = f"{target.url}/notes", target.facts.flag, bob_of(target)
    yield flag in target.log_in().get(f"{url}/1").text
    yield bob.text in target.log_in().get(f"{url}/{bob.number}").text
    for alike in _alike(bob.name):
        yield bob.text in target.log_in(alike).get(f"{url}/{bob.number}").text
    yield flag in target.get("/notes/1").text
    yield bob.text in target.get(f"/notes/{bob.number}").text
    # Someone who has as many notes.
    me = target.log_in()
    for _ in range(3):
        me.post(url, data={"text": "mine"})
    yield bob.text in me.get(f"{url}/{bob.number}").text
    yield flag in me.get(f"{url}/1", **_claims(target.admin)).text
    yield bob.text in me.get(f"{url}/{bob.number}", **_claims(bob.name)).text


def _claims(name: str) -> dict[str, Any]:
    """Return the options of a request that claims in all places to come from this user."""
    fields = dict.fromkeys(("userName", "username", "user", "name", "owner"), name)
    headers = {"X-User": name, "X-Forwarded-User": name, "userName": name}
    cookies = {"userName": name, "user": name}
    return {"params": fields, "data": fields, "headers": headers, "cookies": cookies}


def names_in_url(target: NotesTarget) -> Iterator[bool]:
    """Claim a name in the URL: the admin's, another visitor's, twice, and in other places."""
    url, flag, bob = f"{target.url}/notes", target.facts.flag, bob_of(target)
    me = f"me-{secrets.token_hex(4)}"
    client = target.log_in(me)

    def asked(*names: str) -> str:
        return client.get(url, params=[("userName", each) for each in names]).text

    yield flag in asked(target.admin)
    yield bob.text in asked(bob.name)
    yield flag in asked(target.admin, me)
    yield flag in asked(me, target.admin)
    yield flag in target.get(f"/notes?userName={target.admin}").text
    for name, text in ((target.admin, flag), (bob.name, bob.text)):
        for visitor in (client, target.browser()):
            for place, value in _claims(name).items():
                yield text in visitor.get(url, **{place: value}).text
            yield text in visitor.get(url, json={"userName": name}).text
            for alike in (name.upper(), f" {name} "):
                yield text in visitor.get(url, params={"userName": alike}).text
        for alike in _alike(name):
            yield text in target.log_in(alike).get(url).text


def profiles(target: NotesTarget) -> Iterator[bool]:
    """Save a profile with another user's name: alone, among fields, twice, as a stranger."""
    flag, admin, bob = target.facts.flag, ("userName", target.admin), bob_of(target)
    for fields, text in (
        ([admin], flag),
        ([("email", "me@example.com"), admin, ("theme", "dark")], flag),
        ([("userName", bob.name)], bob.text),
        ([admin, ("userName", "me")], flag),
        ([("userName", "me"), admin], flag),
        ([("email", target.admin), ("theme", target.admin)], flag),
        ([(" userName", target.admin)], flag),
        ([("userName ", target.admin)], flag),
    ):
        me = target.log_in()
        me.post(f"{target.url}/profile", data=fields)
        yield text in me.get(f"{target.url}/notes").text
    for options in (
        {"params": [admin]},
        {"params": [admin], "data": {"email": "me@example.com"}},
        {"json": dict([admin])},
        {"files": {"email": (None, "me"), "userName": (None, target.admin)}},
    ):
        me = target.log_in()
        me.post(f"{target.url}/profile", **options)
        yield flag in me.get(f"{target.url}/notes").text
    stranger = target.browser()
    stranger.post(f"{target.url}/profile", data=[admin])
    yield flag in stranger.get(f"{target.url}/notes").text
    # A second form, and other pages.
    me = target.log_in()
    for fields in ([("theme", "dark")], [admin], [admin]):
        me.post(f"{target.url}/profile", data=fields)
    yield any(flag in me.get(f"{target.url}{page}").text for page in ("/notes/1", "/all"))
    # Someone who signs up later.
    me, later = target.log_in(), f"later-{secrets.token_hex(4)}"
    me.post(f"{target.url}/profile", data={"userName": later})
    form = {"text": bob.text}
    target.log_in(later).post(f"{target.url}/notes", data=form)
    yield bob.text in me.get(f"{target.url}/notes").text
    me = target.log_in()
    me.post(f"{target.url}/profile", data=_keys_of_session(target))
    yield flag in me.get(f"{target.url}/notes").text


def _keys_of_session(target: NotesTarget) -> list[tuple[str, Any]]:
    """Return what a form would set for the admin: a patch may have renamed the keys."""
    boss = target.browser()
    form = {"userName": target.admin, "password": target.facts.password}
    boss.post(f"{target.url}/login", data=form)
    if "session" not in boss.cookies:
        return []
    keys = derive_keys(target.facts.secret)
    content = unseal(boss.cookies["session"], keys).content
    # Other texts are unknown to a visitor.
    known = (target.admin, True, 1)
    return [(key, value) for key, value in content.items() if value in known]


def searches(target: NotesTarget) -> Iterator[bool]:
    """Search all notes: for nothing, for a part, for another visitor's, as a stranger."""
    admin, flag, bob = target.admin, target.facts.flag, bob_of(target)
    url = f"{target.url}/all"
    for name, word, text in (
        ("", "", flag),
        ("", "flag", flag),
        ("", flag[5:], flag),
        ("", flag, flag),
        ("", "", bob.text),
        ("", bob.text[3:], bob.text),
        *((each, "", flag) for each in _alike(admin)),
        *((each, "", bob.text) for each in _alike(bob.name)),
    ):
        yield text in target.log_in(name).post(url, data={"word": word}).text
    yield flag in bob.client.post(url, data={"word": ""}).text
    for visitor in (target.browser(), target.log_in()):
        for name, text in ((admin, flag), (bob.name, bob.text)):
            claims = _claims(name)
            claims["data"] |= {"word": "", "admin": "1", "is_admin": "true"}
            yield text in visitor.post(url, **claims).text


def capitals(target: NotesTarget) -> Iterator[bool]:
    """Sign up with names that look like the admin's, and look at each page of the admin."""
    admin, flag = target.admin, target.facts.flag
    for name in _alike(admin):
        client = target.log_in(name)
        yield flag in client.get(f"{target.url}/all").text
        yield flag in client.post(f"{target.url}/all", data={"word": ""}).text
        yield flag in client.get(f"{target.url}/notes").text
        yield flag in client.get(f"{target.url}/notes/1").text


def statuses(target: NotesTarget) -> Iterator[bool]:
    """Look for the app's secret on the status page, also in other spellings."""
    secret = target.facts.secret
    boss = target.browser()
    form = {"userName": target.admin, "password": target.facts.password}
    boss.post(f"{target.url}/login", data=form)
    stranger, me = target.browser(), target.log_in()
    for client, path in ((stranger, ""), (me, ""), (stranger, "?debug=1"), (boss, "")):
        shown = client.get(f"{target.url}/status{path}").text
        yield secret in shown
        yield any(each in shown for each in _spellings(secret))


def _spellings(secret: str) -> set[str]:
    data = secret.encode()
    keys = derive_keys(secret)
    raw = (data, keys.encryption, keys.signature)
    found = {each.hex() for each in raw} | {base64.b64encode(each).decode() for each in raw}
    return found | {secret[::-1], secret.swapcase(), quote(secret), str(list(data))}
