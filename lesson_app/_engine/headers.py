"""Read the request's ``Cookie`` header; write the response's ``Set-Cookie`` and ``Vary``.

It replaces Werkzeug's `parse_cookie` and `dump_cookie`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response
from werkzeug.http import dump_cookie, dump_header, http_date, parse_dict_header
from werkzeug.wsgi import FileWrapper, _RangeWrapper

#: The most values of one name that `find_cookies` returns: each costs a MAC.
MOST_VALUES = 20
#: Browsers refuse such names from plain HTTP, and the first also from other hosts.
_GUARDED = ("__host-", "__secure-")


def find_cookies(header: str, name: str) -> list[str]:
    """Return the values of the cookies called `name`, the likeliest first.

    `header` is the text of the request's ``Cookie``. Empty values are left out, and at most
    `MOST_VALUES` are returned. Werkzeug's own parser raises on bytes that are not UTF-8, and
    skips values that servers never set. Here, as in Node, these are cookies that do not open.
    Quotes around a value stay: `unseal` skips them, as it skips all characters that are not
    base64.

    WSGI servers join several ``Cookie`` lines with commas. A comma can also be a part of a
    value, so both readings are returned, and a cookie that begins after a comma comes last.
    With a guarded name it is left out: anyone who can set a cookie of another name could put
    it into that cookie's value.
    """
    start = f"{name}="
    if start not in header:
        return []
    texts = header.split(";")
    if "," in header:
        lines = [text.split(",") for text in texts]
        texts = [
            each for text, line in zip(texts, lines, strict=True) for each in (line[0], text)
        ]
        if not name.lower().startswith(_GUARDED):
            texts += [each for line in lines for each in line[1:]]
    pairs = [text.lstrip(" ") for text in texts]
    values = [pair[len(start) :] for pair in pairs if pair.startswith(start)]
    return list(dict.fromkeys(filter(None, values)))[:MOST_VALUES]


def cookie_pairs(header: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values in a ``Cookie`` header, in order.

    It skips text without a ``=``.
    """
    for text in header.split(";"):
        name, separator, value = text.lstrip(" ").partition("=")
        if separator:
            yield name, value


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
    """Return the same line as Werkzeug's `dump_cookie`, from a cache.

    Within one app, only the value and the date change.
    """
    date = None if expires is None else _DATE
    before, after = _around_date(
        name, date, path, domain, secure, httponly, samesite, partitioned
    )
    if not _PLAIN.fullmatch(value):  # an app's own codec may need quotes around it
        value = dump_cookie(name, value, path=None, max_size=0).removeprefix(f"{name}=")
    return f"{name}={value}{before}{'' if expires is None else _http_date(expires)}{after}"


_PLAIN = re.compile(r"[A-Za-z0-9._-]*")
#: A placeholder for the date. `dump_cookie` writes it as %00 in a path, but unchanged in a
#: domain, so `check_domain` refuses it there.
_DATE = "\0"


@functools.lru_cache(maxsize=64, typed=True)  # for `dump_cookie`, 1 is not True
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
    """Return the line after the value, split in two at the date."""
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
    # A response usually has no Vary yet, and Werkzeug's set for it is slow.
    for name, _ in response.headers:
        if name.lower() == "vary":
            response.vary.add("Cookie")
            return
    response.headers.add("Vary", "Cookie")


def is_file(response: Response, environ: Mapping[str, Any]) -> bool:
    """Return whether a streamed body is a file: sending it runs no code of the app."""
    body: Any = response.response
    if type(body) is _RangeWrapper:
        body = body.iterable
    if type(body) not in (FileWrapper, environ.get("wsgi.file_wrapper", FileWrapper)):
        return False
    file = getattr(body, "file", getattr(body, "filelike", None))
    return type(file).__module__ == "_io"  # one of Python's own, whose `read` is just that


def forbid_storing(response: Response) -> None:
    """Forbid every cache to store the response, whatever the view said."""
    _drop_overrides(response)
    response.headers["Cache-Control"] = "no-store"


def keep_private(response: Response) -> None:
    """Forbid shared caches to store a response that sets a visitor's cookie.

    ``Set-Cookie`` alone does not forbid it (RFC 9111 section 7.3): the next visitors would
    get this visitor's session.
    """
    if "cache-control" not in _drop_overrides(response):  # the usual case
        response.headers.add("Cache-Control", "private")
        return
    text = ",".join(response.headers.getlist("Cache-Control"))
    given = {key.lower(): value for key, value in parse_dict_header(text).items()}
    if given.get("no-store", "") is None:  # not no-store="a field"
        forbid_storing(response)
        return
    for directive in ("public", "s-maxage", "private", "no-store", "must-understand"):
        given.pop(directive, None)
    response.headers["Cache-Control"] = dump_header({**given, "private": None})


#: Headers for one kind of cache, which override Cache-Control; also all of RFC 9213.
_OVERRIDES = ("surrogate-control", "edge-control", "x-accel-expires")


def _drop_overrides(response: Response) -> set[str]:
    """Remove these headers, and return the names of all headers in small letters."""
    names = {name.lower() for name, _ in response.headers}
    for name in names:
        if name.endswith("-cache-control") or name in _OVERRIDES:
            del response.headers[name]
    return names
