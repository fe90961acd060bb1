"""What grading finds is written for spreadsheets, gradebooks, programs and the terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lesson_app.lab.classroom.results import Grade, Prediction, Row, Student
from lesson_app.lab.classroom.written.reports import table, write_all, written
from lesson_app.lab.classroom.written.tally import predictions
from lesson_app.lab.classroom.written.texts import cell, file_names
from tests.lab.classroom.made import ADA, BOB, STUDENTS, ZOE, grades, result


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "new"
    assert sorted(write_all(folder, grades(), STUDENTS)) == sorted(
        path for path in folder.rglob("*") if path.is_file()
    )
    return folder


# ---------------------------------------------------------- spreadsheets


def test_each_student_has_a_line(folder: Path) -> None:
    """What a student must do does not depend on the notebooks that the student left out."""
    ada, bob, eve, zoe = read(folder / "grades.csv")

    assert (ada["key"], ada["name"]) == ("ada", "Ada Łovelace")
    assert [ada[each] for each in ("must passed", "must of", "may passed", "may of")] == [
        "1", "3", "1", "1",
    ]  # fmt: skip
    assert (ada["E0.1"], ada["E1.2"], bob["E1.5"]) == ("not handed in", "not yet", "missing")
    assert (ada["problems"], bob["notes"]) == ("1", "60")
    assert (eve["must passed"], eve["must of"]) == ("0", "3")  # E<99> is not in the course
    assert (zoe["must passed"], zoe["must of"], zoe["E1.1"]) == ("0", "3", "nothing handed in")


@pytest.mark.parametrize("name", ["grades.csv", "moodle.csv", "canvas.csv"])
def test_no_cell_is_a_formula(folder: Path, name: str) -> None:
    """A spreadsheet computes nothing, whatever a student's name is."""
    cells = [text for line in read(folder / name) for text in line.values()]

    assert "'=cmd|'/c calc'!A0 <script>alert(1)</script> [31m[bold]" in cells
    assert not [text for text in cells if re.match(r"[=+\-@\t\r]", text)]


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@a", "\uff1d1", "\t=1", " =1", 'Ada;="1"', 'a;"=1']
)
def test_formulas(text: str) -> None:
    """Formulas are disarmed also after a semicolon, which begins a cell in some countries."""
    last = cell(text).rpartition(";")[2]

    assert last.startswith("'")


def test_moodle(folder: Path) -> None:
    """Moodle finds the columns that it requires, and the maximum; the absent have no row."""
    ada, bob, eve = read(folder / "moodle.csv")

    assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} <= ada.keys()
    assert (ada["Identifier"], ada["Email address"]) == ("Participant 4711", "ada@example.org")
    assert (ada["Grade"], ada["Maximum grade"]) == ("1", "3")
    assert ada["Feedback comments"] == (
        "1 of 3 must exercises and 1 of 1 may exercises passed. "
        "Not passed: E0.1 the message; E1.2 encode."
    )
    assert (bob["Identifier"], eve["Identifier"]) == ("", "")


def test_canvas(folder: Path) -> None:
    """Canvas finds its columns, the points of each notebook, and no total to import."""
    lines = (folder / "canvas.csv").read_text("utf-8").splitlines()
    ada, bob, eve = read(folder / "canvas.csv")[1:]

    assert lines[0] == (
        "Student,ID,SIS User ID,SIS Login ID,Section,Notebook 00,Notebook 01,Final Points"
    )
    assert lines[1] == "    Points Possible,,,,,1,2,(read only)"
    assert (bob["ID"], bob["SIS Login ID"], bob["Section"]) == ("77", "bob1", "Blue")
    assert (ada["ID"], ada["Notebook 00"], ada["Notebook 01"]) == ("", "0", "1")
    assert (eve["Notebook 00"], eve["Final Points"]) == ("0", "0")


