"""Change each solution in one place at a time: no changed solution may pass."""

from __future__ import annotations

import pytest

from tests.exercises.answers import EQUIVALENT
from tests.exercises.test_exercises import IDS, changed, each_exercise, fresh, passes

pytestmark = pytest.mark.proof

__all__ = ["fresh"]  # a fixture that every test here uses


@each_exercise
def test_changed_solution(key: str) -> None:
    """A changed solution fails, except for the changes that leave it correct."""
    accepted = {each.description for each in changed(key) if passes(key, each.source)}

    assert len(changed(key)) >= 5
    assert accepted == set(EQUIVALENT.get(key, {}))


def test_share_of_changes() -> None:
    """At least 95 % of all changes to all solutions are refused."""
    every = sum(len(changed(key)) for key in IDS)
    accepted = sum(map(len, EQUIVALENT.values()))

    assert every > 200
    assert accepted / every <= 0.05
