"""Load among near equals: the power of two choices, pure."""

from collections.abc import Sequence

from app.routing.known import Known
from app.routing.rank import Ranked

NEAR = 0.05
"""Models whose scores are within this share of the best one's are near equals."""


def spread(ranked: Sequence[Ranked], chance: float) -> tuple[Ranked, ...]:
    """The same order, but of the first one and its near equals two are compared that `chance` (0 to below 1) picks; the
    one with fewer calls under way, or fewer for the room that it has left, goes first if the first one has more.

    The power of two choices (Mitzenmacher, 2001): as good as asking the one with the fewest calls, without all turns
    of a moment choosing the same one.
    """
    if not ranked:
        return ()
    near = [one for one in ranked if one.room is ranked[0].room and _near(one.score, ranked[0].score)]
    if len(near) == 1:
        return tuple(ranked)
    one, other = _two_of(len(near), chance)
    picked = near[other] if _busier(near[one].known, near[other].known) else near[one]
    first = picked if _busier(ranked[0].known, picked.known) else ranked[0]
    return (first, *(rest for rest in ranked if rest is not first))


def _near(score: float, best: float) -> bool:
    return best - score <= NEAR * abs(best)


def _two_of(count: int, chance: float) -> tuple[int, int]:
    """Two different places, the better one first, each pair as likely as any other.

    >>> [_two_of(3, chance) for chance in (0.0, 0.4, 0.9)]
    [(0, 1), (0, 2), (1, 2)]
    """
    pairs = [(one, other) for one in range(count) for other in range(one + 1, count)]
    return pairs[int(chance * len(pairs))]


def _busier(one: Known, other: Known) -> bool:
    """Whether `one` has more to do than `other`: calls under way by the requests that are left, where both say so."""
    ours, theirs = one.left[0], other.left[0]
    if ours is None or theirs is None:
        return one.under_way > other.under_way
    return one.under_way * theirs > other.under_way * ours
