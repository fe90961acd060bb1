"""Explain why a cookie may have been refused, and where its text differs from `seal`'s."""

from __future__ import annotations

import math
import string
from collections.abc import Collection, Iterator, Mapping

from .._engine.javascript import number_text, parse_int
from ..cookie import (
    FIELDS,
    IV_LENGTH,
    MACS,
    TIMES,
    Keys,
    from_base64,
    read_fields,
    sign,
    to_base64,
)
from ..errors import BadCookie
from .words import shortened

_BASE64URL = frozenset(string.ascii_letters + string.digits + "-_")
_ENCODED = [name for name in FIELDS if name not in TIMES]
_CUT = "the value was truncated or changed: copy all of it"
_NOISE = (
    "the MAC is valid but decryption gave garbage: the signature key is right, the encryption "
    "key or cipher is wrong"
)


def hints(
    texts: Mapping[str, str],
    refusal: BadCookie | None,
    keys: Collection[Keys] = (),
    plaintext: bytes | None = None,
) -> list[str]:
    """Return hints for a cookie with these fields, the likeliest first.

    `texts` has the fields by name, or by other names if there are not five. `keys` are the
    keys that were tried. `plaintext` is what they decrypted if the MAC was valid.
    """
    found = list(_causes(texts, refusal, keys, plaintext))
    if any("%" in text for text in texts.values()):
        found.append("the value has percent signs: if it is percent-encoded, decode it first")
    if "mac" in texts:
        found += _lengths(texts, keys)
        for name in _ENCODED:
            found += _spelling(name, texts[name])
        for name in TIMES:
            found += _number(name, texts[name])
    return found


def _causes(
    texts: Mapping[str, str],
    refusal: BadCookie | None,
    keys: Collection[Keys],
    plaintext: bytes | None,
) -> Iterator[str]:
    match refusal and refusal.reason:
        case "fields":
            yield from _field_count(list(texts.values()))
        case "base64":
            names = [name for name in _ENCODED if decoded(texts[name]) is None]
            yield f"invalid base64url length in {' and '.join(names)}; {_CUT}"
        case "time":
            yield "both times must be decimal digits; Node does not open Infinity or NaN either"
        case "iv":
            yield _CUT
        case "signature" if fits_a_mac(decoded(texts["mac"])):
            tried = " or ".join(dict.fromkeys(f"{k.cipher} with {k.mac}" for k in keys))
            other = "another secret" if len(keys) == 1 else f"none of these {len(keys)} secrets"
            yield (
                f"a field was changed or truncated, {other} sealed it, or it needs keys or "
                f"algorithms other than {tried}"
            )
        case "padding":
            yield _NOISE
        case "name":
            yield _sealed_name(plaintext or b"")
        case "json" | "object":
            yield "someone with the secret sealed something that is not a session"


def _field_count(texts: list[str]) -> Iterator[str]:
    if texts == [""]:
        yield "the value is empty: quote it, so that the shell does not change it"
    elif len(texts) < 5 and (texts[0].startswith("eyJ") or not texts[0]):
        yield (
            "Flask's own sessions and JSON Web Tokens begin like this: they are signed, not "
            "encrypted, and anyone can read them"
        )
    elif len(texts) < 5:
        yield _CUT
    elif len(texts) == 6:
        yield "a time with a fraction adds a sixth field: Node writes 1.5 ms unchanged"


def _sealed_name(plaintext: bytes) -> str:
    name, separator, _ = plaintext.decode(errors="replace").partition("=")
    if not separator or not name.isprintable() or "\N{REPLACEMENT CHARACTER}" in name:
        return _NOISE
    return (
        f"it was sealed for the cookie {shortened(name)}: give that name, unless someone moved "
        "the value from that cookie to this one"
    )


def _lengths(texts: Mapping[str, str], keys: Collection[Keys]) -> Iterator[str]:
    ciphertext, mac = decoded(texts["ciphertext"]), decoded(texts["mac"])
    if ciphertext is not None and (not ciphertext or len(ciphertext) % IV_LENGTH):
        size = f"{len(ciphertext):,}"
        yield f"a ciphertext of length {size} is not whole blocks of {IV_LENGTH} bytes; {_CUT}"
    if mac is None:
        return
    fitting = [name for name, each in MACS.items() if each.length == len(mac)]
    if not fitting:
        right = any(_begins_mac(mac, texts, each) for each in keys)
        whose = "the secret is" if len(keys) == 1 else "one of the secrets is"
        rest = (
            f"; {whose} right: the MAC that it gives begins with these bytes" if right else ""
        )
        yield f"no MAC has length {len(mac)}; {_CUT}{rest}"
    elif keys and not any(each.mac in fitting for each in keys):
        yield f"a MAC of {len(mac)} bytes comes from {' or '.join(fitting)}: try that"


def _spelling(name: str, text: str) -> Iterator[str]:
    raw = decoded(text)
    if raw is None or to_base64(raw) == text:
        return
    foreign = "".join(dict.fromkeys(c for c in text if c not in _BASE64URL))
    if foreign:
        yield (
            f"{name} has characters outside base64url, read as in Node: {shortened(foreign)}"
        )
    else:
        yield (
            f"{name} ends in {text[-1]}, but `seal` writes {to_base64(raw)[-1]}: only spare "
            "bits differ"
        )


def fits_a_mac(raw: bytes | None) -> bool:
    """Return whether some algorithm makes MACs of this length."""
    return raw is not None and any(each.length == len(raw) for each in MACS.values())


def _begins_mac(mac: bytes, texts: Mapping[str, str], keys: Keys) -> bool:
    try:
        iv, ciphertext, created_at, duration, _ = read_fields(".".join(texts.values()))
    except BadCookie:
        return False
    whole = sign(iv, ciphertext, number_text(created_at), number_text(duration), keys)
    # Fewer bytes match another secret too often.
    return len(mac) >= 4 and whole.startswith(mac)


def _number(name: str, text: str) -> Iterator[str]:
    number = parse_int(text)
    if math.isfinite(number) and number_text(number) != text:
        yield f"{name} is written {shortened(text)} and read as {number_text(number)}"


def decoded(text: str) -> bytes | None:
    """Return the bytes of a base64url text, or None if its length is invalid."""
    try:
        return from_base64(text)
    except BadCookie:
        return None
