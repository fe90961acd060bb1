"""The rules of the first and the second try of notebook 04: set, forgive, compare."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from ...cookie import Unsealed, derive_keys, seal
from ...errors import BadCookie, BadFormat, BadSignature
from .hooks import Act, Answer, Trial, check_cookie, check_expires, nothing, to_json, writing
from .judging import Wrong, short
from .visitors_at_once import ANN, BEN, Times, check_two_visitors

# ------------------------------------------------------------ E4.1: always set


def judge_first(make: Callable[..., Any]) -> None:
    """Check a middleware that opens the cookie, and sets it on every response."""
    for number in (0, 1):
        trial = Trial(make, number)
        trial.now += 3_600_007  # a server's first visitor comes later than its start
        with _explained():
            new = trial.ask(None)
        check_empty(new)
        if new.value is None:
            raise Wrong("not-set")
        check_times(trial, new, {}, always(trial, None, False))
        check_memory(trial)
        for content, act, after in (
            (BEN, nothing, BEN),
            (ANN, writing(BEN), BEN),
            (ANN, writing({}), {}),
        ):
            answer = trial.ask(trial.fresh(content), act)
            if answer.value is None:
                raise Wrong("not-set")
            check_times(trial, answer, after, always(trial, None, True))
        older = trial.seal(BEN, trial.now - 7, trial.duration + 99)
        answer = trial.ask(older)
        check_times(trial, answer, BEN, always(trial, trial.opened(Answer({}, older)), False))
        check_empty(trial.ask(None))
    check_two_visitors(make, always)


def check_empty(answer: Answer) -> None:
    """Check that a new visitor's view sees an empty session."""
    if own := set(answer.seen) - {*ANN, *BEN}:
        raise Wrong(
            message=f"in a new session, the view sees the key {min(own)!r}; keep a note of "
            "your own in an attribute of the session object, not in its content"
        )
    if answer.seen:
        raise Wrong("shared")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BadFormat:
        raise Wrong("no-cookie") from None
    except TypeError as error:
        if "value must be str, got NoneType" in str(error):
            raise Wrong("no-cookie") from None
        raise


def check_memory(trial: Trial) -> None:
    """Check that what a view writes comes back, with our cookie and with the learner's."""
    wrote = trial.ask(None, writing(ANN))
    if wrote.value is None:
        raise Wrong("not-set")
    check_times(trial, wrote, ANN, [(trial.now, trial.duration)])
    for value, content in ((wrote.value, ANN), (trial.fresh(BEN), BEN)):
        try:
            seen = trial.ask(value).seen
        except BadSignature:
            raise Wrong("other-keys") from None
        if not seen:
            raise Wrong("forgets")
        if to_json(seen) != to_json(content):
            other = BEN if content is ANN else ANN
            if any(seen.get(key, ...) == value for key, value in other.items()):
                raise Wrong("shared")
            raise Wrong(
                message=f"a cookie holds {short(content)}, but the view sees {short(seen)}"
            )


def always(trial: Trial, opened: Unsealed | None, changed: bool) -> list[Times]:
    """Set a cookie on every response: its lifetime is new, or that of the cookie before."""
    before = [(opened.created_at, opened.duration)] if opened else []
    return [*before, (trial.now, trial.duration)]


def check_times(
    trial: Trial, answer: Answer, content: Mapping[str, Any], allowed: list[Times]
) -> None:
    """Check a cookie that was set: content, attributes and times."""
    if answer.deletes and not content:
        return  # nothing is left of the session, so the browser may forget it
    opened = check_cookie(trial, answer, content)
    if (opened.created_at, opened.duration) in allowed:
        check_expires(answer, opened, trial.now)
        return
    created_at, duration = allowed[-1]
    if opened.created_at == created_at // 1000:
        raise Wrong("seconds")
    if opened.duration not in {each for _, each in allowed}:
        raise Wrong(
            message=f"your cookie's duration should be {duration}, but is {opened.duration}"
        )
    ahead = opened.created_at - created_at
    way = "late" if ahead > 0 else "early"
    raise Wrong(message=f"your cookie's created_at is {abs(ahead)} ms too {way}")


# ------------------------------------------------------------ E4.2: forgive, and compare


def judge_second(make: Callable[..., Any]) -> None:
    """Check a middleware that forgives bad cookies, and sets a cookie after a change."""
    for number in (0, 1):
        trial = Trial(make, number)
        check_forgiving(trial)
        with still("E4.1"):
            check_memory(trial)
        check_changes(trial)
    check_two_visitors(make, if_changed)


def if_changed(trial: Trial, opened: Unsealed | None, changed: bool) -> list[Times]:
    """Set a cookie only after a change."""
    return always(trial, opened, changed) if changed else []


