"""Test which answers pass each exercise, and what the learner reads about the others."""

from __future__ import annotations

import itertools
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from werkzeug.security import generate_password_hash

from course.mutate import Mutant, mutants
from course.notebooks import ExerciseCell, all_notebooks, namespace_before, run
from course.rubric import VARYING
from lesson_app.lab import check, exercises, hint, observe, predict, progress, yours_or_ours
from lesson_app.lab.exercises import PROGRESS, Exercise, Verdict, catalogue, predictions
from lesson_app.lab.exercises.judging import (
    Wrong,
    expect,
    is_untouched,
    judge,
    must_raise,
    one_line,
    outcome,
    short,
)
from lesson_app.lab.exercises.lines import Line
from lesson_app.lab.exercises.ours import is_ours
from tests.exercises.answers import MESSAGES, RIGHT, WRONG

IDS = list(catalogue())
each_exercise = pytest.mark.parametrize("key", IDS)


@dataclass(frozen=True)
class Asked:
    """An exercise, its cell in the notebook, and the names defined before that cell."""

    exercise: Exercise
    cell: ExerciseCell
    solution: str
    names: dict[str, Any]

    def answers(self, source: str) -> list[Any]:
        """Run the cell with a source, and return the arguments of its `check`."""
        here = dict(self.names)
        run(source, here)
        return [eval(name, here) for name in self.cell.names]

    def judge(self, source: str) -> Verdict:
        """Return the verdict on a source."""
        return judge(self.exercise, *self.answers(source))

    def state(self, source: str) -> str:
        """Return the verdict's state. A source that raises is "no answer"."""
        try:
            return self.judge(source).state
        except Exception:  # noqa: BLE001  # a changed source may raise where it is defined
            return "no answer"


@cache
def asked(key: str) -> Asked:
    """Run the exercise's notebook up to its cell, and the cell with the stub."""
    notebooks = [each for each in all_notebooks() if key in each.exercises]
    found = [each.name for each in notebooks]
    assert len(found) == 1, f'{key}: expected one cell with check("{key}", …), got {found}'
    [notebook] = notebooks
    assert key in notebook.solutions, f"{key}: write <summary>Solution of {key}</summary> below"
    cell = notebook.exercises[key]
    with namespace_before(notebook, key) as names:
        run(cell.stub, names)
    if "PASSWORD_HASH" in names:  # a good hash is slow, and the tests try many answers
        names["PASSWORD_HASH"] = quick_hash()
    return Asked(catalogue()[key], cell, notebook.solutions[key], names)


def comes_to_pass(key: str, *answers: Any) -> bool:
    """Return whether right answers pass.

    E5.5 measures real times: on a busy machine a right answer may need another try.
    """
    passed = f"✓ {key} {catalogue()[key].title}: passed"
    tries = range(2 * catalogue()[key].tries - 1)
    return any(str(judge(accepting(key), *answers)) == passed for _ in tries)


def accepting(key: str) -> Exercise:
    """Return an exercise that does not refuse our own function."""
    return replace(catalogue()[key], ours=())


def quick_hash() -> str:
    return generate_password_hash("samplepassword", "pbkdf2:sha256:1")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without predictions, hints and progress file, and hash passwords fast."""
    monkeypatch.setattr(predictions, "_predictions", {})
    monkeypatch.setattr(exercises, "_hints_given", {})
    monkeypatch.delenv(PROGRESS, raising=False)
    monkeypatch.setattr("lesson_app.app.PASSWORD_HASH", quick_hash())


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a progress file."""
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv(PROGRESS, str(path))
    return path


Printed = Callable[[], str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Return a function that returns the text printed since its last call."""
    return lambda: capsys.readouterr().out.removesuffix("\n")


# ---------------------------------------------------------------- each exercise


@each_exercise
def test_stub(key: str) -> None:
    """The notebook's own cell prints one line: not started."""
    it = asked(key)

    printed = run(it.cell.stub, dict(it.names)).splitlines()

    assert printed[-1] == f"○ {key} {it.exercise.title}: not started"
    assert [line for line in printed[:-1] if "uses our function" not in line] == []


@each_exercise
def test_solution(key: str) -> None:
    """The notebook's solution passes."""
    assert comes_to_pass(key, *asked(key).answers(asked(key).solution))


@each_exercise
def test_ours(key: str) -> None:
    """Our own functions pass. There is one for each function that the exercise asks for."""
    it, ours = asked(key), catalogue()[key].ours
    defines = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)
    functions = [name for name in defines.findall(it.solution) if name in it.cell.names]

    assert len(ours) == len(functions), (
        f"{key}: expected `ours` to have {len(functions)} functions {functions}, got "
        f"{len(ours)}; give one for each"
    )
    assert not ours or comes_to_pass(key, *ours)


