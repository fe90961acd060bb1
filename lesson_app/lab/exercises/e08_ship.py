"""The exercises of notebook 08: rotate the secret, revoke sessions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, session

from ...errors import RevocationUnavailable
from ...middleware import ClientSessions
from ...session import Session
from ..clock import Clock
from .judging import Exercise, Wrong, describe, forgotten, misconceptions, outcome, short

# Messages quote them, so they are the same in each run. They are used only here.
_OLD = "old-secret-0123456789-abcdef"
_NEW = "new-secret-9876543210-fedcba"
_LONGEST = timedelta(hours=12)


class _Visitor:
    """A visitor who sends one cookie to several servers."""

    def __init__(self, cookie: str = "") -> None:
        self.cookie = cookie

    def get(self, server: Flask, path: str = "/") -> str:
        """Request a page, and keep the cookie that the response sets."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        try:
            answer = server.test_client(use_cookies=False).get(path, headers=headers)
        except RevocationUnavailable as error:
            raise error.__cause__ or error from None  # of the learner's function
        self.cookie = answer.headers.get("Set-Cookie", self.cookie).partition(";")[0]
        return answer.text

    def copy(self) -> _Visitor:
        """Return a thief with a copy of the cookie."""
        return _Visitor(self.cookie)


def _server(clock: Clock, leave: Callable[[str], Any] = str, **options: Any) -> Flask:
    """Return an app with a login, a page, and a logout, which calls `leave(name)`."""
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
    """Check that the steps end with the new secret, and log no visitor out."""
    steps = rotation(_OLD, _NEW)
    if not isinstance(steps, list | tuple):
        raise Wrong(
            message="rotation(old, new) should return a list of steps, but returned "
            f"{short(steps)}{forgotten(steps)}"
        )
    clock = Clock()
    servers = [_keeper(clock, _OLD, 0)]
    servers += [_keeper(clock, secret, number) for number, secret in enumerate(steps, 1)]
    regulars = [_logged_in(servers[0]), _logged_in(servers[0])]
    for before, after in itertools.pairwise(servers):
        _roll_out(before, after, regulars)
        # Wait until unused sessions have expired. The regulars use theirs.
        for _ in range(4):
            clock.advance(timedelta(seconds=50))
            for each in regulars:
                each.get(after)
    if _logged_in(servers[-1]).get(_keeper(clock, _NEW, 0)) != "ann":
        raise Wrong("never-new")
    if _logged_in(servers[0]).get(servers[-1]) == "ann":
        raise Wrong("never-dropped")


def _keeper(clock: Clock, secret: Any, number: int) -> Flask:
    two, one = timedelta(minutes=2), timedelta(minutes=1)
    made = outcome(_server, clock, secret=secret, duration=two, active_duration=one)
    if isinstance(made, Exception):
        raise Wrong(
            message=f"step {number}: a server with secret={short(secret)} does not start: "
            f"{describe(made)}"
        )
    return made  # type: ignore[no-any-return]  # `outcome` is of any type


def _logged_in(server: Flask) -> _Visitor:
    visitor = _Visitor()
    visitor.get(server, "/login/ann")
    return visitor


def _roll_out(before: Flask, after: Flask, regulars: list[_Visitor]) -> None:
    """Check that visitors stay logged in while servers of two steps answer them."""
    lost: list[Flask] = []
    for first, second in ((before, after), (after, before)):
        for visitor in (_logged_in(first), *(each.copy() for each in regulars)):
            way = (first, second, first, second)
            lost += [each for each in way if visitor.get(each) != "ann"][:1]
    if before in lost and after in lost:
        raise Wrong("at-once")
    if before in lost:
        raise Wrong("new-first")
    if after in lost:
        raise Wrong("dropped-too-soon")


def rotation_ours(old: str, new: str) -> list[list[str]]:
    """Return the `secret=` of each step."""
    return [[old, new], [new, old], [new]]


class _Site:
    """An app whose revocation calls the learner's two functions."""

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
        """Call the learner's function."""
        return bool(self._is_revoked(self.epochs, session))

    def _leave(self, name: str) -> None:
        longest = _LONGEST // timedelta(milliseconds=1)
        self._end_all(self.epochs, name, round(self.clock() * 1000), longest)

    def logs_in(self, name: str) -> _Visitor:
        """Return a visitor who has just logged in."""
        visitor = _Visitor()
        visitor.get(self.app, f"/login/{name}")
        return visitor

    def accepts(self, visitor: _Visitor) -> bool:
        """Return whether the app opens a visitor's cookie. The visitor keeps it."""
        return visitor.copy().get(self.app) != "None"

    def copy_before_logout(self, name: str, stay: timedelta) -> _Visitor:
        """Log in, log out after `stay`, and return a copy of the cookie from before."""
        visitor = self.logs_in(name)
        copy = visitor.copy()
        self.clock.advance(stay)
        visitor.get(self.app, "/logout")
        return copy


def judge_revocation(
    end_all: Callable[..., Any], is_revoked: Callable[[Any, Session], Any]
) -> None:
    """Check that a logout ends all sessions of its user that began by then."""
    _judge_those_who_stay(end_all, is_revoked)
    _judge_copies(end_all, is_revoked)
    _judge_extended(end_all, is_revoked)
    _judge_entries(end_all, is_revoked)


