"""Revoke sessions before they expire: the one feature that needs memory on the server.

Use one of two classes with a store that you choose, or write a `Revocation` yourself::

    logins = UserEpochs(
        SQLiteStore("revoked.db"), user=lambda s: s.get("user", {}).get("userName")
    )
    ClientSessions(app, revocation=logins)
    logins.end_all("sampleuser")                 # every session of this user
    logins.end_all("sampleuser", keep=session)   # all but this one, after a new password

    revoked = DenyList(MemoryStore())
    ClientSessions(app, revocation=revoked)
    revoked.end(session)                         # only the cookie of this request
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .session import Session
from .stores import Store, _now


class Revocation(Protocol):
    """Decides whether a session that opened is valid."""

    def is_revoked(self, session: Session) -> bool:
        """Return True to refuse the session. An exception fails the request."""


#: How long a `DenyList` remembers a cookie that has expired: one hour, in ms. A cookie is
#: first checked for its expiry and then looked up, at a slightly later time. If its entry were
#: forgotten in between, the cookie would be accepted, and extended. The hour is for clocks
#: that are set back, or that differ between servers.
MARGIN = 60 * 60 * 1000


class UserEpochs:
    """Refuse a user's sessions that began at or before a stored timestamp.

    The store has one entry for each user whose sessions were ever ended (OWASP ASVS 5.0,
    7.4.1). A session begins when it is created or `reset`. So an app must call
    ``session.reset()`` when a visitor logs in, as it should anyway. `user` returns the name
    of a session's user, and None for a session without a user.
    """

    def __init__(
        self,
        store: Store,
        *,
        user: Callable[[Session], str | None],
        now: Callable[[], int] = _now,
    ) -> None:
        self._store = store
        self._user = user
        self._now = now

    def end_all(self, user: str, *, keep: Session | None = None) -> None:
        """Refuse every session that `user` has begun so far, except `keep`."""
        state = None if keep is None else keep._open()  # while it is not yet refused
        epoch = self._now()
        self._store.put(f"user:{user}", epoch, None)
        if state is not None:
            state.born_at = max(state.born_at, epoch + 1)
            state.changed = True

    def is_revoked(self, session: Session) -> bool:
        user = self._user(session)
        epoch = None if user is None else self._store.get(f"user:{user}")
        return epoch is not None and session.born_at <= epoch


class DenyList:
    """Refuse one cookie, until an hour after it expires.

    The key is the MAC's bytes, not the value's text: one cookie can be written in several
    ways. Older cookies of the same session, from before an extension or a change, are not
    refused. To refuse those too, use `UserEpochs`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def end(self, session: Session) -> None:
        """Refuse the cookie that `session` was opened from; do nothing without a cookie."""
        state = session._open()
        if state.mac:
            self._store.put(f"mac:{state.mac.hex()}", 1, state.opened_until + MARGIN)

    def is_revoked(self, session: Session) -> bool:
        mac = session._open().mac
        return bool(mac) and self._store.get(f"mac:{mac.hex()}") is not None
