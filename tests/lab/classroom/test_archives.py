"""Whatever an archive holds, it is unpacked within its folder and the limits."""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesson_app.lab.classroom.handed_in import archives
from lesson_app.lab.classroom.handed_in.submissions import find
from tests.lab.classroom.handed_in import (
    NOTEBOOK,
    Layout,
    from_zip,
    graded,
    link,
    notebook,
    patched,
    zipped,
)

UNSAFE = ["../x.ipynb", "ada/../../x.ipynb", "/tmp/x.ipynb", "C:\\x.ipynb", "C:x.ipynb",
          "\\\\server\\x.ipynb", "..\\x.ipynb"]  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_a_path_that_leaves_the_archive(name: str, tmp_path: Path) -> None:
    """Such an entry is listed, never written; the others are graded."""
    found = from_zip(zipped({"ada/nb.ipynb": NOTEBOOK, name: NOTEBOOK}), tmp_path)

    assert found.pop("ada/nb.ipynb") == graded("ada")
    [problem] = found.values()
    assert "has a path that leaves the archive; " in problem
    assert not list(tmp_path.rglob("x.ipynb"))


STRANGE: dict[str, tuple[bytes, str]] = {
    "a link": (zipped([(link("ada/nb.ipynb"), "/etc/passwd")]), "ada: is a link"),
    "encrypted": (
        patched(zipped({"ada/nb.ipynb": NOTEBOOK}), flags=1), "ada: is encrypted",
    ),
    "strongly encrypted": (
        patched(zipped({"ada/nb.ipynb": NOTEBOOK}), flags=0x40), "ada: is encrypted",
    ),
    "bzip2": (
        zipped({"ada/nb.ipynb": NOTEBOOK}, zipfile.ZIP_BZIP2), "ada: is packed in an unusual",
    ),
    "Deflate64": (
        patched(zipped({"ada/nb.ipynb": NOTEBOOK}), method=9), "ada: is packed in an unusual",
    ),
    "damaged": (
        zipped({"ada/nb.ipynb": NOTEBOOK}, zipfile.ZIP_STORED).replace(b'"code"', b'"Code"'),
        "ada: is damaged",
    ),
    "a size that is too small": (
        patched(zipped({"ada/nb.ipynb": "1" * 9999}), size=10), "ada: is damaged",
    ),
    "a large file": (
        patched(zipped({"ada/nb.ipynb": NOTEBOOK}), size=60_000_000), "ada: is larger than",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "problem"), STRANGE.values(), ids=STRANGE)
def test_a_strange_entry(data: bytes, problem: str, tmp_path: Path) -> None:
    """An entry that cannot be unpacked is listed, and leaves no file."""
    found = from_zip(data, tmp_path)

    assert list(found) == ["ada/nb.ipynb"]
    assert found["ada/nb.ipynb"].startswith(problem)
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_names_of_windows(tmp_path: Path) -> None:
    """A backslash separates folders."""
    found = from_zip(zipped({"ada\\nb.ipynb": NOTEBOOK, "ada\\d\\x.csv": "1"}), tmp_path)

    assert found == {"ada/nb.ipynb": graded("ada", "d")}


def test_names_in_the_old_encoding(tmp_path: Path) -> None:
    """A name that is not UTF-8, and has no flag, is in code page 437."""
    data = zipped({"M?ller.ipynb": NOTEBOOK}).replace(b"M?ller", b"M\x81ller")

    assert from_zip(data, tmp_path) == {"Müller.ipynb": graded("Müller")}


def test_a_folder_of_the_archives_name(tmp_path: Path) -> None:
    """The folder that zipping adds around the students' folders is not a student."""
    data = zipped({"Class/ada/nb.ipynb": NOTEBOOK, "Class/bob/nb.ipynb": NOTEBOOK})

    assert set(from_zip(data, tmp_path).values()) == {graded("ada"), graded("bob")}


NAMES = ["CON", "con.ipynb", "aux .txt", "LPT1.tar.gz", "ab:c", 'q"<>|?*', "dot.", "space ",
         "x" * 300 + ".ipynb", "Ü" * 200, "NB", "nb", "Nb", "nb~2", "tab\t", "~"]  # fmt: skip


def test_safe_names(tmp_path: Path) -> None:
    """Files get names that Windows allows, and no two differ only in their case."""
    data = zipped({name: notebook(name) for name in NAMES})

    (tmp_path / "class.zip").write_bytes(data)
    found = find([tmp_path / "class.zip"], tmp_path / "scratch")

    assert {each.path.removeprefix("class.zip/"): each.cells[0].source for each in found} == {
        name: name for name in NAMES
    }
    names = [each.file.name for each in found]
    assert len({name.casefold() for name in names}) == len(NAMES)
    for name in names:
        assert len(name.encode()) < 130
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$', name)
        assert not re.match(r"(?i)(con|aux|lpt1) *(\.|$)", name)


