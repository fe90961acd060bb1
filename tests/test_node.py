"""The lesson's application beside the real peer: Express with Mozilla's own library."""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import pytest
import requests
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lesson_app import Unsealed, derive_keys, seal, unseal
from lesson_app.app import PAGE_SECRET
from lesson_app.javascript import MAX_SAFE_INTEGER, stringify
from lesson_app.lab import Clock, serve
from tests.mutants import KEYS, alive, compare, insiders, open_here, originals, outsiders
from tests.peer import Oracle, Visitor, add_test_routes, express, hops, now, oracle, received

#: How many changed cookies to try; MUTATIONS=100000 in the environment tries more.
MUTATIONS = int(os.environ.get("MUTATIONS", "5000"))
logger = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def express_url() -> Iterator[str]:
    with express() as url:
        yield url


@pytest.fixture(scope="module")
def node() -> Iterator[Oracle]:
    with oracle() as running:
        yield running


@pytest.fixture
def visitor(express_url: str, app: Flask, clock: Clock) -> Iterator[Visitor]:
    """A visitor of both servers: a cookie belongs to a host, whatever the port."""
    add_test_routes(app)
    with serve(app) as server, server.browser() as browser:
        yield Visitor({"express": express_url, "lesson_app": server.url}, clock, browser)


BOTH_WAYS = pytest.mark.parametrize(
    ("one", "other"),
    [("express", "lesson_app"), ("lesson_app", "express")],
    ids=["from express", "to express"],
)


@BOTH_WAYS
def test_logged_in_on_one(visitor: Visitor, one: str, other: str) -> None:
    """Who has logged in on one server sees the dashboard of the other."""
    visitor.log_in(one)

    dashboard = visitor.get(other, "/dashboard")

    assert dashboard.url == visitor.urls[other] + "/dashboard"
    assert "email: sampleuser@example.com" in dashboard.text


@BOTH_WAYS
def test_message_left_on_one(visitor: Visitor, one: str, other: str) -> None:
    """A message that one server stored is read by the other."""
    visitor.get(one, "/session-test-add", message="Hello Wörld! \U0001f600")

    read = visitor.get(other, "/session-test-read")

    assert read.text == "session message: Hello Wörld! \U0001f600"


@BOTH_WAYS
def test_logged_out_on_one(visitor: Visitor, one: str, other: str) -> None:
    """Who logs out on one server is logged out on the other."""
    visitor.log_in(other)
    visitor.get(one, "/logout")

    dashboard = visitor.get(other, "/dashboard")

    assert dashboard.url == visitor.urls[other] + "/login"


@BOTH_WAYS
def test_changed_deep_inside(visitor: Visitor, one: str, other: str) -> None:
    """A list inside a dict that one server made is changed by the other, and both see it."""
    visitor.get(one, "/test/basket")
    visitor.get(other, "/test/nested", item="tea")

    changed = visitor.get(one, "/test/nested", item="milk")

    assert changed.text == '{"basket":{"items":["tea","milk"]}}'


@BOTH_WAYS
def test_kept_alive_by_the_other(visitor: Visitor, one: str, other: str) -> None:
    """A session that the other server extended outlives its two minutes on the first."""
    visitor.log_in(one)
    visitor.wait(90)
    visitor.get(other, "/dashboard")
    visitor.wait(45)

    dashboard = visitor.get(one, "/dashboard")

    assert dashboard.url == visitor.urls[one] + "/dashboard"


