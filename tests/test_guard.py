"""Which visitors and which requests the guards allow, and what they do to a view."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from lesson_app import ClientSessions, create_app, ensure_login
from lesson_app.guard import refuse_cross_site
from lesson_app.lab import Clock
from tests.conftest import SECRET, set_cookies

USERS = {
    "dict": {"userName": "sampleuser"},
    "string": "sampleuser",
    "number": 1,
}
NOBODIES: dict[str, Any] = {"none": None, "empty": {}, "blank": "", "zero": 0, "false": False}


@pytest.fixture
def app(clock: Clock) -> Flask:
    """Make an app with a guarded view, and one whose guard is above the route."""
    app = Flask(__name__)
    app.testing = True
    ClientSessions(app, secret=SECRET, clock=clock)

    @app.get("/hello/<name>")
    @ensure_login
    def hello(name: str) -> ResponseReturnValue:
        """Greet a visitor."""
        return f"hello {name}", 201

    @ensure_login
    @app.get("/open")
    def view() -> str:
        return "open to all"

    return app


def log_in(client: FlaskClient, user: object) -> None:
    with client.session_transaction() as transaction:
        transaction["user"] = user


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_user(client: FlaskClient, user: object) -> None:
    """If the session has a user, the view answers, with its arguments and status."""
    log_in(client, user)

    response = client.get("/hello/you")

    assert (response.status_code, response.text) == (201, "hello you")


@pytest.mark.parametrize("user", NOBODIES.values(), ids=NOBODIES)
def test_nobody(client: FlaskClient, user: object) -> None:
    """A missing or empty user is redirected to /login; JavaScript would accept {}."""
    log_in(client, user)

    response = client.get("/hello/you")

    assert (response.status_code, response.location) == (302, "/login")
    assert "hello" not in response.text


def test_stranger(client: FlaskClient) -> None:
    """A visitor without a session is redirected to /login and gets no cookie."""
    response = client.get("/hello/you?next=x")

    assert (response.status_code, response.location) == (302, "/login")
    assert response.headers["Vary"] == "Cookie"
    assert not set_cookies(response)


def test_under_a_prefix(client: FlaskClient) -> None:
    """An app mounted under a prefix redirects to its own /login."""
    response = client.get("/hello/you", base_url="http://localhost/lesson")

    assert response.location == "/lesson/login"


def test_prefix_that_names_a_host(client: FlaskClient) -> None:
    """A prefix that begins with two slashes does not lead to another host."""
    response = client.get("/hello/you", environ_overrides={"SCRIPT_NAME": "//evil.example"})

    assert response.location == "/evil.example/login"


@pytest.mark.parametrize("view", [None, "dashboard"], ids=["parentheses", "name"])
def test_guard_of_no_view(view: Any) -> None:
    """Guarding an object that is not callable raises at once, not at the first request."""
    with pytest.raises(TypeError, match="write @ensure_login without parentheses"):
        ensure_login(view)


def test_guard_above_the_route(client: FlaskClient) -> None:
    """A guard above the route has no effect: Flask has registered the unguarded view."""
    assert client.get("/open").text == "open to all"


def test_guarded_view_keeps_its_name(app: Flask) -> None:
    """A guarded view keeps its name, so that url_for finds it, and its docstring."""
    view = app.view_functions["hello"]

    assert (view.__name__, view.__doc__) == ("hello", "Greet a visitor.")


def test_guard_without_route(app: Flask) -> None:
    """The guard returns the view's own return value, unchanged."""
    answer = ["any", "thing"]

    with app.test_request_context():
        session["user"] = "somebody"

        assert ensure_login(lambda: answer)() is answer


