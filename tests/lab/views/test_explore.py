"""Sliders for an experiment: what they show, and the summary without widgets."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask

from lesson_app import create_app, derive_keys, seal, unseal
from lesson_app.cookie import decrypt, from_base64
from lesson_app.lab import Clock, Explorer, explore_flips, explore_life
from lesson_app.lab.views.explore import live
from tests.conftest import PAGE_SENT, SECRET

KEYS = derive_keys(SECRET)
VALUE = seal(
    {"a": "<b>"}, KEYS, created_at=1692988779453, duration=120_000, iv=bytes(range(16))
)
WIDGET = "application/vnd.jupyter.widget-view+json"


def sealed(value: str) -> Any:
    return unseal(value, KEYS).content


def unverified(value: str) -> str:
    iv, ciphertext, *_ = value.split(".")
    return decrypt(from_base64(ciphertext), KEYS, from_base64(iv)).decode("latin-1")


@pytest.fixture(scope="module")
def flips() -> Explorer:
    return explore_flips(VALUE, {"sealed": sealed, "unverified": unverified})


def make_app(clock: Clock) -> Flask:
    return create_app(clock=clock, secret=SECRET)


def words(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html.replace("</tr>", "\n")))


def test_every_bit_is_flipped(flips: Explorer) -> None:
    """The summary flips every bit of each field; with the MAC, none of the results opens."""
    rows = {row[0]: row[1:] for row in flips.summary.rows}

    assert {name: int(row[0]) for name, row in rows.items()} == {
        "iv": 128,
        "ciphertext": 256,
        "created_at": 13 * 8,
        "duration": 6 * 8,
        "mac": 256,
    }
    assert not any("opens" in row[1] for row in rows.values())
    assert rows["iv"][2].startswith("128 \u00d7 opens, changed")
    assert rows["mac"][1:] == ["256 \u00d7 refused: BadSignature", "256 \u00d7 opens"]
    for bits, *columns in rows.values():
        for result in columns:
            assert sum(map(int, re.findall(r"(\d+) \u00d7", result))) == int(bits)


@pytest.mark.parametrize("place", range(16 + 32 + 13 + 6 + 32))
def test_flip_by_hand(flips: Explorer, place: int) -> None:
    """For each byte, the view shows the flipped bit and the results."""
    shown = words(flips.view(place, 3))

    byte = re.search(r"byte (\d+) of (\w+): ([01]{8}) \u2192 ([01]{8})", shown)
    assert byte
    assert int(byte[3], 2) ^ int(byte[4], 2) == 1 << 3
    assert "sealedrefused: Bad" in shown
    [cookie] = re.findall("<code>.*</code>", flips.view(place, 3))
    assert cookie.count("<mark>") in (1, 2)


def test_flip_that_is_seen(flips: Explorer) -> None:
    """Without the MAC, a flipped bit of the IV flips the same bit of the plaintext."""
    shown = words(flips.view(9, 0))

    assert VALUE.startswith("AAECAwQFBgcICQoL")
    assert "byte 9 of iv: 00001001 \u2192 00001000" in shown
    assert 'unverifiedopens, changed: \'session={#a":"<b>"}\'' in shown
    assert "session={<mark>#</mark>a" in flips.view(9, 0)


def test_flip_of_the_highest_bit(flips: Explorer) -> None:
    """In a time, too, one bit is flipped; invisible characters are escaped."""
    assert "byte 0 of created_at: 00110001 \u2192 10110001" in words(flips.view(48, 7))
    assert "<mark>\\u0011</mark>" in flips.view(48, 5)


def test_flips_escape(flips: Explorer) -> None:
    """The content of a cookie is escaped."""
    assert "<b>" not in flips.view(50, 0)
    assert "&lt;b&gt;" in flips.view(70, 0)


LIVES = {
    # a pause: visits that found the session alive, their cookies, its end
    "30 seconds": ["121", "60", "is alive after an hour"],
    "50 seconds": ["73", "60", "is alive after an hour"],
    "60 seconds": ["61", "60", "is alive after an hour"],
    "65 seconds": ["13", "13", "expired after 14 minutes"],
    "70 seconds": ["7", "7", "expired after 8 minutes"],
    "121 seconds": ["1", "1", "expired after 2 minutes"],
}


@pytest.fixture(scope="module")
def life() -> Explorer:
    return explore_life(make_app)


@pytest.mark.parametrize(("pause", "result"), LIVES.items(), ids=LIVES)
def test_lives(life: Explorer, pause: str, result: list[str]) -> None:
    """A visitor whose pauses are longer than the active duration loses the session."""
    rows = {row[0]: row[1:] for row in life.summary.rows}

    assert rows[pause] == result


def test_visits() -> None:
    """Each visit has the result of the server's rule and the end in the cookie."""
    visits = live(make_app, 70, 600)

    assert [visit.second for visit in visits] == list(range(0, 491, 70))
    assert [visit.ends for visit in visits] == [120, 180, 240, 300, 360, 420, 480, 480]
    assert [visit.alive for visit in visits] == [True] * 7 + [False]
    assert all(visit.set_cookie for visit in visits)


