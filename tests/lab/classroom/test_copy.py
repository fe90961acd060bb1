"""The command `lesson-app copy` removes the outputs and overwrites no work."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lesson_app.cli import main
from tests.conftest import ROOT
from tests.plugin import require_tool

LINKS = [
    "[next](02_b.ipynb) [part](02_b.ipynb#part) [gone](../docs/gone.md) [here](#here) "
    "[odd](x:image.png)\n",
    "[code](../lesson_app/x.py#L3) ![image](image.png 'a title') [web](https://a.b/../docs)\n",
    "[space](<../docs/a b.md>) [quoted](../docs/a%20b.md?x=1) [root](/etc) [m](mailto:a@b)\n",
    '<img alt="x" src="image.png"> <a href="../lesson_app/x.py">x</a> [x][ref]\n',
    "\n",
    "[ref]: ../lesson_app/x.py",
]


def write_notebook(path: Path, **parts: Any) -> dict[str, Any]:
    code = {
        "cell_type": "code",
        "execution_count": 7,
        "id": "code-1",
        "metadata": {"tags": ["kept"]},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": ["spoiler\n"]}],
        "source": ["print('é')  # [not](../lesson_app/x.py) a link"],
    }
    text = {"cell_type": "markdown", "id": "text-1", "metadata": {}, "source": LINKS, **parts}
    notebook = {
        "cells": [text, code],
        "metadata": {"kernelspec": {"name": "python3"}, "own": 1},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    return notebook


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with two notebooks, and the files that they link to."""
    for name in ("notebooks", "docs", "lesson_app"):
        (tmp_path / "course" / name).mkdir(parents=True)
    notebooks = tmp_path / "course" / "notebooks"
    for file in ("image.png", "../lesson_app/x.py", "../docs/a b.md"):
        (notebooks / file).touch()
    for name in ("01_a.ipynb", "02_b.ipynb"):
        write_notebook(notebooks / name)
    return notebooks


def copy(folder: Path, source: Path) -> Result:
    return CliRunner().invoke(main, ["copy", str(folder), "--notebooks", str(source)])


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def test_only_outputs_and_counts_are_left_out(course: Path, tmp_path: Path) -> None:
    """Copies keep ids, metadata and source; the originals do not change."""
    before = write_notebook(course / "01_a.ipynb", source="no link")
    stored = (course / "01_a.ipynb").read_bytes()

    result = copy(tmp_path / "mine", course)

    before["cells"][1] |= {"outputs": [], "execution_count": None}
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


def test_links_to_files_lead_there_from_the_new_place(course: Path, tmp_path: Path) -> None:
    """Links to files are rewritten; links between notebooks and all others are kept."""
    copy(tmp_path / "far" / "away", course)

    text, code = cells(tmp_path / "far" / "away" / "01_a.ipynb")
    up = "../../course"
    assert text["source"] == [
        LINKS[0],
        f"[code]({up}/lesson_app/x.py#L3) ![image]({up}/notebooks/image.png 'a title') "
        "[web](https://a.b/../docs)\n",
        f"[space](<{up}/docs/a%20b.md>) [quoted]({up}/docs/a%20b.md?x=1) [root](/etc) "
        "[m](mailto:a@b)\n",
        f'<img alt="x" src="{up}/notebooks/image.png"> <a href="{up}/lesson_app/x.py">x</a> '
        "[x][ref]\n",
        "\n",
        f"[ref]: {up}/lesson_app/x.py",
    ]
    assert code["source"] == ["print('é')  # [not](../lesson_app/x.py) a link"]


def test_links_beside_the_course(course: Path) -> None:
    """In a folder beside the course's, links to other folders stay the same."""
    write_notebook(course / "01_a.ipynb", source="[x](../lesson_app/x.py) [i](image.png)")

    copy(course.parent / "mine", course)

    text, _ = cells(course.parent / "mine" / "01_a.ipynb")
    assert text["source"] == "[x](../lesson_app/x.py) [i](../notebooks/image.png)"


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


def test_without_a_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without notebooks, the error names the fix, and no folder is made."""
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["copy", "mine"])

    assert result.exit_code == 2
    assert "found no notebook (*.ipynb) in notebooks; run this in the" in words(result)
    assert "name the folder of its notebooks with --notebooks" in words(result)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": [{}]}', "\xff"])
def test_a_course_that_is_broken(course: Path, tmp_path: Path, text: str) -> None:
    """An invalid notebook in the course is named, and nothing is written."""
    (course / "02_b.ipynb").write_text(text, encoding="latin-1")

    result = copy(tmp_path / "mine", course)

    assert result.exit_code == 2
    assert "02_b.ipynb is not a valid notebook; restore it: git restore" in words(result)
    assert not (tmp_path / "mine").exists()


def test_no_folder_there(course: Path, tmp_path: Path) -> None:
    """If the folder cannot be made, the error names the fix."""
    (tmp_path / "file").touch()

    inside, onto = copy(tmp_path / "file" / "mine", course), copy(tmp_path / "file", course)

    assert (inside.exit_code, onto.exit_code) == (2, 2)
    assert "name a folder that you can write to" in words(inside)
    assert "is a file" in words(onto)


def test_the_course(tmp_path: Path) -> None:
    """All notebooks of this repository are copied, and every relative link works."""
    copy(tmp_path / "mine", ROOT / "notebooks")

    copies = {path.name for path in (tmp_path / "mine").iterdir()}
    assert copies == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    for path in (tmp_path / "mine").iterdir():
        links = re.findall(r"\]\((?!https?://|#)([^)#\\]+)\)", path.read_text())
        code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
        assert [link for link in links if not (path.parent / link).exists()] == []
        assert code
        assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


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
