"""Run a notebook's code in a kernel and processes of its own, and leave nothing behind.

`run_notebook` starts this file as a program, the runner, in a session of its own. The
runner starts the kernel, and writes down what happens, line by line, so that what was
known is known even if the code kills the runner. Whatever happens, all processes that
the code has started are ended: they are known by the environment that they inherited,
and by their session.

This is for careless code, not for malicious code: it runs with your rights, and can do
whatever you can. Run the notebooks of strangers in a container.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from nbclient import NotebookClient

#: The variable that names the file of `lesson_app.lab.exercises`; its value marks a run.
PROGRESS = "LESSON_APP_PROGRESS"
#: How many characters a notebook may print.
MOST_OUTPUT = 1_000_000
#: How much memory, in bytes, a kernel may address.
MOST_MEMORY = 4 << 30
#: How many seconds a cell has, at most, to end after it was interrupted.
GRACE = 5
#: How many seconds a kernel has to start. The learner's own time begins after that.
STARTING = 300
#: How often, in seconds, it is looked whether a cell's time is up.
TICK = 0.1


@dataclass(frozen=True)
class Run:
    """What became of a notebook's run.

    `problem` tells why it ended early, and is empty if it did not. `errors` are what cells
    raised and `notes` what else is worth telling. Cells are counted from 1, code cells with
    something in them only, as the kernel counts them. `progress` are the lines that the
    exercises left.
    """

    problem: str = ""
    errors: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()


def run_notebook(path: Path, cells: list[str], *, timeout: int, limit: float) -> Run:
    """Run `cells`, the code of the notebook `path`, on a copy; the file is not changed.

    A cell is interrupted after `timeout` seconds, as `_have_had` counts them, and the run
    ended `limit` seconds after its first cell began. Starting a kernel takes nobody's time.
    """
    with tempfile.TemporaryDirectory(prefix="lesson-app-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for place in ("home", "work"):
            (folder / place).mkdir()
        shutil.copyfile(path, folder / "work" / path.name)
        task = {"cells": cells, "timeout": timeout}
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        status = _run_to_the_end(folder, limit)
        events = _lines(folder / "events.jsonl")
        problem = _problem(events, status, limit)
        return Run(problem, *_told(events), tuple(_texts(folder / "progress.jsonl")))


def _run_to_the_end(folder: Path, limit: float) -> int | None:
    """Return the runner's exit status; None if it had to be ended."""
    runner = subprocess.Popen(  # noqa: S603  # this very file, by this very Python
        # Without -P the modules beside this file would stand before those of Python.
        [sys.executable, "-P", __file__, str(folder)],
        cwd=folder / "work",
        env=_environment(folder),
        stdin=subprocess.PIPE,  # its end tells the runner that nobody waits any more
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return _wait(runner, folder, limit)
    finally:
        _end_all(folder, runner.pid)
        runner.kill()
        runner.communicate()


def _wait(runner: subprocess.Popen[bytes], folder: Path, limit: float) -> int | None:
    """Return the runner's exit status; None if its time was up first."""
    begun, end = False, time.monotonic() + STARTING
    while runner.poll() is None and time.monotonic() < end:
        if not begun and any("cell" in event for event in _lines(folder / "events.jsonl")):
            begun, end = True, time.monotonic() + limit
        with suppress(subprocess.TimeoutExpired):
            runner.wait(TICK)
    return runner.poll()


def _environment(folder: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "IPYTHON", "JUPYTER", "LESSON_APP_"))
    }
    home = str(folder / "home")
    return {
        **kept,
        # What `pip install --user` has installed lies in the home that is replaced here.
        "PYTHONUSERBASE": site.getuserbase(),
        "HOME": home,
        "USERPROFILE": home,
        "IPYTHONDIR": str(folder / "home" / ".ipython"),
        PROGRESS: str(folder / "progress.jsonl"),
    }


def _end_all(folder: Path, runner: int) -> None:
    """End all processes of a run, but for this one, and wait until they are gone."""
    sessions = {
        runner,
        *(e["kernel"] for e in _lines(folder / "events.jsonl") if "kernel" in e),
    }
    mark = str(folder / "progress.jsonl")
    for _ in range(20):  # again, for what a process has started just before its end
        found = [each for each in psutil.process_iter() if _belongs(each, mark, sessions)]
        if not found:
            return
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)


