"""One circuit breaker, as a value: what it knows, whom it lets through, what an outcome changes.

    closed ──(≥ 50 % failed or ≥ 80 % slow of ≥ 10 calls in 60 s)──► open ──(time is up)──► half_open ──► closed | open

The semantics are those of resilience4j's CircuitBreaker with a time-based window
(resilience4j.readme.io/docs/circuitbreaker):
a rate at the threshold opens, fewer calls than the minimum are not judged, an open breaker turns half-open when
somebody asks after its time, an ignored call gives its permit back, the open time may grow with each opening in a row.
It differs where

* a provider says how long to leave it alone: `Retry-After` keeps it open longer, 429 and 401/403 open it at once;
* permits of the half-open state are leased, so that a caller that died does not hold one (there a time limit on the
  whole state does this, off by default; a stuck call otherwise keeps it half-open: resilience4j/resilience4j#903);
* only calls under such a permit are judged in that state, not those that began before it;
* enough failed permits open it again without waiting for the others, whose outcome could change nothing.

Time, chance and the names of permits come in as arguments. A clock that goes back a little delays by as much, one that
goes back far by nothing. `storage/redis/breaker.lua` does the same for all replicas; a test compares them step by step.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import floor


class State(StrEnum):
    """Who is let through. The last three are set by an operator."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    FORCED_OPEN = "forced_open"
    """Nobody."""

    DISABLED = "disabled"
    """Everybody, and nothing is counted."""

    METRICS_ONLY = "metrics_only"
    """Everybody; calls are counted and never judged."""


class Outcome(StrEnum):
    """What a call says of its provider."""

    OK = "ok"
    SLOW = "slow"
    """It answered, but its first token took longer than `Rules.slow`."""

    FAILED = "failed"
    """No connection, no token in time, 5xx, a stream that broke."""

    LATE = "late"
    """It failed by keeping silent: a failure that was slow, too."""

    BUSY = "busy"
    """429: closed to us for a while, but not broken."""

    REFUSED = "refused"
    """401 or 403: closed to this credential until somebody mends it. Told under the name of the credential alone."""

    NEUTRAL = "neutral"
    """It says nothing: our request was at fault, the content policy spoke, the client left."""


_AT_ONCE = (Outcome.BUSY, Outcome.REFUSED)
_FAILED = (Outcome.FAILED, Outcome.LATE)
_SLOW = (Outcome.SLOW, Outcome.LATE)


@dataclass(frozen=True, slots=True)
class Rules:
    """When to open and for how long; times in seconds."""

    bucket: float = 10.0
    buckets: int = 6
    least_calls: int = 10
    failure_rate: float = 0.5
    slow_rate: float = 0.8
    slow: float = 8.0
    open_for: float = 15.0
    longest: float = 300.0
    jitter: float = 0.1
    permits: int = 3
    lease: float = 30.0
    busy_for: float = 5.0
    """After a 429 that does not say how long, or says no time at all."""

    refused_for: float = 300.0
    """After a 401 or 403."""

    retry_after_limit: float = 3_600.0
    """No provider can send itself away for longer than this."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The calls of one stretch of the window; `slot` is its time over `Rules.bucket`, rounded down."""

    slot: int
    calls: int = 0
    failed: int = 0
    slow: int = 0

    def plus(self, outcome: Outcome) -> "Bucket":
        """With one call more."""
        return Bucket(self.slot, self.calls + 1, self.failed + (outcome in _FAILED), self.slow + (outcome in _SLOW))


@dataclass(frozen=True, slots=True)
class Lease:
    """A permit of the half-open state that is out: until when, and in which era of the breaker it was given."""

    permit: str
    ends: float
    era: int


