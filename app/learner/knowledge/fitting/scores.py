"""How good probabilities are: area under the ROC curve, accuracy, log loss, calibration."""

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.fitted import Scores

Wide = NDArray[np.float64]

_BINS = 15


def scores(right: NDArray[np.floating], chances: NDArray[np.floating], learners: int) -> Scores:
    """All of them, for answers of so many learners."""
    y, p = np.asarray(right, np.float64), np.clip(np.asarray(chances, np.float64), 1e-6, 1 - 1e-6)
    return Scores(
        answers=len(y),
        learners=learners,
        right=float(y.mean()),
        auc=auc(y, p),
        accuracy=float(((p >= 0.5) == (y > 0.5)).mean()),
        log_loss=float(-np.where(y > 0.5, np.log(p), np.log(1 - p)).mean()),
        calibration_error=calibration_error(y, p),
    )


def auc(right: Wide, said: Wide) -> float:
    """The chance that a right answer was thought likelier than a wrong one; ties count half. Not a number where all
    were right, or none.

    >>> auc(np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.5, 0.5]))
    0.75
    """
    good = float(right.sum())
    bad = len(right) - good
    if not good or not bad:
        return float("nan")
    _, inverse, counts = np.unique(said, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return float((ranks[inverse] @ right - good * (good + 1) / 2) / (good * bad))


def calibration_error(right: Wide, chances: Wide) -> float:
    """The mean distance of what was said from what came, over 15 bins."""
    where = np.minimum(_BINS - 1, (chances * _BINS).astype(np.int64))
    return float(np.abs(np.bincount(where, right - chances, _BINS)).sum() / len(right))
