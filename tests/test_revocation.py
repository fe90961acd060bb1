"""Sessions that are revoked before they expire, and the stores that remember them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask, Response
from flask import session as flask_session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import (
    ClientSessions,
    DenyList,
    MemoryStore,
    RevocationUnavailable,
    Session,
    SessionTooLarge,
    SQLiteStore,
    Unsealed,
    UserEpochs,
    cookie_refused,
    derive_keys,
    seal,
)
from lesson_app._engine.codec import SealedCodec
from lesson_app.lab import Clock
from lesson_app.session import ID
from lesson_app.stores import Store
from tests.conftest import SECRET, Site, opened, read, set_cookies, the_cookie, write

Advance = Callable[[float], None]


@pytest.fixture
def now(clock: Clock) -> Callable[[], int]:
    return lambda: round(clock() * 1000)


@pytest.fixture(params=["memory", "sqlite"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, now: Callable[[], int]
) -> MemoryStore | SQLiteStore:
    if request.param == "memory":
        return MemoryStore(now)
    return SQLiteStore(str(tmp_path / "revoked.db"), now)


def name_of(session: Session) -> str | None:
    user = session.get("user")
    return user["userName"] if user else None


def log_in(session: Session) -> None:
    session.reset()
    session["user"] = {"userName": "sampleuser"}


def user(session: Session) -> object:
    return session.get("user")


def test_user_epochs(store: Store, clock: Clock, advance: Advance) -> None:
    """`end_all` ends every session of one user, copies included, and no other user's."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    copy = the_cookie(site.visit(log_in)).value
    other = the_cookie(site.visit_with("", lambda s: s.update(user={"userName": "b"}))).value
    advance(50)
    extended = the_cookie(site.visit(lambda s: s.update(message="hi"))).value

    advance(1)
    epochs.end_all("sampleuser")

    for value in (copy, extended):
        assert site.visit_with(f"session={value}", user).text == "None"
    assert site.visit_with(f"session={other}", user).text == "{'userName': 'b'}"


def test_log_in_after_the_epoch(store: Store, clock: Clock, advance: Advance) -> None:
    """A user whose sessions were ended can log in again in the same browser."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    site.visit(log_in)
    epochs.end_all("sampleuser")
    advance(0.001)

    site.visit(log_in)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"


def test_deny_list(store: Store, clock: Clock, advance: Advance) -> None:
    """A revoked cookie is refused, with or without quotation marks; others still open."""
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(lambda s: s.update(message="hi"))).value
    other = the_cookie(site.visit_with("", lambda s: s.update(message="hi"))).value

    def log_out(s: Session) -> None:
        denied.end(s)
        s.reset()

    site.visit(log_out)

    assert site.visit_with(f"session={value}", read).text == "None"
    assert site.visit_with(f'session="{value}"', read).text == "None"
    assert site.visit_with(f"session={other}", read).text == "hi"


def test_deny_list_forgets(clock: Clock, now: Callable[[], int], advance: Advance) -> None:
    """An entry is kept for `max_lifetime` and an hour, and no longer."""
    store = MemoryStore(now)
    denied = DenyList(store, now=now)
    site = Site(clock, revocation=denied, max_lifetime=timedelta(hours=2))
    site.visit(lambda s: s.update(message="hi"))
    site.visit(denied.end)
    [key] = store._entries

    advance(2 * 3600 + 3600)
    assert store.get(key) == 1
    advance(0.001)
    assert store.get(key) is None


def test_clock_that_advances_within_a_request(
    tmp_path: Path, clock: Clock, advance: Advance
) -> None:
    """A revoked cookie is refused even if it expires during the request."""

    def a_millisecond_later() -> int:
        return round(clock() * 1000) + 1

    path = str(tmp_path / "revoked.db")
    for store in (MemoryStore(a_millisecond_later), SQLiteStore(path, a_millisecond_later)):
        denied = DenyList(store)
        site = Site(clock, revocation=denied)
        value = the_cookie(site.visit(lambda s: s.update(message="hi"))).value
        site.visit(denied.end)

        advance(120)
        response = site.visit_with(f"session={value}", read)

        assert response.text == "None"


def test_clock_that_is_set_back(clock: Clock, now: Callable[[], int]) -> None:
    """A revoked cookie is refused even if the store's clock is half an hour ahead."""
    ahead = [0]
    denied = DenyList(MemoryStore(lambda: now() + ahead[0]))
    site = Site(clock, revocation=denied)
    site.visit(lambda s: s.update(message="hi"))
    site.visit(denied.end)

    ahead[0] = 30 * 60 * 1000

    assert site.visit(read).text == "None"


def test_deny_list_without_a_cookie(clock: Clock) -> None:
    """Ending a session that has no cookie stores nothing."""
    store = MemoryStore()
    denied = DenyList(store)
    site = Site(clock, revocation=denied)

    site.visit(denied.end)

    assert len(store) == 0


def test_deny_list_after_a_refusal(clock: Clock, advance: Advance) -> None:
    """Ending a session whose cookie was refused stores nothing."""
    store = MemoryStore(lambda: round(clock() * 1000))
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    site.visit(lambda s: s.update(message="hi"))
    advance(500)

    site.visit(denied.end)

    assert len(store) == 0


