"""A random visitor of one site that both libraries run, and their known differences."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any, NamedTuple

from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import Keys, Session, Unsealed, derive_keys, seal
from lesson_app._engine.headers import cookie_pairs
from lesson_app._engine.javascript import stringify
from lesson_app.cookie import CIPHERS, MACS
from lesson_app.lab import seeded_urandom
from tests.conftest import Site, read_set_cookie, secret_of
from tests.express.mutants import change, open_here
from tests.express.peer import Sealing, Visit, Visited
from tests.express.test_fuzz import HEADER, random_keys

DAY = 86_400_000
NOON = 1_700_000_000_000
FOREIGN = seal({"a": 1}, derive_keys(secret_of("foreign")), created_at=NOON, duration=10**12)
_MS = timedelta(milliseconds=1)


# What the view does.


def replay(session: Session, act: str, *args: Any) -> str | None:
    """Do to our session what the oracle does to Mozilla's."""
    if act == "read":
        return stringify(dict(session))
    if act == "look":
        len(session)
    elif act == "write":
        session[args[0]] = args[1]
    elif act == "push":
        session.setdefault(args[0], []).append(args[1])
    elif act == "delete":
        session.pop(args[0], None)
    elif act == "reset":
        session.reset(*args)
    elif act == "replace":
        session.replace(args[0])
    elif act == "duration":
        session.set_duration(args[0] * _MS, ephemeral=args[1] if len(args) > 1 else None)
    else:
        assert act == "send"  # what Mozilla's library does in some cases
        session.modified = True
    return None


# One visitor.


@functools.lru_cache(maxsize=10_000)
def open_value(value: str, keys: Keys) -> Unsealed | None:
    found = open_here(value, Sealing("session", keys))
    return found if isinstance(found, Unsealed) else None


class Result(NamedTuple):
    """What a request read, and what its Set-Cookie holds; None without one.

    `value` is the cookie's value, `expires` is in seconds since 1970.
    """

    read: str | None
    value: str | None = None
    content: str | None = None
    created_at: int | None = None
    duration: int | None = None
    expires: int | None = None


class Options(NamedTuple):
    """The options of one site, in ms."""

    duration: int = 120_000
    active_duration: int = 60_000
    ephemeral: bool = False
    max_age: int | None = None


ENVIRON = EnvironBuilder("/").get_environ()


