"""Judge plans to replace a secret: follow every cookie that a visitor may have."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...options import check_secret
from .judging import Wrong, describe, forgotten, outcome, short

#: The entry of a plan that stands for a wait.
WAIT = "wait"
# Messages name them "old" and "new", so these are the same in each run.
_SECRETS = (
    ("old-secret-0123456789-abcdef", "new-secret-9876543210-fedcba"),
    ("a-secret-that-was-here-first", "one-that-came-later-13579246"),
)
_NAMES = ("blue", "red", "green", "grey", "pink", "black", "white", "brown", "gold", "lime")
_MOST_ENTRIES = 1000

Secrets = tuple[str, ...]


@dataclass
class Fleet:
    """The secrets of each server, and those that sealed the cookies that still open.

    A cookie is sealed with the first secret of the server that the visitor saw last. So each
    running server must open what any other seals, and what any has sealed since the last wait.
    """

    running: dict[str, Secrets]
    live: set[str]

    def wait(self) -> None:
        """Let unused sessions expire. Visitors who came meanwhile have new cookies."""
        self.live = {secrets[0] for secrets in self.running.values()}

    def restart(self, name: str, secrets: Secrets) -> None:
        """Restart one server. Raise `Wrong` if a visitor may be logged out now."""
        sealing = {each[0] for other, each in self.running.items() if other != name}
        lost_here = [each for each in self.live | sealing if each not in secrets]
        lost_there = [
            other
            for other, opens in self.running.items()
            if other != name and secrets[0] not in opens
        ]
        if lost_here and lost_there:
            raise Wrong("at-once")
        if lost_there:
            raise Wrong("new-first")
        if lost_here:
            raise Wrong("dropped-too-soon" if sealing & set(lost_here) else "no-wait")
        self.running[name] = secrets
        self.live.add(secrets[0])


def judge_plan(plan: Callable[..., Any]) -> None:
    """Check a plan for one server, for some, and for ten."""
    for count, (old, new) in zip((3, 1, 2, 10), itertools.cycle(_SECRETS), strict=False):
        names = list(_NAMES[-count:])
        fleet = Fleet(dict.fromkeys(names, (old,)), {old})
        entries = _entries("plan", plan(list(names), old, new))
        lists = [id(each[1]) for each in entries if isinstance(each, tuple | list) and each[1:]]
        if len(lists) > count and len(set(lists)) == 1:
            raise Wrong(
                message="all pairs of the plan hold the same list, so a later change of it "
                "changes them all; make a new list for each round"
            )
        _follow(fleet, entries, {old: "old", new: "new"})
        for secrets in fleet.running.values():
            if secrets == (old,) and len(set(fleet.running.values())) > 1:
                raise Wrong("left-out")
            if new not in secrets:
                raise Wrong("never-new")
            if secrets != (new,):
                raise Wrong("never-dropped")


def judge_back(back: Callable[..., Any]) -> None:
    """Check the way back from each state that a plan goes through."""
    for count, (old, new) in zip((2, 3, 1), itertools.cycle(_SECRETS), strict=False):
        for fleet in _states(list(_NAMES[-count:]), old, new):
            shown = {name: list(secrets) for name, secrets in fleet.running.items()}
            try:
                _follow(
                    fleet, _entries("back", back(shown, old, new)), {old: "old", new: "new"}
                )
            except Wrong as wrong:
                raise Wrong(
                    _ON_THE_WAY_BACK.get(wrong.name, wrong.name), wrong.message
                ) from None
            if any(secrets != (old,) for secrets in fleet.running.values()):
                raise Wrong("not-back")


# The misconceptions of the way back have other words for the same faults.
_ON_THE_WAY_BACK = {
    "at-once": "seals-unknown",
    "new-first": "seals-unknown",
    "dropped-too-soon": "drops-in-use",
    "no-wait": "back-without-wait",
}


def _states(names: list[str], old: str, new: str) -> Iterator[Fleet]:
    """Yield the fleet after each entry of a plan, made in two orders."""
    for order in (names, names[::-1]):
        entries = plan_ours(order, old, new)
        for end in range(len(entries) + 1):
            fleet = Fleet(dict.fromkeys(names, (old,)), {old})
            _follow(fleet, entries[:end], {})
            yield fleet


def _follow(fleet: Fleet, entries: Sequence[Any], labels: dict[str, str]) -> None:
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, str) and entry == WAIT:
            fleet.wait()
            continue
        name, secrets = _pair(entry, f"entry {number} of the plan", fleet, labels)
        fleet.restart(name, secrets)


def _entries(function: str, plan: Any) -> list[Any]:
    if isinstance(plan, str | dict) or not isinstance(plan, Iterable):
        raise Wrong(
            message=f"{function} should return a list of pairs and WAITs, but returned "
            f"{short(plan)}{forgotten(plan)}"
        )
    entries = list(itertools.islice(plan, _MOST_ENTRIES + 1))
    if len(entries) > _MOST_ENTRIES:
        raise Wrong(
            message=f"{function} returned more than {_MOST_ENTRIES} entries; stop earlier"
        )
    return entries


def _pair(entry: Any, what: str, fleet: Fleet, labels: dict[str, str]) -> tuple[str, Secrets]:
    """Return the server's name and its secrets, of an entry that says both."""
    if not isinstance(entry, tuple | list) or len(entry) != 2:
        raise Wrong(
            message=f"{what} must be WAIT or a pair (server, secrets), got {short(entry)}"
        )
    name, secrets = entry
    if not isinstance(name, str) or name not in fleet.running:
        raise Wrong(
            message=f"{what} must begin with one of `servers` ({', '.join(fleet.running)}), "
            f"got {_labelled(name, labels)}"
        )
    several = (secrets,) if isinstance(secrets, str) else secrets
    if not isinstance(several, list | tuple) or not several:
        raise Wrong(
            message=f"{what} must have a list of secrets, got {_labelled(secrets, labels)}"
        )
    for secret in several:
        found = outcome(check_secret, secret)
        if isinstance(found, Exception):
            raise Wrong(
                message=f"{what}: a server with {_labelled(secret, labels)} does not start: "
                f"{describe(found)}"
            )
    return name, tuple(dict.fromkeys(several))


def _labelled(value: Any, labels: dict[str, str]) -> str:
    return labels[value] if isinstance(value, str) and value in labels else short(value)


def plan_ours(servers: list[str], old: str, new: str) -> list[Any]:
    """Return the restarts that replace a secret."""
    learn = [(server, [old, new]) for server in servers]
    switch = [(server, [new, old]) for server in servers]
    forget = [(server, [new]) for server in servers]
    return [*learn, *switch, WAIT, *forget]


def back_ours(running: dict[str, list[str]], old: str, new: str) -> list[Any]:
    """Return the restarts that undo a plan, wherever it stopped."""
    learn = [
        (server, [old, new] if secrets[0] == old else [new, old])
        for server, secrets in running.items()
    ]
    switch = [(server, [old, new]) for server in running]
    forget = [(server, [old]) for server in running]
    return [*learn, *switch, WAIT, *forget]
