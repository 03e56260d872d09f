"""Logistic regression that learns from each answer and knows how sure it is of each weight.

The belief about the weights is normal; an answer moves it as one step of an extended Kalman filter (assumed density:
Minka 2001). Where nothing was learned yet it says what its prior says, exactly.
"""

from collections.abc import Sequence
from math import exp

_MOST = 1.0
"""The most by which one outcome moves its log odds: none is so surprising that all before it was wrong."""


class Weights:
    """Means and covariance of the weights of some features.

    >>> weights = Weights((0.0, 1.0), 0.1)
    >>> round(weights.predict((1.0, 1.0)), 2)
    0.73
    >>> for _ in range(100):
    ...     weights.learn((1.0, 1.0), right=False)
    >>> weights.predict((1.0, 1.0)) < 0.2
    True
    """

    __slots__ = ("_covariance", "means")

    def __init__(self, prior: Sequence[float], variance: float) -> None:
        size = len(prior)
        self.means = [*prior]
        self._covariance = [[variance if i == j else 0.0 for j in range(size)] for i in range(size)]

    def predict(self, features: Sequence[float]) -> float:
        """The chance of success."""
        return chance(self._odds(features))

    def learn(self, features: Sequence[float], *, right: bool, part: float = 1.0, lean: float = 0.0) -> None:
        """Learns from an outcome, which counts in `part`; `lean` was added to its log odds from elsewhere."""
        pulled = [sum(c * x for c, x in zip(row, features, strict=True)) for row in self._covariance]
        spread = sum(p * x for p, x in zip(pulled, features, strict=True))
        said = chance(self._odds(features) + lean)
        slope = part * said * (1.0 - said)
        gain = 1.0 / (1.0 + slope * spread)
        most = _MOST / spread if spread > 0.0 else 0.0
        step, shrink = max(min(part * (right - said) * gain, most), -most), slope * gain
        for i, one in enumerate(pulled):
            self.means[i] += one * step
            pull = shrink * one
            for j in range(i + 1):  # both halves get the very same numbers, of which one is kept
                value = self._covariance[i][j] - pull * pulled[j]
                self._covariance[i][j] = self._covariance[j][i] = value

    def _odds(self, features: Sequence[float]) -> float:
        return sum(w * x for w, x in zip(self.means, features, strict=True))

    def kept(self) -> list[list[float]]:
        """As lists for JSON: the means, then the lower half of the covariance."""
        return [[*self.means], *(row[: i + 1] for i, row in enumerate(self._covariance))]

    @classmethod
    def of(cls, kept: Sequence[Sequence[float]]) -> "Weights":
        """From such lists."""
        weights = cls(kept[0], 0.0)
        for i, row in enumerate(kept[1:]):
            for j, value in enumerate(row):
                weights._covariance[i][j] = weights._covariance[j][i] = value
        return weights


def chance(log_odds: float) -> float:
    """The chance with these log odds, never so near 0 or 1 as to be taken for either."""
    return 1.0 / (1.0 + exp(-max(min(log_odds, 30.0), -30.0)))
