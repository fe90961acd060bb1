"""Five apps, each weak in one way. The options of the functions at the end are the defences."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from flask import Flask, abort, g, request, session
from markupsafe import escape

from ....app import PAGE_SECRET
from ....cookie import IV_LENGTH, Codec, Keys, Unsealed, derive_keys, seal, unseal
from ....middleware import ClientSessions
from ....revocation import DenyList, UserEpochs
from ....session import Session
from ...clock import seeded_urandom
from ...codecs import codec_from
from .log import (
    FORGED,
    GUESTBOOK,
    GUESTBOOKS,
    LIVE,
    OLD,
    PREFS,
    TARGET,
    YOU,
    Finding,
    Log,
    judge_cookie,
)
from .target import Target
from .words import WORDS


def _new_name() -> str:
    return f"admin-{secrets.token_hex(4)}"


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _app(
    admin: str,
    *,
    password: str = "",
    revocation: DenyList | UserEpochs | None = None,
    **options: Any,
) -> Flask:
    """Make an app with a login for any name except the admin's, and a page for the admin."""
    app = Flask(TARGET, static_folder=None)
    ClientSessions(app, cookie_name="session", revocation=revocation or (), **options)
    here = cast(Session, session)

    @app.post("/login")
    def log_in() -> tuple[str, int]:
        name, given = (request.form.get(field, "") for field in ("userName", "password"))
        right = bool(password) and hmac.compare_digest(given.encode(), password.encode())
        if name == admin and not right:
            return "this name is taken", 403
        here.reset()
        here["userName"] = name
        return "logged in", 200

    @app.get("/dashboard")
    def dashboard() -> str:
        return f"Hello {escape(here['userName'])}" if here.get("userName") else abort(403)

    @app.get("/flag")
    def flag() -> str:
        g.user = here.get("userName")
        return "The flag is yours" if here.get("userName") == admin else abort(403)

    @app.get("/logout")
    def log_out() -> str:
        if isinstance(revocation, DenyList):
            revocation.end(here)
        elif revocation and here.get("userName"):
            revocation.end_all(here["userName"])
        here.reset()
        return "logged out"

    return app


def _guestbook(secret: str | bytes, cookie_name: str) -> Flask:
    """Make an app in which visitors choose any name. By itself it is harmless."""
    app = Flask(GUESTBOOK, static_folder=None)
    # The diagram shows the start of the cookie, which must be the same in each run.
    urandom = seeded_urandom(4)
    ClientSessions(app, secret=secret, cookie_name=cookie_name, urandom=urandom)

    @app.get("/name")
    def show() -> str:
        return escape(session.get("userName", "you have no name yet"))

    @app.post("/name")
    def choose() -> str:
        session["userName"] = request.form.get("userName", "")
        return "we will call you that"

    return app


def nameless_codec(keys: Keys) -> Codec:
    """Make a codec that does not seal the cookie's name. Never use it."""
    urandom = seeded_urandom(5)

    def seal_any(content: dict[str, Any], *, created_at: int, duration: int) -> str:
        iv = urandom(IV_LENGTH)
        return seal(content, keys, created_at=created_at, duration=duration, iv=iv)

    def unseal_any(value: str) -> Unsealed:
        return unseal(value, keys)

    return codec_from(seal_any, unseal_any)


def published_secret(*, secret: str | bytes = PAGE_SECRET) -> Target:
    """Make flag 1: its secret is printed on the Express course page."""
    admin = _new_name()
    judge = partial(judge_cookie, wanted=FORGED)
    return Target(1, _app(admin, secret=secret), judge, admin=admin, secret=secret)


def copied_cookie(*, revocation: DenyList | UserEpochs | None = None) -> Target:
    """Make flag 2: the app does not remember logouts. `victim` is the admin, logged in."""
    admin, password, secret = _new_name(), secrets.token_urlsafe(), _new_secret()
    app = _app(admin, password=password, revocation=revocation, secret=secret)
    return Target(2, app, _judge_copy, admin=admin, secret=secret, password=password)


def _judge_copy(log: Log) -> Finding:
    if log.won and all(each.brought == LIVE for each in log.won):
        what = f"the admin has not logged out yet; {log.describe(log.won[-1])}"
        return Finding("too-early", f"captured, but {what}")
    return judge_cookie(log, wanted=OLD)


def weak_secret(*, secret: str | bytes | None = None) -> Target:
    """Make flag 3: its secret is one of `WORDS`, which only ``keys=`` accepts."""
    admin, word = _new_name(), secret or secrets.choice(WORDS)
    how = {"keys": derive_keys(word)} if secret is None else {"secret": secret}
    return Target(3, _app(admin, **how), _judge_guesses, admin=admin, secret=word)


def _judge_guesses(log: Log) -> Finding:
    """Accept only guesses made on a cookie of one's own, where the target does not see them."""
    refused = sum(
        each.brought == FORGED and each.refused == "signature" for each in log.entries
    )
    if log.won:
        before = log.entries[: log.won[0].number - 1]
        had_one = any(each.who == YOU and each.exchange.received for each in before)
        seen = refused > 0 or not had_one
    else:
        seen = refused > 1  # one is a mistake
    if log.asked and seen:
        return log.another_attack("asks-the-target", "the target saw each guess")
    return judge_cookie(log, wanted=FORGED)


def shared_secret(
    *, guestbook_name: str = "session", guestbook_secret: str | bytes | None = None
) -> Target:
    """Make flag 4: another app, `guestbook`, has the same secret and the same cookie name."""
    admin, secret = _new_name(), _new_secret()
    app, guestbook = (
        _app(admin, secret=secret),
        _guestbook(guestbook_secret or secret, guestbook_name),
    )
    return Target(4, app, _judge_guestbook, admin=admin, secret=secret, guestbook=guestbook)


def _judge_guestbook(log: Log) -> Finding:
    there = ((each.place, each.exchange.path) for each in log.entries)
    if not log.asked and (GUESTBOOK, "/flag") in there:
        return Finding("other-door", "not captured: the guestbook has no /flag")
    return judge_cookie(log, wanted=GUESTBOOKS)


def swapped_name(*, codec: Callable[[Keys], Codec] = nameless_codec) -> Target:
    """Make flag 5: ``/prefs`` seals what it is sent in a second cookie, with the same codec."""
    admin, secret = _new_name(), _new_secret()
    sealing = codec(derive_keys(secret))
    app = _app(admin, codec=sealing)
    prefs = ClientSessions(app, codec=sealing, cookie_name="prefs")

    @app.post("/prefs")
    def keep() -> str:
        prefs.session.update(request.form)
        return "noted"

    return Target(5, app, partial(judge_cookie, wanted=PREFS), admin=admin, secret=secret)
