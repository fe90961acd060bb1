"""Answers of learners to the exercises of notebook 03; see `tests.exercises.answers`."""

from __future__ import annotations

from lesson_app.app import PAGE_SECRET

from .cells import but, cells

_VERIFY = """
def verify(value: str, key: bytes):
    fields = value.split(".")
    if len(fields) != 5:
        raise BadFormat("fields", "not five fields")
    iv, ciphertext, mac = (from_base64(fields[i]) for i in (0, 1, 4))
    if len(iv) != 16:
        raise BadFormat("iv", "not 16 bytes")
    expected = sign(iv, ciphertext, fields[2], fields[3], key)
    if not hmac.compare_digest(mac, expected):
        raise BadSignature("signature", "the MAC differs")
    return iv, ciphertext, fields[2], fields[3]
"""
_UNSEAL = """
def unseal(value: str, secret: str, *, name: str = "session"):
    encryption_key, signature_key = derive_keys(secret)
    iv, ciphertext, created_at, duration = verify(value, signature_key)
    plaintext = decrypt(ciphertext, encryption_key, iv).decode()
    sealed_name, _, text = plaintext.partition("=")
    if sealed_name != name:
        raise BadName("name", "another name")
    return json.loads(text), int(created_at), int(duration)
"""
_RAISE = 'raise BadSignature("signature", "the MAC differs")'
_MAC_CHECK = f"""    expected = sign(iv, ciphertext, fields[2], fields[3], key)
    if not hmac.compare_digest(mac, expected):
        {_RAISE}
"""
_IV_CHECK = """    if len(iv) != 16:
        raise BadFormat("iv", "not 16 bytes")
"""
_FIELDS_CHECK = """    if len(fields) != 5:
        raise BadFormat("fields", "not five fields")
"""
_NAME_CHECK = """    if sealed_name != name:
        raise BadName("name", "another name")
"""
_VERIFIED = "    iv, ciphertext, created_at, duration = verify(value, signature_key)\n"
_UNVERIFIED = """    iv, ciphertext, created_at, duration, _ = value.split(".")
    iv, ciphertext = from_base64(iv), from_base64(ciphertext)
"""
_DECRYPT = """    plaintext = decrypt(ciphertext, encryption_key, iv).decode()
"""
_RETURN = "json.loads(text), int(created_at), int(duration)\n"

_GOOD_UNTIL_REFUSED = """
def unseal(v, secret, *, name="session"):
    try:
        return lesson_app.unseal(v, lesson_app.derive_keys(secret), name=name)
    except BadSignature:
"""

