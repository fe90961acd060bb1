"""The files and commands of docs/deployment.md work as the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from lesson_app import PRODUCTION, Session, create_app, derive_keys, seal
from lesson_app.lab import Clock
from tests.conftest import (
    PATIENCE,
    ROOT,
    Act,
    Site,
    read,
    read_set_cookie,
    secret_of,
    the_cookie,
)
from tests.deployment.cluster import (
    EMAIL,
    FOUR,
    ONE,
    PAGE,
    THREE,
    TWO,
    Balancer,
    Program,
    Server,
    Start,
    blocks,
    browser,
    crowd,
    express,
    fill,
    gunicorn,
    haproxy,
    new_address,
    nginx,
    programs,
    runtime_commands,
    waitress,
    write_app,
)
from tests.express.peer import require_node
from tests.plugin import require_tool

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform == "win32", reason="needs haproxy, not on Windows"),
]

SECRET = secret_of("deployment")
NAME = PRODUCTION["cookie_name"]
#: The page's app with a view that returns the request's scheme and client address.
PROBE = """
from flask import request
from wsgi import app

@app.get("/probe")
def probe():
    return f"{request.scheme} {request.remote_addr}"
"""
#: A function that starts a balancer before servers, such as `haproxy`.
Balance = Callable[..., Balancer]
BALANCERS = pytest.mark.parametrize("balance", [haproxy, nginx])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    write_app(tmp_path)
    (tmp_path / "probe.py").write_text(PROBE)
    with programs(tmp_path) as start:
        yield start


def before(balance: Balance, start: Start, folder: Path, *servers: Server) -> Balancer:
    """Put a balancer before up to three servers; the other addresses have no server."""
    addresses = [server.wait_until_it_answers().address for server in servers]
    addresses += [new_address() for _ in range(3 - len(servers))]
    return balance(start, folder, dict(zip((ONE, TWO, THREE), addresses, strict=True)))


def probing(start: Start, engine: Callable[..., Server]) -> Server:
    """Run the page's command for an engine, with the probe as its app."""

    def start_probe(words: list[str], **environment: str) -> Program:
        return start([word.replace("wsgi:app", "probe:app") for word in words], **environment)

    return engine(start_probe, SECRET)


# The app behind a proxy that ends TLS


