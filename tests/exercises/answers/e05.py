"""Answers of learners to the exercises of notebook 05; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import but, cells

_LOGIN = """
def login():
    if not is_user(request.form.get("userName", ""), request.form.get("password", "")):
        return render_template_string(LOGIN, message="invalid login")
    session.reset()
    session["user"] = dict(USER)
    return redirect("/dashboard", code=302)
"""
_CREDENTIALS = 'request.form.get("userName", ""), request.form.get("password", "")'
_CHECK_USER = f"""    if not is_user({_CREDENTIALS}):
        return render_template_string(LOGIN, message="invalid login")
"""

WRONG: dict[str, dict[str, list[str]]] = {
    "E5.1": {
        "gives-names-away": [
            but(
                _LOGIN,
                (
                    "    if not is_user",
                    '    if request.form.get("userName") != USER["userName"]:\n'
                    '        return render_template_string(LOGIN, message="no invalid login")\n'
                    "    if not is_user",
                ),
            ),
        ],
        "everybody": [
            but(
                _LOGIN,
                (
                    f"not is_user({_CREDENTIALS})",
                    'not is_user(USER["userName"], request.form.get("password", ""))',
                ),
            ),
            but(_LOGIN, (_CHECK_USER, "")),
            but(_LOGIN, (f"not is_user({_CREDENTIALS})", f"is_user({_CREDENTIALS})")),
            but(
                _LOGIN,
                (
                    '        return render_template_string(LOGIN, message="invalid login")',
                    '        render_template_string(LOGIN, message="invalid login")',
                ),
            ),
            *cells(
                """
                def login():
                    session.reset()
                    session["user"] = dict(USER)
                    if not is_user(request.form["userName"], request.form["password"]):
                        return render_template_string(LOGIN, message="invalid login")
                    return redirect("/dashboard")
                """,
            ),
        ],
        "wrong-redirects": [
            but(
                _LOGIN,
                (
                    'render_template_string(LOGIN, message="invalid login")',
                    'redirect("/login")',
                ),
            ),
            but(
                _LOGIN,
                (
                    'render_template_string(LOGIN, message="invalid login")',
                    'redirect("/login?message=invalid login", code=302)',
                ),
            ),
        ],
        "no-message": [
            but(_LOGIN, (', message="invalid login"', "")),
            but(_LOGIN, ('message="invalid login"', 'message=""')),
            but(_LOGIN, ('message="invalid login"', 'message="wrong password"')),
        ],
        "no-form": [
            but(
                _LOGIN,
                ('render_template_string(LOGIN, message="invalid login")', '"invalid login"'),
            ),
            but(_LOGIN, ("(LOGIN, message", '("<p>{{ message }}</p>", message')),
        ],
        "not-the-form": [
            but(_LOGIN, ('get("userName"', 'get("username"')),
            but(
                _LOGIN,
                (
                    _CREDENTIALS,
                    'request.form.get("password", ""), request.form.get("userName", "")',
                ),
            ),
            *cells(
                """
                def login():
                    name = request.form.get("userName")
                    password = request.form.get("password")
                    if name == USER["userName"] and password == USER.get("password"):
                        session.reset()
                        session["user"] = dict(USER)
                        return redirect("/dashboard", code=302)
                    return render_template_string(LOGIN, message="invalid login")
                """
            ),
        ],
        "password-kept": [
            but(_LOGIN, ("dict(USER)", "request.form.to_dict()")),
            but(_LOGIN, ("dict(USER)", '{**USER, "password": request.form["password"]}')),
            but(
                _LOGIN,
                (
                    "    return redirect(",
                    '    session["password"] = request.form["password"]\n    return redirect(',
                ),
            ),
        ],
        "no-redirect": [
            but(_LOGIN, ('redirect("/dashboard", code=302)', '"welcome"')),
            but(
                _LOGIN,
                (
                    'redirect("/dashboard", code=302)',
                    "render_template_string(DASHBOARD, user=USER)",
                ),
            ),
        ],
        "field-missing": [
            but(_LOGIN, ('get("password", "")', 'get("password")')),
            but(_LOGIN, (_CREDENTIALS, _CREDENTIALS.replace(', "")', ")"))),
        ],
        "not-reset": [
            but(_LOGIN, ("    session.reset()\n", "")),
            but(_LOGIN, ("session.reset()", 'session.pop("user", None)')),
        ],
        "from-url": [
            but(_LOGIN, (_CREDENTIALS, _CREDENTIALS.replace("form", "values"))),
            but(_LOGIN, (_CREDENTIALS, _CREDENTIALS.replace("form", "args"))),
            but(
                _LOGIN,
                (
                    "    if not",
                    "    request.form = request.form or request.args\n    if not",
                ),
            ),
        ],
    },
    "E5.2": {
        "still-in": cells(
            """
            def logout():
                return redirect("/login", code=302)
            """,
            """
            def logout():
                session.pop("message", None)
                return redirect("/login", code=302)
            """,
            """
            def logout():
                session = {}
                return redirect("/login", code=302)
            """,
        ),
        "rest-kept": cells(
            """
            def logout():
                session.pop("user", None)
                return redirect("/login", code=302)
            """,
            """
            def logout():
                del session["user"]
                return redirect("/login", code=302)
            """,
            """
            def logout():
                session["user"] = None
                return redirect("/login", code=302)
            """,
        ),
        "cookie-deleted": cells(
            """
            def logout():
                response = redirect("/login", code=302)
                response.delete_cookie("session")
                return response
            """,
            """
            def logout():
                response = redirect("/login", code=302)
                response.set_cookie("session", "", expires=0)
                return response
            """,
        ),
        "no-redirect": cells(
            """
            def logout():
                session.reset()
                return "bye"
            """,
            """
            def logout():
                session.reset()
                return render_template_string(LOGIN, message="")
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E5.1": [
        *cells(
            """
            def login():
                name = request.form["userName"]
                password = request.form["password"]
                if is_user(name, password):
                    session.clear()
                    session["user"] = {"userName": name, "email": USER["email"]}
                    return redirect("/dashboard")
                else:
                    return render_template_string(LOGIN, message="invalid login"), 200
            """,
            """
            from flask import make_response, url_for

            def login():
                form = request.form.to_dict()
                if not is_user(form.get("userName", ""), form.get("password", "")):
                    return make_response(
                        render_template_string(LOGIN, message="Sorry: invalid login."))
                session.reset()
                session.update(user=USER)
                return redirect(url_for("dashboard"), 302)
            """,
        ),
        but(_LOGIN, ("session.reset()", "for key in list(session):\n        del session[key]")),
    ],
    "E5.2": cells(
        """
        def logout():
            session.clear()
            return redirect("/login")
        """,
        """
        from flask import url_for

        def logout():
            session.reset()
            return redirect(url_for("login"), code=302)
        """,
        """
        def logout():
            for key in list(session):
                session.pop(key)
            return "", 302, {"Location": "/login"}
        """,
    ),
}

