"""A summary has the telling sentences of a stretch, word for word, and what a model makes is held against it."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.context.summaries import Line, Summary, refusal, summed_up
from app.context.tokens import o200k

COUNT = o200k().count
TOPICS = ("slope", "vertex", "root", "axis", "parabola", "tangent", "secant", "chord", "area", "volume")


def exchange(n: int) -> list[Line]:
    topic = TOPICS[n % len(TOPICS)]
    return [
        Line(f"t{n}", "learner", f"Hi there! I got {n * 7} for the {topic} in task {n}. Thanks so much!"),
        Line(f"t{n}", "tutor", f"Great question! Ada, look at the {topic} again. It is not {n * 7}. Keep it up!"),
    ]


STRETCH = [line for n in range(1, 21) for line in exchange(n)]


@pytest.mark.parametrize("limit", [20, 60, 150, 400])
def test_twenty_exchanges_fit_into_the_tokens_they_may_have_word_for_word(limit: int) -> None:
    summary = summed_up(Summary(), STRETCH, limit, COUNT)
    assert 0 < COUNT(summary.text) <= limit
    assert (summary.since, summary.until, summary.turns) == ("t1", "t20", 20)
    said = {(line.turn_id, line.speaker): line.text for line in STRETCH}
    for line in summary.lines:
        assert line.text in said[line.turn_id, line.speaker]
        assert "Thanks" not in line.text
    places = [int(line.turn_id[1:]) for line in summary.lines]
    assert all(a <= b for a, b in pairwise(places))


def test_a_summary_of_a_summary_keeps_turns_and_words_and_its_size() -> None:
    summary = Summary()
    for n in range(1, 101):
        summary = summed_up(summary, exchange(n), 150, COUNT)
        assert COUNT(summary.text) <= 150
    assert (summary.since, summary.until, summary.turns) == ("t1", "t100", 100)
    for line in summary.lines:
        first, second = exchange(int(line.turn_id[1:]))
        assert line.text in (first.text if line.speaker == "learner" else second.text)
    assert summed_up(summary, [], 150, COUNT) == summary


def test_nothing_said_is_nothing_summed_up() -> None:
    assert summed_up(Summary(), [], 100, COUNT) == Summary()
    assert summed_up(Summary(), [Line("t1", "learner", "Thanks!")], 100, COUNT).lines == ()


SAID = [
    Line("t1", "learner", "Yesterday Ada and I solved 3x + 5 = 20. She got 5."),
    Line("t2", "tutor", "Good. Next, Miguel can check it on Monday."),
]
EXTRACT = summed_up(Summary(), SAID, 200, COUNT)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("They solved 3x + 5 = 20 with Ada: 5. Next, Miguel checks it on Monday.", None),
        ("Ada got five for 3x + 5 = 20; Miguel will check it on Monday, as next step.", None),
        ("Ada got 5. Next, Miguel checks it on Monday.", "loses 20, 3"),
        ("They solved 3x + 5 = 20. Next, Miguel checks it on Monday.", "loses Ada"),
        ("Ada solved 3x + 5 = 20 in 7 minutes. Next, Miguel checks it on Monday.", "adds 7"),
        ("Ada and Bob solved 3x + 5 = 20. Next, Miguel checks it on Monday.", "adds Bob"),
        ("Bob solved 3x + 5 = 20 with Ada. Next, Miguel checks it on Monday.", "adds Bob"),
        ("", "loses 20, 3, 5"),
    ],
)
def test_a_made_summary_is_refused_where_it_loses_or_adds_a_number_or_a_name(made: str, reason: str | None) -> None:
    assert refusal(made, EXTRACT, SAID) == reason


lines = st.lists(
    st.builds(Line, st.sampled_from(["t1", "t2"]), st.sampled_from(["a", "b"]), st.text(max_size=80)), max_size=6
)


@settings(max_examples=150, deadline=None)
@given(lines, lines, st.integers(0, 60))
def test_whatever_was_said_the_limit_holds_and_the_extract_is_never_refused(
    first: list[Line], second: list[Line], limit: int
) -> None:
    before = summed_up(Summary(), first, limit, COUNT)
    summary = summed_up(before, second, limit, COUNT)
    assert COUNT(summary.text) <= limit
    assert set(summary.lines) <= {Line(x.turn_id, x.speaker, p) for x in (*first, *second) for p in _parts(x.text)}
    assert summary.turn_ids == tuple(dict.fromkeys(line.turn_id for line in summary.lines))


def _parts(text: str) -> set[str]:
    return {text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1)}
