"""Each option of `ClientSessions`: its effect on the cookie, and its errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask, session

from lesson_app import (
    PRODUCTION,
    ClientSessions,
    Keys,
    Session,
    SessionTooLarge,
    Unsealed,
    cookie_refused,
    derive_keys,
    seal,
    unseal,
)
from lesson_app._engine.codec import SealedCodec
from lesson_app.lab import Clock, seeded_urandom
from lesson_app.options import Options
from lesson_app.session import BORN, ID
from tests.conftest import (
    SECRET,
    SetCookie,
    Site,
    read,
    secret_of,
    set_cookies,
    the_cookie,
    untouched,
    write,
)

KEYS = derive_keys(SECRET)
HI = {"message": "hi"}
SECONDS = 1000
Advance = Callable[[float], None]


def contents(cookie: SetCookie, secret: str = SECRET) -> dict[str, Any]:
    return unseal(cookie.value, derive_keys(secret), name=cookie.name).content


def refusals(app: Flask) -> list[tuple[str, str]]:
    """Return a list that collects name and reason of each cookie that `app` refuses."""
    seen: list[tuple[str, str]] = []

    def note(sender: Flask, *, name: str, reason: str, digest: str) -> None:
        seen.append((name, reason))

    cookie_refused.connect(note, app, weak=False)
    return seen


# Secrets and keys


WEAK = {
    "short": "blargadeeblargblarg",
    "one letter": "x" * 40,
    "short bytes": b"0123456789abcde",
    "in a list": [secret_of("new"), "old"],
}


@pytest.mark.parametrize("secret", WEAK.values(), ids=WEAK)
def test_weak_secret(secret: Any) -> None:
    """A weak secret raises an error with the command for a good one, without the secret."""
    with pytest.raises(
        ValueError, match=r"is too weak: .*token_urlsafe\(32\).*derive_keys"
    ) as bad:
        ClientSessions(secret=secret)

    assert "blarga" not in str(bad.value)


def test_secret_with_a_line_break() -> None:
    """A strong secret with a line break, as read from a file, is refused too."""
    with pytest.raises(ValueError, match=r"the secret ends with a line break.*derive_keys"):
        ClientSessions(secret=f"{SECRET}\n")


def test_weak_flask_secret() -> None:
    """A weak SECRET_KEY that is already set raises an error at construction."""
    app = Flask("weak")
    app.secret_key = "dev"

    with pytest.raises(ValueError, match="the secret is too weak: 3 characters"):
        ClientSessions(app)


@pytest.mark.parametrize("secret", [bytes(range(16)), secret_of("a")], ids=["bytes", "text"])
def test_strong_secret(clock: Clock, secret: str | bytes) -> None:
    """Sixteen distinct bytes are strong enough, and so are 64 hexadecimal digits."""
    cookie = the_cookie(Site(clock, secret=secret).visit(write))

    assert unseal(cookie.value, derive_keys(secret)).content == HI


def test_old_weak_secret_can_be_kept(clock: Clock) -> None:
    """`keys` accepts the keys of an Express server's short secret."""
    keys = derive_keys("blargadeeblargblarg")

    cookie = the_cookie(Site(clock, secret=None, keys=keys).visit(write))

    assert unseal(cookie.value, keys).content == HI


def test_list_of_secrets(clock: Clock) -> None:
    """The first secret seals, all open, and a cookie of an old secret is sealed again."""
    old = Site(clock, secret=secret_of("old"))
    new = Site(clock, secret=[secret_of("new"), secret_of("old")])
    value = the_cookie(old.visit(write)).value

    response = new.visit_with(f"session={value}", read)

    assert response.text == "hi"
    assert contents(the_cookie(response), secret_of("new")) == HI


def test_list_of_keys(clock: Clock) -> None:
    """Keys of any cipher and MAC can be rotated too."""
    long = Keys(b"e" * 16, b"s" * 64, cipher="aes128", mac="sha512-drop256")
    value = the_cookie(Site(clock, secret=None, keys=KEYS).visit(write)).value
    site = Site(clock, secret=None, keys=[long, KEYS])

    response = site.visit_with(f"session={value}", read)

    assert unseal(the_cookie(response).value, long).content == HI


