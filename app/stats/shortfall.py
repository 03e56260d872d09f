"""Whether a mean has fallen under a bar: a test by betting that may be looked at after each observation, forever.

An e-detector (Shin, Ramdas & Rinaldo 2023, "E-detectors: a nonparametric framework for sequential change detection",
arXiv 2203.03532): somebody bets a part of their money on "the next value is under the bar", again and again, and begins
anew with one coin whenever they have less. As long as the mean is at the bar or above, no bet gains on average, and it
takes at least `n` observations on average until the money exceeds `n`, whatever the values' distribution on 0 to 1 and
however often it is looked at. Once the mean is under the bar, the money grows exponentially. Three bettors with
different stakes share the start money, so that great shortfalls are seen soon and small ones at all.
"""

Money = tuple[float, float, float]

NOTHING: Money = (1.0, 1.0, 1.0)

_STAKES = (0.08, 0.3, 0.85)
"""Parts of the greatest stake that cannot lose everything, 1 / (1 - bar)."""

_MOST = 1e9


def bet(money: Money, value: float, bar: float, weight: float = 1.0) -> Money:
    """The money after one more value, 0 to 1, that counts as `weight` of one (0 to 1).

    A part of an observation moves the money by that power of the factor, which gains nothing on average either
    (Jensen's inequality).

    >>> money = NOTHING
    >>> for value in [0.0] * 14:
    ...     money = bet(money, value, bar=0.5)
    >>> wealth(money) > 1_000
    True
    >>> for value in [1.0] * 100:
    ...     money = bet(money, value, bar=0.5)
    >>> wealth(money) < 1
    True
    """
    bar = min(max(bar, 0.01), 0.99)
    edge = (bar - value) / (1.0 - bar)
    small, middle, great = money
    return (
        _after(small, 1.0 + _STAKES[0] * edge, weight),
        _after(middle, 1.0 + _STAKES[1] * edge, weight),
        _after(great, 1.0 + _STAKES[2] * edge, weight),
    )


def wealth(money: Money) -> float:
    """What the bettors have together for each coin they began with: the evidence that the mean is under the bar."""
    return sum(money) / len(money)


def _after(coin: float, factor: float, weight: float) -> float:
    return min(max(coin, 1.0) * (factor if weight == 1.0 else factor**weight), _MOST)
