"""An app that used Flask's own session: what docs/coming-from-flask.md says is true."""

from __future__ import annotations

import base64
import random
import re
import subprocess
import sys
import time
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import flask_login  # type: ignore[import-untyped]
import numpy
import pytest
from flask import (
    Flask,
    Response,
    flash,
    get_flashed_messages,
    render_template_string,
    request,
    session,
    stream_with_context,
)
from flask.testing import FlaskClient
from flask_babel import Babel, lazy_gettext  # type: ignore[import-untyped]
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from lesson_app import (
    PRODUCTION,
    BadCookie,
    ClientSessions,
    DenyList,
    MemoryStore,
    RevocationUnavailable,
    SessionTooLarge,
    UserEpochs,
    derive_keys,
    unseal,
)
from lesson_app.lab import Clock
from tests.conftest import PATIENCE, ROOT, Site, secret_of, set_cookies, the_cookie, write
from tests.plugin import need

PAGE = (ROOT / "docs" / "coming-from-flask.md").read_text()
KEY = secret_of("flask")
Act = Callable[[Any], object]


PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def run(word: str) -> dict[str, Any]:
    """Run the page's programs up to the one that has this word; return their names."""
    names: dict[str, Any] = {"__name__": "page"}
    for program in PROGRAMS:
        exec(compile(program, "page", "exec"), names)
        if word in program:
            return names
    raise AssertionError(f"no program has {word!r}")


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table whose header begins with these words."""
    lines = PAGE.partition(f"| {heading}")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code(cell: str) -> str:
    """Return the first code in a table's cell."""
    [text, *_] = re.findall("`([^`]+)`", cell)
    return str(text)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the page's programs a secret, and a folder for their files."""
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.chdir(tmp_path)


class Server:
    """An app whose only view calls the test's function with `flask.session`."""

    def __init__(self, app: Flask | None = None) -> None:
        self.app = app or Flask("flask's own")
        self.app.testing = True
        self.app.secret_key = KEY
        self.app.add_url_rule("/", view_func=lambda: self._view())
        self.act: Act = lambda s: None

    def _view(self) -> Any:
        answer = self.act(session)
        return answer if isinstance(answer, Response) else str(answer)

    def visit(self, jar: dict[str, str], act: Act) -> Any:
        """Visit with the cookies in `jar`, and change them as the response says."""
        self.act = act
        header = "; ".join(f"{name}={value}" for name, value in jar.items())
        response = self.app.test_client(use_cookies=False).get(
            "/", headers={"Cookie": header}, base_url="https://localhost"
        )
        for cookie in set_cookies(response):
            jar[cookie.name] = cookie.value
            if cookie.attributes.get("max-age") == "0":
                del jar[cookie.name]
        return response


def ours(**options: Any) -> Server:
    app = Flask("ours")
    app.secret_key = KEY
    ClientSessions(app, **options)
    return Server(app)


def keeps_both(codec_name: str = "OpensFlasks", **options: Any) -> Server:
    """Return a server with the page's codec, and with other options of ClientSessions."""
    codec = run("OpensFlasks")[codec_name]
    app = Flask("both")
    app.secret_key = KEY
    ClientSessions(app, codec=codec(app), ephemeral=True, **options)
    return Server(app)


def log_in(s: Any) -> None:
    s["user"] = "ada"


def log_in_permanently(s: Any) -> None:
    s.update(user="ada", _permanent=True)


def who(s: Any) -> Any:
    return s.get("user")


# The programs


# What mypy must allow, because Flask-Login has no types.
UNTYPED = ["--ignore-missing-imports", "--allow-subclassing-any", "--allow-untyped-decorators"]


@pytest.mark.parametrize("with_login", [False, True], ids=["Flask", "Flask-Login"])
def test_programs_have_types(with_login: bool, tmp_path: Path) -> None:
    """`mypy --strict` accepts each program; one without an app continues the first one."""
    if find_spec("mypy") is None:
        need("mypy")
    files = []
    for number, program in enumerate(PROGRAMS):
        if ("flask_login" in program) is with_login:
            first = "" if "app = Flask" in program else PROGRAMS[0]
            files.append(tmp_path / f"program{number}.py")
            files[-1].write_text(first + program)

    options = ["--strict", *(UNTYPED if with_login else [])]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


# Switch


def test_another_name() -> None:
    """With another name visitors log in again; the old code finds the old session."""
    jar: dict[str, str] = {}
    old, new = Server(), Server(run("PRODUCTION")["app"])
    old.visit(jar, log_in)

    assert new.visit(jar, who).text == "None"
    new.visit(jar, log_in)
    assert (old.visit(jar, who).text, new.visit(jar, who).text) == ("ada", "ada")
    new.visit(jar, lambda s: s.clear())

    assert sorted(jar) == ["__Host-session", "session"]
    assert (old.visit(jar, who).text, new.visit(jar, who).text) == ("ada", "None")


def test_lifetime_of_flask() -> None:
    """With the page's programs, a new session lasts as long as Flask's."""
    for word in ("PRODUCTION", "OpensFlasks"):
        names = run(word)
        lasts = Server(names["app"]).visit(
            {}, lambda s: [s.update(user="ada"), s.expires_at - s.created_at][1]
        )

        assert lasts.text == str(31 * 86_400_000)


