"""JSON and numbers as Node writes them: examples from Node, and round trips."""

from __future__ import annotations

import enum
import json
import math
import re
import tracemalloc
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import numpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from lesson_app._engine import javascript
from lesson_app._engine.javascript import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    number_text,
    parse,
    parse_int,
    stringify,
    to_well_formed,
)
from tests.plugin import random_cases


class Color(enum.StrEnum):
    RED = "red"


class Size(enum.IntEnum):
    BIG = 3


class Float(float):
    """A float with its own repr, like NumPy's."""

    def __repr__(self) -> str:
        return f"Float({float(self)})"


class Point(NamedTuple):
    x: int
    y: int


class LazyString:
    """A text that is translated when it is shown, as Flask-Babel's."""

    def __init__(self, translate: Callable[[], str]) -> None:
        self.translate = translate

    def __str__(self) -> str:
        return self.translate()


def nest(depth: int) -> list[Any]:
    """Return `depth` nested lists."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


WRITTEN = {
    "hello": ({"message": "Hello World!"}, '{"message":"Hello World!"}'),
    "no spaces": ({"a": 1, "b": [1, 2]}, '{"a":1,"b":[1,2]}'),
    "constants": ([None, True, False], "[null,true,false]"),
    "empty": ([{}, [], ""], '[{},[],""]'),
    "non-ascii": ("é漢\U0001f600", '"é漢\U0001f600"'),
    "escapes": ('"\\\b\t\n\f\r\x00\x0b\x1f', '"\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u000b\\u001f"'),
    "raw": ("\x7f\x9f\u2028\u2029/", '"\x7f\x9f\u2028\u2029/"'),
    "half a pair": ("a\ud800b\udfff", '"a\\ud800b\\udfff"'),
    "halves swapped": ("\ude00\ud83d", '"\\ude00\\ud83d"'),
    "two halves": ("\ud83d\ude00", '"\U0001f600"'),
    "half and whole": ("\U0001f600\ud83d", '"\U0001f600\\ud83d"'),
    "half a pair as key": ({"\ud800": 1}, '{"\\ud800":1}'),
    "greatest integers": (
        [MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER],
        "[9007199254740991,-9007199254740991]",
    ),
    "array indices first": (
        {"b": 1, "10": 2, "2": 3, "a": 4, "0": 5},
        '{"0":5,"2":3,"10":2,"b":1,"a":4}',
    ),
    "greatest index": (
        {"a": 1, "4294967295": 2, "4294967294": 3},
        '{"4294967294":3,"a":1,"4294967295":2}',
    ),
    "not indices": (
        {"01": 1, "-1": 2, "1.0": 3, "": 4, "٣": 5, "1": 6},
        '{"1":6,"01":1,"-1":2,"1.0":3,"":4,"٣":5}',
    ),
    "indices inside": ([{"b": 1, "1": 2}], '[{"1":2,"b":1}]'),
}


@pytest.mark.parametrize(("value", "text"), WRITTEN.values(), ids=WRITTEN)
def test_written(value: object, text: str) -> None:
    """`stringify` writes a value exactly as JSON.stringify does."""
    assert stringify(value) == text


@pytest.mark.parametrize(
    ("text", "formed"),
    [
        ("Zoë \U0001f600", "Zoë \U0001f600"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
    ids=ascii,
)
def test_to_well_formed(text: str, formed: str) -> None:
    """A lone surrogate becomes U+FFFD; a surrogate pair becomes its character."""
    assert to_well_formed(text) == formed


REFUSED = {
    "object": ({"a": object()}, TypeError, "['a'] is of type object", "a string"),
    "set": ({"a": {1}}, TypeError, "session['a'] is of type set", "list(value)"),
    "bytes": (b"x", TypeError, "session is of type bytes", "base64.b64encode(value)"),
    "inside": (
        {"u": [0, {"x y": 1j}]},
        TypeError,
        "session['u'][1]['x y'] is of type complex",
        "",
    ),
    "tuple": ({"a": (1, 2)}, TypeError, "['a'] is of type tuple", "list(value)"),
    "named tuple": (
        [Point(1, 2)],
        TypeError,
        f"[0] is of type {__name__}.Point",
        "list(value)",
    ),
    "markup": (Markup("<b>"), TypeError, "is of type markupsafe.Markup", "str(value)"),
    "lazy": (LazyString(lambda: "a"), TypeError, f"is of type {__name__}.LazyString", "string"),
    "text enum": (Color.RED, TypeError, f"is of type {__name__}.Color", "value.value"),
    "number enum": (Size.BIG, TypeError, f"is of type {__name__}.Size", "value.value"),
    "own float": (Float(0.5), TypeError, f"is of type {__name__}.Float", "float(value)"),
    "numpy's float": (numpy.float64(1), TypeError, "is of type numpy.float64", "float(value)"),
    "numpy's integer": (numpy.int64(1), TypeError, "is of type numpy.int64", "store"),
    "numpy's boolean": (numpy.True_, TypeError, "is of type numpy.bool", "store"),
    "mapping": (MappingProxyType({}), TypeError, "mappingproxy", "dict(value)"),
    "own dict": (OrderedDict(a=1), TypeError, "collections.OrderedDict", "dict(value)"),
    "form": (MultiDict({"a": 1}), TypeError, "werkzeug.datastructures", "dict(value)"),
    "date": (date(2100, 1, 1), TypeError, "datetime.date", "value.isoformat()"),
    "uuid": (UUID(int=1), TypeError, "uuid.UUID", "str(value)"),
    "decimal": (Decimal(1), TypeError, "decimal.Decimal", "str(value)"),
    "text enum as key": ({Color.RED: 1}, TypeError, f"of type {__name__}.Color", "write"),
    "long key": ({"k" * 99: {1}}, TypeError, "session['kkkkkkkkkkkk...kkkkkkkkkkkkk']", "list"),
    "integer key": ({"u": {1: 2}}, TypeError, "session['u'] has the key 1", "write '1'"),
    "boolean key": ({True: 2}, TypeError, "session has the key True", "write 'True'"),
    "big": ({"n": 2**53}, ValueError, "session['n'] is an integer beyond", "store a string"),
    "big below zero": ([-(2**53)], ValueError, "session[0] is an integer beyond", "string"),
    "nan": ([math.nan], ValueError, "session[0] is nan", "store None"),
    "infinity": ({"a": -math.inf}, ValueError, "session['a'] is -inf", "store None"),
    "8 deep": ([[[[[[[[{1}]]]]]]]], TypeError, f"session{'[0]' * 8} is of", "list(value)"),
    "9 deep": ([[[[[[[[[{1}]]]]]]]]], TypeError, f"session{'[0]' * 8}… is of", "list(value)"),
    "too deep": (
        nest(MAX_DEPTH + 1),
        ValueError,
        f"session{'[0]' * 8}… is nested more than 100",
        "store it flat",
    ),
}


@pytest.mark.parametrize(("value", "kind", "place", "fix"), REFUSED.values(), ids=REFUSED)
def test_refused(value: object, kind: type[Exception], place: str, fix: str) -> None:
    """A value that JSON would lose or change raises an error with its place and the fix."""
    with pytest.raises(kind) as refusal:
        stringify(value)

    assert place in str(refusal.value)
    assert fix in str(refusal.value)


def test_holds_itself() -> None:
    """A list that contains itself raises an error."""
    value: list[Any] = []
    value.append({"again": value})

    with pytest.raises(ValueError, match="or contains itself"):
        stringify(value)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"":', "}")], ids=["[]", "{}"])
def test_as_deep_as_allowed(opening: str, closing: str) -> None:
    """A hundred nested lists or dicts can be read and written, and not one more."""
    text = opening * 99 + "[]" + closing * 99

    assert stringify(parse(text)) == text
    with pytest.raises(ValueError, match="nested more than 100 lists and dicts deep"):
        parse(opening + text + closing)


NUMBERS = {
    1.0: "1",
    -1.0: "-1",
    -0.0: "0",
    0.5: "0.5",
    -123.456: "-123.456",
    1e15: "1000000000000000",
    1e16: "10000000000000000",
    1e20: "100000000000000000000",
    2.0**60: "1152921504606847000",
    1e21: "1e+21",
    -1.5e21: "-1.5e+21",
    1e100: "1e+100",
    123456789012345.5: "123456789012345.5",
    0.1: "0.1",
    1e-5: "0.00001",
    -1.5e-5: "-0.000015",
    1e-6: "0.000001",
    9.99e-7: "9.99e-7",
    1e-7: "1e-7",
    -1.5e-7: "-1.5e-7",
    1e-10: "1e-10",
    5e-324: "5e-324",
    1.7976931348623157e308: "1.7976931348623157e+308",
}


@pytest.mark.parametrize(("value", "text"), NUMBERS.items(), ids=map(repr, NUMBERS))
def test_number(value: float, text: str) -> None:
    """A float is written as by ECMA-262's Number::toString, and reads back the same."""
    assert number_text(value) == text
    assert float(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=random_cases(200))
