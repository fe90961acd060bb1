"""Sliders for an experiment: what they show, and the summary without widgets."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest
from flask import Flask

from lesson_app import create_app
from lesson_app.lab import Clock, Explorer, Trials
from lesson_app.lab.views.explore import live
from tests.conftest import SECRET

WIDGET = "application/vnd.jupyter.widget-view+json"
SLIDERS = {"byte": (range(16), 3), "bit": (range(8), 0)}


@pytest.fixture
def explorer() -> Explorer:
    summary = Trials(["bit", "result"], [["0", "refused"]])
    return Explorer(summary, SLIDERS, lambda byte, bit: f"bit {bit} of byte {byte}")


def make_app(clock: Clock) -> Flask:
    return create_app(clock=clock, secret=SECRET)


def test_visits() -> None:
    """Each visit has the result of the server's rule and the end in the cookie."""
    visits = live(make_app, 70, 600)

    assert [visit.second for visit in visits] == list(range(0, 491, 70))
    assert [visit.ends for visit in visits] == [120, 180, 240, 300, 360, 420, 480, 480]
    assert [visit.alive for visit in visits] == [True] * 7 + [False]
    assert all(visit.set_cookie for visit in visits)


def test_without_widgets(monkeypatch: pytest.MonkeyPatch, explorer: Explorer) -> None:
    """Without ipywidgets, only the summary is shown, as text and as HTML."""
    monkeypatch.setitem(sys.modules, "ipywidgets", None)

    bundle = explorer._repr_mimebundle_()

    assert bundle == {
        "text/plain": repr(explorer.summary),
        "text/html": explorer.summary._repr_html_(),
    }
    assert repr(explorer) == repr(explorer.summary)


def test_with_widgets(explorer: Explorer) -> None:
    """The bundle has the sliders and the summary; each viewer shows what it can."""
    import_module("ipywidgets")
    bundle = explorer._repr_mimebundle_()

    assert set(bundle) == {"text/plain", "text/html", WIDGET}
    assert bundle["text/plain"] == repr(explorer.summary)


def test_sliders_draw(explorer: Explorer) -> None:
    """Moving a slider updates the view, at both ends of its range."""
    import_module("ipywidgets")
    *rows, shown, summary = explorer.widget().children
    assert summary.value == explorer.summary._repr_html_()

    seen = [shown.value]
    for field, slider in (row.children for row in rows):
        for place in (field.min, field.max):
            slider.value = place
            assert field.value == place
            seen.append(shown.value)

    assert [row.children[0].description for row in rows] == list(SLIDERS)
    assert seen == [
        f'<div role="status">bit {bit} of byte {byte}</div>'
        for byte, bit in ((3, 0), (0, 0), (15, 0), (15, 0), (15, 7))
    ]
