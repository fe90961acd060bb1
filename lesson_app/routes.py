"""The two routes that show a session at work: one adds a message, one reads it."""

from flask import Blueprint, request, session
from markupsafe import escape

from ._engine.javascript import to_well_formed

session_test = Blueprint("session_test", __name__)


@session_test.get("/session-test-add")
def add() -> str:
    """Put the query parameter ``message`` into the session."""
    session["message"] = request.args.get("message", "")
    return "session created with using 'message' query parameter"


@session_test.get("/session-test-read")
def read() -> str:
    """Show the session's message, escaped: a script in it must not run."""
    # Without a message Express prints JavaScript's word for it; so do we.
    message = to_well_formed(str(session.get("message", "undefined")))
    return f"session message: {escape(message)}"
