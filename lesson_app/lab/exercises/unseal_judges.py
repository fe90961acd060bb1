"""Judge `unseal`, the third exercise of notebook 03."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from typing import Any

from ... import cookie
from ...app import PAGE_SECRET
from ...cookie import derive_keys, from_base64, to_base64
from ...errors import BadCookie, BadName, BadSignature
from .judging import Wrong, builtin_calls, describe, expect, outcome
from .seal_judges import seal_ours, unseal_ours
from .sign_judges import sign_ours
from .verify_judges import PAGE_COOKIES, must_refuse


def judge_unseal(unseal: Callable[..., Any]) -> None:
    """Check that `unseal` verifies first, checks the name, and returns all three values."""
    secret = secrets.token_urlsafe(32)
    _expect_opened(unseal, PAGE_COOKIES[0], PAGE_SECRET)
    times: Any = {
        "created_at": secrets.randbelow(10**13),
        "duration": secrets.randbelow(10**6) + 1,
    }
    fresh = seal_ours({"message": secrets.token_hex(9)}, secret, **times)
    if isinstance(outcome(unseal, fresh, secret), BadSignature):
        raise Wrong("fixed-key")
    _expect_opened(unseal, fresh, secret)
    equals = seal_ours({"message": "1+1=2"}, secret, **times)
    found = outcome(unseal, equals, secret)
    if isinstance(found, Exception) or _content(found) != {"message": "1+1=2"}:
        raise Wrong("every-equals")
    awkward = {"caf\u00e9": ["\u00e9", 1], "vip": True, "left": None}
    _expect_opened(unseal, seal_ours(awkward, secret, **times), secret)
    _expect_opened(unseal, PAGE_COOKIES[1], PAGE_SECRET)
    _judge_order(unseal, fresh, secret)
    _judge_names(unseal, secret)


def _judge_order(unseal: Callable[..., Any], value: str, secret: str) -> None:
    """Check that a changed cookie is refused before it is decrypted."""
    iv, ciphertext, *rest = value.split(".")
    # Without the last block it can be decrypted, but ends without padding.
    torn = ".".join((iv, to_base64(from_base64(ciphertext)[:-16]), *rest))
    # Every decryption with cryptography calls this, whatever `decrypt` the answer uses.
    if "create_decryption_ctx" in builtin_calls(unseal, torn, secret):
        raise Wrong("decrypts-first")
    found = outcome(unseal, torn, secret)
    must_refuse("unseal(a changed cookie, secret)", BadSignature, found, "not-raised")


def _judge_names(unseal: Callable[..., Any], secret: str) -> None:
    """Check that a cookie opens only under the name that it was sealed for."""
    other = f"theme-{secrets.token_hex(2)}"
    names = (
        (other, "name-not-checked"),
        ("Session", "name-not-checked"),
        (" session", "name-not-checked"),
        ("sessions", "name-begins-alike"),
        ("sess", "name-begins-alike"),
    )
    for sealed, wrong in names:
        content = {"message": secrets.token_hex(4)}
        value = seal_ours(content, secret, name=sealed, created_at=0, duration=1)
        found = outcome(unseal, value, secret)
        if wrong == "name-begins-alike" and isinstance(found, json.JSONDecodeError):
            raise Wrong(wrong)  # it read the JSON of another name, from a wrong place
        call = f"unseal(a cookie sealed for {sealed!r}, secret)"
        name = wrong if _content(found) == content else "not-raised"
        must_refuse(call, BadName, found, name)
        found = outcome(unseal, value, secret, name=sealed)
        if isinstance(found, BadName):
            raise Wrong("one-name")
        _expect_values(f"unseal(value, secret, name={sealed!r})", found, (content, 0, 1))


def _content(found: Any) -> Any:
    if isinstance(found, cookie.Unsealed):
        return found.content
    return (*found, None)[0] if isinstance(found, tuple | list) else None


def _expect_opened(unseal: Callable[..., Any], value: str, secret: str) -> None:
    found = outcome(unseal, value, secret)
    if isinstance(found, Exception) and _mixes_keys(unseal, secret):
        raise Wrong("other-key")
    _expect_values("unseal(value, secret)", found, unseal_ours(value, secret))


def _mixes_keys(unseal: Callable[..., Any], secret: str) -> bool:
    """Return whether `unseal` opens a cookie that was made with the wrong keys."""
    keys = derive_keys(secret)
    one, two = keys.encryption, keys.signature
    iv, times = os.urandom(16), ("1", "2")
    for encryption, signature in ((two, one), (one, one), (two, two)):
        # `Keys` refuses two equal keys; `encrypt` needs only one of them.
        here = cookie.Keys(encryption, bytes(32))
        ciphertext = cookie.encrypt(b'session={"a":1}', here, iv)
        mac = sign_ours(iv, ciphertext, *times, signature)
        value = ".".join((to_base64(iv), to_base64(ciphertext), *times, to_base64(mac)))
        if not isinstance(outcome(unseal, value, secret), Exception):
            return True
    return False


def _expect_values(call: str, found: Any, right: tuple[Any, ...]) -> None:
    if isinstance(found, BadCookie):
        raise Wrong(message=f"{call} should open the cookie, but raised {describe(found)}")
    if isinstance(found, TypeError) and "BadCookie.__init__() missing" in str(found):
        raise Wrong("raised-without-message")
    if isinstance(found, Exception):
        raise found
    if isinstance(found, cookie.Unsealed):
        found = (found.content, found.created_at, found.duration)
    if isinstance(found, list):
        found = tuple(found)
    if found is None:
        expect(call, found, right)
    if not isinstance(found, tuple) or len(found) != 3:
        raise Wrong("content-alone")
    if isinstance(found[0], str | bytes):
        raise Wrong("content-is-string")
    if found[1:] == tuple(map(str, right[1:])):
        raise Wrong("times-are-strings")
    expect(call, found, right)
