"""The targets: what they record and notice, and what the log says about an attack."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from lesson_app import (
    BadCookie,
    ClientSessions,
    MemoryStore,
    UserEpochs,
    derive_keys,
    seal,
)
from lesson_app._engine.codec import SealedCodec
from lesson_app.app import PAGE_SECRET
from lesson_app.cookie import from_base64
from lesson_app.lab.attacks import targets
from lesson_app.lab.attacks.targets import WORDS, Target, log
from lesson_app.lab.attacks.targets import target as running
from lesson_app.lab.exercises import catalogue
from lesson_app.lab.exercises import e07_break as breaking
from lesson_app.lab.exercises.judging import judge
from tests.conftest import PATIENCE, listens, wait_until

Attack = Callable[[Target], Any]
Make = Callable[[], Target]


def random_published() -> Target:
    return targets.published_secret(secret=os.urandom(32))


def remembering_users() -> Target:
    epochs = UserEpochs(MemoryStore(), user=lambda session: session.get("userName"))
    return targets.copied_cookie(revocation=epochs)


def random_word() -> Target:
    return targets.weak_secret(secret=os.urandom(32))


def renamed_guestbook() -> Target:
    return targets.shared_secret(guestbook_name="guestbook")


def guestbook_with_own_secret() -> Target:
    return targets.shared_secret(guestbook_secret=os.urandom(32))


def named() -> Target:
    return targets.swapped_name(codec=SealedCodec)


WEAK: dict[int, tuple[Make, Attack]] = {
    1: (targets.published_secret, breaking.attack_1),
    2: (targets.copied_cookie, breaking.attack_2),
    3: (targets.weak_secret, breaking.attack_3),
    4: (targets.shared_secret, breaking.attack_4),
    5: (targets.swapped_name, breaking.attack_5),
}
DEFENDED: list[tuple[int, Make, str, str]] = [
    (1, random_published, "signature", "sealed with another secret, or changed"),
    (2, breaking.remembering, "revoked", "the logout ended its session"),
    (2, remembering_users, "revoked", "the logout ended its session"),
    (3, random_word, "never-asked", "you have not asked for /flag"),
    (4, renamed_guestbook, "misnamed", "no user is logged in"),
    (4, guestbook_with_own_secret, "signature", "sealed with another secret, or changed"),
    (5, named, "name", "sealed for a cookie of another name"),
]
each_flag = pytest.mark.parametrize("flag", WEAK)


@pytest.fixture
def target() -> Iterator[Target]:
    """A target with a random secret, two cookies and no weakness."""
    with named() as target:
        yield target


def forge(target: Target, **content: Any) -> str:
    """Seal a cookie with the target's own codec, as after a break-in."""
    interface: Any = target._server._app.session_interface
    now = round(time.time() * 1000)
    times = {"created_at": now, "duration": 60_000}
    value = interface._options.own_codec.seal(content, name="session", **times)
    assert isinstance(value, str)
    return value


# ---------------------------------------------------------------- each attack


@each_flag
def test_captured(flag: int) -> None:
    """On the weak target the attack gets the admin's page."""
    make, attack = WEAK[flag]
    with make() as target:
        attack(target)

        last = target.log[-1]
        assert target.captured
        assert target.flag == flag
        assert (last.exchange.method, last.exchange.path, last.status) == ("GET", "/flag", 200)
        assert last.user == target.admin
        assert target.result.sentence.startswith(
            f"captured, request {len(target.log)} of {len(target.log)}: GET /flag with "
        )


@pytest.mark.parametrize(("flag", "make", "name", "reason"), DEFENDED)
def test_not_captured(flag: int, make: Make, name: str, reason: str) -> None:
    """With the defence the same attack gets nothing, and the log says why."""
    with make() as target:
        WEAK[flag][1](target)

        assert not target.captured
        assert target.result.name == name
        assert target.result.sentence.startswith("not captured")
        assert target.result.sentence.endswith(reason)
        assert 200 not in [each.status for each in target.log if each.exchange.path == "/flag"]


