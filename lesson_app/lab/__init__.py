"""What the notebooks experiment with: a server, the wire, a cookie taken apart, a clock.

`lesson_app` itself never imports this.
"""

from . import attacks, weak
from .attempt import caught
from .browser import CookieVerdict, CookieVerdicts, StoredCookie, browser_keeps
from .clock import Clock, seeded_urandom
from .codecs import codec_from
from .dissect import Dissected, dissect
from .exercises import check, hint, observe, predict, progress, yours_or_ours
from .explore import Explorer, explore_flips, explore_life
from .server import Server, ViewError, serve
from .tamper import tamper
from .trials import Trials
from .visitor import Visitor, diagram
from .wire import Wire, show

__all__ = [
    "Clock",
    "CookieVerdict",
    "CookieVerdicts",
    "Dissected",
    "Explorer",
    "Server",
    "StoredCookie",
    "Trials",
    "ViewError",
    "Visitor",
    "Wire",
    "attacks",
    "browser_keeps",
    "caught",
    "check",
    "codec_from",
    "diagram",
    "dissect",
    "explore_flips",
    "explore_life",
    "hint",
    "observe",
    "predict",
    "progress",
    "seeded_urandom",
    "serve",
    "show",
    "tamper",
    "weak",
    "yours_or_ours",
]
