"""Draw bytes as a picture: a tile for each block, where equal blocks have equal tiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from string import ascii_uppercase

from .grid import BLOCK, counted, paragraph, split

_CAT = """\
................
..#..........#..
..##........##..
..#o#......#o#..
..#oo######oo#..
..#oooooooooo#..
..#oo##oo##oo#..
..#oo##oo##oo#..
..#oooooooooo#..
..#oooo##oooo#..
..##ooo##ooo##..
...##########...
................
"""
_WIDTH = len(_CAT.partition("\n")[0])
#: A cat of 13 rows of 16 tiles. Each tile is a block of 16 equal bytes.
PICTURE = b"".join(bytes([ord(tile)]) * BLOCK for tile in _CAT if tile != "\n")

# The tiles of repeated blocks, in the order of their first appearance.
_SHADES = "\N{MIDDLE DOT}\N{FULL BLOCK}\N{MEDIUM SHADE}\N{LIGHT SHADE}"
_TILES = [2 * character for character in _SHADES + ascii_uppercase]
_LEGEND = (
    "Each tile of two characters is a block of 16 bytes. "
    "A block that occurs again gets the same tile; one that occurs once shows its first byte."
)
# Black on white, also in a dark theme, so that the tiles look the same in both.
_PRE = (
    "background-color: #ffffff; color: #111111; font-family: monospace; "
    "font-size: 12px; line-height: 1; padding: 4px; display: inline-block"
)


class Pictures:
    """One or several named pictures: what their blocks show, and their tiles."""

    def __init__(self, data: Mapping[str, bytes], width: int) -> None:
        self.data, self.width = dict(data), width

    def __repr__(self) -> str:
        pictures = [f"{self._finding(name)}\n{self._drawn(name)}" for name in self.data]
        return "\n\n".join([*pictures, _LEGEND])

    def _repr_html_(self) -> str:
        cells = "".join(
            '<td style="text-align: left; vertical-align: top">'
            f'{paragraph(self._finding(name))}<pre style="{_PRE}">{escape(self._drawn(name))}'
            "</pre></td>"
            for name in self.data
        )
        return f"<table><tr>{cells}</tr></table>{paragraph(_LEGEND)}"

    def _finding(self, name: str) -> str:
        blocks = split(self.data[name])
        different = len(set(blocks))
        if different == len(blocks):
            return f"{name}: {counted(different, 'block')}, all different: no shape"
        seen = f"{counted(len(blocks), 'block')}, {different} different: the shape shows"
        first = next(iter(self.data))
        shape = _tiles(self.data[first])
        same = name != first and _tiles(self.data[name])[: len(shape)] == shape
        return f"{name}: {seen}{f', the same as in {first}' if same else ''}"

    def _drawn(self, name: str) -> str:
        tiles = _tiles(self.data[name])
        rows = (tiles[i : i + self.width] for i in range(0, len(tiles), self.width))
        return "\n".join("".join(row) for row in rows)


def pictures(data: Mapping[str, bytes], width: int = _WIDTH) -> Pictures:
    """Draw several pictures side by side, with their names."""
    return Pictures(data, width)


def _tiles(data: bytes) -> list[str]:
    blocks = split(data)
    repeated = [block for block, count in Counter(blocks).items() if count > 1]
    names = {
        block: _TILES[i] if i < len(_TILES) else f"{i:02}" for i, block in enumerate(repeated)
    }
    return [names.get(block, f"{block[0]:02x}") for block in blocks]
