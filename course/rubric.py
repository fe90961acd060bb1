"""Hold each notebook to the rubric, and write the table of it into the docs.

Each row has a function that is given a `Case` and yields what it looked at: an empty text
for what is as it should be, and else what is wrong.
"""

from __future__ import annotations

import argparse
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

from course import notebooks as course
from course.trial import Trial, try_out

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DECLARED = ROOT / "course" / "course.toml"
TABLE = ROOT / "docs" / "rubric.md"

#: What no stored output may show: it differs from one machine, or one run, to the next.
VARYING = {
    "ANSI codes": r"\x1b",
    "a port": r"(127\.0\.0\.1|localhost):\d+",
    "an absolute path": r"(?<![\w.])/(home|root|tmp|usr|work|Users)/|[A-Z]:\\",
    "an address in memory": r"0x[0-9a-f]{6,}",
}
MOST_WORDS, MOST_CELLS, MOST_LINES, MOST_DEFINING = 2000, 25, 12, 25
MOST_SECONDS, MOST_IN_A_CELL = 6, 2
MOST_EXERCISES = 5  # five flags, of a few lines each, in notebook 07; elsewhere four do
#: Words that a table's heading has, and the same facts as text has not.
_HEADINGS = {"Request", "Response"}


@dataclass(frozen=True)
class Case:
    """One notebook, as it is stored, with what `course.toml` says of it."""

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
        """All code, as one text."""
        return "\n".join(cell.source for cell in self.code)

    @property
    def words(self) -> int:
        return sum(len(text.split()) for text in self.prose)

    @property
    def exercises(self) -> set[str]:
        return set(re.findall(r'\bcheck\("(E[\d.]+)"', self.text))

    @property
    def predictions(self) -> set[str]:
        return set(re.findall(r'\bpredict\(\s*"(P[\d.]+)"', self.text))

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of each cell among all, by its id."""
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
        """The place of the first cell that has `text` in it."""
        places = (i for i, cell in enumerate(self.node.cells) if text in cell.source)
        return next(places, None)

    @cached_property
    def trial(self) -> Trial:
        return try_out(self.path)


Finding = str
Row = Callable[[Case], Iterable[Finding]]


def shown(cell: Any) -> str:
    """All that a cell's outputs say as text."""
    return "\n".join(
        str(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    )


def runs(case: Case) -> Iterator[Finding]:
    """Runs top to bottom: fresh kernel, HOME and folder of its own, loopback only"""
    for number, outputs in enumerate(case.trial.first, 1):
        errors = [each for each in outputs if each["output_type"] == "error"]
        yield f"cell {number} raises {errors[0]['ename']}" if errors else ""


def executed(case: Case) -> Iterator[Finding]:
    """No false green: every code cell was run, in order, none skipped or not compared"""
    for number, cell in enumerate(case.code, 1):
        tags = set(cell.metadata.get("tags", ())) | set(re.findall(r"NBVAL_\w+", cell.source))
        if cell.execution_count != number:
            yield f"{cell.id} was run as no. {cell.execution_count}, and is no. {number}"
        else:
            yield f"{cell.id} is marked {sorted(tags)}" if tags else ""


def independent(case: Case) -> Iterator[Finding]:
    """Alone: needs no file and no other notebook, whatever the folder and the order"""
    for cell in case.code:
        reads = re.findall(r"\bopen\(|Path\(|%\w+|__file__", cell.source)
        yield f"{cell.id} has {reads}" if reads else ""


def twice(case: Case) -> Iterator[Finding]:
    """Each code cell run twice in a row shows the same"""
    for cell, first, second in zip(case.code, case.trial.first, case.trial.second, strict=True):
        yield "" if first == second else f"{cell.id} shows something else the second time"


def orphans(case: Case) -> Iterator[Finding]:
    """Nothing is left: ports, threads, processes, files; nor after a kill"""
    yield "; ".join(case.trial.left)


def fast(case: Case) -> Iterator[Finding]:
    """Quick: at most 6 s with the kernel's start, 2 s for a cell (told, not tested)"""
    total = case.trial.start + sum(case.trial.seconds)
    longest = max(case.trial.seconds)
    yield f"{total:.1f} s" if total > MOST_SECONDS else ""
    yield f"a cell of {longest:.1f} s" if longest > MOST_IN_A_CELL else ""


def quiet(case: Case) -> Iterator[Finding]:
    """Stored outputs show no error text, path, port, address, colour code"""
    for cell in case.code:
        for output in cell.outputs:
            text = str(output.get("text", "")) + str(output.get("data", ""))
            found = [what for what, pattern in VARYING.items() if re.search(pattern, text)]
            found += ["stderr"] if output.get("name") == "stderr" else []
            found += ["an error"] if output.output_type == "error" else []
            yield f"{cell.id} shows {', '.join(found)}" if found else ""


def predicted(case: Case) -> Iterator[Finding]:
    """Each concept is predicted before it is shown, and checked after"""
    noted = case.predictions
    listed = {concept["predict"] for concept in case.declared.get("concept", ())}
    yield f"predictions without a concept: {sorted(noted - listed)}" if noted - listed else ""
    yield "" if len(noted) >= 2 else "fewer than two predictions"
    for concept in case.declared.get("concept", ()):
        before = _cell_with(case, "predict", concept["predict"])
        result = _cell_with(case, "observe", concept["predict"])
        after = _check(case, concept["check"])
        right = None not in (before, result, after) and before < result  # type: ignore[operator]
        # An exercise may hand in what the prediction asked about: it comes after the question.
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
    """The attack works on one stage and fails on the next: same function, both shown"""
    attacks = case.declared.get("attack", ())
    yield "" if attacks else "no attack"
    for attack in attacks:
        for cell, text in zip((attack["works"], attack["fails"]), attack["shows"], strict=True):
            called = _calls(case, attack["name"], case.cell(cell).source)
            right = called and text in shown(case.cell(cell))
            yield "" if right else f"{attack['name']} in {cell} does not show {text}"


def _calls(case: Case, name: str, source: str) -> bool:
    """Whether a cell calls an attack, itself or through a function of the notebook."""
    bodies = re.finditer(r"^def (\w+)\(.*?(?=^\S|\Z)", case.text, re.DOTALL | re.MULTILINE)
    users = [body[1] for body in bodies if name in body[0]]
    return name in source or any(f"{user}(" in source for user in users)


def sized(case: Case) -> Iterator[Finding]:
    """At most 2,000 words, 25 code cells, 12 lines in a cell (25 with definitions)"""
    yield f"{case.words} words" if case.words > MOST_WORDS else ""
    yield f"{len(case.code)} code cells" if len(case.code) > MOST_CELLS else ""
    asked = len(case.exercises)
    yield "" if 1 <= asked <= MOST_EXERCISES else f"{asked} exercises"
    for cell in case.code:
        lines = [line for line in cell.source.splitlines() if line.strip()]
        defines = re.search(r"^(def|class) ", cell.source, re.MULTILINE)
        most = MOST_DEFINING if defines else MOST_LINES
        yield f"{cell.id} has {len(lines)} lines" if len(lines) > most else ""


def unspoiled(case: Case) -> Iterator[Finding]:
    """No code cell holds a solution"""
    code = _squeeze(case.text)
    for id, solution in course.from_node(case.node, case.path.stem).solutions.items():  # noqa: A001
        body = solution.partition("\n")[2] if solution.startswith("def ") else solution
        yield f"{id} is solved in a cell" if _squeeze(body) in code else ""


def readable(case: Case) -> Iterator[Finding]:
    """Readable everywhere: same facts as text, alt texts, headings, links, no colours alone"""
    yield from _headings("\n".join(case.prose))
    for target in re.findall(r"\]\((?!https?://|#)([^)#\\]+)\)", "\n".join(case.prose)):
        yield "" if (case.path.parent / target).exists() else f"a link leads to {target}"
    for text in re.findall(r"!\[([^]]*)\]", "\n".join(case.prose)):
        yield "" if text else "a picture without alt text"
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
    yield "" if levels.count(1) == 1 and levels[0] == 1 else "not one title, at the top"
    jumps = [b for a, b in itertools.pairwise(levels) if b > a + 1]
    yield "a heading skips a level" if jumps else ""
    yield "" if len(set(names)) == len(names) else "two headings are equal"


def _html(id: str, html: str, plain: str) -> Iterator[Finding]:  # noqa: A002
    words = set(re.findall(r"[\w-]{4,}", unescape(re.sub(r"<[^>]+>", " ", html))))
    missing = {word for word in words - _HEADINGS if word not in plain}
    yield f"{id}: only the table says {sorted(missing)[:5]}" if missing else ""
    # What is coloured has a word on it, which says the same.
    bare = re.findall(r"<(\w+)[^>]*(?:background|color)[^>]*>\s*</\1>", html)
    yield f"{id}: colours without a word" if bare else ""


def asserted(case: Case) -> Iterator[Finding]:
    """Sentences that state a fact stand beside a cell that shows it"""
    facts = case.declared.get("fact", ())
    yield "" if len(facts) >= 4 else "fewer than four facts are listed"
    for fact in facts:
        here = case.find(fact["sentence"])
        cell = fact["cell"]
        near = here is not None and abs(case.place[cell] - here) <= 2
        right = near and fact["shows"] in shown(case.cell(cell))
        yield "" if right else f"{fact['sentence'][:40]!r} and {cell}"


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


#: The rows by name. `fast` is shown and not tested: machines are noisy.
ROWS: dict[str, Row] = {
    row.__name__: row
    for row in (
        runs, executed, independent, twice, orphans, fast, quiet, predicted, attacked, sized,
        unspoiled, readable, asserted,
    )
}  # fmt: skip


def table(cases: list[Case]) -> tuple[str, list[str]]:
    """Return the page, and all findings."""
    heads = " | ".join(case.path.name[:2] for case in cases)
    lines = [f"| | | {heads} |", f"|---|---|{'--:|' * len(cases)}"]
    findings = []
    for name, row in ROWS.items():
        marks = []
        for case in cases:
            looked_at = list(row(case))
            wrong = [finding for finding in looked_at if finding]
            findings += [f"{case.path.stem} {name}: {finding}" for finding in wrong]
            marks.append(f"{len(looked_at) - len(wrong)}/{len(looked_at)}")
        title = " ".join((row.__doc__ or "").split())
        lines.append(f"| {name} | {title} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n", findings


def measures(cases: list[Case]) -> str:
    """Return the sizes of each notebook as a table."""
    lines = ["| | words | code cells | longest cell | exercises | predictions |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    for case in cases:
        longest = max(len(cell.source.splitlines()) for cell in case.code)
        sizes = (
            case.words,
            len(case.code),
            longest,
            len(case.exercises),
            len(case.predictions),
        )
        lines.append(f"| {case.path.stem} | {' | '.join(map(str, sizes))} |")
    return "\n".join(lines) + "\n"


_PAGE = """# Rubric

`make rubric` writes this page; do not edit it. Each cell shows how many of the things checked
are as they should be. `make proof` checks all rows again, except `fast`: times vary between
machines. `make test` leaves out `runs`, `twice` and `orphans`, which run the notebooks; there
nbval runs each notebook once, and compares every output. The exercises have tests of their own,
in `tests/exercises`.

{table}
## Sizes

{sizes}"""


def main() -> None:
    """Write the page; tell what is not as it should be, and the times."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often to run each notebook")
    failed = False
    for _ in range(parser.parse_args().runs):
        cases = [Case(path) for path in NOTEBOOKS]
        text, findings = table(cases)
        for case in cases:
            total = case.trial.start + sum(case.trial.seconds)
            longest = max(case.trial.seconds)
            print(f"{case.path.stem:<28}{total:5.1f} s, longest cell {longest:.1f} s")
        print("\n".join(findings))
        failed = failed or bool(findings)
    TABLE.write_text(_PAGE.format(table=text, sizes=measures(cases)), encoding="utf-8")
    sys.exit(failed)


if __name__ == "__main__":
    main()
