"""Behaviour that Mozilla's tests don't check: formats, options, keys, sizes."""

from __future__ import annotations

import timeit
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lesson_app import (
    BadCookie,
    ClientSessions,
    Keys,
    SessionTooLarge,
    derive_keys,
    seal,
    unseal,
)
from lesson_app._engine.javascript import stringify
from lesson_app.app import PAGE_SECRET, USER
from lesson_app.cookie import MAX_SIZE
from lesson_app.lab import Clock
from tests.conftest import (
    PAGE_SENT,
    SECRET,
    Site,
    forge,
    opened,
    read,
    secret_of,
    set_cookies,
    the_cookie,
    unb64,
    write,
)

KEYS = derive_keys(SECRET)
PAGE_KEYS = derive_keys(PAGE_SECRET)
FIELDS = PAGE_SENT.split(".")
IV, CIPHERTEXT, CREATED_AT, DURATION, MAC = range(5)


def changed(field: int, text: str) -> str:
    """Return the page's cookie with one field replaced by `text`."""
    return ".".join([*FIELDS[:field], text, *FIELDS[field + 1 :]])


@pytest.fixture
def page() -> Site:
    """A site with the course page's secret, two seconds after its cookie was sealed."""
    clock = Clock("2023-08-25T18:39:41Z")
    return Site(clock, secret=PAGE_SECRET, active_duration=timedelta(0))


@pytest.mark.conforms("Q19")
def test_largest_session(clock: Clock) -> None:
    """2,983 bytes of JSON fit in 4,096 bytes; one more raises an error with the sizes."""
    site = Site(clock, duration=timedelta(days=1))
    filler = "x" * (2983 - len(stringify({"message": ""})))

    cookie = the_cookie(site.visit(lambda s: s.update(message=filler)))

    assert MAX_SIZE - 16 < len(cookie.name + cookie.value) <= MAX_SIZE == 4096
    with pytest.raises(SessionTooLarge, match=r"\d{4} bytes.*largest item is 'message'"):
        site.visit(lambda s: s.update(message=filler + "x"))
    assert site.visit(read).text == filler


BROKEN = {
    "wrong padding": bytes(16),
    "half a block": bytes(24),
    "no ciphertext": b"",
}


@pytest.mark.conforms("Q22")
@pytest.mark.parametrize("ciphertext", BROKEN.values(), ids=BROKEN)
def test_broken_ciphertext(site: Site, ciphertext: bytes) -> None:
    """A signed value that does not decrypt is treated like a forged one."""
    broken = forge(b"", SECRET, ciphertext=ciphertext, created_at=str(site.now))
    forged = PAGE_SENT

    answers = [site.visit_with(f"session={value}", read) for value in (broken, forged)]

    assert [(a.status_code, a.text) for a in answers] == [(200, "None")] * 2
    assert not set_cookies(answers[0])
    assert not set_cookies(answers[1])


@pytest.mark.conforms("Q23")
@pytest.mark.parametrize("text", ["[1,2]", '"str"', "5", "true", "null"])
def test_not_an_object(site: Site, text: str) -> None:
    """JSON that is not an object gives an empty session, and no error."""
    value = forge(
        f"session={text}".encode(), SECRET, created_at=str(site.now), duration="60000"
    )

    response = site.visit_with(f"session={value}", dict)

    assert (response.status_code, response.text) == (200, "{}")
    assert not set_cookies(response)


@pytest.mark.conforms("Q23")
@pytest.mark.parametrize(
    "key", ["__proto__", "reset", "destroy", "setDuration", "set_duration"]
)
def test_any_key(site: Site, key: str) -> None:
    """A key that is a method name or special in JavaScript works like any other key."""
    site.visit(lambda s: s.update({key: {"a": 1}}))

    assert site.visit(lambda s: s[key]).text == "{'a': 1}"
    assert opened(site.visit(lambda s: s.reset())).content == {}


TIMES = {
    "plus sign": changed(CREATED_AT, "+" + FIELDS[CREATED_AT]),
    "white space": changed(CREATED_AT, "\t \xa0" + FIELDS[CREATED_AT]),
    "zeros": changed(CREATED_AT, "00" + FIELDS[CREATED_AT]),
    "letters": changed(DURATION, FIELDS[DURATION] + "abc"),
    "exponent": changed(DURATION, FIELDS[DURATION] + "e5"),
    "underscore": changed(DURATION, FIELDS[DURATION] + "_9"),
}
TEXTS = {
    "spare bits": PAGE_SENT[:-1] + "d",
    "plus": changed(MAC, FIELDS[MAC].replace("-", "+")),
    "slash": changed(CIPHERTEXT, FIELDS[CIPHERTEXT].replace("_", "/")),
    "padding": changed(IV, FIELDS[IV] + "=="),
    "after padding": changed(IV, FIELDS[IV] + "==junk"),
    "foreign": changed(IV, FIELDS[IV][:4] + "!! !" + FIELDS[IV][4:]),
    "quotes": f'"{PAGE_SENT}"',
}


