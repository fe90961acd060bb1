"""Set-Cookie lines, and what Chromium 156 makes of each: the table that two tests go by."""

from __future__ import annotations

from email.utils import formatdate
from typing import NamedTuple
from urllib.parse import urlsplit

from lesson_app.lab.http.jar import Initiator

HTTP, HTTPS = "http://a.example/shop/cart", "https://a.example/shop/cart"
SUB, IP = "http://sub.a.example/shop/cart", "http://127.0.0.1/shop/cart"
LOCALHOST, APP = "http://localhost/shop/cart", "http://app.localhost/shop/cart"
DAY = 86_400
CAP = 400 * DAY
#: Stands in a line for a date one day ahead; {D}, {M}, {Y} and {T} for its parts.
SOON = "{soon}"
#: A cookie without attributes, from /shop/cart, goes to these of the `requests` below.
USUAL = "again deeper beside port scheme link form"
ALL = "again root deeper beside elsewhere port scheme link form"
#: Without plain http; without other sites; without forms of other sites.
SECURE, SECURE_ALL = (to.replace("scheme ", "") for to in (USUAL, ALL))
STRICT, LAX = USUAL.removesuffix(" link form"), USUAL.removesuffix(" form")


class Row(NamedTuple):
    """One line, the address of its response, and what is stored; None if it is dropped."""

    case: str
    line: str
    url: str = HTTP
    pair: tuple[str, str] | None = ("sid", "1")
    #: With a dot in front: also the hosts under it. Empty: the host of `url` alone.
    domain: str = ""
    path: str = "/shop"
    #: How long it lives; None until the browser closes.
    seconds: int | None = None
    #: Of Secure, HttpOnly and Partitioned those that count.
    flags: str = ""
    same_site: str = ""
    #: "third" is a fetch, a picture and a frame of another site's page.
    to: str = USUAL

    def text(self, now: float) -> str:
        """The line as it is sent at the time `now`."""
        soon = formatdate(int(now) + DAY, usegmt=True)
        _, day, month, year, time, _ = soon.split()
        parts = {SOON: soon, "{D}": day, "{M}": month, "{Y}": year, "{T}": time}
        line = self.line
        for mark, text in parts.items():
            line = line.replace(mark, text)
        return line


def address(url: str, second_port: bool = False, **other: str) -> str:
    """Change parts of a URL; ports as a test's real listeners have them come later."""
    parts = urlsplit(url)
    scheme, host = other.get("scheme", parts.scheme), other.get("host", parts.hostname)
    port = f":{8000 + 443 * (scheme == 'https')}" if second_port else ""
    return f"{scheme}://{host}{port}{other.get('path', parts.path)}"


def requests(url: str) -> dict[str, tuple[str, Initiator]]:
    """What a browser asks for after `url` has set its cookie."""
    parts = urlsplit(url)
    folder, host = parts.path.rstrip("/"), parts.hostname or ""
    same: dict[str, str] = {
        "again": url,
        "root": address(url, path="/"),
        "deeper": address(url, path=f"{folder}/deeper"),
        "beside": address(url, path=f"{parts.path}x"),
        "elsewhere": address(url, path="/elsewhere"),
        "port": address(url, second_port=True),
        "scheme": address(url, scheme="http" if parts.scheme == "https" else "https"),
    }
    if not host[0].isdigit():
        same["under"] = address(url, host=f"deep.{host}")
    if host.startswith("sub."):
        same["parent"] = address(url, host=host.removeprefix("sub."))
    return {
        **{name: (to, "same-site") for name, to in same.items()},
        "link": (url, "cross-site link"),
        "form": (url, "cross-site form"),
        "fetch": (url, "cross-site subresource"),
        "image": (url, "cross-site subresource"),
        "frame": (url, "cross-site subresource"),
    }


