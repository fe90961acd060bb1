"""Pytest plugin: select the quick tests, report missing tools, show progress.

With ``--quick``, as in `make test`, tests marked ``proof`` do not run and other tests try
fewer random cases. Without it, as in `make proof` and ``pytest --nbval``, everything runs.
With ``--skip-passed``, as in CI's `make proof`, what has just passed is not repeated.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Generator, Iterable
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest
from packaging.requirements import Requirement

from tests.passed import Note, passed

# nbval imports jsonschema, which would build a grammar for URLs from this module. That takes
# two seconds in each process. ``-p`` loads this file before nbval.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROOT = Path(__file__).parent.parent
NODE_MODULES = ROOT / "tests" / "express" / "node" / "node_modules"
#: Packages with a module of another name.
MODULES = {"pyyaml": "yaml", "py-rattler": "rattler", "pytest-xdist": "xdist"}
#: The programs that tests need, and what is not tested without each.
PROGRAMS = {
    "chromium": "the app, the notebooks and the documentation in a real browser",
    "node": "everything beside Mozilla's own library",
    "haproxy": "several servers behind a balancer",
    "nginx": "the page's configuration of nginx",
    "redis-server": "sessions that many machines end together",
    "systemd-analyze": "the page's systemd unit",
    "make": "the Makefile's own commands",
    "bwrap": "learners' code without network and files",
}
_quick = False
_missing: dict[str, str] = {}
_folders: list[Path] = []


def is_quick() -> bool:
    """Return whether the tests run with ``--quick``."""
    return _quick


def random_cases(number: int) -> int:
    """Return how many random cases to try: `number`, or a fifth of it with ``--quick``."""
    return number // 5 if _quick else number


def every_combination(*axes: dict[str, Any]) -> list[Any]:
    """Return a parameter for each combination of named values.

    With ``--quick`` a few combinations remain, and each value is in at least one of them.
    """
    few = {
        tuple(list(axis)[number % len(axis)] for axis in axes)
        for number in range(max(map(len, axes)))
    }
    return [
        pytest.param(
            *(axis[name] for axis, name in zip(axes, names, strict=True)),
            id="-".join(names),
            marks=() if names in few else pytest.mark.proof,
        )
        for names in product(*axes)
    ]


def some_of(values: Iterable[Any], *quick: Any) -> list[Any]:
    """Return a parameter for each value; with ``--quick`` only those in `quick` remain."""
    return [
        pytest.param(value, marks=() if value in quick else pytest.mark.proof)
        for value in values
    ]


def missing_packages(*extras: str) -> dict[str, str]:
    """Return the module and the name of each package in these extras that is missing."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = tomllib.loads(text)["project"]["optional-dependencies"]
    wanted = [Requirement(line) for extra in extras for line in lists[extra]]
    names = {
        each.name
        for each in wanted
        if not each.name.startswith("types-")  # stubs have no module
        and (each.marker is None or each.marker.evaluate())
    }
    modules = {MODULES.get(name, name.replace("-", "_")): name for name in sorted(names)}
    return {module: name for module, name in modules.items() if find_spec(module) is None}


def missing_tools() -> dict[str, str]:
    """Return the missing programs and packages, and what is not tested without each."""
    missing = {name: tests for name, tests in PROGRAMS.items() if shutil.which(name) is None}
    if "node" not in missing and not (NODE_MODULES / "client-sessions").is_dir():
        missing["tests/express/node/node_modules (make it with npm)"] = PROGRAMS["node"]
    packages = missing_packages("lab", "redis", "test")
    if packages:
        names = ", ".join(packages.values())
        missing[f"{names} (pip install -e '.[test]')"] = "everything that imports them"
    if missing_packages("docs"):
        missing["sphinx (pip install -e '.[docs]')"] = "the documentation's pages"
    return missing


def require_tool(name: str) -> str:
    """Return the path of a program; if it is missing, skip the test, or fail it in CI."""
    assert name in PROGRAMS, f"expected a name in PROGRAMS, got {name!r}; add it there"
    found = shutil.which(name)
    if not found:
        need(name)
    return str(found)


