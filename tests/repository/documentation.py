"""Build the documentation's pages as `make docs` does, and read them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from tests.conftest import ROOT

#: Elements without an end tag.
_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr",
}  # fmt: skip
#: The attributes whose URL a browser loads without a click.
_FETCHED = {
    ("audio", "src"), ("embed", "src"), ("iframe", "src"), ("image", "href"), ("img", "src"),
    ("img", "srcset"), ("input", "src"), ("link", "href"), ("object", "data"),
    ("script", "src"), ("source", "src"), ("source", "srcset"), ("track", "src"),
    ("use", "href"), ("video", "poster"), ("video", "src"),
}  # fmt: skip
_IN_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


@dataclass
class Page(HTMLParser):
    """The facts of one page that the tests need; `name` is its path on the site."""

    name: str
    html: str
    language: str = ""
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    title: str = ""
    text: str = ""
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record an element's id, links and resources."""
        values = {name: value or "" for name, value in attrs}
        self._open += [] if tag in _VOID else [tag]
        self.ids |= {values["id"]} if "id" in values else set()
        self.language = values.get("lang", "") if tag == "html" else self.language
        self.links += [values["href"]] if tag == "a" and "href" in values else []
        self.fetched += [v for name, v in values.items() if (tag, name) in _FETCHED]
        self.fetched += in_style(values.get("style", ""))
        self.images += [values] if tag == "img" else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and the unclosed elements in it."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Record a text by the element around it."""
        if "style" in self._open:
            self.fetched += in_style(data)
        elif "title" in self._open and "svg" not in self._open:
            self.title += data
        elif "script" not in self._open:
            self.text += data
        if self.headings and any(re.fullmatch("h[1-6]", tag) for tag in self._open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)


def in_style(css: str) -> list[str]:
    """Return the URLs that a style loads, without data URLs."""
    found = (url or imported for url, imported in _IN_STYLE.findall(css))
    return [each for each in found if not each.startswith("data:")]


@dataclass(frozen=True)
class Site:
    """The built pages by path, with the exit status and output of the build."""

    folder: Path
    code: int
    said: str

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Every page, by its path from the site's root."""
        files = {
            str(path.relative_to(self.folder)): path for path in self.folder.rglob("*.html")
        }
        return {name: Page(name, path.read_text("utf-8")) for name, path in files.items()}

    def broken(self, source: str, target: str) -> bool:
        """Whether a relative URL leads to no file, or to no place in it."""
        if target.startswith("/"):
            return True  # the site may be in any folder of a host
        parts = urlsplit(urljoin(source, target))
        path = unquote(parts.path)
        if not (self.folder / path).is_file():
            return True
        return bool(parts.fragment) and unquote(parts.fragment) not in self.pages[path].ids


def command(folder: Path) -> list[str]:
    """Return the command of `make docs`, for another folder."""
    makefile = (ROOT / "Makefile").read_text()
    [recipe] = re.findall(
        r"^\t\$\(BIN\)/python (-m sphinx (?:.*\\\n)*.*)", makefile, re.MULTILINE
    )
    words = shlex.split(recipe.replace("\\\n", " "))
    return [sys.executable, *(word.replace("artefacts", str(folder)) for word in words)]


def build(folder: Path) -> None:
    """Build all pages under a folder, in a process of its own."""
    result = subprocess.run(command(folder), cwd=ROOT, capture_output=True, text=True)
    end = {"code": result.returncode, "said": result.stdout + result.stderr}
    (folder / "end.new").write_text(json.dumps(end))
    (folder / "end.new").rename(
        folder / "end"
    )  # in one step, so that no reader sees half of it


def built(folder: Path) -> Site | None:
    """Return the site that `build` has built under a folder; None while it runs."""
    end = folder / "end"
    return Site(folder / "docs", **json.loads(end.read_text())) if end.exists() else None


def is_elsewhere(address: str) -> bool:
    """Whether a URL is on another host."""
    return bool(urlsplit(address).netloc)
