"""The sequence diagram of one record, as Mermaid, as lines and as sentences."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lesson_app.lab.http.diagram import Diagram, sequence
from lesson_app.lab.http.record import Exchange, Remark

STYLE = (
    '%%{init: {"fontSize": 13, '
    '"sequence": {"actorMargin": 15, "width": 100, "useMaxWidth": false}, '
    '"themeVariables": {"noteBkgColor": "#fff5ad", "noteTextColor": "#111111"}}}%%'
)
LONG, OTHER = "a" * 40, "b" * 40


def exchange(target: str = "/", **facts: Any) -> Exchange:
    known: dict[str, Any] = {"host": "h:1", "method": "GET", "cookie": None, "status": "200 OK"}
    return Exchange(path_url=target, **{**known, "location": None, "set_cookies": (), **facts})


def drawn(*exchanges: Exchange) -> Diagram:
    return sequence({"browser": exchanges})


LOG_IN = (
    exchange("/login"),
    exchange(
        "/login",
        method="POST",
        status="302 FOUND",
        location="/dashboard",
        set_cookies=(f"session={LONG}; Path=/; HttpOnly",),
    ),
    exchange("/dashboard", cookie=f"session={LONG}"),
)


def test_text() -> None:
    """A terminal shows lifelines, arrows and the headers on them."""
    assert (
        repr(drawn(*LOG_IN))
        == """\
 browser                          server
    │ GET /login                     │
    │ Cookie: none                   │
    │───────────────────────────────>│
    │                         200 OK │
    │<───────────────────────────────│
    │ POST /login                    │
    │ Cookie: none                   │
    │───────────────────────────────>│
    │                      302 FOUND │
    │           Location: /dashboard │
    │  Set-Cookie: session=[1] aaaa… │
    │<───────────────────────────────│
    │ GET /dashboard                 │
    │ Cookie: session=[1] aaaa…      │
    │───────────────────────────────>│
    │                         200 OK │
    │<───────────────────────────────│
[1] is the same value each time"""
    )


def test_mermaid() -> None:
    """In Mermaid's language a request is a solid line and a response a dashed one."""
    assert drawn(*LOG_IN[1:2]).mermaid.splitlines() == [
        STYLE,
        "sequenceDiagram",
        "accTitle: 1 exchange of browser and server",
        "accDescr: browser to server: POST /login, Cookie: none. server to browser: 302 FOUND,"
        " Location: /dashboard, Set-Cookie: session=[1] aaaa.... [1] is the same value each"
        " time",
        "participant p0 as browser",
        "participant p1 as server",
        "p0->>p1: POST /login<br/>Cookie: none",
        "p1-->>p0: 302 FOUND<br/>Location: /dashboard<br/>Set-Cookie: session=[1] aaaa...",
        "note over p0,p1: [1] is the same value each time",
    ]


def test_bundle() -> None:
    """A notebook gets the Mermaid source, every other viewer the lines."""
    diagram = drawn(*LOG_IN)

    assert diagram._repr_mimebundle_() == {
        "text/vnd.mermaid": diagram.mermaid,
        "text/plain": repr(diagram),
    }


def test_the_three_views_tell_the_same() -> None:
    """Every line on an arrow is in the text, in the picture and in its description."""
    diagram = drawn(*LOG_IN)

    for arrow in diagram.arrows:
        for line in arrow.lines:
            assert line in repr(diagram)
            assert line.replace("…", "...") in diagram.mermaid.partition("participant")[2]
            assert line in diagram.alt


def test_numbers_of_values() -> None:
    """A long value has the same number everywhere, and a different value a different number."""
    first = exchange(set_cookies=(f"session={LONG}",))
    second = exchange(cookie=f"session={LONG}; theme=dark", set_cookies=(f"session={OTHER}",))
    thief = exchange(cookie=f"session={LONG}")

    diagram = sequence({"ada": [first, second], "thief": [thief]})

    assert [arrow.lines[-1] for arrow in diagram.arrows] == [
        "Cookie: none",
        "Set-Cookie: session=[1] aaaa…",
        "Cookie: session=[1] aaaa…; theme=dark",
        "Set-Cookie: session=[2] bbbb…",
        "Cookie: session=[1] aaaa…",
        "200 OK",
    ]
    assert (
        diagram.notes == "[1] and [2] are different values; the same number is the same value"
    )


@pytest.mark.parametrize(
    ("count", "note"),
    [
        (0, ""),
        (1, "[1] is the same value each time"),
        (2, "[1] and [2] are different values; the same number is the same value"),
        (3, "[1] to [3] are different values; the same number is the same value"),
    ],
)
def test_legend(count: int, note: str) -> None:
    """A legend under the diagram explains the numbers, if there are any."""
    cookies = tuple(f"c{i}={str(i) * 40}" for i in range(count))

    assert drawn(exchange(set_cookies=cookies)).notes == note


def test_several_servers() -> None:
    """Each port has its own lifeline, in the order of first use."""
    diagram = drawn(exchange(host="h:9"), exchange(host="h:1"), exchange(host="h:9"))

    assert diagram.names == ("browser", "server 1", "server 2")
    assert [arrow.target for arrow in diagram.arrows if not arrow.answer] == [1, 2, 1]


