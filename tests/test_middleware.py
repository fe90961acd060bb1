"""`flask.session` in an app: its lifetime, its cookie, its secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask, abort, flash, get_flashed_messages, redirect, session
from flask.testing import FlaskClient
from markupsafe import Markup

from lesson_app import (
    BadName,
    BadSignature,
    ClientSessions,
    Session,
    Unsealed,
    derive_keys,
    seal,
    unseal,
)
from lesson_app._engine.codec import SealedCodec
from lesson_app.lab import Clock
from tests.conftest import (
    SECRET,
    Act,
    Site,
    opened,
    read,
    secret_of,
    set_cookies,
    the_cookie,
    untouched,
    write,
)

KEYS = derive_keys(SECRET)


HI = {"message": "hi"}
EDGES = {
    "exactly active_duration left": (60_000, None),
    "1 ms less": (60_001, (60_000, HI)),
    "expires now": (120_000, (60_000, HI)),
    "expired 1 ms ago": (120_001, (120_001, {})),
}


@pytest.mark.parametrize(("age", "cookie"), EDGES.values(), ids=EDGES)
def test_edge_of_time(site: Site, age: int, cookie: tuple[int, dict[str, str]] | None) -> None:
    """A session with less than active_duration left is extended; after its end it is empty."""
    start = opened(site.visit(write)).created_at
    site.clock.advance(timedelta(milliseconds=age))

    response = site.visit(read)

    if cookie is None:
        assert not set_cookies(response)
    else:
        found = opened(response)
        assert (found.created_at - start, found.content) == cookie


def test_never_extended(clock: Clock) -> None:
    """If active_duration is zero, using a session does not extend it."""
    site = Site(clock, active_duration=timedelta(0))
    site.visit(write)
    clock.advance(timedelta(minutes=2))

    assert not set_cookies(site.visit(read))


def test_duration_zero(clock: Clock) -> None:
    """A session whose duration is set to zero is valid until the end of this millisecond."""
    site = Site(clock, active_duration=timedelta(0))
    site.visit(write)
    site.visit(lambda s: s.set_duration(timedelta(0)))

    assert site.visit(read).text == "hi"
    clock.advance(timedelta(milliseconds=1))
    assert site.visit(read).text == "None"


def test_writing_does_not_extend(site: Site) -> None:
    """A write does not change when the session expires."""
    first = opened(site.visit(write))
    site.clock.advance(timedelta(seconds=30))

    second = opened(site.visit(lambda s: s.update(a=1)))

    assert (second.created_at, second.duration) == (first.created_at, first.duration)


def test_default_lifetime(clock: Clock) -> None:
    """By default a session lasts a day, and is extended in its last five minutes."""
    app = Flask(__name__)
    ClientSessions(app, secret=SECRET, clock=clock)
    app.add_url_rule("/", view_func=lambda: session.setdefault("message", "hi"))
    client = app.test_client()

    first = opened(client.get("/"))
    clock.advance(timedelta(hours=23, minutes=55))
    assert not set_cookies(client.get("/"))
    clock.advance(timedelta(milliseconds=1))
    second = opened(client.get("/"))

    assert first.duration == second.duration == 24 * 60 * 60 * 1000
    assert second.created_at - first.created_at == 5 * 60 * 1000


def test_default_clock() -> None:
    """By default the time is the computer's, and each cookie has a new IV."""
    app = Flask(__name__)
    ClientSessions(app, secret=SECRET)
    app.add_url_rule("/", view_func=lambda: session.setdefault("message", "hi"))

    before = time.time()
    cookies = [the_cookie(app.test_client().get("/")).value for _ in range(2)]

    for value in cookies:
        assert before * 1000 - 1 < unseal(value, KEYS).created_at < time.time() * 1000 + 1
    assert cookies[0].split(".")[0] != cookies[1].split(".")[0]


@pytest.mark.parametrize("path", ["/", "/static/none.css", "/nowhere"])
def test_untouched(site: Site, path: str) -> None:
    """A route that does not use its session sets neither a cookie nor Vary."""
    site.browser.set_cookie("session", "not a cookie")
    site.act = untouched

    response = site.browser.get(path)

    assert not set_cookies(response)
    assert "Vary" not in response.headers