@pytest.mark.parametrize(
    ("pause", "now", "text"),
    [
        (70, 0, "at +0 sexpires in 120 s"),
        (70, 119, "at +119 sexpires in 61 s"),
        (130, 120, "at +120 sexpires in 0 s"),
        (130, 125, "at +125 sexpired: the session is lost"),
        (130, 300, "at +300 sexpired: the session is lost"),
        (50, 50, "+50 sno Set-Cookieexpires at +120 s"),
        (70, 70, "+70 sSet-Cookieexpires at +180 s"),
        (130, 130, "+130 sSet-Cookie: a new, empty sessionexpired at +120 s"),
        (130, 600, "at +600 sexpired: the session is lost"),
        (10, 600, "53 earlier"),
        (90, 600, "+90 sSet-Cookie"),
    ],
)
def test_clock_by_hand(life: Explorer, pause: int, now: int, text: str) -> None:
    """The view shows the visits up to the chosen time, and when the session expires."""
    assert text in words(life.view(pause, now))


def test_without_widgets(monkeypatch: pytest.MonkeyPatch, flips: Explorer) -> None:
    """Without ipywidgets, only the summary is shown, as text and as HTML."""
    monkeypatch.setitem(sys.modules, "ipywidgets", None)

    bundle = flips._repr_mimebundle_()

    assert bundle == {
        "text/plain": repr(flips.summary),
        "text/html": flips.summary._repr_html_(),
    }
    assert repr(flips) == repr(flips.summary)


def test_with_widgets(flips: Explorer) -> None:
    """The bundle has the sliders and the summary; each viewer shows what it can."""
    bundle = flips._repr_mimebundle_()

    assert set(bundle) == {"text/plain", "text/html", WIDGET}
    assert bundle["text/plain"] == repr(flips.summary)


MAKERS: list[Callable[[], Explorer]] = [
    lambda: explore_flips(PAGE_SENT, {"sealed": sealed}),
    lambda: explore_life(make_app),
]


@pytest.mark.parametrize("make", MAKERS, ids=["flips", "life"])
def test_sliders_draw(make: Callable[[], Explorer]) -> None:
    """Moving a slider updates the view, at both ends of its range."""
    widget = make().widget()
    *rows, shown, summary = widget.children
    assert "Set-Cookie" in summary.value or "bits" in summary.value

    seen = set()
    for field, slider in (row.children for row in rows):
        assert field.description
        for place in (field.min, field.max):
            slider.value = place
            assert field.value == place
            seen.add(shown.value)

    assert len(seen) >= 3
    assert all(value.startswith('<div role="status">') for value in seen)