class From(HTTPAdapter):
    """Sends requests from another address than the balancer's."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)


@pytest.mark.parametrize("engine", [gunicorn, waitress])
@BALANCERS
def test_behind_a_proxy(
    start: Start, tmp_path: Path, balance: Balance, engine: Callable[..., Server]
) -> None:
    """The app sees the visitor's address and HTTPS, and ignores headers that visitors forge."""
    site = before(balance, start, tmp_path, probing(start, engine))

    with site.browser() as visitor:
        visitor.mount("https://", From("127.0.0.2"))
        answers = [
            visitor.get(f"{site.url}/probe", headers=headers, timeout=PATIENCE).text
            for headers in ({}, {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"})
        ]

    assert answers == ["https 127.0.0.2"] * 2


def test_waitress_without_its_options(start: Start, tmp_path: Path) -> None:
    """Without the page's options waitress removes the balancer's headers."""
    address = new_address()
    server = Server(
        start(["waitress-serve", f"--listen={address}", "probe:app"], SECRET_KEY=SECRET),
        address,
    )
    site = before(haproxy, start, tmp_path, server)

    with site.browser() as visitor:
        answer = visitor.get(f"{site.url}/probe", timeout=PATIENCE)

    assert answer.text == "http 127.0.0.1"


@BALANCERS
def test_the_cookie_behind_a_proxy(start: Start, tmp_path: Path, balance: Balance) -> None:
    """Plain HTTP redirects to HTTPS; over HTTPS the cookie is as in `PRODUCTION`."""
    site = before(balance, start, tmp_path, waitress(start, SECRET))

    with site.browser() as visitor:
        plain = visitor.get(f"{site.plain_url}/login", allow_redirects=False, timeout=PATIENCE)
        response = visitor.get(f"{site.url}/session-test-add", timeout=PATIENCE)

    cookie = read_set_cookie(response.headers["Set-Cookie"])
    assert plain.status_code == 308
    assert plain.headers["Location"].startswith("https://127.0.0.1")
    assert cookie.name == "__Host-session"
    assert {"secure", "httponly"} < cookie.attributes.keys()
    assert (cookie.attributes["path"], cookie.attributes["samesite"]) == ("/", "Lax")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert (response.headers["Cache-Control"], response.headers["Vary"]) == (
        "no-store",
        "Cookie",
    )


@BALANCERS
def test_logs_of_the_balancer(start: Start, tmp_path: Path, balance: Balance) -> None:
    """A balancer with the page's file logs requests, but no cookies."""
    site = before(balance, start, tmp_path, waitress(start, SECRET))

    with site.browser() as visitor:
        visitor.get(f"{site.url}/session-test-add", timeout=PATIENCE)
        visitor.get(f"{site.url}/session-test-read", timeout=PATIENCE)
        value = visitor.cookies[NAME]

    def logs() -> list[str]:
        return [path.read_text() for path in tmp_path.glob("*.log")]

    # Wait for the line: it is written after the answer, and stopping would lose it.
    site.program.wait_until(
        lambda: any("/session-test-read" in log for log in logs()), "it logs no request"
    )
    site.program.stop()
    assert not any(value in log for log in logs())


def test_nginx_loses_a_server(start: Start, tmp_path: Path) -> None:
    """If a server behind nginx is killed, no visitor is logged out."""
    one, two = gunicorn(start, SECRET), waitress(start, SECRET)
    names = [server.address for server in (one, two)]
    site = before(nginx, start, tmp_path, one, two)

    with crowd(site, visitors=4) as people:
        people.go_on_until_served_by(*names)
        one.program.kill()
        people.go_on(150)

    assert people.tally.only_cuts, people.tally
    assert len(people.tally.cut) <= len(people.browsers)


# Servers that must not start, and cookies that do not open


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        (None, "KeyError: 'SECRET_KEY'"),
        ("", "expected at least one Keys"),
        ("password", "the secret is too weak: 8 characters"),
        (f"{SECRET} password", "the secret is too weak: 8 characters"),
    ],
    ids=["none", "empty", "weak", "weak old one"],
)
@pytest.mark.parametrize("line", ["gunicorn", "waitress-serve"])
def test_bad_secret(start: Start, line: str, secret: str | None, complaint: str) -> None:
    """Without a good secret the page's app does not start, and prints the reason."""
    environment = {} if secret is None else {"SECRET_KEY": secret}
    option = "--bind" if line == "gunicorn" else "--listen"

    program = start([line, f"{option}={new_address()}", "wsgi:app"], **environment)

    assert program.wait() != 0
    assert complaint in program.output


@pytest.mark.parametrize("engine", [gunicorn, waitress])
def test_refusals_are_logged(start: Start, engine: Callable[..., Server]) -> None:
    """The log of the page's app shows the reason of a refusal, but not the cookie."""
    server = engine(start, SECRET).wait_until_it_answers()
    value = seal({"a": 1}, derive_keys(secret_of("other")), name=NAME)

    with browser() as visitor:
        for cookie in (
            value,
            "damaged",
            seal({}, derive_keys(SECRET), created_at=1, name=NAME),
        ):
            header = {"Cookie": f"{NAME}={cookie}"}
            visitor.get(f"{server.url}/session-test-read", headers=header, timeout=PATIENCE)

    reasons = re.findall(rf"cookie {NAME} refused: ([a-z-]+) \(sha256 ", server.program.output)
    assert reasons == ["signature", "fields", "expired"]
    assert value not in server.program.output


def test_refused_cookies_of_one_request(start: Start) -> None:
    """Of all cookies that a request brings, the log names one, in a short line."""
    server = waitress(start, SECRET).wait_until_it_answers()
    header = {"Cookie": "; ".join(f"{NAME}={number * 10**60}" for number in range(1, 99))}

    with browser() as visitor:
        visitor.get(f"{server.url}/session-test-read", headers=header, timeout=PATIENCE)

    [line] = [line for line in server.program.output.splitlines() if "refused" in line]
    assert len(line) < 150


@pytest.mark.parametrize(
    ("kind", "stays"), [("expired", False), ("signature", True), ("name", True)]
)
def test_refused_cookie_stays(start: Start, kind: str, stays: bool) -> None:
    """A page that reads the session replaces an expired cookie, and leaves others."""
    cookies = {
        "expired": seal({}, derive_keys(SECRET), created_at=1, name=NAME),
        "signature": seal({}, derive_keys(secret_of("other")), name=NAME),
        "name": seal({}, derive_keys(SECRET), name="other"),
    }
    server = waitress(start, SECRET).wait_until_it_answers()
    header = {"Cookie": f"{NAME}={cookies[kind]}"}

    with browser() as visitor:
        read = visitor.get(f"{server.url}/session-test-read", headers=header, timeout=PATIENCE)
        write = visitor.get(f"{server.url}/session-test-add", headers=header, timeout=PATIENCE)

    assert f"refused: {kind}" in server.program.output
    assert ("Set-Cookie" not in read.headers) == stays
    assert "Set-Cookie" in write.headers


