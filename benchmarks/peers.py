"""What sealing, opening and a whole request cost here, and with others; ``make bench``.

All are measured by turns in one run. Times differ from machine to machine, so ratios are
printed: medians over the rounds, and between which a half of the rounds lies. The table is
written into docs/performance.md; no test runs this.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from flask import Flask, Request, Response, session
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import ClientSessions, derive_keys, seal, unseal
from lesson_app.app import USER
from lesson_app.cookie import SealedCodec
from lesson_app.javascript import stringify

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
SECRET = "9Hk4sYpLrTqWvXnE5uCfGgJm1VbA3tSZ"  # noqa: S105  # for this benchmark only
ROUNDS, CALLS = 41, 100
LIFE: dict[str, Any] = {"name": "session", "created_at": 1_700_000_000_000, "duration": 1}
KEYS = derive_keys(SECRET)


def filled(size: int) -> dict[str, Any]:
    """Return a session like a shop's, of at least so many bytes of JSON."""
    content: dict[str, Any] = {"user": dict(USER), "cart": []}
    while len(stringify(content)) < size:
        number = len(content["cart"])
        content["cart"].append({"id": 1000 + number, "name": f"thing {number}", "gift": True})
    return content


CONTENTS: dict[str, dict[str, Any]] = {
    "16 B": {"n": 123456789},
    "log-in": {"user": dict(USER)},
    "1 KB": filled(1000),
    "3 KB": filled(2900),
}
Pair = tuple[Callable[[], object], Callable[[], object]]


