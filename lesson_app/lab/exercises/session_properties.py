"""How an app keeps its session: four properties, checked from outside."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus, urljoin, urlsplit

from ...cookie import derive_keys, from_base64, seal, to_base64, unseal
from ...errors import BadCookie
from ...options import WeakSecret, check_secret
from ..http.form_browser import FormBrowser
from ..http.server import ViewError
from .cookie_fields import bytes_of, flipped
from .judging import Wrong
from .payloads import USER_KEYS, guesses, is_made_up, likely
from .tour import Site, shows


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
    _must_not_name(site, site.inside(), name)
    more = (
        "Secure" if "secure" in attributes else "no Secure yet: only for http on your computer"
    )
    return f"the cookie {name!r}; {more}"


def _must_not_name(site: Site, browser: FormBrowser, session_cookie: str) -> None:
    """Raise `Wrong` if another cookie holds Ada's name, plain or in base64."""
    name = site.ada.lower()
    for other, value in browser.cookies.items():
        if other == session_cookie or len(name) < 3:
            continue
        texts = [other, unquote_plus(value)]
        with suppress(ValueError):
            texts.append(from_base64(value.partition(".")[0]).decode("latin-1"))
        with suppress(ValueError):
            texts.append(bytes.fromhex(value).decode("latin-1"))
        if any(name in each.lower() for each in texts):
            raise Wrong("plain-cookie")


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
    claims = json.dumps(dict.fromkeys(USER_KEYS, site.ada))
    plain = to_base64(claims.encode())
    changes = [flipped(value, field) for field in bytes_of(value)]
    changes += [value[:-9], value[:20], "", "x", "....", "%", plain, f"{plain}.x.y", claims]
    page, form = site.write_form(ada)
    try:
        for change in changes:
            forger = ada.copy()
            forger.cookies[name] = change
            if not site.closed(forger):
                raise Wrong("changed-opens")
        for number, change in itertools.product(range(3), (changes[0], "x")):
            forger = ada.copy()
            forger.cookies[name] = change
            if number == 0:
                forger.go(site.tour.login)
            elif number == 1:
                forger.send(page, form, form.filled("x"))
            else:
                forger.post(site.tour.logout, {})
    except ViewError:
        raise Wrong("changed-crash") from None
    forger = ada.copy()
    del forger.cookies[name]
    for key in USER_KEYS:
        forger.set_cookie(key, site.ada)
    if not site.closed(forger):
        raise Wrong("changed-opens")
    return f"{len(changes)} changed cookies: no entry, no error 500"


def guessed(site: Site) -> str:
    """Nobody can guess the secret"""
    ada = site.inside()
    name, _ = _session_cookie(ada)
    opens = _opener(site, name)
    words = [site.app.name, *(text for user in site.tour.users for text in user)]
    first, more = list(likely(words)), list(guesses())
    if any(map(opens, first)) or any(_sealed(ada.cookies[name], name, each) for each in more):
        raise Wrong("guessable")
    for secret in (site.app.secret_key, *(site.app.config["SECRET_KEY_FALLBACKS"] or ())):
        if not secret:
            continue
        if (_is_weak(secret) or is_made_up(secret, words)) and opens(secret):
            raise Wrong("guessable")
        for text in _spellings(secret):
            if any(shows(page, text) for page in (*site.visit(ada), ada.go(site.tour.login))):
                raise Wrong("published")
    return f"none of {len(first) + len(more)} published and common secrets opens the cookie"


def _sealed(value: str, name: str, secret: str | bytes) -> bool:
    """Return whether a secret has sealed a cookie."""
    try:
        unseal(value, derive_keys(secret), name=name)
    except BadCookie:
        return False
    return True


def _opener(site: Site, name: str) -> Callable[[str | bytes], bool]:
    """Return a function: whether the app opens a cookie that a secret has sealed.

    An app may have several secrets, and seal with the first only.
    """
    find = getattr(site.app.session_interface, "get_codec", None)
    if find is None:
        raise Wrong("not-sealed")
    codec = find(site.app)

    def opens(secret: str | bytes) -> bool:
        try:
            codec.unseal(seal({"x": 1}, derive_keys(secret), name=name), name=name)
        except BadCookie:
            return False
        return True

    return opens


def _is_weak(secret: str | bytes) -> bool:
    try:
        check_secret(secret)
    except WeakSecret:
        return True
    return False


def _spellings(secret: Any) -> list[str]:
    """Return how a page could show a secret, in lower case."""
    raw = secret.encode() if isinstance(secret, str) else bytes(secret)
    text = raw.decode("latin-1")
    return [each.lower() for each in (text, raw.hex(), to_base64(raw), text[::-1])]


def leaves(site: Site) -> str:
    """Logout is a POST; it also ends a copy of the cookie, and caches keep no page"""
    site.renew()  # an app may count the wrong logins before
    ada = site.logged_in()
    first = ada.copy()
    text = site.write(ada)
    for page in site.find_pages(ada):
        kept = page.last.headers.get("Cache-Control", "")
        if shows(page, text) and "no-store" not in kept:
            raise Wrong("cached")
    copy = ada.copy()
    page = ada.go(site.tour.logout)
    for link in page.parsed.links:  # such as "Are you sure?"
        if urlsplit(urljoin(page.last.url, link))[1:3] == urlsplit(page.last.url)[1:3]:
            ada.go(urljoin(page.last.url, link))
    if site.closed(ada):
        raise Wrong("logout-by-get")
    answer = site.log_out(ada)
    if not site.closed(ada):
        how = answer.hops[0].status_code
        raise Wrong("still-in" if how < 400 else "no-post")
    site.must_arrive("the logout", answer)
    _must_not_name(site, ada, _session_cookie(copy)[0])
    _must_be_ended(site, first, copy)
    again = site.logged_in()
    if site.closed(again):
        raise Wrong("locked-out")
    site.write(again)
    _must_be_ended(site, first, copy)
    return f"POST {site.tour.logout} closes the page, for the copy too"


def _must_be_ended(site: Site, *copies: FormBrowser) -> None:
    for each in copies:
        if not site.closed(each.copy()):
            raise Wrong("copy-opens")
