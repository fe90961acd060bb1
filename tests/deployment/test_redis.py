"""RedisStore on real servers: killed, replaced, full, and shared by many processes."""

from __future__ import annotations

import itertools
import os
import random
import re
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from redis.cluster import LoadBalancingStrategy

from lesson_app import RedisStore, Session, UserEpochs, stores
from lesson_app.lab import Clock
from lesson_app.testing import ManualClock, StoreContract
from tests.conftest import PATIENCE, Site, listens, read, secret_of, the_cookie, wait_until
from tests.deployment.cluster import (
    EMAIL,
    PAGE,
    Start,
    blocks,
    browser,
    fill,
    free_port,
    new_address,
    programs,
    write_certificate,
)
from tests.deployment.redis_servers import (
    PATIENT,
    Server,
    replica_of,
    sentinels,
    server,
    small_disk,
)
from tests.plugin import require_tool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Redis: POSIX only")

SITE = "https://localhost"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with programs(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that do not harm it."""
    folder = tmp_path_factory.mktemp("redis")
    with programs(folder) as start:
        yield server(start, folder, "--unixsocket", str(folder / "r.sock"))


class TestContract(StoreContract):
    """RedisStore keeps the protocol."""

    @pytest.fixture(params=["bytes", "text"])
    def store(
        self, request: pytest.FixtureRequest, shared: Server, clock: ManualClock
    ) -> RedisStore:
        """Return a store, with either kind of client."""
        shared.ask("FLUSHALL")
        client = redis.Redis(
            port=shared.port,
            socket_timeout=PATIENCE,
            decode_responses=request.param == "text",
        )
        return RedisStore(client, now=clock)


def every_call(store: RedisStore) -> list[Callable[[], object]]:
    """Return a call of each method."""
    return [lambda: store.get("a"), lambda: store.put("a", 1, None), lambda: store.delete("a")]


# Connections


def test_url_of_a_socket(shared: Server) -> None:
    """The URL can name a Unix socket and a database."""
    path = shared.folder.parent / "r.sock"
    store = RedisStore(f"unix://{path}?db=3&socket_timeout={PATIENCE}", prefix="socket:")

    store.put("a", 5, None)

    assert store.get("a") == 5
    assert shared.ask("EXISTS", "socket:a") == 0
    assert RedisStore(f"{shared.url}&db=3", prefix="socket:").get("a") == 5


def test_url_with_tls(start: Start, tmp_path: Path) -> None:
    """With `rediss://` the server's certificate is checked."""
    pem = tmp_path / "redis.pem"
    write_certificate(pem)
    files = ["--tls-cert-file", str(pem), "--tls-key-file", str(pem)]
    port = free_port()
    plain = server(start, tmp_path, *files, "--tls-auth-clients", "no")
    plain.ask("CONFIG", "SET", "tls-port", port, "requirepass", "it's")
    url = f"rediss://:it%27s@127.0.0.1:{port}?{PATIENT}"
    store = RedisStore(f"{url}&ssl_ca_certs={pem}")

    store.put("a", 1, None)

    assert store.get("a") == 1
    with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
        RedisStore(url).get("a")
    with pytest.raises(redis.AuthenticationError):
        RedisStore(plain.url).get("a")


def test_prefix(shared: Server) -> None:
    """Stores with different prefixes share a server and no entries."""
    shared.ask("FLUSHALL")
    one, two = RedisStore(shared.url), RedisStore(shared.url, prefix="two:")

    one.put("a", 1, None)
    two.put("a", 2, None)
    one.delete("a")

    assert (one.get("a"), two.get("a")) == (None, 2)
    assert shared.ask("KEYS", "*") == [b"two:a"]


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ("localhost:6379", ValueError, "write RedisStore('redis://127.0.0.1:6379')"),
        ("http://:hidden@localhost", ValueError, "starts with redis://"),
        (6379, TypeError, "client of redis-py .*, got int"),
        (redis.asyncio.Redis(), TypeError, "client of redis-py .*, got Redis"),
    ],
)
def test_wrong_server(wrong: Any, error: type[Exception], says: str) -> None:
    """The error for a wrong server shows a right one, and no password."""
    with pytest.raises(error, match=says.replace("(", r"\(").replace(")", r"\)")) as raised:
        RedisStore(wrong)

    assert "hidden" not in str(raised.value)