def test_strict(clock: Clock, site: Site) -> None:
    """Strict mode opens a cookie exactly as sealed, and refuses it in quotation marks."""
    value = the_cookie(site.visit(write)).value
    strict = Site(clock, strict=True)
    seen = refusals(strict.app)

    assert strict.visit_with(f"session={value}", read).text == "hi"
    assert site.visit_with(f'session="{value}"', read).text == "hi"
    assert strict.visit_with(f'session="{value}"', read).text == "None"
    assert seen == [("session", "canonical")]


# Lifetimes


def test_max_lifetime(clock: Clock, advance: Advance) -> None:
    """A session that is used all the time still expires."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    seen = refusals(site.app)
    site.visit(write)

    answers = []
    for _ in range(13):
        advance(50)
        answers.append(site.visit(read).text)

    assert answers == ["hi"] * 12 + ["None"]
    assert seen == [("session", "too-old")]


def test_end_with_max_lifetime(clock: Clock, advance: Advance) -> None:
    """`expires_at`, and the cookie's Expires, are no later than `max_lifetime` allows."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=90))
    site.visit(write)
    advance(3600 - 30)
    cookie = the_cookie(site.visit(lambda s: s.set_duration(timedelta(hours=1))))

    assert site.visit(lambda s: s.expires_at - s.born_at).text == str(90 * 60 * SECONDS)
    assert cookie.attributes["expires"] == "Fri, 01 Jan 2100 13:30:01 GMT"


def test_last_millisecond_of_max_lifetime(clock: Clock, advance: Advance) -> None:
    """The session is valid up to and including the last millisecond."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=10))
    site.visit(write)

    advance(600)
    assert site.visit(read).text == "hi"
    advance(0.001)
    assert site.visit(read).text == "None"


def test_birth_is_remembered_in_the_cookie(clock: Clock) -> None:
    """The sealed JSON contains birth and id of the session; the view's session does not."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))

    cookie = the_cookie(site.visit(write))

    assert contents(cookie) == {**HI, BORN: site.now, ID: contents(cookie)[ID]}
    assert re.fullmatch("[A-Za-z0-9_-]{22}", contents(cookie)[ID])
    assert site.visit(lambda s: dict(s)).text == str(HI)


def test_marks_of_a_repeatable_cookie(clock: Clock) -> None:
    """`urandom` also makes the session's id, so that a lesson's cookie is always the same."""
    first, second = (
        Site(clock, max_lifetime=timedelta(minutes=10), urandom=seeded_urandom(1))
        for _ in range(2)
    )

    content = contents(the_cookie(first.visit(write)))

    assert content == contents(the_cookie(second.visit(write)))
    assert list(content) == ["message", "_born", "_sid"]


def test_session_without_mark(clock: Clock, advance: Advance) -> None:
    """A session from another server gets the birth mark at its first request here."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=10))
    began = site.now
    value = seal(HI, KEYS, created_at=began, duration=3600 * SECONDS)
    advance(60)

    response = site.visit_with(f"session={value}", read)

    assert contents(the_cookie(response))[BORN] == began


class OwnCodec(SealedCodec):
    """A codec of a user's own."""


def test_session_without_mark_in_an_own_codec(clock: Clock) -> None:
    """With another codec, too, a session gets its birth mark at its first request here."""
    site = Site(clock, secret=None, codec=OwnCodec(KEYS), max_lifetime=timedelta(minutes=10))
    value = seal(HI, KEYS, created_at=site.now, duration=100 * SECONDS)

    response = site.visit_with(f"session={value}", read)

    assert contents(the_cookie(response))[BORN] == site.now


