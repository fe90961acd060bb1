"""The rules of JavaScript that reach the wire: JSON.stringify, JSON.parse, parseInt.

A session that Node sealed must read the same here, and back, to the byte. Python's own
``json`` differs in spaces, in escapes, in numbers and in the order of keys.
"""

from __future__ import annotations

import json
import marshal
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

#: The largest whole number that JavaScript holds exactly (Number.MAX_SAFE_INTEGER).
MAX_SAFE_INTEGER = 2**53 - 1
#: Lists and dicts inside each other; far more than a 4,096-byte cookie has use for.
MAX_DEPTH = 100

#: From so many entries on it pays to let C write a list or a dict, and look at the result.
_MANY = 12
#: From so many bytes on, more than a cookie has use for, a circle is looked for beforehand.
_LARGE = 4096
#: Texts up to this length hold too few brackets to be deep, and few numbers.
_SHORT = MAX_DEPTH
# Digits and signs become 0, and a brace a comma.
_TO_MARKS = bytes.maketrans(b"123456789+-{", b"00000000000,")
_LONG = "0" * len(str(MAX_SAFE_INTEGER))

# Patterns as text: `re` keeps them compiled once they are needed, which most never are.
_SURROGATE = "[\ud800-\udfff]"
# A key that JavaScript takes for an array index; such keys come first, in order.
_INDEX = "0|[1-9][0-9]{0,9}"
_MAX_INDEX = 2**32 - 2
# parseInt skips this white space (ECMA-262, WhiteSpace and LineTerminator), takes the
# digits, and ignores what follows them.
_LEADING_INTEGER = (
    "[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*([+-]?[0-9]+)"
)


def stringify(value: object) -> str:
    """Write `value` as ``JSON.stringify`` does.

    Dicts with string keys, lists, tuples, strings, numbers, booleans and None. Raises
    TypeError or ValueError, naming the place and the fix, for what would be lost or
    changed on the way: other types, NaN, integers beyond 2**53 - 1, depth beyond 100.
    """
    try:
        written = _WRITERS[type(value)](value)
        written.encode()  # UTF-8 holds all but half a surrogate pair
    except (KeyError, _NotPlainError, RecursionError, UnicodeEncodeError):
        return _write(value, "session", 0)
    if len(written) > _SHORT and _is_too_deep(written):
        return _write(value, "session", 0)
    return written


class _NotPlainError(Exception):
    """There is something that only `_write` knows how to write, or how to refuse."""


# Write what takes no thought: exactly these types, since a subclass may iterate in a way of
# its own, and no key that may be an index.
_Writers = dict[type, Callable[[Any], str]]


def _write_int(value: int) -> str:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return repr(value)
    raise _NotPlainError


_SCALARS: _Writers = {
    str: encode_basestring,
    int: _write_int,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _: "null",
}


def _around(inside: _Writers, by_hand: _Writers | None) -> _Writers:
    """Return the writers for one level further out than those of `inside`.

    They leave what is long to C. Where that has a doubt, they go on with `by_hand`, which
    never asks C again: it would write the same text once more for each level below.
    """

    def write_dict(value: dict[Any, Any]) -> str:
        inner = inside
        if by_hand and len(value) > _MANY:
            if written := _write_many(value):
                return written
            inner = by_hand
        items = []
        for key, item in value.items():
            if type(key) is not str or "0" <= key < ":":  # from a digit on
                raise _NotPlainError
            items.append(f"{encode_basestring(key)}:{inner[type(item)](item)}")
        return "{" + ",".join(items) + "}"

    def write_list(value: Sequence[Any]) -> str:
        inner = inside
        if by_hand and len(value) > _MANY:
            if written := _write_many(value):
                return written
            inner = by_hand
        return "[" + ",".join([inner[type(item)](item) for item in value]) + "]"

    return {**_SCALARS, list: write_list, tuple: write_list, dict: write_dict}


def _make_writers() -> _Writers:
    """Return the writers of the outermost level, with others for each level below.

    The innermost know no lists and dicts. So nothing is followed deeper than `_write` would
    follow it, and a list that holds itself takes no more memory.
    """
    writers = by_hand = _SCALARS
    for _ in range(MAX_DEPTH):
        writers, by_hand = _around(writers, by_hand), _around(by_hand, None)
    return writers