HI = '{"message":"hi"}'
#: Seconds to wait, the request, and what it brings: the session's JSON; and, if a cookie is
#: set, when its life begins, how long it is and what Expires says, in seconds.
LIFE: list[tuple[int, str, str, list[tuple[float, float, float]]]] = [
    (0, "/test/untouched", "untouched", []),
    (0, "/test/read", "{}", []),
    (0, "/test/write?message=hi", HI, [(0, 120, 121)]),
    (30, "/test/read", HI, []),
    (30, "/test/read", HI, []),
    (35, "/test/untouched", "untouched", []),
    (0, "/test/read", HI, [(60, 120, 181)]),
    (0, "/test/write?message=hi", HI, []),
    (0, "/test/basket", '{"message":"hi","basket":{"items":[]}}', [(60, 120, 181)]),
    (0, "/test/nested?item=1", '{"message":"hi","basket":{"items":["1"]}}', [(60, 120, 181)]),
    (0, "/test/reset", "{}", [(95, 120, 216)]),
    (0, "/test/write?b=1&2=1", '{"2":"1","b":"1"}', [(95, 120, 216)]),
    (0, "/test/duration?ms=5000", '{"2":"1","b":"1"}', [(95, 5, 101)]),
    (5, "/test/untouched", "untouched", []),
    (1, "/test/read", "{}", [(101, 120, 222)]),
]


@pytest.mark.parametrize(
    "servers",
    [["express"], ["lesson_app"], ["express", "lesson_app"], ["lesson_app", "express"]],
    ids=" and ".join,
)
def test_one_life(visitor: Visitor, servers: list[str]) -> None:
    """A session lives the same life on either server, and on both by turns."""
    start = now(visitor.clock)
    lived = []
    for (seconds, path, *_), server in zip(LIFE, itertools.cycle(servers), strict=False):
        visitor.wait(seconds)
        response = visitor.get(server, path)
        cookies = []
        for cookie in received(response):
            opened = unseal(cookie.value, KEYS)
            expires = parsedate_to_datetime(cookie.attributes["expires"]).timestamp()
            times = opened.created_at - start, opened.duration, expires * 1000 - start
            cookies.append(tuple(ms / 1000 for ms in times))
        lived.append((seconds, path, response.text, cookies))

    assert lived == LIFE


def test_set_cookie(visitor: Visitor) -> None:
    """Both set one cookie of the same name with the same attributes and dates."""
    (theirs,) = received(visitor.get("express", "/session-test-add", message="hi"))
    visitor.forget()

    (ours,) = received(visitor.get("lesson_app", "/session-test-add", message="hi"))

    assert (ours.name, ours.attributes) == (theirs.name, theirs.attributes)
    assert ours.attributes.keys() == {"path", "expires", "httponly"}
    assert unseal(ours.value, KEYS) == unseal(theirs.value, KEYS)


@pytest.mark.parametrize("message", ["", "Hello World!", '<b>&amp; "it\'s" é\U0001f600'])
def test_bodies_of_the_session_test(visitor: Visitor, message: str) -> None:
    """Both answer alike, but that the page's code writes the message without escaping it."""
    added, read = (
        {server: visitor.get(server, path, message=message).text for server in visitor.urls}
        for path in ("/session-test-add", "/session-test-read")
    )

    assert added["lesson_app"] == added["express"]
    assert read["express"] == f"session message: {message}"
    assert read["lesson_app"] == f"session message: {escape(message)}"


PAGES: dict[str, Callable[[Visitor, str], requests.Response]] = {
    "form": lambda visitor, server: visitor.get(server, "/login"),
    "wrong password": lambda visitor, server: visitor.post(server, "/login", userName="x"),
    "logged in": lambda visitor, server: visitor.log_in(server),
    "not logged in": lambda visitor, server: visitor.get(server, "/dashboard"),
    "no message": lambda visitor, server: visitor.get(server, "/session-test-read"),
    "logged out": lambda visitor, server: visitor.get(server, "/logout"),
}


@pytest.mark.parametrize("visit", PAGES.values(), ids=PAGES)
def test_pages(visitor: Visitor, visit: Callable[[Visitor, str], requests.Response]) -> None:
    """Both redirect alike and serve the same pages, but for white space."""
    theirs = visit(visitor, "express")
    visitor.forget()

    ours = visit(visitor, "lesson_app")

    assert hops(ours) == hops(theirs)
    assert ours.text.split() == theirs.text.split()


