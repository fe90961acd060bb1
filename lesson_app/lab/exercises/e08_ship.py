"""The exercises of notebook 08: a new secret for all servers, log-outs that hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, session

from ...middleware import ClientSessions
from ...session import Session
from ..clock import Clock
from .judging import Exercise, Wrong, misconceptions, outcome, short, tell

# They stand in messages, so they are the same in each run; they seal nothing but this.
_OLD = "old-secret-0123456789-abcdef"
_NEW = "new-secret-9876543210-fedcba"
_LONGEST = timedelta(hours=12)


class _Visitor:
    """A browser that goes from server to server with its one cookie."""

    def __init__(self, cookie: str = "") -> None:
        self.cookie = cookie

    def get(self, server: Flask, path: str = "/") -> str:
        """Ask for a page, and keep the cookie that comes with it."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        answer = server.test_client(use_cookies=False).get(path, headers=headers)
        self.cookie = answer.headers.get("Set-Cookie", self.cookie).partition(";")[0]
        return answer.text

    def copy(self) -> _Visitor:
        """A thief."""
        return _Visitor(self.cookie)


def _server(clock: Clock, leave: Callable[[str], Any] = str, **options: Any) -> Flask:
    """An app with a log-in, a page, and a log-out, which tells `leave` who went."""
    app = Flask("exercise")
    app.testing = True  # an error in a request reaches the check
    ClientSessions(app, cookie_name="session", clock=clock, **options)

    @app.get("/login/<name>")
    def login(name: str) -> str:
        session.reset()  # type: ignore[attr-defined]
        session["user"] = name
        return name

    @app.get("/basket")
    def basket() -> str:
        session["basket"] = ["tea"]
        return "tea"

    @app.get("/")
    def home() -> str:
        return str(session.get("user") or session.get("basket"))

    @app.get("/logout")
    def logout() -> str:
        leave(session["user"])
        session.reset()  # type: ignore[attr-defined]
        return "out"

    return app


def judge_rotation(rotation: Callable[[str, str], Any]) -> None:
    """From one secret to another on all servers, one server at a time; nobody is logged out."""
    steps = rotation(_OLD, _NEW)
    if not isinstance(steps, list | tuple):
        forgot = " (is there a return?)" if steps is None else ""
        raise Wrong(
            message=f"rotation(old, new) gave {short(steps)}{forgot}; expected a list of steps"
        )
    clock = Clock()
    servers = [_keeper(clock, _OLD, 0)]
    servers += [_keeper(clock, secret, number) for number, secret in enumerate(steps, 1)]
    regulars = [_in(servers[0]), _in(servers[0])]
    for before, after in itertools.pairwise(servers):
        _roll_out(before, after, regulars)
        # Longer than a session that nobody uses; those in use go on.
        for _ in range(4):
            clock.advance(timedelta(seconds=50))
            for each in regulars:
                each.get(after)
    if _in(servers[-1]).get(_keeper(clock, _NEW, 0)) != "ann":
        raise Wrong("never-new")
    if _in(servers[0]).get(servers[-1]) == "ann":
        raise Wrong("never-dropped")


def _keeper(clock: Clock, secret: Any, number: int) -> Flask:
    two, one = timedelta(minutes=2), timedelta(minutes=1)
    made = outcome(_server, clock, secret=secret, duration=two, active_duration=one)
    if isinstance(made, Exception):
        raise Wrong(
            message=f"step {number}, secret={short(secret)}, no server can be started with: "
            f"{tell(made)}"
        )
    return made  # type: ignore[no-any-return]  # `outcome` is of any type


def _in(server: Flask) -> _Visitor:
    visitor = _Visitor()
    visitor.get(server, "/login/ann")
    return visitor


