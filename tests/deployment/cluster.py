"""Real servers behind a real balancer, as docs/deployment.md sets them up, and their visitors.

Whatever is started here ends with its block, and even if the tests are killed.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conftest import PATIENCE, ROOT, wait_until
from tests.express.peer import NODE, Express, Sealing, require_node
from tests.plugin import require_tool

PAGE = (ROOT / "docs" / "deployment.md").read_text()
GUIDE = (ROOT / "docs" / "coming-from-express.md").read_text()
#: The addresses on the page: the balancer's, and those of the servers behind it.
BALANCER = "10.0.0.10"
ONE, TWO, THREE, FOUR = (f"10.0.0.1{n}:8000" for n in (1, 2, 3, 4))
EMAIL = "email: sampleuser@example.com"
#: What `PRODUCTION` is called on Express, as the guide says.
PRODUCTION_ON_EXPRESS: dict[str, Any] = {
    "requestKey": "session",
    "cookie": {"path": "/", "secure": True, "sameSite": "lax"},
}
#: The commands of this environment come first, whatever the shell has in its path.
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
# Ends all process groups that it was told of when its standard input ends.
_GUARD = """while read -r group; do groups="$groups -$group"; done; kill -s KILL -- $groups"""


# What the page says


def blocks(page: str, language: str) -> list[str]:
    """Return the page's programs in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def command(start: str) -> list[str]:
    """Return the page's only command that starts so, in words."""
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
    [line] = [line for line in lines if line.startswith(start)]
    return shlex.split(line)


def runtime_commands(heading: str) -> list[str]:
    """Return what a section of the page says to haproxy through its socket."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(
        r'^echo "(.*)" \| socat stdio /run/haproxy/admin.sock$', section, re.MULTILINE
    )


def fill(text: str, places: Mapping[str, str]) -> str:
    """Put what this machine has in the place of the page's addresses and files."""
    for place, here in places.items():
        assert place in text, place
        text = text.replace(place, here)
    return text


# Programs


class Program:
    """A running program: a process group of its own, whose output goes to a file."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until the program has printed this."""
        self.wait_until(lambda: text in self.output, f"it did not print {text!r}")

    def wait_until(self, done: Callable[[], bool], complaint: str) -> None:
        """Wait until `done` says so, while the program runs."""
        end = time.monotonic() + PATIENCE
        while not done():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{complaint}: {self.process.args!r}\n{self.output}")
            time.sleep(0.02)

    def wait(self) -> int:
        """Return the status with which the program ends by itself."""
        return self.process.wait(PATIENCE)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its status."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """Kill it with all its children, as a machine is lost; nothing is left of it."""
        if self.process.returncode is None:
            if sys.platform == "win32":
                self.process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
        with self.process:  # closes its pipes, and waits
            pass


Start = Callable[..., Program]


def _heed_ctrl_c() -> None:
    # A shell has what it starts with & ignore SIGINT, and so does what that starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def programs(folder: Path) -> Iterator[Start]:
    """Start programs in a folder, which are gone at the end of the block."""
    started: list[Program] = []
    guard = subprocess.Popen(
        ["sh", "-c", _GUARD] if sys.platform != "win32" else [sys.executable, "-c", ""],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )

    def start(words: Sequence[str], pipes: bool = False, **environment: str) -> Program:
        output = folder / f"{len(started)}.{Path(words[0]).name}.log"
        own = {name: text for name, text in os.environ.items() if not _is_setting(name)}
        home = {"HOME": str(folder), "PATH": _PATH, "PYTHONUNBUFFERED": "1"}
        pipe = subprocess.PIPE if pipes else None
        with output.open("w") as file:
            process = subprocess.Popen(
                [shutil.which(words[0], path=_PATH) or words[0], *words[1:]],
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or file,
                stderr=file,
                encoding="utf-8",
                cwd=folder,
                env={**own, **home, **environment},
                start_new_session=True,
                preexec_fn=_heed_ctrl_c if sys.platform != "win32" else None,
            )
        started.append(Program(process, output))
        if guard.stdin is not None and sys.platform != "win32":
            guard.stdin.write(f"{process.pid}\n")
            guard.stdin.flush()
        return started[-1]

    try:
        yield start
    finally:
        for program in reversed(started):
            program.kill()
        with guard:
            guard.kill()


def _is_setting(name: str) -> bool:
    return name.startswith(("FLASK_", "GUNICORN_", "COV_")) or name == "SECRET_KEY"


def who_we_are() -> tuple[str, str]:
    """Return the names of our user and group."""
    import grp  # Windows has neither
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def free_port() -> int:
    """Return a port of this machine that nobody uses, nor gets by asking for any port."""
    while True:
        port = random.randrange(20_000, 32_000)  # below Linux's range for outgoing connections
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def new_address() -> str:
    return f"127.0.0.1:{free_port()}"


def browser() -> requests.Session:
    """Return a visitor with a cookie jar of its own, who knows of no proxy."""
    session = requests.Session()
    session.trust_env = False
    return session


# Servers


@dataclass
class Server:
    """A server of the application: its program, and where it listens."""

    program: Program
    address: str

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def wait_until_it_answers(self) -> Server:
        self.program.wait_until(self._answers, "it does not answer")
        return self

    def _answers(self) -> bool:
        with browser() as visitor, suppress(requests.ConnectionError):
            # Behind a balancer all requests come over TLS, as Express wants it.
            secure = {"X-Forwarded-Proto": "https"}
            answer = visitor.get(f"{self.url}/login", headers=secure, timeout=PATIENCE)
            return answer.status_code == 200
        return False


def write_app(folder: Path) -> None:
    """Write the page's ``wsgi.py``."""
    (folder / "wsgi.py").write_text(blocks(PAGE, "python")[0])


