"""Try a learner's session interface: an app, requests with cookies, the cookies it sets."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from flask import Flask, session
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response
from werkzeug.test import Client

from ...cookie import Keys, Unsealed, derive_keys, seal, unseal
from ...errors import BadCookie, BadName
from .judging import Wrong, describe, is_untouched, short

#: What a view does with its session.
Act = Callable[[Any], object]
#: What a learner wrote: a class, called with keys, a clock and two lengths of time.
Make = Callable[..., SessionInterface]

NAME = "session"
_DAY = 86_400_000
# Odd times, so that no constant fits: (now, duration, active_duration) in ms.
_TIMES = (
    (4_263_101_987_457, 131_071, 41_003),
    (4_711_000_000_123, 7_777_777, 900_001),
    (4_500_000_000_777, 50_021, 60_013),  # each visit extends a session
)


def nothing(_: Any) -> None:
    """Be a view that only opens its session."""


def writing(content: Mapping[str, Any]) -> Act:
    """Return a view that replaces the session's content."""

    def write(found: Any) -> None:
        found.clear()
        found.update(copy.deepcopy(dict(content)))

    return write


@dataclass(frozen=True)
class Answer:
    """What a view found in its session, and the cookie that its response set, if any."""

    seen: dict[str, Any]
    value: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def deletes(self) -> bool:
        """Whether the response tells the browser to delete the cookie."""
        expires = self.attributes.get("expires", "")
        past = "1970" in expires or self.attributes.get("max-age") == "0"
        return self.value is not None and past


class _Checked(SessionInterface):
    """Pass on the learner's hooks, and refuse what Flask could not use."""

    def __init__(self, theirs: SessionInterface) -> None:
        self.theirs = theirs

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        found: Any = self.theirs.open_session(app, request)
        if found is None:
            raise Wrong(message="open_session returned None; is a `return` missing?")
        if not (isinstance(found, MutableMapping) and isinstance(found, SessionMixin)):
            kind = type(found).__name__
            raise Wrong(
                message=f"open_session should return a Session, got {short(found)}, "
                f"a {kind}; write Session(…)"
            )
        return found

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        self.theirs.save_session(app, session, response)


class Trial:
    """An app with a learner's sessions, its own keys, and a clock: `now`, in ms."""

    def __init__(self, make: Make, number: int = 0, keys: Keys | None = None) -> None:
        self.now, self.duration, self.active = _TIMES[number]
        self.keys = keys or derive_keys(os.urandom(32))
        self.app = Flask(f"trial {number}")
        self.app.config["PROPAGATE_EXCEPTIONS"] = True
        self.app.add_url_rule("/", view_func=self._view, endpoint="view")
        self.app.session_interface = _Checked(self._built(make))

    def _built(self, make: Make) -> SessionInterface:
        name = getattr(make, "__name__", "your class")
        try:
            make(self.keys, lambda: 0)  # as the notebook calls it
            built = make(self.keys, lambda: self.now / 1000, self.duration, self.active)
        except TypeError as error:
            raise Wrong(
                message=f"{name}(keys, clock, duration, active_duration) raised "
                f"{describe(error)}; keep Middleware as the base class"
            ) from None
        for hook in ("open_session", "save_session"):
            method = getattr(type(built), hook, None)
            if method is getattr(SessionInterface, hook) or not callable(method):
                raise Wrong(message=f"{name} should have the method {hook}, but has none")
            if is_untouched(method):
                raise Wrong(message=f"`{hook}` is not started; write it, too")
        return built

    def _view(self) -> str:
        from flask import request

        found = session._get_current_object()  # type: ignore[attr-defined]
        request.environ["trial.seen"].append(copy.deepcopy(dict(found)))
        request.environ["trial.act"](found)
        return "done"

    def ask(self, value: str | None, act: Act = nothing, path: str = "/") -> Answer:
        """Send a request with a cookie's value, and let its view do `act`."""
        headers = {} if value is None else {"Cookie": f"{NAME}={value}"}
        seen: list[dict[str, Any]] = []
        told = {"trial.seen": seen, "trial.act": act}
        client = Client(self.app, use_cookies=False)
        response = client.get(path, headers=headers, environ_overrides=told)
        lines = response.headers.getlist("Set-Cookie")
        ours = [line for line in lines if line.partition("=")[0].strip() == NAME]
        if lines and not ours:
            name = short(lines[0].partition("=")[0])
            raise Wrong(message=f"your cookie should be called 'session', got {name}")
        if len(ours) > 1:
            raise Wrong(message="a response sets the cookie twice; set it once")
        found = seen[0] if seen else {}
        return Answer(found, *(_parsed(ours[0]) if ours else ()))

    def seal(self, content: Mapping[str, Any], created_at: int, duration: int) -> str:
        """Seal a cookie as another server with the same keys would."""
        return seal(content, self.keys, created_at=created_at, duration=duration)

    def fresh(self, content: Mapping[str, Any]) -> str:
        """Seal a cookie that was created now."""
        return self.seal(content, self.now, self.duration)

    def opened(self, answer: Answer) -> Unsealed:
        """Return what the answer's cookie holds; raise `Wrong` if it is not sealed."""
        value = answer.value or ""
        try:
            return unseal(value, self.keys)
        except BadName as error:
            raise Wrong(message=f"your cookie is {error}; leave out the name") from None
        except BadCookie:
            if value.count(".") == 4:
                raise Wrong("other-keys") from None
            raise Wrong("not-sealed") from None


