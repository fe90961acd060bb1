"""What type checkers report in an engineer's program."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.conftest import PATIENCE, ROOT
from tests.plugin import need, require_tool

COMMANDS = {
    "mypy": ("mypy", "--strict"),
    "pyright": ("pyright", "--pythonpath", sys.executable),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_user_program(command: tuple[str, ...]) -> None:
    """A guarded view keeps its arguments and its own return value's type, or is a Response."""
    if find_spec(command[0]) is None:
        need(command[0])
    if command[0] == "pyright":
        require_tool("node")  # otherwise pyright would download it

    checked = subprocess.run(
        [sys.executable, "-m", *command, "tests/user_program.py"],
        cwd=ROOT,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},  # asks for no newer version
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
