"""Limits of the library's cost, as counts or as ratios of times in the same run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import thread_time
from typing import Any

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface

from lesson_app import ClientSessions, derive_keys, seal, unseal
from lesson_app._engine.codec import SealedCodec
from lesson_app._engine.javascript import stringify
from tests.conftest import secret_of

LOGIN = {"user": {"userName": "sampleuser", "email": "sampleuser@example.com"}}
TIMES: dict[str, Any] = {"name": "session", "created_at": 1_700_000_000_000, "duration": 1}
USED = """
import sys, flask
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, aead
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
before = set(sys.modules)
import lesson_app
print(*sorted(name for name in set(sys.modules) - before if name.split(".")[0] != "lesson_app"))
"""


def seconds(act: Callable[[], object], times: int) -> float:
    begin = thread_time()  # not affected by other programs
    for _ in range(times):
        act()
    return thread_time() - begin


def times_as_long(one: Callable[[], object], other: Callable[[], object]) -> float:
    """Return how many times as long `one` takes as `other`: the median of 31 rounds."""
    return median(seconds(one, 50) / seconds(other, 50) for _ in range(31))


def test_import_loads_nothing_else() -> None:
    """After Flask and cryptography, importing the library loads only its own modules."""
    loaded = subprocess.check_output([sys.executable, "-c", USED], text=True)

    assert loaded.split() == []


def test_codec_is_faster_than_the_reference() -> None:
    """`seal` and `unseal` take more than 1.5 times as long as the middleware's codec."""
    keys = derive_keys(secret_of("performance"))
    codec = SealedCodec(keys)
    value = seal(LOGIN, keys, **TIMES)

    opening = times_as_long(
        lambda: unseal(value, keys), lambda: codec.unseal(value, name="session")
    )
    sealing = times_as_long(
        lambda: seal(LOGIN, keys, **TIMES), lambda: codec.seal(LOGIN, **TIMES)
    )

    assert opening > 1.5
    assert sealing > 1.5


def visits(app: Flask, path: str, cookie: str) -> Callable[[], object]:
    """Return a function that sends a request to `app` without a socket."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "HTTP_COOKIE": cookie,
    }
    return lambda: list(app.wsgi_app({**environ}, lambda *_: None))  # type: ignore[arg-type]


def make_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = secret_of("performance")
    app.add_url_rule("/untouched", view_func=lambda: "ok", endpoint="untouched")
    app.add_url_rule("/read", view_func=lambda: str(session.get("user")), endpoint="read")
    return app


@pytest.mark.parametrize(("path", "most"), [("/untouched", 0.9), ("/read", 0.95)])
def test_request_is_faster_than_with_flasks_session(path: str, most: float) -> None:
    """A request takes less time than with Flask's own session, which does not encrypt."""
    ours, flasks = make_app(), make_app()
    name, value = ClientSessions(ours).make_cookie(LOGIN, ours)
    signer = SecureCookieSessionInterface().get_signing_serializer(flasks)
    assert signer is not None

    ratio = times_as_long(
        visits(ours, path, f"{name}={value}"),
        visits(flasks, path, f"session={signer.dumps(LOGIN)}"),
    )

    assert ratio < most


def test_untouched_session_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that does not use its session reads no cookie and sets no header."""
    app = make_app()
    name, value = ClientSessions(app).make_cookie(LOGIN, app)
    called: list[str] = []
    for function in ("find_cookies", "vary_by_cookie", "cookie_line"):
        monkeypatch.setattr(
            f"lesson_app.interface.{function}", lambda *_, f=function: called.append(f)
        )
    monkeypatch.setattr(SealedCodec, "unseal", lambda *_, **__: called.append("unseal"))

    visits(app, "/untouched", f"{name}={value}")()

    assert called == []


def test_cost_grows_no_faster_than_the_secrets() -> None:
    """Opening with the last of ten secrets takes at most ten times as long as with one."""
    keys = [derive_keys(secret_of(str(number))) for number in range(10)]
    value = seal(LOGIN, keys[-1], **TIMES)
    one, ten = SealedCodec(keys[-1]), SealedCodec(*keys)

    ratio = times_as_long(
        lambda: ten.unseal(value, name="session"), lambda: one.unseal(value, name="session")
    )

    assert ratio < 10


@pytest.mark.parametrize(
    ("path", "contents", "items"),
    [("/untouched", 0, 0), ("/read", 1, 0), ("/write", 1, 1), ("/nested", 2, 0)],
)
def test_serialisations(
    path: str, contents: int, items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that reads its session serialises it once, one that changes it inside twice.

    A value that a view sets is serialised at once, so that an error names the view's line.
    """
    app = make_app()
    app.add_url_rule("/write", view_func=lambda: session.update(n=1) or "", endpoint="write")
    app.add_url_rule(
        "/nested", view_func=lambda: session["user"].update(n=1) or "", endpoint="nested"
    )
    name, value = ClientSessions(app).make_cookie(LOGIN, app)
    written: list[Any] = []

    def counted(content: Any) -> str:
        written.append(content)
        return stringify(content)

    for module in ("session", "interface", "_engine.codec"):
        monkeypatch.setattr(f"lesson_app.{module}.stringify", counted)
    visits(app, path, f"{name}={value}")()

    assert sum("user" in content for content in written) == contents
    assert sum(content == {"n": 1} for content in written) == items
    assert len(written) == contents + items
