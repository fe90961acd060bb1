"""Seal and open cookie values: the course page's two, each field, each refusal."""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from lesson_app import cookie
from lesson_app._engine.codec import SealedCodec, _prepare
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import (
    CIPHERS,
    DAY,
    MACS,
    Keys,
    Unsealed,
    derive_keys,
    from_base64,
    seal,
    to_base64,
    unseal,
)
from lesson_app.errors import BadCookie, BadName, BadPayload, BadSignature
from lesson_app.lab import seeded_urandom
from tests.conftest import PAGE_RETURNED, PAGE_SENT, b64, forge, unb64

PAGE = {PAGE_SENT: 1692988779453, PAGE_RETURNED: 1692989253302}
KEYS = derive_keys(PAGE_SECRET)
FIELDS = PAGE_SENT.split(".")
IV, CIPHERTEXT, CREATED_AT, DURATION, MAC = range(5)


def changed(field: int, text: str) -> str:
    """Return the page's cookie with another text in one field."""
    return ".".join([*FIELDS[:field], text, *FIELDS[field + 1 :]])


@pytest.mark.parametrize(("value", "created_at"), PAGE.items(), ids=["sent", "returned"])
def test_open_the_page(value: str, created_at: int) -> None:
    """Both cookies of the course page open with the secret printed there."""
    opened = unseal(value, KEYS)

    assert opened == Unsealed({"message": "Hello World!"}, created_at, 120_000, rotated=False)


@pytest.mark.parametrize(("value", "created_at"), PAGE.items(), ids=["sent", "returned"])
def test_seal_the_page(value: str, created_at: int) -> None:
    """Sealing each again with its own IV and times gives the same bytes."""
    iv = unb64(value.split(".")[0])

    again = seal(
        {"message": "Hello World!"}, KEYS, created_at=created_at, duration=120_000, iv=iv
    )

    assert again == value


def test_derived_keys() -> None:
    """Each key is the HMAC-SHA256 of a fixed word, with the secret as its key."""
    keys = derive_keys("sécret")

    key = "sécret".encode()
    assert keys.encryption == hmac.digest(key, b"cookiesession-encryption", "sha256")
    assert keys.signature == hmac.digest(key, b"cookiesession-signature", "sha256")
    assert (keys.cipher, keys.mac) == ("aes256", "sha256")
    assert derive_keys(key) == keys


BAD_SECRETS: dict[str, tuple[Any, type[Exception], str]] = {
    "none": (None, TypeError, "secret must be str or bytes, got NoneType"),
    "number": (12345, TypeError, "secret must be str or bytes, got int"),
    "empty": ("", ValueError, "secrets.token_urlsafe"),
    "empty bytes": (b"", ValueError, "secrets.token_urlsafe"),
    "half a pair": ("hush\ud800", ValueError, "half a surrogate pair; use another one"),
}