_WRITERS = _make_writers()


def _write_many(value: Any) -> str | None:
    """Write by C what C surely writes as JavaScript does; None where there is a doubt.

    The C of ``json`` takes subclasses of all types, makes texts of keys that are none and
    writes floats and great integers as Python does. Subclasses `marshal` refuses; the rest
    leaves a mark in the text. A string may hold such a mark too, and then nothing is lost
    but time. What holds itself `marshal` takes, and C would follow it to its limit of depth,
    ten times ours and more: where that takes much memory, C is told to look for circles.
    """
    try:
        is_large = len(marshal.dumps(value)) > _LARGE
        encode = _make_encoder(check_circular=True) if is_large else _encode
        written = "".join(encode(value, 0))
        marks = _marks(written)
    except (TypeError, ValueError):
        return None
    doubtful = (
        _LONG in marks  # an integer that JavaScript would round
        or ("." in marks and "0.0" in marks)  # a float, which may end with .0
        or "0e00" in marks  # a float with an exponent
        or ',"0' in marks  # a key that is an index, or was a number
        or '"true":' in marks  # a key that was none
        or '"false":' in marks
        or '"null":' in marks
    )
    return None if doubtful else written


def _marks(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").translate(_TO_MARKS).decode("latin-1")


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
    if re.search(_SURROGATE, written):
        # Two halves side by side are one character to JavaScript; a half by itself is
        # escaped, since UTF-8 cannot hold it (well-formed JSON.stringify, ES2019).
        joined = written.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return re.sub(_SURROGATE, lambda half: f"\\u{ord(half[0]):04x}", joined)
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
    indices = [k for k in keys if re.fullmatch(_INDEX, k) and int(k) <= _MAX_INDEX]
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
    scan = _scan
    if len(text) > _SHORT:
        if _is_too_deep(text):
            raise ValueError(f"more than {MAX_DEPTH} lists and dicts deep")
        if _LONG not in _marks(text):
            scan = _scan_short
    try:
        value, end = scan(text, 0)
    except StopIteration:  # white space before, or nothing there
        return _DECODER.decode(text)
    # Without white space around it the text is read at once.
    return value if end == len(text) else _DECODER.decode(text)


def _is_too_deep(text: str) -> bool:
    # Fewer brackets than MAX_DEPTH cannot be deeper than that: the usual, quick way out.
    return text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH


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


def _make_encoder(*, check_circular: bool = False) -> Callable[[Any, int], Iterable[str]]:
    """Return what ``json.dumps`` makes for each call anew.

    One that looks for circles is for one call: after an error it remembers too much.
    """
    encoder = json.JSONEncoder(
        ensure_ascii=False,
        check_circular=check_circular,
        allow_nan=False,
        separators=(",", ":"),
    )
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    seen: dict[int, Any] | None = {} if check_circular else None
    try:
        made: Callable[[Any, int], Iterable[str]] = make(
            seen, encoder.default, encode_basestring, None, ":", ",", False, False, False
        )
    except TypeError:  # PyPy has none, and another Python may want other arguments
        return lambda value, _: encoder.iterencode(value)
    return made


_DECODER = json.JSONDecoder(
    parse_int=_read_integer, parse_float=_read_float, parse_constant=_refuse_constant
)
_SHORT_DECODER = json.JSONDecoder(parse_float=_read_float, parse_constant=_refuse_constant)
_encode = _make_encoder()
_Scan = Callable[[str, int], tuple[Any, int]]
_scan: _Scan = _DECODER.scan_once  # type: ignore[attr-defined]
#: The same for a text without long integers: Python's own reading will do, without a call.
_scan_short: _Scan = _SHORT_DECODER.scan_once  # type: ignore[attr-defined]


def parse_int(text: str) -> float:
    """Read a whole number as ``parseInt(text, 10)`` does; NaN when there is none."""
    match = re.match(_LEADING_INTEGER, text)
    return float(match[1]) if match else math.nan
