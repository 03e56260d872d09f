"""Forgetting by weights that grow: what comes later weighs more, and nothing that is there has to be touched.

Forward decay (Cormode, Shkapenyuk, Srivastava & Xu 2009, "Forward decay: a practical time decay model for streaming
systems", ICDE, doi 10.1109/ICDE.2009.65): what happens at time `t` is added with weight 2^(t / half-life), and sums are
divided by 2^(now / half-life) when they are read. So sums add up over replicas whatever the order, and what comes late
counts as if it had come in time. Times are counted from a landmark; an era, a whole number of half-lives, keeps numbers
small, and to change it is exact, for it only changes their powers of two.
"""

import math

LANDMARK = 1_767_225_600.0
"""The first of January 2026, in seconds since the epoch."""

_SPAN = 512
"""Half-lives that an era lasts: 2^512 is far from the greatest number, 2^1023."""


class Forward:
    """Weights for one half-life in seconds; `None` never forgets.

    >>> decay = Forward(10.0)
    >>> decay.weight(LANDMARK), decay.weight(LANDMARK + 10), decay.fading(LANDMARK + 10)
    (1.0, 2.0, 0.5)
    """

    def __init__(self, half_life: float | None) -> None:
        self.half_life = half_life
        self.era = 0

    def due(self, at: float) -> int:
        """The era that a time belongs to, never an earlier one than that which is on."""
        if self.half_life is None:
            return self.era
        passed = (at - LANDMARK) / self.half_life
        return self.era if passed - self.era <= _SPAN else _SPAN * math.floor(passed / _SPAN)

    def weight(self, at: float) -> float:
        """What something weighs that happens at a time."""
        return 1.0 if self.half_life is None else 2.0 ** ((at - LANDMARK) / self.half_life - self.era)

    def fading(self, at: float) -> float:
        """What sums are multiplied by when they are read at a time."""
        return 1.0 if self.half_life is None else 2.0 ** (self.era - (at - LANDMARK) / self.half_life)
