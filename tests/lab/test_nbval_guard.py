"""The plugin for nbval: others' settings and plugins change no result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import pytest

from lesson_app.lab.nbval_guard import plain_ipython
from tests.conftest import PATIENCE, ROOT
from tests.plugin import some_of

#: Shuffles as pytest-randomly does: before all other plugins.
SHUFFLE = """
import random, pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    random.Random(4).shuffle(items)
    assert [each.name for each in items[:2]] != ["Cell 0", "Cell 1"]
    return (yield)
"""


def write_notebooks(folder: Path, *, run: bool = True) -> None:
    """Write two notebooks; each cell needs the cell before it."""
    folder.mkdir(exist_ok=True)
    for name in ("a", "b"):
        cells = [nbformat.v4.new_code_cell("x = 0", execution_count=1)]  # type: ignore[no-untyped-call]
        for number in range(1, 8):
            cell = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
                f"assert x == {number - 1}\nx += 1\nx", execution_count=number + 1
            )
            cell.outputs = [
                nbformat.v4.new_output(  # type: ignore[no-untyped-call]
                    "execute_result", {"text/plain": str(number)}, execution_count=number + 1
                )
            ]
            cells.append(cell)
        if not run:
            for cell in cells:
                cell.outputs, cell.execution_count = [], None
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")  # type: ignore[no-untyped-call]


def run_nbval(folder: Path, *options: str, **environment: str) -> tuple[int, str]:
    """Run nbval in the folder with the plugin; return the exit status and the output."""
    command = [
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder),
        "-p", "lesson_app.lab.nbval_guard", "--nbval-current-env", "--color=no", *options,
    ]  # fmt: skip
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    result = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return result.returncode, " ".join((result.stdout + result.stderr).split())


@pytest.mark.parametrize(
    "options",
    some_of([["-n2"], ["-n2", "--dist=worksteal"], ["-pshuffle"]], ["-n2"]),
    ids="-".join,
)
def test_cells_stay_together_and_in_order(tmp_path: Path, options: list[str]) -> None:
    """Neither several processes nor a shuffle separates the cells of a notebook."""
    if "-n2" in options:
        import_module("xdist")
    write_notebooks(tmp_path)
    (tmp_path / "shuffle.py").write_text(SHUFFLE)

    status, output = run_nbval(tmp_path, "--nbval", *options)

    assert "16 passed" in output
    assert status == 0


@pytest.mark.proof
def test_tests_are_still_shuffled(tmp_path: Path) -> None:
    """Only cells keep their order; deselected cells stay away."""
    write_notebooks(tmp_path)
    (tmp_path / "test_some.py").write_text("def test_1(): pass\ndef test_2(): pass\n")
    (tmp_path / "shuffle.py").write_text(SHUFFLE.replace("random.Random(4).shuffle(items)",
                                                         "items.reverse()"))  # fmt: skip

    _, output = run_nbval(tmp_path, "--nbval", "-pshuffle", "-v", "-k", "test_ or a.ipynb")

    assert output.index("::test_2 PASSED") < output.index("::test_1 PASSED")
    assert output.index("test_1 PASSED") < output.index("Cell 0") < output.index("Cell 7")
    assert "10 passed, 8 deselected" in output


def test_notebook_without_outputs(tmp_path: Path) -> None:
    """A notebook whose outputs nbstripout removed fails with the way out; with lax it runs."""
    write_notebooks(tmp_path, run=False)

    status, output = run_nbval(tmp_path, "--nbval")
    lax, _ = run_nbval(tmp_path, "--nbval-lax")

    assert status != 0
    assert "none: 8 of 8 code cells of b.ipynb were stored without being run" in output
    assert "restore the file" in output
    assert "2 errors" in output
    assert lax == 0


def test_notebook_from_colab(tmp_path: Path) -> None:
    """Cells may have no ids; what pip prints is not compared, but other cells are."""
    write_notebooks(tmp_path)
    (tmp_path / "b.ipynb").unlink()
    notebook = nbformat.read(tmp_path / "a.ipynb", 4)  # type: ignore[no-untyped-call]
    pip = nbformat.v4.new_code_cell("!pip --version", execution_count=1)  # type: ignore[no-untyped-call]
    pip.outputs = [nbformat.v4.new_output("stream", text="pip 1")]  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, pip)
    notebook.cells[-1].outputs[0].data["text/plain"] = "8"
    for cell in notebook.cells:
        cell.metadata = {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
    notebook.nbformat_minor, notebook.metadata = 0, {"colab": {"provenance": []}}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    _, output = run_nbval(tmp_path, "--nbval")

    assert "FAILED a.ipynb::Cell 8" in output
    assert "1 failed, 8 passed" in output


def test_users_settings_of_ipython(tmp_path: Path) -> None:
    """A kernel does not read the user's profile, which can show more than the last value."""
    write_notebooks(tmp_path / "notebooks")
    notebook = nbformat.read(tmp_path / "notebooks" / "a.ipynb", 4)  # type: ignore[no-untyped-call]
    notebook.cells[1].source += "\nx\nx"
    nbformat.write(notebook, tmp_path / "notebooks" / "a.ipynb")  # type: ignore[no-untyped-call]
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        "c = get_config()\nc.InteractiveShell.ast_node_interactivity = 'all'\n"
    )

    status, output = run_nbval(
        tmp_path / "notebooks", "--nbval", IPYTHONDIR=str(profile.parent)
    )

    assert "16 passed" in output
    assert status == 0


@pytest.mark.parametrize("before", ["mine", None])
def test_settings_come_back(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    """After the block, the variable is what it was, also if it was not set."""
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    if before:
        monkeypatch.setenv("IPYTHONDIR", before)

    with plain_ipython():
        folder = Path(os.environ["IPYTHONDIR"])
        assert folder.is_dir()

    assert os.environ.get("IPYTHONDIR") == before
    assert not folder.exists()


def test_this_repository_uses_it() -> None:
    """Plain `pytest --nbval notebooks` loads the plugin here."""
    listed = subprocess.check_output(
        [sys.executable, "-m", "pytest", "--nbval", "--collect-only", "-q", "--trace-config",
         "notebooks/00_read_someones_cookie.ipynb"],
        cwd=ROOT,
        text=True,
    )  # fmt: skip

    assert "lesson_app.lab.nbval_guard" in listed
