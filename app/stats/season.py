"""What is usual at this time of day: for each hour the median over the last days, in between a straight line."""

from collections import deque
from statistics import median

DAYS = 14
"""Days that are remembered: two weeks, so that a day out of the ordinary is one of many."""

LEAST_DAYS = 3
"""Days of an hour that make a median: with fewer one bad day would be what is usual."""

_HOURS = 24


class Season:
    """Learns minute by minute; an hour counts when the next one begins, as the mean of what was learned in it.

    >>> season = Season()
    >>> for day in range(4):
    ...     for minute in range(1440):
    ...         season.learn(day * 1440 + minute, float(minute // 60 == 12), 1.0)
    >>> season.at(5 * 1440 + 12 * 60 + 30), season.at(5 * 1440 + 13 * 60), Season().at(0)
    (1.0, 0.5, None)
    """

    __slots__ = ("_days", "_hour", "_medians", "_sum", "_weight")

    def __init__(self) -> None:
        self._days: list[deque[float]] = [deque(maxlen=DAYS) for _ in range(_HOURS)]
        self._medians: list[float | None] = [None] * _HOURS
        self._hour, self._sum, self._weight = -1, 0.0, 0.0

    def learn(self, minute: int, value: float, weight: float) -> None:
        """Takes the value of a minute (since the epoch, UTC), which weighs so much within its hour."""
        if minute // 60 != self._hour:
            self._keep()
            self._hour, self._sum, self._weight = minute // 60, 0.0, 0.0
        self._sum += value * weight
        self._weight += weight

    def hour(self) -> tuple[int, float] | None:
        """The hour that is being learned (since the epoch) and its mean so far; `None` where nothing was."""
        return (self._hour, self._sum / self._weight) if self._weight > 0 else None

    def recall(self, hour: int, mean: float) -> None:
        """Takes an hour of the past, oldest first."""
        self.learn(hour * 60, mean, 1.0)

    def at(self, minute: int) -> float | None:
        """What is usual; `None` where too few days are known of the hours around this minute."""
        place = (minute - 30) / 60
        hour = int(place // 1)
        before, after = self._medians[hour % _HOURS], self._medians[(hour + 1) % _HOURS]
        if before is None or after is None:
            return None
        return before + (after - before) * (place - hour)

    def _keep(self) -> None:
        if self._weight > 0:
            slot = self._hour % _HOURS
            self._days[slot].append(self._sum / self._weight)
            if len(self._days[slot]) >= LEAST_DAYS:
                self._medians[slot] = median(self._days[slot])
