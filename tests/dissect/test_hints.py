"""What is said of the causes of a refusal, and of unusual text."""

from __future__ import annotations

import pytest

from lesson_app import Keys, derive_keys, seal
from lesson_app.app import PAGE_SECRET
from lesson_app.dissect import dissect
from tests.conftest import PAGE_SENT, forge

KEYS = derive_keys(PAGE_SECRET)
OTHER = derive_keys("x")
FIELDS = PAGE_SENT.split(".")
IV, CIPHERTEXT, CREATED_AT, DURATION, MAC = range(5)
CUT = "cut or changed on the way: copy the whole value"
NOISE = "the MAC is right and the plaintext is none: the signature key fits, the encryption key"


def changed(field: int, text: str) -> str:
    return ".".join([*FIELDS[:field], text, *FIELDS[field + 1 :]])


def notes(value: str, *keys: Keys, name: str = "session") -> list[str]:
    return list(dissect(value, {str(i): k for i, k in enumerate(keys)}, name=name).notes)


def test_nothing_to_say() -> None:
    """A cookie as `seal` writes it needs no note."""
    assert notes(PAGE_SENT) == notes(PAGE_SENT, KEYS) == []


CAUSES: dict[str, tuple[str, Keys, str]] = {
    "empty": ("", KEYS, "there is nothing: quote the value"),
    "cut": (".".join(FIELDS[:4]), KEYS, f"the value was {CUT}"),
    "token": ("eyJh.eyJh.abcd", KEYS, "so begin Flask's own sessions and JSON Web Tokens"),
    "flask, compressed": (".eJyr.Zx8.mY3", KEYS, "so begin Flask's own sessions"),
    "fraction": (changed(DURATION, "1.5"), KEYS, "a sixth field comes of a time with a frac"),
    "base64": (changed(MAC, "A"), KEYS, f"no bytes have a text as long as that of mac: {CUT}"),
    "time": (changed(DURATION, "Infinity"), KEYS, "both times are digits; Node's Infinity"),
    "iv": (changed(IV, "AAAA"), KEYS, f"the IV was {CUT}"),
    "secret": (PAGE_SENT, OTHER, "a field was changed or cut; or another secret sealed it; or"),
    "padding": (PAGE_SENT, Keys(OTHER.encryption, KEYS.signature), NOISE),
    "name": (forge(b"admin={}", PAGE_SECRET), KEYS, "its name is admin: ask for that one; or"),
    "name of noise": (forge(b"\xff={}", PAGE_SECRET), KEYS, NOISE),
    "unprintable name": (forge(b"\0={}", PAGE_SECRET), KEYS, NOISE),
    "no name": (forge(b"{}", PAGE_SECRET), KEYS, NOISE),
    "json": (forge(b"session={", PAGE_SECRET), KEYS, "whoever sealed it has the secret, and"),
    "object": (forge(b"session=1", PAGE_SECRET), KEYS, "whoever sealed it has the secret, and"),
}


@pytest.mark.parametrize(("value", "keys", "note"), CAUSES.values(), ids=CAUSES)
def test_cause(value: str, keys: Keys, note: str) -> None:
    """The first note on a cookie that does not open is a likely cause."""
    assert notes(value, keys)[0].startswith(note)


def test_no_cause_is_known() -> None:
    """Seven fields may be anything."""
    assert notes("a.b.c.d.e.f.g", KEYS) == []


def test_several_secrets() -> None:
    """Of several secrets, their number and the algorithms tried are told."""
    dropped = Keys(OTHER.encryption, OTHER.signature, mac="sha256-drop128")

    note = notes(PAGE_SENT, OTHER, derive_keys("y"), dropped)[0]

    assert "or none of the 3 secrets sealed it; or" in note
    assert note.endswith("tried, aes256 with sha256 or aes256 with sha256-drop128")


def test_another_mac() -> None:
    """From the length of a MAC its algorithms are told."""
    value = seal({}, Keys(KEYS.encryption, KEYS.signature, mac="sha256-drop128"))

    assert notes(value, KEYS)[1] == "a MAC of 16 bytes is one of sha256-drop128: try that"
    assert notes(value) == []


@pytest.mark.parametrize("keys", [(), (KEYS,)], ids=["without", "with a secret"])
def test_no_mac_of_this_length(keys: tuple[Keys, ...]) -> None:
    """A MAC that no algorithm makes was cut, which needs no secret to tell."""
    assert f"no MAC is 30 bytes long: {CUT}" in notes(PAGE_SENT[:-3], *keys)


def test_percent_signs() -> None:
    """A percent-encoded value gets a note of its own."""
    assert notes("a%2Eb")[1] == (
        "there are percent signs in it: was it percent-encoded? Decode it first"
    )


UNUSUAL = {
    "spare bits": (PAGE_SENT[:-1] + "d", "mac ends in d where `seal` writes c: its spare bits"),
    "padding": (changed(IV, FIELDS[IV] + "=="), "iv holds signs foreign to base64url, which"),
    "other alphabet": (changed(MAC, FIELDS[MAC].replace("-", "+")), "mac holds signs foreign"),
    "plus sign": (
        changed(CREATED_AT, "+1692988779453"),
        "created_at is written +1692988779453, and read as 1692988779453",
    ),
    "zeros": (changed(DURATION, "000120000"), "duration is written 000120000, and read as 120"),
    "tail": (changed(DURATION, "120000\x1b"), "duration is written 120000\\u001b, and read"),
}


@pytest.mark.parametrize(("value", "note"), UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_text(value: str, note: str) -> None:
    """A text that is not the one that `seal` writes opens, with a note."""
    facts = dissect(value, {"the secret": KEYS})

    assert facts.opened is not None
    assert len(facts.notes) == 1
    assert facts.notes[0].startswith(note)


def test_foreign_signs_are_listed_once() -> None:
    """Foreign signs are told, each once, and visibly."""
    value = changed(CIPHERTEXT, FIELDS[CIPHERTEXT] + "!! \x1b")

    assert notes(value)[-1].endswith("as Node reads them: ! \\u001b")
