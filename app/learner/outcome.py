"""Whether mastery will be reached by a date, how sure that is, and what decides it: a closed form, no simulation.

In log odds a skill stands at `x`. By the date `N` more answers raise it by `g` each, up to a ceiling, and the days
since the last practice before it lower it by `f·ln(1 + days)` (`learner.curve`). All four are uncertain: `x` as its
standing is, `g` as what the learner's skills tell of it, `N` as the counts of past days vary and as few of them were
seen, `f` by half. Their sum is taken to be normal, so that the chance to be over the threshold and the interval follow
from its mean and variance. A course is done when practice has paid for what all its skills lack; what is forgotten
meanwhile is not counted there, for a review that makes up for it takes few answers.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from app.learner.curve import CEILING, UNSEEN, Growth, deviation, expit, logit
from app.learner.habit import Habit
from app.policy import PathPolicy
from app.vocabulary import Standing

SPAN = NormalDist().inv_cdf(0.9)
"""Standard deviations to either side of the middle that hold 80 %."""

_DOUBT = 0.5
"""The standard deviation of forgetting, as a part of it."""

_UNSEEN_SD = 1.0
_WEEK = 7.0
_PACE, _PROGRESS = 1.5, 1.25


@dataclass(frozen=True, slots=True)
class Target:
    """A skill of a course, in the order in which they are learned: what is believed of it, and its weight."""

    standing: Standing | None
    weight: float = 1.0

    @property
    def odds(self) -> tuple[float, float]:
        """Log odds now and their standard deviation."""
        if self.standing is None:
            return logit(UNSEEN), _UNSEEN_SD
        return logit(self.standing.mastery), deviation(self.standing)


@dataclass(frozen=True, slots=True)
class Future:
    """What the future depends on: days until the date, the learner's habit and growth, forgetting in log odds."""

    days: float
    habit: Habit
    growth: Growth
    forgetting: float

    @property
    def answers(self) -> tuple[float, float]:
        """Mean and variance of the answers until the date."""
        return self.habit.until(self.days)

    def gained(self) -> tuple[float, float]:
        """Mean and variance of what those raise, in log odds."""
        mean, variance = self.answers
        g, sd = self.growth.mean, self.growth.sd
        return g * mean, g * g * variance + sd * sd * (mean * mean + variance)

    def lost(self) -> tuple[float, float]:
        """Mean and variance of what will have been lost at the date since the last practice before it."""
        mean = self.forgetting * math.log1p(min(self.habit.idle, self.days))
        return mean, (_DOUBT * mean) ** 2


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may be expected at the date: the chance of mastery, and of `what` (the `mastery` of a skill, the `progress`
    through a course) the value now, in the middle, and at both ends of an interval that holds 80 %."""

    probability: float
    what: str
    now: float
    expected: float
    low: float
    high: float
    at_risk: bool
    driver: str
    why: str


def forgetting(policy: PathPolicy) -> float:
    """What `Future.forgetting` is under a policy: half of the way from an unseen skill to mastery in its half-life."""
    return (logit(policy.mastery) - logit(UNSEEN)) / 2 / math.log1p(policy.half_life)


def of_skill(standing: Standing, future: Future, policy: PathPolicy) -> Outlook:
    """The outlook for one skill, whose own answers `future.habit` counts."""
    target = Target(standing)
    low, expected, high = (expit(_skill(target, future, policy, z)) for z in (-SPAN, 0.0, SPAN))
    driver = _driver(lambda other: _margin_of_skill(target, other, policy), future)
    said = driver, _why(driver, logit(policy.mastery) - target.odds[0], future), policy
    chance = NormalDist().cdf(_margin_of_skill(target, future, policy))
    return _outlook("mastery", chance, (standing.mastery, expected, low, high), said)


def of_course(targets: Sequence[Target], future: Future, policy: PathPolicy) -> Outlook:
    """The outlook for all skills of a course; `future.habit` counts the answers of any of them."""
    needs, (gain, variance) = _needs(targets, policy), future.gained()
    sd = math.sqrt(variance + _doubt(targets, needs, gain))
    expected, low, high = (_progress(targets, policy, gain + z * sd) for z in (0.0, -SPAN, SPAN))
    driver = _driver(lambda other: _margin_of_course(targets, other, policy), future)
    said = driver, _why(driver, sum(needs), future), policy
    chance = NormalDist().cdf(_margin_of_course(targets, future, policy)) if any(needs) else 1.0
    return _outlook("progress", chance, (_progress(targets, policy, 0.0), expected, low, high), said)


def _outlook(
    what: str, chance: float, about: tuple[float, float, float, float], said: tuple[str, str, PathPolicy]
) -> Outlook:
    driver, why, policy = said
    now, expected, low, high = (round(each, 4) for each in about)
    return Outlook(round(chance, 4), what, now, expected, low, high, chance < policy.at_risk, driver, why)


def _skill(target: Target, future: Future, policy: PathPolicy, z: float) -> float:
    """A skill's log odds at the date, `z` standard deviations from the middle: what practice gives is cut off at the
    ceiling, what is forgotten comes off that."""
    (mean, sd), (ceiling, ceiling_sd) = _open(target, future), _closed(target, future, policy)
    return min(mean + z * sd, ceiling + z * ceiling_sd)


def _open(target: Target, future: Future) -> tuple[float, float]:
    """Mean and standard deviation as if there were no ceiling."""
    (x, sd), (gain, variance), (loss, loss_variance) = target.odds, future.gained(), future.lost()
    return x + gain - loss, math.sqrt(sd * sd + variance + loss_variance)


def _closed(target: Target, future: Future, policy: PathPolicy) -> tuple[float, float]:
    """Mean and standard deviation of who is at the ceiling."""
    loss, loss_variance = future.lost()
    ceiling = logit(max(CEILING, (1 + policy.mastery) / 2))
    return max(ceiling, target.odds[0]) - loss, math.sqrt(loss_variance)


def _needs(targets: Sequence[Target], policy: PathPolicy) -> list[float]:
    """What each skill lacks of mastery, in log odds."""
    return [max(0.0, logit(policy.mastery) - target.odds[0]) for target in targets]


def _doubt(targets: Sequence[Target], needs: Sequence[float], practice: float) -> float:
    """The variance of what the skills lack that so much practice will be spent on."""
    variance = paid = 0.0
    for target, need in zip(targets, needs, strict=True):
        if need > 0 and paid <= practice:
            variance += target.odds[1] ** 2
            paid += need
    return variance


def _progress(targets: Sequence[Target], policy: PathPolicy, practice: float) -> float:
    """How far a course is learned, by weight, when so much practice was spent on one skill after the other: each counts
    by the part of its way from unseen to mastery, in log odds, that lies behind."""
    whole = max(logit(policy.mastery) - logit(UNSEEN), 1e-9)
    behind = 0.0
    for target, need in zip(targets, _needs(targets, policy), strict=True):
        paid = min(need, max(practice, 0.0))
        practice -= paid
        behind += target.weight * min(max(1 - (need - paid) / whole, 0.0), 1.0)
    return behind / sum(target.weight for target in targets)


def _margin_of_skill(target: Target, future: Future, policy: PathPolicy) -> float:
    """Standard deviations by which the middle is over the threshold."""
    ends = _open(target, future), _closed(target, future, policy)
    return min((mean - logit(policy.mastery)) / max(sd, 1e-9) for mean, sd in ends)


def _margin_of_course(targets: Sequence[Target], future: Future, policy: PathPolicy) -> float:
    """Standard deviations by which practice is more than all skills lack."""
    needs, (gain, variance) = _needs(targets, policy), future.gained()
    return (gain - sum(needs)) / max(math.sqrt(variance + _doubt(targets, needs, math.inf)), 1e-9)


def _driver(margin: Callable[[Future], float], future: Future) -> str:
    """What would help most if it were better: half as much practice again, a quarter more from each answer (or what is
    usual, if that is more), nothing forgotten, or a week more. Measured in standard deviations from the threshold."""
    habit, growth = future.habit, future.growth
    better = {
        "pace": replace(future, habit=habit.times(_PACE)),
        "success": replace(future, growth=replace(growth, mean=max(growth.mean * _PROGRESS, Growth().mean))),
        "forgetting": replace(future, forgetting=0.0),
        "time": replace(future, days=future.days + _WEEK),
    }
    return max(better, key=lambda name: margin(better[name]))


def _why(driver: str, missing: float, future: Future) -> str:
    """The driver in words."""
    expected, _ = future.answers
    needed = max(0.0, missing) / max(future.growth.mean, 1e-3)
    about = f"about {needed:.0f} more answers are needed, and {expected:.0f} are to be expected by then"
    words = {
        "pace": f"{future.habit.mean:.1f} answers a day: {about}",
        "success": f"each answer adds {future.growth.mean:.2f} to the log odds of success: {about}",
        "forgetting": f"what is learned is partly forgotten between sessions that are rare: {about}",
        "time": f"{future.days:.0f} days are left: {about}",
    }
    return words[driver]
