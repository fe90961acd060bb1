"""How time and memory grow with the session, the secrets, the sessions and the deny list.

``python -m benchmarks.growth`` measures and writes this part of docs/performance.md. All
figures are multiples of the first point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import ClientSessions, derive_keys
from lesson_app._engine.codec import SealedCodec
from lesson_app._engine.javascript import stringify

from . import page
from .contents import Content
from .curves import Growth, held, peak, quickest
from .deny import by_entries
from .measure import Timer, timer
from .plots import draw
from .sealers import KEYS, SECRET
from .views import wsgi_timer

#: About so many bytes of JSON; with the last the cookie is almost full.
SIZES = (16, 64, 128, 256, 512, 1024, 2048, 2900)
SECRETS = range(1, 11)
SESSIONS = range(1, 9)
_LIFE: dict[str, Any] = {"name": "session", "created_at": 1_700_000_000_000, "duration": 1000}


# The session's size


def cart(size: int) -> Content:
    """Return a session of about so many bytes of JSON."""
    if size < 60:
        return {"n": 1234567890}
    content: Content = {"cart": []}
    while len(stringify(content)) < size - 30:
        number = len(content["cart"])
        content["cart"].append({"id": 1000 + number, "name": f"thing {number}", "gift": True})
    return content


def by_size() -> Growth:
    """Seal and open larger and larger sessions with the middleware's codec."""
    codec = SealedCodec(KEYS)
    contents = [cart(size) for size in SIZES]
    values = [codec.seal(content, **_LIFE) for content in contents]
    at = [len(stringify(content).encode()) for content in contents]
    seal: list[Callable[[], object]] = [lambda c=c: codec.seal(c, **_LIFE) for c in contents]  # type: ignore[misc]
    opened: list[Callable[[], object]] = [
        lambda v=v: codec.unseal(v, name="session")  # type: ignore[misc]
        for v in values
    ]
    works = {"seal": seal, "open": opened}
    return Growth(
        "Larger sessions",
        "bytes of JSON in the session",
        at,
        quickest({(n, i): timer(w) for n, each in works.items() for i, w in enumerate(each)}),
        {f"{name}, at most": [peak(work) for work in each] for name, each in works.items()},
        words=(
            "With {last:,} bytes of JSON instead of {first}, sealing takes {seal:.0f} times as "
            "long and opening {open:.0f} times; they hold up to {seal, at most:.0f} and "
            "{open, at most:.0f} times the memory. A cookie has no room for more."
        ),
    )


# Secrets in rotation


def by_secrets() -> Growth:
    """Open a cookie of the first and of the last of more and more secrets."""
    keys = [derive_keys(f"{SECRET}{number}") for number in SECRETS]
    content = {"user": "sampleuser"}
    codecs = [SealedCodec(*keys[:number]) for number in SECRETS]
    timers: dict[tuple[str, int], Timer] = {}
    for codec, number in zip(codecs, SECRETS, strict=True):
        for name, by in (("first secret", keys[0]), ("last secret", keys[number - 1])):
            timers[f"opened by the {name}", number] = _opening(codec, SealedCodec(by), content)
    memory = [held(lambda n=n: SealedCodec(*keys[:n])) for n in SECRETS]  # type: ignore[misc]
    return Growth(
        "More secrets in rotation",
        "secrets",
        list(SECRETS),
        quickest(timers),
        {"the codec": memory},
        words=(
            "With ten secrets instead of one, opening a cookie takes "
            "{opened by the first secret:.1f} times as long if the first secret sealed it, and "
            "{opened by the last secret:.1f} times if the last did: the codec then computes "
            "each secret's MAC. It holds {the codec:.1f} times the memory."
        ),
    )


def _opening(codec: SealedCodec, sealer: SealedCodec, content: Content) -> Timer:
    value = sealer.seal(content, **_LIFE)
    assert codec.unseal(value, name="session").content == content
    return timer(lambda: codec.unseal(value, name="session"))


# Sessions on one app


def make_app(number: int) -> Flask:
    """Make an app with so many sessions."""
    app = Flask("peer")
    app.secret_key = SECRET
    names = (f"session-{each}" for each in range(number))
    each_one = [ClientSessions(app, cookie_name=name) for name in names]

    def write() -> str:
        for each in each_one:
            each.session["user"] = "sampleuser"
        return "ok"

    def read() -> str:
        return " ".join(each.session["user"] for each in each_one)

    app.add_url_rule("/write", "write", write)
    app.add_url_rule("/read", "read", read)
    app.add_url_rule("/untouched", "untouched", lambda: "ok")
    app.add_url_rule("/one", "one", lambda: str(session["user"]))
    return app


def by_sessions() -> Growth:
    """Call an app with more and more sessions: none, one, or all of them touched."""
    uses = {"none touched": "/untouched", "one read": "/one", "all read": "/read"}
    timers: dict[tuple[str, int], Timer] = {}
    calls: dict[str, list[Callable[[], object]]] = {name: [] for name in uses}
    for number in SESSIONS:
        app = make_app(number)
        cookie = _cookie(app)
        for name, path in uses.items():
            request = {**EnvironBuilder(path).get_environ(), "HTTP_COOKIE": cookie}
            assert run_wsgi_app(app, request)[1] == "200 OK"
            timers[name, number] = wsgi_timer(app, request)
            calls[name].append(lambda a=app, r=request: run_wsgi_app(a, r))  # type: ignore[misc]
    return Growth(
        "More sessions on one app",
        "sessions on the app",
        list(SESSIONS),
        quickest(timers),
        {f"{name}, at most": [peak(call) for call in calls[name]] for name in uses},
        words=(
            "With eight sessions on an app instead of one, a whole request takes "
            "{none touched:.1f} times as long if it touches none, {one read:.1f} times if it "
            "reads the first, and {all read:.1f} times if it reads all, with up to "
            "{all read, at most:.1f} times the memory."
        ),
    )


def _cookie(app: Flask) -> str:
    lines = run_wsgi_app(app, EnvironBuilder("/write").get_environ())[2].getlist("Set-Cookie")
    return "; ".join(line.split(";")[0] for line in lines)


ALL: tuple[Callable[[], Growth], ...] = (by_size, by_secrets, by_sessions, by_entries)


def measure() -> list[str]:
    """Measure all, draw the picture, and return the lines of the page."""
    growths = []
    for each in ALL:
        growths.append(each())
        print(f"\n{growths[-1].title}\n\n{details(growths[-1])}", flush=True)
    draw(growths)
    return page.growth_lines(growths)


def main() -> None:
    """Measure all, and write this part of the page."""
    page.write({"growth": measure()})


def details(growth: Growth) -> str:
    """Return the figures of the lines, for the console."""
    return "\n".join(
        f"  {name:28} {' '.join(f'{each:8.2f}' for each in line)}   ^{growth.power(name):.2f}"
        for name, line in growth.lines.items()
    )


if __name__ == "__main__":
    main()
