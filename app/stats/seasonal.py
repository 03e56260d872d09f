"""Forecasts of counts and amounts that have a level, a trend that fades and a season, with their uncertainty.

Additive Holt-Winters with a damped trend in its innovations form, ETS(A,Ad,A) (R. Hyndman et al., "Forecasting with
Exponential Smoothing", 2008, chapter 3), on square roots, which makes the spread of counts the same at noon and at
night (M. Bartlett, 1936) and keeps forecasts from going below zero. Intervals come from simulated futures whose
errors are drawn from those of the past: so also sums and the time until a bound is crossed have theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ALPHA, _BETA, _GAMMA, _PHI = (0.02, 0.1, 0.3, 0.6), (0.0, 0.02, 0.1), (0.02, 0.1, 0.3), (0.8, 0.95)
"""What is tried: how fast level, trend and season follow, and how much of a trend is left a step later."""

FEWEST = 12
"""Values that a forecast needs at least."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned of a series; `season` has as many values as the season has steps (one: there is none), the
    first of which is for the next step."""

    level: float
    trend: float
    season: Floats
    errors: Floats
    alpha: float
    beta: float
    gamma: float
    phi: float

    def futures(self, steps: int, count: int, chance: np.random.Generator) -> Floats:
        """So many futures of so many steps, a row each, in the units of the series."""
        level, trend = np.full(count, self.level), np.full(count, self.trend)
        season, drawn = np.tile(self.season, (count, 1)), chance.choice(self.errors, (steps, count))
        found, period = np.empty((count, steps)), len(self.season)
        for step in range(steps):
            at, error = step % period, drawn[step]
            found[:, step] = level + self.phi * trend + season[:, at] + error
            level = level + self.phi * trend + self.alpha * error
            trend = self.phi * trend + self.beta * error
            if period > 1:
                season[:, at] += self.gamma * error
        return np.square(np.maximum(found, 0.0))


def fit(values: Sequence[float | None], period: int = 1) -> Fitted | None:
    """What fits a series best, one value a step, oldest first, none below zero; `None` stands for one that is not
    known. `None` where there are fewer than `FEWEST` values or than two seasons of `period` steps."""
    given = np.sqrt(np.array([np.nan if value is None else max(value, 0.0) for value in values], dtype=float))
    if np.count_nonzero(~np.isnan(given)) < max(FEWEST, 2 * period if period > 1 else 0):
        return None
    season, rates = _first_season(given, period), _rates(period)
    alpha, beta, gamma, phi = rates
    level, trend = np.full(len(alpha), _first_level(given, season)), np.zeros(len(alpha))
    seasons, errors = np.tile(season, (len(alpha), 1)), np.full((len(given), len(alpha)), np.nan)
    for step, value in enumerate(given):
        at = step % period
        expected = level + phi * trend + seasons[:, at]
        error = np.zeros(len(alpha)) if np.isnan(value) else value - expected
        errors[step] = np.nan if np.isnan(value) else error
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        seasons[:, at] += gamma * error
    begun = errors[min(4, len(given) // 2) :]
    best = int(np.argmin(np.nanmean(np.square(begun), axis=0)))
    known = begun[:, best][~np.isnan(begun[:, best])]
    turned = np.roll(seasons[best], -(len(given) % period))
    followed = dict(zip(("alpha", "beta", "gamma", "phi"), (float(one[best]) for one in rates), strict=True))
    # What was fitted to a series is nearer to it than what is to come: as if by so many fewer values.
    freedom = max(len(known) - len(season) * (period > 1) - len(rates), 1)
    spread = (known - known.mean()) * np.sqrt(len(known) / freedom)
    return Fitted(float(level[best]), float(trend[best]), turned, spread, **followed)


def _rates(period: int) -> tuple[Floats, Floats, Floats, Floats]:
    gammas = _GAMMA if period > 1 else (0.0,)
    tried = [one for one in product(_ALPHA, _BETA, gammas, _PHI) if one[1] <= one[0] and one[2] <= 1 - one[0]]
    alpha, beta, gamma, phi = (np.array(column) for column in zip(*tried, strict=True))
    return alpha, beta, gamma, phi


def _first_season(given: Floats, period: int) -> Floats:
    """By how much each step of the season is usually above the mean of its season."""
    if period == 1:
        return np.zeros(1)
    whole = given[: len(given) // period * period].reshape(-1, period)
    with np.errstate(invalid="ignore"):
        above = whole - np.nanmean(whole, axis=1, keepdims=True)
        usual = np.nan_to_num(np.nanmedian(above, axis=0))
    centred: Floats = usual - usual.mean()
    return centred


def _first_level(given: Floats, season: Floats) -> float:
    first = given[: max(len(season), 4)]
    return float(np.nanmean(first)) if not np.isnan(first).all() else float(np.nanmean(given))
