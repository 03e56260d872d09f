"""Reviews as a person would want them: a day's limit, evenly, days off, an exam, the most valuable first."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.learner.memory.cards import DAY, Card, Rating, first
from app.learner.memory.plan import Plan, Wishes, plan
from app.learner.memory.view import View
from app.learner.reviews import wishes

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()  # a Monday
TODAY = date(2026, 11, 23)


def card(stability: float, days_ago: float) -> Card:
    return replace(
        first(Rating.GOOD, NOW - days_ago * DAY), stability=stability, difficulty=5.0, state=2, step=None, hold=1.0
    )


def planned(cards: dict[str, Card], asked: Wishes | None = None, days: int = 14) -> Plan:
    asked = asked or Wishes()
    return plan(cards, View(), asked, (NOW, days))


def by_day(found: Plan) -> Counter[date]:
    return Counter(review.day for review in found.reviews)


def test_no_day_has_more_than_the_limit_and_a_backlog_spreads_by_value() -> None:
    cards = {f"c{n}": card(10, 11 + n) for n in range(50)}
    found = planned(cards, Wishes(daily=8))
    assert max(by_day(found).values()) == 8
    assert by_day(found)[TODAY] == 8
    assert (found.overdue, found.unplaced, len(found.reviews)) == (50, 0, 50)
    values = [review.value for review in found.reviews]
    assert min(values[:8]) >= max(values[8:])
    assert {review.why for review in found.reviews} == {"overdue"}


def test_what_finds_no_room_is_counted_not_forgotten() -> None:
    found = planned({f"c{n}": card(10, 20) for n in range(50)}, Wishes(daily=3), days=7)
    assert (len(found.reviews), found.unplaced) == (21, 29)


def test_many_cards_that_are_due_together_are_spread_over_their_slack() -> None:
    cards = {f"c{n:02}": card(40, 33) for n in range(35)}
    load = by_day(planned(cards, Wishes(daily=30)))
    assert max(load.values()) <= 5
    assert all(abs((day - (TODAY + timedelta(7))).days) <= 4 for day in load)


def test_nothing_is_planned_on_days_off() -> None:
    asked = wishes({"daily_reviews": 5, "days_off": ["saturday", "sunday", "2026-11-25"]})
    days = by_day(planned({f"c{n}": card(n / 4 + 1, 1) for n in range(60)}, asked, days=30))
    assert not any(day.weekday() >= 5 for day in days)
    assert date(2026, 11, 25) not in days


def test_before_an_exam_what_would_be_forgotten_at_it_is_reviewed_once_more() -> None:
    exam = TODAY + timedelta(10)
    cards = {"weak": card(20, 8), "sure": card(400, 8), "soon": card(12, 8)}
    why = {review.card: review for review in planned(cards, Wishes(exam=exam)).reviews}
    assert why["weak"].why == "exam"
    assert exam - timedelta(7) <= why["weak"].day < exam
    assert why["soon"].why == "due"
    assert "sure" not in why
    assert planned(cards, Wishes(exam=TODAY - timedelta(1))).reviews == planned(cards).reviews


def test_a_day_is_the_learners_own() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC).timestamp()
    assert Wishes(zone=ZoneInfo("Asia/Tokyo")).day(late) == date(2026, 11, 24)
    assert Wishes(zone=ZoneInfo("America/New_York")).day(late) == TODAY


def test_preferences_that_cannot_be_read_are_as_usual() -> None:
    assert wishes({}) == Wishes()
    assert wishes({"timezone": "Atlantis/Capital", "daily_reviews": None, "days_off": None}) == Wishes()


@settings(max_examples=60, deadline=None)
@given(
    cards=st.lists(st.tuples(st.floats(0.01, 3_000), st.floats(0, 3_000)), max_size=60),
    daily=st.integers(1, 30),
    off=st.frozensets(st.integers(0, 6)),
    exam=st.none() | st.integers(-5, 40),
    days=st.integers(1, 60),
)
def test_whatever_is_wished_each_card_is_planned_once_within_the_limit(
    cards: list[tuple[float, float]], daily: int, off: frozenset[int], exam: int | None, days: int
) -> None:
    asked = Wishes(daily, off, exam=None if exam is None else TODAY + timedelta(exam))
    found = planned({f"c{n}": card(*one) for n, one in enumerate(cards)}, asked, days)
    names = [review.card for review in found.reviews]
    assert len(names) == len(set(names))
    assert all(count <= daily for count in by_day(found).values())
    assert all(TODAY <= r.day < TODAY + timedelta(days) and r.day.weekday() not in off for r in found.reviews)
