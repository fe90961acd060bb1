"""Make links for the learner's browser to a server in this process, wherever Jupyter runs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A path below which Jupyter is served. A browser could read any other characters as another
# host, or as another attribute of a cookie.
_PREFIX = re.compile(r"(?:/[^/\\;\x00-\x20\x7f]+)*")


@dataclass(frozen=True)
class Link:
    """A URL for the learner's browser, or one line of advice if the URL cannot work.

    The URL contains a port, which differs each time: do not store it in a notebook.
    """

    url: str
    advice: str = ""

    def __str__(self) -> str:
        return self.advice or self.url

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.advice:
            return f"<p>{escape(self.advice)}</p>"
        url = escape(self.url)
        return f'<a href="{url}" target="_blank" rel="noopener">{url}</a>'


def link_to(port: int, path: str) -> Link:
    """Return the link to a port of this machine's loopback address.

    A browser on this machine can open that directly. JupyterHub and Binder serve Jupyter
    below a path, and other servers serve it to other machines. Then the link is a path on
    Jupyter's own host, and jupyter-server-proxy forwards it to the port.
    """
    path = f"/{path.removeprefix('/')}"
    local = f"http://127.0.0.1:{port}{path}"
    jupyter = _jupyter()
    base = jupyter.get("base_url") or os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or "/"
    if base == "/" and jupyter.get("hostname", "localhost") in _LOOPBACK:
        return Link(local)
    if not _has_proxy(jupyter):
        return Link(
            local,
            f"{local} works only on the machine that runs Jupyter. To open it from another "
            "one, run: pip install jupyter-server-proxy, then restart JupyterLab",
        )
    # Below "absolute" the proxy sends the app the whole path. Without "absolute" it removes
    # its own part, and only some versions put that back into the path of a redirect.
    return Link(f"{base.rstrip('/')}{_below(port)}{path}")


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
    """Put the prefix before the ``Path`` of the app's cookies.

    With ``Path=/`` a browser would send them to Jupyter too, and to other apps behind its
    proxy. A ``__Host-`` cookie stays as it is, because browsers refuse it with another path.
    """
    # WSGI passes the path as bytes decoded as Latin-1; browsers write it percent-encoded.
    prefix = quote(prefix.encode("latin-1"), safe="/@:~!$&'()*+,=%")
    lines = response.headers.getlist("Set-Cookie")
    response.headers.remove("Set-Cookie")
    for line in lines:
        if not line.lower().startswith("__host-"):
            line = re.sub(r"(?i)(;\s*path=)(?=/)", lambda found: found[0] + prefix, line)
        response.headers.add("Set-Cookie", line)


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


def _has_proxy(jupyter: dict[str, Any]) -> bool:
    """Ask Jupyter for the proxy's own page; a request to log in first counts as a yes."""
    if "url" not in jupyter:
        return True  # there is no server to ask
    client = requests.Session()
    client.trust_env = False
    try:
        url = f"{jupyter['url']}server-proxy/servers-info"
        return client.get(url, timeout=60, allow_redirects=False).status_code != 404
    except requests.RequestException:
        return True  # no answer, for example because of a private certificate
