"""What a browser would do with a ``Set-Cookie`` line.

"6265bis" is draft-ietf-httpbis-rfc6265bis-22, by section. Where Chromium (156) does otherwise,
its behaviour is told and called so: `tests/browser` has it judge some two hundred lines.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from ipaddress import ip_address
from typing import Literal, overload
from urllib.parse import SplitResult, urlsplit

import requests

from ...dissect.words import moment, shortened, visible
from ..views.markup import facts

#: Who makes a request, and how: 6265bis 5.2 tells same-site from cross-site. The address bar
#: counts as same-site; a link is a navigation by GET, a form one by POST.
Initiator = Literal["same-site", "cross-site link", "cross-site form", "cross-site subresource"]

#: 6265bis 5.6: the octets of name and value together; and those of an attribute.
MOST_OCTETS, MOST_IN_ATTRIBUTE = 4096, 1024
#: 6265bis 5.5: no cookie lives longer than 400 days.
MOST_SECONDS = 400 * 86_400
#: Chromium, and 6265bis 5.6.7.2: so long a form of another site gets a cookie without SameSite.
LAX_ALLOWS_UNSAFE = 120

_HEADER = re.compile("set-cookie: *", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ATTRIBUTES = {
    "domain", "expires", "httponly", "max-age", "partitioned", "path", "priority", "samesite",
    "secure",
}  # fmt: skip


class _Dropped(Exception):  # noqa: N818  # nothing fails: it is the verdict
    """The cookie is not kept; the text is the rule."""


@dataclass(frozen=True)
class StoredCookie:
    """A cookie in a browser's jar: the fields of 6265bis 5.7."""

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    #: Seconds since 1970, or None for a session cookie, which goes when the browser closes.
    expires: float | None
    secure: bool
    http_only: bool
    #: "Strict", "Lax", "None", or "" where the line says none of these.
    same_site: str
    #: Of a partitioned cookie: the scheme of the site at the top, which is part of its key, so
    #: that one from http on loopback does not go to https (Chromium).
    partition: str

    def goes_to(self, url: str, initiator: Initiator = "same-site", *, age: float = 0) -> bool:
        """Whether a request to `url` brings the cookie, `age` seconds after it was set.

        Domain, path and Secure: 6265bis 5.8.3. SameSite: 5.6.7. Ports do not matter: 8.5.
        Chromium sends Secure cookies over http to a loopback host.
        """
        target = _split(url)
        host = target.hostname or ""
        return (
            (host == self.domain or (not self.host_only and host.endswith(f".{self.domain}")))
            and _on_path(self.path, target.path or "/")
            and (not self.secure or _trustworthy(target))
            and self.partition in ("", target.scheme)
            and self._same_site_lets(initiator, age)
        )

    def _same_site_lets(self, initiator: Initiator, age: float) -> bool:
        if initiator == "same-site":
            return True
        if initiator == "cross-site link":
            return self.same_site != "Strict"
        if initiator == "cross-site form":
            fresh = not self.same_site and age <= LAX_ALLOWS_UNSAFE
            return self.same_site == "None" or fresh
        # A partitioned cookie is in the jar of the site at the top when it was set.
        return self.same_site == "None" and not self.partition


@dataclass(frozen=True)
class CookieVerdict:
    """What becomes of one line: text in a terminal, a table in a notebook.

    `cookie` is None if it is dropped; `rule` says why, or why it is kept. `notes` tell what
    the browser overlooks in the line.
    """

    set_cookie: str
    url: str
    cookie: StoredCookie | None
    rule: str
    notes: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the cookie is in the jar afterwards."""
        return self.cookie is not None

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What both views show: pairs of a name and a text."""
        line = shortened(self.set_cookie, 200)
        facts = [("Set-Cookie", line), ("from", visible(self.url))]
        facts.append(("kept" if self.kept else "dropped", self.rule))
        if self.cookie:
            facts += _told(self.cookie, self.url)
        return facts + [("note", note) for note in self.notes]

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self.facts)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in self.facts)

    def _repr_html_(self) -> str:
        return facts((name, escape(text)) for name, text in self.facts)


class CookieVerdicts(tuple[CookieVerdict, ...]):
    """The verdicts on a response's lines, in their order."""

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self)) or "no Set-Cookie"

    def _repr_html_(self) -> str:
        return "\n".join(each._repr_html_() for each in self) or "<p>no Set-Cookie</p>"


