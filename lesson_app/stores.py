"""Where servers remember what they revoked: in memory, in a file, or in Redis.

`MemoryStore` is for one process, `SQLiteStore` for the processes of one machine, and
`RedisStore` for many machines. A store of your own needs the three methods of `Store`;
`lesson_app.testing.StoreContract` tests it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlite3

    import redis


class Store(Protocol):
    """What a server stores: for each string key, a whole number and when to delete it.

    The numbers are at most 2**53, and may be negative. A method that cannot do its work
    raises: then the request fails, and no session that was ended opens.
    """

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        """Store `value` until `forget_at`, unless the stored value of `key` is larger.

        Return the value before, or None: in one step, so that of several calls at the same
        time only one gets None. `forget_at` is in ms since 1970; None means never, and is
        later than any time. If both values are equal, keep the later `forget_at`. Treat an
        entry that is past its `forget_at` as absent.
        """

    def get(self, key: str) -> int | None:
        """Return the value of `key`, or None."""

    def delete(self, key: str) -> None:
        """Make `key` absent, whatever its value; do nothing if it is absent."""


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

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        with self._lock:
            now = self._now()
            known = self._entries.get(key)
            if known is not None and _is_past(known[1], now):
                known = None
            if known is None or _is_later((value, forget_at), known):
                self._entries[key] = (value, forget_at)
                if forget_at is not None:
                    heappush(self._ends, (forget_at, key))
            # Two for each new entry: never many at once, and always more than are added.
            self._forget_one(now)
            self._forget_one(now)
            self._drop_old_ends()
            return None if known is None else known[0]

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

    def delete(self, key: str) -> None:
        with self._lock:
            self._entries.pop(key, None)


def _is_later(new: tuple[int, int | None], known: tuple[int, int | None]) -> bool:
    """Return whether `new` replaces `known`: by its value, or by its end if both are equal."""
    if new[0] != known[0] or known[1] is None:
        return new[0] > known[0]
    return new[1] is None or new[1] > known[1]


def _is_past(forget_at: int | None, now: int) -> bool:
    return forget_at is not None and forget_at < now


_LOOK_UP = "SELECT value FROM revoked WHERE key = ? AND ifnull(forget_at >= ?, 1)"
#: How long SQLite's calls wait for other processes, in s.
_PATIENCE = 10


class SQLiteStore:
    """A store in a file, shared by the processes of one machine.

    Look-ups still work if the disk is full or read-only; `put` and `delete` raise. A call
    that cannot have the file for 10 s raises ``sqlite3.OperationalError``, "database is
    locked". 32 threads that write without pause do not get there; 128 can. Use a
    `RedisStore` from there on, and for a file on a network.
    """

    def __init__(self, path: str, now: Callable[[], int] = _now) -> None:
        if path in ("", ":memory:"):
            raise ValueError(f"path must name a file, got {path!r}; or use a MemoryStore")
        self._path = path
        self._now = now
        with closing(self._connect()) as connection:
            _execute(
                connection,
                "CREATE TABLE IF NOT EXISTS revoked "
                "(key TEXT PRIMARY KEY, value INTEGER NOT NULL, forget_at INTEGER) "
                "WITHOUT ROWID",
            )
            _execute(
                connection,
                "CREATE INDEX IF NOT EXISTS revoked_forget_at ON revoked (forget_at)",
            )

    def _connect(self) -> sqlite3.Connection:
        import sqlite3  # here, because most apps do not need it

        # One connection per call: threads cannot share one, and none survives a fork. The
        # journal's mode stays DELETE: with WAL, a look-up would need space on the disk.
        return sqlite3.connect(self._path, timeout=0, isolation_level=None)

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        now = self._now()
        with closing(self._connect()) as connection:
            _execute(connection, "BEGIN IMMEDIATE")
            before = connection.execute(_LOOK_UP, (key, now)).fetchone()
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
            _execute(connection, "COMMIT")
        return before[0] if before else None

    def get(self, key: str) -> int | None:
        with closing(self._connect()) as connection:
            row = _execute(connection, _LOOK_UP, (key, self._now())).fetchone()
        return row[0] if row else None

    def delete(self, key: str) -> None:
        with closing(self._connect()) as connection:
            _execute(connection, "DELETE FROM revoked WHERE key = ?", (key,))


def _execute(
    connection: sqlite3.Connection, statement: str, values: tuple[object, ...] = ()
) -> sqlite3.Cursor:
    """Execute a statement; wait while another connection has the file.

    SQLite's own wait is unfair: the longer a call has waited, the more rarely it tries.
    """
    import sqlite3

    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > end:
                raise
        time.sleep(random.random() / 100)  # noqa: S311  # no secret


#: How long `RedisStore.put` waits for a replica, in ms: less than the socket's timeout.
_REPLICATION = 500
#: Looks an entry up; with a second argument, puts that entry. An entry is the text
#: "value forget_at", or "value " without an end. A number of Lua has 53 bits.
_SCRIPT = """
local replication = redis.call('INFO', 'replication')
if not string.find(replication, 'role:master', 1, true) then
  return redis.error_reply('READONLY this is a replica, which can lag; use the primary')
