"""The lesson's app in Chromium, on the notebooks' server and on servers for production."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Dialog, Page
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from lesson_app import create_app
from lesson_app.lab import Clock, Server
from tests.browser.jupyterlab import chromium
from tests.conftest import PATIENCE, listens, wait_until
from tests.deployment.cluster import free_port
from tests.plugin import need, some_of

#: The app with a clock in a file, which starts in 2100. The browser, which uses the computer's
#: clock, therefore keeps the cookies, and the app must refuse them.
PROGRAM = """
import os
from pathlib import Path

from lesson_app import create_app

app = create_app(clock=lambda: float(Path(os.environ["LESSON_CLOCK"]).read_text()))
"""
ENGINES = {
    "waitress": ("waitress-serve", "--listen=127.0.0.1:{port}", "served:app"),
    "gunicorn": (
        "gunicorn",
        "--bind=127.0.0.1:{port}",
        "--workers=1",
        "--threads=4",
        "served:app",
    ),
}
SCRIPT = (
    "<script>window.ran = true; alert(document.cookie)</script><img src=x onerror=alert(1)>"
)


class Site(NamedTuple):
    """A running app, and a function that advances its clock by seconds."""

    url: str
    advance: Callable[[float], None]


@contextmanager
def in_this_process() -> Iterator[Site]:
    clock = Clock()
    with Server(create_app(clock=clock)) as server:
        yield Site(server.url, lambda seconds: clock.advance(timedelta(seconds=seconds)))


@contextmanager
def behind(engine: str, folder: Path) -> Iterator[Site]:
    """Run the app in its own process, on a free port."""
    program, *options = ENGINES[engine]
    beside_python = shutil.which(program, path=str(Path(sys.executable).parent))
    (folder / "served.py").write_text(PROGRAM)
    file, clock = folder / "clock", Clock()
    file.write_text(str(clock()))

    def advance(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))
        (folder / "next").write_text(str(clock()))
        (folder / "next").replace(file)  # atomic, so the app never reads half a file

    port = free_port()
    command = [beside_python or need(program)]
    command += [option.format(port=port) for option in options]
    with (folder / "log").open("w") as log, subprocess.Popen(
        command, cwd=folder, env={**os.environ, "LESSON_CLOCK": str(file), "PYTHONPATH": "."},
        stdout=log, stderr=log,
    ) as process:  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: process.poll() is not None or listens(url))
            assert process.poll() is None, (folder / "log").read_text()
            yield Site(url, advance)
        finally:
            process.terminate()  # SIGTERM, because gunicorn must end its workers
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module", params=some_of(["Server", *ENGINES], "Server"))
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    engine = request.param
    with (
        in_this_process()
        if engine == "Server"
        else behind(engine, tmp_path_factory.mktemp(engine))
    ) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Like a visitor's browser: it keeps pages in memory for the Back button.
    with chromium(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A new visitor's window."""
    with browser.new_context(base_url=site.url) as context:
        yield context.new_page()


def fill_in(page: Page, password: str, path: str = "/login") -> None:
    page.goto(path)
    page.get_by_label("User Name").fill("sampleuser")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log In").click()


def log_in(page: Page, path: str = "/login") -> None:
    fill_in(page, "samplepassword", path)
    page.wait_for_url("**/dashboard")


def is_in(page: Page) -> bool:
    """Return whether the dashboard opens instead of the login form."""
    page.goto("/dashboard")
    place = page.url.rpartition("/")[2]
    assert place in ("dashboard", "login")
    return place == "dashboard"


def test_wrong_password(page: Page) -> None:
    """A wrong password shows an error and an empty form, and sets no cookie."""
    fill_in(page, "Samplepassword")
    page.get_by_text("invalid login").wait_for()

    assert page.url.endswith("/login")
    assert page.get_by_label("User Name").input_value() == ""
    assert page.get_by_label("Password").get_attribute("type") == "password"
    assert page.context.cookies() == []
    assert not is_in(page)


def test_right_password(page: Page) -> None:
    """The right password opens the dashboard with the user's data, also after a reload."""
    log_in(page)

    for _ in range(2):
        shown = page.locator("body").inner_text()
        assert "Hello sampleuser" in shown
        assert "email: sampleuser@example.com" in shown
        page.reload()
    assert page.url.endswith("/dashboard")


