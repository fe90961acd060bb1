"""Mend what a screen reader stumbles over in the pages that Sphinx and Furo write."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)
_EMPTY_HEADING = re.compile(r'<th class="head[^"]*"><p></p></th>')
#: Sphinx writes a long signature as a list of definitions without terms.
_LINES = {"dl": "sig-lines", "dd": "sig-line"}


def mend(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Change a page's text and its navigation before they are put into the template."""
    if "body" in context:
        body = _SIGNATURE.sub(_with_spans, context["body"])
        context["body"] = _EMPTY_HEADING.sub('<td class="head"></td>', body)
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def _with_spans(signature: re.Match[str]) -> str:
    text = signature[0]
    for tag, name in _LINES.items():
        text = text.replace(f"<{tag}>", f'<span class="{name}">')
        text = text.replace(f"</{tag}>", "</span>")
    return text


def setup(app: Sphinx) -> dict[str, Any]:
    """Be called by Sphinx."""
    # After Furo has written its navigation.
    app.connect("html-page-context", mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
