"""Tables of tries, and expected errors: shown the same way in every run."""

from __future__ import annotations

import pytest

from lesson_app import BadCookie, BadFormat
from lesson_app.lab import Trials, caught


def raising(error: Exception) -> None:
    raise error


def test_expected_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An expected error is printed in one line, with its name."""
    with caught(BadCookie):
        raising(BadFormat("fields", "one field"))

    assert capsys.readouterr().out == "BadFormat: one field\n"


def test_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """If the block raises nothing, "no error" is printed."""
    with caught(BadCookie):
        pass

    assert capsys.readouterr().out == "no error\n"


def test_another_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected error is raised as usual."""
    with pytest.raises(KeyError), caught(BadCookie):
        raising(KeyError("user"))

    assert capsys.readouterr().out == ""


def test_both_views_say_the_same() -> None:
    """The table and the text have the same cells, and HTML is escaped."""
    shown = Trials(["name", "the result"], [["iv", "<hi>"], ["other", "refused"]], (20,))

    table = shown._repr_html_()

    assert repr(shown) == "name iv\n  the result  <hi>\n\nname other\n  the result  refused"
    for text in ("name", "the result", "iv", "&lt;hi&gt;", "other", "refused"):
        assert f">{text}<" in table
    assert '<th scope="row"' in table
