"""The exercises of notebook 01: a header off the wire, a session as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...cookie import from_base64, to_base64
from .judging import Exercise, Wrong, expect, misconceptions, outcome, same, short

# In base64 these end in one, no, no, two, one and no "="; the last has both - and _ in it.
CONTENTS: tuple[dict[str, Any], ...] = (
    {"message": "hi"},
    {"message": "hi!"},
    {"message": "hi", "seen": True, "left": None},
    {"message": "hi!!"},
    {"message": "hi, hi, hi!"},
    {"message": "~~~~~????"},
)


def judge_cookie_pair(cookie_pair: Callable[[str], Any]) -> None:
    """Name and value of Set-Cookie lines (RFC 6265 section 5.2)."""
    cases = {
        "session=abc; Path=/; HttpOnly": ("session", "abc"),
        "id=x; HttpOnly": ("id", "x"),
        "theme=dark": ("theme", "dark"),
        "session=YWI=; Path=/": ("session", "YWI="),
        "theme=; Path=/": ("theme", ""),
    }
    for line, right in cases.items():
        found = outcome(cookie_pair, line)
        pair = tuple(found) if isinstance(found, list) else found
        if same(pair, right):
            continue
        if isinstance(pair, str):
            raise Wrong("one-text")
        if isinstance(pair, tuple) and pair[::-1] == right:
            raise Wrong("swapped")
        if isinstance(pair, tuple) and any(";" in str(part) for part in pair):
            raise Wrong("attributes-kept")
        if "YWI=" in line:
            raise Wrong("every-equals")
        if isinstance(found, ValueError) and "Path=/" in line:
            raise Wrong("attributes-kept")  # cut at each =, and the attributes have one
        if isinstance(found, Exception):
            raise found
        expect(f"cookie_pair({line!r})", pair, right)


def judge_encode(encode: Callable[[dict[str, Any]], Any]) -> None:
    """A dict as base64url of its JSON, without padding."""
    for content in CONTENTS:
        text = encode(dict(content))
        if str(text).startswith("b'"):  # the bytes, or their text as `str` writes it
            raise Wrong("bytes")
        if not isinstance(text, str):
            expect(f"encode({content})", text, encode_ours(content))
        if text == str(content):
            raise Wrong("python-text")
        if text.startswith("{"):
            raise Wrong("not-encoded")
        if text.endswith("="):
            raise Wrong("padding-kept")
        if set("+/") & set(text):
            raise Wrong("standard-alphabet")
        raw = outcome(from_base64, text)
        if raw == str(content).encode():
            raise Wrong("python-text")
        # The reader passes over foreign signs: so see that there are none.
        if outcome(json.loads, raw) != content or to_base64(raw) != text:
            raise Wrong(
                message=f"encode({content}) gave {short(text)}: not its JSON in base64url"
            )


def judge_decode(decode: Callable[[str], Any]) -> None:
    """What `encode` wrote, as a dict again."""
    for content in CONTENTS:
        text = encode_ours(content)
        found = outcome(decode, text)
        if same(found, content):
            continue
        if isinstance(found, bytes | str):
            raise Wrong("still-text")
        if set("-_") & set(text):
            raise Wrong("standard-alphabet")
        if isinstance(found, ValueError) and "padding" in str(found).lower():
            raise Wrong("padding-missing")
        # true and null are no names of Python's, and Python was asked what they are.
        if isinstance(found, NameError) and found.name in ("true", "false", "null"):
            raise Wrong("evaluated")
        if isinstance(found, Exception):
            raise found
        expect(f"decode({text!r})", found, content)
    # Python's text of a dict is not JSON.
    if same(outcome(decode, to_base64(b"{'a': 1}")), {"a": 1}):
        raise Wrong("evaluated")


def cookie_pair_ours(set_cookie: str) -> tuple[str, str]:
    """Return name and value of a Set-Cookie line."""
    name, _, value = set_cookie.partition(";")[0].partition("=")
    return name, value


def encode_ours(content: dict[str, Any]) -> str:
    """Write a dict as base64url of its JSON."""
    return to_base64(json.dumps(content).encode())


def decode_ours(text: str) -> Any:
    """Read what `encode_ours` wrote."""
    return json.loads(from_base64(text))


EXERCISES = (
    Exercise(
        "E1.1",
        "cookie_pair",
        judge_cookie_pair,
        misconceptions(
            attributes_kept="the attributes are still there when you cut at the =; the cookie "
            "ends at the first semicolon",
            every_equals="a value may have an = in it; only the first = ends the name",
            swapped="that is value and name; the name comes first",
            one_text="that is one text; return two, the name and the value",
        ),
        (
            "First cut the line at its first semicolon: the attributes begin there.",
            "`text.partition(x)` cuts at the *first* x, into three: before, x, after.",
            "Partition twice: at the semicolon, and what is before that at the =.",
        ),
        (cookie_pair_ours,),
    ),
    Exercise(
        "E1.2",
        "encode",
        judge_encode,
        misconceptions(
            bytes="that is bytes, b'…'; a header is text: `.decode()` it",
            not_encoded="that is the JSON itself; its quotes and spaces do not belong in a "
            "cookie: base64url comes after it",
            padding_kept="the = at the end is padding, and a cookie can do without: strip it",
            standard_alphabet="that is base64 with + and /; the alphabet for cookies and "
            "addresses has - and _: `urlsafe_b64encode`",
            python_text="that is Python's own text of a dict, as `str` writes it; JSON is what "
            "other languages can read: `json.dumps`",
        ),
        (
            "Three steps: dict to JSON text, text to bytes, bytes to base64url.",
            "`json.dumps(…)`, `.encode()`, `base64.urlsafe_b64encode(…)`.",
            'That gives bytes, with = at the end: `.decode().rstrip("=")`.',
        ),
        (encode_ours,),
    ),
    Exercise(
        "E1.3",
        "decode",
        judge_decode,
        misconceptions(
            padding_missing="base64 counts in fours; put back the = that `encode` has stripped",
            still_text="that is still text; `json.loads` makes a dict of it",
            standard_alphabet="you read + and /; the text has - and _: `urlsafe_b64decode`",
            evaluated="you had Python run the visitor's text as a program; whoever writes the "
            "cookie writes that program. `json.loads` only reads",
        ),
        (
            "The three steps of `encode`, backwards.",
            'How many = are missing? `-len(text) % 4`, so add `"=" * (-len(text) % 4)`.',
            "`base64.urlsafe_b64decode(…)` gives bytes, and `json.loads` reads them.",
        ),
        (decode_ours,),
    ),
)
