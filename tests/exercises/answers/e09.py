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
            _app(('<input type="password"', "<input"), ('"login": "/enter"', '"login": "/x"')),
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
            # Who writes becomes a guest, whom the page lets in.
            _app(
                (
                    _GUARDED_WRITE,
                    '    def write():\n        session.setdefault("user", "guest")\n',
                )
            ),
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
        "shared": [
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
        ],
        "not-sealed": [
            _app(
                ("own = ClientSessions(app,", "own = dict("),
                (_RESET, "session.clear()\n".rjust(32) + 'session["user"] = name\n'.rjust(39)),
                (_LEAVE, "        session.clear()\n        return redirect('/enter')\n"),
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
            _app(
                (
                    'return redirect("/diary")\n        wrong',
                    'answer = redirect("/diary")\n'
                    '                answer.set_cookie("user", name)\n'
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
                ('diary.get(session["user"], [])', 'diary.get(request.cookies["user"], [])'),
            ),
        ],
        "changed-crash": [
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
            _app(("secrets.token_hex()", '"o6LjQ5EVNC28ZgK64hDELM18ScpFQr"')),
            _app(
                ("secrets.token_hex()", '"dev"'),
                ("    own =", "    app.debug = True\n    own ="),
            ),
        ],
        "logout-by-get": [
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
            _app((_LEAVE, '        session.pop("user")\n        return redirect("/enter")\n')),
        ],
        "locked-out": [
            _app(
                (
                    _LEAVE,
                    """        users.pop(session["user"])
        denied.end(own.session)
        return redirect("/enter")
""",
                ),
            ),
        ],
        "cached": [
            _app((", no_store=True", "")),
        ],
        "any-password": [
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
            _idle(("session.set_duration(ten)", "pass")),
            _idle(
                ("active_duration=timedelta(0)", "active_duration=ten / 2"),
                ("session.set_duration(ten)", "pass"),
            ),
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
            try:
                raw = base64.urlsafe_b64decode((tail if dot else head) + "==")
                raw = zlib.decompress(raw) if dot else raw
                return TaggedJSONSerializer().loads(raw.decode())
            except Exception:
                return None
        """,
        """
        class Reader:
            def __call__(self, cookie):
                assert cookie.strip(".").count(".") == 2
                zipped, text = cookie[0] == ".", cookie.strip(".").split(".")[0]
                raw = base64.b64decode(text + "==", altchars="-_")
                return json.loads(zlib.decompress(raw) if zipped else raw)

        read_flask = Reader()
        """,
    ),
    "E9.2": [
        _APP,
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
                        if user is None or user["pin"] != request.form["pin"]:
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
            _app(('@app.get("/diary")', '@app.get("/dairy")')),
            "after the login as ada, GET /diary should answer 200, but answers 405",
        ),
        (
            _app(("{wrong}<form", "{wrong and secrets.token_hex()}<form")),
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
