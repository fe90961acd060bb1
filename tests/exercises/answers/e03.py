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

_SEAL = """
def seal(content, secret, *, created_at, duration, iv=None, name="session"):
    encryption_key, signature_key = derive_keys(secret)
    iv = iv or os.urandom(16)
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    ciphertext = encrypt(f"{name}={text}".encode(), encryption_key, iv)
    times = (str(created_at), str(duration))
    mac = sign(iv, ciphertext, *times, signature_key)
    return ".".join((to_base64(iv), to_base64(ciphertext), *times, to_base64(mac)))
"""
_STRETCH = """
def stretch(value):
    fields = value.split(".")
    fields[3] = str(10 * 365 * 24 * 3_600_000)
    return ".".join(fields)
"""
_CONFIRM = "if good(other, block):"
_LAST_BYTE = """
def last_byte(good, before, block):
    for guess in range(256):
        iv = bytes(15) + bytes([guess])
        if good(iv, block):
            other = bytes(14) + bytes([1, guess])
            if good(other, block):
                return guess ^ 1 ^ before[15]
"""
#: Guess the plaintext instead of the byte of the IV, and never check the guess.
_BY_PLAINTEXT = """
def last_byte(good, before, block):
    for plain in range(256):
        if good(before[:15] + bytes([before[15] ^ plain ^ 1]), block):
            return plain
"""
_UNTIL_ONE_IS_LEFT = """
def last_byte(good, before, block):
    left = list(range(256))
    while len(left) != 1:
        start = os.urandom(15)
        left = [guess for guess in left if good(start + bytes([guess]), block)]
    return left[0] ^ 1 ^ before[15]
"""
_READ_ALL = """
def _mix(one, other):
    return bytes(a ^ b for a, b in zip(one, other))

def read_all(good, iv, ciphertext):
    raw = iv + ciphertext
    plaintext = b""
    for start in range(0, len(ciphertext), 16):
        before, block = raw[start : start + 16], raw[start + 16 : start + 32]
        given = [last_byte(good, bytes(16), block)]
        for n in range(2, 17):
            end = bytes(g ^ n for g in given)
            for guess in range(256):
                if good(bytes(16 - n) + bytes([guess]) + end, block):
                    given.insert(0, guess ^ n)
                    break
        plaintext += _mix(given, before)
    return plaintext
"""

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
        "no-digest": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode()
                return hmac.new(key, b".".join(fields), "sha256")
            """,
            """
            from cryptography.hazmat.primitives import hashes
            from cryptography.hazmat.primitives.hmac import HMAC

            def sign(iv, ciphertext, created_at, duration, key):
                mac = HMAC(key, hashes.SHA256())
                mac.update(b".".join((iv, ciphertext, created_at.encode(), duration.encode())))
                return mac
            """,
        ),
        "other-hash": cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode()
                return hmac.digest(key, b".".join(fields), "sha512")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode()
                return hmac.new(key, b".".join(fields), "md5").digest()
            """,
        ),
        "not-bytes": cells(
            """
            import base64

            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode()
                return base64.b64encode(hmac.digest(key, b".".join(fields), "sha256"))
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                fields = iv, ciphertext, created_at.encode(), duration.encode()
                return hmac.new(key, b".".join(fields), "sha256").hexdigest().encode()
            """,
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
        "fixed-times": [
            but(
                _VERIFY,
                (
                    "sign(iv, ciphertext, fields[2], fields[3], key)",
                    "sign(iv, ciphertext, fields[2], '120000', key)",
                ),
            ),
        ],
        "key-ignored": [
            but(
                _VERIFY,
                (
                    "    expected =",
                    f"    key = derive_keys('{PAGE_SECRET}')[1]\n    expected =",
                ),
            ),
            "keys = []\n"
            + but(
                _VERIFY,
                ("    fields =", "    keys.append(key)\n    key = keys[0]\n    fields ="),
            ),
        ],
        "raised-without-message": [
            but(_VERIFY, (_RAISE, 'raise BadSignature("the MAC differs")')),
            but(_VERIFY, (_RAISE, "raise BadSignature")),
            but(
                _VERIFY,
                ("not hmac.compare", "hmac.compare"),
                (_RAISE, 'raise BadSignature("the MAC differs")'),
            ),
            but(_VERIFY, ('BadFormat("fields", "not five fields")', "BadFormat")),
            but(_VERIFY, ('BadFormat("iv", "not 16 bytes")', 'BadFormat("not 16 bytes")')),
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
            but(_VERIFY, ("len(fields) != 5", "len(fields) > 5")),
        ],
        "iv-any-length": [
            but(_VERIFY, (_IV_CHECK, "")),
            but(_VERIFY, ("len(iv) != 16", "not iv")),
            but(_VERIFY, ("len(iv) != 16", "len(iv) < 16")),
            but(_VERIFY, ("len(iv) != 16", "len(iv) > 16")),
            but(_VERIFY, ("len(iv) != 16", "len(iv) % 4")),
        ],
        "not-raised": [
            but(_VERIFY, (_RAISE, "return None")),
            but(_VERIFY, (_RAISE, "return False")),
            but(_VERIFY, (_RAISE, "BadSignature('signature', 'differs')\n        return None")),
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
            but(_VERIFY, ("len(iv) != 16", "len(fields[0]) != 16")),
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
                ("decrypt(ciphertext, encryption_key", "decrypt(ciphertext, signature_key"),
            ),
            but(
                _UNSEAL,
                ("    encryption_key, signature_key =", "    signature_key, encryption_key ="),
            ),
        ],
        "name-not-checked": [
            but(_UNSEAL, ("sealed_name != name", "sealed_name.lower() != name.lower()")),
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
            but(_UNSEAL, ("sealed_name != name", "not name.startswith(sealed_name)")),
            but(_UNSEAL, ("sealed_name != name", "sealed_name not in name")),
        ],
        "raised-without-message": [
            but(_UNSEAL, ('BadName("name", "another name")', 'BadName("another name")')),
            but(_UNSEAL, ('raise BadName("name", "another name")', "raise BadName")),
            but(
                _UNSEAL,
                ("sealed_name != name", "sealed_name == name"),
                ('BadName("name", "another name")', 'BadName("another name")'),
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
    "E3.4": {
        "no-name": [but(_SEAL, ('f"{name}={text}".encode()', "text.encode()"))],
        "spaces": [but(_SEAL, (', separators=(",", ":")', ""))],
        "escaped": [but(_SEAL, (", ensure_ascii=False", ""))],
        "one-key": [but(_SEAL, ("*times, signature_key", "*times, encryption_key"))],
        "signs-plaintext": [
            but(_SEAL, ("sign(iv, ciphertext,", 'sign(iv, f"{name}={text}".encode(),')),
            but(
                _SEAL,
                (
                    "sign(iv, ciphertext, *times, signature_key)",
                    'hmac.digest(signature_key, f"{name}={text}".encode(), "sha256")',
                ),
            ),
        ],
        "iv-ignored": [but(_SEAL, ("iv or os.urandom(16)", "os.urandom(16)"))],
        "iv-again": [
            but(_SEAL, ("iv=None", "iv=os.urandom(16)")),
            but(_SEAL, ("iv or os.urandom(16)", "iv or bytes(16)")),
        ],
        "keys-of-another": [
            but(_SEAL, ("derive_keys(secret)", f'derive_keys("{PAGE_SECRET}")'))
        ],
        "fixed-name": [but(_SEAL, ('f"{name}=', 'f"session='))],
        "encrypts-otherwise": [
            but(_SEAL, ("encryption_key, signature_key =", "signature_key, encryption_key =")),
            but(
                _SEAL, (".encode(), encryption_key, iv", ".encode(), encryption_key, bytes(16)")
            ),
        ],
    },
    "E3.5": {
        "unchanged": cells(
            "def stretch(value):\n    return value\n",
            "def stretch(value):\n    return value.replace('.120000.', '.315360000000.')\n",
        ),
        "other-time": cells(
            """
            def stretch(value):
                fields = value.split(".")
                fields[2] = "315360000000"
                return ".".join(fields)
            """,
        ),
        "other-field": cells(
            """
            def stretch(value):
                fields = value.split(".")
                fields[-1] = "315360000000"
                return ".".join(fields)
            """,
            """
            def stretch(value):
                a, b, c, d, e = value.split(".")
                return ".".join((a, b, c, "315360000000", "mac"))
            """,
        ),
        "in-seconds": [but(_STRETCH, ("3_600_000", "3_600"))],
    },
    "E3.6": {
        "longer-padding": [
            but(_LAST_BYTE, (_CONFIRM, "if True:")),
            but(_LAST_BYTE, ("bytes(14) + bytes([1, guess])", "bytes([1]) + iv[1:]")),
            but(_LAST_BYTE, ("bytes(14) + bytes([1, guess])", "iv")),
            but(_LAST_BYTE, ("bytes(15)", "before[:15]"), (_CONFIRM, "if True:")),
            but(_LAST_BYTE, ("range(256)", "reversed(range(256))"), (_CONFIRM, "if True:")),
            but(_LAST_BYTE, ("bytes(15)", "os.urandom(15)"), (_CONFIRM, "if True:")),
            _BY_PLAINTEXT,
        ],
        "not-mixed": [but(_LAST_BYTE, ("guess ^ 1 ^ before[15]", "guess ^ 1"))],
        "forgot-the-1": [but(_LAST_BYTE, ("guess ^ 1 ^ before[15]", "guess ^ before[15]"))],
        "returns-guess": [but(_LAST_BYTE, ("guess ^ 1 ^ before[15]", "guess"))],
        "guesses-missing": [
            but(_LAST_BYTE, ("range(256)", "range(255)")),
            but(_LAST_BYTE, ("range(256)", "range(1, 256)")),
            but(_LAST_BYTE, ("range(256)", "range(32, 127)")),
        ],
        "too-many": [
            but(_LAST_BYTE, ("range(256)", "[g for g in range(256) for _ in range(3)]")),
            "def last_byte(good, *blocks):\n    while True:\n        good(*blocks)\n",
            _UNTIL_ONE_IS_LEFT,
        ],
        "never-asked": cells(
            "def last_byte(ask, before, block):\n    return 6\n",
            "def last_byte(ask, before, block):\n    return before[15] ^ block[15]\n",
        ),
        "not-a-number": [
            but(_LAST_BYTE, ("guess ^ 1 ^ before[15]", "bytes([guess ^ 1 ^ before[15]])")),
            but(_LAST_BYTE, ("guess ^ 1 ^ before[15]", "chr(guess ^ 1 ^ before[15])")),
        ],
    },
    "E3.7": {
        "first-block": [
            but(_READ_ALL, ("range(0, len(ciphertext), 16)", "range(16, len(ciphertext), 16)")),
        ],
        "backwards": [
            but(_READ_ALL, ("return plaintext", "return plaintext[::-1]")),
            but(
                _READ_ALL,
                (
                    "plaintext += _mix(given, before)",
                    "plaintext = _mix(given, before) + plaintext",
                ),
            ),
            but(_READ_ALL, ("_mix(given, before)", "_mix(given, before)[::-1]")),
        ],
        "misled": [
            but(
                _READ_ALL,
                (
                    "given = [last_byte(good, bytes(16), block)]",
                    "given = [g ^ 1 for g in range(256)\n"
                    "                 if good(bytes(15) + bytes([g]), block)][:1]",
                ),
            ),
            but(
                _READ_ALL,
                ("given = [last_byte(good, bytes(16), block)]", "given = []"),
                ("range(2, 17)", "range(1, 17)"),
            ),
        ],
        "padding-removed": [
            but(_READ_ALL, ("return plaintext", "return plaintext[: -plaintext[-1]]")),
        ],
        "text-not-bytes": [but(_READ_ALL, ("return plaintext", "return plaintext.decode()"))],
        "asks-too-much": [
            but(
                _READ_ALL,
                (
                    "        given =",
                    "        [good(before, block) for _ in range(9600)]\n        given =",
                ),
            ),
            "def read_all(good, iv, ciphertext):\n    while True:\n        good(iv, iv)\n",
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
        but(
            _VERIFY,
            (
                "    expected =",
                "    if not (fields[2].isdecimal() and fields[3].isdecimal()):\n"
                '        raise BadFormat("time", "not a number")\n    expected =',
            ),
        ),
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
                "if hmac.compare_digest(to_base64(expected).encode(), fields[4].encode()) < 1:",
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
    "E3.4": cells(
        """
        def seal(content, secret, *, created_at, duration, iv=None, name="session"):
            keys = lesson_app.derive_keys(secret)
            return lesson_app.seal(
                content, keys, created_at=created_at, duration=duration, iv=iv, name=name
            )
        """,
        """
        def seal(content, secret, name="session", iv=None, **times):
            key, mac_key = derive_keys(secret)
            if iv is None:
                iv = secrets.token_bytes(16)
            plain = name.encode() + b"=" + json.dumps(
                content, ensure_ascii=False, separators=(",", ":")
            ).encode("utf-8")
            body = encrypt(plain, key, iv)
            start, length = f"{times['created_at']}", f"{times['duration']}"
            mac = to_base64(sign(iv, body, start, length, mac_key))
            return f"{to_base64(iv)}.{to_base64(body)}.{start}.{length}.{mac}"
        """,
    ),
    "E3.5": cells(
        """
        import re

        def stretch(value):
            return re.sub(r"\\.\\d+\\.(?=[^.]*$)", ".315360000000.", value)
        """,
        """
        from datetime import timedelta

        def stretch(value):
            *start, _, mac = value.split(".")
            years = timedelta(days=3652) // timedelta(milliseconds=1)
            return ".".join([*start, str(years), mac])
        """,
    ),
    "E3.6": [
        but(
            _LAST_BYTE,
            ("bytes(15)", "os.urandom(15)"),
            ("bytes(14) + bytes([1, guess])", "iv[:14] + bytes([iv[14] ^ 1, guess])"),
        ),
        but(_LAST_BYTE, ("range(256)", "reversed(range(256))")),
        but(_LAST_BYTE, ("bytes(15)", "bytearray(15)")),
        *cells(
            """
            def last_byte(good, before, block):
                one = {g for g in range(256) if good(bytes(15) + bytes([g]), block)}
                two = {g for g in range(256) if good(b"x" * 15 + bytes([g]), block)}
                return min(one & two) ^ 1 ^ before[15]
            """,
            """
            def last_byte(good, before, block):
                for plain in range(256):
                    iv = bytearray(before)
                    iv[15] ^= plain ^ 1
                    if not good(iv, block):
                        continue
                    iv[14] ^= 0xFF
                    if good(iv, block):
                        return plain
                return None
            """,
            """
            def last_byte(good, before, block):
                def fits(guess):
                    starts = (bytes(15), bytes([255]) * 15)
                    return all(good(start + bytes([guess]), block) for start in starts)

                return next(g for g in range(256) if fits(g)) ^ before[-1] ^ 0x01
            """,
            """
            def last_byte(good, before, block):
                candidates = [g for g in range(256) if good(bytes(15) + bytes([g]), block)]
                for g in candidates[:3]:
                    if good(bytes(14) + bytes([7, g]), block):
                        return g ^ 1 ^ before[15]
            """,
            """
            def last_byte(good, before, block):
                # Padding 1 stays right whatever the byte before it is.
                return next(
                    guess ^ 1 ^ before[15]
                    for guess in range(256)
                    if good(iv := bytes(15) + bytes([guess]), block)
                    and good(iv[:14] + b"\\x80" + iv[15:], block)
                )
            """,
        ),
    ],
    "E3.7": [
        but(_READ_ALL, ("return plaintext", "return bytearray(plaintext)")),
        *cells(
            """
            def read_all(good, iv, ciphertext):
                raw = iv + ciphertext
                blocks = [raw[i : i + 16] for i in range(0, len(raw), 16)]
                return b"".join(map(lambda a, b: read(good, a, b), blocks, blocks[1:]))

            def read(good, before, block):
                given = bytearray(16)
                given[15] = last_byte(good, before, block) ^ before[15]
                for place in reversed(range(15)):
                    n = 16 - place
                    attempt = bytearray(g ^ n for g in given)
                    for attempt[place] in range(256):
                        if good(attempt, block):
                            break
                    given[place] = attempt[place] ^ n
                return bytes(a ^ b for a, b in zip(given, before))
            """,
            """
            def read_all(good, iv, ciphertext):
                '''Find every byte without `last_byte`.'''
                out, raw = b"", iv + ciphertext
                for at in range(16, len(raw), 16):
                    block, known = raw[at : at + 16], b""
                    while len(known) < 16:
                        n = len(known) + 1
                        tail = bytes(k ^ n for k in known)
                        for g in range(256):
                            end = bytes([g]) + tail
                            fill = 16 - len(end)
                            if good(bytes(fill) + end, block) and (
                                n == 16 or good(bytes([9]) * fill + end, block)
                            ):
                                known = bytes([g ^ n]) + known
                                break
                    out += bytes(a ^ b for a, b in zip(known, raw[at - 16 : at]))
                return out
            """,
        ),
    ],
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E3.2": {
        "line 2: `.split` to `.rsplit`": "without a limit, both split at every dot",
        "line 9: first two arguments of `hmac.compare_digest` swapped": "it is symmetric",
    },
    "E3.5": {
        "line 2: `.split` to `.rsplit`": "without a limit, both split at every dot",
        "line 3: `3600000` to `3599999`": "it is ten years, to within a second of each day",
        "line 3: `3600000` to `3600001`": "it is ten years, to within a second of each day",
    },
    "E3.6": {
        "line 2: `256` to `257`": "one of the 256 values always fits",
        "line 5: `1` to `2`": "any other value of the byte before will do",
    },
    "E3.7": {
        "line 6: `16` to `17`": "`last_byte` uses the first 16 of these zeros",
        "line 9: `256` to `257`": "one of the 256 values always fits",
        "line 12: `break` dropped": "no other value fits, so this only asks more",
        "line 13: `True` to `False`": "both have 16 bytes",
        "line 13: argument `strict=True` dropped": "both have 16 bytes",
        "line 13: first two arguments of `zip` swapped": "XOR is symmetric",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E3.1": [
        (
            "def sign(i, c, a, d, k):\n    times = str(int(a)), str(int(d))\n"
            "    fields = [i, c, *map(str.encode, times)]\n"
            "    return hmac.digest(k, b'.'.join(fields), 'sha256')",
            "… raised ValueError: invalid literal for int() with base 10: 'hello'",
        ),
        (
            "cache = {}\ndef sign(i, c, a, d, k):\n"
            "    fields = b'.'.join([i, c, a.encode(), d.encode()])\n"
            "    return cache.setdefault(i, hmac.digest(k, fields, 'sha256'))",
            "…",
        ),
        (
            "def sign(iv, ciphertext, *rest):\n"
            "    return hmac.digest(rest[-1], ciphertext, 'sha256')",
            "sign should make the MAC of iv . ciphertext . created_at . duration, but made the "
            "MAC of ciphertext",
        ),
        (
            "def sign(*fields): return b'x'",
            "sign(iv, ciphertext, '1692988779453', '120000', key) should return … but returned "
            "b'x'",
        ),
        (
            """
def sign(iv, ciphertext, created_at, duration, key):
    times = created_at.encode(), created_at.encode()
    return hmac.digest(key, b".".join((iv, ciphertext, *times)), "sha256")
""",
            "sign should make the MAC of iv . ciphertext . created_at . duration, but made the "
            "MAC of iv . ciphertext . created_at . created_at",
        ),
        (
            """
def sign(iv, ciphertext, created_at, duration, key):
    times = created_at.encode(), duration.encode()
    return hmac.digest(key, b",".join((iv, ciphertext, *times)), "sha256")
""",
            "sign should make the MAC of iv . ciphertext . created_at . duration, but made the "
            "MAC of iv . ciphertext . created_at . duration, joined with ','",
        ),
        (
            """
def sign(iv, ciphertext, created_at, duration, key):
    fields = (iv, ciphertext, created_at.encode(), duration.encode())
    return hmac.digest(key, b".".join(fields), "sha256")[:16]
""",
            "you return only 16 bytes of the MAC; return all 32",
        ),
        (
            """
def sign(iv, ciphertext, created_at, duration, key):
    times = (created_at + duration).encode()
    return hmac.digest(key, b".".join((iv, ciphertext, times)), "sha256")
""",
            "this is another MAC; print the bytes that you sign: they should be "
            "b'….….1692988779453.120000'",
        ),
        (
            """
mac = None

def sign(iv, ciphertext, created_at, duration, key):
    global mac
    mac = mac or hmac.new(key, digestmod="sha256")
    mac.update(b".".join((iv, ciphertext, created_at.encode(), duration.encode())))
    return mac.digest()
""",
            "sign is right at first, but not when it is called again; print the bytes that you "
            "sign: they should be b'….….0.1'",
        ),
        (
            "def sign(iv, ciphertext, created_at, duration, key):\n"
            "    return hmac.digest(key, b'.'.join((iv, ciphertext, created_at)), 'sha256')",
            "… raised TypeError: sequence item 2: expected a bytes-like object, str found",
        ),
    ],
    "E3.2": [
        (
            "def verify(v, k): return 7",
            "verify(a valid cookie, key) should return four fields, but returned 7",
        ),
        (
            "def verify(v, k): print(v)",
            "verify(a valid cookie, key) should return four fields, but returned None; is a "
            "`return` missing?",
        ),
        ("def verify(v, k): raise KeyError(1)", "… raised KeyError: 1"),
        (
            but(_VERIFY, (_RAISE, 'return BadSignature("signature", "the MAC differs")')),
            "verify returned an error; write `raise` instead of `return`",
        ),
        (
            but(_VERIFY, (_RAISE, "return BadSignature")),
            "verify returned an error; write `raise` instead of `return`",
        ),
        (
            but(_VERIFY, (_RAISE, 'raise BadFormat("signature", "the MAC differs")')),
            "verify(a cookie with a changed ciphertext, key) should raise BadSignature, but "
            "raised BadFormat: the MAC differs",
        ),
        (
            but(_VERIFY, (_RAISE, 'raise BadCookie("signature", "the MAC differs")')),
            "verify(a cookie with a changed ciphertext, key) should raise BadSignature, but "
            "raised BadCookie: the MAC differs",
        ),
        (
            but(_VERIFY, (_RAISE, 'raise Exception("bad")')),
            "verify(a cookie with a changed ciphertext, key) should raise BadSignature, but "
            "raised Exception: bad",
        ),
        (
            but(_VERIFY, (_RAISE, "raise BadSignture('a', 'b')")),
            "verify(a cookie with a changed ciphertext, key) should raise BadSignature, but "
            "raised NameError: name 'BadSignture' is not defined",
        ),
        (
            but(_VERIFY, ('BadFormat("fields", "not five fields")', 'ValueError("fields")')),
            "verify(a value with no field at all, key) should raise BadFormat, but raised "
            "ValueError: fields",
        ),
        (
            but(_VERIFY, ('BadFormat("fields", "n', 'BadSignature("fields", "n')),
            "verify(a value with no field at all, key) should raise BadFormat, but raised "
            "BadSignature: not five fields",
        ),
        (
            but(_VERIFY, ('raise BadFormat("iv", "not 16 bytes")', "assert False")),
            "verify(an IV of 7 bytes, key) should raise BadFormat, but raised AssertionError",
        ),
        (
            but(_VERIFY, ("not hmac.compare", "hmac.compare")),
            "verify(a valid cookie, key) should return its first four fields, but raised "
            "BadSignature: the MAC differs",
        ),
        (
            but(_VERIFY, ("len(iv) != 16", "len(iv) == 16")),
            "verify(a valid cookie, key) should return its first four fields, but raised "
            "BadFormat: not 16 bytes",
        ),
        (
            but(_VERIFY, ("(mac, expected)", "(fields[4], to_base64(expected))")),
            "verify(a cookie with \u00e9 in its MAC, key) should raise BadCookie, but raised "
            "TypeError: comparing strings with non-ASCII characters is not supported",
        ),
        (
            but(_VERIFY, ("(mac, expected)", "(mac[:4], expected[:4])")),
            "verify(a cookie with a wrong MAC, key) should raise BadSignature, but returned",
        ),
        (
            but(_VERIFY, ("(mac, expected)", "(mac, expected[: len(mac)])")),
            "verify(a cookie with a wrong MAC, key) should raise BadSignature, but returned",
        ),
        (
            but(_VERIFY, ("(mac, expected)", "(fields[4], expected)")),
            "… raised TypeError: ",
        ),
    ],
    "E3.3": [
        (
            but(
                _UNSEAL,
                ("int(created_at), int(duration)", "float(created_at), 1.0 * int(duration)"),
            ),
            "unseal(value, secret) should return",
        ),
        (
            "def unseal(v, s): print(v)",
            "unseal(value, secret) should return ({'message': 'Hello World!'}, "
            "1692988779453, 120000), but returned None; is a `return` missing?",
        ),
        (
            but(_UNSEAL, ('raise BadName("name", "another name")', "raise KeyError(7)")),
            "unseal(a cookie sealed for 'theme-",
        ),
        (
            but(_UNSEAL, ('raise BadName("name"', 'return BadName("name"')),
            "unseal returned an error; write `raise` instead of `return`",
        ),
        (
            but(_UNSEAL, ('BadName("name"', 'BadSignature("name"')),
            "unseal(a cookie sealed for 'theme-",
        ),
        (
            but(_UNSEAL, ("sealed_name != name", "sealed_name == name")),
            "unseal(value, secret) should open the cookie, but raised BadName: another name",
        ),
        (
            but(
                _UNSEAL,
                (
                    _VERIFIED,
                    f"    try:\n    {_VERIFIED}    except BadCookie:\n"
                    "        raise ValueError('bad') from None\n",
                ),
            ),
            "unseal(a changed cookie, secret) should raise BadSignature, but raised "
            "ValueError: bad",
        ),
        ("def unseal(v, s): raise KeyError(1)", "… raised KeyError: 1"),
        (
            but(_UNSEAL, ("iv).decode()", "iv)")),
            "… raised TypeError: a bytes-like object is required, not 'str'",
        ),
        (
            but(_UNSEAL, ("decode()", 'decode("ascii")')),
            "… raised UnicodeDecodeError: ",
        ),
        (
            "def unseal(v, s): return {}, 1, 2",
            "unseal(value, secret) should return ({'message': 'Hello World!'}, "
            "1692988779453, 120000), but returned ({}, 1, 2)",
        ),
    ],
    "E3.4": [
        (
            "def seal(content, secret, **options): print(content)",
            "seal(content, secret, …) should return a string, but returned None; is a `return` "
            "missing?",
        ),
        (but(_SEAL, (", to_base64(mac)", "")), "seal should return 5 fields with dots, got 4"),
        (
            but(_SEAL, ("{name}={text}", "{name}:{text}")),
            "seal should encrypt session={…}, but encrypted session:{",
        ),
        (
            but(_SEAL, ("ensure_ascii=False", "ensure_ascii=False, sort_keys=True")),
            'seal should encrypt theme-…={"message":…}, but encrypted theme-…={"list":',
        ),
        (
            but(
                _SEAL,
                ("    iv = iv or", "    sent = iv or os.urandom(16)\n    iv = iv or"),
                ("(to_base64(iv),", "(to_base64(sent),"),
            ),
            "without an iv, seal's cookie does not open: BadSignature: the MAC differs",
        ),
        (
            but(_SEAL, ("str(duration))", 'f"0{duration}")')),
            "seal(the page's session, secret, …) should return ",
        ),
    ],
    "E3.5": [
        (
            "def stretch(value): value.split('.')",
            "stretch(value) should return the cookie's new value, a string, but returned None; "
            "is a `return` missing?",
        ),
        (
            but(_STRETCH, ('".".join(fields)', '"".join(fields)')),
            "stretch(value) should return 5 fields, got 1",
        ),
        (
            but(_STRETCH, ("10 * 365", "365")),
            "the duration should be ten years, 3650 days, got 365 days",
        ),
        (
            but(_STRETCH, ("str(10 * 365 * 24 * 3_600_000)", "'ten years'")),
            "the duration should be a whole number, got 'ten years'",
        ),
        (
            but(_STRETCH, ("str(10 * 365 * 24 * 3_600_000)", "10 * 365 * 24 * 3_600_000")),
            "… raised TypeError: sequence item 3: expected str instance, int found",
        ),
    ],
    "E3.6": [
        (
            but(_LAST_BYTE, ("bytes(15)", "bytes(14)")),
            "… raised ValueError: good() needs 16 bytes for iv, got 15 bytes",
        ),
        (
            but(_LAST_BYTE, ("good(iv, block)", "good(block, iv)")),
            "you asked about another block than the given one; the order is good(iv, block)",
        ),
        (
            but(_LAST_BYTE, ("good(iv, block)", 'good("iv", block)')),
            "… raised TypeError: good() needs bytes for iv, got 'iv'",
        ),
        (
            but(_LAST_BYTE, ("return guess", "print(guess)\n                guess")),
            "last_byte(good, before, block) should return ",
        ),
        (
            """
def last_byte(good, before, block):
    found = []
    for guess in range(256):
        if good(bytes(15) + bytes([guess]), block) and good(b"x" * 15 + bytes([guess]), block):
            found.append(guess)
    (guess,) = found
    return guess ^ 1 ^ before[15]
""",
            "if a server says yes to every question, last_byte should return any value, but "
            "raised ValueError: too many values to unpack (expected 1)",
        ),
    ],
    "E3.7": [
        (
            but(_READ_ALL, ("return plaintext", "print(plaintext)")),
            "read_all(good, iv, ciphertext), for 32 bytes, should return ",
        ),
        (
            but(_READ_ALL, ("range(2, 17)", "range(2, 16)")),
            "read_all(good, iv, ciphertext), for 32 bytes, should return ",
        ),
    ],
}
