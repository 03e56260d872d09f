"""How far an arm's rewards of late were above what is usual, and how sure that is. Pure."""

import math
from typing import NamedTuple

_HALF_LIFE = 30 * 86_400.0
_LIKE = 10.0
"""Rewards of a context that its domain's are worth: contexts of one domain differ by about .5 / √10 = .16."""

_SIDE = 1.64
"""Standard errors below the mean: 95 % of the time the truth is above."""

_LEAST = 5.0
"""Rewards, those of the domain counted in, below which nothing is said."""


class Level(NamedTuple):
    """The weight of rewards and the sum of their gains (value less what is usual for their kind), as they count at a
    time: a reward of 30 days ago counts half."""

    weight: float = 0.0
    gain: float = 0.0
    at: float = 0.0

    def plus(self, gain: float, weight: float, at: float) -> "Level":
        """With one more reward; one that comes late counts as much as it would now."""
        if at >= self.at:
            left = _left(at - self.at)
            return Level(self.weight * left + weight, self.gain * left + gain * weight, at)
        weight *= _left(self.at - at)
        return Level(self.weight + weight, self.gain + gain * weight, self.at)


UNKNOWN = Level()


def least(here: Level, domain: Level, at: float) -> float | None:
    """The gain that a baseline has in a context at the least, by its rewards there and in the context's domain;
    `None` where too few are known.

    >>> least(Level(), Level(), 0.0) is None
    True
    >>> round(least(Level(100, 10, 0.0), Level(), 0.0), 3)
    0.018
    """
    left, left_there = _left(at - here.at), _left(at - domain.at)
    there = domain.weight * left_there
    alike = _LIKE * there / (there + _LIKE)
    known = here.weight * left + alike
    if known < _LEAST:
        return None
    of_domain = domain.gain / domain.weight if domain.weight else 0.0
    # Values lie between 0 and 1, so that none deviates by more than a half on average.
    return (here.gain * left + alike * of_domain) / known - _SIDE * 0.5 / math.sqrt(known)


def _left(seconds: float) -> float:
    """What a reward counts after a time."""
    return math.pow(0.5, max(0.0, seconds) / _HALF_LIFE)
