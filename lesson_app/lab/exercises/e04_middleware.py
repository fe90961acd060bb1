"""The exercises of notebook 04: a session middleware, grown in steps, and an attack on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from flask import Flask, request, session

from ...cookie import derive_keys
from ..clock import Clock
from ..http.server import Server, ViewError
from .judging import Exercise, Wrong, forgotten, misconceptions, short
from .middleware_limit import judge_limit
from .middleware_rules import judge_first, judge_second
from .middleware_times import judge_third
from .tries import FirstTry, FourthTry, SecondTry, ThirdTry

_HOUR = 3600
# A loop that never ends asks the time more often, or advances the clock further.
_MOST_CALLS = 1_000
_MOST_HOURS = 1_000


class _BoundedClock(Clock):
    """A clock that ends an endless loop."""

    calls = 0

    def __call__(self) -> float:
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise Wrong("endless")
        return super().__call__()

    def advance(self, by: timedelta) -> None:
        super().advance(by)
        self.calls = 0
        if self() > Clock()() + _MOST_HOURS * _HOUR:
            raise Wrong("endless")


def judge_stay(stay: Callable[[requests.Session, str, Clock], Any]) -> None:
    """Check that `stay` keeps a session for an hour, and returns what the thief reads then."""
    for message in ("a blue bicycle", "14 tins of paint"):
        clock, visits = _BoundedClock(), list[float]()
        with Server(_app(message, clock, visits)) as server:
            thief = server.browser()
            thief.get(f"{server.url}/add")
            start = clock()
            try:
                found = stay(thief, server.url, clock)
            except ViewError as error:
                if isinstance(error.__cause__, Wrong):  # of the clock
                    raise error.__cause__ from None
                raise
        _judge_stay(found, message, visits, start)


def _judge_stay(found: Any, message: str, visits: list[float], start: float) -> None:
    if not visits:
        raise Wrong("no-visit")
    pauses = [b - a for a, b in zip([start, *visits], visits, strict=False)]
    if max(visits) - start < _HOUR:
        raise Wrong("too-short")
    if isinstance(found, requests.Response):
        raise Wrong("response")
    if isinstance(found, str) and message in found:
        return
    if not isinstance(found, str):
        pass
    elif "null" in found:
        raise Wrong("too-slow" if max(pauses) > 60 else "lost")
    elif found.startswith('{"session message"'):
        raise Wrong("writes")
    raise Wrong(
        message=f"stay should return the text of the last response, but returned "
        f"{short(found)}{forgotten(found)}"
    )


def _app(message: str, clock: Clock, visits: list[float]) -> Flask:
    """Make an app with the page's routes, which notes the time of each visit."""
    app = Flask("victim")
    app.session_interface = ThirdTry(derive_keys(f"not yours: {message}"), clock)

    @app.get("/add")
    def add() -> str:
        session["message"] = message
        return ""

    @app.get("/session-test-add")
    def write() -> str:
        session["message"] = request.args.get("message", "")
        return ""

    @app.get("/count")
    def count() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.get("/session-test-read")
    def read() -> dict[str, Any]:
        visits.append(clock())
        return {"session message": session.get("message")}

    return app


def stay_ours(thief: requests.Session, url: str, clock: Clock) -> str:
    """Use a copied cookie every 50 seconds for an hour, and return what it reads then."""
    for _ in range(72):
        clock.advance(timedelta(seconds=50))
        answer = thief.get(f"{url}/session-test-read")
    return answer.text


