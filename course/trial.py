"""Run a notebook offline in an empty folder, each cell twice, and see what it leaves."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
import psutil  # type: ignore[import-untyped]
import requests
from nbclient import NotebookClient

# This cell runs first. It blocks connections to other machines, and lists what is there before
# the notebook starts. The kernel's own connections don't use Python's sockets.
_BEFORE = """
import sys, threading, psutil
def _stay(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        if args[1][0] not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"this notebook connects to {args[1][0]}")
sys.addaudithook(_stay)
def _left():
    own = psutil.Process()
    ports = {c.laddr.port for c in own.net_connections("tcp") if c.status == "LISTEN"}
    children = {child.pid for child in own.children(recursive=True)}
    return ports, {thread.name for thread in threading.enumerate()}, children
_before = _left()
"""
_AFTER = """
import json
print(json.dumps([sorted(map(str, b - a)) for a, b in zip(_before, _left())]))
"""
# The last cell starts a server; then the kernel is killed.
_SERVE = """
import lesson_app, lesson_app.lab
print(lesson_app.lab.serve(lesson_app.create_app(secret=__import__("os").urandom(32))).url)
"""


#: Seconds to wait for an event that must happen.
_PATIENCE = 300
_VARYING = ("image/", "application/vnd.jupyter.widget-view")


def talk_through_files(manager: Any, folder: Path) -> None:
    """Let a kernel use sockets in `folder` instead of TCP ports, where the system has them.

    Jupyter chooses free TCP ports before the kernel starts. On a busy machine another
    program takes one of them first, and the kernel ends.
    """
    manager.connection_file = str(folder / "kernel.json")
    # A socket's path must not be longer than about 100 bytes.
    if sys.platform != "win32" and len(os.fsencode(folder)) < 80:
        manager.transport = "ipc"


@dataclass(frozen=True)
class Trial:
    """The outputs of each code cell's first and second run, and what the notebook left.

    `left` lists ports, threads, processes and files.
    """

    first: list[Any]
    second: list[Any]
    left: list[str]


def comparable(outputs: list[Any]) -> list[dict[str, Any]]:
    """Return outputs without counts, pictures and widgets, as nbval compares them.

    A picture's bytes depend on the version of the program that made it, and a widget's number
    on the run.
    """
    return [
        {
            key: {kind: text for kind, text in value.items() if not kind.startswith(_VARYING)}
            if key == "data"
            else value
            for key, value in output.items()
            if key != "execution_count"
        }
        for output in outputs
    ]


def try_out(path: Path) -> Trial:
    """Run a notebook with its own HOME and folder, each cell twice in a row."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    twice = [nbformat.from_dict(dict(cell)) for cell in code for _ in range(2)]  # type: ignore[no-untyped-call]
    extra = [nbformat.v4.new_code_cell(text) for text in (_BEFORE, _AFTER, _SERVE)]  # type: ignore[no-untyped-call]
    notebook.cells = [extra[0], *twice, *extra[1:]]
    with tempfile.TemporaryDirectory() as folder, _at_home(Path(folder) / "home"):
        work = Path(folder) / "work"
        work.mkdir()
        left = _execute(notebook, work)
        left += [f"file {each.name}" for each in work.iterdir()]
        left += [f"file {each.name}" for each in (Path(folder) / "home").iterdir()]
    outputs = [comparable(cell.outputs) for cell in twice]
    for kind, found in zip(
        ("port", "thread", "process"), json.loads(_printed(extra[1])), strict=True
    ):
        left += [f"{kind} {each}" for each in found]
    return Trial(outputs[0::2], outputs[1::2], left)


@contextmanager
def _at_home(home: Path) -> Iterator[None]:
    """Set HOME to `home`, and keep Jupyter's own files outside it."""
    home.mkdir()
    jupyter = home.parent / "jupyter"
    jupyter.mkdir()
    places = {f"JUPYTER_{place}_DIR": str(jupyter / place) for place in ("DATA", "RUNTIME")}
    with patch.dict(
        os.environ,
        {
            **places,
            "HOME": str(home),
            "IPYTHONDIR": str(jupyter / "ipython"),
        },
    ):
        yield


def _execute(notebook: Any, folder: Path) -> list[str]:
    """Run all cells, kill the kernel, and return what is left."""
    client = NotebookClient(
        notebook,
        timeout=_PATIENCE,
        startup_timeout=_PATIENCE,
        iopub_timeout=_PATIENCE,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    talk_through_files(client.create_kernel_manager(), folder.parent)
    with client.setup_kernel():
        kernel = psutil.Process(client.km.provisioner.pid)  # type: ignore[union-attr]
        for place, cell in enumerate(notebook.cells):
            client.execute_cell(cell, place)
        return _kill(kernel, _printed(notebook.cells[-1]).strip())


def _kill(kernel: psutil.Process, url: str) -> list[str]:
    """Kill the kernel while its server runs at `url`, and return what is left."""
    family = [kernel, *kernel.children(recursive=True)]
    if not requests.get(f"{url}/login", timeout=_PATIENCE).ok:
        return [f"no answer from {url}"]
    kernel.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=_PATIENCE)
    left = [f"process {each.pid} after a kill" for each in alive]
    try:
        requests.get(f"{url}/login", timeout=_PATIENCE)
    except requests.ConnectionError:
        return left
    return [*left, "a listener after a kill"]


def _printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")
