"""A stranger's data costs work and memory in proportion to its length, whatever it holds.

Cookies, forms, JSON that a view stores, and cookies that are pasted into `lesson-app dissect`.
"""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from statistics import median
from time import thread_time
from typing import Any

import pytest
from flask import Flask

from lesson_app import AEADCodec, ClientSessions, SealedCodec, Session, cookie, derive_keys
from lesson_app._engine import prepared
from lesson_app._engine.headers import MOST_VALUES, find_cookies
from lesson_app._engine.javascript import MAX_LENGTH, parse, parse_int, stringify
from lesson_app.dissect import dissect
from lesson_app.dissect.pasted import find_pasted
from lesson_app.errors import BadName, BadPayload, SessionTooLarge
from tests.conftest import secret_of

SECRETS = [secret_of(f"growth {number}") for number in range(10)]
KEYS = derive_keys(SECRETS[0])
ONE, TEN = SealedCodec(KEYS), SealedCodec(*map(derive_keys, SECRETS))
TIMES: dict[str, Any] = {"name": "session", "created_at": 1, "duration": 1}
AEAD = AEADCodec(SECRETS[0])
APP = Flask(__name__)
SESSIONS = ClientSessions(APP, secret=SECRETS)

#: The characters of an input; the longer one has four times as many. Gunicorn passes on
#: headers of 8 KB, waitress of 256 KB.
SIZE = 2**14

#: Prepares an input of about `size` characters; returns the work that a server does with it.
Make = Callable[[int], Callable[[], object]]


def value(ciphertext: str, created_at: str = "1") -> str:
    """Return a value whose MAC is wrong."""
    return ".".join(["A" * 22, ciphertext, created_at, "1", "A" * 43])


def nested(item: Any, depth: int) -> Any:
    for _ in range(depth):
        item = [item]
    return item