EXERCISES = (
    Exercise(
        "E4.1",
        "FirstTry",
        judge_first,
        misconceptions(
            shared="one visitor gets the session of another; pass a session from open_session "
            "to save_session only in the object that you return, not in a global or in `self`",
            not_set="a response carries no Set-Cookie; this first try sets the cookie on every "
            "response",
            no_cookie="a new visitor sends no cookie, and your code unseals it; start an empty "
            "session",
            forgets="the view does not see what the request's cookie holds; open_session must "
            "return it",
            other_keys="cookie and server have different keys; seal and unseal with self.keys",
            not_sealed="your cookie's value is not sealed; set what `seal` returns",
            computer_clock="your session begins at your computer's time, not at the server's; "
            "give `seal` created_at=self.now() and a duration",
            seconds="your cookie's created_at is in seconds; self.now() returns milliseconds",
            no_httponly="your cookie is not HttpOnly; `set_cookie` takes httponly=True",
            no_expires="your cookie has no Expires, so a browser deletes it when it closes; "
            "`set_cookie` takes expires=…",
        ),
        (
            "Which text does the request bring, which text must the response take along, and "
            "which two functions of notebook 03 stand between these texts and a dict?",
            "request.cookies.get(…) is None for a new visitor. unseal(…).content is a dict, "
            "which Session(…) copies. set_cookie takes expires in seconds, seal takes "
            "milliseconds.",
            "open: Session(unseal(value, self.keys).content) if there is a value, else "
            "Session(). save: created_at is self.now(); expires is (created_at + "
            "self.duration) / 1000.",
        ),
        (FirstTry,),
        level=2,
        minutes=10,
    ),
    Exercise(
        "E4.2",
        "SecondTry",
        judge_second,
        misconceptions(
            breaks="a bad cookie causes an error page; start an empty session if `unseal` "
            "raises BadCookie",
            from_nothing="a visitor without a session only reads, and gets a cookie; nothing "
            "has changed, from empty to empty",
            always="a visitor only reads, and gets a cookie; compare the content before the "
            "view with that after it",
            touched="a view writes the value that was there before, and you set a cookie; "
            "compare contents, don't watch for writes",
            never="the content changes, and you set no cookie; does your note of the old "
            "content change together with the session?",
            inverted="you set a cookie if nothing has changed, and none after a change; turn "
            "your comparison round",
            shallow="you miss a change *inside* the session; a copy of a dict shares the "
            "dicts and lists in it. A string shares nothing",
            only_keys="you miss a new value under the same key; compare the values, too",
            only_old_keys="you miss a new key; compare all keys, also those that were not "
            "there before",
            only_growth="you miss that a key was removed; compare the whole contents",
            only_full="you miss that the session was emptied; that is a change, too",
            one_is_true="you miss that 1 became True; they are equal in Python, but not in "
            "JSON",
            shared="each visitor alone is right, but two at once are not: you compare one "
            "visitor's session with another's; keep your note in the session object",
        ),
        (
            "After the view, what must you still know from before it? Where can you keep it, "
            "so that two visitors don't share it? Does it change when the session does?",
            "A string never changes, and one contains the whole session. A Session may have "
            "attributes of your own, such as session.before.",
            "open: catch BadCookie; session.before = json.dumps(session). save: return "
            "unless json.dumps(session) differs from it.",
        ),
        (SecondTry,),
        level=2,
        minutes=10,
    ),
    Exercise(
        "E4.3",
        "ThirdTry",
        judge_third,
        misconceptions(
            never="your sessions never end; compare created_at + duration with self.now()",
            at_once="your sessions are over at once; one that has time left must open",
            border="the last millisecond counts; a session that ends exactly now is still "
            "there",
            inverted_end="you open sessions that have ended, and empty those that have not; "
            "turn the comparison round",
            own_duration="a session lasts as long as its cookie says; use the cookie's "
            "duration, not self.duration, which may be another by now",
            future="a session whose created_at is later than now is empty; that is no fault, "
            "because an extension may have moved it there",
            never_extends="you never extend a session; do it if less than active_duration is "
            "left",
            from_nothing="if the duration is shorter than active_duration, a new visitor who "
            "only reads gets a cookie; extend only a session that came in a cookie",
            not_sent="you extend a session, but only a changed content sets a cookie; the "
            "browser must get the extended one, too",
            inverted="you extend a session of which much is left, and none of which little "
            "is left; turn the comparison",
            each_request="you extend the session at each request; do so only if less than "
            "active_duration is left",
            at_border="you extend a session if exactly active_duration is left; do it only if "
            "*less* is left",
            time_spent="you look at the time that has passed; look at the time that is left",
            from_now="an extension sets created_at to now; move the old created_at forward by "
            "active_duration instead",
            unmoved="little time is left, and you set a cookie, but its created_at has not "
            "moved; add active_duration to it",
            longer="you changed the cookie's duration; to extend a session, move created_at "
            "and leave duration as it is",
            always="nothing has changed and much time is left, but you set a cookie; "
            "set none then",
            unsent="the content changes, and you set no cookie; that rule goes on",
            old_note="after the end, a view writes the same content again, and no cookie is "
            "set; that is a change, because the session was empty",
            fresh_times="a write begins a new lifetime; seal again with the created_at and the "
            "duration that the cookie had",
            born_expired="a visitor whose session has ended writes again, but does not get a "
            "new lifetime; it begins now and lasts self.duration",
            shared="each visitor alone is right, but with two at once one gets the times or "
            "the content of the other; keep both in the session object",
        ),
        (
            "Which three facts about a session must reach save_session: its content from "
            "before, and which two more?",
            "left = created_at + duration - now, with the cookie's own times. Below 0: a new "
            "session. Below active_duration: move created_at, and set a cookie.",
            "Keep session.created_at and session.duration; for a new session they are "
            "self.now() and self.duration. To send an extension, set session.before to "
            "None: no JSON equals it.",
        ),
        (ThirdTry,),
        level=3,
        minutes=15,
    ),
    Exercise(
        "E4.4",
        "stay",
        judge_stay,
        misconceptions(
            no_visit="you never requested /session-test-read; read it after the hour, and "
            "return its text",
            too_short="your last read of /session-test-read comes before the hour is over; "
            "advance the clock by 3,600 seconds or more in all, then read",
            lost="at your last read, the session was gone, though you came often enough; send "
            "each request with `thief`, which keeps the new cookies",
            writes="you replaced the victim's message by your own; only read",
            too_slow="you waited for more than 60 seconds between two visits, and the session "
            "ended; which pause is always short enough?",
            response="you return the response; return its text",
            endless="your loop does not end; advance the clock in it",
        ),
        (
            "How long may a thief wait between two visits, so that the session never ends?",
            "After a visit, at least active_duration is left. The browser keeps the new "
            "cookie by itself.",
            "72 times: clock.advance(timedelta(seconds=50)), then thief.get(…). Return the "
            "last text.",
        ),
        (stay_ours,),
        level=1,
        minutes=5,
    ),
    Exercise(
        "E4.5",
        "FourthTry",
        judge_limit,
        misconceptions(
            no_limit="a session that is only used lives longer than ten times its duration; "
            "what does the cookie remember that no extension moves?",
            restarts="a write begins the ten durations again; the session's birth must not "
            "move",
            too_early="your session ends before ten durations are over, though it is in use",
            other_end="a visit does not extend the session as in the third try, or extends "
            "it too far; the limit is all that is new",
            stuck="after its end, a visitor cannot begin a new session that lasts; a new one "
            "is born now",
            born_expired="after its end, a visitor's new session does not begin now; give it "
            "a new created_at and duration, too",
            other_duration="a server applied the limit of another one, with another duration; "
            "each applies ten times its own self.duration",
            on_the_server="another server, which has only the keys, does not know when the "
            "session began; the cookie must carry it",
            breaks="a cookie that your third try sealed breaks the page; it has no birth yet",
            from_nothing="a visitor only reads and has no session, but gets a cookie; your "
            "note of the birth is not a change",
            always="a visitor only reads and much time is left, but a cookie is set; your note "
            "of the birth is not a change",
            unsent="a view changes the content, and no cookie is set",
            shared="one visitor gets the session, or the birth, of another; keep both in the "
            "session object, not in self",
        ),
        (
            "created_at moves with each extension. Which time never moves, and who can keep "
            "it, if the server keeps nothing?",
            "The session can hold one key more, such as _born. When do you add it, so that a "
            "visitor who only reads still gets no cookie?",
            "class FourthTry(ThirdTry): save adds _born if the session is not empty and has "
            "none. open calls super().open_session(…) and clears a session whose _born is "
            "more than ten durations ago; the new one begins now.",
        ),
        (FourthTry,),
        level=3,
        minutes=15,
        must=False,
    ),
)
