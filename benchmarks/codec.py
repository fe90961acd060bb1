"""What sealing and opening cost, with ours as the measure of all others."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from .contents import CONTENTS, Content
from .measure import Spread, Timer, by_turns, timer
from .outside import NODE_PEERS, ROOT, Outside, node, standard_library
from .sealers import FLOOR, OURS, PEERS, Peer, floor

ROUNDS = 151
ACTS = ("seal", "open")
AGAIN = "ours, a second time"
PLAIN = "ours, standard library"
#: Size, base (`OURS` or `PLAIN`), peer and act, to how many times the base's the peer takes.
Ratios = dict[tuple[str, str, str, str], Spread]
Timers = dict[tuple[str, str], Timer]
_TRY = """
import sys
from lesson_app.javascript import parse, stringify
parse(stringify({}))
sys.exit("orjson" in sys.modules)
"""


def uses_orjson() -> bool:
    """Return whether ours uses orjson where it is installed, and it is."""
    if importlib.util.find_spec("orjson") is None:
        return False
    return subprocess.run([sys.executable, "-c", _TRY], cwd=ROOT, check=False).returncode == 1


def _here(name: str, peer: Peer, content: Content) -> Timers:
    value = peer.seal(content)
    assert peer.open(value) == content, f"{name} does not open what it sealed"
    return {
        (name, "seal"): timer(lambda: peer.seal(content)),
        (name, "open"): timer(lambda: peer.open(value)),
    }


def _bare(content: Content) -> Timers:
    seal, open_it = floor(content)
    value = seal()
    open_it(value)
    return {(FLOOR, "seal"): timer(seal), (FLOOR, "open"): timer(lambda: open_it(value))}


def _there(names: dict[str, str], outside: Outside, content: Content) -> Timers:
    """Return timers for peers of another process: the table's names to that process's."""
    opened = outside.ask("prepare", content=content)
    timers: Timers = {}
    for name, peer in names.items():
        assert opened[peer] == content, f"{name} does not open what it sealed"
        for act in ACTS:
            timers[name, act] = outside.timer(act, peer=peer)
    return timers


def _timers(content: Content, in_node: Outside, plain: Outside | None) -> Timers:
    timers = _bare(content)
    for name, make in (*PEERS.items(), (AGAIN, PEERS[OURS])):
        timers |= _here(name, make(), content)
    timers |= _there({name: name for name in NODE_PEERS}, in_node, content)
    if plain is not None:
        timers |= _there({PLAIN: OURS}, plain, content)
    return timers


def measure(rounds: int = ROUNDS) -> Ratios:
    """Measure all sizes. With orjson in use, both with it and without are bases."""
    ratios: Ratios = {}
    with ExitStack() as stack:
        in_node = stack.enter_context(node())
        plain = stack.enter_context(standard_library()) if uses_orjson() else None
        for size, content in CONTENTS.items():
            times = by_turns(_timers(content, in_node, plain), rounds)
            bases = (OURS,) if plain is None else (PLAIN, OURS)
            for base in bases:
                for (peer, act), these in times.items():
                    if peer != base:
                        spread = Spread.of_ratios(these, times[base, act])
                        ratios[size, base, peer, act] = spread
    return ratios


def standard_base(ratios: Ratios) -> str:
    """Return the base that stands for ours with the standard library's JSON."""
    return PLAIN if any(base == PLAIN for _, base, _, _ in ratios) else OURS


def rows(ratios: Ratios) -> Iterator[str]:
    """Yield the lines of the table, with columns for ours with orjson, if it is used."""
    base = standard_base(ratios)
    bases = [base] if base == OURS else [base, OURS]
    titles = [f"{act}: times {title}" for title in _titles(bases) for act in ACTS]
    yield f"| content | peer | {' | '.join(titles)} |"
    yield "|---|---|" + "--:|" * len(titles)
    peers = list(dict.fromkeys(peer for _, _, peer, _ in ratios if peer not in bases))
    for size in CONTENTS:
        for peer in peers:
            cells = [str(ratios[size, each, peer, act]) for each in bases for act in ACTS]
            yield f"| {size} | {peer} | {' | '.join(cells)} |"


def _titles(bases: list[str]) -> list[str]:
    return ["ours"] if len(bases) == 1 else ["ours", "ours with orjson"]