def test_empty_session_without_mark(clock: Clock) -> None:
    """An empty session from another server gets no mark, and so no new cookie."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    value = seal({}, KEYS, created_at=site.now, duration=100 * SECONDS)

    assert not set_cookies(site.visit_with(f"session={value}", read))


@pytest.mark.parametrize("mark", ["1", None, True, 1.5, [], -1], ids=str)
def test_odd_mark(clock: Clock, mark: object) -> None:
    """A birth mark that is not a whole number is ignored."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    value = seal({**HI, BORN: mark}, KEYS, created_at=site.now, duration=100 * SECONDS)

    response = site.visit_with(f"session={value}", read)

    assert contents(the_cookie(response))[BORN] == site.now


@pytest.mark.parametrize("mark", [{}, {BORN: 4_102_488_000_000 + 3_600_001}], ids=["no", "odd"])
def test_session_from_the_future(clock: Clock, mark: dict[str, int]) -> None:
    """With `max_lifetime`, a session that seems to begin over an hour from now is refused."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    seen = refusals(site.app)
    began = site.now + (0 if mark else 2 * 60_000 + 3_600_001)
    value = seal({**HI, **mark}, KEYS, created_at=began, duration=100 * SECONDS)

    assert site.visit_with(f"session={value}", read).text == "None"
    assert seen == [("session", "times")]


def test_mark_of_1970(clock: Clock) -> None:
    """Zero is a birth mark like any other: the session is too old."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    seen = refusals(site.app)
    value = seal({**HI, BORN: 0}, KEYS, created_at=site.now, duration=100 * SECONDS)

    assert site.visit_with(f"session={value}", read).text == "None"
    assert seen == [("session", "too-old")]


def test_session_extended_as_far_as_possible(clock: Clock) -> None:
    """Two extensions and an hour between two clocks do not make a session impossible."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    began = site.now + 2 * 60_000 + 3_600_000
    value = seal(HI, KEYS, created_at=began, duration=100 * SECONDS)

    assert site.visit_with(f"session={value}", read).text == "hi"


def test_session_extended_into_the_future(clock: Clock, advance: Advance) -> None:
    """If `created_at` is in the future, the session was extended, so it began before now."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    value = seal(HI, KEYS, created_at=site.now + 60_000, duration=100 * SECONDS)
    site.browser.set_cookie("session", value)

    assert contents(the_cookie(site.visit(read)))[BORN] == site.now - 60_000


def test_reset_begins_a_new_lifetime(clock: Clock, advance: Advance) -> None:
    """`reset(*session)` keeps every key, and the lifetime begins again."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=10))
    site.visit(write)
    advance(500)

    cookie = the_cookie(site.visit(lambda s: s.reset(*s)))

    assert contents(cookie)[BORN] == site.now


def test_max_age(clock: Clock, site: Site) -> None:
    """`max_age` sets Expires; without it, the session's duration does."""
    kept = Site(clock, max_age=timedelta(days=1))

    short = the_cookie(site.visit(write)).attributes["expires"]
    long = the_cookie(kept.visit(lambda s: s.set_duration(timedelta(seconds=5)))).attributes

    assert short == "Fri, 01 Jan 2100 12:02:01 GMT"
    assert long["expires"] == "Sat, 02 Jan 2100 12:00:00 GMT"


def test_ephemeral(clock: Clock) -> None:
    """An ephemeral cookie has no Expires; `set_duration` changes that for this session."""
    site = Site(clock, ephemeral=True)
    minute = timedelta(minutes=1)

    responses = [
        site.visit(act)
        for act in (
            write,
            lambda s: s.set_duration(minute, ephemeral=False),
            lambda s: s.set_duration(minute),
        )
    ]

    assert ["expires" in the_cookie(r).attributes for r in responses] == [False, True, True]


def test_ephemeral_for_one(site: Site) -> None:
    """`ephemeral` for one visitor does not affect others (in Mozilla's library it does)."""
    one = the_cookie(site.visit(lambda s: s.set_duration(timedelta(minutes=1), ephemeral=True)))
    another = the_cookie(site.visit_with("", write))

    assert "expires" not in one.attributes
    assert "expires" in another.attributes


# The cookie's attributes


