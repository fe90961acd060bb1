"""Judge where a browser goes from a Location header."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SCHEME = re.compile("([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def leaves(location: str, url: str) -> bool:
    """Return whether a browser on `url` goes to another host, or runs a script.

    The rules are those of the URL standard (https://url.spec.whatwg.org/#url-parsing): tabs
    and line breaks are dropped, a backslash is a slash, and further slashes don't count.
    """
    text = re.sub("[\t\r\n]", "", location.strip("".join(map(chr, range(33)))))
    text = text.replace("\\", "/")
    here = urlsplit(url)
    scheme = _SCHEME.match(text)
    if scheme:
        text = text[scheme.end() :]
        if scheme[1].lower() != here.scheme:
            return True
    if not text.startswith("//"):
        return False
    host = re.split("[/?#]", text.lstrip("/"), maxsplit=1)[0]
    return host.rpartition("@")[2].lower() != here.netloc
