"""Sessions that are over before their time: what a server has to remember for that.

A sealed cookie needs no memory on the server; taking one back does. Two ready means, each
on a store of your choice, and a protocol for your own::

    logins = UserEpochs(
        SQLiteStore("revoked.db"), user=lambda s: s.get("user", {}).get("userName")
    )
    ClientSessions(app, revocation=logins)
    logins.end_all("sampleuser")                 # every session that has begun up to now
    logins.end_all("sampleuser", keep=session)   # but this one, after a change of password

    revoked = DenyList(MemoryStore())
    ClientSessions(app, revocation=revoked)
    revoked.end(session)                    # this very cookie
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Protocol

from .session import Session

if TYPE_CHECKING:
    import sqlite3


class Revocation(Protocol):
    """What decides whether a session that opened is honoured."""

    def is_revoked(self, session: Session) -> bool:
        """Return True to refuse it. An exception fails the request and loses nothing."""


class Store(Protocol):
    """A server's memory: text keys, each with a whole number and a time to forget it."""

    def put(self, key: str, value: int, forget_at: int | None) -> None:
        """Keep the larger of `value` and what `key` has; forget it at `forget_at` (ms).

        Of equal values the later end counts, and None, which is never, is the latest. What
        is over is as good as not there.
        """

    def get(self, key: str) -> int | None:
        """Return the value, or None."""


def _now() -> int:
    return round(time.time() * 1000)  # as the middleware rounds, or a session slips through


#: How long a `DenyList` remembers a cookie that has expired: one hour, in ms. The moment at
#: which a cookie is found unexpired and the one at which its entry is asked for are two. A
#: cookie whose entry were forgotten in between would come back to life, and be extended. The
#: hour is for clocks that are set back, or differ between servers.
MARGIN = 60 * 60 * 1000


class MemoryStore:
    """A store in this process: gone when it ends, and unknown to every other process."""

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
            if known is None or _is_over(known[1], now) or _is_later((value, forget_at), known):
                self._entries[key] = (value, forget_at)
                if forget_at is not None:
                    heappush(self._ends, (forget_at, key))
            # Two for each that comes: never many at once, and never more than there were.
            self._forget_one(now)
            self._forget_one(now)
            self._drop_old_ends()

    def _forget_one(self, now: int) -> None:
        if self._ends and self._ends[0][0] < now:
            _, key = heappop(self._ends)
            _, forget_at = self._entries.get(key, (None, None))
            if _is_over(forget_at, now):  # and was not put again
                del self._entries[key]

    def _drop_old_ends(self) -> None:
        # A key that is put again leaves its old end behind. So seldom that it costs nothing.
        if len(self._ends) > 2 * len(self._entries) + 1024:
            entries = self._entries.items()
            self._ends = [(end, key) for key, (_, end) in entries if end is not None]
            heapify(self._ends)

    def get(self, key: str) -> int | None:
        value, forget_at = self._entries.get(key, (None, None))
        return None if _is_over(forget_at, self._now()) else value


def _is_later(new: tuple[int, int | None], known: tuple[int, int | None]) -> bool:
    """Return whether `new` counts: by its value or, if that is the same, by its end."""
    if new[0] != known[0] or known[1] is None:
        return new[0] > known[0]
    return new[1] is None or new[1] > known[1]


def _is_over(forget_at: int | None, now: int) -> bool:
    return forget_at is not None and forget_at < now


class SQLiteStore:
    """A store in a file, shared by the processes of one machine."""

    def __init__(self, path: str, now: Callable[[], int] = _now) -> None:
        if path in ("", ":memory:"):
            raise ValueError(f"path is {path!r}: give a file's, or use a MemoryStore")
        self._path = path
        self._now = now
        import sqlite3  # here, as most apps do without

        with closing(self._connect()) as connection, connection:
            # Locked: another process that starts with this one is doing the same.
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

        # One connection a call: SQLite's may not be shared by threads or survive a fork.
        return sqlite3.connect(self._path, timeout=10)

    def put(self, key: str, value: int, forget_at: int | None) -> None:
        now = self._now()
        with closing(self._connect()) as connection, connection:
            # A few for each that comes: a million at once would take seconds.
            connection.execute(
                "DELETE FROM revoked WHERE key IN "
                "(SELECT key FROM revoked WHERE forget_at < ? LIMIT 100)",
                (now,),
            )
            # `max` is NULL, which is never, where one of the two is.
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


class UserEpochs:
    """End all sessions of a user: those that began at or before a moment are refused.

    One entry for each user who ever asked for it (OWASP ASVS 5.0, 7.4.1). A session begins
    when it is new or `reset`; so an app must call ``session.reset()`` when it logs a
    visitor in, as it should anyway. `user` takes a session to its user's name; it is asked
    for sessions without one too, and must return None for them.
    """

    def __init__(
        self,
        store: Store,
        *,
        user: Callable[[Session], str | None],
        now: Callable[[], int] = _now,
    ) -> None:
        self._store = store
        self._user = user
        self._now = now

    def end_all(self, user: str, *, keep: Session | None = None) -> None:
        """Refuse every session of `user` that has begun up to now, but for `keep`."""
        state = None if keep is None else keep._open()  # while it is not yet refused
        epoch = self._now()
        self._store.put(f"user:{user}", epoch, None)
        if state is not None:
            state.born_at = max(state.born_at, epoch + 1)
            state.changed = True

    def is_revoked(self, session: Session) -> bool:
        user = self._user(session)
        epoch = None if user is None else self._store.get(f"user:{user}")
        return epoch is not None and session.born_at <= epoch


class DenyList:
    """End one cookie. Its entry is forgotten an hour after the cookie would have expired.

    The key is the MAC's bytes, not the value's text: several texts stand for one cookie. An
    older cookie of the same session, from before it was extended or changed, is another
    cookie; to end those too, use `UserEpochs`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def end(self, session: Session) -> None:
        """Refuse the cookie that `session` was opened from; without one, do nothing."""
        state = session._open()
        if state.mac:
            self._store.put(f"mac:{state.mac.hex()}", 1, state.opened_until + MARGIN)

    def is_revoked(self, session: Session) -> bool:
        mac = session._open().mac
        return bool(mac) and self._store.get(f"mac:{mac.hex()}") is not None