@dataclass(frozen=True, slots=True)
class Told:
    """How a call ended: under which permit it ran (`None` outside the half-open state), how long the provider asked
    to be left alone, and a number from 0 to 1 for the jitter."""

    outcome: Outcome
    permit: str | None = None
    retry_after: float | None = None
    chance: float = 0.5


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one provider's model under one credential."""

    state: State = State.CLOSED
    window: tuple[Bucket, ...] = ()
    """Buckets with calls, oldest first."""

    until: float = 0.0
    """When an open breaker becomes half-open."""

    opens: int = 0
    """Times in a row it opened because calls went badly, since it was last closed."""

    leases: tuple[Lease, ...] = ()
    """Permits that are out, those of earlier eras too: their calls may still be under way."""

    era: int = 0
    """Rises with each opening; a permit of an earlier era is no longer judged."""

    probes: Bucket = Bucket(0)
    """How the calls under permits went."""

    def ask(self, now: float, permit: str, rules: Rules) -> tuple["Breaker", bool]:
        """Whether a call may be made. In the half-open state it then runs under the name `permit`."""
        match self.state:
            case State.FORCED_OPEN:
                return self, False
            case State.OPEN if self.rest(now, rules) > 0:
                return self, False
            case State.OPEN:
                return replace(self, state=State.HALF_OPEN, probes=Bucket(0)).ask(now, permit, rules)
            case State.HALF_OPEN:
                return self._leased(now, permit, rules)
            case _:
                return self, True

    def tell(self, now: float, told: Told, rules: Rules) -> "Breaker":
        """With the outcome of a call."""
        match self.state:
            case State.CLOSED:
                return self._shut(now, told, rules) if told.outcome in _AT_ONCE else self._counted(now, told, rules)
            case State.METRICS_ONLY:
                return self._counted(now, told, rules)
            case State.OPEN | State.HALF_OPEN:
                return self._ended(now, told, rules)
            case _:
                return self

    def forced(self, state: State) -> "Breaker":
        """Set by an operator; what was counted is forgotten."""
        return Breaker(state)

    def rest(self, now: float, rules: Rules) -> float:
        """Seconds for which nobody is let through: of an open breaker, and of a half-open one without a free permit."""
        if self.state is State.OPEN:
            left = self.until - now
            longest = max(rules.longest, rules.refused_for, rules.retry_after_limit)
            return left if 0 < left <= 2 * longest else 0.0  # further ahead it was set by a clock that went back since
        if self.state is State.HALF_OPEN:
            ends = [lease.ends for lease in self._live(now, rules)]
            return min(ends) - now if ends and len(ends) + self.probes.calls >= rules.permits else 0.0
        return 0.0

    def rates(self, now: float, rules: Rules) -> Bucket:
        """The calls of the whole window, as one bucket."""
        slot = floor(now / rules.bucket)
        return _sum(tuple(b for b in self.window if abs(b.slot - slot) < rules.buckets))

    def _counted(self, now: float, told: Told, rules: Rules) -> "Breaker":
        if told.outcome is Outcome.NEUTRAL or told.outcome in _AT_ONCE:
            return self
        slot, window = floor(now / rules.bucket), self.window
        if window and (window[0].slot <= slot - rules.buckets or window[-1].slot >= slot + rules.buckets):
            window = tuple(b for b in window if abs(b.slot - slot) < rules.buckets)
        if window and window[-1].slot >= slot:
            window = (*window[:-1], window[-1].plus(told.outcome))
        else:
            window = (*window, Bucket(slot).plus(told.outcome))
        if self.state is State.CLOSED and _bad(_sum(window), rules, rules.least_calls):
            return self._opened(now, told, rules)
        return Breaker(self.state, window)

    def _live(self, now: float, rules: Rules) -> tuple[Lease, ...]:
        """The leases that have not ended; one that lies further ahead was given before the clock went back."""
        return tuple(lease for lease in self.leases if 0 < lease.ends - now <= 2 * rules.lease)

    def _leased(self, now: float, permit: str, rules: Rules) -> tuple["Breaker", bool]:
        live = self._live(now, rules)
        if len(live) + self.probes.calls >= rules.permits:
            return replace(self, leases=live), False
        return replace(self, leases=(*live, Lease(permit, now + rules.lease, self.era))), True

    def _ended(self, now: float, told: Told, rules: Rules) -> "Breaker":
        """With the outcome of a call that began before it opened, or of one under a permit, which it gives back."""
        live = self._live(now, rules)
        judged = any(lease.permit == told.permit and lease.era == self.era for lease in live)
        after = replace(self, leases=tuple(lease for lease in live if lease.permit != told.permit))
        if told.outcome is Outcome.NEUTRAL:
            return after
        if told.outcome in _AT_ONCE:
            return after._shut(now, told, rules)
        if self.state is State.OPEN:
            return replace(after, until=max(self.until, now + _asked(told.retry_after, rules)))
        return after._probed(now, told, rules) if judged else after

    def _probed(self, now: float, told: Told, rules: Rules) -> "Breaker":
        probes = self.probes.plus(told.outcome)
        lost = probes.failed >= rules.failure_rate * rules.permits
        if lost or _bad(probes, rules, rules.permits):
            return self._opened(now, told, rules)
        return Breaker() if probes.calls >= rules.permits else replace(self, probes=probes)

    def _opened(self, now: float, told: Told, rules: Rules) -> "Breaker":
        opens = self.opens + 1
        wait = min(rules.open_for * opens, rules.longest) * (1 + rules.jitter * (2 * told.chance - 1))
        until = now + max(wait, _asked(told.retry_after, rules))
        return Breaker(State.OPEN, until=until, opens=opens, leases=self.leases, era=self.era + 1)

    def _shut(self, now: float, told: Told, rules: Rules) -> "Breaker":
        """Open because the provider said so, not because calls went badly."""
        until = now + _shut_for(told, rules)
        if self.state is State.OPEN:
            return replace(self, until=max(self.until, until))
        return Breaker(State.OPEN, until=until, opens=self.opens, leases=self.leases, era=self.era + 1)


def _asked(retry_after: float | None, rules: Rules) -> float:
    """Seconds that a provider asks to be left alone, within reason; not a number and a time in the past are none."""
    return min(retry_after, rules.retry_after_limit) if retry_after is not None and retry_after > 0 else 0.0


def _shut_for(told: Told, rules: Rules) -> float:
    if told.outcome is Outcome.REFUSED:
        return rules.refused_for
    return _asked(told.retry_after, rules) or rules.busy_for


def _sum(window: tuple[Bucket, ...]) -> Bucket:
    calls = failed = slow = 0
    for bucket in window:
        calls += bucket.calls
        failed += bucket.failed
        slow += bucket.slow
    return Bucket(0, calls, failed, slow)


def _bad(calls: Bucket, rules: Rules, least: int) -> bool:
    """Whether so many of at least `least` calls failed or were slow that the provider is given a rest."""
    if calls.calls < least:
        return False
    return calls.failed >= rules.failure_rate * calls.calls or calls.slow >= rules.slow_rate * calls.calls
