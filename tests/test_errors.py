"""Refused cookies: each fault's reason, the order of checks, the visitor's new session."""

from __future__ import annotations

import copy
import hashlib
import logging
import pickle
from typing import Any

import pytest

from lesson_app import Unsealed, derive_keys, errors, seal, unseal
from lesson_app.app import PAGE_SECRET
from lesson_app.errors import BadCookie, BadFormat, BadName, BadPayload, BadSignature
from lesson_app.lab import Clock
from tests.conftest import (
    PAGE_RETURNED,
    PAGE_SENT,
    SECRET,
    Site,
    b64,
    forge,
    opened,
    read,
    set_cookies,
    the_cookie,
    unb64,
    write,
)

KEYS = derive_keys(PAGE_SECRET)
FIELDS = PAGE_SENT.split(".")
IV, CIPHERTEXT, CREATED_AT, DURATION, MAC = range(5)


def changed(field: int, text: str) -> str:
    """Return the page's cookie with another text in one field."""
    return ".".join([*FIELDS[:field], text, *FIELDS[field + 1 :]])


def sealed(plaintext: bytes = b"session={}", **fields: Any) -> str:
    return forge(plaintext, PAGE_SECRET, **fields)


REFUSED: dict[str, tuple[str, type[BadCookie], str]] = {
    "empty": ("", BadFormat, "fields"),
    "four fields": (".".join(FIELDS[:4]), BadFormat, "fields"),
    "six fields": (PAGE_SENT + ".0", BadFormat, "fields"),
    "iv cut": (changed(IV, FIELDS[IV][:-1]), BadFormat, "base64"),
    "ciphertext cut": (changed(CIPHERTEXT, FIELDS[CIPHERTEXT][:-3]), BadFormat, "base64"),
    "mac cut": (changed(MAC, FIELDS[MAC][:41]), BadFormat, "base64"),
    "no created_at": (changed(CREATED_AT, ""), BadFormat, "time"),
    "no duration": (changed(DURATION, "soon"), BadFormat, "time"),
    "endless": (changed(DURATION, "9" * 400), BadFormat, "time"),
    "no iv": (changed(IV, ""), BadFormat, "iv"),
    "15-byte iv": (sealed(iv=bytes(15), ciphertext=bytes(16)), BadFormat, "iv"),
    "17-byte iv": (sealed(iv=bytes(17), ciphertext=bytes(16)), BadFormat, "iv"),
    "last character": (PAGE_SENT[:-1] + "A", BadSignature, "signature"),
    "shorter mac": (changed(MAC, b64(unb64(FIELDS[MAC])[:16])), BadSignature, "signature"),
    "longer mac": (changed(MAC, b64(unb64(FIELDS[MAC]) + b"x")), BadSignature, "signature"),
    "no mac": (changed(MAC, ""), BadSignature, "signature"),
    "another mac": (changed(MAC, PAGE_RETURNED.split(".")[MAC]), BadSignature, "signature"),
    "times swapped": (".".join(FIELDS[i] for i in (0, 1, 3, 2, 4)), BadSignature, "signature"),
    "later": (changed(CREATED_AT, "1692988779454"), BadSignature, "signature"),
    "longer": (changed(DURATION, "1200000"), BadSignature, "signature"),
    "another name": (sealed(b"session2={}"), BadName, "name"),
    "shorter name": (sealed(b"sessio={}"), BadName, "name"),
    "no name": (sealed(b"={}"), BadName, "name"),
    "only a name": (sealed(b"session"), BadName, "name"),
    "nothing sealed": (sealed(b""), BadName, "name"),
    "no ciphertext": (sealed(ciphertext=b""), BadPayload, "padding"),
    "half a block": (sealed(ciphertext=bytes(24)), BadPayload, "padding"),
    "no padding": (sealed(ciphertext=bytes(16)), BadPayload, "padding"),
    "no json": (sealed(b"session="), BadPayload, "json"),
    "broken json": (sealed(b"session={"), BadPayload, "json"),
    "python json": (sealed(b'session={"a":NaN}'), BadPayload, "json"),
    "deep json": (sealed(b"session=" + b"[" * 101 + b"]" * 101), BadPayload, "json"),
    "list": (sealed(b"session=[1,2]"), BadPayload, "object"),
    "text": (sealed(b'session="a"'), BadPayload, "object"),
    "number": (sealed(b"session=5"), BadPayload, "object"),
    "null": (sealed(b"session=null"), BadPayload, "object"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(value: str, kind: type[BadCookie], reason: str) -> None:
    """Each fault raises its own error and reason; all are BadCookie and ValueError."""
    with pytest.raises(BadCookie) as refusal:
        unseal(value, KEYS)

    assert type(refusal.value) is kind
    assert refusal.value.reason == reason
    assert isinstance(refusal.value, ValueError)
    assert PAGE_SECRET not in str(refusal.value)


ORDER = {
    "fields before base64": ("x.y", "fields"),
    "base64 before time": ("xxxxx.y.z.z.z", "base64"),
    "time before iv": ("xx.yy.z.z.zz", "time"),
    "iv before signature": ("xx.yy.1.1.zz", "iv"),
    "signature before padding": (changed(CIPHERTEXT, b64(bytes(16))), "signature"),
    "signature before blocks": (changed(CIPHERTEXT, b64(bytes(15))), "signature"),
    "padding before name": (sealed(ciphertext=bytes(16)), "padding"),
    "name before json": (sealed(b"other={"), "name"),
    "json before object": (sealed(b"session=[{]"), "json"),
}


@pytest.mark.parametrize(("value", "reason"), ORDER.values(), ids=ORDER)
def test_order_of_checks(value: str, reason: str) -> None:
    """With two faults, the earlier check reports; decryption comes after verification."""
    with pytest.raises(BadCookie) as refusal:
        unseal(value, KEYS)

    assert refusal.value.reason == reason


def test_no_plaintext_in_the_traceback() -> None:
    """The error has no cause or context that would carry the plaintext."""
    with pytest.raises(BadPayload) as refusal:
        unseal(sealed(b'session={"card":"1234"'), KEYS)

    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_error_travels() -> None:
    """An error keeps its reason and message when it is pickled or copied."""
    error = BadName("name", "another name")

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is BadName
        assert (twin.reason, str(twin)) == ("name", "another name")


def test_reasons_are_documented() -> None:
    """The diagram in the module's docstring names every reason, and no others."""
    documented = set()
    for line in (errors.__doc__ or "").splitlines():
        if "── Bad" in line and "catches" not in line:
            documented |= set(line.rsplit("  ", 1)[1].split(", "))

    assert documented == {reason for _, _, reason in REFUSED.values()} | {"canonical"}


HI = {"message": "hi"}
GARBAGE = {
    "word": "x",
    "dots": "....",
    "five fields": "a.b.1.1.c",
    "quoted": '"x"',
    "not utf-8": "\xff\xfe.\x80.1.1.\xff",
    "utf-8": "é.漢.1.1.\U0001f600".encode().decode("latin-1"),
    "controls": "\x01\x7f",
    "spaces": "  x  ",
    "long": "A" * 8000,
    "page's": PAGE_SENT,
    "list": forge(b"session=[]", SECRET),
    "padding": forge(b"", SECRET, ciphertext=bytes(16)),
    "negative birth": forge(b"session={}", SECRET, created_at="-5", duration="9" * 13),
    "negative duration": forge(b"session={}", SECRET, created_at="9" * 13, duration="-1"),
    "duration 1e20": forge(b"session={}", SECRET, duration="1" + "0" * 20),
    "birth 1e20": forge(b"session={}", SECRET, created_at="1" + "0" * 20),
    "after 9999": forge(b"session={}", SECRET, duration="253402300799000"),
    "half each": forge(b"session={}", SECRET, created_at="2" * 15, duration="1" * 15),
    "born at the end": forge(b"session={}", SECRET, created_at="253402300799001"),
}  # fmt: skip


@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE)
def test_garbage(site: Site, value: str) -> None:
    """An invalid cookie gives an empty session, not an error, and a write replaces it."""
    response = site.visit_with(f"session={value}", read)
    written = site.visit_with(f"session={value}", write)

    assert (response.status_code, response.text) == (200, "None")
    assert opened(written) == Unsealed(HI, site.now, 120_000)


LAST_SECOND = "Fri, 31 Dec 9999 23:59:59 GMT"


def test_last_second(site: Site) -> None:
    """A session can last until the last second of the year 9999, the limit of HTTP dates."""
    value = seal(HI, derive_keys(SECRET), created_at=0, duration=253_402_300_798_999)

    response = site.visit_with(f"session={value}", lambda s: s.update(a=1))

    assert opened(response) == Unsealed({**HI, "a": 1}, 0, 253_402_300_798_999)
    assert the_cookie(response).attributes["expires"] == LAST_SECOND


def test_end_beyond_the_calendar() -> None:
    """A session that would outlive the calendar gets the last possible date, not an error."""
    site = Site(Clock("9999-12-31T23:59:58Z"))

    response = site.visit(lambda s: s.update(a=1))

    assert the_cookie(response).attributes["expires"] == LAST_SECOND


def test_empty_cookie(site: Site) -> None:
    """A cookie with an empty value counts as no cookie."""
    assert not set_cookies(site.visit_with("session=", read))


def test_refusal_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the reason for a refusal, but no part of the cookie."""
    caplog.set_level(logging.INFO, "lesson_app")

    site.visit_with(f"session={PAGE_SENT}", read)

    [record] = caplog.records
    digest = hashlib.sha256(PAGE_SENT.encode()).hexdigest()[:32]
    assert record.getMessage() == f"cookie session refused: signature (sha256 {digest})"
    assert record.levelno == logging.INFO


MESSAGES = {
    "a.b": "expected 5 fields separated by dots, got 2; was the cookie truncated?",
    "AAAA.AAAA.x.1.AAAA": "created_at and duration must be whole milliseconds",
    "AAAA.AAAA.1.1.AAAA": "the IV must have 16 bytes, got 3",
    "A.AAAA.1.1.AAAA": ("a base64url field cannot have length 1; was the cookie truncated?"),
    f"{'A' * 22}.AAAA.1.1.AAAA": (
        "the MAC differs: the value was changed, or sealed with another secret"
    ),
    forge(b"", SECRET, ciphertext=b"short"): "the ciphertext does not decrypt to whole, padded",
    forge(b"other={}", SECRET): "sealed for the cookie 'other', not 'session'",
    forge(b"session={", SECRET): "the plaintext is not JSON: Expecting property name",
    forge(b"session=[]", SECRET): "expected a JSON object, got list",
}


@pytest.mark.parametrize(("value", "message"), MESSAGES.items(), ids=range(len(MESSAGES)))
def test_message(value: str, message: str) -> None:
    """The message says what was expected and what was found."""
    with pytest.raises(BadCookie) as refusal:
        unseal(value, derive_keys(SECRET))

    assert str(refusal.value).startswith(message)


def test_message_of_strict_mode() -> None:
    """The message of strict mode names the mode: the cookie is otherwise valid."""
    with pytest.raises(BadCookie) as refusal:
        unseal(f'"{forge(b"session={}", SECRET)}"', derive_keys(SECRET), strict=True)

    assert str(refusal.value) == "strict mode accepts only the form that seal() writes"
