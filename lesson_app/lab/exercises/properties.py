"""Ten properties of an app with a login that a stranger can check from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from ...app import PAGE_SECRET
from ...cookie import derive_keys, unseal
from ...errors import BadCookie
from ..attacks.targets import WORDS
from ..http.form_browser import FormBrowser
from ..http.forms import Page
from ..http.server import ViewError
from .cookie_fields import bytes_of, flipped
from .judging import Wrong, describe
from .tour import LeftHost, Site, new_mark, toured

#: What people write for a secret, apart from the words of notebook 07.
_GUESSES = (PAGE_SECRET, "dev", "secret", "secret-key", "secret_key", "change-me", "changeme",
            "super secret", "super-secret", "your-secret-key", "key", "test",
            "SECRET_KEY")  # fmt: skip


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
    for query in site.lures():
        bob = site.browser()
        site.log_in(bob, site.bob, site.other_password, query)
    site.places.add(bob.go(site.tour.private).path)
    return f"GET {site.tour.private}: 200, with the text"


def strangers(site: Site) -> str:
    """A stranger gets nothing: not the page, and not its form"""
    page, form = site.write_form(site.inside())
    stranger, text = site.browser(), new_mark()
    try:
        first = stranger.go(site.tour.private)
        if not all(site.closed(stranger, path) for path in site.places):
            raise Wrong("open-door")
        stranger.send(page, form, form.filled(text))
        if not site.closed(stranger):
            raise Wrong("open-door")
    except ViewError:
        raise Wrong("stranger-crash") from None
    site.log_in(stranger, site.ada, site.password)
    if site.reads(stranger, text) or site.reads(site.inside(), text):
        raise Wrong("stranger-writes")
    where = f"answers {first.last.status_code}"
    if first.path not in site.places:
        where = f"leads to {first.path}"
    return f"GET {site.tour.private} {where}; what a stranger posts is lost"


def others(site: Site) -> str:
    """Bob sees nothing of Ada's, not even in the same browser after her"""
    ada = site.logged_in()
    text = site.write(ada)
    bob = site.logged_in(site.bob)
    if site.closed(bob):
        raise Wrong(message=f"the right password of {site.bob} does not open the private page")
    if any(text in bob.go(path).last.text.lower() for path in site.places):
        raise Wrong("shared")
    if ada.go(site.tour.login).form("password") is None:  # who is logged in must leave first
        site.log_out(ada)
    site.log_in(ada, site.bob, site.other_password)
    if site.reads(ada, text):
        raise Wrong("not-reset")
    return "Ada's text is on no page of Bob's"


def escapes(site: Site) -> str:
    """What a visitor types is shown as text, never as HTML"""
    ada, text = site.inside(), new_mark()
    typed = f"{text}\" x-y='1' x-y=\"1<x-y>"
    site.write(ada, typed)
    page = ada.go(site.tour.private)
    if text not in page.last.text.lower():
        raise Wrong("not-shown")
    refused = site.log_in(site.browser(), typed, "guess")
    if _has_tag(page) or _has_tag(refused):
        raise Wrong("script")
    return (
        "a < from a visitor arrives as &lt;" if "&lt;" in page.last.text else "no tag came back"
    )


def _has_tag(page: Page) -> bool:
    return page.is_html and ("<x-y>" in page.last.text.lower() or "x-y" in page.parsed.names)


def sealed(site: Site) -> str:
    """The session is in one sealed cookie: HttpOnly, SameSite, Path=/"""
    name, lines = _session_cookie(site.inside())
    for line in lines:
        attributes = [each.strip().lower() for each in line.split(";")[1:]]
        if "httponly" not in attributes:
            raise Wrong("scripts-read")
        if not {"samesite=lax", "samesite=strict"} & set(attributes):
            raise Wrong("no-samesite")
        if "path=/" not in attributes:
            raise Wrong(message=f"the cookie {name!r} should have Path=/; leave out path=…")
    more = (
        "Secure" if "secure" in attributes else "no Secure yet: only for http on your computer"
    )
    return f"the cookie {name!r}; {more}"


def _session_cookie(browser: FormBrowser) -> tuple[str, list[str]]:
    """Return the name of the sealed cookie, and all lines that set it."""
    for name, value in browser.cookies.items():
        try:
            raw = bytes_of(value)
        except (BadCookie, ValueError):
            continue
        if len(raw["iv"]) == 16 and raw["created_at"].isdigit() and len(raw["mac"]) >= 16:
            return name, [each for each in browser.lines if each.startswith(f"{name}=")]
    raise Wrong("not-sealed")


