"""Seal and open with AEADCodec: known values, every refusal, rotation, a whole app."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import subprocess
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from lesson_app import (
    AEADCodec,
    BadCookie,
    BadFormat,
    BadPayload,
    BadSignature,
    ClientSessions,
    DenyList,
    MemoryStore,
    SealedCodec,
    Session,
    SessionTooLarge,
    Unsealed,
    UserEpochs,
    derive_keys,
    seal,
)
from lesson_app._engine.javascript import parse
from lesson_app.aead import XAES256GCM
from lesson_app.lab import Clock, seeded_urandom
from tests.conftest import (
    PATIENCE,
    ROOT,
    SECRET,
    Site,
    b64,
    read,
    secret_of,
    set_cookies,
    the_cookie,
    unb64,
    write,
)
from tests.plugin import require_tool

VECTORS = ROOT / "tests" / "vectors"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "aead.json").read_text())
BY_CASE = pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])

HI, HELLO = {"message": "hi"}, {"message": "Hello World!"}
AT, DURATION = 1_700_000_000_000, 120_000
LIFE: dict[str, Any] = {"name": "session", "created_at": AT, "duration": DURATION}
CODEC = AEADCodec(SECRET, urandom=seeded_urandom(1))
VALUE = CODEC.seal(HELLO, **LIFE)
_, KEY_ID, DATA = VALUE.split(".")


# The format, once more: nothing here uses the codec


def derived(secret: str | bytes) -> tuple[bytes, str]:
    """Return a secret's key and key id: HKDF-SHA256 (RFC 5869) without a salt."""
    raw = secret.encode() if isinstance(secret, str) else secret
    pseudorandom = hmac.digest(bytes(32), raw, "sha256")
    info = b"lesson_app.AEADCodec v1"
    key = hmac.digest(pseudorandom, info + b"\x01", "sha256")
    return key, b64(hmac.digest(pseudorandom, key + info + b"\x02", "sha256")[:6])


def sealed(
    secret: str | bytes, nonce: bytes, name: str, plaintext: bytes, version: str = "v1"
) -> str:
    """Seal any plaintext, as someone who knows the secret can."""
    key, key_id = derived(secret)
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    doubled = int.from_bytes(aes.update(bytes(16)), "big") << 1
    if doubled >> 128:
        doubled ^= (1 << 128) | 0x87
    blocks = [bytes((0, counter)) + b"X\0" + nonce[:12] for counter in (1, 2)]
    mixed = [(int.from_bytes(each, "big") ^ doubled).to_bytes(16, "big") for each in blocks]
    subkey = b"".join(map(aes.update, mixed))
    bound = f"{version}.{key_id}.{name}"
    ciphertext = AESGCM(subkey).encrypt(nonce[12:], plaintext, bound.encode())
    return f"{version}.{key_id}.{b64(nonce + ciphertext)}"


def plain(text: str, created_at: int = AT, duration: int = DURATION) -> bytes:
    """Return the plaintext of a value."""
    raw = text.encode()
    return struct.pack(">QQ", created_at, duration) + raw + b" " * (-len(raw) % 16)


def secret_in(case: dict[str, Any]) -> str | bytes:
    """Return the case's secret; some are bytes."""
    text: str | None = case.get("secret")
    return bytes.fromhex(case["secret_hex"]) if text is None else text


# Known values


@BY_CASE
def test_seal_known_value(case: dict[str, Any]) -> None:
    """With the nonce of a known value, sealing gives that value."""
    codec = AEADCodec(secret_in(case), urandom=lambda size: bytes.fromhex(case["nonce"]))

    times = {key: case[key] for key in ("created_at", "duration")}
    assert codec.seal(parse(case["json"]), name=case["name"], **times) == case["value"]


@BY_CASE
def test_open_known_value(case: dict[str, Any]) -> None:
    """A known value opens to its content, times and JSON."""
    opened = AEADCodec(secret_in(case)).unseal(case["value"], name=case["name"])

    assert opened == Unsealed(parse(case["json"]), case["created_at"], case["duration"])
    assert opened.json == case["json"]


@BY_CASE
def test_known_value_from_primitives(case: dict[str, Any]) -> None:
    """HMAC, AES and AES-GCM alone give the known value: the description is complete."""
    plaintext = plain(case["json"], case["created_at"], case["duration"])

    secret, nonce = secret_in(case), bytes.fromhex(case["nonce"])
    assert sealed(secret, nonce, case["name"], plaintext) == case["value"]
    assert derived(secret)[1] == case["key_id"]