def test_production_with_the_old_name() -> None:
    """PRODUCTION with the old name keeps visitors; the name with the prefix does not."""
    [options] = re.findall(r"`\*\*(\{.*?\})`", PAGE)
    jar: dict[str, str] = {}
    Server().visit(jar, log_in)

    kept = keeps_both(**eval(options, {"PRODUCTION": PRODUCTION})).visit(jar, who)

    assert kept.text == "ada"
    assert the_cookie(kept).attributes.keys() >= {"secure", "httponly", "samesite"}
    assert kept.headers["Cache-Control"] == "no-store"
    assert keeps_both(**PRODUCTION).visit(jar, who).text == "None"


def test_nobody_is_logged_out() -> None:
    """The codec opens Flask's cookie; the response seals it for a server without the codec."""
    jar: dict[str, str] = {}
    Server().visit(jar, log_in)
    new = Server(run("OpensFlasks")["app"])

    first, second = new.visit(jar, who), new.visit(jar, who)

    assert (first.text, second.text) == ("ada", "ada")
    assert "expires" not in the_cookie(first).attributes
    assert not set_cookies(second)
    assert ours().visit(jar, who).text == "ada"


def test_old_secret() -> None:
    """The codec opens what Flask or this library sealed with a fallback secret."""
    new = secret_of("new")
    jars: list[dict[str, str]] = [{}, {}]
    Server().visit(jars[0], log_in)
    ours().visit(jars[1], log_in)
    app = Flask("both")
    app.config.update(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[KEY])
    codec = run("OpensFlasks")["OpensFlasks"](app)

    opened = [codec.unseal(jar["session"], name="session") for jar in jars]

    assert [(each.content, each.rotated) for each in opened] == [({"user": "ada"}, True)] * 2


def test_content_becomes_json() -> None:
    """Flask's own types become JSON's, and flashed messages come back as pairs."""

    def fill(s: Any) -> None:
        flash("hello", "info")
        s.update(a=(1, (2,)), b=b"ab", c=UUID(int=1), d=Markup("<b>"), permanent=True)
        s["e"] = {"f": datetime(2030, 1, 2, tzinfo=UTC)}
        s.permanent = True

    jar: dict[str, str] = {}
    Server().visit(jar, fill)
    new = keeps_both()

    response = new.visit(jar, lambda s: get_flashed_messages(with_categories=True))

    assert response.text == "[('info', 'hello')]"
    assert "expires" in the_cookie(response).attributes
    assert unseal(jar["session"], derive_keys(KEY)).content == {
        "a": [1, [2]],
        "b": "YWI=",
        "c": "00000000-0000-0000-0000-000000000001",
        "d": "<b>",
        "e": {"f": "2030-01-02T00:00:00+00:00"},
        "permanent": True,
        "_permanent": True,
    }


@pytest.mark.parametrize(("late", "says"), [(-10, "ada"), (10, "None")], ids=str)
@pytest.mark.parametrize("visits", [0, 1], ids=["unopened", "sealed again"])
def test_expires_when_flasks_would(late: int, says: str, visits: int) -> None:
    """The session ends PERMANENT_SESSION_LIFETIME after Flask has signed it."""
    jar: dict[str, str] = {}
    Server().visit(jar, log_in)
    for _ in range(visits):
        keeps_both().visit(jar, who)

    end = timedelta(days=31).total_seconds() + late
    new = keeps_both(clock=lambda: time.time() + end, active_duration=timedelta(0))

    assert new.visit(jar, who).text == says


@pytest.mark.parametrize(("hours", "says"), [(11, "ada"), (13, "None")])
def test_max_lifetime_of_flasks_session(hours: int, says: str) -> None:
    """`max_lifetime` counts from the time when Flask signed the cookie."""
    jar: dict[str, str] = {}
    Server().visit(jar, log_in)
    new = keeps_both(max_lifetime=timedelta(hours=12), clock=lambda: time.time() + hours * 3600)

    assert new.visit(jar, who).text == says


def flask_signed(content: object) -> str:
    app = Flask("signs")
    app.secret_key = KEY
    serializer: Any = app.session_interface
    return str(serializer.get_signing_serializer(app).dumps(content))


