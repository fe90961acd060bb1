"""Behaviour that Mozilla's tests don't check: lifetimes, attributes, changes."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

import pytest
from flask import Response, redirect, stream_with_context

from lesson_app import ClientSessions, Session, derive_keys, seal
from lesson_app.lab import Clock
from lesson_app.revocation import DenyList, UserEpochs
from lesson_app.stores import MemoryStore
from tests.conftest import (
    SECRET,
    Act,
    Site,
    opened,
    read,
    set_cookies,
    the_cookie,
    untouched,
    write,
)

MS, MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)
HI = {"message": "hi"}


def sealed(site: Site, content: dict[str, Any], **times: int) -> str:
    """Return a Cookie header with a session; by default it begins now and lasts a minute."""
    all_times: dict[str, Any] = {"created_at": site.now, "duration": 60_000, **times}
    return f"session={seal(content, derive_keys(SECRET), **all_times)}"


def expires(response: Any) -> float:
    """Return the cookie's Expires, in seconds since 1970."""
    return parsedate_to_datetime(the_cookie(response).attributes["expires"]).timestamp()


@pytest.mark.conforms("Q1")
@pytest.mark.parametrize("kind", ["expires soon", "expired", "not a cookie"])
def test_untouched_cookie(site: Site, kind: str) -> None:
    """If the view does not use the session, no cookie is set, even for an invalid one."""
    value = {
        "expires soon": sealed(site, HI, duration=1),
        "expired": sealed(site, HI, created_at=site.now - 60_001),
        "not a cookie": "session=not a cookie",
    }[kind]

    assert not set_cookies(site.visit_with(value, untouched))
    assert bool(set_cookies(site.visit_with(value, read))) == (kind != "not a cookie")


@pytest.mark.conforms("Q2")
def test_extension_adds_active_duration(site: Site) -> None:
    """Near the end of a session, `created_at` moves by active_duration, not to now."""
    whole, short = ({"created_at": site.now - ms, "duration": ms + 60_000} for ms in (5, 4))
    short["duration"] -= 1

    assert not set_cookies(site.visit_with(sealed(site, HI, **whole), read))
    found = opened(site.visit_with(sealed(site, HI, **short), read))

    assert found.created_at == short["created_at"] + 60_000 > site.now
    assert found.duration == short["duration"]


@pytest.mark.conforms("Q3")
def test_last_millisecond(clock: Clock) -> None:
    """A session opens in the millisecond of its end; in the next, a new one replaces it."""
    site = Site(clock, active_duration=timedelta(0))
    header = sealed(site, HI, duration=5)
    clock.advance(5 * MS)

    assert site.visit_with(header, read).text == "hi"
    clock.advance(MS)
    response = site.visit_with(header, read)

    assert response.text == "None"
    assert (opened(response).content, opened(response).created_at) == ({}, site.now)


@pytest.mark.conforms("Q4")
@pytest.mark.parametrize("cap", [None, timedelta(hours=1)], ids=["no cap", "an hour"])
def test_used_all_the_time(clock: Clock, cap: timedelta | None) -> None:
    """A session in use never expires, except with `max_lifetime`."""
    site = Site(clock, max_lifetime=cap)
    site.visit(write)
    for _ in range(60):
        clock.advance(MINUTE)
        assert site.visit(read).text == "hi"

    clock.advance(MINUTE)

    assert site.visit(read).text == ("hi" if cap is None else "None")


@pytest.mark.conforms("Q5")
@pytest.mark.parametrize("begins", [-7_200_000, 10**12], ids=["long ago", "in the future"])
def test_times_of_the_cookie(clock: Clock, begins: int) -> None:
    """A cookie's own times count, not the options; only `max_lifetime` limits them."""
    site, capped = Site(clock), Site(clock, max_lifetime=timedelta(hours=1))
    header = sealed(site, HI, created_at=site.now + begins, duration=10**11)

    assert site.visit_with(header, read).text == "hi"
    assert not set_cookies(site.visit_with(header, read))
    capped.browser.set_cookie("session", header.partition("=")[2])
    capped.visit(read)
    clock.advance(timedelta(hours=1, milliseconds=1))
    assert capped.visit(read).text == "None"


@pytest.mark.conforms("Q6")
def test_changed_cookie(site: Site) -> None:
    """A changed cookie is an empty session, and is replaced by a write, not by a read."""
    changed = "x" + the_cookie(site.visit(write)).value

    response = site.visit_with(f"session={changed}", read)

    assert (response.status_code, response.text) == (200, "None")
    assert not set_cookies(response)
    assert opened(site.visit_with(f"session={changed}", write)).content == HI
    assert not set_cookies(site.visit_with("session=", read))


