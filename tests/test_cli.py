"""The command `lesson-app`, and `python -m lesson_app`, which is the same."""

from __future__ import annotations

import re
import runpy
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from flask import Flask

from lesson_app.cli import main
from tests.conftest import listens, running

HINT = "sealing with the lesson's published secret: set FLASK_SECRET_KEY for anything else"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The arguments with which Flask was told to serve; it does not."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(Flask, "run", lambda app, *arguments: calls.append(arguments))
    return calls


def test_run(runs: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture) -> None:
    """By default the app is served to this machine only, and the secret is called public."""
    result = CliRunner().invoke(main, ["run"])

    assert result.exit_code == 0
    assert caplog.messages == [HINT]
    assert runs == [("127.0.0.1", 8080)]


def test_run_with_options(runs: list[tuple[Any, ...]]) -> None:
    """Host and port can be chosen."""
    CliRunner().invoke(main, ["run", "--host", "0.0.0.0", "--port", "0"])

    assert runs == [("0.0.0.0", 0)]


def test_run_with_a_secret(
    runs: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    """With a secret in the environment there is nothing to say."""
    result = CliRunner().invoke(main, ["run"], env={"FLASK_SECRET_KEY": "k" * 32})

    assert (result.output, caplog.messages) == ("", [])
    assert len(runs) == 1


def test_run_on_no_port() -> None:
    """A port that is no number is refused, by name."""
    result = CliRunner().invoke(main, ["run", "--port", "any"])

    assert result.exit_code == 2
    assert "Invalid value for '--port': 'any' is not a valid integer" in result.output


def test_version() -> None:
    """The command knows the version of the package."""
    result = CliRunner().invoke(main, ["--version"])

    assert result.output == f"lesson-app, version {version('lesson-app')}\n"


def test_python_m(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m lesson_app` shows the command's help, under the command's name."""
    monkeypatch.setattr("sys.argv", ["lesson_app", "--help"])

    with pytest.raises(SystemExit) as end:
        runpy.run_module("lesson_app", run_name="__main__")

    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: lesson-app [OPTIONS] COMMAND")
    assert "Serve the application for the browser on this machine." in shown


@pytest.mark.parametrize(
    "command",
    [[str(Path(sys.executable).parent / "lesson-app")], [sys.executable, "-m", "lesson_app"]],
    ids=["lesson-app", "python -m lesson_app"],
)
def test_real_server(command: list[str]) -> None:
    """As a program it answers on a free port of this machine alone, until it is ended."""
    with running(*command, "run", "--port", "0") as process:
        assert process.stdout is not None
        url = next(
            found[0]
            for line in process.stdout
            if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
        browser = requests.Session()
        browser.trust_env = False

        response = browser.get(f"{url}/session-test-read", timeout=5)

        assert response.text == "session message: undefined"
        assert not listens(url, "127.0.0.2")
        process.terminate()
        assert process.wait(10) == -signal.SIGTERM
    assert not listens(url)
