"""Notebooks read as a course, and functions changed in one place at a time."""

from __future__ import annotations

import inspect
from typing import Any

import nbformat
import pytest

from course.mutate import mutants
from course.notebooks import Notebook, all_notebooks, from_node, namespace_before, read, run
from tests.conftest import listens

SOLUTIONS = """
<details><summary>Solution of E1.1</summary>

```python
def pair(text):
    return text, text
```

Both at once.

</details>

<details><summary>Solution of E1.2</summary>

```python
double = pair
```

</details>

<details><summary>Answers</summary>

```python
neither = True
```

</details>
"""


@pytest.fixture
def node() -> Any:
    """A small notebook."""
    new: Any = nbformat.v4
    cells = [
        new.new_markdown_cell("# Title"),
        new.new_code_cell("print('loud')\nsize = 3\nsize"),
        new.new_code_cell("display(size)\n\ndef pad(text):\n    return text * size"),
        new.new_code_cell('def pair(text):\n    """Your code."""\n\ncheck("E1.1", pair)'),
        new.new_markdown_cell(SOLUTIONS),
        new.new_code_cell('one = two = ...\nif True:\n    check("E1.2", one, two)'),
        new.new_code_cell('check(name, one)\n# check("E9.9", one)'),
    ]
    return new.new_notebook(cells=cells)


@pytest.fixture
def notebook(node: Any) -> Notebook:
    return from_node(node, "small")


def test_exercises(notebook: Notebook) -> None:
    """An exercise is a cell whose `check` has its id; the other arguments are its names."""
    found = {each.id: (each.place, each.names) for each in notebook.exercises.values()}

    assert found == {"E1.1": (2, ("pair",)), "E1.2": (3, ("one", "two"))}
    assert notebook.exercises["E1.1"].stub.startswith("def pair(text)")


def test_solutions(notebook: Notebook) -> None:
    """A solution is the code under its summary, without other text."""
    assert notebook.solutions == {
        "E1.1": "def pair(text):\n    return text, text\n",
        "E1.2": "double = pair\n",
    }


def test_file(node: Any, notebook: Notebook, tmp_path: Any) -> None:
    """A notebook read from its file is the same and has the file's name."""
    path = tmp_path / "small.ipynb"
    nbformat.write(node, path)  # type: ignore[no-untyped-call]

    assert read(path) == notebook