def cookies(text: str) -> Make:
    """Repeat a part of a Cookie header; each ``#`` in it is a number."""

    def make(size: int) -> Callable[[], object]:
        parts = [text.replace("#", str(i)) for i in range(size // len(text))]
        return partial(find_cookies, "x=" + "".join(parts), "session")

    return make


def opened(make: Callable[[int], str]) -> Make:
    """Give a cookie's value to the middleware, which has ten secrets."""

    def visit(size: int) -> Callable[[], object]:
        header = f"session={make(size)}"
        return lambda: SESSIONS.open(header, APP).get("a")

    return visit


def sealed(make: Callable[[int], str]) -> Make:
    """Seal a JSON text, as a client can that knows the secret."""
    return opened(lambda size: ONE.seal_json(make(size), **TIMES))


def stored(make: Callable[[int], Any]) -> Make:
    """Set a key of the session."""

    def store(size: int) -> Callable[[], object]:
        items = make(size)
        return lambda: SESSIONS.open("", APP).update(items)

    return store


def appended(make: Callable[[int], Any]) -> Make:
    """Change the session inside, which nothing can refuse before the end of the request."""

    def append(size: int) -> Callable[[], object]:
        item = make(size)

        def work() -> None:
            session = SESSIONS.open("", APP)
            session["a"] = []
            session["a"].append(item)
            finish(session)

        return work

    return append


def finish(session: Session) -> None:
    """Seal the session as at the end of a request."""
    text = session._changed_json()
    assert text is not None
    session._cookie.sealed(session, text)


def one_by_one(size: int) -> Callable[[], object]:
    def work() -> None:
        session = SESSIONS.open("", APP)
        for number in range(size // 10):
            session[f"k{number}"] = 1
        finish(session)

    return work


def taken_apart(make: Callable[[int], str]) -> Make:
    """Give a cookie's value to ``lesson-app dissect``, with one secret and nine variants."""
    keys = {secret: derive_keys(secret) for secret in SECRETS}

    def work(text: str) -> str:
        found = find_pasted(text)
        return repr(dissect(found.value, {"a": KEYS}, others=keys, name=found.name))

    return lambda size: partial(work, make(size))


def sealed_apart(make: Callable[[int], Any]) -> Make:
    return taken_apart(lambda size: ONE.seal({"a": make(size)}, **TIMES))


INPUTS: dict[str, Make] = {
    **{
        f"cookies {text}": cookies(text)
        for text in (
            "session; ", "session=", "a=1; ", " ", ";", "xsession=1; ", "session=1,", ",", ", ",
            ",a", "a,;", "session=#;", ",session=#", "session=#,;",
        )
    },
    "dots": opened(lambda n: "." * n),
    "ciphertext": opened(lambda n: value("A" * n)),
    "characters that are not base64": opened(lambda n: value("!" * n)),
    "characters beyond Latin-1": opened(lambda n: value("\u20ac" * n)),
    "digits of a time": opened(lambda n: value("AA", "1" * n)),
    "zeros of a time": opened(lambda n: value("AA", "0" * n + "1")),
    "spaces of a time": lambda n: partial(parse_int, " " * n + "x"),
    "AEAD": lambda n: partial(AEAD.unseal, f"v1.{AEAD._first}.{'A' * n}", name="session"),
    "AEAD key id": lambda n: partial(AEAD.unseal, f"v1.{'A' * n}.AAAA", name="session"),
    "sealed digits": sealed(lambda n: '{"a":' + "9" * n + "}"),
    "sealed fraction": sealed(lambda n: '{"a":0.' + "0" * n + "1}"),
    "sealed exponent": sealed(lambda n: '{"a":1e-' + "9" * n + "}"),
    "sealed numbers": sealed(lambda n: '{"a":[0' + f",{'9' * 300}" * (n // 300) + "]}"),
    "sealed brackets": sealed(lambda n: '{"a":' + "[" * n),
    "sealed quotes": sealed(lambda n: '{"a":["' + '","[' * (n // 4)),
    "sealed escapes": sealed(lambda n: '{"a":"' + '[]\\"' * (n // 4)),
    "sealed string, deep": sealed(
        lambda n: '{"a":' + "[" * 99 + f'"{"a" * n}[["' + "]" * 99 + "}"
    ),
    "sealed spaces": sealed(lambda n: "{" + " " * n + "}"),
    "sealed duplicate keys": sealed(lambda n: '{"a":1' + ',"a":1' * (n // 6) + "}"),
    "sealed halves": sealed(lambda n: '{"a":"' + "\\ud800" * (n // 6) + '"}'),
    "sealed messages": sealed(lambda n: '{"_flashes":[1' + ',["a","b"]' * (n // 10) + "]}"),
    "sealed without a name": lambda n: partial(
        ONE.unseal, prepared_value(b"a" * n), name="session"
    ),
    "string": stored(lambda n: {"a": "a" * n}),
    "string of halves": stored(lambda n: {"a": "\ud800" * n}),
    "key": stored(lambda n: {"k" * n: 1}),
    "list": stored(lambda n: {"a": [1] * (n // 2)}),
    "string, deep": stored(lambda n: {"a": nested("a" * n, 97)}),
    "too deep": stored(lambda n: {"a": nested("a" * n, 120)}),
    "floats": stored(lambda n: {"a": [1.5e-6] * (n // 8)}),
    "messages": stored(lambda n: {"_flashes": [("a", "b")] * (n // 10)}),
    "index keys": stored(lambda n: {"a": {str(i): 1 for i in range(n // 8)}}),
    "last index first": stored(lambda n: {"a": {str(i): 1 for i in range(n // 8, 0, -1)}}),
    "keys": stored(lambda n: {f"k{i}": 1 for i in range(n // 8)}),
    "keys one by one": one_by_one,
    "string inside": appended(lambda n: "a" * n),
    "list inside": appended(lambda n: [1] * (n // 2)),
    "brackets in a string inside": appended(lambda n: "[\\" * (n // 2)),
    "dissect dots": taken_apart(lambda n: "." * n),
    "dissect a wrong MAC": taken_apart(lambda n: value("!" * n)),
    "dissect any characters": taken_apart(lambda n: "".join(map(chr, range(256, 256 + n)))),
    "dissect a string": sealed_apart(lambda n: "a" * n),
    "dissect controls": sealed_apart(lambda n: "\x7f" * n),
    "dissect a list": sealed_apart(lambda n: [1] * (n // 2)),
    "dissect headers": taken_apart(lambda n: "cookie:a=b\n" * (n // 11)),
    "dissect spaces": taken_apart(lambda n: "a" + " \t" * (n // 2) + "x"),
    "dissect a name": taken_apart(lambda n: "a" * n + "=."),
    "dissect short lines": taken_apart(lambda n: ("<" + " " * 50 + "\n") * (n // 52)),
}  # fmt: skip


def prepared_value(plaintext: bytes) -> str:
    return ONE._prepared[0].seal(plaintext, 1, 1)


def done(work: Callable[[], object]) -> None:
    """Do the work; a refusal is fine."""
    with suppress(ValueError):
        work()


def seconds(work: Callable[[], object]) -> float:
    begin = thread_time()  # not affected by other programs
    done(work)
    return thread_time() - begin


def peak(work: Callable[[], object]) -> int:
    """Return the most memory that `work` has at once, in bytes."""
    tracemalloc.start()
    try:
        done(work)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", INPUTS.values(), ids=INPUTS)
def test_linear(make: Make) -> None:
    """Four times the data takes about four times as long, and at most 100 bytes a character."""
    short, long = make(SIZE), make(4 * SIZE)
    done(short)

    assert median(seconds(long) / seconds(short) for _ in range(9)) < 8
    assert peak(long) < 100 * 4 * SIZE


def test_content_of_a_dissected_cookie() -> None:
    """The indent of deep content makes it up to 200 times as long, and not longer."""
    short, long = (sealed_apart(lambda n: nested([1] * n, 97))(size) for size in (300, 1200))

    assert median(seconds(long) / seconds(short) for _ in range(5)) < 8


def steps(work: Callable[[], object]) -> int:
    """Count the lines of Python that `work` executes."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        done(work)
    finally:
        sys.settrace(before)
    return count


CONTENTS: dict[str, Callable[[int], object]] = {
    "index keys": lambda n: {str(key): 1 for key in range(n)},
    "index keys, last first": lambda n: {str(key): 1 for key in reversed(range(n))},
    "keys": lambda n: {f"key {key}": 1 for key in range(n)},
    "floats": lambda n: [0.5] * n,
    "integers": lambda n: list(range(n)),
    "lists": lambda n: [[]] * n,
    "rows": lambda n: [{"n": row, "t": "text"} for row in range(n)],
}


@pytest.mark.parametrize("make", CONTENTS.values(), ids=CONTENTS)
def test_writing_is_linear(make: Callable[[int], object]) -> None:
    """Content of twice the length takes about twice the steps."""
    one, two = (steps(partial(stringify, make(n))) for n in (200, 400))

    assert one > 200
    assert two < 2.1 * one


def test_keys_one_by_one() -> None:
    """A key that a view sets is written once on its line, and again with all at the end."""
    one, two = (steps(one_by_one(10 * number)) for number in (1000, 2000))

    assert two < 2.1 * one


@pytest.mark.parametrize("letter", ["A", "!"], ids=["base64", "other"])
def test_work_for_refused_cookies(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten secrets, a header costs at most 420 MACs.

    At most 20 values are tried. Each costs two MACs per secret and one for the error. It is
    decoded three times, whatever the number of secrets.
    """
    macs: list[str] = []
    decoded: list[str] = []

    def counted(function: Any, calls: list[str]) -> Any:
        def call(*given: Any) -> Any:
            calls.append(function.__name__)
            return function(*given)

        return call

    monkeypatch.setattr(cookie, "sign", counted(cookie.sign, macs))
    monkeypatch.setattr(prepared.Prepared, "sign", counted(prepared.Prepared.sign, macs))
    monkeypatch.setattr(cookie, "from_base64", counted(cookie.from_base64, decoded))
    header = "; ".join(f"session={value(letter * 8000, str(n))}" for n in range(1, 31))

    assert dict(SESSIONS.open(header, APP)) == {}
    assert len(macs) <= MOST_VALUES * (2 * len(SECRETS) + 1)
    assert len(decoded) == MOST_VALUES * 2 * 3  # three fields; the fast path has its own


def laughs(item: Any, number: int, levels: int) -> Any:
    """Return a list that holds one list many times, which holds one list many times …"""
    for _ in range(levels):
        item = [item] * number
    return item


@pytest.mark.parametrize(
    "content",
    [laughs("lol" * 9, 9, 9), laughs("x" * 99, 2, 90), laughs("x" * 100_000, 100_000, 1)],
    ids=["nine in nine levels", "two in ninety levels", "a long string"],
)
@pytest.mark.parametrize("inside", [False, True], ids=["set", "inside"])
def test_content_that_repeats_itself(content: Any, inside: bool) -> None:
    """A few bytes of YAML whose JSON fills the memory are refused after 2**20 characters."""
    work = (appended if inside else stored)(lambda _: content if inside else {"a": content})(0)
    with pytest.raises(
        SessionTooLarge,
        match=r"^session\['a'\].* has more than 1,048,576 .* about 3,000: store",
    ):
        work()

    assert peak(work) < 100 * MAX_LENGTH


def test_place_of_what_is_too_long() -> None:
    """The error names the item that is too long, or the list of items that are so together."""
    half = "x" * (MAX_LENGTH // 2)
    for content, place in (
        ({"a": half + half}, r"session\['a'\]"),
        ({"a": half, "b": half}, "session"),
        ({"a": [1, half + half]}, r"session\['a'\]\[1\]"),
        ({"a": [half, half]}, r"session\['a'\]"),
    ):
        with pytest.raises(SessionTooLarge, match=f"^{place} has more than"):
            stringify(content)
    assert len(stringify({"a": half})) == len(half) + 8


@pytest.mark.parametrize("digits", ["9" * 100_000, "-" + "9" * 5000, "1e" + "9" * 5000])
def test_many_digits(digits: str) -> None:
    """Numbers with more digits than Python's int() accepts are refused as any bad content."""
    with pytest.raises(BadPayload, match="a number too large for a double"):
        TEN.unseal(ONE.seal_json(f'{{"a":{digits}}}', **TIMES), name="session")


LONG = "k" * 1_000_000
ERRORS: dict[str, Callable[[], object]] = {
    "key": lambda: SESSIONS.open("", APP).update({LONG: 1}),
    "value": lambda: SESSIONS.open("", APP).update({LONG[:9000]: LONG[:9000]}),
    "type": lambda: SESSIONS.open("", APP).update({"a": {LONG: {LONG: {1: 1}}}}),
    "deep": lambda: stringify(json.loads(f'{{"{LONG}":' * 101 + "1" + "}" * 101)),
    "reset": lambda: SESSIONS.open("", APP).reset([LONG]),  # type: ignore[arg-type]
    "name": lambda: ONE.unseal(prepared_value(LONG.encode()), name="session"),
    "largest item": lambda: appended(lambda _: LONG[:100_000])(0)(),
    "JSON": lambda: parse(LONG),
    "pasted": lambda: find_pasted(f"cookie: {LONG}=1", "session"),
}


@pytest.mark.parametrize("work", ERRORS.values(), ids=ERRORS)
def test_errors_are_short(work: Callable[[], object]) -> None:
    """No error repeats a stranger's data at length."""
    with pytest.raises((TypeError, ValueError)) as refused:
        work()

    assert len(str(refused.value)) < 450


def test_name_of_another_cookie() -> None:
    """A plaintext without a name is not repeated in the error; a short name is."""
    with pytest.raises(BadName, match=r"^sealed for the cookie 'k+\.\.\.k+', not 'session'$"):
        ONE.unseal(prepared_value(LONG.encode()), name="session")


def test_depth() -> None:
    """Content that is nine times as deep takes about nine times as long."""

    def act(depth: int) -> Callable[[], object]:
        content: list[Any] = []
        for _ in range(depth):
            content = [*range(200), content]
        return partial(stringify, content)

    assert median(seconds(act(90)) / seconds(act(10)) for _ in range(15)) < 4 * 9
