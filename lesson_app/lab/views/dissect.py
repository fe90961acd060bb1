"""Take a cookie value apart in a notebook."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from ...cookie import FIELDS, Keys, derive_keys
from ...dissect import Dissection, Section
from ...dissect import dissect as take_apart
from ...dissect.pasted import find_pasted
from .markup import CELL, LABEL, field_name, meter, strip, table

Secret = str | bytes | Keys


class Dissected:
    """A dissected cookie: text in a terminal, tables in a notebook; `facts` is the data."""

    def __init__(self, facts: Dissection) -> None:
        self.facts = facts

    def __repr__(self) -> str:
        return repr(self.facts)

    def _repr_html_(self) -> str:
        facts = self.facts
        parts = list(map(_html, facts.sections))
        if facts.life and facts.life.alive:
            parts.insert(0, meter(facts.life.share_left))
        if len(facts.fields) == len(FIELDS):
            parts.insert(0, strip((field.name, field.text) for field in facts.fields))
        if facts.inside:
            title, text = facts.inside
            parts.append(f"<p><b>{title}</b></p><pre>{escape(text)}</pre>")
        return "\n".join(parts)


def dissect(
    value: str,
    secret: Secret | list[Secret] | tuple[Secret, ...] | None = None,
    *,
    name: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Dissected:
    """Show what anyone can read in a cookie, and which check it fails.

    `value` is a cookie's value, ``name=value``, or a ``Cookie`` or ``Set-Cookie`` line.
    `secret` is a secret, `Keys`, or a list of these to try in order. `clock` returns the
    current time in seconds. Make the call a cell's last line, or print its result.
    """
    if not isinstance(value, str):
        raise TypeError(f"value must be the cookie's text, got {type(value).__name__}")
    found = find_pasted(value, name)
    return Dissected(
        take_apart(
            found.value,
            _labelled(secret),
            name=found.name,
            now=round(clock() * 1000),
            source=found.source,
        )
    )


#: Column widths in percent, by the number of columns.
_WIDTHS = {2: (14, 86), 3: (18, 14, 68), 4: (14, 12, 46, 28)}


def _labelled(secret: Secret | list[Secret] | tuple[Secret, ...] | None) -> dict[str, Keys]:
    if secret is None:
        return {}
    if not isinstance(secret, list | tuple):
        return {"the secret": _keys(secret)}
    return {f"secret {i} of {len(secret)}": _keys(one) for i, one in enumerate(secret, 1)}


def _keys(secret: Any) -> Keys:
    return secret if isinstance(secret, Keys) else derive_keys(secret)


def _html(section: Section) -> str:
    span = max(len(row) for row in section.rows)
    heading = (
        f'<tr><th scope="colgroup" colspan="{span}" {CELL}>{escape(section.title)}</th></tr>'
    )
    return table(_WIDTHS.get(span, ()), [heading, *map(_html_row, section.rows)])


def _html_row(row: Sequence[str]) -> str:
    name, *texts = row
    cells = "".join(f"<td {CELL}>{escape(text)}</td>" for text in texts)
    return f'<tr><th scope="row" {LABEL}>{field_name(name)}</th>{cells}</tr>'
