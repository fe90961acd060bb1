"""The padding oracle's recorder: the questions give the plaintext."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from lesson_app.cookie import from_base64, to_base64
from lesson_app.lab import Explorer, draw
from lesson_app.lab.exercises.oracle_judges import read_all_ours
from tests.lab.draw.seen import CIPHERTEXT, IV, KEY, MESSAGE, check_both, marked

VALUE = f"{to_base64(IV)}.{to_base64(CIPHERTEXT)}"
PADDED = MESSAGE + bytes([14]) * 14


def good(iv: bytes, ciphertext: bytes) -> bool:
    """Return whether the padding is good, as PKCS#7 says."""
    decryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).decryptor()
    plain = decryptor.update(ciphertext)
    return 1 <= plain[-1] <= 16 and plain.endswith(bytes([plain[-1]]) * plain[-1])


def good_value(value: str) -> bool:
    iv, ciphertext, *_ = map(from_base64, value.split("."))
    return good(iv, ciphertext)


def our_attack(oracle: draw.Oracle) -> bytes:
    """Read the last block, then the first, with questions that are cookies."""

    def ask(iv: bytes, block: bytes) -> bool:
        return oracle(f"{to_base64(iv)}.{to_base64(block)}")

    last = read_all_ours(ask, CIPHERTEXT[:16], CIPHERTEXT[16:])
    return read_all_ours(ask, IV, CIPHERTEXT[:16]) + last


def learner_reads(ask: Any, block: bytes, before: bytes, first: bytes) -> bytes:
    """Read a block without checking a guess a second time, from 255 down.

    Each question begins with `first`.
    """
    given = bytearray(16)
    for place in range(15, -1, -1):
        iv = bytearray(byte ^ (16 - place) for byte in given)
        iv[:place] = first[:place]
        for guess in range(255, -1, -1):
            iv[place] = guess
            if ask(bytes(iv), block):
                given[place] = guess ^ (16 - place)
                break
    return bytes(a ^ b for a, b in zip(given, before, strict=True))


def test_our_attack() -> None:
    """Every question of our attack is counted, and each byte found is in a row."""
    oracle = draw.Oracle(good_value, VALUE)

    assert our_attack(oracle) == PADDED
    check_both(oracle.drawing())
    shown = oracle.drawing()
    assert repr(oracle) == repr(shown)
    assert oracle._repr_html_() == shown._repr_html_()
    total = len(oracle.questions)
    assert shown.finding == f"{total:,} questions: 32 bytes found, {PADDED!r}."
    assert sum(int(row[2]) for row in shown.rows) == total
    assert [row[1] for row in shown.rows] == [str(i) for i in range(15, -1, -1)] * 2
    assert [row[0] for row in shown.rows] == ["2"] * 16 + ["1"] * 16


def test_each_row_is_a_sum() -> None:
    """A row's numbers, XORed, give its byte of the plaintext; the guess is marked."""
    oracle = draw.Oracle(good_value, VALUE)
    our_attack(oracle)

    for row, byte in zip(oracle.drawing().rows, reversed(PADDED), strict=True):
        guess, padding, given, before = (int(re.sub(r"\D", "", cell)) for cell in row[3:7])
        assert guess ^ padding == given
        assert given ^ before == byte
        assert row[7] == (f"= {chr(byte)}" if byte > 32 else f"= {byte:02d}")
    assert set(map(tuple, marked(oracle.drawing()).values())) == {(2,)}


@pytest.mark.parametrize("block", [1, 2])
def test_attack_of_a_learner(block: int) -> None:
    """A recorder works with the learner's own question, and shows what it read."""
    raw = IV + CIPHERTEXT
    before, last = raw[16 * block - 16 : 16 * block], raw[16 * block : 16 * block + 16]
    oracle = draw.Oracle(good, raw)

    read = learner_reads(oracle, last, before, bytes(16))

    assert read == PADDED[16 * block - 16 : 16 * block]
    assert f"16 bytes found, {read!r}." in repr(oracle)


