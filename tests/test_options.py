"""Each option of `ClientSessions`, as a browser or an attacker meets it."""

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
from lesson_app.lab import Clock
from lesson_app.options import Options
from lesson_app.session import BORN
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
    """Collect name and reason of each cookie that `app` refuses from now on."""
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
    """A weak secret is refused with the command that makes a good one, and never shown."""
    with pytest.raises(
        ValueError, match=r"is too weak: .*token_urlsafe\(32\).*derive_keys"
    ) as bad:
        ClientSessions(secret=secret)

    assert "blarga" not in str(bad.value)


def test_weak_flask_secret() -> None:
    """A weak SECRET_KEY that is there already is refused at set-up."""
    app = Flask("weak")
    app.secret_key = "dev"

    with pytest.raises(ValueError, match="the secret is too weak: 3 characters"):
        ClientSessions(app)


@pytest.mark.parametrize("secret", [bytes(range(16)), secret_of("a")], ids=["bytes", "text"])
def test_strong_secret(clock: Clock, secret: str | bytes) -> None:
    """Sixteen different bytes will do, and so will any text of the usual commands."""
    cookie = the_cookie(Site(clock, secret=secret).visit(write))

    assert unseal(cookie.value, derive_keys(secret)).content == HI


def test_old_weak_secret_goes_on(clock: Clock) -> None:
    """Keys are taken as they are: an Express server's short secret can be kept."""
    keys = derive_keys("blargadeeblargblarg")

    cookie = the_cookie(Site(clock, secret=None, keys=keys).visit(write))

    assert unseal(cookie.value, keys).content == HI


def test_list_of_secrets(clock: Clock) -> None:
    """The first secret seals, each opens, and what an older one opened is sealed anew."""
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
    """In strict mode another text for the same cookie is refused, the sealed one opens."""
    value = the_cookie(site.visit(write)).value
    strict = Site(clock, strict=True)
    seen = refusals(strict.app)

    assert strict.visit_with(f"session={value}", read).text == "hi"
    assert site.visit_with(f'session="{value}"', read).text == "hi"
    assert strict.visit_with(f'session="{value}"', read).text == "None"
    assert seen == [("session", "canonical")]


# How long


def test_max_lifetime(clock: Clock, advance: Advance) -> None:
    """A session that is used all the time ends all the same."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    seen = refusals(site.app)
    site.visit(write)

    answers = []
    for _ in range(13):
        advance(50)
        answers.append(site.visit(read).text)

    assert answers == ["hi"] * 12 + ["None"]
    assert seen == [("session", "too-old")]


def test_last_moment_of_max_lifetime(clock: Clock, advance: Advance) -> None:
    """The lifetime includes its last millisecond."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=10))
    site.visit(write)

    advance(600)
    assert site.visit(read).text == "hi"
    advance(0.001)
    assert site.visit(read).text == "None"


def test_birth_is_remembered_in_the_cookie(clock: Clock) -> None:
    """The sealed JSON has the mark; the view's session does not."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))

    cookie = the_cookie(site.visit(write))

    assert contents(cookie) == {**HI, BORN: site.now}
    assert site.visit(lambda s: dict(s)).text == str(HI)


def test_session_without_mark(clock: Clock, advance: Advance) -> None:
    """A session that another server began gets the mark at its first visit here."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=10))
    began = site.now
    value = seal(HI, KEYS, created_at=began, duration=3600 * SECONDS)
    advance(60)

    response = site.visit_with(f"session={value}", read)

    assert contents(the_cookie(response)) == {**HI, BORN: began}


@pytest.mark.parametrize("mark", ["1", None, True, 1.5, [], -1, 10**14], ids=str)
def test_odd_mark(clock: Clock, mark: object) -> None:
    """A mark that is no whole number, or lies in the future, counts as none."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    value = seal({**HI, BORN: mark}, KEYS, created_at=site.now, duration=100 * SECONDS)

    response = site.visit_with(f"session={value}", read)

    assert contents(the_cookie(response)) == {**HI, BORN: site.now}


def test_session_from_the_future_gets_no_longer_life(clock: Clock, advance: Advance) -> None:
    """With a lifetime, a far `created_at` is no way round it: life began when it was seen."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    far = seal(HI, KEYS, created_at=site.now + 10**10, duration=100 * SECONDS)
    site.browser.set_cookie("session", far)

    assert site.visit(read).text == "hi"
    advance(601)
    assert site.visit(read).text == "None"


def test_reset_begins_a_new_lifetime(clock: Clock, advance: Advance) -> None:
    """After `reset(*session)` all is kept, and the lifetime begins anew."""
    site = Site(clock, duration=timedelta(hours=1), max_lifetime=timedelta(minutes=10))
    site.visit(write)
    advance(500)

    cookie = the_cookie(site.visit(lambda s: s.reset(*s)))

    assert contents(cookie) == {**HI, BORN: site.now}