WRONG: dict[str, dict[str, list[str]]] = {
    "E3.1": {
        "times-outside": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                return hmac.digest(key, iv + b"." + ciphertext, "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                return hmac.digest(key, iv + ciphertext, "sha256")
            """,
        ),
        "duration-outside": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, str(created_at).encode()
                return hmac.digest(key, b".".join(fields), "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                mac = hmac.new(key, digestmod="sha256")
                mac.update(iv + ciphertext + str(created_at).encode())
                return mac.digest()
            """,
        ),
        "iv-outside": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = ciphertext, str(created_at).encode(), str(duration).encode()
                return hmac.digest(key, b".".join(fields), "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                return hmac.digest(key, ciphertext, "sha256")
            """,
        ),
        "no-dots": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                text = iv + ciphertext + str(created_at).encode() + str(duration).encode()
                return hmac.digest(key, text, "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                mac = hmac.new(key, digestmod="sha256")
                for field in (iv, ciphertext, str(created_at).encode(), duration.encode()):
                    mac.update(field)
                return mac.digest()
            """,
        ),
        "base64": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = to_base64(iv), to_base64(ciphertext), str(created_at), str(duration)
                return hmac.digest(key, ".".join(fields).encode(), "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                text = f"{to_base64(iv)}.{to_base64(ciphertext)}.{created_at}.{duration}"
                return hmac.new(key, text.encode(), "sha256").digest()
            """,
        ),
        "written-out": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                text = f"{iv}.{ciphertext}.{created_at}.{duration}"
                return hmac.digest(key, text.encode(), "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, created_at, duration)
                return hmac.digest(key, ".".join(map(str, fields)).encode(), "sha256")
            """,
        ),
        "plain-hash": cells(
            """
            import hashlib

            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, created_at.encode(), duration.encode())
                return hashlib.sha256(key + b".".join(fields)).digest()
            """,
        ),
        "key-last": cells(
            """
            import hashlib

            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode(), key
                return hashlib.sha256(b".".join(fields)).digest()
            """,
            """
            import hashlib

            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode()
                return hashlib.sha256(b".".join(fields) + key).digest()
            """,
        ),
        "no-key": cells(
            """
            from hashlib import sha256

            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, str(created_at).encode(), str(duration).encode())
                return sha256(b".".join(fields)).digest()
            """,
        ),
        "swapped": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, str(created_at).encode(), str(duration).encode())
                return hmac.digest(b".".join(fields), key, "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                times = f".{created_at}.{duration}".encode()
                return hmac.new(iv + b"." + ciphertext + times, key, "sha256").digest()
            """,
        ),
        "not-bytes": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, str(created_at).encode(), str(duration).encode())
                return hmac.new(key, b".".join(fields), "sha256").hexdigest()
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, str(created_at).encode(), str(duration).encode())
                return to_base64(hmac.digest(key, b".".join(fields), "sha256"))
            """,
        ),
    },
    "E3.2": {
        "not-verified": [
            but(_VERIFY, (_MAC_CHECK, "")),
            but(_VERIFY, ("compare_digest(mac, expected)", "compare_digest(mac, mac)")),
            but(
                _VERIFY,
                ("    if not hmac.compare_digest(mac, expected):\n", "    if not expected:\n"),
            ),
        ],
        "times-outside": [
            but(
                _VERIFY,
                (
                    "sign(iv, ciphertext, fields[2], fields[3], key)",
                    "sign(iv, ciphertext, fields[2], '120000', key)",
                ),
            ),
        ],
        "times-read-first": [
            but(
                _VERIFY,
                (
                    "    expected = sign(iv, ciphertext, fields[2], fields[3], key)",
                    "    created_at, duration = int(fields[2]), int(fields[3])\n"
                    "    expected = sign(iv, ciphertext, str(created_at), str(duration), key)",
                ),
            ),
            but(
                _VERIFY,
                (
                    "    iv, ciphertext, mac =",
                    "    created_at = int(fields[2])\n    iv, ciphertext, mac =",
                ),
            ),
        ],
        "compared-by-equals": [
            but(_VERIFY, ("not hmac.compare_digest(mac, expected)", "mac != expected")),
            but(
                _VERIFY,
                ("not hmac.compare_digest(mac, expected)", "fields[4] != to_base64(expected)"),
            ),
        ],
        "fields-not-counted": [
            but(_VERIFY, (_FIELDS_CHECK, "")),
            but(_VERIFY, ("len(fields) != 5", "len(fields) < 5")),
            but(
                _VERIFY,
                ('fields = value.split(".")', 'a, b, c, d, e = fields = value.split(".")'),
                (_FIELDS_CHECK, ""),
            ),
            but(_VERIFY, ('BadFormat("fields", "not five fields")', 'ValueError("fields")')),
        ],
        "iv-any-length": [
            but(_VERIFY, (_IV_CHECK, "")),
            but(_VERIFY, ("len(iv) != 16", "not iv")),
        ],
        "not-raised": [
            but(_VERIFY, (_RAISE, "return None")),
            but(_VERIFY, (_RAISE, "return False")),
        ],
        "says-yes": [
            but(_VERIFY, ("return iv, ciphertext, fields[2], fields[3]\n", "return True\n")),
        ],
        "still-base64": [
            but(
                _VERIFY,
                (
                    "(from_base64(fields[i]) for i in (0, 1, 4))",
                    "(fields[i] for i in (0, 1, 4))",
                ),
            ),
            but(
                _VERIFY,
                (
                    "return iv, ciphertext, fields[2], fields[3]\n",
                    "return fields[0], fields[1], fields[2], fields[3]\n",
                ),
            ),
        ],
    },
    "E3.3": {
        "decrypts-first": [
            but(_UNSEAL, (_VERIFIED, _UNVERIFIED)),
            but(_UNSEAL, (_VERIFIED, _UNVERIFIED), (_DECRYPT, _DECRYPT + _VERIFIED)),
            but(
                _UNSEAL,
                (_VERIFIED, _UNVERIFIED),
                ("    return json", f"{_VERIFIED}    return json"),
            ),
        ],
        "other-key": [
            but(_UNSEAL, ("verify(value, signature_key)", "verify(value, encryption_key)")),
            but(
                _UNSEAL,
                ("    encryption_key, signature_key =", "    signature_key, encryption_key ="),
            ),
        ],
        "name-not-checked": [
            but(_GOOD_UNTIL_REFUSED, ("BadSignature", "BadName"))
            + "        return lesson_app.Unsealed({'a': 1}, 0, 0)",
            but(_UNSEAL, (_NAME_CHECK, "")),
            but(_UNSEAL, ("sealed_name != name", "not sealed_name")),
        ],
        "name-begins-alike": [
            but(_UNSEAL, ("sealed_name != name", "not sealed_name.startswith(name)")),
            but(
                _UNSEAL,
                ('    sealed_name, _, text = plaintext.partition("=")\n', ""),
                ("sealed_name != name", "not plaintext.startswith(name)"),
                ("json.loads(text)", "json.loads(plaintext[len(name) + 1 :])"),
            ),
        ],
        "one-name": [
            but(_UNSEAL, ("sealed_name != name", 'sealed_name != "session"')),
        ],
        "fixed-key": [
            but(_UNSEAL, ("derive_keys(secret)", f'derive_keys("{PAGE_SECRET}")')),
        ],
        "not-raised": [
            _GOOD_UNTIL_REFUSED + "        return lesson_app.Unsealed({}, 0, 0)",
            _GOOD_UNTIL_REFUSED + "        return [{'a': 1}, 0, 0]",
            but(_UNSEAL, ('raise BadName("name", "another name")', "return None")),
            but(_UNSEAL, ('raise BadName("name", "another name")', "return {}, 0, 0")),
            but(
                _UNSEAL,
                (
                    _VERIFIED,
                    "    try:\n    "
                    + _VERIFIED
                    + "    except BadCookie:\n        return None\n",
                ),
            ),
        ],
        "every-equals": [
            but(
                _UNSEAL,
                (
                    'sealed_name, _, text = plaintext.partition("=")',
                    'sealed_name, text = plaintext.split("=")',
                ),
            ),
            but(
                _UNSEAL,
                (
                    'sealed_name, _, text = plaintext.partition("=")',
                    'sealed_name, text, *rest = plaintext.split("=")',
                ),
            ),
            but(_UNSEAL, ('.partition("=")', '.rpartition("=")')),
        ],
        "content-alone": [
            but(_UNSEAL, (_RETURN, "json.loads(text)\n")),
            but(_UNSEAL, (_RETURN, '{"content": json.loads(text)}\n')),
        ],
        "content-is-string": [but(_UNSEAL, ("json.loads(text)", "text"))],
        "times-are-strings": [
            but(_UNSEAL, ("int(created_at), int(duration)", "created_at, duration")),
        ],
    },
}

