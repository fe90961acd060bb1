"""The lines of the ten properties of E9.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request, session

from lesson_app.lab.exercises.e09_own_app import make_app_ours, show_ten


def untouched() -> None:
    """Your code here."""


def changed(change: Callable[[Flask], Any]) -> Callable[[], Flask]:
    """Return our `make_app` with a change."""

    def make_app() -> Flask:
        app = make_app_ours()
        change(app)
        return app

    return make_app


def marks(make_app: Callable[..., Any]) -> list[str]:
    return [line[0] for line in repr(show_ten(make_app)).splitlines()]


def test_untouched() -> None:
    """Before the learner begins, one line says so."""
    assert repr(show_ten(untouched)) == "○ make_app is not started"


def test_ours() -> None:
    """Our app has all ten, and the lines are the same in every run."""
    assert marks(make_app_ours) == ["✓"] * 10
    assert repr(show_ten(make_app_ours)) == repr(show_ten(make_app_ours))


def test_one_fault() -> None:
    """A property that is missing has its message, and all others are still looked at."""

    def by_get(app: Flask) -> None:
        @app.before_request
        def leave() -> None:
            if request.path == "/logout" and request.method == "GET":
                session.clear()

    lines = repr(show_ten(changed(by_get))).splitlines()

    assert [line[0] for line in lines] == [*"✓" * 7, "✗", "✓", "✓"]
    assert lines[7].startswith("✗ 8 Logout is a POST")
    assert "a plain GET logs the visitor out" in lines[7]


def test_no_login() -> None:
    """Without a login that works, the other nine cannot be told."""

    def crash(app: Flask) -> None:
        app.view_functions["login"] = lambda: str(1 // 0)

    lines = repr(show_ten(changed(crash))).splitlines()

    assert "your code raised ZeroDivisionError" in lines[0]
    assert lines[1:] == ["○ 2 to 10: cannot tell before 1 works"]


def test_no_app() -> None:
    """An error of `make_app` itself is one line."""

    def make_app() -> Flask:
        raise ValueError("no secret")

    assert repr(show_ten(make_app)) == "✗ your code raised ValueError: no secret"
    assert marks(lambda: 7) == ["✗"]


def test_html() -> None:
    """In a notebook, each line has a coloured mark, and text of the app is escaped."""
    html = show_ten(changed(lambda app: app.config.update(TOUR={"login": "<b>"})))._repr_html_()

    assert "&lt;b&gt;" in html
    assert "<b>✗</b>" in html
