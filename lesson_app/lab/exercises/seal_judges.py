"""Judge `seal` and `stretch`, which write the cookies of notebook 03."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any

from ... import cookie
from ...app import PAGE_SECRET
from ...cookie import derive_keys, from_base64, to_base64
from ...errors import BadCookie, BadName, BadSignature
from .judging import Wrong, describe, expect, forgotten, outcome, short
from .sign_judges import sign_ours
from .verify_judges import PAGE_COOKIES, verify_ours

_HELLO = {"message": "Hello World!"}
_DAY = 24 * 60 * 60 * 1000


def seal_ours(
    content: Any,
    secret: str,
    *,
    created_at: int,
    duration: int,
    iv: bytes | None = None,
    name: str = "session",
) -> str:
    """Return the cookie's value."""
    keys = derive_keys(secret)
    return cookie.seal(
        content, keys, name=name, created_at=created_at, duration=duration, iv=iv
    )


def unseal_ours(value: str, secret: str, *, name: str = "session") -> tuple[Any, int, int]:
    """Return content, created_at and duration, or raise BadCookie."""
    keys = derive_keys(secret)
    iv, ciphertext, created_at, duration = verify_ours(value, keys.signature)
    sealed_name, _, text = cookie.decrypt(ciphertext, keys, iv).decode().partition("=")
    if sealed_name != name:
        raise BadName("name", f"sealed for the cookie {sealed_name!r}")
    return json.loads(text), int(created_at), int(duration)


def stretch_ours(value: str) -> str:
    """Return the cookie with a duration of ten years."""
    fields = value.split(".")
    fields[3] = str(3650 * _DAY)
    return ".".join(fields)


def judge_seal(seal: Callable[..., Any]) -> None:
    """Check that `seal` makes the page's cookie again, and others that open."""
    iv, _, created_at, duration, _ = PAGE_COOKIES[0].split(".")
    times: Any = {"created_at": int(created_at), "duration": int(duration)}
    value = seal(dict(_HELLO), PAGE_SECRET, **times, iv=from_base64(iv))
    if value != PAGE_COOKIES[0]:
        _explain_seal(value)
    secret = secrets.token_urlsafe(32)
    for content, name in (
        ({"message": secrets.token_hex(9)}, "session"),
        ({"message": "caf\u00e9, or: tea", "list": [1, None]}, f"theme-{secrets.token_hex(2)}"),
    ):
        times = {"created_at": secrets.randbelow(10**13), "duration": secrets.randbelow(10**6)}
        right = seal_ours(content, secret, **times, iv=bytes(range(16)), name=name)
        value = seal(content, secret, **times, iv=bytes(range(16)), name=name)
        if value != right:
            _explain_other(value, right, secret, name)
    _judge_ivs(seal, secret)


def _explain_seal(value: Any) -> None:
    """Raise `Wrong` for a cookie that is not the page's first one."""
    right = PAGE_COOKIES[0]
    if not isinstance(value, str):
        raise Wrong(
            message="seal(content, secret, …) should return a string, but returned "
            f"{short(value)}{forgotten(value)}"
        )
    fields, wanted = value.split("."), right.split(".")
    if len(fields) != 5:
        raise Wrong(message=f"seal should return 5 fields with dots, got {len(fields)}")
    if fields[0] != wanted[0]:
        raise Wrong("iv-ignored")
    keys, iv = derive_keys(PAGE_SECRET), from_base64(wanted[0])
    if fields[1] != wanted[1]:
        _explain_plaintext(fields[1], keys, iv)
    ciphertext = from_base64(wanted[1])
    plaintext = cookie.decrypt(ciphertext, keys, iv)
    if fields[4] == to_base64(sign_ours(iv, ciphertext, wanted[2], wanted[3], keys.encryption)):
        raise Wrong("one-key")
    macs = (
        sign_ours(iv, plaintext, wanted[2], wanted[3], keys.signature),
        hmac.digest(keys.signature, plaintext, "sha256"),
    )
    if fields[4] in map(to_base64, macs):
        raise Wrong("signs-plaintext")
    expect("seal(the page's session, secret, …)", value, right)


