"""Each student gets a page, and the class gets one that names nobody."""

from __future__ import annotations

import re

import pytest

from lesson_app.lab.classroom.results import Grade, Row, Student, rows
from lesson_app.lab.classroom.written import class_view, feedback
from lesson_app.lab.classroom.written.tally import asked
from lesson_app.lab.exercises import catalogue
from tests.lab.classroom.made import ADA, BOB, EVE, STUDENTS, ZOE, Read, grades, result

FOUND = rows(grades(), STUDENTS)


def page_of(student: Student) -> Read:
    [row] = [each for each in FOUND if each.student == student]
    return Read(feedback.page(row, asked(FOUND)))


CLASS = Read(class_view.page(FOUND))


@pytest.mark.parametrize("page", [*map(page_of, STUDENTS), CLASS])
def test_a_page_needs_nothing_else(page: Read) -> None:
    """A page loads nothing, runs nothing, and its links lead to itself."""
    links = [value for name, value in page.attributes if name in ("href", "src")]
    ids = [value for name, value in page.attributes if name == "id"]

    assert not page.tags & {"script", "img", "link", "iframe", "bold"}
    assert all(link[0] == "#" and link[1:] in ids for link in links)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "default-src 'none'; style-src 'unsafe-inline'" in dict(page.attributes)["content"]
    assert ("lang", "en") in page.attributes
    assert "color-scheme: light dark" in page.html
    assert len(ids) == len(set(ids))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", page.html)


def test_a_student_sees_what_to_do() -> None:
    """The page has states in words, sentences, hints, predictions, and the broken file."""
    text = page_of(ADA).text

    assert "must: 1 of 3 passed · may: 1 of 1 passed" in text
    assert "Next: hand in notebook 00." in text
    assert "02.ipynb: could not be graded: not JSON; save it" in text
    assert re.search(r"✓ passed\s+E1.1 cookie_pair1 hint used", text)
    assert re.search(r"✗ not yet\s+E1.2 encodethis is bytes, b'…'; a header", text)
    assert "Note: a later check was: not started" in text
    assert "cookie_header · may" in text
    assert "Predictions: 1 of 2 made, 1 right" in text
    assert re.search(r"Not handed in\s+notebook 00", text)
    missing = r"! missing\s+E1.5 cookie_header · mayno cell checks it"
    assert re.search(missing, page_of(BOB).text)
    assert re.search(r"○ not started\s+E0.1", page_of(EVE).text)
    assert "eve(<script>) got [" in page_of(EVE).text
    assert "Hand in your notebooks" in page_of(ZOE).text


def test_a_page_has_nothing_of_others() -> None:
    """No page names another student, or a folder on the instructor's computer."""
    words = {ADA: "Ada", BOB: "Bob", EVE: "cmd", ZOE: "Zoë"}
    for student in STUDENTS:
        html = page_of(student).html
        assert [name for owner, name in words.items() if name in html] == [words[student]]
        assert "-folder" not in html


def test_notes_are_bounded() -> None:
    """A notebook with many notes makes a page that can be read."""
    text = page_of(BOB).text

    assert "note 49" in text
    assert "note 50" not in text
    assert "… and 10 more" in text


def test_the_next_step() -> None:
    """The page names the first exercise that is left, first of those that must be solved."""

    def step(*states: str) -> str:
        ids = ["E0.1", "E0.2", "E1.1"]
        results = tuple(result(*each) for each in zip(ids, states, strict=False))
        row = Row(BOB, (Grade("x", BOB, results),))
        ours = {each: catalogue()[each] for each in ids}
        [found] = re.findall('class="next">(.*)</p>', feedback.page(row, ours))
        return Read(f"<html><p>{found}</p>").text

    assert step("passed", "not yet", "not yet").startswith("Next: E1.1 cookie_pair (not yet).")
    assert step("missing", "passed", "passed").startswith("Next: E0.1 the message (missing).")
    assert step("passed", "not started") == "Next: hand in notebook 01."
    assert step("passed", "not started", "passed").startswith(
        "All that you must do has passed. If you like, go on. Next: E0.2"
    )
    assert step("passed", "passed", "passed").startswith("All exercises passed.")


def test_the_class_has_no_names() -> None:
    """The page has no name, key, path or text that a learner chose, nor a made-up exercise."""
    names = ("Ada", "ada-", "Bob", "bob", "cmd", "Zoë", "eve/", ".ipynb")
    texts = ("E&lt;99", "made up", "note 1", "Eve&#x27;s", "got [", "P1.eve")
    assert not [word for word in (*names, *texts) if word in CLASS.html]


def test_the_class_in_numbers() -> None:
    """The page counts states, misconceptions and predictions; the hardest exercise is first."""
    text = " ".join(re.sub(r"\s+", " ", CLASS.text).split())
    sentence = catalogue()["E1.2"].misconceptions["bytes"]

    assert "3 of 4 students handed something in" in text
    assert f"2 students: {sentence}" in text
    assert "1 student: another error" in text
    assert "E1.2 encode: 0 of 3 passed" in text
    order = re.findall(r'<tbody id="(E1[^"]+)"', CLASS.html)
    assert order == ["E1.2", "E1.5", "E1.1"]
    assert numbers("E1.2") == [0, 3, 0, 0]
    assert numbers("E1.5") == [1, 0, 0, 1]
    assert re.search(
        r'P1\.1</th><td class="number">1</td><td class="number">2</td><td class="number">50%',
        CLASS.html,
    )


def numbers(id: str) -> list[int]:  # noqa: A002
    """Return the numbers in an exercise's line."""
    [line] = re.findall(rf'<tbody id="{re.escape(id)}">(.*)</tr>', CLASS.html)
    return [int(each) for each in re.findall(r'class="number">(\d+)<', line)]


def test_an_empty_class() -> None:
    """Pages can be made before anyone has handed in anything."""
    assert "0 of 1 student handed something in" in Read(class_view.page(rows([], [ZOE]))).text
    assert "Feedback for Zoë" in Read(feedback.page(rows([], [ZOE])[0], {})).text