def test_redis_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redis-py, the error says what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(ImportError, match=r"pip install 'lesson-app\[redis\]'"):
        RedisStore("redis://127.0.0.1")


def test_value_that_is_too_large(shared: Server) -> None:
    """A value that Redis' script cannot compare exactly is refused."""
    with pytest.raises(ValueError, match="use milliseconds"):
        RedisStore(shared.url).put("a", 2**53 + 1, None)


def test_no_server() -> None:
    """The store is made without a server; each call raises."""
    store = RedisStore(f"redis://127.0.0.1:{free_port()}")

    for call in every_call(store):
        with pytest.raises(redis.ConnectionError):
            call()


def test_server_that_does_not_answer() -> None:
    """A call ends with the URL's time limit, and is not tried again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        store = RedisStore(f"redis://127.0.0.1:{port}?socket_timeout=0.05")
        with pytest.raises(redis.TimeoutError):
            store.get("a")
        listener.accept()[0].close()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


@contextmanager
def cutting(server: Server, times: int) -> Iterator[str]:
    """Yield the URL of a proxy that cuts so many connections at the first call of a script."""

    def serve() -> None:
        for number in itertools.count():
            try:
                client, _ = listener.accept()
            except OSError:  # the block has ended
                return
            with client, socket.create_connection(("127.0.0.1", server.port)) as beyond:
                forward({client: beyond, beyond: client}, cut=number < times)

    def forward(ends: dict[socket.socket, socket.socket], cut: bool) -> None:
        while True:
            for end in select.select(list(ends), [], [])[0]:
                sent = end.recv(65536)
                if not sent or (cut and b"EVALSHA" in sent):
                    return
                ends[end].sendall(sent)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}?{PATIENT}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("times", [1, 2])
def test_lost_connection(shared: Server, times: int) -> None:
    """A call whose connection breaks is tried once more, on a new connection."""
    with cutting(shared, times) as url:
        store = RedisStore(url, prefix="lost:")
        with closing(store._client):
            if times == 1:
                assert store.get("a") is None
            else:
                with pytest.raises(redis.ConnectionError):
                    store.get("a")


def test_time_limits() -> None:
    """By default, a connection and an answer may each take a second."""
    options = RedisStore("redis://127.0.0.1")._client.connection_pool.connection_kwargs

    assert (options["socket_connect_timeout"], options["socket_timeout"]) == (1, 1)


def test_user_with_few_rights(shared: Server) -> None:
    """A Redis user with only the page's rights is enough."""
    [rule] = re.findall(r"^(user lesson_app .*)$", PAGE, re.MULTILINE)
    shared.ask("ACL", "SETUSER", *rule.replace("…", "password").split()[1:])
    store = RedisStore(f"redis://lesson_app:password@127.0.0.1:{shared.port}?{PATIENT}")
    store.put("a", 1, None)
    assert store.get("a") == 1
    store.delete("a")
    with pytest.raises(redis.exceptions.NoPermissionError):
        RedisStore(store._client, prefix="other:").get("a")


# What the server holds


@pytest.mark.parametrize("year", ["1971", "2100"])
def test_clock_of_redis(shared: Server, year: str) -> None:
    """Redis deletes an entry an hour after its end, however its clock differs from ours."""
    now = round(Clock(f"{year}-01-01T00:00:00Z")() * 1000)
    store = RedisStore(shared.url, now=lambda: now)

    store.put("a", 1, now + 60_000)
    store.put("b", 1, None)

    assert 0 <= 3_660_000 - shared.ask("PTTL", "lesson_app:a") < 3_600_000
    assert shared.ask("PTTL", "lesson_app:b") == -1
    assert store.get("a") == 1


