"""The program that judges: what a notebook's code changes does not get it a better grade."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import lesson_app.lab
from lesson_app.lab.classroom.running import _events, _judge
from lesson_app.lab.classroom.running._events import received, sender
from lesson_app.lab.classroom.running._judge import checks
from lesson_app.lab.exercises import catalogue
from tests.lab.classroom.test_run import CHECK, RIGHT

WRONG = "from lesson_app.lab import check\ndef cookie_pair(text): return 0\n"
PASSED, NOT_YET = ("E1.1", "passed"), ("E1.1", "not yet")
CHANGED = ("E1.1", "changed")


@pytest.fixture(autouse=True)
def this_process_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the program run in this process, and put back what it changes."""
    main = sys.modules["__main__"]
    kept = {name: dict(vars(each)) for name, each in _judge._of_package().items()}
    found = (each for e in catalogue().values() for each in (*e.ours, *e.alike))
    whole = {
        function: (function.__code__, function.__defaults__, function.__kwdefaults__)
        for each in found
        for function in (vars(each).values() if isinstance(each, type) else [each])
        if isinstance(function, FunctionType)
    }
    for name in ("check", "hint", "exercises"):
        monkeypatch.setattr(lesson_app.lab, name, vars(lesson_app.lab)[name])
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    yield
    for name, before in kept.items():
        vars(sys.modules[name]).update(before)
    for function, parts in whole.items():
        function.__code__, function.__defaults__, function.__kwdefaults__ = parts
    sys.modules["__main__"] = main
    InteractiveShell.clear_instance()


def run(*cells: str) -> list[dict[str, Any]]:
    """Run cells, and return the events."""
    events: list[dict[str, Any]] = []
    _judge.run(list(cells), lambda **event: events.append(event))
    return events


def states(*cells: str) -> list[tuple[str, str]]:
    found = run(*cells)
    return [(each["check"], each.get("state", "changed")) for each in found if "check" in each]


HARMLESS = {
    "records": """
from lesson_app.lab.exercises.progress_file import record
record("E1.1", "passed")""",
    "says that it passed": 'print("✓ E1.1 cookie_pair: passed")',
    "patches the judge": """
import lesson_app.lab.exercises as course
course.judge = lambda exercise, *answers: course.Verdict(exercise, "passed")
course.judging.judge = course.judge""",
    "patches an exercise": """
from lesson_app.lab.exercises import catalogue
object.__setattr__(catalogue()["E1.1"], "judge", lambda answer: None)""",
    "patches the catalogue": """
import lesson_app.lab.exercises as course
course.catalogue = course.find = lambda *_: {}""",
    "replaces check": """
import lesson_app.lab
def check(*_): print("✓ E1.1 cookie_pair: passed")
lesson_app.lab.check = check""",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name: str) -> None:
    """The judge is imported again, so a change to the one that cells can see does nothing."""
    (found,) = states(WRONG + HARMLESS[name], CHECK)

    assert found in (NOT_YET, CHANGED)


NAMED = {
    "import lesson_app.cookie as c; c.unseal = len": "lesson_app.cookie.unseal",
    "import hmac; hmac.compare_digest = lambda *_: True": "hmac.compare_digest",
    "import flask; flask.Flask.test_client = None": "flask.app.Flask.test_client",
    "import builtins; builtins.bool = lambda _: True": "builtins.bool",
    "import json; json.loads.__code__ = (lambda *_, **__: {}).__code__": "json.loads",
    "import sys, types; sys.modules['hmac'] = types.ModuleType('hmac')": "sys.modules['hmac']",
    "import json; json._default_decoder.decode = len": "json._default_decoder.decode",
    "import lesson_app.cookie as c; c.bool = len": "lesson_app.cookie.bool",
    "import lesson_app.lab as l; l.__path__.insert(0, 'fake')": "lesson_app.lab.__path__",
    "import sys; sys.pycache_prefix = 'fake'": "a hook of sys",
    "import sys; sys.setprofile(lambda *_: None)": "a hook of sys",
    "import sys; sys.meta_path.insert(0, type('F', (), {'find_spec': print}))": "a hook of sys",
}


