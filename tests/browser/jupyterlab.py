"""Run JupyterLab on a copy of the notebooks, and control it in Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import requests
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.conftest import PATIENCE, ROOT, wait_until
from tests.deployment.cluster import free_port
from tests.plugin import is_quick, require_tool

TOKEN = "lesson"
#: How long a page waits for an event, in milliseconds.
MS = PATIENCE * 1000
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
    # Without this, a pop-up asks whether to fetch news.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # By default JupyterLab draws only visible cells, and adds empty space below the last one.
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
}


def _in_the_end(script: str) -> str:
    """Add a time limit to a script, because one that waits for a dialog would never end."""
    late = f"setTimeout(fail, {MS}, new Error('not done in {PATIENCE} s'))"
    limit = f"new Promise((_, fail) => {late})"
    return f"argument => Promise.race([({script})(argument), {limit}])"


# Opens a notebook in a loaded JupyterLab, with or without a kernel.
OPEN = _in_the_end("""async ({path, start}) => {
    const app = window.jupyterapp;
    await app.restored;
    const kernelPreference = start ? undefined : {shouldStart: false, canStart: false};
    const panel = await app.commands.execute(
        'docmanager:open', {path, factory: 'Notebook', kernelPreference});
    await panel.context.ready;
    await panel.revealed;
}""")
# Waits for the kernel, runs every cell and resolves with the cells' errors. It does not rely
# on the toolbar, which shows "idle" even before a kernel exists.
RUN_ALL = _in_the_end("""async () => {
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
}""")
# Ends the notebook's kernel and closes the notebook without saving.
CLOSE = _in_the_end("""async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    if (panel.sessionContext.session) await panel.sessionContext.shutdown();
    panel.dispose();
}""")
# Returns the outputs, and what the page shows of them.
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
# Returns the text of each stored table, and the text that an untrusted notebook shows of it.
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
# Returns the height of a window that shows the whole notebook.
_HEIGHT = """() => {
    const panel = window.jupyterapp.shell.currentWidget.node;
    const scroller = panel.querySelector('.jp-WindowedPanel-outer');
    const last = [...panel.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom;
    const end = last - scroller.getBoundingClientRect().top + scroller.scrollTop;
    return Math.ceil(window.innerHeight - scroller.clientHeight + end + 20) || 0;
}"""
_TALLEST = 16_000
PICTURES = ROOT / "artefacts" / "jupyterlab"


@contextlib.contextmanager
def chromium(**options: Any) -> Iterator[Browser]:
    """Run a headless Chromium, and give its pages the tests' time limit."""
    program = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=CHROMIUM_FLAGS, timeout=MS, **options
        )
        browser.new_context = _patient(browser.new_context)  # type: ignore[method-assign]
        browser.new_page = _patient(browser.new_page)  # type: ignore[method-assign]
        expect.set_options(timeout=MS)
        yield browser
        browser.close()


def _patient(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(**options: Any) -> Any:
        window = make(**options)
        window.set_default_timeout(MS)
        return window

    return made


@contextlib.contextmanager
def jupyterlab(folder: Path, notebooks: Path, *options: str, base: str = "/") -> Iterator[str]:
    """Run JupyterLab and Notebook on a copy of `notebooks` in `folder`; yield the URL.

    The URL ends with `base`, without the last slash. `options` go to the command.
    """
    root = folder / "notebooks"
    # Opening a notebook changes its file, so always use a copy.
    shutil.copytree(notebooks, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    write_settings(folder / "settings")
    port = free_port()
    # Kernels listen on files, whose paths are short enough in this folder.
    runtime = tempfile.mkdtemp(prefix="jupyter-")
    environment = {
        **{f"JUPYTER_{place}": str(folder / place) for place in ("CONFIG_DIR", "DATA_DIR")},
        "JUPYTER_RUNTIME_DIR": runtime,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser"]
    command += ["--expose-app-in-browser", "--JupyterNotebookApp.expose_app_in_browser=True"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.base_url={base}", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={root}", *options]
    if sys.platform == "linux":  # another program may take a TCP port before the kernel does
        command.append("--KernelManager.transport=ipc")
    url = f"http://127.0.0.1:{port}{base.rstrip('/')}"
    try:
        with answering(f"{url}/api?token={TOKEN}", command, folder, environment):
            yield url
    finally:
        shutil.rmtree(runtime, ignore_errors=True)


def write_settings(folder: Path) -> None:
    """Write JupyterLab's settings for the tests."""
    for name, values in _SETTINGS.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))


@contextlib.contextmanager
def answering(
    url: str, command: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[psutil.Popen]:
    """Run a server in `folder` for the block, and end it with all that it has started.

    The block begins when `url` answers.
    """
    log = folder / "server.log"
    with log.open("w") as output:
        server = psutil.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        _await_answer(url, server, log)
        yield server
    finally:
        family = [server, *server.children(recursive=True)] if server.is_running() else []
        server.terminate()
        for process in psutil.wait_procs(family, timeout=30)[1]:
            process.kill()
        server.wait()


def _await_answer(url: str, server: psutil.Popen, log: Path) -> None:
    def answers() -> bool:
        assert server.poll() is None, f"it ended:\n{log.read_text()[-3000:]}"
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(url, timeout=PATIENCE).ok
        return False

    wait_until(answers, lambda: f"{url} does not answer:\n{log.read_text()[-3000:]}")


def ask(url: str, method: str, path: str, **options: object) -> requests.Response:
    """Send a request to the server's REST API; raise for an error status."""
    response = requests.request(
        method,
        f"{url}/{path}",
        headers={"Authorization": f"token {TOKEN}"},
        timeout=PATIENCE,
        **options,  # type: ignore[arg-type]  # requests declares a type for each option
    )
    response.raise_for_status()
    return response


def set_theme(url: str, *, dark: bool) -> None:
    """Set the theme of pages that are loaded from now on.

    Don't change it in a loaded page, which would keep the diagrams of the old theme.
    """
    theme = json.dumps({"theme": f"JupyterLab {'Dark' if dark else 'Light'}"})
    place = "lab/api/settings/@jupyterlab/apputils-extension:themes"
    ask(url, "PUT", place, json={"raw": theme})


def open_notebook(browser: Browser, url: str, name: str, *, dark: bool, height: int) -> Page:
    """Open one notebook in its own window, in the light or the dark theme."""
    set_theme(url, dark=dark)
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto(f"{url}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    return page


def take_picture(page: Page, name: str) -> None:
    """Take a picture of the whole notebook for people to look at, except with --quick.

    No test checks the picture, so an error is written to a file instead of failing the test.
    """
    if is_quick():
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    assert before
    try:
        _make_tall(page, before["width"])
        panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        panel.screenshot(path=PICTURES / f"{name}.png", timeout=30_000)
    except Error as error:
        (PICTURES / f"{name}.txt").write_text(f"the picture failed: {error}\n")
    finally:
        page.set_viewport_size(before)


def _make_tall(page: Page, width: int) -> None:
    """Make the window high enough for the whole notebook."""
    height = 0
    for _ in range(5):  # cells that become visible can grow
        shown, height = height, page.evaluate(_HEIGHT)
        if height <= shown:
            break
        page.set_viewport_size({"width": width, "height": min(height, _TALLEST)})
        page.wait_for_timeout(100)