def test_own_attributes(clock: Clock) -> None:
    """The options take precedence over Flask's settings."""
    site = Site(
        clock,
        path="/app",
        domain="example.org",
        secure=True,
        httponly=False,
        samesite="none",
        partitioned=True,
    )
    site.app.config.update(SESSION_COOKIE_PATH="/x", SESSION_COOKIE_SAMESITE="Lax")

    cookie = the_cookie(site.visit(write))

    del cookie.attributes["expires"]
    assert cookie.attributes == {
        "path": "/app",
        "domain": "example.org",
        "secure": "",
        "samesite": "None",
        "partitioned": "",
    }


def test_production(clock: Clock) -> None:
    """`PRODUCTION` sets the __Host- prefix, Secure, SameSite=Lax and no-store."""
    site = Site(clock, **PRODUCTION)
    https = {"base_url": "https://localhost"}

    written = site.visit(write, **https)

    cookie = the_cookie(written)
    assert cookie.name == "__Host-session"
    assert {k: v for k, v in cookie.attributes.items() if k != "expires"} == {
        "path": "/",
        "secure": "",
        "httponly": "",
        "samesite": "Lax",
    }
    assert written.headers["Cache-Control"] == "no-store"


def test_untouched_page_can_be_cached(clock: Clock) -> None:
    """A page that does not use the session can be cached, with `PRODUCTION` too."""
    response = Site(clock, **PRODUCTION).visit(untouched)

    assert "Cache-Control" not in response.headers


UNKEPT: dict[str, tuple[dict[str, Any], str]] = {
    "host without secure": ({"cookie_name": "__Host-s"}, "needs Secure"),
    "host in small letters": ({"cookie_name": "__host-s"}, "needs Secure"),
    "secure without secure": ({"cookie_name": "__Secure-s"}, "needs Secure"),
    "host with path": (
        {"cookie_name": "__Host-s", "secure": True, "path": "/a"},
        "must have Path=/",
    ),
    "host with domain": (
        {"cookie_name": "__Host-s", "secure": True, "domain": "example.org"},
        "and no Domain",
    ),
}


@pytest.mark.parametrize(("options", "message"), UNKEPT.values(), ids=UNKEPT)
def test_cookie_that_browsers_drop(clock: Clock, options: dict[str, Any], message: str) -> None:
    """A cookie that browsers would silently drop raises an error with the fix."""
    with pytest.raises(ValueError, match=message):
        Site(clock, **options).visit(write)


@pytest.mark.parametrize("option", ["path", "domain"])
@pytest.mark.parametrize(
    "text", ["a\0b", "a;b", "a b", "a\tb", "a\r\nb", "a\x7f", "\x85", "a\u2003"]
)
def test_attribute_with_a_forbidden_character(clock: Clock, option: str, text: str) -> None:
    """A character that would end the attribute raises an error with the fix."""
    value, message = {
        "path": (f"/{text}", "(?i)path must not contain white space"),
        "domain": (f"{text}.example.com", "(?i)domain must be a host name"),
    }[option]
    options: dict[str, Any] = {option: value}
    with pytest.raises(ValueError, match=message):
        Site(clock, **options)

    site = Site(clock)
    site.app.config[f"SESSION_COOKIE_{option.upper()}"] = value
    with pytest.raises(ValueError, match=message):
        site.visit(write)


def test_attributes_of_other_letters(clock: Clock) -> None:
    """Non-ASCII letters and percent escapes are allowed."""
    site = Site(clock, path="/é%20b", domain="bücher.example")

    attributes = the_cookie(site.visit(write)).attributes

    assert (attributes["path"], attributes["domain"]) == (
        "/%C3%A9%20b",
        "xn--bcher-kva.example",
    )


