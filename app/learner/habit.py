"""How much somebody practises: answers a day, how much that varies, and how long it was watched."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, variance

WINDOW = 28
"""Days that count, today included."""

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Habit:
    """Mean and variance of the answers of a day and the share of days with any, from `days` days; those without an
    answer count from the first one on."""

    mean: float
    variance: float
    active: float
    days: int

    @classmethod
    def none(cls) -> "Habit":
        """That of somebody who has not practised for as long as it is looked back."""
        return cls(0.0, 0.0, 1 / WINDOW, WINDOW)

    @property
    def idle(self) -> float:
        """The days that have gone by, at a moment that has nothing to do with it, since the last answer."""
        return (1 - self.active) / self.active + 0.5

    def until(self, days: float) -> tuple[float, float]:
        """Mean and variance of the answers in so many days to come: those of the days, and that of their mean, which is
        known from few of them only."""
        return self.mean * days, self.variance * (days + days * days / self.days)

    def times(self, factor: float) -> "Habit":
        """The same with so many times the answers; one answer a day in the place of none."""
        if not self.mean:
            return Habit(1.0, 1.0, 1.0, self.days)
        active = min(1.0, self.active * factor)
        return Habit(self.mean * factor, self.variance * factor * factor, active, self.days)


def habit(times: Iterable[float], now: float) -> Habit | None:
    """The habit that the times of answers (seconds) show, up to `WINDOW` days back; `None` where none is that recent.

    Days are counted back from now, the first one whole; a day's variance is at least that of a Poisson count.

    >>> habit([0.0, 10.0, 20.0, 86_400.0], now=172_799.0)
    Habit(mean=2.0, variance=2.0, active=1.0, days=2)
    """
    ages = [int((now - at) // _DAY) for at in times if 0 <= now - at < WINDOW * _DAY]
    if not ages:
        return None
    counts = [0] * (max(ages) + 1)
    for age in ages:
        counts[age] += 1
    mean = fmean(counts)
    spread = max(mean, variance(counts) if len(counts) > 1 else mean * mean)
    return Habit(mean, spread, sum(map(bool, counts)) / len(counts), len(counts))
