"""The ways of requests: through the middleware, through time, and between servers."""

from __future__ import annotations

from flask import Flask

from lesson_app import create_app
from lesson_app.lab import Clock, draw
from lesson_app.lab.views.explore import live
from tests.conftest import SECRET
from tests.lab.draw.seen import check_both, marked


def make_app(clock: Clock) -> Flask:
    return create_app(clock=clock, secret=SECRET)


def test_around() -> None:
    """A content that differs from the one before is marked and named."""
    steps = [("open_session", {"n": 1}), ("view", {"n": 2}), ("save_session", {"n": 2})]
    shown = draw.around(steps)

    check_both(shown)
    assert marked(shown) == {"2": [1]}
    assert shown.finding == "3 steps; the content changes at: view."
    assert draw.around([("a", "x"), ("b", "x")]).finding.endswith("nowhere.")
    assert "<b>" not in draw.around([("a", "<b>")])._repr_html_()


def test_life() -> None:
    """Each visit has a line to the expiry; an expiry that moved is marked."""
    shown = draw.life(live(make_app, 50, 200))

    check_both(shown)
    assert [row[1] for row in shown.rows] == [
        "V===========|",
        "\u00b7" * 5 + "V======|",
        "\u00b7" * 10 + "V=======|",
        "\u00b7" * 15 + "V========|",
        "\u00b7" * 20 + "V=========|",
    ]
    assert marked(shown) == {"+100 s": [2], "+150 s": [2], "+200 s": [2]}
    assert [row[2] for row in shown.rows[:3]] == ["Set-Cookie", "no Set-Cookie", "Set-Cookie"]
    assert shown.finding.startswith(
        "5 of 5 visits found the session alive; 4 got a Set-Cookie."
    )
    assert "each character is 10 seconds" in shown.finding


def test_end_of_a_life() -> None:
    """A visit after the expiry is drawn after the end."""
    shown = draw.life(live(make_app, 121, 600))

    check_both(shown)
    assert shown.rows[1][1].endswith("\u00b7|V")
    assert shown.rows[1][3] == "expired at +120 s"
    assert shown.finding.startswith("1 of 2 visits found the session alive")


def test_long_life() -> None:
    """Of many visits, the last twelve are drawn, and the others are counted."""
    shown = draw.life(live(make_app, 60, 3600))

    check_both(shown)
    assert shown.rows[0][0] == "49 earlier"
    assert len(shown.rows) == 13
    assert marked(shown)["+2940 s"] == [2]
    assert draw.life([]).rows == []


def test_hops() -> None:
    """Each visit is marked at its server; a server that died or is new says so."""
    shown = draw.hops(
        ["a", "b", None, "b", "c"], ["a", "b", "c"], died={"a": 3}, added={"c": 4}
    )

    check_both(shown)
    assert [row[1:] for row in shown.rows] == [
        ["1", "\u00b7", "dead", "x", "x"],
        ["\u00b7", "2", "\u00b7", "4", "\u00b7"],
        ["", "", "", "new", "5"],
    ]
    assert marked(shown) == {"a": [0], "b": [1, 3], "c": [4]}
    assert shown.finding.startswith("4 of 5 visits answered, by 3 servers of 3.")
    assert "a died before visit 3" in shown.finding
    assert "c was added before visit 4" in shown.finding
