"""Sessions that are over before their time, and what the server has to remember for it."""

from __future__ import annotations

import math
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
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
from lesson_app.revocation import Store
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


def test_store(store: Store, now: Callable[[], int]) -> None:
    """A store keeps the larger value of a key, and knows no other key."""
    store.put("a", 2, None)
    store.put("a", 1, None)
    store.put("b", 5, now() + 1000)

    assert [store.get(key) for key in "abc"] == [2, 5, None]


def test_store_forgets(store: Store, now: Callable[[], int], advance: Advance) -> None:
    """An entry is there until its time, and not a millisecond longer."""
    store.put("a", 1, now() + 1000)
    store.put("b", 1, None)

    advance(1)
    assert store.get("a") == 1
    advance(0.001)
    assert (store.get("a"), store.get("b")) == (None, 1)


def test_memory_is_given_back(now: Callable[[], int], advance: Advance) -> None:
    """Entries that are over are swept out, so that the store does not grow for ever."""
    store = MemoryStore(now)
    for number in range(10_000):
        store.put(str(number), 1, now() + 1000)
        advance(0.01)

    assert len(store) <= 2048
    assert store.get("9999") == 1


def test_no_put_waits_for_many(now: Callable[[], int], advance: Advance) -> None:
    """Of however many entries that are over, each put sweeps out two; in the end all."""
    store = MemoryStore(now)
    for number in range(1000):
        store.put(str(number), 1, now() + 1000 + number % 7)
    advance(2)

    left = []
    for _ in range(501):
        store.put("new", 1, None)
        left.append(len(store))

    assert left[:3] == [999, 997, 995]
    assert left[-1] == 1


def test_memory_of_a_key_put_again(now: Callable[[], int], advance: Advance) -> None:
    """The same entry again takes no more memory; one with another end outlives the first."""
    store = MemoryStore(now)
    for _ in range(100):
        store.put("a", 1, now() + 1000)
    assert len(store._ends) == 1

    store.put("a", 2, now() + 5000)
    store.put("b", 1, now() + 1000)
    store.put("b", 1, None)
    advance(2)
    for _ in range(9):
        store.put("c", 1, None)

    assert [store.get(key) for key in "abc"] == [2, 1, 1]
    advance(4)
    store.put("c", 1, None)
    assert (store.get("a"), len(store)) == (None, 2)


def test_sqlite_sweeps_a_few_at_a_time(
    tmp_path: Path, now: Callable[[], int], advance: Advance
) -> None:
    """In the file, too, no put waits for a million that are over."""
    store = SQLiteStore(str(tmp_path / "revoked.db"), now)
    with closing(store._connect()) as connection, connection:
        rows = [(str(number), 1, now()) for number in range(250)]
        connection.executemany("INSERT INTO revoked VALUES (?, ?, ?)", rows)
    advance(1)

    left = []
    for _ in range(3):
        store.put("new", 1, None)
        with closing(store._connect()) as connection:
            left += connection.execute("SELECT count(*) FROM revoked").fetchone()

    assert left == [151, 51, 1]