def test_max_age(clock: Clock, site: Site) -> None:
    """The browser keeps the cookie for max_age, whatever the session's own time."""
    kept = Site(clock, max_age=timedelta(days=1))

    short = the_cookie(site.visit(write)).attributes["expires"]
    long = the_cookie(kept.visit(lambda s: s.set_duration(timedelta(seconds=5)))).attributes

    assert short == "Fri, 01 Jan 2100 12:02:01 GMT"
    assert long["expires"] == "Sat, 02 Jan 2100 12:00:00 GMT"


def test_ephemeral(clock: Clock) -> None:
    """An ephemeral cookie has no Expires; `set_duration` changes that for one response."""
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

    assert ["expires" in the_cookie(r).attributes for r in responses] == [False, True, False]


def test_ephemeral_for_one(site: Site) -> None:
    """One visitor's ephemeral cookie changes no other's (in Mozilla's library it does)."""
    one = the_cookie(site.visit(lambda s: s.set_duration(timedelta(minutes=1), ephemeral=True)))
    another = the_cookie(site.visit_with("", write))

    assert "expires" not in one.attributes
    assert "expires" in another.attributes


# The cookie's attributes


def test_own_attributes(clock: Clock) -> None:
    """Attributes given here outrank Flask's settings."""
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
    """The production profile: a prefix, Secure, Lax and no storing."""
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


def test_untouched_page_may_be_stored(clock: Clock) -> None:
    """A page that does not look at the session may be cached, in production too."""
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
    """A cookie that browsers would drop without a word is an error with the fix."""
    with pytest.raises(ValueError, match=message):
        Site(clock, **options).visit(write)


@pytest.mark.parametrize("option", ["path", "domain"])
@pytest.mark.parametrize(
    "text", ["a\0b", "a;b", "a b", "a\tb", "a\r\nb", "a\x7f", "\x85", "a\u2003"]
)
def test_attribute_with_a_sign_that_ends_it(clock: Clock, option: str, text: str) -> None:
    """What would cut the cookie's line, or add to it, is refused with the fix."""
    options: dict[str, Any] = {option: text}
    with pytest.raises(ValueError, match=f"{option} must not contain white space"):
        Site(clock, **options)

    site = Site(clock)
    site.app.config[f"SESSION_COOKIE_{option.upper()}"] = text
    with pytest.raises(ValueError, match=f"the cookie's {option} must not contain white space"):
        site.visit(write)


def test_attributes_of_other_letters(clock: Clock) -> None:
    """Letters that are no ASCII, and escapes, are none of these signs."""
    site = Site(clock, path="/é%20b", domain="bücher.example")

    attributes = the_cookie(site.visit(write)).attributes

    assert (attributes["path"], attributes["domain"]) == (
        "/%C3%A9%20b",
        "xn--bcher-kva.example",
    )


def test_flask_setting_that_browsers_drop(site: Site) -> None:
    """Flask's own settings are looked at too."""
    site.app.config["SESSION_COOKIE_SAMESITE"] = "None"

    with pytest.raises(ValueError, match="SameSite=None needs Secure"):
        site.visit(write)


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "samesite": ({"samesite": "loose"}, ValueError, "'Lax' or 'None', got 'loose'"),
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
    "revocation": ({"revocation": "x"}, TypeError, "is_revoked, got 'x'"),
    "keys": ({"secret": None, "keys": "k"}, TypeError, "Keys or a list of Keys, got str"),
    "a key": ({"secret": None, "keys": ["k"]}, TypeError, "keys must be Keys, such as"),
    "no keys": ({"secret": None, "keys": []}, ValueError, "at least one Keys"),
    "secrets": ({"secret": {"a"}}, TypeError, "secret must be str, bytes or a list"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "kind", "message"), BAD.values(), ids=BAD)
