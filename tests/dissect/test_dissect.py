"""Taking cookies apart: the page's two, each check that fails, and broken values."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lesson_app import Keys, derive_keys, seal, unseal
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import CIPHERS, MACS
from lesson_app.dissect import (
    CHECKS,
    FAILED,
    LOCKED,
    NOT_REACHED,
    OK,
    Dissection,
    dissect,
    size,
)
from lesson_app.errors import BadCookie
from tests.conftest import PAGE_RETURNED, PAGE_SENT, forge

KEYS = derive_keys(PAGE_SECRET)
SECRET = {"the secret": KEYS}
BEGIN = 1692988779453
SENT = """\
Cookie
  verdict   opens with the secret
  name      session
  lifetime  2 minutes, until 2023-08-25 18:41:39.453 UTC: expires in 30 seconds (25% left)
  JSON      26 bytes, in 3 blocks of 16
  size      159 of the 4,096 bytes that browsers keep for name and value

Fields: the slices of the value
  iv          [0:22]     25uFcTuHZzZlSWntEs-Kzg                       16 bytes
  ciphertext  [23:87]    D96gsJqB0lLKj4DBZsc3KSj4Z4_7…MZ6l9dTCWu-ijc  48 bytes
  created_at  [88:101]   1692988779453                                \
2023-08-25 18:39:39.453 UTC
  duration    [102:108]  120000                                       2 minutes
  mac         [109:152]  FprcH5eIT-o6Iedv-vP2i0P8HmzCRMXGdm813oveVBc  32 bytes

Checks, in order
  ok  fields     five fields separated by dots
  ok  base64     IV, ciphertext and MAC are base64url
  ok  time       created_at and duration are whole milliseconds
  ok  iv         the IV has 16 bytes
  ok  signature  the MAC matches the first four fields
  ok  padding    the ciphertext decrypts to whole, padded blocks
  ok  name       sealed for a cookie named session
  ok  json       the rest of the plaintext is JSON
  ok  object     the JSON is an object

Content
  {
    "message": "Hello World!"
  }"""
FIELDS = PAGE_SENT.split(".")


def changed(field: int, text: str) -> str:
    return ".".join([*FIELDS[:field], text, *FIELDS[field + 1 :]])


def verdicts(facts: Dissection) -> dict[str, str]:
    return {check.reason: check.verdict for check in facts.checks}


def test_page_sent() -> None:
    """The page's cookie gives exactly this text."""
    assert repr(dissect(PAGE_SENT, SECRET, now=BEGIN + 90_000)) == SENT


def test_page_returned() -> None:
    """The page's other cookie has expired and still opens."""
    facts = dissect(PAGE_RETURNED, SECRET)

    assert facts.opened == unseal(PAGE_RETURNED, KEYS)
    assert "verdict   opens with the secret, but has expired\n" in repr(facts)


def test_fields_are_slices() -> None:
    """Each field has its place in the value."""
    facts = dissect(PAGE_SENT)

    assert [PAGE_SENT[field.start : field.end] for field in facts.fields] == FIELDS
    assert [field.name for field in facts.fields] == [
        "iv", "ciphertext", "created_at", "duration", "mac",
    ]  # fmt: skip


def test_without_a_secret() -> None:
    """Without a secret, only the format is checked."""
    facts = dissect(PAGE_SENT)

    assert list(verdicts(facts).values()) == [OK] * 4 + [LOCKED] * 5
    assert (facts.reason, facts.opened, facts.opened_by, facts.inside) == (None,) * 4
    assert "verdict   well-formed; give a secret to check whether it opens\n" in repr(facts)
    assert "JSON      24 to 39 bytes, in 3 blocks of 16\n" in repr(facts)


OTHER_KEYS = Keys(b"another encryption key, 32 bytes", KEYS.signature)
BROKEN: dict[str, tuple[str, Keys]] = {
    "fields": (".".join(FIELDS[:3]), KEYS),
    "base64": (changed(1, FIELDS[1][:61]), KEYS),
    "time": (changed(3, "soon"), KEYS),
    "iv": (changed(0, FIELDS[0][:8]), KEYS),
    "signature": (changed(2, "1692988779454"), KEYS),
    "padding": (PAGE_SENT, OTHER_KEYS),
    "name": (forge(b'admin={"a":1}', PAGE_SECRET), KEYS),
    "json": (forge(b"session={'a':1}", PAGE_SECRET), KEYS),
    "object": (forge(b"session=[1]", PAGE_SECRET), KEYS),
}