def test_sqlite_looks_nothing_through(
    tmp_path: Path, now: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a store asks, SQLite finds by an index: more entries take hardly longer."""
    store = SQLiteStore(str(tmp_path / "revoked.db"), now)
    asked: list[str] = []
    connect = store._connect

    def connect_and_listen() -> sqlite3.Connection:
        connection = connect()
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(store, "_connect", connect_and_listen)
    store.put("a", 1, now())
    store.get("a")

    statements = [text for text in asked if text.startswith(("DELETE", "INSERT", "SELECT"))]
    assert len(statements) == 3
    with closing(connect()) as connection:
        plans = [
            row[3]
            for text in statements
            for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")
        ]
    assert any("INDEX" in plan for plan in plans)
    assert not [plan for plan in plans if "SCAN" in plan]


def test_sqlite_sweeps(tmp_path: Path, now: Callable[[], int], advance: Advance) -> None:
    """In the file, too, nothing stays that is over."""
    path = tmp_path / "revoked.db"
    store = SQLiteStore(str(path), now)
    store.put("old", 1, now() + 1000)
    advance(2)
    store.put("new", 1, None)

    with store._connect() as connection:
        rows = connection.execute("SELECT key FROM revoked").fetchall()
    connection.close()

    assert rows == [("new",)]


def test_sqlite_is_shared(tmp_path: Path) -> None:
    """What one process writes, another one reads."""
    path = str(tmp_path / "revoked.db")

    SQLiteStore(path).put("a", 7, None)

    assert SQLiteStore(path).get("a") == 7


def name_of(session: Session) -> str | None:
    user = session.get("user")
    return user["userName"] if user else None


def log_in(session: Session) -> None:
    session.reset()
    session["user"] = {"userName": "sampleuser"}


def user(session: Session) -> object:
    return session.get("user")


def test_user_epochs(store: Store, clock: Clock, advance: Advance) -> None:
    """All sessions of one user end at once, copies included; nobody else's do."""
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
    """A user whose sessions were ended can log in again, in the very same browser."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    site.visit(log_in)
    epochs.end_all("sampleuser")
    advance(0.001)

    site.visit(log_in)

    assert site.visit(user).text == "{'userName': 'sampleuser'}"


def test_deny_list(store: Store, clock: Clock, advance: Advance) -> None:
    """One cookie ends, in whatever text it comes; the browser's other sessions go on."""
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
    """An entry lasts an hour longer than the cookie could be used, and no longer."""
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


def test_clock_that_goes_on_while_a_cookie_is_looked_at(
    tmp_path: Path, clock: Clock, advance: Advance
) -> None:
    """A revoked cookie stays so even if its last moment passes within the request."""

    def a_moment_later() -> int:
        return round(clock() * 1000) + 1

    path = str(tmp_path / "revoked.db")
    for store in (MemoryStore(a_moment_later), SQLiteStore(path, a_moment_later)):
        denied = DenyList(store)
        site = Site(clock, revocation=denied)
        value = the_cookie(site.visit(lambda s: s.update(message="hi"))).value
        site.visit(denied.end)

        advance(120)
        response = site.visit_with(f"session={value}", read)

        assert response.text == "None"


def test_clock_that_is_set_back(clock: Clock, now: Callable[[], int]) -> None:
    """A revoked cookie stays so on a server whose clock is half an hour behind."""
    ahead = [0]
    denied = DenyList(MemoryStore(lambda: now() + ahead[0]))
    site = Site(clock, revocation=denied)
    site.visit(lambda s: s.update(message="hi"))
    site.visit(denied.end)

    ahead[0] = 30 * 60 * 1000

    assert site.visit(read).text == "None"


def test_deny_list_without_a_cookie(clock: Clock) -> None:
    """A session that came from no cookie leaves nothing to deny."""
    store = MemoryStore()
    denied = DenyList(store)
    site = Site(clock, revocation=denied)

    site.visit(denied.end)

    assert len(store) == 0


def test_deny_list_after_a_refusal(clock: Clock, advance: Advance) -> None:
    """A cookie that was refused anyway leaves nothing to deny."""
    store = MemoryStore(lambda: round(clock() * 1000))
    denied = DenyList(store)
    site = Site(clock, revocation=denied)
    site.visit(lambda s: s.update(message="hi"))
    advance(500)

    site.visit(denied.end)

    assert len(store) == 0


def test_revoked_is_told(clock: Clock) -> None:
    """A revoked session is a refusal with a reason of its own."""
    denied = DenyList(MemoryStore(lambda: round(clock() * 1000)))
    site = Site(clock, revocation=denied)
    site.visit(lambda s: s.update(message="hi"))
    site.visit(denied.end)
    seen: list[str] = []

    def note(sender: object, *, reason: str, **told: str) -> None:
        seen.append(reason)

    with cookie_refused.connected_to(note, site.app):
        site.visit(read)

    assert seen == ["revoked"]


def test_store_that_fails(clock: Clock) -> None:
    """If the server cannot look, the request fails, and the visitor loses nothing."""

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
    """A session ends when any of several revocations says so."""
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
    """A session that began in the very millisecond of the epoch is ended, not kept."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    site.visit(log_in)

    epochs.end_all("sampleuser")

    assert site.visit(user).text == "None"


def test_clocks_of_their_own(tmp_path: Path) -> None:
    """Without a clock handed in, the stores and epochs go by the computer's, in ms."""
    before = time.time() * 1000
    for store in (MemoryStore(), SQLiteStore(str(tmp_path / "revoked.db"))):
        store.put("gone", 1, int(before) - 1)
        store.put("here", 1, int(before) + 600_000)
        UserEpochs(store, user=name_of).end_all("a")

        assert (store.get("gone"), store.get("here")) == (None, 1)
        assert before - 1 <= (store.get("user:a") or 0) <= time.time() * 1000 + 1


def test_sweep_keeps_what_stays(now: Callable[[], int]) -> None:
    """Entries without an end are never swept out of the memory."""
    store = MemoryStore(now)
    for number in range(3000):
        store.put(str(number), 1, None)

    assert len(store) == 3000


def test_same_value_again_lasts_longer(
    store: Store, now: Callable[[], int], advance: Advance
) -> None:
    """Putting the same value again takes over the later end."""
    store.put("a", 1, now() + 1000)
    store.put("a", 1, now() + 2000)
    advance(1.5)

    assert store.get("a") == 1


def test_end_all_but_this(store: Store, clock: Clock) -> None:
    """After a change of password the visitor stays, and every other session ends."""
    epochs = UserEpochs(store, user=name_of, now=lambda: round(clock() * 1000))
    site = Site(clock, revocation=epochs)
    copy = the_cookie(site.visit(log_in)).value

    site.visit(lambda s: epochs.end_all("sampleuser", keep=s))

    assert site.visit(user).text == "{'userName': 'sampleuser'}"
    assert not set_cookies(site.visit(user))
    assert site.visit_with(f"session={copy}", user).text == "None"


def test_session_of_the_very_moment() -> None:
    """With the computer's clock, no session that began before `end_all` slips through."""
    epochs = UserEpochs(MemoryStore(), user=name_of)
    sessions = ClientSessions(secret=SECRET, revocation=epochs)
    app = Flask("moment")
    sessions.init_app(app)
    for _ in range(200):
        name, value = sessions.make_cookie({"user": {"userName": "a"}}, app)
        epochs.end_all("a")
        assert sessions.open(f"{name}={value}", app) == {}


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_sqlite_without_a_file(path: str) -> None:
    """A database in memory would be empty at each call: the error names the other store."""
    with pytest.raises(ValueError, match="use a MemoryStore"):
        SQLiteStore(path)


def test_what_is_over_is_as_good_as_gone(
    store: Store, now: Callable[[], int], advance: Advance
) -> None:
    """An entry that is over, and not swept out yet, stands in no other's way."""
    for number in range(150):
        store.put(str(number), 1, now() + 1000)
    store.put("a", 9, now() + 2000)
    advance(3)

    store.put("a", 3, now() + 1000)

    assert store.get("a") == 3


def test_earlier_end_shortens_nothing(
    store: Store, now: Callable[[], int], advance: Advance
) -> None:
    """Of equal values the later end counts, in whatever order they come; never is last."""
    store.put("a", 1, now() + 2000)
    store.put("a", 1, now() + 1000)
    store.put("b", 1, None)
    store.put("b", 1, now() + 1000)
    store.put("c", 1, now() + 1000)
    store.put("c", 1, None)
    store.put("d", 1, None)
    store.put("d", 2, now() + 1000)

    advance(1.5)
    assert [store.get(key) for key in "abcd"] == [1, 1, 1, None]
    advance(1)
    assert [store.get(key) for key in "abc"] == [None, 1, 1]


def test_memory_grows_with_the_entries(now: Callable[[], int], advance: Advance) -> None:
    """However often a few keys are put again, what is kept of them stays little."""
    store = MemoryStore(now)
    store.put("stays", 1, None)
    most = 0
    for number in range(10_000):
        store.put(str(number % 7), number, now() + 1000 + number)
        most = max(most, len(store._ends))

    assert most < 2000
    advance(3600)
    store.put("new", 1, None)
    for _ in range(most):
        store.put("new", 1, None)
    assert (len(store), store._ends) == (2, [])


def test_stores_agree(tmp_path: Path) -> None:
    """Whatever is put, and whenever, both stores answer as their promise says."""
    moment = [0]
    stores: list[Store] = [MemoryStore(lambda: moment[0])]
    stores.append(SQLiteStore(str(tmp_path / "revoked.db"), lambda: moment[0]))
    promised: dict[str, tuple[int, float]] = {}
    draw = random.Random(1)
    for _ in range(300):
        moment[0] += draw.choice([0, 0, 1, 3])
        key, value = draw.choice("abcdefgh"), draw.randrange(3)
        end = draw.choice([None, *range(moment[0] - 1, moment[0] + 20)])
        promised = {k: known for k, known in promised.items() if known[1] >= moment[0]}
        new = (value, math.inf if end is None else end)
        promised[key] = max(promised.get(key, new), new)
        for store in stores:
            store.put(key, value, end)

        wanted = {k: v for k, (v, until) in promised.items() if until >= moment[0]}
        for store in stores:
            assert {k: store.get(k) for k in "abcdefgh" if store.get(k) is not None} == wanted
