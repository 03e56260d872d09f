"""Portraits: what a turn is told of a learner, in at most 2 KB."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Protocol

import orjson

from app.clock import Clock
from app.learner.affect.behaviour import failures
from app.learner.counting import Counting
from app.learner.mind import Fact
from app.learner.minds import Minds, Who
from app.vocabulary import Portrait, Standing

LIMIT = 2_048
"""Bytes of a portrait as JSON."""

_WEAK = 8
_WEAK_BELOW = 0.8
"""Mastery from which a skill is no longer called weak: most courses call four of five right answers mastery."""


class Add(Protocol):
    """Puts into a portrait what another part of the learner model knows; `current` as in `Portraits.of`."""

    def __call__(self, who: Who, portrait: Portrait, *, current: bool) -> Awaitable[Portrait]: ...


class Portraits:
    """Draws portraits from what is believed now."""

    def __init__(self, minds: Minds, counting: Counting, clock: Clock, adds: Sequence[Add] = ()) -> None:
        self._minds, self._counting, self._clock, self._adds = minds, counting, clock, adds

    async def of(self, workspace: str, learner_id: str, *, current: bool = True) -> Portrait | None:
        """A learner's portrait; `None` while nothing is believed of them. `current` looks for what other replicas have
        written meanwhile."""
        who = (workspace, learner_id)
        facts = await self.facts(who, current=current)
        async with self._minds.at(who, current=False) as mind:
            portrait = Portrait("", weak=weakest(facts), failures=failures(mind.tries, self._clock.now()))
        for add in self._adds:
            portrait = await add(who, portrait, current=current)
        return drawn(portrait)

    async def facts(self, who: Who, *, current: bool = True) -> list[Fact]:
        """What is believed of each of a learner's skills."""
        async with self._minds.at(who, current=current) as mind:
            counts = await self._counting.of(who[0], mind.skills, ())
            return [mind.fact(skill, counts) for skill in mind.skills]


def weakest(facts: Sequence[Fact]) -> tuple[Standing, ...]:
    """The skills that need practice most, rounded so that a portrait does not change with every breath."""
    weak = [fact.standing for fact in facts if fact.standing.mastery < _WEAK_BELOW]
    weak.sort(key=lambda standing: (standing.mastery, standing.skill))
    return tuple(_rounded(standing) for standing in weak[:_WEAK])


def drawn(portrait: Portrait) -> Portrait | None:
    """A portrait within its limit, with its version; `None` for one without a word.

    >>> drawn(Portrait(""))
    """
    if portrait == Portrait(""):
        return None
    while len(orjson.dumps(portrait)) > LIMIT - 12:
        portrait = _shorter(portrait)
    return replace(portrait, version=blake2b(orjson.dumps(portrait), digest_size=6).hexdigest())


def _shorter(portrait: Portrait) -> Portrait:
    """Without the last one of the list that takes most room."""
    room = {name: len(orjson.dumps(getattr(portrait, name))) for name in ("traits", "due", "weak")}
    longest = max(room, key=room.__getitem__)
    return replace(portrait, **{longest: getattr(portrait, longest)[:-1]})


def _rounded(standing: Standing) -> Standing:
    return replace(
        standing,
        mastery=round(standing.mastery, 3),
        uncertainty=round(standing.uncertainty, 3),
        trend=None if standing.trend is None else round(standing.trend, 3),
        independence=None if standing.independence is None else round(standing.independence, 3),
    )