# Another app on this host

#: The lesson's app, whose log shows everything.
LOGGING = """
import logging
import os
from lesson_app import create_app

logging.basicConfig(level="INFO")
app = create_app(secret=os.environ["SECRET_KEY"], cookie_name=os.environ["COOKIE_NAME"])
"""


def neighbour(start: Start, folder: Path, secret: str, name: str = "session") -> Server:
    """Run the lesson's app on a port of its own."""
    (folder / "neighbour.py").write_text(LOGGING)
    address = new_address()
    words = ["waitress-serve", f"--listen={address}", "neighbour:app"]
    environment = {"SECRET_KEY": secret_of(secret), "COOKIE_NAME": name}
    return Server(start(words, **environment), address).wait_until_it_answers()


def is_logged_in(visitor: requests.Session, server: Server) -> bool:
    return EMAIL in visitor.get(f"{server.url}/dashboard", timeout=PATIENCE).text


def log_in(visitor: requests.Session, server: Server) -> None:
    form = {"userName": "sampleuser", "password": "samplepassword"}
    visitor.post(f"{server.url}/login", data=form, timeout=PATIENCE)


def test_another_app_on_this_host(start: Start, tmp_path: Path) -> None:
    """Reading another app's pages logs nobody out; logging in there does."""
    one, two = neighbour(start, tmp_path, "one"), neighbour(start, tmp_path, "two")

    with browser() as visitor:
        log_in(visitor, one)
        assert not is_logged_in(visitor, two)
        assert is_logged_in(visitor, one)
        log_in(visitor, two)

        assert is_logged_in(visitor, two)
        assert not is_logged_in(visitor, one)


def test_another_app_with_another_cookie_name(start: Start, tmp_path: Path) -> None:
    """With different names, a visitor can be logged in to both apps."""
    one, two = neighbour(start, tmp_path, "one"), neighbour(start, tmp_path, "two", "two")

    with browser() as visitor:
        log_in(visitor, one)
        log_in(visitor, two)

        assert is_logged_in(visitor, one)
        assert is_logged_in(visitor, two)


def test_cookies_of_two_apps(start: Start, tmp_path: Path) -> None:
    """The first cookie that opens counts; the log names another app's once."""
    server = neighbour(start, tmp_path, "one")
    good, foreign = (
        f"session={seal({'message': 'mine'}, derive_keys(secret_of(word)), name='session')}"
        for word in ("one", "two")
    )

    with browser() as visitor:
        for header in (f"{foreign}; {good}", f"{foreign}; {good}", f"{good}; {foreign}"):
            answer = visitor.get(
                f"{server.url}/session-test-read", headers={"Cookie": header}, timeout=PATIENCE
            )
            assert answer.text == "session message: mine"

    assert server.program.output.count("another app sets a cookie called session") == 1
    assert "refused" not in server.program.output


# The wait before an old secret is removed

MINUTES = {"duration": timedelta(minutes=2), "active_duration": timedelta(minutes=1)}
HOUR = timedelta(hours=1)


def begin(session: Session) -> None:
    session["message"] = "hi"


def begin_long(session: Session) -> None:
    session["message"] = "hi"
    session.set_duration(HOUR)


@pytest.mark.parametrize(
    ("options", "act", "idle", "wait"),
    [
        (MINUTES, begin, None, MINUTES["duration"]),
        ({**MINUTES, "duration": HOUR}, begin, None, HOUR),
        ({"duration": HOUR, "active_duration": HOUR}, begin, timedelta(seconds=1), 2 * HOUR),
        (MINUTES, begin_long, None, HOUR),
        ({**MINUTES, "max_lifetime": HOUR / 2}, begin_long, None, HOUR / 2),
    ],
    ids=["duration", "long duration", "active_duration", "set_duration", "max_lifetime"],
)
def test_wait_before_the_last_step(
    clock: Clock, options: Any, act: Act, idle: timedelta | None, wait: timedelta
) -> None:
    """After the page's wait no cookie of the old secret opens; shortly before, one does."""
    before = Site(clock, secret=secret_of("old"), **options)
    cookie = the_cookie(before.visit(act))
    if idle is not None:  # it is extended
        clock.advance(idle)
        cookie = the_cookie(before.visit(read))
    after = Site(clock, secret=[secret_of("new"), secret_of("old")], **options)
    header = f"session={cookie.value}"

    clock.advance(wait - timedelta(seconds=2))
    assert after.visit_with(header, read).text == "hi"
    clock.advance(timedelta(seconds=3))

    assert after.visit_with(header, read).text == "None"


