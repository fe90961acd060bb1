"""Visitors of three servers behind haproxy keep their sessions on any server.

The servers are gunicorn, waitress and Express, set up as in docs/deployment.md.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from lesson_app import derive_keys, unseal
from tests.conftest import PATIENCE, ROOT, secret_of, wait_until
from tests.deployment.cluster import (
    FOUR,
    ONE,
    THREE,
    TWO,
    Balancer,
    Crowd,
    Server,
    Start,
    crowd,
    express,
    fill,
    gunicorn,
    haproxy,
    new_address,
    programs,
    runtime_commands,
    waitress,
    write_app,
)
from tests.express.peer import require_node
from tests.plugin import require_tool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs haproxy, not on Windows")

OLD, NEW, OTHER = secret_of("old"), secret_of("new"), secret_of("other")
SUMMARY = ROOT / "artefacts" / "cluster.json"


@pytest.fixture(scope="module")
def summary() -> Iterator[dict[str, object]]:
    """The counts of each test, written to a file at the end."""
    counted: dict[str, object] = {}
    yield counted
    SUMMARY.parent.mkdir(exist_ok=True)
    SUMMARY.write_text(json.dumps(counted, indent=2) + "\n")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs beside the page's ``wsgi.py``; they end with the test."""
    require_tool("haproxy")
    require_node()
    write_app(tmp_path)
    with programs(tmp_path) as start:
        yield start


@pytest.fixture
def note(
    request: pytest.FixtureRequest, summary: dict[str, object]
) -> Iterator[dict[str, object]]:
    """The counts of this test, which become a part of the summary."""
    began = time.monotonic()
    counted: dict[str, object] = {}
    yield counted
    counted["seconds"] = round(time.monotonic() - began, 1)
    summary[request.node.name] = counted


def balance(start: Start, folder: Path, *servers: Server) -> Balancer:
    """Wait until three servers answer, and put haproxy before them."""
    addresses = [server.wait_until_it_answers().address for server in servers]
    return haproxy(start, folder, dict(zip((ONE, TWO, THREE), addresses, strict=True)))


def refusals(*servers: Server) -> list[str]:
    """Return the lines in the servers' logs about refused cookies."""
    lines = [line for server in servers for line in server.program.output.splitlines()]
    return [line for line in lines if "refused" in line]


def cookies(people: Crowd) -> list[str]:
    """Return the session cookies of all visitors."""
    return [browser.cookies["__Host-session"] for browser in people.browsers.values()]


@pytest.mark.proof
def test_round_robin(start: Start, tmp_path: Path, note: dict[str, object]) -> None:
    """On every server, each visitor is logged in and reads the latest message."""
    one, two, three = gunicorn(start, OLD), waitress(start, OLD), express(start, OLD)
    site = balance(start, tmp_path, one, two, three)

    with crowd(site) as people:
        people.go_on()
        people.go_on_until_served_by("one", "two", "three")

    assert people.tally.no_faults, people.tally
    assert {(name, engine.lower()) for name, engine in people.tally.engines} == {
        ("one", "gunicorn"),
        ("two", "waitress"),
        ("three", "express"),
    }
    assert refusals(one, two) == []
    assert not any(cookie in site.program.output for cookie in cookies(people))
    note.update(people.tally.numbers())


def test_lost_and_new_servers(start: Start, tmp_path: Path, note: dict[str, object]) -> None:
    """If two of three servers are killed and one is added, no visitor is logged out."""
    one, two, three = gunicorn(start, OLD), waitress(start, OLD), express(start, OLD)
    site = balance(start, tmp_path, one, two, three)

    with crowd(site) as people:
        people.go_on(100)
        one.program.kill()
        people.go_on()
        people.go_on_until_served_by("two", "three")
        two.program.kill()
        people.go_on()
        cut = len(people.tally.cut)

        four = gunicorn(start, OLD).wait_until_it_answers()
        for line in runtime_commands("Add or remove a server")[:3]:
            site.send(line.replace(FOUR, four.address))
        people.go_on()
        people.go_on_until_served_by("four", "three")

    assert people.tally.only_cuts, people.tally
    assert len(people.tally.cut) == cut, people.tally
    assert cut <= len(people.browsers) * 2  # at most one request of each visitor, twice
    assert refusals(one, two, four) == []
    note.update(people.tally.numbers())


