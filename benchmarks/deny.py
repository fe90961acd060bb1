"""How a deny list grows: look-ups and new entries with up to a million entries."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from lesson_app import MemoryStore, SQLiteStore
from lesson_app.stores import Store

from .curves import Growth, quickest, traced
from .measure import Timer

ENTRIES = (0, 1_000, 10_000, 100_000, 1_000_000)
#: ms since 1970, so late that no entry is forgotten during the measurement.
_LATER = 4_000_000_000_000
_new = itertools.count()
WORDS = (
    "With {last:,} entries instead of none, a look-up takes {look-up, memory:.1f} times as "
    "long in a `MemoryStore` and {look-up, SQLite:.1f} times in a `SQLiteStore`. A new entry "
    "takes {insert, memory:.1f} and {insert, SQLite:.1f} times as long. Memory and file grow "
    "in proportion to the entries. A look-up in a file takes {file:,.0f} times as long as one "
    "in memory."
)


def key() -> str:
    """Return the key of a new cookie, in the form that a deny list uses."""
    return f"mac:{next(_new) * 0x9E3779B97F4A7C15 % 2**64:064x}"


def in_memory(entries: int) -> MemoryStore:
    """Return a store in memory with so many entries."""
    store = MemoryStore()
    for _ in range(entries):
        store.put(key(), 1, _LATER + entries)
    return store


def in_file(path: Path, entries: int) -> SQLiteStore:
    """Return a store in a file with so many entries."""
    store = SQLiteStore(str(path))
    # Sorted rows fill the file's tree from one end to the other, which is faster.
    rows = [(each, 1, _LATER) for each in sorted(key() for _ in range(entries))]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO revoked (key, value, forget_at) VALUES (?, ?, ?)", rows
        )
    assert store.get(key()) is None
    return store


def _look_up(store: Store) -> Timer:
    """Return a timer for looking up cookies that are not listed, as most are not."""
    absent = [key() for _ in range(256)]

    def measure(calls: int) -> float:
        keys = list(itertools.islice(itertools.cycle(absent), calls))
        begin = time.perf_counter_ns()
        for each in keys:
            store.get(each)
        return (time.perf_counter_ns() - begin) / calls

    return measure


def _insert(store: Store) -> Timer:
    def measure(calls: int) -> float:
        keys = [key() for _ in range(calls)]
        begin = time.perf_counter_ns()
        for each in keys:
            store.put(each, 1, _LATER)
        return (time.perf_counter_ns() - begin) / calls

    return measure


def by_entries() -> Growth:
    """Look up and insert, in memory and in a file, with more and more entries."""
    filled = [traced(lambda n=n: in_memory(n)) for n in ENTRIES]  # type: ignore[misc]
    memories = [store for store, _, _ in filled]
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{entries}.db" for entries in ENTRIES]
        files = [in_file(path, n) for path, n in zip(paths, ENTRIES, strict=True)]
        sizes = [os.path.getsize(path) for path in paths]
        lines = _lines("memory", memories) | _lines("SQLite", files)
    return Growth(
        "A longer deny list",
        "entries on the deny list",
        list(ENTRIES),
        lines,
        {
            "MemoryStore": [float(now - filled[0][1]) for _, now, _ in filled],
            "SQLiteStore's file": [float(size - sizes[0]) for size in sizes],
        },
        words=WORDS,
        notes={"file": lines["look-up, SQLite"][-1] / lines["look-up, memory"][-1]},
    )


def _lines(name: str, stores: Sequence[Store]) -> dict[str, list[float]]:
    looks = {(f"look-up, {name}", i): _look_up(store) for i, store in enumerate(stores)}
    inserts = {(f"insert, {name}", i): _insert(store) for i, store in enumerate(stores)}
    # Inserts are measured in short turns, so that they add few entries.
    return quickest(looks) | quickest(inserts, rounds=15, turn=200_000, warm_up=400_000)
