"""Profiles as they are now: from what was learned of turns and of answers, with what people corrected over it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.clock import Clock
from app.learner.doings import Spoke
from app.learner.following import Following
from app.learner.minds import Minds, Who
from app.learner.persons import Persons
from app.learner.profile.profile import Profile
from app.learner.profile.traits import Known, known, portrayed
from app.learner.profile.voiced import Voiced
from app.learner.reviews import zone
from app.vocabulary import Portrait, Turn

_HOUR = 3_600.0


class Voices:
    """The consumer of turns that hears what learners say of themselves. Nothing is learned from what is said in
    danger."""

    name, version = "voiced", 1

    def begin(self) -> Mapping[str, Any]:
        """Nothing was said."""
        return Voiced().kept()

    def take(self, state: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
        """What was said, with one more turn."""
        return state if turn.safety else Voiced.of(state).after(Spoke(turn.id, turn.message)).kept()


class Profiles:
    """Tells profiles."""

    def __init__(self, minds: Minds, following: Following, persons: Persons, clock: Clock) -> None:
        self._minds, self._following, self._persons, self._clock = minds, following, persons, clock

    async def of(self, who: Who, *, current: bool = True) -> tuple[Known, ...]:
        """A learner's traits; `current` looks for what other replicas have learned and were told."""
        person = await self._persons.of(who, current=current)
        voiced = await self._following.state(who, Voices.name, current=current)
        async with self._minds.at(who, current=current) as mind:
            worked = mind.worked
        local = datetime.fromtimestamp(self._clock.now(), UTC).astimezone(zone(person.preferences.get("timezone")))
        offset = local.utcoffset()
        ahead = offset.total_seconds() / _HOUR if offset else 0.0
        return known(Profile(Voiced.of(voiced), worked), person.corrections, ahead)

    async def portray(self, who: Who, portrait: Portrait, *, current: bool) -> Portrait:
        """A portrait with the traits that are sure enough to act on."""
        return replace(portrait, traits=portrayed(await self.of(who, current=current)))
