"""Write docs/conformance.md from the table of behaviours and the tests that prove them.

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

`lesson_app` is compatible with Mozilla's `client-sessions` 0.8.0: each library opens the
sessions that the other seals, with the same content, times and lifetime. `lesson_app` behaves
differently only where Mozilla's library would lose data, break a site or hide a mistake. Even
then, each library can read the other's cookies.

The tables compare Mozilla's library with `lesson_app`:

- **kept**: the same; a remark names superficial differences.
- **fixed**: different on purpose.
- **option**: the same by default; an option changes it.
- **open**: not yet correct.

{counts}

Each row below names the tests that prove it. Another test checks that this page is up to date.

## T: behaviour that Mozilla's tests check

{tested}

## Q: behaviour that Mozilla's tests don't check

{quirks}
"""


@dataclass(frozen=True)
class Entry:
    """Describe one behaviour of Mozilla's library, and ours."""

    id: str
    theirs: str
    verdict: str
    here: str = ""


def read_entries() -> list[Entry]:
    """Return the entries of tests/conformance/conformance.toml, in their order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [Entry(id=key, **fields) for key, fields in table.items()]


def marked_tests() -> dict[str, list[str]]:
    """Return, for each id in a ``@pytest.mark.conforms``, its tests as ``path::name``."""
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
    lines = ["| | Mozilla's library | `lesson_app` | test |", "|---|---|---|---|"]
    for entry in entries:
        here = f"**{entry.verdict}**" + (f": {entry.here}" if entry.here else "")
        proof = "<br>".join(f"`{test}`" for test in tests.get(entry.id, []))
        lines.append(f"| {entry.id} | {entry.theirs} | {here} | {proof} |")
    return "\n".join(lines)


def main() -> None:
    """Write docs/conformance.md."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(DOCUMENT.relative_to(ROOT))


if __name__ == "__main__":
    main()
