"""Let only visitors through who have logged in."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import current_app, redirect, request, session
from flask.typing import ResponseReturnValue

P = ParamSpec("P")


def ensure_login(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Guard `view`: a visitor whose ``session["user"]`` is empty or missing goes to ``/login``.

    Write it under the route line, so that the route gets the guarded view::

        @app.get("/dashboard")
        @ensure_login
        def dashboard(): ...
    """
    if not callable(view):
        raise TypeError(
            f"ensure_login was given {view!r}: write @ensure_login, without parentheses"
        )

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not session.get("user"):
            # Flask will change its default to 303; Express answers 302.
            # One slash at the beginning: two would name another host.
            return redirect("/" + f"{request.script_root}/login".lstrip("/"), code=302)
        answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return guarded
