"""The exercises of notebook 01: read a header, encode a session, forge it, keep cookies."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from itertools import permutations
from typing import Any

import requests
from flask import request, session

from ...app import create_app
from ...cookie import from_base64, to_base64
from ..attacks.weak import ClearCodec
from ..http.server import Server
from .judging import Exercise, Wrong, expect, misconceptions, outcome, same, short

# Their base64 has 1, 0, 0, 2, 1 and 0 characters of padding; the last contains - and _.
CONTENTS: tuple[dict[str, Any], ...] = (
    {"message": "hi"},
    {"message": "hi!"},
    {"message": "hi", "seen": True, "left": None},
    {"message": "hi!!"},
    {"message": "hi, hi, hi!"},
    {"message": "~~~~~????"},
    {"message": "Zo\u00eb, \u4f60\u597d"},
)


def judge_cookie_pair(cookie_pair: Callable[[str], Any]) -> None:
    """Check that `cookie_pair` returns name and value (RFC 6265 section 5.2)."""
    cases = {
        "session=abc; Path=/; HttpOnly": ("session", "abc"),
        "id=x; HttpOnly": ("id", "x"),
        "theme=dark": ("theme", "dark"),
        "session=YWI=; Path=/": ("session", "YWI="),
        "SessionID=a%20B+c; Path=/": ("SessionID", "a%20B+c"),
        "theme=; Path=/": ("theme", ""),
    }
    name, value = f"n{secrets.token_hex(4)}", secrets.token_hex(4)
    cases[f"{name}={value}; Path=/"] = (name, value)  # in no table that a learner could write
    for line, right in cases.items():
        found = outcome(cookie_pair, line)
        pair = tuple(found) if isinstance(found, list | tuple) else found
        if same(pair, right):
            continue
        if isinstance(pair, str):
            raise Wrong("one-string")
        if isinstance(pair, tuple) and pair[::-1] == right:
            raise Wrong("swapped")
        if isinstance(pair, tuple) and any(";" in str(part) for part in pair):
            raise Wrong("attributes-kept")
        if "YWI=" in line:
            raise Wrong("every-equals")
        if isinstance(found, ValueError) and "Path=/" in line:
            raise Wrong("attributes-kept")  # split at every =, also in the attributes
        if isinstance(found, Exception):
            raise found
        expect(f"cookie_pair({line!r})", pair, right)


def _new_content() -> dict[str, Any]:
    """Return a content that is in no table which a learner could write."""
    return {"message": secrets.token_hex(4)}


def judge_encode(encode: Callable[[dict[str, Any]], Any]) -> None:
    """Check that `encode` returns base64url of the dict's JSON, without padding."""
    for content in (*CONTENTS, _new_content()):
        text = encode(dict(content))
        if str(text).startswith("b'"):  # bytes, or `str` of bytes
            raise Wrong("bytes")
        if not isinstance(text, str):
            expect(f"encode({content})", text, encode_ours(content))
        if text == str(content):
            raise Wrong("python-repr")
        if text.startswith("{"):
            raise Wrong("not-encoded")
        if text.endswith("="):
            raise Wrong("padding-kept")
        if set("+/") & set(text):
            raise Wrong("standard-alphabet")
        raw = outcome(from_base64, text)
        if raw == str(content).encode():
            raise Wrong("python-repr")
        # `from_base64` skips foreign characters. Encoding again shows whether there were any.
        if outcome(json.loads, raw) != content or to_base64(raw) != text:
            raise Wrong(
                message=f"encode({content}) should return its JSON in base64url, "
                f"but returned {short(text)}"
            )


