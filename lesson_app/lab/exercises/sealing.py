"""The exercises of notebook 03: sign and unseal."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from ... import cookie
from ...app import PAGE_SECRET
from ...cookie import derive_keys, from_base64, to_base64
from ...errors import BadCookie, BadSignature
from .engine import Exercise, Wrong, builtin_calls, expect, misconceptions, outcome, tell

#: The two cookies that the course page prints.
PAGE_COOKIES = (
    "25uFcTuHZzZlSWntEs-Kzg.D96gsJqB0lLKj4DBZsc3KSj4Z4_76pkoCy4uXUqgS1C4uuHbaxMZ6l9dTCWu-ijc"
    ".1692988779453.120000.FprcH5eIT-o6Iedv-vP2i0P8HmzCRMXGdm813oveVBc",
    "AqnLAnL7dqAr9QqXnpD5Xw.wcCqiCvVSRgllI1mLOAC9yHmjjLygsur7AQaKX50_9vkugEnTKhhz3V4U8V_xgFa"
    ".1692989253302.120000.kCRDEuDgPpEuEsuEVF-2vR3vKILSPluM8tyaghTnYCE",
)
_IV, _CIPHERTEXT, _KEY = bytes(range(16)), bytes(range(100, 132)), b"k" * 32
_OTHER_SECRET = "another secret, just as long"  # noqa: S105  # it seals one cookie, here
#: An = in the content, and a sign that is more than one byte.
_AWKWARD = cookie.seal(
    {"message": "1+1=2, \u00e9"}, derive_keys(_OTHER_SECRET), created_at=1, duration=2
)
#: Built-in functions that take as long for any two texts: `hmac`'s, and cryptography's HMAC.
_CONSTANT_TIME = {"compare_digest", "_compare_digest", "verify"}


def judge_sign(sign: Callable[..., Any]) -> None:
    """HMAC-SHA256 over the four fields: raw bytes, times in decimal, dots between."""
    for created_at, duration in ((1692988779453, 120000), (0, 1)):
        mac = sign(_IV, _CIPHERTEXT, created_at, duration, _KEY)
        if isinstance(mac, str):
            raise Wrong("text")
        fields = (_IV, _CIPHERTEXT, str(created_at).encode(), str(duration).encode())
        for name, wrong in _WRONG_MACS.items():
            if mac == wrong(*fields):
                raise Wrong(name.strip())
        right = sign_ours(_IV, _CIPHERTEXT, created_at, duration, _KEY)
        expect(f"sign(iv, ciphertext, {created_at}, {duration}, key)", mac, right)


def sign_ours(
    iv: bytes, ciphertext: bytes, created_at: int, duration: int, key: bytes
) -> bytes:
    """Return the MAC of the four fields."""
    keys = cookie.Keys(bytes(32), key)
    return cookie.sign(iv, ciphertext, str(created_at), str(duration), keys)


def _mac(*parts: bytes, joint: bytes = b".") -> bytes:
    return hmac.digest(_KEY, joint.join(parts), "sha256")


_WRONG_MACS: dict[str, Callable[[bytes, bytes, bytes, bytes], bytes]] = {
    "times-outside": lambda iv, text, created, duration: _mac(iv, text),
    "times-outside ": lambda iv, text, created, duration: _mac(iv + text),
    "duration-outside": lambda iv, text, created, duration: _mac(iv, text, created),
    "duration-outside ": lambda iv, text, created, duration: _mac(iv + text + created),
    "iv-outside": lambda iv, text, created, duration: _mac(text, created, duration),
    "iv-outside ": lambda iv, text, created, duration: _mac(text),
    "no-dots": lambda *fields: _mac(*fields, joint=b""),
    "base64": lambda iv, text, created, duration: _mac(
        to_base64(iv).encode(), to_base64(text).encode(), created, duration
    ),
    "written-out": lambda iv, text, created, duration: _mac(
        f"{iv!r}.{text!r}.{created.decode()}.{duration.decode()}".encode()
    ),
    "plain-hash": lambda *fields: hashlib.sha256(_KEY + b".".join(fields)).digest(),
    "plain-hash ": lambda *fields: hashlib.sha256(b".".join(fields) + _KEY).digest(),
    "plain-hash  ": lambda *fields: hashlib.sha256(b".".join((_KEY, *fields))).digest(),
    "plain-hash   ": lambda *fields: hashlib.sha256(b".".join((*fields, _KEY))).digest(),
    "no-key": lambda *fields: hashlib.sha256(b".".join(fields)).digest(),
    "swapped": lambda *fields: hmac.digest(b".".join(fields), _KEY, "sha256"),
}


def judge_unseal(unseal: Callable[..., Any]) -> None:
    """Open what was sealed, the page's cookies too; refuse all else with a BadCookie."""
    for value in PAGE_COOKIES:
        _expect_opened(unseal(value, PAGE_SECRET), value, PAGE_SECRET)
    _judge_signature(unseal)
    found = outcome(unseal, _AWKWARD, _OTHER_SECRET)
    if isinstance(found, BadSignature):
        raise Wrong("fixed-key")
    if isinstance(found, Exception):
        raise found
    _expect_opened(found, _AWKWARD, _OTHER_SECRET)
    _judge_name(unseal)
    _judge_format(unseal)
    # `Keys` compares its two keys, and no cookie.
    called = builtin_calls(
        unseal, PAGE_COOKIES[0], PAGE_SECRET, but_in=cookie.Keys.__post_init__
    )
    if not _CONSTANT_TIME & called:
        raise Wrong("compared-by-equals")


