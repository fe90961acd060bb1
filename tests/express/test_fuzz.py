"""Seal and open random and changed cookies, and compare with Mozilla's library."""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from random import Random
from typing import NamedTuple

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import BadCookie, Keys, Unsealed, derive_keys, seal, unseal
from lesson_app._engine.javascript import MAX_SAFE_INTEGER, stringify, to_well_formed
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import CIPHERS, MACS, encrypt, to_base64
from lesson_app.lab import Clock
from tests.express.mutants import (
    change,
    compare,
    insiders,
    is_valid,
    open_here,
    originals,
    outsiders,
    random_content,
    random_text,
    sign_again,
)
from tests.express.peer import (
    Encode,
    Oracle,
    Sealing,
    Visitor,
    add_test_routes,
    express,
    now,
    oracle,
    received,
    visit,
)
from tests.plugin import random_cases as random_cases_to_try

#: How many changed and how many random cookies to try. Environment variables can raise the
#: numbers: MUTATIONS=100000 FUZZ=1000000.
MUTATIONS = int(os.environ.get("MUTATIONS", random_cases_to_try(5000)))
FUZZ = int(os.environ.get("FUZZ", random_cases_to_try(20_000)))
logger = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def node() -> Iterator[Oracle]:
    with oracle() as running:
        yield running


@pytest.fixture
def visitor(app: Flask, clock: Clock) -> Iterator[Visitor]:
    add_test_routes(app)
    with express() as running, visit(running.serve(), app, clock) as visitor:
        yield visitor


# Content for both libraries, without the values that lesson_app refuses by design: NaN,
# Infinity, integers beyond 2**53 - 1, depth beyond 100.

TEXTS = st.text() | st.text(st.characters()) | st.text('"\\/\0\x1f\x7f\u2028\ud83d\ude00é')
KEY_TEXTS = (
    st.text()
    | st.integers(0, 2**32 + 10).map(str)
    | st.sampled_from(["__proto__", "toString", "01", "-1", "1.0", "4294967294", "4294967295"])
)
NUMBERS = (
    st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([5e-324, 1e-7, 1e-6, 0.1, -0.0, 2.0**53, 1e20, 2.0**67, 1e21, 1.7e308])
)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.sampled_from([None, True, False]) | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(KEY_TEXTS, inner),
    max_leaves=10,
)


@given(
    content=st.dictionaries(KEY_TEXTS, VALUES),
    name=st.sampled_from(["session", "session_state", "s", "é"]),
    secret=st.sampled_from([PAGE_SECRET, "x", "é\U0001f600"]),
    created_at=st.integers(1, MAX_SAFE_INTEGER),
    duration=st.integers(1, MAX_SAFE_INTEGER),
    iv=st.binary(min_size=16, max_size=16),
)
def test_any_content(
    node: Oracle,
    content: dict[str, object],
    name: str,
    secret: str,
    created_at: int,
    duration: int,
    iv: bytes,
) -> None:
    """With the same IV and times, both seal content to the same value, and both open it."""
    keys = derive_keys(secret)

    ours = seal(content, keys, name=name, created_at=created_at, duration=duration, iv=iv)

    text = json.dumps(content)
    sealing = Sealing(name, secret)
    assert node.encode(Encode(text, created_at, duration, iv, sealing)) == [ours]
    opened = unseal(ours, keys, name=name)
    assert node.decode([ours], [sealing]) == [(stringify(opened.content), created_at, duration)]
    assert opened.content == json.loads(node.stringify(text), parse_int=float)


# Random cases for every pair of algorithms, faster than with Hypothesis. The same number of
# cases gives the same cases in every run.


def random_name(chance: Random) -> str:
    """Return a name that both accept: well-formed Unicode without an equals sign."""
    name = to_well_formed(random_text(chance))
    return name or chance.choice(["session", "__Host-session", "s"])


def random_keys(chance: Random, pair: tuple[str, str]) -> Keys:
    cipher, mac = pair
    # HMAC hashes keys that are longer than a block of 64 or 128 bytes.
    longer = chance.choice([0, 0, 1, 32, 33, 64, 65, 200])
    signature = chance.randbytes(MACS[mac].min_key + longer)
    return Keys(chance.randbytes(CIPHERS[cipher]), signature, cipher, mac)


