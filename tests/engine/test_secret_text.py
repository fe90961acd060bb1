"""Invisible characters in a secret: what is wrong, and what may have been meant."""

from __future__ import annotations

import itertools
import math
import random
import sys
import unicodedata
from functools import cache

import pytest

from lesson_app._engine.secret_text import cleaned, file_text, misread, problem_of

CLEAN = "Zk3vQ9xT1bLrW8nYc5HdPu7EaMs2GjKf"
BOM = "\ufeff"
UTF_16 = (BOM + CLEAN + "\r\n").encode("utf-16-le")
MARK = "begins with a byte order mark; remove it, such as with Path(…).read_text('utf-8-sig')"
LINE = "ends with a line break; remove it, such as with .strip()"
ENDS = "ends with white space; remove it, such as with .strip()"
BEGINS = "begins with white space; remove it, such as with .strip()"
CODED = "is text in UTF-16; decode it, such as with Path(…).read_text('utf-16').strip()"

FAULTS: dict[str, tuple[str | bytes, str]] = {
    "mark": (f"{BOM}{CLEAN}", MARK),
    "mark and line break": (f"{BOM}{CLEAN}\r\n", MARK),
    "mark read as Windows-1252": (f"{BOM}{CLEAN}".encode().decode("cp1252"), MARK),
    "line break": (f"{CLEAN}\n", LINE),
    "Windows line break": (f"{CLEAN}\r\n", LINE),
    "carriage return": (f"{CLEAN}\r", LINE),
    "line separator": (f"{CLEAN}\u2028", LINE),
    "three line breaks": (f"{CLEAN}\n\n\n", LINE),
    "space and line break": (f"{CLEAN} \r\n", LINE),
    "space": (f"{CLEAN} ", ENDS),
    "no-break space": (f"{CLEAN}\xa0", ENDS),
    "tab in front": (f"\t{CLEAN}", BEGINS),
    "NUL": (f"{CLEAN}\0", "contains the invisible character U+0000; remove it"),
    "control": (f"{CLEAN}\x1b", "contains the invisible character U+001B; remove it"),
    "zero width": (
        f"{CLEAN[:9]}\u200b{CLEAN[9:]}",
        "contains the invisible character U+200B; remove it",
    ),
    "UTF-16 read as UTF-8": (UTF_16.decode(errors="replace"), CODED),
    "UTF-16 read as Windows-1252": (UTF_16.decode("cp1252"), CODED),
    "bytes with a mark": (f"{BOM}{CLEAN}".encode(), MARK),
    "bytes with a line break": (f"{CLEAN}\n".encode(), LINE),
    "bytes with a space": (f"{CLEAN} ".encode(), ENDS),
    "bytes with NUL": (f"{CLEAN}\0\0".encode(), "contains the invisible character U+0000"),
    "UTF-16": (UTF_16, CODED),
    "UTF-16, big-endian": ((BOM + CLEAN).encode("utf-16-be"), CODED),
    "UTF-16 in lines": ((BOM + CLEAN[:9] + "\n" + CLEAN[9:]).encode("utf-16-le"), CODED),
    "UTF-16 without a mark": (CLEAN.encode("utf-16-le"), CODED),
    "UTF-16 stripped": ((CLEAN + "\n").encode("utf-16-be").strip(), CODED),
}


@pytest.mark.parametrize(("secret", "problem"), FAULTS.values(), ids=FAULTS)
def test_problem(secret: str | bytes, problem: str) -> None:
    """The problem says what to do, without the secret."""
    found = problem_of(secret)

    assert found is not None
    assert found.startswith(problem)
    assert CLEAN[:3] not in found


@pytest.mark.parametrize(("secret", "problem"), FAULTS.values(), ids=FAULTS)
def test_cleaned(secret: str | bytes, problem: str) -> None:
    """The last of at most six cleaned secrets is the one that was meant."""
    found = cleaned(secret)

    given = secret.encode() if isinstance(secret, str) else secret
    assert found[-1].secret == CLEAN.encode(), problem
    assert problem_of(found[-1].secret.decode()) is None
    assert 1 <= len(found) <= 6
    assert given not in [each.secret for each in found]
    assert len({each.change for each in found}) == len({each.secret for each in found})


GOOD: dict[str, str | bytes] = {
    "ASCII": CLEAN,
    "inner spaces": "correct horse battery staple",
    "other scripts": "Grüße 秘密 секрет \N{SNOWMAN}",
    "bytes of text": CLEAN.encode(),
    "random and a line break": bytes(range(130, 160)) + b"\n",
    "random and a mark": b"\xff\xfe" + bytes(range(130, 160)),
    "text and other bytes": CLEAN.encode() + b"\x07\xff\n",
    "bytes that could be Chinese in UTF-16": "秘密の鍵です".encode("utf-16-le"),
    "Chinese with five letters": f"{'秘' * 20}abcde".encode("utf-16-le"),
    "empty": "",
    "no bytes": b"",
}


