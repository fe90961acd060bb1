"""The time of sealing and opening, relative to our codec."""

from __future__ import annotations

from collections.abc import Iterator

from .contents import CONTENTS, Content
from .measure import Spread, Timer, in_turns, timer
from .outside import NODE_PEERS, Outside, node
from .sealers import FLOOR, OURS, PEERS, Peer, floor

ROUNDS = 151
ACTS = ("seal", "open")
AGAIN = "ours, a second time"
#: By size, peer and act: how many times as long as ours the peer takes.
Ratios = dict[tuple[str, str, str], Spread]
Timers = dict[tuple[str, str], Timer]


def _here(name: str, peer: Peer, content: Content) -> Timers:
    value = peer.seal(content)
    assert peer.open(value) == content, f"{name} cannot open its own cookie"
    return {
        (name, "seal"): timer(lambda: peer.seal(content)),
        (name, "open"): timer(lambda: peer.open(value)),
    }


def _bare(content: Content) -> Timers:
    seal, open_it = floor(content)
    value = seal()
    open_it(value)
    return {(FLOOR, "seal"): timer(seal), (FLOOR, "open"): timer(lambda: open_it(value))}


def _there(outside: Outside, content: Content) -> Timers:
    """Return timers for the peers in Node."""
    opened = outside.ask("prepare", content=content)
    timers: Timers = {}
    for peer in NODE_PEERS:
        assert opened[peer] == content, f"{peer} cannot open its own cookie"
        for act in ACTS:
            timers[peer, act] = outside.timer(act, peer=peer)
    return timers


def _timers(content: Content, in_node: Outside) -> Timers:
    timers = _bare(content)
    for name, make in (*PEERS.items(), (AGAIN, PEERS[OURS])):
        timers |= _here(name, make(), content)
    return timers | _there(in_node, content)


def measure(rounds: int = ROUNDS) -> Ratios:
    """Measure all sizes."""
    ratios: Ratios = {}
    with node() as in_node:
        for size, content in CONTENTS.items():
            times = in_turns(_timers(content, in_node), rounds)
            for (peer, act), these in times.items():
                if peer != OURS:
                    ratios[size, peer, act] = Spread.of_ratios(these, times[OURS, act])
    return ratios


def rows(ratios: Ratios) -> Iterator[str]:
    """Yield the lines of the table."""
    titles = [f"{act}: times ours" for act in ACTS]
    yield f"| content | library | {' | '.join(titles)} |"
    yield "|---|---|" + "--:|" * len(titles)
    peers = list(dict.fromkeys(peer for _, peer, _ in ratios))
    for size in CONTENTS:
        for peer in peers:
            cells = [str(ratios[size, peer, act]) for act in ACTS]
            yield f"| {size} | {peer} | {' | '.join(cells)} |"