def test_only_canvas_has_its_own_id(tmp_path: Path) -> None:
    """The ID of another list could be another student's in Canvas."""
    own = Student("a", "A", {"canvas_user": "5"})
    listed = Student("a", "A", {"Email": "a@example.org", "canvas_user": ""})
    other = Student("b", "B", {"ID": "5"})
    done = (result("E1.1", "passed"),)

    write_all(tmp_path, [Grade("a", own, done), Grade("b", other, done)], [listed])

    assert [line["ID"] for line in read(tmp_path / "canvas.csv")[1:]] == ["5", ""]


def test_advice() -> None:
    """The summary says what the gradebooks need."""
    first, counted, absent, moodle, canvas = written(Path("out"), grades(), STUDENTS)

    assert first.endswith("feedback/ with 4 pages")
    assert counted == "counted: notebooks 00, 01"
    assert absent == "not in moodle.csv and canvas.csv, as nothing was graded: Zoë"
    assert moodle.startswith("moodle.csv: set the assignment's maximum grade to 3. 2 of 3 stud")
    assert canvas.startswith("canvas.csv: 2 of 3 students are without an ID")
    assert len(list(written(Path("out"), [], [ZOE]))) == 2


def test_old_pages_go(tmp_path: Path) -> None:
    """Pages of an earlier run go, and nothing else does."""
    folder = tmp_path / "out"
    write_all(folder, grades(), STUDENTS)
    (folder / "feedback" / "mine.html").touch()
    (folder / "mine.html").touch()
    before = {path.name for path in (folder / "feedback").iterdir()}
    facts = json.loads((folder / "grades.json").read_text("utf-8"))
    facts["students"].append({"feedback": "feedback/../mine.html"})
    (folder / "grades.json").write_text(json.dumps(facts))

    write_all(folder, [], [ZOE])

    left = {path.name for path in (folder / "feedback").iterdir()}
    assert len(before) == 5
    assert len(left) == 2
    assert "mine.html" in left
    assert (folder / "mine.html").exists()


# ---------------------------------------------------------- programs


def test_json(folder: Path) -> None:
    """A program finds the grades, the counts and the pages."""
    facts = json.loads((folder / "grades.json").read_text("utf-8"))

    assert facts["version"] == 1
    assert [Grade.from_dict(each) for each in facts["grades"]] == grades()
    assert (facts["must"], facts["may"]) == (3, 1)
    ada = facts["students"][0]
    assert (ada["must"], ada["may"], ada["states"]["E1.2"]) == (1, 1, "not yet")
    pages = [folder / each["feedback"] for each in facts["students"]]
    assert sorted(pages) == sorted((folder / "feedback").iterdir())


def test_junit(folder: Path) -> None:
    """A CI server reads a suite for each file, with legal characters."""
    root = ElementTree.parse(folder / "junit.xml").getroot()
    ada, broken, bob, eve = root

    assert ada.get("name") == "ada: in/ada-folder/01.ipynb"
    assert (ada.get("tests"), ada.get("failures")) == ("3", "1")
    [failure] = ada.findall("testcase/failure")
    assert failure.get("message", "").startswith("not yet: this is bytes")
    assert broken.find("testcase/error") is not None
    assert (bob.get("errors"), eve.get("skipped")) == ("1", "1")
    assert eve.findtext("system-out") == "<script>"


# ---------------------------------------------------------- files


def test_a_failure_leaves_no_half_file(tmp_path: Path) -> None:
    """A file that cannot be replaced stays as it was, and no other is left behind."""
    (tmp_path / "class.html").mkdir()

    with pytest.raises(OSError, match=r"class\.html"):
        write_all(tmp_path, grades())

    assert {each.name for each in tmp_path.iterdir()} == {
        "canvas.csv", "class.html", "grades.csv", "moodle.csv",
    }  # fmt: skip


def test_no_student_overwrites_another() -> None:
    """Names differ also where A and a are the same file, and on Windows."""
    keys = [
        "A/B",
        "A_B",
        "a_b",
        "..",
        "",
        "con",
        "LPT1.x",
        "\U00010400" * 300,
        "\U00010400" * 299,
        "Ada",
        "x/../y",
    ]
    names = file_names(keys)
    claimed = file_names([*keys, names["A/B"]])

    for found in (names, claimed):
        lowered = [name.casefold() for name in found.values()]
        assert len(set(lowered)) == len(lowered)
    assert names["Ada"] == "Ada"
    assert names["con"] == "_con"
    assert names["LPT1.x"] == "_LPT1.x"
    for name in names.values():
        assert re.fullmatch(r"\w[\w.-]*(?<!\.)", name)
        assert len(f"{name}.html".encode()) <= 255


