"""The command `lesson-app grade`: what it asks for, in parallel, stopped and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Invoked

from lesson_app.cli import main
from lesson_app.lab.classroom import grade as grading
from lesson_app.lab.classroom.handed_in.submissions import Submission
from lesson_app.lab.classroom.results import Grade, Result
from tests.conftest import PATIENCE, wait_until
from tests.lab.classroom.test_run import CHECK, RIGHT, for_ever, sleepers


def write_notebook(path: Path, *cells: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [{"cell_type": "code", "source": source, "metadata": {}} for source in cells]
    path.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4}))
    return path


def invoke(*arguments: object) -> Invoked:
    return CliRunner().invoke(main, ["grade", *map(str, arguments)])


def words(result: Invoked) -> str:
    return " ".join(result.output.split())


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Grade without running anything: each exercise gets the state in "state"."""
    answer: dict[str, Any] = {"state": "passed", "problem": ""}

    def grade(submission: Submission, **_: object) -> Grade:
        if submission.student.key == answer.get("fails"):
            raise KeyError("fails")
        results = tuple(Result(each, state=answer["state"]) for each in ("E1.1", "E3.1"))
        return Grade(submission.path, submission.student, results, problem=answer["problem"])

    monkeypatch.setattr(grading, "grade_notebook", grade)
    return answer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'PATH...'"),
        (["none.ipynb"], "'none.ipynb' does not exist"),
        (["ok.ipynb", "--timeout", "0"], "Invalid value for '--timeout'"),
        (["ok.ipynb", "--limit", "x"], "Invalid value for '--limit'"),
        (["ok.ipynb", "-j", "0"], "Invalid value for '-j'"),
        (["ok.ipynb", "--out", "ok.ipynb"], "'ok.ipynb' is a file"),
        (["ok.ipynb", "--column", "x"], "names a column of the class list; add --class-list"),
        (["ok.ipynb", "--class-list", "c.csv", "--column", "x"], "Name"),
    ],
)
def test_misused(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invalid command names the fix and exits with status 2 before any run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grading, "grade_notebook", None)
    write_notebook(tmp_path / "ok.ipynb", "1")
    (tmp_path / "c.csv").write_text("Name,Mail\nAda,a@b\n")

    result = invoke(*arguments)

    assert result.exit_code == 2
    assert message in words(result)


@pytest.mark.parametrize(
    ("state", "problem", "status"),
    [("passed", "", 0), ("not yet", "", 1), ("missing", "", 1), ("passed", "ended", 3)],
)
def test_status(
    state: str, problem: str, status: int, made_up: dict[str, Any], tmp_path: Path
) -> None:
    """The exit status says whether all passed, and whether all could be graded."""
    made_up.update(state=state, problem=problem)
    path = write_notebook(tmp_path / "x.ipynb", "1")

    assert invoke(path).exit_code == status


@pytest.mark.usefixtures("made_up")
def test_class_list(tmp_path: Path) -> None:
    """A student of the class list who handed nothing in has not passed."""
    write_notebook(tmp_path / "class" / "Ada Lovelace" / "x.ipynb", "1")
    listed = tmp_path / "list.csv"

    listed.write_text("Name\nAda Lovelace\n")
    all_there = invoke(tmp_path / "class", "--class-list", listed)
    listed.write_text("Name\nAda Lovelace\nBob Bell\n")
    one_missing = invoke(tmp_path / "class", "--class-list", listed)

    assert (all_there.exit_code, one_missing.exit_code) == (0, 1)
    assert "Bob Bell" in one_missing.output
    listed.write_text("Name,Login\nAda Lovelace,al\n")
    wrong = invoke(tmp_path / "class", "--class-list", listed, "--column", "Login")
    assert wrong.exit_code == 2
    assert "name the column that has what the folders are called" in words(wrong)
    assert wrong.output.strip().endswith("with --column: Name, Login")


@pytest.mark.usefixtures("made_up")
def test_only_one_notebook(tmp_path: Path) -> None:
    """With --notebook, exercises of other notebooks don't count."""
    path, out = write_notebook(tmp_path / "x.ipynb", "1"), tmp_path / "out"

    three = invoke(path, "--notebook", 3, "--out", out)
    five = invoke(path, "--notebook", 5)

    assert three.exit_code == 0
    assert "E3.1" in (out / "grades.csv").read_text()
    assert "E1.1" not in (out / "grades.csv").read_text()
    assert five.exit_code == 3
    assert "left out, as they are other notebooks: 1" in words(five)


