"""The time to import the library, and to start and stop the lessons' server.

``python -m benchmarks.startup`` prints it. Each program runs in a process of its own, in turns.
Imports are measured in processor time, to which other programs add nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from statistics import median

from .measure import Spread
from .outside import ROOT

ROUNDS = 11
FLASK, CRYPTOGRAPHY, OURS, SERVE = "flask", "flask and ciphers", "lesson_app", "serve"
_TIMED = """
import time
begin = time.process_time_ns()
{}
print(time.process_time_ns() - begin)
"""
_SERVE = """
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit
from flask import Flask
from lesson_app.lab import serve

app = Flask("start")
app.add_url_rule("/", "hello", lambda: "hello")
begin = time.perf_counter_ns()
server = serve(app)
connection = HTTPConnection(urlsplit(server.url).netloc)
connection.request("GET", "/")
assert connection.getresponse().read() == b"hello"
answered = time.perf_counter_ns()
connection.close()
server.stop()
print(answered - begin, time.perf_counter_ns() - answered)
"""
PROGRAMS = {
    FLASK: _TIMED.format("import flask, cryptography"),
    # The part of `cryptography` that every cookie needs.
    CRYPTOGRAPHY: _TIMED.format(
        "import flask, cryptography.hazmat.primitives.ciphers, "
        "cryptography.hazmat.primitives.hmac, cryptography.hazmat.primitives.padding"
    ),
    OURS: _TIMED.format("import lesson_app"),
    SERVE: _SERVE,
}


@dataclass(frozen=True)
class Start:
    """The measurements: imports as ratios; the server in ms, for the console and limits."""

    over_flask: Spread
    over_ciphers: Spread
    answers_ms: float
    stops_ms: float
    #: The server's two times, relative to the import.
    answers: Spread
    stops: Spread


def measure(rounds: int = ROUNDS) -> Start:
    """Run the programs in turns; the first round does not count."""
    times: dict[str, list[list[int]]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as compiled:
        for _ in range(rounds + 1):
            for name, program in PROGRAMS.items():
                times[name].append(_run(program, compiled))
    first = {name: [float(run[0]) for run in runs[1:]] for name, runs in times.items()}
    stops = [float(run[1]) for run in times[SERVE][1:]]
    return Start(
        Spread.of_ratios(first[OURS], first[FLASK]),
        Spread.of_ratios(first[OURS], first[CRYPTOGRAPHY]),
        median(first[SERVE]) / 1e6,
        median(stops) / 1e6,
        Spread.of_ratios(first[SERVE], first[OURS]),
        Spread.of_ratios(stops, first[OURS]),
    )


def _run(program: str, compiled: str) -> list[int]:
    command = [sys.executable, "-W", "ignore", "-c", program]
    # Without a cache each import would compile our files again.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    printed = subprocess.check_output(command, cwd=ROOT, env=environment)
    return [int(word) for word in printed.split()]


def rows(start: Start) -> list[str]:
    """Return the lines of the table."""
    return [
        "| measured | ratio |",
        "|---|--:|",
        f"| `import lesson_app` / `import flask, cryptography` | {start.over_flask} |",
        f"| `import lesson_app` / import of Flask and ciphers | {start.over_ciphers} |",
        f"| `serve(app)` until the first answer / `import lesson_app` | {start.answers} |",
        f"| `server.stop()` / `import lesson_app` | {start.stops} |",
    ]


def main() -> None:
    """Measure and print."""
    start = measure()
    print("\n".join(rows(start)))
    print(f"first answer after {start.answers_ms:.1f} ms; stopped in {start.stops_ms:.1f} ms")


if __name__ == "__main__":
    main()
