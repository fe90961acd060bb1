"""What an exercise is, and what can be said about an answer to it."""

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


class Wrong(Exception):  # noqa: N818  # it is an answer that is wrong, and nothing fails
    """An answer is not right yet.

    Give the name of one of the exercise's misconceptions, or else `message`, which says
    what was asked, what came back, and what was expected.
    """

    def __init__(self, name: str = "", message: str = "") -> None:
        super().__init__(name, message)
        self.name, self.message = name, message


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook.

    `id` is an E, the notebook's number, a dot, and the number in the notebook. `judge` is
    given the learner's answers and raises `Wrong` for the first thing that is not right.
    `misconceptions` are what learners get wrong, by name: each tells in one sentence what
    was done, and what follows from it. `ours` is what stands in until the learner's own
    functions pass: as many as `judge` takes.
    """

    id: str
    title: str
    judge: Callable[..., None]
    misconceptions: Mapping[str, str]
    hints: tuple[str, str, str]
    ours: tuple[Callable[..., Any], ...] = ()

    @property
    def notebook(self) -> int:
        """The number of the notebook that asks for it."""
        return int(self.id[1:].partition(".")[0])


@dataclass(frozen=True)
class Verdict:
    """What a check found: `state` is "passed", "not started" or "not yet"."""

    exercise: Exercise
    state: str
    message: str = ""
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        sign = {"passed": "✓", "not started": "○"}.get(self.state, "✗")
        text = f"{sign} {self.exercise.id} {self.exercise.title}: {self.state}"
        return f"{text}: {self.message}" if self.message else text


def judge(exercise: Exercise, *answers: Any) -> Verdict:
    """Say how far the answers are. Raises nothing that an answer raises, prints nothing."""
    if not answers or any(map(is_untouched, answers)):
        return Verdict(exercise, "not started")
    asked = len(inspect.signature(exercise.judge).parameters)
    if len(answers) != asked:
        message = f"give {asked}: {exercise.title}; what came was {len(answers)}"
        return Verdict(exercise, "not yet", message)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exercise.judge(*answers)
    except Wrong as wrong:
        message = exercise.misconceptions.get(wrong.name, wrong.message)
        return Verdict(exercise, "not yet", one_line(message), wrong.name)
    except KeyboardInterrupt:
        return Verdict(exercise, "not yet", "interrupted: is there a loop that never ends?")
    except BaseException as error:  # noqa: BLE001  # a notebook goes on, whatever comes
        return Verdict(exercise, "not yet", f"it raised {tell(error)}{_where(error, answers)}")
    return Verdict(exercise, "passed")


def _where(error: BaseException, answers: tuple[Any, ...]) -> str:
    """The line of the learner's cell that raised, or nothing if it was not in the cell."""
    cells = {getattr(getattr(each, "__code__", None), "co_filename", None) for each in answers}
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename in cells
    ]
    return f" (line {lines[-1]} of the cell)" if lines else ""


def is_untouched(answer: Any) -> bool:
    """Whether an answer is still the stub: ``...``, or a function with nothing in it."""
    if answer is ...:
        return True
    if not isinstance(answer, FunctionType) or answer.__code__.co_code not in _STUBS:
        return False
    # What is returned is told by its place among the constants: see that it is None.
    return set(answer.__code__.co_consts) <= {None, answer.__doc__}


def _documented() -> None:
    """Your code here."""


def _dots() -> None: ...


def _passing() -> None:
    pass  # pragma: no cover  # it is only looked at


# Nothing but `return None`, in the two forms that it has with and without a docstring.
_STUBS = {stub.__code__.co_code for stub in (_documented, _dots, _passing)}

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def short(value: Any) -> str:
    """Write a value as a learner would, cut to what fits in a line."""
    if isinstance(value, bytes) and len(value) > 24:
        return f"{value[:20]!r}… ({len(value)} bytes)"
    try:
        return one_line(_SHORT.repr(value))
    except Exception:  # noqa: BLE001  # a `__repr__` may raise anything
        return f"a {type(value).__name__}"


#: What differs from run to run and from machine to machine: addresses in memory, folders.
_VARYING = re.compile(
    r" at 0x[0-9a-fA-F]+"
    r"|(?<![\w.])(?:/(?:home|root|tmp|usr|var|opt|work|private|Users|Library)/|[A-Za-z]:\\)"
    r"(?:[^\s'\"/\\]+[/\\])*"
)


def one_line(text: str) -> str:
    """Put a text on one line of at most some 300 characters, the same in every run."""
    text = " ".join(_VARYING.sub("", text).split())
    return text if len(text) <= 300 else f"{text[:299]}…"


def tell(error: BaseException) -> str:
    """Write an error's kind and its message on one line."""
    kind = type(error).__name__
    try:
        return one_line(f"{kind}: {error}".rstrip(": "))
    except Exception:  # noqa: BLE001  # its `__str__` may raise, too
        return kind


def same(actual: Any, expected: Any) -> bool:
    """Whether two values are equal, and of one type, so that nothing only says that it is."""
    return type(actual) is type(expected) and bool(actual == expected)


def expect(call: str, actual: Any, expected: Any) -> None:
    """Raise `Wrong`, with both values, if `actual` is not `expected`, type and all."""
    if not same(actual, expected):
        forgot = " (is there a return?)" if actual is None else ""
        raise Wrong(message=f"{call} gave {short(actual)}{forgot}; expected {short(expected)}")


def outcome(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what a call returns, or the error that it raises."""
    try:
        return function(*args, **options)
    except Exception as error:  # noqa: BLE001  # the error is the outcome
        return error


def builtin_calls(
    function: Callable[..., Any], *args: Any, but_in: Callable[..., Any] | None = None
) -> set[str]:
    """Return the names of the built-in functions that a call of `function` reaches.

    What `but_in` itself calls does not count.
    """
    names: set[str] = set()
    ignored = getattr(but_in, "__code__", None)

    def note(frame: Any, event: str, called: Any) -> None:
        # Python measures no coverage in here.
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
    """Name the misconceptions of an exercise: ``misconceptions(no_name="…")``."""
    return MappingProxyType({name.replace("_", "-"): text for name, text in messages.items()})
