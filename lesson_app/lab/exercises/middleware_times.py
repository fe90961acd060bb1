"""The rules of the third try of notebook 04: end and extend a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...cookie import Unsealed
from .hooks import Answer, Trial, writing
from .judging import Wrong
from .middleware_rules import check_changes, check_forgiving, check_memory, check_times, still
from .visitors_at_once import Times, check_two_visitors

BEFORE, AFTER = {"who": "Ann", "list": [1]}, {"who": "Ben"}


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
    if Trial(make, 2).ask(None).value is not None:
        raise Wrong("from-nothing")
    for share in (0.5, 1):
        check_two_visitors(make, by_the_clock, share)


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


def with_left(trial: Trial, left: int, duration: int) -> str:
    """Seal a cookie of `duration` with `left` ms until its end."""
    return trial.seal(BEFORE, trial.now + left - duration, duration)


# ------------------------------------------------------------ the end


def _check_end(trial: Trial) -> None:
    own, other = trial.duration, 3 * trial.duration + 11
    for duration in (own, other, trial.active):
        # After an extension, created_at may be later than now: more is left than `duration`.
        lefts = (duration + 5, duration, 1, 0, -1, -2 * own, -40 * own)
        alive = {left: bool(trial.ask(with_left(trial, left, duration)).seen) for left in lefts}
        if all(alive[left] is (left >= 0) for left in lefts):
            continue
        if duration != own:
            raise Wrong("own-duration")
        if all(alive[left] for left in lefts if left <= duration):
            raise Wrong("never")
        if not any(alive.values()):
            raise Wrong("at-once")
        if alive[1] and not alive[0]:
            raise Wrong("border")
        if not alive[1] and alive[-1]:
            raise Wrong("inverted-end")
        if [left for left in lefts if alive[left] is not (left >= 0)] == [duration + 5]:
            raise Wrong("future")
        wrong = next(left for left in lefts if alive[left] is not (left >= 0))
        raise Wrong(message=end_message(wrong))


def end_message(left: int) -> str:
    """Return what is wrong with a session that has `left` ms, below 0 after its end."""
    if left < 0:
        return f"a session that ended {-left} ms ago is still there"
    return f"a session has {left} ms left, but it is empty"


# ------------------------------------------------------------ the extension


def _moved(trial: Trial, left: int, duration: int) -> int | None:
    """Return how far a visit moved created_at; None if it set no cookie."""
    answer = trial.ask(with_left(trial, left, duration))
    if answer.value is None:
        return None
    with still("E4.1"):
        opened = trial.opened(answer)
    if opened.duration != duration:
        raise Wrong("own-duration" if opened.duration == trial.duration else "longer")
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
        written = trial.ask(with_left(trial, 1, long), writing(AFTER))
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
        value = with_left(trial, left, long)
        answer = trial.ask(value, writing(AFTER))
        if answer.value is None:
            raise Wrong("unsent")
        began = trial.now + left - long
        opened = trial.opened(answer)
        if (opened.created_at, opened.duration) == (trial.now, trial.duration):
            raise Wrong("fresh-times")
        if opened.duration == trial.duration:
            raise Wrong("own-duration")
        wanted = began + active if left < active else began
        check_times(trial, answer, AFTER, [(wanted, long)])
    _check_new_after_end(trial, long)


def _check_new_after_end(trial: Trial, long: int) -> None:
    """Check what a visitor gets whose session has ended."""
    value = with_left(trial, -1, long)
    read = trial.ask(value)
    if read.value is not None:
        # Whether the useless cookie is replaced is left to the learner.
        check_times(trial, read, {}, [*_any_times(trial, long)])
    # A write of the old content is a change, too: the session was empty.
    for content in (AFTER, BEFORE):
        wrote = trial.ask(value, writing(content))
        if wrote.value is None:
            raise Wrong("unsent" if content is AFTER else "old-note")
        if trial.opened(wrote).created_at != trial.now:
            raise Wrong("born-expired")
        check_times(trial, wrote, content, [(trial.now, trial.duration)])


def _any_times(trial: Trial, long: int) -> list[Times]:
    began = trial.now - 1 - long
    return [(began, long), (began + trial.active, long), (trial.now, trial.duration)]


def _check_life(trial: Trial) -> None:
    """Follow a session from visit to visit, until it ends, and then a new one."""
    trial.now += 12_345
    for pauses in ((0.3, 0.9, 0.8, 0.99, 0.2, 1.1), (0.9,) * 8, (1.4, 1.4, 1.4, 1.4, 1.4)):
        value = trial.ask(None, writing(BEFORE)).value
        for pause in pauses:
            trial.now += round(pause * trial.active)
            before = trial.opened(Answer({}, value=value))
            alive = before.created_at + before.duration >= trial.now
            answer = trial.ask(value)
            if bool(answer.seen) is not alive:
                raise Wrong(
                    message=end_message(before.created_at + before.duration - trial.now)
                )
            if not alive:
                break
            allowed = by_the_clock(trial, before, False)
            if (answer.value is not None) is not bool(allowed):
                raise Wrong("not-sent" if allowed else "always")
            if allowed:
                check_times(trial, answer, BEFORE, allowed)
            value = answer.value or value