@pytest.mark.conforms("Q7")
def test_replay(site: Site) -> None:
    """`reset` sends an empty session instead of a deletion; the old cookie still opens."""
    old = the_cookie(site.visit(write)).value

    response = site.visit(lambda s: s.reset())

    assert opened(response).content == {}
    assert expires(response) > site.clock()
    assert site.visit_with(f"session={old}", read).text == "hi"


@pytest.mark.conforms("Q7")
def test_replay_after_revocation(clock: Clock) -> None:
    """`DenyList` and `UserEpochs` refuse the old cookie."""

    def now() -> int:
        return round(clock() * 1000)

    denied = DenyList(MemoryStore(now))
    epochs = UserEpochs(MemoryStore(now), user=lambda s: s.get("message"), now=now)
    ends: list[tuple[DenyList | UserEpochs, Act]] = [
        (denied, denied.end),
        (epochs, lambda s: epochs.end_all(s["message"])),
    ]
    for revocation, end in ends:
        site = Site(clock, revocation=revocation)
        old = f"session={the_cookie(site.visit(write)).value}"
        assert site.visit_with(old, read).text == "hi"

        site.visit(end)

        assert site.visit_with(old, read).text == "None"


@pytest.mark.conforms("Q8")
@pytest.mark.parametrize("cookie", [False, True], ids=["first visit", "later visit"])
def test_write_then_set_duration(site: Site, cookie: bool) -> None:
    """A write before `set_duration` is kept, also on the first visit."""
    if cookie:
        site.visit(lambda s: s.update(a=1))

    def view(session: Session) -> None:
        write(session)
        session.set_duration(5 * MINUTE)

    found = opened(site.visit(view))

    assert (found.content, found.duration) == ({"a": 1, **HI} if cookie else HI, 300_000)


@pytest.mark.conforms("Q9")
def test_set_duration_to_zero(clock: Clock) -> None:
    """A duration of zero is sealed as 0, and the session ends with this millisecond."""
    site = Site(clock, active_duration=timedelta(0))
    site.visit(write)

    response = site.visit(lambda s: s.set_duration(timedelta(0)))

    assert the_cookie(response).value.split(".")[3] == "0"
    clock.advance(MS)
    assert site.visit(read).text == "None"


@pytest.mark.conforms("Q10")
@pytest.mark.parametrize("ephemeral", [False, True])
def test_set_duration_for_one_visitor(clock: Clock, ephemeral: bool) -> None:
    """`set_duration(…, ephemeral=…)` for one visitor does not affect others."""
    site = Site(clock, ephemeral=ephemeral)
    site.visit_with("", lambda s: s.set_duration(MINUTE, ephemeral=not ephemeral))

    plain = site.visit_with("", lambda s: s.set_duration(MINUTE))
    other = site.visit_with("", write)

    for response in (plain, other):
        assert ("expires" in the_cookie(response).attributes) is not ephemeral


@pytest.mark.conforms("Q11")
@pytest.mark.parametrize("length", [float("inf"), 1.5, 5000, "5000", "5000abc"], ids=repr)
def test_length_of_time(length: Any, site: Site) -> None:
    """A duration without a unit raises an error, as an option and in `set_duration`."""
    for option in ("duration", "active_duration", "max_age", "max_lifetime"):
        with pytest.raises(TypeError, match=f"^{option} must be a timedelta"):
            ClientSessions(**{option: length})
    with pytest.raises(TypeError, match=r"^duration must be a timedelta"):
        site.visit(lambda s: s.set_duration(length))


@pytest.mark.conforms("Q11")
def test_fraction_of_a_millisecond(clock: Clock) -> None:
    """A duration with a fraction of a millisecond is rounded down."""
    site = Site(clock, duration=timedelta(microseconds=120_000_999))

    assert opened(site.visit(write)).duration == 120_000
    assert site.visit(read).text == "hi"


@pytest.mark.conforms("Q12")
def test_max_age(clock: Clock) -> None:
    """`max_age` sets Expires whatever the duration, and excludes `ephemeral`."""
    site = Site(clock, max_age=timedelta(hours=1))

    for act in (write, lambda s: s.set_duration(MINUTE)):
        assert expires(site.visit(act)) == int(site.clock()) + 3600
    with pytest.raises(ValueError, match="expected ephemeral or max_age, got both"):
        ClientSessions(ephemeral=True, max_age=MINUTE)


@pytest.mark.conforms("Q13")
@pytest.mark.parametrize(("ms", "seconds"), [(0, 121), (1, 121), (999, 121), (1000, 122)])
def test_expires(clock: Clock, ms: int, seconds: int) -> None:
    """Expires is the next full second after the session's end."""
    site, start = Site(clock), int(clock())
    clock.advance(ms * MS)

    assert expires(site.visit(write)) == start + seconds