def test_entry_of_another_program(shared: Server) -> None:
    """A key that holds something else raises, and is not overwritten."""
    shared.ask("SET", "lesson_app:other", "hello")
    store = RedisStore(shared.url)

    with pytest.raises(redis.ResponseError, match="use another prefix"):
        store.get("other")
    with pytest.raises(redis.ResponseError, match="use another prefix"):
        store.put("other", 1, None)
    assert shared.ask("GET", "lesson_app:other") == b"hello"


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_server_that_evicts(shared: Server, policy: str) -> None:
    """A server that may evict entries takes none, and the error names its setting."""
    store = RedisStore(shared.url)
    shared.ask("CONFIG", "SET", "maxmemory-policy", policy)
    try:
        with pytest.raises(redis.ResponseError, match=f"must be noeviction, got {policy}"):
            store.put("evicted", 1, None)
    finally:
        shared.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert store.get("evicted") is None


def test_memory_is_full(start: Start, tmp_path: Path) -> None:
    """With no memory left, `put` raises; what was stored can be looked up."""
    full = server(start, tmp_path)
    store = RedisStore(full.url)
    store.put("a", 1, None)
    full.ask("CONFIG", "SET", "maxmemory", 1)

    with pytest.raises(redis.OutOfMemoryError):
        store.put("b", 1, None)
    assert (store.get("a"), store.get("b")) == (1, None)


def test_replica_is_not_read(start: Start, tmp_path: Path) -> None:
    """A replica, which may lag, answers nothing."""
    primary = server(start, tmp_path, "--repl-diskless-sync-delay", "0")
    RedisStore(primary.url).put("a", 1, None)
    store = RedisStore(replica_of(primary).url)

    for call in every_call(store):
        with pytest.raises(redis.ReadOnlyError):
            call()


