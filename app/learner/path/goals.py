"""The skills that are still to be learned, with what each gains and takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.learner.curve import UNSEEN, logit
from app.policy import PathPolicy
from app.vocabulary import Skill, Standing

_LEAST_PART = 0.1
"""The part of a skill's minutes that getting over the threshold takes at least."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A skill below mastery: `gain` is the mastery that learning it adds, times its weight; `needs` are the places of
    the goals among its prerequisites."""

    skill: Skill
    mastery: float | None
    gain: float
    minutes: float
    needs: tuple[int, ...]

    @property
    def rate(self) -> float:
        """Gain per minute."""
        return self.gain / self.minutes


def goals(skills: Sequence[Skill], standings: Mapping[str, Standing], policy: PathPolicy) -> list[Goal]:
    """The skills below mastery, in their order; prerequisites that are no skills here are taken as met."""
    below = [skill for skill in skills if _below(standings.get(skill.id), policy)]
    places = {skill.id: n for n, skill in enumerate(below)}
    return [_goal(skill, standings.get(skill.id), places, policy) for skill in below]


def _below(standing: Standing | None, policy: PathPolicy) -> bool:
    return standing is None or standing.mastery < policy.mastery


def _goal(skill: Skill, standing: Standing | None, places: Mapping[str, int], policy: PathPolicy) -> Goal:
    mastery = standing.mastery if standing else None
    start = UNSEEN if mastery is None else mastery
    return Goal(
        skill=skill,
        mastery=mastery,
        gain=(policy.mastery - min(start, policy.mastery - 0.01)) * (skill.weight or 1.0),
        minutes=(skill.minutes or policy.minutes) * _part(start, policy.mastery),
        needs=tuple(places[needed] for needed in skill.prerequisites if needed in places),
    )


def _part(mastery: float, wanted: float) -> float:
    """The part of the way from an unseen skill to mastery that is left, in log odds."""
    whole = logit(wanted) - logit(UNSEEN)
    if whole <= 0:
        return 1.0
    return min(max((logit(wanted) - logit(mastery)) / whole, _LEAST_PART), 2.0)
