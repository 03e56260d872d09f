"""Chances of recall that a person finds sensible, from the first answer on and whatever the history."""

import json
import random
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.learner.memory.cards import DAY, RETENTION, SITTING, Rating, known
from app.learner.memory.memory import Memory, Review
from app.learner.memory.plan import Wishes, worth
from app.learner.memory.platt import Line

NOW = 1_790_000_000.0
HOUR = 3_600.0
LATER = (0.0, 1.0, 60.0, 599.0, 600.0, HOUR, 0.5 * DAY, DAY - 1, DAY, DAY + 1, 2 * DAY, 30 * DAY, 3_000 * DAY)

# A rating, the seconds since the one before, the card, whether it is evidence.
HISTORY = st.lists(
    st.tuples(
        st.sampled_from(Rating),
        st.sampled_from((0.0, 1.0, 30.0, 599.0, 601.0, HOUR, 0.9 * DAY, DAY, 3 * DAY, 90 * DAY, 20_000 * DAY, -DAY)),
        st.integers(0, 3),
        st.sampled_from((True, True, True, False)),
    ),
    max_size=40,
)
LINES = st.tuples(st.floats(-3, 3), st.floats(0.2, 3))


def taught(*ratings: Rating, apart: float = 5.0) -> Memory:
    memory = Memory()
    for n, rating in enumerate(ratings):
        memory.review(Review("a", rating, NOW + n * apart))
    return memory


def chance(memory: Memory, after: float) -> float:
    card = memory.cards["a"]
    return memory.view().recall(card, card.last_at + after)


def lived(history: list[tuple[Rating, float, int, bool]]) -> Memory:
    memory, at = Memory(), NOW
    for rating, seconds, card, evidence in history:
        at += seconds
        memory.review(Review(f"c{card}", rating, at, evidence))
    return memory


def test_what_was_right_once_is_likely_known_and_fades_slowly() -> None:
    memory = taught(Rating.GOOD)
    assert 0.9 < chance(memory, 0.0) < 1.0
    assert 0.85 < chance(memory, DAY) < chance(memory, HOUR)
    assert chance(memory, 7 * DAY) > 0.7


def test_what_was_wrong_twice_at_once_is_hardly_known_but_not_hopeless() -> None:
    memory = taught(Rating.AGAIN, Rating.AGAIN, apart=0.0)
    assert 0.2 < chance(memory, HOUR) < 0.4
    assert chance(memory, 7 * DAY) > 0.05
    assert chance(taught(Rating.AGAIN), HOUR) > chance(memory, HOUR)


def test_before_anything_was_learned_of_a_learner_chances_are_those_of_the_card() -> None:
    memory = taught(Rating.GOOD)
    card = memory.cards["a"]
    for after in LATER:
        told = memory.view().recall(card, card.last_at + after)
        assert abs(told - known(card, card.last_at + after)) < 1e-6


def test_answers_of_one_sitting_count_less_and_less() -> None:
    massed, spaced = taught(*[Rating.AGAIN] * 8), taught(*[Rating.AGAIN] * 8, apart=2 * DAY)
    assert massed.cards["a"].stability > 3 * spaced.cards["a"].stability
    assert massed.cards["a"].reviews < 3
    assert chance(massed, HOUR) > chance(spaced, HOUR)
    crammed, learned = taught(*[Rating.GOOD] * 8), taught(*[Rating.GOOD] * 8, apart=2 * DAY)
    assert chance(crammed, 30 * DAY) < chance(learned, 30 * DAY)


def test_who_gets_there_in_a_sitting_knows_more_than_who_does_not() -> None:
    there = taught(Rating.AGAIN, Rating.AGAIN, Rating.GOOD, Rating.GOOD, Rating.GOOD)
    not_there = taught(Rating.GOOD, Rating.GOOD, Rating.AGAIN, Rating.AGAIN, Rating.AGAIN)
    assert 0.4 < chance(there, HOUR) < chance(taught(Rating.GOOD), HOUR)
    assert chance(not_there, HOUR) < chance(there, HOUR)