ROWS = [
    # Name and value, and what else there is
    Row("plain", "sid=1"),
    Row(
        "attribute names in capitals",
        "sid=1; HTTPONLY; PATH=/; SAMESITE=STRICT",
        path="/",
        flags="HttpOnly",
        same_site="Strict",
        to="again root deeper beside elsewhere port scheme",
    ),
    Row(
        "spaces and tabs around",
        "  sid\t =\t 1 ;\tPath = / ; HttpOnly = yes",
        path="/",
        flags="HttpOnly",
        to=ALL,
    ),
    Row("a tab inside", "sid=a\tb", pair=None),
    Row("a tab before a second equals sign", "sid=a\t=b", pair=None),
    Row("a tab after a second equals sign", "sid=a=\tb", pair=None),
    Row("plain on loopback", "sid=1", IP),
    Row("4096 octets", "sid=" + "x" * 4093, pair=("sid", "x" * 4093)),
    Row("4097 octets", "sid=" + "x" * 4094, pair=None),
    Row("4096 octets of value, no name", "x" * 4096, pair=("", "x" * 4096)),
    Row("4097 octets in two-octet letters", "sid=" + "ä" * 2047, pair=None),
    Row("empty value", "sid=", pair=("sid", "")),
    Row("empty name", "=1", pair=("", "1")),
    Row("no equals sign", "sid", pair=("", "sid")),
    Row("nothing", "", pair=None),
    Row("only an equals sign", "=", pair=None),
    Row("only attributes", "; Path=/", pair=None),
    Row("equals sign in the value", "sid=a=b", pair=("sid", "a=b")),
    Row("nameless with an equals sign", "=a=b", pair=None),
    Row("quotes", 'sid="a b"', pair=("sid", '"a b"')),
    Row("quote alone", 'sid="a', pair=("sid", '"a')),
    Row("quotes around a semicolon", 'sid="a; Path=/"', pair=("sid", '"a'), path='/"', to=""),
    Row("comma", "sid=1, other=2", pair=("sid", "1, other=2")),
    Row("other letters", "sid=ä", pair=("sid", "ä")),
    Row("other letters in the name", "ä=1", pair=("ä", "1")),
    Row("an octet that is not UTF-8", "sid=\udce4", pair=("sid", "\udce4")),
    Row("control character in the value", "sid=a\x01b", pair=None),
    Row("delete character in the value", "sid=a\x7fb", pair=None),
    Row("control character in the name", "s\x01id=1", pair=None),
    Row("control character in an attribute", "sid=1; Path=/\x01; HttpOnly", pair=None),
    Row("control character in an unknown attribute", "sid=1; Other=\x01", pair=None),
    Row("C1 control character", "sid=a\x85b", pair=("sid", "a\x85b")),
    Row("unknown attribute", "sid=1; Version=1; Comment=x"),
    Row("an attribute without a name", "sid=1; =x; ;; HttpOnly", flags="HttpOnly"),
    Row("priority", "sid=1; Priority=High"),
    Row(
        "spaces that are no ASCII",
        "\u00a0sid\u2003=\u00a01\u00a0; Path=\u00a0/",
        pair=("\u00a0sid\u2003", "\u00a01\u00a0"),
    ),
    Row("backslash", r"sid=a\b", pair=("sid", r"a\b")),
    Row(
        "trailing dot host", "sid=1; Domain=a.example", "http://a.example./shop/cart", pair=None
    ),
    Row(
        "ip with secure over https",
        "sid=1; Secure",
        "https://127.0.0.1/shop/cart",
        flags="Secure",
    ),
    Row("a tab inside the name", "s\tid=1", pair=None),
    Row("a tab inside an attribute", "sid=1; Path=/\tx", pair=None),
    Row("a tab inside an unknown attribute", "sid=1; Other=a\tb", pair=None),
    Row("an emoji", "sid=\u200b😀", pair=("sid", "\u200b😀")),
    # Secure and HttpOnly
    Row(
        "all of Flask's",
        "sid=1; Secure; HttpOnly; Path=/; SameSite=Lax",
        HTTPS,
        path="/",
        flags="Secure HttpOnly",
        same_site="Lax",
        to="again root deeper beside elsewhere port link",
    ),
    Row("http-only", "sid=1; HttpOnly", flags="HttpOnly"),
    Row("secure over https", "sid=1; Secure", HTTPS, flags="Secure", to=SECURE),
    Row("no secure over https", "sid=1", HTTPS),
    Row("secure over http", "sid=1; Secure", pair=None),
    Row("secure over http on loopback", "sid=1; Secure", IP, flags="Secure"),
    Row("secure over http on localhost", "sid=1; Secure", LOCALHOST, flags="Secure"),
    Row("secure over http on a name under localhost", "sid=1; Secure", APP, flags="Secure"),
    Row("secure with a value", "sid=1; Secure=false", pair=None),
    Row("http-only with a value", "sid=1; HttpOnly=0", flags="HttpOnly"),
    Row("secure over 1024 octets", "sid=1; Secure=" + "x" * 1025),
    Row(
        "secure over http on localhost with a dot at the end",
        "sid=1; Secure",
        "http://localhost./a",
        path="/",
        flags="Secure",
        to=ALL,
    ),
    Row(
        "secure over http on another loopback address",
        "sid=1; Secure",
        "http://127.9.9.9/a",
        path="/",
        flags="Secure",
        to=ALL,
    ),
    Row("secure over http on an ip", "sid=1; Secure", "http://192.0.2.1/shop/cart", pair=None),
    Row("plain on an ip", "sid=1", "http://192.0.2.1/shop/cart"),
    # SameSite
    Row("strict", "sid=1; SameSite=Strict", same_site="Strict", to=STRICT),
    Row("lax", "sid=1; SameSite=Lax", same_site="Lax", to=LAX),
    Row(
        "strict over https",
        "sid=1; SameSite=Strict; Secure",
        HTTPS,
        flags="Secure",
        same_site="Strict",
        to="again deeper beside port",
    ),
    Row(
        "none and secure",
        "sid=1; SameSite=None; Secure",
        HTTPS,
        flags="Secure",
        same_site="None",
        to=SECURE + " third",
    ),
    Row("none without secure", "sid=1; SameSite=None", pair=None),
    Row("none without secure over https", "sid=1; SameSite=None", HTTPS, pair=None),
    Row(
        "none and secure on loopback",
        "sid=1; SameSite=None; Secure",
        IP,
        flags="Secure",
        same_site="None",
        to=USUAL + " third",
    ),
    Row("unknown same-site", "sid=1; SameSite=Sometimes"),
    Row("same-site twice", "sid=1; SameSite=Strict; SameSite=Lax", same_site="Lax", to=LAX),
    Row("same-site twice, the last unknown", "sid=1; SameSite=Strict; SameSite=Never"),
    # Partitioned
    Row(
        "partitioned",
        "sid=1; Partitioned; Secure; SameSite=None",
        HTTPS,
        flags="Secure Partitioned",
        same_site="None",
        to=SECURE,
    ),
    Row("partitioned without secure", "sid=1; Partitioned", HTTPS, pair=None),
    Row(
        "partitioned on loopback",
        "sid=1; Partitioned; Secure; SameSite=None",
        IP,
        flags="Secure Partitioned",
        same_site="None",
        to=SECURE,
    ),
    Row("partitioned over http", "sid=1; Partitioned; Secure", pair=None),
    # Prefixes of names
    Row(
        "secure prefix",
        "__Secure-sid=1; Secure",
        HTTPS,
        pair=("__Secure-sid", "1"),
        flags="Secure",
        to=SECURE,
    ),
    Row("secure prefix without secure", "__Secure-sid=1", HTTPS, pair=None),
    Row("secure prefix in capitals", "__SECURE-sid=1", HTTPS, pair=None),
    Row(
        "secure prefix on loopback",
        "__Secure-sid=1; Secure",
        IP,
        pair=("__Secure-sid", "1"),
        flags="Secure",
    ),
    Row(
        "host prefix",
        "__Host-sid=1; Secure; Path=/",
        HTTPS,
        pair=("__Host-sid", "1"),
        path="/",
        flags="Secure",
        to=SECURE_ALL,
    ),
    Row("host prefix without path", "__Host-sid=1; Secure", HTTPS, pair=None),
    Row(
        "host prefix without path, at the root",
        "__Host-sid=1; Secure",
        "https://a.example/",
        pair=None,
    ),
    Row("host prefix with another path", "__Host-sid=1; Secure; Path=/shop", HTTPS, pair=None),
    Row(
        "host prefix with domain",
        "__Host-sid=1; Secure; Path=/; Domain=a.example",
        HTTPS,
        pair=None,
    ),
    Row(
        "host prefix with an empty domain",
        "__Host-sid=1; Secure; Path=/; Domain=",
        HTTPS,
        pair=("__Host-sid", "1"),
        path="/",
        flags="Secure",
        to=SECURE_ALL,
    ),
    Row("host prefix in small letters", "__host-sid=1; Path=/", HTTPS, pair=None),
    Row(
        "host prefix on loopback",
        "__Host-sid=1; Secure; Path=/",
        IP,
        pair=("__Host-sid", "1"),
        path="/",
        flags="Secure",
        to=ALL,
    ),
    Row(
        "host prefix with its ip as domain",
        "__Host-sid=1; Secure; Path=/; Domain=127.0.0.1",
        "https://127.0.0.1/shop/cart",
        pair=("__Host-sid", "1"),
        path="/",
        flags="Secure",
        to=ALL,
    ),
    Row(
        "host prefix with its name as domain",
        "__Host-sid=1; Secure; Path=/; Domain=localhost",
        "https://localhost/shop/cart",
        pair=None,
    ),
    Row("host prefix over http", "__Host-sid=1; Path=/", pair=None),
    Row(
        "http prefix",
        "__Http-sid=1; Secure; HttpOnly",
        HTTPS,
        pair=("__Http-sid", "1"),
        flags="Secure HttpOnly",
        to=SECURE,
    ),
    Row("http prefix without http-only", "__Http-sid=1; Secure", HTTPS, pair=None),
    Row("http prefix without secure", "__Http-sid=1; HttpOnly", HTTPS, pair=None),
    Row(
        "host-http prefix",
        "__Host-Http-sid=1; Secure; HttpOnly; Path=/",
        HTTPS,
        pair=("__Host-Http-sid", "1"),
        path="/",
        flags="Secure HttpOnly",
        to=SECURE_ALL,
    ),
    Row(
        "host-http prefix without http-only",
        "__Host-Http-sid=1; Secure; Path=/",
        HTTPS,
        pair=None,
    ),
    Row(
        "host-http prefix without path", "__Host-Http-sid=1; Secure; HttpOnly", HTTPS, pair=None
    ),
    Row(
        "a prefix in the value of a nameless cookie",
        "=__Host-sid=1; Secure; Path=/",
        HTTPS,
        pair=None,
    ),
    Row(
        "an http prefix in the value of a nameless cookie",
        "=__Http-sid=1; Secure; HttpOnly",
        HTTPS,
        pair=None,
    ),
    Row("a prefix is all of a nameless value", "=__Secure-", pair=None),
    Row(
        "host prefix with its ip and a dot as domain",
        "__Host-sid=1; Path=/; Secure; Domain=.127.0.0.1",
        "https://127.0.0.1/a",
        pair=None,
    ),
    Row(
        "secure prefix on localhost",
        "__Secure-sid=1; Secure",
        "http://localhost/a",
        pair=("__Secure-sid", "1"),
        path="/",
        flags="Secure",
        to=ALL,
    ),
    # Domain
    Row("domain", "sid=1; Domain=a.example", domain=".a.example", to=USUAL + " under"),
    Row(
        "domain of the parent",
        "sid=1; Domain=a.example",
        SUB,
        domain=".a.example",
        to=USUAL + " under parent",
    ),
    Row("domain of a child", "sid=1; Domain=sub.a.example", pair=None),
    Row("domain of a stranger", "sid=1; Domain=b.example", pair=None),
    Row("domain that only ends alike", "sid=1; Domain=example", pair=None),
    Row(
        "domain that ends in the name",
        "sid=1; Domain=b.example",
        "http://ab.example/shop/cart",
        pair=None,
    ),
    Row(
        "domain with a dot",
        "sid=1; Domain=.A.Example",
        SUB,
        domain=".a.example",
        to=USUAL + " under parent",
    ),
    Row("domain with two dots", "sid=1; Domain=..a.example", SUB, pair=None),
    Row("domain of a dot", "sid=1; Domain=.", pair=None),
    Row("domain with a dot at the end", "sid=1; Domain=a.example.", pair=None),
    Row("empty domain", "sid=1; Domain="),
    Row("empty domain after another", "sid=1; Domain=a.example; Domain=", SUB),
    Row(
        "domain twice",
        "sid=1; Domain=b.example; Domain=a.example",
        SUB,
        domain=".a.example",
        to=USUAL + " under parent",
    ),
    Row("domain with a port", "sid=1; Domain=a.example:80", pair=None),
    Row("domain with a percent sign", "sid=1; Domain=%61.example", pair=None),
    Row("domain of an ip", "sid=1; Domain=127.0.0.1", IP),
    Row("domain of an ip with a dot", "sid=1; Domain=.127.0.0.1", IP),
    Row("domain of part of an ip", "sid=1; Domain=0.0.1", IP, pair=None),
    Row("domain of a host without a dot", "sid=1; Domain=localhost", LOCALHOST),
    Row("domain of a host without a dot, under it", "sid=1; Domain=localhost", APP, pair=None),
    Row("domain in other letters", "sid=1; Domain=ä.example", pair=None),
    Row("domain over 1024 octets", "sid=1; Domain=" + "x" * 1025),
    Row("domain of an ip in short", "sid=1; Domain=127.1", pair=None),
    Row("domain of an ip with a dot at the end", "sid=1; Domain=127.0.0.1.", IP, pair=None),
    # Path
    Row("path", "sid=1; Path=/", path="/", to=ALL),
    Row("path of another place", "sid=1; Path=/elsewhere", path="/elsewhere", to="elsewhere"),
    Row(
        "path of a file",
        "sid=1; Path=/shop/cart",
        path="/shop/cart",
        to="again deeper port scheme link form",
    ),
    Row("path with a slash at the end", "sid=1; Path=/shop/", path="/shop/"),
    Row("path without a slash", "sid=1; Path=shop"),
    Row("path in quotes", 'sid=1; Path="/"'),
    Row("empty path", "sid=1; Path="),
    Row(
        "path twice",
        "sid=1; Path=/; Path=/shop/cart",
        path="/shop/cart",
        to="again deeper port scheme link form",
    ),
    Row("path twice, the last empty", "sid=1; Path=/elsewhere; Path="),
    Row("path over 1024 octets", "sid=1; Path=/" + "x" * 1024),
    Row(
        "path over 1024 octets after another",
        "sid=1; Path=/; Path=/" + "x" * 1024,
        path="/",
        to=ALL,
    ),
    Row("path with a space", "sid=1; Path=/a b", path="/a b", to=""),
    Row("path with other letters", "sid=1; Path=/ä", path="/ä", to=""),
    Row("default path at the root", "sid=1", "http://a.example/", path="/", to=ALL),
    Row("default path of a folder", "sid=1", "http://a.example/shop/cart/", path="/shop/cart"),
    Row(
        "default path of a file at the root", "sid=1", "http://a.example/cart", path="/", to=ALL
    ),
    Row("path of two slashes", "sid=1; Path=//", path="//", to=""),
    Row("path in capitals", "sid=1; Path=/SHOP", path="/SHOP", to=""),
    Row("path with two slashes at the end", "sid=1; Path=/shop//", path="/shop//", to=""),
    Row("path with an escape", "sid=1; Path=/a%20b", "http://a.example/a%20b/c", path="/a%20b"),
    Row(
        "path with other letters, unescaped",
        "sid=1; Path=/ä",
        "http://a.example/%C3%A4/c",
        path="/ä",
        to="",
    ),
    Row("default path of two slashes", "sid=1", "http://a.example//x", path="/", to=ALL),
    # Max-Age and Expires
    Row("max-age", "sid=1; Max-Age=60", seconds=60),
    Row("max-age with a plus", "sid=1; Max-Age=+60", seconds=60),
    Row("max-age of nothing", "sid=1; Max-Age=0", pair=None),
    Row("max-age below nothing", "sid=1; Max-Age=-1", pair=None),
    Row("max-age no number", "sid=1; Max-Age=soon"),
    Row("max-age with a fraction", "sid=1; Max-Age=60.5"),
    Row("max-age in quotes", 'sid=1; Max-Age="60"'),
    Row("max-age empty", "sid=1; Max-Age="),
    Row("max-age without end", "sid=1; Max-Age=" + "9" * 30, seconds=CAP),
    Row("max-age over the cap", "sid=1; Max-Age=34560001", seconds=CAP),
    Row("max-age of the cap", "sid=1; Max-Age=34560000", seconds=CAP),
    Row(
        "max-age before expires",
        "sid=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        seconds=60,
    ),
    Row("max-age no number before expires", "sid=1; Max-Age=soon; Expires={soon}", seconds=DAY),
    Row("max-age twice", "sid=1; Max-Age=60; Max-Age=120", seconds=120),
    Row("max-age twice, the last no number", "sid=1; Max-Age=60; Max-Age=soon"),
    Row("expires", "sid=1; Expires={soon}", seconds=DAY),
    Row("expires far away", "sid=1; Expires=Fri, 01 Jan 2100 12:00:00 GMT", seconds=CAP),
    Row(
        "expires after the year 9999",
        "sid=1; Expires=Fri, 01 Jan 12100 12:00:00 GMT",
        seconds=CAP,
    ),
    Row("expires in the past", "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", pair=None),
    Row("expires before 1601", "sid=1; Expires=Thu, 01 Jan 1600 00:00:00 GMT", pair=None),
    Row("expires no date", "sid=1; Expires=soon"),
    Row("expires 31 February", "sid=1; Expires=Wed, 31 Feb 2025 00:00:00 GMT"),
    Row("expires at 25 hours", "sid=1; Expires=Wed, 01 Jan 2025 25:00:00 GMT"),
    Row("expires at second 60", "sid=1; Expires=Wed, 01 Jan 2025 00:00:60 GMT"),
    Row("expires without seconds", "sid=1; Expires=Wed, 01 Jan 2025 00:00 GMT"),
    Row("expires with dashes", "sid=1; Expires=Wednesday, 01-Jan-25 00:00:00 GMT", pair=None),
    Row("expires in the year 69", "sid=1; Expires=Wed, 01 Jan 69 00:00:00 GMT", seconds=CAP),
    Row("expires in the year 70", "sid=1; Expires=Wed, 01 Jan 70 00:00:00 GMT", pair=None),
    Row("expires as C writes it", "sid=1; Expires=Wed Jan  1 00:00:00 2025", pair=None),
    Row("expires as ISO 8601", "sid=1; Expires=2025-01-01T00:00:00Z"),
    Row(
        "expires twice, the last no date",
        "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=soon",
    ),
    Row("expires in quotes", 'sid=1; Expires="Wed, 01 Jan 2025 00:00:00 GMT"', pair=None),
    Row("expires in another zone", "sid=1; Expires={soon} +0500", seconds=DAY),
    Row(
        "expires with the time twice",
        "sid=1; Expires=Fri, 01 Jan 2100 12:00:00 GMT 00:00:99",
        seconds=CAP,
    ),
    Row(
        "empty max-age before expires",
        "sid=1; Expires=Wed, 01 Jan 2025 00:00:00 GMT; Max-Age=",
        pair=None,
    ),
    Row("max-age in other digits", "sid=1; Max-Age=٣"),
    Row("max-age with two signs", "sid=1; Max-Age=+-5"),
    Row("max-age with zeros in front", "sid=1; Max-Age=00060", seconds=60),
    Row("expires with a letter in the day", "sid=1; Expires=Fri, 0a Jan 2100 00:00:00"),
    Row("expires with letters after the time", "sid=1; Expires=Mayday 1 2100 1:2:3xyz"),
    Row("expires at 100 hours", "sid=1; Expires=1 2100 Jan 100:02:03"),
    Row("expires on day 0", "sid=1; Expires=0 Jan 2100 1:2:3"),
    Row("expires in the year 0", "sid=1; Expires=1 Jan 0 1:2:3", pair=None),
    Row("expires with the year first", "sid=1; Expires={Y} {D} {T} {M}uary", seconds=DAY),
    Row("expires with a letter in the year", "sid=1; Expires=1 Jan 21a0 1:2:3"),
    Row("expires twice, the last empty", "sid=1; Expires=1 Jan 2100 1:2:3; Expires="),
    Row("expires with two days", "sid=1; Expires=1 1 Jan 2100 1:2:3", pair=None),
    Row("expires with another word", "sid=1; Expires=x1 {D} {M} {Y} {T}", seconds=DAY),
    Row("expires with a colon in front", "sid=1; Expires=1 Jan 2100 :1:2:3"),
    Row("expires with four parts of time", "sid=1; Expires=1 Jan 2100 1:2:3:4"),
    Row("expires in two months", "sid=1; Expires={D} {M} Feb {Y} {T}", seconds=DAY),
    Row("expires with half a time before", "sid=1; Expires=1:00 {M} {D} {Y} {T}", seconds=DAY),
]
#: Whether Domain is a public suffix, like co.uk, stands in a list that Chromium has.
NEEDS_A_LIST = [
    Row("under co.uk", "sid=1; Domain=co.uk", "http://shop.co.uk/", pair=None),
    Row("under github.io", "sid=1; Domain=github.io", "http://me.github.io/", pair=None),
    Row("a suffix itself", "sid=1; Domain=github.io", "http://github.io/", domain="github.io"),
    Row("no suffix", "sid=1; Domain=b.example", "http://a.b.example/", domain=".b.example"),
]