def test_an_error_of_ours(made_up: dict[str, Any], tmp_path: Path) -> None:
    """If the grader fails at one file, that is its problem; the others are graded."""
    write_notebook(tmp_path / "ada" / "x.ipynb", "1")
    write_notebook(tmp_path / "bob" / "x.ipynb", "2")
    made_up["fails"] = "bob"

    result = invoke(tmp_path, "--out", tmp_path / "out")

    assert result.exit_code == 3
    assert "could not be graded (KeyError: 'fails'); please report this" in words(result)
    assert "ada" in (tmp_path / "out" / "grades.csv").read_text()


def test_never_too_many_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So many notebooks run at the same time as --jobs says, and the order stays."""
    both, running, most = threading.Barrier(2), set(), []

    def grade(submission: Submission, **_: object) -> Grade:
        running.add(submission.path)
        most.append(len(running))
        both.wait(PATIENCE)  # with fewer jobs this would never end
        running.discard(submission.path)
        return Grade(submission.path, submission.student, (Result("E1.1", state="passed"),))

    monkeypatch.setattr(grading, "grade_notebook", grade)
    for name in "abcdef":
        write_notebook(tmp_path / name / "x.ipynb", name)

    result = invoke(tmp_path, "-j", 2, "--out", tmp_path / "out")

    assert result.exit_code == 0
    assert max(most) == 2
    grades = json.loads((tmp_path / "out" / "grades.json").read_text())
    assert json.dumps(grades).count("x.ipynb") >= 6


def test_a_real_run(tmp_path: Path) -> None:
    """A folder is graded; the files are as they were; each result is on the disk."""
    good = write_notebook(tmp_path / "class" / "ada" / "x.ipynb", RIGHT + CHECK)
    write_notebook(tmp_path / "class" / "bob" / "x.ipynb", "def cookie_pair(t): pass", CHECK)
    (tmp_path / "class" / "bob" / "broken.ipynb").write_text("{")
    before, out = good.read_bytes(), tmp_path / "out"

    result = invoke(tmp_path / "class", "--out", out)

    assert result.exit_code == 3
    ada, bob = (out / "feedback" / f"{name}.html" for name in ("ada", "bob"))
    assert "E1.1" in ada.read_text(encoding="utf-8")
    assert "NameError" in bob.read_text(encoding="utf-8")
    assert "broken.ipynb" in words(result)
    assert good.read_bytes() == before
    again = invoke(tmp_path / "class", "--out", out)
    assert again.output.splitlines()[-5:] == result.output.splitlines()[-5:]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a process")
def test_stopped_and_resumed(tmp_path: Path) -> None:
    """After Ctrl-C nothing runs on, and the same command goes on where it was."""
    runs = tmp_path / "runs"
    runs.mkdir()
    sleep = f"import subprocess; subprocess.Popen(['sleep', '{for_ever(4481)}']).wait()"
    write_notebook(tmp_path / "class" / "a" / "x.ipynb", RIGHT + CHECK)
    slow = write_notebook(tmp_path / "class" / "b" / "x.ipynb", RIGHT + CHECK, sleep)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lesson_app", "grade", str(tmp_path / "class"), "-j", "1"]

    with subprocess.Popen(
        [*command, "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # A shell's background job ignores SIGINT, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            wait_until(lambda: sleepers(4481))
            os.kill(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()

    assert process.returncode == 130
    assert f"the results so far are in {out}; run the same command to go on" in errors
    assert sleepers(4481) == []
    kept = (out / "results.jsonl").read_text()
    write_notebook(slow, RIGHT + CHECK, "1")
    assert invoke(tmp_path / "class", "--out", out).exit_code == 1  # E1.2 … are missing
    assert (out / "results.jsonl").read_text().startswith(kept)
    assert len((out / "results.jsonl").read_text().split()) > len(kept.split())
    assert kept.count('"grade"') == 1


def test_without_a_folder_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stopped command without --out says that nothing was kept."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(grading, "grade_notebook", interrupted)

    result = invoke(write_notebook(tmp_path / "x.ipynb", "1"))

    assert result.exit_code == 130
    assert "with --out FOLDER, the command can go on where it was" in words(result)
    result = invoke(tmp_path / "x.ipynb", "--out", tmp_path / "out")
    assert "stopped; nothing is graded yet" in words(result)
