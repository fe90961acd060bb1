"""The exercises of notebook 07: five flags, each judged by what its target has seen."""

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
from ...revocation import MemoryStore, UserEpochs
from ..attacks import targets
from ..attacks.targets import Target
from .judging import Exercise, Wrong, misconceptions, outcome, tell

#: How often an attack is tried: each time on a new target, with other names and secrets.
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
            # Only a secret that was dug out of the target's own memory opens this one, too.
            if target.captured or target.result.name == "in-hand":
                raise Wrong("in-hand")
            if isinstance(found, Exception):
                raise Wrong(
                    message="the flag is yours; but where the defence stands, the attack "
                    f"should end with nothing, and it raised {tell(found)}"
                )

    return Exercise(f"E7.{number}", f"attack_{number}", judge, known, hints, (attack,))


def _judge(found: Any, target: Target, known: Mapping[str, str]) -> None:
    """Say what the target has seen; if nothing tells, what the attack has raised."""
    name, sentence = target.result
    if name == "captured" and not isinstance(found, Exception):
        return
    if isinstance(found, requests.RequestException):  # its text tells the port
        raise Wrong(
            message=f"a request failed ({type(found).__name__}): an address is "
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
    """Copy a cookie, wait for the log-out, and use it."""
    stolen = target.victim.cookie
    target.victim.log_out()
    target.get("/flag", session=stolen)


def attack_3(target: Target) -> None:
    """Try each word on a cookie of one's own; forge with the one that opens it."""
    mine = target.log_in().cookies["session"]
    for word in targets.WORDS:
        keys = cookie.derive_keys(word)
        try:
            cookie.unseal(mine, keys)
        except BadCookie:
            continue
        target.get("/flag", session=cookie.seal({"user": target.admin}, keys))


def attack_4(target: Target) -> None:
    """Be the admin in the guestbook, and go next door with the same browser."""
    browser = target.browser()
    browser.post(f"{target.guestbook}/name", data={"name": target.admin})
    browser.get(f"{target.url}/flag")


def attack_5(target: Target) -> None:
    """Have the preferences say who one is, and bring them as the session."""
    browser = target.browser()
    browser.post(f"{target.url}/prefs", data={"user": target.admin})
    target.get("/flag", session=browser.cookies["prefs"])


def remembering() -> Target:
    """Flag 2, defended: the server remembers who has logged out."""
    epochs = UserEpochs(MemoryStore(), user=lambda session: session.get("user"))
    return targets.copied_cookie(revocation=epochs)


def _random() -> str:
    return secrets.token_urlsafe(32)


EXERCISES = (
    _exercise(
        1,
        attack_1,
        targets.published_secret,
        lambda: targets.published_secret(secret=_random()),
        misconceptions(
            in_hand="you asked the target for its secret; a stranger cannot. This one "
            "stands on the course page: SECRET",
            never_asked='nobody asked this target for /flag: `target.get("/flag", …)`',
            no_cookie="you asked for /flag without a cookie; hand yours in: `session=forged`",
            misnamed="your cookie came under another name; the app reads the one that is "
            "called `session`",
            signature="your cookie is sealed with another secret than the page's; the keys "
            "come from `derive_keys(SECRET)`",
            expired="your cookie's time was over before it came; leave `created_at` out, and "
            "it begins now",
            no_user="your cookie opens, but the session has no `user`: that is where this app "
            "keeps the name",
            not_admin="your cookie opens, and its `user` is somebody else: the admin's name is "
            "the value of `target.admin`, without quotes",
        ),
        (
            "Whoever has the secret seals what the app itself could have sealed.",
            "`lesson_app.seal(content, keys)` makes the value; the keys come from SECRET.",
            'lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET)), and '
            "bring it along: target.get(…, session=…)",
        ),
    ),
    _exercise(
        2,
        attack_2,
        targets.copied_cookie,
        remembering,
        misconceptions(
            in_hand="you read the secret of the target; for this flag nobody needs it, "
            "a copy will do",
            never_asked="you have not asked for /flag: bring the copy there, after the log-out",
            no_cookie="you asked for /flag without any cookie; bring the one that you copied",
            too_early="the flag answered while the admin was logged in; show that the copy "
            "works *after* `target.victim.log_out()`",
            copied_too_late="you copied the cookie after the log-out, and that one holds an "
            "empty session; copy it before",
            not_admin="you came with a session of your own; bring the cookie of the victim",
            signature="you have sealed a cookie, and it does not open; here nothing is forged, "
            "only copied",
        ),
        (
            "Three lines: look at the cookie, let its owner log out, use it.",
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
            in_hand="the secret was handed to you; find it with a cookie of your own "
            "and the list of words",
            never_asked="you may know the word, but nobody asked for /flag: forge a cookie "
            "with it, and go there",
            asks_the_target="you try the words at the target, and it sees each guess; try "
            "them at home, on a cookie that it gave you: `unseal` tells",
            signature="the cookie that you forged has the wrong word; it is the right one "
            "when `unseal` opens your own cookie with it",
            not_admin="you came to /flag under your own name; seal a cookie whose `user` is "
            "the admin",
            no_cookie="you came to /flag without a cookie; seal one with the keys that opened "
            "yours",
        ),
        (
            'Log in with `target.log_in()`; its `.cookies["session"]` is a cookie to try on.',
            "For each word: derive_keys(word), and unseal. BadCookie means: the next word.",
            "try: lesson_app.unseal(mine, keys), except BadCookie: continue; and where it "
            "opens, go on as in flag 1.",
        ),
    ),
    _exercise(
        4,
        attack_4,
        targets.shared_secret,
        lambda: targets.shared_secret(guestbook_secret=_random()),
        misconceptions(
            in_hand="with the secret you would need no guestbook; leave it, and let "
            "the guestbook do the sealing",
            never_asked="the guestbook alone does no harm; ask for /flag at `target.url`, with "
            "the browser that was there",
            other_door="you asked the guestbook for /flag, and it has none; the flag is at "
            "`target.url`",
            no_cookie="the browser that asked for /flag has not been to the guestbook; cookies "
            "stay in the jar of one browser",
            not_admin="you came to /flag under a name that is not the admin's: in the "
            "guestbook everybody may choose `target.admin`",
            no_user="the guestbook has sealed no name: the field of its form is called "
            "`name`: `data={…}`",
            signature="the cookie that you sealed does not open; you need not seal at all, the "
            "guestbook does so for you",
        ),
        (
            "Which name may you choose in the guestbook? And what is it sealed with?",
            "One browser for both: `browser = target.browser()`.",
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
            in_hand="you looked at the secret; but the app seals for you whatever you prefer",
            never_asked="your preferences are sealed, and nothing has asked for /flag yet",
            no_cookie="you asked for /flag as a new visitor, without the cookie from /prefs",
            misnamed="you brought the cookie as `prefs`, and /flag looks into `session`: bring "
            "its value under that name",
            no_user="the value opened as a session, and it names no `user`: that is the field "
            "which /prefs has to keep for you",
            not_admin="the app read a `session` that names somebody else: let `user` be "
            "`target.admin`, and begin with a browser that has no `session` yet",
            signature="what you sealed does not open, for this secret is a good one; let "
            "/prefs seal it",
        ),
        (
            "What does /flag look for in the session? Send that as a preference.",
            'After a POST to /prefs, `browser.cookies["prefs"]` is a sealed value.',
            'browser.post(f"{target.url}/prefs", data={"user": target.admin}), then '
            'target.get("/flag", session=browser.cookies["prefs"])',
        ),
    ),
)
