"""Run a notebook's cells in a kernel: the program that `run` starts, without the lesson.

It starts the kernel and adds a line to ``events.jsonl`` for each event. So what is known is
kept even if the notebook's code kills this program. When `run` ends, or is killed, this
program ends all processes that the notebook has started.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from nbclient import NotebookClient

#: The variable of `lesson_app.lab.exercises`; here its value also marks a run's processes.
PROGRESS = "LESSON_APP_PROGRESS"
#: How many characters a notebook may print.
MOST_OUTPUT = 1_000_000
#: How much memory, in bytes, a kernel may address.
MOST_MEMORY = 4 << 30
#: How many seconds, at most, a cell has to end after an interrupt.
GRACE = 5
#: How many seconds a kernel has to start.
STARTING = 300
#: How many seconds pass between two checks of a cell's time.
TICK = 0.1


class Runner:
    """Runs the cells of a task and records each event in a file at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cell = 0
        self.why = self.late = ""
        self.task = json.loads((folder / "task.json").read_text(encoding="utf-8"))

    def run(self) -> None:
        """Run all cells, and record how the run ended."""
        try:
            asyncio.run(self._run())
            end = ""
        except Exception as error:  # noqa: BLE001  # any error must be recorded
            end = self.why or f"{type(error).__name__}: {error}"[:300]
        self.record(end=end)

    def record(self, **event: Any) -> None:
        """Add an event to the file."""
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
            shutdown_kernel="immediate",  # don't wait for threads and exit handlers
            timeout=None,
            on_cell_executed=self._record_reply,
        )
        self.why = "no kernel could be started; run: pip install '.[lab]'"
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
        self.record(kernel=kernel.pid)
        client = cast(Any, self.client.kc)
        client._iopub_channel = _CountingChannel(
            client.iopub_channel,
            lambda: self._kill(kernel, f"printed more than 1 MB, up to code cell {self.cell}"),
        )
        for number, cell in enumerate(self.client.nb.cells, 1):
            self.cell = number
            self.record(cell=number)
            limits = asyncio.create_task(self._limit(kernel))
            try:
                await self.client.async_execute_cell(cell, number - 1)
            finally:
                limits.cancel()
            if self.why:
                raise RuntimeError(self.why)  # the cell called exit(): the kernel is ending
            if self.late:
                self.record(note=f"{self.late}, and was interrupted")
        left = sorted(each.name() for each in kernel.children(recursive=True))
        if left:
            self.record(note=f"left running, and ended: {', '.join(left)}")

    async def _limit(self, kernel: Any) -> None:
        """Interrupt the running cell when its time is up; then end it if it goes on."""
        self.late = ""
        timeout = self.task["timeout"]
        with suppress(psutil.NoSuchProcess):  # the kernel has ended, and the run with it
            await have_had(kernel, timeout)
            self.late = f"code cell {self.cell} ran longer than {timeout} s"
            assert self.client.km is not None
            await cast(Any, self.client.km).interrupt_kernel()
            await have_had(kernel, min(timeout, GRACE))
            self._kill(kernel, f"{self.late}, and could not be interrupted")

    def _kill(self, kernel: Any, why: str) -> None:
        self.why = self.why or why
        with suppress(psutil.Error):
            kernel.kill()

    def _record_reply(
        self, *, cell_index: int, execute_reply: dict[str, Any], **_: Any
    ) -> None:
        content = execute_reply["content"]
        if content["status"] == "error":
            error = f"{content.get('ename')}: {content.get('evalue')}".rstrip(": ")
            self.record(raised=cell_index + 1, error=error[:300])
        if any(each.get("source") == "ask_exit" for each in content.get("payload", ())):
            self.why = f"code cell {cell_index + 1} ended the kernel with exit() or quit()"


class _CountingChannel:
    """A kernel's output channel; calls `too_much` when all cells have sent `MOST_OUTPUT`."""

    def __init__(self, channel: Any, too_much: Callable[[], None]) -> None:
        self._channel = channel
        self._too_much = too_much
        self._received = 0

    async def get_msg(self, timeout: float | None = None) -> Any:
        message = await self._channel.get_msg(timeout=timeout)
        self._received += len(str(message["content"]))
        if self._received > MOST_OUTPUT:
            self._too_much()
            message["content"] = {}
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)


def talk_through_files(manager: Any, folder: Path) -> None:
    """Let a kernel use sockets in `folder` instead of TCP ports, where the system has them.

    Jupyter chooses free TCP ports before the kernel starts. On a busy machine another
    program takes one of them first, and the kernel ends.
    """
    manager.connection_file = str(folder / "kernel.json")
    # A socket's path must not be longer than about 100 bytes.
    if sys.platform != "win32" and len(os.fsencode(folder)) < 80:
        manager.transport = "ipc"


async def have_had(kernel: Any, seconds: float) -> None:
    """Return when a kernel has computed, or waited for something, for so many seconds.

    On a busy machine a kernel also waits for a processor. That time does not count. Only
    Linux shows the difference; on other systems both count.
    """
    had, before = 0.0, _computed(kernel)
    while had < seconds:
        await asyncio.sleep(TICK)
        after = _computed(kernel)
        waits = sys.platform != "linux" or kernel.status() == psutil.STATUS_SLEEPING
        had += max(after - before, TICK if waits else 0)
        before = after


def _computed(process: Any) -> float:
    """Return how many seconds of processor time a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _pid(client: NotebookClient) -> int:
    assert client.km is not None
    return int(cast(Any, client.km.provisioner).pid)


class _less_memory:  # noqa: N801  # used like a function
    """Limit the memory of processes that are started in the block to `MOST_MEMORY`."""

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
        with suppress(ValueError, OSError):  # macOS has the limit but refuses to set it
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def end_all(folder: Path, runner: int) -> None:
    """End all processes of a run except the calling one, and wait until they are gone.

    They are found by the environment that they inherited, and by their sessions.
    """
    sessions = {
        runner,
        *(e["kernel"] for e in lines(folder / "events.jsonl") if "kernel" in e),
    }
    mark = str(folder / "progress.jsonl")
    for _ in range(20):  # a process may have started another just before its end
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
        return False  # it has ended, or belongs to another user


def texts(path: Path) -> list[str]:
    """Return the lines of a file; none if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON objects of a file, one from each line."""
    found = []
    for text in texts(path):
        with suppress(ValueError):  # the last line may be incomplete
            found.append(json.loads(text))
    return found


_ending = threading.Lock()


def _end_with_the_parent(folder: Path) -> None:
    """Wait until the parent process has ended; then end all processes and remove the folder."""
    sys.stdin.buffer.read()
    with _ending:
        end_all(folder, os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def main(folder: Path) -> None:
    """Run the task in `folder`."""
    threading.Thread(target=_end_with_the_parent, args=(folder,), daemon=True).start()
    # jsonschema would build a grammar of all URLs with this module: a second per notebook,
    # for a check that is never made here.
    sys.modules.setdefault("rfc3987_syntax", cast(Any, None))
    try:
        Runner(folder).run()
    finally:
        with _ending:
            os._exit(0)  # a normal exit would wait for sockets that have lost their peer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
