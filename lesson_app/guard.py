"""Allow only logged-in visitors to open a view, and only this site to send requests."""

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

from flask import Response, abort, current_app, redirect, request, session

from .interface import forbid_cookies

_NO_PATH = re.compile(r"[\x00-\x20\x7f\\]")
P = ParamSpec("P")
T = TypeVar("T")

#: What browsers send in Sec-Fetch-Site from this site's own pages, and for a typed URL.
OWN_SITES = ("same-origin", "none")
#: What a visitor reads if another site sent their browser here.
CROSS_SITE = "Another site sent this request. Open this site's own page and try again."


# Flask runs an async view to its end, so a guarded view returns what its `await` would. The
# union is for views that may be either, such as those of `View.as_view`.
@overload
def ensure_login(view: Callable[P, Awaitable[T]]) -> Callable[P, T | Response]: ...
@overload
def ensure_login(
    view: Callable[P, T] | Callable[P, Awaitable[T]],
) -> Callable[P, T | Response]: ...
def ensure_login(view: Callable[P, Any]) -> Callable[P, Any]:
    """Redirect visitors to ``/login`` if their ``session["user"]`` is missing or empty.

    Write it below the route decorator, so that Flask registers the guarded view::

        @app.get("/dashboard")
        @ensure_login
        def dashboard(): ...
    """
    if not callable(view):
        raise TypeError(
            f"expected a view function, got {view!r}; write @ensure_login without parentheses"
        )

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        if not session.get("user"):
            # Express answers 302; Flask will change its default to 303.
            # Keep one slash at the start: two would name another host. Browsers drop control
            # characters, and read a backslash as a slash.
            path = _NO_PATH.sub("", f"{request.script_root}/login").lstrip("/")
            return redirect(f"/{path}", code=302)
        return current_app.ensure_sync(view)(*args, **kwargs)

    return guarded


def refuse_cross_site() -> None:
    """Answer 403 if another site makes the visitor's browser send a form or other data.

    Register it before the views of the whole app, or of a blueprint::

        app.before_request(refuse_cross_site)

    A request passes if ``Sec-Fetch-Site`` is ``same-origin`` or ``none``. Without this
    header, an ``Origin`` must have the request's host and port: browsers send
    ``Sec-Fetch-Site`` only over HTTPS and to the loopback address. Without both headers the
    request passes: browsers send ``Origin`` with each POST, so another program sent it.
    A proxy must pass on the visitor's ``Host``.

    GET, HEAD and OPTIONS pass, because other sites may link here: change no data on them.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = site in OWN_SITES if site is not None else origin is None or _is_own(origin)
    if not own:
        # The page of the error may use the session. But another site's request must not
        # replace the cookie, which the browser may have left out.
        forbid_cookies()
        abort(403, CROSS_SITE)


def _is_own(origin: str) -> bool:
    # Not the scheme: behind a proxy that ends TLS, Flask may see HTTP.
    scheme, _, host = origin.lower().partition("://")
    port = {"http": ":80", "https": ":443"}.get(scheme)
    if port is None:  # also "null", from a sandboxed frame or a file
        return False
    return host.removesuffix(port) == request.host.lower().removesuffix(port) != ""