@pytest.mark.parametrize(
    "act", [read, write, lambda s: s.created_at], ids=["read", "write", "time"]
)
def test_touched(site: Site, act: Act) -> None:
    """A route that reads or writes its session sets Vary: Cookie."""
    assert site.visit(act).headers.getlist("Vary") == ["Cookie"]


ANSWERS: dict[str, tuple[Callable[[], Any], int]] = {
    "redirect": (lambda: redirect("/elsewhere", code=302), 302),
    "error": (lambda: abort(404), 404),
    "exception": (lambda: 1 / 0, 500),
}


@pytest.mark.parametrize(("answer", "status"), ANSWERS.values(), ids=ANSWERS)
def test_any_answer(site: Site, answer: Callable[[], Any], status: int) -> None:
    """The cookie is set with any response, such as a redirect or an error."""

    def view(session: Session) -> Any:
        write(session)
        return answer()

    site.app.testing = False
    response = site.visit(view)

    assert response.status_code == status
    assert opened(response).content == HI


PLAIN, TLS = "http://www.example.com", "https://www.example.com"
FLAGS: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "default": ({}, PLAIN, {"path": "/", "httponly": ""}),
    "tls": ({}, TLS, {"path": "/", "httponly": "", "secure": ""}),
    "secure": ({"SECURE": True}, PLAIN, {"path": "/", "httponly": "", "secure": ""}),
    "script": ({"HTTPONLY": False}, PLAIN, {"path": "/"}),
    "path": ({"PATH": "/a"}, PLAIN, {"path": "/a", "httponly": ""}),
    "domain": (
        {"DOMAIN": ".example.com"},
        PLAIN,
        {"path": "/", "httponly": "", "domain": "example.com"},
    ),
    "lax": ({"SAMESITE": "Lax"}, PLAIN, {"path": "/", "httponly": "", "samesite": "Lax"}),
    "partitioned": (
        {"PARTITIONED": True},
        PLAIN,
        {"path": "/", "httponly": "", "secure": "", "partitioned": ""},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("config", "url", "expected"), FLAGS.values(), ids=FLAGS)
def test_flags(site: Site, config: dict[str, Any], url: str, expected: dict[str, str]) -> None:
    """The cookie's attributes come from Flask's settings; over TLS, Secure is added."""
    site.app.config.from_mapping({f"SESSION_COOKIE_{k}": v for k, v in config.items()})

    attributes = the_cookie(site.visit(write, base_url=url)).attributes

    del attributes["expires"]
    assert attributes == expected


def test_application_root(site: Site) -> None:
    """The cookie's Path is APPLICATION_ROOT."""
    site.app.config["APPLICATION_ROOT"] = "/lesson"

    assert the_cookie(site.visit(write)).attributes["path"] == "/lesson"


def write_and_forget(session: Session) -> None:
    session["message"] = "hi"
    session.permanent = False


def test_not_permanent(site: Site) -> None:
    """A session that was made not permanent has no Expires, in later responses, too."""
    cookie = the_cookie(site.visit(write_and_forget))

    assert "expires" not in cookie.attributes
    content = {**HI, "_permanent": False}
    assert unseal(cookie.value, KEYS) == Unsealed(content, site.now, 120_000)
    assert "expires" not in the_cookie(site.visit(lambda s: s.update(a=1))).attributes


def test_cookie_name(clock: Clock) -> None:
    """`cookie_name` names the cookie; without it, SESSION_COOKIE_NAME does."""
    sites = [Site(clock), Site(clock, cookie_name="mine")]
    sites[0].app.config["SESSION_COOKIE_NAME"] = "flask"
    sites[1].app.config["SESSION_COOKIE_NAME"] = "no name for a cookie"

    assert [the_cookie(site.visit(write)).name for site in sites] == ["flask", "mine"]
    assert [site.visit(read).text for site in sites] == ["hi", "hi"]


def test_cookie_of_another_name(clock: Clock) -> None:
    """A value is refused under another cookie's name, even with the same secret."""
    value = the_cookie(Site(clock).visit(write)).value

    assert Site(clock, cookie_name="admin").visit_with(f"admin={value}", read).text == "None"


