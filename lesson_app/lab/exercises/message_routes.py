"""Judge the link and the view of notebook 05: a script in the message."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import requests
from flask import session
from flask.testing import FlaskClient
from jinja2 import TemplateError
from markupsafe import escape

from ..attacks.weak import add_echo
from ..http.server import Server
from ..http.visitor import PATIENCE, Visitor
from .judging import Wrong, forgotten, outcome, short
from .login_attacks import target
from .login_site import Page, content, site


def judge_evil_link(evil_link: Callable[[str, str], Any]) -> None:
    """Check that the link puts a script into the session of the visitor who opens it."""
    number = secrets.randbelow(10**6)
    simple = f"<script>alertMe({number})</script>"
    hard = f' <script>if (1 < 2 && "a+b") location = "?é=1&b=%41#{number}"</script>\n'
    app = add_echo(target())
    with Server(app) as server:
        link, message = _opened(evil_link, server.url, simple)
        if message != simple:
            if link == evil_link(server.url, hard):
                raise Wrong("fixed")
            if message == html.escape(simple) or message == str(escape(simple)):
                raise Wrong("escaped")
            if message == quote(simple) or message == quote(simple, safe=""):
                raise Wrong("encoded-twice")
            raise Wrong(
                message=f"after your link, the server stores {short(message)} instead of "
                f"{short(simple)}"
            )
        message = _opened(evil_link, server.url, hard)[1]
        if message != hard:
            raise Wrong("stripped" if message.strip() == hard.strip() else "not-encoded")


def _opened(evil_link: Callable[[str, str], Any], url: str, script: str) -> tuple[str, str]:
    """Return the link, and the message that a victim reads after opening it."""
    link = evil_link(url, script)
    if isinstance(link, requests.Response):
        raise Wrong("sent")
    if not isinstance(link, str) or not link.startswith(f"{url}/"):
        found = short(link).replace(url, "http://…")  # the port differs in each run
        raise Wrong(
            message="evil_link should return a URL that begins with the argument `url` and a "
            f"slash, but returned {found}{forgotten(link)}"
        )
    victim = Visitor()
    answer = victim.get(link, timeout=PATIENCE)
    if "session created" not in answer.text:
        raise Wrong("other-path")
    read = victim.get(f"{url}/session-test-read", timeout=PATIENCE).text
    message = read.partition("session message: ")[2]
    if not message:
        if "&lt;" in unquote(link):
            raise Wrong("escaped")
        query = parse_qs(urlsplit(link).query, keep_blank_values=True)
        raise Wrong("empty" if "message" in query else "no-parameter")
    return link, message


def evil_link_ours(url: str, script: str) -> str:
    """Return a link that stores a script in the session of the visitor who opens it."""
    return f"{url}/session-test-add?message={quote(script)}"


def judge_read(read: Callable[[], Any]) -> None:
    """Check that `read` shows every message as it is, and runs none."""
    plain = f"Hello {secrets.token_hex(4)}"
    client = site("/session-test-read", read)
    usual = _read(client, plain)
    if usual.text.strip() != f"session message: {plain}":
        raise Wrong(
            message=f"for the message {plain!r}, the page should show "
            f"'session message: {plain}', but shows {short(usual.text.strip())}"
        )
    honest = 'Tom & Jerry: 1 < 2 &amp; "it\'s"' + " and so on" * 30
    product = secrets.randbelow(10**6) + 10**6
    code = f"{{{{ {product} * 1009 }}}} {{% set a = 1 %}}"
    try:
        shown = _read(client, code).text
    except TemplateError:
        raise Wrong("template") from None
    if str(product * 1009) in shown:
        raise Wrong("template")
    if code not in shown:
        raise Wrong("changed")
    for message in (
        f"<script>alert({product})</script>",
        f"<img src=x onerror=alert({product})>",
        honest,
    ):
        page = _read(client, message)
        shown = page.text.partition("session message: ")[2].strip()
        if page.tags != usual.tags:
            raise Wrong("script-only" if "img" in message else "not-escaped")
        if shown != message:
            raise Wrong("twice" if Page(shown).text == message else "changed")
    spaced = f"  {plain} \t"
    if spaced not in _read(client, spaced).text:
        raise Wrong("stripped")
    if content(client) != {"message": spaced}:
        raise Wrong("session-changed")
    client = site("/session-test-read", read)
    empty = outcome(_read, client, None)
    if isinstance(empty, Exception) or "session message: undefined" not in empty.text:
        raise Wrong("no-message")
    if content(client):
        raise Wrong("session-changed")


def _read(client: FlaskClient, message: str | None) -> Page:
    """Store a message, read it, and return the page as a browser shows it."""
    if message is not None:
        client.get("/session-test-add", query_string={"message": message})
    answer = client.get("/session-test-read")
    if answer.mimetype != "text/html":  # a browser shows it as text
        page = Page("")
        page.text = answer.text
        return page
    return Page(answer.text)


def read_ours() -> str:
    """Show the session's message as text."""
    return f"session message: {escape(session.get('message', 'undefined'))}"
