"""Check the name and the attributes of a cookie."""

from __future__ import annotations

import functools
import re

# RFC 6265bis section 4.1.1: a cookie's name is a token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What ends an attribute or the line, or is cut off; and controls, which browsers refuse.
_NO_ATTRIBUTE = re.compile(r"[\s;\x00-\x1f\x7f-\x9f]")
_SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}


def check_attribute(option: str, value: object) -> None:
    """Raise TypeError or ValueError for text that would end an attribute."""
    if not isinstance(value, str):
        raise TypeError(f"{option} must be str, got {value!r}")
    if _NO_ATTRIBUTE.search(value):
        fix = "; write them as in a URL: %20, %3B" if option.endswith("path") else ""
        raise ValueError(
            f"{option} must not contain white space, ';' or control characters, got "
            f"{value!r}{fix}"
        )


def check_samesite(option: str, value: object) -> None:
    """Raise ValueError for anything but Strict, Lax or None; case does not matter."""
    if not isinstance(value, str) or value.lower() not in _SAMESITE:
        raise ValueError(f"{option} must be 'Strict', 'Lax' or 'None', got {value!r}")


def check_cookie_name(option: str, value: object) -> None:
    """Raise TypeError or ValueError for a name that a cookie cannot have."""
    if not isinstance(value, str):
        raise TypeError(f"{option} must be str, got {type(value).__name__}")
    if not _TOKEN.fullmatch(value):
        raise ValueError(
            f"{option} must consist of letters, digits and !#$%&'*+-.^_`|~, got {value!r}"
        )


@functools.lru_cache(maxsize=64)
def check_attributes(
    name: str, path: str, domain: str | None, secure: bool, samesite: str | None
) -> None:
    """Raise ValueError for a cookie that browsers silently drop or misread.

    RFC 6265bis sections 4.1.2.7 (SameSite) and 4.1.3 (the prefixes of names, which browsers
    compare without regard to case).
    """
    check_attribute("the cookie's path", path)
    if domain is not None:
        check_attribute("the cookie's domain", domain)
    prefix = name.lower()
    if prefix.startswith(("__secure-", "__host-")) and not secure:
        raise ValueError(
            f"a cookie named {name!r} needs Secure; serve over HTTPS or set secure=True"
        )
    if prefix.startswith("__host-") and (domain or path != "/"):
        raise ValueError(
            f"a cookie named {name!r} must have Path=/ and no Domain, got path={path!r} and "
            f"domain={domain!r}"
        )
    if samesite is not None:
        check_samesite("the cookie's samesite", samesite)
        if samesite.lower() == "none" and not secure:
            raise ValueError("SameSite=None needs Secure; set secure=True")
