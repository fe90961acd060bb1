"""The notebooks' client: cookies of its own, a record, and a diagram."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from flask import Flask

from lesson_app.lab import Server, Visitor, diagram


def test_visitor() -> None:
    """A visitor begins without cookies, and ignores this computer's proxy."""
    visitor = Visitor()

    assert isinstance(visitor, requests.Session)
    assert not visitor.trust_env
    assert not visitor.cookies
    assert not visitor.record.exchanges


def test_diagram_of_one() -> None:
    """A visitor draws its exchanges under the name "browser"."""
    app = Flask("idle")
    app.add_url_rule("/", view_func=lambda: "")

    with Server(app) as server:
        browser = server.browser()
        browser.get(server.url)

    assert browser.diagram().names == ("browser", "server")
    assert [arrow.lines[0] for arrow in browser.diagram().arrows] == ["GET /", "200 OK"]


def test_diagram_of_several() -> None:
    """Several visitors are drawn by their names, in the order of their exchanges."""
    app = Flask("idle")
    app.add_url_rule("/<path>", view_func=lambda path: path)

    with Server(app) as server:
        ada, thief = server.browser(), server.browser()
        for visitor, path in ((ada, "a"), (thief, "b"), (ada, "c")):
            visitor.get(f"{server.url}/{path}")

    drawn = diagram(ada=ada, thief=thief)
    assert drawn.names == ("ada", "server", "thief")
    assert [(a.source, a.target) for a in drawn.arrows[::2]] == [(0, 1), (2, 1), (0, 1)]
    assert [a.lines[0] for a in drawn.arrows[::2]] == ["GET /a", "GET /b", "GET /c"]


def test_note() -> None:
    """A note is drawn between the exchanges around it."""
    app = Flask("idle")
    app.add_url_rule("/", view_func=lambda: "")

    with Server(app) as server:
        browser = server.browser()
        browser.get(server.url)
        browser.note("a minute later")
        browser.get(server.url)

    arrows = browser.diagram().arrows
    assert [arrow.is_note for arrow in arrows] == [False, False, True, False, False]
    assert arrows[2].lines == ("a minute later",)


@pytest.mark.parametrize("text", [None, 5, b"later"], ids=repr)
def test_a_note_is_a_text(text: Any) -> None:
    """A note that is no text is refused at once, so the diagram can still be drawn."""
    browser = Visitor()

    with pytest.raises(TypeError, match=f"expected a text, got a {type(text).__name__}"):
        browser.note(text)

    assert repr(browser.diagram()) == "no exchange yet"


def test_diagram_of_no_visitor() -> None:
    """A response is no visitor; the message names the argument."""
    with pytest.raises(TypeError, match="expected ada to be a visitor, got a Response"):
        diagram(ada=requests.Response())  # type: ignore[arg-type]


def test_diagram_of_nobody() -> None:
    """A diagram needs at least one visitor."""
    with pytest.raises(TypeError, match="expected at least one visitor; name each"):
        diagram()
