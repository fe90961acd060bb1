"""The command `lesson-app copy` removes the outputs and overwrites no work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from course.notebooks import read
from lesson_app.cli import main
from lesson_app.lab.classroom.course import course_folder
from tests.conftest import ROOT
from tests.environments import environment, pip, without_paths
from tests.plugin import require_tool

SOLUTION = "<details><summary>Solution of E1.1</summary>\n\n```python\nx = 1\n```\n\n</details>"


def write_notebook(path: Path, **parts: Any) -> dict[str, Any]:
    code = {
        "cell_type": "code",
        "execution_count": 7,
        "id": "code-1",
        "metadata": {"tags": ["kept"]},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": ["spoiler\n"]}],
        "source": ["print('é')"],
    }
    text = {"cell_type": "markdown", "id": "text-1", "metadata": {}, "source": "text", **parts}
    notebook = {
        "cells": [text, code],
        "metadata": {"kernelspec": {"name": "python3"}, "own": 1, "widgets": {"spoiler": 1}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    return notebook


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with two notebooks."""
    notebooks = tmp_path / "course" / "notebooks"
    notebooks.mkdir(parents=True)
    for name in ("01_a.ipynb", "02_b.ipynb"):
        write_notebook(notebooks / name)
    return notebooks


def copy(folder: Path, source: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["copy", str(folder), "--notebooks", str(source), *options])


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def test_only_outputs_and_counts_are_left_out(course: Path, tmp_path: Path) -> None:
    """Copies keep ids, other metadata and source; the originals do not change."""
    before = write_notebook(course / "01_a.ipynb", source=SOLUTION)
    stored = (course / "01_a.ipynb").read_bytes()

    result = copy(tmp_path / "mine", course)

    before["cells"][1] |= {"outputs": [], "execution_count": None}
    del before["metadata"]["widgets"]
    text = (tmp_path / "mine" / "01_a.ipynb").read_text(encoding="utf-8")
    assert json.loads(text) == before
    assert text == json.dumps(before, ensure_ascii=False, indent=1) + "\n"
    assert (course / "01_a.ipynb").read_bytes() == stored
    assert result.exit_code == 0


def test_existing_files_are_kept(course: Path, tmp_path: Path) -> None:
    """An existing notebook is never overwritten; each file has a line in the output."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "02_b.ipynb").write_text("my work")

    first, second = copy(mine, course), copy(mine, course)

    kept = f"kept   {mine}/02_b.ipynb: it already exists\n"
    assert first.output == f"wrote  {mine}/01_a.ipynb\n{kept}"
    assert second.output == first.output.replace(
        f"wrote  {mine}/01_a.ipynb", kept.replace("02_b", "01_a").rstrip()
    )
    assert (mine / "02_b.ipynb").read_text() == "my work"


def test_a_link_in_the_way_is_kept(course: Path, tmp_path: Path) -> None:
    """Nothing is written through a broken symbolic link."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "01_a.ipynb").symlink_to(tmp_path / "elsewhere")

    result = copy(tmp_path / "mine", course)

    assert "kept   " in result.output
    assert not (tmp_path / "elsewhere").exists()


