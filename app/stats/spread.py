"""How far the members of a population lie apart, seen through unequal evidence on each."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

VARIANCES: Array = np.array([0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.0])
"""Of effects in logits that are told from one another: a finer answer changes no choice."""


class Spread:
    """What is known of each member, as a likelihood exp(shift·u − precision·u²/2) of its effect u (the natural
    parameters of a normal), and what that says of the variance of the effects.

    >>> known = np.full(2000, 20.0)
    >>> far = np.random.default_rng(1).normal(0, 0.55, 2000) * known
    >>> spread = Spread(known, far)
    >>> float(VARIANCES[spread.evidence().argmax()])
    0.3
    """

    def __init__(self, precision: Array, shift: Array) -> None:
        self._precision, self._shift = precision.ravel(), shift.ravel()
        variances = VARIANCES[:, None]
        self._left = 1.0 / (1.0 + variances * self._precision)
        alone = self._shift**2 * variances * self._left + np.log(self._left)
        self._alone: Array = 0.5 * alone.sum(axis=1)

    def evidence(self) -> Array:
        """The log evidence for each of `VARIANCES`, where effects are normal around zero: u integrated out (type II
        maximum likelihood, Good 1965)."""
        return self._alone

    def evidence_around(self, mean: Array, square: Array) -> Array:
        """The same where each effect is around a centre of its own, which is known by its mean and mean square."""
        gained = self._shift * mean.ravel() - 0.5 * self._precision * square.ravel()
        result: Array = self._alone + self._left.dot(gained)
        return result
