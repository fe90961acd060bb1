"""Check the guides: their programs run, their links work, their statements are true."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Blueprint, Flask, Response, request
from flask import session as flask_session
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from lesson_app import (
    ClientSessions,
    DenyList,
    Keys,
    MemoryStore,
    RevocationUnavailable,
    Session,
    SessionTooLarge,
    Unsealed,
    UserEpochs,
    cookie_refused,
    derive_keys,
    seal,
    unseal,
)
from lesson_app.lab import Clock
from tests.conftest import (
    PATIENCE,
    ROOT,
    SECRET,
    Site,
    forge,
    read,
    running,
    secret_of,
    set_cookies,
    the_cookie,
    untouched,
    write,
)
from tests.express.peer import NODE, require_node

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")])
GUIDE = (DOCS / "coming-from-express.md").read_text()
LIMITS = (DOCS / "limits.md").read_text()
DEPLOYMENT = (DOCS / "deployment.md").read_text()
OLD, NEW = secret_of("old"), secret_of("new")
OPTIONS = set(inspect.signature(ClientSessions).parameters) - {"app"}
#: The options that Mozilla's README or code names.
MOZILLA = {
    "cookieName", "requestKey", "secret", "encryptionKey", "signatureKey",
    "encryptionAlgorithm", "signatureAlgorithm", "duration", "activeDuration",
    "path", "domain", "maxAge", "ephemeral", "httpOnly", "secure", "sameSite",
}  # fmt: skip


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


# The author's guide shows parts of notebooks, not programs.
PROGRAMS = [
    page for page in PAGES if page.name != "authoring.md" and blocks(page.read_text(), "python")
]


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of each table row in a section."""
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def run(page: str, until: str = "") -> dict[str, Any]:
    """Run a page's programs in their order, and return the names that they define.

    With `until`, stop after the first program that contains this text.
    """
    names: dict[str, Any] = {"__name__": "page"}
    for program in blocks(page, "python"):
        exec(compile(program, "page", "exec"), names)
        if until and until in program:
            break
    return names


def app_of(program: str) -> FlaskClient:
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(program, "page", "exec"), names)
    client: FlaskClient = names["app"].test_client()
    return client


def node(before: str, program: str, argument: object) -> Any:
    """Run a program in Node with one argument, and return its answer. Both are JSON."""
    script = f"""{before}
    const argument = JSON.parse(process.argv[1]);
    const answer = (value) => console.log(JSON.stringify(value));
    {program}"""
    command = [require_node(), "--no-deprecation", "-e", script, json.dumps(argument)]
    return json.loads(subprocess.check_output(command, text=True, timeout=PATIENCE))


MOZILLAS = "const { util } = require('client-sessions');"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the programs a secret, Mozilla's library, and a folder for their files."""
    monkeypatch.setenv("SECRET_KEY", NEW)
    monkeypatch.setenv("REVOKED_DB", str(tmp_path / "revoked.db"))
    monkeypatch.setenv("NODE_PATH", str(NODE / "node_modules"))
    monkeypatch.chdir(tmp_path)


# The pages


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: page.stem)
def test_programs_run(page: Path) -> None:
    """The Python programs of a page run in their order."""
    run(page.read_text())


def anchors(page: str) -> set[str]:
    """Return the fragments that GitHub gives a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link leads to an existing file, and to a heading in it."""
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", page.read_text()):
        path, _, fragment = target.partition("#")
        file = (page.parent / path) if path else page

        assert file.exists(), target
        assert not fragment or fragment in anchors(file.read_text()), target


def test_every_option_is_in_the_guide() -> None:
    """The guide's tables list each option of ClientSessions."""
    written = " ".join(row[i] for row in rows(GUIDE, "Options and methods") for i in (0, 1))

    missing = sorted(o for o in OPTIONS if not re.search(rf"\b{o}=", written))
    assert not missing, f"add a row for {missing} to a table of docs/coming-from-express.md"


def test_every_name_in_the_guide_is_an_option() -> None:
    """Each keyword in the guide's Flask column is an argument of the call."""
    table = rows(GUIDE, "Options and methods")
    flask = " ".join(row[1] if len(row) == 3 else row[0] for row in table)
    calls: list[Callable[..., object]] = [Keys, seal, unseal, Session.set_duration, ProxyFix]
    others = {name for call in calls for name in inspect.signature(call).parameters}

    words = set(re.findall(r"\b([a-z_]+)=", flask)) - {"minutes", "hours", "days"}

    assert words - others <= OPTIONS
    assert words & OPTIONS


def test_every_express_option_is_in_the_guide() -> None:
    """The guide lists exactly the options of Mozilla's library."""
    lines = [row[0] for row in rows(GUIDE, "Options and methods") if len(row) == 3]
    express = " ".join(line for line in lines if not line.startswith("`req.session"))

    assert set(re.findall(r"\b([a-zA-Z]+): (?!\{)", express)) == MOZILLA


def test_no_standard_is_left_out() -> None:
    """Each requirement has a row."""
    listed = " ".join(row[0] for row in rows(LIMITS, "Comparison with standards"))
    wanted = (
        "3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.5.1 3.5.2 3.5.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 "
        "7.4.4 7.4.5 7.5.1 7.5.2 7.5.3 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4 11.1.1 11.1.2 "
        "11.1.3 11.1.4 11.2.4 11.2.5 11.3.2 11.3.5 13.3.1 13.3.2 13.3.3 13.3.4 14.3.2 16.2.5"
    )

    assert [number for number in wanted.split() if number not in listed] == []


