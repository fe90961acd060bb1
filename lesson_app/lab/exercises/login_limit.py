"""Judge the limit of notebook 05: after ten wrong tries, a name must wait."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, abort, make_response, redirect, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

from ..clock import Clock
from .judging import Wrong, short

View = Callable[[], ResponseReturnValue]
_TRIES, _WAIT, _TOO_MANY = 10, 60, 429


class Limited:
    """A site whose login is limited by the learner's function."""

    def __init__(self, limited: Callable[[View, Callable[[], float]], Any]) -> None:
        self.clock, self.reads, self.calls = Clock(), 0, 0
        self.password = secrets.token_hex(4)
        view = limited(self._login, self._now)
        if not callable(view):
            raise Wrong(message=f"limited should return a view, but returned {short(view)}")
        app = Flask("exercise")
        app.testing = True  # an error in the view reaches the check
        app.add_url_rule("/login", "login", view, methods=["POST"])
        # An attacker keeps no cookies.
        self.client: FlaskClient = app.test_client(use_cookies=False)

    def _now(self) -> float:
        self.reads += 1
        return self.clock()

    def _login(self) -> ResponseReturnValue:
        self.calls += 1
        if request.form.get("password") == self.password:
            return redirect("/dashboard")
        return "invalid login"

    def wrong(self, name: str, times: int = 1) -> list[int]:
        """Send wrong passwords. Return the status of each answer."""
        return [self._send(name, "guess") for _ in range(times)]

    def right(self, name: str) -> int:
        """Send the right password. Return the status of the answer."""
        return self._send(name, self.password)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    def _send(self, name: str, password: str) -> int:
        form = {"userName": name, "password": password}
        answer = self.client.post("/login", data=form)
        # What the view answers must arrive unchanged.
        expected = {200: answer.text == "invalid login", 302: answer.location == "/dashboard"}
        if not expected.get(answer.status_code, answer.status_code == _TOO_MANY):
            raise Wrong("changed")
        return answer.status_code


def judge_limited(limited: Callable[[View, Callable[[], float]], Any]) -> None:
    """Check that a name waits after ten wrong tries, and nobody else does."""
    site, other_site = Limited(limited), Limited(limited)
    ada, bob = (f"{letter}{secrets.token_hex(3)}" for letter in "ab")
    if Limited(limited).right(ada) != 302:
        raise Wrong("shut")
    first = site.wrong(ada, _TRIES)
    if first != [200] * _TRIES:
        raise Wrong("too-early")
    calls = site.calls
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("too-late" if _TOO_MANY in site.wrong(ada, 3) else "no-limit")
    if site.right(ada) != _TOO_MANY:
        raise Wrong("right-passes")
    if site.calls != calls:
        raise Wrong("still-calls")
    if site.wrong(bob) != [200] or site.right(bob) != 302:
        raise Wrong("all-names")
    if other_site.wrong(ada) != [200]:
        raise Wrong("shared")
    _judge_wait(limited, site, ada)
    site = Limited(limited)
    if _TOO_MANY in [*site.wrong(ada, 9), site.right(ada), *site.wrong(ada, _TRIES)]:
        raise Wrong("not-forgotten")
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("uncounted")


def _judge_wait(limited: Callable[..., Any], site: Limited, name: str) -> None:
    """Check that the limit ends a minute after the tenth try, and then starts again."""
    site.wait(_WAIT - 0.5)
    if site.wrong(name) != [_TOO_MANY]:
        raise Wrong("too-short")
    site.wait(1)
    again = site.wrong(name, _TRIES)
    if again[0] == _TOO_MANY:
        if not site.reads:
            raise Wrong("own-clock")
        untouched = Limited(limited)
        untouched.wrong(name, _TRIES)
        untouched.wait(_WAIT + 0.5)
        raise Wrong("never-ends" if untouched.wrong(name) == [_TOO_MANY] else "extended")
    if again != [200] * _TRIES:
        raise Wrong("not-restarted")
    if site.wrong(name) != [_TOO_MANY]:
        raise Wrong("only-once")


def limited_ours(view: View, now: Callable[[], float]) -> View:
    """Return a view that lets a name wait a minute after ten wrong tries."""
    wrong = Counter[str]()
    until: dict[str, float] = {}

    def limited() -> ResponseReturnValue:
        name = request.form["userName"]
        if name in until and now() < until[name]:
            abort(_TOO_MANY)
        response = make_response(view())
        wrong[name] += 1
        if response.location:
            del wrong[name]
        elif wrong[name] == _TRIES:
            until[name] = now() + _WAIT
            del wrong[name]
        return response

    return limited
