"""Simulated learners whose ability, growth, forgetting and habits are known, seen only through their answers."""

import math
import random
from dataclasses import dataclass

from app.learner.curve import CEILING, Growth, expit, logit
from app.learner.habit import habit
from app.learner.outcome import Future, Outlook, Target, forgetting, of_course, of_skill
from app.policy import PathPolicy
from app.vocabulary import Standing

DAY = 86_400.0
POLICY = PathPolicy()


@dataclass
class Skill:
    """A skill of a simulated learner: the log odds of success and what each answer adds to them, and what a tutor makes
    of the answers: an extended Kalman filter of both, whose covariances are `cov`."""

    ability: float
    growth: float
    last: float = 0.0
    mean: float = 0.0
    rate: float = Growth().mean
    cov: tuple[float, float, float] = (1.0, 0.0, Growth().sd ** 2)
    attempts: int = 0

    def answer(self, at: float, chance: random.Random) -> None:
        """One answer, and the tutor's belief after it."""
        correct, p = chance.random() < expit(self.ability), expit(self.mean)
        xx, xg, gg = self.cov
        weight = p * (1 - p) / (1 + xx * p * (1 - p))
        self.mean += xx / (1 + xx * p * (1 - p)) * (correct - p)
        self.rate += xg / (1 + xx * p * (1 - p)) * (correct - p)
        xx, xg, gg = xx - weight * xx * xx, xg - weight * xx * xg, gg - weight * xg * xg
        self.mean = min(self.mean + self.rate, logit(CEILING))
        self.cov = xx + 2 * xg + gg, xg + gg, gg
        self.ability = min(self.ability + self.growth, logit(CEILING))
        self.last, self.attempts = at, self.attempts + 1

    @property
    def standing(self) -> Standing | None:
        p = expit(self.mean)
        return Standing("s", p, math.sqrt(self.cov[0]) * p * (1 - p), self.attempts) if self.attempts else None


class Learner:
    """Practises some days, one skill after the other, each until it seems mastered."""

    def __init__(self, skills: int, chance: random.Random) -> None:
        usual = Growth()
        growth = max(0.005, chance.gauss(usual.mean, usual.sd))
        self.skills = [Skill(min(chance.gauss(0, 1), logit(CEILING)), growth) for _ in range(skills)]
        self.forgetting = max(0.0, chance.gauss(1, 0.5)) * forgetting(POLICY)
        self.active, self.a_day = chance.uniform(0.3, 1.0), chance.uniform(2, 12)
        self.times: list[float] = []
        self._chance = chance

    def live(self, first: int, days: int) -> None:
        """Goes through days, practising on some."""
        for day in range(first, first + days):
            if self._chance.random() < self.active:
                for n in range(1 + int(self._chance.expovariate(1 / self.a_day))):
                    self._practise(day * DAY + 60.0 * n)

    def _practise(self, at: float) -> None:
        below = [skill for skill in self.skills if expit(skill.mean) < POLICY.mastery]
        (below or self.skills)[0].answer(at, self._chance)
        self.times.append(at)

    def mastery(self, skill: Skill, now: float) -> float:
        """The true chance of success, after what was forgotten since it was practised last."""
        return expit(skill.ability - self.forgetting * math.log1p(max(0.0, now - skill.last) / DAY))


def foretold(seed: int, skills: int) -> tuple[Outlook, Learner, float] | None:
    """An outlook for a learner, who then lives until its date; `None` for one who never practised."""
    chance = random.Random(seed)
    learner = Learner(skills, chance)
    past, days = chance.randint(5, 28), chance.randint(5, 28)
    learner.live(0, past)
    found = habit(learner.times, past * DAY - 1)
    if found is None:
        return None
    known = [skill.standing for skill in learner.skills if skill.standing]
    future = Future(days, found, Growth().after(known), forgetting(POLICY))
    first = learner.skills[0].standing
    if skills == 1 and first:
        outlook = of_skill(first, future, POLICY)
    else:
        outlook = of_course([Target(skill.standing) for skill in learner.skills], future, POLICY)
    learner.live(past, days)
    return outlook, learner, (past + days) * DAY
