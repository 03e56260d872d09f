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
from app.learner.memory.memory import Memory
from app.learner.memory.plan import Plan, Wishes, plan
from app.learner.memory.platt import Line, calibrated
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
        lines = await self._counting.recall(who[0])
        async with self._minds.at(who, current=True) as mind:
            cards = {**mind.memory.cards}
            recall = {name: _recall(mind.memory, card, now, lines) for name, card in cards.items()}
        # Some tenths of a millisecond for each card.
        return await asyncio.to_thread(plan, cards, recall, asked, (now, days)), asked

    async def portray(self, who: Who, portrait: Portrait, *, current: bool) -> Portrait:
        """A portrait with the reviews that are due, longest due first."""
        now, lines = self._clock.now(), await self._counting.recall(who[0])
        async with self._minds.at(who, current=current) as mind:
            due = sorted((card.due_at, name) for name, card in mind.memory.cards.items() if card.due_at <= now)[:_DUE]
            recall = [_recall(mind.memory, mind.memory.cards[name], now, lines) for _, name in due]
        shown = (Due(name, iso(at), round(chance, 3)) for (at, name), chance in zip(due, recall, strict=True))
        return replace(portrait, due=tuple(shown))


def _recall(memory: Memory, card: Card, now: float, lines: tuple[Line, Line]) -> float:
    """The chance that a card is recalled, as such chances come true in its workspace."""
    return calibrated(memory.recall(card, now), lines[card.days(now) >= 1.0])


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