HOME = "http://shop.example"
#: Headers of a request to `HOME`, and whether the request passes.
SENDERS: dict[str, tuple[dict[str, str], bool]] = {
    "no browser": ({}, True),
    "own page": ({"Sec-Fetch-Site": "same-origin", "Origin": HOME}, True),
    "no page": ({"Sec-Fetch-Site": "none"}, True),
    # Behind a proxy that rewrites Host, or with `Referrer-Policy: no-referrer`.
    "own page, another host": ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
    "other site": ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
    "other site, own host": ({"Sec-Fetch-Site": "cross-site", "Origin": HOME}, False),
    "same site, other host": ({"Sec-Fetch-Site": "same-site"}, False),
    "new value": ({"Sec-Fetch-Site": "same-planet"}, False),
    "two values": ({"Sec-Fetch-Site": "none, cross-site"}, False),
    "empty value": ({"Sec-Fetch-Site": ""}, False),
    "own origin": ({"Origin": HOME}, True),
    "TLS before the app": ({"Origin": "https://shop.example"}, True),
    "upper case": ({"Origin": "HTTP://SHOP.example"}, True),
    "default port": ({"Origin": f"{HOME}:80"}, True),
    "other port": ({"Origin": f"{HOME}:8080"}, False),
    "other default port": ({"Origin": "https://shop.example:80"}, False),
    "other origin": ({"Origin": "http://evil.example"}, False),
    "longer host": ({"Origin": f"{HOME}.evil.example"}, False),
    "shorter host": ({"Origin": "http://example"}, False),
    "user": ({"Origin": "http://shop.example@evil.example"}, False),
    "path": ({"Origin": f"{HOME}/"}, False),
    "sandbox": ({"Origin": "null"}, False),
    "other scheme": ({"Origin": "chrome-extension://shop.example"}, False),
    "no scheme": ({"Origin": "shop.example"}, False),
    "no host": ({"Origin": "http://"}, False),
    "two origins": ({"Origin": f"{HOME}, {HOME}"}, False),
    "empty origin": ({"Origin": ""}, False),
}
#: The Host of a request and its Origin, and whether the request passes.
HOSTS = {
    "loopback": ("127.0.0.1:5000", "http://127.0.0.1:5000", True),
    "other port": ("127.0.0.1:5000", "http://127.0.0.1:5001", False),
    "other name": ("127.0.0.1:5000", "http://localhost:5000", False),
    "IPv6": ("[::1]:5000", "http://[::1]:5000", True),
    "IPv6, other port": ("[::1]:5000", "http://[::1]:8888", False),
    "IPv6, no port": ("[::1]", "http://[::1]", True),
    "IPv6 like a port": ("[fe80::80]", "http://[fe80:]", False),
    "port in Host": ("shop.example:443", "https://shop.example", True),
    "port in both": ("shop.example:8443", "https://shop.example:8443", True),
    "upper case": ("Shop.Example", "https://shop.example", True),
    # As with nginx's `Host $host`, for a port that is not the default.
    "port lost": ("shop.example", "https://shop.example:8443", False),
    "no Host": ("", "http://:80", False),
    "bad Host": ("shop example", "http://shop example", False),
}


@pytest.fixture
def shop() -> FlaskClient:
    """Return a client of an app that refuses other sites' requests to `/`."""
    app = Flask("shop")
    app.before_request(refuse_cross_site)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app.add_url_rule("/", view_func=lambda: "bought", methods=methods)
    return app.test_client()


@pytest.mark.parametrize(("headers", "passes"), SENDERS.values(), ids=SENDERS)
def test_sender(shop: FlaskClient, headers: dict[str, str], passes: bool) -> None:
    """Own pages and other programs can send data; other sites get 403 and a reason."""
    response = shop.post("/", headers=headers, base_url=HOME)

    assert response.status_code == (200 if passes else 403)
    assert ("Another site sent this request." in response.text) != passes


@pytest.mark.parametrize(("host", "origin", "passes"), HOSTS.values(), ids=HOSTS)
def test_host(shop: FlaskClient, host: str, origin: str, passes: bool) -> None:
    """The Origin's host and port must be the request's, whatever way each is written."""
    headers = {"Host": host, "Origin": origin}

    assert shop.post("/", headers=headers).status_code == (200 if passes else 403)


METHODS = {"GET": 200, "HEAD": 200, "OPTIONS": 200, "PUT": 403, "PATCH": 403, "DELETE": 403}


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}])
@pytest.mark.parametrize(("method", "status"), METHODS.items())
def test_method_from_another_site(
    shop: FlaskClient, method: str, status: int, headers: dict[str, str]
) -> None:
    """Other sites can link here and ask for the methods, but not change anything."""
    assert shop.open("/", method=method, headers=headers).status_code == status


def test_trusted_host_of_a_proxy(shop: FlaskClient) -> None:
    """With ProxyFix, the Origin is compared with the Host that the visitor's browser sent."""
    shop.application.wsgi_app = ProxyFix(shop.application.wsgi_app, x_host=1)  # type: ignore[method-assign]
    headers = {"Host": "10.0.0.11:8000", "X-Forwarded-Host": "shop.example"}

    statuses = [
        shop.post("/", headers={**headers, "Origin": origin}).status_code
        for origin in ("https://shop.example", "http://10.0.0.11:8000")
    ]

    assert statuses == [200, 403]


@pytest.mark.parametrize("prefix", ["/\t/a.example", "/\\a.example", "\\/a.example", "//a"])
def test_prefix_that_names_another_host(prefix: str) -> None:
    """Whatever a proxy reports as the app's prefix, the redirect stays on this host."""
    client = create_app().test_client()

    response = client.get("/dashboard", environ_overrides={"SCRIPT_NAME": prefix})

    assert re.fullmatch(r"/[a-z][a-z./]*", response.headers["Location"])


def test_refused_request_sets_no_cookie() -> None:
    """The page for another site's request may use the session, but sets no cookie."""
    app = Flask(__name__)
    ClientSessions(app, secret=SECRET)
    carts = ClientSessions(app, secret=SECRET, cookie_name="cart")
    app.before_request(refuse_cross_site)
    app.add_url_rule("/", "post", lambda: "ok", methods=["POST"])

    @app.errorhandler(403)
    def refuse(error: Exception) -> tuple[str, int]:
        session["seen"] = carts.session["seen"] = True
        return "no", 403

    response = app.test_client().post("/", headers={"Sec-Fetch-Site": "cross-site"})

    assert (response.status_code, response.text) == (403, "no")
    assert not set_cookies(response)
