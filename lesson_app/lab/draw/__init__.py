"""Draw the hard ideas of the course from the bytes of the experiment.

Each function returns an object that shows a finding and a table: text in a terminal, HTML in a
notebook. What changed is marked with brackets, so it is visible without colour.
"""

from ..views.explore import Visit
from .blocks import blocks, xor
from .chain import cbc
from .grid import Drawing
from .oracle import Oracle
from .picture import PICTURE, pictures
from .ways import around, hops, life

__all__ = [
    "PICTURE",
    "Drawing",
    "Oracle",
    "Visit",
    "around",
    "blocks",
    "cbc",
    "hops",
    "life",
    "pictures",
    "xor",
]
