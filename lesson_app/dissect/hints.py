"""Say what a refusal can come from, and where a cookie's text is not what `seal` writes."""

from __future__ import annotations

import math
import string
from collections.abc import Collection, Iterator, Mapping

from .._engine.javascript import number_text, parse_int
from ..cookie import IV_LENGTH, MACS, Keys, from_base64, to_base64
from ..errors import BadCookie
from .words import shortened

_BASE64URL = frozenset(string.ascii_letters + string.digits + "-_")
_CUT = "cut or changed on the way: copy the whole value"
_NOISE = (
    "the MAC is right and the plaintext is none: the signature key fits, the encryption key "
    "or the cipher is another"
)


def hints(
    texts: Mapping[str, str],
    refusal: BadCookie | None,
    keys: Collection[Keys] = (),
    plaintext: bytes | None = None,
) -> list[str]:
    """Return what may help with a cookie of these fields, the likely first.

    `texts` has the fields by name, or by another name if there are not five; `keys` are
    those tried; `plaintext` is what they decrypted, behind a MAC that is right.
    """
    found = list(_causes(texts, refusal, keys, plaintext))
    if any("%" in text for text in texts.values()):
        found.append("there are percent signs in it: was it percent-encoded? Decode it first")
    if "mac" in texts:
        found += _lengths(texts, keys)
        for name in ("iv", "ciphertext", "mac"):
            found += _spelling(name, texts[name])
        for name in ("created_at", "duration"):
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
            names = [
                name for name in ("iv", "ciphertext", "mac") if _bytes(texts[name]) is None
            ]
            yield f"no bytes have a text as long as that of {' and '.join(names)}: {_CUT}"
        case "time":
            yield "both times are digits; Node's Infinity and NaN do not open in Node either"
        case "iv":
            yield f"the IV was {_CUT}"
        case "signature":
            tried = " or ".join(dict.fromkeys(f"{k.cipher} with {k.mac}" for k in keys))
            who = "another secret" if len(keys) == 1 else f"none of the {len(keys)} secrets"
            yield (
                f"a field was changed or cut; or {who} sealed it; or it has other keys or "
                f"algorithms than those tried, {tried}"
            )
        case "padding":
            yield _NOISE
        case "name":
            yield _sealed_name(plaintext or b"")
        case "json" | "object":
            yield "whoever sealed it has the secret, and did not seal a session"


def _field_count(texts: list[str]) -> Iterator[str]:
    if texts == [""]:
        yield "there is nothing: quote the value, so that the shell leaves it whole"
    elif len(texts) < 5 and (texts[0].startswith("eyJ") or not texts[0]):
        yield (
            "so begin Flask's own sessions and JSON Web Tokens: these are signed, not sealed, "
            "and anyone can read them"
        )
    elif len(texts) < 5:
        yield f"the value was {_CUT}"
    elif len(texts) == 6:
        yield "a sixth field comes of a time with a fraction: Node writes 1.5 ms as it is"


def _sealed_name(plaintext: bytes) -> str:
    name, separator, _ = plaintext.decode(errors="replace").partition("=")
    if not separator or not name.isprintable() or "\N{REPLACEMENT CHARACTER}" in name:
        return _NOISE
    return (
        f"its name is {shortened(name)}: ask for that one; or the value was moved from that "
        "cookie into this one"
    )


def _lengths(texts: Mapping[str, str], keys: Collection[Keys]) -> Iterator[str]:
    ciphertext, mac = _bytes(texts["ciphertext"]), _bytes(texts["mac"])
    if ciphertext is not None and (not ciphertext or len(ciphertext) % IV_LENGTH):
        size = len(ciphertext)
        yield f"{size:,} bytes of ciphertext are not whole blocks of {IV_LENGTH}: {_CUT}"
    if mac is None:
        return
    fitting = [name for name, each in MACS.items() if each.length == len(mac)]
    if not fitting:
        yield f"no MAC is {len(mac)} bytes long: {_CUT}"
    elif keys and not any(each.mac in fitting for each in keys):
        yield f"a MAC of {len(mac)} bytes is one of {' or '.join(fitting)}: try that"


def _spelling(name: str, text: str) -> Iterator[str]:
    raw = _bytes(text)
    if raw is None or to_base64(raw) == text:
        return
    foreign = "".join(dict.fromkeys(sign for sign in text if sign not in _BASE64URL))
    if foreign:
        yield (
            f"{name} holds signs foreign to base64url, which are read as Node reads them: "
            f"{shortened(foreign)}"
        )
    else:
        yield (
            f"{name} ends in {text[-1]} where `seal` writes {to_base64(raw)[-1]}: its spare "
            "bits differ, its bytes do not"
        )


def _number(name: str, text: str) -> Iterator[str]:
    number = parse_int(text)
    if math.isfinite(number) and number_text(number) != text:
        yield f"{name} is written {shortened(text)}, and read as {number_text(number)}"


def _bytes(text: str) -> bytes | None:
    try:
        return from_base64(text)
    except BadCookie:
        return None
