"""The exercises of notebook 02: two keys from one secret, and encryption."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ... import cookie
from ...app import PAGE_SECRET
from ...errors import BadPayload
from .judging import Exercise, Wrong, builtin_calls, expect, misconceptions, outcome

_WORDS = (b"cookiesession-encryption", b"cookiesession-signature")
_KEY = bytes(range(32))
#: The one that the notebook calls KEY.
_NOTEBOOKS_KEY = cookie.derive_keys(PAGE_SECRET).encryption


def judge_derive_keys(derive_keys: Callable[[str], Any]) -> None:
    """Two keys, each the HMAC-SHA256 under the secret of one fixed word."""
    for secret in ("a secret", "other s\u00e9cret"):
        found = derive_keys(secret)
        keys = tuple(found) if isinstance(found, list) else found
        if not isinstance(keys, tuple) or len(keys) != 2:
            expect(f"derive_keys({secret!r})", keys, derive_keys_ours(secret))
        for name, wrong in _WRONG_KEYS:
            if keys == wrong(secret.encode()):
                raise Wrong(name)
        if keys[0] == keys[1]:
            raise Wrong("one-key")
        expect(f"derive_keys({secret!r})", keys, derive_keys_ours(secret))


def derive_keys_ours(secret: str) -> tuple[bytes, bytes]:
    """Return the encryption key and the signature key."""
    keys = cookie.derive_keys(secret)
    return keys.encryption, keys.signature


def _each(make: Callable[[bytes, bytes], Any]) -> Callable[[bytes], tuple[Any, ...]]:
    return lambda secret: tuple(make(secret, word) for word in _WORDS)


_WRONG_KEYS: tuple[tuple[str, Callable[[bytes], tuple[Any, ...]]], ...] = (
    ("swapped-keys", lambda secret: derive_keys_ours(secret.decode())[::-1]),
    ("word-as-key", _each(lambda secret, word: hmac.digest(word, secret, "sha256"))),
    ("plain-hash", _each(lambda secret, word: hashlib.sha256(secret + word).digest())),
    ("plain-hash", _each(lambda secret, word: hashlib.sha256(word + secret).digest())),
    ("hex", _each(lambda secret, word: hmac.new(secret, word, "sha256").hexdigest())),
)


def judge_encrypt(encrypt: Callable[[bytes, bytes], Any]) -> None:
    """AES-CBC with PKCS #7 padding and a fresh random IV of 16 bytes."""
    for message in (b"Hello World!", b"x" * 16, b"", b"y" * 48):
        found = outcome(encrypt, message, _KEY)
        if isinstance(found, ValueError) and "block length" in str(found):
            raise Wrong("no-padding")
        if isinstance(found, Exception):
            raise found
        if isinstance(found, bytes):
            raise Wrong("one-value")
        call = f"encrypt({message!r}, key)"
        if not _is_pair(found):
            expect(call, found, (b"the IV", b"the ciphertext"))
        iv, ciphertext = found
        if outcome(decrypt_ours, ciphertext, iv, _KEY) == message:
            raise Wrong("swapped")
        if len(iv) != 16:
            raise Wrong(
                message=f"the IV is {len(iv)} bytes long; a block, and so the IV, is 16"
            )
        opened = outcome(decrypt_ours, iv, ciphertext, _KEY)
        if outcome(decrypt_ours, iv, ciphertext, _NOTEBOOKS_KEY) == message:
            raise Wrong("other-key")
        if opened != message:
            raise Wrong(*_explain(message, ciphertext, iv, opened))
    _judge_iv(encrypt)


def _is_pair(found: Any) -> bool:
    return (
        isinstance(found, tuple | list)
        and len(found) == 2
        and all(isinstance(each, bytes) for each in found)
    )