def _expect_opened(found: Any, value: str, secret: str, **options: str) -> None:
    right = unseal_ours(value, secret, **options)
    if isinstance(found, cookie.Unsealed):
        found = (found.content, found.created_at, found.duration)
    if isinstance(found, list):
        found = tuple(found)
    if found is None:
        raise Wrong(message="unseal gave None: is there a return?")
    if not isinstance(found, tuple) or len(found) != 3:
        raise Wrong("content-alone")
    if isinstance(found[0], str | bytes):
        raise Wrong("content-is-text")
    if found[1:] == tuple(map(str, right[1:])):
        raise Wrong("times-are-text")
    expect("unseal(value, secret)", found, right)


def _judge_signature(unseal: Callable[..., Any]) -> None:
    """A changed cookie is refused for its MAC, before anything is decrypted."""
    iv, ciphertext, created_at, duration, mac = PAGE_COOKIES[0].split(".")
    other_mac = ".".join((iv, ciphertext, created_at, duration, _flip(mac)))
    ends_later = ".".join((iv, ciphertext, created_at, "315360000000", mac))
    # Two of three blocks: whoever decrypts them finds no padding at their end.
    torn = ".".join((iv, to_base64(from_base64(ciphertext)[:32]), created_at, duration, mac))
    _expect_refused(outcome(unseal, other_mac, PAGE_SECRET), "not-verified")
    _expect_refused(outcome(unseal, ends_later, PAGE_SECRET), "duration-outside")
    if not isinstance(outcome(unseal, torn, PAGE_SECRET), BadSignature):
        raise Wrong("decrypts-first")


def _expect_refused(found: Any, name: str) -> None:
    if isinstance(found, BadSignature):
        return
    if isinstance(found, Exception):
        raise Wrong(message=f"a wrong MAC raised {tell(found)}; expected BadSignature")
    raise Wrong(name if _is_open(found) else "not-raised")


def _is_open(found: Any) -> bool:
    """Whether a return value shows anything of a session."""
    if isinstance(found, cookie.Unsealed):
        found = found.content
    if isinstance(found, tuple | list):
        found = (*found, None)[0]
    return isinstance(found, dict) and bool(found)


def _judge_name(unseal: Callable[..., Any]) -> None:
    keys = derive_keys(PAGE_SECRET)
    for name in ("theme", "sessions"):
        value = cookie.seal({"a": 1}, keys, name=name, created_at=0)
        found = outcome(unseal, value, PAGE_SECRET)
        if not isinstance(found, Exception):
            raise Wrong("name-not-checked" if _is_open(found) else "not-raised")
        if not isinstance(found, BadCookie):
            raise Wrong(message=f"another name raised {tell(found)}; expected BadName")
        found = outcome(unseal, value, PAGE_SECRET, name=name)
        if isinstance(found, Exception):
            raise Wrong(
                message=f"a cookie sealed for {name!r}, and asked for with name={name!r}, "
                f"raised {tell(found)}"
            )
        _expect_opened(found, value, PAGE_SECRET, name=name)