@pytest.mark.parametrize("cell", NAMED)
def test_named(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change to code that judging depends on is named, and no answer is judged after it."""
    import builtins
    import hmac
    import json

    import flask

    import lesson_app.cookie

    for owner, name in (
        (lesson_app.cookie, "unseal"),
        (hmac, "compare_digest"),
        (flask.Flask, "test_client"),
        (builtins, "bool"),
        (json.loads, "__code__"),
        (vars(json)["_default_decoder"], "decode"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setitem(sys.modules, "hmac", hmac)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(lesson_app.lab, "__path__", list(lesson_app.lab.__path__))
    before = sys.getprofile()

    try:
        found = [each for each in run(RIGHT + CHECK, cell, CHECK) if "check" in each]
    finally:
        sys.setprofile(before)
        vars(lesson_app.cookie).pop("bool", None)

    assert found[0]["state"] == "passed"
    assert found[1] == {"check": "E1.1", "changed": NAMED[cell]}


def test_change_while_judging() -> None:
    """A change that the answer itself makes is named, too."""
    answer = """
def cookie_pair(text):
    import sys
    judging = sys.modules["lesson_app.lab.exercises.judging"]
    judging._judge = lambda exercise, answers: judging.Verdict(exercise, "passed")
    raise KeyError
"""
    (found,) = [each for each in run(WRONG + answer, CHECK) if "check" in each]

    assert found == {"check": "E1.1", "changed": "lesson_app.lab.exercises.judging._judge"}


def test_own_check() -> None:
    """A cell whose `check` is not the course's is judged all the same."""
    own = "def check(*_): print('passed')"

    assert states(RIGHT, own, CHECK) == [PASSED]
    assert states(WRONG, own, CHECK) == [NOT_YET]
    assert states(own, CHECK) == []  # the answer is not there
    assert states("1 / 0\n" + CHECK) == []  # the learner saw no check either


def test_ours() -> None:
    """The course's own function is not the learner's, whichever copy of it."""
    last = """
from lesson_app.lab import yours_or_ours
cookie_pair = yours_or_ours("E1.1", ...)
def again(text): return cookie_pair(text)
"""

    found = states(WRONG, last + CHECK, 'check("E1.1", again)')

    assert found == [("E1.1", "not started")] * 3  # `yours_or_ours` is a check, too


DISGUISES = {
    "yours_or_ours": """
from lesson_app.lab import yours_or_ours
answer = lambda *args: yours_or_ours("E1.2", None)(*args)""",
    "its call": """
from lesson_app.lab import yours_or_ours
answer = yours_or_ours("E1.2", None).__call__""",
    "a name made at run time": """
import importlib
def answer(content):
    module = importlib.import_module("lesson_app.lab.exer" + "cises.e01_remember")
    return getattr(module, "encode_" + "ours")(content)""",
    "sys.modules": """
import sys
def answer(content):
    return sys.modules["lesson_app.lab.exercises.e01_remember"].encode_ours(content)""",
    "an attribute": """
import lesson_app.lab
def answer(content):
    return lesson_app.lab.exercises.e01_remember.encode_ours(content)""",
    "exec": """
def answer(content):
    names = {}
    exec("from lesson_app.lab.exercises.e01_remember import encode_ours", names)
    return names["encode_ours"](content)""",
    "globals": """
from lesson_app.lab import yours_or_ours
z = yours_or_ours("E1.2", None)
answer = lambda content: globals()["z"](content)""",
    "an object": """
from types import SimpleNamespace
from lesson_app.lab import yours_or_ours
box = SimpleNamespace(f=yours_or_ours("E1.2", None))
def answer(content): return box.f(content)""",
    "a copy of its code": """
from types import FunctionType
from lesson_app.lab import yours_or_ours
f = yours_or_ours("E1.2", None)
answer = FunctionType(f.__code__, f.__globals__, "answer", None, f.__closure__)
answer.__kwdefaults__ = f.__kwdefaults__""",
    "the library": """
from lesson_app.lab import weak
def answer(content):
    return weak.ClearCodec().seal(content, name="session", created_at=0, duration=0)""",
    "a copy of its module": """
import runpy, warnings
warnings.simplefilter("ignore")
answer = runpy.run_module("lesson_app.lab.exercises.e01_remember")["encode_ours"]""",
    "a copy of all": """
import sys
kept = {name: sys.modules.pop(name) for name in list(sys.modules) if "lesson_app" in name}
from lesson_app.lab.exercises import catalogue
encode = catalogue()["E1.2"].ours[0]
for name in list(sys.modules):
    if "lesson_app" in name: del sys.modules[name]
sys.modules.update(kept)
def answer(content): return encode(content)""",
    "a neighbour": """
import sys
sys.path.insert(0, {folder!r})
from beside import answer""",
}


@pytest.mark.parametrize("name", DISGUISES)
def test_ours_in_disguise(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that calls our function is ours, wherever it found it."""
    (tmp_path / "beside.py").write_text("""
from lesson_app.lab.exercises.e01_remember import encode_ours
def answer(content): return encode_ours(content)
""")
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = DISGUISES[name].replace("{folder!r}", repr(str(tmp_path)))

    found = run("from lesson_app.lab import check" + source, 'check("E1.2", answer)')
    sys.modules.pop("beside", None)

    *_, verdict = [each for each in found if "check" in each]
    assert [each for each in found if "raised" in each] == []
    assert verdict["state"] == "not started"
    assert re.search("our function", verdict["message"])


HONEST = {
    "a method": """
class Solutions:
    def cookie_pair(self, text): return right(text)
    def check_all(self): check("E1.1", self.cookie_pair)
answer = Solutions().cookie_pair""",
    "a table of calls": """
from lesson_app.lab import yours_or_ours
import functools, lesson_app
calls = [lesson_app.seal, lesson_app.derive_keys]
def noted(function):
    @functools.wraps(function)
    def wrapper(text):
        calls.append(function)
        return function(text)
    return wrapper
answer = noted(right)""",
    "the shell": """
shell = get_ipython()
def answer(text):
    if shell is None: print(text)
    return right(text)""",
    "a table of pairs": """
PAIRS = [(a, b) for a in range(256) for b in range(256)]
XOR = {pair: pair[0] ^ pair[1] for pair in PAIRS}
def answer(text):
    assert XOR[PAIRS[5]] == 5
    return right(text)""",
    "a cache": """
import functools
answer = functools.cache(right)""",
    "quiet servers": """
import flask.cli, http.server, threading, builtins
from werkzeug.serving import WSGIRequestHandler
flask.cli.show_server_banner = lambda *_: None
WSGIRequestHandler.log_request = http.server.BaseHTTPRequestHandler.log_message = lambda *_: 0
threading.excepthook = lambda *_: None
builtins.print = builtins.input = lambda *_, **__: ""
answer = right""",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary code of a learner is not taken for ours, nor for a trick."""
    import builtins
    import http.server
    import threading

    import flask.cli
    from werkzeug.serving import WSGIRequestHandler

    for owner, changed in (
        (flask.cli, "show_server_banner"),
        (WSGIRequestHandler, "log_request"),
        (http.server.BaseHTTPRequestHandler, "log_message"),
        (threading, "excepthook"),
        (builtins, "print"),
        (builtins, "input"),
    ):
        monkeypatch.setattr(owner, changed, getattr(owner, changed))
    renamed = RIGHT.replace("def cookie_pair", "def right")

    assert states(renamed + HONEST[name], 'check("E1.1", answer)') == [PASSED]


def test_found_judging() -> None:
    """What judges cannot be replaced through `check`; a changed class is named."""
    cell = """
from lesson_app.lab import check
import sys
judging = next(each.cell_contents for each in check.__closure__).__self__
for object, name in (judging, "_tried"), (judging._before, "changes"):
    try: setattr(object, name, lambda *_: None)
    except AttributeError: pass
    else: raise RuntimeError(name)
type(judging)._tried = lambda *_: None
"""
    kept = _judge.Judging._tried
    try:
        found = run(cell, RIGHT + CHECK)
    finally:
        vars(_judge)["Judging"]._tried = kept

    assert [each for each in found if "raised" in each] == []
    assert found[-2]["changed"] == f"{_judge.__name__}.Judging._tried"


def test_class_in_disguise() -> None:
    """A class that inherits from ours is ours; from that of an earlier exercise it may."""
    source = """
from lesson_app.lab import check, yours_or_ours
First, Second = yours_or_ours("E4.1", None), yours_or_ours("E4.2", None)
made = lambda *args: First(*args)
check("E4.1", type("Mine", (First,), {}))
check("E4.1", made)
import runpy, warnings
warnings.simplefilter("ignore")
Copied = runpy.run_module("lesson_app.lab.exercises.tries")["FirstTry"]
check("E4.1", Copied)
check("E4.1", type("Mine", (Copied,), {}))
class Mine(First):
    def open_session(self, app, request):
        from lesson_app import BadCookie
        try: session = super().open_session(app, request)
        except BadCookie: session = type(super().open_session(app, EMPTY))()
        import json
        session.before = json.dumps(session)
        return session
    def save_session(self, app, session, response):
        import json
        if json.dumps(session) != getattr(session, "before", "{}"):
            super().save_session(app, session, response)
class EMPTY:
    cookies = {}
check("E4.2", Mine)
"""
    found = [each for each in run(source) if "check" in each]

    states = [each["state"] for each in found]
    assert states == ["not yet", "not yet", *["not started"] * 4, "passed"]


def test_yours_or_ours_does_not_judge_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`yours_or_ours` uses the verdict of the last check if the answers are the same."""
    counted = """
count = []
before = cookie_pair
def counting(text):
    count.append(text)
    return before(text)
from lesson_app.lab import yours_or_ours
check("E1.1", counting)
asked = len(count)
assert yours_or_ours("E1.1", counting) is counting
assert len(count) == asked > 0
assert yours_or_ours("E1.1", before) is before
assert yours_or_ours("E1.1", lambda text: 0) is not before
"""
    found = run(RIGHT, counted)

    assert [each for each in found if "raised" in each] == []
    states = [each["state"] for each in found if "check" in each]
    assert states == ["passed", "passed", "not yet"]


def test_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exercise that measures time is judged again before the answer is no."""
    lucky = """
from lesson_app.lab import check
asked = []
def slow_names(url, names):
    asked.append(url)
    raise RuntimeError
check("E5.5", slow_names)
assert len(asked) == 3
"""
    found = run(lucky)

    assert [each for each in found if "raised" in each] == []
    assert [each["state"] for each in found if "check" in each] == ["not yet"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('check("E1.1", f)', [("E1.1", ["f"])]),
        ('check("E5.6", f, g)\ncheck("E1.1", 5)', [("E5.6", ["f", "g"]), ("E1.1", [])]),
        ('recheck("E1.1", f)', []),
        ('%magic\ncheck("E1.1", f)', []),
        ("check(1, f)", []),
        ("(" * 9999, []),
    ],
)
def test_checks(source: str, found: list[Any]) -> None:
    """The checks of a cell are read from its syntax."""
    assert list(checks(source)) == found


def test_events() -> None:
    """Events come back; a changed, repeated or unsigned line does not count."""
    file, key = io.BytesIO(), bytes(32)
    send = sender(file, key, {test_events.__code__})
    send(cell=1)
    first = file.getvalue()
    file.write(first + b"\xff\xff\n" + b"x" * 300_000 + b"\n")
    send(cell=2)
    file.seek(0)

    found = list(received(file, key))

    assert [each for each in found if "forged" not in each] == [{"cell": 1}, {"cell": 2}]
    assert len(found) > 4


@pytest.mark.parametrize(
    "event",
    [
        {"check": "E1.1"},
        {"check": "E1.1", "state": "passed"},
        {"claim": "E1.1"},
        {"raised": 1},
        {},
        {"check": "E1.1", "state": "bogus"},
        {"check": 5, "state": "passed"},
        {"state": ["passed"]},
        {"end": 5},
        {"raised": [1], "error": "x"},
        {"raised": True, "error": "x"},
        {"what": "else"},
        5,
        "x" * 100_000,
    ],
)
def test_signed_nonsense(event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that has found the key sends no event that the grader would stumble over."""
    file, key = io.BytesIO(), bytes(32)
    monkeypatch.setattr(json, "dumps", lambda _: json.JSONEncoder().encode(event))
    sender(file, key, {test_signed_nonsense.__code__})(cell=1)
    file.seek(0)

    assert {*chain(*received(file, key))} == {"forged"}


def test_events_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of events ends the run, and long texts are cut."""
    monkeypatch.setattr(_events, "_MOST", 3)
    file, key = io.BytesIO(), bytes(32)
    send = sender(file, key, {test_events_are_bounded.__code__})
    for _ in range(9):
        send(hint="x" * 9_000)
    file.seek(0)

    found = list(received(file, key))

    assert found == [{"hint": "x" * 500}] * 3 + [{"end": "sent too many events"}]


def test_only_the_judge_sends() -> None:
    """A cell that has found the sender's function gets a forged event, not a verdict."""
    file, key = io.BytesIO(), bytes(32)
    sender(file, key, _judge.CALLERS)(check="E1.1", state="passed")
    file.seek(0)

    assert [list(each) for each in received(file, key)] == [["forged"]]