@pytest.mark.parametrize(("secret", "kind", "fix"), BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_bad_secret(secret: Any, kind: type[Exception], fix: str) -> None:
    """An unusable secret is refused; the message names the fix, not the secret."""
    with pytest.raises(kind) as refusal:
        derive_keys(secret)

    assert fix in str(refusal.value)
    assert "hush" not in str(refusal.value)
    assert "12345" not in str(refusal.value)


A, B = b"encryption-key-0" * 4, b"signature-key-00" * 4

BAD_KEYS: dict[str, tuple[Callable[[], Keys], type[Exception], str]] = {
    "text": (lambda: Keys("x" * 32, B), TypeError, "encryption key must be bytes, got str"),  # type: ignore[arg-type]
    "text to sign": (lambda: Keys(A[:32], "x"), TypeError, "signature key must be bytes, got"),  # type: ignore[arg-type]
    "short": (
        lambda: Keys(A[:31], B),
        ValueError,
        "aes256 needs a 32-byte encryption key, got 31",
    ),
    "long": (
        lambda: Keys(A[:17], B, "aes128"),
        ValueError,
        "aes128 needs a 16-byte encryption key, got 17",
    ),
    "equal": (lambda: Keys(A[:32], A[:32]), ValueError, "two keys are equal; generate each"),
    "cipher": (
        lambda: Keys(A[:32], B, "aes256-gcm"),
        ValueError,
        "cipher must be one of aes128, aes192, aes256; got 'aes256-gcm'",
    ),
    "mac": (
        lambda: Keys(A[:32], B, mac="md5"),
        ValueError,
        "mac must be one of sha256, .*; got 'md5'",
    ),
}


@pytest.mark.parametrize(("make", "kind", "message"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_bad_keys(make: Callable[[], Keys], kind: type[Exception], message: str) -> None:
    """Keys that do not fit their algorithms are refused, with the length they need."""
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("mac", MACS)
def test_short_signature_key(mac: str) -> None:
    """A key shorter than the MAC's hash is refused, even if the MAC is truncated."""
    least = MACS[mac].min_key

    with pytest.raises(
        ValueError, match=rf"{mac} needs a signature key of {least}\+ bytes, got {least - 1}"
    ):
        Keys(A[:32], B[: least - 1], mac=mac)


def test_values_do_not_change() -> None:
    """No attribute of Keys or of an opened cookie can be assigned."""
    with pytest.raises(FrozenInstanceError):
        KEYS.mac = "sha512"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Unsealed({}, 0, 0).duration = 1  # type: ignore[misc]


def test_keys_are_not_shown() -> None:
    """No repr shows a key."""
    shown = repr([KEYS, SealedCodec(KEYS)])

    assert "Keys(cipher='aes256', mac='sha256')" in shown
    assert repr(KEYS.encryption)[2:8] not in shown
    assert repr(KEYS.signature)[2:8] not in shown


ALGORITHMS = list(itertools.product(CIPHERS, MACS))


@pytest.mark.parametrize(("cipher", "mac"), ALGORITHMS, ids=map("/".join, ALGORITHMS))
def test_round_trip(cipher: str, mac: str) -> None:
    """A sealed cookie opens again, with each cipher and each MAC."""
    keys = Keys(A[: CIPHERS[cipher]], B, cipher, mac)
    content = {"user": {"name": "Zoë", "age": 41.5}, "tags": ["a", None, True]}

    value = seal(content, keys, name="s", created_at=1, duration=2)

    assert unseal(value, keys, name="s") == Unsealed(content, 1, 2)


@pytest.mark.parametrize(
    ("mac", "hash_name", "least", "kept"),
    [
        ("sha256", "sha256", 32, 32),
        ("sha256-drop128", "sha256", 32, 16),
        ("sha384", "sha384", 48, 48),
        ("sha384-drop192", "sha384", 48, 24),
        ("sha512", "sha512", 64, 64),
        ("sha512-drop256", "sha512", 64, 32),
    ],
)
def test_signature(mac: str, hash_name: str, least: int, kept: int) -> None:
    """The MAC is an HMAC over four fields, its first half for the `drop` names."""
    keys = Keys(A[:32], B[:least], mac=mac)

    signature = cookie.sign(b"i" * 16, b"\x00.\xff", "1355408039221", "5000", keys)

    text = b"i" * 16 + b"." + b"\x00.\xff" + b".1355408039221.5000"
    assert signature == hmac.new(B[:least], text, hash_name).digest()[:kept]


@pytest.mark.parametrize("length", [0, 6, 7, 8, 22, 23, 24], ids=lambda n: f"{n} more")
def test_oracle(length: int) -> None:
    """At every padding length, `seal` gives the value made with hmac and AES-CBC alone."""
    content = {"m": "x" * length}
    plaintext = b'session={"m":"' + b"x" * length + b'"}'

    value = seal(content, derive_keys("s" * 32), created_at=12, duration=34, iv=bytes(16))

    assert value == forge(plaintext, "s" * 32, created_at="12", duration="34")


def test_five_fields() -> None:
    """A value consists of IV, whole blocks of ciphertext, two times in ms, and MAC."""
    value = seal({"foo": "bar"}, KEYS, created_at=1355408039221, duration=5000)

    iv, ciphertext, created_at, duration, mac = value.split(".")
    assert len(unb64(iv)) == 16
    assert len(unb64(ciphertext)) == 32
    assert (created_at, duration) == ("1355408039221", "5000")
    assert len(unb64(mac)) == 32
    assert "=" not in value


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default a value is sealed now, for a day, with 16 random bytes as IV."""
    monkeypatch.setattr("time.time_ns", lambda: 4_102_488_000_123_999_999)
    monkeypatch.setattr("os.urandom", lambda size: b"r" * size)

    value = seal({}, KEYS)

    assert value == seal(
        {}, KEYS, name="session", created_at=4_102_488_000_123, duration=DAY, iv=b"r" * 16
    )
    assert DAY == 86_400_000


def test_a_new_iv_each_time() -> None:
    """Sealing the same content twice gives different values."""
    first, second = seal({}, KEYS, created_at=0), seal({}, KEYS, created_at=0)

    assert first.split(".")[0] != second.split(".")[0]
    assert first.split(".")[1] != second.split(".")[1]


@pytest.mark.parametrize("at", [0, 2**53 - 1])
def test_any_time(at: int) -> None:
    """Both times can be from 0 to JavaScript's largest safe integer."""
    opened = unseal(seal({}, KEYS, created_at=at, duration=at), KEYS)

    assert (opened.created_at, opened.duration) == (at, at)


def test_equals_sign_in_content() -> None:
    """The first = ends the name; the content may have more."""
    content = {"a=b": "=c=="}

    assert unseal(seal(content, KEYS), KEYS).content == content


BAD_SEALS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "list": ({"content": [1]}, TypeError, "content must be a dict, got list"),
    "text": ({"content": "a"}, TypeError, "content must be a dict, got str"),
    "value": ({"content": {"a": b""}}, TypeError, r"session\['a'\] is of type bytes"),
    "text for keys": (
        {"keys": "secret"},
        TypeError,
        r"keys must be Keys, such as derive_keys\(secret\), got str",
    ),
    "name with =": ({"name": "a=b"}, ValueError, "without '=', got 'a=b'"),
    "empty name": ({"name": ""}, ValueError, "name must be Unicode text without '=', got ''"),
    "half a pair": ({"name": "\ud800"}, ValueError, r"without '=', got '\\ud800'"),
    "name in bytes": ({"name": b"s"}, TypeError, "name must be str, got bytes"),
    "float time": (
        {"created_at": 1.0},
        TypeError,
        "created_at must be whole milliseconds, got 1.0",
    ),
    "text time": (
        {"created_at": "1"},
        TypeError,
        "created_at must be whole milliseconds, got '1'",
    ),
    "true": ({"duration": True}, TypeError, "duration must be whole milliseconds, got True"),
    "no duration": (
        {"duration": None},
        TypeError,
        "duration must be whole milliseconds, got None",
    ),
    "negative": (
        {"duration": -1},
        ValueError,
        r"duration must be from 0 to 2\*\*53 - 1 milliseconds, got -1",
    ),
    "too late": ({"created_at": 2**53}, ValueError, "milliseconds, got 9007199254740992"),
    "short iv": ({"iv": b"x" * 15}, ValueError, "the IV must have 16 bytes, got 15"),
    "long iv": ({"iv": b"x" * 17}, ValueError, "the IV must have 16 bytes, got 17"),
    "iv in text": ({"iv": "x" * 16}, TypeError, "iv must be bytes, got str"),
    "empty iv": ({"iv": b""}, ValueError, "the IV must have 16 bytes, got 0"),
}


@pytest.mark.parametrize(("arguments", "kind", "message"), BAD_SEALS.values(), ids=BAD_SEALS)
def test_not_sealed(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    """Arguments that would give an unreadable cookie are refused, by name."""
    with pytest.raises(kind, match=message):
        seal(**{"content": {}, "keys": KEYS, **arguments})


@pytest.mark.parametrize("field", [IV, CIPHERTEXT, MAC], ids=["iv", "ciphertext", "mac"])
def test_every_bit(field: int) -> None:
    """Flipping any single bit of IV, ciphertext or MAC makes the cookie invalid."""
    raw = unb64(FIELDS[field])

    for position in range(len(raw) * 8):
        flipped = int.from_bytes(raw) ^ 1 << position
        with pytest.raises(BadSignature):
            unseal(changed(field, b64(flipped.to_bytes(len(raw)))), KEYS)


@pytest.mark.parametrize("field", [CREATED_AT, DURATION], ids=["created_at", "duration"])
def test_every_bit_of_a_time(field: int) -> None:
    """Flipping any single bit of a time makes the cookie invalid."""
    raw = FIELDS[field].encode()

    for position in range(len(raw) * 8):
        flipped = int.from_bytes(raw) ^ 1 << position
        with pytest.raises(BadCookie):
            unseal(changed(field, flipped.to_bytes(len(raw)).decode("latin-1")), KEYS)


def test_another_secret() -> None:
    """Another secret does not open the cookie."""
    with pytest.raises(BadSignature, match="sealed with another secret"):
        unseal(PAGE_SENT, derive_keys(PAGE_SECRET + "x"))


def test_same_signature_key_only() -> None:
    """The right signature key with a wrong encryption key decrypts to noise."""
    keys = Keys(A[:32], KEYS.signature)

    with pytest.raises(BadPayload, match="whole, padded blocks"):
        unseal(PAGE_SENT, keys)


def test_another_name() -> None:
    """A value moved to a cookie with another name is refused; the message has both names."""
    with pytest.raises(BadName, match="sealed for the cookie 'session', not 'admin'"):
        unseal(PAGE_SENT, KEYS, name="admin")


# parseInt and Node's base64 are lenient: several texts give what the MAC covers.
SAME = {
    "spare bits of the mac": PAGE_SENT[:-1] + "d",
    "spare bits of the iv": changed(IV, FIELDS[IV][:-1] + "h"),
    "padding": changed(IV, FIELDS[IV] + "=="),
    "other alphabet": changed(MAC, FIELDS[MAC].replace("-", "+")),
    "other alphabet's slash": changed(CIPHERTEXT, FIELDS[CIPHERTEXT].replace("_", "/")),
    "foreign characters": changed(IV, FIELDS[IV][:4] + "!! \xe9" + FIELDS[IV][4:]),
    "plus sign": changed(CREATED_AT, "+" + FIELDS[CREATED_AT]),
    "zeros": changed(DURATION, "000" + FIELDS[DURATION]),
    "tail": changed(DURATION, FIELDS[DURATION] + "ms"),
    "white space": changed(CREATED_AT, " \t\xa0" + FIELDS[CREATED_AT]),
}


@pytest.mark.parametrize("value", SAME.values(), ids=SAME)
def test_read_as_node_reads(value: str) -> None:
    """Every text that Node reads as the same bytes and numbers opens here too."""
    assert value != PAGE_SENT
    assert unseal(value, KEYS) == unseal(PAGE_SENT, KEYS)


def test_invalid_utf8() -> None:
    """Bytes that are not UTF-8 become U+FFFD, as in Node."""
    opened = unseal(forge(b'session={"a":"\xff\xc3("}', PAGE_SECRET), KEYS)

    assert opened.content == {"a": "\ufffd\ufffd("}


def test_times_that_seal_would_not_write() -> None:
    """A key holder can seal negative and huge times; `unseal` leaves them to the middleware."""
    opened = unseal(
        forge(b"session={}", PAGE_SECRET, created_at="-5", duration="1" + "0" * 20), KEYS
    )

    assert (opened.created_at, opened.duration) == (-5, 10**20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, KEYS), "value must be str, got NoneType"),
        ((PAGE_SENT.encode(), KEYS), "value must be str, got bytes"),
        (
            ("not a cookie", PAGE_SECRET),
            r"keys must be Keys, such as derive_keys\(secret\), got str",
        ),
    ],
    ids=["None", "bytes", "secret for keys"],
)
def test_not_unsealed(arguments: Any, message: str) -> None:
    """A wrong argument raises TypeError, not BadCookie; the message repeats no secret."""
    with pytest.raises(TypeError, match=message) as refusal:
        unseal(*arguments)

    assert PAGE_SECRET not in str(refusal.value)