def gunicorn(start: Start, *secrets: str, address: str = "") -> Server:
    """Run the page's command for gunicorn, with these secrets."""
    return _engine(start, "gunicorn --workers", ONE, secrets, address)


def waitress(start: Start, *secrets: str, address: str = "") -> Server:
    """Run the page's command for waitress, with these secrets."""
    return _engine(start, "waitress-serve --listen=10", TWO, secrets, address)


def _engine(
    start: Start, line: str, place: str, secrets: Sequence[str], address: str
) -> Server:
    address = address or new_address()
    places = {place: address, **({BALANCER: "127.0.0.1"} if "waitress" in line else {})}
    words = shlex.split(fill(shlex.join(command(line)), places))
    return Server(start(words, SECRET_KEY=" ".join(secrets)), address)


def express(start: Start, *secrets: str) -> Server:
    """Run Express; with several secrets, behind the middleware of the guide."""
    more = dict(PRODUCTION_ON_EXPRESS)
    script = NODE / "server.js"
    environment = {"NODE_PATH": str(NODE / "node_modules")}
    words = [require_node(), "--no-deprecation"]
    if len(secrets) > 1:
        words += ["-e", f"{blocks(GUIDE, 'js')[1]}\n{_OPEN_WITH_FIRST}\nrequire('{script}');"]
        more["secrets"] = secrets
    else:
        words.append(str(script))
    program = start(words, pipes=True, **environment)
    url = Express(program.process).serve(Sealing("__Host-session", secrets[0], more))
    return Server(program, urlsplit(url).netloc)


#: Puts `openWith` before the library wherever an application uses the library.
_OPEN_WITH_FIRST = """
const place = require.resolve('client-sessions');
const library = require(place);
require.cache[place].exports = ({ secrets, ...options }) =>
  [openWith(options.cookieName, secrets), library(options)];
"""


# Balancers


@dataclass
class Balancer:
    """What stands before the servers: its program, and where visitors find it."""

    program: Program
    url: str
    plain_url: str
    certificate: Path
    socket: Path | None = None

    def browser(self) -> requests.Session:
        session = browser()
        session.verify = str(self.certificate)
        return session

    def tell(self, *commands: str) -> str:
        """Give haproxy commands, as through socat, and return its answers."""
        assert self.socket is not None
        answers = []
        for line in commands:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(str(self.socket))
                connection.sendall(f"{line}\n".encode())
                with connection.makefile() as answer:
                    answers.append(answer.read().strip())
        return "\n".join(answers)

    def row(self, server: str) -> dict[str, str]:
        """Return what haproxy knows of a server."""
        names, *rows = (line.split(",") for line in self.tell("show stat").splitlines())
        [row] = [dict(zip(names, row, strict=False)) for row in rows if row[1] == server]
        return row

    def drain(self, server: str) -> None:
        """Let a server get nothing more to do, and wait until it is done."""
        self.tell(f"set server app/{server} state drain")
        self.program.wait_until(lambda: self.row(server)["scur"] == "0", "it is still busy")

    def ready(self, server: str, address: str) -> None:
        """Let a server get requests again, and wait until haproxy finds it well."""
        host, _, port = address.partition(":")
        self.tell(
            f"set server app/{server} addr {host} port {port}",
            f"set server app/{server} state ready",
        )
        self.program.wait_until(
            lambda: self.row(server)["status"].startswith("UP"), "it is down"
        )


