"""The exercises of notebook 07: five attacks, each judged by its target's log."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import requests

from ... import cookie
from ..._engine.codec import SealedCodec
from ...app import PAGE_SECRET
from ...errors import BadCookie
from ...revocation import DenyList
from ...stores import MemoryStore
from ..attacks import targets
from ..attacks.targets import Target
from .judging import Exercise, Wrong, describe, misconceptions, outcome

#: On how many targets an attack is tried. Each has new names and secrets.
_TIMES = 2


def _exercise(
    number: int,
    attack: Callable[[Target], Any],
    weak: Callable[[], Target],
    defended: Callable[[], Target],
    known: Mapping[str, str],
    hints: tuple[str, str, str],
) -> Exercise:
    def judge(attack: Callable[[Target], Any]) -> None:
        for _ in range(_TIMES):
            with weak() as target:
                found = outcome(attack, target)
                _judge(found, target, known)
        with defended() as target:
            found = outcome(attack, target)
            # Here, only an attack that reads the secret from memory works.
            if target.captured or target.result.name == "in-hand":
                raise Wrong("in-hand")
            if isinstance(found, Exception):
                raise Wrong(
                    message="you captured the flag, but on a target with the defence, your "
                    f"attack should end without an error; it raised {describe(found)}"
                )

    return Exercise(f"E7.{number}", f"attack_{number}", judge, known, hints, (attack,))


def _judge(found: Any, target: Target, known: Mapping[str, str]) -> None:
    """Raise what the target's log shows, or else what the attack raised."""
    name, sentence = target.result
    if name == "captured" and not isinstance(found, Exception):
        return
    if isinstance(found, requests.RequestException):  # its message shows the port
        raise Wrong(
            message=f"a request failed ({type(found).__name__}); make its URL from "
            "`target.url` and a path"
        )
    if isinstance(found, Exception) and name != "in-hand":
        raise found
    raise Wrong(name) if name in known else Wrong(message=sentence)


def attack_1(target: Target) -> None:
    """Seal a session for the admin with the secret that the page prints."""
    forged = cookie.seal({"user": target.admin}, cookie.derive_keys(PAGE_SECRET))
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
        target.get("/flag", session=cookie.seal({"user": target.admin}, keys))


def attack_4(target: Target) -> None:
    """Choose the admin's name in the guestbook, then visit the app with its cookie."""
    browser = target.browser()
    browser.post(f"{target.guestbook}/name", data={"name": target.admin})
    browser.get(f"{target.url}/flag")


def attack_5(target: Target) -> None:
    """Store the admin's name as a preference, and send that cookie as the session."""
    browser = target.browser()
    browser.post(f"{target.url}/prefs", data={"user": target.admin})
    target.get("/flag", session=browser.cookies["prefs"])


def remembering() -> Target:
    """Return the target of flag 2 with its defence: the server remembers logouts."""
    return targets.copied_cookie(revocation=DenyList(MemoryStore()))


def _random() -> str:
    return secrets.token_urlsafe(32)


