"""The sixth app: each hole is one change of the source, and can be attacked and patched."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import abort, request, session

import lesson_app
from course.rubric import NOTEBOOKS
from lesson_app.lab.attacks import targets
from lesson_app.lab.attacks.targets import drawing
from lesson_app.lab.attacks.targets.drawing import hole_of, with_hole
from lesson_app.lab.attacks.targets.holes import HOLES, Hole
from lesson_app.lab.attacks.targets.notes import SOURCE, App, SafeNotes, get, new_facts
from lesson_app.lab.exercises import catalogue, replay
from lesson_app.lab.exercises.judging import Verdict, judge
from lesson_app.lab.exercises.patching import _difference
from lesson_app.lab.exercises.replay import Others

#: A number that draws each hole.
NUMBERS = {hole_of(with_hole(number)): number for number in range(200)}
each_hole = pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.method)


@pytest.fixture(autouse=True)
def draw_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test has drawn."""
    monkeypatch.setattr(drawing, "_drawn", None)


def drawn(hole: Hole) -> type[App]:
    return targets.draw(NUMBERS[hole])


def written(kind: type[App], source: str) -> dict[str, Any]:
    """Run a learner's cell."""
    names = {
        "Notes": kind,
        "abort": abort,
        "lesson_app": lesson_app,
        "request": request,
        "session": session,
    }
    exec(source, names)
    return names


def patched(hole: Hole, body: str) -> Verdict:
    """Judge a patch whose class has this body."""
    source = f"class Patched(Notes):\n{body}"
    return judge(catalogue()["E7.7"], written(drawn(hole), source)["Patched"])


def named(method: str) -> Hole:
    return next(each for each in HOLES if each.method == method)


# ---------------------------------------------------------------- each hole


@each_hole
def test_attack(hole: Hole) -> None:
    """Our attack captures the flag through the hole, and not without the hole."""
    with targets.notes(drawn(hole)) as target:
        hole.attack(target)
        assert target.captured
    with targets.notes(SafeNotes) as target:
        assert not any(hole.wordings(target))


@each_hole
def test_wordings(hole: Hole) -> None:
    """The first wording is the attack; most of the others work, too."""
    with targets.notes(drawn(hole)) as target:
        found = list(hole.wordings(target))

    assert found[0]
    assert sum(found) >= 3


@each_hole
def test_one_line_differs(hole: Hole) -> None:
    """A hole changes one method, and names it."""
    methods = dict(zip(SOURCE.split("\n\n"), hole.source.split("\n\n"), strict=True))
    changed = [before for before, after in methods.items() if before != after]

    assert len(changed) == 1
    assert f"def {hole.method}(" in changed[0]
    assert targets.clue(drawn(hole)) == hole.method


@each_hole
def test_solution(hole: Hole) -> None:
    """The printed solution is an attack and a patch that both pass."""
    kind = drawn(hole)
    names = written(kind, targets.solution(kind))

    assert judge(catalogue()["E7.6"], names["attack_6"]).state == "passed"
    assert targets.lesson(names["Patched"]).startswith("when your patch has passed")
    assert judge(catalogue()["E7.7"], names["Patched"]).state == "passed"
    assert targets.lesson(names["Patched"]) == hole.lesson
    assert targets.lesson(kind) != hole.lesson


@each_hole
def test_day(hole: Hole) -> None:
    """The hole changes nothing for those who do no wrong."""
    facts = new_facts()
    ours, theirs = (replay.day(kind, facts, Others()) for kind in (SafeNotes, drawn(hole)))

    for was, now in zip(ours, theirs, strict=True):
        allowed = was.status < 400
        assert not allowed or now.status < 400
        assert not allowed or not _difference(was.body, now.body)


@each_hole
def test_foreign_attack(hole: Hole) -> None:
    """An attack on another hole does not pass."""
    other = HOLES[HOLES.index(hole) - 1]
    drawn(hole)

    assert judge(catalogue()["E7.6"], other.attack).state == "not yet"


@each_hole
@pytest.mark.parametrize("status", [403, 404])
def test_no_feature(hole: Hole, status: int) -> None:
    """Refusing everyone, and deleting the page, are no patches."""
    verdict = patched(hole, f"    def {hole.method}(self, *a, **b): abort({status})")

    assert verdict.state == "not yet"
    assert verdict.message.startswith("the attack fails, but ")


# ---------------------------------------------------------------- patches