def test_notebook_from_colab(course: Path, tmp_path: Path) -> None:
    """Cells without ids, and the metadata of Colab, are copied as they are."""
    notebook = write_notebook(course / "01_a.ipynb")
    for cell in notebook["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost"}}
    notebook |= {"nbformat_minor": 0, "metadata": {"colab": {"provenance": []}}}
    (course / "01_a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    copy(tmp_path / "mine", course)

    notebook["cells"][1] |= {"outputs": [], "execution_count": None}
    assert json.loads((tmp_path / "mine" / "01_a.ipynb").read_text("utf-8")) == notebook


def test_without_solutions(course: Path, tmp_path: Path) -> None:
    """Only solutions go, in text cells; a cell without other text goes as a whole."""
    answers = "<details><summary>Answers</summary>\n\nYes.\n\n</details>"
    mixed = [f"before\n\n{SOLUTION}\n", "\n", f"after\n\n{SOLUTION}\n\n{answers}"]
    write_notebook(course / "01_a.ipynb", source=mixed)
    write_notebook(course / "02_b.ipynb", source=SOLUTION.splitlines(keepends=True))

    result = copy(tmp_path / "mine", course, "--without-solutions")

    text, code = cells(tmp_path / "mine" / "01_a.ipynb")
    assert "".join(text["source"]) == f"before\n\nafter\n\n{answers}"
    assert code["source"] == ["print('é')"]
    assert [cell["id"] for cell in cells(tmp_path / "mine" / "02_b.ipynb")] == ["code-1"]
    assert "The new copies have no solutions. Hints stay" in words(result)
    assert "Hints" not in words(copy(tmp_path / "theirs", course))


@pytest.mark.parametrize("name", ["notebooks", "notebooks/../notebooks", "link"])
def test_never_onto_its_own_source(course: Path, name: str) -> None:
    """The folder of the originals is refused as the place for the copies."""
    (course.parent / "link").symlink_to(course)
    stored = (course / "01_a.ipynb").read_bytes()

    result = copy(course.parent / name, course)

    assert result.exit_code == 2
    assert "is the folder of the originals; name another folder" in words(result)
    assert (course / "01_a.ipynb").read_bytes() == stored


def words(result: Result) -> str:
    return " ".join(result.output.split())


def test_without_a_course(tmp_path: Path) -> None:
    """Without notebooks, the error names the fix, and no folder is made."""
    result = copy(tmp_path / "mine", tmp_path)

    assert result.exit_code == 2
    assert f"found no notebook (*.ipynb) in {tmp_path}; name the folder of the" in words(result)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": [{}]}', "\xff"])
def test_a_course_that_is_broken(course: Path, tmp_path: Path, text: str) -> None:
    """An invalid notebook in the course is named, and nothing is written."""
    (course / "02_b.ipynb").write_text(text, encoding="latin-1")

    result = copy(tmp_path / "mine", course)

    assert result.exit_code == 2
    assert "02_b.ipynb is not a valid notebook; restore it, or install" in words(result)
    assert not (tmp_path / "mine").exists()


def test_no_folder_there(course: Path, tmp_path: Path) -> None:
    """If the folder cannot be made, the error names the fix."""
    (tmp_path / "file").touch()

    inside, onto = copy(tmp_path / "file" / "mine", course), copy(tmp_path / "file", course)

    assert (inside.exit_code, onto.exit_code) == (2, 2)
    assert "name a folder that you can write to" in words(inside)
    assert "is a file" in words(onto)


def check_copies(folder: Path) -> None:
    """Check that a folder has all notebooks of the course, and that every link works."""
    copies = {path.name for path in folder.iterdir()}
    assert copies == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        links = re.findall(r"""(?:\]\(|src=\\?["'])(?!https?://|#|data:)([^)#\\"']+)""", text)
        code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
        assert [link for link in links if not (path.parent / link).exists()] == []
        assert code
        assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


def test_the_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any folder, the command finds the course; every relative link of a copy works."""
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["copy", "mine"])

    assert course_folder() == ROOT / "notebooks"
    assert result.exit_code == 0
    check_copies(tmp_path / "mine")


def test_the_course_without_solutions(tmp_path: Path) -> None:
    """Copies for marked work contain no solution, and nothing that leads to one."""
    copy(tmp_path / "mine", ROOT / "notebooks", "--without-solutions")

    check_copies(tmp_path / "mine")
    for path in sorted((tmp_path / "mine").iterdir()):
        copied, original = read(path), read(ROOT / "notebooks" / path.name)
        text = "\n".join([*copied.prose, *copied.code])
        assert copied.exercises.keys() == original.solutions.keys()
        assert not [each for each, code in original.solutions.items() if code in text]
        assert "olution" not in text


@pytest.mark.proof
def test_wheel(tmp_path: Path, wheel: Path) -> None:
    """A plain install has the notebooks: no clone is needed."""
    programs = environment(tmp_path / "environment")
    python = programs / "python"
    pip("install", "--no-deps", wheel, python=python)
    own = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    folder = Path(subprocess.check_output(own, text=True).strip())
    # The other packages come from here. The wheel's lesson_app comes first.
    (folder / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    copy_command = [str(programs / "lesson-app"), "copy", "mine"]
    subprocess.check_call(copy_command, cwd=tmp_path, env=without_paths())

    check_copies(tmp_path / "mine")


def what_make_would_do(*arguments: str) -> str:
    names = ("FOLDER", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    env = {name: value for name, value in os.environ.items() if name not in names}
    command = [require_tool("make"), "--dry-run", *arguments]
    return subprocess.check_output(command, cwd=ROOT, env=env, text=True)


@pytest.mark.parametrize("folder", ["my-notebooks", "elsewhere"])
def test_make_lab_opens_copies(folder: str) -> None:
    """`make lab` makes the copies before it opens them."""
    choice = [] if folder == "my-notebooks" else [f"FOLDER={folder}"]

    done = what_make_would_do("lab", *choice)

    wrote, opened = f"lesson-app copy '{folder}'", f"--notebook-dir='{folder}'"
    assert 0 < done.index(wrote) < done.index(opened)
    assert wrote in what_make_would_do("copy", *choice)


@pytest.mark.parametrize("folder", ["notebooks", "notebooks/", "./notebooks"])
def test_make_lab_opens_the_repositorys_own(folder: str) -> None:
    """`make lab FOLDER=notebooks` copies nothing."""
    done = what_make_would_do("lab", f"FOLDER={folder}")

    assert f"--notebook-dir='{folder}'" in done
    assert "lesson-app copy" not in done


def test_copies_do_not_dirty_the_repository() -> None:
    """Git ignores the folder of the copies."""
    assert "my-notebooks/" in (ROOT / ".gitignore").read_text().splitlines()


def test_make_help_is_whole() -> None:
    """`make help` prints all the lines at the Makefile's top, and nothing else."""
    top = (ROOT / "Makefile").read_text().partition("\n\n")[0]
    printed = subprocess.check_output([require_tool("make"), "help"], cwd=ROOT, text=True)

    assert [line for line in printed.splitlines() if not line.startswith("make[")] == [
        line.removeprefix("# ") for line in top.splitlines()
    ]
