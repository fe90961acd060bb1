"""Share sessions with Mozilla's library: each pair of algorithms, two sessions, names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from urllib.parse import quote

import pytest
from flask import Flask

from lesson_app import ClientSessions, Keys, Unsealed, derive_keys, ensure_login, seal
from lesson_app.app import PAGE_OPTIONS, PAGE_SECRET, dashboard, login, login_form, logout
from lesson_app.cookie import CIPHERS, MACS
from lesson_app.lab import Clock, Server, serve
from tests.express.mutants import open_here
from tests.express.peer import (
    BOTH_WAYS,
    Express,
    Sealing,
    Visitor,
    add_test_routes,
    express,
    now,
    visit,
)
from tests.plugin import some_of

HI = '{"message":"hi"}'
PAIRS = list(itertools.product(CIPHERS, MACS))


def make_keys(cipher: str, mac: str) -> Keys:
    """Make keys for a pair; with aes192 the signature key is longer than necessary."""
    chance = Random(f"{cipher} {mac}")
    longer = 64 if cipher == "aes192" else 0
    signature = chance.randbytes(MACS[mac].min_key + longer)
    return Keys(chance.randbytes(CIPHERS[cipher]), signature, cipher, mac)


def make_app(keys: Keys, clock: Clock) -> Flask:
    """Make the lesson's application with keys instead of a secret."""
    app = Flask("lesson_app")
    ClientSessions(app, keys=keys, clock=clock, **PAGE_OPTIONS)
    app.add_url_rule("/login", view_func=login_form, methods=["GET"])
    app.add_url_rule("/login", view_func=login, methods=["POST"])
    app.add_url_rule("/dashboard", view_func=ensure_login(dashboard))
    app.add_url_rule("/logout", view_func=logout)
    add_test_routes(app)
    return app


@pytest.fixture(scope="module")
def node() -> Iterator[Express]:
    """One Node process for all pairs."""
    with express() as running:
        yield running


#: With --quick, only these pairs, one for each cipher.
FEW = {("aes128", "sha512"), ("aes192", "sha384-drop192"), ("aes256", "sha256")}


@pytest.fixture(
    scope="module",
    params=some_of(PAIRS, *FEW),
    ids="-".join,
)
def sealing(request: pytest.FixtureRequest) -> Sealing:
    return Sealing("session", make_keys(*request.param))


@pytest.fixture(scope="module")
def express_url(node: Express, sealing: Sealing) -> str:
    return node.serve(sealing)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Flask("placeholder")) as server:
        yield server


@pytest.fixture
def visitor(
    express_url: str, server: Server, sealing: Sealing, clock: Clock
) -> Iterator[Visitor]:
    assert isinstance(sealing.keys, Keys)
    server.put(make_app(sealing.keys, clock))
    with server.browser() as browser:
        yield Visitor({"express": express_url, "lesson_app": server.url}, clock, browser)


@BOTH_WAYS
def test_pair(visitor: Visitor, sealing: Sealing, one: str, other: str) -> None:
    """Who logs in on one server is logged in on the other, which changes a list deep inside."""
    visitor.log_in(one)
    visitor.get(one, "/test/basket")
    changed = visitor.get(other, "/test/nested", item="\U0001f600").json()

    assert changed["basket"] == {"items": ["\U0001f600"]}
    assert "email: sampleuser@example.com" in visitor.get(other, "/dashboard").text
    assert visitor.get(one, "/test/read").json() == changed
    assert isinstance(open_here(visitor.browser.cookies["session"], sealing), Unsealed)


def test_other_keys(node: Express, visitor: Visitor) -> None:
    """With other keys neither server opens the cookie, so the flows depend on the keys."""
    stranger = node.serve(Sealing("session", Keys(bytes(32), b"s" * 64)))
    visitor.urls["stranger"] = stranger
    visitor.get("stranger", "/test/write", message="hi")
    kept = visitor.browser.cookies.copy()

    for server in ("express", "lesson_app"):
        visitor.browser.cookies.update(kept)

        assert visitor.get(server, "/test/read").text == "{}"


# Several sessions.

CART_SECRET = "8DkX0bUzIAFb8aJPkx0cQqv6"


