"""The pytest plugin: what --quick leaves out, missing tools, and the printed progress."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import nbval.kernel  # type: ignore[import-untyped]
import pytest

from tests import passed, plugin
from tests.conftest import PATIENCE, ROOT

TESTS = """
import pytest
from tests.plugin import every_combination, is_quick, random_cases, some_of

def test_always():
    print(f"quick: {is_quick()}, {random_cases(100)} cases")

@pytest.mark.proof
def test_proof():
    pass

@pytest.mark.parametrize("number", some_of(range(5), 0, 4))
def test_number(number):
    pass

@pytest.mark.parametrize(
    ("a", "b"), every_combination({"x": 1, "y": 2, "z": 3}, {"p": 4, "q": 5})
)
def test_pair(a, b):
    pass
"""
FAILS = "def test_that_fails():\n    assert 1 == 2\n"


def run(folder: Path, *options: str, **environment: str) -> list[str]:
    """Run the tests in a folder as the Makefile does; return the printed lines."""
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmarkers = ["proof"]\naddopts = "-p tests.plugin"\n'
    )
    (folder / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n")
    command = [sys.executable, "-m", "pytest", *options]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    result = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return (result.stdout + result.stderr).splitlines()


def test_whole_and_quick(tmp_path: Path) -> None:
    """Without --quick every test runs; with it, tests marked `proof` do not."""
    (tmp_path / "test_some.py").write_text(TESTS)

    whole, quick = (run(tmp_path, "-s", *options) for options in ([], ["--quick"]))

    assert "13 passed" in whole[-1]
    assert "6 passed, 7 deselected" in quick[-1]
    assert any("quick: False, 100 cases" in line for line in whole)
    assert any("quick: True, 20 cases" in line for line in quick)


SAME_TESTS = """
import pytest

def test_good(): pass
def test_bad(): assert 0
@pytest.mark.proof
def test_slow(): pass
@pytest.fixture
def spoilt():
    yield
    assert 0
def test_spoilt(spoilt): pass
"""


@pytest.mark.parametrize("options", [[], ["--numprocesses=2"]], ids=["alone", "side by side"])
def test_skip_passed(tmp_path: Path, options: list[str]) -> None:
    """With --skip-passed only what passed with --quick is left out, until a file changes."""
    folder = tmp_path / "tests" / "lab" / "draw"
    folder.mkdir(parents=True)
    (folder / "test_same.py").write_text(SAME_TESTS)
    (tmp_path / "test_other.py").write_text("def test_good(): pass")

    def number(option: str) -> int:
        (found,) = re.findall(r"(\d+) passed", run(tmp_path, option, *options)[-1])
        return int(found)

    before = number("--skip-passed"), number("--quick")
    again = number("--skip-passed")
    (tmp_path / "other.txt").touch()
    after = number("--skip-passed")

    assert (*before, again, after) == (4, 3, 3, 4)


def test_same_tries_the_same() -> None:
    """No test in `SAME`, and no module that it imports, depends on --quick."""
    files = {path for name in passed.SAME for path in (ROOT / name).rglob("*.py")}
    left = list(files)
    while left:
        text = left.pop().read_text(encoding="utf-8")
        for name in re.findall(r"^ *from (tests\.[\w.]+) import", text, re.MULTILINE):
            path = ROOT / f"{name.replace('.', '/')}.py"
            if path.exists() and path not in files:
                files.add(path)
                left.append(path)
    files -= {ROOT / "tests" / "plugin.py"}

    words = re.compile(r"\b(random_cases|is_quick|hypothesis)\b")
    depend = [path.name for path in files if words.search(path.read_text(encoding="utf-8"))]
    assert depend == [], f"{depend} try fewer cases with --quick; take the folder out of SAME"
    assert len(files) > 50


def test_every_combination() -> None:
    """With --quick, each value is in at least one of the remaining combinations."""
    names, sizes, ends = dict.fromkeys("abcd"), dict.fromkeys("xy"), dict.fromkeys("pqr")

    pairs = plugin.every_combination(names, sizes, ends)

    quick = [str(pair.id) for pair in pairs if not pair.marks]
    assert len(pairs) == 4 * 2 * 3
    assert quick == ["a-x-p", "b-y-q", "c-x-r", "d-y-p"]


def test_missing_tools_are_named_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each missing tool has a line: what is not tested, and whether that fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LESSON_APP_REQUIRE_TOOLS", raising=False)
    skipped = plugin.pytest_report_header()
    monkeypatch.setenv("LESSON_APP_REQUIRE_TOOLS", "1")
    failing = plugin.pytest_report_header()

    assert len(skipped) == len(failing) >= len(plugin.PROGRAMS)
    assert "missing: nginx. Skipped: the page's configuration of nginx" in skipped
    assert "missing: nginx. Fails: the page's configuration of nginx" in failing


def test_missing_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test that needs a missing tool is skipped; in CI it fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LESSON_APP_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="nginx is not on this machine"):
        plugin.require_tool("nginx")

    monkeypatch.setenv("LESSON_APP_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="nginx is not on this machine"):
        plugin.require_tool("nginx")


#: Makes Python behave as if this package were not installed.
HIDE = "import sys; sys.modules['redis'] = None"
NEEDS_REDIS = """
def test_inside():
    import redis