BAD: dict[str, Callable[[], str]] = {
    "other secret": lambda: flask_signed({"a": 1}).rpartition(".")[0] + "." + "A" * 27,
    "no signature": lambda: flask_signed({"a": 1}).rpartition(".")[0],
    "no time": lambda: flask_signed({"a": 1}).partition(".")[0],
    "not a dict": lambda: flask_signed(["a"]),
    "nothing": lambda: flask_signed(None),
    "integer that JavaScript rounds": lambda: flask_signed({"a": 2**53}),
    "not a number": lambda: flask_signed({"a": float("nan")}),
    "compressed": lambda: flask_signed({"a": "a" * 4000}),
    "half a surrogate pair": lambda: "\ud800.a.b",
    "empty": lambda: "",
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_bad_cookie(make: Callable[[], str]) -> None:
    """The codec refuses a bad cookie, or a session that cannot be sealed, as BadCookie."""
    codec = run("OpensFlasks")["sessions"].codec

    with pytest.raises(BadCookie):
        codec.unseal(make(), name="session")
    with pytest.raises(BadCookie):
        codec.unseal(make() + ".", name="session")


def test_damaged_cookies() -> None:
    """A damaged cookie is refused as BadCookie, or is the same cookie in another spelling."""
    codec = run("OpensFlasks")["sessions"].codec
    good = flask_signed({"a": 1})
    opened, chance = codec.unseal(good, name="session"), random.Random(1)

    for _ in range(2000):
        at = chance.randrange(len(good))
        damaged = good[:at] + chance.choice(["", *'._-=+/aZ0\0\xff"é\ud800;']) + good[at + 1 :]
        try:
            again = codec.unseal(damaged, name="session")
        except BadCookie:
            continue
        assert (again, again.mac) == (opened, opened.mac)


DENIED, EPOCHS = DenyList(MemoryStore()), UserEpochs(MemoryStore(), user=who)
REVOCATIONS = [(DENIED, DENIED.end), (EPOCHS, lambda s: EPOCHS.end_all("ada"))]


@pytest.mark.parametrize(("revocation", "log_out"), REVOCATIONS, ids=["DenyList", "UserEpochs"])
def test_revoked(revocation: Any, log_out: Act) -> None:
    """After a logout, a copy of Flask's cookie is refused."""
    jar: dict[str, str] = {}
    Server().visit(jar, log_in)
    new = keeps_both(revocation=revocation)
    copies = [dict(jar), dict(jar)]
    assert new.visit(copies[0], who).text == "ada"

    new.visit(copies[0], lambda s: log_out(s._get_current_object()))

    assert [new.visit(copy, who).text for copy in copies] == ["None", "None"]


BESIDE: dict[str, tuple[Act, str]] = {
    # a page of the old server: who the visitor is on the new one
    "reads the session": (who, "ada"),
    "writes the session": (lambda s: s.update(csrf="a"), "None"),
    '`session.pop("user", None)`': (lambda s: s.pop("user", None), "ada"),
    "`session.clear()`": (lambda s: s.clear(), "None"),
}


@pytest.mark.parametrize("page", BESIDE)
def test_beside_an_old_server(page: str) -> None:
    """A server with Flask's session ignores, replaces or deletes the new cookie."""
    act, says = BESIDE[page]
    jar: dict[str, str] = {}
    old, new = Server(), keeps_both()
    new.visit(jar, log_in)

    assert old.visit(jar, who).text == "None"
    old.visit(jar, act)

    assert new.visit(jar, who).text == says


STEPS: list[Callable[[], Server]] = [
    Server,
    lambda: keeps_both("SealsFlasks"),
    keeps_both,
    lambda: ours(ephemeral=True),
]


def count(s: Any) -> Any:
    s["count"] = s.get("count", 0) + 1
    return who(s)


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("back", [False, True], ids=["to", "back"])
def test_steps(step: int, back: bool) -> None:
    """During each step, and on the way back, old and new servers share each session."""
    first, second = (make() for make in STEPS[step - 1 : step + 1])
    if back:
        first, second = second, first
    jar: dict[str, str] = {}
    (second if step == 3 else first).visit(jar, log_in)

    for server, other in [(first, second), (second, first), (first, second)]:
        server.visit(jar, count)
        assert other.visit(jar, count).text == "ada"
    assert first.visit(jar, lambda s: s["count"]).text == "6"
    second.visit(jar, lambda s: s.pop("user"))
    assert first.visit(jar, who).text == "None"


@pytest.mark.parametrize(("visits", "says"), [(1, "ada"), (0, "None")])
def test_way_back(visits: int, says: str) -> None:
    """On the way back, the codec seals a session that is used as Flask does; no other."""
    jar: dict[str, str] = {}
    ours().visit(jar, log_in)

    for _ in range(visits):
        assert keeps_both("SealsFlasks").visit(jar, who).text == "ada"

    assert Server().visit(jar, who).text == says


def test_sealing_as_flask_does_not_extend() -> None:
    """A session that only reads keeps Flask's cookie, so that it expires at the same time."""
    jar: dict[str, str] = {}
    Server().visit(jar, log_in)

    assert not set_cookies(keeps_both("SealsFlasks").visit(jar, who))


@pytest.mark.parametrize("value", [2**53, float("nan")], ids=str)
def test_sealing_as_flask_refuses_what_cannot_move(value: float) -> None:
    """A content that this library cannot seal is refused from the first step on."""
    jar = {"session": flask_signed({"user": "ada", "a": value})}

    assert keeps_both("SealsFlasks").visit(jar, who).text == "None"


def secured(codec: bool, **config: Any) -> Server:
    """Return a server in production, with these secrets."""
    server = Server()
    server.app.config.update(config, TESTING=False, PROPAGATE_EXCEPTIONS=True)
    opens = run("OpensFlasks")["OpensFlasks"](server.app) if codec else None
    ClientSessions(server.app, codec=opens)
    return server


def test_weak_secret_and_the_codec() -> None:
    """The codec allows a weak secret; before it is removed, another secret must seal."""
    jar: dict[str, str] = {}
    secured(True, SECRET_KEY="dev").visit(jar, log_in)
    with pytest.raises(ValueError, match="too weak"):
        secured(False, SECRET_KEY="dev")

    replaced = secured(True, SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=["dev"]).visit(jar, who)

    assert replaced.text == "ada"
    assert secured(False, SECRET_KEY=KEY).visit(jar, who).text == "ada"


# What a session keeps


class Color(StrEnum):
    """Text in an enum."""

    RED = "red"


class Level(IntEnum):
    """A number in an enum."""

    HIGH = 3


Point = namedtuple("Point", "x y")  # as in apps without type hints
NAMES = {
    each.__name__: each
    for each in (
        base64, Color, datetime, Decimal, lazy_gettext, Level, Markup, MultiDict, numpy,
        OrderedDict, Point, UUID,
    )
} | {"UTC": UTC}  # fmt: skip
VALUES = table("value | comes back")


def value_of(text: str, **names: Any) -> Any:
    return eval(text, {**NAMES, **names})


@pytest.mark.parametrize("row", VALUES, ids=lambda row: code(row[0]))
def test_value_is_refused(row: list[str]) -> None:
    """A value in the page's table raises on the view's line; what the page stores is kept."""
    new = ours()
    Babel(new.app)
    lines = []

    def store(s: Any) -> None:
        value = value_of(code(row[0]))
        with pytest.raises((TypeError, ValueError), match=re.escape("session['a']")) as caught:
            s["a"] = value
        if type(value) is not int and type(value) is not dict:
            kind = type(value)
            module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
            assert f"is of type {module}{kind.__qualname__}," in str(caught.value)
        stored = value_of(code(row[2]), value=value)
        s["a"] = stored
        lines.append(stored)

    jar: dict[str, str] = {}
    new.visit(jar, store)

    assert new.visit(jar, lambda s: s["a"] == lines[0]).text == "True"


@pytest.mark.parametrize("row", VALUES, ids=lambda row: code(row[0]))
def test_value_in_flasks_session(row: list[str]) -> None:
    """Flask's session gives back what the page's table says."""
    old = Server()
    Babel(old.app)
    jar: dict[str, str] = {}

    def store(s: Any) -> None:
        s["a"] = value_of(code(row[0]))

    if row[1].startswith("raises"):
        with pytest.raises(TypeError, match="not JSON serializable"):
            old.visit(jar, store)
        return
    old.visit(jar, store)
    wanted = value_of(code(row[1]))

    seen = old.visit(jar, lambda s: (type(s["a"]).__name__, s["a"]))

    assert seen.text == str((type(wanted).__name__, wanted))


KEPT = ["a", 1, 1.5, True, None, [1, [2]], {"a": {"b": None}}]


@pytest.mark.parametrize("value", KEPT, ids=str)
def test_value_is_kept(value: object) -> None:
    """JSON's values come back as they were."""
    new, jar = ours(), dict[str, str]()
    new.visit(jar, lambda s: s.update(a=value))

    assert new.visit(jar, lambda s: repr(s["a"])).text == repr(value)


def test_flashed_lazy_string() -> None:
    """Flask-Babel's lazy string is flashed as its text, which a template escapes."""
    new, jar = ours(), dict[str, str]()
    Babel(new.app)
    new.visit(jar, lambda s: flash(lazy_gettext("a <b>"), "info"))

    shown = "{% for text in get_flashed_messages() %}{{ text }}{% endfor %}"

    assert new.visit(jar, lambda s: render_template_string(shown)).text == "a &lt;b&gt;"


def test_flashed_markup() -> None:
    """Flashing Markup raises; the page's template adds the HTML to plain text."""
    with pytest.raises(
        TypeError, match=r"session\['_flashes'\]\[0\]\[1\] is of type markupsafe"
    ):
        ours().visit({}, lambda s: flash(Markup("<b>")))

    app = run("MESSAGES")["app"]

    assert app.test_client().get("/save").text == '<a href="/cart">Saved &lt;3</a>'


# Remember me


PERMANENT: dict[str, Act] = {
    "never set": lambda s: None,
    "`True`": lambda s: setattr(s, "permanent", True),
    "`False`": lambda s: setattr(s, "permanent", False),
}
SERVERS: list[Callable[[], Server]] = [Server, ours, lambda: ours(ephemeral=True)]


@pytest.mark.parametrize("make", SERVERS, ids=["flask", "ours", "ephemeral"])
@pytest.mark.parametrize("row", PERMANENT)
def test_remember_me(row: str, make: Callable[[], Server]) -> None:
    """Each response's cookie is kept or forgotten, as the page's table says."""
    [line] = [line for line in table("`session.permanent`") if line[0].startswith(row)]
    server, jar = make(), dict[str, str]()

    responses = [
        server.visit(jar, act) for act in (log_in, PERMANENT[row], lambda s: s.update(a=1))
    ]

    for response in responses[-2:]:
        for cookie in set_cookies(response):
            says = "kept" if "expires" in cookie.attributes else "forgotten"
            assert says == line[1 + SERVERS.index(make)]
    assert set_cookies(responses[-1])


def test_set_duration_is_remembered() -> None:
    """`set_duration` with `ephemeral` sets `permanent`, which Flask's code reads."""

    def remember(s: Any) -> object:
        s.set_duration(timedelta(days=30), ephemeral=False)
        return s.permanent

    server, jar = ours(ephemeral=True), dict[str, str]()

    assert server.visit(jar, remember).text == "True"
    assert "expires" in the_cookie(server.visit(jar, log_in)).attributes


def login_app(**options: Any) -> Flask:
    """Return an app with Flask-Login, and with this library's sessions."""
    app = Flask("login")
    app.testing = True
    app.secret_key = KEY
    ClientSessions(app, **options)
    manager = flask_login.LoginManager(app)
    manager.session_protection = "strong"

    class User(flask_login.UserMixin):  # type: ignore[misc]
        id = "ada"

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(user: str) -> User:
        return User()

    @app.get("/login")
    def login() -> str:
        flask_login.login_user(User(), remember="remember" in request.args)
        return "hello"

    @app.get("/me")
    def me() -> str:
        session["page"] = session.get("page", 0) + 1
        return str(flask_login.current_user.is_authenticated)

    return app


class Shop:
    """The page's app with Flask-Login, and a browser."""

    def __init__(self, *changes: tuple[str, str]) -> None:
        [program] = [each for each in PROGRAMS if "flask_login" in each]
        for old, new in changes:
            assert old in program
            program = program.replace(old, new)
        names: dict[str, Any] = {"__name__": "page"}
        exec(program, names)
        self.app: Flask = names["app"]
        self.app.testing = True
        self.app.add_url_rule(
            "/me", "me", lambda: str(flask_login.current_user.is_authenticated)
        )
        self.app.add_url_rule("/basket", "basket", lambda: str(dict(session)))
        self.app.add_url_rule("/add", "add", lambda: session.update(basket=[1], a=1) or "added")
        self.browser = self.app.test_client()

    def get(self, path: str, cookies: dict[str, str] | None = None) -> str:
        """Visit as the browser; or with these cookies, as a thief."""
        if cookies is None:
            return str(self.browser.get(path, base_url="https://localhost").text)
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        thief = self.app.test_client(use_cookies=False)
        response = thief.get(path, base_url="https://localhost", headers={"Cookie": header})
        return str(response.text)

    def post(self, path: str) -> dict[str, str]:
        """Post as the browser, and return the cookies that it has then."""
        response = self.browser.post(path, base_url="https://localhost")
        assert response.status_code == 200
        self.cookies = set_cookies(response)
        names = ["__Host-session", "remember_token"]
        found = {name: self.browser.get_cookie(name) for name in names}
        return {name: cookie.value for name, cookie in found.items() if cookie}


def test_remember_token_is_deleted() -> None:
    """The page's logout ends the session and deletes `remember_token`."""
    shop = Shop()
    before = shop.post("/login")
    assert shop.get("/me") == "True"

    after = shop.post("/logout")

    assert sorted(before) == ["__Host-session", "remember_token"]
    assert sorted(after) == ["__Host-session"]
    assert shop.get("/me") == "False"
    assert shop.get("/me", {"__Host-session": before["__Host-session"]}) == "False"


def test_remember_token_in_the_other_order() -> None:
    """If `end` comes after `logout_user`, the browser keeps `remember_token`."""
    end, out = "    denied.end(sessions.session)\n", "    logout_user()\n"
    shop = Shop((end + out, out + end))
    shop.post("/login")

    assert "remember_token" in shop.post("/logout")
    assert shop.get("/me") == "True"


def test_copy_of_remember_token() -> None:
    """A copy of `remember_token` outlives a logout, but not a new `get_id()`."""
    shop = Shop()
    copy = shop.post("/login")
    token = {"remember_token": copy["remember_token"]}
    shop.post("/logout")
    assert shop.get("/me", token) == "True"
    copy = shop.post("/login")

    shop.post("/logout-everywhere")

    assert [shop.get("/me", each) for each in (copy, token)] == ["False", "False"]
    assert shop.get("/me") == "False"
    shop.post("/login")
    assert shop.get("/me") == "True"


@pytest.mark.parametrize("how", ["end", "end_all"])
def test_remember_token_outlives_a_revocation(how: str) -> None:
    """No revocation refuses `remember_token`: the visitor is logged in again."""
    epochs = UserEpochs(MemoryStore(), user=lambda s: s.get("_user_id"))
    app = login_app(revocation=DENIED if how == "end" else epochs)
    client = app.test_client()

    @app.get("/end")
    def end() -> str:
        current: Any = session
        if how == "end":
            DENIED.end(current._get_current_object())
        else:
            epochs.end_all("ada")
        return "ended"

    @app.get("/who")
    def name() -> str:
        return str(flask_login.current_user.is_authenticated)

    for path in ("/login?remember", "/end"):
        client.get(path)

    assert client.get("/who").text == "True"
    client.get("/end")
    client.delete_cookie("remember_token")
    assert client.get("/who").text == "False"


def test_attributes_of_remember_token() -> None:
    """The page's settings protect `remember_token`; PRODUCTION alone does not."""
    attributes = []
    for line in ("", re.findall(r"^app\.config\.update.*\n", PAGE, re.MULTILINE)[0]):
        shop = Shop((line, "")) if line else Shop()
        shop.post("/login")
        [cookie] = [each for each in shop.cookies if each.name == "remember_token"]
        attributes.append(cookie.attributes.keys() & {"secure", "httponly", "samesite"})

    assert attributes == [{"secure", "httponly", "samesite"}, {"httponly"}]


def test_login_keeps_the_basket() -> None:
    """The page's login ends the earlier session, and keeps only the basket."""
    shop = Shop()
    shop.get("/add")
    before = shop.browser.get_cookie("__Host-session")
    assert before

    shop.post("/login")

    content = shop.get("/basket")
    assert "'basket': [1]" in content
    assert "'a': 1" not in content
    assert shop.get("/basket", {"__Host-session": before.value}) == "{}"


@pytest.mark.parametrize("ephemeral", [False, True])
def test_flask_login_without_remember(ephemeral: bool) -> None:
    """Flask-Login leaves it to `ephemeral` whether a login outlives the browser."""
    client = login_app(ephemeral=ephemeral).test_client()

    responses = [client.get(url) for url in ("/login", "/me", "/me")]

    assert [r.text for r in responses[1:]] == ["True", "True"]
    assert [("expires" in the_cookie(r).attributes) for r in responses] == [not ephemeral] * 3


def test_flask_login_strong() -> None:
    """With strong protection, another browser with the same cookie is logged out."""
    client = login_app().test_client()
    client.get("/login")

    assert client.get("/me").text == "True"
    assert client.get("/me", headers={"User-Agent": "another"}).text == "False"


# Lifetimes


def test_flasks_lifetime_has_no_effect(clock: Clock) -> None:
    """PERMANENT_SESSION_LIFETIME does not shorten a session; each visit sends no cookie."""
    server, jar = ours(clock=clock), dict[str, str]()
    server.app.config.update(
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=1), SESSION_REFRESH_EACH_REQUEST=True
    )
    server.visit(jar, log_in_permanently)
    clock.advance(timedelta(hours=23))

    response = server.visit(jar, who)

    assert (response.text, set_cookies(response)) == ("ada", [])
    clock.advance(timedelta(hours=1, seconds=1))
    assert server.visit(jar, who).text == "None"


