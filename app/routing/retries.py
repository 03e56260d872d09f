"""The budget of second attempts that all turns of a process share, so that an outage is not made worse by it.

A token bucket as the AWS SDKs have it in their standard retry mode (docs.aws.amazon.com/sdkref, "Retry behavior"): a
second attempt takes tokens, its success gives them back, and a first attempt that succeeds gives one. While one
provider of several is out, every fall-over succeeds and nothing is spent; when all are out the bucket runs dry, and
each turn makes its one attempt and no more.
"""

from dataclasses import dataclass, replace

CAPACITY = 500.0
COST = 5.0
EARNED = 1.0


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Tokens left.

    >>> budget = RetryBudget(6.0)
    >>> budget.allows, budget.spent().allows, budget.spent().refunded().tokens
    (True, False, 6.0)
    """

    tokens: float = CAPACITY

    @property
    def allows(self) -> bool:
        """Whether a second attempt may be made."""
        return self.tokens >= COST

    def spent(self) -> "RetryBudget":
        """After a second attempt has begun."""
        return replace(self, tokens=self.tokens - COST)

    def refunded(self) -> "RetryBudget":
        """After a second attempt has succeeded."""
        return replace(self, tokens=min(self.tokens + COST, CAPACITY))

    def earned(self) -> "RetryBudget":
        """After a first attempt has succeeded."""
        return replace(self, tokens=min(self.tokens + EARNED, CAPACITY))
