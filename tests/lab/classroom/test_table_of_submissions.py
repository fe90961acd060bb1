"""A table of what learners hand in, each with the grade that a fair instructor gives."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from lesson_app.lab.classroom.running.sandbox import find_sandbox
from lesson_app.lab.exercises import catalogue
from tests.conftest import ROOT
from tests.lab.classroom.kinds import KINDS, NAME, TIMEOUT, Kind
from tests.lab.classroom.made import Read
from tests.lab.classroom.made_up import hand_in

#: An argument for ``sleep`` that no other test or run uses.
SECONDS = f"4476.{os.getpid()}"
#: Handed nothing in: on the class list, and nowhere else.
CLASS_LIST = "name,E-mail\nZoë Zander,zoe@example.org\nAda Lovelace,ada@example.org\n"


@dataclass
class Graded:
    """What one call of the command found about the whole table."""

    folder: Path
    kinds: list[Kind]
    status: int
    printed: str
    before: dict[Path, bytes]

    @cached_property
    def found(self) -> Any:
        """What grades.json holds."""
        return json.loads((self.folder / "out" / "grades.json").read_text(encoding="utf-8"))

    def student(self, kind: Kind) -> Any:
        """Return the student's row."""
        [row] = [each for each in self.found["students"] if each["key"] == kind.student]
        return row

    def files(self, kind: Kind) -> list[Any]:
        """Return the student's files."""
        return [each for each in self.found["grades"] if each["student"]["key"] == kind.student]

    def results(self, kind: Kind) -> Iterator[Any]:
        """Yield the results in the student's files."""
        for each in self.files(kind):
            yield from each["results"]

    def page(self, kind: Kind) -> str:
        """Return the text of the student's page, on one line."""
        path = self.folder / "out" / self.student(kind)["feedback"]
        return " ".join(Read(path.read_text(encoding="utf-8")).text.split())


@pytest.fixture(scope="module")
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Grade the kinds of all selected tests with one call of the command."""
    params = [getattr(each, "callspec", None) for each in request.session.items]
    selected = [each.params["kind"] for each in params if each and "kind" in each.params]
    # A class list of which nobody handed anything in would be refused.
    kinds = [each for each in KINDS if (each in selected if selected else each.quick)]
    kinds += [each for each in KINDS if each.name == "Moodle" and each not in kinds]
    folder = tmp_path_factory.mktemp("table")
    (folder / "list.csv").write_text(CLASS_LIST, encoding="utf-8")
    handed_in = folder / "handed in"
    handed_in.mkdir()
    files = {}
    for each in kinds:
        for name, content in each.files.items():
            text = content.replace(
                b"ORIGINAL", json.dumps(str(handed_in / name))[1:-1].encode()
            )
            files[name] = text.replace(b"SECONDS", SECONDS.encode())
    paths = hand_in(handed_in, files)
    before = {path: path.read_bytes() for path in handed_in.rglob("*") if path.is_file()}
    command = ["-m", "lesson_app", "grade", *map(str, paths), "--out", str(folder / "out")]
    command += ["--class-list", str(folder / "list.csv"), "--timeout", str(TIMEOUT)]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert (folder / "out" / "grades.json").exists(), done.stderr
    return Graded(folder, kinds, done.returncode, done.stdout, before)


def _row(kind: Kind) -> Any:
    marks = [] if kind.quick else [pytest.mark.proof]
    if kind.fault:
        marks.append(pytest.mark.xfail(reason=kind.fault, strict=True))
    return pytest.param(kind, id=kind.name, marks=marks)


@pytest.mark.parametrize("kind", [_row(each) for each in KINDS])
def test_kind(kind: Kind, graded: Graded) -> None:
    """All reports give the grade of a fair instructor, and say why."""
    same_states(kind, graded)
    same_words(kind, graded)
    same_problems(kind, graded)
    same_page(kind, graded)
    same_line(kind, graded)


def same_states(kind: Kind, graded: Graded) -> None:
    """Compare the best state of each exercise, and which were handed in."""
    states = graded.student(kind)["states"]
    handed_in = {each["id"] for each in graded.results(kind)}

    assert states == {each: kind.expected[each] for each in states}
    assert {each for each, state in kind.expected.items() if state != "missing"} <= handed_in


def same_words(kind: Kind, graded: Graded) -> None:
    """Compare what is said about each exercise, the hints, and the predictions."""
    results = list(graded.results(kind))
    for id, part in kind.says.items():  # noqa: A001  # as in the lesson
        [each] = [each for each in results if each["id"] == id]
        assert part in f"{each['message']} {each['reason']} {each['note']}"
    assert {each["id"]: each["hints"] for each in results if each["hints"]} == kind.hints
    if kind.predictions is not None:
        [file] = graded.files(kind)
        assert {each["id"]: each["state"] for each in file["predictions"]} == kind.predictions


def same_problems(kind: Kind, graded: Graded) -> None:
    """Compare each file's problem, and the notes on its run."""
    problems = {each["path"]: each["problem"] for each in graded.files(kind) if each["problem"]}
    assert len(problems) == len(kind.problems), problems
    for end, part in kind.problems.items():
        [problem] = [text for path, text in problems.items() if path.endswith(end)]
        assert part in problem
    if kind.notes is not None:
        notes = [note for each in graded.files(kind) for note in each["notes"]]
        assert len(notes) == len(kind.notes), notes
        for part, note in zip(kind.notes, notes, strict=True):
            assert part in note


