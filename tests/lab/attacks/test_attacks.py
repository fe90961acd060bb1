"""The attacks: each succeeds on its stage and fails on the next one."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.security import generate_password_hash

from lesson_app import BadCookie, ClientSessions, create_app, derive_keys, ensure_login, seal
from lesson_app._engine.codec import SealedCodec
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import Codec, Keys, decrypt, encrypt, from_base64, to_base64
from lesson_app.lab import Clock, Server, Visitor, attacks
from lesson_app.lab.attacks import weak
from lesson_app.lab.codecs import codec_from
from lesson_app.lab.exercises.flips import aim_ours
from tests.conftest import PAGE_RETURNED, PAGE_SENT, SECRET
from tests.plugin import some_of

LOG_IN = {"userName": "sampleuser", "password": "samplepassword"}
SEALED = SealedCodec(derive_keys(SECRET))


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a fast hash: a good one is slow."""
    quick = generate_password_hash("samplepassword", "pbkdf2:sha256:1")
    monkeypatch.setattr("lesson_app.app.PASSWORD_HASH", quick)
    monkeypatch.setattr("lesson_app.lab.attacks.weak.PASSWORD_HASH", quick)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app, and yield its URL."""
    with Server(app) as server:
        yield server.url


def with_sessions() -> Flask:
    """An app with sealed sessions and no route."""
    app = Flask("bare")
    ClientSessions(app, secret=SECRET, cookie_name="session")
    return app


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (PAGE_SENT, {"message": "Hello World!"}),
        (PAGE_RETURNED, {"message": "Hello World!"}),
        (seal({"message": "Hello World!"}, derive_keys(os.urandom(32))), None),
        ("not-a-cookie", None),
    ],
)
def test_open_with_published_secret(value: str, content: dict[str, str] | None) -> None:
    """The page's secret opens only the page's cookies."""
    assert attacks.open_with_published_secret(value) == content


@pytest.mark.parametrize(
    ("secret", "enters"), [(PAGE_SECRET, True), (os.urandom(32), False)], ids=["page", "random"]
)
def test_enter_with_published_secret(secret: str | bytes, enters: bool) -> None:
    """If the app uses the page's secret, anyone can log in as any user."""
    with served(create_app(secret=secret)) as url:
        assert bool(attacks.enter_with_published_secret(url)) is enters


@pytest.mark.parametrize(
    ("codec", "forged"),
    [(weak.ClearCodec(), True), (weak.EncryptedCodec(SECRET), False), (SEALED, False)],
    ids=["clear", "encrypted", "sealed"],
)
def test_forge_plain(codec: Codec, forged: bool) -> None:
    """Anyone can write a session that is only base64."""
    # An encrypting server answers 500 to text that it cannot decrypt: the forger gets nothing.
    with served(create_app(codec=codec)) as url:
        assert bool(attacks.forge_plain(url)) is forged
        assert bool(attacks.forge_plain(url, "boss")) is forged


def encrypted_only() -> Codec:
    """Return a codec that encrypts what a sealed cookie does, without a MAC."""
    keys = Keys(os.urandom(32), os.urandom(32))

    def write(content: dict[str, Any]) -> str:
        iv = os.urandom(16)
        text = f"session={json.dumps(content, separators=(',', ':'))}".encode()
        return f"{to_base64(iv)}.{to_base64(encrypt(text, keys, iv))}"

    def read(value: str) -> Any:
        iv, ciphertext = map(from_base64, value.split("."))
        return json.loads(decrypt(ciphertext, keys, iv).removeprefix(b"session="))

    return codec_from(write, read)


@pytest.mark.parametrize(
    ("codec", "enters"),
    [(encrypted_only(), True), (SEALED, False)],
    ids=["encrypted", "sealed"],
)
def test_enter_lounge(codec: Codec, enters: bool) -> None:
    """Anyone can change the first block of a session that is only encrypted."""
    with served(weak.add_lounge(create_app(codec=codec))) as url:
        assert bool(attacks.enter_lounge(url, aim_ours)) is enters
        assert not attacks.enter_lounge(url, lambda cookie, *texts: cookie)


