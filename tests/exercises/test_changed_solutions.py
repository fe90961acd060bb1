"""Change each solution in one place at a time: no changed solution may pass."""

from __future__ import annotations

import pytest

from course.mutate import mutants
from course.notebooks import all_notebooks
from tests.exercises.answers import EQUIVALENT
from tests.exercises.test_exercises import (
    answers_file,
    changed,
    each_exercise,
    fresh,
    passes,
)

pytestmark = pytest.mark.proof

__all__ = ["fresh"]  # a fixture that every test here uses


@each_exercise
def test_changed_solution(key: str) -> None:
    """A changed solution fails, except for the changes that leave it correct."""
    accepted = {each.description for each in changed(key) if passes(key, each.source)}
    listed = set(EQUIVALENT.get(key, {}))

    assert changed(key), f"{key}: nothing in the solution can be changed; ask for more"
    assert accepted <= listed, (
        f"{key}: these changes of the solution pass: {sorted(accepted - listed)}; let `judge` "
        f"refuse them. Is one as right as the solution? Add it, with the reason, to EQUIVALENT "
        f"in {answers_file(key)}"
    )
    assert listed <= accepted, (
        f"{key}: these changes do not pass: {sorted(listed - accepted)}; delete them from "
        f"EQUIVALENT in {answers_file(key)}"
    )


def test_share_of_changes() -> None:
    """At least 95 % of all changes to all solutions are refused."""
    solutions = [text for each in all_notebooks() for text in each.solutions.values()]
    every = sum(len(mutants(text)) for text in solutions)
    accepted = sum(map(len, EQUIVALENT.values()))

    assert accepted / every <= 0.05, (
        f"EQUIVALENT lists {accepted} of {every} changes, at most 5 % are allowed; let the "
        "judges refuse more"
    )
