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
_SETTINGS = {
    # A pop-up asks whether to fetch news.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # What is out of sight is not drawn, and below the last cell there is an empty window.
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
}


def _within(seconds: int, script: str) -> str:
    """Let a script fail in the end; one that awaits a dialog's answer would never."""
    late = f"setTimeout(fail, {seconds * 1000}, new Error('not done in {seconds} s'))"
    limit = f"new Promise((_, fail) => {late})"
    return f"argument => Promise.race([({script})(argument), {limit}])"


# Shows a notebook in a JupyterLab that is loaded already, with a kernel or without.
OPEN = _within(
    60,
    """async ({path, start}) => {
    const app = window.jupyterapp;
    await app.restored;
    const kernelPreference = start ? undefined : {shouldStart: false, canStart: false};
    const panel = await app.commands.execute(
        'docmanager:open', {path, factory: 'Notebook', kernelPreference});
    await panel.context.ready;
    await panel.revealed;
}""",
)
# Resolves with the cells' errors when the kernel has answered and every cell has run.
# The toolbar shows "idle" before a kernel is there at all, so it is no signal to go by.
RUN_ALL = _within(
    120,
    """async () => {
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
}""",
)
# Ends the notebook's kernel and closes the notebook; nothing is saved.
CLOSE = _within(
    30,
    """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    if (panel.sessionContext.session) await panel.sessionContext.shutdown();
    panel.dispose();
}""",
)
# What the outputs hold, and what the page shows of them.
SHOWN = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const all = selector => [...panel.node.querySelectorAll(selector)];
    const drawn = image => image.complete && image.naturalWidth > 0;
    const brightness = image => {
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const brush = canvas.getContext('2d');
        brush.drawImage(image, 0, 0);
        const {data} = brush.getImageData(0, 0, canvas.width, canvas.height);
        let [sum, count] = [0, 0];
        for (let i = 0; i < data.length; i += 4)
            if (data[i + 3] > 128) { sum += data[i] + data[i + 1] + data[i + 2]; count += 3; }
        return sum / count / 255;
    };
    return {
        outputs: [...panel.content.model.sharedModel.cells].flatMap(
            cell => (cell.outputs ?? []).map(output => output.data ?? {})),
        diagrams: all('.jp-OutputArea-output.jp-RenderedMermaid img').filter(drawn)
            .map(image => ({
                title: image.alt,
                description: image.closest('figure').querySelector('figcaption')?.textContent,
                brightness: brightness(image),
            })),
        texts: all('.jp-OutputArea-output.jp-RenderedText').map(node => node.textContent),
        widgets: all('.jp-OutputArea-output:has(.jupyter-widgets)').filter(output =>
            output.clientHeight && !output.parentElement.closest('.jupyter-widgets')).length,
        undrawn: all('img').filter(image => !drawn(image)).map(image => image.src),
        unread: all('.jp-RenderedMermaid.jp-mod-warning').map(node => node.textContent),
        overflowing: all('.jp-OutputArea-output td').filter(
            cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.textContent),
    };
}"""
# What each stored table says, and what the page shows of it where the notebook is not trusted.
TABLES = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const words = node => {
        const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode.data);
        return texts.join(' ').split(/\\s+/).filter(word => word).join(' ');
    };
    const tables = [];
    for (const cell of panel.content.widgets) {
        if (cell.model.type !== 'code') continue;
        const nodes = [...cell.node.querySelectorAll('.jp-OutputArea-output.jp-RenderedHTML')];
        for (const output of cell.model.sharedModel.getOutputs()) {
            const html = output.data?.['text/html'];
            if (!html) continue;
            const page = new DOMParser().parseFromString([html].flat().join(''), 'text/html');
            page.querySelectorAll('style, script').forEach(node => node.remove());
            const node = nodes.shift();
            tables.push({
                trusted: cell.model.trusted,
                stored: words(page.body),
                shown: node ? words(node) : null,
                rows: node?.querySelectorAll('table tr').length,
                marks: [...node?.querySelectorAll('mark') ?? []].map(words),
            });
        }
    }
    return tables;
}"""
# The height of a window that has the whole notebook in sight.
_HEIGHT = """() => {
    const panel = window.jupyterapp.shell.currentWidget.node;
    const scroller = panel.querySelector('.jp-WindowedPanel-outer');
    const last = [...panel.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom;
    const end = last - scroller.getBoundingClientRect().top + scroller.scrollTop;
    return Math.ceil(window.innerHeight - scroller.clientHeight + end + 20);
}"""
_TALLEST = 16_000


@contextlib.contextmanager
def jupyterlab(folder: Path, notebooks: Path, *options: str, base: str = "/") -> Iterator[str]:
    """Run JupyterLab and Notebook on a copy of `notebooks` in `folder`; yield the address.

    It ends with `base`, without the last slash. `options` go to the command.
    """
    root = folder / "notebooks"
    # A notebook is changed by being opened, so it is never the repository's own.
    shutil.copytree(notebooks, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name, values in _SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))
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
    command += ["--expose-app-in-browser", "--JupyterNotebookApp.expose_app_in_browser=True"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.base_url={base}", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={root}", *options]
    log = (folder / "jupyterlab.log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}{base.rstrip('/')}"
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


def ask(url: str, method: str, path: str, **options: object) -> requests.Response:
    """Send a request to the server's own interface; raises for an error status."""
    response = requests.request(
        method,
        f"{url}/{path}",
        headers={"Authorization": f"token {TOKEN}"},
        timeout=30,
        **options,  # type: ignore[arg-type]  # requests types each by itself
    )
    response.raise_for_status()
    return response


def set_theme(url: str, *, dark: bool) -> None:
    """Choose the theme of the pages that are loaded from now on.

    A page that changes its theme keeps the diagrams that it has drawn in the old one.
    """
    theme = json.dumps({"theme": f"JupyterLab {'Dark' if dark else 'Light'}"})
    place = "lab/api/settings/@jupyterlab/apputils-extension:themes"
    ask(url, "PUT", place, json={"raw": theme})


def open_notebook(browser: Browser, url: str, name: str, *, dark: bool, height: int) -> Page:
    """Open one notebook in a window of its own, in the light or the dark theme."""
    set_theme(url, dark=dark)
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto(f"{url}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    return page


def take_picture(page: Page, path: Path) -> None:
    """Take a picture of the whole notebook, from its first cell to its last."""
    before = page.viewport_size
    assert before
    height = page.evaluate(_HEIGHT)
    # What comes into view is laid out, and may grow.
    for _ in range(5):
        page.set_viewport_size({"width": before["width"], "height": min(height, _TALLEST)})
        page.wait_for_timeout(100)
        shown, height = height, page.evaluate(_HEIGHT)
        if height == shown:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").screenshot(path=path)
    page.set_viewport_size(before)