def test_flask_setting_that_browsers_drop(site: Site) -> None:
    """Flask's settings are checked too."""
    site.app.config["SESSION_COOKIE_SAMESITE"] = "None"

    with pytest.raises(ValueError, match=r"(?i)samesite='None' needs secure=True"):
        site.visit(write)


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "samesite": ({"samesite": "loose"}, ValueError, "'Lax' or 'None', got 'loose'"),
    "samesite in small letters": ({"samesite": "none"}, ValueError, "samesite='None' needs"),
    "samesite none": ({"samesite": "None"}, ValueError, "samesite='None' needs secure=True"),
    "both ends": (
        {"ephemeral": True, "max_age": timedelta(1)},
        ValueError,
        "ephemeral cookie ends with the browser",
    ),
    "max_age": ({"max_age": 60}, TypeError, "max_age must be a timedelta, got 60"),
    "no max_age": ({"max_age": timedelta(0)}, ValueError, "max_age must be greater than zero"),
    "max_lifetime": ({"max_lifetime": timedelta(0)}, ValueError, "must be greater than"),
    "secure": ({"secure": "yes"}, TypeError, "secure must be True or False, got 'yes'"),
    "path": ({"path": 5}, TypeError, "path must be str, got 5"),
    "revocation": ({"revocation": "x"}, TypeError, "is_revoked, got str"),
    "keys": ({"secret": None, "keys": "k"}, TypeError, "Keys or a list of Keys, got str"),
    "a key": ({"secret": None, "keys": ["k"]}, TypeError, "keys must be Keys, such as"),
    "no keys": ({"secret": None, "keys": []}, ValueError, "at least one Keys"),
    "secrets": ({"secret": {"a"}}, TypeError, "secret must be str, bytes or a list"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "kind", "message"), BAD.values(), ids=BAD)
