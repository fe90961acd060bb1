"""Send an app of the learner's own the requests of its visitors, and read what they see."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import urljoin, urlsplit

from flask import Flask
from jinja2 import Environment

from ..http.form_browser import FormBrowser, LeftHost
from ..http.forms import Form, Page
from ..http.location import leaves
from ..http.server import Server, ViewError
from .judging import Wrong, forgotten, short

#: The keys of an app's TOUR that are paths. "write" may be left out.
_PATHS = ("login", "private", "logout", "write")
#: The pages that a visit follows by links, so that a check ends.
_MOST_PAGES = 30
#: A path in a script, such as in fetch("/all").
_IN_SCRIPT = re.compile(r"""["'](/[\w./-]*)["']""")


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
    # `render_template_string` compiles its template for each page: most of the time of a check.
    remembers = patch.object(Environment, "compile", cache(Environment.compile))
    with remembers, Server(app) as server:
        yield Site(server, tour, app, lambda: made(make_app, *args))


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

    def __init__(
        self, server: Server, tour: Tour, app: Flask, make: Callable[[], Flask]
    ) -> None:
        self.server, self.tour, self.app, self._make = server, tour, app, make
        #: The paths at which Ada and Bob arrive; an app may have a path for each user.
        self.places = {urlsplit(tour.private).path}
        #: The pages that `find_pages` found.
        self.pages = [*dict.fromkeys((tour.private, tour.write, "/", tour.login))]
        #: Ada's own browser.
        self.regular = self.browser()

    @property
    def ada(self) -> str:
        """Return the name of the first user."""
        return self.tour.users[0][0]

    @property
    def password(self) -> str:
        """Return Ada's password."""
        return self.tour.users[0][1]

    @property
    def bob(self) -> str:
        """Return the name of the second user."""
        return self.tour.users[1][0]

    @property
    def other_password(self) -> str:
        """Return Bob's password."""
        return self.tour.users[1][1]

    def browser(self) -> FormBrowser:
        """Return a visitor who has never been here."""
        return FormBrowser(self.server)

    def renew(self) -> None:
        """Serve a new app from now on: it has no data, and no counter of wrong logins."""
        self.app, self.regular = self._make(), self.browser()
        self.tour = read_tour(self.app)  # an app may make up passwords
        self.server.put(self.app)

    def log_in(
        self,
        browser: FormBrowser,
        name: str,
        password: str | None,
        query: str = "",
        **headers: str,
    ) -> Page:
        """Fill in the form of the login page, and send it with its hidden fields.

        `query` and `headers` are those of the request for the page. If the password is None,
        its field is left out.
        """
        page = browser.go(f"{self.tour.login}{query}", **headers)
        if page.last.status_code >= 400:
            raise Wrong(
                message=f"GET {self.tour.login} should show the login form, but answers "
                f"{page.last.status_code}"
            )
        form = page.form("password")
        if form is None:
            raise Wrong("no-login-form")
        if form.method != "post":
            raise Wrong("by-get")
        filled = form.filled(name, password or "")
        if password is None:
            filled = {key: filled[key] for key in filled if key not in form.names("password")}
        return browser.send(page, form, filled)

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
        self.sent(browser, text)
        return text

    def sent(self, browser: FormBrowser, text: str) -> Page:
        """Write a text into the form, and return what the app answers."""
        page, form = self.write_form(browser)
        answer = browser.send(page, form, form.filled(text))
        self.must_arrive("a visitor wrote", answer)
        return answer

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

    def find_pages(self, browser: FormBrowser) -> list[Page]:
        """Note the pages to which the private pages lead a visitor, and return all of them."""
        found = []
        for path in self.pages:  # which grows
            try:
                page = browser.go(path)
            except LeftHost:  # a page that sends its visitors to another site
                continue
            found.append(page)
            self._note_page(page.last.url)
            links = [*page.parsed.links, *_IN_SCRIPT.findall(" ".join(page.parsed.scripts))]
            for link in links:
                if len(self.pages) < _MOST_PAGES and not leaves(link, page.last.url):
                    self._note_page(urljoin(page.last.url, link))
        return found

    def _note_page(self, url: str) -> None:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}".rstrip("?")
        if parts.path != urlsplit(self.tour.logout).path and path not in self.pages:
            self.pages.append(path)

    def sees(self, browser: FormBrowser, text: str) -> bool:
        """Return whether any page, or the redirect to it, has a text for a visitor."""
        return bool(first_with(self.visit(browser), text))

    def forms(self, pages: Iterable[Page]) -> list[tuple[Page, Form]]:
        """Return all forms of pages, except those of the login and the logout."""
        last = (urlsplit(self.tour.logout).path, urlsplit(self.tour.login).path)
        return [
            (page, form)
            for page in pages
            for form in page.parsed.forms
            if not form.has("password") and urlsplit(page.target(form)).path not in last
        ]

    def visit(self, browser: FormBrowser) -> Iterator[Page]:
        """Get all pages that are known."""
        for path in self.pages:
            with suppress(LeftHost):
                yield browser.go(path)

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
        """Press the buttons for the logout; without a button, post to its path."""
        answer = None
        for path in (self.tour.private, self.tour.logout):
            page = browser.go(path)
            for form in page.parsed.forms:
                where = urlsplit(page.target(form)).path
                if where == urlsplit(self.tour.logout).path and form.method == "post":
                    answer = browser.send(page, form, form.filled(""))
                    if self.closed(browser):
                        return answer
        return answer or browser.post(self.tour.logout, {})


def shows(page: Page, text: str) -> bool:
    """Return whether a page, or a redirect that led to it, has a text."""
    return any(text in each.text.lower() for each in page.hops)


def first_with(pages: Iterable[Page], text: str) -> str:
    """Return the path of the first page, or redirect to it, that has a text; or ""."""
    hops = (hop for page in pages for hop in page.hops)
    return next((urlsplit(hop.url).path for hop in hops if text in hop.text.lower()), "")


def new_mark() -> str:
    """Return a text that no page has by chance."""
    return f"x{secrets.token_hex(5)}"


__all__ = [
    "LeftHost", "Site", "Tour", "first_with", "made", "new_mark", "read_tour", "shows",
    "toured",
]  # fmt: skip