@pytest.mark.parametrize(("minutes", "visits"), [(25, 4), (15, 100)])
def test_sliding_window(clock: Clock, minutes: int, visits: int) -> None:
    """A visit each 15 minutes extends the session; a visit each 25 minutes does not."""
    server = ours(
        clock=clock, duration=timedelta(hours=2), active_duration=timedelta(minutes=20)
    )
    jar: dict[str, str] = {}
    server.visit(jar, log_in)
    stayed = 0

    while stayed < 100:
        clock.advance(timedelta(minutes=minutes))
        if server.visit(jar, who).text == "None":
            break
        stayed += 1

    assert stayed == visits


def idle_server(clock: Clock) -> Server:
    """Return the page's app with an idle limit, and with a clock."""
    [program] = [each for each in PROGRAMS if "def stay" in each]
    names = {**run("PRODUCTION"), "clock": clock}
    exec(program.replace("duration=IDLE,", "duration=IDLE, clock=clock,"), names)
    return Server(names["app"])


def test_idle_limit(clock: Clock) -> None:
    """With the page's program, each visit begins a new lifetime, and an idle visitor leaves."""
    server, jar = idle_server(clock), dict[str, str]()
    server.visit(jar, log_in)

    for _ in range(100):
        clock.advance(timedelta(minutes=30))
        assert set_cookies(server.visit(jar, lambda s: "no use of the session"))
    assert server.visit(jar, who).text == "ada"
    clock.advance(timedelta(minutes=30, milliseconds=1))
    assert server.visit(jar, who).text == "None"


