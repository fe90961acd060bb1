"""What the notebooks experiment with: a server, the wire, a clock.

`lesson_app` itself never imports this.
"""

from .attempt import caught
from .clock import Clock, seeded_urandom
from .server import Server, ViewError, serve
from .wire import Wire, show

__all__ = ["Clock", "Server", "ViewError", "Wire", "caught", "seeded_urandom", "serve", "show"]
