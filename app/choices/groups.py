"""Learners like them: what sets a learner apart, seen as one of a few groups and a little of their own.

What was seen of a learner is a likelihood exp(shift·u − precision·u²/2) of their effect u for each arm. The effects are
drawn from a mixture of normals, whose groups are fitted to the learners that were met lately (EM, Dempster et al.
1977). Whether there are groups at all, and how far learners of one group lie apart, is decided by the evidence for it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import exp

import numpy as np
from numpy.typing import NDArray

from app.stats.spread import VARIANCES, Spread

Array = NDArray[np.floating]

_GROUPS = 6
"""At the most; fewer are tried as often, and win where they explain as much."""

_FEWEST = 12
"""Learners below which groups are not looked for."""

_APART = 0.5
"""Variance between groups, in logits, before anything was seen."""

_ROUNDS, _FRESH_ROUNDS, _STARTS = 3, 8, 2
"""Of EM for the groups as they are, for fresh ones, and how many fresh ones are tried: a search gets stuck, and a
fresh one that explains more takes over."""

_CLOSE = 0.02
"""Variance within groups that a search starts from: were it large, one group would explain everything."""

_EVEN = 2.0
"""Learners that each group is given before it is counted, so that none dies of chance."""


@dataclass(frozen=True)
class Groups:
    """The `centres` (groups × arms) of the groups in logits, their `shares`, and the variance `own` within them."""

    centres: Array
    shares: Array
    own: float

    @staticmethod
    def none(arms: int, own: float = 0.15) -> "Groups":
        """All learners around the same."""
        return Groups(np.zeros((1, arms)), np.ones(1), own)

    def wide(self, arms: int) -> "Groups":
        """With room for so many arms."""
        return replace(self, centres=np.pad(self.centres, ((0, 0), (0, arms - self.centres.shape[1]))))

    def effects(self, precision: Array, shift: Array) -> tuple[Array, Array]:
        """Mean and variance of a learner's effect for each arm.

        >>> two = Groups(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([0.5, 0.5]), own=0.01)
        >>> mean, _ = two.effects(np.array([8.0, 0.0]), np.array([8.0, 0.0]))
        >>> mean.round(2).tolist()
        [1.0, 1.0]
        """
        left = self.own * precision
        left += 1.0
        np.reciprocal(left, left)
        if len(self.centres) == 1:
            return shift * left * self.own, left * self.own
        apart, moments, logs = self._prepared
        arms = len(left)
        seen = np.empty(2 * arms)
        np.multiply(shift, left, seen[:arms])
        np.multiply(precision, left, seen[arms:])
        likely = apart.dot(seen)
        likely += logs
        weights = likely.tolist()  # a handful: plain floats are faster from here
        top = max(weights)
        weights = [exp(each - top) for each in weights]
        both = np.array(weights).dot(moments)
        both /= sum(weights)
        mean, between = both[:arms], both[arms:]
        between -= mean * mean
        between *= left
        between += self.own
        between *= left
        mean += shift * self.own
        mean *= left
        return mean, between

    @cached_property
    def _prepared(self) -> tuple[Array, Array, Array]:
        """What the log likelihood of each group is linear in, its first two moments, and the logs of the shares."""
        squares = self.centres * self.centres
        return np.hstack([self.centres, -0.5 * squares]), np.hstack([self.centres, squares]), np.log(self.shares)

    def fitted(self, precision: Array, shift: Array, rng: np.random.Generator) -> "Groups":
        """The groups that explain these learners (learners × arms) best, none if that does."""
        spread = Spread(precision, shift)
        logs = spread.evidence()
        best = Groups.none(precision.shape[1], float(VARIANCES[logs.argmax()]))
        most = float(logs.max())
        candidates = [(self, _ROUNDS)] if len(self.centres) > 1 else []
        if len(precision) >= _FEWEST:
            candidates += [(_drawn(precision, shift, rng), _FRESH_ROUNDS) for _ in range(_STARTS)]
        for start, rounds in candidates:
            groups, log = _climbed(start, (precision, shift, spread), rounds)
            if log > most:
                best, most = groups, log
        return best


def _drawn(precision: Array, shift: Array, rng: np.random.Generator) -> Groups:
    """Groups, from two to the most, around some of the learners."""
    some = rng.choice(len(precision), rng.integers(2, _GROUPS + 1), replace=False)
    centres = shift[some] / (precision[some] + 1.0 / _APART)
    return Groups(centres, np.full(len(some), 1.0 / len(some)), _CLOSE)


def _climbed(groups: Groups, learners: tuple[Array, Array, Spread], rounds: int) -> tuple[Groups, float]:
    """After so many rounds of EM, with the log evidence: the likelihood of the learners, less what the centres cost for
    having been fitted (Laplace's approximation, MacKay 2003, chapter 28)."""
    precision, shift, spread = learners
    for turn in range(rounds + 1):
        left = 1.0 / (1.0 + groups.own * precision)
        seen, known, centres = shift * left, precision * left, groups.centres
        logs = seen @ centres.T - 0.5 * known @ (centres * centres).T + np.log(groups.shares)
        top = logs.max(axis=1, keepdims=True)
        weights = np.exp(logs - top)
        total = weights.sum(axis=1, keepdims=True)
        weights /= total
        mass = weights.T @ known
        if turn == rounds:
            break
        shares = weights.sum(axis=0) + _EVEN
        centres = (weights.T @ seen) / (mass + 1.0 / _APART)
        own = spread.evidence_around(weights @ centres, weights @ (centres * centres)).argmax()
        groups = Groups(centres, shares / shares.sum(), float(VARIANCES[own]))
    fit = float((top + np.log(total)).sum())
    fit += 0.5 * float((shift * seen * groups.own - np.log1p(groups.own * precision)).sum())
    cost = 0.5 * float((centres * centres).sum() / _APART + np.log1p(_APART * mass).sum())
    return groups, fit - cost
