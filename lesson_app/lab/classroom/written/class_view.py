"""Write the page of the class: what is hard, and why, without any name or path."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...exercises import Exercise
from ...views.markup import STATUS_COLOURS, status
from ..results import STATES, Result, Row
from .page import document, items, paragraph, text
from .tally import MARKS, asked, by_notebook, points, predictions, right_of_made
from .texts import count

Results = Sequence[Mapping[str, Result]]

#: How many exercises the page names first.
_HARDEST = 5
#: Learners' code names the predictions, so a name must be one that a notebook could have.
_PREDICTION = re.compile(r"P(\d)\.\d{1,2}")


def page(found: Sequence[Row]) -> str:
    """Return the page of the class; it has only the course's words, and numbers."""
    exercises = asked(found)
    results = [row.results for row in found]
    handed_in = sum(bool(row.grades) for row in found)
    notebooks = by_notebook(exercises)
    predicted = [predictions(row) for row in found]
    return document(
        "The class",
        paragraph(
            f"{handed_in} of {count(len(found), 'student')} handed something in. "
            "This page names nobody."
        ),
        *_overview(notebooks, results, predicted),
        *_hardest(exercises, results),
        *(
            part
            for number, here in notebooks.items()
            for part in _notebook(number, here, results, predicted)
        ),
    )


def _overview(
    notebooks: Mapping[int, Mapping[str, Exercise]],
    results: Results,
    predicted: Sequence[Mapping[str, str]],
) -> Iterator[str]:
    yield "<h2>Notebooks</h2>"
    yield _heads("notebook", "handed in", "must passed", "may passed", "predicted right")
    for number, here in notebooks.items():
        graded = _graded(results, here)
        right, made, _ = right_of_made(_states(predicted, number))
        cells = [
            str(len(graded)),
            *(
                _share(
                    *map(sum, zip(*(points(r, here, must=must) for r in graded), strict=True))
                )
                for must in (True, False)
            ),
            _share(right, made),
        ]
        link = f'<a href="#notebook-{number}">Notebook {number:02}</a>'
        yield f"<tr>{_row_head(link)}{''.join(map(_number, cells))}</tr>"
    yield "</tbody></table>"


def _hardest(exercises: Mapping[str, Exercise], results: Results) -> Iterator[str]:
    hard = [
        each for each in _hardest_first(exercises, results) if _pass_rate(each, results) < 1
    ]
    if hard:
        yield "<h2>The hardest exercises</h2>"
        yield items(
            f'<a href="#{each}">{each} {text(exercises[each].title)}</a>: '
            f"{_tally(each, results)['passed']} of {_tally(each, results).total()} passed"
            for each in hard[:_HARDEST]
        )


def _notebook(
    number: int,
    here: Mapping[str, Exercise],
    results: Results,
    predicted: Sequence[Mapping[str, str]],
) -> Iterator[str]:
    graded = _graded(results, here)
    yield (
        f'<h2 id="notebook-{number}">Notebook {number:02} '
        f"<small>{len(graded)} of {count(len(results), 'student')} handed it in</small></h2>"
    )
    yield _heads("exercise, the hardest first", *(status(MARKS[each], each) for each in STATES))
    for each in _hardest_first(here, results):
        yield from _exercise(here[each], results)
    yield "</tbody></table>"
    yield from _predictions(_by_prediction(predicted, number))


def _exercise(exercise: Exercise, results: Results) -> Iterator[str]:
    states = _tally(exercise.id, results)
    may = "" if exercise.must else " · may"
    name = f"<b>{exercise.id}</b> {text(exercise.title)}{may}"
    numbers = "".join(_number(str(states[each])) for each in STATES)
    yield f'</tbody><tbody id="{exercise.id}"><tr>{_row_head(name)}{numbers}</tr>'
    why = items(_misconceptions(exercise, results))
    yield f'<tr><td colspan="5" class="found">{_bar(states)}{why}</td></tr>'


def _misconceptions(exercise: Exercise, results: Results) -> Iterator[str]:
    """Yield how many students had each misconception, the most frequent first.

    A learner's code can record any name; only those of the course are shown.
    """
    found = Counter(
        result.misconception if result.misconception in exercise.misconceptions else ""
        for result in (each[exercise.id] for each in results if exercise.id in each)
        if result.state == "not yet"
    )
    others = found.pop("", 0)
    for name, number in found.most_common():
        yield f"{count(number, 'student')}: {text(exercise.misconceptions[name])}"
    if others:
        yield f"{count(others, 'student')}: another error"


def _bar(states: Counter[str]) -> str:
    """Return a bar; screen readers skip it, because its numbers are beside it."""
    parts = "".join(
        f'<span style="flex: {states[each]}; background: {STATUS_COLOURS[MARKS[each]]}"></span>'
        for each in STATES
        if states[each]
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div>'


def _predictions(found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not found:
        return
    yield _heads("prediction", "right", "made", "right of made")
    for each, states in sorted(found.items(), key=lambda pair: _by_number(pair[0])):
        right, made, _ = right_of_made(states)
        cells = (str(right), str(made), _share(right, made))
        yield f"<tr>{_row_head(each)}{''.join(map(_number, cells))}</tr>"
    yield "</tbody></table>"


def _by_prediction(
    predicted: Sequence[Mapping[str, str]], notebook: int
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for student in predicted:
        for each, state in student.items():
            name = _PREDICTION.fullmatch(each)
            if name and int(name[1]) == notebook:
                found.setdefault(each, []).append(state)
    return found


def _states(predicted: Sequence[Mapping[str, str]], notebook: int) -> list[str]:
    return [state for each in _by_prediction(predicted, notebook).values() for state in each]


def _graded(results: Results, here: Mapping[str, Exercise]) -> Results:
    return [each for each in results if here.keys() & each.keys()]


def _tally(id: str, results: Results) -> Counter[str]:  # noqa: A002  # as in check
    return Counter(each[id].state for each in results if id in each)


def _pass_rate(id: str, results: Results) -> float:  # noqa: A002
    states = _tally(id, results)
    return states["passed"] / max(states.total(), 1)


def _hardest_first(exercises: Mapping[str, Exercise], results: Results) -> list[str]:
    return sorted(exercises, key=lambda each: _pass_rate(each, results))


def _by_number(name: str) -> tuple[int, ...]:
    return tuple(map(int, name[1:].split(".")))


def _heads(first: str, *others: str) -> str:
    cells = "".join(f'<th scope="col" class="number">{each}</th>' for each in others)
    return f'<table><thead><tr><th scope="col">{first}</th>{cells}</tr></thead><tbody>'


def _row_head(html: str) -> str:
    return f'<th scope="row">{html}</th>'


def _number(words: str) -> str:
    return f'<td class="number">{words}</td>'


def _share(part: int, all_: int) -> str:
    return f"{part / all_:.0%}" if all_ else "none"
