"""What a fitted model said beside what came of it, and the line of log odds that brings the two together (Platt 1999).

Only counts are kept, so that those of several replicas add up in any order.
"""

from math import exp, log

from app.learner.knowledge.logistic import LIMIT

BINS = 72
"""Of log odds, over all that is ever said."""

_PRIOR = 200.0
"""How firmly the line is held to what was fitted: as many answers whose outcome was as said."""

_EVERY = 500
"""Answers after which the line is drawn anew, which takes as long as foretelling some."""

_STEPS = 4


class Calibration:
    """Answers and right ones by what was said of them.

    >>> calibration = Calibration()
    >>> for n in range(2000):  # said with a chance of 1/2, right three times in four
    ...     calibration.add(0.5, n % 4 != 0)
    >>> calibration.corrected(0.0) > 0.8
    True
    """

    __slots__ = ("_bias", "_drawn", "_slope", "answers", "right")

    def __init__(self) -> None:
        self.answers = [0] * BINS
        self.right = [0] * BINS
        self._slope, self._bias, self._drawn = 1.0, 0.0, 0

    def add(self, said: float, right: bool) -> None:
        """Notes what came of a probability that was told; what the model had said is found along the line."""
        log_odds = (log(said / (1.0 - said)) - self._bias) / self._slope
        where = min(BINS - 1, max(0, int((log_odds + LIMIT) / (2 * LIMIT) * BINS)))
        self.answers[where] += 1
        self.right[where] += right
        self._drawn += 1
        if self._drawn % _EVERY == 0:
            self._draw()

    def merge(self, other: "Calibration") -> None:
        """Adds what another replica noted."""
        self.answers = [a + b for a, b in zip(self.answers, other.answers, strict=True)]
        self.right = [a + b for a, b in zip(self.right, other.right, strict=True)]
        self._draw()

    def corrected(self, log_odds: float) -> float:
        """What is to be said in the place of such log odds."""
        return self._bias + self._slope * log_odds

    def _draw(self) -> None:
        """Newton's steps on the counts, with a normal belief around what was fitted."""
        slope, bias = 1.0, 0.0
        for _ in range(_STEPS):
            down, turn = -_PRIOR * 0.25 * bias, -_PRIOR * 0.25 * (slope - 1.0)
            aa, ab, bb = _PRIOR * 0.25, 0.0, _PRIOR * 0.25
            for n, (answers, right) in enumerate(zip(self.answers, self.right, strict=True)):
                middle = (n + 0.5) / BINS * 2 * LIMIT - LIMIT
                chance = 1.0 / (1.0 + exp(-bias - slope * middle))
                error, bend = right - answers * chance, answers * chance * (1.0 - chance)
                down, turn = down + error, turn + error * middle
                aa, ab, bb = aa + bend, ab + bend * middle, bb + bend * middle * middle
            whole = aa * bb - ab * ab
            bias += (bb * down - ab * turn) / whole
            slope += (aa * turn - ab * down) / whole
        self._slope, self._bias = min(2.0, max(0.5, slope)), min(2.0, max(-2.0, bias))
