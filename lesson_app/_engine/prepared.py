"""Prepare keys once, to seal and open the same cookies as `cookie` in a fraction of the time.

This module handles canonical input only. It returns None for anything else, and the caller
falls back to the reference functions in `cookie`, which document the format and raise the
detailed errors. `tests/engine/test_prepared.py` checks that both give the same bytes.
"""

from __future__ import annotations

import os
from binascii import a2b_base64, b2a_base64
from collections import deque
from hmac import compare_digest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

#: How many contexts of each kind are kept for later calls. More are made when needed.
POOL_SIZE = 16
_BLOCK = 16
from_bytes = int.from_bytes
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_PADDINGS = [bytes([length]) * length for length in range(_BLOCK + 1)]
_TO_URL = bytes.maketrans(b"+/", b"-_")
# The padding that a base64 text lacks, by its length modulo 4. A remainder of 1 is invalid:
# "!" makes the decoder raise.
_ENDS = (b"", b"!", b"==", b"=")
# A double holds every whole number with this many digits, and JavaScript writes it unchanged.
_MAX_DIGITS = 15

#: The fields of a cookie value in the order of `cookie.FIELDS`, the two times in decimal.
Fields = tuple[bytes, bytes, bytes, bytes, bytes]


def write(fields: Fields) -> str:
    """Return the fields as one cookie value."""
    iv, ciphertext, created_at, duration, mac = fields
    return _write(iv, ciphertext, created_at + b"." + duration, mac)


def _write(iv: bytes, ciphertext: bytes, times: bytes, mac: bytes) -> str:
    fields = (b2a_base64(iv), b2a_base64(ciphertext), times, b2a_base64(mac))
    # One pass is enough: dots and digits are the same in both alphabets.
    return b".".join(fields).translate(_TO_URL, b"=\n").decode()


def read(value: str) -> Fields | None:
    """Return the fields of a value that a server wrote; None for any other text."""
    try:  # in strict mode the decoder raises for anything but base64
        fields = value.replace("-", "+").replace("_", "/").encode().split(b".")
        iv, ciphertext, created_at, duration, mac = fields
        iv = a2b_base64(iv + b"==", strict_mode=True)
        ciphertext = a2b_base64(ciphertext + _ENDS[len(ciphertext) % 4], strict_mode=True)
        mac = a2b_base64(mac + _ENDS[len(mac) % 4], strict_mode=True)
    except ValueError:
        return None
    if (
        len(iv) == _BLOCK
        and created_at.isdigit()
        and duration.isdigit()
        and created_at >= b"1"  # no leading zero
        and duration >= b"1"
        and len(created_at) <= _MAX_DIGITS >= len(duration)
    ):
        return iv, ciphertext, created_at, duration, mac
    return None


