"""Judge the thief of notebook 05: does a copy of the cookie survive a logout?"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, cast

from flask import Flask, redirect, request, session
from flask.typing import ResponseReturnValue

from ...revocation import DenyList
from ...session import Session
from ...stores import MemoryStore
from ..http.server import Server
from ..http.visitor import PATIENCE, Visitor
from .judging import Wrong, short
from .login_attacks import target


def judge_copy_works(copy_works: Callable[[str, Visitor, Visitor], Any]) -> None:
    """Check that `copy_works` finds out whether a logout stops a copy of the cookie."""
    for denied in (None, DenyList(MemoryStore())):
        app = target(revocation=denied) if denied else target()
        user = f"u{secrets.token_hex(3)}"
        seen = _add_pages(app, user, denied)
        with Server(app) as server:
            victim, thief = Visitor(), Visitor()
            victim.get(f"{server.url}/enter", timeout=PATIENCE)
            old = victim.cookies["session"]
            seen.clear()
            found = copy_works(server.url, victim, thief)
        # Also `copy.copy` makes a second jar around the same cookies.
        if vars(thief.cookies).get("_cookies") is vars(victim.cookies)["_cookies"]:
            raise Wrong("alias")
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
    victim.post(f"{url}/logout", timeout=PATIENCE)
    return "Hello" in thief.get(f"{url}/dashboard", timeout=PATIENCE).text