def test_reasons_on_the_page() -> None:
    """The reasons in the page's table exist in the library."""
    section = PAGE.partition("## Read the log\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z-]+)`(?=[, |].*\| )", section))
    library = "".join(path.read_text() for path in (ROOT / "lesson_app").glob("*.py"))

    assert named == {"expired", "name", "signature", "too-old", "revoked"}
    assert all(f'"{reason}"' in library for reason in named)


# The page's other files and commands


def test_making_a_secret(tmp_path: Path) -> None:
    """The page's command writes a strong secret into a file that only its owner can read."""
    [line] = [text for text in blocks(PAGE, "sh") if text.startswith("(umask")]
    file = tmp_path / "lesson-app.env"

    subprocess.run(
        ["sh", "-c", fill(line, {"/etc/lesson-app.env": str(file)})],
        check=True,
        timeout=PATIENCE,
    )

    name, _, secret = file.read_text().strip().partition("=")
    assert name == "SECRET_KEY"
    assert file.stat().st_mode & 0o777 == 0o600
    create_app(secret=secret.split(), **PRODUCTION)


def test_making_a_secret_on_windows(tmp_path: Path) -> None:
    """The page's command for Windows writes the same file, without a carriage return."""
    [line] = blocks(PAGE, "powershell")

    words = [sys.executable if word == "python" else word for word in shlex.split(line)]
    subprocess.run(words, check=True, cwd=tmp_path, timeout=PATIENCE)

    written = (tmp_path / "lesson-app.env").read_bytes()
    assert re.fullmatch(rb"SECRET_KEY=[A-Za-z0-9_-]{43}\n", written)


