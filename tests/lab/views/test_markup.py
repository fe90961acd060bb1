"""The parts of the notebooks' tables: the coloured mark of a result."""

from __future__ import annotations

import re

import pytest

from lesson_app.lab.views.markup import status

SYMBOLS = ["✓", "✗", "○", "!"]


def colours(html: str) -> list[str]:
    """Return the background and the text colour of a mark."""
    return re.findall(r"color: (#[0-9a-f]{6})", html)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_status_is_a_mark_with_its_word_beside_it(symbol: str) -> None:
    """The mark is in the badge, the word after it: colour is never the only difference."""
    html = status(symbol, "2 of 3 <passed>")
    assert f"<b>{symbol}</b></span> 2 of 3 &lt;passed&gt;" in html


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_status_is_readable_on_light_and_dark_pages(symbol: str) -> None:
    """The mark's contrast is 4.5 or more; its badge stands out from a white or dark page."""
    background, text = colours(status(symbol, ""))
    assert contrast(background, text) >= 4.5
    assert contrast(background, "#ffffff") >= 3
    assert contrast(background, "#111111") >= 3


def test_each_status_has_a_colour_of_its_own() -> None:
    """Passed, wrong and open differ at a glance."""
    assert len({colours(status(symbol, ""))[0] for symbol in SYMBOLS}) == len(SYMBOLS)


def test_an_unknown_status_is_refused() -> None:
    """A mark that no legend explains is a mistake of the caller."""
    with pytest.raises(KeyError):
        status("?", "")
