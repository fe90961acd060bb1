"""The real peer: Express, and Mozilla's own library, each in a Node process.

And a visitor who goes from one server to the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, cast

import pytest
import requests
from flask import Flask, request, session

from lesson_app.app import PAGE_SECRET
from lesson_app.javascript import stringify
from lesson_app.lab import Clock
from lesson_app.session import Session
from tests.conftest import ROOT, SetCookie, read_set_cookie, require_tool

NODE = ROOT / "tests" / "node"
#: Seconds that a process may take to answer, or to end, before it is killed.
PATIENCE = 60.0
#: Values in one line to the oracle.
_BATCH = 2000
_MS = timedelta(milliseconds=1)


def require_node() -> str:
    """Return where Node is; without it or its packages skip the test, or fail it in CI."""
    node = require_tool("node")
    if (NODE / "node_modules" / "client-sessions").is_dir():
        return node
    message = "the peer is not installed: make tests/node/node_modules"
    if os.environ.get("LESSON_APP_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def express(
    *,
    secret: str = PAGE_SECRET,
    duration: timedelta = timedelta(minutes=2),
    active_duration: timedelta = timedelta(minutes=1),
) -> Iterator[str]:
    """Run the course page's application on Express; the URL is where it listens."""
    options = {
        "secret": secret,
        "duration": duration // _MS,
        "activeDuration": active_duration // _MS,
    }
    with _node("server.js", json.dumps(options)) as process:
        port = json.loads(_read_line(process))["port"]
        yield f"http://127.0.0.1:{port}"


class Opened(NamedTuple):
    """What Node's ``util.decode`` returned; `content` is the JSON that it holds."""

    content: str
    created_at: float
    duration: float


#: None: ``util.decode`` returned nothing. A text: the exception that it threw.
Decoded = Opened | str | None


class Oracle:
    """A Node process that tells what Mozilla's own library makes of values."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def decode(
        self, values: Sequence[str], *, name: str = "session", secret: str = PAGE_SECRET
    ) -> list[Decoded]:
        """Open cookie values with ``util.decode``."""
        return list(map(_decoded, self._ask("decode", values, name=name, secret=secret)))

    def encode(
        self,
        content: str,
        *,
        created_at: int,
        duration: int,
        iv: bytes,
        name: str = "session",
        secret: str = PAGE_SECRET,
    ) -> str:
        """Seal JSON with ``util.encode``, under an IV that would else be random."""
        item = {
            "content": content,
            "createdAt": created_at,
            "duration": duration,
            "iv": iv.hex(),
        }
        (value,) = self._ask("encode", [item], name=name, secret=secret)
        assert isinstance(value, str), value
        return value

    def stringify(self, text: str) -> str:
        """Return ``JSON.stringify(JSON.parse(text))``."""
        (written,) = self._ask("stringify", [text])
        assert isinstance(written, str), written
        return written

    def _ask(self, op: str, items: Sequence[Any], **options: str) -> Iterable[Any]:
        for start in range(0, len(items), _BATCH):
            request = {"op": op, "items": items[start : start + _BATCH], **options}
            assert self._process.stdin is not None  # opened as a pipe
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            yield from json.loads(_read_line(self._process))


def _decoded(answer: Any) -> Decoded:
    if answer is None:
        return None
    if isinstance(answer, dict):
        return str(answer["thrown"])
    content, created_at, duration = answer
    return Opened(content, float(created_at), float(duration))


@contextmanager
def oracle() -> Iterator[Oracle]:
    """Run an `Oracle`."""
    with _node("oracle.js") as process:
        yield Oracle(process)


@contextmanager
def _node(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script that ends when its standard input does, as it does if we are killed."""
    process = subprocess.Popen(
        # The library makes buffers with `new Buffer`, about which Node warns.
        [require_node(), "--no-deprecation", str(NODE / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # opened as a pipe
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    if not line:
        raise RuntimeError(f"{process.args!r} gave no answer: did it raise, or take too long?")
    return line


def now(clock: Clock) -> int:
    """Return the clock's time in ms since 1970."""
    return round(clock() * 1000)


@dataclass(frozen=True)
class Visitor:
    """One browser before two servers that agree on the time; `urls` says where they are."""

    urls: dict[str, str]
    clock: Clock
    browser: requests.Session

    def get(self, server: str, path: str, **query: str) -> requests.Response:
        return self._send("GET", server, path, params=query)

    def post(self, server: str, path: str, **form: str) -> requests.Response:
        return self._send("POST", server, path, data=form)

    def log_in(self, server: str) -> requests.Response:
        return self.post(server, "/login", userName="sampleuser", password="samplepassword")

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def forget(self) -> None:
        """Empty the cookie jar."""
        self.browser.cookies.clear()

    def _send(self, method: str, server: str, path: str, **data: Any) -> requests.Response:
        headers = {"Now": str(now(self.clock))}
        url = self.urls[server] + path
        return self.browser.request(method, url, headers=headers, timeout=PATIENCE, **data)


def received(response: requests.Response) -> list[SetCookie]:
    """Return the cookies that one response set, and those before it that redirected."""
    return [
        read_set_cookie(header)
        for r in (*response.history, response)
        for header in r.raw.headers.getlist("Set-Cookie")
    ]


def hops(response: requests.Response) -> list[tuple[int, str | None]]:
    """Return the status of each response on the way, and where it redirected to."""
    return [(r.status_code, r.headers.get("Location")) for r in (*response.history, response)]


def add_test_routes(app: Flask) -> None:
    """Add the routes under ``/test`` that the application on Express has."""

    def add(path: str, change: Callable[[Session], object]) -> None:
        def view() -> str:
            opened = cast(Session, session)
            change(opened)
            return stringify(opened)

        app.add_url_rule(path, path, view)

    app.add_url_rule("/test/untouched", "untouched", lambda: "untouched")
    add("/test/read", lambda s: None)
    add("/test/write", lambda s: s.update(request.args.to_dict()))
    add("/test/basket", lambda s: s.update(basket={"items": []}))
    add("/test/nested", lambda s: s["basket"]["items"].append(request.args["item"]))
    add("/test/reset", lambda s: s.reset())
    add("/test/duration", lambda s: s.set_duration(int(request.args["ms"]) * _MS))
