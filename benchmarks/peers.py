"""Compare with other libraries, and write docs/performance.md: ``make bench``.

It takes a few minutes, and needs a machine that does nothing else. The page has ratios only,
because times differ from machine to machine; times in microseconds are printed.
"""

from __future__ import annotations

import os
from statistics import median

from . import codec, deny, growth, page, startup, targets, views
from .outside import NODE_PEERS, node


def report(title: str, lines: list[str]) -> list[str]:
    """Print the lines under a title, and return them."""
    print(f"\n{title}\n", *lines, sep="\n", flush=True)
    return lines


def in_microseconds(times: views.Times) -> list[str]:
    """Return the time that each library adds to a request, for the console."""
    peers = (views.OURS, views.AGAIN, views.FLASK, *NODE_PEERS)
    return [
        f"{view:10} {peer:20} {median(views.added(times, view, peer)) / 1000:7.1f} µs on "
        f"{median(views.bare_of(times, view, peer)) / 1000:.1f}"
        for view in views.VIEWS
        for peer in peers
    ]


def main() -> None:
    """Measure, print, and write the page."""
    load_before = os.getloadavg()[0]
    with node() as in_node:
        versions = in_node.ask("versions")
    ratios = codec.measure()
    sections = {"codec": report("Seal and open", list(codec.rows(ratios)))}
    times = views.measure()
    sections["requests"] = report("Whole requests", list(views.rows(times)))
    report("Added to a request", in_microseconds(times))
    start = startup.measure()
    sections["start"] = report("Start", startup.rows(start))
    judged = targets.targets(ratios, times, start)
    sections["targets"] = report("Targets", list(targets.rows(judged)))
    report("In units", [f"{each.words}: {each.in_units}" for each in judged if each.in_units])
    stores = deny.measure()
    sections["stores"] = report("Stores", deny.rows(stores))
    report("Calls of the stores", deny.per_second(stores))
    sections["growth"] = report("Growth", growth.measure())
    surroundings = page.surroundings(versions, load_before)
    sections["machine"] = report("Machine", [surroundings, "", page.noise(ratios)])
    page.write(sections)


if __name__ == "__main__":
    main()
