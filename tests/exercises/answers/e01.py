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
        "one-value": cells(
            """
            def decode(text):
                raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
                return json.loads(raw)["message"]
            """,
        ),
        "not-utf-8": cells(
            """
            def decode(text):
                raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
                return json.loads(raw.decode("latin-1"))
            """,
        ),
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
    "E1.4": {
        "no-request": cells(
            """
            def forge(url, message):
                return f"session message: {message}"
            """,
            """
            def forge(url, message):
                return encode({"message": message})
            """,
        ),
        "set-by-the-server": cells(
            """
            def forge(url, message):
                visitor = requests.Session()
                visitor.get(f"{url}/session-test-add", params={"message": message})
                return visitor.get(f"{url}/session-test-read").text
            """,
        ),
        "other-page": cells(
            """
            def forge(url, message):
                headers = {"Cookie": f"session={encode({'message': message})}"}
                return requests.get(f"{url}/dashboard", headers=headers).text
            """,
            """
            def forge(url, message):
                requests.get(url, cookies={"session": encode({"message": message})})
            """,
        ),
        "not-read": cells(
            """
            def forge(url, message):
                headers = {"Cookie": f"session={json.dumps({'message': message})}"}
                return requests.get(f"{url}/session-test-read", headers=headers).text
            """,
            """
            def forge(url, message):
                headers = {"Cookie": f"session={encode({'session message': message})}"}
                return requests.get(f"{url}/session-test-read", headers=headers).text
            """,
        ),
        "no-cookie": cells(
            """
            def forge(url, message):
                headers = {"Set-Cookie": f"session={encode({'message': message})}"}
                return requests.get(f"{url}/session-test-read", headers=headers).text
            """,
            """
            def forge(url, message):
                return requests.get(f"{url}/session-test-read?message={message}").text
            """,
        ),
        "other-name": cells(
            """
            def forge(url, message):
                headers = {"Cookie": encode({"message": message})}
                return requests.get(f"{url}/session-test-read", headers=headers).text
            """,
            """
            def forge(url, message):
                headers = {"Cookie": f"message={message}"}
                return requests.get(f"{url}/session-test-read", headers=headers).text
            """,
        ),
        "whole-response": cells(
            """
            def forge(url, message):
                headers = {"Cookie": f"session={encode({'message': message})}"}
                return requests.get(f"{url}/session-test-read", headers=headers)
            """,
        ),
    },
    "E1.5": {
        "attributes-kept": cells(
            """
            def cookie_header(lines, path):
                return "; ".join(lines)
            """,
        ),
        "first-only": cells(
            """
            def cookie_header(lines, path):
                return lines[-1].split(";")[0] if lines else ""
            """,
        ),
        "never-replaced": cells(
            """
            def cookie_header(lines, path):
                return "; ".join(line.split(";")[0] for line in lines)
            """,
        ),
        "never-deleted": cells(
            """
            def cookie_header(lines, path):
                kept = dict(cookie_pair(line) for line in lines)
                return "; ".join(f"{name}={value}" for name, value in kept.items())
            """,
        ),
        "always-deleted": cells(
            """
            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    name, value = cookie_pair(line)
                    kept[name] = value
                    if "max-age" in line.lower():
                        del kept[name]
                return "; ".join(f"{name}={value}" for name, value in kept.items())
            """,
        ),
        "path-ignored": cells(
            """
            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    name, value = cookie_pair(line)
                    kept[name] = value
                    if "Max-Age=0" in line or "Max-Age=-" in line:
                        del kept[name]
                return "; ".join(f"{name}={value}" for name, value in kept.items())
            """,
        ),
        "path-below": cells(
            """
            import re

            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    name, value = cookie_pair(line)
                    kept[name] = (value, re.search("path=([^;]*)", line.lower()).group(1))
                    if re.search("max-age=(0|-)", line.lower()):
                        del kept[name]
                sent = [f"{n}={v}" for n, (v, at) in kept.items() if at in ("/", path)]
                return "; ".join(sent)
            """,
        ),
        "path-begins-alike": cells(
            """
            import re

            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    name, value = cookie_pair(line)
                    kept[name] = (value, re.search("path=([^;]*)", line.lower()).group(1))
                    if re.search("max-age=(0|-)", line.lower()):
                        del kept[name]
                sent = [f"{n}={v}" for n, (v, at) in kept.items() if path.startswith(at)]
                return "; ".join(sent)
            """,
        ),
        "case": cells(
            """
            import re

            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    name, value = cookie_pair(line)
                    found = re.search("Path=([^;]*)", line)
                    at = found.group(1).rstrip("/") if found else ""
                    kept[name] = (value, at)
                    if re.search("Max-Age=(0|-)", line):
                        del kept[name]
                here = path.rstrip("/") + "/"
                sent = [f"{n}={v}" for n, (v, at) in kept.items() if here.startswith(at + "/")]
                return "; ".join(sent)
            """,
        ),
        "every-equals": cells(
            """
            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    first, *others = [part.strip().split("=") for part in line.split(";")]
                    given = {each[0].lower(): each[-1] for each in others}
                    at = given.get("path", "/").rstrip("/")
                    kept.pop((first[0], at), None)
                    if int(given.get("max-age", 1)) > 0:
                        kept[first[0], at] = first[1]
                here = path.rstrip("/") + "/"
                sent = [f"{n}={v}" for (n, at), v in kept.items() if here.startswith(at + "/")]
                return "; ".join(sent)
            """,
        ),
        "no-path": cells(
            """
            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    (name, value), *others = [cookie_pair(p.strip()) for p in line.split(";")]
                    given = {key.lower(): text for key, text in others}
                    at = given.get("path", "/none").rstrip("/")
                    kept.pop((name, at), None)
                    if int(given.get("max-age", 1)) > 0:
                        kept[name, at] = value
                here = path.rstrip("/") + "/"
                sent = [f"{n}={v}" for (n, at), v in kept.items() if here.startswith(at + "/")]
                return "; ".join(sent)
            """,
        ),
        "one-per-name": cells(
            """
            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    (name, value), *others = [cookie_pair(p.strip()) for p in line.split(";")]
                    given = {key.lower(): text for key, text in others}
                    kept[name] = (value, given.get("path", "/").rstrip("/"))
                    if int(given.get("max-age", 1)) <= 0:
                        del kept[name]
                here = path.rstrip("/") + "/"
                sent = [f"{n}={v}" for n, (v, at) in kept.items() if here.startswith(at + "/")]
                return "; ".join(sent)
            """,
        ),
        "header-name": cells(
            """
            def cookie_header(lines, path):
                return "Cookie: " + "; ".join(line.split(";")[0] for line in lines)
            """,
        ),
        "separator": cells(
            """
            def cookie_header(lines, path):
                return ", ".join(line.split(";")[0] for line in lines)
            """,
            """
            def cookie_header(lines, path):
                kept = {}
                for line in lines:
                    (name, value), *others = [cookie_pair(p.strip()) for p in line.split(";")]
                    given = {key.lower(): text for key, text in others}
                    at = given.get("path", "/").rstrip("/")
                    kept.pop((name, at), None)
                    if int(given.get("max-age", 1)) > 0:
                        kept[name, at] = value
                here = path.rstrip("/") + "/"
                sent = [f"{n}={v}" for (n, at), v in kept.items() if here.startswith(at + "/")]
                return ";".join(sent)
            """,
        ),
        "not-string": cells(
            """
            def cookie_header(lines, path):
                return [line.split(";")[0] for line in lines]
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
    "E1.4": cells(
        """
        def forge(url, message):
            cookies = {"session": encode({"message": message})}
            return requests.get(url + "/session-test-read", cookies=cookies).text
        """,
        """
        from urllib.request import Request, urlopen

        def forge(url, message):
            cookie = base64.urlsafe_b64encode(json.dumps({"message": message}).encode())
            request = Request(f"{url}/session-test-read")
            request.add_header("Cookie", "session=" + cookie.decode().rstrip("="))
            with urlopen(request) as answer:
                return answer.read().decode()
        """,
        """
        def forge(url, message):
            visitor = requests.Session()
            visitor.cookies.set("session", encode({"user": "x", "message": message}))
            answer = visitor.get(f"{url}/session-test-read")
            answer.raise_for_status()
            return answer.text
        """,
    ),
    "E1.5": cells(
        """
        def cookie_header(lines, path):
            cookies = []
            for line in lines:
                pair, *rest = line.split(";")
                name, value = pair.split("=", 1)
                at, age = "/", 1
                for each in rest:
                    key, _, text = each.strip().partition("=")
                    if key.lower() == "path":
                        at = text
                    if key.lower() == "max-age":
                        age = int(text)
                cookies = [c for c in cookies if c[:2] != (name, at)]
                if age > 0:
                    cookies.append((name, at, value))

            def covers(at):
                return path == at or path.startswith(at if at.endswith("/") else at + "/")

            return "; ".join(name + "=" + value for name, at, value in cookies if covers(at))
        """,
        """
        from http.cookies import SimpleCookie

        def cookie_header(lines, path):
            jar = {}
            for line in lines:
                for name, morsel in SimpleCookie(line).items():
                    at = morsel["path"] or "/"
                    jar[name, at] = morsel
                    if morsel["max-age"] and int(morsel["max-age"]) <= 0:
                        jar.pop((name, at))
            sent = []
            for (name, at), morsel in reversed(jar.items()):
                if path == at or path.startswith(at.rstrip("/") + "/"):
                    sent.append(f"{name}={morsel.coded_value}")
            return "; ".join(sent)
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E1.3": {
        "line 2: `-len(text)` dropped": "Python ignores extra padding",
        "line 2: `-` to `+`": "this adds 2 for 2 and 3 for 1: also ignored",
    },
    "E1.5": {
        "line 4: `.split` to `.rsplit`": "both split at each semicolon",
        "line 4: argument `';'` dropped": "`cookie_pair` cuts at the semicolon",
        "line 5: `'1'` to `'2'`": "both are more than zero",
        "line 7: `.strip` to `.lstrip`": "no spaces come before a semicolon",
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
