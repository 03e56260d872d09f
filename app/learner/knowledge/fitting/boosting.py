"""Boosted trees that ask one question on each level (CatBoost: Prokhorenkova et al., NeurIPS 2018), grown by Newton
steps on histograms of the features (XGBoost: Chen and Guestrin, KDD 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.fitting.examples import Progress
from app.learner.knowledge.logistic import Array
from app.learner.knowledge.trees import DEPTH

Weights = dict[str, Array]
Binned = NDArray[np.uint8]
Leaves = NDArray[np.int64]
Wide = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """How trees are grown: how many, by which rate; from how many rows and which share of the features each; into how
    many bins a feature is cut, and what is added to the curvature of a leaf."""

    trees: int = 160
    rate: float = 0.1
    rows: int = 60_000
    share: float = 0.3
    bins: int = 32
    ridge: float = 30.0


class Boosting:
    """Grows trees that correct `said`, log odds that are changed in place."""

    def __init__(self, features: Array, right: Array, growth: Growth, chance: np.random.Generator) -> None:
        self._right, self._growth, self._chance = right, growth, chance
        sample = features[chance.choice(len(features), min(len(features), 100_000), replace=False)]
        marks = np.linspace(0, 1, growth.bins + 1)[1:-1]
        self._cuts = [np.unique(np.quantile(column, marks)).astype(np.float32) for column in sample.T]
        self._binned = [
            np.searchsorted(cuts, features[:, n], side="left").astype(np.uint8) for n, cuts in enumerate(self._cuts)
        ]
        # A feature that never differs asks nothing.
        self._usable = np.array([n for n, cuts in enumerate(self._cuts) if len(cuts) > 1])

    def grow(self, said: Array, each: Progress) -> Weights:
        """All trees, as `Trees` takes them."""
        # Few answers bear few trees.
        count = min(self._growth.trees, 10 + len(said) // 200)
        asked = np.zeros((count, DEPTH), np.float32)
        thresholds = np.zeros((count, DEPTH), np.float32)
        leaves = np.zeros((count, 1 << DEPTH), np.float32)
        for tree in range(count):
            questions, values = self._tree(said)
            for level, (feature, cut) in enumerate(questions):
                asked[tree, level], thresholds[tree, level] = feature, self._cuts[feature][cut]
            leaves[tree] = values
            said += values[self._leaf(questions)]
            each("growing trees", len(said))
        return {"trees asked": asked, "trees thresholds": thresholds, "trees leaves": leaves}

    def _tree(self, said: Array) -> tuple[list[tuple[int, int]], Array]:
        growth, total = self._growth, len(said)
        rows = np.sort(self._chance.choice(total, min(total, growth.rows), replace=False))
        chances = 1.0 / (1.0 + np.exp(-said[rows].astype(np.float64)))
        slope, bend = (self._right[rows] - chances).astype(np.float64), chances * (1.0 - chances)
        chosen = self._chance.choice(self._usable, max(1, round(growth.share * len(self._usable))), replace=False)
        columns = {int(feature): self._binned[feature][rows] for feature in chosen}
        leaf = np.zeros(len(rows), np.int64)
        questions: list[tuple[int, int]] = []
        for level in range(DEPTH):
            feature, cut = self._best(columns, leaf, (slope, bend), 1 << level)
            questions.append((feature, cut))
            leaf = 2 * leaf + (columns[feature] > cut)
        size = 1 << DEPTH
        pull, weight = np.bincount(leaf, slope, size), np.bincount(leaf, bend, size)
        return questions, (growth.rate * pull / (weight + growth.ridge)).astype(np.float32)

    def _best(
        self, columns: Mapping[int, Binned], leaf: Leaves, slopes: tuple[Wide, Wide], leaves: int
    ) -> tuple[int, int]:
        """The feature and the bin whose question lowers the loss of all leaves most."""
        bins, ridge = self._growth.bins, self._growth.ridge
        best, found = -1.0, (next(iter(columns)), 0)
        begins = leaf * bins
        for feature, column in columns.items():
            cell = begins + column
            low, weight = (
                np.bincount(cell, values, leaves * bins).reshape(leaves, bins).cumsum(1) for values in slopes
            )
            high, rest = low[:, -1:] - low, weight[:, -1:] - weight
            gain = (low * low / (weight + ridge) + high * high / (rest + ridge)).sum(0)
            cut = int(gain[: len(self._cuts[feature])].argmax())
            if gain[cut] > best:
                best, found = float(gain[cut]), (feature, cut)
        return found

    def _leaf(self, questions: list[tuple[int, int]]) -> Leaves:
        """Which leaf each row falls into."""
        leaf = np.zeros(len(self._right), np.int64)
        for feature, cut in questions:
            leaf *= 2
            leaf += self._binned[feature] > cut
        return leaf
