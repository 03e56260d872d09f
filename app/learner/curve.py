"""How practice raises mastery and time lowers it, as path and forecast take it: a line on the scale of log odds.

Each answer raises the log odds of success by the same amount, as in performance factors analysis (Pavlik, Cen &
Koedinger, "Performance factors analysis", 2009), up to a ceiling: everybody slips. Time without practice lowers them
by the logarithm of its days: forgetting by a power of time (Wixted & Ebbesen, "On the form of forgetting", 1991).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from app.vocabulary import Standing

UNSEEN = 0.5
"""Mastery of a skill before its first answer, where nobody says otherwise."""

CEILING = 0.97
"""Mastery that more practice does not raise: three of a hundred answers are slips."""

_STEADY = 0.9
"""Mastery from which a skill no longer tells how fast it was learned."""

_SURE = 1e-4
_START = 1.0
"""Standard deviation, in log odds, of how well skills are known before their first answer."""


def logit(p: float) -> float:
    """Log odds; those of 0 and 1 are kept finite.

    >>> round(logit(0.8), 3)
    1.386
    """
    p = min(max(p, _SURE), 1 - _SURE)
    return math.log(p / (1 - p))


def expit(x: float) -> float:
    """The probability with these log odds."""
    return 1 / (1 + math.exp(-x)) if x > -30 else 0.0


def deviation(standing: Standing) -> float:
    """The standard deviation of a standing in log odds, to first order, and within what makes sense there."""
    p = min(max(standing.mastery, _SURE), 1 - _SURE)
    return min(max(standing.uncertainty / (p * (1 - p)), 0.05), 3.0)


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much one answer raises a learner's log odds of success, and the standard deviation of that."""

    mean: float = 0.07
    sd: float = 0.05

    def after(self, standings: Iterable[Standing]) -> "Growth":
        """What the learner's own skills say of it, each weighed by how sure it is: the posterior of a normal mean.

        >>> Growth().after([Standing("a", 0.85, 0.02, 10)]).mean > Growth().mean
        True
        """
        weight, total = self.sd**-2, self.mean * self.sd**-2
        for standing in standings:
            if standing.attempts and standing.mastery < _STEADY:
                noise = math.hypot(deviation(standing), _START) / standing.attempts
                weight += noise**-2
                total += (logit(standing.mastery) - logit(UNSEEN)) / standing.attempts * noise**-2
        return Growth(total / weight, weight**-0.5)
