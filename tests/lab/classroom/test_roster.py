"""A submission gets its row of the class list, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from lesson_app.lab.classroom.handed_in.submissions import find, read_roster
from lesson_app.lab.classroom.results import Student
from tests.lab.classroom.handed_in import (
    CANVAS,
    MOODLE,
    NOTEBOOK,
    Content,
    as_bytes,
    in_class,
)

MOODLE_LIST = "First name,Last name,ID number,Email address\n"
ROSTERS: dict[str, tuple[Content, str, str]] = {
    # the class list; the folder or file that was handed in; the matching row's last cell
    "the whole name": ("Name,Mail\nAda Lovelace,a@x.org\n", "Ada Lovelace/nb", "a@x.org"),
    "in another case": ("Name,Mail\nADA LOVELACE,a@x.org\n", "ada lovelace/nb", "a@x.org"),
    "last, first": ('Name,Mail\n"Lovelace, Ada",a@x.org\n', "Ada Lovelace/nb", "a@x.org"),
    "last first in the folder": ("Name,Mail\nAda Lovelace,a\n", "Lovelace, Ada/nb", "a"),
    "underscores": ("Name,Mail\nAda Lovelace,a\n", "ada_lovelace/nb", "a"),
    "a hyphen": ("Name;Mail\nAda King-Lovelace;a\n", "ada king lovelace/nb", "a"),
    "accents": ("Name\tMail\nZoë Müller\ta\n", "Zoe Muller/nb", "a"),
    "accents in the folder": ("Name,Mail\nZoe Moller,a\n", "Zoe\u0308 Møller/nb", "a"),
    "two columns": (f"{MOODLE_LIST}Ada,Lovelace,17,a@x.org\n", "Ada Lovelace/nb", "a@x.org"),
    "Moodle": (f"{MOODLE_LIST}Ada,Lovelace,17,a@x.org\n", f"{MOODLE}_/nb", "a@x.org"),
    "Moodle without names": (
        "Identifier,Mark\nParticipant 7,1\nParticipant 8,2\n",
        "Participant_8_assignsubmission_file_/nb", "2",
    ),
    "Canvas": ("Student,ID\n\"Lovelace, Ada\",4\n", f"{CANVAS}_nb.ipynb", "4"),
    "Canvas's number": ("Student,ID\nA. L.,12345\n", f"{CANVAS}_nb.ipynb", "12345"),
    "Canvas, two columns": (f"{MOODLE_LIST}Ada,Lovelace,17,a\n", f"{CANVAS}_nb.ipynb", "a"),
    "an e-mail": ("Name,Mail\nAda,a.l@x.org\n", "a.l@x.org/nb", "a.l@x.org"),
    "a part of an e-mail": ("Name,Mail\nAda,a.l@x.org\n", "a.l/nb", "a.l@x.org"),
    "a user name": ("Name,User\nAda,alove7\n", "alove7_hw3/nb", "alove7"),
    "a number": ("Name,ID\nAda,s1234\n", "s1234-homework/nb", "s1234"),
    "a file's name": ("Name,ID\nAda Lovelace,7\n", "ada_lovelace.ipynb", "7"),
    "UTF-8 with a byte order mark": ("\ufeffName,ID\nAda,7\n", "ada/nb", "7"),
    "UTF-16": ("Name\tID\nZoë\t7\n".encode("utf-16"), "zoe/nb", "7"),
    "code page 1252": ("Name;ID\nZoë;7\n".encode("cp1252"), "zoë/nb", "7"),
    "Excel's separator": ("sep=;\nName;ID\nAda;7\n", "ada/nb", "7"),
    "empty and short rows": ("Name,More,ID\n\n,,\nBob\nAda,,7\n", "ada/nb", "7"),
    "a line break in a cell": ('Name,Note,ID\nAda,"a\nb",7\n', "ada/nb", "7"),
}  # fmt: skip


def on_the_list(rows: Content, names: list[str], folder: Path, column: str = "") -> Any:
    """Return the students of these files with a class list, and this."""
    (folder / "list.csv").write_bytes(as_bytes(rows))
    roster = read_roster(folder / "list.csv", column)
    found = find([in_class(dict.fromkeys(names, NOTEBOOK), folder)], folder / "s", roster)
    return [each.student for each in found], roster


@pytest.mark.parametrize(("rows", "name", "last"), ROSTERS.values(), ids=ROSTERS)
def test_roster(rows: Content, name: str, last: str, tmp_path: Path) -> None:
    """A submission has the fields of its row, and the row's student."""
    [student], roster = on_the_list(rows, [name], tmp_path)

    assert list(student.fields.values())[: len(roster.students[0].fields)][-1] == last
    assert student in roster.students
    assert roster.unmatched == []


