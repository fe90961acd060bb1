"""The exercises of notebook 07: six attacks, each judged by its target's log, and a patch."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.error import HTTPError

import requests

from ... import cookie
from ..._engine.codec import SealedCodec
from ...app import PAGE_SECRET
from ...errors import BadCookie
from ...revocation import DenyList
from ...stores import MemoryStore
from ..attacks import targets
from ..attacks.targets import Target, drawing
from ..attacks.targets.holes import HOLES
from ..attacks.targets.log import YOU
from ..attacks.targets.notes import App, NotesTarget, SafeNotes, notes
from .breaking import HOLE, KNOWN, PATCH
from .judging import Exercise, Wrong, describe, outcome
from .patching import judge_patched

Attack = Callable[[Target], Any]

#: On how many targets an attack is tried. Each has new names and secrets.
_TIMES = 2
#: Errors that say how a server has answered, in requests, urllib and httpx.
_ANSWERED = {"HTTPError", "HTTPStatusError"}


def _try(
    attack: Attack,
    weak: Callable[[], Target],
    defended: Callable[[], Target],
    known: Mapping[str, str],
    also: Callable[[Target], None] = lambda _: None,
    undefended: Callable[[Target, Any], None] = lambda *_: None,
    chances: int = 1,
) -> None:
    """Raise `Wrong` unless the attack works on weak targets, and fails on a defended one.

    `also` judges a target that was captured, and `undefended` one that was not, with what the
    attack returned or raised there. `chances` is how often luck alone could capture it.
    """
    for _ in range(_TIMES):
        with weak() as target:
            _judge(outcome(attack, target), target, known)
            also(target)
    for _ in range(chances):
        with defended() as target:
            found = outcome(attack, target)
        if isinstance(found, HTTPError):  # urllib's error is also an open response
            found.close()
        if not target.captured:
            break
    # Here, only an attack that reads the secret from memory works.
    if target.captured or target.result.name == "in-hand":
        raise Wrong("in-hand")
    undefended(target, found)


def _judge(found: Any, target: Target, known: Mapping[str, str]) -> None:
    """Raise what the target's log shows, or else what the attack raised."""
    name, sentence = target.result
    crashed = isinstance(found, Exception) and type(found).__name__ not in _ANSWERED
    if isinstance(found, AssertionError):  # a check of the answer, after the request
        crashed = not target.log
    if name == "captured" and not crashed:
        return
    if crashed and isinstance(found, requests.RequestException):  # its message shows the port
        raise Wrong(
            message=f"a request failed ({type(found).__name__}); make its URL from "
            "`target.url` and a path"
        )
    if crashed and name != "in-hand":
        raise found
    raise Wrong(name) if name in known else Wrong(message=sentence)


def attack_1(target: Target) -> None:
    """Seal a session for the admin with the secret that the page prints."""
    forged = cookie.seal({"userName": target.admin}, cookie.derive_keys(PAGE_SECRET))
    target.get("/flag", session=forged)


def attack_2(target: Target) -> None:
    """Copy the admin's cookie, let the admin log out, and send the copy."""
    stolen = target.victim.cookie
    target.victim.log_out()
    target.get("/flag", session=stolen)


def attack_3(target: Target) -> None:
    """Try each word on your own cookie; forge a cookie with the word that opens it."""
    mine = target.log_in().cookies["session"]
    for word in targets.WORDS:
        keys = cookie.derive_keys(word)
        try:
            cookie.unseal(mine, keys)
        except BadCookie:
            continue
        target.get("/flag", session=cookie.seal({"userName": target.admin}, keys))


def attack_4(target: Target) -> None:
    """Choose the admin's name in the guestbook, then visit the app with its cookie."""
    browser = target.browser()
    browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
    browser.get(f"{target.url}/flag")


def attack_5(target: Target) -> None:
    """Store the admin's name as a preference, and send that cookie as the session."""
    browser = target.browser()
    browser.post(f"{target.url}/prefs", data={"userName": target.admin})
    target.get("/flag", session=browser.cookies["prefs"])


def attack_6(target: NotesTarget) -> None:
    """Use the hole of this app, or of the app that was drawn last."""
    kind = target.kind if target.kind.number else drawing.drawn()
    hole = drawing.hole_of(kind) if kind else None
    if hole:
        hole.attack(target)


def remembering() -> Target:
    """Return the target of flag 2 with its defence: the server remembers logouts."""
    return targets.copied_cookie(revocation=DenyList(MemoryStore()))


def _random() -> str:
    return secrets.token_urlsafe(32)


def _judge_logins(target: Target) -> None:
    logins = [each for each in target.log if each.who == YOU and each.exchange.path == "/login"]
    if len(logins) > 1:
        raise Wrong("logs-in-often")


def _judge_nothing_fits(target: Target, found: Any) -> None:
    if any(each.asks_for_flag for each in target.log):
        raise Wrong("guesses-anyway")
    if isinstance(found, Exception) and not isinstance(found, AssertionError):
        raise Wrong(
            message="your attack works, but if no word fits, it should do nothing; it raised "
            f"{describe(found)}"
        )
    _judge_logins(target)


