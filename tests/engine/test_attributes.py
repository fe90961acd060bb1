"""The name and the attributes of the session's cookie, from options and from settings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from lesson_app import ClientSessions, create_app
from lesson_app._engine.attributes import Attributes, cookie_attributes
from tests.conftest import SECRET, Site, the_cookie, write

# Chromium judges more values in tests/browser/test_cookies_in_chromium.py.


def attributes(config: dict[str, Any], **options: Any) -> Attributes:
    app = Flask("cookies")
    app.config.update(config)
    return cookie_attributes(app, ClientSessions(secret=SECRET, **options))


def test_defaults() -> None:
    """Without options, the attributes are Flask's."""
    assert attributes({}) == ("session", "/", None, False, True, None, False)


def test_each_option_and_setting() -> None:
    """An option replaces Flask's setting, also if it is False or empty."""
    config = {
        "SESSION_COOKIE_NAME": "flask",
        "SESSION_COOKIE_PATH": "/flask",
        "SESSION_COOKIE_DOMAIN": "flask.example",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": False,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PARTITIONED": True,
    }
    options = {"path": "/own", "secure": False, "samesite": "Strict", "partitioned": False}
    options |= {"cookie_name": "own", "domain": "", "httponly": True}

    assert attributes(config) == (
        "flask", "/flask", "flask.example", True, False, "Lax", True,
    )  # fmt: skip
    assert attributes(config, **options) == ("own", "/own", "", False, True, "Strict", False)


def test_application_root() -> None:
    """The Path is SESSION_COOKIE_PATH, else APPLICATION_ROOT; only the one used counts."""
    assert attributes({"APPLICATION_ROOT": "/app"}).path == "/app"
    assert attributes({"APPLICATION_ROOT": "/app", "SESSION_COOKIE_PATH": ""}).path == "/app"
    assert attributes({"APPLICATION_ROOT": "", "SESSION_COOKIE_PATH": "/a"}).path == "/a"
    assert attributes({"APPLICATION_ROOT": ""}, path="/own").path == "/own"


NO_HOST = "must be a host name with a dot, such as 'example.com', got"
NO_FLAG = "must be True or False, got"
#: An attribute, and an error for a value. An option's and a setting's error begin alike.
WRONG: list[tuple[str, Any, type[Exception], str]] = [
    ("name", "my session", ValueError, "must consist of letters, digits and"),
    ("name", "", ValueError, "must consist of"),
    ("name", 5, TypeError, "must be str, got 5"),
    ("path", "app", ValueError, "must begin with '/', got 'app'; write '/'"),
    ("path", "*", ValueError, "must begin with '/'"),
    ("path", "/a;b", ValueError, "must not contain white space"),
    ("path", "/a?b", ValueError, "must not contain white space"),
    ("path", "/a[b]", ValueError, "must not contain white space"),
    ("path", "/a\0", ValueError, "must not contain white space"),
    ("path", "/a\udcff", ValueError, "must not contain white space"),
    ("path", "/a/../b", ValueError, "must not contain"),
    ("path", "/a/.", ValueError, "must not contain"),
    ("path", ["/"], TypeError, "must be str, got ['/']"),
    ("domain", "http://example.com", ValueError, f"{NO_HOST} 'http://example.com'; write no"),
    ("domain", "*.example.com", ValueError, NO_HOST),
    ("domain", "example.com:5000", ValueError, NO_HOST),
    ("domain", "example..com", ValueError, NO_HOST),
    ("domain", "..example.com", ValueError, NO_HOST),
    ("domain", "example.com\n", ValueError, NO_HOST),
    ("domain", "\uff0a.example.com", ValueError, NO_HOST),
    ("domain", "a" * 64 + ".example", ValueError, NO_HOST),
    ("domain", "\xfc" * 63 + ".example", ValueError, NO_HOST),
    ("domain", "stra\xdfe.example", ValueError, NO_HOST),
    ("domain", "127.0.0.1", ValueError, NO_HOST),
    ("domain", "[::1]", ValueError, NO_HOST),
    ("domain", "localhost", ValueError, f"{NO_HOST} 'localhost'; write no"),
    ("domain", ".com", ValueError, NO_HOST),
    ("domain", 0, TypeError, "must be str, got 0"),
    ("secure", "False", TypeError, f"{NO_FLAG} 'False'"),
    ("secure", 1, TypeError, f"{NO_FLAG} 1"),
    ("httponly", "no", TypeError, f"{NO_FLAG} 'no'"),
    ("partitioned", "False", TypeError, f"{NO_FLAG} 'False'"),
    ("samesite", "", ValueError, "must be 'Strict', 'Lax' or 'None', got ''; to send no"),
    ("samesite", "False", ValueError, "must be 'Strict', 'Lax' or 'None', got 'False'"),
    ("samesite", True, ValueError, "must be 'Strict', 'Lax' or 'None', got True"),
]
WRONG_ONES = pytest.mark.parametrize(
    ("attribute", "value", "kind", "message"),
    WRONG,
    ids=[f"{attribute}={value!a:.20}" for attribute, value, *_ in WRONG],
)


