"""How an arm stands in one context: free, suspended for a while, or on probation. Pure.

Free ──► suspended: its rewards fell under the bar beyond doubt (`stats.shortfall`), or it hurt somebody.
Suspended ──► on probation: its time is over; each suspension in a row takes twice as long, up to a limit.
On probation ──► free: some rewards came without trouble. Or suspended again, on much less evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.choices.gate.level import UNKNOWN, Level
from app.stats.shortfall import NOTHING, Money, bet, wealth

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Rules:
    """When an arm is suspended, and for how long (seconds).

    `floor`: the part of the baseline's reward that an arm must bring. `patience`: rewards, on average at least, until
    an arm that is just good enough is suspended by chance; `strictness` the same on probation. `cooling` is the first
    suspension, `longest` the limit; `probation` the rewards without trouble that make an arm free. An arm with fewer
    than `known` rewards in a context is a trial there.
    """

    floor: float = 0.95
    patience: float = 1_000.0
    strictness: float = 50.0
    cooling: float = _DAY
    longest: float = 30 * _DAY
    probation: float = 20.0
    known: float = 6.0

    def lasts(self, times: int) -> float:
        """How long a suspension lasts after so many in a row."""
        return min(self.longest, self.cooling * 2.0 ** min(times, 60))


class State(StrEnum):
    """Where an arm stands."""

    FREE = "free"
    SUSPENDED = "suspended"
    PROBATION = "probation"


class Standing(NamedTuple):
    """How an arm stands in a context: the evidence against it, the rewards it ever had and those of late, until when it
    is suspended, how often in a row it was, the rewards that its probation still takes."""

    money: Money = NOTHING
    rewards: float = 0.0
    level: Level = UNKNOWN
    until: float = 0.0
    times: int = 0
    probation: float = 0.0

    def state(self, at: float) -> State:
        """Where it stands at a time."""
        if at < self.until:
            return State.SUSPENDED
        return State.PROBATION if self.probation > 0 else State.FREE

    def counted(self, gain: float, weight: float, at: float) -> "Standing":
        """With a reward that was `gain` above what is usual."""
        level = self.level.plus(gain, weight, at)
        return Standing(self.money, self.rewards + weight, level, self.until, self.times, self.probation)

    def judged(self, value: float, weight: float, bar: float | None) -> "Standing":
        """With the evidence of one more reward, while it is not suspended; `bar` is what it should bring, `None` where
        nobody knows."""
        money = self.money if bar is None else bet(self.money, value, bar, weight)
        probation = max(0.0, self.probation - weight)
        freed = self.probation > 0 and probation == 0
        times = max(0, self.times - 1) if freed else self.times
        return Standing(money, self.rewards, self.level, self.until, times, probation)

    def short(self, rules: Rules) -> bool:
        """Whether its rewards are under the bar beyond doubt."""
        return wealth(self.money) >= (rules.strictness if self.probation > 0 else rules.patience)

    def suspended(self, at: float, rules: Rules) -> "Standing":
        """The same, suspended from now on: twice as long as the last time, less what is forgiven since."""
        times = self._unforgiven(at, rules)
        until = max(self.until, at + rules.lasts(times))
        return self._replace(money=NOTHING, until=until, times=times + 1, probation=rules.probation)

    def kept_away(self, at: float, rules: Rules) -> "Standing":
        """The same, suspended from now on for as long as the first time, without a stain."""
        return self._replace(until=max(self.until, at + rules.cooling))

    def joined(self, other: "Standing") -> "Standing":
        """What two replicas know together: the later suspension, the stronger evidence, the longer record. To hear the
        same twice, or in another order, changes nothing."""
        later = max(self, other, key=lambda one: (one.until, one.times, one.probation))
        if self.until == other.until:
            first, second, third = map(max, self.money, other.money)
            later = later._replace(money=(first, second, third))
        level = max(self.level, other.level, key=lambda one: (one.at, one.weight, one.gain))
        return later._replace(rewards=max(self.rewards, other.rewards), level=level)

    def _unforgiven(self, at: float, rules: Rules) -> int:
        """The suspensions in a row that still count: one less for each time, as long as the last one was, that is over
        since it ended."""
        if not self.times:
            return 0
        quiet = max(0.0, at - self.until)
        return max(0, self.times - int(quiet / rules.lasts(self.times - 1)))

    def kept(self) -> list[float]:
        """As numbers."""
        level = self.level
        return [*self.money, self.rewards, level.weight, level.gain, level.at, self.until, self.times, self.probation]

    @classmethod
    def of(cls, kept: Sequence[float]) -> "Standing":
        """From such numbers."""
        first, second, third, rewards, weight, gain, at, until, times, probation = kept
        return cls((first, second, third), rewards, Level(weight, gain, at), until, int(times), probation)
