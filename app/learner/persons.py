"""What people said themselves: a learner's preferences, and what is to be corrected in their profile. Kept at hand."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.learner.minds import Who
from app.learner.profile.traits import Correction
from app.storage.corrections import Corrected, Corrections
from app.storage.sessions import Learners

_KEPT = 2_048

ReadsAffect = Callable[[str, Mapping[str, Any]], bool]
"""Whether it may be read how a learner feels, by workspace and preferences."""


@dataclass(frozen=True, slots=True)
class Person:
    """What was said by and of one learner."""

    preferences: Mapping[str, Any]
    corrections: Mapping[str, Correction]


class Persons:
    """What was said of the 2,048 learners last met."""

    def __init__(self, learners: Learners, corrections: Corrections) -> None:
        self._learners, self._corrections = learners, corrections
        self._kept: OrderedDict[Who, Person] = OrderedDict()

    async def of(self, who: Who, *, current: bool) -> Person:
        """What was said of a learner; `current` looks for what was said to other replicas."""
        kept = self._kept.get(who)
        if kept is None or current:
            learner = await self._learners.get(*who)
            said = {one.trait: _correction(one) for one in await self._corrections.of(*who)}
            kept = self._kept[who] = Person(learner.preferences, said)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(who)
        return kept

    def drop(self, who: Who) -> None:
        """Forgets a learner, of whom something else was said."""
        self._kept.pop(who, None)


def _correction(one: Corrected) -> Correction:
    return Correction(tuple(one.value) if isinstance(one.value, list) else one.value, one.hidden)