@pytest.mark.parametrize(("reason", "case"), BROKEN.items(), ids=BROKEN)
def test_each_check(reason: str, case: tuple[str, Keys]) -> None:
    """The checks before the failed one pass, and those after it are not reached."""
    value, keys = case
    at = list(CHECKS).index(reason)

    facts = dissect(value, {"keys": keys})

    assert list(verdicts(facts).values()) == [OK] * at + [FAILED] + [NOT_REACHED] * (8 - at)
    with pytest.raises(BadCookie) as refusal:
        unseal(value, keys)
    assert facts.checks[at].claim == str(refusal.value)
    assert facts.reason == refusal.value.reason == reason
    assert facts.notes
    assert f"  does not open: {reason}\n" in repr(facts)


@pytest.mark.parametrize(
    ("reason", "plaintext"),
    [
        ("signature", None),
        ("padding", None),
        ("name", 'admin={"a":1}'),
        ("json", "session={'a':1}"),
        ("object", "session=[1]"),
    ],
)
def test_plaintext(reason: str, plaintext: str | None) -> None:
    """If the MAC is valid, the plaintext is shown even if it is not a session."""
    value, keys = BROKEN[reason]

    facts = dissect(value, {"keys": keys})

    assert facts.inside == (plaintext and ("Plaintext", plaintext))
    assert repr(facts).endswith(f"\n\nPlaintext\n  {plaintext}") is bool(plaintext)


def test_rotation() -> None:
    """Several secrets are tried in order, and the one that opens the cookie is named."""
    new = derive_keys("new" * 11)

    facts = dissect(PAGE_SENT, {"the new": new, "the old": KEYS, "the third": new})

    assert facts.opened_by == "the old"
    assert "verdict   opens with the old, but has expired\n" in repr(facts)


def test_others() -> None:
    """Other keys are tried only if no given key's MAC matches, and a note says so."""
    given, others = {"mine": derive_keys("x")}, {"mine with a line break": KEYS}

    other = dissect(PAGE_SENT, given, others=others)
    first = dissect(PAGE_SENT, SECRET, others=others)

    assert (other.reason, other.opened_by) == (None, "mine with a line break")
    assert other.opened == unseal(PAGE_SENT, KEYS)
    assert other.plaintext == b'session={"message":"Hello World!"}'
    assert other.notes == (
        "no secret opens it as given: the server that sealed it read mine with a line break; "
        "let all servers read the same",
    )
    assert (first.opened_by, first.notes) == ("the secret", ())


def test_others_with_the_wrong_name() -> None:
    """If the MAC of another key matches, the check after it that fails is shown."""
    facts = dissect(PAGE_SENT, {"mine": derive_keys("x")}, others=SECRET, name="admin")

    assert (facts.reason, facts.opened_by) == ("name", "the secret")
    assert facts.notes[1].startswith("it was sealed for the cookie session")


def test_others_in_vain() -> None:
    """If no other key opens it either, a note says what was tried."""
    wrong = {"mine": derive_keys("x")}
    others = {"mine with a line break": derive_keys("x\n")}

    facts = dissect(PAGE_SENT, wrong, others=others)
    by_name = dissect(PAGE_SENT, SECRET, others=others, name="admin")
    cut = dissect(PAGE_SENT[:-3], wrong, others=others)
    alone = dissect(PAGE_SENT, wrong)

    assert (facts.reason, facts.opened_by) == ("signature", None)
    assert (facts.notes[0],) == alone.notes
    assert facts.notes[1].startswith(
        "also tried: each line, NAME=VALUE and word of the secrets"
    )
    assert by_name.reason == "name"
    assert not any("also tried" in note for note in (*by_name.notes, *cut.notes))


CUT_VERDICTS = {
    "right secret": (
        SECRET,
        "does not open: signature; the MAC was cut or changed: copy all of the value",
    ),
    "no secret": ({}, "well-formed; the MAC was cut or changed: copy all of the value"),
}


@pytest.mark.parametrize(("keys", "verdict"), CUT_VERDICTS.values(), ids=CUT_VERDICTS)
def test_cut_in_the_mac(keys: dict[str, Keys], verdict: str) -> None:
    """The verdict says that a value was cut inside the MAC."""
    assert f"  verdict   {verdict}\n" in repr(dissect(PAGE_SENT[:-3], keys, others=keys))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_keys_that_share_the_signature_key(order: tuple[int, ...]) -> None:
    """Every key is tried, as in a codec; if none opens, the one that got furthest counts."""
    keys = {"noise": OTHER_KEYS, "right": KEYS, "stranger": derive_keys("x")}
    tried = {label: keys[label] for label in [list(keys)[i] for i in order]}

    opened = dissect(PAGE_SENT, tried)
    misnamed = dissect(PAGE_SENT, tried, name="admin")

    assert (opened.reason, opened.opened_by) == (None, "right")
    assert (misnamed.reason, misnamed.opened_by) == ("name", "right")


