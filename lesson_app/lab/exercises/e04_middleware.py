"""The exercises of notebook 04: expired, extended, changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from .judging import Exercise, Wrong, expect, misconceptions, same

_MINUTE = 60_000
_NOON = 4_102_488_000_000


def judge_expired(expired: Callable[[int, int, int], Any]) -> None:
    """Whether the last moment of a session lies before now; all in ms."""
    end = _NOON + 2 * _MINUTE
    for now in (_NOON, _NOON + _MINUTE, end - 1, end, end + 1, end + 10_000_000):
        found = expired(_NOON, 2 * _MINUTE, now)
        right = now > end
        if found is right:
            continue
        if found is None:
            expect(f"expired({_NOON}, {2 * _MINUTE}, {now})", found, right)
        if now == end:
            raise Wrong("border")
        answers = [bool(expired(_NOON, 2 * _MINUTE, moment)) for moment in (end - 1, end + 1)]
        if answers == [True, False]:
            raise Wrong("inverted")
        if found and not expired(_NOON, now, now) and not expired(0, 2, 1):
            raise Wrong("since-1970")
        if found and not expired(now, 0, now):
            raise Wrong("no-duration")
        if not any(answers) and not expired(_NOON, 2 * _MINUTE, 2 * end):
            raise Wrong("never")
        expect(f"expired({_NOON}, {2 * _MINUTE}, {now})", found, right)


def expired_ours(created_at: int, duration: int, now: int) -> bool:
    """Return whether a session is over."""
    return created_at + duration < now


def judge_renewed(renewed: Callable[[int, int, int, int], Any]) -> None:
    """The created_at after a visit: moved up by the active duration when little is left."""
    duration, active = 2 * _MINUTE, _MINUTE
    for after in (0, 30_000, 59_999, 60_000, 60_001, 90_000, 120_000):
        now = _NOON + after
        left = duration - after
        right = _NOON + active if left < active else _NOON
        found = renewed(_NOON, duration, active, now)
        if same(found, right):
            continue
        if found == right:
            expect(f"renewed({_NOON}, {duration}, {active}, {now})", found, right)
        if found == _NOON + active and left == active:
            raise Wrong("border")
        if found == _NOON + active == renewed(_NOON, duration, active, _NOON + 1):
            raise Wrong("each-request")
        if found == now:
            raise Wrong("from-now")
        if isinstance(found, bool):
            raise Wrong("yes-or-no")
        expect(f"renewed({_NOON}, {duration}, {active}, {now})", found, right)
    # Where active_duration is not half the duration, elapsed and left differ.
    found = renewed(_NOON, 10 * _MINUTE, _MINUTE, _NOON + 4 * _MINUTE)
    if found == _NOON + _MINUTE:
        raise Wrong("time-spent")
    expect(f"renewed({_NOON}, {10 * _MINUTE}, {_MINUTE}, {_NOON + 4 * _MINUTE})", found, _NOON)
    long = renewed(_NOON, _MINUTE, 5 * _MINUTE, _NOON)
    expect(f"renewed({_NOON}, {_MINUTE}, {5 * _MINUTE}, {_NOON})", long, _NOON + 5 * _MINUTE)


def renewed_ours(created_at: int, duration: int, active_duration: int, now: int) -> int:
    """Return the created_at of a session after a visit."""
    left = created_at + duration - now
    return created_at + active_duration if left < active_duration else created_at


def judge_changed(remember: Callable[[Any], Any], changed: Callable[[Any, Any], Any]) -> None:
    """Whether a session's JSON is another than when it was remembered."""
    for name, before, change, right in _CHANGES:
        session = copy.deepcopy(before)
        note = remember(session)
        if session != before:
            raise Wrong(message="remember(session) changed the session; it should only look")
        change(session)
        found = changed(note, session)
        if found is right:
            continue
        if found is None:
            raise Wrong(message="changed(…) gave None (is there a return?); expected a bool")
        if not isinstance(found, bool):
            raise Wrong(message=f"changed(…) gave {found!r:.60}; expected True or False")
        raise Wrong("same-object" if note is session else name)


def remember_ours(session: Any) -> str:
    """Return a note of what is in a session now."""
    return json.dumps(session)


def changed_ours(note: Any, session: Any) -> bool:
    """Return whether a session is another than when the note was made."""
    return bool(json.dumps(session) != note)


# Each: the misconception that a wrong answer shows, a session, a change, whether it is one.
_CHANGES: tuple[tuple[str, Any, Callable[[Any], Any], bool], ...] = (
    ("always", {"a": 1}, lambda session: None, False),
    ("only-keys", {"a": 1}, lambda session: session.update(a=2), True),
    ("always", {"a": 1}, lambda session: session.update(a=1), False),
    ("only-growth", {"a": 1, "b": 2}, lambda session: session.pop("a"), True),
    ("only-full", {"a": 1}, lambda session: session.clear(), True),
    ("shallow", {"user": {"visits": 1}}, lambda s: s["user"].update(visits=2), True),
    ("shallow", {"list": [1]}, lambda session: session["list"].append(2), True),
    ("one-is-true", {"seen": 1}, lambda session: session.update(seen=True), True),
)

EXERCISES = (
    Exercise(
        "E4.1",
        "remember, changed",
        judge_changed,
        misconceptions(
            shallow="a change *inside* the session went by: a copy of a dict still shares the "
            "dicts and lists in it. A text shares nothing",
            same_object="the note is the session itself, so the two can never differ",
            always="nothing has changed, and you say it has",
            only_keys="another value under the same key went by",
            only_growth="a key was removed, and that went by",
            only_full="a session that was emptied has changed, too; tell the browser",
            one_is_true="1 became True, and that went by: to Python they are equal, in JSON "
            "they are not",
        ),
        (
            "The note must not change when the session does. What cannot change?",
            "A text can not, and you know a text that tells all that is in a session.",
            "remember returns json.dumps(session); changed compares with the same of now.",
        ),
        (remember_ours, changed_ours),
    ),
    Exercise(
        "E4.2",
        "expired",
        judge_expired,
        misconceptions(
            border="the last millisecond still counts: a session that ends *now* is alive, "
            "one that ended before now is over",
            inverted="that is whether it is alive; asked is whether it is over",
            since_1970="you compare the duration with the time since 1970; the session began "
            "at created_at",
            no_duration="that is whether it has begun; it is over when the duration has gone "
            "past, too",
            never="that is never over; compare the end with now",
        ),
        (
            "When does the session end? Two of the three numbers tell.",
            "It ends at created_at + duration.",
            "It is over if that end is less than now.",
        ),
        (expired_ours,),
    ),
    Exercise(
        "E4.3",
        "renewed",
        judge_renewed,
        misconceptions(
            each_request="you extend at each request; the rule is: only when less than the "
            "active duration is left",
            border="with exactly the active duration left it is not extended yet: *less than*",
            from_now="you begin the session anew, now; the rule moves created_at up by the "
            "active duration",
            time_spent="you look at how long the session has lasted; what counts is how much "
            "is left of it",
            yes_or_no="that is whether; asked is which created_at the session then has",
        ),
        (
            "How many milliseconds are left? The end, less now.",
            "If that is less than active_duration, the session moves; else it stays.",
            "To move is to return created_at + active_duration; to stay, created_at.",
        ),
        (renewed_ours,),
    ),
)
