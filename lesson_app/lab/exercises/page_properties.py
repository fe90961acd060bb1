"""What an app with a login shows to whom: four properties, checked from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlencode

from ..http.form_browser import FormBrowser
from ..http.forms import Form, Page
from ..http.location import leaves
from ..http.server import ViewError
from . import payloads
from .judging import Wrong
from .tour import LeftHost, Site, first_with, new_mark, shows


def works(site: Site) -> str:
    """Ada logs in, and her private page shows what she writes"""
    ada = site.browser()
    after = site.log_in(ada, site.ada, site.password)
    if ada.dropped:
        raise Wrong(message=f"a browser drops your cookie: {ada.dropped}")
    page = ada.go(site.tour.private)
    if page.last.status_code != 200:
        raise Wrong(
            message=f"after the login as {site.ada}, GET {site.tour.private} should answer "
            f"200, but answers {page.last.status_code}"
        )
    if page.form("password"):
        raise Wrong("right-refused")
    site.must_arrive("the login", after)
    site.places.add(page.path)
    text = site.write(ada)
    if not site.reads(ada, text):
        raise Wrong("not-shown")
    site.regular = ada
    site.find_pages(ada)
    for url in payloads.elsewhere(site.server.url):
        _lure(site, f"?{urlencode(dict.fromkeys(payloads.TARGETS, url))}")
    bob = _lure(site, "", Referer=f"https://{payloads.EVIL}/")
    site.places.add(bob.go(site.tour.private).path)
    return f"GET {site.tour.private}: 200, with the text"


def _lure(site: Site, query: str, **headers: str) -> FormBrowser:
    """Let Bob follow a link to the login from elsewhere, before and after he logs in."""
    bob = site.browser()
    _must_stay(site.log_in(bob, site.bob, site.other_password, query, **headers))
    _must_stay(bob.go(f"{site.tour.login}{query}", **headers))
    return bob


def _must_stay(page: Page) -> None:
    """Raise `LeftHost` if a page leads to the attacker's host."""
    for link in page.parsed.links:
        if payloads.EVIL in link and leaves(link, page.last.url):
            raise LeftHost(link)
    if any(payloads.EVIL in each for each in page.parsed.scripts):
        raise LeftHost(page.path)


def strangers(site: Site) -> str:
    """A stranger gets nothing: not the page, and not its form"""
    ada = site.inside()
    private = site.write(ada)
    if not site.reads(ada, private):
        raise Wrong("mixed")
    forms = site.forms(site.find_pages(ada))
    if not site.reads(ada, private):
        raise Wrong("gone-by-get")
    page, form = site.write_form(ada)
    stranger, text = site.browser(), new_mark()
    try:
        first = stranger.go(site.tour.private)
        if not all(site.closed(stranger, path) for path in site.places):
            raise Wrong("open-door")
        answer = stranger.send(page, form, form.filled(text))
        if not site.closed(stranger) or shows(answer, private):
            raise Wrong("open-door")
        if path := first_with(site.find_pages(stranger), private):
            raise Wrong(
                message=f"the path {path} shows Ada's text to a stranger, in a page or in the "
                "body of a redirect; guard it, and let it say nothing else"
            )
        claimed = stranger.go(_claim(site.tour.private, site.ada))
        if shows(claimed, private) or not site.closed(stranger):
            raise Wrong("claimed")
        for method in ("PUT", "PATCH", "DELETE"):
            site.browser().post(site.tour.private, form.filled(text), method)
        _send_all(site, site.browser(), forms, text)
    except ViewError:
        raise Wrong("stranger-crash") from None
    if not site.reads(ada, private):
        raise Wrong("stranger-changes")
    site.log_in(stranger, site.ada, site.password)
    if site.sees(stranger, text) or site.sees(site.inside(), text):
        raise Wrong("stranger-writes")
    where = f"answers {first.last.status_code}"
    if first.path not in site.places:
        where = f"leads to {first.path}"
    return f"GET {site.tour.private} {where}; what a stranger posts is lost"


def _send_all(
    site: Site, browser: FormBrowser, forms: list[tuple[Page, Form]], text: str
) -> None:
    """Send another visitor's forms, with all that they hold; some may not be for strangers."""
    for page, form in forms:
        if form.method == "post":
            with suppress(LeftHost):
                browser.send(page, form, form.filled(text))


def _claim(path: str, name: str) -> str:
    """Return the path with a query that claims to be another user."""
    return f"{path}?{urlencode(dict.fromkeys(payloads.USER_KEYS, name))}"