def test_idle_limit_without_content(clock: Clock) -> None:
    """The page's program sets no cookie for a visitor whose session is empty."""
    server, jar = idle_server(clock), dict[str, str]()
    assert not set_cookies(server.visit(jar, who))
    server.visit(jar, lambda s: s.reset())
    clock.advance(timedelta(minutes=29))

    assert not set_cookies(server.visit(jar, who))


def test_idle_limit_and_static_files(clock: Clock) -> None:
    """With the page's program, also a response of the static folder sets the cookie."""
    server, jar = idle_server(clock), dict[str, str]()
    server.visit(jar, log_in)

    response = server.app.test_client(use_cookies=False).get(
        "/static/none.css", headers={"Cookie": f"session={jar['session']}"}
    )

    assert set_cookies(response)


# Other differences


def test_empty_session() -> None:
    """An emptied session is a cookie with nothing in it; Flask deletes the cookie."""
    jars: list[dict[str, str]] = [{}, {}]
    for server, jar in zip((Server(), ours()), jars, strict=True):
        server.visit(jar, log_in)
        server.visit(jar, lambda s: s.clear())

    assert jars[0] == {}
    assert unseal(jars[1]["session"], derive_keys(KEY)).content == {}


def append(s: Any) -> None:
    s["list"].append(1)