def test_the_students_of_a_roster(tmp_path: Path) -> None:
    """Each row has a student with a key of its own, also if nothing was handed in."""
    rows = f"{MOODLE_LIST}Ada,Lovelace,17,a@x.org\nAda,King,18,b@x.org\nBob,Byrd,19,c@x.org\n"

    found, roster = on_the_list(rows, [f"{MOODLE}_/nb", "Eve/nb"], tmp_path)

    assert roster.students == [
        Student("17", "Ada Lovelace"), Student("18", "Ada King"), Student("19", "Bob Byrd"),
    ]  # fmt: skip
    assert found == [roster.students[0], Student("Eve", "Eve")]
    assert found[0].fields == {
        "First name": "Ada", "Last name": "Lovelace", "ID number": "17",
        "Email address": "a@x.org", "moodle": "12345",
    }  # fmt: skip
    assert roster.unmatched == [
        "Eve: matches no row of the class list; add 'Eve' to the right row"
    ]


REFUSED: dict[str, tuple[str, str, str]] = {
    "two rows": ("Name,ID\nAda Lovelace,1\nAda Lovelace,2\n", f"{MOODLE}_/nb", ""),
    "a first name alone": ("First name,Last name\nAda,A\nAda,B\n", "ada/nb", ""),
    "another last name": ("First name,Last name\nAda,Lovelace\n", "ada_smith/nb", ""),
    "the spaces elsewhere": ("Name,ID\nAnna Bel,1\n", "Ann Abel/nb", ""),
    "points": ("Name,Points\nBob,12345\nCy,12345\n", f"{MOODLE}_/nb", ""),
    "few points": (
        "Name,Points\nBob,7\nCy,8\n",
        "Participant_7_assignsubmission_file_/nb",
        "",
    ),
    "another column": ("Name,ID\nAda Lovelace,1\n", f"{MOODLE}_/nb", "ID"),
}


@pytest.mark.parametrize(("rows", "name", "column"), REFUSED.values(), ids=REFUSED)
def test_no_row_is_guessed(rows: str, name: str, column: str, tmp_path: Path) -> None:
    """A submission without its own row, or with several, is reported and unchanged."""
    [student], roster = on_the_list(rows, [name], tmp_path, column)

    assert student.key in ("Ada Lovelace", "ada", "ada_smith", "Ann Abel", "Participant")
    assert not {"Name", "First name"} & student.fields.keys()
    [note] = roster.unmatched
    assert note.startswith(f"{student.key}: matches ")


def test_two_of_one_name_on_the_list(tmp_path: Path) -> None:
    """Two students of one name are told apart by their numbers, or not at all."""
    names = [f"Ada_{n}_assignsubmission_file_/nb" for n in (111, 222)]
    found, roster = on_the_list("Name,ID\nAda,222\nAda,111\n", names, tmp_path)
    assert [each.fields["ID"] for each in found] == ["111", "222"]

    found, roster = on_the_list("Name\nAda\n", names, tmp_path)
    assert [each.key for each in found] == ["Ada_111", "Ada_222"]
    assert len(roster.unmatched) == 2


def test_a_column(tmp_path: Path) -> None:
    """`column` limits the search; its heading may be in another case."""
    rows = "Name,Tutor,Id\nAda,Bob,1\nBob,Cy,2\n"
    found, _ = on_the_list(rows, ["bob/nb"], tmp_path, "TUTOR")
    assert found[0].fields["Name"] == "Ada"

    with pytest.raises(click.UsageError, match=r"no column 'Mail' in .*: Name, Tutor, Id"):
        on_the_list(rows, [], tmp_path, "Mail")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "found no student in .*; write"),
        (b"Name\n", "found no student in .*; write"),
        (b"Name\n" + b"a" * 200_000, "expected .* to be CSV, got: .*; export it again"),
    ],
)
def test_no_roster(data: bytes, message: str, tmp_path: Path) -> None:
    """A file that is no class list is an error that says what to do."""
    (tmp_path / "list.csv").write_bytes(data)
    with pytest.raises(click.UsageError, match=message):
        read_roster(tmp_path / "list.csv")
    with pytest.raises(click.UsageError, match=r"cannot read .*; name a CSV file"):
        read_roster(tmp_path)


def test_rows_of_canvas_are_no_students(tmp_path: Path) -> None:
    """The gradebook that Canvas exports has two rows that name nobody."""
    path = tmp_path / "gradebook.csv"
    path.write_text('Student,ID\n    Points Possible,\n"Lovelace, Ada",5\n"Student, Test",6\n')

    assert [each.name for each in read_roster(path).students] == ["Lovelace, Ada"]


def test_two_names_for_one_row(tmp_path: Path) -> None:
    """Who is called like another's number is named: nobody hands in as another unnoticed."""
    path = tmp_path / "list.csv"
    path.write_text("Name,Number\nMal Bad,900001\nBob Good,900002\n")
    roster = read_roster(path)

    for key in ("Bob Good", "Mal 900002", "Bob Good"):
        roster.match(Student(key, key))

    assert roster.unmatched == [
        "Bob Good: found as 'Bob Good' and as 'Mal 900002'; is this one student?"
    ]
