"""The exercises of notebook 01: read a header, encode a session, decode it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...cookie import from_base64, to_base64
from .judging import Exercise, Wrong, expect, misconceptions, outcome, same, short

# Their base64 has 1, 0, 0, 2, 1 and 0 characters of padding; the last contains - and _.
CONTENTS: tuple[dict[str, Any], ...] = (
    {"message": "hi"},
    {"message": "hi!"},
    {"message": "hi", "seen": True, "left": None},
    {"message": "hi!!"},
    {"message": "hi, hi, hi!"},
    {"message": "~~~~~????"},
)


def judge_cookie_pair(cookie_pair: Callable[[str], Any]) -> None:
    """Check that `cookie_pair` returns name and value (RFC 6265 section 5.2)."""
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
            raise Wrong("one-string")
        if isinstance(pair, tuple) and pair[::-1] == right:
            raise Wrong("swapped")
        if isinstance(pair, tuple) and any(";" in str(part) for part in pair):
            raise Wrong("attributes-kept")
        if "YWI=" in line:
            raise Wrong("every-equals")
        if isinstance(found, ValueError) and "Path=/" in line:
            raise Wrong("attributes-kept")  # split at every =, also in the attributes
        if isinstance(found, Exception):
            raise found
        expect(f"cookie_pair({line!r})", pair, right)


def judge_encode(encode: Callable[[dict[str, Any]], Any]) -> None:
    """Check that `encode` returns base64url of the dict's JSON, without padding."""
    for content in CONTENTS:
        text = encode(dict(content))
        if str(text).startswith("b'"):  # bytes, or `str` of bytes
            raise Wrong("bytes")
        if not isinstance(text, str):
            expect(f"encode({content})", text, encode_ours(content))
        if text == str(content):
            raise Wrong("python-repr")
        if text.startswith("{"):
            raise Wrong("not-encoded")
        if text.endswith("="):
            raise Wrong("padding-kept")
        if set("+/") & set(text):
            raise Wrong("standard-alphabet")
        raw = outcome(from_base64, text)
        if raw == str(content).encode():
            raise Wrong("python-repr")
        # `from_base64` skips foreign characters. Encoding again shows whether there were any.
        if outcome(json.loads, raw) != content or to_base64(raw) != text:
            raise Wrong(
                message=f"encode({content}) should return its JSON in base64url, "
                f"but returned {short(text)}"
            )


def judge_decode(decode: Callable[[str], Any]) -> None:
    """Check that `decode` returns the dict that `encode` got."""
    for content in CONTENTS:
        text = encode_ours(content)
        found = outcome(decode, text)
        if same(found, content):
            continue
        if isinstance(found, bytes | str):
            raise Wrong("still-string")
        if set("-_") & set(text):
            raise Wrong("standard-alphabet")
        if isinstance(found, ValueError) and "padding" in str(found).lower():
            raise Wrong("padding-missing")
        # `eval` fails at true and null, which are not names in Python.
        if isinstance(found, NameError) and found.name in ("true", "false", "null"):
            raise Wrong("evaluated")
        if isinstance(found, Exception):
            raise found
        expect(f"decode({text!r})", found, content)
    # `str` of a dict is not JSON.
    if same(outcome(decode, to_base64(b"{'a': 1}")), {"a": 1}):
        raise Wrong("evaluated")


def cookie_pair_ours(set_cookie: str) -> tuple[str, str]:
    """Return the name and the value of a Set-Cookie header."""
    name, _, value = set_cookie.partition(";")[0].partition("=")
    return name, value


def encode_ours(content: dict[str, Any]) -> str:
    """Return base64url of a dict's JSON."""
    return to_base64(json.dumps(content).encode())


def decode_ours(text: str) -> Any:
    """Return the dict that `encode_ours` got."""
    return json.loads(from_base64(text))


EXERCISES = (
    Exercise(
        "E1.1",
        "cookie_pair",
        judge_cookie_pair,
        misconceptions(
            attributes_kept="the attributes are still there; the cookie ends at the first "
            "semicolon, so cut there first, then at the =",
            every_equals="a value may contain =; only the first = ends the name",
            swapped="you returned value and name; return the name first",
            one_string="this is one string; return two, the name and the value",
        ),
        (
            "First cut the header at its first semicolon, where the attributes begin.",
            "`text.partition(x)` cuts at the *first* x and returns three parts: before, x, "
            "after.",
            "Partition twice: first at the semicolon, then the part before it at the =.",
        ),
        (cookie_pair_ours,),
    ),
    Exercise(
        "E1.2",
        "encode",
        judge_encode,
        misconceptions(
            bytes="this is bytes, b'…'; a header is a string, so `.decode()` it",
            not_encoded="this is the JSON itself; a cookie must not contain its quotes and "
            "spaces, so encode it in base64url",
            padding_kept="the = at the end is padding, which a cookie does not need; strip it",
            standard_alphabet="this is base64 with + and /; cookies and URLs use - and _ "
            "instead: `urlsafe_b64encode`",
            python_repr="this is how Python's `str` writes a dict; other languages read JSON, "
            "so use `json.dumps`",
        ),
        (
            "Three steps: dict to JSON string, string to bytes, bytes to base64url.",
            "`json.dumps(…)`, `.encode()`, `base64.urlsafe_b64encode(…)`.",
            'The result is bytes that may end in =. Add `.decode().rstrip("=")`.',
        ),
        (encode_ours,),
    ),
    Exercise(
        "E1.3",
        "decode",
        judge_decode,
        misconceptions(
            padding_missing="the length of base64 must be a multiple of four; add the = that "
            "`encode` stripped",
            still_string="this is not a dict yet; convert it with `json.loads`",
            standard_alphabet="your function expects + and /, but the string contains - and "
            "_: use `urlsafe_b64decode`",
            evaluated="you ran the visitor's string as a Python program; an attacker could "
            "send any program. `json.loads` only reads data",
        ),
        (
            "Undo the three steps of `encode`, in reverse order.",
            'How many = are missing? `-len(text) % 4`, so add `"=" * (-len(text) % 4)`.',
            "`base64.urlsafe_b64decode(…)` returns bytes, and `json.loads` reads them.",
        ),
        (decode_ours,),
    ),
)
