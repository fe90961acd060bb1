"""Run servers behind a balancer, as docs/deployment.md sets them up, and send visitors.

Every program started here ends with its block, even if the tests are killed.
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
#: The page's addresses: the balancer's IP address, and the servers' addresses with ports.
BALANCER = "10.0.0.10"
ONE, TWO, THREE, FOUR = (f"10.0.0.1{n}:8000" for n in (1, 2, 3, 4))
EMAIL = "email: sampleuser@example.com"
#: The options for Express that correspond to `PRODUCTION`, as the guide says.
PRODUCTION_ON_EXPRESS: dict[str, Any] = {
    "requestKey": "session",
    "cookie": {"path": "/", "secure": True, "sameSite": "lax"},
}
#: Commands of this Python environment take precedence over others.
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
# Reads process groups from standard input; when it ends, kills them.
_GUARD = """while read -r group; do groups="$groups -$group"; done; kill -s KILL -- $groups"""


# Read the page


def blocks(page: str, language: str) -> list[str]:
    """Return the page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def command(start: str) -> list[str]:
    """Return the words of the page's only command that starts with `start`."""
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
    [line] = [line for line in lines if line.startswith(start)]
    return shlex.split(line)


def runtime_commands(heading: str) -> list[str]:
    """Return the commands that a section of the page sends to haproxy's socket."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(
        r'^echo "(.*)" \| socat stdio /run/haproxy/admin.sock$', section, re.MULTILINE
    )


def fill(text: str, places: Mapping[str, str]) -> str:
    """Replace the page's addresses and paths by this machine's; each must be in `text`."""
    for place, here in places.items():
        assert place in text, f"expected {place!r} on the page"
        text = text.replace(place, here)
    return text


# Programs


class Program:
    """A running program, with its own process group and a file for its output."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until the program has printed `text`."""
        self.wait_until(lambda: text in self.output, f"it did not print {text!r}")

    def wait_until(self, done: Callable[[], bool], complaint: str) -> None:
        """Wait until `done` returns True; fail with `complaint` if the program ends before."""
        end = time.monotonic() + PATIENCE
        while not done():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{complaint}: {self.process.args!r}\n{self.output}")
            time.sleep(0.02)

    def wait(self) -> int:
        """Wait until the program ends, and return its exit status."""
        return self.process.wait(PATIENCE)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, and return its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """Kill it with all its children, as if the machine had failed."""
        if self.process.returncode is None:
            if sys.platform == "win32":
                self.process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
        with self.process:  # closes its pipes and waits
            pass


Start = Callable[..., Program]


def _heed_ctrl_c() -> None:
    # Background jobs of a shell ignore SIGINT, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def programs(folder: Path) -> Iterator[Start]:
    """Yield a function that starts programs in a folder; the block's end kills them."""
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
    import grp  # grp and pwd do not exist on Windows
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def free_port() -> int:
    """Return an unused port that the system does not assign to programs by itself."""
    while True:
        port = random.randrange(20_000, 32_000)  # below Linux's range for outgoing connections
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def new_address() -> str:
    return f"127.0.0.1:{free_port()}"


def browser() -> requests.Session:
    """Return a client with its own cookie jar, which uses no proxy."""
    session = requests.Session()
    session.trust_env = False
    return session


# Servers


@dataclass
class Server:
    """A server of the application: its program, and the address it listens on."""

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
            # Express requires TLS for its Secure cookies; the balancer reports it this way.
            secure = {"X-Forwarded-Proto": "https"}
            answer = visitor.get(f"{self.url}/login", headers=secure, timeout=PATIENCE)
            return answer.status_code == 200
        return False


def write_app(folder: Path) -> None:
    """Write the page's ``wsgi.py``."""
    (folder / "wsgi.py").write_text(blocks(PAGE, "python")[0])


def gunicorn(start: Start, *secrets: str, address: str = "") -> Server:
    """Run the page's command for gunicorn with these secrets."""
    return _engine(start, "gunicorn --workers", ONE, secrets, address)


def waitress(start: Start, *secrets: str, address: str = "") -> Server:
    """Run the page's command for waitress with these secrets."""
    return _engine(start, "waitress-serve --listen=10", TWO, secrets, address)


def _engine(
    start: Start, line: str, place: str, secrets: Sequence[str], address: str
) -> Server:
    address = address or new_address()
    places = {place: address, **({BALANCER: "127.0.0.1"} if "waitress" in line else {})}
    words = shlex.split(fill(shlex.join(command(line)), places))
    return Server(start(words, SECRET_KEY=" ".join(secrets)), address)


