"""A visitor of the notebooks' servers: `requests` with a record of what it did."""

from __future__ import annotations

import requests

from .diagram import Diagram, sequence
from .record import Record, Remark


class Visitor(requests.Session):
    """A `requests.Session` with a cookie jar of its own, whose exchanges are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a proxy of the network has no way to this process
        self.record = Record()
        self.hooks["response"].append(self.record.keep)

    def note(self, text: str) -> None:
        """Write into the diagrams what no request tells, like "three minutes later"."""
        self.record.remarks.append(Remark(text))

    def diagram(self) -> Diagram:
        """Draw all that this visitor has sent and got."""
        return diagram(browser=self)


def diagram(**visitors: Visitor) -> Diagram:
    """Draw what one or more visitors did, by their names: ``diagram(ada=…, thief=…)``."""
    if not visitors:
        raise TypeError("diagram() was given nobody: name the visitors, as in diagram(ada=ada)")
    return sequence({name: visitor.record.steps for name, visitor in visitors.items()})
