"""Run a JupyterHub whose users all belong to this account, and log them in with Chromium."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page

from course.notebooks import NOTEBOOKS, from_node
from tests.browser.jupyterlab import OPEN, RUN_ALL, answering, write_settings
from tests.deployment.cluster import free_port
from tests.express.peer import NODE, require_node

_CONFIG = """
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.db_url = "sqlite://"
c.Authenticator.allow_all = True
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = {proxy}
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True"]
c.Spawner.default_url = "/lab"
c.Spawner.environment = {{
    "JUPYTERLAB_SETTINGS_DIR": "{folder}/settings",
    "JUPYTER_RUNTIME_DIR": lambda spawner: f"{{spawner.home_dir}}/runtime",
}}
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/{{username}}"
"""
_LINK = re.compile(r"^# (?=.*\.link\()", re.MULTILINE)


@dataclass
class Hub:
    """A running JupyterHub. `url` has no last slash."""

    url: str
    folder: Path

    def give(self, user: str, name: str, change: Callable[[str], str] = str) -> None:
        """Put a notebook, solved by its own solutions, into a user's home.

        `change` gets each cell's source. The lines with a link lose their ``#``.
        """
        node = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
        notebook = from_node(node, name)
        for cell in node.cells:
            if cell.cell_type != "code":
                continue
            for asked in notebook.exercises.values():
                if asked.stub == cell.source:
                    solution = f"{notebook.solutions[asked.id]}\n\ncheck("
                    cell.source = cell.source.replace("check(", solution, 1)
            cell.source = change(_LINK.sub("", cell.source))
        home = self.folder / user
        home.mkdir(exist_ok=True)
        nbformat.write(node, home / f"{name}.ipynb")  # type: ignore[no-untyped-call]

    def log_in(self, browser: Browser, user: str) -> Page:
        """Log a user in with a new browser context, and start their JupyterLab."""
        page = browser.new_context().new_page()
        page.goto(f"{self.url}/hub/login?next=/hub/spawn")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill("the hub's password")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_function("window.jupyterapp !== undefined")
        return page


def run_notebook(desk: Page, name: str) -> Locator:
    """Open a notebook and run all of its cells; return it."""
    desk.evaluate(OPEN, {"path": f"{name}.ipynb", "start": True})
    errors = desk.evaluate(RUN_ALL)
    assert errors == [], errors
    return desk.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")


@contextmanager
def jupyterhub() -> Iterator[Hub]:
    """Run JupyterHub and its proxy in a new folder, which also holds the users' homes."""
    proxy = [require_node(), str(NODE / "node_modules/.bin/configurable-http-proxy")]
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    write_settings(folder / "settings")
    ports = {name: free_port() for name in ("public", "hub", "api")}
    config = _CONFIG.format(**ports, proxy=proxy, python=sys.executable, folder=folder)
    (folder / "jupyterhub_config.py").write_text(config)
    url = f"http://127.0.0.1:{ports['public']}"
    try:
        command = [sys.executable, "-m", "jupyterhub"]
        with answering(f"{url}/hub/api", command, folder, {}):
            yield Hub(url, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
