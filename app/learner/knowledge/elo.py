"""Ability with its uncertainty, of a learner overall and in each skill: the light model, and what mastery is told by.

An answer is right with the chance s(ability + deviation in the skill + ease of the item) (Rasch 1960). Both terms are
normal beliefs that an answer moves as one step of an extended Kalman filter, which is Elo's rule with a rate that
falls as evidence grows (Glickman, Applied Statistics 48, 1999; Pelanek, Computers & Education 98, 2016).
"""

from math import exp, sqrt
from typing import Any

from app.vocabulary import Answer, Standing

SKILLS = 512
"""Skills that are remembered of a learner; the one practised longest ago goes."""

_ABILITY_VARIANCE, _SKILL_VARIANCE = 0.6, 0.7
"""How far learners differ overall, and one learner's skills among each other, in squared log odds."""

_DRIFT, _SKILL_DRIFT = 0.0005, 0.02
"""What each answer adds to these variances: people change."""

_HELPED = 0.25
"""What a success with hints counts for."""

_SPREAD = 0.392699
"""pi / 8: a normal belief of log odds flattens the chance so much (MacKay, Neural Computation 4, 1992)."""

_SURE = 1e-9


class Practice:
    """What is believed of one skill of a learner."""

    __slots__ = ("alone", "answers", "item", "later", "level", "mean", "variance")

    def __init__(self) -> None:
        self.mean = 0.0
        self.variance = _SKILL_VARIANCE
        self.answers = 0
        # The mean as it was some answers ago, for the trend.
        self.level = 0.0
        # Answers to another item than the one before, and those of them that were right without help.
        self.later = 0
        self.alone = 0
        self.item: str | None = None

    def kept(self) -> list[object]:
        """As a list for JSON."""
        return [self.mean, self.variance, self.answers, self.level, self.later, self.alone, self.item]


class Elo:
    """One learner's abilities."""

    __slots__ = ("mean", "skills", "variance")

    def __init__(self) -> None:
        self.mean = 0.0
        self.variance = _ABILITY_VARIANCE
        self.skills: dict[str, Practice] = {}

    def predict(self, skill: str, ease: float) -> float:
        """The chance of a right answer to what has `ease`, in log odds."""
        practice = self.skills.get(skill)
        variance = self.variance + (_SKILL_VARIANCE if practice is None else practice.variance)
        mean = self.mean + ease if practice is None else self.mean + practice.mean + ease
        return _chance(mean / sqrt(1.0 + _SPREAD * variance))

    def beliefs(self, skill: str, ease: float) -> tuple[float, float, float, float]:
        """Log odds of a right answer, the ability, its deviation in the skill and how unsure that is."""
        practice = self.skills.get(skill)
        if practice is None:
            return self.mean + ease, self.mean, 0.0, _SKILL_VARIANCE
        return self.mean + practice.mean + ease, self.mean, practice.mean, practice.variance

    def update(self, answer: Answer, ease: float) -> None:
        """Learns from an answer. One after the solution was shown says nothing of what the learner can do."""
        practice = self._practice(answer.skill)
        practice.answers += 1
        _independence(practice, answer)
        helped = answer.correct and (answer.hints > 0 or answer.shown)
        if answer.correct and answer.shown:
            return
        mean = self.mean + practice.mean
        chance = _chance(mean + ease)
        slope = chance * (1.0 - chance)
        gain = (answer.correct - chance) / (1.0 + (self.variance + practice.variance) * slope)
        if helped:
            self._assisted(practice, mean, gain)
            return
        practice.level += 0.25 * (practice.mean - practice.level)
        spread = slope / (1.0 + (self.variance + practice.variance) * slope)
        self.mean += self.variance * gain
        practice.mean += practice.variance * gain
        self.variance += _DRIFT - self.variance * self.variance * spread
        practice.variance += _SKILL_DRIFT - practice.variance * practice.variance * spread
        if practice.variance > _SKILL_VARIANCE:
            practice.variance = _SKILL_VARIANCE

    def _assisted(self, practice: Practice, mean: float, gain: float) -> None:
        """Help explains a success as well as ability does: it brings back what failures took, up to what is believed
        of a learner who is not known, and no further."""
        if mean < 0.0:
            practice.mean += min(-mean, _HELPED * practice.variance * gain)

    def standing(self, skill: str, ease: float) -> Standing:
        """What is believed of a skill whose items have `ease` on the whole."""
        practice = self.skills.get(skill) or Practice()
        variance = self.variance + practice.variance
        mean = self.mean + practice.mean + ease
        mastery = _chance(mean / sqrt(1.0 + _SPREAD * variance))
        trend = _chance(mean) - _chance(mean - practice.mean + practice.level) if practice.answers > 1 else None
        independence = practice.alone / practice.later if practice.later else None
        uncertainty = sqrt(variance) * mastery * (1.0 - mastery)
        return Standing(skill, mastery, uncertainty, practice.answers, trend, independence)

    def _practice(self, skill: str) -> Practice:
        practice = self.skills.pop(skill, None)
        if practice is None:
            practice = Practice()
            if len(self.skills) >= SKILLS:
                del self.skills[next(iter(self.skills))]
        self.skills[skill] = practice
        return practice

    def kept(self) -> list[object]:
        """As a list for JSON."""
        return [self.mean, self.variance, [[skill, *practice.kept()] for skill, practice in self.skills.items()]]

    @classmethod
    def of(cls, kept: list[Any]) -> "Elo":
        """From such a list."""
        elo = cls()
        elo.mean, elo.variance, skills = kept
        for skill, *values in skills:
            practice = elo.skills[skill] = Practice()
            (practice.mean, practice.variance, practice.answers, practice.level, *rest) = values
            practice.later, practice.alone, practice.item = rest
        return elo


def _independence(practice: Practice, answer: Answer) -> None:
    if practice.answers > 1 and (answer.item is None or answer.item != practice.item):
        practice.later += 1
        practice.alone += answer.correct and answer.hints == 0 and not answer.shown
    practice.item = answer.item


def _chance(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-log_odds)) if log_odds > -30.0 else _SURE