def test_known_values_in_node() -> None:
    """Node's crypto seals and opens the known values: a second implementation."""
    program = [require_tool("node"), str(VECTORS / "aead.js")]

    ran = subprocess.run(
        program, input=json.dumps(CASES), stdout=subprocess.PIPE, text=True, timeout=PATIENCE
    )

    assert ran.returncode == 0
    assert json.loads(ran.stdout) == [
        {
            "key_id": case["key_id"],
            "value": case["value"],
            "opened": [case["created_at"], case["duration"], json.loads(case["json"])],
        }
        for case in CASES
    ]


SPECIFIED = {
    "first bit 0": (1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    "first bit 1": (
        3,
        b"c2sp.org/XAES-256-GCM",
        "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
    ),
}


@pytest.mark.parametrize(("byte", "associated", "result"), SPECIFIED.values(), ids=SPECIFIED)
def test_cipher_is_as_specified(byte: int, associated: bytes, result: str) -> None:
    """The cipher gives both test vectors of c2sp.org/XAES-256-GCM."""
    cipher, nonce = XAES256GCM(bytes([byte]) * 32), b"ABCDEFGHIJKLMNOPQRSTUVWX"

    ciphertext = cipher.encrypt(nonce, b"XAES-256-GCM", associated)

    assert ciphertext.hex() == result
    assert cipher.decrypt(nonce, ciphertext, associated) == b"XAES-256-GCM"


def test_cipher_is_as_specified_ten_thousand_times() -> None:
    """The cipher gives the specification's hash over 10,000 random messages."""
    stream, at = hashlib.shake_128().digest(4_000_000), 0
    results = hashlib.shake_128()

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        assert at <= len(stream)
        return stream[at - size : at]

    for _ in range(10_000):
        cipher, nonce = XAES256GCM(take(32)), take(24)
        plaintext = take(take(1)[0])
        associated = take(take(1)[0])
        ciphertext = cipher.encrypt(nonce, plaintext, associated)
        assert cipher.decrypt(nonce, ciphertext, associated) == plaintext
        results.update(ciphertext)

    expected = "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
    assert results.hexdigest(32) == expected


def test_cipher_refuses_other_lengths() -> None:
    """A key or a nonce of another length raises ValueError: both would weaken the cipher."""
    with pytest.raises(ValueError, match="the key must have 32 bytes, got 16"):
        XAES256GCM(bytes(16))
    for length in (0, 12, 23, 25):
        with pytest.raises(ValueError, match=f"the nonce must have 24 bytes, got {length}"):
            XAES256GCM(bytes(32)).encrypt(bytes(length), b"", b"")
        with pytest.raises(ValueError, match=f"the nonce must have 24 bytes, got {length}"):
            XAES256GCM(bytes(32)).decrypt(bytes(length), bytes(16), b"")
    with pytest.raises(InvalidTag):
        XAES256GCM(bytes(32)).decrypt(bytes(24), bytes(16), b"")


# What a value shows


def test_round_trip() -> None:
    """A sealed session opens to the same content, times and JSON."""
    opened = CODEC.unseal(VALUE, name="session")

    assert opened == Unsealed(HELLO, AT, DURATION, rotated=False)
    assert opened.json == '{"message":"Hello World!"}'


def test_keys_are_not_those_of_mozillas_format() -> None:
    """The same secret gives other keys than in Mozilla's format."""
    keys, (key, _) = derive_keys(SECRET), derived(SECRET)

    assert VALUE.split(".")[1] == derived(SECRET)[1]
    assert key not in (keys.encryption, keys.signature)


def test_times_are_hidden() -> None:
    """Neither time is in the value, in text or in bytes."""
    data = unb64(DATA)

    for number in (AT, DURATION):
        assert str(number) not in VALUE
        assert struct.pack(">Q", number) not in data


def test_length_grows_in_steps() -> None:
    """Contents that fill the same 16-byte blocks have values of the same length."""
    lengths = [len(CODEC.seal({"n": "x" * size}, **LIFE)) for size in range(56)]

    # {"n":""} has 8 bytes, so a block is full at size 8, 24, 40.
    assert lengths == [108] * 9 + [130] * 16 + [151] * 16 + [172] * 15


def test_every_nonce_is_fresh() -> None:
    """The same session never gives the same value, nor the same `mac`."""
    codec = AEADCodec(SECRET)
    values = [codec.seal(HI, **LIFE) for _ in range(100)]

    assert len({unb64(value.split(".")[2])[:24] for value in values}) == 100
    assert len({codec.unseal(value, name="session").mac for value in values}) == 100


def test_mac_is_nonce_and_tag() -> None:
    """`mac` differs if the nonce or anything sealed differs."""
    data = unb64(DATA)
    same_nonce = AEADCodec(SECRET, urandom=lambda size: data[:size])

    macs = {
        same_nonce.unseal(same_nonce.seal(each, **LIFE), name="session").mac
        for each in (HELLO, {}, {"message": "ho"})
    }

    assert CODEC.unseal(VALUE, name="session").mac == data[:24] + data[-16:]
    assert len(macs) == 3


def test_urandom_is_repeatable() -> None:
    """With the same `urandom`, sealing gives the same value."""
    again = AEADCodec(SECRET, urandom=seeded_urandom(1))

    assert again.seal(HELLO, **LIFE) == VALUE
    assert again.seal(HELLO, **LIFE) != VALUE


def test_wrong_urandom() -> None:
    """A `urandom` that returns too few bytes raises ValueError when it is used."""
    codec = AEADCodec(SECRET, urandom=lambda size: bytes(size - 1))

    with pytest.raises(ValueError, match="the nonce must have 24 bytes, got 23"):
        codec.seal(HI, **LIFE)


def test_no_secret_is_shown() -> None:
    """`repr` shows neither the secret nor the key."""
    key, _ = derived(SECRET)

    for shown in (repr(CODEC), str(CODEC), repr(CODEC.unseal(VALUE, name="session"))):
        assert SECRET not in shown
        assert repr(key) not in shown
        assert key.hex() not in shown


def test_threads_share_a_codec() -> None:
    """Four threads seal and open with one codec, and no two sessions mix."""
    codec = AEADCodec(SECRET)

    def round_trips(thread: int) -> bool:
        contents = [{"thread": thread, "number": number} for number in range(500)]
        values = [codec.seal(each, **LIFE) for each in contents]
        return [codec.unseal(each, name="session").content for each in values] == contents

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(round_trips, range(4)))


