"""Let random visitors use both libraries with one cookie, and compare after each request."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import pytest
from flask import Flask

from lesson_app import ClientSessions, derive_keys, seal
from tests.conftest import secret_of
from tests.express.machine import DAY, NOON, Options, Visitor, as_mozilla, faults, visitors
from tests.express.peer import Oracle, Sealing, Visit, oracle
from tests.plugin import is_quick

#: How many requests to make. STEPS=1000000 makes more.
STEPS = int(os.environ.get("STEPS", 3000 if is_quick() else 30_000))
#: How many requests each visitor makes.
EACH = 100
logger = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def node() -> Iterator[Oracle]:
    with oracle() as running:
        yield running


def test_random_visitors(node: Oracle) -> None:
    """After each request both libraries agree, except for the known differences."""
    everyone = list(visitors(STEPS // EACH))
    seen: Counter[str] = Counter()
    wrong = []

    for _ in range(EACH):
        visits = [visitor.next_visit() for visitor in everyone]
        answers = node.visit(
            *((v.name, v.sealing, visit) for v, visit in zip(everyone, visits, strict=True))
        )
        for visitor, visit, answer in zip(everyone, visits, answers, strict=True):
            theirs, ours = visitor.result(answer), visitor.ours(visit)
            alike, known = as_mozilla(visit, visitor.keys)
            result = ours if alike == visit else visitor.ours(alike)
            found = faults(visitor, visit, alike, result, theirs, known)
            if found:
                wrong.append((found, visitor.options, visit, alike, known, ours, theirs))
            seen.update(known or ["no difference"])
            seen[f"{'a' if theirs.value else 'no'} cookie from Mozilla's library"] += 1
            visitor.receive(visitor.chance.choice([ours, theirs]))

    logger.info("%d requests: %s", STEPS, json.dumps(dict(sorted(seen.items())), indent=1))
    assert wrong[:3] == []
    assert len(seen) == 12  # every known difference
    assert seen["no difference"] > STEPS / 3


# Known differences, one by one.

KEYS = derive_keys(secret_of("machine"))
#: A session that began at noon, ten seconds before each request.
JAR = seal({"a": 1}, KEYS, created_at=NOON, duration=120_000)


class Case(NamedTuple):
    """What a view does, with times in seconds, and the cookie of both libraries.

    A cookie is its JSON, when its session began in seconds after noon, and its duration in ms;
    None without one.
    """

    cookie: str
    acts: list[tuple[Any, ...]]
    theirs: tuple[str, float, int] | None
    ours: tuple[str, float, int] | None


def both(cookie: str, acts: list[tuple[Any, ...]], *sent: Any) -> Case:
    return Case(cookie, acts, sent, sent)


CASES = {
    "empty object assigned": Case(JAR, [(0, "replace", {})], None, ("{}", 0, 120_000)),
    "object assigned": Case(
        JAR,
        [(0, "replace", {"b": 1})],
        ('{"b":1}', 13, 120_000),
        ('{"b":1}', 0, 120_000),
    ),
    "object assigned, then used": Case(
        JAR, [(0, "replace", {"b": 1}), (0, "look")], None, ('{"b":1}', 0, 120_000)
    ),
    "used, then object assigned": both(
        JAR, [(0, "look"), (0, "replace", {"b": 1})], '{"b":1}', 0, 120_000
    ),
    "used, then empty object assigned": both(
        JAR, [(0, "look"), (0, "replace", {})], "{}", 0, 120_000
    ),
    "first visit, slow": Case(
        "", [(1, "write", "b", 1)], ('{"b":1}', 13, 120_000), ('{"b":1}', 10, 120_000)
    ),
    "first visit, reset and written": both(
        "", [(1, "reset"), (2, "write", "b", 1)], '{"b":1}', 11, 120_000
    ),
    "reset and written": both(
        JAR, [(1, "reset"), (2, "write", "b", 1)], '{"b":1}', 11, 120_000
    ),
    "first visit, written and reset": both(
        "", [(1, "write", "b", 1), (2, "reset", "b")], '{"b":1}', 12, 120_000
    ),
    "first visit, written, with a duration": Case(
        "",
        [(1, "write", "b", 1), (2, "duration", 5000)],
        ("{}", 12, 5000),
        ('{"b":1}', 12, 5000),
    ),
    "duration of 0": Case(JAR, [(1, "duration", 0)], ('{"a":1}', 11, DAY), ('{"a":1}', 11, 0)),
}


@pytest.mark.conforms("Q8", "Q9", "Q29", "Q43", "Q44", "Q45")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_request(node: Oracle, request: pytest.FixtureRequest, case: Case) -> None:
    """Both libraries send the cookies that the table says, after a request of three seconds."""
    visitor = Visitor(request.node.name, Random(0), KEYS, Options())
    began = NOON + 10_000
    acts = tuple((began + 1000 * time, *act) for time, *act in case.acts)
    visit = Visit(f"session={case.cookie}", began, acts, began + 3000)
    [answer] = node.visit((visitor.name, visitor.sealing, visit))

    sent = []
    for result in (visitor.result(answer), visitor.ours(visit)):
        cookie = None
        if result.created_at is not None:
            cookie = result.content, (result.created_at - NOON) / 1000, result.duration
        sent.append(cookie)

    assert sent == [case.theirs, case.ours]


NAMES = ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf"]


@pytest.mark.conforms("Q42")
@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_property(node: Oracle, name: str) -> None:
    """A cookie called like a property of every object works here; Mozilla's never opens it."""
    app = Flask(__name__)
    app.testing = True
    sessions = ClientSessions(app, secret=secret_of("machine"), cookie_name=name)
    app.add_url_rule("/", view_func=lambda: dict(sessions.session))
    browser = app.test_client()
    browser.set_cookie(*sessions.make_cookie({"a": 1}, app))
    value = browser.get_cookie(name)
    assert value is not None
    sealing = Sealing(name, secret_of("machine"))
    visit = Visit(f"{name}={value.value}", NOON, ((NOON, "read"),), NOON)

    [theirs] = node.visit((name, sealing, visit))

    assert browser.get("/").json == {"a": 1}
    assert theirs == ("{}", [])
    assert node.decode([value.value], [sealing]) != [None]
