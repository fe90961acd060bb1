"""An error that is meant to happen, shown the same way in every run."""

from __future__ import annotations

import pytest

from lesson_app import BadCookie, BadFormat
from lesson_app.lab import caught


def raising(error: Exception) -> None:
    raise error


def test_expected_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The error that the block raises is one line, by its own name."""
    with caught(BadCookie):
        raising(BadFormat("fields", "one field"))

    assert capsys.readouterr().out == "BadFormat: one field\n"


def test_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A block that raises nothing says so: a cell cannot promise what does not happen."""
    with caught(BadCookie):
        pass

    assert capsys.readouterr().out == "no error\n"


def test_another_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An error of another kind is nobody's plan, and raised as ever."""
    with pytest.raises(KeyError), caught(BadCookie):
        raising(KeyError("user"))

    assert capsys.readouterr().out == ""
