"""Run each notebook in JupyterLab and Notebook in Chromium, and check what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.jupyterlab import (
    CLOSE,
    OPEN,
    RUN_ALL,
    SHOWN,
    TABLES,
    TOKEN,
    ask,
    jupyterlab,
    set_theme,
    take_picture,
)
from tests.conftest import ROOT, wait_until

NOTEBOOKS = ROOT / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
MERMAID = "text/vnd.mermaid"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab, which starts only if there is a browser."""
    with jupyterlab(tmp_path_factory.mktemp("lab"), NOTEBOOKS) as url:
        yield url


@pytest.fixture(scope="module")
def theme(request: pytest.FixtureRequest, lab: str) -> str:
    """The theme of the pages."""
    set_theme(lab, dark=request.param == "dark")
    return str(request.param)


@pytest.fixture(scope="module")
def desk(lab: str, browser: Browser, theme: str) -> Iterator[Page]:
    """A JupyterLab page for all notebooks, because loading it is slow."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{lab}/lab?token={TOKEN}&reset")
    yield page
    page.close()


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[BrowserContext]:
    """A browser context, whose cache all pages of Notebook share."""
    windows = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield windows
    windows.close()


@contextmanager
def opened(page: Page, name: str, *, start: bool = True) -> Iterator[None]:
    """Open a notebook, and end its kernel afterwards."""
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(OPEN, {"path": f"{name}.ipynb", "start": start})
    try:
        yield
    finally:
        page.evaluate(CLOSE)


def shown(page: Page) -> dict[str, Any]:
    """Return what the page shows, after it has drawn all outputs."""
    found: dict[str, Any] = {}

    def is_drawn() -> bool:
        found.update(page.evaluate(SHOWN))
        diagrams = [each["text/plain"] for each in having(MERMAID, found)]
        drawn = found["diagrams"] + found["unread"] + [*{*diagrams} & {*found["texts"]}]
        wanted = (len(diagrams), len(having(WIDGET, found)))
        return (len(drawn), found["widgets"]) == wanted and not found["undrawn"]

    wait_until(is_drawn, lambda: f"not drawn: {found['unread']}, {found['undrawn']}")
    return found


def having(kind: str, found: dict[str, Any]) -> list[dict[str, str]]:
    """Return the outputs that contain this MIME type."""
    return [output for output in found["outputs"] if kind in output]


def line_of(mermaid: str, key: str) -> str:
    """Return the value of one line of a diagram's source."""
    [line] = [line for line in mermaid.splitlines() if line.startswith(f"{key}:")]
    return line.partition(":")[2].strip()


def move_a_slider(page: Page) -> None:
    """Move the page's first slider, and wait until its output has changed."""
    widget = page.locator(".jp-OutputArea-output .jupyter-widgets").first
    view = widget.locator(".widget-html").first
    before = view.inner_text()
    widget.locator(".noUi-handle").first.press("ArrowRight")
    expect(view).not_to_have_text(before, use_inner_text=True)


def dialogs(page: Page) -> int:
    return page.locator("dialog[open], .jp-Dialog").count()


#: A notebook with widgets and one with diagrams; with --quick, only these run.
FEW = {("light", "03_seal_it"), ("light", "05_write_the_routes")}
in_each_theme = pytest.mark.parametrize(
    ("theme", "name"),
    [
        pytest.param(theme, name, marks=() if (theme, name) in FEW else pytest.mark.proof)
        for theme in ("light", "dark")
        for name in NAMES
    ],
    indirect=["theme"],
)


@in_each_theme
def test_run_all_in_jupyterlab(desk: Page, theme: str, name: str) -> None:
    """Every cell runs without error, and diagrams, pictures and widgets appear."""
    with opened(desk, name):
        errors = desk.evaluate(RUN_ALL)
        found = shown(desk)
        take_picture(desk, f"{name}-{theme}")
        if found["widgets"]:
            move_a_slider(desk)

    assert errors == []
    assert dialogs(desk) == 0
    assert (found["unread"], found["undrawn"], found["overflowing"]) == ([], [], [])
    assert found["widgets"] == len(having(WIDGET, found))
    sources = [output[MERMAID] for output in having(MERMAID, found)]
    for key, part in (("accTitle", "title"), ("accDescr", "description")):
        assert [each[part] for each in found["diagrams"]] == [line_of(s, key) for s in sources]
    # Notes are light in both themes: a dark diagram with several has 0.54, a light one 0.69.
    assert all((each["brightness"] < 0.6) == (theme == "dark") for each in found["diagrams"])


@pytest.mark.proof
@pytest.mark.parametrize("theme", ["light"], indirect=True)
@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("01_make_http_remember", "new"),
        ("02_encrypt_the_session", "[02]"),
        ("03_seal_it", "[01]"),
    ],
)
def test_not_trusted(desk: Page, theme: str, name: str, mark: str) -> None:
    """The stored outputs of an untrusted notebook are readable before it runs."""
    with opened(desk, name, start=False):
        take_picture(desk, f"{name}-not-trusted")
        tables = desk.evaluate(TABLES)

    assert not any(table["trusted"] for table in tables)
    assert [table["shown"] for table in tables] == [table["stored"] for table in tables]
    assert any(table["rows"] for table in tables)
    assert mark in {mark for table in tables for mark in table["marks"]}


@pytest.mark.proof
@pytest.mark.parametrize("theme", ["light"], indirect=True)
def test_not_trusted_fits(desk: Page, theme: str) -> None:
    """Without the styles that JupyterLab removes, no text overlaps another."""
    with opened(desk, "02_encrypt_the_session", start=False):
        overflowing = shown(desk)["overflowing"]

    assert overflowing == []


@pytest.mark.proof
@pytest.mark.parametrize("theme", ["light"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_run_all_in_notebook(windows: BrowserContext, lab: str, theme: str, name: str) -> None:
    """Every cell also runs in Notebook, which shows a diagram as text or picture."""
    page = windows.new_page()
    page.goto(f"{lab}/notebooks/{name}.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")

    errors = page.evaluate(RUN_ALL)

    found = shown(page)
    take_picture(page, f"{name}-notebook")
    opened_dialogs = dialogs(page)
    page.evaluate(CLOSE)
    page.close()
    assert (errors, opened_dialogs, found["undrawn"]) == ([], 0, [])
    assert found["widgets"] == len(having(WIDGET, found))
    drawings = [output["text/plain"] for output in having(MERMAID, found)]
    assert found["diagrams"] or {*drawings} <= {*found["texts"]}


def test_nothing_is_left(lab: str) -> None:
    """Closing a notebook ends its kernel."""
    wait_until(lambda: ask(lab, "GET", "api/kernels").json() == [])
