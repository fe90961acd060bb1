"""The table: what learners hand in, and the grade that a fair instructor gives for it.

Each kind is handed in by one student. Unless it says otherwise, it is a copy of notebook 01,
whose five exercises do not depend on much.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from lesson_app.lab.exercises import catalogue
from tests.exercises.answers import RIGHT, WRONG
from tests.lab.classroom.made_up import (
    Book,
    Files,
    below,
    code,
    fresh,
    ids,
    markdown,
    original,
    path_of,
    solution,
    zipped,
)

#: How many seconds a cell may run.
TIMEOUT = 10
LETTERS = {"P": "passed", "w": "not yet", "-": "not started", "?": "missing"}
NAME = "01_make_http_remember.ipynb"
ALL = "PPPPP"
OPEN = "-----"


@dataclass(frozen=True)
class Kind:
    """What a student handed in, and the grade.

    `states` has a letter of `LETTERS` for each exercise of the notebooks `numbers`. `says` are
    parts of what the student reads about an exercise. `notes` are parts of the notes on the
    run, one for each; None if they don't matter. `problems` are parts of the problems of the
    files, by the end of their path. `fault` says what the command does instead of this.
    """

    name: str
    states: str
    files: Files
    numbers: tuple[int, ...] = (1,)
    says: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] | None = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, int] = field(default_factory=dict)
    predictions: Mapping[str, str] | None = None
    key: str = ""
    quick: bool = False
    fault: str = ""

    @property
    def student(self) -> str:
        """The student's key."""
        return self.key or self.name

    @property
    def expected(self) -> dict[str, str]:
        """The state of each exercise of the course."""
        letters = self.states.replace(" ", "")
        asked = ids(*self.numbers) if letters else []
        mine = {i: LETTERS[each] for i, each in zip(asked, letters, strict=True)}
        return {each: mine.get(each, "missing") for each in catalogue()}


def kind(name: str, states: str, *books: Book | Files, **more: Any) -> Kind:
    """Return a kind whose files are in the student's own folder."""
    files: dict[str, bytes] = {}
    for each in books:
        files |= below(f"class/{name}", each.file() if isinstance(each, Book) else each)
    return Kind(name, states, files, **more)


def loose(file: str, states: str, book: Book, **more: Any) -> Kind:
    """Return a kind whose file is among those of other students, and named after its own."""
    stem = file.partition(".ipynb")[0].partition(".json")[0]
    return Kind(f"loose {file}", states, below("loose", book.file(file)), key=stem, **more)


def _wrong(number: int, row: int, *only: str) -> tuple[Book, dict[str, str]]:
    """Return a notebook with an answer for a misconception, and what the student reads."""
    book, says = Book(number), {}
    for each in only or ids(number):
        name, answers = list(WRONG[each].items())[row % len(WRONG[each])]
        book.answer(each, answers[0])
        says[each] = catalogue()[each].misconceptions[name]
    return book, says


def _solved(number: int = 1) -> Book:
    return Book(number).solve()


def _two() -> Book:
    """Return notebook 01 with the first two exercises solved."""
    return Book(1).solve("E1.1", "E1.2")


_STUB = (
    'def cookie_pair(set_cookie):\n    """Your code here."""\n\n\ncheck("E1.1", cookie_pair)'
)
_LAST_CHECK = 'check("E1.5", cookie_header)'
_CHECK = 'check("E1.1", cookie_pair)'


