"""Judge a load balancer and a thief: servers that answer at once, and what they were asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

import requests
from flask import Flask, Request, Response
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict

from ..http.server import Server
from ..http.shop import make_shop
from ..http.visitor import Visitor
from .judging import Wrong, expect, forgotten, outcome, short

_MOST_REQUESTS = 40
_SECRET = secrets.token_urlsafe(32)


class _Enough(BaseException):
    """End a loop that goes on although servers answer."""


class _Pool(BaseAdapter):
    """Some servers: each of their URLs answers, or is dead. Nothing goes over the network."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.urls = [f"http://server-{number}.example" for number in range(1, count + 1)]
        self.dead = set[str]()
        self.status: dict[str, int] = {}
        self.asked = list[str]()
        self.browser = Visitor()
        self.browser.mount("http://", self)

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        """Answer, or raise as requests does if nobody listens."""
        self.asked.append(request.url)
        if len(self.asked) > 2 * _MOST_REQUESTS:
            raise _Enough
        server = next((each for each in self.urls if request.url.startswith(f"{each}/")), "")
        # After too many requests each server answers, so that a loop ends.
        if (not server or server in self.dead) and len(self.asked) < _MOST_REQUESTS:
            raise requests.ConnectionError(f"{request.url} does not answer", request=request)
        answer = requests.Response()
        answer.request, answer.url = request, request.url
        answer.status_code = self.status.get(server, 200)
        answer._content = f"the answer of {request.url}".encode()
        # The record of a visitor reads the raw headers.
        answer.raw = _Raw()
        return answer

    def close(self) -> None:
        """Close nothing."""


class _Raw:
    headers = HTTPHeaderDict()

    def close(self) -> None:
        """Close nothing."""


def judge_ask(ask: Callable[..., Any]) -> None:
    """Check that each server is asked in turn, and that a dead one is dropped."""
    _judge_turns(ask)
    _judge_dead(ask)
    _judge_errors(ask)
    _judge_new(ask)
    _judge_none(ask)


def _asked(ask: Callable[..., Any], pool: _Pool, urls: list[str], path: str) -> str:
    """Call `ask`, and return the number of the server whose answer it returned."""
    before = len(pool.asked)
    answer = _outcome(ask, pool, urls, path)
    here = pool.asked[before:]
    if not here and (not urls or isinstance(answer, requests.RequestException)):
        raise Wrong("own-browser")
    if len(pool.asked) >= _MOST_REQUESTS:
        raise Wrong("endless")
    if isinstance(answer, requests.ConnectionError):
        raise Wrong("escapes")
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, str):
        raise Wrong("text")
    if not isinstance(answer, requests.Response):
        raise Wrong(
            message="ask should return the Response of a server, but returned "
            f"{short(answer)}{forgotten(answer)}"
        )
    living = [each for each in here if not each.startswith(tuple(pool.dead) or "-")]
    if len(living) > 1:
        raise Wrong("twice")
    if not answer.url.endswith(f".example{path}"):
        raise Wrong(message=f"ask must request url + path, such as {path}, got {answer.url}")
    return answer.url.partition("server-")[2].partition(".")[0]


def _outcome(ask: Callable[..., Any], pool: _Pool, urls: list[str], path: str) -> Any:
    try:
        return outcome(ask, pool.browser, urls, path)
    except _Enough:
        raise Wrong("goes-on") from None


def _judge_turns(ask: Callable[..., Any]) -> None:
    one, other = _Pool(3), _Pool(2)
    mine, theirs = list(one.urls), list(other.urls)
    order = ""
    for path in ("/login/ann", "/", "/hello", "/basket/tea"):
        order += _asked(ask, one, mine, path)
        if sorted(mine) != one.urls:
            raise Wrong("loses-servers")
        _asked(ask, other, theirs, path)
    if order[0] * 4 == order:
        raise Wrong("same-server")
    if order != "1231" or theirs != other.urls:
        raise Wrong("other-order")


def _judge_dead(ask: Callable[..., Any]) -> None:
    for count, dead in ((3, "1"), (4, "12"), (4, "24"), (3, "23"), (5, "235")):
        pool = _Pool(count)
        urls = list(pool.urls)
        pool.dead = {pool.urls[int(number) - 1] for number in dead}
        left = [str(number) for number in range(1, count + 1) if str(number) not in dead]
        order = [_asked(ask, pool, urls, "/") for _ in range(2 * len(left))]
        if pool.dead & set(urls) and len(pool.asked) > len(order) + len(dead):
            raise Wrong("dead-stays")
        if order != left * 2:
            raise Wrong("skips")
        if len(pool.asked) > len(order) + len(dead):
            raise Wrong("asks-again")
        if pool.dead & set(urls):
            raise Wrong("dead-stays")


def _judge_errors(ask: Callable[..., Any]) -> None:
    pool = _Pool(3)
    urls = list(pool.urls)
    pool.status = {pool.urls[0]: 404, pool.urls[1]: 500}
    order = []
    for _ in range(4):
        found = _outcome(ask, pool, urls, "/nowhere")
        if isinstance(found, requests.HTTPError):
            raise Wrong("status")
        order.append(getattr(found, "status_code", None))
    if order != [404, 500, 200, 404] or len(pool.asked) != 4:
        raise Wrong("status")


