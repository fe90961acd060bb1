"""Check the accessibility of the app's pages in Chromium: vision, screen reader, keyboard.

Numbers such as 1.4.3 are success criteria of WCAG, https://www.w3.org/TR/WCAG22/.
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
    """Open a new visitor's window with a width and with settings."""
    with ExitStack() as stack:

        def make(width: int = 1280, **options: Any) -> Page:
            options = {"base_url": server.url, **options}
            context = browser.new_context(viewport={"width": width, "height": 720}, **options)
            return stack.enter_context(context).new_page()

        yield make


@pytest.fixture(scope="module")
def axe() -> str:
    """The source code of axe-core."""
    require_node()
    return (NODE / "node_modules" / "axe-core" / "axe.min.js").read_text()


def faults(page: Page, axe: str) -> list[str]:
    """Return axe-core's violations, and contrasts that it cannot decide."""
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
    """No page has a fault that axe-core finds, in any colours, at any width."""
    page = open_page(width, bypass_csp=True, **look)  # our header would block axe
    see(page)

    assert faults(page, axe) == []


#: A script that breaks the page with the error, and the rule of axe that it violates.
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
    """On a broken page, axe-core finds the fault."""
    page = open_page(bypass_csp=True)
    see_error(page)
    page.evaluate(script)

    assert rule in {fault.partition(":")[0] for fault in faults(page, axe)}


# Screen readers.

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
    """Each page has one landmark, headings in order, and controls with names."""
    page = open_page()
    see(page)

    expect(page.locator("body")).to_match_aria_snapshot(TREES[see])


def test_error_is_announced(open_page: Open) -> None:
    """An alert, the title and the focused first field all announce the error."""
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
    """The empty form reports no error, and the focus is at the beginning of the page."""
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
    """The fields declare their purpose (1.3.5), so password managers can fill them in."""
    page = open_page()
    see_form(page)

    for label, purpose in (("User Name", "username"), ("Password", "current-password")):
        expect(page.get_by_label(label)).to_have_attribute("autocomplete", purpose)


# Vision.

#: Returns how an element is drawn: its colours, and the width of its outline.
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
    """Return WCAG's relative luminance of a colour such as ``rgb(0, 10, 255)``."""
    red, green, blue = (int(number) / 255 for number in re.findall(r"\d+", colour)[:3])

    def linear(share: float) -> float:
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast() -> None:
    """`contrast` gives 21 for black on white, and 4.5 for the lightest sufficient grey."""
    assert round(contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)"), 9) == 21
    assert 4.5 < contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") < 4.6


@pytest.mark.proof
@in_every_look
def test_edges(open_page: Open, see: See, look: dict[str, Any]) -> None:
    """The border or the fill of a control contrasts with the card (1.4.11)."""
    page = open_page(**look)
    see(page)

    for control in page.locator(CONTROLS).all():
        drawn = control.evaluate(DRAWN)
        edge = drawn["fill"] if drawn["name"] == "Log In" else drawn["border"]
        if "forced_colors" in look:
            edge = drawn["border"]  # with forced colours, the system sets each fill
        assert contrast(edge, drawn["card"]) >= 3, drawn


@pytest.mark.proof
@every_look
def test_placeholders(open_page: Open, look: dict[str, Any]) -> None:
    """The course page's placeholders have enough contrast (1.4.3)."""
    page = open_page(**look)
    see_form(page)

    for field in page.get_by_role("textbox").all():
        drawn = field.evaluate(DRAWN)
        assert drawn["clear"] == "1"
        assert contrast(drawn["placeholder"], drawn["card"]) >= 4.5, drawn


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_parts_of_the_browser(open_page: Open, scheme: str) -> None:
    """The parts that the browser draws, such as scroll bars, follow the colour scheme."""
    page = open_page(color_scheme=scheme)
    see_form(page)

    page.evaluate("document.body.style.background = 'Canvas'")

    canvas = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert (luminance(canvas) < 0.1) == (scheme == "dark")


@pytest.mark.proof
@in_every_look
def test_keyboard(open_page: Open, see: See, look: dict[str, Any]) -> None:
    """Tab visits the controls in order, and the focus is visible (2.4.7)."""
    page = open_page(**look)
    see(page)
    order = page.locator(CONTROLS).evaluate_all(f"all => all.map({DRAWN})")
    if see != see_error:  # after an error the first field already has the focus
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
    """After an error the focus is in the form; Enter sends it, and follows the link."""
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
    """Each control has at least 44 by 44 pixels; 2.5.8 requires 24."""
    page = open_page(width)
    see(page)

    for control in page.locator(CONTROLS).all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


READERS = {
    "no own style": "/* nothing */",
    "text at 200 %": "html { font-size: 200% }",  # 1.4.4
    "text spaced out": "* { line-height: 1.5 !important; letter-spacing: 0.12em !important;"
    " word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",  # 1.4.12
}
#: Returns elements that are wider than the window, or whose text does not fit in them.
CUT_OFF = """() => [...document.querySelectorAll('html, main, main *')].filter(element =>
    element.getBoundingClientRect().right > innerWidth
    || element.clientWidth && element.scrollWidth > element.clientWidth
    || element.clientHeight && element.matches('input, button')
       && element.scrollHeight > element.clientHeight
).map(element => element.outerHTML)"""


@pytest.mark.proof
@pytest.mark.parametrize(("see", "width", "css"), every_combination(PAGES, WIDTHS, READERS))
def test_reflow(open_page: Open, see: See, width: int, css: str) -> None:
    """With any text style, nothing is cut off or needs horizontal scrolling (1.4.10)."""
    page = open_page(width, bypass_csp=True)  # the header must not block the reader's own style
    see(page)
    page.add_style_tag(content=css)

    assert page.evaluate(CUT_OFF) == []


@pytest.mark.proof
def test_reflow_of_a_long_name(open_page: Open, clock: Clock) -> None:
    """A long name or email address without spaces wraps inside the card."""
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
    """Without the style sheet, each page has the same content and accessibility tree."""
    page = open_page()
    page.route("**/style.css", lambda route: route.abort())
    see(page)

    expect(page.locator("main")).to_have_css("max-width", "none")
    expect(page.locator("body")).to_match_aria_snapshot(TREES[see])
