"""Whether a browser keeps a cookie, and by which rule."""

from __future__ import annotations

import pytest

from lesson_app.lab import browser_keeps
from tests.lab.http.cookie_rows import FUTURE, HTTPS, ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.line[:60])
def test_row(row: Row) -> None:
    """The verdict names the rule of the table."""
    verdict = browser_keeps(row.line, row.url)

    assert verdict.kept == (not row.rule)
    assert verdict.rule.startswith(row.rule or "no rule forbids it")


@pytest.mark.parametrize(("later", "kept"), [(-1, True), (0, False)])
def test_clock(later: int, kept: bool) -> None:
    """The clock decides whether a cookie has expired."""
    noon_of_2100 = 4102488000

    verdict = browser_keeps(
        f"sid=1; Expires={FUTURE}", HTTPS, clock=lambda: float(noon_of_2100 + later)
    )

    assert verdict.kept is kept


@pytest.mark.parametrize("url", ["", "a.example", "ftp://a.example/", "http:///x"])
def test_url_that_no_page_has(url: str) -> None:
    """The error shows a URL to use instead."""
    with pytest.raises(
        ValueError, match=r"expected an http or https URL, got '.*'; try https:"
    ):
        browser_keeps("sid=1", url)
