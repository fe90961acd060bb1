"""The sessions that are measured, from 16 bytes of JSON to 3 KB."""

from __future__ import annotations

from typing import Any

from lesson_app._engine.javascript import stringify
from lesson_app.app import USER

Content = dict[str, Any]


def filled(size: int) -> Content:
    """Return a shop's session with at least `size` bytes of JSON."""
    content: Content = {"user": dict(USER), "cart": []}
    while len(stringify(content)) < size:
        number = len(content["cart"])
        content["cart"].append({"id": 1000 + number, "name": f"thing {number}", "gift": True})
    return content


LOG_IN = "login"
CONTENTS: dict[str, Content] = {
    "16 B": {"n": 1234567890},
    LOG_IN: {"user": dict(USER)},
    "1 KB": filled(1000),
    "3 KB": filled(2900),
}
