"""Grading finds everything that a class handed in, and says what it cannot grade."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import tracemalloc
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lesson_app.lab.classroom.handed_in import archives, neighbours, notebook_files, students
from lesson_app.lab.classroom.handed_in.submissions import Cell, Submission, find
from lesson_app.lab.classroom.results import Student
from tests.conftest import ROOT
from tests.lab.classroom.handed_in import (
    CANVAS,
    EXPORT,
    FORMAT_3,
    MOODLE,
    NOTEBOOK,
    POINTER,
    Expected,
    Layout,
    assert_found,
    graded,
    in_class,
    notebook,
    summary,
    without_flag,
    write,
    zipped,
)
from tests.plugin import is_quick

# ---------------------------------------------------------- layouts


LAYOUTS: dict[str, tuple[Layout, Expected]] = {
    # whose they are
    "folders": (
        {"ada/nb.ipynb": NOTEBOOK, "bob/nb.ipynb": NOTEBOOK},
        {"ada/nb.ipynb": graded("ada"), "bob/nb.ipynb": graded("bob")},
    ),
    "folders in folders": (
        {"ada/week 1/a/nb.ipynb": NOTEBOOK},
        {"ada/week 1/a/nb.ipynb": graded("ada")},
    ),
    "files": (
        {"ada.ipynb": NOTEBOOK, "bob.ipynb": NOTEBOOK},
        {"ada.ipynb": graded("ada"), "bob.ipynb": graded("bob")},
    ),
    "the course's names": (
        {
            "03_seal_it (1).ipynb": NOTEBOOK,
            "03_seal_it-Copy1.ipynb": NOTEBOOK,
            "04_write_the_middleware.ipynb": NOTEBOOK,
            "07.ipynb": NOTEBOOK,
            "Copy of 08_ship_it.ipynb": NOTEBOOK,
        },
        {
            "03_seal_it (1).ipynb": graded("class"),
            "03_seal_it-Copy1.ipynb": graded("class"),
            "04_write_the_middleware.ipynb": graded("class"),
            "07.ipynb": graded("class"),
            "Copy of 08_ship_it.ipynb": graded("class"),
        },
    ),
    "a name with the course's": (
        {"03_seal_it_ada.ipynb": NOTEBOOK, "1203.ipynb": NOTEBOOK},
        {"03_seal_it_ada.ipynb": graded("03_seal_it_ada"), "1203.ipynb": graded("1203")},
    ),
    "Moodle's folders": (
        {f"{MOODLE}_/nb.ipynb": NOTEBOOK, f"{MOODLE}_/helpers.py": "1"},
        {f"{MOODLE}_/nb.ipynb": graded("Ada Lovelace", "helpers.py")},
    ),
    "Moodle's folders without the underscore": (
        {f"{MOODLE}/nb.ipynb": NOTEBOOK},
        {f"{MOODLE}/nb.ipynb": graded("Ada Lovelace")},
    ),
    "Moodle's files": (
        {f"{MOODLE}_nb.ipynb": NOTEBOOK, f"{MOODLE}_helpers.py": "1"},
        {f"{MOODLE}_nb.ipynb": graded("Ada Lovelace", "helpers.py")},
    ),
    "Moodle's zips": (
        {f"{MOODLE}_/work.zip": zipped({"nb.ipynb": NOTEBOOK, "x.csv": "1"})},
        {f"{MOODLE}_/work.zip/nb.ipynb": graded("Ada Lovelace", "x.csv")},
    ),
    "text typed into Moodle": (
        {
            "Ada Lovelace_12345_assignsubmission_onlinetext_/onlinetext.html": "<p>",
            f"{MOODLE}_/nb.ipynb": NOTEBOOK,
        },
        {
            f"{MOODLE}_/nb.ipynb": graded("Ada Lovelace"),
            "Ada Lovelace_12345_assignsubmission_onlinetext_/onlinetext.html": (
                "Ada Lovelace: is text that was typed into Moodle"
            ),
        },
    ),
    "two of one name in Moodle": (
        {
            f"{MOODLE}_/nb.ipynb": NOTEBOOK,
            "Ada Lovelace_777_assignsubmission_file_/nb.ipynb": NOTEBOOK,
        },
        {
            f"{MOODLE}_/nb.ipynb": graded("Ada Lovelace_12345"),
            "Ada Lovelace_777_assignsubmission_file_/nb.ipynb": graded("Ada Lovelace_777"),
        },
    ),
    "Moodle's folders in a folder": (
        {f"hw1/{MOODLE}_/nb.ipynb": NOTEBOOK},
        {f"hw1/{MOODLE}_/nb.ipynb": graded("Ada Lovelace")},
    ),
    "Moodle without names": (
        {"Participant_7_assignsubmission_file_/nb.ipynb": NOTEBOOK,
         "Participant_8_assignsubmission_file_/nb.ipynb": NOTEBOOK},
        {"Participant_7_assignsubmission_file_/nb.ipynb": graded("Participant_7"),
         "Participant_8_assignsubmission_file_/nb.ipynb": graded("Participant_8")},
    ),
    "Canvas": (
        {f"{CANVAS}_nb.ipynb": NOTEBOOK, "lovelaceada_LATE_12345_67891_nb-1.ipynb": NOTEBOOK},
        {f"{CANVAS}_nb.ipynb": graded("lovelaceada"),
         "lovelaceada_LATE_12345_67891_nb-1.ipynb": graded("lovelaceada")},
    ),
    "Canvas, with a helper": (
        {f"{CANVAS}_nb.ipynb": NOTEBOOK, "lovelaceada_12345_67891_helpers.py": "1",
         "liskovbarbara_1_2_helpers.py": "2"},
        {"liskovbarbara_1_2_helpers.py": "liskovbarbara: is not a notebook",
         f"{CANVAS}_nb.ipynb": graded("lovelaceada", "helpers.py")},
    ),
    "text typed into Canvas": (
        {"lovelaceada_12345_text.html": "<p>"},
        {"lovelaceada_12345_text.html": "lovelaceada: is a web page"},
    ),
    "Canvas without names": (
        {"anon_Zq1x9_67890_nb.ipynb": NOTEBOOK},
        {"anon_Zq1x9_67890_nb.ipynb": graded("Zq1x9")},
    ),
    "a zip for each student": (
        {"ada.zip": zipped({"nb.ipynb": NOTEBOOK}),
         "bob.ZIP": zipped({"x/nb.ipynb": NOTEBOOK})},
        {"ada.zip/nb.ipynb": graded("ada"), "bob.ZIP/x/nb.ipynb": graded("bob")},
    ),
    "dates are not Canvas's numbers": (
        {"hw_2026_11_nb.ipynb": NOTEBOOK, "ada_12_03_seal_it.ipynb": NOTEBOOK},
        {"ada_12_03_seal_it.ipynb": graded("ada_12_03_seal_it"),
         "hw_2026_11_nb.ipynb": graded("hw_2026_11_nb")},
    ),
    "names in many scripts": (
        {"Zoë Müller/nb.ipynb": NOTEBOOK, "陳大文/作業.ipynb": NOTEBOOK},
        {"Zoë Müller/nb.ipynb": graded("Zoë Müller"), "陳大文/作業.ipynb": graded("陳大文")},
    ),
    "accents as macOS writes them": (
        {"Zoe\u0308/nb.ipynb": NOTEBOOK},
        {"Zo\u00eb/nb.ipynb": graded("Zo\u00eb")},
    ),
    # how notebooks are named and written
    "names that are no notebook's": (
        {f"ada/{name}": NOTEBOOK for name in
         ("NB.IPYNB", "a", "nb (1).ipynb", "nb.ipynb.json", "nb.ipynb.txt", "nb.json", "x.md")},
        {f"ada/{name}": graded("ada") for name in
         ("NB.IPYNB", "a", "nb (1).ipynb", "nb.ipynb.json", "nb.ipynb.txt", "nb.json", "x.md")},
    ),
    "encodings": (
        {
            "ada/bom.ipynb": NOTEBOOK.encode("utf-8-sig"),
            "ada/utf-16-be": NOTEBOOK.encode("utf-16-be"),
            "ada/utf-16.ipynb": NOTEBOOK.encode("utf-16"),
        },
        {f"ada/{name}": graded("ada") for name in ("bom.ipynb", "utf-16-be", "utf-16.ipynb")},
    ),
    "Colab": (
        {"ada/nb.ipynb": notebook(metadata={"colab": {"provenance": []}}, nbformat_minor=0)},
        {"ada/nb.ipynb": graded("ada")},
    ),
    "only a hidden name": ({"ada/.ipynb": NOTEBOOK}, {"ada/.ipynb": graded("ada")}),
    "a zip with a notebook's name": (
        {"ada/nb.ipynb": zipped({"nb.ipynb": NOTEBOOK})},
        {"ada/nb.ipynb/nb.ipynb": graded("ada")},
    ),
    # what cannot be graded
    "format 3": ({"ada/nb.ipynb": FORMAT_3}, {"ada/nb.ipynb": "ada: is in notebook format 3"}),
    "empty": (
        {"ada/nb.ipynb": "", "bob/a.pdf": ""},
        {"ada/nb.ipynb": "ada: is empty", "bob/a.pdf": "bob: is empty"},
    ),
    "broken JSON": (
        {"ada/nb.ipynb": NOTEBOOK[:-1], "bob/nb": NOTEBOOK[:-1], "bob/ok.ipynb": NOTEBOOK,
         "cy/nb.ipynb": "[" * 100_000, "dan/nb.ipynb": b"\xff{"},
        {"ada/nb.ipynb": "ada: is not valid JSON", "bob/nb": "bob: is not valid JSON",
         "bob/ok.ipynb": graded("bob"), "cy/nb.ipynb": "cy: is not valid JSON",
         "dan/nb.ipynb": "dan: is not valid JSON"},
    ),
    "JSON that is no notebook": (
        {f"ada/{n}.ipynb": text for n, text in enumerate(
            ('{"cells": 1}', '{"cells": [1]}', '{"cells": [{"cell_type": "code"}]}', "{}", "[]",
             '{"cells": [{"cell_type": "code", "source": [1]}]}', '{"cells": {}}', "1"))},
        {f"ada/{n}.ipynb": "ada: is JSON, but not a notebook" for n in range(8)},
    ),
    "no cells": (
        {"ada/nb.ipynb": '{"cells": []}'},
        {"ada/nb.ipynb": "ada: is a notebook without cells"},
    ),
    "a pointer of Git LFS": (
        {"ada/nb.ipynb": POINTER, "bob/nb.ipynb": NOTEBOOK, "bob/x.csv": POINTER},
        {"ada/nb.ipynb": "ada: is a pointer of Git LFS", "bob/nb.ipynb": graded("bob"),
         "bob/x.csv": "bob: is a pointer of Git LFS"},
    ),
    "documents beside a notebook": (
        {"ada/nb.ipynb": NOTEBOOK, "ada/a.html": "<p>", "ada/b.PDF": "%PDF", "ada/c.docx": "PK",
         "ada/d.py": EXPORT, "ada/e.rar": "Rar!", "ada/f.7z": "7z", "ada/g.tar.gz": "\x1f"},
        {"ada/a.html": "ada: is a web page", "ada/b.PDF": "ada: is a PDF",
         "ada/c.docx": "ada: is a document", "ada/d.py": "ada: is a notebook's export",
         "ada/e.rar": "ada: is an archive", "ada/f.7z": "ada: is an archive",
         "ada/g.tar.gz": "ada: is an archive", "ada/nb.ipynb": graded("ada")},
    ),
    "no notebook at all": (
        {"ada/a.py": "1", "ada/b/c.csv": "1", "ada/d.json": "{}", "ada/e.png": b"\x89PNG"},
        {"ada/a.py": "ada: is not a notebook", "ada/b/c.csv": "ada: is not a notebook",
         "ada/d.json": "ada: is JSON, but not", "ada/e.png": "ada: is not a notebook"},
    ),
    "an empty folder": (
        {"ada/": "", "bob/nb.ipynb": NOTEBOOK, "bob/out/": "", "cy/.DS_Store": "1"},
        {"ada": "ada: holds no file", "bob/nb.ipynb": graded("bob"), "cy": "cy: holds no file"},
    ),
    "a folder with a notebook's name": (
        {"ada/x.ipynb/y.csv": "1", "bob/x.ipynb/nb.ipynb": NOTEBOOK,
         "cy/nb.ipynb": NOTEBOOK, "cy/x.ipynb/": ""},
        {"ada/x.ipynb": "ada: is a folder", "ada/x.ipynb/y.csv": "ada: is not a notebook",
         "bob/x.ipynb": "bob: is a folder", "bob/x.ipynb/nb.ipynb": graded("bob"),
         "cy/nb.ipynb": graded("cy"), "cy/x.ipynb": "cy: is a folder"},
    ),
    # neighbours
    "neighbours": (
        {"ada/nb.ipynb": NOTEBOOK, "ada/helpers.py": "1", "ada/data.csv": "1", "ada/a.png": "1",
         "ada/pkg/__init__.py": "", "ada/pkg/deep/m.py": "1", "ada/config.json": "{}",
         "bob/nb.ipynb": NOTEBOOK},
        {"ada/nb.ipynb": graded("ada", "helpers.py", "data.csv", "a.png", "pkg", "config.json"),
         "bob/nb.ipynb": graded("bob")},
    ),
    "neighbours of several notebooks": (
        {"ada/1.ipynb": NOTEBOOK, "ada/2.ipynb": NOTEBOOK, "ada/x.csv": "1",
         "ada/w/3.ipynb": NOTEBOOK, "ada/w/y.csv": "1"},
        {"ada/1.ipynb": graded("ada", "x.csv"), "ada/2.ipynb": graded("ada", "x.csv"),
         "ada/w/3.ipynb": graded("ada", "y.csv")},
    ),
    "beside no notebook": (
        {"ada/w/nb.ipynb": NOTEBOOK, "ada/x/y.csv": "1", "ada/x/z.csv": "2", "ada/a.md": "1"},
        {"ada/a.md": "ada: is beside no notebook", "ada/w/nb.ipynb": graded("ada"),
         "ada/x": "ada: is beside no notebook"},
    ),
    "data in a zip": (
        {"ada/nb.ipynb": NOTEBOOK, "ada/data.zip": zipped({"a.csv": "1", "b/": ""})},
        {"ada/nb.ipynb": graded("ada", "data.zip")},
    ),
    "a document in a zip": (
        {"ada/nb.ipynb": NOTEBOOK, "ada/more.zip": zipped({"a.csv": "1", "b.pdf": "1"})},
        {"ada/more.zip/b.pdf": "ada: is a PDF", "ada/nb.ipynb": graded("ada", "more.zip")},
    ),
    "what programs leave behind": (
        {"ada/nb.ipynb": NOTEBOOK, "ada/.ipynb_checkpoints/nb-checkpoint.ipynb": NOTEBOOK,
         "ada/.git/config": "1", "__MACOSX/ada/._nb.ipynb": "1", ".DS_Store": "1",
         "ada/Thumbs.db": "1", "ada/__pycache__/m.pyc": "1", "ada/._nb.ipynb": "\0\5\x16\7",
         "ada/.gitignore": "1", ".vscode/settings.json": "{}", "ada/.hidden/x.csv": "1"},
        {"ada/nb.ipynb": graded("ada")},
    ),
    "a hidden folder with a notebook": (
        {"ada/.mine/nb.ipynb": NOTEBOOK},
        {"ada/.mine/nb.ipynb": graded("ada")},
    ),
    "one student's folder": (
        {"03_seal_it.ipynb": notebook("open('data/x.csv')"), "helpers.py": "1",
         "data/x.csv": "1", "bob/bob.py": "1", ".gitignore": "1", "out/": ""},
        {"03_seal_it.ipynb": graded("class", "data", "helpers.py"),
         "bob/bob.py": "bob: is not a notebook"},
    ),
    "files for several students": (
        {"ada.ipynb": notebook("import helpers\nopen('./x y.csv')"), "bob.ipynb": NOTEBOOK,
         "helpers.py": "1", "x y.csv": "1", "cy.py": "1", "ada.py": "1"},
        {"ada.ipynb": graded("ada", "helpers.py", "x y.csv", "ada.py"),
         "bob.ipynb": graded("bob"), "cy.py": "cy: is not a notebook"},
    ),
    "a name that code mentions": (
        {"ada.ipynb": notebook("user = 'bob'"), "bob/bob.py": "1", "cy.ipynb": NOTEBOOK},
        {"ada.ipynb": graded("ada"), "bob/bob.py": "bob: is not a notebook",
         "cy.ipynb": graded("cy")},
    ),
    # archives
    "nested zips": (
        {"a.zip": zipped({"b.zip": zipped({"nb.ipynb": NOTEBOOK})})},
        {"a.zip/b.zip/nb.ipynb": graded("a")},
    ),
    "an empty zip": (
        {"ada.zip": zipped({}), "bob/nb.ipynb": NOTEBOOK, "bob/x.zip": zipped({})},
        {"ada.zip": "ada: is an archive without files", "bob/nb.ipynb": graded("bob"),
         "bob/x.zip": "bob: is an archive without files"},
    ),
    "a broken zip": (
        {"ada.zip": zipped({"nb.ipynb": NOTEBOOK})[:-30], "bob.zip": "", "cy.zip": "PK",
         "dan.zip": "<p>", "eve.zip": NOTEBOOK},
        {"ada.zip": "ada: is not a readable zip", "bob.zip": "bob: is empty",
         "cy.zip": "cy: is not a readable zip", "dan.zip": "dan: is not a zip",
         "eve.zip": graded("eve")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("layout", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_folder(layout: Layout, expected: Expected, tmp_path: Path) -> None:
    """What is in a folder is graded, or listed with a problem that names a fix."""
    found = find([in_class(layout, tmp_path)], tmp_path / "scratch")

    assert_found(found, expected)


@pytest.mark.parametrize("flag", [True, False], ids=["UTF-8", "no flag"])
@pytest.mark.parametrize(("layout", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_archive(layout: Layout, expected: Expected, flag: bool, tmp_path: Path) -> None:
    """An archive of a folder is found like the folder, also without the flag for UTF-8."""
    data = zipped(layout)
    (tmp_path / "class.zip").write_bytes(data if flag else without_flag(data))

    found = find([tmp_path / "class.zip"], tmp_path / "scratch")

    assert_found(found, expected, "class.zip")


def one(layout: Layout, folder: Path) -> Submission:
    """Return the only submission in a folder with these files."""
    [found] = find([in_class(layout, folder)], folder / "scratch")
    return found


def test_submission(tmp_path: Path) -> None:
    """A submission has its cells, its file, its neighbours, and what the LMS knows."""
    cells = [
        {"cell_type": "markdown", "source": ["# A\n", "b"]},
        {"cell_type": "code", "source": "1", "id": "a"},
        {"cell_type": "raw", "source": ""},
        {"cell_type": "heading", "source": "c"},
    ]
    name = "lovelaceada_LATE_12345_67890_nb.ipynb"
    found = one({name: notebook(cells=cells), "lovelaceada_12345_2_x.csv": "1,2"}, tmp_path)

    assert found.cells == (
        Cell("markdown", "# A\nb"), Cell("code", "1"), Cell("raw", ""), Cell("raw", "c"),
    )  # fmt: skip
    assert found.file == tmp_path / "class" / name
    assert [path.name for path in found.neighbours] == ["x.csv"]
    assert found.student == Student("lovelaceada", "lovelaceada")
    assert found.student.fields == {
        "canvas_user": "12345", "canvas_submission": "67890", "late": "yes",
    }  # fmt: skip


# ---------------------------------------------------------- files on the disk


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link to another place, or to nothing, is listed; a cycle does not matter."""
    ada = in_class({"ada/nb.ipynb": NOTEBOOK, "ada/data/x.csv": "1"}, tmp_path) / "ada"
    write(tmp_path, {"secret/nb.ipynb": NOTEBOOK, "secret/x.csv": "1"})
    (ada / "away.ipynb").symlink_to(tmp_path / "secret" / "nb.ipynb")
    (ada / "cycle").symlink_to(ada)
    (ada / "data" / "y.csv").symlink_to(tmp_path / "secret" / "x.csv")
    (ada / "folder").symlink_to(tmp_path / "secret")
    (ada / "nothing").symlink_to("nowhere")

    found = find([tmp_path / "class"], tmp_path / "scratch")

    links = ["away.ipynb", "cycle", "data/y.csv", "folder", "nothing"]
    expected = {f"ada/{name}": "ada: is a link" for name in links}
    expected["ada/nb.ipynb"] = graded("ada", "data")
    assert_found(found, dict(sorted(expected.items())))
    [data] = found[-2].neighbours
    assert [path.name for path in data.iterdir()] == ["x.csv"]