def test_value_that_json_cannot_hold(site: Site) -> None:
    """A value that JSON cannot hold raises an error, and the old session is kept."""
    site.visit(write)

    with pytest.raises(TypeError, match=r"session\['message'\] is of type object"):
        site.visit(lambda s: s.update(message=object()))
    site.app.testing = False
    failed = site.visit(lambda s: s.update(message=object()))

    assert failed.status_code == 500
    assert not set_cookies(failed)
    assert site.visit(read).text == "hi"


def test_flash(site: Site) -> None:
    """Flask's flashed messages come back as they were: pairs, each a tuple."""

    def view(session: Session) -> None:
        flash("hello")
        flash("again", "error")

    flashed = [["message", "hello"], ["error", "again"]]
    assert opened(site.visit(view)).content == {"_flashes": flashed}
    shown = site.visit(lambda s: get_flashed_messages(with_categories=True))
    assert shown.text == "[('message', 'hello'), ('error', 'again')]"


class LazyText:
    """A text that is translated when it is shown, as Flask-Babel's."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    __html__ = __str__


class Bold(LazyText):
    """A text whose HTML is another text."""

    def __html__(self) -> str:
        return f"<b>{self.text}</b>"


def test_flash_of_a_lazy_text(site: Site) -> None:
    """A lazy message is stored as the text that it shows now."""
    site.visit(lambda s: flash(cast(Any, LazyText("hello"))))

    assert site.visit(lambda s: get_flashed_messages()).text == "['hello']"


@pytest.mark.parametrize("message", [Markup("<b>hello</b>"), Bold("hello")], ids=type)
def test_flash_of_html(site: Site, message: Any) -> None:
    """A message that is HTML is refused: it would come back as a text."""
    with pytest.raises(TypeError, match=r"session\['_flashes'\]\[0\]\[1\] is of type"):
        site.visit(lambda s: flash(message))


@pytest.mark.parametrize("stored", ["text", 5, [], ["text", 5, {"a": 1}, [[]]]], ids=repr)
def test_other_value_under_flasks_key(site: Site, stored: object) -> None:
    """A value of another shape, such as a Node app's, is kept in the key of messages."""
    created = seal({"_flashes": stored}, KEYS, created_at=site.now, duration=120_000)
    response = site.visit_with(f"session={created}", lambda s: s.update(a=1))

    assert opened(response).content == {"_flashes": stored, "a": 1}
    assert opened(site.visit(lambda s: s.update(_flashes=stored))).content["_flashes"] == stored


def test_session_transaction(site: Site) -> None:
    """Flask's `session_transaction` reads and writes the session from a test."""
    with site.browser.session_transaction() as transaction:
        transaction["message"] = "from outside"

    assert site.visit(read).text == "from outside"
    with site.browser.session_transaction() as transaction:
        assert transaction["message"] == "from outside"


def app_with(sessions: ClientSessions, **config: object) -> FlaskClient:
    app = Flask(__name__)
    app.testing = True
    app.config.from_mapping(config)
    sessions.init_app(app)
    app.add_url_rule(
        "/", view_func=lambda: str(session.setdefault("message", app.config.get("SAYS")))
    )
    return app.test_client()


def test_several_apps(clock: Clock) -> None:
    """One ClientSessions serves several apps, each with its own secret."""
    sessions = ClientSessions(clock=clock)
    clients = [
        app_with(sessions, SECRET_KEY=key, SAYS=key) for key in (secret_of("a"), secret_of("b"))
    ]

    values = [the_cookie(client.get("/")).value for client in clients]

    for key, value in zip("ab", values, strict=True):
        assert unseal(value, derive_keys(secret_of(key))).content == {"message": secret_of(key)}
    clients[0].set_cookie("session", values[1])
    assert clients[0].get("/").text == secret_of("a")


def test_several_sessions(clock: Clock) -> None:
    """Apps with different ClientSessions in one process are independent."""
    two = [Site(clock), Site(clock, secret="another secret, as long", cookie_name="b")]

    values = [the_cookie(site.visit(write)) for site in two]

    assert [cookie.name for cookie in values] == ["session", "b"]
    assert all(site.visit(read).text == "hi" for site in two)
    assert two[0].app.session_interface in two[0].app.extensions["client_sessions"].values()