EXERCISES = (
    _exercise(
        1,
        attack_1,
        targets.published_secret,
        lambda: targets.published_secret(secret=_random()),
        misconceptions(
            in_hand="you read the target's secret, which an attacker cannot do; this one is "
            "printed on the Express course page: SECRET",
            never_asked='you have not requested /flag; call `target.get("/flag", …)`',
            no_cookie="you requested /flag without a cookie; send yours: `session=forged`",
            misnamed="your cookie has another name; the app reads the cookie `session`",
            signature="your cookie was sealed with another secret than `SECRET`; make the "
            "keys with `derive_keys(SECRET)`",
            expired="your cookie has expired; leave `created_at` out, and it begins now",
            no_user="your cookie opens, but its session has no `user`, where this app stores "
            "the name",
            not_admin="your cookie opens, but its `user` is not the admin; use the value of "
            "`target.admin`, without quotes",
        ),
        (
            "With the secret, you can seal any session that the app could seal.",
            "`lesson_app.seal(content, keys)` makes the value; the keys come from SECRET.",
            'Call lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET)), '
            "and send the result: target.get(…, session=…)",
        ),
    ),
    _exercise(
        2,
        attack_2,
        targets.copied_cookie,
        remembering,
        misconceptions(
            in_hand="you read the target's secret; for this flag you only need a copy of a "
            "cookie",
            never_asked="you have not requested /flag; send the copy there, after the logout",
            no_cookie="you requested /flag without any cookie; send the copy",
            too_early="you captured the flag while the admin was logged in; send the copy "
            "*after* `target.victim.log_out()`",
            copied_too_late="you copied the cookie after the logout, when its session was "
            "empty; copy it before",
            not_admin="you sent a session of your own; send the victim's cookie",
            signature="you sealed a cookie, and it does not open; copy one instead",
        ),
        (
            "Three lines: copy the cookie, let its owner log out, send the copy.",
            "`target.victim.cookie` is what the browser holds *now*: keep it in a variable.",
            "stolen = target.victim.cookie, then target.victim.log_out(), then "
            'target.get("/flag", session=stolen)',
        ),
    ),
    _exercise(
        3,
        attack_3,
        targets.weak_secret,
        lambda: targets.weak_secret(secret=_random()),
        misconceptions(
            in_hand="you read the target's secret; find it with a cookie of your own and the "
            "list of words",
            never_asked="you have not requested /flag; forge a cookie with the word that you "
            "found, and send it there",
            asks_the_target="you try the words on the target, which sees each guess; try them "
            "on your own cookie with `unseal`, without a request",
            signature="you forged a cookie with a wrong word; with the right word, `unseal` "
            "opens your own cookie",
            not_admin="you requested /flag under your own name; seal a cookie whose `user` is "
            "the admin",
            no_cookie="you requested /flag without a cookie; seal one with the keys that "
            "opened yours",
        ),
        (
            'Log in with `target.log_in()`. Try the words on its `.cookies["session"]`.',
            "For each word, call derive_keys(word) and unseal. After BadCookie, try the next "
            "word.",
            "try: lesson_app.unseal(mine, keys), except BadCookie: continue. If it opens, "
            "continue as in flag 1.",
        ),
    ),
    _exercise(
        4,
        attack_4,
        targets.shared_secret,
        lambda: targets.shared_secret(guestbook_secret=_random()),
        misconceptions(
            in_hand="you read the target's secret; you don't need it, because the guestbook "
            "seals for you",
            never_asked="you only visited the guestbook; request /flag at `target.url` with "
            "the same browser",
            other_door="you requested /flag from the guestbook, which has no flag; request it "
            "at `target.url`",
            no_cookie="the browser that requested /flag has no cookie from the guestbook; use "
            "one browser for both",
            not_admin="you requested /flag under a name that is not the admin's; choose "
            "`target.admin` in the guestbook",
            no_user="the guestbook sealed no name; send its form field `name`: `data={…}`",
            signature="you sealed a cookie that does not open; let the guestbook seal one for "
            "you",
        ),
        (
            "Which name can you choose in the guestbook? With which secret is it sealed?",
            "Use one browser for both: `browser = target.browser()`.",
            'browser.post(f"{target.guestbook}/name", data={"name": target.admin}), then '
            'browser.get(f"{target.url}/flag")',
        ),
    ),
    _exercise(
        5,
        attack_5,
        targets.swapped_name,
        partial(targets.swapped_name, codec=SealedCodec),
        misconceptions(
            in_hand="you read the target's secret; you don't need it, because the app seals "
            "your preferences for you",
            never_asked="the app sealed your preferences; now request /flag with that value",
            no_cookie="you requested /flag as a new visitor; send the cookie from /prefs",
            misnamed="you sent the cookie as `prefs`, but /flag reads `session`; send its "
            "value under that name",
            no_user="the value opened as a session, but has no `user`; store that field with "
            "/prefs",
            not_admin="the app read a `session` with another user; store `target.admin` as "
            "`user`, and use a browser that has no `session` yet",
            signature="you sealed a value that does not open, because you don't know this "
            "secret; let /prefs seal it",
        ),
        (
            "What does /flag look for in the session? Send that as a preference.",
            'After a POST to /prefs, `browser.cookies["prefs"]` is a sealed value.',
            'browser.post(f"{target.url}/prefs", data={"user": target.admin}), then '
            'target.get("/flag", session=browser.cookies["prefs"])',
        ),
    ),
)
