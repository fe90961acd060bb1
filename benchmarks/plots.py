"""Draw the growths as one picture that reads on a light page and on a dark one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from .curves import Growth, relative

FILE = Path(__file__).parent.parent / "docs" / "growth.svg"
INK, CARD, FAINT = "#222222", "#fbfbf8", "#8a8a8a"
#: Each line has its own colour (Okabe and Ito's), marker and dash.
STYLES: list[dict[str, Any]] = [
    {"color": "#0072b2", "marker": "o", "linestyle": "-"},
    {"color": "#b34a00", "marker": "s", "linestyle": "--"},
    {"color": "#00785a", "marker": "^", "linestyle": "-."},
    {"color": "#a3407a", "marker": "D", "linestyle": ":"},
]
#: The same figures make the same file: no date, no random names, no fonts of this machine.
RC: Any = {
    "svg.hashsalt": "growth",
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.facecolor": "none",
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.minor.bottom": False,
    "ytick.minor.left": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": CARD,
    "savefig.facecolor": CARD,
}


def draw(growths: Sequence[Growth]) -> None:
    """Write the picture to its file."""
    FILE.write_bytes(picture(growths))


def picture(growths: Sequence[Growth]) -> bytes:
    """Return an SVG with a panel for the times of each growth."""
    written = BytesIO()
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.4, 5.6), layout="constrained")
        panels = figure.subplots(2, 2, squeeze=False).flat
        for axes, growth in zip(panels, growths, strict=True):
            _panel(axes, growth)
        figure.supylabel("time, in multiples of the first point", fontsize=9)
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(rb">\s+<", b"><", written.getvalue())


def alt(growths: Sequence[Growth]) -> str:
    """Return a text with the end of each line, for readers who do not see the picture."""
    panels = []
    for growth in growths:
        ends = (f"{name} {relative(line)[-1]:.1f}" for name, line in growth.time.items())
        panels.append(
            f"From {growth.at[0]:,} to {growth.at[-1]:,} {growth.axis}: {'; '.join(ends)}."
        )
    return f"Four plots of time, in multiples of the first point. {' '.join(panels)}"


def _panel(axes: Axes, growth: Growth) -> None:
    lines = {name: relative(line) for name, line in growth.time.items()}
    # An axis that begins at zero cannot be logarithmic: its points are at even steps.
    at = growth.at if growth.at[0] else list(range(len(growth.at)))
    for style, (name, line) in zip(STYLES, lines.items(), strict=False):
        axes.plot(at, line, label=name, **style)
    highest = max(map(max, lines.values()))
    if highest > 10:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_ylim(0.7, highest**1.25)
    else:  # leave room for the legend above flat lines
        axes.set_ylim(0, max(1.6, highest) * (1.15 + 0.12 * len(lines)))
    axes.set_xticks(at, [_short(each) for each in growth.at])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_title(growth.title)
    axes.set_xlabel(growth.axis)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.legend(loc="upper left")


def _short(number: int) -> str:
    """Return 2,058 as 2k: the exact number would not fit below its tick."""
    for unit, letter in ((1_000_000, "M"), (1000, "k")):
        if number >= unit:
            return f"{number / unit:.0f}{letter}"
    return str(number)
