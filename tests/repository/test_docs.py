"""Check the guides: their programs run, their links work, their statements are true."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from lesson_app import ClientSessions, Keys, Session, Unsealed, derive_keys, seal, unseal
from lesson_app.lab import Clock
from tests.conftest import (
    PATIENCE,
    ROOT,
    SECRET,
    Site,
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


def run(page: str) -> dict[str, Any]:
    """Run a page's programs in their order, and return the names that they define."""
    names: dict[str, Any] = {"__name__": "page"}
    for program in blocks(page, "python"):
        exec(compile(program, "page", "exec"), names)
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
        "3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 7.2.4 7.3.1 7.3.2 7.4.1 9.1.1 9.1.2 9.1.3 "
        "9.2.1 9.2.2 9.2.3 9.2.4 11.2.4 11.2.5 11.3.5 14.3.2 16.2.5"
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
    "None without secure": lambda: ClientSessions(samesite="None"),
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


def test_logout_holds_against_a_copy() -> None:
    """The page's program refuses a copy of the cookie after the logout."""
    client = app_of(blocks(LIMITS, "python")[0])
    home = "https://localhost"
    client.post("/login", base_url=home, data={"user": "ada"})
    copy = client.get_cookie("__Host-session")
    assert copy is not None
    assert client.get("/", base_url=home).text == "ada"

    client.post("/logout", base_url=home)
    client.set_cookie("__Host-session", copy.value)

    assert client.get("/", base_url=home).status_code == 302


def test_login_ends_the_cookie_before() -> None:
    """The page's program refuses the cookie from before a login after it."""
    client = app_of(blocks(LIMITS, "python")[0])
    home = "https://localhost"
    client.post("/login", base_url=home, data={"user": "ada"})
    before = client.get_cookie("__Host-session")
    assert before is not None

    client.post("/login", base_url=home, data={"user": "grace"})
    assert client.get("/", base_url=home).text == "grace"
    client.set_cookie("__Host-session", before.value)

    assert client.get("/", base_url=home).status_code == 302


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
