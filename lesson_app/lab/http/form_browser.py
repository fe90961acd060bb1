"""A browser that sends the forms of any app, and follows redirects on the app's host."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from .forms import Form, Page
from .jar import browser_keeps
from .location import leaves
from .record import pair_of
from .server import Server

_PATIENCE = 20  # seconds
_MOST_HOPS = 6
_REDIRECTS = (301, 302, 303, 307, 308)


class LeftHost(Exception):  # noqa: N818
    """An app sent the browser to another host."""


class FormBrowser:
    """A browser with a cookie jar of its own; it keeps ``Secure`` cookies of this machine."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = server.direct()
        self.cookies: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        #: All Set-Cookie lines so far, and why the browser dropped a cookie.
        self.lines: list[str] = []
        self.dropped = ""

    def copy(self) -> FormBrowser:
        """Return another browser with a copy of the cookies."""
        other = FormBrowser(self._server)
        other.cookies, other._paths = dict(self.cookies), dict(self._paths)
        return other

    def set_cookie(self, name: str, value: str) -> None:
        """Keep a cookie of one's own making, for all paths."""
        self.cookies[name], self._paths[name] = value, "/"

    def go(self, path: str, **headers: str) -> Page:
        """Get a page, after its redirects. The first request has the `headers`, too."""
        return self._follow("GET", urljoin(f"{self._server.url}/", path), None, headers)

    def post(self, path: str, data: Mapping[str, str], method: str = "POST") -> Page:
        """Send data as a form does."""
        return self._follow(method, urljoin(f"{self._server.url}/", path), data)

    def send(self, page: Page, form: Form, data: Mapping[str, str]) -> Page:
        """Send a form of a page."""
        return self._follow(form.method.upper(), page.target(form), data)

    def _follow(
        self,
        method: str,
        url: str,
        data: Mapping[str, str] | None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Page:
        hops: list[requests.Response] = []
        for _ in range(_MOST_HOPS):
            if urlsplit(url)[:2] != urlsplit(self._server.url)[:2]:
                raise LeftHost(url)
            answer = self._ask(method, url, data, headers if not hops else {})
            hops.append(answer)
            location = answer.headers.get("Location")
            if answer.status_code not in _REDIRECTS or location is None:
                return Page(tuple(hops))
            if leaves(location, url):
                raise LeftHost(location)
            url = urljoin(url, location.replace("\t", "").strip())
            if answer.status_code not in (307, 308):
                method, data = "GET", None
        raise requests.TooManyRedirects(f"{hops[0].request.path_url} redirects without end")

    def _ask(
        self, method: str, url: str, data: Any, headers: Mapping[str, str]
    ) -> requests.Response:
        path = urlsplit(url).path or "/"
        sent = [
            f"{name}={value}"
            for name, value in self.cookies.items()
            if _covers(self._paths[name], path)
        ]
        asked = {"params" if method == "GET" else "data": data}
        cookie = {"Cookie": "; ".join(sent)} if sent else {}
        if method != "GET":  # a browser says from which site a form comes
            cookie["Origin"] = self._server.url
        answer = self._client.request(
            method, url, headers={**headers, **cookie},
            allow_redirects=False, timeout=_PATIENCE, **asked,
        )  # fmt: skip
        self._client.cookies.clear()
        for line in answer.raw.headers.getlist("Set-Cookie"):
            self._keep(line, url)
        return answer

    def _keep(self, line: str, url: str) -> None:
        name, value = pair_of(line)
        verdict = browser_keeps(line, url)
        self.lines.append(line)
        if not verdict.kept:
            if "expired" in verdict.rule:
                self.cookies.pop(name, None)
            else:
                self.dropped = verdict.rule
            return
        self.cookies[name] = value
        given = dict(pair_of(each) for each in line.split(";")[1:])
        paths = {key.lower(): path for key, path in given.items()}
        self._paths[name] = paths.get("path") or "/"


def _covers(cookie_path: str, path: str) -> bool:
    return path == cookie_path or path.startswith(f"{cookie_path.rstrip('/')}/")
