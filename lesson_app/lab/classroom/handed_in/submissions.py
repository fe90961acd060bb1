"""Find everything that a class handed in: in folders, archives, and what an LMS exports.

No file disappears. Each is a notebook to grade, or has a problem that says what to do, or is
beside a notebook that may read it. Only these are left out: what the system, git and Jupyter
leave behind (`archives.ignored`), and hidden files beside a student's notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..results import Student
from .archives import EMPTY
from .gathering import File, Root, gather
from .neighbours import Neighbours
from .notebook_files import Cell
from .roster import Roster, read_roster
from .walk import Walk

__all__ = ["Cell", "Roster", "Submission", "find", "read_roster"]


@dataclass(frozen=True)
class Submission:
    """A file that was handed in.

    `path` is the path that is shown, with "/" also inside an archive; `file` is on the disk.
    `neighbours` are files and folders beside a notebook, which it may read or import.
    `problem` says why the file cannot be graded; then it has no cells.
    """

    path: str
    student: Student
    file: Path
    cells: tuple[Cell, ...] = ()
    neighbours: tuple[Path, ...] = ()
    problem: str = ""


def find(
    paths: Iterable[Path], scratch: Path, roster: Roster | None = None
) -> list[Submission]:
    """Return what was handed in, each file once. Archives are unpacked below `scratch`.

    Raise `click.UsageError` for a path that does not exist, or holds nothing.
    """
    walk = Walk(scratch.resolve())
    found = [each for root in gather(paths, walk) for each in _submissions(root, walk)]
    return list(_with_own_paths(_on_the_list(found, roster) if roster else found))


def _submissions(root: Root, walk: Walk) -> Iterator[Submission]:
    neighbours = Neighbours(root, walk)
    found = [
        (
            file.parts,
            Submission(
                root.shown(file.parts),
                file.student,
                file.entry.file,
                file.reading.cells,
                neighbours.of.get(file.entry.file, ()),
                file.reading.problem,
            ),
        )
        for file in _without_empty(root.files, neighbours.owner)
        if not file.is_side
    ]
    for unit in neighbours.left:
        path = root.shown(unit.names)
        submission = Submission(path, unit.student, unit.path, problem=unit.problem)
        found.append((unit.names, submission))
    found.sort(key=lambda each: each[0])
    return (submission for _, submission in found)


def _without_empty(files: list[File], owner: Student | None) -> Iterator[File]:
    """Leave out the empty folders of those who have handed something in."""
    present = {each.student.key for each in files if each.reading.problem != EMPTY}
    for each in files:
        if each.reading.problem != EMPTY or not (owner or each.student.key in present):
            yield each


def _on_the_list(found: list[Submission], roster: Roster) -> list[Submission]:
    known: dict[tuple[str, str], Student] = {}
    for each in found:
        name = (each.student.key, each.student.name)
        if name not in known:
            known[name] = roster.match(each.student)
    return [_with_student(each, known[each.student.key, each.student.name]) for each in found]


def _with_student(found: Submission, student: Student) -> Submission:
    # "late" and the numbers are those of this submission.
    own = Student(student.key, student.name, {**student.fields, **found.student.fields})
    return replace(found, student=own)


def _with_own_paths(found: Iterable[Submission]) -> Iterator[Submission]:
    """Number the files that an archive has under one name."""
    seen: dict[str, int] = {}
    for each in found:
        path = each.path
        while path in seen:
            seen[each.path] += 1
            path = f"{each.path} ({seen[each.path]})"
        seen[path] = 1
        yield replace(each, path=path)