def test_revoked_is_reported(clock: Clock) -> None:
    """A revoked session is refused with the reason "revoked"."""
    denied = DenyList(MemoryStore(lambda: round(clock() * 1000)))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(write)).value
    site.visit(denied.end)
    seen: list[str] = []

    def note(sender: object, *, reason: str, **details: str) -> None:
        seen.append(reason)

    with cookie_refused.connected_to(note, site.app):
        site.visit_with(f"session={value}", read)

    assert seen == ["revoked"]


def test_store_that_fails(clock: Clock) -> None:
    """If `is_revoked` raises, the request fails and the visitor keeps the session."""

    class Broken:
        broken = False

        def is_revoked(self, session: Session) -> bool:
            if self.broken:
                raise OSError("the disk is gone")
            return False

    revocation = Broken()
    site = Site(clock, revocation=revocation)
    site.visit(lambda s: s.update(message="hi"))
    site.app.testing = False

    revocation.broken = True
    response = site.visit(read)
    revocation.broken = False

    assert response.status_code == 500
    assert not set_cookies(response)
    assert site.visit(read).text == "hi"


def test_several_revocations(clock: Clock, now: Callable[[], int], advance: Advance) -> None:
    """Any of several revocations can end a session."""
    store = MemoryStore(now)
    denied, epochs = DenyList(store), UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=[denied, epochs])
    one, two, three = (the_cookie(site.visit_with("", log_in)).value for _ in range(3))

    site.visit_with(f"session={one}", denied.end)
    assert site.visit_with(f"session={one}", user).text == "None"
    assert site.visit_with(f"session={two}", user).text != "None"
    epochs.end_all("sampleuser")

    assert site.visit_with(f"session={three}", user).text == "None"


def test_revocation_that_ends_the_session(clock: Clock, now: Callable[[], int]) -> None:
    """A revocation of one's own can pass the session on to a `DenyList`, which ends it."""
    denied = DenyList(MemoryStore(now))

    class Banned:
        name = ""

        def is_revoked(self, session: Session) -> bool:
            if name_of(session) == self.name:
                denied.end(session)
            return denied.is_revoked(session)

    banned = Banned()
    site = Site(clock, revocation=banned)
    value = the_cookie(site.visit(log_in)).value
    banned.name = "sampleuser"
    site.visit(user)
    banned.name = ""

    assert site.visit_with(f"session={value}", user).text == "None"


def test_epoch_of_the_same_millisecond(store: Store, clock: Clock) -> None:
    """A session that began in the millisecond of `end_all` is ended too."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    site.visit(log_in)

    epochs.end_all("sampleuser")

    assert site.visit(user).text == "None"


def test_clocks_of_their_own(tmp_path: Path) -> None:
    """By default, stores and epochs use the computer's clock, in ms."""
    before = time.time() * 1000
    for store in (MemoryStore(), SQLiteStore(str(tmp_path / "revoked.db"))):
        store.put("gone", 1, int(before) - 1)
        store.put("here", 1, int(before) + 600_000)
        UserEpochs(store, user=name_of).end_all("a")

        assert (store.get("gone"), store.get("here")) == (None, 1)
        assert before - 1 <= (store.get("user:a") or 0) <= time.time() * 1000 + 1


def test_end_all_except_this(store: Store, clock: Clock) -> None:
    """`end_all` with `keep` ends every other session of the user."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    copy = the_cookie(site.visit(log_in)).value

    site.visit(lambda s: epochs.end_all("sampleuser", keep=s))

    assert site.visit(user).text == "{'userName': 'sampleuser'}"
    assert not set_cookies(site.visit(user))
    assert site.visit_with(f"session={copy}", user).text == "None"


def test_sessions_just_before_end_all() -> None:
    """With the computer's clock, `end_all` ends every session that began before it."""
    epochs = UserEpochs(MemoryStore(), user=name_of)
    sessions = ClientSessions(secret=SECRET, revocation=epochs)
    app = Flask("before")
    sessions.init_app(app)
    for _ in range(200):
        name, value = sessions.make_cookie({"user": {"userName": "a"}}, app)
        epochs.end_all("a")
        assert sessions.open(f"{name}={value}", app) == {}


# Sessions in flight, without an id, without a user


@pytest.mark.parametrize("late", [write, lambda s: s.set_duration(timedelta(minutes=9))])
def test_request_in_flight_during_the_logout(
    store: Store, clock: Clock, late: Callable[[Session], object]
) -> None:
    """A response to a request from before the logout sets no cookie for the session."""
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(log_in)).value

    def slow(session: Session) -> None:
        assert user(session)
        site.visit_with(f"session={value}", denied.end)
        late(session)

    assert not set_cookies(site.visit_with(f"session={value}", slow))
    assert site.visit_with(f"session={value}", user).text == "None"


def test_earlier_cookies_are_ended_too(store: Store, clock: Clock, advance: Advance) -> None:
    """Ending a session refuses each cookie that it ever had, also after an extension."""
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    values = [the_cookie(site.visit(log_in)).value]
    for _ in range(3):
        advance(70)
        values.append(the_cookie(site.visit(user)).value)
    site.visit(denied.end)

    assert len(set(values)) == 4
    for value in values[2:]:
        assert site.visit_with(f"session={value}", user).text == "None"