RIGHT: dict[str, list[str]] = {
    "E3.1": cells(
        """
        def sign(iv, ciphertext, created_at, duration, key):
            mac = hmac.new(key, iv, "sha256")
            mac.update(b"." + ciphertext)
            mac.update(f".{created_at}.{duration}".encode())
            return mac.digest()
        """,
        """
        import hashlib

        def sign(iv, ciphertext, created_at, duration, key):
            text = b"%b.%b.%b.%b" % (iv, ciphertext, created_at.encode(), duration.encode())
            return hmac.HMAC(key=key, msg=text, digestmod=hashlib.sha256).digest()
        """,
        """
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.hmac import HMAC

        def sign(iv, ciphertext, created_at, duration, key):
            mac = HMAC(key, hashes.SHA256())
            mac.update(iv + b"." + ciphertext)
            mac.update(bytes(f".{created_at}.{duration}", "ascii"))
            return mac.finalize()
        """,
    ),
    "E3.2": [
        *cells(
            """
            import secrets

            def verify(value, key):
                if value.count(".") != 4:
                    raise BadFormat("fields", "not five fields")
                iv, ciphertext, created_at, duration, mac = value.split(".")
                iv, ciphertext, mac = from_base64(iv), from_base64(ciphertext), from_base64(mac)
                if len(iv) != 16 or len(ciphertext) % 16:
                    raise BadFormat("iv", "not whole blocks")
                right = sign(iv, ciphertext, created_at, duration, key)
                if not secrets.compare_digest(right, mac):
                    raise BadSignature("signature", "the MAC differs")
                return [iv, ciphertext, created_at, duration]
            """,
            """
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives import hashes
            from cryptography.hazmat.primitives.hmac import HMAC

            def verify(value, key):
                try:
                    iv, ciphertext, created_at, duration, mac = value.split(".")
                except ValueError:
                    raise BadFormat("fields", "not five fields") from None
                iv, ciphertext = from_base64(iv), from_base64(ciphertext)
                if len(iv) != 16:
                    raise BadFormat("iv", "not 16 bytes")
                hasher = HMAC(key, hashes.SHA256())
                hasher.update(b".".join([iv, ciphertext, f"{created_at}.{duration}".encode()]))
                try:
                    hasher.verify(from_base64(mac))
                except InvalidSignature as error:
                    raise BadSignature("signature", "the MAC differs") from error
                return iv, ciphertext, created_at, duration
            """,
        ),
        but(
            _VERIFY,
            (
                "if not hmac.compare_digest(mac, expected):",
                "if hmac.compare_digest(to_base64(expected), fields[4]) is False:",
            ),
        ),
    ],
    "E3.3": cells(
        """
        def unseal(value, secret, *, name="session"):
            key, mac_key = derive_keys(secret)
            iv, ciphertext, *times = verify(value, mac_key)
            plaintext = decrypt(ciphertext, key, iv)
            if not plaintext.startswith(name.encode() + b"="):
                raise BadName("name", "another name")
            return [json.loads(plaintext[len(name) + 1 :]), *map(int, times)]
        """,
        """
        def unseal(value, secret, *, name="session"):
            key, mac_key = derive_keys(secret)
            iv, ciphertext, created_at, duration = verify(value, mac_key)
            found, text = decrypt(ciphertext, key, iv).decode("utf-8").split("=", 1)
            if found == name:
                return json.loads(text), int(created_at), int(duration)
            raise BadName("name", f"sealed for {found}")
        """,
        """
        def unseal(value, secret, *, name="session"):
            return lesson_app.unseal(value, lesson_app.derive_keys(secret), name=name)
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E3.2": {
        "line 2: `.split` to `.rsplit`": "without a limit, both split at every dot",
        "line 9: first two arguments of `hmac.compare_digest` swapped": "it is symmetric",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E3.1": [
        (
            "def sign(*fields): return b'x'",
            "sign(iv, ciphertext, '1692988779453', '120000', key) should return … but returned "
            "b'x'",
        ),
    ],
    "E3.2": [
        (
            "def verify(v, k): return 7",
            "verify(the page's cookie, key) should return … but returned 7",
        ),
        ("def verify(v, k): raise KeyError(1)", "… raised KeyError: 1"),
    ],
    "E3.3": [
        (
            "def unseal(v, s): print(v)",
            "unseal(value, secret) should return ({'message': 'Hello World!'}, "
            "1692988779453, 120000), but returned None; is a `return` missing?",
        ),
        (
            _GOOD_UNTIL_REFUSED + "        raise KeyError(v)",
            "a wrong MAC should raise BadSignature, but raised KeyError: "
            "'25uFcTuHZzZlSWntEs-Kzg.D96gsJqB0lLKj4DB",
        ),
        (
            _GOOD_UNTIL_REFUSED.replace("Signature", "Name") + "        raise KeyError(7)",
            "another name should raise BadName, but raised KeyError: 7",
        ),
        (
            _GOOD_UNTIL_REFUSED.replace(
                "    try", "    if secret[0] == 'a':\n        return {}, 0, 0\n    try"
            )
            + "        raise",
            "unseal(value, secret) should return ({'message': '1+1=2, \u00e9'}, 1, 2), "
            "but returned ({}, 0, 0)",
        ),
        ("def unseal(v, s): raise KeyError(1)", "… raised KeyError: 1"),
        (
            "def unseal(v, s): return {}, 1, 2",
            "unseal(value, secret) should return ({'message': 'Hello World!'}, "
            "1692988779453, 120000), but returned ({}, 1, 2)",
        ),
    ],
}