# Coming from Express: the same program twice


def test_the_two_programs_count_together() -> None:
    """A visitor can switch between the Express and the Flask program; the count goes on."""
    script = blocks(GUIDE, "js")[0].replace(
        "app.listen(3000);",
        "const s = app.listen(0, '127.0.0.1', () => console.log(s.address().port));",
    )
    flask = app_of(blocks(GUIDE, "python")[0])

    with running(require_node(), "--no-deprecation", "-e", script) as express:
        assert express.stdout is not None
        port = int(express.stdout.readline())
        answers = [(first := flask.get("/")).text]
        cookie = f"session={the_cookie(first).value}"
        response = requests.get(
            f"http://127.0.0.1:{port}/", headers={"Cookie": cookie}, timeout=PATIENCE
        )
        flask.set_cookie("session", response.cookies["session"])
        answers += [response.text, flask.get("/").text]

    assert answers == ["visit 1", "visit 2", "visit 3"]


# Coming from Express: change the secret

ROLL_OUT: dict[str, tuple[list[str], str, str, str | None]] = {
    # the servers' secrets, the cookie's secret: what a page reads, the new cookie's secret
    "before": ([OLD], OLD, "hi", None),
    "step 1, old cookie": ([OLD, NEW], OLD, "hi", None),
    "step 1, new cookie": ([OLD, NEW], NEW, "hi", OLD),
    "step 2, old cookie": ([NEW, OLD], OLD, "hi", NEW),
    "step 2, new cookie": ([NEW, OLD], NEW, "hi", None),
    "too early": ([NEW], OLD, "None", None),
    "at the end": ([NEW], NEW, "hi", None),
}


@pytest.mark.parametrize(
    ("secrets", "sealed_with", "says", "resealed"), ROLL_OUT.values(), ids=ROLL_OUT
)
def test_roll_out(
    clock: Clock, secrets: list[str], sealed_with: str, says: str, resealed: str | None
) -> None:
    """No step logs a visitor out; reading seals with the first secret."""
    cookie = the_cookie(Site(clock, secret=sealed_with).visit(write)).value

    response = Site(clock, secret=secrets).visit_with(f"session={cookie}", read)

    assert response.text == says
    if resealed is None:
        assert not set_cookies(response)
    else:
        unseal(the_cookie(response).value, derive_keys(resealed))


def test_roll_out_untouched(clock: Clock) -> None:
    """A cookie that a server cannot open is kept until a page writes to the session."""
    cookie = the_cookie(Site(clock, secret=OLD).visit(write)).value
    site = Site(clock, secret=NEW)

    responses = [site.visit_with(f"session={cookie}", act) for act in (untouched, read, write)]

    assert [bool(set_cookies(response)) for response in responses] == [False, False, True]


SITUATIONS: dict[str, tuple[list[str], str, bool]] = {
    # Flask's secrets, Express's secret: does Express open a cookie that Flask sealed again?
    "step 2: from Flask to Express": ([NEW, OLD], OLD, False),
    "Express before Flask: from Flask to Express": ([OLD, NEW], NEW, False),
    "step 3: from Flask to Express": ([NEW, OLD], NEW, True),
}


@pytest.mark.parametrize(("secrets", "express", "opens"), SITUATIONS.values(), ids=SITUATIONS)
def test_roll_out_beside_express(
    clock: Clock, secrets: list[str], express: str, opens: bool
) -> None:
    """Express logs out the visitors whose cookie another secret sealed."""
    begun = the_cookie(Site(clock, secret=secrets[1]).visit(write)).value
    again = the_cookie(Site(clock, secret=secrets).visit_with(f"session={begun}", read)).value

    decoded = node(
        MOZILLAS,
        """const [secret, value] = argument;
        answer(util.decode({ cookieName: 'session', secret }, value) ?? null);""",
        [express, again],
    )

    assert (decoded is not None) is opens


def test_last_old_cookie(clock: Clock) -> None:
    """A used session expires within `duration`, or twice `active_duration`."""
    active = timedelta(minutes=15)
    site = Site(clock, duration=2 * active, active_duration=active)
    site.visit(write)

    for _ in range(200):
        clock.advance(timedelta(seconds=97))
        site.visit(read)
        left = int(site.visit(lambda s: s.expires_at).text) - site.now
        assert (
            active / timedelta(milliseconds=1) <= left <= 2 * active / timedelta(milliseconds=1)
        )


def hand_on(secrets: list[str], cookie: str | None) -> Any:
    """Return the Cookie header that the guide's middleware passes to Express."""
    return node(
        blocks(GUIDE, "js")[1],
        """const [secrets, cookie] = argument;
        const req = { headers: cookie === null ? {} : { cookie } };
        openWith('session', secrets)(req, {}, () => answer(req.headers.cookie ?? null));""",
        [secrets, cookie],
    )


def test_express_with_two_secrets() -> None:
    """If another secret opens the cookie, the guide's middleware seals it with the first."""
    old = seal({"a": 1}, derive_keys(OLD), created_at=1_700_000_000_000, duration=5000)

    header = hand_on([NEW, OLD], f"x=1; session={old}; y=2")

    [again] = re.findall("^x=1; session=([^;]*); y=2$", header)
    assert unseal(again, derive_keys(NEW)) == unseal(old, derive_keys(OLD))


