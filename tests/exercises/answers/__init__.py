"""What the tests know of each exercise, in one module per notebook.

`e03` belongs to `lesson_app.lab.exercises.e03_seal`. Each answer is source for the
exercise's cell. It may use the names that the notebook has defined before that cell, and it
doesn't depend on how the exercise is judged. Each table has the exercise's id as its key:

- `WRONG`: the answers of learners, by misconception. Two answers may share a misconception.
- `RIGHT`: correct answers that differ from the notebook's solution.
- `EQUIVALENT`: changes to the solution that leave it correct, with the reason.
- `MESSAGES`: answers that no misconception explains, with the start of their message.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lesson_app.lab.exercises import catalogue

_MODULES = [
    import_module(f"{__name__}.e{number:02}")
    for number in sorted({each.notebook for each in catalogue().values()})
]


def _gather(table: str) -> dict[str, Any]:
    tables = (getattr(module, table, {}) for module in _MODULES)
    return {key: rows for each in tables for key, rows in each.items()}


WRONG: dict[str, dict[str, list[str]]] = _gather("WRONG")
RIGHT: dict[str, list[str]] = _gather("RIGHT")
EQUIVALENT: dict[str, dict[str, str]] = _gather("EQUIVALENT")
MESSAGES: dict[str, list[tuple[str, str]]] = _gather("MESSAGES")
