"""One flipped bit in each field, and the result of each opener."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from lesson_app import derive_keys, seal, unseal
from lesson_app.cookie import FIELDS, from_base64
from lesson_app.lab import tamper
from tests.conftest import SECRET

KEYS = derive_keys(SECRET)
VALUE = seal({"message": "<hi>"}, KEYS, created_at=1692988779453, duration=120000)


def opened(value: str) -> Any:
    return unseal(value, KEYS).content


def fields(value: str) -> list[str]:
    return value.split(".")


def test_each_row_is_tried() -> None:
    """With the MAC, every flip is refused; each function has a column."""
    lengths = {"sealed": opened, "length": lambda value: len(value)}

    rows = tamper(VALUE, lengths).rows

    assert [row[0] for row in rows] == list(FIELDS)
    assert {row[2] for row in rows} == {"refused: BadSignature"}
    assert {row[3] for row in rows} == {f"opens: {len(VALUE)}"}


def test_exactly_one_bit() -> None:
    """Each value after the first, the cookie itself, differs in one bit of one field."""
    seen: list[str] = []

    tamper(VALUE, {"note": seen.append})

    assert seen.pop(0) == VALUE
    changes = [
        [place for place in range(5) if fields(value)[place] != fields(VALUE)[place]]
        for value in seen
    ]
    assert changes == [[0], [1], [2], [3], [4]]
    for place in (0, 1, 4):
        pairs = zip(*(from_base64(fields(v)[place]) for v in (seen[place], VALUE)), strict=True)
        assert sum((a ^ b).bit_count() for a, b in pairs) == 1
    assert [int(fields(seen[i])[i]) ^ int(fields(VALUE)[i]) != 0 for i in (2, 3)] == [True] * 2
    assert fields(seen[3])[3].isdigit()


def test_other_errors() -> None:
    """If an opener fails, the table shows its error, and the others are still tried."""

    def broken(value: str) -> None:
        raise KeyError("iv")

    rows = tamper(VALUE, {"broken": broken, "sealed": opened}).rows

    assert {row[2] for row in rows} == {"fails: KeyError: 'iv'"}
    assert {row[3] for row in rows} == {"refused: BadSignature"}


def opening(before: Any, after: Any) -> tuple[str, str]:
    """Return how a result is shown, as text and as HTML, beside the untouched cookie's."""
    shown = tamper(VALUE, {"it": lambda value: before if value == VALUE else after})
    cell = re.findall("<td[^>]*>(.*?)</td>", shown._repr_html_())[1]
    assert f"  {shown.rows[0][2]}\n" in repr(shown)
    return shown.rows[0][2], unescape(cell)


CHANGED = {
    "a character": ("{a}", "{z}", "'{[z]}'"),
    "two characters": ("abcdef", "abXdeX", "'ab[X]de[X]'"),
    "more": ("ab", "aXXXb", "'a[XXX]b'"),
    "repeated": ("aa", "aaa", "'aa[a]'"),
    "less": ("abcd", "ad", "'[ad]'"),
    "nothing left": ("abc", "", "['']"),
    "bytes": (b"\0session=", b"\0sexsion=", "b'\\x00se[x]sion='"),
    "a content": ({"admin": False}, {"admin": True}, "{'admin': [Tru]e}"),
    "a number": ("a", 5, "[5]"),
    "in a tuple": (
        ("text", 1692988779453),
        ("text", 1692989779453),
        "('text', 169298[9]779453)",
    ),
    "at a long text's start": ("a" + "b" * 200, "z" + "b" * 200, f"'[z]{'b' * 78}…"),
    "in a long text's middle": (
        f"{'a' * 100}b{'a' * 100}",
        f"{'a' * 100}z{'a' * 100}",
        f"…{'a' * 23}[z]{'a' * 55}…",
    ),
    "at a long text's end": ("b" * 200 + "a", "b" * 200 + "z", f"…{'b' * 23}[z]'"),
    "everywhere": ("a" * 200, "z" * 200, f"'[{'z' * 79}]…"),
}


@pytest.mark.parametrize(("before", "after", "shown"), CHANGED.values(), ids=CHANGED)
def test_the_change_is_marked_in_the_result(before: Any, after: Any, shown: str) -> None:
    """A result that differs from the untouched cookie's is marked where it differs."""
    text, html = opening(before, after)

    assert text == f"opens, changed: {shown}"
    assert html == text.replace("[", "<mark>").replace("]", "</mark>")


SAME = {
    "a text": "hi",
    "a long text": "a" * 200,
    "a content": {"a": [1]},
    "an object": object(),
}


@pytest.mark.parametrize("result", SAME.values(), ids=SAME)
def test_the_same_result_has_no_mark(result: Any) -> None:
    """A flip that the opener does not notice is shown without a mark."""
    text, html = opening(result, result)

    assert text.startswith("opens: ")
    assert html == text


def test_no_result_to_compare_with() -> None:
    """If the untouched cookie does not open, there is nothing to compare with."""

    def broken(value: str) -> str:
        if value == VALUE:
            raise LookupError
        return "hi"

    assert tamper(VALUE, {"broken": broken}).rows[0][2] == "opens: 'hi'"


def test_what_a_stranger_reads() -> None:
    """A stranger can read the times, and only the lengths of the other fields."""
    rows = {row[0]: row[1] for row in tamper(VALUE, {"sealed": opened}).rows}

    assert rows["created_at"] == "2023-08-25 18:39:39.453 UTC"
    assert rows["duration"] == "2 minutes"
    assert rows["iv"] == "16 bytes that look random"
    assert rows["mac"] == "32 bytes that look random"


def test_both_views_say_the_same() -> None:
    """The table and the text have the same cells; HTML in a session is escaped."""
    tampered = tamper(VALUE, {"plain": lambda value: "<hi>"})

    table = tampered._repr_html_()

    for row in tampered.rows:
        for text in row:
            assert text in repr(tampered)
            assert (
                text.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in table
            )
    assert "<hi>" not in table
    assert '<th scope="row"' in table


def test_not_a_sealed_cookie() -> None:
    """A text without five fields is refused; the message says what was expected."""
    with pytest.raises(ValueError, match="expected 5 fields separated by dots, got 2"):
        tamper("iv.ciphertext", {})
