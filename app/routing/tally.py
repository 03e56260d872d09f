"""Two numbers summed over a rolling window, as a value."""

from dataclasses import dataclass, replace
from math import floor


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the last `slots` stretches of `seconds` each, the one under way among them.

    So what is older than `slots * seconds` is never in it, and what is younger than `(slots - 1) * seconds` always is.

    >>> tally = Tally(slots=7, seconds=10.0).plus(0.0, 1, 200).plus(65.0, 1, 50)
    >>> tally.sums(65.0), tally.sums(75.0)
    ((2, 250), (1, 50))
    """

    slots: int
    seconds: float
    kept: tuple[tuple[int, float, float], ...] = ()
    """Stretches with something in them, oldest first: its number, and the sums of it."""

    def plus(self, now: float, one: float, other: float) -> "Tally":
        """With this added to each of the two."""
        slot, kept = floor(now / self.seconds), self._within(now)
        if kept and kept[-1][0] >= slot:
            last = kept[-1]
            return replace(self, kept=(*kept[:-1], (last[0], last[1] + one, last[2] + other)))
        return replace(self, kept=(*kept, (slot, one, other)))

    def sums(self, now: float) -> tuple[float, float]:
        """The two sums."""
        kept = self._within(now)
        return sum(one for _, one, _ in kept), sum(other for _, _, other in kept)

    def _within(self, now: float) -> tuple[tuple[int, float, float], ...]:
        oldest = floor(now / self.seconds) - self.slots
        return self.kept if not self.kept or self.kept[0][0] > oldest else tuple(k for k in self.kept if k[0] > oldest)
