"""Show one line to the learner: text in a terminal, with a coloured mark in a notebook."""

from __future__ import annotations

import sys
from html import escape

from ..views.markup import status

_MOST_LINES, _MOST_CHARACTERS = 5, 100


class Line:
    """A line that begins with a mark, ✓ ✗ or ○, and what the learner's code printed."""

    def __init__(self, text: str, printed: str = "") -> None:
        self.text, self.printed = text, _shortened(printed)

    def __repr__(self) -> str:
        return "\n".join([self.text, *self.printed])

    def _repr_html_(self) -> str:
        printed = "".join(f"<br>{escape(line)}" for line in self.printed)
        return f"{status(self.text[0], self.text[2:])}{printed}"


def show_line(text: str, printed: str = "") -> None:
    """Show a line. `printed` is the output of the learner's code, which is shown below it."""
    line = Line(text, printed)
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None:
        print(line)
        return
    shell.display.display(line)


def _shortened(printed: str) -> list[str]:
    lines = printed.splitlines()
    shown = [f"  your code printed: {each[:_MOST_CHARACTERS]}" for each in lines[:_MOST_LINES]]
    more = len(lines) - len(shown)
    return [*shown, f"  … and {more} more lines"] if more else shown
