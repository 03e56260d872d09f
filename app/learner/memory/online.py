"""Logistic regression that learns from each answer and knows how sure it is of each weight.

The belief about the weights is normal; an answer moves it as one step of an extended Kalman filter (assumed density:
Minka 2001; the chance averages over the belief as in MacKay, Neural Computation 4, 1992). Where nothing was learned yet
it says what its prior says.
"""

from collections.abc import Sequence
from math import exp, pi, sqrt


class Weights:
    """Means and covariance of the weights of some features.

    >>> weights = Weights((0.0, 1.0), 0.1)
    >>> round(weights.predict((1.0, 1.0)), 2)
    0.72
    >>> for _ in range(100):
    ...     weights.learn((1.0, 1.0), right=False)
    >>> weights.predict((1.0, 1.0)) < 0.2
    True
    """

    __slots__ = ("_covariance", "_means")

    def __init__(self, prior: Sequence[float], variance: float) -> None:
        size = len(prior)
        self._means = [*prior]
        self._covariance = [[variance if i == j else 0.0 for j in range(size)] for i in range(size)]

    def predict(self, features: Sequence[float]) -> float:
        """The chance of success."""
        mean, spread, _ = self._seen(features)
        return _chance(mean / sqrt(1.0 + pi * spread / 8.0))

    def learn(self, features: Sequence[float], *, right: bool) -> None:
        """Learns from an outcome."""
        mean, spread, pulled = self._seen(features)
        chance = _chance(mean)
        slope = chance * (1.0 - chance)
        gain = 1.0 / (1.0 + slope * spread)
        step, shrink = (right - chance) * gain, slope * gain
        for i, one in enumerate(pulled):
            self._means[i] += one * step
            pull = shrink * one
            for j in range(i + 1):  # both halves get the very same numbers, of which one is kept
                value = self._covariance[i][j] - pull * pulled[j]
                self._covariance[i][j] = self._covariance[j][i] = value

    def _seen(self, features: Sequence[float]) -> tuple[float, float, list[float]]:
        """The log odds, their variance, and the covariance of the weights with them."""
        mean = sum(w * x for w, x in zip(self._means, features, strict=True))
        pulled = [sum(c * x for c, x in zip(row, features, strict=True)) for row in self._covariance]
        return mean, sum(p * x for p, x in zip(pulled, features, strict=True)), pulled

    def kept(self) -> list[list[float]]:
        """As lists for JSON: the means, then the lower half of the covariance."""
        return [self._means, *(row[: i + 1] for i, row in enumerate(self._covariance))]

    @classmethod
    def of(cls, kept: Sequence[Sequence[float]]) -> "Weights":
        """From such lists."""
        weights = cls(kept[0], 0.0)
        for i, row in enumerate(kept[1:]):
            for j, value in enumerate(row):
                weights._covariance[i][j] = weights._covariance[j][i] = value
        return weights


def _chance(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-max(min(log_odds, 30.0), -30.0)))
