"""What a notebook has to solve, which verdict counts, and what is kept of a result."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lesson_app.lab.classroom import content, notebook
from lesson_app.lab.classroom.handed_in.submissions import Cell, Submission
from lesson_app.lab.classroom.kept import NAME, Kept
from lesson_app.lab.classroom.notebook import grade_notebook
from lesson_app.lab.classroom.results import Grade, Prediction, Result, Student, rows
from lesson_app.lab.classroom.running.run import Run
from lesson_app.lab.exercises import catalogue

ADA, BOB = Student("ada"), Student("bob")
OF_3 = [each for each in catalogue() if each.startswith("E3.")]
OF_1 = [each for each in catalogue() if each.startswith("E1.")]


LATER = "a later check, in code cell 2, found: not started"


def code(*sources: str) -> list[Cell]:
    return [Cell("code", each) for each in sources]


def prose(*sources: str) -> list[Cell]:
    return [Cell("markdown", each) for each in sources]


def submitted(cells: list[Cell], **more: Any) -> Submission:
    return Submission("ada/x.ipynb", ADA, Path("x.ipynb"), tuple(cells), **more)


# ---------------------------------------------------------- what was to be solved


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        (prose("# Seal a session into a cookie\n"), OF_3),
        (prose("hello", "## x\n#  Seal a session, into a COOKIE!"), OF_3),
        (prose("# My homework") + code('check("E3.2", verify)'), OF_3),
        (prose("# My homework") + code('hint("E3.2")'), OF_3),
        (prose("# My homework", "**E3.2** · ●○○ easy"), OF_3),
        (code("lab.check( 'E1.4', f)"), OF_1),
        # Exercises of another notebook are added one by one if the title is known.
        (prose("# Make HTTP remember") + code('check("E3.2", f)'), [*OF_1, "E3.2"]),
        (prose("# Make HTTP remember", "as in **E3.2**"), OF_1),
        (code('check("E1.1", f)', 'check("E3.1", f)'), OF_1 + OF_3),
        (code('check("E1.99", f)'), [*OF_1, "E1.99"]),
        (code('for id in ["E3.2"]: c(id, f)'), OF_3),
        (prose("I read E3.2") + code("# E3.2"), []),
        ([], []),
    ],
)
def test_wanted(cells: list[Cell], ids: list[str]) -> None:
    """The title counts, else the exercises that are there; no file name does."""
    assert content.wanted(cells) == ids


def test_titles() -> None:
    """Each notebook of the course is known by its title."""
    numbers = list(content.titles().values())

    assert numbers == sorted({each.notebook for each in catalogue().values()})


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (code('check("E1.1", f)'), ""),
        (code('if x:\n    check("E1.1", f)  # check("E1.1")'), ""),
        (prose('check("E1.1", f)'), "its cell is Markdown; make it a code cell"),
        ([Cell("raw", 'check("E1.1", f)')], "its cell is raw; make it a code cell"),
        (code('  # check("E1.1", f)'), "its check is a comment; remove the #"),
        (code('check("E1.2", f)'), "copy the cell from a new copy of the notebook"),
    ],
)
def test_why_unchecked(cells: list[Cell], reason: str) -> None:
    """A cause that is in the file is told."""
    found = content.why_unchecked("E1.1", cells)

    assert found.startswith("no cell checks it") == bool(reason)
    assert found.endswith(reason)


def test_reading_is_linear() -> None:
    """Four times the text takes about four times as long, whatever it is."""

    def seconds(size: int) -> float:
        cells = code("\n" * size + "#", '# check("E1.1", f)')
        before = time.process_time()
        content.why_unchecked("E1.1", cells)
        content.wanted(cells)
        content.predictions(cells)
        return time.process_time() - before

    content.titles()  # which reads files once
    assert seconds(80_000) < 10 * max(seconds(20_000), 0.001)


# ---------------------------------------------------------- which verdict counts


def verdict(state: str, cell: int = 2, **more: str) -> dict[str, Any]:
    return {"check": "E1.1", "state": state, "cell": cell, "message": "", "name": "", **more}


def graded(monkeypatch: pytest.MonkeyPatch, found: Run, *cells: Cell) -> Grade:
    monkeypatch.setattr(notebook, "run_notebook", lambda *_, **__: found)
    cells = cells or tuple(code('check("E1.1", f)'))
    return grade_notebook(submitted(list(cells)), timeout=1, limit=1)


@pytest.mark.parametrize(
    ("states", "state", "note"),
    [
        (["passed"], "passed", ""),
        (["not yet", "passed"], "passed", ""),
        (["passed", "not started"], "passed", LATER),
        (["passed", "not yet", "passed"], "passed", ""),
        (["not started", "not yet"], "not yet", ""),
        (["not yet", "not started"], "not yet", LATER),
    ],
)
def test_the_best_state_counts(
    states: list[str], state: str, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best state that an exercise reached counts; a later loss is a note."""
    found = graded(monkeypatch, Run(checks=[verdict(each) for each in states]))

    assert (found.results[0].state, found.results[0].note) == (state, note)
    assert [each.state for each in found.results[1:]] == ["missing"] * (len(OF_1) - 1)