@overload
def browser_keeps(
    set_cookie: str, url: str, *, clock: Callable[[], float] = time.time
) -> CookieVerdict: ...


@overload
def browser_keeps(
    set_cookie: requests.Response, *, clock: Callable[[], float] = time.time
) -> CookieVerdicts: ...


def browser_keeps(
    set_cookie: str | requests.Response,
    url: str = "",
    *,
    clock: Callable[[], float] = time.time,
) -> CookieVerdict | CookieVerdicts:
    """Tell what a browser does with a ``Set-Cookie`` line that came with `url`'s response.

    Give the line, or a response: then all its lines are judged, and those of the
    redirects before it. `clock` says when now is. Nothing is fetched.

    The response is taken to answer the address bar or a page of its own site, and the jar to
    be empty: otherwise a line over http cannot replace a Secure cookie, and a full jar
    forgets old ones (6265bis 5.7, 6.1). The list of public suffixes is not at hand.

    Differences from `requests`, whose jar is `http.cookiejar`: it keeps cookies of any size
    for any time. It ignores SameSite and Partitioned (it knows no other sites), HttpOnly (it
    runs no scripts) and the prefixes of names. It takes Secure cookies from plain http, and
    sends them over https alone, so not back to http on loopback, where a browser does.
    """
    if isinstance(set_cookie, requests.Response):
        return CookieVerdicts(
            _judge(_octets(line), answer.url, clock())
            for answer in (*set_cookie.history, set_cookie)
            for line in answer.raw.headers.getlist("Set-Cookie")
        )
    if not isinstance(set_cookie, str):
        raise TypeError(
            f"browser_keeps() was given a {type(set_cookie).__name__}: "
            "give a Set-Cookie line and its URL, or a response"
        )
    header = _HEADER.match(set_cookie)
    return _judge(set_cookie[header.end() if header else 0 :], url, clock())


def _octets(line: str) -> str:
    """Undo that `requests` reads each octet as a character."""
    return line.encode("latin-1").decode("utf-8", "surrogateescape")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a web page: write https://shop.example/")
    return parts


def _judge(line: str, url: str, now: float) -> CookieVerdict:
    source, notes = _split(url), list[str]()
    cookie, rule = None, "nothing is against it"
    try:
        cookie = _store(line, source, now, notes)
    except _Dropped as dropped:
        rule = str(dropped)
    return CookieVerdict(line, url, cookie, rule, tuple(notes))


def _store(line: str, source: SplitResult, now: float, notes: list[str]) -> StoredCookie:
    """Go through 6265bis 5.6 and 5.7, step by step; raise `_Dropped` where the cookie goes."""
    if _CONTROL.search(line):
        raise _Dropped("it holds a control character (6265bis 5.6)")
    pair, *rest = line.split(";")
    name, equals, value = (part.strip(" \t") for part in pair.partition("="))
    if not equals:  # 6265bis 5.6
        name, value = "", name
    _refuse_tabs(name, value)
    if not name and not value:
        raise _Dropped("it has neither name nor value (6265bis 5.7)")
    if not name and "=" in value:  # no step of 6265bis says so
        raise _Dropped("it has no name, and its value would be read as one (Chromium)")
    size = _size(name) + _size(value)
    if size > MOST_OCTETS:
        raise _Dropped(f"name and value take {size} octets, over 4096 (6265bis 5.6)")
    given = _attributes(rest, notes)
    secure, same_site = "secure" in given, _same_site(given, notes)
    if secure and not _trustworthy(source):
        raise _Dropped("Secure, and the response came over plain http (6265bis 5.7)")
    if same_site == "None" and not secure:
        raise _Dropped("SameSite=None without Secure (6265bis 5.7)")
    if "partitioned" in given and not secure:
        raise _Dropped("Partitioned without Secure (Chromium; the CHIPS draft)")
    host, path = source.hostname or "", given.get("path", "")
    domain, host_only = _domain(given.get("domain", ""), host, notes)
    _check_prefix(name, value, given, host)
    expires = _expires(given, now, notes)
    if expires is not None and expires <= now:
        raise _Dropped(
            "it expires at once: what is kept by its name, domain and path is "
            "deleted (6265bis 5.7)"
        )
    return StoredCookie(
        name, value, domain, host_only,
        path if path.startswith("/") else _default_path(source.path), expires,
        secure, "httponly" in given, same_site,
        source.scheme if "partitioned" in given else "",
    )  # fmt: skip


