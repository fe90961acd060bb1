"""Answers of learners to the exercises of notebook 04; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import but, cells

# Each exercise's answer as a learner could write it; the wrong ones change a line or two.
(FIRST, SECOND, THIRD, FOURTH) = cells(
    """
    class FirstTry(Middleware):
        def open_session(self, app, request):
            value = request.cookies.get("session")
            if value is None:
                return Session()
            return Session(unseal(value, self.keys).content)

        def save_session(self, app, session, response):
            now = self.now()
            value = seal(session, self.keys, created_at=now, duration=self.duration)
            end = (now + self.duration) / 1000
            response.set_cookie("session", value, expires=end, httponly=True)
    """,
    """
    class SecondTry(Middleware):
        def open_session(self, app, request):
            session = Session()
            try:
                opened = unseal(request.cookies.get("session", ""), self.keys)
                session.update(opened.content)
            except BadCookie:
                pass
            session.before = json.dumps(session)
            return session

        def save_session(self, app, session, response):
            if json.dumps(session) != session.before:
                now = self.now()
                value = seal(session, self.keys, created_at=now, duration=self.duration)
                end = (now + self.duration) / 1000
                response.set_cookie("session", value, expires=end, httponly=True)
    """,
    """
    class ThirdTry(Middleware):
        def open_session(self, app, request):
            session = Session()
            session.send = False
            session.created_at, session.duration = self.now(), self.duration
            try:
                opened = unseal(request.cookies.get("session", ""), self.keys)
                left = opened.created_at + opened.duration - self.now()
                if left >= 0:
                    session.update(opened.content)
                    session.created_at = opened.created_at
                    session.duration = opened.duration
                    if left < self.active_duration:
                        session.created_at += self.active_duration
                        session.send = True
            except BadCookie:
                pass
            session.before = json.dumps(session)
            return session

        def save_session(self, app, session, response):
            if session.send or json.dumps(session) != session.before:
                value = seal(
                    session,
                    self.keys,
                    created_at=session.created_at,
                    duration=session.duration,
                )
                end = (session.created_at + session.duration) / 1000
                response.set_cookie("session", value, expires=end, httponly=True)
    """,
    """
    class FourthTry(Middleware):
        def open_session(self, app, request):
            session = Session()
            session.send = False
            now = self.now()
            session.born = session.created_at = now
            session.duration = self.duration
            try:
                opened = unseal(request.cookies.get("session", ""), self.keys)
                content = dict(opened.content)
                born = content.pop("_born", opened.created_at)
                left = opened.created_at + opened.duration - now
                if left >= 0 and now - born <= 10 * self.duration:
                    session.update(content)
                    session.born = born
                    session.created_at = opened.created_at
                    session.duration = opened.duration
                    if left < self.active_duration:
                        session.created_at += self.active_duration
                        session.send = True
            except BadCookie:
                pass
            session.before = json.dumps(session)
            return session

        def save_session(self, app, session, response):
            if session.send or json.dumps(session) != session.before:
                value = seal(
                    {**session, "_born": session.born},
                    self.keys,
                    created_at=session.created_at,
                    duration=session.duration,
                )
                end = (session.created_at + session.duration) / 1000
                response.set_cookie("session", value, expires=end, httponly=True)
    """,
)
(STAY,) = cells(
    """
    def stay(thief, url, clock):
        for visit in range(80):
            clock.advance(timedelta(seconds=45))
            text = thief.get(url + "/session-test-read").text
        return text
    """
)
_SEAL = "seal(session, self.keys, created_at=now, duration=self.duration)"
_SET = 'response.set_cookie("session", value, expires=end, httponly=True)'
_CHANGED = "json.dumps(session) != session.before"
_BEFORE = "session.before = json.dumps(session)"
_OPEN = "return Session(unseal(value, self.keys).content)"
_OPENED = "Session(unseal(value, self.keys).content if value else {})"

WRONG: dict[str, dict[str, list[str]]] = {
    "E4.1": {
        "shared": [
            # What open_session returns is right, but save_session seals what is in `self`.
            but(
                FIRST,
                ("        if value is None:\n            return Session()\n", ""),
                (_OPEN, f"self.now_open = {_OPENED}\n        return self.now_open"),
                ("seal(session", "seal(self.now_open"),
            ),
            "current = None\n\n\n"
            + but(
                FIRST,
                ("request):\n", "request):\n        global current\n"),
                ("        if value is None:\n            return Session()\n", ""),
                (_OPEN, f"current = {_OPENED}\n        return current"),
                ("seal(session", "seal(current"),
            ),
            # A stack: right if the visitor who came last is served first.
            but(
                FIRST,
                ("request):\n", "request, stack=[]):\n        self.stack = stack\n"),
                ("        if value is None:\n            return Session()\n", ""),
                (_OPEN, f"stack.append({_OPENED})\n        return stack[-1]"),
                ("seal(session", "seal(self.stack.pop()"),
            ),
            *cells(
                """
                STORE = Session()


                class FirstTry(Middleware):
                    def open_session(self, app, request):
                        return STORE

                    def save_session(self, app, session, response):
                        now = self.now()
                        value = seal(
                            session, self.keys, created_at=now, duration=self.duration
                        )
                        end = (now + self.duration) / 1000
                        response.set_cookie("session", value, expires=end, httponly=True)
                """,
                """
                class FirstTry(Middleware):
                    def open_session(self, app, request, session=Session()):
                        if "session" in request.cookies:
                            session.update(
                                unseal(request.cookies["session"], self.keys).content
                            )
                        return session

                    def save_session(self, app, session, response):
                        now = self.now()
                        value = seal(
                            session, self.keys, created_at=now, duration=self.duration
                        )
                        end = (now + self.duration) / 1000
                        response.set_cookie("session", value, expires=end, httponly=True)
                """,
            ),
        ],
        "not-set": [
            but(
                FIRST,
                ("        now =", "        if not session:\n            return\n        now ="),
            ),
            but(FIRST, (f"        {_SET}", f"        if session:\n            {_SET}")),
            but(FIRST, (f"        {_SET}\n", "")),
        ],
        "no-cookie": [
            but(FIRST, ("        if value is None:\n            return Session()\n", "")),
            but(
                FIRST,
                ('.get("session")', '.get("session", "")'),
                ("if value is None", "if value == 'none'"),
            ),
        ],
        "forgets": [
            but(FIRST, (_OPEN, "return Session()")),
            but(FIRST, (_OPEN, "unseal(value, self.keys)\n        return Session()")),
            but(FIRST, (_OPEN, "return Session({})")),
        ],
        "other-keys": [
            but(FIRST, ("seal(session, self.keys", "seal(session, KEYS")),
            but(FIRST, ("unseal(value, self.keys)", "unseal(value, KEYS)")),
            FIRST.replace("self.keys", "KEYS"),
            FIRST.replace("self.keys", 'derive_keys("secret")'),
        ],
        "not-sealed": [
            but(FIRST, (_SEAL, "json.dumps(session)")),
            but(FIRST, (_SEAL, "json.dumps(session).encode().hex()")),
            but(FIRST, ('"session", value', '"session", ""')),
        ],
        "computer-clock": [
            but(FIRST, (_SEAL, "seal(session, self.keys, duration=self.duration)")),
            but(FIRST, (_SEAL, "seal(session, self.keys)")),
            "import time\n\n\n"
            + but(FIRST, ("now = self.now()", "now = int(time.time() * 1000)")),
        ],
        "seconds": [
            but(FIRST, ("created_at=now", "created_at=now // 1000")),
            but(
                FIRST,
                ("now = self.now()", "now = int(self.clock())"),
            ),
        ],
        "no-httponly": [
            but(FIRST, (", httponly=True", "")),
            but(FIRST, ("httponly=True", "httponly=False")),
        ],
        "no-expires": [
            but(FIRST, (", expires=end", "")),
            but(FIRST, ("expires=end", "expires=None")),
        ],
    },
    "E4.2": {
        "breaks": [
            but(SECOND, ("except BadCookie", "except KeyError")),
            "from lesson_app import BadFormat\n\n\n"
            + but(SECOND, ("except BadCookie", "except BadFormat")),
            but(SECOND, ("except BadCookie", "except TypeError")),
        ],
        "from-nothing": [
            but(
                SECOND,
                (
                    "        if json.dumps(session) !=",
                    "        if not session and session.before == '{}':\n"
                    '            response.delete_cookie("session")\n'
                    "        if json.dumps(session) !=",
                ),
            ),
            but(
                SECOND,
                (f"        {_BEFORE}\n", ""),
                (
                    "session.update(opened.content)",
                    f"session.update(opened.content)\n            {_BEFORE}",
                ),
                (_CHANGED, "json.dumps(session) != getattr(session, 'before', None)"),
            ),
            but(SECOND, (f"if {_CHANGED}", "if True")),
            but(SECOND, (f"if {_CHANGED}", "if session.modified")),
        ],
        "always": [
            but(SECOND, (f"if {_CHANGED}", "if session")),
            but(SECOND, (_CHANGED, "session and session != session.before")),
            but(
                SECOND,
                (f"        {_BEFORE}\n", ""),
                ("session = Session()", "session = Session()\n        session.before = '{}'"),
                (
                    "session.update(opened.content)",
                    "session.update(opened.content)\n            session.before = opened.json",
                ),
            ),
        ],
        "touched": [
            *cells(
                """
                class Noticing(Session):
                    written = False

                    def __setitem__(self, key, value):
                        self.written = True
                        super().__setitem__(key, value)


                """
                + SECOND.replace("Session()", "Noticing()")
                .replace("if json", "if session.written or json")
                .replace("\n", "\n                ")
            ),
            "from flask.sessions import SecureCookieSession\n\n\n"
            + but(
                SECOND,
                ("session = Session()", "session = SecureCookieSession()"),
                (_BEFORE, f"{_BEFORE}\n        session.modified = False"),
                (_CHANGED, f"session.modified or {_CHANGED}"),
            ),
        ],
        "never": [
            but(
                SECOND,
                (_BEFORE, "session.before = session"),
                (_CHANGED, "session != session.before"),
            ),
            but(SECOND, (_CHANGED, f"{_CHANGED} and False")),
            but(SECOND, ("if json", f"{_BEFORE}\n        if json")),
            but(SECOND, (_CHANGED, "session is None")),
        ],
        "inverted": [
            but(SECOND, ("!=", "==")).replace("if json", "if session and json"),
            but(SECOND, (_CHANGED, f"session and not ({_CHANGED})")),
        ],
        "shallow": [
            but(
                SECOND,
                (_BEFORE, "session.before = dict(session)"),
                (_CHANGED, "session != session.before"),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = session.copy()"),
                (_CHANGED, "session.copy() != session.before"),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = list(session.items())"),
                (_CHANGED, "list(session.items()) != session.before"),
            ),
            "import copy\n\n\n"
            + but(
                SECOND,
                (_BEFORE, "session.before = copy.copy(dict(session))"),
                (_CHANGED, "dict(session) != session.before"),
            ),
            "from flask.sessions import SecureCookieSession\n\n\n"
            + but(
                SECOND,
                ("session = Session()", "session = SecureCookieSession()"),
                (_BEFORE, "session.modified = False"),
                (_CHANGED, "session.modified"),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = {k: str(v)[:9] for k, v in session.items()}"),
                (_CHANGED, "{k: str(v)[:9] for k, v in session.items()} != session.before"),
            ),
        ],
        "only-keys": [
            but(
                SECOND,
                (_BEFORE, "session.before = set(session)"),
                (_CHANGED, "set(session) != session.before"),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = len(session)"),
                (_CHANGED, "len(session) != session.before"),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = list(session)"),
                (_CHANGED, "list(session) != session.before"),
            ),
        ],
        "only-old-keys": [
            but(
                SECOND,
                (_BEFORE, "session.before = {k: json.dumps(v) for k, v in session.items()}"),
                (
                    _CHANGED,
                    "not session.before and session or any(\n"
                    "            key not in session or json.dumps(session[key]) != value\n"
                    "            for key, value in session.before.items()\n        )",
                ),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = [json.dumps(v) for v in session.values()]"),
                (_CHANGED, "[json.dumps(v) for v in session.values()] != session.before"),
            ),
            but(
                SECOND,
                (_BEFORE, "session.before = {k: json.dumps(v) for k, v in session.items()}"),
                (
                    _CHANGED,
                    "any(json.dumps(session.get(k)) != session.before.get(k, 'null')\n"
                    "               for k in set(session) | set(session.before))",
                ),
            ),
        ],
        "only-growth": [
            but(
                SECOND,
                (_BEFORE, "session.before = {k: json.dumps(v) for k, v in session.items()}"),
                (
                    _CHANGED,
                    "any(\n            session.before.get(key) != json.dumps(value)\n"
                    "            for key, value in session.items()\n        )",
                ),
            ),
        ],
        "only-full": [
            but(SECOND, (f"if {_CHANGED}", f"if session and {_CHANGED}")),
            but(
                SECOND,
                (
                    "        if json",
                    "        if not session:\n            return\n        if json",
                ),
            ),
        ],
        "one-is-true": [
            "import copy\n\n\n"
            + but(
                SECOND,
                (_BEFORE, "session.before = copy.deepcopy(dict(session))"),
                (_CHANGED, "session != session.before"),
            ),
            but(SECOND, (_CHANGED, "json.loads(session.before) != session")),
        ],
        "shared": [
            SECOND.replace("session.before", "self.before"),
            SECOND.replace("session.before", "type(self).before"),
            "before = []\n\n\n"
            + but(
                SECOND,
                (_BEFORE, "before.append(json.dumps(session))"),
                (_CHANGED, "json.dumps(session) != before.pop()"),
            ),
            SECOND.replace("session.before", "app.before"),
            "notes = {}\n\n\n"
            + but(
                SECOND,
                (_BEFORE, "notes[request.remote_addr] = json.dumps(session)"),
                (_CHANGED, "json.dumps(session) != notes[request.remote_addr]"),
            ),
        ],
    },
    "E4.3": {
        "from-nothing": [
            but(
                THIRD,
                (
                    "        session.before = json",
                    "        session.send |= session.duration < self.active_duration\n"
                    "        session.before = json",
                ),
            )
        ],
        "never": [
            but(THIRD, ("if left >= 0", "if True")),
            but(THIRD, ("if left >= 0", "if opened.created_at <= self.now()")),
        ],
        "at-once": [
            but(THIRD, ("if left >= 0", "if left >= opened.created_at")),
            but(
                THIRD, ("left = opened.created_at + opened.duration", "left = opened.duration")
            ),
        ],
        "border": [
            but(THIRD, ("if left >= 0", "if left > 0")),
        ],
        "inverted-end": [
            but(THIRD, ("if left >= 0", "if left < 0")),
            but(THIRD, ("if left >= 0", "if left <= 0")),
        ],
        "own-duration": [
            but(
                THIRD,
                ("created_at + opened.duration - self", "created_at + self.duration - self"),
            ),
            but(
                THIRD,
                ("session.duration = opened.duration", "session.duration = self.duration"),
            ),
        ],
        "future": [
            but(THIRD, ("if left >= 0", "if 0 <= left <= opened.duration")),
            but(THIRD, ("if left >= 0", "if left >= 0 and opened.created_at <= self.now()")),
        ],
        "never-extends": [
            but(THIRD, ("if left < self.active_duration", "if left < 0")),
            but(
                THIRD,
                (
                    "                if left < self.active_duration:\n"
                    "                    session.created_at += self.active_duration\n"
                    "                    session.send = True\n",
                    "",
                ),
            ),
        ],
        "not-sent": [
            but(THIRD, ("session.send = True", "pass")),
            but(THIRD, ("if session.send or json", "if json")),
        ],
        "inverted": [
            but(THIRD, ("if left < self.active", "if left > self.active")),
            but(THIRD, ("if left < self.active", "if left >= self.active")),
        ],
        "each-request": [
            but(THIRD, ("if left < self.active_duration", "if True")),
            but(THIRD, ("if left < self.active_duration", "if left < opened.duration + 1")),
        ],
        "at-border": [
            but(THIRD, ("if left < self.active", "if left <= self.active")),
        ],
        "time-spent": [
            but(
                THIRD,
                (
                    "if left < self.active_duration",
                    "if self.now() - opened.created_at > self.active_duration",
                ),
            ),
            but(
                THIRD,
                (
                    "if left < self.active_duration",
                    "if opened.duration - left >= self.active_duration",
                ),
            ),
        ],
        "from-now": [
            but(
                THIRD,
                (
                    "session.created_at += self.active_duration",
                    "session.created_at = self.now()",
                ),
            ),
        ],
        "unmoved": [
            but(
                THIRD, ("                    session.created_at += self.active_duration\n", "")
            ),
        ],
        "longer": [
            but(
                THIRD, ("session.created_at += self.active", "session.duration += self.active")
            ),
            but(
                THIRD,
                ("session.created_at += self.active_duration", "session.duration += left"),
            ),
        ],
        "always": [
            but(THIRD, ("if session.send or json.dumps(session) != session.before", "if True")),
            but(THIRD, ("session.send = False", "session.send = True")),
        ],
        "unsent": [
            but(
                THIRD,
                ("if session.send or json.dumps(session) != session.before", "if session.send"),
            ),
        ],
        "old-note": [
            but(
                THIRD,
                (
                    "            left = opened",
                    "            session.before = json.dumps(opened.content)\n"
                    "            left = opened",
                ),
                (_BEFORE, f"if 'before' not in vars(session):\n            {_BEFORE}"),
            ),
        ],
        "fresh-times": [
            but(
                THIRD,
                (
                    "            value = seal",
                    "            if not session.send:\n"
                    "                session.created_at = self.now()\n"
                    "                session.duration = self.duration\n"
                    "            value = seal",
                ),
            ),
        ],
        "born-expired": [
            but(
                THIRD,
                (
                    "            if left >= 0:\n",
                    "            session.created_at = opened.created_at\n"
                    "            if left >= 0:\n",
                ),
            ),
        ],
        "shared": [
            THIRD.replace("session.created_at", "self.created_at"),
            THIRD.replace("session.duration", "self.cookie_duration"),
            THIRD.replace("session.send", "self.send"),
            THIRD.replace("session.before", "app.before"),
        ],
    },
    "E4.4": {
        "no-visit": cells(
            """
            def stay(thief, url, clock):
                clock.advance(timedelta(hours=1))
                return "the session"
            """,
            """
            def stay(thief, url, clock):
                for _ in range(72):
                    clock.advance(timedelta(seconds=50))
                    text = thief.get(f"{url}/add").text
                return text
            """,
        ),
        "too-short": [
            but(STAY, ("range(80)", "range(79)")),
            but(STAY, ("seconds=45", "milliseconds=45")),
            but(STAY, ("range(80)", "range(60)")),
            *cells(
                """
                def stay(thief, url, clock):
                    text = thief.get(f"{url}/session-test-read").text
                    clock.advance(timedelta(hours=1))
                    return text
                """
            ),
        ],
        "too-slow": [
            but(STAY, ("seconds=45", "seconds=70")),
            but(STAY, ("seconds=45", "seconds=120")),
            *cells(
                """
                def stay(thief, url, clock):
                    clock.advance(timedelta(hours=1))
                    return thief.get(f"{url}/session-test-read").text
                """
            ),
        ],
        "lost": [
            but(
                STAY,
                (
                    'thief.get(url + "/session-test-read")',
                    'get(url + "/session-test-read", cookies=dict(thief.cookies))',
                ),
                ("    for visit", "    from requests import get\n    for visit"),
            ),
            but(
                STAY,
                ("thief.get(url", "get(url"),
                ("    for visit", "    from requests import get\n    for visit"),
            ),
        ],
        "writes": [
            but(
                STAY,
                (
                    "        text =",
                    '        thief.get(url + "/session-test-add?message=mine")\n        text =',
                ),
            ),
        ],
        "response": [
            but(STAY, ('"/session-test-read").text', '"/session-test-read")')),
        ],
        "endless": cells(
            """
            def stay(thief, url, clock):
                start = clock()
                while clock() < start + 3600:
                    answer = thief.get(f"{url}/session-test-read")
                return answer.text
            """,
            """
            def stay(thief, url, clock):
                while True:
                    clock.advance(timedelta(hours=1))
            """,
        ),
    },
    "E4.5": {
        "born-expired": cells(
            """
            class FourthTry(ThirdTry):
                def open_session(self, app, request):
                    session = super().open_session(app, request)
                    if self.now() - session.get("_born", self.now()) > 10 * self.duration:
                        session.clear()
                    return session

                def save_session(self, app, session, response):
                    if session:
                        session.setdefault("_born", self.now())
                    super().save_session(app, session, response)
            """,
        ),
        "other-duration": [
            but(FOURTH, ("10 * self.duration", "10 * opened.duration")),
            # The server that began the session sets its end.
            *cells(
                """
            class FourthTry(ThirdTry):
                def open_session(self, app, request):
                    session = super().open_session(app, request)
                    now = self.now()
                    if "_ends" in session and session["_ends"] < now:
                        session = Session()
                        session.created_at, session.duration = now, self.duration
                        session.before = "{}"
                    return session

                def save_session(self, app, session, response):
                    if session and "_ends" not in session:
                        session["_ends"] = self.now() + 10 * self.duration
                    super().save_session(app, session, response)
            """,
            ),
        ],
        "no-limit": [
            but(FOURTH, (" and now - born <= 10 * self.duration", "")),
            but(
                FOURTH,
                (
                    'content.pop("_born", opened.created_at)',
                    'content.pop("_born", 0) * 0 + opened.created_at',
                ),
            ),
            but(FOURTH, ("10 * self.duration", "10 * 1000 * self.duration")),
            but(FOURTH, ("session.born = born", "session.born = now")),
        ],
        "restarts": [
            but(
                FOURTH,
                (
                    "            value = seal(",
                    "            if json.dumps(session) != session.before:\n"
                    "                session.born = self.now()\n"
                    "            value = seal(",
                ),
            ),
        ],
        "too-early": [
            but(FOURTH, ("10 * self.duration", "9 * self.duration")),
            but(FOURTH, ("born <= 10", "born < 10")),
        ],
        "other-end": [
            but(FOURTH, ("+= self.active_duration", "+= 2 * self.active_duration")),
            but(FOURTH, ("if left < self.active_duration", "if True")),
            but(FOURTH, ("if left < self.active_duration", "if left < 0")),
        ],
        "stuck": [
            but(
                FOURTH,
                (
                    "            left = opened",
                    "            session.born = born\n            left = opened",
                ),
            ),
        ],
        "on-the-server": [
            "births = {}\n\n\n"
            + but(
                FOURTH,
                (
                    'content.pop("_born", opened.created_at)',
                    'births.get((id(self), content.get("_id")), now)',
                ),
                ('{**session, "_born": session.born}', '{**session, "_id": key}'),
                (
                    "            value = seal(",
                    '            key = session.get("_id") or str(len(births))\n'
                    "            births.setdefault((id(self), key), session.born)\n"
                    "            value = seal(",
                ),
            ),
        ],
        "breaks": [
            but(FOURTH, ('.pop("_born", opened.created_at)', '.pop("_born")')),
        ],
        "from-nothing": cells(
            """
            class FourthTry(ThirdTry):
                def open_session(self, app, request):
                    session = super().open_session(app, request)
                    session.setdefault("_born", self.now())
                    if self.now() - session["_born"] > 10 * self.duration:
                        session.clear()
                    return session
            """,
        ),
        "always": [
            but(
                FOURTH,
                (
                    "session.send = False",
                    'session.send = bool(request.cookies.get("session", "").count(".") == 4)',
                ),
            ),
        ],
        "unsent": [
            but(
                FOURTH,
                ("if session.send or json.dumps(session) != session.before", "if session.send"),
            ),
        ],
        "shared": [
            FOURTH.replace("session.born", "self.born"),
            but(
                FOURTH,
                ("except BadCookie:\n            pass", "except BadCookie:\n            pass"),
                (
                    "        session.before = json",
                    "        if session:\n"
                    "            self.last = dict(session)\n"
                    '        elif "session" in request.cookies and left_over(self):\n'
                    "            session.update(self.last)\n"
                    "        session.before = json",
                ),
            ).replace("left_over(self)", "'.' not in request.cookies['session']"),
        ],
    },
}

RIGHT: dict[str, list[str]] = {
    "E4.1": [
        FIRST,
        # The times of the cookie that came go on.
        *cells(
            """
            from datetime import UTC, datetime


            class FirstTry(Middleware):
                def open_session(self, app, request):
                    session = Session()
                    session.times = self.now(), self.duration
                    if "session" in request.cookies:
                        opened = unseal(request.cookies["session"], self.keys)
                        session.update(opened.content)
                        session.times = opened.created_at, opened.duration
                    return session

                def save_session(self, app, session, response):
                    created_at, duration = session.times
                    response.set_cookie(
                        key="session",
                        value=seal(
                            dict(session), self.keys, created_at=created_at, duration=duration
                        ),
                        expires=datetime.fromtimestamp((created_at + duration) / 1000, UTC),
                        path="/",
                        httponly=True,
                        samesite="Lax",
                    )
            """,
            # The header by hand, and a Session of one's own.
            """
            import math
            from email.utils import formatdate


            class Mine(dict, SessionMixin):
                @classmethod
                def of(cls, value, keys):
                    return cls(unseal(value, keys).content)


            class FirstTry(Middleware):
                def open_session(self, app, request):
                    if value := request.cookies.get(self.get_cookie_name(app)):
                        return Mine.of(value, self.keys)
                    return Mine()

                def save_session(self, app, session, response):
                    now = self.now()
                    value = seal(session, self.keys, created_at=now, duration=self.duration)
                    end = math.ceil((now + self.duration) / 1000)
                    response.headers.add(
                        "Set-Cookie",
                        f"session={value}; Path=/; HttpOnly; "
                        f"Expires={formatdate(end, usegmt=True)}",
                    )
            """,
            """
            from http.cookies import SimpleCookie
            from flask.sessions import SecureCookieSession


            class FirstTry(Middleware):
                name = "session"

                def open_session(self, app, request):
                    try:
                        value = SimpleCookie(request.headers["Cookie"])[self.name].value
                    except KeyError:
                        return SecureCookieSession()
                    return SecureCookieSession(unseal(value, self.keys).content)

                def end(self):
                    return (self.now() + self.duration) / 1000

                def save_session(self, app, session, response):
                    response.set_cookie(
                        self.name,
                        seal(
                            session, self.keys, created_at=self.now(), duration=self.duration
                        ),
                        expires=self.end(),
                        httponly=self.get_cookie_httponly(app),
                        path=self.get_cookie_path(app),
                    )
            """,
            # Options with other names, and the clock itself.
            """
            class FirstTry(SessionInterface):
                def __init__(self, keys, clock, lasts=120_000, active=60_000):
                    self.k, self.c, self.lasts = keys, clock, lasts

                def open_session(self, app, request):
                    found = Session()
                    for name, value in request.cookies.items():
                        if name == "session":
                            found |= unseal(value, self.k).content
                    return found

                def save_session(self, app, session, response):
                    begins = round(self.c() * 1000)
                    sealed = seal(session, self.k, created_at=begins, duration=self.lasts)
                    response.set_cookie(
                        "session", sealed, expires=(begins + self.lasts) // 1000, httponly=1
                    )
            """,
            """
            def FirstTry(keys, clock, duration=120_000, active_duration=60_000):
                class Inner(Middleware):
                    def open_session(self, app, request):
                        value = request.cookies.get("session")
                        return Session(unseal(value, keys).content if value else {})

                    def save_session(self, app, session, response):
                        now = round(clock() * 1000)
                        value = seal(session, keys, created_at=now, duration=duration)
                        end = (now + duration) / 1000
                        response.set_cookie("session", value, expires=end, httponly=True)

                return Inner(keys, clock, duration, active_duration)
            """,
        ),
    ],
    "E4.2": [
        SECOND,
        # Notes of other kinds, and elsewhere than in the session.
        "import copy\n\n\n"
        + but(
            SECOND,
            (_BEFORE, "session.before = copy.deepcopy(dict(session))"),
            (_CHANGED, "json.dumps(session) != json.dumps(session.before)"),
        ),
        "from flask import g\n\n\n" + SECOND.replace("session.before", "g.before"),
        "from hashlib import sha256\n\n\n"
        + but(
            SECOND,
            (_BEFORE, "session.before = sha256(repr(dict(session)).encode()).digest()"),
            (_CHANGED, "sha256(repr(dict(session)).encode()).digest() != session.before"),
        ),
        SECOND.replace("json.dumps(session)", "json.dumps(session, sort_keys=True)"),
        SECOND.replace("except BadCookie", "except Exception"),
        but(SECOND, ("except BadCookie", "except (ValueError, AttributeError)")),
        # The request still has the cookie after the view.
        *cells(
            """
            from flask import request


            class SecondTry(Middleware):
                def content(self, request):
                    try:
                        return unseal(request.cookies.get("session", ""), self.keys).content
                    except BadCookie:
                        return {}

                def open_session(self, app, request):
                    return Session(self.content(request))

                def save_session(self, app, session, response):
                    if json.dumps(session) == json.dumps(self.content(request)):
                        return
                    if not session:
                        response.delete_cookie("session")
                        return
                    now = self.now()
                    response.set_cookie(
                        "session",
                        seal(session, self.keys, created_at=now, duration=self.duration),
                        expires=(now + self.duration) / 1000,
                        httponly=True,
                    )
            """,
            """
            class SecondTry(FirstTry):
                def open_session(self, app, request):
                    try:
                        session = super().open_session(app, request)
                    except BadCookie:
                        session = Session()
                    request.environ["before"] = json.dumps(dict(session))
                    session.request = request
                    return session

                def save_session(self, app, session, response):
                    if session.request.environ["before"] != json.dumps(session):
                        return super().save_session(app, session, response)
            """,
            """
            class Noting(Session):
                def __init__(self, content):
                    super().__init__(content)
                    self.note = self.text()

                def text(self):
                    return json.dumps(self, separators=(",", ":"), ensure_ascii=False)

                @property
                def changed(self):
                    return self.note != self.text()


            class SecondTry(FirstTry):
                def open_session(self, app, request):
                    value = request.cookies.get("session")
                    if not value:
                        return Noting({})
                    try:
                        return Noting(unseal(value, self.keys).content)
                    except BadCookie:
                        return Noting({})

                def save_session(self, app, session, response):
                    if not session.changed:
                        return
                    super().save_session(app, session, response)
            """,
        ),
        # A learner who is ahead: the times of the cookie go on.
        THIRD.replace("ThirdTry", "SecondTry"),
    ],
    "E4.3": [
        THIRD,
        # The old cookie of an ended session is replaced at once.
        but(
            THIRD,
            (
                "            if left >= 0",
                "            session.send = left < 0\n            if left >= 0",
            ),
        ),
        "from flask import g\n\n\n"
        + THIRD.replace("session.send", "g.send").replace("session.before", "g.before"),
        *cells(
            """
            class ThirdTry(SecondTry):
                def open_session(self, app, request):
                    session = Session()
                    session.opened = None
                    try:
                        opened = unseal(request.cookies.get("session", ""), self.keys)
                    except BadCookie:
                        opened = None
                    if opened and self.now() <= opened.created_at + opened.duration:
                        session.opened = opened
                        session.update(json.loads(opened.json))
                    session.before = json.dumps(session)
                    return session

                def save_session(self, app, session, response):
                    began, lasts = self.now(), self.duration
                    extend = False
                    if session.opened:
                        began, lasts = session.opened.created_at, session.opened.duration
                        if self.now() + self.active_duration > began + lasts:
                            extend = True
                            began += self.active_duration
                    if extend or session.before != json.dumps(session):
                        response.set_cookie(
                            "session",
                            seal(session, self.keys, created_at=began, duration=lasts),
                            expires=(began + lasts) // 1000 + 1,
                            httponly=True,
                        )
            """,
            """
            from dataclasses import dataclass


            @dataclass
            class State:
                text: str
                created_at: int
                duration: int
                extended: bool = False


            class ThirdTry(Middleware):
                def read(self, request):
                    try:
                        opened = unseal(request.cookies["session"], self.keys)
                    except (KeyError, BadCookie):
                        return {}, State("{}", self.now(), self.duration)
                    end = opened.created_at + opened.duration
                    if end < self.now():
                        return {}, State("gone", self.now(), self.duration)
                    text = json.dumps(opened.content)
                    state = State(text, opened.created_at, opened.duration)
                    if end - self.now() < self.active_duration:
                        state.created_at += self.active_duration
                        state.extended = True
                    return opened.content, state

                def open_session(self, app, request):
                    content, state = self.read(request)
                    session = Session(content)
                    session.state = state
                    return session

                def save_session(self, app, session, response):
                    state = session.state
                    if json.dumps(session) == state.text and not state.extended:
                        return
                    response.set_cookie(
                        "session",
                        seal(
                            session,
                            self.keys,
                            created_at=state.created_at,
                            duration=state.duration,
                        ),
                        expires=-((state.created_at + state.duration) // -1000),
                        httponly=True,
                    )
            """,
        ),
    ],
    "E4.4": [
        STAY,
        but(STAY, ("seconds=45", "seconds=60"), ("range(80)", "range(60)")),
        *cells(
            """
            def stay(thief, url, clock):
                end = clock() + 3600
                while clock() < end:
                    clock.advance(timedelta(seconds=55))
                    answer = thief.get(f"{url}/session-test-read")
                    answer.raise_for_status()
                return answer.text
            """,
            """
            def stay(thief, url, clock):
                for minute in range(60):
                    for half in range(2):
                        clock.advance(timedelta(seconds=30))
                        thief.request("GET", f"{url}/session-test-read")
                return thief.get(f"{url}/session-test-read").content.decode()
            """,
            # Only the cookie's value, and another library.
            """
            from urllib.request import Request, urlopen


            def stay(thief, url, clock):
                value = thief.cookies["session"]
                for _ in range(90):
                    clock.advance(timedelta(seconds=40))
                    asked = Request(
                        f"{url}/session-test-read", headers={"Cookie": f"session={value}"}
                    )
                    with urlopen(asked) as answer:
                        line = answer.headers["Set-Cookie"]
                        if line:
                            value = line.partition("=")[2].partition(";")[0]
                        text = answer.read().decode()
                return text
            """,
        ),
    ],
    "E4.5": [
        FOURTH,
        # The birth in a list, together with the content.
        but(
            FOURTH,
            (
                'content.pop("_born", opened.created_at)',
                'content.pop("_marks", [opened.created_at])[0]',
            ),
            ('"_born": session.born', '"_marks": [session.born]'),
        ),
        # created_at stays, and the duration grows: the cookie itself says when it began.
        *cells(
            """
            class FourthTry(Middleware):
                def open_session(self, app, request):
                    session = Session()
                    session.created_at, session.duration = self.now(), self.duration
                    session.before = "{}"
                    try:
                        opened = unseal(request.cookies.get("session", ""), self.keys)
                    except BadCookie:
                        return session
                    age = self.now() - opened.created_at
                    left = opened.duration - age
                    if left < 0 or age > 10 * self.duration:
                        return session
                    session.update(opened.content)
                    session.created_at = opened.created_at
                    session.duration = opened.duration
                    session.before = json.dumps(session)
                    if left < self.active_duration:
                        session.duration += self.active_duration
                        session.before = None
                    return session

                def save_session(self, app, session, response):
                    if json.dumps(session) != session.before:
                        times = {
                            "created_at": session.created_at, "duration": session.duration
                        }
                        response.set_cookie(
                            "session",
                            seal(session, self.keys, **times),
                            expires=sum(times.values()) / 1000,
                            httponly=True,
                        )
            """,
        ),
    ],
}

_EXACT = "Expires may be a second early: it has whole seconds"
EQUIVALENT: dict[str, dict[str, str]] = {
    "E4.1": {"line 9: `1` dropped": _EXACT, "line 9: `1` to `0`": _EXACT},
    "E4.2": {
        "line 5: `''` to `'x'`": "neither is a cookie that opens",
        "line 16: `1` dropped": _EXACT,
        "line 16: `1` to `0`": _EXACT,
    },
    "E4.3": {
        "line 8: `''` to `'x'`": "neither is a cookie that opens",
        "line 26: `1` dropped": _EXACT,
        "line 26: `1` to `0`": _EXACT,
    },
    "E4.4": {
        "line 2: `72` to `73`": "one visit more does no harm",
        "line 3: `50` to `51`": "51 seconds are less than 60, too",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E4.1": [
        # The time of the server's start, for ever.
        (
            but(
                FIRST,
                (
                    "    def open_session",
                    "    def __init__(self, *args, **options):\n"
                    "        super().__init__(*args, **options)\n"
                    "        self.start = self.now()\n\n    def open_session",
                ),
                ("now = self.now()", "now = self.start"),
            ),
            "your cookie's created_at is 3600007 ms too early",
        ),
        # The time of the cookie that came, with another duration.
        (
            but(
                FIRST,
                (
                    _OPEN,
                    "opened = unseal(value, self.keys)\n"
                    "        session = Session(opened.content)\n"
                    "        session.start = opened.created_at\n        return session",
                ),
                ("now = self.now()", 'now = getattr(session, "start", self.now())'),
            ),
            "your cookie's created_at is 7 ms too early",
        ),
        (
            but(FIRST, (_OPEN, "Session(unseal(value, self.keys).content)")),
            "open_session returned None; is a `return` missing?",
        ),
        (
            but(FIRST, ("return Session()\n", "return {}\n")),
            "open_session should return a Session, got {}, a dict; write Session(…)",
        ),
        (
            but(FIRST, ("duration=self.duration", "duration=self.duration // 1000")),
            "your cookie's duration should be 131071, but is 131",
        ),
        (
            but(FIRST, ('set_cookie("session"', 'set_cookie("Session"')),
            "your cookie should be called 'session', got 'Session'",
        ),
        (
            but(FIRST, ("expires=end", "expires=end, path=app.name")),
            "the cookie's Path should be /, but is trial%200; leave it out",
        ),
        (
            but(FIRST, ("expires=end", "expires=end, secure=True")),
            "the cookie has the attribute secure; leave it out",
        ),
        (
            but(FIRST, ("expires=end", "expires=now / 1000")),
            "Expires should be the session's end, created_at + duration, but is 132 seconds "
            "too early",
        ),
        (
            but(FIRST, ("expires=end", "max_age=self.duration // 1000")),
            "with max_age, Flask computes Expires by your computer's clock",
        ),
        (
            but(FIRST, (f"        {_SET}\n", f"        {_SET}\n        {_SET}\n")),
            "a response sets the cookie twice; set it once",
        ),
        (
            but(FIRST, ("(Middleware)", "(SessionInterface)")),
            "FirstTry(keys, clock, duration, active_duration) raised TypeError",
        ),
        (
            "def FirstTry(keys, clock, duration, active_duration):\n"
            "    return Middleware(keys, clock, duration, active_duration)\n",
            "FirstTry(keys, clock, duration, active_duration) raised TypeError",
        ),
        (
            "class FirstTry(Middleware):\n    def open_session(self, app, request):\n"
            "        return Session()\n",
            "FirstTry should have the method save_session, but has none",
        ),
        (
            but(FIRST, (FIRST.partition("response):\n")[2], "        pass\n")),
            "`save_session` is not started; write it, too",
        ),
        (
            but(FIRST, ("end = (now + self.duration) / 1000", "end = undefined")),
            "save_session(<Flask 'trial 0'>, {}, ",
        ),
        (
            but(FIRST, ("seal(session, self.keys", 'seal({**session, "n": 0}, self.keys')),
            "after the view the session is {}, but your cookie holds {'n': 0}",
        ),
        (
            but(
                FIRST, (_SEAL, 'seal(session, self.keys, created_at=now, duration=1, name="s")')
            ),
            "your cookie is sealed for the cookie 's', not 'session'; leave out the name",
        ),
    ],
    "E4.2": [
        # The note is a part of the content.
        (
            SECOND.replace("session.before", 'session["before"]'),
            "in a new session, the view sees the key 'before'; keep a note of your own in an",
        ),
        (
            but(SECOND, (", httponly=True", "")),
            "a rule of E4.1 does not hold now: the cookie must be HttpOnly",
        ),
        (
            but(
                SECOND,
                (
                    "except BadCookie:\n            pass",
                    "except BadCookie:\n            return None",
                ),
            ),
            "open_session returned None; is a `return` missing?",
        ),
        (
            but(SECOND, ('request.cookies.get("session", "")', "request.cookies['session']")),
            "open_session(<Flask 'trial 0'>, <Request",
        ),
        (
            but(SECOND, ("session.update(opened.content)", "pass")),
            "a rule of E4.1 does not hold now: the content of the request's cookie must come",
        ),
        (
            "from threading import Lock\n\nLOCK = Lock()\n\n\n"
            + but(
                SECOND,
                (
                    "        session = Session()",
                    "        LOCK.acquire()\n        session = Session()",
                ),
                ("        if json", "        LOCK.release()\n        if json"),
            ),
            "a visitor had to wait until another one's page was ready",
        ),
        (
            "notes = {}\n\n\n"
            + but(
                SECOND,
                (
                    _BEFORE,
                    'session.key = request.cookies.get("session")\n'
                    "        notes[session.key] = json.dumps(session)",
                ),
                (_CHANGED, "json.dumps(session) != notes.pop(session.key)"),
            ),
            "while two visitors were there at once, your code raised KeyError",
        ),
    ],
    "E4.3": [
        (
            but(THIRD, ("+= self.active_duration", "+= 2 * self.active_duration")),
            "with 41002 ms left and an active_duration of 41003, created_at should move by "
            "41003 ms, but it moved by 82006 ms",
        ),
        (
            but(THIRD, ("except BadCookie", "except KeyError")),
            "a rule of E4.2 does not hold now: ",
        ),
        (
            but(THIRD, ("if left < self.active_duration", "if left < 60_000")),
            "with 41004 ms left and an active_duration of 41003, created_at should stay, but "
            "it moved by 41003 ms",
        ),
        (
            but(
                THIRD,
                (
                    "session.before = json.dumps(session)",
                    "session.before = json.dumps(list(session))",
                ),
                ("json.dumps(session) != ", "json.dumps(list(session)) != "),
            ),
            "a rule of E4.2 does not hold now: each change of the content sets a cookie, at",
        ),
        (
            but(THIRD, ("if left >= 0", "if left >= -50")),
            "a session that ended 1 ms ago is still there",
        ),
    ],
    "E4.4": [
        (
            but(STAY, ("    return text", "    print(text)")),
            "stay should return the text of the last response, but returned None; is a "
            "`return` missing?",
        ),
        (
            but(STAY, ("thief.get(", "thief.fetch(")),
            "stay(",
        ),
    ],
    "E4.5": [
        (
            but(
                FOURTH,
                ("session.update(content)", "session.update(content, born=born)"),
                ('{**session, "_born"', '{**session, "born": session.born, "_born"'),
            ),
            "the view sees the key 'born'; let its name begin with `_`",
        ),
        (
            but(
                FOURTH,
                ("session.duration = self.duration", "session.duration = 9 * self.duration"),
            ),
            "a new session should end after self.duration, but does not",
        ),
        (
            but(FOURTH, ("left >= 0 and ", "")),
            "a session that ended 1 ms ago is still there",
        ),
    ],
}
