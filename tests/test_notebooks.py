"""What `pytest --nbval` does not look at: that the notebooks' stored outputs are whole."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

#: What no stored output may show: it differs from one machine, or one run, to the next.
VARYING = {
    "ANSI codes": r"\x1b",
    "a port": r"(127\.0\.0\.1|localhost):\d+",
    "an absolute path": r"(?<![\w.])/(home|root|tmp|usr|work|Users)/|[A-Z]:\\",
    "an address in memory": r"0x[0-9a-f]{6,}",
}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def comparable(cell: Any) -> list[dict[str, Any]]:
    """A cell's outputs without their counts."""
    return [
        {key: value for key, value in output.items() if key != "execution_count"}
        for output in cell.outputs
    ]


@each_notebook
def test_every_code_cell_was_executed_in_order(path: Path) -> None:
    """Only cells that have run are compared by nbval: each has, from a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(read(path))]

    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_stored_outputs_hold_anywhere(path: Path) -> None:
    """No error, nothing on stderr, nothing that another machine would show otherwise."""
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
            text = str(output.get("text", "")) + str(output.get("data", ""))
            assert [what for what, pattern in VARYING.items() if re.search(pattern, text)] == []


@each_notebook
def test_sizes(path: Path) -> None:
    """A notebook can be read in one sitting, and a cell at one glance."""
    cells = read(path).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in cells if cell.cell_type == "code"]

    assert len(" ".join(prose).split()) <= 2000
    assert len(code) <= 25
    assert max(len(source.splitlines()) for source in code) <= 25
    assert "%%" not in "".join(code)  # nothing is hidden from nbval or from the reader


@each_notebook
def test_headings(path: Path) -> None:
    """One title, and headings that are unique and skip no level: a screen reader's map."""
    prose = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    headings = re.findall(r"^(#+) (.+)$", prose, re.MULTILINE)
    levels = [len(marks) for marks, _ in headings]

    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len({text for _, text in headings}) == len(headings)


@each_notebook
def test_each_cell_run_twice_gives_the_same(path: Path, tmp_path: Path) -> None:
    """A learner who runs a cell again, in any folder, sees what they saw before."""
    notebook = read(path)
    stored = [comparable(cell) for cell in code_cells(notebook)]
    notebook.cells = [cell for cell in notebook.cells for _ in range(2)]

    NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": tmp_path}},
    ).execute()

    fresh = [comparable(cell) for cell in code_cells(notebook)]
    assert fresh[0::2] == stored
    assert fresh[1::2] == stored
