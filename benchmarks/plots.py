"""Draw a growth as a small picture that reads on a light page and on a dark one."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, NullFormatter

from .curves import Growth, relative

DOCS = Path(__file__).parent.parent / "docs"
INK, CARD, FAINT = "#222222", "#fbfbf8", "#8a8a8a"
#: Told apart by colour (Okabe and Ito's), by marker and by dash.
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
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": CARD,
    "savefig.facecolor": CARD,
}


def path(growth: Growth) -> Path:
    """Return where the picture of a growth lies."""
    return DOCS / f"growth-{growth.name}.svg"


def draw(growth: Growth) -> Path:
    """Draw time on the left and memory on the right, and return the file."""
    file = path(growth)
    file.write_bytes(picture(growth, "svg"))
    return file


def picture(growth: Growth, kind: str) -> bytes:
    """Return the picture as a file's bytes, "svg" or "png"."""
    written = BytesIO()
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.4, 2.9), layout="constrained")
        _room(figure)
        left, right = figure.subplots(1, 2, sharex=True)
        for axes, lines, title in (
            (left, growth.time, "time"),
            (right, growth.memory, "memory"),
        ):
            _panel(axes, growth, {n: relative(line) for n, line in lines.items()})
            axes.set_title(title, fontsize=9, loc="left")
        left.set_ylabel("times the first point")
        figure.supxlabel(growth.axis, fontsize=9)
        given = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(written, format=kind, metadata=given, dpi=130)
    return written.getvalue()


def _room(figure: Figure) -> None:
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(h_pad=0.09, w_pad=0.09)


def _panel(axes: Axes, growth: Growth, lines: dict[str, list[float]]) -> None:
    at = _places(growth)
    for style, (name, line) in zip(STYLES, lines.items(), strict=False):
        points = [(x, y) for x, y in zip(at, line, strict=True) if y > 0]
        axes.plot(*zip(*points, strict=True), label=name, **style)
    if _is_wide(growth) and growth.at[0] > 0:
        axes.set_xscale("log", base=2)
    highest = max(map(max, lines.values()))
    if highest > 10 and _is_wide(growth):
        axes.set_yscale("log")
        axes.set_ylim(0.7, highest**1.25)
    else:  # the legend needs room above lines that stay flat
        axes.set_ylim(0, max(1.6, highest) * (1.15 + 0.12 * len(lines)))
    if growth.mark:
        axes.axvline(growth.mark, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
    _ticks(axes, growth, at)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.legend(loc="upper left")


def _is_wide(growth: Growth) -> bool:
    return growth.at[-1] > 100


def _places(growth: Growth) -> list[int]:
    """Return where the points stand: at even steps, if the first is nothing."""
    return list(range(len(growth.at))) if growth.at[0] == 0 else growth.at


def _ticks(axes: Axes, growth: Growth, at: list[int]) -> None:
    axes.set_xticks(at, [_short(each) for each in growth.at])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()


def _short(number: int) -> str:
    """Write 2,058 as 2k: the exact number would not fit under its tick."""
    for unit, sign in ((1_000_000, "M"), (1000, "k")):
        if number >= unit:
            return f"{number / unit:.0f}{sign}"
    return str(number)
