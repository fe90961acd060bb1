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
}

RIGHT: dict[str, list[str]] = {
    "E0.1": cells(
        'message = unseal(found, derive_keys(SECRET)).content.get("message")',
        "[message] = unseal(found, derive_keys(SECRET)).content.values()",
        'session = unseal(found, derive_keys(SECRET)).content\nmessage = session["message"]',
        'message = unseal(found, derive_keys(SECRET)).content["message"] + "."',
    ),
}

MESSAGES: dict[str, list[tuple[str, str]]] = {
    "E0.1": [
        ("message = 7", "the message should be a string, but is 7"),
        ("message = 'abc'", "'abc' is not the message in this cookie"),
    ],
}