@pytest.mark.parametrize(
    ("created_at", "duration"), [(1_700_000_000_000, 0), (0, 5000), (0, 0)], ids=str
)
def test_express_with_two_secrets_and_no_time(created_at: int, duration: int) -> None:
    """A time of 0 becomes a millisecond, so that no ended session begins again."""
    old = seal({"a": 1}, derive_keys(OLD), created_at=created_at, duration=duration)

    header = hand_on([NEW, OLD], f"session={old}")

    again = unseal(header.removeprefix("session="), derive_keys(NEW))
    assert again == Unsealed({"a": 1}, created_at or 1, duration or 1)


@pytest.mark.parametrize("secret", [NEW, secret_of("third")], ids=["first", "unknown"])
def test_express_with_two_secrets_leaves_the_rest(secret: str) -> None:
    """A cookie that the first secret opens, or no secret, stays unchanged."""
    header = f"session={seal({'a': 1}, derive_keys(secret))}"

    assert hand_on([NEW, OLD], header) == header


def test_express_with_two_secrets_and_no_cookie() -> None:
    """A request without cookies stays without."""
    assert hand_on([NEW, OLD], None) is None


def test_forged_with_an_old_secret(clock: Clock) -> None:
    """A cookie forged with an old secret keeps its expiry when it is sealed again."""
    century = 36_500 * 86_400_000
    forged = seal(
        {"message": "hi"}, derive_keys(OLD), created_at=round(clock() * 1000), duration=century
    )

    response = Site(clock, secret=[NEW, OLD]).visit_with(f"session={forged}", read)

    assert unseal(the_cookie(response).value, derive_keys(NEW)).duration == century


# Coming from Express: the rest


def nested(session: Session) -> None:
    session["list"] = []
    session["list"].append(object())


def test_nested_value_that_json_cannot_hold(site: Site) -> None:
    """A nested value that JSON cannot hold raises at the end of the request."""
    with pytest.raises(TypeError, match=r"session\['list'\]\[0\] is of type object"):
        site.visit(nested)


REFUSED: dict[str, Callable[[], object]] = {
    "weak secret in a list": lambda: ClientSessions(secret=[NEW, "a phrase"]),
    "a number of ms": lambda: ClientSessions(duration=7_200_000),  # type: ignore[arg-type]
    "ephemeral with max_age": lambda: ClientSessions(
        ephemeral=True, max_age=timedelta(minutes=1)
    ),
    "None without secure": lambda: ClientSessions(Flask("none"), samesite="None"),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_refused_at_set_up(make: Callable[[], object]) -> None:
    """Each of these options raises at set-up, as the guide says."""
    with pytest.raises((TypeError, ValueError)):
        make()


def test_ephemeral_is_remembered(site: Site) -> None:
    """`ephemeral` is remembered for one visitor; others follow the app's option."""
    hour = timedelta(hours=1)

    first = the_cookie(site.visit(lambda s: s.set_duration(hour, ephemeral=True)))
    second = the_cookie(site.visit(write))
    another = the_cookie(site.visit_with("", write))

    assert unseal(first.value, derive_keys(SECRET)).content == {"_permanent": False}
    assert "expires" not in first.attributes
    assert "expires" not in second.attributes
    assert "expires" in another.attributes


BECOMES: dict[str, tuple[object, str]] = {
    "whole float": (1.0, "1"),
    "minus zero": (-0.0, "0"),
}


@pytest.mark.parametrize(("value", "says"), BECOMES.values(), ids=BECOMES)
def test_value_comes_back_as(site: Site, value: object, says: str) -> None:
    """Values with the same JSON are read as the same Python value."""
    site.visit(lambda s: s.update(message=value))

    assert site.visit(read).text == says


def test_strict_beside_express(clock: Clock) -> None:
    """With `strict`, a server opens the cookies that Mozilla's library writes."""
    site = Site(clock, secret=NEW, strict=True)

    values = node(
        MOZILLAS,
        """const [secret, createdAt] = argument;
        const options = { cookieName: 'session', secret };
        const texts = Array.from({ length: 20 }, (_, n) => 'x'.repeat(n));
        const seal = (message) => util.encode(options, { message }, 120000, createdAt);
        answer(texts.map(seal));""",
        [NEW, site.now],
    )
    answers = [site.visit_with(f"session={value}", read).text for value in values]

    assert answers == ["x" * n for n in range(20)]


def test_no_mark_from_express(clock: Clock) -> None:
    """A session from Express gets its createdAt as its `_born` mark, and a random id."""
    site = Site(clock, max_lifetime=timedelta(minutes=10))
    made = seal({"message": "hi"}, derive_keys(SECRET), created_at=site.now - 5000)

    response = site.visit_with(f"session={made}", read)

    content = unseal(the_cookie(response).value, derive_keys(SECRET)).content
    assert re.fullmatch("[A-Za-z0-9_-]{22}", content.pop("_sid"))
    assert content == {"message": "hi", "_born": site.now - 5000}


# Known limits and mitigations


HOME = "https://localhost"
NAME = "__Host-session"


def limits_app(
    until: str = "check_password", page: str = LIMITS
) -> tuple[dict[str, Any], FlaskClient]:
    """Run a page's programs up to one, and return its names and a browser.

    Every password is right, except an empty one.
    """
    names = run(page, until)
    names["check_password"] = lambda user, password: password != ""
    app: Flask = names["app"]
    return names, app.test_client()


def log_in(browser: FlaskClient, user: str = "ada", password: str = "right") -> str:
    """Log in, and return the cookie's value."""
    data = {"user": user, "password": password}
    assert browser.post("/login", base_url=HOME, data=data).status_code == 302
    cookie = browser.get_cookie(NAME)
    assert cookie is not None
    return cookie.value


def greets(browser: FlaskClient, value: str, user: str = "ada") -> bool:
    """Return whether the program's page greets the user of this cookie."""
    browser.set_cookie(NAME, value)
    response = browser.get("/", base_url=HOME)
    assert response.status_code in (200, 302)
    return response.text.startswith(user)


def test_logout_holds_against_a_copy() -> None:
    """The page's program refuses a copy of the cookie after the logout."""
    _, browser = limits_app()
    copy = log_in(browser)
    assert greets(browser, copy)

    browser.post("/logout", base_url=HOME)

    assert not greets(browser, copy)


def test_logout_during_a_request() -> None:
    """A response of the page's program that was in flight at the logout does not undo it."""
    names, browser = limits_app()
    other = names["app"].test_client()

    def slow() -> str:
        session = names["sessions"].session
        assert session["user"] == "ada"
        other.post("/logout", base_url=HOME)
        session["message"] = "hi"
        return "done"

    names["app"].add_url_rule("/slow", view_func=slow)
    before = log_in(browser)
    other.set_cookie(NAME, before)

    response = browser.get("/slow", base_url=HOME)

    assert response.text == "done"
    assert not set_cookies(response)
    assert not greets(browser, before)


def test_login_ends_the_session_before() -> None:
    """The page's program refuses the cookie from before a login after it."""
    _, browser = limits_app()
    before = log_in(browser)

    after = log_in(browser, "grace")

    assert greets(browser, after, "grace")
    assert not greets(browser, before)


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_cross_site_post_is_refused(path: str) -> None:
    """The page's program refuses a form of another site, and the visitor stays logged in."""
    _, browser = limits_app()
    value = log_in(browser)
    data = {"user": "eve", "password": "right"}

    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}):
        response = browser.post(path, base_url=HOME, data=data, headers=headers)
        assert (response.status_code, set_cookies(response)) == (403, [])
    assert greets(browser, value)


