"""The shop's servers run as processes, are killed and restarted, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import requests

from lesson_app.lab import Visitor
from lesson_app.lab.exercises.e08_ship import end_all_ours, is_revoked_ours
from lesson_app.lab.http.processes import Servers
from tests.conftest import PATIENCE, listens, secret_of

OLD, NEW = secret_of("old"), secret_of("new")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the servers' folders into `tmp_path`."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def logged_in(url: str, user: str = "ann") -> Visitor:
    visitor = Visitor()
    visitor.get(f"{url}/login/{user}")
    return visitor


def test_pages() -> None:
    """Each page answers with its server's name, and keeps its content in the cookie."""
    with Servers(2, secret=OLD) as servers:
        one, two = servers.urls
        ann = logged_in(one)

        def text(url: str) -> str:
            return ann.get(url).text

        assert text(f"{two}/") == "server 2: ann, visit 1"
        assert text(f"{one}/") == "server 1: ann, visit 2"
        assert text(f"{one}/hello") == "server 1: hello ann"
        assert text(f"{one}/basket/tea") == "server 1: ann has tea"
        assert text(f"{two}/basket") == "server 2: ann has tea"
        assert text(f"{two}/voucher") == "server 2: 5 euros off"
        assert text(f"{one}/voucher") == "server 1: used before"
        assert text(f"{one}/logout") == "server 1: good bye"
        assert text(f"{two}/basket") == "server 2: nobody has nothing"


def test_kill_and_add() -> None:
    """A killed server no longer listens; a new one knows the visitors of the others."""
    with Servers(2, secret=OLD) as servers:
        ann, dead = logged_in(servers.urls[0]), servers.urls[0]

        servers.kill("server 1")
        new = servers.add()

        assert not listens(dead)
        with pytest.raises(requests.ConnectionError):
            ann.get(dead)
        assert ann.get(f"{new}/hello").text == "server 3: hello ann"
        assert servers.names == ["server 2", "server 3"]
        assert repr(servers) == "<Servers: server 2, server 3>"


def test_restart() -> None:
    """A restarted server keeps its name and its place, and opens what its new secrets open."""
    with Servers(2, secret=OLD) as servers:
        ann = logged_in(servers.urls[1])

        url = servers.restart("server 1", secret=[NEW, OLD])

        assert servers.urls[0] == url
        assert ann.get(f"{url}/hello").text == "server 1: hello ann"
        assert ann.get(f"{servers.urls[1]}/hello").text == "server 2: hello nobody"


@pytest.mark.parametrize(
    ("plan", "finding", "last"),
    [
        ([("server 1", [OLD, NEW]), "wait", ("server 2", [OLD, NEW])],
         "2 restarts, 4 visits: the visitor was known at every server.",
         "2: server 2  old, new [old, new] ✓ all"),
        ([("server 2", NEW)], "1 restart, 2 visits: the visitor was unknown at 1.",
         "1: server 2  old [new]     [✗ server 2]"),
    ],
)  # fmt: skip
def test_follow(plan: Any, finding: str, last: str) -> None:
    """The table of a plan shows the secrets of each server, and who does not know a visitor."""
    with Servers(2, secret=OLD) as servers:
        ann = logged_in(servers.urls[0])

        shown = repr(servers.follow(plan, ann)).splitlines()

    assert shown[0] == finding
    assert " ".join(shown[-1].split()) == " ".join(last.split())


def test_revocation() -> None:
    """A logout at one server is known at another; a later login is not refused."""
    both = end_all_ours, is_revoked_ours
    with Servers(2, secret=OLD, revocation=both) as servers:
        one, two = servers.urls
        ann, bob = logged_in(one), logged_in(one, "bob")
        copy = ann.cookies.get_dict()

        ann.get(f"{one}/logout")

        assert Visitor().get(f"{two}/hello", cookies=copy).text == "server 2: hello nobody"
        assert bob.get(f"{two}/hello").text == "server 2: hello bob"
        assert logged_in(two).get(f"{one}/hello").text == "server 1: hello ann"


def test_one_group_at_a_time() -> None:
    """New servers end those before, which then say so."""
    before = Servers(1, secret=OLD)
    [url] = before.urls

    with Servers(1, secret=OLD):
        assert not listens(url)
        with pytest.raises(RuntimeError, match="run the cell with Servers"):
            before.add()
    before.stop()  # twice does no harm
    assert before.names == []


@pytest.mark.parametrize("call", [Servers.kill, lambda s, n: s.restart(n, secret=OLD)])
def test_unknown_name(call: Callable[..., Any]) -> None:
    """A name that is no server's is refused, with the names that are."""
    with Servers(1, secret=OLD) as servers, pytest.raises(ValueError, match=r"\(server 1\)"):
        call(servers, "server 7")


def test_weak_secret() -> None:
    """A server that does not start says why."""
    with pytest.raises(RuntimeError, match="server 1 did not start: ValueError: the secret is"):
        Servers(1, secret="short")


def test_broken_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends before it can explain gives the last line of its error."""
    monkeypatch.setattr("lesson_app.lab.http.processes._PROGRAM", "/nowhere/shop.py")

    with pytest.raises(RuntimeError, match=r"server 1 did not start: .*No such file"):
        Servers(1, secret=OLD)


def test_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes cannot be started, as in a browser, the error says what to do."""

    def refuse(*args: Any, **options: Any) -> None:
        raise OSError("emscripten does not support processes.")

    monkeypatch.setattr("subprocess.Popen", refuse)

    with pytest.raises(RuntimeError, match="cannot start processes"):
        Servers(1, secret=OLD)


PROGRAM = """
import json, sys
from lesson_app.lab.exercises.e08_ship import end_all_ours, is_revoked_ours
from lesson_app.lab.http.processes import Servers
servers = Servers(2, secret=sys.argv[1], revocation=(end_all_ours, is_revoked_ours))
print(json.dumps([each._process.pid for each in servers._servers.values()]), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "end", [signal.SIGKILL, signal.SIGTERM, None], ids=["killed", "ended", "normal"]
)
def test_no_orphans(end: signal.Signals | None, tmp_path: Path) -> None:
    """Servers end with the process that started them, even if it is killed, and clean up."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, OLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with parent:
        assert parent.stdout is not None
        servers = [psutil.Process(pid) for pid in json.loads(parent.stdout.readline())]

        if end is not None:
            parent.send_signal(end)
        parent.communicate(timeout=PATIENCE)
        _, alive = psutil.wait_procs(servers, timeout=PATIENCE)

    assert alive == []
    limit = time.monotonic() + PATIENCE
    while list(tmp_path.iterdir()) and time.monotonic() < limit:
        time.sleep(0.01)


def test_interrupt() -> None:
    """An interrupt of a cell does not end a server."""
    with Servers(1, secret=OLD) as servers:
        servers._servers["server 1"]._process.send_signal(signal.SIGINT)

        assert Visitor().get(f"{servers.urls[0]}/hello").ok