def random_time(chance: Random) -> int:
    """Return a time in ms, but never 0, which Node's ``util.encode`` replaces by its own."""
    return chance.randrange(1, 2 ** chance.randrange(1, 54))


class Case(NamedTuple):
    """A session's content, and everything else that its cookie depends on."""

    content: dict[str, object]
    keys: Keys
    sealing: Sealing
    created_at: int
    duration: int
    iv: bytes

    def seal(self) -> str:
        return seal(
            self.content,
            self.keys,
            name=self.sealing.name,
            created_at=self.created_at,
            duration=self.duration,
            iv=self.iv,
        )

    @property
    def request(self) -> Encode:
        """The same case for Node."""
        text = json.dumps(self.content)
        return Encode(text, self.created_at, self.duration, self.iv, self.sealing)


PAIRS = list(itertools.product(CIPHERS, MACS))


def cases(count: int) -> Iterator[Case]:
    """Yield random cases, with each pair of algorithms in turn."""
    chance = Random(3)
    for pair in itertools.islice(itertools.cycle(PAIRS), count):
        keys = random_keys(chance, pair)
        times = random_time(chance), random_time(chance)
        sealing = Sealing(random_name(chance), keys)
        yield Case(random_content(chance), keys, sealing, *times, chance.randbytes(16))


@pytest.fixture(scope="module")
def random_cases() -> list[Case]:
    return list(cases(FUZZ))


def test_random_content(node: Oracle, random_cases: list[Case]) -> None:
    """Both seal any content, with any name, times and keys, to the same value."""
    ours = [case.seal() for case in random_cases]

    theirs = node.encode(*(case.request for case in random_cases))

    disagreed = [
        each for each in zip(random_cases, ours, theirs, strict=True) if each[1] != each[2]
    ]
    assert disagreed[:3] == []
    verdicts = compare(node, ours, [case.sealing for case in random_cases])
    assert verdicts == {"opened by both": FUZZ}


#: Bytes that are significant in JSON, or invalid in it.
JSON_BYTES = (
    b'{}[]"\\/,:= \t\r\n\x0b0123456789.eE+-ntfuNI'
    b"\0\x7f\x80\xa0\xc2\xc3\xe2\xed\xef\xbb\xbf\xf0\xf4\xff"
)


def forge_near(case: Case, chance: Random) -> str:
    """Seal the case's payload with a few bytes changed, as an insider can."""
    plaintext = bytearray(f"{case.sealing.name}={stringify(case.content)}".encode())
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(plaintext) + 1)
        plaintext[at : at + chance.choice([0, 0, 1, 1, 2])] = bytes(
            chance.choices(JSON_BYTES, k=chance.randrange(3))
        )
    ciphertext = to_base64(encrypt(bytes(plaintext), case.keys, case.iv))
    fields = to_base64(case.iv), ciphertext, str(case.created_at), str(case.duration), ""
    return sign_again(".".join(fields), case.keys)


def other_sealing(case: Case, other: Case, chance: Random) -> Sealing:
    """Return a name and keys that should not open the cookie of `case`."""
    same = case.keys
    macs = [mac for mac in MACS if MACS[mac].min_key <= len(same.signature)]
    return chance.choice(
        [
            other.sealing,
            Sealing(other.sealing.name, same),
            Sealing(case.sealing.name, other.keys),
            Sealing(case.sealing.name, replace(same, mac=chance.choice(macs))),
        ]
    )


def random_changes(cases: list[Case]) -> Iterator[tuple[str, Sealing]]:
    """Yield the cookie of each case with a change, a forged payload or other keys."""
    chance = Random(4)
    pool = [case.seal() for case in cases[:18]]
    for case in cases:
        value, kind = case.seal(), chance.randrange(5)
        pool[chance.randrange(len(pool))] = value
        if kind < 2:
            yield change(value, pool, chance), case.sealing
        elif kind == 2:
            yield sign_again(change(value, pool, chance), case.keys), case.sealing
        elif kind == 3:
            yield forge_near(case, chance), case.sealing
        else:
            yield value, other_sealing(case, chance.choice(cases), chance)