LIVES = {
    "begins": (BEGIN, "expires in 2 minutes (100% left)"),
    "ends": (BEGIN + 120_000, "expires in 0 seconds (0% left)"),
    "over": (BEGIN + 120_001, "expired 0.001 seconds ago"),
    "long over": (BEGIN + 10**10, "expired 115 days 17 hours ago"),
    "over for years": (4102488030000, "expired 76 years ago"),
}


@pytest.mark.parametrize(("now", "words"), LIVES.values(), ids=LIVES)
def test_life(now: int, words: str) -> None:
    """The lifetime says how much is left or exceeded; the last ms still counts."""
    facts = dissect(PAGE_SENT, now=now)

    assert str(facts.life) == words
    assert facts.as_dict()["alive"] is words.startswith("expires")


@pytest.mark.parametrize(
    ("created_at", "duration"),
    [("-5", "10"), ("5", "-1"), ("253402300799999", "1"), ("1" * 300, "1" * 300)],
    ids=["before 1970", "backwards", "after 9999", "beyond"],
)
def test_life_out_of_the_calendar(created_at: str, duration: str) -> None:
    """A cookie with impossible times opens, but is never valid."""
    value = forge(b"session={}", PAGE_SECRET, created_at=created_at, duration=duration)

    facts = dissect(value, now=0)

    assert facts.life is not None
    assert not facts.life.alive
    assert str(facts.life).startswith("never valid: its times are outside the calendar")


def test_verdict_on_impossible_times() -> None:
    """The verdict on a cookie that opens says that its times are invalid."""
    value = forge(b"session={}", PAGE_SECRET, created_at="-5")

    assert "opens with the secret, but its times are invalid\n" in repr(dissect(value, SECRET))


@pytest.mark.parametrize("length", range(40))
def test_length_of_the_json(length: int) -> None:
    """The length of the JSON is within the bounds; with the secret it is exact."""
    value = seal({"": "x" * length}, KEYS, name="né")

    bounds = dissect(value, name="né").json_bytes
    exact = dissect(value, SECRET, name="né").json_bytes

    assert bounds is not None
    assert exact == (length + 7, length + 7)
    assert bounds[0] <= length + 7 <= bounds[1]
    assert bounds[1] - bounds[0] == 15 or bounds[0] == 0


@pytest.mark.parametrize("ciphertext", ["", FIELDS[1][:-2]], ids=["none", "cut"])
def test_no_whole_blocks(ciphertext: str) -> None:
    """A ciphertext that is not whole blocks has no length of JSON."""
    facts = dissect(changed(1, ciphertext))

    assert facts.json_bytes is None
    assert "is not whole blocks of 16" in facts.notes[0]


def test_size() -> None:
    """The octets of name and value together are compared with the browsers' limit."""
    value = seal({"a": "x" * 3000}, KEYS, name="ñ")

    facts = dissect(value, name="ñ")

    assert facts.octets == len(value) + 2
    over = len(value) + 2 - 4096
    assert (
        f"of the 4,096 bytes that browsers keep for name and value; {over} too many"
        in " ".join(repr(facts).split())
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [("AAAA", "3 bytes"), ("AA", "1 byte"), ("", "0 bytes"), ("A", "not base64url")],
)
def test_size_in_words(text: str, words: str) -> None:
    """The size of a field is in bytes, not characters."""
    assert size(text) == words


def test_source() -> None:
    """The text says where the value was found."""
    assert "  a, from a letter\n" in repr(dissect("", name="a", source="a letter"))


@pytest.mark.parametrize("name", ["", "a=b"])
def test_impossible_name(name: str) -> None:
    """An invalid name is the caller's error."""
    with pytest.raises(ValueError, match=f"name must be text without '=', got {name!r}"):
        dissect(PAGE_SENT, name=name)


def test_content_is_shown_with_care() -> None:
    """Invisible and control characters in the content are escaped; other scripts are not."""
    value = seal({"é\x7f": ["\x1b[2J\n", "\u202e"]}, KEYS)

    inside = dissect(value, SECRET).inside

    assert inside == (
        "Content",
        '{\n  "é\\u007f": [\n    "\\u001b[2J\\n",\n    "\\u202e"\n  ]\n}',
    )


BAD_INPUT = {
    "empty": "",
    "no dots": "session",
    "dots": "." * 1_000_000,
    "megabyte": "a" * 1_000_000,
    "digits": changed(2, "9" * 1_000_000),
    "control characters": "\x1b[2J\0\r\n.\x07..\u202e.\x9b",
    "surrogates": "\ud800.\udfff.1.2.\ud800",
    "binary": bytes(range(256)).decode("latin-1") * 10,
}