@pytest.mark.parametrize("secret", GOOD.values(), ids=GOOD)
def test_no_problem(secret: str | bytes) -> None:
    """Visible text with inner spaces has no problem, nor have bytes that are not text."""
    assert problem_of(secret) is None


@pytest.mark.parametrize("secret", [CLEAN, CLEAN.encode(), "a b", "", b""])
def test_nothing_to_clean(secret: str | bytes) -> None:
    """A secret without fault has no cleaned form."""
    assert cleaned(secret) == []


@pytest.mark.parametrize("secret", ["\ud800" * 30, "\udc80\n", b"\xff\xfe\n", b"\xff" * 9])
def test_broken_text(secret: str | bytes) -> None:
    """Half surrogate pairs and invalid UTF-8 raise nothing."""
    problem_of(secret)

    assert all(each.secret for each in (*cleaned(secret), *misread(secret)))


def test_random_bytes() -> None:
    """Random bytes are not taken for text."""
    rng = random.Random(1)
    assert [s for _ in range(20_000) if problem_of(s := rng.randbytes(32)) is not None] == []
    at_end = (rng.randbytes(31) + b"\n" for _ in range(10_000))
    assert [secret for secret in at_end if problem_of(secret) is not None] == []
    marked = (b"\xff\xfe" + rng.randbytes(30) for _ in range(10_000))
    assert [secret for secret in marked if problem_of(secret) is not None] == []


PRINTABLE, ENDING = [0] * 5, [0] * 5
for character in map(chr, itertools.chain(range(0xD800), range(0xE000, sys.maxunicode + 1))):
    octets = len(character.encode())
    PRINTABLE[octets] += character.isprintable()
    ENDING[octets] += (
        character.isspace() or character == "\0" or unicodedata.category(character) == "Cf"
    )


@cache
def share(length: int, counts: tuple[int, ...]) -> float:
    """Return the share of this many random bytes that are such characters in UTF-8."""
    if length == 0:
        return 1.0
    steps = range(1, min(length, 4) + 1)
    return sum(counts[step] / 256.0**step * share(length - step, counts) for step in steps)


def chance_in_utf_8(length: int) -> float:
    """Return at most how often random bytes have a fault: printable but for their ends."""
    ends, core = tuple(ENDING), tuple(PRINTABLE)
    return sum(
        share(left, ends) * share(right, ends) * share(length - left - right, core)
        for left in range(length + 1)
        for right in range(length + 1 - left)
        if left or right
    )


def chance_in_utf_16(length: int) -> float:
    """Return at most how often half of random bytes' characters are in ASCII."""
    ascii_share = 127 / 2**16
    return 2 * sum(  # in each order of bytes
        math.comb(units, plain) * ascii_share**plain
        for units in (length // 2, length // 2 - 1)  # with and without a mark
        for plain in range(math.ceil(units / 2), units + 1)
    )


def test_chance() -> None:
    """The chance that random bytes are refused is as small as documented."""
    for length, most in ((16, 1e-6), (32, 1e-11)):
        assert chance_in_utf_8(length) + chance_in_utf_16(length) < most


def test_chance_of_two_bytes() -> None:
    """Of all pairs of bytes, no more are refused than computed."""
    refused = sum(
        problem_of(bytes(pair)) is not None for pair in itertools.product(range(256), repeat=2)
    )

    assert 0.5 < refused / (chance_in_utf_8(2) * 256**2) <= 1


@pytest.mark.parametrize(
    "read",
    [
        f"{CLEAN}\n".encode(),
        f"{CLEAN}\r\n".encode(),
        f"{CLEAN}\r".encode(),
        f"{CLEAN} ".encode(),
        f"{CLEAN} \r\n".encode(),
        f"{BOM}{CLEAN}".encode(),
        f"{BOM}{CLEAN}\r\n".encode(),
        UTF_16,
        UTF_16.decode(errors="replace").encode(),
        UTF_16.decode("cp1252").encode(),
        f"{BOM}{CLEAN}".encode().decode("cp1252").encode(),
        f'"{CLEAN}"'.encode(),
        f"'{CLEAN}'".encode(),
    ],
    ids=ascii,
)
def test_misread(read: bytes) -> None:
    """What servers on Linux, Windows and in Node read from a file is in a short list."""
    found = misread(CLEAN)

    assert read in [each.secret for each in found]
    assert len(found) < 50
    assert CLEAN.encode() not in [each.secret for each in found]
    assert len({each.change for each in found}) == len(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_file_text(encoding: str) -> None:
    """A text file is decoded, whether it has a byte order mark or not."""
    assert file_text(f"{CLEAN}\r\n".encode(encoding)) == f"{CLEAN}\r\n"
