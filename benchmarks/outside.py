"""The peers that run in another process: Node's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from .measure import Timer

ROOT = Path(__file__).parent.parent
SCRIPT = Path(__file__).with_name("peers.js")
#: A turn there is so many times longer: after each wait the first calls are slow, and at
#: the beginning Node's compiler needs a while to do its best.
LONGER = 4
#: The peers in Node, by the names of their packages.
NODE_PEERS = ("client-sessions", "cookie-session", "iron-session")


class Outside:
    """A process that answers each order, one line of JSON, with another."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def ask(self, do: str, **order: object) -> Any:
        """Return the answer to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended at the order {do!r}")
        return json.loads(line)

    def timer(self, do: str, **order: object) -> Timer:
        """Return what has something measured there."""
        return lambda calls: float(self.ask(do, calls=calls * LONGER, **order))

    def __enter__(self) -> Outside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


def node() -> Outside:
    """Start the peers that run in Node."""
    return Outside("node", "--no-deprecation", str(SCRIPT))
