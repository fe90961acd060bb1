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
from .judging import Exercise, Wrong, misconceptions, short

View = Callable[[], ResponseReturnValue]
_TRIES, _WAIT, _TOO_MANY = 10, 60, 429


class Limited:
    """A site whose login is limited by the learner's function."""

    def __init__(
        self,
        limited: Callable[[View, Callable[[], float]], Any],
        *,
        refused: int = 200,
        entered: int = 302,
    ) -> None:
        self.clock, self.reads, self.calls = Clock(), 0, 0
        self.refused, self.entered = refused, entered
        self.password = secrets.token_hex(4)
        view = limited(self._login, self._now)
        if not callable(view):
            raise Wrong(message=f"limited should return a view, but returned {short(view)}")
        app = Flask("exercise")
        app.testing = True  # an error in the view reaches the check
        app.secret_key = secrets.token_hex(8)  # a count in the session must not raise
        app.add_url_rule("/login", "login", view, methods=["POST"])
        # An attacker keeps no cookies.
        self.client: FlaskClient = app.test_client(use_cookies=False)

    def _now(self) -> float:
        self.reads += 1
        return self.clock()

    def _login(self) -> ResponseReturnValue:
        self.calls += 1
        if request.form.get("password") == self.password:
            return redirect("/dashboard", self.entered)
        return "invalid login" if self.refused == 200 else ("invalid login", self.refused)

    def wrong(self, name: str, times: int = 1, *, url: str = "/login") -> list[int]:
        """Send wrong passwords. Return the status of each answer."""
        return [self._send(name, "guess", url) for _ in range(times)]

    def right(self, name: str) -> int:
        """Send the right password. Return the status of the answer."""
        return self._send(name, self.password)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    def _send(self, name: str, password: str, url: str = "/login") -> int:
        form = {"userName": name, "password": password}
        answer = self.client.post(url, data=form)
        if "Set-Cookie" in answer.headers:
            raise Wrong("in-cookie")
        # What the view answers must arrive unchanged.
        expected = {
            self.refused: answer.text == "invalid login",
            self.entered: answer.location == "/dashboard",
        }
        if not expected.get(answer.status_code, answer.status_code == _TOO_MANY):
            raise Wrong("changed")
        return answer.status_code


def judge_limited(limited: Callable[[View, Callable[[], float]], Any]) -> None:
    """Check that a name waits after ten wrong tries, and nobody else does."""
    site, other_site = Limited(limited), Limited(limited)
    ada = f"Ada-{secrets.token_hex(3)}"
    bob = f"{ada}-Bob"
    if Limited(limited).right(ada) != 302:
        raise Wrong("shut")
    first = site.wrong(ada, _TRIES)
    if first != [200] * _TRIES:
        raise Wrong("too-early")
    calls = site.calls
    if calls > _TRIES:
        raise Wrong("twice")
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("too-late" if _TOO_MANY in site.wrong(ada, 3) else "no-limit")
    if site.right(ada) != _TOO_MANY:
        raise Wrong("right-passes")
    if site.calls != calls:
        raise Wrong("still-calls")
    if site.wrong(bob) != [200]:
        raise Wrong("all-names")
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("mixed")
    if site.right(bob) != 302:
        raise Wrong("all-names")
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("others-freed")
    if site.wrong(ada.lower()) + site.wrong(f" {ada} ") != [200, 200]:
        raise Wrong("folded")
    if other_site.wrong(ada) != [200]:
        raise Wrong("shared")
    _judge_wait(limited, site, ada)
    _judge_success(Limited(limited), ada, "not-forgotten", "uncounted")
    _judge_order(limited, ada, bob)
    site = Limited(limited, refused=401, entered=303)
    _judge_success(site, ada, "other-answers", "other-answers")


def _judge_success(site: Limited, name: str, kept: str, endless: str) -> None:
    """Check that the count begins at zero after a right login."""
    if _TOO_MANY in [*site.wrong(name, 9), site.right(name), *site.wrong(name, _TRIES)]:
        raise Wrong(kept)
    if site.wrong(name) != [_TOO_MANY]:
        raise Wrong(endless)


