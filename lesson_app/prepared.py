"""Keys made ready once: the same cookies as `cookie.seal` writes, in a fraction of the time.

The format is told in `cookie`; this is its arithmetic for a server that seals and opens
thousands of cookies under the same keys. It does the plain case only, and answers None to
all else: then the straightforward functions look, and say what is wrong. Tests hold both to
the same bytes.
"""

from __future__ import annotations

from binascii import Error as NotBase64
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
_FROM_URL = bytes.maketrans(b"-_", b"+/")
# What a base64 text lacks, by its length modulo 4; one sign over is none, and must raise.
_ENDS = (b"", b"!", b"==", b"=")
# Whole numbers of so many digits are doubles, and JavaScript writes them as they stand.
_MAX_DIGITS = 15


#: The five fields of a cookie value in their order, the two times in decimal.
Fields = tuple[bytes, bytes, bytes, bytes, bytes]


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
    iv, ciphertext, created_at, duration, mac = fields
    if not (_is_plain(created_at) and _is_plain(duration)):
        return None
    try:  # strictly: whatever is no base64 raises
        iv = a2b_base64(iv + b"==", strict_mode=True)
        ciphertext = a2b_base64(ciphertext + _ENDS[len(ciphertext) % 4], strict_mode=True)
        mac = a2b_base64(mac + _ENDS[len(mac) % 4], strict_mode=True)
    except NotBase64:
        return None
    return (iv, ciphertext, created_at, duration, mac) if len(iv) == _BLOCK else None


def _is_plain(digits: bytes) -> bool:
    return (
        digits.isdigit() and len(digits) <= _MAX_DIGITS and (digits[0] != 48 or digits == b"0")
    )


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
        self._encryptors: deque[tuple[CipherContext, int]] = deque(maxlen=POOL_SIZE)
        self._decryptors: deque[CipherContext] = deque(maxlen=POOL_SIZE)

    def __reduce__(self) -> tuple[type[Prepared], tuple[bytes, bytes, str, int]]:
        """Copy and pickle by the keys: contexts belong to one process."""
        return Prepared, self._given

    def seal(self, plaintext: bytes, created_at: int, duration: int, iv: bytes) -> str:
        """Encrypt and sign `plaintext` as a cookie value."""
        ciphertext = self.encrypt(plaintext, iv)
        times = (b"%d" % created_at, b"%d" % duration)
        mac = self.sign(iv, ciphertext, *times)
        return write((iv, ciphertext, *times, mac))

    def open(self, fields: Fields) -> bytes | None:
        """Verify, then decrypt; None where the MAC differs or the padding is wrong."""
        iv, ciphertext, created_at, duration, mac = fields
        if not compare_digest(mac, self.sign(iv, ciphertext, created_at, duration)):
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
        first = from_bytes(padded[:_BLOCK], "big") ^ from_bytes(iv, "big") ^ last
        ciphertext = encryptor.update(first.to_bytes(_BLOCK, "big") + padded[_BLOCK:])
        self._encryptors.append((encryptor, from_bytes(ciphertext[-_BLOCK:], "big")))
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


def _check_iv(iv: bytes) -> None:
    # Another length would shift every block that this context sees from here on.
    if len(iv) != _BLOCK:
        raise ValueError(f"the IV is {len(iv)} bytes long, not {_BLOCK}")
