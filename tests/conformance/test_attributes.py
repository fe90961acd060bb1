"""What Mozilla's tests check about a cookie's attributes, mainly Secure and Expires."""

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
    """Return in how many seconds the response's cookie expires in the browser."""
    date = parsedate_to_datetime(the_cookie(response).attributes["expires"])
    return date.timestamp() - site.clock()


@pytest.mark.conforms("T34", "Q21")
def test_secure_over_plain_http(clock: Clock) -> None:
    """With `secure=True`, a Secure cookie is set even over plain HTTP."""
    response = Site(clock, secure=True).visit(write, base_url="http://www.example.com")

    assert response.status_code == 200
    assert "secure" in the_cookie(response).attributes


@pytest.mark.conforms("T35", "Q15")
def test_secure_behind_a_proxy(clock: Clock) -> None:
    """If a proxy reports TLS, the cookie is Secure, with and without `secure=True`."""
    for option in (True, None):
        site = Site(clock, secure=option)
        proxied: Any = ProxyFix(site.app.wsgi_app)
        site.app.wsgi_app = proxied  # type: ignore[method-assign]

        response = site.visit(write, headers={"X-Forwarded-Proto": "https"})

        assert response.status_code == 200
        assert "secure" in the_cookie(response).attributes


@pytest.mark.conforms("T46", "T47")
def test_expires_without_max_age(site: Site) -> None:
    """Expires is the session's end, to within 1.5 seconds."""
    assert abs(expires_in(site, site.visit(write)) - 120) <= 1.5


@pytest.mark.conforms("T48")
def test_expires_follows_the_duration(site: Site) -> None:
    """A new duration changes Expires too."""
    response = site.visit(lambda s: s.set_duration(timedelta(seconds=5)))

    assert abs(expires_in(site, response) - 5) <= 1


@pytest.mark.conforms("T49")
def test_extended_by_use(clock: Clock) -> None:
    """Using a session extends it beyond its duration; an unused session expires."""
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
    """The option `ephemeral` removes Expires, and `set_duration` overrides it."""
    site = Site(clock, ephemeral=ephemeral)

    by_option = the_cookie(site.visit(write))
    by_call = the_cookie(site.visit(for_six_seconds(not ephemeral)))

    assert ("expires" in by_option.attributes) is not ephemeral
    assert ("expires" in by_call.attributes) is ephemeral


@pytest.mark.conforms("T54")
def test_samesite(clock: Clock) -> None:
    """SameSite is accepted in any case, and written with a capital letter."""
    for asked in ("lax", "Lax"):
        response = Site(clock, samesite=asked).visit(write)

        assert the_cookie(response).attributes["samesite"].lower() == "lax"