end
local function read(entry)
  local value, forget_at = string.match(entry, '^(-?%d+) (-?%d*)$')
  assert(value, 'the key must hold an entry of RedisStore; use another prefix')
  return tonumber(value), tonumber(forget_at) or math.huge
end
local now, new = tonumber(ARGV[1]), ARGV[2]
local known = redis.call('GET', KEYS[1])
local value, forget_at
if known then
  value, forget_at = read(known)
  if forget_at < now then value = nil end
end
if not new then return value end

local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:(%S+)')
if policy ~= 'noeviction' then
  return redis.error_reply('ERR maxmemory-policy must be noeviction, got ' ..
    tostring(policy) .. '; otherwise Redis drops entries, and ended sessions open again')
end
local new_value, new_end = read(new)
if value and (value > new_value or value == new_value and forget_at > new_end) then
  new, new_end = known, forget_at
end
-- Always write: WAIT, which follows, waits only for what its own connection wrote.
-- An hour longer: for a clock of Redis that is set, or that differs from its replica's.
local left = new_end - now + 3600000
if left == math.huge then
  redis.call('SET', KEYS[1], new)
elseif left > 0 then
  redis.call('SET', KEYS[1], new, 'PX', string.format('%.0f', left))
else
  redis.call('DEL', KEYS[1])
end
local online = string.find(replication, 'state=online', 1, true) and 1 or 0
return {online, value or false}
"""


class RedisStore:
    """A store in Redis or Valkey, shared by many machines.

    `server` is a URL as redis-py takes it: ``redis://``, ``rediss://`` for TLS, or
    ``unix://``. A connection and an answer may each take one second; to change that, add
    ``?socket_connect_timeout=0.2&socket_timeout=0.5`` to the URL. Or `server` is a client of
    redis-py, with its own timeouts: `Sentinel(…).master_for(…)` or a `RedisCluster`.

    The store connects at its first call. Any failure raises ``redis.RedisError``. Only a
    lost connection is tried again, once, and each call may be repeated safely. `put` also
    raises if Redis may evict entries (``maxmemory-policy``), or if it has replicas and none
    of them gets the entry within half a second. A replica is never read.

    `now` decides when an entry is past. Redis' clock only deletes the entry, an hour later,
    so the two clocks need not agree.
    """

    def __init__(
        self,
        server: str | redis.Redis | redis.RedisCluster,
        *,
        prefix: str = "lesson_app:",
        now: Callable[[], int] = _now,
    ) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            message = "RedisStore needs redis-py; run: pip install 'lesson-app[redis]'"
            raise ImportError(message) from error
        if isinstance(server, str):
            scheme, found, _ = server.partition("://")
            if not found or scheme not in ("redis", "rediss", "unix"):
                # The URL can contain a password, so it is not shown.
                raise ValueError(
                    "server must be a URL that starts with redis://, rediss:// or unix://, "
                    "got another text; write RedisStore('redis://127.0.0.1:6379')"
                )
            # A pool's connections break when the server restarts; the second is new.
            retry = Retry(NoBackoff(), 1, (redis.ConnectionError,))
            server = redis.Redis.from_url(
                server, socket_timeout=1, socket_connect_timeout=1, retry=retry
            )
        elif not isinstance(server, redis.Redis | redis.RedisCluster):
            raise TypeError(
                "server must be a URL or a client of redis-py (Redis or RedisCluster), "
                f"got {type(server).__name__}; write RedisStore('redis://127.0.0.1:6379')"
            )
        self._client: Any = server
        self._script = self._client.register_script(_SCRIPT)
        self._prefix = prefix
        self._now = now

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        if abs(value) > 2**53:
            raise ValueError(
                f"value must be at most 2**53, got {value}; use milliseconds, not nanoseconds"
            )
        key = self._prefix + key
        entry = f"{value} {'' if forget_at is None else forget_at}"
        args: list[int | str] = [self._now(), entry]
        has_replicas, before = self._script(keys=[key], args=args)
        if has_replicas:
            self._put_in_replica(key, args)
        return None if before is None else int(before)

    def _put_in_replica(self, key: str, args: list[int | str]) -> None:
        """Put the entry again, and wait until a replica has it.

        If the primary failed before, the replica would become the primary without the entry.
        """
        import redis

        client = self._client
        if isinstance(client, redis.RedisCluster):
            node = client.get_node_from_key(key)  # type: ignore[no-untyped-call]
            client = client.get_redis_connection(node)
        with client.pipeline(transaction=False) as pipeline:  # both on one connection
            pipeline.eval(_SCRIPT, 1, key, *args)
            pipeline.wait(1, _REPLICATION)
            _, replicas = pipeline.execute()
        if not replicas:
            raise redis.TimeoutError(
                f"a replica must have the entry within {_REPLICATION} ms, got no answer; "
                "repair the replication, then end the session again"
            )

    def get(self, key: str) -> int | None:
        found = self._script(keys=[self._prefix + key], args=[self._now()])
        return None if found is None else int(found)

    def delete(self, key: str) -> None:
        self._client.delete(self._prefix + key)
