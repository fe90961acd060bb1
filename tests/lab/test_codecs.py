"""A learner's own functions in the middleware, served over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from flask import redirect, session

from lesson_app import BadFormat, Unsealed, create_app
from lesson_app.lab import Clock, Server, codec_from
from lesson_app.session import END_OF_TIME
from tests.conftest import SECRET

SEALING: dict[str, Any] = {"name": "theme", "created_at": 1, "duration": 2}


def encode(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def decode(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=="))


def seal_all(content: Any, *, name: str, created_at: int, duration: int) -> str:
    return f"{content} {name} {created_at} {duration}"


def seal_by_place(content: Any, created_at: int, name: str) -> str:
    return f"{content} {name} {created_at}"


def seal_any(content: Any, **options: Any) -> str:
    return f"{content} {sorted(options.items())}"


def seal_nothing(content: Any, other: int = 7) -> str:
    return f"{content} {other}"


def seal_first(name: Any) -> str:
    return f"{name}"


def seal_positional(content: Any, name: str = "x", /, duration: int = 0) -> str:
    return f"{content} {name} {duration}"


@pytest.mark.parametrize(
    ("seal", "value"),
    [
        (seal_all, "{'a': 1} theme 1 2"),
        (seal_by_place, "{'a': 1} theme 1"),
        (seal_any, "{'a': 1} [('created_at', 1), ('duration', 2), ('name', 'theme')]"),
        (seal_nothing, "{'a': 1} 7"),
        (seal_first, "{'a': 1}"),
        (seal_positional, "{'a': 1} x 2"),
        (lambda content: str(content), "{'a': 1}"),
    ],
)
def test_seal(seal: Callable[..., str], value: str) -> None:
    """A function gets the content, and the options that it has parameters for."""
    assert codec_from(seal, decode).seal({"a": 1}, **SEALING) == value


@pytest.mark.parametrize(
    ("unseal", "opened"),
    [
        (lambda value: {"v": value}, Unsealed({"v": "x"}, 0, END_OF_TIME)),
        (lambda value, name: {"v": name}, Unsealed({"v": "theme"}, 0, END_OF_TIME)),
        (lambda value, **options: options, Unsealed({"name": "theme"}, 0, END_OF_TIME)),
        (lambda value: ({"v": value}, 3, 4), Unsealed({"v": "x"}, 3, 4)),
        (lambda value: [{"v": value}, 3, 4], Unsealed({"v": "x"}, 3, 4)),
        (lambda value: Unsealed({"v": value}, 5, 6), Unsealed({"v": "x"}, 5, 6)),
    ],
)
def test_unseal(unseal: Callable[..., Any], opened: Unsealed) -> None:
    """A function returns the content, with or without its times, or an `Unsealed`."""
    assert codec_from(encode, unseal).unseal("x", name="theme") == opened


def test_content_is_a_copy() -> None:
    """A learner's function cannot change the session through the content."""

    def greedy(content: dict[str, Any]) -> str:
        content.clear()
        return ""

    content = {"a": 1}
    codec_from(greedy, decode).seal(content, **SEALING)

    assert content == {"a": 1}


@pytest.mark.parametrize("functions", [(encode, None), (7, decode), ("encode", "decode")])
def test_no_functions(functions: tuple[Any, Any]) -> None:
    """An argument that is not a function is refused before any request."""
    with pytest.raises(TypeError, match="expected two functions, got"):
        codec_from(*functions)


def test_served() -> None:
    """A learner's `encode` and `decode` carry a session from one request to the next."""
    app = create_app(codec=codec_from(encode, decode), clock=Clock())

    with Server(app) as server:
        browser = server.browser()
        browser.get(f"{server.url}/session-test-add?message=Hello World!")
        again = browser.get(f"{server.url}/session-test-read")

        assert again.text == "session message: Hello World!"
        assert decode(browser.cookies["session"]) == {"message": "Hello World!"}


def test_bad_cookie() -> None:
    """A BadCookie from the learner's function starts an empty session."""

    def refuse(value: str) -> Any:
        raise BadFormat("fields", "not mine")

    with Server(create_app(codec=codec_from(encode, refuse))) as server:
        browser = server.browser()
        browser.get(f"{server.url}/session-test-add?message=x")

        answer = browser.get(f"{server.url}/session-test-read")

        assert answer.text == "session message: undefined"


def test_error() -> None:
    """Any other error of the learner's function reaches the cell that sent the request."""

    def fail(value: str) -> Any:
        raise LookupError("lost")

    with Server(create_app(codec=codec_from(encode, fail))) as server:
        browser = server.browser()
        browser.get(f"{server.url}/session-test-add?message=x")

        with pytest.raises(RuntimeError, match="LookupError: lost"):
            browser.get(f"{server.url}/session-test-read")


def test_learners_guard() -> None:
    """A guard that a learner wrote protects the dashboard."""

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **options: Any) -> Any:
            if not session.get("user"):
                return redirect("/login?by=mine", code=302)
            return view(*args, **options)

        return guarded

    with Server(create_app(secret=SECRET, guard=guard)) as server:
        browser = server.browser()
        stranger = browser.get(f"{server.url}/dashboard", allow_redirects=False)
        form = {"userName": "sampleuser", "password": "samplepassword"}
        inside = browser.post(f"{server.url}/login", data=form)

        assert stranger.headers["Location"] == "/login?by=mine"
        assert "Hello sampleuser" in inside.text
