"""The app's pages in a real Chromium: for eyes, for ears, and for the keyboard.

WCAG is https://www.w3.org/TR/WCAG22/; the numbers in the tests are its success criteria's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lesson_app import create_app, derive_keys, seal
from lesson_app.app import PAGE_SECRET
from lesson_app.lab import Clock, Server
from tests.express.peer import NODE, now, require_node
from tests.plugin import every_combination

See = Callable[[Page], None]
Open = Callable[..., Page]

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
}
WIDTHS = {"wide": 1280, "narrow": 320}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def see_form(page: Page) -> None:
    page.goto("/login")


def see_error(page: Page) -> None:
    fill_in(page, "a wrong one")
    page.get_by_role("alert").wait_for()


def see_dashboard(page: Page) -> None:
    fill_in(page, "samplepassword")
    page.wait_for_url("**/dashboard")


def fill_in(page: Page, password: str) -> None:
    page.goto("/login")
    page.get_by_label("User Name").fill("sampleuser")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log In").click()


PAGES = {"form": see_form, "error": see_error, "dashboard": see_dashboard}

every_page = pytest.mark.parametrize("see", PAGES.values(), ids=PAGES)
every_look = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
in_every_look = pytest.mark.parametrize(("see", "look"), every_combination(PAGES, LOOKS))
in_every_width = pytest.mark.parametrize(("see", "width"), every_combination(PAGES, WIDTHS))


@pytest.fixture
def server(clock: Clock) -> Iterator[Server]:
    with Server(create_app(clock=clock)) as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Open]:
    """Open a window of a new visitor, so wide and with these settings."""
    with ExitStack() as stack:

        def make(width: int = 1280, **options: Any) -> Page:
            options = {"base_url": server.url, **options}
            context = browser.new_context(viewport={"width": width, "height": 720}, **options)
            return stack.enter_context(context).new_page()

        yield make


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    require_node()
    return (NODE / "node_modules" / "axe-core" / "axe.min.js").read_text()


def faults(page: Page, axe: str) -> list[str]:
    """Return what axe-core finds wrong, or cannot decide where it is about contrast."""
    page.evaluate(axe)
    report = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    undecided = [rule for rule in report["incomplete"] if "contrast" in rule["id"]]
    assert "color-contrast" in [rule["id"] for rule in report["passes"]]
    return [
        f"{rule['id']}: {node['target']}"
        for rule in [*report["violations"], *undecided]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("see", "look", "width"), every_combination(PAGES, LOOKS, WIDTHS))
def test_axe(open_page: Open, axe: str, see: See, look: dict[str, Any], width: int) -> None:
    """axe-core finds no fault on any page, in any colours, at any width."""
    page = open_page(width, bypass_csp=True, **look)  # axe is a script, and those are shut out
    see(page)

    assert faults(page, axe) == []


#: A script that breaks the page with the error, and the rule of axe's that it breaks.
BREAKS = {
    "label": ("document.querySelectorAll('label').forEach(e => e.htmlFor = 'x');"
              "document.querySelectorAll('input').forEach(e => e.placeholder = '')", "label"),
    "contrast": ("document.body.style.setProperty('--wrong', '#e08080')", "color-contrast"),
    "language": ("document.documentElement.lang = ''", "html-has-lang"),
    "title": ("document.title = ''", "document-title"),
    "heading": ("document.querySelector('label').outerHTML = '<h4>User Name</h4>'",
                "heading-order"),
    "landmark": ("document.querySelector('main').outerHTML = document.forms[0].outerHTML",
                 "region"),
    "zoom": ("document.querySelector('[name=viewport]').content = 'user-scalable=no'",
             "meta-viewport"),
    "target": ("document.querySelectorAll('input, button').forEach(e => e.style ="
               "'min-height: 0; height: 8px; margin: 0; padding: 0; display: block')",
               "target-size"),
}  # fmt: skip


@pytest.mark.proof
@pytest.mark.parametrize(("script", "rule"), BREAKS.values(), ids=BREAKS)
def test_axe_finds(open_page: Open, axe: str, script: str, rule: str) -> None:
    """axe-core does find a page that is broken."""
    page = open_page(bypass_csp=True)
    see_error(page)
    page.evaluate(script)

    assert rule in {fault.partition(":")[0] for fault in faults(page, axe)}


# What a screen reader says.

FORM = """
- main:
  - /children: equal
  - heading "Log In" [level=1]
  - text: User Name
  - textbox "User Name"
  - text: Password
  - textbox "Password"
  - button "Log In"
