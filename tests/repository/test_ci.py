"""The files for GitHub and GitLab are valid, and their commands work as they are printed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from lesson_app.cli import main
from tests.conftest import ROOT
from tests.environments import environment, without_paths
from tests.plugin import need

FOLDER = ROOT / "examples" / "ci"
FILES = sorted(FOLDER.glob("*.yml"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def commands(found: Any) -> list[str]:
    """Return all commands in a file, in order."""
    if isinstance(found, list):
        return [each for item in found for each in commands(item)]
    if not isinstance(found, dict):
        return []
    own = [found[key] for key in ("run", "command") if isinstance(found.get(key), str)]
    own += found["script"] if isinstance(found.get("script"), list) else []
    return [*own, *(each for value in found.values() for each in commands(value))]


def commands_of(name: str) -> list[str]:
    return commands(yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_schema(path: Path) -> None:
    """Each file follows the schema of GitHub's workflows, or of GitLab's jobs."""
    schema = "vendor.gitlab-ci" if path.stem == "gitlab" else "vendor.github-workflows"
    program = import_module("check_jsonschema").main

    done = CliRunner().invoke(program, ["--builtin-schema", schema, str(path)])

    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_commands(path: Path) -> None:
    """The commands of lesson-app exist and name notebooks; the page links to each file."""
    found = [shlex.split(each) for each in commands_of(path.name)]
    own = [each[1:] for each in found if each[0] == "lesson-app"]

    assert found
    assert own or path.stem == "github-notebooks"
    for name, *arguments in own:
        assert name in main.list_commands(main.make_context("lesson-app", ["run"]))
        assert arguments[0].partition("/")[0] == "notebooks"
        assert (ROOT / arguments[0]).exists()
    assert f"(../examples/ci/{path.name})" in PAGE


def test_runners_of_classroom_have_results() -> None:
    """GitHub's reporter gets the result of each step that gives points."""
    text = (FOLDER / "github-classroom.yml").read_text(encoding="utf-8")
    steps = re.findall(r"id: (\w+)\n", text)

    assert len(steps) == text.count("max-score") == 2
    assert f"runners: {','.join(steps)}\n" in text
    for step in steps:
        assert f"{step.upper()}_RESULTS: ${{{{ steps.{step}.outputs.result }}}}\n" in text


@pytest.mark.proof
def test_five_packages(tmp_path: Path) -> None:
    """With five packages and nothing more, the notebooks pass; other tests are skipped."""
    given = commands_of("github-notebooks.yml")
    gitlab = [
        each.replace("--junitxml notebooks.xml ", "") for each in commands_of("gitlab.yml")
    ]
    assert gitlab[: len(given)] == given
    assert all(f"`{each}`" in PAGE for each in given)
    programs = environment(tmp_path / "environment")
    env = without_paths() | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    env.pop("LESSON_APP_REQUIRE_TOOLS", None)

    def run(command: str, **more: str) -> tuple[int, str]:
        words = shlex.split(command)
        done = subprocess.run(
            [str(programs / words[0]), *words[1:]],
            cwd=ROOT,
            env=env | more,
            capture_output=True,
            text=True,
            check=False,
        )
        if "No matching distribution" in done.stderr:
            need("pip with a package index")
        return done.returncode, done.stdout + done.stderr

    for command in given:
        status, output = run(command)
        assert status == 0, output
    assert re.search(r"=+ \d+ passed in", output)
    collect = "pytest --nbval --collect-only --quiet -rs -p no:cacheprovider"
    status, output = run(collect)
    assert status == 0, output
    assert "hypothesis is not installed" in output
    status, output = run(collect, LESSON_APP_REQUIRE_TOOLS="1")
    assert status != 0
    assert "No module named 'hypothesis'" in output
