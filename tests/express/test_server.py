"""Compare the lesson's application with the one on Express and Mozilla's library."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from flask import Flask
from markupsafe import escape
from werkzeug.middleware.proxy_fix import ProxyFix

from lesson_app import ClientSessions, Unsealed, seal, unseal
from lesson_app.app import PAGE_OPTIONS, PAGE_SECRET
from lesson_app.lab import Clock
from tests.express.mutants import KEYS
from tests.express.pages import expected, shown
from tests.express.peer import (
    BOTH_WAYS,
    Express,
    Sealing,
    Visitor,
    add_test_routes,
    express,
    hops,
    now,
    received,
    visit,
)


@pytest.fixture(scope="module")
def node() -> Iterator[Express]:
    with express() as running:
        yield running


@pytest.fixture(scope="module")
def express_url(node: Express) -> str:
    return node.serve()


@pytest.fixture
def visitor(express_url: str, app: Flask, clock: Clock) -> Iterator[Visitor]:
    """A visitor of the page's application on both servers."""
    add_test_routes(app)
    with visit(express_url, app, clock) as visitor:
        yield visitor


@BOTH_WAYS
def test_logged_in_on_one(visitor: Visitor, one: str, other: str) -> None:
    """A visitor who logs in on one server sees the dashboard of the other."""
    visitor.log_in(one)

    dashboard = visitor.get(other, "/dashboard")

    assert dashboard.url == visitor.urls[other] + "/dashboard"
    assert "email: sampleuser@example.com" in dashboard.text


@BOTH_WAYS
def test_message_left_on_one(visitor: Visitor, one: str, other: str) -> None:
    """One server reads a message that the other stored."""
    visitor.get(one, "/session-test-add", message="Hello Wörld! \U0001f600")

    read = visitor.get(other, "/session-test-read")

    assert read.text == "session message: Hello Wörld! \U0001f600"


@BOTH_WAYS
def test_logged_out_on_one(visitor: Visitor, one: str, other: str) -> None:
    """A visitor who logs out on one server is logged out on the other."""
    visitor.log_in(other)
    visitor.get(one, "/logout")

    dashboard = visitor.get(other, "/dashboard")

    assert dashboard.url == visitor.urls[other] + "/login"


HI = '{"message":"hi"}'
#: Steps: seconds to wait, the request, the response, and for each cookie set its created_at,
#: duration and Expires, in seconds since the start.
STEPS: list[tuple[int, str, str, list[tuple[float, float, float]]]] = [
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
def test_same_lifetime(visitor: Visitor, servers: list[str]) -> None:
    """A session has the same times on either server, and with both in turn."""
    start = now(visitor.clock)
    seen = []
    for (seconds, path, *_), server in zip(STEPS, itertools.cycle(servers), strict=False):
        visitor.wait(seconds)
        response = visitor.get(server, path)
        cookies = []
        for cookie in received(response):
            opened = unseal(cookie.value, KEYS)
            expires = parsedate_to_datetime(cookie.attributes["expires"]).timestamp()
            times = opened.created_at - start, opened.duration, expires * 1000 - start
            cookies.append(tuple(ms / 1000 for ms in times))
        seen.append((seconds, path, response.text, cookies))

    assert seen == STEPS


def test_set_cookie(visitor: Visitor) -> None:
    """Both set one cookie, with the same name, attributes and times."""
    (theirs,) = received(visitor.get("express", "/session-test-add", message="hi"))
    visitor.forget()

    (ours,) = received(visitor.get("lesson_app", "/session-test-add", message="hi"))

    assert (ours.name, ours.attributes) == (theirs.name, theirs.attributes)
    assert ours.attributes.keys() == {"path", "expires", "httponly"}
    assert unseal(ours.value, KEYS) == unseal(theirs.value, KEYS)


@pytest.mark.parametrize("message", ["", "Hello World!", '<b>&amp; "it\'s" é\U0001f600'])
def test_bodies_of_the_session_test(visitor: Visitor, message: str) -> None:
    """Both send the same texts, except that the course page does not escape the message."""
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
    """Both redirect to the same URLs and serve the same pages, with the named changes."""
    theirs = visit(visitor, "express")
    visitor.forget()

    ours = visit(visitor, "lesson_app")

    assert hops(ours) == hops(theirs)
    assert shown(ours.text) == expected(theirs.text)


def test_dashboard_escapes_names(visitor: Visitor) -> None:
    """EJS and Jinja escape the same characters in the same way."""
    user = {"userName": "<b>&amp;\"'`\u2028", "email": "é@\U0001f600.example"}
    cookie = seal({"user": user}, KEYS, created_at=now(visitor.clock))
    visitor.browser.cookies.set("session", cookie, domain="127.0.0.1")

    theirs = visitor.get("express", "/dashboard")
    ours = visitor.get("lesson_app", "/dashboard")

    assert "&lt;b&gt;&amp;amp;&#34;&#39;`" in ours.text
    assert shown(ours.text) == expected(theirs.text)


# Options: new secrets, lifetimes, and the cookie's attributes.

OLD, NEW = "kXn2SQx3cGhbO1vLw9Rr5TzA", "Yd7mPq0fWuJt4EsVi6HcBo8N"


@pytest.fixture
def meet(node: Express, clock: Clock) -> Iterator[Callable[..., Visitor]]:
    """Return a function that makes a visitor of Express and of an app with given options."""
    with ExitStack() as stack:

        def make(theirs: Sealing, **ours: Any) -> Visitor:
            app = Flask(__name__)
            ClientSessions(app, clock=clock, **{**PAGE_OPTIONS, "secret": PAGE_SECRET, **ours})
            app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]  # as documented
            add_test_routes(app)
            return stack.enter_context(visit(node.serve(theirs), app, clock))

        yield make


