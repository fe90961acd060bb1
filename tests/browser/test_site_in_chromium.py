"""The documentation's pages in a real Chromium: readable, searchable, and alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.express.peer import NODE
from tests.plugin import need
from tests.repository.documentation import Site

pytestmark = pytest.mark.proof

AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "docs/index.html",
    "docs/api.html",
    "docs/performance.html",
    "notebooks/00_read_someones_cookie.html",
    "notebooks/05_write_the_routes.html",
    "source/lesson_app/errors.py.html",
    "search.html?q=padding",
]
#: Those with the widest tables; axe takes its time with them.
WIDE_PAGES = ["docs/conformance.html", "docs/coming-from-express.html", "docs/rubric.html"]
Scheme = Literal["light", "dark"]


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that does not tell of each."""

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url(documentation: Site) -> Iterator[str]:
    """Where the built pages are served."""
    pages = partial(Quiet, directory=documentation.folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(browser: Browser, scheme: Scheme, width: int) -> Iterator[Page]:
    """A window in the light or the dark scheme, wide or as narrow as a telephone."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    yield page
    page.close()


in_two_windows = pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
in_a_window = pytest.mark.parametrize(("scheme", "width"), [("light", 1280)])


def violations(page: Page) -> list[str]:
    """What axe finds: each rule, with the first place where it is broken."""
    if not AXE.is_file():
        need("axe-core")
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@in_two_windows
def test_axe_finds_nothing(page: Page, url: str) -> None:
    """Contrast, names, headings, what scrolls: axe has nothing to say, in either window."""
    told = []
    for path in PAGES:
        page.goto(url + path)
        told += [f"{path}: {each}" for each in violations(page)]

    assert told == []


@in_two_windows
def test_pages_are_as_wide_as_the_window(page: Page, url: str) -> None:
    """A wide table scrolls by itself, and does not take the page along."""
    wider = []
    for path in PAGES + WIDE_PAGES:
        page.goto(url + path)
        root = "document.documentElement"
        if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            wider.append(path)

    assert wider == []


@in_a_window
def test_no_other_host_is_asked(page: Page, url: str) -> None:
    """Whatever the pages' scripts do, they ask this server only, and it has what they want."""
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
    for path in PAGES:
        page.goto(url + path, wait_until="networkidle")

    assert [each for each in asked if not each.startswith((url, "data:"))] == []
    assert [each for each in failed if not each.endswith("/favicon.ico")] == []
    assert len(asked) > len(PAGES)


@in_a_window
def test_search_finds_a_notebook(page: Page, url: str) -> None:
    """The search runs in the browser, and looks into the notebooks."""
    page.goto(f"{url}search.html?q=padding+oracle")

    page.get_by_role("link", name="Seal a session into a cookie").last.wait_for()


def test_axe_would_find_something(browser: Browser, tmp_path: Path) -> None:
    """A page with faults has them told: the check can fail."""
    faulty = tmp_path / "faulty.html"
    faulty.write_text('<p style="color: #ccc; background: white">pale</p><img src="data:,">')
    page = browser.new_page()
    page.goto(faulty.as_uri())

    rules = {each.partition(":")[0] for each in violations(page)}
    page.close()

    assert {"color-contrast", "html-has-lang", "image-alt"} <= rules
