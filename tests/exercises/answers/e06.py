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
    "E6.2": {
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
    "E6.3": {
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
    "E6.2": cells(
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
    "E6.3": cells(
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
    "E6.1": {
        "line 5: argument `code=302` dropped": _DEFAULT_302,
        "line 6: argument `*args` dropped": "Flask passes arguments by name only",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E6.1": [
        (
            "def ensure_login(v): return lambda **o: v(**o) + '!'",
            "with a user, the page should be 'room 7', but is 'room 7!'",
        ),
        (
            "def ensure_login(v): return lambda **o: v(**o) if session.get('user') else "
            "('', 401)",
            "without a user, the response should be 302 with Location '/login', but is 401 "
            "with None",
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
    "E6.2": [
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
    "E6.3": [
        (
            "def open_doors(app): return 5",
            "open_doors(app) should return {'/garden', '/login'}, but returned 5",
        ),
        (
            "def open_doors(app): return {'/garden'}",
            "open_doors(app) should return {'/garden', '/login'}, but returned {'/garden'}",
        ),
        (
            "def open_doors(app): return {'/garden', 'login'}",
            "open_doors(app) should return {'/garden', '/login'}, "
            "but returned {'/garden', 'login'}",
        ),
        (
            "def open_doors(app): return set()",
            "open_doors(app) should return {'/garden', '/login'}, but returned set()",
        ),
    ],
}
