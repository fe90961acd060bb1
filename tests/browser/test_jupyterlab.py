"""The notebooks as a learner sees them: Run All in JupyterLab, in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.jupyterlab import CHROMIUM_FLAGS, RUN_ALL, jupyterlab, open_notebook
from tests.conftest import ROOT, require_tool

NOTEBOOKS = ROOT / "notebooks"
PICTURES = ROOT / "artefacts" / "jupyterlab"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require_tool("chromium")
    with jupyterlab(tmp_path_factory.mktemp("lab"), NOTEBOOKS) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_run_all_in_jupyterlab(lab: str, browser: Browser, dark: bool) -> None:
    """Every cell runs, none writes an error, no dialog opens, the wire is a table."""
    page = open_notebook(browser, lab, "05_write_the_routes.ipynb", dark=dark, height=1400)

    errors = page.evaluate(RUN_ALL)

    shown = page.locator(".jp-RenderedHTMLCommon table", has_text="Set-Cookie").first
    shown.scroll_into_view_if_needed()
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"05-{'dark' if dark else 'light'}.png")
    assert errors == []
    assert page.locator("dialog, .jp-Dialog").count() == 0
    assert shown.is_visible()
    assert page.get_attribute("body", "data-jp-theme-light") == str(not dark).lower()
    page.close()
