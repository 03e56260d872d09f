"""Boosted trees that ask one question on each level, all walked at once.

A tree of depth 8 is eight comparisons and a leaf whose number they are the bits of, so that a forest is one comparison
of two arrays, one packing of bits and one look-up.
"""

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.logistic import Array

DEPTH = 8
"""Questions of a tree: the bits of a byte."""


class Trees:
    """A forest: the feature and the threshold of each level (trees, 8), what each leaf says (trees, 256)."""

    def __init__(self, features: NDArray[np.int64], thresholds: Array, leaves: Array) -> None:
        self._features = np.ascontiguousarray(features.ravel(), np.intp)
        self._thresholds = np.ascontiguousarray(thresholds.ravel(), np.float32)
        self._leaves = np.ascontiguousarray(leaves.ravel(), np.float32)
        count = len(leaves)
        self._first = np.arange(count, dtype=np.intp) * (1 << DEPTH)
        # Filled anew for each prediction.
        self._asked = np.zeros(count * DEPTH, np.float32)
        self._yes = np.zeros(count * DEPTH, np.bool_)
        self._where = np.zeros(count, np.intp)
        self._said = np.zeros(count, np.float32)

    def log_odds(self, features: Array) -> float:
        """What all trees say together."""
        features.take(self._features, out=self._asked, mode="clip")
        np.greater(self._asked, self._thresholds, self._yes)
        np.add(self._first, np.packbits(self._yes), self._where)
        self._leaves.take(self._where, out=self._said, mode="clip")
        return float(np.add.reduce(self._said))
