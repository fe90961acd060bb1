"""The exercises of notebook 02: derive two keys, encrypt, and change a ciphertext."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ... import cookie
from ...app import PAGE_SECRET
from ...errors import BadPayload
from .flips import aim_ours, judge_aim, judge_rewrite, rewrite_ours
from .judging import Exercise, Wrong, builtin_calls, expect, misconceptions, outcome

_WORDS = (b"cookiesession-encryption", b"cookiesession-signature")
_KEY = bytes(range(32))
#: The key that the notebook calls KEY.
_NOTEBOOKS_KEY = cookie.derive_keys(PAGE_SECRET).encryption


def judge_derive_keys(derive_keys: Callable[[str], Any]) -> None:
    """Check that `derive_keys` returns two HMACs of fixed messages under the secret."""
    for secret in ("a secret", "other s\u00e9cret", secrets.token_hex(4)):
        found = derive_keys(secret)
        keys = tuple(found) if isinstance(found, list) else found
        if not isinstance(keys, tuple) or len(keys) != 2:
            expect(f"derive_keys({secret!r})", keys, derive_keys_ours(secret))
        if any(hasattr(key, "hexdigest") for key in keys):
            raise Wrong("no-digest")
        for name, wrong in _WRONG_KEYS:
            if keys == wrong(secret.encode()):
                raise Wrong(name)
        if keys[0] == keys[1]:
            raise Wrong("one-key")
        right = derive_keys_ours(secret)
        if isinstance(keys[0], bytes) and [*map(len, keys)] != [32, 32]:
            raise Wrong("other-hash")
        if (keys[0] == right[0]) != (keys[1] == right[1]):
            raise Wrong("typo")
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
    """Check that `encrypt` uses AES-CBC, PKCS #7 padding and a new random IV."""
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
        iv, ciphertext = map(bytes, found)
        if outcome(decrypt_ours, ciphertext, iv, _KEY) == message:
            raise Wrong("swapped")
        if len(iv) != 16:
            raise Wrong(message=f"the IV should have 16 bytes, like a block, but has {len(iv)}")
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
        and all(isinstance(each, bytes | bytearray) for each in found)
    )


def _explain(message: bytes, ciphertext: bytes, iv: bytes, opened: Any) -> tuple[str, str]:
    """Return the misconception behind a wrong ciphertext, or else a message."""
    if len(ciphertext) < len(message):
        return "no-padding", ""
    ecb = Cipher(algorithms.AES(_KEY), modes.ECB()).decryptor()  # noqa: S305  # to recognise it
    if outcome(ecb.update, ciphertext)[: len(message)] == message and message:
        return "no-chaining", ""
    cbc = Cipher(algorithms.AES(_KEY), modes.CBC(iv)).decryptor()
    if outcome(cbc.update, ciphertext)[: len(message)] == message:
        # Only the padding is wrong: none after a full block, or another scheme.
        return ("full-block" if len(ciphertext) == len(message) else "other-padding"), ""
    return "", (
        f"the result of encrypt({message!r}, key) does not decrypt to that message with "
        "AES-CBC; check the mode, the key, and that you return the IV that you used"
    )


def _judge_iv(encrypt: Callable[[bytes, bytes], Any]) -> None:
    ivs = [bytes(encrypt(b"again", _KEY)[0]) for _ in range(1000)]
    if len(set(ivs)) < len(ivs):
        raise Wrong("iv-reused")
    # Only the system's random bytes are unpredictable. `secrets` and cryptography use them.
    if not {"urandom", "generate_key"} & builtin_calls(encrypt, b"again", _KEY):
        raise Wrong("iv-guessable")
    constant = [i for i in range(16) if len({iv[i] for iv in ivs}) == 1]
    if constant or all(iv[:8] == iv[8:] for iv in ivs):
        raise Wrong("iv-short")


def encrypt_ours(message: bytes, key: bytes) -> tuple[bytes, bytes]:
    """Return a new IV and the ciphertext."""
    iv = os.urandom(cookie.IV_LENGTH)
    return iv, cookie.encrypt(message, cookie.Keys(key, bytes(32)), iv)


def decrypt_ours(iv: bytes, ciphertext: bytes, key: bytes) -> bytes:
    """Decrypt what `encrypt_ours` returned. Raise BadPayload if the padding is wrong."""
    if len(ciphertext) % 16:
        raise BadPayload("padding", "not whole blocks")
    return cookie.decrypt(ciphertext, cookie.Keys(key, bytes(32)), iv)


