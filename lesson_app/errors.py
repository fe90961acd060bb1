"""Why a cookie was refused.

::

    RuntimeError
    └── RevocationUnavailable    nobody knows whether the session was ended
    ValueError
    ├── SessionTooLarge      raised before a session is sent, not when a cookie is read
    └── BadCookie            the middleware catches it and starts an empty session
        ├── BadFormat        not a sealed cookie            fields, base64, time, iv, canonical
        ├── BadSignature     changed, or sealed with another secret                   signature
        ├── BadName          sealed for a cookie with another name                         name
        └── BadPayload       sealed, but not as a session                 padding, json, object

The words on the right are the values of ``reason``. The middleware adds four, for cookies
that open but are refused: expired, times (impossible times), too-old
(over `max_lifetime`), revoked.
"""


class BadCookie(ValueError):  # noqa: N818  # itsdangerous says BadSignature too
    """A cookie value that does not open.

    ``reason`` is a short code for logs and tests. Show neither it nor the message to the
    client: knowing why a cookie was refused helps an attacker to forge one.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[1])


class SessionTooLarge(ValueError):  # noqa: N818
    """The cookie is too large for browsers; raised before anything is sent."""


class RevocationUnavailable(RuntimeError):  # noqa: N818
    """A revocation raised, so nobody knows whether the session was ended.

    The request fails, and the visitor keeps the cookie. Register an error handler for this
    class, to answer 503 instead of 500. The error of the revocation is its ``__cause__``.
    """


class BadFormat(BadCookie):
    """Not five fields, not base64url, not whole numbers, or an IV of the wrong length."""


class BadSignature(BadCookie):
    """The MAC is wrong: a field was changed, or another secret was used."""


class BadName(BadCookie):
    """The MAC is valid, but the value was sealed for a cookie with another name."""


class BadPayload(BadCookie):
    """The MAC is valid, but the payload is not a padded JSON object."""
