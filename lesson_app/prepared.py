"""Keys made ready once: the same cookies as `cookie.seal` writes, in a fraction of the time.

The format is told in `cookie`; this is its arithmetic for a server that seals and opens
thousands of cookies under the same keys. It does the plain case only, and answers None to
all else: then the straightforward functions look, and say what is wrong. Tests hold both to
the same bytes.
"""

from __future__ import annotations

import hmac
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections import deque
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

#: Contexts kept for the next call, of each kind. More are made when more are in use.
POOL_SIZE = 16
_BLOCK = 16
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_PADDINGS = [bytes([length]) * length for length in range(_BLOCK + 1)]
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
# Base64 texts end in none, two or one `=`, by their length; one digit alone stands for nothing.
_ENDS = (b"", None, b"==", b"=")
# Whole numbers of so many digits are doubles, and JavaScript writes them as they stand.
_MAX_DIGITS = 15


class Fields(NamedTuple):
    """The five fields of a cookie value, in bytes; the two times in decimal."""

    iv: bytes
    ciphertext: bytes
    created_at: bytes
    duration: bytes
    mac: bytes


def write(fields: Fields) -> str:
    """Write the fields as one cookie value."""
    iv, ciphertext, created_at, duration, mac = fields
    text = b"%b.%b.%b.%b.%b" % (
        b2a_base64(iv, newline=False),
        b2a_base64(ciphertext, newline=False),
        created_at,
        duration,
        b2a_base64(mac, newline=False),
    )
    # One pass for all: dots and digits are the same in either alphabet.
    return text.translate(_TO_URL, b"=").decode()


def read(value: str) -> Fields | None:
    """Take a value apart that is written as servers write them; None for any other text."""
    if not value.isascii() or "=" in value:
        return None
    fields = value.encode().translate(_FROM_URL).split(b".")
    if len(fields) != 5:
        return None
    created_at, duration = fields[2], fields[3]
    if not (_is_plain(created_at) and _is_plain(duration)):
        return None
    iv, ciphertext, mac = (_from_base64(fields[i]) for i in (0, 1, 4))
    if iv is None or ciphertext is None or mac is None or len(iv) != _BLOCK:
        return None
    return Fields(iv, ciphertext, created_at, duration, mac)


def _is_plain(digits: bytes) -> bool:
    return (
        digits.isdigit()
        and len(digits) <= _MAX_DIGITS
        and (digits[0] != ord("0") or len(digits) == 1)
    )


def _from_base64(text: bytes) -> bytes | None:
    end = _ENDS[len(text) % 4]
    if end is None:
        return None
    try:
        return a2b_base64(text + end, strict_mode=True)  # no foreign signs
    except NotBase64:
        return None


class Prepared:
    """One cookie's keys with an HMAC begun and AES-CBC contexts alive.

    An HMAC object that has taken in its key is copied for each message. A context goes on
    where its last message ended: CBC adds (xor) to each block the ciphertext block before
    it, to the first the IV. So an encryptor gets a first block with its own last block
    taken out and the IV put in; a decryptor gets the IV as one more block, and what it makes
    of that is thrown away. Both results are those of a new context, to the byte.

    A context in use is in nobody else's hands: `pop` takes it out of the pool, in one step
    that no thread, signal or fork can split, and it comes back when its call has succeeded.
    After an error nobody knows what it holds, and it is dropped.
    """

    __slots__ = ("_decryptors", "_encryptors", "_given", "_hmac", "_mac_length", "_aes")

    def __init__(self, encryption: bytes, signature: bytes, hash_name: str, mac_length: int) -> None:
        self._given = (encryption, signature, hash_name, mac_length)
        self._aes = algorithms.AES(encryption)
        self._hmac = HMAC(signature, _HASHES[hash_name]())
        self._mac_length = mac_length
        self._encryptors: deque[tuple[CipherContext, int]] = deque(maxlen=POOL_SIZE)
        self._decryptors: deque[CipherContext] = deque(maxlen=POOL_SIZE)

    def __reduce__(self) -> tuple[type[Prepared], tuple[bytes, bytes, str, int]]:
        """Copy and pickle by the keys: contexts belong to one process."""
        return Prepared, self._given

    def seal(self, plaintext: bytes, created_at: int, duration: int, iv: bytes) -> str:
        """Encrypt and sign `plaintext` as a cookie value."""
        ciphertext = self.encrypt(plaintext, iv)
        times = b"%d" % created_at, b"%d" % duration
        mac = self.sign(iv, ciphertext, *times)
        return write(Fields(iv, ciphertext, *times, mac))

    def open(self, fields: Fields) -> bytes | None:
        """Verify, then decrypt; None where the MAC differs or the padding is wrong."""
        iv, ciphertext, created_at, duration, mac = fields
        if not hmac.compare_digest(mac, self.sign(iv, ciphertext, created_at, duration)):
            return None
        return self.decrypt(ciphertext, iv)

    def sign(self, iv: bytes, ciphertext: bytes, created_at: bytes, duration: bytes) -> bytes:
        """Return what `cookie.sign` returns."""
        mac = self._hmac.copy()
        mac.update(b"%b.%b.%b.%b" % (iv, ciphertext, created_at, duration))
        return mac.finalize()[: self._mac_length]

    def encrypt(self, plaintext: bytes, iv: bytes) -> bytes:
        """Return what `cookie.encrypt` returns."""
        _check_iv(iv)
        padded = plaintext + _PADDINGS[_BLOCK - len(plaintext) % _BLOCK]
        try:
            encryptor, last = self._encryptors.pop()
        except IndexError:
            encryptor, last = Cipher(self._aes, modes.CBC(bytes(_BLOCK))).encryptor(), 0
        first = _number(padded[:_BLOCK]) ^ _number(iv) ^ last
        ciphertext = encryptor.update(first.to_bytes(_BLOCK, "big") + padded[_BLOCK:])
        self._encryptors.append((encryptor, _number(ciphertext[-_BLOCK:])))
        return ciphertext

    def decrypt(self, ciphertext: bytes, iv: bytes) -> bytes | None:
        """Return what `cookie.decrypt` returns; None where that raises BadPayload."""
        _check_iv(iv)
        # A part of a block would stay in the context, and the next visitor would get it.
        if not ciphertext or len(ciphertext) % _BLOCK:
            return None
        try:
            decryptor = self._decryptors.pop()
        except IndexError:
            decryptor = Cipher(self._aes, modes.CBC(bytes(_BLOCK))).decryptor()
        padded = decryptor.update(iv + ciphertext)[_BLOCK:]
        self._decryptors.append(decryptor)
        length = padded[-1]
        if not 1 <= length <= _BLOCK or not padded.endswith(_PADDINGS[length]):
            return None
        return padded[:-length]


def _number(block: bytes) -> int:
    return int.from_bytes(block, "big")


def _check_iv(iv: bytes) -> None:
    # Another length would shift every block that this context sees from here on.
    if len(iv) != _BLOCK:
        raise ValueError(f"the IV is {len(iv)} bytes long, not {_BLOCK}")
