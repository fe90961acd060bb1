"""Revoke sessions before they expire: the one feature that needs memory on the server.

Use one of two classes with a store that you choose, or write a `Revocation` yourself::

    logins = UserEpochs(SQLiteStore("revoked.db"), user=lambda session: session.get("user"))
    ClientSessions(app, revocation=logins)
    logins.end_all("sampleuser")                 # every session of this user
    logins.end_all("sampleuser", keep=session)   # all but this one, after a new password

    revoked = DenyList(SQLiteStore("revoked.db"))
    ClientSessions(app, revocation=revoked, max_lifetime=timedelta(hours=12))
    revoked.end(session)                         # this session, in the logout view
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from ._engine.javascript import type_name
from .cookie import check_methods
from .errors import RevocationUnavailable
from .session import Session
from .stores import Store, _now

logger = logging.getLogger(__name__)


class Revocation(Protocol):
    """Decides whether a session that opened is valid."""

    def is_revoked(self, session: Session) -> bool:
        """Return True to refuse the session.

        If it raises, the request fails with `RevocationUnavailable`.
        """


@contextmanager
def failing_closed() -> Iterator[None]:
    """Turn any error of a revocation into `RevocationUnavailable`."""
    try:
        yield
    except Exception as error:
        raise RevocationUnavailable(
            f"the revocation raised {type(error).__name__}: {error}"
        ) from error


#: How far clocks may differ between servers, or be set back: one hour, in ms.
MARGIN = 60 * 60 * 1000
#: How long a `DenyList` remembers a session that no `max_lifetime` ends, in ms: 400 days, the
#: longest that browsers keep a cookie (RFC 6265bis section 5.5).
LONGEST = 400 * 24 * 60 * 60 * 1000


class UserEpochs:
    """Refuse a user's sessions that began at or before a stored timestamp.

    The store has one entry for each user whose sessions were ever ended (OWASP ASVS 5.0,
    7.4.1). A session begins when it is created or `reset`. So an app must call
    ``session.reset()`` when a visitor logs in, as it should anyway.

    `user` returns the name or number of a session's user, and None for a session without a
    user. If it raises or returns anything else, the session is refused and the log says why:
    the visitor gets an empty session and can log in again.
    """

    def __init__(
        self,
        store: Store,
        *,
        user: Callable[[Session], str | int | None],
        now: Callable[[], int] = _now,
    ) -> None:
        check_methods("store", store, "put", "get", "delete")
        if not callable(user):
            raise TypeError(f"user must be a function, got {type_name(user)}")
        self._store = store
        self._user = user
        self._now = now

    def end_all(self, user: str | int, *, keep: Session | None = None) -> None:
        """Refuse every session that `user` has begun so far, except `keep`.

        Without `keep` this request's session is ended, too, even if it is `reset` after it.
        If another request has ended `keep` meanwhile, it is not kept.
        """
        key = _key(user)
        # Opened while it is not yet refused; and asked, in case it is already.
        state = None if keep is None or _is_ended(keep) else keep._open()
        now = self._now()
        with failing_closed():
            self._store.put(key, now, None)
            stored = self._store.get(key)
            if stored is not None and stored > now and self._corrected(key, stored) != stored:
                # A clock was ahead, so `put` changed nothing.
                self._store.put(_ahead(key, stored), now, None)
            epoch = self._epoch(key)
        if keep is not None and state is not None:
            state.born_at = max(state.born_at, (epoch or now) + 1)
            state.changed = keep._renewed = True

    def forget(self, user: str | int) -> None:
        """Undo `end_all`: every session of `user` that has not expired opens again.

        For a user who was deleted, once their last session has expired.
        """
        with failing_closed():
            self._store.delete(_key(user))

    def is_revoked(self, session: Session) -> bool:
        try:
            user = self._user(session)
            key = None if user is None else _key(user)
        except Exception as error:  # noqa: BLE001  # whatever it is, the session is refused
            # Not the message: it may hold what is in the session.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error(
                "a session is refused: its user could not be found, %s in %s line %s",
                type(error).__name__,
                place.filename,
                place.lineno,
            )
            return True
        epoch = None if key is None else self._epoch(key)
        return epoch is not None and session.born_at <= epoch

    def _epoch(self, key: str) -> int | None:
        epoch = self._store.get(key)
        return None if epoch is None else self._corrected(key, epoch)

    def _corrected(self, key: str, epoch: int) -> int:
        """Return the epoch, or the time at which it was first seen to be of a clock ahead.

        Until it is seen every session is refused; those that begin later are good.
        """
        corrected, now = self._store.get(_ahead(key, epoch)), self._now()
        if corrected is None and epoch > now + MARGIN:
            corrected = now
            self._store.put(_ahead(key, epoch), now, None)
        return epoch if corrected is None else corrected


def _ahead(key: str, epoch: int) -> str:
    return f"ahead:{epoch}:{key}"


def _is_ended(session: Session) -> bool:
    """Return whether another request has ended the session of this request's cookie."""
    ended: bool = (
        session._identity is not None
        and not session._renewed
        and session._cookie.is_revoked(session)
    )
    return ended


def _key(user: object) -> str:
    if type(user) not in (str, int):
        raise TypeError(
            f"the user must be str or int, got {type(user).__name__}; return for instance "
            'session.get("user")'
        )
    key = f"user:{user}"
    key.encode()  # half a surrogate pair is no name, and no key of a database
    return key


class DenyList:
    """Refuse single sessions: all their cookies, earlier and later ones.

    With this revocation, each session that holds something has a random id in its cookies,
    under the key ``_sid``. The store remembers the id of an ended session for the app's
    `max_lifetime`; without that option for 400 days. A session without an id costs the store
    nothing: it never held anything.

    A cookie that Express made, or this library before it had this revocation, has no id yet.
    Here its id is derived from the cookie: ending the session refuses this cookie, but not
    other such cookies of it. A codec of your own should return `Unsealed.mac`: without it,
    cookies from before this revocation are refused.
    """

    def __init__(self, store: Store, *, now: Callable[[], int] = _now) -> None:
        check_methods("store", store, "put", "get", "delete")
        self._store = store
        self._now = now

    def end(self, session: Session, *keep: str) -> None:
        """Refuse every cookie of `session` from now on, and `reset` it: the logout.

        At a login, `keep` names what goes on in the new session, such as a basket.
        """
        if session._new_id is None:
            raise RuntimeError(
                "expected a session with an id; pass this DenyList to ClientSessions, as "
                "revocation=…"
            )
        state, was, renewed = session._open(), session._identity, not _is_ended(session)
        if session._unknown:
            raise RevocationUnavailable("the session could not be opened, so it is not ended")
        lifetime = session._max_lifetime
        end = max(self._now(), state.born_at) + (LONGEST if lifetime is None else lifetime)
        end = max(end, session.expires_at) + MARGIN
        ids = {state.session_id, "" if was is None else was.session_id}
        for session_id in filter(None, ids):
            with failing_closed():
                self._store.put(f"id:{session_id}", 1, end)
        if was is not None and was.session_id and not session._cookie.is_revoked(session):
            raise RuntimeError(
                "the ended session must be refused, got a session that still opens; pass this "
                "DenyList to ClientSessions, as revocation=…"
            )
        session.reset(*keep)
        session._renewed = renewed

    def is_revoked(self, session: Session) -> bool:
        session_id = session._open().session_id
        if not session_id:
            return bool(session)  # it holds something, but nothing says which session it is
        return self._store.get(f"id:{session_id}") is not None