def encrypted(plaintext: bytes, keys: Keys, iv: bytes) -> str:
    return f"{to_base64(iv)}.{to_base64(encrypt(plaintext, keys, iv))}"


def oracle(keys: Keys) -> Callable[[str], bool]:
    """Return the question whether a padding is good, answered with the keys."""

    def good(value: str) -> bool:
        iv, ciphertext, *_ = value.split(".")
        try:
            decrypt(from_base64(ciphertext), keys, from_base64(iv))
        except BadCookie:
            return False
        return True

    return good


@pytest.mark.parametrize("length", some_of(range(41), 0, 15, 16, 40))
def test_read_by_padding(length: int) -> None:
    """The attack reads the whole text and its padding, with any key and IV."""
    chance = random.Random(length)
    keys = derive_keys(chance.randbytes(32))
    text = chance.randbytes(length)
    value = encrypted(text, keys, chance.randbytes(16))

    found = attacks.read_by_padding(value, oracle(keys))

    padding = 16 - length % 16
    assert found == text + bytes([padding]) * padding


@pytest.mark.parametrize("number", some_of(range(20), 0, 1))
def test_read_the_end_by_padding(number: int) -> None:
    """The attack reads as many last bytes as requested, and sends later fields unchanged."""
    chance = random.Random(number)
    keys = derive_keys(chance.randbytes(32))
    # These end like padding, so that a guess can look good for a wrong reason.
    text = bytes(chance.choice(b"\x01\x02\x03") for _ in range(16))
    value = encrypted(text, keys, chance.randbytes(16)) + ".and.more"
    last = 16 + chance.randrange(1, 5)

    found = attacks.read_by_padding(value, oracle(keys), last=last)

    assert found == (text + bytes([16]) * 16)[-last:]


def test_more_than_there_is() -> None:
    """A request for more bytes than there are returns the whole text."""
    keys = derive_keys("k")
    value = encrypted(b"short", keys, bytes(16))

    assert attacks.read_by_padding(value, oracle(keys), last=99) == b"short" + bytes([11]) * 11
    assert attacks.read_by_padding(value, oracle(keys), last=0) == b""


@pytest.mark.parametrize("answer", [True, False])
def test_padding_that_tells_nothing(answer: bool) -> None:
    """Answers that are always the same reveal nothing."""
    value = encrypted(b"x" * 20, derive_keys("k"), bytes(16))

    assert attacks.read_by_padding(value, lambda _: answer) == b""


def test_padding_that_falls_silent() -> None:
    """If the answers stop, the attack returns the bytes found until then."""
    keys = derive_keys("k")
    asked: list[str] = []
    good = oracle(keys)

    def tired(value: str) -> bool:
        asked.append(value)
        return len(asked) < 900 and good(value)

    value = encrypted(b"x" * 16, keys, bytes(16))
    found = attacks.read_by_padding(value, tired)

    assert 0 < len(found) < 16
    assert found == bytes([16]) * len(found)


@pytest.mark.parametrize(
    ("codec", "end"),
    [
        pytest.param(
            weak.EncryptedCodec(SECRET), b"\x02\x02", marks=pytest.mark.proof, id="encrypted"
        ),
        pytest.param(SEALED, b"", id="sealed"),
    ],
)
def test_server_says_padding_is_good(codec: Codec, end: bytes) -> None:
    """A server that answers 500 to bad padding reveals the text that it encrypted."""
    with served(create_app(codec=codec)) as url:
        victim = Visitor()
        victim.get(f"{url}/session-test-add?message=")  # {"message":""} lacks two bytes
        value = victim.cookies["session"]
        good = attacks.server_says_padding_is_good(url)

        assert good(value)
        assert attacks.read_by_padding(value, good, last=2) == end


