"""Set-Cookie lines, and why Chromium 156 drops each: the table of two tests."""

from __future__ import annotations

from typing import NamedTuple

HTTP, HTTPS = "http://sub.a.example/shop/cart", "https://sub.a.example/shop/cart"
LOOPBACK, LOCALHOST = "http://127.0.0.1/", "http://localhost/"
PAST, FUTURE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 12:00:00 GMT"


class Row(NamedTuple):
    """A line, the URL of its response, and how the rule begins; "" if the cookie is kept."""

    line: str
    url: str = HTTPS
    rule: str = ""


ROWS = [
    Row("sid=1", HTTP),
    Row("sid=1; Version=1; HttpOnly; Path=/", HTTP),
    Row("s=" + "x" * 4095),
    Row("s=" + "x" * 4096, rule="name and value: 4097 bytes, limit 4096"),
    Row("s=" + "\u00e4" * 2048, rule="name and value: 4097 bytes, limit 4096"),
    # Secure
    Row("sid=1; Secure"),
    Row("sid=1; SECURE", HTTP, "Secure, and the response came over plain http"),
    Row("sid=1; Secure=false", HTTP, "Secure, and the response came over plain http"),
    Row("sid=1; Secure", "http://192.0.2.1/", "Secure, and the response came over plain http"),
    Row("sid=1; Secure", LOOPBACK),
    Row("sid=1; Secure", LOCALHOST),
    Row("sid=1; Secure", "http://app.localhost/"),
    # SameSite
    Row("sid=1; SameSite=Lax", HTTP),
    Row("sid=1; SameSite=Sometimes", HTTP),
    Row("sid=1; SameSite=None; Secure"),
    Row("sid=1; samesite=NONE", rule="SameSite=None without Secure"),
    Row("sid=1; SameSite=None; SameSite=Lax"),
    # Domain
    Row("sid=1; Domain=sub.a.example"),
    Row("sid=1; Domain=a.example"),
    Row("sid=1; Domain=.A.Example"),
    Row("sid=1; Domain="),
    Row("sid=1; Domain=.", rule="Domain=. does not cover sub.a.example"),
    Row("sid=1; Domain=b.example", rule="Domain=b.example does not cover sub.a.example"),
    Row("sid=1; Domain=x.sub.a.example", rule="Domain=x.sub.a.example does not cover"),
    Row("sid=1; Domain=b.a.example", rule="Domain=b.a.example does not cover"),
    Row("sid=1; Domain=example", rule="Domain=example is a public suffix"),
    Row("sid=1; Domain=127.0.0.1", LOOPBACK),
    Row("sid=1; Domain=0.0.1", LOOPBACK, "Domain=0.0.1 does not cover 127.0.0.1"),
    Row("sid=1; Domain=localhost", LOCALHOST),
    # Prefixes
    Row("__Secure-sid=1; Secure"),
    Row("__SECURE-sid=1", rule="__Secure- without Secure"),
    Row("__Host-sid=1; Secure; Path=/"),
    Row("__Host-sid=1; Secure; Path=/; Domain="),
    Row("__Host-sid=1; Secure; Path=/", LOOPBACK),
    Row("__host-sid=1; Path=/", rule="__Host- without Secure"),
    Row("__Host-sid=1; Secure", rule="__Host- without Path=/"),
    Row("__Host-sid=1; Secure; Path=/shop", rule="__Host- without Path=/"),
    Row("__Host-sid=1; Secure; Path=/; Domain=sub.a.example", rule="__Host- with Domain"),
    # Max-Age and Expires
    Row("sid=1; Max-Age=60"),
    Row("sid=1; Max-Age=0", rule="it has expired"),
    Row("sid=1; Max-Age=-1", rule="it has expired"),
    Row("sid=1; Max-Age=" + "9" * 400),
    Row("sid=1; Max-Age=soon"),
    Row(f"sid=1; Expires={FUTURE}"),
    Row(f"sid=1; Expires={PAST}", rule="it has expired"),
    Row("sid=1; Expires=soon"),
    Row(f"sid=1; Max-Age=60; Expires={PAST}"),
    Row(f"sid=1; Max-Age=soon; Expires={PAST}", rule="it has expired"),
    Row(f"sid=1; Max-Age=0; Expires={FUTURE}", rule="it has expired"),
]