def equal(s: Any) -> None:
    s["list"] = []


def discard(s: Any) -> None:
    s["a"] = 1
    s.modified = False


@pytest.mark.parametrize(
    ("act", "flasks", "here"),
    [(append, 0, 1), (equal, 1, 0), (discard, 0, 1), (who, 0, 0)],
)
def test_what_is_a_change(act: Act, flasks: int, here: int) -> None:
    """A change of the content sends a cookie, at any depth, and only that."""
    counts = []
    for server in (Server(), ours()):
        jar: dict[str, str] = {}
        server.visit(jar, lambda s: s.update(list=[]))
        counts.append(len(set_cookies(server.visit(jar, act))))

    assert counts == [flasks, here]


def test_new_modified_accessed() -> None:
    """`new` says that no cookie came or it was refused; `accessed` that the view used it."""
    server, jar = ours(), dict[str, str]()

    def see(s: Any) -> object:
        return s.new, s.modified, s.accessed

    assert server.visit(jar, see).text == "(True, False, True)"
    assert server.visit({"session": "a.b.c"}, see).text == "(True, False, True)"
    assert (
        server.visit(jar, lambda s: [s.update(user="ada"), see(s)][1]).text
        == "(True, True, True)"
    )
    assert server.visit(jar, see).text == "(False, False, True)"


