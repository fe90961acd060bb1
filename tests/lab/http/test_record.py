"""The record of a visitor: each exchange in order, with the cookies known before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Flask, Response, redirect, request, request_finished

from lesson_app.lab import Server, ViewError
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


def test_exchanges_of_any_response(site: Server) -> None:
    """A response without a record is read by itself."""
    client = requests.Session()
    client.trust_env = False

    first, second = exchanges_of(client.get(f"{site.url}/away?value=x"))

    assert first.before == {}
    assert second.before == {"seen": "x", "other": "1"}


def test_pair_of_a_line() -> None:
    """The pair of a Set-Cookie line is read without its attributes and its spaces."""
    assert pair_of("a = 1 ; Path=/; HttpOnly") == ("a", "1")
