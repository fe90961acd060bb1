"""Judge `verify`, the second exercise of notebook 03."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from typing import Any

from ... import cookie
from ...app import PAGE_SECRET
from ...cookie import derive_keys, from_base64, to_base64
from ...errors import BadCookie, BadFormat, BadSignature
from .judging import (
    Wrong,
    builtin_calls,
    describe,
    expect,
    forgotten,
    must_raise,
    outcome,
    short,
)
from .sign_judges import sign_ours

#: The two cookies that the course page prints.
PAGE_COOKIES = (
    "25uFcTuHZzZlSWntEs-Kzg.D96gsJqB0lLKj4DBZsc3KSj4Z4_76pkoCy4uXUqgS1C4uuHbaxMZ6l9dTCWu-ijc"
    ".1692988779453.120000.FprcH5eIT-o6Iedv-vP2i0P8HmzCRMXGdm813oveVBc",
    "AqnLAnL7dqAr9QqXnpD5Xw.wcCqiCvVSRgllI1mLOAC9yHmjjLygsur7AQaKX50_9vkugEnTKhhz3V4U8V_xgFa"
    ".1692989253302.120000.kCRDEuDgPpEuEsuEVF-2vR3vKILSPluM8tyaghTnYCE",
)
#: The built-in functions of `hmac` and cryptography that compare in constant time.
_CONSTANT_TIME = {"compare_digest", "_compare_digest", "verify"}
_TEN_YEARS = "315360000000"


def must_refuse(call: str, error: type[BadCookie], found: Any, accepted: str = "") -> None:
    """Raise `Wrong` unless a call raised `error`.

    `accepted` is the misconception of an answer that returns a value instead.
    """
    if isinstance(found, TypeError) and "BadCookie.__init__() missing" in str(found):
        raise Wrong("raised-without-message")
    if found is None or found is False:
        raise Wrong("not-raised")
    if accepted and not isinstance(found, Exception):
        raise Wrong(accepted)
    must_raise(call, error, found)


def judge_verify(verify: Callable[..., Any]) -> None:
    """Check that `verify` returns the four fields, or raises the right error."""
    page, keys = derive_keys(PAGE_SECRET), derive_keys(os.urandom(32))
    times: Any = {
        "created_at": secrets.randbelow(10**13),
        "duration": secrets.randbelow(10**6) + 1,
    }
    fresh = cookie.seal({"message": secrets.token_hex(20)}, keys, **times)
    _expect_fields(verify, PAGE_COOKIES[0], page.signature)
    if isinstance(outcome(verify, fresh, keys.signature), BadSignature):
        _explain_refusal(verify, fresh, page.signature, keys.signature)
    _expect_fields(verify, fresh, keys.signature)
    _expect_fields(verify, PAGE_COOKIES[1], page.signature)
    _judge_changed(verify, fresh, keys.signature)
    found = outcome(verify, fresh, page.signature)
    must_refuse("verify(a cookie of another key, key)", BadSignature, found, "key-ignored")
    _judge_structure(verify, fresh, keys)
    # `Keys` itself compares its two keys in constant time.
    called = builtin_calls(verify, fresh, keys.signature, except_in=cookie.Keys.__post_init__)
    if not _CONSTANT_TIME & called:
        raise Wrong("compared-by-equals")


def _explain_refusal(verify: Callable[..., Any], value: str, page: bytes, key: bytes) -> None:
    """Raise `Wrong` if it is known why only the page's cookie opens."""
    iv, ciphertext, *times, _ = value.split(".")
    raw = from_base64(iv), from_base64(ciphertext)
    mac = to_base64(sign_ours(*raw, times[0], times[1], page))
    others_key = outcome(verify, ".".join((iv, ciphertext, *times, mac)), key)
    if not isinstance(others_key, Exception):
        raise Wrong("key-ignored")
    times = PAGE_COOKIES[0].split(".")[2:4]
    mac = to_base64(sign_ours(*raw, times[0], times[1], key))
    pages_times = outcome(verify, ".".join((iv, ciphertext, *times, mac)), key)
    if not isinstance(pages_times, Exception):
        raise Wrong("fixed-times")


