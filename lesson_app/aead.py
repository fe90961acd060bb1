"""Seal a session with modern authenticated encryption, where no Express server must read it.

A value has three fields separated by dots::

    v1 . key id . data

`data` holds the nonce (24 bytes), the ciphertext and the tag (16 bytes) of XAES-256-GCM, in
base64url without padding. The plaintext is the creation time and the lifetime in ms, each as
8 bytes with the highest first, then the content's JSON in UTF-8. Spaces fill the JSON up to
whole 16-byte blocks. So the cookie hides both times, and shows its length in steps of 16 bytes.
The associated data is the text ``v1.key-id.name``, with the cookie's name. So the tag covers
everything: version, key id, name, both times and content.

HKDF-SHA256 (RFC 5869) derives the key and its id from the secret, without a salt and with a
fixed `INFO`. They are unrelated to the keys that Mozilla's format derives from the same secret.
The key id shows which cookies have the same secret, but neither the secret nor the key.

XAES-256-GCM (c2sp.org/XAES-256-GCM) derives a key for each cookie from the first half
of the nonce, as in NIST SP 800-108. With this key and the second half, AES-256-GCM (NIST
SP 800-38D) encrypts. One secret can seal 2**80 cookies: then the probability that two nonces
are equal is 2**-32. Plain AES-GCM and ChaCha20-Poly1305 reach it after 2**32 cookies, which is
a year of 136 cookies a second. AES-GCM-SIV survives equal nonces, but it is no NIST standard,
and OpenSSL before 3.2 lacks it.
"""

from __future__ import annotations

import os
import struct
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ._engine.javascript import MAX_SAFE_INTEGER, stringify
from .cookie import (
    MOST_JSON,
    Unsealed,
    check_ms,
    check_name,
    check_type,
    read_object,
    to_base64,
)
from .errors import BadFormat, BadSignature
from .options import Secret, check_secret

VERSION = "v1"
#: Another format needs another version here, too: one key must not serve two formats.
INFO = b"lesson_app.AEADCodec v1"
KEY_LENGTH = 32
KEY_ID_LENGTH = 6
NONCE_LENGTH = 24
TAG_LENGTH = 16
_STEP = 16
_TIMES = struct.Struct(">QQ")
_SHORTEST = NONCE_LENGTH + _TIMES.size + _STEP + TAG_LENGTH


