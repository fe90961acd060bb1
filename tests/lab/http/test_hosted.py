"""The link for the learner's own browser, which depends on how Jupyter is served."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from lesson_app.lab import Server
from lesson_app.lab.http.hosted import Link, confine, link_to, mount

Write = Callable[..., None]


@pytest.fixture(autouse=True)
def no_jupyter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the Jupyter that these tests may run in."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    for name in ("JPY_PARENT_PID", "JUPYTERHUB_SERVICE_PREFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def jupyter() -> Iterator[Server]:
    """Stand in for a Jupyter server with the proxy, which asks for a login first."""
    app = Flask("jupyter")
    app.add_url_rule("/<path:base>/server-proxy/servers-info", view_func=lambda base: ("", 403))
    with Server(app) as server:
        yield server


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Write:
    """Write the runtime file of a Jupyter server that started this process."""
    monkeypatch.setenv("JPY_PARENT_PID", "77")

    def write(**facts: str) -> None:
        (tmp_path / "jpserver-77.json").write_text(json.dumps(facts))

    return write


def test_link_shown() -> None:
    """A link is an anchor that opens a new tab; as text it is the URL."""
    link = Link('http://127.0.0.1:5000/?a=1&b="')

    assert repr(link) == str(link) == link.url
    assert link._repr_html_() == (
        '<a href="http://127.0.0.1:5000/?a=1&amp;b=&quot;" target="_blank" rel="noopener">'
        "http://127.0.0.1:5000/?a=1&amp;b=&quot;</a>"
    )


def test_two_links_shown() -> None:
    """A link with a second path shows both, and says when to take which."""
    link = Link("http://127.0.0.1:5000/", proxied="/proxy/absolute/5000/")

    assert str(link) == repr(link)
    assert repr(link).splitlines() == [
        "http://127.0.0.1:5000/",
        "If Jupyter runs on another machine, as through an SSH tunnel, open "
        "/proxy/absolute/5000/ on Jupyter's own host and port",
    ]
    assert re.findall('href="([^"]*)"', link._repr_html_()) == [link.url, link.proxied]
    assert "If Jupyter runs on another machine" in link._repr_html_()


def test_advice_shown() -> None:
    """If no link would work, only the advice is shown."""
    link = Link("http://127.0.0.1:5000/", "get <this>")

    assert repr(link) == "get <this>"
    assert link._repr_html_() == "<p>get &lt;this&gt;</p>"


@pytest.mark.parametrize("path", ["/login", "login"])
def test_no_jupyter(path: str) -> None:
    """In plain Python, in VS Code and in Colab the link leads to the loopback address."""
    assert link_to(5000, path) == Link("http://127.0.0.1:5000/login")


@pytest.mark.parametrize("hostname", ["localhost", "127.0.0.1", "::1"])
def test_jupyter_of_this_machine(written: Write, hostname: str) -> None:
    """If Jupyter serves this machine only, its browser can open the loopback address."""
    written(base_url="/", hostname=hostname, url="http://127.0.0.1:1/")

    assert link_to(5000, "/login") == Link("http://127.0.0.1:5000/login")


@pytest.mark.parametrize(
    ("base", "proxied"), [("/lab/", "/proxy/absolute/5000/login"), ("/", "")]
)
def test_jupyter_that_may_be_behind_a_tunnel(
    written: Write, jupyter: Server, base: str, proxied: str
) -> None:
    """With the proxy, a link for this machine has a second path, for a browser elsewhere."""
    written(base_url="/", hostname="localhost", url=f"{jupyter.url}{base}")

    assert link_to(5000, "/login") == Link("http://127.0.0.1:5000/login", proxied=proxied)


@pytest.mark.parametrize("text", ["", "{"], ids=["empty", "half"])
def test_jupyter_writes_something_else(written: Write, tmp_path: Path, text: str) -> None:
    """An unreadable runtime file is ignored."""
    (tmp_path / "jpserver-77.json").write_text(text)

    assert link_to(5000, "/login") == Link("http://127.0.0.1:5000/login")


def test_hosted(written: Write, jupyter: Server) -> None:
    """If Jupyter is served below a path, the link goes through its proxy."""
    written(base_url="/user/ada/", hostname="localhost", url=f"{jupyter.url}/user/ada/")

    assert link_to(5000, "/login") == Link("/user/ada/proxy/absolute/5000/login")


def test_hosted_without_the_proxy(written: Write, jupyter: Server) -> None:
    """If Jupyter has no proxy, one line says what to install."""
    written(base_url="/", hostname="0.0.0.0", url=f"{jupyter.url}/")

    link = link_to(5000, "/login")

    assert repr(link).startswith(
        "http://127.0.0.1:5000/login works only on the machine that runs Jupyter"
    )
    assert "pip install jupyter-server-proxy" in repr(link)


def test_hosted_but_silent(written: Write, jupyter: Server) -> None:
    """If Jupyter does not answer, the link assumes that there is a proxy."""
    written(base_url="/", hostname="0.0.0.0", url=f"{jupyter.url}/")
    jupyter.stop()

    assert link_to(5000, "/login") == Link("/proxy/absolute/5000/login")


def test_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterHub and Binder pass the path of the user's pages in a variable."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")

    assert link_to(5000, "/login") == Link("/user/ada/proxy/absolute/5000/login")


@pytest.mark.parametrize(
    ("path", "prefix", "rest"),
    [
        ("/login", "", "/login"),
        ("/proxy/absolute/5000/login", "/proxy/absolute/5000", "/login"),
        ("/user/ada/proxy/absolute/5000/", "/user/ada/proxy/absolute/5000", "/"),
        ("/user/ada/proxy/absolute/50001/", "", "/user/ada/proxy/absolute/50001/"),
        *(
            (f"{before}/proxy/absolute/5000/", "", f"{before}/proxy/absolute/5000/")
            for before in (
                "//evil.example",
                "/a/",
                "/\\evil",
                "/a; Domain=b",
                "/\r\n",
                "a",
            )
        ),
    ],
)
def test_mount(path: str, prefix: str, rest: str) -> None:
    """The app's own path begins after the port."""
    environ = {"SCRIPT_NAME": "", "PATH_INFO": path}

    assert mount(environ, 5000) == prefix
    assert environ == {"SCRIPT_NAME": prefix, "PATH_INFO": rest}


