"""Judge `sign`, the first exercise of notebook 03."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from itertools import product
from typing import Any

from ...cookie import to_base64
from .judging import Wrong, expect

_HASHES = ("md5", "sha1", "sha224", "sha384", "sha512", "sha3_256", "blake2s", "blake2b")
_FIELDS = ("iv", "ciphertext", "created_at", "duration")


def judge_sign(sign: Callable[..., Any]) -> None:
    """Check that `sign` returns the HMAC-SHA256 of the four fields, joined by dots."""
    times = (("1692988779453", "120000"), ("0", "1"), (str(secrets.randbelow(10**13)), "60000"))
    # Printable bytes, so that a message about a crash is short.
    calls = [(_bytes(16), _bytes(32), *each, _bytes(32)) for each in times]
    # The same cookie with other times, which are no plain numbers.
    calls.append((*calls[0][:2], "0120000", "hello", calls[0][4]))
    # The first call again: nothing may be left from the calls between.
    for number, call in enumerate((*calls, calls[0]), 1):
        iv, ciphertext, created_at, duration, key = call
        mac = sign(iv, ciphertext, created_at, duration, key)
        mac = bytes(mac) if isinstance(mac, bytearray) else mac
        right = sign_ours(iv, ciphertext, created_at, duration, key)
        if mac != right:
            fields = (iv, ciphertext, created_at.encode(), duration.encode())
            _explain_mac(mac, right, fields, key, number)
        expect(f"sign(iv, ciphertext, {created_at!r}, {duration!r}, key)", mac, right)


def sign_ours(
    iv: bytes, ciphertext: bytes, created_at: str, duration: str, key: bytes
) -> bytes:
    """Return the MAC of the four fields."""
    fields = (iv, ciphertext, created_at.encode(), duration.encode())
    return hmac.digest(key, b".".join(fields), "sha256")


def _explain_mac(
    mac: Any, right: bytes, fields: tuple[bytes, ...], key: bytes, number: int
) -> None:
    """Raise `Wrong` for a wrong MAC: it says how the MAC was made, if that is known."""
    characters = (right.hex().encode(), b64encode(right), urlsafe_b64encode(right))
    if isinstance(mac, str) or mac in (*characters, to_base64(right).encode()):
        raise Wrong("not-bytes")
    if hasattr(mac, "digest") or hasattr(mac, "finalize"):
        raise Wrong("no-digest")
    if not isinstance(mac, bytes):
        return
    message = b".".join(fields)
    if mac and right.startswith(mac):
        raise Wrong(message=f"you return only {len(mac)} bytes of the MAC; return all 32")
    if mac in [hmac.digest(key, message, each) for each in _HASHES]:
        raise Wrong("other-hash")
    iv, text, created_at, duration = fields
    written = f"{iv!r}.{text!r}.{created_at.decode()}.{duration.decode()}".encode()
    base64 = b".".join((to_base64(iv).encode(), to_base64(text).encode(), *fields[2:]))
    known = {
        "base64": [_mac(key, base64)],
        "written-out": [_mac(key, written)],
        "swapped": [_mac(message, key)],
        "no-key": [hashlib.sha256(message).digest()],
        "plain-hash": [hashlib.sha256(key + each + message).digest() for each in (b"", b".")],
        "key-last": [hashlib.sha256(message + each + key).digest() for each in (b"", b".")],
    }
    for name, macs in known.items():
        if mac in macs:
            raise Wrong(name)
    _explain_fields(mac, fields, key)
    if len(mac) == len(right):
        start = (
            "sign is right at first, but not when it is called again"
            if number > 1
            else ("this is another MAC")
        )
        raise Wrong(
            message=f"{start}; print the bytes that you sign: they should be {message!r}"
        )


def _explain_fields(mac: bytes, fields: tuple[bytes, ...], key: bytes) -> None:
    """Raise `Wrong` if the MAC belongs to other fields, or to the fields in another order."""
    for count, joint in product(range(5), (b".", b"", b",", b":", b" ", b"|")):
        for chosen in product(range(4), repeat=count):
            if mac != _mac(key, joint.join(fields[i] for i in chosen)):
                continue
            names = [_FIELDS[i] for i in chosen]
            if names == list(_FIELDS) and not joint:
                raise Wrong("no-dots")
            if names == [name for name in _FIELDS if name in names]:
                missing = [name for name in _FIELDS if name not in names]
                known = {
                    ("iv",): "iv-outside",
                    ("duration",): "duration-outside",
                    ("created_at", "duration"): "times-outside",
                }
                if tuple(missing) in known:
                    raise Wrong(known[tuple(missing)])
            between = f", joined with {joint.decode()!r}" if joint != b"." else ""
            made = f"{' . '.join(names) or 'nothing'}{between}"
            raise Wrong(
                message="sign should make the MAC of iv . ciphertext . created_at . duration, "
                f"but made the MAC of {made}"
            )


def _bytes(size: int) -> bytes:
    return secrets.token_hex(size).encode()[:size]


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