@pytest.mark.parametrize(("flag", "number"), [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)])
def test_requests_of_an_attack(flag: int, number: int) -> None:
    """No attack needs more than two, without those of the admin or to the guestbook."""
    make, attack = WEAK[flag]
    with make() as target:
        attack(target)

        assert target.sent == number


@each_flag
def test_nothing_can_be_typed_in(flag: int) -> None:
    """Each target has another admin, and another secret except for flag 1."""
    make = WEAK[flag][0]
    admins, found = set(), set()
    for _ in range(4):
        with make() as target:
            admins.add(target.admin)
            found.add(target.secret)

    assert len(admins) == 4
    assert found == {PAGE_SECRET} if flag == 1 else len(found) > 1


def test_words() -> None:
    """There are over 300 words, and the library refuses each as a secret."""
    assert len(WORDS) == len(set(WORDS)) > 300
    for word in WORDS:
        with pytest.raises(ValueError, match="weak"):
            ClientSessions(secret=word)
    with targets.weak_secret() as target:
        assert target.secret in WORDS


@pytest.mark.parametrize(
    ("make", "statuses"),
    [(renamed_guestbook, (200, 200)), (guestbook_with_own_secret, (200, 403))],
    ids=["other name", "other secret"],
)
def test_still_logged_in(make: Make, statuses: tuple[int, int]) -> None:
    """With one name for two cookies, writing to the guestbook logs a visitor out of the app.

    Reading there does not.
    """
    with make() as target:
        visitor, found = target.log_in(), []
        for method in ("GET", "POST"):
            visitor.request(method, f"{target.guestbook}/name", data={"userName": "me"})
            found.append(visitor.get(f"{target.url}/dashboard").status_code)

    assert tuple(found) == statuses


def test_name_in_the_guestbook() -> None:
    """The guestbook shows the name that a visitor has chosen, escaped."""
    with targets.shared_secret() as target:
        visitor, url = target.browser(), f"{target.guestbook}/name"
        assert visitor.get(url).text == "you have no name yet"
        visitor.post(url, data={"userName": "<b>me</b>"})
        assert visitor.get(url).text == "&lt;b&gt;me&lt;/b&gt;"


def test_renamed_by_hand() -> None:
    """With another name, the guestbook's cookie sent as the session gets nothing."""
    with renamed_guestbook() as target:
        browser = target.browser()
        browser.post(f"{target.guestbook}/name", data={"userName": target.admin})
        target.get("/flag", session=browser.cookies["guestbook"])

        assert target.result.name == "name"


# ---------------------------------------------------------------- the app


def test_log_in(target: Target) -> None:
    """Any name except the admin's can log in, and is escaped on the page."""
    admin = target.browser().post(f"{target.url}/login", data={"userName": target.admin})
    visitor = target.browser()
    free = visitor.post(f"{target.url}/login", data={"userName": "<b>me</b>"})

    assert (admin.status_code, free.status_code) == (403, 200)
    assert visitor.get(f"{target.url}/dashboard").text == "Hello &lt;b&gt;me&lt;/b&gt;"
    assert visitor.get(f"{target.url}/flag").status_code == 403
    assert target.get("/dashboard").status_code == 403


def test_admins_password() -> None:
    """Only the victim knows the password."""
    with targets.copied_cookie() as target:
        form = {"userName": target.admin, "password": "gu\u00e9ss"}
        assert target.browser().post(f"{target.url}/login", data=form).status_code == 403


def test_log_out_of_a_stranger() -> None:
    """A visitor who is not logged in logs no one out, even if logouts are remembered."""
    with breaking.remembering() as target:
        assert target.get("/logout").text == "logged out"
        assert target.get("/flag", session=target.victim.cookie).status_code == 200


