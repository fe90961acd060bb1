"""The dict that a view sees as `flask.session`, and its lifetime."""

from __future__ import annotations

import functools
import reprlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from flask.sessions import SessionMixin

from ._engine.javascript import parse, stringify
from .errors import SessionTooLarge

#: The latest time in ms since 1970 after which an HTTP date can still name the next second.
END_OF_TIME = 253_402_300_798_999
#: The keys in the sealed JSON that a view never sees: when a session began, its random id,
#: and the epoch of its user that it was kept in.
BORN, ID, KEPT = MARKS = ("_born", "_sid", "_kept")
#: Flask's key for flashed messages; each is a pair, a tuple of category and text.
_FLASHES = "_flashes"
_LONGEST = timedelta(days=36_500)
_MS = timedelta(milliseconds=1)


def milliseconds(value: timedelta, option: str) -> int:
    """Return a timedelta in whole ms; refuse plain numbers, which have no unit."""
    if not isinstance(value, timedelta):
        raise TypeError(
            f"{option} must be a timedelta, got {value!r}; "
            "write for instance timedelta(minutes=2)"
        )
    if not timedelta(0) <= value <= _LONGEST:
        raise ValueError(f"{option} must be from 0 to {_LONGEST.days} days, got {value}")
    return value // _MS


@dataclass(slots=True)
class State:
    """What a session knows about its cookie, for the middleware and for revocations.

    Times are in ms since 1970, `duration` is in ms. `json` is the JSON as opened; a new
    session has none. `session_id` is random, and the same in all cookies of one session; ""
    if the session never held anything, or nothing needs the id. `kept_at` names the
    `end_all` that kept the session: its epoch and 1; 0 if none did. `changed` asks for a new
    cookie, even for the same content.
    """

    created_at: int
    duration: int
    born_at: int
    json: str = "{}"
    session_id: str = ""
    kept_at: int = 0
    new: bool = True
    changed: bool = False


class Identity(NamedTuple):
    """What the request's cookie was, whatever the request makes of the session."""

    json: str
    session_id: str
    born_at: int
    kept_at: int
    created_at: int
    duration: int


def json_to_seal(content: dict[str, Any], state: State) -> str:
    """Return the JSON of a cookie; with an id, it also remembers when its session began."""
    if _FLASHES in content:
        content = {**content, _FLASHES: _in_json_types(content[_FLASHES])}
    if state.session_id:
        content = {**content, BORN: state.born_at, ID: state.session_id}
        if state.kept_at:
            content[KEPT] = state.kept_at
    return stringify(content)


def _in_json_types(flashes: Any) -> Any:
    """Return Flask's flashed messages with its pairs as lists, which JSON has."""
    if type(flashes) is not list:
        return flashes
    return [list(each) if type(each) is tuple else each for each in flashes]


def _in_flasks_types(flashes: Any) -> Any:
    """Return flashed messages as Flask makes them: each a tuple, each text a str.

    A lazy string, such as Flask-Babel's, becomes the text that it shows now.
    """
    if type(flashes) is not list:
        return flashes
    return [
        tuple(map(_plain, each)) if type(each) is tuple or type(each) is list else each
        for each in flashes
    ]


def _plain(text: Any) -> Any:
    # Markup, whose HTML is not its text to JSON, is a str and stays: it will be refused.
    if not isinstance(text, str) and hasattr(text, "__html__") and text.__html__() == str(text):
        return str(text)
    return text


#: Returns the content and the state that a cookie holds; None without a cookie.
Opener = Callable[[], tuple[dict[str, Any], State] | None]


