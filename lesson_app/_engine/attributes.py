"""Check a cookie's name and attributes, from options and from Flask's settings alike.

Browsers do not report a cookie that they drop, nor an attribute that they ignore: the
visitors are just never logged in. A test in `tests/browser` compares the rules with Chromium.

A Domain must be a name with a dot. Not detected is one that does not cover the host of the
request, or a public suffix with a dot, such as co.uk.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from flask import Flask

# RFC 6265bis section 4.1.1: a cookie's name is a token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Controls, parts that a URL's path cannot have, and characters that Werkzeug sends as %XX,
# but browsers do not: such a Path covers no page.
_NO_PATH = re.compile(r"[\s;?#\[\]\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|/\.\.?(?:/|$)")
# No top-level domain begins with a digit, but the last part of an IP address does.
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.)+[a-z][a-z0-9-]{0,62}", re.IGNORECASE)
_SAMESITE = ("strict", "lax", "none")


class Attributes(NamedTuple):
    """A cookie's name and attributes; or, for each of them, the option or setting."""

    name: Any
    path: Any
    domain: Any
    secure: Any
    httponly: Any
    samesite: Any
    partitioned: Any


_OPTIONS = Attributes("cookie_name", *Attributes._fields[1:])
_SETTINGS = Attributes(*(f"SESSION_COOKIE_{each.upper()}" for each in Attributes._fields))
_options_of = attrgetter(*_OPTIONS)
_settings_of = itemgetter(*_SETTINGS, "APPLICATION_ROOT")


def cookie_attributes(app: Flask, options: object) -> Attributes:
    """Return what `options` give, and for those that are None what the app's settings give.

    Raises TypeError or ValueError as `check_cookie` does. Values that were right before are
    not checked again.
    """
    given = (*_options_of(options), *_settings_of(app.config))
    try:
        return _checked(*given)
    except TypeError:  # or a list, which has no hash
        pass
    return _checked.__wrapped__(*given)


@functools.lru_cache(maxsize=64, typed=True)  # typed, because 1 is not True
def _checked(*given: Any) -> Attributes:
    *settings, root = given[len(_OPTIONS) :]
    path = _OPTIONS.index("path")
    sources = list(_SETTINGS)
    if not settings[path]:  # as in Flask
        settings[path], sources[path] = root, "APPLICATION_ROOT"
    for number, (option, value) in enumerate(zip(_OPTIONS, given, strict=False)):
        if value is not None:
            settings[number], sources[number] = value, option
    cookie = Attributes(*settings)
    check_cookie(cookie, Attributes(*sources))
    return cookie


def check_cookie(cookie: Attributes, sources: Attributes = _OPTIONS) -> None:
    """Raise TypeError or ValueError for a cookie that browsers drop or misread.

    The message names the option or setting in `sources`, and the fix. RFC 6265bis sections
    4.1.2.7 (SameSite) and 4.1.3 (the prefixes of names, which browsers compare without
    regard to case). Chromium has two more prefixes: ``__Http-`` and ``__Host-Http-``.
    """
    for check, source, value in zip(_CHECKS, sources, cookie, strict=True):
        check(source, value)
    name, secure = cookie.name.lower(), cookie.secure or cookie.partitioned
    if not secure and name.startswith(("__secure-", "__host-", "__http-")):
        raise ValueError(
            f"a cookie named {cookie.name!r} needs Secure; set secure=True or "
            "SESSION_COOKIE_SECURE to True"
        )
    if not cookie.httponly and name.startswith(("__http-", "__host-http-")):
        raise ValueError(
            f"a cookie named {cookie.name!r} needs HttpOnly; set {sources.httponly} to True"
        )
    if name.startswith("__host-") and (cookie.domain or cookie.path != "/"):
        raise ValueError(
            f"a cookie named {cookie.name!r} must have Path=/ and no Domain, got "
            f"{sources.path}={cookie.path!r} and {sources.domain}={cookie.domain!r}"
        )
    if cookie.samesite is not None and cookie.samesite.lower() == "none" and not secure:
        raise ValueError(
            f"{sources.samesite}='None' needs secure=True or SESSION_COOKIE_SECURE=True; to "
            f"send no SameSite, leave {sources.samesite} out"
        )


def check_cookie_name(option: str, value: object) -> None:
    """Raise TypeError or ValueError for a name that a cookie cannot have."""
    if not _TOKEN.fullmatch(_text(option, value)):
        raise ValueError(
            f"{option} must consist of letters, digits and !#$%&'*+-.^_`|~, got {value!r}"
        )


def check_path(option: str, value: object) -> None:
    """Raise TypeError or ValueError for a Path that browsers ignore, or that covers no page."""
    text = _text(option, value)
    if _NO_PATH.search(text):
        raise ValueError(
            f"{option} must not contain white space, control characters, '..' or any of "
            f";?#[]\\, got {value!r}; write them as in a URL: %20, %3B"
        )
    if not text.startswith("/"):
        raise ValueError(f"{option} must begin with '/', got {value!r}; write '/' or '/app'")


def check_domain(option: str, value: object) -> None:
    """Raise TypeError or ValueError for a Domain that no browser honours.

    "" and None mean no Domain.
    """
    if value is None or value == "":
        return
    text = _text(option, value).removeprefix(".")
    try:
        sent = text.encode("idna")  # as Werkzeug does
        # This codec turns ß into ss, but browsers do not.
        same = text.isascii() or sent.decode("idna") == text.lower()
    except UnicodeError:
        same = False
    if not (same and _DOMAIN.fullmatch(sent.decode())):
        raise ValueError(
            f"{option} must be a host name with a dot, such as 'example.com', got {value!r}; "
            "write no scheme, port or '*'; for a single host, leave it out"
        )


def check_flag(option: str, value: object) -> None:
    """Raise TypeError for anything but True and False."""
    if not isinstance(value, bool):
        fix = "; in the environment write true or false" if option.isupper() else ""
        raise TypeError(f"{option} must be True or False, got {value!r}{fix}")


def check_samesite(option: str, value: object) -> None:
    """Raise ValueError for a text that is not Strict, Lax or None; case does not matter.

    None means no SameSite.
    """
    if value is None:
        return
    if not isinstance(value, str) or value.lower() not in _SAMESITE:
        raise ValueError(
            f"{option} must be 'Strict', 'Lax' or 'None', got {value!r}; to send no SameSite, "
            "leave it out"
        )


def _text(option: str, value: object) -> str:
    if not isinstance(value, str):
        fix = "; in the environment put text in double quotes" if option.isupper() else ""
        raise TypeError(f"{option} must be str, got {value!r}{fix}")
    return value


_CHECKS: tuple[Callable[[str, object], None], ...] = Attributes(
    check_cookie_name,
    check_path,
    check_domain,
    check_flag,
    check_flag,
    check_samesite,
    check_flag,
)
