"""Ours where orjson is not installed, in a process of its own; `outside` says what it is told.

Answers ``prepare``, ``seal`` and ``open`` as ``peers.js`` does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from .measure import timed


def _answers() -> dict[str, Callable[[dict[str, Any]], Any]]:
    sys.modules["orjson"] = None  # type: ignore[assignment]  # importing it now raises
    from .sealers import OURS, ours

    peer = ours()
    held: dict[str, Any] = {}

    def prepare(order: dict[str, Any]) -> dict[str, Any]:
        held["content"] = order["content"]
        held["value"] = peer.seal(order["content"])
        return {OURS: peer.open(held["value"])}

    return {
        "prepare": prepare,
        "seal": lambda order: timed(lambda: peer.seal(held["content"]), order["calls"]),
        "open": lambda order: timed(lambda: peer.open(held["value"]), order["calls"]),
    }


def main() -> None:
    """Answer each line of standard input."""
    answers = _answers()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(answers[order["do"]](order)), flush=True)


if __name__ == "__main__":
    main()
