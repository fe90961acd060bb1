"""Give each file of the repository that a page links to, or names, a page of its own."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import desc_signature, download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

import lesson_app

_PACKAGED = Path(lesson_app.__file__).parent.parent
#: A file of the repository in a page's text, and a test in it.
_NAMED = re.compile(r"([\w/]+\.py)(?:::(\w+))?")
#: Pygments makes the place of a line a link to itself, and so a stop for the Tab key.
_ANCHOR = re.compile(r'<a id="([\w-]+)" name="\1" href="#\1"></a>')
_LANGUAGES = {".py": "python", ".js": "js", ".toml": "toml", ".yml": "yaml", ".json": "json"}
_wanted: set[str] = set()


def refer(app: Sphinx, doctree: nodes.document) -> None:
    """Make references of links to files, of the names of files, and for what has a source."""
    docname = app.env.docname
    for link in list(doctree.findall(download_reference)):
        path, _ = app.env.relfn2path(link["reftarget"], docname)
        link.replace_self(_reference(docname, path, *link.children))
    for name in list(doctree.findall(nodes.literal)):
        path = _named(app.srcdir, name.astext())
        if path and not _leads(name.parent):
            name.replace_self(_reference(docname, path, name.deepcopy()))
    for signature in list(doctree.findall(desc_signature)):
        path = _defined(signature)
        if path:
            label = nodes.inline("", "[source]", classes=["viewcode-link"])
            signature += _reference(docname, path, label)


def _reference(docname: str, path: str, *children: nodes.Node) -> pending_xref:
    target = {"refdomain": "", "reftype": "source", "reftarget": path, "refdoc": docname}
    return pending_xref("", *children, **target)


def _leads(node: nodes.Node | None) -> bool:
    """Whether what stands in a node is a link already."""
    if node is None or isinstance(node, nodes.reference | pending_xref):
        return node is not None
    return _leads(node.parent)


def _named(root: Path, text: str) -> str:
    """Return path#line of what a text names; "" if that is not a file of the repository."""
    match = _NAMED.fullmatch(text)
    if match is None:
        return ""
    path = match[1]
    if not (root / path).is_file():
        return ""
    return path + (f"#line-{_line(root / path, match[2])}" if match[2] else "")


def _line(path: Path, function: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if line.startswith(f"def {function}("))


def _defined(signature: desc_signature) -> str:
    """Return path#line of a class, function or property; "" for a plain value."""
    found: Any = sys.modules[signature["module"]]
    for name in signature["fullname"].split("."):
        found = inspect.getattr_static(found, name, None)
    found = getattr(found, "fget", None) or getattr(found, "__func__", found)
    found = inspect.unwrap(found) if callable(found) else found
    if not (inspect.isclass(found) or inspect.isfunction(found)):
        return ""
    path = Path(inspect.getsourcefile(found) or "").relative_to(_PACKAGED)
    return f"{path.as_posix()}#line-{inspect.getsourcelines(found)[1]}"


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Return a link to a file's page, and remember to make that page."""
    path, _, fragment = node["reftarget"].partition("#")
    if node["reftype"] != "source" or not (app.srcdir / path).is_file():
        return None
    _wanted.add(path)
    address = app.builder.get_relative_uri(node["refdoc"], f"source/{path}")
    children = [child.deepcopy() for child in node.children]
    address += fragment and f"#{fragment}"
    return nodes.reference("", "", *children, refuri=address, internal=True)


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page of each file that was linked to."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    for path in sorted(_wanted):
        text = (app.srcdir / path).read_text(encoding="utf-8")
        language = _LANGUAGES.get(Path(path).suffix, "text")
        code = app.builder.highlighter.highlight_block(text, language, lineanchors="line")
        code = _ANCHOR.sub(r'<span id="\1"></span>', code)
        body = f"<h1>{escape(path)}</h1>\n{code}"
        yield f"source/{path}", {"title": path, "body": body}, "page.html"


def setup(app: Sphinx) -> dict[str, Any]:
    """Be called by Sphinx."""
    # Before Sphinx notes which files to copy for downloading.
    app.connect("doctree-read", refer, priority=100)
    app.connect("missing-reference", resolve)
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
