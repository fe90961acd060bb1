"""Run Redis and its sentinels on 127.0.0.1. Every program ends with its block."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from tests.conftest import PATIENCE, wait_until
from tests.deployment.cluster import Program, Start, free_port
from tests.plugin import need, require_tool

#: For a URL: the test machine can be busy, so a slow server must not count as lost.
PATIENT = f"socket_timeout={PATIENCE}&socket_connect_timeout={PATIENCE}"
_numbers = itertools.count()


@dataclass
class Server:
    """A Redis server with a folder, a port and options of its own."""

    start: Start
    folder: Path
    options: list[str]
    port: int = field(default_factory=free_port)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.run()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}?{PATIENT}"

    def run(self) -> None:
        """Start it, again after `kill`, and wait until it answers."""
        words = [require_tool("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
        # In files of its own, and only what the test asks to be stored.
        words += ["--dir", str(self.folder), "--save", "", *self.options]
        self.program = self.start(words)
        self.program.wait_until(self._answers, "it does not answer")

    def _answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.ask("PING"))
        return False

    def ask(self, *words: str | int) -> Any:
        """Return the answer to a command, over a new connection."""
        with redis.Redis(port=self.port, socket_timeout=PATIENCE) as client:
            return client.execute_command(*words)

    def info(self, name: str) -> Any:
        """Return a field of the command INFO."""
        with redis.Redis(port=self.port, socket_timeout=PATIENCE) as client:
            return client.info("all").get(name)

    def kill(self) -> None:
        """Kill it, as if the machine had failed."""
        self.program.process.send_signal(signal.SIGKILL)
        self.program.wait()


def server(start: Start, folder: Path, *options: str) -> Server:
    """Start a server with these options, such as ``"--appendonly", "yes"``."""
    own = folder / f"redis{next(_numbers)}"
    own.mkdir()
    return Server(start, own, list(options))


def replica_of(primary: Server, *options: str) -> Server:
    """Start a replica, and wait until it has what its primary has."""
    port = str(primary.port)
    replica = server(
        primary.start, primary.folder.parent, "--replicaof", "127.0.0.1", port, *options
    )
    wait_until(lambda: primary.info("slave0") and primary.info("slave0")["state"] == "online")
    return replica


@dataclass
class Sentinels:
    """Three sentinels that watch one primary, named ``sessions``."""

    ports: list[int]

    def addresses(self) -> list[tuple[str, int]]:
        """Return what redis-py's Sentinel takes."""
        return [("127.0.0.1", port) for port in self.ports]

    def primary(self) -> int:
        """Return the port of the primary that most sentinels name, or 0."""
        named = []
        for port in self.ports:
            with suppress(redis.RedisError), redis.Redis(port=port) as client:
                named.append(int(client.sentinel_get_master_addr_by_name("sessions")[1]))
        return next((port for port in named if named.count(port) > 1), 0)


def sentinels(primary: Server) -> Sentinels:
    """Start three sentinels, and wait until they know each other and the replica."""
    ports = []
    for _ in range(3):
        port = free_port()
        folder = primary.folder.parent / f"sentinel{port}"
        folder.mkdir()
        file = folder / "sentinel.conf"
        file.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor sessions 127.0.0.1 {primary.port} 2\n"
            "sentinel down-after-milliseconds sessions 1000\n"
            "sentinel failover-timeout sessions 5000\n"
        )
        primary.start([require_tool("redis-server"), str(file), "--sentinel"])
        ports.append(port)

    def know_all() -> bool:
        for port in ports:
            try:
                with redis.Redis(port=port) as client:
                    state = client.sentinel_master("sessions")
            except redis.RedisError:
                return False
            if state["num-other-sentinels"] < 2 or state["num-slaves"] < 1:
                return False
        return True

    wait_until(know_all)
    return Sentinels(ports)


@dataclass
class Disk:
    """A file system of 4 MB."""

    folder: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def clear(self) -> None:
        """Give back what `fill` took."""
        (self.folder / "filler").unlink()

    def make_read_only(self) -> None:
        """Refuse every write from now on."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Yield a small file system; skip the test without the right to mount one."""
    place = folder / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(words, capture_output=True).returncode:
        need("the right to mount a small disk")
    try:
        yield Disk(place)
    finally:
        # A program that was just killed may still have a file open there.
        subprocess.run(["umount", "--lazy", str(place)], check=True)
