"""Every option of `ClientSessions`: its default, description and check, in one place."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

from ._engine.attributes import (
    check_cookie_name,
    check_domain,
    check_flag,
    check_path,
    check_samesite,
)
from ._engine.codec import SealedCodec
from ._engine.javascript import type_name
from ._engine.secret_text import problem_of
from .cookie import MAKE_RANDOM, Codec, Keys, check_methods, derive_keys
from .revocation import Revocation
from .session import milliseconds

Secret = str | bytes | Sequence[str | bytes]

#: For a site that is served over HTTPS only: ``ClientSessions(app, **PRODUCTION)``. The
#: prefix of the name makes browsers require Secure, ``Path=/`` and no Domain. Caches do not
#: store pages that used the session.
PRODUCTION: dict[str, Any] = {
    "cookie_name": "__Host-session",
    "path": "/",
    "secure": True,
    "httponly": True,
    "samesite": "Lax",
    "no_store": True,
}


def _check_later(option: str, value: object) -> None:
    """Leave the check to `Options.own_codec` or `Options.revocations`."""


def _check_function(option: str, value: object) -> None:
    if not callable(value):
        raise TypeError(f"{option} must be a function, got {type_name(value)}")


def _check_codec(option: str, value: object) -> None:
    check_methods(option, value, "seal", "unseal")


def _check_extension(option: str, value: timedelta) -> None:
    milliseconds(value, option)


def _check_lifetime(option: str, value: timedelta) -> None:
    if milliseconds(value, option) == 0:
        raise ValueError(f"{option} must be greater than zero, such as timedelta(hours=2)")


def _option(
    default: Any,
    text: str,
    check: Callable[[str, Any], None],
    *,
    group: str = "",
) -> Any:
    """Return a field of `Options`; `group` is the heading of the options that it begins."""
    metadata = {"text": inspect.cleandoc(text), "check": check, "group": group}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Options:
    """The options of `ClientSessions`. None means Flask's own setting, if there is one."""

    secret: Secret | None = _option(
        None,
        """str or bytes, random; or a list: the first secret seals new cookies, every secret
        opens cookies. A cookie opened with any other secret is sealed again. By default
        Flask's ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``.""",
        _check_later,
        group="How to seal; give at most one of secret, keys and codec",
    )
    keys: Keys | Sequence[Keys] | None = _option(
        None, "`Keys`, or a list of them, to choose another cipher or MAC.", _check_later
    )
    codec: Codec | None = _option(
        None, "an object with ``seal`` and ``unseal``, as in `Codec`.", _check_codec
    )
    strict: bool = _option(
        False, "open only the form that this library writes, not all that Node opens.",
        check_flag,
    )  # fmt: skip
    duration: timedelta = _option(
        timedelta(days=1),
        "the lifetime of a session. Browsers keep a cookie for 400 days at most.",
        _check_lifetime,
        group="Lifetime; each duration is a timedelta",
    )  # fmt: skip
    active_duration: timedelta = _option(
        timedelta(minutes=5),
        """if a session is used and has less time left than this, extend it by this
        time; zero: never.""",
        _check_extension,
    )
    max_lifetime: timedelta | None = _option(
        None, "the longest lifetime of a session, however often extended.", _check_lifetime
    )
    max_age: timedelta | None = _option(
        None, "the browser keeps each cookie this long, not until the session ends.",
        _check_lifetime,
    )  # fmt: skip
    ephemeral: bool = _option(
        False,
        """True: the browser keeps the cookie until it closes; for sessions whose
        `permanent` was never set.""",
        check_flag,
    )
    revocation: Revocation | Sequence[Revocation] = _option(
        (), "a `Revocation`, or a list of them, to end sessions early.", _check_later
    )
    cookie_name: str | None = _option(
        None, "the cookie's name.", check_cookie_name,
        group="The cookie; by default as Flask's ``SESSION_COOKIE_…``",
    )  # fmt: skip
    path: str | None = _option(None, "its Path.", check_path)
    domain: str | None = _option(None, "its Domain.", check_domain)
    secure: bool | None = _option(
        None, "Secure; always set if the request came over TLS.", check_flag
    )
    httponly: bool | None = _option(None, "HttpOnly.", check_flag)
    samesite: str | None = _option(None, "SameSite: Strict, Lax or None.", check_samesite)
    partitioned: bool | None = _option(None, "Partitioned.", check_flag)
    no_store: bool = _option(
        False, "forbid caching of pages that used the session.", check_flag,
        group="The response",
    )  # fmt: skip
    clock: Callable[[], float] | None = _option(
        None, "a function to use instead of ``time.time``.", _check_function,
        group="For repeatable tests and lessons",
    )  # fmt: skip
    urandom: Callable[[int], bytes] | None = _option(
        None, "a function to use instead of ``os.urandom``.", _check_function
    )

    def __post_init__(self) -> None:
        for option in fields(Options):
            value = getattr(self, option.name)
            if value is not None or option.default is not None:
                option.metadata["check"](option.name, value)
        ways = {"secret": self.secret, "keys": self.keys, "codec": self.codec}
        given = [name for name, value in ways.items() if value is not None]
        if len(given) > 1:
            raise ValueError(
                f"expected one of secret, keys and codec, got {' and '.join(given)}; keep one"
            )
        if self.strict and self.codec is not None:
            raise ValueError(
                "expected strict or codec, got both; give strict to the codec, such as "
                "SealedCodec(keys, strict=True)"
            )
        if self.ephemeral and self.max_age is not None:
            raise ValueError(
                "expected ephemeral or max_age, got both; an ephemeral cookie ends with the "
                "browser"
            )
        # Werkzeug sends Partitioned with Secure.
        secure = self.secure or self.partitioned
        if self.samesite is not None and self.samesite.lower() == "none" and not secure:
            raise ValueError("samesite='None' needs secure=True; browsers refuse it without")
        # Made now, so that a weak secret is refused at set-up.
        _ = self.own_codec, self.revocations

    @functools.cached_property
    def own_codec(self) -> Codec | None:
        """The codec of these options; None if the app's ``SECRET_KEY`` decides."""
        keys = self.keys
        if self.secret is not None:
            one = isinstance(self.secret, str | bytes)
            keys = secret_keys("secret", [self.secret] if one else self.secret)
        if keys is None:
            return self.codec
        several = (keys,) if isinstance(keys, Keys) else keys
        if not isinstance(several, list | tuple):
            raise TypeError(f"keys must be Keys or a list of Keys, got {type(keys).__name__}")
        return SealedCodec(*several, urandom=self.urandom or os.urandom, strict=self.strict)

    @functools.cached_property
    def revocations(self) -> tuple[Revocation, ...]:
        """The revocations as a tuple."""
        given = self.revocation
        several = tuple(given) if isinstance(given, list | tuple) else (given,)
        for each in several:
            check_methods("revocation", each, "is_revoked")
        return several

    @staticmethod
    def describe() -> str:
        """Return the options as reStructuredText."""
        return "\n".join(_describe())