def honest() -> Iterator[Kind]:
    """Yield what most learners hand in."""
    yield kind("untouched", OPEN, Book(1), quick=True, predictions={
        "P1.1": "not predicted", "P1.2": "not predicted"})  # fmt: skip
    yield kind("all solved", ALL, _solved(), quick=True)
    yield kind("half solved", "PP---", _two(), quick=True)
    for row in (0, 1):
        book, says = _wrong(1, row)
        yield kind(f"wrong answers {row + 1}", "wwwww", book, says=says, quick=not row)
    wrong_03 = [each for each in ids(3) if each not in ("E3.6", "E3.7")]
    book, says = _wrong(3, 0, *wrong_03)
    yield kind("wrong answers to 03", "wwwww--", book, numbers=(3,), says=says)
    book = Book(1)
    unusual = [each for each in ids(1) if RIGHT.get(each)]
    for each in unusual:
        book.answer(each, RIGHT[each][-1])
    states = "".join("P" if each in unusual else "-" for each in ids(1))
    yield kind("right in an unusual way", states, book)
    all_ten = [Book(number).solve() for number in range(10)]
    yield kind("the whole course", "P" * 52, *all_ten, numbers=tuple(range(10)), notes=None)

    below_stub = f"{solution('E1.1')}\n\n{_CHECK}"
    yield kind("solved below the stub", "P----", Book(1).after("E1.1", below_stub))
    yield kind(
        "solved below the stub and not checked again",
        "P----",
        Book(1).after("E1.1", solution("E1.1")),
    )
    yield kind(
        "stub below the solution",
        "P----",
        Book(1).solve("E1.1").after("E1.1", _STUB),
        says={"E1.1": "a later check, in code cell 7, found: not started"},
        quick=True,
    )
    worse = "def cookie_pair(text):\n    return text\n\n\n" + _CHECK
    yield kind(
        "worse later",
        "P----",
        Book(1).solve("E1.1").after("E1.1", worse),
        says={"E1.1": "found: not yet"},
    )
    yield kind("better later", "P----", Book(1).answer("E1.1", worse).after("E1.1", below_stub))
    mine = solution("E1.1").replace("cookie_pair", "my_pair")
    other = Book(1).answer("E1.1", mine).change("E1.1", _CHECK, 'check("E1.1", my_pair)')
    yield kind("another name", "P----", other)
    printing = "def encode(content):\n    print(content)"
    yield kind("prints", "-w---", Book(1).answer("E1.2", printing), says={"E1.2": "`return`"})
    needy = "def encode(content):\n    return to_text(content)"
    helper = dedent(solution("E1.2")).replace("def encode", "def to_text")
    says = {"E1.2": "NameError: name 'to_text' is not defined"}
    yield kind("helper cell deleted", "-w---", Book(1).answer("E1.2", needy), says=says)
    yield kind(
        "helper in a later cell", "-w---", Book(1).answer("E1.2", needy).last(helper), says=says
    )
    book = _two()
    for number, cell in enumerate(reversed(book.code), 3):
        cell["execution_count"] = number
    yield kind("odd execution counts", "PP---", book)
    swapped = _two().change("E1.1", '"E1.1"', '"E1.2"')
    yield kind("another id", "PP---", swapped)  # `yours_or_ours` checks E1.1, too
    yield kind(
        "check without an answer",
        "----w",
        Book(1).solve("E1.5").change("E1.5", _LAST_CHECK, 'check("E1.5")'),
        says={"E1.5": "check() expects 1 argument"},
    )
    yield kind(
        "check of a result",
        "P---w",
        Book(1)
        .solve("E1.1", "E1.5")
        .change("E1.5", _LAST_CHECK, 'check("E1.5", cookie_header(["a=b"], "/"))'),
        says={"E1.5": "write its name without ()"},
    )
    book = Book(1).everywhere('"the test page": ...', '"the test page": True')
    for name, said in ("a missing page", "True"), ("a second visitor", "False"):
        book.everywhere(f'"{name}": ...', f'"{name}": {said}')
    book.everywhere('"another port": ...', '"another port": True')
    book.everywhere('predict("P1.2", ...)', 'predict("P1.2", "nothing")')
    predicted = {"P1.1": "passed", "P1.2": "surprised"}
    yield kind("predictions", OPEN, book, predictions=predicted, quick=True)
    hints = Book(1).solve("E1.1").change("E1.1", "# hint(", "hint(")
    hints.after("E1.1", 'hint("E1.1")')
    yield kind("hints", "P----", hints, hints={"E1.1": 2})
    yield kind("original's outputs", OPEN, {NAME: path_of(1).read_bytes()})


