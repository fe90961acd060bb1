"""Seal a dict into one cookie value, and open it again.

A value is five fields between dots, in Mozilla's client-sessions format::

    iv . ciphertext . created_at . duration . mac

The plaintext is ``name=JSON`` in UTF-8, padded (PKCS #7) and encrypted with AES-CBC under
a fresh random IV; the MAC is an HMAC over the first four fields. IV, ciphertext and MAC
are written in base64url without padding, the two times in decimal milliseconds.
"""

from __future__ import annotations

import base64
import hmac
import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from ._engine.javascript import (
    MAX_SAFE_INTEGER,
    number_text,
    parse,
    parse_int,
    stringify,
    to_well_formed,
)
from .errors import BadFormat, BadName, BadPayload, BadSignature

#: Ciphers (all in CBC mode) and the exact length of their key in bytes.
CIPHERS = {"aes128": 16, "aes192": 24, "aes256": 32}


class Mac(NamedTuple):
    """One HMAC: the hash, the least key length and the kept length, both in bytes."""

    hash: str
    min_key: int
    length: int


#: MACs by Mozilla's names; ``-dropN`` keeps N bits, always the first half.
MACS = {
    "sha256": Mac("sha256", 32, 32),
    "sha256-drop128": Mac("sha256", 32, 16),
    "sha384": Mac("sha384", 48, 48),
    "sha384-drop192": Mac("sha384", 48, 24),
    "sha512": Mac("sha512", 64, 64),
    "sha512-drop256": Mac("sha512", 64, 32),
}
#: What browsers keep: name and value together, in octets (RFC 6265bis section 5.6).
MAX_SIZE = 4096
#: The command that makes a good secret, for messages.
MAKE_RANDOM = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
DAY = 24 * 60 * 60 * 1000
IV_LENGTH = 16
_BLOCK_BITS = 128
_NOT_BASE64 = re.compile(b"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a cookie and the algorithms that use them.

    Raises TypeError and ValueError for keys that are not bytes, too short, or equal.
    """

    encryption: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    cipher: str = "aes256"
    mac: str = "sha256"

    def __post_init__(self) -> None:
        for option, choices in (("cipher", CIPHERS), ("mac", MACS)):
            choice = str(getattr(self, option)).lower()  # Node takes AES256, too
            if choice not in choices:
                raise ValueError(f"{option} is {choice!r}: choose one of {', '.join(choices)}")
            object.__setattr__(self, option, choice)
        for which, key in (("encryption", self.encryption), ("signature", self.signature)):
            if not isinstance(key, bytes):
                raise TypeError(f"the {which} key is a {type(key).__name__}: give bytes")
        if len(self.encryption) != CIPHERS[self.cipher]:
            raise ValueError(
                f"the encryption key for {self.cipher} is {CIPHERS[self.cipher]} bytes "
                f"long, not {len(self.encryption)}"
            )
        if len(self.signature) < MACS[self.mac].min_key:
            raise ValueError(
                f"the signature key for {self.mac} is at least "
                f"{MACS[self.mac].min_key} bytes long, not {len(self.signature)}"
            )
        if hmac.compare_digest(self.encryption, self.signature):
            raise ValueError("the two keys are equal: make each by itself")


@dataclass(frozen=True, init=False)
class Unsealed:
    """An opened cookie: its content, and when (ms since 1970) and how long (ms) it lives.

    `rotated` is True if an older secret opened it, so that it should be sealed again. `mac`
    is the cookie's last field in bytes: what it can be told by.
    """

    content: dict[str, Any]
    created_at: int
    duration: int
    rotated: bool = False
    mac: bytes = field(default=b"", repr=False, compare=False)

    def __init__(
        self,
        content: dict[str, Any],
        created_at: int,
        duration: int,
        rotated: bool = False,
        mac: bytes = b"",
    ) -> None:
        # As a frozen class's own would do, which takes as long as the decrypting.
        fields = self.__dict__
        fields["content"] = content
        fields["created_at"] = created_at
        fields["duration"] = duration
        fields["rotated"] = rotated
        fields["mac"] = mac


class Codec(Protocol):
    """What turns a session into a cookie value and back; the seam of the middleware."""

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        """Return the cookie value."""

    def unseal(self, value: str, *, name: str) -> Unsealed:
        """Open a cookie value; raise BadCookie."""


def derive_keys(secret: str | bytes) -> Keys:
    """Make both keys from one secret: HMAC-SHA256 under it of two fixed words.

    The derivation is quick, so the secret must be random, not a passphrase.
    """
    if not isinstance(secret, str | bytes):
        raise TypeError(f"the secret is a {type(secret).__name__}: give str or bytes")
    if not secret:
        raise ValueError(f"the secret is empty: make one with {MAKE_RANDOM}")
    try:
        key = secret.encode() if isinstance(secret, str) else secret
    except UnicodeEncodeError:  # its text and its `object` would tell the secret
        raise ValueError("the secret holds half a surrogate pair: use other text") from None
    return Keys(
        encryption=hmac.digest(key, b"cookiesession-encryption", "sha256"),
        signature=hmac.digest(key, b"cookiesession-signature", "sha256"),
    )


def seal(
    content: Mapping[str, Any],
    keys: Keys,
    *,
    name: str = "session",
    created_at: int | None = None,
    duration: int = DAY,
    iv: bytes | None = None,
) -> str:
    """Encrypt and sign `content` as a cookie value (Mozilla's ``util.encode``).

    `created_at` (ms since 1970, now by default) and `duration` (ms) can be read by
    anyone and changed by no one. Give `iv` only to repeat a known cookie: two cookies
    under one IV tell how they begin alike.
    """
    if not isinstance(content, Mapping):
        raise TypeError(f"content is a {type(content).__name__}: give a dict")
    check_keys(keys)
    check_name(name)
    if created_at is None:
        created_at = time.time_ns() // 1_000_000
    _check_ms("created_at", created_at)
    _check_ms("duration", duration)
    iv = os.urandom(IV_LENGTH) if iv is None else iv
    if not isinstance(iv, bytes):
        raise TypeError(f"the IV is a {type(iv).__name__}: give {IV_LENGTH} bytes")
    ciphertext = encrypt(f"{name}={stringify(content)}".encode(), keys, iv)
    mac = sign(iv, ciphertext, str(created_at), str(duration), keys)
    return _write(iv, ciphertext, created_at, duration, mac)


def _write(iv: bytes, ciphertext: bytes, created_at: int, duration: int, mac: bytes) -> str:
    return ".".join(
        (to_base64(iv), to_base64(ciphertext), str(created_at), str(duration), to_base64(mac))
    )


def unseal(value: str, keys: Keys, *, name: str = "session", strict: bool = False) -> Unsealed:
    """Verify, decrypt and read a cookie value (Mozilla's ``util.decode``).

    Raises the BadCookie that says what is wrong. Knows no clock: whether the session
    has expired is for the caller to say. Several texts stand for the same fields (spare
    bits, foreign characters, leading zeros), and Node opens them all; with `strict` only
    the text that `seal` writes opens.
    """
    if not isinstance(value, str):
        raise TypeError(f"the cookie's value is a {type(value).__name__}: give str")
    check_keys(keys)
    fields = value.split(".")
    if len(fields) != 5:
        raise BadFormat("fields", f"fields between dots: {len(fields)}, not 5; cut short?")
    iv, ciphertext, mac = (from_base64(fields[i]) for i in (0, 1, 4))
    created_at, duration = parse_int(fields[2]), parse_int(fields[3])
    if not (math.isfinite(created_at) and math.isfinite(duration)):
        raise BadFormat("time", "created_at and duration must be whole milliseconds")
    if len(iv) != IV_LENGTH:
        raise BadFormat("iv", f"the IV is {len(iv)} bytes long, not {IV_LENGTH}")
    expected = sign(iv, ciphertext, number_text(created_at), number_text(duration), keys)
    if not hmac.compare_digest(mac, expected):
        raise BadSignature(
            "signature", "the MAC differs: the value was changed, or another secret sealed it"
        )
    plaintext = decrypt(ciphertext, keys, iv).decode("utf-8", "replace")
    sealed_name, separator, text = plaintext.partition("=")
    if not separator or sealed_name != name:
        raise BadName("name", f"sealed for the cookie {sealed_name!r}, not {name!r}")
    opened = Unsealed(read_object(text), int(created_at), int(duration), mac=mac)
    if strict and value != _write(iv, ciphertext, opened.created_at, opened.duration, mac):
        raise BadFormat("canonical", "another text for a cookie that this server seals")
    return opened


def encrypt(plaintext: bytes, keys: Keys, iv: bytes) -> bytes:
    """Pad `plaintext` to whole 16-byte blocks and encrypt it with AES-CBC."""
    if len(iv) != IV_LENGTH:
        raise ValueError(f"the IV is {len(iv)} bytes long, not {IV_LENGTH}")
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(algorithms.AES(keys.encryption), modes.CBC(iv)).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def decrypt(ciphertext: bytes, keys: Keys, iv: bytes) -> bytes:
    """Undo `encrypt`. Call it only on what `sign` has vouched for.

    Raises BadPayload for wrong padding: shown to a client, that answer would be a
    padding oracle, which is why the MAC is verified first.
    """
    decryptor = Cipher(algorithms.AES(keys.encryption), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise BadPayload(
            "padding", "the ciphertext does not decrypt to whole blocks"
        ) from error


def sign(iv: bytes, ciphertext: bytes, created_at: str, duration: str, keys: Keys) -> bytes:
    """Return the HMAC over the four fields: raw bytes, times in decimal, dots between."""
    mac = MACS[keys.mac]
    fields = (iv, ciphertext, created_at.encode(), duration.encode())
    return hmac.digest(keys.signature, b".".join(fields), mac.hash)[: mac.length]


def to_base64(raw: bytes) -> str:
    """Write bytes in base64url (RFC 4648 section 5) without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """Read base64url as Node does: either alphabet, up to a ``=``, foreign signs passed over.

    So several texts stand for the same bytes; the MAC is over the bytes. Raises
    BadFormat for a length that no bytes have.
    """
    # Node's characters are UTF-16 units, and of each its decoder sees the low byte only.
    signs = text.encode("utf-16-le", "surrogatepass")[::2]
    if len(signs) % 4 == 1:
        raise BadFormat("base64", f"no base64 text is {len(signs)} characters long: cut short?")
    digits = _NOT_BASE64.sub(
        b"", signs.partition(b"=")[0].replace(b"+", b"-").replace(b"/", b"_")
    )
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return base64.urlsafe_b64decode(digits + b"=" * (-len(digits) % 4))


def read_object(text: str) -> dict[str, Any]:
    """Read the JSON object in a plaintext; raise BadPayload for anything else."""
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        # Not `from error`: a JSONDecodeError carries the whole decrypted text.
        raise BadPayload("json", f"the plaintext is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadPayload("object", f"the JSON is a {type(content).__name__}, not an object")
    return content


def check_name(name: str) -> None:
    """Raise TypeError or ValueError for a name that no cookie can be sealed for."""
    if not isinstance(name, str):
        raise TypeError(f"the cookie's name is a {type(name).__name__}: give str")
    if not name or "=" in name or to_well_formed(name) != name:
        raise ValueError(f"the cookie's name is {name!r}: give Unicode text without '='")


def check_keys(keys: object) -> None:
    """Raise TypeError for anything but Keys."""
    if not isinstance(keys, Keys):
        raise TypeError(
            f"keys is a {type(keys).__name__}: give Keys, as from derive_keys(secret)"
        )


def _check_ms(what: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} is {value!r}: give whole milliseconds")
    if not 0 <= value <= MAX_SAFE_INTEGER:
        raise ValueError(f"{what} is {value}: give milliseconds from 0 to 2**53 - 1")
