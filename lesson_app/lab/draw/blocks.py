"""Draw the bytes of a padded message, and the bits of an XOR."""

from __future__ import annotations

from .grid import BLOCK, PLACES, Drawing, Mark, character, counted, split

_BYTES_IN_A_ROW = 4
_NOTE = "A number of two or three digits is a byte without a printable character."


def blocks(message: bytes, padded: bytes | None = None) -> Drawing:
    """Draw a padded message in blocks of 16 bytes; without `padded`, pad it as PKCS#7 says."""
    right = _pad(message)
    padded = right if padded is None else padded
    size = len(padded) - len(message)
    if padded.startswith(message):
        whole, rest = divmod(len(padded), BLOCK)
        sizes = counted(whole, "block") + (f" and {counted(rest, 'byte')}" if rest else "")
        finding = (
            f"{counted(len(message), 'byte')} of message and {size} of padding make {sizes}."
        )
        if padded != right:
            wanted = len(right) - len(message)
            finding += f" It must be {wanted} of padding, each with the number {wanted:02d}."
    else:
        finding = f"The {counted(len(padded), 'byte')} do not begin with the message."
    rows = [_row(number, block, message) for number, block in enumerate(split(padded))]
    return Drawing(f"{finding}\n{_NOTE}", ["byte", *PLACES, ""], rows)


def _row(number: int, block: bytes, message: bytes) -> list[str]:
    """Return the row of a block; a byte that is not the message's is marked."""
    old = message[number * BLOCK :][: len(block)]
    same = [i < len(old) and block[i] == old[i] for i in range(len(block))]
    cells = [
        character(b) if ok else Mark(character(b)) for b, ok in zip(block, same, strict=True)
    ]
    added, other = len(block) - len(old), same[: len(old)].count(False)
    notes = [f"not the message: {counted(other, 'byte')}"] if other else []
    notes += [f"padding: {counted(added, 'byte')}"] if added else []
    notes += [f"incomplete: {counted(len(block), 'byte')}"] if len(block) < BLOCK else []
    gap = [""] * (BLOCK - len(block))
    return [f"block {number + 1}", *cells, *gap, "; ".join(notes)]


def xor(one: bytes, other: bytes) -> Drawing:
    """Draw the bits of two texts of equal length, and the bits in which they differ."""
    if len(one) != len(other):
        raise ValueError(
            f"both texts must have the same length, got {len(one)} and {len(other)} bytes"
        )
    both = bytes(a ^ b for a, b in zip(one, other, strict=True))
    differ = sum(byte.bit_count() for byte in both)
    finding = (
        f"{differ} of {counted(8 * len(both), 'bit')} differ (^). "
        f"XOR writes 1 where they differ: {list(both)}."
    )
    rows: list[list[str]] = []
    for start in range(0, len(both), _BYTES_IN_A_ROW):
        part = slice(start, start + _BYTES_IN_A_ROW)
        gap = [""] * (_BYTES_IN_A_ROW - len(both[part]))
        if len(both) > _BYTES_IN_A_ROW:
            rows.append([f"from byte {start}"])
        for label, text in (("one", one), ("other", other), ("XOR", both)):
            rows.append([label, *map(_bits, text[part]), *gap])
        rows.append(["differ", *map(_carets, both[part]), *gap])
    return Drawing(finding, ["byte", *(f"+{i}" for i in range(_BYTES_IN_A_ROW))], rows)


def _pad(message: bytes) -> bytes:
    size = BLOCK - len(message) % BLOCK
    return message + bytes([size]) * size


def _bits(byte: int) -> str:
    return f"{character(byte):>3} {byte:08b}"


def _carets(byte: int) -> str:
    # Dots instead of spaces, which HTML would merge.
    carets = f"{byte:08b}".replace("0", "\N{MIDDLE DOT}").replace("1", "^")
    text = f"{'':>3} {carets}"
    return Mark(text) if byte else text
