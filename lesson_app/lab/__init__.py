"""What the notebooks experiment with: a server, the wire, a cookie taken apart, a clock.

`lesson_app` itself never imports this.
"""

from . import attacks, draw
from .attacks import targets, weak
from .clock import Clock, seeded_urandom
from .codecs import codec_from
from .exercises import check, hint, observe, predict, progress, yours_or_ours
from .http.jar import CookieVerdict, browser_keeps
from .http.processes import Servers
from .http.server import Server, ViewError, serve
from .http.visitor import Visitor, diagram
from .http.wire import Wire, show
from .views.dissect import dissect
from .views.explore import Explorer
from .views.trials import Trials, caught

__all__ = [
    "Clock",
    "CookieVerdict",
    "Explorer",
    "Server",
    "Servers",
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
    "draw",
    "hint",
    "observe",
    "predict",
    "progress",
    "seeded_urandom",
    "serve",
    "show",
    "targets",
    "weak",
    "yours_or_ours",
]