def test_mistake():
    import redis_misspelt
"""


@pytest.mark.parametrize("tool", ["", "1"], ids=["here", "CI"])
def test_missing_package(tmp_path: Path, tool: str) -> None:
    """What imports a missing package of an extra is skipped, with its name; in CI it fails."""
    (tmp_path / "hide.py").write_text(HIDE)
    (tmp_path / "test_outside.py").write_text(f"import redis\n{TESTS}")
    (tmp_path / "test_inside.py").write_text(NEEDS_REDIS)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "conftest.py").write_text("import redis")
    (tmp_path / "folder" / "test_below.py").write_text(FAILS)

    options = ["-p", "hide", "-rsf", "--continue-on-collection-errors"]
    path = f"{ROOT}{os.pathsep}{tmp_path}"
    lines = run(tmp_path, *options, PYTHONPATH=path, LESSON_APP_REQUIRE_TOOLS=tool)

    text = "\n".join(lines)
    assert "redis (pip install -e '.[test]')" in text
    if tool:
        assert "2 failed, 2 errors" in lines[-1]
        assert "skipped" not in lines[-1]
    else:
        assert "1 failed, 3 skipped" in lines[-1]
        assert text.count("redis is not installed") == 3
        assert "FAILED test_inside.py::test_mistake" in text


def test_kernels_need_no_port() -> None:
    """Kernels of nbval listen on files, not ports, except on Windows."""
    plugin.change_nbval()

    manager = nbval.kernel.KernelManager(kernel_name="python3")

    assert manager.transport == ("tcp" if sys.platform == "win32" else "ipc")


def test_screen(tmp_path: Path) -> None:
    """Each file has a line when it begins; failures come last, below the slowest tests."""
    import_module("xdist")
    (tmp_path / "test_a.py").write_text(TESTS)
    (tmp_path / "test_b.py").write_text(FAILS)

    side_by_side = ["--numprocesses=2", "--dist=loadfile"]
    lines = run(tmp_path, *side_by_side, "--durations=3", "-o", "console_output_style=classic")

    begun = [line.split()[1:] for line in lines if " of 2 " in line]
    assert sorted(each[-1] for each in begun) == ["test_a.py", "test_b.py"]
    assert [each[:3] for each in begun] == [["1", "of", "2"], ["2", "of", "2"]]
    at_once, in_the_end = (line for line in lines if "FAILED" in line)
    assert at_once.endswith("FAILED test_b.py::test_that_fails")
    assert in_the_end.startswith("FAILED test_b.py::test_that_fails - assert 1 == 2")
    assert lines[-2] == in_the_end
    assert "1 failed, 13 passed" in lines[-1]
    assert lines.index(at_once) < next(i for i, text in enumerate(lines) if "slowest" in text)
