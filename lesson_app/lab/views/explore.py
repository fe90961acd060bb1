"""Explore by hand: sliders for an experiment, and a summary that works without widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import escape
from typing import Any, NamedTuple

from flask import Flask

from ...cookie import read_fields
from ...dissect.words import span, visible
from ..clock import Clock
from ..exercises.judging import outcome
from ..http.record import pair_of
from .markup import facts, field_name, html_of, mark, meter
from .tamper import bytes_of, flipped
from .trials import Trials, try_opening

_WIDGET = "application/vnd.jupyter.widget-view+json"
_HOUR = 3600
_MOST_VISITS = 8


class Explorer:
    """Sliders with a view of the chosen values, and a summary of all values below.

    Without widgets, only the summary is shown. `sliders` maps a label to a range and the
    first value. `view` takes one value per slider and returns HTML.
    """

    def __init__(
        self,
        summary: Trials,
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


def explore_flips(value: str, openers: Mapping[str, Callable[[str], Any]]) -> Explorer:
    """Choose a bit of a sealed cookie with sliders, flip it, and try each opener.

    `openers` maps a label to a function that takes a cookie's value. The summary flips every
    bit in turn and counts the results. A result that differs from the untouched cookie's is
    marked where it differs.
    """
    untouched = {label: outcome(opener, value) for label, opener in openers.items()}
    places = [(name, i) for name, raw in bytes_of(value).items() for i in range(len(raw))]

    def view(place: int, bit: int) -> str:
        name, byte = places[place]
        changed = flipped(value, name, byte, bit)
        results = {
            label: try_opening(opener, changed, untouched[label])[1]
            for label, opener in openers.items()
        }
        return _flip_html(value, changed, name, byte, results)

    sliders = {"byte": (range(len(places)), 0), "bit": (range(8), 0)}
    return Explorer(_flip_all(value, openers, untouched), sliders, view)


def _flip_all(
    value: str, openers: Mapping[str, Callable[[str], Any]], untouched: Mapping[str, Any]
) -> Trials:
    rows = []
    for name, raw in bytes_of(value).items():
        flips = [flipped(value, name, i, bit) for i in range(len(raw)) for bit in range(8)]
        results = [_count(opener, flips, untouched[label]) for label, opener in openers.items()]
        rows.append([name, str(len(flips)), *results])
    return Trials(["each bit flipped in", "bits", *openers], rows, (16, 10))


def _count(opener: Callable[[str], Any], values: list[str], untouched: Any) -> str:
    counts = Counter(try_opening(opener, value, untouched)[0] for value in values)
    return ", ".join(f"{n} \N{MULTIPLICATION SIGN} {result}" for result, n in counts.items())


def _flip_html(
    value: str, changed: str, name: str, byte: int, results: Mapping[str, str]
) -> str:
    before, after = bytes_of(value)[name][byte], bytes_of(changed)[name][byte]
    flip = f"byte {byte} of {field_name(name)}: {before:08b} \N{RIGHTWARDS ARROW} {after:08b}"
    rows = [("flipped", flip), ("the cookie", f"<code>{_marked(value, changed)}</code>")]
    return facts([*rows, *((label, html_of(text)) for label, text in results.items())])


def _marked(value: str, changed: str) -> str:
    """Return the changed cookie with the changed characters marked."""
    return "".join(
        escape(new) if new == old else mark(visible(new))
        for old, new in zip(value, changed, strict=True)
    )


def explore_life(make_app: Callable[[Clock], Flask]) -> Explorer:
    """Choose with sliders how often a visitor comes back, and when to look at the session.

    `make_app` takes a clock and returns the lesson's app. The summary shows an hour of visits
    for several pauses.
    """

    def view(pause: int, now: int) -> str:
        visits = live(make_app, pause, now)
        return _visits_html(visits) + _rest_html(visits[-1], now)

    sliders = {
        "a visit every \N{HORIZONTAL ELLIPSIS} seconds": (range(10, 131), 70),
        "the clock, in seconds": (range(0, 601, 5), 120),
    }
    headings = ["a visit every", "visits before expiry", "Set-Cookie", "the session"]
    rows = [_live_an_hour(make_app, pause) for pause in (30, 50, 60, 65, 70, 90, 119, 121)]
    return Explorer(Trials(headings, rows), sliders, view)


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


def _live_an_hour(make_app: Callable[[Clock], Flask], pause: int) -> list[str]:
    visits = live(make_app, pause, _HOUR)
    found = [visit for visit in visits if visit.alive]
    cookies = sum(visit.set_cookie for visit in found)
    expired = f"expired after {span(round(1000 * visits[-1].ends))}"
    result = "is alive after an hour" if visits[-1].alive else expired
    return [f"{pause} seconds", str(len(found)), str(cookies), result]


def _visits_html(visits: list[Visit]) -> str:
    earlier = len(visits[:-_MOST_VISITS])
    rows = [[f"{earlier} earlier", "", ""]] if earlier else []
    for visit in visits[-_MOST_VISITS:]:
        response = "Set-Cookie" if visit.set_cookie else "no Set-Cookie"
        end = f"expires at +{visit.ends:g} s"
        if not visit.alive:
            response, end = f"{response}: a new, empty session", f"expired at +{visit.ends:g} s"
        rows.append([f"+{visit.second} s", response, end])
    return Trials(["visit", "response", "the session"], rows, (20, 45))._repr_html_()


def _rest_html(last: Visit, now: int) -> str:
    left = last.ends - now
    if not last.alive or left < 0:
        return facts([(f"at +{now} s", f"{mark('expired')}: the session is lost")])
    return facts([(f"at +{now} s", f"expires in {left:g} s {meter(min(1, left / 120))}")])