@pytest.fixture
def two_sessions(node: Express, clock: Clock) -> Iterator[Visitor]:
    """A visitor of an application with two sessions of different duration."""
    app = Flask(__name__)
    ClientSessions(app, secret=PAGE_SECRET, clock=clock, **PAGE_OPTIONS)
    cart = ClientSessions(
        app,
        secret=CART_SECRET,
        cookie_name="cart",
        duration=timedelta(hours=1),
        active_duration=timedelta(minutes=10),
        clock=clock,
    )
    add_test_routes(app, cart=cart)
    hour = {"duration": 3_600_000, "activeDuration": 600_000}
    url = node.serve(Sealing(), Sealing("cart", CART_SECRET, hour))
    with visit(url, app, clock) as visitor:
        yield visitor


def contents(visitor: Visitor, server: str) -> list[str]:
    return [visitor.get(server, f"/test/{name}/read").text for name in ("session", "cart")]


@BOTH_WAYS
def test_two_sessions(two_sessions: Visitor, one: str, other: str) -> None:
    """Both servers share both sessions, and each expires after its own duration."""
    visitor = two_sessions
    visitor.get(one, "/test/session/write", message="hi")
    visitor.get(one, "/test/cart/basket")
    visitor.get(other, "/test/cart/nested", item="tea")
    expected = [HI, '{"basket":{"items":["tea"]}}']

    assert contents(visitor, one) == expected
    assert contents(visitor, other) == expected
    visitor.wait(121)
    assert contents(visitor, other) == ["{}", expected[1]]
    assert contents(visitor, one) == ["{}", expected[1]]
    visitor.wait(3600)
    assert contents(visitor, one) == ["{}", "{}"]


@BOTH_WAYS
def test_reset_one_of_two(two_sessions: Visitor, one: str, other: str) -> None:
    """A reset of one session on one server does not affect the other session."""
    two_sessions.get(one, "/test/session/write", message="hi")
    two_sessions.get(one, "/test/cart/write", a="1")

    two_sessions.get(other, "/test/session/reset")

    assert contents(two_sessions, one) == ["{}", '{"a":"1"}']


@BOTH_WAYS
@pytest.mark.parametrize("secret", [PAGE_SECRET, CART_SECRET], ids=["one secret", "two"])
def test_values_swapped(node: Express, clock: Clock, one: str, other: str, secret: str) -> None:
    """Both refuse a value under the other cookie's name, with one secret or two."""
    app = Flask(__name__)
    ClientSessions(app, secret=PAGE_SECRET, clock=clock, **PAGE_OPTIONS)
    cart = ClientSessions(app, secret=secret, cookie_name="cart", clock=clock)
    add_test_routes(app, cart=cart)
    with visit(node.serve(Sealing(), Sealing("cart", secret)), app, clock) as visitor:
        visitor.get(one, "/test/session/write", message="hi")
        visitor.get(one, "/test/cart/write", a="1")
        jar = visitor.browser.cookies
        assert contents(visitor, other) == [HI, '{"a":"1"}']

        mine, cart_value = jar["session"], jar["cart"]
        for server in visitor.urls:
            jar.set("session", cart_value, domain="127.0.0.1", path="/")
            jar.set("cart", mine, domain="127.0.0.1", path="/")
            assert contents(visitor, server) == ["{}", "{}"]


@BOTH_WAYS
@pytest.mark.parametrize("name", ["session_state", "!#$%&'*+.^_`|~-0aZ", "a.b", "b"])
def test_name(node: Express, clock: Clock, one: str, other: str, name: str) -> None:
    """Both find the cookie under any valid name, among cookies with similar names."""
    app = Flask(__name__)
    ClientSessions(
        app, secret=PAGE_SECRET, clock=clock, **{**PAGE_OPTIONS, "cookie_name": name}
    )
    add_test_routes(app)
    with visit(node.serve(Sealing(name)), app, clock) as visitor:
        for near in ("aXb", f"x{name}", f"{name}x", name.swapcase()):
            visitor.browser.cookies.set(near, "1.2.3.4.5", domain="127.0.0.1", path="/")
        path = f"/test/{quote(name, safe='')}"

        visitor.get(one, f"{path}/write", message="hi")

        assert visitor.get(other, f"{path}/read").text == HI


@pytest.mark.parametrize("key", ["reset", "destroy", "setDuration", "__proto__"])
def test_key_that_node_ignores(two_sessions: Visitor, key: str) -> None:
    """A known difference: Node's middleware does not read a few special keys."""
    content = {key: {"a": 1}, "message": "hi"}
    value = seal(content, derive_keys(PAGE_SECRET), created_at=now(two_sessions.clock))
    two_sessions.browser.cookies.set("session", value, domain="127.0.0.1", path="/")

    ours, theirs = (two_sessions.get(s, "/test/read").json() for s in ("lesson_app", "express"))

    assert ours == content
    assert theirs == {"message": "hi"}