def test_random_changes(node: Oracle, random_cases: list[Case]) -> None:
    """Both open or both refuse each changed cookie, except for the known differences."""
    values, sealings = zip(*random_changes(random_cases), strict=True)

    verdicts = compare(node, values, sealings)

    assert verdicts["opened by both"] > FUZZ / 10
    assert verdicts["refused by both"] > FUZZ / 10


@pytest.mark.parametrize("sealed_by", PAIRS, ids="-".join)
def test_opened_with_other_algorithms(node: Oracle, sealed_by: tuple[str, str]) -> None:
    """With the same key bytes, no pair of algorithms opens another pair's cookies."""
    encryption, signature, iv = bytes(range(32)), bytes(range(100, 200)), bytes(16)

    def keys(cipher: str, mac: str) -> Keys:
        return Keys(encryption[: CIPHERS[cipher]], signature, cipher, mac)

    value = seal({"message": "hi"}, keys(*sealed_by), iv=iv)
    sealings = [Sealing("session", keys(*pair)) for pair in PAIRS]

    verdicts = compare(node, [value] * len(PAIRS), sealings)

    assert verdicts == {"opened by both": 1, "refused by both": len(PAIRS) - 1}
    assert isinstance(open_here(value, Sealing("session", keys(*sealed_by))), Unsealed)


# Changed cookies: see mutants.py.


@pytest.fixture(scope="module")
def outside(node: Oracle) -> list[str]:
    return list(outsiders(originals(node), MUTATIONS))


@pytest.fixture(scope="module")
def inside(node: Oracle) -> list[str]:
    return list(insiders(originals(node), MUTATIONS))


def test_changed_by_an_outsider(node: Oracle, outside: list[str]) -> None:
    """A changed cookie opens here if and only if it opens in Node."""
    verdicts = compare(node, outside)

    assert verdicts.keys() == {"opened by both", "refused by both"}
    assert min(verdicts.values()) > MUTATIONS / 10


def test_forged_by_an_insider(node: Oracle, inside: list[str]) -> None:
    """A cookie with a valid MAC opens only in Node for one of four known reasons."""
    verdicts = compare(node, inside)

    assert len(verdicts) == 6
    assert verdicts["opened by both"] > MUTATIONS / 10


# The values that a Cookie header can contain.
HEADER = re.compile("[\t\x20-\x3a\x3c-\x7e\x80-\xff]*")


def test_changed_in_a_request(
    app: Flask,
    clock: Clock,
    outside: list[str],
    inside: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No cookie causes an error, and the page shows the message of valid sessions only."""
    caplog.set_level(logging.WARNING, "lesson_app")
    environ = EnvironBuilder("/session-test-read").get_environ()
    shown: Counter[bool] = Counter()

    for value in filter(HEADER.fullmatch, outside + inside):
        environ["HTTP_COOKIE"] = f"session={value}"
        body, status, _ = run_wsgi_app(app, environ.copy())

        opened, message = open_here(value), "undefined"
        if isinstance(opened, Unsealed) and is_valid(opened, now(clock)):
            message = opened.content.get("message", message)
        text = f"session message: {escape(message)}"
        assert (value, status, b"".join(body).decode()) == (value, "200 OK", text)
        shown[message != "undefined"] += 1

    logger.info("a message shown in requests: %s", dict(shown))
    assert min(shown[True], shown[False]) > MUTATIONS / 20


def test_changed_on_the_wire(visitor: Visitor, outside: list[str]) -> None:
    """Over HTTP both show the same session, and only Node replaces what does not open."""
    visitor.browser.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    seen: dict[str, list[tuple[int, str, int]]] = {"express": [], "lesson_app": []}
    bad = []

    for value in list(filter(HEADER.fullmatch, outside))[:200]:
        visitor.browser.headers["Cookie"] = f"session={value}"
        for server, answers in seen.items():
            answer = visitor.get(server, "/test/read")
            answers.append((answer.status_code, answer.text, len(received(answer))))
        bad.append(isinstance(open_here(value), BadCookie))

    both = zip(seen["express"], bad, strict=True)
    assert seen["lesson_app"] == [
        (status, text, 0 if is_bad else cookies) for (status, text, cookies), is_bad in both
    ]