def test_flask_secret(clock: Clock) -> None:
    """Without a secret option, SECRET_KEY seals and each SECRET_KEY_FALLBACKS opens."""
    old = seal(
        {"message": "old"}, derive_keys(secret_of("old")), created_at=round(clock() * 1000)
    )
    sessions = ClientSessions(clock=clock)
    client = app_with(
        sessions,
        SECRET_KEY=secret_of("new"),
        SECRET_KEY_FALLBACKS=[secret_of("x"), secret_of("old")],
    )
    client.set_cookie("session", old)

    response = client.get("/")

    again = unseal(the_cookie(response).value, derive_keys(secret_of("new")))
    assert response.text == "old"
    assert (again.content, again.created_at) == ({"message": "old"}, round(clock() * 1000))
    assert not set_cookies(client.get("/"))


def test_old_secret_near_its_end(clock: Clock) -> None:
    """A cookie of an old secret that expires soon is sealed again and extended."""
    codec = SealedCodec(derive_keys(secret_of("new")), KEYS)
    site = Site(clock, secret=None, codec=codec)
    created_at = site.now - 100_000
    value = seal(HI, KEYS, created_at=created_at, duration=120_000)

    cookie = the_cookie(site.visit_with(f"session={value}", read))

    found = unseal(cookie.value, derive_keys(secret_of("new")))
    assert found == Unsealed(HI, created_at + 60_000, 120_000)


def test_no_secret(clock: Clock) -> None:
    """Without any secret the session is empty, and writing raises Flask's error."""
    site = Site(clock, secret=None)

    assert site.visit(lambda s: dict(s)).text == "{}"
    with pytest.raises(RuntimeError, match="no secret key was set"):
        site.visit(write)


class Plain:
    """A codec that does not encrypt."""

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        return f"{name}-{content.get('message')}-{created_at}-{duration}"

    def unseal(self, value: str, *, name: str) -> Unsealed:
        sealed_name, message, created_at, duration = value.split("-")
        if sealed_name != name:
            raise BadName("name", "another name")
        return Unsealed({"message": message}, int(created_at), int(duration))


def test_own_codec(clock: Clock) -> None:
    """A custom codec replaces sealing, and receives the name and the times."""
    site = Site(clock, secret=None, codec=Plain())

    assert the_cookie(site.visit(write)).value == f"session-hi-{site.now}-120000"
    assert site.visit(read).text == "hi"
    assert site.visit_with(f"session=other-hi-{site.now}-1", read).text == "None"


class Loose(Plain):
    """A codec that returns a value that JSON cannot hold."""

    def unseal(self, value: str, *, name: str) -> Unsealed:
        return Unsealed({"when": {1}}, int(value), 120_000)


def test_codec_that_returns_more_than_json(clock: Clock) -> None:
    """Reading such a session raises an error, unless the session has expired."""
    site = Site(clock, secret=None, codec=Loose())

    with pytest.raises(TypeError, match=r"session\['when'\] is of type set"):
        site.visit_with(f"session={site.now}", read)
    assert site.visit_with("session=0", read).text == "None"


class Failing(Plain):
    """A codec that cannot get its keys."""

    def unseal(self, value: str, *, name: str) -> Unsealed:
        raise OSError("no key server")


def test_codec_that_fails(clock: Clock) -> None:
    """If a codec raises, the response is a 500 and the visitor's cookie does not change."""
    site = Site(clock, secret=None, codec=Failing())
    site.app.testing = False

    response = site.visit_with("session=other-hi-0-0", read)

    assert response.status_code == 500
    assert not set_cookies(response)


BAD_SETTINGS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "number": ({"SECRET_KEY": 12345}, TypeError, "secret must be str or bytes, got int"),
    "one fallback": (
        {"SECRET_KEY": SECRET, "SECRET_KEY_FALLBACKS": "old"},
        TypeError,
        "SECRET_KEY_FALLBACKS must be a list, got str",
    ),
    "no fallback": (
        {"SECRET_KEY": SECRET, "SECRET_KEY_FALLBACKS": [""]},
        ValueError,
        "the secret is empty; generate one with",
    ),
}


@pytest.mark.parametrize(("config", "kind", "message"), BAD_SETTINGS.values(), ids=BAD_SETTINGS)
def test_bad_settings(config: dict[str, Any], kind: type[Exception], message: str) -> None:
    """Flask settings that cannot make keys raise an error at construction."""
    with pytest.raises(kind, match=message):
        app_with(ClientSessions(), **config)


