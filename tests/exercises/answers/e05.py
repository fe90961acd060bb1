"""Answers of learners to the exercises of notebook 05; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import but, cells

# ---------------------------------------------------------------- E5.1 and E5.2

_LINK = """
from urllib.parse import quote

def evil_link(url, script):
    return f"{url}/session-test-add?message={quote(script)}"
"""
_READ = """
def read():
    return f"session message: {escape(session.get('message', 'undefined'))}"
"""
_GET = "session.get('message', 'undefined')"

# ---------------------------------------------------------------- E5.3 and E5.5

_FIND = """
from html import unescape

def find_users(url, names):
    def answer(name):
        response = guess(url, name)
        return response.status_code, unescape(response.text).replace(name, "")

    usual = answer("nobody-has-this-name")
    return {name for name in names if answer(name) != usual}
"""
_SLOW = """
import time
from statistics import mean, median

def seconds(url, name):
    start = time.perf_counter()
    guess(url, name)
    return time.perf_counter() - start

def typical(url, name):
    return min(seconds(url, name) for _ in range(5))

def slow_names(url, names):
    usual = typical(url, "nobody-has-this-name")
    return {name for name in names if typical(url, name) > 2 * usual}
"""

# ---------------------------------------------------------------- E5.4

_LOGIN = """
def login():
    name = request.form.get("userName", "")
    if not is_user(name, request.form.get("password", "")):
        return render_template_string(LOGIN, message="invalid login", user_name=name)
    session.reset()
    session["user"] = dict(USER)
    return redirect("/dashboard", code=302)
"""
_PASSWORD = 'request.form.get("password", "")'
_CHECK = f"not is_user(name, {_PASSWORD})"
_FORM = 'render_template_string(LOGIN, message="invalid login", user_name=name)'
_REDIRECT = 'redirect("/dashboard", code=302)'

# ---------------------------------------------------------------- E5.6 and E5.7

_OUT = """
def logout():
    session.reset()
    return redirect("/login", code=302)
"""
_COPY = """
def copy_works(url, victim, thief):
    thief.cookies.update(victim.cookies)
    victim.post(f"{url}/logout")
    return "Hello" in thief.get(f"{url}/dashboard").text
"""
_LIMIT = """
from collections import Counter
from flask import abort, make_response

def limited(view, now):
    wrong, until = Counter(), {}

    def limited_view():
        name = request.form["userName"]
        if name in until and now() < until[name]:
            abort(429)
        response = make_response(view())
        wrong[name] += 1
        if response.location:
            del wrong[name]
        elif wrong[name] == 10:
            until[name] = now() + 60
            del wrong[name]
        return response

    return limited_view
