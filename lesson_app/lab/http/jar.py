"""Judge whether a browser keeps a cookie, by one function for each rule.

"6265bis" is draft-ietf-httpbis-rfc6265bis-22, followed by the section. A test in
`tests/browser` compares the verdicts with Chromium's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from werkzeug.http import parse_date

from .record import pair_of

_MOST_OCTETS = 4096


@dataclass(frozen=True)
class CookieVerdict:
    """Whether a browser keeps a cookie, and the rule that decides."""

    kept: bool
    rule: str


@dataclass(frozen=True)
class _Line:
    """A ``Set-Cookie`` line, the URL of its response, and the time in seconds since 1970."""

    name: str
    value: str
    #: The attributes, by their names in lower case. The last of one name counts.
    given: dict[str, str]
    url: SplitResult
    now: float

    @property
    def host(self) -> str:
        return self.url.hostname or ""


def browser_keeps(
    set_cookie: str, url: str, *, clock: Callable[[], float] = time.time
) -> CookieVerdict:
    """Judge whether a browser keeps the cookie of a ``Set-Cookie`` line.

    `set_cookie` is the header's value, `url` the URL of its response. Nothing is fetched.
    The rules are: size, Secure, SameSite=None, Domain, the prefixes ``__Secure-`` and
    ``__Host-``, Max-Age and Expires. The list of public suffixes is not included: only a
    Domain without a dot counts as one. Raises ValueError for a URL that is not http or https.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"expected an http or https URL, got {url!r}; try https://shop.example/"
        )
    attributes = map(pair_of, set_cookie.split(";")[1:])
    given = {name.lower(): value for name, value in attributes}
    line = _Line(*pair_of(set_cookie), given, parts, clock())
    reasons = filter(None, (rule(line) for rule in _RULES))
    reason = next(reasons, None)
    return CookieVerdict(reason is None, reason or "no rule forbids it")


def _too_large(line: _Line) -> str | None:
    octets = len(f"{line.name}{line.value}".encode())
    if octets <= _MOST_OCTETS:
        return None
    return f"name and value: {octets} bytes, limit {_MOST_OCTETS} (RFC 6265bis 5.6)"


def _secure_over_http(line: _Line) -> str | None:
    if "secure" not in line.given or _trustworthy(line.url.scheme, line.host):
        return None
    return "Secure, and the response came over plain http (RFC 6265bis 5.7)"


def _none_without_secure(line: _Line) -> str | None:
    if line.given.get("samesite", "").lower() != "none" or "secure" in line.given:
        return None
    return "SameSite=None without Secure (RFC 6265bis 5.7)"


def _foreign_domain(line: _Line) -> str | None:
    domain = line.given.get("domain", "").lower()
    covered = domain.removeprefix(".")
    if not domain or covered == line.host:
        return None
    if not line.host.endswith(f".{covered}") or _is_ip(line.host):
        return f"Domain={domain} does not cover {line.host} (RFC 6265bis 5.7)"
    return None if "." in covered else f"Domain={domain} is a public suffix (RFC 6265bis 5.7)"


def _broken_prefix(line: _Line) -> str | None:
    name = line.name.lower()
    prefix = next(
        (each for each in ("__Host-", "__Secure-") if name.startswith(each.lower())), ""
    )
    is_host, broken = prefix == "__Host-", ""
    if prefix and "secure" not in line.given:
        broken = "without Secure"
    elif is_host and line.given.get("path") != "/":
        broken = "without Path=/"
    elif is_host and line.given.get("domain"):
        broken = "with Domain"
    return f"{prefix} {broken} (RFC 6265bis 5.7)" if broken else None


def _expired(line: _Line) -> str | None:
    age, date = line.given.get("max-age", ""), parse_date(line.given.get("expires"))
    if re.fullmatch("-?[0-9]+", age):  # then Expires does not count
        over = float(age) <= 0
    else:
        over = date is not None and date.timestamp() <= line.now
    return "it has expired, so the browser deletes it (RFC 6265bis 5.7)" if over else None


_RULES: tuple[Callable[[_Line], str | None], ...] = (
    _too_large,
    _secure_over_http,
    _none_without_secure,
    _foreign_domain,
    _broken_prefix,
    _expired,
)


def _is_ip(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def _trustworthy(scheme: str, host: str) -> bool:
    """Whether the connection is https, or http to this machine, which Chromium trusts too."""
    if scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_ip(host) and ip_address(host).is_loopback