def cells() -> Iterator[Kind]:
    """Yield notebooks whose cells were moved, cut, pasted or changed."""
    for turned, word in ("markdown", "Markdown"), ("raw", "raw"):
        yield kind(
            f"solution in {word}",
            "PPPP?",
            _solved().turn("E1.5", turned),
            says={"E1.5": f"its cell is {word}; make it a code cell"},
        )
    yield kind(
        "check commented out",
        "PPPP?",
        _solved().change("E1.5", _LAST_CHECK, f"# {_LAST_CHECK}"),
        says={"E1.5": "its check is a comment; remove the #"},
        quick=True,
    )
    copy = {"E1.1": "no cell checks it; copy the cell from a new copy of the notebook"}
    deleted = _solved().change("E1.5", _LAST_CHECK, "")
    yield kind("check deleted", "PPPP?", deleted, says={"E1.5": copy["E1.1"]})
    deleted = _solved().change("E1.1", _CHECK, "")
    yield kind("check deleted before yours_or_ours", ALL, deleted)
    book = _solved()
    del book.cells[book.at("E1.1")]
    # E1.5 and two more cells use the function that is gone.
    gone = {**copy, "E1.5": "NameError: name 'cookie_pair' is not defined"}
    yield kind("cell deleted", "?PPPw", book, says=gone, notes=("NameError", "NameError"))
    cut = _solved().without("E1.4", "E1.5")
    both = {"E1.4": copy["E1.1"], "E1.5": copy["E1.1"]}
    yield kind("two cut out", "PPP??", cut, says=both, notes=None)
    yield kind("title changed", ALL, _solved().title("Ada's homework"))
    yield kind("title deleted", ALL, _untitled(_solved()))
    cut = _untitled(_solved().without("E1.4", "E1.5"))
    yield kind("title deleted and two cut out", "PPP??", cut, says=both, notes=None)
    own = _solved()
    own.cells.insert(0, markdown("# Homework of Ada\n\nWeek 3"))
    yield kind("title below another", ALL, own)
    own = _solved().without("E1.4", "E1.5")
    own.cells.insert(0, markdown("# Homework of Ada"))
    yield kind("title below another and two cut out", "PPP??", own, says=both, notes=None)
    other = _solved().title("Seal a session into a cookie")
    assert original(3).prose[0].startswith("# Seal a session into a cookie\n")
    yield kind("title of another", f"{ALL} ???????", other, numbers=(1, 3))
    yield kind("content of another", ALL, _solved().file("03_seal_it.ipynb"))
    two = _solved().paste(_solved(2))
    yield kind("two pasted into one", f"{ALL} PPPP", two, numbers=(1, 2))
    two = _solved().paste(_solved(2).without("E2.4"))
    yield kind(
        "two pasted into one, cut",
        f"{ALL} PPP?",
        two,
        numbers=(1, 2),
        says={"E2.4": copy["E1.1"]},
        notes=None,
    )
    book = _solved()
    sources = [each["source"] for each in book.code]
    book.cells[:] = [book.cells[0], code("\n\n".join(sources))]
    yield kind("one cell", ALL, book)
    yield kind("500 cells", ALL, _solved().last(*(f"n = {n}" for n in range(500))))
    others = [f'check("{each}", ...)' for each in catalogue() if each not in ids(1)]
    states = "".join("P" if each in ids(1) else "-" for each in catalogue())
    all_ten = tuple(range(10))
    yield kind("52 checks", states, _solved().last(*others), numbers=all_ten)

    pairs = ", ".join(
        f'("{each}", {name})'
        for each, name in zip(
            ids(1), ("cookie_pair", "encode", "decode", "forge", "cookie_header"), strict=True
        )
    )
    loop = f"for id, f in [{pairs}]:\n    check(id, f)"
    unchecked = _solved()
    for each in ids(1):
        unchecked.change(each, f'check("{each}"', f'# check("{each}"')
    yield kind("checks in a loop", ALL, unchecked.last(loop))
    imported = "import base64, json, requests\nfrom lesson_app.lab import check\n"
    solutions = [solution(each) for each in ids(1)]
    alone = fresh(imported, *solutions, loop)
    yield kind("new notebook with a loop", ALL, alone)
    alias = "from lesson_app.lab import check as c"
    yield kind("alias", ALL, _solved().before("E1.1", alias).everywhere("\ncheck(", "\nc("))
    short = fresh(imported, alias, *solutions, loop.replace("check(", "c("))
    yield kind("new notebook with an alias", ALL, short)
    dotted = _solved().before("E1.1", "from lesson_app import lab")
    yield kind("lab.check", ALL, dotted.everywhere("\ncheck(", "\nlab.check("))
    long = _solved().change("E1.1", _CHECK, 'check(\n    "E1.1",\n    cookie_pair,\n)')
    yield kind("check on three lines", ALL, long)
    main = _solved().change("E1.1", _CHECK, f'if __name__ == "__main__":\n    {_CHECK}')
    yield kind("check in main", ALL, main)
    inside = _solved().change("E1.1", _CHECK, f"def test():\n    {_CHECK}\n\n\ntest()")
    yield kind("check in a function", ALL, inside)
    timed = _solved().change("E1.1", "def ", "%%time\ndef ")
    timed.after("E1.1", "!ls", "%timeit -n1 -r1 1 + 1", "%%bash\ntrue", "%pwd")
    yield kind("magics", ALL, timed)
    waits = "import asyncio\nawait asyncio.sleep(0)\n"
    yield kind("await", ALL, _solved().change("E1.1", "def ", f"{waits}def "))
    größe = "größe = '✓ 中文 🍪'\nassert len(größe) == 6"
    yield kind("non-ASCII code", ALL, _solved().before("E1.1", größe))
    crlf = _solved()
    for cell in crlf.cells:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    yield kind("Windows's line ends", ALL, crlf)


