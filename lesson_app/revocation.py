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
        # Not its text: it may hold what is in the session, or in the store.
        raise RevocationUnavailable(f"the revocation raised {type(error).__name__}") from error


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

        Also those that an earlier call has kept. If another request has ended `keep`
        meanwhile, it is not kept: of two such calls for one session at the same time, none
        keeps it. After a new password, write ``end_all(user, keep=session)``. Without `keep`,
        this request's session is ended, too, and so is one that begins in the same
        millisecond.
        """
        key, state = _key(user), None if keep is None else keep._open()
        epoch = self._now()
        with failing_closed():
            # An earlier epoch may be later: of a clock ahead, or of the same millisecond.
            while (before := self._store.put(key, epoch, None)) is not None and before >= epoch:
                epoch = before + 1
        if keep is None or state is None:
            return
        if before is None or not self._is_over(keep, key, before):
            state.kept_at, state.changed = epoch + 1, True
            if keep._identity is not None:
                keep._identity = keep._identity._replace(kept_at=state.kept_at)

    def _is_over(self, session: Session, key: str, epoch: int) -> bool:
        """Return whether the user's session that the request's cookie was of is ended."""
        if session._identity is None or not session._inherits:
            return False
        opened = session._cookie.interface.as_opened(session)
        return self._key_of(opened) == key and not _is_later(opened, epoch)

    def forget(self, user: str | int) -> None:
        """Undo `end_all`: every session of `user` that has not expired opens again.

        For a user who was deleted, once their last session has expired. And for one whose
        sessions are all refused because a clock was ahead: call `end_all` after it.
        """
        with failing_closed():
            self._store.delete(_key(user))

    def is_revoked(self, session: Session) -> bool:
        try:
            key = self._key_of(session)
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
        epoch = None if key is None else self._store.get(key)
        if epoch is None:
            return False
        if epoch > self._now() + MARGIN:
            logger.error(
                "a session is refused: its user's sessions were ended at a time that is over "
                "an hour ahead; set the clocks, then call forget(user) and end_all(user)"
            )
        return not _is_later(session, epoch)

    def _key_of(self, session: Session) -> str | None:
        user = self._user(session)
        return None if user is None else _key(user)


def _is_later(session: Session, epoch: int) -> bool:
    return session.born_at > epoch or session._open().kept_at == epoch + 1


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

        At a login, `keep` names what goes on in the new session, such as a basket. Never copy
        it by hand: if another request has ended the session meanwhile, only `keep` notices.
        Raises RuntimeError if the app would not refuse the session after this call.
        """
        if session._new_id is None:
            raise RuntimeError(
                "expected a session with an id; pass this DenyList to ClientSessions, as "
                "revocation=…"
            )
        state, was = session._open(), session._identity
        if session._unknown:
            raise RevocationUnavailable("the session could not be opened, so it is not ended")
        lifetime = session._max_lifetime
        end = max(self._now(), state.born_at) + (LONGEST if lifetime is None else lifetime)
        end = max(end, state.created_at + state.duration) + MARGIN
        known = "" if was is None else was.session_id
        first = set[tuple[object, str]]()
        for session_id in filter(None, {state.session_id, known}):
            with failing_closed():
                if self._store.put(f"id:{session_id}", 1, end) is None:
                    first.add((self, session_id))
        ended_before = (self, known) in session._ended
        if known and not ended_before and not session._cookie.interface.is_ended(session):
            raise RuntimeError(
                "the ended session must be refused, got a session that still opens; pass this "
                "DenyList to ClientSessions, as revocation=…"
            )
        session._ended |= first
        session.reset(*keep)

    def is_revoked(self, session: Session) -> bool:
        session_id = session._open().session_id
        if not session_id:
            return bool(session)  # it holds something, but nothing says which session it is
        if (self, session_id) in session._ended:  # this request goes on with a new session
            return False
        return self._store.get(f"id:{session_id}") is not None
