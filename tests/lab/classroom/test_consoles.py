"""The commands on a console that is not in UTF-8, as on Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lesson_app.cli import main
from tests.conftest import PAGE_SENT, ROOT
from tests.plugin import some_of

NAMES = main.list_commands(main.make_context("lesson-app", ["run"]))
#: Commands that end by themselves; `grade` is the slow one.
COMMANDS = [
    ["copy", "Ł mine"],
    ["copy", "--without-solutions", "Ł mine"],
    ["copy", "Ł nowhere", "--notebooks", "Ł"],
    ["dissect", PAGE_SENT, "--secret", "blargadeeblargblarg"],
    ["dissect", PAGE_SENT[:-1] + "Ł"],
    ["dissect", PAGE_SENT, "--json"],
    pytest.param(["grade", "00_Ł.ipynb"], marks=pytest.mark.proof),
    *some_of([[name, "--help"] for name in NAMES]),
]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run lesson-app in a folder with a console in cp1252."""
    return subprocess.run(
        [sys.executable, "-X", "utf8=0", "-m", "lesson_app", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252:strict"},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda each: " ".join(each)[:30])
def test_console_in_cp1252(tmp_path: Path, arguments: list[str]) -> None:
    """Each command prints what the console can show, and escapes the rest."""
    source = ROOT / "notebooks" / "00_read_someones_cookie.ipynb"
    (tmp_path / "00_Ł.ipynb").write_bytes(source.read_bytes())

    done = run(tmp_path, *arguments)

    assert done.returncode in (0, 1, 2, 3)
    assert b"Traceback" not in done.stderr
    printed = (done.stdout + done.stderr).decode("cp1252")
    assert printed.strip()
    assert "\\u0141" in printed or "Ł" not in "".join(arguments)


def test_files_are_in_utf_8(tmp_path: Path) -> None:
    """The copies are in UTF-8 on every system, and end their lines as the originals do."""
    run(tmp_path, "copy", "mine")

    for path in (tmp_path / "mine").iterdir():
        assert b"\r" not in path.read_bytes()
        assert "\N{BLACK CIRCLE}" in path.read_text("utf-8")
