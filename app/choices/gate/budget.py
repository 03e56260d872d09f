"""How often something untried may be tried on one learner: a bucket of tokens that fills with time. Pure."""

from dataclasses import dataclass

_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Budget:
    """`per_hour` trials an hour, and as many at once after an hour of none.

    >>> budget = Budget(2.0)
    >>> purse = budget.spent(budget.spent(budget.full(at=0.0), 0.0), 1.0)
    >>> budget.may(purse, 2.0), budget.may(purse, 1_900.0), round(budget.wait(purse, 1.0))
    (False, True, 1799)
    """

    per_hour: float = 12.0

    def full(self, at: float) -> "Purse":
        """The purse of somebody who was never seen."""
        return Purse(self.per_hour, at)

    def may(self, purse: "Purse", at: float) -> bool:
        """Whether there is a whole token at a time."""
        return self._now(purse, at) >= 1.0

    def spent(self, purse: "Purse", at: float) -> "Purse":
        """The purse without one token; as it is where there is none to take."""
        left = self._now(purse, at)
        return Purse(left - 1.0 if left >= 1.0 else left, max(at, purse.at))

    def wait(self, purse: "Purse", at: float) -> float:
        """Seconds until there is a whole token again."""
        lacking = max(0.0, 1.0 - self._now(purse, at))
        return lacking * _HOUR / self.per_hour if self.per_hour else _HOUR

    def _now(self, purse: "Purse", at: float) -> float:
        """Time that goes backwards adds nothing."""
        return min(self.per_hour, purse.tokens + max(0.0, at - purse.at) * self.per_hour / _HOUR)


@dataclass(frozen=True, slots=True)
class Purse:
    """Tokens at a time."""

    tokens: float
    at: float
