"""What a deny list costs: in each store, and with up to a million entries."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from lesson_app import MemoryStore, RedisStore, SQLiteStore
from lesson_app.stores import Store
from tests.deployment.cluster import programs
from tests.deployment.redis_servers import server

from . import page
from .curves import Growth, quickest, traced
from .measure import Spread, Timer, in_turns

ENTRIES = (0, 1_000, 10_000, 100_000, 1_000_000)
#: ms since 1970, so late that no entry is forgotten during the measurement.
_LATER = 4_000_000_000_000
_new = itertools.count()
#: The acts that are measured in each store.
ACTS = ("look-up", "new entry")
#: The stores' names, with the one that the others are compared with first.
STORES = ("MemoryStore", "SQLiteStore", "RedisStore over loopback")
Times = Mapping[tuple[str, str], list[float]]
WORDS = (
    "With {last:,} entries instead of none, a look-up takes {look-up, memory:.1f} times as "
    "long in a `MemoryStore` and {look-up, SQLite:.1f} times in a `SQLiteStore`. A new entry "
    "takes {insert, memory:.1f} and {insert, SQLite:.1f} times as long. Memory and file grow "
    "in proportion to the entries."
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
    )


def _lines(name: str, stores: Sequence[Store]) -> dict[str, list[float]]:
    looks = {(f"look-up, {name}", i): _look_up(store) for i, store in enumerate(stores)}
    inserts = {(f"insert, {name}", i): _insert(store) for i, store in enumerate(stores)}
    # Inserts are measured in short turns, so that they add few entries.
    return quickest(looks) | quickest(inserts, rounds=15, turn=200_000, warm_up=400_000)


def measure() -> Times:
    """Measure each act in each store with 1,000 entries; return the ns of each round."""
    with TemporaryDirectory() as name, programs(Path(name)) as start:
        remote = RedisStore(server(start, Path(name)).url)
        for _ in range(1000):
            remote.put(key(), 1, _LATER)
        stores: list[Store] = [
            in_memory(1000),
            in_file(Path(name) / "revoked.db", 1000),
            remote,
        ]
        timers: dict[tuple[str, str], Timer] = {}
        for each, store in zip(STORES, stores, strict=True):
            timers |= {(each, ACTS[0]): _look_up(store), (each, ACTS[1]): _insert(store)}
        return in_turns(timers, 41)


def rows(times: Times) -> list[str]:
    """Return the lines of the table: each store in multiples of the first."""
    lines = [f"| store | {ACTS[0]} | {ACTS[1]} |", "|---|--:|--:|", f"| {STORES[0]} | 1 | 1 |"]
    for store in STORES[1:]:
        spreads = [Spread.of_ratios(times[store, act], times[STORES[0], act]) for act in ACTS]
        lines.append(f"| {store} | {spreads[0]} | {spreads[1]} |")
    return lines


def per_second(times: Times) -> list[str]:
    """Return the calls per second, for the console."""
    return [f"{' '.join(key):36} {1e9 / median(line):12,.0f}/s" for key, line in times.items()]


def main() -> None:
    """Measure the stores, and write this part of the page."""
    times = measure()
    print("\n".join([*per_second(times), *rows(times)]))
    page.write({"stores": rows(times)})


if __name__ == "__main__":
    main()
