"""What Mozilla's tests check about sessions: content, lifetime, several on one app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from flask import session as flask_session

from lesson_app import ClientSessions, Session, derive_keys, unseal
from lesson_app.lab import Clock
from tests.conftest import SECRET, Act, Site, opened, set_cookies, the_cookie, write

MS = timedelta(milliseconds=1)
KEYS = derive_keys(SECRET)


def set_foo(session: Session) -> None:
    session["foo"] = "bar"


def get_foo(session: Session) -> object:
    return session.get("foo")


def content(session: Session) -> object:
    return dict(session)


@pytest.fixture
def session(clock: Clock) -> Session:
    """A session without a request."""
    return Session(now=lambda: round(clock() * 1000), duration=5000)


@pytest.mark.conforms("T01")
def test_session_object(site: Site) -> None:
    """In a view, `flask.session` is a `Session`."""

    def view(session: Session) -> object:
        return isinstance(session, Session) and session == flask_session

    assert site.visit(view).text == "True"


@pytest.mark.conforms("T02")
def test_set_and_get(session: Session) -> None:
    """A value set in the session can be read back."""
    session["foo"] = "bar"

    assert session["foo"] == "bar"


@pytest.mark.conforms("T03", "T04")
@pytest.mark.parametrize("method", ["reset", "set_duration"])
def test_methods(session: Session, method: str) -> None:
    """A session has the methods `reset` and `set_duration`."""
    assert callable(getattr(session, method))
    assert not hasattr(dict, method)


@pytest.mark.conforms("T05")
def test_reset(session: Session) -> None:
    """`reset` empties the session."""
    session["foo"] = "bar"

    session.reset()

    assert session.get("foo") is None
    assert session == {}


@pytest.mark.conforms("T06")
def test_keys_are_the_apps_own(session: Session) -> None:
    """Iterating over a session yields the app's keys, and no others."""
    session["foo"] = "bar"

    assert list(session) == list(session.keys()) == ["foo"]


@pytest.mark.conforms("T07")
def test_reset_keeps(session: Session) -> None:
    """`reset` keeps a named key; a list, as in Mozilla's API, raises an error with the fix."""
    session.update(foo="bar", bar="foo")

    with pytest.raises(TypeError, match=r"expected keys one by one, as in reset\('a', 'b'\)"):
        session.reset(["foo"])  # type: ignore[arg-type]
    session.reset("foo")

    assert session == {"foo": "bar"}


@pytest.mark.conforms("T08")
def test_replace(session: Session) -> None:
    """`replace` replaces the whole content, and raises an error for a string."""
    session["foo"] = "bar"

    session.replace({"bar": "foo"})

    assert session == {"bar": "foo"}
    assert isinstance(session, Session)
    with pytest.raises(TypeError, match="content must be a dict, got str"):
        session.replace("foo")  # type: ignore[arg-type]
    assert session == {"bar": "foo"}


class Two(NamedTuple):
    """An app with two sessions under the same secret: the site's, and one more."""

    site: Site
    other: ClientSessions


@pytest.fixture
def two(clock: Clock) -> Two:
    site = Site(clock)
    return Two(site, ClientSessions(site.app, cookie_name="other", secret=SECRET, clock=clock))


@pytest.mark.conforms("T09", "T10")
def test_one_of_two_written(two: Two) -> None:
    """Only the session that was written sets a cookie."""
    assert [cookie.name for cookie in set_cookies(two.site.visit(write))] == ["session"]
    two.site.browser.delete_cookie("session")
    response = two.site.visit(lambda _: write(two.other.session))
    assert [cookie.name for cookie in set_cookies(response)] == ["other"]


@pytest.mark.conforms("T11", "T12", "T13")
@pytest.mark.parametrize("attribute", ["expires", "path", "httponly"])
def test_attribute_by_default(two: Two, attribute: str) -> None:
    """By default a cookie has Expires, Path=/ and HttpOnly."""
    for act in (write, lambda _: write(two.other.session)):
        response = two.site.visit(act)

        assert attribute in set_cookies(response)[0].attributes


