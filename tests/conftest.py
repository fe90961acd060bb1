"""What every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lesson_app import create_app
from lesson_app.lab import Clock

ROOT = Path(__file__).parent.parent


def require_tool(name: str) -> str:
    """Return where a program is; without it skip the test, or fail it in CI."""
    found = shutil.which(name)
    if found:
        return found
    message = f"{name} is not on this machine"
    if os.environ.get("LESSON_APP_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def advance(clock: Clock) -> Callable[[float], None]:
    """Let seconds go past."""
    return lambda seconds: clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def app(clock: Clock) -> Flask:
    app = create_app(clock=clock)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
