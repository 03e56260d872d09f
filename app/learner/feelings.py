"""How learners seem to feel now: how their newest message sounded, and what they do that tells of trouble.

What they do is derived from the log for everybody, as everything is; it is looked at only where affect may be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.clock import Clock
from app.learner.affect.behaviour import SITTING, WINDOW, Behaviour, Sent, Signal, signals, strain
from app.learner.following import Following
from app.learner.minds import Minds, Who
from app.learner.persons import Persons, ReadsAffect
from app.vocabulary import Affect, Portrait, Turn


class Moods:
    """The consumer of turns that remembers when a learner wrote how much, and how the newest message sounded.

    Nothing is learned from what is said in danger."""

    name, version = "moods", 1

    def begin(self) -> Mapping[str, Any]:
        """Nothing was written."""
        return {"messages": [], "affect": None}

    def take(self, state: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
        """What was written, with one more turn."""
        if turn.safety:
            return state
        sent = [turn.id, len(turn.message.split()), datetime.fromisoformat(turn.created_at).timestamp()]
        felt = {name: value for name, value in vars(turn.reading.affect).items() if name != "because"}
        return {"messages": [*state["messages"], sent][-WINDOW:], "affect": felt}


@dataclass(frozen=True, slots=True)
class Feeling:
    """How a learner seems to feel: how the newest message of this sitting sounded, what is to be seen in what they do,
    and how much that must be a strain, 0 to 1."""

    affect: Affect
    signals: tuple[Signal, ...]
    strain: float


class Feelings:
    """Tells how learners feel, of those of whom it may be read."""

    def __init__(self, sources: tuple[Minds, Following, Persons], reads: ReadsAffect, clock: Clock) -> None:
        self._minds, self._following, self._persons = sources
        self._reads, self._clock = reads, clock

    async def of(self, who: Who, *, current: bool = True) -> Feeling | None:
        """How a learner feels; `None` where that is not to be read."""
        person = await self._persons.of(who, current=current)
        if not self._reads(who[0], person.preferences):
            return None
        state = await self._following.state(who, Moods.name, current=current)
        async with self._minds.at(who, current=current) as mind:
            tries = mind.tries
        now, messages = self._clock.now(), tuple(Sent(*one) for one in state["messages"])
        seen = signals(Behaviour(tries, messages), now)
        fresh = messages and now - messages[-1].at <= SITTING
        return Feeling(Affect(**state["affect"]) if fresh else Affect(), seen, strain(seen))

    async def portray(self, who: Who, portrait: Portrait, *, current: bool) -> Portrait:
        """A portrait with how the learner seems to feel."""
        feeling = await self.of(who, current=current)
        if feeling is None:
            return portrait
        return replace(portrait, affect=feeling.affect.strained(feeling.strain), strain=feeling.strain or None)
