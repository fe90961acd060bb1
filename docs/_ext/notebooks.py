"""Make the notebooks' outputs such that a page without scripts can show them."""

from __future__ import annotations

import json
from typing import Any

from sphinx.application import Sphinx

#: What only JupyterLab draws. Each stands beside a text that tells the same.
_DRAWN_ELSEWHERE = ("text/vnd.mermaid", "application/vnd.jupyter.widget-view+json")


def prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    """Change a notebook before it is read; other pages stay as they are."""
    if not docname.startswith("notebooks/"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            _leave_text(output)
            _tell_alt(cell, output)
    source[0] = json.dumps(notebook)


def _leave_text(output: dict[str, Any]) -> None:
    for mime in _DRAWN_ELSEWHERE:
        output.get("data", {}).pop(mime, None)


def _tell_alt(cell: dict[str, Any], output: dict[str, Any]) -> None:
    """Copy a picture's alt text to where MyST-NB looks for it: to its cell."""
    alt = output.get("metadata", {}).get("image/png", {}).get("alt")
    if alt:
        cell["metadata"]["mystnb"] = {"image": {"alt": alt}}


def setup(app: Sphinx) -> dict[str, Any]:
    """Be called by Sphinx."""
    app.connect("source-read", prepare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
