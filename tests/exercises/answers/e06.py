"""Answers of learners to the exercises of notebook 06; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import but, cells

_ENSURE = """
def ensure_login(view):
    @wraps(view)
    def guarded(*args, **kwargs):
        if not session.get("user"):
            return redirect("/login", code=302)
        return view(*args, **kwargs)

    return guarded
"""
_DOORS = """
def open_doors(app):
    doors = set()
    for rule in app.url_map.iter_rules():
        if rule.arguments:
            continue
        client = app.test_client()
        response = client.get(rule.rule)
        if response.status_code == 200:
            doors.add(rule.rule)
    return doors
"""

WRONG: dict[str, dict[str, list[str]]] = {
    "E6.1": {
        "whole-urls": cells(
            """
            def get_in(url, paths):
                urls = [url + path for path in paths]
                return {u for u in urls if requests.get(u, allow_redirects=False).ok}
            """,
        ),
        "followed": cells(
            """
            def get_in(url, paths):
                return {path for path in paths if requests.get(url + path).status_code == 200}
            """,
        ),
        "logged-in": cells(
            """
            def get_in(url, paths):
                found, visitor = set(), requests.Session()
                for path in paths:
                    answer = visitor.get(url + path, allow_redirects=False)
                    if answer.status_code == 200:
                        found.add(path)
                return found
            """,
        ),
        "not-200": cells(
            """
            def get_in(url, paths):
                return [p for p in paths if requests.get(url + p, allow_redirects=False).ok]
            """,
            """
            def get_in(url, paths):
                def status(path):
                    return requests.get(url + path, allow_redirects=False).status_code

                return {path for path in paths if status(path) not in (302, 401)}
            """,
        ),
    },
    "E6.5": {
        "no-slash": cells(
            'detour = "https://evil.example/"',
            'detour = "evil.example"',
        ),
        "stays": cells(
            'detour = "/evil.example"',
            'detour = "/https://evil.example/"',
            'detour = "/report?next=https://evil.example"',
        ),
        "backslash": cells(
            r"detour = '/\\evil.example'",
        ),
    },
    "E6.6": {
        "yes-or-no": cells(
            """
            def safe_next(target):
                return target.startswith("/") and not target.startswith("//")
            """,
        ),
        "line-break": cells(
            r"""
            def safe_next(target):
                seen = target.replace("\t", "").strip()
                if seen.startswith("/") and seen[1:2] not in ("/", "\\"):
                    return target
                return "/dashboard"
            """,
        ),
        "honest-refused": cells(
            """
            def safe_next(target):
                return target if target in ("/dashboard", "/report") else "/dashboard"
            """,
            r"""
            def safe_next(target):
                plain = target.isprintable() and "\\" not in target
                if plain and target.startswith("/") and "//" not in target:
                    return target
                return "/dashboard"
            """,
            """
            def safe_next(target):
                return "/dashboard"
            """,
        ),
        "nothing-given": cells(
            r"""
            def safe_next(target):
                if not target:
                    return target
                good = target.isprintable() and target[0] == "/"
                return target if good and target[1:2] not in ("/", "\\") else "/dashboard"
            """,
        ),
    },
    "E6.7": {
        "open": cells(
            """
            def close(app, opened):
                @app.before_request
                def deny():
                    if request.endpoint in opened and not session.get("user"):
                        pass
            """,
            """
            def close(app, opened):
                @app.before_request
                def deny():
                    if request.endpoint not in opened and not session.get("user"):
                        redirect("/login", code=302)
            """,
        ),
        "only-get": cells(
            """
            def close(app, opened):
                @app.before_request
                def deny():
                    here = request.method == "GET" and request.endpoint not in opened
                    if here and not session.get("user"):
                        return redirect("/login", code=302)
            """,
        ),
        "not-later": cells(
            """
            def close(app, opened):
                def guard(view):
                    @wraps(view)
                    def guarded(*args, **kwargs):
                        if not session.get("user"):
                            return redirect("/login", code=302)
                        return view(*args, **kwargs)

                    return guarded

                for name in set(app.view_functions) - set(opened):
                    app.view_functions[name] = guard(app.view_functions[name])
            """,
        ),
        "view-ran": cells(
            """
            def close(app, opened):
                @app.after_request
                def deny(response):
                    if request.endpoint in opened or session.get("user"):
                        return response
                    return redirect("/login", code=302)
            """,
        ),
        "users-refused": cells(
            """
            def close(app, opened):
                @app.before_request
                def deny():
                    if request.endpoint not in opened:
                        return redirect("/login", code=302)
            """,
        ),
        "list-ignored": cells(
            """
            def close(app, opened):
                @app.before_request
                def deny():
                    if request.path != "/login" and not session.get("user"):
                        return redirect("/login", code=302)
            """,
            """
            def close(app, opened):
                @app.before_request
                def deny():
                    if request.path not in opened and not session.get("user"):
                        return redirect("/login", code=302)
            """,
        ),
    },
    "E6.2": {
        "too-early": cells(
            """
            def ensure_login(view):
                if session.get("user"):
                    return view
                return redirect("/login", code=302)
            """,
            """
            def ensure_login(view):
                user = session.get("user")

                @wraps(view)
                def guarded(*args, **kwargs):
                    if not user:
                        return redirect("/login", code=302)
                    return view(*args, **kwargs)

                return guarded
            """,
            but(_ENSURE, ("    return guarded\n", "    return guarded()\n")),
        ),
        "not-a-view": cells(
            but(_ENSURE, ("    return guarded\n", "")),
            """
            def ensure_login(view):
                return redirect("/login", code=302)
            """,
        ),
        "no-view": cells(
            but(_ENSURE, ("return view(*args, **kwargs)", "view(*args, **kwargs)")),
            but(_ENSURE, ("return view(*args, **kwargs)", "return view")),
        ),
        "no-arguments": cells(
            but(
                _ENSURE,
                ("guarded(*args, **kwargs)", "guarded()"),
                ("view(*args, **kwargs)", "view()"),
            ),
            but(_ENSURE, ("view(*args, **kwargs)", "view()")),
            but(
                _ENSURE,
                ("guarded(*args, **kwargs)", "guarded(*args)"),
                ("view(*args, **kwargs)", "view(*args)"),
            ),
        ),
        "inverted": cells(
            but(_ENSURE, ('not session.get("user")', 'session.get("user")')),
            but(_ENSURE, ('not session.get("user")', '"user" in session')),
        ),
        "nobody": cells(
            but(_ENSURE, ('"user"', '"userName"')),
            but(_ENSURE, ('not session.get("user")', "True")),
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    return redirect("/login", code=302)

                return guarded
            """,
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    return redirect("/login") if session.get("user") else 1 / 0

                return guarded
            """,
        ),
        "mixes-views": cells(
            """
            def ensure_login(view):
                global wanted
                wanted = view

                @wraps(view)
                def guarded(*args, **kwargs):
                    if not session.get("user"):
                        return redirect("/login", code=302)
                    return wanted(*args, **kwargs)

                return guarded
            """,
            """
            PAGES = []

            def ensure_login(view):
                PAGES.insert(0, view)

                @wraps(view)
                def guarded(*args, **kwargs):
                    if not session.get("user"):
                        return redirect("/login", code=302)
                    return PAGES[-1](*args, **kwargs)

                return guarded
            """,
        ),
        "hides-errors": cells(
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    try:
                        if session["user"]:
                            return view(*args, **kwargs)
                    except LookupError:
                        pass
                    return redirect("/login", code=302)

                return guarded
            """,
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    try:
                        assert session.get("user")
                        return view(*args, **kwargs)
                    except Exception:
                        return redirect("/login")

                return guarded
            """,
        ),
        "remembers": cells(
            """
            def ensure_login(view):
                known = []

                @wraps(view)
                def guarded(*args, **kwargs):
                    if session.get("user"):
                        known.append(session["user"])
                    if not known:
                        return redirect("/login", code=302)
                    return view(*args, **kwargs)

                return guarded
            """,
        ),
        "everybody": cells(
            """
            def ensure_login(view):
                return view
            """,
            but(
                _ENSURE, ('return redirect("/login", code=302)', 'redirect("/login", code=302)')
            ),
            but(_ENSURE, ('not session.get("user")', "session is None")),
        ),
        "any-user": cells(
            but(_ENSURE, ('not session.get("user")', '"user" not in session')),
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    if "user" in session:
                        return view(*args, **kwargs)
                    return redirect("/login")

                return guarded
            """,
        ),
        "view-first": cells(
            """
            def ensure_login(view):
                @wraps(view)
                def guarded(*args, **kwargs):
                    answer = view(*args, **kwargs)
                    if session.get("user"):
                        return answer
                    return redirect("/login", code=302)

                return guarded
            """,
        ),
        "no-redirect": cells(
            but(_ENSURE, ('redirect("/login", code=302)', '"please log in"')),
            but(_ENSURE, ('redirect("/login", code=302)', '"<form></form>", 200')),
        ),
        "no-wraps": cells(
            but(_ENSURE, ("    @wraps(view)\n", "")),
            """
            def ensure_login(view):
                return lambda *args, **kwargs: (
                    view(*args, **kwargs) if session.get("user") else redirect("/login")
                )
            """,
        ),
    },
    "E6.3": {
        "guard-above": cells(
            """
            def add_report(app):
                @ensure_login
                @app.get("/report")
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    return "All our figures"

                report = ensure_login(report)
            """,
        ),
        "page-instead": cells(
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    return "All our figures" if session.get("user") else "please log in"
            """,
        ),
        "closes-others": cells(
            """
            def add_report(app):
                @app.get("/report")
                @ensure_login
                def report():
                    return "All our figures"

                @app.before_request
                def deny():
                    if request.path != "/login" and not session.get("user"):
                        return redirect("/login", code=302)
            """,
        ),
        "side-door": cells(
            """
            def add_report(app):
                @app.get("/report")
                @ensure_login
                def report():
                    return "All our figures"

                @app.post("/login")
                def log_in_too():
                    return "welcome"
            """,
            """
            def add_report(app):
                @app.get("/report")
                @ensure_login
                def report():
                    return "All our figures"

                @app.get("/report/<any(pdf, csv):kind>")
                def as_file(kind):
                    return "All our figures as a file"
            """,
            """
            def add_report(app):
                @app.get("/report")
                @ensure_login
                def report():
                    return "All our figures"

                @app.errorhandler(404)
                def missing(error):
                    return "No such page, but here are: All our figures", 404
            """,
            """
            def add_report(app):
                @app.get("/report")
                @ensure_login
                def report():
                    return "All our figures"

                @app.get("/report.json")
                def report_json():
                    return {"text": "All our figures"}
            """,
            """
            def add_report(app):
                @app.get("/report")
                @ensure_login
                def report():
                    return "All our figures"

                @app.post("/report/<int:year>")
                def of_year(year):
                    return f"All our figures of {year}"
            """,
        ),
        "no-guard": cells(
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                app.add_url_rule("/report", view_func=lambda: "All our figures")
            """,
        ),
        "no-route": cells(
            """
            def add_report(app):
                @ensure_login
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                @app.get("/reports")
                @ensure_login
                def report():
                    return "All our figures"
            """,
        ),
        "nobody": cells(
            """
            def add_report(app):
                @app.post("/report")
                @ensure_login
                def report():
                    return "All our figures"
            """,
            """
            def add_report(app):
                @app.get("/report")
                def report():
                    if not session.get("admin"):
                        return redirect("/login", code=302)
                    return "All our figures"
            """,
        ),
    },
    "E6.4": {
        "one-visitor": [
            but(_DOORS, ("        client = app.test_client()\n", "")).replace(
                "    doors = set()\n", "    doors = set()\n    client = app.test_client()\n"
            ),
            *cells(
                """
                def open_doors(app):
                    with app.test_client() as client:
                        rules = [r for r in app.url_map.iter_rules() if not r.arguments]
                        return {r.rule for r in rules if client.get(r.rule).status_code == 200}
                """
            ),
        ],
        "follows": [
            but(_DOORS, ("get(rule.rule)", "get(rule.rule, follow_redirects=True)")),
        ],
        "not-refused": [
            but(_DOORS, ("== 200", "!= 302")),
            but(_DOORS, ("== 200", "!= 404")),
            but(_DOORS, ("== 200", "< 400")),
            but(_DOORS, ("        if response.status_code == 200:\n    ", "")),
        ],
        "with-arguments": [
            but(_DOORS, ("        if rule.arguments:\n            continue\n", "")),
            *cells(
                """
                def open_doors(app):
                    found = []
                    for rule in app.url_map.iter_rules():
                        path = rule.rule
                        if app.test_client().get(path).status_code == 200:
                            found.append(path)
                    return found
                """
            ),
        ],
        "fixed": cells(
            """
            def open_doors(app):
                return {"/login"}
            """,
        ),
        "names": [
            but(_DOORS, ("doors.add(rule.rule)", "doors.add(rule.endpoint)")),
            *cells(
                """
                def open_doors(app):
                    return {
                        rule.endpoint
                        for rule in app.url_map.iter_rules()
                        if app.test_client().get(rule.rule).status_code == 200
                    }
                """
            ),
        ],
    },
}

