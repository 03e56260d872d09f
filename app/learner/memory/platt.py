"""Calibration of recall over a whole workspace, from counts alone: how often what had some chance was recalled.

Counts add up in any order, so that replicas and `masterx rebuild` come to the same. Through the counts of 24 bins a
line is fitted in log odds (Platt 1999), drawn to the identity by as much as a hundred reviews would. It is one line for
all times and always rises, so that what falls, or is the lower of two, still is after it.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import exp

from app.learner.memory.cards import log_odds

_WIDTH, _LOWEST, _HIGHEST = 0.5, -4.0, 8.0
_PRIOR = 100.0
_FLATTEST = 0.2
"""The least slope: a line that fell would turn around which of two is known better."""

_NAME = "recall "
_STEPS = 25
_STRIDE = 0.5
"""The most that a step changes either one: where chances are far off, Newton's own steps would lead astray."""

Counts = Mapping[str, list[int]]
"""Reviews and recalls by bin, as `bin_of` names it."""

Line = tuple[float, float]
IDENTITY: Line = (0.0, 1.0)


def bin_of(chance: float) -> str:
    """The name of the bin that a chance of recall belongs to.

    >>> bin_of(0.5)
    'recall 0.25'
    """
    place = min(max(log_odds(chance), _LOWEST), _HIGHEST - 1e-9)
    middle = _LOWEST + (int((place - _LOWEST) / _WIDTH) + 0.5) * _WIDTH
    return f"{_NAME}{middle}"


def line(counts: Counts) -> Line:
    """Offset and slope that make chances come true; the identity where nothing was counted."""
    return _fitted(
        tuple((float(b.removeprefix(_NAME)), *row) for b, row in sorted(counts.items()) if b.startswith(_NAME))
    )


def calibrated(chance: float, by: Line) -> float:
    """A chance as it comes true.

    >>> round(calibrated(0.9, IDENTITY), 3)
    0.9
    """
    offset, slope = by
    return 1.0 / (1.0 + exp(-(offset + slope * log_odds(chance))))


@lru_cache(256)
def _fitted(rows: tuple[tuple[float, int, int], ...]) -> Line:
    """By Newton's method in short steps."""
    offset, slope = IDENTITY
    for _ in range(_STEPS):
        pull, tilt = -_PRIOR * 0.25 * offset, -_PRIOR * (slope - 1.0)
        oo, os, ss = _PRIOR * 0.25, 0.0, _PRIOR
        for middle, reviews, recalled in rows:
            chance = 1.0 / (1.0 + exp(-max(min(offset + slope * middle, 30.0), -30.0)))
            error, bend = recalled - reviews * chance, reviews * chance * (1.0 - chance)
            pull, tilt = pull + error, tilt + error * middle
            oo, os, ss = oo + bend, os + bend * middle, ss + bend * middle * middle
        det = oo * ss - os * os
        slope += _within((oo * tilt - os * pull) / det)
        if slope > _FLATTEST:
            offset += _within((ss * pull - os * tilt) / det)
        else:
            offset, slope = offset + _within(pull / oo), _FLATTEST
    return offset, slope


def _within(step: float) -> float:
    return max(min(step, _STRIDE), -_STRIDE)
