"""Judge `last_byte` and `read_all`, the attacks of notebook 03 on a padding oracle."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from .judging import Wrong, describe, expect, outcome
from .padding import BLOCK, MOST, Misleading, PaddingOracle, TooMany, xor


def last_byte_ours(good: Callable[[bytes, bytes], bool], before: bytes, block: bytes) -> int:
    """Return the last byte of a block's plaintext."""
    for guess in range(256):
        if all(good(bytes([0] * 14 + [other, guess]), block) for other in (0, 1)):
            return guess ^ 1 ^ before[15]
    raise ValueError("no guess was accepted")


def read_all_ours(good: Callable[[bytes, bytes], bool], iv: bytes, ciphertext: bytes) -> bytes:
    """Return the whole plaintext, with its padding."""
    raw, plain = iv + ciphertext, b""
    for start in range(0, len(ciphertext), BLOCK):
        before, block = raw[start : start + BLOCK], raw[start + BLOCK :][:BLOCK]
        given = bytes([last_byte_ours(good, bytes(BLOCK), block)])
        while len(given) < BLOCK:
            size = len(given) + 1
            end = bytes(byte ^ size for byte in given)
            start_of_iv = bytes(BLOCK - size)
            guess = next(g for g in range(256) if good(start_of_iv + bytes([g]) + end, block))
            given = bytes([guess ^ size]) + given
        plain += xor(given, before)
    return plain


# last_byte


def judge_last_byte(last_byte: Callable[..., Any]) -> None:
    """Check the attack on many servers: each knows its own keys, and some mislead."""
    for _ in range(3):
        _judge_byte(last_byte, secrets.randbelow(256), secrets.choice(range(2, 256)))
    # The values at the ends of 0..255, of the guess, of the cipher's byte, of the plaintext.
    for given, plain in ((254, 65), (1, 66), (255, 255), (0, 0), (255, 0), (0, 255), (1, 10)):
        _judge_byte(last_byte, given, plain ^ given)
    # Longer padding that comes before the right guess, in whatever order an answer counts.
    for size in (2, 3, 4, 16):
        for given in (0x40, 0x43):
            for plain in (0x60, 0x62):
                _judge_byte(last_byte, given, plain ^ given, size)
    for size in (1, 2, 3, 6, 16):
        _judge_end(last_byte, size)
    _judge_yes(last_byte)


def _judge_byte(last_byte: Callable[..., Any], given: int, mixed: int, longer: int = 0) -> None:
    """Check one block, for which the cipher gives `given` as its last byte.

    `mixed` is the last byte of the block before. With `longer`, the server also accepts a
    guess that makes so many bytes of padding.
    """
    before, block = _printable(15) + bytes([mixed]), _printable(16)
    if longer:
        oracle: PaddingOracle = Misleading(block, given, longer)
    else:
        oracle = PaddingOracle(MOST)
        # The byte before the last fits no longer padding, with zeros or the block before.
        end = bytes([before[14] ^ 0x80, given])
        oracle.given[block] = secrets.token_bytes(14) + end
    found = _ask(last_byte, oracle, before, block)
    right = given ^ mixed
    if type(found) is int and found == right:
        return
    if oracle.blocks - {block}:
        raise Wrong(
            message="you asked about another block than the given one; the order is "
            "good(iv, block)"
        )
    _explain_byte(oracle, found, given, mixed, longer)
    expect("last_byte(good, before, block)", found, right)


def _printable(size: int) -> bytes:
    """Return random bytes that are short in a message."""
    return secrets.token_hex(size).encode()[:size]


def _explain_byte(
    oracle: PaddingOracle, found: Any, given: int, mixed: int, longer: int
) -> None:
    """Raise `Wrong` if it is known how a wrong byte was found."""
    if oracle.asked == 0:
        raise Wrong("never-asked")
    if isinstance(found, bytes | bytearray | str):
        raise Wrong("not-a-number")
    if any(found == given ^ size ^ 1 ^ mixed for size in oracle.right - {1}):
        raise Wrong("longer-padding")
    if given ^ 1 not in oracle.tried:
        raise Wrong("guesses-missing")
    known = {given ^ 1: "returns-guess", given: "not-mixed", given ^ 1 ^ mixed: "forgot-the-1"}
    if not longer and type(found) is int and found in known:
        raise Wrong(known[found])


