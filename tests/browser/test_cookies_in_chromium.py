"""A real Chromium judges the lines of the table, and `browser_keeps` must say the same.

All hosts are on loopback; a listener in this process sets the cookies and sees them return.
"""

from __future__ import annotations

import datetime
import itertools
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import BrowserContext, sync_playwright

from lesson_app.lab.http.jar import CookieVerdict, StoredCookie, browser_keeps
from tests.browser.jupyterlab import CHROMIUM_FLAGS, MS
from tests.conftest import PATIENCE
from tests.lab.http.cookie_rows import NEEDS_A_LIST, ROWS, Row, requests
from tests.plugin import require_tool

pytestmark = pytest.mark.proof

FLAGS = [
    "--host-resolver-rules=MAP * 127.0.0.1",
    # One process for all pages: a new one for each change of site takes half of the time.
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
]
#: Nothing here waits for an answer: the listener tells what has come. It answers 204, so that
#: each page stays where it is.
SET = "url => fetch(url).then(() => null)"
SAME_SITE = (
    "urls => { for (const u of urls) fetch(u, {mode: 'no-cors', credentials: 'include'}); }"
)
LINK = """([address, fetched, picture]) => {
    fetch(fetched, {mode: 'no-cors', credentials: 'include'});
    if (picture) new Image().src = picture;
    location.href = address;
}"""
FORM = """([address, framed]) => {
    document.body.innerHTML = '<form method="POST"></form>';
    if (framed) document.body.append(document.createElement('iframe'));
    if (framed) document.querySelector('iframe').src = framed;
    document.querySelector('form').action = address;
    document.querySelector('form').submit();
}"""