def test_the_folder_may_be_a_link(tmp_path: Path) -> None:
    """A link that is named on the command line is followed."""
    (tmp_path / "link").symlink_to(in_class({"ada/nb.ipynb": NOTEBOOK}, tmp_path))

    assert summary(find([tmp_path / "link"], tmp_path / "s")) == {
        "class/ada/nb.ipynb": graded("ada")
    }


def test_a_special_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe, which nobody writes to, does not stop the search."""
    os.mkfifo(in_class({"ada/nb.ipynb": NOTEBOOK}, tmp_path) / "ada" / "pipe.ipynb")

    found = find([tmp_path / "class"], tmp_path / "scratch")

    assert_found(found, {"ada/nb.ipynb": graded("ada"), "ada/pipe.ipynb": "ada: is neither"})


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no text are shown as escapes."""
    folder = in_class({"ada/nb.ipynb": NOTEBOOK}, tmp_path)
    for name in (b"\xff.ipynb", b"\xfe.csv"):
        os.rename(folder / "ada/nb.ipynb", os.path.join(os.fsencode(folder), name))
        (folder / "ada/nb.ipynb").write_text(NOTEBOOK)

    found = find([folder], tmp_path / "scratch")

    assert_found(
        found,
        {
            "ada/nb.ipynb": graded("ada"),
            "\\udcfe.csv": graded("\\udcfe"),
            "\\udcff.ipynb": graded("\\udcff"),
        },
    )


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder without permission is listed; the rest is graded."""
    layout: Layout = {"ada/nb.ipynb": NOTEBOOK, "ada/x.py": "1", "bob/nb.ipynb": NOTEBOOK}
    folder = in_class(layout, tmp_path)
    opened, scanned = Path.open, os.scandir

    # Permissions mean nothing to root, who may run the tests.
    def open_(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "x.py":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    def scandir(path: Any) -> Any:
        if Path(path).name == "bob":
            raise PermissionError(13, "Permission denied")
        return scanned(path)

    monkeypatch.setattr(Path, "open", open_)
    monkeypatch.setattr(os, "scandir", scandir)

    found = find([folder], tmp_path / "scratch")

    denied = "cannot be read (Permission denied); make it readable"
    assert_found(
        found,
        {
            "ada/nb.ipynb": graded("ada"),
            "ada/x.py": f"ada: {denied}",
            "bob": f"bob: {denied}",
        },
    )


def test_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above the limit is listed, and not read."""
    monkeypatch.setattr(notebook_files, "MAX_FILE", 1000)
    layout: Layout = {"ada/nb.ipynb": notebook("#" * 1000), "ada/ok.ipynb": NOTEBOOK}

    found = find([in_class(layout, tmp_path)], tmp_path / "scratch")

    assert_found(
        found, {"ada/nb.ipynb": "ada: is larger than 50 MB", "ada/ok.ipynb": graded("ada")}
    )


