"""Define what an exercise is, and judge the answers to it."""

from __future__ import annotations

import dis
import inspect
import io
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from reprlib import Repr
from traceback import walk_tb
from types import FrameType, FunctionType, MappingProxyType
from typing import Any

from .ours import is_ours

#: What a check says of the course's own function.
OURS = "that is our function, not yours; run the cell that defines yours, then check it"

#: What the grader says of an answer that only works with the course's own function.
CALLS_OURS = "your answer calls our function; write your own, and check it again"


class Wrong(Exception):  # noqa: N818  # not an error of the program
    """Report that an answer is not right yet.

    `name` is one of the exercise's misconceptions. Without a name, give a `message` that
    says what was expected, what came, and what to do.
    """

    def __init__(self, name: str = "", message: str = "") -> None:
        super().__init__(name, message)
        self.name, self.message = name, message


@dataclass(frozen=True)
class Exercise:
    """Describe one exercise of a notebook.

    `id` is an E, the notebook's number, a dot, and a number in the notebook. `judge` takes
    the learner's answers and raises `Wrong` for the first error. `misconceptions` maps a
    name to one sentence: what the learner did, and what to do instead. `ours` are the
    functions that the notebook uses until the learner's pass, one for each answer.
    `level` is the difficulty, from 1 to 3. `minutes` is the time that a fresh reader takes.
    A learner `must` solve it to follow the course, or may. `tries` says how often the grader
    judges an answer before it says no: more than once where an answer measures time. `alike`
    are functions of the package that do what the exercise asks the learner to write.
    """

    id: str
    title: str
    judge: Callable[..., None]
    misconceptions: Mapping[str, str]
    hints: tuple[str, str, str]
    ours: tuple[Callable[..., Any], ...] = ()
    level: int = 1
    minutes: int = 5
    must: bool = True
    tries: int = 1
    alike: tuple[Callable[..., Any], ...] = ()

    @property
    def notebook(self) -> int:
        """Return the number of the notebook that contains the exercise."""
        return int(self.id[1:].partition(".")[0])

    @property
    def rating(self) -> str:
        """Return what the notebook says about the exercise, below its heading."""
        dots = "●" * self.level + "○" * (3 - self.level)
        word = ("easy", "medium", "hard")[self.level - 1]
        return f"{dots} {word} · {self.minutes} minutes · {'must' if self.must else 'may'}"


@dataclass(frozen=True)
class Verdict:
    """Report what a check found: `state` is "passed", "not started" or "not yet".

    `printed` is what the learner's code printed meanwhile.
    """

    exercise: Exercise
    state: str
    message: str = ""
    name: str = field(default="", compare=False)
    printed: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.state == "not yet":
            return f"✗ {self.exercise.id} not yet: {self.message}"
        mark = "✓" if self.state == "passed" else "○"
        words = self.message or f"{self.exercise.title}: {self.state}"
        return f"{mark} {self.exercise.id} {words}"


def judge(exercise: Exercise, *answers: Any) -> Verdict:
    """Judge the answers. Catch what they raise, and keep what they print."""
    untouched = [is_untouched(answer) for answer in answers]
    if answers and all(untouched):
        return Verdict(exercise, "not started")
    known = [answer for answer in answers for each in exercise.alike if answer is each]
    if known or any(is_ours(answer, exercise.ours) for answer in answers):
        return Verdict(exercise, "not started", OURS)
    problem = _problem(exercise, answers, untouched)
    if problem:
        return Verdict(exercise, "not yet", problem)
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        verdict = _judge(exercise, answers)
    return replace(verdict, printed=output.getvalue())


def _problem(exercise: Exercise, answers: Sequence[Any], untouched: Sequence[bool]) -> str:
    """Return what is wrong with the call of `check`; "" if nothing is."""
    asked = inspect.signature(exercise.judge).parameters.values()
    if len(answers) != len(asked):
        arguments = "1 argument" if len(asked) == 1 else f"{len(asked)} arguments"
        return f"check() expects {arguments} ({exercise.title}) but got {len(answers)}"
    names = exercise.title.split(", ")
    for name, parameter, answer, stub in zip(names, asked, answers, untouched, strict=False):
        if stub:
            return f"`{name}` is not started; write it, too"
        if str(parameter.annotation).startswith("Callable") and not callable(answer):
            got = f"{short(answer)}, a {type(answer).__name__}"
            advice = "write its name without ()"
            return f"check() expects the function or class itself, got {got}; {advice}"
    return ""


