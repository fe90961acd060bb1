"""Signed events: lines of JSON from the program that runs a notebook."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

#: How many bytes a line may have.
_LONGEST = 100_000


class Sender:
    """Writes signed events."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file, self._key, self._count = file, key, 0
        self._one_at_a_time = threading.Lock()

    def __call__(self, **event: Any) -> None:
        """Write an event."""
        text = json.dumps(event)
        with self._one_at_a_time:
            self._count += 1
            self._file.write(f"{_sign(self._key, self._count, text)} {text}\n".encode())
            self._file.flush()


def received(file: BinaryIO, key: bytes) -> Iterator[dict[str, Any]]:
    """Yield the events of a file; ``{"forged": …}`` for a line that is not signed."""
    count = 1
    while line := file.readline(_LONGEST):
        mac, _, text = line.decode(errors="replace").rstrip("\n").partition(" ")
        if hmac.compare_digest(mac.encode(), _sign(key, count, text).encode()):
            count += 1
            yield json.loads(text)
        else:
            yield {"forged": text[:100]}


def _sign(key: bytes, number: int, text: str) -> str:
    """Return the signature of an event, in hexadecimal; `number` stops repetitions."""
    return hmac.digest(key, f"{number} {text}".encode(), hashlib.sha256).hex()
