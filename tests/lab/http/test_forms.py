"""Forms of a page, and the browser that sends them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from flask import Flask, Response, make_response, request
from flask.typing import ResponseReturnValue

from lesson_app.lab import Server
from lesson_app.lab.http.form_browser import FormBrowser, LeftHost
from lesson_app.lab.http.forms import Form, _Parser

PAGE = """<!DOCTYPE html><title>A shop</title><style>p {}</style><script>let x</script>
<form action="/search"><input name="q"></form>
<form method="POST" action="to/basket"><input type="hidden" name="token" value="t">
<input name="item"><textarea name="more">old</textarea><input type="number" name="count">
<input type="checkbox" name="news"><input type="checkbox" name="gift" checked>
<input type="radio" name="size" value="s"><input type="radio" name="size" value="m" checked>
<select name="colour"><option value="red">Red<option value="blue" selected>Blue</select>
<input name="off" disabled><input><input type="file" name="file"><button type="reset" name="r">
<button name="go" value="1">Put</button><button name="go" value="2">Drop</button></form>
<form method="post" action="/login"><input type="email" name="mail"><input name="town">
<input type="password" name="pin"></form>"""


def app() -> Flask:
    shop = Flask("shop")
    shop.add_url_rule("/", "page", lambda: PAGE)
    shop.add_url_rule("/data", "data", lambda: {"a": "<form method=post>"})

    @shop.route("/to/basket", methods=["GET", "POST"])
    def basket() -> ResponseReturnValue:
        return {"method": request.method, **request.form.to_dict()}

    @shop.route("/away/<int:code>", methods=["GET", "POST"])
    def away(code: int) -> ResponseReturnValue:
        return Response("", code, {"Location": request.args["to"]})

    @shop.get("/cookies")
    def cookies() -> ResponseReturnValue:
        answer = make_response(request.headers.get("Cookie", "none"))
        for line in request.args.getlist("set"):
            answer.headers.add("Set-Cookie", line)
        return answer

    shop.add_url_rule("/deep/cookies", view_func=cookies, endpoint="deep")
    return shop


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(app()) as running:
        yield running


@pytest.fixture
def browser(server: Server) -> FormBrowser:
    return FormBrowser(server)


def test_fields(browser: FormBrowser) -> None:
    """A visitor's text goes into the text fields; the rest is what a browser sends."""
    page = browser.go("/")
    form = page.form("textarea", method="post")

    assert form is not None
    assert form.filled("tea") == {
        "token": "t", "item": "tea", "more": "tea", "count": "1", "gift": "on", "size": "m",
        "colour": "blue", "go": "1",
    }  # fmt: skip
    assert browser.send(page, form, form.filled("tea")).last.json()["item"] == "tea"


def test_login(browser: FormBrowser) -> None:
    """In a login, the first field that takes a name gets the name."""
    form = browser.go("/").form("password")

    assert form is not None
    assert form.filled("ada", "pw") == {"mail": "ada", "town": "", "pin": "pw"}


def test_visible(browser: FormBrowser) -> None:
    """The text that a visitor sees has no scripts and styles."""
    visible = browser.go("/").visible

    assert visible.startswith("A shop old Red Blue")
    assert "let x" not in visible
    assert "{}" not in visible


def test_other_type(browser: FormBrowser) -> None:
    """A page that is not HTML has no forms."""
    page = browser.go("/data")

    assert page.parsed.forms == []
    assert "form" in page.visible


@pytest.mark.parametrize(
    ("code", "method"), [(302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_redirect(browser: FormBrowser, code: int, method: str) -> None:
    """After a redirect, a browser sends a GET; for two codes, the same request again."""
    page = browser.post(f"/away/{code}?to=/to/basket", {"a": "1"})

    assert page.path == "/to/basket"
    assert [hop.status_code for hop in page.hops] == [code, 200]
    assert page.last.json()["method"] == method


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\t/evil.example/"],
)
def test_other_host(browser: FormBrowser, target: str) -> None:
    """A redirect to another host is never followed."""
    with pytest.raises(LeftHost):
        browser.go(f"/away/302?to={quote(target)}")


def test_endless(browser: FormBrowser) -> None:
    """Redirects that lead nowhere end."""
    here = "/away/302?to="
    with pytest.raises(requests.TooManyRedirects, match="redirects without end"):
        browser.go(f"{here}{quote(here * 9)}")


def test_cookies(browser: FormBrowser) -> None:
    """The browser keeps Secure cookies of this machine, and deletes expired ones."""
    lines = ("a=1; Secure", "b=2; Path=/deep", "c=3; Domain=shop.example")
    browser.go("/cookies?" + "&".join(f"set={quote(line)}" for line in lines))

    assert browser.go("/cookies").last.text == "a=1"
    assert browser.go("/deep/cookies").last.text == "a=1; b=2"
    assert browser.dropped.startswith("Domain=shop.example does not cover 127.0.0.1")
    assert browser.copy().go("/cookies").last.text == "a=1"
    browser.go(f"/cookies?set={quote('a=; Max-Age=0')}")
    assert browser.go("/cookies").last.text == "none"
    assert len(browser.lines) == 4


def test_button() -> None:
    """Without a button that has a name, a form sends none."""
    assert Form(fields=[("text", "a", "")]).filled("x") == {"a": "x"}


def test_required_box() -> None:
    """A visitor ticks a box that a form requires, and no other."""
    page = '<form><input type="checkbox" name="terms" required><input type="checkbox" name="x">'

    (form,) = _Parser(page).forms

    assert form.filled("") == {"terms": "on"}
    assert form.names("checkbox") == {"terms"}


def test_leads() -> None:
    """A page notes where it leads, and what it runs."""
    page = _Parser(
        "<a href=/a>a</a><img src=b.png><form action=c><button formaction=d></form>"
        "<meta http-equiv=Refresh content=\"0; url='/e'\"><script>f()</script>"
        "<p onclick='g()'>f()</p><style>h</style>"
    )

    assert page.links == ["/a", "b.png", "c", "d", "/e"]
    assert page.scripts == ["f()", "g()"]


def test_own_cookie(browser: FormBrowser) -> None:
    """A forger's browser sends a cookie of its own making, to all paths."""
    browser.set_cookie("user", "ada")

    assert browser.go("/deep/cookies").last.text == "user=ada"
