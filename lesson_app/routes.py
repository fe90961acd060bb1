"""Two routes that test a session: one stores a message, one reads it back."""

from flask import Blueprint, request, session
from markupsafe import escape

from ._engine.javascript import to_well_formed

session_test = Blueprint("session_test", __name__)


@session_test.get("/session-test-add")
def add() -> str:
    """Store the query parameter ``message`` in the session."""
    session["message"] = request.args.get("message", "")
    return "session created with using 'message' query parameter"


@session_test.get("/session-test-read")
def read() -> str:
    """Show the session's message, escaped so that a script in it does not run."""
    # Without a message, Express prints JavaScript's "undefined".
    message = to_well_formed(str(session.get("message", "undefined")))
    return f"session message: {escape(message)}"
