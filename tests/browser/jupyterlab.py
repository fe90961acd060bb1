"""A real JupyterLab in a real browser, on a copy of the notebooks."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page

TOKEN = "lesson"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Resolves with the cells' errors when the kernel has answered and every cell has run.
# The toolbar shows "idle" before a kernel is there at all, so it is no signal to go by.
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const panel = app.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    await app.commands.execute('notebook:run-all-cells');
    const errors = [];
    for (const cell of panel.content.model.sharedModel.cells) {
        if (cell.cell_type !== 'code') continue;
        if (cell.execution_count === null) errors.push(`${cell.id} did not run`);
        for (const output of cell.outputs)
            if (output.output_type === 'error' || output.name === 'stderr')
                errors.push(`${cell.id}: ${output.ename || output.text}`);
    }
    return errors;
}"""


@contextlib.contextmanager
def jupyterlab(folder: Path, notebooks: Path) -> Iterator[str]:
    """Run JupyterLab on a copy of `notebooks` in `folder`; yield its address."""
    root = folder / "notebooks"
    # A notebook is changed by being opened, so it is never the repository's own.
    shutil.copytree(notebooks, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    # Without this a pop-up asks whether to fetch news.
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = {
        **os.environ,
        **{f"JUPYTER_{place}": str(folder / place) for place in places},
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser"]
    command += ["--expose-app-in-browser", "--ServerApp.port_retries=0"]
    command += [f"--port={port}", f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={root}"]
    log = (folder / "jupyterlab.log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _await_answer(f"{url}/api?token={TOKEN}", server, folder / "jupyterlab.log")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=5)
        log.close()


def _await_answer(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text()[-3000:]}")


def open_notebook(browser: Browser, url: str, name: str, *, dark: bool, height: int) -> Page:
    """Open one notebook in a window of its own, in the light or the dark theme."""
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto(f"{url}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    if dark:
        page.evaluate(
            "async () => { await window.jupyterapp.restored; await window.jupyterapp.commands"
            ".execute('apputils:change-theme', {theme: 'JupyterLab Dark'}); }"
        )
    return page
