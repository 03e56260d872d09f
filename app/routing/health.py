"""How a model has done of late, as a value: means in which what is older counts for less.

Each is an exponentially weighted mean over irregular times (Eckner, "Algorithms for Unevenly Spaced Time Series:
Moving Averages", 2019): an observation of weight 1 weighs 2^(-t / HALF_LIFE) after t seconds. Where the weights of all
that was observed add up to less than `FADED`, nothing is known any more: so a model that was slow is tried again one
day, ten times less often than its evidence fades.
"""

from dataclasses import dataclass, replace
from math import exp2

HALF_LIFE = 120.0
"""Seconds after which an observation counts half: twice the window that breakers judge by, so that a rank moves more
slowly than a breaker."""

FADED = 0.1
"""Observations that are worth less than this together are none."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, the weight of what it was made from (at most its `count`), and how many observations there were."""

    value: float
    weight: float
    count: int

    def beside(self, prior: float, weight: float) -> float:
        """The mean with a prior that is worth so many observations.

        >>> Estimate(2.0, 3.0, 5).beside(1.0, 1.0)
        1.75
        """
        return (self.value * self.weight + prior * weight) / (self.weight + weight)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean that forgets.

    >>> mean = Mean().plus(0.0, 1.0).plus(HALF_LIFE, 4.0)
    >>> mean.at(HALF_LIFE)
    Estimate(value=3.0, weight=1.5, count=2)
    >>> mean.at(10 * HALF_LIFE) is None
    True
    """

    value: float = 0.0
    weight: float = 0.0
    when: float = 0.0
    count: int = 0

    def plus(self, now: float, observed: float) -> "Mean":
        """With one observation more."""
        before = self._weight(now)
        value = (self.value * before + observed) / (before + 1)
        return Mean(value, before + 1, now, self.count + 1)

    def at(self, now: float) -> Estimate | None:
        """What is known; `None` where nothing was observed, or too long ago."""
        weight = self._weight(now)
        return Estimate(self.value, weight, self.count) if weight >= FADED else None

    def _weight(self, now: float) -> float:
        return self.weight * exp2(-max(now - self.when, 0.0) / HALF_LIFE)


@dataclass(frozen=True, slots=True)
class Health:
    """One model: seconds to the first token of its streams, output tokens per second after it, share of failures."""

    first_token: Mean = Mean()
    speed: Mean = Mean()
    failures: Mean = Mean()

    def spoke(self, now: float, took: float) -> "Health":
        """With a first token after so many seconds, or the wait for one that did not come."""
        return replace(self, first_token=self.first_token.plus(now, took))

    def wrote(self, now: float, tokens_per_second: float) -> "Health":
        """With an answer written so fast."""
        return replace(self, speed=self.speed.plus(now, tokens_per_second))

    def ended(self, now: float, failed: bool) -> "Health":
        """With a call that was answered, or failed."""
        return replace(self, failures=self.failures.plus(now, float(failed)))