def test_vary() -> None:
    """A page that opens the session varies by cookie; one that does not open it does not."""
    server = ours()

    assert server.visit({}, who).headers["Vary"] == "Cookie"
    assert "Vary" not in server.visit({}, lambda s: "nothing").headers


def test_session_after_the_request() -> None:
    """In a `with` block of the test client, the session is readable after the response."""
    server = ours()
    server.act = log_in

    with server.app.test_client() as client:
        client.get("/")
        assert session["user"] == "ada"
    server.act = lambda s: None
    with client:
        client.get("/")
        assert session["user"] == "ada"


@pytest.mark.parametrize("make", [Server, ours], ids=["flask", "ours"])
def test_change_in_a_stream(make: Callable[[], Server]) -> None:
    """A change after the first byte of a stream is lost, as with Flask's session."""
    server, jar = make(), dict[str, str]()
    server.visit(jar, log_in)

    def stream(s: Any) -> Response:
        def rows() -> Iterator[str]:
            yield "a"
            s["user"] = "eve"
            yield str(who(s))

        return Response(stream_with_context(rows()))

    assert server.visit(jar, stream).text == "aeve"
    assert server.visit(jar, who).text == "ada"


def test_after_request_runs_again() -> None:
    """After a session that is too large, `after_request` runs again, for the error page."""
    server, seen = ours(), list[int]()
    server.app.testing = False
    server.app.register_error_handler(SessionTooLarge, lambda error: ("too large", 413))

    @server.app.after_request
    def see(response: Response) -> Response:
        seen.append(response.status_code)
        return response

    assert server.visit({}, lambda s: s.update(a="a" * 2900, b="b" * 2900)).text == "too large"
    assert seen == [200, 413]


def test_revocation_fails_with_flask_login() -> None:
    """If a revocation fails, a handler answers once with 503, and no cookie is set."""

    class Fails:
        def is_revoked(self, session: Any) -> bool:
            raise OSError("nobody listens")

    app, errors = login_app(revocation=Fails()), list[Exception]()
    client, jar = app.test_client(), dict[str, str]()
    ours().visit(jar, lambda s: s.update(_user_id="ada"))
    client.set_cookie("session", jar["session"])

    @app.errorhandler(RevocationUnavailable)
    def unavailable(error: Exception) -> tuple[str, int]:
        errors.append(error)
        return f"{dict(session)}", 503

    response = client.get("/me")

    assert (response.status_code, response.text, len(errors)) == (503, "{}", 1)
    assert not set_cookies(response)


# A weak SECRET_KEY

WEAK: list[dict[str, Any]] = [
    {"SECRET_KEY": "dev"},
    {"SECRET_KEY": KEY, "SECRET_KEY_FALLBACKS": ["dev"]},
]


