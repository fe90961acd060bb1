"""The documentation's pages: built without a warning, complete, and self-contained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import lesson_app
from lesson_app import lab
from tests.conftest import ROOT
from tests.repository.documentation import Page, Site, in_style, is_elsewhere

pytestmark = pytest.mark.proof

NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
#: The other hosts that the pages link to.
OTHER_HOSTS = {
    "github.com",
    "jupyter-server-proxy.readthedocs.io",
    "keepachangelog.com",
    "mybinder.org",
    "nbgitpuller.readthedocs.io",
    "pradyunsg.me",
    "semver.org",
    "www.sphinx-doc.org",
}


@pytest.fixture
def site(documentation: Site) -> Site:
    return documentation


# The build


def test_no_warning(site: Site) -> None:
    """The command of `make docs` succeeds and prints nothing."""
    assert (site.code, site.said) == (0, "")


def test_nothing_of_this_machine(site: Site) -> None:
    """No file of the site contains a path of this machine."""
    places = [
        f"{ROOT}/{name}".encode() for name in ("docs", "lesson_app", "notebooks", "tests")
    ]
    files = [path for path in site.folder.rglob("*") if path.is_file()]

    assert [p for p in files if any(place in p.read_bytes() for place in places)] == []
    assert files


# Every page


def test_links_work(site: Site) -> None:
    """Every link inside the site leads to an existing file and an existing place in it."""
    # Sphinx links the sources' names to entries that exist under another name.
    pages = [page for page in site.pages.values() if not page.name.startswith("_modules/")]
    links = [(page.name, link) for page in pages for link in page.links]
    inner = [each for each in links if not is_elsewhere(each[1])]

    assert [each for each in inner if site.broken(*each)] == []
    assert len(inner) > 1000


def test_links_to_other_hosts(site: Site) -> None:
    """Links to other hosts go to known hosts, over TLS."""
    links = {link for page in site.pages.values() for link in page.links if is_elsewhere(link)}

    assert {urlsplit(link).netloc for link in links} <= OTHER_HOSTS
    assert {urlsplit(link).scheme for link in links} == {"https"}


def fetched(site: Site) -> Iterator[tuple[str, str]]:
    """Yield the URLs that a browser loads for each page and style sheet."""
    for page in site.pages.values():
        yield from ((page.name, each) for each in page.fetched)
    for path in site.folder.rglob("*.css"):
        name = str(path.relative_to(site.folder))
        yield from ((name, each) for each in in_style(path.read_text("utf-8")))


def test_pages_load_nothing_from_other_hosts(site: Site) -> None:
    """Scripts, styles, pictures and fonts are files of the site."""
    wanted = list(fetched(site))

    assert [each for each in wanted if is_elsewhere(each[1])] == []
    assert [each for each in wanted if site.broken(*each)] == []
    assert len(wanted) > len(site.pages)


def skips_a_level(page: Page) -> bool:
    levels = [level for level, _ in page.headings]
    return any(after > before + 1 for before, after in pairwise(levels))


def test_headings(site: Site) -> None:
    """A page has a language, a title, one first heading, and skips no level."""
    for page in site.pages.values():
        if page.name == "search.html":  # the theme gives it no heading
            continue
        levels = [level for level, _ in page.headings]

        assert page.language == "en", page.name
        assert page.title.strip(), page.name
        assert levels.count(1) == 1, page.name
        assert levels[0] == 1, page.name
        assert not skips_a_level(page), page.name


def test_every_picture_has_a_text(site: Site) -> None:
    """Every picture has an alternative text."""
    pages = site.pages.values()

    assert [(p.name, i["src"]) for p in pages for i in p.images if not i.get("alt")] == []


def test_search_knows_every_page(site: Site) -> None:
    """The search index has every page, including the notebooks."""
    index = (site.folder / "searchindex.js").read_text("utf-8")
    found = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    sources = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/*.rst"), *NOTEBOOKS]

    assert set(found["docnames"]) == {
        "CHANGELOG",
        *(str(path.relative_to(ROOT).with_suffix("")) for path in sources),
    }


# The front page


@pytest.mark.parametrize(
    ("audience", "way"),
    [
        ("If you want to learn", "00_read_someones_cookie.html"),
        ("If you teach", "authoring.html"),
        ("If you need sessions", "api.html"),
    ],
)
def test_front_page(site: Site, audience: str, way: str) -> None:
    """The front page has a section with a link for each kind of reader."""
    front = site.pages["docs/index.html"]
    _, _, section = front.html.partition(f"<h2>{audience}")

    assert f'{way}">' in section.partition("<h2>")[0]


def test_root_leads_to_front_page(site: Site) -> None:
    """The folder's index.html leads to the front page."""
    assert 'content="0; url=docs/index.html"' in site.pages["index.html"].html


# The notebooks


def shown(output: dict[str, Any]) -> str:
    """Return the text that a page shows of an output."""
    if output["output_type"] == "stream":
        return "".join(output["text"])
    data = output["data"]
    if "image/png" in data:
        return ""
    html = "".join(data.get("text/html", ""))
    return Page("output", html).text if html else "".join(data["text/plain"])


def squeezed(text: str) -> str:
    """Return a text without white space and with plain apostrophes."""
    return re.sub(r"\s+", "", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_with_its_outputs(site: Site, path: Path) -> None:
    """A notebook's page has its title, every stored output, and every picture."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    page = site.pages[f"notebooks/{path.stem}.html"]
    text = squeezed(page.text)

    [title] = re.findall(r"^# (.+)", "".join(cells[0]["source"]), re.MULTILINE)
    assert squeezed(page.headings[0][1]).startswith(squeezed(title))
    assert [o for o in outputs if squeezed(shown(o)) not in text] == []
    assert len(page.images) >= sum("image/png" in o.get("data", {}) for o in outputs)
    assert outputs


# The interface


def entries(page: Page, names: list[str], package: str) -> list[str]:
    """Return the names that have no entry of their own."""
    return [
        name
        for name in names
        if not any(
            re.fullmatch(rf"(module-)?{package}(\.[a-z_]+)*\.{name}", i) for i in page.ids
        )
    ]


@pytest.mark.parametrize(
    ("page", "module"), [("docs/api.html", lesson_app), ("docs/api-lab.html", lab)]
)
def test_every_public_name_has_an_entry(site: Site, page: str, module: Any) -> None:
    """Every public name has an entry; a new one needs a line in `docs/api*.rst`."""
    assert entries(site.pages[page], module.__all__, module.__name__) == []
