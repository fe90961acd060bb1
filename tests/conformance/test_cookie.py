"""What Mozilla's tests check about a cookie value, and vectors from its library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from lesson_app import BadFormat, BadSignature, Keys, Unsealed, derive_keys, seal, unseal
from lesson_app.cookie import sign
from tests.express.peer import Encode, Oracle, Sealing, oracle

CONTENT = {"foo": "bar", "bar": ["foo", 1]}
KEYS = derive_keys("yo")

# Sealed by Mozilla's library with the bytes 0 to 15 as the IV.
VECTOR_CONTENT = {"tea": "milk", "two": [1, 2]}
VECTOR = (
    "AAECAwQFBgcICQoLDA0ODw.0nfEgQhqx6MZSpocQJcTO1ChtC3-Ky9Zd3-COI--gRB2L2qLM4dO2KqHYAO2CY4G"
    ".1355408039221.5000.MLwKC8RoMTWMmx9QGV1TbJTUSpjiK5v4NwUGsTS5INU"
)


class Signed(NamedTuple):
    """The fields of every HMAC vector. Its IV has 17 bytes; a cookie's has 16."""

    iv: bytes = b"01234567890abcdef"
    ciphertext: bytes = b"0123456789abcdef0123"
    created_at: int = 1234567890
    duration: int = 876543210


SIGNED, KEY = Signed(), b"0123456789abcdef" * 4
HMACS = {
    "sha256": "3d161ac55ffc464332213fc86feb4850e5a24a7fb412fa1d279aed1b51501f3d",
    "sha256-drop128": "3d161ac55ffc464332213fc86feb4850",
    "sha384": "30d0fd9f3ea9c5b402e66e3564f45784922ea938fdfe1bb8"
    "82d599f2df0b81d14b4055907c2f238628c1d0d1cba5e03b",
    "sha384-drop192": "30d0fd9f3ea9c5b402e66e3564f45784922ea938fdfe1bb8",
    "sha512": "1ebe0a2d52f2825230438dc2f54d9b9a27960552e70ff17e973092174ef60ecd"
    "9bf3b30afa06e7474a7be40f88fb97b3f9a89e98c1ae319c8a5405167cc31a50",
    "sha512-drop256": "1ebe0a2d52f2825230438dc2f54d9b9a27960552e70ff17e973092174ef60ecd",
}


@pytest.fixture(scope="module")
def node() -> Iterator[Oracle]:
    with oracle() as running:
        yield running


@pytest.mark.conforms("T36")
def test_five_parts() -> None:
    """A sealed value has five parts, none of them empty."""
    parts = seal(CONTENT, KEYS).split(".")

    assert len(parts) == 5
    assert all(parts)


@pytest.mark.conforms("T37", "T38")
def test_open_what_was_sealed() -> None:
    """A sealed value opens to its content and two integer times."""
    opened = unseal(seal(CONTENT, KEYS), KEYS)

    assert isinstance(opened, Unsealed)
    assert opened.content == CONTENT
    assert type(opened.created_at) is type(opened.duration) is int


@pytest.mark.conforms("T39")
def test_given_times() -> None:
    """Opening returns the sealed times."""
    opened = unseal(seal(CONTENT, KEYS, created_at=1355408039221, duration=5000), KEYS)

    assert (opened.created_at, opened.duration) == (1355408039221, 5000)


@pytest.mark.conforms("T40")
def test_a_day_by_default() -> None:
    """The default duration is a day."""
    assert unseal(seal(CONTENT, KEYS), KEYS).duration == 86_400_000


@pytest.mark.conforms("T41")
def test_fixed_cookie() -> None:
    """A value from Mozilla's library opens; with another last character it does not."""
    assert unseal(VECTOR, KEYS) == Unsealed(VECTOR_CONTENT, 1355408039221, 5000)
    with pytest.raises(BadSignature):
        unseal(VECTOR[:-1] + "A", KEYS)


FIELDS = VECTOR.split(".")
CUT = {
    "four parts": (".".join(FIELDS[:4]), "fields"),
    "invalid length of base64": (".".join([FIELDS[0], FIELDS[1][:-3], *FIELDS[2:]]), "base64"),
}


@pytest.mark.conforms("T42")
@pytest.mark.parametrize(("value", "reason"), CUT.values(), ids=CUT)
def test_cut_short(value: str, reason: str) -> None:
    """A value without its MAC, or with a ciphertext of invalid length, is refused."""
    with pytest.raises(BadFormat) as refusal:
        unseal(value, KEYS)

    assert refusal.value.reason == reason


@pytest.mark.conforms("T55", "T56", "T57", "T58", "T59", "T60")
@pytest.mark.parametrize(("mac", "expected"), HMACS.items(), ids=HMACS)
def test_hmac(mac: str, expected: str) -> None:
    """Each algorithm gives the same MAC as in Mozilla's library."""
    keys = Keys(b"e" * 32, KEY, mac=mac)
    times = str(SIGNED.created_at), str(SIGNED.duration)

    signature = sign(SIGNED.iv, SIGNED.ciphertext, *times, keys)

    assert signature.hex() == expected


def test_vectors_are_mozillas(node: Oracle) -> None:
    """The installed version of Mozilla's library gives the same vectors."""
    iv, created_at, duration = bytes(range(16)), 1355408039221, 5000
    request = Encode('{"tea":"milk","two":[1,2]}', created_at, duration, iv, Sealing(keys="yo"))

    assert node.encode(request) == [VECTOR]
    for mac, expected in HMACS.items():
        assert node.hmac(mac, KEY, **SIGNED._asdict()).hex() == expected