def test_session_that_is_ended_begins_again(clock: Clock, now: Callable[[], int]) -> None:
    """`end` resets the session: what the view sets after it is in a session with another id."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    site.visit(log_in)

    def log_out(session: Session) -> None:
        denied.end(session)
        session["message"] = "goodbye"

    site.visit(log_out)

    assert site.visit(dict).text == "{'message': 'goodbye'}"


def test_visitors_without_anything_cost_the_store_nothing(clock: Clock) -> None:
    """A visitor whose session never held anything can log out any number of times."""
    store = MemoryStore()
    denied = DenyList(store)
    site = Site(clock, revocation=denied)

    for _ in range(50):
        assert set_cookies(site.visit(denied.end))

    assert len(store) == 0


def test_session_that_was_emptied_is_ended(clock: Clock, now: Callable[[], int]) -> None:
    """A session that held something keeps its id when it is emptied, so all is ended."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(log_in)).value
    site.visit(lambda s: s.clear())

    site.visit(denied.end)

    assert site.visit_with(f"session={value}", user).text == "None"


def test_cookie_of_express_is_ended(clock: Clock, now: Callable[[], int]) -> None:
    """A cookie without an id gets one from its MAC, and each copy of it the same."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    theirs = seal({"user": "a"}, derive_keys(SECRET), created_at=site.now, duration=60_000)
    ids = {
        opened(site.visit_with(f"session={text}", user)).content[ID]
        for text in (theirs, f'"{theirs}"', theirs)
    }
    assert len(ids) == 1

    site.visit_with(f"session={theirs}", denied.end)

    assert site.visit_with(f'session="{theirs}"', user).text == "None"


class WithoutMac(SealedCodec):
    """A codec of a user's own that says nothing of the cookie's identity."""

    def unseal(self, value: str, *, name: str) -> Unsealed:
        opened = super().unseal(value, name=name)
        return Unsealed(opened.content, opened.created_at, opened.duration)


def test_codec_without_a_mac(clock: Clock, now: Callable[[], int]) -> None:
    """With a codec that returns no MAC, sessions still end; one without an id is refused."""
    denied = DenyList(MemoryStore(now))
    codec = WithoutMac(derive_keys(SECRET))
    site = Site(clock, secret=None, codec=codec, revocation=denied)
    value = the_cookie(site.visit(log_in)).value
    unknown = codec.seal({"user": "a"}, name="session", created_at=site.now, duration=60_000)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"
    assert site.visit_with(f"session={unknown}", user).text == "None"
    site.visit(denied.end)
    assert site.visit_with(f"session={value}", user).text == "None"


@pytest.mark.parametrize("odd", ["", 5, None, "x" * 21, "x" * 23, "x" * 21 + "!"], ids=repr)
def test_odd_id(clock: Clock, now: Callable[[], int], odd: object) -> None:
    """An id that this library would not write counts as none."""
    site = Site(clock, revocation=DenyList(MemoryStore(now)))
    value = seal({ID: odd, "user": 1}, derive_keys(SECRET), created_at=site.now, duration=9)

    response = site.visit_with(f"session={value}", dict)

    assert response.text == "{'user': 1}"
    assert opened(response).content[ID] != odd


def test_deny_list_of_another_app(clock: Clock) -> None:
    """Ending a session that has no id raises an error: the app has no revocation."""
    denied = DenyList(MemoryStore())

    with pytest.raises(RuntimeError, match="pass this DenyList to ClientSessions"):
        Site(clock).visit(denied.end)


def test_without_max_lifetime_for_400_days(clock: Clock, now: Callable[[], int]) -> None:
    """Without `max_lifetime` an ended session is remembered for 400 days and an hour."""
    store = MemoryStore(now)
    denied = DenyList(store, now=now)
    site = Site(clock, revocation=denied)
    site.visit(log_in)
    site.visit(denied.end)
    [entry] = store._entries.values()

    assert entry == (1, now() + 400 * 24 * 3600 * 1000 + 3600 * 1000)


def test_ended_while_the_clock_was_ahead(clock: Clock, now: Callable[[], int]) -> None:
    """An entry that is made while the clocks are a year ahead is there when they are right."""
    ahead = [0]

    def jumping() -> int:
        return now() + ahead[0]

    denied = DenyList(MemoryStore(jumping), now=jumping)
    site = Site(clock, revocation=denied, max_lifetime=timedelta(hours=1))
    value = the_cookie(site.visit(log_in)).value

    ahead[0] = 365 * 24 * 3600 * 1000
    site.visit(denied.end)
    ahead[0] = 0

    assert site.visit_with(f"session={value}", user).text == "None"


USERS: dict[str, tuple[object, Callable[[Session], Any]]] = {
    "text where a dict was": ("ada", lambda s: s["user"].get("userName")),
    "missing": ({}, lambda s: s["user"]["userName"]),
    "a dict as name": ({"a": 1}, lambda s: s["user"]),
    "true": (True, lambda s: s["user"]),
    "a float": (1.5, lambda s: s["user"]),
}


@pytest.mark.parametrize(("stored", "find"), USERS.values(), ids=USERS)
def test_user_that_cannot_be_found(
    clock: Clock, stored: object, find: Callable[[Session], Any], caplog: Any
) -> None:
    """If `user` fails, the session is refused and logged, and the visitor can begin again."""
    site = Site(clock, revocation=UserEpochs(MemoryStore(), user=find))
    site.visit(lambda s: s.update(user=stored))

    response = site.visit(user)

    assert (response.status_code, response.text) == (200, "None")
    assert not set_cookies(response)
    assert "its user could not be found" in caplog.text
    assert site.visit(lambda s: s.update(user=stored)).status_code == 200


def test_session_without_a_user(clock: Clock, caplog: Any) -> None:
    """A session of nobody, such as a cart before the login, opens without the store."""
    site = Site(clock, revocation=UserEpochs(Gone(), user=name_of))  # type: ignore[arg-type]
    site.visit(write)

    assert site.visit(read).text == "hi"
    assert not caplog.records


def test_user_with_a_number(clock: Clock, now: Callable[[], int]) -> None:
    """A user may have a number for a name; anything else than str and int raises."""
    epochs = UserEpochs(MemoryStore(), user=lambda s: s.get("user"), now=now)
    site = Site(clock, revocation=epochs)
    site.visit(lambda s: s.update(user=7))
    assert site.visit(user).text == "7"

    epochs.end_all(7)

    assert site.visit(user).text == "None"
    with pytest.raises(TypeError, match="the user must be str or int, got dict"):
        epochs.end_all({"userName": "a"})  # type: ignore[arg-type]


def test_forget(clock: Clock, store: Store, now: Callable[[], int]) -> None:
    """`forget` undoes `end_all`."""
    epochs = UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=epochs)
    value = the_cookie(site.visit(log_in)).value
    epochs.end_all("sampleuser")
    assert site.visit_with(f"session={value}", user).text == "None"

    epochs.forget("sampleuser")
    epochs.forget("nobody")

    assert site.visit_with(f"session={value}", user).text != "None"


def test_clock_that_was_years_ahead(store: Store, clock: Clock, caplog: Any) -> None:
    """After `end_all` with a clock that is ahead, all is refused, and the log says the fix."""
    ahead = timedelta(days=1000)

    def now() -> int:
        return round((clock() + ahead.total_seconds()) * 1000)

    epochs = UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=epochs)
    old = the_cookie(site.visit(log_in)).value
    epochs.end_all("sampleuser")
    ahead = timedelta()
    site.visit(log_in)
    assert site.visit(user).text == "None"
    assert "call forget(user) and end_all(user)" in caplog.text

    epochs.forget("sampleuser")
    epochs.end_all("sampleuser")

    assert site.visit_with(f"session={old}", user).text == "None"
    clock.advance(timedelta(seconds=1))
    site.visit(log_in)
    assert site.visit(user).text != "None"


def test_session_that_began_with_a_clock_ahead(clock: Clock) -> None:
    """A session that seems to begin over an hour from now is refused: no epoch would end it."""
    site = Site(clock, revocation=UserEpochs(MemoryStore(), user=name_of))
    site.clock.advance(timedelta(hours=2))
    value = the_cookie(site.visit(log_in)).value
    behind = Site(Clock(), revocation=UserEpochs(MemoryStore(), user=name_of))

    assert behind.visit_with(f"session={value}", user).text == "None"


class Gone:
    """A store whose machine is gone."""

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        raise OSError("no connection")

    def get(self, key: str) -> int | None:
        raise OSError("no connection")

    delete = get


def test_page_for_a_store_that_fails(clock: Clock) -> None:
    """The app can answer a failed revocation with its own page, and see the store's error."""
    site = Site(clock, revocation=DenyList(Gone()))  # type: ignore[arg-type]
    causes: list[str] = []

    def come_back(error: Exception) -> tuple[str, int]:
        causes.append(repr(error.__cause__))
        return "come back", 503

    site.app.register_error_handler(RevocationUnavailable, come_back)
    value = seal({"user": 1}, derive_keys(SECRET), created_at=site.now, duration=60_000)

    for act in (user, cast(Any, site.app.session_interface)._options.revocation.end):
        response = site.visit_with(f"session={value}", act)
        assert (response.status_code, response.text) == (503, "come back")
        assert response.headers["Vary"] == "Cookie"
        assert not set_cookies(response)
    assert causes == ["OSError('no connection')"] * 2