def test_any_number(value: float) -> None:
    """Any finite float reads back the same, and is written without ".0" or "e0"."""
    text = number_text(value)

    assert float(text) == value
    assert ".0" not in text[-2:]
    assert "e0" not in text.replace("+", "").replace("-", "")


READ = {
    "white space": (' \t\r\n{"a" : 1}\n', {"a": 1}),
    "duplicate key": ('{"a":1,"a":2}', {"a": 2}),
    "escapes": (r'"\u00e9\ud83d\ude00\ud800"', "é\U0001f600\ud800"),
    "deep in a string": ('"' + "[{" * 200 + '\\""', "[{" * 200 + '"'),
    "wide": ("[" + "[]," * 200 + "[]]", [[]] * 201),
    "wide with dicts": ("[" + "{}," * 200 + "{}]", [{}] * 201),
    "wide with strings": ("[" + '"","["' + ',[],""' * 200 + "]", ["", "["] + [[], ""] * 200),
    "wide and deep": ("[[]," + "[" * 99 + "]" * 100, [[], nest(99)]),
}


@pytest.mark.parametrize(("text", "value"), READ.values(), ids=READ)
def test_read(text: str, value: object) -> None:
    """`parse` accepts the same JSON as JSON.parse."""
    assert parse(text) == value


