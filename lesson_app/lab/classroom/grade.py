"""``lesson-app grade``: run learners' notebooks and report which exercises pass.

The code runs with your permissions, in a temporary copy, without your environment's variables.
docs/grading.md says what confines it, and what a grade does not prove.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import click

from ...dissect.words import echo
from .content import number_of
from .handed_in.roster import read_roster
from .handed_in.submissions import Submission, find
from .kept import NAME, Kept
from .notebook import grade_notebook
from .results import Grade, Student, rows
from .running.run import Stopped
from .running.sandbox import find_sandbox
from .written.progress import Progress
from .written.reports import table, write_all, written
from .written.tally import asked, points

_AT_LEAST_ONE = click.IntRange(min=1)


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write tables, a page for each student and a class view to this folder. If the "
    "command is stopped, the same command goes on where it was.",
)
@click.option(
    "--class-list",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with a row for each student.",
)
@click.option("--column", default="", help="Find students by this column of the class list.")
@click.option(
    "--notebook",
    "numbers",
    type=int,
    multiple=True,
    help="Grade only the exercises of this notebook, such as 3. May be repeated.",
)
@click.option(
    "-j",
    "--jobs",
    type=_AT_LEAST_ONE,
    default=os.cpu_count() or 1,
    show_default="number of processors",
    help="How many notebooks run at the same time.",
)
@click.option(
    "--timeout",
    type=_AT_LEAST_ONE,
    default=60,
    show_default=True,
    help="Seconds that a cell may run before it is interrupted.",
)
@click.option(
    "--limit",
    type=_AT_LEAST_ONE,
    default=600,
    show_default=True,
    help="Seconds that a notebook may run, counted from its first cell.",
)
def grade(
    paths: tuple[Path, ...],
    out: Path | None,
    class_list: Path | None,
    column: str,
    numbers: tuple[int, ...],
    jobs: int,
    timeout: int,
    limit: int,
) -> None:
    """Run learners' notebooks and report which exercises pass.

    PATH is a notebook, a folder, or a zip file, such as the download of Moodle or Canvas. The
    files are never changed. Every file is graded, or listed with the reason why it is not.

    Warning: this command executes the notebooks' code with your permissions. It takes away
    what the system lets it take (the first line says what). See docs/grading.md.

    \b
    Exit status:
      0  Every exercise that learners must solve passed.
      1  One did not.
      2  The command is wrong.
      3  A file could not be graded, or its run ended early.
      130  The command was stopped with Ctrl-C.
    """  # noqa: D301  # click reads the character \b
    if column and class_list is None:
        raise click.UsageError("--column names a column of the class list; add --class-list")
    roster = read_roster(class_list, column) if class_list else None
    students = roster.students if roster else []
    with tempfile.TemporaryDirectory(prefix="lesson-app-") as scratch:
        found = find(paths, Path(scratch), roster)
        if not found:
            raise click.UsageError("found no file there; name another folder")
        if roster and not {each.student.key for each in found} & {s.key for s in students}:
            raise click.UsageError(
                f"no student of {class_list} is in there; name the column that has what the "
                f"folders are called, with --column: {', '.join(roster.headings)}"
            )
        click.echo(find_sandbox(), err=True)
        kept = Kept(out, f"{timeout} {limit}")
        try:
            grades = grade_all(found, kept, jobs=jobs, timeout=timeout, limit=limit)
        except KeyboardInterrupt:
            click.echo(f"stopped; {_how_to_go_on(out)}", err=True)
            sys.exit(130)
    if numbers:
        chosen = [_only(each, set(numbers)) for each in grades]
        grades = [each for each in chosen if each]
        echo(f"left out, as they are other notebooks: {len(chosen) - len(grades)}")
    for line in table(grades, students):
        echo(line)
    for each in roster.unmatched if roster else ():
        echo(each)
    if out:
        write_all(out, grades, students)
        for line in written(out, grades, students):
            echo(line)
    sys.exit(_status(grades, students))


def grade_all(
    found: Sequence[Submission], kept: Kept, *, jobs: int, timeout: int, limit: float
) -> list[Grade]:
    """Grade the submissions, `jobs` at the same time, and keep each result as it comes.

    After an interrupt (Ctrl-C), all that runs is ended, and KeyboardInterrupt is raised.
    """
    stop = Event()
    with Progress(len(found)) as bar, ThreadPoolExecutor(jobs) as pool:

        def work(submission: Submission) -> Grade:
            grade = kept.find(submission)
            if grade is None:
                bar.started(submission.path)
                grade = _graded(submission, timeout, limit, stop)
                kept.add(submission, grade)
            passed = f"{grade.passed} of {len(grade.results)} passed"
            bar.finished(submission.path, f"{submission.path}: {grade.problem or passed}")
            return grade

        try:
            return list(pool.map(work, found))
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _graded(submission: Submission, timeout: int, limit: float, stop: Event) -> Grade:
    """Grade a submission; an error of ours is its problem, and not that of the class."""
    try:
        return grade_notebook(submission, timeout=timeout, limit=limit, stop=stop)
    except Stopped:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the others must be graded
        problem = f"could not be graded ({type(error).__name__}: {error}); please report this"
        return Grade(submission.path, submission.student, problem=problem[:300])


def _how_to_go_on(out: Path | None) -> str:
    if out is None:
        return "nothing was kept; with --out FOLDER, the command can go on where it was"
    if not (out / NAME).exists():
        return "nothing is graded yet"
    return f"the results so far are in {out}; run the same command to go on"


def _only(grade: Grade, numbers: set[int]) -> Grade | None:
    """Leave out the exercises of other notebooks; None if nothing else is there."""
    asked = tuple(each for each in grade.results if number_of(each.id) in numbers)
    return replace(grade, results=asked) if asked or not grade.results else None


def _status(grades: Sequence[Grade], students: Sequence[Student]) -> int:
    if not grades or any(each.problem for each in grades):
        return 3
    found = rows(grades, students)
    exercises = asked(found)
    counts = [points(each.results, exercises) for each in found]
    return 0 if exercises and all(passed == all_ for passed, all_ in counts) else 1
