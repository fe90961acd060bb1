"""Ten properties of an app with a login that a stranger can check from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from ..http.server import ViewError
from .judging import Wrong, describe
from .login_properties import refuses, same_answer
from .page_properties import escapes, others, strangers, works
from .session_properties import forged, guessed, leaves, sealed
from .tour import LeftHost, Site, toured

#: The ten, in the order of the check. The wrong logins come last: an app may count them.
PROPERTIES: tuple[Callable[[Site], str], ...] = (
    works, strangers, others, escapes, sealed, forged, guessed, leaves, refuses, same_answer,
)  # fmt: skip


def check_property(which: Callable[[Site], str], site: Site) -> str:
    """Return what was seen of a property. Raise `Wrong`, or the error of the app's own code."""
    try:
        return which(site)
    except LeftHost:
        raise Wrong("elsewhere") from None
    except requests.RequestException as error:
        raise Wrong(message=f"cannot tell: {describe(error)}") from None
    except ViewError as error:
        raise error.__cause__ or Wrong(message=f"{error}") from None


def judge_properties(make_app: Callable[..., Any]) -> None:
    """Raise for the first property that the app does not have."""
    with toured(make_app) as site:
        for each in PROPERTIES:
            check_property(each, site)
