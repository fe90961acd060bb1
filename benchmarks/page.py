"""Write the measurements into docs/performance.md, between its marks."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.backends.openssl import backend

from .codec import AGAIN, Ratios
from .curves import Growth
from .outside import ROOT
from .plots import FILE, alt

PAGE = ROOT / "docs" / "performance.md"
PACKAGES = ("cryptography", "Flask", "Werkzeug", "itsdangerous", "joserfc")


def section(name: str, page: str) -> str:
    """Return the text between a section's two marks; raise ValueError without them."""
    match = _marked(name).search(page)
    if not match:
        raise ValueError(f"{PAGE.name} has no section {name!r}; add its two marks")
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


def growth_lines(growths: Sequence[Growth]) -> list[str]:
    """Return the picture, and a list with the finding of each panel."""
    findings = [f"- **{growth.title}.** {growth.say()}" for growth in growths]
    return [f"![{alt(growths)}]({FILE.name})", "", *findings]


def noise(ratios: Ratios) -> str:
    """Return how far two measurements of our codec in one run differ."""
    twice = [spread for (_, peer, _), spread in ratios.items() if peer == AGAIN]
    medians = [spread.median for spread in twice]
    low, high = min(spread.low for spread in twice), max(spread.high for spread in twice)
    return (
        "Noise: a second measurement of our codec in the same run took "
        f"{min(medians):.2f} to {max(medians):.2f} times as long as the first, depending on "
        f"the size. The middle half of all rounds was within {low:.2f} to {high:.2f}."
    )


def surroundings(versions: Mapping[str, Any], load_before: float) -> str:
    """Return the versions that were measured, and the machine."""
    packages = {name: version(name) for name in PACKAGES}
    named = {
        platform.python_implementation(): platform.python_version(),
        **packages,
        **versions,
    }
    listed = ", ".join(f"{name} {number}" for name, number in named.items())
    return (
        f"Versions: {listed}, and {backend.openssl_version_text()} under cryptography. "
        f"Machine: {platform.system()} with {os.cpu_count()} processors. The load average was "
        f"{load_before:.1f} before and {os.getloadavg()[0]:.1f} after."
    )