RIGHT: dict[str, list[str]] = {
    "E6.1": cells(
        """
        def get_in(url, paths):
            found = []
            for path in paths:
                answer = requests.request("GET", f"{url}{path}", allow_redirects=False)
                if answer.status_code == 200:
                    found.append(path)
            return found
        """,
        """
        import http.client

        def get_in(url, paths):
            opened = set()
            for path in paths:
                connection = http.client.HTTPConnection(url.removeprefix("http://"))
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    opened |= {path}
                connection.close()
            return opened
        """,
    ),
    "E6.5": cells(
        'detour = "//evil.example:8080/"',
        'detour = "//evil.example/"',
        r'detour = "/\t/evil.example/"',
        'detour = "//user@evil.example/report"',
    ),
    "E6.6": cells(
        """
        from urllib.parse import urljoin, urlsplit

        def safe_next(target):
            if not target.isprintable() or chr(92) in target:
                return "/dashboard"
            there = urlsplit(urljoin(request.host_url, target))
            inside = there.netloc == request.host and target.startswith("/")
            return target if inside and not target.startswith("//") else "/dashboard"
        """,
        r"""
        import re

        def safe_next(target):
            good = re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", target)
            return target if good else "/dashboard"
        """,
        r"""
        from urllib.parse import urlsplit

        def safe_next(target):
            if any(c in target for c in "\\\t\r\n") or target != target.strip():
                return "/dashboard"
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or not target.startswith("/"):
                return "/dashboard"
            if target.startswith("//"):
                return "/dashboard"
            return target
        """,
    ),
    "E6.7": cells(
        """
        from flask import abort

        def close(app, opened):
            def deny():
                if session.get("user") or request.endpoint in opened:
                    return None
                return redirect("/login")

            app.before_request(deny)
        """,
        """
        def close(app, opened):
            @app.before_request
            def deny():
                if request.url_rule is not None and request.url_rule.endpoint in opened:
                    return
                if not session.get("user"):
                    return redirect("/login", code=302)
        """,
    ),
    "E6.2": cells(
        """
        from flask import make_response

        def ensure_login(view):
            @wraps(view)
            def guarded(*args, **kwargs):
                try:
                    known = bool(session["user"])
                except KeyError:
                    known = False
                if not known:
                    return "", 302, {"Location": f"/login?next={request.path}"}
                return make_response(view(*args, **kwargs))

            return guarded
        """,
        """
        import functools

        def ensure_login(view):
            @functools.wraps(view)
            def guarded(*args, **kwargs):
                if session.get("user"):
                    return view(*args, **kwargs)
                return redirect("/login")

            return guarded
        """,
        """
        def ensure_login(view):
            def guarded(**arguments):
                if "user" not in session or not session["user"]:
                    return redirect("/login", 302)
                answer = view(**arguments)
                return answer

            return wraps(view)(guarded)
        """,
        """
        from flask import url_for

        def ensure_login(view):
            def guarded(*args, **kwargs):
                user = session.get("user")
                return view(*args, **kwargs) if user else redirect(url_for("login"))

            guarded.__name__ = view.__name__
            return guarded
        """,
    ),
    "E6.3": cells(
        """
        def add_report(app):
            def report():
                return "All our figures"

            app.add_url_rule("/report", view_func=ensure_login(report))
        """,
        """
        def add_report(app):
            @app.route("/report", methods=["GET"])
            @ensure_login
            def figures():
                return "All our figures"

            return app
        """,
        """
        def add_report(app):
            @app.get("/report")
            def report():
                if not session.get("user"):
                    return redirect("/login", code=302)
                return "All our figures"
        """,
    ),
    "E6.4": cells(
        """
        def open_doors(app):
            paths = [r.rule for r in app.url_map.iter_rules() if "<" not in r.rule]
            return [p for p in paths if app.test_client().get(p).status_code == 200]
        """,
        """
        def open_doors(app):
            doors = set()
            for rule in app.url_map.iter_rules():
                if len(rule.arguments) == 0 and "GET" in rule.methods:
                    with app.test_client() as stranger:
                        if stranger.get(str(rule)).status == "200 OK":
                            doors |= {rule.rule}
            return frozenset(doors)
        """,
        """
        def open_doors(app):
            found = ()
            for rule in app.url_map.iter_rules():
                if not rule.arguments:
                    answer = app.test_client(use_cookies=False).get(rule.rule)
                    if answer.status_code == 200:
                        found += (rule.rule,)
            return found
        """,
    ),
}

