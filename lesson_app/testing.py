"""Test a store of your own: with pytest, and with Hypothesis if it is installed.

Write a fixture `store` that uses `clock`::

    from lesson_app.testing import StoreContract

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, clock):
            return MyStore(now=clock)

To see the values in a failed assert, write ``pytest.register_assert_rewrite(
"lesson_app.testing")`` in your ``conftest.py``. The tests use threads, but no second process.
"""

from __future__ import annotations

import itertools
import math
import threading
from typing import Any

import pytest

from .stores import Store

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:
    HAS_HYPOTHESIS = False
else:
    HAS_HYPOTHESIS = True
    _step = st.tuples(
        st.sampled_from(["put", "put", "put", "delete"]),
        st.sampled_from("ab"),
        st.integers(-1, 1) | st.sampled_from([-(2**53), 2**53]),
        st.none() | st.integers(-2, 5) | st.sampled_from([-(10**10), 10**10]),
        st.sampled_from([0, 0, 1, 3, 10**8]),
    )

_examples = itertools.count()


class ManualClock:
    """A clock that you set; call it for ms since 1970."""

    def __init__(self, now: int = 4_102_488_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class _Model:
    """What a store should return, in the fewest words."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.entries: dict[str, tuple[int, float]] = {}

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        new, before = (value, math.inf if forget_at is None else forget_at), self.get(key)
        self.entries[key] = new if before is None else max(self.entries[key], new)
        return before

    def get(self, key: str) -> int | None:
        value, forget_at = self.entries.get(key, (0, -math.inf))
        return value if forget_at >= self.clock.now else None

    def delete(self, key: str) -> None:
        self.entries.pop(key, None)


class StoreContract:
    """The tests that each `Store` must pass. Inherit from it, and add the fixture `store`."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        """Return the clock that the store must use."""
        return ManualClock()

    def test_larger_value_stays(self, store: Store) -> None:
        """`put` keeps the larger value; an unknown key has no value."""
        store.put("a", 2, None)
        store.put("a", 1, None)
        store.put("b", 1, None)
        store.put("b", 2, None)

        assert [store.get(key) for key in "abc"] == [2, 2, None]

    def test_value_before(self, store: Store, clock: ManualClock) -> None:
        """`put` returns the value before; of calls at the same time, one gets None."""
        assert store.put("a", 2, clock.now + 1000) is None
        assert [store.put("a", value, clock.now + 1000) for value in (1, 3, 3)] == [2, 2, 3]
        clock.now += 1001
        assert store.put("a", 1, None) is None

        befores: list[int | None] = []
        threads = [
            threading.Thread(target=lambda: befores.append(store.put("b", 1, None)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert befores.count(None) == 1

    def test_entry_is_forgotten(self, store: Store, clock: ManualClock) -> None:
        """An entry exists until `forget_at`, and not a millisecond longer."""
        store.put("a", 1, clock.now + 1000)
        store.put("b", 1, None)

        clock.now += 1000
        assert store.get("a") == 1
        clock.now += 1
        assert (store.get("a"), store.get("b")) == (None, 1)

    def test_later_end_stays(self, store: Store, clock: ManualClock) -> None:
        """For equal values the later `forget_at` counts in any order; None is the latest."""
        begin = clock.now
        for key, ends in {"a": (2, 1), "b": (1, 2), "c": (None, 1), "d": (1, None)}.items():
            for end in ends:
                store.put(key, 1, None if end is None else begin + 1000 * end)

        clock.now += 1500
        assert [store.get(key) for key in "abcd"] == [1, 1, 1, 1]
        clock.now += 1000
        assert [store.get(key) for key in "abcd"] == [None, None, 1, 1]

    def test_end_of_the_larger_value_counts(self, store: Store, clock: ManualClock) -> None:
        """A larger value brings its own `forget_at`, even an earlier one."""
        store.put("a", 1, None)
        store.put("a", 2, clock.now + 1000)

        clock.now += 1001

        assert store.get("a") is None

    def test_past_entry_counts_as_absent(self, store: Store, clock: ManualClock) -> None:
        """A past entry, removed or not, does not affect a new one."""
        store.put("a", 9, clock.now + 1000)
        store.put("long past", 9, clock.now + 1000)
        clock.now += 1001
        store.put("a", 3, None)
        assert store.get("a") == 3

        clock.now += 10**10
        store.put("long past", 3, None)
        assert store.get("long past") == 3

    def test_entry_put_too_late(self, store: Store, clock: ManualClock) -> None:
        """An entry that is past when it is put is absent."""
        store.put("a", 1, clock.now - 1)
        store.put("b", 1, clock.now - 10**10)

        assert (store.get("a"), store.get("b")) == (None, None)

    def test_delete(self, store: Store) -> None:
        """A deleted entry is absent: a smaller value can follow. Others stay."""
        store.put("a", 2, None)
        store.put("b", 2, None)

        store.delete("a")
        store.delete("unknown")

        assert (store.get("a"), store.get("b")) == (None, 2)
        store.put("a", 1, None)
        assert store.get("a") == 1

    def test_values(self, store: Store) -> None:
        """Whole numbers up to 2**53 are stored exactly, and compared exactly."""
        for number in (0, -1, 1_700_000_000_000, -(2**53), 2**53):
            store.put(str(number), number, None)
            assert store.get(str(number)) == number
        store.put("close", 2**53 - 1, None)
        store.put("close", 2**53 - 2, None)
        assert store.get("close") == 2**53 - 1

    def test_keys(self, store: Store) -> None:
        """Any text is a key, and no two texts are the same key."""
        keys = ["", " ", "a", "A", "a ", "é", "e\u0301", "\0", "a\0b", "{a}", "a*", "x" * 5000]
        for number, key in enumerate(keys):
            store.put(key, number, None)

        assert [store.get(key) for key in keys] == list(range(len(keys)))

    def test_threads(self, store: Store) -> None:
        """Of values that threads put at the same time, the largest stays."""

        def put_some(first: int) -> None:
            for number in range(first, 64, 8):
                store.put("a", number, None)

        threads = [threading.Thread(target=put_some, args=(first,)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert store.get("a") == 63

    if HAS_HYPOTHESIS:
        # Each example has keys of its own, so one store serves all.
        @settings(
            suppress_health_check=[
                HealthCheck.function_scoped_fixture,
                HealthCheck.differing_executors,
                HealthCheck.too_slow,
            ],
            deadline=None,
        )
        @given(steps=st.lists(_step, max_size=12))
        def test_any_steps(self, steps: Any, store: Store, clock: ManualClock) -> None:
            """After any steps, the store returns what the protocol says."""
            model, example = _Model(clock), next(_examples)
            for act, letter, value, end, pause in steps:
                key = f"{example}:{letter}"
                forget_at = None if end is None else clock.now + end
                if act == "delete":
                    store.delete(key)
                    model.delete(key)
                else:
                    before = model.put(key, value, forget_at)
                    assert store.put(key, value, forget_at) == before
                clock.now += pause
                for name in (f"{example}:a", f"{example}:b"):
                    assert store.get(name) == model.get(name)