def _judge(exercise: Exercise, answers: tuple[Any, ...]) -> Verdict:
    try:
        exercise.judge(*answers)
    except Wrong as wrong:
        # A shared judge may raise a name that this exercise has no sentence for.
        unnamed = wrong.message or wrong.name.replace("-", " ")
        message = exercise.misconceptions.get(wrong.name, unnamed)
        return Verdict(exercise, "not yet", one_line(message), wrong.name)
    except KeyboardInterrupt:
        message = "your code was interrupted; look for a loop that never ends"
        return Verdict(exercise, "not yet", message)
    except BaseException as error:  # noqa: BLE001  # the notebook must run on
        message = f"{_where(error, answers)} raised {describe(error)}"
        return Verdict(exercise, "not yet", one_line(message))
    return Verdict(exercise, "passed")


def _where(error: BaseException, answers: tuple[Any, ...]) -> str:
    """Name the learner's call that raised, and the line of the cell."""
    cells = {_file_of(each) for each in answers} - {None}
    frames = [
        (frame, line)
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename in cells
    ]
    if not frames:
        return "your code"
    return f"{_call(frames[0][0])} (line {frames[-1][1]} of the cell)"


def _file_of(answer: Any) -> str | None:
    """Return the name under which Python compiled an answer's cell."""
    if isinstance(answer, type):
        found = map(_file_of, vars(answer).values())
        return next(filter(None, found), None)
    code = getattr(inspect.unwrap(answer) if callable(answer) else answer, "__code__", None)
    return getattr(code, "co_filename", None)


def _call(frame: FrameType) -> str:
    """Return a call as in Python code. An argument that the function replaced is "…"."""
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    stored = {
        each.argval for each in dis.get_instructions(code) if each.opname.startswith("STORE")
    }
    values = [
        "…" if name in stored else short(frame.f_locals.get(name))
        for name in names
        if name != "self"
    ]
    return f"{code.co_name}({', '.join(values)})"


def is_untouched(answer: Any) -> bool:
    """Return whether an answer is still the stub: ``...``, or nothing but empty functions."""
    if answer is ...:
        return True
    if isinstance(answer, type):
        methods = [each for each in vars(answer).values() if isinstance(each, FunctionType)]
        return bool(methods) and all(map(is_untouched, methods))
    if not isinstance(answer, FunctionType) or answer.__code__.co_code not in _STUBS:
        return False
    # The byte code refers to the returned constant by its index: require None.
    return set(answer.__code__.co_consts) <= {None, answer.__doc__}


def _documented() -> None:
    """Your code here."""


def _dots() -> None: ...


def _passing() -> None:
    pass  # pragma: no cover  # never called


# The byte code of `return None`: it differs with and without a docstring.
_STUBS = {stub.__code__.co_code for stub in (_documented, _dots, _passing)}

# Longer texts are shortened in messages.
_CUT = 24
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def short(value: Any) -> str:
    """Format a value as in Python code, shortened to fit on a line."""
    if isinstance(value, bytes) and len(value) > _CUT:
        return f"{value[:20]!r}… ({len(value)} bytes)"
    try:
        return one_line(_SHORT.repr(value))
    except Exception:  # noqa: BLE001  # a `__repr__` may raise anything
        return f"a {type(value).__name__}"


#: Text that differs between runs or machines: memory addresses and folders.
_VARYING = re.compile(
    r" at 0x[0-9a-fA-F]+|(?<=127\.0\.0\.1):\d+"
    r"|(?<![\w.])(?:/(?:home|root|tmp|usr|var|opt|work|private|Users|Library)/|[A-Za-z]:\\)"
    r"(?:[^\s'\"/\\]+[/\\])*"
)


def one_line(text: str) -> str:
    """Join a text into one line of at most 300 characters, the same in every run."""
    text = " ".join(_VARYING.sub("", text).split())
    return text if len(text) <= 300 else f"{text[:299]}…"