def test_cookie_is_out_of_reach_of_scripts(page: Page) -> None:
    """The browser has one HttpOnly cookie for /, and scripts can't read or replace it."""
    log_in(page)

    [cookie] = page.context.cookies()
    kept = [cookie.get(name) for name in ("name", "httpOnly", "path", "domain")]
    assert kept == ["session", True, "/", "127.0.0.1"]
    assert page.evaluate("document.cookie") == ""
    page.evaluate("document.cookie = 'session=mine; path=/'")
    assert [cookie.get("value")] == [each.get("value") for each in page.context.cookies()]


def test_two_minutes_without_a_click(page: Page, site: Site) -> None:
    """The browser still has the cookie, but the app refuses it and shows the form."""
    log_in(page)
    site.advance(121)

    assert not is_in(page)
    assert [cookie.get("name") for cookie in page.context.cookies()] == ["session"]


def test_a_click_in_the_last_minute(page: Page, site: Site) -> None:
    """A click with half a minute left extends the session by exactly one minute."""
    log_in(page)
    site.advance(90)
    assert is_in(page)
    site.advance(85)
    assert is_in(page)
    site.advance(66)

    assert not is_in(page)


def test_log_out(page: Page) -> None:
    """The logout link leads to the form, and the dashboard is closed."""
    log_in(page)
    page.get_by_role("link", name="Logout").click()
    page.wait_for_url("**/login")

    assert not is_in(page)


def test_log_out_with_a_form(page: Page) -> None:
    """A form that posts to /logout on the app's own page leads to the login form."""
    log_in(page)
    with page.expect_navigation():
        page.evaluate(
            """() => {
                const form = document.createElement("form");
                Object.assign(form, {method: "post", action: "/logout"});
                document.body.append(form);
                form.submit();
            }"""
        )

    assert page.url.endswith("/login")
    assert not is_in(page)


def test_log_out_with_a_typed_url(page: Page) -> None:
    """A visitor who types the URL of the logout is logged out."""
    log_in(page)
    page.goto("/logout")

    assert page.url.endswith("/login")
    assert not is_in(page)


#: A page of another site: two forms and a link, which a script sends at once.
ELSEWHERE = """
<form method="post" action="{url}/login">
  <input name="userName" value="sampleuser"><input name="password" value="samplepassword">
</form>
<form method="post" action="{url}/logout"></form>
<a href="{url}/logout">Win a prize</a>
"""


@pytest.fixture(params=["localhost", "127.0.0.1"], ids=["other site", "other port"])
def elsewhere(request: pytest.FixtureRequest, site: Site) -> Iterator[str]:
    """Serve a page of another site, or of another port of the app's site."""
    app = Flask("elsewhere")
    app.add_url_rule("/", view_func=lambda: ELSEWHERE.format(url=site.url))
    with Server(app) as server:
        yield server.url.replace("127.0.0.1", request.param)


def test_log_in_from_elsewhere(page: Page, elsewhere: str) -> None:
    """A form on another site cannot log a visitor in as somebody else."""
    page.goto(elsewhere)
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")

    assert "Another site sent this request." in page.locator("body").inner_text()
    assert page.context.cookies() == []
    assert not is_in(page)


SENT = {"form": "document.forms[1].submit()", "link": "document.links[0].click()"}


@pytest.mark.parametrize("script", SENT.values(), ids=SENT)
def test_log_out_from_elsewhere(page: Page, elsewhere: str, script: str) -> None:
    """Neither a form nor a link on another site logs a visitor out."""
    log_in(page)
    page.goto(elsewhere)
    with page.expect_navigation():
        page.evaluate(script)

    assert "Another site sent this request." in page.locator("body").inner_text()
    assert is_in(page)


#: Both end when the browser has the response, which it hides from the page.
HIDDEN = {
    "image": "src => new Promise(end => { Object.assign(new Image(), {src, onerror: end}) })",
    "fetch": "src => fetch(src, {credentials: 'include'}).catch(() => {})",
}