# What an attacker tried


def logged_in(store: Store, clock: Clock) -> tuple[Site, DenyList, UserEpochs, str]:
    """Return a site with both revocations, and the cookie of a visitor who is logged in."""
    now = lambda: round(clock() * 1000)  # noqa: E731
    denied, epochs = DenyList(store, now=now), UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=[denied, epochs])
    return site, denied, epochs, the_cookie(site.visit(log_in)).value


@pytest.mark.parametrize("by", ["deny-list", "epochs"])
def test_rename_in_flight_during_the_logout(
    store: Store, clock: Clock, advance: Advance, by: str
) -> None:
    """A request in flight cannot give an ended session a new id and a new birth."""
    site, denied, epochs, value = logged_in(store, clock)

    def slow(session: Session) -> None:
        assert user(session)
        advance(1)
        if by == "epochs":
            epochs.end_all("sampleuser")
        else:
            site.visit_with(f"session={value}", denied.end)
        advance(1)
        session.reset("user")

    response = site.visit_with(f"session={value}", slow)

    assert not set_cookies(response)


@pytest.mark.parametrize("act", ["end", "keep"])
def test_renewal_in_flight_during_the_logout(
    store: Store, clock: Clock, advance: Advance, act: str
) -> None:
    """Nor can it with `end` that keeps the user, nor with `end_all` that keeps it."""
    site, denied, epochs, value = logged_in(store, clock)

    def slow(session: Session) -> None:
        assert user(session)
        advance(1)
        site.visit_with(f"session={value}", denied.end)
        epochs.end_all("sampleuser")
        advance(1)
        if act == "end":
            denied.end(session, "user")
        else:
            epochs.end_all("sampleuser", keep=session)

    for each in set_cookies(site.visit_with(f"session={value}", slow)):
        assert site.visit_with(f"session={each.value}", user).text == "None"


