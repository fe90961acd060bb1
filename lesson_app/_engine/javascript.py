"""The rules of JavaScript that reach the wire: JSON.stringify, JSON.parse and parseInt.

It replaces Python's ``json``, which differs in spaces, escapes, numbers and the order of keys.
A session that Node sealed must read the same here, and back, to the byte.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections.abc import Callable, Mapping, Set
from datetime import date, time
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from ..errors import SessionTooLarge

#: The largest whole number that JavaScript holds exactly (Number.MAX_SAFE_INTEGER).
MAX_SAFE_INTEGER = 2**53 - 1
#: How many lists and dicts may be nested; a 4,096-byte cookie needs far fewer.
MAX_DEPTH = 100
#: How many characters of JSON are written. A list can hold another one many times, and so on:
#: a few bytes of YAML would fill the memory.
MAX_LENGTH = 2**20
#: A number of fewer digits is always exact.
_LONG = len(str(MAX_SAFE_INTEGER))
#: How many keys of a place an error message shows.
_MOST_KEYS = 8

# A key that JavaScript takes for an array index; such keys come first, in order.
_INDEX = re.compile("0|[1-9][0-9]{0,9}")
_MAX_INDEX = 2**32 - 2
# parseInt skips this white space (ECMA-262, WhiteSpace and LineTerminator), reads the
# digits, and ignores what follows them.
_LEADING_INTEGER = re.compile(
    "[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*([+-]?[0-9]+)"
)
# A string, or a bracket outside of strings. The string's end is optional, so that a text
# with many unfinished strings is still read once, not once per quotation mark. `++` and `*+`
# never go back: so the search does not remember each character of a long string.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[][{}]', re.DOTALL)
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def stringify(value: object) -> str:
    """Return `value` as ``JSON.stringify`` writes it.

    `value` may hold dict with str keys, list, str, int, float, bool and None, of exactly
    these types: what JSON would read back as another type is refused. Raises TypeError or
    ValueError, naming the place and the fix, for anything that JSON would lose or change:
    other types, NaN, integers beyond 2**53 - 1, depth beyond 100. Raises SessionTooLarge for
    content of more than `MAX_LENGTH` characters of JSON. One change remains, because
    JavaScript has one type of number: ``1.0`` is written, and read back, as ``1``.
    """
    try:
        written = _write(value, 0)
    except _Refused as refused:
        raise refused.kind(f"session{refused.place} {refused.problem}") from None
    try:
        written.encode()
    except UnicodeEncodeError:  # UTF-8 holds everything but half a surrogate pair
        return _escape_halves(written)
    return written


class _Refused(Exception):  # noqa: N818  # `stringify` turns it into an error
    """A value that JSON cannot hold; `keys` lead to it, the innermost first."""

    def __init__(self, kind: type[Exception], problem: str) -> None:
        super().__init__(problem)
        self.kind, self.problem = kind, problem
        self.keys: list[object] = []

    @property
    def place(self) -> str:
        """The keys as Python writes them, long ones cut; of many, the outermost."""
        more = "\N{HORIZONTAL ELLIPSIS}" if len(self.keys) > _MOST_KEYS else ""
        return (
            "".join(f"[{reprlib.repr(key)}]" for key in self.keys[: -_MOST_KEYS - 1 : -1])
            + more
        )


def _write(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        return _write_dict(value, depth)
    if kind is list:
        return _write_list(value, depth)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if kind is int:
        return _write_integer(value)
    if kind is float:
        return _write_float(value)
    raise _Refused(
        TypeError,
        f"is of type {type_name(value)}, which JSON does not keep: store {_fix(value)}",
    )


#: What to store instead of a value, by its class; the first that fits.
_FIXES = (
    (Enum, "value.value"),
    (str, "str(value)"),
    (int, "int(value)"),
    (float, "float(value)"),
    (date | time, "value.isoformat()"),
    (Mapping, "dict(value)"),
    (list | tuple | Set, "list(value)"),
    (bytes | bytearray, "base64.b64encode(value).decode()"),
    (UUID | Decimal, "str(value)"),
)


def type_name(value: object) -> str:
    """Return the type of `value` as errors show it: with its module, if it has one."""
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return module + kind.__qualname__


def _fix(value: object) -> str:
    return next(
        (fix for kind, fix in _FIXES if isinstance(value, kind)),
        "a string, a number, a boolean, None, a list or a dict",
    )


def _write_list(value: list[Any], depth: int) -> str:
    if depth == MAX_DEPTH:
        raise _too_deep()
    parts: list[str] = []
    room = MAX_LENGTH
    try:
        for item in value:
            part = _write(item, depth + 1)
            room -= len(part)
            if room < 0:
                break
            parts.append(part)
    except _Refused as refused:
        refused.keys.append(len(parts))
        raise
    if room < 0:
        raise _too_long(part, len(parts))
    return "[" + ",".join(parts) + "]"


def _write_dict(value: dict[Any, Any], depth: int) -> str:
    if depth == MAX_DEPTH:
        raise _too_deep()
    parts: list[str] = []
    indices: list[tuple[int, str]] = []
    room = MAX_LENGTH
    for key, item in value.items():
        if type(key) is not str:
            raise _Refused(
                TypeError,
                f"has the key {reprlib.repr(key)} of type {type_name(key)}; JSON keys "
                f"are str: write {reprlib.repr(str(key))}",
            )
        try:
            part = f"{encode_basestring(key)}:{_write(item, depth + 1)}"
        except _Refused as refused:
            refused.keys.append(key)
            raise
        room -= len(part)
        if room < 0:
            raise _too_long(part, key)
        if "0" <= key < ":" and _INDEX.fullmatch(key) and int(key) <= _MAX_INDEX:
            indices.append((int(key), part))
        else:
            parts.append(part)
    if indices:
        parts[:0] = [part for _, part in sorted(indices)]
    return "{" + ",".join(parts) + "}"


def _too_deep() -> _Refused:
    return _Refused(
        ValueError,
        f"is nested more than {MAX_DEPTH} lists and dicts deep (or contains itself): "
        "store it flat",
    )


def _too_long(part: str, key: object) -> _Refused:
    """Refuse a list or dict; or only its item `key`, if that `part` alone is too long."""
    refused = _Refused(
        SessionTooLarge,
        f"has more than {MAX_LENGTH:,} characters of JSON, but a cookie holds about 3,000: "
        "store it on the server, and its id in the session",
    )
    if len(part) > MAX_LENGTH:
        refused.keys.append(key)
    return refused


def _write_integer(value: int) -> str:
    if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise _Refused(
            ValueError,
            "is an integer beyond 2**53 - 1, which JavaScript would round: store a string",
        )
    return repr(value)


def _write_float(value: float) -> str:
    if not math.isfinite(value):
        raise _Refused(ValueError, f"is {value!r}, which JSON cannot hold: store None")
    return number_text(value)


def _escape_halves(written: str) -> str:
    # Two halves side by side are one character to JavaScript; a half on its own is escaped
    # (well-formed JSON.stringify, ES2019). Both occur inside of strings only.
    joined = written.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return joined.encode(errors="backslashreplace").decode()


def to_well_formed(text: str) -> str:
    """Replace each half of a surrogate pair by U+FFFD, as JavaScript does to send text.

    A session that Node sealed may hold one; UTF-8 cannot.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number_text(value: float) -> str:
    """Return a finite float as JavaScript writes it: ``1``, ``0.000001``, ``1e-7``, ``1e+21``.

    ECMA-262 Number::toString. Both languages write the shortest digits that read back
    as the same double; they differ in when they change to an exponent.
    """
    text = repr(value)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(Decimal(text)))
    if 1e-6 <= abs(value) < 1:
        return format(Decimal(text), "f")
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent):+d}" if e else text