def test_an_entry_twice(tmp_path: Path) -> None:
    """Two entries of one name are two submissions."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([("ada/nb.ipynb", notebook("1")), ("ada/nb.ipynb", notebook("2"))])

    assert list(from_zip(data, tmp_path)) == ["ada/nb.ipynb", "ada/nb.ipynb (2)"]
    sources = {each.read_text() for each in (tmp_path / "scratch").rglob("*.ipynb")}
    assert sources == {notebook("1"), notebook("2")}


def test_too_deep(tmp_path: Path) -> None:
    """Archives in archives, and folders in folders, are unpacked to a limit."""
    data = zipped({"nb.ipynb": NOTEBOOK})
    for name in ("c.zip", "b.zip", "a.zip"):
        data = zipped({name: data})
    found = from_zip(data, tmp_path)
    assert list(found) == ["a.zip/b.zip/c.zip"]
    assert "is more than 3 archives deep; " in found["a.zip/b.zip/c.zip"]

    found = from_zip(zipped({"a/" * 5000 + "nb.ipynb": NOTEBOOK}), tmp_path)
    assert list(found) == ["a/a/a/…/nb.ipynb"]
    assert "a: is more than 32 folders deep; " in found.popitem()[1]


def packed_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1])
def test_a_bomb(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is unpacked if the declared sizes, or those of all archives, are too large."""
    monkeypatch.setattr(archives, "MAX_BYTES", 100_000)
    layout: Layout = {f"{n}.ipynb": "1" * 10_000 for n in range(10 + size)}

    found = from_zip(zipped(layout), tmp_path)

    assert len(found) == (1 if size else 10)
    assert packed_bytes(tmp_path / "scratch") == (0 if size else 100_000)
    if size:
        assert "unpacks to more than the 0 MB that are left" in found[""]


def test_bombs_in_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for all archives together, also for archives in archives."""
    monkeypatch.setattr(archives, "MAX_BYTES", 100_000)
    bomb = zipped({"x.ipynb": "1" * 60_000})

    found = from_zip(zipped({"a.zip": bomb, "b.zip": bomb, "c.zip": bomb}), tmp_path)

    assert [name for name, line in found.items() if "unpacks to more" in line] == [
        "b.zip",
        "c.zip",
    ]
    assert packed_bytes(tmp_path / "scratch") <= 100_000


def test_a_size_that_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real size counts, too, while a file is unpacked."""
    (tmp_path / "x.zip").write_bytes(zipped({"a": "1" * 200_000, "b": "1"}))
    # As if zipfile did not stop at the size that the archive declares.
    budget = archives.Budget(100_000, 10)
    monkeypatch.setattr(archives, "sum", lambda sizes: 0, raising=False)
    (tmp_path / "into").mkdir()

    a, b = archives.unpack(tmp_path / "x.zip", tmp_path / "into", budget)

    assert "unpacks to more than" in a.problem
    assert "unpacks to more than" in b.problem
    assert packed_bytes(tmp_path / "into") == 0


def test_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive with too many entries is not unpacked; the limit is that of all archives."""
    monkeypatch.setattr(archives, "MAX_ENTRIES", 10)
    small = zipped({f"{n}.ipynb": "1" for n in range(5)})

    found = from_zip(zipped({"a.zip": small, "b.zip": small}), tmp_path)

    assert [name for name, line in found.items() if "holds more files" in line] == ["b.zip"]


def test_a_long_list_of_files(tmp_path: Path) -> None:
    """An archive whose list of files would fill the memory is not read."""
    end = b"PK\x05\x06" + bytes(8) + (9_000_000).to_bytes(4, "little") + bytes(6)

    found = from_zip(b"PK" + bytes(9_000_000) + end, tmp_path)

    assert "its list of files is too long" in found[""]


@given(st.data())
def test_any_bytes(data: st.DataObject) -> None:
    """However an archive is broken, nothing raises, and all of it is accounted for."""
    layout: Layout = {"ada/nb.ipynb": NOTEBOOK, "ada/x.csv": "1"}
    good = zipped({**layout, "b.zip": zipped({"n": NOTEBOOK})})
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(good)))
    with tempfile.TemporaryDirectory() as folder:
        found = from_zip(bytes(broken[:end] if end % 2 else broken), Path(folder))

    assert found
