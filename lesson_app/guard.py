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
    """Guard `view`: a visitor without ``session["user"]`` is sent to ``/login``.

    Write it under the route line, so that the route gets the guarded view::

        @app.get("/dashboard")
        @ensure_login
        def dashboard(): ...
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not session.get("user"):
            # Flask will change its default to 303; Express answers 302.
            return redirect(f"{request.script_root}/login", code=302)
        answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return guarded
