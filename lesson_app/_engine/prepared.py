"""Keys made ready once: the same cookies as `cookie.seal` writes, in a fraction of the time.

The format is told in `cookie`; this is its arithmetic for a server that seals and opens
thousands of cookies under the same keys. It does the plain case only, and answers None to
all else: then the straightforward functions look, and say what is wrong. Tests hold both to
the same bytes.
"""

from __future__ import annotations

import os
from binascii import a2b_base64, b2a_base64
from collections import deque
from hmac import compare_digest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

#: Contexts kept for the next call, of each kind. More are made when more are in use.
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
# What a base64 text lacks, by its length modulo 4; one sign over is none, and must raise.
_ENDS = (b"", b"!", b"==", b"=")
# Whole numbers of so many digits are doubles, and JavaScript writes them as they stand.
_MAX_DIGITS = 15


#: The five fields of a cookie value in their order, the two times in decimal.
Fields = tuple[bytes, bytes, bytes, bytes, bytes]


def write(fields: Fields) -> str:
    """Write the fields as one cookie value."""
    iv, ciphertext, created_at, duration, mac = fields
    return _write(iv, ciphertext, created_at + b"." + duration, mac)


def _write(iv: bytes, ciphertext: bytes, times: bytes, mac: bytes) -> str:
    fields = (b2a_base64(iv), b2a_base64(ciphertext), times, b2a_base64(mac))
    # One pass for all: dots and digits are the same in either alphabet.
    return b".".join(fields).translate(_TO_URL, b"=\n").decode()


def read(value: str) -> Fields | None:
    """Take a value apart that is written as servers write them; None for any other text."""
    try:  # strictly: whatever is no base64 raises
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
        """Copy and pickle by the keys: contexts belong to one process."""
        return Prepared, self._given

    def seal(
        self, plaintext: bytes, created_at: int, duration: int, iv: bytes | None = None
    ) -> str:
        """Encrypt and sign `plaintext` as a cookie value, under a fresh IV if none is given."""
        if iv is None:
            iv, ciphertext = self.encrypt_afresh(plaintext)
        else:
            ciphertext = self.encrypt(plaintext, iv)
        times = b"%d.%d" % (created_at, duration)
        return _write(iv, ciphertext, times, self.sign(b".".join((iv, ciphertext, times))))

    def open(self, fields: Fields) -> bytes | None:
        """Verify, then decrypt; None where the MAC differs or the padding is wrong."""
        if compare_digest(fields[4], self.sign(b".".join(fields[:4]))):
            return self.decrypt(fields[1], fields[0])
        return None

    def sign(self, signed: bytes) -> bytes:
        """Return what `cookie.sign` returns for the four fields, with the dots between."""
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
        """Draw an IV; return it and what `cookie.encrypt` makes under it.

        Sixteen random bytes are encrypted as one more block before the text. What comes out
        is that text's IV, as each ciphertext block is the next one's. AES takes random bytes
        to bytes as random, one to one, whatever is added (xor) to them before: nobody can
        foretell this IV who could not foretell ``os.urandom``.
        """
        padding = _PADDINGS[_BLOCK - len(plaintext) % _BLOCK]
        try:
            encryptor, _ = self._encryptors.pop()
        except IndexError:
            encryptor, _ = self._make_encryptor()
        # Drawn for this call, none in advance: after a fork two processes would share them.
        ciphertext = encryptor.update(os.urandom(_BLOCK) + plaintext + padding)
        self._encryptors.append((encryptor, ciphertext[-_BLOCK:]))
        return ciphertext[:_BLOCK], ciphertext[_BLOCK:]

    def _make_encryptor(self) -> tuple[CipherContext, bytes]:
        """Return a new context, and the block that it begins after."""
        last = bytes(_BLOCK)
        return Cipher(self._aes, modes.CBC(last)).encryptor(), last

    def decrypt(self, ciphertext: bytes, iv: bytes) -> bytes | None:
        """Return what `cookie.decrypt` returns; None where that raises BadPayload."""
        if len(iv) != _BLOCK:
            raise _wrong(iv)
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


def _wrong(iv: bytes) -> ValueError:
    # Another length would shift every block that this context sees from here on.
    return ValueError(f"the IV is {len(iv)} bytes long, not {_BLOCK}")
