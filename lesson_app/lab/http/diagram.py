"""Draw exchanges as a sequence diagram: Mermaid in a notebook, lines in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from textwrap import wrap
from typing import Any

from ...dissect.words import shortened, visible
from .record import Exchange, Remark

# With lines of this length, the text of three parties fits in 100 columns.
_LONGEST_LINE = 42
_LONGEST_NAME = 18
_NOTE_WIDTH = 24
# A longer value appears as a number and its first characters.
_LONGEST_VALUE = 22
_FIRST = 4
_POST = "\N{BOX DRAWINGS LIGHT VERTICAL}"
# Mermaid reserves room for an escape as if it were several characters, and `%` is frequent in
# paths. Only a double one begins a comment.
_PLAIN = re.compile(r"%(?=%)|(?<=%)%|[^A-Za-z0-9 /:=.,_?&*+()\[\]%-]")
# A screen reader reads the description: more characters are harmless there.
_SPOKEN = re.compile(r"[^A-Za-z0-9 /:=.,_?&*+()\[\]!%-]")
# Without colours of its own, a note is grey on grey in a dark theme. Narrow boxes let three
# parties fit in JupyterLab's column; without useMaxWidth, small diagrams are not blown up.
_STYLE = (
    '%%{init: {"fontSize": 13, '
    '"sequence": {"actorMargin": 15, "width": 100, "useMaxWidth": false}, '
    '"themeVariables": {"noteBkgColor": "#fff5ad", "noteTextColor": "#111111"}}}%%'
)


@dataclass(frozen=True)
class Arrow:
    """A message between two lifelines, given by their positions, and the lines on it.

    A message from a lifeline to itself is a note.
    """

    source: int
    target: int
    lines: tuple[str, ...]
    answer: bool = False

    @property
    def is_note(self) -> bool:
        """Whether this is a note on one lifeline."""
        return self.source == self.target


class Diagram:
    """A sequence diagram. `mermaid` is its source; `alt` has a sentence for each arrow."""

    def __init__(self, names: Iterable[str], arrows: Iterable[Arrow], notes: str = "") -> None:
        self.names, self.arrows, self.notes = tuple(names), tuple(arrows), notes

    @property
    def alt(self) -> str:
        """The description that a screen reader reads out."""
        return " ".join([*map(self._described, self.arrows), *filter(None, [self.notes])])

    def _described(self, arrow: Arrow) -> str:
        source, target = self.names[arrow.source], self.names[arrow.target]
        way = f"Note on {source}" if arrow.is_note else f"{source} to {target}"
        return f"{way}: {(' ' if arrow.is_note else ', ').join(arrow.lines)}."

    @property
    def mermaid(self) -> str:
        """The diagram in Mermaid's language."""
        lines = [_STYLE, "sequenceDiagram", f"accTitle: {self._title()}"]
        lines += [f"accDescr: {_SPOKEN.sub(' ', _dotted(self.alt))}"] if self.alt else []
        lines += [f"participant p{i} as {_escape(n)}" for i, n in enumerate(self.names)]
        for arrow in self.arrows:
            text = "<br/>".join(map(_escape, arrow.lines))
            head = "-->>" if arrow.answer else "->>"
            way = f"p{arrow.source}{head}p{arrow.target}"
            lines.append(f"{f'note over p{arrow.source}' if arrow.is_note else way}: {text}")
        if self.notes and self.arrows:
            # Mermaid does not wrap a note that is wider than the lifelines below it.
            text = "<br/>".join(map(_escape, self.notes.split("; ")))
            lines.append(f"note over p0,p{len(self.names) - 1}: {text}")
        return "\n".join(lines)

    def _title(self) -> str:
        count = sum(arrow.answer for arrow in self.arrows)
        names = f"{', '.join(self.names[:-1])} and {self.names[-1]}"
        return f"{count} exchange{'s' * (count != 1)} of {_PLAIN.sub(' ', names)}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/vnd.mermaid": self.mermaid, "text/plain": repr(self)}

    def __repr__(self) -> str:
        if not self.arrows:
            return "no exchange yet"
        posts = self._posts()
        rows = [_row(posts, zip(self._starts(posts), self.names, strict=True), post=" ")]
        for arrow in self.arrows:
            rows += _drawn(arrow, posts)
        return "\n".join([*rows, *filter(None, [self.notes])])

    def _posts(self) -> list[int]:
        """Return the columns of the lifelines, as near as the lines between them allow."""
        gaps = [4 + max(map(len, pair)) for pair in pairwise(self.names)]
        for arrow in self.arrows:
            place = min(arrow.source, len(gaps) - 1)
            if arrow.target < arrow.source:
                place = arrow.source - 1
            needed = max(map(len, arrow.lines)) + (6 if arrow.is_note else 4)
            gaps[place] = max(gaps[place], needed)
        return list(accumulate(gaps, initial=4))

    def _starts(self, posts: list[int]) -> list[int]:
        return [
            max(0, post - len(name) // 2) for post, name in zip(posts, self.names, strict=True)
        ]


def sequence(records: Mapping[str, Iterable[Exchange | Remark]]) -> Diagram:
    """Draw the exchanges of one or more visitors, by their names, with their servers.

    A number and its first characters stand for a long cookie value. The same number is the
    same value, also when another visitor sends it.
    """
    steps = [(who, each) for who, several in records.items() for each in several]
    steps.sort(key=lambda step: step[1].number)
    hosts = list(dict.fromkeys(each.host for _, each in steps if isinstance(each, Exchange)))
    servers = ["server"] if len(hosts) < 2 else [f"server {i + 1}" for i in range(len(hosts))]
    # With the servers in the middle, no arrow crosses the lifeline of a second visitor.
    first, *others = records
    names = [first, *servers, *others]
    values: dict[str, int] = {}
    arrows = []
    for who, each in steps:
        asks = names.index(who)
        if isinstance(each, Remark):
            arrows.append(Arrow(asks, asks, tuple(_noted(each))))
            continue
        answers = 1 + hosts.index(each.host)
        arrows.append(Arrow(asks, answers, tuple(_asked(each, values))))
        arrows.append(Arrow(answers, asks, tuple(_answered(each, values)), answer=True))
    return Diagram(names, arrows, _legend(values))


def _noted(each: Remark) -> list[str]:
    return wrap(shortened(each.text, 2 * _LONGEST_LINE), _NOTE_WIDTH) or [""]


def _asked(each: Exchange, values: dict[str, int]) -> list[str]:
    target = shortened(f"{each.method} {each.path_url}", _LONGEST_LINE)
    pairs = [_pair(*pair, values) for pair in each.sent]
    joined = f"Cookie: {'; '.join(pairs) or each.cookie or 'none'}"
    if len(joined) > _LONGEST_LINE and pairs:
        lines = [f"Cookie: {pairs[0]}", *(f"and {pair}" for pair in pairs[1:])]
    else:
        lines = [joined]
    return [target, *(shortened(line, _LONGEST_LINE) for line in lines)]


def _answered(each: Exchange, values: dict[str, int]) -> list[str]:
    lines = [each.status]
    if each.location is not None:
        lines.append(f"Location: {each.location}")
    lines += [f"Set-Cookie: {_pair(*pair, values)}" for pair in each.received]
    return [shortened(line, _LONGEST_LINE) for line in lines]


def _pair(name: str, value: str, values: dict[str, int]) -> str:
    shown = shortened(value, _LONGEST_VALUE)
    if len(value) > _LONGEST_VALUE:
        number = values.setdefault(value, len(values) + 1)
        shown = f"[{number}] {visible(value[:_FIRST])}…"
    return f"{shortened(name, _LONGEST_NAME)}={shown}"


def _legend(values: Mapping[str, int]) -> str:
    if len(values) < 2:
        return "[1] is the same value each time" if values else ""
    several = f"[1] {'and' if len(values) == 2 else 'to'} [{len(values)}]"
    return f"{several} are different values; the same number is the same value"


def _escape(text: str) -> str:
    """Replace each character that Mermaid could interpret by its character number."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", _dotted(text))


def _dotted(text: str) -> str:
    return text.replace("…", "...")


def _drawn(arrow: Arrow, posts: list[int]) -> list[str]:
    left, right = sorted((posts[arrow.source], posts[arrow.target]))
    if arrow.is_note:
        # A note on the last lifeline is on its left, where there is room.
        last = len(posts) > 1 and arrow.source == len(posts) - 1
        lines = f"({chr(10).join(arrow.lines)})".split("\n")
        return [
            _row(posts, [(left - 1 - len(line) if last else left + 2, line)]) for line in lines
        ]
    forth = arrow.source < arrow.target
    rows = [
        _row(posts, [(left + 2 if forth else right - 1 - len(line), line)])
        for line in arrow.lines
    ]
    shaft = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * (right - left - 2)
    return [*rows, _row(posts, [(left + 1, f"{shaft}>" if forth else f"<{shaft}")])]


def _row(posts: list[int], texts: Iterable[tuple[int, str]], post: str = _POST) -> str:
    texts = list(texts)
    row = [" "] * max(posts[-1] + 1, *(start + len(text) for start, text in texts))
    for place in posts:
        row[place] = post
    for start, text in texts:
        row[start : start + len(text)] = text
    return "".join(row).rstrip()
