"""The exercises of notebook 04: detect a change, expire, extend."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from .judging import Exercise, Wrong, expect, misconceptions, same

_MINUTE = 60_000
_NOON = 4_102_488_000_000


def judge_expired(expired: Callable[[int, int, int], Any]) -> None:
    """Check that `expired` compares now with the session's last millisecond."""
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
        answers = [bool(expired(_NOON, 2 * _MINUTE, time)) for time in (end - 1, end + 1)]
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
    """Return whether a session has expired."""
    return created_at + duration < now


def judge_renewed(renewed: Callable[[int, int, int, int], Any]) -> None:
    """Check that `renewed` moves created_at if less than the active duration is left."""
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
    # If active_duration is not half the duration, elapsed and left differ.
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
    """Check that `changed` compares the session's JSON with the remembered one."""
    for name, before, change, right in _CHANGES:
        session = copy.deepcopy(before)
        note = remember(session)
        if session != before:
            raise Wrong(message="remember(session) changed the session; it must only read it")
        change(session)
        found = changed(note, session)
        if found is right:
            continue
        if not isinstance(found, bool):
            expect("changed(note, session)", found, right)
        raise Wrong("same-object" if note is session else name)


def remember_ours(session: Any) -> str:
    """Return a note of the session's present content."""
    return json.dumps(session)


def changed_ours(note: Any, session: Any) -> bool:
    """Return whether the session has changed since the note was made."""
    return bool(json.dumps(session) != note)


# The misconception behind a wrong answer, a session, a change, and the right answer.
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
            shallow="you missed a change *inside* the session; a copy of a dict shares the "
            "dicts and lists in it. A string shares nothing",
            same_object="your note is the session itself, so the two never differ; return "
            "something that does not change with it",
            always="you reported a change, but nothing has changed; compare the contents",
            only_keys="you missed a new value under the same key; compare the values, too",
            only_growth="you missed that a key was removed; compare the whole contents",
            only_full="you missed that the session was emptied; that is a change, too",
            one_is_true="you missed that 1 became True; they are equal in Python, but not in "
            "JSON",
        ),
        (
            "The note must not change when the session does. Which type never changes?",
            "A string never changes, and you know a string that contains the whole session.",
            "remember returns json.dumps(session). changed compares that with json.dumps of "
            "the session now.",
        ),
        (remember_ours, changed_ours),
    ),
    Exercise(
        "E4.2",
        "expired",
        judge_expired,
        misconceptions(
            border="the last millisecond still counts; a session that ends exactly *now* has "
            "not expired",
            inverted="you return whether the session is still valid; return whether it has "
            "expired",
            since_1970="you compare the duration with the time since 1970; the session began "
            "at created_at",
            no_duration="you return whether the session has begun; it expires only after its "
            "duration",
            never="your session never expires; compare its end with now",
        ),
        (
            "When does the session end? Two of the three numbers give its end.",
            "It ends at created_at + duration.",
            "It has expired if that end is less than now.",
        ),
        (expired_ours,),
    ),
    Exercise(
        "E4.3",
        "renewed",
        judge_renewed,
        misconceptions(
            each_request="you extend the session at each request; extend it only if less than "
            "the active duration is left",
            border="you extend the session if exactly the active duration is left; extend it "
            "only if *less* is left",
            from_now="you return `now`; return `created_at + active_duration` instead",
            time_spent="you look at the time that has passed; look at the time that is left",
            yes_or_no="you return True or False; return the session's created_at",
        ),
        (
            "How many milliseconds are left? Subtract `now` from the end.",
            "If that is less than active_duration, created_at moves. Otherwise it stays.",
            "If it moves, return created_at + active_duration. If it stays, return created_at.",
        ),
        (renewed_ours,),
    ),
)
