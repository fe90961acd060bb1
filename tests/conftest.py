"""Fixtures and helpers that all tests share."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from lesson_app import ClientSessions, Session, Unsealed, create_app, derive_keys, unseal
from lesson_app.lab import Clock

if TYPE_CHECKING:
    from tests.repository.documentation import Site as Documentation

pytest_plugins = ["tests.plugin"]

ROOT = Path(__file__).parent.parent
#: Seconds to wait for an event before the test fails. Passing tests wait only until the event,
#: so a long limit does not slow them.
PATIENCE = 300.0

# The two cookies on the course page, both sealed by Mozilla's library. The first is in the
# response to /session-test-add?message=Hello World!, the second in a later request.
PAGE_SENT = (
    "25uFcTuHZzZlSWntEs-Kzg.D96gsJqB0lLKj4DBZsc3KSj4Z4_76pkoCy4uXUqgS1C4uuHbaxMZ6l9dTCWu-ijc"
    ".1692988779453.120000.FprcH5eIT-o6Iedv-vP2i0P8HmzCRMXGdm813oveVBc"
)
PAGE_RETURNED = (
    "AqnLAnL7dqAr9QqXnpD5Xw.wcCqiCvVSRgllI1mLOAC9yHmjjLygsur7AQaKX50_9vkugEnTKhhz3V4U8V_xgFa"
    ".1692989253302.120000.kCRDEuDgPpEuEsuEVF-2vR3vKILSPluM8tyaghTnYCE"
)


@dataclass(frozen=True)
class SetCookie:
    """A Set-Cookie header as browsers read it, with attribute names in lower case."""

    name: str
    value: str
    attributes: dict[str, str]


def read_set_cookie(header: str) -> SetCookie:
    pair, *attributes = header.split("; ")
    name, _, value = pair.partition("=")
    halves = [attribute.partition("=") for attribute in attributes]
    return SetCookie(name, value, {key.lower(): text for key, _, text in halves})


def set_cookies(response: Response) -> list[SetCookie]:
    return [read_set_cookie(header) for header in response.headers.getlist("Set-Cookie")]


def the_cookie(response: Response) -> SetCookie:
    """Return the response's only Set-Cookie."""
    [cookie] = set_cookies(response)
    return cookie


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forge(
    plaintext: bytes,
    secret: str,
    *,
    created_at: str = "0",
    duration: str = "0",
    iv: bytes = bytes(16),
    ciphertext: bytes | None = None,
) -> str:
    """Seal anything, as an attacker with the secret can, without using `lesson_app`."""
    if ciphertext is None:
        padding = 16 - len(plaintext) % 16
        key = hmac.digest(secret.encode(), b"cookiesession-encryption", "sha256")
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        ciphertext = encryptor.update(plaintext + bytes([padding]) * padding)
    key = hmac.digest(secret.encode(), b"cookiesession-signature", "sha256")
    signed = b".".join([iv, ciphertext, created_at.encode(), duration.encode()])
    mac = hmac.digest(key, signed, "sha256")
    return f"{b64(iv)}.{b64(ciphertext)}.{created_at}.{duration}.{b64(mac)}"


SECRET = "a secret for tests, long enough"


def secret_of(word: str) -> str:
    """Return a strong secret that depends only on `word`."""
    return hashlib.sha256(word.encode()).hexdigest()


Act = Callable[[Session], object]


def opened(response: Response) -> Unsealed:
    """Open the only Set-Cookie in a response of a `Site`."""
    return unseal(the_cookie(response).value, derive_keys(SECRET))


class Site:
    """An app whose only view calls the test's function with the session."""

    def __init__(self, clock: Clock, **options: Any) -> None:
        self.clock = clock
        self.app = Flask(__name__)
        self.app.testing = True
        self.app.add_url_rule("/", view_func=self._view)
        lifetime = {"duration": timedelta(minutes=2), "active_duration": timedelta(minutes=1)}
        ClientSessions(self.app, **{"secret": SECRET, "clock": clock, **lifetime, **options})
        self.browser = self.app.test_client()
        self.act: Act = untouched

    def visit(self, act: Act, **request: Any) -> TestResponse:
        self.act = act
        return self.browser.get("/", **request)

    def visit_with(self, header: str, act: Act) -> TestResponse:
        """Send this Cookie header from a client without a cookie jar."""
        self.act = act
        visitor = self.app.test_client(use_cookies=False)
        return visitor.get("/", environ_overrides={"HTTP_COOKIE": header})

    def _view(self) -> Any:
        answer = self.act(cast(Session, session))
        return answer if isinstance(answer, Response) else str(answer)

    @property
    def now(self) -> int:
        return round(self.clock() * 1000)


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program; kill it at the end of the block, or after `PATIENCE`."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def wait_until(done: Callable[[], object], complaint: Callable[[], str] = str) -> None:
    """Wait for an event; fail with `complaint` if it does not happen within `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            pytest.fail(complaint() or f"it did not happen within {PATIENCE:g} s")
        time.sleep(0.05)


def listens(url: str, host: str = "127.0.0.1") -> bool:
    """Return whether a program listens on the URL's port."""
    try:
        socket.create_connection((host, urlsplit(url).port or 80), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def write(session: Session) -> None:
    session["message"] = "hi"


def read(session: Session) -> object:
    return session.get("message")


def untouched(session: Session) -> None:
    """Do nothing."""


@pytest.fixture
def site(clock: Clock) -> Site:
    return Site(clock)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove this computer's environment variables for Flask."""
    for name in os.environ:
        if name.startswith("FLASK_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def documentation(tmp_path_factory: pytest.TempPathFactory) -> Documentation:
    """The documentation's pages, built once for all tests and all test processes."""
    from tests.plugin import missing_packages, need
    from tests.repository.documentation import build, built

    if missing_packages("docs"):
        need("sphinx")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder /= "site"
    try:
        folder.mkdir()
    except FileExistsError:
        wait_until(lambda: built(folder) is not None)
    else:
        build(folder)
    site = built(folder)
    assert site is not None
    return site


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository."""
    from tests.environments import build_wheel

    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def advance(clock: Clock) -> Callable[[float], None]:
    """Return a function that advances the clock by seconds."""
    return lambda seconds: clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def app(clock: Clock) -> Flask:
    app = create_app(clock=clock)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
