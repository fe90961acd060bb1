"""The libraries that run in another process, in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from .measure import Timer

ROOT = Path(__file__).parent.parent
SCRIPT = Path(__file__).with_name("peers.js")
#: A turn in Node is this many times longer: the first calls after a wait are slow, and
#: Node's compiler needs time to optimize.
LONGER = 4
#: The names of the packages in Node.
NODE_PEERS = ("client-sessions", "cookie-session", "iron-session")


class Outside:
    """A process that answers each line of JSON with a line of JSON."""

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
        """Return a timer for work in that process."""
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
    """Start the libraries that run in Node."""
    return Outside("node", "--no-deprecation", str(SCRIPT))
