"""The rules of JavaScript that reach the wire: JSON.stringify, JSON.parse, parseInt.

A session that Node sealed must read the same here, and back, to the byte. Python's own
``json`` differs in spaces, in escapes, in numbers and in the order of keys.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

#: The largest whole number that JavaScript holds exactly (Number.MAX_SAFE_INTEGER).
MAX_SAFE_INTEGER = 2**53 - 1
#: Lists and dicts inside each other; far more than a 4,096-byte cookie has use for.
MAX_DEPTH = 100

_SURROGATE = re.compile("[\ud800-\udfff]")
# A key that JavaScript takes for an array index; such keys come first, in order.
_INDEX = re.compile("0|[1-9][0-9]{0,9}")
_MAX_INDEX = 2**32 - 2
# parseInt skips this white space (ECMA-262, WhiteSpace and LineTerminator), takes the
# digits, and ignores what follows them.
_LEADING_INTEGER = re.compile(
    "[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*([+-]?[0-9]+)"
)


def stringify(value: object) -> str:
    """Write `value` as ``JSON.stringify`` does.

    Dicts with string keys, lists, tuples, strings, numbers, booleans and None. Raises
    TypeError or ValueError, naming the place and the fix, for what would be lost or
    changed on the way: other types, NaN, integers beyond 2**53 - 1, depth beyond 100.
    """
    try:
        written = _write_plain(value, 0)
        written.encode()  # UTF-8 holds all but half a surrogate pair
    except (_NotPlainError, UnicodeEncodeError):
        return _write(value, "session", 0)
    return written


class _NotPlainError(Exception):
    """There is something that only `_write` knows how to write, or how to refuse."""


def _write_plain(value: Any, depth: int) -> str:
    """Write what takes no thought: exactly these types, no key that may be an index.

    A subclass may iterate in a way of its own; floats are written otherwise in JavaScript.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict and depth < MAX_DEPTH:
        items = []
        for key, item in value.items():
            if type(key) is not str or "0" <= key < ":":  # from a digit on
                raise _NotPlainError
            # A call the less for each text, of which sessions are full.
            written = (
                encode_basestring(item) if type(item) is str else _write_plain(item, depth + 1)
            )
            items.append(f"{encode_basestring(key)}:{written}")
        return "{" + ",".join(items) + "}"
    if kind is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return repr(value)
    if value is None or kind is bool:
        return "null" if value is None else "true" if value else "false"
    if (kind is list or kind is tuple) and depth < MAX_DEPTH:
        texts = [_write_plain(item, depth + 1) for item in value]
        return "[" + ",".join(texts) + "]"
    raise _NotPlainError


def _write(value: object, path: str, depth: int) -> str:
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return _integer(value, path)
    if isinstance(value, float):
        return _float(value, path)
    if depth >= MAX_DEPTH:
        raise ValueError(
            f"{path} lies more than {MAX_DEPTH} lists and dicts deep (or holds itself): "
            "store it flat"
        )
    if isinstance(value, Mapping):
        items = (
            f"{_string(key)}:{_write(value[key], f'{path}[{key!r}]', depth + 1)}"
            for key in _ordered(value, path)
        )
        return "{" + ",".join(items) + "}"
    if isinstance(value, list | tuple):
        return (
            "["
            + ",".join(_write(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(value))
            + "]"
        )
    raise TypeError(
        f"{path} is a {type(value).__name__}, which JSON cannot hold: "
        "store a string, a number, a boolean, None, a list or a dict"
    )


def _string(text: str) -> str:
    written = encode_basestring(text)
    if _SURROGATE.search(written):
        # Two halves side by side are one character to JavaScript; a half by itself is
        # escaped, since UTF-8 cannot hold it (well-formed JSON.stringify, ES2019).
        joined = written.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", joined)
    return written


def to_well_formed(text: str) -> str:
    """Replace each half of a surrogate pair by U+FFFD, as JavaScript does to send text.

    A session that Node sealed may hold one; UTF-8 cannot.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _integer(value: int, path: str) -> str:
    if abs(value) > MAX_SAFE_INTEGER:
        raise ValueError(
            f"{path} is an integer beyond 2**53 - 1, which JavaScript would round: "
            "store it as a string"
        )
    return int.__repr__(value)


def _float(value: float, path: str) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{path} is {value!r}, which JSON cannot hold: store None")
    return number_text(value)


def _ordered(mapping: Mapping[Any, object], path: str) -> list[str]:
    for key in mapping:
        if not isinstance(key, str):
            raise TypeError(
                f"{path} has the key {key!r}; keys in JSON are strings: "
                f"write {str(key)!r} instead"
            )
    keys = list(mapping)
    indices = [k for k in keys if _INDEX.fullmatch(k) and int(k) <= _MAX_INDEX]
    if not indices:
        return keys
    return sorted(indices, key=int) + [k for k in keys if k not in set(indices)]


def number_text(value: float) -> str:
    """Write a finite float as JavaScript does: ``1``, ``0.000001``, ``1e-7``, ``1e+21``.

    ECMA-262 Number::toString. Both languages write the shortest digits that read back
    as the same double; they differ in when they change to an exponent.
    """
    text = float.__repr__(value)  # a subclass, like NumPy's, may have a repr of its own
    if value.is_integer() and abs(value) < 1e21:
        return str(int(Decimal(text)))
    if 1e-6 <= abs(value) < 1:
        return format(Decimal(text), "f")
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent):+d}" if e else text


def parse(text: str) -> Any:
    """Read `text` as ``JSON.parse`` does; raise ValueError where it would throw.

    Two differences, in favour of never failing later: a number too large for a double
    (JavaScript's Infinity) and depth beyond 100 are refused.
    """
    # Fewer brackets than MAX_DEPTH cannot be deeper than that: the usual, quick way out.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} lists and dicts deep")
    try:
        value, end = _scan(text, 0)
    except StopIteration:  # white space before, or nothing there
        return _DECODER.decode(text)
    # Without white space around it the text is read at once.
    return value if end == len(text) else _DECODER.decode(text)


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*"|[][{}]', text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket, 0)
        deepest = max(deepest, depth)
    return deepest


def _read_integer(digits: str) -> int | float:
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
_scan: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]


def parse_int(text: str) -> float:
    """Read a whole number as ``parseInt(text, 10)`` does; NaN when there is none."""
    match = _LEADING_INTEGER.match(text)
    return float(match[1]) if match else math.nan
