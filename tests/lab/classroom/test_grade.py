"""The command `lesson-app grade` reports the same whatever a learner's code does."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import psutil  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner, Result

from lesson_app.cli import main
from lesson_app.lab.classroom import _runner
from lesson_app.lab.classroom import grade as grading
from lesson_app.lab.classroom import run as running
from lesson_app.lab.classroom.grade import Grade, Predictions
from lesson_app.lab.exercises import catalogue
from lesson_app.lab.exercises.judging import Exercise
from tests.conftest import PATIENCE, wait_until

Made = grading.Result

#: Defines the exercises, here and in the kernel of the notebook that uses the real `check`.
EXERCISES = """
import lesson_app.lab.exercises as course
from lesson_app.lab.exercises.judging import Exercise, Wrong, misconceptions

def is_two(answer):
    if answer == 3:
        raise Wrong("one-too-many")
    if answer != 2:
        raise Wrong(message="not two")

SMALL = {
    id: Exercise(id, title, is_two, misconceptions(one_too_many="3 is one too many"), ("",) * 3)
    for id, title in {"E1.1": "one", "E1.2": "two", "E1.3": "three", "E1.4": "four",
                      "E2.1": "five"}.items()
}
"""
#: A quick `check` without an import, for tests of how a kernel ends.
CHECK = """
import json, os
def check(id, state="passed"):
    with open(os.environ["LESSON_APP_PROGRESS"], "a") as file:
        file.write(json.dumps({"id": id, "state": state}) + "\\n")
"""
PASSES = 'check("E1.1")'


def write_notebook(path: Path, *cells: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [{"cell_type": "code", "source": source, "metadata": {}} for source in cells]
    path.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4}))
    return path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["grade", *map(str, arguments)])


def words(result: Result) -> str:
    return " ".join(result.output.split())


def for_ever(number: int) -> str:
    """Return an argument for ``sleep`` that no other test or run uses."""
    return f"{number}.{os.getpid()}"


def sleepers(number: int) -> list[Any]:
    """The processes of ``sleep`` with this test's argument."""
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if (each.info["cmdline"] or [])[1:] == [for_ever(number)]]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, Exercise]:
    """A course of five exercises."""
    names: dict[str, Any] = {}
    exec(EXERCISES, names)
    monkeypatch.setattr(grading, "catalogue", lambda: names["SMALL"])
    exercises: dict[str, Exercise] = names["SMALL"]
    return exercises


# ---------------------------------------------------------- notebooks that misbehave

MISBEHAVIOURS = {
    "ends": "os._exit(3)",
    "prints": "while True: print('x' * 99)",
    "shows": "from IPython.display import HTML, display; display(HTML('x' * 3_000_000))",
    "kills": "import signal; os.killpg(os.getppid(), signal.SIGKILL)",
    "stubborn": f"""
import subprocess, time
subprocess.Popen(["sleep", "{for_ever(4471)}"], start_new_session=True)
while True:
    try:
        time.sleep(9)
    except KeyboardInterrupt:
        check("E1.1", "not yet")
""",
}
REASONS = {
    "ends": "the kernel ended in code cell 2",
    "prints": "printed more than 1 MB, up to code cell 2",
    "shows": "printed more than 1 MB, up to code cell 2",
    "kills": "its runner was killed in code cell 2 (exit status -9)",
    "stubborn": "code cell 2 ran longer than 2 s, and could not be interrupted",
}


