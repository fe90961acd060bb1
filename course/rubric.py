"""Check each notebook against the rubric, and write the results into docs/rubric.md.

Each row of the rubric is a function of a `Case`. It yields a text for each thing that it
checks: the fault, or "" if there is none.
"""

from __future__ import annotations

import itertools
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from pathlib import Path
from typing import Any

import nbformat

from course.notebooks import from_node
from course.trial import Trial, try_out

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DECLARED = ROOT / "course" / "course.toml"
TABLE = ROOT / "docs" / "rubric.md"

#: What a stored output must not show, because it differs between machines or runs.
VARYING = {
    "ANSI codes": r"\x1b",
    "a port": r"(127\.0\.0\.1|localhost):\d+",
    "an absolute path": r"(?<![\w.])/(home|root|tmp|usr|work|Users)/|[A-Z]:\\",
    "a memory address": r"0x[0-9a-f]{6,}",
}
MOST_WORDS, MOST_CELLS, MOST_LINES, MOST_DEFINING = 1800, 25, 12, 25
MOST_EXERCISES = 7  # notebook 07 has six holes and a free one
#: Words of a table's heading that the plain text does not need.
_HEADINGS = {"Request", "Response"}


@dataclass(frozen=True)
class Case:
    """One stored notebook, with its entries in `course.toml`."""

    path: Path

    @cached_property
    def node(self) -> Any:
        return nbformat.read(self.path, as_version=4)  # type: ignore[no-untyped-call]

    @cached_property
    def code(self) -> list[Any]:
        return [cell for cell in self.node.cells if cell.cell_type == "code"]

    @cached_property
    def prose(self) -> list[str]:
        return [cell.source for cell in self.node.cells if cell.cell_type == "markdown"]

    @cached_property
    def text(self) -> str:
        """The code of all cells as one text."""
        return "\n".join(cell.source for cell in self.code)

    @property
    def words(self) -> int:
        texts = (re.sub(r"```.*?```", "", text, flags=re.DOTALL) for text in self.prose)
        return sum(len(text.split()) for text in texts)

    @property
    def written(self) -> int:
        """The lines of code that a learner writes: those of the solutions."""
        solutions = from_node(self.node, self.path.stem).solutions.values()
        return sum(_lines(text) for text in solutions)

    @property
    def read(self) -> int:
        """The lines of code to read before the next exercise.

        Imports, questions and exercises don't count, and no cell that `course.toml` lists as
        `ours`: code to compare with the learner's own afterwards.
        """
        ours = self.declared.get("ours", ())
        cells = (cell for cell in self.code[1:] if cell.id not in ours)
        asks = re.compile(r"^(predict|check)\(|^# hint", re.MULTILINE)
        return sum(_lines(cell.source) for cell in cells if not asks.search(cell.source))

    @property
    def exercises(self) -> set[str]:
        return set(re.findall(r'\bcheck\("(E[\d.]+)"', self.text))

    @property
    def predictions(self) -> set[str]:
        return set(re.findall(r'\bpredict\(\s*"(P[\d.]+)"', self.text))

    @cached_property
    def place(self) -> dict[str, int]:
        """The position of each cell by its id."""
        return {cell.id: place for place, cell in enumerate(self.node.cells)}

    @property
    def number(self) -> int:
        return int(self.path.name[:2])

    @cached_property
    def declared(self) -> dict[str, Any]:
        with DECLARED.open("rb") as file:
            notebooks = tomllib.load(file)["notebook"]
        return next((each for each in notebooks if each["number"] == self.number), {})

    def cell(self, id: str) -> Any:  # noqa: A002  # nbformat's word
        return self.node.cells[self.place[id]]

    def find(self, text: str) -> int | None:
        """Return the position of the first cell that contains `text`."""
        places = (i for i, cell in enumerate(self.node.cells) if text in cell.source)
        return next(places, None)

    @cached_property
    def trial(self) -> Trial:
        return try_out(self.path)


Finding = str
Row = Callable[[Case], Iterable[Finding]]


