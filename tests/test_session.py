"""The `Session` dict: when it opens, what counts as a change, when it expires."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from lesson_app._engine.javascript import stringify
from lesson_app.session import BORN, ID, Session, State, milliseconds
from tests.conftest import PATIENCE

NOW = 1_000_000
CONTENT = {"message": "hi", "user": {"tags": ["a"]}}
Held = tuple[dict[str, Any], State]


class Opened(NamedTuple):
    """A session, and the time of each call of its opener."""

    session: Session
    openings: list[int]


@pytest.fixture
def time() -> list[int]:
    """The time in ms, in a list whose only element the test changes."""
    return [NOW]


@pytest.fixture
def opened(time: list[int]) -> Opened:
    """A session whose cookie was sealed a second ago, with a duration of a minute."""
    openings: list[int] = []

    def opener() -> Held:
        openings.append(time[0])
        return held(CONTENT, NOW - 1000, 60_000)

    return Opened(Session(now=lambda: time[0], duration=120_000, opener=opener), openings)


def held(content: dict[str, Any], created_at: int, duration: int) -> Held:
    """Return an opener's result for a cookie that holds this content."""
    state = State(created_at, duration, created_at, stringify(content), new=False)
    return copy.deepcopy(content), state


def beginning_with(content: dict[str, Any]) -> Session:
    """Return a session whose cookie holds this content."""
    return Session(now=lambda: NOW, duration=1, opener=lambda: held(content, NOW, 1))


@pytest.fixture
def session(opened: Opened) -> Session:
    return opened.session


def merge(session: Session) -> object:
    session |= {"a": 1}
    return session


def match(session: Session) -> object:
    match session:
        case {"message": message}:
            return message
    return None


def delete(session: Session) -> None:
    del session["message"]


def assign(session: Session) -> None:
    session["message"] = "bye"


def unpack(**content: object) -> object:
    return content


MERGED = {**CONTENT, "a": 1}
TOUCHES: dict[str, tuple[Callable[[Session], object], object]] = {
    "in": (lambda s: "message" in s, True),
    "not in": (lambda s: "a" not in s, True),
    "len": (len, 2),
    "bool": (bool, True),
    "==": (lambda s: s == CONTENT, True),
    "== from the left": (lambda s: CONTENT == s, True),  # noqa: SIM300  # the order matters here
    "!=": (lambda s: s != CONTENT, False),
    "|": (lambda s: s | {"a": 1}, MERGED),
    "| from the left": (lambda s: {"a": 1} | s, MERGED),
    "|=": (merge, MERGED),
    "dict": (dict, CONTENT),
    "** in a dict": (lambda s: {**s}, CONTENT),
    "** in a call": (lambda s: unpack(**s), CONTENT),
    "update another": (lambda s: {"a": 1}.__ior__(s), MERGED),
    "for": (list, ["message", "user"]),
    "reversed": (lambda s: list(reversed(s)), ["user", "message"]),
    "repr": (repr, repr(CONTENT)),
    "str": (str, repr(CONTENT)),
    "f-string": (lambda s: f"{s}", repr(CONTENT)),
    "format_map": (lambda s: "{message}!".format_map(s), "hi!"),
    "match": (match, "hi"),
    "item": (lambda s: s["message"], "hi"),
    "set item": (assign, None),
    "delete item": (delete, None),
    "get": (lambda s: s.get("message"), "hi"),
    "keys": (lambda s: list(s.keys()), ["message", "user"]),
    "values": (lambda s: list(s.values()), list(CONTENT.values())),
    "items": (lambda s: list(s.items()), list(CONTENT.items())),
    "pop": (lambda s: s.pop("message"), "hi"),
    "popitem": (lambda s: s.popitem(), ("user", CONTENT["user"])),
    "setdefault": (lambda s: s.setdefault("message", "bye"), "hi"),
    "update": (lambda s: s.update(a=1), None),
    "clear": (lambda s: s.clear(), None),
    "copy": (lambda s: s.copy(), CONTENT),
    "copy.copy": (copy.copy, CONTENT),
    "copy.deepcopy": (copy.deepcopy, CONTENT),
    "json": (lambda s: json.loads(json.dumps(s)), CONTENT),
    "pickle": (lambda s: pickle.loads(pickle.dumps(s)), CONTENT),
    "new": (lambda s: s.new, False),
    "created_at": (lambda s: s.created_at, NOW - 1000),
    "duration": (lambda s: s.duration, 60_000),
    "expires_at": (lambda s: s.expires_at, NOW + 59_000),
    "reset": (lambda s: s.reset(), None),
    "reset except": (lambda s: s.reset("message"), None),
    "set_duration": (lambda s: s.set_duration(timedelta(1)), None),
    "modified =": (lambda s: setattr(s, "modified", True), None),
}


