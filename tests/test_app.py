"""The lesson's app matches the course page; one session from its start to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.http import parse_date
from werkzeug.test import TestResponse

from lesson_app import Keys, Session, Unsealed, create_app, derive_keys, unseal
from lesson_app import app as lesson
from lesson_app._engine.codec import SealedCodec
from lesson_app.app import PAGE_SECRET
from lesson_app.lab import Clock
from tests.conftest import (
    SECRET,
    Act,
    Site,
    read,
    secret_of,
    set_cookies,
    the_cookie,
    untouched,
    write,
)
from tests.express.pages import expected, shown

# The course page's own text, character for character.
LOGIN = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <title>Login</title>
  </head>
  <body>
    <h1>Log In</h1>
    <hr />
    <br />
    <form method="post" action="/login">
      <input type="text" placeholder="User Name" name="userName" />
      <input type="password" placeholder="Password" name="password" />
      <button type="submit">Log In</button>
    </form>
    <br />
    {message}
  </body>
</html>"""
DASHBOARD = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <title>Dashboard</title>
  </head>
  <body>
    <h1>Dashboard</h1>
    <hr />
    <br />
    <h3>Hello {user}</h3>
    <p>Welcome to your dashboard</p>
    <p>Here is the information we have on file for you:</p>
    <h4>userName: {user}</h4>
    <h4>email: {email}</h4>
    <a href="/logout">Logout</a>
  </body>
</html>"""
PAGE_KEYS = derive_keys(PAGE_SECRET)
USER = {"userName": "sampleuser", "email": "sampleuser@example.com"}
SAMPLE_DASHBOARD = DASHBOARD.format(user=USER["userName"], email=USER["email"])


def log_in(client: FlaskClient) -> TestResponse:
    form = {"userName": "sampleuser", "password": "samplepassword"}
    return client.post("/login", data=form)


def test_login_form(client: FlaskClient) -> None:
    """The form is the page's, with labels; it does not use the session."""
    response = client.get("/login")

    assert response.status_code == 200
    assert shown(response.text) == expected(LOGIN.format(message=""))
    assert "Vary" not in response.headers


def test_log_in(client: FlaskClient) -> None:
    """The right name and password redirect to the dashboard and store only the user."""
    response = log_in(client)

    assert (response.status_code, response.location) == (302, "/dashboard")
    opened = unseal(the_cookie(response).value, PAGE_KEYS)
    assert opened.content == {"user": USER}
    assert opened.duration == 120_000