_DEFAULT_302 = "this Flask redirects with 302 by default, but a later one may not"
EQUIVALENT: dict[str, dict[str, str]] = {
    "E5.1": {
        "line 2: argument `''` dropped": "no user is called None",
        "line 2: `''` to `'x'`": "no user is called x",
        "line 2: `''` to `'x'` (2)": "no user has the password x",
        "line 6: argument `code=302` dropped": _DEFAULT_302,
    },
    "E5.2": {"line 3: argument `code=302` dropped": _DEFAULT_302},
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E5.1": [
        (
            "def login(): return 'no', 401",
            "for a wrong password, the response should be the form with status 200, but has "
            "status 401",
        ),
        (
            "def login():\n"
            "    if not is_user(request.form.get('userName'),"
            " request.form.get('password', '')):\n"
            "        return render_template_string(LOGIN, message='invalid login')\n"
            "    session['user'] = 'me'\n    return redirect('/dashboard')",
            "the session's user should be {'userName': 'sampleuser', 'email': "
            "'sampleuser@example.com'}, but the ",
        ),
    ],
    "E5.2": [
        (
            "def logout():\n    session.reset()\n    return redirect('/')",
            "the redirect should go to '/login', but goes to '/'",
        ),
        (
            "def logout():\n    session.reset()\n    return redirect('/login', code=307)",
            "the status should be 302, but is 307",
        ),
    ],
}
