"""What `ClientSessions` can be told, checked before the first request."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ._engine.codec import SealedCodec
from .cookie import MAKE_RANDOM, Codec, Keys, derive_keys
from .revocation import Revocation
from .session import milliseconds

# RFC 6265bis section 4.1.1: a cookie's name is a token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What ends an attribute or the line, or is cut off; and controls, which browsers refuse.
_NO_ATTRIBUTE = re.compile(r"[\s;\x00-\x1f\x7f-\x9f]")
_SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}

#: For a site that is served over HTTPS, and over nothing else:
#: ``ClientSessions(app, **PRODUCTION)``. The name's prefix makes browsers insist on Secure,
#: on ``Path=/`` and on no Domain; pages that used the session are not stored; a log-out by
#: `reset` clears what the browser has cached and stored of this site.
PRODUCTION: dict[str, Any] = {
    "cookie_name": "__Host-session",
    "path": "/",
    "secure": True,
    "httponly": True,
    "samesite": "Lax",
    "no_store": True,
    "clear_site_data": True,
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Options:
    """The options of one `ClientSessions`; see there. None means Flask's own setting."""

    cookie_name: str | None
    duration: timedelta
    active_duration: timedelta
    max_lifetime: timedelta | None
    max_age: timedelta | None
    ephemeral: bool
    path: str | None
    domain: str | None
    secure: bool | None
    httponly: bool | None
    samesite: str | None
    partitioned: bool | None
    revocations: tuple[Revocation, ...]
    no_store: bool
    clear_site_data: bool
    strict: bool
    clock: Callable[[], float]
    urandom: Callable[[int], bytes]
    codec: Codec | None

    def __post_init__(self) -> None:
        self._check_lifetimes()
        self._check_flags()
        if self.cookie_name is not None:
            check_cookie_name(self.cookie_name)
        if self.samesite is not None:
            object.__setattr__(self, "samesite", read_samesite(self.samesite))
        if self.samesite == "None" and not self.secure:
            raise ValueError("browsers refuse samesite='None' without secure=True: give both")
        for option, function in (("clock", self.clock), ("urandom", self.urandom)):
            if not callable(function):
                raise TypeError(f"{option} is {function!r}: give a function")
        if self.codec is not None:
            _check_methods("codec", self.codec, "seal", "unseal")

    def _check_lifetimes(self) -> None:
        for option in ("duration", "active_duration", "max_lifetime", "max_age"):
            value = getattr(self, option)
            if value is None and option.startswith("max"):
                continue
            if milliseconds(value, option) == 0 and option != "active_duration":
                raise ValueError(f"{option} is zero: give the time that it lasts")
        if self.ephemeral and self.max_age is not None:
            raise ValueError(
                "an ephemeral cookie ends with the browser, one with max_age does not: "
                "give one of the two"
            )

    def _check_flags(self) -> None:
        for option in (
            "secure",
            "httponly",
            "partitioned",
            "ephemeral",
            "no_store",
            "clear_site_data",
            "strict",
        ):
            value = getattr(self, option)
            if value is not None and not isinstance(value, bool):
                raise TypeError(f"{option} is {value!r}: give True or False")
        for option in ("path", "domain"):
            value = getattr(self, option)
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{option} is {value!r}: give str")
            _check_text(option, value)


def _check_text(option: str, value: str | None) -> None:
    if value and _NO_ATTRIBUTE.search(value):
        raise ValueError(
            f"{option} is {value!r}: leave out white space, ';' and control characters "
            "(in a path, write them as in an address: %20, %3B)"
        )


def _check_methods(option: str, value: object, *methods: str) -> None:
    if not all(callable(getattr(value, method, None)) for method in methods):
        raise TypeError(f"{option} is {value!r}: give an object with {' and '.join(methods)}")


def read_revocations(given: Revocation | Sequence[Revocation]) -> tuple[Revocation, ...]:
    """Return one or several revocations as a tuple; raise TypeError for anything else."""
    several = tuple(given) if isinstance(given, list | tuple) else (given,)
    for each in several:
        _check_methods("revocation", each, "is_revoked")
    return several


