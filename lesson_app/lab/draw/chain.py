"""Draw how CBC decrypts, and what a changed byte does."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .grid import BLOCK, PLACES, Drawing, Mark, character, counted, named, split

_HEADINGS = ["byte", *PLACES]
_NOTE = (
    "Bytes of ciphertexts are hexadecimal; in a plaintext, a number of two or three digits is "
    "a byte without a printable character."
)


def cbc(
    before: tuple[bytes, bytes], after: tuple[bytes, bytes] | None = None, *, key: bytes
) -> Drawing:
    """Draw how CBC decrypts an IV and a ciphertext.

    With `after`, a changed IV and ciphertext, it draws these, and marks what has changed.
    """
    old = _chain(*before, key)
    new = old if after is None else _chain(*after, key)
    if len(old) != len(new):
        raise ValueError(
            f"`after` must have as many blocks as `before`, got {len(new)} and {len(old)}"
        )
    findings, rows = [], list[list[str]]()
    for number, (a, b) in enumerate(zip(old, new, strict=True), 1):
        source = f"ciphertext {number - 1}" if number > 1 else "the IV"
        parts = [f"ciphertext {number}", "the cipher gives", f"XOR {source}", "= plaintext"]
        rows.append([f"block {number}"])
        for label, x, y in zip(parts, a, b, strict=True):
            shown = character if label == "= plaintext" else _hex
            cells = [
                shown(new) if old == new else Mark(shown(new))
                for old, new in zip(x, y, strict=True)
            ]
            rows.append([label, *cells, _changed(x, y)])
        if a[3] != b[3]:
            rows.append(["plaintext before", *map(character, a[3]), ""])
        findings += _findings(number, source, a, b)
    if after is None:
        findings = [
            f"CBC decrypts {counted(len(old), 'block')}: decrypt a block, then XOR it with the "
            "ciphertext block before it (the first with the IV)."
        ]
    elif not findings:
        findings = ["Nothing has changed."]
    return Drawing("\n".join([*findings, _NOTE]), [*_HEADINGS, "changed"], rows)


_Parts = tuple[bytes, bytes, bytes, bytes]


def _chain(iv: bytes, ciphertext: bytes, key: bytes) -> list[_Parts]:
    """Return each block: ciphertext, decrypted by the cipher, the block before, plaintext."""
    if len(iv) != BLOCK or len(ciphertext) % BLOCK:
        raise ValueError(
            f"the IV must have 16 bytes and the ciphertext whole blocks of 16, "
            f"got {len(iv)} and {len(ciphertext)} bytes"
        )
    # ECB is the cipher alone, without a chain.
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305
    chain, before = [], iv
    for block in split(ciphertext):
        given = decryptor.update(block)
        chain.append((block, given, before, _xor(given, before)))
        before = block
    return chain


def _findings(number: int, source: str, old: _Parts, new: _Parts) -> list[str]:
    found = []
    if number == 1 and old[2] != new[2]:
        found.append(f"Changed: the IV, {_changed(old[2], new[2])}.")
    if old[0] != new[0]:
        found.append(f"Changed: ciphertext {number}, {_changed(old[0], new[0])}.")
    if old[3] != new[3]:
        how = f"the same bits as in {source}" if old[0] == new[0] else "garbage"
        found.append(f"So plaintext {number} changes: {_changed(old[3], new[3])}, {how}.")
    return found


def _changed(old: bytes, new: bytes) -> str:
    return named([i for i in range(len(old)) if old[i] != new[i]])


def _hex(byte: int) -> str:
    return f"{byte:02x}"


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
