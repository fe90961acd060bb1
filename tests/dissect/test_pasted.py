"""Finding the cookie in pasted text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesson_app.dissect.pasted import Pasted, find_pasted

V = "aa.bb.1.2.cc"
COOKIE, SET_COOKIE, PAIR = "a Cookie header", "a Set-Cookie header", "name=value"

PASTED = {
    "value": (V, ("session", V, "")),
    "white space": (f" \n{V}\r\n", ("session", V, "")),
    "quotes": (f" '{V}' ", ("session", V, "")),
    "double quotes": (f'"{V}"', ("session", V, "")),
    "byte order mark": (f"\ufeff{V}", ("session", V, "")),
    "pair": (f"session={V}", ("session", V, PAIR)),
    "pair of another name": (f"sid={V}", ("sid", V, PAIR)),
    "pair and attributes": (f"sid={V}; Path=/; HttpOnly", ("sid", V, PAIR)),
    "quoted in a pair": (f'sid="{V}"', ("sid", V, PAIR)),
    "set-cookie": (f"Set-Cookie: session={V}; Path=/", ("session", V, SET_COOKIE)),
    "cookie": (f"Cookie: a=1; session={V}; b=2", ("session", V, COOKIE)),
    "quoted line": (f"'cookie:session={V}'", ("session", V, COOKIE)),
    "from curl": (f"< HTTP/1.1 200 OK\r\n< set-cookie: s={V}\r\n<\r\n", ("s", V, SET_COOKIE)),
    "attribute like a cookie": (f"Set-Cookie: a=1; session={V}", ("a", "1", SET_COOKIE)),
    "five fields before others": (f"Cookie: a=1; s={V}", ("s", V, COOKIE)),
    "first of any": ("Cookie: a=1; b=2", ("a", "1", COOKIE)),
    "session before five fields": (f"Cookie: s={V}; session=1", ("session", "1", COOKIE)),
    "two lines": (f"Set-Cookie: a=1\nSet-Cookie: s={V}", ("s", V, SET_COOKIE)),
    "padding": ("aa==.bb.1.2.cc", ("session", "aa==.bb.1.2.cc", "")),
    "one character of padding": ("aa=.bb.1.2.cc", ("session", "aa=.bb.1.2.cc", "")),
    "padding of a later field": ("aa.bb=.1.2.cc=", ("session", "aa.bb=.1.2.cc=", "")),
    "no first field": ("session=.bb.1.2.cc", ("session", ".bb.1.2.cc", PAIR)),
    "empty pair": ("session=", ("session", "", PAIR)),
    "empty": ("", ("session", "", "")),
    "one quote": ('"', ("session", '"', "")),
}


@pytest.mark.parametrize(("text", "found"), PASTED.values(), ids=PASTED)
def test_found(text: str, found: tuple[str, str, str]) -> None:
    """A value is found in the text that it was copied with."""
    assert find_pasted(text) == Pasted(*found)


NAMED = {
    "value": (V, "admin", ("admin", V, "")),
    "in a header": (f"Cookie: session=x; admin={V}", "admin", ("admin", V, COOKIE)),
    "first of two": (f"Cookie: a={V}; a=x", "a", ("a", V, COOKIE)),
    "with a dot": (f"my.sid={V}", "my.sid", ("my.sid", V, PAIR)),
}


@pytest.mark.parametrize(("text", "name", "found"), NAMED.values(), ids=NAMED)
def test_found_by_name(text: str, name: str, found: tuple[str, str, str]) -> None:
    """With a name, the cookie with that name is found."""
    assert find_pasted(text, name) == Pasted(*found)


def test_another_name() -> None:
    """If no cookie has the name, the error lists the names."""
    with pytest.raises(ValueError, match=r"expected a cookie called 'c', got 'a', 'b'$"):
        find_pasted("Cookie: a=1; b=2; a=3", "c")


@pytest.mark.parametrize("text", ["Cookie:", "Set-Cookie: HttpOnly"])
def test_no_cookie(text: str) -> None:
    """A header without a cookie is an error that says what was expected."""
    with pytest.raises(ValueError, match="expected name=value in the header, got no cookie"):
        find_pasted(text)


@given(st.text(st.characters(exclude_characters=";\r\n\"' \t")))
def test_any_value_in_a_header(value: str) -> None:
    """In a header, everything after the name is the value, except white space around it."""
    found = find_pasted(f"Cookie: a=1; session={value}; b=2")

    assert found == Pasted("session", value.strip(), COOKIE)
