"""Where a server remembers what it revoked: in memory, or in a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import sqlite3


class Store(Protocol):
    """What a server stores: for each string key, a whole number and when to delete it."""

    def put(self, key: str, value: int, forget_at: int | None) -> None:
        """Store `value` until `forget_at`, unless the stored value of `key` is larger.

        `forget_at` is in ms since 1970; None means never, and is later than any time. If
        both values are equal, keep the later `forget_at`. Treat an entry that is past its
        `forget_at` as absent.
        """

    def get(self, key: str) -> int | None:
        """Return the value of `key`, or None."""


def _now() -> int:
    return round(time.time() * 1000)  # as the middleware rounds, or a session slips through


class MemoryStore:
    """A store in this process: gone when the process ends, unknown to other processes."""

    def __init__(self, now: Callable[[], int] = _now) -> None:
        self._now = now
        self._entries: dict[str, tuple[int, int | None]] = {}
        self._ends: list[tuple[int, str]] = []  # a heap: the next entry to forget is first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: str, value: int, forget_at: int | None) -> None:
        with self._lock:
            now = self._now()
            known = self._entries.get(key)
            if known is None or _is_past(known[1], now) or _is_later((value, forget_at), known):
                self._entries[key] = (value, forget_at)
                if forget_at is not None:
                    heappush(self._ends, (forget_at, key))
            # Two for each new entry: never many at once, and always more than are added.
            self._forget_one(now)
            self._forget_one(now)
            self._drop_old_ends()

    def _forget_one(self, now: int) -> None:
        if self._ends and self._ends[0][0] < now:
            _, key = heappop(self._ends)
            _, forget_at = self._entries.get(key, (None, None))
            if _is_past(forget_at, now):  # it was not put again
                del self._entries[key]

    def _drop_old_ends(self) -> None:
        # A key that is put again leaves its old end behind. This cleans up, rarely.
        if len(self._ends) > 2 * len(self._entries) + 1024:
            entries = self._entries.items()
            self._ends = [(end, key) for key, (_, end) in entries if end is not None]
            heapify(self._ends)

    def get(self, key: str) -> int | None:
        value, forget_at = self._entries.get(key, (None, None))
        return None if _is_past(forget_at, self._now()) else value


def _is_later(new: tuple[int, int | None], known: tuple[int, int | None]) -> bool:
    """Return whether `new` replaces `known`: by its value, or by its end if both are equal."""
    if new[0] != known[0] or known[1] is None:
        return new[0] > known[0]
    return new[1] is None or new[1] > known[1]


def _is_past(forget_at: int | None, now: int) -> bool:
    return forget_at is not None and forget_at < now


class SQLiteStore:
    """A store in a file, shared by the processes of one machine."""

    def __init__(self, path: str, now: Callable[[], int] = _now) -> None:
        if path in ("", ":memory:"):
            raise ValueError(f"path must name a file, got {path!r}; or use a MemoryStore")
        self._path = path
        self._now = now
        import sqlite3  # here, because most apps do not need it

        with closing(self._connect()) as connection, connection:
            # It is locked if another process that starts at the same time does the same.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS revoked "
                "(key TEXT PRIMARY KEY, value INTEGER NOT NULL, forget_at INTEGER) "
                "WITHOUT ROWID"
            )
            connection.execute(
                "CREATE INDEX IF NOT EXISTS revoked_forget_at ON revoked (forget_at)"
            )

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        # One connection per call: threads cannot share one, and none survives a fork.
        return sqlite3.connect(self._path, timeout=10)

    def put(self, key: str, value: int, forget_at: int | None) -> None:
        now = self._now()
        with closing(self._connect()) as connection, connection:
            # A hundred for each new entry: a million at once would take seconds.
            connection.execute(
                "DELETE FROM revoked WHERE key IN "
                "(SELECT key FROM revoked WHERE forget_at < ? LIMIT 100)",
                (now,),
            )
            # `max` is NULL, which means never, if one of the two is.
            connection.execute(
                "INSERT INTO revoked VALUES (:key, :value, :end) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value, forget_at = "
                "CASE WHEN excluded.value > value OR forget_at < :now "
                "THEN excluded.forget_at ELSE max(forget_at, excluded.forget_at) END "
                "WHERE excluded.value >= value OR forget_at < :now",
                {"key": key, "value": value, "end": forget_at, "now": now},
            )

    def get(self, key: str) -> int | None:
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT value FROM revoked WHERE key = ? AND ifnull(forget_at >= ?, 1)",
                (key, self._now()),
            ).fetchone()
        return row[0] if row else None
