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
from .judging import Exercise, Wrong, builtin_calls, expect, misconceptions, outcome, tell

#: The two cookies that the course page prints.
PAGE_COOKIES = (
    "25uFcTuHZzZlSWntEs-Kzg.D96gsJqB0lLKj4DBZsc3KSj4Z4_76pkoCy4uXUqgS1C4uuHbaxMZ6l9dTCWu-ijc"
    ".1692988779453.120000.FprcH5eIT-o6Iedv-vP2i0P8HmzCRMXGdm813oveVBc",
    "AqnLAnL7dqAr9QqXnpD5Xw.wcCqiCvVSRgllI1mLOAC9yHmjjLygsur7AQaKX50_9vkugEnTKhhz3V4U8V_xgFa"
    ".1692989253302.120000.kCRDEuDgPpEuEsuEVF-2vR3vKILSPluM8tyaghTnYCE",
)
_IV, _CIPHERTEXT, _KEY = bytes(range(16)), bytes(range(100, 132)), b"k" * 32
_PAGE_KEYS = derive_keys(PAGE_SECRET)
_OTHER_SECRET = "another secret, just as long"  # noqa: S105  # it seals one cookie, here
#: An = in the content, and a sign that is more than one byte.
_AWKWARD = cookie.seal(
    {"message": "1+1=2, \u00e9"}, derive_keys(_OTHER_SECRET), created_at=1, duration=2
)
#: Built-in functions that take as long for any two texts: `hmac`'s, and cryptography's HMAC.
_CONSTANT_TIME = {"compare_digest", "_compare_digest", "verify"}


# E3.1


