"""Grade one notebook: run it, and take the best verdict on each exercise."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from ..exercises import catalogue
from . import content
from .handed_in.submissions import Cell, Submission
from .results import STATES, Grade, Prediction, Result
from .running.run import Run, run_notebook

_MOST_NOTES = 50


def grade_notebook(
    submission: Submission, *, timeout: int, limit: float, stop: threading.Event | None = None
) -> Grade:
    """Run a notebook, and return the states of its exercises. Raise `Stopped` after `stop`."""
    cells = [each for each in submission.cells if each.source.strip()]
    ids = content.wanted(cells)
    problem = submission.problem
    if not problem and not ids:
        problem = "has no exercise of this course; hand in the notebook that was meant"
    if problem:
        return Grade(submission.path, submission.student, problem=problem)
    code = [each.source for each in cells if each.kind == "code"]
    run = run_notebook(
        submission.file,
        code,
        timeout=timeout,
        limit=limit,
        neighbours=submission.neighbours,
        stop=stop,
    )
    return Grade(
        submission.path,
        submission.student,
        tuple(_result(each, cells, code, run) for each in ids),
        tuple(_predictions(cells, run)),
        run.problem,
        tuple(_notes(run)[:_MOST_NOTES]),
    )


def _result(id: str, cells: Sequence[Cell], code: Sequence[str], run: Run) -> Result:  # noqa: A002
    exercise = catalogue().get(id)
    if exercise is None:
        return Result(id, reason="the course has no such exercise", must=False)
    verdicts = [each for each in run.checks if each["check"] == id and "state" in each]
    made: dict[str, Any] = {"hints": run.hints.count(id), "must": exercise.must}
    if not verdicts:
        return Result(id, exercise.title, reason=_why_missing(id, cells, code, run), **made)
    best = min(reversed(verdicts), key=lambda each: STATES.index(each["state"]))
    last, note = verdicts[-1], ""
    if last["state"] != best["state"]:
        note = f"a later check, in code cell {last['cell']}, found: {last['state']}"
    found = {"message": best["message"], "misconception": best["name"], "note": note}
    return Result(id, exercise.title, best["state"], **found, **made)


def _why_missing(id: str, cells: Sequence[Cell], code: Sequence[str], run: Run) -> str:  # noqa: A002
    changed = [each["changed"] for each in run.checks if each["check"] == id]
    if changed:
        return f"not judged: the notebook's code changed {changed[-1]}"
    reason = content.why_unchecked(id, cells)
    if reason or run.problem:
        return reason or run.problem
    numbers = [n for n, source in enumerate(code, 1) if id in content.CHECK.findall(source)]
    raised = [f"code cell {n} raised {run.errors[n]}" for n in numbers if n in run.errors]
    return raised[-1] if raised else f"code cell {numbers[-1]} ran without checking it"


def _predictions(cells: Sequence[Cell], run: Run) -> list[Prediction]:
    # The code can write anything to the file, and nothing depends on it.
    made = {
        str(each.get("id")): str(each["state"])
        for each in run.claims
        if each.get("state") in ("passed", "surprised")
    }
    ids = sorted(content.predictions(cells), key=_in_order)
    return [Prediction(each, made.get(each, "not predicted")) for each in ids]


def _in_order(id: str) -> tuple[int, ...]:  # noqa: A002
    return tuple(map(int, id[1:].split(".")))


def _notes(run: Run) -> list[str]:
    """Return the run's events, and what the code did to get a better grade."""
    claims = {str(each.get("id"))[:100] for each in run.claims if _is_claim(each)}
    forged = [
        f"the code recorded {each} as passed by itself; that does not count" for each in claims
    ]
    changed = {each["changed"]: each["cell"] for each in run.checks if "changed" in each}
    tampered = [
        f"the code changed {name}, before the check in code cell {cell}"
        for name, cell in changed.items()
    ]
    errors = [f"code cell {number} raised {error}" for number, error in run.errors.items()]
    return [*tampered, *sorted(forged), *run.notes, *errors]


def _is_claim(entry: dict[str, Any]) -> bool:
    """Return whether the code wrote a line about an exercise: here, `check` writes none."""
    return entry.get("state") == "passed" and str(entry.get("id", "")).startswith("E")