class XAES256GCM:
    """AES-256-GCM with a nonce of 24 bytes, as c2sp.org/XAES-256-GCM specifies it."""

    def __init__(self, key: bytes) -> None:
        if (size := len(key)) != KEY_LENGTH:
            raise ValueError(f"the key must have {KEY_LENGTH} bytes, got {size}")
        self._cmac = CMAC(AES(key))

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        """Return the ciphertext with the tag."""
        return self._with(nonce).encrypt(nonce[12:], plaintext, associated)

    def decrypt(self, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
        """Return the plaintext, or raise InvalidTag."""
        return self._with(nonce).decrypt(nonce[12:], ciphertext, associated)

    def _with(self, nonce: bytes) -> AESGCM:
        # AESGCM itself would take a nonce of another length, and weaken the cookies.
        if len(nonce) != NONCE_LENGTH:
            raise ValueError(f"the nonce must have {NONCE_LENGTH} bytes, got {len(nonce)}")
        halves = []
        for counter in (b"\x00\x01", b"\x00\x02"):
            cmac = self._cmac.copy()
            cmac.update(counter + b"X\x00" + nonce[:12])
            halves.append(cmac.finalize())
        return AESGCM(b"".join(halves))


class AEADCodec:
    """Seal with XAES-256-GCM: content and times are encrypted, the cookie's name is bound.

    ::

        ClientSessions(app, codec=AEADCodec(os.environ["SECRET_KEY"]))

    `secret` is a random str or bytes, or a list: the first secret seals, every secret opens.
    A cookie that another secret opened is sealed again. Express cannot read these cookies.
    Raises ValueError for a weak secret, for no secret, and for two equal ones. `urandom` is
    for repeatable tests: two cookies with the same nonce show their contents.
    """

    #: An item of more characters of JSON fits in no cookie.
    most_json = MOST_JSON

    def __init__(self, secret: Secret, *, urandom: Callable[[int], bytes] = os.urandom) -> None:
        secrets = [secret] if isinstance(secret, str | bytes) else secret
        if not isinstance(secrets, list | tuple):
            kind = type(secrets).__name__
            raise TypeError(f"secret must be str, bytes or a list of them, got {kind}")
        for each in secrets:
            check_secret(each)
        if not secrets:
            raise ValueError("secret must be one secret or a list of them, got an empty list")
        self._ciphers = dict(map(_derive, secrets))
        if len(self._ciphers) < len(secrets):
            raise ValueError("secret must be a list without repetition, got equal secrets")
        self._first = next(iter(self._ciphers))
        self._urandom = urandom

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        """Return the cookie value; times in ms, as in `lesson_app.seal`."""
        check_type("content", content, Mapping, "a dict")
        check_name(name)
        check_ms("created_at", created_at)
        check_ms("duration", duration)
        json = stringify(dict(content)).encode()
        plaintext = _TIMES.pack(created_at, duration) + json + b" " * (-len(json) % _STEP)
        nonce, key_id = self._urandom(NONCE_LENGTH), self._first
        sealed = self._ciphers[key_id].encrypt(nonce, plaintext, _associated(key_id, name))
        return f"{VERSION}.{key_id}.{to_base64(nonce + sealed)}"

    def unseal(self, value: str, *, name: str) -> Unsealed:
        """Open a cookie value or raise BadCookie.

        Accepts only the form that `seal` writes. `mac` of the result is nonce and tag.
        """
        check_type("value", value, str, "str")
        check_name(name)
        version, _, rest = value.partition(".")
        key_id, _, text = rest.partition(".")
        if version != VERSION:
            raise BadFormat("fields", f"the value must be {VERSION}.key-id.data")
        data = _from_base64(text)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise BadSignature("signature", "no secret of this codec has the value's key id")
        nonce, sealed = data[:NONCE_LENGTH], data[NONCE_LENGTH:]
        try:
            plaintext = cipher.decrypt(nonce, sealed, _associated(key_id, name))
        except InvalidTag:
            message = "the tag differs: the value was changed, or sealed for another cookie"
            raise BadSignature("signature", message) from None
        created_at, duration = _TIMES.unpack_from(plaintext)
        if max(created_at, duration) > MAX_SAFE_INTEGER:
            raise BadFormat("time", "created_at and duration must be below 2**53 milliseconds")
        json = plaintext[_TIMES.size :].rstrip(b" ").decode("utf-8", "replace")
        return Unsealed(
            read_object(json),
            created_at,
            duration,
            rotated=key_id != self._first,
            mac=nonce + sealed[-TAG_LENGTH:],
            json=json,
        )


def _derive(secret: str | bytes) -> tuple[str, XAES256GCM]:
    """Return the key id and the cipher of a secret."""
    hkdf = HKDF(SHA256(), KEY_LENGTH + KEY_ID_LENGTH, salt=None, info=INFO)
    derived = hkdf.derive(secret.encode() if isinstance(secret, str) else secret)
    return to_base64(derived[KEY_LENGTH:]), XAES256GCM(derived[:KEY_LENGTH])


def _associated(key_id: str, name: str) -> bytes:
    return f"{VERSION}.{key_id}.{name}".encode()


def _from_base64(text: str) -> bytes:
    """Read base64url strictly: only what `to_base64` writes, and not too short."""
    try:
        digits = text.replace("-", "+").replace("_", "/")
        data = a2b_base64(digits + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        raise BadFormat("base64", "the data must be base64url without padding") from None
    if to_base64(data) != text:  # the decoder accepts padding, +, / and any unused bits
        raise BadFormat("canonical", "the data must be written as seal() writes it")
    if len(data) < _SHORTEST:
        raise BadFormat("fields", "the data is too short; was the cookie truncated?")
    return data
