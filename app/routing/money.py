"""What one turn may spend, and what it has spent: pure but for the purse, which one chain of attempts counts down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from app.providers.port import Entry, Provider
from app.vocabulary import OFFLINE, Attempt

NANO = 1_000_000_000
"""Nano-dollars in a dollar."""

_NOT_BILLED = frozenset({"down", "busy", "refused", "credential"})
"""Outcomes of attempts that the provider did not take on. Any other one may have been paid for in full: a provider that
fell silent has read the prompt, and one that we left goes on for a while."""


_RECOUNTED = 2
"""How many tokens of another tokenizer one of an answer may be."""

_GO_ON = 64
"""Tokens of the words that ask a model to go on, and of the framing of both messages."""


def nano(usd: float) -> int:
    """Dollars as whole nano-dollars, never less than they are.

    >>> nano(0.00075), nano(1e-10)
    (750000, 1)
    """
    return ceil(round(usd * NANO, 3))


@dataclass(frozen=True, slots=True)
class Tariff:
    """What calls of a turn cost at most: its prompt's o200k tokens, the most tokens of an answer, and whether a model
    of unknown price may be asked at all, which then counts as nothing. `own` are the prompt's tokens as other
    tokenizers count them, by name, as far as they were counted."""

    tokens: int = 0
    max_tokens: int = 0
    unpriced: bool = True
    continued: bool = False
    """Whether another model may go on with an answer that broke off."""

    own: Mapping[str, int] = field(default_factory=dict)

    def most(self, entry: Entry) -> int | None:
        """The most that one call costs, in nano-dollars; `None` where it is unknown and may not be."""
        if entry.provider == OFFLINE:
            return 0
        most = entry.most(self.tokens, self.max_tokens, self.own.get(entry.tokenizer))
        return 0 if most is None and self.unpriced else most

    def bounds(self, candidates: Iterable[Provider]) -> list[int]:
        """The most that a call costs, for each model that could be asked, dearest first."""
        known = (self.most(p.entry) for p in candidates if p.entry.provider != OFFLINE)
        return sorted((most for most in known if most is not None), reverse=True)

    def ceiling(self, candidates: Sequence[Provider]) -> int:
        """What a chain of calls is given: enough for any one, and for another one beside it or after it. More than two
        paid calls in a turn are rarer than the money that would be kept from others for them."""
        second = self.longer() if self.continued else self
        return sum(self.bounds(candidates)[:1]) + sum(second.bounds(candidates)[1:2])

    def longer(self) -> "Tariff":
        """With the prompt for going on with an answer: all that was said of it, and what is asked for then."""
        more = self.max_tokens + _GO_ON
        # What was said was counted by its own model's tokenizer: another one may make more of it.
        own = {name: tokens + _RECOUNTED * more for name, tokens in self.own.items()}
        return replace(self, tokens=self.tokens + more, own=own)


def cheaper(bounds: Sequence[int], left: int) -> int | None:
    """What the dearest call costs that `left` still pays for; a free one can be made whatever is left.

    >>> cheaper([50, 30, 20], 40), cheaper([50, 30, 20], 10), cheaper([50, 0], -10)
    (30, None, 0)
    """
    return next((bound for bound in bounds if bound <= max(left, 0)), None)


@dataclass(slots=True)
class Purse:
    """What a chain of attempts may still spend, in nano-dollars; `None` is without a limit."""

    tariff: Tariff
    left: int | None = None
    spent: int = 0
    out: int = 0
    """What calls under way have taken out."""

    short: bool = False
    """Whether less was held than the whole chain may cost: who has more might be answered by another model."""

    def covers(self, entry: Entry) -> bool:
        """Whether a call, however it goes, stays within what is left."""
        if self.left is None:
            return True
        most = self.tariff.most(entry)
        return most is not None and most <= self.left

    def began(self, entry: Entry) -> int:
        """Takes out the most that a call may cost, and says how much that is: calls side by side do not spend the same
        money."""
        if self.left is None:
            return 0
        most = self.tariff.most(entry) or 0
        self.left -= most
        self.out += most
        return most

    def ended(self, most: int, attempt: Attempt) -> None:
        """Puts back what a call did not cost of the `most` that was taken out for it."""
        if self.left is not None:
            cost = _cost(attempt, most)
            self.left += most - cost
            self.out -= most
            self.spent += cost

    def close(self) -> int | None:
        """What is charged for all of it, `None` without a limit. A call that others still listen to counts as the most
        that it may cost; of what it leaves of that, calls that they need after it are paid."""
        if self.left is None:
            return None
        self.left = 0
        return self.spent + self.out

    def longer(self) -> None:
        """From now on calls are asked to go on with what was said."""
        self.tariff = self.tariff.longer()


def _cost(attempt: Attempt, most: int) -> int:
    """What a call counts as: what it cost where that is known, which for one that broke off it is not, whatever its
    provider had counted by then; else nothing, or the most that it may have cost."""
    if attempt.outcome != "ok" and attempt.outcome not in _NOT_BILLED:
        return most
    if attempt.cost_usd is not None:
        return nano(attempt.cost_usd)
    return most if attempt.outcome == "ok" else 0


def unlimited() -> Purse:
    """A purse where nobody's budget is limited."""
    return Purse(Tariff())
