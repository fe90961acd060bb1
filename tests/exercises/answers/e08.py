"""Answers of learners to the exercises of notebook 08; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

_IS_REVOKED = """
def is_revoked(epochs, session):
    user = session.get("user")
    return user in epochs and session.born_at <= epochs[user]
"""
_END_ALL = """
def end_all(epochs, user, now, longest):
    for name in list(epochs):
        if epochs[name] + longest < now:
            del epochs[name]
    epochs[user] = now
"""


def _ends(*sources: str) -> list[str]:
    """Each of these `end_all`, with an `is_revoked` that is right."""
    return [source + _IS_REVOKED for source in cells(*sources)]


def _refuses(*sources: str) -> list[str]:
    """Each of these `is_revoked`, with an `end_all` that is right."""
    return [_END_ALL + source for source in cells(*sources)]


WRONG: dict[str, dict[str, list[str]]] = {
    "E8.1": {
        "at-once": cells(
            """
            def rotation(old, new):
                return [new]
            """,
            """
            def rotation(old, new):
                return [old, new]
            """,
            """
            def rotation(old, new):
                return [[old], [new]]
            """,
            """
            def rotation(old, new):
                return [new, [new, old], [old, new]]
            """,
        ),
        "new-first": cells(
            """
            def rotation(old, new):
                return [[new, old], [new]]
            """,
            """
            def rotation(old, new):
                both = [new, old]  # the newest first
                return [old, both, new]
            """,
            """
            def rotation(old, new):
                return [[new, old], [old, new], [new]]
            """,
        ),
        "dropped-too-soon": cells(
            """
            def rotation(old, new):
                return [[old, new], [new]]
            """,
            """
            def rotation(old, new):
                steps = []
                steps.append((old, new))
                steps.append(new)
                return steps
            """,
        ),
        "never-new": cells(
            """
            def rotation(old, new):
                return [[old, new]]
            """,
            """
            def rotation(old, new):
                return [[old, new], [new, old], [old, new]]
            """,
            """
            def rotation(old, new):
                steps = []
                return steps
            """,
        ),
        "never-dropped": cells(
            """
            def rotation(old, new):
                return [[old, new], [new, old]]
            """,
            """
            def rotation(old, new):
                learn = [old, new]
                return (learn, list(reversed(learn)))
            """,
        ),
    },
    "E8.2": {
        "no-entry": _refuses(
            """
            def is_revoked(epochs, session):
                return session.born_at <= epochs[session["user"]]
            """,
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                if user is None:
                    return False
                return session.born_at <= epochs[user]
            """,
        ),
        "no-user": _refuses(
            """
            def is_revoked(epochs, session):
                user = session["user"]
                return user in epochs and session.born_at <= epochs[user]
            """,
            """
            def is_revoked(epochs, session):
                if "user" not in session:
                    return True
                return session.born_at <= epochs.get(session["user"], 0)
            """,
        ),
        "everybody": _refuses(
            """
            def is_revoked(epochs, session):
                return any(session.born_at <= ended for ended in epochs.values())
            """,
            """
            def is_revoked(epochs, session):
                last = max(epochs.values(), default=0)
                return session.born_at <= last
            """,
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                return user not in epochs or session.born_at <= epochs[user]
            """,
            """
            def is_revoked(epochs, session):
                return True
            """,
        ),
        "inverted": _refuses(
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                return user in epochs and session.born_at > epochs[user]
            """,
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                if user in epochs:
                    return epochs[user] < session.born_at
                return False
            """,
        ),
        "forever": _refuses(
            """
            def is_revoked(epochs, session):
                return session.get("user") in epochs
            """,
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                return user in epochs and epochs[user] > 0
            """,
        ),
        "copy-opens": _ends(
            """
            def end_all(epochs, user, now, longest):
                for name in list(epochs):
                    if epochs[name] + longest < now:
                        del epochs[name]
            """,
            """
            def end_all(epochs, user, now, longest):
                epochs["user"] = now
            """,
            """
            def end_all(epochs, user, now, longest):
                epochs = {user: now}
            """,
        )
        + _refuses(
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                if user in epochs:
                    session.born_at <= epochs[user]
            """,
        ),
        "border": _refuses(
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                return user in epochs and session.born_at < epochs[user]
            """,
            """
            def is_revoked(epochs, session):
                return epochs.get(session.get("user"), 0) > session.born_at
            """,
        ),
        "created-at": _refuses(
            """
            def is_revoked(epochs, session):
                user = session.get("user")
                return user in epochs and session.created_at <= epochs[user]
            """,
            """
            def is_revoked(epochs, session):
                return session.created_at <= epochs.get(session.get("user"), 0)
            """,
        ),
        "too-soon": _ends(
            """
            def end_all(epochs, user, now, longest):
                epochs.clear()
                epochs[user] = now
            """,
            """
            def end_all(epochs, user, now, longest):
                for name, ended in list(epochs.items()):
                    if ended + longest <= now:
                        del epochs[name]
                epochs[user] = now
            """,
            """
            def end_all(epochs, user, now, longest):
                for name in [name for name in epochs if epochs[name] < now]:
                    epochs.pop(name)
                epochs[user] = now
            """,
        ),
        "never-forgets": _ends(
            """
            def end_all(epochs, user, now, longest):
                epochs[user] = now
            """,
            """
            def end_all(epochs, user, now, longest):
                if user in epochs and epochs[user] + longest < now:
                    del epochs[user]
                epochs[user] = now
            """,
            """
            def end_all(epochs, user, now, longest):
                epochs[user] = now
                for name, ended in list(epochs.items()):
                    if now + longest < ended:
                        del epochs[name]
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E8.1": cells(
        """
        def rotation(old, new):
            return [[old, new], [new, old], new]
        """,
        """
        def rotation(old, new):
            # The first step is what they have; the rest as tuples.
            return (old, (old, new), (new, old), (new,))
        """,
        """
        def rotation(old, new):
            steps = [[old, new], [old, new]]
            steps.append(steps[0][::-1])
            return steps + [[new]]
        """,
    ),
    "E8.2": cells(
        """
        def end_all(epochs, user, now, longest):
            epochs[user] = now
            old = [name for name in epochs if now - epochs[name] > longest]
            for name in old:
                epochs.pop(name)


        def is_revoked(epochs, session):
            return session.born_at <= epochs.get(session.get("user"), -1)
        """,
        """
        def end_all(epochs, user, now, longest):
            kept = {name: ended for name, ended in epochs.items() if ended >= now - longest}
            epochs.clear()
            epochs.update(kept)
            epochs[f"user:{user}"] = now


        def is_revoked(epochs, session):
            if "user" not in session:
                return False
            ended = epochs.get(f"user:{session['user']}")
            if ended is None:
                return False
            return not session.born_at > ended
        """,
    ),
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E8.1": [
        (
            "def rotation(o, n): print(o)",
            "rotation(old, new) should return a list of steps, "
            "but returned None; is a `return` missing?",
        ),
        (
            "def rotation(o, n): return o",
            "rotation(old, new) should return a list of steps, "
            "but returned 'old-secret-0123456789-abcdef'",
        ),
        (
            "def rotation(o, n): return [[o, n], 7]",
            "step 2: a server with secret=7 does not start: TypeError: ",
        ),
        (
            "def rotation(o, n): return [[o, n[:4]]]",
            "step 1: a server with secret=['old-secret-0123456789-abcdef', 'new-'] does not "
            "start: "
            "ValueError: the secret is ",
        ),
    ],
    "E8.2": [
        (
            "def end_all(*a): return 0\ndef is_revoked(e, s): return s.born",
            "… raised AttributeError: 'Session' object has no attribute 'born'",
        ),
        (
            "def end_all(e, u, n): e[u] = n\ndef is_revoked(e, s): return False",
            "… raised TypeError: end_all() takes 3 positional arguments but 4 were given",
        ),
    ],
}
