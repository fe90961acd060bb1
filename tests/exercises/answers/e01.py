"""Answers of learners to the exercises of notebook 01; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

WRONG: dict[str, dict[str, list[str]]] = {
    "E1.1": {
        "attributes-kept": cells(
            """
            def cookie_pair(set_cookie):
                name, value = set_cookie.split("=", 1)
                return name, value
            """,
            """
            def cookie_pair(set_cookie):
                name, value = set_cookie.split("=")
                return name, value
            """,
            """
            def cookie_pair(set_cookie):
                parts = set_cookie.split("=")
                return parts[0], parts[1]
            """,
            """
            def cookie_pair(set_cookie):
                return set_cookie.partition("=")[::2]
            """,
        ),
        "every-equals": cells(
            """
            def cookie_pair(set_cookie):
                name, value = set_cookie.split(";")[0].split("=")
                return name, value
            """,
            """
            def cookie_pair(set_cookie):
                parts = set_cookie.split("; ")[0].split("=")
                return parts[0], parts[1]
            """,
            """
            def cookie_pair(set_cookie):
                name, _, value = set_cookie.partition(";")[0].rpartition("=")
                return name, value
            """,
        ),
        "swapped": cells(
            """
            def cookie_pair(set_cookie):
                name, _, value = set_cookie.partition(";")[0].partition("=")
                return value, name
            """,
            """
            def cookie_pair(set_cookie):
                return tuple(reversed(set_cookie.split(";")[0].split("=", 1)))
            """,
        ),
        "one-string": cells(
            """
            def cookie_pair(set_cookie):
                return set_cookie.split(";")[0]
            """,
            """
            def cookie_pair(set_cookie):
                name, _, value = set_cookie.partition(";")[0].partition("=")
                return f"{name}, {value}"
            """,
            """
            def cookie_pair(set_cookie):
                return set_cookie.split(";")[0].split("=")[1]
            """,
            "def cookie_pair(set_cookie): return set_cookie[7]",
        ),
    },
    "E1.2": {
        "bytes": cells(
            """
            def encode(content):
                return base64.urlsafe_b64encode(json.dumps(content).encode())
            """,
            """
            def encode(content):
                return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")
            """,
            """
            def encode(content):
                return str(base64.urlsafe_b64encode(json.dumps(content).encode())).rstrip("=")
            """,
            """
            def encode(content):
                return json.dumps(content).encode()
            """,
        ),
        "not-encoded": cells(
            """
            def encode(content):
                return json.dumps(content)
            """,
            """
            def encode(content):
                return json.dumps(content, separators=(",", ":")).rstrip("=")
            """,
        ),
        "padding-kept": cells(
            """
            def encode(content):
                return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
            """,
            """
            def encode(content):
                text = json.dumps(content)
                raw = text.encode("utf-8")
                return str(base64.b64encode(raw), "ascii")
            """,
        ),
        "standard-alphabet": cells(
            """
            def encode(content):
                return base64.b64encode(json.dumps(content).encode()).decode().rstrip("=")
            """,
            """
            def encode(content):
                text = base64.standard_b64encode(json.dumps(content).encode()).decode()
                return text.replace("=", "")
            """,
        ),
        "python-repr": cells(
            """
            def encode(content):
                return base64.urlsafe_b64encode(str(content).encode()).decode().rstrip("=")
            """,
            """
            def encode(content):
                return base64.urlsafe_b64encode(f"{content}".encode()).decode().strip("=")
            """,
            """
            def encode(content):
                return str(content)
            """,
        ),
    },
    "E1.3": {
        "padding-missing": cells(
            """
            def decode(text):
                return json.loads(base64.urlsafe_b64decode(text))
            """,
            """
            def decode(text):
                return json.loads(base64.urlsafe_b64decode(text.encode()).decode())
            """,
            """
            def decode(text):
                return json.loads(base64.urlsafe_b64decode(text + "="))
            """,
        ),
        "still-string": cells(
            """
            def decode(text):
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            """,
            """
            def decode(text):
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            """,
            """
            def decode(text):
                return str(base64.urlsafe_b64decode(text + "=="))
            """,
        ),
        "standard-alphabet": cells(
            """
            def decode(text):
                return json.loads(base64.b64decode(text + "=" * (-len(text) % 4)))
            """,
            """
            def decode(text):
                return json.loads(base64.standard_b64decode(text + "=="))
            """,
            """
            def decode(text):
                padded = text + "=" * (-len(text) % 4)
                return json.loads(base64.b64decode(padded, validate=True))
            """,
        ),
        "evaluated": cells(
            """
            def decode(text):
                return eval(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            """,
            """
            def decode(text):
                names = {"true": True, "false": False, "null": None}
                return eval(base64.urlsafe_b64decode(text + "==").decode(), names)
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E1.1": cells(
        """
        def cookie_pair(set_cookie):
            return tuple(set_cookie.split(";")[0].split("=", 1))
        """,
        """
        def cookie_pair(set_cookie):
            first, *attributes = set_cookie.split("; ")
            place = first.index("=")
            return [first[:place], first[place + 1:]]
        """,
        """
        from http.cookies import SimpleCookie

        def cookie_pair(set_cookie):
            [(name, morsel)] = SimpleCookie(set_cookie).items()
            return name, morsel.value
        """,
    ),
    "E1.2": cells(
        """
        def encode(content):
            text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
            return str(base64.urlsafe_b64encode(text.encode()), "ascii").replace("=", "")
        """,
        """
        def encode(content):
            text = base64.b64encode(json.dumps(content).encode(), altchars=b"-_").decode()
            while text.endswith("="):
                text = text[:-1]
            return text
        """,
        """
        from lesson_app.cookie import to_base64

        def encode(content):
            return to_base64(json.dumps(content, sort_keys=True, indent=1).encode())
        """,
    ),
    "E1.3": cells(
        """
        def decode(text):
            return json.loads(base64.urlsafe_b64decode(text + "==").decode("utf-8"))
        """,
        """
        def decode(text):
            while len(text) % 4:
                text += "="
            return json.loads(base64.b64decode(text.replace("-", "+").replace("_", "/")))
        """,
        """
        def decode(text):
            try:
                return json.loads(base64.b64decode(text + "===", altchars="-_"))
            except ValueError:
                return {}
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E1.3": {
        "line 2: `-len(text)` dropped": "Python ignores extra padding",
        "line 2: `-` to `+`": "this adds 2 for 2 and 3 for 1: also ignored",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E1.1": [
        (
            "def cookie_pair(t): return 'a', 'b'",
            "cookie_pair('session=abc; Path=/; HttpOnly') should return ('session', 'abc'), "
            "but returned ('a', 'b')",
        ),
        ("def cookie_pair(t): raise KeyError('a')", "… raised KeyError: 'a'"),
        (
            "def cookie_pair(t): return int(t) if 'dark' in t else "
            "(t[: t.index('=')], t[t.index('=') + 1 : (t + ';').index(';')])",
            "… raised ValueError: invalid literal for int() with base 10: 'theme=dark'",
        ),
    ],
    "E1.2": [
        (
            "def encode(c): return 'abc'",
            "encode({'message': 'hi'}) should return its JSON in base64url, but returned 'abc'",
        ),
        (
            "def encode(c): return to_base64(json.dumps(c).encode()) + '!'\n"
            "from lesson_app.cookie import to_base64",
            "encode({'message': 'hi'}) should return its JSON in base64url, "
            "but returned 'eyJtZXNzYWdlIjogImhpIn0!'",
        ),
        (
            "def encode(c): return 'abcde'",
            "encode({'message': 'hi'}) should return its JSON in base64url, "
            "but returned 'abcde'",
        ),
        (
            "def encode(c): print(c)",
            "encode({'message': 'hi'}) should return 'eyJtZXNzYWdlIjogImhpIn0', "
            "but returned None; is a `return` missing?",
        ),
    ],
    "E1.3": [
        (
            "def decode(t): return {}",
            "decode('eyJtZXNzYWdlIjogImhpIn0') should return {'message': 'hi'}, "
            "but returned {}",
        ),
        (
            "def decode(t): return json.loads(t)",
            "… raised JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        ),
    ],
}
