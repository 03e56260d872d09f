"""Which reviews on which day: as a person would want it, within a day's limit, evenly, with days off, up to an exam.

Each card has a day on which it is due and some slack around it, a tenth of its interval (as Anki's fuzz). Cards are
placed in the order of their due days, each on the day of its slack with the least to do; where all are full, on the
next day with room. What is overdue comes first, the most valuable first: what a review today adds to the chance of
recall a month from now, or at the exam. What would be due only after an exam, and would be less than sure at it, is
reviewed once more in the week before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from app.learner.memory.cards import DAY, SITTING, Card, Rating, after, known, retrievability
from app.learner.memory.view import View

_MONTH = 30.0
_SLACK = 0.1
_MOST_SLACK = 7
_BEFORE_EXAM = 7
_SURE = 0.95
"""Chance of recall at an exam from which a card needs no review before it: half the doubt of one that is due."""

Why = Literal["overdue", "due", "exam"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a learner wants to review: at most `daily` a day, not on these weekdays (Monday is 0) and days; `exam` is
    the day by which all must be known."""

    daily: int = 20
    weekdays_off: frozenset[int] = frozenset()
    days_off: frozenset[date] = frozenset()
    exam: date | None = None
    zone: tzinfo = UTC

    def day(self, at: float) -> date:
        """The learner's day at a time."""
        return datetime.fromtimestamp(at, self.zone).date()

    def free(self, day: date) -> bool:
        """Whether nothing is to be reviewed on a day."""
        return day.weekday() in self.weekdays_off or day in self.days_off


@dataclass(frozen=True, slots=True)
class Planned:
    """A review: `day` it is planned for, when it is due, the chance of recall now, what a review now would add to the
    chance of recall a month from now (or at the exam), and why it is there."""

    card: str
    day: date
    due_at: float
    recall: float
    value: float
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """Reviews by day and value. `overdue` counts the cards that were due before today; `unplaced` those for which no
    day of the plan had room."""

    reviews: tuple[Planned, ...]
    overdue: int
    unplaced: int


@dataclass(slots=True)
class _Days:
    """What is planned for each day."""

    wishes: Wishes
    today: date
    last: date
    load: dict[date, int] = field(default_factory=dict)

    def place(self, earliest: date, latest: date) -> date | None:
        """A day for a review: the one with the least to do between two days, else the next one with room."""
        earliest = max(earliest, self.today)
        within = [day for day in _days(earliest, min(latest, self.last)) if self._room(day)]
        day = min(within, key=lambda d: (self.load.get(d, 0), d), default=None)
        if day is None:
            day = next((d for d in _days(max(latest, earliest), self.last) if self._room(d)), None)
        if day is not None:
            self.load[day] = self.load.get(day, 0) + 1
        return day

    def _room(self, day: date) -> bool:
        return not self.wishes.free(day) and self.load.get(day, 0) < self.wishes.daily


def plan(cards: Mapping[str, Card], view: View, wishes: Wishes, span: tuple[float, int]) -> Plan:
    """The reviews from now on (seconds since the epoch) for so many days, today being the first."""
    now, days = span
    today = wishes.day(now)
    calendar = _Days(wishes, today, today + timedelta(days - 1))
    due_at = {name: view.due_at(card) for name, card in cards.items()}
    due = {name: wishes.day(at) for name, at in due_at.items()}
    value = {name: worth(card, now, wishes) for name, card in cards.items() if due[name] <= calendar.last}
    now_due = sorted((n for n in cards if due[n] <= today), key=lambda n: (-value[n], n))
    before = dict.fromkeys(_for_exam(cards, due, wishes, calendar))
    value |= {name: worth(cards[name], now, wishes) for name in before if name not in value}
    coming = [n for n in cards if today < due[n] <= calendar.last and n not in before]
    coming.sort(key=lambda n: (due[n], -value[n], n))
    placed = [(name, calendar.place(today, today)) for name in now_due]
    placed += [(name, calendar.place(*_slack(cards[name], due[name]))) for name in coming]
    placed += [(name, calendar.place(*_before_exam(wishes))) for name in before]
    reviews = [
        Planned(name, day, at, view.recall(cards[name], now), value[name], _why(due[name], today, name in before))
        for name, day in placed
        if day is not None
        for at in (due_at[name],)
    ]
    reviews.sort(key=lambda review: (review.day, -review.value, review.card))
    overdue = sum(due[name] < today for name in now_due)
    return Plan(tuple(reviews), overdue, len(placed) - len(reviews))


def worth(card: Card, now: float, wishes: Wishes) -> float:
    """What a review now adds to the chance of recall a month from now, or at the exam: from 0 to 1.

    It is recalled with the chance that there is; what is not is learned again there and then. All by the card alone:
    what a learner's history says of their chances says nothing of what one more review does.
    """
    now = max(now, card.last_at + SITTING)  # in the sitting of the last answer it would be no review
    then, recall = now + _until(wishes, now) * DAY, known(card, now)
    passed = after(card, Rating.GOOD, now)
    again = after(after(card, Rating.AGAIN, now), Rating.GOOD, now)
    return max(recall * known(passed, then) + (1.0 - recall) * known(again, then) - known(card, then), 0.0)


def _until(wishes: Wishes, now: float) -> float:
    if wishes.exam is None or wishes.exam <= wishes.day(now):
        return _MONTH
    return float((wishes.exam - wishes.day(now)).days)


def _slack(card: Card, due: date) -> tuple[date, date]:
    slack = timedelta(min(int(card.stability * _SLACK), _MOST_SLACK))
    return due - slack, due + slack


def _for_exam(cards: Mapping[str, Card], due: Mapping[str, date], wishes: Wishes, calendar: _Days) -> list[str]:
    """The cards that are due only after an exam in this plan but would be less than sure at it, least sure first."""
    exam = wishes.exam
    if exam is None or not calendar.today < exam <= calendar.last:
        return []
    at = datetime(exam.year, exam.month, exam.day, 12, tzinfo=wishes.zone).timestamp()
    sure = sorted((retrievability(card, at), name) for name, card in cards.items() if due[name] > exam)
    return [name for chance, name in sure if chance < _SURE]


def _before_exam(wishes: Wishes) -> tuple[date, date]:
    exam = wishes.exam or date.max
    return exam - timedelta(_BEFORE_EXAM), exam - timedelta(1)


def _why(due: date, today: date, for_exam: bool) -> Why:
    if for_exam:
        return "exam"
    return "overdue" if due < today else "due"


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]