_DEFAULT_302 = "this Flask redirects with 302 by default, but a later one may not"
EQUIVALENT: dict[str, dict[str, str]] = {
    "E6.5": {"line 2: `'/'` dropped": "the path may be left out"},
    "E6.7": {"line 5: argument `code=302` dropped": _DEFAULT_302},
    "E6.2": {
        "line 5: argument `code=302` dropped": _DEFAULT_302,
        "line 6: argument `*args` dropped": "Flask passes arguments by name only",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E6.5": [
        ("detour = 5", "the target should be a string, but is 5"),
        (
            "detour = '//another.example/'",
            "this leads away, but not to evil.example: Location is //another.example/",
        ),
    ],
    "E6.6": [
        (
            "def safe_next(t): return t if t[:1] == '/' and t[1:2] != '/' and t.isprintable() "
            "else '/dashboard'",
            "safe_next('/\\\\evil.example/') returned '/\\\\evil.example/', which browsers",
        ),
        ("def safe_next(t): return t", "safe_next('https://evil.example/') returned"),
        (
            "def safe_next(t): return t if t[:1] == '/' and t[1:2] not in '/\\\\' and "
            "t.isprintable() else '/'",
            "safe_next('https://evil.example/') should return '/dashboard', but returned '/'",
        ),
    ],
    "E6.2": [
        (
            "def ensure_login(v): return lambda **o: v(**o) + '!'",
            "with a user, the page should be 'room 7', but is 'room 7!'",
        ),
        (
            "def ensure_login(v): return lambda **o: v(**o) if session.get('user') else "
            "('', 401)",
            "without a user, the response should be a redirect (302) to /login, but its "
            "status is 401",
        ),
        (
            "def ensure_login(v): return lambda **o: v(**o) if session['user'] else 1",
            "… raised KeyError: 'user'",
        ),
        (
            "def ensure_login(v): return lambda **o: v(**o) if session.pop('user', 0) "
            "else redirect('/login')",
            "a user can open the page once, but not again; leave the session as it is",
        ),
        (
            "def ensure_login(v): return lambda **o: v(**o) + 1",
            '… raised TypeError: can only concatenate str (not "int") to str',
        ),
        (
            "def ensure_login(v): raise LookupError('lost')",
            "… raised LookupError: lost",
        ),
    ],
    "E6.3": [
        (
            "def add_report(app):\n    app.get('/report')(ensure_login(lambda: 'x'))",
            "GET /report with a user should return 'All our figures', but returned 'x'",
        ),
        (
            "def add_report(app):\n    app.get('/report')(lambda: 'All our figures' if "
            "session.get('user') else redirect('/'))",
            "GET /report without a user should redirect to '/login', but the Location is '/'",
        ),
    ],
    "E6.4": [
        # One path for each view.
        (
            "def open_doors(app):\n"
            "    rules = [each for each in app.url_map.iter_rules() if not each.arguments]\n"
            "    paths = {each.endpoint: each.rule for each in rules}.values()\n"
            "    return {p for p in paths if app.test_client().get(p).status_code == 200}",
            "open_doors(app) should return {…yard-",
        ),
        (
            "def open_doors(app): return {r.rule for r in app.url_map.iter_rules() if not "
            "r.arguments and r.rule[-1] != '/' and app.test_client().get(r.rule).status_code "
            "== 200}",
            "open_doors(app) should return {…yard-",
        ),
        (
            "def open_doors(app): return {r.rule for r in app.url_map.iter_rules() if not "
            "r.arguments and r.methods == {'GET', 'HEAD', 'OPTIONS'} and "
            "app.test_client().get(r.rule).status_code == 200}",
            "open_doors(app) should return {…garden-",
        ),
        (
            "def open_doors(app): return 5",
            "open_doors(app) should return {…}, but returned 5",
        ),
        (
            "def open_doors(app): return {'/garden'}",
            "open_doors(app) should return {…}, but returned {'/garden'}",
        ),
        (
            "def open_doors(app): return set()",
            "open_doors(app) should return {…}, but returned set()",
        ),
    ],
}