# What cannot be sealed


BAD_SEALS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "content": ({"content": [1]}, TypeError, "content must be a dict, got list"),
    "not JSON": ({"content": {"a": {1}}}, TypeError, r"session\['a'\] is of type set"),
    "name": ({"name": "a=b"}, ValueError, "name must be Unicode text without '='"),
    "no name": ({"name": ""}, ValueError, "name must be Unicode text"),
    "half a pair": ({"name": "\ud83d"}, ValueError, "name must be Unicode text"),
    "name of bytes": ({"name": b"session"}, TypeError, "name must be str, got bytes"),
    "float": ({"created_at": 1.5}, TypeError, "created_at must be whole milliseconds"),
    "bool": ({"duration": True}, TypeError, "duration must be whole milliseconds"),
    "negative": ({"created_at": -1}, ValueError, r"from 0 to 2\*\*53 - 1"),
    "too long": ({"duration": 2**53}, ValueError, r"from 0 to 2\*\*53 - 1"),
}


@pytest.mark.parametrize(("change", "kind", "message"), BAD_SEALS.values(), ids=BAD_SEALS)
def test_refuse_to_seal(change: dict[str, Any], kind: type[Exception], message: str) -> None:
    """A wrong argument raises the error that the reference implementation raises."""
    arguments: dict[str, Any] = {"content": HI, **LIFE, **change}
    content = arguments.pop("content")

    with pytest.raises(kind, match=message):
        CODEC.seal(content, **arguments)
    with pytest.raises(kind, match=message):
        seal(content, derive_keys(SECRET), **arguments)


@pytest.mark.parametrize("wrong", [None, b"v1", 1])
def test_value_of_another_type(wrong: Any) -> None:
    """A value that is no str raises TypeError: the program is wrong, not the cookie."""
    with pytest.raises(TypeError, match="value must be str"):
        CODEC.unseal(wrong, name="session")


@pytest.mark.parametrize(
    ("name", "kind"), [("", ValueError), ("a=b", ValueError), (1, TypeError)]
)
def test_open_with_a_wrong_name(name: Any, kind: type[Exception]) -> None:
    """A name that no cookie can have raises what `seal` raises."""
    with pytest.raises(kind, match="name must be") as refusal:
        CODEC.unseal(VALUE, name=name)
    assert not isinstance(refusal.value, BadCookie)


