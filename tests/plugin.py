"""How the tests run: all of them or the quick part, what is missing, what runs now.

``--quick`` leaves out the tests marked ``proof`` and tries fewer random cases: `make test`.
Without it everything runs in full size: `make proof`, and plain ``pytest --nbval``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest

# jsonschema, which nbval imports, would build the grammar of all addresses from this: two
# seconds for each process. Loaded by ``-p``, this file comes before nbval.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

NODE_MODULES = Path(__file__).parent / "express" / "node" / "node_modules"
#: Programs that tests need, with what is not tested where they are missing.
PROGRAMS = {
    "chromium": "the app, the notebooks and the documentation in a real browser",
    "node": "everything beside Mozilla's own library",
    "haproxy": "several servers behind a balancer",
    "nginx": "the page's configuration of nginx",
    "systemd-analyze": "the page's systemd unit",
    "make": "the Makefile's own commands",
}
_quick = False
_folders: list[Path] = []


def is_quick() -> bool:
    """Whether the run is a quick one."""
    return _quick


def random_cases(number: int) -> int:
    """Return how many random cases to try: the number, or a fifth of it with ``--quick``."""
    return number // 5 if _quick else number


def every_combination(*axes: dict[str, Any]) -> list[Any]:
    """Return a parameter for each combination of named values.

    With ``--quick`` a few combinations remain, which have each value at least once.
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
    """Return a parameter for each value; with ``--quick`` only those named remain."""
    return [
        pytest.param(value, marks=() if value in quick else pytest.mark.proof)
        for value in values
    ]


def sphinx_is_missing() -> bool:
    """Whether the documentation's pages cannot be built here."""
    return any(find_spec(name) is None for name in ("sphinx", "furo", "myst_nb"))


def missing_tools() -> dict[str, str]:
    """Return what is not on this machine, with what is not tested for want of it."""
    missing = {name: tests for name, tests in PROGRAMS.items() if shutil.which(name) is None}
    if "node" not in missing and not (NODE_MODULES / "client-sessions").is_dir():
        missing["tests/express/node/node_modules (make it with npm)"] = PROGRAMS["node"]
    if sphinx_is_missing():
        missing["sphinx (pip install -e '.[docs]')"] = "the documentation's pages"
    return missing


def require_tool(name: str) -> str:
    """Return where a program is; without it skip the test, or fail it in CI."""
    assert name in PROGRAMS, f"expected a name in PROGRAMS, got {name!r}; add it there"
    found = shutil.which(name)
    if not found:
        need(name)
    return str(found)


def need(name: str) -> NoReturn:
    """Skip the test for want of a tool; fail it in CI."""
    message = f"{name} is not on this machine"
    if os.environ.get("LESSON_APP_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)


def kernel_manager(**options: Any) -> Any:
    """Make the manager of a kernel that no other program can be in the way of."""
    from jupyter_client.manager import KernelManager

    from lesson_app.lab.classroom._runner import talk_through_files

    manager = KernelManager(**options)
    _folders.append(Path(tempfile.mkdtemp(prefix="kernel-")))
    talk_through_files(manager, _folders[-1])
    return manager


def change_nbval() -> None:
    """Let nbval start kernels that nothing is in the way of, and measure nothing in them."""
    from nbval import kernel, plugin  # type: ignore[import-untyped]

    kernel.KernelManager = kernel_manager
    # With --cov it would measure what the kernels run; the library's own tests are measured.
    plugin.setup_coverage = plugin.teardown_coverage = lambda *_: None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--quick``."""
    parser.getgroup("lesson").addoption(
        "--quick",
        action="store_true",
        help="Leave out the tests marked 'proof', and try a fifth of the random cases.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Note the options before the test modules are imported."""
    global _quick  # pytest has one configuration
    _quick = config.getoption("quick")
    from hypothesis import HealthCheck, settings

    # Hypothesis lets an example fail that takes longer than usual: on a busy machine any does.
    settings.register_profile(
        "tests",
        deadline=None,
        max_examples=random_cases(100),
        derandomize="LESSON_APP_REQUIRE_TOOLS" in os.environ,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("tests")
    if "nbval.plugin" in sys.modules:
        change_nbval()
    side_by_side = getattr(config.option, "numprocesses", None)
    if side_by_side and config.get_verbosity() == 0 and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(), "progress")


def pytest_unconfigure() -> None:
    """Remove what the kernels were reached through."""
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick."""
    if not _quick:
        return
    left_out = [item for item in items if item.get_closest_marker("proof")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("proof")]


def pytest_report_header() -> list[str]:
    """Say before the first test what cannot be tested here."""
    end = "Fails" if os.environ.get("LESSON_APP_REQUIRE_TOOLS") else "Skipped"
    return [f"missing: {name}. {end}: {tests}" for name, tests in missing_tools().items()]


class Progress:
    """Says which files are run, and how far that is, in place of a dot for each test."""

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
        """Print a line for a failure at once; what it was comes at the end."""
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