def test_rotation() -> None:
    """A codec seals with its first keys, opens with any, and marks cookies of older keys."""
    old, new = derive_keys("old" * 11), derive_keys("new" * 11)
    codec = SealedCodec(new, old)
    fresh = codec.seal({"a": 1}, name="s", created_at=1, duration=2)
    stale = seal({"a": 1}, old, name="s", created_at=1, duration=2)

    assert codec.unseal(fresh, name="s") == Unsealed({"a": 1}, 1, 2, rotated=False)
    assert codec.unseal(stale, name="s") == Unsealed({"a": 1}, 1, 2, rotated=True)
    assert unseal(fresh, new, name="s").content == {"a": 1}


def test_rotation_opens_nothing_else() -> None:
    """A value sealed with none of the keys, or for another name, is refused."""
    codec = SealedCodec(derive_keys("new" * 11), derive_keys("old" * 11))

    with pytest.raises(BadSignature):
        codec.unseal(PAGE_SENT, name="session")
    with pytest.raises(BadName):
        codec.unseal(seal({}, derive_keys("old" * 11), name="other"), name="session")


def other_text(value: str) -> str:
    """Return another text for the same cookie, which the fast path does not accept."""
    return f'"{value}"'


def outcome(codec: SealedCodec, value: str, name: str) -> object:
    try:
        opened = codec.unseal(value, name=name)
    except BadCookie as bad:
        return type(bad), bad.reason
    return opened, opened.rotated


