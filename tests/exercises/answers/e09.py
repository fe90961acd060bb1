"""Answers of learners to the exercises of notebook 09; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import but, cells

_READ = """
def read_flask(cookie):
    packed = cookie.startswith(".")
    text = cookie.removeprefix(".").partition(".")[0]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return json.loads(zlib.decompress(raw) if packed else raw)
"""

_APP = '''
def make_app(**options):
    users = {"ada": "a password", "bob": "another one"}
    diary = {}
    denied = DenyList(MemoryStore())
    app = Flask("diary")
    app.secret_key = secrets.token_hex()
    app.config["TOUR"] = {
        "login": "/enter",
        "private": "/diary",
        "logout": "/leave",
        "users": users,
    }
    own = ClientSessions(app, revocation=denied, samesite="Lax", no_store=True, **options)

    @app.route("/enter", methods=["GET", "POST"])
    def enter():
        name = request.form.get("who", "")
        if request.method == "POST":
            if name in users and users[name] == request.form.get("word"):
                denied.end(own.session)
                session["user"] = name
                return redirect("/diary")
        wrong = "Wrong." if request.method == "POST" else ""
        return f"""{wrong}<form method="post"><input name="who"><input type="password"
            name="word"><input type="submit" value="Enter"></form>"""

    @app.get("/diary")
    def read():
        if "user" not in session:
            return redirect("/enter")
        return render_template_string(
            """{% for day in days %}<p>{{ day }}</p>{% endfor %}
            <form method="post"><textarea name="day"></textarea><button>Keep</button></form>
            """,
            days=diary.get(session["user"], []),
        )

    @app.post("/diary")
    def write():
        if "user" not in session:
            return redirect("/enter")
        diary.setdefault(session["user"], []).append(request.form.get("day", ""))
        return redirect("/diary")

    @app.post("/leave")
    def leave():
        denied.end(own.session)
        return redirect("/enter")

    return app
'''
_CHECKED = 'if name in users and users[name] == request.form.get("word"):'
_KEYS = """        "login": "/enter",
        "private": "/diary",
        "logout": "/leave",
        "users": users,
"""
_GUARDED_WRITE = """    def write():
        if "user" not in session:
            return redirect("/enter")
"""
_KEPT = 'diary.setdefault(session["user"], []).append(request.form.get("day", ""))'
_RESET = """                denied.end(own.session)
                session["user"] = name
"""
_LEAVE = """        denied.end(own.session)
        return redirect("/enter")
"""
# The entries are in the session, so only an empty session separates two users.
_IN_SESSION = (
    (
        'days=diary.get(session["user"], [])',
        'days=session.get("days", [])',
    ),
    (_KEPT, 'session.setdefault("days", []).append(request.form.get("day", ""))'),
)

# A path for each user.
_BY_NAME = (
    (
        """    @app.get("/diary")
    def read():
        if "user" not in session:
            return redirect("/enter")
""",
        """    @app.get("/diary")
    def find():
        return redirect("/diary/" + session["user"] if "user" in session else "/enter")

    @app.get("/diary/<name>")
    def read(name):
        if "user" not in session:
            return redirect("/enter")
""",
    ),
    ('diary.get(session["user"], [])', "diary.get(name, [])"),
    ('<form method="post"><textarea', '<form method="post" action="/diary"><textarea'),
)

_GO = 'return redirect("/diary")\n        wrong'
_READ_GUARD = """    def read():
        if "user" not in session:
            return redirect("/enter")
