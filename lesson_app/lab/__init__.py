"""What the notebooks experiment with: a server, the wire, a cookie taken apart, a clock.

`lesson_app` itself never imports this.
"""

from .attempt import caught
from .clock import Clock, seeded_urandom
from .dissect import Dissected, dissect
from .server import Server, ViewError, serve
from .wire import Wire, show

__all__ = [
    "Clock",
    "Dissected",
    "Server",
    "ViewError",
    "Wire",
    "caught",
    "dissect",
    "seeded_urandom",
    "serve",
    "show",
]