@pytest.mark.conforms("T14")
def test_across_requests(site: Site) -> None:
    """A string and a list can be read in the next request."""
    site.visit(lambda s: s.update(foo="bar", bar=["foo", "bar"]))

    assert site.visit(content).text == "{'foo': 'bar', 'bar': ['foo', 'bar']}"


@pytest.mark.conforms("T15")
def test_reset_of_a_stored_session(site: Site) -> None:
    """`reset` empties a session from a cookie; the next request finds it empty."""
    site.visit(set_foo)

    response = site.visit(lambda s: s.reset())

    assert opened(response).content == {}
    assert site.visit(content).text == "{}"


@pytest.mark.conforms("T16")
def test_deleted_key(site: Site) -> None:
    """In the next request a deleted key is still missing, and the others are there."""
    site.visit(lambda s: s.update(foo="bar", bar="foo"))

    site.visit(lambda s: s.pop("foo"))

    assert site.visit(content).text == "{'bar': 'foo'}"


@pytest.mark.conforms("T17")
def test_nested_change(site: Site) -> None:
    """A change inside a nested value is detected and kept for the next request."""
    site.visit(lambda s: s.update(foo={"bar": {"list": [1]}}))

    response = site.visit(lambda s: s["foo"]["bar"]["list"].append(2))

    assert opened(response).content == {"foo": {"bar": {"list": [1, 2]}}}
    assert site.visit(lambda s: s["foo"]["bar"]["list"]).text == "[1, 2]"


@pytest.mark.conforms("T18")
def test_reading(site: Site) -> None:
    """Reading a session that does not expire soon sets no cookie."""
    site.visit(set_foo)

    response = site.visit(get_foo)

    assert (response.text, set_cookies(response)) == ("bar", [])


@pytest.mark.conforms("T19")
def test_reading_nothing(site: Site) -> None:
    """Without a cookie, reading finds an empty session and sets no cookie."""
    response = site.visit(lambda s: s.get("foo", ""))

    assert (response.text, set_cookies(response)) == ("", [])


@pytest.mark.conforms("T20", "T21")
def test_one_cookie(site: Site) -> None:
    """A request that resets and writes a session twice sets one cookie."""

    def reset_and_write_twice(session: Session) -> None:
        for value in ("one", "two"):
            session.reset()
            session["foo"] = value

    assert len(set_cookies(site.visit(set_foo))) == 1
    assert opened(site.visit(reset_and_write_twice)).content == {"foo": "two"}


STEPS: dict[str, tuple[list[tuple[int, Act]], str]] = {
    "alive at 200": ([(200, get_foo)], "bar"),
    "gone at 800": ([(800, get_foo)], "None"),
    "written at 200, alive at 400": ([(200, write), (200, get_foo)], "bar"),
    "written at 300, gone at 600": ([(300, write), (300, get_foo)], "None"),
}


@pytest.mark.conforms("T22", "T24", "T25", "T26")
@pytest.mark.parametrize(("steps", "last"), STEPS.values(), ids=STEPS)
def test_half_a_second(clock: Clock, steps: list[tuple[int, Act]], last: str) -> None:
    """Without extension, a session's end counts from its start; writing does not move it."""
    site = Site(clock, duration=500 * MS, active_duration=timedelta(0))
    site.visit(set_foo)

    for wait, act in steps:
        clock.advance(wait * MS)
        response = site.visit(act)

    assert response.text == last


@pytest.mark.conforms("T23")
def test_change_does_not_move_created_at(clock: Clock) -> None:
    """A changed value is kept, and `created_at` does not change."""
    site = Site(clock, duration=500 * MS, active_duration=timedelta(0))
    first = opened(site.visit(set_foo))
    clock.advance(200 * MS)

    second = opened(site.visit(lambda s: s.update(foo="baz")))

    assert second.content == {"foo": "baz"}
    assert second.created_at == first.created_at
    assert second.created_at == site.now - 200


