"""Write what ``lesson-app grade --out FOLDER`` finds.

- ``grades.csv``: a line for each student.
- ``moodle.csv`` and ``canvas.csv``: for their gradebooks. A point is an exercise that a learner
  must solve and that passed.
- ``class.html``: the class, without names. ``feedback/``: a page for each student.
- ``junit.xml``: a suite for each file, a case for each of its exercises.
- ``grades.json``: an object with the keys

  - ``version``: 1. It grows when a field changes its meaning or goes away;
  - ``must`` and ``may``: how many exercises learners must and may solve;
  - ``students``: a list with an object for each student: its ``key`` and ``name``; ``must`` and
    ``may``: how many passed; ``states``: the best state of each exercise by its id, which is
    "passed", "not yet", "not started" or "missing" (never checked); ``feedback``: its page;
  - ``grades``: a list with an object for each file, as `Grade.from_dict` reads it: its
    ``path``, ``student``, ``results``, ``predictions``, ``problem`` and ``notes``.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..results import Grade, Row, Student, rows
from . import class_view, feedback, lms
from .tally import asked, by_notebook, points
from .terminal import table
from .texts import cell, count, file_names, legal

#: The JUnit element for each state except "passed".
_ELEMENTS = {"not yet": "failure", "not started": "skipped", "missing": "error"}


def write_all(
    folder: Path, grades: Sequence[Grade], students: Sequence[Student] = ()
) -> list[Path]:
    """Write all reports into a folder, and return their paths.

    Each file is replaced in one step, so that no reader sees half of it. Raise `OSError` if
    the folder cannot be written.
    """
    found = rows(grades, students)
    exercises = asked(found)
    names = _pages(found)
    files: dict[str, str | bytes] = {
        "grades.csv": _csv(_grades_csv(found), mark=True),
        "moodle.csv": _csv(lms.moodle(found, exercises)),
        "canvas.csv": _csv(lms.canvas(found, exercises)),
        "class.html": class_view.page(found),
        "grades.json": _json(grades, found),
        "junit.xml": junit_xml(grades),
    }
    files |= {names[row.student.key]: feedback.page(row, exercises) for row in found}
    for name in _old_pages(folder) - files.keys():
        (folder / name).unlink(missing_ok=True)
    for name, text in files.items():
        _write(folder / name, text if isinstance(text, bytes) else text.encode())
    return [folder / name for name in files]


def written(
    folder: Path, grades: Sequence[Grade], students: Sequence[Student] = ()
) -> Iterator[str]:
    """Yield what to print after `write_all`: the files, and what is to be added to them."""
    found = rows(grades, students)
    yield f"wrote {folder}: class.html, grades.csv, grades.json, junit.xml, moodle.csv, " + (
        f"canvas.csv, and feedback/ with {count(len(found), 'page')}"
    )
    yield "counted: notebooks " + ", ".join(f"{n:02}" for n in by_notebook(asked(found)))
    yield from lms.advice(found, asked(found))


def _pages(found: Sequence[Row]) -> dict[str, str]:
    names = file_names(row.student.key for row in found)
    return {key: f"feedback/{name}.html" for key, name in names.items()}


def _old_pages(folder: Path) -> set[str]:
    """Return the students' pages that an earlier run wrote into the folder."""
    try:
        facts = json.loads((folder / "grades.json").read_bytes())
        names = {str(each["feedback"]) for each in facts["students"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {each for each in names if re.fullmatch(r"feedback/[^/\\]+\.html", each)}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"new-{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _csv(lines: list[list[Any]], *, mark: bool = False) -> str:
    """Return CSV. With the `mark`, Excel reads it as UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(each) for each in line] for line in lines)
    return "\ufeff" * mark + text.getvalue()


def _cell(value: Any) -> Any:
    # The leading spaces of Canvas's own label must stay.
    return value if isinstance(value, int) or value == "    Points Possible" else cell(value)


def _grades_csv(found: Sequence[Row]) -> list[list[Any]]:
    exercises = asked(found)
    counts = ["must passed", "must of", "may passed", "may of"]
    lines: list[list[Any]] = [["key", "name", *counts, *exercises, "problems", "notes"]]
    for row in found:
        results = row.results
        absent = "not handed in" if row.grades else "nothing handed in"
        lines.append(
            [
                row.student.key,
                row.student.name,
                *points(results, exercises),
                *points(results, exercises, must=False),
                *(results[each].state if each in results else absent for each in exercises),
                sum(bool(each.problem) for each in row.grades),
                sum(len(each.notes) for each in row.grades),
            ]
        )
    return lines


def _json(grades: Sequence[Grade], found: Sequence[Row]) -> str:
    exercises, names = asked(found), _pages(found)
    facts = {
        "version": 1,
        "must": points({}, exercises)[1],
        "may": points({}, exercises, must=False)[1],
        "students": [
            {
                "key": row.student.key,
                "name": row.student.name,
                "must": points(row.results, exercises)[0],
                "may": points(row.results, exercises, must=False)[0],
                "states": {each: result.state for each, result in row.results.items()},
                "feedback": names[row.student.key],
            }
            for row in found
        ],
        "grades": [each.as_dict() for each in grades],
    }
    return json.dumps(facts, indent=2) + "\n"


def junit_xml(grades: Sequence[Grade]) -> bytes:
    """Return JUnit XML: a suite for each file, a case for each of its exercises."""
    root = ElementTree.Element("testsuites", name="lesson-app grade")
    for grade in grades:
        name = ": ".join(filter(None, (grade.student.key, grade.path)))
        suite = ElementTree.SubElement(root, "testsuite", name=legal(name))
        for each in grade.results:
            remark = each.message or each.misconception or each.reason
            _add_case(suite, f"{each.id} {each.title}".strip(), each.state, remark)
        if grade.problem and not grade.results:
            _add_case(suite, "notebook", "missing", grade.problem)
        suite.set("tests", str(len(suite)))
        for element, plural in (("failure", "failures"), ("error", "errors"), ("skipped",) * 2):
            suite.set(plural, str(len(suite.findall(f"testcase/{element}"))))
        if grade.notes:
            ElementTree.SubElement(suite, "system-out").text = legal("\n".join(grade.notes))
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add_case(suite: ElementTree.Element, name: str, state: str, remark: str) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=suite.get("name", ""), name=legal(name)
    )
    if state in _ELEMENTS:
        message = f"{state}: {remark}" if remark else state
        ElementTree.SubElement(case, _ELEMENTS[state], message=legal(message))


__all__ = ["junit_xml", "table", "write_all", "written"]
