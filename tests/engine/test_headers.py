"""The headers of a session: reading Cookie, writing Set-Cookie, adding to Vary."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response
from werkzeug.http import dump_cookie

from lesson_app import Session
from lesson_app._engine.headers import cookie_line, cookie_pairs, find_cookie
from tests.conftest import Site

HEADERS = {
    "alone": ("session=A", "A"),
    "none": ("", ""),
    "another": ("other=A", ""),
    "first of two": ("session=A; session=B", "A"),
    "empty first": ("session=; session=B", ""),
    "no space": ("a=1;session=A;b=2", "A"),
    "longer name": ("xsession=B; sessions=C; session=A", "A"),
    "in a value": ("a=session=B; session=A", "A"),
    "equals signs": ("session=A=B==", "A=B=="),
    "quoted": ('session="A"; b=2', '"A"'),
    "no value": ("session; a=1", ""),
    "upper case": ("Session=A", ""),
    "space after": ("session=A ; b=1", "A "),
    "spaces before": ("a=1;   session=A", "A"),
    "other white space": ("a=1;\tsession=A", ""),
}


@pytest.mark.parametrize(("header", "value"), HEADERS.values(), ids=HEADERS)
def test_find_cookie(header: str, value: str) -> None:
    """The first cookie with exactly this name counts."""
    assert find_cookie(header, "session") == value


def test_cookie_pairs() -> None:
    """A header is read as pairs in order; a part without an equals sign is skipped."""
    assert list(cookie_pairs("")) == []
    assert list(cookie_pairs("a=1; b=2=3;c; =d;;a=")) == [
        ("a", "1"), ("b", "2=3"), ("", "d"), ("a", ""),
    ]  # fmt: skip


def test_name_is_not_a_pattern() -> None:
    """A dot in a name matches only a dot."""
    assert find_cookie("aXb=1; a.b=2", "a.b") == "2"


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
