"""How far an arm's rewards of late were above what is usual, and how sure that is. Pure."""

import math
from dataclasses import dataclass

_HALF_LIFE = 30 * 86_400.0
_LIKE = 10.0
"""Rewards of a context that its domain's are worth: contexts of one domain differ by about .5 / √10 = .16."""

_SIDE = 1.64
"""Standard errors below the mean: 95 % of the time the truth is above."""

_LEAST = 5.0
"""Rewards, those of the domain counted in, below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Level:
    """The weight of rewards and the sum of their gains (value less what is usual for their kind), as they count at a
    time: a reward of 30 days ago counts half."""

    weight: float = 0.0
    gain: float = 0.0
    at: float = 0.0

    def plus(self, gain: float, weight: float, at: float) -> "Level":
        """With one more reward; one that comes late counts as much as it would now."""
        now = max(at, self.at)
        before, late = self._faded(now), 0.5 ** ((now - at) / _HALF_LIFE)
        return Level(before.weight + weight * late, before.gain + gain * weight * late, now)

    def _faded(self, at: float) -> "Level":
        left = 0.5 ** (max(0.0, at - self.at) / _HALF_LIFE)
        return Level(self.weight * left, self.gain * left, at)


UNKNOWN = Level()


def least(here: Level, domain: Level, at: float) -> float | None:
    """The gain that a baseline has in a context at the least, by its rewards there and in the context's domain;
    `None` where too few are known.

    >>> least(Level(), Level(), 0.0) is None
    True
    >>> round(least(Level(100, 10, 0.0), Level(), 0.0), 3)
    0.018
    """
    here, domain = here._faded(at), domain._faded(at)
    alike = _LIKE * domain.weight / (domain.weight + _LIKE)
    known = here.weight + alike
    if known < _LEAST:
        return None
    of_domain = domain.gain / domain.weight if domain.weight else 0.0
    # Values lie between 0 and 1, so that none deviates by more than a half on average.
    return (here.gain + alike * of_domain) / known - _SIDE * 0.5 / math.sqrt(known)