def _refuse_tabs(name: str, value: str) -> None:
    """6265bis 5.6 lets tabs stand; Chromium lets them stand around names and values alone."""
    if "\t" in name + value:
        raise _Dropped("it holds a tab inside a name or a value (Chromium)")


def _attributes(parts: list[str], notes: list[str]) -> dict[str, str]:
    """Of several attributes of one name the last counts (6265bis 5.7)."""
    given: dict[str, str] = {}
    for part in parts:
        written, _, value = (half.strip(" \t") for half in part.partition("="))
        name = written.lower()
        _refuse_tabs(name, value)
        if name not in _ATTRIBUTES:
            if name:
                notes.append(f"{shortened(written)} is no attribute: ignored (6265bis 5.6)")
        elif _size(value) > MOST_IN_ATTRIBUTE:
            notes.append(f"{name} takes more than 1024 octets: ignored (6265bis 5.6)")
        else:
            if value and name in ("secure", "httponly", "partitioned"):
                notes.append(f"{name} counts, whatever its value says (6265bis 5.6)")
            if name in given:
                notes.append(f"{name} stands there again: the last counts (6265bis 5.7)")
            given[name] = value
    return given


def _same_site(given: dict[str, str], notes: list[str]) -> str:
    """6265bis 5.6.7: other words count as none, which Chromium treats as Lax."""
    value = given.get("samesite", "")
    word = value.capitalize()
    if word in ("Strict", "Lax", "None"):
        return word
    if "samesite" in given:
        notes.append(f"SameSite={shortened(value)} is unknown: as if absent (6265bis 5.6.7)")
    return ""


def _domain(attribute: str, host: str, notes: list[str]) -> tuple[str, bool]:
    """Return the domain, and whether it is the host alone (6265bis 5.6.3 and 5.7)."""
    domain = attribute.lower().removeprefix(".")
    if not attribute:
        return host, True
    if domain == host and (_is_ip(host) or "." not in host):
        return host, True  # there are no hosts under an IP address, nor under a suffix
    if not domain.isascii() or not f".{host}".endswith(f".{domain}") or _is_ip(host):
        raise _Dropped(f"Domain={shortened(attribute)} does not cover {host} (6265bis 5.7)")
    if "." not in domain:
        raise _Dropped(f"Domain={domain} is a public suffix (6265bis 5.7)")
    notes.append(f"dropped if {domain} is a public suffix, which takes a list to tell")
    return domain, False


def _default_path(path: str) -> str:
    """6265bis 5.1.4: the address up to its last slash, without it."""
    return path.rpartition("/")[0] or "/"


def _on_path(cookie: str, request: str) -> bool:
    """6265bis 5.1.4: equal, or a beginning that ends at a slash."""
    return request == cookie or request.startswith(cookie.removesuffix("/") + "/")


def _expires(given: dict[str, str], now: float, notes: list[str]) -> float | None:
    """Max-Age before Expires (6265bis 5.7), and 400 days at most (5.5)."""
    until = None
    if re.fullmatch(r"[-+]?[0-9]+", given.get("max-age", "")):
        until = now + min(max(int(given["max-age"]), 0), MOST_SECONDS + 1)
    elif "max-age" in given:
        notes.append("Max-Age is no whole number: ignored (6265bis 5.6.2)")
    if until is None and "expires" in given:
        until = _cookie_date(given["expires"])
        if until is None:
            notes.append("Expires is no date: ignored (6265bis 5.6.1)")
    if until is not None and until > now + MOST_SECONDS:
        notes.append("400 days at most (6265bis 5.5)")
        return now + MOST_SECONDS
    return until


_MONTHS = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
]  # fmt: skip