def test_neighbours_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much beside a notebook is listed in one line for each folder."""
    monkeypatch.setattr(neighbours, "MAX_BYTES", 1000)
    layout: Layout = {f"ada/many/{n}.csv": "1" for n in range(201)}
    layout |= {f"ada/some/{n}.csv": "1" for n in range(199)}
    layout |= {"ada/big.csv": "1" * 1001, "ada/helpers.py": "1", "ada/nb.ipynb": NOTEBOOK}

    found = find([in_class(layout, tmp_path)], tmp_path / "scratch")

    assert_found(
        found,
        {
            "ada/big.csv": "ada: is more than the 200 files or 20 MB",
            "ada/many": "ada: is more than the 200 files or 20 MB",
            "ada/nb.ipynb": graded("ada", "helpers.py", "some"),
        },
    )


def test_a_neighbour_has_only_what_the_notebook_may_read(tmp_path: Path) -> None:
    """A folder with other things is copied without them; another folder is used as it is."""
    layout: Layout = {"ada/nb.ipynb": NOTEBOOK, "ada/clean/x.csv": "1", "ada/mixed/y.csv": "1"}
    layout |= {
        "ada/mixed/__pycache__/m.pyc": "1",
        "ada/mixed/.env": "1",
        "ada/mixed/z.pdf": "1",
    }
    folder = in_class(layout, tmp_path)

    clean, mixed = find([folder], tmp_path / "scratch")[-1].neighbours

    assert clean == folder / "ada" / "clean"
    assert mixed.is_relative_to(tmp_path / "scratch")
    assert [path.name for path in mixed.rglob("*")] == ["y.csv"]


def test_a_neighbour_that_cannot_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk is full, the notebook is found, and what it lacks is listed."""
    layout: Layout = {"ada/nb.ipynb": NOTEBOOK, "ada/d/x.csv": "1", "ada/d/.env": "1"}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail)

    found = find([in_class(layout, tmp_path)], tmp_path / "scratch")

    assert_found(
        found,
        {
            "ada/d": "ada: cannot be copied for the notebook (No space",
            "ada/nb.ipynb": graded("ada"),
        },
    )


