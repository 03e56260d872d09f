"""What is to be expected next: the time of day's own median, moved to where the last hour is, and how far it varies.

Each minute counts for what its noise allows and never for more than three of its errors, so that an incident moves
little (Huber's clipping; Gelper, Fried and Croux, "Robust forecasting with exponential and Holt-Winters smoothing",
Journal of Forecasting 29, 2010).
"""

from dataclasses import dataclass
from math import sqrt

from app.stats.scales import Seen
from app.stats.season import Season

_HALF_LIFE = 45.0
"""Minutes after which the recent level counts half."""

_SPREAD_HALF_LIFE = 360.0
"""Minutes after which a deviation counts half: spread changes more slowly than level."""

_LEAST_MINUTES = 60
"""Minutes that must have been seen before anything is expected."""

_CLIP = 3.0
_MEAN_ABSOLUTE = sqrt(2 / 3.141592653589793)
"""Of a standard normal: turns a mean absolute deviation into a standard one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A value on its scale, and what the errors of observations are multiplied with; whether it knows the time of
    day."""

    value: float
    spread: float
    seasonal: bool


class Baseline:
    """Learns minute by minute. `floor` is the least spread.

    >>> baseline = Baseline(floor=0.1)
    >>> baseline.expected(0) is None
    True
    >>> for minute in range(60):
    ...     baseline.learn(minute, Seen(5.0, 0.5))
    >>> baseline.expected(60).value
    5.0
    """

    __slots__ = ("_floor", "_level", "_rest", "_seen", "_spread", "season")

    def __init__(self, floor: float) -> None:
        self._floor = floor
        self.season = Season()
        self._level: float | None = None
        self._rest = 0.0
        self._spread = max(floor, 1.0)
        self._seen = 0

    def expected(self, minute: int) -> Expected | None:
        """What the minute should bring; `None` before enough was seen."""
        if self._seen < _LEAST_MINUTES or self._level is None:
            return None
        usual = self.season.at(minute)
        if usual is None:
            return Expected(self._level, self._spread, seasonal=False)
        return Expected(usual + self._rest, self._spread, seasonal=True)

    def learn(self, minute: int, seen: Seen) -> None:
        """Takes a minute that is over."""
        usual, before = self.season.at(minute), self._level
        self.season.learn(minute, seen.value, 1 / seen.error**2)
        self._seen += 1
        if before is None:
            self._level = seen.value
            return
        centre = before if usual is None else usual + self._rest
        reach = _CLIP * seen.error * self._spread
        step = _rate(self._seen, _HALF_LIFE)
        self._level = before + step * _clipped(seen.value - before, reach)
        if usual is not None:
            self._rest += _rate(_LEAST_MINUTES, _HALF_LIFE) * _clipped(seen.value - usual - self._rest, reach)
        off = min(abs(seen.value - centre) / seen.error, _CLIP * self._spread) / _MEAN_ABSOLUTE
        self._spread = max(self._spread + _rate(self._seen, _SPREAD_HALF_LIFE) * (off - self._spread), self._floor)

    def accept(self, minute: int, seen: Seen) -> None:
        """Takes the present level for the new normal."""
        usual = self.season.at(minute)
        self._level = seen.value
        self._rest = 0.0 if usual is None else seen.value - usual


def _rate(count: int, half_life: float) -> float:
    """The weight of the newest of so many: a plain mean at first, then one that forgets."""
    return float(max(1 / max(count, 1), 1 - 0.5 ** (1 / half_life)))


def _clipped(value: float, reach: float) -> float:
    return max(-reach, min(reach, value))
