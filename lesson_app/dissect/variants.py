"""List other secrets that a given one may stand for: its parts, and what servers misread."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from .._engine.secret_text import cleaned, file_text, misread

#: A line of a shell script, an .env file or PowerShell.
_NAMED = re.compile(r"(?:(?:export|set)\s+|\$env:)?([A-Za-z_]\w*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(["'])(.*)\1""")
_MOST_PARTS = 100


def variants(given: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return other secrets, each with a label that has no secret in it; likeliest first.

    They are the lines, the values of ``NAME=VALUE`` and the words in each of the labelled
    `given`, and all of these with and without invisible characters and quotes.
    """
    every = (part for label, secret in given.items() for part in _parts(label, secret))
    parts = list(islice(every, _MOST_PARTS))
    seen = {b"", *given.values()}
    found = dict[str, bytes]()
    for label, secret in (*parts, *_misread([*given.items(), *parts])):
        if secret not in seen:
            seen.add(secret)
            found[label] = secret
    return found


def _parts(label: str, secret: bytes) -> Iterator[tuple[str, bytes]]:
    lines = file_text(secret).splitlines()
    several = sum(map(bool, map(str.strip, lines))) > 1
    for number, line in enumerate(map(str.strip, lines), 1):
        where = f"line {number} of {label}" if several else label
        text = line
        if named := _NAMED.fullmatch(line):
            where, text = f"{named[1]} in {where}", named[2]
        if where != label:
            yield where, _bytes(text)
        if quoted := _QUOTED.fullmatch(text):
            where, text = f"{where} without its quotes", quoted[2]
            yield where, _bytes(text)
        words = text.split()
        for i, word in enumerate(words if len(words) > 1 else (), 1):
            yield f"secret no. {i} of {where}", _bytes(word)


def _misread(secrets: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for label, secret in secrets:
        clean = cleaned(secret)
        for change, each in (*clean, *misread(secret)):
            yield f"{label} {change}", each
        for change, each in misread(clean[-1].secret) if clean else ():
            yield f"{label} cleaned, {change}", each


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