def test_systemd_unit(tmp_path: Path) -> None:
    """`systemd-analyze verify` reports nothing about the unit."""
    [text] = blocks(PAGE, "ini")
    unit = tmp_path / "lesson-app.service"
    places = {"/srv/lesson-app/.venv/bin": str(Path(sys.executable).parent)}
    unit.write_text(fill(text, places))

    verified = subprocess.run(
        [require_tool("systemd-analyze"), "verify", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert f"ExecStart={places['/srv/lesson-app/.venv/bin']}/gunicorn" in unit.read_text()
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_haproxy_does_not_warn(start: Start, tmp_path: Path) -> None:
    """The log of haproxy has no warning about the page's file."""
    site = before(haproxy, start, tmp_path, waitress(start, SECRET))

    assert "WARNING" not in site.program.output.partition("Server app/")[0]


def test_add_and_remove(start: Start, tmp_path: Path) -> None:
    """The page's commands add a server, drain one, and use it again."""
    four = waitress(start, SECRET)
    site = before(haproxy, start, tmp_path, waitress(start, SECRET))
    *add, drain, show, ready = runtime_commands("Add or remove a server")

    with site.browser() as visitor:

        def who_serves() -> set[str]:
            return {
                visitor.get(f"{site.url}/login", timeout=PATIENCE).headers["X-Served-By"]
                for _ in range(6)
            }

        before_that = who_serves()
        answers = site.send(
            *(
                fill(line, {FOUR: four.wait_until_it_answers().address})
                if FOUR in line
                else line
                for line in add
            )
        )
        with_four = who_serves()
        site.send(drain)
        drained = who_serves()
        fifth = site.send(show).splitlines()[0].split(",")[4]
        site.send(ready)

        assert "New server registered" in answers
        assert [before_that, with_four, drained] == [{"one"}, {"one", "four"}, {"four"}]
        assert fifth == "scur"
        assert who_serves() == {"one", "four"}


# Large cookies


def large(cookies: int) -> str:
    """Return a Cookie header with `cookies` full cookies; the first is the session's."""
    keys = derive_keys(SECRET)
    message = next(
        "x" * size
        for size in range(3000, 2000, -1)
        if len(NAME) + len(seal({"message": "x" * size}, keys, name=NAME)) <= 4096
    )
    session = f"{NAME}={seal({'message': message}, keys, name=NAME)}"
    assert len(session) > 4070
    others = [f"c{number}=".ljust(4097, "x") for number in range(1, cookies)]
    return "; ".join([session, *others])


def status(url: str, visitor: requests.Session, cookies: int) -> int:
    """Request a page with `cookies` full cookies, and return the status."""
    response = visitor.get(
        f"{url}/session-test-read",
        headers={"Cookie": large(cookies), "X-Forwarded-Proto": "https"},
        timeout=PATIENCE,
    )
    assert response.status_code != 200 or response.text.startswith("session message: xxx")
    return response.status_code


def table() -> dict[str, list[int]]:
    """Return the page's table of statuses: for each program, with one cookie to five."""
    section = PAGE.partition("## Large cookies\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if "| " in line]
    return {name: [int(cell) for cell in cells] for name, *cells in rows if cells[0] == "200"}


def gunicorn_with_option(start: Start) -> Server:
    """Run gunicorn with the option that the page's table names."""

    def start_with_option(words: list[str], **environment: str) -> Program:
        option = re.findall(r"`(--limit-request-field_size \d+)`", PAGE)[0]
        return start([*words[:-1], *shlex.split(option), words[-1]], **environment)

    return gunicorn(start_with_option, SECRET)


DIRECT: dict[str, Callable[[Start], Server]] = {
    "gunicorn": lambda start: gunicorn(start, SECRET),
    "gunicorn `--limit-request-field_size 16380`": gunicorn_with_option,
    "waitress": lambda start: waitress(start, SECRET),
    "Express": lambda start: express(start, SECRET),
}


def nginx_without_buffers(start: Start, folder: Path, servers: dict[str, str]) -> Balancer:
    """Run nginx with the page's file, without its `large_client_header_buffers`."""
    line = "large_client_header_buffers 4 16k;"
    return nginx(start, folder, {**servers, line: ""})


THROUGH: dict[str, Balance] = {
    "haproxy, as above, then waitress": haproxy,
    "nginx, as above, then waitress": nginx,
    "nginx without `large_client_header_buffers`, then waitress": nginx_without_buffers,
}


@pytest.mark.parametrize("name", DIRECT)
def test_large_cookies(start: Start, name: str) -> None:
    """With one to five full cookies, a server returns the statuses in the page's table."""
    if name == "Express":
        require_node()
    server = DIRECT[name](start).wait_until_it_answers()

    with browser() as visitor:
        answers = [status(server.url, visitor, cookies) for cookies in range(1, 6)]

    assert answers == table()[name]


@pytest.mark.parametrize("name", THROUGH)
def test_large_cookies_through_a_balancer(start: Start, tmp_path: Path, name: str) -> None:
    """With one to five full cookies, a balancer returns the statuses in the page's table."""
    site = before(THROUGH[name], start, tmp_path, waitress(start, SECRET))

    with site.browser() as visitor:
        answers = [status(site.url, visitor, cookies) for cookies in range(1, 6)]

    assert answers == table()[name]


def test_every_program_of_the_table_is_tested() -> None:
    """The tests above check each row of the table, and no other program."""
    assert table().keys() == DIRECT.keys() | THROUGH.keys()


def nginx_with_small_buffer(start: Start, folder: Path, servers: dict[str, str]) -> Balancer:
    """Run nginx with the page's file, without its buffers for responses."""
    lines = re.findall(r"^ +(proxy_b\w+ .*;)$", PAGE, re.MULTILINE)
    assert len(lines) == 3
    return nginx(start, folder, {**servers, **dict.fromkeys(lines, "")})


@pytest.mark.parametrize(
    ("balance", "answer"), [(haproxy, 200), (nginx, 200), (nginx_with_small_buffer, 502)]
)
def test_large_cookie_is_set(
    start: Start, tmp_path: Path, balance: Balance, answer: int
) -> None:
    """A full Set-Cookie reaches the visitor; nginx needs `proxy_buffer_size` for that."""
    site = before(balance, start, tmp_path, waitress(start, SECRET))

    with site.browser() as visitor:
        url = f"{site.url}/session-test-add?message={'x' * 2950}"
        response = visitor.get(url, timeout=PATIENCE)

    assert response.status_code == answer
    assert answer != 200 or len(response.cookies[NAME]) > 4000
