"""Judge how notebook 05 finds names: on live logins with names of their own."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from html import unescape
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from ...middleware import ClientSessions
from ..http.server import Server
from ..http.visitor import PATIENCE, Visitor
from .judging import Wrong, forgotten, short

_MOST = 40  # requests for each name
_TRIES = 5
#: Names that exist on every login here, though no list contains them.
_TAKEN = {"sampleuser", "admin", "root"}

#: What a login answers to a name: does it exist? None if the name is not on the list.
Answer = Callable[[str, bool | None], ResponseReturnValue]


def judge_find_users(find_users: Callable[[str, list[str]], Any]) -> None:
    """Check that `find_users` finds the names that a login answers differently."""
    one, other = secrets.token_hex(4), secrets.token_hex(4)

    def words(name: str, exists: bool | None) -> ResponseReturnValue:
        return f"<p>no: {one if exists else other}</p>"

    def usual(name: str, exists: bool | None) -> ResponseReturnValue:
        return "wrong password" if exists else "no such user"

    def status(name: str, exists: bool | None) -> ResponseReturnValue:
        return "invalid login", 401 if exists else 404

    def length(name: str, exists: bool | None) -> ResponseReturnValue:
        return f"<p>no: {one}{'.' * bool(exists)}</p>"

    def echo(name: str, exists: bool | None) -> ResponseReturnValue:
        return f"<p>{name}</p> no: {one if exists else other}"

    def escaped(name: str, exists: bool | None) -> ResponseReturnValue:
        return f"<input value='{escape(name)}'> no: {one if exists else other}"

    hunt = partial(_hunt, "find_users", find_users)
    found, right, names = hunt(words, "some")
    if found == names - right:
        found, _, names = hunt(words, "none")
        raise Wrong("inverted" if found == names else "no-control")
    if found != right:
        for answer, wrong in ((length, "length"), (status, "status-only"), (usual, "wording")):
            found, right, _ = hunt(answer, "some")
            if found == right:
                raise Wrong(wrong)
        raise Wrong("missed")
    for answer, which, end, wrong in (
        (words, "all", "", "no-control"),
        (words, "none", "", "no-control"),
        (echo, "some", "", "echo"),
        (echo, "none", "", "echo"),
        (status, "some", "", "status"),
        (escaped, "some", " & <O'N>", "escaped"),
        (escaped, "none", " & <O'N>", "escaped"),
        (echo, "some", " & <O'N>", "unescaped"),
    ):
        found, right, _ = hunt(answer, which, end=end)
        if found != right:
            raise Wrong(wrong)


def _hunt(
    function: str,
    find: Callable[[str, list[str]], Any],
    answer: Answer,
    which: str,
    *,
    end: str = "",
) -> tuple[set[str], set[str], set[str]]:
    """Return the names that a function finds on a live login, the right ones, and all.

    `which` of the names exist: "some", "all" or "none". All have the same `end`.
    """
    names = [f"{letter}{secrets.token_hex(3)}{end}" for letter in "hknt"]
    right = {"some": set(names[1:3]), "all": set(names[1:3]), "none": set[str]()}[which]
    names = sorted(right) if which == "all" else names[: 4 if which == "some" else 2]
    secrets.SystemRandom().shuffle(names)
    most = _MOST * (len(names) + 1)
    app, asked = target(), list[str]()

    @app.post("/login")
    def login() -> ResponseReturnValue:
        name = request.form.get("userName", "")
        asked.append(name)
        if len(asked) > most:
            return "too many requests", 429
        if not name:
            return "please type a name", 400
        return answer(name, name in right if name in names else name in _TAKEN or None)

    with Server(app) as server:
        found = find(server.url, list(names))
    if not isinstance(found, set | frozenset):
        raise Wrong(
            message=f"{function} should return a set of names, but returned "
            f"{short(found)}{forgotten(found)}"
        )
    if len(asked) > most:
        raise Wrong("too-many")
    if not set(names) <= set(asked):
        raise Wrong("not-asked")
    if not all(each in names for each in found):
        raise Wrong("not-names")
    if found != right and "" in asked:
        raise Wrong("empty-name")
    if found != right and _TAKEN & set(asked):
        raise Wrong("taken")
    return set(found), right, set(names)


def find_users_ours(url: str, names: Collection[str]) -> set[str]:
    """Return the names that a login answers otherwise than a name that nobody has."""

    def answer(name: str) -> tuple[int, str]:
        form = {"userName": name, "password": "guess"}
        got = Visitor().post(f"{url}/login", data=form, timeout=PATIENCE)
        return got.status_code, unescape(got.text).replace(name, "")

    usual = answer(secrets.token_hex(8))
    return {name for name in names if answer(name) != usual}


# ---------------------------------------------------------------- names from the time


def judge_slow_names(slow_names: Callable[[str, list[str]], Any]) -> None:
    """Check that `slow_names` finds the names whose answers take long.

    The times are work of the processor: a busy computer makes all of them longer.
    """
    timed = partial(_timed, slow_names)
    found, right, names = timed("some", 1.5, 6)
    if found == names - right:
        raise Wrong("inverted")
    if found != right:
        raise Wrong("not-slow" if found - right else "once" if found else "not-timed")
    # Here even an unknown name takes longer than a known one did there.
    found, right, names = timed("none", 8, 6)
    if found != right:
        raise Wrong("fixed" if found == names else "no-control")
    for which, late, wrong in (("all", 0, "no-control"), ("some", 40, "once")):
        found, right, _ = timed(which, 1.5, 6, late=late)
        if found != right:
            raise Wrong(wrong)


def _timed(
    slow_names: Callable[[str, list[str]], Any],
    which: str,
    base: float,
    more: float,
    *,
    late: float = 0,
) -> tuple[set[str], set[str], set[str]]:
    """Let a function find names on a login that works `more` for a name that exists.

    As in a network, an answer is sometimes `late`: the first to each unknown name. And small
    differences mean nothing: the list's unknown names take a little longer than others.
    """

    def answer(name: str, exists: bool | None) -> ResponseReturnValue:
        counts[name] += 1
        _work(base * (1.5 if exists is False else 1) + more * bool(exists))
        _work(late * (not exists and counts[name] % 5 == 1))
        return "invalid login"

    # Other programs may disturb a measurement, but not each time.
    for _ in range(_TRIES):
        counts = Counter[str]()
        result = _hunt("slow_names", slow_names, answer, which)
        found, right, names = result
        if found in (right, names - right):  # right, or just the other way round
            break
    return result


def _work(units: float) -> None:
    """Keep the processor busy; a unit takes some 5 milliseconds."""
    hashlib.pbkdf2_hmac("sha256", b"guess", b"salt", int(8_500 * units) + 1)


def slow_names_ours(url: str, names: Collection[str]) -> set[str]:
    """Return the names whose quickest answer is slower than that of a name nobody has."""
    nobody = secrets.token_hex(8)
    quickest = dict.fromkeys([nobody, *names], math.inf)
    for _ in range(5):
        for name in quickest:
            form = {"userName": name, "password": "guess"}
            start = time.perf_counter()
            Visitor().post(f"{url}/login", data=form, timeout=PATIENCE)
            quickest[name] = min(quickest[name], time.perf_counter() - start)
    return {name for name in names if quickest[name] > 2.5 * quickest[nobody]}


def target(**options: Any) -> Flask:
    """Return an app to attack, with sessions and without a route."""
    app = Flask("target")
    ClientSessions(app, secret=secrets.token_urlsafe(32), cookie_name="session", **options)
    return app
