"""Send Cookie lines that no library sends to gunicorn, waitress, Werkzeug and Express."""

from __future__ import annotations

import http.client
import logging
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from lesson_app import create_app, derive_keys, seal
from lesson_app.lab import Server
from tests.conftest import PATIENCE, secret_of
from tests.deployment.cluster import Server as Engine
from tests.deployment.cluster import Start, new_address, programs
from tests.express.mutants import change
from tests.express.peer import Sealing, express
from tests.plugin import random_cases

#: How many random headers to send to each server. SOCKETS=100000 tries more.
SOCKETS = int(os.environ.get("SOCKETS", random_cases(2500)))
SECRET = secret_of("wire")
UNDEFINED = "undefined"
COMMANDS = {
    "gunicorn": ["gunicorn", "--bind={}", "lesson_app:create_app()"],
    "waitress": ["waitress-serve", "--listen={}", "--call", "lesson_app:create_app"],
}
#: gunicorn needs POSIX.
ENGINES = [name for name in COMMANDS if name != "gunicorn" or sys.platform != "win32"]
logger = logging.getLogger(__name__)


class Site(NamedTuple):
    """A running server: its address, and its program unless it runs in this process."""

    host: str
    port: int
    engine: Engine | None = None


def at(url: str, engine: Engine | None = None) -> Site:
    parts = urlsplit(url)
    return Site(str(parts.hostname), parts.port or 80, engine)


def run(start: Start, name: str) -> Site:
    """Run the lesson's app on gunicorn or waitress."""
    address = new_address()
    words = [word.format(address) for word in COMMANDS[name]]
    engine = Engine(start(words, FLASK_SECRET_KEY=SECRET), address)
    return at(engine.wait_until_it_answers().url, engine)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Site]]:
    """The lesson's app on each server with one secret, and the same app on Express."""
    app = create_app(secret=SECRET)
    with (
        programs(tmp_path_factory.mktemp("wire")) as start,
        express() as node,
        Server(app) as werkzeug,
    ):
        yield {
            "express": at(node.serve(Sealing(keys=SECRET))),
            "werkzeug": at(werkzeug.url),
            **{name: run(start, name) for name in ENGINES},
        }


class Answer(NamedTuple):
    """A response: its status, the session's message, and whether it set a cookie."""

    status: int
    message: str
    sets_cookie: bool


