"""Check the table of Mozilla's behaviours, its tests, and docs/conformance.md."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tools import write_conformance
from tools.write_conformance import VERDICTS, document, marked_tests, read_entries

ENTRIES = read_entries()
IDS = [*(f"T{n:02}" for n in range(1, 61)), *(f"Q{n}" for n in range(1, 46))]


def test_table_is_complete() -> None:
    """The table lists Mozilla's 60 tests (T), then the untested behaviours (Q)."""
    assert [entry.id for entry in ENTRIES] == IDS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_entry(entry: write_conformance.Entry) -> None:
    """Each entry has a sentence and a verdict, and explains each difference."""
    assert entry.verdict in VERDICTS
    assert entry.here or entry.verdict == "kept"
    for text in filter(None, (entry.theirs, entry.here)):
        assert text.endswith(".")
        assert not {"|", "\n"} & set(text), "a cell of the table must be one line"


def test_every_entry_is_proved() -> None:
    """Each entry has a marked test, and each mark has an entry."""
    assert marked_tests().keys() ^ set(IDS) == set()


def test_marks_are_read(request: pytest.FixtureRequest) -> None:
    """`marked_tests` finds every mark that pytest collects."""
    read = {(test, id_) for id_, tests in marked_tests().items() for test in tests}
    collected = {
        (f"{item.path.relative_to(ROOT).as_posix()}::{item.originalname}", id_)
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path.is_relative_to(ROOT / "tests")
        for mark in item.iter_markers("conforms")
        for id_ in mark.args
    }

    assert collected <= read


def test_page_is_up_to_date() -> None:
    """docs/conformance.md is the tool's current output."""
    page = write_conformance.DOCUMENT.read_text(encoding="utf-8")

    assert page == document(), "run: python -m tools.write_conformance"
