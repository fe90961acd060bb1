"""Answers of learners to the exercises of notebook 00; see `tests.exercises.answers`."""

from __future__ import annotations

from .cells import cells

WRONG: dict[str, dict[str, list[str]]] = {
    "E0.1": {
        "unsealed": cells(
            "message = unseal(found, derive_keys(SECRET))",
            "keys = derive_keys(SECRET)\nmessage = unseal(found, keys, name='session')",
        ),
        "whole-session": cells(
            "message = unseal(found, derive_keys(SECRET)).content",
            "message = dict(unseal(found, derive_keys(SECRET)).content)",
        ),
        "other-cookie": cells(
            'message = unseal(cookie, derive_keys(SECRET)).content["message"]',
            'message = "Hello World!"',
            'message = "hello world"',
        ),
        "still-sealed": cells(
            "message = found",
            'message = found.split(".")[1]',
            'message = found.partition(".")[0]',
            'message = "r7ScnhMNF8eajB2CHSDYEw"',
        ),
    },
    "E0.2": {
        "bytes": cells(
            """
            from lesson_app import seal
            mine = seal({"message": "I was here"}, derive_keys(SECRET), duration=10**10)
            mine = mine.encode()
            """,
        ),
        "other-secret": cells(
            """
            from lesson_app import seal
            mine = seal({"message": "I was here"}, derive_keys(os.urandom(32)), duration=10**10)
            """,
            """
            from lesson_app import seal
            mine = seal({"message": "I was here"}, derive_keys(SECRET))
            mine = mine.replace(".86400000.", ".864000000.")
            """,
        ),
        "other-name": cells(
            """
            from lesson_app import seal
            mine = seal(
                {"message": "I was here"}, derive_keys(SECRET), name="mine", duration=10**10
            )
            """,
        ),
        "no-message": cells(
            """
            from lesson_app import seal
            mine = seal({"text": "I was here"}, derive_keys(SECRET), duration=10**10)
            """,
        ),
        "whole-pair": cells(
            """
            from lesson_app import seal
            mine = "session=" + seal({"message": "I was here"}, derive_keys(SECRET))
            """,
        ),
        "in-past": cells(
            """
            from lesson_app import seal
            mine = seal(
                {"message": "I was here"},
                derive_keys(SECRET),
                created_at=1692988779453,
                duration=7 * 24 * 3_600_000,
            )
            """,
        ),
        "in-future": cells(
            """
            from lesson_app import seal
            mine = seal(
                {"message": "I was here"},
                derive_keys(SECRET),
                created_at=4102488000000,
                duration=10**10,
            )
            """,
        ),
        "too-short": cells(
            """
            from lesson_app import seal
            mine = seal({"message": "I was here"}, derive_keys(SECRET))
            """,
            """
            from lesson_app import seal
            mine = seal({"message": "I was here"}, derive_keys(SECRET), duration=7 * 24 * 3600)
            """,
        ),
    },
}

RIGHT: dict[str, list[str]] = {
    "E0.1": cells(
        'message = unseal(found, derive_keys(SECRET)).content.get("message")',
        "[message] = unseal(found, derive_keys(SECRET)).content.values()",
        'session = unseal(found, derive_keys(SECRET)).content\nmessage = session["message"]',
        'message = unseal(found, derive_keys(SECRET)).content["message"] + "."',
    ),
    "E0.2": cells(
        """
        import lesson_app
        from datetime import timedelta
        week = timedelta(days=7) // timedelta(milliseconds=1)
        keys = lesson_app.derive_keys(SECRET)
        mine = lesson_app.cookie.seal({"message": "I was here"}, keys, duration=week)
        """,
        """
        from lesson_app import seal
        content = {"message": "I was here", "extra": [1, 2]}
        mine = seal(content, derive_keys(SECRET), name="session", duration=10**12)
        """,
    ),
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "E0.2": {
        "line 3: `604800000` to `604800001`": "longer than a week",
        "line 3: `604800000` to `604799999`": "an hour less than a week is accepted",
    },
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E0.1": [
        ("message = 7", "the message should be a string, but is 7"),
        ("message = 'abc'", "'abc' is not the message in this cookie"),
    ],
    "E0.2": [
        ("mine = 'I was here'", "a sealed cookie is a string of five fields, got 'I was here'"),
        (
            "from lesson_app import seal\nmine = seal({'message': 'me'}, derive_keys(SECRET))",
            "the message should be 'I was here', but is 'me'",
        ),
    ],
}