def send(site: Site, lines: bytes) -> Answer:
    """Send a request with these header lines, byte for byte."""
    start = b"GET /session-test-read HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    with socket.create_connection((site.host, site.port), timeout=PATIENCE) as connection:
        connection.sendall(start + lines + b"\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        text = response.read().decode()
        message = text.removeprefix("session message: ") if response.status == 200 else ""
        return Answer(response.status, message, response.getheader("Set-Cookie") is not None)


def sealed(message: str, secret: str = SECRET, age: int = 0) -> str:
    """Return a cookie that was sealed `age` days ago, and lasts for a day."""
    now = round(time.time() * 1000) - age * 86_400_000
    content, keys = {"message": message}, derive_keys(secret)
    return seal(content, keys, created_at=now, duration=86_400_000)


ONE, TWO = sealed("one"), sealed("two")
LINES = {
    "one line": [f"session={ONE}"],
    "the session's line first": [f"session={ONE}", "a=1"],
    "the session's line last": ["a=1", f"session={ONE}"],
    "in the middle": ["a=1; b=2", f"c=3; session={ONE}; d=4", "e=5"],
    "a semicolon at the end": ["a=1;", f"session={ONE};", "b=2"],
    "an empty line": ["", f"session={ONE}"],
    "several sessions": [f"session={ONE}; a=1", f"session={TWO}"],
    "the same session": [f"session={ONE}", f"session={ONE}"],
    "commas in other cookies": ["a=1,b=2,c", f"session={ONE}", "d=,e=,"],
}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
@pytest.mark.conforms("Q40")
def test_several_lines(sites: Mapping[str, Site], lines: list[str]) -> None:
    """Cookies on several lines open on each server, as on Express, which joins the lines."""
    header = "".join(f"Cookie: {line}\r\n" for line in lines).encode()

    answers = {name: send(site, header) for name, site in sites.items()}

    assert answers == dict.fromkeys(sites, Answer(200, "one", False))


SEVERAL = {
    "broken first": f"session=x{ONE}; session={ONE}",
    "of another server first": f"session={sealed('x', secret_of('other'))}; session={ONE}",
    "empty first": f"session=; session={ONE}",
    "twenty": "; ".join([*(f"session={n}" for n in range(19)), f"session={ONE}"]),
}


@pytest.mark.parametrize("cookies", SEVERAL.values(), ids=SEVERAL)
@pytest.mark.conforms("Q41")
def test_first_that_opens(sites: Mapping[str, Site], cookies: str) -> None:
    """The first cookie that opens is the session; Express reads only the first cookie."""
    header = f"Cookie: {cookies}\r\n".encode()

    messages = {name: send(site, header).message for name, site in sites.items()}

    assert messages == {name: UNDEFINED if name == "express" else "one" for name in sites}


# Random headers.


class Piece(NamedTuple):
    """A part of a header, and the message of the session that it holds."""

    text: bytes
    message: str = ""


def random_piece(chance: Random, values: Mapping[str, str]) -> Piece:
    kind = chance.randrange(16)
    message = chance.choice(list(values))
    value = values[message].encode()
    if kind < 5:
        return Piece(b"session=" + value, message)
    if kind == 5:
        changed = change(value.decode(), list(values.values()), chance)
        return Piece(b"session=" + changed.encode("utf-8", "surrogatepass"), message)
    if kind == 6:
        other = chance.choice(
            [b"session_state", b"Session", b"xsession", b"session ", b"", b"\xa0session"]
        )
        return Piece(other + b"=" + value)
    if kind == 7:
        return Piece(b'session="' + value + b'"', message)
    if kind == 8:
        return Piece(
            b"session="
            + chance.choice(
                [b"", b"=", b"=" + value, b"x" * 3000, b"%00", b'"', b"....", b"[]"]
            )
        )
    if kind == 9:
        return Piece(chance.randbytes(chance.randrange(40)))
    if kind == 10:
        return Piece(bytes(chance.choices(range(0x20, 0x7F), k=chance.randrange(60))))
    if kind == 11:
        return Piece(bytes(chance.choices(b'session=;, \t"\\.', k=chance.randrange(60))))
    return Piece(
        chance.choice(
            [
                b"a=1",
                b"b=1,2",
                b"c=x,y=z",
                b"d",
                b"=e",
                b"$Version=1",
                b"__proto__=1",
                "é=\U0001f600".encode(),
            ]
        )
    )


SEPARATORS = [
    b"; ",
    b"; ",
    b"; ",
    b";",
    b" ; ",
    b";;",
    b"; ,",
    b", ",
    b",",
    b" ",
    b"\t",
    b";\t",
    b"\r\nCookie: ",
    b"\r\nCookie: ",
    b"\r\nX: 1\r\ncookie:",
    b"\r\n ",
    b"\n",
    b"\0",
]


class Header(NamedTuple):
    """The lines of a random header, and the messages of the sessions in it."""

    lines: bytes
    messages: list[str]


def random_header(chance: Random, values: Mapping[str, str]) -> Header:
    pieces = [random_piece(chance, values) for _ in range(chance.choice([1, 1, 2, 2, 3, 5, 9]))]
    lines = chance.choice([b"Cookie: ", b"Cookie: ", b"Cookie: ", b"cookie:", b"COOKIE:\t"])
    for number, piece in enumerate(pieces):
        lines += (chance.choice(SEPARATORS) if number else b"") + piece.text
    return Header(lines + b"\r\n", [piece.message for piece in pieces if piece.message])


def agree(header: Header, ours: Answer, theirs: Answer) -> bool:
    """Return whether an answer is right, given what Express answered."""
    if ours.status != 200:
        return 400 <= ours.status < 500  # the server refuses the header before the app sees it
    if ours.message != UNDEFINED:
        return ours.message in header.messages and ours.message != "expired"
    if ours.sets_cookie and "expired" not in header.messages:
        return False
    # Of several sessions, Express reads the first, and we read those after a comma last.
    return theirs.status != 200 or theirs.message == UNDEFINED or len(header.messages) > 1


def test_random_headers(sites: Mapping[str, Site]) -> None:
    """No header causes an error here, and each shows no session, or one that it holds.

    A session that Express shows is shown here too, unless the header holds several.
    """
    chance = Random(5)
    values = {"one": ONE, "two": TWO, "expired": sealed("expired", age=2)}
    seen: Counter[str] = Counter()
    wrong = []

    for _ in range(SOCKETS):
        header = random_header(chance, values)
        theirs = send(sites["express"], header.lines)
        for name in ENGINES:
            ours = send(sites[name], header.lines)
            both = "as on Express" if ours[:2] == theirs[:2] else "not as on Express"
            seen[f"{name}: {ours.status}, {ours.message}, {both}"] += 1
            if not agree(header, ours, theirs):
                wrong.append((name, header, ours, theirs))

    logger.info("%s", dict(sorted(seen.items())))
    assert wrong[:3] == []
    for name in ENGINES:
        assert (
            min(seen[f"{name}: 200, {m}, as on Express"] for m in ("one", "two")) > SOCKETS / 25
        )
        engine = sites[name].engine
        assert engine is not None
        assert "Traceback" not in engine.program.output