def _roll_out(before: Flask, after: Flask, regulars: list[_Visitor]) -> None:
    """Half of the servers have the new step: whoever is sent to and fro must stay logged in."""
    lost: list[Flask] = []
    for first, second in ((before, after), (after, before)):
        for visitor in (_in(first), *(each.copy() for each in regulars)):
            way = (first, second, first, second)
            lost += [each for each in way if visitor.get(each) != "ann"][:1]
    if before in lost and after in lost:
        raise Wrong("at-once")
    if before in lost:
        raise Wrong("new-first")
    if after in lost:
        raise Wrong("dropped-too-soon")


def rotation_ours(old: str, new: str) -> list[list[str]]:
    """Return what `secret=` is at each step."""
    return [[old, new], [new, old], [new]]


class _Theirs:
    """A revocation, and a site that uses it: what two functions of a learner do."""

    def __init__(
        self, end_all: Callable[..., Any], is_revoked: Callable[[Any, Session], Any]
    ) -> None:
        self._end_all, self._is_revoked = end_all, is_revoked
        self.epochs: dict[str, int] = {}
        self.clock = Clock()
        self.app = _server(
            self.clock,
            self._leave,
            secret=_OLD,
            duration=_LONGEST,
            active_duration=_LONGEST - timedelta(hours=1),
            max_lifetime=_LONGEST,
            revocation=self,
        )

    def is_revoked(self, session: Session) -> bool:
        """Ask the learner."""
        return bool(self._is_revoked(self.epochs, session))

    def _leave(self, name: str) -> None:
        longest = _LONGEST // timedelta(milliseconds=1)
        self._end_all(self.epochs, name, round(self.clock() * 1000), longest)

    def enters(self, name: str) -> _Visitor:
        """Somebody who has just logged in."""
        visitor = _Visitor()
        visitor.get(self.app, f"/login/{name}")
        return visitor

    def sees(self, visitor: _Visitor) -> bool:
        """Whether a cookie opens; whoever brings it keeps it."""
        return visitor.copy().get(self.app) != "None"

    def leaves_a_copy(self, name: str, stay: timedelta) -> _Visitor:
        """Log in, log out when `stay` is over, and return a copy made before that."""
        visitor = self.enters(name)
        copy = visitor.copy()
        self.clock.advance(stay)
        visitor.get(self.app, "/logout")
        return copy


def judge_revocation(
    end_all: Callable[..., Any], is_revoked: Callable[[Any, Session], Any]
) -> None:
    """Per user a moment: sessions that began up to then are over."""
    _judge_those_who_stay(end_all, is_revoked)
    _judge_copies(end_all, is_revoked)
    _judge_extended(end_all, is_revoked)
    _judge_entries(end_all, is_revoked)


def _judge_those_who_stay(*theirs: Callable[..., Any]) -> None:
    site = _Theirs(*theirs)
    seen = outcome(lambda: site.sees(site.enters("bob")))
    if isinstance(seen, KeyError):
        raise Wrong("no-entry")
    if isinstance(seen, Exception):
        raise seen
    if not seen:
        raise Wrong("everybody")
    stranger = _Visitor()
    stranger.get(site.app, "/basket")
    if outcome(lambda: site.sees(stranger)) is not True:
        raise Wrong("no-user")


def _judge_copies(*theirs: Callable[..., Any]) -> None:
    site = _Theirs(*theirs)
    bob = site.enters("bob")
    site.clock.advance(timedelta(seconds=1))
    copy = site.leaves_a_copy("ann", timedelta(seconds=5))
    opens = site.sees(copy)
    site.clock.advance(timedelta(seconds=1))
    back = site.sees(site.enters("ann"))
    if opens:
        raise Wrong("copy-opens" if back else "inverted")
    if not back:
        raise Wrong("forever")
    if not site.sees(bob):
        raise Wrong("everybody")
    if site.sees(site.leaves_a_copy("cleo", timedelta(0))):
        raise Wrong("border")


