"""Lead the learner's own browser to a server in this process, wherever Jupyter runs."""

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
# A path that a Jupyter server is below. Whatever else somebody puts there would be another
# host to a browser, or one more attribute to a cookie.
_PREFIX = re.compile(r"(?:/[^/\\;\x00-\x20\x7f]+)*")


@dataclass(frozen=True)
class Link:
    """An address for the learner's own browser, or one line about what is missing for it.

    It holds a port, which differs each time: show it, but do not store it in a notebook.
    """

    address: str
    advice: str = ""

    def __str__(self) -> str:
        return self.advice or self.address

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.advice:
            return f"<p>{escape(self.advice)}</p>"
        address = escape(self.address)
        return f'<a href="{address}" target="_blank" rel="noopener">{address}</a>'


def link_to(port: int, path: str) -> Link:
    """Return the link to a port of this machine's loopback.

    A browser reaches that by itself, except where Jupyter is served below a path, as a
    JupyterHub or Binder does, or to other machines. There jupyter-server-proxy leads to it,
    with a path of Jupyter's own host.
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
            f"{local} answers on Jupyter's machine alone: to reach it from another, "
            "pip install jupyter-server-proxy beside JupyterLab, and start JupyterLab again",
        )
    # Below "absolute" the app is sent the whole path. Without it the proxy keeps its own part
    # to itself, and some of its versions put that before a redirect's path, and some do not.
    return Link(f"{base.rstrip('/')}{_below(port)}{path}")


def mount(environ: WSGIEnvironment, port: int) -> str:
    """Give what a proxy has put before the app's path to SCRIPT_NAME, and return it.

    The app's own links and redirects then begin with it. Nothing is read from headers,
    which anybody can send; a request that comes straight to the port returns "".
    """
    before, found, path = str(environ["PATH_INFO"]).partition(f"{_below(port)}/")
    if not found or not _PREFIX.fullmatch(before):
        return ""
    environ["SCRIPT_NAME"] = prefix = before + _below(port)
    environ["PATH_INFO"] = f"/{path}"
    return prefix


def confine(response: Response, prefix: str) -> None:
    """Keep the app's cookies below the prefix: the host's other paths are not the app's.

    At ``Path=/`` a browser would send them to Jupyter and to all that it is the proxy of. A
    ``__Host-`` cookie is left as it is, since browsers refuse it with any other path.
    """
    # As a browser writes it: WSGI hands a path over as bytes in the guise of text.
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
    """Return what the Jupyter server that started this kernel has written of itself, if any."""
    server = os.environ.get("JPY_PARENT_PID", "none")
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        text = Path(jupyter_runtime_dir(), f"jpserver-{server}.json").read_text()
        written = json.loads(text)
    except (ImportError, OSError, ValueError):
        written = None
    return written if isinstance(written, dict) else {}


def _has_proxy(jupyter: dict[str, Any]) -> bool:
    """Whether Jupyter knows the proxy's own address, be it only to ask for a log-in first."""
    if "url" not in jupyter:
        return True  # nobody to ask
    client = requests.Session()
    client.trust_env = False
    try:
        url = f"{jupyter['url']}server-proxy/servers-info"
        return client.get(url, timeout=60, allow_redirects=False).status_code != 404
    except requests.RequestException:
        return True  # as with a certificate that is nobody else's business
