"""Answers of learners to the exercises of notebook 04; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

WRONG: dict[str, dict[str, list[str]]] = {
    "E4.1": {
        "shallow": cells(
            """
            def remember(session):
                return dict(session)

            def changed(note, session):
                return note != session
            """,
            """
            def remember(session):
                return session.copy()

            def changed(note, session):
                return note != session.copy()
            """,
            """
            def remember(session):
                return list(session.items())

            def changed(note, session):
                return list(session.items()) != note
            """,
            """
            import copy

            def remember(session):
                return copy.copy(session)

            def changed(note, session):
                return not (session == note)
            """,
        ),
        "same-object": cells(
            """
            def remember(session):
                return session

            def changed(note, session):
                return note != session
            """,
            """
            def remember(session):
                before = session
                return before

            def changed(note, session):
                return session is not note
            """,
        ),
        "always": cells(
            """
            def remember(session):
                return dict(session)

            def changed(note, session):
                return True
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return note != session
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return note is not json.dumps(session)
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return json.dumps(session) == note
            """,
        ),
        "only-keys": cells(
            """
            def remember(session):
                return set(session)

            def changed(note, session):
                return note != set(session)
            """,
            """
            def remember(session):
                return len(session)

            def changed(note, session):
                return len(session) != note
            """,
            """
            def remember(session):
                return list(session.keys())

            def changed(note, session):
                return list(session.keys()) != note
            """,
        ),
        "only-growth": cells(
            """
            import copy

            def remember(session):
                return copy.deepcopy(session)

            def changed(note, session):
                for key, value in session.items():
                    if key not in note or note[key] != value:
                        return True
                return False
            """,
            """
            import json

            def remember(session):
                return {key: json.dumps(value) for key, value in session.items()}

            def changed(note, session):
                return any(note.get(key) != json.dumps(session[key]) for key in session)
            """,
        ),
        "only-full": cells(
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                if not session:
                    return False
                return json.dumps(session) != note
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return bool(session) and json.dumps(session) != note
            """,
        ),
        "one-is-true": cells(
            """
            import copy

            def remember(session):
                return copy.deepcopy(session)

            def changed(note, session):
                return note != session
            """,
            """
            import json

            def remember(session):
                return json.dumps(session)

            def changed(note, session):
                return json.loads(note) != session
            """,
        ),
    },
    "E4.2": {
        "border": cells(
            """
            def expired(created_at, duration, now):
                return created_at + duration <= now
            """,
            """
            def expired(created_at, duration, now):
                return now >= created_at + duration
            """,
            """
            def expired(created_at, duration, now):
                left = created_at + duration - now
                if left > 0:
                    return False
                return True
            """,
        ),
        "inverted": cells(
            """
            def expired(created_at, duration, now):
                return created_at + duration > now
            """,
            """
            def expired(created_at, duration, now):
                return now <= created_at + duration
            """,
            """
            def expired(created_at, duration, now):
                return now - created_at < duration
            """,
        ),
        "since-1970": cells(
            """
            def expired(created_at, duration, now):
                return duration < now
            """,
            """
            def expired(created_at, duration, now):
                return now - duration > 0
            """,
        ),
        "no-duration": cells(
            """
            def expired(created_at, duration, now):
                return created_at < now
            """,
            """
            def expired(created_at, duration, now):
                return now - created_at > 0
            """,
        ),
        "never": cells(
            """
            def expired(created_at, duration, now):
                return False
            """,
            """
            def expired(created_at, duration, now):
                return created_at > now
            """,
            """
            def expired(created_at, duration, now):
                return created_at + duration < created_at
            """,
        ),
    },
    "E4.3": {
        "each-request": cells(
            """
            def renewed(created_at, duration, active_duration, now):
                return created_at + active_duration
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                if created_at + duration >= now:
                    created_at += active_duration
                return created_at
            """,
        ),
        "border": cells(
            """
            def renewed(created_at, duration, active_duration, now):
                left = created_at + duration - now
                if left <= active_duration:
                    return created_at + active_duration
                return created_at
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                left = created_at + duration - now
                return created_at if left > active_duration else created_at + active_duration
            """,
        ),
        "from-now": cells(
            """
            def renewed(created_at, duration, active_duration, now):
                left = created_at + duration - now
                if left < active_duration:
                    return now
                return created_at
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                return now
            """,
        ),
        "time-spent": cells(
            """
            def renewed(created_at, duration, active_duration, now):
                if now - created_at > active_duration:
                    return created_at + active_duration
                return created_at
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                lasted = now - created_at
                return created_at + (active_duration if active_duration < lasted else 0)
            """,
        ),
        "yes-or-no": cells(
            """
            def renewed(created_at, duration, active_duration, now):
                return created_at + duration - now < active_duration
            """,
            """
            def renewed(created_at, duration, active_duration, now):
                if created_at + duration - now < active_duration:
                    return True
                return False
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E4.1": cells(
        """
        import copy
        import json

        def remember(session):
            return copy.deepcopy(dict(session))

        def changed(note, session):
            return json.dumps(note, sort_keys=True) != json.dumps(session, sort_keys=True)
        """,
        """
        import hashlib
        import json

        def fingerprint(session):
            return hashlib.sha256(json.dumps(session).encode()).digest()

        def remember(session):
            return fingerprint(session)

        def changed(note, session):
            return not fingerprint(session) == note
        """,
        """
        def remember(session):
            return repr(session)

        def changed(note, session):
            if note == repr(session):
                return False
            return True
        """,
    ),
    "E4.2": cells(
        """
        def expired(created_at, duration, now):
            return now > created_at + duration
        """,
        """
        def expired(created_at, duration, now):
            left = created_at + duration - now
            return left < 0
        """,
        """
        def expired(created_at, duration, now):
            if now - created_at <= duration:
                return False
            else:
                return True
        """,
    ),
    "E4.3": cells(
        """
        def renewed(created_at, duration, active_duration, now):
            if now + active_duration > created_at + duration:
                created_at += active_duration
            return created_at
        """,
        """
        def renewed(created_at, duration, active_duration, now):
            left = duration - (now - created_at)
            return created_at if left >= active_duration else created_at + active_duration
        """,
        """
        def renewed(created_at, duration, active_duration, now):
            left = created_at + duration - now
            return created_at + active_duration * (left < active_duration)
        """,
    ),
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E4.1": [
        (
            "def remember(s): s['note'] = 1\ndef changed(n, s): return False",
            "remember(session) changed the session; it must only read it",
        ),
        (
            "def remember(s): return 1\ndef changed(n, s): print(n)",
            "changed(note, session) should return False, "
            "but returned None; is a `return` missing?",
        ),
        (
            "def remember(s): return 1\ndef changed(n, s): return 1",
            "changed(note, session) should return False, but returned 1",
        ),
    ],
    "E4.2": [
        (
            "def expired(a, b, c): print(a)",
            "expired(4102488000000, 120000, 4102488000000) should return False, "
            "but returned None; is a `return` missing?",
        ),
        (
            "def expired(a, b, c): return True",
            "expired(4102488000000, 120000, 4102488000000) should return False, "
            "but returned True",
        ),
        (
            "def expired(a, b, c): return a + b + 1 < c",
            "expired(4102488000000, 120000, 4102488120001) should return True, "
            "but returned False",
        ),
        (
            "def expired(a, b, c): return a + b - 2 < c",
            "expired(4102488000000, 120000, 4102488119999) should return False, "
            "but returned True",
        ),
    ],
    "E4.3": [
        (
            "def renewed(a, b, c, d): return a + c if a + b - d < c - 1 else a",
            "renewed(4102488000000, 120000, 60000, 4102488060001) should return "
            "4102488060000, but returned 4102488000000",
        ),
        (
            "def renewed(a, b, c, d): return a + c if a + b - d < c + 2 else a",
            "renewed(4102488000000, 120000, 60000, 4102488059999) should return "
            "4102488000000, but returned 4102488060000",
        ),
        (
            "def renewed(a, b, c, d): return 7 if a + b - d == c else a",
            "renewed(4102488000000, 120000, 60000, 4102488060000) should return "
            "4102488000000, but returned 7",
        ),
        (
            "def renewed(a, b, c, d): return a + b",
            "renewed(4102488000000, 120000, 60000, 4102488000000) should return "
            "4102488000000, but returned 4102488120000",
        ),
        (
            "def renewed(a, b, c, d): return float(a) if a + b - d < c else float(a)",
            "renewed(4102488000000, 120000, 60000, 4102488000000) should return "
            "4102488000000, but returned 4102488000000.0",
        ),
        (
            "def renewed(a, b, c, d): return a + c if a + b - d < b / 2 else a",
            "renewed(4102488000000, 60000, 300000, 4102488000000) should return "
            "4102488300000, but returned 4102488000000",
        ),
        (
            "def renewed(a, b, c, d): return a + (c if a + b - d < c else (b > 150000))",
            "renewed(4102488000000, 600000, 60000, 4102488240000) should return "
            "4102488000000, but returned 4102488000001",
        ),
    ],
}