def describe(error: BaseException) -> str:
    """Format an error's type and its message on one line."""
    kind = type(error).__name__
    try:
        return one_line(f"{kind}: {error}".rstrip(": "))
    except Exception:  # noqa: BLE001  # `__str__` may raise anything
        return kind


def same(actual: Any, expected: Any) -> bool:
    """Return whether two values are equal and have the same types, also inside a list.

    A learner's own type could claim to equal anything.
    """
    if type(actual) is not type(expected):
        return False
    if isinstance(expected, tuple | list):
        pairs = zip(actual, expected, strict=False)
        return len(actual) == len(expected) and all(same(*pair) for pair in pairs)
    return bool(actual == expected)


def expect(call: str, actual: Any, expected: Any) -> None:
    """Raise `Wrong`, with both values, if they differ in value or type."""
    if same(actual, expected):
        return
    right, found, where = _apart(expected, actual)
    returned = f"{found}{forgotten(actual)}"
    raise Wrong(message=f"{call} should return {right}{where}, but returned {returned}")


def _apart(expected: Any, actual: Any) -> tuple[str, str, str]:
    """Format two different values so that the difference is visible, and say where it is."""
    right, found = short(expected), short(actual)
    cut = any(dots in right + found for dots in ("...", "…"))
    if type(expected) is not type(actual) or not cut:
        return right, found, ""
    if isinstance(expected, tuple | list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True), 1)
        number, (one, other) = next(each for each in pairs if not same(*each[1]))
        return *_apart(one, other)[:2], f" as value {number} of {len(expected)}"
    if isinstance(expected, str | bytes) and max(len(expected), len(actual)) > _CUT:
        pairs = enumerate(zip(expected, actual, strict=False))
        shortest = min(len(expected), len(actual))
        place = next((i for i, (a, b) in pairs if a != b), shortest)
        start = max(place - _CUT // 3, 0)
        return _part(expected, start), _part(actual, start), f" at position {place}"
    return right, found, ""


def _part(text: str | bytes, start: int) -> str:
    cut = text[start : start + _CUT]
    dots = "…" if start else ""
    return f"{dots}{cut!r}{'…' if start + _CUT < len(text) else ''}"


def forgotten(actual: Any) -> str:
    """Return the hint that a ``return`` may be missing, if the value is None."""
    return "; is a `return` missing?" if actual is None else ""


def outcome(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return the value that a call returns, or the error that it raises.

    A function that *returns* an error is `Wrong`: its caller would take it for a result.
    """
    try:
        found = function(*args, **options)
    except Exception as error:  # noqa: BLE001  # the error is the outcome
        return error
    if isinstance(found, BaseException) or (
        isinstance(found, type) and issubclass(found, BaseException)
    ):
        name = getattr(function, "__name__", "your function")
        raise Wrong(message=f"{name} returned an error; write `raise` instead of `return`")
    return found


def must_raise(call: str, error: type[Exception], found: Any) -> None:
    """Raise `Wrong` unless the `outcome` of a call is this error."""
    if isinstance(found, error):
        return
    came = f"returned {short(found)}"
    if isinstance(found, Exception):
        came = f"raised {describe(found)}"
    raise Wrong(message=f"{call} should raise {error.__name__}, but {came}")


def builtin_calls(
    function: Callable[..., Any], *args: Any, except_in: Callable[..., Any] | None = None
) -> set[str]:
    """Return the names of the built-in functions that a call of `function` reaches.

    Calls that `except_in` makes itself don't count.
    """
    names: set[str] = set()
    ignored = getattr(except_in, "__code__", None)

    def note(frame: Any, event: str, called: Any) -> None:
        # Coverage cannot be measured in here.
        if event == "c_call" and frame.f_code is not ignored:  # pragma: no cover
            names.add(getattr(called, "__name__", ""))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        outcome(function, *args)
    finally:
        sys.setprofile(before)
    return names


def misconceptions(**messages: str) -> Mapping[str, str]:
    """Return sentences by misconception; ``no_name="…"`` gets the name `no-name`."""
    return MappingProxyType({name.replace("_", "-"): text for name, text in messages.items()})