def _describe() -> Iterator[str]:
    for option in fields(Options):
        if option.metadata["group"]:
            yield f"\n{option.metadata['group']}:\n"
        yield f"- `{option.name}`: " + option.metadata["text"].replace("\n", "\n  ")


def secret_keys(
    option: str, secrets: Any, keep: str = "pass keys=derive_keys(secret)"
) -> list[Keys]:
    """Derive each secret's keys, in order; refuse weak ones. `keep` says how to allow one."""
    if not isinstance(secrets, list | tuple):
        # A str would be taken for a list of secrets of one character each.
        raise TypeError(
            f"{option} must be str, bytes or a list of them, got {type(secrets).__name__}"
        )
    try:
        return [_strong_keys(secret) for secret in secrets]
    except WeakSecret as error:
        raise ValueError(f"{error}. To keep using an existing secret, {keep}.") from None


class WeakSecret(ValueError):  # noqa: N818
    """A secret that can be guessed, or that another server may have read otherwise."""


@functools.lru_cache(maxsize=64)
def _strong_keys(secret: str | bytes) -> Keys:
    check_secret(secret)
    return derive_keys(secret)


def check_secret(secret: str | bytes) -> None:
    """Raise `WeakSecret` for a secret that is weak, or has invisible characters."""
    derive_keys(secret)  # refuses another type, and an empty secret
    if problem := problem_of(secret):
        raise WeakSecret(f"the secret {problem}")
    # 16 random bytes, raw or in base64url: 128 bits. Counting characters cannot tell a
    # passphrase from a random string, but it stops the likeliest accidents.
    shortest = 16 if isinstance(secret, bytes) else 22
    if len(secret) < shortest or len(set(secret)) < 8:
        raise WeakSecret(
            f"the secret is too weak: {len(secret)} characters (need at least {shortest}), "
            f"{len(set(secret))} of them distinct (need at least 8). Generate one with: "
            f"{MAKE_RANDOM}"
        )
