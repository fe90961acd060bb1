"""Draw one of the holes, and give it away."""

from __future__ import annotations

import inspect
import random
import secrets
from functools import cache

from .holes import HOLES, Hole
from .notes import SOURCE, App, compiled

_drawn: type[App] | None = None


def draw(number: int | None = None) -> type[App]:
    """Return an app for notes with one hole. The same number draws the same hole.

    Without a number, draw at random, and print the number.
    """
    global _drawn
    if number is None:
        number = secrets.randbelow(900) + 100
    _drawn = with_hole(number)
    print(f"hole number {number}: draw({number}) returns it again")  # noqa: T201
    return _drawn


@cache
def with_hole(number: int) -> type[App]:
    """Return the app that a number draws, without remembering it as drawn."""
    source = random.Random(number).choice(HOLES).source  # noqa: S311  # no secret
    kind = compiled(source, f"Notes {number}")
    kind.number = number
    return kind


def drawn() -> type[App] | None:
    """Return what was drawn last; None if nothing was."""
    return _drawn


def hole_of(kind: type[App]) -> Hole | None:
    """Return the hole that an app was drawn with; None for the app without a hole."""
    return next((each for each in HOLES if each.source == kind.source), None)


def clue(kind: type[App]) -> str:
    """Return the name of the method that has the hole."""
    hole = hole_of(kind)
    return hole.method if hole else "no method has a hole"


def lesson(kind: type[App]) -> str:
    """Return what a patch that has passed teaches: the kind of the hole, and a rule."""
    hole = hole_of(kind) if kind.closed else None
    return hole.lesson if hole else "when your patch has passed, you read here what it teaches"


def solution(kind: type[App]) -> str:
    """Return our attack and our patch as Python code."""
    hole = hole_of(kind)
    if hole is None:
        return "no method has a hole"
    attack = inspect.getsource(hole.attack).replace(
        f"def {hole.attack.__name__}(", "def attack_6("
    )
    attack = attack.replace("target: NotesTarget) -> None", "target)")
    for name in ("seal(", "derive_keys("):  # as in the notebook
        attack = attack.replace(name, f"lesson_app.{name}")
    method = SOURCE[SOURCE.index(f"    def {hole.method}(") :].split("\n\n")[0]
    return f"{attack}\n\nclass Patched(Notes):\n{method}\n"