def judge_sign(sign: Callable[..., Any]) -> None:
    """HMAC-SHA256 over the four fields: raw bytes, the times' digits, dots between."""
    for created_at, duration in (("1692988779453", "120000"), ("0", "1")):
        mac = sign(_IV, _CIPHERTEXT, created_at, duration, _KEY)
        if isinstance(mac, str):
            raise Wrong("text")
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
    """The four fields of a cookie whose MAC is right; all else is refused with a BadCookie."""
    key = _PAGE_KEYS.signature
    for value in PAGE_COOKIES:
        _expect_fields(outcome(verify, value, key), verify_ours(value, key))
    iv, ciphertext, created_at, duration, mac = PAGE_COOKIES[0].split(".")
    changed = {
        "not-verified": (iv, _flip(ciphertext), created_at, duration, mac),
        "times-outside": (iv, ciphertext, created_at, "315360000000", mac),
        # Python reads this as the same number; the text is another.
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
    # `Keys` compares its two keys, and no cookie.
    called = builtin_calls(verify, PAGE_COOKIES[0], key, but_in=cookie.Keys.__post_init__)
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
    """Return IV, ciphertext and both times; raise BadCookie."""
    fields = value.split(".")
    if len(fields) != 5:
        raise BadFormat("fields", f"{len(fields)} fields, not 5")
    iv, ciphertext, mac = (from_base64(fields[i]) for i in (0, 1, 4))
    if len(iv) != cookie.IV_LENGTH:
        raise BadFormat("iv", f"the IV is {len(iv)} bytes long, not {cookie.IV_LENGTH}")
    if not hmac.compare_digest(mac, sign_ours(iv, ciphertext, fields[2], fields[3], key)):
        raise BadSignature("signature", "the MAC differs")
    return iv, ciphertext, fields[2], fields[3]


def _moved_border() -> str:
    """A cookie whose IV holds a dot, with the border moved there: the MAC is the same."""
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
    """Verify, then decrypt; check the name, and return the content and both times."""
    for value in PAGE_COOKIES:
        _expect_opened(outcome(unseal, value, PAGE_SECRET), value, PAGE_SECRET)
    _judge_awkward(outcome(unseal, _AWKWARD, _OTHER_SECRET))
    iv, ciphertext, *rest = PAGE_COOKIES[0].split(".")
    # Two of three blocks: whoever decrypts them finds no padding at their end.
    torn = ".".join((iv, to_base64(from_base64(ciphertext)[:32]), *rest))
    # What cryptography does in the end, whoever wrote the `decrypt` that is called.
    if "create_decryption_ctx" in builtin_calls(unseal, torn, PAGE_SECRET):
        raise Wrong("decrypts-first")
    found = outcome(unseal, torn, PAGE_SECRET)
    if not isinstance(found, Exception):
        raise Wrong("not-raised")
    if not isinstance(found, BadCookie):
        raise Wrong(message=f"a wrong MAC raised {tell(found)}; expected BadSignature")
    for sealed, name in (("theme", "name-not-checked"), ("sessions", "name-begins-alike")):
        value = cookie.seal({"a": 1}, _PAGE_KEYS, name=sealed, created_at=0)
        found = outcome(unseal, value, PAGE_SECRET)
        if not isinstance(found, Exception):
            raise Wrong(name if _is_open(found) else "not-raised")
        if not isinstance(found, BadCookie) and name == "name-not-checked":
            raise Wrong(message=f"another name raised {tell(found)}; expected BadName")
        if not isinstance(found, BadCookie):
            raise Wrong(name)
        found = outcome(unseal, value, PAGE_SECRET, name=sealed)
        if isinstance(found, Exception):
            raise Wrong("one-name")


def _judge_awkward(found: Any) -> None:
    """A session with an = in it, sealed with another secret."""
    if isinstance(found, BadSignature):
        raise Wrong("fixed-key")
    if isinstance(found, Exception):
        raise Wrong("every-equals")
    _expect_opened(found, _AWKWARD, _OTHER_SECRET)


def _is_open(found: Any) -> bool:
    """Whether a return value shows anything of a session."""
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
        raise Wrong(message="unseal gave None: is there a return?")
    if not isinstance(found, tuple) or len(found) != 3:
        raise Wrong("content-alone")
    if isinstance(found[0], str | bytes):
        raise Wrong("content-is-text")
    if found[1:] == tuple(map(str, right[1:])):
        raise Wrong("times-are-text")
    expect("unseal(value, secret)", found, right)


def unseal_ours(value: str, secret: str, *, name: str = "session") -> tuple[Any, int, int]:
    """Return content, created_at and duration; raise BadCookie."""
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
            times_outside="both times are outside the MAC; whoever has a cookie could give it "
            "a new life",
            duration_outside="the duration is outside the MAC; anyone could make a session "
            "last for ever",
            iv_outside="the IV is outside the MAC; flipping its bits changes the first block, "
            "and nobody would notice",
            no_dots="there are no dots between the fields; then 1 and 23 sign like 12 and 3",
            base64="you signed the base64 texts; the MAC is over the bytes that they stand for",
            plain_hash="that is a plain hash, the key first; SHA-256 can be computed on from "
            "where it ends, without the key, so use HMAC, which was made for this",
            key_last="that is a plain hash, the key last; two texts with one fingerprint would "
            "have one MAC, so use HMAC, which was made for this",
            no_key="the key is not in it, so anyone can compute it",
            written_out="an f-string writes bytes as b'…', quotes and all; put the bytes "
            'themselves together, with `b".".join`',
            swapped="you made the fields the key, and the key the text",
            text="that is text; the MAC is 32 bytes: `hmac.digest`, and base64url only later",
        ),
        (
            "Four fields go under the MAC; two of them are texts: `.encode()` them.",
            '`b".".join((…))` puts bytes together with dots between.',
            'hmac.digest(key, b".".join((iv, ciphertext, …, …)), "sha256")',
        ),
        (sign_ours,),
    ),
    Exercise(
        "E3.2",
        "verify",
        judge_verify,
        misconceptions(
            not_verified="a changed ciphertext got through; compute the MAC again and compare",
            times_outside="a changed duration got through; compute the MAC over the times that "
            "*came*",
            times_read_first="you made numbers of the times before you verified them; a "
            "stranger may send `hello` or `0120000`. Sign the texts as they came",
            compared_by_equals="it works, but == may stop at the first difference, and its "
            "time then tells where: use `hmac.compare_digest`",
            fields_not_counted="a text without five fields must raise BadFormat; people send "
            "anything",
            iv_any_length="an IV of another length got through: then the border between IV and "
            "ciphertext can be moved, and the MAC stays good",
            not_raised="a bad cookie must raise an error; a None that nobody looks at is a "
            "session that nobody checked",
            says_yes="you say that it is right; also return what is right: the four fields",
            still_base64="the fields are still base64 texts; IV, ciphertext and MAC are bytes: "
            "`from_base64`",
        ),
        (
            "Split at the dots; if there are not five fields, raise. Three of them become "
            "bytes.",
            "Look at the IV's length; compute the MAC of what came with `sign`, and compare it "
            "with the MAC that came.",
            "if not hmac.compare_digest(mac, sign(iv, ciphertext, created_at, duration, key)): "
            "raise BadSignature(…), and at the end return the four fields.",
        ),
        (verify_ours,),
    ),
    Exercise(
        "E3.3",
        "unseal",
        judge_unseal,
        misconceptions(
            decrypts_first="you decrypt before verifying; how that fails tells a stranger "
            "something. First `verify`, then `decrypt`",
            other_key="the page's cookie does not verify: the first key of `derive_keys` "
            "encrypts, the second one signs",
            name_not_checked="a cookie sealed for another name opened; compare the name that "
            "was sealed with the one that is asked for",
            name_begins_alike="a name that only *begins* like the one asked for got through; "
            "take all that stands before the first =",
            fixed_key="a cookie that was sealed with another secret does not open with it; "
            "make the keys from the parameter `secret`",
            not_raised="a bad cookie must raise an error; a None that nobody looks at is a "
            "session that nobody has checked",
            one_name="a cookie that was sealed for `theme` does not open as `theme`; compare "
            "with the parameter `name`",
            every_equals="a session may have an = in it; only the first one ends the name: "
            "`partition`",
            content_alone="return three values: the content, created_at and duration",
            content_is_text="the content is still text; `json.loads` makes a dict of it",
            times_are_text="the times are texts; nobody can reckon with them: `int(…)`",
        ),
        (
            "Two keys from `derive_keys`; `verify` wants the second, `decrypt` the first.",
            'decrypt(…).decode().partition("=") gives the sealed name, an =, and the JSON.',
            "If the sealed name is not `name`, raise BadName(…). Else return json.loads of "
            "the text, and int of both times.",
        ),
        (unseal_ours,),
    ),
)
