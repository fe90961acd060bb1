"""Draw the ways of requests: through the middleware, through time, and between servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..views.explore import Visit
from .grid import Drawing, Mark, counted

_SCALES = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)  # seconds
_LONGEST_LINE = 48
_MOST_VISITS = 12
_DOT = "\N{MIDDLE DOT}"


def around(steps: Iterable[tuple[str, object]]) -> Drawing:
    """Draw the way of a request: each place, and the session's content there.

    A content that differs from the one before is marked.
    """
    rows, changed = list[list[str]](), []
    for number, (place, content) in enumerate(steps, 1):
        text = content if isinstance(content, str) else repr(content)
        moved = bool(rows) and text != rows[-1][2]
        changed += [place] if moved else []
        rows.append([f"{number}", place, Mark(text) if moved else text, "changed" * moved])
    where = ", ".join(changed) or "nowhere"
    finding = f"{counted(len(rows), 'step')}; the content changes at: {where}."
    return Drawing(finding, ["step", "place", "content", ""], rows)


def life(visits: Sequence[Visit]) -> Drawing:
    """Draw a session's life: a line for each visit, from the visit to the expiry."""
    shown = visits[-_MOST_VISITS:]
    start = shown[0].second if shown else 0
    longest = max((max(each.ends, each.second) - start for each in shown), default=0)
    scale = next((each for each in _SCALES if longest / each <= _LONGEST_LINE), _SCALES[-1])
    earlier = len(visits) - len(shown)
    rows = [[f"{earlier} earlier", "", "", ""]] if earlier else []
    last = visits[-len(shown) - 1].ends if earlier else None
    for each in shown:
        at, end = int(each.second - start) // scale, int(each.ends - start) // scale
        response = "Set-Cookie" if each.set_cookie else "no Set-Cookie"
        if each.alive:
            line = f"{_DOT * at}V{'=' * (end - at - 1)}|"
            text = f"expires at +{each.ends:g} s"
            session = Mark(text) if last is not None and each.ends != last else text
        else:
            line = f"{_DOT * end}|{_DOT * (at - end - 1)}V"
            session = Mark(f"expired at +{each.ends:g} s")
        rows.append([f"+{each.second} s", line, response, session])
        last = each.ends
    alive = sum(each.alive for each in visits)
    cookies = sum(each.set_cookie for each in visits if each.alive)
    finding = (
        f"{alive} of {counted(len(visits), 'visit')} found the session alive; "
        f"{cookies} got a Set-Cookie.\n"
        f"V is the visit, | the expiry; each character is {counted(scale, 'second')}. "
        "An expiry that moved is marked."
    )
    return Drawing(finding, ["visit", "life", "response", "the session"], rows)


def hops(
    visits: Sequence[str | None],
    servers: Sequence[str],
    *,
    died: Mapping[str, int] | None = None,
    added: Mapping[str, int] | None = None,
) -> Drawing:
    """Draw a visitor who hops between servers; `visits` names the server that answered each.

    `died` and `added` map a server to the visit before which it died or was added.
    """
    died, added = died or {}, added or {}
    numbers = range(1, len(visits) + 1)
    rows = [
        [name, *(_hop(name, visit, visits, died, added) for visit in numbers)]
        for name in servers
    ]
    answered = [name for name in visits if name is not None]
    findings = [
        f"{len(answered)} of {counted(len(visits), 'visit')} answered, "
        f"by {counted(len(set(answered)), 'server')} of {len(servers)}.",
        *(f"{name} died before visit {visit} (x)." for name, visit in died.items()),
        *(f"{name} was added before visit {visit} (new)." for name, visit in added.items()),
    ]
    return Drawing(" ".join(findings), ["visit", *map(str, numbers)], rows)


def _hop(
    name: str,
    visit: int,
    visits: Sequence[str | None],
    died: Mapping[str, int],
    added: Mapping[str, int],
) -> str:
    if visits[visit - 1] == name:
        return Mark(f"{visit}")
    if visit >= died.get(name, visit + 1):
        return "dead" if visit == died[name] else "x"
    if visit <= added.get(name, 0):
        return "new" if visit == added[name] else ""
    return _DOT
