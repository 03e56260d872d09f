"""What is recalled, when: within the day and after many, for a learner like others and for one who is not."""

import json
import random
from datetime import UTC, datetime, timedelta

import fsrs
import pytest

from app.learner.memory.cards import DAY, SITTING, Rating, after, first, retrievability
from app.learner.memory.memory import Memory, Review
from app.learner.memory.platt import IDENTITY, bin_of, calibrated, line
from app.learner.memory.rating import Pace
from app.vocabulary import Answer

NOW = 1_790_000_000.0


def test_a_card_is_what_py_fsrs_makes_of_its_reviews() -> None:
    scheduler, moment = fsrs.Scheduler(enable_fuzzing=False), datetime.fromtimestamp(NOW, UTC)
    theirs, chance = fsrs.Card(card_id=1, due=moment), random.Random(1)
    theirs, _ = scheduler.review_card(theirs, fsrs.Rating.Good, moment)
    ours = first(Rating.GOOD, NOW)
    for _ in range(50):
        seconds = chance.choice((600, 90_000, 3_000_000))
        moment += timedelta(seconds=seconds)
        # Of what was right with help within the day FSRS thinks less than before; here no right answer takes anything.
        rating = chance.choice((1, 3, 4)) if seconds == 600 else chance.randint(1, 4)
        theirs, _ = scheduler.review_card(theirs, fsrs.Rating(rating), moment)
        ours = after(ours, Rating(rating), moment.timestamp())
        assert (ours.stability, ours.difficulty) == pytest.approx((theirs.stability, theirs.difficulty))
        later = moment + timedelta(days=7)
        assert retrievability(ours, later.timestamp()) == pytest.approx(
            scheduler.get_card_retrievability(theirs, later), abs=1e-9
        )


def test_a_card_reviewed_twelve_hours_ago_is_not_certain() -> None:
    card = first(Rating.HARD, NOW)
    hours = [retrievability(card, NOW + hour * 3_600) for hour in (0, 6, 12, 18, 24)]
    assert hours[0] == 1.0
    assert hours == sorted(hours, reverse=True)
    assert hours[2] < 0.97
    memory = Memory()
    memory.review(Review("a", Rating.HARD, NOW))
    assert 0.6 < memory.view().recall(memory.cards["a"], NOW + DAY / 2) < 0.95


def test_a_learner_who_forgets_more_than_others_is_foretold_so() -> None:
    chance = random.Random(2)
    memory, at = Memory(), NOW
    said = []
    for _ in range(40):
        at += 2 * DAY
        for card in range(20):
            foretold = memory.review(Review(f"c{card}", Rating(chance.choice((1, 3))), at))
            if foretold is not None:
                said.append(foretold)
    assert sum(said[-200:]) / 200 == pytest.approx(0.5, abs=0.1)


def test_what_was_shown_is_reviewed_but_teaches_nothing_of_recall() -> None:
    one, other = Memory(), Memory()
    for memory in (one, other):
        memory.review(Review("a", Rating.GOOD, NOW))
    before = one.kept()["long"], one.kept()["short"], one.late
    one.review(Review("a", Rating.AGAIN, NOW + 3 * DAY, evidence=False))
    assert (one.kept()["long"], one.kept()["short"], one.late) == before
    assert one.cards["a"].reviews == 2
    other.review(Review("a", Rating.AGAIN, NOW + 3 * DAY))
    assert other.kept()["long"] != before[0]


def test_a_memory_that_was_kept_goes_on_bit_for_bit_and_stays_small() -> None:
    chance, memory, at = random.Random(3), Memory(), NOW
    for n in range(3_000):
        at += chance.choice((1.0, 700.0, 50_000.0))
        review = Review(f"card {chance.randint(1, 900)}", Rating(chance.randint(1, 4)), at)
        if n % 1_000 == 999:
            memory = Memory.of(json.loads(json.dumps(memory.kept())))
        copy = Memory.of(json.loads(json.dumps(memory.kept()))) if n % 500 == 0 else None
        said = memory.review(review)
        if copy is not None:
            assert copy.review(review) == said
            assert copy.kept() == memory.kept()
    assert len(memory.cards) == 512
    assert len(json.dumps(memory.kept())) < 120_000


def test_time_that_goes_back_or_stands_still_does_no_harm() -> None:
    memory = Memory()
    for at in (NOW, NOW, NOW - 1e6, NOW + 1e9):
        memory.review(Review("a", Rating.GOOD, at))
    view, card = memory.view(), memory.cards["a"]
    assert 0.0 < view.recall(card, NOW + 5e9) < view.recall(card, NOW - 1e9) < 1.0
    assert view.recall(card, 1e300) > 0.0
    assert card.last_at + SITTING <= view.due_at(card) <= card.last_at + 36_501 * DAY


@pytest.mark.parametrize(
    ("answer", "rating"),
    [
        (Answer("a", False, response_ms=10), Rating.AGAIN),
        (Answer("a", True, shown=True), Rating.AGAIN),
        (Answer("a", True, hints=2), Rating.HARD),
        (Answer("a", True), Rating.GOOD),
        (Answer("a", True, response_ms=0), Rating.GOOD),
        (Answer("a", True, response_ms=9e8), Rating.GOOD),
        (Answer("a", True, response_ms=10_000), Rating.GOOD),
        (Answer("a", True, response_ms=3_000), Rating.EASY),
    ],
)
def test_an_answer_is_rated_by_its_help_and_by_the_learners_own_time(answer: Answer, rating: Rating) -> None:
    pace = Pace()
    for _ in range(20):
        pace.rate(Answer("a", True, response_ms=10_000))
    assert pace.rate(answer) is rating


def test_chances_that_do_not_come_true_are_drawn_to_what_does() -> None:
    counts = {bin_of(0.95): [2_000, 1_400], bin_of(0.8): [1_000, 600]}
    fitted = line(counts)
    assert calibrated(0.95, fitted) == pytest.approx(0.7, abs=0.04)
    assert calibrated(0.8, fitted) == pytest.approx(0.6, abs=0.03)
    assert line({}) == line({"long 0.25": [100, 0]}) == IDENTITY
    assert calibrated(0.95, line({bin_of(0.95): [2, 0]})) > 0.9
    absurd = line({bin_of(0.9999): [100_000, 0]})
    assert calibrated(0.9999, absurd) < 0.05
    upside_down = line({bin_of(0.95): [9_000, 2_000], bin_of(0.3): [9_000, 7_000]})
    assert calibrated(0.9, upside_down) > calibrated(0.3, upside_down)
