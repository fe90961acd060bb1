"""The exercises of notebook 07: six attacks, each judged by its target's log, and a patch."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from ... import cookie
from ..._engine.codec import SealedCodec
from ...app import PAGE_SECRET
from ...errors import BadCookie
from ...revocation import DenyList
from ...stores import MemoryStore
from ..attacks import targets
from ..attacks.targets import Target, drawing
from ..attacks.targets.holes import HOLES
from ..attacks.targets.notes import App, NotesTarget, SafeNotes, notes
from .attack_judges import judge_attack, judge_logins, judge_no_login, judge_nothing_fits
from .breaking import HOLE, KNOWN, PATCH
from .judging import Exercise, Wrong
from .patching import judge_patched

Attack = Callable[[Target], Any]


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


def _judge_hole(attack: Attack) -> None:
    kind = drawing.drawn()
    if kind is None:
        if attack is not attack_6:
            raise Wrong(message="no app is drawn yet; run the cell with `targets.draw(…)`")
        kind = drawing.with_hole(1)
    weak = partial(notes, kind)
    # On the app without a hole, luck finds one code of a hundred with three tries.
    # Of the two codes, one begins with 0, and one comes late.
    codes = [{"code": f"0{secrets.randbelow(10)}"}, {"code": "99"}]
    judge_attack(attack, weak, partial(notes, SafeNotes), HOLE, chances=3, options=codes)


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
    rules: dict[int, dict[str, Any]] = {
        1: {"undefended": judge_no_login},
        3: {"also": judge_logins, "undefended": judge_nothing_fits},
    }

    def judge(attack: Attack) -> None:
        judge_attack(attack, weak, defended, known, **rules.get(number, {}))

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
        must=False,
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
        minutes=20,
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
        minutes=12,
    ),
)