def test_store_that_fails_gives_503(monkeypatch: pytest.MonkeyPatch) -> None:
    """If its store fails, the page's program answers 503 and leaves the cookie as it is."""
    names, browser = limits_app()
    value = log_in(browser)

    def fail(*args: object) -> None:
        raise OSError("the disk is gone")

    for method, visit in (("get", browser.get), ("put", browser.post)):
        with monkeypatch.context() as patch:
            patch.setattr(names["SQLiteStore"], method, fail)
            response = visit("/" if method == "get" else "/logout", base_url=HOME)
        assert (response.status_code, set_cookies(response)) == (503, [])
    assert greets(browser, value)


def test_program_lets_nobody_in_by_itself() -> None:
    """As printed, the page's program lets nobody in; nor does it with a wrong password."""
    printed = app_of(blocks(LIMITS, "python")[0])
    data = {"user": "ada", "password": ""}
    assert printed.post("/login", base_url=HOME, data=data).status_code == 500

    _, browser = limits_app()
    response = browser.post("/login", base_url=HOME, data=data)

    assert (response.status_code, set_cookies(response)) == (403, [])


def test_program_shows_names_as_text() -> None:
    """A user's name is text on the page of the page's program, not HTML."""
    _, browser = limits_app()
    log_in(browser, "<b>")

    assert browser.get("/", base_url=HOME).text.startswith("&lt;b&gt;")


