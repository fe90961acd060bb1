"""How time and memory grow with the session, the secrets, the sessions and the deny list.

``python -m benchmarks.growth`` measures and prints the sentences of docs/performance.md and
draws its pictures. All is told as times of the first point that is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import ClientSessions, derive_keys
from lesson_app._engine.codec import SealedCodec
from lesson_app._engine.javascript import stringify
from lesson_app.cookie import MAX_SIZE

from .contents import Content
from .curves import Growth, held, peak, quickest
from .deny import by_entries
from .measure import Timer, timer
from .plots import draw
from .sealers import KEYS, SECRET
from .views import wsgi_timer

#: JSON bytes, about; the exact number is on the plot.
SIZES = (16, 128, 256, 512, 1024, 2048, 4096)
SECRETS = range(1, 11)
SESSIONS = range(1, 9)
_LIFE: dict[str, Any] = {"name": "session", "created_at": 1_700_000_000_000, "duration": 1000}


# The session's size


def cart(size: int) -> Content:
    """Return a session of about so many bytes of JSON."""
    if size < 100:
        return {"n": 1234567890}
    content: Content = {"cart": []}
    while len(stringify(content)) < size - 30:
        number = len(content["cart"])
        content["cart"].append({"id": 1000 + number, "name": f"thing {number}", "gift": True})
    return content


def by_size() -> Growth:
    """Seal and open ever larger sessions with the middleware's codec."""
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
        "size",
        "Larger sessions",
        "bytes of JSON in the session",
        at,
        quickest({(n, i): timer(w) for n, each in works.items() for i, w in enumerate(each)}),
        {f"{name}, at most": [peak(work) for work in each] for name, each in works.items()},
        words=(
            "From {first} to {last:,} bytes of JSON sealing comes to take {seal:.0f} times as "
            "long and opening {open:.0f} times; at most {seal, at most:.0f} and "
            "{open, at most:.0f} times the memory is held. At the dotted line a cookie is full."
        ),
        mark=_largest(at, values),
    )


def _largest(at: list[int], values: list[str]) -> float:
    """Return of how many bytes of JSON a cookie is full."""
    json_per_sign = (at[-1] - at[-2]) / (len(values[-1]) - len(values[-2]))
    return at[-1] - (len("session") + len(values[-1]) - MAX_SIZE) * json_per_sign


# Secrets in rotation


def by_secrets() -> Growth:
    """Open a cookie of the newest and of the oldest of ever more secrets."""
    keys = [derive_keys(f"{SECRET}{number}") for number in SECRETS]
    content = {"user": "sampleuser"}
    codecs = [SealedCodec(*keys[:number]) for number in SECRETS]
    timers: dict[tuple[str, int], Timer] = {}
    for codec, number in zip(codecs, SECRETS, strict=True):
        for name, by in (("first secret", keys[0]), ("last secret", keys[number - 1])):
            timers[f"opened by the {name}", number] = _opening(codec, SealedCodec(by), content)
    memory = [held(lambda n=n: SealedCodec(*keys[:n])) for n in SECRETS]  # type: ignore[misc]
    return Growth(
        "secrets",
        "More secrets in rotation",
        "secrets",
        list(SECRETS),
        quickest(timers),
        {"the codec": memory},
        words=(
            "With ten secrets instead of one, what the first of them sealed opens in "
            "{opened by the first secret:.1f} times the time, what the last sealed in "
            "{opened by the last secret:.1f} times: each one before it has tried its MAC. The "
            "codec holds {the codec:.1f} times the memory."
        ),
    )


def _opening(codec: SealedCodec, sealer: SealedCodec, content: Content) -> Timer:
    value = sealer.seal(content, **_LIFE)
    assert codec.unseal(value, name="session").content == content
    return timer(lambda: codec.unseal(value, name="session"))


# Sessions on one app


def make_app(number: int) -> Flask:
    """Make an app that keeps so many sessions."""
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
    """Call an app with ever more sessions: with none, one, or all of them touched."""
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
        "sessions",
        "More sessions on one app",
        "sessions on the app",
        list(SESSIONS),
        quickest(timers),
        {f"{name}, at most": [peak(call) for call in calls[name]] for name in uses},
        words=(
            "With eight sessions on an app instead of one, a request that touches none takes "
            "{none touched:.1f} times as long, one that reads the first {one read:.1f} times, "
            "and one that reads all {all read:.1f} times, the app's own part included; at most "
            "{all read, at most:.1f} times the memory is held."
        ),
    )


def _cookie(app: Flask) -> str:
    lines = run_wsgi_app(app, EnvironBuilder("/write").get_environ())[2].getlist("Set-Cookie")
    return "; ".join(line.split(";")[0] for line in lines)


ALL: tuple[Callable[[], Growth], ...] = (by_size, by_secrets, by_sessions, by_entries)


def main() -> None:
    """Measure all, draw the pictures, and print what is seen."""
    for measure in ALL:
        growth = measure()
        draw(growth)
        print(f"{growth.title}\n\n{growth.say()}\n{details(growth)}", flush=True)


def details(growth: Growth) -> str:
    """Return the lines in figures, for the console."""
    return "\n".join(
        f"  {name:28} {' '.join(f'{each:8.2f}' for each in line)}   ^{growth.power(name):.2f}"
        for name, line in growth.lines.items()
    )


if __name__ == "__main__":
    main()
