"""What learners write: wrong answers by exercise and misconception, and right ones.

Each is the source that stands in the exercise's cell; it may use what the notebook has
defined by then. Where learners err in several ways, there are several. None knows how the
judges look.
"""

from __future__ import annotations

from textwrap import dedent

from lesson_app.app import PAGE_SECRET
from tests.exercises import wrong_answers_07, wrong_answers_08


def _cells(*sources: str) -> list[str]:
    return [dedent(source).strip() + "\n" for source in sources]


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
_LOGIN = """
def login():
    if not is_user(request.form.get("userName", ""), request.form.get("password", "")):
        return render_template_string(LOGIN, message="invalid login")
    session.reset()
    session["user"] = dict(USER)
    return redirect("/dashboard", code=302)
"""
_ENSURE = """
def ensure_login(view):
    @wraps(view)
    def guarded(*args, **kwargs):
        if not session.get("user"):
            return redirect("/login", code=302)
        return view(*args, **kwargs)

    return guarded
"""
_DOORS = """
def open_doors(app):
    doors = set()
    for rule in app.url_map.iter_rules():
        if rule.arguments:
            continue
        client = app.test_client()
        response = client.get(rule.rule)
        if response.status_code == 200:
            doors.add(rule.rule)
    return doors
"""


def _but(source: str, *changes: tuple[str, str]) -> str:
    """A solution in which a learner has written something else."""
    for before, after in changes:
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    return source


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
_CREDENTIALS = 'request.form.get("userName", ""), request.form.get("password", "")'
_CHECK_USER = f"""    if not is_user({_CREDENTIALS}):
        return render_template_string(LOGIN, message="invalid login")
"""

