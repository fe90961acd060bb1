"""The rules of the fourth try of notebook 04: no session lives for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .hooks import Answer, Trial
from .judging import Wrong
from .middleware_rules import check_empty
from .middleware_times import AFTER, BEFORE, end_message, with_left
from .visitors_at_once import at_once

#: How many times its duration a session of E4.5 lasts.
LIMIT = 10


def judge_limit(make: Callable[..., Any]) -> None:
    """Check a middleware that ends a session after ten times its duration, in any case."""
    for number in (0, 1):
        trial = Trial(make, number)
        for write in (False, True):
            _check_new_life(trial, *_follow(trial, write))
        _check_old_cookie(trial)
        _check_two_lives(make, number)
    _check_other_duration(make)
    for nested in (True, False):
        _check_at_once(make, nested=nested)


def _step(trial: Trial, value: str | None, content: dict[str, Any]) -> tuple[str, bool]:
    """Visit, and return the cookie and whether the content was there."""
    answer = trial.ask(value)
    known = {*BEFORE, *AFTER, "n"}
    if own := [key for key in answer.seen if key not in known and not key.startswith("_")]:
        raise Wrong(message=f"the view sees the key {own[0]!r}; let its name begin with `_`")
    here = all(answer.seen.get(key) == each for key, each in content.items())
    return answer.value or value or "", here


def _start(trial: Trial, content: dict[str, Any]) -> str:
    """Begin a session."""
    new = trial.ask(None)
    if new.value is not None and not new.deletes:
        raise Wrong("from-nothing")
    answer = trial.ask(new.value, lambda found: found.update(content))
    if answer.value is None:
        raise Wrong("unsent")
    opened = trial.opened(answer)
    if opened.created_at + opened.duration != trial.now + trial.duration:
        raise Wrong(message="a new session should end after self.duration, but does not")
    return answer.value


def _follow(trial: Trial, write: bool) -> tuple[str, int]:
    """Use a session as long as it lasts; return its last cookie, and when it ended."""
    value, born = _start(trial, BEFORE), trial.now
    end = born + LIMIT * trial.duration
    pause = trial.active * 5 // 6
    count, ends = 0, born + trial.duration
    while trial.now + pause < end:
        trial.now += pause
        count += 1
        value, here = _step(trial, value, BEFORE)
        if not here:
            raise Wrong("too-early")
        ends += trial.active * (ends - trial.now < trial.active)
        opened = trial.opened(Answer({}, value))
        if opened.created_at + opened.duration not in (ends, end):
            raise Wrong("other-end")
        if write and count % 4 == 0:
            answer = trial.ask(value, lambda found: found.update(n=trial.now))
            if answer.value is None:
                raise Wrong("unsent")
            value = answer.value
    for now, alive in ((end, True), (end + 1, False), (end + pause, False)):
        trial.now = now
        value, here = _step(trial, value, BEFORE)
        if here is not alive:
            raise Wrong("too-early" if alive else "restarts" if write else "no-limit")
    return value, end


def _check_new_life(trial: Trial, value: str, end: int) -> None:
    """Check that a visitor whose session was ended gets a new one, with a full lifetime."""
    content = {"who": "Cy"}
    answer = trial.ask(value, lambda found: found.update(content))
    if answer.value is None:
        raise Wrong("unsent")
    opened = trial.opened(answer)
    # A read before may have begun it, with an empty content.
    if opened.created_at <= end or opened.duration != trial.duration:
        raise Wrong("born-expired")
    value = answer.value
    for _ in range(20):
        trial.now += trial.active * 5 // 6
        value, here = _step(trial, value, content)
        if not here:
            raise Wrong("stuck")


def _check_old_cookie(trial: Trial) -> None:
    """Check that cookies from before this limit break no page, and the other rules."""
    try:
        for left in (1, trial.duration, -1):
            answer = trial.ask(with_left(trial, left, trial.duration))
            if left < 0 and "who" in answer.seen:
                raise Wrong(message=end_message(left))
    except KeyError:
        raise Wrong("breaks") from None
    value = _start(trial, BEFORE)
    if trial.ask(value).value is not None:
        raise Wrong("always")
    if trial.ask(value, lambda found: found["list"].append(2)).value is None:
        raise Wrong("unsent")
    for bad in ("", "not-a-cookie"):
        check_empty(trial.ask(bad))


def _check_two_lives(make: Callable[..., Any], number: int) -> None:
    """Check that another server, with the same keys, knows when a session began."""
    one = Trial(make, number)
    value, born = _start(one, BEFORE), one.now
    other = Trial(make, number, one.keys)
    late = _start(other, AFTER)
    while one.now < born + LIMIT * one.duration - one.active:
        one.now += one.active // 2
        other.now = one.now
        value, here = _step(one, value, BEFORE)
        value, still_here = _step(other, value, BEFORE)
        late, _ = _step(other, late, AFTER)
        if not (here and still_here):
            raise Wrong("on-the-server")
    other.now = born + LIMIT * one.duration + 1
    if _step(other, value, BEFORE)[1]:
        raise Wrong("on-the-server")


def _check_other_duration(make: Callable[..., Any]) -> None:
    """Check that a server applies its own limit to a cookie of a longer duration."""
    one = Trial(make, 0)
    other = Trial(make, 1, one.keys)
    other.now = one.now
    value = _start(other, BEFORE)
    for later, alive in ((LIMIT * one.duration, True), (1, False)):
        one.now += later
        if _step(one, value, BEFORE)[1] is not alive:
            raise Wrong("other-duration")


def _check_at_once(make: Callable[..., Any], *, nested: bool) -> None:
    """Check that a visitor keeps the birth of their own session while another is there."""
    trial = Trial(make, 1)
    ann, born = _start(trial, BEFORE), trial.now
    trial.now += trial.duration - 1
    ben = _start(trial, AFTER)
    answers = at_once(
        trial,
        (ann, lambda found: found.update(n=1)),
        (ben, lambda found: found.update(n=2)),
        nested=nested,
    )
    ann, ben = answers[0].value or ann, answers[1].value or ben
    while trial.now < born + LIMIT * trial.duration:
        trial.now += trial.active // 2
        ann, _ = _step(trial, ann, BEFORE)
        ben, here = _step(trial, ben, AFTER)
        if not here:
            raise Wrong("shared")
    if _step(trial, ann, BEFORE)[1]:
        raise Wrong("shared")
