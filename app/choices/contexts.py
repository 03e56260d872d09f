"""What is special to each context: a residual for each arm, how often it was tried, and whether it still holds."""

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.choices.rows import SOON, Rows, left
from app.stats.drift import Chart

Array = NDArray[np.floating]

MEAN, VARIANCE, TRIED, LAST, LEVEL, ERRORS = range(6)
"""The rows of a context: the belief about the residual of each arm, in logits; how often the arm was tried, and when
last, in days since the epoch; the chart of its errors."""

CONTEXTS = 100_000
"""How many are remembered; the one that was not met for longest is forgotten first."""

DAY = 86_400.0

UNKNOWN = 0.5
"""Variance of a residual of which all that was seen is long ago."""

_RESTLESS, _CALM, _WILD = 0.03, 0.003, 1.5
"""How fast what works is believed to change before anything was seen, the least and the most: the variance that a
residual gains in a day."""

_HEED = 0.02
"""How much one outcome changes that belief: it follows some hundreds of them."""

_SMALL, _LARGE = 0.02, 0.6
"""The least and the most that contexts are believed to differ by, as a variance."""

_LATELY = 2000
"""Contexts that the variance is fitted to, those that were met last: under a millisecond."""

_ENOUGH = 20
"""Residuals below which it is not fitted."""


class Contexts(Rows):
    """The residuals: each is a random walk, about which less is known the longer ago its arm was tried. `special` is
    their variance before anything was seen, `restless` what they gain of it in a day, `typical` how often the context
    in the middle of all was met."""

    def __init__(self) -> None:
        super().__init__(6, CONTEXTS)
        self.special = 0.25
        self.restless = _RESTLESS
        self.typical = 0.0

    def widen(self, arms: int) -> None:
        """Makes room for so many arms, of which nothing was seen."""
        known = self.data.shape[2]
        super().widen(arms)
        self.data[:, VARIANCE, known:] = self.special
        self.data[:, LAST, known:] = self.at[:, None] / DAY

    def at_time(self, slot: int, at: float) -> NDArray[np.float32]:
        """The rows of a context as they count at a time."""
        rows: NDArray[np.float32] = self.data[slot]
        past = at - self.at[slot]
        return faded(rows, left(past)) if past > SOON else rows

    def fresh(self, context: str, at: float) -> NDArray[np.float32]:
        """The rows of a context to write to, as they count at a time."""
        slot = self.slots.get(context)
        if slot is None:
            slot = self.take(context)
            self.data[slot, VARIANCE] = self.special
            self.data[slot, LAST] = at / DAY
            self.at[slot] = at
        else:
            self.use(context, slot)
            past = at - self.at[slot]
            if past > SOON:
                self.data[slot] = faded(self.data[slot], left(past))
                self.at[slot] = at
        rows: NDArray[np.float32] = self.data[slot]
        return rows

    def variance(self, rows: NDArray[np.float32], at: float) -> Array:
        """The variance of a context's residuals at a time."""
        known = rows[VARIANCE]
        now: Array = at / DAY - rows[LAST]
        now *= self.restless
        now += known
        np.minimum(now, UNKNOWN, out=now)
        np.maximum(now, known, out=now)
        return now

    def meet(self, rows: NDArray[np.float32], arm: int, at: float) -> None:
        """Brings the variance of one residual, of which there is news, up to a time."""
        day, known = at / DAY, rows.item(VARIANCE, arm)
        now = known + self.restless * (day - rows.item(LAST, arm))
        rows[VARIANCE, arm], rows[LAST, arm] = max(known, min(now, UNKNOWN)), day

    def charted(self, rows: NDArray[np.float32], arm: int, error: tuple[float, float], spread: float) -> bool:
        """Charts the error of a forecast, with what it weighs; whether the context has changed, where errors usually
        have the variance `spread`. Where errors keep going the same way, everything is believed to change faster; where
        they do not, a change is believed in less easily."""
        chart = Chart(rows.item(LEVEL, arm), rows.item(ERRORS, arm))
        heed = exp(_HEED * error[1] * chart.lag(error[0], spread))
        self.restless = min(max(self.restless * heed, _CALM), _WILD)
        rows[LEVEL, arm], rows[ERRORS, arm] = after = chart.after(*error)
        return after.alarm(spread, self.restless / _RESTLESS)

    def fit(self) -> None:
        """Fits `special` (one step of EM, Dempster et al. 1977) and `typical` to the contexts that were met lately."""
        rows = self.data[self.recent(_LATELY)]
        self.typical = float(np.median(rows[:, TRIED].sum(axis=1)))
        mean, variance = rows[:, MEAN], rows[:, VARIANCE]
        seen = variance < 0.8 * self.special
        if seen.sum() > _ENOUGH:
            found = float((mean[seen] ** 2 + variance[seen]).mean())
            self.special = min(max(0.7 * self.special + 0.3 * found, _SMALL), _LARGE)


def doubted(rows: NDArray[np.float32], linear: Array) -> None:
    """Doubts what was seen of a context that changed: which arm is good here may be anybody's guess, so each is
    believed to be halfway to the mean of all. `linear` is what the arms bring by their features."""
    total = linear + rows[MEAN]
    rows[MEAN] = 0.5 * (total + total.mean()) - linear
    rows[VARIANCE] = np.maximum(rows[VARIANCE], UNKNOWN)
    rows[LEVEL:] = 0.0


def faded(rows: NDArray[Any], share: Any) -> NDArray[Any]:
    """The rows of a context (or of contexts, along the last but one axis) when a share of the evidence is left."""
    result = rows.copy()
    before = rows[..., VARIANCE, :]
    after = np.maximum(1.0 / (share / before + (1.0 - share) / UNKNOWN), before)
    result[..., VARIANCE, :] = after
    result[..., MEAN, :] *= share * after / before
    result[..., TRIED, :] *= share
    return result