def floor(size: int) -> Pair:
    """Return the primitives with everything prepared, for a plaintext of `size` bytes."""
    cipher = Cipher(algorithms.AES(KEYS.encryption), modes.CBC(bytes(16)))
    encryptor, decryptor = cipher.encryptor(), cipher.decryptor()
    begun = HMAC(KEYS.signature, hashes.SHA256())
    text = bytes(size // 16 * 16 + 16)

    def sign() -> bytes:
        mac = begun.copy()
        mac.update(text)
        return mac.finalize()

    return (
        lambda: (os.urandom(16), encryptor.update(text), sign()),
        lambda: (hmac.compare_digest(sign(), b""), decryptor.update(text)),
    )


def codecs(content: dict[str, Any]) -> dict[str, Pair]:
    """Return what seals and what opens `content`, by whom."""
    codec, fernet = SealedCodec(KEYS), Fernet(Fernet.generate_key())
    signer = URLSafeTimedSerializer(SECRET)
    app = Flask("peer")
    app.secret_key = SECRET
    flask = SecureCookieSessionInterface()

    def serializer() -> URLSafeTimedSerializer:
        made = flask.get_signing_serializer(app)  # for each request anew, as Flask does
        assert made is not None
        return made

    sealed, plain = codec.seal(content, **LIFE), seal(content, KEYS, **LIFE)
    token, signed, flasks = (
        fernet.encrypt(json.dumps(content).encode()),
        signer.dumps(content),
        serializer().dumps(content),
    )
    return {
        "ours": (
            lambda: codec.seal(content, **LIFE),
            lambda: codec.unseal(sealed, name="session"),
        ),
        "floor": floor(len(stringify(content)) + len("session=")),
        "straightforward": (lambda: seal(content, KEYS, **LIFE), lambda: unseal(plain, KEYS)),
        "Fernet + json": (
            lambda: fernet.encrypt(json.dumps(content).encode()),
            lambda: json.loads(fernet.decrypt(token)),
        ),
        "itsdangerous": (lambda: signer.dumps(content), lambda: signer.loads(signed)),
        "Flask": (lambda: serializer().dumps(content), lambda: serializer().loads(flasks)),
    }


def timed(work: Callable[[], object], calls: int = CALLS) -> float:
    """Return the time of one call in ns."""
    begin = time.perf_counter_ns()
    for _ in range(calls):
        work()
    return (time.perf_counter_ns() - begin) / calls


def ratio(these: list[float], ours: list[float]) -> str:
    """Return the median of the rounds' ratios, and the middle half."""
    ratios = [a / b for a, b in zip(these, ours, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return f"{median(ratios):.2f} ({low:.2f} to {high:.2f})"


def codec_rows() -> Iterator[str]:
    """Measure the codecs, and yield the lines of their table."""
    yield "| content | peer | seal: times ours | open: times ours |"
    yield "|---|---|--:|--:|"
    with subprocess.Popen(
        ["node", str(Path(__file__).with_name("peers.js"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        for size, content in CONTENTS.items():
            times: dict[str, list[tuple[float, float]]] = {}
            pairs = codecs(content)
            for number in range(ROUNDS + 10):
                for peer, (sealing, opening) in pairs.items():
                    times.setdefault(peer, []).append((timed(sealing), timed(opening)))
                node.stdin.write(json.dumps({"content": content, "rounds": 5 * CALLS}) + "\n")
                node.stdin.flush()
                sealing_ns, opening_ns = json.loads(node.stdout.readline())
                times.setdefault("Node client-sessions", []).append((sealing_ns, opening_ns))
                if number < 10:  # both sides warm up
                    times.clear()
            ours = list(zip(*times.pop("ours"), strict=True))
            for peer, measured in times.items():
                both = list(zip(*measured, strict=True))
                cells = [ratio(list(both[i]), list(ours[i])) for i in (0, 1)]
                yield f"| {size} | {peer} | {cells[0]} | {cells[1]} |"
        node.stdin.close()


class NoSession(SessionInterface):
    """What an app without sessions has in the place of one: nothing is read or written."""

    class Empty(dict[str, Any], SessionMixin):
        """A dict that nobody keeps."""

    def open_session(self, app: Flask, request: Request) -> NoSession.Empty:
        """Return an empty dict."""
        return NoSession.Empty()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep nothing."""


def make_app(kind: str) -> Flask:
    """Make an app with one view for each of a session's uses."""
    app = Flask("peer")
    app.secret_key = SECRET
    if kind == "none":
        app.session_interface = NoSession()
    if kind == "ours":
        ClientSessions(app)
    count = iter(range(10**9))
    app.add_url_rule("/untouched", "untouched", lambda: "ok")
    app.add_url_rule("/read", "read", lambda: str(bool(session.get("user"))))
    app.add_url_rule("/write", "write", lambda: str(session.update(n=next(count))))
    app.add_url_rule("/login", "login", lambda: str(session.update(user=dict(USER))))
    return app


def request_rows() -> Iterator[str]:
    """Measure whole WSGI calls, and yield the lines of their table."""
    yield "| view | ours: part of what Flask's own adds | ours adds, as part of the bare call |"
    yield "|---|--:|--:|"
    environ = EnvironBuilder("/").get_environ()
    apps = {kind: make_app(kind) for kind in ("none", "flask", "ours")}
    calls: dict[str, dict[str, Any]] = {}
    for kind, app in apps.items():
        headers = run_wsgi_app(app, {**environ, "PATH_INFO": "/login"})[2]
        calls[kind] = {**environ, "HTTP_COOKIE": headers.get("Set-Cookie", "").split(";")[0]}
    for path in ("untouched", "read", "write"):
        times: dict[str, list[float]] = {kind: [] for kind in apps}
        for _ in range(ROUNDS):
            for kind, app in apps.items():
                request = {**calls[kind], "PATH_INFO": f"/{path}"}
                times[kind].append(
                    timed(lambda a=app, r=request: a.wsgi_app({**r}, lambda *_: None))  # type: ignore[misc]
                )
        bare, flask, ours = times["none"], times["flask"], times["ours"]
        added = [b - a for a, b in zip(bare, ours, strict=True)]
        flasks = [b - a for a, b in zip(bare, flask, strict=True)]
        yield f"| {path} | {ratio(added, flasks)} | {ratio(added, bare)} |"


def main() -> None:
    """Measure all, print the tables, and write them into the page."""
    text = "\n".join([*codec_rows(), "", *request_rows()])
    print(text)
    mark = "<!-- made by make bench -->"
    page = PAGE.read_text()
    PAGE.write_text(re.sub(f"{mark}.*{mark}", f"{mark}\n{text}\n{mark}", page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