def test_confine_as_a_browser_writes_it() -> None:
    """A letter beyond ASCII is percent-encoded in the cookie's path, as in the URL."""
    response = Response(headers=[("Set-Cookie", "a=1; Path=/")])

    confine(response, "/user/\u00e9d".encode().decode("latin-1") + "@b")

    assert response.headers["Set-Cookie"] == "a=1; Path=/user/%C3%A9d@b/"


@pytest.mark.parametrize(
    ("line", "confined"),
    [
        ("a=1; Path=/", "a=1; Path=/below/"),
        ("a=1; HttpOnly; path=/login; Secure", "a=1; HttpOnly; path=/below/login; Secure"),
        ("a=1", "a=1"),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"),
    ],
)
def test_confine(line: str, confined: str) -> None:
    """A cookie's path begins with the prefix, except if browsers would refuse that."""
    response = Response(headers=[("Set-Cookie", line), ("Set-Cookie", "b=2; Path=/")])

    confine(response, "/below")

    assert response.headers.getlist("Set-Cookie") == [confined, "b=2; Path=/below/"]


@pytest.mark.parametrize(
    ("location", "below"),
    [
        ("/dashboard", "/user/a@b/dashboard"),
        ("/", "/user/a@b/"),
        ("/user/a@b/dashboard", "/user/a@b/dashboard"),
        ("/user/a%40b/dashboard?next=/", "/user/a%40b/dashboard?next=/"),
        ("/user/a@b?next=/", "/user/a@b?next=/"),
        ("/user/a@bc", "/user/a@b/user/a@bc"),
        ("dashboard", "dashboard"),
        ("//evil.example/", "//evil.example/"),
        ("/\\evil.example/", "/\\evil.example/"),
        ("https://other.example/", "https://other.example/"),
    ],
)
def test_confine_redirect(location: str, below: str) -> None:
    """A redirect to a path of the app begins with the prefix, once."""
    response = Response(status=302, headers=[("Location", location)])

    confine(response, "/user/a@b")

    assert response.headers["Location"] == below


@pytest.mark.parametrize(
    ("html", "below"),
    [
        ('<form method="post" action="/login">', '<form method="post" action="/p/login">'),
        (
            "<A class=a HREF = '/x?a=1&amp;b=\u2026'>",
            "<A class=a HREF = '/p/x?a=1&amp;b=\u2026'>",
        ),
        ("<a href=/x>", "<a href=/p/x>"),
        ('<a href="/a b" title="href=/c">', '<a href="/p/a b" title="href=/c">'),
        ('<script src="/x.js">', '<script src="/p/x.js">'),
        ('<input value="a > b" formaction="/x">', '<input value="a > b" formaction="/p/x">'),
        *(
            (same, same)
            for same in (
                '<a href="/p/x">',
                '<a href="//evil.example/">',
                '<a href="x">',
                '<a data-href="/x">',
                '<p>Write href="/x" there.</p>',
                "&lt;a href=&#34;/x&#34;&gt;",
            )
        ),
    ],
)
def test_confine_page(html: str, below: str) -> None:
    """In a page, the URLs of links, forms and scripts begin with the prefix, once."""
    response = Response(html, mimetype="text/html")

    confine(response, "/p")

    assert response.get_data(as_text=True) == below
    assert response.content_length == len(below.encode())


def test_confine_quotes_the_prefix() -> None:
    """The prefix cannot end an attribute."""
    response = Response("<a href='/x'>", mimetype="text/html")

    confine(response, "/user/o'hara")

    assert response.get_data(as_text=True) == "<a href='/user/o&#x27;hara/x'>"


@pytest.mark.parametrize(
    "options",
    [
        {"mimetype": "text/plain"},
        {"mimetype": "application/json"},
        {"mimetype": "text/html", "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=str,
)
def test_confine_only_pages(options: dict[str, Any]) -> None:
    """What is not readable HTML stays, and so does every byte that is not UTF-8."""
    body = b'\xff<a href="/x">'
    response, page = Response(body, **options), Response(body, mimetype="text/html")

    confine(response, "/p")
    confine(page, "/p")

    assert response.get_data() == body
    assert page.get_data() == b'\xff<a href="/p/x">'