def _judge_order(limited: Callable[..., Any], ada: str, bob: str) -> None:
    """Check that neither time, nor other names, nor the URL matter to the count."""
    site = Limited(limited)
    site.wait(0.9)
    for pause in (10,) * 8 + (7200, 0):
        site.wrong(ada)
        site.wait(pause)
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("forgets")
    site.wait(_WAIT - 0.5)
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("too-short")
    site.wait(1)
    untouched = Limited(limited)
    untouched.wrong(ada, _TRIES)
    untouched.wait(_WAIT + 0.5)
    if _TOO_MANY in (site.right(ada), untouched.right(ada)):
        raise Wrong("never-ends")
    site = Limited(limited)
    for _ in range(9):
        site.wrong(ada)
        site.wrong(bob)
    if site.wrong(ada) + site.wrong(ada) != [200, _TOO_MANY]:
        raise Wrong("mixed")
    site.right(f"{ada}-{bob}")
    if site.wrong(bob) + site.wrong(bob) != [200, _TOO_MANY]:
        raise Wrong("others-freed")
    site = Limited(limited)
    for number in range(_TRIES):
        site.wrong(ada, url=f"/login?userName={number}")
    if site.wrong(ada) != [_TOO_MANY]:
        raise Wrong("from-url")


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


LIMITED = Exercise(
    "E5.7",
    "limited",
    judge_limited,
    misconceptions(
        shut="the very first login with the right password is refused; call `view` and "
        "return its answer",
        changed="the answer of `view` arrives changed, or another one came; return its "
        "answer as it is, or status 429",
        twice="you call `view` more than once for a try, so the server computes the hash "
        "again; keep its answer in a variable",
        too_early="a name is refused before its ten wrong tries; the tenth still gets the "
        "answer of `view`",
        too_late="the eleventh wrong try still got the answer of `view`; refuse after ten",
        no_limit="after fourteen wrong tries, the name is not refused; count the wrong "
        "tries of each name",
        right_passes="during the wait, the right password logs in, so an attacker can go "
        "on guessing; refuse every try for this name",
        still_calls="you call `view` also during the wait, so the server computes a hash "
        "for each guess; refuse before you call it",
        in_cookie="your answer sets a cookie; an attacker throws a count in a cookie away, so "
        "keep it on the server, inside `limited`",
        all_names="the tries for one name shut out another name; count each name apart",
        others_freed="the right login of one name frees another name, so an attacker with an "
        "account can go on guessing; forget only the tries of the name that logs in",
        folded="you count two names together that differ in case or spaces; count each name "
        "as it was typed",
        mixed="with tries for two names in turn, the count goes wrong; keep one count for each "
        "name",
        from_url="another `userName` in the URL escapes your count; read the name where the "
        "login does, in the body",
        forgets="ten wrong tries with pauses are not refused, so an attacker need only be "
        "slow; count them however long ago they were",
        shared="two sites share one count; keep the counts inside `limited`, not in a "
        "global variable or a default",
        too_short="the wait ended before 60 seconds; it begins with the tenth wrong try",
        own_clock="the wait never ended, and you never asked the clock; call `now()`",
        never_ends="the wait did not end after 60 seconds; compare `now()` with the time "
        "of the tenth wrong try",
        extended="tries during the wait make it longer, so a stranger can shut a visitor "
        "out for ever; don't count refused tries",
        not_restarted="after the wait, a name is refused before ten new wrong tries; begin "
        "to count from zero",
        only_once="after the first wait, a name may guess for ever; limit it again",
        uncounted="after a right login, a name may guess without a limit; begin to count "
        "from zero",
        other_answers="a login may refuse with a status, as in `(form, 401)`, and redirect "
        "with 303; only a redirect, with any status, means a right try",
        not_forgotten="wrong tries from before a right login still count; forget them "
        "when the visitor logs in",
    ),
    (
        "What must the server remember for each name, and when does it forget?",
        "A function inside `limited` can use dicts of `limited`. `make_response(view())` "
        "has a `status_code` and a `location`, whatever the view returned.",
        "Keep two dicts: the wrong tries of a name, and until when it must wait. At the "
        "tenth try, delete the count and store `now() + 60`.",
    ),
    (limited_ours,),
    level=3,
    minutes=20,
    must=False,
)
