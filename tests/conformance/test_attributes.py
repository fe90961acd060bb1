"""What Mozilla's own tests pin of a cookie: who may see it, and when browsers forget it."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from lesson_app.lab import Clock
from tests.conftest import Act, Site, read, the_cookie, write

MS = timedelta(milliseconds=1)


def expires_in(site: Site, response: Response) -> float:
    """Return how many seconds from now the browser forgets the response's cookie."""
    moment = parsedate_to_datetime(the_cookie(response).attributes["expires"])
    return moment.timestamp() - site.clock()


@pytest.mark.conforms("T34", "Q21")
def test_secure_over_plain_http(clock: Clock) -> None:
    """The answer is as ever, and a Secure cookie is set: the browser may drop it."""
    response = Site(clock, secure=True).visit(write, base_url="http://www.example.com")

    assert response.status_code == 200
    assert "secure" in the_cookie(response).attributes


@pytest.mark.conforms("T35", "Q15")
def test_secure_behind_a_proxy(clock: Clock) -> None:
    """Told by a proxy that the visitor came over TLS, the cookie is Secure, asked or not."""
    for option in (True, None):
        site = Site(clock, secure=option)
        proxied: Any = ProxyFix(site.app.wsgi_app)
        site.app.wsgi_app = proxied  # type: ignore[method-assign]

        response = site.visit(write, headers={"X-Forwarded-Proto": "https"})

        assert response.status_code == 200
        assert "secure" in the_cookie(response).attributes


@pytest.mark.conforms("T46", "T47")
def test_expires_without_max_age(site: Site) -> None:
    """The browser forgets the cookie when the session ends, to a second and a half."""
    assert abs(expires_in(site, site.visit(write)) - 120) <= 1.5


@pytest.mark.conforms("T48")
def test_expires_follows_the_duration(site: Site) -> None:
    """A new duration moves the browser's date too."""
    response = site.visit(lambda s: s.set_duration(timedelta(seconds=5)))

    assert abs(expires_in(site, response) - 5) <= 1


@pytest.mark.conforms("T49")
def test_extended_by_use(clock: Clock) -> None:
    """A session that was used outlives its duration, and ends when it is left alone."""
    site = Site(clock, duration=300 * MS, active_duration=500 * MS)
    site.visit(write)
    clock.advance(200 * MS)
    site.visit(read)
    clock.advance(200 * MS)

    assert site.visit(read).text == "hi"
    clock.advance(timedelta(seconds=1))
    assert site.visit(read).text == "None"


def for_six_seconds(ephemeral: bool) -> Act:
    return lambda session: session.set_duration(timedelta(seconds=6), ephemeral=ephemeral)


@pytest.mark.conforms("T50", "T51", "T52", "T53")
@pytest.mark.parametrize("ephemeral", [False, True])
def test_ephemeral(clock: Clock, ephemeral: bool) -> None:
    """The option says whether cookies have Expires, and `set_duration` says otherwise."""
    site = Site(clock, ephemeral=ephemeral)

    by_option = the_cookie(site.visit(write))
    by_call = the_cookie(site.visit(for_six_seconds(not ephemeral)))

    assert ("expires" in by_option.attributes) is not ephemeral
    assert ("expires" in by_call.attributes) is ephemeral


@pytest.mark.conforms("T54")
def test_samesite(clock: Clock) -> None:
    """In whatever case it is asked for, SameSite is written as browsers know it."""
    for asked in ("lax", "Lax"):
        response = Site(clock, samesite=asked).visit(write)

        assert the_cookie(response).attributes["samesite"].lower() == "lax"