def need(name: str) -> NoReturn:
    """Skip the test because a tool is missing; in CI, fail it."""
    message = f"{name} is not on this machine"
    if os.environ.get("LESSON_APP_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)


def _import_that_failed(error: BaseException | None) -> str | None:
    """Return the missing package, listed in an extra, for which this error was raised."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            return _missing.get(str(error.name).partition(".")[0])
        error = error.__cause__ or error.__context__
    return None


def _skip(report: pytest.CollectReport | pytest.TestReport, call: Any) -> None:
    """Turn a failed import of a missing package into a skip; in CI, leave the failure."""
    if report.failed and not os.environ.get("LESSON_APP_REQUIRE_TOOLS"):
        missing = _import_that_failed(call.excinfo.value)
        if missing:
            path = (
                str(report.fspath) if isinstance(report, pytest.TestReport) else report.nodeid
            )
            report.outcome = "skipped"
            report.longrepr = (path, 0, f"Skipped: {missing} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip a file that imports a missing package, instead of stopping the whole run."""
    report = yield
    _skip(report, report.call)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Skip a test that imports a missing package."""
    report = yield
    _skip(report, call)
    return report


def kernel_manager(**options: Any) -> Any:
    """Return a kernel manager that uses files instead of ports, which can be in use."""
    from jupyter_client.manager import KernelManager

    from course.trial import talk_through_files

    manager = KernelManager(**options)
    _folders.append(Path(tempfile.mkdtemp(prefix="kernel-")))
    talk_through_files(manager, _folders[-1])
    return manager


def change_nbval() -> None:
    """Make nbval use `kernel_manager`, and don't measure coverage in the kernels."""
    from nbval import kernel, plugin  # type: ignore[import-untyped]

    kernel.KernelManager = kernel_manager
    # With --cov nbval would also measure the notebooks; only the library's tests count.
    plugin.setup_coverage = plugin.teardown_coverage = lambda *_: None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--quick`` and ``--skip-passed``."""
    group = parser.getgroup("lesson")
    group.addoption(
        "--quick",
        action="store_true",
        help="Leave out the tests marked 'proof', and try a fifth of the random cases.",
    )
    group.addoption(
        "--skip-passed",
        action="store_true",
        help="Leave out what passed in the last run with --quick of the same files.",
    )


def configure_hypothesis() -> None:
    """Choose how many examples Hypothesis tries, without a limit for their time."""
    from hypothesis import HealthCheck, settings

    # Hypothesis fails an example that takes too long, which any can on a busy machine.
    settings.register_profile(
        "tests",
        deadline=None,
        max_examples=random_cases(100),
        derandomize="LESSON_APP_REQUIRE_TOOLS" in os.environ,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """Note the options before the test modules are imported."""
    global _quick  # pytest has one configuration
    _quick = config.getoption("quick")
    _missing.update(missing_packages("lab", "redis", "test", "docs"))
    if "hypothesis" not in _missing:
        configure_hypothesis()
    if "nbval.plugin" in sys.modules:
        change_nbval()
    if hasattr(config, "workerinput"):
        return
    if _quick:
        config.pluginmanager.register(Note(config), "note")
    if getattr(config.option, "numprocesses", None) and config.get_verbosity() == 0:
        config.pluginmanager.register(Progress(), "progress")


def pytest_unconfigure() -> None:
    """Remove the folders that kernels were reached through."""
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that the options leave out."""
    done = passed(config) if config.getoption("skip_passed") else set()
    kept, left_out = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        slow = _quick and item.get_closest_marker("proof")
        (left_out if slow or item.nodeid in done else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def pytest_report_header() -> list[str]:
    """List the missing tools, and what is not tested without them."""
    end = "Fails" if os.environ.get("LESSON_APP_REQUIRE_TOOLS") else "Skipped"
    return [f"missing: {name}. {end}: {tests}" for name, tests in missing_tools().items()]


class Progress:
    """Prints each file as its tests begin, instead of a dot for each test."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.all = 0
        self.files: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """Note how many files there are."""
        self.all = len({_file(nodeid) for nodeid in ids})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Print a line when the first test of a file begins."""
        file = _file(nodeid)
        if file not in self.files:
            self.files.add(file)
            self._print(f"{len(self.files):3} of {self.all} begins: {file}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a line for each failure at once; pytest prints the details at the end."""
        if report.failed:
            self._print(f"FAILED {report.nodeid}")

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> Generator[None, tuple[str, str, str], tuple[str, str, str]]:
        """Count each outcome as pytest does, and print no letter for it."""
        category, _, word = yield
        return category, "", "" if report.passed else word

    def _print(self, text: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - self.began), 60)
        print(f"{minutes:2}:{seconds:02}  {text}", flush=True)  # noqa: T201


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
