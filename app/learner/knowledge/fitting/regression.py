"""Logistic regression by Newton's method with a ridge (iteratively reweighted least squares)."""

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.logistic import Array

RIDGE = 10.0
"""Weight of the penalty, on features of unit variance: as evidence, that of some forty answers."""

_ROUNDS = 12

_PART = 65_536

Wide = NDArray[np.float64]


def regress(features: Array, right: Array, said: Array | None = None, ridge: float = RIDGE) -> Array:
    """Weights for each column of `features`, and for 1, on top of the log odds `said`. Constant columns get none.

    >>> x = np.array([[0.0], [1.0]] * 500, np.float32)
    >>> y = np.array([0, 1] * 500, np.float32)
    >>> bool(regress(x, y)[0] > 3)
    True
    """
    scale = features.std(0, dtype=np.float64)
    used = scale > 1e-6
    scale = np.where(used, scale, 1.0)
    weights = np.zeros(features.shape[1] + 1)
    penalty = np.where(np.append(used, True), ridge, 1e12)
    penalty[-1] = 1e-6 if said is None else ridge
    for _ in range(_ROUNDS):
        gradient, curvature = _sums((features, right, said), scale, weights)
        step = np.linalg.solve(curvature + np.diag(penalty), gradient - penalty * weights)
        weights += step
        if np.abs(step).max() < 1e-4:
            break
    weights[:-1] /= scale
    return weights.astype(np.float32)


def _sums(data: tuple[Array, Array, Array | None], scale: Wide, weights: Wide) -> tuple[Wide, Wide]:
    """Gradient and curvature of the likelihood, a part of the rows at a time."""
    features, right, said = data
    size = len(weights)
    gradient, curvature = np.zeros(size), np.zeros((size, size))
    for start in range(0, len(right), _PART):
        part = features[start : start + _PART] / scale.astype(np.float32)
        part = np.concatenate([part, np.ones((len(part), 1), np.float32)], 1)
        log_odds = np.asarray(part @ weights.astype(np.float32), np.float32)
        if said is not None:
            log_odds += said[start : start + _PART]
        chances = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30)))
        gradient += np.asarray(part.T @ (right[start : start + _PART] - chances), np.float64)
        curvature += np.asarray((part * (chances * (1.0 - chances))[:, None]).T @ part, np.float64)
    return gradient, curvature