@contextmanager
def patient_puts() -> Iterator[None]:
    """Let `put` wait longer for a replica, because the test machine can be busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "_REPLICATION", round(PATIENCE * 1000))
        yield


def test_put_waits_for_a_replica(start: Start, tmp_path: Path) -> None:
    """`put` returns when a replica has the entry; if none has it in time, `put` raises."""
    primary = server(start, tmp_path, "--repl-diskless-sync-delay", "0")
    replica = replica_of(primary)
    store = RedisStore(primary.url)
    with patient_puts():
        for number in range(20):
            store.put(str(number), 1, None)
            assert replica.ask("EXISTS", f"lesson_app:{number}") == 1

    replica.program.process.send_signal(signal.SIGSTOP)
    for _ in range(2):  # the second time, the primary has the entry already
        with pytest.raises(redis.TimeoutError, match="repair the replication"):
            store.put("late", 1, None)
    replica.program.process.send_signal(signal.SIGCONT)

    assert store.get("late") == 1


# Processes


def test_fork(shared: Server) -> None:
    """A process that forks after its first call shares no connection with its child."""
    store = RedisStore(shared.url, prefix="fork:")
    store.put("a", 1, None)
    pid = os.fork()
    if pid == 0:
        try:
            for number in range(300):
                store.put("child", number, None)
                assert store.get("child") == number
        except BaseException:  # noqa: BLE001  # whatever it was, the parent must see it
            os._exit(1)
        os._exit(0)
    for number in range(300):
        store.put("parent", number, None)
        assert store.get("parent") == number

    assert os.waitpid(pid, 0)[1] == 0


def test_restart(start: Start, tmp_path: Path) -> None:
    """After a restart, the first call on an old connection works, and nothing is lost."""
    one = server(start, tmp_path, "--appendonly", "yes")
    store = RedisStore(one.url)
    store.put("a", 7, None)
    one.kill()
    with pytest.raises(redis.ConnectionError):
        store.get("a")
    one.run()
    assert store.get("a") == 7
    one.kill()
    one.run()

    assert store.get("a") == 7


def test_ended_everywhere(shared: Server, clock: Clock) -> None:
    """A session that one machine ends opens on no other; a failure opens none."""
    shared.ask("FLUSHALL")

    def user(session: Session) -> str | None:
        return session.get("user")

    def machine(url: str) -> tuple[Site, UserEpochs]:
        store = RedisStore(url, now=lambda: round(clock() * 1000))
        epochs = UserEpochs(store, user=user, now=lambda: round(clock() * 1000))
        return Site(clock, revocation=epochs), epochs

    (one, _), (_, epochs) = machine(shared.url), machine(shared.url)
    cookie = the_cookie(one.visit(lambda s: s.update(user="ann", message="hi"))).value
    assert one.visit_with(f"session={cookie}", read).text == "hi"

    epochs.end_all("ann")

    assert one.visit_with(f"session={cookie}", read).text == "None"
    broken, _ = machine(f"redis://127.0.0.1:{free_port()}")
    broken.app.testing = False
    assert broken.visit_with(f"session={cookie}", read).status_code == 500


# Faults under load


class Load:
    """Threads that end sessions and look them up, until the block ends.

    A session is ended when `put` returns. A look-up of one must raise or find it.
    """

    def __init__(self, store: RedisStore) -> None:
        self.store = store
        self.ended: list[str] = []
        self.failed_puts = self.failed_gets = 0
        self.opened: list[str] = []
        self._stop = threading.Event()
        self._threads = [
            *(threading.Thread(target=self._end, args=(n,)) for n in range(3)),
            *(threading.Thread(target=self._look_up) for _ in range(2)),
        ]

    def _end(self, thread: int) -> None:
        for number in itertools.count():
            if self._stop.is_set():
                return
            try:
                self.store.put(f"{thread}:{number}", number, None)
            except redis.RedisError:
                self.failed_puts += 1
            else:
                self.ended.append(f"{thread}:{number}")

    def _look_up(self) -> None:
        while not self._stop.is_set():
            key = random.choice(self.ended[-20:] or ["none"])
            try:
                if self.store.get(key) is None and key != "none":
                    self.opened.append(key)
            except redis.RedisError:
                self.failed_gets += 1

    def wait_for_more(self) -> None:
        """Wait until some more sessions were ended."""
        wanted = len(self.ended) + 100
        wait_until(lambda: len(self.ended) > wanted, lambda: f"{vars(self)}")

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Check that no session that was ended opened, or opens now."""
        assert self.opened == []
        assert [key for key in self.ended if self.store.get(key) is None] == []


@pytest.mark.proof
def test_killed_under_load(start: Start, tmp_path: Path) -> None:
    """With `appendonly`, a server that is killed again and again forgets nothing."""
    one = server(start, tmp_path, "--appendonly", "yes")
    with Load(RedisStore(one.url)) as load:
        for _ in range(5):
            one.kill()
            wait_until(lambda: load.failed_puts and load.failed_gets)
            load.failed_puts = load.failed_gets = 0
            one.run()
            load.wait_for_more()

    load.check()


@pytest.mark.proof
def test_replica_is_promoted(start: Start, tmp_path: Path) -> None:
    """When sentinels replace a killed primary, the new one has every entry."""
    primary = server(start, tmp_path, "--repl-diskless-sync-delay", "0", "--appendonly", "yes")
    replica = replica_of(primary, "--appendonly", "yes")
    watchers = sentinels(primary)
    [program] = [block for block in blocks(PAGE, "python") if "Sentinel" in block]
    names: dict[str, Any] = {"RedisStore": RedisStore}
    places = dict(zip(SENTINELS, map(str, watchers.addresses()), strict=True))
    exec(compile(fill(program, places), "page", "exec"), names)
    with Load(names["store"]) as load:
        primary.kill()
        wait_until(lambda: watchers.primary() == replica.port)
        load.wait_for_more()
        primary.run()
        wait_until(lambda: replica.info("slave0") and replica.info("slave0")["port"])
        wait_until(lambda: primary.info("role") == "slave")
        load.wait_for_more()

    assert load.failed_puts
    assert load.failed_gets
    load.check()
    with pytest.raises(redis.ReadOnlyError):
        RedisStore(primary.url).get("a")


