"""Blocks, bits and CBC: what changed is marked and named."""

from __future__ import annotations

import pytest

from lesson_app.lab import draw
from tests.lab.draw.seen import CIPHERTEXT, IV, KEY, MESSAGE, check_both, flipped, marked


def test_padding() -> None:
    """The padding is marked and counted."""
    shown = draw.blocks(MESSAGE)

    check_both(shown)
    assert shown.finding.startswith("18 bytes of message and 14 of padding make 2 blocks.")
    assert marked(shown) == {"block 2": list(range(2, 16))}
    assert shown.rows[0][1:4] == ["{", '"', "m"]
    assert shown.rows[1][2:] == ["}", *["14"] * 14, "padding: 14 bytes"]


def test_whole_block_of_padding() -> None:
    """A message of 16 bytes gets a block of padding; a space is visible."""
    shown = draw.blocks(b"attack at dawn!!")

    assert marked(shown) == {"block 2": list(range(16))}
    assert shown.rows[0][7] == "\u2423"


def test_wrong_padding() -> None:
    """Padding of a wrong size or number is named."""
    short = draw.blocks(MESSAGE, MESSAGE + bytes(10))

    check_both(short)
    assert "make 1 block and 12 bytes. It must be 14 of padding, each with" in short.finding
    assert short.rows[1][-1] == "padding: 10 bytes; incomplete: 12 bytes"
    assert "It must be 14" in draw.blocks(MESSAGE, MESSAGE + bytes(14)).finding
    assert "It must be" not in draw.blocks(MESSAGE).finding


@pytest.mark.parametrize("place", [0, 5, 17])
def test_another_message(place: int) -> None:
    """A byte that is not the message's is marked, wherever it is."""
    shown = draw.blocks(MESSAGE, flipped(MESSAGE, place) + bytes([14]) * 14)

    assert "do not begin with the message" in shown.finding
    assert place % 16 in marked(shown)[f"block {place // 16 + 1}"]
    assert shown.rows[place // 16][-1].startswith("not the message: 1 byte")


def test_xor() -> None:
    """The bits that differ are marked below the bits, and counted."""
    shown = draw.xor(b"user", b"rser")

    check_both(shown)
    assert shown.finding.startswith("3 of 32 bits differ")
    assert "[7, 0, 0, 0]" in shown.finding
    assert [row[1].split() for row in shown.rows] == [
        ["u", "01110101"],
        ["r", "01110010"],
        ["07", "00000111"],
        ["\u00b7\u00b7\u00b7\u00b7\u00b7^^^"],
    ]
    assert marked(shown) == {"differ": [0]}


@pytest.mark.parametrize("place", range(4))
def test_wrong_byte_moves_the_mark(place: int) -> None:
    """The mark is at the byte that differs."""
    assert marked(draw.xor(b"user", flipped(b"user", place))) == {"differ": [place]}


def test_xor_of_many_bytes() -> None:
    """Longer texts are drawn four bytes at a time; unequal lengths are refused."""
    shown = draw.xor(b"user name", b"root name")

    check_both(shown)
    assert [row for row in shown.rows if len(row) == 1] == [
        ["from byte 0"],
        ["from byte 4"],
        ["from byte 8"],
    ]
    with pytest.raises(ValueError, match="same length, got 4 and 3 bytes"):
        draw.xor(b"user", b"you")


def rows(drawing: draw.Drawing, label: str) -> list[list[str]]:
    return [row[1:17] for row in drawing.rows if row[0] == label]


def test_cbc_without_a_change() -> None:
    """CBC gives the plaintext; each block is XORed with the one before."""
    shown = draw.cbc((IV, CIPHERTEXT), key=KEY)

    check_both(shown)
    assert marked(shown) == {}
    plain = rows(shown, "= plaintext")
    assert "".join(plain[0] + plain[1][:2]).encode() == MESSAGE
    assert plain[1][2:] == ["14"] * 14
    assert rows(shown, "XOR the IV")[0] == [f"{byte:02x}" for byte in IV]
    assert rows(shown, "XOR ciphertext 1") == rows(shown, "ciphertext 1")


@pytest.mark.parametrize("place", [0, 7, 15])
def test_flipped_iv(place: int) -> None:
    """A flipped bit of the IV flips the same bit of the first plaintext block, only."""
    shown = draw.cbc((IV, CIPHERTEXT), (flipped(IV, place), CIPHERTEXT), key=KEY)

    check_both(shown)
    assert marked(shown) == {"XOR the IV": [place], "= plaintext": [place]}
    assert shown.finding.splitlines()[:2] == [
        f"Changed: the IV, byte {place}.",
        f"So plaintext 1 changes: byte {place}, the same bits as in the IV.",
    ]


def test_flipped_ciphertext() -> None:
    """A flipped bit makes its block garbage, and flips the same bit of the next block."""
    shown = draw.cbc((IV, CIPHERTEXT), (IV, flipped(CIPHERTEXT, 4)), key=KEY)

    check_both(shown)
    assert shown.finding.splitlines()[:3] == [
        "Changed: ciphertext 1, byte 4.",
        "So plaintext 1 changes: 16 bytes, garbage.",
        "So plaintext 2 changes: byte 4, the same bits as in ciphertext 1.",
    ]
    assert marked(shown)["ciphertext 1"] == marked(shown)["XOR ciphertext 1"] == [4]
    before, after = rows(shown, "plaintext before")[1], rows(shown, "= plaintext")[1]
    assert (before[4], after[4]) == ("14", "15")


def test_nothing_changed() -> None:
    """The drawing says so if nothing has changed; other lengths are refused."""
    same = (IV, CIPHERTEXT)

    assert draw.cbc(same, same, key=KEY).finding.startswith("Nothing has changed.")
    with pytest.raises(ValueError, match="as many blocks as `before`, got 1 and 2"):
        draw.cbc(same, (IV, CIPHERTEXT[:16]), key=KEY)
    with pytest.raises(ValueError, match="got 16 and 17 bytes"):
        draw.cbc((IV, CIPHERTEXT[:17]), key=KEY)