def judge_decode(decode: Callable[[str], Any]) -> None:
    """Check that `decode` returns the dict that `encode` got."""
    for content in (*CONTENTS, _new_content()):
        text = encode_ours(content)
        found = outcome(decode, text)
        found = dict(found) if isinstance(found, dict) else found
        if same(found, content):
            continue
        if isinstance(found, str) and found == content.get("message"):
            raise Wrong("one-value")
        if isinstance(found, bytes | str):
            raise Wrong("still-string")
        if set("-_") & set(text):
            raise Wrong("standard-alphabet")
        if isinstance(found, ValueError) and "padding" in str(found).lower():
            raise Wrong("padding-missing")
        # `eval` fails at true and null, which are not names in Python.
        if isinstance(found, NameError) and found.name in ("true", "false", "null"):
            raise Wrong("evaluated")
        if isinstance(found, Exception):
            raise found
        expect(f"decode({text!r})", found, content)
    accents = {"message": "Zo\u00eb"}
    if outcome(decode, to_base64(json.dumps(accents, ensure_ascii=False).encode())) != accents:
        raise Wrong("not-utf-8")
    # `str` of a dict is not JSON.
    if same(outcome(decode, to_base64(b"{'a': 1}")), {"a": 1}):
        raise Wrong("evaluated")


def cookie_pair_ours(set_cookie: str) -> tuple[str, str]:
    """Return the name and the value of a Set-Cookie header."""
    name, _, value = set_cookie.partition(";")[0].partition("=")
    return name, value


def encode_ours(content: dict[str, Any]) -> str:
    """Return base64url of a dict's JSON."""
    return to_base64(json.dumps(content).encode())


def decode_ours(text: str) -> Any:
    """Return the dict that `encode_ours` got."""
    return json.loads(from_base64(text))


def judge_forge(forge: Callable[[str, str], Any]) -> None:
    """Check that `forge` writes a cookie that no server set, and returns the page."""
    for _ in range(2):
        message = f"{secrets.choice(('boss', 'admin', 'root'))} {secrets.token_hex(4)}"
        asked: list[tuple[str, str, str]] = []
        app = create_app(codec=ClearCodec())

        @app.before_request
        def note(asked: list[tuple[str, str, str]] = asked) -> None:
            cookies = request.headers.get("Cookie", "")
            asked.append((request.path, str(session.get("message")), cookies))

        with Server(app) as server:
            found = outcome(forge, server.url, message)
            _judge_forged(found, message, asked)


def _judge_forged(found: Any, message: str, asked: list[tuple[str, str, str]]) -> None:
    """Raise Wrong unless the server read the forged message, and `found` is its page."""
    if isinstance(found, Exception):
        raise found
    paths = [path for path, _, _ in asked]
    if not asked:
        raise Wrong("no-request")
    if "/session-test-add" in paths:
        raise Wrong("set-by-the-server")
    if "/session-test-read" not in paths:
        raise Wrong("other-page")
    read = [text for path, text, _ in asked if path == "/session-test-read"]
    sent = [cookies for path, _, cookies in asked if path == "/session-test-read"]
    if message not in read:
        if not any(sent):
            raise Wrong("no-cookie")
        if not any(cookies.startswith("session=") for cookies in sent):
            raise Wrong("other-name")
        if read == ["None"] * len(read):
            raise Wrong("not-read")
        raise Wrong(
            message=f"the server should read {message!r}, but reads {short(read[-1])}; use the "
            "parameter `message`"
        )
    if isinstance(found, requests.Response):
        raise Wrong("whole-response")
    expect("forge(url, message)", found, f"session message: {message}")


def forge_ours(url: str, message: str) -> str:
    """Return the page that a forged cookie gets."""
    headers = {"Cookie": f"session={encode_ours({'message': message})}"}
    return requests.get(f"{url}/session-test-read", headers=headers, timeout=60).text


