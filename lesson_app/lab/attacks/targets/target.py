"""An app that runs in the background, and the log of what it is sent."""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable
from typing import Any, Self

import requests
from flask import Flask

from ....dissect.words import columns
from ...http.diagram import Diagram, sequence
from ...http.server import Server
from ...http.visitor import PATIENCE
from .log import TARGET, YOU, Entry, Finding, Log

_MOST_RUNNING, _MOST_SHOWN = 6, 6


class Target:
    """An app that runs in the background, with something that only the admin may see.

    It stops at the end of the ``with`` block, with `close`, or when nothing refers to it.
    `flag_text` is what only the admin should see; without it, that is the page ``/flag``.
    """

    def __init__(
        self,
        flag: int,
        app: Flask,
        judge: Callable[[Log], Finding],
        *,
        admin: str,
        secret: str | bytes,
        password: str = "",
        guestbook: Flask | None = None,
        flag_text: str = "",
    ) -> None:
        self.flag, self.admin, self._judge = flag, admin, judge
        log = self._log = Log(flag_text)
        self._reveal: Callable[[], str | bytes] = lambda: log.reveal(secret)
        servers = [Server(log.of(each)) for each in (app, guestbook) if each]
        self._server = servers[0]
        self._closer = _keep(self, servers)
        #: The app's URL, and the URL of the other app if there is one.
        self.url, self.guestbook = servers[0].url, servers[-1].url if guestbook else ""
        self._victim = _Victim(self._server, admin, password, log) if password else None

    @property
    def secret(self) -> str | bytes:
        """The app's secret. Reading it is noted, and then no attack counts any more."""
        return self._reveal()

    @property
    def victim(self) -> _Victim:
        """The admin, logged in. Only flag 2 has one; the others raise AttributeError."""
        if self._victim is None:
            raise AttributeError("only copied_cookie() has a victim; this target has none")
        return self._victim

    @property
    def log(self) -> tuple[Entry, ...]:
        """All requests that came, in order."""
        return tuple(self._log.entries)

    @property
    def sent(self) -> int:
        """The number of requests that you sent to this app, without those to the guestbook."""
        return sum((each.who, each.place) == (YOU, TARGET) for each in self.log)

    @property
    def result(self) -> Finding:
        """What the log says about the attack."""
        if self._log.revealed:
            return self._log.another_attack("in-hand", "you read the secret from the target")
        return self._judge(self._log)

    @property
    def captured(self) -> bool:
        """Whether you captured the flag with the attack that it is made for."""
        return self.result.name == "captured"

    def browser(self) -> requests.Session:
        """Return a new client, with an empty cookie jar."""
        return self._server.direct()

    def log_in(self, name: str = "") -> requests.Session:
        """Return a new client that has logged in, with an account of its own."""
        client = self.browser()
        form = {"userName": name or f"visitor-{secrets.token_hex(4)}"}
        if self.flag == 6:
            form["password"] = secrets.token_urlsafe()
            client.post(f"{self.url}/signup", data=form, timeout=PATIENCE)
        client.post(f"{self.url}/login", data=form, timeout=PATIENCE)
        return client

    def get(self, path: str, **cookies: str) -> requests.Response:
        """Send one GET with only these cookies: ``get("/flag", session=value)``."""
        for kind in {type(each) for each in cookies.values()} - {str}:
            got = f"got {kind.__name__}"
            raise TypeError(f"a cookie must be a text, {got}; write session=value")
        return self.browser().get(f"{self.url}{path}", cookies=cookies, timeout=PATIENCE)

    def tell(self) -> None:
        """Print the last requests of the log, and whether the flag is captured."""
        log = self.log
        rows = [each.row for each in log][-_MOST_SHOWN:]
        if len(log) > len(rows):
            print(f"  ({len(log) - len(rows)} requests before these)")  # noqa: T201
        for line in columns(rows) if rows else ():
            print(line)  # noqa: T201
        print(f"flag {self.flag}: {self.result.sentence}")  # noqa: T201

    def run(self, attack: Callable[[Self], Any]) -> Self:
        """Let `attack` attack this target, print the log, and stop the target.

        The attack may end with an error, as when it asserts that it works.
        """
        with self:
            try:
                attack(self)
            except Exception as error:  # noqa: BLE001  # the notebook must run on
                print(f"  the attack raised {type(error).__name__}")  # noqa: T201
            self.tell()
        return self

    def diagram(self) -> Diagram:
        """Draw your requests as the apps saw them: the same number is the same cookie."""
        yours = [each for each in self.log if each.who == YOU]
        places = list(dict.fromkeys(each.place for each in yours))
        drawn = sequence({YOU: [each.exchange for each in yours]})
        return Diagram((YOU, *places), drawn.arrows, drawn.notes)

    def close(self) -> None:
        """Stop serving. Closing twice does no harm."""
        _close(self._closer)

    def __repr__(self) -> str:
        return "target"  # as a learner's code calls it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Victim:
    """The admin's client: you can read its cookie, and log the admin out."""

    def __init__(self, server: Server, admin: str, password: str, log: Log) -> None:
        self._url, self._client = server.url, server.direct()
        self._client.headers["User-Agent"] = log.admins_agent
        form = {"userName": admin, "password": password}
        self._client.post(f"{self._url}/login", data=form, timeout=PATIENCE)

    @property
    def cookie(self) -> str:
        """The current value of the admin's session cookie."""
        return self._client.cookies["session"]

    def log_out(self) -> None:
        """Log the admin out."""
        self._client.get(f"{self._url}/logout", timeout=PATIENCE)


# ---------------------------------------------------------------- stopping


_running: list[weakref.finalize[..., Any]] = []
_one_at_a_time = threading.Lock()


def _keep(target: Target, servers: list[Server]) -> weakref.finalize[..., Any]:
    """Stop the servers when the target is garbage, or when too many newer ones run."""
    closer = weakref.finalize(target, _stop_elsewhere, servers)
    closer.atexit = False  # their threads end with the process
    with _one_at_a_time:
        _running[:] = [each for each in _running if each.alive]
        _running.append(closer)
        oldest = _running[:-_MOST_RUNNING]
    for each in oldest:
        _close(each)
    return closer


def _close(closer: weakref.finalize[..., Any]) -> None:
    detached = closer.detach()
    if detached:
        _stop(detached[2][0])


def _stop(servers: list[Server]) -> None:
    for server in servers:
        server.stop()


def _stop_elsewhere(servers: list[Server]) -> None:
    # Python may collect garbage in any thread; a listener's own thread cannot wait for itself.
    threading.Thread(target=_stop, args=(servers,), daemon=True).start()