def _untitled(book: Book) -> Book:
    book.cells[0]["source"] = "Week 3"
    return book


def runs() -> Iterator[Kind]:
    """Yield notebooks whose code fails, never ends, or does harm."""
    for name, line, error in (
        ("raises", "1 / 0", "ZeroDivisionError"),
        ("SyntaxError", "def broken(:", "SyntaxError"),
        ("input", 'name = input("Your name: ")', "EOFError"),
        ("raises SystemExit", "import sys\nsys.exit()", "SystemExit"),
    ):
        book = _solved().change("E1.5", "def cookie", f"{line}\ndef cookie")
        yield kind(
            f"{name} before the check", "PPPP?", book, says={"E1.5": error}, notes=(error,),
            quick=name == "raises",
        )  # fmt: skip
    yield kind(
        "no internet",
        ALL,
        _solved().before("E1.1", 'requests.get("https://example.org/data.json")'),
        notes=("ConnectionError",),
    )
    endless = "while True:\n    pass"
    yield kind(
        "infinite loop before the check",
        "PPPP?",
        _solved().change("E1.5", "def cookie", f"{endless}\ndef cookie"),
        says={"E1.5": "KeyboardInterrupt"},
        notes=("was interrupted", "KeyboardInterrupt"),
    )
    never = "def cookie_pair(text):\n    while True:\n        text = text[1:] + text[:1]"
    yield kind(
        "infinite loop in an answer",
        "wPPPP",
        _solved().answer("E1.1", never),
        says={"E1.1": "look for a loop that never ends"},
        notes=(f"ran longer than {TIMEOUT} s, and was interrupted",),
    )
    yield kind(
        "endless output",
        ALL,
        _solved().after("E1.1", 'while True:\n    print("x" * 1000)'),
        notes=("was interrupted", "KeyboardInterrupt"),
    )
    yield kind("much output", ALL, _solved().after("E1.1", 'print("x" * 50_000_000)'))
    yield kind(
        "memory",
        ALL,
        _solved().after("E1.1", "x = [bytes(1 << 30) for _ in range(64)]"),
        notes=("MemoryError",),
    )
    recursive = "def cookie_pair(text):\n    return cookie_pair(text)"
    says = {"E1.1": "RecursionError"}
    yield kind("recursion", "wPPPP", _solved().answer("E1.1", recursive), says=says)
    for name, line, problem in (
        ("os._exit", "import os\nos._exit(3)", "its process ended in code cell 10"),
        ("exit", "exit()", "code cell 10 ended the notebook with exit() or quit()"),
        ("crash", "import ctypes\nctypes.string_at(0)", "its process ended in code cell 10"),
        (
            "no interrupt",
            "import time\nwhile True:\n    try: time.sleep(9)\n"
            "    except KeyboardInterrupt: pass",
            f"code cell 10 ran longer than {TIMEOUT} s, and could not be interrupted",
        ),
    ):
        yield kind(
            name, "PP???", _solved().after("E1.2", line), problems={NAME: problem},
            says=dict.fromkeys(("E1.3", "E1.4", "E1.5"), problem),
        )  # fmt: skip
    yield kind(
        "deletes its file",
        ALL,
        _solved().after("E1.1", "import pathlib\nfor each in pathlib.Path().iterdir():\n"
                        "    each.unlink()"),
    )  # fmt: skip
    yield kind(
        "writes to the original",
        ALL,
        _solved().after(
            "E1.1",
            f"import contextlib, pathlib\nwith contextlib.suppress(OSError):\n"
            f"    pathlib.Path({NAME!r}).write_text('hacked')\n"
            "    pathlib.Path('ORIGINAL').write_text('hacked')",
        ),
    )
    sleeping = """
    import shutil
    import subprocess

    sleep = [shutil.which("sleep"), "SECONDS"]
    subprocess.Popen(sleep, env={}, start_new_session=True)
    """
    left = ("left running, and ended: sleep",)
    yield kind(
        "background processes", ALL, _solved().after("E1.1", dedent(sleeping)), notes=left
    )
    forever = "import threading\nthreading.Thread(target=threading.Event().wait).start()"
    yield kind("a thread without end", ALL, _solved().after("E1.1", forever))
    yield kind("another folder", ALL, _solved().after("E1.1", 'os.chdir("/")'))
    yield kind(
        "everything reset",
        "PP???",
        _solved().after("E1.2", "%reset -f"),
        says=dict.fromkeys(("E1.3", "E1.4", "E1.5"), "NameError"),
        notes=None,
    )
    harmless = """
    import logging, random, sys, warnings
    warnings.filterwarnings("ignore")
    logging.basicConfig(level=logging.DEBUG)
    random.seed(1)
    sys.setrecursionlimit(5000)
    from IPython.core.interactiveshell import InteractiveShell
    InteractiveShell.ast_node_interactivity = "all"
    id = sum = print
    """
    settings = _two().after("E1.1", dedent(harmless), "%load_ext autoreload\n%autoreload 2")
    yield kind("harmless settings", "PP---", settings)
    yield kind(
        "import hook of a library",
        ALL,
        _solved().before("E1.1", "import six"),
    )
    yield kind(
        "warnings in the log",
        ALL,
        _solved().before("E1.1", "import logging\nlogging.captureWarnings(True)"),
    )
    yield kind(
        "event loop of a notebook",
        ALL,
        _solved().before("E1.1", "import nest_asyncio2\nnest_asyncio2.apply()"),
    )
    forgotten = _solved().after("E1.1", "breakpoint()")
    yield kind("breakpoint left in a cell", ALL, forgotten, notes=None)
    forgotten = _solved().answer("E1.5", "def cookie_header(lines, path):\n    breakpoint()")
    says = {"E1.5": "BdbQuit"}
    yield kind("breakpoint left in an answer", "PPPPw", forgotten, says=says)


