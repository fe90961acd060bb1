"""The fast codec: `cookie.seal` and `cookie.unseal` with prepared keys.

It replaces the two functions on a server, which handles thousands of cookies with the same
keys. Canonical input takes the fast path of `prepared`; everything else goes to the two
functions, which handle every case and raise the detailed errors.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from hmac import compare_digest
from typing import Any

from ..cookie import (
    IV_LENGTH,
    MACS,
    MOST_JSON,
    Keys,
    Unsealed,
    check_keys,
    check_name,
    check_type,
    read_fields,
    read_object,
    seal,
    unseal,
)
from ..errors import BadCookie, BadName, BadPayload, BadSignature
from .javascript import MAX_SAFE_INTEGER, number_text, parse, stringify
from .prepared import Prepared, read, write

# The checks that depend on the keys, in their order.
_KEY_CHECKS = ("signature", "padding", "name", "json", "object")


class SealedCodec:
    """Seal with the first keys, open with any of them.

    With `strict`, only the form that `seal` writes is accepted.
    """

    #: An item of more characters of JSON fits in no cookie.
    most_json = MOST_JSON

    def __init__(
        self, *keys: Keys, urandom: Callable[[int], bytes] = os.urandom, strict: bool = False
    ) -> None:
        if not keys:
            raise ValueError("expected at least one Keys, such as derive_keys(secret)")
        for each in keys:
            check_keys(each)
        self._keys = keys
        # None: `Prepared` draws the IV from os.urandom itself, in a faster way.
        self._urandom = None if urandom is os.urandom else urandom
        self._strict = strict
        self._prepared = [_prepare(each) for each in keys]

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        """Return the cookie value; times in ms, as in `lesson_app.seal`."""
        if not isinstance(content, Mapping):
            raise TypeError(f"content must be a dict, got {type(content).__name__}")
        json = stringify(dict(content))
        return self.seal_json(json, name=name, created_at=created_at, duration=duration)

    def seal_json(self, json: str, *, name: str, created_at: int, duration: int) -> str:
        """Seal content that is JSON already, in the form of JavaScript's JSON.stringify."""
        iv = self._iv()
        prefix = _prefix(name) if type(name) is str else None
        if (
            prefix is not None
            and type(created_at) is type(duration) is int
            and 0 <= created_at <= MAX_SAFE_INTEGER
            and 0 <= duration <= MAX_SAFE_INTEGER
            and (iv is None or (type(iv) is bytes and len(iv) == IV_LENGTH))
        ):
            plaintext = prefix + json.encode()
            return self._prepared[0].seal(plaintext, created_at, duration, iv)
        content, keys = parse(json), self._keys[0]
        return seal(content, keys, name=name, created_at=created_at, duration=duration, iv=iv)

    def _iv(self) -> bytes | None:
        return None if self._urandom is None else self._urandom(IV_LENGTH)

    def unseal(self, value: str, *, name: str) -> Unsealed:
        """Open a cookie value with the first keys that fit, or raise BadCookie."""
        prefix = _prefix(name) if type(name) is str else None
        fields = read(value) if type(value) is str else None
        if prefix and fields and not (self._strict and value != write(fields)):
            _, _, created_at, duration, mac = fields
            for prepared in self._prepared:
                plaintext = prepared.open(fields)
                if plaintext is not None and plaintext.startswith(prefix):
                    json = plaintext[len(prefix) :].decode("utf-8", "replace")
                    content, rotated = read_object(json), prepared is not self._prepared[0]
                    return _unsealed(
                        content, int(created_at), int(duration), rotated, mac, json
                    )
        return self._unseal_by_reference(value, name)

    def _unseal_by_reference(self, value: str, name: str) -> Unsealed:
        refusals: list[BadCookie] = []
        for age in self._fitting(value):
            try:
                opened = unseal(value, self._keys[age], name=name, strict=self._strict)
                return replace(opened, rotated=age > 0)
            except (BadSignature, BadPayload, BadName) as bad:
                refusals.append(bad)  # other keys can have the same signature key
        # Of several keys, those that got furthest are the likeliest to be the right ones.
        raise max(refusals, key=lambda bad: _KEY_CHECKS.index(bad.reason))

    def _fitting(self, value: str) -> list[int]:
        """Return the keys of the value's MAC; if none fit, the first, for the error.

        So the value is decoded once, not once for each secret.
        """
        if len(self._keys) == 1:
            return [0]
        check_type("value", value, str, "str")
        iv, ciphertext, *numbers, mac = read_fields(value)
        times = (number_text(number).encode() for number in numbers)
        signed = b".".join((iv, ciphertext, *times))
        return [
            age
            for age, prepared in enumerate(self._prepared)
            if compare_digest(mac, prepared.sign(signed))
        ] or [0]


def _unsealed(
    content: dict[str, Any],
    created_at: int,
    duration: int,
    rotated: bool,
    mac: bytes,
    json: str,
) -> Unsealed:
    # The __init__ of a frozen dataclass takes as long as the decryption.
    opened = object.__new__(Unsealed)
    fields = opened.__dict__
    fields["content"] = content
    fields["created_at"] = created_at
    fields["duration"] = duration
    fields["rotated"] = rotated
    fields["mac"] = mac
    fields["json"] = json
    return opened


def _prepare(keys: Keys) -> Prepared:
    mac = MACS[keys.mac]
    return Prepared(keys.encryption, keys.signature, mac.hash, mac.length)


@functools.lru_cache(maxsize=32)
def _prefix(name: str) -> bytes | None:
    """Return the start of a cookie's plaintext; None for a name that is not allowed."""
    try:
        check_name(name)
    except ValueError:
        return None
    return f"{name}=".encode()