def keep_jar(visitor: Visitor, before: Visitor) -> None:
    visitor.browser.cookies.update(before.browser.cookies)


def test_new_secret(meet: Callable[..., Visitor]) -> None:
    """Replace a secret in this order, and no visitor of either server loses a session.

    First our servers also open with the new secret, but seal with the old one. Then Node
    changes to the new secret, and our servers seal with it: they seal old cookies again.
    """
    before = meet(Sealing(keys=OLD), secret=[OLD])
    before.get("express", "/test/write", message="hi")
    opens_both = meet(Sealing(keys=OLD), secret=[OLD, NEW])
    keep_jar(opens_both, before)
    assert opens_both.get("lesson_app", "/test/write", a="1").text == '{"message":"hi","a":"1"}'
    assert opens_both.get("express", "/test/read").text == '{"message":"hi","a":"1"}'

    after = meet(Sealing(keys=NEW), secret=[NEW, OLD])
    keep_jar(after, opens_both)
    response = after.get("lesson_app", "/test/read")

    assert (response.text, len(received(response))) == ('{"message":"hi","a":"1"}', 1)
    assert after.get("express", "/test/read").text == '{"message":"hi","a":"1"}'
    only_new = meet(Sealing(keys=NEW), secret=NEW)
    keep_jar(only_new, after)
    assert only_new.get("lesson_app", "/test/read").text == '{"message":"hi","a":"1"}'


def test_new_secret_too_early(meet: Callable[..., Visitor]) -> None:
    """If our servers seal with the new secret too early, Node loses the session."""
    visitor = meet(Sealing(keys=OLD), secret=[NEW, OLD])
    visitor.get("express", "/test/write", message="hi")

    assert visitor.get("lesson_app", "/test/read").text == HI
    assert visitor.get("express", "/test/read").text == "{}"


def test_node_changes_over_first(meet: Callable[..., Visitor]) -> None:
    """Our servers open cookies of the new secret before they seal with it themselves."""
    visitor = meet(Sealing(keys=NEW), secret=[OLD, NEW])
    visitor.get("express", "/test/write", message="hi")

    assert visitor.get("lesson_app", "/test/read").text == HI


@BOTH_WAYS
def test_max_lifetime(meet: Callable[..., Visitor], one: str, other: str) -> None:
    """A session that Node extends and changes still expires here after `max_lifetime`."""
    visitor = meet(Sealing(), max_lifetime=timedelta(minutes=5))
    start, ids = now(visitor.clock), set()
    visitor.get(one, "/test/basket")
    visitor.get("lesson_app", "/test/read")  # adds the marks if Node began the session
    for minute in range(1, 5):
        visitor.wait(61)
        changed = visitor.get("express", "/test/nested", item="tea").json()
        ids.add(changed.pop("_sid"))
        assert changed == {"basket": {"items": ["tea"] * minute}, "_born": start}
        opened = unseal(visitor.browser.cookies["session"], KEYS)
        assert (opened.created_at - start, opened.duration) == (minute * 60_000, 120_000)
    visitor.wait(56)

    assert len(ids) == 1
    assert visitor.get("lesson_app", "/test/read").json() == {"basket": {"items": ["tea"] * 4}}
    visitor.wait(1)
    assert visitor.get("express", "/test/read").json()["_born"] == start
    assert visitor.get("lesson_app", "/test/read").json() == {}