def shown(cell: Any) -> str:
    """Return the text of a cell's outputs."""
    return "\n".join(
        str(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    )


def executed(case: Case) -> Iterator[Finding]:
    """Every code cell was run in order, and nbval confirms its output"""
    for number, cell in enumerate(case.code, 1):
        tags = set(cell.metadata.get("tags", ())) | set(re.findall(r"NBVAL_\w+", cell.source))
        if cell.execution_count != number:
            was = f"{cell.id} was run as number {cell.execution_count} instead of {number}"
            yield f"{was}; run: make notebooks"
        else:
            yield f"{cell.id} is marked {sorted(tags)}" if tags else ""


def twice(case: Case) -> Iterator[Finding]:
    """Each code cell shows the same when it is run twice, in an empty folder and offline"""
    for cell, first, second in zip(case.code, case.trial.first, case.trial.second, strict=True):
        yield "" if first == second else f"{cell.id} shows another output the second time"


def orphans(case: Case) -> Iterator[Finding]:
    """The notebook leaves no port, thread, process or file behind, even after a kill"""
    yield "; ".join(case.trial.left)


def quiet(case: Case) -> Iterator[Finding]:
    """Stored outputs show no error, path, port, memory address or colour code"""
    for cell in case.code:
        for output in cell.outputs:
            text = str(output.get("text", "")) + str(output.get("data", ""))
            found = [what for what, pattern in VARYING.items() if re.search(pattern, text)]
            found += ["stderr"] if output.get("name") == "stderr" else []
            found += ["an error"] if output.output_type == "error" else []
            yield f"{cell.id} shows {', '.join(found)}" if found else ""


def predicted(case: Case) -> Iterator[Finding]:
    """Each concept is predicted before it is shown, and checked afterwards"""
    noted = case.predictions
    listed = {concept["predict"] for concept in case.declared.get("concept", ())}
    yield f"predictions without a concept: {sorted(noted - listed)}" if noted - listed else ""
    yield "" if len(noted) >= 2 else "fewer than two predictions"
    for concept in case.declared.get("concept", ()):
        before = _cell_with(case, "predict", concept["predict"])
        result = _cell_with(case, "observe", concept["predict"])
        after = _check(case, concept["check"])
        right = None not in (before, result, after) and before < result  # type: ignore[operator]
        # The check may come before the result, but not before the question.
        right = right and before < after  # type: ignore[operator]
        yield "" if right else f"{concept['name']}: {before}, {result}, {after}"


def _cell_with(case: Case, function: str, id: str) -> int | None:  # noqa: A002
    pattern = re.compile(rf'\b{function}\(\s*"{re.escape(id)}"')
    places = (i for i, cell in enumerate(case.node.cells) if pattern.search(cell.source))
    return next(places, None)


def _check(case: Case, name: str) -> int | None:
    if name.startswith("E"):
        return _cell_with(case, "check", name)
    place = case.find("## Check yourself")
    asked = place is not None and re.search(
        rf"^{name[1:]}\. ", case.node.cells[place].source, re.MULTILINE
    )
    return place if asked else None


def attacked(case: Case) -> Iterator[Finding]:
    """The same attack works before the defence and fails after it"""
    attacks = case.declared.get("attack", ())
    yield "" if attacks else "no attack is listed"
    for attack in attacks:
        for cell, text in zip((attack["works"], attack["fails"]), attack["shows"], strict=True):
            called = _calls(case, attack["name"], case.cell(cell).source)
            right = called and text in shown(case.cell(cell))
            yield "" if right else f"{attack['name']} in {cell} does not show {text}"


def _calls(case: Case, name: str, source: str) -> bool:
    """Whether a cell calls an attack, directly or through a function of the notebook."""
    bodies = re.finditer(r"^def (\w+)\(.*?(?=^\S|\Z)", case.text, re.DOTALL | re.MULTILINE)
    users = [body[1] for body in bodies if name in body[0]]
    return name in source or any(f"{user}(" in source for user in users)


def sized(case: Case) -> Iterator[Finding]:
    """At most 1,800 words, 25 code cells, 12 lines in a cell (25 with definitions)"""
    asked = len(case.exercises)
    yield _beyond(case.words, MOST_WORDS, "words")
    yield _beyond(len(case.code), MOST_CELLS, "code cells")
    yield _beyond(asked, MOST_EXERCISES, "exercises") if asked else "no exercise; add one"
    for cell in case.code:
        defines = re.search(r"^(def|class) ", cell.source, re.MULTILINE)
        most = MOST_DEFINING if defines else MOST_LINES
        yield _beyond(_lines(cell.source), most, f"lines in {cell.id}")


def _beyond(size: int, most: int, what: str) -> Finding:
    return f"{size} {what}, at most {most} are allowed; remove {size - most}" * (size > most)


def _lines(code: str) -> int:
    """Count the lines of code that are not blank."""
    return sum(bool(line.strip()) for line in code.splitlines())


def linked(case: Case) -> Iterator[Finding]:
    """Links lead to other notebooks or the web, so they also work in a copy of the notebooks"""
    yield ""
    for target in re.findall(r"\]\((?!https?://|#)([^)#\\]+)\)", "\n".join(case.prose)):
        found = target.endswith(".ipynb") and (case.path.parent / target).exists()
        yield "" if found and "/" not in target else f"a link out of the folder: {target}"


def readable(case: Case) -> Iterator[Finding]:
    """An output's text says what its HTML says; headings and alternative texts are right"""
    yield from _headings("\n".join(case.prose))
    for text in re.findall(r"!\[([^]]*)\]", "\n".join(case.prose)):
        yield "" if text else "a picture without alternative text"
    for cell in case.code:
        for output in cell.outputs:
            html = output.get("data", {}).get("text/html")
            if html:
                yield from _html(cell.id, html, output.data["text/plain"])


def _headings(prose: str) -> Iterator[Finding]:
    prose = re.sub(r"```.*?```", "", prose, flags=re.DOTALL)
    headings = re.findall(r"^(#+) (.+)$", prose, re.MULTILINE)
    levels = [len(marks) for marks, _ in headings]
    names = [text for _, text in headings]
    yield "" if levels.count(1) == 1 and levels[0] == 1 else "expected one title, at the top"
    jumps = [b for a, b in itertools.pairwise(levels) if b > a + 1]
    yield "a heading skips a level" if jumps else ""
    yield "" if len(set(names)) == len(names) else "two headings are the same"


def _html(id: str, html: str, plain: str) -> Iterator[Finding]:  # noqa: A002
    words = set(re.findall(r"[\w-]{4,}", unescape(re.sub(r"<[^>]+>", " ", html))))
    missing = {word for word in words - _HEADINGS if word not in plain}
    yield f"{id}: the text lacks {sorted(missing)[:5]} of the table" if missing else ""
    # Each coloured cell needs a word that says the same.
    bare = re.findall(r"<(\w+)[^>]*(?:background|color)[^>]*>\s*</\1>", html)
    yield f"{id}: a colour without a word" if bare else ""


def asserted(case: Case) -> Iterator[Finding]:
    """Each fact in `course.toml` is near a cell that shows it"""
    facts = case.declared.get("fact", ())
    yield "" if len(facts) >= 4 else "fewer than four facts are listed"
    for fact in facts:
        here = case.find(fact["sentence"])
        cell = fact["cell"]
        near = here is not None and abs(case.place[cell] - here) <= 2
        right = near and fact["shows"] in shown(case.cell(cell))
        yield "" if right else f"{cell} does not show {fact['sentence'][:40]!r}"


#: The rows by name.
ROWS: dict[str, Row] = {
    row.__name__: row
    for row in (
        executed, twice, orphans, quiet, predicted, attacked, sized, linked, readable, asserted,
    )
}  # fmt: skip


def table(cases: list[Case]) -> tuple[str, list[str]]:
    """Return the table and all findings."""
    heads = " | ".join(case.path.name[:2] for case in cases)
    lines = [f"| | | {heads} |", f"|---|---|{'--:|' * len(cases)}"]
    findings = []
    for name, row in ROWS.items():
        marks = []
        for case in cases:
            checked = list(row(case))
            wrong = [finding for finding in checked if finding]
            findings += [f"{case.path.stem} {name}: {finding}" for finding in wrong]
            marks.append(f"{len(checked) - len(wrong)}/{len(checked)}")
        title = " ".join((row.__doc__ or "").split())
        lines.append(f"| {name} | {title} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n", findings


def measures(cases: list[Case]) -> str:
    """Return the table of sizes."""
    heads = "words", "code cells", "lines to write", "lines to read", "exercises", "predictions"
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for case in cases:
        sizes = (
            case.words,
            len(case.code),
            case.written,
            case.read,
            len(case.exercises),
            len(case.predictions),
        )
        lines.append(f"| {case.path.stem} | {' | '.join(map(str, sizes))} |")
    return "\n".join(lines) + "\n"


_PAGE = """# Rubric

`make rubric` writes this page; don't edit it. Each entry shows the checks passed and the checks
made. `make proof` makes the same checks. `make test` leaves out `twice` and `orphans`, which
run the notebooks; instead, nbval runs each notebook once and compares every output. The
exercises are tested in `tests/exercises`.

{table}
## Sizes

A learner writes the lines of the exercises' solutions. A learner reads all other code except
imports, predictions, and our version of what the learner has just written.

{sizes}"""


def main() -> None:
    """Write the page, and print the findings."""
    cases = [Case(path) for path in NOTEBOOKS]
    text, findings = table(cases)
    TABLE.write_text(_PAGE.format(table=text, sizes=measures(cases)), encoding="utf-8")
    for finding in findings:
        print(finding)
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
