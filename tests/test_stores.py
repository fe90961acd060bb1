"""The stores of revocations: in memory, and in a file that processes share."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lesson_app import MemoryStore, SQLiteStore, stores
from lesson_app.stores import Store
from lesson_app.testing import ManualClock, StoreContract
from tests.conftest import PATIENCE
from tests.deployment.redis_servers import small_disk

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="processes that fork: POSIX only")


class TestMemory(StoreContract):
    """MemoryStore keeps the protocol."""

    @pytest.fixture
    def store(self, clock: ManualClock) -> MemoryStore:
        """Return an empty store."""
        return MemoryStore(clock)


class TestSQLite(StoreContract):
    """SQLiteStore keeps the protocol."""

    @pytest.fixture
    def store(self, clock: ManualClock, tmp_path: Path) -> SQLiteStore:
        """Return an empty store."""
        return SQLiteStore(str(tmp_path / "revoked.db"), clock)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_memory_is_given_back(clock: ManualClock) -> None:
    """Past entries are removed, so the store does not grow forever."""
    store = MemoryStore(clock)
    for number in range(10_000):
        store.put(str(number), 1, clock.now + 1000)
        clock.now += 10

    assert len(store) <= 2048
    assert store.get("9999") == 1


def test_no_put_waits_for_many(clock: ManualClock) -> None:
    """Each `put` removes only two past entries; enough calls remove all."""
    store = MemoryStore(clock)
    for number in range(1000):
        store.put(str(number), 1, clock.now + 1000 + number % 7)
    clock.now += 2000

    left = []
    for _ in range(501):
        store.put("new", 1, None)
        left.append(len(store))

    assert left[:3] == [999, 997, 995]
    assert left[-1] == 1


def test_memory_of_a_key_put_again(clock: ManualClock) -> None:
    """Putting the same entry again takes no memory, and a later `forget_at` counts."""
    store = MemoryStore(clock)
    for _ in range(100):
        store.put("a", 1, clock.now + 1000)
    assert len(store._ends) == 1

    store.put("a", 2, clock.now + 5000)
    store.put("b", 1, clock.now + 1000)
    store.put("b", 1, None)
    clock.now += 2000
    for _ in range(9):
        store.put("c", 1, None)

    assert [store.get(key) for key in "abc"] == [2, 1, 1]
    clock.now += 4000
    store.put("c", 1, None)
    assert (store.get("a"), len(store)) == (None, 2)


def test_memory_stays_small(clock: ManualClock) -> None:
    """Putting a few keys again many times takes little memory."""
    store = MemoryStore(clock)
    store.put("stays", 1, None)
    most = 0
    for number in range(10_000):
        store.put(str(number % 7), number, clock.now + 1000 + number)
        most = max(most, len(store._ends))

    assert most < 2000
    clock.now += 3600000
    store.put("new", 1, None)
    for _ in range(most):
        store.put("new", 1, None)
    assert (len(store), store._ends) == (2, [])


def test_sweep_keeps_what_stays(clock: ManualClock) -> None:
    """Entries without `forget_at` are never removed."""
    store = MemoryStore(clock)
    for number in range(3000):
        store.put(str(number), 1, None)

    assert len(store) == 3000


def test_sqlite_is_shared(tmp_path: Path) -> None:
    """Two stores with the same file share their entries."""
    path = str(tmp_path / "revoked.db")

    SQLiteStore(path).put("a", 7, None)

    assert SQLiteStore(path).get("a") == 7


def test_sqlite_sweeps(tmp_path: Path, clock: ManualClock) -> None:
    """In SQLite, `put` removes past entries."""
    path = tmp_path / "revoked.db"
    store = SQLiteStore(str(path), clock)
    store.put("old", 1, clock.now + 1000)
    clock.now += 2000
    store.put("new", 1, None)

    with store._connect() as connection:
        rows = connection.execute("SELECT key FROM revoked").fetchall()
    connection.close()

    assert rows == [("new",)]


def test_sqlite_sweeps_a_few_at_a_time(tmp_path: Path, clock: ManualClock) -> None:
    """In SQLite, each `put` removes a limited number of past entries."""
    store = SQLiteStore(str(tmp_path / "revoked.db"), clock)
    with closing(store._connect()) as connection, connection:
        rows = [(str(number), 1, clock.now) for number in range(250)]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO revoked VALUES (?, ?, ?)", rows)
    clock.now += 1000

    left = []
    for _ in range(3):
        store.put("new", 1, None)
        with closing(store._connect()) as connection:
            left += connection.execute("SELECT count(*) FROM revoked").fetchone()

    assert left == [151, 51, 1]


def test_sqlite_uses_an_index(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every SQL statement of the store uses an index; none scans the table."""
    store = SQLiteStore(str(tmp_path / "revoked.db"), clock)
    asked: list[str] = []
    connect = store._connect

    def connect_and_listen() -> sqlite3.Connection:
        connection = connect()
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(store, "_connect", connect_and_listen)
    store.put("a", 1, clock.now)
    store.get("a")

    statements = [text for text in asked if text.startswith(("DELETE", "INSERT", "SELECT"))]
    assert len(statements) == 4
    with closing(connect()) as connection:
        plans = [
            row[3]
            for text in statements
            for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")
        ]
    assert any("INDEX" in plan for plan in plans)
    assert not [plan for plan in plans if "SCAN" in plan]


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_sqlite_without_a_file(path: str) -> None:
    """SQLiteStore refuses a database in memory, and the error names MemoryStore."""
    with pytest.raises(ValueError, match="use a MemoryStore"):
        SQLiteStore(path)