def test_keys_that_share_the_signature_key() -> None:
    """The fast path and the reference functions try each key and agree."""
    first, second = Keys(A[:32], KEYS.signature), KEYS
    codec, swapped = SealedCodec(first, second), SealedCodec(second, first)
    for number in range(300):  # one in 256 leaves a good padding under the wrong key
        value = seal({"n": number}, second, name="s", created_at=1, duration=2)
        for each, rotated in ((codec, True), (swapped, False)):
            for text in (value, other_text(value)):
                opened = Unsealed({"n": number}, 1, 2, rotated)
                assert outcome(each, text, "s") == (opened, rotated)


def no_json(keys: Keys) -> str:
    """Seal a plaintext that is not JSON."""
    return _prepare(keys).seal(b"s=text", 1, 2)


REFUSED_BY_TWO = {
    "another name": (seal({}, KEYS, name="other"), (BadName, "name")),
    "no JSON": (no_json(KEYS), (BadPayload, "json")),
    "neither": (
        seal({}, Keys(B[:32], KEYS.signature), name="s", iv=B[:16]),
        (BadPayload, "padding"),
    ),
    "another secret": (seal({}, derive_keys("x" * 33), name="s"), (BadSignature, "signature")),
}


@pytest.mark.parametrize(("value", "refusal"), REFUSED_BY_TWO.values(), ids=REFUSED_BY_TWO)
def test_refusal_of_the_closest_keys(value: str, refusal: tuple[type, str]) -> None:
    """With several keys, the codec raises the error of the keys that got furthest."""
    wrong, stranger = Keys(A[:32], KEYS.signature), derive_keys("y" * 33)
    for keys in ((wrong, KEYS, stranger), (KEYS, stranger, wrong), (stranger, wrong, KEYS)):
        for text in (value, other_text(value)):
            assert outcome(SealedCodec(*keys), text, "s") == refusal