@pytest.mark.parametrize(("touch", "result"), TOUCHES.values(), ids=TOUCHES)
def test_first_touch(
    opened: Opened, touch: Callable[[Session], object], result: object
) -> None:
    """Each way to read or change a session opens it, and opens it only once."""
    assert touch(opened.session) == result

    len(opened.session)
    assert opened.openings == [NOW]


def test_every_method_of_dict(session: Session) -> None:
    """`Session` overrides every method of dict that reads or changes the content."""
    made_or_typed = {"__new__", "__init__", "__getattribute__", "__class_getitem__", "fromkeys"}
    blind = {"__sizeof__", "__hash__", "__doc__", "__lt__", "__le__", "__gt__", "__ge__"}

    assert vars(dict).keys() - made_or_typed - blind <= vars(Session).keys()


def test_untouched(opened: Opened) -> None:
    """`modified` does not open the session."""
    session = opened.session

    assert not session.modified
    assert not opened.openings


def test_opened_without_change(session: Session) -> None:
    """Opening does not count as a change."""
    assert session

    assert not session.modified


def test_new_session(time: list[int]) -> None:
    """A session without a cookie is empty and new, and its duration counts from now."""
    session = Session(now=lambda: time[0], duration=120_000)

    assert session == {}
    assert session.new
    assert not session.modified
    assert (session.created_at, session.duration) == (NOW, 120_000)
    assert session.expires_at == NOW + 120_000


def test_duration_without_unit() -> None:
    """The initial duration must be a whole number of milliseconds."""
    for duration in (timedelta(minutes=2), 120.0, True):
        with pytest.raises(TypeError, match=r"duration must be whole milliseconds, got"):
            Session(now=lambda: NOW, duration=duration)  # type: ignore[arg-type]


def test_opener_that_fails() -> None:
    """If the opener raises, it raises once; then the session is empty, and never sent."""
    openings: list[int] = []

    def opener() -> Held:
        openings.append(NOW)
        raise OSError("no key server")

    session = Session(now=lambda: NOW, duration=1, opener=opener)

    with pytest.raises(OSError, match="no key server"):
        session.get("a")
    assert session == {}
    assert json.loads(json.dumps(session)) == {}
    session["a"] = 1
    assert not session.modified
    assert openings == [NOW]


def test_opener_that_uses_the_session() -> None:
    """While it opens, a session appears new and empty, even to its opener."""
    seen: list[object] = []

    def opener() -> Held:
        seen.extend([dict(it), it.new, it.created_at])
        return held({"a": 1}, NOW - 3, 5)

    it = session = Session(now=lambda: NOW, duration=1, opener=opener)

    assert session == {"a": 1}
    assert seen == [{}, True, NOW]


def test_opened_by_two_threads() -> None:
    """While one thread opens a session, another thread waits; then both see the content."""
    opening, go_on = threading.Event(), threading.Event()

    def opener() -> Held:
        opening.set()
        assert go_on.wait(PATIENCE)
        return held(CONTENT, NOW, 5)

    session = Session(now=lambda: NOW, duration=1, opener=opener)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(len, session)
        assert opening.wait(PATIENCE)
        second = pool.submit(len, session)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.05)
        go_on.set()

        assert (first.result(PATIENCE), second.result(PATIENCE)) == (2, 2)