def judge_cookie_header(cookie_header: Callable[[list[str], str], Any]) -> None:
    """Check that `cookie_header` returns what a browser sends (RFC 6265 sections 5.3, 5.4)."""
    secret = secrets.token_hex(4)
    for name, lines, path, right in (
        ("attributes-kept", ["a=1; Path=/; HttpOnly"], "/x", {"a=1"}),
        ("first-only", ["a=1; Path=/", "b=2; Path=/"], "/", {"a=1", "b=2"}),
        ("never-replaced", ["a=1; Path=/", f"a={secret}; Path=/"], "/x", {f"a={secret}"}),
        ("never-deleted", ["a=1; Path=/", "a=; Path=/; Max-Age=0"], "/", set()),
        ("never-deleted", ["a=1; Path=/", "a=gone; Max-Age=-5; Path=/"], "/", set()),
        ("always-deleted", ["a=1; Path=/; Max-Age=60"], "/", {"a=1"}),
        ("path-ignored", ["a=1; Path=/shop"], "/", set()),
        ("path-ignored", ["a=1; Path=/shop", "b=2; Path=/"], "/news", {"b=2"}),
        ("path-below", ["a=1; Path=/shop"], "/shop/cart", {"a=1"}),
        ("path-below", ["a=1; Path=/shop"], "/shop", {"a=1"}),
        ("path-begins-alike", ["a=1; Path=/shop"], "/shopping", set()),
        ("case", ["a=1; path=/shop; max-age=60"], "/", set()),
        ("case", ["a=1; Path=/", "a=; MAX-AGE=0; PATH=/"], "/", set()),
        ("every-equals", ["a=YWI=; Path=/"], "/", {"a=YWI="}),
        ("no-path", ["a=1", "b=2; Max-Age=1"], "/x", {"a=1", "b=2"}),
        ("no-path", ["a=1; Path=/", "a=2"], "/x", {"a=2"}),
        ("one-per-name", ["a=1; Path=/", "a=2; Path=/shop"], "/shop/", {"a=1", "a=2"}),
        ("one-per-name", ["a=1; Path=/", "a=; Path=/shop; Max-Age=0"], "/shop", {"a=1"}),
        ("", [], "/", set()),
    ):
        found = outcome(cookie_header, list(lines), path)
        if isinstance(found, Exception):
            raise found
        call, wanted = f"cookie_header({lines}, {path!r})", "; ".join(sorted(right))
        if found is None:
            raise Wrong(message=f"{call} should return {wanted!r}, but returned None")
        if not isinstance(found, str):
            raise Wrong("not-string")
        if found.lower().startswith("cookie:"):
            raise Wrong("header-name")
        if found == "" and name == "attributes-kept":
            raise Wrong("path-below")
        if len(right) > 1 and {each.strip() for each in found.split(",")} == right:
            raise Wrong("separator")
        if {each.strip() for each in found.split(";") if each.strip()} != right:
            raise (
                Wrong(name)
                if name
                else Wrong(
                    message=f"{call} should return {wanted!r}, but returned {short(found)}"
                )
            )
        if found not in ("; ".join(order) for order in permutations(right)):
            raise Wrong("separator")


def cookie_header_ours(lines: list[str], path: str) -> str:
    """Return the Cookie header of a request to `path`, after these Set-Cookie lines."""
    kept: dict[tuple[str, str], str] = {}
    for line in lines:
        (name, value), *given = (cookie_pair_ours(each.strip()) for each in line.split(";"))
        attributes = {key.lower(): text for key, text in given}
        place = attributes.get("path", "/").rstrip("/")
        kept.pop((name, place), None)
        if int(attributes.get("max-age", 1)) > 0:
            kept[name, place] = value
    return "; ".join(
        f"{name}={value}"
        for (name, place), value in kept.items()
        if f"{path.rstrip('/')}/".startswith(f"{place}/")
    )


