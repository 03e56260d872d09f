"""A learner's due reviews: planned as their preferences say, and the most pressing ones for their portrait."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.clock import Clock, iso
from app.learner.counting import Counting
from app.learner.memory.cards import Card
from app.learner.memory.plan import Plan, Wishes, plan
from app.learner.memory.platt import calibrated
from app.learner.minds import Minds, Who
from app.storage.sessions import Learners
from app.vocabulary import Due, Portrait

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DUE = 8


class Reviews:
    """Plans reviews from cards as they are now."""

    def __init__(self, minds: Minds, counting: Counting, learners: Learners, clock: Clock) -> None:
        self._minds, self._counting, self._learners, self._clock = minds, counting, learners, clock

    async def plan(self, who: Who, days: int) -> tuple[Plan, Wishes]:
        """The reviews of so many days, today being the first, and the wishes that they follow."""
        learner = await self._learners.get(*who)
        asked = wishes(learner.preferences)
        now = self._clock.now()
        cards, recall = await self._cards(who, now, current=True)
        return plan(cards, recall, asked, (now, days)), asked

    async def portray(self, who: Who, portrait: Portrait) -> Portrait:
        """A portrait with the reviews that are due, longest due first."""
        now = self._clock.now()
        cards, recall = await self._cards(who, now, current=False)
        due = sorted((card.due_at, name) for name, card in cards.items() if card.due_at <= now)
        shown = tuple(Due(name, iso(at), round(recall[name], 3)) for at, name in due[:_DUE])
        return replace(portrait, due=shown)

    async def _cards(self, who: Who, now: float, *, current: bool) -> tuple[dict[str, Card], dict[str, float]]:
        short, long = await self._counting.recall(who[0])
        async with self._minds.at(who, current=current) as mind:
            cards = {**mind.memory.cards}
            chances = {name: mind.memory.recall(card, now) for name, card in cards.items()}
        lines = {name: long if card.days(now) >= 1.0 else short for name, card in cards.items()}
        return cards, {name: calibrated(chance, lines[name]) for name, chance in chances.items()}


def wishes(preferences: Mapping[str, Any]) -> Wishes:
    """What preferences say of reviews; what they do not say, or what cannot be read any more, is as usual.

    >>> wishes({"daily_reviews": 5, "days_off": ["sunday", "2026-12-24"]}).weekdays_off
    frozenset({6})
    """
    off = preferences.get("days_off") or ()
    exam = preferences.get("exam_date")
    return Wishes(
        daily=preferences.get("daily_reviews") or Wishes().daily,
        weekdays_off=frozenset(WEEKDAYS.index(day) for day in off if day in WEEKDAYS),
        days_off=frozenset(date.fromisoformat(day) for day in off if day not in WEEKDAYS),
        exam=date.fromisoformat(exam) if exam else None,
        zone=_zone(preferences.get("timezone")),
    )


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):  # this machine's tables may lack what another's had
        return UTC