@WRONG_ONES
def test_wrong_option(attribute: str, value: Any, kind: type[Exception], message: str) -> None:
    """A value that no browser honours raises an error with the option's name."""
    option = "cookie_name" if attribute == "name" else attribute
    with pytest.raises(kind, match=f"^{option} {re.escape(message)}"):
        attributes({}, **{option: value})


@WRONG_ONES
def test_wrong_setting(attribute: str, value: Any, kind: type[Exception], message: str) -> None:
    """A value that no browser honours raises an error with the setting's name."""
    setting = f"SESSION_COOKIE_{attribute.upper()}"
    with pytest.raises(kind, match=f"^{setting} {re.escape(message)}"):
        attributes({setting: value})


@pytest.mark.parametrize("root", ["", "app", None])
def test_wrong_application_root(root: str | None) -> None:
    """APPLICATION_ROOT is checked if the cookie's Path comes from it."""
    with pytest.raises((TypeError, ValueError), match=f"^APPLICATION_ROOT must .*{root!r}"):
        attributes({"APPLICATION_ROOT": root})


def test_value_that_equals_a_right_one() -> None:
    """1 is refused even if True was right before."""
    assert attributes({"SESSION_COOKIE_SECURE": True}).secure is True

    with pytest.raises(TypeError, match="SESSION_COOKIE_SECURE must be True or False, got 1"):
        attributes({"SESSION_COOKIE_SECURE": 1})


TOGETHER: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "prefix without Secure": (
        {"SESSION_COOKIE_NAME": "__Secure-s"},
        {},
        "'__Secure-s' needs Secure; set secure=True or SESSION_COOKIE_SECURE",
    ),
    "option without the setting": ({}, {"cookie_name": "__HOST-s"}, "'__HOST-s' needs Secure"),
    "path of another source": (
        {"APPLICATION_ROOT": "/a", "SESSION_COOKIE_SECURE": True},
        {"cookie_name": "__Host-s"},
        "must have Path=/ and no Domain, got APPLICATION_ROOT='/a' and SESSION_COOKIE_DOMAIN=",
    ),
    "domain": (
        {"SESSION_COOKIE_NAME": "__Host-s", "SESSION_COOKIE_DOMAIN": "example.com"},
        {"secure": True},
        "got APPLICATION_ROOT='/' and SESSION_COOKIE_DOMAIN='example.com'",
    ),
    "script": (
        {"SESSION_COOKIE_HTTPONLY": False},
        {"cookie_name": "__Http-s", "secure": True},
        "'__Http-s' needs HttpOnly; set SESSION_COOKIE_HTTPONLY to True",
    ),
    "script and host": (
        {"SESSION_COOKIE_SECURE": True},
        {"cookie_name": "__Host-Http-s", "httponly": False},
        "'__Host-Http-s' needs HttpOnly; set httponly to True",
    ),
    "http without Secure": ({}, {"cookie_name": "__Http-s"}, "'__Http-s' needs Secure"),
    "none": (
        {"SESSION_COOKIE_SAMESITE": "None"},
        {},
        "^SESSION_COOKIE_SAMESITE='None' needs secure=True or .*leave SESSION_COOKIE_SAMESITE",
    ),
    "none as an option": (
        {"SESSION_COOKIE_SECURE": False},
        {"samesite": "none"},
        "^samesite='None' needs secure=True",
    ),
}