@pytest.mark.parametrize("config", WEAK, ids=[" ".join(each) for each in WEAK])
@pytest.mark.parametrize("allowed", ["TESTING", "DEBUG", "CLIENT_SESSIONS_ALLOW_WEAK_SECRET"])
def test_weak_secret(
    config: dict[str, Any], allowed: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A weak secret raises at set-up, except where it is allowed; tests and debug warn."""
    app = Flask("weak")
    app.config.update(config)
    with pytest.raises(ValueError, match="too weak"):
        ClientSessions(app)

    app.config[allowed] = True
    ClientSessions(app)

    assert ("too weak" in caplog.text) is ("ALLOW" not in allowed)


def test_weak_secret_at_the_first_use() -> None:
    """A weak secret that is set later raises when the session is first used."""
    app = Flask("weak")
    ClientSessions(app)
    app.secret_key = "dev"
    app.add_url_rule("/", view_func=lambda: "no session")
    app.add_url_rule("/use", "use", view_func=lambda: str(session.get("user")))

    assert app.test_client().get("/").text == "no session"
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ValueError, match="too weak"):
        app.test_client().get("/use")


def test_fallback() -> None:
    """A cookie that an old secret opens is sealed again with SECRET_KEY."""
    jar: dict[str, str] = {}
    ours().visit(jar, log_in)
    server = ours()
    server.app.config.update(SECRET_KEY=secret_of("new"), SECRET_KEY_FALLBACKS=[KEY])

    assert server.visit(jar, who).text == "ada"
    assert unseal(jar["session"], derive_keys(secret_of("new"))).content == {"user": "ada"}

    server.app.config["SECRET_KEY_FALLBACKS"] = KEY
    with pytest.raises(TypeError, match="SECRET_KEY_FALLBACKS must be a list"):
        server.visit(jar, who)


# Extensions


def test_flask_wtf(clock: Clock) -> None:
    """A form whose session has expired is answered with 400."""
    app = Flask("wtf")
    app.testing = True
    app.secret_key = KEY
    ClientSessions(app, clock=clock)
    CSRFProtect(app)
    app.add_url_rule("/", view_func=lambda: generate_csrf())
    app.add_url_rule("/", "post", view_func=lambda: "sent", methods=["POST"])
    client = app.test_client()
    token = client.get("/").text

    assert client.post("/", data={"csrf_token": token}).text == "sent"
    clock.advance(timedelta(days=1, seconds=1))
    assert client.post("/", data={"csrf_token": token}).status_code == 400


# Tests


def user_app(**config: str) -> tuple[FlaskClient, ClientSessions]:
    app = Flask("user")
    app.testing = True
    app.config.update(config, SECRET_KEY=KEY)
    app.add_url_rule("/shop/user", view_func=lambda: str(session.get("user")))
    return app.test_client(), ClientSessions(app)


CONFIGS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    # the app's settings, the arguments of each request
    "plain": ({}, {}),
    "SERVER_NAME": ({"SERVER_NAME": "shop.example"}, {}),
    "base URL": ({}, {"base_url": "https://shop.example"}),
    "Domain": (
        {"SESSION_COOKIE_DOMAIN": "shop.example"},
        {"base_url": "https://www.shop.example"},
    ),
    "Domain and SERVER_NAME": (
        {"SESSION_COOKIE_DOMAIN": "shop.example", "SERVER_NAME": "shop.example"},
        {},
    ),
    "Path": ({"SESSION_COOKIE_PATH": "/shop"}, {}),
}


@pytest.mark.parametrize(("config", "request_"), CONFIGS.values(), ids=CONFIGS)
def test_session_transaction(config: dict[str, str], request_: dict[str, str]) -> None:
    """`session_transaction` writes and reads the session, wherever the cookie applies."""
    client, _ = user_app(**config)
    with client.session_transaction("/shop/user", **request_) as transaction:
        transaction["user"] = "ada"

    assert client.get("/shop/user", **request_).text == "ada"
    with client.session_transaction("/shop/user", **request_) as transaction:
        assert transaction["user"] == "ada"


def test_session_transaction_outside_the_path() -> None:
    """Without a URL on the cookie's path, `session_transaction` does not see the session."""
    client, _ = user_app(SESSION_COOKIE_PATH="/shop")
    with client.session_transaction("/shop/") as transaction:
        transaction["user"] = "ada"

    with client.session_transaction() as transaction:
        assert "user" not in transaction


@pytest.mark.parametrize(("config", "request_"), CONFIGS.values(), ids=CONFIGS)
def test_make_cookie_in_a_header(config: dict[str, str], request_: dict[str, str]) -> None:
    """A cookie of `make_cookie` in a header works with any settings, without a cookie jar."""
    client, sessions = user_app(**config)
    name, value = sessions.make_cookie({"user": "ada"}, client.application)
    visitor = client.application.test_client(use_cookies=False)

    response = visitor.get("/shop/user", headers={"Cookie": f"{name}={value}"}, **request_)

    assert response.text == "ada"


def test_second_session_with_a_server_name() -> None:
    """A second session's cookie needs the server's name in the test client's jar."""
    client, _ = user_app(SERVER_NAME="shop.example")
    carts = ClientSessions(client.application, cookie_name="cart")
    client.application.add_url_rule(
        "/cart", "cart", view_func=lambda: str(carts.session.get("a"))
    )
    cookie = carts.make_cookie({"a": 1}, client.application)

    client.set_cookie(*cookie)
    assert client.get("/cart").text == "None"
    client.set_cookie(*cookie, domain="shop.example")
    assert client.get("/cart").text == "1"


def test_interface_answers_as_the_cookie_is_sent(clock: Clock) -> None:
    """What Flask documents of a session interface agrees with the cookie that is sent."""
    options = {"path": "/p", "domain": "shop.example", "samesite": "Lax", "secure": True}
    site = Site(clock, **options, httponly=False, partitioned=True)
    app, interface = site.app, site.app.session_interface
    seen: list[Any] = []

    def act(session: Any) -> None:
        seen.append(interface.should_set_cookie(app, session))
        write(session)
        seen.append(interface.should_set_cookie(app, session))
        seen.append(interface.get_expiration_time(app, session))
        session.permanent = False
        seen.append(interface.get_expiration_time(app, session))

    site.visit(act)

    assert seen == [False, True, datetime(2100, 1, 1, 12, 2, 1, tzinfo=UTC), None]
    assert interface.get_cookie_path(app) == "/p"
    assert interface.get_cookie_domain(app) == "shop.example"
    assert interface.get_cookie_samesite(app) == "Lax"
    assert interface.get_cookie_secure(app) is interface.get_cookie_partitioned(app) is True
    assert interface.get_cookie_httponly(app) is False