class Session(dict[str, Any], SessionMixin):
    """The content of one cookie, with a lifetime.

    Use it as a dict. When it changes, at any depth, the response carries a new cookie.
    Times are in ms since 1970: `now` is a function that returns the current time.
    `duration` is the lifetime in ms of a session that is new or `reset`. `opener` is called
    when the session is first used: a request that does not use it opens no cookie.
    With `new_id`, which returns a random id, the cookie stores the session's id and when the
    session began. An item of more than `most_json` characters of JSON is refused.

    Attributes with a leading underscore are for the middleware and for revocations.
    """

    #: What the middleware knows of the request's cookie.
    _cookie: Any = None
    #: The longest lifetime of the session in ms, or None.
    _max_lifetime: int | None = None
    #: Whether sealing has failed: the error was raised, and the error page sets no cookie.
    _failed = False
    #: Whether the request has used the session, even if its cookie could not be opened.
    _used = False
    #: Whether the opener raised, so that nobody knows what the session holds.
    _unknown = False
    #: What the request's cookie was, after an extension.
    _identity: Identity | None = None
    #: Whether a revocation is being asked: it must use the session that it is given.
    _asking = False
    #: The ids that this request, and no other before it, has ended, each with its deny list.
    _ended: frozenset[tuple[object, str]] = frozenset()
    #: Whether the session still holds something of the request's cookie.
    _inherits = True
    _opening = _assigned = False

    def __init__(
        self,
        *,
        now: Callable[[], int],
        duration: int,
        opener: Opener = lambda: None,
        new_id: Callable[[], str] | None = None,
        most_json: int | None = None,
    ) -> None:
        if not isinstance(duration, int) or isinstance(duration, bool):
            raise TypeError(f"duration must be whole milliseconds, got {duration!r}")
        self._now, self._default_duration = now, duration
        self._began = now()
        self._opener: Opener | None = opener
        self._new_id, self._most_json = new_id, most_json
        self._lock = threading.RLock()
        self._hold_place()

    def _hold_place(self) -> None:
        # C code, such as json's, skips an empty dict without calling our methods. This key
        # makes it call `items()`, which opens the session.
        dict.__setitem__(self, "", None)

    def _open(self) -> State:
        """Open the cookie, once, and return the state.

        Every dict method and every property calls it. If the opener raises, so does the first
        call. After it the session is empty, so that the page of the error can use it; the
        response sets no cookie, and the visitor's is what it was.
        """
        if self._opener is not None:
            with self._lock:  # a view may hand its session to several threads
                if self._asking:
                    raise RuntimeError(
                        "a revocation must use the session that it is given, got a use of "
                        "flask.session, which is not open yet"
                    )
                if self._opener is not None and not self._opening:
                    self._opening = self._used = True
                    dict.clear(self)
                    self._state = self._new_state()
                    try:
                        opened = self._opener()
                        if opened is not None:
                            content, self._state = opened
                            dict.update(self, content)
                            if _FLASHES in content:
                                flashes = _in_flasks_types(content[_FLASHES])
                                dict.__setitem__(self, _FLASHES, flashes)
                    except BaseException:
                        self._unknown = True
                        raise
                    finally:
                        self._opener, self._opening = None, False
        return self._state

    def _new_state(self) -> State:
        return State(self._began, self._default_duration, self._began)

    @property
    def new(self) -> bool:  # type: ignore[override]  # Flask's is a plain attribute
        """True if no cookie came or the cookie was refused."""
        return self._open().new

    @property
    def created_at(self) -> int:
        """When the lifetime began, in ms since 1970; an extension moves it."""
        return self._open().created_at

    @property
    def born_at(self) -> int:
        """When the session began, in ms since 1970: when it was created or last `reset`.

        Unlike `created_at`, this time does not move. The cookie stores it only if an option
        needs it: `max_lifetime` or `revocation`.
        """
        return self._open().born_at

    @property
    def duration(self) -> int:
        """The lifetime in ms."""
        return self._open().duration

    @property
    def expires_at(self) -> int:
        """The last time at which this session is valid, in ms since 1970."""
        state = self._open()
        end = state.created_at + state.duration
        return (
            end if self._max_lifetime is None else min(end, state.born_at + self._max_lifetime)
        )

    @property
    def modified(self) -> bool:
        """Whether the browser needs a new cookie; nested changes count.

        As in Mozilla's library, the current JSON is compared with the JSON as opened. Set
        `modified` to True to send a cookie in any case.
        """
        return self._changed_json() is not None

    @modified.setter
    def modified(self, value: bool) -> None:
        self._open().changed = value

    def _changed_json(self) -> str | None:
        """Return the JSON to seal; None if the browser can keep its cookie."""
        if self._opener is not None or self._unknown:
            return None
        text = self._json()
        if self._state.changed:
            return text
        return None if text == self._state.json or self._is_rewritten(text) else text

    def _json(self) -> str:
        """Return the JSON of an opened session's cookie."""
        content = dict(dict.items(self))  # `dict(self)` would call methods of this class
        if content and not self._state.session_id and self._new_id is not None:
            self._state.session_id = self._new_id()
        return json_to_seal(content, self._state)

    def _is_rewritten(self, text: str) -> bool:
        # A sealer of another kind may have written the same JSON in another way. Where a
        # view has set a key this is not checked: the price is a cookie, at most.
        if self._assigned:
            return False
        opened = parse(self._state.json)
        if self._state.session_id:
            opened |= {mark: opened.pop(mark) for mark in MARKS if mark in opened}
        return text == stringify(opened)

    def size(self) -> int:
        """Return the length of the cookie's name and value, in bytes, if it was set now.

        Browsers drop a cookie of more than 4,096 bytes.
        """
        self._open()
        if self._cookie is None:
            raise RuntimeError("expected the session of a request; use flask.session")
        return len(self._cookie.name) + len(self._cookie.seal(self, self._json()))

    def reset(self, *keep: str) -> None:
        """Remove all keys except those in `keep`, and begin a new lifetime now.

        ``reset(*session)`` keeps everything. The browser gets a new cookie. A copy of the
        old cookie still opens until it expires: to refuse it, use `DenyList.end`.
        """
        for key in keep:
            if not isinstance(key, str):
                raise TypeError(
                    "expected keys one by one, as in reset('a', 'b'), got "
                    f"{type(key).__name__}; write reset(*keys)"
                )
        for key in self.keys() - set(keep):
            del self[key]
        self._begin(self._default_duration)
        self._state.born_at, self._state.session_id = self._state.created_at, ""
        self._inherits = self._inherits and len(self) > 0

    def replace(self, content: Mapping[str, Any]) -> None:
        """Replace everything in the session with `content`; keep the lifetime."""
        if not isinstance(content, Mapping):
            raise TypeError(f"content must be a dict, got {type(content).__name__}")
        new = dict(content)
        for key, value in new.items():
            self._check(key, value)
        self.clear()
        self.update(new)

    def set_duration(self, duration: timedelta, *, ephemeral: bool | None = None) -> None:
        """Let the session expire `duration` from now.

        `ephemeral` says what happens when the browser closes. True: the cookie is forgotten;
        False: it is kept; None: `permanent` decides, and if that was never set, the app's
        option. It is remembered as `permanent` is.
        """
        self._begin(milliseconds(duration, "duration"))
        if ephemeral is not None:
            self.permanent = not ephemeral

    def _begin(self, duration: int) -> None:
        state = self._open()
        state.created_at, state.duration, state.changed = self._now(), duration, True

    def __setitem__(self, key: str, value: Any) -> None:
        self._open()
        if key == _FLASHES:
            value = _in_flasks_types(value)
        self._check(key, value)
        self._assigned = True
        dict.__setitem__(self, key, value)

    def _check(self, key: str, value: Any) -> None:
        """Raise now, on the view's line, for an item that could not be sealed later."""
        if key in MARKS and parse(self._state.json).get(key) != value:
            raise ValueError(f"session[{key!r}] is reserved; choose another key")
        text = stringify({key: _in_json_types(value) if key == _FLASHES else value})
        if self._most_json is not None and len(text) > self._most_json:
            raise SessionTooLarge(
                f"session[{reprlib.repr(key)}] must have at most {self._most_json} "
                f"characters of JSON to fit in a cookie, got {len(text)}; store it on the "
                "server, and its id in the session"
            )

    def __eq__(self, other: object) -> bool:
        self._open()
        if isinstance(other, Session):
            other._open()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`; set it to `default` first if the key is missing."""
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

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """Copy and pickle as a plain dict: the content, without the cookie's lifetime."""
        self._open()
        return dict, (dict(dict.items(self)),)


def _opening_first(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @functools.wraps(method)
    def open_first(self: Session, *args: Any) -> Any:
        if self._opener is not None:
            self._open()
        return method(self, *args)

    return open_first


# dict's own methods read the hash table below any subclass, so each is told to open it.
_DICT_METHODS = (
    "__contains__", "__delitem__", "__getitem__", "__iter__", "__len__", "__or__",
    "__repr__", "__reversed__", "__ror__", "clear", "copy", "get", "items", "keys",
    "pop", "popitem", "values",
)  # fmt: skip
for _name in _DICT_METHODS:
    setattr(Session, _name, _opening_first(_name))