def write_certificate(path: Path) -> None:
    """Write a key and a certificate for 127.0.0.1 into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(pem) + private)


def haproxy(start: Start, folder: Path, servers: Mapping[str, str]) -> Balancer:
    """Run haproxy with the page's file; `servers` are addresses for those on the page."""
    program = require_tool("haproxy")
    control = folder / "admin.sock"

    def places(plain: int, secure: int) -> dict[str, str]:
        user, group = who_we_are()
        return {
            "user haproxy": f"user {user}",
            "group haproxy": f"group {group}",
            "/run/haproxy/admin.sock": str(control),
            "/etc/haproxy/site.pem": str(folder / "site.pem"),
            # A server that is slow here is not ill: the machine has other things to do.
            "timeout connect 2s": f"timeout connect {PATIENCE:.0f}s\n"
            f"    timeout check {PATIENCE:.0f}s",
            "timeout server 30s": f"timeout server {PATIENCE:.0f}s",
            "timeout client 30s": f"timeout client {PATIENCE:.0f}s",
            "timeout http-request 10s": f"timeout http-request {PATIENCE:.0f}s",
            "bind :80": f"bind 127.0.0.1:{plain}",
            "bind :443": f"bind 127.0.0.1:{secure}",
        }

    return _balancer(start, folder, servers, "haproxy", places, [program, "-db", "-f"], control)


def nginx(start: Start, folder: Path, servers: Mapping[str, str]) -> Balancer:
    """Run nginx with the page's file; `servers` are addresses for those on the page."""
    program = require_tool("nginx")

    def places(plain: int, secure: int) -> dict[str, str]:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        own = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        return {
            "user www-data": f"user {who_we_are()[0]}",
            "/run/nginx.pid": str(folder / "nginx.pid"),
            "/var/log/nginx/": f"{folder}/",
            "/etc/nginx/site.pem": str(folder / "site.pem"),
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
            "http {": f"http {{ {own}",
        }

    words = [program, "-e", "stderr", "-g", "daemon off;", "-c"]
    return _balancer(start, folder, servers, "nginx", places, words, None)


def _balancer(
    start: Start,
    folder: Path,
    servers: Mapping[str, str],
    language: str,
    places: Callable[[int, int], dict[str, str]],
    words: list[str],
    control: Path | None,
) -> Balancer:
    certificate = folder / "site.pem"
    write_certificate(certificate)
    [text] = blocks(PAGE, language)
    file = folder / f"{language}.cfg"
    for _ in range(5):  # somebody may have taken a port in the meantime
        plain, secure = free_port(), free_port()
        file.write_text(fill(text, {**servers, **places(plain, secure)}))
        program = start([*words, str(file)])
        with suppress(RuntimeError):
            program.wait_until(lambda port=secure: _listens(port), "it does not listen")  # type: ignore[misc]
            break
        if "in use" not in program.output and "cannot bind" not in program.output:
            break
    assert program.process.poll() is None, program.output
    urls = f"https://127.0.0.1:{secure}", f"http://127.0.0.1:{plain}"
    return Balancer(program, *urls, certificate, control)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


# Visitors


@dataclass
class Tally:
    """What happened to the visitors of a site."""

    requests: int = 0
    #: Who was found logged out, and where.
    lost: list[str] = field(default_factory=list)
    #: What was read, where something else had been written.
    wrong: list[str] = field(default_factory=list)
    #: Requests that got no answer from a server, and were sent once more.
    cut: list[str] = field(default_factory=list)
    #: All else: a request that failed twice, an answer of 400 or more.
    failed: list[str] = field(default_factory=list)
    #: How often each visitor was served by each server, as the balancer names it.
    served: dict[str, Counter[str]] = field(default_factory=dict)
    #: Which engine answered under which name.
    engines: set[tuple[str, str]] = field(default_factory=set)

    @property
    def nobody_noticed(self) -> bool:
        return not (self.lost or self.wrong or self.cut or self.failed)

    @property
    def nobody_was_lost(self) -> bool:
        return not (self.lost or self.wrong or self.failed)

    def numbers(self) -> dict[str, int]:
        return {
            "requests": self.requests,
            "visitors": len(self.served),
            "sessions lost": len(self.lost),
            "wrong reads": len(self.wrong),
            "connections cut": len(self.cut),
            "other failures": len(self.failed),
        }


