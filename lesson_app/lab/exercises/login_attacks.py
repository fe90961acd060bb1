"""Judge the attacks of notebook 05, each on live servers with names of their own."""

from __future__ import annotations

import hashlib
import html
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, cast
from urllib.parse import quote

import requests
from flask import Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from markupsafe import escape

from ...middleware import ClientSessions
from ...revocation import DenyList
from ...session import Session
from ...stores import MemoryStore
from ..attacks.weak import add_echo
from ..http.server import Server
from ..http.visitor import Visitor
from .judging import Wrong, forgotten, short

_MOST = 40  # requests for each name
_TRIES = 5
_PATIENCE = 60  # seconds

# ---------------------------------------------------------------- a link with a script


def judge_evil_link(evil_link: Callable[[str, str], Any]) -> None:
    """Check that the link puts a script into the session of the visitor who opens it."""
    number = secrets.randbelow(10**6)
    simple = f"<script>alert({number})</script>"
    hard = f'<script>if (1 < 2 && "a+b") location = "?é=1&b=%41#{number}"</script>'
    app = add_echo(_app())
    with Server(app) as server:
        link, message = _opened(evil_link, server.url, simple)
        if message != simple:
            if link == evil_link(server.url, hard):
                raise Wrong("fixed")
            if message == html.escape(simple) or message == str(escape(simple)):
                raise Wrong("escaped")
            if message == quote(simple) or message == quote(simple, safe=""):
                raise Wrong("encoded-twice")
            raise Wrong(
                message=f"after your link, the server stores {short(message)} instead of "
                f"{short(simple)}"
            )
        if _opened(evil_link, server.url, hard)[1] != hard:
            raise Wrong("not-encoded")


def _opened(evil_link: Callable[[str, str], Any], url: str, script: str) -> tuple[str, str]:
    """Return the link, and the message that a victim reads after opening it."""
    link = evil_link(url, script)
    if isinstance(link, requests.Response):
        raise Wrong("sent")
    if not isinstance(link, str) or not link.startswith(f"{url}/"):
        raise Wrong(message=f"evil_link should return a URL that begins with {url!r} and a "
                    f"slash, but returned {short(link)}")  # fmt: skip
    victim = Visitor()
    answer = victim.get(link, timeout=_PATIENCE)
    if "session created" not in answer.text:
        raise Wrong("other-path")
    read = victim.get(f"{url}/session-test-read", timeout=_PATIENCE).text
    message = read.partition("session message: ")[2]
    if not message:
        raise Wrong("no-parameter")
    return link, message


def evil_link_ours(url: str, script: str) -> str:
    """Return a link that stores a script in the session of the visitor who opens it."""
    return f"{url}/session-test-add?message={quote(script)}"


# ---------------------------------------------------------------- names from the answers

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

    def echo(name: str, exists: bool | None) -> ResponseReturnValue:
        return f"<input value='{escape(name)}'> no: {one if exists else other}"

    hunt = partial(_hunt, "find_users", find_users)
    found, right, names = hunt(words, "some")
    if found != right:
        if found == names - right:
            raise Wrong("inverted")
        found, right, _ = hunt(usual, "some")
        raise Wrong("wording" if found == right else "no-control")
    for answer, which, wrong in (
        (words, "all", "no-control"),
        (words, "none", "no-control"),
        (echo, "some", "echo"),
        (echo, "none", "echo"),
        (status, "some", "status"),
    ):
        found, right, _ = hunt(answer, which)
        if found != right:
            raise Wrong(wrong)


def _hunt(
    function: str, find: Callable[[str, list[str]], Any], answer: Answer, which: str
) -> tuple[set[str], set[str], set[str]]:
    """Return the names that a function finds on a live login, the right ones, and all.

    `which` of the names exist: "some", "all" or "none".
    """
    names = [f"{letter}{secrets.token_hex(3)}" for letter in "hknt"]
    right = {"some": set(names[1:3]), "all": set(names[1:3]), "none": set[str]()}[which]
    names = sorted(right) if which == "all" else names[: 4 if which == "some" else 2]
    secrets.SystemRandom().shuffle(names)
    most = _MOST * (len(names) + 1)
    app, asked = _app(), list[str]()

    @app.post("/login")
    def login() -> ResponseReturnValue:
        name = request.form.get("userName", "")
        asked.append(name)
        if len(asked) > most:
            return "too many requests", 429
        return answer(name, name in right if name in names else None)

    with Server(app) as server:
        found = find(server.url, list(names))
    if not isinstance(found, set | frozenset | list | tuple):
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
    return set(found), right, set(names)


