"""Run Express and Mozilla's library in Node processes, and visit both servers."""

from __future__ import annotations

import itertools
import json
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

from lesson_app import ClientSessions, Keys
from lesson_app._engine.javascript import stringify
from lesson_app.app import PAGE_SECRET
from lesson_app.lab import Clock, serve
from lesson_app.session import Session
from tests.conftest import PATIENCE, ROOT, SetCookie, read_set_cookie
from tests.plugin import need, require_tool

NODE = ROOT / "tests" / "express" / "node"
#: The number of values in one request to the oracle.
_BATCH = 2000
_MS = timedelta(milliseconds=1)


def require_node() -> str:
    """Return Node's path; without it or its packages skip the test, or fail it in CI."""
    node = require_tool("node")
    if not (NODE / "node_modules" / "client-sessions").is_dir():
        need("tests/express/node/node_modules")
    return node


class Sealing(NamedTuple):
    """A cookie's name, and the keys or the secret that seal it.

    `more` holds further options of Mozilla's library.
    """

    name: str = "session"
    keys: Keys | str = PAGE_SECRET
    more: dict[str, Any] = {}  # noqa: RUF012  # never modified

    @property
    def options(self) -> dict[str, Any]:
        """The options of Mozilla's library, with keys in hex."""
        if isinstance(self.keys, str):
            return {"cookieName": self.name, "secret": self.keys, **self.more}
        return {
            "cookieName": self.name,
            "encryptionKey": self.keys.encryption.hex(),
            "signatureKey": self.keys.signature.hex(),
            "encryptionAlgorithm": self.keys.cipher,
            "signatureAlgorithm": self.keys.mac,
            **self.more,
        }


PAGE = Sealing()


class Express:
    """A Node process that runs Express applications, each on its own port."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def serve(self, *sessions: Sealing) -> str:
        """Run the course page's application with these sessions; return its URL.

        By default the sessions have the page's duration.
        """
        times = {"duration": 120_000, "activeDuration": 60_000}
        _write_line(self._process, [{**times, **each.options} for each in sessions or [PAGE]])
        return f"http://127.0.0.1:{_read_line(self._process)['port']}"


@contextmanager
def express() -> Iterator[Express]:
    """Run an `Express` process."""
    with _node("server.js") as process:
        yield Express(process)


class Opened(NamedTuple):
    """The result of Node's ``util.decode``, with `content` as JSON."""

    content: str
    created_at: float
    duration: float


#: None if ``util.decode`` returned undefined, a string for the exception it threw.
Decoded = Opened | str | None


class Encode(NamedTuple):
    """The arguments of ``util.encode``, with `content` as JSON."""

    content: str
    created_at: int
    duration: int
    iv: bytes
    sealing: Sealing = PAGE


#: A time in ms since 1970, what the view does with the session, and the arguments.
Act = tuple[Any, ...]


class Visit(NamedTuple):
    """A request without a network: its Cookie header, when it began and ended, and the acts."""

    cookie: str
    began: int
    acts: tuple[Act, ...]
    ended: int


class Visited(NamedTuple):
    """What the view read last, as JSON, and the response's Set-Cookie headers."""

    read: str | None
    set_cookies: list[str]


