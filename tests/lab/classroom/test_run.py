"""Running a notebook's code: nothing that it does disturbs the grader or outlives the run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from course.notebooks import NOTEBOOKS, read
from lesson_app.lab.classroom.running import run as running
from lesson_app.lab.classroom.running import sandbox
from lesson_app.lab.classroom.running.run import Run, Stopped, run_notebook
from lesson_app.lab.classroom.running.sandbox import Sandbox, sandboxes
from tests.conftest import PATIENCE, wait_until
from tests.plugin import need

#: The solution of an exercise.
SOLUTION = read(NOTEBOOKS / "01_make_http_remember.ipynb").solutions["E1.1"]
RIGHT = f"from lesson_app.lab import check\n{SOLUTION}\n"
CHECK = 'check("E1.1", cookie_pair)'


def for_ever(number: int) -> str:
    """Return an argument for ``sleep`` that no other test or run uses."""
    return f"{number}.{os.getpid()}"


def sleepers(number: int) -> list[Any]:
    """Return the processes of ``sleep`` with this test's argument."""
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if (each.info["cmdline"] or [])[1:] == [for_ever(number)]]


def run(tmp_path: Path, *cells: str, timeout: int = 60, limit: float = 600, **more: Any) -> Run:
    path = tmp_path / "a notebook.ipynb"
    path.write_text("as handed in")
    return run_notebook(path, cells, timeout=timeout, limit=limit, **more)


def states(found: Run) -> list[tuple[str, str]]:
    return [(each["check"], each.get("state", "changed")) for each in found.checks]


@pytest.fixture(params=sandboxes(), ids=lambda each: each.name or "none")
def each_sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Run in each sandbox that this system has, and without one."""
    chosen: Sandbox = request.param
    monkeypatch.setattr(running, "find_sandbox", lambda: chosen)
    return chosen


def test_what_a_run_finds(tmp_path: Path) -> None:
    """Verdicts, hints, errors and predictions come in their order; cells go on after errors."""
    found = run(
        tmp_path,
        "from lesson_app.lab import check, hint, observe, predict",
        'check("E1.1", lambda text: "wrong")',
        RIGHT + CHECK,
        'hint("E1.1"); 1 / 0',
        'check("E1.1", ...); check("E99.1", 1)',
        'predict("P1.1", 5); observe("P1.1", 5)',
        "%%time\n1 + 1",
        "await __import__('asyncio').sleep(0)",
        "from IPython.display import HTML, display; display(HTML('x')); input()",
        "import sys; sys.exit(3)",
        "not Python at all",
    )

    assert states(found) == [
        ("E1.1", "not yet"),
        ("E1.1", "passed"),
        ("E1.1", "not started"),
        ("E99.1", "missing"),
    ]
    assert found.checks[0]["message"].startswith("this is one string; return two")
    assert [each["cell"] for each in found.checks] == [2, 3, 5, 5]
    assert found.hints == ["E1.1"]
    assert found.errors.pop(11).startswith("SyntaxError")
    assert found.errors == {
        4: "ZeroDivisionError: division by zero",
        9: "EOFError: EOF when reading a line",
        10: "SystemExit: 3",
    }
    assert found.claims == [{"id": "P1.1", "state": "passed"}]
    assert (found.problem, found.notes) == ("", [])


def test_surroundings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, each_sandbox: Sandbox
) -> None:
    """The code has a copy, its neighbours, a home of its own, and no variable of ours."""
    monkeypatch.setenv("CANVAS_API_TOKEN", "mine")
    monkeypatch.setenv("FLASK_SECRET_KEY", "mine")
    helpers, data = tmp_path / "helpers.py", tmp_path / "data"
    helpers.write_text(SOLUTION)
    data.mkdir()
    (data / "table.csv").write_text("a,b")

    found = run(
        tmp_path,
        "from lesson_app.lab import check\nfrom helpers import cookie_pair\n" + CHECK,
        """
import os, pathlib, tempfile
def tell(text):
    raise RuntimeError(text)
names = sorted(os.environ)
here = sorted(each.name for each in pathlib.Path().iterdir())
open("a notebook.ipynb", "a").write("changed")
tell(repr((names, here, open("data/table.csv").read())))
""",
        """
home, temporary = pathlib.Path.home(), pathlib.Path(tempfile.gettempdir())
assert home.parent == temporary.parent == pathlib.Path.cwd().parent
(home / "file").write_text(""); (temporary / "file").write_text("")
""",
        neighbours=[helpers, data],
    )

    assert states(found) == [("E1.1", "passed")]
    assert set(found.errors) == {2}
    kind, _, told = found.errors[2].partition(": ")
    assert kind == "RuntimeError"
    assert "CANVAS" not in told
    assert "FLASK" not in told
    assert (tmp_path / "a notebook.ipynb").read_text() == "as handed in"


def test_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only variables on the list are passed on."""
    monkeypatch.setenv("CANVAS_API_TOKEN", "mine")
    monkeypatch.setenv("LANG", "C.UTF-8")

    made = sandbox.environment(tmp_path)

    own = {"PYTHONUSERBASE", "HOME", "USERPROFILE", "IPYTHONDIR", "TMPDIR", "TEMP", "TMP"}
    assert made.keys() <= own | set(sandbox.KEPT)
    assert made["LANG"] == "C.UTF-8"


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")
def test_bubblewrap() -> None:
    """The tests below run in bubblewrap, unless this system forbids it."""
    if shutil.which("bwrap") is None:
        need("bwrap")
    options = "--unshare-all --cap-drop ALL --ro-bind / / --proc /proc --dev /dev true"
    command = ["bwrap", *options.split()]

    allowed = subprocess.run(command, capture_output=True).returncode == 0

    assert allowed == (sandboxes()[0].name == "bubblewrap")