def find_users_ours(url: str, names: Collection[str]) -> set[str]:
    """Return the names that a login answers otherwise than a name that nobody has."""

    def answer(name: str) -> tuple[int, str]:
        form = {"userName": name, "password": "guess"}
        got = Visitor().post(f"{url}/login", data=form, timeout=_PATIENCE)
        return got.status_code, got.text.replace(name, "")

    usual = answer(secrets.token_hex(8))
    return {name for name in names if answer(name) != usual}


# ---------------------------------------------------------------- names from the time


def judge_slow_names(slow_names: Callable[[str, list[str]], Any]) -> None:
    """Check that `slow_names` finds the names whose answers take long.

    The times are work of the processor: a busy computer makes all of them longer.
    """
    timed = partial(_timed, slow_names)
    found, right, _ = timed("some", 1.5, 6)
    if found != right:
        raise Wrong("not-slow" if found - right else "once" if found else "not-timed")
    # Here even an unknown name takes longer than a known one did there.
    for which, base, late, wrong in (
        ("none", 8, 0, "not-slow"),
        ("all", 1.5, 0, "no-control"),
        ("some", 1.5, 24, "once"),
    ):
        found, right, _ = timed(which, base, 6, late=late)
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
        if result[0] == result[1]:
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
            Visitor().post(f"{url}/login", data=form, timeout=_PATIENCE)
            quickest[name] = min(quickest[name], time.perf_counter() - start)
    return {name for name in names if quickest[name] > 2 * quickest[nobody]}


# ---------------------------------------------------------------- a copy of the cookie


def judge_copy_works(copy_works: Callable[[str, Visitor, Visitor], Any]) -> None:
    """Check that `copy_works` finds out whether a logout stops a copy of the cookie."""
    for denied in (None, DenyList(MemoryStore())):
        app = _app(revocation=denied) if denied else _app()
        user = f"u{secrets.token_hex(3)}"
        seen = _add_pages(app, user, denied)
        with Server(app) as server:
            victim, thief = Visitor(), Visitor()
            victim.get(f"{server.url}/enter", timeout=_PATIENCE)
            old = victim.cookies["session"]
            seen.clear()
            found = copy_works(server.url, victim, thief)
        _judge_steps(seen, old)
        inside = denied is None
        if found is not inside:
            if isinstance(found, bool):
                raise Wrong("any-page" if found else "no-greeting")
            raise Wrong(
                message=f"copy_works should return {inside}, but returned {short(found)}"
            )


def _add_pages(app: Flask, user: str, denied: DenyList | None) -> list[tuple[str, str, str]]:
    """Add a dashboard that greets `user`, and a logout. Return the list of requests."""
    seen: list[tuple[str, str, str]] = []

    @app.before_request
    def note() -> None:
        seen.append((request.method, request.path, request.cookies.get("session", "")))

    @app.get("/enter")
    def enter() -> str:
        session["user"] = {"userName": user}
        return "in"

    @app.get("/login")
    def login() -> str:
        return "Log in, please"

    @app.get("/dashboard")
    def dashboard() -> ResponseReturnValue:
        if "user" not in session:
            return redirect("/login")
        return f"<h3>Hello {session['user']['userName']}</h3>"

    @app.post("/logout")
    def logout() -> ResponseReturnValue:
        if denied:
            denied.end(cast(Session, session))
        session.clear()
        return redirect("/login")

    return seen


def _judge_steps(seen: list[tuple[str, str, str]], old: str) -> None:
    """Check that the victim logs out first, and that the thief then sends the copy."""
    if ("GET", "/logout") in {each[:2] for each in seen}:
        raise Wrong("logout-by-get")
    if ("POST", "/logout", old) not in seen:
        raise Wrong("no-logout")
    after = seen[seen.index(("POST", "/logout", old)) + 1 :]
    if ("GET", "/dashboard", old) not in after:
        asked = any(path == "/dashboard" for _, path, _ in after)
        raise Wrong("no-copy" if asked else "not-looked")


def copy_works_ours(url: str, victim: Visitor, thief: Visitor) -> bool:
    """Copy a visitor's cookie, log the visitor out, and try the copy."""
    thief.cookies.update(victim.cookies)
    victim.post(f"{url}/logout", timeout=_PATIENCE)
    return "Hello" in thief.get(f"{url}/dashboard", timeout=_PATIENCE).text


def _app(**options: Any) -> Flask:
    app = Flask("target")
    ClientSessions(app, secret=secrets.token_urlsafe(32), cookie_name="session", **options)
    return app