@pytest.fixture(scope="module", autouse=True)
def background(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Grade the notebooks that misbehave in a process, while the other tests run."""
    folder = tmp_path_factory.mktemp("misbehaving")
    for name, source in MISBEHAVIOURS.items():
        write_notebook(folder / f"{name}.ipynb", CHECK + PASSES, source, 'check("E1.2")')
    (folder / "broken.ipynb").write_text('{"cells": [')
    program = [sys.executable, "-W", "error", "-m", "lesson_app", "grade", ".", "--timeout=2"]
    process = subprocess.Popen(
        [*program, "--json", "facts.json", "--junit", "junit.xml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def end() -> Any:
        output, errors = process.communicate(timeout=PATIENCE)
        return SimpleNamespace(
            folder=folder, output=output, errors=errors, status=process.returncode
        )

    yield cache(end)
    process.kill()
    process.communicate()


# ---------------------------------------------------------- reports


GRADES = [
    Grade(
        "ann/03_seal_it.ipynb",
        (
            Made("E3.1", "sign", "passed"),
            Made("E3.2", "unseal", "not yet", "no-time"),
            Made("E3.3", "three\x1b[31m", "not started"),
            Made("E3.4", "four", "missing", reason="no cell checks it"),
        ),
        Predictions(4, 3, 2),
        notes=("code cell 2 raised E: \x1b[1m\x00\ud800<&",),
    ),
    Grade("bob.ipynb", problem="is not a valid notebook: not valid JSON"),
]


def test_table() -> None:
    """Each exercise has a line, each notebook a sum; no control character is printed."""
    assert list(grading.table(GRADES)) == [
        "notebook              exercise  title      state        why",
        "ann/03_seal_it.ipynb  E3.1      sign       passed",
        "ann/03_seal_it.ipynb  E3.2      unseal     not yet      no-time",
        "ann/03_seal_it.ipynb  E3.3      three[31m  not started",
        "ann/03_seal_it.ipynb  E3.4      four       missing      no cell checks it",
        "",
        "ann/03_seal_it.ipynb  1 of 4  predictions: 3 of 4 made, 2 right",
        "bob.ipynb             0 of 0  predictions: 0 of 0 made, 0 right",
        "2 notebooks: 1 of 4 exercises passed",
        "",
        "ann/03_seal_it.ipynb: code cell 2 raised E: [1m<&",
        "bob.ipynb: is not a valid notebook: not valid JSON",
    ]


def test_junit() -> None:
    """Each notebook is a suite, each exercise a case, and the file is well-formed."""
    ann, bob = ElementTree.fromstring(grading.junit_xml(GRADES))

    assert ann.attrib == {
        "name": "ann/03_seal_it.ipynb", "tests": "4", "failures": "1", "errors": "1",
        "skipped": "1",
    }  # fmt: skip
    cases = [
        (c.get("name"), [(e.tag, e.get("message")) for e in c]) for c in ann.iter("testcase")
    ]
    assert cases == [
        ("E3.1 sign", []),
        ("E3.2 unseal", [("failure", "not yet: no-time")]),
        ("E3.3 three[31m", [("skipped", "not started")]),
        ("E3.4 four", [("error", "missing: no cell checks it")]),
    ]
    assert ann.findtext("system-out") == "code cell 2 raised E: [1m<&"
    assert bob.attrib["errors"] == bob.attrib["tests"] == "1"
    assert bob[0][0].get("message") == "missing: is not a valid notebook: not valid JSON"


def test_a_terminal_shows_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows on stderr how many notebooks are done; a file does not."""
    shown, silent = io.StringIO(), io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    paths = [Path("a"), Path("b")]

    for stream in (shown, silent):
        monkeypatch.setattr("sys.stderr", stream)
        assert list(grading._watched(paths)) == paths

    assert re.findall(r"grading.*?(\d/2)", shown.getvalue())[-1] == "2/2"
    assert silent.getvalue() == ""


# ---------------------------------------------------------- which exercises, and where


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("03_seal_it.ipynb", 3),
        ("03.ipynb", 3),
        ("03-seal it (1).ipynb", 3),
        ("alice_03_seal_it.ipynb", 3),
        ("2026-11-23_03_seal_it.ipynb", 3),
        ("99_03_seal_it.ipynb", 3),
        ("alice.ipynb", None),
        ("1203_seal_it.ipynb", None),
        ("03456.ipynb", None),
        ("99_seal_it.ipynb", None),
    ],
)
def test_number(name: str, number: int | None) -> None:
    """A number in the file name counts if the course has a notebook with that number."""
    assert grading._number(name, set(range(7))) == number


