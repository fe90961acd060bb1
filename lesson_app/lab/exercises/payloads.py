"""What an attacker types, asks for, and guesses, against any app with a login."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from ...app import PAGE_SECRET
from ...cookie import from_base64
from ..attacks.targets import WORDS

#: Fields and parameters that apps read a target or a text from.
TARGETS = (
    "next", "url", "return_to", "goto", "target", "redirect", "redirect_to", "return",
    "returnTo", "return_url", "continue", "dest", "destination", "to", "back", "from", "page",
    "forward", "path", "r", "u",
)  # fmt: skip
TEXTS = (
    *TARGETS, "error", "message", "msg", "name", "user", "username", "q", "query", "search",
    "title", "text", "id", "info",
)  # fmt: skip
#: Where apps keep who is logged in.
USER_KEYS = (
    "user",
    "username",
    "userName",
    "name",
    "uid",
    "login",
    "owner",
    "logged_in",
    "admin",
)
#: The host to which an attacker leads a visitor.
EVIL = "evil.example"


def elsewhere(url: str) -> tuple[str, ...]:
    """Return URLs that lead away from `url`; most look as if they did not."""
    host = urlsplit(url).netloc
    return (
        f"https://{EVIL}/",
        f"//{EVIL}/",
        f"///{EVIL}/",
        f"/\t/{EVIL}/",
        f"/\\{EVIL}/",
        f"{url}@{EVIL}/",
        f"https://{EVIL}/{host}/",
    )


#: What a visitor types after a mark. An escaping app shows it as text.
TAGS = (
    "\" x-y='1' x-y=\"1<x-y>",
    "--></title></textarea><x-y>",
    "</script><x-y>",
    "<x-y x-z=",
    "<<b>x-y>",
    "<b x-y=1>",
    "&lt;x-y&gt;",
    "'-x`${1}`-'",
)
#: What a template computes, and the result.
TEMPLATES = ("{{917*839}} ${917*839}", "{%print 917*839%}", "{} {0} {x} %d %s")
PRODUCT = str(917 * 839)
#: This becomes a link that runs a script.
SCRIPT_URL = "javascript:"

_COMMON = (
    PAGE_SECRET, "blargadeeblargblarg", "dev", "key", "test", "tea", "hello", "mine", "wombat",
    "change-me", "change_me", "super secret", "super-secret", "supersecret", "secret-key",
    "secret_key", "secretkey", "SECRET_KEY", "your-secret-key", "your secret key", "my secret",
    "my-secret", "my secret key", "mysecretkey", "my_secret_key", "s3cret", "s3cr3t", "hunter2",
    "keyboard cat", "correct horse battery staple", "you-will-never-guess",
    "hard to guess string", "development key", "a secret", "a random string", "random", "app",
    "flask-secret", "top secret", "notes", "diary", "basket", "shop", "films", "mynotes",
    "not a secret", "lesson", "client-sessions", "course", "1234567890",
)  # fmt: skip
#: From the documentation of Flask; many apps have copied them.
_PUBLISHED = (
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    b'_5#y2L"F4Q8z\n\xec]/',
    "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
    b'\xfd{H\xe5<\x95\xf9\xe3\x96.5\xd1\x01O<!\xd5\xa2\xa0\x9fR"\xa1\xa8',
)


def likely(words: Iterable[str]) -> Iterator[str | bytes]:
    """Yield the secrets that people choose first; `words` are names in the app."""
    yield from _PUBLISHED
    yield from _variants((*_COMMON, *words))


def guesses() -> Iterator[str]:
    """Yield more secrets, from a list of words."""
    yield from _variants(WORDS)


def _variants(words: Iterable[str]) -> Iterator[str]:
    for word in dict.fromkeys(words):
        yield from (word, word.capitalize(), word.upper())
        yield from (f"{word}{end}" for end in ("!", "1", "123"))
        yield (word * 32)[:32]  # long enough for a rule on length
        yield hashlib.sha256(word.encode()).hexdigest()
        yield hashlib.md5(word.encode(), usedforsecurity=False).hexdigest()


def wrong_passwords(name: str, right: str, other: str) -> list[str | None]:
    """Return passwords that must not open the account; None leaves the field out.

    `other` is another user's password.
    """
    middle = len(right) // 2
    tries: list[str | None] = [
        *(f"{right[:place]}\x7f{right[place + 1 :]}" for place in (0, middle, len(right) - 1)),
        right[:1].swapcase() + right[1:], f"{right} ", f" {right}", f"{right[:1]} {right[1:]}",
        f"{right}!",
        "", None, other, f"{right}x", f"x{right}", right[:-1], right[1:], right[:1],
        right.swapcase(), name, "%", "_" * len(right), ".*", "*", "." * len(right), "None",
        "null", right[::-1], "admin", "password", "test", "1234", "' OR '1'='1", "' OR 1=1 --",
    ]  # fmt: skip
    return [each for each in dict.fromkeys(tries) if each != right]


_MORE_PARTS = """
    your this that very long secret change please super nobody knows development django flask
    insecure random string token diary notes films shop correct horse staple secure private
    hidden keyboard make sure phrase never guess
    0123456789 123456789 qwertyuiop asdfghjkl zxcvbnm abcdef
"""
#: Parts of secrets that people make up, longest first. None is short: chance makes few.
_PARTS = re.compile(
    "|".join(sorted((*WORDS, *_MORE_PARTS.split()), key=len, reverse=True)), re.IGNORECASE
)


def is_made_up(secret: str | bytes, words: Iterable[str]) -> bool:
    """Return whether much of a secret is words, a row of keys, or a repetition.

    `words` are names in the app. The secret may be in base64, too.
    """
    text = secret if isinstance(secret, str) else secret.decode("latin-1")
    texts = [text]
    with suppress(ValueError):
        texts.append(from_base64(text).decode("ascii"))
    return any(map(_repeats, texts)) or any(_has_parts(each, words) for each in texts)


def _repeats(text: str) -> bool:
    sizes = range(1, len(text) // 2 + 1)
    return any((text[:size] * len(text))[: len(text)] == text for size in sizes)


def _has_parts(text: str, words: Iterable[str]) -> bool:
    rest = text
    for word in words:
        rest = rest.replace(word, "") if len(word) > 3 else rest
    gone = len(text) - len(_PARTS.sub("", rest))
    return gone >= 6 and gone > len(text) * 0.25