def test_sqlite_past_entry_that_is_not_removed(tmp_path: Path, clock: ManualClock) -> None:
    """In SQLite, a past entry that waits for its removal does not affect a new one."""
    store = SQLiteStore(str(tmp_path / "revoked.db"), clock)
    with closing(store._connect()) as connection:
        rows = [(str(number), 9, clock.now + number) for number in range(150)]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO revoked VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    clock.now += 1000

    store.put("149", 3, clock.now + 1000)

    assert store.get("149") == 3


def test_sqlite_on_a_full_disk(tmp_path: Path) -> None:
    """On a full or read-only disk, look-ups work, also after a restart; `put` raises."""
    with small_disk(tmp_path) as disk:
        path = str(disk.folder / "revoked.db")
        SQLiteStore(path).put("a", 1, None)

        for spoil in (disk.fill, disk.make_read_only):
            spoil()
            store = SQLiteStore(path)
            with pytest.raises(sqlite3.OperationalError, match=r"full|readonly"):
                store.put("b" * 5000, 1, None)
            with pytest.raises(sqlite3.OperationalError, match=r"full|readonly"):
                store.delete("a")
            assert (store.get("a"), store.get("b" * 5000)) == (1, None)


def every_call(store: Store) -> list[Callable[[], object]]:
    """Return a call of each method."""
    return [lambda: store.put("a", 1, None), lambda: store.get("a"), lambda: store.delete("a")]


def test_sqlite_waits_for_a_writer(tmp_path: Path) -> None:
    """A call waits until another program has finished its transaction."""
    path = tmp_path / "revoked.db"
    store = SQLiteStore(str(path))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    timers = []
    for act in every_call(store):
        other.execute("BEGIN EXCLUSIVE")
        timers.append(threading.Timer(0.1, other.execute, ["COMMIT"]))
        timers[-1].start()
        act()
        timers[-1].join()
    other.close()

    assert len(timers) == 3


def test_sqlite_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that cannot have the file in time raises, also a look-up."""
    monkeypatch.setattr(stores, "_PATIENCE", 0.05)
    path = tmp_path / "revoked.db"
    store = SQLiteStore(str(path))
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for act in every_call(store):
            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                act()


def test_sqlite_file_that_is_gone(tmp_path: Path) -> None:
    """If the file is deleted while the app runs, look-ups raise."""
    path = tmp_path / "revoked.db"
    store = SQLiteStore(str(path))
    path.unlink()

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.get("a")


def in_processes(number: int, path: Path, body: str) -> None:
    """Run `body` in so many processes that begin at the same time; each must succeed."""
    program = textwrap.dedent("""
        import os, sys, threading, traceback
        from lesson_app import SQLiteStore

        path, processes, body = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        wait, begin = os.pipe()
        children = []
        for number in range(processes):
            children.append(os.fork())
            if children[-1] == 0:
                try:
                    os.close(begin)
                    os.read(wait, 1)
                    exec(body, {**globals(), "number": number})
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
                os._exit(0)
        os.close(begin)
        sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
    """)
    words = [sys.executable, "-c", program, str(path), str(number), textwrap.dedent(body)]
    subprocess.run(words, check=True, timeout=PATIENCE)


@POSIX
def test_sqlite_begins_in_many_processes(tmp_path: Path) -> None:
    """64 processes can make the file and use it at the same time."""
    in_processes(64, tmp_path / "revoked.db", "assert SQLiteStore(path).get('a') is None")


@POSIX
@pytest.mark.proof
def test_sqlite_with_many_writers(tmp_path: Path) -> None:
    """4 processes with 8 threads each write without pause, and none is locked out."""
    path = tmp_path / "revoked.db"

    in_processes(
        4,
        path,
        """
        store, failed = SQLiteStore(path), []

        def write(thread):
            try:
                for step in range(25):
                    store.put(f"{number} {thread} {step}", step, None)
                    assert store.get(f"{number} {thread} {step}") == step
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=write, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        """,
    )

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM revoked").fetchone() == (800,)
