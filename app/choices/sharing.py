"""What many workspaces learned of arms, as a start for one that has learned nothing: aggregates only.

Nothing of a learner, a segment or a context goes in. A number comes out only where several workspaces had rewards, and
none of them weighs more than another that has many, so that nobody's own experience can be read off. Who takes part is
for whoever asks: workspaces that allowed it, and nobody by default. A workspace gives what it was told itself, without
the start that it was given.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

WORKSPACES = 3
"""Workspaces that must have had rewards of an arm before the others hear of it."""

REWARDS = 20.0
"""Rewards that a workspace's experience counts for at the most."""

_LEND = 10.0
"""Rewards of nothing special that are thought to have been before."""

Arm = TypeVar("Arm", bound=Hashable)


class Pool(Generic[Arm]):
    """What workspaces tell of arms.

    >>> pool = Pool[str]()
    >>> for rewards in (10.0, 20.0, 2000.0):
    ...     pool.add("hints", rewards, rewards * 0.2)
    >>> pool.add("quiz", 50.0, 25.0)
    >>> {arm: round(gain, 3) for arm, gain in pool.gains().items()}
    {'hints': 0.167}
    """

    def __init__(self) -> None:
        self._sums: dict[Arm, tuple[int, float, float]] = {}

    def add(self, arm: Arm, weight: float, gain: float) -> None:
        """What one workspace has of an arm: the weight of its rewards and the sum of what they were above the usual."""
        if weight > 0:
            share = min(1.0, REWARDS / weight)
            count, weights, gains = self._sums.get(arm, (0, 0.0, 0.0))
            self._sums[arm] = count + 1, weights + weight * share, gains + gain * share

    def gains(self) -> dict[Arm, float]:
        """How much better than usual each arm did, -1 to 1, of those that several workspaces know."""
        known = {arm: sums for arm, sums in self._sums.items() if sums[0] >= WORKSPACES}
        return {arm: gains / (weights + _LEND) for arm, (_, weights, gains) in known.items()}
