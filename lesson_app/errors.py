"""Why a cookie was refused.

::

    ServiceUnavailable       of Werkzeug: the response is a 503
    └── RevocationUnavailable
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

from werkzeug.exceptions import ServiceUnavailable


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


class RevocationUnavailable(ServiceUnavailable):
    """A `Revocation` raised, so nobody knows whether the session was ended: refused, a 503.

    The session keeps its cookie. An app can register an error handler for this class.
    """

    description = "The session cannot be checked at the moment. Try again later."


class BadFormat(BadCookie):
    """Not five fields, not base64url, not whole numbers, or an IV of the wrong length."""


class BadSignature(BadCookie):
    """The MAC is wrong: a field was changed, or another secret was used."""


class BadName(BadCookie):
    """The MAC is valid, but the value was sealed for a cookie with another name."""


class BadPayload(BadCookie):
    """The MAC is valid, but the payload is not a padded JSON object."""