def parse(text: str) -> Any:
    """Read `text` as ``JSON.parse`` does, or raise ValueError where that would throw.

    Two differences, so that nothing fails later: a number too large for a double
    (JavaScript's Infinity) and depth beyond 100 are refused.
    """
    # A short text, or one with few brackets, cannot be nested deeper.
    if len(text) > MAX_DEPTH < text.count("[") + text.count("{") and _is_too_deep(text):
        raise ValueError(f"nested more than {MAX_DEPTH} lists and dicts deep")
    try:
        value, end = _scan(text, 0)
    except StopIteration:  # nothing there, or white space before it
        return _DECODER.decode(text)
    return value if end == len(text) else _DECODER.decode(text)


def _is_too_deep(text: str) -> bool:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += _BRACKETS.get(match[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _read_integer(digits: str) -> int | float:
    if len(digits) < _LONG:
        return int(digits)
    # Beyond 2**53 JavaScript reads the nearest double; so do we, to write it back alike.
    if len(digits) <= 17 and abs(int(digits)) <= MAX_SAFE_INTEGER:
        return int(digits)
    return _read_float(digits)


def _read_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number too large for a double")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    parse_int=_read_integer, parse_float=_read_float, parse_constant=_refuse_constant
)
#: The decoder without its two searches for white space, which is rarely there.
_scan: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]


def parse_int(text: str) -> float:
    """Read a whole number as ``parseInt(text, 10)`` does; return NaN if there is none."""
    match = _LEADING_INTEGER.match(text)
    return float(match[1]) if match else math.nan