GOOD = {
    "read_note": [
        """
    def read_note(self, number):
        text = {n: t for n, (o, t) in self.notes.items() if o == self.user()}.get(number)
        return {"text": text} if text is not None else ("no", 404)
""",
        """
    def read_note(self, number):
        name = self.user()
        if number not in self.notes or self.notes[number][0] != name:
            return "no", 403
        return super().read_note(number)
""",
    ],
    "list_notes": [
        """
    def list_notes(self):
        if "userName" in request.args and request.args.getlist("userName") != [self.user()]:
            return "no", 401
        return super().list_notes()
""",
        """
    def list_notes(self):
        return [text for owner, text in self.notes.values() if owner == self.user()]
""",
    ],
    "search_all": [
        """
    def search_all(self):
        name, word = self.user(), request.form["word"]
        return [
            text
            for owner, text in self.notes.values()
            if word in text and name in (owner, self.admin)
        ]
""",
        """
    def search_all(self):
        return super().search_all() if self.user() == self.admin else []
""",
        """
    def search_all(self):
        self.admins_only()
        return super().search_all()
""",
        """
    def search_all(self):
        if session.get("userName") != self.admin:
            return "no", 401
        return [each for each in self.list_all() if request.form.get("word", "") in each]
""",
    ],
    "admins_only": [
        """
    def admins_only(self):
        if session.get("userName") != self.admin:
            abort(403)
""",
        """
    def sign_up(self):
        if request.form["userName"].lower() in [each.lower() for each in self.passwords]:
            return "taken", 409
        return super().sign_up()
""",
    ],
    "change_password": [
        """
    def change_password(self):
        name = request.form["userName"]
        if self.tries.get(name, 0) >= 3:
            return "too many", 429
        right = self.codes.get(name) == request.form["code"]
        if not right:
            self.tries[name] = self.tries.get(name, 0) + 1
            return "no", 401
        self.tries[name] = 0
        self.passwords[name] = request.form["password"]
        return "changed"
""",
        """
    def change_password(self):
        name = request.form["userName"]
        if not self.codes.get(name) or request.form["code"] != self.codes[name]:
            self.tries[name] = self.tries.get(name, 0) + 1
            if self.tries[name] >= 3:
                self.codes.pop(name, None)
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""",
    ],
    "status": [
        """
    def status(self):
        answer = super().status()
        del answer["settings"]
        return answer
""",
        """
    def status(self):
        shown = {key: value for key, value in self.settings.items() if key != "secret"}
        return {**super().status(), "settings": shown}
""",
    ],
}
BAD = {
    "read_note": [
        ("""
    def read_note(self, number):
        owner, text = self.notes.get(number) or abort(404)
        return {"text": text} if owner.strip() == self.user().strip() else abort(404)
""", "one-spelling"),
        ("""
    def read_note(self, number):
        owner, text = self.notes.get(number)
        return {"text": text} if owner == self.user() else abort(404)
""", "your patch crashes: for a visitor, GET /notes/999 raised TypeError"),
        ("""
    def read_note(self, number):
        owner, text = self.notes.get(number) or abort(404)
        return [text] if owner == self.user() else abort(404)
""", "GET /notes/2 should be a dict in JSON, but is a list"),
        ("""
    def read_note(self, number):
        owner, text = self.notes.get(number) or abort(404)
        return {"text": text if owner == self.user() else ""}
""", "for a visitor, GET /notes/3 answers 200; it should answer 404"),
        ("""
    def read_note(self, number):
        if number == 1:
            abort(404)
        return super().read_note(number)
""", "one-spelling"),
        ("""
    def read_note(self, number):
        owner, text = self.notes.get(number) or abort(404)
        if number == 1 or owner != self.user():
            abort(404)
        return {"text": text}
""", "the feature is gone, too: for the admin, GET /notes/1 answers 404"),
        ("""
    def read_note(self, number):
        if number == 1 and self.user() != self.admin:
            abort(404)
        return super().read_note(number)
""", "one-spelling"),
        ("""
    def read_note(self, number):
        if self.notes.get(number, ("", ""))[0] not in self.user():
            abort(404)
        return super().read_note(number)
""", "one-spelling"),
        ("""
    def read_note(self, number):
        owner, text = self.notes.get(number) or abort(404)
        if owner != request.args.get("userName"):
            abort(404)
        return {"text": text}
""", "one-spelling"),
    ],
    "list_notes": [
        ("""
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if owner.strip() == name.strip()]
""", "one-spelling"),
        ("""
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if owner.startswith(name)]
""", "one-spelling"),
        ("""
    def list_notes(self):
        name = self.user()
        return list(dict.fromkeys(text for owner, text in self.notes.values() if owner == name))
""", "for a second visitor, GET /notes has another order or number"),
        ("""
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if owner == name][:10]
""", "for a visitor, GET /notes lacks 'note 7'"),
        ("""
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if owner == name][:1]
""", "for a visitor, GET /notes lacks 'buy Milk, and crème'"),
        ("""
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if owner == name][::-1]
""", "for a visitor, GET /notes has another order or number"),
        ("""
    def list_notes(self):
        name = self.user()
        return [text for owner, text in self.notes.values() if name in (owner, self.admin)]
""", "for the admin, GET /notes also shows 'tea and milk'"),
        ("""
    def list_notes(self):
        name = request.form.get("userName") or self.user()
        return [text for owner, text in self.notes.values() if owner == name]
""", "one-spelling"),
        ("""
    def list_notes(self):
        if request.args.get("userName") == self.admin:
            abort(403)
        return super().list_notes()
""", "one-spelling"),
        ("""
    def list_notes(self):
        name = self.user()
        if request.args.getlist("userName")[-1:] not in ([], [name]):
            abort(403)
        return super().list_notes()
""", "one-spelling"),
        ("""
    def list_notes(self):
        self.user()
        return []
""", "for a visitor, GET /notes lacks 'milk'"),
    ],
    "search_all": [
        ("""
    def search_all(self):
        word, _ = request.form["word"], self.admins_only()
        return [text for owner, text in self.notes.values() if word in text or word in owner]
""", "for the admin, POST /all with word also shows 'milk'"),
        ("""
    def search_all(self):
        word, _ = request.form["word"], self.admins_only()
        return [text for owner, text in self.notes.values() if word.strip() in text]
""", "for the admin, POST /all with word also shows '1+1 (a sandwich)'"),
        ("""
    def search_all(self):
        if self.user().strip() != self.admin:
            abort(403)
        return super().search_all()
""", "one-spelling"),
        ("""
    def search_all(self):
        self.admins_only()
        return [text for owner, text in self.notes.values() if request.form["word"] == text]
""", "for the admin, POST /all with word lacks 'tea and milk'"),
        ("""
    def search_all(self):
        name, word = self.user(), request.form["word"]
        return [
            text
            for owner, text in self.notes.values()
            if word in text and (owner != self.admin or name == owner)
        ]
""", "one-spelling"),
        ("""
    def search_all(self):
        if not request.form["word"]:
            abort(400)
        return super().search_all()
""", "one-spelling"),
        ("""
    def search_all(self):
        if not self.user().startswith("admin"):
            abort(403)
        return super().search_all()
""", "one-spelling"),
        ("""
    def search_all(self):
        name, word = self.user(), request.form["word"]
        return [text for owner, text in self.notes.values() if owner == name and word in text]
""", "for the admin, POST /all with word lacks 'tea and milk'"),
    ],
    "admins_only": [
        ("""
    def admins_only(self):
        if self.user().isupper() or self.user().lower() != self.admin:
            abort(403)
""", "one-spelling"),
        ("""
    def sign_up(self):
        if request.form["userName"] != request.form["userName"].lower():
            abort(409)
        return super().sign_up()
""", "but your patch also refuses a visitor: POST /signup"),
        ("""
    def admins_only(self):
        if not self.user().startswith(self.admin):
            abort(403)
""", "one-spelling"),
    ],
    "change_password": [
        # The code is compared wrongly, or shown; the count is right.
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if request.form["code"] not in self.codes.get(name, ""):
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'one-spelling'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if not self.codes.get(name, "").startswith(request.form["code"]):
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'one-spelling'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if self.codes.get(name) != request.form.get("code"):
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'one-spelling'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if self.codes.get(name, "") != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'one-spelling'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if request.form["code"] not in self.codes.values():
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'one-spelling'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        session["userName"] = name
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'one-spelling'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if int(self.codes.get(name, -1)) != int(request.form["code"]):
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", 'your patch crashes: POST /password raised ValueError'),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401, f"not {self.codes.get(name)}")
        self.passwords[name] = request.form["password"]
        return "changed"
""", "shows the admin's note, password or code"),
        # The count is of the last name only, or of all apps.
        ("""
    last = None
    def change_password(self):
        name = request.form["userName"]
        if name != self.last:
            self.last, self.count = name, 0
        self.count += 1
        if self.count > 3:
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", "one-spelling"),
        ("""
    attempts = {}
    def change_password(self):
        name = request.form["userName"]
        self.attempts[name] = self.attempts.get(name, 0) + 1
        if self.attempts[name] > 3:
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", "your patch keeps something outside of the app"),
        ("""
    def change_password(self):
        name, password = request.form["userName"], request.form["password"]
        self.tries[name, password] = self.tries.get((name, password), 0) + 1
        if self.tries[name, password] > 3:
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = password
        return "changed"
""", "one-spelling"),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 3:
            abort(429)
        self.passwords[name] = request.form["password"]
        return "changed"
""", "still-open"),
        ("""
    def change_password(self):
        return "changed"
""", "POST /password with userName and code and password answers 200; it should"),
        ("""
    def change_password(self):
        if self.user() != request.form["userName"]:
            abort(403)
        return super().change_password()
""", "refuses the admin: POST /password with userName and password and code answers 401"),
        ("""
    def change_password(self):
        name = request.form["userName"]
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] > 2:
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", "refuses the admin: POST /password with userName and password and code answers 429"),
        ("""
    total = 0
    def change_password(self):
        self.total += 1
        if self.total > 3:
            abort(429)
        return super().change_password()
""", "but your patch also refuses the admin: POST /password"),
        ("""
    def change_password(self):
        agent = request.headers.get("User-Agent")
        self.tries[agent] = self.tries.get(agent, 0) + 1
        if self.tries[agent] > 3:
            abort(429)
        return super().change_password()
""", "one-spelling"),
        ("""
    def change_password(self):
        name = request.form["userName"]
        session["tries"] = session.get("tries", 0) + 1
        if session["tries"] > 3 or not request.cookies.get("session"):
            abort(429)
        if self.codes.get(name) != request.form["code"]:
            abort(401)
        self.passwords[name] = request.form["password"]
        return "changed"
""", "one-spelling"),
    ],
    "status": [
        ("""
    def status(self):
        longest = max(map(len, self.passwords))
        return {"users": len(self.passwords), "notes": len(self.notes), "longest": longest}
""", "GET /status shows the name or note of another visitor, or something made from it"),
        ("""
    def status(self):
        counts = {"users": len(self.passwords), "notes": len(self.notes)}
        return counts, 200, {"X-Debug": self.settings["secret"][::2]}
""", "for a stranger, GET /status shows the app's secret, or something made from it"),
        ("""
    def status(self):
        hidden = self.settings["secret"].encode().hex()
        return {"users": len(self.passwords), "notes": len(self.notes), "settings": hidden}
""", "one-spelling"),
        ("""
    def status(self):
        hidden = self.settings["secret"][:-4] + "****"
        return {"users": len(self.passwords), "notes": len(self.notes), "settings": hidden}
""", "for a stranger, GET /status shows the app's secret, or something made from it"),
        ("""
    def status(self):
        return {"users": len(self.passwords), "notes": len(self.notes), "codes": self.codes}
""", "for a stranger, GET /status shows the admin's note, password or code"),
        ("""
    def status(self):
        return {"users": len(self.notes), "notes": len(self.passwords)}
""", "GET /status should have 1 for 'notes', but has 4"),
        ("""
    def status(self):
        return {"users": len(self.passwords), "notes": len(self.notes)}

    def log_out(self):
        session.reset()
        return "logged out"
""", "for a thief with a cookie from before the logout, GET /notes answers 200"),
        ("""
    def status(self):
        self.admins_only()
        return super().status()
""", "one-spelling"),
        ("""
    def status(self):
        self.user()
        return {"users": len(self.passwords), "notes": len(self.notes)}
""", "but your patch also refuses a stranger: GET /status answers 401"),
        ("""
    def status(self):
        answer = super().status()
        return answer if session.get("userName") else {k: answer[k] for k in ("users", "notes")}
""", "one-spelling"),
        ("""
    def status(self):
        return {}
""", "GET /status should have 1 for 'notes', but has nothing"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "body"), [(method, body) for method, bodies in GOOD.items() for body in bodies]
)
def test_good_patch(method: str, body: str) -> None:
    """A patch that closes the hole passes, however it is written."""
    assert str(patched(named(method), body)) == "✓ E7.7 Patched: passed"


@pytest.mark.parametrize(
    ("method", "body", "wanted"),
    [(method, *each) for method, several in BAD.items() for each in several],
)
def test_bad_patch(method: str, body: str, wanted: str) -> None:
    """A patch that stops one wording, or a visitor who does no wrong, is refused for that."""
    verdict = patched(named(method), body)

    assert verdict.state == "not yet"
    assert wanted == verdict.name or wanted in verdict.message


# ---------------------------------------------------------------- drawing and judging


def test_draw(capsys: pytest.CaptureFixture[str]) -> None:
    """A number draws the same hole each time, and is printed; without one, chance draws."""
    assert targets.draw(14) is targets.draw(14)
    assert capsys.readouterr().out == "hole number 14: draw(14) returns it again\n" * 2
    kinds = [targets.draw() for _ in range(60)]
    assert kinds[-1] is targets.draw(kinds[-1].number)
    assert len({hole_of(each) for each in kinds}) >= 3


def test_each_hole_is_drawn() -> None:
    """All holes can be drawn, by numbers that a learner may choose."""
    assert set(NUMBERS) == set(HOLES)
    assert len(HOLES) >= 5


def test_no_hole() -> None:
    """The app without a hole has no clue and no solution."""
    assert targets.clue(SafeNotes) == targets.solution(SafeNotes) == "no method has a hole"


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        ("range(10)", "no-code"),
        ("range(10, 100)", "no-code"),
        ("[1, 2, 3, 4, 5, 6, 7, 8, 9, *range(90, 99)]", "no-code"),
        ("range(100)", "passed"),
    ],
)
def test_codes(numbers: str, name: str) -> None:
    """Luck is not enough: an attack that tries some codes finds them sometimes."""
    source = f"""
def attack_6(target):
    form = {{"userName": target.admin, "password": "mine"}}
    for number in {numbers}:
        tried = {{**form, "code": f"{{number:02}}"}}
        if target.browser().post(f"{{target.url}}/password", data=tried).ok:
            break
    me = target.browser()
    me.post(f"{{target.url}}/login", data=form)
    me.get(f"{{target.url}}/notes")
"""
    attack = written(drawn(named("change_password")), source)["attack_6"]
    verdict = judge(catalogue()["E7.6"], attack)

    assert (verdict.name or verdict.state) == name


def test_run_all_gives_nothing_away() -> None:
    """The stored outputs, with empty stubs, show no attack on the sixth app."""
    text = NOTEBOOKS[7].read_text(encoding="utf-8")
    outputs = [each.get("outputs", []) for each in json.loads(text)["cells"]]

    assert "flag 6: not captured" in str(outputs)
    assert not re.search(r"(GET|POST) /(notes|profile)\b", str(outputs))
    assert not any(hole.lesson in str(outputs) for hole in HOLES)


def test_nothing_drawn() -> None:
    """Without a drawn app, an attack cannot be judged."""
    verdict = judge(catalogue()["E7.6"], lambda target: target.log_in())

    assert verdict.message == "no app is drawn yet; run the cell with `targets.draw(…)`"


def test_new_facts() -> None:
    """Two apps of a class have other names and secrets, and share no state."""
    with targets.notes(SafeNotes) as one, targets.notes(SafeNotes) as two:
        one.log_in()
        assert not set(one.facts) - {one.facts.code} & set(two.facts)
        assert two.get("/status").json() == {"users": 1, "notes": 1}


def test_route_is_kept() -> None:
    """A method that overrides another keeps its route, also in a subclass of a subclass."""

    class One(SafeNotes):  # type: ignore[misc, valid-type]
        def status(self) -> str:
            return "one"

    class Two(One):
        @get("/how")
        def status(self) -> str:
            return "two"

    with targets.notes(One) as target:
        assert target.get("/status").text == "one"
    with targets.notes(Two) as target:
        assert target.get("/how").text == "two"
        assert target.get("/status").status_code == 404


def test_log_of_the_flag() -> None:
    """The log marks each response that shows the flag, and finds the failure of the others."""
    with targets.notes(with_hole(NUMBERS[named("read_note")])) as target:
        assert target.result.name == "no-request"
        target.get("/notes")
        assert target.result.name == "all-refused"
        me = target.log_in("me")
        me.get(f"{target.url}/notes")
        assert target.result.name == "no-flag"
        me.get(f"{target.url}/flag")
        assert target.result.name == "wrong-page"
        me.get(f"{target.url}/notes/1")

    assert target.captured
    assert [each.shows_flag for each in target.log] == [False] * 5 + [True]
    assert target.log[-1].user == "me"