class Crowd:
    """Visitors who log in, and then write, read and look at their dashboard all the time."""

    def __init__(self, balancer: Balancer, visitors: int) -> None:
        self.tally = Tally()
        self.browsers: dict[str, requests.Session] = {}
        self._url = balancer.url
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._threads = []
        for number in range(visitors):
            name = f"visitor {number}"
            self.browsers[name] = balancer.browser()
            self.tally.served[name] = Counter()
            self._threads.append(threading.Thread(target=self._live, args=[name]))
        for thread in self._threads:
            thread.start()

    def go_on(self, requests: int = 300) -> None:
        """Wait until so many more requests were answered."""
        before = self.tally.requests
        self.go_on_until(lambda: self.tally.requests >= before + requests)

    def go_on_until_all_were_on(self, *servers: str) -> None:
        """Wait until every visitor was served once more by each of these servers."""
        with self._lock:
            before = {name: Counter(served) for name, served in self.tally.served.items()}

        def done() -> bool:
            return all(
                self.tally.served[name][server] > count[server]
                for name, count in before.items()
                for server in servers
            )

        self.go_on_until(done)

    def go_on_until(self, done: Callable[[], bool]) -> None:
        wait_until(done, lambda: f"what the visitors wait for does not happen: {self.tally}")

    def leave(self) -> None:
        """Let all visitors finish what they are doing, and go."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        for each in self.browsers.values():
            each.close()

    def _live(self, name: str) -> None:
        step = 0
        try:
            self._log_in(name)
            while not self._end.is_set():
                step += 1
                text = f"{name}, {step}"
                self._send(name, "GET", "/session-test-add", params={"message": text})
                read = self._send(name, "GET", "/session-test-read")
                if read.text != f"session message: {text}":
                    self.tally.wrong.append(f"{text}: {read.text}, {_server(read)}")
                home = self._send(name, "GET", "/dashboard", allow_redirects=False)
                if EMAIL not in home.text:
                    self.tally.lost.append(f"{text}: {_server(home)}")
                    self._log_in(name)
                self._end.wait(0.05)  # as long as they look at the page
        except Exception as error:  # noqa: BLE001  # a thread's end must not go unnoticed
            self.tally.failed.append(f"{name}: {error!r}")

    def _log_in(self, name: str) -> None:
        form = {"userName": "sampleuser", "password": "samplepassword"}
        self._send(name, "POST", "/login", data=form, allow_redirects=False)

    def _send(self, name: str, method: str, path: str, **more: Any) -> requests.Response:
        url = self._url + path
        response = self._once(name, method, url, **more)
        if response is None:
            response = self._once(name, method, url, **more)
        if response is None or response.status_code >= 400:
            self.tally.failed.append(f"{name}: {path}: {response}")
        assert response is not None, "cut off twice"
        with self._lock:
            self.tally.requests += 1
            self.tally.served[name][_server(response)] += 1
            software = response.headers.get("Server", response.headers.get("X-Powered-By", ""))
            self.tally.engines.add((_server(response), software))
        return response

    def _once(self, name: str, method: str, url: str, **more: Any) -> requests.Response | None:
        """Send a request; None if no server answered it."""
        reason: object
        try:
            response = self.browsers[name].request(method, url, timeout=PATIENCE, **more)
            if response.status_code not in (502, 503, 504):
                return response
            reason = response.status_code
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            reason = error
        self.tally.cut.append(f"{name}: {url}: {reason}")
        return None


def _server(response: requests.Response) -> str:
    # nginx names all that it has tried.
    return response.headers.get("X-Served-By", "nobody").rpartition(" ")[2]


@contextmanager
def crowd(balancer: Balancer, visitors: int = 6) -> Iterator[Crowd]:
    """Let visitors in, who are gone at the end of the block."""
    people = Crowd(balancer, visitors)
    try:
        yield people
    finally:
        people.leave()