def test_neighbours_of_one_name(tmp_path: Path) -> None:
    """Of two files that Canvas has numbered, the notebook gets one; the other is listed."""
    layout: Layout = {f"{CANVAS}_nb.ipynb": NOTEBOOK}
    layout |= {f"lovelaceada_12345_{n}_helpers.py": f"{n}" for n in (7, 8)}

    notebook, other = find([in_class(layout, tmp_path)], tmp_path / "scratch")

    assert [path.read_text() for path in notebook.neighbours] == ["7"]
    assert other.path.endswith("_8_helpers.py")
    assert "has the name of another file" in other.problem


# ---------------------------------------------------------- the command line


def test_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that several paths hold is found once."""
    folder = in_class({"ada/nb.ipynb": NOTEBOOK, "bob/": ""}, tmp_path)
    monkeypatch.chdir(folder)
    file, archive = folder / "ada" / "nb.ipynb", tmp_path / "b.zip"
    archive.write_bytes(zipped({"cy/nb.ipynb": NOTEBOOK}))

    paths = [
        Path("ada/../ada/nb.ipynb"),
        file,
        folder,
        Path(),
        folder / "ada",
        archive,
        archive,
    ]

    assert summary(find(paths, tmp_path / "scratch")) == {
        "ada/nb.ipynb": graded("nb"),
        "bob": "bob: holds no file; hand in the notebook (.ipynb)",
        "b.zip/cy/nb.ipynb": graded("cy"),
    }


@pytest.mark.parametrize(
    ("paths", "students"),
    [
        (["*/work.ipynb"], {"ada", "bob"}),
        (["*/03_seal_it.ipynb"], {"ada", "bob"}),
        (["ada", "bob"], {"ada", "bob"}),
        (["zips/*"], {"cy", "dan"}),
        (["moodle/*"], {"Eve"}),
        (["moodle/*/*"], {"Eve"}),
    ],
)
def test_students_of_several_paths(
    paths: list[str], students: set[str], tmp_path: Path
) -> None:
    """Files of one name in several folders are those of several students."""
    work = zipped({"work/nb.ipynb": NOTEBOOK})
    layout: Layout = {f"{who}/work.ipynb": NOTEBOOK for who in ("ada", "bob")}
    layout |= {f"{who}/03_seal_it.ipynb": NOTEBOOK for who in ("ada", "bob")}
    layout |= {"zips/cy.zip": work, "zips/dan.zip": work}
    layout |= {"moodle/Eve_1_assignsubmission_file_/nb.ipynb": NOTEBOOK}
    folder = in_class(layout, tmp_path)

    found = find([p for each in paths for p in sorted(folder.glob(each))], tmp_path / "s")

    assert {each.student.key for each in found} == students


def test_neighbours_of_a_file(tmp_path: Path) -> None:
    """Of what is beside a named file, it gets what it mentions; nothing else is listed."""
    source = "from helpers import f\nimport pkg\nopen('data/x.csv')\nopen('../secret')"
    layout: Layout = {"nb.ipynb": notebook(source), "helpers.py": "1", "letter.pdf": "1"}
    layout |= {"data/x.csv": "1", "pkg/__init__.py": "", "other/y.csv": "1", "other.py": "1"}
    folder = in_class(layout, tmp_path)

    [found] = find([folder / "nb.ipynb"], tmp_path / "scratch")

    assert sorted(found.neighbours) == [folder / "data", folder / "helpers.py", folder / "pkg"]
    assert found.path == "nb.ipynb"


def test_the_scratch_folder_is_not_searched(tmp_path: Path) -> None:
    """What is unpacked below a PATH is not found again there."""
    (tmp_path / "ada.zip").write_bytes(zipped({"nb.ipynb": NOTEBOOK}))
    for _ in range(2):
        found = find([tmp_path], tmp_path / "scratch")

    assert [each.path.partition("/")[2] for each in found] == ["ada.zip/nb.ipynb"]


def test_paths_are_shown_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path is shown from the current folder or, if it is elsewhere, from its parent."""
    for name in ("a/class", "b/class"):
        write(tmp_path / name, {"ada/nb.ipynb": NOTEBOOK})
    one, other = tmp_path / "a" / "class", tmp_path / "b" / "class"

    def shown(*paths: Path) -> list[str]:
        return [each.path for each in find(paths, tmp_path / "scratch")]

    assert shown(one) == ["class/ada/nb.ipynb"]
    assert shown(one, other) == [f"{p}/ada/nb.ipynb" for p in (one, other)]
    monkeypatch.chdir(tmp_path)
    assert shown(one, Path("b/class")) == ["a/class/ada/nb.ipynb", "b/class/ada/nb.ipynb"]