@pytest.mark.parametrize(
    ("key", "source"), [(key, source) for key, sources in RIGHT.items() for source in sources]
)
def test_right_answer(key: str, source: str) -> None:
    """A correct answer that differs from the solution passes."""
    assert comes_to_pass(key, *asked(key).answers(source))


@pytest.mark.parametrize(
    ("key", "name", "number"),
    [
        (key, name, number)
        for key, sources in WRONG.items()
        for name in sources
        for number in range(len(sources[name]))
    ],
)
def test_wrong_answer(key: str, name: str, number: int) -> None:
    """A wrong answer gets the message of its own misconception."""
    verdict = asked(key).judge(WRONG[key][name][number])

    assert (verdict.state, verdict.name) == ("not yet", name)
    assert verdict.message == catalogue()[key].misconceptions[name]


def answers_file(key: str) -> str:
    return f"tests/exercises/answers/e{catalogue()[key].notebook:02}.py"


@each_exercise
def test_answers(key: str) -> None:
    """Each misconception has a wrong answer; the solution is not the only right one."""
    known = catalogue()[key].misconceptions
    wrong = {name for name, sources in WRONG.get(key, {}).items() if sources}
    missing, more = sorted(known.keys() - wrong), sorted(wrong - known.keys())
    file = answers_file(key)

    assert not missing, f"{key}: add wrong answers for {missing} to WRONG in {file}"
    assert not more, f"{key}: no misconception has the names {more}; rename them in {file}"
    assert RIGHT.get(key), f"{key}: add a second right answer to RIGHT in {file}"


@each_exercise
def test_rating(key: str) -> None:
    """The notebook says how hard an exercise is, how long it takes, and who must do it."""
    exercise = catalogue()[key]
    (notebook,) = [each for each in all_notebooks() if key in each.exercises]
    wanted = f"**{key}** · {exercise.rating}"

    assert wanted in "\n".join(notebook.prose), f"write above the exercise: {wanted}"


def test_notebook_minutes() -> None:
    """What a learner must do in a notebook takes 45 minutes at most."""
    for number in {each.notebook for each in catalogue().values()}:
        here = [each for each in catalogue().values() if each.notebook == number]
        minutes = sum(each.minutes for each in here if each.must)
        assert minutes <= 45, (
            f"notebook {number:02}: its must-exercises take {minutes} minutes, at most 45 are "
            "allowed; give one must=False, or make it shorter"
        )


@each_exercise
def test_sentences(key: str) -> None:
    """Each misconception has its own sentence: one line without a capital or a full stop."""
    every = [text for each in catalogue().values() for text in each.misconceptions.values()]
    for name, text in catalogue()[key].misconceptions.items():
        good = text == one_line(text) and not text[0].isupper() and not text.endswith(".")
        good = good and 20 < len(text) < 200
        assert good, (
            f"{key} {name}: expected one line of 21 to 199 characters, without a capital at "
            f"the start and a full stop at the end; got {text!r}"
        )
        assert every.count(text) == 1, f"{key} {name}: another misconception says this, too"


@cache
def changed(key: str) -> list[Mutant]:
    return mutants(asked(key).solution)


def passes(key: str, source: str) -> bool:
    return asked(key).state(source) == "passed"


# ---------------------------------------------------------------- any answer at all


class Broken:
    """A value that raises in every method."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")

    __hash__ = None  # type: ignore[assignment]


class BrokenError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no str")


class Agreeable:
    """A value that claims to equal anything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Stop(BaseException):
    """An error that `except Exception` does not catch."""


def raising(error: BaseException) -> Callable[..., Any]:
    def answer(*args: Any, **options: Any) -> Any:
        raise error

    return answer


def returning(value: Any) -> Callable[..., Any]:
    def answer(*args: Any, **options: Any) -> Any:
        print("loud")  # noqa: T201
        print("louder", file=sys.stderr)  # noqa: T201
        return value

    return answer


def endless(*args: Any, **options: Any) -> Any:
    return endless(*args, **options)


def no_parameters() -> int:
    return 1


def many_parameters(a: int, b: int, c: int, d: int, e: int, f: int, g: int) -> int:
    return 1


