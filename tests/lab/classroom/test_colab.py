"""Grading reads the notebooks that Colab saves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from course.notebooks import read
from lesson_app.cli import main
from tests.conftest import ROOT


@pytest.mark.proof
def test_grade(tmp_path: Path) -> None:
    """Without cells' ids, and with a cell that runs pip, right answers pass."""
    original = ROOT / "notebooks" / "01_make_http_remember.ipynb"
    notebook = json.loads(original.read_text(encoding="utf-8"))
    solutions, exercises = read(original).solutions, read(original).exercises
    for cell in notebook["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost"}}
        for id, exercise in exercises.items():  # noqa: A001  # as in check
            if "".join(cell["source"]) == exercise.stub:
                cell["source"] = f"{solutions[id]}\ncheck({id!r}, {', '.join(exercise.names)})"
    pip = {"cell_type": "code", "source": ['!pip install "lesson-app[lab] @ git+file:///no"']}
    notebook["cells"].insert(0, {**pip, "metadata": {}, "outputs": [], "execution_count": 1})
    notebook |= {"nbformat_minor": 0, "metadata": {"colab": {"provenance": []}}}
    (tmp_path / "01_colab.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    result = CliRunner().invoke(main, ["grade", str(tmp_path / "01_colab.ipynb")])

    assert result.exit_code == 0, result.output
    assert "5 of 5" in result.output