def _explain_plaintext(text: str, keys: cookie.Keys, iv: bytes) -> None:
    try:
        plaintext = cookie.decrypt(from_base64(text), keys, iv)
    except BadCookie:
        raise Wrong("encrypts-otherwise") from None
    right = b'session={"message":"Hello World!"}'
    if plaintext == right.partition(b"=")[2]:
        raise Wrong("no-name")
    if plaintext == right.replace(b":", b": "):
        raise Wrong("spaces")
    if not plaintext.isascii():
        raise Wrong("encrypts-otherwise")
    raise Wrong(message=_encrypted(right, plaintext))


def _encrypted(right: bytes, plaintext: bytes) -> str:
    shown = f"{right.decode()}, but encrypted {plaintext[:80].decode(errors='replace')}"
    return f"seal should encrypt {shown}"


def _explain_other(value: Any, right: str, secret: str, name: str) -> None:
    found = outcome(unseal_ours, value, secret, name=name)
    if isinstance(found, BadSignature):
        raise Wrong("keys-of-another")
    if isinstance(found, BadName):
        raise Wrong("fixed-name")
    if isinstance(found, tuple):
        keys, iv = derive_keys(secret), bytes(range(16))
        texts = (from_base64(each.split(".")[1]) for each in (right, value))
        wanted, plaintext = (cookie.decrypt(each, keys, iv) for each in texts)
        if b"\\u00e9" in plaintext:
            raise Wrong("escaped")
        if plaintext != wanted:
            raise Wrong(message=_encrypted(wanted, plaintext))
    expect("seal(content, secret, …)", value, right)


def _judge_ivs(seal: Callable[..., Any], secret: str) -> None:
    """Check that each cookie has a new IV of 16 bytes, and opens."""
    times = {"created_at": 1, "duration": 2}
    values = [seal(dict(_HELLO), secret, **times) for _ in range(3)]
    for value in values:
        found = outcome(unseal_ours, value, secret)
        if isinstance(found, Exception):
            raise Wrong(
                message=f"without an iv, seal's cookie does not open: {describe(found)}"
            )
        expect("unseal(seal(content, secret, …), secret)", found, (_HELLO, 1, 2))
    if len({value.partition(".")[0] for value in values}) < len(values):
        raise Wrong("iv-again")


def judge_stretch(stretch: Callable[..., Any]) -> None:
    """Check that only the duration changes, to ten years in milliseconds."""
    for duration in (86_400_000, 120_000, secrets.randbelow(10**6) + 1):
        secret = secrets.token_urlsafe(32)
        value = seal_ours(_HELLO, secret, created_at=10**12, duration=duration)
        found = stretch(value)
        if not isinstance(found, str):
            raise Wrong(
                message="stretch(value) should return the cookie's new value, a string, but "
                f"returned {short(found)}{forgotten(found)}"
            )
        old, new = value.split("."), found.split(".")
        if found == value:
            raise Wrong("unchanged")
        if len(new) != 5:
            raise Wrong(message=f"stretch(value) should return 5 fields, got {len(new)}")
        if new[2] != old[2]:
            raise Wrong("other-time")
        if (*new[:3], new[4]) != (*old[:3], old[4]):
            raise Wrong("other-field")
        _judge_ten_years(new[3])


def _judge_ten_years(duration: str) -> None:
    if not duration.isdecimal():
        raise Wrong(message=f"the duration should be a whole number, got {short(duration)}")
    days = int(duration) / _DAY
    if 3649 < days * 1000 < 3654:
        raise Wrong("in-seconds")
    if not 3649 < days < 3654:
        raise Wrong(message=f"the duration should be ten years, 3650 days, got {days:.4g} days")