ABSURD: dict[str, Any] = {
    "None": None,
    "7": 7,
    "empty": "",
    "class": dict,
    "instance": object(),
    "broken": Broken(),
    "agreeable": Agreeable(),
    "no parameters": no_parameters,
    "many parameters": many_parameters,
    "exit": raising(SystemExit(1)),
    "interrupt": raising(KeyboardInterrupt()),
    "stop": raising(Stop("now")),
    "address": raising(ValueError(f"no {object()!r}")),
    "path": raising(FileNotFoundError(2, "No such file", "/home/me/course/secret.txt")),
    "windows": raising(OSError(r"C:\Users\me\course\secret.txt")),
    "unspeakable": raising(BrokenError()),
    "lines": raising(ValueError("one\ntwo\n" * 500)),
    "recursion": endless,
    "NotImplemented": returning(NotImplemented),
    "returns dots": returning(...),
    "returns broken": returning(Broken()),
    "returns agreeable": returning(Agreeable()),
    "returns object": returning(object()),
    "returns function": returning(no_parameters),
    "returns bytes": returning(bytes(1000)),
    "returns text": returning("x" * 1000),
    "returns list": returning([object()] * 3),
    "returns pair": returning((object(), object())),
    "returns three": returning((1, 2, 3)),
    "returns itself": returning(returning),
    "generator": (each for each in "abc"),
}


@pytest.mark.parametrize(("what", "key"), list(zip(ABSURD, itertools.cycle(IDS), strict=False)))
def test_absurd_answer(what: str, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An absurd answer fails with one line, which is the same on every machine."""
    answers = [ABSURD[what]] * len(asked(key).cell.names)

    check(key, *answers)

    out, err = capsys.readouterr()
    line, *printed = out.splitlines()
    assert line.startswith(f"✗ {key} not yet: ")
    assert all("loud" in each or "more lines" in each for each in printed)
    assert len(line) < 400
    assert err == ""
    varying = [what for what, pattern in VARYING.items() if re.search(pattern, out)]
    assert varying == []


@pytest.mark.parametrize("key", ["E1.1", "E5.1", "E6.2"])
def test_interrupt(key: str) -> None:
    """A learner who interrupts an endless loop gets a message, and the notebook runs on."""
    verdict = judge(catalogue()[key], raising(KeyboardInterrupt()))

    assert verdict.message == "your code was interrupted; look for a loop that never ends"


@pytest.mark.parametrize(
    ("source", "untouched"),
    [
        ('def f(a: int) -> int:\n    """Your code here."""', True),
        ("def f(a): ...", True),
        ("def f(*, a=1):\n    pass", True),
        ("def f(a):\n    return None", True),
        ("f = ...", True),
        ("def f(a):\n    return False", False),
        ('def f(a):\n    """Your code here."""\n    return 5', False),
        ("def f(a):\n    return a", False),
        ("f = 7", False),
        ("f = dict", False),
    ],
)
def test_untouched(source: str, untouched: bool) -> None:
    """A stub is an empty function. A function that returns a constant is an answer."""
    names: dict[str, Any] = {}
    exec(source, names)

    assert is_untouched(names["f"]) is untouched


def test_guard_from_around() -> None:
    """The check finds a guard from the enclosing function as well as a global one."""
    guard = catalogue()["E6.2"].ours[0]

    def add_report(app: Any) -> None:
        guard_above = ensure_login(app.get("/report")(lambda: "All our figures"))
        assert guard_above

    ensure_login = guard

    assert judge(catalogue()["E6.3"], add_report).name == "guard-above"


def test_chance_goes_on() -> None:
    """The check of an IV seeds Python's random numbers, and puts them back."""
    random.seed(5)
    expected = random.random()
    random.seed(5)

    judge(accepting("E2.2"), *catalogue()["E2.2"].ours)

    assert random.random() == expected


def test_half_of_an_answer(printed: Printed) -> None:
    """If an exercise asks for two functions, both must be given and started."""
    some = returning("a page")

    check("E5.6", some)
    assert printed() == (
        "✗ E5.6 not yet: check() expects 2 arguments (logout, copy_works) but got 1"
    )
    check("E1.3", some, some)
    assert printed() == "✗ E1.3 not yet: check() expects 1 argument (decode) but got 2"
    check("E5.6", some, ...)
    assert printed() == "✗ E5.6 not yet: `copy_works` is not started; write it, too"
    check("E5.6", ..., ...)
    assert printed() == "○ E5.6 logout, copy_works: not started"
    check("E5.6")
    assert printed() == (
        "✗ E5.6 not yet: check() expects 2 arguments (logout, copy_works) but got 0"
    )


@pytest.mark.parametrize("function", [check, hint, yours_or_ours])
@pytest.mark.parametrize("key", ["E9.9", 7, ["E1.1"], no_parameters])
def test_unknown_id(function: Callable[..., Any], key: Any, printed: Printed) -> None:
    """The message for an unknown id lists all ids."""
    function(key)

    text = printed()
    assert text.startswith("✗ unknown exercise ")
    assert text.endswith(f"; use one of {', '.join(IDS)}")
    assert " at 0x" not in text


def test_learner_prints(printed: Printed) -> None:
    """The check shows the first lines that an answer prints, and counts the others."""

    def loud(set_cookie: str) -> Any:
        print("here", len(set_cookie), "y" * 100)  # noqa: T201
        print("there", file=sys.stderr)  # noqa: T201
        return solved(set_cookie)

    solved = again("E1.1")
    check("E1.1", loud)

    lines = printed().splitlines()
    assert lines[0] == "✓ E1.1 cookie_pair: passed"
    assert lines[1] == f"  your code printed: here 29 {'y' * 92}"
    assert lines[2] == "  your code printed: there"
    assert len(lines) == 7
    assert lines[6] == "  … and 9 more lines"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"12", "b'12'"),
        (bytes(30), repr(bytes(20)) + "… (30 bytes)"),
        ("a\nb", r"'a\nb'"),
        ([1] * 9, "[1, 1, 1, 1, 1, 1, ...]"),
        (Broken(), "<Broken instance>"),
        (Path("/home/me/x.txt"), "PosixPath('x.txt')"),
        (object(), "<object object>"),
        (dict, "<class 'dict'>"),
    ],
)
def test_short(value: Any, text: str) -> None:
    """A value in a message is short, without folders and memory addresses."""
    assert short(value) == text


