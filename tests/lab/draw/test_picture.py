"""Pictures of bytes: equal blocks look equal."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from lesson_app.cookie import encrypt
from lesson_app.lab import draw
from tests.lab.draw.seen import IV, KEY, KEYS, check_both

END = bytes([16]) * 16  # the padding


def ecb(message: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(KEY), modes.ECB()).encryptor()
    return encryptor.update(message + END) + encryptor.finalize()


def tiles(data: bytes) -> list[str]:
    """Return the lines of a picture, without the finding and the legend."""
    return repr(draw.pictures({"it": data})).splitlines()[1:-2]


def test_ecb_shows_the_shape() -> None:
    """ECB leaves the picture as it is; only the padding's block is new."""
    original, encrypted = tiles(draw.PICTURE), tiles(ecb(draw.PICTURE))

    assert encrypted[:-1] == original
    assert len(encrypted[-1]) == 2
    assert len(set(original)) > 5
    assert {len(line) for line in original} == {32}


def test_cbc_hides_the_shape() -> None:
    """With CBC, each block shows its first byte, because none occurs twice."""
    ciphertext = encrypt(draw.PICTURE, KEYS, IV)

    assert "".join(tiles(ciphertext)) == ciphertext[::16].hex()


def test_findings() -> None:
    """The findings count the blocks, and compare the shape with the first picture."""
    data = {"original": draw.PICTURE, "ECB": ecb(draw.PICTURE)}
    shown = draw.pictures(data | {"CBC": encrypt(draw.PICTURE, KEYS, IV)})

    check_both(shown)
    text = repr(shown)
    assert "original: 208 blocks, 3 different: the shape shows\n" in text
    assert "ECB: 209 blocks, 4 different: the shape shows, the same as in original\n" in text
    assert "CBC: 209 blocks, all different: no shape\n" in text


def test_another_shape() -> None:
    """A picture with a block too many is not the same shape as the first."""
    shown = draw.pictures({"original": draw.PICTURE, "shifted": END + draw.PICTURE})

    assert "the same as" not in repr(shown)


def test_equal_blocks_look_equal() -> None:
    """Each repeated block has a tile of its own, also if there are many."""
    blocks = [bytes([i]) * 16 for i in range(40)]
    lines = repr(draw.pictures({"it": b"".join(blocks * 2)}, width=40)).splitlines()

    assert lines[1] == lines[2]
    assert "00" not in lines[1][:8]  # a tile, not a first byte
    assert len({lines[1][i : i + 2] for i in range(0, 80, 2)}) == 40


def test_small_pictures() -> None:
    """Bytes of one kind and an incomplete block are drawn, too."""
    for data, blocks in ((END * 3, "3 blocks"), (END + b"x", "2 blocks")):
        shown = draw.pictures({"it": data})
        check_both(shown)
        assert repr(shown).startswith(f"it: {blocks}")
