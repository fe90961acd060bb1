"""The attacks: each succeeds on its stage and fails on the next one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.security import generate_password_hash

from lesson_app import ClientSessions, create_app, derive_keys, seal
from lesson_app._engine.codec import SealedCodec
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import Codec, Keys, decrypt, encrypt, from_base64, to_base64
from lesson_app.lab import Clock, Server, Visitor, attacks
from lesson_app.lab.attacks import weak
from lesson_app.lab.codecs import codec_from
from lesson_app.lab.exercises.flips import aim_ours
from tests.conftest import PAGE_RETURNED, PAGE_SENT, SECRET

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


@pytest.mark.parametrize(
    ("codec", "accepted"),
    [(weak.EncryptedCodec(SECRET), False), (SEALED, True)],
    ids=["encrypted", "sealed"],
)
def test_padding_oracle(codec: Codec, accepted: bool) -> None:
    """Only a server that decrypts before it verifies shows whether the padding is right."""
    with served(create_app(codec=codec)) as url:
        victim = Visitor()
        victim.get(f"{url}/session-test-add?message=")
        value = victim.cookies["session"]
        iv, ciphertext = map(from_base64, value.split(".")[:2])
        good = attacks.padding_oracle(url, value)

        assert good(iv, ciphertext)
        # Padding ends in a byte from 1 to 16, so at most one of these two is right.
        ends = [good(bytes([high]) * 16, ciphertext) for high in (0, 0x80)]
        assert all(ends) is accepted


def test_padding_oracle_keeps_other_fields() -> None:
    """The question replaces the IV and the ciphertext, and sends the other fields unchanged."""
    app, seen = Flask("seen"), list[str]()

    @app.get("/session-test-read")
    def read() -> str:
        seen.append(request.cookies["session"])
        return ""

    with served(app) as url:
        assert attacks.padding_oracle(url, "a.b.1.2.mac")(bytes(16), b"x" * 16)

    assert seen == [f"{to_base64(bytes(16))}.{to_base64(b'x' * 16)}.1.2.mac"]


def listed_login() -> ResponseReturnValue:
    """Log in, and follow ``next`` only if it is on a list."""
    session["user"] = {"userName": "sampleuser"}
    there = request.args.get("next", "")
    return redirect(there if there in {"/dashboard", "/report"} else "/dashboard", code=302)


def longer(value: str) -> str:
    fields = value.split(".")
    return ".".join([*fields[:3], "315360000000", fields[4]])


@pytest.mark.parametrize(
    ("verified", "change", "works"),
    [(False, longer, True), (False, str, False), (True, longer, False)],
)
def test_return_tomorrow(verified: bool, change: Callable[[str], str], works: bool) -> None:
    """Only the MAC keeps a visitor from changing a session's lifetime."""
    clock = Clock()
    codec = SealedCodec(derive_keys(SECRET)) if verified else weak.UnverifiedCodec(SECRET)

    with served(create_app(codec=codec, clock=clock)) as url:
        assert bool(attacks.return_tomorrow(url, clock, change)) is works


def test_outcome_in_a_notebook() -> None:
    """In a notebook, an attack's mark is a warning or a tick, with the same words."""
    html = [attacks.Outcome(worked, "seen")._repr_html_() for worked in (True, False)]

    assert "!" in html[0]
    assert "✓" in html[1]
    assert html[0].endswith("attack succeeded: seen")
    assert html[1].endswith("attack refused: seen")


def test_outcomes_tell_what_was_seen() -> None:
    """An outcome is true or false, and says what the attacker saw."""
    with served(create_app(secret=PAGE_SECRET)) as url:
        worked = attacks.enter_with_published_secret(url)
    with served(create_app(secret=SECRET)) as url:
        failed = attacks.enter_with_published_secret(url)

    assert repr(worked).startswith("attack succeeded: GET /dashboard with our own cookie")
    assert (
        repr(failed) == "attack refused: GET /dashboard with our own cookie redirects to /login"
    )


def test_outcome_without_a_redirect() -> None:
    """Without a redirect the outcome gives the status."""
    with served(Flask("empty")) as url:
        outcome = attacks.enter_with_published_secret(url)

    assert repr(outcome).endswith("with our own cookie answers 404")