def _judge_extended(*theirs: Callable[..., Any]) -> None:
    """A session that was used has a created_at that lies ahead."""
    site = _Theirs(*theirs)
    visitor = site.enters("ann")
    site.clock.advance(timedelta(hours=2))
    visitor.get(site.app)
    copy = visitor.copy()
    visitor.get(site.app, "/logout")
    if site.sees(copy):
        raise Wrong("created-at")


def _judge_entries(*theirs: Callable[..., Any]) -> None:
    """An entry is needed until the last session from before it is too old, and no longer."""
    site = _Theirs(*theirs)
    copy = site.leaves_a_copy("ann", timedelta(0))
    minute = timedelta(minutes=1)
    for name, later in (("bob", minute), ("cleo", _LONGEST - minute)):
        site.clock.advance(later)
        site.leaves_a_copy(name, timedelta(0))
        if site.sees(copy):
            raise Wrong("too-soon")
    site.clock.advance(3 * _LONGEST)
    site.leaves_a_copy("dora", timedelta(0))
    if len(site.epochs) > 1:
        raise Wrong("never-forgets")


def end_all_ours(epochs: dict[str, int], user: str, now: int, longest: int) -> None:
    """Note that all sessions of a user are over, and forget what is needed no more."""
    for name, ended in list(epochs.items()):
        if ended + longest < now:
            del epochs[name]
    epochs[user] = now


def is_revoked_ours(epochs: dict[str, int], session: Session) -> bool:
    """Return whether a session began before its user ended all."""
    user = session.get("user")
    return user in epochs and session.born_at <= epochs[user]


EXERCISES = (
    Exercise(
        "E8.1",
        "rotation",
        judge_rotation,
        misconceptions(
            at_once="one step goes from the old secret alone to the new one alone: neither "
            "kind of server opens the other's cookies. A step may be a list of both",
            new_first="a step seals with a secret that servers of the step before do not know: "
            "sent to one of those, a visitor is logged out",
            dropped_too_soon="a step leaves out the secret with which servers of the step "
            "before still seal: whoever brings such a cookie is logged out",
            never_new="in the end the servers do not seal with the new secret: it has to come "
            "first",
            never_dropped="nobody is logged out, but in the end the old secret still opens "
            "cookies: whoever finds it can make them",
        ),
        (
            "At each step: which secret seals, and which ones open? Of a list the first seals.",
            "Before any server seals with the new secret, all must be able to open it.",
            "Three steps: all learn the new one, as the second; it becomes the first; the old "
            "one goes.",
        ),
        (rotation_ours,),
    ),
    Exercise(
        "E8.2",
        "end_all, is_revoked",
        judge_revocation,
        misconceptions(
            no_entry="a user who has never logged out has no entry, and that broke the page: "
            "ask whether there is one",
            no_user="a visitor who has not logged in, with tea in the basket, was refused or "
            "got an error: is_revoked is asked for sessions without a user, too",
            everybody="a user who has not logged out is refused: look at the entry of this "
            "user alone",
            inverted="the copy from before the log-out opens, and the new log-in is refused: "
            "the wrong way round",
            forever="who has logged out once can never log in again: a session that began "
            "after the log-out is good",
            copy_opens="a copy of the cookie opens after the log-out: end_all has to note "
            "something for the user, and is_revoked has to compare with it",
            border="a session that began in the very millisecond of the log-out lives on: with "
            "equal times, refuse",
            created_at="a copy of a session that had been extended lives on: created_at is "
            "moved ahead then; born_at stays",
            too_soon="an entry went while a copy from before it was not too old yet: at the "
            "moment `ended + longest` it is still needed",
            never_forgets="the entries only grow: one is needed no more when `longest` has "
            "gone past since its log-out",
        ),
        (
            "What has to be remembered of a user who leaves? One moment.",
            "A session is revoked if its user has an entry, and it began at that moment or "
            "before: `session.born_at`.",
            "In end_all, delete each entry with ended + longest < now, over "
            "`list(epochs.items())`; then epochs[user] = now.",
        ),
        (end_all_ours, is_revoked_ours),
    ),
)
