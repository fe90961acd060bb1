"""Build the HTML pages of the reports, each in one file."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .texts import clean

#: No page runs a script or loads anything, whatever a learner's text contains.
_HEAD = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
h1, h2 { line-height: 1.25 }
h2 { margin: 2.5rem 0 .5rem; padding-top: .5rem; border-top: 1px solid #888a }
h2 small { font-weight: normal; font-size: 1rem }
p { margin: .25rem 0 }
ul.plain { list-style: none; padding: 0; margin: .5rem 0 }
ul.plain > li { padding: .5rem 0; border-top: 1px solid #8885 }
ul.plain > li:first-child { border-top: 0 }
.next { border: 1px solid #888a; border-left: .4rem solid #1a7f37;
  padding: .5rem 1rem; margin: 1rem 0 }
.state { display: inline-block; min-width: 8rem }
.below { margin-left: 8.3rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem .3rem 0;
  overflow-wrap: normal }
th { font-weight: normal }
thead th { font-weight: bold; line-height: 1.2; vertical-align: bottom }
td.number, th.number { text-align: right; width: 4rem; font-variant-numeric: tabular-nums }
tbody { border-top: 1px solid #8885 }
.bar { display: flex; height: .8rem; margin: .2rem 0; border-radius: .2rem; overflow: hidden;
  forced-color-adjust: none }
.found { padding: 0 0 .6rem }
.found ul { margin: 0; padding-left: 1.2rem }
@media (max-width: 40rem) {
  .below { margin-left: 0 }
  .state { min-width: 0; margin-right: .5rem }
  table { font-size: .875rem }
  td.number, th.number { width: 3rem; padding: .3rem 0 .3rem .3rem }
}
@media print { h2 { break-after: avoid } li { break-inside: avoid } }
</style>
"""


def document(title: str, *parts: str) -> str:
    """Return a page that needs no other file; `parts` are HTML, and `title` is text."""
    head = _HEAD.replace("{title}", text(title))
    return (
        f"{head}<main>\n<h1>{text(title)}</h1>\n"
        + "\n".join(filter(None, parts))
        + "\n</main>\n"
    )


def text(written: str, most: int = 300) -> str:
    """Return a text as one line of HTML."""
    return escape(clean(written, most))


def paragraph(html: str, kind: str = "") -> str:
    """Return a paragraph of HTML; "" without any."""
    return f"<p{_class(kind)}>{html}</p>" if html else ""


def items(each: Iterable[str], kind: str = "") -> str:
    """Return a list of HTML items; "" without any."""
    lines = "\n".join(f"<li>{one}</li>" for one in each)
    return f"<ul{_class(kind)}>\n{lines}\n</ul>" if lines else ""


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