@pytest.mark.parametrize("name", ["no", "empty", "ignored", "broken"])
def test_nothing_to_grade(name: str, tmp_path: Path) -> None:
    """A path that does not exist, or holds nothing, is an error that says what to do."""
    write(tmp_path, {"empty/": "", "ignored/.DS_Store": "1"})
    (tmp_path / "broken").symlink_to("nowhere")

    with pytest.raises(click.UsageError, match=rf"found no .*{name}.*; name a"):
        find([tmp_path / name], tmp_path / "scratch")


# ---------------------------------------------------------- nothing disappears


LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\\")
SEGMENT = st.text(LETTERS, min_size=1) | st.sampled_from(
    ["ada", "Ada", "bob", "data", "CON", "x.ipynb", "nb.ipynb", "NB.ipynb", "helpers.py",
     "x y", "é", "e\u0301", f"{MOODLE}_", f"{MOODLE}_nb.ipynb", f"{CANVAS}_x.csv", "work.zip",
     "03_seal_it.ipynb", ".hidden", ".git", "__MACOSX", "..", ".", "", "C:", "a" * 200, "dot."]
)  # fmt: skip
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
PATHS = st.lists(PATH, max_size=8, unique=True)
KINDS = st.sampled_from(["notebook", "side", "broken", "document"])


