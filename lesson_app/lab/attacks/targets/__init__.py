"""Six apps to attack, each with one fault, and a log that shows how the attack went.

Each function makes one app, with names, passwords and a secret of its own. Apps 1 to 5 hide
the page ``/flag``, and their options are the defence. App 6 has a hole that `draw` chooses,
and a patch is its defence. The log decides whether a flag was captured.
"""

from .drawing import clue, draw, lesson, solution
from .five import (
    copied_cookie,
    nameless_codec,
    published_secret,
    shared_secret,
    swapped_name,
    weak_secret,
)
from .log import Entry, Finding
from .notes import notes
from .target import Target
from .words import WORDS

__all__ = [
    "WORDS",
    "Entry",
    "Finding",
    "Target",
    "clue",
    "copied_cookie",
    "draw",
    "lesson",
    "nameless_codec",
    "notes",
    "published_secret",
    "shared_secret",
    "solution",
    "swapped_name",
    "weak_secret",
]