def test_the_last_sentence_of_the_best_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several answers that are not right yet, the last one's sentence is shown."""
    checks = [verdict("not yet", message=each, name=each) for each in ("first", "second")]

    (found, *_) = graded(monkeypatch, Run(checks=checks, hints=["E1.1", "E1.2"])).results

    assert (found.message, found.misconception, found.hints) == ("second", "second", 1)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (Run("the process ended"), "the process ended"),
        (Run(errors={1: "KeyError: 5"}), "code cell 1 raised KeyError: 5"),
        (Run(), "code cell 1 ran without checking it"),
        (
            Run(checks=[{"check": "E1.1", "changed": "json.loads", "cell": 1}]),
            "not judged: the notebook's code changed json.loads",
        ),
    ],
)
def test_missing(run: Run, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exercise that was not judged has the reason why."""
    (found, *_) = graded(monkeypatch, run).results

    assert (found.state, found.reason) == ("missing", reason)


def test_what_code_did_for_a_better_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forged records and changed code are named first; neither counts."""
    claims: list[dict[str, Any]] = [
        {"id": "E1.1", "state": "passed"},
        {"id": "E1.1", "state": "passed"},
        {"id": "P1.1", "state": "surprised"},
        {"id": "P1.2", "state": "<b>"},
        {"state": "passed"},
    ]
    run = Run(
        checks=[verdict("not yet"), {"check": "E1.1", "changed": "json.loads", "cell": 3}],
        errors={1: "KeyError"},
        notes=["late"],
        claims=claims,
    )

    found = graded(
        monkeypatch, run, *code('check("E1.1", f)', 'predict("P1.1", 1); predict("P1.2", 2)')
    )

    assert found.results[0].state == "not yet"
    assert found.predictions == (
        Prediction("P1.1", "surprised"),
        Prediction("P1.2", "not predicted"),
    )
    assert found.notes == (
        "the code changed json.loads, before the check in code cell 3",
        "the code recorded E1.1 as passed by itself; that does not count",
        "late",
        "code cell 1 raised KeyError",
    )


def test_unknown_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that the course does not have is listed, and needs not be solved."""
    found = graded(monkeypatch, Run(), *code('check("E1.99", f)')).results[-1]

    assert (found.id, found.state, found.must) == ("E1.99", "missing", False)
    assert found.reason == "the course has no such exercise"


def test_not_gradable() -> None:
    """What is no notebook of the course is not run, and says so."""
    broken = grade_notebook(submitted([], problem="is empty; do"), timeout=1, limit=1)
    other = grade_notebook(submitted(code("1 + 1")), timeout=1, limit=1)

    assert (broken.problem, broken.gradable) == ("is empty; do", False)
    assert other.problem.startswith("has no exercise of this course; hand in")


# ---------------------------------------------------------- a student's course


def test_rows() -> None:
    """A student's results are the best of all files; who handed nothing in has a row, too."""
    one = Grade("a", ADA, (Result("E1.1", state="not yet"), Result("E1.2", state="passed")))
    two = Grade("b", ADA, (Result("E1.1", state="passed"), Result("E9.9", must=False)))

    ada, bob = rows([two, one], [BOB])

    assert [(each.id, each.state) for each in ada.results.values()] == [
        ("E1.1", "passed"),
        ("E1.2", "passed"),
        ("E9.9", "missing"),
    ]
    assert (bob.student, bob.results) == (BOB, {})


# ---------------------------------------------------------- kept results


def test_kept(tmp_path: Path) -> None:
    """A result is used again for the same cells, neighbours, settings and course."""
    beside = tmp_path / "helpers.py"
    beside.write_text("1")
    same = submitted(code('check("E1.1", f)'), neighbours=(beside,))
    grade = Grade(same.path, ADA, (Result("E1.1", state="passed"),), (Prediction("P1.1", ""),))
    Kept(tmp_path, "60 600").add(same, grade)

    again = Kept(tmp_path, "60 600")

    assert again.find(same) == grade
    moved = replace(same, path="bob/y.ipynb", student=BOB)
    assert again.find(moved) == replace(grade, path="bob/y.ipynb", student=BOB)
    assert again.find(replace(same, cells=tuple(code("other")))) is None
    assert again.find(replace(same, neighbours=())) is None
    assert Kept(tmp_path, "61 600").find(same) is None
    beside.write_text("2")
    assert again.find(same) is None


def test_kept_after_a_crash(tmp_path: Path) -> None:
    """A half-written line, or one that is no result, does not disturb."""
    one, other = submitted(code("1")), submitted(code("2"))
    grade = Grade(one.path, ADA, (Result("E1.1"),))
    Kept(tmp_path, "").add(one, grade)
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{}\n7\n{"key": "x", "grade": {}}\n\xff\n' + b'{"key": "half')

    Kept(tmp_path, "").add(other, grade)
    found = Kept(tmp_path, "")

    assert found.find(one) == found.find(other) == grade


def test_not_kept(tmp_path: Path) -> None:
    """A run that ended early runs again; without a folder nothing is written."""
    one = submitted(code("1"))
    Kept(tmp_path, "").add(one, Grade(one.path, ADA, problem="took longer than 9 s"))
    Kept(None, "").add(one, Grade(one.path, ADA))

    assert Kept(tmp_path, "").find(one) is None
    assert json.dumps(list(map(str, tmp_path.iterdir()))) == "[]"
