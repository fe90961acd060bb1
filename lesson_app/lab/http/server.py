"""Serve an app in the background of this Python process, for clients in the same cell."""

from __future__ import annotations

import io
import itertools
import threading
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import requests
from flask import Flask, Response, got_request_exception, request
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as WSGIResponse

from .direct import Direct
from .hosted import Link, confine, link_to, mount
from .visitor import Visitor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ERROR_KEY = "lesson_app.error"
_ERROR_HEADER = "Lesson-Error"
_KEPT_ERRORS = 20
_AGAIN = "run the cell with serve(…) again"
_running: Server | None = None
_one_at_a_time = threading.Lock()
_tickets = itertools.count()


class ViewError(RuntimeError):
    """The app raised an exception while it handled a request; `__cause__` is that exception."""


def serve(app: Flask) -> Server:
    """Serve `app` on 127.0.0.1, and return the server; `server.url` is its URL.

    One such server runs in a process: calling this again puts the new app behind the same
    URL and returns the same server. ``with serve(app) as server:`` serves `app` for the block
    only; then the app before it is back, or the server stops if there was none.
    ``server.stop()`` stops the server for all who use it, and so does the end of the process.
    If a view raises, the client gets the traceback, with status 500.
    """
    global _running
    if not isinstance(app, Flask):
        raise TypeError(f"serve() expected a Flask app, got a {type(app).__name__}")
    with _one_at_a_time:
        if _running is None:
            _running = Server(app)
        else:
            _running._before, _running._served_others = _running._app, True
            _running.put(app)
        return _running


class Server:
    """A listener in a background thread of this process.

    `serve` makes the usual one. ``with Server(app) as other:`` runs another beside it. Shown
    as text, a server names the app that it serves now.
    """

    def __init__(self, app: Flask) -> None:
        if not isinstance(app, Flask):
            raise TypeError(f"Server() expected a Flask app, got a {type(app).__name__}")
        self._errors: dict[str, BaseException] = {}
        # The app that the last `serve` replaced, and those to put back after a block.
        self._before: Flask | None = None
        self._to_put_back: list[Flask | None] = []
        self._served_others = False
        # With port 0 the system picks a free port.
        self._listener = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent
        )
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        # A daemon thread does not keep the process from ending.
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.put(app)
        self._thread.start()

    def browser(self) -> Visitor:
        """Return a new client: a `requests.Session` with a cookie jar of its own.

        It records its exchanges; ``client.diagram()`` draws them. If a view raises, the line
        that sent the request raises `ViewError`.
        """
        client = _Visitor(self)
        client.hooks["response"].append(self._raise_error)
        return client

    def direct(self) -> Visitor:
        """Return a client like that of `browser`, several times faster: it skips the network.

        The apps meet what they meet behind the server: a new thread for each request, and
        headers as bytes. A redirect to another server goes over the network.
        """
        client = self.browser()
        client.mount(self.url, Direct(self._answer))
        return client

    def link(self, path: str = "/") -> Link:
        """Return a link to `path` for your own browser.

        If Jupyter is hosted, the link goes through jupyter-server-proxy, and the browser sends
        the app's cookies to no other path of that host. Raises ConnectionError after `stop`.
        """
        if self.stopped:
            raise ConnectionError(f"{self._why_stopped()}, for a new link")
        return link_to(self._listener.server_port, path)

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return not self._thread.is_alive()

    def put(self, app: Flask) -> None:
        """Serve `app` from the next request on."""
        got_request_exception.connect(_remember, app)
        self._app = app

    def stop(self) -> None:
        """Stop listening and free the port, whichever app is served. Twice does no harm."""
        global _running
        if _running is self:
            _running = None
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def __enter__(self) -> Server:
        self._to_put_back.append(self._before)
        self._before = None
        return self

    def __exit__(self, *exception: object) -> None:
        app = self._to_put_back.pop()
        if app is None or self.stopped:
            self.stop()
        else:
            self.put(app)

    def __repr__(self) -> str:
        return f"<Server of {self._app.name}{', stopped' if self.stopped else ''}>"

    def _why_stopped(self) -> str:
        if not self._served_others:
            return f"this server was stopped; {_AGAIN}"
        return (
            f"this server was stopped while it served {self._app.name}; each serve(…) returns "
            f"the same server, so stop() ends it for all; {_AGAIN}"
        )

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        # Otherwise Flask's log of an error would appear in the cell that runs at that time.
        environ["wsgi.errors"] = io.StringIO()
        errors: list[BaseException] = []
        environ[_ERROR_KEY] = errors
        prefix = mount(environ, self._listener.server_port)
        try:
            response: WSGIResponse = Response.from_app(self._app, environ, buffered=True)
        except Exception as error:  # noqa: BLE001  # an app that propagates, as under TESTING
            errors.append(error)
        if errors:
            response = self._explain(errors[0])
        if prefix:
            confine(response, prefix)
        return response(environ, start_response)

    def _explain(self, error: BaseException) -> WSGIResponse:
        ticket = str(next(_tickets))
        self._errors[ticket] = error
        # Only a client of `browser` fetches its error, so forget old ones.
        self._errors.pop(str(int(ticket) - _KEPT_ERRORS), None)
        text = "".join(traceback.format_exception(error))
        return Response(text, 500, {_ERROR_HEADER: ticket}, mimetype="text/plain")

    def _raise_error(self, response: requests.Response, **_: Any) -> None:
        error = self._errors.pop(response.headers.get(_ERROR_HEADER, ""), None)
        if error is not None:
            response.close()  # its body stays unread
            sent = response.request
            raise ViewError(
                f"{sent.method} {sent.path_url} raised {type(error).__name__}: {error}"
            ) from error


class _Visitor(Visitor):
    """A visitor that raises a one-line error when the server was stopped."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if self._server.stopped and (request.url or "").startswith(f"{self._server.url}/"):
            raise ConnectionError(f"{self._server._why_stopped()}, for a new visitor")
        return super().send(request, **options)


def _remember(app: Flask, exception: BaseException) -> None:
    request.environ.get(_ERROR_KEY, []).append(exception)


class _Silent(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Print nothing: the cells show the requests that matter."""