@pytest.mark.proof
def test_full_disk_that_stops_redis(start: Start, tmp_path: Path) -> None:
    """With the page's `appendfsync always`, Redis stops on a full disk, and loses nothing."""
    with small_disk(tmp_path) as disk:
        options = ["--appendonly", "yes", "--appendfsync", "always"]
        one = server(start, disk.folder, *options)
        with Load(RedisStore(one.url)) as load:
            disk.fill()
            one.program.wait()
            wait_until(lambda: load.failed_puts and load.failed_gets)
            disk.clear()
            one.run()
            load.wait_for_more()

        load.check()
        one.kill()


@pytest.mark.proof
def test_full_disk(start: Start, tmp_path: Path) -> None:
    """On a full disk `put` raises and look-ups work; with space again, all is stored."""
    with small_disk(tmp_path) as disk:
        one = server(start, disk.folder, "--appendonly", "yes")
        store = RedisStore(one.url)
        with Load(store) as load:
            disk.fill()
            wait_until(lambda: load.failed_puts)
            for key in list(load.ended):
                assert store.get(key) is not None
            with pytest.raises(redis.ResponseError, match="MISCONF"):
                store.put("new", 1, None)
            disk.clear()
            load.wait_for_more()
            one.kill()
            one.run()
            load.wait_for_more()

        load.check()
        one.kill()