def test_network(tmp_path: Path, each_sandbox: Sandbox) -> None:
    """In a sandbox the code reaches its own loopback, and no server of ours."""
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().split()[5].decode()
            found = run(
                tmp_path,
                "import socket; own = socket.create_server(('127.0.0.1', 0))",
                "socket.create_connection(own.getsockname()).close()",
                f"socket.create_connection(('127.0.0.1', {port})).close()",
                "names = [name for _, name in socket.if_nameindex()]; assert names == ['lo']",
            )
        finally:
            server.kill()

    if each_sandbox.name:
        assert found.errors == {3: "ConnectionRefusedError: [Errno 111] Connection refused"}
    else:
        assert 3 not in found.errors
        assert "Warning: " in str(each_sandbox)


def test_files(tmp_path: Path, each_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bubblewrap the code sees no home, and writes only to its own folder."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "grades.csv").write_text("secret")
    monkeypatch.setenv("HOME", str(home))

    found = run(
        tmp_path,
        f"open({str(home / 'grades.csv')!r}).read()",
        f"open({str(Path(__file__).parent / 'written')!r}, 'w')",
        "open('written', 'w')",
    )

    written = Path(__file__).parent / "written"
    assert set(found.errors) == ({1, 2} if each_sandbox.name == "bubblewrap" else set())
    assert written.exists() == (each_sandbox.name != "bubblewrap")
    written.unlink(missing_ok=True)


def test_memory_and_files(tmp_path: Path) -> None:
    """Memory and the size of a file are limited; the cells go on."""
    found = run(tmp_path, "'x' * (10 << 30)", "open('a', 'wb').write(bytes(200 << 20))", "1")

    assert found.errors == {1: "MemoryError", 2: "OSError: [Errno 27] File too large"}


@pytest.mark.parametrize("most", ["MOST_BYTES", "MOST_FILES"])
def test_all_files(most: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the code writes in all is limited, too."""
    monkeypatch.setattr(running, most, 9)
    fill = "for n in range(20): open(f'file {n}', 'w').write('x')"

    found = run(tmp_path, "1", f"{fill}\nimport time\ntime.sleep(9999)")

    assert found.problem.startswith("wrote more than ")
    assert found.problem.endswith("and was ended in code cell 2")


PROCESSES = """
import shutil, subprocess, threading, time
sleep = shutil.which("sleep")
def start(**options):
    return subprocess.Popen([sleep, "{seconds}"], **options)
start()
start(start_new_session=True)
start(env={{}}, start_new_session=True)
again = f"from subprocess import *; Popen([{{sleep!r}}, '{seconds}'], env={{{{}}}})"
subprocess.run([sys.executable, "-c", again], env={{}}, start_new_session=True)
threading.Thread(target=time.sleep, args=(99999,)).start()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives us orphans")
def test_processes_that_are_left(tmp_path: Path, each_sandbox: Sandbox) -> None:
    """Each process that the code left running is named and ended, whatever it hides."""
    found = run(tmp_path, "import sys\n" + PROCESSES.format(seconds=for_ever(4472)))

    assert found.errors == {}
    assert found.notes == [f"left running, and ended: {', '.join(['sleep'] * 4)}"]
    assert sleepers(4472) == []


def test_limit(tmp_path: Path) -> None:
    """A notebook is ended when its time is up, and its processes with it."""
    cell = f"import subprocess; subprocess.Popen(['sleep', '{for_ever(4473)}']).wait()"

    found = run(tmp_path, cell, timeout=9999, limit=0.5)

    assert found.problem == "took longer than 0.5 s, and was ended in code cell 1"
    assert sleepers(4473) == []


def test_no_limit_before_the_first_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that the program takes to start does not count for the limit."""
    quick = run(tmp_path, "1", limit=1e-9)
    monkeypatch.setattr(running, "STARTING", 0)
    never = run(tmp_path, "1")

    assert quick.problem in ("", "took longer than 1e-09 s, and was ended in code cell 1")
    assert never.problem.startswith("did not start within 0 s; grade it again")


def test_late_cell(tmp_path: Path) -> None:
    """A cell whose time is up is interrupted, also while an answer is judged."""
    found = run(
        tmp_path,
        "import time\nwhile True: time.sleep(99)",
        RIGHT + "def never(text):\n    while True: pass\ncheck('E1.1', never)",
        CHECK,
        timeout=1,
    )

    assert found.errors == {1: "KeyboardInterrupt"}
    assert found.notes == [
        f"code cell {number} ran longer than 1 s, and was interrupted" for number in (1, 2)
    ]
    assert states(found) == [("E1.1", "not yet"), ("E1.1", "passed")]
    assert "interrupted; look for a loop" in found.checks[0]["message"]


ENDS = {
    "os._exit(3)": "its process ended in code cell 2 (exit status 3)",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": (
        "its process ended in code cell 2 (exit status -9)"
    ),
    "exit()": "code cell 2 ended the notebook with exit() or quit()",
    "while True:\n    try: time.sleep(9)\n    except KeyboardInterrupt: pass": (
        "code cell 2 ran longer than 2 s, and could not be interrupted"
    ),
}


@pytest.mark.parametrize("cell", ENDS)
def test_ends(cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a run ends early: what was checked before counts, and the problem says how."""
    monkeypatch.setattr(running, "find_sandbox", Sandbox)  # which changes the exit status

    found = run(tmp_path, RIGHT + CHECK + "\nimport os, time", cell, CHECK, timeout=2)

    assert states(found) == [("E1.1", "passed")]
    assert found.problem == ENDS[cell]


def test_supervisor_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the code kills its supervisor, the problem says what that may have left."""
    monkeypatch.setattr(running, "find_sandbox", Sandbox)
    kill = "import os, signal; os.kill(os.getppid(), signal.SIGKILL); os._exit(0)"

    found = run(tmp_path, RIGHT + CHECK, kill)

    assert states(found) == [("E1.1", "passed")]
    assert found.problem == (
        "its supervisor was killed in code cell 2; a process that the code started may still "
        "be running"
    )


def test_forged_events(tmp_path: Path) -> None:
    """An event that the code writes itself does not count, and is named."""
    line = "x " + json.dumps({"check": "E1.1", "state": "passed", "message": "", "name": ""})
    forge = f"""
import os
for number in range(3, 30):
    try: os.write(number, {line.encode() + bytes([10])!r})
    except OSError: pass
"""

    found = run(tmp_path, "1", forge, RIGHT + CHECK)

    assert states(found) == [("E1.1", "passed")]
    assert found.checks[0]["cell"] == 3
    assert found.notes == [
        "the code wrote to the grader's own channel; that is not counted",
    ]


def test_stop(tmp_path: Path) -> None:
    """A run can be stopped from another thread; nothing is left."""
    stop = threading.Event()
    cell = f"import subprocess; subprocess.Popen(['sleep', '{for_ever(4475)}']).wait()"

    with ThreadPoolExecutor() as pool:
        future = pool.submit(run, tmp_path, cell, stop=stop)
        wait_until(lambda: sleepers(4475))
        stop.set()
        with pytest.raises(Stopped):
            future.result(PATIENCE)

    assert sleepers(4475) == []


def test_stop_before_the_first_cell(tmp_path: Path, each_sandbox: Sandbox) -> None:
    """A run that is stopped while it starts ends at once: nobody kills its supervisor."""
    stop = threading.Event()
    stop.set()
    begun = time.monotonic()

    with pytest.raises(Stopped):
        run(tmp_path, "while True: pass", stop=stop)

    assert time.monotonic() - begun < running.ENDING


def test_no_process_outlives_the_grader(tmp_path: Path) -> None:
    """If the grader itself is killed, no process and no folder is left."""
    cell = f"import subprocess; subprocess.Popen(['sleep', '{for_ever(4474)}']).wait()"
    source = f"""
import pathlib
from lesson_app.lab.classroom.running.run import run_notebook
run_notebook(pathlib.Path("x.ipynb"), [{cell!r}], timeout=9999, limit=9999)
"""
    (tmp_path / "x.ipynb").touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        try:
            wait_until(lambda: sleepers(4474))
            assert list(temporary.iterdir())
        finally:
            process.kill()

    wait_until(lambda: not sleepers(4474))
    wait_until(lambda: not list(temporary.iterdir()))


class Process:
    """A process with a state and computed seconds that are given for each tick."""

    def __init__(self, state: str, step: float) -> None:
        self.state, self.step, self.computed = state, step, 0.0

    def cpu_times(self) -> Any:
        self.computed += self.step
        return SimpleNamespace(user=self.computed, system=0.0)

    def status(self) -> str:
        return self.state


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says why a process waits")
def test_waiting_for_a_turn_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Computing and sleeping count for a cell; waiting for a processor does not."""
    seconds = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(seconds) / 10)
    runs, sleeps = psutil.STATUS_RUNNING, psutil.STATUS_SLEEPING

    had = {}
    for name, process in {
        "computes": Process(runs, 0.1),
        "sleeps": Process(sleeps, 0.0),
        "waits for its turn": Process(runs, 0.0),
        "has stopped itself": Process(psutil.STATUS_STOPPED, 0.0),
    }.items():
        clock = running._Clock()
        for _ in range(11):
            clock.tick(process)
        had[name] = round(clock.had, 6)

    waits, stopped = "waits for its turn", "has stopped itself"
    assert had == {"computes": 1.0, "sleeps": 1.0, waits: 0.0, stopped: 1.0}