@pytest.mark.conforms("Q24", "Q25")
@pytest.mark.parametrize("value", [*TIMES.values(), *TEXTS.values()], ids=[*TIMES, *TEXTS])
def test_other_spelling(page: Site, value: str) -> None:
    """Other spellings of a cookie open, as in Node; with `strict` only the original does."""
    strict = Site(page.clock, secret=PAGE_SECRET, active_duration=timedelta(0), strict=True)

    assert value != PAGE_SENT
    assert page.visit_with(f"session={value}", read).text == "Hello World!"
    assert strict.visit_with(f"session={value}", read).text == "None"
    assert strict.visit_with(f"session={PAGE_SENT}", read).text == "Hello World!"


@pytest.mark.conforms("Q24")
@pytest.mark.parametrize("time", ["0x1", "\u0661", "1_0", "", "-"])
def test_not_a_number(time: str) -> None:
    """A duration that parseInt reads differently, or as NaN, does not open."""
    with pytest.raises(BadCookie):
        unseal(changed(DURATION, time), PAGE_KEYS)


@pytest.mark.conforms("Q26", "Q40", "Q41")
def test_several_cookies(page: Site) -> None:
    """The first cookie with the exact name that opens is the session."""
    other = seal({"message": "other"}, PAGE_KEYS, created_at=page.now, duration=60_000)
    expired = seal({"message": "expired"}, PAGE_KEYS, created_at=page.now - 2, duration=1)
    headers = {
        f"session={PAGE_SENT}; session={other}": "Hello World!",
        f"session={other}; session={PAGE_SENT}": "other",
        f"session=x{other}; session={PAGE_SENT}": "Hello World!",
        f"session={expired}; session={PAGE_SENT}": "Hello World!",
        f"session=; session={PAGE_SENT}": "Hello World!",
        f"a=1,session={other},b=2; session={PAGE_SENT}": "Hello World!",
        f"a=1,session={other},b=2": "other",
        f"xsession={other}; session={PAGE_SENT}": "Hello World!",
        f"xsession={other}": "None",
        f'session="{PAGE_SENT}"': "Hello World!",
        "; ".join([*(f"session={n}" for n in range(19)), f"session={other}"]): "other",
        "; ".join([*(f"session={n}" for n in range(20)), f"session={other}"]): "None",
    }

    assert {header: page.visit_with(header, read).text for header in headers} == headers


@pytest.mark.conforms("Q40")
@pytest.mark.parametrize("comma", [",", ", "])
def test_line_after_the_session(
    page: Site, comma: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A second line after the session's is no reason to refuse a cookie, nor to warn."""
    caplog.set_level("INFO", "lesson_app")

    response = page.visit_with(f"session={PAGE_SENT}{comma}a=1", read)

    assert response.text == "Hello World!"
    assert caplog.messages == []


@pytest.mark.conforms("Q27")
@pytest.mark.parametrize("name", ["a=b", "=", "a b", ""])
def test_invalid_cookie_name(name: str) -> None:
    """An invalid cookie name raises an error at construction."""
    with pytest.raises(ValueError, match="cookie_name must consist of"):
        ClientSessions(secret=SECRET, cookie_name=name)


@pytest.mark.conforms("Q27")
def test_equals_sign_in_the_content(site: Site) -> None:
    """The content can contain equals signs."""
    site.visit(lambda s: s.update({"a=b": "c=d="}))

    assert site.visit(dict).text == "{'a=b': 'c=d='}"


@pytest.mark.conforms("Q28")
def test_not_utf8(site: Site) -> None:
    """Bytes that are not valid UTF-8 are read as U+FFFD, as in Node."""
    plaintext = b'session={"message":"a\xffb\xe2\x82c"}'
    value = forge(plaintext, SECRET, created_at=str(site.now), duration="100000")

    assert site.visit_with(f"session={value}", read).text == "a\ufffdb\ufffdc"


@pytest.mark.conforms("Q31")
def test_options_are_copied(clock: Clock) -> None:
    """The options are not modified, and changing the list of secrets later has no effect."""
    options: dict[str, Any] = {"secret": [SECRET], "cookie_name": "a", "clock": clock}
    before = repr(options)
    sessions = ClientSessions(**options)
    app = Flask(__name__)
    sessions.init_app(app)

    assert repr(options) == before
    options["secret"][0] = secret_of("another")
    name, value = sessions.make_cookie({"b": 1}, app)

    assert unseal(value, KEYS, name=name).content == {"b": 1}


@pytest.mark.conforms("Q31")
def test_secret_key_that_changes(clock: Clock) -> None:
    """After SECRET_KEY changes, the new one seals the next cookie."""
    site = Site(clock, secret=None)
    for word in ("old", "new"):
        site.app.secret_key = secret_of(word)

        value = the_cookie(site.visit(write)).value

        assert unseal(value, derive_keys(secret_of(word))).content == {"message": "hi"}


@pytest.mark.conforms("Q31", "Q32")
@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mac": "sha256-drop8"}, "mac must be one of .*; got 'sha256-drop8'"),
        ({"cipher": "aes-256-ctr"}, "cipher must be one of .*; got 'aes-256-ctr'"),
        ({"signature": b"s" * 31}, r"sha256 needs a signature key of 32\+ bytes, got 31"),
        ({"encryption": b"e" * 31}, "aes256 needs a 32-byte encryption key, got 31"),
        ({"signature": b"e" * 32}, "the two keys are equal"),
        ({"signature": "s" * 32}, "the signature key must be bytes, got str"),
    ],
)
def test_keys(keys: dict[str, Any], message: str) -> None:
    """Wrong keys and unknown algorithms raise an error that names them."""
    with pytest.raises((TypeError, ValueError), match=message):
        Keys(**{"encryption": b"e" * 32, "signature": b"s" * 32, **keys})