def cheats() -> Iterator[Kind]:
    """Yield notebooks that claim more than the learner has done."""
    names = {"E1.1": "cookie_pair", "E1.2": "encode", "E1.3": "decode"}
    ours = "\n".join(f'{n} = yours_or_ours("{i}", {n})' for i, n in names.items())
    checks = "\n".join(f'check("{i}", {n})' for i, n in names.items())
    yield kind("checks ours at the end", OPEN, Book(1).last(f"{ours}\n{checks}"), quick=True)
    book, _ = _wrong(1, 0)
    yield kind("checks ours after wrong", "wwwww", book.last(f"{ours}\n{checks}"))
    book = _two().last(f"{ours}\n{checks}")
    yield kind("checks own at the end", "PP---", book)
    book = Book(1)
    for each, name in names.items():
        book.answer(each, f'{name} = yours_or_ours("{each}", {name})')
    yield kind("answers with yours_or_ours", OPEN, book)
    take = "from lesson_app.lab.exercises import catalogue\n"
    book = Book(1)
    for each, source in {
        "E1.1": "cookie_pair = {ours}",
        "E1.2": "theirs = {ours}\ndef encode(content):\n    return theirs(content)",
        "E1.3": "from functools import partial\ndecode = partial({ours})",
        "E1.4": "class Forge:\n    theirs = staticmethod({ours})\n"
        "    def __call__(self, url, message):\n        return self.theirs(url, message)\n"
        "forge = Forge()",
        "E1.5": "def cookie_header(lines, path):\n    return {ours}(lines, path)",
    }.items():
        book.answer(each, take + source.format(ours=f'catalogue()["{each}"].ours[0]'))
    yield kind("answers with the catalogue", OPEN, book)
    record = """
    import json, os
    with open(os.environ["LESSON_APP_PROGRESS"], "a") as file:
        print(json.dumps({"id": "E1.1", "state": "passed"}), file=file)
    """
    note = "the code recorded E1.1 as passed by itself; that does not count"
    yield kind("writes the record", OPEN, Book(1).last(dedent(record)), notes=(note,))
    for name, line in (
        ("judge", 'course.judge = lambda e, *_: course.Verdict(e, "passed")'),
        ("catalogue", "course.catalogue = lambda: {}"),
    ):
        patch = f"import lesson_app.lab.exercises as course\n{line}"
        changed = f"changed lesson_app.lab.exercises.{name}"
        book = Book(1).before("E1.1", patch)
        told = {"E1.1": f"not judged: the notebook's code {changed}"}
        yield kind(f"patches the {name}", "?????", book, says=told, notes=None)
    patch = "import hmac\nhmac.compare_digest = lambda *_: True"
    yield kind(
        "patches Python",
        "?????",
        Book(1).before("E1.1", patch),
        says={"E1.1": "not judged: the notebook's code changed hmac.compare_digest"},
        notes=("the code changed hmac.compare_digest", "ValueError: the two keys are equal"),
    )
    own = 'def check(id, *_):\n    print(f"✓ {id}: passed")'
    yield kind("own check", OPEN, Book(1).before("E1.1", own))
    yield kind("own check, and solved", ALL, _solved().before("E1.1", own))
    says = 'print("✓ E1.1 cookie_pair: passed")'
    book = Book(1).after("E1.1", says)
    book.cells[book.at("E1.1")]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "✓ E1.1 cookie_pair: passed\n"}
    ]
    yield kind("prints that it passed", OPEN, book)
    equal = """
    class Anything(str):
        __hash__ = str.__hash__
        def __eq__(self, other):
            return True

    def encode(content):
        return Anything("x")
    """
    yield kind("equals anything", "-w---", Book(1).answer("E1.2", dedent(equal)))
    fixed = 'def decode(text):\n    return {"message": "Hello World!"}'
    yield kind("knows one example", "--w--", Book(1).answer("E1.3", fixed))


