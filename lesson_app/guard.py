"""Allow only logged-in visitors to open a view."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import current_app, redirect, request, session
from flask.typing import ResponseReturnValue

P = ParamSpec("P")


def ensure_login(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
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
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not session.get("user"):
            # Express answers 302; Flask will change its default to 303.
            # Keep one slash at the start: two would name another host.
            return redirect("/" + f"{request.script_root}/login".lstrip("/"), code=302)
        answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return guarded
