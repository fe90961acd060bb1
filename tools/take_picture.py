"""Take the README's picture: one exchange of a notebook, as JupyterLab shows it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.jupyterlab import CHROMIUM_FLAGS, RUN_ALL, jupyterlab, open_notebook

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "notebook.png"


def main() -> None:
    """Run a notebook in JupyterLab and keep what stands around its log-in."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder), ROOT / "notebooks") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        page = open_notebook(browser, url, "05_write_the_routes.ipynb", dark=False, height=900)
        errors = page.evaluate(RUN_ALL)
        if errors:
            raise SystemExit(f"the notebook does not run: {errors}")
        page.evaluate(
            "() => window.jupyterapp.commands.execute('application:toggle-left-area')"
        )
        page.locator(".jp-Cell", has_text="from your drawing").scroll_into_view_if_needed()
        page.evaluate(
            "() => [...document.querySelectorAll('.jp-Cell')].find(cell => "
            "cell.textContent.includes('from your drawing')).scrollIntoView()"
        )
        page.wait_for_timeout(500)  # let JupyterLab lay out what has come into view
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
