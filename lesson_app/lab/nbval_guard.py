"""Pytest plugin: ``pytest --nbval`` gives the same results with anyone's settings.

Load it with ``-p lesson_app.lab.nbval_guard``; this repository's ``conftest.py`` does. It

- fails notebooks that store no outputs, for which nbval would compare nothing,
- keeps the cells of a notebook together and in order, with pytest-xdist and pytest-randomly,
- doesn't compare what ``!pip`` prints, as in the first cell of a notebook from Colab,
- runs the kernels without the user's settings of IPython, which can change outputs.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_settings = pytest.StashKey[Any]()


@contextmanager
def plain_ipython() -> Iterator[None]:
    """Start kernels without the user's settings of IPython, in this block."""
    before = os.environ.get("IPYTHONDIR")
    with tempfile.TemporaryDirectory(
        prefix="ipython-", ignore_cleanup_errors=True
    ) as os.environ["IPYTHONDIR"]:
        try:
            yield
        finally:
            del os.environ["IPYTHONDIR"]
            if before is not None:
                os.environ["IPYTHONDIR"] = before


def pytest_configure(config: pytest.Config) -> None:
    """Leave out the user's settings of IPython until the end."""
    config.stash[_settings] = plain_ipython()
    config.stash[_settings].__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Restore the user's settings of IPython."""
    config.stash[_settings].__exit__(None, None, None)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a notebook if nbval would compare nothing for some of its cells."""
    report = yield
    cells: list[Any] = [item for item in report.result if hasattr(item, "cell")]
    for cell in cells:
        if cell.cell.source.startswith(("!pip ", "%pip ")):
            cell.options["check"] = False
    unrun = [cell.name for cell in cells if _is_unrun(cell)]
    if unrun:
        report.outcome = "failed"
        report.longrepr = (
            f"expected stored outputs, got none: {len(unrun)} of {len(cells)} code "
            f"cells of {collector.path.name} were stored without being run (the first is "
            f"{unrun[0]!r}), so nothing would be compared. Something like nbstripout removed "
            "the outputs: restore the file. Or run all its cells and save it. To run the "
            "cells without a comparison, use --nbval-lax."
        )
        report.result = []
    return report


def _is_unrun(item: Any) -> bool:
    """Return whether nbval should compare this cell's outputs, but silently doesn't."""
    compared = item.options["check"] and not item.options["skip"]
    return bool(compared and item.cell.source.strip() and item.cell.execution_count is None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Restore the order of a notebook's cells after other plugins have changed it."""
    yield
    cells = defaultdict[Any, list[Any]](list)
    for item in items:
        if hasattr(item, "cell_num"):
            cells[item.parent].append(item)
    for each in cells.values():
        each.sort(key=lambda cell: cell.cell_num)
    items[:] = [
        each
        for item in items
        for each in (cells.pop(item.parent, ()) if hasattr(item, "cell_num") else [item])
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one process: the cells of a notebook share a kernel."""
    if config.getoption("dist") not in ("load", "loadgroup", "worksteal"):
        return None  # the others keep files together
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    return LoadFileScheduling(config, log)
