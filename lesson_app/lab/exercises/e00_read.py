"""The exercises of notebook 00: read someone's cookie, and write one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...app import PAGE_SECRET
from ...cookie import Unsealed, derive_keys, unseal
from ...errors import BadName, BadSignature
from .judging import Exercise, Wrong, misconceptions, short

#: The cookie in the notebook, sealed with the course page's secret.
FOUND_COOKIE = (
    "r7ScnhMNF8eajB2CHSDYEw.f2eD9ecGX9Fo3qyE7E_bfPd5dPJ_zLlsE9e-It8bGArZxw6400eQJP7Pp"
    "gZRNuo2ZNCwhlRzhYSBvwfXX-OAtLzsY5KBtYAz6hSMUElaS28.1692990000000.12000"
    "0.2_qknIhmD4_l0QJRcEifnFm0OFc3ZR9yDBZSmkeMaPI"
)
PAGE_MESSAGE = "Hello World!"
#: What the learner's own cookie must say.
WANTED = "I was here"
_MINUTE = 60_000


def judge_message(answer: Any) -> None:
    """Check that the answer is the message in `FOUND_COOKIE`."""
    right = unseal(FOUND_COOKIE, derive_keys(PAGE_SECRET)).content["message"]
    if isinstance(answer, Unsealed):
        raise Wrong("unsealed")
    if isinstance(answer, Mapping):
        raise Wrong("whole-session")
    if not isinstance(answer, str):
        raise Wrong(message=f"the message should be a string, but is {short(answer)}")
    if _plain(answer) == _plain(PAGE_MESSAGE):
        raise Wrong("other-cookie")
    if len(answer) > 3 and answer in FOUND_COOKIE:
        raise Wrong("still-sealed")
    if _plain(answer) != _plain(right):
        message = (
            f"{short(answer)} is not the message in this cookie; unseal `found` to read it"
        )
        raise Wrong(message=message)


def _plain(text: str) -> str:
    return " ".join(text.strip(" .!\"'").casefold().split())


def judge_mine(value: Any) -> None:
    """Check that the value is a new cookie with the message, valid for a week."""
    if isinstance(value, bytes):
        raise Wrong("bytes")
    if isinstance(value, str) and value.startswith("session="):
        raise Wrong("whole-pair")
    if not isinstance(value, str) or value.count(".") != 4:
        raise Wrong(message=f"a sealed cookie is a string of five fields, got {short(value)}")
    try:
        opened = unseal(value, derive_keys(PAGE_SECRET))
    except BadSignature:
        raise Wrong("other-secret") from None
    except BadName:
        raise Wrong("other-name") from None
    message = opened.content.get("message")
    if message is None:
        raise Wrong("no-message")
    if message != WANTED:
        raise Wrong(message=f"the message should be {WANTED!r}, but is {short(message)}")
    begins, ends = opened.created_at, opened.created_at + opened.duration
    now = round(time.time() * 1000)
    if begins > now + _MINUTE:
        raise Wrong("in-future")
    if begins < now - _MINUTE and ends < now + 24 * 60 * _MINUTE:
        raise Wrong("in-past")
    if ends < now + (7 * 24 - 1) * 60 * _MINUTE:
        raise Wrong("too-short")


EXERCISES = (
    Exercise(
        "E0.1",
        "the message",
        judge_message,
        misconceptions(
            unsealed="this is everything that `unseal` returned; its `.content` is the "
            "session, and the message is one value in it",
            whole_session="this is the whole session, a dict; take only the message from it",
            other_cookie="this is the message in the page's cookie; open the other cookie, "
            "`found`",
            still_sealed="this is a part of the cookie, still sealed; open the cookie first",
        ),
        (
            "The cookie was sealed with the secret that you have just used.",
            "Open `found` with `unseal`, as you opened `cookie`.",
            'A session is a dict: `unseal(…).content["message"]`.',
        ),
        minutes=3,
    ),
    Exercise(
        "E0.2",
        "mine",
        judge_mine,
        misconceptions(
            bytes="this is bytes; the cookie's value is a string",
            other_secret="this cookie was sealed with another secret, or was changed "  # noqa: S106
            "afterwards; the page's server would refuse it",
            other_name="this cookie was sealed for another name; the page's cookie is called "
            "`session`",
            no_message="this session has no `message`; open the page's cookie and look",
            in_future="this session begins in the future; leave `created_at` out to begin now",
            whole_pair="this is the cookie with its name; give the value alone",
            in_past="this session began long ago; leave `created_at` out to begin now",
            too_short="this session expires in less than a week; `duration` is in milliseconds",
        ),
        (
            "The package has a function that is the opposite of `unseal`. What is its name?",
            "`from lesson_app import seal`, then `help(seal)`. In which unit is the duration?",
            'seal({"message": …}, derive_keys(SECRET), duration=…). A day has 24 * 60 * 60 * '
            "1000 milliseconds.",
        ),
        level=2,
        minutes=10,
        must=False,
    ),
)