@pytest.mark.parametrize(
    ("lifetime", "stays"), [(None, True), (timedelta(minutes=10), False)], ids=["none", "ten"]
)
def test_stay_forever(lifetime: timedelta | None, stays: bool, clock: Clock) -> None:
    """A copied cookie in use opens for ever, unless sessions have a maximum lifetime."""
    app = create_app(secret=SECRET, clock=clock, max_lifetime=lifetime)

    with served(app) as url:
        assert bool(attacks.stay_forever(url, LOG_IN, clock)) is stays
    assert clock() == Clock()() + 3600


def test_stay_with_a_wrong_password(clock: Clock) -> None:
    """Without a login there is no cookie to copy."""
    with served(create_app(secret=SECRET, clock=clock)) as url:
        assert not attacks.stay_forever(url, {**LOG_IN, "password": "guess"}, clock)


def test_forced_browsing() -> None:
    """A route without a guard answers anyone who knows its path."""

    def figures() -> str:
        return "figures"

    app = with_sessions()
    app.add_url_rule("/open", view_func=figures, endpoint="open")
    app.add_url_rule("/shut", view_func=ensure_login(figures), endpoint="shut")
    app.add_url_rule("/moved", view_func=lambda: redirect("/open"), endpoint="moved")

    with served(app) as url:
        paths = ["/open", "/shut", "/moved", "/nowhere"]
        assert attacks.forced_browsing(url, paths) == {"/open"}


def listed_login() -> ResponseReturnValue:
    """Log in, and follow ``next`` only if it is on a list."""
    session["user"] = {"userName": "sampleuser"}
    there = request.args.get("next", "")
    return redirect(there if there in {"/dashboard", "/report"} else "/dashboard", code=302)


def test_open_redirect() -> None:
    """A login that follows any ``next`` redirects to other hosts; a list does not."""
    with served(weak.add_trusting_login(with_sessions())) as url:
        assert attacks.open_redirect(url, LOG_IN) == set(attacks.ELSEWHERE) - {
            "/\\evil.example/"
        }

    app = with_sessions()
    app.add_url_rule("/login", view_func=listed_login, methods=["POST"])
    with served(app) as url:
        assert attacks.open_redirect(url, LOG_IN) == set()


def test_redirect_to_itself() -> None:
    """A full URL of the server itself does not count."""

    def login() -> ResponseReturnValue:
        return redirect(request.host_url + "dashboard")

    app = with_sessions()
    app.add_url_rule("/login", view_func=login, methods=["POST"])
    with served(app) as url:
        assert attacks.open_redirect(url, LOG_IN) == set()


@pytest.mark.parametrize(("verified", "works"), [(False, True), (True, False)])
def test_stretch(verified: bool, works: bool) -> None:
    """Only the MAC keeps a visitor from changing a session's lifetime."""
    clock = Clock()
    codec = SealedCodec(derive_keys(SECRET)) if verified else weak.UnverifiedCodec(SECRET)

    with served(create_app(codec=codec, clock=clock)) as url:
        assert bool(attacks.stretch(url, clock)) is works


def test_outcomes_tell_what_was_seen() -> None:
    """An outcome is true or false, and says what the attacker saw."""
    with served(create_app(secret=PAGE_SECRET)) as url:
        worked = attacks.enter_with_published_secret(url)
    with served(create_app(secret=SECRET)) as url:
        failed = attacks.enter_with_published_secret(url)
        unread = attacks.forge_plain(url)

    assert repr(worked).startswith("attack succeeded: GET /dashboard with our own cookie")
    assert (
        repr(failed) == "attack refused: GET /dashboard with our own cookie redirects to /login"
    )
    assert (
        repr(unread)
        == "attack refused: with a cookie that we wrote, the server reads no message"
    )


def test_outcome_without_a_redirect() -> None:
    """Without a redirect the outcome gives the status."""
    with served(Flask("empty")) as url:
        outcome = attacks.enter_with_published_secret(url)

    assert repr(outcome).endswith("with our own cookie answers 404")