class Oracle:
    """A Node process that calls functions of Mozilla's library."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def decode(
        self, values: Iterable[str], sealings: Iterable[Sealing] = itertools.repeat(PAGE)
    ) -> list[Decoded]:
        """Open cookie values with ``util.decode``, each with its sealing."""
        pairs = zip(values, sealings, strict=False)  # one may be endless
        items = [{"value": value, "options": sealing.options} for value, sealing in pairs]
        return [_decoded(answer) for answer in self._ask("decode", items)]

    def encode(self, *requests: Encode) -> list[str]:
        """Seal JSON with ``util.encode`` and the given IVs, which are otherwise random."""
        items = [
            {
                "content": request.content,
                "createdAt": request.created_at,
                "duration": request.duration,
                "iv": request.iv.hex(),
                "options": request.sealing.options,
            }
            for request in requests
        ]
        return list(self._ask("encode", items))

    def hmac(
        self,
        algorithm: str,
        key: bytes,
        *,
        iv: bytes,
        ciphertext: bytes,
        created_at: int,
        duration: int,
    ) -> bytes:
        """Return the result of ``util.computeHmac``, which accepts any bytes and times."""
        item = {
            "algorithm": algorithm,
            "key": key.hex(),
            "iv": iv.hex(),
            "ciphertext": ciphertext.hex(),
            "createdAt": created_at,
            "duration": duration,
        }
        (mac,) = self._ask("hmac", [item])
        assert isinstance(mac, str), mac
        return bytes.fromhex(mac)

    def visit(self, *visits: tuple[str, Sealing, Visit]) -> list[Visited]:
        """Let the middleware handle requests, each at a named site with its own middleware."""
        items = [
            {"site": site, "options": sealing.options, **visit._asdict()}
            for site, sealing, visit in visits
        ]
        return [Visited(*answer) for answer in self._ask("visit", items)]

    def stringify(self, text: str) -> str:
        """Return ``JSON.stringify(JSON.parse(text))``."""
        (written,) = self._ask("stringify", [{"text": text}])
        assert isinstance(written, str), written
        return written

    def _ask(self, op: str, items: Sequence[dict[str, Any]]) -> Iterator[Any]:
        for start in range(0, len(items), _BATCH):
            _write_line(self._process, {"op": op, "items": items[start : start + _BATCH]})
            yield from _read_line(self._process)


def _decoded(answer: Any) -> Decoded:
    if answer is None:
        return None
    if isinstance(answer, dict):
        return str(answer["thrown"])
    content, created_at, duration = answer
    return Opened(content, float(created_at), float(duration))


@contextmanager
def oracle() -> Iterator[Oracle]:
    """Run an `Oracle` process."""
    with _node("oracle.js") as process:
        yield Oracle(process)


@contextmanager
def _node(script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script that ends when its standard input ends, even if the tests are killed."""
    process = subprocess.Popen(
        # The library calls `new Buffer`, which Node warns about.
        [require_node(), "--no-deprecation", str(NODE / script)],
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


def _write_line(process: subprocess.Popen[str], message: object) -> None:
    assert process.stdin is not None  # opened as a pipe
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


def _read_line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None  # opened as a pipe
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    if not line:
        raise RuntimeError(f"{process.args!r} gave no answer: it crashed or timed out")
    return json.loads(line)


def now(clock: Clock) -> int:
    """Return the clock's time in ms since 1970."""
    return round(clock() * 1000)


@dataclass(frozen=True)
class Visitor:
    """One client of two servers at `urls`, which share a clock."""

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


@contextmanager
def visit(express_url: str, app: Flask, clock: Clock) -> Iterator[Visitor]:
    """Return a visitor of both servers; they share cookies, which do not depend on the port."""
    with serve(app) as server, server.browser() as browser:
        yield Visitor({"express": express_url, "lesson_app": server.url}, clock, browser)


BOTH_WAYS = pytest.mark.parametrize(
    ("one", "other"),
    [("express", "lesson_app"), ("lesson_app", "express")],
    ids=["from express", "to express"],
)


def received(response: requests.Response) -> list[SetCookie]:
    """Return the cookies that a response and the redirects before it set."""
    return [
        read_set_cookie(header)
        for r in (*response.history, response)
        for header in r.raw.headers.getlist("Set-Cookie")
    ]


def hops(response: requests.Response) -> list[tuple[int, str | None]]:
    """Return the status and Location of each redirect and of the response."""
    return [(r.status_code, r.headers.get("Location")) for r in (*response.history, response)]


def add_test_routes(app: Flask, **further: ClientSessions) -> None:
    """Add the same routes under ``/test`` as the Express application.

    `further` maps cookie names to the sessions besides `flask.session`.
    """

    def add(action: str, change: Callable[[Session], object]) -> None:
        def view(name: str = "session") -> str:
            opened = further[name].session if name in further else cast(Session, session)
            change(opened)
            return stringify(dict(opened))

        app.add_url_rule(f"/test/{action}", action, view)
        app.add_url_rule(f"/test/<name>/{action}", action, view)

    app.add_url_rule("/test/untouched", "untouched", lambda: "untouched")
    add("read", lambda s: None)
    add("write", lambda s: s.update(request.args.to_dict()))
    add("basket", lambda s: s.update(basket={"items": []}))
    add("nested", lambda s: s["basket"]["items"].append(request.args["item"]))
    add("reset", lambda s: s.reset())
    add("duration", _set_duration)


def _set_duration(opened: Session) -> None:
    answer = request.args.get("ephemeral")
    ephemeral = None if answer is None else answer == "yes"
    opened.set_duration(int(request.args["ms"]) * _MS, ephemeral=ephemeral)
