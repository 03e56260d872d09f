"""The ledger port: what each workspace and each learner has spent in a day, and what is held for turns under way.

Money is counted in whole nano-dollars. Before a turn costs anything, the most that it may cost is held in every account
that it concerns; when it is closed, the hold gives way to what it did cost. So an account's `taken` never passes its
limit, and no later than that what was spent. Accounts are of a UTC day: a turn is settled on the day it was opened.

A hold is a lease: past its time it is *overdue*. It goes on counting, for a process that is dead now may have paid for
the turn, until somebody who has looked at the turn's record settles it (`app/spending.py`): a hold that were dropped
when its time is up would let others spend the same money again. And since a hold stays until it is settled, and only
one that is there is settled, each cost is added exactly once, however late and however often it is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Name:
    """Whose account of which day (`2026-11-21`): a learner's, or the workspace's where no learner is named."""

    day: str
    workspace: str
    learner_id: str | None = None

    @property
    def whose(self) -> str:
        """`workspace` or `learner`."""
        return "workspace" if self.learner_id is None else "learner"


@dataclass(frozen=True, slots=True)
class Hold:
    """Nano-dollars kept back for one turn, whose id is the `lease`; overdue from `until` (seconds since the epoch)."""

    lease: str
    amount: int
    until: float


@dataclass(frozen=True, slots=True)
class Demand:
    """An account to hold money in, and its limit in nano-dollars."""

    name: Name
    limit: int


@dataclass(frozen=True, slots=True)
class Short:
    """The account that did not have enough, and what it had left."""

    name: Name
    left: int


@dataclass(frozen=True, slots=True)
class Account:
    """One account: the rule that every ledger keeps, as plain values.

    >>> account, granted = Account().reserved(Hold("turn-1", 70, 120.0), limit=100)
    >>> granted, account.taken
    (True, 70)
    >>> account.reserved(Hold("turn-2", 40, 120.0), limit=100)[1]
    False
    >>> account = account.settled("turn-1", 20)
    >>> account.spent, account.settled("turn-1", 20) == account
    (20, True)
    """

    spent: int = 0
    holds: Mapping[str, Hold] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """What is kept back for turns under way."""
        return sum(hold.amount for hold in self.holds.values())

    @property
    def taken(self) -> int:
        """What cannot be had any more."""
        return self.spent + self.held

    def reserved(self, hold: Hold, limit: int) -> tuple["Account", bool]:
        """The account with this hold, if that keeps within the limit. One that it has already stays as it is, so that
        a caller whose answer was lost may ask again."""
        if hold.lease in self.holds:
            return self, True
        if self.taken + hold.amount > limit:
            return self, False
        return replace(self, holds={**self.holds, hold.lease: hold}), True

    def settled(self, lease: str, cost: int) -> "Account":
        """The account with `cost` in the place of the hold; unchanged where the hold is settled already."""
        if lease not in self.holds:
            return self
        left = {name: hold for name, hold in self.holds.items() if name != lease}
        return Account(self.spent + cost, left)


class Ledger(Protocol):
    """Accounts, durable when a call returns. Every method may raise `StoreUnavailable`."""

    async def reserve(self, hold: Hold, demands: Sequence[Demand]) -> Short | None:
        """Holds the amount in all of these accounts, or in none: then it says which one is short. What a caller
        leaves behind who dies in the middle is overdue some day, and settled at nothing."""
        ...

    async def settle(self, lease: str, names: Sequence[Name], cost: int) -> None:
        """Puts what it cost in the place of the hold, once, however often it is called and however late."""
        ...

    async def view(self, name: Name) -> Account:
        """An account as it stands."""
        ...

    async def overdue(self, now: float) -> list[tuple[Name, Hold]]:
        """Holds past their time, of the 200 accounts that have waited longest."""
        ...

    async def forget(self, before: str) -> int:
        """Removes the accounts of the days before this one; says how many."""
        ...
