"""The codecs and routes that are weak on purpose, without the attacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from lesson_app import BadFormat, BadPayload, ClientSessions, create_app
from lesson_app.cookie import from_base64, to_base64
from lesson_app.lab import seeded_urandom
from lesson_app.lab.attacks import weak
from lesson_app.session import END_OF_TIME
from tests.conftest import SECRET

CONTENT = {"message": "Hello, \u00e9", "list": [1, None, True]}
SEALING: dict[str, Any] = {"name": "session", "created_at": 1, "duration": 2}


def client_of(add: Any) -> FlaskClient:
    app = Flask("weak")
    ClientSessions(app, secret=SECRET, cookie_name="session")
    app.add_url_rule("/user", view_func=lambda: dict(session))
    assert add(app) is app
    client: FlaskClient = app.test_client()
    return client


@pytest.mark.parametrize("codec", [weak.ClearCodec(), weak.EncryptedCodec(SECRET)])
def test_there_and_back(codec: Any) -> None:
    """Both codecs return the content, which never expires."""
    opened = codec.unseal(codec.seal(CONTENT, **SEALING), name="another")

    assert opened.content == CONTENT
    assert (opened.created_at, opened.duration) == (0, END_OF_TIME)


def test_clear() -> None:
    """The value is the JSON in base64url, the same each time."""
    value = weak.ClearCodec().seal({"a": [1, 2]}, **SEALING)

    assert from_base64(value) == b'{"a": [1, 2]}'
    assert weak.ClearCodec().seal({"a": [1, 2]}, **SEALING) == value


def test_encrypted() -> None:
    """The value is an IV and a ciphertext, different each time."""
    codec = weak.EncryptedCodec(SECRET)
    iv, ciphertext = codec.seal({"a": [1, 2]}, **SEALING).split(".")

    assert len(from_base64(iv)) == len(from_base64(ciphertext)) == 16
    assert codec.seal({"a": [1, 2]}, **SEALING).split(".")[0] != iv


def test_encrypted_again() -> None:
    """With seeded random bytes the value is the same each time."""
    values = {
        weak.EncryptedCodec(SECRET, urandom=seeded_urandom(1)).seal(CONTENT, **SEALING)
        for _ in range(2)
    }

    assert len(values) == 1


@pytest.mark.parametrize(
    ("text", "reason"), [("{", "json"), ("", "json"), ("[1]", "object"), ("7", "object")]
)
def test_clear_that_is_no_session(text: str, reason: str) -> None:
    """A value that is not a dict is a bad cookie, so the visitor gets an empty session."""
    with pytest.raises(BadPayload) as raised:
        weak.ClearCodec().unseal(to_base64(text.encode()), name="session")

    assert raised.value.reason == reason


def test_padding_shows() -> None:
    """Wrong padding raises an error that no middleware catches; a short IV is a bad cookie."""
    codec = weak.EncryptedCodec(SECRET)
    iv, ciphertext = codec.seal({"a": 1}, **SEALING).split(".")
    other = to_base64(bytes(b ^ 0x55 for b in from_base64(iv)))

    with pytest.raises(weak.PaddingError, match="wrong padding"):
        codec.unseal(f"{other}.{ciphertext}", name="session")
    assert codec.padding_is_good(from_base64(iv), from_base64(ciphertext))
    assert not codec.padding_is_good(from_base64(other), from_base64(ciphertext))
    with pytest.raises(BadFormat, match="the IV is 3 bytes long, not 16"):
        codec.unseal(f"{to_base64(b'abc')}.{ciphertext}", name="session")


@pytest.mark.parametrize(("value", "status"), [("a", 200), ("YWFh.YWFh", 200), ("", 200)])
def test_bad_cookie(value: str, status: int) -> None:
    """A value that is not a cookie of this codec does not cause an error."""
    client = create_app(codec=weak.EncryptedCodec(SECRET)).test_client()
    client.set_cookie("session", value)

    assert client.get("/session-test-read").status_code == status


def test_echo() -> None:
    """The page's two routes return the message unescaped."""
    client = client_of(weak.add_echo)

    assert client.get("/session-test-read").text == "session message: None"
    answer = client.get("/session-test-add?message=<b>")
    assert answer.text == "session created with using 'message' query parameter"
    assert client.get("/session-test-read").text == "session message: <b>"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({}, "no such user"),
        ({"userName": "x", "password": "samplepassword"}, "no such user"),
        ({"userName": "sampleuser"}, "wrong password"),
        ({"userName": "sampleuser", "password": "x"}, "wrong password"),
    ],
)
def test_chatty_login_refuses(form: dict[str, str], text: str) -> None:
    """A failed login says which of the two was wrong, and logs no one in."""
    client = client_of(weak.add_chatty_login)

    assert client.post("/login", data=form).text == text
    assert client.get("/user").json == {}


@pytest.mark.parametrize(
    ("form", "hashes"),
    [({}, 0), ({"userName": "x", "password": "x"}, 0), ({"userName": "sampleuser"}, 1)],
)
def test_hasty_login_refuses(
    form: dict[str, str], hashes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed login gets the same answer for every name, but only users cost a hash."""
    computed: list[str] = []
    monkeypatch.setattr(weak, "check_password_hash", lambda *_: computed.append("one"))
    client = client_of(weak.add_hasty_login)

    assert client.post("/login", data=form).text == "invalid login"
    assert len(computed) == hashes
    assert client.get("/user").json == {}


@pytest.mark.parametrize("add", [weak.add_chatty_login, weak.add_hasty_login])
def test_login(add: Any) -> None:
    """The right user is logged in, and redirected to the dashboard."""
    client = client_of(add)
    form = {"userName": "sampleuser", "password": "samplepassword"}

    answer = client.post("/login", data=form)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard")
    assert json.loads(client.get("/user").text)["user"]["userName"] == "sampleuser"
