"""``lesson-app grade``: run learners' notebooks and report which exercises pass.

The code runs with your permissions, in a temporary copy. Limits on time, memory and output
stop careless code, not malicious code: see `lesson_app.lab.classroom.run`. Run untrusted
notebooks in a container.

``--json`` writes an object with the keys

- ``passed`` and ``exercises``: how many exercises passed, and how many there are;
- ``notebooks``: a list with an object for each notebook, with the keys

  - ``notebook``: its path; ``passed`` and ``exercises``, as above, of this notebook;
  - ``results``: a list with an object for each exercise: its ``id``, ``title``, ``state``
    ("passed", "not yet", "not started", or "missing" if it was never checked), the name of
    the ``misconception``, and the ``reason`` why it is missing;
  - ``predictions``: how many there are (``all``), were ``made``, and were ``right``;
  - ``problem``: why the run ended early; and ``notes``: a list of other events.

A text that does not apply is ``""``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click

from ...dissect.words import echo
from ..exercises import Exercise, catalogue
from .run import Run, run_notebook

_STATES = ("passed", "not yet", "not started")
_CHECK = re.compile(r"""\bcheck\(\s*["'](E[^"']*)["']""")
_PREDICTION = re.compile(r"""\b(?:predict|observe)\(\s*["'](P[^"']*)["']""")
#: The number of a notebook: at the start of its name, or before a word further on.
_NUMBER = re.compile(r"^\d\d(?!\d)|(?<!\d)\d\d(?=_[^\W\d])")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class InvalidNotebook(ValueError):  # noqa: N818  # the noun is what is wrong
    """A file that cannot be read as a notebook."""


@dataclass(frozen=True)
class Result:
    """The state of one exercise in a notebook."""

    id: str
    title: str
    state: str
    misconception: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Predictions:
    """How many predictions a notebook asks for, how many were made, how many were right."""

    all: int = 0
    made: int = 0
    right: int = 0

    def __str__(self) -> str:
        return f"predictions: {self.made} of {self.all} made, {self.right} right"


@dataclass(frozen=True)
class Grade:
    """The result of grading one notebook."""

    notebook: str
    results: tuple[Result, ...] = ()
    predictions: Predictions = Predictions()
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        """How many exercises passed."""
        return sum(each.state == "passed" for each in self.results)

    def as_dict(self) -> dict[str, Any]:
        """Return the object for ``--json``."""
        return {**asdict(self), "passed": self.passed, "exercises": len(self.results)}


_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_AT_LEAST_ONE = click.IntRange(min=1)


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--timeout",
    type=_AT_LEAST_ONE,
    default=60,
    show_default=True,
    help="Seconds that a cell may run before it is interrupted.",
)
@click.option(
    "--limit",
    type=_AT_LEAST_ONE,
    default=600,
    show_default=True,
    help="Seconds that a notebook may run, counted from its first cell.",
)
@click.option("--junit", type=_FILE, help="Also write JUnit XML to this file.")
@click.option(
    "--json",
    "json_file",
    type=_FILE,
    help="Write JSON, too. Its fields: python -m pydoc lesson_app.lab.classroom.grade",
)
def grade(
    paths: tuple[Path, ...],
    timeout: int,
    limit: int,
    junit: Path | None,
    json_file: Path | None,
) -> None:
    """Run learners' notebooks and report which exercises pass.

    PATH is a notebook, or a folder with notebooks at any depth. Each notebook runs as a copy
    in a fresh kernel; the file is never changed.

    Warning: this command executes the notebooks' code with your permissions. Run untrusted
    notebooks in a container.

    \b
    Exit status:
      0  Every exercise passed.
      1  An exercise did not pass.
      2  The command is wrong.
    """  # noqa: D301  # click reads the character \b
    for file in (junit, json_file):
        if file and not file.absolute().parent.is_dir():
            raise click.UsageError(f"found no folder {file.parent}; make it first")
    notebooks = list(find_notebooks(paths))
    grades = [
        grade_notebook(path, timeout=timeout, limit=limit) for path in _watched(notebooks)
    ]
    echo("\n".join(table(grades)))
    if junit:
        junit.write_bytes(junit_xml(grades))
    if json_file:
        json_file.write_text(json.dumps(_facts(grades), indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if _all_passed(grades) else 1)


def _all_passed(grades: list[Grade]) -> bool:
    # A notebook that cannot be read has no results, and has not passed.
    if any(each.problem and not each.results for each in grades):
        return False
    results = [result for each in grades for result in each.results]
    return bool(results) and all(each.state == "passed" for each in results)


def find_notebooks(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the notebooks that the command line names, each once.

    Raise `click.UsageError` for a path without a notebook. If several paths are given, an
    invalid notebook does not raise; its row in the table reports the problem.
    """
    paths, seen = list(paths), set()
    for path in paths:
        found = list(_below(path)) if path.is_dir() else [path]
        if not found:
            raise click.UsageError(
                f"found no notebook (*.ipynb) in {path}; name another folder"
            )
        if path.suffix != ".ipynb" and path.is_file():
            raise click.UsageError(f"expected a file that ends in .ipynb, got {path}")
        if len(paths) == 1 and path.is_file():
            try:
                read_code(path)
            except InvalidNotebook as error:
                raise click.UsageError(f"{path} is not a valid notebook: {error}") from None
        for each in found:
            if each.resolve() not in seen:
                seen.add(each.resolve())
                yield each


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.relative_to(folder).parts and path.is_file():
            yield path


def _watched(notebooks: list[Path]) -> Iterator[Path]:
    """Yield the notebooks; show the progress if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield from notebooks
        return
    with click.progressbar(
        notebooks, label="grading", show_eta=False, show_pos=True, file=sys.stderr
    ) as bar:
        yield from bar


def grade_notebook(path: Path, *, timeout: int, limit: float) -> Grade:
    """Run one notebook, and return the states of its exercises."""
    try:
        cells = read_code(path)
    except InvalidNotebook as error:
        return Grade(str(path), problem=f"is not a valid notebook: {error}")
    run = run_notebook(path, cells, timeout=timeout, limit=limit)
    states = _last_states(run.progress)
    errors = (f"code cell {number} raised {error}" for number, error in run.errors.items())
    return Grade(
        str(path),
        tuple(_result(each, states, cells, run) for each in _wanted(path, cells)),
        _predictions(cells, states),
        run.problem,
        (*run.notes, *errors),
    )


def read_code(path: Path) -> list[str]:
    """Return the source of each code cell that is not empty."""
    try:
        notebook = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidNotebook(f"{error.strerror}; make it readable") from None
    except (ValueError, RecursionError) as error:
        raise InvalidNotebook(
            f"not valid JSON ({error}); ask the learner to send it again"
        ) from None
    try:
        cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    except (KeyError, TypeError):
        raise InvalidNotebook(
            "not in notebook format 4; open it in JupyterLab and save it"
        ) from None
    return [source for source in cells if source.strip()]


def _wanted(path: Path, cells: list[str]) -> list[str]:
    """Return the ids of the exercises that a notebook must have, in the course's order."""
    exercises = catalogue()
    number = _number(path.name, {each.notebook for each in exercises.values()})
    wanted = set(chain.from_iterable(map(_CHECK.findall, cells)))
    wanted |= {each.id for each in exercises.values() if each.notebook == number}
    return [each for each in exercises if each in wanted] + sorted(wanted - exercises.keys())


def _number(name: str, known: set[int]) -> int | None:
    numbers = (int(found) for found in _NUMBER.findall(name))
    return next((number for number in numbers if number in known), None)


def _last_states(lines: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return, by id, the last entry that `check` or `observe` recorded."""
    states = {}
    for line in lines:
        with suppress(
            ValueError, KeyError, TypeError, RecursionError
        ):  # the last line may be incomplete
            entry = json.loads(line)
            states[str(entry["id"])] = entry
    return states


def _result(
    id: str,  # noqa: A002  # as in check
    states: dict[str, dict[str, Any]],
    cells: list[str],
    run: Run,
) -> Result:
    exercise: Exercise | None = catalogue().get(id)
    title = exercise.title if exercise else ""
    entry = states.get(id, {})
    if entry.get("state") in _STATES:
        return Result(id, title, entry["state"], str(entry.get("misconception", "")))
    if exercise is None:
        return Result(id, title, "missing", reason="the course has no such exercise")
    return Result(id, title, "missing", reason=_why_missing(id, cells, run))


def _why_missing(id: str, cells: list[str], run: Run) -> str:  # noqa: A002
    if run.problem:
        return run.problem
    numbers = [n for n, source in enumerate(cells, 1) if id in _CHECK.findall(source)]
    if not numbers:
        return "no cell checks it"
    raised = [f"code cell {n} raised {run.errors[n]}" for n in numbers if n in run.errors]
    return raised[-1] if raised else f"code cell {numbers[-1]} ran without checking it"


def _predictions(cells: list[str], states: dict[str, dict[str, Any]]) -> Predictions:
    ids = set(chain.from_iterable(map(_PREDICTION.findall, cells)))
    ids |= {each for each in states if each.startswith("P")}
    found = [states.get(each, {}).get("state") for each in ids]
    right = found.count("passed")
    return Predictions(len(ids), right + found.count("surprised"), right)


def table(grades: list[Grade]) -> Iterator[str]:
    """Yield the lines to print: the exercises, the sums of each notebook, the problems."""
    rows = [
        (each.notebook, result.id, result.title, result.state, _remark(result))
        for each in grades
        for result in each.results
    ]
    if rows:
        yield from _aligned([("notebook", "exercise", "title", "state", "why"), *rows])
        yield ""
    yield from _aligned(
        [(each.notebook, _count([each]), str(each.predictions)) for each in grades]
    )
    if len(grades) > 1:
        yield f"{len(grades)} notebooks: {_count(grades)} exercises passed"
    remarks = [
        f"{_clean(each.notebook)}: {_clean(note)}"
        for each in grades
        for note in filter(None, (each.problem, *each.notes))
    ]
    yield from ["", *remarks] if remarks else []


def _remark(result: Result) -> str:
    return result.misconception or result.reason


def _count(grades: list[Grade]) -> str:
    passed = sum(each.passed for each in grades)
    return f"{passed} of {sum(len(each.results) for each in grades)}"


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    cleaned = [[_clean(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cleaned, strict=True)]
    for row in cleaned:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def _clean(text: str) -> str:
    """Remove control characters, so that no notebook or file name steers the terminal."""
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return text if len(text) <= 300 else f"{text[:299]}…"


def _facts(grades: list[Grade]) -> dict[str, Any]:
    return {
        "passed": sum(each.passed for each in grades),
        "exercises": sum(len(each.results) for each in grades),
        "notebooks": [each.as_dict() for each in grades],
    }


#: The JUnit element for each state except "passed".
_ELEMENTS = {"not yet": "failure", "not started": "skipped", "missing": "error"}


def junit_xml(grades: list[Grade]) -> bytes:
    """Return JUnit XML: a suite for each notebook, a case for each of its exercises."""
    root = ElementTree.Element("testsuites", name="lesson-app grade")
    for each in grades:
        suite = ElementTree.SubElement(root, "testsuite", name=_legal(each.notebook))
        for result in each.results:
            name = f"{result.id} {result.title}".strip()
            _add_case(suite, name, result.state, _remark(result))
        if each.problem and not each.results:
            _add_case(suite, "notebook", "missing", each.problem)
        suite.set("tests", str(len(suite)))
        for element, plural in (("failure", "failures"), ("error", "errors"), ("skipped",) * 2):
            suite.set(plural, str(len(suite.findall(f"testcase/{element}"))))
        if each.notes:
            notes = ElementTree.SubElement(suite, "system-out")
            notes.text = _legal("\n".join(each.notes))
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add_case(suite: ElementTree.Element, name: str, state: str, remark: str) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=suite.get("name", ""), name=_legal(name)
    )
    if state in _ELEMENTS:
        message = f"{state}: {remark}" if remark else state
        ElementTree.SubElement(case, _ELEMENTS[state], message=_legal(message))


def _legal(text: str) -> str:
    return _NO_XML.sub("", text)
