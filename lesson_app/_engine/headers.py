"""The request's ``Cookie`` read, the response's ``Set-Cookie`` and ``Vary`` written."""

from __future__ import annotations

import functools
import re

from flask import Response
from werkzeug.http import dump_cookie, http_date


def find_cookie(header: str, name: str) -> str:
    """Return the value of the first cookie called `name`, or "" if there is none.

    `header` is the text of the request's ``Cookie``. Werkzeug's own parser would raise on
    bytes that are not UTF-8, and pass over values that no server ever sets; here, as in
    Node, these are cookies like any other that does not open. Quotes around a value are
    left on: `unseal` passes over them, as over all characters that are not base64.
    """
    wanted = f"{name}="
    for pair in header.split(";"):
        pair = pair.lstrip(" ")
        if pair.startswith(wanted):
            return pair.removeprefix(wanted)
    return ""


def cookie_line(
    name: str,
    value: str,
    *,
    expires: int | None,
    path: str | None,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: str | None,
    partitioned: bool,
) -> str:
    """Return what Werkzeug's `dump_cookie` returns.

    Of two such lines only value and date differ, so the rest is made once.
    """
    date = None if expires is None else _DATE
    before, after = _around_date(
        name, date, path, domain, secure, httponly, samesite, partitioned
    )
    if not _PLAIN.fullmatch(value):  # a codec of one's own may want quotes around it
        value = dump_cookie(name, value, path=None, max_size=0).removeprefix(f"{name}=")
    return f"{name}={value}{before}{'' if expires is None else _http_date(expires)}{after}"


_PLAIN = re.compile(r"[A-Za-z0-9._-]*")
#: Stands for the date in a line that waits for one. A path holds it as %00; a domain would
#: hold it as it is, so `check_attributes` refuses that beforehand.
_DATE = "\0"


@functools.lru_cache(maxsize=64, typed=True)  # 1 is no True to `dump_cookie`
def _around_date(
    name: str,
    date: str | None,
    path: str | None,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: str | None,
    partitioned: bool,
) -> tuple[str, str]:
    """Return the line from the end of the value on, cut in two at the date."""
    line = dump_cookie(
        name,
        "",
        expires=date,
        path=path,
        domain=domain,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
        partitioned=partitioned,
        max_size=0,
    )
    before, _, after = line.removeprefix(f"{name}=").partition(_DATE)
    return before, after


@functools.lru_cache(maxsize=256)
def _http_date(seconds: int) -> str:
    return http_date(seconds)


def vary_by_cookie(response: Response) -> None:
    """Tell caches that the response depends on the request's cookies."""
    # The usual response names nothing yet; Werkzeug's set takes long to be made.
    for name, _ in response.headers:
        if name.lower() == "vary":
            response.vary.add("Cookie")
            return
    response.headers.add("Vary", "Cookie")