def test_reset_in_node_begins_a_lifetime(meet: Callable[..., Visitor]) -> None:
    """A reset in Node removes the marks, and the next session gets new ones."""
    visitor = meet(Sealing(), max_lifetime=timedelta(minutes=5))
    visitor.get("lesson_app", "/test/write", message="hi")
    visitor.wait(100)
    visitor.get("express", "/test/reset")
    visitor.get("express", "/test/write", message="hi")

    assert visitor.get("lesson_app", "/test/read").text == HI
    born = visitor.get("express", "/test/read").json()["_born"]
    assert born == now(visitor.clock)


#: Our options, and the same options of Mozilla's library.
COOKIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "max age": ({"max_age": timedelta(days=2)}, {"maxAge": 172_800_000}),
    "ephemeral": ({"ephemeral": True}, {"ephemeral": True}),
    "path": ({"path": "/test"}, {"path": "/test"}),
    "domain": ({"domain": "example.com"}, {"domain": "example.com"}),
    "lax": ({"samesite": "Lax"}, {"sameSite": "lax"}),
    "strict": ({"samesite": "Strict"}, {"sameSite": True}),
    "for scripts": ({"httponly": False}, {"httpOnly": False}),
    "secure": ({"secure": True}, {"secure": True}),
    "several": (
        {"ephemeral": True, "path": "/test", "samesite": "Strict", "secure": True},
        {"ephemeral": True, "path": "/test", "sameSite": "Strict", "secure": True},
    ),
}


def meanings(response: requests.Response) -> list[tuple[str, dict[str, str], Unsealed]]:
    """Return the cookies as a browser reads them, ignoring the case of attributes."""
    return [
        (
            cookie.name,
            {key: text.lower() for key, text in cookie.attributes.items()},
            unseal(cookie.value, KEYS),
        )
        for cookie in received(response)
    ]


@pytest.mark.parametrize(("ours", "theirs"), COOKIES.values(), ids=COOKIES)
def test_attributes(
    meet: Callable[..., Visitor], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """The same options give the same attributes, at any fraction of a second."""
    visitor = meet(Sealing(more={"cookie": theirs}), **ours)
    # Node refuses to send a Secure cookie over plain HTTP.
    visitor.browser.headers["X-Forwarded-Proto"] = "https" if "secure" in ours else "http"
    for _ in range(4):
        visitor.wait(0.4)
        sent = []
        for server in visitor.urls:
            visitor.forget()
            sent.append(meanings(visitor.get(server, "/test/write", message="hi")))

        assert len(sent[0]) == 1
        assert sent[0] == sent[1]


@pytest.mark.parametrize("ephemeral", [{}, {"ephemeral": "yes"}, {"ephemeral": "no"}], ids=str)
def test_duration_of_a_session(meet: Callable[..., Visitor], ephemeral: dict[str, str]) -> None:
    """`set_duration` gives the same times and Expires; ours remembers its second argument."""
    visitor = meet(Sealing())
    sent = []
    for server in visitor.urls:
        visitor.forget()
        visitor.get(server, "/test/write", message="hi")
        sent.append(meanings(visitor.get(server, "/test/duration", ms="5500", **ephemeral)))

    [[theirs], [ours]] = sent
    assert ours[:2] == theirs[:2]
    assert replace(ours[2], content=theirs[2].content) == theirs[2]
    if ephemeral:
        remembered = {"_permanent": ephemeral["ephemeral"] == "no"}
        assert ours[2].content == theirs[2].content | remembered
    assert ("expires" in theirs[1]) == (ephemeral != {"ephemeral": "yes"})


def test_ephemeral_once(meet: Callable[..., Visitor]) -> None:
    """A known difference: in Node, `ephemeral` for one visitor then applies to all."""
    visitor = meet(Sealing())
    expires = {}
    for server in visitor.urls:
        visitor.get(server, "/test/duration", ms="5000", ephemeral="yes")
        visitor.forget()
        (cookie,) = received(visitor.get(server, "/test/write", message="hi"))
        expires[server] = "expires" in cookie.attributes

    assert expires == {"express": False, "lesson_app": True}
