"""Whether an arm does better than control, told at every look without the error of looking often: pure.

What is followed is z, the difference of two means over its standard error, where units come in one by one in random
order. Under no effect z·√n moves like a Brownian motion in the number of units n (with covariates too: Jennison &
Turnbull 1997, "Group-sequential analysis incorporating covariate information", JASA 92). Two boundaries share the
error, so that one of the two or both may be crossed at any look, for ever:

* up to a planned number of units the level that a Brownian motion reaches at all by then with probability 0.85·alpha
  (O'Brien & Fleming 1979, Biometrics 35, looked at all the time; reflection principle). At the plan it costs hardly
  more than a test that looks once;
* before and after it the normal mixture of Robbins (1970, Ann. Math. Stat. 41), the mSPRT of Johari, Koomen, Pekelis
  & Walsh (2022, "Always valid inference", Operations Research 70) with the remaining 0.15·alpha. It stops early where
  the effect is large, and has no end.

The intervals are asymptotic as those of Waudby-Smith et al. (2024, "Time-uniform central limit theory and asymptotic
confidence sequences", Ann. Stat. 52): nothing is said below `LEAST` units an arm. What is known of units from before
makes them narrower: their means are adjusted by regression (Deng et al. 2013, CUPED; Lin 2013, Ann. Appl. Stat. 7).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LEAST = 20
"""Units of each arm below which nothing is said."""

_PLANNED, _MIXED = 0.85, 0.15
"""What the two boundaries have of alpha: after the plan the mixture needs little, for z grows on."""

_WIDTH = 6.0
"""Variance of the mixture over that of the mean at the plan: narrowest at about twice the plan."""

_DOUBT = 0.25
"""Squared deviation that one more unit an arm is taken to have: outcomes that were all equal are not certain."""

_RIDGE = 1e-9

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """At how many `units` an arm intervals are narrowest, and the share `alpha` of such comparisons that may ever find
    an effect where there is none."""

    units: int
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class Units:
    """Units in the order in which their outcomes became known: `outcome`, whether each was `treated`, and `known`
    (units × covariates), which stood before."""

    outcome: Vector
    treated: NDArray[np.bool_]
    known: Vector


@dataclass(frozen=True, slots=True)
class Compared:
    """How much more the treated earn, between `low` and `high` for all looks at once with probability 1 - alpha; `p` is
    always valid (the smallest alpha at which some look until now found an effect), `e` the evidence of the mixture, as
    a factor of belief. `explained` is the share of the outcome's variance that covariates explain."""

    effect: float
    low: float
    high: float
    p: float
    e: float
    explained: float


def compared(units: Units, plan: Plan) -> Compared | None:
    """What the units show; `None` below `LEAST` of an arm.

    >>> from numpy.random import default_rng
    >>> rng = default_rng(1)
    >>> treated = rng.random(2_000) < 0.5
    >>> outcome = (rng.random(2_000) < 0.6 + 0.15 * treated).astype(float)
    >>> found = compared(Units(outcome, treated, np.empty((2_000, 0))), Plan(1_200))
    >>> found.low > 0, found.p < 0.05
    (True, True)
    """
    looks = _looks(units)
    if looks is None:
        return None
    effect, error = looks.effect, looks.error
    time, half = _bounds(looks, plan)
    low, high = float(np.max(effect - half)), float(np.min(effect + half))
    if low > high:  # the effect itself has changed: what holds is what is seen now
        low, high = float(effect[-1] - half[-1]), float(effect[-1] + half[-1])
    evidence = _evidence(effect / error, time)
    return Compared(
        effect=float(effect[-1]),
        low=low,
        high=high,
        p=_p(effect / error, time, evidence),
        e=math.exp(min(float(evidence[-1]), 700.0)),
        explained=looks.explained,
    )


def first_sure(units: Units, plan: Plan) -> int | None:
    """After how many units a look first finds an effect, where each unit is looked at; `None` if none does."""
    looks = _looks(units)
    if looks is None:
        return None
    sure = np.abs(looks.effect) > _bounds(looks, plan)[1]
    return int(looks.n[np.argmax(sure)]) if sure.any() else None


def _bounds(looks: "_Looks", plan: Plan) -> tuple[Vector, Vector]:
    """The share of the plan that each look comes at, and half of its interval."""
    time = looks.n / (2 * plan.units)
    return time, np.minimum(_planned_half(time, plan.alpha), _mixed_half(time, plan.alpha)) * looks.error