def test_renewal_of_a_session_that_lives(store: Store, clock: Clock) -> None:
    """Without a logout elsewhere, a session can be ended and begun again in one request."""
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(log_in)).value

    def renew(session: Session) -> None:
        found = user(session)
        denied.end(session)
        denied.end(session)
        session["user"] = found

    site.visit(renew)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"
    assert site.visit_with(f"session={value}", user).text == "None"


@pytest.mark.parametrize("first", [lambda s: s.reset(), lambda s: s.reset(*s)], ids=["", "*"])
def test_end_after_reset(
    store: Store, clock: Clock, first: Callable[[Session], object]
) -> None:
    """`end` ends the session of the request's cookie, even if it was reset before."""
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(log_in)).value

    def log_out(session: Session) -> None:
        first(session)
        denied.end(session)

    site.visit(log_out)

    assert site.visit_with(f"session={value}", user).text == "None"


def test_revocation_that_uses_flask_session(clock: Clock) -> None:
    """A callback that reads `flask.session` would see it empty: the session is refused."""
    epochs = UserEpochs(MemoryStore(), user=lambda _: name_of(cast(Session, flask_session)))
    site = Site(clock, revocation=epochs)
    site.visit(log_in)

    assert site.visit(user).text == "None"


def test_deny_list_that_is_not_asked(clock: Clock) -> None:
    """Ending a session raises an error if nothing refuses the session afterwards."""
    denied = DenyList(MemoryStore())
    site = Site(clock, max_lifetime=timedelta(hours=1))
    site.visit(log_in)

    with pytest.raises(RuntimeError, match=r"a session that still opens; pass this DenyList"):
        site.visit(denied.end)


def test_deny_list_inside_another_revocation(clock: Clock) -> None:
    """A revocation of one's own may ask a DenyList."""

    class Both:
        denied = DenyList(MemoryStore())

        def is_revoked(self, session: Session) -> bool:
            return self.denied.is_revoked(session)

    site = Site(clock, revocation=Both())
    site.visit(log_in)

    assert site.visit(Both.denied.end).status_code == 200


def test_marks_that_do_not_fit(clock: Clock) -> None:
    """If only the marks make a cookie too large, the cookie goes on as it is."""
    plain = Site(clock)
    value = the_cookie(plain.visit(lambda s: s.update(m="x" * 2960))).value
    denied = DenyList(MemoryStore())
    site = Site(clock, max_lifetime=timedelta(minutes=90), revocation=denied)

    for _ in range(2):
        response = site.visit_with(f"session={value}", lambda s: len(s["m"]))
        assert (response.text, set_cookies(response)) == ("2960", [])
    with pytest.raises(SessionTooLarge):
        site.visit_with(f"session={value}", lambda s: s.update(n=1))
    with pytest.raises(SessionTooLarge):
        site.visit_with(f"session={value}", lambda s: s.set_duration(timedelta(hours=1)))
    site.visit_with(f"session={value}", denied.end)
    assert site.visit_with(f"session={value}", lambda s: len(s)).text == "0"


def test_epoch_before_an_extended_cookie_without_a_mark(clock: Clock) -> None:
    """A cookie from before the option that was extended into the future is ended, too."""
    half = timedelta(minutes=30)
    plain = Site(clock, duration=half, active_duration=half)
    plain.visit(log_in)
    clock.advance(timedelta(seconds=1))
    value = the_cookie(plain.visit(user)).value
    epochs = UserEpochs(MemoryStore(), user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, duration=half, active_duration=half, revocation=epochs)

    epochs.end_all("sampleuser")
    clock.advance(timedelta(seconds=1))

    assert site.visit_with(f"session={value}", user).text == "None"


def test_user_with_half_a_character(clock: Clock, tmp_path: Path) -> None:
    """A user whose name no database can store is refused, and can log in again."""
    epochs = UserEpochs(SQLiteStore(str(tmp_path / "a.db")), user=lambda s: s.get("user"))
    site = Site(clock, revocation=epochs)
    site.visit(lambda s: s.update(user="\ud800"))

    assert site.visit(user).text == "None"
    site.visit(lambda s: s.update(user="ada"))
    assert site.visit(user).text == "ada"