def test_victim() -> None:
    """Only flag 2 has a victim; `cookie` is the current cookie of its client."""
    with targets.copied_cookie() as target:
        before = target.victim.cookie
        target.victim.log_out()
        assert target.victim.cookie != before
        assert [each.who for each in target.log] == ["the admin", "the admin"]
        assert target.sent == 0
    with (
        targets.published_secret() as target,
        pytest.raises(AttributeError, match="only copied_cookie"),
    ):
        _ = target.victim


# ---------------------------------------------------------------- the recorder


def test_recorder(target: Target) -> None:
    """Each request is noted with its method, its path and the cookies of both directions."""
    client = target.log_in()
    client.post(f"{target.url}/prefs?a=1", data={"theme": "dark"})
    client.get(f"{target.url}/nowhere")

    assert [(each.number, each.who, each.place) for each in target.log] == [
        (number, "you", "target") for number in (1, 2, 3)
    ]
    one, two, three = (each.exchange for each in target.log)
    assert (one.method, one.path_url, one.sent) == ("POST", "/login", ())
    assert one.received == (("session", client.cookies["session"]),)
    assert (two.path_url, two.path, two.sent) == ("/prefs?a=1", "/prefs", one.received)
    assert two.received == (("prefs", client.cookies["prefs"]),)
    assert dict(three.sent) == dict(client.cookies)
    assert (three.status, three.received) == ("404 NOT FOUND", ())


@pytest.mark.parametrize(
    ("header", "brought"),
    [
        ("", "no cookie"),
        (";;", "no cookie"),
        ("theme=dark", "no session cookie"),
        ("session=abc", "a cookie the app never set"),
        ("session=a.b.c.d.abcde", "a cookie the app never set"),
        ("session=a.b.c.d.\xfe\xff", "a cookie the app never set"),
        ("a=b; session={own}", "your own cookie"),
        ('session="{own}"', "your own cookie"),
        ("session=abc; session={own}", "your own cookie"),
        ("session={out}; session={own}", "a cookie from a logout"),
        ("session=abc; session=def", "a cookie the app never set"),
        ("session={prefs}", "the prefs cookie, sent as session"),
        ("session={out}", "a cookie from a logout"),
    ],
)
def test_brought(target: Target, header: str, brought: str) -> None:
    """The log knows where a cookie comes from, in each spelling of its value."""
    browser = target.log_in()
    browser.post(f"{target.url}/prefs", data={"theme": "dark"})
    known = {"own": browser.cookies["session"], "prefs": browser.cookies["prefs"]}
    browser.get(f"{target.url}/logout")
    line = header.format(**known, out=browser.cookies["session"])

    headers = {"Cookie": line.encode("latin-1")}
    target.browser().get(f"{target.url}/dashboard", headers=headers)

    assert target.log[-1].brought == brought


def test_refused(target: Target) -> None:
    """The log notes why the app refused the session's cookie, but no other cookie."""
    target.browser().post(f"{target.url}/prefs", {"a": 1}, cookies={"prefs": "abc"})
    target.get("/flag", session="abc")

    assert [each.refused for each in target.log] == ["", "fields"]
    assert target.result.sentence.endswith("403, it does not open (fields)")


