"""Let two visitors use a learner's sessions at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from ...cookie import Unsealed
from .hooks import Act, Answer, Trial, check_cookie, check_expires, nothing, writing
from .judging import Wrong, describe, one_line

Times = tuple[int, int]
#: Returns the times, (created_at, duration), that a response's cookie may have; without any,
#: the response must set no cookie. Takes the cookie that came, and whether the view changed
#: the content.
Rule = Callable[[Trial, Unsealed | None, bool], list[Times]]

_PATIENCE = 5  # seconds for a request that no other one should delay
ANN = {"who": "Ann", "list": [1, {"é": None}]}
BEN = {"who": "Ben", "n": 1}


class Waited(Wrong):
    """Report that one visitor's request waits for another's."""


def check_two_visitors(make: Callable[..., Any], rule: Rule, share: float = 1) -> None:
    """Send requests of two visitors who are in their views at the same time.

    The first one's session has a share of the active duration left. Alone, each visitor gets
    the right answers. So what is wrong now comes from state that both requests share.
    """
    trial = Trial(make)
    left = round(share * trial.active)
    try:
        for nested in (True, False):
            for pair in _pairs(trial, left):
                answers = at_once(trial, *(each[:2] for each in pair), nested=nested)
                for (value, _, before, after), answer in zip(pair, answers, strict=True):
                    _check_own(trial, answer, value, before, after, rule)
    except Waited:
        raise
    except Wrong:
        raise Wrong("shared") from None
    except Exception as error:
        message = f"while two visitors were there at once, your code raised {describe(error)}"
        raise Wrong(message=one_line(message)) from error


_Visit = tuple[str | None, Act, dict[str, Any], dict[str, Any]]


def _pairs(trial: Trial, left: int) -> Iterator[tuple[_Visit, _Visit]]:
    """Yield visits of two: the cookie, the view, and the content before and after."""
    ann = trial.seal(ANN, trial.now - trial.duration + left, trial.duration)
    ben = trial.seal(BEN, trial.now - 7, trial.duration + 99)
    for write_ann, write_ben in ((0, 0), (0, 1), (1, 0), (1, 1)):
        yield (
            (ann, writing(BEN), ANN, BEN) if write_ann else (ann, nothing, ANN, ANN),
            (ben, writing(ANN), BEN, ANN) if write_ben else (ben, nothing, BEN, BEN),
        )
    yield (ben, nothing, BEN, BEN), (ben, writing(ANN), BEN, ANN)
    yield (None, writing(ANN), {}, ANN), (None, writing(BEN), {}, BEN)


def _check_own(
    trial: Trial,
    answer: Answer,
    value: str | None,
    before: dict[str, Any],
    after: dict[str, Any],
    rule: Rule,
) -> None:
    opened = None if value is None else trial.opened(Answer({}, value=value))
    allowed = rule(trial, opened, before != after)
    if answer.seen != before or (answer.value is not None) is not bool(allowed):
        raise Wrong("shared")
    if allowed:
        own = check_cookie(trial, answer, after)
        if (own.created_at, own.duration) not in allowed:
            raise Wrong("shared")
        check_expires(answer, own, trial.now)


def at_once(
    trial: Trial,
    first: tuple[str | None, Act],
    second: tuple[str | None, Act],
    *,
    nested: bool,
) -> tuple[Answer, Answer]:
    """Send two requests: both are open before one ends. `nested`: the second ends first."""
    tasks = [_Task(trial, *each) for each in (first, second)]
    for task in tasks:
        task.start()
        task.wait(task.arrived)
    for task in reversed(tasks) if nested else tasks:
        task.go_on.set()
        task.wait(task.ended)
    return tasks[0].result(), tasks[1].result()


class _Task(threading.Thread):
    """A request in a thread of its own, whose view waits for `go_on`."""

    def __init__(self, trial: Trial, value: str | None, act: Act) -> None:
        super().__init__(daemon=True)
        self.trial, self.value, self.act = trial, value, act
        self.arrived, self.go_on, self.ended = (threading.Event() for _ in range(3))
        self.answer: Answer | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.answer = self.trial.ask(self.value, self._pause)
        except BaseException as error:  # noqa: BLE001  # raised again where it is awaited
            self.error = error
        self.arrived.set()
        self.ended.set()

    def _pause(self, found: Any) -> None:
        self.arrived.set()
        self.go_on.wait(_PATIENCE)
        self.act(found)

    def wait(self, event: threading.Event) -> None:
        if not event.wait(_PATIENCE):
            raise Waited(message="a visitor had to wait until another one's page was ready")

    def result(self) -> Answer:
        if self.error is not None:
            raise self.error
        assert self.answer is not None  # it ended
        return self.answer