READ_NUMBERS = {
    "1": 1,
    "-1": -1,
    "1.0": 1.0,
    "9007199254740991": MAX_SAFE_INTEGER,
    "9007199254740992": 2.0**53,
    "9007199254740993": 2.0**53,
    "-9007199254740993": -(2.0**53),
    "9" * 300: 1e300,
}


@pytest.mark.parametrize(("text", "value"), READ_NUMBERS.items(), ids=lambda v: str(v)[:18])
def test_read_number(text: str, value: float) -> None:
    """An integer up to 2**53 - 1 is read as int, a larger one as the nearest float."""
    read = parse(text)

    assert (read, type(read)) == (value, type(value))
    assert parse(stringify(read)) == read


NOT_JSON = {
    "nothing": "",
    "NaN": "NaN",
    "Infinity": "[Infinity]",
    "-Infinity": '{"a":-Infinity}',
    "too large": "1e999",
    "too large below zero": "-1e999",
    "too many digits": "9" * 5000,
    "too deep": "[" * 101 + "]" * 101,
    "too deep in dicts": '{"":' * 101 + "1" + "}" * 101,
    "too deep after a string": '["[\\"",' + "[" * 100 + "]" * 101,
    "too deep after many": "[" + "[]," * 60 + "[" * 100 + "]" * 101,
    "too deep after many dicts": "[" + "{}," * 60 + "[" * 100 + "]" * 101,
    "deep and broken": "[" * 100_000,
    "leading zero": "01",
    "trailing comma": "[1,]",
    "two values": "1 2",
    "single quotes": "{'a':1}",
    "raw tab": '"\t"',
    "byte order mark": "\ufeff{}",
    "no-break space": "\xa01",
    "unfinished": '{"a":',
}


