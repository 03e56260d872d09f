"""A budget of tokens shared among layers by expected utility per token, under floors and ceilings: pure.

A layer's further tokens are worth less than its first ones: with weight `w` the one after `x` tokens is worth
`w / (1 + x / scale)`, so that all of it is worth `w · scale · log(1 + x / scale)`. The best shares of a sum of concave
utilities are those at which every layer's next token is worth the same, but for those at their floor or ceiling:
water-filling (Boyd and Vandenberghe, Convex Optimization, 2004, 5.5.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

_ROUNDS = 32
_NOTHING = 1e-6
"""A weight that counts as none."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one layer may get: tokens at least and at most, and what the first of them is worth."""

    name: str
    weight: float
    floor: int
    most: int


def share(claims: Sequence[Claim], budget: int, scale: float = 256.0) -> dict[str, int]:
    """Tokens for each claim, `budget` together at most; all of it where the claims want so much.

    Floors that do not fit together are all cut in proportion. The same claims get the same shares.

    >>> share([Claim("a", 1.0, 0, 900), Claim("b", 0.5, 0, 900), Claim("c", 0.9, 0, 50)], 600)
    {'a': 452, 'b': 98, 'c': 50}
    >>> share([Claim("a", 1.0, 400, 900), Claim("b", 0.5, 200, 900)], 300)
    {'a': 200, 'b': 100}
    """
    floors = sum([min(claim.floor, claim.most) for claim in claims])
    if budget <= 0 or floors >= budget:
        cut = max(budget, 0) / floors if floors else 0.0
        return {claim.name: int(min(claim.floor, claim.most) * cut) for claim in claims}
    if sum([claim.most for claim in claims]) <= budget:
        return {claim.name: claim.most for claim in claims}
    return _filled(claims, budget, scale)


def _filled(claims: Sequence[Claim], budget: int, scale: float) -> dict[str, int]:
    """The shares at the level of use per token at which they are as many as there are, whole numbers."""
    weights = [claim.weight if claim.weight > _NOTHING else 0.0 for claim in claims]
    wanted = [
        (weight * scale, float(min(c.floor, c.most)), float(c.most)) for weight, c in zip(weights, claims, strict=True)
    ]
    lowest, highest = 0.0, max(weights) or 1.0
    for _ in range(_ROUNDS):
        level = (lowest + highest) / 2
        tokens = sum([min(max(use / level - scale, floor), most) for use, floor, most in wanted])
        lowest, highest = (level, highest) if tokens > budget else (lowest, level)
    given = [int(min(max(use / highest - scale, floor), most)) for use, floor, most in wanted]
    return _rounded(claims, given, budget)


def _rounded(claims: Sequence[Claim], given: list[int], budget: int) -> dict[str, int]:
    """The tokens that rounding left over, one each to those who still want one, in order."""
    left = budget - sum(given)
    for n, claim in enumerate(claims):
        more = min(left, claim.most - given[n]) if claim.weight else 0
        given[n] += max(min(more, 1), 0)
        left -= max(min(more, 1), 0)
    return {claim.name: tokens for claim, tokens in zip(claims, given, strict=True)}