def test_the_best_prediction_counts() -> None:
    """A student who handed a notebook in twice made each prediction once."""
    first = Grade("a", ADA, predictions=(Prediction("P1.1", "surprised"),))
    second = Grade("b", ADA, predictions=(Prediction("P1.1", "not predicted"),))

    assert predictions(Row(ADA, (first, second))) == {"P1.1": "surprised"}


# ---------------------------------------------------------- the terminal


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each student has one line, which says what to look at; then come problems and notes."""
    lines = list(table(grades(), STUDENTS))

    assert lines[0].split() == ["student", "must", "may", "look", "at"]
    assert re.fullmatch("Ada Łovelace +1/3 +1/1 +not graded: 02.ipynb", lines[1])
    assert re.fullmatch("Bob +1/3 +0/1 +not handed in: 00", lines[2])
    assert lines[3].startswith("=cmd|'/c calc'!A0")
    assert re.fullmatch("Zoë +0/3 +0/1 +nothing handed in", lines[4])
    assert "4 students, 4 files: 4 of 9 exercises passed" in lines
    assert "in/ada-folder/02.ipynb: could not be graded: not JSON; save it" in lines
    assert "in/bob-folder/01.ipynb: note 49" in lines
    assert "in/bob-folder/01.ipynb: note 50" not in lines
    assert lines[-1] == "… and 11 more, in grades.json"
    assert max(map(len, lines)) <= 80


def test_no_name_steers_the_terminal() -> None:
    """Without a terminal no line has a control character or a colour."""
    assert all(line.isprintable() for few in (4, 2) for line in table(grades()[-few:]))


def test_any_encoding_prints_it() -> None:
    """The table itself needs no character that Windows's code page lacks."""
    named = [Grade(each.path, BOB, each.results) for each in grades()]

    assert "\n".join(table(named)).encode("cp1252")


def test_few_notebooks_show_their_exercises() -> None:
    """For two notebooks, each exercise has the sentence that the learner saw."""
    text = " ".join("\n".join(table(grades()[:2])).split())

    assert "E1.2 encode not yet this is bytes, b'…'; a header is a string" in text
    assert "a later check was: not started" in text
    assert "predictions: 1 of 2 made, 1 right" in text
    assert "[bold]made up" in "".join(table(grades()[2:]))
    assert "cookie_pair" not in "".join(table(grades()))


def test_the_worst_comes_first() -> None:
    """A line names the worst state of what a student must do, then notes."""

    def look(*states: str, notes: tuple[str, ...] = ()) -> str:
        ids = ["E1.1", "E1.2", "E1.3", "E1.4"]
        results = tuple(result(*each) for each in zip(ids, states, strict=False))
        [_, line, *_] = list(table([Grade("1", BOB, results, notes=notes)] * 3))
        return line.split(maxsplit=3)[3] if len(line.split()) > 3 else ""

    assert look("not started", "not yet", "missing", "not yet") == "missing: E1.3"
    assert look("not started", "not yet", "passed", "not yet") == "not yet: E1.2, E1.4"
    assert look("not started", "passed") == "not started: E1.1"
    assert look("passed", notes=("slow",)) == "3 notes"
    assert look("passed") == ""


def test_colours_follow_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal the states have colours, unless NO_COLOR is set."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = "\n".join(table(grades()))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(table(grades()))

    assert "\x1b[33mnot handed in: 00" in coloured
    assert "\x1b[33m" not in plain
    assert "\x1b[2J" not in coloured


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_nothing_gradable() -> None:
    """A table without any exercise says so, and does not fail."""
    lines = list(table([Grade("x.ipynb", problem="is empty; send it again")]))

    assert re.fullmatch("x.ipynb +0/0 +0/0 +not graded: x.ipynb", lines[1])
    assert lines[-1] == "x.ipynb: is empty; send it again"