def test_bad_option(
    clock: Clock, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """A wrong option is told at construction, with its value and the fix."""
    with pytest.raises(kind, match=message):
        Site(clock, **options)


def test_each_option_is_in_the_documentation() -> None:
    """The signature, and the help with a line for each option, come from one table."""
    options = [option.name for option in fields(Options)]
    signature = inspect.signature(ClientSessions).parameters
    text = inspect.getdoc(ClientSessions) or ""

    assert list(signature) == ["app", *options]
    assert re.findall(r"^- `(\w+)`: \S", text, re.MULTILINE) == options
    for option in fields(Options):
        assert signature[option.name].default == option.default


def test_options_do_not_change(clock: Clock) -> None:
    """An option that changed later would not have been checked."""
    sessions = ClientSessions(secret=SECRET, clock=clock)

    with pytest.raises(AttributeError):
        sessions.duration = timedelta(1)  # type: ignore[misc]


def test_secrets_are_not_shown() -> None:
    """Neither repr nor str of a `ClientSessions` has its secret in it."""
    sessions = ClientSessions(secret=SECRET)

    assert SECRET not in f"{sessions!r} {sessions}"


# Size


def test_largest_cookie(clock: Clock) -> None:
    """2,983 bytes of JSON make a cookie of just under 4,096 octets, and are sent."""
    site = Site(clock, duration=timedelta(days=1))

    cookie = the_cookie(site.visit(lambda s: s.update(m="x" * (2983 - 8))))

    assert len(cookie.name) + len(cookie.value) <= 4096
    assert len(contents(cookie)["m"]) == 2975


def test_too_large(clock: Clock) -> None:
    """One byte more would be dropped: the view's response fails, with the figures."""
    site = Site(clock, duration=timedelta(days=1))

    with pytest.raises(
        SessionTooLarge, match=r"at most 4096 .*got 4\d{3};.*'m' with 2978 octets"
    ):
        site.visit(lambda s: s.update(a=1, m="x" * 2976))


def test_value_that_cannot_be_sealed(site: Site) -> None:
    """A value that JSON cannot hold is told in the line that puts it there."""
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
    """Two sessions of one app are written and read each by itself."""
    app, _ = two_sessions(clock)
    client = app.test_client()

    both, one = set_cookies(client.get("/set")), set_cookies(client.get("/theme"))

    assert [cookie.name for cookie in both] == ["session", "theme"]
    assert [cookie.name for cookie in one] == ["theme"]
    assert client.get("/get").text == "hi blue"
    assert not set_cookies(client.get("/get"))


def test_swapped_values(clock: Clock) -> None:
    """Under one secret, neither value opens under the other's name."""
    app, _ = two_sessions(clock)
    first, second = set_cookies(app.test_client().get("/set"))
    client = app.test_client()
    client.set_cookie("session", second.value)
    client.set_cookie("theme", first.value)
    seen = refusals(app)

    assert client.get("/get").text == "None None"
    assert seen == [("session", "name"), ("theme", "name")]


def test_two_secrets_and_lives(clock: Clock, advance: Advance) -> None:
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
    """A second session in the same cookie would overwrite the first: an error says so."""
    app = Flask("twice")
    ClientSessions(app, secret=SECRET)

    with pytest.raises(RuntimeError, match="already keeps a session in the cookie 'session'"):
        ClientSessions(app, secret=SECRET)


def test_not_set_up() -> None:
    """An instance that does not know the app says what to call."""
    sessions = ClientSessions(secret=SECRET)

    with pytest.raises(RuntimeError, match=r"does not serve the app; call init_app\(app\)"):
        sessions.make_cookie({}, Flask("other"))


def test_second_session_without_a_secret(clock: Clock) -> None:
    """Without any secret the second session cannot be opened, and says why."""
    app = Flask("none")
    ClientSessions(app)
    second = ClientSessions(app, cookie_name="second")

    with app.test_request_context(), pytest.raises(RuntimeError, match="there is no secret"):
        second.session["a"] = 1
    with pytest.raises(RuntimeError, match="there is no secret"):
        second.open("", app)


# Outside of a request


def test_make_cookie(clock: Clock) -> None:
    """A test client can begin with a session that holds what the test needs."""
    app, theme = two_sessions(clock)
    client = app.test_client()

    client.set_cookie(*theme.make_cookie({"color": "green"}, app))

    assert client.get("/get").text == "None green"


def test_make_cookie_in_a_context(clock: Clock) -> None:
    """Within an app context the app need not be named."""
    app, theme = two_sessions(clock)

    with app.app_context():
        name, value = theme.make_cookie({"color": "green"})
        assert theme.open(f"{name}={value}") == {"color": "green"}


def test_open(clock: Clock, advance: Advance) -> None:
    """A WebSocket's Cookie header opens like a request's, with every check."""
    app, theme = two_sessions(clock, duration=timedelta(minutes=2))
    header = "a=1; theme={1}".format(*theme.make_cookie({"color": "green"}, app))

    assert theme.open(header, app) == {"color": "green"}
    advance(121)
    assert theme.open(header, app) == {}


# What is told of a refusal


def test_signal(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The signal and the log have name, reason and a digest; nobody has the value."""
    caplog.set_level("INFO", "lesson_app")
    seen: list[dict[str, str]] = []

    def note(sender: Flask, **told: str) -> None:
        seen.append(told)

    with cookie_refused.connected_to(note, site.app):
        site.visit_with("session=a.secret.cookie.of.mine", read)

    [told] = seen
    assert (told["name"], told["reason"], len(told["digest"])) == ("session", "base64", 32)
    assert told["digest"] in caplog.text
    assert "secret" not in caplog.text.replace("sha256", "")


def test_expired_is_told(site: Site, advance: Advance) -> None:
    """An expired session is a refusal with a reason of its own."""
    site.visit(write)
    seen = refusals(site.app)
    advance(121)

    site.visit(read)

    assert seen == [("session", "expired")]


def test_times_is_told(site: Site) -> None:
    """Times that no calendar has are a refusal with a reason of their own."""
    seen = refusals(site.app)
    value = seal(HI, KEYS, created_at=2**53 - 1, duration=1)

    site.visit_with(f"session={value}", read)

    assert seen == [("session", "times")]


def test_strict_and_repeatable_with_flasks_secret(clock: Clock) -> None:
    """The options hold for a secret that is Flask's as well."""
    app = Flask("strict")
    app.secret_key = secret_of("flask")
    sessions = ClientSessions(app, strict=True, urandom=lambda size: b"i" * size, clock=clock)

    name, value = sessions.make_cookie(HI, app)

    assert value.startswith("aWlpaWlpaWlpaWlpaWlpaQ.")
    assert sessions.open(f"{name}={value}", app) == HI
    assert sessions.open(f'{name}="{value}"', app) == {}


def test_cookie_for_a_named_app(clock: Clock) -> None:
    """`make_cookie` asks the app that it is given, for name and for secret."""
    sessions = ClientSessions(clock=clock)
    apps = [Flask(word) for word in "ab"]
    for app in apps:
        app.config.update(SECRET_KEY=secret_of(app.name), SESSION_COOKIE_NAME=f"{app.name}s")
        sessions.init_app(app)

    cookies = [sessions.make_cookie(HI, app) for app in apps]

    assert [name for name, _ in cookies] == ["as", "bs"]
    for app, (name, value) in zip(apps, cookies, strict=True):
        assert unseal(value, derive_keys(secret_of(app.name)), name=name).content == HI


def test_mark_where_no_option_needs_it(site: Site) -> None:
    """A mark that another server put there is left alone: it is only passed on."""
    value = seal({**HI, BORN: 5}, KEYS, created_at=site.now, duration=100 * SECONDS)

    response = site.visit_with(f"session={value}", lambda s: s.update(a=1))

    assert contents(the_cookie(response)) == {**HI, BORN: 5, "a": 1}


@pytest.mark.parametrize("age", [0, 1], ids=["now", "a ms ago"])
def test_good_mark(clock: Clock, age: int) -> None:
    """A session that began a moment ago has a good mark: no new cookie is needed."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    content = {**HI, BORN: site.now - age}
    value = seal(content, KEYS, created_at=site.now, duration=100 * SECONDS)

    assert not set_cookies(site.visit_with(f"session={value}", read))


def test_exactly_as_large_as_may_be(clock: Clock) -> None:
    """4,096 octets are kept, and sent; one more is not. The name's length counts too."""

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
    """Of several items the error names the largest, not the last by name."""
    with pytest.raises(SessionTooLarge, match="whose largest item is 'a' with 4002 octets"):
        Site(clock).visit(lambda s: s.update(z=1, a="x" * 4000, b="y"))


def test_no_item_at_all(clock: Clock) -> None:
    """A name can be too long by itself."""
    with pytest.raises(SessionTooLarge, match="largest item is '' with 0 octets"):
        Site(clock, cookie_name="n" * 4096).visit(lambda s: s.reset())


def test_dates_are_whole_seconds(clock: Clock, advance: Advance) -> None:
    """However the milliseconds fall, Expires is a whole second."""
    advance(0.999)
    site = Site(clock, max_age=timedelta(seconds=1.5))

    expires = the_cookie(site.visit(write)).attributes["expires"]

    assert expires == "Fri, 01 Jan 2100 12:00:02 GMT"


def test_messages_of_further_sessions(clock: Clock) -> None:
    """Each error names the fix, in full."""
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
    """Within a request the second session is opened once."""
    app, theme = two_sessions(clock)

    with app.test_request_context():
        assert theme.session is theme.session


def test_first_session_without_a_secret(clock: Clock) -> None:
    """A second session that could not be saved is an error, not a loss."""
    app = Flask("half")
    ClientSessions(app)
    second = ClientSessions(app, secret=SECRET, cookie_name="second")

    with app.test_request_context(), pytest.raises(RuntimeError, match="there is no secret"):
        second.session["a"] = 1


def test_new_after_a_refusal(site: Site, advance: Advance) -> None:
    """A session whose cookie had expired is as new as one without a cookie."""
    site.visit(write)
    advance(500)

    assert site.visit(lambda s: s.new).text == "True"
