"""The promises of the repository itself: imports, dependencies, README."""

from __future__ import annotations

import ast
import itertools
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from rattler import MatchSpec

from tests.conftest import ROOT

PACKAGE = ROOT / "lesson_app"
#: Each module may import only those before it.
ORDER = [
    "errors", "javascript", "prepared", "cookie", "words", "pasted", "hints", "dissect",
    "session", "revocation", "options", "headers", "middleware", "routes", "guard", "app",
    "cli", "__main__",
]  # fmt: skip
#: Methods whose docstring stands in the class that they come from.
INHERITED = {
    "cookie_value", "get_cookie_name", "get_cookie_secure", "is_revoked", "get", "put",
    "log", "modified", "seal", "send", "unseal",
}  # fmt: skip
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def own_imports(path: Path) -> set[str]:
    """The names of the package's own modules that a file imports relatively."""
    nodes = ast.walk(ast.parse(path.read_text()))
    relative = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    return {(node.module or node.names[0].name).split(".")[0] for node in relative}


@pytest.mark.parametrize("name", ORDER)
def test_module_imports_only_those_before_it(name: str) -> None:
    """Reading the modules in order, nothing is used before it is explained; no `lab`."""
    assert own_imports(PACKAGE / f"{name}.py") <= set(ORDER[: ORDER.index(name)])


def test_every_module_has_its_place() -> None:
    """A new module must be given its place in the order."""
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}

    assert modules == set(ORDER)


def test_import_lesson_app_loads_no_lab() -> None:
    """Importing the library needs Flask and cryptography, and no requests or Jupyter."""
    program = (
        "import sys, lesson_app; "
        "print([m for m in ('lesson_app.lab', 'requests', 'IPython') if m in sys.modules])"
    )

    printed = subprocess.check_output([sys.executable, "-c", program], text=True)

    assert printed.strip() == "[]"


def public(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """The functions, classes and methods that others can name; none inside a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if "overload" not in [ast.unparse(each) for each in node.decorator_list]:
                yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def test_public_names_have_docstrings() -> None:
    """Every public function, class and method says what it does."""
    missing = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in public(ast.parse(path.read_text()))
        if not ast.get_docstring(node) and node.name not in INHERITED
    ]

    assert missing == []


def test_environment_yml_repeats_pyproject() -> None:
    """What conda installs is what pyproject asks for, in real conda specs."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [spec for spec in environment["dependencies"] if isinstance(spec, str)]
    extras = PROJECT["optional-dependencies"]
    wanted = {
        (requirement.name, str(requirement.specifier))
        for text in [*PROJECT["dependencies"], *extras["lab"], *extras["test"]]
        for requirement in [Requirement(text)]
    }

    specs = {
        spec.name.normalized: str(spec.version or "")
        for spec in (MatchSpec(text, strict=True) for text in conda)
        if spec.name is not None
    }

    assert environment["dependencies"][-1] == {"pip": ["-e .[lab,test]"]}
    assert re.fullmatch(r"3\.\d+\.\*", specs.pop("python"))
    assert specs.pop("pip") == ""
    assert set(specs.items()) <= wanted
    assert {"jupyterlab", "flask", "cryptography", "requests", "nbval"} <= set(specs)


def test_lock_pins_every_dependency_without_addresses() -> None:
    """requirements.lock holds a version and hashes for each package, and no host name."""
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))
    extras = PROJECT["optional-dependencies"]

    for text in [*PROJECT["dependencies"], *itertools.chain(*extras.values())]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:
            assert requirement.specifier.contains(pinned[requirement.name])
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_node_lock_has_no_addresses() -> None:
    """package-lock.json pins by hash, wherever the packages come from."""
    lock = json.loads((ROOT / "tests/node/package-lock.json").read_text())
    packages = [package for path, package in lock["packages"].items() if path]

    assert packages
    assert not [package for package in packages if "resolved" in package]


def test_readme_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's program makes an app that counts a visitor's visits."""
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {"__name__": "readme"}
    monkeypatch.setenv("SECRET_KEY", "a secret for tests, long enough!")

    exec(compile(program, "README.md", "exec"), names)
    client = names["app"].test_client()

    assert [client.get("/").text for _ in range(3)] == ["visit 1", "visit 2", "visit 3"]
    assert len([line for line in program.splitlines() if line]) <= 12


@pytest.mark.parametrize("document", ["README.md", *(p.name for p in ROOT.glob("notebooks/*"))])
def test_links_lead_to_files(document: str) -> None:
    """Every relative link leads to a file that is there."""
    path = next(p for p in (ROOT / document, ROOT / "notebooks" / document) if p.is_file())
    targets = re.findall(r"\]\((?!https?://|#)([^)#\\]+)\)", path.read_text())

    assert [t for t in targets if not (path.parent / t).exists()] == []


def test_readme_table_names_every_notebook() -> None:
    """The table of the README leads to each notebook."""
    for path in ROOT.glob("notebooks/*.ipynb"):
        assert f"(notebooks/{path.name})" in README
