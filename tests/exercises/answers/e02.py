"""Answers of learners to the exercises of notebook 02; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

WRONG: dict[str, dict[str, list[str]]] = {
    "E2.1": {
        "swapped-keys": cells(
            """
            def derive_keys(secret):
                return (
                    hmac.digest(secret.encode(), b"cookiesession-signature", "sha256"),
                    hmac.digest(secret.encode(), b"cookiesession-encryption", "sha256"),
                )
            """,
            """
            def derive_keys(secret):
                def key(word):
                    return hmac.new(secret.encode(), word, "sha256").digest()

                encryption = key(b"cookiesession-encryption")
                signature = key(b"cookiesession-signature")
                return signature, encryption
            """,
        ),
        "word-as-key": cells(
            """
            def derive_keys(secret):
                return (
                    hmac.digest(b"cookiesession-encryption", secret.encode(), "sha256"),
                    hmac.digest(b"cookiesession-signature", secret.encode(), "sha256"),
                )
            """,
            """
            def derive_keys(secret):
                words = b"cookiesession-encryption", b"cookiesession-signature"
                return tuple(hmac.new(w, secret.encode(), "sha256").digest() for w in words)
            """,
        ),
        "plain-hash": cells(
            """
            import hashlib

            def derive_keys(secret):
                return (
                    hashlib.sha256(secret.encode() + b"cookiesession-encryption").digest(),
                    hashlib.sha256(secret.encode() + b"cookiesession-signature").digest(),
                )
            """,
            """
            from hashlib import sha256

            def derive_keys(secret):
                return (
                    sha256(("cookiesession-encryption" + secret).encode()).digest(),
                    sha256(("cookiesession-signature" + secret).encode()).digest(),
                )
            """,
            """
            from hashlib import sha256

            def derive_keys(secret):
                keys = []
                for word in (b"cookiesession-encryption", b"cookiesession-signature"):
                    digest = sha256(secret.encode())
                    digest.update(word)
                    keys.append(digest.digest())
                return tuple(keys)
            """,
        ),
        "hex": cells(
            """
            def derive_keys(secret):
                return (
                    hmac.digest(secret.encode(), b"cookiesession-encryption", "sha256").hex(),
                    hmac.digest(secret.encode(), b"cookiesession-signature", "sha256").hex(),
                )
            """,
            """
            def derive_keys(secret):
                words = b"cookiesession-encryption", b"cookiesession-signature"
                return [hmac.new(secret.encode(), w, "sha256").hexdigest() for w in words]
            """,
        ),
        "one-key": cells(
            """
            def derive_keys(secret):
                key = hmac.digest(secret.encode(), b"cookiesession-encryption", "sha256")
                return key, key
            """,
            """
            def derive_keys(secret):
                return secret.encode(), secret.encode()
            """,
        ),
    },
    "E2.2": {
        "iv-reused": cells(
            """
            IV = os.urandom(16)

            def encrypt(message, key):
                encryptor = Cipher(algorithms.AES(key), modes.CBC(IV)).encryptor()
                return IV, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            def encrypt(message, key, iv=os.urandom(16)):
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            def encrypt(message, key):
                iv = bytes(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            def encrypt(message, key):
                iv = key[:16]
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
        ),
        "iv-guessable": cells(
            """
            import random

            def encrypt(message, key):
                iv = random.randbytes(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            from random import randint

            def encrypt(message, key):
                iv = bytes(randint(0, 255) for _ in range(16))
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            import itertools

            counter = itertools.count()

            def encrypt(message, key):
                iv = next(counter).to_bytes(16, "big")
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            import hashlib
            import time

            def encrypt(message, key):
                iv = hashlib.md5(str(time.time_ns()).encode()).digest()
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            from hashlib import sha256
            from time import time

            def encrypt(message, key):
                iv = sha256(f"{time()}{message}".encode()).digest()[:16]
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            import time

            def encrypt(message, key):
                iv = str(time.time_ns()).encode()[-16:]
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            import hashlib

            sent = []

            def encrypt(message, key):
                sent.append(message)
                iv = hashlib.md5(f"secret{len(sent)}".encode()).digest()
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
        ),
        "other-key": cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
        ),
        "no-chaining": cells(
            """
            def encrypt(message, key):
                return os.urandom(16), encrypt_blocks(message, key)
            """,
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
        ),
        "no-padding": cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(message) + encryptor.finalize()
            """,
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                aes = Cipher(algorithms.AES(key), modes.CBC(iv))
                return iv, aes.encryptor().update(message)
            """,
            """
            def encrypt(message, key):
                pad(message)
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(message) + encryptor.finalize()
            """,
        ),
        "full-block": cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                if len(message) % 16:
                    message = pad(message)
                return iv, encryptor.update(message) + encryptor.finalize()
            """,
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                missing = -len(message) % 16
                padded = message + bytes([missing]) * missing
                return iv, encryptor.update(padded) + encryptor.finalize()
            """,
        ),
        "other-padding": cells(
            r"""
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                padded = message + b"\0" * (16 - len(message) % 16)
                return iv, encryptor.update(padded) + encryptor.finalize()
            """,
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                while len(message) % 16:
                    message += b" "
                return iv, encryptor.update(message) + encryptor.finalize()
            """,
        ),
        "one-value": cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return encryptor.update(pad(message)) + encryptor.finalize()
            """,
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv + encryptor.update(pad(message)) + encryptor.finalize()
            """,
        ),
        "swapped": cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return encryptor.update(pad(message)) + encryptor.finalize(), iv
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E2.1": cells(
        """
        def derive_keys(secret):
            key = bytes(secret, "utf-8")
            return tuple(
                hmac.new(key, b"cookiesession-" + word, "sha256").digest()
                for word in (b"encryption", b"signature")
            )
        """,
        """
        def derive_keys(secret):
            keys = []
            for word in ("encryption", "signature"):
                mac = hmac.HMAC(secret.encode(), digestmod="sha256")
                mac.update(f"cookiesession-{word}".encode())
                keys.append(mac.digest())
            return keys
        """,
        """
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.hmac import HMAC

        def derive_keys(secret):
            def key(word):
                mac = HMAC(secret.encode(), hashes.SHA256())
                mac.update(word)
                return mac.finalize()

            return key(b"cookiesession-encryption"), key(b"cookiesession-signature")
        """,
    ),
    "E2.2": cells(
        """
        import secrets

        def encrypt(message, key):
            iv = secrets.token_bytes(16)
            encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
            return [iv, encryptor.update(pad(message))]
        """,
        """
        def encrypt(message, key):
            missing = 16 - len(message) % 16
            message += bytes([missing] * missing)
            iv, ciphertext = os.urandom(16), b""
            previous = iv
            for start in range(0, len(message), 16):
                mixed = bytes(a ^ b for a, b in zip(message[start : start + 16], previous))
                block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
                previous = block.update(mixed)
                ciphertext += previous
            return iv, ciphertext
        """,
        """
        import time
        import uuid

        def encrypt(message, key):
            started = time.time()
            iv = uuid.uuid4().bytes
            encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
            ciphertext = encryptor.update(pad(message)) + encryptor.finalize()
            print(f"took {time.time() - started} seconds")
            return iv, ciphertext
        """,
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        def encrypt(message, key):
            iv = AESGCM.generate_key(bit_length=128)
            encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
            return iv, encryptor.update(pad(message)) + encryptor.finalize()
        """,
        """
        import random

        def encrypt(message, key):
            iv = random.SystemRandom().randbytes(16)
            encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
            return iv, b"".join([encryptor.update(pad(message)), encryptor.finalize()])
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E2.2": {
        "line 4: `encryptor.finalize()` dropped": "after whole blocks, nothing is left",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E2.1": [
        (
            "def derive_keys(s): return b'', b'x'",
            "derive_keys('a secret') should return … as value 1 of 2, but returned b''",
        ),
        (
            "def derive_keys(s): return b''",
            "derive_keys('a secret') should return … but returned b''",
        ),
    ],
    "E2.2": [
        (
            "def encrypt(m, k): return b'', b''",
            "the IV should have 16 bytes, like a block, but has 0",
        ),
        (
            "def encrypt(m, k): return os.urandom(16), os.urandom(16)",
            "the result of encrypt(b'Hello World!', key) should decrypt to that message, but "
            "decrypting returned BadPayload('padding', ",
        ),
        (
            "def encrypt(m, k): return os.urandom(16), os.urandom(12)",
            "the result of encrypt(b'Hello World!', key) should decrypt to that message, but "
            "decrypting returned BadPayload('padding', ",
        ),
        (
            "def encrypt(m, k): return 'a', 'b'",
            "encrypt(b'Hello World!', key) should return (b'the IV', b'the ciphertext'), "
            "but returned ('a', 'b')",
        ),
        (
            "def encrypt(m, k): return 'a', b'b'",
            "encrypt(b'Hello World!', key) should return (b'the IV', b'the ciphertext'), "
            "but returned ('a', b'b')",
        ),
        (
            "def encrypt(m, k): return b'a', b'b', b'c'",
            "encrypt(b'Hello World!', key) should return (b'the IV', b'the ciphertext'), "
            "but returned (b'a', b'b', b'c')",
        ),
        (
            "def encrypt(m, k): return {b'a': 1, b'b': 2}",
            "encrypt(b'Hello World!', key) should return (b'the IV', b'the ciphertext'), "
            "but returned {b'a': 1, b'b': 2}",
        ),
        ("def encrypt(m, k): raise ValueError('lost')", "… raised ValueError: lost"),
        (
            "def encrypt(m, k): Cipher(algorithms.AES(k), modes.CBC(bytes(12)))",
            "… raised ValueError: Invalid IV size (12) for CBC",
        ),
    ],
}