@pytest.mark.conforms("Q32")
@pytest.mark.parametrize("secret", ["", "x", "abcdefghijklmnopqrstu", "a" * 64])
def test_weak_secret(secret: str) -> None:
    """A weak secret raises an error."""
    with pytest.raises(ValueError, match=r"the secret is (empty|too weak)"):
        ClientSessions(secret=secret)


@pytest.mark.conforms("Q32")
def test_one_key_only() -> None:
    """`Keys` requires both keys."""
    with pytest.raises(TypeError, match="signature"):
        Keys(b"e" * 32)  # type: ignore[call-arg]


@pytest.mark.conforms("Q33")
@pytest.mark.parametrize(
    "algorithm",
    [{"cipher": "aes128"}, {"cipher": "aes192"}, {"mac": "sha384"}, {"mac": "sha512-drop256"}],
    ids=lambda algorithm: next(iter(algorithm.values())),
)
def test_derived_keys_of_another_algorithm(algorithm: dict[str, str]) -> None:
    """Derived keys have 32 bytes, so algorithms with other key sizes raise an error."""
    assert len(KEYS.encryption) == len(KEYS.signature) == 32
    with pytest.raises(ValueError, match=r"needs .*, got 32"):
        Keys(KEYS.encryption, KEYS.signature, **algorithm)


@pytest.mark.conforms("Q34")
@pytest.mark.parametrize("name", [None, "session"])
def test_second_of_one_name(site: Site, name: str | None) -> None:
    """A second session with the same cookie name raises an error; the first still works."""
    with pytest.raises(RuntimeError, match="already keeps a session in the cookie 'session'"):
        ClientSessions(site.app, secret=SECRET, cookie_name=name)

    site.visit(write)
    assert site.visit(read).text == "hi"


@pytest.mark.conforms("Q37")
def test_what_a_cookie_reveals() -> None:
    """Without the secret, a cookie shows its times and the content's length in blocks."""
    values = [seal({"m": "x" * n}, KEYS, created_at=12, duration=34) for n in range(50)]

    blocks = [len(unb64(value.split(".")[1])) // 16 for value in values]

    # The 16 bytes of session={"m":""}, n more, and at least one byte of padding.
    assert blocks == [(16 + n) // 16 + 1 for n in range(50)]
    assert {tuple(value.split(".")[2:4]) for value in values} == {("12", "34")}


@pytest.mark.conforms("Q38")
def test_cost() -> None:
    """The lesson's user takes 195 characters, and under 1 ms to seal or to open."""
    content = {"user": USER}
    value = seal(content, PAGE_KEYS, duration=120_000)

    sealing = min(timeit.repeat(lambda: seal(content, PAGE_KEYS), number=10, repeat=5)) / 10
    opening = min(timeit.repeat(lambda: unseal(value, PAGE_KEYS), number=10, repeat=5)) / 10

    assert len(value) == 195
    assert max(sealing, opening) < 0.001


@pytest.mark.conforms("Q39")
@pytest.mark.parametrize(
    "names", [("userName[]", "password[]"), ("userName", "password[]")], ids=" ".join
)
def test_list_as_password(client: FlaskClient, names: tuple[str, str]) -> None:
    """Fields that Express would read as lists do not log in."""
    right = dict(zip(("userName", "password"), ("sampleuser", "samplepassword"), strict=True))
    lists = dict(zip(names, right.values(), strict=True))

    response = client.post("/login", data=lists)

    assert response.status_code == 200
    assert "invalid login" in response.text
    assert not set_cookies(response)
    assert client.post("/login", data=right).status_code == 302