def test_short_false_list() -> None:
    """A class named list that is not one is shown by its name."""
    assert short(type("list", (), {})()) == "a list"


# ---------------------------------------------------------------- messages


def verdict_on(answer: Callable[..., Any], key: str = "E1.1") -> str:
    return str(judge(catalogue()[key], answer))


def test_failing_call() -> None:
    """The message names the call that failed, with the arguments that it was given."""

    def cookie_pair(set_cookie: str) -> Any:
        return set_cookie.split("=").missing  # type: ignore[attr-defined]

    assert verdict_on(cookie_pair).startswith(
        "✗ E1.1 not yet: cookie_pair('session=abc; Path=/; HttpOnly') (line "
    )


def test_failing_call_with_other_argument() -> None:
    """An argument that the function has replaced is not shown."""

    def cookie_pair(set_cookie: str) -> Any:
        set_cookie = set_cookie.upper()
        return undefined  # type: ignore[name-defined]  # noqa: F821

    assert verdict_on(cookie_pair).startswith("✗ E1.1 not yet: cookie_pair(…) (line ")


def test_function_called() -> None:
    """Who calls the function instead of handing it over is told so."""
    assert verdict_on(("session", "abc")) == (  # type: ignore[arg-type]
        "✗ E1.1 not yet: check() expects the function or class itself, got ('session', 'abc'), "
        "a tuple; write its name without ()"
    )


@pytest.mark.parametrize("error", [ValueError("no"), ValueError, KeyboardInterrupt()])
def test_returned_error(error: Any) -> None:
    """A returned error is not taken for a raised one."""

    def answer(text: str) -> Any:
        return error

    assert verdict_on(answer) == (
        "✗ E1.1 not yet: answer returned an error; write `raise` instead of `return`"
    )


def raises_type_error(value: int) -> Any:
    raise TypeError("seven")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (raises_type_error, "f(1) should raise ValueError, but raised TypeError: seven"),
        (lambda value: None, "f(1) should raise ValueError, but returned None"),
        (raising(ValueError("right")), None),
    ],
)
def test_must_raise(function: Callable[..., Any], message: str | None) -> None:
    """Only the right error, raised, satisfies a check that an error is raised."""
    came = outcome(must_raise, "f(1)", ValueError, outcome(function, 1))

    assert getattr(came, "message", None) == message


@pytest.mark.parametrize(
    ("expected", "actual", "message"),
    [
        (1, True, "f() should return 1, but returned True"),
        (1, None, "f() should return 1, but returned None; is a `return` missing?"),
        ((1, "b"), (1, "c"), "f() should return (1, 'b'), but returned (1, 'c')"),
        (
            [*range(8), "b"],
            [*range(8), "c"],
            "f() should return 'b' as value 9 of 9, but returned 'c'",
        ),
        ((1, 2), (1,), "f() should return (1, 2), but returned (1,)"),
        (
            "x" * 50 + "right" + "y" * 50,
            "x" * 50 + "wrong" + "y" * 50,
            f"f() should return …'{'x' * 8}right{'y' * 11}'… at position 50, "
            f"but returned …'{'x' * 8}wrong{'y' * 11}'…",
        ),
        (
            (b"z" * 80 + b"!",),
            (b"z" * 80,),
            "f() should return …b'zzzzzzzz!' as value 1 of 1, but returned …b'zzzzzzzz'",
        ),
    ],
)
def test_expect(expected: Any, actual: Any, message: str) -> None:
    """A message shows two different values where they differ."""
    with pytest.raises(Wrong) as caught:
        expect("f()", actual, expected)

    assert caught.value.message == message