def _explain(message: bytes, ciphertext: bytes, iv: bytes, opened: Any) -> tuple[str, str]:
    """The misconception behind a ciphertext that does not open, or a message."""
    if len(ciphertext) < len(message):
        return "no-padding", ""
    ecb = Cipher(algorithms.AES(_KEY), modes.ECB()).decryptor()  # noqa: S305  # to name it
    if outcome(ecb.update, ciphertext)[: len(message)] == message and message:
        return "no-chaining", ""
    cbc = Cipher(algorithms.AES(_KEY), modes.CBC(iv)).decryptor()
    if outcome(cbc.update, ciphertext)[: len(message)] == message:
        # Right but for the padding: none where the message fills its blocks, or another rule.
        return ("full-block" if len(ciphertext) == len(message) else "other-padding"), ""
    return "", f"encrypt({message!r}, key) does not decrypt: it gave {opened!r:.80}"


def _judge_iv(encrypt: Callable[[bytes, bytes], Any]) -> None:
    ivs = [encrypt(b"again", _KEY)[0] for _ in range(64)]
    if len(set(ivs)) < len(ivs):
        raise Wrong("iv-reused")
    # What cannot be guessed comes from the system: `secrets` and cryptography ask it, too.
    if not {"urandom", "generate_key"} & builtin_calls(encrypt, b"again", _KEY):
        raise Wrong("iv-guessable")


def encrypt_ours(message: bytes, key: bytes) -> tuple[bytes, bytes]:
    """Return a fresh IV and the ciphertext."""
    iv = os.urandom(cookie.IV_LENGTH)
    return iv, cookie.encrypt(message, cookie.Keys(key, bytes(32)), iv)


def decrypt_ours(iv: bytes, ciphertext: bytes, key: bytes) -> bytes:
    """Undo `encrypt_ours`; raise BadPayload for wrong padding."""
    if len(ciphertext) % 16:
        raise BadPayload("padding", "not whole blocks")
    return cookie.decrypt(ciphertext, cookie.Keys(key, bytes(32)), iv)


EXERCISES = (
    Exercise(
        "E2.1",
        "derive_keys",
        judge_derive_keys,
        misconceptions(
            swapped_keys="those are the two keys the wrong way round; encryption comes first",
            word_as_key="you made the word the key and the secret the text; the secret is what "
            "only the server has, so it is the key",
            plain_hash="that is a plain hash of both; an HMAC takes the secret as its key: "
            "`hmac.digest(secret, word, …)`",
            hex="those are texts of hex digits, 64 long; a key is the 32 bytes themselves: "
            "`digest`, not `hexdigest`",
            one_key="both keys are equal; each has a word of its own",
        ),
        (
            "HMAC wants bytes: `secret.encode()`.",
            '`hmac.digest(key, text, "sha256")` gives 32 bytes. The secret is the key.',
            "Return two such digests: of b'cookiesession-encryption', then of "
            "b'cookiesession-signature'.",
        ),
        (derive_keys_ours,),
    ),
    Exercise(
        "E2.2",
        "encrypt",
        judge_encrypt,
        misconceptions(
            iv_reused="the IV is reused: two calls gave the same one, so equal messages show; "
            "draw a new one in each call",
            iv_guessable="the IV can be guessed: a counter and the time are no secret, hashed "
            "or not, and the numbers of `random` follow from earlier ones; `os.urandom` is "
            "safe",
            other_key="you encrypted with the notebook's KEY; use the parameter `key`",
            swapped="those are the ciphertext and the IV; the IV comes first",
            no_chaining="you scrambled each block alone (ECB), so equal blocks still look "
            "equal; chain them with `modes.CBC(iv)`",
            no_padding="a message that does not fill its last block cannot be encrypted: "
            "`pad` it first",
            full_block="a message that fills its blocks is padded too, with 16 bytes; else "
            "its reader takes its last byte for padding",
            other_padding="the blocks are right, but filled up by another rule than `pad`'s; "
            "our reader cannot tell where the message ends",
            one_value="that is one value; return two, the IV and the ciphertext, so that "
            "nobody has to guess where one ends",
        ),
        (
            "`encrypt_blocks` above does most of it. What of it is not CBC?",
            "Draw the IV inside the function, with `os.urandom(16)`, and use `modes.CBC(iv)`.",
            "encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor(); then update "
            "with the padded message, finalize, and return both, the IV first.",
        ),
        (encrypt_ours,),
    ),
)