def test_bad_option(
    clock: Clock, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """A wrong option raises an error at construction, with its value and the fix."""
    with pytest.raises(kind, match=message):
        Site(clock, **options)


@pytest.mark.parametrize(
    ("options", "config"),
    [({"partitioned": True}, {}), ({}, {"SESSION_COOKIE_SECURE": True})],
    ids=["partitioned", "setting"],
)
def test_secure_in_another_way(options: dict[str, Any], config: dict[str, Any]) -> None:
    """samesite='None' needs Secure, which Partitioned and Flask's setting bring as well."""
    app = Flask("secure")
    app.config |= config
    ClientSessions(app, secret=SECRET, samesite="None", **options)
    app.add_url_rule("/", view_func=lambda: session.setdefault("user", "ada"))

    attributes = the_cookie(app.test_client().get("/")).attributes

    assert attributes["samesite"] == "None"
    assert "secure" in attributes


def test_each_option_is_in_the_documentation() -> None:
    """The signature and the docstring list the same options in the same order."""
    options = [option.name for option in fields(Options)]
    signature = inspect.signature(ClientSessions).parameters
    text = inspect.getdoc(ClientSessions) or ""

    assert list(signature) == ["app", *options]
    assert re.findall(r"^- `(\w+)`: \S", text, re.MULTILINE) == options
    for option in fields(Options):
        assert signature[option.name].default == option.default


def test_options_do_not_change(clock: Clock) -> None:
    """Options are read-only, because a later change would not be checked."""
    sessions = ClientSessions(secret=SECRET, clock=clock)

    with pytest.raises(AttributeError):
        sessions.duration = timedelta(1)  # type: ignore[misc]


def test_secrets_are_not_shown() -> None:
    """Neither repr nor str of a `ClientSessions` shows its secret."""
    sessions = ClientSessions(secret=SECRET)

    assert SECRET not in f"{sessions!r} {sessions}"


# Size


def test_largest_cookie(clock: Clock) -> None:
    """2,983 bytes of JSON fit in a cookie of at most 4,096 bytes."""
    site = Site(clock, duration=timedelta(days=1))

    cookie = the_cookie(site.visit(lambda s: s.update(m="x" * (2983 - 8))))

    assert len(cookie.name) + len(cookie.value) <= 4096
    assert len(contents(cookie)["m"]) == 2975


def test_too_large(clock: Clock) -> None:
    """One byte more raises an error with the sizes, because browsers would drop the cookie."""
    site = Site(clock, duration=timedelta(days=1))

    with pytest.raises(SessionTooLarge, match=r"has 4\d{3} bytes.* 4096;.*'m', 2978 bytes"):
        site.visit(lambda s: s.update(a=1, m="x" * 2976))


def test_value_that_cannot_be_sealed(site: Site) -> None:
    """A value that JSON cannot hold raises an error in the line that sets it."""
    lines: list[str] = []

    def act(s: Session) -> None:
        for put in (
            lambda: s.__setitem__("a", {1, 2}),
            lambda: s.update(a={1, 2}),
            lambda: s.setdefault("a", {1, 2}),
            lambda: s.replace({"a": {1, 2}}),
            lambda: s.__ior__({"a": {1, 2}}),
        ):
            with pytest.raises(TypeError, match=r"session\['a'\] is of type set") as error:
                cast(Callable[[], object], put)()
            lines.append(str(error.value))

    response = site.visit(act)

    assert len(lines) == 5
    assert not set_cookies(response)


# Several sessions on one app


def two_sessions(clock: Clock, **options: Any) -> tuple[Flask, ClientSessions]:
    app = Flask("two")
    app.testing = True
    ClientSessions(app, secret=SECRET, clock=clock)
    theme = ClientSessions(
        app, **{"secret": SECRET, "cookie_name": "theme", **options}, clock=clock
    )

    @app.get("/set")
    def set_both() -> str:
        session["message"] = "hi"
        theme.session["color"] = "red"
        return ""

    @app.get("/theme")
    def set_theme() -> str:
        theme.session["color"] = "blue"
        return ""

    @app.get("/get")
    def get_both() -> str:
        return f"{session.get('message')} {theme.session.get('color')}"

    return app, theme


def test_two_sessions(clock: Clock) -> None:
    """Two sessions of one app are written and read independently."""
    app, _ = two_sessions(clock)
    client = app.test_client()

    both, one = set_cookies(client.get("/set")), set_cookies(client.get("/theme"))

    assert [cookie.name for cookie in both] == ["session", "theme"]
    assert [cookie.name for cookie in one] == ["theme"]
    assert client.get("/get").text == "hi blue"
    assert not set_cookies(client.get("/get"))


def test_swapped_values(clock: Clock) -> None:
    """Even with the same secret, neither value opens under the other's name."""
    app, _ = two_sessions(clock)
    first, second = set_cookies(app.test_client().get("/set"))
    client = app.test_client()
    client.set_cookie("session", second.value)
    client.set_cookie("theme", first.value)
    seen = refusals(app)

    assert client.get("/get").text == "None None"
    assert seen == [("session", "name"), ("theme", "name")]


def test_two_secrets_and_lifetimes(clock: Clock, advance: Advance) -> None:
    """Each session has the secret and the lifetime of its own ClientSessions."""
    app, _ = two_sessions(clock, secret=secret_of("theme"), duration=timedelta(days=30))
    client = app.test_client()

    _, theme = set_cookies(client.get("/set"))
    advance(2 * 24 * 3600)

    assert contents(theme, secret_of("theme")) == {"color": "red"}
    assert client.get("/get").text == "None red"


def test_session_of_the_first(clock: Clock) -> None:
    """The first instance's `session` is flask.session itself."""
    app = Flask("first")
    first = ClientSessions(app, secret=SECRET, clock=clock)

    with app.test_request_context():
        first.session["a"] = 1
        assert session["a"] == 1


def test_same_name_twice() -> None:
    """A second session with the same cookie name raises an error."""
    app = Flask("twice")
    ClientSessions(app, secret=SECRET)

    with pytest.raises(RuntimeError, match="already keeps a session in the cookie 'session'"):
        ClientSessions(app, secret=SECRET)


def test_not_set_up() -> None:
    """Without `init_app`, the error says to call it."""
    sessions = ClientSessions(secret=SECRET)

    with pytest.raises(RuntimeError, match=r"does not serve the app; call init_app\(app\)"):
        sessions.make_cookie({}, Flask("other"))


def test_second_session_without_a_secret(clock: Clock) -> None:
    """Without any secret, opening the second session raises an error with the reason."""
    app = Flask("none")
    ClientSessions(app)
    second = ClientSessions(app, cookie_name="second")

    with app.test_request_context(), pytest.raises(RuntimeError, match="there is no secret"):
        second.session["a"] = 1
    with pytest.raises(RuntimeError, match="there is no secret"):
        second.open("", app)


# Outside a request


def test_make_cookie(clock: Clock) -> None:
    """A test client can start with a session that the test has filled."""
    app, theme = two_sessions(clock)
    client = app.test_client()

    client.set_cookie(*theme.make_cookie({"color": "green"}, app))

    assert client.get("/get").text == "None green"


def test_make_cookie_in_a_context(clock: Clock) -> None:
    """Within an app context the `app` argument can be omitted."""
    app, theme = two_sessions(clock)

    with app.app_context():
        name, value = theme.make_cookie({"color": "green"})
        assert theme.open(f"{name}={value}") == {"color": "green"}


def test_open(clock: Clock, advance: Advance) -> None:
    """`open` reads a Cookie header, such as a WebSocket's, and refuses an expired cookie."""
    app, theme = two_sessions(clock, duration=timedelta(minutes=2))
    header = "a=1; theme={1}".format(*theme.make_cookie({"color": "green"}, app))

    assert theme.open(header, app) == {"color": "green"}
    advance(121)
    assert theme.open(header, app) == {}


# Reports of a refusal


def test_signal(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Signal and log have the name, reason and digest of the cookie, but not its value."""
    caplog.set_level("INFO", "lesson_app")
    seen: list[dict[str, str]] = []

    def note(sender: Flask, **details: str) -> None:
        seen.append(details)

    with cookie_refused.connected_to(note, site.app):
        site.visit_with("session=a.secret.cookie.of.mine", read)

    [refusal] = seen
    assert (refusal["name"], refusal["reason"]) == ("session", "base64")
    assert len(refusal["digest"]) == 32
    assert refusal["digest"] in caplog.text
    assert "secret" not in caplog.text.replace("sha256", "")


def test_expired_is_reported(site: Site, advance: Advance) -> None:
    """An expired session is refused with the reason "expired"."""
    site.visit(write)
    seen = refusals(site.app)
    advance(121)

    site.visit(read)

    assert seen == [("session", "expired")]


def test_times_is_reported(site: Site) -> None:
    """Times beyond any calendar are refused with the reason "times"."""
    seen = refusals(site.app)
    value = seal(HI, KEYS, created_at=2**53 - 1, duration=1)

    site.visit_with(f"session={value}", read)

    assert seen == [("session", "times")]


def test_strict_and_repeatable_with_flasks_secret(clock: Clock) -> None:
    """`strict` and `urandom` also apply if the secret is Flask's SECRET_KEY."""
    app = Flask("strict")
    app.secret_key = secret_of("flask")
    sessions = ClientSessions(app, strict=True, urandom=lambda size: b"i" * size, clock=clock)

    name, value = sessions.make_cookie(HI, app)

    assert value.startswith("aWlpaWlpaWlpaWlpaWlpaQ.")
    assert sessions.open(f"{name}={value}", app) == HI
    assert sessions.open(f'{name}="{value}"', app) == {}


def test_cookie_for_a_named_app(clock: Clock) -> None:
    """`make_cookie` uses the given app's cookie name and secret."""
    sessions = ClientSessions(clock=clock)
    apps = [Flask(word) for word in "ab"]
    for app in apps:
        app.config.update(SECRET_KEY=secret_of(app.name), SESSION_COOKIE_NAME=f"{app.name}s")
        sessions.init_app(app)

    cookies = [sessions.make_cookie(HI, app) for app in apps]

    assert [name for name, _ in cookies] == ["as", "bs"]
    for app, (name, value) in zip(apps, cookies, strict=True):
        assert unseal(value, derive_keys(secret_of(app.name)), name=name).content == HI


def test_mark_without_max_lifetime(site: Site) -> None:
    """Without `max_lifetime`, another server's birth mark is kept unchanged."""
    value = seal({**HI, BORN: 5}, KEYS, created_at=site.now, duration=100 * SECONDS)

    response = site.visit_with(f"session={value}", lambda s: s.update(a=1))

    assert contents(the_cookie(response)) == {**HI, BORN: 5, "a": 1}


@pytest.mark.parametrize("age", [0, 1], ids=["now", "a ms ago"])
def test_good_mark(clock: Clock, age: int) -> None:
    """A birth mark up to now is valid, so no new cookie is set."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    content = {**HI, BORN: site.now - age, ID: "x" * 22}
    value = seal(content, KEYS, created_at=site.now, duration=100 * SECONDS)

    assert not set_cookies(site.visit_with(f"session={value}", read))


def test_exact_size_limit(clock: Clock) -> None:
    """Name and value together can have 4,096 bytes, and not one more."""

    class Long:
        def seal(self, content: object, *, name: str, created_at: int, duration: int) -> str:
            return "x" * 4000

        def unseal(self, value: str, *, name: str) -> Unsealed:
            raise NotImplementedError

    fits = Site(clock, secret=None, codec=Long(), cookie_name="n" * 96)
    exceeds = Site(clock, secret=None, codec=Long(), cookie_name="n" * 97)

    assert len(the_cookie(fits.visit(write)).value) == 4000
    with pytest.raises(SessionTooLarge):
        exceeds.visit(write)


def test_largest_item_is_named(clock: Clock) -> None:
    """Of several items the error names the largest."""
    with pytest.raises(SessionTooLarge, match="largest item is 'a', 3002 bytes"):
        Site(clock).visit(lambda s: s.update(z=1, a="x" * 3000, b="y" * 999))


def test_name_that_is_too_long(clock: Clock) -> None:
    """A name can be too long even for an empty session."""
    with pytest.raises(SessionTooLarge, match="largest item is '', 0 bytes"):
        Site(clock, cookie_name="n" * 4096).visit(lambda s: s.reset())


def test_dates_are_whole_seconds(clock: Clock, advance: Advance) -> None:
    """Expires is rounded to a whole second."""
    advance(0.999)
    site = Site(clock, max_age=timedelta(seconds=1.5))

    expires = the_cookie(site.visit(write)).attributes["expires"]

    assert expires == "Fri, 01 Jan 2100 12:00:02 GMT"


def test_messages_of_further_sessions(clock: Clock) -> None:
    """Each error names the fix."""
    app = Flask("messages")
    first = ClientSessions(app)
    full = "there is no secret; pass secret=… or set the app's SECRET_KEY"

    with pytest.raises(RuntimeError) as error:
        first.open("", app)
    assert str(error.value) == full
    with pytest.raises(RuntimeError) as error:
        ClientSessions(app)
    assert str(error.value).endswith("give each ClientSessions its own cookie_name")
    with pytest.raises(RuntimeError) as error:
        ClientSessions().open("", app)
    assert str(error.value) == "this ClientSessions does not serve the app; call init_app(app)"


def test_second_session_is_one_object(clock: Clock) -> None:
    """Within a request, the second session is always the same object."""
    app, theme = two_sessions(clock)

    with app.test_request_context():
        assert theme.session is theme.session


def test_first_session_without_a_secret(clock: Clock) -> None:
    """If the first session has no secret, using the second raises an error."""
    app = Flask("half")
    ClientSessions(app)
    second = ClientSessions(app, secret=SECRET, cookie_name="second")

    with app.test_request_context(), pytest.raises(RuntimeError, match="there is no secret"):
        second.session["a"] = 1


def test_new_after_a_refusal(site: Site, advance: Advance) -> None:
    """A session whose cookie has expired is new; one whose cookie opened is not."""
    site.visit(write)
    assert site.visit(lambda s: s.new).text == "False"
    advance(500)

    assert site.visit(lambda s: s.new).text == "True"
