"""Judge a patch: the attack fails in each wording, and the others get what they got before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from ..attacks.targets.holes import HOLES, Hole
from ..attacks.targets.notes import App, Facts, SafeNotes, new_facts, notes
from ..http.server import ViewError
from . import replay
from .judging import Wrong, short
from .replay import ADA, ADMIN, BOB, CARL, STRANGER, Answer, Others

_GONE, _REFUSED = (404, 405, 410, 501), (401, 403, 409, 429)
_FAILS = "the attack fails, but"


def judge_patched(kind: type[App], hole: Hole) -> None:
    """Raise `Wrong` for the first thing that a patched app does wrong."""
    facts = new_facts()._replace(code="04")
    if kind(*facts).settings.get("secret") != facts.secret:
        message = "your patch changes the app's secret, and all users would be logged out"
        raise Wrong(message=f"{message}; leave `self.settings` as it is")
    try:
        _attack(kind, hole)
    except ViewError as error:
        raise Wrong(message=f"your patch crashes: {error}") from error
    answers = replay.day(kind, facts, Others())
    _compare(answers, replay.day(SafeNotes, facts, Others()))
    _look_for_leaks(kind, facts, answers)
    with notes(kind) as target:
        # A patch that opens another hole opens it wide.
        others = (islice(each.wordings(target), 3) for each in HOLES if each is not hole)
        if any(chain.from_iterable(others)):
            raise Wrong("other-hole")
    kind.closed = True


def _attack(kind: type[App], hole: Hole) -> None:
    with notes(kind) as target:
        wordings = hole.wordings(target)
        if next(wordings):
            raise Wrong("still-open")
        if any(wordings):
            raise Wrong("one-spelling")


def _compare(answers: list[Answer], ours: list[Answer]) -> None:
    """Raise `Wrong` if a user gets something else than from our app."""
    for now, was in zip(answers, ours, strict=True):
        where, status = f"for {now.who}, {now.asked}", now.status
        if was.status >= 400:
            # Searching nothing, or what is one's own, is as good as a refusal.
            if status < 300 and not now.admins:
                text = f"{where} answers {status}; it should answer {was.status}"
                raise Wrong(message=f"{_FAILS} {text}")
        elif status in _GONE:
            text = f"the feature is gone, too: {where} answers {status}"
            raise Wrong(message=f"{_FAILS} {text}; keep the page, and close the hole")
        elif status in _REFUSED:
            text = f"your patch also refuses {now.who}: {now.asked} answers {status}"
            raise Wrong(message=f"{_FAILS} {text}; refuse only what is wrong")
        else:
            lacks = f"answers {status}" if status >= 300 else _difference(was.body, now.body)
            if lacks:
                text = f"the app does not work as before: {where} {lacks}"
                raise Wrong(message=f"{_FAILS} {text}")


def _difference(was: Any, now: Any) -> str:
    """Return how the JSON of an answer differs; "" if it holds what it held."""
    if was is None:  # a text
        return ""
    if isinstance(was, dict) and isinstance(now, dict):
        for key, value in was.items():
            if now.get(key) != value:
                found = short(now[key]) if key in now else "nothing"
                return f"should have {value!r} for {key!r}, but has {found}"
        return ""
    if isinstance(was, list) and isinstance(now, list):
        lost = [each for each in was if each not in now]
        more = [each for each in now if each not in was]
        if lost or more:
            return f"lacks {lost[0]!r}" if lost else f"also shows {short(more[0])}"
        return "" if was == now else "has another order or number"
    kind = "no JSON" if now is None else f"a {type(now).__name__}"
    return f"should be a {type(was).__name__} in JSON, but is {kind}"


def _look_for_leaks(kind: type[App], facts: Facts, answers: list[Answer]) -> None:
    """Raise `Wrong` if a page changes with something that its reader must not know."""
    again = replay.day(kind, facts, Others())  # pages may differ by chance
    for one, same in zip(answers, again, strict=True):
        if one.status != same.status:
            message = "your patch keeps something outside of the app, so another app of this "
            message += f"class answers {same.status} to {same.asked}, not {one.status}"
            raise Wrong(message=f"{message}; keep it in `self`")
    for what, other_facts, others, readers in _secrets(facts):
        changed = replay.day(kind, other_facts, others)
        for one, same, other in zip(answers, again, changed, strict=True):
            if one.who in readers and one.text == same.text != other.text:
                shows = f"for {one.who}, {one.asked} shows {what}, or something made from it"
                raise Wrong(message=f"{_FAILS} {shows}")


def _secrets(facts: Facts) -> Iterator[tuple[str, Facts, Others, set[str]]]:
    """Yield what to change, and who must not see a difference."""
    new, visitors = new_facts(), {STRANGER, ADA, CARL}
    mine, theirs = Others(), Others("somebody with a longer name", "a diary")
    yield "the app's secret", facts._replace(secret=new.secret), mine, {*visitors, BOB, ADMIN}
    admins = facts._replace(code="79", password=new.password, flag=new.flag)
    yield "the admin's note, password or code", admins, mine, {*visitors, BOB}
    yield "the name or note of another visitor", facts, theirs, visitors