@pytest.mark.parametrize("value", BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input(value: str) -> None:
    """For any text, the answer is printable, fits on a screen and is valid JSON."""
    facts = dissect(value, SECRET)

    shown = repr(facts)
    assert facts.reason
    assert shown.replace("\n", "").isprintable()
    assert shown.count("\n") < 40
    assert max(map(len, shown.split("\n"))) < 200
    assert json.loads(json.dumps(facts.as_dict()))["reason"] == facts.reason


def test_many_fields() -> None:
    """Of many fields, the first eight are shown and the others counted."""
    facts = dissect("." * 1_000)

    assert len(facts.fields) == 8
    assert facts.field_count == 1_001
    assert "\n  and    993 more\n" in repr(facts)


def test_as_dict() -> None:
    """The data has every documented key, with times in ms."""
    facts = dissect(PAGE_SENT, SECRET, now=BEGIN, source="a letter").as_dict()

    checks, fields = facts.pop("checks"), facts.pop("fields")
    assert facts == {
        "verdict": "opens",
        "reason": None,
        "name": "session",
        "source": "a letter",
        "characters": 152,
        "octets": 159,
        "octets_allowed": 4096,
        "field_count": 5,
        "created_at": BEGIN,
        "duration": 120_000,
        "expires_at": BEGIN + 120_000,
        "now": BEGIN,
        "alive": True,
        "ciphertext_blocks": 3,
        "json_bytes": (26, 26),
        "opened_by": "the secret",
        "content": {"message": "Hello World!"},
        "plaintext": 'session={"message":"Hello World!"}',
        "notes": [],
    }
    assert checks[0] == {"reason": "fields", "claim": CHECKS["fields"], "verdict": "ok"}
    assert [field["bytes"] for field in fields] == [16, 48, None, None, 32]
    assert fields[2] == {
        "name": "created_at",
        "start": 88,
        "end": 101,
        "text": "1692988779453",
        "bytes": None,
        "meaning": "2023-08-25 18:39:39.453 UTC",
    }
    documented = Dissection.as_dict.__doc__ or ""
    assert all(f"`{key}`" in documented for key in [*facts, *checks[0], *fields[0]])


@pytest.mark.parametrize(
    ("value", "keys", "verdict"),
    [(PAGE_SENT, {}, "well-formed"), ("", {}, "refused"), (PAGE_SENT[:-5], SECRET, "refused")],
    ids=["no secret", "no cookie", "cut"],
)
def test_as_dict_of_others(value: str, keys: dict[str, Keys], verdict: str) -> None:
    """Unknown values are None."""
    facts = dissect(value, keys).as_dict()

    assert facts["verdict"] == verdict
    assert (facts["content"], facts["plaintext"], facts["opened_by"]) == (None, None, None)


# Broken values: any text; five fields of any text; a sealed cookie with a part replaced;
# and values that only someone with the secret can make.
anything = st.text(st.characters(exclude_categories=()), max_size=40)
secret_keys = st.sampled_from([KEYS, OTHER_KEYS, derive_keys("x")])


@st.composite
def broken_values(draw: st.DrawFn) -> str:
    plaintext = draw(st.binary(max_size=40) | st.binary(max_size=20).map(b"session=".__add__))
    sealed = draw(st.sampled_from([PAGE_SENT, forge(plaintext, PAGE_SECRET)]))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(sealed))] * 2)))
    insert = draw(st.just("") | st.text("Aa1.-_=+ \x00\xe9", max_size=5) | anything)
    fields = ".".join(draw(st.lists(anything, min_size=5, max_size=5)))
    edited = sealed[:start] + insert + sealed[draw(st.sampled_from([start, end])) :]
    return draw(st.sampled_from([insert, fields, edited, edited, sealed]))


@given(broken_values(), secret_keys, st.sampled_from(["session", "admin"]))
@example(PAGE_SENT, KEYS, "session")
def test_agrees_with_unseal(value: str, keys: Keys, name: str) -> None:
    """For any value, the failed check is the one for which `unseal` refuses it."""
    outcome: Any
    try:
        outcome = unseal(value, keys, name=name)
    except BadCookie as bad:
        outcome = bad.reason

    facts = dissect(value, {"keys": keys}, name=name)

    assert outcome == (facts.reason or facts.opened)
    assert repr(facts).replace("\n", "").isprintable()
    json.dumps(facts.as_dict())
    blind = dissect(value, name=name)
    if facts.reason in ("fields", "base64", "time", "iv"):
        assert verdicts(blind) == verdicts(facts)
    else:
        assert blind.reason is None


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("mac", MACS)
def test_algorithms(cipher: str, mac: str) -> None:
    """Cookies of each algorithm open."""
    keys = Keys(b"k" * CIPHERS[cipher], b"s" * 64, cipher, mac)

    facts = dissect(seal({"a": 1}, keys), {"keys": keys})

    assert facts.opened is not None
    assert facts.opened.content == {"a": 1}
    assert facts.notes == ()