def test_full_log(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless loop does not fill the memory."""
    monkeypatch.setattr(log, "MOST_REQUESTS", 3)

    answers = [target.get("/dashboard").status_code for _ in range(5)]

    assert answers == [403, 403, 403, 429, 429]
    assert len(target.log) == 3


# ---------------------------------------------------------------- what it notices


@each_flag
def test_honeypot(flag: int) -> None:
    """After reading the secret, no attack counts as captured."""
    make, attack = WEAK[flag]
    with make() as target:
        derive_keys(target.secret)
        assert target.result.sentence == (
            "not captured, and you read the secret from the target: that is another attack"
        )
        attack(target)

        assert target.result == (
            "in-hand",
            "captured, but you read the secret from the target: that is another attack",
        )
        assert not target.captured


@each_flag
def test_secret_opens(flag: int) -> None:
    """The secret that can be read is the real one."""
    make = WEAK[flag][0]
    with make() as target:
        forged = seal({"userName": target.admin}, derive_keys(target.secret))
        assert target.get("/flag", session=forged).status_code == 200


@pytest.mark.parametrize("flag", [2, 4, 5])
def test_forged(flag: int) -> None:
    """If the attack needs no forged cookie, a forged one does not count."""
    with WEAK[flag][0]() as target:
        target.get("/flag", session=forge(target, userName=target.admin))

        assert target.result.name == "forged"
        assert target.result.sentence == (
            f"captured, but that is another attack; request {len(target.log)} of "
            f"{len(target.log)}: GET /flag with a cookie the app never set"
        )


def dig(target: Target) -> None:
    """Forge a cookie with the codec in the target's memory, after a normal login."""
    target.log_in()
    target.get("/flag", session=forge(target, userName=target.admin))


@pytest.mark.parametrize("flag", WEAK)
def test_digging_does_not_pass(flag: int) -> None:
    """An attack that no defence stops does not pass."""
    verdict = judge(catalogue()[f"E7.{flag}"], dig)

    assert verdict.state == "not yet"
    if flag in (1, 3):
        assert verdict.name == "in-hand"
    else:
        assert "that is another attack" in verdict.message


def test_secret_read_where_it_holds() -> None:
    """An attack that reads the secret only after a failure does not pass either."""

    def attack(target: Target) -> None:
        breaking.attack_1(target)
        if not target.captured:
            derive_keys(target.secret)

    assert judge(catalogue()["E7.1"], attack).name == "in-hand"


def test_asked_before_and_after() -> None:
    """A request before the logout does not count, but does no harm."""
    with targets.copied_cookie() as target:
        stolen = target.victim.cookie
        target.get("/flag", session=stolen)
        assert target.result.name == "too-early"
        target.victim.log_out()
        target.get("/flag", session=stolen)
        target.get("/flag")
        assert target.captured
        assert "request 4 of 5" in target.result.sentence


def test_empty_session() -> None:
    """A cookie from the logout opens, but its session is empty."""
    with targets.copied_cookie() as target:
        target.victim.log_out()
        target.get("/flag", session=target.victim.cookie)
        assert target.result.name == "copied-too-late"


@pytest.mark.parametrize("own", [True, False])
def test_guessing_at_the_target(own: bool) -> None:
    """Trying words at the target is another attack, even if the first one is right."""
    with targets.weak_secret() as target:
        right = forge(target, userName=target.admin)
        if own:
            target.log_in()
            for word in ("no", "neither"):
                target.get("/flag", session=seal({"userName": "x"}, derive_keys(word)))
        target.get("/flag", session=right)

        assert target.result == (
            "asks-the-target",
            "captured, but the target saw each guess: that is another attack",
        )


def test_guesses_that_miss() -> None:
    """Two wrong words are guesses; one is a mistake."""
    with random_word() as target:
        names = []
        for word in ("no", "neither"):
            target.get("/flag", session=seal({"userName": target.admin}, derive_keys(word)))
            names.append(target.result)

    assert [each.name for each in names] == ["signature", "asks-the-target"]
    assert names[1].sentence == (
        "not captured, and the target saw each guess: that is another attack"
    )


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        ({}, "no-user", "its session has no userName"),
        ({"userName": ""}, "no-user", "its session has no userName"),
        ({"userName": ["me"]}, "not-admin", "its user is not the admin"),
    ],
)
def test_wrong_content(target: Target, content: Any, name: str, reason: str) -> None:
    """A session that opens is not enough: it must be the admin's."""
    target.get("/flag", session=forge(target, **content))

    assert target.result.name == name
    assert target.result.sentence.endswith(f"403, {reason}")


def test_other_door() -> None:
    """The guestbook has no flag."""
    with targets.shared_secret() as target:
        target.browser().get(f"{target.guestbook}/flag")

        assert target.result == ("other-door", "not captured: the guestbook has no /flag")


