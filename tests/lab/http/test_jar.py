"""What a browser does with a Set-Cookie line, row by row, and how that is told."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from html import unescape
from typing import Any

import pytest
from flask import Flask, Response, redirect

from lesson_app.lab import CookieVerdict, CookieVerdicts, Server, browser_keeps
from lesson_app.lab.http.jar import LAX_ALLOWS_UNSAFE, StoredCookie
from tests.lab.http.cookie_rows import CAP, HTTP, HTTPS, IP, NEEDS_A_LIST, ROWS, Row
from tests.lab.http.cookie_rows import requests as asked

#: 24 November 2026, a Tuesday, at noon and a bit.
NOON = 1795521600.0
NOW = NOON + 0.25
SEALED = "session=iv.text.1.2.mac; Secure; HttpOnly; Path=/; SameSite=Lax; Max-Age=60"


def judge(line: str, url: str = HTTP) -> CookieVerdict:
    return browser_keeps(line, url, clock=lambda: NOW)


def kept(line: str, url: str = HTTP) -> StoredCookie:
    cookie = judge(line, url).cookie
    assert cookie
    return cookie


def told(verdict: CookieVerdict) -> dict[str, str]:
    return dict(verdict.facts)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_row(row: Row) -> None:
    """The table says what is stored, and to which requests it goes."""
    verdict = judge(row.text(NOW), row.url)

    assert verdict.kept == (row.pair is not None)
    cookie = verdict.cookie
    if cookie is None:
        return
    assert (cookie.name, cookie.value) == row.pair
    assert cookie.host_only == (not row.domain)
    assert cookie.domain == (row.domain.removeprefix(".") or row.url.split("/")[2])
    assert (cookie.path, cookie.same_site) == (row.path, row.same_site)
    lives = None if cookie.expires is None else round(cookie.expires - NOW)
    assert lives == row.seconds
    flags = {
        "Secure": cookie.secure, "HttpOnly": cookie.http_only,
        "Partitioned": bool(cookie.partition),
    }  # fmt: skip
    assert {name for name, on in flags.items() if on} == set(row.flags.split())
    to = set(row.to.replace("third", "fetch image frame").split())
    assert {
        name for name, (url, who) in asked(row.url).items() if cookie.goes_to(url, who)
    } == to


@pytest.mark.parametrize("row", NEEDS_A_LIST, ids=lambda row: row.case)
def test_public_suffix(row: Row) -> None:
    """Without the list a suffix of two parts is kept, with a note."""
    verdict = judge(row.line, row.url)

    assert verdict.kept
    assert ["is a public suffix, which takes a list" in note for note in verdict.notes] == [
        True
    ]


RULES = {
    "sid=a\x00": "control character (6265bis 5.6)",
    "sid=a\tb": "a tab inside",
    " ;": "neither name nor value",
    "=a=b": "read as one",
    "sid=" + "\u00e4" * 2047: "take 4097 octets, over 4096",
    "sid=1; Secure": "Secure, and the response came over plain http",
    "sid=1; SameSite=None": "SameSite=None without Secure",
    "sid=1; Partitioned": "Partitioned without Secure",
    "=__Host-": "no name, and __host- in its value",
    "__Secure-sid=1": "__secure- without Secure",
    "sid=1; Domain=b.example": "Domain=b.example does not cover a.example",
    "sid=1; Domain=example": "Domain=example is a public suffix",
    "sid=1; Max-Age=0": "expires at once",
}
SECURE_RULES = {
    "__Http-sid=1; Secure": "__http- without HttpOnly (Chromium)",
    "__Host-Http-sid=1; Secure; Path=/": "__host-http- without HttpOnly",
    "__Host-sid=1; Secure": "__host- without Path=/ (6265bis 5.7)",
    "__Host-sid=1; Secure; Path=/; Domain=a.example": "__host- with Domain",
}


@pytest.mark.parametrize(
    ("line", "url", "rule"),
    [
        *((line, HTTP, rule) for line, rule in RULES.items()),
        *((line, HTTPS, rule) for line, rule in SECURE_RULES.items()),
    ],
)
def test_why_it_is_dropped(line: str, url: str, rule: str) -> None:
    """The rule that the line breaks is named."""
    verdict = judge(line, url)

    assert not verdict.kept
    assert rule in verdict.rule
    assert ("dropped", verdict.rule) in verdict.facts


NOTES = {
    "sid=1; Version=1": ["Version is no attribute: ignored (6265bis 5.6)"],
    "sid=1;; =x; Priority=High": [],
    f"sid=1; Path=/{'x' * 1024}": ["path takes more than 1024 octets: ignored (6265bis 5.6)"],
    "sid=1; Path=/; PATH=/a": ["path stands there again: the last counts (6265bis 5.7)"],
    "sid=1; HttpOnly; Path=/a": [],
    "sid=1; HttpOnly=0": ["httponly counts, whatever its value says (6265bis 5.6)"],
    "sid=1; SameSite=Never": ["SameSite=Never is unknown: as if absent (6265bis 5.6.7)"],
    "sid=1; Max-Age=soon": ["Max-Age is no whole number: ignored (6265bis 5.6.2)"],
    "sid=1; Expires=soon": ["Expires is no date: ignored (6265bis 5.6.1)"],
    "sid=1; Max-Age=60; Expires=soon": [],
    f"sid=1; Max-Age={CAP}": [],
    f"sid=1; Max-Age={CAP + 1}": ["400 days at most (6265bis 5.5)"],
}


@pytest.mark.parametrize(("line", "notes"), NOTES.items())
def test_what_is_overlooked(line: str, notes: list[str]) -> None:
    """What the browser ignores or changes in a line that it keeps stands in the notes."""
    verdict = judge(line)

    assert verdict.kept
    assert list(verdict.notes) == notes
    assert [text for name, text in verdict.facts if name == "note"] == notes


def test_secure_false_is_secure() -> None:
    """Secure and Partitioned count, too, whatever is said of them."""
    verdict = judge("sid=1; Secure=false; Partitioned=no", HTTPS)

    assert verdict.cookie
    assert (verdict.cookie.secure, verdict.cookie.partition) == (True, "https")
    assert [note.split(",")[0] for note in verdict.notes] == [
        "secure counts", "partitioned counts",
    ]  # fmt: skip


def test_form_of_another_site_after_two_minutes() -> None:
    """Without SameSite a fresh cookie goes along with another site's form; an old one not."""
    absent, lax = kept("sid=1"), kept("sid=1; SameSite=Lax")

    assert LAX_ALLOWS_UNSAFE == 120
    ages = (0, 120, 121)
    assert [absent.goes_to(HTTP, "cross-site form", age=age) for age in ages] == [
        True,
        True,
        False,
    ]
    assert not lax.goes_to(HTTP, "cross-site form")
    assert absent.goes_to(HTTP, "cross-site link", age=10**6)