def same_page(kind: Kind, graded: Graded) -> None:
    """Look for all that on the student's page."""
    page, states = graded.page(kind), graded.student(kind)["states"]
    for each in graded.results(kind):
        assert f"{states[each['id']]} {each['id']} {each['title']}" in page
    for part in (*kind.says.values(), *kind.problems.values(), *(kind.notes or ())):
        assert part in page


def same_line(kind: Kind, graded: Graded) -> None:
    """Compare grades.csv with the table."""
    with (graded.folder / "out" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        [line] = [each for each in csv.DictReader(file) if each["key"] == kind.student]
    passed = [each for each, state in kind.expected.items() if state == "passed"]
    must = sum(catalogue()[each].must for each in passed)

    assert all(line[each] == kind.expected[each] for each in graded.student(kind)["states"])
    assert (int(line["must passed"]), int(line["may passed"])) == (must, len(passed) - must)
    assert int(line["problems"]) == len(kind.problems)


def test_every_student_once(graded: Graded) -> None:
    """Nobody is missing, and nobody is there who is not in the table."""
    keys = [each["key"] for each in graded.found["students"]]
    expected = {each.student for each in graded.kinds} | {"Zoë Zander", "Ada Lovelace"}

    assert sorted(keys) == sorted(expected)


def test_exit_status(graded: Graded) -> None:
    """It is 3 if a file could not be graded, or its run ended early; else 1 here."""
    assert graded.status == (3 if any(each.problems for each in graded.kinds) else 1)


def test_nothing_is_changed_or_left(graded: Graded) -> None:
    """Grading changes no file that was handed in, and leaves no process."""
    after = {path: path.read_bytes() for path in graded.before if path.exists()}
    confined = find_sandbox().name == "bubblewrap"
    changed = {
        path.parent.name for path, was in graded.before.items() if after.get(path) != was
    }
    assert changed <= (set() if confined else {"writes to the original"})

    processes = psutil.process_iter(["cmdline"])
    assert not [each for each in processes if SECONDS in (each.info["cmdline"] or [])]


def test_all_passed(tmp_path: Path) -> None:
    """If everything that a learner must solve has passed, the exit status is 0."""
    [kind] = [each for each in KINDS if each.name == "all solved"]
    [content] = kind.files.values()
    (tmp_path / NAME).write_bytes(content)

    command = [sys.executable, "-m", "lesson_app", "grade", NAME]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert done.returncode == 0
    assert "5 of 5 exercises passed" in done.stdout
