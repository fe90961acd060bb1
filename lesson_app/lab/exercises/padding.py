"""Servers for notebook 03 that say whether the padding of a block is right."""

from __future__ import annotations

import secrets

from .judging import short

BLOCK = 16
#: The questions that an answer may ask for each byte.
MOST = 600


class TooMany(BaseException):  # an answer's `except Exception` must not catch it
    """The answer asks more questions than it may."""


class PaddingOracle:
    """A server that says whether the padding is right, and nothing else.

    A table of random blocks stands for the cipher and its unknown key.
    """

    def __init__(self, most: int) -> None:
        self.asked, self.most = 0, most
        self.given: dict[bytes, bytes] = {}
        self.tried: set[int] = set()
        self.blocks: set[bytes] = set()
        #: The lengths of padding that were right.
        self.right: set[int] = set()

    def __call__(self, iv: bytes, block: bytes) -> bool:
        """Answer one question."""
        for name, part in (("iv", iv), ("block", block)):
            if not isinstance(part, bytes | bytearray):
                raise TypeError(f"good() needs bytes for {name}, got {short(part)}")
            if len(part) != BLOCK:
                raise ValueError(f"good() needs 16 bytes for {name}, got {len(part)} bytes")
        self.asked += 1
        if self.asked > self.most:
            raise TooMany
        self.tried.add(iv[-1])
        self.blocks.add(bytes(block))
        return self._answer(bytes(iv), bytes(block))

    def _answer(self, iv: bytes, block: bytes) -> bool:
        given = self.given.setdefault(block, secrets.token_bytes(BLOCK))
        plaintext = xor(given, iv)
        if padded(plaintext):
            self.right.add(plaintext[-1])
            return True
        return False

    def __repr__(self) -> str:
        return "good"


class Misleading(PaddingOracle):
    """A server that accepts a wrong guess for a block, because of longer padding.

    It knows the last byte that the cipher gives, and chooses the others only when an answer
    sends the guess that makes the last byte `longer`. Until then, no other choice would have
    given other answers.
    """

    def __init__(self, block: bytes, last: int, longer: int) -> None:
        super().__init__(MOST)
        self._block, self._last, self._longer = block, last, longer
        self._refused: list[bytes] = []

    def _answer(self, iv: bytes, block: bytes) -> bool:
        if block != self._block or block in self.given:
            return super()._answer(iv, block)
        size = self._last ^ iv[-1]
        if size == self._longer:
            start = secrets.token_bytes(BLOCK - size)
            end = xor(iv[BLOCK - size : -1], bytes([size]) * (size - 1))
            given = start + end + bytes([self._last])
            if not any(padded(xor(given, each)) for each in self._refused):
                self.given[block] = given
                self.right.add(size)
                return True
        elif size == 1:
            return True
        self._refused.append(iv)
        return False


def xor(one: bytes, other: bytes) -> bytes:
    """Return two blocks, mixed bit by bit."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def padded(plaintext: bytes) -> bool:
    """Return whether the padding of a plaintext is right."""
    size = plaintext[-1]
    return 1 <= size <= BLOCK and plaintext.endswith(bytes([size]) * size)
