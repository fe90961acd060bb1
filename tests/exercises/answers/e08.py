"""Answers of learners to the exercises of notebook 08; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import but, cells

_ASK = """
def ask(browser, urls, path):
    while urls:
        url = urls.pop(0)
        try:
            answer = browser.get(url + path)
        except requests.ConnectionError:
            continue
        urls.append(url)
        return answer
    raise LookupError("no server answers")
"""
_REPLAY = """
def replay(urls, act, then):
    ann, thief = Visitor(), Visitor()
    ann.get(urls[0] + "/login/ann")
    copy = ann.cookies.get_dict()
    ann.get(urls[0] + act)
    return [Visitor().get(url + then, cookies=copy).text for url in urls]
"""
_IS_REVOKED = """
def is_revoked(store, session):
    user = session.get("user")
    if user is None:
        return False
    epoch = store.get(f"user:{user}")
    return epoch is not None and session.born_at <= epoch
"""
_END_ALL = """
def end_all(store, user, now, longest):
    store.put(f"user:{user}", now, now + longest)
"""


def _ends(*sources: str) -> list[str]:
    """Each of these `end_all`, with an `is_revoked` that is right."""
    return [source + _IS_REVOKED for source in cells(*sources)]


def _refuses(*sources: str) -> list[str]:
    """Each of these `is_revoked`, with an `end_all` that is right."""
    return [_END_ALL + source for source in cells(*sources)]


WRONG: dict[str, dict[str, list[str]]] = {
    "E8.1": {
        "same-server": cells(
            """
            def ask(browser, urls, path):
                for url in list(urls):
                    try:
                        return browser.get(url + path)
                    except requests.ConnectionError:
                        urls.remove(url)
                raise RuntimeError("none")
            """,
            """
            def ask(browser, urls, path):
                while urls:
                    url, *urls = urls
                    try:
                        answer = browser.get(url + path)
                    except requests.ConnectionError:
                        continue
                    urls.append(url)
                    return answer
                raise LookupError
            """,
        ),
        "loses-servers": [
            but(_ASK, ("        urls.append(url)\n", "")).replace("while urls:", "while True:"),
        ],
        "other-order": [
            but(_ASK, ("urls.append(url)", "urls.insert(1, url)")),
            *cells(
                """
                import itertools

                turns = itertools.count()

                def ask(browser, urls, path):
                    while urls:
                        url = urls[next(turns) % len(urls)]
                        try:
                            return browser.get(url + path)
                        except requests.ConnectionError:
                            urls.remove(url)
                    raise LookupError
                """
            ),
        ],
        "escapes": [
            but(_ASK, ("requests.ConnectionError", "ConnectionError")),
            *cells(
                """
                def ask(browser, urls, path):
                    urls.append(urls.pop(0))
                    return browser.get(urls[-1] + path)
                """,
                """
                def ask(browser, urls, path):
                    url = urls.pop(0)
                    try:
                        answer = browser.get(url + path)
                    except requests.ConnectionError:
                        url = urls.pop(0)
                        answer = browser.get(url + path)
                    urls.append(url)
                    return answer
                """,
            ),
        ],
        "dead-stays": cells(
            """
            def ask(browser, urls, path):
                for _ in range(len(urls)):
                    url = urls.pop(0)
                    urls.append(url)
                    try:
                        return browser.get(url + path)
                    except requests.ConnectionError:
                        pass
                raise LookupError("no server answers")
            """,
        ),
        "asks-again": [
            but(
                _ASK,
                (
                    "            continue\n",
                    "            try:\n                answer = browser.get(url + path)\n"
                    "            except requests.ConnectionError:\n                continue\n",
                ),
            ),
        ],
        "own-browser": cells(
            # By a proxy, so that no name is looked up.
            """
            def ask(browser, urls, path):
                while urls:
                    url = urls.pop(0)
                    try:
                        answer = requests.get(url + path, proxies={"http": "127.0.0.1:1"})
                    except requests.ConnectionError:
                        continue
                    urls.append(url)
                    return answer
                raise LookupError
            """,
        ),
        "skips": cells(
            """
            def ask(browser, urls, path):
                for url in urls:
                    urls.remove(url)
                    try:
                        answer = browser.get(url + path)
                    except requests.ConnectionError:
                        continue
                    urls.append(url)
                    return answer
                raise LookupError("no server answers")
            """,
        ),
        "twice": [
            but(
                _ASK,
                ("        return answer", "        return browser.get(url + path)"),
            ),
            but(_ASK, ("answer = browser.get(url + path)", "browser.get(url)")).replace(
                "        return answer", "        return browser.get(url + path)"
            ),
        ],
        "status": [
            but(
                _ASK,
                (
                    "        urls.append(url)",
                    "        answer.raise_for_status()\n        urls.append(url)",
                ),
            ),
            but(
                _ASK,
                (
                    "        urls.append(url)",
                    "        if not answer.ok:\n            continue\n        urls.append(url)",
                ),
            ),
        ],
        "new-unseen": cells(
            """
            pools = {}

            def ask(browser, urls, path):
                _, mine = pools.setdefault(id(urls), (urls, list(urls)))  # so no id comes twice
                while mine:
                    url = mine.pop(0)
                    try:
                        answer = browser.get(url + path)
                    except requests.ConnectionError:
                        urls.remove(url)
                        continue
                    mine.append(url)
                    urls[:] = urls[1:] + urls[:1] if url == urls[0] else urls
                    return answer
                raise LookupError
            """
        ),
        "text": [but(_ASK, ("return answer", "return answer.text"))],
        "goes-on": [but(_ASK, ("        return answer\n", ""))],
        "endless": [
            *cells(
                """
                def ask(browser, urls, path):
                    while True:
                        url = urls[0]
                        try:
                            answer = browser.get(url + path)
                        except requests.ConnectionError:
                            if len(urls) > 1:
                                urls.pop(0)
                            continue
                        urls.append(urls.pop(0))
                        return answer
                """,
                """
                def ask(browser, urls, path):
                    while urls:
                        url = urls[0]
                        try:
                            answer = browser.get(url + path)
                        except:
                            continue
                        urls.append(urls.pop(0))
                        return answer
                """,
            ),
        ],
        "silent": [
            but(_ASK, ('    raise LookupError("no server answers")', "    return None")),
        ],
    },
    "E8.2": {
        "at-once": cells(
            """
            def plan(servers, old, new):
                return [(server, [new]) for server in servers]
            """,
            """
            def plan(servers, old, new):
                return [*((server, [old]) for server in servers), WAIT,
                        *((server, new) for server in servers)]
            """,
        ),
        "new-first": cells(
            """
            def plan(servers, old, new):
                both = [(server, [new, old]) for server in servers]
                return [*both, WAIT, *((server, [new]) for server in servers)]
            """,
            """
            def plan(servers, old, new):
                steps = [old, new], [new, old], WAIT, [new]
                return [
                    step if step == WAIT else (server, step)
                    for server in servers
                    for step in steps
                ]
            """,
            """
            def plan(servers, old, new):
                learn = [(server, [old, new]) for server in servers[:-1]]
                switch = [(server, [new, old]) for server in servers]
                return [*learn, *switch, WAIT, *((server, [new]) for server in servers)]
            """,
        ),
        "dropped-too-soon": cells(
            """
            def plan(servers, old, new):
                learn = [(server, [old, new]) for server in servers]
                return [*learn, WAIT, *((server, [new]) for server in servers)]
            """,
            """
            def plan(servers, old, new):
                restarts = [(server, [old, new]) for server in servers]
                restarts += [WAIT]
                for server in servers:
                    restarts += [(server, [new, old]), (server, [new])]
                return restarts
            """,
        ),
        "no-wait": cells(
            """
            def plan(servers, old, new):
                steps = [old, new], [new, old], [new]
                return [(server, step) for step in steps for server in servers]
            """,
            """
            def plan(servers, old, new):
                steps = [old, new], WAIT, [new, old], [new], WAIT
                plan = []
                for step in steps:
                    plan += [step] if step == WAIT else [(each, step) for each in servers]
                return plan
            """,
        ),
        "left-out": cells(
            """
            def plan(servers, old, new):
                return [(server, [old, new]) for server in servers[1:]]
            """,
        ),
        "never-new": cells(
            """
            def plan(servers, old, new):
                return []
            """,
            """
            def plan(servers, old, new):
                return [WAIT]
            """,
        ),
        "never-dropped": cells(
            """
            def plan(servers, old, new):
                return [(server, [old, new]) for server in servers]
            """,
            """
            def plan(servers, old, new):
                steps = [old, new], [new, old]
                return [(server, step) for step in steps for server in servers] + [WAIT]
            """,
        ),
    },
    "E8.3": {
        "no-act": [but(_REPLAY, ("    ann.get(urls[0] + act)\n", ""))],
        "acts-without-cookie": [
            but(_REPLAY, ("ann.get(urls[0] + act)", "thief.get(urls[0] + act)")),
        ],
        "too-early": [
            but(
                _REPLAY,
                ("    ann.get(urls[0] + act)\n    return", "    texts ="),
            )
            + "    ann.get(urls[0] + act)\n    return texts\n",
        ],
        "no-copy": [but(_REPLAY, (", cookies=copy", ""))],
        "copied-late": [
            but(
                _REPLAY,
                (
                    "    copy = ann.cookies.get_dict()\n    ann.get(urls[0] + act)",
                    "    ann.get(urls[0] + act)\n    copy = ann.cookies.get_dict()",
                ),
            ),
            but(_REPLAY, ("ann.cookies.get_dict()", "ann.cookies")),
            *cells(
                """
                def replay(urls, act, then):
                    ann, thief = Visitor(), Visitor()
                    ann.get(urls[0] + "/login/ann")
                    thief.cookies = ann.cookies
                    ann.get(urls[0] + act)
                    return [thief.get(url + then).text for url in urls]
                """
            ),
        ],
        "copy-moves-on": cells(
            """
            def replay(urls, act, then):
                ann, thief = Visitor(), Visitor()
                ann.get(urls[0] + "/login/ann")
                thief.cookies.update(ann.cookies)
                ann.get(urls[0] + act)
                return [thief.get(url + then).text for url in urls]
            """,
        ),
        "not-everywhere": [
            but(
                _REPLAY,
                ("get(url + then", "get(urls[each] + then"),
                ("for url in urls", "for each in range(3)"),
            ),
            but(_REPLAY, ("for url in urls", "for url in urls[:1]")),
            but(_REPLAY, ("for url in urls", "for url in reversed(urls)")),
            but(_REPLAY, ("for url in urls", "for url in []")),
        ],
    },
    "E8.4": {
        "no-entry": _refuses(
            """
            def is_revoked(store, session):
                return session.born_at <= store.get(f"user:{session['user']}")
            """,
        ),
        "no-user": _refuses(
            """
            def is_revoked(store, session):
                epoch = store.get(f"user:{session['user']}")
                return epoch is not None and session.born_at <= epoch
            """,
        )
        + cells(
            """
            def end_all(store, user, now, longest):
                store.put(user, now, now + longest)


            def is_revoked(store, session):
                epoch = store.get(session.get("user"))
                return epoch is not None and session.born_at <= epoch
            """
        ),
        "user-none": _refuses(
            """
            def is_revoked(store, session):
                epoch = store.get(f"user:{session.get('user')}")
                return epoch is not None and session.born_at <= epoch
            """,
            """
            def is_revoked(store, session):
                if "user" not in session:
                    return True
                return session.born_at <= (store.get(f"user:{session['user']}") or 0)
            """,
        ),
        "fails-open": _refuses(
            """
            def is_revoked(store, session):
                try:
                    return session.born_at <= store.get(f"user:{session['user']}")
                except Exception:
                    return False
            """,
        ),
        "next-millisecond": _refuses(
            """
            def is_revoked(store, session):
                epoch = store.get(f"user:{session.get('user', '')}")
                return epoch is not None and session.born_at // 1000 <= epoch // 1000
            """,
            """
            def is_revoked(store, session):
                epoch = store.get(f"user:{session.get('user', '')}")
                return epoch is not None and session.born_at <= epoch + 1
            """,
        ),
        "everybody": _refuses(
            """
            def is_revoked(store, session):
                user = session.get("user")
                return store.get(f"user:{user}") is None
            """,
            """
            def is_revoked(store, session):
                return True
            """,
        )
        + cells(
            """
            def end_all(store, user, now, longest):
                store.put("last", now, now + longest)


            def is_revoked(store, session):
                if not session.get("user"):
                    return False
                return session.born_at <= (store.get("last") or 0)
            """
        ),
        "inverted": _refuses(
            """
            def is_revoked(store, session):
                user = session.get("user")
                if user is None:
                    return False
                epoch = store.get(f"user:{user}")
                return epoch is not None and session.born_at > epoch
            """,
        ),
        "forever": _refuses(
            """
            def is_revoked(store, session):
                user = session.get("user")
                return user is not None and store.get(f"user:{user}") is not None
            """,
        ),
        "nothing-stored": cells(
            """
            epochs = {}


            def end_all(store, user, now, longest):
                store = {user: now}


            def is_revoked(store, session):
                return session.born_at <= epochs.get(session.get("user"), 0)
            """,
        ),
        "own-memory": cells(
            """
            epochs = {}


            def end_all(store, user, now, longest):
                epochs[user] = now
                store.put(user, now, now + longest)


            def is_revoked(store, session):
                return session.born_at <= epochs.get(session.get("user"), 0)
            """,
        ),
        "own-clock": _ends(
            """
            import time

            def end_all(store, user, now, longest):
                store.put(f"user:{user}", round(time.time() * 1000), now + longest)
            """,
            """
            import time

            def end_all(store, user, now, longest):
                store.put(f"user:{user}", int(time.time()), now + longest)
            """,
        ),
        "not-a-time": _ends(
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, longest)
            """,
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, (now + longest) // 1000)
            """,
        ),
        "copy-opens": _ends(
            """
            def end_all(store, user, now, longest):
                store.put("user", now, now + longest)
            """,
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", longest, now + longest)
            """,
        )
        + _refuses(
            """
            def is_revoked(store, session):
                user = session.get("user")
                if user and store.get(f"user:{user}"):
                    session.born_at <= store.get(f"user:{user}")
            """,
        ),
        "border": _refuses(
            """
            def is_revoked(store, session):
                user = session.get("user")
                if user is None:
                    return False
                return session.born_at < (store.get(f"user:{user}") or 0)
            """,
        ),
        "first-only": _ends(
            """
            def end_all(store, user, now, longest):
                if store.get(f"user:{user}") is None:
                    store.put(f"user:{user}", now, now + longest)
            """,
        ),
        "created-at": _refuses(
            """
            def is_revoked(store, session):
                user = session.get("user")
                if user is None:
                    return False
                epoch = store.get(f"user:{user}")
                return epoch is not None and session.created_at <= epoch
            """,
        ),
        "too-soon": _ends(
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, now + longest - 1)
            """,
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, now + longest // 1000)
            """,
        ),
        "never-forgets": _ends(
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, None)
            """,
        ),
        "too-late": _ends(
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, now + longest * 1000)
            """,
            """
            def end_all(store, user, now, longest):
                store.put(f"user:{user}", now, now + 24 * 60 * 60 * 1000)
            """,
        ),
    },
    "E8.5": {
        "seals-unknown": cells(
            """
            def back(running, old, new):
                first = [(server, [new, old]) for server in running]
                then = [(server, [old, new]) for server in running]
                return [*first, *then, WAIT, *((server, [old]) for server in running)]
            """,
            """
            def back(running, old, new):
                then = [(server, [old, new]) for server in running]
                return [*then, WAIT, *((server, [old]) for server in running)]
            """,
        ),
        "drops-in-use": cells(
            """
            def back(running, old, new):
                plan = []
                for server, secrets in running.items():
                    if secrets == [new]:
                        plan.append((server, [new, old]))
                for server in running:
                    plan += [(server, [old, new]), WAIT, (server, [old])]
                return plan
            """,
        ),
        "back-without-wait": cells(
            """
            def back(running, old, new):
                return [(server, [old]) for server in running]
            """,
            """
            def back(running, old, new):
                plan = []
                for server, secrets in running.items():
                    plan.append((server, [*secrets, *({old, new} - set(secrets))]))
                plan += [(server, [old, new]) for server in running]
                return plan + [(server, [old]) for server in running]
            """,
        ),
        "not-back": cells(
            """
            def back(running, old, new):
                return []
            """,
            """
            def back(running, old, new):
                return [(server, secrets) for server, secrets in running.items()]
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E8.1": cells(
        """
        def ask(browser, urls, path):
            for _ in range(len(urls)):
                url = urls.pop(0)
                try:
                    answer = browser.request("GET", f"{url}{path}", timeout=9)
                except requests.RequestException:
                    pass
                else:
                    urls.append(url)
                    return answer
            assert urls, "no server answers"
        """,
        """
        def ask(browser, urls, path):
            url = urls[0]
            try:
                answer = browser.get(url=url + path)
            except OSError:
                del urls[0]
                return ask(browser, urls, path)
            urls[:] = urls[1:] + [url]
            return answer
        """,
        """
        def ask(browser, urls, path):
            while True:
                urls.append(urls.pop(0))
                try:
                    return browser.get("".join([urls[-1], path]))
                except requests.exceptions.ConnectionError:
                    urls.pop()
        """,
        """
        def ask(browser, urls, path):
            if not urls:
                raise requests.ConnectionError("none")
            first, *rest = urls
            urls[:] = rest
            try:
                answer = browser.get(first + path)
            except Exception:
                return ask(browser, urls, path)
            urls += [first]
            return answer
        """,
    ),
    "E8.2": cells(
        """
        def plan(servers, old, new):
            for secrets in ([old, new], [new, old], WAIT, new):
                if secrets == WAIT:
                    yield WAIT
                else:
                    yield from ((server, secrets) for server in servers)
        """,
        """
        def plan(servers, old, new):
            # The first step is what they have; waits do no harm.
            steps = (old,), (old, new), (new, old), (new,)
            restarts = []
            for step in steps:
                restarts += [[server, step] for server in reversed(servers)]
                restarts.append(WAIT)
            return tuple(restarts)
        """,
        """
        class Plan(list):
            def all(self, servers, *secrets):
                self.extend((server, list(secrets)) for server in servers)


        def plan(servers, old, new):
            steps = Plan()
            steps.all(servers, old, new)
            steps.all(servers, new, old)
            steps.append(WAIT)
            steps.all(servers, new)
            return steps
        """,
        """
        def plan(servers, old, new):
            *others, last = servers
            restarts = [(name, [old, new]) for name in others]
            restarts += [(last, [new, old])]  # all others know both
            restarts += [(name, [new, old]) for name in others]
            return restarts + [WAIT] + [(name, [new]) for name in servers]
        """,
    ),
    "E8.3": cells(
        """
        def replay(urls, act, then):
            ann = requests.Session()
            first = ann.get(urls[0] + "/login/ann")
            cookie = first.headers["Set-Cookie"].split(";")[0]
            ann.get(urls[1] + act).raise_for_status()
            texts = []
            for url in urls:
                texts.append(requests.get(url + then, headers={"Cookie": cookie}).text)
            return texts
        """,
        """
        import copy

        def replay(urls, act, then):
            ann = Visitor()
            ann.get(f"{urls[-1]}/login/ann")
            jar = copy.deepcopy(ann.cookies)
            ann.get(f"{urls[0]}{act}")

            def steal(url):
                thief = Visitor()
                thief.cookies.update(jar)
                return thief.get(f"{url}{then}").text

            return list(map(steal, urls))
        """,
        """
        from urllib.request import Request, urlopen

        def replay(urls, act, then):
            def get(url, cookie=""):
                return urlopen(Request(url, headers={"Cookie": cookie}))

            login = get(urls[0] + "/login/ann")
            cookie = login.headers["Set-Cookie"].partition(";")[0]
            get(urls[0] + act, cookie)
            return tuple(get(url + then, cookie).read().decode() for url in urls)
        """,
    ),
    "E8.4": cells(
        """
        def end_all(store, user, now, longest):
            store.put(user, now, now + longest)


        def is_revoked(store, session):
            if "user" not in session:
                return False
            return session.born_at <= (store.get(session["user"]) or 0)
        """,
        """
        HOUR = 60 * 60 * 1000


        def end_all(store, user, now, longest):
            store.put(key="epoch of " + user, value=now + 1, forget_at=now + longest + HOUR)


        def is_revoked(store, session):
            match session:
                case {"user": user}:
                    epoch = store.get("epoch of " + user)
                    return bool(epoch) and session.born_at < epoch
        """,
        """
        def key(user):
            return "".join(["u", user])


        end_all = lambda store, user, now, longest: store.put(key(user), now, now + longest)


        def is_revoked(store, session):
            try:
                return not session.born_at > store.get(key(session["user"]))
            except (KeyError, TypeError):
                return False
        """,
    ),
    "E8.5": cells(
        """
        def back(running, old, new):
            for server, (first, *rest) in running.items():
                yield server, [first, *({old, new} - {first})]
            for server in running:
                yield server, (old, new)
            yield WAIT
            for server in running:
                yield server, old
        """,
        """
        def back(running, old, new):
            if not any(new in secrets[0] for secrets in running.values()):
                return [WAIT, *((server, [old]) for server in running)]
            return [
                *((s, [new, old]) for s, secrets in running.items() if secrets[0] == new),
                WAIT,
                *((s, [old, new]) for s in running),
                WAIT,
                *((s, [old]) for s in running),
            ]
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E8.3": {
        "line 2: `0` to `1`": "Ann may use any server",
        "line 2: `0` to `-1`": "Ann may use any server",
    },
    "E8.4": {
        "line 8: `return False` to `return None`": "the server only asks whether it is true",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E8.1": [
        (
            "def ask(b, u, p): b.get(u[0] + p)",
            "ask should return the Response of a server, but returned None; "
            "is a `return` missing?",
        ),
        (
            "def ask(b, u, p): u.rotate()",
            "ask(<lesson_app…'list' object has no attribute 'rotate'",
        ),
        (
            "def ask(b, u, p):\n    u.append(u.pop(0))\n    return b.get(u[-1] + '/x')",
            "ask must request url + path, such as /login/ann, got http://server-1.example/x",
        ),
    ],
    "E8.2": [
        (
            "def plan(s, o, n): print(o)",
            "plan should return a list of pairs and WAITs, but returned None; "
            "is a `return` missing?",
        ),
        (
            "def plan(s, o, n): return [(s, [o, n])]",
            "entry 1 of the plan must begin with one of `servers` (brown, gold, lime), got",
        ),
        (
            "def plan(s, o, n): return [[o, n], [n, o], [n]]",
            "entry 1 of the plan must begin with one of `servers` (brown, gold, lime), got old",
        ),
        (
            "def plan(s, o, n): return [(s[0], [o, n]), (s[1], 7)]",
            "entry 2 of the plan must have a list of secrets, got 7",
        ),
        (
            "def plan(s, o, n): return [(s[0], [o, n[:4]])]",
            "entry 1 of the plan: a server with 'new-' does not start: ",
        ),
        (
            "def plan(s, o, n):\n    while True:\n        yield WAIT",
            "plan returned more than 1000 entries; stop earlier",
        ),
        (
            "def plan(s, o, n):\n"
            "    both, steps = [o, n], []\n"
            "    for _ in range(2):\n"
            "        steps += [(each, both) for each in s]\n"
            "        both.reverse()\n"
            "    both.remove(o)\n"
            "    return [*steps, WAIT, *[(each, both) for each in s]]",
            "all pairs of the plan hold the same list",
        ),
        (
            "def plan(s, o, n): return [(f'server {i}', [o, n]) for i in (1, 2, 3)]",
            "entry 1 of the plan must begin with one of `servers` (brown, gold, lime), got 's",
        ),
        (
            "def plan(s, o, n): return [None]",
            "entry 1 of the plan must be WAIT or a pair (server, secrets), got None",
        ),
    ],
    "E8.3": [
        (
            but(_REPLAY, ("ann.get(urls[0] + act)", "ann.post(urls[0] + act)")),
            "replay(urls, '/basket/salt', '/basket') should send GET requests only, but",
        ),
        (
            "def replay(u, a, t): return []",
            "replay(urls, '/basket/salt', '/basket') should request /login/ann once, but",
        ),
        (
            but(_REPLAY, (".text for", " for")),
            "replay(urls, '/basket/salt', '/basket') should return ",
        ),
        (
            but(_REPLAY, ("    copy =", "    ann.get(urls[0] + '/hello')\n    copy =")),
            "replay(urls, '/basket/salt', '/basket') should not request /hello",
        ),
    ],
    "E8.4": [
        *(
            (
                f"def end_all(s, u, n, l): s.put({key}, n, n + l)\n"
                "def is_revoked(e, s):\n"
                "    u = s.get('user')\n"
                f"    epoch = u and e.get({key})\n"
                "    return bool(epoch) and s.born_at <= epoch\n",
                f"the logout of {one} refused {other}; use the user's whole name",
            )
            for key, one, other in (
                ("u.lower()", "'Ann'", "'ann'"),
                ("u[:8]", "'annabella-1'", "'annabella-2'"),
                ("u.replace(' ', '')", "'bo b'", "'bob'"),
            )
        ),
        (
            "def end_all(*a): return 0\ndef is_revoked(e, s): return s.born",
            "is_revoked(",
        ),
        (
            "def end_all(s, u, n): s.put(u, n, n)\ndef is_revoked(e, s): return False",
            "… raised TypeError: end_all() takes 3 positional arguments but 4 were given",
        ),
        (
            "def end_all(s, u, n, l): s.put(u, n, n + l / 2)\n"
            "def is_revoked(e, s): return False",
            "end_all(",
        ),
    ],
    "E8.5": [
        (
            "def back(r, o, n): return r",
            "back should return a list of pairs and WAITs, but returned {",
        ),
    ],
}