"""
ERROR = FORM.replace("[level=1]\n", "[level=1]\n  - alert: invalid login\n")
DASHBOARD = """
- main:
  - /children: equal
  - heading "Dashboard" [level=1]
  - heading "Hello sampleuser" [level=2]
  - paragraph: Welcome to your dashboard
  - paragraph: "Here is the information we have on file for you:"
  - 'heading "userName: sampleuser" [level=3]'
  - 'heading "email: sampleuser@example.com" [level=3]'
  - link "Logout"
"""
TREES: dict[See, str] = {see_form: FORM, see_error: ERROR, see_dashboard: DASHBOARD}


@pytest.mark.proof
@every_page
def test_accessibility_tree(open_page: Open, see: See) -> None:
    """Each page is one landmark with its headings in order, and its controls have names."""
    page = open_page()
    see(page)

    expect(page.locator("body")).to_match_aria_snapshot(TREES[see])


def test_error_is_announced(open_page: Open) -> None:
    """An alert, the title and the first field, which has the focus, all say what is wrong."""
    page = open_page()
    see_error(page)

    expect(page.get_by_role("alert")).to_have_text("invalid login")
    expect(page).to_have_title("invalid login - Login")
    expect(page.get_by_label("User Name")).to_be_focused()
    for label in ("User Name", "Password"):
        expect(page.get_by_label(label)).to_have_accessible_description("invalid login")
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")


@pytest.mark.proof
def test_no_error(open_page: Open) -> None:
    """The empty form calls nothing wrong, and leaves the focus at the beginning of the page."""
    page = open_page()
    see_form(page)

    expect(page).to_have_title("Login")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("document.activeElement === document.body")
    for label in ("User Name", "Password"):
        expect(page.get_by_label(label)).to_have_accessible_description("")
        expect(page.get_by_label(label)).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.proof
def test_password_managers(open_page: Open) -> None:
    """The fields say what belongs into them (1.3.5), so that nobody has to remember it."""
    page = open_page()
    see_form(page)

    for label, purpose in (("User Name", "username"), ("Password", "current-password")):
        expect(page.get_by_label(label)).to_have_attribute("autocomplete", purpose)


# What the eye sees.

#: How an element is drawn: its colours, and how wide is the line around it.
DRAWN = """element => {
    const style = getComputedStyle(element);
    const card = getComputedStyle(document.querySelector('main'));
    return {
        name: element.name || element.textContent.trim(),
        card: card.backgroundColor,
        border: style.borderTopColor,
        fill: style.backgroundColor,
        placeholder: getComputedStyle(element, '::placeholder').color,
        clear: getComputedStyle(element, '::placeholder').opacity,
        outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
        ring: style.outlineColor,
    };
}"""
CONTROLS = "input, button, a"


def luminance(colour: str) -> float:
    """The relative luminance, as WCAG defines it, of a colour like ``rgb(0, 10, 255)``."""
    red, green, blue = (int(number) / 255 for number in re.findall(r"\d+", colour)[:3])

    def linear(share: float) -> float:
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast() -> None:
    """The measure itself: black on white is 21, and this grey is the lightest that will do."""
    assert round(contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)"), 9) == 21
    assert 4.5 < contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") < 4.6


@pytest.mark.proof
@in_every_look
def test_edges(open_page: Open, see: See, look: dict[str, Any]) -> None:
    """A control stands out from the card by its line or its fill (1.4.11)."""
    page = open_page(**look)
    see(page)

    for control in page.locator(CONTROLS).all():
        drawn = control.evaluate(DRAWN)
        edge = drawn["fill"] if drawn["name"] == "Log In" else drawn["border"]
        if "forced_colors" in look:
            edge = drawn["border"]  # there each fill is the system's
        assert contrast(edge, drawn["card"]) >= 3, drawn


@pytest.mark.proof
@every_look
def test_placeholders(open_page: Open, look: dict[str, Any]) -> None:
    """The course page's placeholders are there to be read (1.4.3)."""
    page = open_page(**look)
    see_form(page)

    for field in page.get_by_role("textbox").all():
        drawn = field.evaluate(DRAWN)
        assert drawn["clear"] == "1"
        assert contrast(drawn["placeholder"], drawn["card"]) >= 4.5, drawn


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_parts_of_the_browser(open_page: Open, scheme: str) -> None:
    """What the browser draws, scroll bars and filled-in fields, is as light or dark."""
    page = open_page(color_scheme=scheme)
    see_form(page)

    page.evaluate("document.body.style.background = 'Canvas'")

    canvas = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert (luminance(canvas) < 0.1) == (scheme == "dark")


