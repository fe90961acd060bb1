"""Chromium judges the lines of two tables, and the library's rules must say the same."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, BrowserContext, Page, Route

from lesson_app._engine.attributes import Attributes, check_cookie, check_path
from lesson_app._engine.headers import cookie_line
from lesson_app.lab import Server, browser_keeps
from tests.browser.jupyterlab import CHROMIUM_FLAGS, MS
from tests.lab.http.cookie_rows import ROWS
from tests.plugin import require_tool

pytestmark = pytest.mark.proof


def test_every_row(browser: Browser) -> None:
    """Chromium keeps the cookies that the function says it keeps, and no others."""
    context = browser.new_context()
    page = context.new_page()
    line = ""

    def answer(route: Route) -> None:
        route.fulfill(body="a page", headers={"Set-Cookie": line})

    page.route("**", answer)
    kept = {}
    for number, row in enumerate(ROWS):
        context.clear_cookies()
        line = row.line
        page.goto(row.url)
        kept[number, line[:80]] = bool(context.cookies())
    context.close()

    ours = [browser_keeps(row.line, row.url).kept for row in ROWS]
    assert kept == dict(zip(kept, ours, strict=True))
    assert set(ours) == {True, False}


# The settings of the session's cookie

PAGE = "/shop/cart/pay"
SITE = "www.example.com"
#: Chromium accepts Secure from this host without TLS.
LOCAL = "b.a.localhost"
PLAIN = Attributes("session", "/", None, False, True, None, False)


class Visitor:
    """A Chromium for which each host name is the test's server."""

    def __init__(self, context: BrowserContext, page: Page, port: int) -> None:
        self._context, self._page, self._port = context, page, port
        self.line = ""
        self.sent = ""

    def visit(self, host: str, path: str = PAGE, line: str = "") -> list[Any]:
        """Visit a page that sends `line`; return the cookies that Chromium then has."""
        self.line = line
        self._page.goto(f"http://{host}:{self._port}{path}")
        return list(self._context.cookies())

    def keep(self, cookie: Attributes, host: str) -> Attributes | None:
        """Return what Chromium keeps of a cookie from a page of `host`."""
        self._context.clear_cookies()
        kept = self.visit(host, line=_line(cookie))
        if not kept:
            return None
        [got] = kept
        return Attributes(
            name=got["name"],
            path=got["path"],
            # A leading dot means that other hosts get the cookie too.
            domain=got["domain"] if got["domain"].startswith(".") else None,
            secure=got["secure"],
            httponly=got["httpOnly"],
            samesite=got["sameSite"],
            partitioned="partitionKey" in got,
        )


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Visitor]:
    app = Flask(__name__)

    @app.route("/<path:path>")
    def page(path: str) -> Response:
        response = Response("a page")
        if path != "favicon.ico":
            only.sent = request.headers.get("Cookie", "")
            if only.line:
                response.headers["Set-Cookie"] = only.line
        return response

    with Server(app) as server:
        chromium = browser.browser_type.launch(
            executable_path=require_tool("chromium"),
            args=[*CHROMIUM_FLAGS, "--host-resolver-rules=MAP * 127.0.0.1"],
            timeout=MS,
        )
        context = chromium.new_context()
        context.set_default_timeout(MS)
        only = Visitor(context, context.new_page(), urlsplit(server.url).port or 0)
        yield only
        chromium.close()


def _line(cookie: Attributes) -> str:
    return cookie_line(value="1", expires=None, **cookie._asdict())


def is_accepted(cookie: Attributes) -> bool:
    with suppress(TypeError, ValueError):
        check_cookie(cookie)
        return True
    return False


def as_asked(cookie: Attributes) -> Attributes:
    """Return what Chromium must keep to honour each attribute."""
    domain = (cookie.domain or "").removeprefix(".").lower().encode("idna").decode()
    return cookie._replace(
        domain=f".{domain}" if domain else None,
        secure=cookie.secure is True or cookie.partitioned is True,
        httponly=cookie.httponly is True,
        samesite=(cookie.samesite or "Lax").title(),  # Chromium's default
        partitioned=cookie.partitioned is True,
    )


