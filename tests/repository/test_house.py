"""Check the repository itself: imports, dependencies, README."""

from __future__ import annotations

import ast
import graphlib
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

from lesson_app.lab.exercises import catalogue
from tests.conftest import ROOT

PACKAGE = ROOT / "lesson_app"
#: The modules of the lesson in their reading order; each may import only those before it.
LESSON = [
    "errors", "cookie", "session", "stores", "revocation", "options", "interface", "middleware",
    "routes",
    "guard", "app", "aead", "cli", "__main__",
]  # fmt: skip
#: `testing` and the modules of `_engine` and `dissect`, and what each may import from the
#: package.
ROOMS = {
    "_engine.attributes": set(),
    "_engine.javascript": {"errors"},
    "_engine.headers": set(),
    "_engine.prepared": set(),
    "_engine.secret_text": set(),
    "_engine.codec": {"errors", "cookie", "_engine.javascript", "_engine.prepared"},
    "testing": {"stores"},
    "dissect.words": set(),
    "dissect.pasted": {"_engine.headers"},
    "dissect.hints": {"errors", "cookie", "_engine.javascript", "dissect.words"},
    "dissect.variants": {"_engine.secret_text"},
    "dissect": {"errors", "cookie", "_engine.javascript", "dissect.words", "dissect.hints"},
}
#: Methods whose docstring is in a base class.
INHERITED = {
    "cookie_value", "delete", "get", "get_cookie_domain", "get_cookie_httponly",
    "get_cookie_name", "get_cookie_partitioned", "get_cookie_path", "get_cookie_samesite",
    "get_cookie_secure", "get_expiration_time", "is_revoked", "log", "modified", "put", "seal",
    "send", "should_set_cookie", "unseal",
}  # fmt: skip
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
README = (ROOT / "README.md").read_text()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
METADATA = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]


def module_name(path: Path) -> str:
    """Return a file's module name within the package, such as ``lab.http.wire``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def own_imports(name: str) -> set[str]:
    """Return the package's modules that a module imports, also inside functions."""
    path = MODULES[name]
    package = list(path.relative_to(PACKAGE).parent.parts)
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) + 1 - node.level] + (node.module or "").split(".")
            base = [part for part in base if part]
            for each in node.names:
                inner = ".".join([*base, each.name])
                found.add(inner if inner in MODULES else ".".join(base))
    return found


@pytest.mark.parametrize("name", LESSON)
def test_module_imports_only_those_before_it(name: str) -> None:
    """Each module of the lesson imports only earlier modules, and nothing from `lab`."""
    before = set(LESSON[: LESSON.index(name)])

    assert own_imports(name) - before <= set(ROOMS)


@pytest.mark.parametrize("name", ROOMS)
def test_room_imports_only_what_it_may(name: str) -> None:
    """`_engine` and `dissect` import only the modules listed in `ROOMS`."""
    assert own_imports(name) <= ROOMS[name]


def test_every_module_has_its_place() -> None:
    """Each module outside `lab` is listed in `LESSON` or `ROOMS`."""
    outside_lab = {name for name in MODULES if name and name.partition(".")[0] != "lab"}

    assert outside_lab == {*LESSON, *ROOMS, "_engine"}


def test_no_import_cycle() -> None:
    """The modules have no import cycle, not even through imports inside functions."""
    graph = {name: own_imports(name) - {name, ""} for name in MODULES if name}

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def test_nothing_imports_the_tests_but_tests() -> None:
    """The package, the course and the tools do not import the tests."""
    for folder in ("lesson_app", "course", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(r"^\s*(from|import) tests\b", path.read_text(), re.MULTILINE)


def test_import_lesson_app_loads_no_lab() -> None:
    """Importing the library loads neither `lab` nor requests nor IPython."""
    program = (
        "import sys, lesson_app; "
        "print([m for m in ('lesson_app.lab', 'requests', 'IPython') if m in sys.modules])"
    )

    printed = subprocess.check_output([sys.executable, "-c", program], text=True)

    assert printed.strip() == "[]"


def public(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield the public functions, classes and methods, except those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if "overload" not in [ast.unparse(each) for each in node.decorator_list]:
                yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def test_public_names_have_docstrings() -> None:
    """Every public function, class and method has a docstring."""
    missing = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in public(ast.parse(path.read_text()))
        if not ast.get_docstring(node) and node.name not in INHERITED
    ]

    assert missing == []


def test_environment_yml_repeats_pyproject() -> None:
    """The conda specs are valid, and each is a requirement in pyproject.toml."""
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


def test_lock_pins_every_dependency_without_urls() -> None:
    """requirements.lock has a version and hashes for each package, and no URL."""
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))
    extras = PROJECT["optional-dependencies"]

    for text in [*PROJECT["dependencies"], *itertools.chain(*extras.values())]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:
            assert requirement.specifier.contains(pinned[requirement.name])
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_node_lock_has_no_urls() -> None:
    """package-lock.json lists packages without the URLs they came from."""
    lock = json.loads((ROOT / "tests/express/node/package-lock.json").read_text())
    packages = [package for path, package in lock["packages"].items() if path]

    assert packages
    assert not [package for package in packages if "resolved" in package]


def test_readme_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's program counts visits and sets a cookie like the one shown."""
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)\n```", README)
    names: dict[str, Any] = {"__name__": "readme"}
    monkeypatch.setenv("SECRET_KEY", "a secret for tests, long enough!")

    exec(compile(program, "README.md", "exec"), names)
    client = names["app"].test_client()
    answers = [client.get("/") for _ in range(3)]

    assert [answer.text for answer in answers] == ["visit 1", "visit 2", "visit 3"]
    assert len([line for line in program.splitlines() if line]) <= 12
    assert outline(printed) == outline(f"Set-Cookie: {answers[0].headers['Set-Cookie']}")


def outline(set_cookie: str) -> list[object]:
    """Return the parts that all Set-Cookie lines of one app share."""
    value, expires, *attributes = set_cookie.split("; ")
    fields = value.split(".")
    return [value.partition("=")[0], len(fields), fields[3], expires[:8], *attributes]


def test_package_index_shows_no_dead_link() -> None:
    """The package's description has no picture and no relative link."""
    description = README
    for each in METADATA["substitutions"]:
        description = re.sub(each["pattern"], each["replacement"], description)

    assert METADATA["fragments"] == [{"path": "README.md"}]
    assert set(re.findall(r"\]\((.{8})", description)) == {"https://"}
    assert "docs/limits.md" in description
    assert description.count("\n| ") == README.count("\n| ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_to_files(path: Path) -> None:
    """Every relative link of a notebook leads to an existing file."""
    targets = re.findall(r"\]\((?!https?://|#)([^)#\\]+)\)", path.read_text())

    assert [t for t in targets if not (path.parent / t).exists()] == []


def test_readme_table_names_every_notebook() -> None:
    """The README links to each notebook."""
    for path in NOTEBOOKS:
        assert f"(notebooks/{path.name})" in README


def test_readme_counts_the_exercises() -> None:
    """The README says how many exercises there are, and how many a learner must do."""
    exercises = catalogue().values()
    numbers = len(exercises), sum(each.must for each in exercises)
    wanted = "{} checked exercises ({} of them a must)".format(*numbers)
    (said,) = re.findall(r"\d+ checked exercises \(\d+ of them a must\)", README)

    assert said == wanted, f"README.md says {said!r}; write {wanted!r}"
