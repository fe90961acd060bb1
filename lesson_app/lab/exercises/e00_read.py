"""The exercise of notebook 00: read someone's cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...app import PAGE_SECRET
from ...cookie import Unsealed, derive_keys, unseal
from .judging import Exercise, Wrong, misconceptions, short

#: The cookie in the notebook, sealed with the course page's secret.
FOUND_COOKIE = (
    "r7ScnhMNF8eajB2CHSDYEw.f2eD9ecGX9Fo3qyE7E_bfPd5dPJ_zLlsE9e-It8bGArZxw6400eQJP7Pp"
    "gZRNuo2ZNCwhlRzhYSBvwfXX-OAtLzsY5KBtYAz6hSMUElaS28.1692990000000.12000"
    "0.2_qknIhmD4_l0QJRcEifnFm0OFc3ZR9yDBZSmkeMaPI"
)
PAGE_MESSAGE = "Hello World!"


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
    ),
)