def _planned_half(time: Vector, alpha: float) -> Vector:
    """Standard errors on each side by the planned boundary; none after the plan."""
    level = NormalDist().inv_cdf(1 - _PLANNED * alpha / 4)
    return np.where(time <= 1, level / np.sqrt(time), np.inf)


def _mixed_half(time: Vector, alpha: float) -> Vector:
    """Standard errors on each side by the normal mixture."""
    width = _WIDTH * time
    return np.asarray(np.sqrt((1 + 1 / width) * (np.log1p(width) - 2 * math.log(_MIXED * alpha))))


def _evidence(z: Vector, time: Vector) -> Vector:
    """The logarithm of the mixture's likelihood ratio."""
    width = _WIDTH * time
    return np.asarray((z * z * width / (1 + width) - np.log1p(width)) / 2)


def _p(z: Vector, time: Vector, evidence: Vector) -> float:
    """The smallest alpha at which a look so far has crossed one of the boundaries."""
    highest = np.max(np.where(time <= 1, np.abs(z) * np.sqrt(time), 0.0))
    planned = 2 * math.erfc(float(highest) / math.sqrt(2)) / _PLANNED
    mixed = math.exp(-max(float(np.max(evidence)), 0.0)) / _MIXED
    return min(planned, mixed, 1.0)


@dataclass(frozen=True, slots=True)
class _Looks:
    """After each unit from the first look on: how many there are, the adjusted difference and its standard error."""

    n: Vector
    effect: Vector
    error: Vector
    explained: float


def _looks(units: Units) -> _Looks | None:
    treated = units.treated
    rows = np.column_stack([units.outcome, units.known])
    rows = rows - rows.mean(0) if len(rows) else rows  # so that sums of squares lose no digits
    counts = [np.cumsum(arm, dtype=np.int64) for arm in (treated, ~treated)]
    enough = np.minimum(*counts) >= LEAST
    if not enough.any():
        return None
    a, b = (_Sums.of(rows * arm[:, None], n, enough) for arm, n in zip((treated, ~treated), counts, strict=True))
    slope = _slope(a.spread + b.spread)
    effect = _adjusted(a.mean - b.mean, slope)
    left = [_left(sums.spread, slope) for sums in (a, b)]
    variance = sum((rest + _DOUBT) / (sums.n * (sums.n - 1)) for sums, rest in zip((a, b), left, strict=True))
    whole = float(a.spread[-1, 0, 0] + b.spread[-1, 0, 0])
    explained = 1 - float(left[0][-1] + left[1][-1]) / whole if whole > 0 else 0.0
    return _Looks(a.n + b.n, effect, np.sqrt(variance), explained)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of one arm after each unit: how many, the means of outcome and covariates, and their squares about them."""

    n: Vector
    mean: Vector
    spread: Vector

    @staticmethod
    def of(rows: Vector, counts: NDArray[np.int64], looks: NDArray[np.bool_]) -> "_Sums":
        n = counts[looks].astype(float)
        mean = np.cumsum(rows, 0)[looks] / n[:, None]
        squares = np.cumsum(rows[:, :, None] * rows[:, None, :], 0)[looks]
        return _Sums(n, mean, squares - n[:, None, None] * mean[:, :, None] * mean[:, None, :])


def _slope(spread: Vector) -> Vector:
    """By how much the outcome goes with each covariate within arms, after each unit."""
    inside = spread[:, 1:, 1:]
    size = np.trace(inside, axis1=1, axis2=2)[:, None, None] + 1.0
    return np.asarray(np.linalg.solve(inside + _RIDGE * size * np.eye(inside.shape[1]), spread[:, 1:, :1])[:, :, 0])


def _adjusted(difference: Vector, slope: Vector) -> Vector:
    return np.asarray(difference[:, 0] - (difference[:, 1:] * slope).sum(1))


def _left(spread: Vector, slope: Vector) -> Vector:
    """Squares of the outcome that the covariates do not explain."""
    across = (spread[:, 0, 1:] * slope).sum(1)
    inside = np.einsum("ni,nij,nj->n", slope, spread[:, 1:, 1:], slope)
    return np.asarray(np.maximum(spread[:, 0, 0] - 2 * across + inside, 0.0))