WRONG: dict[str, dict[str, list[str]]] = {
    "E0.1": {
        "unsealed": _cells(
            "message = unseal(found, derive_keys(SECRET))",
            "keys = derive_keys(SECRET)\nmessage = unseal(found, keys, name='session')",
        ),
        "whole-session": _cells(
            "message = unseal(found, derive_keys(SECRET)).content",
            "message = dict(unseal(found, derive_keys(SECRET)).content)",
        ),
        "other-cookie": _cells(
            'message = unseal(cookie, derive_keys(SECRET)).content["message"]',
            'message = "Hello World!"',
            'message = "hello world"',
        ),
        "still-sealed": _cells(
            "message = found",
            'message = found.split(".")[1]',
            'message = found.partition(".")[0]',
            'message = "r7ScnhMNF8eajB2CHSDYEw"',
        ),
    },
    "E1.1": {
        "attributes-kept": _cells(
            """
            def cookie_pair(set_cookie):
                name, value = set_cookie.split("=", 1)
                return name, value
            """,
            """
            def cookie_pair(set_cookie):
                name, value = set_cookie.split("=")
                return name, value
            """,
            """
            def cookie_pair(set_cookie):
                parts = set_cookie.split("=")
                return parts[0], parts[1]
            """,
            """
            def cookie_pair(set_cookie):
                return set_cookie.partition("=")[::2]
            """,
        ),
        "every-equals": _cells(
            """
            def cookie_pair(set_cookie):
                name, value = set_cookie.split(";")[0].split("=")
                return name, value
            """,
            """
            def cookie_pair(set_cookie):
                parts = set_cookie.split("; ")[0].split("=")
                return parts[0], parts[1]
            """,
            """
            def cookie_pair(set_cookie):
                name, _, value = set_cookie.partition(";")[0].rpartition("=")
                return name, value
            """,
        ),
        "swapped": _cells(
            """
            def cookie_pair(set_cookie):
                name, _, value = set_cookie.partition(";")[0].partition("=")
                return value, name
            """,
            """
            def cookie_pair(set_cookie):
                return tuple(reversed(set_cookie.split(";")[0].split("=", 1)))
            """,
        ),
        "one-text": _cells(
            """
            def cookie_pair(set_cookie):
                return set_cookie.split(";")[0]
            """,
            """
            def cookie_pair(set_cookie):
                name, _, value = set_cookie.partition(";")[0].partition("=")
                return f"{name}, {value}"
            """,
            """
            def cookie_pair(set_cookie):
                return set_cookie.split(";")[0].split("=")[1]
            """,
        ),
    },
    "E1.2": {
        "bytes": _cells(
            """
            def encode(content):
                return base64.urlsafe_b64encode(json.dumps(content).encode())
            """,
            """
            def encode(content):
                return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")
            """,
            """
            def encode(content):
                return str(base64.urlsafe_b64encode(json.dumps(content).encode())).rstrip("=")
            """,
            """
            def encode(content):
                return json.dumps(content).encode()
            """,
        ),
        "not-encoded": _cells(
            """
            def encode(content):
                return json.dumps(content)
            """,
            """
            def encode(content):
                return json.dumps(content, separators=(",", ":")).rstrip("=")
            """,
        ),
        "padding-kept": _cells(
            """
            def encode(content):
                return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
            """,
            """
            def encode(content):
                text = json.dumps(content)
                raw = text.encode("utf-8")
                return str(base64.b64encode(raw), "ascii")
            """,
        ),
        "standard-alphabet": _cells(
            """
            def encode(content):
                return base64.b64encode(json.dumps(content).encode()).decode().rstrip("=")
            """,
            """
            def encode(content):
                text = base64.standard_b64encode(json.dumps(content).encode()).decode()
                return text.replace("=", "")
            """,
        ),
        "python-text": _cells(
            """
            def encode(content):
                return base64.urlsafe_b64encode(str(content).encode()).decode().rstrip("=")
            """,
            """
            def encode(content):
                return base64.urlsafe_b64encode(f"{content}".encode()).decode().strip("=")
            """,
            """
            def encode(content):
                return str(content)
            """,
        ),
    },
    "E1.3": {
        "padding-missing": _cells(
            """
            def decode(text):
                return json.loads(base64.urlsafe_b64decode(text))
            """,
            """
            def decode(text):
                return json.loads(base64.urlsafe_b64decode(text.encode()).decode())
            """,
            """
            def decode(text):
                return json.loads(base64.urlsafe_b64decode(text + "="))
            """,
        ),
        "still-text": _cells(
            """
            def decode(text):
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            """,
            """
            def decode(text):
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            """,
            """
            def decode(text):
                return str(base64.urlsafe_b64decode(text + "=="))
            """,
        ),
        "standard-alphabet": _cells(
            """
            def decode(text):
                return json.loads(base64.b64decode(text + "=" * (-len(text) % 4)))
            """,
            """
            def decode(text):
                return json.loads(base64.standard_b64decode(text + "=="))
            """,
            """
            def decode(text):
                padded = text + "=" * (-len(text) % 4)
                return json.loads(base64.b64decode(padded, validate=True))
            """,
        ),
        "evaluated": _cells(
            """
            def decode(text):
                return eval(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            """,
            """
            def decode(text):
                names = {"true": True, "false": False, "null": None}
                return eval(base64.urlsafe_b64decode(text + "==").decode(), names)
            """,
        ),
    },
    "E2.1": {
        "swapped-keys": _cells(
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
        "word-as-key": _cells(
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
        "plain-hash": _cells(
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
        "hex": _cells(
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
        "one-key": _cells(
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
        "iv-reused": _cells(
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
        "iv-guessable": _cells(
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
        "other-key": _cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).encryptor()
                return iv, encryptor.update(pad(message)) + encryptor.finalize()
            """,
        ),
        "no-chaining": _cells(
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
        "no-padding": _cells(
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
        "full-block": _cells(
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
        "other-padding": _cells(
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
        "one-value": _cells(
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
        "swapped": _cells(
            """
            def encrypt(message, key):
                iv = os.urandom(16)
                encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
                return encryptor.update(pad(message)) + encryptor.finalize(), iv
            """,
        ),
    },
    "E3.1": {
        "times-outside": _cells(
            """
            def sign(iv, ciphertext, created_at, duration, key):
                return hmac.digest(key, iv + b"." + ciphertext, "sha256")
            """,
            """
            def sign(iv, ciphertext, created_at, duration, key):
                return hmac.digest(key, iv + ciphertext, "sha256")
            """,
        ),
        "duration-outside": _cells(
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
        "iv-outside": _cells(
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
        "no-dots": _cells(
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
        "base64": _cells(
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
        "written-out": _cells(
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
        "plain-hash": _cells(
            """
            import hashlib

            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, created_at.encode(), duration.encode())
                return hashlib.sha256(key + b".".join(fields)).digest()
            """,
        ),
        "key-last": _cells(
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
        "no-key": _cells(
            """
            from hashlib import sha256

            def sign(iv, ciphertext, created_at, duration, key):
                fields = (iv, ciphertext, str(created_at).encode(), str(duration).encode())
                return sha256(b".".join(fields)).digest()
            """,
        ),
        "swapped": _cells(
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
        "text": _cells(
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
            _but(_VERIFY, (_MAC_CHECK, "")),
            _but(_VERIFY, ("compare_digest(mac, expected)", "compare_digest(mac, mac)")),
            _but(
                _VERIFY,
                ("    if not hmac.compare_digest(mac, expected):\n", "    if not expected:\n"),
            ),
        ],
        "times-outside": [
            _but(
                _VERIFY,
                (
                    "sign(iv, ciphertext, fields[2], fields[3], key)",
                    "sign(iv, ciphertext, fields[2], '120000', key)",
                ),
            ),
        ],
        "times-read-first": [
            _but(
                _VERIFY,
                (
                    "    expected = sign(iv, ciphertext, fields[2], fields[3], key)",
                    "    created_at, duration = int(fields[2]), int(fields[3])\n"
                    "    expected = sign(iv, ciphertext, str(created_at), str(duration), key)",
                ),
            ),
            _but(
                _VERIFY,
                (
                    "    iv, ciphertext, mac =",
                    "    created_at = int(fields[2])\n    iv, ciphertext, mac =",
                ),
            ),
        ],
        "compared-by-equals": [
            _but(_VERIFY, ("not hmac.compare_digest(mac, expected)", "mac != expected")),
            _but(
                _VERIFY,
                ("not hmac.compare_digest(mac, expected)", "fields[4] != to_base64(expected)"),
            ),
        ],
        "fields-not-counted": [
            _but(_VERIFY, (_FIELDS_CHECK, "")),
            _but(_VERIFY, ("len(fields) != 5", "len(fields) < 5")),
            _but(
                _VERIFY,
                ('fields = value.split(".")', 'a, b, c, d, e = fields = value.split(".")'),
                (_FIELDS_CHECK, ""),
            ),
            _but(_VERIFY, ('BadFormat("fields", "not five fields")', 'ValueError("fields")')),
        ],
        "iv-any-length": [
            _but(_VERIFY, (_IV_CHECK, "")),
            _but(_VERIFY, ("len(iv) != 16", "not iv")),
        ],
        "not-raised": [
            _but(_VERIFY, (_RAISE, "return None")),
            _but(_VERIFY, (_RAISE, "return False")),
        ],
        "says-yes": [
            _but(_VERIFY, ("return iv, ciphertext, fields[2], fields[3]\n", "return True\n")),
        ],
        "still-base64": [
            _but(
                _VERIFY,
                (
                    "(from_base64(fields[i]) for i in (0, 1, 4))",
                    "(fields[i] for i in (0, 1, 4))",
                ),
            ),
            _but(
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
            _but(_UNSEAL, (_VERIFIED, _UNVERIFIED)),
            _but(_UNSEAL, (_VERIFIED, _UNVERIFIED), (_DECRYPT, _DECRYPT + _VERIFIED)),
            _but(
                _UNSEAL,
                (_VERIFIED, _UNVERIFIED),
                ("    return json", f"{_VERIFIED}    return json"),
            ),
        ],
        "other-key": [
            _but(_UNSEAL, ("verify(value, signature_key)", "verify(value, encryption_key)")),
            _but(
                _UNSEAL,
                ("    encryption_key, signature_key =", "    signature_key, encryption_key ="),
            ),
        ],
        "name-not-checked": [
            _but(_UNSEAL, (_NAME_CHECK, "")),
            _but(_UNSEAL, ("sealed_name != name", "not sealed_name")),
        ],
        "name-begins-alike": [
            _but(_UNSEAL, ("sealed_name != name", "not sealed_name.startswith(name)")),
            _but(
                _UNSEAL,
                ('    sealed_name, _, text = plaintext.partition("=")\n', ""),
                ("sealed_name != name", "not plaintext.startswith(name)"),
                ("json.loads(text)", "json.loads(plaintext[len(name) + 1 :])"),
            ),
        ],
        "one-name": [
            _but(_UNSEAL, ("sealed_name != name", 'sealed_name != "session"')),
        ],
        "fixed-key": [
            _but(_UNSEAL, ("derive_keys(secret)", f'derive_keys("{PAGE_SECRET}")')),
        ],
        "not-raised": [
            _but(_UNSEAL, ('raise BadName("name", "another name")', "return None")),
            _but(_UNSEAL, ('raise BadName("name", "another name")', "return {}, 0, 0")),
            _but(
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
            _but(
                _UNSEAL,
                (
                    'sealed_name, _, text = plaintext.partition("=")',
                    'sealed_name, text = plaintext.split("=")',
                ),
            ),
            _but(
                _UNSEAL,
                (
                    'sealed_name, _, text = plaintext.partition("=")',
                    'sealed_name, text, *rest = plaintext.split("=")',
                ),
            ),
            _but(_UNSEAL, ('.partition("=")', '.rpartition("=")')),
        ],
        "content-alone": [
            _but(_UNSEAL, (_RETURN, "json.loads(text)\n")),
            _but(_UNSEAL, (_RETURN, '{"content": json.loads(text)}\n')),
        ],
        "content-is-text": [_but(_UNSEAL, ("json.loads(text)", "text"))],
        "times-are-text": [
            _but(_UNSEAL, ("int(created_at), int(duration)", "created_at, duration")),
        ],
    },
    "E4.1": {
        "shallow": _cells(
            """
            def remember(session):
                return dict(session)

            def changed(note, session):
                return note != session
            """,
            """
            def remember(session):
                return session.copy()

            def changed(note, session):
                return note != session.copy()
            """,
            """
            def remember(session):
                return list(session.items())

            def changed(note, session):
                return list(session.items()) != note
            """,
            """
            import copy

            def remember(session):
                return copy.copy(session)

            def changed(note, session):
                return not (session == note)
            """,
        ),
        "same-object": _cells(
            """
            def remember(session):
                return session

            def changed(note, session):
                return note != session
            """,
            """
            def remember(session):
                before = session
                return before

            def changed(note, session):
                return session is not note
            """,
        ),
        "always": _cells(
            """
            def remember(session):
                return dict(session)

            def changed(note, session):
                return True
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return note != session
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return note is not json.dumps(session)
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return json.dumps(session) == note
            """,
        ),
        "only-keys": _cells(
            """
            def remember(session):
                return set(session)

            def changed(note, session):
                return note != set(session)
            """,
            """
            def remember(session):
                return len(session)

            def changed(note, session):
                return len(session) != note
            """,
            """
            def remember(session):
                return list(session.keys())

            def changed(note, session):
                return list(session.keys()) != note
            """,
        ),
        "only-growth": _cells(
            """
            import copy

            def remember(session):
                return copy.deepcopy(session)

            def changed(note, session):
                for key, value in session.items():
                    if key not in note or note[key] != value:
                        return True
                return False
            """,
            """
            import json

            def remember(session):
                return {key: json.dumps(value) for key, value in session.items()}

            def changed(note, session):
                return any(note.get(key) != json.dumps(session[key]) for key in session)
            """,
        ),
        "only-full": _cells(
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                if not session:
                    return False
                return json.dumps(session) != note
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return bool(session) and json.dumps(session) != note
            """,
        ),
        "one-is-true": _cells(
            """
            import copy

            def remember(session):
                return copy.deepcopy(session)

            def changed(note, session):
                return note != session
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return json.loads(note) != session
            """,
        ),
    },
    "E4.2": {
        "border": _cells(
            """
            def expired(created_at, duration, now):
                return created_at + duration <= now
            """,
            """
            def expired(created_at, duration, now):
                return now >= created_at + duration
            """,
            """
            def expired(created_at, duration, now):
                left = created_at + duration - now
                if left > 0:
                    return False
                return True
            """,
        ),
        "inverted": _cells(
            """
            def expired(created_at, duration, now):
                return created_at + duration > now
            """,
            """
            def expired(created_at, duration, now):
                return now <= created_at + duration
            """,
            """
            def expired(created_at, duration, now):
                return now - created_at < duration
            """,
        ),
        "since-1970": _cells(
            """
            def expired(created_at, duration, now):
                return duration < now
            """,
            """
            def expired(created_at, duration, now):
                return now - duration > 0
            """,
        ),
        "no-duration": _cells(
            """
            def expired(created_at, duration, now):
                return created_at < now
            """,
            """
            def expired(created_at, duration, now):
                return now - created_at > 0
            """,
        ),
        "never": _cells(
            """
            def expired(created_at, duration, now):
                return False
            """,
            """
            def expired(created_at, duration, now):
                return created_at > now
            """,
            """
            def expired(created_at, duration, now):
                return created_at + duration < created_at
            """,
        ),
    },
    "E4.3": {
        "each-request": _cells(
            """
            def renewed(created_at, duration, active_duration, now):
                return created_at + active_duration
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                if created_at + duration >= now:
                    created_at += active_duration
                return created_at
            """,
        ),
        "border": _cells(
            """
            def renewed(created_at, duration, active_duration, now):
                left = created_at + duration - now
                if left <= active_duration:
                    return created_at + active_duration
                return created_at
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                left = created_at + duration - now
                return created_at if left > active_duration else created_at + active_duration
            """,
        ),
        "from-now": _cells(
            """
            def renewed(created_at, duration, active_duration, now):
                left = created_at + duration - now
                if left < active_duration:
                    return now
                return created_at
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                return now
            """,
        ),
        "time-spent": _cells(
            """
            def renewed(created_at, duration, active_duration, now):
                if now - created_at > active_duration:
                    return created_at + active_duration
                return created_at
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                lasted = now - created_at
                return created_at + (active_duration if active_duration < lasted else 0)
            """,
        ),
        "yes-or-no": _cells(
            """
            def renewed(created_at, duration, active_duration, now):
                return created_at + duration - now < active_duration
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                if created_at + duration - now < active_duration:
                    return True
                return False
            """,
        ),
    },
    "E5.1": {
        "gives-names-away": [
            _but(
                _LOGIN,
                (
                    "    if not is_user",
                    '    if request.form.get("userName") != USER["userName"]:\n'
                    '        return render_template_string(LOGIN, message="no invalid login")\n'
                    "    if not is_user",
                ),
            ),
        ],
        "everybody": [
            _but(
                _LOGIN,
                (
                    f"not is_user({_CREDENTIALS})",
                    'not is_user(USER["userName"], request.form.get("password", ""))',
                ),
            ),
            _but(_LOGIN, (_CHECK_USER, "")),
            _but(_LOGIN, (f"not is_user({_CREDENTIALS})", f"is_user({_CREDENTIALS})")),
            _but(
                _LOGIN,
                (
                    '        return render_template_string(LOGIN, message="invalid login")',
                    '        render_template_string(LOGIN, message="invalid login")',
                ),
            ),
            *_cells(
                """
                def login():
                    session.reset()
                    session["user"] = dict(USER)
                    if not is_user(request.form["userName"], request.form["password"]):
                        return render_template_string(LOGIN, message="invalid login")
                    return redirect("/dashboard")
                """,
            ),
        ],
        "wrong-redirects": [
            _but(
                _LOGIN,
                (
                    'render_template_string(LOGIN, message="invalid login")',
                    'redirect("/login")',
                ),
            ),
            _but(
                _LOGIN,
                (
                    'render_template_string(LOGIN, message="invalid login")',
                    'redirect("/login?message=invalid login", code=302)',
                ),
            ),
        ],
        "no-message": [
            _but(_LOGIN, (', message="invalid login"', "")),
            _but(_LOGIN, ('message="invalid login"', 'message=""')),
            _but(_LOGIN, ('message="invalid login"', 'message="wrong password"')),
        ],
        "no-form": [
            _but(
                _LOGIN,
                ('render_template_string(LOGIN, message="invalid login")', '"invalid login"'),
            ),
            _but(_LOGIN, ("(LOGIN, message", '("<p>{{ message }}</p>", message')),
        ],
        "not-the-form": [
            _but(_LOGIN, ('get("userName"', 'get("username"')),
            _but(
                _LOGIN,
                (
                    _CREDENTIALS,
                    'request.form.get("password", ""), request.form.get("userName", "")',
                ),
            ),
            *_cells(
                """
                def login():
                    name = request.form.get("userName")
                    password = request.form.get("password")
                    if name == USER["userName"] and password == USER.get("password"):
                        session.reset()
                        session["user"] = dict(USER)
                        return redirect("/dashboard", code=302)
                    return render_template_string(LOGIN, message="invalid login")
                """
            ),
        ],
        "password-kept": [
            _but(_LOGIN, ("dict(USER)", "request.form.to_dict()")),
            _but(_LOGIN, ("dict(USER)", '{**USER, "password": request.form["password"]}')),
            _but(
                _LOGIN,
                (
                    "    return redirect(",
                    '    session["password"] = request.form["password"]\n    return redirect(',
                ),
            ),
        ],
        "no-redirect": [
            _but(_LOGIN, ('redirect("/dashboard", code=302)', '"welcome"')),
            _but(
                _LOGIN,
                (
                    'redirect("/dashboard", code=302)',
                    "render_template_string(DASHBOARD, user=USER)",
                ),
            ),
        ],
        "field-missing": [
            _but(_LOGIN, ('get("password", "")', 'get("password")')),
            _but(_LOGIN, (_CREDENTIALS, _CREDENTIALS.replace(', "")', ")"))),
        ],
        "not-reset": [
            _but(_LOGIN, ("    session.reset()\n", "")),
            _but(_LOGIN, ("session.reset()", 'session.pop("user", None)')),
        ],
        "from-address": [
            _but(_LOGIN, (_CREDENTIALS, _CREDENTIALS.replace("form", "values"))),
            _but(_LOGIN, (_CREDENTIALS, _CREDENTIALS.replace("form", "args"))),
            _but(
                _LOGIN,
                (
                    "    if not",
                    "    request.form = request.form or request.args\n    if not",
                ),
            ),
        ],
    },
    "E5.2": {
        "still-in": _cells(
            """
            def logout():
                return redirect("/login", code=302)
            """,
            """
            def logout():
                session.pop("message", None)
                return redirect("/login", code=302)
            """,
            """
            def logout():
                session = {}
                return redirect("/login", code=302)
            """,
        ),
        "rest-kept": _cells(
            """
            def logout():
                session.pop("user", None)
                return redirect("/login", code=302)
            """,
            """
            def logout():
                del session["user"]
                return redirect("/login", code=302)
            """,
            """
            def logout():
                session["user"] = None
                return redirect("/login", code=302)
            """,
        ),
        "cookie-deleted": _cells(
            """
            def logout():
                response = redirect("/login", code=302)
                response.delete_cookie("session")
                return response
            """,
            """
            def logout():
                response = redirect("/login", code=302)
                response.set_cookie("session", "", expires=0)
                return response
            """,
        ),
        "no-redirect": _cells(
            """
            def logout():
                session.reset()
                return "bye"
            """,
            """
            def logout():
                session.reset()
                return render_template_string(LOGIN, message="")
            """,
        ),
    },
    "E6.1": {
        "too-early": _cells(
            """
            def ensure_login(view):
                if session.get("user"):
                    return view
                return redirect("/login", code=302)
            """,
            """
            def ensure_login(view):
                user = session.get("user")

                @wraps(view)
                def guarded(*args, **kwargs):
                    if not user:
                        return redirect("/login", code=302)
                    return view(*args, **kwargs)

                return guarded
            """,
            _but(_ENSURE, ("    return guarded\n", "    return guarded()\n")),
        ),
        "not-a-view": _cells(
            _but(_ENSURE, ("    return guarded\n", "")),
            """
            def ensure_login(view):
                return redirect("/login", code=302)
            """,
        ),
        "no-view": _cells(
            _but(_ENSURE, ("return view(*args, **kwargs)", "view(*args, **kwargs)")),
            _but(_ENSURE, ("return view(*args, **kwargs)", "return view")),
        ),
        "no-arguments": _cells(
            _but(
                _ENSURE,
                ("guarded(*args, **kwargs)", "guarded()"),
                ("view(*args, **kwargs)", "view()"),
            ),
            _but(_ENSURE, ("view(*args, **kwargs)", "view()")),
            _but(
                _ENSURE,
                ("guarded(*args, **kwargs)", "guarded(*args)"),
                ("view(*args, **kwargs)", "view(*args)"),
            ),
        ),
        "inverted": _cells(
            _but(_ENSURE, ('not session.get("user")', 'session.get("user")')),
            _but(_ENSURE, ('not session.get("user")', '"user" in session')),
        ),
        "nobody": _cells(
            _but(_ENSURE, ('"user"', '"userName"')),
            _but(_ENSURE, ('not session.get("user")', "True")),
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    return redirect("/login", code=302)

                return guarded
            """,
        ),
        "everybody": _cells(
            """
            def ensure_login(view):
                return view
            """,
            _but(
                _ENSURE, ('return redirect("/login", code=302)', 'redirect("/login", code=302)')
            ),
            _but(_ENSURE, ('not session.get("user")', "session is None")),
        ),
        "any-user": _cells(
            _but(_ENSURE, ('not session.get("user")', '"user" not in session')),
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    if "user" in session:
                        return view(*args, **kwargs)
                    return redirect("/login")

                return guarded
            """,
        ),
        "view-first": _cells(
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    answer = view(*args, **kwargs)
                    if session.get("user"):
                        return answer
                    return redirect("/login", code=302)

                return guarded
            """,
        ),
        "no-redirect": _cells(
            _but(_ENSURE, ('redirect("/login", code=302)', '"please log in"')),
            _but(_ENSURE, ('redirect("/login", code=302)', '"<form></form>", 200')),
        ),
        "no-wraps": _cells(
            _but(_ENSURE, ("    @wraps(view)\n", "")),
            """
            def ensure_login(view):
                return lambda *args, **kwargs: (
                    view(*args, **kwargs) if session.get("user") else redirect("/login")
                )
            """,
        ),
    },
    "E6.2": {
        "guard-above": _cells(
            """
            def add_report(app):
                @ensure_login
                @app.get("/report")
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    return "All our figures"

                report = ensure_login(report)
            """,
        ),
        "no-guard": _cells(
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                app.add_url_rule("/report", view_func=lambda: "All our figures")
            """,
        ),
        "no-route": _cells(
            """
            def add_report(app):
                @ensure_login
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                @app.get("/reports")
                @ensure_login
                def report():
                    return "All our figures"
            """,
        ),
        "nobody": _cells(
            """
            def add_report(app):
                @app.post("/report")
                @ensure_login
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    if not session.get("admin"):
                        return redirect("/login", code=302)
                    return "All our figures"
            """,
        ),
    },
    "E6.3": {
        "one-visitor": [
            _but(_DOORS, ("        client = app.test_client()\n", "")).replace(
                "    doors = set()\n", "    doors = set()\n    client = app.test_client()\n"
            ),
            *_cells(
                """
                def open_doors(app):
                    with app.test_client() as client:
                        rules = [r for r in app.url_map.iter_rules() if not r.arguments]
                        return {r.rule for r in rules if client.get(r.rule).status_code == 200}
                """
            ),
        ],
        "follows": [
            _but(_DOORS, ("get(rule.rule)", "get(rule.rule, follow_redirects=True)")),
        ],
        "not-refused": [
            _but(_DOORS, ("== 200", "!= 302")),
            _but(_DOORS, ("== 200", "!= 404")),
            _but(_DOORS, ("== 200", "< 400")),
            _but(_DOORS, ("        if response.status_code == 200:\n    ", "")),
        ],
        "with-arguments": [
            _but(_DOORS, ("        if rule.arguments:\n            continue\n", "")),
            *_cells(
                """
                def open_doors(app):
                    found = []
                    for rule in app.url_map.iter_rules():
                        path = rule.rule
                        if app.test_client().get(path).status_code == 200:
                            found.append(path)
                    return found
                """
            ),
        ],
        "names": [
            _but(_DOORS, ("doors.add(rule.rule)", "doors.add(rule.endpoint)")),
            *_cells(
                """
                def open_doors(app):
                    return {
                        rule.endpoint
                        for rule in app.url_map.iter_rules()
                        if app.test_client().get(rule.rule).status_code == 200
                    }
                """
            ),
        ],
    },
}

RIGHT: dict[str, list[str]] = {
    "E0.1": _cells(
        'message = unseal(found, derive_keys(SECRET)).content.get("message")',
        "[message] = unseal(found, derive_keys(SECRET)).content.values()",
        'session = unseal(found, derive_keys(SECRET)).content\nmessage = session["message"]',
        'message = unseal(found, derive_keys(SECRET)).content["message"] + "."',
    ),
    "E1.1": _cells(
        """
        def cookie_pair(set_cookie):
            return tuple(set_cookie.split(";")[0].split("=", 1))
        """,
        """
        def cookie_pair(set_cookie):
            first, *attributes = set_cookie.split("; ")
            place = first.index("=")
            return [first[:place], first[place + 1:]]
        """,
        """
        from http.cookies import SimpleCookie

        def cookie_pair(set_cookie):
            [(name, morsel)] = SimpleCookie(set_cookie).items()
            return name, morsel.value
        """,
    ),
    "E1.2": _cells(
        """
        def encode(content):
            text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
            return str(base64.urlsafe_b64encode(text.encode()), "ascii").replace("=", "")
        """,
        """
        def encode(content):
            text = base64.b64encode(json.dumps(content).encode(), altchars=b"-_").decode()
            while text.endswith("="):
                text = text[:-1]
            return text
        """,
        """
        from lesson_app.cookie import to_base64

        def encode(content):
            return to_base64(json.dumps(content, sort_keys=True, indent=1).encode())
        """,
    ),
    "E1.3": _cells(
        """
        def decode(text):
            return json.loads(base64.urlsafe_b64decode(text + "==").decode("utf-8"))
        """,
        """
        def decode(text):
            while len(text) % 4:
                text += "="
            return json.loads(base64.b64decode(text.replace("-", "+").replace("_", "/")))
        """,
        """
        def decode(text):
            try:
                return json.loads(base64.b64decode(text + "===", altchars="-_"))
            except ValueError:
                return {}
        """,
    ),
    "E2.1": _cells(
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
    "E2.2": _cells(
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
    "E3.1": _cells(
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
        *_cells(
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
        _but(
            _VERIFY,
            (
                "if not hmac.compare_digest(mac, expected):",
                "if hmac.compare_digest(to_base64(expected), fields[4]) is False:",
            ),
        ),
    ],
    "E3.3": _cells(
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
    "E4.1": _cells(
        """
        import copy
        import json

        def remember(session):
            return copy.deepcopy(dict(session))

        def changed(note, session):
            return json.dumps(note, sort_keys=True) != json.dumps(session, sort_keys=True)
        """,
        """
        import hashlib
        import json

        def fingerprint(session):
            return hashlib.sha256(json.dumps(session).encode()).digest()

        def remember(session):
            return fingerprint(session)

        def changed(note, session):
            return not fingerprint(session) == note
        """,
        """
        def remember(session):
            return repr(session)

        def changed(note, session):
            if note == repr(session):
                return False
            return True
        """,
    ),
    "E4.2": _cells(
        """
        def expired(created_at, duration, now):
            return now > created_at + duration
        """,
        """
        def expired(created_at, duration, now):
            left = created_at + duration - now
            return left < 0
        """,
        """
        def expired(created_at, duration, now):
            if now - created_at <= duration:
                return False
            else:
                return True
        """,
    ),
    "E4.3": _cells(
        """
        def renewed(created_at, duration, active_duration, now):
            if now + active_duration > created_at + duration:
                created_at += active_duration
            return created_at
        """,
        """
        def renewed(created_at, duration, active_duration, now):
            left = duration - (now - created_at)
            return created_at if left >= active_duration else created_at + active_duration
        """,
        """
        def renewed(created_at, duration, active_duration, now):
            left = created_at + duration - now
            return created_at + active_duration * (left < active_duration)
        """,
    ),
    "E5.1": [
        *_cells(
            """
            def login():
                name = request.form["userName"]
                password = request.form["password"]
                if is_user(name, password):
                    session.clear()
                    session["user"] = {"userName": name, "email": USER["email"]}
                    return redirect("/dashboard")
                else:
                    return render_template_string(LOGIN, message="invalid login"), 200
            """,
            """
            from flask import make_response, url_for

            def login():
                form = request.form.to_dict()
                if not is_user(form.get("userName", ""), form.get("password", "")):
                    return make_response(
                        render_template_string(LOGIN, message="Sorry: invalid login."))
                session.reset()
                session.update(user=USER)
                return redirect(url_for("dashboard"), 302)
            """,
        ),
        _but(
            _LOGIN, ("session.reset()", "for key in list(session):\n        del session[key]")
        ),
    ],
    "E5.2": _cells(
        """
        def logout():
            session.clear()
            return redirect("/login")
        """,
        """
        from flask import url_for

        def logout():
            session.reset()
            return redirect(url_for("login"), code=302)
        """,
        """
        def logout():
            for key in list(session):
                session.pop(key)
            return "", 302, {"Location": "/login"}
        """,
    ),
    "E6.1": _cells(
        """
        import functools

        def ensure_login(view):
            @functools.wraps(view)
            def guarded(*args, **kwargs):
                if session.get("user"):
                    return view(*args, **kwargs)
                return redirect("/login")

            return guarded
        """,
        """
        def ensure_login(view):
            def guarded(**arguments):
                if "user" not in session or not session["user"]:
                    return redirect("/login", 302)
                answer = view(**arguments)
                return answer

            return wraps(view)(guarded)
        """,
        """
        from flask import url_for

        def ensure_login(view):
            def guarded(*args, **kwargs):
                user = session.get("user")
                return view(*args, **kwargs) if user else redirect(url_for("login"))

            guarded.__name__ = view.__name__
            return guarded
        """,
    ),
    "E6.2": _cells(
        """
        def add_report(app):
            def report():
                return "All our figures"

            app.add_url_rule("/report", view_func=ensure_login(report))
        """,
        """
        def add_report(app):
            @app.route("/report", methods=["GET"])
            @ensure_login
            def figures():
                return "All our figures"

            return app
        """,
        """
        def add_report(app):
            @app.get("/report")
            def report():
                if not session.get("user"):
                    return redirect("/login", code=302)
                return "All our figures"
        """,
    ),
    "E6.3": _cells(
        """
        def open_doors(app):
            paths = [r.rule for r in app.url_map.iter_rules() if "<" not in r.rule]
            return [p for p in paths if app.test_client().get(p).status_code == 200]
        """,
        """
        def open_doors(app):
            doors = set()
            for rule in app.url_map.iter_rules():
                if len(rule.arguments) == 0 and "GET" in rule.methods:
                    with app.test_client() as stranger:
                        if stranger.get(str(rule)).status == "200 OK":
                            doors |= {rule.rule}
            return frozenset(doors)
        """,
        """
        def open_doors(app):
            found = ()
            for rule in app.url_map.iter_rules():
                if not rule.arguments:
                    answer = app.test_client(use_cookies=False).get(rule.rule)
                    if answer.status_code == 200:
                        found += (rule.rule,)
            return found
        """,
    ),
}

WRONG |= wrong_answers_07.WRONG | wrong_answers_08.WRONG
RIGHT |= wrong_answers_07.RIGHT | wrong_answers_08.RIGHT