FORMS = {
    "wrong password": {"userName": "sampleuser", "password": "Samplepassword"},
    "wrong user": {"userName": "sampleuser2", "password": "samplepassword"},
    "swapped": {"userName": "samplepassword", "password": "sampleuser"},
    "spaces": {"userName": " sampleuser", "password": "samplepassword "},
    "no password": {"userName": "sampleuser"},
    "no user": {"password": "samplepassword"},
    "empty": {"userName": "", "password": ""},
    "nothing": {},
    "lists, as Express reads them": {
        "userName[]": "sampleuser",
        "password[]": "samplepassword",
    },
    "non-ascii": {"userName": "sämpleuser", "password": "\x00\U0001f600"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_invalid_login(client: FlaskClient, form: dict[str, str]) -> None:
    """Any other form data shows the form again, with the page's message and no session."""
    response = client.post("/login", data=form)

    assert response.status_code == 200
    assert shown(response.text) == expected(LOGIN.format(message="invalid login"))
    assert not set_cookies(response)


def test_login_reads_the_body_only(client: FlaskClient) -> None:
    """A name and password in the URL do not log the visitor in."""
    response = client.post("/login?userName=sampleuser&password=samplepassword")

    assert "invalid login" in response.text


def test_dashboard(client: FlaskClient) -> None:
    """After the login, the dashboard is the page's, with the user's data."""
    log_in(client)

    assert shown(client.get("/dashboard").text) == expected(SAMPLE_DASHBOARD)


def test_dashboard_escapes(client: FlaskClient) -> None:
    """The dashboard shows session content as text, never as a tag."""
    with client.session_transaction() as transaction:
        transaction["user"] = {"userName": "<b>", "email": '"&'}

    page = client.get("/dashboard").text
    assert "<h2>Hello &lt;b&gt;</h2>" in page
    assert shown(page) == expected(DASHBOARD.format(user="&lt;b&gt;", email="&#34;&amp;"))


def test_dashboard_with_half_a_character(client: FlaskClient) -> None:
    """Half a surrogate pair, which Node can seal, is shown as U+FFFD; it causes no 500."""
    with client.session_transaction() as transaction:
        transaction["user"] = {"userName": "\ud800", "email": "\ud83d\ude00"}

    page = DASHBOARD.format(user="\ufffd", email="\U0001f600")
    assert shown(client.get("/dashboard").text) == expected(page)


INVALID_LOGIN = LOGIN.format(message="invalid login")
#: The page, a text in our version of it, and what replaces that text.
CHANGES = {
    "no email": (SAMPLE_DASHBOARD, "<h3>email: sampleuser@example.com</h3>", ""),
    "another text": (SAMPLE_DASHBOARD, "Welcome to", "This is"),
    "another order": (SAMPLE_DASHBOARD, "<h3>userName: sampleuser</h3>", "<h3></h3>"),
    "no heading": (SAMPLE_DASHBOARD, "<h2>Hello sampleuser</h2>", "<p>Hello sampleuser</p>"),
    "level left out": (SAMPLE_DASHBOARD, "h2>", "h3>"),
    "another link": (SAMPLE_DASHBOARD, "/logout", "/login"),
    "more text": (SAMPLE_DASHBOARD, "</main>", "</main>Made by us"),
    "a comment": (SAMPLE_DASHBOARD, "<main>", "<main><!-- by us -->"),
    "a script": (SAMPLE_DASHBOARD, "</main>", "<script></script></main>"),
    "another title": (INVALID_LOGIN, "invalid login - ", ""),
    "no alert": (INVALID_LOGIN, ' role="alert"', ""),
    "no message": (INVALID_LOGIN, '<p id="message" role="alert">invalid login</p>', ""),
    "another field": (INVALID_LOGIN, 'name="userName"', 'name="username"'),
    "another type": (INVALID_LOGIN, 'type="password"', 'type="text"'),
    "no placeholder": (INVALID_LOGIN, 'placeholder="Password"', ""),
    "no label": (INVALID_LOGIN, '<label for="password">Password</label>', ""),
    "label for another": (INVALID_LOGIN, 'for="password"', 'for="userName"'),
    "a field filled in": (INVALID_LOGIN, 'id="userName"', 'id="userName" value="x"'),
    "required": (INVALID_LOGIN, 'id="userName"', 'id="userName" required'),
    "GET": (INVALID_LOGIN, 'method="post"', 'method="get"'),
    "another action": (INVALID_LOGIN, 'action="/login"', 'action="/log-in"'),
    "another language": (INVALID_LOGIN, 'lang="en"', 'lang="de"'),
}


@pytest.fixture(scope="module")
def our_pages() -> dict[str, str]:
    """Return our pages, keyed by the course page's. They are made once: a login is slow."""
    client = create_app().test_client()
    log_in(client)
    dashboard, form = client.get("/dashboard").text, client.post("/login").text
    return {SAMPLE_DASHBOARD: dashboard, INVALID_LOGIN: form}


@pytest.mark.parametrize(("theirs", "old", "new"), CHANGES.values(), ids=CHANGES)
def test_changed_page(our_pages: dict[str, str], theirs: str, old: str, new: str) -> None:
    """The comparison with the course page fails for every change a visitor could notice."""
    ours = our_pages[theirs]
    assert old in ours

    assert shown(ours.replace(old, new)) != expected(theirs)


def test_dashboard_for_strangers(client: FlaskClient) -> None:
    """Without a login, the dashboard redirects to the form."""
    response = client.get("/dashboard")

    assert (response.status_code, response.location) == (302, "/login")


def test_dashboard_after_two_minutes(client: FlaskClient, clock: Clock) -> None:
    """Two minutes without a request end the session."""
    log_in(client)
    clock.advance(lesson.PAGE_OPTIONS["duration"] * 1.01)

    assert client.get("/dashboard").location == "/login"


def test_log_out(client: FlaskClient) -> None:
    """The logout empties the session and redirects to the form; the dashboard is closed."""
    log_in(client)

    response = client.get("/logout")

    assert (response.status_code, response.location) == (302, "/login")
    assert unseal(the_cookie(response).value, PAGE_KEYS).content == {}
    assert client.get("/dashboard").location == "/login"


def test_log_out_with_a_form(client: FlaskClient) -> None:
    """A form can log out too, with POST."""
    log_in(client)

    response = client.post("/logout")

    assert (response.status_code, response.location) == (302, "/login")
    assert unseal(the_cookie(response).value, PAGE_KEYS).content == {}


OTHER_SITES = {
    "other site": {"Sec-Fetch-Site": "cross-site"},
    "other port": {"Sec-Fetch-Site": "same-site"},
    "old browser": {"Origin": "https://evil.example"},
}


@pytest.mark.parametrize("headers", OTHER_SITES.values(), ids=OTHER_SITES)
def test_log_in_from_another_site(client: FlaskClient, headers: dict[str, str]) -> None:
    """Another site cannot log a visitor in as somebody else: 403, and no cookie."""
    form = {"userName": "sampleuser", "password": "samplepassword"}

    response = client.post("/login", data=form, headers=headers)

    assert response.status_code == 403
    assert "Another site sent this request." in response.text
    assert not set_cookies(response)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", OTHER_SITES["other site"]),
        ("GET", OTHER_SITES["other port"]),
        ("HEAD", OTHER_SITES["other site"]),
        *(("POST", headers) for headers in OTHER_SITES.values()),
    ],
)
def test_log_out_from_another_site(
    client: FlaskClient, method: str, headers: dict[str, str]
) -> None:
    """Another site cannot log a visitor out, not even with an image."""
    log_in(client)

    response = client.open("/logout", method=method, headers=headers)

    assert response.status_code == 403
    assert not set_cookies(response)
    assert client.get("/dashboard").status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_log_out_in_a_browser(client: FlaskClient, site: str) -> None:
    """The page's link logs out, and so does the URL that a visitor types."""
    log_in(client)

    response = client.get("/logout", headers={"Sec-Fetch-Site": site})

    assert (response.status_code, response.location) == (302, "/login")
    assert client.get("/dashboard").location == "/login"