class Answer(BaseHTTPRequestHandler):
    """Set the cookie that the address asks for, and note what the request brought."""

    protocol_version = "HTTP/1.1"
    server: Listener

    def do_GET(self) -> None:
        """Answer 204, so that the page stays; or an empty page to stay at."""
        query = parse_qs(
            urlsplit(self.path).query, keep_blank_values=True, errors="surrogateescape"
        )
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        page = b"200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n"
        head = b"HTTP/1.1 " + (page if "page" in query else b"204 No Content\r\n")
        for line in query.get("set", ()):
            head += b"Set-Cookie: " + line.encode("utf-8", "surrogateescape") + b"\r\n"
        # No Date: Chromium would move Expires by what the clocks differ.
        self.wfile.write(head + b"\r\n")
        if "tag" in query:
            self.server.seen.put(query["tag"][0], self.headers["Cookie"])

    do_POST = do_GET  # noqa: N815  # http.server calls it so

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Seen:
    """The Cookie header of each request, by its tag."""

    def __init__(self) -> None:
        self._headers: dict[str, str | None] = {}
        self._changed = threading.Condition()

    def put(self, tag: str, header: str | None) -> None:
        octets = header.encode("latin-1") if header else b""
        with self._changed:
            self._headers[tag] = octets.decode("utf-8", "surrogateescape") or None
            self._changed.notify_all()

    def wait_for(self, tag: str) -> str | None:
        with self._changed:
            assert self._changed.wait_for(lambda: tag in self._headers, PATIENCE), tag
            return self._headers[tag]


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seen: Seen, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.seen = seen
        if tls:  # a thread of the connection's own shakes hands
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def handle_error(self, *_: Any) -> None:
        """Say nothing of connections that the browser drops."""


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .sign(key, hashes.SHA256())
    )
    file = folder / "loopback.pem"
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(*pem, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def listening(listener: Listener) -> Iterator[int]:
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listener.server_port
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


class Observed(NamedTuple):
    """What Chromium did with a row's line."""

    verdict: CookieVerdict
    #: How many seconds later than our library's, at most, Chromium's clock stood.
    later: float
    jar: list[dict[str, Any]]
    scripts_see: str
    #: Of each request, the Cookie header.
    sent: dict[str, str | None]


class Chromium:
    """One browser with four windows, for all rows."""

    def __init__(
        self, context: BrowserContext, ports: dict[tuple[str, bool], int], seen: Seen
    ) -> None:
        self._context, self._ports, self._seen = context, ports, seen
        self._tags = map(str, itertools.count())
        self._page, self._bar = context.new_page(), context.new_page()
        self._cdp = context.new_cdp_session(self._page)
        self._bar_cdp = context.new_cdp_session(self._bar)
        self._others = {
            scheme: (context.new_page(), context.new_page()) for scheme in ("http", "https")
        }
        for scheme, pages in self._others.items():
            for page in pages:
                page.goto(self._real(f"{scheme}://b.example/") + "?page")

    def _real(self, url: str) -> str:
        """The same address, with the port of a listener."""
        parts = urlsplit(url)
        port = self._ports[parts.scheme, parts.port is not None]
        return f"{parts.scheme}://{parts.hostname}:{port}{parts.path}"

    def judge(self, row: Row) -> Observed:
        """Set the row's cookie in an empty jar, and see where it is and where it goes."""
        self._context.clear_cookies()
        home = self._real(row.url)
        if self._page.url != f"{home}?page":
            self._page.goto(f"{home}?page")
        now = time.time()
        line = row.text(now)
        octets = quote(line.encode("utf-8", "surrogateescape"))
        self._page.evaluate(SET, f"{home}?set={octets}")
        jar = self._cdp.send("Network.getAllCookies")["cookies"]
        return Observed(
            browser_keeps(line, row.url, clock=lambda: now),
            time.time() - now,
            jar,
            self._page.evaluate("document.cookie"),
            self._sent(row, kept=bool(jar)),
        )

    def _sent(self, row: Row, *, kept: bool) -> dict[str, str | None]:
        url, tags = row.url, {name: next(self._tags) for name in requests(row.url)}
        if "SameSite" not in row.line:  # a fetch will do for the other two
            del tags["image"], tags["frame"]
        urls = {name: f"{self._real(requests(url)[name][0])}?tag={tags[name]}" for name in tags}
        near = [name for name in tags if requests(url)[name][1] == "same-site"]
        near.remove("scheme")  # for a page it is another site; for the address bar it is not
        self._page.evaluate(SAME_SITE, [urls[name] for name in near])
        if not kept:
            return {name: self._seen.wait_for(tags[name]) for name in near}
        self._bar_cdp.send("Page.navigate", {"url": urls["scheme"]})
        link, form = self._others[urlsplit(url).scheme]
        form.evaluate(FORM, [urls["form"], urls.get("frame")])
        link.evaluate(LINK, [urls["link"], urls["fetch"], urls.get("image")])
        return {name: self._seen.wait_for(tag) for name, tag in tags.items()}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = require_tool("chromium")
    folder, seen = tmp_path_factory.mktemp("chromium"), Seen()
    # Third-party cookies are a setting of the user's, and off in windows that are private.
    (folder / "Default").mkdir()
    (folder / "Default" / "Preferences").write_text(
        json.dumps({"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}})
    )
    tls = certificate(folder)
    with ExitStack() as stack:
        ports = {
            (scheme, second): stack.enter_context(
                listening(Listener(seen, tls if scheme == "https" else None))
            )
            for scheme, second in itertools.product(("http", "https"), (False, True))
        }
        playwright = stack.enter_context(sync_playwright())
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=program,
            args=[*CHROMIUM_FLAGS, *FLAGS],
            ignore_https_errors=True,
            timeout=MS,
        )
        context.set_default_timeout(MS)
        try:
            yield Chromium(context, ports, seen)
        finally:
            context.close()


def in_chromium(stored: dict[str, Any]) -> dict[str, Any]:
    """A cookie of Chromium's jar, in our words."""
    return {
        "pair": (stored["name"], stored["value"]),
        "domain": stored["domain"],
        "path": stored["path"],
        "expires": None if stored["session"] else stored["expires"],
        "secure": stored["secure"],
        "http_only": stored["httpOnly"],
        "same_site": stored.get("sameSite", ""),
        "partition": urlsplit(stored.get("partitionKey", {}).get("topLevelSite", "")).scheme,
    }


def in_ours(cookie: StoredCookie, later: float) -> dict[str, Any]:
    """The same of ours; octets that are no UTF-8 do not get through to a debugger."""
    told = (text.encode(errors="ignore").decode() for text in (cookie.name, cookie.value))
    return {
        "pair": tuple(told),
        "domain": cookie.domain if cookie.host_only else f".{cookie.domain}",
        "path": cookie.path,
        "expires": cookie.expires
        if cookie.expires is None
        else pytest.approx(cookie.expires, abs=1 + later),
        "secure": cookie.secure,
        "http_only": cookie.http_only,
        "same_site": cookie.same_site,
        "partition": cookie.partition,
    }


def disagreements(row: Row, observed: Observed) -> Iterator[str]:
    """Where Chromium did otherwise than the library says."""
    cookie = observed.verdict.cookie
    stored = [in_chromium(each) for each in observed.jar]
    ours = [in_ours(cookie, observed.later)] if cookie else []
    if stored != ours:
        yield f"stored: {ours} ({observed.verdict.rule}); in Chromium {stored}"
    pair = None if cookie is None else on_the_wire(cookie)
    for name, (url, initiator) in requests(row.url).items():
        if name in observed.sent:
            brings = pair if cookie and cookie.goes_to(url, initiator) else None
            if observed.sent[name] != brings:
                yield f"{name}: {brings!r}; in Chromium {observed.sent[name]!r}"
    here = cookie is not None and cookie.goes_to(row.url) and not cookie.http_only
    # A script gets text: octets that are no UTF-8 are none.
    utf_8 = pair is not None and pair == pair.encode(errors="ignore").decode()
    readable = pair if here and utf_8 else ""
    if observed.scripts_see != readable:
        yield f"page scripts: {readable!r}; in Chromium {observed.scripts_see!r}"


def on_the_wire(cookie: StoredCookie) -> str:
    """The pair as a request brings it; without a name the value alone."""
    return f"{cookie.name}={cookie.value}" if cookie.name else cookie.value


def test_every_row(
    chromium: Chromium, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Chromium and the library agree on each line: kept, stored, seen by scripts, sent."""
    found = {row.case: list(disagreements(row, chromium.judge(row))) for row in in_turn(ROWS)}

    wrong = {case: texts for case, texts in found.items() if texts}
    record_testsuite_property("cookie rows", len(found))
    record_testsuite_property("cookie disagreements", len(wrong))
    assert len(found) == len(ROWS) >= 40
    assert wrong == {}


def in_turn(rows: list[Row]) -> list[Row]:
    """By address, so that the window need not move for each."""
    return sorted(rows, key=lambda row: row.url)


@pytest.mark.parametrize("row", NEEDS_A_LIST, ids=lambda row: row.case)
def test_public_suffix(chromium: Chromium, row: Row) -> None:
    """What takes a list, Chromium has: the verdict does not know, and says so."""
    observed = chromium.judge(row)

    told = [note for note in observed.verdict.notes if "is a public suffix" in note]
    assert (len(told), observed.verdict.cookie is not None) == (1, True)
    assert [each["domain"] for each in observed.jar] == ([row.domain] if row.pair else [])
