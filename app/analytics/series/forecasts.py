"""What is to come, out of simulated futures: load, tokens, cost, and when a limit or a budget will be hit. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.stats.seasonal import Fitted, Floats, fit

DAY, WEEK = 24, 168
FUTURES = 400

_ENOUGH_FOR_WEEKS = 3 * WEEK
"""Hours from which the days of a week are told apart."""

_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class Limit:
    """What is left of one of a model's rate limits (`requests` or `tokens`), of how much in all, and in how many
    seconds all of it is there again; `None` is unknown."""

    provider: str
    model: str
    what: str
    left: float
    full: float | None
    reset: float | None


@dataclass(frozen=True, slots=True)
class Budget:
    """US dollars that may be spent today, and that were."""

    limit: float
    spent: float


def by_hour(values: Sequence[float]) -> Fitted | None:
    """What fits the amounts of hours; with a season of a day, or of a week, once there is enough to see one."""
    if len(values) >= _ENOUGH_FOR_WEEKS:
        return fit(values, WEEK)
    return fit(values, DAY) if len(values) >= 2 * DAY else fit(values)


def span(drawn: Floats) -> dict[str, float]:
    """The mean of what futures come to, and what nine of ten are between."""
    low, high = np.quantile(drawn, (_LOW, _HIGH))
    return {"expected": _rounded(drawn.mean()), "low": _rounded(low), "high": _rounded(high)}


def hit(used: Floats, limit: Limit) -> dict[str, Any]:
    """Whether a limit is hit in what is used a minute: the share of futures in which it is, and, where that is most of
    them, in how many seconds."""
    left, first = np.full(len(used), limit.left), np.full(len(used), np.inf)
    # A limit that is soon there again is thought to be one of a minute, a later one comes again after as long.
    period = max(round((limit.reset or 60.0) / 60), 1)
    for minute in range(used.shape[1]):
        if minute and minute % period == 0 and limit.reset is not None:
            left = np.full(len(used), np.inf if limit.full is None else limit.full)
        left = left - used[:, minute]
        first = np.where((left < 0) & np.isinf(first), minute + 0.5, first)
    told = {"provider": limit.provider, "model": limit.model, "limit": limit.what, "left": round(limit.left, 3)}
    return {**told, **_when(first, 60.0)}


def of_day(hours: Floats, spent: float, left_of_hour: float, budget: Budget | None) -> dict[str, Any]:
    """What a day comes to: `spent` so far, the rest of this hour (`left_of_hour`, a share) and the hours after it, and
    when the budget is spent."""
    share = np.ones(hours.shape[1])
    share[:1] = left_of_hour
    total = spent + np.cumsum(hours * share, axis=1)
    found: dict[str, Any] = {"spent": _rounded(spent), **span(total[:, -1])}
    if budget is None:
        return {"today": found}
    over = budget.spent + (total - spent) > budget.limit
    first = np.where(over.any(axis=1), np.argmax(over, axis=1) + left_of_hour - 0.5, np.inf)
    return {
        "today": found,
        "budget": {
            "limit_usd": budget.limit,
            "spent_usd": _rounded(budget.spent),
            **_when(np.maximum(first, 0.0), 3_600.0),
        },
    }


def _when(first: Floats, unit: float) -> dict[str, Any]:
    """The share of futures in which something happens, and the median of when, in seconds; `None` where it happens in
    less than half of them."""
    happens = np.isfinite(first)
    seconds = float(np.median(first)) * unit if happens.mean() > 0.5 else None
    return {"chance": round(float(happens.mean()), 3), "hit_in_s": None if seconds is None else round(seconds)}


def _rounded(value: float) -> float:
    return float(f"{float(value):.4g}")


Forecasts = Mapping[str, Any]