def test_name_without_a_sentence() -> None:
    """A name that the exercise has no sentence for is shown; a message is never empty."""

    def no_tour(answer: Any) -> None:
        raise Wrong("no-tour")

    exercise = replace(catalogue()["E1.1"], judge=no_tour)

    assert str(judge(exercise, no_parameters)) == "✗ E1.1 not yet: no tour"


def test_class_untouched() -> None:
    """A class is a stub until one of its methods has code."""

    class Stub:
        def one(self) -> None:
            """Your code here."""

        def two(self) -> None: ...

    class Begun(Stub):
        def two(self) -> None:
            print()  # noqa: T201

    assert is_untouched(Stub)
    assert not is_untouched(Begun)
    assert not is_untouched(dict)


def test_ours_is_not_yours(printed: Printed) -> None:
    """Our function does not pass for the learner's, however it got there."""
    check("E1.1", *catalogue()["E1.1"].ours)

    assert printed() == (
        "○ E1.1 that is our function, not yours; run the cell that defines yours, then check it"
    )


def wrapped_ours() -> dict[str, Any]:
    """Return answers to E1.1 that only pass on to ours, and one that does not."""
    (ours,) = catalogue()["E1.1"].ours
    names = {"mine": ours, "course": exercises, "__name__": "__main__"}
    source = """
import functools

def by_name(text): return mine(text)
def by_another(text): return by_name(text)
def by_default(text, do=mine): return do(text)
def by_closure(do):
    def inner(text): return do(text)
    return inner
in_a_closure = by_closure(mine)
in_a_lambda = lambda text: [mine(each) for each in [text]][0]
@functools.wraps(mine)
def as_a_decorator(text): return text
in_a_partial = functools.partial(mine)
class Calls:
    def __call__(self, text): return mine(text)
class Holds:
    def __init__(self, do): self.do = do
    def __call__(self, text): return self.do(text)
an_object, another_object, a_method = Calls(), Holds(mine), Holds(mine).__call__
def from_the_catalogue(text): return course.catalogue()["E1.1"].ours[0](text)
def from_an_import(text):
    from lesson_app.lab.exercises import catalogue
    return catalogue()["E1.1"].ours[0](text)
def from_the_package(text):
    from lesson_app.lab import exercises
    return exercises.catalogue()["E1.1"].ours[0](text)
def from_its_module(text):
    import lesson_app.lab.exercises.e01_remember as module
    return module.cookie_pair_ours(text)
a_copy = type(by_name)(mine.__code__, mine.__globals__)
"""
    exec(source, names)
    left_out = ("by_closure", "functools", "Calls", "Holds", "course", "mine", "__name__")
    return {
        name: value
        for name, value in names.items()
        if name not in left_out and name != "__builtins__"
    }


@pytest.mark.parametrize("name", wrapped_ours())
def test_ours_in_disguise(name: str) -> None:
    """A function that only passes on to ours is ours."""
    assert judge(catalogue()["E1.1"], wrapped_ours()[name]).message.startswith("that is our")


def test_class_of_ours_is_not_yours() -> None:
    """A class that inherits from ours is ours, but may inherit from that of an earlier one."""
    first: Any = catalogue()["E4.1"].ours[0]
    second: Any = catalogue()["E4.2"].ours[0]

    assert judge(catalogue()["E4.2"], type("Mine", (second,), {})).message.startswith("that is")
    assert not is_ours(type("Mine", (first,), {}), [second])


def test_answers_that_name_too_much() -> None:
    """Looking for ours in an answer is bounded; an answer beyond the bound counts as ours."""
    names: dict[str, Any] = {"__name__": "__main__", "count": itertools.count()}
    source = """
class Endless:
    __dict__ = property(lambda self: {"number": next(count), "next": Endless()})
"""
    exec(source, names)

    assert is_ours(names["Endless"](), [print])
    assert next(names["count"]) < 500_000


def test_line_in_a_notebook() -> None:
    """In a notebook, the line has a coloured mark; what was printed is below, escaped."""
    html = Line("✗ E1.1 not yet: a<b", "<b>\n")._repr_html_()

    assert html.startswith("<span style=")
    assert html.endswith("</span> E1.1 not yet: a&lt;b<br>  your code printed: &lt;b&gt;")


