"""Seal a dict into one cookie value, and open it again.

A value has five fields separated by dots, in Mozilla's client-sessions format::

    iv . ciphertext . created_at . duration . mac

The plaintext is ``name=JSON`` in UTF-8. It is padded (PKCS #7) and encrypted with AES-CBC
under a fresh random IV. The MAC is an HMAC over the first four fields. IV, ciphertext and
MAC are written in base64url without padding, the two times in decimal milliseconds.
"""

from __future__ import annotations

import base64
import hmac
import math
import os
import re
import reprlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from ._engine import javascript
from .errors import BadFormat, BadName, BadPayload, BadSignature

#: Ciphers (all in CBC mode) and the exact length of their key in bytes.
CIPHERS = {"aes128": 16, "aes192": 24, "aes256": 32}


class Mac(NamedTuple):
    """One HMAC: its hash; the minimum key length and the output length, in bytes."""

    hash: str
    min_key: int
    length: int


#: MACs by Mozilla's names; ``-dropN`` drops N bits, always the second half.
MACS = {
    "sha256": Mac("sha256", 32, 32),
    "sha256-drop128": Mac("sha256", 32, 16),
    "sha384": Mac("sha384", 48, 48),
    "sha384-drop192": Mac("sha384", 48, 24),
    "sha512": Mac("sha512", 64, 64),
    "sha512-drop256": Mac("sha512", 64, 32),
}
#: The fields of a value in order, and those that hold a time.
FIELDS = ("iv", "ciphertext", "created_at", "duration", "mac")
TIMES = ("created_at", "duration")
IV_LENGTH = 16
#: The octets that browsers keep of name and value together (RFC 6265bis section 5.6).
MAX_SIZE = 4096
#: Base64 makes 4 characters of 3 bytes, so more characters of JSON fit in no cookie.
MOST_JSON = MAX_SIZE * 3 // 4
DAY = 24 * 60 * 60 * 1000
#: The command that generates a good secret, for error messages.
MAKE_RANDOM = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
_NOT_BASE64 = re.sub(b"[A-Za-z0-9_-]", b"", bytes(range(256)))


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
        for option, known in (("cipher", CIPHERS), ("mac", MACS)):
            name = str(getattr(self, option)).lower()  # Node accepts AES256, too
            if name not in known:
                raise ValueError(f"{option} must be one of {', '.join(known)}; got {name!r}")
            object.__setattr__(self, option, name)
        check_type("the encryption key", self.encryption, bytes, "bytes")
        check_type("the signature key", self.signature, bytes, "bytes")
        exact, least = CIPHERS[self.cipher], MACS[self.mac].min_key
        if (size := len(self.encryption)) != exact:
            raise ValueError(f"{self.cipher} needs a {exact}-byte encryption key, got {size}")
        if (size := len(self.signature)) < least:
            raise ValueError(f"{self.mac} needs a signature key of {least}+ bytes, got {size}")
        if hmac.compare_digest(self.encryption, self.signature):
            raise ValueError("the two keys are equal; generate each one separately")


@dataclass(frozen=True)
class Unsealed:
    """An opened cookie: its content, creation time (ms since 1970) and lifetime (ms).

    `rotated` is True if an older secret opened the cookie: it should be sealed again. `mac`
    holds the bytes that identify the cookie. `json` is the content's JSON as
    it was sealed.
    """

    content: dict[str, Any]
    created_at: int
    duration: int
    rotated: bool = False
    mac: bytes = field(default=b"", repr=False, compare=False)
    json: str = field(default="", repr=False, compare=False)


class Codec(Protocol):
    """What the middleware needs to turn a session into a cookie value and back."""

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        """Return the cookie value."""

    def unseal(self, value: str, *, name: str) -> Unsealed:
        """Open a cookie value or raise BadCookie."""


