"""How many replicas there should be, and why: the rule of Kubernetes' Horizontal Pod Autoscaler on our own figures.

Source: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale ("Algorithm details", "Stabilization
window"): the ratio of load and target, unless it is within a tenth of one; fewer only after five minutes.
"""

from collections import deque
from dataclasses import dataclass
from math import ceil

CPU = 0.6
"""Share of a core that a replica should be busy for: what is left takes the peaks."""

TURNS = 5_000
"""Turns under way that a replica should have at most: half of what it takes (`running.MOST`)."""

_TOLERANCE = 0.1
_STEADY = 300.0
"""Seconds for which fewer must have been enough."""

_MOST_GROWTH = 4.0
"""By how much a forecast may raise what is wanted: a trend of minutes says no more."""

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Busy:
    """How busy replicas are: how many there are, the mean share of a core and of turns under way of each, and how much
    the load will grow in the next ten minutes at most (1: not at all; `None`: unknown)."""

    replicas: int
    cpu: float
    in_flight: float
    growth: float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many replicas, for this reason."""

    replicas: int
    reason: str


def wanted(busy: Busy) -> Wanted:
    """What this load asks for, as if nothing had been before.

    >>> wanted(Busy(2, cpu=0.9, in_flight=10)).replicas, wanted(Busy(2, cpu=0.62, in_flight=10)).replicas
    (3, 2)
    """
    by = {
        f"CPU at {busy.cpu:.0%} of a core, of {CPU:.0%} that it should be": busy.cpu / CPU,
        f"{busy.in_flight:.0f} turns under way at each, of {TURNS} that it should be": busy.in_flight / TURNS,
    }
    reason, ratio = max(by.items(), key=lambda one: one[1])
    growth = min(max(busy.growth or 1.0, 1.0), _MOST_GROWTH)
    if growth > 1 + _TOLERANCE:
        reason, ratio = f"{reason}; in ten minutes up to {growth:.1f} times as much", ratio * growth
    if abs(ratio - 1) <= _TOLERANCE:
        return Wanted(busy.replicas, f"{reason}: as many as there are")
    return Wanted(min(max(ceil(busy.replicas * ratio), 1), _MOST), reason)


class Scaling:
    """Wants fewer only once fewer have been enough for five minutes."""

    def __init__(self) -> None:
        self._before: deque[tuple[float, Wanted]] = deque(maxlen=1_000)
        self._since: float | None = None
        self.last: Wanted | None = None

    def note(self, busy: Busy, now: float) -> Wanted:
        """What is wanted now, in seconds of a clock that never goes back."""
        self._since = now if self._since is None else self._since
        self._before.append((now, wanted(busy)))
        while now - self._before[0][0] > _STEADY:
            self._before.popleft()
        most, mine = max((one for _, one in self._before), key=lambda one: one.replicas), self._before[-1][1]
        if mine.replicas >= busy.replicas:
            self.last = mine
        elif most.replicas < busy.replicas and now - self._since >= _STEADY:
            self.last = most
        else:
            self.last = Wanted(busy.replicas, f"{mine.reason}: fewer once that holds for five minutes")
        return self.last
