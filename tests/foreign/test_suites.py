"""The tests of Flask, Flask-Login and Flask-WTF pass with this library's sessions.

Each suite runs twice: with Flask's own sessions, then with those of `ClientSessions`. A test
may end differently only if expected.toml says where it fails, and why.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT
from tests.plugin import need

SUITES = ["flask", "flask-login", "flask-wtf"]
EXPECTED: dict[str, list[dict[str, str]]] = tomllib.loads(
    (Path(__file__).parent / "expected.toml").read_text(encoding="utf-8")
)
#: A suite with a weak secret, and a test that only Flask's own sessions pass.
SMALL_SUITE = """
from flask import Flask, session

def store_it(value):
    app = Flask(__name__)
    app.secret_key = "weak"

    @app.get("/")
    def store():
        session["value"] = value
        return "stored"

    assert app.test_client().get("/").text == "stored"

def test_equal():
    store_it("text")

def test_different():
    store_it(b"bytes")
"""


@dataclass(frozen=True)
class Record:
    """How each test ended, and how many sessions this library opened."""

    sessions: int
    ends: dict[str, str]


def requirement(name: str) -> str:
    """Return the version and the hashes of a package, as in requirements.lock."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    [lines] = re.findall(rf"^{name}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    return str(lines)


def source(name: str, folder: Path) -> Path:
    """Return the folder of a package's source, which holds its tests; skip without network."""
    locked = requirement(name)
    if f"{name}=={version(name)} " not in locked:
        need(f"the version of {name} in requirements.lock")
    file = folder / "requirement.txt"
    file.write_text(locked)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=1"]
    command += ["--no-binary", name, "--require-hashes", "--requirement", str(file)]
    pip = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    print(pip.stderr)  # noqa: T201  # pytest shows it if the test fails
    assert "DO NOT MATCH THE HASHES" not in pip.stderr
    if pip.returncode:
        need(f"the source of {name}")
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    [tests] = folder.glob("*/tests")
    return tests.parent


def run(folder: Path, *options: str) -> Record:
    """Run the tests in a folder without our own plugins; `--swap` swaps the sessions."""
    record = folder / "record.json"
    command = [sys.executable, "-m", "pytest", "-p", "tests.foreign.swap", "--quiet", *options]
    command += ["-p", "no:cacheprovider", f"--basetemp={folder / 'temp'}", f"--record={record}"]
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PYTEST", "FLASK"))
    }
    pytest_run = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    print(pytest_run.stdout[-100_000:], pytest_run.stderr)  # noqa: T201
    assert pytest_run.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return Record(**json.loads(record.read_text()))


def differences(folder: Path) -> dict[str, str]:
    """Return how tests end that end differently with this library's sessions."""
    plain, swapped = run(folder), run(folder, "--swap")
    passed = [test for test, end in plain.ends.items() if end == "passed"]
    assert len(passed) > len(plain.ends) * 0.9, "the suite fails without this library too"
    assert swapped.sessions > plain.sessions == 0
    assert swapped.ends.keys() == plain.ends.keys()
    return {test: end for test, end in swapped.ends.items() if end != plain.ends[test]}


def test_table_explains() -> None:
    """Each expected difference names a test once, and its reason is a sentence."""
    assert EXPECTED.keys() <= set(SUITES)
    for name, entries in EXPECTED.items():
        assert len({entry["test"] for entry in entries}) == len(entries), name
        for entry in entries:
            assert entry.keys() == {"test", "fails", "reason"}
            assert entry["reason"].endswith(".")


@pytest.mark.proof
@pytest.mark.parametrize("name", SUITES)
def test_suite(name: str, tmp_path: Path) -> None:
    """The suite's tests end as with Flask's own sessions, except those in the table."""
    expected = {entry["test"]: entry["fails"] for entry in EXPECTED.get(name, [])}

    assert differences(source(name, tmp_path)) == expected


@pytest.mark.proof
def test_difference_is_found(tmp_path: Path) -> None:
    """A test that fails only with this library is reported with the line that fails."""
    (tmp_path / "test_small.py").write_text(SMALL_SUITE)

    found = differences(tmp_path)

    line = 'assert app.test_client().get("/").text == "stored"'
    assert found == {"test_small.py::test_different": line}


def offline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip find packages only in a folder."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


@pytest.mark.proof
def test_skipped_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip cannot download the source, the test is skipped; in CI, it fails."""
    offline(tmp_path, monkeypatch)

    monkeypatch.delenv("LESSON_APP_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="the source of flask"):
        source("flask", tmp_path)
    monkeypatch.setenv("LESSON_APP_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="the source of flask"):
        source("flask", tmp_path)


@pytest.mark.proof
def test_other_source_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive without a hash in requirements.lock fails the test."""
    index = tmp_path / "index"
    index.mkdir()
    (index / f"flask-{version('flask')}.tar.gz").write_bytes(b"another source")
    offline(index, monkeypatch)
    monkeypatch.setenv("LESSON_APP_REQUIRE_TOOLS", "1")  # a skip is not enough

    with pytest.raises(AssertionError, match="DO NOT MATCH THE HASHES"):
        source("flask", tmp_path)