def test_octets_count() -> None:
    """4,096 octets of name and value are kept; letters of two octets count twice."""
    assert judge("s=" + "x" * 4095).kept
    assert judge("s=" + "\u00e4" * 2047 + "x").kept
    assert not judge("s=" + "\u00e4" * 2048).kept
    assert kept("sid=1; Path=/" + "x" * 1023).path == "/" + "x" * 1023


def test_other_hosts() -> None:
    """A cookie of a domain goes to no host outside it, whatever the names look like."""
    cookie = kept("sid=1; Domain=a.example; Path=/")

    hosts = ("a.example", "x.y.a.example", "xa.example", "example", "a.example.b.example")
    assert [cookie.goes_to(f"http://{host}") for host in hosts] == [True, True] + [False] * 3


def test_domain_in_other_letters() -> None:
    """Domain in letters that are no ASCII covers nothing, not even itself (Chromium)."""
    assert not judge("sid=1; Domain=\u00e4.example", "http://\u00e4.example/").kept


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DATES = {
    **{
        f"2 {month}x 2030 3:4:5": datetime(2030, number, 2, 3, 4, 5, tzinfo=UTC)
        for number, month in enumerate(MONTHS, 1)
    },
    "2 Jan 0 3:4:5": datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2 Jan 69 3:4:5": datetime(2069, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2 Jan 70 3:4:5": datetime(1970, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2 Jan 99 3:4:5": datetime(1999, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2 Jan 100 3:4:5": datetime(100, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2 Jan 9999 3:4:5": datetime(9999, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2 Jan 12345 3:4:5": datetime(9999, 1, 2, 3, 4, 5, tzinfo=UTC),
}


@pytest.mark.parametrize(("text", "date"), DATES.items(), ids=DATES)
def test_date(text: str, date: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each month, and years of one to five digits, to the second, wherever the computer is."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    before = date.timestamp() - 60

    cookie = browser_keeps(f"sid=1; Expires={text}", HTTP, clock=lambda: before).cookie

    monkeypatch.undo()
    time.tzset()
    assert cookie
    assert cookie.expires == date.timestamp()


def test_time_is_the_clocks() -> None:
    """A cookie ends its Max-Age after the clock's now; at that moment it is gone."""
    assert kept("sid=1; Max-Age=60").expires == NOW + 60
    at = "sid=1; Expires=Tue, 24 Nov 2026 12:00:00 GMT"
    before, then = (
        browser_keeps(at, HTTP, clock=partial(float, n)) for n in (NOON - 0.1, NOON)
    )
    assert (before.kept, then.kept) == (True, False)


TO = {
    "sid=1": ("yes", "no", "yes: cookies know no ports (6265bis 8.5)", "yes", "no", "yes",
              "for two minutes (Chromium), then no", "no"),
    "sid=1; Path=/; Domain=a.example; SameSite=Lax": (
        "yes", "yes", "yes: cookies know no ports (6265bis 8.5)", "yes", "yes", "yes", "no",
        "no"
    ),
    "sid=1; Secure; SameSite=Strict": (
        "yes", "no", "yes: cookies know no ports (6265bis 8.5)", "no", "no", "no", "no", "no"
    ),
    "sid=1; Secure; SameSite=None; Path=/elsewhere": (
        "no", "no", "yes: cookies know no ports (6265bis 8.5)", "no", "no", "yes", "yes",
        "yes, unless the browser blocks third-party cookies"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("line", "answers"), TO.items())
def test_where_it_goes_is_told(line: str, answers: tuple[str, ...]) -> None:
    """Eight requests, and whether each brings the cookie."""
    url = HTTPS if "Secure" in line else HTTP
    scheme = "over http" if "Secure" in line else "over https"

    facts = told(judge(line, f"{url}?page=2#top"))

    names = ("to this address", "to /, and any path", "to another port", scheme,
             "to a host under it", "from another site: a link", "a form (POST)",
             "an image, frame, fetch")  # fmt: skip
    assert tuple(facts[name] for name in names) == answers


def test_ip_address_has_no_hosts_under_it() -> None:
    """That line is left out for an IP address."""
    assert "to a host under it" not in told(judge("sid=1", IP))


def test_what_is_stored_is_told() -> None:
    """The fields of the jar, in words."""
    facts = told(judge(SEALED, HTTPS))
    bare = told(judge("=", HTTP)) | told(judge("sid=", HTTP))

    assert facts["kept"] == "nothing is against it"
    assert (facts["name"], facts["value"]) == ("session", "iv.text.1.2.mac")
    assert (facts["domain"], facts["path"]) == ("a.example: this host alone (host-only)", "/")
    assert facts["until"] == "2026-11-24 12:01:00.250 UTC"
    assert facts["page scripts"] == "cannot read it (HttpOnly)"
    assert (facts["Set-Cookie"], facts["from"]) == (SEALED, HTTPS)
    assert bare["until"] == "the browser closes (a session cookie)"
    assert (bare["value"], bare["page scripts"]) == ("empty", "can read it")
    assert told(judge("1"))["name"] == "none"
    assert told(judge("a=1; Domain=a.example"))["domain"] == "a.example: and the hosts under it"


SAME_SITE = {
    "sid=1": "absent: in Chromium as Lax, elsewhere perhaps as None",
    "sid=1; SameSite=strict": "Strict: only requests that its own site makes",
    "sid=1; SameSite=lax": "Lax: also links from other sites",
    "sid=1; SameSite=none; Secure": "None: requests from any site",
}


@pytest.mark.parametrize(("line", "words"), SAME_SITE.items())
def test_same_site_is_told(line: str, words: str) -> None:
    """What each value, and none, lets through."""
    assert told(judge(line, HTTPS))["SameSite"] == words


def test_both_views_say_the_same() -> None:
    """The table and the text hold each fact; what is HTML in a line stays text."""
    verdict = judge("sid=<b>1</b>; <i>; Secure", HTTPS)

    table, text = verdict._repr_html_(), repr(verdict)

    width = max(len(name) for name, _ in verdict.facts)
    assert text.splitlines() == [f"{name:<{width}}  {fact}" for name, fact in verdict.facts]
    for name, fact in verdict.facts:
        assert f">{name}</th>" in table
        assert f">{fact}</td>" in unescape(table)
    assert "<b>" not in table
    assert "color" not in table
    assert set(re.findall('style="([^"]*)"', table)) == {
        "width: 100%; table-layout: fixed", "width: 30%", "width: 70%",
        "text-align: left; vertical-align: top; overflow-wrap: break-word; font-weight: normal",
        "text-align: left; vertical-align: top; overflow-wrap: break-word",
    }  # fmt: skip


def test_a_long_line_is_cut_when_it_is_told() -> None:
    """Four kilobytes, or what moves a cursor, are not printed."""
    text = repr(judge("sid=" + "x" * 4000 + "\x1b[2J", HTTP))

    assert max(map(len, text.splitlines())) < 250
    assert "\x1b" not in text


def test_header_name_is_taken_off() -> None:
    """A line that is copied with its ``Set-Cookie:`` is read without."""
    assert kept("Set-Cookie: sid=1").name == kept("set-cookie:sid=1").name == "sid"


@pytest.mark.parametrize("url", ["", "a.example", "ftp://a.example/", "http:///x"])
def test_no_address(url: str) -> None:
    """An address that no page has is refused with what was expected."""
    with pytest.raises(ValueError, match="is no address of a web page: write https://"):
        browser_keeps("sid=1", url)


def test_neither_line_nor_response() -> None:
    """Something else is refused with what was expected."""
    given: Any = 7

    with pytest.raises(TypeError, match="given a int: give a Set-Cookie line and its URL"):
        browser_keeps(given, HTTP)


BIG = "big=" + "x" * 5000


@pytest.fixture
def site() -> Iterator[Server]:
    """A server that sets cookies, and tells which came back."""
    app = Flask("site")

    @app.get("/go")
    def go() -> Any:
        answer = redirect("/set/here")
        answer.headers.add("Set-Cookie", "gone=1; HttpOnly")
        return answer

    @app.get("/set/here")
    def set_cookies() -> Response:
        lines = (BIG, "safe=1; Secure; Path=/", "odd=\u00e4", "path=\u00c3\u00a4")
        return Response("", headers=[("Set-Cookie", line) for line in lines])

    @app.get("/plain")
    def plain() -> str:
        return "nothing"

    with Server(app) as server:
        yield server


def test_response(site: Server) -> None:
    """Each line of a response is judged, and those of its redirects, each with its address."""
    verdicts = browser_keeps(site.browser().get(f"{site.url}/go"), clock=lambda: NOW)

    assert isinstance(verdicts, CookieVerdicts)
    assert [verdict.kept for verdict in verdicts] == [True, False, True, True, True]
    first, _, _, odd, last = verdicts
    assert first.url == f"{site.url}/go"
    assert last.cookie
    assert (last.cookie.path, last.cookie.value) == ("/set", "\u00e4")
    assert odd.cookie
    assert odd.cookie.value == "\udce4"
    assert repr(verdicts) == "\n\n".join(map(repr, verdicts))
    assert verdicts._repr_html_().count("<table") == 5


def test_response_without_cookies(site: Server) -> None:
    """A response that sets none says so."""
    verdicts = browser_keeps(site.browser().get(f"{site.url}/plain"))

    assert (len(verdicts), repr(verdicts)) == (0, "no Set-Cookie")
    assert verdicts._repr_html_() == "<p>no Set-Cookie</p>"


def test_requests_does_otherwise(site: Server) -> None:
    """`requests` keeps what is too large, and does not send a Secure cookie to loopback."""
    browser = site.browser()
    verdicts = browser_keeps(browser.get(f"{site.url}/set/here"))

    ours = {
        v.cookie.name for v in verdicts if v.cookie and v.cookie.goes_to(f"{site.url}/set/")
    }
    sent = browser.get(f"{site.url}/set/here").request.headers["Cookie"]

    assert ours == {"safe", "odd", "path"}
    assert {pair.split("=")[0] for pair in sent.split("; ")} == {"big", "odd", "path"}
    assert {cookie.name for cookie in browser.cookies} == {"big", "odd", "path", "safe"}


def test_requests_ignores_prefixes_and_caps(site: Server) -> None:
    """Its jar takes a Secure cookie of a false prefix from plain http, for a century."""
    line = "__Host-sid=1; Expires=Fri, 01 Jan 2100 12:00:00 GMT; Path=/a; SameSite=None"
    app = Flask("other")

    @app.get("/")
    def set_cookie() -> Response:
        return Response("", headers=[("Set-Cookie", line)])

    site.put(app)
    browser = site.browser()
    browser.get(site.url)

    [cookie] = iter(browser.cookies)
    assert (cookie.name, cookie.expires) == ("__Host-sid", 4102488000)
    assert not judge(line).kept