@pytest.mark.parametrize(
    ("key", "source", "message"),
    [(key, *each) for key, rows in MESSAGES.items() for each in rows],
)
def test_message(key: str, source: str, message: str) -> None:
    """Without a misconception, the message says what was expected, and what came.

    In a row of `MESSAGES`, " … " stands for any text.
    """
    verdict = asked(key).judge(source)

    assert verdict.state == "not yet"
    assert re.match(".*".join(map(re.escape, message.split("…"))), verdict.message)


# ---------------------------------------------------------------- hints


@each_exercise
def test_hints(key: str, printed: Printed) -> None:
    """Each call prints the next of three hints. After those, it names the solution."""
    hints = catalogue()[key].hints
    lines = len({one_line(text) for text in hints} & {*hints})
    assert lines == len(hints) == 3, f"{key}: expected three different hints of one line each"

    for number, text in enumerate(hints, 1):
        hint(key)
        assert printed() == f"{key} hint {number} of 3: {text}"
    for _ in range(2):
        hint(key)
        assert printed() == f"{key} has no more hints. Open its solution, if your copy has one."


# ---------------------------------------------------------------- predict and observe


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (True, "P1.1: your prediction is recorded. Now run the experiment."),
        (..., "○ P1.1: replace ... with what you expect"),
        (
            {"a": ..., "b": 1, "c": ...},
            "○ P1.1: 2 of 3 answers missing; replace each ... with what you expect",
        ),
        (
            {"a": [..., (1, ...)], "b": {2, ...}},
            "○ P1.1: 3 of 5 answers missing; replace each ... with what you expect",
        ),
        ({}, "P1.1: your prediction is recorded. Now run the experiment."),
        (Broken(), "P1.1: your prediction is recorded. Now run the experiment."),
    ],
)
def test_predict(answer: Any, text: str, printed: Printed) -> None:
    """A prediction is recorded, and its missing answers are counted."""
    predict("P1.1", answer)

    assert printed() == text


@pytest.mark.parametrize(
    ("answer", "result", "text"),
    [
        (True, True, "✓ P1.1 As you predicted. Answer: yes"),
        ("yes", True, "✓ P1.1 As you predicted. Answer: yes"),
        ("No", False, "✓ P1.1 As you predicted. Answer: no"),
        (False, True, "✗ P1.1 Not as you predicted. Answer: yes (you predicted no)"),
        (True, 1, "✗ P1.1 Not as you predicted. Answer: 1 (you predicted yes)"),
        (0, False, "✗ P1.1 Not as you predicted. Answer: no (you predicted 0)"),
        ("Hello  World ", "hello world", "✓ P1.1 As you predicted. Answer: hello world"),
        (
            "Hello",
            "Bye\nnow",
            "✗ P1.1 Not as you predicted. Answer: Bye now (you predicted Hello)",
        ),
        ([1, "A"], (1, "a"), "✓ P1.1 As you predicted. Answer: 1, a"),
        ((2, 1), [1, 2], "✗ P1.1 Not as you predicted. Answer: 1, 2 (you predicted 2, 1)"),
        (0.3, 0.1 + 0.2, "✓ P1.1 As you predicted. Answer: 0.30000000000000004"),
        (2, 2.0, "✓ P1.1 As you predicted. Answer: 2.0"),
        (0.31, 0.3, "✗ P1.1 Not as you predicted. Answer: 0.3 (you predicted 0.31)"),
        ({"B", "a"}, frozenset("Ab"), "✓ P1.1 As you predicted. Answer: A, b"),
        (
            set(),
            {"/a", "/b"},
            "✗ P1.1 Not as you predicted. Answer: /a, /b (you predicted none)",
        ),
        ({("a", 1)}, {("A", 1)}, "✓ P1.1 As you predicted. Answer: A, 1"),
        ([], [], "✓ P1.1 As you predicted. Answer: none"),
        ({}, {}, "✓ P1.1 As you predicted. Answer: none"),
        (None, None, "✓ P1.1 As you predicted. Answer: None"),
        (
            timedelta(minutes=2),
            timedelta(minutes=2),
            "✓ P1.1 As you predicted. Answer: 0:02:00",
        ),
        (
            {"a": "x", "b": 2},
            {"a": "X", "b": 2},
            "✓ P1.1 As you predicted. Answer: a: X; b: 2",
        ),
        (
            {"a": True, "b": 2, "c": [3]},
            {"a": False, "b": 2, "c": [4]},
            "✗ P1.1 Not as you predicted. Answer: a: no (you predicted yes); b: 2; "
            "c: 4 (you predicted 3)",
        ),
        (
            {"a": 1},
            {"a": 1, "b": 1},
            "✗ P1.1 Not as you predicted. Answer: a: 1; b: 1 (no prediction)",
        ),
        (
            Broken(),
            1,
            "✗ P1.1 Not as you predicted. Answer: 1 (you predicted <Broken instance>)",
        ),
        (
            {"a": Broken()},
            {"a": 1},
            "✗ P1.1 Not as you predicted. Answer: a: 1 (you predicted <Broken instance>)",
        ),
        (object(), 1, "✗ P1.1 Not as you predicted. Answer: 1 (you predicted <object object>)"),
        (..., True, "○ P1.1 Answer: yes"),
        ({"a": 1, "b": ...}, {"a": 1, "b": 2}, "○ P1.1 Answer: a: 1; b: 2"),
    ],
)  # fmt: skip
def test_observe(answer: Any, result: Any, text: str, printed: Printed) -> None:
    """The result and the prediction are compared as a person would compare them."""
    predict("P1.1", answer)
    printed()

    observe("P1.1", result)

    assert printed() == text