@pytest.mark.parametrize(("config", "options", "message"), TOGETHER.values(), ids=TOGETHER)
def test_values_that_do_not_fit(
    config: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    """Options and settings are checked together, with the names of both."""
    with pytest.raises(ValueError, match=message):
        attributes(config, **options)


def test_partitioned_is_secure() -> None:
    """Partitioned is sent with Secure, so it is enough for a prefix and SameSite=None."""
    config = {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_PARTITIONED": True}

    assert attributes(config, cookie_name="__Host-s").partitioned
    assert attributes({}, samesite="None", partitioned=True).partitioned


# Through the app


ENVIRONMENT: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "False": ({"SECURE": "False"}, {}, "SESSION_COOKIE_SECURE must .*'False'.*true or false"),
    "no": ({"SECURE": "no"}, {}, "SESSION_COOKIE_SECURE must be True or False, got 'no'"),
    "a number": ({"SECURE": "0"}, {}, "SESSION_COOKIE_SECURE must be True or False, got 0"),
    "httponly": ({"HTTPONLY": "False"}, {}, "SESSION_COOKIE_HTTPONLY must be True or False"),
    "partitioned": ({"PARTITIONED": "False"}, {}, "SESSION_COOKIE_PARTITIONED must be True"),
    "domain": ({"DOMAIN": "False"}, {}, "SESSION_COOKIE_DOMAIN must be a host name.*leave it"),
    "scheme": ({"DOMAIN": "https://example.com"}, {}, "SESSION_COOKIE_DOMAIN must be a host"),
    "path": ({"PATH": "app"}, {}, "SESSION_COOKIE_PATH must begin with '/', got 'app'"),
    "no SameSite": (
        {"SAMESITE": ""},
        {},
        "SESSION_COOKIE_SAMESITE must be .*got ''; to send no",
    ),
    "None": ({"SAMESITE": "None"}, {}, "SESSION_COOKIE_SAMESITE='None' needs secure=True or"),
    "host and path": (
        {"PATH": "/app", "SECURE": "true"},
        {"cookie_name": "__Host-s"},
        "'__Host-s' must have Path=/ and no Domain, got SESSION_COOKIE_PATH='/app'",
    ),
    "host and domain": (
        {"DOMAIN": "example.com", "SECURE": "true"},
        {"cookie_name": "__Host-s"},
        "must have Path=/ and no Domain, .* SESSION_COOKIE_DOMAIN='example.com'",
    ),
}


@pytest.mark.parametrize(
    ("settings", "options", "message"), ENVIRONMENT.values(), ids=ENVIRONMENT
)
def test_wrong_environment(
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    options: dict[str, Any],
    message: str,
) -> None:
    """The app does not start if the environment's settings make a cookie that is dropped."""
    for name, value in settings.items():
        monkeypatch.setenv(f"FLASK_SESSION_COOKIE_{name}", value)

    with pytest.raises((TypeError, ValueError), match=message):
        create_app(**options)


def test_right_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON's true, false and null are read as such."""
    settings = {"SECURE": "true", "HTTPONLY": "false", "SAMESITE": "null", "DOMAIN": "null"}
    for name, value in settings.items():
        monkeypatch.setenv(f"FLASK_SESSION_COOKIE_{name}", value)

    login = {"userName": "sampleuser", "password": "samplepassword"}
    cookie = the_cookie(create_app().test_client().post("/login", data=login))

    assert cookie.attributes.keys() == {"expires", "path", "secure"}


def test_setting_that_becomes_wrong(site: Site) -> None:
    """A setting that changes after set-up is checked at the next write."""
    site.visit(write)
    site.app.config["SESSION_COOKIE_SECURE"] = 0

    with pytest.raises(TypeError, match="SESSION_COOKIE_SECURE must be True or False, got 0"):
        site.visit(lambda session: session.update(more=1))
