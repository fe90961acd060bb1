"""Make learners' text safe to print, to import into a spreadsheet, and to name files with."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

#: What a spreadsheet would run: a cell, or a part of one after a semicolon, which some
#: countries' spreadsheets read as the next cell, that begins as a formula does.
_FORMULA = re.compile(r"""(^|;)(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: The names of Windows's devices, which no file can have.
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\..*)?"
)
_HASHED = re.compile(r"-[0-9a-f]{12}$")


def clean(text: str, most: int = 300) -> str:
    """Return one line of at most `most` characters that cannot steer a terminal."""
    line = " ".join(text[: 4 * most].split())
    line = "".join(letter for letter in line if letter.isprintable())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def cell(value: object) -> str:
    """Return the text of a spreadsheet's cell; an apostrophe disarms a formula."""
    return _FORMULA.sub(r"\1'", clean(str(value), 1000))


def legal(text: str) -> str:
    """Return a text without the characters that XML cannot contain."""
    return _NO_XML.sub("", text)


def count(number: int, noun: str) -> str:
    """Return a number and its noun: ``1 student``, ``2 students``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def file_names(keys: Iterable[str]) -> dict[str, str]:
    """Return a name for each key's file, without a suffix, that every system can store.

    Two keys never get the same name, also where "A" and "a" are the same file.
    """
    names = {key: _file_name(key) for key in keys}
    uses = Counter(name.casefold() for name in names.values())
    unique = {
        name: uses[name.casefold()] == 1 and not _HASHED.search(name.casefold())
        for name in names.values()
    }
    return {
        key: name if unique[name] else f"{name}-{_hash(key)}" for key, name in names.items()
    }


def _file_name(key: str) -> str:
    name = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFKC", key))
    # A file system stores at most 255 bytes, and a character takes up to four.
    name = name.strip("._-")[:55].rstrip("._-") or "student"
    return f"_{name}" if _RESERVED.fullmatch(name.casefold()) else name


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