@settings(max_examples=150, deadline=None)
@given(history=HISTORY, by=LINES)
def test_chances_never_rise_by_waiting_and_agree_with_the_due_date(
    history: list[tuple[Rating, float, int, bool]], by: Line
) -> None:
    memory = lived(history)
    view = memory.view(by)
    for card in memory.cards.values():
        said = [view.recall(card, card.last_at + after) for after in LATER]
        assert all(0.0 < one < 1.0 for one in said)
        assert all(one >= other - 1e-12 for one, other in pairwise(said))
        due = view.due_at(card)
        assert due >= card.last_at + SITTING
        if due > card.last_at + SITTING + 1:
            assert view.recall(card, due - 1 - (due - card.last_at) * 1e-4) > RETENTION - 1e-6
        assert view.recall(card, due + 1) <= RETENTION + 1e-4 or due >= card.last_at + 36_499 * DAY
        assert view.is_due(card, due + (due - card.last_at) * 1e-4 + 1) or due >= card.last_at + 36_499 * DAY


@settings(max_examples=150, deadline=None)
@given(history=HISTORY, rating=st.sampled_from(Rating), wait=st.sampled_from(LATER), by=LINES)
def test_an_hour_on_a_right_answer_never_lowered_a_chance_nor_a_wrong_one_raised_it(
    history: list[tuple[Rating, float, int, bool]], rating: Rating, wait: float, by: Line
) -> None:
    memory = lived([*history, (Rating.GOOD, 0.0, 0, True)])
    at = max(card.last_at for card in memory.cards.values()) + wait
    before = memory.view(by).recall(memory.cards["c0"], at + HOUR)
    memory.review(Review("c0", rating, at))
    after = memory.view(by).recall(memory.cards["c0"], at + HOUR)
    if rating > Rating.AGAIN:
        assert after >= before - 1e-3
    else:
        assert after <= before + 1e-3


@settings(max_examples=100, deadline=None)
@given(history=HISTORY, wait=st.sampled_from(LATER), exam=st.none() | st.integers(0, 90))
def test_what_a_review_adds_is_a_share_that_is_never_negative(
    history: list[tuple[Rating, float, int, bool]], wait: float, exam: int | None
) -> None:
    for card in lived(history).cards.values():
        at = card.last_at + wait
        asked = Wishes(exam=None if exam is None else Wishes().day(at) + timedelta(exam))
        assert 0.0 <= worth(card, at, asked) <= 1.0


def test_what_is_due_gains_more_by_a_review_than_what_is_not() -> None:
    memory = taught(Rating.GOOD)
    card = memory.cards["a"]
    fresh, due = (worth(card, card.last_at + after, Wishes()) for after in (HOUR, 3 * DAY))
    assert 0.0 < fresh < due < 0.5


def test_one_answer_moves_the_chance_of_another_skill_by_little() -> None:
    memory = Memory()
    for name in ("a", "b"):
        memory.review(Review(name, Rating.GOOD, NOW))
    before = memory.view().recall(memory.cards["b"], NOW + DAY)
    memory.review(Review("a", Rating.AGAIN, NOW + HOUR))
    assert abs(memory.view().recall(memory.cards["b"], NOW + DAY) - before) < 0.1


def test_hostile_times_do_no_harm() -> None:
    chances, memory = random.Random(4), Memory()
    for _ in range(300):
        at = chances.choice((0.0, NOW, -NOW, 1e10, 1.0, NOW + 1e-6, 2.5e11))
        memory.review(Review("a", Rating(chances.randint(1, 4)), at))
        memory = Memory.of(json.loads(json.dumps(memory.kept())))
        view, card = memory.view(), memory.cards["a"]
        assert all(0.0 < view.recall(card, when) < 1.0 for when in (-1e12, 0.0, NOW, 1e12, 1e300))
        assert view.due_at(card) < 1e12


def test_a_view_does_not_change_with_what_is_learned_later() -> None:
    memory = taught(Rating.GOOD)
    card, view = memory.cards["a"], memory.view()
    before = view.recall(card, NOW + DAY)
    memory.review(Review("a", Rating.AGAIN, NOW + 2 * DAY))
    assert view.recall(card, NOW + DAY) == before
    assert memory.view() != view