@dataclass
class Visitor:
    """A visitor of one site, which both libraries run."""

    name: str
    chance: Random
    keys: Keys
    options: Options
    now: int = NOON
    #: The cookie's value, and earlier ones.
    jar: str = ""
    history: list[str] = field(default_factory=list)
    #: Whether Mozilla's library leaves Expires out. It remembers the last `setDuration`.
    theirs_ephemeral: bool = False

    def __post_init__(self) -> None:
        duration, active_duration, ephemeral, max_age = self.options
        self.theirs_ephemeral = ephemeral
        times = {"duration": duration, "activeDuration": active_duration}
        cookie = {"maxAge": max_age} if max_age else {"ephemeral": ephemeral}
        self.sealing = Sealing("session", self.keys, {**times, "cookie": cookie})
        self.site = Site(
            lambda: self.now / 1000,  # type: ignore[arg-type]
            secret=None,
            keys=self.keys,
            duration=duration * _MS,
            active_duration=active_duration * _MS,
            ephemeral=ephemeral,
            max_age=max_age and max_age * _MS,
            urandom=seeded_urandom(self.chance.randrange(2**32)),
        )

    def ours(self, visit: Visit) -> Result:
        """Let our library handle a request."""
        read: list[str | None] = [None]

        def view(session: Session) -> None:
            for time, act, *args in visit.acts:
                self.now = time
                if act == "read":
                    read[0] = replay(session, act)
                else:
                    replay(session, act, *args)
            self.now = visit.ended

        self.now, self.site.act = visit.began, view
        environ = {**ENVIRON, "HTTP_COOKIE": visit.cookie}
        body, status, headers = run_wsgi_app(self.site.app, environ)
        assert status == "200 OK", b"".join(body)
        return self.result(Visited(read[0], headers.getlist("Set-Cookie")))

    def opened(self, value: str) -> Unsealed | None:
        return open_value(value, self.keys)

    def result(self, visited: Visited) -> Result:
        """Open the Set-Cookie of a response."""
        if not visited.set_cookies:
            return Result(visited.read)
        [line] = visited.set_cookies
        cookie = read_set_cookie(line)
        opened = self.opened(cookie.value)
        assert opened is not None, line
        expires = None
        if "expires" in cookie.attributes:
            expires = round(parsedate_to_datetime(cookie.attributes["expires"]).timestamp())
        times = opened.created_at, opened.duration, expires
        return Result(visited.read, cookie.value, stringify(opened.content), *times)

    def next_visit(self) -> Visit:
        """Make up the next request."""
        self.now += self.pause()
        began, acts = self.now, []
        for _ in range(self.chance.choice([1, 1, 1, 1, 1, 2, 2, 3, 5])):
            self.now += self.chance.choice([0, 0, 0, 0, 1, 999, 5000])
            acts.append((self.now, *self.act()))
        self.now += self.chance.choice([0, 0, 0, 1, 999])
        if self.chance.random() < 0.5:
            acts.append((self.now, "read"))
        return Visit(self.header(), began, tuple(acts), self.now)

    def pause(self) -> int:
        """Return how long the visitor waits, in ms: often exactly until something happens."""
        waits = [0, 0, 1, 20_000, self.chance.randrange(70_000)]
        opened = self.opened(self.jar)
        if opened is not None:
            left = opened.created_at + opened.duration - self.now
            for last in (left, left - self.options.active_duration):
                waits += [ms for ms in (last, last + 1) if 0 <= ms < 2 * DAY]
        return self.chance.choice(waits)

    def act(self) -> tuple[Any, ...]:
        chance = self.chance
        key = chance.choice(["a", "b", "10", "2", "é"])
        full = len(self.jar) > 1500
        kind = chance.choices(KINDS, [0 if full and k in GROWING else w for k, w in WEIGHTS])[0]
        if kind == "write":
            return kind, key, chance.choice(VALUES)
        if kind == "push":
            return kind, "list", chance.randrange(10)
        if kind == "delete":
            return kind, chance.choice([key, "list"])
        if kind == "reset":
            return kind, *chance.sample(["a", "list", "10"], chance.choice([0, 0, 1, 2]))
        if kind == "replace":
            return kind, chance.choice([{}, {"a": 1}, {"b": {"c": [1]}, "2": "x", "10": None}])
        if kind == "duration":
            ms = chance.choice([0, 1, 5000, 59_999, 60_000, 120_000, 10**8])
            ephemeral = chance.choice([[], [False], [not self.options.max_age]])
            return kind, ms, *ephemeral
        return (kind,)

    def header(self) -> str:
        """Return a Cookie header: usually the cookie, sometimes none, another or two."""
        chance = self.chance
        values: list[str | None] = [self.jar]
        if chance.random() < 0.3:
            values = [self.value() for _ in range(chance.choice([1, 1, 2]))]
        pairs = [f"session={value}" for value in values if value is not None]
        if chance.random() < 0.1:
            others = ["a=1", "xsession=2", "b", "c=1,d=2", f"session_state={self.jar}"]
            pairs.insert(chance.randrange(len(pairs) + 1), chance.choice(others))
        return chance.choice(["; ", "; ", ";"]).join(pairs)

    def value(self) -> str | None:
        """Return a value that is usually not the current cookie; None for no cookie."""
        cookies = [*self.history[-5:], self.jar or FOREIGN, FOREIGN]
        changed = change(self.chance.choice(cookies), cookies, self.chance)
        values = [self.jar, None, None, "", "x", self.chance.choice(cookies), changed, changed]
        value = self.chance.choice(values)
        return value if value is None or HEADER.fullmatch(value) else FOREIGN

    def receive(self, result: Result) -> None:
        if result.value is not None:
            self.jar = result.value
            self.history.append(result.value)


WEIGHTS = [
    ("look", 12), ("write", 5), ("push", 4), ("delete", 2), ("reset", 1), ("replace", 2),
    ("duration", 1),
]  # fmt: skip
KINDS = [kind for kind, _ in WEIGHTS]
GROWING = ("write", "push")
VALUES = ["x", "", 1, None, {"b": [1]}, "é\U0001f600", 0.5, True]


