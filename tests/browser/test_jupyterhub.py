"""Two users of a JupyterHub follow the links of their notebooks to the apps they wrote."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import product
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.hub import Hub, jupyterhub, run_notebook

pytestmark = pytest.mark.proof

_URL_FOR = {
    'redirect("/dashboard"': 'redirect(url_for("dashboard")',
    'redirect("/login"': 'redirect(url_for("login")',
    'action="/login"': "action=\"{{ url_for('login') }}\"",
    'action="/logout"': "action=\"{{ url_for('logout') }}\"",
}


def with_url_for(source: str) -> str:
    """Replace the paths that notebook 05 writes by `url_for`, as some learners do."""
    if "ensure_login" in source:  # notebook 06 has no such endpoint
        return source
    for path, call in _URL_FOR.items():
        source = source.replace(path, call)
    return source


#: Ada writes plain paths. An @ in a user's name is one in the path of their pages.
USERS: dict[str, Callable[[str], str]] = {"ada@example.edu": str, "bob": with_url_for}
ROUTES, GUARD, OWN = "05_write_the_routes", "06_guard_the_door", "09_your_own_app"
RIGHT = ("sampleuser", "samplepassword")


@pytest.fixture(scope="module")
def hub(browser: Browser) -> Iterator[Hub]:
    """JupyterHub, which starts only if there is a browser."""
    with jupyterhub() as hub:
        yield hub


@pytest.fixture(scope="module")
def desks(hub: Hub, browser: Browser) -> dict[str, Page]:
    """A JupyterLab page for each user; both have solved the same notebooks."""
    for user, change in USERS.items():
        for name in (ROUTES, GUARD, OWN):
            hub.give(user, name, change)
    return {user: hub.log_in(browser, user) for user in USERS}


class Visit:
    """A tab that has followed a notebook's last link, and what it has visited since."""

    def __init__(self, notebook: Locator) -> None:
        with notebook.page.expect_popup() as popup:
            notebook.locator("a[href*='/proxy/absolute/']").last.click()
        self.page = popup.value
        self.page.get_by_role("button", name="Log In").wait_for()
        self.link = self.page.url
        self.root = self.link.removesuffix("/login")
        self.visited: list[str] = []
        self.page.on("request", lambda request: self.visited.append(request.url))

    def log_in(self, name: str, password: str) -> None:
        """Send the login form."""
        self.page.locator("input:not([type=password])").first.fill(name)
        self.page.locator("[type=password]").fill(password)
        self.page.get_by_role("button", name="Log In").click()

    def log_out(self) -> None:
        """Press the app's logout, a link or a button; wait for the form."""
        self.page.get_by_text(re.compile("^log ?out$", re.IGNORECASE)).click()
        self.page.get_by_role("button", name="Log In").wait_for()
        assert self.page.url == self.link

    def paths(self) -> set[str]:
        """Return the visited paths of the app; fail if it led out of its own path."""
        assert [url for url in self.visited if not url.startswith(f"{self.root}/")] == []
        [path] = {
            cookie.get("path")
            for cookie in self.page.context.cookies(self.link)
            if cookie.get("name") == "session"
        }
        assert path == f"{urlsplit(self.root).path}/"
        return {url.removeprefix(self.root) for url in self.visited}


def visits(desks: dict[str, Page], name: str, *exercises: str) -> list[Visit]:
    """Run a notebook for both users, whose answers must pass, and follow both links."""
    notebooks = [run_notebook(desk, name) for desk in desks.values()]
    for notebook, asked in product(notebooks, exercises):
        expect(notebook).to_contain_text(f"{asked} passed: the notebook uses your")
    return [Visit(notebook) for notebook in notebooks]


def still_in(hub: Hub, desks: dict[str, Page]) -> bool:
    """Return whether the hub still knows both users."""
    answers = [desk.context.request.get(f"{hub.url}/hub/home") for desk in desks.values()]
    return all(each.url == f"{hub.url}/hub/home" and each.ok for each in answers)


def test_own_routes(hub: Hub, desks: dict[str, Page]) -> None:
    """The forms, redirects and logout that each user wrote in notebook 05 stay in their app."""
    both = visits(desks, ROUTES, "E5.4", "E5.6")

    for visit in both:
        visit.log_in("sampleuser", "guess")
        visit.page.get_by_text("invalid login").wait_for()
    for visit in both:
        visit.log_in(*RIGHT)
        visit.page.get_by_role("heading", name="Hello sampleuser").wait_for()
        assert visit.page.url == f"{visit.root}/dashboard"
    both[0].log_out()
    both[1].page.reload()
    expect(both[1].page.get_by_role("heading")).to_have_text("Hello sampleuser")
    both[1].log_out()

    assert [visit.paths() for visit in both] == [{"/login", "/dashboard", "/logout"}] * 2
    assert still_in(hub, desks)


def test_own_guard(hub: Hub, desks: dict[str, Page]) -> None:
    """Each user's guard of notebook 06 sends a stranger to the login of the same app."""
    both = visits(desks, GUARD, "E6.2")

    for visit in both:
        visit.page.goto(f"{visit.root}/dashboard")
        assert visit.page.url == visit.link
        visit.log_in(*RIGHT)
        visit.page.get_by_role("heading", name="Hello sampleuser").wait_for()
    for visit in both:
        visit.log_out()

    app = {"/login", "/dashboard", "/logout", "/static/style.css"}
    assert [visit.paths() for visit in both] == [app] * 2
    assert still_in(hub, desks)


def test_own_app(hub: Hub, desks: dict[str, Page]) -> None:
    """The app of notebook 09 keeps a note for its user, and shows it to nobody else."""
    both = visits(desks, OWN, "E9.2")

    for user, visit in zip(desks, both, strict=True):
        outputs = desks[user].locator(".jp-OutputArea-output")
        users = ast.literal_eval(outputs.filter(has_text="{'ada': ").inner_text().strip())
        visit.log_in("ada", users["ada"])
        visit.page.locator("[name=text]").fill(f"a note of {user}")
        visit.page.get_by_role("button", name="Add").click()
    for user, visit in zip(desks, both, strict=True):
        expect(visit.page.locator("p")).to_have_text(f"a note of {user}")
        visit.log_out()

    assert [visit.paths() for visit in both] == [{"/login", "/notes", "/logout"}] * 2
    assert still_in(hub, desks)


def test_link_of_another_user(hub: Hub, desks: dict[str, Page], browser: Browser) -> None:
    """The hub refuses another user, and asks a stranger to log in.

    But if all users share one machine, one user's proxy also reaches another's port.
    """
    ada, bob = desks
    link = Visit(run_notebook(desks[ada], GUARD)).link
    page, stranger = desks[bob].context.new_page(), browser.new_context().new_page()

    answer = page.goto(link)
    stranger.goto(link)
    around = page.context.request.get(link.replace(f"/user/{ada}/", f"/user/{bob}/"))

    assert answer is not None
    assert answer.status == 403
    assert page.get_by_role("button", name="Log In").count() == 0
    assert stranger.url.startswith(f"{hub.url}/hub/login?")
    assert "samplepassword" not in around.text()
    assert "<h1>Log In</h1>" in around.text()