def check_forgiving(trial: Trial) -> None:
    """Check that a cookie which does not open gives an empty session, and no cookie."""
    for value in (*_bad_cookies(trial), None):
        with still("E4.1") if value is None else nullcontext():
            try:
                answer = trial.ask(value)
            except BadCookie:
                raise Wrong("no-cookie" if value is None else "breaks") from None
        check_empty(answer)
        if answer.value is not None and (value is None or not answer.deletes):
            raise Wrong("from-nothing")
        wrote = trial.ask(value, writing(ANN))
        if wrote.value is None:
            check_changes(trial)
            raise Wrong("never")
        with still("E4.1"):
            check_times(trial, wrote, ANN, always(trial, None, True))


def _bad_cookies(trial: Trial) -> Iterable[str]:
    good = trial.fresh(ANN)
    fields = good.split(".")
    yield "not-a-cookie"
    yield seal(ANN, derive_keys("another server"), created_at=trial.now)
    yield good[:-6]
    yield ".".join([*fields[:3], "9" + fields[3], fields[4]])
    yield seal(ANN, trial.keys, name="other", created_at=trial.now)
    yield from ("", "....", "a.b.c.d.e", "%00", "1.1.nan.1.1")


def _set(key: str, value: Any) -> Act:
    return lambda found: found.__setitem__(key, value)


def _back(found: Any) -> None:
    found["a"] = 2
    found["a"] = 1


# The misconception behind a wrong result, the content before, a view, whether it changes it.
_CHANGES: tuple[tuple[str, dict[str, Any], Act, bool], ...] = (
    ("always", {"a": 1}, nothing, False),
    ("always", {"z": [{}], "a": 1.5, "é": "“"}, nothing, False),
    ("only-keys", {"a": 1}, _set("a", 2), True),
    ("only-old-keys", {"a": 1}, _set("b", 1), True),
    ("only-old-keys", {"a": 1}, writing({"b": 1}), True),
    ("only-old-keys", {"a": 1}, _set("b", None), True),
    ("only-growth", {"a": 1, "b": 2}, lambda found: found.pop("a"), True),
    ("only-growth", {"a": None, "b": 2}, lambda found: found.pop("a"), True),
    ("only-full", {"a": 1}, lambda found: found.clear(), True),
    ("shallow", {"user": {"visits": 1}}, lambda s: s["user"].update(visits=2), True),
    ("shallow", {"list": [1]}, lambda found: found["list"].append(2), True),
    ("shallow", {"list": [2, 1]}, lambda found: found["list"].sort(), True),
    ("shallow", {"a": {"b": [{"c": 1}]}}, lambda s: s["a"]["b"][0].pop("c"), True),
    ("one-is-true", {"seen": 1}, _set("seen", True), True),
    ("one-is-true", {"all": [0]}, lambda found: found["all"].__setitem__(0, False), True),
    ("touched", {"a": [1]}, _set("a", [1]), False),
    ("touched", {"a": 1}, _back, False),
    ("touched", {"a": {"b": 1}}, lambda found: found["a"].update(b=1), False),
)


def check_changes(trial: Trial) -> None:
    """Check that a cookie is set exactly if the view changed the content."""
    tries = []
    for name, before, act, right in _CHANGES:
        after = copy.deepcopy(before)
        act(after)
        tries.append((name, after, right, trial.ask(trial.fresh(before), act)))
    if not any(answer.value for _, _, right, answer in tries if right):
        inverted = all(answer.value for _, _, right, answer in tries if not right)
        raise Wrong("inverted" if inverted else "never")
    for name, after, right, answer in tries:
        if (answer.value is not None) is not right:
            raise Wrong(name)
        if right:
            with still("E4.1"):
                check_times(trial, answer, after, always(trial, None, True))


@contextmanager
def still(key: str) -> Iterator[None]:
    """Report a fault of an earlier exercise as such."""
    try:
        yield
    except Wrong as wrong:
        text = BROKEN.get(wrong.name, wrong.message)
        raise Wrong(message=f"a rule of {key} does not hold now: {text}") from None


#: What an earlier exercise's misconceptions are called when a later answer has them.
BROKEN = {
    "shared": "one visitor sees the session of another one",
    "not-set": "a changed session must be set as a cookie",
    "no-cookie": "a new visitor, without a cookie, gets an empty session",
    "forgets": "the content of the request's cookie must come back",
    "other-keys": "seal and unseal with self.keys",
    "not-sealed": "the cookie's value must be what `seal` returns",
    "computer-clock": "seal with a created_at and a duration, on the server's clock",
    "no-httponly": "the cookie must be HttpOnly",
    "no-expires": "the cookie must have Expires",
    "seconds": "created_at must be in milliseconds",
    "breaks": "a bad cookie gives an empty session, not an error",
    "from-nothing": "an empty session that stays empty sets no cookie",
    "never": "a changed session must be set as a cookie",
    "inverted": "only a changed session must be set as a cookie",
    "always": "without a change, the response sets no cookie",
    "touched": "a write that changes nothing sets no cookie",
}
for _name in (
    "only-keys",
    "only-old-keys",
    "only-growth",
    "only-full",
    "shallow",
    "one-is-true",
):
    BROKEN[_name] = "each change of the content sets a cookie, at any depth"