@pytest.mark.parametrize("minutes", [0, 30])
def test_end_all_ends_what_an_earlier_call_kept(
    store: Store, clock: Clock, minutes: int
) -> None:
    """`end_all` also ends a session that was kept in the same millisecond, or ahead of time."""
    ahead = timedelta(minutes=minutes)

    def now() -> int:
        return round((clock() + ahead.total_seconds()) * 1000)

    epochs = UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=epochs)
    site.visit(log_in)
    site.visit(lambda s: epochs.end_all("sampleuser", keep=s))
    assert site.visit(user).text != "None"

    ahead = timedelta()
    epochs.end_all("sampleuser")

    assert site.visit(user).text == "None"


def test_kept_session_still_has_its_max_lifetime(clock: Clock, now: Callable[[], int]) -> None:
    """`end_all` that keeps a session does not make it younger."""
    epochs = UserEpochs(MemoryStore(now), user=name_of, now=now)
    site = Site(
        clock,
        duration=timedelta(hours=12),
        max_lifetime=timedelta(hours=12),
        revocation=epochs,
    )
    site.visit(log_in)
    clock.advance(timedelta(hours=10))
    site.visit(lambda s: epochs.end_all("sampleuser", keep=s))
    assert site.visit(user).text != "None"

    clock.advance(timedelta(hours=3))

    assert site.visit(user).text == "None"


class Meanwhile(MemoryStore):
    """A store in which another request comes first, once, just before a `put`."""

    act: Callable[[], object] | None = None

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        if self.act is not None:
            act, self.act = self.act, None
            act()
        return super().put(key, value, forget_at)


@pytest.mark.parametrize("by", ["end", "end_all"])
@pytest.mark.parametrize("act", ["end", "keep"])
def test_logout_just_before_the_store_is_written(clock: Clock, by: str, act: str) -> None:
    """Whatever comes first in the store counts: there is no time between check and write."""
    store = Meanwhile(lambda: round(clock() * 1000))
    site, denied, epochs, value = logged_in(store, clock)
    clock.advance(timedelta(seconds=1))

    def other() -> None:
        clock.advance(timedelta(seconds=1))
        if by == "end":
            site.visit_with(f"session={value}", denied.end)
        else:
            epochs.end_all("sampleuser")

    def slow(session: Session) -> None:
        user(session)
        store.act = other
        if act == "end":
            denied.end(session, "user")
        else:
            epochs.end_all("sampleuser", keep=session)

    for each in set_cookies(site.visit_with(f"session={value}", slow)):
        assert site.visit_with(f"session={each.value}", user).text == "None"


@pytest.mark.parametrize("by", ["end", "end_all"])
@pytest.mark.parametrize("then", ["reset", "end"])
def test_logout_after_a_session_was_kept(clock: Clock, by: str, then: str) -> None:
    """A view that keeps a session and renames it later notices a logout in between."""
    store = MemoryStore(lambda: round(clock() * 1000))
    site, denied, epochs, value = logged_in(store, clock)

    def slow(session: Session) -> None:
        epochs.end_all("sampleuser", keep=session)
        clock.advance(timedelta(seconds=1))
        if by == "end":
            site.visit_with(f"session={value}", denied.end)
            denied._store.put(f"id:{session._open().session_id}", 1, None)
        else:
            epochs.end_all("sampleuser")
        clock.advance(timedelta(seconds=1))
        session.reset("user") if then == "reset" else denied.end(session, "user")

    for each in set_cookies(site.visit_with(f"session={value}", slow)):
        assert site.visit_with(f"session={each.value}", user).text == "None"


def test_login_that_is_sent_twice(clock: Clock, now: Callable[[], int]) -> None:
    """Of two logins at the same time, both set a cookie: nothing comes from the old session."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(write)).value

    def log_in_twice(session: Session) -> None:
        read(session)
        site.visit_with(f"session={value}", denied.end)
        denied.end(session)
        session["user"] = "ada"

    site.visit_with(f"session={value}", log_in_twice)
    cookie = the_cookie(site.visit_with(f"session={value}", log_in_twice)).value

    assert site.visit_with(f"session={cookie}", user).text == "ada"


def test_max_lifetime_that_is_made_longer(clock: Clock, now: Callable[[], int]) -> None:
    """An ended session stays ended as long as its cookie, whatever `max_lifetime` becomes."""
    denied = DenyList(MemoryStore(now), now=now)
    week = timedelta(days=7)
    site = Site(clock, duration=week, max_lifetime=timedelta(hours=1), revocation=denied)
    value = the_cookie(site.visit(log_in)).value
    site.visit(denied.end)

    longer = Site(clock, duration=week, max_lifetime=week, revocation=denied)
    clock.advance(timedelta(hours=3))

    assert longer.visit_with(f"session={value}", user).text == "None"


@pytest.mark.parametrize("answer", [None, 0, "", []], ids=repr)
def test_revocation_that_does_not_answer(clock: Clock, answer: object) -> None:
    """Only True and False are answers: a forgotten `return` does not open the session."""

    class Forgetful:
        def is_revoked(self, session: Session) -> Any:
            return answer

    site = Site(clock, revocation=Forgetful())
    site.visit(write)

    with pytest.raises(RevocationUnavailable) as failure:
        site.visit(read)
    assert "must return True or False, got" in str(failure.value.__cause__)


def test_old_cookie_in_a_slow_request(clock: Clock, now: Callable[[], int]) -> None:
    """A request with a cookie that a login has ended sets none: the new one stays."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    old = the_cookie(site.visit(write)).value

    def log_in_again(session: Session) -> None:
        denied.end(session)
        session["user"] = "ada"

    site.visit(log_in_again)

    assert not set_cookies(site.visit_with(f"session={old}", user))
    assert site.visit(user).text == "ada"