def _judge_those_who_stay(*theirs: Callable[..., Any]) -> None:
    site = _Site(*theirs)
    seen = outcome(lambda: site.accepts(site.logs_in("bob")))
    if isinstance(seen, KeyError):
        raise Wrong("no-entry")
    if isinstance(seen, Exception):
        raise seen
    if not seen:
        raise Wrong("everybody")
    stranger = _Visitor()
    stranger.get(site.app, "/basket")
    if outcome(lambda: site.accepts(stranger)) is not True:
        raise Wrong("no-user")


def _judge_copies(*theirs: Callable[..., Any]) -> None:
    site = _Site(*theirs)
    bob = site.logs_in("bob")
    site.clock.advance(timedelta(seconds=1))
    copy = site.copy_before_logout("ann", timedelta(seconds=5))
    opens = site.accepts(copy)
    site.clock.advance(timedelta(seconds=1))
    back = site.accepts(site.logs_in("ann"))
    if opens:
        raise Wrong("copy-opens" if back else "inverted")
    if not back:
        raise Wrong("forever")
    if not site.accepts(bob):
        raise Wrong("everybody")
    if site.accepts(site.copy_before_logout("cleo", timedelta(0))):
        raise Wrong("border")


def _judge_extended(*theirs: Callable[..., Any]) -> None:
    """Check a session that was extended: its created_at is later than its login."""
    site = _Site(*theirs)
    visitor = site.logs_in("ann")
    site.clock.advance(timedelta(hours=2))
    visitor.get(site.app)
    copy = visitor.copy()
    visitor.get(site.app, "/logout")
    if site.accepts(copy):
        raise Wrong("created-at")


def _judge_entries(*theirs: Callable[..., Any]) -> None:
    """Check that entries are kept as long as a session may live, and then deleted."""
    site = _Site(*theirs)
    copy = site.copy_before_logout("ann", timedelta(0))
    minute = timedelta(minutes=1)
    for name, later in (("bob", minute), ("cleo", _LONGEST - minute)):
        site.clock.advance(later)
        site.copy_before_logout(name, timedelta(0))
        if site.accepts(copy):
            raise Wrong("too-soon")
    site.clock.advance(3 * _LONGEST)
    site.copy_before_logout("dora", timedelta(0))
    if len(site.epochs) > 1:
        raise Wrong("never-forgets")


def end_all_ours(epochs: dict[str, int], user: str, now: int, longest: int) -> None:
    """Store the time of a user's logout, and delete the entries that are too old."""
    for name, ended in list(epochs.items()):
        if ended + longest < now:
            del epochs[name]
    epochs[user] = now


def is_revoked_ours(epochs: dict[str, int], session: Session) -> bool:
    """Return whether a session began at or before its user's last logout."""
    user = session.get("user")
    return user in epochs and session.born_at <= epochs[user]


EXERCISES = (
    Exercise(
        "E8.1",
        "rotation",
        judge_rotation,
        misconceptions(
            at_once="one step replaces the old secret with the new one, so old and new servers "
            "cannot open each other's cookies; a step may be a list of both",
            new_first="a step seals with a secret that servers of the previous step do not "
            "know; a visitor who reaches one of them is logged out",
            dropped_too_soon="a step drops a secret that servers of the previous step still "
            "use to seal; visitors with their cookies are logged out",
            never_new="after the last step, the servers do not seal with the new secret; put "
            "it first",
            never_dropped="after the last step, the old secret still opens cookies, so anyone "
            "who finds it can forge them; drop it in the end",
        ),
        (
            "At each step, which secret seals, and which open? In a list, the first one seals.",
            "Before any server seals with the new secret, all must be able to open it.",
            "Three steps: add the new secret in second place; put it first; drop the old one.",
        ),
        (rotation_ours,),
    ),
    Exercise(
        "E8.2",
        "end_all, is_revoked",
        judge_revocation,
        misconceptions(
            no_entry="a user who has never logged out has no entry, and your function raised "
            "KeyError; check whether there is an entry",
            no_user="a visitor without a login was refused or got an error; is_revoked also "
            "gets sessions that have no user",
            everybody="you refused a user who has not logged out; look only at this user's "
            "entry",
            inverted="a copy from before the logout opens, and a new login is refused; swap "
            "the two cases",
            forever="a user who has logged out can never log in again; accept sessions that "
            "began after the logout",
            copy_opens="a copy of the cookie opens after the logout; end_all must store a time "
            "for the user, and is_revoked must compare with it",
            border="you accepted a session that began in the millisecond of the logout; refuse "
            "equal times",
            created_at="you accepted a copy of a session that had been extended; created_at "
            "moves, so compare born_at",
            too_soon="you deleted an entry while a copy could still open; keep it up to and "
            "including `ended + longest`",
            never_forgets="you never delete entries; delete each one when `longest` has passed "
            "since its logout",
        ),
        (
            "What must the server remember about a user who logs out? One timestamp.",
            "A session is revoked if its user has an entry and its `born_at` is not later.",
            "In end_all, loop over `list(epochs.items())`, and delete each entry with "
            "ended + longest < now. Then set epochs[user] = now.",
        ),
        (end_all_ours, is_revoked_ours),
    ),
)