@pytest.mark.conforms("Q14")
def test_attributes(clock: Clock) -> None:
    """The cookie has the same attributes as Mozilla's, with Expires but without Max-Age."""
    site = Site(clock, samesite="Strict", secure=True, domain="example.com")

    attributes = the_cookie(site.visit(write, base_url="https://example.com")).attributes

    assert attributes.keys() == {
        "path", "expires", "domain", "samesite", "secure", "httponly",
    }  # fmt: skip
    with pytest.raises(
        ValueError, match="samesite must be 'Strict', 'Lax' or 'None', got True"
    ):
        ClientSessions(samesite=True)  # type: ignore[arg-type]


@pytest.mark.conforms("Q16")
def test_cookie_that_browsers_refuse(clock: Clock) -> None:
    """An option that makes browsers drop the cookie raises an error at construction."""
    for options in ({"samesite": "none"}, {"samesite": "lacks"}, {"cookie_name": "a=b"}):
        with pytest.raises(ValueError, match=r"samesite|cookie_name"):
            Site(clock, **options)

    attributes = the_cookie(Site(clock, samesite="none", secure=True).visit(write)).attributes

    assert attributes["samesite"] == "None"


def endless() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


@pytest.mark.conforms("Q17")
@pytest.mark.parametrize("value", [endless(), 2**64, object()], ids=["circle", "big", "object"])
def test_value_that_cannot_be_sealed(site: Site, value: object) -> None:
    """The view's line or the response fails, and the old session is kept."""
    site.visit(lambda s: s.update(message="hi", inner={}))
    site.app.testing = False

    def shallow(session: Session) -> object:
        with pytest.raises((TypeError, ValueError), match=r"^session\['message'\]"):
            session["message"] = value
        return session["message"]

    def deep(session: Session) -> None:
        session["inner"]["value"] = value

    caught, failed = site.visit(shallow), site.visit(deep)

    assert (caught.text, set_cookies(caught)) == ("hi", [])
    assert (failed.status_code, set_cookies(failed)) == (500, [])
    assert site.visit(read).text == "hi"


@pytest.mark.conforms("Q18")
def test_change_in_a_stream(site: Site) -> None:
    """A change made while a stream runs is lost, as documented."""

    def view(session: Session) -> Response:
        def stream() -> Any:
            yield "first"
            session["message"] = "late"
            yield " last"

        return Response(stream_with_context(stream()))

    site.visit(write)
    response = site.visit(view)

    assert (response.text, set_cookies(response)) == ("first last", [])
    assert site.visit(read).text == "hi"
    assert "after the first byte of a streamed response is lost" in " ".join(
        (ClientSessions.__doc__ or "").split()
    )


@pytest.mark.conforms("Q20")
def test_vary(clock: Clock) -> None:
    """A page that used the session has Vary: Cookie, and no-store with `no_store`."""
    site, strict = Site(clock), Site(clock, no_store=True)

    assert site.visit(read).headers["Vary"] == "Cookie"
    assert "Vary" not in site.visit(untouched).headers
    assert "Cache-Control" not in site.visit(read).headers
    assert strict.visit(read).headers["Cache-Control"] == "no-store"


@pytest.mark.conforms("Q29")
def test_replace_before_reading(site: Site) -> None:
    """`replace` works before the first read, twice, and with a read-only mapping."""
    site.visit(lambda s: s.update(a=1))
    new = MappingProxyType(HI)

    def view(session: Session) -> object:
        session.replace(new)
        session.replace(new)
        session.replace(session)
        return dict(session)

    response = site.visit(view)

    assert response.text == "{'message': 'hi'}"
    assert opened(response).content == HI


@pytest.mark.conforms("Q30")
def test_reset_keeps_whole_names(site: Site) -> None:
    """`reset` keeps exactly the named keys, not those that share a part of the name."""
    site.visit(lambda s: s.update(user="Ada", us="them", use=1))

    assert opened(site.visit(lambda s: s.reset("user"))).content == {"user": "Ada"}


@pytest.mark.conforms("Q35")
def test_same_json(site: Site) -> None:
    """Setting the same value again sets no cookie; another order of the keys does."""
    site.visit(lambda s: s.update(a=1, b=[2]))

    assert not set_cookies(site.visit(lambda s: s.update(b=[2], a=1)))
    assert not set_cookies(site.visit(lambda s: s.update(b=s.pop("b"))))
    assert set_cookies(site.visit(lambda s: s.update(a=s.pop("a"))))


@pytest.mark.conforms("Q36")
@pytest.mark.parametrize("status", [302, 404, 500])
def test_cookie_on_any_answer(site: Site, status: int) -> None:
    """A redirect or an error sets the cookie like any other response."""

    def view(session: Session) -> Any:
        write(session)
        return redirect("/elsewhere") if status == 302 else Response("", status)

    response = site.visit(view)

    assert response.status_code == status
    assert opened(response).content == HI
