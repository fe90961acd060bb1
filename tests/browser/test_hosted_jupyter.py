"""In Chromium, follow the link from JupyterLab to an app that a notebook serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator

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
def shown(folder: Path, *options: str, base: str) -> Iterator[Locator]:
    """Run the program in a JupyterLab below `base`; yield its output's element."""
    given = folder / "given"
    given.mkdir()
    (given / "link.ipynb").write_text(notebook(PROGRAM))
    with chromium() as browser, jupyterlab(folder, given, *options, base=base) as url:
        page = open_notebook(browser, url, "link.ipynb", dark=False, height=700)
        assert page.evaluate(RUN_ALL) == []
        yield page.locator(".jp-OutputArea-output.jp-RenderedHTML")


@pytest.mark.parametrize("base", [HOSTED, "/"], ids=["hosted", "local"])
def test_link(tmp_path: Path, base: str) -> None:
    """Behind the link a visitor can log in and out, and all URLs and cookies stay below it."""
    with shown(tmp_path, base=base) as output:
        with output.page.expect_popup() as popup:
            output.locator("a").first.click()
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
        assert root.startswith(f"{output.page.url.partition('/lab')[0]}/proxy/") == (
            base != "/"
        )


def test_link_without_the_proxy(tmp_path: Path) -> None:
    """Without jupyter-server-proxy, one line shows how to install it."""
    with shown(tmp_path, NO_PROXY, base=HOSTED) as output:
        assert "pip install jupyter-server-proxy" in output.inner_text()
        assert output.locator("a").count() == 0