EXERCISES = (
    Exercise(
        "E1.1",
        "cookie_pair",
        judge_cookie_pair,
        misconceptions(
            attributes_kept="the attributes are still there; the cookie ends at the first "
            "semicolon, so cut there first, then at the =",
            every_equals="a value may contain =; only the first = ends the name",
            swapped="you returned value and name; return the name first",
            one_string="this is one string; return two, the name and the value",
        ),
        (
            "First cut the header at its first semicolon, where the attributes begin.",
            "`text.partition(x)` cuts at the *first* x and returns three parts: before, x, "
            "after.",
            "Partition twice: first at the semicolon, then the part before it at the =.",
        ),
        (cookie_pair_ours,),
        minutes=5,
    ),
    Exercise(
        "E1.2",
        "encode",
        judge_encode,
        misconceptions(
            bytes="this is bytes, b'…'; a header is a string, so `.decode()` it",
            not_encoded="this is the JSON itself; a cookie must not contain its quotes and "
            "spaces, so encode it in base64url",
            padding_kept="the = at the end is padding, which a cookie does not need; strip it",
            standard_alphabet="this is base64 with + and /; cookies and URLs use - and _ "
            "instead: `urlsafe_b64encode`",
            python_repr="this is how Python's `str` writes a dict; other languages read JSON, "
            "so use `json.dumps`",
        ),
        (
            "Three steps: dict to JSON string, string to bytes, bytes to base64url.",
            "`json.dumps(…)`, `.encode()`, `base64.urlsafe_b64encode(…)`.",
            'The result is bytes that may end in =. Add `.decode().rstrip("=")`.',
        ),
        (encode_ours,),
        minutes=6,
        alike=(ClearCodec.seal,),
    ),
    Exercise(
        "E1.3",
        "decode",
        judge_decode,
        misconceptions(
            padding_missing="the length of base64 must be a multiple of four; add the = that "
            "`encode` stripped",
            one_value="this is one value of the dict; return the whole dict",
            not_utf_8="another server may write ë as it is, in UTF-8; your function reads it "
            "wrong, so let `json.loads` read the bytes",
            still_string="this is not a dict yet; convert it with `json.loads`",
            standard_alphabet="your function expects + and /, but the string contains - and "
            "_: use `urlsafe_b64decode`",
            evaluated="you ran the visitor's string as a Python program; an attacker could "
            "send any program. `json.loads` only reads data",
        ),
        (
            "Undo the three steps of `encode`, in reverse order.",
            'How many = are missing? `-len(text) % 4`, so add `"=" * (-len(text) % 4)`.',
            "`base64.urlsafe_b64decode(…)` returns bytes, and `json.loads` reads them.",
        ),
        (decode_ours,),
        minutes=6,
        alike=(ClearCodec.unseal,),
    ),
    Exercise(
        "E1.4",
        "forge",
        judge_forge,
        misconceptions(
            no_request="your function sent no request to `url`; send one there",
            set_by_the_server="you let the server set this message; write the cookie "
            "yourself, and send it to the page that reads",
            other_page="you sent your cookie to another page; `/session-test-read` reads the "
            "message",
            no_cookie="your request has no `Cookie` header; a visitor sends `Cookie`, a server "
            "sends `Set-Cookie`",
            other_name="your cookie is not called `session`; the header is `session=`, then "
            "the value",
            not_read="the server found no message in your cookie; encode the dict that the app "
            "stores, whose key is `message`",
            whole_response="this is the whole response; return its text, `.text`",
        ),
        (
            "What did the visitor send when the server read a message before? The diagram "
            "shows it.",
            "The value is the result of `encode`. `requests.get(…, headers=…)` sends a header "
            "that you write.",
            'The header is {"Cookie": f"session={…}"}. Return the text of the response.',
        ),
        (forge_ours,),
        level=2,
        minutes=10,
    ),
    Exercise(
        "E1.5",
        "cookie_header",
        judge_cookie_header,
        misconceptions(
            attributes_kept="attributes never go back to the server; send name=value alone",
            first_only="you did not send all cookies; two cookies with different names are "
            "both kept",
            never_replaced="you sent an old value; a new cookie replaces one with the same "
            "name and Path",
            never_deleted="you sent a deleted cookie; Max-Age of zero or less deletes it at "
            "once",
            always_deleted="you deleted a cookie that is still valid; only a Max-Age of zero "
            "or less deletes",
            path_ignored="you sent a cookie to a page outside of its Path",
            path_below="you did not send a cookie to a page that its Path covers: the path "
            "itself, and all below it",
            path_begins_alike="/shopping only *begins* like /shop; it is not below it",
            case="an attribute's name may be written in any case: max-age, Path, PATH",
            every_equals="you cut a value at its own =; only the first = ends the name",
            no_path="a cookie without a Path counts as one with Path=/",
            one_per_name="a cookie replaces or deletes only one with the same name *and* Path",
            header_name="return the header's value only, without `Cookie:` before it",
            separator="between two cookies there is a semicolon and one space",
            not_string="this is not a string; a header is one string",
        ),
        (
            "Keep the cookies in a dict. What is its key, so that a new cookie replaces the "
            "right one?",
            "Split each line at its semicolons. The first part is the cookie; the others are "
            "attributes.",
            "A Path covers the request's path if they are equal, or if the path begins with "
            "the Path and a slash.",
        ),
        (cookie_header_ours,),
        level=2,
        minutes=20,
        must=False,
    ),
)