# Which secrets are refused


WEAK = "a" * 30
BAD_SECRETS: dict[str, tuple[Any, type[Exception], str]] = {
    "short": ("only21characters-here", ValueError, "too weak: 21 characters"),
    "short bytes": (bytes(range(15)), ValueError, "too weak: 15 characters"),
    "one character": (WEAK, ValueError, "too weak"),
    "empty": ("", ValueError, "the secret is empty"),
    "weak second": ([SECRET, WEAK], ValueError, "too weak"),
    "empty list": ([], ValueError, "got an empty list"),
    "str as a list": (list(SECRET), ValueError, "too weak: 1 characters"),
    "None": (None, TypeError, "secret must be str, bytes or a list of them, got NoneType"),
    "None in a list": ([SECRET, None], TypeError, "secret must be str or bytes, got NoneType"),
    "number": (123, TypeError, "secret must be str, bytes or a list of them, got int"),
    "set": ({SECRET}, TypeError, "secret must be str, bytes or a list of them, got set"),
    "equal": ([SECRET, SECRET], ValueError, "without repetition, got equal secrets"),
    "str and bytes": ([SECRET, SECRET.encode()], ValueError, "got equal secrets"),
    "half a pair": ("\ud83d" + SECRET, ValueError, "half a surrogate pair"),
}


