"""A learner's due reviews: planned as their preferences say, and the most pressing ones for their portrait."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.clock import Clock, iso
from app.learner.counting import Counting
from app.learner.memory.cards import Card
from app.learner.memory.plan import Plan, Wishes, plan
from app.learner.memory.view import View
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
        asked, now = wishes(learner.preferences), self._clock.now()
        by = await self._counting.recall(who[0])
        async with self._minds.at(who, current=True) as mind:
            cards, view = {**mind.memory.cards}, mind.memory.view(by)
        # Some tenths of a millisecond for each card.
        return await asyncio.to_thread(plan, cards, view, asked, (now, days)), asked

    async def portray(self, who: Who, portrait: Portrait, *, current: bool) -> Portrait:
        """A portrait with the reviews that are due, longest due first."""
        now, by = self._clock.now(), await self._counting.recall(who[0])
        async with self._minds.at(who, current=current) as mind:
            cards, view = {**mind.memory.cards}, mind.memory.view(by)
        return replace(portrait, due=await asyncio.to_thread(_due, cards, view, now))


def _due(cards: Mapping[str, Card], view: View, now: float) -> tuple[Due, ...]:
    due = sorted((view.due_at(card), name) for name, card in cards.items() if view.is_due(card, now))[:_DUE]
    return tuple(Due(name, iso(at), round(view.recall(cards[name], now), 3)) for at, name in due)


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
        zone=zone(preferences.get("timezone")),
    )


def zone(name: str | None) -> tzinfo:
    """The time zone of this name; UTC without one."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):  # this machine's tables may lack what another's had
        return UTC
