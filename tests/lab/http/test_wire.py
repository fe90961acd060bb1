"""What `show` shows: the cookies' headers and each field, as text and as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import requests
from flask import Flask, Response

from lesson_app import create_app
from lesson_app.lab import Clock, Server, seeded_urandom, serve, show

ADDED = """\
> GET /session-test-add?message=hi
  Cookie: none
< 200 OK
  Set-Cookie: session=VhOs….47ue….4102488000000.120000.hzbe…; \
Expires=Fri, 01 Jan 2100 12:02:01 GMT; HttpOnly; Path=/  [new]
    iv          VhOs-gZgkcCryIncdBpGZw  16 bytes, random
    ciphertext  47uevJwGxvvgl9PFKfzjXtkR9VS0G_THtt-kZ-OF0Zk  32 bytes, the session, encrypted
    created_at  4102488000000  2100-01-01 12:00:00.000 UTC
    duration    120000  2 minutes
    mac         hzbenetNN8T4sbUaF8A8P4nU3ZzjsJpGWHizPfT-Uag  32 bytes, \
protects the four fields before it"""
SEALED = "AAAAAAAAAAAAAAAAAAAAAA.AAAA.{}.{}.AAAA"


@pytest.fixture
def site(clock: Clock) -> Iterator[Server]:
    """The lesson's app with seeded random bytes, behind a server."""
    app = create_app(clock=clock, urandom=seeded_urandom(1))

    @app.get("/fail")
    def fail() -> str:
        raise LookupError("<lost & gone>")

    with serve(app) as server:
        yield server


def get(server: Server, path: str) -> requests.Response:
    return server.browser().get(server.url + path)


def exchange(*cookies: str, sent: str | None = None) -> requests.Response:
    """The response of an app that sets these cookies, to a request with a Cookie header."""
    app = Flask("baker")

    @app.get("/")
    def bake() -> Response:
        return Response("", headers=[("Set-Cookie", cookie) for cookie in cookies])

    with serve(app) as server:
        return server.browser().get(server.url, headers={"Cookie": sent})


def lines(response: requests.Response) -> list[str]:
    return repr(show(response)).splitlines()


def test_one_exchange(site: Server) -> None:
    """A request and its response, with the five fields of the cookie."""
    assert repr(show(get(site, "/session-test-add?message=hi"))) == ADDED


def test_redirect(site: Server) -> None:
    """A redirect is an exchange of its own; a cookie's fields are listed once."""
    browser = site.browser()
    form = {"userName": "sampleuser", "password": "samplepassword"}

    shown = repr(show(browser.post(f"{site.url}/login", data=form)))

    first, second = shown.split("\n\n")
    assert re.sub("….*", "", first).splitlines()[:5] == [
        "> POST /login",
        "  Cookie: none",
        "< 302 FOUND",
        "  Location: /dashboard",
        "  Set-Cookie: session=VhOs",
    ]
    assert re.sub("….*", "", second).splitlines() == [
        "> GET /dashboard",
        "  Cookie: session=VhOs",
        "    fields      the same as above",
        "< 200 OK",
        "  Set-Cookie: none",
    ]


def test_each_show_begins_anew(site: Server) -> None:
    """A new call lists the fields of a cookie again."""
    browser = site.browser()
    show(browser.get(f"{site.url}/session-test-add"))

    shown = lines(browser.get(f"{site.url}/session-test-read"))

    assert shown[2].startswith("    iv          VhOs-gZgkcCryIncdBpGZw")


def test_several_cookies() -> None:
    """Several Set-Cookie headers are several lines, in spite of the commas in dates."""
    date = "expires=Fri, 01 Jan 2100 12:02:01 GMT"

    shown = lines(exchange(f"a=1; {date}", "b=2, 3", f"c=4; {date}"))

    assert shown == [
        "> GET /",
        "  Cookie: none",
        "< 200 OK",
        f"  Set-Cookie: a=1; {date}  [new]",
        "  Set-Cookie: b=2, 3  [new]",
        f"  Set-Cookie: c=4; {date}  [new]",
    ]


OTHERS = {
    "word": "theme=dark",
    "four fields": "a=b.c.1.2",
    "six fields": "a=b.c.1.2.d.e",
    "times that are none": "a=b.c.x.2.d",
    "digits of other scripts": "a=b.c.\u0661.2.d",
    "too long a time": "a=b.c.1.12345678901234567.d",
    "flask's own": "session=eyJhIjoxfQ.Zx8-aQ.mY3kxq",
    "in the middle of a value": "a=x b.c.1.2.d",
}


@pytest.mark.parametrize("cookie", OTHERS.values(), ids=OTHERS)
def test_cookies_that_are_not_sealed(cookie: str) -> None:
    """A cookie without five fields is shown unchanged."""
    shown = lines(exchange(sent=cookie.encode().decode("latin-1")))

    assert shown[1] == f"  Cookie: {cookie.encode().decode('latin-1')}  [new]"
    assert shown[2] == "< 200 OK"