CHANGES: dict[str, Callable[[Session], object]] = {
    "value": lambda s: s.update(message="bye"),
    "key": lambda s: s.update(a=None),
    "deleted": lambda s: s.pop("message"),
    "nested list": lambda s: s["user"]["tags"].append("b"),
    "nested dict": lambda s: s["user"].update(name="Ada"),
    "order": lambda s: s.update(message=s.pop("message")),
    "true for one": lambda s: s.update(message=True),
    "reset": lambda s: s.reset(),
    "reset nothing": lambda s: s.reset("message", "user"),
    "same duration": lambda s: s.set_duration(timedelta(seconds=60)),
    "modified = True": lambda s: setattr(s, "modified", True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change(session: Session, change: Callable[[Session], object]) -> None:
    """A change at any depth, of content, order or duration, sets `modified`."""
    change(session)

    assert session.modified


NO_CHANGES: dict[str, Callable[[Session], object]] = {
    "same value": lambda s: s.__setitem__("message", "hi"),
    "same tree": lambda s: s.update(copy.deepcopy(CONTENT)),
    "there and back": lambda s: s.__setitem__("user", s.pop("user")),
    "copy changed": lambda s: s.copy().clear(),
    "modified = False": lambda s: setattr(s, "modified", False),
    "interned string": lambda s: s.__setitem__("message", sys.intern("h" + "i"[:1])),
    "the same list twice": lambda s: s.update(user={"tags": s["user"]["tags"]}),
}


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_no_change(session: Session, change: Callable[[Session], object]) -> None:
    """An operation that leaves the session's JSON the same does not set `modified`."""
    change(session)

    assert not session.modified


SAME_JSON: dict[str, tuple[object, object]] = {
    "float": (1, 1.0),
    "zero": (0, -0.0),
    "halves": ("\U0001f600", "\ud83d\ude00"),
    "order of indices": ({"1": 0, "2": 0}, {"2": 0, "1": 0}),
    "one for two": ([["a"], ["a"]], [["a"]] * 2),
}


@pytest.mark.parametrize(("before", "after"), SAME_JSON.values(), ids=SAME_JSON)
def test_same_json(before: object, after: object) -> None:
    """Replacing a value by one with the same JSON does not set `modified`."""
    session = beginning_with({"a": before})

    session["a"] = after

    assert not session.modified


OTHER_JSON: dict[str, tuple[object, object]] = {
    "true for one": (1, True),
    "half for one": (1.5, 1),
    "text for a number": (1, "1"),
    "nothing": ({}, None),
    "nested": ([{"a": [1, 2]}], [{"a": [1, 3]}]),
    "order": ({"a": 0, "b": 0}, {"b": 0, "a": 0}),
}


@pytest.mark.parametrize(("before", "after"), OTHER_JSON.values(), ids=OTHER_JSON)
def test_other_json(before: object, after: object) -> None:
    """Replacing a value by one with different JSON sets `modified`, even if both are equal."""
    session = beginning_with({"a": before})

    session["a"] = after

    assert session.modified


@pytest.mark.parametrize("text", ['{"a": 1}', '{"a":2,"a":1}', '{"a":1.0}'])
def test_json_in_another_form(text: str) -> None:
    """Reading a cookie whose JSON is formatted differently does not set `modified`."""
    state = State(NOW, 5, NOW, text, new=False)
    session = Session(now=lambda: NOW, duration=1, opener=lambda: ({"a": 1}, state))

    assert session["a"] == 1
    assert not session.modified
    session["a"] = 2
    assert session.modified


def test_marks_are_part_of_the_json() -> None:
    """The position of the two marks among the keys does not count as a change."""
    state = State(NOW, 5, NOW - 7, f'{{"{ID}":"x","{BORN}":{NOW - 7},"a":1}}', "x", new=False)
    session = Session(
        now=lambda: NOW, duration=1, opener=lambda: ({"a": 1}, state), new_id=lambda: "y"
    )

    assert session == {"a": 1}
    assert not session.modified
    session["a"] = 2
    assert session._changed_json() == f'{{"a":2,"{BORN}":{NOW - 7},"{ID}":"x"}}'


def test_public_names(session: Session) -> None:
    """Besides dict's and Flask's names, a session has only the public names listed here."""
    public = {name for name in dir(session) if not name.startswith("_")}

    assert public - set(dir(dict)) - {"accessed"} == {
        "born_at", "created_at", "duration", "expires_at", "modified", "new", "permanent",
        "replace", "reset", "set_duration", "size",
    }  # fmt: skip


def test_session_that_contains_itself(session: Session) -> None:
    """A list that contains itself twice raises an error without a long search."""
    tags = session["user"]["tags"]
    tags += [tags, tags]

    with pytest.raises(ValueError, match="or contains itself"):
        _ = session.modified


def test_modified_can_be_taken_back(session: Session) -> None:
    """Setting `modified` to False undoes True, but does not hide a real change."""
    session.modified = True
    session.modified = False
    assert not session.modified

    session["message"] = "bye"
    assert session.modified


def test_permanent(session: Session) -> None:
    """`permanent` is Flask's: False until it is set, and kept in the content."""
    assert session.permanent is False

    session.permanent = True

    assert session.permanent is True
    assert session == {**CONTENT, "_permanent": True}


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "own copy": lambda s: s.copy(),
    "pickle": lambda s: pickle.loads(pickle.dumps(s)),
}


@pytest.mark.parametrize("twin", COPIES.values(), ids=COPIES)
def test_copy(session: Session, twin: Callable[[Any], Any]) -> None:
    """A copy is a plain dict with the content."""
    content = twin(session)

    assert type(content) is dict
    assert content == CONTENT


def test_deep_copy(session: Session) -> None:
    """A change in a deep copy does not affect the session."""
    copy.deepcopy(session)["user"]["tags"].append("b")

    assert session == CONTENT


def test_reset(session: Session, time: list[int]) -> None:
    """`reset` empties the session; the default duration counts from now."""
    time[0] += 5

    session.reset()

    assert session == {}
    assert (session.created_at, session.duration) == (NOW + 5, 120_000)


def test_reset_except_some(session: Session) -> None:
    """`reset` keeps the named keys, and ignores a name that is not in the session."""
    session["a"] = 1

    session.reset("user", "nothing")

    assert session == {"user": CONTENT["user"]}
    assert session.created_at == NOW


@pytest.mark.parametrize("key", [["message"], 1, None], ids=repr)
def test_reset_with_invalid_key(session: Session, key: Any) -> None:
    """`reset` with a list or another type raises an error and changes nothing."""
    with pytest.raises(TypeError, match=r"expected keys one by one, as in reset\('a', 'b'\)"):
        session.reset("message", key)

    assert session == CONTENT


def test_set_duration(session: Session, time: list[int]) -> None:
    """A new duration counts from now and keeps the content."""
    time[0] += 5

    session.set_duration(timedelta(seconds=5))

    assert session == CONTENT
    assert (session.created_at, session.duration) == (NOW + 5, 5000)


def test_set_duration_zero(session: Session) -> None:
    """A duration of zero is allowed: the session expires now."""
    session.set_duration(timedelta(0))

    assert session.expires_at == NOW


def test_reset_after_set_duration(session: Session) -> None:
    """`reset` restores the default duration."""
    session.set_duration(timedelta(seconds=5))

    session.reset()

    assert session.duration == 120_000


@pytest.mark.parametrize("value", [60, 60.0, "60", None], ids=repr)
def test_no_unit(session: Session, value: Any) -> None:
    """A duration without a unit raises an error, and the session does not change."""
    with pytest.raises(TypeError, match=rf"^duration must be a timedelta, got {value!r};"):
        session.set_duration(value)

    assert session.expires_at == NOW + 59_000
    assert not session.modified


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        (timedelta(0), 0),
        (timedelta(microseconds=999), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(minutes=2), 120_000),
        (timedelta(days=36_500), 3_153_600_000_000),
    ],
    ids=str,
)
def test_milliseconds(value: timedelta, ms: int) -> None:
    """A timedelta is converted to whole milliseconds, up to 36,500 days."""
    assert milliseconds(value, "duration") == ms


@pytest.mark.parametrize(
    "value", [timedelta(microseconds=-1), timedelta(days=36_500, microseconds=1)], ids=str
)
def test_milliseconds_out_of_range(value: timedelta) -> None:
    """A timedelta out of range raises an error with the range."""
    with pytest.raises(ValueError, match=r"active_duration must be from 0 to 36500 days"):
        milliseconds(value, "active_duration")


def test_value_that_json_cannot_hold(session: Session) -> None:
    """Reading `modified` raises an error that names the value JSON cannot hold."""
    session["user"]["when"] = timedelta(1)

    with pytest.raises(
        TypeError, match=r"session\['user'\]\['when'\] is of type datetime.timedelta"
    ):
        _ = session.modified


def test_two_unopened_sessions_are_compared_by_content() -> None:
    """Comparing two sessions opens both."""
    one, two = beginning_with(CONTENT), beginning_with(CONTENT)

    assert one == two
    assert (one != two) is False
    assert one != {}


def test_key_called_self(session: Session) -> None:
    """`update` takes any key, as dict's does."""
    session.update(self=1)

    assert session["self"] == 1
