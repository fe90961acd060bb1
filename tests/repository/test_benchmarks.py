"""The benchmarks measure what docs/performance.md says, in the way that it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from benchmarks import codec, deny, growth, page, plots, startup, targets, views
from benchmarks.codec import AGAIN
from benchmarks.contents import CONTENTS
from benchmarks.curves import Growth
from benchmarks.measure import Spread, in_turns
from benchmarks.outside import NODE_PEERS, Outside, node
from benchmarks.sealers import FLOOR, OURS, PEERS, floor
from lesson_app.app import USER
from tests.conftest import ROOT
from tests.express.peer import require_node

TEXT = page.PAGE.read_text()
NAMES = [*PEERS, FLOOR, *NODE_PEERS]
CONTENT: dict[str, Any] = {**CONTENTS["1 KB"], "float": 1.5, "none": None, "text": "é€😀"}
SPREAD = Spread(1.5, 1.25, 1.75)


def cells(name: str) -> list[list[str]]:
    """Return the cells of each line of a section's table, without its head."""
    lines = [line for line in page.section(name, TEXT).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1:]]


@pytest.fixture(scope="module")
def in_node() -> Iterator[Outside]:
    require_node()
    with node() as outside:
        yield outside


# The libraries


@pytest.mark.parametrize("name", PEERS)
def test_peer_opens_what_it_seals(name: str) -> None:
    """Each library in Python opens its own cookie."""
    peer = PEERS[name]()

    assert peer.open(peer.seal(CONTENT)) == CONTENT


def test_node_peers_open_what_they_seal(in_node: Outside) -> None:
    """So does each library in Node."""
    assert in_node.ask("prepare", content=CONTENT) == dict.fromkeys(NODE_PEERS, CONTENT)


def test_node_apps_read_and_write(in_node: Outside) -> None:
    """Each app in Node reads the logged-in user, and sets its cookies for a change."""
    answers = in_node.ask("log in")

    lines = {"client-sessions": 1, "cookie-session": 2, "iron-session": 1}
    assert answers == {peer: [USER, number] for peer, number in lines.items()}


@pytest.mark.parametrize("kind", [views.NONE, views.FLASK, views.OURS])
def test_flask_apps_read_and_write(kind: str) -> None:
    """So does each app in Python, except the one without sessions."""
    sent = views.environ(views.make_app(kind))

    assert sent["HTTP_COOKIE"].startswith("session=")


def test_floor_is_real() -> None:
    """The floor decrypts its own results, and no two results are equal."""
    seal, open_it = floor(CONTENTS["login"])

    first, second = seal(), seal()

    assert first != second
    assert open_it(second) == open_it(first) == bytes(80)  # 75 bytes of text, padded


def test_floor_verifies() -> None:
    """The floor refuses a changed result."""
    seal, open_it = floor(CONTENTS["login"])
    sealed = seal()

    with pytest.raises(AssertionError):
        open_it(sealed[:-1] + bytes([sealed[-1] ^ 1]))


@pytest.mark.parametrize("name", NAMES)
def test_page_says_what_each_peer_is(name: str) -> None:
    """The page describes every library that is measured."""
    assert name == OURS or re.search(rf"^- \*{re.escape(name)}\*", TEXT, re.MULTILINE)


def test_page_describes_no_other_library() -> None:
    """Every library that the page describes is measured."""
    assert set(re.findall(r"^- \*([^*]+)\*", TEXT, re.MULTILINE)) <= set(NAMES)


# The measuring


def test_by_turns() -> None:
    """Each timer is called once a round, in a changing order."""
    order: list[str] = []

    def timer(name: str, calls: int) -> float:
        order.append(name)
        return 1.0

    times = in_turns({name: partial(timer, name) for name in "ab"}, 16, turn=2, warm_up=2)

    assert times == {"a": [1.0] * 16, "b": [1.0] * 16}
    rounds = ["".join(order[-2 * n :][:2]) for n in range(1, 17)]
    assert set(rounds) == {"ab", "ba"}


def test_no_minus_zero() -> None:
    """A small negative ratio is shown as 0.00."""
    assert str(Spread(-0.001, -0.004, 0.001)) == "0.00 (0.00 to 0.00)"


def test_spread() -> None:
    """The ratios are taken round by round; the middle half follows the median."""
    assert str(Spread.of_ratios([2.0, 4.0, 6.0], [2.0, 2.0, 2.0])) == "2.00 (1.00 to 3.00)"


@pytest.mark.parametrize(("line", "worse"), [([1, 2, 4], False), ([1, 4, 16], True)])
def test_worse_than_linear(line: list[float], worse: bool) -> None:
    """The finding names a line that grows faster than linearly."""
    grown = Growth("X", "things", [1, 2, 4], {"line": line}, {"m": [1, 1, 1]}, words="So.")

    assert grown.say() == (
        "So. Worse than linear: line." if worse else "So. Nothing is worse than linear."
    )


