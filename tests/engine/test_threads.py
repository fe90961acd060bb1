"""Two threads send requests of many visitors to several apps, without mixing sessions."""

from __future__ import annotations

import copy
import itertools
import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import ClientSessions, Keys, derive_keys, seal
from lesson_app.lab import Clock
from tests.conftest import read_set_cookie
from tests.plugin import random_cases

THREADS, REQUESTS, USERS = 2, random_cases(10_000), 25
OLD, NEW = "kXn2SQx3cGhbO1vLw9Rr5TzA", "Yd7mPq0fWuJt4EsVi6HcBo8N"
SHORT = {"duration": timedelta(minutes=2), "active_duration": timedelta(minutes=1)}


class ThreadClock(threading.local):
    """A clock for each thread, so that neither makes the other's sessions expire."""

    def __init__(self) -> None:
        self.advance = (own := Clock()).advance
        self.own = own

    def __call__(self) -> float:
        return self.own()


@dataclass
class Visitor:
    """A user of one app, with the browser's cookies and the content they should have."""

    name: str
    app: Flask
    cookies: dict[str, str] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)


def make_app(*several: ClientSessions) -> Flask:
    """Make an app that counts a user's visits in each of its sessions."""
    app = Flask(__name__)
    for sessions in several:
        sessions.init_app(app)

    @app.get("/read")
    def read() -> list[dict[str, Any]]:
        return [dict(sessions.session) for sessions in several]

    @app.get("/visit")
    def visit() -> list[dict[str, Any]]:
        before = copy.deepcopy(read())
        for sessions in several:
            user = sessions.session.setdefault("user", {"name": request.headers["Visitor"]})
            user["visits"] = user.get("visits", 0) + 1
        return before

    return app


@pytest.fixture
def clock() -> ThreadClock:
    return ThreadClock()


@pytest.fixture
def apps(clock: ThreadClock) -> list[Flask]:
    """Apps with different secrets, cookies and options; three share a ClientSessions."""

    def sessions(**options: Any) -> ClientSessions:
        return ClientSessions(clock=clock, **{**SHORT, **options})

    rotating = sessions(secret=[NEW, OLD])
    by_keys = sessions(keys=Keys(b"e" * 16, b"s" * 48, "aes128", "sha384"))
    dated = sessions(secret=OLD, cookie_name="dated", max_lifetime=timedelta(days=9))
    settings = make_app(sessions())
    settings.config.update(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD])
    several = [[rotating], [sessions(secret=OLD)], [by_keys, dated], [rotating, dated]]
    return [settings, *(make_app(*each) for each in several)]


@pytest.fixture
def often_switched() -> Iterator[None]:
    """Make Python switch threads a hundred times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    yield
    sys.setswitchinterval(usual)


ENVIRON = EnvironBuilder("/").get_environ()


def ask(visitor: Visitor, path: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Send a request; return the sessions' content, and the names of the cookies set."""
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    environ = {"PATH_INFO": path, "HTTP_COOKIE": cookies, "HTTP_VISITOR": visitor.name}
    body, status, headers = run_wsgi_app(visitor.app, {**ENVIRON, **environ})
    assert status == "200 OK"
    received = [read_set_cookie(text) for text in headers.getlist("Set-Cookie")]
    visitor.cookies.update({cookie.name: cookie.value for cookie in received})
    return json.loads(b"".join(body)), [cookie.name for cookie in received]


def make_visitors(apps: list[Flask], clock: ThreadClock, thread: int) -> list[Visitor]:
    """Make a thread's visitors; those of the first two apps start with an old cookie."""
    visitors = [
        Visitor(f"visitor {number} of app {apps.index(app)} in thread {thread}", app)
        for number, app in itertools.product(range(USERS), apps)
    ]
    for visitor in visitors:
        if visitor.app in apps[:2]:
            visitor.content = {"user": {"name": visitor.name, "visits": 7}}
            visitor.cookies["session"] = seal(
                visitor.content, derive_keys(OLD), created_at=round(clock() * 1000)
            )
    return visitors


def visit_all(apps: list[Flask], clock: ThreadClock, thread: int) -> Counter[str]:
    """Send one thread's requests; each visitor in turn finds exactly their own content."""
    chance, seen = Random(thread), Counter[str]()
    visitors = make_visitors(apps, clock, thread)
    step = timedelta(seconds=40) / len(visitors)  # a visitor's sessions never expire
    for visitor in itertools.islice(itertools.cycle(visitors), REQUESTS):
        clock.advance(step)
        path = chance.choice(["/read", "/read", "/visit"])
        held, set_cookies = ask(visitor, path)
        assert held == [visitor.content] * len(held)
        if path == "/visit":
            visits = visitor.content.get("user", {}).get("visits", 0) + 1
            visitor.content = {"user": {"name": visitor.name, "visits": visits}}
        seen[f"{path}, {'set' if set_cookies else 'no'} cookie"] += 1
    return seen


@pytest.mark.usefixtures("often_switched")
def test_sessions_are_not_mixed_up(apps: list[Flask], clock: ThreadClock) -> None:
    """In thousands of requests from two threads, each visitor finds their own session."""
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(lambda n: visit_all(apps, clock, n), range(THREADS)))

    seen = parts[0] + parts[1]
    assert seen.total() == THREADS * REQUESTS
    assert seen.keys() == {"/read, no cookie", "/read, set cookie", "/visit, set cookie"}
    assert min(seen.values()) > REQUESTS / 10
