"""A logistic model over the features: one dot product."""

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.features import COUNT

Array = NDArray[np.float32]

LIMIT = 9.0
"""Log odds that are ever said, either way: one wrong answer in eight thousand."""


def chance(log_odds: float) -> float:
    """The probability at such log odds, of those that are ever said.

    >>> chance(0.0), chance(1e9) < 1.0
    (0.5, True)
    """
    return 1.0 / (1.0 + exp(-max(-LIMIT, min(LIMIT, log_odds))))


class Logistic:
    """Weights of the features, the last of them that of 1."""

    __slots__ = ("_weights", "bias", "weights")

    def __init__(self, weights: NDArray[Any]) -> None:
        self.weights = np.asarray(weights, np.float32)
        self._weights = np.ascontiguousarray(self.weights[:COUNT])
        self.bias = float(self.weights[COUNT])

    def log_odds(self, features: Array) -> float:
        """Of a right answer."""
        return float(self._weights.dot(features)) + self.bias
