"""Configure the documentation's pages, which `make docs` builds."""

from __future__ import annotations

from pygments.lexers import TextLexer
from sphinx.application import Sphinx

project = "Client-side sessions"
author = "The lesson_app authors"
language = "en"
# The source is the whole repository, so that links between its files work on GitHub and here.
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/*.rst", "notebooks/*.ipynb", "CHANGELOG.md"]
exclude_patterns = [".*", "artefacts", "tests", "**/.ipynb_checkpoints"]
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "myst_nb"]
nitpicky = True

# Show the outputs that are stored in the notebooks.
nb_execution_mode = "off"
# A widget would need scripts from another host, so the page shows its text instead.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
# Only JupyterLab draws Mermaid; the page shows the diagram's text.
suppress_warnings = ["mystnb.unknown_mime_type"]
myst_heading_anchors = 3

# The API, from its docstrings. `name` is code, and a link if the name has an entry.
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
    # Their documentation is on other hosts.
    ("py:class", r"(blinker|click|collections|datetime|timedelta|flask|requests|werkzeug)\b.*"),
    # Names of type variables and aliases.
    ("py:class", r"(lesson_app\.guard\.)?[A-Z][A-Za-z]*"),
    # Results of the notebooks' functions that need no entry.
    ("py:class", r"lesson_app\.(dissect|lab)\..*"),
]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
html_additional_pages = {"index": "redirect.html"}
html_copy_source = False
html_show_copyright = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def setup(app: Sphinx) -> None:
    """Register a lexer for haproxy's files, which Pygments does not know."""
    app.add_lexer("haproxy", TextLexer)
