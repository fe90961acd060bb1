"""How many requests a gunicorn behind haproxy serves, and whether its memory grows.

Run ``python -m benchmarks.load`` in the repository; it needs haproxy, and no test runs it.
haproxy, TLS, the workers and the visitors share one machine, so extra workers help only while
a processor is free.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import ssl
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from lesson_app import PRODUCTION, derive_keys, seal
from lesson_app.app import USER
from tests.deployment.cluster import (
    ONE,
    THREE,
    TWO,
    Balancer,
    Program,
    Server,
    Start,
    gunicorn,
    haproxy,
    new_address,
    programs,
    write_app,
)

SECRET = "9Hk4sYpLrTqWvXnE5uCfGgJm1VbA3tSZ"  # noqa: S105  # for these servers only
NAME: str = PRODUCTION["cookie_name"]


@dataclass
class Count:
    """The requests and errors of all visitors together."""

    requests: int = 0
    errors: int = 0


async def visit(site: Balancer, count: Count, end: float, most: float) -> None:
    """Write a message and read it back until the time `end` or `most` requests."""
    trust = ssl.create_default_context(cafile=site.certificate)
    host = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port, ssl=trust)
    keys = derive_keys(SECRET)
    cookie = seal({"user": USER}, keys, name=NAME, duration=86_400_000)
    step = 0
    while time.monotonic() < end and count.requests < most:
        step += 1
        for path in (f"/session-test-add?message={step}", "/session-test-read"):
            request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: {NAME}={cookie}\r\n\r\n"
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)^content-length: (\d+)", head, re.MULTILINE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            new = re.search(rf"(?i)^set-cookie: {NAME}=([^;\r]*)", head, re.MULTILINE)
            cookie = new[1] if new else cookie
            count.requests += 1
            right = "read" not in path or body == f"session message: {step}".encode()
            count.errors += not (head.startswith("HTTP/1.1 200") and right)
    writer.close()


async def visits(site: Balancer, visitors: int, seconds: float, most: float) -> Count:
    """Run so many visitors at once."""
    count = Count()
    end = time.monotonic() + seconds
    await asyncio.gather(*(visit(site, count, end, most) for _ in range(visitors)))
    return count


def set_up(start: Start, folder: Path, workers: int) -> tuple[Server, Balancer]:
    """Start gunicorn with so many workers and haproxy in front, as deployment.md says."""

    def with_workers(words: list[str], **environment: str) -> Program:
        words[words.index("--workers") + 1] = str(workers)
        return start(words, **environment)

    write_app(folder)
    server = gunicorn(with_workers, SECRET).wait_until_it_answers()
    down = {TWO: new_address(), THREE: new_address()}
    site = haproxy(start, folder, {ONE: server.address, **down})
    site.program.wait_until(
        lambda: all(site.row(name)["status"].startswith("DOWN") for name in ("two", "three")),
        "haproxy has not noticed that two of three servers are down",
    )
    return server, site


def rate(workers: int, visitors: int, seconds: float) -> tuple[float, int]:
    """Return the requests per second that so many workers serve, and the errors."""
    with tempfile.TemporaryDirectory() as folder, programs(Path(folder)) as start:
        _, site = set_up(start, Path(folder), workers)
        asyncio.run(visits(site, visitors, 1.5, float("inf")))
        began = time.monotonic()
        count = asyncio.run(visits(site, visitors, seconds, float("inf")))
        return count.requests / (time.monotonic() - began), count.errors


def memory(server: Server) -> list[int]:
    """Return the memory of each worker, in KiB."""
    listed = subprocess.check_output(["ps", "-axo", "ppid=,rss="], text=True)
    rows = [line.split() for line in listed.splitlines()]
    master = str(server.program.process.pid)
    return [int(size) for parent, size in rows if parent == master]


def growth(workers: int, visitors: int, requests: int) -> None:
    """Print the workers' memory at the start, after a warm-up and later."""
    with tempfile.TemporaryDirectory() as folder, programs(Path(folder)) as start:
        server, site = set_up(start, Path(folder), workers)
        print(f"memory of {workers} workers, KiB\nat the start: {memory(server)}")
        served = errors = 0
        for part in (0.02, 0.23, 0.25, 0.25, 0.25):
            count = asyncio.run(visits(site, visitors, float("inf"), requests * part))
            served, errors = served + count.requests, errors + count.errors
            print(f"after {served:,} requests: {memory(server)}, errors: {errors}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--visitors", type=int, default=16)
    parser.add_argument("--requests", type=int, default=100_000, help="for the memory")
    given = parser.parse_args()

    print(f"{os.cpu_count()} processors, load before: {os.getloadavg()}")
    rates: dict[int, list[float]] = {1: [], 2: [], 4: []}
    errors = 0
    for _ in range(given.rounds):  # in turns, so that other programs disturb all alike
        for workers, measured in rates.items():
            per_second, wrong = rate(workers, given.visitors, given.seconds)
            measured.append(per_second)
            errors += wrong
    one = median(rates[1])
    for workers, measured in rates.items():
        every = ", ".join(f"{each:.0f}" for each in measured)
        print(f"{workers} workers: {median(measured) / one:.2f} of one ({every} requests/s)")
    print(f"errors: {errors}", flush=True)
    if given.requests:
        growth(2, given.visitors, given.requests)


if __name__ == "__main__":
    main()
