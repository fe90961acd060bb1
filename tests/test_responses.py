"""What the headers of a response say to caches, and the page of an error while sealing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask, Response, abort, request, send_file, session, stream_with_context
from flask.testing import FlaskClient
from werkzeug.wsgi import FileWrapper

from lesson_app import PRODUCTION, ClientSessions, Session, SessionTooLarge
from lesson_app.lab import Clock
from tests.conftest import SECRET, Site, read, set_cookies, the_cookie, write


def late_reader() -> Response:
    def page() -> Iterator[str]:
        yield "hello "
        yield session.get("user", "nobody")

    return Response(stream_with_context(page()))


def passed_through() -> Response:
    """Return a generator that poses as a file."""
    response = late_reader()
    response.direct_passthrough = True
    return response


def part_of_a_stream() -> Response:
    """Return a part of a generator, as for a Range header."""
    response = late_reader()
    environ = {"REQUEST_METHOD": "GET", "HTTP_RANGE": "bytes=0-8"}
    response.make_conditional(environ, accept_ranges=True, complete_length=10)
    return response


def error_with_a_length() -> Response:
    """Return a stream that looks like one of Werkzeug's own error pages."""
    response = late_reader()
    response.status_code, response.content_length = 404, len("hello ada")
    return response


STREAMS: dict[str, Callable[[], Response]] = {
    "stream": late_reader,
    "passed through": passed_through,
    "part": part_of_a_stream,
    "error": error_with_a_length,
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("page", STREAMS.values(), ids=STREAMS)
def test_stream_that_reads_the_session_late(
    clock: Clock, page: Callable[[], Response], method: str
) -> None:
    """A stream may read the session after the headers are sent, so caches are told before."""
    site = Site(clock, **{**PRODUCTION, "cookie_name": "session", "secure": False})
    site.visit(lambda s: s.update(user="ada"))
    site.act = lambda s: page()

    response = site.browser.open("/", method=method)

    assert response.headers.getlist("Vary") == ["Cookie"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.text == ("hello ada" if method == "GET" else "")


@pytest.mark.parametrize(("status", "headers"), [(200, {"Content-Length": "2"}), (404, {})])
def test_stream_is_not_read_in_advance(
    site: Site, status: int, headers: dict[str, str]
) -> None:
    """A stream of the app's is sent piece by piece, whatever its headers look like."""
    sent: list[str] = []

    def page() -> Iterator[str]:
        for text in "ab":
            sent.append(text)
            yield text

    response = site.visit(lambda s: Response(page(), status, headers))

    assert sent == ["a"]
    assert response.text == "ab"


def file() -> Response:
    return send_file(io.BytesIO(b"0123456789"), "text/plain", etag="a", max_age=60)


def test_file_of_ones_own(clock: Clock) -> None:
    """A file of the app's own may run code while it is sent, so it counts as a stream."""

    class File(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b"" if self.tell() else super().read(size)

    site = Site(clock)

    assert site.visit(lambda s: send_file(File(b"x"), "text/plain")).headers["Vary"] == "Cookie"


def test_part_of_a_generator(clock: Clock) -> None:
    """A part of a generator, for a Range header, counts as a stream, too."""
    site = Site(clock, no_store=True)

    def view(s: Session) -> Response:
        return cast(
            Response,
            passed_through().make_conditional(
                request, accept_ranges=True, complete_length=1000
            ),
        )

    response = site.visit(view, headers={"Range": "bytes=0-5"})

    assert response.status_code == 206
    assert response.headers["Vary"] == "Cookie"
    assert response.headers["Cache-Control"] == "no-store"


def test_list_of_ones_own(clock: Clock) -> None:
    """Only a plain list or tuple is sure to be complete already."""

    class Lazy(list[str]):
        def __iter__(self) -> Iterator[str]:
            yield "late"

    assert Site(clock).visit(lambda s: Response(Lazy(["a"]))).headers["Vary"] == "Cookie"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Range": "bytes=1-3"}, 206), ({"If-None-Match": '"a"'}, 304)],
    ids=["whole", "range", "not modified"],
)
def test_file_can_be_cached(clock: Clock, headers: dict[str, str], status: int) -> None:
    """A file runs no code while it is sent, so any cache can keep it."""
    site = Site(clock, **{**PRODUCTION, "cookie_name": "session", "secure": False})

    response = site.visit(lambda s: file(), headers=headers)

    assert response.status_code == status
    assert "Vary" not in response.headers
    assert "no-store" not in response.headers.get("Cache-Control", "")


class OwnWrapper(FileWrapper):
    """A server's own class for files, such as gunicorn's."""


def test_file_that_the_server_wraps(site: Site) -> None:
    """A file is one, too, if the server sends it in a class of its own."""
    response = site.visit(lambda s: file(), environ_overrides={"wsgi.file_wrapper": OwnWrapper})

    assert "Vary" not in response.headers


@pytest.mark.parametrize("status", [400, 404, 503])
def test_error_page_can_be_cached(site: Site, status: int) -> None:
    """A page of Werkzeug's for an error, which it streams, runs no code of the app."""
    assert "Vary" not in site.visit(lambda s: abort(status)).headers


@pytest.mark.parametrize("status", [200, 206, 304, 404, 500])
def test_used_session_is_in_the_headers(clock: Clock, status: int) -> None:
    """Whatever the response is, a session that was read is in its headers."""
    site = Site(clock, no_store=True)
    site.app.testing = False

    def view(s: Session) -> Any:
        read(s)
        if status == 500:
            raise ValueError("a bug")
        return abort(404) if status == 404 else file()

    conditions = {206: {"Range": "bytes=1-3"}, 304: {"If-None-Match": '"a"'}}
    response = site.visit(view, headers=conditions.get(status, {}))

    assert response.status_code == status
    assert response.headers["Vary"] == "Cookie"
    assert "no-store" in response.headers["Cache-Control"]


def test_second_session_that_is_read_late(clock: Clock) -> None:
    """A stream may also read the session of another instance, whose options count, too."""
    site = Site(clock)
    carts = ClientSessions(site.app, secret=SECRET, cookie_name="cart", no_store=True)

    def view(s: Session) -> Response:
        read(s)
        return Response(stream_with_context(str(carts.session.get(key)) for key in "ab"))

    assert site.visit(view).headers["Cache-Control"] == "no-store"


CACHED = {
    "nothing": (None, "private"),
    "public": ("public, max-age=60", "max-age=60, private"),
    "shared": ("s-maxage=60, max-age=5", "max-age=5, private"),
    "age": ("max-age=60", "max-age=60, private"),
    "no-store": ("no-store", "no-store"),
    "private": ("private", "private"),
    "must-understand": ("max-age=60, must-understand", "max-age=60, private"),
    "no-store with more": ("no-store, must-understand, public", "no-store"),
    "large letters": ("PUBLIC, S-MaxAge=60", "private"),
    "no-store of a field": ('no-store="foo", public, max-age=1', "max-age=1, private"),
}


@pytest.mark.parametrize(("given", "sent"), CACHED.values(), ids=CACHED)
def test_response_that_sets_a_cookie(site: Site, given: str | None, sent: str) -> None:
    """No shared cache may keep a visitor's Set-Cookie: others would get the session."""

    def view(session: Session) -> Response:
        write(session)
        return Response("hi", headers={"Cache-Control": given} if given else {})

    response = site.visit(view)

    assert set_cookies(response)
    assert response.headers.getlist("Cache-Control") == [sent]
    assert response.headers.getlist("Vary") == ["Cookie"]


def test_headers_for_one_kind_of_cache(site: Site) -> None:
    """Headers that would allow a CDN to store the cookie are removed."""

    def view(session: Session) -> Response:
        write(session)
        return Response("hi", headers={"CDN-Cache-Control": "public", "Surrogate-Control": "a"})

    headers = site.visit(view).headers

    assert [name for name, _ in headers if name.endswith("Control")] == ["Cache-Control"]


@pytest.mark.parametrize("act", [read, write], ids=["read", "write"])
def test_no_store_is_not_overridden(clock: Clock, act: Any) -> None:
    """With `no_store`, no header of the view lets any cache store the page."""

    def view(session: Session) -> Response:
        act(session)
        return Response(
            headers={
                "Cache-Control": "public, max-age=60, must-understand",
                "CDN-Cache-Control": "max-age=60",
                "Surrogate-Control": "max-age=60",
                "X-Accel-Expires": "60",
                "Edge-Control": "max-age=60",
            }
        )

    headers = Site(clock, no_store=True).visit(view).headers

    caching = [(name, value) for name, value in headers if "ontrol" in name or "Accel" in name]
    assert caching == [("Cache-Control", "no-store")]


def test_response_that_sets_no_cookie(site: Site) -> None:
    """Without Set-Cookie, Cache-Control is the view's."""
    site.visit(write)
    response = site.visit(lambda s: Response(s["message"], headers={"Cache-Control": "public"}))

    assert response.headers["Cache-Control"] == "public"
    assert response.headers["Vary"] == "Cookie"


# Errors while the session is sealed


def fill(session: Session) -> None:
    """Store items that each fit in a cookie, and together do not."""
    session.update(a="x" * 2000, b="y" * 2000)


def unsealable(session: Session) -> None:
    session["a"] = []
    session["a"].append({1})


@pytest.fixture
def failing(clock: Clock) -> Site:
    site = Site(clock)
    site.app.testing = False
    site.visit(write)
    return site


@pytest.mark.parametrize("act", [fill, lambda s: s.update(a="x" * 5000)], ids=["all", "one"])
def test_handler_for_a_session_that_is_too_large(clock: Clock, act: Any, caplog: Any) -> None:
    """The app's handler makes the page, which sets no cookie; nothing is logged."""
    site = Site(clock)
    site.app.register_error_handler(SessionTooLarge, lambda error: (f"full: {error}", 413))
    site.app.after_request(stamp)
    value = the_cookie(site.visit(write)).value

    response = site.visit(act)

    assert response.status_code == 413
    assert response.text.startswith("full: ")
    assert not set_cookies(response)
    assert response.headers["Vary"] == "Cookie"
    assert response.headers["X-Stamp"] == "1"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert site.visit_with(f"session={value}", read).text == "hi"


def stamp(response: Response) -> Response:
    response.headers["X-Stamp"] = "1"
    return response


def test_handler_that_makes_room(clock: Clock) -> None:
    """The handler can make the session smaller: then it is sent with the error page."""
    site = Site(clock)

    def make_room(error: Exception) -> tuple[str, int]:
        del session["b"]
        return "too much", 413

    site.app.register_error_handler(SessionTooLarge, make_room)

    response = site.visit(fill)

    assert response.status_code == 413
    assert set_cookies(response)
    assert site.visit(lambda s: list(s)).text == "['a']"


@pytest.mark.parametrize("act", [fill, unsealable], ids=["too large", "not JSON"])
def test_error_is_logged_once(failing: Site, act: Any, caplog: Any) -> None:
    """Without a handler the page is a 500, and the log has the error once."""
    response = failing.visit(act)

    assert response.status_code == 500
    assert not set_cookies(response)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert failing.visit(read).text == "hi"


def test_page_for_status_500(clock: Clock) -> None:
    """A handler for the status 500 makes the page, as for an error of a view."""
    site = Site(clock)
    site.app.testing = False
    site.app.register_error_handler(500, lambda error: ("sorry", 500))

    assert site.visit(fill).text == "sorry"


def test_response_is_closed(clock: Clock) -> None:
    """The response that the error page replaces is closed with it."""
    site = Site(clock)
    site.app.register_error_handler(SessionTooLarge, lambda error: "full")
    closed: list[str] = []

    def view(session: Session) -> Response:
        fill(session)
        response = Response(iter(["a"]))
        response.call_on_close(lambda: closed.append("view's"))
        return response

    response = site.visit(view)
    response.close()

    assert response.text == "full"
    assert closed == ["view's"]


def test_too_large_in_a_test(clock: Clock) -> None:
    """In a test client's transaction the error is raised, handler or not."""
    site = Site(clock)
    site.app.register_error_handler(SessionTooLarge, lambda error: "full")

    with pytest.raises(SessionTooLarge), site.browser.session_transaction() as s:
        fill(cast(Session, s))


def test_neither_of_two_sessions_is_sent(clock: Clock) -> None:
    """If one of two sessions cannot be sealed, the response sets no cookie at all."""
    site = Site(clock)
    carts = ClientSessions(site.app, secret=SECRET, cookie_name="cart", clock=clock)
    site.app.testing = False

    def view(s: Session) -> None:
        write(s)
        fill(carts.session)

    response = site.visit(view)

    assert (response.status_code, set_cookies(response)) == (500, [])


# Sizes


def test_size(site: Site) -> None:
    """`size` is the length of the cookie's name and value, as it would be sent."""
    sizes: list[int] = []

    def act(session: Session) -> None:
        write(session)
        sizes.append(session.size())

    cookie = the_cookie(site.visit(act))

    assert sizes == [len(cookie.name) + len(cookie.value)]
    assert site.visit(lambda s: s.size()).text == str(sizes[0])


def test_size_without_a_request() -> None:
    """A session that belongs to no request has no size."""
    with pytest.raises(RuntimeError, match=r"use flask\.session"):
        Session(now=lambda: 1, duration=1).size()


def test_item_that_fits_in_no_cookie(site: Site) -> None:
    """An item that is too large is refused on the line that sets it, with the sizes."""
    lines: list[str] = []

    def act(session: Session) -> None:
        for put in (session.update, session.replace):
            with pytest.raises(SessionTooLarge, match=r"session\['a'\] .* 3072 .* got 3108"):
                put({"a": "x" * 3100})
            lines.append(str(dict(session)))

    assert not set_cookies(site.visit(act))
    assert lines == ["{}", "{}"]


def test_item_that_fits_in_no_cookie_of_flasks_secret() -> None:
    """With a SECRET_KEY, too, such an item is refused on the line that sets it."""
    app = Flask("large")
    app.secret_key = SECRET
    ClientSessions(app)

    with app.test_request_context(), pytest.raises(SessionTooLarge, match=r"session\['a'\]"):
        session["a"] = "x" * 3100


def test_largest_item(site: Site) -> None:
    """An item of exactly the most characters of JSON is not refused where it is set."""

    def act(session: Session) -> None:
        session["a"] = "x" * (3072 - len('{"a":""}'))
        with pytest.raises(SessionTooLarge, match="got 3073"):
            session["a"] += "x"
        del session["a"]

    assert site.visit(act).status_code == 200


def test_codec_that_stores_elsewhere(clock: Clock) -> None:
    """With a codec of one's own, only the cookie's size counts: it may store elsewhere."""

    class Elsewhere:
        def __init__(self) -> None:
            self.stored: Any = None

        def seal(self, content: Any, *, name: str, created_at: int, duration: int) -> str:
            self.stored = content
            return "id"

        def unseal(self, value: str, *, name: str) -> Any:
            raise NotImplementedError

    codec = Elsewhere()
    site = Site(clock, secret=None, codec=codec)

    assert the_cookie(site.visit(lambda s: s.update(a="x" * 9000))).value == "id"
    assert codec.stored == {"a": "x" * 9000}


# Several cookies of one name, a secret that is set late


def test_cookie_of_another_app(site: Site, caplog: Any) -> None:
    """The first cookie that opens is the session; the log says once that there are others."""
    caplog.set_level("INFO", "lesson_app")
    good = the_cookie(site.visit(write)).value
    other = the_cookie(Site(site.clock, secret="another secret for tests, long").visit(write))

    for header in (
        f"session={other.value}; session={good}",
        f"session=x; session={good}; session=y",
        f"session={good}; session={other.value}",
    ):
        response = site.visit_with(header, read)
        assert (response.text, set_cookies(response)) == ("hi", [])
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "another app sets a cookie called session" in caplog.text


def test_refusal_that_is_reported(site: Site, caplog: Any) -> None:
    """If no cookie opens, the log names one: the app's own, otherwise the first."""
    caplog.set_level("INFO", "lesson_app")
    own = the_cookie(site.visit(lambda s: s.set_duration(timedelta(seconds=1)))).value
    site.clock.advance(timedelta(seconds=2))
    other = the_cookie(Site(site.clock, secret="another secret for tests, long").visit(write))
    headers = {
        f"session=x; session={other.value}": "fields",
        f"session={other.value}; session=x": "signature",
        f"session=x; session={own}; session=y": "expired",
    }

    for header in headers:
        site.visit_with(header, read)

    reasons = [record.getMessage().split()[3] for record in caplog.records]
    assert reasons == list(headers.values())


def test_two_apps_do_not_log_each_other_out(clock: Clock) -> None:
    """Two apps that share a host and a cookie name leave each other's cookie alone."""
    one, two = Site(clock), Site(clock, secret="another secret for tests, long")
    header = f"session={the_cookie(one.visit(write)).value}"

    assert not set_cookies(two.visit_with(header, read))
    assert set_cookies(two.visit_with(header, write))


def test_expired_cookie_before_a_good_one(site: Site) -> None:
    """A cookie that is refused for another reason does not hide a good one either."""
    expired = the_cookie(site.visit(lambda s: s.set_duration(timedelta(seconds=1)))).value
    site.clock.advance(timedelta(seconds=2))
    good = the_cookie(site.visit_with("", lambda s: s.update(message="new"))).value

    assert site.visit_with(f"session={expired}; session={good}", read).text == "new"


@pytest.mark.parametrize("late", ["dev", "short"])
def test_weak_secret_that_is_set_late(late: str) -> None:
    """A weak SECRET_KEY fails pages that use the session, and only these."""
    app = Flask("late")
    ClientSessions(app)
    app.add_url_rule("/health", "health", lambda: "ok")
    app.add_url_rule("/me", "me", lambda: str(session.get("user")))
    app.secret_key = late
    client = app.test_client()

    assert [client.get(path).status_code for path in ("/health", "/static/x")] == [200, 404]
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ValueError, match="the secret is too weak"):
        client.get("/me")


def test_secret_that_is_removed() -> None:
    """If the SECRET_KEY is removed during a request, using the session says so."""
    app = Flask("removed")
    app.secret_key = SECRET
    ClientSessions(app)

    with app.test_request_context():
        app.secret_key = None
        with pytest.raises(RuntimeError, match="there is no secret; pass secret="):
            session.get("a")


@pytest.mark.parametrize("setting", ["testing", "debug"])
def test_weak_secret_while_developing(setting: str, caplog: Any) -> None:
    """In testing or debug mode a weak SECRET_KEY works, and the log warns once."""
    app = Flask("developing")
    setattr(app, setting, True)
    app.secret_key = "dev"
    app.add_url_rule("/", "me", lambda: str(session.setdefault("user", "ada")))

    ClientSessions(app)
    texts = [app.test_client().get("/").text for _ in range(3)]

    assert texts == ["ada"] * 3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "only because the app is in testing or debug mode" in caplog.text


def test_weak_secret_that_is_allowed(caplog: Any) -> None:
    """A setting allows weak secrets, in SECRET_KEY and SECRET_KEY_FALLBACKS."""
    app = Flask("allowed")
    app.config |= {
        "SECRET_KEY": "dev",
        "SECRET_KEY_FALLBACKS": ["old"],
        "CLIENT_SESSIONS_ALLOW_WEAK_SECRET": True,
    }
    app.add_url_rule("/", "me", lambda: str(session.setdefault("user", "ada")))

    ClientSessions(app)
    client: FlaskClient = app.test_client()

    assert client.get("/").text == "ada"
    assert not caplog.records
