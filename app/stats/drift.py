"""Whether a forecast has gone wrong: a chart of its errors that forgets."""

from math import log, sqrt
from typing import NamedTuple

_RATE = 0.1
"""Weight of the newest error: the chart looks back over some twenty."""

_LIMIT = 3.0
"""Standard deviations of the chart that chance hardly reaches (Shewhart's three)."""

_ENOUGH = 15.0
"""Errors before the chart may raise an alarm: it starts at zero and is calm by construction."""


_BEGUN = 5.0
"""Errors before the level says anything."""


class Chart(NamedTuple):
    """An exponentially weighted moving average of errors (Roberts 1959) over how many there were.

    >>> chart = Chart(0.0, 0.0)
    >>> for _ in range(20):
    ...     chart = chart.after(0.6)
    >>> chart.alarm(0.25)
    True
    """

    level: float
    errors: float

    def after(self, error: float, weight: float = 1.0) -> "Chart":
        """With one more error: what came minus what was expected; it counts as `weight` of one (0 to 1)."""
        return Chart(self.level + _RATE * weight * (error - self.level), self.errors + weight)

    def lag(self, error: float, variance: float) -> float:
        """How far one more error goes the way that those before it went: the product of both in standard deviations,
        each three at the most. On average zero where the forecasts follow what they forecast (the innovations of a
        filter are white, Mehra 1970), more where they lag behind.

        >>> Chart(0.2, 20.0).lag(0.5, 0.25) > 0.0 > Chart(-0.2, 20.0).lag(0.5, 0.25)
        True
        """
        if self.errors < _BEGUN or variance <= 0.0:
            return 0.0
        level = self.level / sqrt(variance * _RATE / (2.0 - _RATE))
        return min(max(level, -_LIMIT), _LIMIT) * min(max(error / sqrt(variance), -_LIMIT), _LIMIT)

    def alarm(self, variance: float, odds: float = 1.0) -> bool:
        """Whether errors of this variance would hardly have brought the chart where it is; `odds` of a change, beside
        what is usual: where changes are rarer, more is asked before one is believed (a level at z standard deviations
        is exp(z²/2) times as likely after one, at the most)."""
        squared = self.level * self.level * (2.0 - _RATE) / (variance * _RATE) if variance > 0.0 else 0.0
        return self.errors > _ENOUGH and squared > _LIMIT * _LIMIT and squared > _LIMIT * _LIMIT - 2.0 * log(odds)