@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON)
def test_not_json(text: str) -> None:
    """Text that JSON.parse refuses, or that can't be sealed again, raises a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        parse(text)


def json_values(text: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
        | st.floats(allow_nan=False, allow_infinity=False)
        | text,
        lambda inner: st.lists(inner) | st.dictionaries(text, inner),
        max_leaves=12,
    )


@given(json_values(st.text()))
def test_round_trip(value: object) -> None:
    """Any JSON value is equal after writing and reading."""
    assert parse(stringify(value)) == value


@given(json_values(st.text(st.sampled_from('a"\\/\x00\ud800\udbff\udc00\udfff'))))
def test_round_trip_of_halves(value: object) -> None:
    """With lone surrogates too, the JSON can be encoded as UTF-8 and reads back the same."""
    text = stringify(value)

    assert text.encode().decode() == text
    assert stringify(parse(text)) == text


PARSE_INT = {
    "120000": 120000,
    "+5": 5,
    "-5": -5,
    "007": 7,
    " \t\n\v\f\r\xa0\ufeff\u2003\u30005": 5,
    "12abc": 12,
    "1e5": 1,
    "1_000": 1,
    "0x10": 0,
    "1.9": 1,
    "9007199254740993": 2.0**53,
    "9" * 400: math.inf,
    "": math.nan,
    "abc": math.nan,
    "- 5": math.nan,
    "--5": math.nan,
    "Infinity": math.nan,
    "٣": math.nan,
    "\x1c5": math.nan,
    "x5": math.nan,
}


@pytest.mark.parametrize(("text", "number"), PARSE_INT.items(), ids=lambda v: ascii(v)[:18])
def test_parse_int(text: str, number: float) -> None:
    """`parse_int` reads integers as parseInt(text, 10) does, not as int() does."""
    assert parse_int(text) == pytest.approx(number, rel=0, abs=0, nan_ok=True)


SCALARS = st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats() | st.text()
ODD_KEYS = st.text(max_size=4) | st.sampled_from(
    ["0", "7", "10", "__proto__", "\ud800", "-1", ":"]
)
ANYTHING = st.recursive(
    SCALARS | st.sampled_from(["\ud83d", "\ude00", b"", {1: 2}, {None: 1}]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(ODD_KEYS, inner, max_size=4)
        | st.dictionaries(ODD_KEYS, inner, max_size=3).map(OrderedDict)
    ),
)


def nested(depth: int) -> object:
    value: object = "deep"
    for _ in range(depth):
        value = [value] if depth % 2 else {"a": value}
    return value


class Countdown(list[Any]):
    """A list that iterates over other items than it stores."""

    def __iter__(self) -> Iterator[Any]:
        return iter(["a", "b"])


class Odd(dict[str, Any]):
    """A dict that iterates over other keys and returns other values than it stores."""

    def __iter__(self) -> Iterator[str]:
        return iter(["b"])

    def __getitem__(self, key: str) -> Any:
        return f"the {key}"


class Bool(int):
    """An integer with its own repr."""

    def __repr__(self) -> str:
        return "yes"


def circle(*further: Any) -> list[Any]:
    value: list[Any] = [*further]
    value += [value, value]
    return value


ADVERSARIES: list[object] = [
    *(Color.RED, Size.BIG, Float(0.5), Bool(3), Countdown([1]), Odd(a=1), Odd()),
    *(OrderedDict(a=1), {Color.RED: 1}, {Size.BIG: 1}, circle(), circle({"a": 1})),
    *({1: 2}, {-1: 2}, {None: 1}, {True: 1}, {False: 1}, {1.5: 1}, {math.nan: 1}, {1e22: 1}),
    *({"true": 1}, {"null": True}, {"false": None}, {"x": "true"}, {(1, 2): 3}),
    *({"0": 1, "a": 2}, {"a": 1, "0": 2}, {"b": 1, "01": 2}, {"a": 1, "4294967294": 2}),
    *(
        {"a": 1, "4294967295": 2},
        {"a": 1, "4294967296": 2},
        {"-1": 1, "1": 2},
        {"b": 1, "5x": 2},
    ),
    *("\ud83d", "\ude00\ud83d", "\ud83d\ude00", {"\ud83d": "\ude00"}, {"\ud83d\ude00": 1}),
    *("\u2028\u2029", "\x00\x1f\x7f\x80", '"\\/', '{"0":1}', ',"0', '"null":', "0" * 20),
    *(
        0.0,
        -0.0,
        1.0,
        -1.0,
        100.0,
        0.5,
        -0.5,
        10.05,
        1e15,
        1e16,
        1e17,
        1e20,
        1e21,
        1e22,
        1.5e300,
    ),
    *(1e-4, 1e-5, 1e-6, 1e-7, 1.5e-7, 5e-324, math.nan, math.inf, -math.inf, 2.0**53, 2.0**60),
    *(2**53 - 1, 2**53, 2**53 + 1, 1 - 2**53, -(2**53), 10**15, 10**16, -(10**15), 10**400),
    *(b"x", bytearray(b"x"), {1}, frozenset(), 1j, ..., object(), len, StopIteration, range(3)),
    *(nested(98), nested(99), nested(100), nested(101), nested(2000)),
    *(["2024-01-01"] * 20, ["0"] * 20, [[]] * 150, [{}] * 150, "[" * 150, {"[{": "[{" * 150}),
    *([["1.5"] * 20] * 20, [{"a": ["1.5"] * 20}] * 20, circle(*["x" * 500] * 20)),
    *([0.5] * 20, ["1.5"] * 20, ["3e-4"] * 20, [[[]] * 60, nested(97)], dict.fromkeys("abc")),
]


def outcome(value: object) -> str:
    try:
        return stringify(value)
    except (TypeError, ValueError) as refusal:
        return f"{type(refusal).__name__}: {refusal}"


def nodes_way(value: Any) -> Any:
    """Return the value with its keys in JavaScript's order: index-like keys first."""
    if isinstance(value, Mapping):
        items = [(str.__str__(key), nodes_way(item)) for key, item in value.items()]
        first = [item for item in items if is_index(item[0])]
        return dict(
            sorted(first, key=lambda item: int(item[0]))
            + [item for item in items if not is_index(item[0])]
        )
    if isinstance(value, list | tuple):
        return [nodes_way(item) for item in value]
    return value


