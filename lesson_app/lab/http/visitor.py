"""The notebooks' client: a `requests.Session` that records its exchanges."""

from __future__ import annotations

import requests

from .diagram import Diagram, sequence
from .record import Record, Remark

#: How many seconds a request may take: a loaded machine is slow.
PATIENCE = 60


class Visitor(requests.Session):
    """A `requests.Session` with a cookie jar of its own and a record of its exchanges."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a proxy of the network cannot reach this process
        self.record = Record()
        self.hooks["response"].append(self.record.keep)

    def note(self, text: str) -> None:
        """Add a note to the diagrams, such as "three minutes later"."""
        if not isinstance(text, str):
            raise TypeError(f"note() expected a text, got a {type(text).__name__}")
        self.record.remarks.append(Remark(text))

    def diagram(self) -> Diagram:
        """Draw all exchanges of this visitor."""
        return diagram(browser=self)


def diagram(**visitors: Visitor) -> Diagram:
    """Draw the exchanges of one or more visitors, by name: ``diagram(ada=…, thief=…)``."""
    if not visitors:
        raise TypeError(
            "diagram() expected at least one visitor; name each, as in diagram(ada=ada)"
        )
    for name, visitor in visitors.items():
        if not isinstance(visitor, Visitor):
            raise TypeError(
                f"diagram() expected {name} to be a visitor, got a {type(visitor).__name__}; "
                "pass the result of server.browser()"
            )
    return sequence({name: visitor.record.steps for name, visitor in visitors.items()})
