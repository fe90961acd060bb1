"""Start the shop's servers, each in a process of its own, and kill and restart them."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..draw.grid import Drawing, Mark, counted
from .source import definitions
from .visitor import Visitor

_PROGRAM = Path(__file__).with_name("shop.py")
Secret = str | Sequence[str]
_running: Servers | None = None


class Servers:
    """Some servers of the shop: "server 1", "server 2", and so on, each a process.

    They share only `secret`. `revocation` is a pair of functions, ``end_all(store, user, now,
    longest)`` and ``is_revoked(store, session)``: a logout calls the first, and each request
    with a session the second. The servers get their source; their store is one file.

    One group runs at a time: a new one stops the one before. All end with ``stop()``, with
    the ``with`` block, or with this process, even if it is killed.
    """

    def __init__(
        self,
        count: int,
        *,
        secret: Secret,
        revocation: tuple[Callable[..., Any], Callable[..., Any]] | None = None,
    ) -> None:
        global _running
        if _running is not None:
            _running.stop()
        source, functions = definitions(*revocation) if revocation else ("", [])
        # Only the store needs a folder.
        self._folder = tempfile.mkdtemp(prefix="lesson-app-servers-") if revocation else ""
        self._shared = {"source": source, "functions": functions, "folder": self._folder}
        self._secret, self._started = secret, 0
        self._servers: dict[str, _Process] = {}
        _running = self
        try:
            fresh = [self._start(self._next_name(), secret) for _ in range(count)]
            self._servers |= {each.name: each for each in fresh}
            for each in fresh:
                each.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def names(self) -> list[str]:
        """The names of the servers that run."""
        return list(self._servers)

    @property
    def urls(self) -> list[str]:
        """The URLs of the servers that run, in the order of `names`."""
        return [each.url for each in self._servers.values()]

    def browser(self) -> Visitor:
        """Return a new visitor, with a cookie jar of its own."""
        return Visitor()

    def add(self) -> str:
        """Start one more server, and return its URL."""
        name = self._next_name()
        self._replace(self._start(name, self._secret))
        return self._servers[name].url

    def kill(self, name: str) -> None:
        """End a server at once, as ``kill -9`` does: it can't finish or store anything."""
        self._named(name)
        self._servers.pop(name).kill()

    def restart(self, name: str, *, secret: Secret) -> str:
        """Kill a server, start it with another `secret`, and return its new URL."""
        self._named(name)
        self._replace(self._start(name, secret))
        return self._servers[name].url

    def follow(self, plan: Iterable[Any], browser: Visitor) -> Drawing:
        """Make the restarts of a plan; after each, the visitor requests /hello everywhere.

        The plan has pairs of a server's name and its secrets. Other entries are not done: this
        does not wait for sessions to expire. Return a table of the secrets and the visits.
        """
        labels = _Labels(self._secret)
        running = {name: labels.of(self._secret) for name in self._servers}
        restarts = [entry for entry in plan if not isinstance(entry, str)]
        for name, _ in restarts:
            self._named(name)
        # Several processes start faster together than one after the other.
        fresh = [self._start(name, secret) for name, secret in restarts]
        rows, lost = [], 0
        for number, (process, (name, secret)) in enumerate(
            zip(fresh, restarts, strict=True), 1
        ):
            self._replace(process)
            running[name] = labels.of(secret)
            refused = [each for each in self.names if not self._knows(each, browser)]
            lost += len(refused)
            cells = [Mark(text) if name == each else text for each, text in running.items()]
            seen = (
                Mark(f"\N{BALLOT X} {', '.join(refused)}") if refused else "\N{CHECK MARK} all"
            )
            rows.append([f"{number}: {name}", *cells, seen])
        visits = counted(len(rows) * len(self._servers), "visit")
        known = f"unknown at {lost}" if lost else "known at every server"
        finding = (
            f"{counted(len(rows), 'restart')}, {visits}: the visitor was {known}."
            "\nThe first secret seals; each secret opens. A server that restarted is marked."
        )
        return Drawing(finding, ["restart", *running, "knows the visitor"], rows)

    def stop(self) -> None:
        """End all servers, and delete their store. Stopping twice does no harm."""
        global _running
        if _running is self:
            _running = None
        for each in self._servers.values():
            each.kill()
        self._servers.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Servers: {', '.join(self._servers) or 'none'}>"

    def _next_name(self) -> str:
        self._started += 1
        return f"server {self._started}"

    def _named(self, name: str) -> _Process:
        if name not in self._servers:
            names = ", ".join(self._servers) or "none"
            raise ValueError(f"name must be a server that runs ({names}), got {name!r}")
        return self._servers[name]

    def _start(self, name: str, secret: Secret) -> _Process:
        if _running is not self:
            raise RuntimeError("these servers were stopped; run the cell with Servers(…) again")
        return _Process(name, {"name": name, "secret": secret, **self._shared})

    def _replace(self, process: _Process) -> None:
        """Wait until a process is ready, then kill the one of the same name."""
        try:
            process.wait_until_ready()
        except BaseException:
            process.kill()
            raise
        if process.name in self._servers:
            self._servers[process.name].kill()
        self._servers[process.name] = process

    def _knows(self, name: str, browser: Visitor) -> bool:
        return not browser.get(f"{self._servers[name].url}/hello").text.endswith(" nobody")


class _Process:
    """One server, a process of this Python."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.name, self.url = name, ""
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                # With -P the modules beside the program don't hide Python's own.
                [sys.executable, "-P", str(_PROGRAM)],
                stdin=subprocess.PIPE,  # the server ends when this pipe closes
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                # What Jupyter sends to the kernel's processes is not meant for a server.
                start_new_session=True,
            )
        except OSError as error:
            raise RuntimeError(
                "this Python cannot start processes, as in a browser; run the notebook with "
                "`make lab` on a computer"
            ) from error
        assert self._process.stdin is not None
        with suppress(OSError):  # it has already ended; `wait_until_ready` says why
            self._process.stdin.write(json.dumps(options) + "\n")
            self._process.stdin.flush()

    def wait_until_ready(self) -> None:
        """Read the port. Raise RuntimeError with the process's words if it did not start."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            said = json.loads(line)
        except ValueError:  # a traceback, before the program could catch anything
            rest = [line, *self._process.stdout.readlines()]
            said = {
                "error": next((each for each in reversed(rest) if each.strip()), "").strip()
            }
        if "port" not in said:
            raise RuntimeError(f"{self.name} did not start: {said['error']}")
        self.url = f"http://127.0.0.1:{said['port']}"

    def kill(self) -> None:
        """End the process at once, and wait until it has ended."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


class _Labels:
    """Short names for secrets: the first is "old", the second "new"."""

    def __init__(self, secret: Secret) -> None:
        self._names = dict[str, str]()
        self.of(secret)

    def of(self, secret: Secret) -> str:
        """Return the names of secrets, in their order."""
        several = [secret] if isinstance(secret, str) else secret
        return ", ".join(map(self._label, several))

    def _label(self, secret: str) -> str:
        names = ("old", "new")
        number = len(self._names)
        new = names[number] if number < len(names) else f"secret {number + 1}"
        return self._names.setdefault(secret, new)


@atexit.register
def _stop() -> None:
    if _running is not None:
        _running.stop()