def others(site: Site) -> str:
    """Bob sees nothing of Ada's, not even in the same browser after her"""
    site.renew()
    ada, bob = site.logged_in(), site.logged_in(site.bob)
    if site.closed(bob):
        raise Wrong(message=f"the right password of {site.bob} does not open the private page")
    for browser, other in ((ada, bob), (bob, ada)) * 2:
        text = site.write(browser)
        mine = site.reads(browser, text)
        site.find_pages(browser)
        if site.sees(other, text):
            raise Wrong("shared")
        if not mine:
            raise Wrong("mixed")
    text = site.write(ada)
    search = urlencode(dict.fromkeys(payloads.TEXTS, text[:5]))
    for path in (_claim(site.tour.private, site.ada), f"{site.tour.private}?{search}"):
        if shows(bob.go(path), text):
            raise Wrong("asked-for")
    forms, written = site.forms(site.find_pages(ada)), new_mark()
    with suppress(ViewError):  # a page that Bob has no data for
        _send_all(site, bob, forms, written)
    if site.sees(ada, written) or not site.reads(ada, text):
        raise Wrong("writes-for")
    if ada.go(site.tour.login).form("password") is None:  # who is logged in must leave first
        site.log_out(ada)
    site.log_in(ada, site.bob, site.other_password)
    if site.sees(ada, text):
        raise Wrong("not-reset")
    return "Ada's text is on no page of Bob's"


def escapes(site: Site) -> str:
    """What a visitor types is shown as text, never as HTML"""
    ada = site.inside()
    for typed in (*payloads.TAGS, *payloads.TEMPLATES):
        mark = new_mark()[:7]  # a field may take few characters
        answer = site.sent(ada, mark + typed)
        if mark not in ada.go(site.tour.private).last.text.lower():
            raise Wrong("not-shown")
        pages = site.find_pages(ada)
        for page in (answer, *pages, *_reflected(site, ada, site.forms(pages), mark + typed)):
            _must_be_text(page, mark)
    _type_everywhere(site, ada)
    for text in (f"{payloads.SCRIPT_URL}x-y()", f"[x]({payloads.SCRIPT_URL}x-y())"):
        site.write(ada, text)
        for page in site.visit(ada):
            if any(each.strip().startswith(payloads.SCRIPT_URL) for each in page.parsed.links):
                raise Wrong("script-url")
    private = ada.go(site.tour.private).last.text
    return "a < from a visitor arrives as &lt;" if "&lt;" in private else "no tag came back"


def _type_everywhere(site: Site, ada: FormBrowser) -> None:
    """Change the hidden fields and the choices, too: a browser lets its user do so."""
    typed = new_mark()[:7]
    page, form = site.write_form(ada)
    for tag in payloads.TAGS:
        with suppress(ViewError):  # refused, in a way
            ada.send(page, form, dict.fromkeys(form.filled(""), typed + tag))
        for each in site.visit(ada):
            _must_be_text(each, typed)


def _reflected(
    site: Site, ada: FormBrowser, forms: list[tuple[Page, Form]], typed: str
) -> Iterator[Page]:
    """Yield pages that may repeat what a visitor sent in another place."""
    query = urlencode(dict.fromkeys(payloads.TEXTS, typed))
    stranger = site.browser()
    yield site.log_in(stranger, typed, typed)
    yield stranger.go(f"{site.tour.login}?{query}")
    yield ada.go(f"{site.tour.private}?{query}")
    yield ada.go(f"/{typed}")
    for page, form in forms:
        if form.method == "get":
            yield ada.send(page, form, form.filled(typed))


def _must_be_text(page: Page, mark: str) -> None:
    """Raise `Wrong` if a page has the typed text as HTML, as a script, or as a template."""
    for response in page.hops:
        each = Page((response,))
        if payloads.PRODUCT in response.text:
            raise Wrong("template")
        if not each.is_html:
            continue
        if "<x-y" in response.text.lower() or "x-y" in each.parsed.names:
            raise Wrong("script")
        for script in each.parsed.scripts:
            if _ends_text(script, mark):
                raise Wrong("in-script")


def _ends_text(script: str, mark: str) -> bool:
    """Return whether typed text is outside of a script's texts, or ends one."""
    before, found, after = script.partition(mark)
    if not found:
        return False
    quote = before[-1:]
    if not quote or quote not in "\"'`":
        return True
    text = after[: after.find("x-y") + 3] if "x-y" in after else after[:12]
    return quote in text.replace(f"\\{quote}", "") or (quote == "`" and "${" in text)