def content(kind: str, number: int) -> str:
    """Return a file's text, in which the word file<number>. is nowhere else."""
    word = f"file{number}."
    return {
        "notebook": notebook(word),
        "side": word,
        "broken": f'{{"cell_type", "{word}"',
        "document": EXPORT + word,
    }[kind]


def words(path: Path) -> Counter[str]:
    """Count the words of `content` in a file, or in a folder's files."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return Counter(word for f in files for word in re.findall(r"file\d+\.", f.read_text()))


def is_unsafe(name: str) -> bool:
    drive = re.match("[A-Za-z]:", name)
    return name.startswith("/") or drive is not None or ".." in name.split("/")


def is_left_out(name: str) -> bool:
    """Return whether the file may be left out: it is hidden, or made by a program."""
    return any(part[:1] == "." or archives.ignored(part) for part in name.split("/"))


def contents(found: list[Submission]) -> Counter[str]:
    """Count the words of `content` in what is graded, listed, or beside a notebook."""
    paths = {path for each in found for path in (each.file, *each.neighbours)}
    return sum((words(path) for path in paths if path.name != "class.zip"), Counter[str]())


ALL_KINDS = st.lists(KINDS, min_size=8, max_size=8)


@given(PATHS, ALL_KINDS)
@example(["ada/a.ipynb", "ada/x/y.py", "ada/x/z.ipynb", "b.py", "../a"], ["notebook"] * 8)
@example(["nb", "NB", "Nb/x", "nb/x", "CON", "con/x"], ["notebook"] * 8)
@example(["ada/w/nb", "ada/x", "ada/.h", "ada/d/y", "ada/d/.h"], ["notebook", *["side"] * 7])
def test_nothing_disappears(names: list[str], kinds: list[str]) -> None:
    """Each entry is graded, listed, beside a notebook or left out, and stays in scratch."""
    names = [name for name in names if name.strip("/.") and not name.endswith("/")]
    names.append("zoe/nb.ipynb")
    files = {name: content(kinds[n % 8], n) for n, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as place:
        folder, scratch = Path(place) / "class", Path(place).resolve() / "scratch"
        folder.mkdir()
        (folder / "class.zip").write_bytes(zipped(files))
        found = find([folder / "class.zip"], scratch)
        seen = contents(found)

        assert sorted(os.listdir(place)) == ["class", "scratch"]
        assert os.listdir(folder) == ["class.zip"]
        for path in [each.file for each in found if each.cells]:
            assert path.resolve().is_relative_to(scratch)

    assert len(summary(found)) == len(found)
    unsafe = [
        name
        for name in names
        if is_unsafe(name) and not any(map(archives.ignored, name.split("/")))
    ]
    refused = [each for each in found if "leaves the archive" in each.problem]
    assert len(refused) == len(unsafe)
    for n, name in enumerate(names):
        known = is_unsafe(name) or is_left_out(name)
        assert seen[f"file{n}."] == 1 or known, name
    assert set(seen.values()) <= {1}


@given(PATHS, ALL_KINDS)
@example(["ada/w/nb", "ada/x", "ada/.h", "ada/d/y", "ada/d/.h"], ["notebook", *["side"] * 7])
@example(["nb.ipynb", "a.py", "data/x", "bob/x"], ["notebook", *["side"] * 7])
def test_nothing_disappears_in_a_folder(names: list[str], kinds: list[str]) -> None:
    """Each file is graded, listed, beside a notebook or left out; none is changed."""
    with tempfile.TemporaryDirectory() as place:
        folder, written = Path(place) / "class", {}
        for n, name in enumerate([*names, "zoe/nb.ipynb"]):
            if not is_unsafe(name) and not name.endswith("/"):
                with suppress(OSError):  # another's name, or too long a name
                    write(folder, {name: content(kinds[n % 8], n)})
                    written[folder / name] = (n, name)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

        found = find([folder], Path(place) / "scratch")

        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert after == before
        seen = contents(found)
    assert len(summary(found)) == len(found)
    for n, name in written.values():
        assert is_left_out(name) or seen[f"file{n}."], name


# ---------------------------------------------------------- many submissions


def class_of(number: int, folder: Path) -> Path:
    """Make a class: a third as folders, a third as zips, a third as Canvas's files."""
    layout: Layout = {}
    for n in range(0, number, 3):
        layout |= {f"s{n}/nb.ipynb": NOTEBOOK, f"s{n}/helpers.py": "1", f"s{n}/d/x.csv": "1"}
        layout[f"{MOODLE.replace('12345', str(n))}_/work.zip"] = zipped({"nb.ipynb": NOTEBOOK})
        layout |= {f"s_{n + 1}_7_nb.ipynb": NOTEBOOK, f"s_{n + 1}_8_x.csv": "1"}
    return in_class(layout, folder)


