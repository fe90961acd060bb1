"""Pytest plugin for another project's suite: swap the sessions, record how each test ends."""

from __future__ import annotations

import functools
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from _pytest import monkeypatch
from _pytest.compat import NOTSET
from flask import Flask, Request

from lesson_app import ClientSessions, Session
from lesson_app.interface import ClientSessionInterface


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--swap`` and ``--record``."""
    group = parser.getgroup("foreign")
    group.addoption("--swap", action="store_true", help="Keep sessions with ClientSessions.")
    group.addoption("--record", type=Path, help="The JSON file that the record is written to.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the record, and swap the sessions before any test makes an app."""
    # Flask 3.1.3's suite uses a name that newer pytest has changed.
    monkeypatch.notset = NOTSET  # type: ignore[attr-defined]
    record = Record(config.getoption("record"))
    config.pluginmanager.register(record)
    if config.getoption("swap"):
        swap_sessions(record)


class Record:
    """How each test ended, and how many sessions this library opened."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.sessions = 0
        self.ends: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record ``passed``, ``skipped``, or the line of the test that failed."""
        report = yield
        if report.failed:
            assert call.excinfo is not None
            self.ends[item.nodeid] = _failing_line(item, call.excinfo)
        elif report.skipped:
            self.ends[item.nodeid] = "skipped"
        else:
            self.ends.setdefault(item.nodeid, "passed")
        return report

    def pytest_sessionfinish(self) -> None:
        """Write the record."""
        self._file.write_text(json.dumps({"sessions": self.sessions, "ends": self.ends}))


def _failing_line(item: pytest.Item, error: pytest.ExceptionInfo[BaseException]) -> str:
    """Return the innermost line of the test's file; outside of it, the error's type."""
    lines = [entry.statement for entry in error.traceback if entry.path == item.path]
    return str(lines[-1]).strip().partition("\n")[0] if lines else error.typename


def swap_sessions(record: Record) -> None:
    """Let `ClientSessions` keep the sessions of every app, also with a weak secret."""
    patch = pytest.MonkeyPatch()
    make, open_session = Flask.__init__, ClientSessionInterface.open_session

    @functools.wraps(make)
    def make_with_our_sessions(app: Flask, *args: Any, **kwargs: Any) -> None:
        make(app, *args, **kwargs)
        if type(app).session_interface is Flask.session_interface:  # the test brings no other
            # The suites' secrets are words such as "deterministic".
            app.config["CLIENT_SESSIONS_ALLOW_WEAK_SECRET"] = True
            ClientSessions(app, duration=app.permanent_session_lifetime)

    def count(self: ClientSessionInterface, app: Flask, request: Request) -> Session | None:
        record.sessions += 1
        return open_session(self, app, request)

    patch.setattr(Flask, "__init__", make_with_our_sessions)
    patch.setattr(ClientSessionInterface, "open_session", count)