def test_observe_without_prediction(printed: Printed) -> None:
    """Without a prediction, the result is printed."""
    observe("P9.9", {"a": True})
    observe(["P9.9"], True)  # type: ignore[arg-type]

    assert printed().splitlines() == [
        "○ P9.9 Answer: a: yes",
        "○ ['P9.9'] Answer: yes",
    ]


def test_predict_again(printed: Printed) -> None:
    """The last prediction for an experiment counts, and only for that experiment."""
    predict("P1.1", 1)
    predict("P1.2", 3)
    predict("P1.1", 2)
    printed()

    observe("P1.1", 2)

    assert printed() == "✓ P1.1 As you predicted. Answer: 2"


# ---------------------------------------------------------------- progress


def again(key: str) -> Callable[..., Any]:
    """Return the function of the notebook's solution: a learner's right answer."""
    found = asked(key)
    (answer,) = found.answers(found.solution)
    return answer  # type: ignore[no-any-return]


def entries(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_progress_file(file: Path, printed: Printed) -> None:
    """Each check and each observation adds one JSON object to the file."""
    check("E1.3", again("E1.3"))
    check("E1.3", lambda text: text)
    check("E1.3", ...)
    observe("P4.1", 1)
    for answer, result in ((1, 1), (1, 2)):
        predict("P4.1", answer)
        observe("P4.1", result)
    observe(no_parameters, 1)  # type: ignore[arg-type]
    hint("E1.3")
    yours_or_ours("E1.3", ...)  # type: ignore[arg-type]

    assert entries(file)[:6] == [
        {"id": "E1.3", "state": "passed"},
        {"id": "E1.3", "state": "not yet", "misconception": "still-string"},
        {"id": "E1.3", "state": "not started"},
        {"id": "P4.1", "state": "not predicted"},
        {"id": "P4.1", "state": "passed"},
        {"id": "P4.1", "state": "surprised"},
    ]
    assert len(entries(file)) == 7
    assert printed()


def row(number: int, *done: str) -> str:
    """Return the line of a notebook, of whose exercises some are done."""
    here = [key for key in IDS if catalogue()[key].notebook == number]
    marks = "  ".join(f"{'✓' if key in done else '○'} {key}" for key in here)
    return f"{number:02}  {len(done)} of {len(here)}   {marks}"


def test_progress(file: Path, printed: Printed) -> None:
    """The table has a line for each notebook. An exercise that has passed stays passed."""
    for key, answers in (("E0.1", ["?"]), ("E1.3", [again("E1.3")]), ("E1.2", [...])):
        check(key, *answers)
    check("E1.3", ...)
    printed()

    progress()

    lines = printed().splitlines()
    assert [line[:2] for line in lines] == [each.name[:2] for each in all_notebooks()]
    assert lines[:2] == [row(0), row(1, "E1.3")]


def test_progress_not_kept(printed: Printed) -> None:
    """Without a file, progress() prints how to get one."""
    progress()

    assert printed() == (
        "Progress is not recorded. To record it, set LESSON_APP_PROGRESS to a file's path."
    )


def test_file_with_other_lines(file: Path, printed: Printed) -> None:
    """Half-written and foreign lines are skipped, also at the end of the file."""
    good = '{"id": "E1.1", "state": "passed"}'
    other = b'\n{}\n{"id": 7}\n[1]\n"id state"\n\xff\xfe\n{"id": "E1.2", "sta'
    file.write_bytes(good.encode() + other)
    check("E1.3", again("E1.3"))
    printed()

    progress()

    assert printed().splitlines()[1] == row(1, "E1.1", "E1.3")


def test_file_ends_well(file: Path) -> None:
    """Each entry has its own line, and no line is empty."""
    for _ in range(3):
        observe("P1.1", 1)

    assert file.read_text().count("\n") == 3
    assert len(entries(file)) == 3


def test_no_file_yet(file: Path, printed: Printed) -> None:
    """Before the first check, nothing has passed."""
    progress()

    assert "✓" not in printed()
    assert not file.exists()


def test_file_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, printed: Printed
) -> None:
    """If the file cannot be written, the check still prints its line."""
    monkeypatch.setenv(PROGRESS, str(tmp_path))

    check("E1.3", ...)
    assert printed() == "○ E1.3 decode: not started"
    progress()
    assert "✓" not in printed()


