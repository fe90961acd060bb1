"""Build the HTML of the notebooks' tables.

All styles are inline: in an untrusted notebook, JupyterLab removes any others.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ...cookie import FIELDS

CELL = 'style="text-align: left; vertical-align: top; overflow-wrap: break-word"'
#: The style of a row's label: not bold.
LABEL = f'{CELL[:-1]}; font-weight: normal"'
#: The style of the label of a row that belongs to the row above.
BELOW = f'{LABEL[:-1]}; padding-left: 1.5em"'

#: The background of each of a sealed cookie's fields, light enough for black text.
COLOURS = dict(
    zip(FIELDS, ("#b9dcf7", "#ffdb99", "#c3ebc0", "#e0cffa", "#ffc9cf"), strict=True)
)
_BLACK = "#111111"
_WHITE = "#ffffff"
#: The background of each status mark, dark enough for white text, light enough for a dark page.
STATUS_COLOURS = {"✓": "#1a7f37", "✗": "#c62828", "○": "#666666", "!": "#9a6700"}
# In percent, wide enough for a field's name.
_LEAST_WIDTH = 13


def field_name(name: str) -> str:
    """Return the HTML of a name; a field's name gets its colour."""
    text = escape(name)
    if name not in COLOURS:
        return text
    return f'<span style="{_colour(name)}; padding: 0 4px">{text}</span>'


def mark(text: str) -> str:
    """Return the HTML of a highlighted text, readable in light and dark themes."""
    return f"<mark>{escape(text)}</mark>"


def status(symbol: str, text: str) -> str:
    """Return the HTML of a coloured mark and the word beside it; `symbol` is ✓, ✗, ○ or !."""
    style = f"background-color: {STATUS_COLOURS[symbol]}; color: {_WHITE}; padding: 0 4px"
    return f'<span style="{style}"><b>{symbol}</b></span> {escape(text)}'


def columns(widths: Iterable[float]) -> str:
    """Return the column widths of a table, in percent; by default JupyterLab's are equal."""
    return "".join(f'<col style="width: {width:g}%">' for width in widths)


def table(widths: Iterable[float], rows: Iterable[str], attribute: str = "") -> str:
    """Return a full-width table of the given HTML rows."""
    content = f"{columns(widths)}{''.join(rows)}"
    return f'<table {attribute}style="width: 100%; table-layout: fixed">{content}</table>'


def strip(fields: Iterable[tuple[str, str]]) -> str:
    """Return the fields side by side, with their names and lengths; longer fields are wider.

    Screen readers skip it, because the tables below have the same information.
    """
    fields = list(fields)
    total = sum(len(text) for _, text in fields) or 1
    shares = [max(_LEAST_WIDTH, 100 * len(text) / total) for _, text in fields]
    cells = "".join(
        f'<td style="{_colour(name)}; text-align: left; overflow-wrap: break-word">'
        f"{escape(name)} {len(text)}</td>"
        for name, text in fields
    )
    widths = [100 * share / sum(shares) for share in shares]
    return table(widths, [f"<tr>{cells}</tr>"], 'aria-hidden="true" ')


def meter(share: float) -> str:
    """Return a meter for the share of the lifetime that is left, from 0 to 1."""
    percent = f"{share:.0%} of its lifetime"
    return (
        f'<meter min="0" max="1" value="{share:.3f}" title="{percent}" style="width: 100%">'
        f"{percent}</meter>"
    )


def _colour(name: str) -> str:
    return f"background-color: {COLOURS[name]}; color: {_BLACK}"