def express(start: Start, *secrets: str) -> Server:
    """Run Express; with several secrets, add the guide's middleware."""
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


#: Makes `require('client-sessions')` return `openWith` followed by the library's middleware.
_OPEN_WITH_FIRST = """
const place = require.resolve('client-sessions');
const library = require(place);
require.cache[place].exports = ({ secrets, ...options }) =>
  [openWith(options.cookieName, secrets), library(options)];
"""


# Balancers


@dataclass
class Balancer:
    """A balancer before the servers: its program, and its URLs."""

    program: Program
    url: str
    plain_url: str
    certificate: Path
    socket: Path | None = None

    def browser(self) -> requests.Session:
        session = browser()
        session.verify = str(self.certificate)
        return session

    def send(self, *commands: str) -> str:
        """Send haproxy commands through its socket, as socat does, and return the answers."""
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
        """Return haproxy's statistics of a server."""
        names, *rows = (line.split(",") for line in self.send("show stat").splitlines())
        [row] = [dict(zip(names, row, strict=False)) for row in rows if row[1] == server]
        return row

    def drain(self, server: str) -> None:
        """Send a server no new sessions, and wait until it has answered all requests."""
        self.send(f"set server app/{server} state drain")
        self.program.wait_until(lambda: self.row(server)["scur"] == "0", "it is still busy")

    def ready(self, server: str, address: str) -> None:
        """Send a server requests again, and wait until haproxy reports it as up."""
        host, _, port = address.partition(":")
        self.send(
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
    """Run haproxy with the page's file; `servers` maps the page's addresses to real ones."""
    program = require_tool("haproxy")
    control = folder / "admin.sock"

    def places(plain: int, secure: int) -> dict[str, str]:
        user, group = who_we_are()
        return {
            "user haproxy": f"user {user}",
            "group haproxy": f"group {group}",
            "/run/haproxy/admin.sock": str(control),
            "/etc/haproxy/site.pem": str(folder / "site.pem"),
            # The test machine can be busy, so a slow server must not count as down.
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
    """Run nginx with the page's file; `servers` maps the page's addresses to real ones."""
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
    for _ in range(5):  # another program may have taken a port in the meantime
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
    """The counts and faults that a site's visitors have noted."""

    requests: int = 0
    #: Each time a visitor was logged out: the visitor, the step and the server.
    lost: list[str] = field(default_factory=list)
    #: Each read that did not return what the visitor had written.
    wrong: list[str] = field(default_factory=list)
    #: Requests that no server answered. Each is sent once more.
    cut: list[str] = field(default_factory=list)
    #: Other faults, such as a request that failed twice or a status of 400 or more.
    failed: list[str] = field(default_factory=list)
    #: How often each server answered each visitor, with the balancer's names of the servers.
    served: dict[str, Counter[str]] = field(default_factory=dict)
    #: Pairs of a server's name and its software.
    engines: set[tuple[str, str]] = field(default_factory=set)

    @property
    def no_faults(self) -> bool:
        return not (self.lost or self.wrong or self.cut or self.failed)

    @property
    def only_cuts(self) -> bool:
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
    """Visitors who log in, and then keep writing, reading and opening their dashboard."""

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
        """Wait until this many more requests have been answered."""
        before = self.tally.requests
        self.go_on_until(lambda: self.tally.requests >= before + requests)

    def go_on_until_served_by(self, *servers: str) -> None:
        """Wait until each of these servers has answered every visitor again."""
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
        wait_until(done, lambda: f"the visitors waited too long: {self.tally}")

    def leave(self) -> None:
        """Stop all visitors after their current step."""
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
                self._end.wait(0.05)  # while the visitor reads the page
        except Exception as error:  # noqa: BLE001  # otherwise the thread would end unnoticed
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
        assert response is not None, "no server answered the request twice"
        with self._lock:
            self.tally.requests += 1
            self.tally.served[name][_server(response)] += 1
            software = response.headers.get("Server", response.headers.get("X-Powered-By", ""))
            self.tally.engines.add((_server(response), software))
        return response

    def _once(self, name: str, method: str, url: str, **more: Any) -> requests.Response | None:
        """Send a request; return None if no server answered it."""
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
    # nginx lists every server that it has tried; the last one answered.
    return response.headers.get("X-Served-By", "unknown").rpartition(" ")[2]


@contextmanager
def crowd(balancer: Balancer, visitors: int = 6) -> Iterator[Crowd]:
    """Run visitors until the end of the block."""
    people = Crowd(balancer, visitors)
    try:
        yield people
    finally:
        people.leave()