def test_wanted(small: dict[str, Exercise]) -> None:
    """The exercises of the number in the name, and those that cells check, in order."""
    cells = ["lab.check( 'E2.1', f)\ncheck('E1.3', g)", 'check("E9.1", h)', 'recheck("E7.1")']

    assert grading._wanted(Path("x.ipynb"), cells) == ["E1.3", "E2.1", "E9.1"]
    assert grading._wanted(Path("b_01_x.ipynb"), cells) == [*small, "E9.1"]


def test_find_notebooks(tmp_path: Path) -> None:
    """A folder is searched at any depth, and each notebook is found once."""
    for name in ("b.ipynb", "a/c.ipynb", ".ipynb_checkpoints/b.ipynb", "a/d.ipynb/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = grading.find_notebooks([tmp_path / "b.ipynb", tmp_path, tmp_path / "a"])

    assert [str(path.relative_to(tmp_path)) for path in found] == ["b.ipynb", "a/c.ipynb"]


def test_find_notebooks_in_order(tmp_path: Path) -> None:
    """Notebooks are sorted by name."""
    names = [f"{number:02}.ipynb" for number in range(30)]
    for name in reversed(names):
        (tmp_path / name).touch()

    assert [path.name for path in grading.find_notebooks([tmp_path])] == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'PATH...'"),
        (["none.ipynb"], "'none.ipynb' does not exist"),
        (["empty"], "found no notebook (*.ipynb) in empty; name another folder"),
        (["text.txt"], "expected a file that ends in .ipynb, got text.txt"),
        (["ok.ipynb", "text.txt"], "expected a file that ends in .ipynb, got text.txt"),
        (["bad.ipynb"], "bad.ipynb is not a valid notebook: not valid JSON"),
        (["old.ipynb"], "not in notebook format 4; open it in JupyterLab and save it"),
        (["binary.ipynb"], "binary.ipynb is not a valid notebook: not valid JSON"),
        (["list.ipynb"], "list.ipynb is not a valid notebook: not in notebook format 4"),
        (["ok.ipynb", "--timeout", "0"], "Invalid value for '--timeout'"),
        (["ok.ipynb", "--limit", "x"], "Invalid value for '--limit'"),
        (["ok.ipynb", "--junit", "none/j.xml"], "found no folder none; make it first"),
        (["ok.ipynb", "--json", "none/j"], "found no folder none; make it first"),
        (["ok.ipynb", "--json", "empty"], "'empty' is a directory"),
    ],
)
def test_misused(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invalid command names the fix and exits with status 2 before any run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grading, "run_notebook", None)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").touch()
    (tmp_path / "bad.ipynb").write_text("{")
    (tmp_path / "binary.ipynb").write_bytes(bytes(range(256)))
    (tmp_path / "list.ipynb").write_text("[]")
    (tmp_path / "old.ipynb").write_text('{"worksheets": [], "nbformat": 3}')
    write_notebook(tmp_path / "ok.ipynb")

    result = invoke(*arguments)

    assert result.exit_code == 2
    assert message in words(result)


def grade_made_up(
    monkeypatch: pytest.MonkeyPatch, path: Path, progress: list[str], problem: str = ""
) -> Result:
    """Grade without a kernel, with these lines recorded by the exercises."""
    run = running.Run(problem, progress=tuple(progress))
    monkeypatch.setattr(grading, "run_notebook", lambda *_, **__: run)
    return invoke(path)


def entry(state: str, name: str = "E2.1") -> str:
    return json.dumps({"id": name, "state": state})