def test_program_has_a_max_lifetime(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor who is always active logs in again after twelve hours."""
    monkeypatch.setattr("time.time", clock)
    _, browser = limits_app()
    log_in(browser)

    statuses = []
    for _ in range(73):
        clock.advance(timedelta(minutes=10))
        statuses.append(browser.get("/", base_url=HOME).status_code)

    assert statuses == [200] * 72 + [302]


def test_lifetimes_in_the_table(clock: Clock) -> None:
    """The table says when a visitor is out who comes at regular intervals."""
    units = {"day": "days", "h": "hours", "min": "minutes"}

    def lengths(text: str) -> list[timedelta]:
        found = re.findall(r"(\d+) (day|h|min)", text)
        return [timedelta(**{units[unit]: int(number)}) for number, unit in found]

    head, *table = rows(LIMITS, "Limits")
    assert len(table) == 2
    for options, *cells in table:
        duration, active = lengths(options)
        for title, cell in zip(head[1:], cells, strict=True):
            [pause] = lengths(title)
            out = sum(lengths(cell), timedelta())
            site = Site(clock, duration=duration, active_duration=active)
            site.visit(write)
            last = out // pause if out else timedelta(days=3) // pause
            for number in range(1, last + 1):
                clock.advance(pause)
                stays = not out or number < last
                assert site.visit(read).text == ("hi" if stays else "None")


def idle_app() -> FlaskClient:
    """Run the recipe with views that log in, show the user, and log out; return a browser."""
    section = LIMITS.partition("### An exact idle limit\n")[2].partition("\n## ")[0]
    options = re.findall(r"`(\w+)=(timedelta\(.*?\))`", section)
    assert len(options) == 2
    page = LIMITS
    for option, value in options:
        page, changed = re.subn(rf"(?m)^    {option}=.*", f"    {option}={value},", page)
        assert changed == 1
    names, browser = limits_app("def use", page)
    app: Flask = names["app"]
    app.register_blueprint(Blueprint("more", "page", static_folder="more", url_prefix="/more"))

    @app.get("/in")
    def log_in() -> str:
        flask_session["user"] = "ada"
        return "in"

    @app.get("/show")
    def show() -> str:
        return str(flask_session.get("user"))

    @app.get("/out")
    def log_out() -> str:
        names["sessions"].session.reset()
        return "out"

    @app.after_request
    def look(response: Response) -> Response:
        flask_session.get("user")  # also after a static file, which is no activity
        return response

    @app.get("/slow")
    def slow() -> str:
        other = app.test_client()
        other.set_cookie(NAME, request.cookies[NAME])
        return str(other.get("/out", base_url=HOME).text)

    return browser


def test_exact_idle_limit(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe logs out after 15 idle minutes, never earlier, and after twelve hours."""
    monkeypatch.setattr("time.time", clock)
    browser = idle_app()
    assert not set_cookies(browser.get("/show", base_url=HOME))

    browser.get("/in", base_url=HOME)
    for _ in range(48):
        clock.advance(timedelta(minutes=15))
        assert browser.get("/show", base_url=HOME).text == "ada"
    clock.advance(timedelta(milliseconds=1))
    assert browser.get("/show", base_url=HOME).text == "None"

    browser.get("/in", base_url=HOME)
    clock.advance(timedelta(minutes=14))
    assert not set_cookies(browser.get("/static/style.css", base_url=HOME))
    assert browser.get("/show", base_url=HOME).text == "ada"
    assert set_cookies(browser.get("/more/more/style.css", base_url=HOME))
    clock.advance(timedelta(minutes=15, milliseconds=1))
    assert browser.get("/show", base_url=HOME).text == "None"


def test_idle_limit_alone_undoes_a_logout() -> None:
    """With the recipe, a slow response undoes a logout that no `DenyList` stores."""
    browser = idle_app()
    browser.get("/in", base_url=HOME)

    assert browser.get("/slow", base_url=HOME).text == "out"

    assert browser.get("/show", base_url=HOME).text == "ada"


def test_refusals_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """The recipe logs the 1st, 2nd, 4th and 8th refusal of each reason, and no value."""
    names, browser = limits_app("wsgi.py", DEPLOYMENT)
    cookie_refused.disconnect(names["log_refusal"])
    [recipe] = [program for program in blocks(DEPLOYMENT, "python") if "refusals" in program]
    exec(compile(recipe, "page", "exec"), names)
    browser.application.add_url_rule("/use", view_func=lambda: str(dict(flask_session)))
    for number in range(15):
        browser.set_cookie(NAME, f"bad{number}")
        browser.get("/use", base_url=HOME)

    lines = [each.message for each in caplog.records if each.levelname == "WARNING"]
    assert lines == [f"{n} cookies refused: fields" for n in (1, 2, 4, 8)]


def test_aead_program() -> None:
    """The program with AEADCodec seals its cookies, and refuses Mozilla's."""
    names, browser = limits_app("AEADCodec")
    names["app"].add_url_rule("/", view_func=lambda: str(flask_session.setdefault("n", 1)))

    assert the_cookie(browser.get("/", base_url=HOME)).value.startswith("v1.")
    browser.set_cookie(NAME, seal({"n": 2}, derive_keys(NEW), name=NAME))
    assert browser.get("/", base_url=HOME).text == "1"


def test_move_to_the_aead() -> None:
    """The program that moves opens Mozilla's format, and seals with AEADCodec."""
    names, browser = limits_app("class Moving", DEPLOYMENT)
    names["app"].add_url_rule("/", view_func=lambda: str(flask_session.setdefault("n", 1)))
    browser.set_cookie(NAME, seal({"n": 2}, derive_keys(NEW), name=NAME))

    response = browser.get("/", base_url=HOME)

    assert response.text == "2"
    assert the_cookie(response).value.startswith("v1.")
    again = browser.get("/", base_url=HOME)
    assert (again.text, set_cookies(again)) == ("2", [])


# Known limits: what each sentence says


def epochs_of(clock: Clock, ahead: timedelta = timedelta()) -> UserEpochs:
    """Return epochs of a server whose clock is ahead, with the message as the user."""

    def now() -> int:
        return round((clock() + ahead.total_seconds()) * 1000)

    return UserEpochs(MemoryStore(now), user=lambda s: s.get("message"), now=now)


def denying(clock: Clock, **options: Any) -> tuple[Site, DenyList]:
    """Return a site and the `DenyList` that it asks, both with this clock."""

    def now() -> int:
        return round(clock() * 1000)

    revoked = DenyList(MemoryStore(now), now=now)
    return Site(clock, revocation=revoked, **options), revoked


def store_of(revoked: DenyList) -> MemoryStore:
    store = revoked._store
    assert isinstance(store, MemoryStore)
    return store


def log_in_as_hi(session: Session) -> None:
    session.reset()
    session["message"] = "hi"


def test_session_of_express_escapes_end_all(clock: Clock) -> None:
    """A cookie of Express, extended after `end_all`, counts as a session that began then."""
    epochs = epochs_of(clock)
    site = Site(clock, revocation=epochs)
    before = seal({"message": "hi"}, derive_keys(SECRET), created_at=site.now)
    epochs.end_all("hi")
    clock.advance(timedelta(seconds=1))
    after = seal({"message": "hi"}, derive_keys(SECRET), created_at=site.now)

    assert site.visit_with(f"session={before}", read).text == "None"
    assert site.visit_with(f"session={after}", read).text == "hi"


def test_logout_holds_for_400_days(clock: Clock) -> None:
    """Without `max_lifetime`, a copy that Express extended opens again after 400 days."""
    year = timedelta(days=365)
    site, revoked = denying(clock, duration=year)
    copy = unseal(the_cookie(site.visit(write)).value, derive_keys(SECRET))
    site.visit(revoked.end)
    extended = seal(
        copy.content,
        derive_keys(SECRET),
        created_at=copy.created_at + 40 * 86_400_000,
        duration=copy.duration,
    )

    for days, text in ((400, "None"), (1, "hi")):
        clock.advance(timedelta(days=days))
        assert site.visit_with(f"session={extended}", read).text == text


def test_logout_holds_for_the_cookies_lifetime(clock: Clock) -> None:
    """A session that may last over 400 days stays ended until its cookie has expired."""
    site, revoked = denying(clock, duration=timedelta(days=500))
    copy = the_cookie(site.visit(write)).value
    site.visit(revoked.end)

    clock.advance(timedelta(days=500))

    assert site.visit_with(f"session={copy}", read).text == "None"


def test_higher_max_lifetime_does_not_lengthen_entries(clock: Clock) -> None:
    """A session that was ended under a shorter `max_lifetime` opens again under a longer."""
    hour = timedelta(hours=1)
    site, revoked = denying(clock, duration=hour, max_lifetime=hour)
    copy = unseal(the_cookie(site.visit(write)).value, derive_keys(SECRET))
    extended = seal(copy.content, derive_keys(SECRET), created_at=site.now, duration=10**8)
    site.visit(revoked.end)
    later = Site(clock, revocation=revoked, max_lifetime=24 * hour)

    for hours, text in ((2, "None"), (1, "hi")):
        clock.advance(hours * hour)
        assert later.visit_with(f"session={extended}", read).text == text


def test_end_all_by_a_server_that_is_ahead(clock: Clock) -> None:
    """The user cannot log in until the other servers' clocks have reached that time."""
    ahead = timedelta(minutes=50)
    epochs = epochs_of(clock)
    site = Site(clock, revocation=epochs)
    epochs._now = epochs_of(clock, ahead)._now
    epochs.end_all("hi")
    epochs._now = epochs_of(clock)._now

    for pause, text in ((ahead, "None"), (timedelta(milliseconds=1), "hi")):
        clock.advance(pause)
        site.visit(log_in_as_hi)
        assert site.visit(read).text == text


def test_end_all_by_a_server_that_is_behind(clock: Clock) -> None:
    """`end_all` misses the sessions that began since the time on that server's clock."""
    epochs = epochs_of(clock, timedelta(seconds=-10))
    site = Site(clock, revocation=epochs)
    early = the_cookie(site.visit(write)).value
    clock.advance(timedelta(seconds=20))
    late = the_cookie(site.visit(log_in_as_hi)).value

    epochs.end_all("hi")

    assert site.visit_with(f"session={early}", read).text == "None"
    assert site.visit_with(f"session={late}", read).text == "hi"


def test_clock_that_is_ahead_moves_the_end(clock: Clock) -> None:
    """A session that begins on a server whose clock is ahead lasts longer on the others."""
    ahead = Clock()
    ahead.advance(timedelta(minutes=5))
    value = the_cookie(Site(ahead).visit(write)).value
    clock.advance(timedelta(minutes=7))

    assert Site(clock).visit_with(f"session={value}", read).text == "hi"
    ahead.advance(timedelta(minutes=7))
    assert Site(ahead).visit_with(f"session={value}", read).text == "None"


def test_entry_that_is_deleted_too_early(clock: Clock) -> None:
    """A server that is two hours ahead deletes an entry while a copy is still valid."""
    ahead = [0]

    def now() -> int:
        return round(clock() * 1000) + ahead[0]

    revoked = DenyList(MemoryStore(now), now=lambda: round(clock() * 1000))
    lifetime = timedelta(hours=9)
    site = Site(clock, revocation=revoked, duration=lifetime, max_lifetime=lifetime)
    copy = the_cookie(site.visit(write)).value
    site.visit(revoked.end)
    clock.advance(lifetime)
    assert site.visit_with(f"session={copy}", read).text == "None"

    ahead[0] = 2 * 3600 * 1000
    site.visit(write)
    site.visit(revoked.end)
    ahead[0] = 0

    assert site.visit_with(f"session={copy}", read).text == "hi"


def test_end_the_sessions_of_all_users(clock: Clock) -> None:
    """Epochs with one user for all sessions end all, and later logins work."""
    users = epochs_of(clock)
    everyone = epochs_of(clock)
    everyone._user = lambda session: "all"
    site = Site(clock, revocation=[users, everyone])
    site.visit(write)
    everyone.end_all("all")

    assert site.visit(read).text == "None"
    clock.advance(timedelta(milliseconds=1))
    site.visit(log_in_as_hi)
    assert site.visit(read).text == "hi"


def test_content_survives_a_new_login(clock: Clock) -> None:
    """What `end` is told to keep is in the new session."""
    site, revoked = denying(clock)
    before = the_cookie(site.visit(write)).value

    site.visit(lambda s: revoked.end(s, "message"))

    assert site.visit(read).text == "hi"
    assert site.visit_with(f"session={before}", read).text == "None"


def test_cookies_that_do_not_open_look_the_same(site: Site) -> None:
    """Wrong MAC, name, padding and JSON get the same response: no oracle."""
    block = bytes(16)
    values = [
        seal({"message": "hi"}, derive_keys(OLD)),
        seal({"message": "hi"}, derive_keys(SECRET), name="other"),
        forge(b"", SECRET, ciphertext=block),
        forge(b"session=}", SECRET),
        forge(b"session=[]", SECRET),
        "",
        "a.b",
    ]

    responses = [site.visit_with(f"session={value}", read) for value in values]

    assert len({(r.status, r.text, str(r.headers)) for r in responses}) == 1


def test_many_cookies_hide_one(site: Site) -> None:
    """A cookie that opens is found after 19 others of its name, but not after 20."""
    value = the_cookie(site.visit(write)).value

    for others, text in ((19, "hi"), (20, "None")):
        pairs = [*(f"session={number}" for number in range(others)), f"session={value}"]
        assert site.visit_with("; ".join(pairs), read).text == text


@pytest.mark.parametrize("key", ["_born", "_sid"])
def test_keys_that_are_taken(site: Site, key: str) -> None:
    """A view that sets `_born` or `_sid` gets ValueError, in an app without marks, too."""
    with pytest.raises(ValueError, match="is reserved; choose another key"):
        site.visit(lambda s: s.update({key: 1}))


def test_lost_store_opens_ended_sessions() -> None:
    """If the page's program starts without its old file, a copy opens after the logout."""
    _, browser = limits_app()
    copy = log_in(browser)
    browser.post("/logout", base_url=HOME)
    assert not greets(limits_app()[1], copy)

    Path(os.environ["REVOKED_DB"]).unlink()

    assert greets(limits_app()[1], copy)


def test_file_that_is_lost_while_the_server_runs() -> None:
    """Until the next start, the page's program answers 503 without its file."""
    _, browser = limits_app()
    log_in(browser)

    Path(os.environ["REVOKED_DB"]).unlink()

    assert browser.get("/", base_url=HOME).status_code == 503


class Gone:
    """A store whose machine is gone."""

    def put(self, key: str, value: int, forget_at: int | None) -> int | None:
        raise OSError("no connection")

    def get(self, key: str) -> int | None:
        raise OSError("no connection")

    def delete(self, key: str) -> None:
        raise OSError("no connection")


def test_sessions_that_need_no_store(clock: Clock) -> None:
    """A failed store is asked only for a session with content, or with a user."""
    plain = Site(clock)
    empty = the_cookie(plain.visit(lambda s: s.reset())).value
    value = the_cookie(plain.visit(write)).value
    epochs = UserEpochs(Gone(), user=lambda s: s.get("user"))
    user = the_cookie(plain.visit(lambda s: s.update(user="ada"))).value

    def status(revocation: DenyList | UserEpochs, cookie: str) -> int:
        site = Site(clock, revocation=revocation)
        site.app.register_error_handler(RevocationUnavailable, lambda error: ("", 503))
        return site.visit_with(cookie, read).status_code

    assert status(DenyList(Gone()), "") == 200
    assert status(DenyList(Gone()), f"session={empty}") == 200
    assert status(DenyList(Gone()), f"session={value}") == 503
    assert status(epochs, f"session={value}") == 200
    assert status(epochs, f"session={user}") == 503


def test_number_and_text_are_one_user(clock: Clock) -> None:
    """`UserEpochs` takes 1 and "1" as the same user."""
    epochs = epochs_of(clock)
    site = Site(clock, revocation=epochs)
    site.visit(lambda s: s.update(message="1"))
    assert site.visit(read).text == "1"

    epochs.end_all(1)

    assert site.visit(read).text == "None"


def test_start_of_a_cookie_without_a_mark(clock: Clock) -> None:
    """It may start one hour and twice `active_duration` from now, but not later."""
    site = Site(clock, max_lifetime=timedelta(hours=2), active_duration=timedelta(minutes=5))

    for minutes, text in ((70, "hi"), (71, "None")):
        start = site.now + minutes * 60_000
        value = seal({"message": "hi"}, derive_keys(SECRET), created_at=start)
        assert site.visit_with(f"session={value}", read).text == text


def test_slow_write_undoes_a_login(clock: Clock) -> None:
    """A slow request with the cookie from before a login replaces the new one if it writes."""
    site, revoked = denying(clock)
    before = the_cookie(site.visit(write)).value

    def log_in(session: Session) -> None:
        revoked.end(session)
        session["message"] = "ada"

    site.visit(log_in)
    late = the_cookie(site.visit_with(f"session={before}", lambda s: s.update(a=1))).value

    site.browser.set_cookie("session", late)
    assert site.visit(read).text == "None"


def test_strangers_fill_the_store(clock: Clock) -> None:
    """Each logout of a session that holds something adds an entry; others add none."""
    site, revoked = denying(clock)

    for _ in range(3):
        site.visit(write)
        site.visit(revoked.end)
    for _ in range(3):
        site.visit_with("", revoked.end)

    assert len(store_of(revoked)) == 3


def test_new_password(clock: Clock) -> None:
    """`end_all` keeps this session with `keep`; else it ends, even if it is reset after it."""
    epochs = epochs_of(clock)
    site = Site(clock, revocation=epochs)

    def change(session: Session) -> None:
        epochs.end_all("hi")
        clock.advance(timedelta(milliseconds=1))
        session.reset("message")

    site.visit(log_in_as_hi)
    site.visit(lambda s: epochs.end_all("hi", keep=s))
    assert site.visit(read).text == "hi"
    clock.advance(timedelta(milliseconds=2))
    site.visit(change)
    assert site.visit(read).text == "None"


def test_long_item_raises_where_it_is_set(site: Site) -> None:
    """An item of over 3,072 characters of JSON raises on the view's line."""
    passed: list[int] = []

    def fill(length: int) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            session["a"] = "x" * (length - len('{"a":""}'))
            passed.append(length)

        return act

    for length in (3072, 3073):
        with pytest.raises(SessionTooLarge):
            site.visit(fill(length))
    assert passed == [3072]


@pytest.mark.parametrize("setting", ["debug", "testing"])
def test_weak_secret_while_developing(setting: str, caplog: pytest.LogCaptureFixture) -> None:
    """In debug or testing mode, a weak `SECRET_KEY` only logs a warning."""
    app = Flask(__name__)
    app.secret_key = "dev"
    with pytest.raises(ValueError, match="the secret is too weak"):
        ClientSessions(app)

    setattr(app, setting, True)
    ClientSessions(app)

    assert "allowed only because the app is in testing or debug mode" in caplog.text


def test_secret_in_the_configuration() -> None:
    """Only a `SECRET_KEY` is in the app's configuration, not what `secret=` gets."""
    app = Flask(__name__)
    ClientSessions(app, secret=SECRET)

    assert SECRET not in str(app.config)


PASSES: dict[str, tuple[str, dict[str, str], int]] = {
    "another scheme": ("POST", {"Origin": "http://localhost:443"}, 403),
    "another scheme, same host": ("POST", {"Origin": "http://localhost"}, 302),
    "no header": ("POST", {}, 302),
    "WebSocket": ("GET", {"Origin": "https://evil.example", "Upgrade": "websocket"}, 302),
}


@pytest.mark.parametrize(("method", "headers", "status"), PASSES.values(), ids=PASSES)
def test_what_passes_the_cross_site_check(
    method: str, headers: dict[str, str], status: int
) -> None:
    """The check compares host and port, not the scheme; a WebSocket's handshake passes."""
    _, browser = limits_app()
    path = "/logout" if method == "POST" else "/"

    response = browser.open(path, method=method, base_url=HOME, headers=headers)

    assert response.status_code == status


def test_one_line_for_a_request_with_many_bad_cookies(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """A request logs at most one refusal, and none if it does not use the session."""
    caplog.set_level("INFO")
    header = "; ".join(f"session=bad{number}" for number in range(20))

    for act, lines in ((untouched, 0), (read, 1)):
        caplog.clear()
        site.visit_with(header, act)
        assert len([each for each in caplog.records if "refused" in each.message]) == lines


def test_idle_for_twice_the_active_duration(clock: Clock) -> None:
    """A session that nobody uses lasts at most twice `active_duration`, if that is longer."""
    times = {"duration": timedelta(minutes=20), "active_duration": timedelta(minutes=15)}
    longest = 0

    for minute in range(20):
        site = Site(clock, **times)
        site.visit(write)
        clock.advance(timedelta(minutes=minute))
        longest = max(longest, int(site.visit(lambda s: s.expires_at).text) - site.now)

    assert 29 * 60_000 <= longest <= 30 * 60_000


def test_public_suffix_with_a_dot() -> None:
    """A public suffix with a dot is accepted, though browsers drop the cookie."""
    for suffix in ("co.uk", "github.io"):
        ClientSessions(Flask(__name__), secret=SECRET, domain=suffix)
    with pytest.raises(ValueError, match="host name with a dot"):
        ClientSessions(Flask(__name__), secret=SECRET, domain="com")


def test_logout_alone_does_not_hold(site: Site) -> None:
    """Without a revocation, a copy still opens after `reset`: the page's first limit."""
    copy = the_cookie(site.visit(write)).value
    site.visit(lambda s: s.reset())

    assert site.visit_with(f"session={copy}", read).text == "hi"


def test_last_write_wins(site: Site) -> None:
    """Of two changes that start with the same cookie, one is lost."""
    cookie = the_cookie(site.visit(write)).value
    site.visit_with(f"session={cookie}", lambda s: s.update(a=1))
    last = site.visit_with(f"session={cookie}", lambda s: s.update(b=2))

    site.browser.set_cookie("session", the_cookie(last).value)

    assert site.visit(lambda s: sorted(s)).text == "['b', 'message']"


def test_old_state_opens(site: Site) -> None:
    """A cookie from before a change still opens after it."""
    before = the_cookie(site.visit(write)).value
    site.visit(lambda s: s.update(message="spent"))

    assert site.visit_with(f"session={before}", read).text == "hi"


def test_length_shows() -> None:
    """The cookie's length shows the content's length in steps of 16 bytes."""
    # `session={"m":""}` has 16 bytes: 15 more leave one for the padding.
    sizes = [len(seal({"m": "x" * n}, derive_keys(NEW), created_at=1)) for n in range(17)]

    assert len(set(sizes[:16])) == 1
    assert sizes[16] > sizes[15]


def test_nobody_is_idle_for_long(clock: Clock) -> None:
    """With the page's durations, an idle visitor is logged out after 15 to 30 minutes."""
    times = {"duration": timedelta(minutes=30), "active_duration": timedelta(minutes=15)}

    for used_after in range(0, 1800, 60):
        site = Site(clock, **times)
        site.visit(write)
        clock.advance(timedelta(seconds=used_after))
        left = int(site.visit(lambda s: s.expires_at).text) - site.now
        assert 15 * 60_000 <= left <= 30 * 60_000