LONG = "a" * 63
#: An attribute, its value, the host of the page, and whether Chromium honours the value.
SETTINGS: list[tuple[str, Any, str, bool]] = [
    ("domain", None, SITE, True),
    ("domain", "", SITE, True),
    ("domain", "example.com", SITE, True),
    ("domain", ".Example.com", SITE, True),
    ("domain", "www.example.com", SITE, True),
    ("domain", "b_c.example.com", "a.b_c.example.com", True),
    ("domain", f"{LONG}.example.com", f"a.{LONG}.example.com", True),
    ("domain", "x.intranet", "x.intranet", True),
    ("domain", "a.localhost", LOCAL, True),
    ("domain", "b\u00fccher.example", "www.b\u00fccher.example", True),
    ("domain", "xn--bcher-kva.example", "www.b\u00fccher.example", True),
    ("domain", "stra\u00dfe.example", "www.stra\u00dfe.example", False),
    ("domain", "http://example.com", SITE, False),
    ("domain", "*.example.com", SITE, False),
    ("domain", "example.com/", SITE, False),
    ("domain", "example.com.", SITE, False),
    ("domain", "127.0.0.1", "127.0.0.1", False),
    ("domain", "localhost", "localhost", False),
    ("domain", "LOCALHOST", "app.localhost", False),
    ("domain", "intranet", "intranet", False),
    ("domain", "com", SITE, False),
    ("domain", "False", SITE, False),
    ("path", "/", SITE, True),
    ("path", "/shop", SITE, True),
    ("path", "/shop/", SITE, True),
    ("path", "/other", SITE, True),
    ("path", "/%C3%A9%20b", SITE, True),
    ("path", "", SITE, False),
    ("path", "shop", SITE, False),
    ("path", "*", SITE, False),
    ("path", "http://www.example.com/shop", SITE, False),
    ("secure", True, LOCAL, True),
    ("secure", "False", LOCAL, False),
    ("secure", "no", LOCAL, False),
    ("secure", 0, LOCAL, False),
    ("httponly", False, LOCAL, True),
    ("httponly", "False", LOCAL, False),
    ("partitioned", True, LOCAL, True),
    ("partitioned", "False", LOCAL, False),
    ("samesite", "Strict", SITE, True),
    ("samesite", "lax", SITE, True),
    ("samesite", "None", SITE, False),
]
CASES = {
    f"{attribute}={value}": (PLAIN._replace(**{attribute: value}), host, honoured)
    for attribute, value, host, honoured in SETTINGS
} | {
    f"none-{flag}": (PLAIN._replace(samesite="none", **{flag: True}), LOCAL, True)
    for flag in ("secure", "partitioned")
}


@pytest.mark.parametrize(("cookie", "host", "honoured"), CASES.values(), ids=CASES)
def test_setting(visitor: Visitor, cookie: Attributes, host: str, honoured: bool) -> None:
    """The library accepts a setting if Chromium keeps the cookie as asked; no other."""
    kept = visitor.keep(cookie, host)

    assert (kept == as_asked(cookie)) is honoured, kept
    assert is_accepted(cookie) is honoured


NAMES = ["__Secure-s", "__Host-s", "__Http-s", "__Host-Http-s", "__hOST-hTTP-s", "__Http", "s"]


@pytest.mark.parametrize("name", NAMES)
def test_prefix(visitor: Visitor, name: str) -> None:
    """The library refuses a prefixed name with the attributes that Chromium refuses."""
    both = [True, False]
    kept, accepted = {}, {}
    for secure, httponly, path, domain in product(both, both, ["/", "/a"], [None, LOCAL]):
        cookie = Attributes(name, path, domain, secure, httponly, None, False)
        kept[cookie] = visitor.keep(cookie, LOCAL) is not None
        accepted[cookie] = is_accepted(cookie)

    assert accepted == kept
    assert any(kept.values())


def test_characters_in_a_path(visitor: Visitor) -> None:
    """Chromium sends the cookie to each path that the library accepts.

    It would also send it to a path with spaces, which the library asks to write as %20.
    """
    refused = set()
    for character in [*string.punctuation, " ", "\xe9", "\U0001f36a"]:
        path = f"/a{character}b"
        visitor.keep(PLAIN._replace(path=path), SITE)
        visitor.visit(SITE, f"{path}/c")
        try:
            check_path("path", path)
        except ValueError:
            refused.add(character)
            assert character == " " or visitor.sent == ""
        else:
            assert visitor.sent == "session=1"

    assert refused == set(" #;?[\\]")


def test_domain_with_a_port(visitor: Visitor) -> None:
    """The library refuses a port, which a Domain cannot have; Werkzeug would cut it off."""
    cookie = PLAIN._replace(domain="example.com:5000")

    assert visitor.keep(cookie, SITE) == as_asked(PLAIN._replace(domain="example.com"))
    assert not is_accepted(cookie)


@pytest.mark.parametrize("domain", ["co.uk", "github.io", "example.org"])
def test_not_detected(visitor: Visitor, domain: str) -> None:
    """Only a browser can judge a public suffix with a dot, or a Domain of another site."""
    cookie = PLAIN._replace(domain=domain)

    assert visitor.keep(cookie, f"www.{domain}" if domain != "example.org" else SITE) is None
    assert is_accepted(cookie)
