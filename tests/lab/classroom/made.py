"""Grades that no notebook was run for, and a reader of the pages made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from lesson_app.lab.classroom.results import Grade, Prediction, Result, Student
from lesson_app.lab.exercises import catalogue

ADA = Student("ada", "Ada Łovelace", {"moodle": "4711", "E-mail": "ada@example.org"})
BOB = Student("bob", "Bob", {"SIS Login ID": "bob1", "ID": "77", "Section": "Blue"})
#: Names that steer a terminal, a page and a spreadsheet.
EVE = Student("eve/../x", "=cmd|'/c calc'!A0 <script>alert(1)</script> \x1b[31m[bold]\u202e")
#: Handed nothing in.
ZOE = Student("zoe", "Zoë")
STUDENTS = (ADA, BOB, EVE, ZOE)


def result(id: str, state: str, misconception: str = "", **fields: object) -> Result:  # noqa: A002
    """Return the result that grading makes of a recorded state."""
    exercise = catalogue()[id]
    message = exercise.misconceptions.get(misconception, "")
    known = {"message": message, "must": exercise.must, **fields}
    return Result(id, exercise.title, state, misconception=misconception, **known)  # type: ignore[arg-type]


def grades() -> list[Grade]:
    """Return grades with every state, a broken file, notes and predictions."""
    return [
        Grade(
            "in/ada-folder/01.ipynb",
            ADA,
            (
                result("E1.1", "passed", hints=1),
                result("E1.2", "not yet", "bytes", note="a later check was: not started"),
                result("E1.5", "passed"),
            ),
            (Prediction("P1.1", "passed"), Prediction("P1.2", "not predicted")),
        ),
        Grade("in/ada-folder/02.ipynb", ADA, problem="could not be graded: not JSON; save it"),
        Grade(
            "in/bob-folder/01.ipynb",
            BOB,
            (
                result("E1.1", "passed"),
                result("E1.2", "not yet", "bytes"),
                result("E1.5", "missing", reason="no cell checks it"),
            ),
            (Prediction("P1.1", "surprised"),),
            notes=tuple(f"note {number}" for number in range(60)),
        ),
        Grade(
            "in/eve\x1b[2J/00.ipynb",
            EVE,
            (
                result("E0.1", "not started"),
                result("E1.2", "not yet", "Eve's \x00 own", message="eve(<script>) got \x1b["),
                Result("E<99>", "[bold]made up", "passed", message="+1"),
            ),
            (Prediction("P1.eve", "passed"),),
            notes=("<script>\x00",),
        ),
    ]


_VOID = ("meta", "br", "col", "img", "link")


@dataclass
class Read(HTMLParser):
    """What a page shows, and what it would load; the page must nest its elements."""

    html: str
    text: str = ""
    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()
        assert self.open == ["html"], "expected every element to be closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.open += [] if tag in _VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self.open[-1:] != ["style"]:
            self.text += data
