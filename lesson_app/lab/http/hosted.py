"""Make links for the learner's browser to a server in this process, wherever Jupyter runs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import requests
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ELSEWHERE = "If Jupyter runs on another machine, as through an SSH tunnel, open"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A path below which Jupyter is served. A browser could read any other characters as another
# host, or as another attribute of a cookie.
_PREFIX = re.compile(r"(?:/[^/\\;\x00-\x20\x7f]+)*")
_TAG = re.compile(r"""<[a-z](?:[^"'>]|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
# An attribute with a URL; or another text in quotes, so that no attribute is found inside it.
_LINK = re.compile(
    r"""((?<![\w-])(?:href|src|action|formaction)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)"""
    r"""|"[^"]*"|'[^']*'""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Link:
    """A URL for the learner's browser, or one line of advice if the URL cannot work.

    `proxied` is a path on Jupyter's own host that leads to the same page, for a browser on
    another machine. The URL contains a port, which differs each time: do not store it in a
    notebook.
    """

    url: str
    advice: str = ""
    proxied: str = ""

    def __str__(self) -> str:
        if self.proxied:
            return f"{self.url}\n{_ELSEWHERE} {self.proxied} on Jupyter's own host and port"
        return self.advice or self.url

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.advice:
            return f"<p>{escape(self.advice)}</p>"
        also = f"<br>{_ELSEWHERE} {_anchor(self.proxied)}" if self.proxied else ""
        return _anchor(self.url) + also


def _anchor(url: str) -> str:
    url = escape(url)
    return f'<a href="{url}" target="_blank" rel="noopener">{url}</a>'


def link_to(port: int, path: str) -> Link:
    """Return the link to a port of this machine's loopback address.

    A browser on this machine can open that directly. JupyterHub and Binder serve Jupyter
    below a path, and other servers serve it to other machines. Then the link is a path on
    Jupyter's own host, and jupyter-server-proxy forwards it to the port. Behind an SSH tunnel
    Jupyter looks as if it were on the browser's machine; so there the link has both.
    """
    path = f"/{path.removeprefix('/')}"
    local = f"http://127.0.0.1:{port}{path}"
    jupyter = _jupyter()
    base = jupyter.get("base_url") or os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or "/"
    # Below "absolute" the proxy sends the app the whole path. Without "absolute" it removes
    # its own part, and only some versions put that back into the path of a redirect.
    proxied = f"{base.rstrip('/')}{_below(port)}{path}"
    if base == "/" and jupyter.get("hostname", "localhost") in _LOOPBACK:
        return Link(local, proxied=proxied if _has_proxy(jupyter, unknown=False) else "")
    if _has_proxy(jupyter, unknown=True):
        return Link(proxied)
    return Link(
        local,
        f"{local} works only on the machine that runs Jupyter. To open it from another "
        "one, run: pip install jupyter-server-proxy, then restart JupyterLab",
    )


def mount(environ: WSGIEnvironment, port: int) -> str:
    """Move the prefix that a proxy put before the app's path to SCRIPT_NAME, and return it.

    Then the app's links and redirects begin with the prefix. The function reads no headers,
    because any client can send them. A request without a proxy returns "".
    """
    before, found, path = str(environ["PATH_INFO"]).partition(f"{_below(port)}/")
    if not found or not _PREFIX.fullmatch(before):
        return ""
    environ["SCRIPT_NAME"] = prefix = before + _below(port)
    environ["PATH_INFO"] = f"/{path}"
    return prefix


def confine(response: Response, prefix: str) -> None:
    """Keep a response of the app below the prefix: its cookies, redirect and HTML links.

    With ``Path=/`` a browser would send the app's cookies to Jupyter too, and to other apps
    behind its proxy. A ``__Host-`` cookie stays as it is, because browsers refuse it with
    another path. A redirect, link or form that begins with a slash would lead to Jupyter or
    its hub, unless the app wrote it with `flask.url_for`. What a script requests stays.
    """
    # WSGI passes the path as bytes decoded as Latin-1; browsers write it percent-encoded.
    prefix = quote(prefix.encode("latin-1"), safe="/@:~!$&'()*+,=%")
    lines = response.headers.getlist("Set-Cookie")
    response.headers.remove("Set-Cookie")
    for line in lines:
        if not line.lower().startswith("__host-"):
            line = re.sub(r"(?i)(;\s*path=)(?=/)", lambda found: found[0] + prefix, line)
        response.headers.add("Set-Cookie", line)
    if "Location" in response.headers:
        response.headers["Location"] = _put_below(prefix, response.headers["Location"])
    if response.mimetype == "text/html" and not response.content_encoding:
        page = response.get_data().decode(errors="surrogateescape")
        mended = _TAG.sub(lambda tag: _mend(prefix, tag[0]), page)
        if mended != page:
            response.set_data(mended.encode(errors="surrogateescape"))


def _mend(prefix: str, tag: str) -> str:
    def below(found: re.Match[str]) -> str:
        before, value = found.groups(default="")
        written = value.strip("\"' \t\r\n")
        url = unescape(written)
        if _put_below(prefix, url) == url:
            return found[0]
        return before + value.replace(written, escape(prefix) + written)

    return _LINK.sub(below, tag)


def _put_below(prefix: str, url: str) -> str:
    """Put the prefix before a path that lacks it. Two slashes begin a host's name."""
    path = unquote(re.split("[?#]", url, maxsplit=1)[0])
    inside = f"{path}/".startswith(f"{unquote(prefix)}/")
    return url if inside or not re.match(r"/(?![/\\])", url) else prefix + url


def _below(port: int) -> str:
    return f"/proxy/absolute/{port}"


def _jupyter() -> dict[str, Any]:
    """Return the facts that this kernel's Jupyter server wrote to its runtime file, if any."""
    server = os.environ.get("JPY_PARENT_PID", "none")
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        text = Path(jupyter_runtime_dir(), f"jpserver-{server}.json").read_text("utf-8")
        written = json.loads(text)
    except (ImportError, OSError, ValueError):
        written = None
    return written if isinstance(written, dict) else {}


def _has_proxy(jupyter: dict[str, Any], *, unknown: bool) -> bool:
    """Ask Jupyter for the proxy's own page; a request to log in first counts as a yes.

    Return `unknown` if there is no server to ask, or no answer.
    """
    if "url" not in jupyter:
        return unknown
    client = requests.Session()
    client.trust_env = False
    try:
        url = f"{jupyter['url']}server-proxy/servers-info"
        return client.get(url, timeout=60, allow_redirects=False).status_code != 404
    except requests.RequestException:
        return unknown  # for example because of a private certificate
