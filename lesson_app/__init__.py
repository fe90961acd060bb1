"""Client-side sessions: the whole session in one encrypted, authenticated cookie.

Read the modules in this order; each needs only those before it.

1. `errors`       why a cookie was refused
2. `javascript`   JSON and numbers as Node writes them
3. `cookie`       seal a dict into one cookie value, and open it again
4. `session`      a dict with a lifetime
5. `middleware`   from the request's cookie to `flask.session` to the response's cookie
6. `routes`       two routes that show a session at work
7. `guard`        let only visitors through who have logged in
8. `app`          log in, see the dashboard, log out

`lesson_app.lab` is what the notebooks experiment with; nothing above imports it.
"""

from .app import create_app
from .cookie import Keys, Unsealed, derive_keys, seal, unseal
from .errors import BadCookie, BadFormat, BadName, BadPayload, BadSignature
from .guard import ensure_login
from .middleware import ClientSessions
from .session import Session

__all__ = [
    "BadCookie",
    "BadFormat",
    "BadName",
    "BadPayload",
    "BadSignature",
    "ClientSessions",
    "Keys",
    "Session",
    "Unsealed",
    "create_app",
    "derive_keys",
    "ensure_login",
    "seal",
    "unseal",
]
