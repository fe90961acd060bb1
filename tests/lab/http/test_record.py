"""The record of a visitor: each exchange in order, with the cookies known before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Flask, Response, redirect, request, request_finished

from lesson_app.lab import Server, ViewError, Visitor, show
from lesson_app.lab.http.record import exchanges_of, pair_of, seen_by_app


@pytest.fixture
def site() -> Iterator[Server]:
    """An app that sets cookies with a redirect, and fails on request."""
    app = Flask("site")

    @app.get("/away")
    def away() -> Response:
        answer = redirect("/home?a=b", code=302)
        answer.set_cookie("seen", request.args["value"])
        answer.set_cookie("other", "1")
        return app.make_response(answer)

    app.add_url_rule("/home", view_func=lambda: "home", endpoint="home")
    app.add_url_rule("/fail", view_func=lambda: str(1 // 0), endpoint="fail")
    with Server(app) as server:
        yield server


def test_exchanges(site: Server) -> None:
    """A request with a redirect is two exchanges, in order."""
    browser = site.browser()

    browser.get(f"{site.url}/away?value=x")

    first, second = browser.record.exchanges
    assert (first.method, first.path_url, first.cookie) == ("GET", "/away?value=x", None)
    assert (first.status, first.location) == ("302 FOUND", "/home?a=b")
    assert first.set_cookies == ("seen=x; Path=/", "other=1; Path=/")
    assert (second.path_url, second.status) == ("/home?a=b", "200 OK")
    assert second.cookie == "seen=x; other=1"
    assert first.number < second.number
    assert first.host == second.host == site.url.removeprefix("http://")


def test_before_and_after(site: Server) -> None:
    """Each exchange knows the cookies that the one before it left."""
    browser = site.browser()
    browser.get(f"{site.url}/away?value=x")

    browser.get(f"{site.url}/home", headers={"Cookie": "seen=forged"})

    first, second, third = browser.record.exchanges
    assert first.before == {}
    assert second.before == first.after == {"seen": "x", "other": "1"}
    assert third.before == {"seen": "x", "other": "1"}
    assert third.after == {"seen": "forged", "other": "1"}


def test_errors_are_kept(site: Server) -> None:
    """An exchange that ends in an error is recorded, with the traceback."""
    browser = site.browser()

    with pytest.raises(ViewError):
        browser.get(f"{site.url}/fail")

    [exchange] = browser.record.exchanges
    assert exchange.status == "500 INTERNAL SERVER ERROR"
    assert exchange.body.endswith("ZeroDivisionError: integer division or modulo by zero")


def test_the_oldest_are_dropped(site: Server) -> None:
    """A record keeps the last two hundred exchanges."""
    browser = site.browser()
    response = browser.get(f"{site.url}/home")
    for _ in range(250):
        browser.record.keep(response)
    browser.get(f"{site.url}/home?last")

    exchanges = browser.record.exchanges

    assert len(exchanges) == 200
    assert exchanges[-1].path_url == "/home?last"


def test_visitors_have_records_of_their_own(site: Server) -> None:
    """Each visitor has its own record."""
    one, other = site.browser(), site.browser()

    one.get(f"{site.url}/home")

    assert len(one.record.exchanges) == 1
    assert not other.record.exchanges


def test_exchanges_of_a_recorded_response(site: Server) -> None:
    """A response leads back to the exchanges of the record."""
    browser = site.browser()

    response = browser.get(f"{site.url}/away?value=x")

    assert exchanges_of(response) == tuple(browser.record.exchanges)
    assert exchanges_of(response)[0] is browser.record.exchanges[0]


def test_both_ends_see_the_same(site: Server) -> None:
    """The app's side records the same exchange as the visitor's, path and cookies included."""
    seen = []

    def note(app: Flask, *, response: Response, **_: Any) -> None:
        seen.append(seen_by_app(request, response))

    client = site.browser()
    with request_finished.connected_to(note, site._app):
        client.get(f"{site.url}/away?value=\u00e4 b", headers={"Cookie": "a=1; b"})
        client.get(f"{site.url}/n\u00e9%3F", allow_redirects=False)

    away, _, nowhere = seen
    assert (away.path, away.sent) == ("/away", (("a", "1"),))
    assert away.received == (("seen", '"\\303\\244 b"'), ("other", "1"))
    assert (nowhere.path, nowhere.status) == ("/n\u00e9?", "404 NOT FOUND")
    for ours, theirs in zip(seen, client.record.exchanges, strict=True):
        assert ours == replace(theirs, before={}, number=ours.number)


def test_the_app_records_a_host_that_it_does_not_trust(site: Server) -> None:
    """A request to a host that the app refuses is recorded too."""
    seen = []

    def note(app: Flask, *, response: Response, **_: Any) -> None:
        seen.append(seen_by_app(request, response))

    site._app.config["TRUSTED_HOSTS"] = ["shop.example"]
    with request_finished.connected_to(note, site._app):
        site.browser().get(f"{site.url}/home", headers={"Host": "evil.example"})

    [exchange] = seen
    assert (exchange.host, exchange.status) == ("evil.example", "400 BAD REQUEST")


def test_exchanges_of_any_response(site: Server) -> None:
    """A response without a record is read by itself."""
    client = requests.Session()
    client.trust_env = False

    first, second = exchanges_of(client.get(f"{site.url}/away?value=x"))

    assert first.before == {}
    assert second.before == {"seen": "x", "other": "1"}


ODD_SENT: dict[str, Any] = {
    "bytes": b"session=abc; theme=dark",
    "bytes of another encoding": "session=\u00e9".encode(),
    "bytes that are no text": b"session=\xff\xfe",
    "None": None,
    "empty": "",
    "latin-1": "session=\u00e9",
    "no equals sign": "session",
    "bytes without an equals sign": b"\xff",
    "only separators": "; ;=;",
    "control characters": b"session=\x01\x1b[31m",
    "one character for each field": "session=a.b.1.2.c",
    "a time without an end": f"session=a.b.{'9' * 16}.{'9' * 16}.c",
}


@pytest.mark.parametrize("sent", ODD_SENT.values(), ids=ODD_SENT)
def test_an_odd_cookie_breaks_no_record(site: Server, sent: Any) -> None:
    """Whatever Cookie a visitor sends, its record, its views and its next request work."""
    browser = site.browser()

    response = browser.get(f"{site.url}/home", headers={"Cookie": sent})
    after = browser.get(f"{site.url}/home?next")

    assert [each.path_url for each in browser.record.exchanges] == ["/home", "/home?next"]
    for each in (response, after):
        assert "> GET /home" in repr(show(each))
        assert "<table" in show(each)._repr_html_()
    diagram = browser.diagram()
    assert "GET /home?next" in repr(diagram)
    assert "GET /home" in diagram.mermaid
    assert "GET /home" in diagram.alt


def test_a_cookie_of_bytes(site: Server) -> None:
    """A Cookie header of bytes is recorded as the text that went over the wire."""
    browser = site.browser()

    browser.get(f"{site.url}/home", headers={"Cookie": b"session=\xe9; theme=dark"})

    [exchange] = browser.record.exchanges
    assert exchange.cookie == "session=\u00e9; theme=dark"
    assert exchange.sent == (("session", "\u00e9"), ("theme", "dark"))
    assert exchange.after == {"session": "\u00e9", "theme": "dark"}


def test_a_cookie_without_a_name_is_drawn(site: Server) -> None:
    """A Cookie header without an equals sign is drawn as it was sent."""
    browser = site.browser()

    browser.get(f"{site.url}/home", headers={"Cookie": "session"})

    assert "Cookie: session" in browser.diagram().alt


ODD_SET = [
    "",
    "=",
    ";",
    "flag",
    "=value",
    "; Path=/",
    "a=\u00e9",
    "\x01\x1b[31m=\x7f",
    "a=b.c.1.2.d",
]


def test_odd_cookies_that_are_set() -> None:
    """Set-Cookie lines without a name or a value are recorded, and sent back as usual."""
    app = Flask("odd")
    app.add_url_rule(
        "/", view_func=lambda: Response("", headers=[("Set-Cookie", line) for line in ODD_SET])
    )
    with Server(app) as server:
        browser = server.browser()
        responses = [browser.get(server.url) for _ in range(2)]

    for exchange in browser.record.exchanges:
        assert len(exchange.received) == len(ODD_SET)
    assert exchange.received[3:5] == (("flag", ""), ("", "value"))
    assert all(show(each)._repr_html_() and repr(show(each)) for each in responses)
    assert browser.diagram().mermaid
    assert repr(browser.diagram())


@pytest.mark.parametrize("charset", ["idna", "undefined", "hex", "no-such", "\x01"])
def test_an_error_in_an_odd_charset(charset: str) -> None:
    """The text of an error is kept, whatever charset its response names."""
    app = Flask("odd")
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    app.add_url_rule("/", view_func=lambda: (b"lost \xff.", 500, headers))
    with Server(app) as server:
        browser = server.browser()
        browser.get(server.url)

    [exchange] = browser.record.exchanges
    assert exchange.body.startswith("lost ")


def test_an_error_that_cannot_be_read() -> None:
    """An error whose body does not decompress is recorded without a body."""
    app = Flask("broken")
    headers = {"Content-Encoding": "gzip"}
    app.add_url_rule("/", view_func=lambda: Response("short", 500, headers))
    with Server(app) as server:
        browser = server.browser()
        browser.get(server.url, stream=True)

    [exchange] = browser.record.exchanges
    assert (exchange.status, exchange.body) == ("500 INTERNAL SERVER ERROR", "")


def test_a_response_made_by_hand() -> None:
    """A response without a request, headers or a status is recorded with what it has."""
    browser = Visitor()

    browser.record.keep(requests.Response())

    [exchange] = browser.record.exchanges
    assert (exchange.path_url, exchange.cookie, exchange.set_cookies) == ("", None, ())
    assert browser.diagram().alt
    assert repr(show(requests.Response()))


def test_pair_of_a_line() -> None:
    """The pair of a Set-Cookie line is read without its attributes and its spaces."""
    assert pair_of("a = 1 ; Path=/; HttpOnly") == ("a", "1")
