"""Write what was measured into docs/performance.md, between its marks."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.backends.openssl import backend

from .codec import AGAIN, Ratios
from .curves import Growth
from .outside import ROOT
from .plots import path

PAGE = ROOT / "docs" / "performance.md"
PACKAGES = ("cryptography", "Flask", "Werkzeug", "itsdangerous", "joserfc")


def section(name: str, page: str) -> str:
    """Return what stands between the two marks of a section; raise ValueError without them."""
    match = _marked(name).search(page)
    if not match:
        raise ValueError(f"{PAGE.name} has no section {name!r}: put its two marks there")
    return match[2]


def _marked(name: str) -> re.Pattern[str]:
    name = re.escape(name)
    return re.compile(
        rf"(<!-- {name}: made by make bench -->\n)(.*?)(<!-- {name} ends -->)", re.DOTALL
    )


def write(sections: Mapping[str, Iterable[str]]) -> None:
    """Put each section's lines between its marks."""
    page = PAGE.read_text()
    for name, lines in sections.items():
        section(name, page)
        text = "\n".join(lines)
        page = _marked(name).sub(lambda m, text=text: f"{m[1]}{text}\n{m[3]}", page)  # type: ignore[misc]
    PAGE.write_text(page)


def growth_lines(growth: Growth) -> list[str]:
    """Return a growth's picture and what is seen in it."""
    return [f"![{growth.alt}]({path(growth).name})", "", growth.say()]


def noise(ratios: Ratios) -> str:
    """Return how far ours measured twice in the run lies from ours."""
    twice = [spread for (_, peer, _), spread in ratios.items() if peer == AGAIN]
    medians = [spread.median for spread in twice]
    low, high = min(spread.low for spread in twice), max(spread.high for spread in twice)
    return (
        "The noise: ours measured a second time in the same run came to "
        f"{min(medians):.2f} to {max(medians):.2f} of the first over all sizes, and the middle "
        f"half of the rounds lay within {low:.2f} to {high:.2f}."
    )


def surroundings(versions: Mapping[str, Any], load_before: float) -> str:
    """Return what was measured, and on what."""
    packages = {name: version(name) for name in PACKAGES}
    named = {
        platform.python_implementation(): platform.python_version(),
        **packages,
        **versions,
    }
    listed = ", ".join(f"{name} {number}" for name, number in named.items())
    return (
        f"Measured with {listed}, and {backend.openssl_version_text()} under cryptography, on "
        f"{platform.system()} with {os.cpu_count()} processors; the load average was "
        f"{load_before:.1f} before and {os.getloadavg()[0]:.1f} after."
    )
