"""The shop of notebook 08, and the program that runs one of its servers in a process.

`processes` starts this file as a program, because a package's import would also load the rest
of the lab. It reads its options from stdin, a line of JSON, and writes a line of JSON to
stdout: its port, or why it does not start. It ends when stdin closes: when its parent has
ended, even by a kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, session
from werkzeug.serving import WSGIRequestHandler, make_server

from lesson_app import ClientSessions, SQLiteStore
from lesson_app.session import Session

#: The longest lifetime of the shop's sessions, however often they are extended.
LONGEST = timedelta(hours=12)


def make_shop(
    name: str, *, leave: Callable[[Session], Any] | None = None, **options: Any
) -> Flask:
    """Return an app that begins each answer with its server's name.

    A logout calls `leave` with the session that it ends. `options` go to `ClientSessions`.
    """
    app = Flask("shop")
    ClientSessions(app, cookie_name="session", **{"max_lifetime": LONGEST} | options)

    def answer(text: str) -> str:
        return f"{name}: {text}"

    @app.get("/login/<user>")
    def login(user: str) -> str:
        _own().reset()
        session["user"] = user
        return answer(f"welcome {user}")

    @app.get("/")
    def visit() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return answer(f"{_user()}, visit {session['visits']}")

    @app.get("/hello")
    def hello() -> str:
        return answer(f"hello {_user()}")

    @app.get("/basket")
    @app.get("/basket/<item>")
    def basket(item: str = "") -> str:
        if item:
            session["basket"] = [*session.get("basket", ()), item]
        return answer(f"{_user()} has {', '.join(session.get('basket', ())) or 'nothing'}")

    @app.get("/voucher")
    def voucher() -> str:
        if session.get("used voucher"):
            return answer("used before")
        session["used voucher"] = True
        return answer("5 euros off")

    @app.get("/logout")
    def logout() -> str:
        if leave and "user" in session:
            leave(_own())
        _own().reset()
        return answer("good bye")

    return app


def _own() -> Session:
    return session  # type: ignore[return-value]  # Flask's type does not know `reset`


def _user() -> str:
    return str(session.get("user", "nobody"))


class Logouts:
    """Call a learner's `end_all` and `is_revoked` with a store that all servers share."""

    def __init__(
        self, end_all: Callable[..., Any], is_revoked: Callable[..., Any], store: Any
    ) -> None:
        self._end_all, self._is_revoked, self._store = end_all, is_revoked, store

    def end(self, session: Session) -> None:
        """End all sessions of this session's user."""
        now = round(time.time() * 1000)
        self._end_all(self._store, session["user"], now, LONGEST // timedelta(milliseconds=1))

    def is_revoked(self, session: Session) -> bool:
        """Return whether the learner's function refuses the session."""
        return bool(self._is_revoked(self._store, session))


class _Silent(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Print nothing: nobody reads the output."""


def _made(options: dict[str, Any]) -> Flask:
    """Return the shop that a line of options describes."""
    chosen: dict[str, Any] = {"secret": options["secret"]}
    if options["source"]:
        names: dict[str, Any] = {}
        exec(options["source"], names)  # noqa: S102  # the learner's own functions
        end_all, is_revoked = (names[each] for each in options["functions"])
        store = SQLiteStore(os.path.join(options["folder"], "revoked.db"))
        logouts = Logouts(end_all, is_revoked, store)
        chosen |= {"revocation": logouts, "leave": logouts.end}
    return make_shop(options["name"], **chosen)


def main() -> None:
    """Serve the shop until stdin closes."""
    # An interrupt of a cell also reaches this program, on Windows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = json.loads(sys.stdin.readline())
    try:
        server = make_server(
            "127.0.0.1", 0, _made(options), threaded=True, request_handler=_Silent
        )
    except Exception as error:  # noqa: BLE001  # the parent raises it
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)  # noqa: T201
        return
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)  # noqa: T201
    # Nobody reads what follows, so a full pipe would stop this program.
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stdin.read()
    shutil.rmtree(options["folder"], ignore_errors=True)
    os._exit(0)  # without waiting for requests


if __name__ == "__main__":
    main()
