"""Page-Hinkley: when the mean of a stream has moved, and since when.

A walk adds what each observation lies over an allowance and never goes under zero; it alarms at a height. The last
time at zero is the likeliest time of the change (Page, "Continuous Inspection Schemes", Biometrika 41, 1954; Hinkley,
"Inference about the change-point from cumulative sum tests", Biometrika 58, 1971). The height follows from how long it
may take to a false alarm (Siegmund, "Sequential Analysis", 1985, section II.6).
"""

from dataclasses import dataclass
from math import exp, log

_OVERSHOOT = 1.166
"""Twice the mean overshoot of a normal walk over its boundary, after Siegmund."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The walk after some observations: its height, and when it last left zero (`None` while it is there).

    >>> walk = Walk()
    >>> for minute, z in enumerate([0.2, -1.0, 4.0, 4.0, 4.0]):
    ...     walk = walk.after(z, minute, allowance=1.0, most=12.0)
    >>> walk
    Walk(height=9.0, since=2)
    """

    height: float = 0.0
    since: int | None = None

    def after(self, z: float, at: int, allowance: float, most: float) -> "Walk":
        """With one observation more, of unit variance, at a time. It climbs to `most`, so that it comes down again."""
        height = min(self.height + z - allowance, most)
        return Walk(height, at if self.since is None else self.since) if height > 0 else Walk()


def height(run_length: float, allowance: float) -> float:
    """The height at which a walk of independent normal observations alarms once in so many, if nothing changes.

    >>> round(height(930, 0.5), 1), round(height(1e8, 1.0), 1)
    (5.0, 8.4)
    """
    low, high = 0.0, log(run_length * 2 * allowance**2 + 10) / allowance + 10
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if _run_length(middle, allowance) < run_length else (low, middle)
    return low


def _run_length(high: float, allowance: float) -> float:
    x = 2 * allowance * (high + _OVERSHOOT)
    return (exp(x) - x - 1) / (2 * allowance**2)