"""


def _out(*changes: tuple[str, str]) -> str:
    return but(_OUT, *changes) + _COPY


def _copy(*changes: tuple[str, str]) -> str:
    return _OUT + but(_COPY, *changes)


WRONG: dict[str, dict[str, list[str]]] = {
    "E5.1": {
        "sent": [
            but(
                _LINK, ('return f"', 'return requests.get(f"'), ("(script)}", "(script)}")
            ).replace('(script)}"', '(script)}")'),
            *cells(
                """
                def evil_link(url, script):
                    return Visitor().get(url + "/session-test-add", params={"message": script})
                """
            ),
        ],
        "other-path": [
            but(_LINK, ("-add", "-read")),
            but(_LINK, ("session-test-add", "add")),
        ],
        "no-parameter": [
            but(_LINK, ("message=", "script=")),
            but(_LINK, ("?message=", "#message=")),
        ],
        "fixed": [
            but(_LINK, ("quote(script)", "quote('<script>alert(1)</script>')")),
            but(_LINK, ("quote(script)", "SCRIPT")) + 'SCRIPT = "<script>stolen()</script>"\n',
        ],
        "escaped": [
            but(_LINK, ("quote(script)", "quote(str(escape(script)))")),
            *cells(
                """
                import html
                from urllib.parse import urlencode

                def evil_link(url, script):
                    query = urlencode({"message": html.escape(script)})
                    return f"{url}/session-test-add?{query}"
                """
            ),
            but(_LINK, ("quote(script)", "escape(script)")),
        ],
        "encoded-twice": [
            but(_LINK, ("quote(script)", "quote(quote(script))")),
            *cells(
                """
                from urllib.parse import quote, urlencode

                def evil_link(url, script):
                    query = urlencode({"message": quote(script, safe="")})
                    return f"{url}/session-test-add?{query}"
                """
            ),
        ],
        "not-encoded": [
            but(_LINK, ("quote(script)", "script")),
            but(_LINK, ("quote(script)", "script.replace('<', '%3C').replace('>', '%3E')")),
            but(_LINK, ("quote(script)", "script.replace('&', '%26').replace(' ', '+')")),
            but(_LINK, ("quote(script)", "quote(script, safe='&')")),
        ],
        "empty": [
            but(_LINK, ("{quote(script)}", "")),
            but(_LINK, ("quote(script)", "quote(script[:0])")),
        ],
        "stripped": [
            but(_LINK, ("quote(script)", "quote(script.strip())")),
            but(_LINK, ("quote(script)", "quote(script.rstrip())")),
        ],
    },
    "E5.2": {
        "not-escaped": [
            but(_READ, (f"escape({_GET})", _GET)),
            but(_READ, ("escape(", "str(")),
            *cells(
                """
                from markupsafe import Markup

                def read():
                    return "session message: " + Markup(session.get("message", "undefined"))
                """,
                """
                def read():
                    message = session.get("message", "undefined")
                    text = "session message: {{ m | safe }}"
                    return render_template_string(text, m=message)
                """,
                """
                def read():
                    message = session.get("message", "undefined").replace("&", "&amp;")
                    return f"session message: {message}"
                """,
                """
                def read():
                    message = str(session.get("message", "undefined"))
                    return "session message: " + message.replace("</script>", "")
                """,
            ),
        ],
        "script-only": cells(
            """
            def read():
                message = session.get("message", "undefined")
                for each in ("<script>", "</script>"):
                    message = message.replace(each, str(escape(each)))
                return f"session message: {message}"
            """,
            """
            import html
            import re

            def read():
                message = session.get("message", "undefined")
                if re.search("script", message):
                    message = html.escape(message)
                return f"session message: {message}"
            """,
        ),
        "changed": [
            but(_READ, (f"escape({_GET})", f"escape({_GET}.replace('<', ''))")),
            but(_READ, (f"escape({_GET})", "escape(session.get('message', 'undefined'))[:19]")),
            *cells(
                """
                import re

                def read():
                    message = re.sub("<[^>]*>", "", session.get("message", "undefined"))
                    return f"session message: {escape(message)}"
                """,
                """
                from markupsafe import Markup

                def read():
                    text = Markup(session.get("message", "undefined")).striptags()
                    return f"session message: {escape(text)}"
                """,
                """
                def read():
                    message = session.get("message", "undefined")
                    if "<" in message:
                        message = "refused"
                    return f"session message: {escape(message)}"
                """,
            ),
            but(_READ, (f"escape({_GET})", f"escape({_GET})[:90]")),
        ],
        "twice": [
            but(_READ, (f"escape({_GET})", f"escape(str(escape({_GET})))")),
            *cells(
                """
                import html

                def read():
                    message = html.escape(session.get("message", "undefined"))
                    return render_template_string("session message: {{ m }}", m=message)
                """
            ),
        ],
        "template": cells(
            """
            def read():
                message = escape(session.get("message", "undefined"))
                return render_template_string(f"session message: {message}")
            """,
            """
            def read():
                message = session.get("message", "undefined")
                return render_template_string("session message: " + message)
            """,
        ),
        "stripped": [
            but(_READ, (f"escape({_GET})", f"escape({_GET}.strip())")),
            but(_READ, (f"escape({_GET})", f"' '.join(escape({_GET}).split())")),
        ],
        "session-changed": cells(
            """
            def read():
                return f"session message: {escape(session.setdefault('message', 'undefined'))}"
            """,
            """
            def read():
                session.setdefault("visits", 0)
                return f"session message: {escape(session.get('message', 'undefined'))}"
            """,
            """
            def read():
                session["message"] = str(escape(session.get("message", "undefined")))
                return f"session message: {session['message']}"
            """,
            """
            def read():
                return f"session message: {escape(session.pop('message', 'undefined'))}"
            """,
        ),
        "no-message": [
            but(_READ, (", 'undefined'", "")),
            but(_READ, (_GET, "session['message']")),
            but(_READ, (", 'undefined'", ", ''")),
        ],
    },
    "E5.3": {
        "inverted": [but(_FIND, ("!= usual", "== usual"))],
        "wording": cells(
            """
            def find_users(url, names):
                return {name for name in names if "wrong password" in guess(url, name).text}
            """,
            """
            def find_users(url, names):
                return {name for name in names if "no such user" not in guess(url, name).text}
            """,
            """
            def find_users(url, names):
                found = set()
                for name in names:
                    text = guess(url, name).text.lower()
                    if "password" in text and "user" not in text:
                        found.add(name)
                return found
            """,
        ),
        "no-control": [
            but(_FIND, ('answer("nobody-has-this-name")', "answer(names[0])")),
            *cells(
                """
                def find_users(url, names):
                    texts = {name: guess(url, name).text for name in sorted(names)}
                    return {name for name in names if texts[name] != texts[max(names)]}
                """,
            ),
        ],
        "echo": [
            but(_FIND, ('.replace(name, "")', "")),
            but(_FIND, ('.replace(name, "")', '.replace("nobody-has-this-name", "")')),
            but(_FIND, ('.replace(name, "")', '.replace(name, "", 0)')),
        ],
        "status": [
            but(_FIND, ("response.status_code, ", "")),
        ],
        "too-many": [
            but(
                _FIND,
                (
                    "response = guess(url, name)",
                    "response = [guess(url, name) for _ in range(99)][0]",
                ),
            ),
        ],
        "not-asked": [
            but(_FIND, ("guess(url, name)", 'guess(url, "admin")')),
            but(_FIND, ("guess(url, name)", 'requests.get(f"{url}/login?userName={name}")')),
            *cells(
                """
                def find_users(url, names):
                    form = {"username": names[0], "password": "guess"}
                    return {n for n in names if requests.post(f"{url}/login", data=form).ok}
                """,
                """
                def find_users(url, names):
                    return {"sampleuser"}
                """,
                """
                def find_users(url, names):
                    for name in names:
                        return {name for _ in "x" if guess(url, name).ok}
                """,
            ),
        ],
        "not-names": [
            but(_FIND, ("return {name for", "return {answer(name) for")),
            but(
                _FIND,
                ("!= usual}", '!= usual} | {"nobody-has-this-name"}'),
            ),
        ],
        "missed": [
            but(_FIND, ("answer(name) != usual", "guess(url, name).status_code != 200")),
            *cells(
                """
                def find_users(url, names):
                    return {name for name in names if guess(url, name).ok}
                """,
                """
                def find_users(url, names):
                    for name in names:
                        guess(url, name)
                    return set()
                """,
                """
                import time

                def find_users(url, names):
                    def seconds(name):
                        start = time.perf_counter()
                        guess(url, name)
                        return time.perf_counter() - start
                    usual = min(seconds("nobody-has-this-name") for _ in range(3))
                    return {name for name in names if seconds(name) > 90 * usual}
                """,
            ),
        ],
        "length": [
            but(_FIND, ('unescape(response.text).replace(name, "")', "len(response.text)")),
            but(
                _FIND,
                (
                    'unescape(response.text).replace(name, "")',
                    "len(response.text) - len(name) * (name in response.text)",
                ),
            ),
        ],
        "status-only": [
            but(_FIND, (', unescape(response.text).replace(name, "")', "")),
            but(_FIND, ('unescape(response.text).replace(name, "")', "response.ok")),
            but(_FIND, ('.replace(name, "")', ".split()[:1]")),
        ],
        "taken": [
            but(_FIND, ("nobody-has-this-name", "admin")),
            but(_FIND, ("nobody-has-this-name", "sampleuser")),
        ],
        "empty-name": [
            but(_FIND, ('answer("nobody-has-this-name")', 'answer("")')),
        ],
        "escaped": [
            but(_FIND, ("unescape(response.text)", "response.text")),
            but(
                _FIND,
                ("import unescape", "import escape as html_escape"),
                ("unescape(response.text)", "response.text.replace(html_escape(name), '')"),
            ),
            but(
                _FIND,
                ("unescape(response.text)", "response.text.replace('&amp;', '&')"),
            ),
        ],
        "unescaped": [
            *cells(
                """
                from urllib.parse import quote

                def find_users(url, names):
                    def look(name):
                        got = guess(url, name)
                        plain = got.text.replace(str(escape(name)), "")
                        return got.status_code, plain if "&" in name else got.text.replace(
                            name, "")
                    usual = look("nobody-has-this-name")
                    return {name for name in names if look(name) != usual}
                """
            ),
        ],
    },
    "E5.4": {
        "gives-names-away": [
            but(
                _LOGIN,
                (
                    f"    if {_CHECK}",
                    f"    if is_user(name, {_PASSWORD}) is False and name != "
                    'USER["userName"]:\n        return '
                    + _FORM.replace("invalid login", "no invalid login")
                    + f"\n    if {_CHECK}",
                ),
            ),
            but(
                _LOGIN,
                (
                    f"return {_FORM}",
                    f'return {_FORM}, 401 if name == USER["userName"] else 200',
                ),
            ),
        ],
        "everybody": [
            but(_LOGIN, ("is_user(name,", 'is_user(USER["userName"],')),
            but(_LOGIN, (f"    if {_CHECK}:\n        return {_FORM}\n", "")),
            but(_LOGIN, ("if not is_user", "if is_user")),
            but(_LOGIN, (f"return {_FORM}", _FORM)),
            but(_LOGIN, (f"if {_CHECK}", f'if {_CHECK} and name != ""')),
            but(
                _LOGIN,
                ("    name =", "    global entered\n    name ="),
                (
                    f"if {_CHECK}",
                    f"entered = globals().get('entered') or is_user(name, {_PASSWORD})"
                    "\n    if not entered",
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
            *cells(
                """
                def login():
                    name = request.form.get("userName")
                    password = request.form.get("password")
                    if name == USER["userName"] and password == USER.get("password"):
                        session.reset()
                        session["user"] = dict(USER)
                        return redirect("/dashboard", code=302)
                    return render_template_string(
                        LOGIN, message="invalid login", user_name=name)
                """
            ),
            but(_LOGIN, ('get("userName", "")', 'get("userName", "sampleuser")')),
            but(_LOGIN, ('get("userName", "")', 'get("userName") or "sampleuser"')),
        ],
        "logs-out": [
            but(
                _LOGIN,
                ("    session.reset()\n", ""),
                ("    name =", "    session.reset()\n    name ="),
            ),
            but(_LOGIN, ("        return", "        session.clear()\n        return")),
            but(
                _LOGIN, ("        return", '        session["message"] = "no"\n        return')
            ),
            but(_LOGIN, ("        return", '        session.pop("user", 0)\n        return')),
            but(_LOGIN, (f"if {_CHECK}", f'session["tried"] = name\n    if {_CHECK}')),
        ],
        "other-time": [
            but(_LOGIN, (_CHECK, f'name != USER["userName"] or {_CHECK}')),
            but(_LOGIN, (f"if {_CHECK}", f'if name not in [USER["userName"]] or {_CHECK}')),
            but(
                _LOGIN,
                (
                    f"if {_CHECK}",
                    f'if {_CHECK} and name and (name != "sampleuser" or {_CHECK})',
                ),
            ),
            but(
                _LOGIN,
                (
                    _CHECK,
                    'not (name == "sampleuser" and '
                    f"check_password_hash(PASSWORD_HASH, {_PASSWORD}))",
                ),
            ),
            but(
                _LOGIN,
                (
                    f"    if {_CHECK}",
                    f"    if len(name) > 50:\n        return {_FORM}\n    if {_CHECK}",
                ),
            ),
        ],
        "not-hashed": [
            but(
                _LOGIN,
                (_CHECK, f'(name, {_PASSWORD}) != ("sampleuser", "samplepassword")'),
            ),
        ],
        "wrong-redirects": [
            but(_LOGIN, (_FORM, 'redirect("/login")')),
            but(_LOGIN, (_FORM, 'redirect("/login?message=invalid login", code=302)')),
            but(
                _LOGIN,
                (
                    f"    if {_CHECK}",
                    f"    if session.get('user') == USER:\n        return {_REDIRECT}\n"
                    f"    if {_CHECK}",
                ),
            ),
        ],
        "no-message": [
            but(_LOGIN, ('message="invalid login", ', "")),
            but(_LOGIN, ('message="invalid login"', 'message=""')),
            but(_LOGIN, ('message="invalid login"', 'message="wrong password"')),
        ],
        "no-form": [
            but(_LOGIN, (_FORM, '"invalid login"')),
            but(_LOGIN, (_FORM, '("invalid login", 401)')),
            but(_LOGIN, ("(LOGIN, message", '("<p>{{ message }}</p>", message')),
            but(_LOGIN, ("(LOGIN, message", '("<form>{{ message }}</form>", message')),
            but(_LOGIN, ("(LOGIN, message", '("<form><input name=x>{{ message }}", message')),
        ],
        "name-lost": [
            but(_LOGIN, (", user_name=name", "")),
            but(_LOGIN, ("user_name=name", "name=name")),
            but(_LOGIN, ("user_name=name", "user_name='sampleuser'[:0]")),
            but(_LOGIN, ("user_name=name", "user_name=name.upper()")),
        ],
        "name-changed": [
            but(_LOGIN, ("user_name=name", "user_name=str(escape(name))")),
            but(_LOGIN, ("user_name=name", "user_name=name.replace('<', '')")),
            but(_LOGIN, ("user_name=name", "user_name=name.replace('{', '')")),
        ],
        "guess-shown": [
            but(
                _LOGIN, ("user_name=name)", f"user_name=name), 401, {{'X-Tried': {_PASSWORD}}}")
            ),
            but(_LOGIN, ('"invalid login"', f'"invalid login: " + {_PASSWORD}')),
            but(
                _LOGIN,
                (
                    "(LOGIN,",
                    '(LOGIN.replace(\'name="password"\', \'name="password" value="{{ p }}"\'),'
                    f" p={_PASSWORD},",
                ),
            ),
        ],
        "template": [
            but(
                _LOGIN,
                (
                    _FORM,
                    'render_template_string(LOGIN.replace("{{ user_name }}", '
                    'str(escape(name))), message="invalid login")',
                ),
            ),
            but(
                _LOGIN,
                (
                    "(LOGIN, message",
                    '(LOGIN + f"<!-- {name} -->", message',
                ),
            ),
            but(
                _LOGIN,
                (
                    'message="invalid login"',
                    'message="invalid login" + render_template_string(name)',
                ),
            ),
        ],
        "markup": [
            but(
                _LOGIN,
                (
                    _FORM,
                    'LOGIN.replace("{{ user_name }}", name).replace("{{ message }}", '
                    '"invalid login")',
                ),
            ),
            but(_LOGIN, ("(LOGIN,", '(LOGIN.replace("user_name", "user_name | safe"),')),
            but(
                _LOGIN,
                ("    name =", "    from markupsafe import Markup\n    name ="),
                ("user_name=name", "user_name=Markup(name)"),
            ),
            but(
                _LOGIN,
                ("    name =", "    from markupsafe import Markup\n    name ="),
                ('"invalid login"', 'Markup(f"invalid login, {name}")'),
            ),
        ],
        "not-the-form": [
            but(_LOGIN, ('get("password"', 'get("Password"')),
            but(_LOGIN, (f"name, {_PASSWORD}", f"{_PASSWORD}, name")),
            but(
                _LOGIN,
                (_PASSWORD, '(request.get_json(silent=True) or {}).get("password", "")'),
            ),
        ],
        "password-kept": [
            but(_LOGIN, ("dict(USER)", "request.form.to_dict()")),
            but(
                _LOGIN,
                (
                    "return redirect",
                    "response = redirect",
                ),
                (
                    "code=302)",
                    "code=302)\n    response.set_cookie('p', request.form['password'])\n"
                    "    return response",
                ),
            ),
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
            but(_LOGIN, (_REDIRECT, '"welcome"')),
            but(_LOGIN, (_REDIRECT, "render_template_string(DASHBOARD, user=USER)")),
        ],
        "open-redirect": [
            but(_LOGIN, ('redirect("/dashboard"', 'redirect("https://shop.example/dashboard"')),
            but(_LOGIN, ('"/dashboard"', 'request.referrer or "/dashboard"')),
        ],
        "next-in-url": [
            but(
                _LOGIN,
                ('redirect("/dashboard"', 'redirect(request.args.get("next", "/dashboard")'),
            ),
            but(
                _LOGIN,
                (
                    'redirect("/dashboard"',
                    'redirect(request.values.get("next") or "/dashboard"',
                ),
            ),
            but(
                _LOGIN,
                (
                    "    return redirect(",
                    '    there = request.args.get("next", "/dashboard")\n'
                    '    if there.startswith("/"):\n'
                    "        return redirect(there)\n"
                    "    return redirect(",
                ),
            ),
        ],
        "next-in-form": [
            but(
                _LOGIN,
                ('redirect("/dashboard"', 'redirect(request.form.get("next", "/dashboard")'),
            ),
            but(
                _LOGIN,
                (
                    "return redirect(",
                    "return redirect('/report' if 'next' in request.form else ",
                ),
            ),
        ],
        "field-missing": [
            but(_LOGIN, (_PASSWORD, 'request.form.get("password")')),
            but(_LOGIN, (_PASSWORD, 'request.form.to_dict()["password"]')),
            but(
                _LOGIN,
                (
                    'name = request.form.get("userName", "")',
                    '[name] = request.form.getlist("userName")',
                ),
            ),
        ],
        "not-reset": [
            but(_LOGIN, ("    session.reset()\n", "")),
            but(_LOGIN, ("session.reset()", 'session.pop("user", None)')),
        ],
        "shared": [
            but(_LOGIN, ("dict(USER)", "USER")),
            but(_LOGIN, ('session["user"] = dict(USER)', "session.update(user=USER)")),
            but(
                _LOGIN,
                ('    session["user"] = dict(USER)', "    me = USER\n    session['user'] = me"),
            ),
        ],
        "from-url": [
            but(_LOGIN, (_PASSWORD, _PASSWORD.replace("form", "values"))),
            but(
                _LOGIN,
                (
                    'name = request.form.get("userName", "")',
                    'name = request.values.get("userName", "")',
                ),
                (_PASSWORD, _PASSWORD.replace("form", "args")),
            ),
            but(
                _LOGIN,
                ("    name", "    request.form = request.form or request.args\n    name"),
            ),
        ],
        "skipped": [
            but(
                _LOGIN,
                (
                    f"    if {_CHECK}",
                    f"    if not name:\n        return {_FORM}\n    if {_CHECK}",
                ),
            ),
            but(
                _LOGIN,
                (
                    f"    if {_CHECK}",
                    f"    if not {_PASSWORD}:\n        return {_FORM}\n    if {_CHECK}",
                ),
            ),
            but(
                _LOGIN,
                ('message="invalid login"', 'message="invalid login" if name else "no name"'),
            ),
        ],
        "twice": [
            but(
                _LOGIN,
                (
                    "    session.reset()",
                    f"    if {_CHECK}:\n        return 'no'\n    session.reset()",
                ),
            ),
            but(_LOGIN, (_CHECK, f"{_CHECK} or {_CHECK}")),
            but(
                _LOGIN, (_CHECK, f"is_user(name, {_PASSWORD}) + is_user(name, {_PASSWORD}) < 2")
            ),
        ],
        "not-as-typed": [
            but(_LOGIN, ('get("userName", "")', 'get("userName", "").strip()')),
            but(_LOGIN, ('get("userName", "")', 'get("userName", "").lower()')),
            but(_LOGIN, (f"name, {_PASSWORD}", f"name.casefold(), {_PASSWORD}")),
            but(_LOGIN, (_PASSWORD, f"{_PASSWORD}.strip()")),
            but(_LOGIN, (_PASSWORD, f"{_PASSWORD}.lower()")),
            but(_LOGIN, (_PASSWORD, f"{_PASSWORD}[:14]")),
            but(_LOGIN, ("user_name=name", "user_name=name.strip()")),
        ],
        "old-lifetime": [
            but(_LOGIN, ("session.reset()", "session.clear()")),
            but(
                _LOGIN,
                ("session.reset()", "for key in list(session):\n        del session[key]"),
            ),
            but(
                _LOGIN,
                (
                    '    session.reset()\n    session["user"] = dict(USER)',
                    "    session.replace({'user': dict(USER)})",
                ),
            ),
        ],
    },
    "E5.5": {
        "not-timed": [
            but(_SLOW, ("> 2 * usual", "> 90 * usual")),
            _FIND.replace("find_users", "slow_names"),
            but(_SLOW, ("> 2 * usual", "> 9 * usual")),
        ],
        "not-slow": [
            but(_SLOW, ("> 2 * usual", "> usual / 2")),
            but(_SLOW, ("> 2 * usual", "> 0.000001")),
        ],
        "no-control": [
            but(_SLOW, ("> 2 * usual", "> 2 * min(typical(url, each) for each in names)")),
            *cells(
                """
                import time

                def slow_names(url, names):
                    def quickest(name):
                        seen = []
                        for _ in range(5):
                            start = time.perf_counter()
                            guess(url, name)
                            seen.append(time.perf_counter() - start)
                        return min(seen)
                    times = {name: quickest(name) for name in names}
                    usual = sum(times.values()) / len(times)
                    return {name for name in names if times[name] > usual}
                """
            ),
        ],
        "once": [
            but(_SLOW, ("min(seconds(url, name) for _ in range(5))", "seconds(url, name)")),
            but(_SLOW, ("min(", "mean(")),
        ],
        "too-many": [but(_SLOW, ("range(5)", "range(60)"))],
        "not-asked": [
            but(_SLOW, ("guess(url, name)", 'guess(url, "admin")')),
            *cells(
                """
                def slow_names(url, names):
                    return set()
                """
            ),
        ],
        "not-names": [
            but(
                _SLOW,
                ("for name in names if", 'for name in [*names, "sampleuser"] if'),
                ("> 2 * usual", "> 2 * usual or name == 'sampleuser'"),
            ),
        ],
        "fixed": [
            # The first server's time stands for all servers.
            but(
                _SLOW,
                ("def slow_names", "known = []\n\ndef slow_names"),
                ("    usual =", "    known.append(0 if known else 1)\n    usual ="),
                (
                    "    return {name",
                    "    known[0] = usual if known[-1] else known[0]\n    return {name",
                ),
                ("2 * usual}", "2 * known[0]}"),
            ),
        ],
        "inverted": [
            but(_SLOW, ("> 2 * usual", "<= 2 * usual")),
        ],
        "taken": [
            but(_SLOW, ("nobody-has-this-name", "admin")),
        ],
        "empty-name": [
            but(_SLOW, ("nobody-has-this-name", "")),
        ],
    },
    "E5.6": {
        "still-in": [
            _out(("    session.reset()\n", "")),
            _out(("session.reset()", 'session.pop("message", None)')),
            _out(("session.reset()", "session = {}")),
        ],
        "rest-kept": [
            _out(("session.reset()", 'session.pop("user", None)')),
            _out(("session.reset()", 'del session["user"]')),
            _out(("session.reset()", 'session["user"] = None')),
        ],
        "cookie-deleted": [
            _out(
                ("    session.reset()\n", ""),
                ("return redirect", "response = redirect"),
                (
                    "code=302)",
                    'code=302)\n    response.delete_cookie("session")\n    return response',
                ),
            ),
            _out(
                ("    session.reset()\n", ""),
                ("return redirect", "response = redirect"),
                (
                    "code=302)",
                    'code=302)\n    response.set_cookie("session", "", expires=0)\n'
                    "    return response",
                ),
            ),
        ],
        "needs-user": [
            _out(("    session", '    del session["user"]\n    session')),
            _out(("    session", '    name = session["user"]["userName"]\n    session')),
        ],
        "no-redirect": [
            _out(('redirect("/login", code=302)', '"bye"')),
            _out(('redirect("/login", code=302)', '("", 204)')),
            _out(('redirect("/login", code=302)', "render_template_string(LOGIN)")),
        ],
        "open-redirect": [
            _out(("/login", "https://shop.example/login")),
            _out(('"/login"', 'request.referrer or "/login"')),
        ],
        "logout-by-get": [_copy(("victim.post", "victim.get"))],
        "no-logout": [
            _copy(('    victim.post(f"{url}/logout")\n', "")),
            _copy(
                ("victim.post", "thief.post"), ("thief.cookies.update(victim.cookies)", "pass")
            ),
            _copy(("victim.post", "requests.post")),
            _copy(('victim.post(f"{url}/logout")', "victim.cookies.clear()")),
            _copy(("/logout", "/login")),
        ],
        "not-looked": [
            _copy(('thief.get(f"{url}/dashboard")', 'thief.get(f"{url}/login")')),
            *cells(
                _OUT
                + """