EXERCISES = (
    Exercise(
        "E2.1",
        "derive_keys",
        judge_derive_keys,
        misconceptions(
            swapped_keys="you swapped the two keys; return the encryption key first",
            word_as_key="you swapped HMAC's key and message; only the server knows the secret, "
            "so the secret is the key",
            plain_hash="this is a plain hash; use an HMAC, with the secret as its key: "
            "`hmac.digest(key, message, …)`",
            hex="these are strings of 64 hex digits; return the 32 bytes of each digest",
            one_key="both keys are equal; derive each key from its own message",
            no_digest="these are HMAC objects; call `.digest()` on each to get its 32 bytes",
            other_hash="these keys have another length than 32 bytes; use the hash sha256",
            typo="one of the two keys is right; the other must be an HMAC under the same "
            "secret, of exactly the message in the text above",
        ),
        (
            "An HMAC has a key and a message. Which of them is the secret here?",
            "HMAC needs bytes, and the secret is a string: `secret.encode()`.",
            "Return two results of `hmac.digest(…)`, in a tuple: one for each of the two "
            "messages.",
        ),
        (derive_keys_ours,),
        alike=(cookie.derive_keys,),
    ),
    Exercise(
        "E2.2",
        "encrypt",
        judge_encrypt,
        misconceptions(
            iv_reused="two calls returned the same IV, so equal messages look equal; make a "
            "new IV in each call",
            iv_guessable="an attacker can predict this IV; counters, clocks and `random` are "
            "predictable, even if you hash them, so use `os.urandom(16)`",
            iv_short="some bytes of your IV are never new; all 16 must be random",
            other_key="you encrypted with the notebook's KEY; use the parameter `key`",
            swapped="you returned the ciphertext first; return the IV first",
            no_chaining="you encrypted each block alone (ECB), so equal blocks look equal; "
            "chain them with `modes.CBC(iv)`",
            no_padding="you cannot encrypt a message that does not fill its last block; `pad` "
            "it first",
            full_block="a message that fills its last block needs padding, too (16 bytes); "
            "otherwise the server reads its last byte as padding",
            other_padding="this padding differs from that of `pad`, so the reader cannot see "
            "where the message ends; use `pad`",
            one_value="this is one value; return two, the IV and the ciphertext",
        ),
        (
            "`encrypt_blocks` above does most of it. Which part of it is not CBC?",
            "Make the IV inside the function: `os.urandom(16)`. `modes.CBC` takes it.",
            "Change two things in `encrypt_blocks`: the mode becomes `modes.CBC(iv)`, and you "
            "return the IV and the ciphertext.",
        ),
        (encrypt_ours,),
        minutes=8,
        alike=(cookie.encrypt,),
    ),
    Exercise(
        "E2.3",
        "aim",
        judge_aim,
        misconceptions(
            unchanged="the server still reads the old text; change the IV, and return the new "
            "cookie",
            overwritten="you wrote the wanted bytes into the IV; the server XORs the IV with "
            "what the cipher gives, so only a *difference* has the effect that you want",
            only_wanted="you XORed the IV with the wanted bytes only; XOR it with the "
            "difference between the old and the wanted bytes",
            ciphertext="you changed the ciphertext, so the first block became garbage; the "
            "first block is XORed with the IV",
            fixed="this works for the notebook's cookie only; find the bytes that differ in "
            "`inside` and `wanted`",
            rest_lost="the cookie's other fields are gone or changed; return all of them, "
            "with the dots",
            not_string="this is not a string; a cookie is text, as it came: "
            "`to_base64(iv)`, a dot, and the rest",
            not_base64="the server cannot read your IV: it must be 16 bytes in base64url; use "
            "`to_base64`",
        ),
        (
            "Which bytes are XORed with the first block, after the cipher? They are yours.",
            "Take the IV out of the cookie with `from_base64`. Which XOR turns `inside` into "
            "`wanted`? Apply it to the IV.",
            "For each of the 16 places: new = iv[i] ^ inside[i] ^ wanted[i]. Put the new IV "
            "before the rest of the cookie.",
        ),
        (aim_ours,),
        level=2,
        minutes=15,
    ),
    Exercise(
        "E2.4",
        "rewrite",
        judge_rewrite,
        misconceptions(
            first_block_only="in a later block, the server still reads the old text; each "
            "block is XORed with the ciphertext block before it",
            same_block="you changed the ciphertext of the block itself, so it became garbage; "
            "change the block before it",
            wrong_value="you changed the right bytes, but to wrong values; XOR each of them "
            "with the difference between the old and the wanted byte",
            not_string="return the new cookie as text, like the one that came",
            not_base64="the first field is no longer an IV of 16 bytes in base64url",
            rest_lost="a field is gone, changed, or of another length; all of the cookie's "
            "fields must come back",
            more_damage="you damaged a block that you need not touch; only the block before "
            "the changed one may become garbage",
            no_first_block="a change in the first block does not work any more; it is XORed "
            "with the IV",
        ),
        (
            "Look at the drawing again: which bytes changed in block 2 when a bit of "
            "ciphertext 1 flipped?",
            "Write IV and ciphertext into one row of bytes. Block n of the text is XORed "
            "with block n of this row, if you count from 0.",
            "row = bytearray(iv + ciphertext); for each place i in which the texts differ: "
            "row[i] ^= inside[i] ^ wanted[i].",
        ),
        (rewrite_ours,),
        level=3,
        minutes=20,
        must=False,
    ),
)