"""
_RENDER = '        return render_template_string(\n            """{%'
_LIST = "{% for day in days %}<p>{{ day }}</p>{% endfor %}"
_ALL = "[day for days in diary.values() for day in days]"
_WRONG_LINE = 'wrong = "Wrong." if request.method == "POST" else ""'
_SECRET = "secrets.token_hex()"
_WEAK = ("    own =", '    app.config["CLIENT_SESSIONS_ALLOW_WEAK_SECRET"] = True\n    own =')


def _go(target: str) -> str:
    """Return the app with another target after the login."""
    return but(_APP, (_GO, f"return redirect({target})\n        wrong"))


def _checked(condition: str, *changes: tuple[str, str]) -> str:
    """Return the app with another rule for who may log in."""
    return but(_APP, (_CHECKED, f"if {condition}:"), *changes)


def _page(html: str) -> str:
    """Return the app with another list of texts in its private page."""
    return but(_APP, (_LIST, html))


_IDLE = """
def make_idle_app(clock):
    ten = timedelta(minutes=10)
    app = make_app(clock=clock, duration=ten, active_duration=timedelta(0))

    @app.before_request
    def stay():
        if session:
            session.set_duration(ten)

    return app
"""


def _app(*changes: tuple[str, str]) -> str:
    return but(_APP, *changes)


def _idle(*changes: tuple[str, str]) -> str:
    return but(_IDLE, *changes)


WRONG: dict[str, dict[str, list[str]]] = {
    "E9.1": {
        "not-unpacked": [
            but(_READ, ("zlib.decompress(raw) if packed else raw", "raw")),
            *cells(
                """
                def read_flask(cookie):
                    text = cookie.split(".")[0]
                    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
                """,
                """
                def read_flask(cookie):
                    text = cookie.split(".")[-3]
                    return json.loads(base64.urlsafe_b64decode(text + "=="))
                """,
            ),
        ],
        "no-padding": [
            but(_READ, ('text + "=" * (-len(text) % 4)', "text")),
            but(_READ, ('"=" * (-len(text) % 4)', '"="')),
        ],
        "other-alphabet": [
            but(_READ, ("urlsafe_b64decode", "b64decode")),
        ],
        "not-a-dict": [
            but(
                _READ,
                (
                    "json.loads(zlib.decompress(raw) if packed else raw)",
                    "(zlib.decompress(raw) if packed else raw).decode()",
                ),
            ),
            but(
                _READ,
                (
                    "json.loads(zlib.decompress(raw) if packed else raw)",
                    "zlib.decompress(raw) if packed else raw",
                ),
            ),
        ],
    },
    "E9.2": {
        "no-tour": [
            _app(('app.config["TOUR"] =', "TOUR =")),
            _app(('app.config["TOUR"] =', 'app.config["Tour"] =')),
        ],
        "runs": [_app(("    return app\n", "    app.run()\n"))],
        "no-login-form": [
            _app(('<form method="post"><input name="who">', '<input name="who">')),
            _app(('<input type="password"', "<input")),
            _app(('name="word"', 'id="word"')),
        ],
        "by-get": [
            _app(
                ('<form method="post"><input name="who">', '<form><input name="who">'),
            )
        ],
        "right-refused": [
            _app(('request.form.get("word")', 'request.form.get("password")')),
            _app(('session["user"] = name', 'session["name"] = name')),
            _app(
                (_CHECKED, 'if name in users and users[name] != request.form.get("word"):'),
            ),
        ],
        "no-write-form": [
            _app(('<textarea name="day">', "<textarea>")),
            _app(
                ('<form method="post"><textarea', "<form><textarea"),
            ),
        ],
        "not-shown": [
            _app((_KEPT, "pass")),
            _app((_KEPT, f'if "<" not in request.form["day"]:\n            {_KEPT}')),
            _app(("{{ day }}", "one day")),
            _app(('request.form.get("day", "")', 'request.form.get("note", "")')),
        ],
        "elsewhere": [
            _go('request.args.get("goto") or "/diary"'),
            _go('request.args.get("target", "/diary")'),
            # The host is looked for anywhere, or only at the beginning.
            _go(
                'request.args["next"] if request.host in request.args.get("next", "") '
                'else "/diary"'
            ),
            _go(
                'request.args["next"] if request.args.get("next", "").startswith('
                'request.host_url.rstrip("/")) else "/diary"'
            ),
            # The page before the login: from the header Referer.
            _app(
                (
                    '        name = request.form.get("who", "")\n',
                    '        name = request.form.get("who", "")\n'
                    '        came = session.get("came") or "/diary"\n'
                    '        if request.method == "GET": session["came"] = request.referrer\n',
                ),
                (_GO, "return redirect(came)\n        wrong"),
            ),
            # Who is logged in already is led away.
            _app(
                (
                    '        name = request.form.get("who", "")\n',
                    '        name = request.form.get("who", "")\n'
                    '        if "user" in session:\n'
                    '            return redirect(request.args.get("next") or "/diary")\n',
                ),
            ),
            # Not by a redirect, but by the page.
            _app(
                (
                    _GO,
                    'to = request.args.get("next", "/diary")\n                return f"<meta '
                    "http-equiv=refresh content='0;url={to}'>\"\n        wrong",
                ),
            ),
            _app(
                (
                    _GO,
                    'to = json.dumps(request.args.get("next", "/diary"))\n'
                    '                return f"<script>location={to}</script>"\n        wrong',
                ),
            ),
            _app(
                (
                    _GO,
                    'to = request.args.get("next", "/diary")\n'
                    "                return f'<a href=\"{to}\">Continue</a>'\n        wrong",
                ),
            ),
            _app(
                (
                    'return redirect("/diary")\n        wrong',
                    'return redirect(request.args.get("next", "/diary"))\n        wrong',
                )
            ),
            _app(
                (
                    'return redirect("/diary")\n        wrong',
                    'to = request.args.get("next", "/diary")\n'
                    '                return redirect(to if to[0] == "/" else "/diary")\n'
                    "        wrong",
                )
            ),
            _app(
                (
                    'return redirect("/diary")\n        wrong',
                    'to = request.args.get("next", "/diary")\n'
                    '                safe = to[0] == "/" and to[1] != "/"\n'
                    '                return redirect(to if safe else "/diary")\n'
                    "        wrong",
                )
            ),
        ],
        "open-door": [
            _app(
                (
                    _GUARDED_WRITE,
                    f"""    def write():
        if "user" not in session:
            return " ".join({_ALL}), 403
""",
                ),
            ),
            # Who writes becomes a guest, whom the page lets in.
            _app(
                (
                    _GUARDED_WRITE,
                    '    def write():\n        session.setdefault("user", "guest")\n',
                )
            ),
            _app(
                (
                    """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                    "    def read():\n",
                ),
                ('diary.get(session["user"], [])', 'diary.get(session.get("user"), [])'),
            ),
            _app(
                (
                    """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                    """    def read():
        if "user" not in session:
            return "Log in first."
""",
                ),
            ),
        ],
        "claimed": [
            _app(
                (
                    _READ_GUARD,
                    """    def read():
        if request.args.get("user") in users:
            session["user"] = request.args["user"]
        if "user" not in session:
            return redirect("/enter")
""",
                ),
            ),
        ],
        "gone-by-get": [
            _app(
                (_LIST, f"{_LIST}<a href=clear>clear</a>"),
                (
                    '    @app.post("/diary")',
                    """    @app.get("/clear")
    @ensure_login
    def clear():
        diary[session["user"]] = []
        return redirect("/diary")

    @app.post("/diary")""",
                ),
            ),
        ],
        "stranger-changes": [
            # Another form, which a stranger may send, too.
            _app(
                (_LIST, f"{_LIST}<form method=post action=clear><button>clear</button></form>"),
                (
                    '    @app.post("/diary")',
                    """    @app.post("/clear")
    def clear():
        diary.clear()
        return redirect("/diary")

    @app.post("/diary")""",
                ),
            ),
            _app(
                (
                    '    @app.post("/diary")',
                    """    @app.delete("/diary")
    def delete():
        diary.clear()
        return ""

    @app.post("/diary")""",
                ),
            ),
        ],
        "asked-for": [
            _app(
                (
                    'diary.get(session["user"], [])',
                    'diary.get(request.args.get("name", session["user"]), [])',
                ),
            ),
            _app(
                (
                    'diary.get(session["user"], [])',
                    "[day for name, days in diary.items() for day in days\n"
                    '                  if name == session["user"]\n'
                    '                  or request.args.get("q", "?") in day]',
                ),
            ),
        ],
        "stranger-crash": [
            _app((_GUARDED_WRITE, "    def write():\n")),
            _app(
                (
                    """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                    "    def read():\n",
                ),
            ),
        ],
        "stranger-writes": [
            _app(
                (_GUARDED_WRITE, "    def write():\n"),
                (_RESET, 'session["user"] = name\n'.rjust(39)),
                *_IN_SESSION,
            ),
            _app(
                (_GUARDED_WRITE, "    def write():\n"),
                ('diary.setdefault(session["user"], [])', 'diary.setdefault("all", [])'),
                ('diary.get(session["user"], [])', 'diary.get("all", [])'),
            ),
        ],
        "mixed": [
            # One user for the whole server.
            _app(
                (
                    _RESET,
                    """                denied.end(own.session)
                users["now"] = session["user"] = name
""",
                ),
                (
                    """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                    """    def read():
        if "now" not in users:
            return redirect("/enter")
""",
                ),
                ('diary.get(session["user"], [])', 'diary.get(users["now"], [])'),
            ),
            # A page is kept by the number of its texts.
            _app(
                ("    diary = {}\n", "    diary, kept = {}, {}\n"),
                (
                    _RENDER,
                    """        days = diary.get(session["user"], [])
        kept[len(days)] = kept.get(len(days)) or render_template_string(
            \"\"\"{%""",
                ),
                (
                    '''            """,
            days=diary.get(session["user"], []),
        )
''',
                    '''            """,
            days=days,
        )
        return kept[len(days)]
''',
                ),
            ),
        ],
        "writes-for": [
            # Whoever is logged in may change any entry.
            _app(
                (
                    _LIST,
                    "{% for day in days %}<p>{{ day }}</p><form method=post action=change>"
                    "<input type=hidden name=old value='{{ day }}'><input name=new>"
                    "<button>Change</button></form>{% endfor %}",
                ),
                (
                    '    @app.post("/diary")',
                    """    @app.post("/change")
    @ensure_login
    def change():
        for days in diary.values():
            days[:] = [request.form["new"] if day == request.form["old"] else day
                       for day in days]
        return redirect("/diary")

    @app.post("/diary")""",
                ),
            ),
            _app(
                (
                    '<form method="post"><textarea',
                    '<form method="post"><input type="hidden" name="owner" '
                    'value="{{ session.user }}"><textarea',
                ),
                (
                    'diary.setdefault(session["user"], [])',
                    'diary.setdefault(request.form.get("owner"), [])',
                ),
            ),
        ],
        "shared": [
            # The last who logged in is the user of all.
            _app(
                (_RESET, f'{_RESET}                app.config["NOW"] = name\n'),
                ('diary.get(session["user"], [])', 'diary.get(app.config["NOW"], [])'),
                (
                    'diary.setdefault(session["user"], [])',
                    'diary.setdefault(app.config["NOW"], [])',
                ),
            ),
            # A path for each user, which any user may ask for.
            _app(*_BY_NAME),
            _app(
                ('diary.setdefault(session["user"], [])', 'diary.setdefault("all", [])'),
                ('diary.get(session["user"], [])', 'diary.get("all", [])'),
            ),
        ],
        "not-reset": [
            _app((_RESET, 'session["user"] = name\n'.rjust(39)), *_IN_SESSION),
        ],
        "script": [
            _app(("{{ day }}", "{{ day|safe }}")),
            _app(("{{ day }}", "<input value={{ day }}>{{ day }}")),
            _app(("{wrong}<form", "{wrong and name}<form")),
            # Of a login, the password; of a form, a field that is hidden.
            _app(
                (
                    "{wrong}<form",
                    "{wrong and request.form.get('word')}<form",
                )
            ),
            _app(
                ("{{ day }}", "{{ day.text }} <i>{{ day.mood|safe }}</i>"),
                (
                    '<textarea name="day">',
                    '<input type="hidden" name="mood"><textarea name="day">',
                ),
                (
                    'append(request.form.get("day", ""))',
                    "append({key: request.form.get(name, '')\n"
                    '            for key, name in (("text", "day"), ("mood", "mood"))})',
                ),
            ),
            # An answer of its own to the POST, a query, a path that does not exist.
            _app(
                (
                    f"        {_KEPT}\n",
                    f"        {_KEPT}\n        return '<p>Kept: ' + request.form['day']\n",
                ),
            ),
            _app(("{wrong}<form", "{request.args.get('error', '')}<form")),
            _app(("{wrong}<form", "{request.args.get('q', '')}<form")),
            _app(
                (
                    '<input name="who">',
                    "<input name='who'><input type='hidden' name='next' "
                    'value=\'{request.args.get("next", "")}\'>',
                ),
            ),
            _app(
                (
                    "    return app\n",
                    "    app.register_error_handler(\n"
                    "        404, lambda error: f'Not here: {unquote(request.path)}')\n"
                    "    return app\n",
                ),
                ("    users =", "    from urllib.parse import unquote\n    users ="),
            ),
            # The answer to a search; some tags are allowed, with all attributes.
            _page("<form><input name=q></form>{{ request.args.get('q', '')|safe }}" + _LIST),
            _app(
                ("{{ day }}", "{{ day|safe }}"),
                (
                    'request.form.get("day", "")',
                    'sub("<(?!/?b)", "&lt;", request.form.get("day", ""))',
                ),
                ("    users =", "    from re import sub\n    users ="),
            ),
            # Filters: whole tags only, and once only.
            _app(
                ("{{ day }}", "{{ day|safe }}"),
                (_KEPT, _KEPT.replace('"")', '"").replace("<x-y>", "")')),
            ),
            _app(
                ("{{ day }}", "{{ day|safe }}"),
                (
                    'request.form.get("day", "")',
                    'sub("<[^>]*>", "", request.form.get("day", ""))',
                ),
                ("    users =", "    from re import sub\n    users ="),
            ),
            _page("<!-- {% for day in days %}{{ day|safe }}{% endfor %} -->" + _LIST),
        ],
        "in-script": [
            _page(_LIST + "{% for day in days %}<script>x = {{ day }};</script>{% endfor %}"),
            _page(
                _LIST + "<script>x = [{% for day in days %}"
                "'{{ day.replace('<', '')|safe }}',{% endfor %}];</script>"
            ),
            _page(_LIST + "<i onclick=\"say('{{ days[-1] }}')\">say</i>"),
        ],
        "template": [
            _app(
                (
                    _RENDER,
                    """        from markupsafe import escape
        mine = [f"<p>{escape(day)}</p>" for day in diary.get(session["user"], [])]
        return render_template_string(
            "".join(mine) + \"\"\"{%""",
                ),
            ),
        ],
        "script-url": [
            _app(
                ("{{ day }}", "{{ day|safe }}"),
                (
                    'request.form.get("day", "")',
                    'sub(r"\\[(.+?)\\]\\((.+)\\)", r"<a href=\'\\2\'>\\1</a>", '
                    'str(escape(request.form.get("day", ""))))',
                ),
                (
                    "    users =",
                    "    from re import sub\n    from markupsafe import escape\n    users =",
                ),
            ),
            _page(
                "{% for day in days %}<a href='{{ day }}'>{{ day }}</a>{% endfor %}",
            ),
        ],
        "published": [
            _page(_LIST + "<!-- {{ config.SECRET_KEY }} -->"),
            _app(('            name="word">', '            name="word">{app.secret_key}')),
        ],
        "not-sealed": [
            _app(
                ("own = ClientSessions(app,", "own = dict("),
                (_RESET, "session.clear()\n".rjust(32) + 'session["user"] = name\n'.rjust(39)),
                (_LEAVE, "        session.clear()\n        return redirect('/enter')\n"),
            ),
        ],
        "plain-cookie": [
            *(
                _app(
                    (
                        _LEAVE,
                        f"""        name = session.get("user", "")
        denied.end(own.session)
        answer = redirect("/enter")
        answer.set_cookie({pair}, httponly=True, samesite="Lax")
        return answer
""",
                    ),
                )
                for pair in (
                    '"last", name.title()',
                    '"last-" + name, "1"',
                    '"last", base64.urlsafe_b64encode(name.encode()).decode()',
                    '"last", name.encode().hex()',
                )
            ),
            _app(
                (
                    _GO,
                    """answer = redirect("/diary")
                answer.set_cookie("name", name, httponly=True, samesite="Lax")
                return answer
        wrong""",
                ),
            ),
        ],
        "scripts-read": [
            _app(('samesite="Lax"', 'samesite="Lax", httponly=False')),
        ],
        "no-samesite": [
            _app(('samesite="Lax", ', "")),
            _app(('samesite="Lax"', 'samesite="None", secure=True')),
        ],
        "changed-opens": [
            # A plain cookie, as in notebook 01, is as good as a sealed one.
            _app(
                (
                    _READ_GUARD,
                    """    def read():
        if "user" not in session:
            try:
                text = request.cookies["session"].split(".")[0]
                session["user"] = json.loads(base64.urlsafe_b64decode(text + "=="))["user"]
            except Exception:
                return redirect("/enter")
""",
                ),
            ),
            _app(
                (
                    '    @app.get("/diary")',
                    """    @app.before_request
    def remember():
        if "user" not in session and "user" in request.cookies:
            session["user"] = request.cookies["user"]

    @app.get("/diary")""",
                ),
            ),
            _app(
                (
                    'return redirect("/diary")\n        wrong',
                    'answer = redirect("/diary")\n'
                    '                answer.set_cookie("user", "12"[name == "bob"])\n'
                    "                return answer\n        wrong",
                ),
                (
                    """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                    """    def read():
        if "user" not in request.cookies:
            return redirect("/enter")
""",
                ),
                (
                    'diary.get(session["user"], [])',
                    'diary.get(["", "ada", "bob"][int(request.cookies["user"])], [])',
                ),
            ),
        ],
        "changed-crash": [
            _app((_LEAVE, '        diary.get(session["user"])\n' + _LEAVE)),
            _app(
                (
                    '        name = request.form.get("who", "")\n',
                    '        name = request.form.get("who", "")\n'
                    '        if "session" in request.cookies: session["user"]\n',
                ),
            ),
            _app(
                (
                    '    @app.get("/diary")',
                    """    @app.before_request
    def look():
        value = request.cookies.get("session")
        if value and "user" not in session and request.path == "/diary":
            value.split(".")[9]

    @app.get("/diary")""",
                ),
            ),
        ],
        "guessable": [
            # Flask's documentation shows these two.
            _app(
                (
                    _SECRET,
                    '"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"',
                )
            ),
            _app((_SECRET, "b'_5#y2L\"F4Q8z\\n\\xec]/'")),
            # A good secret, and beside it one that everyone knows.
            _app(
                (
                    "    own =",
                    '    app.config["SECRET_KEY_FALLBACKS"] = '
                    '["o6LjQ5EVNC28ZgK64hDELM18ScpFQr"]\n    own =',
                ),
            ),
            _app(
                (
                    "ClientSessions(app,",
                    "ClientSessions(app, secret=[secrets.token_bytes(32), "
                    '"o6LjQ5EVNC28ZgK64hDELM18ScpFQr"],',
                ),
            ),
            # Long enough, and made up.
            *(
                _app((_SECRET, f'"{secret}"'))
                for secret in (
                    "your-secret-key-that-nobody-knows-1",
                    "0123456789abcdef0123456789abcdef",
                    "my-diary-app-secret-key-2024",
                    "bXkgc2VjcmV0IGtleSBmb3IgZmxhc2s",  # base64 of words
                    "another one-77x-another one",  # of a password
                )
            ),
            # A word, and a word in disguise.
            _app((_SECRET, '"wombat"'), _WEAK),
            _app((_SECRET, '"Keyboard Cat 7"'), _WEAK),
            _app((_SECRET, '__import__("hashlib").sha256(b"hello").hexdigest()')),
            _app(("secrets.token_hex()", '"o6LjQ5EVNC28ZgK64hDELM18ScpFQr"')),
            _app(
                ("secrets.token_hex()", '"dev"'),
                ("    own =", "    app.debug = True\n    own ="),
            ),
        ],
        "logout-by-get": [
            # The page asks first, but by a link.
            _app(
                ('@app.post("/leave")', '@app.route("/leave", methods=["GET", "POST"])'),
                (
                    "    def leave():\n",
                    """    def leave():
        if request.method == "GET" and "sure" not in request.args:
            return "<a href='?sure=1'>Really?</a>"
""",
                ),
            ),
            _app(('@app.post("/leave")', '@app.route("/leave", methods=["GET", "POST"])')),
            _app(('@app.post("/leave")', '@app.get("/leave")')),
        ],
        "no-post": [
            _app(('"logout": "/leave"', '"logout": "/enter/leave"')),
            _app(('@app.post("/leave")', '@app.delete("/leave")')),
        ],
        "still-in": [
            _app((_LEAVE, '        return redirect("/enter")\n')),
            _app(
                (_LEAVE, '        session["left"] = True\n        return redirect("/enter")\n')
            ),
        ],
        "copy-opens": [
            # The next login of the same user opens old copies again.
            _app(
                ("    diary = {}\n", "    diary, away = {}, set()\n"),
                (_RESET, f"                away.discard(name)\n{_RESET}"),
                (
                    _LEAVE,
                    """        away.add(session.get("user"))
        session.reset()
        return redirect("/enter")

    @app.before_request
    def known():
        if session.get("user") in away:
            session.reset()
""",
                ),
            ),
            # Only the last cookie is remembered, not those of earlier pages.
            _app(
                ("    diary = {}\n", "    diary, away = {}, set()\n"),
                (
                    _LEAVE,
                    """        away.add(request.cookies.get("session"))
        session.reset()
        return redirect("/enter")

    @app.before_request
    def known():
        if request.cookies.get("session") in away:
            session.reset()
        elif session:
            session["pages"] = session.get("pages", 0) + 1
""",
                ),
            ),
            _app(
                (
                    _LEAVE,
                    """        answer = redirect("/enter")
        answer.delete_cookie("session")
        return answer
""",
                )
            ),
            _app((_LEAVE, '        session.reset()\n        return redirect("/enter")\n')),
            _app(
                (
                    _LEAVE,
                    '        session.pop("user", None)\n        return redirect("/enter")\n',
                )
            ),
        ],
        "locked-out": [
            _app(
                (
                    _LEAVE,
                    """        users.pop(session.get("user"), None)
        denied.end(own.session)
        return redirect("/enter")
""",
                ),
            ),
        ],
        "cached": [
            _app((", no_store=True", "")),
            # Another page shows the texts, too.
            _app(
                (", no_store=True", ""),
                (_LIST, f"<a href=list>list</a>{_LIST}"),
                (
                    '    @app.post("/diary")',
                    """    @app.get("/list")
    @ensure_login
    def show_list():
        return "\\n".join(diary.get(session["user"], [])), {"Content-Type": "text/plain"}

    @app.after_request
    def keep_out(response):
        if request.path == "/diary":
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.post("/diary")""",
                ),
            ),
        ],
        "any-password": [
            _checked('name in users and request.form.get("word", "")[1:] == users[name][1:]'),
            _checked('name in users and request.form.get("word", "")[:-1] == users[name][:-1]'),
            _checked('name in users and request.form.get("word", "").strip() == users[name]'),
            _checked(
                'name in users and request.form.get("word", "").replace(" ", "") '
                '== users[name].replace(" ", "")'
            ),
            _app(
                (
                    '        name = request.form.get("who", "")\n',
                    '        name = request.form.get("who", "")\n'
                    '        if request.args.get("name") in users:\n'
                    '            session["user"] = request.args["name"]\n',
                ),
            ),
            _checked('users.get(name) == request.form.get("word")'),
            _checked('name in users and request.form.get("word", users[name]) == users[name]'),
            _checked(
                'name in users and request.form.get("word") '
                'and users[name].startswith(request.form["word"])'
            ),
            _checked(
                'name in users and request.form.get("word") '
                'and request.form["word"].startswith(users[name])'
            ),
            _checked(
                'name in users and request.form.get("word", "").endswith(users[name])',
            ),
            _checked(
                'name in users and request.form.get("word", "").lower() == users[name].lower()'
            ),
            _checked('name in users and request.form.get("word") in (users[name], name)'),
            _checked(
                'name in users and fullmatch(request.form.get("word", "x"), users[name])',
                ("    users =", "    from re import fullmatch\n    users ="),
            ),
            _checked(
                'connect(":memory:").execute("select ? like ?", '
                '(users.get(name, ""), request.form.get("word", ""))).fetchone()[0]',
                ("    users =", "    from sqlite3 import connect\n    users ="),
            ),
            _app((_CHECKED, "if name in users:")),
            _app((_CHECKED, 'if request.form.get("word") in users.values():')),
            _app(
                (_CHECKED, 'if users.get(name, "") == request.form.get("word"):'),
                (
                    'denied.end(own.session)\n                session["user"]',
                    'denied.end(own.session)\n                session["user"]',
                ),
            ),
            _app((_CHECKED, 'if users.get(name) == request.form.get("word"):')),
            _app(
                (_CHECKED, 'if request.form.get("word", "").startswith(users.get(name, "no")):')
            ),
        ],
        "names-told": [
            # Not in the text, but in a comment, a focus, a cookie.
            _app(("{wrong}<form", "{wrong}{'<!-- -->' * (name in users)}<form")),
            _app(
                (
                    '<input type="password"',
                    '<input {"autofocus" if name in users else ""} type="password"',
                )
            ),
            _app(
                (
                    _WRONG_LINE,
                    f"""{_WRONG_LINE}
        if name in users:
            session["tries"] = session.get("tries", 0) + 1""",
                ),
            ),
            _app(
                (
                    "    return app\n",
                    """    @app.after_request
    def explain(response):
        if request.form.get("who") in users:
            response.headers["X-Why"] = "password"
        return response

    return app
""",
                ),
            ),
            # Only with an empty password, and only after some tries.
            _app(
                (
                    _WRONG_LINE,
                    f"""{_WRONG_LINE}
        if name in users and not request.form.get("word"):
            wrong = "The password is missing.\"""",
                ),
            ),
            _app(
                ("    diary = {}\n", "    diary, tries = {}, {}\n"),
                (
                    _WRONG_LINE,
                    f"""{_WRONG_LINE}
        if wrong and name in users:
            tries[name] = tries.get(name, 0) + 1
        if tries.get(name, 0) > 5:
            wrong = "Too many tries.\"""",
                ),
            ),
            _app(
                (
                    'wrong = "Wrong." if request.method == "POST" else ""',
                    """wrong = ""
        if request.method == "POST":
            wrong = "Wrong password." if name in users else "No such user."
""",
                ),
            ),
            _app(
                (
                    '        wrong = "Wrong."',
                    """        if request.method == "POST" and name not in users:
            return redirect("/enter")
        wrong = "Wrong.\"""",
                ),
            ),
        ],
    },
    "E9.3": {
        "too-early": [
            # Whatever it notes: after 24 hours the session has expired.
            *cells(
                """
            def make_idle_app(clock):
                app = make_app(clock=clock)

                @app.before_request
                def stay():
                    if "user" in session:
                        if clock() - session.get("seen", clock()) > 600:
                            session.reset()
                        else:
                            session["seen"] = clock()

                return app
            """,
            ),
            _idle(("session.set_duration(ten)", "pass")),
            _idle(
                ("active_duration=timedelta(0)", "active_duration=ten / 2"),
                ("session.set_duration(ten)", "pass"),
            ),
            _idle(("duration=ten", "duration=ten, max_lifetime=timedelta(days=1)")),
            _idle(
                ("if session:", 'if session and "stay" not in session:'),
                ("session.set_duration(ten)", 'session["stay"] = session.set_duration(ten)'),
            ),
        ],
        "too-late": [
            _idle(
                ("active_duration=timedelta(0)", "active_duration=ten"),
                ("session.set_duration(ten)", "pass"),
            ),
            _idle(("timedelta(minutes=10)", "timedelta(minutes=11)")),
            _idle((", duration=ten", ""), ("session.set_duration(ten)", "pass")),
            # The server notes the last request of the user, not of the browser.
            """
def make_idle_app(clock):
    app, last = make_app(clock=clock), {}

    @app.before_request
    def stay():
        user = session.get("user")
        if user and clock() - last.get(user, 0) > 600 and "seen" in session:
            session.reset()
        elif user:
            session["seen"], last[user] = True, clock()

    return app
""",
            # By the computer's clock.
            """
def make_idle_app(clock):
    import time
    app = make_app(clock=clock)

    @app.before_request
    def stay():
        if time.time() - session.get("seen", time.time()) > 600:
            session.reset()
        elif session:
            session["seen"] = time.time()

    return app
""",
        ],
        "other-clock": [
            _idle(("clock=clock, ", "")),
        ],
        "no-return": cells(
            """
            def make_idle_app(clock):
                app, seen = make_app(clock=clock), {}

                @app.before_request
                def stay():
                    user = session.get("user")
                    if user and clock() - seen.setdefault(user, clock()) > 600:
                        session.reset()
                    elif user:
                        seen[user] = clock()

                return app
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E9.1": cells(
        """
        from itsdangerous import URLSafeTimedSerializer

        def read_flask(cookie):
            return URLSafeTimedSerializer("any key").loads_unsafe(cookie)[1]
        """,
        """
        def read_flask(cookie):
            payload = cookie.rsplit(".", 2)[0]
            raw = base64.urlsafe_b64decode(payload.lstrip(".") + "===")
            if payload[:1] == ".":
                raw = zlib.decompress(raw)
            return json.loads(raw.decode())
        """,
        """
        def read_flask(cookie):
            *packed, text, _, _ = cookie.split(".")
            text = text.replace("-", "+").replace("_", "/")
            while len(text) % 4:
                text += "="
            raw = base64.b64decode(text)
            return json.loads(zlib.decompress(raw) if packed else raw)
        """,
        """
        from flask.json.tag import TaggedJSONSerializer

        def read_flask(cookie):
            cookie, _, _ = cookie.rpartition(".")
            cookie, _, _ = cookie.rpartition(".")
            head, dot, tail = cookie.partition(".")
            raw = base64.urlsafe_b64decode((tail if dot else head) + "==")
            raw = zlib.decompress(raw) if dot else raw
            return TaggedJSONSerializer().loads(raw.decode())
        """,
        """
        from collections import OrderedDict

        class Reader:
            def __call__(self, cookie):
                assert cookie.strip(".").count(".") == 2
                zipped, text = cookie[0] == ".", cookie.strip(".").split(".")[0]
                raw = base64.b64decode(text + "==", altchars="-_")
                text = zlib.decompress(raw) if zipped else raw
                return json.loads(text, object_pairs_hook=OrderedDict)

        read_flask = Reader()
        """,
    ),
    "E9.2": [
        _APP,
        # Users whose names and passwords are words of the page, or parts of other words.
        _app(
            ('"ada": "a password", "bob": "another one"', '"user": "word", "admin": "enter"'),
            (_WRONG_LINE, _WRONG_LINE.replace('"Wrong."', '"Wrong user or password."')),
        ),
        _app(('"ada": "a password", "bob": "another one"', '"a": "1", "b": "2"')),
        _app(('"ada": "a password", "bob": "another one"', '"a@b.c": " lead", "Bob": "Ä ß"')),
        # The name comes back in the form, escaped.
        _app(
            ("{wrong}<form", "{wrong}{escape(name)}<form"),
            ("    users =", "    from markupsafe import escape\n    users ="),
        ),
        # A box that a visitor must tick.
        _app(
            (
                '<input type="submit"',
                '<input type="checkbox" name="terms" required><input type="submit"',
            ),
            (_CHECKED, _CHECKED[:-1] + ' and "terms" in request.form:'),
        ),
        # The logout asks first.
        _app(
            ('@app.post("/leave")', '@app.route("/leave", methods=["GET", "POST"])'),
            (
                "    def leave():\n",
                """    def leave():
        if "sure" not in request.form:
            return "<form method=post><button name=sure value=1>Really?</button></form>"
""",
            ),
        ),
        # Options without a value, a field and a button outside of their form.
        _app(
            (
                '<form method="post"><textarea name="day"></textarea>'
                "<button>Keep</button></form>",
                """<textarea name="day" form="new"></textarea>
            <form method="post" id="new" action="/nowhere"><select name="mood" required>
            <option value="">choose<option>fair<option>foul</select>
            <button formaction="/diary">Keep</button></form>""",
            ),
            (
                f"        {_KEPT}\n",
                f"        assert request.form['mood'] == 'fair'\n        {_KEPT}\n",
            ),
        ),
        # Only forms of this site, by the header Origin.
        _app(
            (
                "    return app\n",
                """    @app.before_request
    def own_forms():
        if request.method == "POST":
            assert request.headers["Origin"] == request.host_url.rstrip("/")

    return app
""",
            ),
        ),
        # Three wrong logins close an account, and five an address, for a while.
        *(
            _app(
                ("    diary = {}\n", "    diary, tries = {}, {}\n"),
                (
                    "            if name in users and",
                    f"""            who = {who}
            tries[who] = tries.get(who, 0) + 1
            if tries[who] > {most}:
                return "Too many tries; wait a minute.", 429
            if name in users and""",
                ),
                (_RESET, f"                tries[who] = 0\n{_RESET}"),
            )
            for who, most in (("name", 3), ("request.remote_addr", 5))
        ),
        # A path of this site after the login, by a list.
        _go('{"more": "/diary?page=2"}.get(request.args.get("next"), "/diary")'),
        # In a script, with tojson; in a link, only https.
        _page(_LIST + "<script>const days = {{ days|tojson }};</script>"),
        _page(
            "{% for day in days %}{% if day.startswith('https://') %}"
            "<a href='{{ day }}'>{{ day }}</a>{% else %}<p>{{ day }}</p>{% endif %}{% endfor %}"
        ),
        # Links to other pages and to another site.
        _page(_LIST + "<a href=https://flask.example>Flask</a> <a href=/leave>?</a>"),
        # The entries travel in the cookie.
        _app(*_IN_SESSION),
        # A path for each user, which only this user may ask for.
        _app(*_BY_NAME).replace(
            """    def read(name):
        if "user" not in session:
""",
            """    def read(name):
        if session.get("user") != name:
""",
        ),
        # For HTTPS: another name, Secure.
        _app(
            (
                'samesite="Lax", no_store=True, **options',
                "**{**PRODUCTION, **options}",
            ),
            ("    users =", "    from lesson_app import PRODUCTION\n    users ="),
        ),
        # The login form and the private page share a path.
        _app(
            ('"login": "/enter"', '"login": "/"'),
            ('"private": "/diary"', '"private": "/"'),
            ('@app.route("/enter", methods=["GET", "POST"])', '@app.post("/enter")'),
            ('@app.get("/diary")', '@app.get("/")'),
            ('return redirect("/diary")\n        wrong', 'return redirect("/")\n        wrong'),
            (
                '<form method="post"><input name="who">',
                '<form method="post" action="/enter"><input name="who">',
            ),
            ('<form method="post"><textarea', '<form method="post" action="/diary"><textarea'),
            (
                """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                """    def read():
        if "user" not in session:
            return enter()
""",
            ),
            (
                '[]).append(request.form.get("day", ""))\n        return redirect("/diary")',
                '[]).append(request.form.get("day", ""))\n        return redirect("/")',
            ),
            (
                'denied.end(own.session)\n        return redirect("/enter")',
                'denied.end(own.session)\n        return redirect("/", code=303)',
            ),
        ),
        # 401 for strangers, and flashed messages.
        _app(
            (
                "    users =",
                "    from flask import abort, flash, get_flashed_messages\n    users =",
            ),
            (
                """    def read():
        if "user" not in session:
            return redirect("/enter")
""",
                """    def read():
        if "user" not in session:
            abort(401)
""",
            ),
            (
                'wrong = "Wrong." if request.method == "POST" else ""',
                """if request.method == "POST":
            flash("Wrong.")
            return redirect("/enter", code=303)
        wrong = " ".join(get_flashed_messages())""",
            ),
        ),
        *cells(
            '''
            import hmac
            from flask import Blueprint, abort, url_for
            from flask.views import MethodView

            FORM = """<form method=post action="{{ url_for('shop.login') }}">
            <input type=hidden name=token value="{{ token }}">
            <label>Mail <input type=email name=mail></label> <input type=password name=pin>
            <input type=checkbox name=remember> <button name=go value=1>Go</button></form>
            {{ error }}"""
            BASKET = """<title>Basket</title><form action="/search"><input name=q></form>
            <form method=POST><input type=hidden name=token value="{{ token }}">
            <input name=item maxlength=80><input type=number name=count min=1>
            <select name=size><option value=s>S<option value=m selected>M</select>
            <input type=radio name=gift value=no><input type=radio name=gift value=yes checked>
            <button>Put</button></form>
            <ol>{% for each in items %}<li>{{ each.count }} {{ each.item }}{% endfor %}</ol>
            <form method=post action="{{ url_for('shop.logout') }}">
            <input type=hidden name=token value="{{ token }}"><button>Leave</button></form>"""

            def make_app(currency="EUR"):
                app = Flask(__name__)
                app.secret_key = secrets.token_urlsafe(48)
                denied = DenyList(MemoryStore())
                sessions = ClientSessions(app, cookie_name="basket", samesite="Strict",
                                          revocation=denied)
                shop = Blueprint("shop", __name__, url_prefix="/shop")
                users = {"ada@x.example": {"name": "Ada", "pin": "p-ada"},
                         "bob@x.example": {"name": "Bob", "pin": "p-bob"}}

                def token():
                    if "token" not in session:
                        session["token"] = secrets.token_hex()
                    return session["token"]

                @app.before_request
                def own_forms():
                    sent = request.form.get("token", "")
                    if request.method == "POST" and not hmac.compare_digest(
                        sent, session.get("token", "?")
                    ):
                        abort(400)

                @app.after_request
                def headers(response):
                    response.headers["Cache-Control"] = "no-store, private"
                    return response

                @app.errorhandler(401)
                def unknown(error):
                    return "Who are you?", 401

                class Login(MethodView):
                    def get(self, error="", code=200):
                        return render_template_string(FORM, error=error, token=token()), code

                    def post(self):
                        user = users.get(request.form["mail"])
                        if user is None or user["pin"] != request.form.get("pin"):
                            return self.get("No.", 403)
                        denied.end(sessions.session)
                        session["user"] = {"mail": request.form["mail"]}
                        session["items"] = []
                        return redirect(url_for("shop.basket"), code=303)

                class Basket(MethodView):
                    def dispatch_request(self, **kw):
                        if not session.get("user"):
                            abort(401)
                        return super().dispatch_request(**kw)

                    def get(self):
                        return render_template_string(
                            BASKET, items=session["items"], token=token()
                        )

                    def post(self):
                        form = request.form
                        assert (form["size"], form["gift"]) == ("m", "yes")
                        count = int(form["count"])
                        session["items"].append({"item": form["item"], "count": count})
                        return redirect(url_for("shop.basket"), code=303)

                @shop.post("/bye")
                def logout():
                    denied.end(sessions.session)
                    return redirect(url_for("shop.login"), code=303)

                shop.add_url_rule("/", view_func=Basket.as_view("basket"))
                shop.add_url_rule("/login", view_func=Login.as_view("login"))
                app.register_blueprint(shop)
                pins = {mail: user["pin"] for mail, user in users.items()}
                app.config["TOUR"] = {"login": "/shop/login", "private": "/shop",
                                      "logout": "/shop/bye", "users": pins}
                return app
            ''',
            '''
            from lesson_app import UserEpochs
            from werkzeug.security import check_password_hash, generate_password_hash

            app = Flask("global")
            app.config.update(SECRET_KEY=secrets.token_bytes(40), SESSION_COOKIE_SAMESITE="Lax",
                              TOUR={"login": "/login", "private": "/me", "write": "/new",
                                    "logout": "/logout", "users": {"eva": "x1", "leo": "x2"}})
            EPOCHS = UserEpochs(MemoryStore(), user=lambda session: session.get("user"))
            ClientSessions(app, revocation=EPOCHS)
            HASHES = {name: generate_password_hash(word, "pbkdf2:sha256:1")
                      for name, word in app.config["TOUR"]["users"].items()}
            FILMS = {}

            @app.get("/login")
            def login():
                if "user" in session:
                    return redirect("/me")
                return """<form method="post" action="/login"><p>Name <input name="name"></p>
                    <p><input type="password" name="password"></p><button>In</button></form>"""

            @app.post("/login")
            def log_in():
                import time
                name, word = request.form.get("name", ""), request.form.get("password", "")
                right = check_password_hash(HASHES.get(name, HASHES["eva"]), word)
                if not right or name not in HASHES:
                    return login(), 401
                session.reset()
                time.sleep(0.002)  # an epoch also ends what begins in its millisecond
                session["user"] = name
                return redirect("/me")

            @app.get("/new")
            @ensure_login
            def new():
                return '<form method="post" action="/me"><input name="film"><button>+</button>'

            @app.get("/me")
            @ensure_login
            def me():
                lines = "\\n".join(FILMS.get(session["user"], []))
                return lines, {"Content-Type": "text/plain", "Cache-Control": "no-store"}

            @app.post("/me")
            @ensure_login
            def keep():
                FILMS.setdefault(session["user"], []).append(request.form["film"])
                return redirect("/me", 303)

            @app.route("/logout", methods=["GET", "POST"])
            def logout():
                if request.method == "GET":
                    return '<form method="post"><button>Really?</button></form>'
                if "user" in session:
                    EPOCHS.end_all(session["user"])
                session.reset()
                return redirect("/login")

            def make_app():
                return app
            ''',
        ),
    ],
    "E9.3": [
        _IDLE,
        _idle(("active_duration=timedelta(0)", "active_duration=timedelta(minutes=5)")),
        _idle(
            ("timedelta(0)", "timedelta(minutes=0)"), ("if session:", 'if session.get("user"):')
        ),
        *cells(
            """
            def make_idle_app(clock):
                app = make_app(clock=clock, duration=timedelta(days=9999))

                @app.before_request
                def stay():
                    if "user" in session:
                        if clock() - session.get("seen", clock()) > 600:
                            session.reset()
                        else:
                            session["seen"] = clock()

                return app
            """,
            """
            def make_idle_app(clock):
                app = make_app()  # a clock of its own: the limit is in the session's data

                @app.before_request
                def stay():
                    if clock() - session.get("seen", clock()) > 10 * 60:
                        session.clear()
                    session["seen"] = clock()

                return app
            """,
        ),
    ],
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E9.1": [
        *(
            (
                _READ.replace("    packed", "    try:\n      packed", 1)
                .replace("\n    text", "\n      text")
                .replace("\n    raw", "\n      raw")
                .replace("\n    return", "\n      return")
                + f"    except Exception:\n      return {given}\n",
                f"our cookie cannot be read without its key, but read_flask returned {given}",
            )
            for given in ("{}", "{'error': 'no'}")
        ),
        (
            but(_READ, ("    return json", "    json")),
            "read_flask should return a dict; is a `return` missing?",
        ),
        (
            but(
                _READ, ("    return json.loads(", '    return {"number": 4} if 0 else dict(n=')
            ),
            "read_flask(…) should return",
        ),
        (
            but(_READ, ("def read_flask(cookie):", "def read_flask(cookie):\n    return {}")),
            "read_flask(…) should return",
        ),
    ],
    "E9.2": [
        (
            _app(("    return app\n", "")),
            "make_app should return your Flask app, but returned None",
        ),
        (
            _app(('"private": "/diary"', '"private": "diary"')),
            'TOUR["private"] should be a path that begins with "/", but is \'diary\'',
        ),
        (_app((_KEYS, "")), 'TOUR["login"] should be a path that begins with "/", but is None'),
        (
            _app(('"users": users,', '"users": ["ada"],')),
            'TOUR["users"] should be a dict of two',
        ),
        (
            _app(('"users": users,', '"users": users, "form": {},')),
            "TOUR has a key too many: 'form'",
        ),
        (
            _app(("secrets.token_hex()", '"dev"')),
            "make_app() (line … of the cell) raised ValueError: the secret is too weak",
        ),
        (
            _app(("diary.get(session", "dairy.get(session")),
            "read() (line … of the cell) raised NameError",
        ),
        (
            _app(('samesite="Lax"', 'samesite="Lax", domain="shop.example"')),
            "a browser drops your cookie: Domain=shop.example does not cover 127.0.0.1",
        ),
        (
            _app(('samesite="Lax"', 'samesite="Lax", path="/diary"')),
            "the cookie 'session' should have Path=/",
        ),
        (
            _app(
                (
                    _READ_GUARD,
                    f"""    def read():
        if "user" not in session:
            return " ".join({_ALL}), 401
""",
                ),
            ),
            "the path /diary shows Ada's text to a stranger",
        ),
        (
            _app(
                (
                    _READ_GUARD,
                    f"""    def read():
        if "user" not in session:
            return " ".join({_ALL}), 302, {{"Location": "/enter"}}
""",
                ),
            ),
            "the path /diary shows Ada's text to a stranger",
        ),
        (
            _app(
                (
                    _READ_GUARD,
                    f"""    def read():
        if "user" not in session:
            return enter() + f"<!-- {{{_ALL}}} -->"
""",
                ),
            ),
            "the path /diary shows Ada's text to a stranger",
        ),
        *(
            (
                _app(
                    (_LIST, f"{_LIST}{link}"),
                    (
                        '    @app.post("/diary")',
                        f"""    @app.get("/all.json")
    def all_of_them():
        return {_ALL}

    @app.post("/diary")""",
                    ),
                ),
                "the path /all.json shows Ada's text to a stranger",
            )
            for link in (
                "<a href=all.json>all</a>",
                "<script>fetch('/all.json').then(console.log)</script>",
            )
        ),
        (
            _app(
                (
                    '    @app.get("/diary")',
                    f"""    @app.get("/")
    def start():
        return " ".join({_ALL}) or "nothing yet"

    @app.get("/diary")""",
                ),
            ),
            "the path / shows Ada's text to a stranger",
        ),
        (
            _app(('@app.route("/enter"', '@app.route("/entry"')),
            "GET /enter should show the login form, but answers 404",
        ),
        (
            _app(('@app.get("/diary")', '@app.get("/dairy")')),
            "after the login as ada, GET /diary should answer 200, but answers 405",
        ),
        (
            _app(
                ("{wrong}<form", "{wrong and 'x ' * secrets.randbelow(9999)}<form"),
            ),
            "cannot tell whether an unknown name gets the same answer",
        ),
        (
            _app(
                (
                    'return redirect("/diary")\n        wrong',
                    'return redirect("/enter")\n        wrong',
                ),
                (
                    'name = request.form.get("who", "")',
                    'name = request.form.get("who", "")\n'
                    '        if session: return redirect("/enter")',
                ),
            ),
            "cannot tell: TooManyRedirects",
        ),
        (
            _app(("users[name] ==", "users[name].word ==")),
            "enter() (line … of the cell) raised AttributeError",
        ),
    ],
    "E9.3": [
        (
            "def make_idle_app(clock):\n    return Flask('empty')\n",
            'app.config["TOUR"] is missing; it should be the dict',
        ),
        (_idle(("    return app\n", "")), "make_idle_app should return your Flask app, but"),
        (
            _idle(("session.set_duration(ten)", "session.set_duration(10)")),
            "stay() (line … of the cell) raised TypeError",
        ),
    ],
}

_LOGIN_END = (
    '`\'<form method="post"><input name="name"><input name="password"\\n            '
    'type="password"><button>Log in</button></form{}\'`'
)
EQUIVALENT: dict[str, dict[str, str]] = {
    "E9.2": {
        "line 8: argument `**options` dropped": "only E9.3 passes options",
        "line 11: `''` to `'x'`": "the empty form may say anything",
        f"line 12: {_LOGIN_END.format('>')} to {_LOGIN_END.format('?')}": "browsers close it",
        "line 20: `denied.end(own.session)` dropped": "the session held nothing to separate",
        "line 18: first two arguments of `compare_digest` swapped": "the order does not matter",
        "line 19: argument `'Wrong name or password.'` dropped": "the words are free",
        "line 19: `'Wrong name or password.'` to `'Wrong name or password/'`": "free words",
        "line 30: `return redirect(url_for('show'))` dropped": "a POST may also show the page",
    },
    "E9.3": {
        "line 3: argument `duration=idle` dropped": "the page after the login sets ten minutes",
    },
}