@pytest.mark.proof
def test_cluster(start: Start, tmp_path: Path) -> None:
    """A cluster serves as one server does, also if it reads from replicas elsewhere."""
    options = ["--cluster-enabled", "yes", "--repl-diskless-sync-delay", "0"]
    # Without an option, the servers would talk at the port that is 10,000 higher: free or not.
    buses = [str(free_port()) for _ in range(2)]
    one, two = (server(start, tmp_path, *options, "--cluster-port", bus) for bus in buses)
    one.ask("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    two.ask("CLUSTER", "MEET", "127.0.0.1", one.port, buses[0])
    wait_until(lambda: b"cluster_known_nodes:2" in one.ask("CLUSTER", "INFO"))
    wait_until(lambda: b"cluster_state:ok" in one.ask("CLUSTER", "INFO"))
    two.ask("CLUSTER", "REPLICATE", one.ask("CLUSTER", "MYID").decode())
    wait_until(lambda: one.info("slave0") and one.info("slave0")["state"] == "online")
    with redis.RedisCluster(
        host="127.0.0.1",
        port=one.port,
        socket_timeout=PATIENCE,
        load_balancing_strategy=LoadBalancingStrategy.ROUND_ROBIN,
    ) as client:
        store = RedisStore(client)
        with patient_puts():
            for number in range(50):
                store.put(f"key {number}", number, None)
                assert store.get(f"key {number}") == number
        store.delete("key 1")
        assert store.get("key 1") is None

        two.program.process.send_signal(signal.SIGSTOP)
        with pytest.raises(redis.TimeoutError, match="repair the replication"):
            store.put("late", 1, None)


#: The addresses of the page's sentinels.
SENTINELS = [f'("10.0.0.2{n}", 26379)' for n in (1, 2, 3)]
WORKERS = """
import os
from flask import Flask, session
from lesson_app import ClientSessions, RedisStore, UserEpochs

store = RedisStore(os.environ["STORE"])
store.get("connect before the fork")
logins = UserEpochs(store, user=lambda s: s.get("user"))
app = Flask("workers")
ClientSessions(app, secret=os.environ["SECRET_KEY"], revocation=logins)

@app.get("/login/<name>")
def log_in(name):
    session.reset()
    session["user"] = name
    return name

@app.get("/end/<name>")
def end(name):
    logins.end_all(name)
    return name

@app.get("/")
def index():
    return f"{os.getpid()} {session.get('user')}"
"""


@pytest.mark.proof
@pytest.mark.parametrize("kind", ["sync", "gthread", "gevent"])
def test_workers_share(start: Start, tmp_path: Path, shared: Server, kind: str) -> None:
    """Gunicorn's four workers, forked after the first call, end sessions for each other."""
    (tmp_path / "workers.py").write_text(WORKERS)
    address = new_address()
    words = f"gunicorn --workers 4 --preload --bind {address} --worker-class {kind} workers:app"
    program = start(words.split(), STORE=shared.url, SECRET_KEY=secret_of("workers"))
    program.wait_until(lambda: listens(f"http://{address}"), "it does not listen")
    seen: set[str] = set()
    wrong: list[str] = []

    def visit(name: str) -> None:
        def get(path: str, cookie: str) -> requests.Response:
            with browser() as one:  # a new connection, so any worker may answer
                url = f"http://{address}{path}"
                return one.get(url, headers={"Cookie": cookie}, timeout=PATIENCE)

        answer = get(f"/login/{name}", "")
        cookie = f"session={answer.cookies['session']}"
        for wanted, visits in ((name, 10), ("None", 20)):
            for _ in range(visits):
                worker, user = get("/", cookie).text.split()
                seen.add(worker)
                wrong.extend([f"{name}: {user}"] * (user != wanted))
            get(f"/end/{name}", "")

    end, names = time.monotonic() + PATIENCE, itertools.count()
    while len(seen) < 4 and time.monotonic() < end:  # a busy machine may start one later
        these = [f"{kind}{number}" for number in itertools.islice(names, 8)]
        threads = [threading.Thread(target=visit, args=(name,)) for name in these]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []
    assert len(seen) == 4, program.output


# The page


def test_page(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines with the page's files end each other's sessions."""
    pem = tmp_path / "site.pem"
    write_certificate(pem)
    [settings] = [block for block in blocks(PAGE, "text") if "redis.conf" in block]
    port = free_port()
    places = {
        "bind 10.0.0.20": f"bind 127.0.0.1\ndir {tmp_path}",
        "tls-port 6379": f"tls-port {port}",
        "/etc/redis/site.pem": str(pem),
        "…": "password",
    }
    (tmp_path / "redis.conf").write_text(fill(settings, places))
    program = start([require_tool("redis-server"), str(tmp_path / "redis.conf")])
    program.wait_until(lambda: listens(f"redis://127.0.0.1:{port}"), "it does not listen")
    url = f"rediss://lesson_app:password@127.0.0.1:{port}?ssl_ca_certs={pem}&{PATIENT}"
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setenv("SECRET_KEY", secret_of("page"))
    [wsgi] = [block for block in blocks(PAGE, "python") if "REDIS_URL" in block]
    one: dict[str, Any] = {"__name__": "one"}
    two: dict[str, Any] = {"__name__": "two"}
    for machine in (one, two):
        exec(compile(wsgi, "wsgi.py", "exec"), machine)

    def email(cookie: str) -> bool:
        visitor = one["app"].test_client(use_cookies=False)
        headers = {"Cookie": cookie}
        return EMAIL in visitor.get("/dashboard", headers=headers, base_url=SITE).text

    form = {"userName": "sampleuser", "password": "samplepassword"}
    answer = two["app"].test_client().post("/login", data=form, base_url=SITE)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    assert email(cookie)

    two["logins"].end_all("sampleuser")

    assert not email(cookie)
