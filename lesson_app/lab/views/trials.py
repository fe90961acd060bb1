"""Show the results of several tries: text in a terminal, a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape

from .markup import CELL, LABEL, field_name, table


class Trials:
    """A table with a row for each try: what was tried, then its results.

    `widths` are the widths of the first columns in percent; the others share the rest.
    """

    def __init__(
        self, headings: list[str], rows: list[list[str]], widths: Iterable[float] = ()
    ) -> None:
        self.headings, self.rows, self.widths = headings, rows, tuple(widths)

    def __repr__(self) -> str:
        return "\n\n".join("\n".join(self._text(row)) for row in self.rows)

    def _text(self, row: list[str]) -> list[str]:
        width = max(map(len, self.headings))
        cells = zip(self.headings[1:], row[1:], strict=True)
        return [
            f"{self.headings[0]} {row[0]}",
            *(f"  {heading:<{width}}  {text}" for heading, text in cells),
        ]

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" {CELL}>{escape(each)}</th>' for each in self.headings)
        return table(self.widths, [f"<tr>{heads}</tr>", *map(_html_row, self.rows)])


def _html_row(row: list[str]) -> str:
    cells = "".join(f"<td {CELL}>{escape(text)}</td>" for text in row[1:])
    return f'<tr><th scope="row" {LABEL}>{field_name(row[0])}</th>{cells}</tr>'


@contextmanager
def caught(*errors: type[Exception]) -> Iterator[None]:
    """Print the name and message of the error that the block raises, and continue.

    If the block raises no error, print "no error". Errors other than `errors` are raised as
    usual.
    """
    try:
        yield
    except errors as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("no error")
