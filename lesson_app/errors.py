"""Why a cookie was refused.

::

    ValueError
    ├── SessionTooLarge      not about a cookie that came, but about one to be sent
    └── BadCookie            what the middleware catches: the visitor gets an empty session
        ├── BadFormat        the text is no sealed cookie  fields, base64, time, iv, canonical
        ├── BadSignature     the text was changed, or sealed with another secret  signature
        ├── BadName          the text was sealed for a cookie with another name        name
        └── BadPayload       the sealer sealed something else    padding, json, object

The words on the right are the values of ``reason``. The middleware has more of them for
cookies that open and are refused all the same: expired, times, too-old, revoked.
"""


class BadCookie(ValueError):  # noqa: N818  # itsdangerous says BadSignature too
    """A cookie value that does not open.

    ``reason`` is a short code for logs and tests. Neither it nor the message is for
    the client: a client who learns why a cookie was refused learns how to forge one.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[1])


class SessionTooLarge(ValueError):  # noqa: N818
    """A session whose cookie browsers would drop; raised before anything is sent."""


class BadFormat(BadCookie):
    """Not five fields, not base64url, not whole numbers, or no 16-byte IV."""


class BadSignature(BadCookie):
    """The MAC differs: a field was changed, or another secret sealed it."""


class BadName(BadCookie):
    """A good MAC, on a value that was sealed for a cookie of another name."""


class BadPayload(BadCookie):
    """A good MAC, on a payload that is not a padded JSON object."""