def forged(site: Site) -> str:
    """A changed cookie opens nothing, and breaks nothing"""
    ada = site.inside()
    name, _ = _session_cookie(ada)
    value = ada.cookies[name]
    changes = [flipped(value, field) for field in bytes_of(value)]
    for change in [*changes, value[:-9], value[:20], "x", "....", "%"]:
        forger = ada.copy()
        forger.cookies[name] = change
        try:
            closed = site.closed(forger)
        except ViewError:
            raise Wrong("changed-crash") from None
        if not closed:
            raise Wrong("changed-opens")
    return f"{len(changes) + 5} changed cookies: no entry, no error 500"


def guessed(site: Site) -> str:
    """Nobody can guess the secret"""
    ada = site.inside()
    value = ada.cookies[_session_cookie(ada)[0]]
    words = (*_GUESSES, *WORDS)
    for word in words:
        try:
            unseal(value, derive_keys(word))
        except BadCookie:
            continue
        raise Wrong("guessable")
    return f"none of {len(words)} published and common secrets opens the cookie"


def leaves(site: Site) -> str:
    """Logout is a POST; it also ends a copy of the cookie, and caches keep no page"""
    ada = site.logged_in()
    page = ada.go(site.tour.private)
    copy = ada.copy()
    ada.go(site.tour.logout)
    if site.closed(ada):
        raise Wrong("logout-by-get")
    answer = site.log_out(ada)
    if not site.closed(ada):
        how = answer.hops[0].status_code
        raise Wrong("still-in" if how < 400 else "no-post")
    site.must_arrive("the logout", answer)
    if not site.closed(copy):
        raise Wrong("copy-opens")
    if site.closed(site.logged_in()):
        raise Wrong("locked-out")
    if "no-store" not in page.last.headers.get("Cache-Control", ""):
        raise Wrong("cached")
    return f"POST {site.tour.logout} closes the page, for the copy too"


def wrong_passwords(site: Site) -> str:
    """A wrong password logs nobody in"""
    wrong = ("", site.other_password, f"{site.password}x", "' OR '1'='1")
    tries = [*((site.ada, each) for each in wrong), (new_mark(), "")]
    for name, password in tries:
        visitor = site.browser()
        site.log_in(visitor, name, password)
        if not site.closed(visitor):
            raise Wrong("any-password")
    empty = site.browser()
    empty.post(site.tour.login, {})
    if not site.closed(empty):
        raise Wrong("any-password")
    return f"{len(tries)} wrong logins and an empty one: no entry"


def unknown_names(site: Site) -> str:
    """An unknown name gets the same answer as a wrong password"""
    site.renew()  # an app may count wrong logins
    known = [_answer(site, site.ada, "guess") for _ in range(2)]
    if known[0] != known[1]:
        raise Wrong(
            message="cannot tell whether an unknown name gets the same answer: two equal "
            "wrong logins get different ones"
        )
    for password in ("guess", site.password):
        if _answer(site, new_mark(), password) != known[0]:
            raise Wrong("names-told")
    return "the same status, page and text"


def _answer(site: Site, name: str, password: str) -> list[Any]:
    """Return what a visitor sees of a login, with "…" for the name."""
    page = site.log_in(site.browser(), name, password)
    hops = [(hop.status_code, hop.headers.get("Location")) for hop in page.hops]
    return [str(each).replace(name, "…") for each in (*hops, page.visible)]


#: The ten, in the order of the check. The wrong logins come last: an app may count them.
PROPERTIES: tuple[Callable[[Site], str], ...] = (
    works, strangers, others, escapes, sealed, forged, guessed, leaves, wrong_passwords,
    unknown_names,
)  # fmt: skip


def check_property(which: Callable[[Site], str], site: Site) -> str:
    """Return what was seen of a property. Raise `Wrong`, or the error of the app's own code."""
    try:
        return which(site)
    except LeftHost:
        raise Wrong("elsewhere") from None
    except requests.RequestException as error:
        raise Wrong(message=f"cannot tell: {describe(error)}") from None
    except ViewError as error:
        raise error.__cause__ or Wrong(message=f"{error}") from None


def judge_properties(make_app: Callable[..., Any]) -> None:
    """Raise for the first property that the app does not have."""
    with toured(make_app) as site:
        for each in PROPERTIES:
            check_property(each, site)
