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
        "no-digest": cells(
            """
            def derive_keys(secret):
                words = b"cookiesession-encryption", b"cookiesession-signature"
                return tuple(hmac.new(secret.encode(), w, "sha256") for w in words)
            """,
        ),
        "other-hash": cells(
            """
            def derive_keys(secret):
                words = b"cookiesession-encryption", b"cookiesession-signature"
                return tuple(hmac.digest(secret.encode(), w, "sha512") for w in words)
            """,
            """
            def derive_keys(secret):
                words = b"cookiesession-encryption", b"cookiesession-signature"
                return tuple(hmac.digest(secret.encode(), w, "sha256")[:16] for w in words)
            """,
        ),
        "typo": cells(
            """
            def derive_keys(secret):
                one = hmac.digest(secret.encode(), b"cookiesession-encryption", "sha256")
                return one, hmac.digest(one, b"cookiesession-signature", "sha256")
            """,
            """
            def derive_keys(secret):
                words = b"cookiesession-encryption", b"cookie-session-signature"
                return tuple(hmac.digest(secret.encode(), w, "sha256") for w in words)
            """,
            """
            def derive_keys(secret):
                words = b"cookiesession-encrypt", b"cookiesession-signature"
                return tuple(hmac.digest(secret.encode(), w, "sha256") for w in words)
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
        "iv-short": cells(
            """
            def encrypt(message, key):
                iv = os.urandom(8) * 2
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
            r"""
            def encrypt(message, key):
                iv = os.urandom(12) + b"\0\0\0\1"
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
    "E2.3": {
        "unchanged": cells(
            """
            def aim(cookie, inside, wanted):
                return cookie
            """,
            """
            def aim(cookie, inside, wanted):
                iv, _, rest = cookie.partition(".")
                changed = bytearray(from_base64(iv))
                for i, (a, b) in enumerate(zip(inside, wanted)):
                    if a != b and i < 16:
                        changed[i] ^= a ^ b
                return f"{iv}.{rest}"
            """,
            """
            def aim(cookie, inside, wanted):
                return cookie.replace(inside.decode(), wanted.decode())
            """,
        ),
        "overwritten": cells(
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                changed = bytearray(from_base64(iv))
                for i in range(16):
                    if inside[i] != wanted[i]:
                        changed[i] = wanted[i]
                return to_base64(bytes(changed)) + dot + rest
            """,
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                return to_base64(wanted[:16]) + dot + rest
            """,
        ),
        "only-wanted": cells(
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                changed = bytearray(from_base64(iv))
                for i in range(16):
                    if inside[i] != wanted[i]:
                        changed[i] ^= wanted[i]
                return to_base64(bytes(changed)) + dot + rest
            """,
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                changed = bytes(a ^ b for a, b in zip(from_base64(iv), wanted))
                return to_base64(changed) + dot + rest
            """,
        ),
        "ciphertext": cells(
            """
            def aim(cookie, inside, wanted):
                iv, ciphertext, *rest = cookie.split(".")
                changed = bytearray(from_base64(ciphertext))
                for i, (a, b) in enumerate(zip(inside, wanted)):
                    changed[i] ^= a ^ b
                return ".".join([iv, to_base64(bytes(changed)), *rest])
            """,
        ),
        "fixed": cells(
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                raw = from_base64(iv)
                return to_base64(raw[:15] + bytes([raw[15] ^ 1])) + dot + rest
            """,
        ),
        "rest-lost": cells(
            """
            def aim(cookie, inside, wanted):
                iv, ciphertext = cookie.split(".")[:2]
                new = bytes(a ^ b ^ c for a, b, c in zip(from_base64(iv), inside, wanted))
                return to_base64(new) + "." + ciphertext
            """,
            """
            def aim(cookie, inside, wanted):
                iv = from_base64(cookie.split(".")[0])
                return to_base64(bytes(a ^ b ^ c for a, b, c in zip(iv, inside, wanted)))
            """,
        ),
        "not-string": cells(
            """
            def aim(cookie, inside, wanted):
                iv, _, rest = cookie.partition(".")
                new = bytes(a ^ b ^ c for a, b, c in zip(from_base64(iv), inside, wanted))
                return (to_base64(new) + "." + rest).encode()
            """,
            """
            def aim(cookie, inside, wanted):
                iv, *rest = cookie.split(".")
                new = bytes(a ^ b ^ c for a, b, c in zip(from_base64(iv), inside, wanted))
                return [to_base64(new), *rest]
            """,
        ),
        "not-base64": cells(
            """
            import base64

            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                new = bytes(a ^ b ^ c for a, b, c in zip(from_base64(iv), inside, wanted))
                return base64.b64encode(new).decode() + dot + rest
            """,
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                new = bytes(a ^ b ^ c for a, b, c in zip(from_base64(iv), inside, wanted))
                return new.hex() + dot + rest
            """,
            """
            def aim(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                short = zip(from_base64(iv), inside[:8], wanted[:8])
                return to_base64(bytes(a ^ b ^ c for a, b, c in short)) + dot + rest
            """,
        ),
    },
    "E2.4": {
        "first-block-only": cells(
            """
            def rewrite(cookie, inside, wanted):
                iv, dot, rest = cookie.partition(".")
                new = bytes(a ^ b ^ c for a, b, c in zip(from_base64(iv), inside, wanted))
                return to_base64(new) + dot + rest
            """,
            """
            def rewrite(cookie, inside, wanted):
                return cookie
            """,
        ),
        "wrong-value": cells(
            """
            def rewrite(cookie, inside, wanted):
                iv, ciphertext, *rest = cookie.split(".")
                row = bytearray(from_base64(iv) + from_base64(ciphertext))
                for place, (old, new) in enumerate(zip(inside, wanted)):
                    if old != new:
                        row[place] ^= new
                return ".".join([to_base64(bytes(row[:16])), to_base64(bytes(row[16:])), *rest])
            """,
        ),
        "not-string": cells(
            """
            def rewrite(cookie, inside, wanted):
                return cookie.encode()
            """,
        ),
        "not-base64": cells(
            """
            def rewrite(cookie, inside, wanted):
                return "." + cookie
            """,
        ),
        "rest-lost": cells(
            """
            def rewrite(cookie, inside, wanted):
                iv, ciphertext, *rest = cookie.split(".")
                row = bytearray(from_base64(iv) + from_base64(ciphertext))
                for place, (old, new) in enumerate(zip(inside, wanted)):
                    row[place] ^= old ^ new
                return ".".join([to_base64(bytes(row[:16])), to_base64(bytes(row[16:]))])
            """,
        ),
        "same-block": cells(
            """
            def rewrite(cookie, inside, wanted):
                iv, ciphertext, *rest = cookie.split(".")
                row = bytearray(from_base64(ciphertext))
                for i, (a, b) in enumerate(zip(inside, wanted)):
                    row[i] ^= a ^ b
                return ".".join([iv, to_base64(bytes(row)), *rest])
            """,
        ),
        "more-damage": cells(
            """
            def rewrite(cookie, inside, wanted):
                iv, ciphertext, *rest = cookie.split(".")
                row = bytearray(from_base64(iv) + from_base64(ciphertext))
                first = next((i for i, (a, b) in enumerate(zip(inside, wanted)) if a != b), 0)
                for i in range(first, len(inside)):
                    row[i] ^= inside[i] ^ wanted[i]
                row[0] ^= 1 if first > 31 else 0
                return ".".join([to_base64(bytes(row[:16])), to_base64(bytes(row[16:])), *rest])
            """,
        ),
        "no-first-block": cells(
            """
            def rewrite(cookie, inside, wanted):
                iv, ciphertext, *rest = cookie.split(".")
                row = bytearray(from_base64(ciphertext))
                for i in range(16, len(inside)):
                    row[i - 16] ^= inside[i] ^ wanted[i]
                return ".".join([iv, to_base64(bytes(row)), *rest])
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
    "E2.3": cells(
        """
        def aim(cookie, inside, wanted):
            iv, *rest = cookie.split(".")
            number = int.from_bytes(from_base64(iv))
            number ^= int.from_bytes(inside[:16]) ^ int.from_bytes(wanted[:16])
            return ".".join([to_base64(number.to_bytes(16)), *rest])
        """,
        """
        import base64

        def aim(cookie, inside, wanted):
            fields = cookie.split(".")
            iv = bytearray(base64.urlsafe_b64decode(fields[0] + "=="))
            for place in range(16):
                if inside[place] != wanted[place]:
                    iv[place] ^= inside[place]
                    iv[place] ^= wanted[place]
            fields[0] = base64.urlsafe_b64encode(bytes(iv)).decode().rstrip("=")
            return ".".join(fields)
        """,
        """
        class Aim:
            def __call__(self, cookie, inside, wanted):
                iv = from_base64(cookie[:22])
                return to_base64(bytes(map(lambda a, b, c: a ^ b ^ c, iv, inside, wanted))) + (
                    cookie[22:]
                )

        aim = Aim()
        """,
    ),
    "E2.4": cells(
        """
        def rewrite(cookie, inside, wanted):
            iv, ciphertext, *rest = cookie.split(".")
            blocks = [bytearray(from_base64(iv))] + [
                bytearray(b) for b in split(from_base64(ciphertext))
            ]
            for i, (a, b) in enumerate(zip(inside, wanted)):
                if a != b:
                    blocks[i // 16][i % 16] ^= a ^ b
            iv, *others = map(bytes, blocks)
            return ".".join([to_base64(iv), to_base64(b"".join(others)), *rest])
        """,
        """
        def rewrite(cookie, inside, wanted):
            iv, ciphertext, *rest = cookie.split(".")
            row = from_base64(iv) + from_base64(ciphertext)
            difference = bytes(a ^ b for a, b in zip(inside, wanted)).ljust(len(row), bytes(1))
            row = bytes(a ^ b for a, b in zip(row, difference))
            return ".".join([to_base64(row[:16]), to_base64(row[16:]), *rest])
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E2.2": {
        "line 4: `encryptor.finalize()` dropped": "after whole blocks, nothing is left",
    },
    "E2.3": {
        "line 3: first two arguments of `zip` swapped": "XOR has no order",
    },
    "E2.4": {
        "line 2: `.split` to `.rsplit`": "both split at each dot",
        "line 4: first two arguments of `zip` swapped": "XOR has no order",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E2.1": [
        (
            "def derive_keys(s): return bytes(32), b'1' * 32",
            "derive_keys('a secret') should return … as value 1 of 2, but returned …",
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
            "the result of encrypt(b'Hello World!', key) does not decrypt to that message with "
            "AES-CBC; check the mode",
        ),
        (
            "def encrypt(m, k): return os.urandom(16), os.urandom(12)",
            "the result of encrypt(b'Hello World!', key) does not decrypt to that message with "
            "AES-CBC; check the mode",
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
    "E2.3": [
        (
            "def aim(c, i, w): c.split()",
            "the result should be a cookie, but is None; is a `return` missing?",
        ),
        (
            "def aim(c, i, w): return to_base64(bytes(16)) + c[22:]",
            'the server should read session={"vip":1}, but reads …',
        ),
        ("def aim(c, i, w): raise KeyError('iv')", "… raised KeyError: 'iv'"),
    ],
}