@pytest.fixture
def lasting(clock: Clock) -> Site:
    """A site with sessions of 5 s, and a visitor whose session began a second ago."""
    site = Site(clock, duration=5000 * MS, active_duration=timedelta(0))
    site.visit(set_foo)
    clock.advance(1000 * MS)
    return site


@pytest.mark.conforms("T27", "T28", "T29", "T30")
def test_set_duration(lasting: Site) -> None:
    """A new duration counts from now, is in the cookie, and keeps the values."""
    response = lasting.visit(lambda s: s.set_duration(500 * MS))

    assert opened(response).content == {"foo": "bar"}
    assert opened(response).created_at == lasting.now
    assert the_cookie(response).value.split(".")[3] == "500"
    lasting.clock.advance(500 * MS)
    assert lasting.visit(get_foo).text == "bar"
    lasting.clock.advance(200 * MS)
    assert lasting.visit(get_foo).text == "None"


def write_first(session: Session) -> None:
    session["bar"] = "baz"
    session.set_duration(500 * MS)


def write_last(session: Session) -> None:
    session.set_duration(500 * MS)
    session["bar"] = "baz"


@pytest.mark.conforms("T31", "T32")
@pytest.mark.parametrize("act", [write_first, write_last])
def test_set_duration_and_write(lasting: Site, act: Act) -> None:
    """A write and a new duration in one request are both kept, in either order."""
    found = opened(lasting.visit(act))

    assert (found.content, found.duration) == ({"foo": "bar", "bar": "baz"}, 500)
    assert lasting.visit(content).text == "{'foo': 'bar', 'bar': 'baz'}"


@pytest.mark.conforms("T33")
def test_set_duration_then_write(lasting: Site) -> None:
    """A write in a later request keeps the old value and the new duration."""
    lasting.visit(lambda s: s.set_duration(500 * MS))

    found = opened(lasting.visit(lambda s: s.update(bar="baz")))

    assert (found.content, found.duration) == ({"foo": "bar", "bar": "baz"}, 500)
    assert lasting.visit(content).text == "{'foo': 'bar', 'bar': 'baz'}"


@pytest.mark.conforms("T43")
def test_two_written(two: Two) -> None:
    """Two sessions of one app are written and read independently."""

    def write_both(session: Session) -> None:
        session["foo"] = "bar"
        two.other.session["bar"] = "foo"

    def read_both(session: Session) -> object:
        return dict(session), dict(two.other.session)

    values = {cookie.name: cookie.value for cookie in set_cookies(two.site.visit(write_both))}

    assert unseal(values["session"], KEYS).content == {"foo": "bar"}
    assert unseal(values["other"], KEYS, name="other").content == {"bar": "foo"}
    assert two.site.visit(read_both).text == "({'foo': 'bar'}, {'bar': 'foo'})"


@pytest.mark.conforms("T44")
def test_session_with_another_cookie_name(clock: Clock) -> None:
    """Code reaches a session through its ClientSessions, not through the cookie's name."""
    site = Site(clock, cookie_name="first")
    ours = ClientSessions(site.app, cookie_name="second", secret=SECRET, clock=clock)

    response = site.visit(lambda _: ours.session.update(foo="bar"))

    assert the_cookie(response).name == "second"
    assert site.visit(lambda s: (s.get("foo"), ours.session["foo"])).text == "(None, 'bar')"


@pytest.mark.conforms("T45")
def test_swapped_values(two: Two) -> None:
    """Neither cookie opens under the other's name, although one secret sealed both."""

    def both(change: Callable[[Session], object]) -> Act:
        return lambda session: (change(session), change(two.other.session))

    cookies = set_cookies(two.site.visit(both(set_foo)))
    first, second = (cookie.value for cookie in cookies)
    kept = f"session={first}; other={second}"
    swapped = f"session={second}; other={first}"

    assert two.site.visit_with(kept, both(get_foo)).text == "('bar', 'bar')"
    assert two.site.visit_with(swapped, both(get_foo)).text == "(None, None)"