class Prepared:
    """Keys with a started HMAC and reusable AES-CBC contexts.

    The HMAC object has already read its key; each message gets a copy. A reused context
    continues after its last message, because CBC XORs each block with the ciphertext block
    before it, and the first with the IV. To start a new message, the encryptor's first block
    is XORed with the IV and with the context's last block, which cancels out. A decryptor
    reads the IV as an extra block, whose output is discarded. Both give the same bytes as a
    new context.

    Only one call uses a context at a time. `pop` takes it out of the pool in one step that no
    thread, signal or fork can interrupt; the call puts it back when it has succeeded. After an
    error, the state of the context is unknown and it is dropped.
    """

    __slots__ = ("_aes", "_decryptors", "_encryptors", "_given", "_hmac", "_mac_length")

    def __init__(
        self, encryption: bytes, signature: bytes, hash_name: str, mac_length: int
    ) -> None:
        self._given = (encryption, signature, hash_name, mac_length)
        self._aes = algorithms.AES(encryption)
        self._hmac = HMAC(signature, _HASHES[hash_name]())
        self._mac_length = mac_length
        self._encryptors: deque[tuple[CipherContext, bytes]] = deque(maxlen=POOL_SIZE)
        self._decryptors: deque[CipherContext] = deque(maxlen=POOL_SIZE)

    def __reduce__(self) -> tuple[type[Prepared], tuple[bytes, bytes, str, int]]:
        """Copy and pickle the keys only: contexts belong to one process."""
        return Prepared, self._given

    def seal(
        self, plaintext: bytes, created_at: int, duration: int, iv: bytes | None = None
    ) -> str:
        """Encrypt and sign `plaintext` as a cookie value, with a fresh IV if none is given."""
        if iv is None:
            iv, ciphertext = self.encrypt_afresh(plaintext)
        else:
            ciphertext = self.encrypt(plaintext, iv)
        times = b"%d.%d" % (created_at, duration)
        return _write(iv, ciphertext, times, self.sign(b".".join((iv, ciphertext, times))))

    def open(self, fields: Fields) -> bytes | None:
        """Verify, then decrypt; return None if the MAC differs or the padding is wrong."""
        if compare_digest(fields[4], self.sign(b".".join(fields[:4]))):
            return self.decrypt(fields[1], fields[0])
        return None

    def sign(self, signed: bytes) -> bytes:
        """Return what `cookie.sign` returns; `signed` is the four fields joined by dots."""
        mac = self._hmac.copy()
        mac.update(signed)
        return mac.finalize()[: self._mac_length]

    def encrypt(self, plaintext: bytes, iv: bytes) -> bytes:
        """Return what `cookie.encrypt` returns."""
        if len(iv) != _BLOCK:
            raise _wrong(iv)
        padded = plaintext + _PADDINGS[_BLOCK - len(plaintext) % _BLOCK]
        try:
            encryptor, last = self._encryptors.pop()
        except IndexError:
            encryptor, last = self._make_encryptor()
        first = from_bytes(padded[:_BLOCK], "big") ^ from_bytes(iv, "big")
        first ^= from_bytes(last, "big")
        ciphertext = encryptor.update(first.to_bytes(_BLOCK, "big") + padded[_BLOCK:])
        self._encryptors.append((encryptor, ciphertext[-_BLOCK:]))
        return ciphertext

    def encrypt_afresh(self, plaintext: bytes) -> tuple[bytes, bytes]:
        """Return a fresh IV and what `cookie.encrypt` returns for it.

        Sixteen random bytes are encrypted as an extra block before the plaintext. In CBC each
        ciphertext block acts as the IV of the next, so the output of this block is the IV.
        AES maps random bytes one to one, whatever they are XORed with first. So this IV is
        as unpredictable as ``os.urandom``.
        """
        padding = _PADDINGS[_BLOCK - len(plaintext) % _BLOCK]
        try:
            encryptor, _ = self._encryptors.pop()
        except IndexError:
            encryptor, _ = self._make_encryptor()
        # Never drawn in advance: after a fork, two processes would share the bytes.
        ciphertext = encryptor.update(os.urandom(_BLOCK) + plaintext + padding)
        self._encryptors.append((encryptor, ciphertext[-_BLOCK:]))
        return ciphertext[:_BLOCK], ciphertext[_BLOCK:]

    def _make_encryptor(self) -> tuple[CipherContext, bytes]:
        """Return a new context and the block that it continues after."""
        last = bytes(_BLOCK)
        return Cipher(self._aes, modes.CBC(last)).encryptor(), last

    def decrypt(self, ciphertext: bytes, iv: bytes) -> bytes | None:
        """Return what `cookie.decrypt` returns, or None where it raises BadPayload."""
        if len(iv) != _BLOCK:
            raise _wrong(iv)
        # Part of a block would stay in the context and end up in the next visitor's session.
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


def _wrong(iv: bytes) -> ValueError:
    # Another length would shift all later blocks of this context.
    return ValueError(f"the IV must have {_BLOCK} bytes, got {len(iv)}")