def cost(folder: Path) -> tuple[int, int, int]:
    """Return how many submissions are found, how many calls it takes, and bytes at the peak."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    tracemalloc.start()
    sys.setprofile(count)
    try:
        found = find([folder / "class"], folder / "scratch")
    finally:
        sys.setprofile(None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert not any(each.problem for each in found)
    return len(found), calls, peak


def test_the_cost_grows_like_the_class(tmp_path: Path) -> None:
    """Twice the submissions take about twice the calls and twice the memory."""
    number = 120 if is_quick() else 540
    for name, size in (("few", 6), ("half", number // 2), ("all", number)):
        class_of(size, tmp_path / name)
    cost(tmp_path / "few")  # what is imported and cached
    small, large = cost(tmp_path / "half"), cost(tmp_path / "all")

    assert (small[0], large[0]) == (number // 2, number)
    assert large[1] / small[1] < 2.2
    assert large[2] / small[2] < 2.4


def test_the_notebooks_of_the_course_are_known() -> None:
    """The names that are no student's are those of the notebooks."""
    names = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]

    assert names == list(students._NOTEBOOKS)


def test_nobody_hands_in_for_another(tmp_path: Path) -> None:
    """A learner's own folder names do not make the work another's, whatever they look like."""
    for name in (
        "ada/work.ipynb",
        "mallory/ada_12_assignsubmission_file_/work.ipynb",
        "mallory/bert_12_34_x.ipynb",
        "bert/work.ipynb",
    ):
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NOTEBOOK)

    found = find([tmp_path / "class"], tmp_path / "scratch")

    students = [each.student.key for each in found]
    assert sorted(students) == ["ada", "bert", "mallory", "mallory"]