# The known differences.


def values_of(cookie: str) -> list[str]:
    return [value for name, value in cookie_pairs(cookie) if name == "session"]


def as_mozilla(visit: Visit, keys: Keys) -> tuple[Visit, set[str]]:
    """Return a request for which we do what Mozilla's library does for `visit`.

    Also return the known differences between the two requests.
    """
    known = set()
    cookie, acts = visit.cookie, visit.acts
    values = values_of(cookie)
    first = values[0] if values else ""
    opens = open_value(first, keys) is not None
    if len(values) > 1:
        known.add("Q41: it reads only the first cookie of the name")
        cookie = f"session={first}"
    used = [act[1] != "replace" for act in acts]
    if first and not opens:
        cookie = "session=x"  # without commas
        if any(used):
            known.add("Q6: it replaces a cookie that does not open, even if it is only read")
            acts = (*acts, (visit.ended, "send"))
    if first and not used[0]:
        if any(used):
            known.add("Q29: it loses an object that is assigned before the session was used")
            acts = acts[used.index(True) :]
        else:
            known.add("Q44: an object assigned to an unused session begins a new session")
            cookie, acts = "", acts[-1:]
    kinds = [act[1] for act in acts]
    if not any(values_of(cookie)) and "duration" in kinds:
        earlier = kinds[: kinds.index("duration")]
        if "reset" not in earlier and {*earlier} - {"look"}:
            known.add("Q8: the first setDuration discards earlier changes")
            acts = acts[len(earlier) :]
    if any(act[1] == "duration" and len(act) == 4 for act in acts):
        known.add("Q10: its cookie does not hold setDuration's second argument")
        acts = tuple(act[:3] if act[1] == "duration" else act for act in acts)
    return visit._replace(cookie=cookie, acts=acts), known


def faults(
    visitor: Visitor, visit: Visit, alike: Visit, ours: Result, theirs: Result, known: set[str]
) -> list[str]:
    """Return the unknown differences between two results; add known ones to `known`.

    `theirs` is the result of `visit`, `ours` that of `alike`, which `as_mozilla` returned.
    """
    expected = ours
    durations = [act for act in visit.acts if act[1] == "duration"]
    if durations:
        [*_, (_, _, _, *last)] = durations
        visitor.theirs_ephemeral = bool(last and last[0])
    if ours.content is not None and ours.created_at is not None and ours.duration is not None:
        permanent = json.loads(ours.content).get("_permanent")
        ephemeral = visitor.options.ephemeral if permanent is None else not permanent
        if ephemeral != visitor.theirs_ephemeral:
            known.add("Q10: it remembers setDuration's second argument for all visitors")
            end = (ours.created_at + ours.duration) // 1000 + 1
            expected = expected._replace(expires=end if ephemeral else None)
        if ephemeral != (ours.expires is None):
            return [f"expires: ephemeral is {ephemeral}, got {ours.expires}"]
        if ours.duration == 0:
            known.add("Q9: it seals a duration of 0 as a day")
            expected = expected._replace(duration=DAY)
        began_now = durations or any(act[1] == "reset" for act in alike.acts)
        begins = not any(values_of(alike.cookie)) and not began_now
        if begins and visit.began < visit.ended:
            known.add("Q43: a first session begins when the response begins")
            expected = expected._replace(created_at=visit.ended)
    return [
        f"{name}: expected {one!r}, got {other!r}"
        for name, one, other in zip(Result._fields, expected, theirs, strict=True)
        if name != "value" and one != other
    ]


def visitors(count: int) -> Iterator[Visitor]:
    chance = Random(6)
    pairs = [(cipher, mac) for cipher in CIPHERS for mac in MACS]
    for number in range(count):
        keys = random_keys(chance, pairs[number % len(pairs)])
        duration = chance.choice([120_000, 120_000, 1000, DAY])
        active = chance.choice([60_000, 60_000, 0, 500, 300_000])
        ephemeral, max_age = chance.choice(
            [(False, None), (False, None), (True, None), (False, 7000)]
        )
        own = Random(chance.random())
        yield Visitor(str(number), own, keys, Options(duration, active, ephemeral, max_age))