def check_cookie(trial: Trial, answer: Answer, content: Mapping[str, Any]) -> Unsealed:
    """Check a cookie's seal, content and attributes; `check_expires` checks Expires."""
    opened = trial.opened(answer)
    if to_json(opened.content) != to_json(content):
        raise Wrong(
            message=f"after the view the session is {short(dict(content))}, "
            f"but your cookie holds {short(opened.content)}"
        )
    if abs(opened.created_at - time.time() * 1000) < 3 * _DAY:
        raise Wrong("computer-clock")
    if "httponly" not in answer.attributes:
        raise Wrong("no-httponly")
    if answer.attributes.get("path") != "/":
        got = answer.attributes.get("path", "none")
        raise Wrong(message=f"the cookie's Path should be /, but is {got}; leave it out")
    for name in ("secure", "domain", "partitioned"):
        if name in answer.attributes:
            raise Wrong(message=f"the cookie has the attribute {name}; leave it out")
    return opened


def check_expires(answer: Answer, opened: Unsealed, now: int) -> None:
    """Check that a cookie which was set expires when its session ends."""
    attributes = answer.attributes
    if "expires" not in attributes:
        raise Wrong("no-expires")
    end = (opened.created_at + opened.duration) / 1000
    late = parsedate_to_datetime(attributes["expires"]).timestamp() - end
    if abs(late) > 1 and "max-age" in attributes:
        raise Wrong(
            message="with max_age, Flask computes Expires by your computer's clock, not by the "
            "server's; give expires=… instead"
        )
    if abs(late) > 1:  # it has whole seconds
        way = "late" if late > 0 else "early"
        raise Wrong(
            message=f"Expires should be the session's end, created_at + duration, but is "
            f"{abs(late):,.0f} seconds too {way}"
        )
    if "max-age" in attributes and abs(float(attributes["max-age"]) - (end - now / 1000)) > 1:
        raise Wrong(message="Max-Age does not end when the session does; leave it out")


def to_json(content: Any) -> str:
    """Return the JSON of a content, with sorted keys."""
    return json.dumps(content, sort_keys=True)


def _parsed(line: str) -> tuple[str, dict[str, str]]:
    pair, *rest = line.split(";")
    pairs = (each.strip().partition("=") for each in rest)
    return pair.partition("=")[2], {name.lower(): value for name, _, value in pairs}
