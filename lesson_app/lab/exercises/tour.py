"""Drive an app of the learner's own over HTTP, as its visitors would."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urljoin, urlsplit

from flask import Flask

from ..http.form_browser import FormBrowser, LeftHost
from ..http.forms import Form, Page
from ..http.server import Server, ViewError
from .judging import Wrong, forgotten, short

#: The keys of an app's TOUR that are paths. "write" may be left out.
_PATHS = ("login", "private", "logout", "write")
#: What names a field for the page to which a login leads.
_NEXT = ("next", "url", "return_to")
_ELSEWHERE = ("https://evil.example/", "//evil.example/", "/\t/evil.example/")


@dataclass(frozen=True)
class Tour:
    """What an app says about itself, so that a visitor finds the way."""

    login: str
    private: str
    logout: str
    write: str
    users: tuple[tuple[str, str], tuple[str, str]]


def read_tour(app: Flask) -> Tour:
    """Return the checked ``app.config["TOUR"]``; raise `Wrong` for the first fault."""
    given = app.config.get("TOUR")
    if not isinstance(given, dict):
        raise Wrong("no-tour")
    paths = {"write": given.get("private"), **given}
    for key in _PATHS:
        path = paths.get(key)
        if not isinstance(path, str) or not path.startswith("/"):
            raise Wrong(
                message=f'TOUR["{key}"] should be a path that begins with "/", but is '
                f"{short(path)}"
            )
    if more := given.keys() - {*_PATHS, "users"}:
        raise Wrong(message=f"TOUR has a key too many: {short(min(map(str, more)))}")
    users = given.get("users")
    pairs = list(users.items()) if isinstance(users, dict) else []
    right = all(isinstance(each, str) and each for pair in pairs for each in pair)
    if not right or len(pairs) < 2 or len({password for _, password in pairs}) < len(pairs):
        raise Wrong(
            message='TOUR["users"] should be a dict of two users, such as {"ada": "…", "bob": '
            '"…"}, each with a password of their own; the check logs in with it'
        )
    login, private, logout, write = (paths[key] for key in _PATHS)
    return Tour(login, private, logout, write, (pairs[0], pairs[1]))


@contextmanager
def toured(make_app: Callable[..., Any], *args: Any) -> Iterator[Site]:
    """Serve the app that `make_app` returns, with requests from outside only."""
    app = made(make_app, *args)
    tour = read_tour(app)
    with Server(app) as server:
        yield Site(server, tour, lambda: server.put(made(make_app, *args)))


def made(make_app: Callable[..., Any], *args: Any) -> Flask:
    """Return the learner's app; a call of ``app.run()`` does not start a server."""
    with patch.object(Flask, "run", _refuse_to_run):
        app = make_app(*args)
    if not isinstance(app, Flask):
        raise Wrong(
            message=f"{getattr(make_app, '__name__', 'make_app')} should return your Flask "
            f"app, but returned {short(app)}{forgotten(app)}"
        )
    return app


def _refuse_to_run(*_: Any, **__: Any) -> None:
    raise Wrong("runs")


class Site:
    """An app that is served, and what a visitor knows about it."""

    def __init__(self, server: Server, tour: Tour, renew: Callable[[], None]) -> None:
        self.server, self.tour, self.renew = server, tour, renew
        (self.ada, self.password), (self.bob, self.other_password) = tour.users
        #: The paths at which Ada and Bob arrive; an app may have a path for each user.
        self.places = {urlsplit(tour.private).path}
        #: Ada's own browser.
        self.regular = self.browser()

    def browser(self) -> FormBrowser:
        """Return a visitor who has never been here."""
        return FormBrowser(self.server)

    def log_in(self, browser: FormBrowser, name: str, password: str, query: str = "") -> Page:
        """Fill in the form of the login page, and send it with its hidden fields."""
        page = browser.go(f"{self.tour.login}{query}")
        form = page.form("password")
        if form is None:
            raise Wrong("no-login-form")
        if form.method != "post":
            raise Wrong("by-get")
        return browser.send(page, form, form.filled(name, password))

    def logged_in(self, name: str = "") -> FormBrowser:
        """Return the browser of a visitor who has just logged in."""
        browser = self.browser()
        name = name or self.ada
        self.log_in(browser, name, dict(self.tour.users)[name])
        return browser

    def inside(self) -> FormBrowser:
        """Return Ada's own browser, logged in: another logout of hers may have ended that."""
        if self.closed(self.regular):
            self.regular = self.logged_in()
        return self.regular

    def write_form(self, browser: FormBrowser) -> tuple[Page, Form]:
        """Return the page and its form into which a visitor writes."""
        page = browser.go(self.tour.write)
        form = page.form("text", "textarea", "search", method="post")
        if form is None or form.has("password"):
            raise Wrong("no-write-form")
        return page, form

    def write(self, browser: FormBrowser, text: str = "") -> str:
        """Write a text into the form, and return it; by default a random one."""
        text = text or new_mark()
        page, form = self.write_form(browser)
        self.must_arrive("a visitor wrote", browser.send(page, form, form.filled(text)))
        return text

    def must_arrive(self, what: str, page: Page) -> None:
        """Raise `Wrong` if a visitor's action ends on a page of an error."""
        if page.last.status_code >= 400:
            raise Wrong(
                message=f"after {what}, your app leads to {page.path}, which answers "
                f"{page.last.status_code}"
            )

    def reads(self, browser: FormBrowser, text: str) -> bool:
        """Return whether the private page shows a text to a visitor."""
        return text in browser.go(self.tour.private).last.text.lower()

    def closed(self, browser: FormBrowser, path: str = "") -> bool:
        """Return whether the private page, or a `path` of it, stays closed."""
        page = browser.go(path or self.tour.private)
        status = page.last.status_code
        if status >= 500:
            raise ViewError(f"GET {page.path} answers {status}")
        return (
            status >= 400 or page.form("password") is not None or page.path not in self.places
        )

    def log_out(self, browser: FormBrowser) -> Page:
        """Press the button for the logout; without a button, post to its path."""
        for path in (self.tour.private, self.tour.logout):
            page = browser.go(path)
            for form in page.parsed.forms:
                where = urlsplit(urljoin(page.last.url, form.action)).path
                if where == urlsplit(self.tour.logout).path and form.method == "post":
                    return browser.send(page, form, form.filled(""))
        return browser.post(self.tour.logout, {})

    def lures(self) -> Iterator[str]:
        """Yield a query that asks the login to lead to another host, for each way."""
        for target in _ELSEWHERE:
            quoted = quote(target, safe="")
            yield "?" + "&".join(f"{name}={quoted}" for name in _NEXT)


def new_mark() -> str:
    """Return a text that no page has by chance."""
    return f"x{secrets.token_hex(5)}"


__all__ = ["LeftHost", "Site", "Tour", "made", "new_mark", "read_tour", "toured"]
