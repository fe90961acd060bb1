"""Whom an app's login lets in, and what it says to the others: two properties."""

from __future__ import annotations

import re
from html import unescape
from itertools import zip_longest
from urllib.parse import unquote_plus, urlencode

import requests

from .judging import Wrong
from .payloads import USER_KEYS, wrong_passwords
from .tour import Site, new_mark

# What may differ between two equal logins, such as a token in quotes.
_TOKENS = re.compile(r"[^\s\"'<>]+|.", re.DOTALL)


def refuses(site: Site) -> str:
    """A wrong password logs nobody in"""
    tries: list[tuple[str, str | None]] = [
        (site.ada, each)
        for each in wrong_passwords(site.ada, site.password, site.other_password)
    ]
    tries += [(new_mark(), each) for each in ("", None, "None", site.password)]
    tries += [("None", None), ("", site.password), ("%", site.password), ("*", site.password)]
    tries += [(f"{site.ada}{end}", "x") for end in ("' --", "'/*", "' OR '1'='1")]
    for number, (name, password) in enumerate(tries):
        if number % 2 == 0:
            site.renew()  # an app may count wrong logins
        visitor = site.browser()
        site.log_in(visitor, name, password)
        if not site.closed(visitor):
            raise Wrong("any-password")
    claims = urlencode(dict.fromkeys(USER_KEYS, site.ada))
    claimer = site.browser()
    claimer.go(f"{site.tour.login}?{claims}")
    if not site.closed(claimer):
        raise Wrong("any-password")
    empty = site.browser()
    empty.post(site.tour.login, {})
    if not site.closed(empty):
        raise Wrong("any-password")
    return "a part of the password, another case, an empty form, and more: no entry"


def same_answer(site: Site) -> str:
    """An unknown name gets the same answer as a wrong password"""
    unknown = new_mark()
    passwords = ["guess", "", site.other_password, None, *["guess"] * 8]
    ones = _answers(site, site.ada, passwords)
    others = _answers(site, site.ada, passwords)
    strangers = _answers(site, unknown, passwords)
    for one, other, stranger in zip(ones, others, strangers, strict=True):
        if len(one) != len(other):
            raise Wrong(
                message="cannot tell whether an unknown name gets the same answer: two equal "
                "wrong logins get different ones"
            )
        named = [each.replace(unknown, site.ada) for each in stranger]
        for a, b, c in zip_longest(one, other, named):
            if a == b != c:
                raise Wrong("names-told")
    return "the same status, page and cookies, twelve times in a row"


def _headers(response: requests.Response) -> str:
    """Return the headers, without those that differ by the time or the length."""
    left_out = ("date", "content-length", "set-cookie")
    pairs = sorted(response.headers.items())
    return unquote_plus(
        " ".join(f"{name} {value}" for name, value in pairs if name.lower() not in left_out)
    )


def _answers(site: Site, name: str, passwords: list[str | None]) -> list[list[str]]:
    """Return what a new app says to logins of one visitor, in tokens."""
    site.renew()
    visitor = site.browser()
    found = []
    for password in passwords:
        before = len(visitor.lines)
        page = site.log_in(visitor, name, password)
        texts = [f"{hop.status_code} {_headers(hop)} {hop.text}" for hop in page.hops]
        texts += [line.partition("=")[0] for line in visitor.lines[before:]]
        found.append(_TOKENS.findall(unescape("\n".join(texts))))
    return found