# ---------------------------------------------------------------- yours or ours


def test_yours(printed: Printed) -> None:
    """The learner's function is used if it passes."""
    mine = again("E1.3")

    assert yours_or_ours("E1.3", mine) is mine
    assert printed() == "E1.3 passed: the notebook uses your function from here on."


@pytest.mark.parametrize("yours", [..., no_parameters, returning(True)])
def test_ours_instead(yours: Any, printed: Printed) -> None:
    """Until then, ours is used, also if the cell runs again with ours as the answer."""
    for _ in range(2):
        yours = yours_or_ours("E1.3", yours)
        assert yours is catalogue()["E1.3"].ours[0]
        assert printed() == "E1.3 not passed yet: the notebook uses our function."


def test_two_functions(printed: Printed) -> None:
    """Two functions are both the learner's or both ours, because they belong together."""
    ours = catalogue()["E5.6"].ours
    found = asked("E5.6")
    mine = tuple(found.answers(found.solution))

    assert yours_or_ours("E5.6", *mine) == mine
    assert yours_or_ours("E5.6", mine[0], no_parameters) == ours
    assert printed().splitlines() == [
        "E5.6 passed: the notebook uses your functions from here on.",
        "E5.6 not passed yet: the notebook uses our functions.",
    ]


def test_class_of_ours(printed: Printed) -> None:
    """A class is called a class."""
    yours_or_ours("E4.1", type("Empty", (), {}))

    assert printed() == "E4.1 not passed yet: the notebook uses our class."


def test_unknown_exercise() -> None:
    """For an unknown exercise, the learner's functions are returned unchanged."""
    assert yours_or_ours("E9.9", no_parameters) is no_parameters
    assert yours_or_ours("E9.9", no_parameters, endless) == (no_parameters, endless)


# ---------------------------------------------------------------- the catalogue


def test_catalogue() -> None:
    """Ids are in the notebooks' order, and each notebook has the exercises of its number."""
    for notebook in all_notebooks():
        number = int(notebook.name[:2])
        wanted = {key for key, each in catalogue().items() if each.notebook == number}
        assert set(notebook.exercises) == wanted, (
            f"{notebook.name}: its cells check {sorted(notebook.exercises)}, and EXERCISES of "
            f"e{number:02}_….py has {sorted(wanted)}; make them the same"
        )
    assert sorted(IDS) == IDS, f"order EXERCISES by their ids: {sorted(IDS)}"


def test_found_cookie() -> None:
    """Notebook 00 shows the cookie that the check opens."""
    from lesson_app.lab.exercises.e00_read import FOUND_COOKIE

    assert asked("E0.1").names["found"] == FOUND_COOKIE


def test_imported_on_first_use() -> None:
    """The first check imports the exercises. Importing the lab does not."""
    program = (
        "import sys; from lesson_app.lab import check\n"
        "def loaded():\n"
        "    print(sum('.exercises.e0' in name for name in sys.modules))\n"
        "loaded(); check('E1.1', ...); loaded()"
    )

    lines = subprocess.check_output([sys.executable, "-c", program], text=True).splitlines()

    assert lines == ["0", "○ E1.1 cookie_pair: not started", str(len(all_notebooks()))]


@pytest.mark.parametrize("number", sorted({each.notebook for each in catalogue().values()}))
def test_every_name_is_a_misconception(number: int) -> None:
    """A check that raises a name which no sentence belongs to would print nothing."""
    (path,) = Path(exercises.__file__).parent.glob(f"e{number:02}_*.py")
    raised = set(re.findall(r'Wrong\("([a-z0-9-]+)"\)', path.read_text(encoding="utf-8")))
    here = [each for each in catalogue().values() if each.notebook == number]

    unknown = sorted(raised - {name for each in here for name in each.misconceptions})

    assert unknown == [], f"{path.name} raises {unknown}; add a sentence to `misconceptions`"
