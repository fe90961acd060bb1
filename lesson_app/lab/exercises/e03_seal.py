"""The exercises of notebook 03: sign, verify, unseal."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from ... import cookie
from ...app import PAGE_SECRET
from ...cookie import derive_keys, from_base64, to_base64
from ...errors import BadCookie, BadFormat, BadName, BadSignature
from .judging import Exercise, Wrong, builtin_calls, describe, expect, misconceptions, outcome

#: The two cookies that the course page prints.
PAGE_COOKIES = (
    "25uFcTuHZzZlSWntEs-Kzg.D96gsJqB0lLKj4DBZsc3KSj4Z4_76pkoCy4uXUqgS1C4uuHbaxMZ6l9dTCWu-ijc"
    ".1692988779453.120000.FprcH5eIT-o6Iedv-vP2i0P8HmzCRMXGdm813oveVBc",
    "AqnLAnL7dqAr9QqXnpD5Xw.wcCqiCvVSRgllI1mLOAC9yHmjjLygsur7AQaKX50_9vkugEnTKhhz3V4U8V_xgFa"
    ".1692989253302.120000.kCRDEuDgPpEuEsuEVF-2vR3vKILSPluM8tyaghTnYCE",
)
_IV, _CIPHERTEXT, _KEY = bytes(range(16)), bytes(range(100, 132)), b"k" * 32
_PAGE_KEYS = derive_keys(PAGE_SECRET)
_OTHER_SECRET = "another secret, just as long"  # noqa: S105  # seals one test cookie
#: Its content has an =, and a character of more than one byte.
_AWKWARD = cookie.seal(
    {"message": "1+1=2, \u00e9"}, derive_keys(_OTHER_SECRET), created_at=1, duration=2
)
#: The built-in functions of `hmac` and cryptography that compare in constant time.
_CONSTANT_TIME = {"compare_digest", "_compare_digest", "verify"}


# E3.1


def judge_sign(sign: Callable[..., Any]) -> None:
    """Check that `sign` returns the HMAC-SHA256 of the four fields, joined by dots."""
    for created_at, duration in (("1692988779453", "120000"), ("0", "1")):
        mac = sign(_IV, _CIPHERTEXT, created_at, duration, _KEY)
        if isinstance(mac, str):
            raise Wrong("not-bytes")
        fields = (_IV, _CIPHERTEXT, created_at.encode(), duration.encode())
        for name, wrong in _WRONG_MACS:
            if mac == wrong(*fields):
                raise Wrong(name)
        right = sign_ours(_IV, _CIPHERTEXT, created_at, duration, _KEY)
        expect(f"sign(iv, ciphertext, {created_at!r}, {duration!r}, key)", mac, right)


def sign_ours(
    iv: bytes, ciphertext: bytes, created_at: str, duration: str, key: bytes
) -> bytes:
    """Return the MAC of the four fields."""
    return cookie.sign(iv, ciphertext, created_at, duration, cookie.Keys(bytes(32), key))


def _mac(*parts: bytes, joint: bytes = b".") -> bytes:
    return hmac.digest(_KEY, joint.join(parts), "sha256")


_WRONG_MACS: tuple[tuple[str, Callable[[bytes, bytes, bytes, bytes], bytes]], ...] = (
    ("times-outside", lambda iv, text, created, duration: _mac(iv, text)),
    ("times-outside", lambda iv, text, created, duration: _mac(iv + text)),
    ("duration-outside", lambda iv, text, created, duration: _mac(iv, text, created)),
    ("duration-outside", lambda iv, text, created, duration: _mac(iv + text + created)),
    ("iv-outside", lambda iv, text, created, duration: _mac(text, created, duration)),
    ("iv-outside", lambda iv, text, created, duration: _mac(text)),
    ("no-dots", lambda *fields: _mac(*fields, joint=b"")),
    (
        "base64",
        lambda iv, text, created, duration: _mac(
            to_base64(iv).encode(), to_base64(text).encode(), created, duration
        ),
    ),
    (
        "written-out",
        lambda iv, text, created, duration: _mac(
            f"{iv!r}.{text!r}.{created.decode()}.{duration.decode()}".encode()
        ),
    ),
    ("plain-hash", lambda *fields: hashlib.sha256(_KEY + b".".join(fields)).digest()),
    ("plain-hash", lambda *fields: hashlib.sha256(b".".join((_KEY, *fields))).digest()),
    ("key-last", lambda *fields: hashlib.sha256(b".".join(fields) + _KEY).digest()),
    ("key-last", lambda *fields: hashlib.sha256(b".".join((*fields, _KEY))).digest()),
    ("no-key", lambda *fields: hashlib.sha256(b".".join(fields)).digest()),
    ("swapped", lambda *fields: hmac.digest(b".".join(fields), _KEY, "sha256")),
)


# E3.2


def judge_verify(verify: Callable[..., Any]) -> None:
    """Check that `verify` returns the four fields, or raises BadCookie for a bad cookie."""
    key = _PAGE_KEYS.signature
    for value in PAGE_COOKIES:
        _expect_fields(outcome(verify, value, key), verify_ours(value, key))
    iv, ciphertext, created_at, duration, mac = PAGE_COOKIES[0].split(".")
    changed = {
        "not-verified": (iv, _flip(ciphertext), created_at, duration, mac),
        "times-outside": (iv, ciphertext, created_at, "315360000000", mac),
        # Python reads the same number, but the string differs.
        "times-read-first": (iv, ciphertext, created_at, "0120000", mac),
    }
    for name, fields in changed.items():
        found = outcome(verify, ".".join(fields), key)
        if found is None or found is False:
            raise Wrong("not-raised")
        if not isinstance(found, BadCookie):
            raise Wrong(name)
    words = outcome(verify, ".".join((iv, ciphertext, "hello", duration, mac)), key)
    if not isinstance(words, BadCookie):
        raise Wrong("times-read-first")
    for value in ("", "not-a-cookie", f"{PAGE_COOKIES[0]}.more"):
        if not isinstance(outcome(verify, value, key), BadCookie):
            raise Wrong("fields-not-counted")
    if not isinstance(outcome(verify, _moved_border(), key), BadCookie):
        raise Wrong("iv-any-length")
    # `Keys` itself compares its two keys in constant time.
    called = builtin_calls(verify, PAGE_COOKIES[0], key, except_in=cookie.Keys.__post_init__)
    if not _CONSTANT_TIME & called:
        raise Wrong("compared-by-equals")


def _expect_fields(found: Any, right: tuple[Any, ...]) -> None:
    if isinstance(found, BadFormat) and found.reason == "iv":
        raise Wrong("still-base64")
    if isinstance(found, Exception):
        raise found
    if found is True:
        raise Wrong("says-yes")
    fields = tuple(found) if isinstance(found, list) else found
    if isinstance(fields, tuple) and fields and isinstance(fields[0], str):
        raise Wrong("still-base64")
    expect("verify(the page's cookie, key)", fields, right)


def verify_ours(value: str, key: bytes) -> tuple[bytes, bytes, str, str]:
    """Return IV, ciphertext and both times, or raise BadCookie."""
    fields = value.split(".")
    if len(fields) != 5:
        raise BadFormat("fields", f"expected 5 fields, got {len(fields)}")
    iv, ciphertext, mac = (from_base64(fields[i]) for i in (0, 1, 4))
    if len(iv) != cookie.IV_LENGTH:
        raise BadFormat("iv", f"expected an IV of {cookie.IV_LENGTH} bytes, got {len(iv)}")
    if not hmac.compare_digest(mac, sign_ours(iv, ciphertext, fields[2], fields[3], key)):
        raise BadSignature("signature", "the MAC differs")
    return iv, ciphertext, fields[2], fields[3]


def _moved_border() -> str:
    """Return a cookie whose IV ends early, at a dot inside it. Its MAC is still valid."""
    iv = b"1234567.90123456"
    value = cookie.seal({"a": 1}, _PAGE_KEYS, created_at=0, iv=iv)
    _, ciphertext, *rest = value.split(".")
    moved = iv[8:] + b"." + from_base64(ciphertext)
    return ".".join((to_base64(iv[:7]), to_base64(moved), *rest))


def _flip(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("2" if text[middle] != "2" else "3") + text[middle + 1 :]


# E3.3


def judge_unseal(unseal: Callable[..., Any]) -> None:
    """Check that `unseal` verifies first, checks the name, and returns all three values."""
    for value in PAGE_COOKIES:
        _expect_opened(outcome(unseal, value, PAGE_SECRET), value, PAGE_SECRET)
    _judge_awkward(outcome(unseal, _AWKWARD, _OTHER_SECRET))
    iv, ciphertext, *rest = PAGE_COOKIES[0].split(".")
    # Two of three blocks: they can be decrypted, but end without padding.
    torn = ".".join((iv, to_base64(from_base64(ciphertext)[:32]), *rest))
    # Every decryption with cryptography calls this, whatever `decrypt` the answer uses.
    if "create_decryption_ctx" in builtin_calls(unseal, torn, PAGE_SECRET):
        raise Wrong("decrypts-first")
    found = outcome(unseal, torn, PAGE_SECRET)
    if not isinstance(found, Exception):
        raise Wrong("not-raised")
    if not isinstance(found, BadCookie):
        raise Wrong(
            message=f"a wrong MAC should raise BadSignature, but raised {describe(found)}"
        )
    for sealed, name in (("theme", "name-not-checked"), ("sessions", "name-begins-alike")):
        value = cookie.seal({"a": 1}, _PAGE_KEYS, name=sealed, created_at=0)
        found = outcome(unseal, value, PAGE_SECRET)
        if not isinstance(found, Exception):
            raise Wrong(name if _is_open(found) else "not-raised")
        if not isinstance(found, BadCookie) and name == "name-not-checked":
            raise Wrong(
                message=f"another name should raise BadName, but raised {describe(found)}"
            )
        if not isinstance(found, BadCookie):
            raise Wrong(name)
        found = outcome(unseal, value, PAGE_SECRET, name=sealed)
        if isinstance(found, Exception):
            raise Wrong("one-name")


def _judge_awkward(found: Any) -> None:
    """Check a session that contains =, sealed with another secret."""
    if isinstance(found, BadSignature):
        raise Wrong("fixed-key")
    if isinstance(found, Exception):
        raise Wrong("every-equals")
    _expect_opened(found, _AWKWARD, _OTHER_SECRET)


def _is_open(found: Any) -> bool:
    """Return whether a return value contains a session that is not empty."""
    if isinstance(found, cookie.Unsealed):
        found = found.content
    if isinstance(found, tuple | list):
        found = (*found, None)[0]
    return isinstance(found, dict) and bool(found)


def _expect_opened(found: Any, value: str, secret: str) -> None:
    right = unseal_ours(value, secret)
    if isinstance(found, cookie.Unsealed):
        found = (found.content, found.created_at, found.duration)
    if isinstance(found, BadSignature):
        raise Wrong("other-key")
    if isinstance(found, Exception):
        raise found
    if isinstance(found, list):
        found = tuple(found)
    if found is None:
        expect("unseal(value, secret)", found, right)
    if not isinstance(found, tuple) or len(found) != 3:
        raise Wrong("content-alone")
    if isinstance(found[0], str | bytes):
        raise Wrong("content-is-string")
    if found[1:] == tuple(map(str, right[1:])):
        raise Wrong("times-are-strings")
    expect("unseal(value, secret)", found, right)


def unseal_ours(value: str, secret: str, *, name: str = "session") -> tuple[Any, int, int]:
    """Return content, created_at and duration, or raise BadCookie."""
    keys = derive_keys(secret)
    iv, ciphertext, created_at, duration = verify_ours(value, keys.signature)
    sealed_name, _, text = cookie.decrypt(ciphertext, keys, iv).decode().partition("=")
    if sealed_name != name:
        raise BadName("name", f"sealed for the cookie {sealed_name!r}")
    return json.loads(text), int(created_at), int(duration)


EXERCISES = (
    Exercise(
        "E3.1",
        "sign",
        judge_sign,
        misconceptions(
            times_outside="the MAC does not cover the two times; anyone with a cookie could "
            "extend its lifetime",
            duration_outside="the MAC does not cover the duration; anyone could make a "
            "session last forever",
            iv_outside="the MAC does not cover the IV; flipping its bits changes the first "
            "block, and the server would not notice",
            no_dots="there are no dots between the fields; without them, 1 and 23 get the "
            "same MAC as 12 and 3",
            base64="you signed the base64 strings; sign the bytes that they encode",
            plain_hash="this is a plain hash, with the key first; an attacker can extend a "
            "SHA-256 hash without the key, so use HMAC",
            key_last="this is a plain hash, with the key last; two messages with the same hash "
            "would get the same MAC, so use HMAC",
            no_key="you did not use the key, so anyone can compute this MAC; use "
            "`hmac.digest(key, …)`",
            written_out="`str` and f-strings write bytes as b'…', with the quotes; join the "
            'bytes themselves: `b".".join(…)`',
            swapped="you used the fields as the key, and the key as the message; swap them",
            not_bytes="this is a string; return the 32 bytes from `hmac.digest`",
        ),
        (
            "Sign all four fields. The two times are strings: `.encode()` them.",
            '`b".".join((…))` joins bytes, with dots between them.',
            'hmac.digest(key, b".".join((iv, ciphertext, …, …)), "sha256")',
        ),
        (sign_ours,),
    ),
    Exercise(
        "E3.2",
        "verify",
        judge_verify,
        misconceptions(
            not_verified="you accepted a changed ciphertext; compute the MAC again, and "
            "compare it with the cookie's",
            times_outside="you accepted a changed duration; compute the MAC over the times "
            "in the cookie",
            times_read_first="you converted the times to numbers before you verified them; an "
            "attacker may send `hello` or `0120000`. Sign the strings as they arrived",
            compared_by_equals="your results are right, but == may stop at the first "
            "difference, and its time shows where; use `hmac.compare_digest`",
            fields_not_counted="if there are not exactly five fields, raise BadFormat; a "
            "visitor may send anything",
            iv_any_length="you accepted an IV of another length; then an attacker can move "
            "the border between IV and ciphertext, and the MAC stays valid",
            not_raised="verify must raise an error for a bad cookie; a caller may overlook "
            "a returned None or False",
            says_yes="you return True; return the four verified fields instead",
            still_base64="the fields are still base64 strings; convert IV, ciphertext and MAC "
            "to bytes with `from_base64`",
        ),
        (
            "Split at the dots. If there are not five fields, raise BadFormat. Convert three "
            "fields to bytes.",
            "Check the IV's length. Compute the MAC with `sign`, and compare it with the "
            "cookie's.",
            "if not hmac.compare_digest(mac, sign(iv, ciphertext, created_at, duration, key)): "
            "raise BadSignature(…). At the end, return the four fields.",
        ),
        (verify_ours,),
    ),
    Exercise(
        "E3.3",
        "unseal",
        judge_unseal,
        misconceptions(
            decrypts_first="you decrypt before you verify, and a decryption error may help "
            "an attacker; call `verify` first, then `decrypt`",
            other_key="the page's cookie does not verify; `derive_keys` returns the encryption "
            "key first, the signature key second",
            name_not_checked="you opened a cookie that was sealed for another name; compare "
            "the sealed name with the parameter `name`",
            name_begins_alike="you accepted a name that only *begins* like the right one; "
            "compare everything before the first =",
            fixed_key="you ignore the parameter `secret`, so you cannot open cookies of "
            "another secret; derive the keys from it",
            not_raised="unseal must raise an error for a bad cookie; a caller may use a "
            "returned value as a session",
            one_name="a cookie that was sealed for `theme` does not open as `theme`; compare "
            "with the parameter `name`, not with a fixed name",
            every_equals="a session may contain =; only the first = ends the name, so use "
            "`partition`",
            content_alone="return three values: the content, created_at and duration",
            content_is_string="the content is still a string; convert it with `json.loads`",
            times_are_strings="created_at and duration are still strings; convert them with "
            "`int(…)`",
        ),
        (
            "`derive_keys` returns two keys. `verify` needs the second, `decrypt` the first.",
            'decrypt(…).decode().partition("=") returns the sealed name, an =, and the JSON.',
            "If the sealed name is not `name`, raise BadName(…). Otherwise, return json.loads "
            "of the JSON, and int of both times.",
        ),
        (unseal_ours,),
    ),
)