def _judge_end(last_byte: Callable[..., Any], size: int) -> None:
    """Check a cookie's last block: its own padding is right, too."""
    before, block = _printable(16), _printable(16)
    plaintext = secrets.token_bytes(15 - size) + b"x" if size < BLOCK else b""
    given = xor(plaintext + bytes([size]) * size, before)
    oracle = PaddingOracle(MOST)
    oracle.given[block] = given
    found = _ask(last_byte, oracle, before, block)
    expect(f"last_byte(good, before, block), for {size} bytes of padding,", found, size)


def _judge_yes(last_byte: Callable[..., Any]) -> None:
    """Check that an answer stops on a server that answers every question alike."""
    oracle = PaddingOracle(MOST)

    def yes(iv: bytes, block: bytes) -> bool:
        oracle(iv, block)
        return True

    found = _ask(last_byte, yes, _printable(16), _printable(16))
    if isinstance(found, Exception):
        raise Wrong(
            message="if a server says yes to every question, last_byte should return any "
            f"value, but raised {describe(found)}"
        )


def _ask(last_byte: Callable[..., Any], good: Any, before: bytes, block: bytes) -> Any:
    try:
        found = outcome(last_byte, good, before, block)
    except TooMany:
        raise Wrong("too-many") from None
    if isinstance(found, Exception) and isinstance(good, PaddingOracle):
        raise found
    return found


# read_all


def judge_read_all(read_all: Callable[..., Any]) -> None:
    """Check the attack on whole messages, of one to three blocks."""
    for size in (26, 5, 16, 47, 31):
        _judge_message(read_all, _message(size), size)
    # In the first block, each accepted guess is 0 or 255: the ends of a byte's values.
    for guess in (0, 255):
        plaintext = _message(9)
        given = bytes(guess ^ (BLOCK - place) for place in range(BLOCK))
        _judge_message(read_all, plaintext, 9, xor(plaintext, given))
    for last in (0x40, 0x43):  # the wrong guess comes after the right one, or before it
        _judge_misled(read_all, last)


def _judge_misled(read_all: Callable[..., Any], last: int) -> None:
    """Check one block on a server that accepts a wrong guess for its last byte."""
    iv, block = _printable(BLOCK), _printable(BLOCK)
    oracle = Misleading(block, last, 2)
    oracle.most = MOST * BLOCK
    try:
        found = outcome(read_all, oracle, iv, block)
    except TooMany:
        raise Wrong("asks-too-much") from None
    if not isinstance(found, bytes | bytearray) or found != xor(oracle.given[block], iv):
        raise Wrong("misled")


def _message(size: int) -> bytes:
    rest = BLOCK - size % BLOCK
    return _printable(size) + bytes([rest]) * rest


def _judge_message(
    read_all: Callable[..., Any], plaintext: bytes, size: int, first: bytes = b""
) -> None:
    """Check one message; `first` is its IV, or empty for any that does not mislead."""
    oracle = PaddingOracle(MOST * len(plaintext))
    while not oracle.given:
        iv, ciphertext = first or _printable(BLOCK), _printable(len(plaintext))
        raw = iv + ciphertext
        for start in range(0, len(plaintext), BLOCK):
            block = ciphertext[start : start + BLOCK]
            oracle.given[block] = xor(plaintext[start : start + BLOCK], raw[start:][:BLOCK])
        # With zeros before the guess, this byte could fit two or more bytes of padding. A wrong
        # guess would then be right for the server: `_judge_misled` is the one that tries that.
        if not first and any(given[-2] in range(2, 17) for given in oracle.given.values()):
            oracle.given.clear()
    try:
        found = read_all(oracle, iv, ciphertext)
    except TooMany:
        raise Wrong("asks-too-much") from None
    found = bytes(found) if isinstance(found, bytearray) else found
    if found != plaintext:
        _explain_message(found, plaintext, size)
    expect(f"read_all(good, iv, ciphertext), for {len(plaintext)} bytes,", found, plaintext)


def _explain_message(found: Any, plaintext: bytes, size: int) -> None:
    """Raise `Wrong` if it is known what is wrong with a message."""
    if isinstance(found, str):
        raise Wrong("text-not-bytes")
    if not isinstance(found, bytes) or not found:
        return
    blocks = [plaintext[i : i + BLOCK] for i in range(0, len(plaintext), BLOCK)]
    if found == plaintext[:size]:
        raise Wrong("padding-removed")
    if len(blocks) > 1 and found == plaintext[BLOCK:]:
        raise Wrong("first-block")
    backwards = (plaintext[::-1], b"".join(blocks[::-1]), b"".join(b[::-1] for b in blocks))
    if found in backwards:
        raise Wrong("backwards")
