"""Client-side sessions: the whole session in one encrypted, authenticated cookie.

Read the modules in this order; each uses only those before it, and `_engine`:

1.  `errors`      why a cookie is refused
2.  `cookie`      seal a dict into one cookie value, and unseal it: the reference implementation
3.  `session`     the dict that a view sees, and its lifetime
4.  `stores`      where servers remember what they revoked
5.  `revocation`  revoke sessions before they expire
6.  `options`     every option of the middleware, its default and its check
7.  `interface`   from the request's cookie to `flask.session` to the response's cookie
8.  `middleware`  set up an app, with one session or several
9.  `routes`      two routes that show a session at work
10. `guard`       let only logged-in visitors through, and only this site send forms
11. `app`         log in, see the dashboard, log out
12. `aead`        another codec, with AES-GCM, for apps without an Express server

You can read the lesson modules without these:

- `_engine`  JSON as JavaScript writes it, a faster codec, the headers; used above
- `dissect`  take apart a cookie that does not open; the command ``lesson-app dissect``
- `testing`  the tests that a store of your own must pass
- `lab`      what the notebooks experiment with; no module above imports it
"""

from ._engine.codec import SealedCodec
from .aead import AEADCodec
from .app import create_app
from .cookie import Keys, Unsealed, derive_keys, seal, unseal
from .errors import (
    BadCookie,
    BadFormat,
    BadName,
    BadPayload,
    BadSignature,
    RevocationUnavailable,
    SessionTooLarge,
)
from .guard import ensure_login, refuse_cross_site
from .middleware import ClientSessions, cookie_refused
from .options import PRODUCTION
from .revocation import DenyList, UserEpochs
from .session import Session
from .stores import MemoryStore, RedisStore, SQLiteStore

__all__ = [
    "AEADCodec",
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
    "RedisStore",
    "RevocationUnavailable",
    "SQLiteStore",
    "SealedCodec",
    "Session",
    "SessionTooLarge",
    "Unsealed",
    "UserEpochs",
    "cookie_refused",
    "create_app",
    "derive_keys",
    "ensure_login",
    "refuse_cross_site",
    "seal",
    "unseal",
]