def _judge_new(ask: Callable[..., Any]) -> None:
    pool = _Pool(3)
    urls = pool.urls[:2]
    order = _asked(ask, pool, urls, "/")
    urls.append(pool.urls[2])
    order += "".join(_asked(ask, pool, urls, "/") for _ in range(3))
    # The first was put back before the new one came: 2, 1, 3.
    if order != "1213":
        raise Wrong("new-unseen")


def _judge_none(ask: Callable[..., Any]) -> None:
    pool = _Pool(2)
    urls, pool.dead = list(pool.urls), set(pool.urls)
    found = _outcome(ask, pool, urls, "/")
    if len(pool.asked) >= _MOST_REQUESTS:
        raise Wrong("endless")
    if not isinstance(found, Exception):
        raise Wrong("silent")


def ask_ours(browser: requests.Session, urls: list[str], path: str) -> requests.Response:
    """Request a page from the next server that runs."""
    while urls:
        url = urls.pop(0)
        try:
            answer = browser.get(f"{url}{path}")
        except requests.ConnectionError:
            continue
        urls.append(url)
        return answer
    raise LookupError("no server answers")


class _Seen(NamedTuple):
    """A request: its server, its path and cookie, the cookie that it set, and its answer."""

    server: int
    method: str
    path: str
    cookie: str
    given: str
    text: str


class _Site:
    """Some servers of the shop, in this process, and a list of what they were asked."""

    def __init__(self, stack: ExitStack, count: int) -> None:
        self.seen = list[_Seen]()
        apps = [self._watched(number) for number in range(count)]
        self.urls = [stack.enter_context(Server(app)).url for app in apps]

    def _watched(self, number: int) -> Flask:
        app = make_shop(f"server {number + 1}", secret=_SECRET)
        inner = app.wsgi_app

        def watched(environ: Any, start_response: Any) -> Any:
            asked = Request(environ)
            # The session sets its cookie after all functions of `after_request`.
            answer = Response.from_app(inner, environ, buffered=True)
            line = answer.headers.get("Set-Cookie", "")
            given = line.partition(";")[0].removeprefix("session=")
            cookie = asked.cookies.get("session", "")
            text = answer.get_data(True)
            self.seen.append(_Seen(number, asked.method, asked.path, cookie, given, text))
            return answer(environ, start_response)

        app.wsgi_app = watched  # type: ignore[method-assign]
        return app


def judge_replay(replay: Callable[..., Any]) -> None:
    """Check that a copy from before a page opens at every server after it."""
    for count, act, then in (
        (3, "/basket/salt", "/basket"), (4, "/voucher", "/voucher"), (2, "/logout", "/hello"),
    ):  # fmt: skip
        with ExitStack() as stack:
            site = _Site(stack, count)
            call = f"replay(urls, {act!r}, {then!r})"
            texts = replay(list(site.urls), act, then)
            _judge_requests(site, call, act, then, texts)


def _judge_requests(site: _Site, call: str, act: str, then: str, texts: Any) -> None:
    logins = [each for each in site.seen if each.path == "/login/ann"]
    if len(logins) != 1:
        raise Wrong(
            message=f"{call} should request /login/ann once, but did so {len(logins)} times"
        )
    rest = site.seen[site.seen.index(logins[0]) + 1 :]
    extra = [each.path for each in rest if each.path not in (act, then)]
    if extra:
        raise Wrong(message=f"{call} should not request {extra[0]}")
    if other := next((each.method for each in site.seen if each.method != "GET"), ""):
        raise Wrong(message=f"{call} should send GET requests only, but sent a {other}")
    first = next((place for place, each in enumerate(rest) if each.path == act), None)
    if first is None:
        raise Wrong("no-act")
    if first:
        raise Wrong("too-early")
    stolen = logins[0].given
    if rest[0].cookie != stolen:
        raise Wrong("acts-without-cookie")
    tries = rest[1:]
    if any(each.path != then for each in tries):
        raise Wrong(message=f"{call} should request {act} once, with Ann's cookie")
    if any(not each.cookie for each in tries):
        raise Wrong("no-copy")
    if tries and tries[0].cookie != stolen:
        raise Wrong("copied-late")
    if any(each.cookie != stolen for each in tries):
        raise Wrong("copy-moves-on")
    if [each.server for each in tries] != list(range(len(site.urls))):
        raise Wrong("not-everywhere")
    found = list(texts) if isinstance(texts, tuple) else texts
    expect(call, found, [each.text for each in tries])


def replay_ours(urls: list[str], act: str, then: str) -> list[str]:
    """Return what a copy of a cookie reads after its visitor has requested `act`."""
    ann = Visitor()
    ann.get(f"{urls[0]}/login/ann")
    copy = ann.cookies.get_dict()
    ann.get(urls[0] + act)
    return [Visitor().get(url + then, cookies=copy).text for url in urls]