@pytest.mark.parametrize(("secret", "kind", "message"), BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_refuse_secret(secret: Any, kind: type[Exception], message: str) -> None:
    """A weak, missing or repeated secret is refused at set-up, and the error hides it."""
    with pytest.raises(kind, match=message) as refusal:
        AEADCodec(secret)

    shown = "".join(traceback.format_exception(refusal.value))
    assert SECRET not in shown
    assert WEAK not in shown


# Which values are refused


def refused(value: str, *, name: str = "session", codec: AEADCodec = CODEC) -> BadCookie:
    """Return why a value does not open."""
    with pytest.raises(BadCookie) as refusal:
        codec.unseal(value, name=name)
    return refusal.value


def unused_bits(text: str) -> str:
    """Return base64url that decodes to the same bytes, with other unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


MOZILLAS = seal(HI, derive_keys(SECRET), created_at=AT, duration=DURATION)
OTHER = AEADCodec(secret_of("other"))
SWAPPED = sealed(
    SECRET, unb64(DATA)[:24], "session", plain('{"message":"Hello World!"}', DURATION, AT)
)
NEXT_VERSION = sealed(SECRET, bytes(24), "session", plain("{}"), version="v2")
REFUSED: dict[str, tuple[str, type[BadCookie], str]] = {
    "empty": ("", BadFormat, "fields"),
    "one field": ("v1", BadFormat, "fields"),
    "two fields": (f"v1.{KEY_ID}", BadFormat, "fields"),
    "another version": (NEXT_VERSION, BadFormat, "fields"),
    "version of another": (NEXT_VERSION.replace("v2", "v1"), BadSignature, "signature"),
    "version in capitals": (f"V1.{KEY_ID}.{DATA}", BadFormat, "fields"),
    "no version": (f"{KEY_ID}.{DATA}", BadFormat, "fields"),
    "space before": (f" {VALUE}", BadFormat, "fields"),
    "Mozilla's format": (MOZILLAS, BadFormat, "fields"),
    "a field more": (f"{VALUE}.", BadFormat, "base64"),
    "no data": (f"v1.{KEY_ID}.", BadFormat, "fields"),
    "no ciphertext": (f"v1.{KEY_ID}.{b64(unb64(DATA)[:40])}", BadFormat, "fields"),
    "one byte too short": (f"v1.{KEY_ID}.{b64(bytes(71))}", BadFormat, "fields"),
    "just long enough": (f"v1.{KEY_ID}.{b64(bytes(72))}", BadSignature, "signature"),
    "impossible length": (f"v1.{KEY_ID}.{DATA}AAA", BadFormat, "base64"),
    "beyond ASCII": (f"v1.{KEY_ID}.{DATA[:-1]}é", BadFormat, "base64"),
    "half a pair": (f"v1.{KEY_ID}.{DATA[:-1]}\ud83d", BadFormat, "base64"),
    "padding": (f"{VALUE}==", BadFormat, "canonical"),
    "line feed": (f"{VALUE}\n", BadFormat, "base64"),
    "four line feeds": (f"{VALUE}\n\n\n\n", BadFormat, "base64"),
    "space inside": (f"v1.{KEY_ID}.{DATA[:8]} {DATA[8:]}", BadFormat, "base64"),
    "other alphabet": (
        f"v1.{KEY_ID}.{DATA.replace('-', '+').replace('_', '/')}",
        BadFormat,
        "canonical",
    ),
    "unused bits": (f"v1.{KEY_ID}.{unused_bits(DATA)}", BadFormat, "canonical"),
    "data in another case": (
        f"v1.{KEY_ID}.{DATA[:-1].swapcase()}{DATA[-1]}",
        BadSignature,
        "signature",
    ),
    "key id in another case": (f"v1.{KEY_ID.swapcase()}.{DATA}", BadSignature, "signature"),
    "no key id": (f"v1..{DATA}", BadSignature, "signature"),
    "key id with padding": (f"v1.{KEY_ID}=.{DATA}", BadSignature, "signature"),
    "another secret": (OTHER.seal(HI, **LIFE), BadSignature, "signature"),
    "another secret's data": (
        f"v1.{KEY_ID}.{OTHER.seal(HI, **LIFE).split('.')[2]}",
        BadSignature,
        "signature",
    ),
    "times swapped": (
        f"v1.{KEY_ID}.{b64(unb64(DATA)[:-16] + unb64(SWAPPED.split('.')[2])[-16:])}",
        BadSignature,
        "signature",
    ),
}


@pytest.mark.parametrize(("value", "kind", "reason"), REFUSED.values(), ids=REFUSED)
def test_refuse(value: str, kind: type[BadCookie], reason: str) -> None:
    """Each wrong value raises the BadCookie that says what is wrong."""
    bad = refused(value)

    assert (type(bad), bad.reason) == (kind, reason)


def test_test_has_both_special_characters() -> None:
    """The known value contains - and _, so the other alphabet is really another text."""
    assert "-" in DATA
    assert "_" in DATA


def test_refuse_each_flipped_bit() -> None:
    """Whichever bit of the data an attacker flips, the value is refused."""
    data = unb64(DATA)

    for number in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[number // 8] ^= 1 << number % 8
        bad = refused(f"v1.{KEY_ID}.{b64(bytes(flipped))}")
        assert type(bad) is BadSignature


def test_refuse_each_changed_character() -> None:
    """Whichever character of the value an attacker changes, it is refused."""
    for at, old in enumerate(VALUE):
        for new in "A-z. =\0é\ud83d":
            if new != old:
                refused(VALUE[:at] + new + VALUE[at + 1 :])


def test_refuse_every_part() -> None:
    """No part of a value opens, and no value with more before or after it."""
    for length in range(len(VALUE)):
        refused(VALUE[:length])
        refused(VALUE[length + 1 :])
    data = unb64(DATA)
    for more in (b"\0", bytes(16), data):
        assert type(refused(f"v1.{KEY_ID}.{b64(data + more)}")) is BadSignature
        assert type(refused(f"v1.{KEY_ID}.{b64(more + data)}")) is BadSignature
    for length in range(72, len(data)):
        assert type(refused(f"v1.{KEY_ID}.{b64(data[:length])}")) is BadSignature


@pytest.mark.parametrize(
    "name", ["admin", "Session", "session2", "sessio", f"{KEY_ID}.session"]
)
def test_refuse_another_cookies_value(name: str) -> None:
    """A value that was sealed for one cookie does not open as another."""
    bad = refused(VALUE, name=name)

    assert (type(bad), bad.reason) == (BadSignature, "signature")


def test_refuse_parts_of_two_values() -> None:
    """Nonce, ciphertext and tag of two cookies, mixed in any way, do not open."""
    ours, theirs = unb64(DATA), unb64(CODEC.seal({"message": "ho"}, **LIFE).split(".")[2])
    cuts = (slice(0, 24), slice(24, -16), slice(-16, None))

    for chosen in range(1, 7):
        mixed = b"".join(
            (theirs if chosen >> n & 1 else ours)[cut] for n, cut in enumerate(cuts)
        )
        assert type(refused(f"v1.{KEY_ID}.{b64(mixed)}")) is BadSignature


def test_refuse_another_known_key_id() -> None:
    """A value does not open with the key id of another secret of the same codec."""
    both = AEADCodec([secret_of("other"), SECRET])
    other_id = derived(secret_of("other"))[1]

    assert both.unseal(VALUE, name="session").content == HELLO
    assert type(refused(f"v1.{other_id}.{DATA}", codec=both)) is BadSignature


FORGED = {
    "list": ("[]", BadPayload, "object"),
    "nothing": ("", BadPayload, "json"),
    "no JSON": ("a private text", BadPayload, "json"),
    "deep": ("[" * 2000, BadPayload, "json"),
    "NaN": ('{"a":NaN}', BadPayload, "json"),
}


@pytest.mark.parametrize(("text", "kind", "reason"), FORGED.values(), ids=FORGED)
def test_refuse_payload(text: str, kind: type[BadCookie], reason: str) -> None:
    """A value that was sealed with the right secret, but not from a dict, is refused."""
    filled = plain(text) if text else plain(text) + b" " * 16

    bad = refused(sealed(SECRET, bytes(24), "session", filled))

    assert (type(bad), bad.reason) == (kind, reason)
    assert "private" not in "".join(traceback.format_exception(bad))


@pytest.mark.parametrize("times", [(2**53, 0), (0, 2**53), (2**64 - 1, 0)])
def test_refuse_impossible_times(times: tuple[int, int]) -> None:
    """A time that `seal` refuses is refused by `unseal` too, even with the right secret."""
    bad = refused(sealed(SECRET, bytes(24), "session", plain("{}", *times)))

    assert (type(bad), bad.reason) == (BadFormat, "time")


def test_invalid_utf8_is_replaced() -> None:
    """Bytes that are no UTF-8 become U+FFFD, as in Mozilla's format."""
    plaintext = plain('{"a":"?"}').replace(b"?", b"\xff")

    opened = CODEC.unseal(sealed(SECRET, bytes(24), "session", plaintext), name="session")

    assert opened.content == {"a": "\N{REPLACEMENT CHARACTER}"}


def test_errors_repeat_nothing() -> None:
    """No error repeats a part of the value or of the cookie's name."""
    for value, *_ in REFUSED.values():
        shown = str(refused(value, name="admin"))
        assert "admin" not in shown
        assert not any(len(part) > 3 and part in shown for part in value.split("."))


def test_refuse_large_values() -> None:
    """Ten million characters are refused in one pass; a quadratic check would not end."""
    size = 10_000_000
    for text in ("." * size, "v1." * (size // 3), "v1.." + "=" * size, "é" * size):
        assert type(refused(text)) is BadFormat
    assert type(refused(f"v1.{KEY_ID}." + "A" * size)) is BadSignature


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ANY_TEXT = st.text(st.characters(exclude_categories=()))
ANY_FIELD = ANY_TEXT | st.text(BASE64) | st.sampled_from(["v1", "v2", KEY_ID, DATA])
ANY_VALUE = (
    ANY_TEXT
    | st.lists(ANY_FIELD, max_size=5).map(".".join)
    | (st.text(BASE64) | st.binary(max_size=200).map(b64)).map(lambda s: f"v1.{KEY_ID}.{s}")
    | st.tuples(st.integers(0, len(VALUE)), st.integers(0, len(VALUE)), ANY_TEXT).map(
        lambda cut: VALUE[: cut[0]] + cut[2] + VALUE[cut[1] :]
    )
)


@given(ANY_VALUE)
def test_any_text_opens_or_is_refused(value: str) -> None:
    """Any text is the sealed value, or raises a BadCookie and nothing else."""
    try:
        CODEC.unseal(value, name="session")
    except BadCookie as bad:
        assert bad.reason in ("fields", "base64", "canonical", "signature")  # noqa: PT017
        assert value != VALUE
    else:
        assert value == VALUE


SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | ANY_TEXT
CONTENTS = st.dictionaries(
    ANY_TEXT,
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner)),
    max_size=5,
)
TIME = st.integers(0, 2**53 - 1)


@given(CONTENTS, TIME, TIME)
def test_any_content_opens_again(
    content: dict[str, Any], created_at: int, duration: int
) -> None:
    """Whatever can be sealed opens again, as Mozilla's format would return it."""
    times = {"created_at": created_at, "duration": duration}
    mozillas = SealedCodec(derive_keys(SECRET))

    opened = CODEC.unseal(CODEC.seal(content, name="s", **times), name="s")

    expected = mozillas.unseal(mozillas.seal(content, name="s", **times), name="s")
    assert opened == expected
    assert opened.json == expected.json


# Rotation


def test_rotation() -> None:
    """The first secret seals; every secret opens; `rotated` says that it was not the first."""
    old, new, third = (secret_of(word) for word in ("old", "new", "third"))
    values = [AEADCodec(each).seal(HI, **LIFE) for each in (new, old, third)]

    codec = AEADCodec([new, old, third])

    opened = [codec.unseal(each, name="session") for each in values]
    assert [each.rotated for each in opened] == [False, True, True]
    assert all(each.content == HI for each in opened)
    assert codec.seal(HI, **LIFE).split(".")[1] == derived(new)[1]
    assert type(refused(values[1], codec=AEADCodec((new, third)))) is BadSignature


def test_rotation_tries_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening decrypts once, however many secrets there are."""
    secrets = [secret_of(str(number)) for number in range(20)]
    last = AEADCodec(secrets[-1]).seal(HI, **LIFE)
    codec, calls = AEADCodec(secrets), list[bytes]()
    decrypt = XAES256GCM.decrypt

    def counted(self: XAES256GCM, nonce: bytes, *more: bytes) -> bytes:
        calls.append(nonce)
        return decrypt(self, nonce, *more)

    monkeypatch.setattr(XAES256GCM, "decrypt", counted)

    assert codec.unseal(last, name="session").rotated
    assert len(calls) == 1


# In an app


def site_with(clock: Clock, codec: Any = None, **options: Any) -> Site:
    return Site(clock, secret=None, codec=codec or AEADCodec(SECRET), **options)


def test_app_keeps_a_session(clock: Clock, advance: Callable[[float], None]) -> None:
    """An app writes, reads, extends and expires a session."""
    site = site_with(clock)

    written = the_cookie(site.visit(write)).value
    assert CODEC.unseal(written, name="session") == Unsealed(HI, site.now, 120_000)
    again = site.visit(read)
    assert (again.text, set_cookies(again)) == ("hi", [])
    advance(70)
    extended = the_cookie(site.visit(read)).value
    assert CODEC.unseal(extended, name="session").created_at == site.now - 70_000 + 60_000
    advance(111)
    assert site.visit(read).text == "None"
    assert site.visit_with(f"session={MOZILLAS}", read).text == "None"


def test_app_ends_a_session_at_its_longest_lifetime(
    clock: Clock, advance: Callable[[float], None]
) -> None:
    """`max_lifetime` ends a session that is used all the time."""
    site = site_with(clock, max_lifetime=timedelta(minutes=5))
    site.visit(write)

    seen = []
    for _ in range(6):
        advance(55)
        seen.append(site.visit(read).text)

    assert seen == ["hi"] * 5 + ["None"]


def test_app_revokes_a_cookie(clock: Clock) -> None:
    """A DenyList refuses every cookie of the session that logged out."""
    denied = DenyList(MemoryStore(lambda: round(clock() * 1000)))
    site = site_with(clock, revocation=denied, max_lifetime=timedelta(hours=1))
    first = the_cookie(site.visit(write)).value
    second = the_cookie(site.visit(write_other)).value

    site.visit_with(f"session={first}", denied.end)

    assert site.visit_with(f"session={first}", read).text == "None"
    assert site.visit_with(f"session={second}", read).text == "None"


def write_other(session: Session) -> None:
    session["message"] = "ho"


def test_app_revokes_a_user(clock: Clock, advance: Callable[[float], None]) -> None:
    """UserEpochs ends every session of a user."""
    now: Callable[[], int] = lambda: round(clock() * 1000)  # noqa: E731
    epochs = UserEpochs(MemoryStore(now), user=lambda s: s.get("message"), now=now)
    site = site_with(clock, revocation=epochs)
    site.visit(log_in)
    assert site.visit(read).text == "hi"

    epochs.end_all("hi")

    assert site.visit(read).text == "None"
    advance(1)
    site.visit(log_in)
    assert site.visit(read).text == "hi"


def log_in(session: Session) -> None:
    session.reset()
    write(session)


def test_app_rotates_secrets(clock: Clock) -> None:
    """A cookie of the old secret is sealed again with the new one, once."""
    old, new = secret_of("old"), secret_of("new")
    value = the_cookie(site_with(clock, AEADCodec(old)).visit(write)).value
    site = site_with(clock, AEADCodec([new, old]))
    site.browser.set_cookie("session", value)

    response = site.visit(read)

    assert response.text == "hi"
    again = AEADCodec(new).unseal(the_cookie(response).value, name="session")
    assert (again.content, again.rotated) == (HI, False)
    assert not set_cookies(site.visit(read))


def test_app_binds_the_cookies_name(clock: Clock) -> None:
    """The value of one cookie does not open as another cookie of the same app."""
    site = site_with(clock)
    admin = ClientSessions(site.app, codec=AEADCodec(SECRET), cookie_name="admin", clock=clock)
    value = the_cookie(site.visit(write)).value

    seen = site.visit_with(f"admin={value}; session={value}", lambda s: [s, admin.session])

    assert seen.text == "[{'message': 'hi'}, {}]"


def test_app_refuses_a_session_that_is_too_large(clock: Clock) -> None:
    """A session that browsers would drop raises SessionTooLarge."""

    def fill(session: Session) -> None:
        session["text"] = "x" * 3100

    with pytest.raises(SessionTooLarge, match=r"session\['text'\] must have at most 3072"):
        site_with(clock).visit(fill)


# The recipe in docs/deployment.md


class Moving:
    """Seal with AEADCodec; open Mozilla's format too, until its last cookie has expired."""

    def __init__(self, secret: str) -> None:
        self.new = AEADCodec(secret)
        self.old = SealedCodec(derive_keys(secret), strict=True)

    def seal(self, content: Mapping[str, Any], **sealed: Any) -> str:
        return self.new.seal(content, **sealed)

    def unseal(self, value: str, *, name: str) -> Unsealed:
        if value.startswith("v1."):
            return self.new.unseal(value, name=name)
        return replace(self.old.unseal(value, name=name), rotated=True)


def test_move_without_logging_out(clock: Clock, advance: Callable[[float], None]) -> None:
    """The recipe opens a cookie in Mozilla's format, and seals it again with AEADCodec."""
    longest = timedelta(minutes=5)
    before = Site(clock, max_lifetime=longest)
    value = the_cookie(before.visit(write)).value
    began = before.now
    site = site_with(clock, Moving(SECRET), max_lifetime=longest)
    site.browser.set_cookie("session", value)
    advance(50)

    response = site.visit(read)

    assert response.text == "hi"
    moved = the_cookie(response).value
    opened = AEADCodec(SECRET).unseal(moved, name="session")
    assert (opened.content["_born"], opened.created_at) == (began, began)
    assert not set_cookies(site.visit(read))
    after = site_with(clock, max_lifetime=longest)
    assert after.visit_with(f"session={moved}", read).text == "hi"
    assert after.visit_with(f"session={value}", read).text == "None"


class FirstStep(Moving):
    """What every server runs before the first one seals with AEADCodec."""

    def seal(self, content: Mapping[str, Any], **sealed: Any) -> str:
        return self.old.seal(content, **sealed)

    def unseal(self, value: str, *, name: str) -> Unsealed:
        return replace(super().unseal(value, name=name), rotated=False)


def test_move_several_servers(clock: Clock) -> None:
    """While servers are replaced one by one, each opens the other's cookies."""
    first, second = site_with(clock, FirstStep(SECRET)), site_with(clock, Moving(SECRET))
    before = the_cookie(first.visit(write)).value
    after = the_cookie(second.visit_with(f"session={before}", read)).value

    there = first.visit_with(f"session={after}", read)

    assert (before.startswith("v1."), after.startswith("v1.")) == (False, True)
    assert (there.text, set_cookies(there)) == ("hi", [])
    assert not set_cookies(first.visit_with(f"session={before}", read))


def test_move_keeps_revoked_cookies_revoked(clock: Clock) -> None:
    """A cookie in Mozilla's format that was revoked stays revoked after the move."""
    denied = DenyList(MemoryStore(lambda: round(clock() * 1000)))
    before = Site(clock, revocation=denied)
    value = the_cookie(before.visit(write)).value
    before.visit(denied.end)

    site = site_with(clock, Moving(SECRET), revocation=denied)

    assert site.visit_with(f"session={value}", read).text == "None"


@given(ANY_VALUE)
def test_move_opens_or_refuses_any_text(value: str) -> None:
    """The recipe raises nothing but BadCookie, whatever the cookie is."""
    try:
        opened = Moving(SECRET).unseal(value, name="session")
    except BadCookie:
        pass
    else:
        assert (value, opened.content) == (VALUE, HELLO)