@pytest.mark.parametrize("script", HIDDEN.values(), ids=HIDDEN)
def test_log_out_unseen(page: Page, site: Site, elsewhere: str, script: str) -> None:
    """Another site's page that loads the logout in the background logs nobody out."""
    log_in(page)
    page.goto(elsewhere)
    with page.expect_request("**/logout"):
        page.evaluate(script, f"{site.url}/logout")

    assert is_in(page)


def test_replay_after_logout(page: Page) -> None:
    """A copy of the cookie from before the logout still opens the dashboard."""
    log_in(page)
    [copied] = page.context.cookies()
    page.goto("/logout")
    assert not is_in(page)

    stolen = copied["value"]
    page.context.add_cookies([{"name": "session", "value": stolen, "url": page.url}])

    assert is_in(page)
    assert "sampleuser@example.com" in page.locator("body").inner_text()


def back_after_logout(page: Page) -> list[str]:
    """Log in, log out, go back; return the paths requested on the way back."""
    log_in(page)
    page.get_by_role("link", name="Logout").click()
    page.wait_for_url("**/login")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.go_back(wait_until="commit")
    page.locator("h1").wait_for()
    return asked


@pytest.mark.proof
def test_back_after_logout(page: Page) -> None:
    """Back shows the dashboard from memory without a request; a reload shows the form."""
    asked = back_after_logout(page)

    assert asked == []
    assert "sampleuser@example.com" in page.locator("body").inner_text()
    page.reload()
    assert page.url.endswith("/login")


@pytest.mark.proof
def test_back_after_logout_with_no_store(browser: Browser) -> None:
    """With `no_store` the browser keeps no page, so Back sends a request and shows the form."""
    with (
        Server(create_app(clock=Clock(), no_store=True)) as server,
        browser.new_context(base_url=server.url) as context,
    ):
        page = context.new_page()
        assert back_after_logout(page)[:2] == ["/dashboard", "/login"]  # then its style sheet
        assert page.url.endswith("/login")


def test_script_in_a_message(page: Page) -> None:
    """A script in the message is shown as text, and does not run."""
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.goto("/login")

    page.evaluate(
        "text => location.assign('/session-test-add?message=' + encodeURIComponent(text))",
        SCRIPT,
    )
    page.wait_for_url("**/session-test-add*")
    added = page.locator("body").inner_text()
    page.goto("/session-test-read")

    assert added == "session created with using 'message' query parameter"
    assert page.locator("body").inner_text() == f"session message: {SCRIPT}"
    assert page.locator("script, img").count() == 0
    assert page.evaluate("[typeof window.ran, document.cookie]") == ["undefined", ""]
    assert dialogs == []


@pytest.mark.proof
def test_under_a_prefix(browser: Browser) -> None:
    """Under a prefix the style sheet, form and links work, and the console has no error."""
    app = create_app(clock=Clock())
    app.wsgi_app = DispatcherMiddleware(NotFound(), {"/lesson": app.wsgi_app})  # type: ignore[method-assign]  # as documented
    with Server(app) as server, browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        log_in(page, "/lesson/login")
        width = page.locator("main").evaluate("main => getComputedStyle(main).maxWidth")
        page.get_by_role("link", name="Logout").click()
        page.wait_for_url("**/lesson/login")

    assert width != "none"
    assert refused == []


@pytest.mark.proof
@pytest.mark.parametrize("ours", [True, False], ids=["", "without our header"])
def test_script_that_is_not_escaped(browser: Browser, ours: bool) -> None:
    """Our header stops a script that a page does not escape; without it the script runs."""
    app = create_app() if ours else Flask("careless")
    app.add_url_rule("/careless", view_func=lambda: "<script>document.title = 'ran'</script>")
    with Server(app) as server, browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/careless")

        assert page.title() == ("" if ours else "ran")


@pytest.mark.proof
def test_form_to_elsewhere(browser: Browser) -> None:
    """A login form whose action is changed cannot send the password to another site."""
    with Server(create_app()) as server, browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/login")
        elsewhere = server.url.replace("127.0.0.1", "localhost")
        page.evaluate("url => { document.forms[0].action = url }", f"{elsewhere}/login")
        with page.expect_console_message(lambda message: "form-action" in message.text):
            page.evaluate("document.querySelector('button').click()")  # waits for no page

        assert page.url == f"{server.url}/login"
