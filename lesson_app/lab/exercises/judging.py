"""Define what an exercise is, and judge the answers to it."""

from __future__ import annotations

import inspect
import io
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from reprlib import Repr
from traceback import walk_tb
from types import FunctionType, MappingProxyType
from typing import Any


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
    """

    id: str
    title: str
    judge: Callable[..., None]
    misconceptions: Mapping[str, str]
    hints: tuple[str, str, str]
    ours: tuple[Callable[..., Any], ...] = ()

    @property
    def notebook(self) -> int:
        """Return the number of the notebook that contains the exercise."""
        return int(self.id[1:].partition(".")[0])


@dataclass(frozen=True)
class Verdict:
    """Report what a check found: `state` is "passed", "not started" or "not yet"."""

    exercise: Exercise
    state: str
    message: str = ""
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.state == "not yet":
            return f"✗ {self.exercise.id}: {self.message}"
        mark = "✓" if self.state == "passed" else "○"
        return f"{mark} {self.exercise.id} {self.exercise.title}: {self.state}"


def judge(exercise: Exercise, *answers: Any) -> Verdict:
    """Judge the answers. Catch what they raise, and hide what they print."""
    if not answers or any(map(is_untouched, answers)):
        return Verdict(exercise, "not started")
    asked = len(inspect.signature(exercise.judge).parameters)
    if len(answers) != asked:
        arguments = "1 argument" if asked == 1 else f"{asked} arguments"
        message = f"check() expects {arguments} ({exercise.title}) but got {len(answers)}"
        return Verdict(exercise, "not yet", message)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exercise.judge(*answers)
    except Wrong as wrong:
        message = exercise.misconceptions.get(wrong.name, wrong.message)
        return Verdict(exercise, "not yet", one_line(message), wrong.name)
    except KeyboardInterrupt:
        message = "your code was interrupted; look for a loop that never ends"
        return Verdict(exercise, "not yet", message)
    except BaseException as error:  # noqa: BLE001  # the notebook must run on
        message = f"your code raised {describe(error)}{_where(error, answers)}"
        return Verdict(exercise, "not yet", message)
    return Verdict(exercise, "passed")


def _where(error: BaseException, answers: tuple[Any, ...]) -> str:
    """Name the line of the learner's cell that raised; return "" for other code."""
    cells = {getattr(getattr(each, "__code__", None), "co_filename", None) for each in answers}
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename in cells
    ]
    return f" (line {lines[-1]} of the cell)" if lines else ""


def is_untouched(answer: Any) -> bool:
    """Return whether an answer is still the stub: ``...`` or an empty function."""
    if answer is ...:
        return True
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

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def short(value: Any) -> str:
    """Format a value as in Python code, shortened to fit on a line."""
    if isinstance(value, bytes) and len(value) > 24:
        return f"{value[:20]!r}… ({len(value)} bytes)"
    try:
        return one_line(_SHORT.repr(value))
    except Exception:  # noqa: BLE001  # a `__repr__` may raise anything
        return f"a {type(value).__name__}"


#: Text that differs between runs or machines: memory addresses and folders.
_VARYING = re.compile(
    r" at 0x[0-9a-fA-F]+"
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
    """Return whether two values are equal and have the same type.

    A learner's own type could claim to equal anything.
    """
    return type(actual) is type(expected) and bool(actual == expected)


def expect(call: str, actual: Any, expected: Any) -> None:
    """Raise `Wrong`, with both values, if they differ in value or type."""
    if not same(actual, expected):
        returned = f"{short(actual)}{forgotten(actual)}"
        message = f"{call} should return {short(expected)}, but returned {returned}"
        raise Wrong(message=message)


def forgotten(actual: Any) -> str:
    """Return the hint that a ``return`` may be missing, if the value is None."""
    return "; is a `return` missing?" if actual is None else ""


def outcome(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return the value that a call returns, or the error that it raises."""
    try:
        return function(*args, **options)
    except Exception as error:  # noqa: BLE001  # the error is the outcome
        return error


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