@pytest.mark.parametrize("key", ["_born", "_sid", "_kept"])
def test_reserved_keys(site: Site, key: str) -> None:
    """A view cannot set the keys that a revocation relies on, in any app."""
    with pytest.raises(ValueError, match=f"'{key}'.* is reserved"):
        site.visit(lambda s: s.update({key: 1}))
    value = seal({key: 5}, derive_keys(SECRET), created_at=site.now, duration=60_000)

    assert site.visit_with(f"session={value}", lambda s: s.replace(dict(s))).status_code == 200


def test_plaintext_is_not_logged(clock: Clock, caplog: Any) -> None:
    """The log of a user that could not be found has no content of the session."""
    epochs = UserEpochs(MemoryStore(), user=lambda s: int(s["user"]))
    site = Site(clock, revocation=epochs)
    site.visit(lambda s: s.update(user="ada@example.com"))

    site.visit(user)

    assert "ValueError in" in caplog.text
    assert "ada@example.com" not in caplog.text


def test_error_page_that_uses_the_session(clock: Clock) -> None:
    """A failed revocation raises once: later uses, as in `after_request`, see it empty."""
    site = Site(clock, revocation=DenyList(cast(Any, Gone())))
    site.app.register_error_handler(
        RevocationUnavailable, lambda error: (f"back soon, {flask_session.get('user')}", 503)
    )

    @site.app.after_request
    def touch(response: Response) -> Response:
        flask_session["seen"] = True
        return response

    value = seal({"user": 1}, derive_keys(SECRET), created_at=site.now, duration=60_000)

    response = site.visit_with(f"session={value}", user)

    assert (response.status_code, response.text) == (503, "back soon, None")
    assert not set_cookies(response)


def test_logout_after_a_failure(clock: Clock) -> None:
    """A view that goes on after the failure cannot end the session by mistake."""
    denied = DenyList(cast(Any, Gone()))
    site = Site(clock, revocation=denied)
    value = seal({"user": 1}, derive_keys(SECRET), created_at=site.now, duration=60_000)

    def act(session: Session) -> None:
        with suppress(RevocationUnavailable):
            user(session)
        with pytest.raises(RevocationUnavailable, match="it is not ended"):
            denied.end(session)

    assert site.visit_with(f"session={value}", act).status_code == 200


def test_end_that_keeps_some(clock: Clock, now: Callable[[], int]) -> None:
    """At a login, named keys go on in the new session; the old one is ended."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(lambda s: s.update(basket=["tea"], other=1))).value

    site.visit(lambda s: denied.end(s, "basket"))

    assert site.visit(dict).text == "{'basket': ['tea']}"
    assert site.visit_with(f"session={value}", dict).text == "{}"


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "class": (
        lambda: DenyList(cast(Any, MemoryStore)),
        "put and get and delete, got the class",
    ),
    "url": (lambda: DenyList(cast(Any, "redis://:pw@x")), "put and get and delete, got str"),
    "user": (
        lambda: UserEpochs(MemoryStore(), user=cast(Any, "_user_id")),
        "user must be a function, got str",
    ),
    "revocation": (
        lambda: ClientSessions(revocation=cast(Any, DenyList)),
        "method is_revoked, got the class DenyList",
    ),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_wrong_parts(make: Callable[[], object], message: str) -> None:
    """A part of the wrong kind is refused at set-up, without showing it."""
    with pytest.raises(TypeError, match=message):
        make()


def test_reset_after_end_all_that_keeps(clock: Clock, now: Callable[[], int]) -> None:
    """A session that `end_all` keeps may be reset in the same millisecond."""
    epochs = UserEpochs(MemoryStore(now), user=name_of, now=now)
    site = Site(clock, revocation=epochs)
    site.visit(log_in)

    def change_password(session: Session) -> None:
        epochs.end_all("sampleuser", keep=session)
        session.reset("user")

    site.visit(change_password)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"


def test_second_try_with_the_same_environ(clock: Clock, now: Callable[[], int]) -> None:
    """A further session is opened again, if a WSGI middleware tries a request twice."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock)
    carts = ClientSessions(
        site.app, secret=SECRET, cookie_name="cart", clock=clock, revocation=denied
    )
    name, value = carts.make_cookie({"item": "tea"}, site.app)
    environ = {**EnvironBuilder().get_environ(), "HTTP_COOKIE": f"{name}={value}"}
    seen: list[str] = []

    def look(session: Session) -> None:
        seen.append(str(carts.session.get("item")))
        denied.end(carts.open(f"{name}={value}", site.app))

    site.act = look
    for _ in range(2):
        run_wsgi_app(site.app, environ)

    assert seen == ["tea", "None"]