def test_sealed_among_others() -> None:
    """Only the sealed cookies of a header are taken apart."""
    one, two = (SEALED.format(created_at, 5) for created_at in (1, 2))

    shown = lines(exchange(sent=f"a=1; s={one}; t={two}; b=2"))

    told = "a=1; s=AAAA….AAAA….1.5.AAAA…; t=AAAA….AAAA….2.5.AAAA…; b=2"
    assert shown[1] == f"  Cookie: {told}  [a new, s new, t new, b new]"
    assert [line.split()[1] for line in shown if "created_at" in line] == ["1", "2"]


SPANS = {
    0: "0 seconds",
    1: "0.001 seconds",
    1000: "1 second",
    90_500: "1 minute 30.5 seconds",
    120_000: "2 minutes",
    3_600_000: "1 hour",
    86_400_000: "1 day",
    176_461_000: "2 days 1 hour 1 minute 1 second",
    9_999_999_999_999_999: "115740740 days 17 hours 46 minutes 39.999 seconds",
}


@pytest.mark.parametrize(("duration", "words"), SPANS.items(), ids=SPANS.values())
def test_duration_in_words(duration: int, words: str) -> None:
    """Any duration is also shown in words."""
    shown = lines(exchange(f"s={SEALED.format(0, duration)}"))

    assert f"    duration    {duration}  {words}" in shown


@pytest.mark.parametrize(
    ("field", "size"),
    [("A" * 22, "16 bytes"), ("A" * 5, "not base64url"), ("AA", "1 byte")],
    ids=["iv", "cut", "short"],
)
def test_size_of_a_field(field: str, size: str) -> None:
    """The size of a field is given in bytes, not in characters."""
    shown = lines(exchange(f"s={field}.AAAA.0.0.AAAA"))

    assert f"    iv          {field}  {size}, random" in shown


def test_moment_beyond_the_calendar() -> None:
    """A time beyond the calendar is shown as such."""
    shown = lines(exchange(f"s={SEALED.format('9' * 16, 0)}"))

    assert f"    created_at  {'9' * 16}  after the year 9999" in shown


def test_error(site: Server) -> None:
    """Only the body of an error is shown."""
    client = requests.Session()
    client.trust_env = False

    shown = lines(client.get(f"{site.url}/fail"))

    assert shown[2:5] == [
        "< 500 INTERNAL SERVER ERROR",
        "  Set-Cookie: none",
        "Traceback (most recent call last):",
    ]
    assert shown[-1] == "LookupError: <lost & gone>"
    assert "Log In" not in repr(show(get(site, "/login")))


def test_long_error(clock: Clock) -> None:
    """A long error is cut at its start; characters that move the cursor are replaced."""
    app = Flask("long")
    app.add_url_rule("/", view_func=lambda: ("x" * 5000 + "\x1b[2J\t\xa0\nend\n", 503))

    with serve(app) as server:
        shown = lines(get(server, "/"))

    assert shown[4:] == ["x" * (4000 - 10) + "\ufffd[2J\ufffd\ufffd", "end"]


def marks(response: requests.Response) -> dict[str, str]:
    """The marks, by the name in front of each."""
    found = [re.match(r" +([\w-]+).*  \[(.*)\]$", line) for line in lines(response)]
    return {line[1]: line[2] for line in found if line}


def test_marks_of_a_session_extended(site: Server, clock: Clock) -> None:
    """The fields that differ are marked in a cookie that the server wrote again."""
    browser = site.browser()
    browser.get(f"{site.url}/session-test-add")
    clock.advance(timedelta(seconds=61))

    extended = browser.get(f"{site.url}/session-test-read")

    assert marks(extended) == {
        "Set-Cookie": "changed",
        "iv": "changed",
        "ciphertext": "changed",
        "created_at": "changed",
        "mac": "changed",
    }


def test_marks_nothing_that_stays(site: Server) -> None:
    """A cookie that is sent as it was set has no mark."""
    browser = site.browser()
    browser.get(f"{site.url}/session-test-add")

    again = browser.get(f"{site.url}/session-test-read")

    assert marks(again) == {}


def test_marks_of_a_cookie_tampered_with(site: Server) -> None:
    """A cookie that the visitor changed is marked where it is sent, with its field."""
    browser = site.browser()
    browser.get(f"{site.url}/session-test-add")
    fields = browser.cookies["session"].split(".")
    changed = {"Cookie": f"session={'.'.join([*fields[:3], '9', fields[4]])}"}

    shown = lines(browser.get(f"{site.url}/session-test-read", headers=changed))

    marked = [line.split()[0] for line in shown[: shown.index("< 200 OK")] if "[" in line]
    assert marked == ["Cookie:", "duration"]


