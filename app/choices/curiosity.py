"""How curious to be about each arm of a situation that is seldom met."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_SCARCITY, _VARIANCE, _FREQUENCY, _RECENCY = 0.4, 0.3, 0.2, 0.1

_LONG = 7.0
"""Days after which an arm was not tried lately."""


def curiosity(tried: Array, idle: Array, variance: Array) -> Array:
    """For each arm 0 to 1: how seldom it was tried here, how little is known of it, how small its share of the choices
    here is, and how long it was left alone.

    `tried` counts how often, `idle` is the days since, `variance` is of the belief about it, in logits.

    >>> curiosity(np.float32([0, 9]), np.float32([7, 0]), np.array([1.0, 0.1])).round(2).tolist()
    [0.96, 0.07]
    """
    scarce = 1.0 / (1.0 + tried)
    unsure = variance / (variance.max() + 1e-12)
    seldom = 1.0 - tried / max(1.0, float(tried.sum()))
    alone = 1.0 - np.exp(np.maximum(idle, 0.0) / -_LONG)
    score: Array = _SCARCITY * scarce + _VARIANCE * unsure + _FREQUENCY * seldom + _RECENCY * alone
    return score
