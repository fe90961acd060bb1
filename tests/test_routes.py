"""The two session-test routes return what the course page shows, byte for byte."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lesson_app import create_app, derive_keys, unseal
from lesson_app.app import PAGE_SECRET
from lesson_app.lab import Clock
from tests.conftest import (
    PAGE_RETURNED,
    PAGE_SENT,
    read_set_cookie,
    set_cookies,
    the_cookie,
    unb64,
)

ADD, READ = "/session-test-add", "/session-test-read"


def test_page_set_cookie() -> None:
    """With the page's time and IV, the response has the page's Set-Cookie."""
    iv = unb64(PAGE_SENT.split(".")[0])
    app = create_app(clock=Clock("2023-08-25T18:39:39.453Z"), urandom=lambda size: iv)

    response = app.test_client().get(f"{ADD}?message=Hello World!")

    assert the_cookie(response) == read_set_cookie(
        f"session={PAGE_SENT}; path=/; expires=Fri, 25 Aug 2023 18:41:40 GMT; httponly"
    )


def test_page_cookie() -> None:
    """Seconds after the page's second cookie was sealed, the app can read its message."""
    client = create_app(clock=Clock("2023-08-25T18:47:40Z")).test_client()
    client.set_cookie("session", PAGE_RETURNED)

    response = client.get(READ)

    assert response.text == "session message: Hello World!"
    assert not set_cookies(response)


def test_add(client: FlaskClient) -> None:
    """The add route answers with the page's words and stores only the message."""
    response = client.get(f"{ADD}?message=Hello World!&user=x")

    assert response.text == "session created with using 'message' query parameter"
    content = unseal(the_cookie(response).value, derive_keys(PAGE_SECRET)).content
    assert content == {"message": "Hello World!"}


MESSAGES = {
    "page's": ("?message=Hello World!", "Hello World!"),
    "none": ("", ""),
    "empty": ("?message=", ""),
    "two": ("?message=a&message=b", "a"),
    "non-ascii": ("?message=Zo%C3%AB+%F0%9F%98%80", "Zoë \U0001f600"),
    "not utf-8": ("?message=%FF", "%FF"),
    "script": ("?message=<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    "quotes": ("?message=%22%27%26", "&#34;&#39;&amp;"),
}


@pytest.mark.parametrize(("query", "shown"), MESSAGES.values(), ids=MESSAGES)
def test_read(client: FlaskClient, query: str, shown: str) -> None:
    """A later request returns the added message, escaped."""
    client.get(ADD + query)

    assert client.get(READ).text == f"session message: {shown}"


def test_read_without_message(client: FlaskClient) -> None:
    """Without a message, the response is "undefined" and sets no cookie."""
    response = client.get(READ)

    assert response.text == "session message: undefined"
    assert not set_cookies(response)


@pytest.mark.parametrize("message", ["<\ud800>", None, ["<b>", 1], {"<": 1.5}], ids=ascii)
def test_read_what_another_wrote(client: FlaskClient, message: object) -> None:
    """Any message that Node can store is shown, escaped, in UTF-8."""
    with client.session_transaction() as transaction:
        transaction["message"] = message

    response = client.get(READ)

    assert response.status_code == 200
    assert "<" not in response.text


@pytest.mark.parametrize("path", [ADD, READ])
def test_only_get(app: Flask, path: str) -> None:
    """Both routes answer GET only."""
    assert app.test_client().post(path).status_code == 405
