"""Judge an attack of notebook 07 by the logs of its targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.error import HTTPError

import requests

from ..attacks.targets import Target
from ..attacks.targets.log import FORGED, YOU
from .judging import Wrong, describe, outcome

Attack = Callable[[Target], Any]

#: Errors that say how a server has answered, in requests, urllib and httpx.
_ANSWERED = {"HTTPError", "HTTPStatusError"}


def judge_attack(
    attack: Attack,
    weak: Callable[..., Target],
    defended: Callable[[], Target],
    known: Mapping[str, str],
    also: Callable[[Target], None] = lambda _: None,
    undefended: Callable[[Target, Any], None] = lambda *_: None,
    chances: int = 1,
    options: Sequence[Mapping[str, str]] = ({}, {}),
) -> None:
    """Raise `Wrong` unless the attack works on weak targets, and fails on a defended one.

    `also` judges a target that was captured, and `undefended` one that was not, with what the
    attack returned or raised there. `chances` is how often luck alone could capture it.
    `options` has those of each weak target.
    """
    for each in options:
        with weak(**each) as target:
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


def judge_logins(target: Target) -> None:
    """Raise `Wrong` for more than one login."""
    logins = [each for each in target.log if each.who == YOU and each.exchange.path == "/login"]
    if len(logins) > 1:
        raise Wrong("logs-in-often")


def judge_no_login(target: Target, _: Any) -> None:
    """Raise `Wrong` for a login."""
    if any(each.who == YOU and each.exchange.path == "/login" for each in target.log):
        raise Wrong("logs-in")


def judge_nothing_fits(target: Target, found: Any) -> None:
    """Raise `Wrong` for what an attack does after no word has fitted."""
    if any(each.asks_for_flag and each.brought == FORGED for each in target.log):
        raise Wrong("guesses-anyway")
    if isinstance(found, Exception) and not isinstance(found, AssertionError):
        raise Wrong(
            message="your attack works, but if no word fits, it should do nothing; it raised "
            f"{describe(found)}"
        )
    judge_logins(target)
