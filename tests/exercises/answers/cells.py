"""Write the answers that learners type into an exercise's cell."""

from __future__ import annotations

from textwrap import dedent


def cells(*sources: str) -> list[str]:
    """Return the sources without the indentation that they have in this folder."""
    return [dedent(source).strip() + "\n" for source in sources]


def but(source: str, *changes: tuple[str, str]) -> str:
    """Return a solution in which each `before` is replaced by its `after`."""
    for before, after in changes:
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    return source