def _judge_format(unseal: Callable[..., Any]) -> None:
    for value in ("", "not-a-cookie", PAGE_COOKIES[0] + ".more"):
        if not isinstance(outcome(unseal, value, PAGE_SECRET), BadCookie):
            raise Wrong("fields-not-counted")
    if not isinstance(outcome(unseal, _moved_border(), PAGE_SECRET), BadCookie):
        raise Wrong("iv-any-length")


def _moved_border() -> str:
    """A cookie whose IV holds a dot, with the border moved there: the MAC is the same."""
    iv = b"1234567.90123456"
    value = cookie.seal({"a": 1}, derive_keys(PAGE_SECRET), created_at=0, iv=iv)
    _, ciphertext, *rest = value.split(".")
    moved = iv[8:] + b"." + from_base64(ciphertext)
    return ".".join((to_base64(iv[:7]), to_base64(moved), *rest))


def _flip(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("2" if text[middle] != "2" else "3") + text[middle + 1 :]


def unseal_ours(value: str, secret: str, *, name: str = "session") -> tuple[Any, int, int]:
    """Return content, created_at and duration; raise BadCookie."""
    opened = cookie.unseal(value, derive_keys(secret), name=name)
    return opened.content, opened.created_at, opened.duration


EXERCISES = (
    Exercise(
        "E3.1",
        "sign",
        judge_sign,
        misconceptions(
            times_outside="both times are outside the MAC; whoever has a cookie could give it "
            "a new life",
            duration_outside="the duration is outside the MAC; anyone could make a session "
            "last for ever",
            iv_outside="the IV is outside the MAC; flipping its bits changes the first block, "
            "and nobody would notice",
            no_dots="there are no dots between the fields; then 1 and 23 sign like 12 and 3",
            base64="you signed the base64 texts; the MAC is over the bytes that they stand for",
            plain_hash="that is a plain hash of key and fields; a plain hash can be computed "
            "on from where it ends, so use HMAC, which was made for this",
            no_key="the key is not in it, so anyone can compute it",
            written_out="an f-string writes bytes as b'…', quotes and all; put the bytes "
            'themselves together, with `b".".join`',
            swapped="you made the fields the key, and the key the text",
            text="that is text; the MAC is 32 bytes: `hmac.digest`, and base64url only later",
        ),
        (
            "Four fields go under the MAC; two of them are numbers: `str(…).encode()`.",
            '`b".".join((…))` puts bytes together with dots between.',
            'hmac.digest(key, b".".join((iv, ciphertext, …, …)), "sha256")',
        ),
        (sign_ours,),
    ),
    Exercise(
        "E3.2",
        "unseal",
        judge_unseal,
        misconceptions(
            not_verified="a cookie with a wrong MAC opened; compute the MAC again and compare",
            fixed_key="a cookie sealed with another secret did not open with it; use the "
            "`secret` that is handed in",
            duration_outside="a cookie whose duration was changed opened; the MAC has to be "
            "computed over the times that *came*",
            decrypts_first="you decrypt before verifying; how that fails tells a stranger "
            "something (a padding oracle). First the MAC, then the rest",
            compared_by_equals="you compared with ==, which may stop at the first difference, "
            "and the time tells where: `hmac.compare_digest`",
            name_not_checked="a cookie sealed for another name opened; compare the name that "
            "was sealed with the one that is asked for",
            fields_not_counted="a text without five fields must raise BadFormat; people send "
            "anything",
            iv_any_length="an IV of another length got through: then the border between IV and "
            "ciphertext can be moved, and the MAC stays good. It must be 16 bytes",
            not_raised="a bad cookie must raise an error; a None that nobody looks at is a "
            "session that nobody checked",
            content_alone="return three values: the content, created_at and duration",
            content_is_text="the content is still text; `json.loads` makes a dict of it",
            times_are_text="the times are texts; nobody can reckon with them: `int(…)`",
        ),
        (
            "Go the way of `seal` backwards, but with the MAC first. Split at the dots; if "
            "there are not five fields, raise.",
            "Turn three fields into bytes, look at the IV's length, compute the MAC of what "
            "came with `sign`, and compare with `hmac.compare_digest`. If it differs: raise.",
            'decrypt(…).decode().partition("=") gives the sealed name and the JSON. Compare '
            "the name, then return the parsed JSON and both times as int.",
        ),
        (unseal_ours,),
    ),
)
