"""What a learner is advised to do next, and what may be expected of them: over a course's skills, or over those that
they have answered."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.clock import Clock
from app.learner.curve import UNSEEN, Growth
from app.learner.habit import WINDOW, Habit, habit
from app.learner.outcome import Future, Outlook, Target, forgetting, of_course, of_skill
from app.learner.path.goals import goals
from app.learner.path.order import greedy
from app.learner.path.plan import Path, Wanted, plan
from app.policy import PathPolicy
from app.storage.courses import Courses
from app.vocabulary import Due, Skill, Standing

_DAY = 86_400.0


Who = tuple[str, str]
"""A workspace and a learner in it."""


class Beliefs(Protocol):
    """What is believed of a learner, and when they practised."""

    async def standings(self, who: Who) -> Sequence[Standing]:
        """Of each skill that they have answered."""
        ...

    async def due(self, who: Who) -> Sequence[Due]:
        """Reviews that are due now."""
        ...

    async def practised(self, who: Who, since: float) -> Sequence[tuple[str, float]]:
        """The skill and the time (seconds) of each answer since a time."""
        ...


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is looked at: the skills of a course, or one `skill`, or all that the learner has answered. `minutes` are
    those of one sitting, or of each day where there are `days` until a deadline."""

    course_id: str | None = None
    skill: str | None = None
    minutes: float | None = None
    days: float | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Forecast:
    """An outlook with what it rests on; `outlook` is `None` where the learner has answered nothing yet."""

    outlook: Outlook | None
    habit: Habit | None
    growth: Growth | None
    answers: float | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What advice is made of."""

    beliefs: Beliefs
    courses: Courses
    clock: Clock
    policy: PathPolicy


class Advice:
    """Plans paths and makes forecasts."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts

    async def path(self, who: Who, ahead: Ahead) -> Path:
        """What to learn next; `NotFound` for a course that is not there."""
        standings, due = await asyncio.gather(self._p.beliefs.standings(who), self._p.beliefs.due(who))
        known = {standing.skill: standing for standing in standings}
        skills = await self._skills(who, ahead, known)
        wanted = Wanted(skills, known, due, ahead.minutes, ahead.days, ahead.limit, self._p.clock.now())
        # The same question has the same answer.
        chance = random.Random("/".join((*who, ahead.course_id or "")))  # noqa: S311 - no secret
        return await asyncio.to_thread(plan, wanted, self._p.policy, chance)

    async def forecast(self, who: Who, ahead: Ahead) -> Forecast:
        """What may be expected in `ahead.days`; `NotFound` for a course that is not there."""
        now = self._p.clock.now()
        standings = await self._p.beliefs.standings(who)
        known = {standing.skill: standing for standing in standings}
        skills = await self._skills(who, ahead, known)
        if not known or not skills or ahead.days is None:
            return Forecast(None, None, None, None)
        names = {skill.id for skill in skills}
        times = [at for name, at in await self._p.beliefs.practised(who, now - WINDOW * _DAY) if name in names]
        found, growth = habit(times, now), Growth().after(standings)
        future = Future(ahead.days, found or Habit.none(), growth, forgetting(self._p.policy))
        return Forecast(self._outlook(skills, known, future, ahead), found, growth, future.answers[0])

    def _outlook(self, skills: Sequence[Skill], known: Mapping[str, Standing], future: Future, ahead: Ahead) -> Outlook:
        if ahead.skill is not None:
            untried = Standing(ahead.skill, UNSEEN, UNSEEN / 2, 0)
            return of_skill(known.get(ahead.skill, untried), future, self._p.policy)
        return of_course(list(_targets(skills, known, self._p.policy)), future, self._p.policy)

    async def _skills(self, who: Who, ahead: Ahead, known: Mapping[str, Standing]) -> tuple[Skill, ...]:
        if ahead.skill is not None:
            return (Skill(ahead.skill, ahead.skill),)
        if ahead.course_id is None:
            return tuple(Skill(name, name) for name in known)
        return (await self._p.courses.get(who[0], ahead.course_id)).skills


def _targets(skills: Sequence[Skill], known: Mapping[str, Standing], policy: PathPolicy) -> Iterator[Target]:
    """Skills as an outlook takes them: what is still to be learned in the order of a path, then the rest."""
    below = goals(skills, known, policy)
    ordered = [below[n].skill for n in greedy(below)]
    lacking = {skill.id for skill in ordered}
    for skill in (*ordered, *(skill for skill in skills if skill.id not in lacking)):
        yield Target(known.get(skill.id), skill.weight or 1.0)
