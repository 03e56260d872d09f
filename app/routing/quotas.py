"""What is left of a model's rate limits, as a value: what the provider said last, less the calls made since.

A header tells what was left when the provider had counted its call. Other calls of ours were under way meanwhile, and
whether they are in it, nobody says. So what is left is kept as a lower bound: from each header all calls are taken off
that were on their way at any time between its own call and its arrival. A call alone makes it exact again.
`tests/unit/test_quotas.py` plays calls against a provider that counts: never is more thought left than there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf

from app.providers.port import Rate
from app.routing.tally import Tally
from app.vocabulary import Left, Quota

_MINUTE = 60.0
"""Seconds until a limit is thought to be restored where the provider does not say; most are those of a minute."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one call takes of a limit, and what calls had taken of it in all, as far as it was known when it began."""

    amount: float
    mark: float


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: of requests, or of tokens."""

    left: float | None = None
    """What may surely still be used; `None` while nothing is known."""

    full: int | None = None
    """What is there once it is restored."""

    until: float = inf
    """When it is."""

    out: float = 0.0
    """What calls have taken whose headers have not come."""

    done: float = 0.0
    """What calls have taken in all whose headers have come, or never will."""

    def at(self, now: float) -> "Limit":
        """As it stands at a time."""
        if now < self.until:
            return self
        if self.full is None:
            return replace(self, left=None, until=inf)
        return replace(self, left=self.full - self.out, until=now + _MINUTE)

    def taken(self, amount: float) -> "Limit":
        """After a call that takes so much is let go; a negative amount gives it back."""
        return replace(self, left=None if self.left is None else self.left - amount, out=self.out + amount)

    def settled(self, spent: Spent, said: Left | None, now: float) -> "Limit":
        """After a call's header has come, or the call has ended without one."""
        after = replace(self, out=self.out - spent.amount, done=self.done + spent.amount)
        if said is None:
            return after
        least = said.left - (self.done - spent.mark) - after.out
        # Within these bounds what was thought is the better bound; past them others use the limit, or it was restored.
        left = self.left if self.left is not None and least <= self.left <= said.left else least
        full = self.full if said.limit is None else said.limit
        unsaid = self.until if self.until < inf else now + _MINUTE
        return replace(after, left=left, full=full, until=unsaid if said.reset is None else now + said.reset)


def _a_minute() -> Tally:
    return Tally(slots=7, seconds=10.0)


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of one model's limits: those that its headers tell of, and the rate that the catalogue states."""

    rate: Rate
    requests: Limit = Limit()
    tokens: Limit = Limit()
    paced: Tally = field(default_factory=_a_minute)

    def left(self, now: float) -> tuple[float | None, float | None]:
        """Requests and tokens that may still be used, as far as either is known."""
        requests, tokens = self.paced.sums(now)
        return (
            _smaller(self.requests.at(now).left, self.rate.requests_per_minute, requests),
            _smaller(self.tokens.at(now).left, self.rate.tokens_per_minute, tokens),
        )

    def outlook(self, now: float) -> Mapping[str, tuple[float | None, int | None, float | None]]:
        """By limit (`requests`, `tokens`): what may still be used, of how much in all, and in how many seconds all of
        it is there again."""
        rates = (self.rate.requests_per_minute, self.rate.tokens_per_minute)
        limits = (self.requests.at(now), self.tokens.at(now))
        found = {}
        for what, left, limit, rate in zip(("requests", "tokens"), self.left(now), limits, rates, strict=True):
            reset = limit.until - now if limit.until < inf else None if rate is None else _MINUTE
            found[what] = (left, rate if limit.full is None else limit.full, reset)
        return found

    def fits(self, tokens: float, now: float) -> bool:
        """Whether a call that takes so many tokens may be made; what is unknown forbids nothing."""
        return fits(self.left(now), tokens)

    def taken(self, tokens: float, now: float) -> tuple["Room", tuple[Spent, Spent]]:
        """After a call is let go, with what it takes of requests and tokens."""
        requests_left, tokens_left = self.requests.at(now), self.tokens.at(now)
        spent = Spent(1, requests_left.done), Spent(tokens, tokens_left.done)
        return self._plus(requests_left, tokens_left, (1, tokens, now)), spent

    def given_back(self, spent: tuple[Spent, Spent], now: float) -> "Room":
        """After a call that was let go is not made."""
        return self._plus(self.requests.at(now), self.tokens.at(now), (-1, -spent[1].amount, now))

    def settled(self, spent: tuple[Spent, Spent], said: Quota | None, now: float) -> "Room":
        """After a call's headers have come, or it has ended without them."""
        told = said or Quota()
        return replace(
            self,
            requests=self.requests.at(now).settled(spent[0], told.requests, now),
            tokens=self.tokens.at(now).settled(spent[1], told.tokens, now),
        )

    def _plus(self, requests: Limit, tokens: Limit, call: tuple[float, float, float]) -> "Room":
        paced = self.paced.plus(call[2], call[0], call[1]) if self.rate != Rate() else self.paced
        return replace(self, requests=requests.taken(call[0]), tokens=tokens.taken(call[1]), paced=paced)


def fits(left: tuple[float | None, float | None], tokens: float) -> bool:
    """Whether a call of so many tokens has room in what is left of requests and tokens."""
    return (left[0] is None or left[0] >= 1) and (left[1] is None or left[1] >= tokens)


def _smaller(left: float | None, rate: int | None, used: float) -> float | None:
    found = [one for one in (left, None if rate is None else rate - used) if one is not None]
    return max(min(found), 0.0) if found else None