def files() -> Iterator[Kind]:
    """Yield files with other names and formats, and files beside a notebook."""
    for name in ("Smith_03", "hw03", "Untitled", "2026-11-05_seal_it", "ab07_x"):
        yield loose(f"{name}.ipynb", "PP---", _two())
    yield loose("Jones.ipynb.txt", "PP---", _two())
    yield loose("Brown.json", "PP---", _two())
    yield kind("upper-case suffix", "PP---", _two().file("03.IPYNB"))
    yield kind("text suffix", "PP---", _two().file("x.ipynb.txt"), quick=True)
    yield kind("JSON suffix", "PP---", _two().file("x.json"))
    book = _two()
    book.data["metadata"] = {}
    yield kind("nbstripout", "PP---", book)
    yield kind("Colab", "PP---", _colab(_two()))
    marked = b"\xef\xbb\xbf" + _two().bytes()
    yield kind("byte order mark", "PP---", {NAME: marked})
    again = "hand in the notebook (.ipynb)"
    cells = [
        {"cell_type": "code", "language": "python", "input": each["source"], "outputs": []}
        for each in _two().code
    ]
    third = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {},
                        "worksheets": [{"cells": cells}]}).encode()  # fmt: skip
    whole = _two().bytes()
    for name, file, content, problem in (
        ("nbformat 3", NAME, third, "format 3; open it in JupyterLab and save it"),
        ("broken JSON", NAME, whole[: len(whole) // 2], "is not valid JSON"),
        ("merge conflict", NAME, b"<<<<<<< HEAD\n" + whole, "is not valid JSON"),
        ("empty file", NAME, b"", "is empty"),
        ("html export", "01.html", b"<!DOCTYPE html><html></html>", f"is a web page; {again}"),
        ("html as ipynb", NAME, b"<!DOCTYPE html><html></html>", "JSON"),
        ("pdf", "01.pdf", b"%PDF-1.7", f"is a PDF document; {again}"),
        ("py export", "01.py", b"#!/usr/bin/env python\n# In[1]:\n", "export to Python"),
        ("no cells", NAME, b'{"cells": [], "nbformat": 4}', "without cells"),
        ("not the course's", "maths.ipynb", fresh("1 + 1").bytes(), "no exercise of this"),
    ):
        yield kind(name, "", {file: content}, problems={file: problem})
    helpers = "from pathlib import Path\n" + solution("E1.1")
    book = Book(1).answer("E1.1", "from helpers import cookie_pair")
    yield kind("helpers.py", "P----", book, {"helpers.py": helpers.encode()})
    book = Book(1).answer("E1.1", "from tools.pairs import cookie_pair")
    tools = {"tools/__init__.py": b"", "tools/pairs.py": solution("E1.1").encode()}
    yield kind("a package", "P----", book, tools)
    book = Book(1).answer("E1.1", 'exec(open("data/a b.txt").read())')
    data = {"data/a b.txt": solution("E1.1").encode()}
    yield kind("a data file", "P----", book, data)
    yield kind(
        "checkpoints",
        OPEN,
        Book(1),
        {".ipynb_checkpoints/01_make_http_remember-checkpoint.ipynb": _solved().bytes()},
    )
    yield kind(
        "two versions",
        "PPP--",
        _two(),
        Book(1).solve("E1.1", "E1.3").file("01_make_http_remember (1).ipynb"),
    )
    broken = {"01_make_http_remember-Copy1.ipynb": b"{"}
    yield kind(
        "a broken version", "PP---", _two(), broken, problems={"Copy1.ipynb": "not valid JSON"}
    )


def _colab(book: Book) -> Book:
    """Change a notebook as Google Colab saves it: without the cells' ids."""
    book.data["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    book.data.update(nbformat=4, nbformat_minor=0)
    for number, cell in enumerate(book.cells):
        cell.pop("id", None)
        cell["metadata"] = {"id": f"Xy{number}", "colab": {"base_uri": "https://localhost/"}}
        cell["source"] = cell["source"].splitlines(keepends=True)
    return book


def archives() -> Iterator[Kind]:
    """Yield what comes in archives, and what Moodle and Canvas export."""
    name = "Jörg Müller"
    inside = {f"Übung 1/{NAME}": _two().bytes(), "Übung 1/__MACOSX/._x": b"\0\5"}
    yield Kind("a zip", "PP---", below(f"winter term.zip/{name}", inside), key=name)
    nested = {"term.zip/tom.zip": zipped({f"a b/{NAME}": _two().bytes()})}
    yield Kind("a nested zip", "PP---", nested, key="tom")
    yield kind(
        "zip in a folder", "PP---", {"my work.zip": zipped({f"x/{NAME}": _two().bytes()})}
    )

    moodle = "moodle.zip/{}_assignsubmission_file_/" + NAME
    ada, bob = "Ada Lovelace_4711", "Bob Łuczak_4712"
    yield Kind("Moodle", "PP---", {moodle.format(ada): _two().bytes()}, key="Ada Lovelace")
    typed = "moodle.zip/Bob Łuczak_4712_assignsubmission_onlinetext_/onlinetext.html"
    yield Kind(
        "Moodle's text", "PP---",
        {moodle.format(bob): _two().bytes(), typed: b"<p>Here it is</p>"},
        key="Bob Łuczak", problems={"onlinetext.html": "typed into Moodle"},
    )  # fmt: skip
    canvas = "canvas.zip/{}_01_make_http_remember{}.ipynb"
    first, second = _two().bytes(), Book(1).solve("E1.3").bytes()
    yield Kind("Canvas", "PP---", {canvas.format("eveeva_101_9001", ""): first}, key="eveeva")
    two = {
        canvas.format("doedan_LATE_102_9002", ""): first,
        canvas.format("doedan_LATE_102_9003", "-1"): second,
    }
    yield Kind("Canvas, twice", "PPP--", two, key="doedan")
    yield Kind("nothing", "", {}, key="Zoë Zander", quick=True)
    yield kind("empty folder", "", {"": b""}, problems={"empty folder": "holds no file"})


KINDS = [*honest(), *cells(), *runs(), *cheats(), *files(), *archives()]