def derive_keys(secret: str | bytes) -> Keys:
    """Derive both keys: HMAC-SHA256 of two fixed strings, keyed with the secret.

    Guesses are fast to check, so the secret must be random, not a passphrase.
    """
    check_type("secret", secret, str | bytes, "str or bytes")
    if not secret:
        raise ValueError(f"the secret is empty; generate one with: {MAKE_RANDOM}")
    try:
        key = secret.encode() if isinstance(secret, str) else secret
    except UnicodeEncodeError:  # its message and its `object` would show the secret
        raise ValueError("the secret has half a surrogate pair; use another one") from None
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

    Anyone can read `created_at` (ms since 1970, now by default) and `duration` (ms), but not
    change them. Give `iv` only to reproduce a known cookie: two cookies with the same IV
    show whether their plaintexts start the same.
    """
    check_type("content", content, Mapping, "a dict")
    check_keys(keys)
    check_name(name)
    if created_at is None:
        created_at = time.time_ns() // 1_000_000
    check_ms("created_at", created_at)
    check_ms("duration", duration)
    iv = os.urandom(IV_LENGTH) if iv is None else iv
    check_type("iv", iv, bytes, "bytes")
    ciphertext = encrypt(f"{name}={javascript.stringify(dict(content))}".encode(), keys, iv)
    mac = sign(iv, ciphertext, str(created_at), str(duration), keys)
    return _write(iv, ciphertext, created_at, duration, mac)


def unseal(value: str, keys: Keys, *, name: str = "session", strict: bool = False) -> Unsealed:
    """Verify, decrypt and read a cookie value (Mozilla's ``util.decode``).

    Raises the BadCookie that says what is wrong. Does not check the time: the caller
    decides whether the session has expired. The same fields can be written in several ways
    (unused bits, invalid characters, leading zeros), and Node opens them all. With `strict`,
    only the form that `seal` writes is accepted.
    """
    check_type("value", value, str, "str")
    check_keys(keys)
    iv, ciphertext, created_at, duration, mac = read_fields(value)
    times = (javascript.number_text(created_at), javascript.number_text(duration))
    if not hmac.compare_digest(mac, sign(iv, ciphertext, *times, keys)):
        reason = "the value was changed, or sealed with another secret"
        raise BadSignature("signature", f"the MAC differs: {reason}")
    plaintext = decrypt(ciphertext, keys, iv).decode("utf-8", "replace")
    sealed_name, separator, text = plaintext.partition("=")
    if not separator or sealed_name != name:
        sealed_for = reprlib.repr(sealed_name)  # without a "=", it is the whole plaintext
        raise BadName("name", f"sealed for the cookie {sealed_for}, not {name!r}")
    opened = Unsealed(read_object(text), int(created_at), int(duration), mac=mac, json=text)
    if strict and value != _write(iv, ciphertext, opened.created_at, opened.duration, mac):
        raise BadFormat("canonical", "strict mode accepts only the form that seal() writes")
    return opened


def read_fields(value: str) -> tuple[bytes, bytes, float, float, bytes]:
    """Return the five fields, decoded but not verified, or raise BadFormat."""
    texts = value.split(".")
    if len(texts) != len(FIELDS):
        message = f"expected 5 fields separated by dots, got {len(texts)}"
        raise BadFormat("fields", f"{message}; was the cookie truncated?")
    iv, ciphertext, mac = (from_base64(texts[i]) for i in (0, 1, 4))
    created_at, duration = (javascript.parse_int(text) for text in texts[2:4])
    if not (math.isfinite(created_at) and math.isfinite(duration)):
        raise BadFormat("time", "created_at and duration must be whole milliseconds")
    if len(iv) != IV_LENGTH:
        raise BadFormat("iv", f"the IV must have {IV_LENGTH} bytes, got {len(iv)}")
    return iv, ciphertext, created_at, duration, mac


def _write(iv: bytes, ciphertext: bytes, created_at: int, duration: int, mac: bytes) -> str:
    times = (str(created_at), str(duration))
    return ".".join((to_base64(iv), to_base64(ciphertext), *times, to_base64(mac)))


def encrypt(plaintext: bytes, keys: Keys, iv: bytes) -> bytes:
    """Pad `plaintext` to whole 16-byte blocks and encrypt it with AES-CBC."""
    if len(iv) != IV_LENGTH:
        raise ValueError(f"the IV must have {IV_LENGTH} bytes, got {len(iv)}")
    padder = PKCS7(algorithms.AES.block_size).padder()
    encryptor = Cipher(algorithms.AES(keys.encryption), modes.CBC(iv)).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def decrypt(ciphertext: bytes, keys: Keys, iv: bytes) -> bytes:
    """Undo `encrypt`. Verify the MAC first.

    Raises BadPayload for wrong padding. A client that sees this error can
    decrypt by guessing (a padding oracle), so decrypt only a verified ciphertext.
    """
    decryptor = Cipher(algorithms.AES(keys.encryption), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(algorithms.AES.block_size).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        message = "the ciphertext does not decrypt to whole, padded blocks"
        raise BadPayload("padding", message) from error


def sign(iv: bytes, ciphertext: bytes, created_at: str, duration: str, keys: Keys) -> bytes:
    """Return the HMAC over the four fields: raw bytes and decimal times, joined by dots."""
    mac = MACS[keys.mac]
    fields = (iv, ciphertext, created_at.encode(), duration.encode())
    return hmac.digest(keys.signature, b".".join(fields), mac.hash)[: mac.length]


def to_base64(raw: bytes) -> str:
    """Write bytes in base64url (RFC 4648 section 5) without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """Read base64url as Node does: accept ``-_`` and ``+/``, stop at ``=``.

    It ignores other characters, so several strings give the same bytes; the MAC covers the
    bytes. Raises BadFormat for a
    length that base64url cannot have.
    """
    # Node's characters are UTF-16 units, and its decoder sees only the low byte of each.
    units = text.encode("utf-16-le", "surrogatepass")[::2]
    if len(units) % 4 == 1:
        message = f"a base64url field cannot have length {len(units)}"
        raise BadFormat("base64", f"{message}; was the cookie truncated?")
    digits = units.partition(b"=")[0].replace(b"+", b"-").replace(b"/", b"_")
    digits = digits.translate(None, _NOT_BASE64)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return base64.urlsafe_b64decode(digits + b"=" * (-len(digits) % 4))


def read_object(text: str) -> dict[str, Any]:
    """Read the JSON object in a plaintext or raise BadPayload."""
    try:
        content = javascript.parse(text)
    except (ValueError, RecursionError) as error:
        # Not `from error`: a JSONDecodeError carries the whole decrypted text.
        raise BadPayload("json", f"the plaintext is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadPayload("object", f"expected a JSON object, got {type(content).__name__}")
    return content


def check_keys(keys: object) -> None:
    """Raise TypeError for anything but Keys."""
    check_type("keys", keys, Keys, "Keys, such as derive_keys(secret)")


def check_methods(what: str, value: object, *methods: str) -> None:
    """Raise TypeError for an object without these methods, and for a class."""
    if isinstance(value, type) or not all(
        callable(getattr(value, each, None)) for each in methods
    ):
        names = f"method{'s' * (len(methods) > 1)} {' and '.join(methods)}"
        # Not the value: it may be a secret, or a URL with a password.
        kind = javascript.type_name(value)
        got = f"the class {value.__name__}" if isinstance(value, type) else kind
        raise TypeError(f"{what} must be an object with the {names}, got {got}")


def check_name(name: str) -> None:
    """Raise TypeError or ValueError for a name that `seal` cannot use."""
    check_type("name", name, str, "str")
    if not name or "=" in name or javascript.to_well_formed(name) != name:
        raise ValueError(f"name must be Unicode text without '=', got {name!r}")


def check_ms(what: str, value: int) -> None:
    """Raise TypeError or ValueError for a time that a cookie cannot hold."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be whole milliseconds, got {value!r}")
    if not 0 <= value <= javascript.MAX_SAFE_INTEGER:
        raise ValueError(f"{what} must be from 0 to 2**53 - 1 milliseconds, got {value}")


def check_type(what: str, value: object, kind: type | UnionType, wanted: str) -> None:
    """Raise TypeError for a value of another type."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be {wanted}, got {type(value).__name__}")