def test_codec_draws_its_ivs() -> None:
    """A codec takes each IV from the `urandom` it was given."""
    codec = SealedCodec(KEYS, urandom=seeded_urandom(1))

    values = [codec.seal({}, name="s", created_at=0, duration=0) for _ in range(2)]

    draw = seeded_urandom(1)
    assert [unb64(v.split(".")[0]) for v in values] == [draw(16), draw(16)]


def test_codec_without_keys() -> None:
    """A codec without keys is refused; the message says how to derive them."""
    with pytest.raises(ValueError, match=r"at least one Keys, such as derive_keys\(secret\)"):
        SealedCodec()
    with pytest.raises(TypeError, match=r"keys must be Keys, such as .*, got str"):
        SealedCodec(KEYS, "secret")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"\xfb", "-w"),
        (b"\xfb\xff", "-_8"),
        (b"\xfb\xff\xbf", "-_-_"),
        (b"\x00\x00\x17", "AAAX"),
    ],
    ids=repr,
)
def test_base64(raw: bytes, text: str) -> None:
    """Bytes are written in base64url without padding, and read back."""
    assert to_base64(raw) == text
    assert from_base64(text) == raw


FOREIGN = {
    "skipped": ("A!A A!", b"\0\0"),
    "only foreign": ("!!", b""),
    "a single last digit": ("AAAAA!", b"\0\0\0"),
    "padding": ("AA==", b"\0"),
    "after the padding": ("AA==AAAA", b"\0"),
    "half a character": ("AAA\ud800", b"\0\0"),
    "two units": ("AA\U0001f600", b"\0"),
    "low byte": ("AA\u0141A", b"\0\0\0"),
}


@pytest.mark.parametrize(("text", "raw"), FOREIGN.values(), ids=FOREIGN)
def test_base64_with_foreign_characters(text: str, raw: bytes) -> None:
    """Characters outside base64 are skipped, and a single last digit is dropped, as in Node."""
    assert from_base64(text) == raw


def test_codec_is_not_strict_by_default() -> None:
    """By default, a codec opens each text that Node opens."""
    codec = SealedCodec(KEYS)
    value = codec.seal({}, name="session", created_at=0, duration=1)

    assert codec.unseal(f'"{value}"', name="session").content == {}