def test_attack_that_goes_wrong() -> None:
    """The drawing shows where an attack took a longer padding for a short one, and stopped."""
    oracle = draw.Oracle(good, VALUE)

    # Before the message's own bytes, the message's own padding is good.
    learner_reads(oracle, CIPHERTEXT[16:], CIPHERTEXT[:16], CIPHERTEXT[:16])

    assert oracle.drawing().finding == "3,602 questions: 1 byte found, b'\\x01'."
    assert oracle.drawing().rows[0][2:4] == ["17", str(CIPHERTEXT[15])]


def test_refuted_guess() -> None:
    """A guess that was good only as longer padding is not a byte found."""
    given = bytes(a ^ b for a, b in zip(PADDED[:16], IV, strict=True))
    long = bytes(14) + bytes([given[14] ^ 2, given[15] ^ 2])
    other = long[:14] + bytes([long[14] ^ 0xFF, long[15]])
    short = bytes(15) + bytes([given[15] ^ 1])
    oracle = draw.Oracle(good, VALUE)

    assert [oracle(iv, CIPHERTEXT[:16]) for iv in (long, other, short)] == [True, False, True]
    (step,) = oracle.steps
    assert (step.given, step.questions) == (given[15], 3)


def test_guess_refuted_later() -> None:
    """A guess that is refuted after the right one was confirmed is not a byte found."""
    given = bytes(a ^ b for a, b in zip(PADDED[:16], IV, strict=True))
    long = bytes(14) + bytes([given[14] ^ 2, given[15] ^ 2])
    short = long[:15] + bytes([given[15] ^ 1])
    others = [bytes([*iv[:14], iv[14] ^ 0xFF, iv[15]]) for iv in (short, long)]
    oracle = draw.Oracle(good, VALUE)

    answers = [oracle(iv, CIPHERTEXT[:16]) for iv in (long, short, *others)]

    assert answers == [True, True, True, False]
    (step,) = oracle.steps
    assert (step.iv, step.given) == (short, given[15])


def test_attack_that_confirms_later() -> None:
    """An attack may try all guesses for a byte, and confirm the accepted ones afterwards."""
    oracle = draw.Oracle(good, VALUE)
    given = bytearray(16)
    block = CIPHERTEXT[:16]
    for place in range(15, -1, -1):
        iv = bytearray(byte ^ (16 - place) for byte in given)
        # With this byte, the padding 2 2 is accepted, too.
        iv[14] = PADDED[14] ^ IV[14] ^ 2 if place == 15 else iv[14]
        accepted = []
        for iv[place] in range(256):
            if oracle(bytes(iv), block):
                accepted.append(iv[place])
        for guess in reversed(accepted):
            iv[place] = guess
            other = bytes([*iv[: place - 1], iv[place - 1] ^ 0xFF, *iv[place:]])
            if not place or oracle(other, block):
                given[place] = guess ^ (16 - place)

    assert bytes(a ^ b for a, b in zip(given, IV, strict=True)) == PADDED[:16]
    assert f"16 bytes found, {PADDED[:16]!r}." in repr(oracle)


@pytest.mark.parametrize("answer", [True, False])
def test_answers_that_reveal_nothing(answer: bool) -> None:
    """With a MAC, all answers are the same, and the drawing says that no byte was found."""
    oracle = draw.Oracle(lambda _: answer, VALUE)

    with suppress(ValueError):  # if nothing is accepted
        our_attack(oracle)
    assert repr(oracle).startswith(f"{len(oracle.questions)} questions: no byte found.")
    assert isinstance(oracle.story(), draw.Drawing)
    check_both(oracle.drawing())


def test_story() -> None:
    """The slider shows the question that found a byte, and what the attack knows by then."""
    oracle = draw.Oracle(good_value, VALUE)
    our_attack(oracle)

    story = oracle.story()

    assert isinstance(story, Explorer)
    assert repr(story) == repr(oracle)
    assert story.sliders == {"byte found": (range(1, 33), 1)}
    html = story.view(3)
    assert "Block 2, byte 13: after" in html
    assert "Known: b&#x27;\\x0e\\x0e\\x0e&#x27;" in html
    assert re.findall("> (03) <", html) == ["03"] * 3
    assert f"[{oracle.steps[2].iv[13]}]" in html
    assert "Known: b&#x27;}\\x0e" in story.view(15)
    assert story.widget() is not None
