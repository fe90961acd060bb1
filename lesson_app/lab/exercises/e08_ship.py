"""The exercises of notebook 08: ask many servers, rotate the secret, revoke sessions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask

from ...errors import RevocationUnavailable
from ...session import Session
from ...stores import MemoryStore
from ..clock import Clock
from ..http.shop import make_shop
from .balancing import ask_ours, judge_ask, judge_replay, replay_ours
from .judging import Exercise, Wrong, misconceptions, outcome, short
from .rotations import back_ours, judge_back, judge_plan, plan_ours

_SECRET = secrets.token_urlsafe(32)
_HOUR = timedelta(hours=1)
_MS = timedelta(milliseconds=1)


class _Store(MemoryStore):
    """A store that accepts only what every store can hold, and remembers what it held."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(lambda: round(clock() * 1000))
        self.stored: list[tuple[str, Any, Any]] = []
        self.fails = False

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        _check("key", key, str)
        _check("value", value, int)
        if forget_at is not None:
            _check("forget_at", forget_at, int)
        self.stored.append((key, value, forget_at))
        return super().put(key, value, forget_at)

    def get(self, key: str) -> int | None:
        _check("key", key, str)
        if self.fails:
            raise OSError("the store does not answer")
        return super().get(key)


def _check(name: str, value: Any, kind: type) -> None:
    if type(value) is not kind:
        raise TypeError(f"the store's {name} must be {kind.__name__}, got {short(value)}")


class _Visitor:
    """A visitor who sends one cookie to several servers."""

    def __init__(self, cookie: str = "") -> None:
        self.cookie = cookie

    def get(self, server: Flask, path: str = "/hello") -> str:
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


