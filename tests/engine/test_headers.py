"""The headers of a session: reading Cookie, writing Set-Cookie, adding to Vary."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response
from werkzeug.http import dump_cookie

from lesson_app import Session
from lesson_app._engine.headers import cookie_line, cookie_pairs, find_cookies
from tests.conftest import Site

HEADERS = {
    "alone": ("session=A", ["A"]),
    "none": ("", []),
    "another": ("other=A", []),
    "two": ("session=A; session=B", ["A", "B"]),
    "no value": ("session=; session; session=B", ["B"]),
    "no space": ("a=1;session=A;b=2", ["A"]),
    "longer name": ("xsession=B; sessions=C; session=A", ["A"]),
    "in a value": ("a=session=B; session=A", ["A"]),
    "equals signs": ("session=A=B==", ["A=B=="]),
    "quoted": ('session="A"; b=2', ['"A"']),
    "upper case": ("Session=A", []),
    "space after": ("session=A ; b=1", ["A "]),
    "spaces before": ("a=1;   session=A", ["A"]),
    "other white space": ("a=1;\tsession=A", []),
    "many": ("; ".join(f"session={n}" for n in range(99)), [str(n) for n in range(20)]),
    "many lines": (",".join(["session=A"] * 99), ["A", ",".join(["A"] + ["session=A"] * 98)]),
    "two lines": ("session=A,session=B", ["A", "A,session=B", "B"]),
    "lines of waitress": ("session=A, session=B", ["A", "A, session=B", "B"]),
    "last line": ("a=1; b=2,session=A", ["A"]),
    "in the first and the last line": ("session=A,b=1; session=B", ["A", "A,b=1", "B"]),
    "first line": ("session=A,a=1", ["A", "A,a=1"]),
    "line after a semicolon": ("a=1;,session=A", ["A"]),
    "line without a value": (",session=A", ["A"]),
    "in another cookie": ("a=1,session=A; session=B", ["B", "A"]),
    "longer name after a comma": ("a=1,xsession=A, sessions=B", []),
    "comma in a value": ("session=A,B; a=1", ["A", "A,B"]),
    "comma and tab": ("a=1,\tsession=A", []),
    "equals signs and commas": ("session=A=,B==,a=1", ["A=", "A=,B==,a=1"]),
}  # fmt: skip


@pytest.mark.parametrize(("header", "values"), HEADERS.values(), ids=HEADERS)
def test_find_cookies(header: str, values: list[str]) -> None:
    """Each cookie with exactly this name counts, those after a comma last."""
    assert find_cookies(header, "session") == values


@pytest.mark.parametrize("name", ["__Host-session", "__Secure-session", "__host-session"])
def test_no_guarded_cookie_after_a_comma(name: str) -> None:
    """Another host can set a cookie with a comma, but not a cookie of a guarded name."""
    assert find_cookies(f"a=1,{name}=A; b=2;,{name}=B", name) == []
    assert find_cookies(f"a=1; {name}=A,b=2", name) == ["A", "A,b=2"]


def test_cookie_pairs() -> None:
    """A header is read as pairs in order; a part without an equals sign is skipped."""
    assert list(cookie_pairs("")) == []
    assert list(cookie_pairs("a=1; b=2=3;c; =d;;a=")) == [
        ("a", "1"), ("b", "2=3"), ("", "d"), ("a", ""),
    ]  # fmt: skip


def test_name_is_not_a_pattern() -> None:
    """A dot in a name matches only a dot."""
    assert find_cookies("aXb=1; a.b=2", "a.b") == ["2"]


LINES: dict[str, dict[str, Any]] = {
    "usual": {"path": "/", "httponly": True},
    "no date": {"expires": None, "path": "/"},
    "long ago": {"expires": 0},
    "last": {"expires": 253_402_300_799},
    "all": {
        "path": "/a b;é",
        "domain": ".bücher.example:80",
        "secure": True,
        "httponly": True,
        "samesite": "lax",
        "partitioned": True,
    },
    "one before True": {"secure": 1, "httponly": 0},
    "True after one": {"secure": True, "httponly": False},
    "a value to quote": {"value": 'a "b";\\'},
    "a value not ASCII": {"value": "é"},
    "no value": {"value": ""},
    "zero bytes": {"path": "/\0"},
}


@pytest.mark.parametrize("options", LINES.values(), ids=LINES)
def test_cookie_line(options: dict[str, Any]) -> None:
    """The cached line is identical to Werkzeug's `dump_cookie`."""
    attributes: dict[str, Any] = {
        "path": None,
        "domain": None,
        "secure": False,
        "httponly": False,
    }
    attributes |= {"samesite": None, "partitioned": False, "expires": 1_700_000_000} | options
    value = attributes.pop("value", "a.-_Z0")

    for text in (value, value, f"{value}1"):
        assert cookie_line("s", text, **attributes) == dump_cookie(
            "s", text, max_size=0, **attributes
        )


@pytest.mark.parametrize(
    "vary", ["", "Accept", "accept, cookie", "*", "Cookie"], ids=lambda v: v or "none"
)
def test_vary_is_kept(site: Site, vary: str) -> None:
    """The Vary header of a view is kept, and contains Cookie once."""

    def answer(session: Session) -> Response:
        session.get("message")
        return Response(headers={"vary": vary} if vary else None)

    wanted = Response(headers={"vary": vary} if vary else None)
    wanted.vary.add("Cookie")

    assert site.visit(answer).headers.getlist("Vary") == wanted.headers.getlist("Vary")
