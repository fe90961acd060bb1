"""A dict with a lifetime: what one visitor's cookie holds while a request runs."""

from __future__ import annotations

import functools
import marshal
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask.sessions import SessionMixin

from ._engine.javascript import stringify

#: The last ms since 1970 after which an HTTP date can still name the next full second.
END_OF_TIME = 253_402_300_798_999
_LONGEST = timedelta(days=36_500)
_MS = timedelta(milliseconds=1)


def milliseconds(value: timedelta, option: str) -> int:
    """Return `value` in whole ms; refuse bare numbers, whose unit nobody can see."""
    if not isinstance(value, timedelta):
        raise TypeError(
            f"{option} is {value!r}: give a timedelta, for instance timedelta(minutes=2) "
            "(Mozilla counts milliseconds, Flask seconds)"
        )
    if not timedelta(0) <= value <= _LONGEST:
        raise ValueError(f"{option} is {value}: give 0 to {_LONGEST.days} days")
    return value // _MS


class Session(dict[str, Any], SessionMixin):
    """The content of one cookie, with a lifetime.

    Use it as a dict; change it at any depth, and the response carries a new cookie.
    `now` is a function that returns ms since 1970, `duration` the lifetime in ms that a
    new or `reset` session gets. `opener`, if given, fills the session when it is first
    touched: a request that never looks at its session never pays for it, and never
    changes it.
    """

    #: Whether the browser keeps the cookie when it closes. It concerns this response.
    permanent: bool = True
    #: Whether `reset` was called on a session that had something in it.
    ended = False
    # What holds until something else is known.
    _new, _mac, _opened_until = True, b"", 0
    _opening = _changed = False

    def __init__(
        self,
        content: Mapping[str, Any] | None = None,
        *,
        now: Callable[[], int],
        duration: int,
        opener: Callable[[Session], None] | None = None,
    ) -> None:
        if not isinstance(duration, int) or isinstance(duration, bool):
            raise TypeError(f"duration is {duration!r}: give whole milliseconds")
        self._now = now
        self._default_duration = self._duration = duration
        self._created_at = self._born_at = now()
        self._opener = opener
        if opener is None:
            dict.update(self, content or {})
            self._opened_as = self._image()
        else:
            self._lock = threading.RLock()
            self._hold_place()

    def _hold_place(self) -> None:
        # C code, such as json's, skips an empty dict without asking; this one is not empty
        # until it has been asked.
        dict.__setitem__(self, "", None)

    def load(self) -> None:
        """Open the cookie, once. Every dict method, and the lifetime, does it for you.

        If the opener raises, so does this, and the session stays unopened: nothing is
        sent, and the visitor's cookie is what it was.
        """
        if self._opener is None:
            return
        with self._lock:  # a view may hand its session to several threads
            if self._opener is None or self._opening:
                return
            self._opening = True
            dict.clear(self)
            try:
                self._opener(self)
                self._opened_as = self._image()
                self._opener = None
            except BaseException:
                dict.clear(self)
                self._hold_place()
                raise
            finally:
                self._opening = False

    def _image(self) -> bytes | str:
        """Return what the content can be compared with later, however it changes.

        For JSON's own types it is an exact copy in bytes, which takes a part of the time that
        JSON does. For a type that `marshal` refuses it is the JSON.
        """
        content = dict(dict.items(self))
        try:
            return marshal.dumps(content)
        except ValueError:
            return stringify(content)

    def plain(self) -> dict[str, Any]:
        """Return the content as a plain dict, which is written faster."""
        self.load()
        return dict(dict.items(self))  # `dict(self)` would ask each method of this class

    @property
    def loaded(self) -> bool:
        """Whether anything has looked at this session yet."""
        return self._opener is None

    def restore(
        self,
        content: Mapping[str, Any],
        created_at: int,
        duration: int,
        *,
        born_at: int | None = None,
        mac: bytes = b"",
    ) -> None:
        """Take over what an opened cookie held; `mac` is what it can be told by."""
        dict.update(self, content)
        self._created_at, self._duration = created_at, duration
        self._born_at = min(created_at, self._now()) if born_at is None else born_at
        self._mac, self._opened_until = mac, created_at + duration
        self._new = False

    def outlive(self, moment: int) -> None:
        """Count as begun after `moment` (ms since 1970), and send a new cookie."""
        self.load()
        self._born_at = max(self._born_at, moment + 1)
        self._changed = True

    def forget_cookie(self) -> None:
        """Count as a session that came from no cookie."""
        self._mac, self._opened_until, self._new, self.ended = b"", 0, True, False

    @property
    def mac(self) -> bytes:
        """The MAC of the cookie that was opened; empty without one."""
        self.load()
        return self._mac

    @property
    def opened_until(self) -> int:
        """The last moment (ms since 1970) of the cookie that was opened."""
        self.load()
        return self._opened_until

    @property
    def new(self) -> bool:  # type: ignore[override]  # Flask's is a plain attribute
        """Whether there was no cookie to open, or none that did."""
        self.load()
        return self._new

    @property
    def created_at(self) -> int:
        """When this session's life began, in ms since 1970; `extend` moves it."""
        self.load()
        return self._created_at

    @property
    def born_at(self) -> int:
        """When the session began, in ms since 1970: when it was new, or `reset`.

        Unlike `created_at` it does not move. It is remembered across requests only where
        an option needs it: `max_lifetime`, or `revocation`.
        """
        self.load()
        return self._born_at

    @property
    def duration(self) -> int:
        """How long this session lives, in ms."""
        self.load()
        return self._duration

    @property
    def expires_at(self) -> int:
        """The last moment at which this session is honoured, in ms since 1970."""
        self.load()
        return self._created_at + self._duration

    @property
    def modified(self) -> bool:
        """Whether the browser needs a new cookie; nested changes count.

        The content of now is compared with a copy of what was opened, and where these differ
        their JSON, which is all that Mozilla compares. Set it to True to send a cookie all
        the same.
        """
        if self._opener is not None or self._changed:
            return self._opener is None
        before, now = self._opened_as, self._image()
        if type(before) is type(now) and before == now:
            return False
        # Other bytes may be the same JSON all the same, as a tuple in the place of a list.
        if isinstance(before, bytes):
            content = marshal.loads(before)  # noqa: S302  # that we have just written
            if len(content) != dict.__len__(self):
                return True
            try:
                before = stringify(content)
            except (TypeError, ValueError):
                # Not what was there: `marshal` makes bytes of an array, as of each buffer.
                return True
        return before != stringify(self.plain())

    @modified.setter
    def modified(self, value: bool) -> None:
        self.load()
        self._changed = value

    def reset(self, *keep: str) -> None:
        """Empty the session but for the keys in `keep`, and begin a new life now.

        ``reset(*session)`` keeps all, and begins the life anew. The browser gets a new
        cookie. A copy of the old one still opens until it expires: the server remembers
        nothing that could tell the two apart, unless it has a `revocation`.
        """
        for key in keep:
            if not isinstance(key, str):
                raise TypeError(f"{key!r} is not a key: name them one by one, reset('a', 'b')")
        self.ended = self.ended or bool(self)
        for key in self.keys() - set(keep):
            del self[key]
        self._begin(self._default_duration)
        self._born_at = self._created_at

    def replace(self, content: Mapping[str, Any]) -> None:
        """Put `content` in the place of all that the session holds; its life goes on."""
        if not isinstance(content, Mapping):
            raise TypeError(f"content is a {type(content).__name__}: give a dict")
        new = dict(content)
        stringify(new)
        self.clear()
        self.update(new)

    def set_duration(self, duration: timedelta, *, ephemeral: bool | None = None) -> None:
        """Let the session live for `duration` from now on.

        With `ephemeral` the browser forgets this cookie when it closes; False lets it keep
        it; None leaves that to the app's option.
        """
        self.load()
        self._begin(milliseconds(duration, "duration"))
        if ephemeral is not None:
            self.permanent = not ephemeral

    def __setitem__(self, key: str, value: Any) -> None:
        self.load()
        stringify({key: value})  # what cannot be sealed is told here, in the view
        dict.__setitem__(self, key, value)

    def __eq__(self, other: object) -> bool:
        self.load()
        if isinstance(other, Session):
            other.load()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, and set it to `default` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, /, *args: Any, **kwargs: Any) -> None:
        """Set each of the given items."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __ior__(self, other: Any) -> Session:  # type: ignore[override,misc]
        self.update(other)
        return self

    def extend(self, by: timedelta) -> None:
        """Put the end off by `by`, as if the session had begun that much later."""
        self.load()
        self._created_at += milliseconds(by, "by")
        self._changed = True

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """Copy and pickle as a plain dict: the content, without the cookie's life."""
        return dict, (self.plain(),)

    def _begin(self, duration: int) -> None:
        self._created_at, self._duration = self._now(), duration
        self._changed = True


def _loading_first(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @functools.wraps(method)
    def load_first(self: Session, *args: Any) -> Any:
        if self._opener is not None:
            self.load()
        return method(self, *args)

    return load_first


# dict's own methods work on the hash table below any subclass, so each is told to load.
_DICT_METHODS = (
    "__contains__", "__delitem__", "__getitem__", "__iter__", "__len__", "__or__",
    "__repr__", "__reversed__", "__ror__", "clear", "copy", "get", "items", "keys",
    "pop", "popitem", "values",
)  # fmt: skip
for _name in _DICT_METHODS:
    setattr(Session, _name, _loading_first(_name))
