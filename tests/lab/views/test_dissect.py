"""Dissecting a cookie in a notebook: the arguments and the tables."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from lesson_app import derive_keys, seal
from lesson_app.app import PAGE_SECRET
from lesson_app.dissect import dissect as take_apart
from lesson_app.lab import Clock, dissect, seeded_urandom
from tests.conftest import PAGE_RETURNED, PAGE_SENT

KEYS = derive_keys(PAGE_SECRET)


def test_text(clock: Clock) -> None:
    """The text is the same as from `lesson_app.dissect`."""
    facts = take_apart(PAGE_SENT, {"the secret": KEYS}, now=4102488000000)

    shown = dissect(PAGE_SENT, PAGE_SECRET, clock=clock)

    assert repr(shown) == repr(facts)
    assert shown.facts == facts


def test_lifetime_by_the_clock(clock: Clock) -> None:
    """The clock sets the current time."""
    value = seal({}, KEYS, created_at=round(clock() * 1000), iv=seeded_urandom(1)(16))

    assert "expires in 1 day" in repr(dissect(value, clock=clock))


SECRETS: dict[str, tuple[Any, str | None]] = {
    "none": (None, None),
    "no secrets": ([], None),
    "text": (PAGE_SECRET, "the secret"),
    "bytes": (PAGE_SECRET.encode(), "the secret"),
    "keys": (KEYS, "the secret"),
    "list": (["new", KEYS, "older"], "secret 2 of 3"),
    "tuple": ((b"new", PAGE_SECRET), "secret 2 of 2"),
}


@pytest.mark.parametrize(("secret", "label"), SECRETS.values(), ids=SECRETS)
def test_secrets(secret: Any, label: str | None) -> None:
    """A secret is str, bytes or Keys; of several, the right one is named."""
    assert dissect(PAGE_SENT, secret).facts.opened_by == label


def test_pasted() -> None:
    """The value can be a whole header; `name` selects one of its cookies."""
    header = f"Cookie: session={PAGE_SENT}; admin={PAGE_RETURNED}"

    first, second = dissect(header), dissect(header, name="admin")

    assert (first.facts.name, first.facts.value) == ("session", PAGE_SENT)
    assert (second.facts.name, second.facts.value) == ("admin", PAGE_RETURNED)
    assert "name      admin, from a Cookie header" in repr(second)


@pytest.mark.parametrize("value", [None, b"bytes", 5], ids=repr)
def test_invalid_value(value: Any) -> None:
    """A value that is not a str is refused."""
    with pytest.raises(
        TypeError, match=f"must be the cookie's text, got {type(value).__name__}"
    ):
        dissect(value)


@pytest.mark.parametrize("secret", [5, [5]], ids=repr)
def test_invalid_secret(secret: Any) -> None:
    """A secret of another type is refused."""
    with pytest.raises(TypeError, match="secret must be str or bytes, got int"):
        dissect(PAGE_SENT, secret)


SHOWN = {
    "opened": (PAGE_SENT, PAGE_SECRET),
    "without a secret": (PAGE_SENT, None),
    "another secret": (PAGE_SENT, "x"),
    "cut": (PAGE_SENT[:90], None),
    "eleven fields": ("a.b" * 10, None),
    "tags": ("<script>.&amp;.<img>.'.\"", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("value", "secret"), SHOWN.values(), ids=SHOWN)
def test_html(value: str, secret: str | None, clock: Clock) -> None:
    """The tables have the same words as the text, and need no style sheet."""
    shown = dissect(value, secret, clock=clock)

    html = shown._repr_html_()[shown._repr_html_().index("<tr><th") :]  # below the pictures

    assert unescape(re.sub("<[^>]*>", " ", html)).split() == repr(shown).split()
    assert set(re.findall("<([a-z]+)", html)) <= {
        "table",
        "col",
        "tr",
        "th",
        "td",
        "p",
        "b",
        "pre",
        "span",
    }
    assert set(re.findall(' ([a-z-]+)="', html)) <= {"style", "scope", "colspan"}


def strip_of(value: str) -> list[tuple[str, float]]:
    """Return the text and the width of each part of the coloured strip."""
    table = dissect(value)._repr_html_().partition("</table>")[0]
    widths = map(float, re.findall(r'<col style="width: ([\d.]+)%">', table))
    return list(zip(re.findall("<td[^>]*>([^<]*)</td>", table), widths, strict=True))


def test_strip() -> None:
    """The fields are side by side, with name and length; longer fields are wider."""
    shown = strip_of(PAGE_SENT)

    assert [text for text, _ in shown] == [
        "iv 22",
        "ciphertext 64",
        "created_at 13",
        "duration 6",
        "mac 43",
    ]
    widths = [width for _, width in shown]
    assert sum(widths) == pytest.approx(100, abs=0.01)
    assert widths[1] / widths[4] == pytest.approx(64 / 43, abs=0.01)
    assert min(widths) > 8


def test_no_strip() -> None:
    """A text without five fields has no strip and no meter."""
    html = dissect("a.b.c")._repr_html_()

    assert html.startswith(
        '<table style="width: 100%; table-layout: fixed"><col style="width: 14%">'
    )
    assert "<meter" not in html


@pytest.mark.parametrize(
    ("seconds", "left"), [(0, "100"), (30, "75"), (90, "25"), (120, "0"), (-60, "100")]
)
def test_meter(clock: Clock, seconds: int, left: str) -> None:
    """The meter shows the share of the lifetime that is left, by the clock."""
    value = seal({}, KEYS, created_at=round(clock() * 1000), duration=120_000)

    html = dissect(value, clock=lambda: clock() + seconds)._repr_html_()

    assert f">{left}% of its lifetime</meter>" in html
    assert f'value="{int(left) / 100:.3f}"' in html


def test_no_meter_after_the_end(clock: Clock) -> None:
    """An expired cookie has no meter."""
    value = seal({}, KEYS, created_at=round(clock() * 1000), duration=120_000)

    assert "<meter" not in dissect(value, clock=lambda: clock() + 121)._repr_html_()


def test_html_escapes() -> None:
    """HTML in the cookie or its content is escaped."""
    value = seal({"<script>": "<img>&"}, KEYS)

    html = dissect(f"Cookie: <b>={value}", PAGE_SECRET, name="<b>")._repr_html_()
    opened = dissect(value, PAGE_SECRET)._repr_html_()

    assert "&lt;b&gt;" in html
    assert "&quot;&lt;script&gt;&quot;: &quot;&lt;img&gt;&amp;&quot;" in opened
    assert not re.search("<script|<img", html + opened)
