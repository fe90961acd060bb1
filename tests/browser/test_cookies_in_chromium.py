"""Chromium judges the lines of the table, and `browser_keeps` must say the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route

from lesson_app.lab import browser_keeps
from tests.lab.http.cookie_rows import ROWS

pytestmark = pytest.mark.proof


def test_every_row(browser: Browser) -> None:
    """Chromium keeps the cookies that the function says it keeps, and no others."""
    context = browser.new_context()
    page = context.new_page()
    line = ""

    def answer(route: Route) -> None:
        route.fulfill(body="a page", headers={"Set-Cookie": line})

    page.route("**", answer)
    kept = {}
    for number, row in enumerate(ROWS):
        context.clear_cookies()
        line = row.line
        page.goto(row.url)
        kept[number, line[:80]] = bool(context.cookies())
    context.close()

    ours = [browser_keeps(row.line, row.url).kept for row in ROWS]
    assert kept == dict(zip(kept, ours, strict=True))
    assert set(ours) == {True, False}