def copy_works(url, victim, thief):
    thief.cookies.update(victim.cookies)
    found = "Hello" in thief.get(f"{url}/dashboard").text
    victim.post(f"{url}/logout")
    return found
"""
            ),
            *cells(
                _OUT
                + """
def copy_works(url, victim, thief):
    victim.post(f"{url}/logout")
    return True
"""
            ),
        ],
        "no-copy": [
            _copy(("    thief.cookies.update(victim.cookies)\n", "")),
            _copy(("in thief.get", "in victim.get")),
            *cells(
                _OUT
                + """
def copy_works(url, victim, thief):
    victim.post(f"{url}/logout")
    thief.cookies.update(victim.cookies)
    return "Hello" in thief.get(f"{url}/dashboard").text
"""
            ),
        ],
        "any-page": [
            _copy(('"Hello" in thief', "thief"), ('dashboard").text', 'dashboard").ok')),
            _copy(('return "Hello" in thief', "thief"), (").text", ")\n    return True")),
        ],
        "no-greeting": [
            _copy(('"Hello"', '"hello"')),
            _copy(('"Hello"', '"Hello sampleuser"')),
            _copy(('Hello" in', 'Hello" not in')),
        ],
        "alias": [
            _copy(("thief.cookies.update(victim.cookies)", "thief.cookies = victim.cookies")),
            _copy(
                ("    thief", "    import copy\n    thief"),
                (".update(victim.cookies)", " = copy.copy(victim.cookies)"),
            ),
        ],
        "only-users": [
            _out(("    session.reset()", '    if "user" in session:\n        session.reset()')),
            _out(
                ("    session.reset()", '    if session.get("user"):\n        session.clear()')
            ),
        ],
    },
    "E5.7": {
        "shut": [
            but(_LIMIT, ("if name in until and", "if name not in until or")),
            but(_LIMIT, ("        wrong[name] += 1\n", "        abort(429)\n")),
        ],
        "changed": [
            but(_LIMIT, ("        return response\n", '        return "no"\n')),
            but(_LIMIT, ("abort(429)", "abort(403)")),
            but(_LIMIT, ("abort(429)", 'return "wait"')),
            but(_LIMIT, ("        return response\n", "        return response.get_data()\n")),
        ],
        "too-early": [
            but(_LIMIT, ("== 10", "== 9")),
            but(_LIMIT, ("== 10", "== 3")),
            but(
                _LIMIT,
                (
                    "        return response\n",
                    "        return ('wait', 429) if name in until else response\n",
                ),
            ),
        ],
        "too-late": [but(_LIMIT, ("== 10", "== 11"))],
        "no-limit": [
            but(_LIMIT, ("== 10", "== 100")),
            but(
                _LIMIT,
                ("    wrong, until = Counter(), {}\n\n", "\n"),
                ("        name =", "        wrong, until = Counter(), {}\n        name ="),
            ),
            but(_LIMIT, ("if response.location", "if response.status_code")),
            *cells(
                """
                def limited(view, now):
                    return view
                """,
            ),
        ],
        "right-passes": [
            but(
                _LIMIT,
                (
                    "            abort(429)\n        response = make_response(view())\n",
                    "            response = make_response(view())\n"
                    "            return response if response.location else ('wait', 429)\n"
                    "        response = make_response(view())\n",
                ),
            ),
        ],
        "still-calls": [
            but(
                _LIMIT,
                ("        response = make_response(view())\n", ""),
                (
                    "        if name in",
                    "        response = make_response(view())\n        if name in",
                ),
            ),
        ],
        "all-names": [
            but(_LIMIT, ('request.form["userName"]', '"all"')),
            but(_LIMIT, ('request.form["userName"]', 'request.args.get("userName", "")')),
            but(_LIMIT, ('request.form["userName"]', "request.remote_addr")),
            but(_LIMIT, ('request.form["userName"]', 'request.form["userName"][:4]')),
        ],
        "shared": [
            but(_LIMIT, ("    wrong, until = Counter(), {}\n\n", "\n"))
            + "\nwrong, until = Counter(), {}\n",
            but(
                _LIMIT,
                ("(view, now)", "(view, now, wrong=Counter(), until={})"),
                ("    wrong, until = Counter(), {}\n\n", "\n"),
            ),
        ],
        "too-short": [
            but(_LIMIT, ("+ 60", "+ 30")),
            but(_LIMIT, ("+ 60", "+ 59")),
            but(
                _LIMIT,
                ("    wrong,", "    exact = now\n    now = lambda: int(exact())\n    wrong,"),
            ),
        ],
        "own-clock": [
            but(_LIMIT, ("    wrong,", "    import time\n    now = time.time\n    wrong,")),
            but(
                _LIMIT, ("    wrong,", "    import time\n    now = time.monotonic\n    wrong,")
            ),
        ],
        "never-ends": [
            but(_LIMIT, ("+ 60", "+ 60_000")),
            but(_LIMIT, ("+ 60", "+ 61")),
            but(_LIMIT, (" and now() < until[name]", "")),
            but(
                _LIMIT,
                ("until[name] = now() + 60", "until[name] = None"),
                (
                    "if name in until and now() < until[name]:",
                    "if name in until and until[name] is None:\n"
                    "            until[name] = now() + 60\n"
                    "        if name in until and now() < until[name]:",
                ),
            ),
        ],
        "extended": [
            but(
                _LIMIT,
                (
                    "            abort",
                    "            until[name] = now() + 60\n            abort",
                ),
            ),
        ],
        "not-restarted": [
            but(
                _LIMIT,
                ("            del wrong[name]\n        return", "        return"),
                ("== 10", ">= 10"),
            ),
        ],
        "only-once": [
            but(_LIMIT, ("            del wrong[name]\n        return", "        return")),
        ],
        "not-forgotten": [
            but(_LIMIT, ("del wrong[name]\n        elif", "wrong[name] -= 1\n        elif")),
        ],
        "uncounted": [
            but(_LIMIT, ("del wrong[name]\n        elif", "pass\n        elif")),
        ],
        "in-cookie": [
            *cells(
                """
                from flask import make_response

                def limited(view, now):
                    def by_cookie():
                        tries = int(request.cookies.get("tries", 0))
                        if tries == 10:
                            return "wait", 429
                        response = make_response(view())
                        response.set_cookie("tries", str(tries + 1))
                        return response

                    return by_cookie
                """,
                """
                def limited(view, now):
                    def by_session():
                        name = "tries of " + request.form.get("userName", "")
                        if session.get(name, 0) >= 10:
                            return "wait", 429
                        session[name] = session.get(name, 0) + 1
                        return view()

                    return by_session
                """,
            ),
        ],
        "forgets": [
            *cells(
                """
                from collections import deque
                from flask import abort, make_response

                def limited(view, now):
                    times = {}

                    def guarded():
                        name = request.form["userName"]
                        mine = times.setdefault(name, deque(maxlen=10))
                        while mine and mine[0] + 60 <= now():
                            mine.popleft()
                        if len(mine) == 10:
                            abort(429)
                        answer = view()
                        if make_response(answer).status_code < 300:
                            mine.append(now())
                        else:
                            mine.clear()
                        return answer

                    return guarded
                """,
                """
                from flask import make_response

                def limited(view, now):
                    seen = {}

                    def guarded():
                        name = request.form.get("userName", "")
                        count, first = seen.get(name, (0, now()))
                        if count and now() - first >= 60:
                            count, first = 0, now()
                        if count >= 10:
                            return "wait", 429
                        answer = make_response(view())
                        if answer.location:
                            seen.pop(name, None)
                        else:
                            seen[name] = count + 1, first
                        return answer

                    return guarded
                """,
            ),
        ],
        "twice": [
            but(_LIMIT, ("        return response\n", "        return view()\n")),
            but(_LIMIT, ("if response.location", "if make_response(view()).location")),
        ],
        "others-freed": [
            but(
                _LIMIT,
                (
                    "del wrong[name]\n        elif",
                    "wrong.clear()\n            until.clear()\n        elif",
                ),
            ),
            but(_LIMIT, ("del wrong[name]\n        elif", "wrong.clear()\n        elif")),
        ],
        "folded": [
            but(_LIMIT, ('request.form["userName"]', 'request.form["userName"].lower()')),
            but(_LIMIT, ('request.form["userName"]', 'request.form["userName"].strip()')),
        ],
        "from-url": [
            but(_LIMIT, ('request.form["userName"]', 'request.values["userName"]')),
            but(
                _LIMIT,
                (
                    'request.form["userName"]',
                    'request.args.get("userName") or request.form["userName"]',
                ),
            ),
        ],
        "other-answers": [
            but(
                _LIMIT,
                ("make_response(view())", "view()"),
                ("if response.location", "if not isinstance(response, str)"),
            ),
            but(_LIMIT, ("if response.location", "if response.status_code >= 300")),
            but(_LIMIT, ("if response.location", "if response.status_code == 302")),
            but(_LIMIT, ("if response.location", "if response.status_code != 200")),
        ],
        "mixed": [
            *cells(
                """
                from flask import make_response

                def limited(view, now):
                    last = ["", 0, 0]  # the name, its wrong tries, the end of the wait

                    def guarded():
                        name = request.form.get("userName", "")
                        if last[0] == name and now() < last[2]:
                            return "wait", 429
                        answer = make_response(view())
                        if answer.location:
                            last[1] *= last[0] != name
                            return answer
                        if last[0] != name:
                            last[:] = [name, 0, 0]
                        last[1] += 1
                        if last[1] == 10:
                            last[1:] = [0, now() + 60]
                        return answer

                    return guarded
                """,
            ),
        ],
    },
}

RIGHT: dict[str, list[str]] = {
    "E5.1": cells(
        """
        from urllib.parse import urlencode

        def evil_link(url, script):
            return f"{url}/session-test-add?{urlencode({'message': script})}"
        """,
        """
        def evil_link(url, script):
            query = {"message": script}
            ask = requests.Request("GET", url + "/session-test-add", params=query)
            return ask.prepare().url
        """,
        """
        def evil_link(url, script):
            coded = "".join(f"%{byte:02x}" for byte in script.encode())
            return "%s/session-test-add?message=%s" % (url, coded)
        """,
        """
        from urllib.parse import quote_plus, urljoin

        def evil_link(url, script):
            return urljoin(url, "/session-test-add?message=" + quote_plus(script))
        """,
        """
        from urllib import parse

        def evil_link(url, script):
            parts = parse.urlsplit(url)
            query = parse.quote(script, safe="")
            return parts._replace(path="/session-test-add", query="message=" + query).geturl()
        """,
        """
        from werkzeug.urls import iri_to_uri
        from urllib.parse import quote

        def evil_link(url, script):
            return f"{url}/session-test-add?x=1&message={quote(script)}#top"
        """,
    ),
    "E5.2": cells(
        """
        import html

        def read():
            return "session message: " + html.escape(session.get("message", "undefined"))
        """,
        """
        def read():
            message = session.get("message", "undefined")
            return render_template_string("<p>session message: {{ m }}</p>", m=message)
        """,
        """
        def read():
            if "message" not in session:
                return "session message: undefined"
            return escape("session message: " + session["message"])
        """,
        """
        from markupsafe import Markup

        def read():
            return Markup("session message: %s") % session.get("message", "undefined")
        """,
        """
        from flask import Response

        def read():
            text = f"session message: {session.get('message', 'undefined')}"
            return Response(text, mimetype="text/plain")
        """,
        """
        def read():
            message = session.get("message", "undefined")
            for character, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
                message = message.replace(character, code)
            return f"session message: {message}", 200
        """,
        """
        def read():
            return render_template_string(
                "session message: {{ session.message or 'undefined' }}")
        """,
    ),
    "E5.3": [
        but(_FIND, ("nobody-has-this-name", "qwertzuiop")),
        but(
            _FIND,
            ("unescape(response.text)", "response.text.replace(str(escape(name)), '')"),
        ),
        *cells(
            """
            import secrets

            def find_users(url, names):
                ghost = secrets.token_hex(12)
                usual = guess(url, ghost)
                found = set()
                for name in names:
                    got = guess(url, name)
                    forms = usual.text.replace(ghost, name), str(
                        usual.text.replace(ghost, escape(name)))
                    if got.status_code != usual.status_code or got.text not in forms:
                        found.add(name)
                return found
            """,
            """
            import html
            import urllib.error
            import urllib.parse
            import urllib.request

            def plain(answer, name):
                return html.unescape(answer.read().decode()).replace(name, "")

            def ask(url, name):
                form = urllib.parse.urlencode({"userName": name, "password": "x"}).encode()
                try:
                    with urllib.request.urlopen(url + "/login", form) as answer:
                        return answer.status, plain(answer, name)
                except urllib.error.HTTPError as error:
                    return error.code, plain(error, name)

            def find_users(url, names):
                usual = ask(url, "x" * 30)
                return set(name for name in names if ask(url, name) != usual)
            """,
            """
            def find_users(url, names):
                browser = Visitor()
                def ask(name):
                    form = {"userName": name, "password": ""}
                    got = browser.post(url + "/login", data=form)
                    page = got.text.replace(str(escape(name)), name)
                    return got.status_code, *page.split(name)
                usual = ask("nobody-at-all")
                return frozenset(filter(lambda name: ask(name) != usual, names))
            """,
            """
            import re

            def find_users(url, names):
                def shape(name):
                    got = requests.post(f"{url}/login", {"userName": name, "password": "?"})
                    both = f"{re.escape(escape(name))}|{re.escape(name)}"
                    return got.status_code, re.sub(both, "NAME", got.text)
                return {n for n in names if shape(n) != shape("zzzzzzzzzzzzzzzzz")}
            """,
            """
            def find_users(url, names):
                answers = {n: guess(url, n) for n in ["unknown-person", *names]}
                looks = {
                    n: (a.status_code, a.text.replace(escape(n), "").replace(n, ""))
                    for n, a in answers.items()
                }
                usual = looks.pop("unknown-person")
                return {n for n, look in looks.items() if look != usual}
            """,
        ),
    ],
    "E5.4": [
        *cells(
            """
            def login():
                name = request.form["userName"]
                password = request.form["password"]
                if is_user(name, password):
                    session.reset()
                    session["user"] = {"userName": name, "email": USER["email"]}
                    return redirect("/dashboard")
                else:
                    return render_template_string(
                        LOGIN, message="invalid login", user_name=name), 200
            """,
            """
            from flask import make_response, url_for

            def login():
                form = request.form.to_dict()
                if not is_user(form.get("userName", ""), form.get("password", "")):
                    return make_response(render_template_string(
                        LOGIN, message="Sorry: invalid login.", user_name=form.get("userName")))
                session.reset()
                session.update(user=USER.copy())
                return redirect(url_for("dashboard"), 303)
            """,
            """
            import copy

            def login():
                name, password = (request.form.get(k, "") for k in ("userName", "password"))
                known = is_user(name, password)
                page = render_template_string(LOGIN, message="invalid login", user_name=name)
                if not known:
                    return page, 401
                session.reset()
                session["user"] = copy.deepcopy(USER)
                return "", 302, {"Location": "/dashboard"}
            """,
            """
            def login():
                name = request.form.get("userName") or ""
                if is_user(name, request.form.get("password") or ""):
                    session.clear()
                    session.reset()
                    session["user"] = {**USER}
                    return redirect(request.host_url + "dashboard", code=303)
                page = LOGIN.replace("{{ user_name }}", str(escape(name)))
                return page.replace("{{ message }}", "invalid login")
            """,
            """
            from flask import abort

            def login():
                if not {"userName", "password"} <= request.form.keys():
                    abort(400)
                name = request.form["userName"]
                if not is_user(name, request.form["password"]):
                    return render_template_string(
                        LOGIN, message=f"invalid login, {name}", user_name=name), 401
                session.reset(*())
                session["user"] = {key: value for key, value in USER.items()}
                return redirect("/dashboard")
            """,
        ),
        *cells(
            """
            def login():
                fields = map(request.form.get, ("userName", "password"), ("", ""))
                name, password = fields
                match is_user(name, password):
                    case True:
                        session["user"] = USER.copy()
                        session.reset("user")
                        return redirect(location="/dashboard")
                    case _:
                        return render_template_string(
                            LOGIN, user_name=name, message="Sorry, invalid login!")
            """
        ),
        but(_LOGIN, ("302", "303")),
        but(_LOGIN, ("dict(USER)", "USER | {}")),
    ],
    "E5.5": [
        but(_SLOW, ("min(", "median(")),
        *cells(
            """
            import secrets
            from time import monotonic

            def slow_names(url, names):
                ghost = secrets.token_hex(4)
                times = {name: [] for name in [ghost, *names]}
                for _ in range(7):
                    for name, seen in times.items():
                        start = monotonic()
                        guess(url, name)
                        seen.append(monotonic() - start)
                usual = sorted(times.pop(ghost))[3]
                return {name for name, seen in times.items() if sorted(seen)[3] > 2.5 * usual}
            """,
            """
            def slow_names(url, names):
                browser = Visitor()
                def quickest(name):
                    form = {"userName": name, "password": "x"}
                    return min(
                        browser.post(f"{url}/login", data=form).elapsed for _ in range(6))
                usual = max(quickest("nobody-a"), quickest("nobody-b"))
                return {name for name in names if quickest(name) > usual * 2}
            """,
            """
            import timeit

            def slow_names(url, names):
                def quickest(name):
                    return min(timeit.repeat(lambda: guess(url, name), number=1, repeat=5))
                usual = quickest("nobody-has-this-name")
                return set(filter(lambda name: quickest(name) / usual > 2, names))
            """,
        ),
    ],
    "E5.6": [
        *cells(
            f"""
            def logout():
                session.clear()
                return redirect("/login")
            {_COPY.replace(chr(10), chr(10) + "            ")}
            """,
            """
            from flask import url_for

            def logout():
                session.reset()
                return redirect(url_for("login"), code=303)

            def copy_works(url, victim, thief):
                stolen = victim.cookies["session"]
                victim.post(url + "/logout", allow_redirects=False)
                page = requests.get(url + "/dashboard", headers={"Cookie": "session=" + stolen})
                return "Hello" in page.text
            """,
            """
            def logout():
                for key in list(session):
                    session.pop(key)
                return "", 302, {"Location": "/login"}

            def copy_works(url, victim, thief):
                for cookie in victim.cookies:
                    thief.cookies.set_cookie(cookie)
                victim.post(url + "/logout").raise_for_status()
                got = thief.get(url + "/dashboard", allow_redirects=False)
                return got.status_code == 200 and "Hello" in got.text
            """,
            """
            def logout():
                session.reset()
                return redirect("/login")

            def copy_works(url, victim, thief):
                thief.cookies = victim.cookies.copy()
                victim.post(url + "/logout")
                answer = thief.get(url + "/dashboard")
                return answer.url.endswith("/dashboard") and answer.text.count("Hello") > 0
            """,
            """
            def logout():
                session.reset()
                return redirect("/login")

            def copy_works(url, victim, thief):
                copy = victim.cookies.get_dict()
                victim.post(url + "/logout")
                return thief.get(url + "/dashboard", cookies=copy).text.find("Hello") >= 0
            """,
            """
            def logout():
                session.pop("user", None)
                session.clear()
                return redirect("/login")

            def copy_works(url, victim, thief):
                thief.cookies.update(victim.cookies)
                before = thief.get(url + "/dashboard").text
                assert "Hello" in before
                victim.post(url + "/logout")
                return thief.get(url + "/dashboard").text == before
            """,
        ),
    ],
    "E5.7": [
        *cells(
            """
            from collections import defaultdict

            class Limit:
                def __init__(self, view, now):
                    self.view, self.now, self.tries = view, now, defaultdict(list)

                def __call__(self):
                    from flask import make_response
                    name = request.form.get("userName", "")
                    tries = self.tries[name]
                    if len(tries) == 10:
                        if self.now() < tries[-1] + 60:
                            return "", 429
                        tries.clear()
                    answer = make_response(self.view())
                    if not answer.location:
                        tries.append(self.now())
                    else:
                        del self.tries[name]
                    return answer

            def limited(view, now):
                return Limit(view, now)
            """,
            """
            from flask import Response, current_app

            def limited(view, now):
                records = {}

                def check():
                    name = request.form.get("userName")
                    count, last = records.get(name, (0, 0))
                    if count >= 10 and now() - last <= 60:
                        return Response("slow down", 429)
                    if count >= 10:
                        count = 0
                    answer = current_app.make_response(view())
                    if "Location" in answer.headers:
                        records.pop(name, None)
                    else:
                        records[name] = count + 1, now()
                    return answer

                return check
            """,
            """
            from flask import make_response

            def limited(view, now):
                tries, free = {}, {}

                def guarded():
                    name = request.form.get("userName", "")
                    if now() < free.get(name, 0):
                        return make_response(("Too many tries", 429, {"Retry-After": "60"}))
                    answer = view()
                    if 300 <= make_response(answer).status_code < 400:
                        tries[name] = 0
                        return answer
                    tries[name] = tries.get(name, 0) + 1
                    if tries[name] >= 10:
                        tries[name], free[name] = 0, now() + 60
                    return answer

                return guarded
            """,
        ),
        *cells(
            """
            from flask import make_response
            from werkzeug.exceptions import TooManyRequests

            def limited(view, now):
                log = []

                def guarded(**options):
                    name = request.form.get("userName", "")
                    mine = [at for who, at in log if who == name]
                    if len(mine) == 10 and now() - max(mine) < 60:
                        raise TooManyRequests(retry_after=60)
                    response = make_response(view(**options))
                    if len(mine) == 10 or response.status_code // 100 == 3:
                        log[:] = [each for each in log if each[0] != name]
                    if response.status_code // 100 != 3:
                        log.append((name, now()))
                    return response

                return guarded
            """
        ),
        but(_LIMIT, ("now() < until", "now() <= until")),
        but(_LIMIT, ('["userName"]', '.get("userName", "")')),
    ],
}

_DEFAULT_302 = "this Flask redirects with 302 by default, but a later one may not"
_SEE_OTHER = "303 is right, too"
_NOBODY = "nobody has this name either"
EQUIVALENT: dict[str, dict[str, str]] = {
    "E5.3": {
        "line 6: `''` to `'x'`": "the name becomes the same text in each page",
        "line 8: `'nobody-has-this-name'` to `'nobody-has-this-namf'`": _NOBODY,
    },
    "E5.4": {
        "line 2: argument `''` dropped": "no user is called None",
        "line 2: `''` to `'x'`": "no user is called x",
        "line 3: `''` to `'x'`": "no user has the password x",
    },
    "E5.5": {
        "line 4: `'nobody-has-this-name'` to `'nobody-has-this-namf'`": _NOBODY,
        "line 6: `5` to `6`": "six measurements are as good",
        "line 6: `5` to `4`": "four measurements are as good",
        "line 11: `>` to `>=`": "no quotient is exactly 2",
        "line 11: `2.0` to `3.0`": "a name that exists takes more than three times as long",
    },
    "E5.6": {
        "line 3: argument `code=302` dropped": _DEFAULT_302,
        "line 3: `302` to `303`": _SEE_OTHER,
    },
    "E5.7": {"line 9: `<` to `<=`": "a millisecond more or less of a minute"},
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E5.1": [
        (
            "def evil_link(url, script): return url + '?message=' + script",
            "evil_link should return a URL that begins with the argument `url` and a slash, "
            "but returned 'http://…?",
        ),
        (
            "def evil_link(url, script): pass; return '/session-test-add?message=' + script",
            "evil_link should return a URL that begins with the argument `url` and a slash, "
            "but returned '/session-test-add",
        ),
    ],
    "E5.3": [
        (
            but(
                _FIND,
                (
                    "return {name for name in names if answer(name) != usual}",
                    "return [name for name in names if answer(name) != usual]",
                ),
            ),
            "find_users should return a set of names, but returned [",
        ),
    ],
    "E5.5": [
        (
            but(
                _SLOW,
                (
                    "return {name for name in names if typical(url, name) > 2 * usual}",
                    "return [name for name in names if typical(url, name) > 2 * usual]",
                ),
            ),
            "slow_names should return a set of names, but returned [",
        ),
    ],
    "E5.4": [
        (
            "def login(): return 'no', 404",
            "for a wrong password, the response should be the form with status 200 or 401, but "
            "has status 404",
        ),
        (
            but(_LOGIN, ("dict(USER)", "'me'")),
            "the session's user should be {'userName': 'sampleuser', 'email': "
            "'sampleuser@example.com'}, but the ",
        ),
        (
            but(_LOGIN, ("/dashboard", "/")),
            "the redirect should go to '/dashboard', but goes to '/'",
        ),
        (
            but(_LOGIN, ('"/dashboard"', '"/dashboard?user=" + name')),
            "the redirect should go to '/dashboard', but goes to '/dashboard?user=sampleuser'",
        ),
        (
            but(_LOGIN, (f"return {_FORM}", f"return {_FORM}, 403")),
            "for a wrong password, the response should be the form with status 200 or 401, but "
            "has status 403",
        ),
        (
            but(_LOGIN, ("302", "307")),
            "the status should be 302 or 303, but is 307; only these two make",
        ),
        (
            but(_LOGIN, ("    return redirect", "    session['at'] = 1\n    return redirect")),
            "the session should hold only the user, but is {'at': 1, 'user': ",
        ),
    ],
    "E5.6": [
        (
            _out(("    return", '    session["user"] = None\n    return')),
            "after a logout, the session should be empty, but is {'user': None}",
        ),
        (
            _out(("/login", "/")),
            "the redirect should go to '/login', but goes to '/'",
        ),
        (
            _copy(("return ", "found = ")),
            "copy_works should return True, but returned None",
        ),
    ],
}