def restart(site: Balancer, name: str, old: Server, make: Callable[[], Server]) -> Server:
    """Replace one server as the page says: drain it, stop it, start it with other secrets."""
    site.drain(name)
    if old.program.process.stdin is not None:  # Express
        old.program.kill()
    else:
        old.program.stop(signal.SIGTERM if name == "one" else signal.SIGINT)
    new = make().wait_until_it_answers()
    site.ready(name, new.address)
    return new


@pytest.mark.proof
def test_new_secret(start: Start, tmp_path: Path, note: dict[str, object]) -> None:
    """Replace the secret in the guide's order, one server at a time, without any fault.

    Express runs the guide's `openWith` before Mozilla's library.
    """
    address = {"one": new_address(), "two": new_address()}

    def make(name: str, *secrets: str) -> Server:
        if name == "three":
            return express(start, *secrets)
        engine = gunicorn if name == "one" else waitress
        return engine(start, *secrets, address=address[name])

    running = {name: make(name, OLD) for name in ("one", "two", "three")}
    site = balance(start, tmp_path, *running.values())
    everyone = list(running.values())

    with crowd(site) as people:
        for secrets in ([OLD, NEW], [NEW, OLD], [NEW]):
            for name, server in running.items():
                running[name] = restart(site, name, server, partial(make, name, *secrets))
                people.go_on(30)
            people.go_on_until_served_by(*running)
            everyone += running.values()
            for cookie in cookies(people):
                unseal(cookie, derive_keys(secrets[0]), name="__Host-session")

    assert people.tally.no_faults, people.tally
    assert refusals(*everyone) == []
    note.update(people.tally.numbers(), restarts=len(everyone) - 3)


@pytest.mark.proof
def test_new_secret_beside_express(
    start: Start, tmp_path: Path, note: dict[str, object]
) -> None:
    """Without `openWith`, Express logs out visitors whose cookie Flask has sealed again."""
    one, two, three = gunicorn(start, OLD, NEW), waitress(start, OLD, NEW), express(start, OLD)
    site = balance(start, tmp_path, one, two, three)

    with crowd(site, visitors=3) as people:
        people.go_on_until_served_by("one", "two", "three")
        assert people.tally.no_faults, people.tally  # step 1
        restart(site, "one", one, lambda: gunicorn(start, NEW, OLD))  # step 2
        people.go_on_until(lambda: len(people.tally.lost) >= 3)

    assert refusals(one, two) == []  # Flask refused no cookie
    note.update(people.tally.numbers())


@pytest.mark.proof
def test_server_with_another_secret(
    start: Start, tmp_path: Path, note: dict[str, object]
) -> None:
    """If one server has another secret, the visitors note lost sessions."""
    servers = gunicorn(start, OLD), waitress(start, OLD), waitress(start, OTHER)
    site = balance(start, tmp_path, *servers)

    with crowd(site, visitors=2) as people:
        people.go_on_until(lambda: bool(people.tally.lost and people.tally.wrong))

    assert not people.tally.only_cuts
    assert any("refused: signature" in line for line in refusals(*servers))
    note.update(people.tally.numbers())


@pytest.mark.proof
def test_killed_tests(tmp_path: Path) -> None:
    """Programs that a test has started end even if the tests are killed."""
    script = """if True:
        import os, sys
        from pathlib import Path
        from tests.deployment.cluster import programs
        with programs(Path(sys.argv[1])) as start:
            print(start(["sh", "-c", "sleep 6000 & sleep 6000"]).process.pid, flush=True)
            os.kill(os.getpid(), 9)
    """
    printed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=PATIENCE,
    ).stdout
    group = int(printed)

    wait_until(lambda: not _alive(group))


def _alive(group: int) -> list[str]:
    """Return the processes of a group, without zombies."""
    listed = subprocess.check_output(["ps", "-eo", "pgid=,stat=,args="], text=True)
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


def test_addresses_of_the_page() -> None:
    """Replacing an address that is not on the page fails."""
    with pytest.raises(AssertionError, match=r"expected '10\.0\.0\.99:8000' on the page"):
        fill("server one 10.0.0.11:8000", {"10.0.0.99:8000": "127.0.0.1:1"})
