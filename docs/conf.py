"""How the documentation's pages are built: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from pygments.lexers import TextLexer
from sphinx.application import Sphinx

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

project = "Client-side sessions"
author = "The lesson_app authors"
language = "en"
# The source is the whole repository, so that the links between its files lead somewhere on
# GitHub and on the site alike.
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/*.rst", "notebooks/*.ipynb", "CHANGELOG.md"]
exclude_patterns = [".*", "artefacts", "tests", "**/.ipynb_checkpoints"]
extensions = ["sphinx.ext.autodoc", "myst_nb", "accessible", "notebooks", "sources"]
nitpicky = True

# The notebooks, with the outputs that are stored in them.
nb_execution_mode = "off"
# A widget would need scripts from another host; `_ext/notebooks.py` leaves its text.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_heading_anchors = 3

# The interface, from its docstrings. `name` is code, and a link where the name has an entry.
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 88
nitpick_ignore_regex = [
    # `name` in a docstring may be an argument, a header, or anything else without an entry.
    ("py:obj", r".*"),
    # Their own documentation is on other hosts.
    ("py:class", r"(blinker|click|collections|datetime|flask|requests|werkzeug)\b.*"),
    # Names of types, which stand as they are written.
    ("py:class", r"[A-Z][A-Za-z]*"),
    # What the notebooks' functions return in passing has an entry only where it says more.
    ("py:class", r"lesson_app\.(dissect|lab)\..*"),
]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
templates_path = ["_templates"]
html_additional_pages = {"index": "redirect.html"}
html_copy_source = False
html_show_copyright = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def setup(app: Sphinx) -> None:
    """Be called by Sphinx."""
    # Pygments does not know how to colour it.
    app.add_lexer("haproxy", TextLexer)
