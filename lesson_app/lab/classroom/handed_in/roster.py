"""Read a class list, and find a student's row in it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from ..results import Student

#: Letters that have no decomposition into a base letter and an accent.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"}  # noqa: RUF001  # meant
)
_FIRST = re.compile(r"(first|given|fore)\W*name|vorname|prénom|prenom|nombre", re.IGNORECASE)
_LAST = re.compile(r"(last|family)\W*name|surname|nachname|^nom$|apellido", re.IGNORECASE)
_USER = re.compile(r"user|login|e-?mail|\bid\b", re.IGNORECASE)
_NAME = re.compile(r"name|student|nom\b", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MAX_WORDS = 6  # of a name; longer cells are not names


@dataclass
class Roster:
    """A class list: a student for each row, with the row in `fields`.

    `unmatched` says which submissions have no row, or more than one, or share a row.
    `headings` are those of the columns.
    """

    students: list[Student] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    _names: dict[str, set[int]] = field(default_factory=dict)
    _found: dict[str, str] = field(default_factory=dict)

    def match(self, student: Student) -> Student:
        """Return the row's student, who also has the other's `fields`.

        If no row, or more than one, has the student's name, e-mail, user name or number,
        return the student unchanged and note it in `unmatched`.
        """
        rows: set[int] = set()
        for names in (_names(student), _parts(student)):
            found = [self._names[each] for each in names if each in self._names]
            if found:
                both = set.intersection(*found, *([rows] if rows else []))
                rows = both or rows or set.union(*found)
            if len(rows) == 1:
                row = self.students[rows.pop()]
                self._note_another(student, row)
                return Student(row.key, row.name, {**row.fields, **student.fields})
        self._note(student, rows)
        return student

    def _note_another(self, student: Student, row: Student) -> None:
        before = self._found.setdefault(row.key, student.key)
        if before != student.key:
            note = (
                f"{row.key}: found as {before!r} and as {student.key!r}; is this one student?"
            )
            if note not in self.unmatched:
                self.unmatched.append(note)

    def _note(self, student: Student, rows: set[int]) -> None:
        keys = ", ".join(self.students[each].key for each in sorted(rows)[:5])
        what = (
            f"{len(rows)} rows of the class list ({keys})"
            if rows
            else "no row of the class list"
        )
        note = f"{student.key}: matches {what}; add {student.key!r} to the right row"
        if note not in self.unmatched:
            self.unmatched.append(note)


def read_roster(path: Path, column: str = "") -> Roster:
    """Read a class list: CSV with headings, separated by commas, semicolons or tabs.

    `column` names the only column to find students by. Raise `click.UsageError` if the file
    cannot be read, or has no such column or no row.
    """
    headings, rows = _table(path)
    chosen = [n for n, name in enumerate(headings) if _plain(name) == _plain(column)]
    if column and not chosen:
        raise click.UsageError(
            f"found no column {column!r} in {path}; name one of: {', '.join(headings)}"
        )
    columns = chosen or list(range(len(headings)))
    keys = [n for n in columns if _is_key([row[n] for row in rows])]
    # Half a name is the key only if no other column can be.
    keys.sort(key=lambda n: bool(_FIRST.search(headings[n]) or _LAST.search(headings[n])))
    roster = Roster(headings=headings)
    for number, row in enumerate(rows):
        key = row[keys[0]] if keys else f"row {number + 1}"
        name = _full_name(headings, row) or key
        roster.students.append(Student(key, name, dict(zip(headings, row, strict=True))))
        for each in _cells(row, columns):
            roster._names.setdefault(each, set()).add(number)
    return roster


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the headings, and the rows with as many cells."""
    try:
        text = _decoded(path.read_bytes())
        tables = [
            list(csv.reader(io.StringIO(text, newline=""), delimiter=each)) for each in ",;\t"
        ]
    except OSError as error:
        raise click.UsageError(
            f"cannot read {path}: {error.strerror}; name a CSV file"
        ) from None
    except (csv.Error, ValueError) as error:
        raise click.UsageError(
            f"expected {path} to be CSV, got: {error}; export it again"
        ) from None
    tables = [[[cell.strip() for cell in row] for row in each if any(row)] for each in tables]
    first, *rows = max(tables, key=lambda each: len(each[0]) if each else 0) or [[]]
    if not rows:
        raise click.UsageError(
            f"found no student in {path}; write a line with headings, and one for each student"
        )
    # Canvas's own rows are no students.
    rows = [row for row in rows if row[0] not in ("Points Possible", "Student, Test")]
    headings = _headings(first, max(map(len, rows), default=0))
    return headings, [row + [""] * (len(headings) - len(row)) for row in rows]


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return re.sub(r"\Asep=.\r?\n", "", text)  # Excel's own first line


def _headings(first: list[str], width: int) -> list[str]:
    """Return a heading for each column, no two the same."""
    names = first + [""] * (width - len(first))
    names = [name or f"column {n}" for n, name in enumerate(names, 1)]
    seen: Counter[str] = Counter()
    for n, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[n] = f"{name} ({seen[name]})"
    return names


def _is_key(cells: list[str]) -> bool:
    return len({*map(_plain, cells), ""}) == len(cells) + 1


def _full_name(headings: list[str], row: list[str]) -> str:
    first = next((row[n] for n, name in enumerate(headings) if _FIRST.search(name)), "")
    last = next((row[n] for n, name in enumerate(headings) if _LAST.search(name)), "")
    if first and last:
        return f"{first} {last}"
    names = [
        n for n, each in enumerate(headings) if _NAME.search(each) and not _USER.search(each)
    ]
    return next((row[n] for n in names if row[n]), "")


def _cells(row: list[str], columns: list[int]) -> Iterator[str]:
    """Yield what a submission's name may be equal to, if the student is in this row."""
    before = ""
    for n in columns:
        words = _words(row[n])
        is_name = bool(words) and not re.search(r"[\d@]", row[n])
        yield from _forms(words)
        if _EMAIL.fullmatch(row[n]):
            yield " ".join(_words(row[n].split("@")[0]))
        if is_name and before:
            yield from _forms(_words(f"{before} {row[n]}"))
        before = row[n] if is_name else ""


def _forms(words: list[str]) -> Iterator[str]:
    """Yield a name as "first last" and "last first", each also without the spaces."""
    for n in range(len(words) if len(words) <= _MAX_WORDS else 1):
        turned = words[n:] + words[:n]
        yield " ".join(turned)
        yield "".join(turned)


def _names(student: Student) -> list[str]:
    """Return the student's whole key, and the name unless another student has it, too."""
    names = {_plain(student.key)}
    if not student.key.startswith(f"{student.name}_"):
        names.add(_plain(student.name))
    return sorted(names - {""})


def _parts(student: Student) -> list[str]:
    """Return what in the key or the LMS's numbers may be a name, an e-mail or a number."""
    key = student.key
    numbers = [n for each in ("moodle", "canvas_user") if (n := student.fields.get(each))]
    parts = {f"participant {each}" for each in numbers}
    parts |= {_plain(each) for each in _EMAIL.findall(key)}
    parts |= {_plain(each.split("@")[0]) for each in _EMAIL.findall(key)}
    words = _words(_EMAIL.sub(" ", key))
    # A shorter number may be anything, such as points or the number of an exercise.
    parts |= {n for n in (*words, *numbers) if re.search(r"\d", n) and len(n) >= 3}
    if not numbers:
        parts.add(" ".join(each for each in words if not re.search(r"\d", each)))
    return sorted(parts - {""})


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c)))


def _plain(text: str) -> str:
    return " ".join(_words(text))