def _belongs(process: Any, mark: str, sessions: set[int]) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        if hasattr(os, "getsid") and os.getsid(process.pid) in sessions:
            return True
        return bool(process.environ().get(PROGRESS) == mark)
    except (psutil.Error, OSError):
        return False  # gone, or another user's


def _texts(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _lines(path: Path) -> list[dict[str, Any]]:
    found = []
    for text in _texts(path):
        with suppress(ValueError):  # the last line may be cut
            found.append(json.loads(text))
    return found


def _problem(events: list[dict[str, Any]], status: int | None, limit: float) -> str:
    """Tell why a run ended before its notebook did, if so."""
    ends = [event["end"] for event in events if "end" in event]
    if ends:
        return str(ends[-1])
    cells = [event["cell"] for event in events if "cell" in event]
    where = f"in code cell {cells[-1]}" if cells else "before its first cell"
    if status is not None:
        return f"its runner was killed {where} (exit status {status})"
    if not cells:
        return f"no kernel started within {STARTING} s: grade it again when less else runs here"
    return f"took longer than {limit:g} s, and was ended {where}"


def _told(events: list[dict[str, Any]]) -> tuple[dict[int, str], tuple[str, ...]]:
    errors = {event["raised"]: event["error"] for event in events if "raised" in event}
    return errors, tuple(event["note"] for event in events if "note" in event)


class _Runner:
    """Runs the cells of a task; what happens is added to a file at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cell = 0
        self.printed = 0
        self.why = self.late = ""
        self.task = json.loads((folder / "task.json").read_text(encoding="utf-8"))

    def run(self) -> None:
        """Run all cells, and tell how that ended."""
        try:
            asyncio.run(self._run())
            end = ""
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            end = self.why or f"{type(error).__name__}: {error}"[:300]
        self.tell(end=end)

    def tell(self, **event: Any) -> None:
        """Add a line to what has happened."""
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    async def _run(self) -> None:
        from nbclient import NotebookClient
        from nbclient.exceptions import DeadKernelError
        from nbformat.v4 import new_code_cell, new_notebook

        cells = [new_code_cell(source) for source in self.task["cells"]]  # type: ignore[no-untyped-call]
        self.client = NotebookClient(
            new_notebook(cells=cells),  # type: ignore[no-untyped-call]
            allow_errors=True,
            kernel_name="python3",
            record_timing=False,
            startup_timeout=STARTING,
            shutdown_kernel="immediate",  # threads and exit handlers need not be waited for
            timeout=None,
            on_cell_executed=self._note_reply,
        )
        self.why = "no kernel could be started: pip install 'lesson-app[lab]'"
        talk_through_files(self.client.create_kernel_manager(), self.folder)
        with _less_memory():
            setup = self.client.async_setup_kernel(cwd=str(self.folder / "work"))
            await setup.__aenter__()
        try:
            self.why = ""
            await self._run_cells()
        except DeadKernelError:
            self.why = self.why or f"the kernel ended in code cell {self.cell}"
            raise
        finally:
            await setup.__aexit__(None, None, None)

    async def _run_cells(self) -> None:
        kernel = psutil.Process(_pid(self.client))
        self.tell(kernel=kernel.pid)
        self._count_output(kernel)
        for number, cell in enumerate(self.client.nb.cells, 1):
            self.cell = number
            self.tell(cell=number)
            limits = asyncio.create_task(self._limit(kernel))
            try:
                await self.client.async_execute_cell(cell, number - 1)
            finally:
                limits.cancel()
            if self.why:
                raise RuntimeError(self.why)  # it said exit(): the kernel is about to end
            if self.late:
                self.tell(note=f"{self.late}, and was interrupted")
        left = sorted(each.name() for each in kernel.children(recursive=True))
        if left:
            self.tell(note=f"left running, and ended: {', '.join(left)}")

    async def _limit(self, kernel: Any) -> None:
        """Interrupt the cell that is running once its time is up, and at last end it."""
        self.late = ""
        timeout = self.task["timeout"]
        with suppress(psutil.NoSuchProcess):  # it has ended, and the run with it
            await _have_had(kernel, timeout)
            self.late = f"code cell {self.cell} ran longer than {timeout} s"
            assert self.client.km is not None
            await cast(Any, self.client.km).interrupt_kernel()
            await _have_had(kernel, min(timeout, GRACE))
            self._kill(kernel, f"{self.late}, and could not be interrupted")

    def _count_output(self, kernel: Any) -> None:
        """End the kernel once it has sent more than is kept, whichever cell it is from."""
        channel = cast(Any, self.client.kc).iopub_channel
        receive = channel.get_msg

        async def _get_msg(timeout: float | None = None) -> Any:
            message = await receive(timeout=timeout)
            self.printed += len(str(message["content"]))
            if self.printed > MOST_OUTPUT:
                self._kill(kernel, f"printed more than 1 MB, up to code cell {self.cell}")
                message["content"] = {}
            return message

        channel.get_msg = _get_msg

    def _kill(self, kernel: Any, why: str) -> None:
        self.why = self.why or why
        with suppress(psutil.Error):
            kernel.kill()

    def _note_reply(self, *, cell_index: int, execute_reply: dict[str, Any], **_: Any) -> None:
        content = execute_reply["content"]
        if content["status"] == "error":
            error = f"{content.get('ename')}: {content.get('evalue')}".rstrip(": ")
            self.tell(raised=cell_index + 1, error=error[:300])
        if any(each.get("source") == "ask_exit" for each in content.get("payload", ())):
            self.why = f"code cell {cell_index + 1} ended the kernel with exit() or quit()"


def talk_through_files(manager: Any, folder: Path) -> None:
    """Let a kernel be reached through sockets in `folder`, where the system has such.

    The usual TCP ports are looked for before the kernel starts. On a busy machine another
    program takes one of them before the kernel does, and the kernel ends.
    """
    manager.connection_file = str(folder / "kernel.json")
    # A longer path is no address of a socket.
    if sys.platform != "win32" and len(os.fsencode(folder)) < 80:
        manager.transport = "ipc"


async def _have_had(kernel: Any, seconds: float) -> None:
    """Return when a kernel has had its seconds: computing, or waiting for something.

    On a busy machine a kernel also waits for its turn to compute. That is not its fault, and
    does not count. Only Linux says which of the two it is; elsewhere both count.
    """
    had, before = 0.0, _computed(kernel)
    while had < seconds:
        await asyncio.sleep(TICK)
        after = _computed(kernel)
        waits = sys.platform != "linux" or kernel.status() == psutil.STATUS_SLEEPING
        had += max(after - before, TICK if waits else 0)
        before = after


def _computed(process: Any) -> float:
    """Return how many seconds of a processor a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _pid(client: NotebookClient) -> int:
    assert client.km is not None
    return int(cast(Any, client.km.provisioner).pid)


class _less_memory:  # noqa: N801  # used as a function is
    """Within the block, processes are started that may address `MOST_MEMORY` at most."""

    def __enter__(self) -> None:
        self._set(MOST_MEMORY)

    def __exit__(self, *exception: object) -> None:
        self._set(None)

    def _set(self, most: int | None) -> None:
        try:
            import resource
        except ImportError:
            return  # Windows has no such limits
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if most is None or (hard != resource.RLIM_INFINITY and hard < most):
            most = hard
        with suppress(ValueError, OSError):  # macOS knows the limit, and does not set it
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


_ending = threading.Lock()


def _end_with_the_parent(folder: Path) -> None:
    """Wait until the process that started this one is gone; then end all and tidy up."""
    sys.stdin.buffer.read()
    with _ending:
        _end_all(folder, os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def main(folder: Path) -> None:
    """Be the runner: run the task that lies in `folder`."""
    threading.Thread(target=_end_with_the_parent, args=(folder,), daemon=True).start()
    # jsonschema, which is never used here, would build the grammar of all addresses from
    # this: a second for each notebook.
    sys.modules.setdefault("rfc3987_syntax", cast(Any, None))
    try:
        _Runner(folder).run()
    finally:
        with _ending:
            os._exit(0)  # sockets with nobody at their other end would be waited for


if __name__ == "__main__":
    main(Path(sys.argv[1]))
