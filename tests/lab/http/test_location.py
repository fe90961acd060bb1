"""Where a browser goes from a Location header."""

from __future__ import annotations

import pytest

from lesson_app.lab.http.location import leaves

HERE = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:evil.example",
        "HTTP:///evil.example",
        "http://127.0.0.1:5001/",
        "//127.0.0.1:5000@evil.example/",
        "javascript:alert(1)",
        "data:text/html,hi",
    ],
)
def test_leaves(location: str) -> None:
    """These lead a browser to another host, or run a script."""
    assert leaves(location, HERE)


@pytest.mark.parametrize(
    "location",
    [
        "/dashboard",
        "/search?q=https://example.org/",
        "dashboard",
        "",
        "http:dashboard",
        "/%5Cevil.example",
        f"{HERE}/dashboard",
        "//127.0.0.1:5000/",
        "//me@127.0.0.1:5000/",
    ],
)
def test_stays(location: str) -> None:
    """These keep a browser on the site."""
    assert not leaves(location, HERE)
