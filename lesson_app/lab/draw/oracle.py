"""Record the questions to a padding oracle, and draw how they give the plaintext."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...cookie import from_base64
from ..views.explore import Explorer
from .grid import BLOCK, PLACES, Drawing, Mark, character, counted, split


class Question(NamedTuple):
    """A question: is the padding of `block` good, after XOR with `iv`?"""

    iv: bytes
    block: bytes
    accepted: bool


@dataclass(frozen=True)
class Step:
    """A byte that was found: the IV whose padding was good, and the questions until then."""

    block: bytes
    place: int
    iv: bytes
    questions: int

    @property
    def padding(self) -> int:
        """The padding's length, and each of its bytes."""
        return BLOCK - self.place

    @property
    def given(self) -> int:
        """The byte that the cipher gives for the block, before the XOR."""
        return self.iv[self.place] ^ self.padding


class Oracle:
    """Call `ask` and record each question; the drawing shows how each byte was found.

    `ask` takes ``(iv, block)`` or a cookie's value, ``iv.ciphertext``. `original` is what the
    attack reads: such a value, or the bytes of the IV and the ciphertext.
    """

    def __init__(self, ask: Callable[..., bool], original: str | bytes) -> None:
        self.ask, self.original = ask, split(_raw(original))
        self.questions: list[Question] = []

    def __call__(self, *question: Any) -> bool:
        """Ask, and return the answer."""
        accepted = bool(self.ask(*question))
        raw = b"".join(map(_raw, question))
        # A longer ciphertext also asks about its last block, after the block before it.
        self.questions.append(Question(raw[-2 * BLOCK : -BLOCK], raw[-BLOCK:], accepted))
        return accepted

    @property
    def steps(self) -> list[Step]:
        """The bytes found until now, in the order in which the attack found them."""
        asked = {block: list[Question]() for block in self.original[1:]}
        for question in self.questions:
            asked.get(question.block, []).append(question)
        order = dict.fromkeys(question.block for question in self.questions)
        return [step for block in order for step in _found(asked.get(block, []))]

    def story(self) -> Explorer | Drawing:
        """Return a slider over the bytes found; without widgets, a table of all of them."""
        steps = self.steps
        if not steps:
            return self.drawing()

        def view(number: int) -> str:
            return self._view(steps, number)._repr_html_()

        sliders = {"byte found": (range(1, len(steps) + 1), 1)}
        return Explorer(self.drawing(), sliders, view)

    def drawing(self) -> Drawing:
        """Return a table with a row for each byte found."""
        steps = self.steps
        rows = [
            [
                f"{self._number(step)}",
                f"{step.place}",
                f"{step.questions}",
                Mark(f"{step.iv[step.place]}"),
                f"XOR {step.padding}",
                f"= {step.given}",
                f"XOR {self._before(step)}",
                f"= {character(self._plain(step))}",
            ]
            for step in steps
        ]
        headings = [
            "block",
            "byte",
            "questions",
            "accepted guess",
            "padding",
            "the cipher gives",
        ]
        return Drawing(self._finding(steps), [*headings, "block before", "plaintext"], rows)

    def __repr__(self) -> str:
        return repr(self.drawing())

    def _repr_html_(self) -> str:
        return self.drawing()._repr_html_()

    def _finding(self, steps: list[Step]) -> str:
        asked = counted(len(self.questions), "question")
        if not steps:
            return f"{asked}: no byte found."
        return f"{asked}: {counted(len(steps), 'byte')} found, {self._text(steps)!r}."

    def _text(self, steps: list[Step]) -> bytes:
        ordered = sorted(steps, key=lambda step: (self._number(step), step.place))
        return bytes(map(self._plain, ordered))

    def _number(self, step: Step) -> int:
        return self.original.index(step.block, 1)

    def _before(self, step: Step) -> int:
        return self.original[self._number(step) - 1][step.place]

    def _plain(self, step: Step) -> int:
        return step.given ^ self._before(step)

    def _view(self, steps: list[Step], number: int) -> Drawing:
        """Draw the question that found a byte: what was sent, and what the server saw."""
        step = steps[number - 1]
        known = {each.place: each.given for each in steps[:number] if each.block == step.block}
        sent = [Mark(f"{b}") if i == step.place else f"{b}" for i, b in enumerate(step.iv)]
        given = [f"{known[i]}" if i in known else "?" for i in range(BLOCK)]
        seen = [f"{known[i] ^ step.iv[i]:02d}" if i in known else "?" for i in range(BLOCK)]
        finding = (
            f"Block {self._number(step)}, byte {step.place}: after "
            f"{counted(step.questions, 'question')}, guess {step.iv[step.place]} is accepted.\n"
            f"Known: {self._text(steps[:number])!r}"
        )
        rows = [["sent", *sent], ["the cipher gives", *given], ["XOR: the padding", *seen]]
        return Drawing(finding, ["byte", *PLACES], rows)


def _raw(part: str | bytes) -> bytes:
    if isinstance(part, str):
        return b"".join(map(from_base64, part.split(".")[:2]))
    return bytes(part)


def _found(asked: list[Question]) -> list[Step]:
    """Return the bytes of one block that its questions found, from the last to the first."""
    found: list[Step] = []
    if all(question.accepted for question in asked):
        return found  # a server that accepts everything reveals nothing
    # A right guess makes good padding, whatever is before its end of the IV.
    refuted = {
        iv[place:] for iv, _, accepted in asked if not accepted for place in range(BLOCK)
    }
    waiting = 0
    for iv, block, accepted in asked:
        waiting += 1
        if found and iv[found[-1].place :] == found[-1].iv[found[-1].place :]:
            # The same end again: this question confirms the last guess.
            found[-1] = replace(found[-1], questions=found[-1].questions + waiting)
            waiting = 0
            continue
        step = Step(block, BLOCK - 1 - len(found), iv, waiting)
        fits = all(each.given ^ iv[each.place] == step.padding for each in found)
        if accepted and step.place >= 0 and fits and iv[step.place :] not in refuted:
            found.append(step)
            waiting = 0
    return found
