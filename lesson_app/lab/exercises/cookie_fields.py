"""Read the bytes of a sealed cookie's fields, and change them."""

from __future__ import annotations

from ...cookie import FIELDS, TIMES, from_base64, to_base64


def bytes_of(value: str) -> dict[str, bytes]:
    """Return the five fields of a sealed cookie by name, decoded from base64url."""
    texts = value.split(".")
    if len(texts) != len(FIELDS):
        raise ValueError(f"expected 5 fields separated by dots, got {len(texts)}")
    return {
        name: text.encode("latin-1", "replace") if name in TIMES else from_base64(text)
        for name, text in zip(FIELDS, texts, strict=True)
    }


def flipped(value: str, field: str) -> str:
    """Return the cookie with the lowest bit of a field's first byte flipped.

    It changes the decoded bytes, not the base64 text, whose last character has spare bits.
    """
    raw = bytearray(bytes_of(value)[field])
    raw[0] ^= 1
    texts = value.split(".")
    text = raw.decode("latin-1") if field in TIMES else to_base64(bytes(raw))
    texts[FIELDS.index(field)] = text
    return ".".join(texts)