def is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and str(int(key)) == key and int(key) <= 2**32 - 2


WITHOUT_FLOATS = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(ODD_KEYS.filter(lambda key: key != "\ud800"), inner, max_size=4)
    ),
)


@given(WITHOUT_FLOATS)
def test_written_as_pythons_json_does(value: object) -> None:
    """Except for floats, lone surrogates and the order of keys, ``json`` writes the same."""
    wanted = json.dumps(nodes_way(value), ensure_ascii=False, separators=(",", ":"))

    assert stringify(value) == wanted


@pytest.mark.parametrize("value", ADVERSARIES, ids=lambda value: type(value).__name__)
def test_place_does_not_matter(value: object) -> None:
    """A value is written or refused in the same way wherever it is nested."""
    alone = outcome(value)
    refused = re.match(r"(TypeError|ValueError): session", alone)
    deep = "nested more than" in alone

    for before, holder, after in (
        ("[0]", [value], "[]"), ("['a']", {"a": value}, '{"a":}'),
        ("['a'][0]['b']", {"a": [{"b": value}]}, '{"a":[{"b":}]}'),
    ):  # fmt: skip
        if deep or "nested more than" in outcome(holder):
            assert "nested more than" in outcome(holder)
        elif refused:
            assert outcome(holder) == alone.replace("session", f"session{before}", 1)
        else:
            place = len(after) // 2 if before == "[0]" else after.index(":}") + 1
            assert outcome(holder) == f"{after[:place]}{alone}{after[place:]}"


def peak(value: object) -> int:
    tracemalloc.start()
    try:
        outcome(value)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("number", [5, 13])
def test_memory_of_a_list_that_contains_itself(number: int) -> None:
    """A list that contains itself is followed only to the depth limit, so memory is limited."""
    texts = ["x" * 10_000 for _ in range(number)]

    assert peak(circle(*texts)) < 1.5 * MAX_DEPTH * peak(texts)


@given(st.text('[]{}",:0123456789.eE-+ \n\ttruefalsn\\u', max_size=12))
@example("")
@example(" {}")
@example("{} ")
@example("{}{}")
@example("NaN")
def test_read_at_once_as_by_the_decoder(text: str) -> None:
    """The fast path without white space gives the same result or error as the decoder."""
    try:
        wanted = javascript._DECODER.decode(text)
    except ValueError as refusal:
        with pytest.raises(ValueError, match=f"^{re.escape(str(refusal))}$"):
            parse(text)
    else:
        assert repr(parse(text)) == repr(wanted)