def test_replay_after_log_out(client: FlaskClient) -> None:
    """A copy of the cookie from before the logout still opens: the server stores nothing."""
    stolen = the_cookie(log_in(client)).value
    client.get("/logout")

    client.set_cookie("session", stolen)

    assert client.get("/dashboard").status_code == 200


def test_visitors_share_no_user(app: Flask) -> None:
    """A change to the user in one visitor's session does not affect the next visitor."""
    form = {"userName": "sampleuser", "password": "samplepassword"}

    with app.test_request_context("/login", method="POST", data=form):
        lesson.login()
        session["user"]["userName"] = "mallory"

    assert lesson.USER == USER


def test_under_a_prefix(client: FlaskClient) -> None:
    """If the app is mounted under a prefix, its URLs keep the prefix."""
    base = "http://localhost/lesson"

    form = client.get("/login", base_url=base).text

    assert 'action="/lesson/login"' in form
    assert 'href="/lesson/static/style.css"' in form
    assert client.get("/logout", base_url=base).location == "/lesson/login"


PATHS = ("/login", "/dashboard", "/session-test-read", "/static/style.css", "/nowhere")


@pytest.mark.parametrize("path", PATHS)
def test_headers(client: FlaskClient, path: str) -> None:
    """Each response forbids the browser to run scripts or load from other sites."""
    with client.get(path) as response:  # closes the served file
        headers = response.headers

    assert headers.getlist("Content-Security-Policy") == [
        "default-src 'none'; style-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ]
    assert headers.getlist("X-Content-Type-Options") == ["nosniff"]


def test_headers_of_a_view(app: Flask) -> None:
    """A header that a view sets itself is not replaced."""
    policy = {"Content-Security-Policy": "default-src 'self'"}
    app.add_url_rule("/own", view_func=lambda: ("", policy))

    headers = app.test_client().get("/own").headers

    assert headers.getlist("Content-Security-Policy") == ["default-src 'self'"]


def test_style_sheet(client: FlaskClient, clock: Clock) -> None:
    """The style sheet does not use the session, even when a page would extend it."""
    log_in(client)
    clock.advance(lesson.PAGE_OPTIONS["active_duration"] * 1.01)

    with client.get("/static/style.css") as response:
        assert (response.status_code, response.mimetype) == (200, "text/css")
        assert not set_cookies(response)
        assert "Vary" not in response.headers
    assert set_cookies(client.get("/dashboard"))


def test_flask_secret_key(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """FLASK_SECRET_KEY in the environment replaces the published secret."""
    monkeypatch.setenv("FLASK_SECRET_KEY", secret_of("k"))

    value = the_cookie(create_app(clock=clock).test_client().get("/logout")).value

    assert unseal(value, derive_keys(secret_of("k"))).content == {}


BAD_KEYS = {"digits": "12345", "json": "null", "true": "true", "list": '["a"]', "empty": ""}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
def test_bad_flask_secret_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """create_app refuses a FLASK_SECRET_KEY that Flask does not read as a string."""
    monkeypatch.setenv("FLASK_SECRET_KEY", key)

    with pytest.raises(ValueError, match="set a random string, in double quotes if it"):
        create_app()


def test_bad_flask_secret_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error shows the type that Flask read, never the secret."""
    monkeypatch.setenv("FLASK_SECRET_KEY", "918273645546372819")

    with pytest.raises(ValueError, match="got int") as error:
        create_app()

    assert "9182" not in str(error.value)


@pytest.mark.parametrize("options", [{}, {"secret": None, "codec": None}], ids=["", "None"])
def test_published_secret(
    caplog: pytest.LogCaptureFixture, clock: Clock, options: dict[str, Any]
) -> None:
    """Without any other secret, create_app uses the page's secret and logs a warning."""
    app = create_app(clock=clock, **options)

    assert unseal(the_cookie(app.test_client().get("/logout")).value, PAGE_KEYS).content == {}
    assert caplog.messages == [
        "sealing with the lesson's published secret: set FLASK_SECRET_KEY for anything else"
    ]


def test_own_options(clock: Clock) -> None:
    """Options given to create_app override the page's."""
    app = create_app(clock=clock, cookie_name="mine", secret=secret_of("s"))

    cookie = the_cookie(app.test_client().get("/logout"))

    assert cookie.name == "mine"
    opened = unseal(cookie.value, derive_keys(secret_of("s")), name="mine")
    assert opened == Unsealed({}, round(clock() * 1000), 120_000)


def test_own_codec(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """With its own codec, create_app needs no secret and logs no warning."""
    app = create_app(clock=clock, codec=SealedCodec(derive_keys("c" * 32)))

    value = the_cookie(app.test_client().get("/logout")).value

    assert unseal(value, derive_keys("c" * 32)).content == {}
    assert not caplog.messages


def test_page_options(clock: Clock) -> None:
    """With the page's options, a session lasts two minutes; a late visit adds one."""
    client = create_app(clock=clock).test_client()
    client.get("/logout")
    clock.advance(lesson.PAGE_OPTIONS["active_duration"])
    assert not set_cookies(client.get("/session-test-read"))

    clock.advance(lesson.PAGE_OPTIONS["active_duration"])
    opened = unseal(the_cookie(client.get("/session-test-read")).value, PAGE_KEYS)

    assert opened.created_at + opened.duration == round(clock() * 1000) + 60_000


def five_seconds(session: Session) -> None:
    session.set_duration(timedelta(seconds=5))


class Step(NamedTuple):
    """A request some seconds after the previous one, and the cookie that it gets, if any.

    Times are in ms after the first write.
    """

    what: str
    act: Act
    content: dict[str, Any] | None = None
    created_at: int = 0
    duration: int = 120_000
    expires: int = 0
    later: float = 0
    sent: Callable[[str], str] | None = None


HI, NESTED = {"message": "hi"}, {"message": "hi", "u": {"a": 1}}
LIFE = [
    Step("untouched, no cookie", untouched),
    Step("read, no cookie", read),
    Step("write", write, HI, 0, 120_000, 121_000),
    Step("read, 90 s left", read, later=30),
    Step("untouched, 25 s left", untouched, later=65),
    Step("read, 25 s left", read, HI, 60_000, 120_000, 181_000),
    Step("same value", write),
    Step("nested", lambda s: s.update(u={"a": 1}), NESTED, 60_000, 120_000, 181_000),
    Step("reset", lambda s: s.reset(), {}, 95_000, 120_000, 216_000),
    Step("write", lambda s: s.update(a=1), {"a": 1}, 95_000, 120_000, 216_000),
    Step("5 s", five_seconds, {"a": 1}, 95_000, 5000, 101_000),
    Step("read, expired", read, {}, 101_000, 120_000, 222_000, later=6),
    Step("changed", read, sent=lambda value: "x" + value),
    Step("no cookie", read, sent=lambda value: "not a cookie"),
    Step("write", lambda s: s.update(a=1), {"a": 1}, 101_000, 120_000, 222_000),
    Step("untouched", untouched, sent=lambda value: "not a cookie"),
]  # fmt: skip


def test_one_life(site: Site) -> None:
    """Each step of a session's life sets the same cookie as Mozilla's library.

    Except for a cookie that does not open: Mozilla's library replaces it when it is read.
    """
    start = site.now

    for step in LIFE:
        site.clock.advance(timedelta(seconds=step.later))
        if step.sent:
            cookie = site.browser.get_cookie("session")
            site.browser.set_cookie("session", step.sent(cookie.value if cookie else ""))

        cookies = set_cookies(site.visit(step.act))

        if step.content is None:
            assert not cookies, step.what
            continue
        [cookie_set] = cookies
        life = unseal(cookie_set.value, derive_keys(SECRET))
        expires = parse_date(cookie_set.attributes["expires"])
        assert expires is not None
        assert life.content == step.content, step.what
        assert life.created_at - start == step.created_at, step.what
        assert life.duration == step.duration, step.what
        assert expires.timestamp() * 1000 - start == step.expires, step.what


def test_own_keys(clock: Clock) -> None:
    """Keys given to create_app replace the published secret."""
    keys = Keys(b"e" * 24, b"s" * 48, cipher="AES192", mac="SHA384")

    cookie = the_cookie(create_app(clock=clock, keys=keys).test_client().get("/logout"))

    assert (keys.cipher, keys.mac) == ("aes192", "sha384")
    assert unseal(cookie.value, keys).content == {}


def test_log_in_begins_a_new_session(client: FlaskClient) -> None:
    """The login drops everything that a link put into the session before it."""
    client.get("/session-test-add?message=planted")

    log_in(client)

    assert client.get("/session-test-read").text == "session message: undefined"
