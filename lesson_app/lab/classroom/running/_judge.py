"""Run a notebook's cells and judge its answers: the program that `run` starts.

The task comes through stdin, events go out through stdout. Each event is signed with a key
that came with the task. The cells run as in a kernel, without its sockets and threads. Their
`check` is the one below: for each answer it imports the course's judge from its files again,
and it refuses to judge when the cells have changed code that judging depends on.

Nothing in Python separates two parts of one process: docs/grading.md says what remains
possible.
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import operator
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

import lesson_app.lab
from lesson_app.lab import exercises
from lesson_app.lab.classroom.running import _limits
from lesson_app.lab.classroom.running._events import sender
from lesson_app.lab.classroom.running._tampering import Snapshot
from lesson_app.lab.classroom.running._tripwires import Tripwires
from lesson_app.lab.exercises.judging import CALLS_OURS, OURS
from lesson_app.lab.exercises.ours import is_ours

Answers = tuple[Any, ...]
_PACKAGE = exercises.__name__
#: The signal that `run` sends to a cell whose time is up.
_INTERRUPT = getattr(signal, "SIGBREAK", signal.SIGINT)  # the first is on Windows


class Judging:
    """What the cells get instead of `check`, `hint`, and the judge of `yours_or_ours`."""

    # No attribute can hide a method.
    __slots__ = (
        "_before",
        "_hint",
        "_homes",
        "_last",
        "_send",
        "_tripwires",
        "checked",
        "given",
    )

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._hint = exercises.hint
        self._last: dict[str, tuple[Answers, str]] = {}
        self._tripwires = Tripwires()
        homes = {}
        for each in exercises.catalogue().values():
            homes[each.id] = _home(each)
            for function in (*each.ours, *each.alike):
                # The judge uses the library, too, but only its own copy of our answers.
                library = not function.__module__.startswith(_PACKAGE)
                if not (library and isinstance(function, type)):  # answers inherit from it
                    self._tripwires.add(each.id, [function], unless_ours=library)
        self._homes = MappingProxyType(homes)
        #: The `check` that the cells import.
        self.given = _hidden(self.check)
        for module in (exercises, lesson_app.lab):
            vars(module).update(check=self.given, hint=_hidden(self.hint))
        vars(exercises)["judge"] = _hidden(self.judge)
        for module in (exercises, exercises.predictions, exercises.progress_file):
            vars(module)["record"] = _hidden(self.claim)
        self._before = Snapshot(sys.modules.values())
        #: The exercises that the running cell has checked.
        self.checked: set[str] = set()

    def check(self, id: str, *answers: Any) -> None:  # noqa: A002  # as in the lesson
        """Judge answers with a judge that no cell has seen, and send the verdict."""
        if id not in self._homes:
            self._send(check=str(id)[:100], state="missing", message="", name="")
            return
        self.checked.add(id)
        changed = self._before.changes()
        if not changed:
            with _afresh(self._homes[id]) as fresh:
                exercise = next(each for each in fresh.EXERCISES if each.id == id)
                verdict, changed = self._tried(fresh.judging.judge, exercise, answers)
            changed = changed or self._before.changes()
        if changed:
            self._send(check=id, changed=changed[:200])
            return
        self._last[id] = (answers, verdict.state)
        message = verdict.message
        self._send(check=id, state=verdict.state, message=message, name=verdict.name)

    def _tried(self, judge: Any, exercise: Any, answers: Answers) -> tuple[Any, str]:
        """Return the verdict, and what the answers have changed meanwhile."""
        codes = self._tripwires.codes[exercise.id]
        if any(is_ours(answer, exercise.ours, codes) for answer in answers):
            return exercises.Verdict(exercise, "not started", OURS), ""
        self._tripwires.calls.clear()
        mine = [each for each in exercise.ours if each.__module__.startswith(_PACKAGE)]
        self._tripwires.add(exercise.id, mine, unless_ours=True)
        judging = Snapshot(_of_package().values())
        for _ in range(exercise.tries):
            verdict = judge(exercise, *answers)
            if verdict.state != "not yet":
                break
        if exercise.id in self._tripwires.calls:
            verdict = replace(verdict, state="not started", message=CALLS_OURS, name="")
        return verdict, judging.changes()

    def judge(self, exercise: Any, *answers: Any) -> Any:
        """Return the state of answers; judge them unless they are those of the last check."""
        if not self._is_known(exercise.id, answers):
            self.check(exercise.id, *answers)
        state = self._last[exercise.id][1] if self._is_known(exercise.id, answers) else ""
        return exercises.Verdict(exercise, state)

    def _is_known(self, id: str, answers: Answers) -> bool:  # noqa: A002
        known = self._last.get(id, ((), ""))[0]
        return len(known) == len(answers) and all(map(operator.is_, known, answers))

    def hint(self, id: str) -> None:  # noqa: A002
        """Count a hint."""
        self._hint(id)
        self._send(hint=str(id)[:100])

    def claim(self, id: str, state: str, *_: str) -> None:  # noqa: A002
        """Pass on what a prediction records, and what a cell claims."""
        self._send(claim=str(id)[:100], state=str(state)[:100])


#: The codes that may send events.
CALLERS = {each.__code__ for each in (Judging.check, Judging.hint, Judging.claim)}


def _hidden(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a plain function: a method would show the object that it belongs to."""
    return lambda *args, **options: method(*args, **options)