def test_bad_cookie_name_of_flask(site: Site) -> None:
    """An invalid cookie name raises an error, also from SESSION_COOKIE_NAME."""
    site.app.config["SESSION_COOKIE_NAME"] = "my session"

    with pytest.raises(
        ValueError, match=r"SESSION_COOKIE_NAME must consist of letters.*'my session'"
    ):
        site.visit(read)


BAD_OPTIONS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "two secrets": ({"secret": SECRET, "codec": Plain()}, ValueError, "one of secret, keys"),
    "empty secret": ({"secret": ""}, ValueError, "the secret is empty; generate one with"),
    "secret": ({"secret": 5}, TypeError, "secret must be str, bytes or a list"),
    "name with =": ({"cookie_name": "a=b"}, ValueError, "cookie_name must consist of .*'a=b'"),
    "name with space": ({"cookie_name": "a b"}, ValueError, "must consist of .*'a b'"),
    "empty name": ({"cookie_name": ""}, ValueError, "cookie_name must consist of .*''"),
    "name in bytes": ({"cookie_name": b"s"}, TypeError, "cookie_name must be str, got b's'"),
    "clock": ({"clock": 5}, TypeError, "clock must be a function, got int"),
    "urandom": ({"urandom": b"x"}, TypeError, "urandom must be a function, got bytes"),
    "codec": ({"codec": "aes"}, TypeError, "methods seal and unseal, got str"),
    "half a codec": ({"codec": SimpleNamespace(seal=len)}, TypeError, "seal and unseal"),
    "app": ({"app": "secret"}, TypeError, "app must be a Flask app, got str"),
    "milliseconds": ({"duration": 120_000}, TypeError, "must be a timedelta, got 120000"),
    "active seconds": ({"active_duration": 60}, TypeError, "must be a timedelta, got 60"),
    "no time": ({"duration": timedelta(0)}, ValueError, "duration must be greater than zero"),
    "negative": ({"duration": -timedelta(1)}, ValueError, "from 0 to .*got -1 day"),
    "active negative": ({"active_duration": timedelta(-1)}, ValueError, "from 0 .*got -1 day"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "kind", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_options(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    """A wrong option raises an error at construction, without showing the secret."""
    with pytest.raises(kind, match=message) as refusal:
        ClientSessions(**options)

    assert SECRET not in str(refusal.value)


def test_threads(site: Site) -> None:
    """Simultaneous requests of several visitors do not mix up their sessions."""

    def count(s: Session) -> int:
        s["count"] = s.get("count", 0) + 1
        return cast(int, s["count"])

    site.act = count

    def visitor(visits: int) -> list[str]:
        browser = site.app.test_client()
        return [browser.get("/").text for _ in range(visits)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(visitor, range(5, 13)))

    assert answers == [[str(n + 1) for n in range(visits)] for visits in range(5, 13)]


def test_changed_settings_are_noticed() -> None:
    """The codec for SECRET_KEY is reused until the secrets change."""
    app = Flask(__name__)
    first, second, third = (secret_of(word) for word in ("first", "second", "third"))
    app.secret_key = first
    interface = cast(Any, ClientSessions(app)._interface(app))
    kept = interface.get_codec(app)
    assert interface.get_codec(app) is kept

    app.secret_key = second
    assert opens(interface.get_codec(app)) == {second}
    fallbacks = app.config["SECRET_KEY_FALLBACKS"] = [first]
    assert opens(interface.get_codec(app)) == {first, second}
    fallbacks[0] = third  # in place
    assert opens(interface.get_codec(app)) == {second, third}
    fallbacks[0] = "short"
    with pytest.raises(ValueError, match="the secret is too weak"):
        interface.get_codec(app)
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert opens(interface.get_codec(app)) == {second}
    app.secret_key = None
    assert interface.get_codec(app) is None


def opens(codec: SealedCodec) -> set[str]:
    """Return which of the three secrets' cookies a codec opens."""
    found = set()
    for secret in map(secret_of, ("first", "second", "third")):
        value = seal({}, derive_keys(secret), created_at=1, duration=1)
        with suppress(BadSignature):
            codec.unseal(value, name="session")
            found.add(secret)
    return found
