"""Build each drawing: a finding, and a table whose changed cells are marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ..views.markup import mark

BLOCK = 16
#: The headings of the bytes of a block, as Python counts them.
PLACES = [str(place) for place in range(BLOCK)]
# The cells stand close together, as in the text; so bytes and bits are in columns.
_CELL = (
    "text-align: left; padding: 2px 0; font-family: monospace; font-weight: normal; "
    "white-space: pre-wrap"
)


class Mark(str):
    """A cell's text that is marked: in brackets, which survive without colour."""

    __slots__ = ()


class Drawing:
    """A finding and a table: text in a terminal, HTML in a notebook.

    The first cell of a row is its label. A row of one cell is the heading of the rows below.
    """

    def __init__(
        self, finding: str, headings: Sequence[str], rows: Iterable[Sequence[str]]
    ) -> None:
        self.finding, self.headings = finding, list(headings)
        self.rows = [list(row) for row in rows]

    def __repr__(self) -> str:
        lines = [self.headings, *self.rows]
        full = [line for line in lines if len(line) > 1]
        widths = [
            max(len(_bracketed(cell)) for cell in column) for column in zip(*full, strict=True)
        ]
        texts = [
            "".join(
                _bracketed(cell).ljust(width) for cell, width in zip(line, widths, strict=True)
            )
            if len(line) > 1
            else line[0]
            for line in lines
        ]
        return "\n".join([self.finding, "", *(text.rstrip() for text in texts)])

    def _repr_html_(self) -> str:
        heads = "".join(
            f'<th scope="col" style="{_CELL}">{_html(each)}</th>' for each in self.headings
        )
        rows = "".join(map(self._html_row, self.rows))
        return f"{paragraph(self.finding)}<table><tr>{heads}</tr>{rows}</table>"

    def _html_row(self, row: list[str]) -> str:
        label, *cells = row
        if not cells:
            span = f'scope="rowgroup" colspan="{len(self.headings)}"'
            return f'<tr><th {span} style="{_CELL}"><b>{escape(label)}</b></th></tr>'
        html = "".join(f'<td style="{_CELL}">{_html(cell)}</td>' for cell in cells)
        return f'<tr><th scope="row" style="{_CELL}">{_html(label)}</th>{html}</tr>'


def paragraph(finding: str) -> str:
    """Return the HTML of a finding; each of its lines starts a new line."""
    return f"<p>{'<br>'.join(map(escape, finding.splitlines()))}</p>"


def character(byte: int) -> str:
    """Return a byte's printable character, or its number in two or three digits."""
    if byte == ord(" "):
        return "\N{OPEN BOX}"
    return chr(byte) if 0x21 <= byte <= 0x7E else f"{byte:02d}"


def split(raw: bytes) -> list[bytes]:
    """Return the blocks of `raw`; the last one may be shorter."""
    return [raw[i : i + BLOCK] for i in range(0, len(raw), BLOCK)]


def counted(number: int, thing: str) -> str:
    """Return a number and a noun, in the plural if needed: ``2 blocks``."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def named(places: Sequence[int]) -> str:
    """Return the names of the bytes at some places of a block: ``bytes 3, 4``."""
    if len(places) > BLOCK // 4:
        return f"{len(places)} bytes"
    return f"byte{'s' * (len(places) != 1)} {', '.join(map(str, places))}" if places else ""


def _bracketed(cell: str) -> str:
    return f"[{cell}]" if isinstance(cell, Mark) else f" {cell} "


def _html(cell: str) -> str:
    text = _bracketed(cell)
    return mark(text) if isinstance(cell, Mark) else escape(text)
