"""Each arm by its chance to be the best, its reward a linear function of the situation's features (linear Thompson)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.random import Generator

from app.choices.kinds.drawing import draw
from app.choices.port import Chosen, Options, Outcome, Situation
from app.choices.table import MONTH, Floats
from app.stats.forward import Forward
from app.stats.winner import chances

_ARMS = 256
"""Arms that are known; the rewards of those that come later are not learned from."""

_EVERY = 8
_LIFETIME = 3_600.0
"""Rewards, and seconds, after which what follows from the sums is worked out anew."""


class Linear:
    """A Bayesian linear regression of each arm's rewards (Agrawal & Goyal 2013, arXiv 1209.3352), discounted (Russac,
    Vernade & Cappé 2019, arXiv 1909.09146). The arm is drawn by its chance to be the best, so that the propensity is
    exact.

    It keeps sums of x·xᵀ and of x·reward, which add up; what follows from them is worked out anew after eight
    more rewards of an arm, or an hour. `ridge` is the precision of the prior of each weight, `noise`
    the standard deviation of a reward; smaller than it is, it explores less.

    >>> here, options = Situation("a", "d", (1.0, 0.2), "", False, 1.8e9), Options(("x", "y"), "x", frozenset("x"), {})
    >>> linear = Linear()
    >>> for _ in range(100):
    ...     linear.learn(here, Outcome("y", 1.0))
    >>> linear.decide(here, options, np.random.default_rng(1)).arm
    'y'
    """

    def __init__(self, ridge: float = 2.0, noise: float = 0.3, half_life: float | None = MONTH) -> None:
        self._ridge, self._noise = ridge, noise
        self._decay = Forward(half_life)
        self._arms: dict[str, _Sums] = {}

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms, by its chance, which is its propensity."""
        reason = "by its chance to be the best for such features"
        return draw(options.arms, self.chances(situation, options), rng, reason)

    def chances(self, situation: Situation, options: Options) -> Floats:
        """The chance of each to be the best."""
        x = np.array(situation.features)
        fading = self._decay.fading(situation.at)
        fits = [self._fit(arm, len(x), fading, situation.at) for arm in options.arms]
        priors = np.array([options.priors.get(arm, 0.5) for arm in options.arms])
        means = priors + np.stack([fit.weights for fit in fits]) @ x
        variances = np.einsum("kij,i,j->k", np.stack([fit.inverse for fit in fits]), x, x)
        return chances(means, self._noise * np.sqrt(np.maximum(variances, 1e-12)))

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Learns one reward: as far as it is above what is usual for its kind."""
        self._advance(self._decay.due(situation.at))
        x = np.array(situation.features)
        sums = self._sums(outcome.arm, len(x))
        if sums is not None:
            weighed = x * (outcome.weight * self._decay.weight(situation.at))
            sums.products += np.outer(weighed, x)
            sums.gains += weighed * (outcome.value - outcome.usual)
            sums.fresh += 1

    def forget(self, learner: str | None) -> None:
        """Nothing of it is of a learner."""

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        arms = [[arm, sums.products.tolist(), sums.gains.tolist()] for arm, sums in sorted(self._arms.items())]
        return {"half_life": self._decay.half_life, "era": self._decay.era, "arms": arms}

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What was learned until now, worked out at once: there is little of it."""
        kept = self.kept()
        return lambda: kept

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was learned; `ValueError` where that was discounted in another way."""
        self._decay, self._arms = Forward(self._decay.half_life), {}
        self.merge(kept)

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what another one learned; `ValueError` where that was discounted in another way."""
        if kept["half_life"] != self._decay.half_life:
            raise ValueError(f"half-lives differ: {kept['half_life']} and {self._decay.half_life}")
        self._advance(kept["era"])
        for arm, products, gains in kept["arms"]:
            sums = self._sums(arm, len(gains))
            if sums is not None:
                shift = kept["era"] - self._decay.era
                sums.products += np.ldexp(np.array(products), shift)
                sums.gains += np.ldexp(np.array(gains), shift)
                sums.fit = None

    def _sums(self, arm: str, size: int) -> "_Sums | None":
        sums = self._arms.get(arm)
        if sums is None and len(self._arms) < _ARMS:
            sums = self._arms[arm] = _Sums(size)
        return sums

    def _advance(self, era: int) -> None:
        if era > self._decay.era:
            for sums in self._arms.values():
                np.ldexp(sums.products, self._decay.era - era, out=sums.products)
                np.ldexp(sums.gains, self._decay.era - era, out=sums.gains)
            self._decay.era = era

    def _fit(self, arm: str, size: int, fading: float, at: float) -> "_Fit":
        sums = self._arms.get(arm)
        if sums is None:
            return _Fit(at, np.eye(size) / self._ridge, np.zeros(size))
        if sums.fit is None or sums.fresh >= _EVERY or not 0.0 <= at - sums.fit.at < _LIFETIME:
            inverse = np.linalg.inv(sums.products * fading + self._ridge * np.eye(size))
            sums.fit, sums.fresh = _Fit(at, np.asarray(inverse, np.float64), inverse @ (sums.gains * fading)), 0
        return sums.fit


class _Fit:
    """What follows from the sums of an arm at a time."""

    __slots__ = ("at", "inverse", "weights")

    def __init__(self, at: float, inverse: Floats, weights: Floats) -> None:
        self.at, self.inverse, self.weights = at, inverse, weights


class _Sums:
    """Of an arm: x·xᵀ and x·gain over its rewards, what followed from them last, and the rewards since."""

    __slots__ = ("fit", "fresh", "gains", "products")

    def __init__(self, size: int) -> None:
        self.products, self.gains = np.zeros((size, size)), np.zeros(size)
        self.fit: _Fit | None = None
        self.fresh = 0