@pytest.mark.parametrize(("first", "verdict"), [(2.0, "not met"), (50.0, "met")])
def test_targets_are_judged(first: float, verdict: str) -> None:
    """A target is met or not, by the median."""
    ratios = {
        (size, peer, act): Spread(first, first, first)
        for size in CONTENTS
        for peer in NAMES
        for act in codec.ACTS
    }

    judged = [each for each in targets._codec(ratios) if "Flask" in each.words]

    assert [each.met for each in judged] == [verdict == "met"] * 2


def test_columns() -> None:
    """The table has a line for each size and library, with both acts."""
    ratios = {(size, "Flask", act): SPREAD for size in CONTENTS for act in codec.ACTS}

    head, _, *lines = codec.rows(ratios)

    assert head.count("times ours") == 2
    assert lines == [f"| {size} | Flask | {SPREAD} | {SPREAD} |" for size in CONTENTS]


# The page


def test_codec_rows_are_complete() -> None:
    """Every size has a row for each library and for our second measurement."""
    rows = cells("codec")

    peers = {*NAMES, AGAIN} - {OURS}
    assert sorted((row[0], row[1]) for row in rows) == sorted(
        (size, peer) for size in CONTENTS for peer in peers
    )
    assert all(
        re.fullmatch(r"\d+\.\d\d \(.* to .*\)", cell) for row in rows for cell in row[2:]
    )


def test_request_rows_are_complete() -> None:
    """Every view has a row for each library."""
    peers = {views.OURS, views.AGAIN, views.FLASK, *NODE_PEERS}

    assert sorted((row[0], row[1]) for row in cells("requests")) == sorted(
        (view, peer) for view in views.VIEWS for peer in peers
    )


def test_target_rows_are_complete() -> None:
    """Every target is on the page."""
    rows = cells("targets")

    assert len(rows) == 2 * len(targets.FASTER) + len(targets.OF_FLASKS) + 4
    assert {row[2] for row in rows} <= {"met", "**not met**"}


def test_store_rows_are_complete() -> None:
    """The page has a row for each store; the first is what the others are compared with."""
    given = deny.rows({(store, act): [1.0, 2.0] for store in deny.STORES for act in deny.ACTS})

    assert [row[0] for row in cells("stores")] == list(deny.STORES)
    assert [line.split(" | ")[0] for line in given[2:]] == [f"| {s}" for s in deny.STORES]
    assert cells("stores")[0][1:] == ["1", "1"]


def test_start_rows_are_complete() -> None:
    """The page has the rows of the start."""
    given = startup.rows(startup.Start(SPREAD, SPREAD, 1, 1, SPREAD, SPREAD))[2:]

    assert [row[0] for row in cells("start")] == [line.split(" | ")[0][2:] for line in given]


def test_page_has_noise_and_versions() -> None:
    """The page gives the noise of the machine, and the versions."""
    machine = page.section("machine", TEXT)
    installed = json.loads(
        (ROOT / "tests" / "express" / "node" / "package-lock.json").read_text()
    )["packages"]

    assert "a second measurement" in machine
    assert "load average" in machine
    for name in NODE_PEERS:
        assert f"{name} {installed[f'node_modules/{name}']['version']}" in machine


def test_no_absolute_time() -> None:
    """The page has no time in seconds or parts of one."""
    assert not re.search(r"\d\s*(?:ns|µs|us|ms|s|seconds|milli\w+|micro\w+)\b", TEXT)


def test_growth_is_on_the_page() -> None:
    """The page shows the picture with a text for it, and a judged finding for each panel."""
    text = page.section("growth", TEXT)

    assert re.search(rf"^!\[.{{200,}}\]\({plots.FILE.name}\)$", text, re.MULTILINE)
    assert plots.FILE.parent == page.PAGE.parent
    findings = re.findall(
        r"^- .*(?:is worse than linear|Worse than linear: .*)\.$", text, re.MULTILINE
    )
    assert len(findings) == len(growth.ALL)


# The picture


@pytest.fixture
def grown() -> Growth:
    return Growth(
        "X", "things", [0, 10, 1000], {"t": [1, 1, 2]}, {"m": [0, 3, 300]}, words="So."
    )


def test_picture_repeats(grown: Growth) -> None:
    """The same figures make the same file."""
    assert plots.picture([grown] * 4) == plots.picture([grown] * 4)


def test_picture_is_small_and_clean() -> None:
    """The picture is small, has an opaque ground and labels, and neither date nor path."""
    svg = plots.FILE.read_text()

    assert len(svg) < 60_000
    assert f"fill: {plots.CARD}" in svg
    assert "multiples of the first point" in svg
    assert not re.search(r"<dc:date>|<dc:creator>|/(?:home|root|work|Users|tmp)/", svg)


def test_alternative_text(grown: Growth) -> None:
    """The text instead of the picture has the end of each line."""
    assert plots.alt([grown]).endswith(" From 0 to 1,000 things: t 2.0.")
