"""In Chromium, follow the link from JupyterLab to an app that a notebook serves."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.jupyterlab import RUN_ALL, chromium, jupyterlab, open_notebook

pytestmark = pytest.mark.proof

PROGRAM = """
import logging
from lesson_app import create_app
from lesson_app.lab import serve

logging.disable()
server = serve(create_app())
assert server.browser().get(f"{server.url}/login").ok
server.link("/login")
"""
#: A base path as in JupyterHub, for a user name with an @.
HOSTED = "/user/ada%40example.edu/"
NO_PROXY = "--ServerApp.jpserver_extensions=jupyter_server_proxy=False"


def notebook(source: str) -> str:
    """Return a notebook of one cell."""
    cell = {"cell_type": "code", "id": "only", "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {
            "cells": [{**cell, "execution_count": None, "source": source}],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


@contextmanager
def tunnel(url: str) -> Iterator[str]:
    """Forward another port to the one in `url`, as `ssh -L` does; yield the URL with it."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):  # at the end of the block
            while True:
                near = entrance.accept()[0]
                far = socket.create_connection(("127.0.0.1", port))
                sockets.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    port = urlsplit(url).port
    assert port
    sockets: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as entrance:
        threading.Thread(target=accept, daemon=True).start()
        yield url.replace(f":{port}", f":{entrance.getsockname()[1]}")
        entrance.shutdown(socket.SHUT_RDWR)
    for each in sockets:
        each.close()


@contextmanager
def shown(folder: Path, *options: str, base: str, tunnelled: bool = False) -> Iterator[Locator]:
    """Run the program in a JupyterLab below `base`; yield its output's element.

    If `tunnelled`, the browser sees JupyterLab on another port.
    """
    given = folder / "given"
    given.mkdir()
    (given / "link.ipynb").write_text(notebook(PROGRAM))
    with (
        chromium() as browser,
        jupyterlab(folder, given, *options, base=base) as url,
        tunnel(url) if tunnelled else nullcontext(url) as entrance,
    ):
        page = open_notebook(browser, entrance, "link.ipynb", dark=False, height=700)
        assert page.evaluate(RUN_ALL) == []
        yield page.locator(".jp-OutputArea-output.jp-RenderedHTML")


@pytest.mark.parametrize(
    ("base", "tunnelled", "links", "proxied"),
    [
        pytest.param(HOSTED, False, 1, True, id="hosted"),
        pytest.param("/", False, 2, False, id="local"),
        pytest.param("/", True, 2, True, id="tunnel"),
    ],
)
def test_link(tmp_path: Path, base: str, tunnelled: bool, links: int, proxied: bool) -> None:
    """Behind the link a visitor can log in and out, and all URLs and cookies stay below it.

    On localhost there are two links: the second works through a tunnel.
    """
    with shown(tmp_path, base=base, tunnelled=tunnelled) as output:
        expect(output.locator("a")).to_have_count(links)
        with output.page.expect_popup() as popup:
            output.locator("a").nth(int(tunnelled)).click()
        page = popup.value
        page.get_by_role("button", name="Log In").wait_for()
        link = page.url
        visited: list[str] = []
        page.on("response", lambda response: visited.append(response.url))

        page.reload()
        page.get_by_label("User Name").fill("sampleuser")
        page.get_by_label("Password").fill("samplepassword")
        page.get_by_role("button", name="Log In").click()
        page.get_by_role("heading", name="Hello sampleuser").wait_for()
        [cookie] = [each for each in page.context.cookies() if each.get("name") == "session"]
        page.get_by_role("link", name="Logout").click()
        page.get_by_role("button", name="Log In").wait_for()

        root = link.removesuffix("/login")
        paths = {url.removeprefix(root) for url in visited}
        assert page.url == link
        assert paths == {"/login", "/static/style.css", "/dashboard", "/logout"}
        assert page.evaluate("document.styleSheets[0].cssRules.length > 0")
        assert cookie.get("path") == f"{urlsplit(root).path}/"
        assert root.startswith(f"{output.page.url.partition('/lab')[0]}/proxy/") == proxied


def test_link_without_the_proxy(tmp_path: Path) -> None:
    """Without jupyter-server-proxy, one line shows how to install it."""
    with shown(tmp_path, NO_PROXY, base=HOSTED) as output:
        assert "pip install jupyter-server-proxy" in output.inner_text()
        assert output.locator("a").count() == 0
