"""The codecs in Python: ours, the reference implementation, and other libraries."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from joserfc import jwe
from joserfc.jwk import OctKey

from lesson_app import AEADCodec, derive_keys, seal, unseal
from lesson_app._engine.codec import SealedCodec
from lesson_app._engine.javascript import stringify
from lesson_app.cookie import Codec

from .contents import Content

SECRET = "9Hk4sYpLrTqWvXnE5uCfGgJm1VbA3tSZ"  # noqa: S105  # for this benchmark only
KEYS = derive_keys(SECRET)
OURS, FLOOR = "ours", "floor"
_LIFE: dict[str, Any] = {
    "name": "session",
    "created_at": 1_700_000_000_000,
    "duration": 86_400_000,
}


@dataclass(frozen=True)
class Peer:
    """A function that seals a session, and one that opens its result."""

    seal: Callable[[Content], Any]
    open: Callable[[Any], Any]


def _of(codec: Codec) -> Peer:
    return Peer(
        lambda content: codec.seal(content, **_LIFE),
        lambda value: codec.unseal(value, name="session").content,
    )


def ours() -> Peer:
    """Return the middleware's codec."""
    return _of(SealedCodec(KEYS))


def aead() -> Peer:
    """Return our other codec, with XAES-256-GCM."""
    return _of(AEADCodec(SECRET))


def reference() -> Peer:
    """Return the functions that the notebooks teach."""
    return Peer(
        lambda content: seal(content, KEYS, **_LIFE),
        lambda value: unseal(value, KEYS).content,
    )


def fernet() -> Peer:
    """Return cryptography's Fernet with Python's JSON."""
    made = Fernet(Fernet.generate_key())
    return Peer(
        lambda content: made.encrypt(json.dumps(content).encode()),
        lambda token: json.loads(made.decrypt(token)),
    )


def joserfc() -> Peer:
    """Return JWE in compact form, A256CBC-HS512 with a direct key, and Python's JSON."""
    key = OctKey.import_key(os.urandom(64))
    header = {"alg": "dir", "enc": "A256CBC-HS512"}

    def opened(token: str) -> Any:
        return json.loads(jwe.decrypt_compact(token, key).plaintext or b"")

    return Peer(
        lambda content: jwe.encrypt_compact(header, json.dumps(content).encode(), key), opened
    )


def itsdangerous() -> Peer:
    """Return a signer with a timestamp."""
    signer = URLSafeTimedSerializer(SECRET)
    return Peer(signer.dumps, signer.loads)


def flask() -> Peer:
    """Return Flask's own session, which makes a signer for each request."""
    app = Flask("peer")
    app.secret_key = SECRET
    interface = SecureCookieSessionInterface()

    def signer() -> URLSafeTimedSerializer:
        made = interface.get_signing_serializer(app)
        assert made is not None
        return made

    return Peer(lambda content: signer().dumps(content), lambda value: signer().loads(value))


PEERS: dict[str, Callable[[], Peer]] = {
    OURS: ours,
    "AEADCodec": aead,
    "reference": reference,
    "Fernet + json": fernet,
    "joserfc": joserfc,
    "itsdangerous": itsdangerous,
    "Flask": flask,
}


def floor(content: Content) -> tuple[Callable[[], bytes], Callable[[bytes], bytes]]:
    """Return the bare primitives: one function encrypts and signs, one verifies and decrypts.

    The plaintext is already padded, the AES contexts exist, the HMAC has its key. A random
    block is encrypted before the text; its ciphertext acts as the IV of the text, so the
    context can be used again.
    """
    size = len(b"session=") + len(stringify(content).encode())
    text = bytes(size // 16 * 16 + 16)
    cipher = Cipher(algorithms.AES(KEYS.encryption), modes.CBC(bytes(16)))
    encryptor, decryptor = cipher.encryptor(), cipher.decryptor()
    begun = HMAC(KEYS.signature, hashes.SHA256())

    def sign(ciphertext: bytes) -> bytes:
        mac = begun.copy()
        mac.update(ciphertext)
        return mac.finalize()

    def seal_it() -> bytes:
        ciphertext = encryptor.update(os.urandom(16) + text)
        return ciphertext + sign(ciphertext)

    def open_it(sealed: bytes) -> bytes:
        ciphertext, mac = sealed[:-32], sealed[-32:]
        assert hmac.compare_digest(sign(ciphertext), mac)
        return decryptor.update(ciphertext)[16:]

    return seal_it, open_it
