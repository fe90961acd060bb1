"""Take the README's pictures: what notebooks show, in a JupyterLab that has just run them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.jupyterlab import CHROMIUM_FLAGS, RUN_ALL, jupyterlab, open_notebook

ROOT = Path(__file__).parent.parent.parent
#: Of each picture the notebook, and what is in the code of its first cell and of its last.
PICTURES = {
    "wire": ("05_write_the_routes.ipynb", "show(response)\n", "visitor.diagram()"),
    "cookie": ("00_read_someones_cookie.ipynb", *["dissect(cookie, SECRET"] * 2),
}
# The place on the page from the first cell's last output to the last cell's.
_PLACE = """([first, last]) => {
    const cells = [...document.querySelectorAll('.jp-CodeCell')];
    const code = cell => cell.querySelector('.jp-Editor').innerText;
    const output = text => [...cells.filter(cell => code(cell).includes(text.trim())).at(-1)
        .querySelectorAll('.jp-OutputArea-child')].at(-1).getBoundingClientRect();
    const [top, bottom] = [output(first), output(last)];
    return {x: top.x, y: top.y, width: top.width, height: bottom.bottom - top.y};
}"""


def take(browser: Browser, url: str, picture: str) -> None:
    """Run a notebook in JupyterLab and keep what stands below the named cells."""
    notebook, first, last = PICTURES[picture]
    page = open_notebook(browser, url, notebook, dark=False, height=16_000)
    errors = page.evaluate(RUN_ALL)
    if errors:
        raise SystemExit(f"{notebook} does not run: {errors}")
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    place: Any = None
    for _ in range(100):  # JupyterLab lays out what has come into view
        before, place = place, page.evaluate(_PLACE, [first, last])
        if place == before:
            break
        page.wait_for_timeout(200)
    page.screenshot(path=ROOT / "docs" / f"{picture}.png", clip=place)
    page.close()


def main() -> None:
    """Take each picture anew."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder), ROOT / "notebooks") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        for picture in PICTURES:
            take(browser, url, picture)
        browser.close()


if __name__ == "__main__":
    main()