def _judge_changed(verify: Callable[..., Any], value: str, key: bytes) -> None:
    """Check that `verify` raises BadSignature for every changed field."""
    iv, ciphertext, created_at, duration, mac = value.split(".")
    raw = from_base64(mac)
    others = {
        "a changed ciphertext": ("not-verified", (iv, flip(ciphertext), created_at, duration)),
        "a changed IV": ("not-verified", (flip(iv), ciphertext, created_at, duration)),
        f"the duration {_TEN_YEARS}": ("", (iv, ciphertext, created_at, _TEN_YEARS)),
        "another created_at": ("", (iv, ciphertext, f"{created_at}0", duration)),
        # Python reads the same numbers, but the strings differ.
        f"the duration 0{duration}": (
            "times-read-first",
            (iv, ciphertext, created_at, f"0{duration}"),
        ),
        "the created_at +5": ("times-read-first", (iv, ciphertext, "+5", duration)),
        "a space before created_at": (
            "times-read-first",
            (iv, ciphertext, f" {created_at}", duration),
        ),
        f"the created_at 0{created_at}": (
            "times-read-first",
            (iv, ciphertext, f"0{created_at}", duration),
        ),
        "the created_at hello": ("times-read-first", (iv, ciphertext, "hello", duration)),
    }
    for what, (name, fields) in others.items():
        found = outcome(verify, ".".join((*fields, mac)), key)
        if name == "times-read-first" and isinstance(found, BadFormat):
            continue  # refused a little early, as `lesson_app.unseal` does
        if name == "times-read-first" and _is_from_int(found):
            raise Wrong(name)
        must_refuse(f"verify(a cookie with {what}, key)", BadSignature, found, name)
    changed = (
        to_base64(bytes([raw[0] ^ 1]) + raw[1:]),
        to_base64(raw[:-1] + bytes([raw[-1] ^ 1])),
        to_base64(raw[:16]),
        "",
    )
    for wrong in changed:
        found = outcome(verify, ".".join((iv, ciphertext, created_at, duration, wrong)), key)
        must_refuse("verify(a cookie with a wrong MAC, key)", BadSignature, found)
    strange = outcome(verify, f"{value[:-1]}\u00e9", key)
    must_refuse("verify(a cookie with \u00e9 in its MAC, key)", BadCookie, strange)


def _is_from_int(found: Any) -> bool:
    return isinstance(found, ValueError) and "invalid literal for int()" in str(found)


def _judge_structure(verify: Callable[..., Any], value: str, keys: cookie.Keys) -> None:
    """Check that `verify` raises BadFormat unless there are five fields and a whole IV."""
    structures = {
        "no field at all": "",
        "1 field": "not-a-cookie",
        "4 fields": value.rpartition(".")[0],
        "6 fields": f"{value}.more",
    }
    for what, wrong in structures.items():
        found = outcome(verify, wrong, keys.signature)
        name = "fields-not-counted"
        unpacked = isinstance(found, ValueError) and "to unpack" in str(found)
        if unpacked or isinstance(found, IndexError):
            raise Wrong(name)
        must_refuse(f"verify(a value with {what}, key)", BadFormat, found, name)
    for size in (7, 12, 20):
        found = outcome(verify, moved_border(keys, size), keys.signature)
        must_refuse(f"verify(an IV of {size} bytes, key)", BadFormat, found, "iv-any-length")


def _expect_fields(verify: Callable[..., Any], value: str, key: bytes) -> None:
    found, right = outcome(verify, value, key), verify_ours(value, key)
    if isinstance(found, BadCookie):
        # Twelve bytes are sixteen characters of base64.
        keys = cookie.Keys(bytes(32), key)
        refused = [
            isinstance(outcome(verify, moved_border(keys, size), key), BadFormat)
            for size in (7, 12, 20)
        ]
        if isinstance(found, BadFormat) and refused == [True, False, True]:
            raise Wrong("still-base64")
        raised = f"should return its first four fields, but raised {describe(found)}"
        raise Wrong(message=f"verify(a valid cookie, key) {raised}")
    if isinstance(found, TypeError) and "BadCookie.__init__() missing" in str(found):
        raise Wrong("raised-without-message")
    if isinstance(found, Exception):
        raise found
    if found is True:
        raise Wrong("says-yes")
    fields = tuple(found) if isinstance(found, list) else found
    if not isinstance(fields, tuple) or len(fields) != 4:
        raise Wrong(
            message="verify(a valid cookie, key) should return four fields, but returned "
            f"{short(fields)}{forgotten(fields)}"
        )
    if isinstance(fields[0], str):
        raise Wrong("still-base64")
    expect("verify(a valid cookie, key)", fields, right)


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


def moved_border(keys: cookie.Keys, size: int) -> str:
    """Return a cookie whose IV has another size, up to a dot. Its MAC is valid."""
    iv, ciphertext, times = os.urandom(16), os.urandom(48), ("1", "2")
    signed = bytearray(iv + b"." + ciphertext)
    signed[size] = ord(".")
    iv, ciphertext = bytes(signed[:size]), bytes(signed[size + 1 :])
    mac = sign_ours(iv, ciphertext, *times, keys.signature)
    return ".".join((to_base64(iv), to_base64(ciphertext), *times, to_base64(mac)))


def flip(text: str) -> str:
    """Return base64 with another character in the middle."""
    middle = len(text) // 2
    return text[:middle] + ("2" if text[middle] != "2" else "3") + text[middle + 1 :]
