"""What another policy would have earned, told from what this one chose and how likely that was: pure.

Three estimates of the mean reward of a target policy from logged choices, each with an interval:

* IPS, each reward times how much likelier the target makes the choice (Horvitz & Thompson 1952): unbiased, noisy;
* SNIPS, the same over the sum of these weights (Swaminathan & Joachims 2015): steadier;
* DR, what a model of rewards expects of the target, put right by the weighed errors of the model where it was tried
  (Dudík, Langford & Li 2011): right if either propensities or model are, and the narrowest where the model is good.

Choices of one learner are alike, so that variances are sums over learners (Liang & Zeger 1986), with the degrees of
freedom of as many learners as the weights leave (Kish 1965).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.stats.student import student

LEVEL = 0.95

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Logged:
    """Choices: the `reward` of each (0 to 1), its `weight` (the chance of the chosen arm under the target over that
    under which it was chosen), what a model `modelled` for the chosen arm and `expected` of the target, neither having
    seen this learner; `learner` as a number from 0."""

    reward: Vector
    weight: Vector
    modelled: Vector
    expected: Vector
    learner: NDArray[np.int64]

    @property
    def effective(self) -> float:
        """As how many choices of the target itself these count (Kish 1965)."""
        return _kish(self.weight)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean reward with its 95 % interval."""

    value: float
    low: float
    high: float


def ips(log: Logged) -> Estimate:
    """The mean of weighed rewards.

    >>> one = np.ones(100)
    >>> log = Logged(np.tile([0.0, 1.0], 50), one, one / 2, one / 2, np.arange(100))
    >>> ips(log).value, snips(log).value, doubly_robust(log).value
    (0.5, 0.5, 0.5)
    """
    return _estimate(log, lambda one: one.weight * one.reward)


def snips(log: Logged) -> Estimate:
    """The weighed mean of rewards."""
    mean = float(log.weight.mean())
    value = float((log.weight * log.reward).mean()) / mean if mean else 0.0
    return _estimate(log, lambda one: value + one.weight * (one.reward - value) / (mean or 1.0))


def doubly_robust(log: Logged) -> Estimate:
    """What the model expects, and what it did not."""
    return _estimate(log, _robust)


def logged(log: Logged) -> Estimate:
    """What the policy earned that made the choices."""
    return _estimate(log, lambda one: one.reward)


def gain(log: Logged) -> Estimate:
    """How much more the target earns than the policy that made the choices, by DR on the same choices."""
    return _estimate(log, lambda one: _robust(one) - one.reward)


def _robust(log: Logged) -> Vector:
    return np.asarray(log.expected + log.weight * (log.reward - log.modelled))


def _estimate(log: Logged, score: Callable[[Logged], Vector]) -> Estimate:
    scores = score(log)
    value = float(scores.mean())
    off = np.bincount(log.learner, scores - value)
    freedom = max(_kish(np.bincount(log.learner, log.weight).astype(float)) - 1, 1.0)
    variance = float((off * off).sum()) / len(scores) ** 2 * (freedom + 1) / freedom
    # Rewards that all were equal are not certain: one more learner may earn half a reward more, or less.
    variance += (0.5 / (freedom + 1)) ** 2
    half = math.sqrt(variance) * student(LEVEL, freedom)
    return Estimate(value, value - half, value + half)


def _kish(weights: Vector) -> float:
    squares = float((weights * weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
