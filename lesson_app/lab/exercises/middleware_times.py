"""The rules of time for the session middleware that learners write: end, extend, limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...cookie import Unsealed
from .hooks import Answer, Trial, nothing
from .judging import Wrong
from .middleware_rules import (
    Times,
    check_changes,
    check_forgiving,
    check_memory,
    check_times,
    check_two_visitors,
    still,
    writing,
)

_BEFORE, _AFTER = {"who": "Ann", "list": [1]}, {"who": "Ben"}
#: How many times its duration a session of E4.5 lasts.
LIMIT = 10


def judge_third(make: Callable[..., Any]) -> None:
    """Check a middleware that ends sessions, and extends those that are in use."""
    for number in (0, 1):
        trial = Trial(make, number)
        _check_end(trial)
        _check_extension(trial)
        _check_reseal(trial)
        with still("E4.2"):
            check_forgiving(trial)
        with still("E4.1"):
            check_memory(trial)
        with still("E4.2"):
            check_changes(trial)
        _check_life(trial)
    check_two_visitors(make, by_the_clock, share=0.5)


def by_the_clock(trial: Trial, opened: Unsealed | None, changed: bool) -> list[Times]:
    """Set a cookie after a change, or to extend a session of which little is left."""
    if opened is None:
        return [(trial.now, trial.duration)] if changed else []
    left = opened.created_at + opened.duration - trial.now
    if left < 0:
        return [(trial.now, trial.duration)]
    if left < trial.active:
        return [(opened.created_at + trial.active, opened.duration)]
    return [(opened.created_at, opened.duration)] if changed else []


def _with_left(trial: Trial, left: int, duration: int) -> str:
    """Seal a cookie of `duration` with `left` ms until its end."""
    return trial.seal(_BEFORE, trial.now + left - duration, duration)


# ------------------------------------------------------------ the end


def _check_end(trial: Trial) -> None:
    own, other = trial.duration, 3 * trial.duration + 11
    for duration in (own, other, trial.active):
        lefts = (duration, 1, 0, -1, -2 * own, -40 * own)
        alive = {
            left: bool(trial.ask(_with_left(trial, left, duration)).seen) for left in lefts
        }
        if all(alive[left] is (left >= 0) for left in lefts):
            continue
        if duration != own:
            raise Wrong("own-duration")
        if all(alive.values()):
            raise Wrong("never")
        if not any(alive.values()):
            raise Wrong("at-once")
        if alive[1] and not alive[0]:
            raise Wrong("border")
        if not alive[1] and alive[-1]:
            raise Wrong("inverted-end")
        wrong = next(left for left in lefts if alive[left] is not (left >= 0))
        raise Wrong(message=_end_message(wrong))


def _end_message(left: int) -> str:
    if left < 0:
        return f"a session that ended {-left} ms ago is still there"
    return f"a session has {left} ms left, but it is empty"


# ------------------------------------------------------------ the extension


def _moved(trial: Trial, left: int, duration: int) -> int | None:
    """Return how far a visit moved created_at; None if it set no cookie."""
    answer = trial.ask(_with_left(trial, left, duration))
    if answer.value is None:
        return None
    with still("E4.1"):
        opened = trial.opened(answer)
    if opened.duration != duration:
        raise Wrong("longer")
    return opened.created_at - (trial.now + left - duration)


def _check_extension(trial: Trial) -> None:
    active, long = trial.active, 10 * trial.active
    lefts = (long, long - active // 3, 6 * active, active + 1, active, active - 1, 1, 0)
    moves = {left: _moved(trial, left, long) for left in lefts}
    right: dict[int, int | None] = {left: active if left < active else None for left in lefts}
    if moves != right:
        _explain(trial, moves, long)
    # A cookie that is shorter than the active duration is extended once, not until it fits.
    for left, duration in ((active // 5, active // 4), (active // 2, active - 1)):
        move = _moved(trial, left, duration)
        if move != active:
            raise Wrong(message=_move_message(left, move, active))


def _explain(trial: Trial, moves: dict[int, int | None], long: int) -> None:
    """Raise the misconception behind wrong extensions."""
    active = trial.active
    little, much = moves[1], moves[6 * active]
    if little is None and moves[active - 1] is None:
        if much is not None:
            raise Wrong("inverted")
        written = trial.ask(_with_left(trial, 1, long), writing(_AFTER))
        kept = written.value and trial.opened(written).created_at == trial.now + 1 - long
        raise Wrong("never-extends" if kept or not written.value else "not-sent")
    if much is not None and much == 0:
        raise Wrong("always")
    if little == 0:
        raise Wrong("unmoved")
    if little == long - 1:
        raise Wrong("from-now")
    if moves[active] is not None and moves[active + 1] is None:
        raise Wrong("at-border")
    if moves[long - active // 3] is None and much is not None:
        raise Wrong("time-spent")
    if much is not None and moves[long] is not None:
        raise Wrong("each-request")
    left = next(each for each in moves if moves[each] != (active if each < active else None))
    raise Wrong(message=_move_message(left, moves[left], active))


def _move_message(left: int, move: int | None, active: int) -> str:
    wanted = f"should move by {active} ms" if left < active else "should stay"
    got = "no cookie was set" if move is None else f"it moved by {move} ms"
    return (
        f"with {left} ms left and an active_duration of {active}, created_at {wanted}, "
        f"but {got}"
    )


# ------------------------------------------------------------ the times of a new cookie


def _check_reseal(trial: Trial) -> None:
    active, long = trial.active, 10 * trial.active
    for left in (long - 5, 5 * active, active, active - 1, 0):
        value = _with_left(trial, left, long)
        answer = trial.ask(value, writing(_AFTER))
        if answer.value is None:
            raise Wrong("unsent")
        began = trial.now + left - long
        opened = trial.opened(answer)
        if (opened.created_at, opened.duration) == (trial.now, trial.duration):
            raise Wrong("fresh-times")
        if opened.duration == trial.duration:
            raise Wrong("own-duration")
        wanted = began + active if left < active else began
        check_times(trial, answer, _AFTER, [(wanted, long)])
    _check_new_after_end(trial, long)


def _check_new_after_end(trial: Trial, long: int) -> None:
    """Check what a visitor gets whose session has ended."""
    value = _with_left(trial, -1, long)
    read = trial.ask(value)
    if read.value is not None:
        # Whether the useless cookie is replaced is left to the learner.
        check_times(trial, read, {}, [*_any_times(trial, long)])
    wrote = trial.ask(value, writing(_AFTER))
    if wrote.value is None:
        raise Wrong("unsent")
    opened = trial.opened(wrote)
    if opened.created_at != trial.now:
        raise Wrong("born-expired")
    check_times(trial, wrote, _AFTER, [(trial.now, trial.duration)])


def _any_times(trial: Trial, long: int) -> list[Times]:
    began = trial.now - 1 - long
    return [(began, long), (began + trial.active, long), (trial.now, trial.duration)]


def _check_life(trial: Trial) -> None:
    """Follow a session from visit to visit, until it ends, and then a new one."""
    trial.now += 12_345
    for pauses in ((0.3, 0.9, 0.8, 0.99, 0.2, 1.1), (0.9,) * 8, (1.4, 1.4, 1.4, 1.4, 1.4)):
        value = trial.ask(None, writing(_BEFORE)).value
        for pause in pauses:
            trial.now += round(pause * trial.active)
            before = trial.opened(Answer({}, value=value))
            alive = before.created_at + before.duration >= trial.now
            answer = trial.ask(value)
            if bool(answer.seen) is not alive:
                raise Wrong(message=_end_message(before.created_at + before.duration - trial.now))
            if not alive:
                break
            allowed = by_the_clock(trial, before, False)
            if (answer.value is not None) is not bool(allowed):
                raise Wrong("not-sent" if allowed else "always")
            if allowed:
                check_times(trial, answer, _BEFORE, allowed)
            value = answer.value or value


# ------------------------------------------------------------ E4.5: a limit


def judge_limit(make: Callable[..., Any]) -> None:
    """Check a middleware that ends a session after ten times its duration, in any case."""
    for number in (0, 1):
        trial = Trial(make, number)
        for write in (False, True):
            value = _follow(trial, write)
            _check_new_life(trial, value)
        _check_old_cookie(trial)
        _check_two_lives(make, number)


def _step(trial: Trial, value: str | None, content: dict[str, Any]) -> tuple[str, bool]:
    """Visit, and return the cookie and whether the content was there."""
    answer = trial.ask(value)
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


def _follow(trial: Trial, write: bool) -> str:
    """Use a session as long as it lasts, and check when it ends; return its last cookie."""
    value, born = _start(trial, _BEFORE), trial.now
    end = born + LIMIT * trial.duration
    pause = trial.active * 5 // 6
    count = 0
    while trial.now + pause < end:
        trial.now += pause
        count += 1
        value, here = _step(trial, value, _BEFORE)
        if not here:
            raise Wrong("too-early")
        if write and count % 4 == 0:
            answer = trial.ask(value, lambda found: found.update(n=trial.now))
            if answer.value is None:
                raise Wrong("unsent")
            value = answer.value
    for now, alive in ((end, True), (end + 1, False), (end + pause, False)):
        trial.now = now
        value, here = _step(trial, value, _BEFORE)
        if here is not alive:
            raise Wrong("too-early" if alive else "restarts" if write else "no-limit")
    return value


def _check_new_life(trial: Trial, value: str) -> None:
    """Check that a visitor whose session was ended gets a new one, with a full lifetime."""
    content = {"who": "Cy"}
    answer = trial.ask(value, lambda found: found.update(content))
    if answer.value is None:
        raise Wrong("unsent")
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
            answer = trial.ask(_with_left(trial, left, trial.duration))
            if left < 0 and "who" in answer.seen:
                raise Wrong(message=_end_message(left))
    except KeyError:
        raise Wrong("breaks") from None
    value = _start(trial, _BEFORE)
    if trial.ask(value).value is not None:
        raise Wrong("always")
    for bad in ("", "not-a-cookie"):
        if trial.ask(bad, nothing).seen:
            raise Wrong("shared")


def _check_two_lives(make: Callable[..., Any], number: int) -> None:
    """Check that another server, with the same keys, knows when a session began."""
    one = Trial(make, number)
    value, born = _start(one, _BEFORE), one.now
    other = Trial(make, number, one.keys)
    late = _start(other, _AFTER)
    while one.now < born + LIMIT * one.duration - one.active:
        one.now += one.active // 2
        other.now = one.now
        value, here = _step(one, value, _BEFORE)
        value, still_here = _step(other, value, _BEFORE)
        late, _ = _step(other, late, _AFTER)
        if not (here and still_here):
            raise Wrong("on-the-server")
    other.now = born + LIMIT * one.duration + 1
    if _step(other, value, _BEFORE)[1]:
        raise Wrong("on-the-server")