def _home(exercise: Any) -> str:
    """Return the name of the module that defines an exercise."""
    for name, module in _of_package().items():
        if any(each is exercise for each in getattr(module, "EXERCISES", ())):
            return name
    raise AssertionError(exercise.id)


@contextmanager
def _afresh(name: str) -> Iterator[Any]:
    """Import a module of exercises from its file; then put the cells' modules back."""
    theirs = _take_out()
    try:
        module = importlib.import_module(name)
        vars(module)["judging"] = sys.modules[f"{_PACKAGE}.judging"]
        yield module
    finally:
        _take_out()
        sys.modules.update(theirs)
        vars(lesson_app.lab)["exercises"] = exercises


def _of_package() -> dict[str, Any]:
    return {name: each for name, each in sys.modules.items() if name.startswith(_PACKAGE)}


def _take_out() -> dict[str, Any]:
    found = _of_package()
    for name in found:
        del sys.modules[name]
    return found


class _Publisher(DisplayPublisher):
    def publish(self, *args: Any, **options: Any) -> None:
        """Do nothing: nobody looks."""


class _Shell(InteractiveShell):
    """Runs cells as a kernel does; nobody sees what they show."""

    display_pub_class = Type(_Publisher)
    ended = False

    def ask_exit(self) -> None:
        """Note that a cell called exit() or quit()."""
        self.ended = True

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no window."""


class _Nowhere(io.TextIOBase):
    """Takes what the cells print."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def writable(self) -> bool:
        return True


def run(cells: list[str], send: Callable[..., None], claims: Path | None = None) -> None:
    """Run the cells, and send what happens.

    `claims` is the file in which the course's own `check` would record the states.
    """
    settings = Config()
    settings.HistoryManager.enabled = False
    shell = _Shell(config=settings)  # type: ignore[no-untyped-call]
    judging = Judging(send)
    number = 0
    for number, source in enumerate(cells, 1):
        send(cell=number)
        judging.checked.clear()
        with redirect_stdout(_Nowhere()), redirect_stderr(_Nowhere()), _interruptible():
            result = shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            send(raised=number, error=exercises.judging.describe(error))
        _check_again(source, shell.user_ns, judging)
        if shell.ended:
            break
    for id, state in _read_claims(claims):  # noqa: A001
        send(claim=id, state=state)
    how = f"code cell {number} ended the notebook with exit() or quit()"
    send(end=how if shell.ended else "")


def _read_claims(path: Path | None) -> Iterator[tuple[str, str]]:
    """Yield what the cells themselves have written to the file; nothing of ours does."""
    if path is None or not path.is_file():
        return
    with path.open("rb") as file:
        for line in file.read(100_000).splitlines()[:100]:
            with suppress(ValueError, RecursionError, TypeError, KeyError):
                entry = json.loads(line)
                yield str(entry["id"])[:100], str(entry["state"])[:100]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let an interrupt reach the cell, and only the cell."""
    before = signal.signal(_INTERRUPT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(_INTERRUPT, before)


def _check_again(source: str, names: dict[str, Any], judging: Judging) -> None:
    """Check the answers of a cell whose `check` is not the course's."""
    if names.get("check", judging.given) is judging.given:
        return
    for id, answers in checks(source):  # noqa: A001
        if id not in judging.checked and all(each in names for each in answers):
            judging.check(id, *(names[each] for each in answers))


def checks(source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the id and the names of the answers of each ``check("E…", name, …)``."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # magics, or no Python at all
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("check"), [ast.Constant(str(id)), *answers]):
                yield id, [each.id for each in answers if isinstance(each, ast.Name)]


def main() -> None:
    """Read the task, and run it."""
    task = json.loads(sys.stdin.buffer.read())
    events = os.fdopen(os.dup(1), "wb")  # no process that the cells start inherits this
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    sys.stdin = io.StringIO()
    sys.path.insert(0, "")  # only now: a file beside the notebook must not hide our modules
    signal.signal(_INTERRUPT, signal.SIG_IGN)
    _limits.apply()
    if task["own_network"]:
        _limits.loopback_up()
    callers = {*CALLERS, run.__code__}
    send = sender(events, bytes.fromhex(task["key"]), callers)
    run(task["cells"], send, Path(os.environ[exercises.PROGRESS]))
    threading.Event().wait(60)  # the supervisor ends this process, unless it was killed
