"""Each notebook passes the rubric row by row, and each row can fail."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from course import rubric
from course.rubric import NOTEBOOKS, ROWS, Case
from course.trial import Trial
from tests.conftest import ROOT
from tests.plugin import some_of

#: These rows run the notebook; with --quick only nbval does.
RUN = {"twice", "orphans"}


@cache
def case(path: Path) -> Case:
    return Case(path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "row", some_of(list(ROWS), *(each for each in ROWS if each not in RUN))
)
def test_row(path: Path, row: str) -> None:
    """The row checks something, and every check passes."""
    checked = list(ROWS[row](case(path)))

    assert [finding for finding in checked if finding] == []
    assert checked


def test_each_notebook_is_declared_once() -> None:
    """course/course.toml has an entry for each notebook."""
    declared = re.findall(r"^number = (\d+)$", rubric.DECLARED.read_text(), re.MULTILINE)

    wanted = [case(path).number for path in NOTEBOOKS]
    assert [int(number) for number in declared] == wanted, (
        f"expected [[notebook]] entries {wanted} in course/course.toml, got {declared}"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_minutes(path: Path) -> None:
    """The time in a notebook's first cell is the one in course/course.toml."""
    named = re.findall(r"about (\d+) minutes", case(path).prose[0])
    minutes = case(path).declared["minutes"]

    assert named == [str(minutes)], (
        f"{path.name}: course/course.toml says {minutes} minutes; write 'about {minutes} "
        "minutes' into the first cell, or change course.toml"
    )


def test_page_is_up_to_date() -> None:
    """docs/rubric.md has the present sizes of the notebooks."""
    sizes = rubric.measures([case(path) for path in NOTEBOOKS])

    page = (ROOT / "docs" / "rubric.md").read_text(encoding="utf-8")
    assert sizes in page, "docs/rubric.md has other sizes than the notebooks; run: make rubric"


# Break a notebook: its row must fail

Break = Callable[[Any], None]


def broken(change: Break) -> Case:
    """Return the first notebook with a change."""
    spoilt = Case(NOTEBOOKS[0])
    node = copy.deepcopy(case(NOTEBOOKS[0]).node)
    change(node)
    spoilt.__dict__["node"] = node
    return spoilt


def cell(node: Any, kind: str = "code", place: int = 0) -> Any:
    return [each for each in node.cells if each.cell_type == kind][place]


def put(place: int, source: str, kind: str = "code") -> Break:
    def change(node: Any) -> None:
        cell(node, kind, place).source += source

    return change


def show(text: str, name: str = "stdout") -> Break:
    def change(node: Any) -> None:
        output = nbformat.v4.new_output("stream", text=text, name=name)  # type: ignore[no-untyped-call]
        cell(node).outputs = [output]

    return change


def uncounted(node: Any) -> None:
    cell(node).execution_count = None


def untrue(node: Any) -> None:
    for each in node.cells:
        if each.cell_type == "code":
            each.outputs = []


def unpredicted(node: Any) -> None:
    for each in node.cells:
        each.source = each.source.replace("predict(", "print(")


def only_in_the_table(node: Any) -> None:
    data = {"text/html": "<table><td>a fact</td></table>", "text/plain": "<Table>"}
    output = nbformat.v4.new_output("display_data", data=data)  # type: ignore[no-untyped-call]
    cell(node).outputs = [output]


def a_colour_without_a_word(node: Any) -> None:
    data = {"text/html": '<td style="background-color: red"></td>', "text/plain": "red"}
    output = nbformat.v4.new_output("display_data", data=data)  # type: ignore[no-untyped-call]
    cell(node).outputs = [output]


BROKEN: dict[str, tuple[str, Break]] = {
    "never run": ("executed", uncounted),
    "not compared": ("executed", put(0, "\n# NBVAL_IGNORE_OUTPUT")),
    "an error text": ("quiet", show("oh", "stderr")),
    "a path": ("quiet", show("/home/me/course")),
    "a port": ("quiet", show("http://127.0.0.1:5000/")),
    "no prediction": ("predicted", unpredicted),
    "the attack shows nothing": ("attacked", untrue),
    "too many words": ("sized", put(0, " word" * 2000, "markdown")),
    "a long cell": ("sized", put(0, "\nx = 1" * 13)),
    "two titles": ("readable", put(1, "\n\n# Again", "markdown")),
    "a level skipped": ("readable", put(1, "\n\n#### Deep", "markdown")),
    "a dead link": ("linked", put(1, "[gone](gone.ipynb)", "markdown")),
    "a link out of the folder": ("linked", put(1, "[limits](../docs/limits.md)", "markdown")),
    "no alt text": ("readable", put(1, "![](01_make_http_remember.ipynb)", "markdown")),
    "a fact in the table only": ("readable", only_in_the_table),
    "a colour without a word": ("readable", a_colour_without_a_word),
    "facts not shown": ("asserted", untrue),
}


@pytest.mark.parametrize(("row", "change"), BROKEN.values(), ids=BROKEN)
def test_broken_notebook(row: str, change: Break) -> None:
    """A notebook with this fault fails its row."""
    assert any(ROWS[row](broken(change)))


def trial(**changes: Any) -> Case:
    """Return the first notebook with another run."""
    cells = [[{"output_type": "stream", "name": "stdout", "text": "x"}] for _ in range(3)]
    spoilt = broken(lambda node: None)
    spoilt.__dict__["code"] = case(NOTEBOOKS[0]).code[:3]
    run: dict[str, Any] = {
        "first": cells,
        "second": cells,
        "left": [],
    }
    spoilt.__dict__["trial"] = Trial(**(run | changes))
    return spoilt


OTHER = [{"output_type": "stream", "name": "stdout", "text": "y"}]
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "something else when run again": ("twice", {"second": [OTHER] * 3}),
    "leaves a port": ("orphans", {"left": ["port 5000"]}),
}


@pytest.mark.parametrize(("row", "changes"), RUNS.values(), ids=RUNS)
def test_bad_run(row: str, changes: dict[str, Any]) -> None:
    """A run with this fault fails its row."""
    assert any(ROWS[row](trial(**changes)))
