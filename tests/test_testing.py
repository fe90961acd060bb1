"""The contract that tests a store: it finds each mistake."""

from __future__ import annotations

import subprocess
import sys
from inspect import signature
from typing import Any

import pytest

from lesson_app import MemoryStore
from lesson_app.testing import ManualClock, StoreContract


class Overwrites(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        before = self.get(key)
        self.delete(key)
        super().put(key, value, forget_at)
        return before


class IgnoresEqualValues(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        if (before := self.get(key)) != value:
            super().put(key, value, forget_at)
        return before


class RevivesPastValues(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        return super().put(key, max(value, self._entries.get(key, (value, None))[0]), forget_at)


class ForgetsEarly(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        return super().put(key, value, None if forget_at is None else forget_at - 1)


class ForgetsNothing(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        return super().put(key, value, None)


class DeletesNothing(MemoryStore):
    def delete(self, key: str) -> None:
        """Do nothing."""


class StripsKeys(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        return super().put(key.strip(), value, forget_at)

    def get(self, key: str) -> int | None:
        return super().get(key.strip())


class Rounds(MemoryStore):
    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        return super().put(key, int(f"{value:.0e}".partition("e")[0]), forget_at)


def complaints(kind: type[MemoryStore]) -> list[str]:
    """Return the contract's tests that a store fails, without those that need Hypothesis."""
    failed = []
    for name in set(dir(StoreContract)) - {"test_any_steps"}:
        if name.startswith("test_"):
            clock = ManualClock()
            test: Any = getattr(StoreContract(), name)
            given = {"store": kind(clock), "clock": clock}
            try:
                test(**{each: given[each] for each in signature(test).parameters})
            except AssertionError:
                failed.append(name)
    return failed


@pytest.mark.parametrize(
    "kind",
    [
        Overwrites,
        IgnoresEqualValues,
        RevivesPastValues,
        ForgetsEarly,
        ForgetsNothing,
        DeletesNothing,
        StripsKeys,
        Rounds,
    ],
)
def test_mistake_is_found(kind: type[MemoryStore]) -> None:
    """A store with a mistake fails the contract."""
    assert complaints(kind)


def test_right_store_passes() -> None:
    """A store without a mistake passes."""
    assert complaints(MemoryStore) == []


def test_without_hypothesis() -> None:
    """Without Hypothesis, the contract has the other tests."""
    program = """
import sys
sys.modules["hypothesis"] = None
from lesson_app.testing import StoreContract
print(hasattr(StoreContract, "test_values"), hasattr(StoreContract, "test_any_steps"))
"""
    assert subprocess.check_output([sys.executable, "-c", program]) == b"True False\n"
