"""Client-side sessions: the whole session in one encrypted, authenticated cookie.

Read the modules in this order; each needs only those before it.

1. `errors`       why a cookie was refused
2. `javascript`   JSON and numbers as Node writes them
3. `prepared`     keys made ready once, for a server's thousands of cookies
4. `cookie`       seal a dict into one cookie value, and open it again
5. `words`        times, lengths of time and odd characters, written for people
6. `pasted`       find the cookie in what people paste
7. `hints`        what a refusal can come from
8. `dissect`      take a cookie value apart, check by check: for one that will not open
9. `session`      a dict with a lifetime
10. `revocation`  sessions that are over before their time
11. `options`     what the middleware can be told, checked before the first request
12. `headers`     the request's Cookie read, the response's Set-Cookie written
13. `middleware`  from the request's cookie to `flask.session` to the response's cookie
14. `routes`      two routes that show a session at work
15. `guard`       let only visitors through who have logged in
16. `app`         log in, see the dashboard, log out

`lesson_app.lab` is what the notebooks experiment with; nothing above imports it.
"""

from .app import create_app
from .cookie import Keys, Unsealed, derive_keys, seal, unseal
from .errors import (
    BadCookie,
    BadFormat,
    BadName,
    BadPayload,
    BadSignature,
    SessionTooLarge,
)
from .guard import ensure_login
from .middleware import ClientSessions, cookie_refused
from .options import PRODUCTION
from .revocation import DenyList, MemoryStore, SQLiteStore, UserEpochs
from .session import Session

__all__ = [
    "PRODUCTION",
    "BadCookie",
    "BadFormat",
    "BadName",
    "BadPayload",
    "BadSignature",
    "ClientSessions",
    "DenyList",
    "Keys",
    "MemoryStore",
    "SQLiteStore",
    "Session",
    "SessionTooLarge",
    "Unsealed",
    "UserEpochs",
    "cookie_refused",
    "create_app",
    "derive_keys",
    "ensure_login",
    "seal",
    "unseal",
]