def test_marks_of_one_among_several() -> None:
    """The mark of several cookies names those that changed."""
    app = Flask("idle")
    app.add_url_rule("/", view_func=lambda: "")

    with serve(app) as server:
        browser = server.browser()
        browser.get(server.url, headers={"Cookie": "a=1; b=1"})
        sent = browser.get(server.url, headers={"Cookie": "a=1; b=2; c=3"})

    assert marks(sent) == {"Cookie": "b changed, c new"}


def test_marks_without_a_record() -> None:
    """A response of a plain `requests` call is shown too, with its redirects."""
    app = Flask("baker")
    app.add_url_rule("/", view_func=lambda: ("", 302, {"Location": "/b", "Set-Cookie": "a=1"}))
    app.add_url_rule("/b", view_func=lambda: ("", {"Set-Cookie": "a=2"}), endpoint="b")
    client = requests.Session()
    client.trust_env = False

    with serve(app) as server:
        shown = lines(client.get(server.url))

    assert [line for line in shown if "a=" in line] == [
        "  Set-Cookie: a=1  [new]",
        "  Cookie: a=1",
        "  Set-Cookie: a=2  [changed]",
    ]


def test_diagram(site: Server) -> None:
    """The exchanges that led to a response are drawn from the same record."""
    form = {"userName": "sampleuser", "password": "samplepassword"}

    wire = show(site.browser().post(f"{site.url}/login", data=form))

    assert [arrow.lines for arrow in wire.diagram().arrows] == [
        ("POST /login", "Cookie: none"),
        ("302 FOUND", "Location: /dashboard", "Set-Cookie: session=[1] VhOs…"),
        ("GET /dashboard", "Cookie: session=[1] VhOs…"),
        ("200 OK",),
    ]


def words_of_text(text: str) -> list[str]:
    text = re.sub("^[><] ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[(new|changed)\]$", r"\1", text, flags=re.MULTILINE)
    return re.sub("^  ([A-Za-z-]+): ", r"\1 ", text, flags=re.MULTILINE).split()


def words_of_html(html: str) -> list[str]:
    html = re.sub(">(Request|Response)<", "><", html)
    return unescape(re.sub("<[^>]*>", " ", html)).split()


def test_html(site: Server) -> None:
    """The table has the words of the text, in the same order."""
    browser = site.browser()
    form = {"userName": "sampleuser", "password": "samplepassword"}
    browser.get(f"{site.url}/session-test-add?message=<b>")

    wire = show(browser.post(f"{site.url}/login", data=form))

    assert words_of_html(wire._repr_html_()) == words_of_text(repr(wire))
    assert wire._repr_html_().count("<table") == 2


def test_html_of_an_error(site: Server) -> None:
    """A traceback is below the table, with its angle brackets escaped."""
    client = requests.Session()
    client.trust_env = False

    wire = show(client.get(f"{site.url}/fail"))

    assert "&lt;lost &amp; gone&gt;</pre>" in wire._repr_html_()
    assert words_of_html(wire._repr_html_()) == words_of_text(repr(wire))


def test_html_escapes() -> None:
    """Text from the wire never becomes a tag."""
    wire = show(exchange('a="<script>&"', sent="b=<img>"))

    html = wire._repr_html_()

    assert "a=&quot;&lt;script&gt;&amp;&quot;" in html
    assert "b=&lt;img&gt;" in html
    assert "<script" not in html
    assert "<img" not in html


def test_html_keeps_in_an_untrusted_notebook(site: Server) -> None:
    """The table needs no style sheet, class or script."""
    html = show(get(site, "/session-test-add"))._repr_html_()

    tags = set(re.findall("<([a-z]+)", html))
    attributes = set(re.findall(' ([a-z-]+)="', html))
    assert tags <= {"table", "col", "tr", "th", "td", "code", "pre", "span", "mark", "b"}
    assert attributes <= {"style", "scope", "colspan"}


@pytest.mark.parametrize(
    "response", [None, "text", Response()], ids=["None", "text", "Flask's"]
)
def test_no_response(response: Any) -> None:
    """An argument that is not a response of `requests` is refused, with the fix."""
    with pytest.raises(
        TypeError, match=f"expected a response, got a {type(response).__name__}; pass"
    ):
        show(response)


def test_clock_on_the_wire(site: Server, clock: Clock) -> None:
    """The cookie's times come from the clock."""
    clock.advance(timedelta(seconds=1, milliseconds=5))

    shown = lines(get(site, "/session-test-add"))

    assert "    created_at  4102488001005  2100-01-01 12:00:01.005 UTC" in shown
    assert "Expires=Fri, 01 Jan 2100 12:02:02 GMT" in shown[3]
