"""Explore by hand: sliders for an experiment, and a summary that works without widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from flask import Flask

from ...cookie import read_fields
from ..clock import Clock
from ..http.record import pair_of

_WIDGET = "application/vnd.jupyter.widget-view+json"


class Shown(Protocol):
    """What a notebook shows as text and as HTML: a table or a drawing."""

    def _repr_html_(self) -> str: ...


class Explorer:
    """Sliders with a view of the chosen values, and a summary of all values below.

    Without widgets, only the summary is shown. `sliders` maps a label to a range and the
    first value. `view` takes one value per slider and returns HTML.
    """

    def __init__(
        self,
        summary: Shown,
        sliders: Mapping[str, tuple[range, int]],
        view: Callable[..., str],
    ) -> None:
        self.summary, self.sliders, self.view = summary, sliders, view

    def __repr__(self) -> str:
        return repr(self.summary)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self.summary._repr_html_()}
        widget = self.widget()
        view = widget._repr_mimebundle_() if widget is not None else {}
        return {**bundle, **{kind: view[kind] for kind in [_WIDGET] if kind in view}}

    def widget(self) -> Any:
        """Return the sliders, the view and the summary; None without ipywidgets."""
        try:
            from ipywidgets import HTML, VBox  # type: ignore[import-untyped]  # it has no types
        except ImportError:
            return None
        fields, rows = zip(
            *(_slider(name, *at) for name, at in self.sliders.items()), strict=True
        )
        shown = HTML()

        def draw(_: object = None) -> None:
            view = self.view(*(each.value for each in fields))
            # Screen readers announce the changes of a status.
            shown.value = f'<div role="status">{view}</div>'

        for each in fields:
            each.observe(draw, "value")
        draw()
        return VBox([*rows, shown, HTML(self.summary._repr_html_())])


def _slider(name: str, places: range, start: int) -> tuple[Any, Any]:
    """Return a number field, and a row of this field and a slider linked to it."""
    from ipywidgets import BoundedIntText, HBox, IntSlider, Layout, link

    place = {"value": start, "min": places[0], "max": places[-1], "step": places.step}
    # Screen readers read the field's label. A slider of ipywidgets has none.
    named = BoundedIntText(
        description=name,
        style={"description_width": "13em"},
        layout=Layout(width="19em", flex="none"),
        **place,
    )
    slider = IntSlider(readout=False, layout=Layout(flex="1 1 8em"), **place)
    link((named, "value"), (slider, "value"))
    return named, HBox([named, slider])


class Visit(NamedTuple):
    """A visit: how many seconds after the first, and whether it found the session alive.

    `ends` is the second at which that session expires, according to its cookie.
    """

    second: int
    alive: bool
    set_cookie: bool
    ends: float


def live(make_app: Callable[[Clock], Flask], pause: int, seconds: int) -> list[Visit]:
    """Return visits every `pause` seconds, for `seconds` or until the session has expired."""
    clock = Clock()
    client = make_app(clock).test_client()
    noon, visits = clock(), list[Visit]()
    for second in range(0, seconds + 1, pause):
        clock.advance(timedelta(seconds=noon + second - clock()))
        path = "read" if second else "add?message=still here"
        answer = client.get(f"/session-test-{path}")
        cookies = answer.headers.getlist("Set-Cookie")
        alive = not second or "still here" in answer.text
        # A late visit gets a new session, whose end does not matter here.
        ends = _end_of(cookies[-1]) - noon if cookies and alive else visits[-1].ends
        visits.append(Visit(second, alive, bool(cookies), ends))
        if not alive:
            break
    return visits


def _end_of(line: str) -> float:
    _, _, created_at, duration, _ = read_fields(pair_of(line)[1])
    return (created_at + duration) / 1000