@pytest.mark.parametrize(
    ("progress", "state", "status"),
    [
        ([entry("passed")], "passed", 0),
        ([entry("not yet"), entry("passed")], "passed", 0),
        ([entry("passed"), entry("not yet")], "not yet", 1),
        ([entry("not started")], "not started", 1),
        ([], "missing", 1),
        ([entry("passed", "E1.1")], "missing", 1),
        ([entry("passed"), entry("not yet")[:-3], "7", "null", "{}", "[" * 9999], "passed", 0),
        ([entry("amazing")], "missing", 1),
    ],
)
@pytest.mark.usefixtures("small")
def test_the_last_entry_counts(
    progress: list[str],
    state: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last complete entry for an exercise is its state; the states give the status."""
    path = write_notebook(tmp_path / "02_x.ipynb", 'check("E2.1", f)')

    result = grade_made_up(monkeypatch, path, progress)

    assert re.search(rf"E2\.1 +five +{state}( |$)", result.output, re.MULTILINE)
    assert result.exit_code == status


@pytest.mark.usefixtures("small")
def test_passed_before_the_end_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If all exercises passed, a kernel's later end is reported, and is not a failure."""
    path = write_notebook(tmp_path / "02_x.ipynb", 'check("E2.1", f)')

    result = grade_made_up(monkeypatch, path, [entry("passed")], "the kernel ended")

    assert f"{path}: the kernel ended" in words(result)
    assert result.exit_code == 0


@pytest.mark.usefixtures("small")
def test_nothing_to_grade_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook without exercises does not pass: it is probably the wrong one."""
    path = write_notebook(tmp_path / "x.ipynb", "1")

    assert grade_made_up(monkeypatch, path, []).exit_code == 1


# ---------------------------------------------------------- real runs


def test_a_run(
    small: dict[str, Exercise], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run of everything that does not end a kernel: states, errors, paths, processes."""
    monkeypatch.setenv("FLASK_SECRET_KEY", "mine")
    monkeypatch.setenv("LESSON_APP_SECRET", "mine")
    seen, seconds = tmp_path / "seen.json", for_ever(4472)
    name = "ann_01_first.ipynb"
    path = write_notebook(
        tmp_path / name,
        EXERCISES + "course.catalogue = lambda: SMALL\nfrom lesson_app.lab import *",
        'check("E1.1", 1); check("E1.1", 2); check("E1.2", 3); check("E1.3", ...)',
        'predict("P1.1", 5); observe("P1.1", 5); predict("P1.2", 5); observe("P1.2", 6)',
        'predict("P1.3", ...); observe("P1.3", 6)',
        "# %%\n",
        f"""
import json, os, pathlib
seen = dict(os.environ, cwd=os.getcwd(), home=str(pathlib.Path.home()), pid=str(os.getpid()),
            group=str(os.getpgid(0)), parent=str(os.getpgid(os.getppid())),
            transport=json.loads(pathlib.Path("..", "kernel.json").read_text())["transport"])
pathlib.Path({str(seen)!r}).write_text(json.dumps(seen))
with open({name!r}, "a") as copy:
    copy.write("changed")
""",
        "import sys; sys.exit()",
        "raise SystemExit(1)",
        "input()",
        f"""
import shutil, subprocess, threading, time
subprocess.Popen(["sleep", "{seconds}"])
subprocess.Popen(["sleep", "{seconds}"], start_new_session=True)
subprocess.Popen([shutil.which("sleep"), "{seconds}"], env={{}}, process_group=0)
subprocess.Popen("sleep {seconds} &", shell=True, start_new_session=True).wait()
threading.Thread(target=time.sleep, args=({seconds},)).start()
""",
        "   ",
        'if False: check("E1.4", 2)',
        'check("E2.1", 2)',
    )
    before = path.read_bytes()

    result = invoke(path, "--json", tmp_path / "facts.json")

    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts == {
        "passed": 2,
        "exercises": 5,
        "notebooks": [
            {
                "notebook": str(path),
                "passed": 2,
                "exercises": 5,
                "results": [
                    result_of("E1.1", "one", "passed"),
                    result_of("E1.2", "two", "not yet", misconception="one-too-many"),
                    result_of("E1.3", "three", "not started"),
                    result_of(
                        "E1.4", "four", "missing", reason="code cell 11 ran without checking it"
                    ),
                    result_of("E2.1", "five", "passed"),
                ],
                "predictions": {"all": 3, "made": 2, "right": 1},
                "problem": "",
                "notes": [
                    "left running, and ended: sleep, sleep, sleep",
                    "code cell 7 raised SystemExit",
                    "code cell 8 raised SystemExit: 1",
                    "code cell 9 raised StdinNotImplementedError: raw_input was called, but "
                    "this frontend does not support input requests.",
                ],
            }
        ],
    }
    assert result.exit_code == 1
    assert result.stderr == ""
    assert path.read_bytes() == before
    assert sleepers(4472) == []
    saw = json.loads(seen.read_text())
    assert saw["home"] == saw["HOME"] != os.environ["HOME"]
    assert saw["transport"] == ("tcp" if sys.platform == "win32" else "ipc")
    assert saw["pid"] == saw["group"] != saw["parent"] != str(os.getpgid(0))
    assert len({str(Path(saw[each]).parent) for each in ("cwd", "HOME")}) == 1
    assert saw["IPYTHONDIR"].startswith(saw["HOME"])
    assert not Path(saw["HOME"]).parent.exists()
    assert not {"FLASK_SECRET_KEY", "LESSON_APP_SECRET"} & saw.keys()
    assert set(small) == {each["id"] for each in facts["notebooks"][0]["results"]}


def result_of(id: str, title: str, state: str, **more: str) -> dict[str, str]:  # noqa: A002
    given = {"id": id, "title": title, "state": state, "misconception": "", "reason": ""}
    return {**given, **more}


def test_limit(tmp_path: Path) -> None:
    """A notebook is ended when its time is up, and its processes with it."""
    cell = f"import subprocess; subprocess.Popen(['sleep', '{for_ever(4473)}']).wait()"
    path = write_notebook(tmp_path / "x.ipynb", cell)

    run = running.run_notebook(path, [cell], timeout=9999, limit=0.5)

    assert run.problem == "took longer than 0.5 s, and was ended in code cell 1"
    assert sleepers(4473) == []


def test_no_limit_before_the_first_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that a kernel takes to start does not count for the limit."""
    path = write_notebook(tmp_path / "x.ipynb", "1")

    run = running.run_notebook(path, ["1"], timeout=9999, limit=1e-9)
    monkeypatch.setattr(running, "STARTING", 0)
    never = running.run_notebook(path, ["1"], timeout=9999, limit=9999)

    assert run.problem in ("", "took longer than 1e-09 s, and was ended in code cell 1")
    assert never.problem.startswith("no kernel started within 0 s; grade it again")


class Kernel:
    """A kernel with a state and computed seconds that are given for each tick."""

    def __init__(self, *ticks: tuple[str, float]) -> None:
        self.ticks = [("running", 0.0), *ticks]
        self.computed = 0.0
        self.state = ""

    def cpu_times(self) -> Any:
        state, seconds = self.ticks.pop(0)
        self.state, self.computed = state, self.computed + seconds
        return SimpleNamespace(user=self.computed, system=0.0)

    def status(self) -> str:
        return self.state


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says why a process waits")
def test_waiting_for_a_turn_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Computing and sleeping count for a cell; waiting for a processor does not."""

    async def at_once(seconds: float) -> None:
        """Return without waiting."""

    monkeypatch.setattr("asyncio.sleep", at_once)
    runs, sleeps, rest = psutil.STATUS_RUNNING, psutil.STATUS_SLEEPING, (psutil.STATUS_DEAD, 9)
    kernels = {
        "computes": Kernel(*[(runs, 1 / 8)] * 16, rest),
        "sleeps": Kernel(*[(sleeps, 0.0)] * 20, rest),
        "waits for its turn": Kernel(*[(runs, 0.0)] * 5000, *[(runs, 1 / 1024)] * 2048, rest),
    }

    for kernel in kernels.values():
        asyncio.run(_runner.have_had(kernel, 2))

    assert [kernel.ticks for kernel in kernels.values()] == [[rest]] * 3


def test_no_process_outlives_the_command(tmp_path: Path) -> None:
    """If the command itself is killed, no process and no folder is left."""
    facts = tmp_path / "facts"
    cell = f"""
import os, subprocess
subprocess.Popen(["sleep", "{for_ever(4474)}"], start_new_session=True)
open("facts", "w").write(f"{{os.getpid()}} {{os.getcwd()}}")
os.rename("facts", {str(facts)!r})
while True: pass
"""
    path = write_notebook(tmp_path / "x.ipynb", cell)
    command = [sys.executable, "-m", "lesson_app", "grade", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_until(facts.exists)
        finally:
            process.kill()
        assert process.communicate(timeout=PATIENCE) == (b"", b"")

    kernel, place = facts.read_text().split()
    wait_until(lambda: not is_running(int(kernel)) and not sleepers(4474))
    wait_until(lambda: not Path(place).parent.exists())


def is_running(pid: int) -> bool:
    # An ended orphan is a zombie until the machine's first process reaps it.
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_runner_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner records each event at once, and restores its own memory limit."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "work").mkdir()
    cells = ["1 / 0", "'x' * (10 << 30)", "while True: pass", "exit()", "1"]
    task = {"cells": cells, "timeout": 1}
    (tmp_path / "task.json").write_text(json.dumps(task))

    before = resource.getrlimit(resource.RLIMIT_AS)

    _runner.Runner(tmp_path).run()

    assert resource.getrlimit(resource.RLIMIT_AS) == before
    events = _runner.lines(tmp_path / "events.jsonl")
    assert psutil.pid_exists(events.pop(0)["kernel"]) is False
    assert events == [
        {"cell": 1},
        {"raised": 1, "error": "ZeroDivisionError: division by zero"},
        {"cell": 2},
        {"raised": 2, "error": "MemoryError"},
        {"cell": 3},
        {"raised": 3, "error": "KeyboardInterrupt"},
        {"note": "code cell 3 ran longer than 1 s, and was interrupted"},
        {"cell": 4},
        {"end": "code cell 4 ended the kernel with exit() or quit()"},
    ]


def test_no_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no kernel can be started, the error names the fix."""
    (tmp_path / "work").mkdir()
    (tmp_path / "task.json").write_text(json.dumps({"cells": ["1"], "timeout": 1}))

    def fail(*_: object, **__: object) -> None:
        raise OSError("no kernel")

    monkeypatch.setattr("nbclient.NotebookClient.async_setup_kernel", fail)

    _runner.Runner(tmp_path).run()

    (event,) = _runner.lines(tmp_path / "events.jsonl")
    assert event == {"end": "no kernel could be started; run: pip install '.[lab]'"}


# ---------------------------------------------------------- last: these ran meanwhile


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_misbehaviour(name: str, background: Callable[[], Any]) -> None:
    """Earlier checks count whatever a later cell does; the row reports what happened."""
    facts = json.loads((background().folder / "facts.json").read_text())
    (found,) = [each for each in facts["notebooks"] if each["notebook"] == f"{name}.ipynb"]

    first, second = found["results"]
    before = "not yet" if name == "stubborn" else "passed"  # the interrupt reached it
    assert (first["id"], first["state"]) == ("E1.1", before)
    assert (second["id"], second["state"]) == ("E1.2", "missing")
    assert second["reason"] == found["problem"] == REASONS[name]


def test_an_invalid_notebook_does_not_stop_others(background: Callable[[], Any]) -> None:
    """The invalid notebook has its row among the others, in order."""
    facts = json.loads((background().folder / "facts.json").read_text())
    by_name = {each["notebook"]: each for each in facts["notebooks"]}

    assert by_name["broken.ipynb"]["problem"].startswith(
        "is not a valid notebook: not valid JSON"
    )
    assert sorted(by_name) == list(by_name)
    assert len(by_name) == len(MISBEHAVIOURS) + 1


def test_output_and_status(background: Callable[[], Any]) -> None:
    """The program prints the table, prints nothing on stderr, and leaves no process."""
    ended = background()
    title = catalogue()["E1.2"].title

    assert ended.errors == ""
    assert ended.status == 1
    for line in (
        rf"ends.ipynb +E1.2 +{title} +missing +the kernel ended in code cell 2",
        r"ends.ipynb +1 of 2  predictions: 0 of 0 made, 0 right",
        r"broken.ipynb: is not a valid notebook: not valid JSON .*",
    ):
        assert re.search(f"^{line}$", ended.output, re.MULTILINE)
    assert "6 notebooks: 4 of 10 exercises passed\n" in ended.output
    assert ElementTree.parse(ended.folder / "junit.xml").getroot().tag == "testsuites"
    assert sleepers(4471) == []
