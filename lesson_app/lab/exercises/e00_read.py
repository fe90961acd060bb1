"""The exercise of notebook 00: read someone's cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...app import PAGE_SECRET
from ...cookie import Unsealed, derive_keys, unseal
from .judging import Exercise, Wrong, misconceptions, short

#: Sealed with the course page's secret; the notebook shows it.
FOUND_COOKIE = (
    "r7ScnhMNF8eajB2CHSDYEw.f2eD9ecGX9Fo3qyE7E_bfPd5dPJ_zLlsE9e-It8bGArZxw6400eQJP7Pp"
    "gZRNuo2ZNCwhlRzhYSBvwfXX-OAtLzsY5KBtYAz6hSMUElaS28.1692990000000.12000"
    "0.2_qknIhmD4_l0QJRcEifnFm0OFc3ZR9yDBZSmkeMaPI"
)
PAGE_MESSAGE = "Hello World!"


def judge_message(answer: Any) -> None:
    """The message in `FOUND_COOKIE`, by opening it."""
    right = unseal(FOUND_COOKIE, derive_keys(PAGE_SECRET)).content["message"]
    if isinstance(answer, Unsealed):
        raise Wrong("unsealed")
    if isinstance(answer, Mapping):
        raise Wrong("whole-session")
    if not isinstance(answer, str):
        raise Wrong(message=f"{short(answer)} is no text; the message is one")
    if _plain(answer) == _plain(PAGE_MESSAGE):
        raise Wrong("other-cookie")
    if len(answer) > 3 and answer in FOUND_COOKIE:
        raise Wrong("still-sealed")
    if _plain(answer) != _plain(right):
        raise Wrong(message=f"{short(answer)} is not the message in this cookie")


def _plain(text: str) -> str:
    return " ".join(text.strip(" .!\"'").casefold().split())


EXERCISES = (
    Exercise(
        "E0.1",
        "the message",
        judge_message,
        misconceptions(
            unsealed="that is all that `unseal` returned; its `.content` is the session, and "
            "the message is one value in that",
            whole_session="that is the whole session, a dict; the message is one value in it",
            other_cookie="that is the message in the page's cookie; here is another cookie",
            still_sealed="that is a part of the cookie itself, still sealed: open it first",
        ),
        (
            "The cookie was sealed with the secret that you have just used.",
            "Do with `found` what the cell above does with `cookie`.",
            'A session is a dict: `unseal(…).content["message"]`.',
        ),
    ),
)