def _judge_hole(attack: Attack) -> None:
    kind = drawing.drawn()
    if kind is None:
        if attack is not attack_6:
            raise Wrong(message="no app is drawn yet; run the cell with `targets.draw(…)`")
        kind = drawing.with_hole(1)
    weak = partial(notes, kind)
    # On the app without a hole, luck finds one code of a hundred with three tries.
    _try(attack, weak, partial(notes, SafeNotes), HOLE, chances=3)


def _judge_patch(patched: Any) -> None:
    if not isinstance(patched, type) or not issubclass(patched, App):
        raise Wrong("not-a-class")
    kind = patched if patched.number else drawing.drawn()
    hole = drawing.hole_of(kind) if kind else HOLES[0]
    if hole:
        judge_patched(patched, hole)


def _exercise(
    number: int,
    attack: Attack,
    weak: Callable[[], Target],
    defended: Callable[[], Target],
    hints: tuple[str, str, str],
    **more: Any,
) -> Exercise:
    known = KNOWN[number]
    only_third = {"also": _judge_logins, "undefended": _judge_nothing_fits}
    rules: dict[str, Any] = only_third if number == 3 else {}

    def judge(attack: Attack) -> None:
        _try(attack, weak, defended, known, **rules)

    title = f"attack_{number}"
    return Exercise(f"E7.{number}", title, judge, known, hints, (attack,), **more)


EXERCISES = (
    _exercise(
        1,
        attack_1,
        targets.published_secret,
        lambda: targets.published_secret(secret=_random()),
        (
            "With the secret on your computer, what can you make that only the app should "
            "make?",
            "`lesson_app.seal(content, keys)` makes a cookie; the keys come from SECRET. "
            "What does the app look for in a session?",
            'Seal {"userName": target.admin} with lesson_app.derive_keys(SECRET), and send '
            "it: target.get(…, session=…)",
        ),
        level=1,
        minutes=5,
        must=True,
    ),
    _exercise(
        2,
        attack_2,
        targets.copied_cookie,
        remembering,
        (
            "What does a logout change: the admin's browser, or the copy in your hands?",
            "`target.victim.cookie` is what the browser holds *now*: keep it in a variable.",
            "stolen = target.victim.cookie, then target.victim.log_out(), then send "
            "`stolen` to /flag as the cookie `session`",
        ),
        level=1,
        minutes=4,
        must=True,
    ),
    _exercise(
        3,
        attack_3,
        targets.weak_secret,
        lambda: targets.weak_secret(secret=_random()),
        (
            "What do you own that was sealed with the secret? When does it open?",
            "Log in once. For each word, make keys with `derive_keys`, and try to `unseal` "
            "your own cookie.",
            "try: lesson_app.unseal(mine, keys), except BadCookie: continue. If it opens, "
            "continue as in flag 1.",
        ),
        level=2,
        minutes=8,
        must=True,
    ),
    _exercise(
        4,
        attack_4,
        targets.shared_secret,
        lambda: targets.shared_secret(guestbook_secret=_random()),
        (
            "Which name can you choose in the guestbook? With which secret is it sealed?",
            "Use one browser for both apps: `browser = target.browser()`.",
            'browser.post(f"{target.guestbook}/name", data={"userName": target.admin}), '
            "then get /flag at target.url",
        ),
        level=2,
        minutes=5,
        must=False,
    ),
    _exercise(
        5,
        attack_5,
        targets.swapped_name,
        partial(targets.swapped_name, codec=SealedCodec),
        (
            "What does /flag look for in the session? Who could seal that for you?",
            'After a POST to /prefs, `browser.cookies["prefs"]` is a sealed value.',
            'Post {"userName": target.admin} to /prefs; then target.get("/flag", '
            'session=browser.cookies["prefs"])',
        ),
        level=2,
        minutes=6,
        must=False,
    ),
    Exercise(
        "E7.6",
        "attack_6",
        _judge_hole,
        HOLE,
        (
            "Which values come from the visitor: in a form, in the URL, in the cookie? "
            "Which of them does the app believe?",
            "Compare methods that do alike things. For each, ask: what if a stranger calls "
            "it, another user, or the same user a hundred times?",
            "`print(targets.clue(Notes))` names the method with the hole.",
        ),
        (attack_6,),
        level=3,
        minutes=15,
    ),
    Exercise(
        "E7.7",
        "Patched",
        _judge_patch,
        PATCH,
        (
            "Which line should have refused your attack? What may a visitor do there, and "
            "what not?",
            "Copy the method with the hole into `class Patched(Notes):`, and change it "
            "there. It keeps its route.",
            "`print(targets.solution(Notes))` prints our attack and our patch.",
        ),
        (SafeNotes,),
        level=2,
        minutes=10,
    ),
)