def check_cookie_name(name: str) -> None:
    """Raise TypeError or ValueError for a name that no cookie can have."""
    if not isinstance(name, str):
        raise TypeError(f"cookie_name is a {type(name).__name__}: give str")
    if not _TOKEN.fullmatch(name):
        raise ValueError(
            f"cookie_name is {name!r}: use letters, digits and !#$%&'*+-.^_`|~ only"
        )


def read_samesite(value: str) -> str:
    """Return "Strict", "Lax" or "None", in whatever case it was given."""
    if not isinstance(value, str) or value.lower() not in _SAMESITE:
        raise ValueError(f"samesite is {value!r}: give 'Strict', 'Lax' or 'None'")
    return _SAMESITE[value.lower()]


@functools.lru_cache(maxsize=64)
def check_attributes(
    name: str, path: str, domain: str | None, secure: bool, samesite: str | None
) -> None:
    """Raise ValueError for a cookie that browsers drop, or misread, without a word.

    RFC 6265bis sections 4.1.2.7 (SameSite) and 4.1.3 (the prefixes of names, which browsers
    compare without regard to case).
    """
    _check_text("the cookie's path", path)
    _check_text("the cookie's domain", domain)
    prefix = name.lower()
    if prefix.startswith(("__secure-", "__host-")) and not secure:
        raise ValueError(
            f"browsers refuse a cookie named {name!r} without Secure: serve over HTTPS, or "
            "set secure=True"
        )
    if prefix.startswith("__host-") and (domain or path != "/"):
        raise ValueError(
            f"browsers refuse a cookie named {name!r} with a Domain, or a Path but '/': "
            "leave both out"
        )
    if samesite is not None and read_samesite(samesite) == "None" and not secure:
        raise ValueError("browsers refuse SameSite=None without Secure: set secure=True")


Secret = str | bytes | Sequence[str | bytes]


def make_codec(
    secret: Secret | None,
    keys: Keys | Sequence[Keys] | None,
    codec: Codec | None,
    *,
    urandom: Callable[[int], bytes],
    strict: bool,
) -> Codec | None:
    """Return what seals and unseals; None if it is left to the app's ``SECRET_KEY``."""
    if sum(given is not None for given in (secret, keys, codec)) > 1:
        raise ValueError("give one of secret, keys and codec: each says how to seal")
    if secret is not None:
        keys = secret_keys([secret] if isinstance(secret, str | bytes) else secret)
    if keys is not None:
        several = (keys,) if isinstance(keys, Keys) else keys
        if not isinstance(several, list | tuple):
            raise TypeError(f"keys is a {type(keys).__name__}: give Keys, or a list of them")
        return SealedCodec(*several, urandom=urandom, strict=strict)
    return codec


def secret_keys(secrets: Sequence[str | bytes]) -> list[Keys]:
    """Derive the keys of each secret, in their order; refuse weak ones."""
    if not isinstance(secrets, list | tuple):
        raise TypeError(
            f"secret is a {type(secrets).__name__}: give str or bytes, or a list: the "
            "first seals, all open"
        )
    return [_strong_keys(secret) for secret in secrets]


@functools.lru_cache(maxsize=64)
def _strong_keys(secret: str | bytes) -> Keys:
    keys = derive_keys(secret)
    # 16 random bytes, as they are or in base64url: what 128 bits need. A count of signs
    # tells no passphrase from a random text, but it stops the likeliest accidents.
    shortest = 16 if isinstance(secret, bytes) else 22
    if len(secret) < shortest or len(set(secret)) < 8:
        raise ValueError(
            f"the secret is weak: it has {len(secret)} characters, {len(set(secret))} of them "
            f"different. Make a good one with {MAKE_RANDOM}. An old one that has to go on "
            "can be given as keys=derive_keys(secret)"
        )
    return keys