def _cookie_date(text: str) -> float | None:
    """Read a date as 6265bis 5.1.1: its parts in any order, the zone ignored.

    Chromium reads digits only where they are all of a part, and takes years before 1601.
    """
    found: dict[str, tuple[int, ...]] = {}
    for part in re.findall(r"[^\t -/;-@\[-`{-~]+", text):
        clock = re.fullmatch("([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})", part)
        if clock:
            found.setdefault("time", tuple(map(int, clock.groups())))
        elif re.fullmatch("[0-9]{1,2}", part) and "day" not in found:
            found["day"] = (int(part),)
        elif re.fullmatch("[0-9]{1,5}", part):
            found.setdefault("year", (int(part),))
        elif part[:3].lower() in _MONTHS:
            found.setdefault("month", (_MONTHS.index(part[:3].lower()) + 1,))
    if len(found) < 4:
        return None
    (year,), (month,), (day,), (hour, minute, second) = (
        found[part] for part in ("year", "month", "day", "time")
    )
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    try:
        date = datetime(min(year, 9999), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return date.timestamp()


#: The longer before the shorter ones that they begin with.
_PREFIXES = ("__host-http-", "__host-", "__http-", "__secure-")


def _check_prefix(name: str, value: str, given: dict[str, str], host: str) -> None:
    """6265bis 5.7, in any case of letters; ``__Http-`` and ``__Host-Http-``: Chromium."""
    start = (name or value).lower()
    prefix = next(filter(start.startswith, _PREFIXES), "")
    by = "Chromium" if "http-" in prefix else "6265bis 5.7"
    if prefix and not name:
        raise _Dropped(f"it has no name, and {prefix} in its value ({by})")
    if prefix and "secure" not in given:
        raise _Dropped(f"{prefix} without Secure ({by})")
    if "http-" in prefix and "httponly" not in given:
        raise _Dropped(f"{prefix} without HttpOnly ({by})")
    if "host-" in prefix:
        if given.get("path") != "/":
            raise _Dropped(f"{prefix} without Path=/ ({by})")
        # Chromium lets an IP address name itself.
        if given.get("domain") and not (_is_ip(host) and given["domain"] == host):
            raise _Dropped(f"{prefix} with Domain ({by})")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _trustworthy(url: SplitResult) -> bool:
    """https; or, in Chromium, a loopback host."""
    host = (url.hostname or "").removesuffix(".")
    if url.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_ip(host) and ip_address(host).is_loopback


_SAME_SITE = {
    "Strict": "Strict: only requests that its own site makes",
    "Lax": "Lax: also links from other sites",
    "None": "None: requests from any site",
    "": "absent: in Chromium as Lax, elsewhere perhaps as None",
}


def _told(cookie: StoredCookie, url: str) -> Iterator[tuple[str, str]]:
    source = _split(url)._replace(query="", fragment="")
    here = source._replace(path=cookie.path)
    yield "name", cookie.name or "none"
    yield "value", shortened(cookie.value, 200) or "empty"
    alone = "this host alone (host-only)" if cookie.host_only else "and the hosts under it"
    yield "domain", f"{cookie.domain}: {alone}"
    yield "path", shortened(cookie.path, 200)
    session = "the browser closes (a session cookie)"
    yield "until", session if cookie.expires is None else moment(round(cookie.expires * 1000))
    yield "page scripts", "cannot read it (HttpOnly)" if cookie.http_only else "can read it"
    yield "SameSite", _SAME_SITE[cookie.same_site]

    def sent(address: SplitResult, yes: str = "yes", initiator: Initiator = "same-site") -> str:
        return yes if cookie.goes_to(address.geturl(), initiator) else "no"

    yield "to this address", sent(source)
    yield "to /, and any path", sent(source._replace(path="/"))
    other = here._replace(netloc=f"{source.hostname}:1")
    yield "to another port", sent(other, "yes: cookies know no ports (6265bis 8.5)")
    scheme = {"http": "https", "https": "http"}[source.scheme]
    yield f"over {scheme}", sent(here._replace(scheme=scheme))
    if not _is_ip(source.hostname or ""):
        yield "to a host under it", sent(here._replace(netloc=f"x.{source.hostname}"))
    yield "from another site: a link", sent(here, initiator="cross-site link")
    briefly = "yes" if cookie.same_site else "for two minutes (Chromium), then no"
    yield "a form (POST)", sent(here, briefly, "cross-site form")
    third = "yes, unless the browser blocks third-party cookies"
    yield "an image, frame, fetch", sent(here, third, "cross-site subresource")
