"""The lesson's application: log in, see the dashboard, log out."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from flask import Flask, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash

from ._engine.javascript import to_well_formed
from .guard import CROSS_SITE, OWN_SITES, ensure_login, refuse_cross_site
from .middleware import ClientSessions
from .routes import session_test
from .session import Session

#: A decorator for views, like `ensure_login`.
Guard = Callable[[Callable[[], ResponseReturnValue]], Callable[..., ResponseReturnValue]]

#: The course page's secret. The page prints it, so any reader of the page can log in as
#: any user. Use it for the lesson only.
PAGE_SECRET = "o6LjQ5EVNC28ZgK64hDELM18ScpFQr"

#: The course page's options: a session lasts two minutes. A visit in the last minute adds one.
PAGE_OPTIONS: dict[str, Any] = {
    "cookie_name": "session",
    "duration": timedelta(minutes=2),
    "active_duration": timedelta(minutes=1),
}

#: The course page's only user, as stored in the session, and the hash of "samplepassword".
USER = {"userName": "sampleuser", "email": "sampleuser@example.com"}
PASSWORD_HASH = (
    "scrypt:32768:8:1$W76CPlIg934RwlY4$"
    "1fa0fca746a454d3457d15df8860785d67adda9a3ffe1abdfc533e824a308cb2"
    "3aa93a7c75592c6d38b22704f67ecb78de688683b08bef7912b10d7a20fe594f"
)

#: On the app's pages, a browser may only load the app's style sheet and send it forms.
#: No script runs, not even one that escaping missed. No other site can frame a page.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def create_app(*, guard: Guard = ensure_login, **options: Any) -> Flask:
    """Make the lesson's application.

    `guard` decorates the dashboard; readers of the lesson can pass their own. `options` go
    to `ClientSessions`; the defaults are `PAGE_OPTIONS`. Without a secret, keys or codec, the
    app uses the environment's ``FLASK_SECRET_KEY``. Without that variable, it uses
    the published `PAGE_SECRET` and logs a warning. Raises ValueError for an invalid secret.
    """
    app = Flask(__name__)
    app.config.from_prefixed_env()
    if all(options.get(choice) is None for choice in ("secret", "keys", "codec")):
        options["secret"] = _default_secret(app)
    ClientSessions(app, **{**PAGE_OPTIONS, **options})
    app.register_blueprint(session_test)
    app.add_url_rule("/login", view_func=login_form, methods=["GET"])
    app.add_url_rule("/login", view_func=login, methods=["POST"])
    app.add_url_rule("/dashboard", view_func=guard(dashboard), endpoint="dashboard")
    app.add_url_rule("/logout", view_func=logout, methods=["GET", "POST"])
    app.before_request(refuse_cross_site)
    app.after_request(_add_page_headers)
    return app


def _default_secret(app: Flask) -> str | None:
    """Return `PAGE_SECRET`, or None if the environment sets Flask's own."""
    if "FLASK_SECRET_KEY" in os.environ:
        if not isinstance(app.secret_key, str | bytes) or not app.secret_key:
            raise ValueError(
                f"expected FLASK_SECRET_KEY to be a non-empty string, got "
                f"{type(app.secret_key).__name__}; set a random string, in double quotes if it "
                "has only digits"
            )
        return None
    app.logger.warning(
        "sealing with the lesson's published secret: set FLASK_SECRET_KEY for anything else"
    )
    return PAGE_SECRET


def _add_page_headers(response: Response) -> Response:
    """Add `PAGE_HEADERS`, except headers that the view has set itself."""
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def login_form() -> str:
    """Show the empty form."""
    return render_template("login.html", message="")


def login() -> ResponseReturnValue:
    """Log the visitor in, or show the form again."""
    if not is_user(request.form.get("userName", ""), request.form.get("password", "")):
        return render_template("login.html", message="invalid login")
    cast(Session, session).reset()  # drops everything from before the login
    session["user"] = dict(USER)
    return redirect(url_for("dashboard"), code=302)


def is_user(user_name: str, password: str) -> bool:
    """Return whether name and password are right; the time taken reveals neither."""
    name_matches = hmac.compare_digest(user_name.encode(), USER["userName"].encode())
    password_matches = check_password_hash(PASSWORD_HASH, password)
    return name_matches and password_matches


def dashboard() -> str:
    """Show the user's data from the session."""
    return to_well_formed(render_template("dashboard.html", user=session["user"]))


def logout() -> ResponseReturnValue:
    """Empty the session. A copy of the old cookie still opens until it expires."""
    # The course page links here, so GET logs out too. `refuse_cross_site` lets each GET pass.
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
        abort(403, CROSS_SITE)
    cast(Session, session).reset()
    return redirect(url_for("login_form"), code=302)