def test_namespace(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the cells before the exercise run, and print nothing."""
    with namespace_before(notebook, "E1.1") as names:
        assert names["pad"]("ab") == "ababab"
        assert "pair" not in names
        assert inspect.getsource(names["pad"]).startswith("def pad(text)")

    assert capsys.readouterr() == ("", "")


def test_servers_stop() -> None:
    """After the block, no server of a cell listens."""
    notebook = Notebook(
        "serving",
        (
            "from flask import Flask\nfrom lesson_app.lab import Server, serve",
            "other = Server(Flask('a'))\nurl = serve(Flask('b')).url",
            "answer = ...\ncheck('E1.1', answer)",
        ),
        (),
    )

    with namespace_before(notebook, "E1.1") as names:
        urls = [names["other"].url, names["url"]]
        assert all(map(listens, urls))

    assert not any(map(listens, urls))


def test_cell_fails() -> None:
    """An error in a cell is raised, and the server stops."""
    notebook = Notebook("failing", ("1 / 0", "check('E1.1', ...)"), ())

    with pytest.raises(ZeroDivisionError), namespace_before(notebook, "E1.1"):
        pass


def test_run() -> None:
    """A cell returns its printed text and defines its names."""
    names: dict[str, Any] = {}

    assert run("x = 2\nprint(x)", names) == "2\n"
    assert names["x"] == 2


def test_every_exercise_has_its_solution() -> None:
    """Each notebook has the solutions of its own exercises."""
    for notebook in all_notebooks():
        apart = sorted(notebook.solutions.keys() ^ notebook.exercises.keys())
        assert apart == [], (
            f"{notebook.name}: each of {apart} has either a cell with check(…) or a Markdown "
            "cell with <summary>Solution of …</summary>; write the other, too"
        )


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("a < b", {"`<` to `<=`": "a <= b", "`<` to `>=`": "a >= b"}),
        ("a is b", {"`is` to `is not`": "a is not b"}),
        ("a + b", {"`+` to `-`": "a - b", "`b` dropped": "a", "`a` dropped": "b"}),
        ("a += b", {"`+` to `-`": "a -= b", "`a += b` dropped": "pass"}),
        (
            "a and b",
            {"`and` to `or`": "a or b", "`a` dropped": "b", "`b` dropped": "a"},
        ),
        ("not a", {"`not` dropped": "not not a"}),
        ("-a", {"`-` to `+`": "+a"}),
        ("(7, True)", {"`7` to `8`": "(8, True)", "`7` to `6`": "(6, True)",
                       "`True` to `False`": "(7, False)"}),
        ("('ab', b'ab', '', b'')", {"`'ab'` to `'ac'`": "('ac', b'ab', '', b'')",
                                    "`b'ab'` to `b'ac'`": "('ab', b'ac', '', b'')",
                                    "`''` to `'x'`": "('ab', b'ab', 'x', b'')",
                                    "`b''` to `b'x'`": "('ab', b'ab', '', b'x')"}),
        ("(1.5, None)", {"`1.5` to `2.5`": "(2.5, None)"}),
        (
            "f(a, b, c=d)",
            {
                "first two arguments of `f` swapped": "f(b, a, c=d)",
                "argument `a` dropped": "f(b, c=d)",
                "argument `b` dropped": "f(a, c=d)",
                "argument `c=d` dropped": "f(a, b)",
            },
        ),
        ("a.partition", {"`.partition` to `.rpartition`": "a.rpartition"}),
        ("any(a)", {"`any` to `all`": "all(a)", "argument `a` dropped": "any()"}),
        (
            "a[b:2]",
            {
                "bound `b` dropped": "a[:2]",
                "`b` to `b + 1`": "a[b + 1:2]",
                "bound `2` dropped": "a[b:]",
                "`2` to `3`": "a[b:3]",
                "`2` to `1`": "a[b:1]",
            },
        ),
        ("a if b else c", {"`b` to `not …`": "a if not b else c"}),
        ("[a for a in b if c]", {"`if c` dropped": "[a for a in b]"}),
    ],
)  # fmt: skip
def test_changes(source: str, changes: dict[str, str]) -> None:
    """Each place is changed, with a short description."""
    found = {each.description.removeprefix("line 1: "): each.source for each in mutants(source)}
    whole = {f"`{source}` dropped": "pass"}  # a module's only statement

    assert found == whole | changes


FUNCTION = '''
@first
@second
def f(a: int = 3) -> "str":
    """A docstring with 1 + 1."""
    import json
    if not a:
        raise ValueError("nothing")
    b: int = a
    return b
'''


def test_function() -> None:
    """Statements, returns and decorators change; docstrings and messages do not."""
    found = {each.description for each in mutants(FUNCTION)}

    assert found == {
        "line 4: `3` to `4`", "line 4: `3` to `2`",
        "line 4: `@first` dropped", "line 4: `@second` dropped",
        "line 4: decorators swapped",
        "line 7: `if not a:` dropped", "line 7: `not` dropped",
        "line 8: `raise ValueError('nothing')` dropped",
        "line 9: `b: int = a` dropped",
        "line 10: `return b` to `return None`",
    }  # fmt: skip


BLOCKS = """
for a in b:
    if c:
        return a
else:
    d()
"""


def test_alike() -> None:
    """Changes with the same description are numbered, in the order of the text."""
    found = [each.description for each in mutants("f(x + 1), g(x + 1)")]

    assert len(set(found)) == len(found)
    assert found.index("line 1: `1` to `2`") < found.index("line 1: `1` to `2` (2)")


def test_blocks() -> None:
    """An early return is dropped and also emptied; lines of an `else` are dropped."""
    found = {each.description for each in mutants(BLOCKS)}

    assert {"line 4: `return a` dropped", "line 4: `return a` to `return None`"} <= found
    assert "line 6: `d()` dropped" in found
