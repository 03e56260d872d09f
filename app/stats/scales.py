"""Scales on which noise has the same size everywhere, so that one rule judges counts, shares and means alike.

Counts: Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948. Shares:
Freeman and Tukey, "Transformations related to the angular and the square root", Annals of Mathematical Statistics 21,
1950. Means of what is positive: the logarithm.
"""

from math import asin, exp, log, sin, sqrt
from typing import NamedTuple, Protocol

_TINY = 1e-9


class Seen(NamedTuple):
    """A value on its scale and its standard error there, as far as chance alone goes."""

    value: float
    error: float


class Scale(Protocol):
    """How something is measured. `floor` is the least that its errors are multiplied with."""

    floor: float

    def seen(self, over: float, of: float) -> Seen | None:
        """What was observed: so much, over so many; `None` where that says nothing."""
        ...

    def natural(self, value: float, of: float) -> float:
        """A value of this scale as people read it."""
        ...

    def placed(self, natural: float, of: float) -> float:
        """The value on this scale of what people read."""
        ...


class Count:
    """How many, such as turns in a minute.

    >>> Count().seen(9.0, 1.0).error, round(Count().natural(Count().placed(9.0, 1.0), 1.0), 6)
    (1.0, 9.0)
    """

    floor = 1.0

    def seen(self, over: float, of: float) -> Seen | None:
        return Seen(self.placed(over, of), 1.0)

    def natural(self, value: float, of: float) -> float:
        return max((value / 2) ** 2 - 0.375, 0.0)

    def placed(self, natural: float, of: float) -> float:
        return 2 * sqrt(max(natural, 0.0) + 0.375)


class Share:
    """So many of so many, such as failed turns.

    >>> share = Share()
    >>> round(share.seen(3.0, 60.0).error, 3), round(share.natural(share.placed(0.05, 60.0), 60.0), 6)
    (0.129, 0.05)
    >>> share.seen(0.0, 0.0) is None
    True
    """

    floor = 1.0

    def seen(self, over: float, of: float) -> Seen | None:
        if of <= 0:
            return None
        k = min(max(over, 0.0), of)
        value = asin(sqrt(k / (of + 1))) + asin(sqrt((k + 1) / (of + 1)))
        return Seen(value, 1 / sqrt(of + 0.5))

    def natural(self, value: float, of: float) -> float:
        return sin(min(max(value, 0.0), 3.141592653589793) / 2) ** 2

    def placed(self, natural: float, of: float) -> float:
        return 2 * asin(sqrt(min(max(natural, 0.0), 1.0)))


class Mean:
    """A mean of what is positive, such as milliseconds a turn. Its noise is learned: one that varies as much as its
    mean has errors of 1.

    >>> mean = Mean()
    >>> round(mean.natural(mean.seen(6000.0, 4.0).value, 4.0)), mean.seen(0.0, 4.0) is None
    (1500, True)
    """

    floor = 0.1

    def seen(self, over: float, of: float) -> Seen | None:
        return Seen(log(over / of), 1 / sqrt(of)) if over > 0 and of > 0 else None

    def natural(self, value: float, of: float) -> float:
        return exp(value)

    def placed(self, natural: float, of: float) -> float:
        return log(max(natural, _TINY))
