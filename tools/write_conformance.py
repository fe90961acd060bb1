"""Write docs/conformance.md: what Mozilla's library does, what we do, and which test says so.

::

    python -m tools.write_conformance
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "tests" / "conformance" / "conformance.toml"
DOCUMENT = ROOT / "docs" / "conformance.md"
VERDICTS = ("kept", "fixed", "option", "open")

_DOCUMENT = """\
# Conformance

<!-- Made by tools/write_conformance.py. Edit tests/conformance/conformance.toml instead. -->

`lesson_app` is compatible with Mozilla's `client-sessions` 0.8.0 in this sense: a session
that either of them seals opens in the other with the same content and times, and lives the
same life there. Where following Mozilla's library would lose data, break a site or hide a
mistake, `lesson_app` goes its own way, and what is on the wire stays readable to both.

The tables say what Mozilla's library does, and what happens here:

- **kept**: the same; a remark tells what looks different.
- **fixed**: different on purpose.
- **option**: the same by default; an option changes it.
- **open**: not yet as it should be.

{counts}

Each row is proved by the tests that are named in it. One of the tests compares this page
with the tests that there are.

## T: what Mozilla's own tests pin

{tested}

## Q: what no test of Mozilla's pins

{quirks}
"""


@dataclass(frozen=True)
class Entry:
    """One behaviour of Mozilla's library, and what is made of it here."""

    id: str
    theirs: str
    verdict: str
    here: str = ""


def read_entries() -> list[Entry]:
    """Read tests/conformance/conformance.toml, in its order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [Entry(id=key, **fields) for key, fields in table.items()]


def marked_tests() -> dict[str, list[str]]:
    """Return the tests (``path::name``) of each id in a ``@pytest.mark.conforms``."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, marked in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found[marked].append(f"{path.relative_to(ROOT).as_posix()}::{name}")
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, str]]:
    for function in module.body:
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
            continue
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            if ast.unparse(decorator.func) == "pytest.mark.conforms":
                for argument in decorator.args:
                    yield function.name, ast.literal_eval(argument)


def document() -> str:
    """Return the text of docs/conformance.md."""
    entries, tests = read_entries(), marked_tests()
    tested = [entry for entry in entries if entry.id.startswith("T")]
    quirks = [entry for entry in entries if entry.id.startswith("Q")]
    return _DOCUMENT.format(
        counts=_counts({"T": tested, "Q": quirks}),
        tested=_table(tested, tests),
        quirks=_table(quirks, tests),
    )


def _counts(groups: dict[str, list[Entry]]) -> str:
    lines = ["| | " + " | ".join(VERDICTS) + " | all |", "|---|" + "---:|" * 5]
    for name, entries in groups.items():
        count = Counter(entry.verdict for entry in entries)
        cells = [name, *(str(count[verdict]) for verdict in VERDICTS), str(len(entries))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _table(entries: list[Entry], tests: dict[str, list[str]]) -> str:
    lines = ["| | Mozilla's library | here | test |", "|---|---|---|---|"]
    for entry in entries:
        here = f"**{entry.verdict}**" + (f": {entry.here}" if entry.here else "")
        proof = "<br>".join(f"`{test}`" for test in tests.get(entry.id, []))
        lines.append(f"| {entry.id} | {entry.theirs} | {here} | {proof} |")
    return "\n".join(lines)


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(DOCUMENT.relative_to(ROOT))


if __name__ == "__main__":
    main()
