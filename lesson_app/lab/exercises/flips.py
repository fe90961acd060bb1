"""Judge the exercises that change a ciphertext without its key."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ... import cookie
from ...cookie import from_base64, to_base64
from .judging import Wrong, forgotten, outcome, short

Change = Callable[[str, bytes, bytes], Any]

_BLOCK = 16
#: What is inside a cookie, and what the attacker wants, different in the first block only.
_AIMS = (
    (b'session={"vip":0}', b'session={"vip":1}'),
    (b'session={"a":"me"}', b'session={"a":"we"}'),
    (b'session={"level":9,"name":"ann"}', b'session={"LEVEL":9,"name":"ann"}'),
    (b'cookie={"n":1,"text":"a long text of several blocks"}',) * 2,
)
#: The same, different in a later block.
_REWRITES = (
    (
        b'session={"text":"0123456789","vip":0}',
        b'session={"text":"0123456789","vip":1}',
    ),
    (
        b'session={"text":"0123456789 0123456789 01234","user":"ann","vip":0}',
        b'session={"text":"0123456789 0123456789 01234","user":"eva","vip":0}',
    ),
)


class _Sealed:
    """A cookie made with a key that the learner does not know."""

    def __init__(self, inside: bytes, fields: tuple[str, ...] = ()) -> None:
        self._keys = cookie.Keys(os.urandom(32), bytes(32))
        # Without zeros: `_explain` tells a byte that was written from one that was XORed.
        self.iv = bytes(1 + secrets.randbelow(255) for _ in range(_BLOCK))
        self.ciphertext = cookie.encrypt(inside, self._keys, self.iv)
        self.rest = (to_base64(self.ciphertext), *fields)
        self.value = ".".join((to_base64(self.iv), *self.rest))

    def open(self, value: str) -> bytes:
        """Decrypt a changed cookie; the padding stays. Raise Wrong if it is not a cookie."""
        if not isinstance(value, str):
            raise Wrong("not-string") if value is not None else Wrong(message=_returned(value))
        iv_text, *rest = value.split(".")
        iv = outcome(from_base64, iv_text)
        if isinstance(iv, Exception) or len(iv) != _BLOCK or to_base64(iv) != iv_text:
            raise Wrong("not-base64")
        ciphertext = outcome(from_base64, (*rest, "")[0])
        if tuple(rest[1:]) != self.rest[1:] or len(ciphertext) != len(self.ciphertext):
            raise Wrong("rest-lost")
        return self._decrypt(iv, ciphertext)

    def _decrypt(self, iv: bytes, ciphertext: bytes) -> bytes:
        decryptor = Cipher(algorithms.AES(self._keys.encryption), modes.CBC(iv)).decryptor()
        return decryptor.update(ciphertext)


def _returned(value: Any) -> str:
    return f"the result should be a cookie, but is {short(value)}{forgotten(value)}"


def judge_aim(aim: Change) -> None:
    """Check that `aim` changes the first block, for several texts, keys and cookies."""
    for fields in ((), ("1692988779453", "120000", "a-mac")):
        for inside, wanted in _AIMS:
            sealed = _Sealed(inside, fields)
            found = aim(sealed.value, inside, wanted)
            text = sealed.open(found)[: len(inside)]
            if text != wanted:
                raise Wrong(
                    *_explain(
                        sealed, from_base64(found.partition(".")[0]), text, inside, wanted
                    )
                )


def _explain(
    sealed: _Sealed, iv: bytes, text: bytes, inside: bytes, wanted: bytes
) -> tuple[str, str]:
    """Return the misconception behind a wrong text, or else a message."""
    if (inside, wanted) != _AIMS[0] and iv == _flipped_last(sealed.iv):
        return "fixed", ""
    if text == inside:
        return "unchanged", ""
    if iv == sealed.iv:
        return "ciphertext", ""
    places = [i for i in range(_BLOCK) if inside[i] != wanted[i]]
    if places and all(iv[i] == wanted[i] for i in places):
        return "overwritten", ""
    if places and all(iv[i] == sealed.iv[i] ^ wanted[i] for i in places):
        return "only-wanted", ""
    return "", f"the server should read {wanted.decode()}, but reads {text!r}"


def _flipped_last(iv: bytes) -> bytes:
    return iv[:15] + bytes([iv[15] ^ 1])


def aim_ours(value: str, inside: bytes, wanted: bytes) -> str:
    """Return a cookie that decrypts to `wanted`, which differs in the first block only."""
    return rewrite_ours(value, inside[:_BLOCK], wanted[:_BLOCK])


def judge_rewrite(rewrite: Change) -> None:
    """Check that `rewrite` changes any block, and spoils only the one before it."""
    rows = [
        (pair, fields) for fields in ((), ("1", "2", "a-mac")) for pair in (*_REWRITES, *_AIMS)
    ]
    for (inside, wanted), fields in rows:
        sealed = _Sealed(inside, fields)
        text = sealed.open(rewrite(sealed.value, inside, wanted))
        blocks = [
            (
                text[i : i + _BLOCK][: len(inside) - i],
                inside[i : i + _BLOCK],
                wanted[i : i + _BLOCK],
            )
            for i in range(0, len(inside), _BLOCK)
        ]
        changed = next((i for i, (_, old, new) in enumerate(blocks) if old != new), 0)
        found, old, new = blocks[changed]
        if found != new:
            if changed == 0:
                raise Wrong("no-first-block")
            if found == old:
                raise Wrong("first-block-only")
            places = zip(found, old, new, strict=True)
            # Elsewhere nothing has changed, so these are the right bytes.
            raise Wrong(
                "wrong-value" if all(a == b for a, b, c in places if b == c) else "same-block"
            )
        free = {changed, changed - 1}
        if any(now != was for i, (now, was, _) in enumerate(blocks) if i not in free):
            raise Wrong("more-damage")


def rewrite_ours(value: str, inside: bytes, wanted: bytes) -> str:
    """Return a cookie in which the block that differs is the wanted one."""
    iv, ciphertext, *rest = value.split(".")
    row = bytearray(from_base64(iv) + from_base64(ciphertext))
    for place, (old, new) in enumerate(zip(inside, wanted, strict=True)):
        row[place] ^= old ^ new
    return ".".join((to_base64(bytes(row[:_BLOCK])), to_base64(bytes(row[_BLOCK:])), *rest))