def test_dashboard_of_a_mean_name(visitor: Visitor) -> None:
    """EJS and Jinja escape the same characters in the same way."""
    user = {"userName": "<b>&amp;\"'`\u2028", "email": "é@\U0001f600.example"}
    cookie = seal({"user": user}, KEYS, created_at=now(visitor.clock))
    visitor.browser.cookies.set("session", cookie, domain="127.0.0.1")

    theirs = visitor.get("express", "/dashboard")
    ours = visitor.get("lesson_app", "/dashboard")

    assert "&lt;b&gt;&amp;amp;&#34;&#39;`" in ours.text
    assert ours.text.split() == theirs.text.split()


# Sealing, differentially: what lesson_app refuses by design (NaN, Infinity, integers beyond
# 2**53 - 1, depth beyond 100) is left out.

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
@settings(max_examples=200, deadline=None)
def test_any_content(
    node: Oracle,
    content: dict[str, object],
    name: str,
    secret: str,
    created_at: int,
    duration: int,
    iv: bytes,
) -> None:
    """Given the same IV and times, both seal to the same bytes, and both open it."""
    keys = derive_keys(secret)
    times = {"created_at": created_at, "duration": duration}

    ours = seal(content, keys, name=name, iv=iv, **times)

    text = json.dumps(content)
    assert ours == node.encode(text, name=name, secret=secret, iv=iv, **times)
    opened = unseal(ours, keys, name=name)
    assert node.decode([ours], name=name, secret=secret) == [
        (stringify(opened.content), created_at, duration)
    ]
    assert opened.content == json.loads(node.stringify(text), parse_int=float)


# Changed cookies: see mutants.py.


@pytest.fixture(scope="module")
def outside(node: Oracle) -> list[str]:
    return list(outsiders(originals(node), MUTATIONS))


@pytest.fixture(scope="module")
def inside(node: Oracle) -> list[str]:
    return list(insiders(originals(node), MUTATIONS))


def test_changed_by_an_outsider(node: Oracle, outside: list[str]) -> None:
    """Whatever is done to a cookie, it opens here if and only if it opens in Node."""
    verdicts = compare(node, outside)

    assert verdicts.keys() == {"opened by both", "refused by both"}
    assert min(verdicts.values()) > MUTATIONS / 10


def test_forged_by_an_insider(node: Oracle, inside: list[str]) -> None:
    """Even what is signed by the secret opens in Node only for one of four reasons."""
    verdicts = compare(node, inside)

    assert len(verdicts) == 6
    assert verdicts["opened by both"] > MUTATIONS / 10


# What a Cookie header can carry as a value.
HEADER = re.compile("[\t\x20-\x3a\x3c-\x7e\x80-\xff]*")


def test_changed_in_a_request(
    app: Flask,
    clock: Clock,
    outside: list[str],
    inside: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No cookie makes an error; one that opens and is alive shows, and no other does."""
    caplog.set_level(logging.WARNING, "lesson_app")
    environ = EnvironBuilder("/session-test-read").get_environ()
    shown: Counter[bool] = Counter()

    for value in filter(HEADER.fullmatch, outside + inside):
        environ["HTTP_COOKIE"] = f"session={value}"
        body, status, _ = run_wsgi_app(app, environ.copy())

        opened, message = open_here(value), "undefined"
        if isinstance(opened, Unsealed) and alive(opened, now(clock)):
            message = opened.content.get("message", message)
        text = f"session message: {escape(message)}"
        assert (value, status, b"".join(body).decode()) == (value, "200 OK", text)
        shown[message != "undefined"] += 1

    logger.info("a message shown in requests: %s", dict(shown))
    assert min(shown[True], shown[False]) > MUTATIONS / 20


def test_changed_on_the_wire(visitor: Visitor, outside: list[str]) -> None:
    """Over HTTP both show the same session, and both replace a cookie that does not open."""
    visitor.browser.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    seen: dict[str, list[tuple[int, str, int]]] = {"express": [], "lesson_app": []}

    for value in list(filter(HEADER.fullmatch, outside))[:200]:
        visitor.browser.headers["Cookie"] = f"session={value}"
        for server, answers in seen.items():
            answer = visitor.get(server, "/test/read")
            answers.append((answer.status_code, answer.text, len(received(answer))))

    assert seen["lesson_app"] == seen["express"]
