"""Sessions that are revoked before they expire, and the stores that remember them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from lesson_app import (
    ClientSessions,
    DenyList,
    MemoryStore,
    Session,
    SQLiteStore,
    UserEpochs,
    cookie_refused,
)
from lesson_app.lab import Clock
from lesson_app.stores import Store
from tests.conftest import SECRET, Site, read, set_cookies, the_cookie

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
    """An entry is kept until an hour after the cookie expires, and no longer."""
    store = MemoryStore(now)
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    site.visit(lambda s: s.update(message="hi"))
    site.visit(denied.end)
    [key] = store._entries

    advance(120 + 3600)
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
    site.visit(lambda s: s.update(message="hi"))
    site.visit(denied.end)
    seen: list[str] = []

    def note(sender: object, *, reason: str, **details: str) -> None:
        seen.append(reason)

    with cookie_refused.connected_to(note, site.app):
        site.visit(read)

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
    site.app.logger.disabled = True

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
