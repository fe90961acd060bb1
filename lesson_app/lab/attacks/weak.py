"""Codecs and routes that each lack one defence, so that the notebooks can attack them.

Each is one step before something in `lesson_app`. Never use them.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash

from ...app import PASSWORD_HASH, USER
from ...cookie import (
    IV_LENGTH,
    Keys,
    Unsealed,
    decrypt,
    derive_keys,
    encrypt,
    from_base64,
    seal,
    to_base64,
)
from ...errors import BadFormat, BadPayload
from ...routes import add
from ...session import END_OF_TIME


class PaddingError(Exception):
    """The decrypted text has no valid padding. A server must never let a visitor see this."""


class ClearCodec:
    """Write the session as base64url of its JSON: anyone can read it and write it."""

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        return to_base64(json.dumps(content).encode())  # the JSON that a learner writes

    def unseal(self, value: str, *, name: str) -> Unsealed:
        return Unsealed(_read(from_base64(value)), 0, END_OF_TIME)


class EncryptedCodec:
    """Write the session as ``iv.ciphertext``, with AES-CBC and no MAC: anyone can change it.

    Wrong padding raises `PaddingError`, which no middleware catches. The visitor gets status
    500, and so learns whether the padding was right.
    """

    def __init__(
        self, secret: str | bytes, *, urandom: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._keys: Keys = derive_keys(secret)
        self._urandom = urandom

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        iv = self._urandom(IV_LENGTH)
        return f"{to_base64(iv)}.{to_base64(encrypt(_write(content), self._keys, iv))}"

    def unseal(self, value: str, *, name: str) -> Unsealed:
        iv, _, ciphertext = value.partition(".")
        return Unsealed(
            _read(self._decrypt(from_base64(iv), from_base64(ciphertext))), 0, END_OF_TIME
        )

    def padding_is_good(self, iv: bytes, ciphertext: bytes) -> bool:
        """Return what a visitor learns from the server's status, without the network."""
        try:
            self._decrypt(iv, ciphertext)
        except PaddingError:
            return False
        return True

    def _decrypt(self, iv: bytes, ciphertext: bytes) -> bytes:
        if len(iv) != IV_LENGTH:
            raise BadFormat("iv", f"the IV is {len(iv)} bytes long, not {IV_LENGTH}")
        try:
            return decrypt(ciphertext, self._keys, iv)
        except BadPayload as error:
            raise PaddingError("wrong padding") from error


class UnverifiedCodec:
    """Write the five fields of a sealed cookie, but never check the MAC."""

    def __init__(self, secret: str | bytes) -> None:
        self._keys: Keys = derive_keys(secret)

    def seal(
        self, content: Mapping[str, Any], *, name: str, created_at: int, duration: int
    ) -> str:
        return seal(content, self._keys, name=name, created_at=created_at, duration=duration)

    def unseal(self, value: str, *, name: str) -> Unsealed:
        iv, ciphertext, created_at, duration, _ = value.split(".")
        text = decrypt(from_base64(ciphertext), self._keys, from_base64(iv))
        content = _read(text.removeprefix(f"{name}=".encode()))
        return Unsealed(content, int(created_at), int(duration))


def add_echo(app: Flask) -> Flask:
    """Add the course page's two test routes, which return the message as unescaped HTML."""
    app.add_url_rule("/session-test-add", view_func=add)

    @app.get("/session-test-read")
    def read() -> str:
        return f"session message: {session.get('message')}"

    return app


def add_lounge(app: Flask) -> Flask:
    """Add a page that makes each visitor a guest, and a lounge that lets no guest in."""

    @app.get("/visit")
    def visit() -> str:
        session["vip"] = 0
        return "you are a guest"

    @app.get("/lounge")
    def lounge() -> ResponseReturnValue:
        if session.get("vip") == 1:
            return "welcome to the lounge"
        return "members only", 403

    return app


def add_chatty_login(app: Flask) -> Flask:
    """Add a login that says whether the name or the password was wrong."""

    @app.post("/login")
    def login() -> ResponseReturnValue:
        if request.form.get("userName") != USER["userName"]:
            return "no such user"
        if not check_password_hash(PASSWORD_HASH, request.form.get("password", "")):
            return "wrong password"
        session["user"] = dict(USER)
        return redirect("/dashboard", code=302)

    return app


def add_hasty_login(app: Flask) -> Flask:
    """Add a login that checks the password only if the name exists."""

    @app.post("/login")
    def login() -> ResponseReturnValue:
        time.sleep(0.01)  # a database looks for the name
        if request.form.get("userName") != USER["userName"]:
            return "invalid login"
        if not check_password_hash(PASSWORD_HASH, request.form.get("password", "")):
            return "invalid login"
        session["user"] = dict(USER)
        return redirect("/dashboard", code=302)

    return app


def _write(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _read(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        raise BadPayload("json", "this is not JSON") from None
    if not isinstance(content, dict):
        raise BadPayload("object", "this is not a dict")
    return content