def test_two_visitors() -> None:
    """The server is between two visitors, so no arrow crosses a lifeline."""
    diagram = sequence({"ada": [exchange("/a")], "thief": [exchange("/b")]})

    assert repr(diagram).splitlines() == [
        "   ada           server           thief",
        "    │ GET /a        │               │",
        "    │ Cookie: none  │               │",
        "    │──────────────>│               │",
        "    │        200 OK │               │",
        "    │<──────────────│               │",
        "    │               │        GET /b │",
        "    │               │  Cookie: none │",
        "    │               │<──────────────│",
        "    │               │ 200 OK        │",
        "    │               │──────────────>│",
    ]


def test_remarks() -> None:
    """A remark between two exchanges appears between them, on its visitor's lifeline."""
    first, remark, second = exchange("/a"), Remark("3 minutes later; <b>"), exchange("/b")

    diagram = sequence({"ada": [second, first], "thief": [remark]})

    assert repr(diagram).splitlines()[5:7] == [
        "    │<──────────────│                         │",
        "    │               │  (3 minutes later; <b>) │",
    ]
    assert "note over p2: 3 minutes later#59; #60;b#62;" in diagram.mermaid.splitlines()
    assert "Note on thief: 3 minutes later; <b>." in diagram.alt
    assert "accTitle: 2 exchanges of" in diagram.mermaid


def test_description_reads_as_sent() -> None:
    """A description keeps the characters of a URL, except Mermaid's own."""
    source = drawn(exchange("/add?message=Hello%20World!&x={;}")).mermaid

    [spoken] = [line for line in source.splitlines() if line.startswith("accDescr")]
    assert "GET /add?message=Hello%20World!&x=   ," in spoken


def test_nothing_yet() -> None:
    """Without an exchange the text says that there is none yet."""
    assert repr(drawn()) == "no exchange yet"
    assert drawn().mermaid.splitlines() == [
        STYLE,
        "sequenceDiagram",
        "accTitle: 0 exchanges of browser and server",
        "participant p0 as browser",
        "participant p1 as server",
    ]


def test_long_names() -> None:
    """Long names do not overlap."""
    first, last = "a" * 30, "b" * 40

    diagram = sequence({first: [exchange("/")], last: []})

    assert repr(diagram).splitlines()[0].split() == [first, "server", last]


AWKWARD = {
    "markup": "/<script>alert(1)</script>",
    "entities": "/a#lt;b;c&amp;",
    "comment": "/%% end",
    "quotes": "/\"'`{}|\\",
    "arrows": "/a->>b-xc--)d",
    "foreign": "/caf\u00e9/\N{PILE OF POO}",
    "lines": "/a\r\nb",
    "long": f"/{'x' * 300}",
}


@pytest.mark.parametrize("target", AWKWARD.values(), ids=AWKWARD)
def test_what_a_stranger_sends_is_no_mermaid(target: str) -> None:
    """Mermaid interprets nothing of what a client sends, and sees no extra lines."""
    source = drawn(exchange(target)).mermaid

    assert len(source.splitlines()) == 8
    message = source.splitlines()[6].removeprefix("p0->>p1: ").replace("<br/>", "")
    assert not set(re.sub("#[0-9]+;", "", message)) & set("<>#;\"'`{}|\\")
    assert "%%" not in message
    assert source.isascii()


def test_three_parties_fit_one_screen() -> None:
    """The text of three parties has at most 100 columns, whatever the lines contain."""
    wide = exchange(
        f"/{'x' * 300}",
        cookie=f"{'n' * 40}={LONG}; {'m' * 40}={'v' * 22}; theme=dark",
        location=f"/{'y' * 300}",
        set_cookies=(f"{'n' * 40}={LONG}", f"{'m' * 40}={'v' * 22}"),
    )

    diagram = sequence(
        {"visitor": [wide, Remark("w" * 300)], "thief": [wide, Remark("a " * 99)]}
    )

    assert max(map(len, repr(diagram).splitlines())) <= 100


def test_a_long_remark_is_wrapped() -> None:
    """A long remark has several lines, in one pair of brackets, left of the last lifeline."""
    first, remark = exchange(), Remark("three minutes later, with the copy of the cookie")

    diagram = sequence({"ada": [first], "thief": [remark]})

    assert [line.lstrip(" │") for line in repr(diagram).splitlines()[-3:]] == [
        "(three minutes later, │",
        "with the copy of the │",
        "cookie) │",
    ]
    assert "Note on thief: three minutes later, with the copy of the cookie." in diagram.alt
    assert "three minutes later,<br/>with the copy of the<br/>cookie" in diagram.mermaid


def test_the_legend_fits_two_parties() -> None:
    """In Mermaid the legend of several values has two lines."""
    cookies = (f"a={LONG}", f"b={OTHER}")

    assert drawn(exchange(set_cookies=cookies)).mermaid.endswith(
        ": [1] and [2] are different values<br/>the same number is the same value"
    )


def test_several_cookies_of_a_request() -> None:
    """Cookies that do not fit on a line have a line each."""
    [asked, _] = drawn(exchange(cookie=f"session={LONG}; theme=dark; other={OTHER}")).arrows

    assert asked.lines[1:] == (
        "Cookie: session=[1] aaaa…",
        "and theme=dark",
        "and other=[2] bbbb…",
    )


def test_a_percent_needs_no_escape() -> None:
    """Mermaid reserves too much room for an escape, so only a double percent sign has one."""
    assert "GET /a%20b#37;#37;c" in drawn(exchange("/a%20b%%c")).mermaid


def test_long_lines_are_shortened() -> None:
    """A long path is shortened in the middle."""
    diagram = drawn(exchange(AWKWARD["long"], location=f"/{'y' * 300}"))

    assert max(map(len, repr(diagram).splitlines())) < 80