@pytest.mark.proof
@in_every_look
def test_keyboard(open_page: Open, see: See, look: dict[str, Any]) -> None:
    """Tab goes through the controls in order, and each shows that it has the focus (2.4.7)."""
    page = open_page(**look)
    see(page)
    order = page.locator(CONTROLS).evaluate_all(f"all => all.map({DRAWN})")
    if see != see_error:  # there the first control has the focus already
        page.keyboard.press("Tab")

    for place, control in enumerate(order):
        focused = page.locator(":focus").evaluate(DRAWN)
        page.keyboard.press("Tab")
        left = page.locator(CONTROLS).nth(place).evaluate(DRAWN)
        assert focused["name"] == control["name"]
        assert left["outline"] == 0
        assert focused["outline"] >= 2
        assert contrast(focused["ring"], focused["card"]) >= 3, focused


def test_log_in_by_keyboard(open_page: Open) -> None:
    """After an error one can type at once; Enter sends the form, and follows the link."""
    page = open_page()
    see_error(page)

    for key in ("sampleuser", "Tab", "samplepassword", "Enter"):
        if key in ("Tab", "Enter"):
            page.keyboard.press(key)
        else:
            page.keyboard.type(key)
    page.wait_for_url("**/dashboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url("**/login")


@pytest.mark.proof
@in_every_width
def test_targets(open_page: Open, see: See, width: int) -> None:
    """Each control is a target of at least 44 by 44 pixels; 2.5.8 wants 24."""
    page = open_page(width)
    see(page)

    for control in page.locator(CONTROLS).all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


READERS = {
    "as it is": "/* no style of one's own */",
    "text at 200 %": "html { font-size: 200% }",  # 1.4.4
    "text spaced out": "* { line-height: 1.5 !important; letter-spacing: 0.12em !important;"
    " word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",  # 1.4.12
}
#: The elements that are wider than the window, or whose text is wider or higher than they.
CUT_OFF = """() => [...document.querySelectorAll('html, main, main *')].filter(element =>
    element.getBoundingClientRect().right > innerWidth
    || element.clientWidth && element.scrollWidth > element.clientWidth
    || element.clientHeight && element.matches('input, button')
       && element.scrollHeight > element.clientHeight
).map(element => element.outerHTML)"""


@pytest.mark.proof
@pytest.mark.parametrize(("see", "width", "css"), every_combination(PAGES, WIDTHS, READERS))
def test_reflow(open_page: Open, see: See, width: int, css: str) -> None:
    """However the text is set, nothing is cut off or needs to be scrolled to (1.4.10)."""
    page = open_page(width, bypass_csp=True)  # the reader's own style is not the page's
    see(page)
    page.add_style_tag(content=css)

    assert page.evaluate(CUT_OFF) == []


@pytest.mark.proof
def test_reflow_of_a_long_name(open_page: Open, clock: Clock) -> None:
    """A long name or address without a space is broken, and the card stays in the window."""
    user = {"userName": "x" * 100, "email": f"{'y' * 100}@example.com"}
    page = open_page(320)
    cookie = seal({"user": user}, derive_keys(PAGE_SECRET), created_at=now(clock))
    see_form(page)
    page.context.add_cookies([{"name": "session", "value": cookie, "url": page.url}])

    page.goto("/dashboard")

    assert page.get_by_role("heading", level=3).first.inner_text() == f"userName: {'x' * 100}"
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.proof
@every_page
def test_without_the_style_sheet(open_page: Open, see: See) -> None:
    """Where the style sheet does not arrive, each page says and does the same."""
    page = open_page()
    page.route("**/style.css", lambda route: route.abort())
    see(page)

    expect(page.locator("main")).to_have_css("max-width", "none")
    expect(page.locator("body")).to_match_aria_snapshot(TREES[see])