# ---------------------------------------------------------------- what it prints


def test_tell(capsys: pytest.CaptureFixture[str]) -> None:
    """`tell` prints the log and the result, without anything random."""
    with targets.shared_secret() as target:
        target.tell()
        assert capsys.readouterr().out == "flag 4: not captured: you have not asked for /flag\n"
        breaking.attack_4(target)
        target.tell()

    assert capsys.readouterr().out == (
        "  1  you  POST guestbook: /name  200  no cookie\n"
        "  2  you  GET /flag              200  a cookie of the guestbook\n"
        "flag 4: captured, request 2 of 2: GET /flag with a cookie of the guestbook\n"
    )


def test_tell_long(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """`tell` prints the end of a long log, with numbers and escaped paths."""
    for _ in range(8):
        target.get("/" + "a" * 50 + "\x1b[1m")
    target.tell()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  (2 requests before these)"
    assert [line.split()[0] for line in lines[1:-1]] == ["3", "4", "5", "6", "7", "8"]
    assert all("\x1b" not in line and len(line) < 80 for line in lines)


def test_tells_when_closed() -> None:
    """The log outlives the target."""
    with targets.published_secret() as target:
        breaking.attack_1(target)

    assert target.captured
    assert target.sent == 1


# ---------------------------------------------------------------- nothing left running


def both(target: Target) -> list[bool]:
    return [listens(url, "127.0.0.1") for url in (target.url, target.guestbook)]


def test_close() -> None:
    """Both apps stop with the block, also after an error, and closing twice is harmless."""
    before = threading.active_count()
    target = targets.shared_secret()
    assert both(target) == [True, True]
    with pytest.raises(KeyError), target:
        raise KeyError
    target.close()

    assert both(target) == [False, False]
    wait_until(lambda: threading.active_count() <= before)
    with pytest.raises(ConnectionError):
        target.get("/flag")


def test_closes_as_garbage() -> None:
    """A target without references stops."""
    target = targets.shared_secret()
    urls = target.url, target.guestbook

    del target
    gc.collect()

    wait_until(lambda: not any(listens(url, "127.0.0.1") for url in urls))


def test_bounded() -> None:
    """When too many targets run, the oldest stops."""
    held = [targets.published_secret() for _ in range(running._MOST_RUNNING + 2)]
    try:
        assert [listens(each.url, "127.0.0.1") for each in held] == [
            number >= 2 for number in range(len(held))
        ]
        assert sum(each.alive for each in running._running) == running._MOST_RUNNING
    finally:
        for each in held:
            each.close()


def test_process_ends() -> None:
    """An open target does not keep a program from ending."""
    program = (
        "from lesson_app.lab import targets\n"
        "target = targets.shared_secret(); print(target.get('/flag').status_code)"
    )

    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    assert (found.stdout, found.stderr) == ("403\n", "")


def test_several_at_once() -> None:
    """Each has a listener and a log of its own."""
    with targets.published_secret() as one, random_published() as other:
        for target in (one, other):
            breaking.attack_1(target)

        assert (one.captured, other.captured) == (True, False)
        assert (one.sent, other.sent) == (1, 1)


# ---------------------------------------------------------------- the nameless codec


def test_nameless_codec() -> None:
    """The codec opens its own cookies under any name, and no others."""
    codec = targets.nameless_codec(derive_keys("a secret"))
    value = codec.seal({"a": 1}, name="prefs", created_at=5, duration=7)

    opened = codec.unseal(value, name="session")
    assert (opened.content, opened.created_at, opened.duration) == ({"a": 1}, 5, 7)
    assert opened.mac == from_base64(value.rpartition(".")[2])
    with pytest.raises(BadCookie):
        codec.unseal(seal({}, derive_keys("another")), name="session")


# ---------------------------------------------------------------- what the exercises say


def capture_and_fail(target: Target) -> None:
    breaking.attack_1(target)
    raise LookupError("lost")


def capture_or_fail(target: Target) -> None:
    breaking.attack_1(target)
    if not target.captured:
        raise LookupError("lost")


@pytest.mark.parametrize(
    ("key", "attack", "message"),
    [
        ("E7.1", lambda target: requests.get(target.url.replace("1:", "1:1"), timeout=1),
         "a request failed ("),
        ("E7.1", lambda target: target.get("flag"), "a request failed ("),
        ("E7.2", lambda target: target.victim.cookies, "<lambda>(target) (line "),
        ("E7.5", lambda target: target.browser().cookies["prefs"], "<lambda>(target) (line "),
        ("E7.1", lambda target: target.get("/flag", session="abc"),
         "not captured, request 1 of 1: GET /flag with a cookie the app never set; 403, it "
         "does not open (fields)"),
        ("E7.1", capture_and_fail, "capture_and_fail(target) (line "),
    ],
)  # fmt: skip
def test_message(key: str, attack: Attack, message: str) -> None:
    """Other failures are reported without a port."""
    verdict = judge(catalogue()[key], attack)

    assert verdict.state == "not yet"
    assert verdict.message.startswith(message)
    assert "127.0.0.1" not in verdict.message
    assert "port" not in verdict.message


def test_error_where_it_fails() -> None:
    """Where the defence holds, an attack may end with an error of its own."""
    assert judge(catalogue()["E7.1"], capture_or_fail).state == "passed"


def test_two_cookies() -> None:
    """If two cookies named session come, the log says which of them counted."""
    with targets.published_secret() as target:
        me = target.log_in()
        forged = seal({"userName": target.admin}, derive_keys(PAGE_SECRET))
        me.get(f"{target.url}/flag", cookies={"session": forged})

        assert target.log[-1].cookies == 2
        assert target.result.name == "two-cookies"
        assert target.result.sentence.endswith(
            "403, several cookies named session came; the first that opened won"
        )


def test_run(capsys: pytest.CaptureFixture[str]) -> None:
    """`run` attacks, prints the log, stops the target, and returns it."""
    target = targets.published_secret().run(breaking.attack_1)

    assert target.captured
    assert capsys.readouterr().out.splitlines()[-1].startswith("flag 1: captured")
    assert not listens(target.url, "127.0.0.1")


def test_run_with_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """If the attack raises, the log is printed all the same."""
    targets.published_secret().run(capture_and_fail)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  the attack raised LookupError"
    assert lines[-1].startswith("flag 1: captured")


def test_diagram() -> None:
    """The diagram names the apps, and shows the same cookie in both."""
    with targets.shared_secret() as target:
        breaking.attack_4(target)

    drawn = target.diagram()
    assert drawn.names == ("you", "guestbook", "target")
    assert [each.lines[1][:19] for each in drawn.arrows if each.target > 0] == [
        "Cookie: none",
        "Cookie: session=[1]",
    ]


def test_judging_leaves_nothing() -> None:
    """A check closes each target, also if the attack raises or sends nothing."""
    before = threading.active_count()
    for attack in (breaking.attack_4, lambda target: 1 / 0, lambda target: None):
        judge(catalogue()["E7.4"], attack)

    wait_until(lambda: threading.active_count() <= before)


@pytest.mark.parametrize(
    ("make", "phone_stays"), [(breaking.remembering, True), (remembering_users, False)]
)
def test_what_the_logout_ends(make: Make, phone_stays: bool) -> None:
    """A deny-list ends the session of the logout; epochs end all sessions of its user."""
    with make() as target:
        form = {"userName": "me"}
        laptop, phone = target.browser(), target.browser()
        for device in (laptop, phone):
            device.post(f"{target.url}/login", data=form)
        copy = laptop.cookies["session"]
        laptop.get(f"{target.url}/logout")

        assert target.get("/dashboard", session=copy).status_code == 403
        assert phone.get(f"{target.url}/dashboard").ok is phone_stays
