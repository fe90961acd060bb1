"""Take the README's picture of a dissected cookie and a login in JupyterLab."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat.v4

from tests.browser.jupyterlab import RUN_ALL, chromium, jupyterlab, open_notebook

ROOT = Path(__file__).parent.parent.parent
PICTURE = ROOT / "docs" / "login.png"
CELLS = [
    """
from lesson_app import create_app
from lesson_app.app import PAGE_SECRET
from lesson_app.lab import Clock, dissect, seeded_urandom, serve

server = serve(create_app(secret=PAGE_SECRET, clock=Clock(), urandom=seeded_urandom(5)))
visitor = server.browser()
form = {"userName": "sampleuser", "password": "samplepassword"}
visitor.post(f"{server.url}/login", data=form)
dissect(visitor.cookies["session"], PAGE_SECRET, clock=Clock("2100-01-01T12:00:30Z"))
""",
    "visitor.diagram()",
]
# Put the diagram beside the dissected cookie. To save space, leave out two of its tables.
_ARRANGE = """() => {
    const [cookie, diagram] = [...document.querySelectorAll('.jp-OutputArea-output')];
    const tables = [...cookie.querySelectorAll('table')];
    const titled = text => tables.find(table => table.innerText.includes(text));
    [titled('verdict'), titled('Checks')].forEach(table => table.remove());
    const box = document.createElement('div');
    box.id = 'picture';
    box.style = 'display: flex; align-items: center; gap: 12px; width: 830px; height: 396px;'
        + 'box-sizing: border-box; padding: 4px; background: white;'
        + 'position: fixed; top: 0; left: 0; z-index: 9999';
    cookie.style.width = '640px';
    cookie.style.zoom = 0.83;
    const fields = titled('Fields');
    for (const row of fields.rows) row.cells[1]?.remove();
    fields.querySelectorAll('col').forEach(column => column.remove());
    fields.style.tableLayout = 'auto';
    for (const cell of tables[0].rows[0].cells) {
        cell.style.fontSize = '92%';
        cell.style.padding = '6px 3px';
    }
    for (const cell of cookie.querySelectorAll('td, span'))
        cell.style.overflowWrap = cell.style.wordBreak = 'normal';
    diagram.style.width = '284px';
    diagram.querySelector('img').style.width = '284px';
    box.append(cookie, diagram);
    document.body.append(box);
}"""


def main() -> None:
    """Run the cells in JupyterLab, and save a picture of their outputs."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        (folder / "picture").mkdir()
        cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]  # type: ignore[no-untyped-call]
        kernel = {"name": "python3", "display_name": "Python 3"}  # else JupyterLab asks
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
            cells=cells, metadata={"kernelspec": kernel}
        )
        nbformat.write(notebook, folder / "picture" / "login.ipynb")  # type: ignore[no-untyped-call]
        with jupyterlab(folder, folder / "picture") as url:
            page = open_notebook(browser, url, "login.ipynb", dark=False, height=1500)
            errors = page.evaluate(RUN_ALL)
            if errors:
                raise SystemExit(f"expected cells without errors, got {errors}")
            page.wait_for_selector(".jp-RenderedMermaid img")
            page.evaluate(_ARRANGE)
            page.wait_for_timeout(500)
            page.locator("#picture").screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
