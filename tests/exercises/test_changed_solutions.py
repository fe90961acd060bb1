"""Each exercise's solution, changed in one place after the other: none of these may pass."""

from __future__ import annotations

import pytest

from tests.exercises.answers import EQUIVALENT
from tests.exercises.test_exercises import IDS, changed, each_exercise, fresh, passes

pytestmark = pytest.mark.proof

__all__ = ["fresh"]  # a fixture for each test here, too


@each_exercise
def test_changed_solution(key: str) -> None:
    """A solution that is changed in one place passes no more, but where it is still right."""
    accepted = {each.description for each in changed(key) if passes(key, each.source)}

    assert len(changed(key)) >= 5
    assert accepted == set(EQUIVALENT.get(key, {}))


def test_share_of_changes() -> None:
    """Of all changes to all solutions at least 95 % are refused."""
    every = sum(len(changed(key)) for key in IDS)
    accepted = sum(map(len, EQUIVALENT.values()))

    assert every > 200
    assert accepted / every <= 0.05
