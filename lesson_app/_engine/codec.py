"""The fast codec: `cookie.seal` and `cookie.unseal`, with everything about the keys prepared.

It replaces the two functions on a server, which handles thousands of cookies under the same
keys. Canonical input takes the fast path of `prepared`; everything else goes to the two
functions, which handle every case and raise the detailed errors.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..cookie import (
    IV_LENGTH,
    MACS,
    Keys,
    Unsealed,
    check_keys,
    check_name,
    read_object,
    seal,
    unseal,
)
from ..errors import BadCookie, BadName, BadPayload, BadSignature
from .javascript import MAX_SAFE_INTEGER, stringify
from .prepared import Prepared, read, write

# Why keys refuse a cookie, from those that have the least to do with it to the right ones.
_TELLING = ("signature", "padding", "name", "json", "object")


class SealedCodec:
    """`seal` and `unseal` with remembered keys: seal with the first, open with any.

    The usual cookie goes the short way of `prepared`; what is unusual in any respect goes
    to `seal` and `unseal` below, which know every case and every error.
    """

    def __init__(
        self, *keys: Keys, urandom: Callable[[int], bytes] = os.urandom, strict: bool = False
    ) -> None:
        if not keys:
            raise ValueError("give at least one Keys, for instance derive_keys(secret)")
        for each in keys:
            check_keys(each)
        self._keys = keys
        # None: `Prepared` draws the IV in a quicker way, from os.urandom as well.
        self._urandom = None if urandom is os.urandom else urandom
        self._strict = strict
        self._prepared = [_prepare(each) for each in keys]

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        iv = None if self._urandom is None else self._urandom(IV_LENGTH)
        prefix = _prefix(name) if type(name) is str else None
        if (
            prefix is not None
            and isinstance(content, dict)
            and type(created_at) is type(duration) is int
            and 0 <= created_at <= MAX_SAFE_INTEGER
            and 0 <= duration <= MAX_SAFE_INTEGER
            and (iv is None or (type(iv) is bytes and len(iv) == IV_LENGTH))
        ):
            plaintext = prefix + stringify(content).encode()
            return self._prepared[0].seal(plaintext, created_at, duration, iv)
        keys = self._keys[0]
        return seal(content, keys, name=name, created_at=created_at, duration=duration, iv=iv)

    def unseal(self, value: str, *, name: str) -> Unsealed:
        prefix = _prefix(name) if type(name) is str else None
        fields = read(value) if type(value) is str else None
        if prefix and fields and not (self._strict and value != write(fields)):
            _, _, created_at, duration, mac = fields
            for prepared in self._prepared:
                plaintext = prepared.open(fields)
                if plaintext is not None and plaintext.startswith(prefix):
                    content = read_object(plaintext[len(prefix) :].decode("utf-8", "replace"))
                    rotated = prepared is not self._prepared[0]
                    return Unsealed(content, int(created_at), int(duration), rotated, mac)
        return self._unseal_with_care(value, name)

    def _unseal_with_care(self, value: str, name: str) -> Unsealed:
        refusals: list[BadCookie] = []
        for age, keys in enumerate(self._keys):
            try:
                opened = unseal(value, keys, name=name, strict=self._strict)
                return replace(opened, rotated=age > 0)
            except (BadSignature, BadPayload, BadName) as bad:
                refusals.append(bad)  # the next key may share no more than the signature's
        raise max(refusals, key=lambda bad: _TELLING.index(bad.reason))


def _prepare(keys: Keys) -> Prepared:
    mac = MACS[keys.mac]
    return Prepared(keys.encryption, keys.signature, mac.hash, mac.length)


@functools.lru_cache(maxsize=32)
def _prefix(name: str) -> bytes | None:
    """Return what the plaintext of a cookie begins with; None for a name that none has."""
    try:
        check_name(name)
    except ValueError:
        return None
    return f"{name}=".encode()