def test_kept_cookie_after_a_clock_was_ahead(store: Store, clock: Clock) -> None:
    """What was kept with a clock ahead is ended by `forget` and `end_all` with a right one."""
    ahead = timedelta(minutes=50)

    def now() -> int:
        return round((clock() + ahead.total_seconds()) * 1000)

    epochs = UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=epochs, duration=timedelta(days=1))
    site.visit(log_in)
    value = the_cookie(site.visit(lambda s: epochs.end_all("sampleuser", keep=s))).value
    assert site.visit_with(f"session={value}", user).text != "None"

    ahead = timedelta()
    epochs.forget("sampleuser")
    epochs.end_all("sampleuser")

    for _ in range(2):
        assert site.visit_with(f"session={value}", user).text == "None"
        clock.advance(timedelta(hours=2))


@pytest.mark.parametrize("before", [{"basket": ["tea"]}, {"user": {"userName": "b"}}])
def test_login_that_ends_all_others(clock: Clock, before: dict[str, Any]) -> None:
    """`end_all` that keeps a new login does not ask who used the browser before."""
    now = lambda: round(clock() * 1000)  # noqa: E731
    epochs = UserEpochs(MemoryStore(now), user=name_of, now=now)
    site = Site(clock, revocation=epochs)
    site.visit(lambda s: s.update(before))
    clock.advance(timedelta(seconds=1))
    epochs.end_all("sampleuser")
    clock.advance(timedelta(seconds=1))

    def log_in_here(session: Session) -> None:
        session.reset("basket")
        session["user"] = {"userName": "sampleuser"}
        epochs.end_all("sampleuser", keep=session)

    site.visit(log_in_here)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"


@pytest.mark.parametrize("then", ["reset", "end"])
def test_login_after_end_all_that_keeps(clock: Clock, then: str) -> None:
    """In the same millisecond, a session may be kept, reset and used for a login."""
    now = lambda: round(clock() * 1000)  # noqa: E731
    store = MemoryStore(now)
    denied, epochs = DenyList(store, now=now), UserEpochs(store, user=name_of, now=now)
    site = Site(clock, revocation=[denied, epochs])
    site.visit(log_in)

    def change_password(session: Session) -> None:
        epochs.end_all("sampleuser", keep=session)
        session.reset() if then == "reset" else denied.end(session)
        session["user"] = {"userName": "sampleuser"}

    site.visit(change_password)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"


def test_write_of_an_old_session(clock: Clock, now: Callable[[], int]) -> None:
    """A slow request that writes to an ended session does not replace the new cookie."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(lambda s: s.update(csrf="x"))).value

    def slow(session: Session) -> None:
        session["poll"] = 1
        site.visit_with(f"session={value}", lambda s: denied.end(s, "csrf"))

    assert not set_cookies(site.visit_with(f"session={value}", slow))


def test_end_that_keeps_what_is_not_there(clock: Clock, now: Callable[[], int]) -> None:
    """A login that is sent twice is set twice, if nothing of the old session is kept."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(lambda s: s.update(csrf="x"))).value

    def log_in_twice(session: Session) -> None:
        read(session)
        site.visit_with(f"session={value}", denied.end)
        denied.end(session, "basket")
        session["user"] = "ada"

    cookie = the_cookie(site.visit_with(f"session={value}", log_in_twice)).value

    assert site.visit_with(f"session={cookie}", user).text == "ada"


def test_two_deny_lists(clock: Clock, now: Callable[[], int]) -> None:
    """What another request ended with one list is not forgiven by the other list."""
    one, two = DenyList(MemoryStore(now)), DenyList(MemoryStore(now))
    site = Site(clock, revocation=[one, two])
    value = the_cookie(site.visit(log_in)).value

    def slow(session: Session) -> None:
        user(session)
        site.visit_with(f"session={value}", one.end)
        two.end(session, "user")

    assert not set_cookies(site.visit_with(f"session={value}", slow))


def test_kept_mark_that_does_not_fit(clock: Clock, now: Callable[[], int]) -> None:
    """If the mark of a kept session does not fit, the view's request fails: it is ended."""
    epochs = UserEpochs(MemoryStore(now), user=lambda s: s.get("user"), now=now)
    site = Site(clock, revocation=epochs)

    def fill(session: Session) -> None:
        session["user"], session["m"] = "ada", ""
        while session.size() < 4070:
            session["m"] += "x"

    site.visit(fill)

    with pytest.raises(SessionTooLarge):
        site.visit(lambda s: epochs.end_all("ada", keep=s))


def test_new_login_while_all_are_ended(clock: Clock) -> None:
    """A login that keeps itself does not ask about the session that it has replaced."""
    now = lambda: round(clock() * 1000)  # noqa: E731
    epochs = UserEpochs(MemoryStore(now), user=name_of, now=now)
    site = Site(clock, revocation=epochs)
    site.visit(log_in)

    def slow(session: Session) -> None:
        assert user(session)
        clock.advance(timedelta(seconds=1))
        epochs.end_all("sampleuser")
        clock.advance(timedelta(seconds=1))
        log_in(session)
        epochs.end_all("sampleuser", keep=session)

    site.visit(slow)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"


def test_old_session_that_is_emptied(clock: Clock, now: Callable[[], int]) -> None:
    """A slow request that empties an ended session does not replace the new cookie either."""
    denied = DenyList(MemoryStore(now))
    site = Site(clock, revocation=denied)
    value = the_cookie(site.visit(write)).value

    def slow(session: Session) -> None:
        read(session)
        site.visit_with(f"session={value}", denied.end)
        session.clear()

    assert not set_cookies(site.visit_with(f"session={value}", slow))
