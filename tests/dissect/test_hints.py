"""Hints about the causes of a refusal and about unusual text."""

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
CUT = "the value was truncated or changed: copy all of it"
NOISE = (
    "the MAC is valid but decryption gave garbage: the signature key is right, the encryption"
)


def changed(field: int, text: str) -> str:
    return ".".join([*FIELDS[:field], text, *FIELDS[field + 1 :]])


def notes(value: str, *keys: Keys, name: str = "session") -> list[str]:
    return list(dissect(value, {str(i): k for i, k in enumerate(keys)}, name=name).notes)


def test_nothing_to_say() -> None:
    """A cookie that `seal` wrote gets no note."""
    assert notes(PAGE_SENT) == notes(PAGE_SENT, KEYS) == []


CAUSES: dict[str, tuple[str, Keys, str]] = {
    "empty": ("", KEYS, "the value is empty: quote it"),
    "cut": (".".join(FIELDS[:4]), KEYS, CUT),
    "token": ("eyJh.eyJh.abcd", KEYS, "Flask's own sessions and JSON Web Tokens begin"),
    "flask, compressed": (".eJyr.Zx8.mY3", KEYS, "Flask's own sessions and JSON Web"),
    "fraction": (changed(DURATION, "1.5"), KEYS, "a time with a fraction adds a sixth field"),
    "base64": (changed(MAC, "A"), KEYS, f"invalid base64url length in mac; {CUT}"),
    "time": (changed(DURATION, "Infinity"), KEYS, "both times must be decimal digits; Node"),
    "iv": (changed(IV, "AAAA"), KEYS, CUT),
    "secret": (PAGE_SENT, OTHER, "a field was changed or truncated, another secret sealed it"),
    "padding": (PAGE_SENT, Keys(OTHER.encryption, KEYS.signature), NOISE),
    "name": (
        forge(b"admin={}", PAGE_SECRET),
        KEYS,
        "it was sealed for the cookie admin: give that name",
    ),
    "name of noise": (forge(b"\xff={}", PAGE_SECRET), KEYS, NOISE),
    "unprintable name": (forge(b"\0={}", PAGE_SECRET), KEYS, NOISE),
    "no name": (forge(b"{}", PAGE_SECRET), KEYS, NOISE),
    "json": (
        forge(b"session={", PAGE_SECRET),
        KEYS,
        "someone with the secret sealed something",
    ),
    "object": (
        forge(b"session=1", PAGE_SECRET),
        KEYS,
        "someone with the secret sealed something",
    ),
}


@pytest.mark.parametrize(("value", "keys", "note"), CAUSES.values(), ids=CAUSES)
def test_cause(value: str, keys: Keys, note: str) -> None:
    """The first note on a refused cookie is a likely cause."""
    assert notes(value, keys)[0].startswith(note)


def test_no_known_cause() -> None:
    """A value with seven fields gets no note."""
    assert notes("a.b.c.d.e.f.g", KEYS) == []


def test_several_secrets() -> None:
    """With several secrets, the note has their number and the algorithms tried."""
    dropped = Keys(OTHER.encryption, OTHER.signature, mac="sha256-drop128")

    note = notes(PAGE_SENT, OTHER, derive_keys("y"), dropped)[0]

    assert "none of these 3 secrets sealed it, or" in note
    assert note.endswith("other than aes256 with sha256 or aes256 with sha256-drop128")


def test_another_mac() -> None:
    """The length of a MAC shows which algorithms can have made it."""
    value = seal({}, Keys(KEYS.encryption, KEYS.signature, mac="sha256-drop128"))

    assert notes(value, KEYS)[1] == "a MAC of 16 bytes comes from sha256-drop128: try that"
    assert notes(value) == []


@pytest.mark.parametrize("keys", [(), (KEYS,)], ids=["without", "with a secret"])
def test_no_mac_of_this_length(keys: tuple[Keys, ...]) -> None:
    """A MAC with the length of no algorithm gets a note, even without a secret."""
    assert notes(PAGE_SENT[:-3], *keys)[0].startswith(f"no MAC has length 30; {CUT}")


@pytest.mark.parametrize(
    ("keys", "rest"),
    [
        ((KEYS,), "; the secret is right: the MAC that it gives begins with these bytes"),
        ((OTHER, KEYS), "; one of the secrets is right: the MAC that it gives begins with"),
        ((OTHER,), ""),
    ],
    ids=["right", "one right", "wrong"],
)
def test_cut_in_the_mac(keys: tuple[Keys, ...], rest: str) -> None:
    """The first note on a MAC that was cut says so, and whether the secret is right."""
    found = notes(PAGE_SENT[:-3], *keys)

    assert found[0].startswith(f"no MAC has length 30; {CUT}{rest}")
    assert ("right" in found[0]) is bool(rest)
    assert not any("another secret" in note for note in found)


def test_cut_to_few_bytes() -> None:
    """A few bytes of a MAC do not show that the secret is right."""
    assert "is right" in notes(".".join([*FIELDS[:4], FIELDS[4][:6]]), KEYS)[0]
    assert "is right" not in notes(".".join([*FIELDS[:4], FIELDS[4][:4]]), KEYS)[0]


def test_percent_signs() -> None:
    """A percent-encoded value gets its own note."""
    assert notes("a%2Eb")[1] == (
        "the value has percent signs: if it is percent-encoded, decode it first"
    )


UNUSUAL = {
    "spare bits": (PAGE_SENT[:-1] + "d", "mac ends in d, but `seal` writes c: only spare"),
    "padding": (changed(IV, FIELDS[IV] + "=="), "iv has characters outside base64url, read"),
    "other alphabet": (changed(MAC, FIELDS[MAC].replace("-", "+")), "mac has characters outs"),
    "plus sign": (
        changed(CREATED_AT, "+1692988779453"),
        "created_at is written +1692988779453 and read as 1692988779453",
    ),
    "zeros": (changed(DURATION, "000120000"), "duration is written 000120000 and read as 120"),
    "tail": (changed(DURATION, "120000\x1b"), "duration is written 120000\\u001b and read"),
}


@pytest.mark.parametrize(("value", "note"), UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_text(value: str, note: str) -> None:
    """A text that differs from `seal`'s opens, with a note."""
    facts = dissect(value, {"the secret": KEYS})

    assert facts.opened is not None
    assert len(facts.notes) == 1
    assert facts.notes[0].startswith(note)


def test_foreign_characters() -> None:
    """Characters outside base64url are listed once each, and made visible."""
    value = changed(CIPHERTEXT, FIELDS[CIPHERTEXT] + "!! \x1b")

    assert notes(value)[-1].endswith("read as in Node: ! \\u001b")
