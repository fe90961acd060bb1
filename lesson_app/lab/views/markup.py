"""The few shapes of HTML that the notebooks' tables are made of.

Literal styles only: a notebook that JupyterLab does not trust keeps these, and no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

CELL = 'style="text-align: left; vertical-align: top; overflow-wrap: break-word"'
#: Of a name, which is not what the eye should fall upon.
LABEL = f'{CELL[:-1]}; font-weight: normal"'
#: Of the name of what belongs to the line above.
BELOW = f'{LABEL[:-1]}; padding-left: 1.5em"'

#: The background of each of a sealed cookie's fields, light enough for black text.
COLOURS = {
    "iv": "#b9dcf7",
    "ciphertext": "#ffdb99",
    "created_at": "#c3ebc0",
    "duration": "#e0cffa",
    "mac": "#ffc9cf",
}
_BLACK = "#111111"
# Wide enough for a name; what is shorter by scale gets this.
_LEAST_WIDTH = 13


def field_name(name: str) -> str:
    """Return a field's name on its colour; any other name as it is."""
    text = escape(name)
    if name not in COLOURS:
        return text
    return f'<span style="{_colour(name)}; padding: 0 4px">{text}</span>'


def mark(text: str) -> str:
    """Return a word that stands out, in either theme."""
    return f"<mark>{escape(text)}</mark>"


def columns(widths: Iterable[float]) -> str:
    """Return the columns of a table, in percent; without them JupyterLab's are equal."""
    return "".join(f'<col style="width: {width:g}%">' for width in widths)


def table(widths: Iterable[float], rows: Iterable[str], attribute: str = "") -> str:
    """Return a table as wide as its place, of rows that are written already."""
    columned = f"{columns(widths)}{''.join(rows)}"
    return f'<table {attribute}style="width: 100%; table-layout: fixed">{columned}</table>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a table of names, which are text, and what there is to tell, which is HTML."""
    return table(
        (30, 70),
        (
            f'<tr><th scope="row" {LABEL}>{escape(name)}</th><td {CELL}>{told}</td></tr>'
            for name, told in pairs
        ),
    )


def strip(fields: Iterable[tuple[str, str]]) -> str:
    """Draw the five fields side by side, each with its name and the length of its text on it.

    The longer, the wider. It is for the eyes: nobody who listens has use for it.
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
    """Draw which part is left of a whole, from 0 to 1; the browser draws it, in any theme."""
    percent = f"{share:.0%} of its time"
    return (
        f'<meter min="0" max="1" value="{share:.3f}" title="{percent}" style="width: 100%">'
        f"{percent}</meter>"
    )


def _colour(name: str) -> str:
    return f"background-color: {COLOURS[name]}; color: {_BLACK}"
