"""The documentation's pages in Chromium: accessible, searchable, and self-contained."""

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
    "_modules/lesson_app/errors.html",
    "search.html?q=padding",
]
#: The pages with the widest tables; axe is slow there.
WIDE_PAGES = ["docs/conformance.html", "docs/coming-from-express.html", "docs/rubric.html"]
#: What axe finds in the theme itself: unnamed sidebars, captions without a level, long
#: signatures, scrolled code that only the browser makes reachable, no heading on the search.
THEME = (
    "aria-required-attr",
    "definition-list",
    "landmark-unique",
    "page-has-heading-one",
    "scrollable-region-focusable",
)
Scheme = Literal["light", "dark"]


class Quiet(SimpleHTTPRequestHandler):
    """A file server without a log."""

    def log_message(self, *args: Any) -> None:
        """Write no line."""


@pytest.fixture(scope="module")
def url(documentation: Site) -> Iterator[str]:
    """The URL of the built pages."""
    pages = partial(Quiet, directory=documentation.folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(browser: Browser, scheme: Scheme, width: int) -> Iterator[Page]:
    """A window in the light or dark scheme, wide or as narrow as a phone."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    yield page
    page.close()


in_two_windows = pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
in_a_window = pytest.mark.parametrize(("scheme", "width"), [("light", 1280)])


def violations(page: Page) -> list[str]:
    """Return what axe finds: each broken rule, with the first place."""
    if not AXE.is_file():
        need("axe-core")
    page.add_script_tag(path=AXE)
    rules = {rule: {"enabled": False} for rule in THEME}
    found = page.evaluate("rules => axe.run({rules})", rules)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@in_two_windows
def test_axe_finds_nothing(page: Page, url: str) -> None:
    """Contrast, names, headings: axe finds no fault except the theme's own."""
    found = []
    for path in PAGES:
        page.goto(url + path)
        found += [f"{path}: {each}" for each in violations(page)]

    assert found == []


@in_two_windows
def test_pages_are_as_wide_as_the_window(page: Page, url: str) -> None:
    """A wide table scrolls inside the page; the page itself does not."""
    wider = []
    for path in PAGES + WIDE_PAGES:
        page.goto(url + path)
        root = "document.documentElement"
        if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            wider.append(path)

    assert wider == []


@in_a_window
def test_pages_load_from_this_server(page: Page, url: str) -> None:
    """The pages' scripts request files from this server only, and find them."""
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
    """The search runs in the browser and includes the notebooks."""
    page.goto(f"{url}search.html?q=padding+oracle")

    page.get_by_role("link", name="Seal a session into a cookie").last.wait_for()


def test_axe_would_find_something(browser: Browser, tmp_path: Path) -> None:
    """A page with faults does not pass."""
    faulty = tmp_path / "faulty.html"
    faulty.write_text('<p style="color: #ccc; background: white">pale</p><img src="data:,">')
    page = browser.new_page()
    page.goto(faulty.as_uri())

    rules = {each.partition(":")[0] for each in violations(page)}
    page.close()

    assert {"color-contrast", "html-has-lang", "image-alt"} <= rules
