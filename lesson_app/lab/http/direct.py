"""Hand requests to an app in this process without the network, which is much slower."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class Direct(HTTPAdapter):
    """Sends the requests of a `requests.Session` to a WSGI app, each in a thread of its own.

    So an app meets what it meets behind a server: it cannot share a connection to a database,
    or Flask's contexts, with the code that asks. Headers and bodies pass as bytes.
    """

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the app's response. A request that is a stream goes over the network."""
        body, answers = request.body or b"", list[bytes]()
        if not isinstance(body, str | bytes) or isinstance(timeout, tuple):
            return super().send(request, stream, timeout, verify, cert, proxies)
        environ = _environ(request, body.encode() if isinstance(body, str) else body)

        def answer() -> None:
            with suppress(BaseException):  # as a server does, which then closes the connection
                answers.append(_wire(self._app, environ))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        thread.join(timeout)
        if thread.is_alive():
            raise requests.ReadTimeout(f"no response within {timeout} s", request=request)
        if not answers:
            raise requests.ConnectionError("the server sent no response", request=request)
        return self.build_response(request, _read(answers[0], request.method or "GET"))


def _environ(request: requests.PreparedRequest, body: bytes) -> WSGIEnvironment:
    url, path = urlsplit(request.url or ""), request.path_url
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": _latin(unquote(path.partition("?")[0])),
        "QUERY_STRING": _latin(url.query),
        "REQUEST_URI": _latin(path),
        "RAW_URI": _latin(path),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    headers: Mapping[str, Any] = request.headers  # the values may be bytes
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        text.encode("latin-1")  # what HTTP cannot carry is an error, as in http.client
        key = name.upper().replace("-", "_")
        plain = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        environ[key if plain else f"HTTP_{key}"] = text
    return environ


def _latin(text: str) -> str:
    """Return a text as WSGI passes it: one character for each byte."""
    return text.encode().decode("latin-1")


def _wire(app: WSGIApplication, environ: WSGIEnvironment) -> bytes:
    """Return an app's response as the bytes that a server sends."""
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    head = "".join(f"{line}\r\n" for line in [*lines, "Connection: close", ""])
    return head.encode("latin-1") + b"".join(body)


class _Bytes:
    """What `HTTPResponse` reads instead of a socket."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def makefile(self, _: str) -> io.BytesIO:
        return self._file


def _read(data: bytes, method: str) -> urllib3.HTTPResponse:
    raw = HTTPResponse(cast("socket.socket", _Bytes(data)), method=method)
    raw.begin()
    return urllib3.HTTPResponse(
        body=raw,
        headers=urllib3.HTTPHeaderDict(raw.msg.items()),
        status=raw.status,
        reason=raw.reason,
        preload_content=False,
        original_response=raw,
        request_method=method,
    )