class _Site:
    """Two servers with one store, whose revocation calls the learner's two functions."""

    def __init__(
        self,
        end_all: Callable[..., Any],
        is_revoked: Callable[..., Any],
        longest: timedelta = 12 * _HOUR,
    ) -> None:
        self._end_all, self._is_revoked, self.longest = end_all, is_revoked, longest
        self.clock = Clock()
        self.store = _Store(self.clock)
        self.apps = [self._server(name) for name in ("server 1", "server 2")]

    def _server(self, name: str) -> Flask:
        app = make_shop(
            name,
            leave=self._leave,
            secret=_SECRET,
            clock=self.clock,
            duration=self.longest,
            active_duration=self.longest * 11 / 12,
            max_lifetime=self.longest,
            revocation=self,
        )
        app.testing = True  # an error in a request reaches the check
        return app

    def is_revoked(self, session: Session) -> bool:
        """Call the learner's function."""
        return bool(self._is_revoked(self.store, session))

    def _leave(self, session: Session) -> None:
        now = round(self.clock() * 1000)
        self._end_all(self.store, session["user"], now, self.longest // _MS)

    def logs_in(self, name: str) -> _Visitor:
        """Return a visitor who has just logged in at server 1."""
        visitor = _Visitor()
        visitor.get(self.apps[0], f"/login/{name}")
        return visitor

    def logs_out(self, visitor: _Visitor) -> None:
        """Log a visitor out at server 1."""
        visitor.get(self.apps[0], "/logout")

    def knows(self, visitor: _Visitor) -> bool:
        """Return whether server 2 opens a visitor's cookie. The visitor keeps it."""
        return not visitor.copy().get(self.apps[1]).endswith(" nobody")

    def copy_before_logout(self, name: str, stay: timedelta) -> _Visitor:
        """Log in, log out after `stay`, and return a copy of the cookie from before."""
        visitor = self.logs_in(name)
        copy = visitor.copy()
        self.clock.advance(stay)
        self.logs_out(visitor)
        return copy


def judge_revocation(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    """Check that a logout ends the sessions that its user has begun, and is forgotten."""
    _judge_those_who_stay(end_all, is_revoked)
    _judge_copies(end_all, is_revoked)
    _judge_names(end_all, is_revoked)
    _judge_times(end_all, is_revoked)
    _judge_entries(end_all, is_revoked)
    _judge_failure(end_all, is_revoked)


def _judge_failure(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    """Check that nobody is accepted while the store cannot answer."""
    site = _Site(end_all, is_revoked)
    bob = site.logs_in("bob")
    site.store.fails = True
    if outcome(site.knows, bob) is True:
        raise Wrong("fails-open")


def _judge_those_who_stay(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    site = _Site(end_all, is_revoked)
    seen = outcome(lambda: site.knows(site.logs_in("bob")))
    if isinstance(seen, TypeError) and "NoneType" in str(seen):
        raise Wrong("no-entry")
    if isinstance(seen, Exception):
        raise seen
    if not seen:
        raise Wrong("everybody")
    site.copy_before_logout("None", timedelta(0))
    stranger = _Visitor()
    stranger.get(site.apps[0], "/basket/tea")
    found = outcome(lambda: stranger.get(site.apps[1], "/basket"))
    if isinstance(found, Exception):
        raise Wrong("no-user")
    if not found.endswith(" tea"):
        raise Wrong("user-none")


def _judge_copies(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    site = _Site(end_all, is_revoked)
    bob = site.logs_in("bob")
    site.clock.advance(timedelta(seconds=1))
    phone = site.logs_in("ann")
    copy = site.copy_before_logout("ann", timedelta(seconds=5))
    opens = site.knows(copy)
    site.clock.advance(timedelta(seconds=1))
    back = site.knows(site.logs_in("ann"))
    if opens:
        _explain_open(site, back)
    if not back:
        raise Wrong("forever")
    if not site.knows(bob):
        raise Wrong("everybody")
    if site.knows(phone):
        if _is_deleted(site):
            raise Wrong("not-a-time")
        raise Wrong(
            message="a cookie of Ann's other device opens after her logout; refuse it, too"
        )
    if _Site(end_all, is_revoked).knows(copy) is False:
        raise Wrong("own-memory")


def _explain_open(site: _Site, back: bool) -> None:
    """Raise what let a copy open after the logout."""
    if not site.store.stored:
        raise Wrong("nothing-stored")
    if not back:
        raise Wrong("inverted")
    _, value, _ = site.store.stored[-1]
    if abs(value - time.time() * 1000) < _HOUR // _MS or abs(value - time.time()) < 3600:
        raise Wrong("own-clock")
    raise Wrong("not-a-time" if _is_deleted(site) else "copy-opens")


def _is_deleted(site: _Site) -> bool:
    """Return whether the store has deleted the last entry already."""
    forget_at = site.store.stored[-1][2]
    return forget_at is not None and forget_at < round(site.clock() * 1000)


def _judge_names(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    """Check that a logout concerns one user, whatever the name."""
    site = _Site(end_all, is_revoked)
    for name, other in (("Ann", "ann"), ("annabella-1", "annabella-2"), ("bo b", "bob")):
        visitor = site.logs_in(other)
        site.copy_before_logout(name, timedelta(0))
        if not site.knows(visitor):
            raise Wrong(
                message=f"the logout of {name!r} refused {other!r}; use the user's whole name, "
                "as it is, in the key"
            )


def _judge_times(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    site = _Site(end_all, is_revoked)
    if site.knows(site.copy_before_logout("cleo", timedelta(0))):
        raise Wrong("border")
    for milliseconds in (1, 300, 600):  # a comparison of whole seconds misses some
        site.clock.advance(_MS * milliseconds)
        site.copy_before_logout("cleo", timedelta(0))
        site.clock.advance(_MS)
        if not site.knows(site.logs_in("cleo")):
            raise Wrong("next-millisecond")
    site.clock.advance(timedelta(seconds=9))
    if site.knows(site.copy_before_logout("cleo", timedelta(seconds=9))):
        raise Wrong("first-only")
    # A session that was extended: its created_at is later than its login.
    visitor = site.logs_in("ann")
    site.clock.advance(2 * _HOUR)
    visitor.get(site.apps[0])
    copy = visitor.copy()
    site.logs_out(visitor)
    if site.knows(copy):
        raise Wrong("created-at")


def _judge_entries(end_all: Callable[..., Any], is_revoked: Callable[..., Any]) -> None:
    """Check that entries are kept as long as a session may live, and then deleted."""
    for longest in (12 * _HOUR, 5 * _HOUR):
        site = _Site(end_all, is_revoked, longest)
        copy = site.copy_before_logout("ann", timedelta(0))
        entries = len(site.store.stored)
        for later in (_HOUR, longest - _HOUR):
            site.clock.advance(later)
            if site.knows(copy):
                raise Wrong("too-soon")
        ends = [forget_at for _, _, forget_at in site.store.stored]
        if any(end is None for end in ends):
            raise Wrong("never-forgets")
        if max(ends) > round(site.clock() * 1000) + _HOUR // _MS:
            raise Wrong("too-late")
        if entries > 1:
            raise Wrong(
                message="end_all should store one entry for a logout, but stored several"
            )


def end_all_ours(store: Any, user: str, now: int, longest: int) -> None:
    """End all sessions that a user has begun until now."""
    store.put(f"user:{user}", now, now + longest)


def is_revoked_ours(store: Any, session: Any) -> bool:
    """Return whether a session began at or before its user's last logout."""
    user = session.get("user")
    if user is None:
        return False
    ended = store.get(f"user:{user}")
    return ended is not None and session.born_at <= ended


EXERCISES = (
    Exercise(
        "E8.1",
        "ask",
        judge_ask,
        misconceptions(
            same_server="the same server answers each time; `urls` is the same list at each "
            "call, so change this list: take the URL from its front, put it back at its end",
            loses_servers="after some calls, `urls` no longer has the servers that answered; "
            "put each of them back, at the end",
            other_order="the servers did not answer in turn; always ask the first in `urls`, "
            "and keep nothing between two calls except the list",
            escapes="a dead server's requests.ConnectionError comes out of ask; catch it, and "
            "ask the next server (Python's own ConnectionError is another class)",
            dead_stays="a dead server is asked again at a later call; drop its URL from `urls`",
            asks_again="you asked a dead server twice; drop its URL at the first error",
            skips="after a dead server, another one was skipped; drop only the URL of the dead "
            "one (a for loop over a list that you change skips some)",
            own_browser="no request came from `browser`; get the page with it, because it "
            "keeps the visitor's cookies",
            twice="one call sent several requests to servers that run; send the visitor's "
            "request once, and return its answer",
            status="an answer with status 404 or 500 is an answer, too; return it, and keep "
            "its server",
            new_unseen="a URL that was appended to `urls` was not asked in its turn; use the "
            "list as it is at each call",
            text="ask returned text; return the Response, as browser.get returns it",
            goes_on="ask goes on after a server has answered; return the answer at once",
            endless="ask goes on for ever if no server runs; stop when `urls` is empty",
            silent="no server runs, and ask returned as if one had answered; raise an error",
        ),
        (
            "Which server does the next call ask? Only the list can remember it.",
            "A list has pop(0) and append. Around browser.get, use try and except.",
            "while urls: take urls.pop(0). In try, get its page; on requests.ConnectionError, "
            "`continue`. Else append the URL, and return the answer. After the loop, raise.",
        ),
        (ask_ours,),
        level=1,
        minutes=8,
    ),
    Exercise(
        "E8.2",
        "plan",
        judge_plan,
        misconceptions(
            at_once="a restart replaces a secret by another at once, so old and new servers "
            "cannot open each other's cookies; let a server have both for a while",
            new_first="a restart seals with a secret that another server does not open yet; a "
            "visitor who goes there is logged out",
            dropped_too_soon="a restart drops a secret with which another server still seals; "
            "a visitor who comes from there is logged out",
            no_wait="a restart drops a secret whose cookies may still be in use: no server "
            "seals with it now, but visitors who were away have them; WAIT before it",
            left_out="at the end a server still has only the old secret; restart every server",
            never_new="after the plan, a server does not open the new secret's cookies",
            never_dropped="after the plan, a server has more than the new secret; anyone who "
            "finds the old one can make cookies for it",
        ),
        (
            "After each restart, ask: with which secrets may a cookie be sealed now? Does "
            "every server open all of them?",
            "Before any server seals with the new secret, all must open it. Before any forgets "
            "the old one, none may seal with it, and its last cookies must be gone.",
            "Three rounds over all servers: [old, new], then [new, old], then [new]. One WAIT, "
            "before the last round.",
        ),
        (plan_ours,),
        level=2,
        minutes=12,
    ),
    Exercise(
        "E8.3",
        "replay",
        judge_replay,
        misconceptions(
            no_act="nobody requests `act`; Ann does, after you have copied her cookie",
            acts_without_cookie="`act` was requested without the cookie of Ann's login; she "
            "requests it herself",
            too_early="the copy requested `then` before Ann had requested `act`",
            no_copy="the thief sent no cookie; send the copy of Ann's with each request",
            copied_late="the thief sent a cookie from after `act`; copy it before, and send it "
            "from another browser than Ann's (`b = a` copies no jar: it is the same one)",
            copy_moves_on="at a later server, the thief sent a newer cookie, which the one "
            "before had set; send the copy each time",
            not_everywhere="request `then` once from each of `urls`, in their order",
        ),
        (
            "Who has the cookie, and when? Two visitors, and a copy made between two requests.",
            "ann.cookies.get_dict() returns a copy of what is in a jar, and "
            "get(url, cookies=…) sends a dict.",
            "Log in, copy, request act. Then, for each URL, let a new Visitor() get url + then "
            "with cookies=copy, and collect .text.",
        ),
        (replay_ours,),
        level=1,
        minutes=8,
    ),
    Exercise(
        "E8.4",
        "end_all, is_revoked",
        judge_revocation,
        misconceptions(
            no_entry="store.get returns None for a user who has never logged out, and you "
            "compared with it; accept such a session",
            no_user="for a visitor without a login, is_revoked raised an error; their session "
            "has no user, so accept it before you look one up",
            user_none="a visitor without a login was refused after a user called None had "
            "logged out; accept a session without a user before you look one up",
            everybody="you refused a user who has not logged out; look only at this user's "
            "entry",
            inverted="a copy from before the logout opens, and a new login is refused; swap "
            "the two cases",
            forever="a user who has logged out can never log in again; accept sessions that "
            "began after the logout",
            nothing_stored="end_all stored nothing in `store`; the other servers see only what "
            "is there",
            own_memory="a server refused a session although its store is empty; keep nothing "
            "outside of `store`",
            own_clock="end_all stored a time of its own; `now` is the time, in milliseconds",
            not_a_time="the entry is deleted at once, so a copy opens; forget_at is a time in "
            "milliseconds since 1970, after the last session that the entry refuses",
            copy_opens="a copy opens after the logout; end_all must store `now` for the user, "
            "and is_revoked must return whether the session began by then",
            border="you accepted a session that began in the millisecond of the logout; refuse "
            "it, because nobody knows which was first",
            next_millisecond="a login one millisecond after the logout was refused; compare "
            "the whole times",
            first_only="a user logged out twice, and you refused only the sessions from before "
            "the first time; the last logout counts",
            created_at="you accepted a copy of a session that had been extended; created_at "
            "moves when it is, so compare born_at",
            too_soon="the entry was deleted while a copy could still open: a session may live "
            "`longest` after the logout",
            never_forgets="the entry has no forget_at, so it is kept for ever; when can no "
            "session from before the logout be alive?",
            fails_open="the store raised an error, and is_revoked accepted the session; let "
            "the error pass, because a check that cannot tell must not accept",
            too_late="the entry is kept more than an hour longer than any session that it "
            "refuses",
        ),
        (
            "What is the least that a server must know, to tell a session from before the "
            "logout from one after it? For how long?",
            "Store the time of the logout under the user's name. Compare it with born_at. Some "
            "sessions have no user, and some users have no entry.",
            'store.put(f"user:{user}", now, now + longest). In is_revoked, return False '
            "without a user or an entry; else whether born_at <= the entry.",
        ),
        (end_all_ours, is_revoked_ours),
        level=2,
        minutes=12,
    ),
    Exercise(
        "E8.5",
        "back",
        judge_back,
        misconceptions(
            seals_unknown="from some states, a restart seals with a secret that another server "
            "does not open; which one may a server seal with, until all know both?",
            drops_in_use="from some states, a restart drops a secret with which another server "
            "seals; let each server learn both secrets first",
            back_without_wait="the way back also leaves cookies behind: before a server drops "
            "the new secret, those must have expired or been sealed again",
            not_back="from some states, not every server has only the old secret at the end",
        ),
        (
            "Which states can a plan be in when it stops? Which of them can go back at once?",
            "First make all servers know both secrets, without a change of the one that seals.",
            "Three rounds: each server keeps its first secret and adds the other; all get "
            "[old, new]; after a WAIT, all get [old].",
        ),
        (back_ours,),
        level=3,
        minutes=15,
        must=False,
    ),
)
