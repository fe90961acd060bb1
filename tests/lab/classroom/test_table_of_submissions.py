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

from lesson_app.lab.classroom.sandbox import find_sandbox
from lesson_app.lab.exercises import catalogue
from tests.conftest import ROOT
from tests.lab.classroom.handed_in import hand_in
from tests.lab.classroom.kinds import KINDS, NAME, TIMEOUT, Kind
from tests.lab.classroom.made import Read
from tests.plugin import is_quick

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
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Grade all kinds with one call of the command; with ``--quick``, a few."""
    kinds = [each for each in KINDS if each.quick or not is_quick()]
    folder = tmp_path_factory.mktemp("table")
    (folder / "list.csv").write_text(CLASS_LIST, encoding="utf-8")
    handed_in = folder / "handed in"
    handed_in.mkdir()
    files = {}
    for each in kinds:
        for name, content in each.files.items():
            text = content.replace(b"ORIGINAL", json.dumps(str(handed_in / name))[1:-1].encode())
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


each_kind = pytest.mark.parametrize("kind", [_row(each) for each in KINDS])


@each_kind
def test_grade(kind: Kind, graded: Graded) -> None:
    """The states are those that a fair instructor gives, and the words say why."""
    row, results = graded.student(kind), list(graded.results(kind))
    hints = {each["id"]: each["hints"] for each in results if each["hints"]}

    handed_in = {each["id"] for each in results}
    expected = {i: kind.expected[i] for i in row["states"]}
    assert row["states"] == expected
    assert {i for i, state in kind.expected.items() if state != "missing"} <= handed_in
    assert hints == kind.hints
    for id, part in kind.says.items():  # noqa: A001
        [each] = [each for each in results if each["id"] == id]
        assert part in f"{each['message']} {each['reason']} {each['note']}"
    if kind.says:
        noted = {each["id"] for each in results if each["note"]}
        assert noted <= kind.says.keys()
    if kind.predictions is not None:
        [file] = graded.files(kind)
        assert {each["id"]: each["state"] for each in file["predictions"]} == kind.predictions


@each_kind
def test_problems_and_notes(kind: Kind, graded: Graded) -> None:
    """Each file's problem, and each note on its run, is there; no other is."""
    problems = {each["path"]: each["problem"] for each in graded.files(kind) if each["problem"]}
    assert len(problems) == len(kind.problems)
    for end, part in kind.problems.items():
        [problem] = [text for path, text in problems.items() if path.endswith(end)]
        assert part in problem
    if kind.notes is not None:
        notes = [note for each in graded.files(kind) for note in each["notes"]]
        assert len(notes) == len(kind.notes), notes
        for part, note in zip(kind.notes, notes, strict=True):
            assert part in note


@each_kind
def test_feedback(kind: Kind, graded: Graded) -> None:
    """The student's page has each state, and the words on it."""
    page = graded.page(kind)

    for result in graded.results(kind):
        best = graded.student(kind)["states"][result["id"]]
        assert f"{best} {result['id']} {result['title']}" in page
    for part in (*kind.says.values(), *kind.problems.values(), *(kind.notes or ())):
        assert part in page


@each_kind
def test_table(kind: Kind, graded: Graded) -> None:
    """grades.csv says the same as grades.json, and counts right."""
    with (graded.folder / "out" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        [line] = [each for each in csv.DictReader(file) if each["key"] == kind.student]
    states = graded.student(kind)["states"]
    passed = [each for each, state in kind.expected.items() if state == "passed"]
    must = sum(catalogue()[each].must for each in passed)

    assert {each: line[each] for each in states} == states
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
        path.parent.name for path in graded.before if after.get(path) != graded.before[path]
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
        command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )

    assert done.returncode == 0
    assert "5 of 5 exercises passed" in done.stdout
